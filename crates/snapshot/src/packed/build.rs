//! Writes packed trees: from trees that can be changed, and straight from a reader that gives values from the leaves upwards.

use std::{cell::Cell, sync::Arc};

use super::{
    Packed, Shape, Text, View, flag,
    walk::{SMALL, Walk},
    words,
};
use crate::node::{Key, Node, Value};

/// Shorter texts take no more room than the number of a word.
const SHORTEST_WORD: usize = 3;

/// Longer scalars are names of somebody's own.
const LONGEST_VALUE: usize = 32;

/// Longer scalars that begin with a digit are stamps, addresses or identifiers.
const LONGEST_NUMBER: usize = 5;

/// What is shorter takes no more room twice than once with its place. Property tests write short ones.
const SHORTEST_SHARED: usize = if cfg!(test) { 2 } else { 16 };

/// More room is given back after a page.
const ROOM: usize = 4 << 20;

fn number(out: &mut String, number: u64) {
    if number < u64::from(SMALL) {
        out.push(ascii(number));
        return;
    }
    let groups = (u64::from(u64::BITS - number.leading_zeros())).div_ceil(7);
    out.push(ascii(u64::from(SMALL) + groups));
    for group in 0..groups {
        out.push(ascii((number >> (7 * group)) & 0x7f));
    }
}

/// The character of a number below 128.
#[allow(clippy::cast_possible_truncation)]
fn ascii(byte: u64) -> char {
    char::from(byte as u8 & 0x7f)
}

fn key(out: &mut String, key: &str) {
    if let Some(word) = words::number(key) {
        number(out, word + 1);
    } else {
        number(out, 0);
        text(out, key);
    }
}

fn text(out: &mut String, text: &str) {
    number(out, text.len() as u64);
    out.push_str(text);
}

/// The place of a value, and how it was written.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    line: u32,
    more_lines: u16,
    plain: bool,
}

/// A value of which only what its head has the length of is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece {
    shape: u8,
    place: Place,
    /// The number of a word.
    word: u64,
    /// Where what it has the length of begins and ends: in the stack, of what is shared in the page.
    from: usize,
    to: usize,
}

/// A tree of a page that is being written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Root {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) line: u32,
    pub(super) more_lines: u16,
    pub(super) shape: Shape,
    pub(super) plain: bool,
}

/// A text of a page that is being written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Part(u32, u32);

impl Part {
    /// The part that a text is with which this begins.
    pub(crate) fn first(self, text: &str) -> Self {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        Self(self.0, self.0.saturating_add(length).min(self.1))
    }
}

/// A page that was written.
pub(crate) struct Page(Arc<str>);

impl Page {
    /// One of its trees.
    pub(crate) fn tree(&self, root: Root) -> Packed {
        Packed {
            page: Arc::clone(&self.0),
            root,
        }
    }

    /// Bytes of all that was written.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// One of its texts.
    pub(crate) fn text(&self, part: Part) -> Text {
        Text::new(&self.0, (part.0, part.1))
    }
}

/// Writes a head, now that the line of the value around is known.
fn head(out: &mut String, value: &Piece, length: usize, around: u32) {
    let place = value.place;
    let mut flags = value.shape;
    let mut line = place.line;
    if place.plain {
        flags |= flag::PLAIN;
    }
    if place.more_lines > 0 {
        flags |= flag::MORE;
    }
    if line > 0 {
        // Values that were put together may stand above what holds them.
        if line >= around && around > 0 {
            flags |= flag::DOWN;
            line -= around;
        } else {
            flags |= flag::AT;
        }
    }
    out.push(ascii(u64::from(flags)));
    if flags & (flag::DOWN | flag::AT) != 0 {
        number(out, u64::from(line));
    }
    if place.more_lines > 0 {
        number(out, u64::from(place.more_lines));
    }
    match value.shape {
        flag::NULL => {}
        flag::WORD => number(out, value.word),
        flag::TEXT | flag::SEQ | flag::MAP => number(out, length as u64),
        _ => {
            number(out, value.from as u64);
            number(out, length as u64);
        }
    }
}

/// The word that a scalar is. Identifiers, stamps and addresses, which are most scalars, are known by
/// their length or first character not to be one.
fn word(text: &str) -> Option<u64> {
    let number = text.starts_with(|first: char| first.is_ascii_digit());
    let longest = if number {
        LONGEST_NUMBER
    } else {
        LONGEST_VALUE
    };
    (SHORTEST_WORD..=longest)
        .contains(&text.len())
        .then(|| words::number(text))
        .flatten()
}

/// A mapping that has its page for itself, and one more entry.
pub(super) fn with_entry(map: View<'_>, name: &str, value: &Node) -> Packed {
    let (root, page) = Packer::page(|packer| {
        let value = packer.tree(value);
        let old = Walk::new(map);
        let part = |range| map.page.get(range).unwrap_or_default();
        let mut heads = part(old.at..old.end).to_owned();
        key(&mut heads, name);
        head(&mut heads, &value, value.to - value.from, map.line);
        let Packer { page, stack, .. } = packer;
        page.reserve_exact(map.page.len() + heads.len() + stack.len());
        number(page, heads.len() as u64);
        page.push_str(&heads);
        page.push_str(part(old.body..map.page.len()));
        page.push_str(stack.get(value.from..value.to).unwrap_or_default());
        Root {
            to: u32::try_from(page.len()).unwrap_or(0),
            ..map.root()
        }
    });
    page.tree(root)
}

thread_local! {
    static PACKER: Cell<Packer> = Cell::default();
}

/// Packs a tree.
pub(super) fn pack(node: &Node) -> Packed {
    let (root, page) = Packer::page(|packer| packer.root(node));
    page.tree(root)
}

/// Writes a page of packed values that come from the leaves upwards. What a head will be written as depends on the
/// line of the value around it, which comes later: until then its text lies on a stack.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    page: String,
    stack: String,
    heads: String,
    bodies: String,
}

impl Piece {
    fn new(shape: u8, at: usize) -> Self {
        Self {
            shape,
            place: Place::default(),
            word: 0,
            from: at,
            to: at,
        }
    }

    /// Whether it stands in the page already, where others share it.
    fn is_shared(&self) -> bool {
        matches!(self.shape, flag::FAR_TEXT | flag::FAR_SEQ | flag::FAR_MAP)
    }

    /// The same with its line counted from another.
    pub(super) fn counted_from(self, line: u32) -> Self {
        let mut piece = self;
        piece.place.line = piece.place.line.saturating_sub(line);
        piece
    }
}

impl Packer {
    /// Writes a page. The room is the thread's and used again for the next one.
    pub(crate) fn page<T>(write: impl FnOnce(&mut Self) -> T) -> (T, Page) {
        let mut packer = PACKER.take();
        let made = write(&mut packer);
        let page = Page(packer.page.as_str().into());
        for text in [
            &mut packer.page,
            &mut packer.stack,
            &mut packer.heads,
            &mut packer.bodies,
        ] {
            text.clear();
            text.shrink_to(ROOM);
        }
        PACKER.set(packer);
        (made, page)
    }

    /// Forgets what was begun and came to nothing.
    pub(crate) fn give_up(&mut self) {
        self.stack.clear();
    }

    /// Adds a text.
    pub(crate) fn part(&mut self, text: &str) -> Part {
        let from = self.page.len();
        self.page.push_str(text);
        match (u32::try_from(from), u32::try_from(self.page.len())) {
            (Ok(from), Ok(to)) => Part(from, to),
            _ => Part::default(),
        }
    }

    /// Nothing.
    pub(crate) fn null(&mut self, line: u32, more_lines: u16) -> Piece {
        let place = Place {
            line,
            more_lines,
            plain: false,
        };
        Piece {
            place,
            ..Piece::new(flag::NULL, self.stack.len())
        }
    }

    /// A scalar; `more_lines` beyond the first.
    pub(crate) fn scalar(&mut self, value: &str, line: u32, more_lines: u16, plain: bool) -> Piece {
        let place = Place {
            line,
            more_lines,
            plain,
        };
        let mut piece = Piece {
            place,
            ..Piece::new(flag::TEXT, self.stack.len())
        };
        if let Some(word) = word(value) {
            (piece.shape, piece.word) = (flag::WORD, word);
        } else {
            self.stack.push_str(value);
            piece.to = self.stack.len();
        }
        piece
    }

    /// A list of what came last.
    pub(crate) fn seq(&mut self, items: impl Iterator<Item = Piece>, line: u32) -> Piece {
        self.hold(flag::SEQ, line, items.map(|item| ((), item)), |(), _| {})
    }

    /// A mapping of what came last.
    pub(crate) fn map<K: AsRef<str>>(
        &mut self,
        entries: impl Iterator<Item = (K, Piece)>,
        line: u32,
    ) -> Piece {
        self.hold(flag::MAP, line, entries, |name, out| {
            key(out, name.as_ref());
        })
    }

    /// Adds a tree that can be changed.
    pub(crate) fn root(&mut self, node: &Node) -> Root {
        let root = self.tree(node);
        self.finish(root)
    }

    /// Adds the finished tree; the stack is empty again. Texts of four gigabytes have been refused before.
    pub(crate) fn finish(&mut self, root: Piece) -> Root {
        let shape = match root.shape {
            flag::NULL => Shape::Null,
            flag::SEQ | flag::FAR_SEQ => Shape::Seq,
            flag::MAP | flag::FAR_MAP => Shape::Map,
            _ => Shape::Scalar,
        };
        let part = if root.shape == flag::WORD {
            self.part(words::word(root.word).unwrap_or_default())
        } else if root.is_shared() {
            Part(
                u32::try_from(root.from).unwrap_or(0),
                u32::try_from(root.to).unwrap_or(0),
            )
        } else {
            let stack = std::mem::take(&mut self.stack);
            let part = self.part(stack.get(root.from..root.to).unwrap_or_default());
            self.stack = stack;
            part
        };
        self.stack.clear();
        Root {
            from: part.0,
            to: part.1,
            line: root.place.line,
            more_lines: root.place.more_lines,
            shape,
            plain: root.place.plain,
        }
    }

    /// What was packed before, as text of its own or shared, below a key that stands in this line.
    pub(super) fn again(&mut self, piece: &Piece, body: &str, line: u32) -> Piece {
        let mut again = *piece;
        if !piece.is_shared() {
            again.from = self.stack.len();
            self.stack.push_str(body);
            again.to = self.stack.len();
        }
        again.place.line = again.place.line.saturating_add(line);
        again
    }

    /// Puts what came last where others of the page can share it, if that is worth it.
    pub(super) fn share(&mut self, piece: Piece) -> Piece {
        let shape = match piece.shape {
            flag::TEXT => flag::FAR_TEXT,
            flag::SEQ => flag::FAR_SEQ,
            flag::MAP => flag::FAR_MAP,
            _ => return piece,
        };
        if piece.to - piece.from < SHORTEST_SHARED || piece.to != self.stack.len() {
            return piece;
        }
        let from = self.page.len();
        self.page
            .push_str(self.stack.get(piece.from..).unwrap_or_default());
        self.stack.truncate(piece.from);
        Piece {
            shape,
            from,
            to: self.page.len(),
            ..piece
        }
    }

    /// The value that is the same and shared, in place of the one that came last.
    pub(super) fn instead(&mut self, piece: Piece, shared: &Piece) -> Option<Piece> {
        let same_shape = matches!(
            (piece.shape, shared.shape),
            (flag::TEXT, flag::FAR_TEXT) | (flag::SEQ, flag::FAR_SEQ) | (flag::MAP, flag::FAR_MAP)
        );
        let there = self.page.get(shared.from..shared.to);
        if !same_shape || piece.to != self.stack.len() || there != Some(self.body(&piece)) {
            return None;
        }
        self.stack.truncate(piece.from);
        Some(Piece {
            place: piece.place,
            ..*shared
        })
    }

    /// What the head of a value has the length of, if it is not shared.
    pub(super) fn body(&self, value: &Piece) -> &str {
        if value.is_shared() {
            return "";
        }
        self.stack.get(value.from..value.to).unwrap_or_default()
    }

    /// A value of another page.
    pub(crate) fn view(&mut self, view: View<'_>) -> Piece {
        match view.shape {
            Shape::Null => self.null(view.line, view.more_lines),
            Shape::Scalar => self.scalar(view.body(), view.line, view.more_lines, view.plain),
            Shape::Seq => {
                let items: Vec<Piece> = view.items().iter().map(|item| self.view(item)).collect();
                self.seq(items.into_iter(), view.line)
            }
            Shape::Map => {
                let entries: Vec<(&str, Piece)> = view
                    .entries()
                    .iter()
                    .map(|(key, value)| (key, self.view(value)))
                    .collect();
                self.map(entries.into_iter(), view.line)
            }
        }
    }

    /// A tree that can be changed, from its leaves upwards.
    fn tree(&mut self, node: &Node) -> Piece {
        match &node.value {
            Value::Null => self.null(node.line, node.more_lines),
            Value::Scalar { text } => self.scalar(text, node.line, node.more_lines, node.plain),
            Value::Seq(items) => {
                let pieces: Vec<Piece> = items.iter().map(|item| self.tree(item)).collect();
                self.seq(pieces.into_iter(), node.line)
            }
            Value::Map(entries) => {
                let pieces: Vec<(&Key, Piece)> = entries
                    .iter()
                    .map(|(key, node)| (key, self.tree(node)))
                    .collect();
                self.map(pieces.into_iter(), node.line)
            }
        }
    }

    fn hold<K>(
        &mut self,
        shape: u8,
        line: u32,
        values: impl Iterator<Item = (K, Piece)>,
        write_key: impl Fn(K, &mut String),
    ) -> Piece {
        let (mut heads, mut bodies) = (
            std::mem::take(&mut self.heads),
            std::mem::take(&mut self.bodies),
        );
        heads.clear();
        bodies.clear();
        let mut from = self.stack.len();
        for (name, value) in values {
            if !value.is_shared() {
                from = from.min(value.from);
            }
            write_key(name, &mut heads);
            head(&mut heads, &value, value.to - value.from, line);
            bodies.push_str(self.body(&value));
        }
        self.stack.truncate(from);
        let mut piece = Piece::new(shape, from);
        piece.place.line = line;
        if !heads.is_empty() {
            number(&mut self.stack, heads.len() as u64);
            self.stack.push_str(&heads);
            self.stack.push_str(&bodies);
        }
        piece.to = self.stack.len();
        (self.heads, self.bodies) = (heads, bodies);
        piece
    }
}
