//! A small tree that borrows from the text.

use std::{borrow::Cow, vec::Drain};

use crate::{
    build::{Build, Entry, Options, read, read_item},
    error::Error,
    scalar::{Scalar, Style},
};

/// A value and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node<'t> {
    /// What.
    pub value: Value<'t>,
    /// The line on which it begins.
    pub line: u32,
    /// The line on which a scalar ends; `line` for collections.
    pub end_line: u32,
}

/// What stands at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'t> {
    /// Nothing, `~` or `null`.
    Null,
    /// Text. Whether plain `1.10` is a number is the caller's question.
    Scalar(Cow<'t, str>, Style),
    /// A list.
    Seq(Vec<Node<'t>>),
    /// A mapping in the order of the text, repeated keys included.
    Map(Vec<(Cow<'t, str>, Node<'t>)>),
}

struct Tree;

impl<'t> Build<'t> for Tree {
    type Node = Node<'t>;

    fn scalar(&mut self, scalar: Scalar<'t>) -> Node<'t> {
        let (line, end_line) = (scalar.line, scalar.end_line);
        let value = if scalar.is_null() {
            Value::Null
        } else {
            Value::Scalar(scalar.text, scalar.style)
        };
        Node {
            value,
            line,
            end_line,
        }
    }

    fn seq(&mut self, items: Drain<'_, Node<'t>>, line: u32) -> Node<'t> {
        Node {
            value: Value::Seq(items.collect()),
            line,
            end_line: line,
        }
    }

    fn map(&mut self, entries: Drain<'_, Entry<'t, Node<'t>>>, line: u32) -> Node<'t> {
        Node {
            value: Value::Map(entries.collect()),
            line,
            end_line: line,
        }
    }
}

impl<'t> Node<'t> {
    /// Reads one document.
    pub fn read(text: &'t str) -> Result<Self, Error> {
        read(text, &mut Tree, &Options::default())
    }

    /// Reads one document with options.
    pub fn read_with(text: &'t str, options: &Options<'_>) -> Result<Self, Error> {
        read(text, &mut Tree, options)
    }

    /// Reads one item of a list, dash included.
    pub fn read_item(text: &'t str, options: &Options<'_>) -> Result<Self, Error> {
        read_item(text, &mut Tree, options)
    }

    /// The value of a key of a mapping; the last one if the key is repeated.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .rfind(|(name, _)| name == key)
            .map(|(_, node)| node)
    }

    /// Follows keys; `None` as soon as one is missing.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of a scalar.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// Whether this is nothing.
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// Elements of a list; empty for anything else.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Seq(items) => items,
            _ => &[],
        }
    }

    /// Entries of a mapping; empty for anything else.
    pub fn entries(&self) -> &[(Cow<'t, str>, Self)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }
}
