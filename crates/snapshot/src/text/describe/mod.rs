//! Reads `kubectl describe` of all kinds into partial objects in the API's shape.

pub(crate) mod age;

use super::Context;
use crate::node::Node;

/// Reads one or several described objects; `first_line` is the number of the text's first line in
/// its file. `kind` is what the command asked for (`Pod`), or empty when unknown.
/// Events of an object's `Events:` table are given as `Event` objects of their own.
pub(crate) fn read(
    _text: &str,
    _first_line: u32,
    _kind: &str,
    _context: &Context<'_>,
) -> Vec<Node> {
    Vec::new()
}

/// The kind whose description a text looks like, by its first fields.
pub(crate) fn sniff(_text: &str) -> Option<&'static str> {
    None
}
