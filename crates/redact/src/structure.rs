//! Finds values by their keys in block YAML and in JSON printed with one key a line, over as many lines as a value takes.

use crate::{
    idle,
    plan::Hit,
    span::{Span, cut, rest},
    words,
    yaml::{self, Entry},
};

/// Lines that a quoted or plain value may go on for.
const LONGEST: u32 = 5_000;

/// What the line before has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    /// A block (`|`) below a key in this column.
    Block(usize, &'static str),
    /// A quoted value below a line with this indent.
    Quoted(usize, u8, u32),
    /// A plain value below a key in this column.
    Plain(usize, u32),
    /// A key in this column had no value.
    Next(usize, &'static str),
    /// `- --password` in this column: the next item is the value.
    Argument(usize, &'static str),
}

/// The items below a key that promises secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct List {
    /// Column of the key.
    column: usize,
    kind: &'static str,
    /// The items stand in brackets, without dashes.
    brackets: bool,
    /// Column of the dashes, once there was one.
    dashes: Option<usize>,
}

/// The place in a text's structure.
#[derive(Debug)]
pub(crate) struct Structure {
    within: Within,
    list: Option<List>,
    /// The text is YAML, so that what follows `password: ` is a value and not a sentence.
    pub sure: bool,
}

impl Default for Structure {
    fn default() -> Self {
        Self {
            within: Within::Nothing,
            list: None,
            sure: false,
        }
    }
}

impl Structure {
    /// Whether the next line cannot be judged by its text alone.
    pub(crate) fn waits(&self) -> bool {
        self.within != Within::Nothing || self.list.is_some()
    }

    /// Looks at a line; gives whether it is done with: nothing else has to look at it.
    pub(crate) fn line(&mut self, line: &str, hit: Hit, spans: &mut Vec<Span>) -> bool {
        if self.go_on(line, spans) {
            return true;
        }
        self.within = Within::Nothing;
        if self.item(line, hit, spans) {
            return true;
        }
        if let Some(kind) = flag(line) {
            self.within = Within::Argument(yaml::indent(line), kind);
            return false;
        }
        let Some(entry) = yaml::entry(line) else {
            if hit == Hit::Secret {
                whole(line, spans);
            }
            return false;
        };
        if matches!(entry.key, "apiVersion") {
            self.sure = true;
        }
        let kind = match hit {
            Hit::Secret => Some("secret-data"),
            Hit::Value => (entry.key == "value").then_some("env"),
            _ => words::promised(entry.key),
        };
        if let Some(kind) = kind {
            self.value(line, &entry, kind, hit, spans);
        }
        false
    }

    /// An item of a list of secrets; gives whether it is done with.
    fn item(&mut self, line: &str, hit: Hit, spans: &mut Vec<Span>) -> bool {
        let Some(list) = self.list else { return false };
        let (start, dash) = yaml::content(line);
        let end = line.trim_end().len();
        if end <= start {
            return false;
        }
        let indent = yaml::indent(line);
        let ended = if list.brackets {
            indent <= list.column || line.as_bytes().get(start) == Some(&b']')
        } else {
            // What does not begin with a dash is a mapping, whose lists are its own.
            let at = list.dashes.unwrap_or(indent);
            indent < list.column || indent < at || (indent == at && !dash)
        };
        self.list = (!ended).then_some(List {
            dashes: list.dashes.or(Some(indent)),
            ..list
        });
        let deeper = !list.brackets && list.dashes.is_some_and(|at| indent > at);
        let text = cut(line, start, end);
        if ended
            || deeper
            || hit == Hit::Secret
            || dash == list.brackets
            || text.starts_with(['{', '['])
            || yaml::entry(line).is_some()
        {
            return false;
        }
        let end = if list.brackets {
            trim_comma(line, end)
        } else {
            end
        };
        let (start, end) = yaml::bare(line, (start, end));
        let text = cut(line, start, end);
        if yaml::is_block(text) {
            self.within = Within::Block(indent, list.kind);
        } else if list.kind != "auth" || !word(text) {
            self.masked(line, (start, end), indent, list.kind, false, spans);
        }
        !spans.is_empty()
    }

    /// The rest of a value that an earlier line began.
    fn go_on(&mut self, line: &str, spans: &mut Vec<Span>) -> bool {
        let indent = yaml::indent(line);
        let end = line.trim_end().len();
        let blank = end <= indent;
        match self.within {
            Within::Nothing => false,
            Within::Block(column, kind) => {
                if !blank && indent > column {
                    spans.push(Span::new(indent, end, kind));
                }
                blank || indent > column
            }
            Within::Plain(column, left) => {
                let more = left > 0 && (blank || indent > column);
                if more {
                    self.within = Within::Plain(column, left - 1);
                    spans.push(Span::new(0, end, ""));
                }
                more
            }
            Within::Quoted(column, quote, left) => {
                if left == 0 || (!blank && indent <= column) {
                    return false;
                }
                self.within = Within::Quoted(column, quote, left - 1);
                let mut at = indent;
                while let Some(byte) = line.as_bytes().get(at) {
                    if *byte == b'\\' && quote == b'"' {
                        at += 2;
                        continue;
                    }
                    if *byte == quote {
                        self.within = Within::Nothing;
                        spans.push(Span::new(0, at + 1, ""));
                        return true;
                    }
                    at += 1;
                }
                spans.push(Span::new(0, end, ""));
                true
            }
            Within::Next(column, kind) => {
                self.within = Within::Nothing;
                let text = cut(line, indent, end);
                if blank
                    || indent <= column
                    || text.starts_with("- ")
                    || text.starts_with(['{', '['])
                    || yaml::entry(line).is_some()
                {
                    return false;
                }
                self.masked(
                    line,
                    (indent, end),
                    column,
                    kind,
                    kind == "secret-data",
                    spans,
                );
                true
            }
            Within::Argument(column, kind) => {
                self.within = Within::Nothing;
                let (start, dash) = yaml::content(line);
                if indent != column || blank {
                    return false;
                }
                let Ok((from, to)) = yaml::scalar(line, (start, trim_comma(line, end))) else {
                    return false;
                };
                let value = cut(line, from, to);
                if (dash || value.len() < end - start)
                    && !value.starts_with('-')
                    && !idle::idle(value)
                {
                    spans.push(Span::new(from, to, kind));
                }
                false
            }
        }
    }

    fn value(
        &mut self,
        line: &str,
        entry: &Entry<'_>,
        kind: &'static str,
        hit: Hit,
        spans: &mut Vec<Span>,
    ) {
        let forced = hit == Hit::Secret;
        let value = cut(line, entry.value.0, entry.value.1);
        let sure = self.sure || forced || hit == Hit::Value;
        let list = List {
            column: entry.column,
            kind,
            brackets: value == "[",
            dashes: None,
        };
        if value.is_empty() || value == "[" {
            let json = value == "[" && line.trim_start().starts_with('"');
            if (sure || json) && !(hit == Hit::Secret && matches!(entry.key, "data" | "stringData"))
            {
                self.list = (!forced).then_some(list);
                if value.is_empty() {
                    self.within = Within::Next(entry.column, kind);
                }
            }
            return;
        }
        let (from, to) = yaml::bare(line, entry.value);
        if yaml::is_block(cut(line, from, to)) {
            self.within = Within::Block(entry.column, kind);
            return;
        }
        // Those have a form of their own, and keep their scheme.
        if matches!(kind, "authorization" | "cookie") && !forced {
            return;
        }
        self.masked(line, entry.value, entry.column, kind, forced, spans);
        if spans.is_empty() && !forced && !self.sure {
            return;
        }
        let value = spans
            .last()
            .map_or("", |span| cut(line, span.start, span.end));
        if !forced && words::is_reference(entry.key, value) {
            spans.pop();
            self.within = Within::Nothing;
        }
    }

    fn masked(
        &mut self,
        line: &str,
        place: (usize, usize),
        column: usize,
        kind: &'static str,
        forced: bool,
        spans: &mut Vec<Span>,
    ) {
        let sure = self.sure || forced || kind == "env";
        let (from, to) = match yaml::scalar(line, place) {
            Ok(place) => place,
            Err(quote) => {
                if sure {
                    self.within = Within::Quoted(yaml::indent(line), quote, LONGEST);
                }
                spans.push(Span::new(place.0, place.1, kind));
                return;
            }
        };
        let value = cut(line, from, to);
        if idle_here(value, forced) || (structured(value) && !forced) {
            return;
        }
        if kind == "secret-data" && crate::base64::is_certificate(value) {
            return;
        }
        let bare = from == place.0
            && !line
                .as_bytes()
                .get(place.0)
                .is_some_and(|b| matches!(b, b'"' | b'\''));
        if !sure && bare {
            let first = value.split_whitespace().next().unwrap_or("");
            if idle::prose(first) || (kind == "auth" && word(value)) {
                return;
            }
        }
        if sure && bare {
            self.within = Within::Plain(column, LONGEST);
        }
        let mut span = Span::new(from, to, kind);
        // A number in JSON becomes a string.
        let json = line.trim_start().starts_with('"');
        if json && bare {
            span.quote = Some(0);
        }
        spans.push(span);
    }
}

fn idle_here(value: &str, forced: bool) -> bool {
    if forced {
        // In a Secret "true" is a value; what is nothing stays nothing.
        return matches!(value, "" | "{}" | "null" | "~" | "{" | "}" | "},")
            || value.starts_with("<masked");
    }
    idle::idle(value)
}

/// Flow YAML or JSON with keys of its own.
fn structured(value: &str) -> bool {
    value.starts_with('{') && value.contains([':', '"'])
        || value.starts_with('[') && value.contains(['{', ':'])
}

fn word(value: &str) -> bool {
    value.len() <= 16 && value.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

fn trim_comma(line: &str, end: usize) -> usize {
    if cut(line, 0, end).ends_with(',') {
        end - 1
    } else {
        end
    }
}

/// A line of a Secret's data that is no entry.
fn whole(line: &str, spans: &mut Vec<Span>) {
    let (start, _) = yaml::content(line);
    let end = line.trim_end().len();
    let text = cut(line, start, end);
    if !text.is_empty()
        && !text
            .bytes()
            .all(|b| matches!(b, b'{' | b'}' | b'[' | b']' | b',' | b' '))
        && !text.starts_with("---")
    {
        spans.push(Span::new(start, end, "secret-data"));
    }
}

/// `- --password`, or `"--password",`: what the next item is.
fn flag(line: &str) -> Option<&'static str> {
    let (start, dash) = yaml::content(line);
    let text = rest(line, start).trim_end().trim_end_matches(',');
    let bare = text.trim_matches(['"', '\'']);
    if !dash && bare.len() == text.len() {
        return None;
    }
    let name = bare.strip_prefix('-')?.trim_start_matches('-');
    if name.is_empty()
        || !name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    {
        return None;
    }
    words::promised(name)
}
