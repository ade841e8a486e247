//! How often four bytes occur in a sample of the text: the rarest part of a literal is the one to look for.

use crate::{
    engine::SHORTEST,
    literal::{Cost, Letter, Literal},
    window::{NARROW, WIDTH},
};

/// Bits of a gram's hash.
const HASH_BITS: u32 = 18;
/// Both cases of a letter are one in all filters.
const FOLD: u32 = 0x2020_2020;

/// The gram that begins a slice of four bytes, folded.
#[inline]
pub(crate) fn gram(bytes: [u8; 4]) -> u32 {
    u32::from_le_bytes(bytes) | FOLD
}

/// The first three bytes of a gram.
const LOW: u32 = 0x00FF_FFFF;

/// Multiplicative hash of a gram.
#[inline]
fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)
}

/// Words of every kind of log, so that the choice is not blind before any text was seen.
const PRIOR: &[u8] = include_bytes!("prior.txt");
/// Bytes of a sample that are counted; more would not change the order.
const COUNTED: usize = 1 << 20;

/// What a literal costs in grams seen even if it never occurs: it fills the filter.
const RENT: u64 = 4;

/// Counts of four-byte grams, folded, by hash.
pub(crate) struct Grams {
    counts: Vec<u32>,
    /// The same for three bytes.
    threes: Vec<u32>,
    /// How often each byte occurs, folded.
    bytes: [u32; 256],
}

impl Grams {
    /// Counts a sample on top of the built-in one.
    pub(crate) fn of(sample: &[u8]) -> Self {
        let mut grams = Self {
            counts: vec![0; 1 << HASH_BITS],
            threes: vec![0; 1 << HASH_BITS],
            bytes: [1; 256],
        };
        grams.add(PRIOR);
        grams.add(sample.get(..COUNTED).unwrap_or(sample));
        grams
    }

    fn add(&mut self, text: &[u8]) {
        for byte in text {
            self.bytes[usize::from(byte | 0x20)] += 1;
        }
        for bytes in text.windows(4) {
            let Ok(bytes) = bytes.try_into() else {
                continue;
            };
            let gram = gram(bytes);
            for (counts, gram) in [(&mut self.counts, gram), (&mut self.threes, gram & LOW)] {
                if let Some(count) = counts.get_mut(hash(gram) as usize) {
                    *count += 1;
                }
            }
        }
    }

    /// How often the first three of the letters occur.
    pub(crate) fn three(&self, letters: &[Letter]) -> u32 {
        let mut bytes = [0; 4];
        for (byte, letter) in bytes.iter_mut().zip(letters) {
            *byte = letter.byte;
        }
        let place = hash(gram(bytes) & LOW) as usize;
        self.threes.get(place).copied().unwrap_or(0)
    }

    /// How often each byte occurs, all cases as one.
    pub(crate) fn bytes(&self) -> &[u32; 256] {
        &self.bytes
    }

    fn count(&self, gram: u32) -> u64 {
        u64::from(self.counts.get(hash(gram) as usize).copied().unwrap_or(0))
    }

    /// The part of `width` bytes of a literal whose grams are rarest, and how often they occur; none if it is shorter.
    pub(crate) fn rarest(&self, literal: &[Letter], width: usize) -> Option<(usize, u64)> {
        let counts: Vec<u64> = literal
            .windows(4)
            .map(|letters| {
                let mut bytes = [0; 4];
                for (byte, letter) in bytes.iter_mut().zip(letters) {
                    *byte = letter.byte;
                }
                self.count(gram(bytes))
            })
            .collect();
        if width < 4 || literal.len() < width {
            return (literal.len() >= width).then_some((0, 0));
        }
        counts
            .windows(width - 3)
            .map(|window| window.iter().sum())
            .enumerate()
            .min_by_key(|(_, count)| *count)
    }

    /// What it costs to look for a set of literals: whether all are long, then how often the best windows occur.
    pub(crate) fn cost(&self, set: &[Literal]) -> Cost {
        let shortest = set.iter().map(Vec::len).min().unwrap_or(0);
        let lane = match shortest {
            WIDTH.. => 0,
            NARROW.. => 1,
            4 => 2,
            SHORTEST => 3,
            _ => 4,
        };
        let often = set.iter().map(|literal| self.often(literal) + RENT).sum();
        (lane, often)
    }

    fn often(&self, literal: &Literal) -> u64 {
        let width = literal.len().min(WIDTH);
        if width < 4 {
            return u64::from(self.three(literal));
        }
        self.rarest(literal, width).map_or(0, |(_, count)| count)
    }
}
