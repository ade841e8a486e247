//! Builds trees of captured values whose every node knows its line, and moves parsed trees to their place in a file.

use crate::node::{Key, Node, Value};

/// A string that stands at a line.
pub(super) fn text(text: &str, line: u32) -> Node {
    Node::text(text).at_line(line)
}

/// A number that stands at a line.
pub(super) fn number(number: i64, line: u32) -> Node {
    Node::number(number).at_line(line)
}

/// A truth value that stands at a line.
pub(super) fn flag(flag: bool, line: u32) -> Node {
    Node::flag(flag).at_line(line)
}

/// Known to be absent: the line would have shown it.
pub(super) fn null(line: u32) -> Node {
    Node::default().at_line(line)
}

/// A list that stands at a line.
pub(super) fn seq(items: Vec<Node>, line: u32) -> Node {
    Node::seq(items).at_line(line)
}

/// A mapping that stands at a line.
pub(super) fn map(entries: Vec<(&str, Node)>, line: u32) -> Node {
    Node::map(entries).at_line(line)
}

/// A mapping with keys from the text.
pub(super) fn open_map(entries: Vec<(Key, Node)>, line: u32) -> Node {
    Node {
        value: Value::Map(entries.into()),
        line,
        more_lines: 0,
        plain: false,
    }
}

/// Sets the value at a path, making the mappings on the way (they get the value's line).
pub(super) fn put(root: &mut Node, path: &[&str], node: Node) {
    let Some((key, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        root.set(key, node);
        return;
    }
    let line = node.line;
    if root.get(key).is_none() {
        root.set(key, map(Vec::new(), line));
    }
    let Value::Map(entries) = &mut root.value else {
        return;
    };
    if let Some((_, child)) = entries.iter_mut().find(|(name, _)| name == key) {
        if child.is_null() {
            *child = map(Vec::new(), line);
        }
        put(child, rest, node);
    }
}

/// Moves a tree down by some lines; values that were computed stay without a line.
pub(super) fn shift(node: &mut Node, lines: u32) {
    if node.line > 0 {
        node.line = node.line.saturating_add(lines);
    }
    match &mut node.value {
        Value::Seq(items) => items.iter_mut().for_each(|item| shift(item, lines)),
        Value::Map(entries) => entries
            .iter_mut()
            .for_each(|(_, value)| shift(value, lines)),
        Value::Null | Value::Scalar { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_put_together_and_moved() {
        let mut root = map(Vec::new(), 7);
        put(&mut root, &["metadata", "name"], text("p", 7));
        put(&mut root, &["metadata", "namespace"], text("ns", 8));
        put(&mut root, &["spec"], null(7));
        put(&mut root, &["spec", "nodeName"], text("n", 7));
        shift(&mut root, 10);
        assert_eq!(root.str_at(&["spec", "nodeName"]), Some("n"));
        let namespace = root.at(&["metadata", "namespace"]).unwrap();
        assert_eq!((namespace.as_str(), namespace.line), (Some("ns"), 18));
    }
}
