//! Turns text with a byte order mark into plain UTF-8: PowerShell redirects write UTF-16.

use std::io::Read;

/// How a text file is encoded, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8, or bytes that are taken as such.
    Utf8,
    /// UTF-8 after a byte order mark.
    Utf8Mark,
    /// UTF-16, little end first.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
}

impl Encoding {
    /// Reads the byte order mark.
    pub(crate) fn sniff(head: &[u8]) -> Self {
        match head {
            [0xef, 0xbb, 0xbf, ..] => Self::Utf8Mark,
            // Four bytes of UTF-32 begin the same way; nothing that we know writes it.
            [0xff, 0xfe, 0, 0, ..] => Self::Utf8,
            [0xff, 0xfe, ..] => Self::Utf16Le,
            [0xfe, 0xff, ..] => Self::Utf16Be,
            _ => Self::Utf8,
        }
    }

    /// Bytes of the mark.
    pub(crate) fn mark(self) -> usize {
        match self {
            Self::Utf8 => 0,
            Self::Utf8Mark => 3,
            Self::Utf16Le | Self::Utf16Be => 2,
        }
    }

    /// Whether a place in the text is the same place in the bytes, but for the mark.
    pub(crate) fn is_bytes(self) -> bool {
        matches!(self, Self::Utf8 | Self::Utf8Mark)
    }
}

/// Decodes a stream that begins after its mark.
pub(crate) fn decode<'a>(
    encoding: Encoding,
    input: impl Read + Send + 'a,
) -> Box<dyn Read + Send + 'a> {
    match encoding {
        Encoding::Utf8 | Encoding::Utf8Mark => Box::new(input),
        Encoding::Utf16Le | Encoding::Utf16Be => Box::new(Utf16 {
            input,
            big: encoding == Encoding::Utf16Be,
            raw: Vec::new(),
            text: Vec::new(),
            at: 0,
        }),
    }
}

struct Utf16<R> {
    input: R,
    big: bool,
    /// Bytes that do not make a character yet.
    raw: Vec<u8>,
    text: Vec<u8>,
    at: usize,
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.text.len() && !buf.is_empty() {
            self.refill()?;
        }
        let rest = self.text.get(self.at..).unwrap_or(&[]);
        let count = rest.len().min(buf.len());
        buf[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

impl<R: Read> Utf16<R> {
    fn refill(&mut self) -> std::io::Result<()> {
        const STEP: usize = 32 << 10;
        self.text.clear();
        self.at = 0;
        let before = self.raw.len();
        self.input
            .by_ref()
            .take(STEP as u64)
            .read_to_end(&mut self.raw)?;
        let ended = self.raw.len() - before < STEP;
        let mut units: Vec<u16> = self
            .raw
            .as_chunks::<2>()
            .0
            .iter()
            .map(|pair| {
                if self.big {
                    u16::from_be_bytes(*pair)
                } else {
                    u16::from_le_bytes(*pair)
                }
            })
            .collect();
        let odd = self.raw.len() % 2;
        // The first half of a pair waits for the second.
        let waits = !ended && units.last().is_some_and(|u| (0xd800..0xdc00).contains(u));
        if waits {
            units.pop();
        }
        let keep = odd + if waits { 2 } else { 0 };
        for unit in char::decode_utf16(units) {
            let unit = unit.unwrap_or(char::REPLACEMENT_CHARACTER);
            let mut bytes = [0; 4];
            self.text
                .extend_from_slice(unit.encode_utf8(&mut bytes).as_bytes());
        }
        self.raw.drain(..self.raw.len() - keep);
        if ended && odd == 1 {
            self.raw.clear();
            self.text.extend_from_slice("\u{fffd}".as_bytes());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> String {
        let encoding = Encoding::sniff(bytes);
        let mut text = String::new();
        decode(encoding, &bytes[encoding.mark()..])
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    proptest! {
        #[test]
        fn utf16_reads_back(text in "\\PC*(\n\\PC*){0,3}", big in any::<bool>()) {
            let mut bytes = if big { vec![0xfe, 0xff] } else { vec![0xff, 0xfe] };
            for unit in text.encode_utf16() {
                bytes.extend(if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
            }
            prop_assume!(bytes.get(2..4) != Some(&[0, 0]));
            prop_assert_eq!(read(&bytes), text);
        }

        #[test]
        fn any_units_decode(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut input = vec![0xff, 0xfe, 1];
            input.extend(bytes);
            read(&input);
        }
    }
}
