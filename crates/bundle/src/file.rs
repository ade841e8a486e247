//! A file of the bundle as text, with its lines found again by number when they are quoted.

use std::{borrow::Cow, sync::OnceLock};

use crate::entry::Entry;

/// Index of a file in [`crate::Bundle::files`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub u32);

/// One file. Bytes that are not UTF-8 became U+FFFD, which keeps every line number.
#[derive(Debug, Clone)]
pub struct File {
    /// Path in the bundle.
    pub path: String,
    text: String,
    /// Size as captured.
    pub bytes: u64,
    /// The content is not text (an image, a core dump, an archive).
    pub binary: bool,
    lines: OnceLock<Vec<u32>>,
}

/// Lines around a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// Up to three lines before.
    pub before: Vec<String>,
    /// The lines asked for.
    pub quote: String,
    /// Up to three lines after.
    pub after: Vec<String>,
    /// The last line of the quote, from 1.
    pub end_line: u32,
}

/// Lines of context on each side of a quote.
const CONTEXT: u32 = 3;
/// A quoted line longer than this is cut; a 10 MB line is ordinary input.
const LINE_CHARS: usize = 2_000;
/// A quote longer than this many lines is cut.
const QUOTE_LINES: u32 = 40;

impl File {
    pub(crate) fn new(entry: Entry) -> Self {
        let binary = looks_binary(&entry.bytes);
        let bytes = entry.bytes.len() as u64;
        let text = if binary {
            String::new()
        } else {
            String::from_utf8(entry.bytes)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
        };
        Self {
            path: entry.path,
            text,
            bytes,
            binary,
            lines: OnceLock::new(),
        }
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The whole text; empty for binary files. It may be put together anew on every call: ask once.
    pub fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.text)
    }

    /// Number of lines.
    pub fn line_count(&self) -> u32 {
        u32::try_from(self.starts().len()).unwrap_or(u32::MAX)
    }

    /// A line without its end, from 1; empty if there is no such line.
    pub fn line(&self, number: u32) -> Cow<'_, str> {
        Cow::Borrowed(self.line_text(number))
    }

    fn line_text(&self, number: u32) -> &str {
        let starts = self.starts();
        let Some(index) = (number as usize).checked_sub(1) else {
            return "";
        };
        let Some(&start) = starts.get(index) else {
            return "";
        };
        let end = starts
            .get(index + 1)
            .map_or(self.text.len(), |next| *next as usize);
        self.text
            .get(start as usize..end)
            .unwrap_or("")
            .trim_end_matches(['\n', '\r'])
    }

    /// The number of the line that holds this byte offset, from 1.
    pub fn line_at(&self, offset: usize) -> u32 {
        let starts = self.starts();
        let index = starts.partition_point(|start| *start as usize <= offset);
        u32::try_from(index.max(1)).unwrap_or(u32::MAX)
    }

    /// The lines from `line` to `end_line` with their context, each cut at a sane length.
    pub fn excerpt(&self, line: u32, end_line: u32) -> Excerpt {
        let last = self.line_count();
        let line = line.clamp(1, last.max(1));
        let end_line = end_line
            .clamp(line, last.max(line))
            .min(line.saturating_add(QUOTE_LINES - 1));
        let cut = |number: u32| cut_line(self.line_text(number));
        Excerpt {
            before: (line.saturating_sub(CONTEXT).max(1)..line)
                .map(cut)
                .collect(),
            quote: (line..=end_line).map(cut).collect::<Vec<_>>().join("\n"),
            after: (end_line + 1..=last.min(end_line + CONTEXT))
                .map(cut)
                .collect(),
            end_line,
        }
    }

    fn starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let mut starts = vec![0];
            starts.extend(
                memchr::memchr_iter(b'\n', self.text.as_bytes())
                    .filter_map(|at| u32::try_from(at + 1).ok()),
            );
            if starts
                .last()
                .is_some_and(|last| *last as usize == self.text.len())
                && starts.len() > 1
            {
                starts.pop();
            }
            starts
        })
    }
}

fn cut_line(line: &str) -> String {
    match line.char_indices().nth(LINE_CHARS) {
        None => line.to_owned(),
        Some((at, _)) => {
            let rest = line.get(at..).map_or(0, |rest| rest.chars().count());
            format!("{}… ({rest} more characters)", line.get(..at).unwrap_or(""))
        }
    }
}

/// Text may hold a NUL here and there (cut logs do); a tenth of control bytes is something else.
fn looks_binary(bytes: &[u8]) -> bool {
    let head = bytes.get(..8_192).unwrap_or(bytes);
    let odd = head
        .iter()
        .filter(|b| **b < 0x20 && !matches!(**b, b'\n' | b'\r' | b'\t' | 0x1b))
        .count();
    let broken = match std::str::from_utf8(head) {
        Ok(_) => 0,
        Err(_) => String::from_utf8_lossy(head)
            .chars()
            .filter(|c| *c == char::REPLACEMENT_CHARACTER)
            .count(),
    };
    (odd + broken) * 10 > head.len()
}
