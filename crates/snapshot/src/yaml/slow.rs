//! Reads any YAML into nodes with line numbers, slowly: what the fast reader refuses, and its oracle in tests.

use compact_str::CompactString;
use saphyr_parser::{Event, Parser, ScalarStyle};

use super::YamlError;
use crate::node::{Node, Value};

/// Nesting beyond this is an attack, not a manifest.
pub(super) const MAX_DEPTH: usize = 128;
/// Nodes that aliases of one document may add.
const ALIAS_BUDGET: usize = 100_000;

enum Frame {
    Seq(Vec<Node>, u32, usize),
    Map(
        Vec<(CompactString, Node)>,
        Option<CompactString>,
        u32,
        usize,
    ),
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
        first_line,
        chars: text.chars().count(),
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

#[derive(Default)]
struct Builder {
    first_line: u32,
    /// Characters of the text.
    chars: usize,
    documents: Vec<Node>,
    stack: Vec<Frame>,
    anchors: Vec<(usize, Node)>,
    alias_nodes: usize,
}

impl Builder {
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

    fn event(&mut self, event: Event<'_>, span: &saphyr_parser::Span) -> Result<(), YamlError> {
        let line = self.line(span.start.line());
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let end = self.line(span.end.line());
                // A block scalar ends where the next token begins: at any column of a later line.
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                let beyond = span.end.col() == 0 || block && span.end.index() < self.chars;
                let end = end - u32::from(beyond && end > line);
                let node = scalar(&text, style, line, end);
                self.push(node, anchor, span)?;
            }
            Event::SequenceStart(anchor, _) => {
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

    fn open(&mut self, frame: Frame, span: &saphyr_parser::Span) -> Result<(), YamlError> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(self.error(span.start.line(), span.start.col(), "nested too deeply"));
        }
        self.stack.push(frame);
        Ok(())
    }

    fn close(&mut self, span: &saphyr_parser::Span) -> Result<(), YamlError> {
        let (value, line, anchor) = match self.stack.pop() {
            Some(Frame::Seq(items, line, anchor)) => (Value::Seq(items), line, anchor),
            Some(Frame::Map(entries, _, line, anchor)) => (Value::Map(entries), line, anchor),
            None => return Ok(()),
        };
        self.push(
            Node {
                value,
                line,
                more_lines: 0,
            },
            anchor,
            span,
        )
    }

    fn push(
        &mut self,
        node: Node,
        anchor: usize,
        span: &saphyr_parser::Span,
    ) -> Result<(), YamlError> {
        if anchor > 0 {
            self.anchors.push((anchor, node.clone()));
        }
        match self.stack.last_mut() {
            None => self.documents.push(node),
            Some(Frame::Seq(items, ..)) => items.push(node),
            Some(Frame::Map(entries, key, ..)) => match key.take() {
                Some(name) => entries.push((name, node)),
                None => match node.value {
                    Value::Scalar { text, .. } => *key = Some(text),
                    Value::Null => *key = Some(CompactString::const_new("")),
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
        };
    }
    let more_lines = u16::try_from(end.saturating_sub(line)).unwrap_or(u16::MAX);
    Node {
        value: Value::Scalar {
            text: text.into(),
            plain,
        },
        line,
        more_lines,
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
