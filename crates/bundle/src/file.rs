//! A file of the bundle as text, with its lines found again by number when they are quoted.

use std::{borrow::Cow, io::Read, sync::Arc};

use crate::{
    content::{Blocks, Content, Store},
    lines::{Cache, Lines},
    piece::Piece,
};

/// Index of a file in [`crate::Bundle::files`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub u32);

/// One file. Bytes that are not UTF-8 became U+FFFD, which keeps every line number.
///
/// The text is not necessarily in memory: it may lie packed, or be read again from where it came.
/// Ask for what is needed: [`File::head`] to recognise it, [`File::chunks`] to scan it,
/// [`File::line`] and [`File::excerpt`] to quote it, [`File::text`] to parse it.
#[derive(Debug, Clone)]
pub struct File {
    /// Path in the bundle.
    pub path: String,
    /// Size as captured, after decompression.
    pub bytes: u64,
    /// The content is not text (an image, a core dump, an archive).
    pub binary: bool,
    pub(crate) content: Arc<Content>,
    pub(crate) cache: Arc<Cache>,
    /// Key in the cache.
    pub(crate) key: u32,
}

/// Whole lines of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// Number of the first line, from 1.
    pub first_line: u32,
    /// Offset of the first byte in [`File::text`].
    pub offset: u64,
    /// The lines, each with its end.
    pub text: Piece<'a>,
}

/// Iterator over the chunks of a file.
pub struct Chunks<'a>(Blocks<'a>);

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        self.0.next().map(Chunk::new)
    }

    fn nth(&mut self, skipped: usize) -> Option<Chunk<'a>> {
        self.0.nth(skipped).map(Chunk::new)
    }
}

impl<'a> Chunk<'a> {
    fn new((first_line, offset, text): (u32, u64, Piece<'a>)) -> Self {
        Self {
            first_line,
            offset,
            text,
        }
    }
}

/// Lines around a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// Up to three lines before.
    pub before: Vec<String>,
    /// The lines asked for; what is left out of many or of long ones is said in their place.
    pub quote: String,
    /// Up to three lines after.
    pub after: Vec<String>,
    /// The last line that is quoted, from 1.
    pub end_line: u32,
}

impl File {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The whole text; empty for binary files. It may be put together anew on every call: ask
    /// once, and not at all for a log, which [`File::chunks`] reads in bounded memory.
    pub fn text(&self) -> Cow<'_, str> {
        self.content.text()
    }

    /// The text in order, cut at newlines into pieces of up to 256 KiB. A longer line is a piece
    /// of its own, up to [`crate::Limits::line_bytes`].
    pub fn chunks(&self) -> Chunks<'_> {
        Chunks(self.content.chunks())
    }

    /// The beginning of the text, up to this many bytes.
    pub fn head(&self, bytes: usize) -> Cow<'_, str> {
        match &self.content.store {
            Store::Held(text) => {
                let end = floor(&text.text, bytes);
                Cow::Borrowed(text.text.get(..end).unwrap_or(""))
            }
            Store::Binary => Cow::Borrowed(""),
            Store::Elsewhere(origin) => {
                let mut head = Vec::new();
                let want = self.content.raw_len.min(bytes as u64);
                if let Ok((stream, _)) = origin.open(0) {
                    let _ = stream.take(want).read_to_end(&mut head);
                }
                // A character that was cut in two is left out, not replaced.
                if let Err(error) = std::str::from_utf8(&head)
                    && error.error_len().is_none()
                    && (head.len() as u64) < self.content.raw_len
                {
                    head.truncate(error.valid_up_to());
                }
                let mut head = crate::block::text_of(head);
                head.truncate(floor(&head, bytes));
                Cow::Owned(head)
            }
            Store::Blocks(_) => {
                let mut head = String::new();
                for chunk in self.chunks() {
                    let room = bytes - head.len();
                    let end = floor(&chunk.text, room);
                    head.push_str(chunk.text.get(..end).unwrap_or(""));
                    if end < chunk.text.len() || head.len() == bytes {
                        break;
                    }
                }
                Cow::Owned(head)
            }
        }
    }

    /// The last lines of the text, up to this many.
    pub fn tail(&self, lines: u32) -> Chunk<'_> {
        let count = self.line_count();
        let first_line = count.saturating_sub(lines.max(1)).saturating_add(1);
        if let Store::Held(text) = &self.content.store {
            let start = text
                .starts()
                .get(first_line as usize - 1)
                .map_or(0, |start| *start as usize);
            return Chunk {
                first_line,
                offset: start as u64,
                text: text.text.get(start..).unwrap_or("").into(),
            };
        }
        let mut tail = String::new();
        let mut offset = 0;
        let from = self.content.block_of_line(first_line);
        for block in from..self.content.blocks() {
            let (line, at) = self.content.start(block);
            let text = self.content.block(block, &self.cache, self.key);
            let skip = first_line.saturating_sub(line) as usize;
            let start = text.starts().get(skip).map_or(0, |start| *start as usize);
            if block == from {
                offset = at + start as u64;
            }
            tail.push_str(text.text.get(start..).unwrap_or(""));
        }
        Chunk {
            first_line,
            offset,
            text: tail.into(),
        }
    }

    /// Number of lines; 1 for an empty file.
    pub fn line_count(&self) -> u32 {
        self.content.lines
    }

    /// A line without its end, from 1; empty if there is no such line.
    pub fn line(&self, number: u32) -> Cow<'_, str> {
        if let Store::Held(text) = &self.content.store {
            return match number.checked_sub(1) {
                Some(index) => Cow::Borrowed(text.line(index as usize)),
                None => Cow::Borrowed(""),
            };
        }
        Cow::Owned(self.lines().line(number).to_owned())
    }

    /// Lines by number, for whoever asks for many.
    pub fn lines(&self) -> Lines<'_> {
        Lines::new(self)
    }

    /// The number of the line that holds this byte offset of the text, from 1.
    pub fn line_at(&self, offset: usize) -> u32 {
        let (first, index) = if let Store::Held(text) = &self.content.store {
            (1, text.line_at(offset))
        } else {
            let block = self.content.block_of_offset(offset as u64);
            let (first, at) = self.content.start(block);
            let text = self.content.block(block, &self.cache, self.key);
            let within = (offset as u64).saturating_sub(at);
            (
                first,
                text.line_at(usize::try_from(within).unwrap_or(usize::MAX)),
            )
        };
        first.saturating_add(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The lines from `line` to `end_line` with their context, each cut at a sane length.
    pub fn excerpt(&self, line: u32, end_line: u32) -> Excerpt {
        self.lines().excerpt(line, end_line)
    }
}

/// The last place at or before `at` that does not lie inside a character.
fn floor(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}
