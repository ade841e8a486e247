//! Literals too short for sampling, where they are few: the packed search of aho-corasick.

use aho_corasick::packed::{Config, MatchKind, Searcher};

use crate::{engine::Batch, grams::Grams, literal::Literal, window::is_at};

/// Spellings the packed search takes.
const SPELLINGS: usize = 64;
/// Bytes of a literal that are searched for.
const PART: usize = 4;

/// A search for a few short literals.
#[derive(Debug)]
pub(crate) struct Short {
    searcher: Searcher,
    /// By spelling: the literals it is part of.
    by_spelling: Vec<Vec<u32>>,
    spellings: Vec<Vec<u8>>,
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
            let width = literal.len().min(PART);
            let part = fewest_spellings(literal, width, grams);
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
        let short = Self {
            searcher,
            by_spelling,
            spellings,
            needles,
        };
        (Some(short), left)
    }

    /// Notes each line of the block that holds a literal, for the literal's pattern.
    pub(crate) fn collect(&self, block: &[u8], batch: &mut Batch) {
        let mut at = 0;
        while let Some(found) = self
            .searcher
            .find_in(block, aho_corasick::Span::from(at..block.len()))
        {
            let rest = block.get(found.start()..).unwrap_or(&[]);
            // The search names one spelling; others may begin at the same place.
            for (spelling, needles) in self.spellings.iter().zip(&self.by_spelling) {
                if !rest.starts_with(spelling) {
                    continue;
                }
                for &needle in needles {
                    let needle = &self.needles[needle as usize];
                    if let Some(start) = found.start().checked_sub(needle.part)
                        && is_at(&needle.literal, block, start)
                    {
                        batch.note(block, start, needle.pattern);
                    }
                }
            }
            at = found.start() + 1;
        }
    }
}

/// Where the part with the fewest spellings begins; among equals the one whose start is rarest.
fn fewest_spellings(literal: &Literal, width: usize, grams: &Grams) -> usize {
    (0..=literal.len() - width)
        .min_by_key(|&at| {
            let part = literal[at..at + width].to_vec();
            let loose = part.iter().filter(|letter| letter.loose).count();
            (
                loose,
                grams.rarest(&part, width).map_or(0, |(_, count)| count),
            )
        })
        .unwrap_or(0)
}

/// All spellings of a part: both cases of each loose letter.
fn spell(part: &[crate::literal::Letter]) -> Vec<Vec<u8>> {
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
