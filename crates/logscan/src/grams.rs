//! How often four bytes occur in a sample of the text: the rarest part of a literal is the one to look for.

use crate::literal::Literal;

/// Bits of a gram's hash.
pub(crate) const HASH_BITS: u32 = 18;
/// Both cases of a letter are one in all filters.
const FOLD: u32 = 0x2020_2020;

/// The gram that begins a slice of four bytes, folded.
#[inline]
pub(crate) fn gram(bytes: [u8; 4]) -> u32 {
    u32::from_le_bytes(bytes) | FOLD
}

/// Multiplicative hash of a gram.
#[inline]
pub(crate) fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)
}

/// Words of every kind of log, so that the choice is not blind before any text was seen.
const PRIOR: &[u8] = include_bytes!("prior.txt");
/// Bytes of a sample that are counted; more would not change the order.
const COUNTED: usize = 1 << 20;

/// Counts of four-byte grams, folded, by hash.
pub(crate) struct Grams {
    counts: Vec<u32>,
}

impl Grams {
    /// Counts a sample on top of the built-in one.
    pub(crate) fn of(sample: &[u8]) -> Self {
        let mut grams = Self {
            counts: vec![0; 1 << HASH_BITS],
        };
        grams.add(PRIOR);
        grams.add(sample.get(..COUNTED).unwrap_or(sample));
        grams
    }

    fn add(&mut self, text: &[u8]) {
        for bytes in text.windows(4) {
            if let Ok(bytes) = bytes.try_into() {
                if let Some(count) = self.counts.get_mut(hash(gram(bytes)) as usize) {
                    *count += 1;
                }
            }
        }
    }

    fn count(&self, gram: u32) -> u64 {
        u64::from(self.counts.get(hash(gram) as usize).copied().unwrap_or(0))
    }

    /// The part of `width` bytes of a literal whose grams are rarest, and how often they occur; none if it is shorter.
    pub(crate) fn rarest(&self, literal: &Literal, width: usize) -> Option<(usize, u64)> {
        let folded: Vec<u8> = literal.iter().map(|letter| letter.folded()).collect();
        folded
            .windows(width)
            .map(|window| {
                window
                    .windows(4)
                    .filter_map(|bytes| bytes.try_into().ok())
                    .map(|bytes| self.count(gram(bytes)))
                    .sum()
            })
            .enumerate()
            .min_by_key(|(_, count)| *count)
    }
}
