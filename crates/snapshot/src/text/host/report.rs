//! Builds reports: one mapping of fields with lines for each thing that a command printed.

use coldcase_bundle::FileId;
use jiff::Timestamp;

use crate::{
    node::{Key, Node, Value},
    stamp,
    text::{Context, HostReport},
};

/// More things than a node has; a text that prints more is damaged or hostile.
const MAX_REPORTS: usize = 10_000;

/// Longest text that a field keeps; longer ones are cut.
const MAX_TEXT: usize = 400;

/// Collects the reports of one command.
pub(super) struct Sink<'c> {
    /// What was found so far.
    pub reports: Vec<HostReport>,
    /// What is known besides the text.
    pub context: &'c Context<'c>,
    /// The node, when the text itself names it.
    pub named: String,
    file: FileId,
    first: u32,
}

impl<'c> Sink<'c> {
    /// An empty one for a text whose first line has the number `first` in its file.
    pub(super) fn new(file: FileId, first: u32, context: &'c Context<'c>) -> Self {
        Self {
            reports: Vec::new(),
            context,
            named: String::new(),
            file,
            first,
        }
    }

    /// Lines of the text with their numbers in the file.
    pub(super) fn lines<'t>(
        &self,
        text: &'t str,
    ) -> impl Iterator<Item = (u32, &'t str)> + use<'t> {
        let first = self.first;
        text.lines()
            .zip(0_u32..)
            .map(move |(line, index)| (first.saturating_add(index), line.trim_end()))
    }

    /// Adds a report unless nothing is known of it.
    pub(super) fn push(&mut self, kind: &'static str, fields: Fields) {
        if fields.entries.is_empty() || self.reports.len() >= MAX_REPORTS {
            return;
        }
        let line = fields
            .entries
            .iter()
            .map(|(_, node)| node.line)
            .filter(|line| *line > 0)
            .min()
            .unwrap_or(self.first);
        self.reports.push(HostReport {
            node: String::new(),
            kind,
            root: Node {
                value: Value::Map(fields.entries.into()),
                line,
                more_lines: 0,
                plain: false,
            },
            file: self.file,
        });
    }

    /// The reports with their node: the one that the path names, else the one that the text names.
    pub(super) fn finish(mut self) -> Vec<HostReport> {
        let node = if self.context.node.is_empty() {
            self.named.as_str()
        } else {
            self.context.node
        };
        for report in &mut self.reports {
            node.clone_into(&mut report.node);
        }
        self.reports
    }
}

/// Fields of one report in the order in which they were set.
#[derive(Debug, Default)]
pub(super) struct Fields {
    entries: Vec<(Key, Node)>,
}

impl Fields {
    /// Whether nothing was set.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether a field was set.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name == key)
    }

    /// The text of a field.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.entries
            .iter()
            .find(|(name, _)| name == key)
            .and_then(|(_, node)| node.as_str())
    }

    /// Sets a field; the last word counts.
    pub(super) fn set(&mut self, key: &str, node: Node, line: u32) {
        let node = node.at_line(line);
        match self.entries.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = node,
            None => self.entries.push((key.into(), node)),
        }
    }

    /// A text; an empty one sets nothing.
    pub(super) fn text(&mut self, key: &str, value: &str, line: u32) {
        let value = value.trim();
        if !value.is_empty() {
            let cut = value
                .char_indices()
                .nth(MAX_TEXT)
                .map_or(value.len(), |(at, _)| at);
            self.set(key, Node::text(value.get(..cut).unwrap_or("")), line);
        }
    }

    /// A number, if there is one.
    pub(super) fn number(&mut self, key: &str, value: Option<i64>, line: u32) {
        if let Some(value) = value {
            self.set(key, Node::number(value), line);
        }
    }

    /// A number with a fraction as it was printed, if there is one.
    pub(super) fn decimal(&mut self, key: &str, value: Option<String>, line: u32) {
        if let Some(value) = value {
            let node = Node {
                value: Value::Scalar { text: value.into() },
                line,
                more_lines: 0,
                plain: false,
            };
            self.set(key, node, line);
        }
    }

    /// A truth value.
    pub(super) fn flag(&mut self, key: &str, value: bool, line: u32) {
        self.set(key, Node::flag(value), line);
    }

    /// An instant, if it is known.
    pub(super) fn time(&mut self, key: &str, time: Option<Timestamp>, line: u32) {
        if let Some(time) = time {
            self.set(key, Node::text(stamp::format(time, 0)), line);
        }
    }
}
