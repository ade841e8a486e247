//! Finds where the value after a key begins and ends, in text of any form.

use crate::span::{cut, rest};

/// What stands between a key and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// `=`, `:=`, `=>`, `%3D`
    Equals,
    /// `:`
    Colon,
    /// A blank, after a flag.
    Blank,
    /// `>` of XML.
    Element,
}

/// A value: where it begins and ends, and whether quotes say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value {
    pub start: usize,
    pub end: usize,
    pub quoted: bool,
}

/// Passes over escape sequences of terminals, also as JSON and shells write them, or without
/// their first character, which some writers drop.
fn colours(text: &str, mut at: usize) -> usize {
    loop {
        let tail = rest(text, at);
        let mark = [
            "\u{1b}[", "\\u001b[", "\\u001B[", "\\x1b[", "\\033[", "\\e[", "[",
        ]
        .iter()
        .find(|mark| tail.starts_with(**mark));
        let Some(mark) = mark else { return at };
        let codes = rest(tail, mark.len());
        let length = codes
            .bytes()
            .take(16)
            .take_while(|b| b.is_ascii_digit() || *b == b';')
            .count();
        if codes.as_bytes().get(length) != Some(&b'm') {
            return at;
        }
        at += mark.len() + length + 1;
    }
}

/// How quotes are written in XML and URLs.
const ENTITIES: [&str; 4] = ["&quot;", "&#34;", "&#39;", "%22"];

fn blanks(text: &str, at: usize) -> usize {
    at + rest(text, at)
        .bytes()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count()
}

/// A closing quote of the key, escaped or not.
fn quote(text: &str, at: usize) -> usize {
    for entity in ENTITIES {
        if rest(text, at).starts_with(entity) {
            return at + entity.len();
        }
    }
    let slashes = rest(text, at).bytes().take_while(|b| *b == b'\\').count();
    match text.as_bytes().get(at + slashes) {
        Some(b'"' | b'\'' | b'`') => at + slashes + 1,
        _ => at,
    }
}

/// The sign after a key that ends here, and where the value begins.
pub(crate) fn sign(text: &str, key_start: usize, key_end: usize) -> Option<(Sign, usize)> {
    let bytes = text.as_bytes();
    let before = key_start.checked_sub(1).and_then(|at| bytes.get(at));
    if bytes.get(key_end) == Some(&b'>') && matches!(before, Some(b'<' | b':')) {
        return Some((Sign::Element, key_end + 1));
    }
    let at = colours(text, key_end);
    let closed = quote(text, at);
    let mut at = blanks(text, colours(text, closed));
    // name[key]=value
    if bytes.get(at) == Some(&b']') && bytes.get(at + 1) == Some(&b'=') {
        at += 1;
    }
    let tail = rest(text, at);
    for (sign, kind) in [
        ("=>", Sign::Equals),
        (":=", Sign::Equals),
        ("==", Sign::Equals),
        ("!=", Sign::Blank),
        ("=", Sign::Equals),
        ("%3D", Sign::Equals),
        ("%3d", Sign::Equals),
        ("\\u003d", Sign::Equals),
        (":", Sign::Colon),
        ("%3A", Sign::Colon),
        ("%3a", Sign::Colon),
    ] {
        if tail.starts_with(sign) {
            if kind == Sign::Blank {
                return None;
            }
            let after = colours(text, blanks(text, at + sign.len()));
            return Some((kind, after));
        }
    }
    // `--password hunter2`, `"--password","hunter2"`
    let flag = bytes.get(key_start) == Some(&b'-')
        && before.is_none_or(|b| {
            matches!(
                b,
                b' ' | b'\t' | b'"' | b'\'' | b'[' | b',' | b'=' | b'`' | b'n'
            )
        });
    // `define('DB_PASSWORD', 'x')`, `getenv("TOKEN", "x")`
    let call = ["('", "(\"", "(\\\""]
        .iter()
        .any(|open| cut(text, 0, key_start).ends_with(open));
    if call && closed > key_end && bytes.get(at) == Some(&b',') {
        return Some((Sign::Equals, blanks(text, at + 1)));
    }
    if !flag {
        return None;
    }
    if bytes.get(at) == Some(&b',') && closed > key_end {
        return Some((Sign::Blank, blanks(text, at + 1)));
    }
    (at > closed).then_some((Sign::Blank, at))
}

/// Whether neither a quote nor a bracket begins here.
pub(crate) fn is_bare(text: &str, at: usize) -> bool {
    let tail = rest(text, at);
    let unescaped = tail.trim_start_matches('\\');
    !unescaped.starts_with(['"', '\'', '`'])
        && !tail.starts_with(['[', '{'])
        && !ENTITIES.iter().any(|entity| tail.starts_with(entity))
}

/// The value that begins here.
pub(crate) fn value(
    text: &str,
    at: usize,
    sign: Sign,
    line_start: bool,
    query: bool,
) -> Option<Value> {
    let bytes = text.as_bytes();
    if sign == Sign::Element {
        let end = at + rest(text, at).find('<').unwrap_or_else(|| text.len() - at);
        return Some(Value {
            start: at,
            end,
            quoted: true,
        });
    }
    for entity in ENTITIES {
        if rest(text, at).starts_with(entity) {
            let start = at + entity.len();
            let end = start
                + rest(text, start)
                    .find(entity)
                    .unwrap_or_else(|| text.len() - start);
            return Some(Value {
                start,
                end,
                quoted: true,
            });
        }
    }
    let slashes = rest(text, at).bytes().take_while(|b| *b == b'\\').count();
    if let Some(quote @ (b'"' | b'\'' | b'`')) = bytes.get(at + slashes) {
        let start = at + slashes + 1;
        let end = closing(bytes, start, *quote, slashes);
        return Some(Value {
            start,
            end,
            quoted: true,
        });
    }
    if let Some(b'[') = bytes.get(at) {
        return array(text, at);
    }
    if matches!(bytes.get(at), None | Some(b'{')) {
        return None;
    }
    let end = bare(text, at, sign, line_start, query);
    (end > at).then_some(Value {
        start: at,
        end,
        quoted: false,
    })
}

/// The end of a quoted value: the same quote after the same number of backslashes.
fn closing(bytes: &[u8], start: usize, quote: u8, slashes: usize) -> usize {
    let mut at = start;
    while let Some(found) = bytes
        .get(at..)
        .and_then(|bytes| memchr::memchr(quote, bytes))
    {
        let end = at + found;
        let run = bytes
            .get(start..end)
            .unwrap_or(&[])
            .iter()
            .rev()
            .take_while(|b| **b == b'\\')
            .count();
        let own = if quote == b'\'' && slashes == 0 {
            0
        } else {
            run % (2 * (slashes + 1))
        };
        if own <= slashes {
            return end - own;
        }
        at = end + 1;
    }
    bytes.len()
}

/// `[104 117 110]`, as Go prints bytes; other lists have keys of their own.
fn array(text: &str, at: usize) -> Option<Value> {
    let inner = rest(text, at + 1).as_bytes();
    let end = inner
        .iter()
        .position(|b| !(b.is_ascii_digit() || matches!(b, b' ' | b',')))?;
    let numbers = end > 0 && inner.get(end) == Some(&b']');
    numbers.then_some(Value {
        start: at + 1,
        end: at + 1 + end,
        quoted: true,
    })
}

/// The end of a value without quotes.
fn bare(text: &str, start: usize, sign: Sign, line_start: bool, query: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut more = More::default();
    while let Some(byte) = bytes.get(at) {
        let after = rest(text, at + 1);
        match byte {
            b' ' | b'\t' if line_start && sign == Sign::Equals && !more.pairs(bytes, at + 1) => {
                at += 1;
            }
            b' ' | b'\t' | b'"' | b'\n' | b'\r' => break,
            b'\'' if !line_start => break,
            b'\\' => {
                let run = rest(text, at).bytes().take_while(|b| *b == b'\\').count();
                if matches!(
                    bytes.get(at + run),
                    Some(b'n' | b'r' | b't' | b'"' | b'\'') | None
                ) {
                    break;
                }
                at += run;
            }
            b'&' | b'#' if query => break,
            b'&' | b';' | b',' if ends(after) => break,
            b')' | b'}' | b']'
                if after.is_empty()
                    || after
                        .starts_with([' ', ',', ';', ')', '}', ']', '"', '\'', '.', '\\', ':']) =>
            {
                break;
            }
            b'<' if after.starts_with('/') => break,
            b'%' if query && (after.starts_with("26") || after.starts_with("22")) => break,
            _ => at += 1,
        }
    }
    at.min(text.len())
}

/// Whether something else begins here: nothing, a blank, the next key.
fn ends(after: &str) -> bool {
    let next = after.trim_start_matches([' ', '\t']);
    if after.is_empty() || next.len() < after.len() || after.starts_with(['"', '\'', '\\']) {
        return true;
    }
    let key = next
        .bytes()
        .take(60)
        .take_while(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b' ' | b'[' | b']' | b'/')
        })
        .count();
    key > 0
        && next
            .get(key..)
            .is_some_and(|rest| rest.starts_with(['=', ':']) || rest.starts_with("%3D"))
}

/// Whether more pairs follow, so that a blank ends the value; each byte is looked at once.
#[derive(Default)]
struct More {
    /// What was looked at, and found to be nothing of pairs.
    clear: usize,
    /// The place of the first sign of a pair behind it.
    sign: Option<usize>,
}

impl More {
    /// Asked of places from left to right.
    fn pairs(&mut self, bytes: &[u8], at: usize) -> bool {
        let end = bytes.len().min(at + 4096);
        if self.sign.is_none_or(|sign| sign < at) {
            let from = self.clear.max(at);
            let found = bytes.get(from..end).and_then(|bytes| {
                bytes
                    .iter()
                    .position(|b| matches!(b, b'=' | b':' | b'"' | b'\'' | b'|' | b'#'))
            });
            self.sign = found.map(|found| from + found);
            self.clear = self.sign.unwrap_or(end);
        }
        self.sign.is_some_and(|sign| sign < end)
    }
}

/// Length of the scheme at the start of an `Authorization` value, blanks included.
pub(crate) fn scheme(text: &str) -> usize {
    let word = text
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'-')
        .count();
    let known = matches!(
        cut(text, 0, word).to_ascii_lowercase().as_str(),
        "bearer"
            | "basic"
            | "token"
            | "digest"
            | "negotiate"
            | "apikey"
            | "aws4-hmac-sha256"
            | "ntlm"
            | "splunk"
            | "key"
            | "sharedkey"
            | "sharedaccesssignature"
            | "genericapikey"
            | "hawk"
            | "vapid"
    );
    let end = blanks(text, word);
    if known && end > word { end } else { 0 }
}

/// A lower-case word, which no generator of secrets gives.
pub(crate) fn word(text: &str) -> bool {
    text.len() <= 16 && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-')
}
