//! Literals too short for sampling, where they are few: the packed search of aho-corasick over the folded text.

use aho_corasick::packed::{Config, MatchKind, Searcher};

use crate::{
    buckets::arrange,
    engine::{Batch, Wanted},
    grams::Grams,
    literal::{Letter, Literal},
    window::is_at,
};

/// Parts of literals one packed search takes: above, it is half as fast.
pub(crate) const PARTS: usize = 32;
/// Bytes of a literal that are searched for.
const PART: usize = 4;

/// A search for a few short literals.
#[derive(Debug)]
pub(crate) struct Short {
    searcher: Searcher,
    /// By part: the literals that may stand around it.
    by_part: Vec<Vec<u32>>,
    needles: Vec<Needle>,
}

#[derive(Debug)]
struct Needle {
    literal: Literal,
    part: usize,
    wanted: Wanted,
}

impl Short {
    /// A search for the shortest of the literals, and those that found no room in it.
    pub(crate) fn new(
        mut literals: Vec<(Literal, Wanted)>,
        grams: &Grams,
    ) -> (Option<Self>, Vec<(Literal, Wanted)>) {
        literals.sort_by_key(|(literal, wanted)| (literal.len(), wanted.pattern));
        let mut parts: Vec<(Vec<u8>, Vec<u32>)> = Vec::new();
        let mut needles = Vec::new();
        let mut left = Vec::new();
        for (literal, wanted) in &literals {
            let (part, text) = rarest(literal, grams);
            let index = u32::try_from(needles.len()).unwrap_or(u32::MAX);
            if let Some((_, known)) = parts.iter_mut().find(|(known, _)| *known == text) {
                known.push(index);
            } else if parts.len() < PARTS {
                parts.push((text, vec![index]));
            } else {
                left.push((literal.clone(), *wanted));
                continue;
            }
            needles.push(Needle {
                literal: literal.clone(),
                part,
                wanted: *wanted,
            });
        }
        if needles.is_empty() {
            return (None, left);
        }
        arrange(&mut parts, grams.bytes());
        let searcher = Config::new()
            .match_kind(MatchKind::LeftmostFirst)
            .builder()
            .extend(parts.iter().map(|(text, _)| text))
            .build();
        // Not every machine has the instructions.
        let Some(searcher) = searcher else {
            return (None, literals);
        };
        // The search names one part of those that begin at a place: it stands for all that may begin there.
        let by_part = parts
            .iter()
            .map(|(one, _)| {
                let mut all: Vec<u32> = parts
                    .iter()
                    .filter(|(other, _)| one.starts_with(other) || other.starts_with(one))
                    .flat_map(|(_, needles)| needles)
                    .copied()
                    .collect();
                all.sort_unstable();
                all.dedup();
                all
            })
            .collect();
        let short = Self {
            searcher,
            by_part,
            needles,
        };
        (Some(short), left)
    }

    /// Notes each line of the block that holds a literal, for the literal's pattern.
    ///
    /// `folded` is the block with bit 5 of every byte set: one part stands for all cases.
    pub(crate) fn collect(&self, block: &[u8], folded: &[u8], batch: &mut Batch) {
        let mut at = 0;
        while let Some(found) = self
            .searcher
            .find_in(folded, aho_corasick::Span::from(at..block.len()))
        {
            let needles = self.by_part.get(found.pattern().as_usize());
            for &needle in needles.into_iter().flatten() {
                let needle = &self.needles[needle as usize];
                if let Some(start) = found.start().checked_sub(needle.part)
                    && is_at(&needle.literal, block, start)
                {
                    batch.found(block, start, &needle.literal, needle.wanted);
                }
            }
            at = found.start() + 1;
        }
    }
}

/// Where the rarest part of a literal begins, and its folded bytes.
fn rarest(literal: &[Letter], grams: &Grams) -> (usize, Vec<u8>) {
    let width = literal.len().min(PART);
    let (at, _) = grams.rarest(literal, width).unwrap_or((0, 0));
    let part = literal.iter().skip(at).take(width);
    (at, part.map(|letter| letter.folded()).collect())
}
