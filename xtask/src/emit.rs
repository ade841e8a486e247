//! Writes YAML exactly as kubectl does: keys sorted, lists at their key's indentation, long scalars
//! folded at 80 columns, strings quoted only where another reader could take them for something else.

/// A value of a manifest.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// A string, quoted if it must be.
    Text(String),
    /// A number, a truth value, `null`.
    Bare(String),
    /// A list.
    List(Vec<Value>),
    /// A mapping; written in the order of its keys.
    Map(Vec<(String, Value)>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Bare(number.to_string())
    }
}
impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bare(flag.to_string())
    }
}
impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::List(items)
    }
}

/// A mapping.
pub(crate) fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let mut entries: Vec<(String, Value)> = entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Value::Map(entries)
}

/// Emitter of libyaml and go-yaml: a scalar is broken at the first blank beyond this column.
const WIDTH: usize = 80;

/// One item of a list at column 0.
pub(crate) fn item(value: &Value, out: &mut String) {
    out.push_str("- ");
    node(value, 0, true, out);
}

fn node(value: &Value, indent: usize, in_list: bool, out: &mut String) {
    match value {
        Value::Map(entries) if !entries.is_empty() => {
            let indent = if in_list { indent + 2 } else { indent };
            for (index, (key, value)) in entries.iter().enumerate() {
                if index > 0 || !in_list {
                    pad(indent, out);
                }
                let from = column(out);
                scalar(key, indent, true, out);
                out.push(':');
                debug_assert!(column(out) > from);
                entry(value, indent, out);
            }
        }
        Value::List(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                if index > 0 || !in_list {
                    pad(indent, out);
                }
                out.push_str("- ");
                node(value, indent, true, out);
            }
        }
        _ => {
            leaf(value, indent, out);
            out.push('\n');
        }
    }
}

fn entry(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Map(entries) if !entries.is_empty() => {
            out.push('\n');
            node(value, indent + 2, false, out);
        }
        Value::List(items) if !items.is_empty() => {
            out.push('\n');
            node(value, indent, false, out);
        }
        _ => {
            out.push(' ');
            leaf(value, indent, out);
            out.push('\n');
        }
    }
}

fn leaf(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Text(text) => scalar(text, indent, false, out),
        Value::Bare(text) => out.push_str(text),
        Value::List(_) => out.push_str("[]"),
        Value::Map(_) => out.push_str("{}"),
    }
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

fn column(out: &str) -> usize {
    out.chars().rev().take_while(|c| *c != '\n').count()
}

fn scalar(text: &str, indent: usize, key: bool, out: &mut String) {
    if text.contains('\n') && !key && block_allowed(text) {
        return block(text, indent + 2, out);
    }
    if special(text) || text.contains('\n') {
        return double(text, indent + 2, key, out);
    }
    if looks_typed(text) {
        return double(text, indent + 2, key, out);
    }
    if plain_allowed(text) {
        return folded(text, "", indent + 2, key, out);
    }
    out.push('\'');
    folded(&text.replace('\'', "''"), "'", indent + 2, key, out);
    out.push('\'');
}

fn special(text: &str) -> bool {
    text.chars()
        .any(|c| c != '\n' && (c < ' ' || c == '\u{7f}' || c as u32 > 0xffff))
}

fn block_allowed(text: &str) -> bool {
    !special(text) && !text.ends_with(' ') && !text.contains(" \n")
}

fn block(text: &str, indent: usize, out: &mut String) {
    out.push('|');
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    if !text.ends_with('\n') {
        out.push('-');
    } else if text.ends_with("\n\n") || text == "\n" {
        out.push('+');
    }
    let body = text.strip_suffix('\n').unwrap_or(text);
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            pad(indent, out);
            out.push_str(line);
        }
    }
}

/// What a reader of YAML 1.1 could take for something else than a string.
fn looks_typed(text: &str) -> bool {
    let words = [
        "", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", "on",
        "On", "ON", "off", "Off", "OFF", "yes", "Yes", "YES", "no", "No", "NO", "y", "Y", "n", "N",
    ];
    let first = text.as_bytes().first().copied().unwrap_or(b' ');
    words.contains(&text)
        || (first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.'))
            && (text.replace('_', "").parse::<f64>().is_ok()
                || timestamp(text)
                || sexagesimal(text))
}

fn timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes.get(4) == Some(&b'-')
        && bytes.get(7) == Some(&b'-')
        && bytes.iter().take(4).all(u8::is_ascii_digit)
        && (bytes.len() == 10 || matches!(bytes.get(10), Some(b'T' | b' ')) && text.ends_with('Z'))
}

fn sexagesimal(text: &str) -> bool {
    text.contains(':') && text.bytes().all(|b| b.is_ascii_digit() || b == b':')
}

fn plain_allowed(text: &str) -> bool {
    let first = text.chars().next().unwrap_or(' ');
    let blank_after_first = text.chars().nth(1).is_none_or(|c| c == ' ');
    !(text.starts_with(' ')
        || text.ends_with(' ')
        || text.starts_with("---")
        || text.starts_with("...")
        || "#,[]{}&*!|>'\"%@`".contains(first)
        || "?:-".contains(first) && blank_after_first
        || text.contains(": ")
        || text.ends_with(':')
        || text.contains(" #"))
}

/// Breaks at single blanks beyond the width.
fn folded(text: &str, _quote: &str, indent: usize, key: bool, out: &mut String) {
    let mut at = column(out);
    let mut before = 'x';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let after = chars.peek().copied();
        if c == ' ' && !key && before != ' ' && at > WIDTH && after.is_some_and(|c| c != ' ') {
            out.push('\n');
            pad(indent, out);
            at = indent;
        } else {
            out.push(c);
            at += 1;
        }
        before = c;
    }
}

fn double(text: &str, indent: usize, key: bool, out: &mut String) {
    let mut at = column(out) + 1;
    out.push('"');
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let piece = match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            '\n' => "\\n".to_owned(),
            '\t' => "\\t".to_owned(),
            '\r' => "\\r".to_owned(),
            '\u{1b}' => "\\e".to_owned(),
            c if c as u32 > 0xffff => format!("\\U{:08X}", c as u32),
            c if c < ' ' || c == '\u{7f}' => format!("\\x{:02X}", c as u32),
            c => c.to_string(),
        };
        if c == ' ' && !key && before != ' ' && at > WIDTH && chars.peek().is_some() {
            out.push('\n');
            pad(indent, out);
            at = indent;
            if chars.peek() == Some(&' ') {
                out.push('\\');
                at += 1;
            }
        } else {
            at += piece.chars().count();
            out.push_str(&piece);
        }
        before = c;
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_of_kubectl() {
        let value = map([
            (
                "b",
                Value::from(vec![map([("y", "1".into()), ("x", "a: b".into())])]),
            ),
            ("a", "one\ntwo\n".into()),
            ("c", map([])),
            ("d", Value::from(vec![])),
            ("e", format!("{} tail and more", "x".repeat(90)).into()),
            ("f", "2026-07-14T02:42:31Z".into()),
        ]);
        let mut out = String::new();
        item(&value, &mut out);
        let expected = format!(
            "- a: |\n    one\n    two\n  b:\n  - x: 'a: b'\n    \"y\": \"1\"\n  c: {{}}\n  d: []\n  e: {}\n    tail and more\n  f: \"2026-07-14T02:42:31Z\"\n",
            "x".repeat(90)
        );
        assert_eq!(out, expected);
    }
}
