//! The work on one block that any thread can do: hash, lines, UTF-8, packing.

use crate::cut::Pool;

/// What is to be kept of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Nothing: it is read again when asked for, or it is not text.
    Nothing,
    /// The text as it is.
    Plain,
    /// The text, packed.
    Packed,
}

/// The kept text of a block.
#[derive(Debug)]
pub(crate) enum Body {
    /// Nothing was kept.
    Nothing,
    /// As it is.
    Plain(String),
    /// LZ4, and the length of the text.
    Packed(Box<[u8]>, usize),
}

impl Body {
    /// Bytes in memory.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Plain(text) => text.len(),
            Self::Packed(bytes, _) => bytes.len(),
        }
    }

    /// A text, packed.
    pub(crate) fn packed(text: &str) -> Self {
        let packed = lz4_flex::block::compress(text.as_bytes());
        Self::Packed(packed.into_boxed_slice(), text.len())
    }

    /// The text.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Plain(text) => text.clone(),
            // We packed it ourselves from a string: neither step can fail.
            Self::Packed(bytes, length) => lz4_flex::block::decompress(bytes, *length)
                .map(text_of)
                .unwrap_or_default(),
        }
    }
}

/// Where a page begins: a run of whole lines that is read for the sake of one of them. A block is
/// the unit of hashing and packing and too much for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    /// Lines before it: in its block, then in its file.
    pub lines: u32,
    /// Bytes before it in its block.
    pub at: u32,
}

/// Bytes of a page, unless a line is longer. A page costs 8 bytes of memory.
const PAGE: usize = 16 << 10;

/// What is known of a block after the work.
#[derive(Debug)]
pub(crate) struct Block {
    /// BLAKE3 of the bytes.
    pub digest: [u8; 32],
    /// Newlines.
    pub newlines: u32,
    /// Its pages, if nothing of it is kept.
    pub pages: Vec<Page>,
    /// Whether the last line has no newline.
    pub open: bool,
    /// Bytes.
    pub raw_len: u64,
    /// Bytes of the text, which differ where bytes were not UTF-8.
    pub text_len: u64,
    /// What was kept.
    pub body: Body,
}

/// Works on a block; gives the buffer back to the pool when it can.
pub(crate) fn process(raw: Vec<u8>, keep: Keep, pool: &Pool) -> Block {
    let digest = blake3::hash(&raw).into();
    let raw_len = raw.len() as u64;
    let open = raw.last().is_some_and(|last| *last != b'\n');
    let (newlines, pages) = match keep {
        Keep::Nothing => pages(&raw),
        _ => (memchr::memchr_iter(b'\n', &raw).count(), Vec::new()),
    };
    let (text_len, body) = match keep {
        Keep::Nothing => {
            let length = if std::str::from_utf8(&raw).is_ok() {
                raw_len
            } else {
                String::from_utf8_lossy(&raw).len() as u64
            };
            pool.give(raw);
            (length, Body::Nothing)
        }
        Keep::Plain => {
            let mut text = text_of(raw);
            text.shrink_to_fit();
            (text.len() as u64, Body::Plain(text))
        }
        Keep::Packed => {
            let text = text_of(raw);
            (text.len() as u64, pack(text, pool))
        }
    };
    Block {
        digest,
        newlines: u32::try_from(newlines).unwrap_or(u32::MAX),
        pages,
        open,
        raw_len,
        text_len,
        body,
    }
}

/// Counts the newlines of a block, page by page.
fn pages(raw: &[u8]) -> (usize, Vec<Page>) {
    let mut pages = Vec::with_capacity(raw.len() / PAGE + 1);
    let (mut at, mut newlines) = (0, 0);
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        if let (Ok(at), Ok(lines)) = (u32::try_from(at), u32::try_from(newlines)) {
            pages.push(Page { lines, at });
        }
        let head = rest.get(..PAGE).unwrap_or(rest);
        let last = match memchr::memrchr(b'\n', head) {
            Some(last) => Some(last),
            None => memchr::memchr(b'\n', rest),
        };
        let page = last.map_or(rest.len(), |last| last + 1);
        newlines += memchr::memchr_iter(b'\n', rest.get(..page).unwrap_or(rest)).count();
        at += page;
    }
    (newlines, pages)
}

/// Packs a text unless that saves less than a tenth.
fn pack(text: String, pool: &Pool) -> Body {
    let packed = lz4_flex::block::compress(text.as_bytes());
    if packed.len() > text.len() / 10 * 9 {
        return Body::Plain(text);
    }
    let length = text.len();
    pool.give(text.into_bytes());
    Body::Packed(packed.into_boxed_slice(), length)
}

/// Bytes as text; what is not UTF-8 becomes U+FFFD.
pub(crate) fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Text may hold a NUL here and there (cut logs do); a tenth of control bytes is something else.
pub(crate) fn looks_binary(bytes: &[u8]) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pages_begin_at_lines_and_cover_the_block(
            lines in proptest::collection::vec(0_usize..40_000, 0..12),
            open in any::<bool>(),
        ) {
            let mut raw = Vec::new();
            for length in lines {
                raw.extend(std::iter::repeat_n(b'x', length));
                raw.push(b'\n');
            }
            if open {
                raw.extend(b"rest");
            }
            let (newlines, pages) = pages(&raw);
            let count = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').count() - 1;
            prop_assert_eq!(newlines, count(&raw));
            prop_assert_eq!(pages.is_empty(), raw.is_empty());
            for (index, page) in pages.iter().enumerate() {
                let before = &raw[..page.at as usize];
                prop_assert_eq!(index == 0, before.is_empty());
                prop_assert!(before.is_empty() || before.ends_with(b"\n"));
                prop_assert_eq!(page.lines as usize, count(before));
            }
        }
    }
}
