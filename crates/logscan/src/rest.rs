//! Patterns without a usable literal: one automaton over all of them names the lines to try.

use regex_automata::{
    Input, MatchKind, PatternSet,
    meta::{Config, Regex},
};
use regex_syntax::hir::Hir;

use crate::{
    engine::{Batch, Wanted},
    pattern::Pattern,
    rewrite::without_context,
    text::line_at,
};

/// Heap for the automaton's program and for its lazily built states.
const PROGRAM: usize = 64 << 20;
const STATES: usize = 8 << 20;

/// The patterns and their common filter.
#[derive(Debug)]
pub(crate) struct Rest {
    /// The patterns, as the filter counts them.
    patterns: Vec<Wanted>,
    /// None if it grew too big: then every line is tried.
    filter: Option<Regex>,
}

impl Rest {
    pub(crate) fn new(all: &[Pattern], patterns: Vec<Wanted>) -> Option<Self> {
        if patterns.is_empty() {
            return None;
        }
        let loosened: Vec<Hir> = patterns
            .iter()
            .filter_map(|wanted| all.get(wanted.pattern as usize))
            .map(|pattern| without_context(&pattern.hir))
            .collect();
        let config = Config::new()
            .match_kind(MatchKind::All)
            .utf8_empty(false)
            .nfa_size_limit(Some(PROGRAM))
            .hybrid_cache_capacity(STATES);
        let filter = Regex::builder()
            .configure(config)
            .build_many_from_hir(&loosened)
            .ok();
        Some(Self { patterns, filter })
    }

    /// Notes each line of the block that may match, for each pattern that may.
    pub(crate) fn collect(&self, block: &[u8], batch: &mut Batch) {
        let mut set = PatternSet::new(self.patterns.len());
        let mut at = 0;
        while at < block.len() {
            let mut place = at;
            if let Some(filter) = &self.filter {
                let input = Input::new(block).range(at..).earliest(true);
                let Some(found) = filter.search_half(&input) else {
                    return;
                };
                place = found.offset();
                // Behind the last newline there is no further line.
                if place == block.len() && block.ends_with(b"\n") {
                    return;
                }
            }
            let line = line_at(block, place);
            set.clear();
            if let Some(filter) = &self.filter {
                let input = Input::new(block).range(line.start..line.end);
                filter.which_overlapping_matches(&input, &mut set);
            }
            for (number, &wanted) in self.patterns.iter().enumerate() {
                let possible =
                    regex_automata::PatternID::new(number).map_or(true, |id| set.contains(id));
                if possible || self.filter.is_none() {
                    batch.note(block, line.start, wanted);
                }
            }
            at = line.end + 1;
        }
    }
}
