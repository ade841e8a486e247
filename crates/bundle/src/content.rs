//! The text of a file wherever it is kept, given out block by block, whole, or by line.

use std::{
    borrow::Cow,
    io::{Read, SeekFrom},
    sync::{Arc, OnceLock},
};

use crate::{
    block::{Body, Page, text_of},
    cut::{BLOCK, Cutter, Pool},
    lines::{Cache, Input, Place},
    origin::Origin,
    piece::Piece,
};

/// Where a block begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Number of its first line, from 1.
    pub line: u32,
    /// Offset in the bytes.
    pub raw: u64,
    /// Offset in the text.
    pub text: u64,
}

/// A run of whole lines in memory.
#[derive(Debug, Default)]
pub(crate) struct Text {
    pub text: String,
    starts: OnceLock<Vec<u32>>,
}

impl Text {
    pub(crate) fn new(text: String) -> Self {
        Self {
            text,
            starts: OnceLock::new(),
        }
    }

    /// Offsets of the lines; never empty.
    pub(crate) fn starts(&self) -> &[u32] {
        self.starts.get_or_init(|| {
            let mut starts = vec![0];
            starts.extend(
                memchr::memchr_iter(b'\n', self.text.as_bytes())
                    .filter_map(|at| u32::try_from(at + 1).ok()),
            );
            if starts.len() > 1
                && starts
                    .last()
                    .is_some_and(|last| *last as usize == self.text.len())
            {
                starts.pop();
            }
            starts
        })
    }

    /// Where a line of this text lies, from 0, without its end.
    pub(crate) fn line(&self, index: usize) -> &str {
        let starts = self.starts();
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

    /// The line that holds an offset, from 0.
    pub(crate) fn line_at(&self, offset: usize) -> usize {
        self.starts()
            .partition_point(|start| *start as usize <= offset)
            .saturating_sub(1)
    }
}

/// How the text is kept.
#[derive(Debug)]
pub(crate) enum Store {
    /// As it is.
    Held(Text),
    /// In blocks, most of them packed.
    Blocks(Vec<Body>),
    /// Read again when asked for.
    Elsewhere(Origin),
    /// Not text.
    Binary,
}

/// The content of a file.
#[derive(Debug)]
pub(crate) struct Content {
    pub store: Store,
    /// Starts of the blocks, if it is not held.
    pub marks: Vec<Mark>,
    /// Starts of the pages, if they can be read on their own.
    pub pages: Vec<Page>,
    /// Bytes that were read when the bundle was opened.
    pub raw_len: u64,
    /// Bytes of the text.
    pub text_len: u64,
    /// Lines; 1 for an empty file.
    pub lines: u32,
    /// Longest line, see [`crate::Limits::line_bytes`].
    pub line_limit: usize,
    /// What went wrong when it was read again.
    pub late: OnceLock<String>,
}

impl Content {
    /// A text in memory.
    pub(crate) fn held(text: String) -> Self {
        let newlines = memchr::memchr_iter(b'\n', text.as_bytes()).count();
        let open = text.as_bytes().last().is_some_and(|last| *last != b'\n');
        Self {
            raw_len: text.len() as u64,
            text_len: text.len() as u64,
            lines: u32::try_from(newlines + usize::from(open))
                .unwrap_or(u32::MAX)
                .max(1),
            store: Store::Held(Text::new(text)),
            marks: Vec::new(),
            pages: Vec::new(),
            line_limit: usize::MAX,
            late: OnceLock::new(),
        }
    }

    /// Number of blocks; a held text is one.
    pub(crate) fn blocks(&self) -> usize {
        match &self.store {
            Store::Held(_) => 1,
            Store::Blocks(_) | Store::Elsewhere(_) => self.marks.len(),
            Store::Binary => 0,
        }
    }

    /// The block that holds a line.
    pub(crate) fn block_of_line(&self, line: u32) -> usize {
        self.marks
            .partition_point(|mark| mark.line <= line)
            .saturating_sub(1)
    }

    /// The block that holds an offset of the text.
    pub(crate) fn block_of_offset(&self, offset: u64) -> usize {
        self.marks
            .partition_point(|mark| mark.text <= offset)
            .saturating_sub(1)
    }

    /// Whether a block can only be found by going through those before it.
    fn needs_all_before(&self) -> bool {
        match &self.store {
            Store::Blocks(_) => false,
            Store::Elsewhere(origin) => !origin.seeks(),
            Store::Held(_) | Store::Binary => true,
        }
    }

    /// Number of the first line of a block, and its offset in the text.
    pub(crate) fn start(&self, block: usize) -> (u32, u64) {
        self.marks
            .get(block)
            .map_or((1, 0), |mark| (mark.line, mark.text))
    }

    /// The stream of bytes from a block on, never longer than what was there at first.
    pub(crate) fn stream(
        &self,
        block: usize,
        pool: Option<&Arc<Pool>>,
    ) -> Option<Cutter<Box<dyn Read + Send>>> {
        let Store::Elsewhere(origin) = &self.store else {
            return None;
        };
        let raw = self.marks.get(block).map_or(0, |mark| mark.raw);
        match origin.open(raw) {
            Ok((stream, changed)) => {
                self.changed(changed);
                let left = self.raw_len.saturating_sub(raw);
                let rest: Box<dyn Read + Send> = Box::new(stream.take(left));
                let pool = pool.cloned();
                Some(Cutter::new(rest, raw, self.line_limit, left, pool))
            }
            Err(error) => self.unreadable(&error),
        }
    }

    /// The bytes, to be read at any place.
    pub(crate) fn input(&self) -> Option<Box<dyn Input>> {
        let Store::Elsewhere(origin) = &self.store else {
            return None;
        };
        match origin.input() {
            Ok((input, changed)) => {
                self.changed(changed);
                Some(input)
            }
            Err(error) => self.unreadable(&error),
        }
    }

    /// Goes to an offset of the text in [`Content::input`].
    pub(crate) fn seek(&self, input: &mut Box<dyn Input>, at: u64) -> std::io::Result<()> {
        let mark = match &self.store {
            Store::Elsewhere(origin) => origin.encoding.mark() as u64,
            _ => 0,
        };
        input.seek(SeekFrom::Start(at + mark)).map(|_| ())
    }

    fn changed(&self, changed: bool) {
        if changed {
            self.complain("changed while it was read; quoted lines may be others");
        }
    }

    fn unreadable<T>(&self, error: &std::io::Error) -> Option<T> {
        self.complain(&format!("cannot be read a second time: {error}"));
        None
    }

    /// Notes that not all bytes were found again.
    pub(crate) fn shorter(&self) {
        self.complain("has become shorter or other while it was read; the rest is missing");
    }

    /// The next block of a stream as text; notes when the file has become shorter.
    pub(crate) fn next_block(
        &self,
        cutter: &mut Cutter<Box<dyn Read + Send>>,
        block: usize,
    ) -> Option<String> {
        let cut = cutter.next();
        let end = self
            .marks
            .get(block + 1)
            .map_or(self.raw_len, |mark| mark.raw);
        let got = cut
            .as_ref()
            .map_or(0, |cut| cut.raw + cut.bytes.len() as u64 + cut.dropped);
        if got < end {
            self.shorter();
        }
        cut.map(|cut| text_of(cut.bytes))
    }

    fn complain(&self, what: &str) {
        let _ = self.late.set(what.to_owned());
    }

    /// The whole text, put together unless it is held.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match &self.store {
            Store::Held(text) => Cow::Borrowed(&text.text),
            Store::Binary => Cow::Borrowed(""),
            Store::Blocks(_) | Store::Elsewhere(_) => {
                let mut whole =
                    String::with_capacity(usize::try_from(self.text_len).unwrap_or_default());
                for (_, _, text) in self.chunks() {
                    whole.push_str(&text);
                }
                Cow::Owned(whole)
            }
        }
    }

    /// Blocks in order: number of the first line, offset in the text, text.
    pub(crate) fn chunks(&self) -> Blocks<'_> {
        Blocks {
            content: self,
            block: 0,
            line: 1,
            rest: match &self.store {
                Store::Held(text) => &text.text,
                _ => "",
            },
            at: 0,
            cutter: None,
            pool: Arc::default(),
        }
    }

    /// One block through the cache.
    pub(crate) fn block(&self, block: usize, cache: &Cache, file: u32) -> Arc<Text> {
        let place = Place::Block(block);
        if let Some(text) = cache.get(file, place) {
            return text;
        }
        match &self.store {
            Store::Held(_) | Store::Binary => Arc::default(),
            Store::Blocks(bodies) => {
                let text = bodies.get(block).map(Body::text).unwrap_or_default();
                cache.put(file, place, text)
            }
            Store::Elsewhere(origin) => {
                // What cannot be read in the middle is read from its start, and what passes by is
                // likely to be asked for next.
                let first = if origin.seeks() { block } else { 0 };
                let mut last = Arc::default();
                if let Some(mut cutter) = self.stream(first, None) {
                    for index in first..=block {
                        let Some(text) = self.next_block(&mut cutter, index) else {
                            break;
                        };
                        last = cache.put(file, Place::Block(index), text);
                    }
                }
                last
            }
        }
    }
}

/// Iterator over blocks.
pub(crate) struct Blocks<'a> {
    content: &'a Content,
    block: usize,
    line: u32,
    rest: &'a str,
    at: u64,
    cutter: Option<Cutter<Box<dyn Read + Send>>>,
    /// Memory of the blocks that were looked at, for those to come.
    pool: Arc<Pool>,
}

impl<'a> Blocks<'a> {
    /// Number of the block that comes next, of a text that is not held.
    pub(crate) fn next_block(&self) -> usize {
        self.block
    }

    /// A held text is cut like any other, but borrowed.
    fn next_held(&mut self) -> Option<(u32, u64, Piece<'a>)> {
        if self.rest.is_empty() {
            return None;
        }
        let bytes = self.rest.as_bytes();
        let end = match bytes.get(..BLOCK) {
            None => bytes.len(),
            Some(head) => memchr::memrchr(b'\n', head)
                .or_else(|| {
                    let more = bytes.get(BLOCK..)?;
                    Some(BLOCK + memchr::memchr(b'\n', more)?)
                })
                .map_or(bytes.len(), |at| at + 1),
        };
        let (now, later) = self.rest.split_at_checked(end)?;
        let item = (self.line, self.at, Piece::from(now));
        let newlines = memchr::memchr_iter(b'\n', now.as_bytes()).count();
        self.line = self
            .line
            .saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX));
        self.at += now.len() as u64;
        self.rest = later;
        Some(item)
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = (u32, u64, Piece<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let content = self.content;
        if matches!(content.store, Store::Held(_)) {
            return self.next_held();
        }
        if self.block >= content.blocks() {
            return None;
        }
        let text = if let Store::Blocks(bodies) = &content.store {
            match bodies.get(self.block)? {
                Body::Plain(text) => Piece::from(text.as_str()),
                packed => Piece::from(packed.text()),
            }
        } else {
            if self.cutter.is_none() {
                self.cutter = content.stream(self.block, Some(&self.pool));
            }
            let cutter = self.cutter.as_mut()?;
            Piece::pooled(content.next_block(cutter, self.block)?, self.pool.clone())
        };
        let (line, at) = content.start(self.block);
        self.block += 1;
        Some((line, at, text))
    }

    /// Blocks that nobody looks at are not read where that can be avoided.
    fn nth(&mut self, skipped: usize) -> Option<Self::Item> {
        if skipped > 0 && !self.content.needs_all_before() {
            self.block = self.block.saturating_add(skipped);
            self.cutter = None;
        } else {
            for _ in 0..skipped {
                self.next()?;
            }
        }
        self.next()
    }
}
