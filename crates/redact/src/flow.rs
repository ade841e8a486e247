//! Finds Secrets in flow YAML (`{apiVersion: v1, kind: Secret, data: {a: aHVu}}`), on one line or over several.
//!
//! Nothing is masked by its key here: the whole object is, from its brace to the other. Only
//! places are kept.

use crate::{
    json,
    span::{Span, cut, rest},
    yaml,
};

/// Braces that are open at once; deeper ones are not looked at.
const DEPTH: usize = 64;
/// Lines that one flow may go on for.
const LONGEST: u64 = 5_000;
/// Objects that are kept; further ones are masked as one with the last.
const MOST: usize = 1 << 20;

/// A line, numbered from 1, and a byte of it.
type Place = (u64, usize);

/// The braces that are open, and the Secrets that were found.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    /// Line at which the outermost brace is, and its indent.
    began: (u64, usize),
    open: Vec<Open>,
    found: Vec<(Place, Place)>,
}

/// A brace or bracket that is open.
#[derive(Debug)]
struct Open {
    at: Place,
    /// Whether its kind is Secret, once it has told.
    secret: Option<bool>,
    /// `apiVersion` was seen.
    object: bool,
    data: bool,
}

impl Flow {
    /// Looks at the next line; gives whether all of it is flow, so that nothing else has to.
    pub(crate) fn see(&mut self, line: &str, number: u64) -> bool {
        let indent = yaml::indent(line);
        let mut at = indent;
        let inside = !self.open.is_empty();
        if inside {
            let (first, outer) = self.began;
            let below = indent > outer || (indent == 0 && outer == 0);
            if !below || number - first > LONGEST || line.starts_with("---") {
                self.end((number, 0));
            }
        }
        if self.open.is_empty() {
            let Some(start) = begin(line) else {
                return false;
            };
            self.began = (number, indent);
            at = start;
        }
        self.scan(line, number, at);
        inside && !self.open.is_empty()
    }

    /// There is no more: what has not told its kind may be a Secret.
    pub(crate) fn end(&mut self, at: Place) {
        while let Some(open) = self.open.pop() {
            if open.secret.unwrap_or(open.object && open.data) {
                self.keep(open.at, at);
            }
        }
    }

    fn keep(&mut self, from: Place, to: Place) {
        // An object in an object ends first.
        while self.found.last().is_some_and(|(start, _)| *start >= from) {
            self.found.pop();
        }
        if self.found.len() < MOST {
            self.found.push((from, to));
        } else if let Some(last) = self.found.last_mut() {
            last.1 = to;
        }
    }

    fn scan(&mut self, line: &str, number: u64, from: usize) {
        let bytes = line.as_bytes();
        let mut at = from;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'{' | b'[' => {
                    if self.open.len() < DEPTH {
                        self.open.push(Open {
                            at: (number, at),
                            secret: None,
                            object: false,
                            data: false,
                        });
                    }
                    at += 1;
                }
                b'}' | b']' => {
                    at += 1;
                    if let Some(open) = self.open.pop()
                        && open.secret == Some(true)
                    {
                        self.keep(open.at, (number, at));
                    }
                    if self.open.is_empty() {
                        return;
                    }
                }
                b'#' if at > 0 && bytes.get(at - 1) == Some(&b' ') => return,
                b' ' | b'\t' | b',' | b':' => at += 1,
                _ => {
                    let (word, next) = scalar(line, at);
                    let colon = next + yaml::indent(rest(line, next));
                    if bytes.get(colon) == Some(&b':') {
                        let value = colon + 1 + yaml::indent(rest(line, colon + 1));
                        self.key(word, scalar(line, value).0);
                    }
                    at = next.max(at + 1);
                }
            }
        }
    }

    fn key(&mut self, key: &str, value: &str) {
        let Some(open) = self.open.last_mut() else {
            return;
        };
        match key {
            "kind" => open.secret = Some(matches!(value, "Secret" | "SecretList")),
            "apiVersion" => open.object = true,
            "data" | "stringData" => open.data = true,
            _ => {}
        }
    }

    /// Adds what of a line, whose length is given, belongs to Secrets.
    pub(crate) fn spans(&self, number: u64, length: usize, spans: &mut Vec<Span>) {
        let first = self.found.partition_point(|(_, to)| to.0 < number);
        for (from, to) in self.found.get(first..).unwrap_or(&[]) {
            if from.0 > number {
                break;
            }
            let end = if to.0 == number { to.1 } else { length };
            let (start, kind) = if from.0 == number {
                (from.1, "secret-data")
            } else {
                (0, "")
            };
            if start < end {
                spans.push(Span::new(start, end, kind));
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

/// Where flow begins that is no JSON and does not put each key on a line of its own.
fn begin(line: &str) -> Option<usize> {
    memchr::memchr2(b'{', b'[', line.as_bytes())?;
    let start = yaml::entry(line).map_or_else(|| yaml::content(line).0, |entry| entry.value.0);
    let text = rest(line, start);
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let inner = text.trim_start_matches(['{', '[', ' ', '\t']);
    let flow = match inner.as_bytes().first() {
        None => false,
        Some(b'"') => {
            memchr::memmem::find(inner.as_bytes(), b"Secret").is_some()
                && !json::is_json(line, start)
        }
        Some(_) => true,
    };
    flow.then_some(start)
}

/// A key or value, without its quotes, and where it ends.
fn scalar(line: &str, at: usize) -> (&str, usize) {
    let bytes = line.as_bytes();
    if let Some(quote @ (b'"' | b'\'')) = bytes.get(at) {
        let mut end = at + 1;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'\\' if *quote == b'"' => end += 2,
                byte if byte == quote => return (cut(line, at + 1, end), end + 1),
                _ => end += 1,
            }
        }
        return (cut(line, at + 1, line.len()), line.len());
    }
    let tail = bytes.get(at..).unwrap_or(&[]);
    let length = tail
        .iter()
        .enumerate()
        .position(|(index, b)| match b {
            b',' | b'{' | b'}' | b'[' | b']' => true,
            b':' => tail
                .get(index + 1)
                .is_none_or(|b| matches!(b, b' ' | b'\t' | b',' | b'{' | b'}' | b'[' | b']')),
            _ => false,
        })
        .unwrap_or(tail.len());
    (cut(line, at, at + length).trim_end(), at + length)
}
