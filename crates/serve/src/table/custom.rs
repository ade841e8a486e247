//! Rows of custom resources: the columns that their definitions ask for, by simple JSON paths.

use serde_json::Value;

use super::{Context, name};
use crate::{resources::Resource, value};

/// The cells of a custom resource.
pub(super) fn cells(resource: &Resource, object: &Value, context: Context) -> Vec<Value> {
    let mut cells = vec![name(object)];
    if resource.columns.is_empty() {
        cells.push(context.age(object));
    }
    for column in &resource.columns {
        let found = find(object, &column.path);
        cells.push(match (column.kind.as_str(), found) {
            (_, None) => Value::Null,
            ("date", Some(time)) => {
                let time = serde_json::json!({"time": time});
                context.since(&time, "time").into()
            }
            ("integer" | "number", Some(Value::Number(number))) => number.clone().into(),
            ("boolean", Some(Value::Bool(flag))) => (*flag).into(),
            (_, Some(found)) => match found {
                Value::Array(_) | Value::Object(_) => found.to_string(),
                scalar => value::scalar(scalar),
            }
            .into(),
        });
    }
    cells
}

/// Follows a path of names, `[n]`, `['name']` and `[?(@.key=="value")]`; anything else finds nothing.
fn find<'v>(object: &'v Value, path: &str) -> Option<&'v Value> {
    let mut found = object;
    let mut rest = path
        .trim()
        .trim_start_matches(['{', '$'])
        .trim_end_matches('}');
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let (inside, after) = bracket(inside)?;
            found = step(found, inside)?;
            rest = after;
            continue;
        }
        let name = rest.strip_prefix('.').unwrap_or(rest);
        let (name, after) = word(name);
        rest = after;
        if !name.is_empty() {
            found = found.get(name)?;
        } else if rest.is_empty() {
            break;
        } else if !rest.starts_with('[') {
            return None;
        }
    }
    Some(found).filter(|found| !found.is_null())
}

/// What stands in a bracket and what comes after it; quoted text may hold brackets itself.
fn bracket(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            (None, ']') => return Some((text.get(..at)?, text.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

/// A name up to the next dot or bracket, `\.` being part of it only in paths that nobody needs here.
fn word(text: &str) -> (&str, &str) {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn step<'v>(value: &'v Value, inside: &str) -> Option<&'v Value> {
    let inside = inside.trim();
    if let Some(filter) = inside
        .strip_prefix("?(@")
        .and_then(|filter| filter.strip_suffix(')'))
    {
        let (path, wanted) = filter.split_once("==")?;
        let wanted = unquoted(wanted.trim());
        let path = path.trim().trim_start_matches('.');
        return value
            .as_array()?
            .iter()
            .find(|item| value::text(item, path) == wanted);
    }
    match inside.parse::<usize>() {
        Ok(at) => value.get(at),
        Err(_) if inside == "*" => value.get(0),
        Err(_) => value.get(unquoted(inside)),
    }
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['\'', '"'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_of_definitions_are_followed() {
        let object = json!({"status": {"conditions": [
            {"type": "Ready", "status": "True"}, {"type": "Synced", "status": "False"}],
            "a.b": 1, "list": [1, 2]}, "spec": {"x": null}});
        for (path, wanted) in [
            (
                ".status.conditions[?(@.type==\"Synced\")].status",
                json!("False"),
            ),
            (
                ".status.conditions[?(@.type=='Ready')].status",
                json!("True"),
            ),
            (".status.list[1]", json!(2)),
            ("{.status['a.b']}", json!(1)),
        ] {
            assert_eq!(find(&object, path), Some(&wanted), "{path}");
        }
        for path in [
            ".absent",
            ".spec.x",
            ".status.conditions[?(@.type==\"No\")].status",
            ".a[",
            "..b",
        ] {
            assert_eq!(find(&object, path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_path_finds_something_or_nothing(path in "[.\\[\\]a-c'\"?@()=*0-9{}]{0,40}|\\PC{0,40}") {
            find(&json!({"a": [{"b": 1}]}), &path);
        }
    }
}
