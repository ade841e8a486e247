//! Reads any YAML into nodes with line numbers, slowly: what the fast reader refuses, and its oracle in tests.

use kubeyaml::Projection;
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::YamlError;
use crate::node::{Key, Node, Value};

/// Nesting beyond this is an attack, not a manifest.
pub(super) const MAX_DEPTH: usize = 128;
/// Nodes that aliases of one document may add.
const ALIAS_BUDGET: usize = 100_000;

enum Frame {
    Seq(Vec<Node>, u32, usize),
    Map(Vec<(Key, Node)>, Option<Key>, u32, usize),
}

/// Reads one text wholesale; `first_line` is the number of its first line in the file.
///
/// # Errors
/// The first syntax error, or nesting and aliases beyond what a manifest needs.
pub(super) fn parse(text: &str, first_line: u32) -> Result<Vec<Node>, YamlError> {
    parse_strict(text, first_line).or_else(|error| match quote_masked(text) {
        Some(repaired) => parse_strict(&repaired, first_line),
        None => Err(error),
    })
}

/// Redactors write `***HIDDEN***` and the like over values without quotes, which YAML takes for an
/// alias. Quotes such values; the lines stay where they are.
fn quote_masked(text: &str) -> Option<String> {
    if !text.contains(" ***") {
        return None;
    }
    let line = |line: &str| -> String {
        let Some((before, value)) = line.split_once(" ***") else {
            return line.to_owned();
        };
        let key = before.trim_start().trim_start_matches("- ");
        if !(key.ends_with(':') || key == "-") || key.starts_with(['"', '\'', '#']) {
            return line.to_owned();
        }
        format!("{before} '***{}'", value.trim_end().replace('\'', "''"))
    };
    Some(text.split('\n').map(line).collect::<Vec<_>>().join("\n"))
}

fn parse_strict(text: &str, first_line: u32) -> Result<Vec<Node>, YamlError> {
    let mut builder = Builder {
        text,
        first_line,
        ..Builder::default()
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(next) = parser.next_event() {
        match next {
            Ok((event, span)) => builder.event(event, &span)?,
            Err(error) => {
                let marker = error.marker();
                return Err(builder.error(marker.line(), marker.col(), error.info()));
            }
        }
    }
    Ok(builder.documents)
}

/// Takes out the fields that are not wanted, as the fast reader does in reading.
pub(super) fn prune(node: &mut Node, fields: &Projection) {
    match &mut node.value {
        Value::Seq(items) => items.iter_mut().for_each(|item| prune(item, fields)),
        Value::Map(entries) => {
            let mut kept = std::mem::take(entries).into_vec();
            kept.retain_mut(|(key, node)| {
                let wanted = fields.field(key);
                if let Some(below) = wanted.filter(|below| !below.is_whole()) {
                    prune(node, below);
                }
                wanted.is_some()
            });
            *entries = kept.into();
        }
        _ => {}
    }
}

#[derive(Default)]
struct Builder<'t> {
    text: &'t str,
    /// The lines of the text, once they are needed.
    lines: Option<Vec<&'t str>>,
    first_line: u32,
    /// The line of the last key within the text.
    key_line: usize,
    documents: Vec<Node>,
    stack: Vec<Frame>,
    anchors: Vec<(usize, Node)>,
    alias_nodes: usize,
}

impl Builder<'_> {
    fn error(&self, line: usize, column: usize, what: &str) -> YamlError {
        YamlError {
            line: self.line(line),
            column: u32::try_from(column + 1).unwrap_or(u32::MAX),
            what: what.to_owned(),
        }
    }

    fn line(&self, line: usize) -> u32 {
        u32::try_from(line.saturating_sub(1))
            .unwrap_or(u32::MAX)
            .saturating_add(self.first_line)
    }

    fn event(&mut self, event: Event<'_>, span: &Span) -> Result<(), YamlError> {
        let line = self.line(span.start.line());
        match event {
            Event::Scalar(text, style, anchor, _) => {
                if let Some(Frame::Map(_, key @ None, ..)) = self.stack.last_mut() {
                    *key = Some((&*text).into());
                    self.key_line = span.end.line();
                    if anchor > 0 {
                        self.anchors
                            .push((anchor, Node::text(&*text).at_line(line)));
                    }
                    return Ok(());
                }
                let (start, end) = self.extent(&text, style, span);
                let node = scalar(&text, style, self.line(start), self.line(end));
                self.push(node, anchor, span)?;
            }
            Event::SequenceStart(anchor, _) => {
                let line = self.first_dash(span.start.line());
                let line = self.line(line);
                self.open(Frame::Seq(Vec::new(), line, anchor), span)?;
            }
            Event::MappingStart(anchor, _) => {
                self.open(Frame::Map(Vec::new(), None, line, anchor), span)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
            Event::Alias(anchor) => {
                let node = self
                    .anchors
                    .iter()
                    .rev()
                    .find(|(id, _)| *id == anchor)
                    .map(|(_, node)| node.clone())
                    .unwrap_or_default();
                self.alias_nodes += count(&node);
                if self.alias_nodes > ALIAS_BUDGET {
                    return Err(self.error(
                        span.start.line(),
                        span.start.col(),
                        "aliases expand beyond what a manifest needs",
                    ));
                }
                self.push(node, 0, span)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A line of the text, from 1.
    fn text_of(&mut self, line: usize) -> Option<&str> {
        let text = self.text;
        let lines = self.lines.get_or_insert_with(|| text.split('\n').collect());
        lines.get(line.checked_sub(1)?).copied()
    }

    /// First and last line of a scalar. Block scalars reach to the line before the next content, for
    /// the parser into that line; those without text are placed there altogether and belong to their head.
    fn extent(&mut self, text: &str, style: ScalarStyle, span: &Span) -> (usize, usize) {
        let (mut start, mut end) = (span.start.line(), span.end.line());
        if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            return (start, end);
        }
        let rest = self.text_of(end).unwrap_or("");
        let at_end_of_line = span.end.col() > 0 && rest.chars().count() <= span.end.col();
        if end > start && !at_end_of_line || span.end.col() == 0 {
            end -= 1;
        }
        if text.bytes().all(|byte| byte == b'\n') {
            // At the end of the text nothing follows, and the parser stays at the head.
            let column = span.start.col();
            let before = |line: &str| {
                let mut letters = line.chars();
                letters.by_ref().take(column).all(char::is_whitespace)
                    // The head itself may begin its line; nothing that follows begins like one.
                    && !matches!(letters.next(), Some('|' | '>'))
            };
            let mut follows = self.text_of(start).is_none_or(before);
            if follows {
                end = start.saturating_sub(1);
            }
            while start > 1 && follows {
                start -= 1;
                follows = self
                    .text_of(start)
                    .is_some_and(|line| line.trim().is_empty());
            }
        }
        (start, end.max(start))
    }

    /// The line of a list's first dash, which may stand alone; the parser points at what follows it.
    fn first_dash(&mut self, line: usize) -> usize {
        if !matches!(self.stack.last(), Some(Frame::Map(_, Some(_), ..))) {
            return line;
        }
        let mut first = self.key_line + 1;
        while first < line {
            let text = self.text_of(first).unwrap_or("").trim();
            if text.starts_with('-') {
                return first;
            }
            if !text.is_empty() && !text.starts_with('#') {
                return line;
            }
            first += 1;
        }
        line
    }

    fn open(&mut self, frame: Frame, span: &Span) -> Result<(), YamlError> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(self.error(span.start.line(), span.start.col(), "nested too deeply"));
        }
        self.stack.push(frame);
        Ok(())
    }

    fn close(&mut self, span: &Span) -> Result<(), YamlError> {
        let (value, line, anchor) = match self.stack.pop() {
            Some(Frame::Seq(items, line, anchor)) => (Value::Seq(items.into()), line, anchor),
            Some(Frame::Map(entries, _, line, anchor)) => {
                (Value::Map(entries.into()), line, anchor)
            }
            None => return Ok(()),
        };
        self.push(
            Node {
                value,
                line,
                more_lines: 0,
                plain: false,
            },
            anchor,
            span,
        )
    }

    fn push(&mut self, node: Node, anchor: usize, span: &Span) -> Result<(), YamlError> {
        if anchor > 0 {
            self.anchors.push((anchor, node.clone()));
        }
        match self.stack.last_mut() {
            None => self.documents.push(node),
            Some(Frame::Seq(items, ..)) => items.push(node),
            Some(Frame::Map(entries, key, ..)) => match key.take() {
                Some(name) => entries.push((name, node)),
                None => match node.value {
                    Value::Scalar { text, .. } => *key = Some(text.into()),
                    // An alias.
                    Value::Null => *key = Some(Key::new("")),
                    _ => {
                        return Err(self.error(
                            span.start.line(),
                            span.start.col(),
                            "a key must be a scalar",
                        ));
                    }
                },
            },
        }
        Ok(())
    }
}

fn scalar(text: &str, style: ScalarStyle, line: u32, end: u32) -> Node {
    let plain = style == ScalarStyle::Plain;
    if plain && matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        return Node {
            value: Value::Null,
            line,
            more_lines: 0,
            plain: false,
        };
    }
    let more_lines = u16::try_from(end.saturating_sub(line)).unwrap_or(u16::MAX);
    Node {
        value: Value::Scalar { text: text.into() },
        line,
        more_lines,
        plain,
    }
}

fn count(node: &Node) -> usize {
    1 + node.items().iter().map(count).sum::<usize>()
        + node
            .entries()
            .iter()
            .map(|(_, node)| count(node))
            .sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bombs_are_refused() {
        assert!(parse(&"[".repeat(100_000), 1).is_err());
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..9 {
            use std::fmt::Write;
            let previous = format!("*a{}", level - 1);
            let _ = writeln!(
                bomb,
                "a{level}: &a{level} [{}]",
                vec![previous; 10].join(",")
            );
        }
        assert!(parse(&bomb, 1).is_err());
    }
}
