//! Literals too short for sampling, where they are few: the packed search of aho-corasick.

use aho_corasick::packed::{Config, MatchKind, Searcher};

use crate::{
    engine::Batch,
    grams::Grams,
    literal::{Letter, Literal},
    window::is_at,
};

/// Spellings one packed search takes.
pub(crate) const SPELLINGS: usize = 32;
/// Bytes of a literal that are searched for.
const PART: usize = 4;

/// A search for a few short literals.
#[derive(Debug)]
pub(crate) struct Short {
    searcher: Searcher,
    /// By spelling: the literals that may stand around it.
    by_spelling: Vec<Vec<u32>>,
    needles: Vec<Needle>,
}

#[derive(Debug)]
struct Needle {
    literal: Literal,
    part: usize,
    pattern: u32,
}

impl Short {
    /// A search for the shortest of the literals, and those that found no room in it.
    pub(crate) fn new(
        mut literals: Vec<(Literal, u32)>,
        grams: &Grams,
    ) -> (Option<Self>, Vec<(Literal, u32)>) {
        literals.sort_by_key(|(literal, pattern)| (literal.len(), *pattern));
        let mut spellings: Vec<Vec<u8>> = Vec::new();
        let mut by_spelling: Vec<Vec<u32>> = Vec::new();
        let mut needles = Vec::new();
        let mut left = Vec::new();
        for (literal, pattern) in &literals {
            let (part, width) = fewest_spellings(literal, grams);
            let wanted = spell(&literal[part..part + width]);
            let added = wanted.iter().filter(|text| !spellings.contains(text));
            if spellings.len() + added.count() > SPELLINGS {
                left.push((literal.clone(), *pattern));
                continue;
            }
            let index = u32::try_from(needles.len()).unwrap_or(u32::MAX);
            for spelling in wanted {
                let place = spellings
                    .iter()
                    .position(|known| *known == spelling)
                    .unwrap_or_else(|| {
                        spellings.push(spelling);
                        by_spelling.push(Vec::new());
                        spellings.len() - 1
                    });
                by_spelling[place].push(index);
            }
            needles.push(Needle {
                literal: literal.clone(),
                part,
                pattern: *pattern,
            });
        }
        if needles.is_empty() {
            return (None, left);
        }
        let searcher = Config::new()
            .match_kind(MatchKind::LeftmostFirst)
            .builder()
            .extend(&spellings)
            .build();
        // Not every machine has the instructions.
        let Some(searcher) = searcher else {
            return (None, literals);
        };
        // The search names one spelling of those that begin at a place: it stands for all that may begin there.
        let by_spelling = spellings
            .iter()
            .map(|one| {
                let mut all: Vec<u32> = spellings
                    .iter()
                    .zip(&by_spelling)
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
            by_spelling,
            needles,
        };
        (Some(short), left)
    }

    /// How many spellings a literal has here.
    pub(crate) fn spellings(literal: &[Letter], grams: &Grams) -> usize {
        let (part, width) = fewest_spellings(literal, grams);
        let letters = literal.iter().skip(part).take(width);
        1 << letters.filter(|letter| letter.loose).count()
    }

    /// Notes each line of the block that holds a literal, for the literal's pattern.
    pub(crate) fn collect(&self, block: &[u8], batch: &mut Batch) {
        let mut at = 0;
        while let Some(found) = self
            .searcher
            .find_in(block, aho_corasick::Span::from(at..block.len()))
        {
            let needles = self.by_spelling.get(found.pattern().as_usize());
            for &needle in needles.into_iter().flatten() {
                let needle = &self.needles[needle as usize];
                if let Some(start) = found.start().checked_sub(needle.part)
                    && is_at(&needle.literal, block, start)
                {
                    batch.note(block, start, needle.pattern);
                }
            }
            at = found.start() + 1;
        }
    }
}

/// Where the part with the fewest spellings begins, and its length; among equals the rarest.
fn fewest_spellings(literal: &[Letter], grams: &Grams) -> (usize, usize) {
    let width = literal.len().min(PART);
    let loose = |part: &[Letter]| part.iter().filter(|letter| letter.loose).count();


    let best = literal
        .windows(width)
        .enumerate()
        .min_by_key(|(_, part)| (loose(part), grams.three(part)));
    (best.map_or(0, |(at, _)| at), width)
}

/// All spellings of a part: both cases of each loose letter.
fn spell(part: &[Letter]) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for letter in part {
        if letter.loose {
            let upper: Vec<Vec<u8>> = all
                .iter()
                .map(|text: &Vec<u8>| {
                    let mut text = text.clone();
                    text.push(letter.byte.to_ascii_uppercase());
                    text
                })
                .collect();
            for text in &mut all {
                text.push(letter.byte);
            }
            all.extend(upper);
        } else {
            for text in &mut all {
                text.push(letter.byte);
            }
        }
    }
    all
}
