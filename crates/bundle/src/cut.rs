//! Cuts a stream into blocks that end at newlines; where it cuts depends on the bytes alone, never on how they arrive.

use std::{
    io::Read,
    sync::{Arc, Mutex, PoisonError},
};

use crate::limits::SMALL;

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

/// Buffers of blocks that were worked on, for the blocks to come: neither allocated nor zeroed anew.
#[derive(Debug, Default)]
pub(crate) struct Pool(Mutex<Vec<Vec<u8>>>);

impl Pool {
    /// Buffers kept. Each thread that reads has two in use.
    const KEPT: usize = 16;

    fn take(&self) -> Vec<u8> {
        let mut buffers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buffers.pop().unwrap_or_default()
    }

    /// Takes a buffer back, unless it is a small one or that of an overlong line. One that is used again is neither
    /// asked of the system nor cold.
    pub(crate) fn give(&self, buffer: Vec<u8>) {
        if (BLOCK..=2 * BLOCK).contains(&buffer.capacity()) {
            let mut buffers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if buffers.len() < Self::KEPT {
                buffers.push(buffer);
            }
        }
    }
}

/// Reads blocks.
pub(crate) struct Cutter<R> {
    input: R,
    /// Its first `carried` bytes begin the next block.
    carry: Vec<u8>,
    carried: usize,
    pool: Option<Arc<Pool>>,
    /// Bytes that are likely to follow.
    likely: u64,
    raw: u64,
    line_limit: usize,
    ended: bool,
    error: Option<std::io::Error>,
}

impl<R: Read> Cutter<R> {
    /// `raw` is the offset at which the stream stands, at the start of a block; `likely` says how
    /// many bytes follow, if that is known, and only saves work. With a pool, buffers come from
    /// there; without one the stream is asked to fill memory that was never zeroed, which files can.
    pub(crate) fn new(
        input: R,
        raw: u64,
        line_limit: usize,
        likely: u64,
        pool: Option<Arc<Pool>>,
    ) -> Self {
        Self {
            input,
            carry: Vec::new(),
            carried: 0,
            pool,
            likely,
            raw,
            line_limit: line_limit.max(BLOCK),
            ended: false,
            error: None,
        }
    }

    /// The next block. An error of the stream ends it; what came before the error is given first.
    pub(crate) fn next(&mut self) -> Option<Cut> {
        let mut bytes = std::mem::take(&mut self.carry);
        let carried = std::mem::take(&mut self.carried);
        if bytes.is_empty()
            && self.likely > SMALL as u64
            && let Some(pool) = &self.pool
        {
            bytes = pool.take();
        }
        self.fill(&mut bytes, carried, BLOCK);
        if bytes.is_empty() {
            return None;
        }
        let mut dropped = 0;
        if !self.ended {
            match memchr::memrchr(b'\n', &bytes) {
                Some(at) => self.carry(&mut bytes, at + 1),
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
        self.ended && self.carried == 0
    }

    /// What ended the stream, if not its end.
    pub(crate) fn error(self) -> Option<std::io::Error> {
        self.error
    }

    /// Keeps what follows `at` for the next block.
    fn carry(&mut self, bytes: &mut Vec<u8>, at: usize) {
        let rest = bytes.get(at..).unwrap_or(&[]);
        let mut carry = self.pool.as_deref().map(Pool::take).unwrap_or_default();
        if self.pool.is_none() {
            carry.reserve_exact(self.room(rest.len(), BLOCK));
        }
        if carry.len() < rest.len() {
            carry.resize(rest.len(), 0);
        }
        if let Some(place) = carry.get_mut(..rest.len()) {
            place.copy_from_slice(rest);
        }
        self.carried = rest.len();
        self.carry = carry;
        bytes.truncate(at);
    }

    /// Extends one line to its newline or to the limit; gives the number of dropped bytes.
    fn long_line(&mut self, bytes: &mut Vec<u8>) -> u64 {
        while !self.ended && bytes.len() < self.line_limit {
            let seen = bytes.len();
            self.fill(bytes, seen, (seen + BLOCK).min(self.line_limit));
            let found = bytes.get(seen..).and_then(|new| memchr::memchr(b'\n', new));
            if let Some(at) = found {
                self.carry(bytes, seen + at + 1);
                return 0;
            }
        }
        let mut dropped = 0;
        let mut rest = Vec::new();
        while !self.ended {
            self.fill(&mut rest, 0, BLOCK);
            if let Some(at) = memchr::memchr(b'\n', &rest) {
                // The newline belongs to the block: it was not dropped.
                bytes.push(b'\n');
                self.carry(&mut rest, at + 1);
                return dropped + at as u64;
            }
            dropped += rest.len() as u64;
        }
        dropped
    }

    /// How much room to make for `size` bytes of which `filled` are there: one byte more than is
    /// likely, because only a read that gives nothing tells the end.
    fn room(&self, filled: usize, size: usize) -> usize {
        const UNKNOWN: usize = 16 << 10;
        let likely = match usize::try_from(self.likely).unwrap_or(usize::MAX) {
            0 => UNKNOWN,
            likely => likely.saturating_add(1),
        };
        size.min(filled.saturating_add(likely))
    }

    /// Reads behind the first `filled` bytes until there are `size`, and cuts off what is not filled.
    fn fill(&mut self, bytes: &mut Vec<u8>, filled: usize, size: usize) {
        let mut at = filled;
        if !self.ended && at < size {
            if self.pool.is_some() {
                at = self.read(bytes, filled, size);
            } else {
                bytes.truncate(filled);
                bytes.reserve_exact(self.room(filled, size).saturating_sub(filled));
                let missing = (size - filled) as u64;
                let result = self.input.by_ref().take(missing).read_to_end(bytes);
                at = bytes.len();
                self.error = result.err();
            }
            self.ended = self.error.is_some() || at < size;
            self.likely = self.likely.saturating_sub((at - filled) as u64);
        }
        bytes.truncate(at);
    }

    /// Reads into a buffer that may be longer than what is filled; gives how much is.
    fn read(&mut self, bytes: &mut Vec<u8>, mut filled: usize, size: usize) -> usize {
        let mut room = self.room(filled, size);
        while filled < size {
            if filled == room {
                room = size.min(room.saturating_mul(2));
            }
            if bytes.len() < room {
                bytes.reserve_exact(room - bytes.len());
                bytes.resize(room, 0);
            }
            let Some(free) = bytes.get_mut(filled..room) else {
                break;
            };
            match self.input.read(free) {
                Ok(0) => break,
                Ok(count) => filled = room.min(filled + count),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.error = Some(error);
                    break;
                }
            }
        }
        filled
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
        let mut cutter = Cutter::new(input, raw, limit, 0, None);
        std::iter::from_fn(|| cutter.next()).collect()
    }

    /// With used buffers, and a length that may be wrong.
    fn pooled(input: impl Read, limit: usize, likely: u64) -> Vec<Cut> {
        let pool = Arc::<Pool>::default();
        let mut cutter = Cutter::new(input, 0, limit, likely, Some(pool.clone()));
        let mut all = Vec::new();
        while let Some(cut) = cutter.next() {
            let mut used = Vec::with_capacity(BLOCK);
            used.extend_from_slice(&cut.bytes[..cut.bytes.len().min(BLOCK)]);
            pool.give(used);
            all.push(cut);
        }
        all
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
        for likely in [0, 1, 100_000, text.len() as u64, u64::MAX] {
            assert_eq!(all, pooled(text.as_slice(), usize::MAX, likely));
            assert_eq!(all, pooled(Dribble(&text, 777), usize::MAX, likely));
        }
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
        assert_eq!(all, pooled(text.as_slice(), BLOCK + 10, 9_999));
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
