//! Reads the descriptions of kinds that kubectl does not know: all fields, with titles for names.
//!
//! `lastTransitionTime` is printed as `Last Transition Time`; the way back is by words. Items of a
//! list stand one after the other without a mark between them, their fields in order: a field that
//! does not come after the one before it begins a new item. A list of one item looks like a
//! mapping; the names of lists that the API often has settle that.

use super::{
    object::Draft,
    sections::{Entry, Section},
    values::{self, Fields},
};
use crate::node::Node;

/// Deeper trees are an attack.
const MAX_DEPTH: usize = 40;

/// Fields that hold lists of mappings wherever they occur.
const LISTS: &[&str] = &[
    "addresses",
    "backendRefs",
    "conditions",
    "containerStatuses",
    "containers",
    "endpoints",
    "env",
    "envFrom",
    "filters",
    "hostAliases",
    "imagePullSecrets",
    "initContainerStatuses",
    "initContainers",
    "items",
    "listeners",
    "matchConditions",
    "matchExpressions",
    "matches",
    "ownerReferences",
    "parentRefs",
    "parents",
    "paths",
    "ports",
    "relatedObjects",
    "rules",
    "subjects",
    "subsets",
    "tolerations",
    "versions",
    "volumeMounts",
    "volumes",
    "webhooks",
];

/// Parts of names that kubectl writes in capitals whatever they were.
const ACRONYMS: &[&str] = &["API", "GUID", "OSB", "UID", "URL"];

/// Everything below the common head.
pub(super) fn read(top: Section<'_, '_>, out: &mut Draft) {
    for entry in top.entries() {
        match entry.key() {
            "Name" | "Namespace" | "Labels" | "Annotations" | "API Version" | "Kind" | "Events" => {
            }
            "Metadata" => {
                for (key, node) in mapping(entry.below, entry.line(), 1).entries() {
                    out.metadata.put(key, node.clone());
                }
            }
            "Spec" => merge(&mut out.spec, entry),
            "Status" if entry.value().is_empty() => merge(&mut out.status, entry),
            _ => {
                if let Some((key, node)) = field(entry, 0) {
                    out.root.put(&key, node);
                }
            }
        }
    }
}

fn merge(fields: &mut Fields, entry: Entry<'_, '_>) {
    for (key, node) in mapping(entry.below, entry.line(), 1).entries() {
        fields.put(key, node.clone());
    }
}

/// The API's name of a titled field.
pub(super) fn name(title: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphabetic() || byte == b'-' || byte == b' ';
    // Names with digits, dots and the like are printed as they are.
    if !title.bytes().all(is_plain) {
        return title.to_owned();
    }
    let mut out = String::with_capacity(title.len());
    let mut after_dash = false;
    for (at, word) in title.split(' ').enumerate() {
        let lower = at == 0 || after_dash;
        after_dash = word == "-";
        let short = word.len() < 2;
        let is_acronym = ACRONYMS.contains(&word);
        let capitals = !short && word.bytes().all(|byte| byte.is_ascii_uppercase());
        if lower && (is_acronym || short) {
            out.push_str(&word.to_ascii_lowercase());
        } else if lower && !capitals {
            let mut letters = word.chars();
            out.extend(letters.next().map(|first| first.to_ascii_lowercase()));
            out.push_str(letters.as_str());
        } else {
            out.push_str(word);
        }
    }
    out
}

fn field(entry: Entry<'_, '_>, depth: usize) -> Option<(String, Node)> {
    let key = entry.key();
    // Who wrote which field, in a form of its own, a thousand lines long.
    if key.is_empty() || key == "Managed Fields" || depth > MAX_DEPTH {
        return None;
    }
    let name = name(key);
    let line = entry.line();
    if !entry.value().is_empty() {
        return Some((name, scalar(entry)));
    }
    if entry.below.rows.is_empty() {
        // `Message:` and blanks is an empty text; without them an empty mapping or list.
        let padded = entry.row.raw.ends_with(' ');
        return padded.then(|| (name, values::text("", line)));
    }
    let plain: Option<Vec<Node>> = entry
        .below
        .entries()
        .map(|item| {
            let alone = item.key().is_empty() && item.below.rows.is_empty();
            alone.then(|| typed(item.row.text, item.line()))
        })
        .collect();
    if let Some(items) = plain {
        return Some((name, Node::seq(items).at_line(line)));
    }
    let items = items(entry.below, depth + 1);
    if items.len() > 1 || LISTS.binary_search(&name.as_str()).is_ok() {
        return Some((name, Node::seq(items).at_line(line)));
    }
    Some((name, mapping(entry.below, line, depth + 1)))
}

/// A value with what follows it at the left edge or deeper.
fn scalar(entry: Entry<'_, '_>) -> Node {
    if entry.below.rows.is_empty() {
        typed(entry.value(), entry.line())
    } else {
        super::container::folded(entry)
    }
}

/// Whether `5` was a number or a text is lost, as it is for readers of plain YAML.
fn typed(text: &str, line: u32) -> Node {
    match text {
        "<nil>" => values::null(line),
        "true" | "false" => Node::flag(text == "true").at_line(line),
        text => values::number(text, line)
            // What would not print alike is a text that looks like a number.
            .filter(|node| node.as_str() == Some(text))
            .unwrap_or_else(|| values::text(text, line)),
    }
}

fn mapping(section: Section<'_, '_>, line: u32, depth: usize) -> Node {
    let mut fields = Fields::new(line);
    for entry in section.entries() {
        if let Some((key, node)) = field(entry, depth) {
            fields.pair(&key, node);
        }
    }
    fields.node()
}

/// Sibling fields cut into items: within one, names rise.
fn items(section: Section<'_, '_>, depth: usize) -> Vec<Node> {
    let mut items: Vec<Fields> = Vec::new();
    let mut last = String::new();
    for entry in section.entries() {
        let Some((key, node)) = field(entry, depth) else {
            continue;
        };
        if items.is_empty() || key <= last {
            items.push(Fields::new(entry.line()));
        }
        if let Some(fields) = items.last_mut() {
            fields.pair(&key, node);
        }
        last = key;
    }
    items.into_iter().map(Fields::node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_back() {
        for (title, plain) in [
            ("Last Transition Time", "lastTransitionTime"),
            ("API Version", "apiVersion"),
            ("API Groups", "apiGroups"),
            ("UID", "uid"),
            ("Ca Bundle", "caBundle"),
            ("Cluster IP", "clusterIP"),
            ("Pod CIDR", "podCIDR"),
            ("My - App", "my-app"),
            ("app.kubernetes.io/name", "app.kubernetes.io/name"),
            ("X", "x"),
        ] {
            assert_eq!(name(title), plain);
        }
    }

    #[test]
    fn lists_are_sorted() {
        assert!(LISTS.is_sorted());
    }
}
