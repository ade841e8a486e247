//! Reads a part of a description that begins below its name: the command tells which object it is about.
//!
//! What the whole description would have shown is unknown here, not absent: only what a field at the left edge says
//! to be nothing is known to be so.

use super::{
    Context, Reader, events, is_generic, known, namespace,
    object::{self, Described, Draft},
    sections::{self, Entry, Lines, Section},
};
use crate::node::{Node, Value};

/// Deeper trees than a description can have are not gone through.
const MAX_DEPTH: usize = 64;

/// Reads fields and events of the object that the command named; nothing if the text is no such part, or is headed by
/// another object's name.
pub(crate) fn read(
    text: &str,
    first_line: u32,
    (kind, name): (&str, &str),
    context: &Context<'_>,
) -> Vec<Node> {
    let Some(kind) = known(kind) else {
        return Vec::new();
    };
    let text = sections::without_tabs(text);
    let lines: Lines<'_> = (first_line..)
        .zip(text.lines())
        .skip_while(|(_, raw)| !is_field(raw))
        .collect();
    let Some(line) = lines.first().map(|(line, _)| *line) else {
        return Vec::new();
    };
    let rows = sections::rows(&lines, false);
    let top = Section { rows: &rows };
    let other = top.get("Name").is_some_and(|entry| entry.value() != name);
    if other || is_generic(&lines) {
        return Vec::new();
    }
    let described = Described {
        top,
        lines: &lines,
        context,
        kind: kind.name.to_owned(),
        namespace: namespace(top, kind.namespaced, false, context),
        name: name.to_owned(),
        namespaced: kind.namespaced,
    };
    let mut found = fields(&described, kind.read, kind.api_version, line);
    found.extend(
        top.get("Events")
            .map_or_else(Vec::new, |entry: Entry<'_, '_>| {
                events::read(entry, &described)
            }),
    );
    found
}

/// Whether a line at the left edge is one of a description's fields, and no word of a program.
fn is_field(raw: &str) -> bool {
    let (key, _) = sections::split(raw);
    !key.is_empty() && !raw.starts_with([' ', '\t']) && sections::is_top_field(raw)
}

/// The object with what its fields say, and what else they tell of; nothing if they say nothing.
fn fields(described: &Described<'_, '_>, read: Reader, api_version: &str, line: u32) -> Vec<Node> {
    // What stands on no line was not said.
    let mut draft = Draft::new(0);
    draft
        .metadata
        .put("name", Node::text(described.name.as_str()));
    if described.top.has("Name") {
        draft.metadata = super::values::Fields::new(0);
    }
    object::metadata(described, &mut draft.metadata);
    read(described, &mut draft);
    let said: Vec<u32> = described
        .lines
        .iter()
        .filter(|(_, raw)| is_field(raw))
        .map(|(line, _)| *line)
        .collect();
    let (mut node, mut others) = draft.node(&described.kind, api_version, line);
    for node in std::iter::once(&mut node).chain(&mut others) {
        forget(node, &said, 0);
    }
    let says = |part: &str| {
        node.get(part)
            .is_some_and(|part| !part.entries().is_empty())
    };
    let metadata = node.get("metadata").map_or(&[][..], Node::entries);
    let of_object = metadata
        .iter()
        .any(|(key, _)| key != "name" && key != "namespace");
    let any = of_object || says("spec") || says("status") || !others.is_empty();
    let node = Some(node).filter(|_| any);
    node.into_iter().chain(others).collect()
}

/// Takes out what is only known to be nothing because the rest of the description would have said so.
fn forget(node: &mut Node, said: &[u32], depth: usize) {
    let Value::Map(entries) = &mut node.value else {
        if let Value::Seq(items) = &mut node.value
            && depth < MAX_DEPTH
        {
            for item in items.iter_mut() {
                forget(item, said, depth + 1);
            }
        }
        return;
    };
    let mut kept = Vec::with_capacity(entries.len());
    for (key, mut value) in std::mem::take(entries) {
        if depth < MAX_DEPTH {
            forget(&mut value, said, depth + 1);
        }
        let empty = match &value.value {
            Value::Null => true,
            Value::Map(entries) => entries.is_empty(),
            Value::Seq(items) => items.is_empty(),
            Value::Scalar { .. } => false,
        };
        if !empty || said.binary_search(&value.line).is_ok() {
            kept.push((key, value));
        }
    }
    *entries = kept.into();
}
