//! Cuts a stream into blocks that end at newlines; where it cuts depends on the bytes alone, never on how they arrive.

use std::io::Read;

/// Blocks are the unit of hashing, packing and finding lines again. 256 KiB packs as well as
/// 1 MiB does (LZ4 looks back 64 KiB) and is a quarter of the work when one line is quoted.
pub(crate) const BLOCK: usize = 256 << 10;

/// One block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Offset of its first byte in the stream.
    pub raw: u64,
    /// The longest run of whole lines that fits a block; one longer line; or the rest.
    pub bytes: Vec<u8>,
    /// Bytes of an overlong line that were dropped before its newline.
    pub dropped: u64,
}

/// Reads blocks.
pub(crate) struct Cutter<R> {
    input: R,
    carry: Vec<u8>,
    raw: u64,
    line_limit: usize,
    ended: bool,
    error: Option<std::io::Error>,
}

impl<R: Read> Cutter<R> {
    /// `raw` is the offset at which the stream stands, at the start of a block.
    pub(crate) fn new(input: R, raw: u64, line_limit: usize) -> Self {
        Self {
            input,
            carry: Vec::new(),
            raw,
            line_limit: line_limit.max(BLOCK),
            ended: false,
            error: None,
        }
    }

    /// The next block. An error of the stream ends it; what came before the error is given first.
    pub(crate) fn next(&mut self) -> Option<Cut> {
        let mut bytes = std::mem::take(&mut self.carry);
        self.fill(&mut bytes, BLOCK);
        if bytes.is_empty() {
            return None;
        }
        let mut dropped = 0;
        if !self.ended {
            match memchr::memrchr(b'\n', &bytes) {
                Some(at) => self.carry = bytes.split_off(at + 1),
                None => dropped = self.long_line(&mut bytes),
            }
        }
        let cut = Cut {
            raw: self.raw,
            dropped,
            bytes,
        };
        self.raw += cut.bytes.len() as u64 + dropped;
        Some(cut)
    }

    /// Whether the block just given was the last.
    pub(crate) fn at_end(&self) -> bool {
        self.ended && self.carry.is_empty()
    }

    /// What ended the stream, if not its end.
    pub(crate) fn error(self) -> Option<std::io::Error> {
        self.error
    }

    /// Extends one line to its newline or to the limit; gives the number of dropped bytes.
    fn long_line(&mut self, bytes: &mut Vec<u8>) -> u64 {
        while !self.ended && bytes.len() < self.line_limit {
            let seen = bytes.len();
            self.fill(bytes, (seen + BLOCK).min(self.line_limit));
            let found = bytes.get(seen..).and_then(|new| memchr::memchr(b'\n', new));
            if let Some(at) = found {
                self.carry = bytes.split_off(seen + at + 1);
                return 0;
            }
        }
        let mut dropped = 0;
        let mut rest = Vec::new();
        while !self.ended {
            rest.clear();
            self.fill(&mut rest, BLOCK);
            if let Some(at) = memchr::memchr(b'\n', &rest) {
                // The newline belongs to the block: it was not dropped.
                bytes.push(b'\n');
                self.carry = rest.split_off(at + 1);
                return dropped + at as u64;
            }
            dropped += rest.len() as u64;
        }
        dropped
    }

    fn fill(&mut self, bytes: &mut Vec<u8>, size: usize) {
        let Some(missing) = size.checked_sub(bytes.len()) else {
            return;
        };
        if self.ended || missing == 0 {
            return;
        }
        let before = bytes.len();
        // Not the whole block: most files are far smaller, and it grows by doubling.
        bytes.reserve(missing.min(16 << 10));
        let result = self.input.by_ref().take(missing as u64).read_to_end(bytes);
        if let Err(error) = result {
            self.error = Some(error);
            self.ended = true;
        } else if bytes.len() - before < missing {
            self.ended = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives a few bytes at a time.
    struct Dribble<'a>(&'a [u8], usize);

    impl Read for Dribble<'_> {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            let count = self.1.min(buf.len()).min(self.0.len());
            let (now, later) = self.0.split_at(count);
            buf[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    fn cuts(input: impl Read, raw: u64, limit: usize) -> Vec<Cut> {
        let mut cutter = Cutter::new(input, raw, limit);
        std::iter::from_fn(|| cutter.next()).collect()
    }

    #[test]
    fn blocks_join_to_the_whole_and_are_found_again_by_offset() {
        let mut text = Vec::new();
        for n in 0..60_000_usize {
            let long = if n % 20_000 == 7 { 400_000 } else { n % 40 };
            text.extend(std::iter::repeat_n(b'a' + u8::from(n % 2 == 0), long));
            text.push(b'\n');
        }
        text.extend(b"no end");
        let all = cuts(text.as_slice(), 0, usize::MAX);
        assert_eq!(all, cuts(Dribble(&text, 777), 0, usize::MAX));
        let joined: Vec<u8> = all.iter().flat_map(|cut| cut.bytes.clone()).collect();
        assert_eq!(joined, text);
        for cut in &all {
            let at = usize::try_from(cut.raw).unwrap();
            let again = cuts(&text[at..], cut.raw, usize::MAX);
            assert_eq!(&again[0], cut);
        }
    }

    #[test]
    fn an_overlong_line_keeps_its_number_and_loses_its_tail() {
        let mut text = vec![b'x'; 3 * BLOCK + 5];
        text.extend(b"\nnext\n");
        let all = cuts(text.as_slice(), 0, BLOCK + 10);
        assert_eq!(all[0].bytes.len(), BLOCK + 11);
        assert_eq!(all[0].dropped, (2 * BLOCK - 5) as u64);
        assert_eq!(all[1].bytes, b"next\n");
        assert_eq!(all[1].raw, (3 * BLOCK + 6) as u64);
    }

    proptest! {
        #[test]
        fn lossy_block_by_block_is_lossy_as_a_whole(
            pieces in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..9), 0_usize..60_000), 1..12)
        ) {
            let mut text = Vec::new();
            for (piece, times) in pieces {
                let room = 3 * BLOCK - text.len().min(3 * BLOCK);
                text.extend(piece.iter().cycle().take((piece.len() * times).min(room)));
                text.push(b'\n');
            }
            let by_block: String = cuts(text.as_slice(), 0, usize::MAX)
                .iter()
                .map(|cut| String::from_utf8_lossy(&cut.bytes).into_owned())
                .collect();
            prop_assert_eq!(by_block, String::from_utf8_lossy(&text).into_owned());
        }
    }
}
