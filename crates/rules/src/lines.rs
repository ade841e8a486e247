//! One pass over every log and journal: which pattern hit which line, capped, with the true counts kept.

mod cut;
mod entity;
mod record;
mod scan;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use coldcase_bundle::{Bundle, File};
use coldcase_facts::{Entity, EntityId, Facts};
use coldcase_snapshot::{
    clock::FileClock,
    logs::{JournalFile, LogFile, Span},
};
use logscan::{Classes, PatternSpec, Scanner};
use rayon::prelude::*;

/// What a pattern looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineKind {
    /// Container and component logs.
    Log,
    /// Journals.
    Journal,
}

/// A pattern of some rule's step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The regex as written.
    pub regex: String,
    /// What it looks at.
    pub kind: LineKind,
}

impl LineKind {
    /// The scanner's number for it.
    fn class(self) -> u32 {
        match self {
            Self::Log => 0,
            Self::Journal => 1,
        }
    }
}

/// Compiles the patterns of a rule set. The loader has compiled each of them before, so none fails
/// here; if one did, nothing would match and the examples of its rule would say so.
pub(crate) fn scanner(patterns: &[Pattern]) -> Option<Scanner> {
    let specs: Vec<PatternSpec<'_>> = patterns
        .iter()
        .map(|pattern| PatternSpec {
            regex: &pattern.regex,
            classes: Classes::of(&[pattern.kind.class()]),
        })
        .collect();
    Scanner::new(&specs)
        .ok()
        .filter(|scanner| !scanner.is_empty())
}

/// Hits of one pattern in one log or journal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hits {
    /// The first and last lines, as entities.
    pub ids: Vec<EntityId>,
    /// All of them, counted.
    pub total: u64,
}

/// A log or journal, by its index in the snapshot; journals follow the logs.
pub(crate) type SourceIndex = usize;

/// All hits, and the lines as entities.
#[derive(Debug, Default)]
pub(crate) struct Lines<'s> {
    pub entities: Vec<Entity<'s>>,
    pub hits: BTreeMap<(usize, SourceIndex), Hits>,
    /// Logs by their pod, where it was captured.
    pub logs: BTreeMap<EntityId, Vec<SourceIndex>>,
    /// Journals by node.
    pub journals: BTreeMap<String, Vec<SourceIndex>>,
}

impl<'s> Lines<'s> {
    /// An entity by its number: facts first, then lines.
    pub(crate) fn entity<'e>(&'e self, facts: &'e Facts<'s>, id: EntityId) -> &'e Entity<'s> {
        let index = id.0 as usize;
        let known = facts.entities.len();
        if index < known {
            &facts.entities[index]
        } else {
            &self.entities[index - known]
        }
    }
}

/// Where lines come from.
#[derive(Debug, Clone, Copy)]
enum Source<'s> {
    Log(&'s LogFile),
    Journal(&'s JournalFile),
}

impl Source<'_> {
    /// Where the lines are, and which of them.
    fn text<'f>(&'f self, bundle: &'f Bundle) -> (&'f File, Span) {
        match self {
            Self::Log(log) => log.text(bundle),
            Self::Journal(journal) => (bundle.file(journal.file), journal.span),
        }
    }

    /// Which lines of its text.
    fn span(self) -> Span {
        match self {
            Self::Log(log) if log.taken.is_some() => Span::WHOLE,
            Self::Log(log) => log.span,
            Self::Journal(journal) => journal.span,
        }
    }

    /// Whether the newest line comes first.
    fn is_reversed(self) -> bool {
        matches!(self, Self::Journal(journal) if journal.reversed)
    }

    fn kind(self) -> LineKind {
        match self {
            Self::Log(_) => LineKind::Log,
            Self::Journal(_) => LineKind::Journal,
        }
    }
}

/// Scans everything once.
pub(crate) fn scan<'s>(facts: &Facts<'s>, scanner: Option<&Scanner>) -> Lines<'s> {
    let mut lines = Lines::default();
    let snapshot = facts.snapshot;
    let sources: Vec<Source<'s>> = snapshot
        .logs
        .iter()
        .map(Source::Log)
        .chain(snapshot.journals.iter().map(Source::Journal))
        .collect();
    for (index, source) in sources.iter().enumerate() {
        match source {
            Source::Log(log) => {
                if let Some(pod) = facts.object("Pod", &log.namespace, &log.pod) {
                    lines.logs.entry(pod).or_default().push(index);
                }
            }
            Source::Journal(journal) => {
                for node in journal_nodes(journal) {
                    lines.journals.entry(node).or_default().push(index);
                }
            }
        }
    }
    let Some(scanner) = scanner else {
        return lines;
    };
    let bytes = |source: &Source<'_>| source.text(snapshot.bundle).0.bytes;
    let all = sources.iter().map(bytes).sum();
    let found: Vec<scan::SourceHits> = sources
        .par_iter()
        .map(|source| {
            let batch = scan::batch(bytes(source), all);
            scan::source(snapshot, *source, scanner, batch)
        })
        .collect();
    let clocks = entity::clocks(facts, &sources, &found);
    let made: Vec<Option<Made<'s>>> = sources
        .par_iter()
        .zip(found)
        .enumerate()
        .map(|(index, (source, hits))| Some(made(facts, *source, clocks.get(&index)?, hits)))
        .collect();
    for (index, made) in made.into_iter().enumerate() {
        if let Some(made) = made {
            lines.add(facts.entities.len(), index, made);
        }
    }
    lines
}

fn journal_nodes(journal: &JournalFile) -> Vec<String> {
    if journal.nodes.is_empty() {
        vec![journal.node.clone()]
    } else {
        journal.nodes.clone()
    }
}

/// The lines of one source as entities, and which of them each pattern hit.
struct Made<'s> {
    entities: Vec<Entity<'s>>,
    /// The pattern, its lines by their place among `entities`, and how many there are in all.
    hits: Vec<(usize, Vec<usize>, u64)>,
}

fn made<'s>(
    facts: &Facts<'s>,
    source: Source<'_>,
    clock: &FileClock,
    found: scan::SourceHits,
) -> Made<'s> {
    let mut entities = Vec::new();
    let mut places: BTreeMap<u32, usize> = BTreeMap::new();
    let mut all = Vec::with_capacity(found.by_pattern.len());
    for (pattern, hits) in found.by_pattern {
        let mut kept: Vec<scan::Kept> = hits.first.into_iter().chain(hits.last).collect();
        if source.is_reversed() {
            kept.reverse();
        }
        let own = kept.into_iter().map(|kept| {
            *places.entry(kept.line).or_insert_with(|| {
                let recorded = found.records.get(&kept.line);
                entities.push(match source {
                    Source::Log(log) => entity::log_line(facts, log, clock, &kept, recorded),
                    Source::Journal(journal) => {
                        entity::journal_line(facts, journal, clock, &kept, recorded)
                    }
                });
                entities.len() - 1
            })
        });
        all.push((pattern, own.collect(), hits.total));
    }
    Made {
        entities,
        hits: all,
    }
}

impl<'s> Lines<'s> {
    /// Adds the lines of a source; `facts` is how many entities there are before all lines.
    fn add(&mut self, facts: usize, index: SourceIndex, made: Made<'s>) {
        let base = facts + self.entities.len();
        self.entities.extend(made.entities);
        for (pattern, own, total) in made.hits {
            let id = |place: usize| EntityId(u32::try_from(base + place).unwrap_or(u32::MAX));
            let ids = own.into_iter().map(id).collect();
            self.hits.insert((pattern, index), Hits { ids, total });
        }
    }
}
