//! Cuts text that no command explains into documents, descriptions, logs and the rest, each by how it unmistakably begins.
//!
//! A piece ends where the next one begins, or where its own form does: a description after its events, a
//! document at the first line that cannot be one of its fields, a log where nothing is dated any more.

mod begin;
mod extent;
mod said;

use std::borrow::Cow;

use super::{table::Header, wrap::map_lines};

pub(crate) use begin::in_yaml;
pub(super) use begin::{is_heading, says};
pub(super) use extent::json;
pub(crate) use extent::yaml;
pub(super) use said::is_log;

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A document of YAML.
    Yaml,
    /// A document of JSON.
    Json,
    /// What `describe` prints.
    Description,
    /// Lines of a program.
    Log,
    /// Tables, what a command on a node printed, words.
    Rest,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece<'t> {
    /// What it is.
    pub form: Form,
    /// Its lines.
    pub text: Cow<'t, str>,
    /// Number of its first line in the file.
    pub first_line: u32,
    /// Number of its last line that is not blank.
    pub last_line: u32,
    /// What the last line before it says.
    pub heading: &'t str,
    /// It stands in a fence.
    pub fenced: bool,
}

/// The state of cutting.
struct Cutter<'t> {
    text: &'t str,
    first_line: u32,
    /// The lines as they stand inside of a fence that may be indented.
    lines: Vec<&'t str>,
    /// Where each line begins in the text.
    starts: Vec<usize>,
    /// Blanks before the fence that surrounds what is read now; `None` outside of fences.
    fence: Option<usize>,
    /// The last line of the rest that says something, if no table stands behind it.
    heading: &'t str,
    /// The last table's head in the piece of the rest that is open.
    header: Option<Header>,
    found: Vec<Piece<'t>>,
}

/// Cuts a text; `first_line` is the number of its first line in the file.
pub(super) fn cut(text: &str, first_line: u32) -> Vec<Piece<'_>> {
    cut_below(text, first_line, None)
}

/// Cuts a text that may be all that a fence holds; then it says what stands above that fence.
pub(super) fn cut_below<'t>(
    text: &'t str,
    first_line: u32,
    above: Option<&'t str>,
) -> Vec<Piece<'t>> {
    let mut cutter = Cutter {
        text,
        first_line,
        lines: Vec::new(),
        starts: Vec::new(),
        fence: above.map(|_| 0),
        heading: above.unwrap_or(""),
        header: None,
        found: Vec::new(),
    };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        cutter.lines.push(line.trim_end());
        cutter.starts.push(start);
        start += line.len();
    }
    cutter.run();
    cutter.found
}

impl<'t> Cutter<'t> {
    fn run(&mut self) {
        let (mut at, mut rest) = (0, 0);
        while let Some(&line) = self.lines.get(at) {
            if let Some(indent) = begin::fence(line) {
                self.push(Form::Rest, rest, at);
                self.turn(indent, at + 1);
                (at, rest) = (at + 1, at + 1);
                continue;
            }
            let Some(form) = self.begins(at) else {
                self.pass(line);
                at += 1;
                continue;
            };
            let end = at + self.extent(form, at).max(1);
            self.push(Form::Rest, rest, at);
            self.push(form, at, end);
            self.heading = "";
            (at, rest) = (end, end);
        }
        self.push(Form::Rest, rest, self.lines.len());
    }

    /// Passes a fence: it opens or closes.
    fn turn(&mut self, indent: usize, next: usize) {
        if self.fence.take().is_some() {
            return;
        }
        self.fence = Some(indent);
        if indent > 0 {
            for line in self.lines.iter_mut().skip(next) {
                *line = dedented(line, indent);
                if begin::fence(line).is_some() {
                    break;
                }
            }
        }
    }

    /// A line of the rest: it may say what follows, or be part of a table.
    fn pass(&mut self, line: &'t str) {
        if line.trim().is_empty() {
            return;
        }
        if let Some(header) = Header::read(line) {
            self.header = Some(header);
            self.heading = "";
            return;
        }
        let is_row = self.header.as_ref().is_some_and(|it| it.takes(line));
        self.heading = if is_row { "" } else { line };
    }

    /// What begins at a line.
    fn begins(&self, at: usize) -> Option<Form> {
        let lines = self.lines.get(at..)?;
        let line = lines.first().filter(|line| !line.is_empty())?;
        if let Some(form) = begin::document(lines).or_else(|| begin::description(lines)) {
            return Some(form);
        }
        let above = self.fence.is_some()
            || is_heading(self.heading)
            || self.heading.ends_with(':')
            || begin::names_pod(self.heading);
        let named = above && begin::names_log(self.heading);
        if begin::is_row(line) {
            return None;
        }
        if named && !begin::is_table(lines) && !is_heading(line) {
            return Some(Form::Log);
        }
        // A table may hold times, and its client complains between its rows.
        let in_table = || {
            let of_table = |line: &&str| self.header.as_ref().is_some_and(|it| it.takes(line));
            lines.iter().take(begin::AHEAD).any(of_table)
        };
        // What is indented without a fence may be part of anything that stands above it.
        let alone = || {
            let above = at.checked_sub(1).and_then(|at| self.lines.get(at));
            !line.starts_with([' ', '\t']) || above.is_none_or(|above| above.is_empty())
        };
        let said = || said::is_said(line) && (self.fence.is_some() || alone());
        let written = begin::is_dated(line) || said();
        (written && !begin::is_client(line.trim()) && !in_table()).then_some(Form::Log)
    }

    /// How many lines the piece has that begins at a line.
    fn extent(&self, form: Form, at: usize) -> usize {
        let lines = self.lines.get(at..).unwrap_or_default();
        let fenced = self.fence.is_some();
        match form {
            Form::Yaml => yaml(lines),
            Form::Json => json(lines),
            Form::Description => extent::description(lines, fenced),
            Form::Log => extent::log(lines, fenced),
            Form::Rest => 1,
        }
    }

    /// Adds the lines of a piece, if they say something.
    fn push(&mut self, form: Form, from: usize, to: usize) {
        let lines = self.lines.get(from..to).unwrap_or_default();
        self.header = None;
        let (first, last) = (
            lines.iter().position(|it| !it.is_empty()),
            lines.iter().rposition(|it| !it.is_empty()),
        );
        let (Some(first), Some(last)) = (first, last) else {
            return;
        };
        let (from, last) = (from + first, from + last);
        let place = |at: usize| self.starts.get(at).copied().unwrap_or(self.text.len());
        let text = self.text.get(place(from)..place(to)).unwrap_or("");
        let number = |at: usize| {
            let lines = u32::try_from(at).unwrap_or(u32::MAX);
            self.first_line.saturating_add(lines)
        };
        let text = match self.fence {
            Some(indent) if indent > 0 => Cow::Owned(map_lines(text, |it| dedented(it, indent))),
            _ => Cow::Borrowed(text),
        };
        let piece = Piece {
            form,
            text,
            first_line: number(from),
            last_line: number(last),
            heading: self.heading,
            fenced: self.fence.is_some(),
        };
        self.found.push(piece);
    }
}

/// A line without so many of the blanks before it.
fn dedented(line: &str, indent: usize) -> &str {
    let blank = line.len() - line.trim_start_matches(' ').len();
    line.get(indent.min(blank)..).unwrap_or(line)
}

#[cfg(test)]
mod tests;
