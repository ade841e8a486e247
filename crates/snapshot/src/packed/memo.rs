//! Remembers blocks of YAML with what was packed of them: of replicas side by side most is read and stored once.

use kubeyaml::{Below, Block, Known};

use super::build::{Packer, Piece};

/// Shorter blocks are read as fast as they are found. Property tests write short ones.
const SHORTEST: usize = if cfg!(test) { 2 } else { 48 };
/// Longer ones are hardly ever repeated as a whole; what is in them may be.
const LONGEST: usize = 32 << 10;
/// Keys are told apart by so many numbers.
const SETS: usize = 128;
/// Blocks remembered for one number: a pod's containers have the same keys.
const WAYS: usize = 4;
/// A key whose blocks are never met again is remembered now and then only.
const PATIENCE: u32 = 16;

/// Blocks of the items of one page.
#[derive(Debug, Default)]
pub(crate) struct Memo<'t> {
    sets: Vec<Set<'t>>,
}

#[derive(Debug, Default)]
struct Set<'t> {
    slots: Vec<Slot<'t>>,
    /// The slot that is written next.
    next: usize,
    /// Blocks since one was met again.
    missed: u32,
}

#[derive(Debug)]
struct Slot<'t> {
    text: &'t str,
    place: (usize, usize, usize),
    lines: u32,
    /// What was packed, its line counted from that of the key.
    piece: Piece,
    /// Its body, if that is too short to be shared.
    body: String,
}

fn number(below: &Below<'_>) -> usize {
    let key = below.key.as_bytes();
    let ends = [key.first(), key.get(key.len() / 2), key.last()];
    let mixed = ends
        .iter()
        .fold(key.len() + 31 * below.indent, |mixed, byte| {
            mixed.wrapping_mul(131) + byte.map_or(0, |byte| usize::from(*byte))
        });
    mixed % SETS
}

impl<'t> Memo<'t> {
    pub(crate) fn known(&mut self, below: &Below<'_>, text: &str) -> Option<Known> {
        let number = number(below);
        let set = self.sets.get_mut(number)?;
        let fits = |slot: &Slot<'_>| below.reads_as(slot.place) && text.starts_with(slot.text);
        let way = set.slots.iter().position(fits)?;
        set.missed = 0;
        let slot = set.slots.get(way)?;
        Some(Known {
            place: number * WAYS + way,
            bytes: slot.text.len(),
            lines: slot.lines,
        })
    }

    pub(crate) fn again(&self, known: &Known, line: u32, packer: &mut Packer) -> Option<Piece> {
        let set = self.sets.get(known.place / WAYS)?;
        let slot = set.slots.get(known.place % WAYS)?;
        Some(packer.again(&slot.piece, &slot.body, line))
    }

    /// Takes in a block that was read, and gives what is to stand for it: what other values of the page are as well,
    /// if it was packed to the same (of its text some fields may have been left out).
    pub(crate) fn remember(
        &mut self,
        below: &Below<'_>,
        block: Block<'t>,
        piece: Piece,
        packer: &mut Packer,
    ) -> Piece {
        if !(SHORTEST..=LONGEST).contains(&block.text.len()) {
            return piece;
        }
        if self.sets.is_empty() {
            self.sets.resize_with(SETS, Set::default);
        }
        let Some(set) = self.sets.get_mut(number(below)) else {
            return piece;
        };
        let mut slots = set.slots.iter();
        if let Some(same) = slots.find_map(|slot| packer.instead(piece, &slot.piece)) {
            set.missed = 0;
            return same;
        }
        set.missed = set.missed.saturating_add(1);
        if set.missed > PATIENCE && set.missed % PATIENCE != 0 {
            return piece;
        }
        let piece = packer.share(piece);
        let slot = Slot {
            text: block.text,
            place: (below.indent, below.depth, below.wanted),
            lines: block.lines,
            piece: piece.counted_from(block.line),
            body: String::new(),
        };
        let way = set.next;
        set.next = (way + 1) % WAYS;
        if way >= set.slots.len() {
            set.slots.push(slot);
        } else if let Some(old) = set.slots.get_mut(way) {
            let body = std::mem::take(&mut old.body);
            *old = Slot { body, ..slot };
        }
        if let Some(slot) = set.slots.get_mut(way) {
            slot.body.clear();
            slot.body.push_str(packer.body(&piece));
        }
        piece
    }
}
