//! One pass over every log and journal: which pattern hit which line, capped, with the true counts kept.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use coldcase_bundle::FileId;
use coldcase_facts::{Cite, Entity, EntityId, Facts, Identity};
use coldcase_snapshot::{logs, node::Node, stamp};
use rayon::prelude::*;
use regex::bytes::{RegexSet, RegexSetBuilder};

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

/// Hits kept at each end of a file for each pattern: a crash loop prints a million equal lines.
const KEEP: usize = 20;

/// Hits of one pattern in one file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hits {
    /// The first and last lines, as entities.
    pub ids: Vec<EntityId>,
    /// All of them, counted.
    pub total: u64,
}

/// All hits, and the lines as entities.
#[derive(Debug, Default)]
pub(crate) struct Lines<'s> {
    pub entities: Vec<Entity<'s>>,
    pub hits: HashMap<(usize, FileId), Hits>,
    /// Log files by namespace and pod.
    pub logs: BTreeMap<(String, String), Vec<usize>>,
    /// Journal files by node.
    pub journals: BTreeMap<String, Vec<usize>>,
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

/// One file's hits by pattern: line numbers kept, and the count.
type FileHits = BTreeMap<usize, (Vec<u32>, std::collections::VecDeque<u32>, u64)>;

/// Scans everything once.
pub(crate) fn scan<'s>(facts: &Facts<'s>, patterns: &[Pattern]) -> Lines<'s> {
    let mut lines = Lines::default();
    let snapshot = facts.snapshot;
    for (index, log) in snapshot.logs.iter().enumerate() {
        lines
            .logs
            .entry((log.namespace.clone(), log.pod.clone()))
            .or_default()
            .push(index);
    }
    for (index, journal) in snapshot.journals.iter().enumerate() {
        lines
            .journals
            .entry(journal.node.clone())
            .or_default()
            .push(index);
    }
    let sets = [LineKind::Log, LineKind::Journal].map(|kind| compile(patterns, kind));
    let files: Vec<(FileId, LineKind, bool)> = snapshot
        .logs
        .iter()
        .map(|log| (log.file, LineKind::Log, false))
        .chain(
            snapshot
                .journals
                .iter()
                .map(|journal| (journal.file, LineKind::Journal, journal.json)),
        )
        .collect();
    let found: Vec<FileHits> = files
        .par_iter()
        .map(|(file, kind, json)| {
            let (set, ids) = &sets[usize::from(*kind == LineKind::Journal)];
            scan_file(&snapshot.bundle.file(*file).text(), set, ids, *kind, *json)
        })
        .collect();
    for ((file, kind, json), hits) in files.iter().zip(found) {
        add(facts, &mut lines, *file, *kind, *json, hits);
    }
    lines
}

fn compile(patterns: &[Pattern], kind: LineKind) -> (RegexSet, Vec<usize>) {
    let chosen: Vec<(usize, &str)> = patterns
        .iter()
        .enumerate()
        .filter(|(_, p)| p.kind == kind)
        .map(|(index, p)| (index, p.regex.as_str()))
        .collect();
    // ASCII classes and boundaries keep the automaton a DFA: with Unicode ones the first letter
    // beyond ASCII falls back to a search that is fifty times slower. The rule's own regex, which
    // knows Unicode, decides on the hit. The loader compiled each pattern; only their sum could
    // exceed a limit, and then nothing would match.
    let set = RegexSetBuilder::new(chosen.iter().map(|(_, regex)| *regex))
        .unicode(false)
        .size_limit(256 << 20)
        .dfa_size_limit(64 << 20)
        .build()
        .unwrap_or_else(|_| RegexSet::empty());
    (set, chosen.into_iter().map(|(index, _)| index).collect())
}

/// The part of a line that patterns see.
fn visible(line: &str, kind: LineKind, json: bool) -> Cow<'_, str> {
    match kind {
        LineKind::Log => logs::message(line),
        LineKind::Journal => logs::journal_line(line, json, None)
            .map_or(Cow::Borrowed(line), |parsed| parsed.message),
    }
}

fn scan_file(text: &str, set: &RegexSet, ids: &[usize], kind: LineKind, json: bool) -> FileHits {
    let mut hits = FileHits::new();
    if set.is_empty() || kind == LineKind::Log && logs::is_kubectl_excuse(text) {
        return hits;
    }
    for (line, number) in text.lines().zip(1_u32..) {
        // The whole line first: only hits are worth taking apart. Escapes could hide a hit.
        let escaped = json || line.starts_with("{\"log\":");
        if !escaped && !set.is_match(line.as_bytes()) {
            continue;
        }
        for index in &set.matches(visible(line, kind, json).as_bytes()) {
            let Some(pattern) = ids.get(index) else {
                continue;
            };
            let (first, last, total) = hits.entry(*pattern).or_default();
            *total += 1;
            if first.len() < KEEP {
                first.push(number);
            } else {
                if last.len() == KEEP {
                    last.pop_front();
                }
                last.push_back(number);
            }
        }
    }
    hits
}

fn add<'s>(
    facts: &Facts<'s>,
    lines: &mut Lines<'s>,
    file: FileId,
    kind: LineKind,
    json: bool,
    hits: FileHits,
) {
    let base = facts.entities.len();
    let mut made: BTreeMap<u32, EntityId> = BTreeMap::new();
    for (pattern, (first, last, total)) in hits {
        let mut ids = Vec::with_capacity(first.len() + last.len());
        for number in first.into_iter().chain(last) {
            let id = *made.entry(number).or_insert_with(|| {
                let entity = match kind {
                    LineKind::Log => log_line(facts, file, number),
                    LineKind::Journal => journal_line(facts, file, number, json),
                };
                lines.entities.push(entity);
                EntityId(u32::try_from(base + lines.entities.len() - 1).unwrap_or(u32::MAX))
            });
            ids.push(id);
        }
        lines.hits.insert((pattern, file), Hits { ids, total });
    }
}

fn log_line<'s>(facts: &Facts<'s>, file: FileId, number: u32) -> Entity<'s> {
    let raw = facts.snapshot.bundle.file(file).line(number);
    let raw = raw.as_ref();
    let log = facts.snapshot.logs.iter().find(|log| log.file == file);
    let (namespace, pod, container, previous) = log.map_or(("", "", "", false), |log| {
        (
            log.namespace.as_str(),
            log.pod.as_str(),
            log.container.as_str(),
            log.previous,
        )
    });
    let fields = vec![
        ("text", Node::text(logs::message(raw))),
        ("time", time(raw, facts.now())),
        (
            "instance",
            Node::text(if previous { "previous" } else { "current" }),
        ),
        ("container", Node::text(container)),
        (
            "component",
            Node::text(if pod.is_empty() { container } else { "" }),
        ),
        ("pod", Node::text(pod)),
        ("namespace", Node::text(namespace)),
        (
            "file",
            Node::text(facts.snapshot.bundle.file(file).path.as_str()),
        ),
        ("line", Node::number(i64::from(number))),
    ];
    let subject = if pod.is_empty() {
        Identity::new("Component", "", container)
    } else {
        Identity::new("Pod", namespace, pod)
    };
    Entity::computed("LogLine", subject, fields).cited(
        "",
        Some(Cite {
            file,
            line: number,
            end_line: number,
        }),
    )
}

fn time(raw: &str, now: Option<jiff::Timestamp>) -> Node {
    stamp::leading(raw, now).map_or_else(Node::default, |found| {
        Node::text(stamp::format(found.time, found.precision))
    })
}

fn journal_line<'s>(facts: &Facts<'s>, file: FileId, number: u32, json: bool) -> Entity<'s> {
    let raw = facts.snapshot.bundle.file(file).line(number);
    let raw = raw.as_ref();
    let node = facts
        .snapshot
        .journals
        .iter()
        .find(|journal| journal.file == file)
        .map_or("", |journal| journal.node.as_str());
    let parsed = logs::journal_line(raw, json, facts.now());
    let fields = vec![
        (
            "text",
            Node::text(parsed.as_ref().map_or(raw, |line| line.message.as_ref())),
        ),
        (
            "time",
            parsed
                .as_ref()
                .and_then(|line| line.stamp)
                .map_or_else(Node::default, |found| {
                    Node::text(stamp::format(found.time, found.precision))
                }),
        ),
        (
            "unit",
            Node::text(parsed.as_ref().map_or("", |line| line.unit)),
        ),
        ("node", Node::text(node)),
        (
            "file",
            Node::text(facts.snapshot.bundle.file(file).path.as_str()),
        ),
        ("line", Node::number(i64::from(number))),
    ];
    Entity::computed("JournalLine", Identity::new("Node", "", node), fields).cited(
        "",
        Some(Cite {
            file,
            line: number,
            end_line: number,
        }),
    )
}
