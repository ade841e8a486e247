//! Reads YAML into nodes with line numbers, item by item, so that one broken object never loses its list.

use compact_str::CompactString;
use memchr::memchr_iter;
use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::node::{Node, Value};

/// Nesting beyond this is an attack, not a manifest.
const MAX_DEPTH: usize = 128;
/// Nodes that aliases of one document may add.
const ALIAS_BUDGET: usize = 100_000;

/// A syntax error and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlError {
    /// Line in the file, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What is wrong.
    pub what: String,
}

/// Reads all documents of a file. Lists as kubectl writes them are read item by item: an item that
/// does not parse becomes an error and the others are kept.
pub fn read(text: &str) -> (Vec<Node>, Vec<YamlError>) {
    let mut documents = Vec::new();
    let mut errors = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (first_line, chunk) in split_documents(text) {
        if chunk.trim().is_empty() {
            continue;
        }
        match split_items(chunk) {
            Some(split) => read_list(chunk, first_line, &split, &mut documents, &mut errors),
            None => match parse(chunk, first_line) {
                Ok(nodes) => documents.extend(nodes),
                Err(error) => errors.push(error),
            },
        }
    }
    (documents, errors)
}

/// The parts of a list document: its head (and tail) and its items, by lines.
struct Split<'t> {
    rest: String,
    items: Vec<(u32, &'t str)>,
    items_line: u32,
}

fn read_list(
    chunk: &str,
    first_line: u32,
    split: &Split<'_>,
    documents: &mut Vec<Node>,
    errors: &mut Vec<YamlError>,
) {
    let mut items = Vec::with_capacity(split.items.len());
    let mut failed = Vec::new();
    for (offset, text) in &split.items {
        match parse(text, first_line + offset) {
            Ok(nodes) => items.extend(nodes.into_iter().flat_map(|node| match node.value {
                Value::Seq(items) => items,
                _ => vec![node],
            })),
            Err(error) => failed.push(error),
        }
    }
    if !failed.is_empty()
        && let Ok(nodes) = parse(chunk, first_line)
    {
        // Not the shape that was assumed, but sound as a whole.
        documents.extend(nodes);
        return;
    }
    let mut head = parse(&split.rest, first_line)
        .ok()
        .and_then(|nodes| nodes.into_iter().next())
        .filter(|node| matches!(node.value, Value::Map(_)))
        .unwrap_or_else(|| Node::map(vec![]).at_line(first_line));
    let mut list = Node::seq(items).at_line(first_line + split.items_line);
    list.more_lines = 0;
    head.set("items", list);
    documents.push(head);
    errors.extend(failed);
}

/// Splits at `---` lines; gives each part's first line number.
fn split_documents(text: &str) -> Vec<(u32, &str)> {
    let mut parts = Vec::new();
    let (mut start, mut start_line, mut line) = (0, 1_u32, 1_u32);
    let mut at = 0;
    for end in memchr_iter(b'\n', text.as_bytes()).chain(std::iter::once(text.len())) {
        let this = text.get(at..end).unwrap_or("").trim_end_matches('\r');
        if this == "---" || this.starts_with("--- ") {
            if at > start {
                parts.push((start_line, text.get(start..at).unwrap_or("")));
            }
            start = (end + 1).min(text.len());
            start_line = line + 1;
        }
        at = (end + 1).min(text.len());
        line += 1;
    }
    if start < text.len() {
        parts.push((start_line, text.get(start..).unwrap_or("")));
    }
    parts
}

/// Recognises a top-level `items:` with a block sequence below and cuts it at its items.
fn split_items(chunk: &str) -> Option<Split<'_>> {
    let mut lines = Vec::new();
    let mut at = 0;
    for end in memchr_iter(b'\n', chunk.as_bytes()).chain(std::iter::once(chunk.len())) {
        lines.push((at, end));
        at = (end + 1).min(chunk.len());
    }
    let line = |index: usize| {
        lines
            .get(index)
            .and_then(|(from, to)| chunk.get(*from..*to))
            .unwrap_or("")
    };
    let items_line = (0..lines.len()).find(|index| line(*index).trim_end() == "items:")?;
    let first = items_line + 1;
    let indent = line(first).find(|c| c != ' ')?;
    let dash = format!("{}- ", " ".repeat(indent));
    if !line(first).starts_with(&dash) {
        return None;
    }
    let mut starts = Vec::new();
    let mut end = lines.len();
    for index in first..lines.len() {
        let text = line(index);
        if text.starts_with(&dash) {
            starts.push(index);
        } else if !text.trim().is_empty() {
            let depth = text.len() - text.trim_start_matches(' ').len();
            if depth <= indent && !text.trim_start().starts_with('#') {
                end = index;
                break;
            }
        }
    }
    let slice = |from: usize, to: usize| {
        let begin = lines.get(from).map_or(chunk.len(), |l| l.0);
        let finish = lines.get(to).map_or(chunk.len(), |l| l.0);
        chunk.get(begin..finish).unwrap_or("")
    };
    let items = starts
        .iter()
        .enumerate()
        .map(|(n, &from)| {
            let to = starts.get(n + 1).copied().unwrap_or(end);
            (u32::try_from(from).unwrap_or(u32::MAX), slice(from, to))
        })
        .collect();
    // Blank lines stand in for the items, so that the head keeps its line numbers.
    let mut rest = slice(0, items_line).to_owned();
    rest.extend(std::iter::repeat_n('\n', end - items_line));
    rest.push_str(slice(end, lines.len()));
    Some(Split {
        rest,
        items,
        items_line: u32::try_from(items_line).unwrap_or(0),
    })
}

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
pub fn parse(text: &str, first_line: u32) -> Result<Vec<Node>, YamlError> {
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
                let node = scalar(&text, style, line, end, span.end.col());
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

fn scalar(text: &str, style: ScalarStyle, line: u32, end: u32, end_column: usize) -> Node {
    let plain = style == ScalarStyle::Plain;
    if plain && matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        return Node {
            value: Value::Null,
            line,
            more_lines: 0,
        };
    }
    // Block scalars end at the start of the line after their last.
    let end = if end > line && end_column == 0 {
        end - 1
    } else {
        end
    };
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

    const LIST: &str = "apiVersion: v1\nitems:\n- kind: Pod\n  metadata:\n    name: a\n- kind: Pod\n  metadata:\n    name: b\n    note: one two\n      three\nkind: List\n";

    #[test]
    fn a_kubectl_list_keeps_line_numbers() {
        let (documents, errors) = read(LIST);
        assert!(errors.is_empty(), "{errors:?}");
        let list = &documents[0];
        assert_eq!(list.str_at(&["kind"]), Some("List"));
        assert_eq!(list.at(&["kind"]).unwrap().line, 11);
        let items = list.items_at(&["items"]);
        assert_eq!(items.len(), 2);
        assert_eq!(items[0].at(&["metadata", "name"]).unwrap().line, 5);
        let note = items[1].at(&["metadata", "note"]).unwrap();
        assert_eq!(
            (note.line, note.end_line(), note.as_str()),
            (9, 10, Some("one two three"))
        );
    }

    #[test]
    fn a_broken_item_loses_only_itself() {
        let text = "items:\n- kind: Pod\n  name: a\n- kind: Pod\n  name: \"cut\n- kind: Pod\n  name: c\nkind: List\n";
        let (documents, errors) = read(text);
        assert_eq!(errors.len(), 1);
        let names: Vec<_> = documents[0]
            .items_at(&["items"])
            .iter()
            .filter_map(|item| item.str_at(&["name"]))
            .collect();
        assert_eq!(names, ["a", "c"]);
    }

    #[test]
    fn a_list_cut_in_the_middle_keeps_its_head() {
        let (documents, _) = read(LIST.get(..LIST.len() - 60).unwrap());
        assert_eq!(
            documents[0].items_at(&["items"])[0].str_at(&["metadata", "name"]),
            Some("a")
        );
    }

    #[test]
    fn values_masked_without_quotes_are_text() {
        let (documents, errors) = read("a: ***HIDDEN***\nb:\n- ***HIDDEN***:10000\nc: x\n");
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(documents[0].str_at(&["a"]), Some("***HIDDEN***"));
        assert_eq!(documents[0].get("c").map(|node| node.line), Some(4));
    }

    #[test]
    fn several_documents_and_crlf() {
        let (documents, errors) = read("kind: A\r\n---\r\nkind: B\r\n");
        assert!(errors.is_empty());
        assert_eq!(
            documents
                .iter()
                .map(|d| d.str_at(&["kind"]).unwrap().to_owned())
                .collect::<Vec<_>>(),
            ["A", "B"]
        );
        assert_eq!(documents[1].at(&["kind"]).unwrap().line, 3);
    }

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

    #[test]
    fn folded_and_block_scalars_span_lines() {
        let (documents, _) = read("a: |\n  one\n  two\nb: x\n");
        let a = documents[0].get("a").unwrap();
        assert_eq!(a.as_str(), Some("one\ntwo\n"));
        assert_eq!(documents[0].get("b").unwrap().line, 4);
        assert!(a.end_line() <= 3);
    }

    proptest::proptest! {
        #[test]
        fn any_text_parses_or_fails(text in "[\\PC\n\t :\\-\\[\\]{}\"'&*|>#]{0,400}") {
            let _ = read(&text);
        }
    }
}
