//! Captured trees at rest: one text an object, a third of the YAML it was read from, walked without being unpacked.
//!
//! A dump holds tens of millions of values. As a tree of allocations each takes 40 bytes and its
//! text; here a value takes its text and some four bytes, and an object is one allocation.
//!
//! ## Form
//! A list or mapping is the length of its heads, the heads of its values side by side, and then what the heads have
//! the lengths of, side by side as well: a look-up walks over a few dozen bytes and jumps to what it looks for.
//! A head is a mapping's key, a byte of flags, the line and further lines of a value that has them, and for a scalar
//! the length of its text or the number of a word, for a list or mapping its length. A key is the number of
//! a word and one, or 0 with a length and text. Lines are counted from that of the value around, so that equal objects
//! are equal texts. All that is not text is ASCII: the whole is a `str`, and what is cut from it need not be checked.
//! An empty list or mapping is nothing at all. The whole is one head and what it has the length of.

mod build;
mod memo;
mod words;

use crate::node::{Key, Node, Value};

pub(crate) use build::{Packer, Piece};
pub(crate) use memo::Memo;

/// A tree of captured values as one text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Packed(Box<str>);

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Null,
    Scalar,
    Seq,
    Map,
}

/// A value of a [`Packed`] tree, with its place. Small, and copied rather than borrowed.
#[derive(Clone, Copy)]
pub struct View<'p> {
    /// A scalar's text, else the packed values of a list or mapping.
    body: &'p str,
    line: u32,
    more_lines: u16,
    shape: Shape,
    plain: bool,
}

/// A value, to be told by what it is.
#[derive(Debug, Clone, Copy)]
pub enum Kind<'p> {
    /// Nothing.
    Null,
    /// A scalar's text.
    Scalar(&'p str),
    /// A list.
    Seq(Items<'p>),
    /// A mapping.
    Map(Entries<'p>),
}

/// The flags of a value; its shape is in the lowest three bits.
mod flag {
    pub(super) const SHAPE: u8 = 0b111;
    pub(super) const NULL: u8 = 0;
    pub(super) const TEXT: u8 = 1;
    pub(super) const WORD: u8 = 2;
    pub(super) const SEQ: u8 = 3;
    pub(super) const MAP: u8 = 4;
    /// A scalar without quotes.
    pub(super) const PLAIN: u8 = 8;
    /// The number of further lines follows.
    pub(super) const MORE: u8 = 16;
    /// The line follows, counted from that of the value around. Without it and [`AT`] the value has no line.
    pub(super) const DOWN: u8 = 32;
    /// The line follows as it is.
    pub(super) const AT: u8 = 64;
}

/// Numbers below are one byte; others a byte that counts the groups of seven bits that follow, lowest first.
const SMALL: u8 = 96;

/// Walks over the values of a list or mapping.
#[derive(Clone, Copy, Default)]
struct Walk<'p> {
    text: &'p str,
    /// The next head, and where the heads end.
    at: usize,
    end: usize,
    /// What the next head has the length of.
    body: usize,
}

#[allow(
    clippy::inline_always,
    reason = "half of the time of an evaluation is spent here"
)]
impl<'p> Walk<'p> {
    /// Over what a list or mapping holds.
    #[inline]
    fn new(text: &'p str) -> Self {
        let mut walk = Self {
            text,
            at: 0,
            end: text.len(),
            body: 0,
        };
        let heads = if text.is_empty() { None } else { walk.number() };
        let length = heads.and_then(|heads| usize::try_from(heads).ok());
        walk.end = walk.at.saturating_add(length.unwrap_or(0)).min(text.len());
        walk.body = walk.end;
        walk
    }

    #[inline(always)]
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.text.as_bytes().get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    #[inline(always)]
    fn number(&mut self) -> Option<u64> {
        let first = self.byte()?;
        if first < SMALL {
            return Some(first.into());
        }
        self.groups(first - SMALL)
    }

    fn groups(&mut self, groups: u8) -> Option<u64> {
        let mut number = 0;
        for group in 0..u32::from(groups) {
            number |= u64::from(self.byte()?).checked_shl(7 * group)?;
        }
        Some(number)
    }

    #[inline(always)]
    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    #[inline(always)]
    fn pass_number(&mut self) -> Option<()> {
        let groups = self.byte()?.saturating_sub(SMALL);
        self.at += usize::from(groups);
        Some(())
    }

    /// A key, unless there is no more.
    #[inline]
    fn key(&mut self) -> Option<&'p str> {
        if self.at >= self.end {
            return None;
        }
        match self.number()? {
            0 => self.own_key(),
            word => words::word(word - 1),
        }
    }

    /// A key that is no word.
    fn own_key(&mut self) -> Option<&'p str> {
        let length = self.length()?;
        let text = self.text.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(text)
    }

    /// Steps over a key; whether it is `wanted`, which is the word with this number, if it is one.
    #[inline(always)]
    fn pass_key(&mut self, wanted: &str, word: Option<u64>) -> Option<bool> {
        if self.at >= self.end {
            return None;
        }
        let number = self.number()?;
        if number > 0 {
            return Some(word == Some(number - 1));
        }
        let text = self.own_key()?;
        Some(word.is_none() && text == wanted)
    }

    /// Steps over a value.
    #[inline(always)]
    fn pass_value(&mut self) -> Option<()> {
        let flags = self.byte()?;
        if flags & (flag::DOWN | flag::AT) != 0 {
            self.pass_number()?;
        }
        if flags & flag::MORE != 0 {
            self.pass_number()?;
        }
        match flags & flag::SHAPE {
            flag::NULL => {}
            flag::WORD => self.pass_number()?,
            _ => self.body = self.body.checked_add(self.length()?)?,
        }
        Some(())
    }

    /// The value whose head stands here; `around` is the line of the one that holds it.
    #[inline]
    fn value(&mut self, around: u32) -> Option<View<'p>> {
        if self.at >= self.end {
            return None;
        }
        let flags = self.byte()?;
        let mut view = View {
            plain: flags & flag::PLAIN != 0,
            ..View::default()
        };
        if flags & (flag::DOWN | flag::AT) != 0 {
            let line = u32::try_from(self.number()?).ok()?;
            let from = if flags & flag::DOWN == 0 { 0 } else { around };
            view.line = from.wrapping_add(line);
        }
        if flags & flag::MORE != 0 {
            view.more_lines = u16::try_from(self.number()?).ok()?;
        }
        view.shape = match flags & flag::SHAPE {
            flag::NULL => return Some(view),
            flag::WORD => {
                view.shape = Shape::Scalar;
                view.body = words::word(self.number()?)?;
                return Some(view);
            }
            flag::SEQ => Shape::Seq,
            flag::MAP => Shape::Map,
            _ => Shape::Scalar,
        };
        let length = self.length()?;
        view.body = self.text.get(self.body..self.body.checked_add(length)?)?;
        self.body += length;
        Some(view)
    }
}

impl Packed {
    /// The tree's root.
    #[inline]
    pub fn view(&self) -> View<'_> {
        let whole = Walk {
            text: &self.0,
            at: 0,
            end: self.0.len(),
            body: 0,
        };
        // The head comes first here too: what it has the length of begins where it ends.
        let mut head = whole;
        let body = head.pass_value().map_or(0, |()| head.at);
        let mut whole = Walk { body, ..whole };
        whole.value(0).unwrap_or_default()
    }

    /// Changes the tree, by way of the one that can be changed.
    pub fn edit(&mut self, change: impl FnOnce(&mut Node)) {
        let mut node = self.view().to_node();
        change(&mut node);
        *self = Self::from(&node);
    }

    /// Adds or replaces an entry of a mapping; does nothing to anything else.
    pub fn set(&mut self, key: &str, node: Node) {
        let view = self.view();
        if view.is_map() && view.get(key).is_none() {
            *self = build::with_entry(view, key, &node);
        } else {
            self.edit(|tree| tree.set(key, node));
        }
    }

    /// The value of a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<View<'_>> {
        self.view().get(key)
    }

    /// Follows keys; `None` as soon as one is missing.
    pub fn at(&self, path: &[&str]) -> Option<View<'_>> {
        self.view().at(path)
    }

    /// The text of the scalar at a path.
    pub fn str_at(&self, path: &[&str]) -> Option<&str> {
        self.view().str_at(path)
    }

    /// The integer at a path.
    pub fn int_at(&self, path: &[&str]) -> Option<i64> {
        self.view().int_at(path)
    }

    /// The truth value at a path.
    pub fn bool_at(&self, path: &[&str]) -> Option<bool> {
        self.view().bool_at(path)
    }

    /// The list at a path; empty if there is none.
    pub fn items_at(&self, path: &[&str]) -> Items<'_> {
        self.view().items_at(path)
    }

    /// Entries of a mapping; empty for anything else.
    pub fn entries(&self) -> Entries<'_> {
        self.view().entries()
    }

    /// First line in the file, from 1; 0 for values that were computed.
    pub fn line(&self) -> u32 {
        self.view().line
    }
}

impl From<&Node> for Packed {
    fn from(node: &Node) -> Self {
        build::pack(node)
    }
}

impl From<Node> for Packed {
    fn from(node: Node) -> Self {
        build::pack(&node)
    }
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.view().fmt(f)
    }
}

impl Default for View<'_> {
    fn default() -> Self {
        Self {
            body: "",
            line: 0,
            more_lines: 0,
            shape: Shape::Null,
            plain: false,
        }
    }
}

impl<'p> View<'p> {
    /// A computed string.
    pub fn text(text: &'p str) -> Self {
        Self {
            body: text,
            shape: Shape::Scalar,
            ..Self::default()
        }
    }

    /// First line in the file, from 1; 0 for values that were computed.
    #[inline]
    pub fn line(self) -> u32 {
        self.line
    }

    /// The last line of the value.
    pub fn end_line(self) -> u32 {
        self.line.saturating_add(u32::from(self.more_lines))
    }

    /// A scalar that was written without quotes: what it looks like (a number, a truth value) is what it is.
    pub fn is_plain(self) -> bool {
        self.plain
    }

    /// Whether this is nothing.
    #[inline]
    pub fn is_null(self) -> bool {
        self.shape == Shape::Null
    }

    /// What it is.
    pub fn kind(self) -> Kind<'p> {
        match self.shape {
            Shape::Null => Kind::Null,
            Shape::Scalar => Kind::Scalar(self.body),
            Shape::Seq => Kind::Seq(self.items()),
            Shape::Map => Kind::Map(self.entries()),
        }
    }

    /// Whether this is a list.
    pub fn is_list(self) -> bool {
        self.shape == Shape::Seq
    }

    /// Whether this is a mapping.
    pub fn is_map(self) -> bool {
        self.shape == Shape::Map
    }

    /// The value of a key, if this is a mapping that has it.
    #[inline]
    pub fn get(self, key: &str) -> Option<View<'p>> {
        if self.shape != Shape::Map {
            return None;
        }
        let word = words::number(key);
        let mut walk = Walk::new(self.body);
        while !walk.pass_key(key, word)? {
            walk.pass_value()?;
        }
        walk.value(self.line)
    }

    /// Follows keys; `None` as soon as one is missing.
    pub fn at(self, path: &[&str]) -> Option<View<'p>> {
        path.iter().try_fold(self, |view, key| view.get(key))
    }

    /// The text of the scalar at a path.
    pub fn str_at(self, path: &[&str]) -> Option<&'p str> {
        self.at(path)?.as_str()
    }

    /// The integer at a path.
    pub fn int_at(self, path: &[&str]) -> Option<i64> {
        self.at(path)?.as_i64()
    }

    /// The truth value at a path.
    pub fn bool_at(self, path: &[&str]) -> Option<bool> {
        self.at(path)?.as_bool()
    }

    /// The list at a path; empty if there is none.
    pub fn items_at(self, path: &[&str]) -> Items<'p> {
        self.at(path).unwrap_or_default().items()
    }

    /// Text of a scalar.
    #[inline]
    pub fn as_str(self) -> Option<&'p str> {
        (self.shape == Shape::Scalar).then_some(self.body)
    }

    /// A scalar read as an integer.
    pub fn as_i64(self) -> Option<i64> {
        self.as_str()?.parse().ok()
    }

    /// A scalar read as a truth value.
    pub fn as_bool(self) -> Option<bool> {
        match self.as_str()? {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Elements of a list; empty for anything else.
    #[inline]
    pub fn items(self) -> Items<'p> {
        let body = if self.shape == Shape::Seq {
            self.body
        } else {
            ""
        };
        Items {
            all: Walk::new(body),
            line: self.line,
        }
    }

    /// Entries of a mapping; empty for anything else.
    #[inline]
    pub fn entries(self) -> Entries<'p> {
        let body = if self.shape == Shape::Map {
            self.body
        } else {
            ""
        };
        Entries {
            all: Walk::new(body),
            line: self.line,
        }
    }

    /// Number of values in the tree.
    pub fn size(self) -> usize {
        let items: usize = self.items().iter().map(View::size).sum();
        let entries: usize = self.entries().iter().map(|(_, view)| view.size()).sum();
        1 + items + entries
    }

    /// Whether the values are the same, wherever they stand.
    pub fn same(self, other: View<'_>) -> bool {
        self.shape == other.shape
            && match self.shape {
                Shape::Null => true,
                Shape::Scalar => self.body == other.body,
                Shape::Seq => self.items().same(other.items()),
                Shape::Map => self.entries().same(other.entries()),
            }
    }

    /// The tree that can be changed.
    pub fn to_node(self) -> Node {
        let value = match self.shape {
            Shape::Null => Value::Null,
            Shape::Scalar => Value::Scalar {
                text: self.body.into(),
            },
            Shape::Seq => Value::Seq(self.items().iter().map(View::to_node).collect()),
            Shape::Map => Value::Map(
                self.entries()
                    .iter()
                    .map(|(key, view)| (Key::new(key), view.to_node()))
                    .collect(),
            ),
        };
        Node {
            value,
            line: self.line,
            more_lines: self.more_lines,
            plain: self.plain,
        }
    }
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.to_node().fmt(f)
    }
}

/// Elements of a list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Items<'p> {
    all: Walk<'p>,
    line: u32,
}

impl<'p> Items<'p> {
    /// One after the other.
    #[inline]
    pub fn iter(self) -> ItemsIter<'p> {
        ItemsIter {
            rest: self.all,
            line: self.line,
        }
    }

    /// The first one.
    pub fn first(self) -> Option<View<'p>> {
        self.iter().next()
    }

    /// One by its place; walks over those before.
    pub fn get(self, place: usize) -> Option<View<'p>> {
        self.iter().nth(place)
    }

    /// The only one, if there is no other.
    pub fn only(self) -> Option<View<'p>> {
        let mut items = self.iter();
        let first = items.next()?;
        items.next().is_none().then_some(first)
    }

    /// How many there are; walks over them.
    pub fn len(self) -> usize {
        self.iter().count()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.all.at >= self.all.end
    }

    fn same(self, other: Items<'_>) -> bool {
        self.len() == other.len()
            && self
                .iter()
                .zip(other.iter())
                .all(|(one, other)| one.same(other))
    }
}

impl<'p> IntoIterator for Items<'p> {
    type Item = View<'p>;
    type IntoIter = ItemsIter<'p>;

    fn into_iter(self) -> ItemsIter<'p> {
        self.iter()
    }
}

/// Goes over the elements of a list.
#[derive(Debug, Clone)]
pub struct ItemsIter<'p> {
    rest: Walk<'p>,
    line: u32,
}

impl<'p> Iterator for ItemsIter<'p> {
    type Item = View<'p>;

    #[inline]
    fn next(&mut self) -> Option<View<'p>> {
        self.rest.value(self.line)
    }
}

/// Entries of a mapping in file order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entries<'p> {
    all: Walk<'p>,
    line: u32,
}

impl<'p> Entries<'p> {
    /// The value of a key.
    pub fn get(self, key: &str) -> Option<View<'p>> {
        let mut entries = self.iter();
        entries.find(|(name, _)| *name == key).map(|(_, view)| view)
    }

    /// One after the other.
    #[inline]
    pub fn iter(self) -> EntriesIter<'p> {
        EntriesIter {
            rest: self.all,
            line: self.line,
        }
    }

    /// The first one.
    pub fn first(self) -> Option<(&'p str, View<'p>)> {
        self.iter().next()
    }

    /// How many there are; walks over them.
    pub fn len(self) -> usize {
        self.iter().count()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.all.at >= self.all.end
    }

    fn same(self, other: Entries<'_>) -> bool {
        self.len() == other.len()
            && self
                .iter()
                .zip(other.iter())
                .all(|((key, one), (name, other))| key == name && one.same(other))
    }
}

impl<'p> IntoIterator for Entries<'p> {
    type Item = (&'p str, View<'p>);
    type IntoIter = EntriesIter<'p>;

    fn into_iter(self) -> EntriesIter<'p> {
        self.iter()
    }
}

/// Goes over the entries of a mapping.
#[derive(Debug, Clone)]
pub struct EntriesIter<'p> {
    rest: Walk<'p>,
    line: u32,
}

impl<'p> Iterator for EntriesIter<'p> {
    type Item = (&'p str, View<'p>);

    #[inline]
    fn next(&mut self) -> Option<(&'p str, View<'p>)> {
        let key = self.rest.key()?;
        Some((key, self.rest.value(self.line)?))
    }
}

impl std::fmt::Debug for Walk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} bytes", self.at, self.text.len())
    }
}

#[cfg(test)]
mod tests;
