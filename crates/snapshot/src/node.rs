//! A tree of captured values in which every value knows the lines it stands on.

use compact_str::CompactString;

pub use crate::key::Key;

/// A value and its place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Node {
    /// What.
    pub value: Value,
    /// First line in the file, from 1; 0 for values that were computed.
    pub line: u32,
    /// Further lines that the value spans (folded strings).
    pub more_lines: u16,
    /// A scalar that was written without quotes: what it looks like (a number, a truth value) is what it is.
    pub plain: bool,
}

/// A captured value. Scalars keep their text: whether `0777` or `1.10` is a number is the reader's question.
///
/// Lists and mappings have no room to grow: a dump holds tens of millions of values, and a slice
/// fits beside the text where a vector would not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Value {
    /// `null`, `~` or nothing.
    #[default]
    Null,
    /// A scalar.
    Scalar {
        /// The text, unescaped.
        text: CompactString,
    },
    /// A list.
    Seq(Box<[Node]>),
    /// A mapping in file order.
    Map(Box<[(Key, Node)]>),
}

impl Node {
    /// A computed string.
    pub fn text(text: impl Into<CompactString>) -> Self {
        Self {
            value: Value::Scalar { text: text.into() },
            line: 0,
            more_lines: 0,
            plain: false,
        }
    }

    /// A computed number.
    pub fn number(number: i64) -> Self {
        Self {
            value: Value::Scalar {
                text: number.to_string().into(),
            },
            line: 0,
            more_lines: 0,
            plain: false,
        }
    }

    /// A computed truth value.
    pub fn flag(flag: bool) -> Self {
        let text = if flag { "true" } else { "false" };
        Self {
            value: Value::Scalar { text: text.into() },
            line: 0,
            more_lines: 0,
            plain: false,
        }
    }

    /// A computed mapping.
    pub fn map(entries: Vec<(&str, Node)>) -> Self {
        let entries = entries
            .into_iter()
            .map(|(key, node)| (Key::new(key), node))
            .collect();
        Self {
            value: Value::Map(entries),
            line: 0,
            more_lines: 0,
            plain: false,
        }
    }

    /// A computed list.
    pub fn seq(items: Vec<Node>) -> Self {
        Self {
            value: Value::Seq(items.into()),
            line: 0,
            more_lines: 0,
            plain: false,
        }
    }

    /// The same value as if it stood at `line`.
    #[must_use]
    pub fn at_line(mut self, line: u32) -> Self {
        self.line = line;
        self
    }

    /// The last line of the value.
    pub fn end_line(&self) -> u32 {
        self.line + u32::from(self.more_lines)
    }

    /// The value of a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// Follows keys; `None` as soon as one is missing.
    pub fn at<'n>(&'n self, path: &[&str]) -> Option<&'n Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of the scalar at a path.
    pub fn str_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// The integer at a path.
    pub fn int_at(&self, path: &[&str]) -> Option<i64> {
        self.at(path)?.as_i64()
    }

    /// The truth value at a path.
    pub fn bool_at(&self, path: &[&str]) -> Option<bool> {
        self.at(path)?.as_bool()
    }

    /// The list at a path; empty if there is none.
    pub fn items_at(&self, path: &[&str]) -> &[Node] {
        self.at(path).map_or(&[], Node::items)
    }

    /// Text of a scalar.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// A scalar read as an integer.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_str()?.parse().ok()
    }

    /// A scalar read as a truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self.as_str()? {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Whether this is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// Elements of a list; empty for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::Seq(items) => items,
            _ => &[],
        }
    }

    /// Entries of a mapping; empty for anything else.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Number of values in the tree.
    pub fn size(&self) -> usize {
        1 + self.items().iter().map(Node::size).sum::<usize>()
            + self
                .entries()
                .iter()
                .map(|(_, node)| node.size())
                .sum::<usize>()
    }

    /// Adds or replaces an entry of a mapping; does nothing to anything else.
    pub fn set(&mut self, key: &str, node: Node) {
        if let Value::Map(entries) = &mut self.value {
            match entries.iter_mut().find(|(name, _)| name == key) {
                Some((_, old)) => *old = node,
                None => self.push_entry(Key::new(key), node),
            }
        }
    }

    /// Adds an entry to the end of a mapping; does nothing to anything else.
    pub fn push_entry(&mut self, key: Key, node: Node) {
        if let Value::Map(entries) = &mut self.value {
            push(entries, (key, node));
        }
    }

    /// Adds an element to the end of a list; does nothing to anything else.
    pub fn push_item(&mut self, node: Node) {
        if let Value::Seq(items) = &mut self.value {
            push(items, node);
        }
    }
}

fn push<T>(slice: &mut Box<[T]>, item: T) {
    let mut items = std::mem::take(slice).into_vec();
    items.reserve_exact(1);
    items.push(item);
    *slice = items.into_boxed_slice();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_small() {
        // Dumps of large clusters hold tens of millions of them.
        assert_eq!(size_of::<Value>(), 24);
        assert_eq!(size_of::<Node>(), 32);
        assert_eq!(size_of::<(Key, Node)>(), 40);
    }

    #[test]
    fn entries_and_items_are_added_at_the_end() {
        let mut node = Node::map(vec![("a", Node::number(1))]);
        node.set("b", Node::seq(Vec::new()));
        node.set("a", Node::number(2));
        node.push_item(Node::flag(true));
        assert_eq!(node.entries().len(), 2);
        assert_eq!(node.int_at(&["a"]), Some(2));
        let Value::Map(entries) = &mut node.value else {
            panic!("a mapping");
        };
        let (_, list) = entries.last_mut().unwrap();
        list.push_item(Node::flag(true));
        list.push_entry(Key::new("x"), Node::default());
        assert_eq!(list.items().len(), 1);
    }
}
