//! One class's filters, and the loop over blocks: candidates first, then each line's patterns decided in order.

use std::collections::BTreeSet;

use memchr::{memchr, memmem, memrchr};

use crate::{
    Hit, Lane,
    confirm::Confirm,
    grams::Grams,
    literal::{Literal, Required, branches_of, required},
    pattern::Pattern,
    rest::Rest,
    short::{PARTS, Short},
    text::{Span, content, line_at, newlines},
    window::{NARROW, WIDTH, Window},
};

/// Bytes filtered at once: later passes and the decision find them in the nearest caches.
const BLOCK: usize = 8 << 10;
/// Packed searches that may run one after another.
const PACKED: usize = 3;
/// Picoseconds for a test of a sampled gram, for each byte of a packed search, and for each byte folded for it.
const TEST: usize = 850;
const PACK: usize = 120;
const FOLD: usize = 40;
/// The shortest literal that a filter takes.
pub(crate) const SHORTEST: usize = 3;

/// Whose a literal is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub pattern: u32,
    /// Number of the pattern's branch, over all patterns.
    pub branch: u32,
    /// The literal is a match by itself, wherever it stands.
    pub proof: bool,
}

/// A line that may hold a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    line: Span,
    pattern: u32,
    /// Where a literal stands that proves the match; empty if none is known.
    proof: Span,
    /// Whose literal it was: what else the line must hold.
    branch: u32,
}

/// The candidates of a block.
#[derive(Debug)]
pub(crate) struct Batch {
    candidates: Vec<Candidate>,
    line: Option<Span>,
    /// Number of the line under the cursor, over all blocks.
    turn: u64,
    /// By branch: the last line that it was noted for.
    seen: Vec<u64>,
}

impl Batch {
    fn new(branches: usize) -> Self {
        Self {
            candidates: Vec::new(),
            line: None,
            turn: 0,
            seen: vec![0; branches],
        }
    }

    /// Notes a pattern's literal that stands at `at`.
    pub(crate) fn found(&mut self, block: &[u8], at: usize, literal: &Literal, wanted: Wanted) {
        let proof = if wanted.proof {
            Span {
                start: at,
                end: at + literal.len(),
            }
        } else {
            Span::default()
        };
        self.add(block, at, wanted, proof);
    }

    /// Makes the line that holds the byte at `at` a candidate for the pattern.
    pub(crate) fn note(&mut self, block: &[u8], at: usize, wanted: Wanted) {
        self.add(block, at, wanted, Span::default());
    }

    fn add(&mut self, block: &[u8], at: usize, wanted: Wanted, proof: Span) {
        let line = match self.line {
            Some(line) if (line.start..=line.end).contains(&at) => line,
            _ => {
                self.turn += 1;
                *self.line.insert(line_at(block, at))
            }
        };
        // A line may hold the literal a million times.
        if let Some(seen) = self.seen.get_mut(wanted.branch as usize)
            && std::mem::replace(seen, self.turn) != self.turn
        {
            self.candidates.push(Candidate {
                line,
                pattern: wanted.pattern,
                proof,
                branch: wanted.branch,
            });
        }
    }

    /// The next filter begins at the block's start again.
    fn rewind(&mut self) {
        self.line = None;
    }
}

/// Memory that blocks share.
#[derive(Debug, Default)]
struct Scratch {
    places: Vec<usize>,
    folded: Vec<u8>,
    /// A candidate line, folded.
    line: Vec<u8>,
}

/// What patterns see of a candidate line.
struct Sight<'s> {
    seen: &'s [u8],
    ascii: bool,
    /// Where it lies in the block.
    at: usize,
    folded: &'s mut Vec<u8>,
}

impl<'s> Sight<'s> {
    /// `block` is where the block begins in the chunk.
    fn of(seen: &'s [u8], chunk: &[u8], block: usize, folded: &'s mut Vec<u8>) -> Self {
        folded.clear();
        // What is not of the chunk gets a place that holds no literal.
        let base = (chunk.as_ptr() as usize).wrapping_add(block);
        Self {
            seen,
            ascii: seen.is_ascii(),
            at: (seen.as_ptr() as usize).wrapping_sub(base),
            folded,
        }
    }

    /// Whether a literal that proves a match is known and in sight.
    fn holds(&self, proof: Span) -> bool {
        proof.end > proof.start
            && proof.start >= self.at
            && self
                .at
                .checked_add(self.seen.len())
                .is_some_and(|end| proof.end <= end)
    }

    /// Whether the line may hold what else the pattern needs.
    fn allows(&mut self, more: &Confirm) -> bool {
        if !self.ascii || more.is_empty() {
            return true;
        }
        if self.folded.is_empty() {
            self.folded.extend(self.seen.iter().map(|byte| byte | 0x20));
        }
        more.allows(self.folded)
    }
}

/// What one class's patterns need to be found.
#[derive(Debug)]
pub(crate) struct Engine {
    long: Option<Window>,
    short: Vec<Short>,
    dense: Option<Window>,
    rest: Option<Rest>,
    /// Those that a line with `ſ` or `K` may match without their literal.
    folds: Vec<Wanted>,
    /// By branch: what else its lines hold.
    confirm: Vec<Confirm>,
}

impl Engine {
    /// Chooses each pattern's rarest set by the sample and builds the filters.
    pub(crate) fn new(patterns: &[Pattern], class: u32, sample: &[u8]) -> Self {
        let grams = Grams::of(sample);
        let mut literals: Vec<(Literal, Wanted)> = Vec::new();
        let mut confirm = Vec::new();
        let mut rest = Vec::new();
        let mut folds = Vec::new();
        for (index, pattern) in (0_u32..).zip(patterns) {
            if !pattern.classes.has(class) {
                continue;
            }
            let mut wanted = Wanted {
                pattern: index,
                branch: u32::try_from(confirm.len()).unwrap_or(u32::MAX),
                proof: false,
            };
            let branches = choose(pattern, &grams);
            if branches.is_empty() {
                rest.push(wanted);
                confirm.push(Confirm::default());
            }
            for Required {
                best,
                others,
                proofs,
                folds: fold,
            } in branches
            {
                if fold {
                    folds.push(wanted);
                }
                confirm.push(Confirm::new(&others));
                literals.extend(best.into_iter().flatten().map(|literal| {
                    let proof = proofs.contains(&literal);
                    (literal, Wanted { proof, ..wanted })
                }));
                wanted.branch += 1;
            }
        }
        let width = width(&literals);
        let (long, mut left): (Vec<_>, Vec<_>) = literals
            .into_iter()
            .partition(|(literal, _)| literal.len() >= width);
        let mut short = Vec::new();
        while short.len() < PACKED && !left.is_empty() {
            let (found, rest) = Short::new(left, &grams);
            left = rest;
            let Some(found) = found else { break };
            short.push(found);
        }
        Self {
            long: Window::new(&long, &grams),
            short,
            dense: Window::new(&left, &grams),
            rest: Rest::new(patterns, rest),
            folds,
            confirm,
        }
    }

    fn is_empty(&self) -> bool {
        self.long.is_none() && self.short.is_empty() && self.dense.is_none() && self.rest.is_none()
    }

    /// Scans a chunk; see [`crate::Scanner::scan_with`].
    pub(crate) fn scan<'t>(
        &self,
        patterns: &[Pattern],
        limit: usize,
        chunk: &'t [u8],
        first_line: u64,
        view: &impl Fn(&'t [u8]) -> &'t [u8],
        report: &mut dyn FnMut(Hit),
    ) {
        if self.is_empty() {
            return;
        }
        let mut batch = Batch::new(self.confirm.len());
        let mut scratch = Scratch::default();
        let mut count = Count {
            chunk,
            to: 0,
            line: first_line,
        };
        let mut at = 0;
        while at < chunk.len() {
            let block = Block::at(chunk, at, limit);
            self.collect(block.bytes, &mut scratch, &mut batch);
            batch.candidates.sort_unstable();
            for same in batch.candidates.chunk_by(|a, b| a.line == b.line) {
                let Some(first) = same.first() else { continue };
                let line = block.line(first.line);
                let whole = content(chunk, line);
                let seen = view(whole.get(..limit).unwrap_or(whole));
                let mut sight = Sight::of(seen, chunk, at, &mut scratch.line);
                for found in same.chunk_by(|a, b| a.pattern == b.pattern) {
                    let Some(first) = found.first() else { continue };
                    if self.decide(found, &mut sight, patterns.get(first.pattern as usize)) {
                        report(Hit {
                            pattern: first.pattern as usize,
                            line: count.number(line.start),
                            start: line.start,
                            end: line.start + whole.len(),
                        });
                    }
                }
            }
            batch.candidates.clear();
            at = block.next;
        }
    }

    /// Whether a pattern matches a line, of which all candidates for the pattern are given.
    fn decide(
        &self,
        candidates: &[Candidate],
        sight: &mut Sight<'_>,
        pattern: Option<&Pattern>,
    ) -> bool {
        if candidates.iter().any(|found| sight.holds(found.proof)) {
            return true;
        }
        let possible = candidates.iter().any(|found| {
            let more = self.confirm.get(found.branch as usize);
            more.is_none_or(|more| sight.allows(more))
        });
        possible && pattern.is_some_and(|pattern| pattern.is_match(sight.seen, sight.ascii))
    }

    fn collect(&self, block: &[u8], scratch: &mut Scratch, batch: &mut Batch) {
        if let Some(window) = &self.long {
            batch.rewind();
            window.collect(block, &mut scratch.places, batch);
        }
        if !self.short.is_empty() {
            scratch.folded.clear();
            scratch.folded.extend(block.iter().map(|byte| byte | 0x20));
        }
        for short in &self.short {
            batch.rewind();
            short.collect(block, &scratch.folded, batch);
        }
        if let Some(window) = &self.dense {
            batch.rewind();
            window.collect(block, &mut scratch.places, batch);
        }
        if let Some(rest) = &self.rest {
            batch.rewind();
            rest.collect(block, batch);
        }
        if !self.folds.is_empty() && !block.is_ascii() {
            for letter in ["\u{17F}", "\u{212A}"] {
                batch.rewind();
                for at in memmem::find_iter(block, letter) {
                    for &wanted in &self.folds {
                        batch.note(block, at, wanted);
                    }
                }
            }
        }
    }
}

/// The width of windows that makes all filters together cheapest, by times measured for each.
///
/// A narrow window is sampled more often; a wide one leaves more literals to the packed searches.
fn width(literals: &[(Literal, Wanted)]) -> usize {
    (NARROW..=WIDTH)
        .rev()
        .min_by_key(|&width| {
            let short: BTreeSet<&Literal> = literals
                .iter()
                .map(|(literal, _)| literal)
                .filter(|literal| literal.len() < width)
                .collect();
            let packed = short.len().div_ceil(PARTS);
            let dense = usize::from(packed > PACKED) * TEST;
            let fold = usize::from(packed > 0) * FOLD;
            TEST / (width - NARROW + 2) + fold + packed.min(PACKED) * PACK + dense
        })
        .unwrap_or(WIDTH)
}

/// The set to look for in each branch of the pattern; none if a filter takes not all of them.
pub(crate) fn choose(pattern: &Pattern, grams: &Grams) -> Vec<Required> {
    let mut branches = Vec::new();
    for branch in branches_of(&pattern.hir) {
        let found = required(branch, &|set| grams.cost(set));
        let usable = |set: &Vec<Literal>| set.iter().all(|literal| literal.len() >= SHORTEST);
        if !found.best.as_ref().is_some_and(usable) {
            return Vec::new();
        }
        branches.push(found);
    }
    branches
}

/// How the literals of a set are found; an empty one is none.
pub(crate) fn lane(set: &BTreeSet<Literal>) -> Lane {
    match set.iter().map(Vec::len).min() {
        None => Lane::Regex,
        Some(WIDTH..) => Lane::Window,
        Some(_) => Lane::Short,
    }
}

/// A run of whole lines of the chunk, or the head of one long line.
struct Block<'t> {
    bytes: &'t [u8],
    at: usize,
    next: usize,
    /// Where the block's last line ends in the chunk.
    end: usize,
}

impl<'t> Block<'t> {
    fn at(chunk: &'t [u8], at: usize, limit: usize) -> Self {
        let rest = chunk.get(at..).unwrap_or(&[]);
        let head = rest.get(..BLOCK).unwrap_or(rest);
        let (len, end, next) = if head.len() == rest.len() {
            (rest.len(), rest.len(), rest.len())
        } else if let Some(newline) = memrchr(b'\n', head) {
            (newline + 1, newline, newline + 1)
        } else {
            let tail = rest.get(BLOCK..).unwrap_or(&[]);
            let end = memchr(b'\n', tail).map_or(rest.len(), |newline| BLOCK + newline);
            (end.min(limit), end, rest.len().min(end + 1))
        };
        Self {
            bytes: rest.get(..len).unwrap_or(rest),
            at,
            next: at + next,
            end: at + end,
        }
    }

    /// A line of the block, in the chunk.
    fn line(&self, line: Span) -> Span {
        let end = if line.end == self.bytes.len() {
            self.end
        } else {
            self.at + line.end
        };
        Span {
            start: self.at + line.start,
            end,
        }
    }
}

/// Line numbers, counted only as far as hits need them.
struct Count<'t> {
    chunk: &'t [u8],
    to: usize,
    line: u64,
}

impl Count<'_> {
    fn number(&mut self, start: usize) -> u64 {
        self.line += self.chunk.get(self.to..start).map_or(0, newlines);
        self.to = start;
        self.line
    }
}
