//! Captured trees at rest: a part of a page of text, a third of the YAML it was read from, walked without being unpacked.
//!
//! A dump holds tens of millions of values. As a tree of allocations each takes 40 bytes and its
//! text; here a value takes its text and some four bytes, and the objects that were read together are one allocation.
//!
//! ## Form
//! A list or mapping is the length of its heads, the heads of its values side by side, and then what the heads have
//! the lengths of, side by side as well: a look-up walks over a few dozen bytes and jumps to what it looks for.
//! A head is a mapping's key, a byte of flags, the line and further lines of a value that has them, and for a scalar
//! the length of its text or the number of a word, for a list or mapping its length. A key is the number of
//! a word and one, or 0 with a length and text. Lines are counted from that of the value around, so that equal objects
//! are equal texts. All that is not text is ASCII: the whole is a `str`, and what is cut from it need not be checked.
//! An empty list or mapping is nothing at all.
//!
//! ## Sharing
//! Of replicas most is equal: labels, containers, environments. What is met again in a page stands there once, before
//! all that hold it, and their heads tell where. What is asked of many objects is then also asked of less memory.

mod build;
mod flag;
mod memo;
mod parts;
mod text;
mod walk;
mod words;

use std::sync::Arc;

use crate::node::{Key, Node, Value};
use walk::Walk;

pub(crate) use build::{Packer, Page, Part, Piece, Root};
pub(crate) use memo::Memo;
pub use parts::{Entries, EntriesIter, Items, ItemsIter};
pub use text::Text;

/// A tree of captured values in a page that it may have in common with others.
#[derive(Clone, Default)]
pub struct Packed {
    page: Arc<str>,
    root: Root,
}

/// What a value is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Shape {
    #[default]
    Null,
    Scalar,
    Seq,
    Map,
}

/// A value of a [`Packed`] tree, with its place. Small, and copied rather than borrowed.
#[derive(Clone, Copy)]
pub struct View<'p> {
    page: &'p str,
    /// Where a scalar's text, or what a list or mapping holds, begins and ends in the page.
    from: u32,
    to: u32,
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

impl Packed {
    /// The tree's root.
    #[inline]
    pub fn view(&self) -> View<'_> {
        let Root {
            from,
            to,
            line,
            more_lines,
            shape,
            plain,
        } = self.root;
        View {
            page: &self.page,
            from,
            to,
            line,
            more_lines,
            shape,
            plain,
        }
    }

    /// The text of one of the tree's scalars; keeps the page.
    pub fn text(&self, scalar: View<'_>) -> Text {
        let here = scalar.page.as_ptr() == self.page.as_ptr();
        if here && scalar.shape == Shape::Scalar {
            Text::new(&self.page, (scalar.from, scalar.to))
        } else {
            Text::from(scalar.as_str().unwrap_or(""))
        }
    }

    /// Whether there is nothing else in the page.
    fn is_alone(&self) -> bool {
        (self.root.from, self.root.to as usize) == (0, self.page.len())
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
        if view.is_map() && self.is_alone() && view.get(key).is_none() {
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

impl PartialEq for Packed {
    fn eq(&self, other: &Self) -> bool {
        self.view().equals(other.view())
    }
}

impl Eq for Packed {}

impl Default for View<'_> {
    fn default() -> Self {
        Self {
            page: "",
            from: 0,
            to: 0,
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
            page: text,
            to: u32::try_from(text.len()).unwrap_or(u32::MAX),
            shape: Shape::Scalar,
            ..Self::default()
        }
    }

    /// It as the root of a tree.
    fn root(self) -> Root {
        Root {
            from: self.from,
            to: self.to,
            line: self.line,
            more_lines: self.more_lines,
            shape: self.shape,
            plain: self.plain,
        }
    }

    /// The part of the page.
    #[inline]
    fn body(self) -> &'p str {
        let part = self.page.get(self.from as usize..self.to as usize);
        part.unwrap_or_default()
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
            Shape::Scalar => Kind::Scalar(self.body()),
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
        let mut walk = Walk::new(self);
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

    /// Whether this is the other one: the same place of the same page, as what replicas share is. Lines may differ.
    #[inline]
    pub fn is_shared_with(self, other: View<'_>) -> bool {
        self.page.as_ptr() == other.page.as_ptr()
            && (self.from, self.to, self.shape) == (other.from, other.to, other.shape)
    }

    /// Text of a scalar.
    #[inline]
    pub fn as_str(self) -> Option<&'p str> {
        (self.shape == Shape::Scalar).then(|| self.body())
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
        let all = match self.shape {
            Shape::Seq => Walk::new(self),
            _ => Walk::default(),
        };
        Items {
            all,
            line: self.line,
        }
    }

    /// Entries of a mapping; empty for anything else.
    #[inline]
    pub fn entries(self) -> Entries<'p> {
        let all = match self.shape {
            Shape::Map => Walk::new(self),
            _ => Walk::default(),
        };
        Entries {
            all,
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
                Shape::Scalar => self.body() == other.body(),
                Shape::Seq => self.items().all_by(other.items(), View::same),
                Shape::Map => self.entries().all_by(other.entries(), View::same),
            }
    }

    /// Whether the values are the same and stand in the same lines, written in the same way.
    fn equals(self, other: View<'_>) -> bool {
        let place = |view: View<'_>| (view.shape, view.line, view.more_lines, view.plain);
        place(self) == place(other)
            && match self.shape {
                Shape::Null => true,
                Shape::Scalar => self.body() == other.body(),
                Shape::Seq => self.items().all_by(other.items(), View::equals),
                Shape::Map => self.entries().all_by(other.entries(), View::equals),
            }
    }

    /// The tree that can be changed.
    pub fn to_node(self) -> Node {
        let value = match self.shape {
            Shape::Null => Value::Null,
            Shape::Scalar => Value::Scalar {
                text: self.body().into(),
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

#[cfg(test)]
mod tests;
