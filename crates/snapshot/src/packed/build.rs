//! Writes packed trees: from trees that can be changed, and straight from a reader that gives values from the leaves upwards.

use std::cell::RefCell;

use super::{Packed, SMALL, View, Walk, flag, words};
use crate::node::{Key, Node, Value};

/// Shorter texts take no more room than the number of a word.
const SHORTEST_WORD: usize = 3;

/// Longer scalars are names of somebody's own.
const LONGEST_VALUE: usize = 32;

/// Longer scalars that begin with a digit are stamps, addresses or identifiers.
const LONGEST_NUMBER: usize = 5;

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
    /// Where what it has the length of begins and ends in the stack.
    from: usize,
    to: usize,
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
        _ => number(out, length as u64),
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

/// A mapping and one more entry.
pub(super) fn with_entry(map: View<'_>, name: &str, value: &Node) -> Packed {
    Packer::with(|packer| {
        let value = packer.tree(value);
        let old = Walk::new(map.body);
        let mut heads = map.body.get(old.at..old.end).unwrap_or_default().to_owned();
        key(&mut heads, name);
        head(&mut heads, &value, value.to - value.from, map.line);
        let bodies = map.body.get(old.body..).unwrap_or_default();
        let mut body = String::with_capacity(map.body.len() + heads.len() + 16);
        number(&mut body, heads.len() as u64);
        body.push_str(&heads);
        body.push_str(bodies);
        body.push_str(packer.body(&value));
        let place = Place {
            line: map.line,
            more_lines: map.more_lines,
            plain: map.plain,
        };
        let whole = Piece {
            place,
            ..Piece::new(flag::MAP, 0)
        };
        let mut out = String::with_capacity(body.len() + 16);
        head(&mut out, &whole, body.len(), 0);
        out.push_str(&body);
        Packed(out.into())
    })
}

thread_local! {
    static PACKER: RefCell<Packer> = RefCell::default();
}

/// Packs a tree.
pub(super) fn pack(node: &Node) -> Packed {
    Packer::with(|packer| {
        let root = packer.tree(node);
        packer.finish(root)
    })
}

/// Packs values that come from the leaves upwards. What a head will be written as depends on the
/// line of the value around it, which comes later: until then its text lies on a stack.
#[derive(Debug, Default)]
pub(crate) struct Packer {
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
}

impl Piece {
    /// The same with its line counted from another.
    pub(super) fn counted_from(self, line: u32) -> Self {
        let mut piece = self;
        piece.place.line = piece.place.line.saturating_sub(line);
        piece
    }
}

impl Packer {
    /// The thread's packer, empty: its room is used again for the next object.
    pub(crate) fn with<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        PACKER.with_borrow_mut(|packer| {
            packer.stack.clear();
            work(packer)
        })
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

    /// The finished tree; the stack is empty again.
    pub(crate) fn finish(&mut self, root: Piece) -> Packed {
        self.heads.clear();
        head(&mut self.heads, &root, root.to - root.from, 0);
        let mut whole = String::with_capacity(self.heads.len() + root.to - root.from);
        whole.push_str(&self.heads);
        whole.push_str(self.body(&root));
        self.stack.clear();
        Packed(whole.into())
    }

    /// A value that was packed before, below a key that stands in this line.
    pub(crate) fn again(&mut self, piece: &Piece, body: &str, line: u32) -> Piece {
        let from = self.stack.len();
        self.stack.push_str(body);
        let mut piece = Piece {
            from,
            to: self.stack.len(),
            ..*piece
        };
        piece.place.line = piece.place.line.saturating_add(line);
        piece
    }

    /// What the head of a value has the length of.
    pub(super) fn body(&self, value: &Piece) -> &str {
        self.stack.get(value.from..value.to).unwrap_or_default()
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
            from = from.min(value.from);
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
