//! Takes a line of klog apart, as text, with keys and values or as JSON: what is said, and of which pod.

use std::borrow::Cow;

use super::names;
use crate::{json, node::Node};

/// Most keys of a line that are read.
const KEYS: usize = 48;
/// Bytes in which the header of a line ends.
const HEADER: usize = 160;

/// A line without its header.
#[derive(Debug, Default)]
pub(super) struct Said<'t> {
    /// What is said: all of a line without keys, else what stands before them.
    pub(super) text: Cow<'t, str>,
    /// Keys and their values, quotes undone.
    pairs: Vec<(Cow<'t, str>, Cow<'t, str>)>,
}

impl<'t> Said<'t> {
    /// Reads a message as the component wrote it.
    pub(super) fn of(message: &'t str) -> Option<Self> {
        let message = message.trim_start();
        if message.starts_with('{') {
            return of_json(message);
        }
        let body = body(message)?;
        if !body.starts_with('"') {
            return Some(Self {
                text: Cow::Borrowed(body),
                pairs: Vec::new(),
            });
        }
        let (text, rest) = quoted(body)?;
        Some(Self {
            text,
            pairs: pairs(rest),
        })
    }

    /// The value of a key; empty if there is none.
    pub(super) fn get(&self, key: &str) -> &str {
        let mut pairs = self.pairs.iter();
        pairs
            .find(|(name, _)| name == key)
            .map_or("", |(_, value)| value)
    }

    /// The error, or all that is said where errors have no key of their own.
    pub(super) fn error(&self) -> &str {
        match self.get("err") {
            "" => &self.text,
            error => error,
        }
    }

    /// The pod of the line: namespace, name and uid; the last may be empty.
    pub(super) fn pod(&self) -> Option<(&str, &str, &str)> {
        let pod = self.get("pod");
        let uid = Some(self.get("podUID")).filter(|uid| names::is_uid(uid));
        if let Some((namespace, name)) = pod.split_once('/') {
            return names::is_pod(namespace, name).then_some((namespace, name, uid.unwrap_or("")));
        }
        names::whole(pod)
    }

    /// The container of the line.
    pub(super) fn container(&self) -> &str {
        let name = self.get("containerName");
        if names::is_label(name) { name } else { "" }
    }
}

/// What stands behind the header `E0714 02:42:31.123456    1234 file.go:12] `.
pub(super) fn body(message: &str) -> Option<&str> {
    let bytes = message.as_bytes();
    let is_header = matches!(bytes.first(), Some(b'I' | b'W' | b'E' | b'F'))
        && bytes
            .get(1..5)
            .is_some_and(|day| day.iter().all(u8::is_ascii_digit))
        && bytes.get(5) == Some(&b' ')
        && bytes.get(8) == Some(&b':');
    if !is_header {
        return None;
    }
    let head = bytes.get(..HEADER.min(bytes.len()))?;
    let end = memchr::memmem::find(head, b"] ")?;
    message.get(end + 2..)
}

/// `{"ts":…,"msg":"Error syncing pod, skipping","pod":{"name":…,"namespace":…},"err":…}`
fn of_json(message: &str) -> Option<Said<'_>> {
    let (documents, _) = json::read(message);
    let root = documents.into_iter().next()?;
    let text = root.str_at(&["msg"])?.to_owned();
    let value = |node: &Node| match (node.str_at(&["namespace"]), node.str_at(&["name"])) {
        (Some(namespace), Some(name)) => Some(format!("{namespace}/{name}")),
        (None, Some(name)) => Some(name.to_owned()),
        _ => node.as_str().map(str::to_owned),
    };
    let pairs = root.entries().iter().take(KEYS);
    let pairs = pairs
        .filter_map(|(key, node)| Some((key.to_string().into(), value(node)?.into())))
        .collect();
    Some(Said {
        text: text.into(),
        pairs,
    })
}

/// ` key="value" key=word key=[…]`
fn pairs(mut rest: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let mut found = Vec::new();
    while found.len() < KEYS {
        rest = rest.trim_start();
        let Some((key, after)) = rest.split_once('=') else {
            break;
        };
        if key.is_empty() || key.len() > 64 || key.contains(['"', ' ']) {
            break;
        }
        let (value, after) = value(after);
        found.push((Cow::Borrowed(key), value));
        rest = after;
    }
    found
}

fn value(text: &str) -> (Cow<'_, str>, &str) {
    if text.starts_with('"')
        && let Some(read) = quoted(text)
    {
        return read;
    }
    // Texts of several lines are written indented.
    if let Some(block) = text.strip_prefix("<\n") {
        let (inner, after) = block.split_once("\n >").unwrap_or((block, ""));
        let lines: Vec<&str> = inner
            .lines()
            .map(|line| line.strip_prefix('\t').unwrap_or(line))
            .collect();
        return (lines.join("\n").into(), after);
    }
    let end = match text.as_bytes().first() {
        Some(b'[') => closing(text, b'[', b']'),
        Some(b'{') => closing(text, b'{', b'}'),
        _ => None,
    };
    let end = end.unwrap_or_else(|| text.find([' ', '\n']).unwrap_or(text.len()));
    let (value, after) = text.split_at_checked(end).unwrap_or((text, ""));
    (Cow::Borrowed(value), after)
}

/// Where a list or a map ends that the text begins with.
fn closing(text: &str, open: u8, close: u8) -> Option<usize> {
    let (mut depth, mut in_quotes, mut escaped) = (0_u32, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_quotes => escaped = true,
            b'"' => in_quotes = !in_quotes,
            _ if in_quotes => {}
            _ if byte == open => depth += 1,
            _ if byte == close => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// A text in quotes as Go writes it, and what follows; one that is cut off is what there is of it.
pub(super) fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let inner = text.strip_prefix('"')?;
    let bytes = inner.as_bytes();
    let mut from = 0;
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(from..)?) {
        let at = from + found;
        if bytes.get(at) == Some(&b'"') {
            let rest = inner.get(at + 1..).unwrap_or("");
            return Some((unescaped(inner.get(..at)?), rest));
        }
        from = at + 2;
        if from > bytes.len() {
            break;
        }
    }
    Some((unescaped(inner), ""))
}

fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some('r') => plain.push('\r'),
            Some(kind @ ('x' | 'u')) => {
                let digits = if kind == 'x' { 2 } else { 4 };
                let code: String = chars.by_ref().take(digits).collect();
                let read = u32::from_str_radix(&code, 16).ok();
                plain.push(read.and_then(char::from_u32).unwrap_or('\u{fffd}'));
            }
            Some(other) => plain.push(other),
            None => {}
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_and_values_are_read() {
        let line = r#"I0303 08:00:01.250000     912 prober.go:116] "Probe failed" logger="x" pod="shop/web-1" podUID=ab-1 ids=["a b","c"] m={Type:"x" ID:"y z"} output="Get \"http://a\": no\nroute""#;
        let said = Said::of(line).unwrap();
        assert_eq!(said.text, "Probe failed");
        assert_eq!(said.pod(), Some(("shop", "web-1", "ab-1")));
        assert_eq!(said.get("output"), "Get \"http://a\": no\nroute");
        assert_eq!(said.get("ids"), r#"["a b","c"]"#);
        assert_eq!(said.get("m"), r#"{Type:"x" ID:"y z"}"#);
        let old = "E0303 08:00:01.250000     912 a.go:1] Error \"b\"";
        assert_eq!(Said::of(old).unwrap().error(), "Error \"b\"");
        let block =
            "E0303 08:00:01.250000     912 a.go:1] \"x\" err=<\n\tone\n\ttwo\n > pod=\"a/b\"";
        let block = Said::of(block).unwrap();
        assert_eq!((block.error(), block.get("pod")), ("one\ntwo", "a/b"));
        let json = r#"{"ts":1.5,"caller":"x.go:1","msg":"m","pod":{"name":"a","namespace":"n"},"podUID":"u","err":"e"}"#;
        let json = Said::of(json).unwrap();
        assert_eq!((&*json.text, json.error()), ("m", "e"));
        assert_eq!(json.pod(), Some(("n", "a", "u")));
        assert!(Said::of("no header").is_none());
    }

    proptest! {
        #[test]
        fn any_line_is_read(line in "(E0303 08:00:01.250000     912 a.go:1\\] |\"|\\\\|x=|\\[|\\{|\\}|<\n|\\\\x|\\\\u00|é| |a|\n >){0,40}") {
            let _ = Said::of(&line).map(|said| said.pod().is_some());
            let _ = Said::of(&format!("E0303 08:00:01.250000     912 a.go:1] {line}"));
        }
    }
}
