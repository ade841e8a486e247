//! The filter: one sampled gram in every few bytes says whether any of many literals may begin nearby.

use crate::{
    engine::{Batch, Wanted},
    grams::{Grams, gram},
    literal::{Letter, Literal},
};

/// Bytes of a window, where literals allow it: each holds a gram whole if every fifth is sampled.
pub(crate) const WIDTH: usize = 8;
/// The narrowest window for grams of four bytes; below, grams have three.
pub(crate) const NARROW: usize = 5;

/// Bits of a gram's hash: the bitmap, the text's block and its copy share the nearest cache.
const BITS: u32 = 18;

/// A gram's place in the bitmap.
#[inline]
fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x9E37_79B1) >> (32 - BITS)
}

/// One literal at one of the distances a sample may have from its window's start.
#[derive(Debug, Clone)]
struct Entry {
    /// Folded bytes of the window, the first in the lowest byte.
    window: u64,
    /// Bytes from the window's start to the gram.
    shift: u32,
    /// Index into `needles`.
    needle: u32,
}

#[derive(Debug)]
struct Needle {
    literal: Literal,
    /// Where its window begins.
    window: usize,
    wanted: Wanted,
}

/// A filter for literals of at least `stride + gram - 1` bytes.
#[derive(Debug)]
pub(crate) struct Window {
    /// A bit for every gram's hash.
    bits: Box<[u64; 1 << (BITS - 6)]>,
    /// Bits set before each word of `bits`: a set bit's rank is its hash's place in `first`.
    ranks: Vec<u32>,
    /// First entry of each hash that occurs, and the end of the last.
    first: Vec<u32>,
    entries: Vec<Entry>,
    needles: Vec<Needle>,
    stride: usize,
    /// Bytes that count of a gram: all four, or three.
    gram_mask: u32,
    /// The bytes of a `u64` that a window has.
    mask: u64,
    width: usize,
}

impl Window {
    /// A filter for literals that all have at least three bytes.
    pub(crate) fn new(literals: &[(Literal, Wanted)], grams: &Grams) -> Option<Self> {
        let shortest = literals.iter().map(|(literal, _)| literal.len()).min()?;
        let width = shortest.clamp(3, WIDTH);
        let size = if width >= NARROW { 4 } else { 3 };
        let mut window = Self {
            bits: vec![0; 1 << (BITS - 6)]
                .into_boxed_slice()
                .try_into()
                .ok()?,
            ranks: Vec::new(),
            first: Vec::new(),
            entries: Vec::new(),
            needles: Vec::new(),
            stride: width + 1 - size,
            gram_mask: if size == 4 { u32::MAX } else { 0x00FF_FFFF },
            mask: u64::MAX >> (64 - 8 * width),
            width,
        };
        for (literal, wanted) in literals {
            let (at, _) = grams.rarest(literal, width)?;
            window.add(literal, at, *wanted);
        }
        window.index();
        Some(window)
    }

    fn add(&mut self, literal: &Literal, at: usize, wanted: Wanted) {
        let mut bytes = [0_u8; 8];
        for (byte, letter) in bytes.iter_mut().zip(&literal[at..at + self.width]) {
            *byte = letter.folded();
        }
        let window = u64::from_le_bytes(bytes);
        let needle = u32::try_from(self.needles.len()).unwrap_or(u32::MAX);
        for shift in (0_u32..).take(self.stride) {
            let entry = Entry {
                window,
                shift,
                needle,
            };
            let place = self.place(&entry);
            self.bits[(place >> 6) as usize] |= 1 << (place & 63);
            self.entries.push(entry);
        }
        self.needles.push(Needle {
            literal: literal.clone(),
            window: at,
            wanted,
        });
    }

    /// The hash of the gram that an entry has at its distance.
    fn place(&self, entry: &Entry) -> u32 {
        hash(low(entry.window >> (8 * entry.shift)) & self.gram_mask)
    }

    /// Sorts the entries by hash and notes where each hash begins.
    fn index(&mut self) {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_by_key(|entry| (self.place(entry), entry.window, entry.needle));
        let mut sum = 0;
        for word in self.bits.iter() {
            self.ranks.push(sum);
            sum += word.count_ones();
        }
        let mut first = Vec::new();
        let mut last = None;
        for (at, entry) in (0_u32..).zip(&entries) {
            let place = self.place(entry);
            if last.replace(place) != Some(place) {
                first.push(at);
            }
        }
        first.push(u32::try_from(entries.len()).unwrap_or(u32::MAX));
        self.entries = entries;
        self.first = first;
    }

    /// Notes each line of the block that holds a literal, for the literal's pattern.
    pub(crate) fn collect(&self, block: &[u8], places: &mut Vec<usize>, batch: &mut Batch) {
        places.clear();
        match self.stride {
            1 => self.sift::<1, 12>(block, places),
            2 => self.sift::<2, 20>(block, places),
            3 => self.sift::<3, 28>(block, places),
            4 => self.sift::<4, 36>(block, places),
            _ => self.sift::<5, 44>(block, places),
        }
        for &place in &*places {
            self.resolve(block, place, batch);
        }
    }

    /// The places of the sampled grams that some literal has. `GROUP` is eight strides and a gram.
    fn sift<const STRIDE: usize, const GROUP: usize>(&self, block: &[u8], places: &mut Vec<usize>) {
        let mut at = 0;
        while let Some(group) = block.get(at..).and_then(|rest| rest.first_chunk::<GROUP>()) {
            let bytes = |turn: usize| {
                let from = turn * STRIDE;
                [
                    group[from],
                    group[from + 1],
                    group[from + 2],
                    group[from + 3],
                ]
            };
            // One branch for eight tests; which of them it was is asked again only if one was.
            let mut hits = 0;
            for turn in 0..8 {
                hits |= self.test(bytes(turn));
            }
            if hits & 1 != 0 {
                self.name::<STRIDE, GROUP>(group, at, places);
            }
            at += 8 * STRIDE;
        }
        while at + 3 <= block.len() {
            if self.test(gram_bytes(block, at)) & 1 != 0 {
                places.push(at);
            }
            at += STRIDE;
        }
    }

    /// Which of a group's grams some literal has. Apart from the loop, which would keep all that this needs at hand.
    #[inline(never)]
    fn name<const STRIDE: usize, const GROUP: usize>(
        &self,
        group: &[u8; GROUP],
        at: usize,
        places: &mut Vec<usize>,
    ) {
        for bytes in (0..8).map(|turn| turn * STRIDE) {
            if self.test(gram_bytes(group, bytes)) & 1 != 0 {
                places.push(at + bytes);
            }
        }
    }

    /// The lowest bit says whether some literal has the gram.
    #[inline]
    fn test(&self, bytes: [u8; 4]) -> u64 {
        let place = hash(gram(bytes) & self.gram_mask);
        self.bits[(place >> 6) as usize] >> (place & 63)
    }

    /// Compares what surrounds a sampled gram with the literals that have it.
    fn resolve(&self, block: &[u8], place: usize, batch: &mut Batch) {
        let found = gram(gram_bytes(block, place)) & self.gram_mask;
        let place_of = hash(found);
        let word = (place_of >> 6) as usize;
        let below = self.bits[word] & ((1 << (place_of & 63)) - 1);
        let rank = (self.ranks[word] + below.count_ones()) as usize;
        let range = self.first[rank] as usize..self.first[rank + 1] as usize;
        for entry in &self.entries[range] {
            let Some(start) = place.checked_sub(entry.shift as usize) else {
                continue;
            };
            let near = eight(block, start) | 0x2020_2020_2020_2020;
            if (near ^ entry.window) & self.mask != 0 {
                continue;
            }
            let needle = &self.needles[entry.needle as usize];
            if let Some(start) = start.checked_sub(needle.window)
                && is_at(&needle.literal, block, start)
            {
                batch.found(block, start, &needle.literal, needle.wanted);
            }
        }
    }
}

/// Whether a literal stands at a place.
pub(crate) fn is_at(literal: &[Letter], block: &[u8], start: usize) -> bool {
    block.get(start..start + literal.len()).is_some_and(|text| {
        literal
            .iter()
            .zip(text)
            .all(|(letter, byte)| letter.is(*byte))
    })
}

/// The first four of eight bytes.
fn low(bytes: u64) -> u32 {
    let [a, b, c, d, ..] = bytes.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Four bytes from a place on, with zeros beyond the end.
fn gram_bytes(block: &[u8], at: usize) -> [u8; 4] {
    let rest = block.get(at..).unwrap_or(&[]);
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut bytes = [0; 4];
        for (byte, known) in bytes.iter_mut().zip(rest) {
            *byte = *known;
        }
        bytes
    })
}

/// Eight bytes from a place on as a number, with zeros beyond the end.
fn eight(block: &[u8], at: usize) -> u64 {
    let rest = block.get(at..).unwrap_or(&[]);
    let bytes = rest.first_chunk().copied().unwrap_or_else(|| {
        let mut bytes = [0; 8];
        for (byte, known) in bytes.iter_mut().zip(rest) {
            *byte = *known;
        }
        bytes
    });
    u64::from_le_bytes(bytes)
}
