//! Finds values by their keys in JSON inside a line, at any depth of escaping, whole or cut off.

use memchr::memchr;

use crate::{
    idle,
    plan::{Hit, Plan},
    span::{Span, cut, rest},
    structure::Structure,
    value, words, yaml,
};

/// JSON in strings of JSON in strings ...
const LEVELS: usize = 6;
/// Open objects and arrays.
const DEPTH: usize = 500;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[default]
    Unknown,
    Secret,
    Other,
}

/// An object or array that is open.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each says something of its own"
)]
#[derive(Debug, Default)]
struct Open<'a> {
    array: bool,
    key: &'a str,
    kind: Kind,
    object: bool,
    /// Inside `data` of what may be a Secret.
    data: bool,
    /// Values of `data`, here or below.
    found: Vec<Span>,
    name: bool,
    value: Option<Span>,
}

/// Looks for JSON in a line.
pub(crate) fn scan(line: &str, spans: &mut Vec<Span>) {
    part(line, 0, line.len(), 0, spans);
    // One key or item of a text that goes on over lines.
    if memchr(b'\\', line.as_bytes()).is_none() {
        return;
    }
    let (column, _) = yaml::content(line);
    let place = yaml::entry(line).map_or((column, line.trim_end().len()), |entry| entry.value);
    if line.as_bytes().get(place.0) == Some(&b'"') {
        let (from, to) = yaml::scalar(line, place).unwrap_or((place.0 + 1, place.1));
        lines(line, from, to, 1, spans);
        part(line, from, to, 1, spans);
    }
}

fn part(line: &str, from: usize, to: usize, level: usize, spans: &mut Vec<Span>) {
    if level >= LEVELS {
        return;
    }
    let mut at = from;
    while let Some(start) = begin(line, at, to) {
        let mut scan = Scan {
            line,
            bytes: line.as_bytes(),
            at: start.0,
            to,
            slashes: start.1,
            level,
            open: Vec::new(),
            spans,
        };
        scan.run();
        at = scan.at.max(start.0 + 1);
    }
}

/// The next `{` or `[` that begins JSON, and the backslashes before its quotes.
fn begin(line: &str, from: usize, to: usize) -> Option<(usize, usize)> {
    let bytes = line.as_bytes();
    let mut at = from;
    while at < to {
        at += memchr::memchr2(b'{', b'[', bytes.get(at..to)?)?;
        let start = at;
        let mut next = at + 1;
        // Blanks, escaped newlines and further brackets.
        loop {
            match bytes.get(next) {
                Some(b' ' | b'\t' | b'{' | b'[') if next < to && next - start < 200 => next += 1,
                Some(b'\\') if next < to && next - start < 200 => {
                    let run = slashes(bytes, next, to);
                    if matches!(bytes.get(next + run), Some(b'n' | b'r' | b't')) {
                        next += run + 1;
                    } else {
                        break;
                    }
                }
                _ => break,
            }
        }
        let run = slashes(bytes, next, to);
        if next + run < to && bytes.get(next + run) == Some(&b'"') && (run + 1).is_power_of_two() {
            return Some((start, run));
        }
        at = next;
    }
    None
}

fn slashes(bytes: &[u8], at: usize, to: usize) -> usize {
    bytes
        .get(at..to)
        .map_or(0, |bytes| bytes.iter().take_while(|b| **b == b'\\').count())
}

struct Scan<'a, 's> {
    line: &'a str,
    bytes: &'a [u8],
    at: usize,
    to: usize,
    slashes: usize,
    level: usize,
    open: Vec<Open<'a>>,
    spans: &'s mut Vec<Span>,
}

/// Whether what begins here is JSON, as far as it goes.
pub(crate) fn is_json(line: &str, from: usize) -> bool {
    let mut scan = Scan {
        line,
        bytes: line.as_bytes(),
        at: from,
        to: line.len(),
        slashes: 0,
        level: LEVELS,
        open: Vec::new(),
        spans: &mut Vec::new(),
    };
    scan.run()
}

impl Scan<'_, '_> {
    /// Gives whether it is JSON, as far as it goes.
    fn run(&mut self) -> bool {
        while self.at < self.to {
            let Some(byte) = self.bytes.get(self.at) else {
                break;
            };
            match byte {
                b' ' | b'\t' | b'\r' | b',' | b':' => self.at += 1,
                b'{' | b'[' => {
                    let array = *byte == b'[';
                    self.at += 1;
                    if self.open.len() >= DEPTH {
                        return false;
                    }
                    let (key, data) = self.open.last().map_or(("", false), |open| {
                        let here = !open.array && matches!(open.key, "data" | "stringData");
                        (open.key, open.data || here)
                    });
                    self.open.push(Open {
                        array,
                        // What an array holds belongs to the array's key.
                        key: if array { key } else { "" },
                        data,
                        ..Open::default()
                    });
                }
                b'}' | b']' => {
                    self.at += 1;
                    self.pop();
                    if self.open.is_empty() {
                        return true;
                    }
                }
                b'\\' | b'"' => {
                    let run = slashes(self.bytes, self.at, self.to);
                    match self.bytes.get(self.at + run) {
                        Some(b'"') if run == self.slashes => self.string(),
                        Some(b'n' | b'r' | b't') => self.at += run + 1,
                        // The string around it ends here: cut off.
                        _ => break,
                    }
                }
                _ => {
                    if !self.bare() {
                        // No JSON after all.
                        self.open.clear();
                        return false;
                    }
                }
            }
        }
        // Cut off inside. What has not told its kind may be a Secret.
        while let Some(top) = self.open.last_mut() {
            if top.kind == Kind::Unknown && top.object {
                top.kind = Kind::Secret;
            }
            self.pop();
        }
        self.at = self.to;
        true
    }

    /// A number or a word.
    fn bare(&mut self) -> bool {
        let start = self.at;
        let length = self
            .bytes
            .get(start..self.to)
            .unwrap_or(&[])
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.'))
            .count();
        if length == 0 || length > 40 {
            return false;
        }
        self.at += length;
        let text = cut(self.line, start, self.at);
        let number = text
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'e' | b'E' | b'+'));
        if !number {
            return matches!(text, "true" | "false" | "null");
        }
        let span = Span {
            quote: Some(self.slashes),
            ..Span::new(start, self.at, "env")
        };
        if let Some(open) = self.open.last_mut().filter(|open| !open.array) {
            if let Some(kind) = words::promised(open.key)
                && (kind == "password" || length >= 4)
            {
                self.spans.push(Span { kind, ..span });
            }
            if matches!(open.key, "value" | "Value") {
                open.value = Some(span);
            }
        }
        true
    }

    fn string(&mut self) {
        let start = self.at + self.slashes + 1;
        let (end, next, whole) = self.closing(start);
        self.at = next;
        let text = cut(self.line, start, end);
        let mut after = next;
        while matches!(self.bytes.get(after), Some(b' ' | b'\t')) && after < self.to {
            after += 1;
        }
        let Some(open) = self.open.last_mut() else {
            return;
        };
        if !open.array && whole && after < self.to && self.bytes.get(after) == Some(&b':') {
            open.key = text;
            self.at = after + 1;
            return;
        }
        let span = Span::new(start, end, "env");
        match open.key {
            "kind" if !open.array => {
                open.kind = match text {
                    "Secret" | "SecretList" => Kind::Secret,
                    _ => Kind::Other,
                }
            }
            "apiVersion" => open.object = true,
            "name" | "key" | "Name" | "Key" if !open.array => {
                open.name |= words::promised(text).is_some();
            }
            "value" | "Value" if !open.array => open.value = Some(span),
            _ => {}
        }
        if open.data {
            open.found.push(Span {
                kind: "secret-data",
                ..span
            });
        }
        let key = open.key;
        if let Some(kind) = words::promised(key)
            && !idle::idle(text)
            && !words::is_reference(key, text)
        {
            if kind == "authorization" {
                let lead = value::scheme(text);
                let secret = rest(text, lead);
                let plain = lead == 0 && value::word(text);
                if !plain && !idle::idle(secret) {
                    self.spans.push(Span::new(start + lead, end, kind));
                }
            } else if !text.starts_with('{') && (kind != "auth" || !value::word(text)) {
                self.spans.push(Span::new(start, end, kind));
            }
        }
        if memchr(b'\\', text.as_bytes()).is_some() {
            self.inside(start, end);
        } else if self.slashes == 0 && text.contains('{') {
            part(self.line, start, end, self.level + 1, self.spans);
        }
    }

    /// A string that holds lines or JSON of its own.
    fn inside(&mut self, start: usize, end: usize) {
        lines(self.line, start, end, self.slashes + 1, self.spans);
        part(self.line, start, end, self.level + 1, self.spans);
    }

    /// Where the string that begins here ends, where to go on, and whether it ends at all.
    fn closing(&self, start: usize) -> (usize, usize, bool) {
        let modulus = 2 * (self.slashes + 1);
        let mut at = start;
        while let Some(found) = self
            .bytes
            .get(at..self.to)
            .and_then(|bytes| memchr(b'"', bytes))
        {
            let quote = at + found;
            let run = self
                .bytes
                .get(start..quote)
                .unwrap_or(&[])
                .iter()
                .rev()
                .take_while(|b| **b == b'\\')
                .count();
            let own = run % modulus;
            if own == self.slashes {
                return (quote - self.slashes, quote + 1, true);
            }
            if own < self.slashes {
                // The quote of a string around this one.
                return (quote - run, self.to, false);
            }
            at = quote + 1;
        }
        (self.to, self.to, false)
    }

    fn pop(&mut self) {
        let Some(mut top) = self.open.pop() else {
            return;
        };
        if top.name
            && let Some(span) = top
                .value
                .filter(|span| !idle::idle(cut(self.line, span.start, span.end)))
        {
            self.spans.push(span);
        }
        match top.kind {
            Kind::Secret => {
                for span in top.found {
                    let text = cut(self.line, span.start, span.end);
                    if !text.is_empty()
                        && !text.starts_with("<masked")
                        && !crate::base64::is_certificate(text)
                    {
                        self.spans.push(span);
                    }
                }
            }
            Kind::Other => {}
            Kind::Unknown => {
                if let Some(parent) = self.open.last_mut() {
                    parent.found.append(&mut top.found);
                }
            }
        }
    }
}

/// Lines that are written in one, with this many backslashes before each `n`.
pub(crate) fn lines(line: &str, start: usize, end: usize, run: usize, spans: &mut Vec<Span>) {
    let mut places = Vec::new();
    let mut at = start;
    let mut from = start;
    let bytes = line.as_bytes();
    while let Some(found) = bytes.get(at..end).and_then(|bytes| memchr(b'\\', bytes)) {
        let slash = at + found;
        let count = slashes(bytes, slash, end);
        at = slash + count;
        if count == run && bytes.get(at) == Some(&b'n') && at < end {
            places.push((from, slash));
            at += 1;
            from = at;
        }
    }
    if places.is_empty() {
        return;
    }
    places.push((from, end));
    let mut plan = Plan::default();
    for (from, to) in &places {
        plan.look_at(cut(line, *from, *to));
    }
    plan.end();
    let mut structure = Structure::default();
    structure.sure = places.iter().any(|(from, to)| {
        yaml::entry(cut(line, *from, *to)).is_some_and(|entry| entry.key == "apiVersion")
    });
    let mut found = Vec::new();
    for ((from, to), number) in places.iter().zip(1_u64..) {
        let hit = plan.hit(number);
        found.clear();
        structure.line(
            cut(line, *from, *to),
            if hit == Hit::Key { Hit::Nothing } else { hit },
            &mut found,
        );
        plan.flows(number, *to - *from, &mut found);
        // Quotes of the string around must stay in pairs.
        spans.extend(found.iter().map(|span| Span {
            quote: None,
            ..span.shifted(*from)
        }));
    }
}
