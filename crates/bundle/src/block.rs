//! The work on one block that any thread can do: hash, lines, UTF-8, packing.

use sha2::{Digest, Sha256};

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

/// What is known of a block after the work.
#[derive(Debug)]
pub(crate) struct Block {
    /// SHA-256 of the bytes.
    pub digest: [u8; 32],
    /// Newlines.
    pub newlines: u32,
    /// Whether the last line has no newline.
    pub open: bool,
    /// Bytes.
    pub raw_len: u64,
    /// Bytes of the text, which differ where bytes were not UTF-8.
    pub text_len: u64,
    /// What was kept.
    pub body: Body,
}

/// Works on a block.
pub(crate) fn process(raw: Vec<u8>, keep: Keep) -> Block {
    let digest = Sha256::digest(&raw).into();
    let raw_len = raw.len() as u64;
    let newlines = memchr::memchr_iter(b'\n', &raw).count();
    let open = raw.last().is_some_and(|last| *last != b'\n');
    let (text_len, body) = match keep {
        Keep::Nothing => {
            let length = if std::str::from_utf8(&raw).is_ok() {
                raw_len
            } else {
                String::from_utf8_lossy(&raw).len() as u64
            };
            (length, Body::Nothing)
        }
        Keep::Plain => {
            let mut text = text_of(raw);
            text.shrink_to_fit();
            (text.len() as u64, Body::Plain(text))
        }
        Keep::Packed => {
            let text = text_of(raw);
            (text.len() as u64, pack(text))
        }
    };
    Block {
        digest,
        newlines: u32::try_from(newlines).unwrap_or(u32::MAX),
        open,
        raw_len,
        text_len,
        body,
    }
}

/// Packs a text unless that saves less than a tenth.
fn pack(text: String) -> Body {
    let packed = lz4_flex::block::compress(text.as_bytes());
    if packed.len() > text.len() / 10 * 9 {
        return Body::Plain(text);
    }
    Body::Packed(packed.into_boxed_slice(), text.len())
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
