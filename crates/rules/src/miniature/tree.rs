//! Trees of examples: merged as strategic merge patches are, dated, and written as YAML.

use std::fmt::Write as _;

use jiff::Timestamp;

use coldcase_snapshot::stamp;

use crate::source::{Doc, DocValue, Place};

/// Lists whose elements go by this field are merged by it; all others are replaced.
fn merge_key(field: &str) -> Option<&'static str> {
    match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "containerStatuses"
        | "initContainerStatuses"
        | "ephemeralContainerStatuses"
        | "volumes"
        | "env" => Some("name"),
        "conditions" => Some("type"),
        _ => None,
    }
}

/// Of these exactly one member is there: a new one drives out the old one.
fn is_union(field: &str) -> bool {
    matches!(field, "state" | "lastState")
}

pub(super) fn text(value: impl Into<String>) -> Doc {
    Doc {
        value: DocValue::Text(value.into()),
        place: Place::default(),
    }
}

pub(super) fn map(entries: Vec<(&str, Doc)>) -> Doc {
    Doc {
        value: DocValue::Map(
            entries
                .into_iter()
                .map(|(key, doc)| (key.to_owned(), Place::default(), doc))
                .collect(),
        ),
        place: Place::default(),
    }
}

pub(super) fn seq(items: Vec<Doc>) -> Doc {
    Doc {
        value: DocValue::List(items),
        place: Place::default(),
    }
}

/// Puts a patch onto a tree; `null` takes a field away.
pub(super) fn merge(base: &mut Doc, patch: &Doc) {
    let (DocValue::Map(entries), DocValue::Map(patches)) = (&mut base.value, &patch.value) else {
        *base = without_nulls(patch);
        return;
    };
    for (key, place, patch) in patches {
        if matches!(patch.value, DocValue::Null) {
            entries.retain(|(known, ..)| known != key);
            continue;
        }
        match entries.iter_mut().find(|(known, ..)| known == key) {
            Some((.., old)) if is_union(key) => *old = without_nulls(patch),
            Some((.., old)) => match (merge_key(key), &mut old.value, &patch.value) {
                (Some(by), DocValue::List(items), DocValue::List(patches)) => {
                    merge_items(items, patches, by);
                }
                _ => merge(old, patch),
            },
            None => entries.push((key.clone(), *place, without_nulls(patch))),
        }
    }
}

fn merge_items(items: &mut Vec<Doc>, patches: &[Doc], by: &str) {
    for patch in patches {
        let name = patch.get(by).and_then(Doc::text);
        let known = items
            .iter_mut()
            .find(|item| name.is_some() && item.get(by).and_then(Doc::text) == name);
        match known {
            Some(item) => merge(item, patch),
            None => items.push(without_nulls(patch)),
        }
    }
}

/// Fills what a tree leaves out.
pub(super) fn fill(tree: &mut Doc, defaults: Doc) {
    let mut filled = defaults;
    merge(&mut filled, tree);
    *tree = filled;
}

pub(super) fn without_nulls(doc: &Doc) -> Doc {
    let value = match &doc.value {
        DocValue::Map(entries) => DocValue::Map(
            entries
                .iter()
                .filter(|(.., doc)| !matches!(doc.value, DocValue::Null))
                .map(|(key, place, doc)| (key.clone(), *place, without_nulls(doc)))
                .collect(),
        ),
        DocValue::List(items) => DocValue::List(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    };
    Doc {
        value,
        place: doc.place,
    }
}

/// Turns `5m ago` into the time.
pub(super) fn times(doc: &mut Doc, now: Option<Timestamp>) {
    match &mut doc.value {
        DocValue::Text(text) => {
            if let Some(time) = now.and_then(|now| super::ago(text, now)) {
                *text = stamp::format(time, 0);
            }
        }
        DocValue::List(items) => items.iter_mut().for_each(|item| times(item, now)),
        DocValue::Map(entries) => entries.iter_mut().for_each(|(.., doc)| times(doc, now)),
        DocValue::Null => {}
    }
}

/// A list as `kubectl get -o yaml` prints it.
pub(super) fn list(items: &[Doc]) -> String {
    let mut out = "apiVersion: v1\nkind: List\n".to_owned();
    if items.is_empty() {
        out.push_str("items: []\n");
        return out;
    }
    out.push_str("items:\n");
    for item in items {
        write_item(&mut out, item, 0);
    }
    out
}

fn write_item(out: &mut String, item: &Doc, indent: usize) {
    out.push_str(&" ".repeat(indent));
    out.push_str("- ");
    match &item.value {
        DocValue::Map(entries) if !entries.is_empty() => {
            for (number, (key, _, doc)) in entries.iter().enumerate() {
                if number > 0 {
                    out.push_str(&" ".repeat(indent + 2));
                }
                write_entry(out, key, doc, indent + 2);
            }
        }
        _ => write_flow(out, item),
    }
}

fn write_entry(out: &mut String, key: &str, doc: &Doc, indent: usize) {
    out.push_str(&scalar(key));
    out.push(':');
    match &doc.value {
        DocValue::Map(entries) if !entries.is_empty() => {
            out.push('\n');
            for (key, _, doc) in entries {
                out.push_str(&" ".repeat(indent + 2));
                write_entry(out, key, doc, indent + 2);
            }
        }
        DocValue::List(items) if !items.is_empty() => {
            out.push('\n');
            for item in items {
                write_item(out, item, indent);
            }
        }
        _ => {
            out.push(' ');
            write_flow(out, doc);
        }
    }
}

/// What fits on one line; a list within a list is written as one.
fn write_flow(out: &mut String, doc: &Doc) {
    match &doc.value {
        DocValue::Text(text) => out.push_str(&scalar(text)),
        DocValue::Null => out.push_str("null"),
        DocValue::Map(_) => out.push_str("{}"),
        DocValue::List(items) => {
            let items: Vec<String> = items.iter().filter_map(Doc::text).map(scalar).collect();
            out.push('[');
            out.push_str(&items.join(", "));
            out.push(']');
        }
    }
    out.push('\n');
}

/// Words and numbers as they are, everything else in quotes.
fn scalar(text: &str) -> String {
    let plain = !text.is_empty()
        && !text.eq_ignore_ascii_case("null")
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/'));
    if plain {
        return text.to_owned();
    }
    let mut out = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other if other.is_control() => {
                let _ = write!(out, "\\x{:02x}", u32::from(other) & 0xff);
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source;

    fn read(text: &str) -> Doc {
        source::parse(text).unwrap()
    }

    #[test]
    fn patches_merge_by_name_and_replace_unions() {
        let mut base = read(
            "{spec: {containers: [{name: a, image: x}, {name: b}], args: [1, 2]}, status: {containerStatuses: [{name: a, state: {running: {startedAt: t}}}]}}",
        );
        let patch = read(
            "{spec: {containers: [{name: a, image: null, tty: true}], args: [3]}, status: {containerStatuses: [{name: a, state: {waiting: {reason: r}}}]}}",
        );
        merge(&mut base, &patch);
        assert_eq!(
            base.shown(),
            "{spec: {containers: [{name: a, tty: true}, {name: b}], args: [3]}, status: {containerStatuses: [{name: a, state: {waiting: {reason: r}}}]}}"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(key in "[^\u{feff}]{1,8}", text in "[^\u{feff}]{0,20}", inner in "[a-z 0-9:#'\"-]{0,12}") {
            prop_assume!(!matches!(inner.as_str(), "" | "~" | "null"));
            let tree = map(vec![
                (key.as_str(), seq(vec![map(vec![("a", self::text(text))]), self::text(inner)])),
            ]);
            let written = list(std::slice::from_ref(&tree));
            let read = source::parse(&written).map_err(|(_, why)| TestCaseError::fail(format!("{why}: {written}")))?;
            let Some(Doc { value: DocValue::List(items), .. }) = read.get("items") else {
                return Err(TestCaseError::fail(written));
            };
            prop_assert_eq!(items[0].shown(), tree.shown());
        }
    }
}
