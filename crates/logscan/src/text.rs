//! Cuts text at line ends: lines within a block, blocks within a chunk, chunks within a file.

use memchr::{memchr, memchr_iter, memrchr};

/// A piece of a text that begins and ends at line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk<'t> {
    /// The bytes, the newline of the last line included where there is one.
    pub bytes: &'t [u8],
    /// Where it begins in the text.
    pub offset: usize,
    /// Number of its first line; the text's first line is 1.
    pub first_line: u64,
}

/// Cuts a text into chunks of about `size` bytes, each a whole number of lines.
///
/// A line that is longer than `size` makes its chunk longer, never two chunks. Lines are counted on the way
/// (some 25 GB/s), so that chunks can be scanned in any order and on any thread.
pub fn chunks(text: &[u8], size: usize) -> Chunks<'_> {
    Chunks {
        text,
        size: size.max(1),
        offset: 0,
        line: 1,
    }
}

/// The chunks of a text; see [`chunks`].
#[derive(Debug, Clone)]
pub struct Chunks<'t> {
    text: &'t [u8],
    size: usize,
    offset: usize,
    line: u64,
}

impl<'t> Iterator for Chunks<'t> {
    type Item = Chunk<'t>;

    fn next(&mut self) -> Option<Chunk<'t>> {
        let rest = self
            .text
            .get(self.offset..)
            .filter(|rest| !rest.is_empty())?;
        let end = cut(rest, self.size);
        let bytes = rest.get(..end).unwrap_or(rest);
        let chunk = Chunk {
            bytes,
            offset: self.offset,
            first_line: self.line,
        };
        self.offset += bytes.len();
        self.line += newlines(bytes);
        Some(chunk)
    }
}

/// The length of the longest run of whole lines within `size` bytes, or of the first line if that is longer.
pub(crate) fn cut(text: &[u8], size: usize) -> usize {
    let Some(head) = text.get(..size).filter(|head| head.len() < text.len()) else {
        return text.len();
    };
    if let Some(end) = memrchr(b'\n', head) {
        return end + 1;
    }
    let tail = text.get(size..).unwrap_or(&[]);
    memchr(b'\n', tail).map_or(text.len(), |end| size + end + 1)
}

/// How many lines end in the text.
pub(crate) fn newlines(text: &[u8]) -> u64 {
    memchr_iter(b'\n', text).count() as u64
}

/// A line's place in a block, without its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub start: usize,
    pub end: usize,
}

/// The line that holds the byte at `at`; a newline belongs to the line it ends.
pub(crate) fn line_at(block: &[u8], at: usize) -> Span {
    let (head, tail) = block.split_at(at.min(block.len()));
    let start = memrchr(b'\n', head).map_or(0, |newline| newline + 1);
    let end = memchr(b'\n', tail).map_or(block.len(), |newline| at + newline);
    Span { start, end }
}

/// The bytes of a line without `\r` of a `\r\n`.
pub(crate) fn content(block: &[u8], line: Span) -> &[u8] {
    let bytes = block.get(line.start..line.end).unwrap_or(&[]);
    match bytes.split_last() {
        Some((b'\r', head)) if line.end < block.len() => head,
        _ => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_whole_lines_and_know_their_number() {
        let text = b"one\ntwo\r\n\nfour is long\nfive";
        for size in 1..40 {
            let all: Vec<Chunk<'_>> = chunks(text, size).collect();
            let joined: Vec<u8> = all.iter().flat_map(|chunk| chunk.bytes).copied().collect();
            assert_eq!(joined, text);
            for chunk in all {
                assert_eq!(&text[chunk.offset..][..chunk.bytes.len()], chunk.bytes);
                assert_eq!(chunk.first_line, 1 + newlines(&text[..chunk.offset]));
                assert!(chunk.offset == 0 || text[chunk.offset - 1] == b'\n');
            }
        }
        assert_eq!(chunks(b"", 10).count(), 0);
    }

    #[test]
    fn a_line_is_found_from_any_of_its_bytes() {
        let block = b"ab\r\n\ncd";
        for (at, text) in [
            (0, "ab"),
            (3, "ab"),
            (4, ""),
            (5, "cd"),
            (6, "cd"),
            (7, "cd"),
        ] {
            assert_eq!(content(block, line_at(block, at)), text.as_bytes(), "{at}");
        }
        assert_eq!(content(b"x\r", line_at(b"x\r", 0)), b"x\r");
    }
}
