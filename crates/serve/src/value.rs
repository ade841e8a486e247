//! Reads fields of JSON by dotted paths, with nothing for whatever is not there.

use coldcase_snapshot::stamp;
use jiff::Timestamp;
use serde_json::Value;

/// The value at a dotted path. A key that holds a dot itself is out of reach.
pub(crate) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.')
        .try_fold(value, |value, key| value.get(key))
        .filter(|value| !value.is_null())
}

/// A string; empty if there is none.
pub(crate) fn str<'v>(value: &'v Value, path: &str) -> &'v str {
    at(value, path).and_then(Value::as_str).unwrap_or("")
}

/// Any scalar as text; empty if there is none.
pub(crate) fn text(value: &Value, path: &str) -> String {
    at(value, path).map(scalar).unwrap_or_default()
}

/// A scalar as text; empty for anything else.
pub(crate) fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => String::new(),
    }
}

/// A number; 0 if there is none.
pub(crate) fn int(value: &Value, path: &str) -> i64 {
    at(value, path).and_then(Value::as_i64).unwrap_or(0)
}

/// Whether it says true.
pub(crate) fn flag(value: &Value, path: &str) -> bool {
    at(value, path).and_then(Value::as_bool).unwrap_or(false)
}

/// A list; empty if there is none.
pub(crate) fn list<'v>(value: &'v Value, path: &str) -> &'v [Value] {
    at(value, path)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Keys and values of a mapping of strings, sorted.
pub(crate) fn pairs<'v>(value: &'v Value, path: &str) -> Vec<(&'v str, &'v str)> {
    let mut pairs: Vec<(&str, &str)> = at(value, path)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value.as_str().unwrap_or("")))
        .collect();
    pairs.sort_unstable();
    pairs
}

/// Number of entries of a mapping.
pub(crate) fn size(value: &Value, path: &str) -> usize {
    at(value, path)
        .and_then(Value::as_object)
        .map_or(0, serde_json::Map::len)
}

/// A time.
pub(crate) fn time(value: &Value, path: &str) -> Option<Timestamp> {
    stamp::rfc3339(str(value, path))
}
