//! One pass over every log and journal: which pattern hit which line, capped, with the true counts kept.

use std::collections::{BTreeMap, HashMap, VecDeque};

use coldcase_bundle::{Bundle, FileId};
use coldcase_facts::{Cite, Entity, EntityId, Facts, Identity};
use coldcase_snapshot::{
    logs::{self, JournalFile, LogFile, Span},
    node::Node,
    stamp,
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

/// Hits kept at each end of a log for each pattern: a crash loop prints a million equal lines.
const KEEP: usize = 20;

/// Bytes that one thread scans at a time.
const CHUNK: usize = 1 << 20;

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
    pub hits: HashMap<(usize, SourceIndex), Hits>,
    /// Logs by namespace and pod.
    pub logs: BTreeMap<(String, String), Vec<SourceIndex>>,
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
#[derive(Clone, Copy)]
enum Source<'s> {
    Log(&'s LogFile),
    Journal(&'s JournalFile),
}

impl Source<'_> {
    fn file(self) -> FileId {
        match self {
            Self::Log(log) => log.file,
            Self::Journal(journal) => journal.file,
        }
    }

    fn span(self) -> Span {
        match self {
            Self::Log(log) => log.span,
            Self::Journal(journal) => journal.span,
        }
    }

    fn kind(self) -> LineKind {
        match self {
            Self::Log(_) => LineKind::Log,
            Self::Journal(_) => LineKind::Journal,
        }
    }

    /// The part of a line that patterns see.
    fn visible(self, line: &[u8]) -> &[u8] {
        let Ok(text) = std::str::from_utf8(line) else {
            return line;
        };
        match self {
            Self::Log(_) => logs::message(text),
            Self::Journal(journal) => {
                logs::journal_line(text, journal.json, None).map_or(text, |parsed| parsed.message)
            }
        }
        .as_bytes()
    }
}

/// A line that a pattern hit, with its text: the file is not asked again.
#[derive(Debug, Clone)]
struct Kept {
    line: u32,
    text: String,
}

/// Hits of one pattern in one source.
#[derive(Debug, Default)]
struct Found {
    first: Vec<Kept>,
    last: VecDeque<Kept>,
    total: u64,
}

impl Found {
    fn add(&mut self, line: u32, text: impl FnOnce() -> String) {
        self.total += 1;
        if self.first.len() < KEEP {
            let text = text();
            self.first.push(Kept { line, text });
            return;
        }
        if self.last.len() == KEEP {
            self.last.pop_front();
        }
        let text = text();
        self.last.push_back(Kept { line, text });
    }

    /// Adds what was found further down.
    fn append(&mut self, later: Self) {
        let total = self.total + later.total;
        for kept in later.first.into_iter().chain(later.last) {
            self.add(kept.line, || kept.text);
        }
        self.total = total;
    }
}

/// Hits by pattern.
type ByPattern = BTreeMap<usize, Found>;

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
            Source::Log(log) => lines
                .logs
                .entry((log.namespace.clone(), log.pod.clone()))
                .or_default()
                .push(index),
            Source::Journal(journal) => lines
                .journals
                .entry(journal.node.clone())
                .or_default()
                .push(index),
        }
    }
    let Some(scanner) = scanner else {
        return lines;
    };
    let found: Vec<ByPattern> = sources
        .par_iter()
        .map(|source| scan_source(snapshot.bundle, *source, scanner))
        .collect();
    for (index, (source, hits)) in sources.iter().zip(found).enumerate() {
        add(facts, &mut lines, index, *source, hits);
    }
    lines
}

fn scan_source(bundle: &Bundle, source: Source<'_>, scanner: &Scanner) -> ByPattern {
    let file = bundle.file(source.file());
    let text = file.text();
    let span = source.span();
    if span == Span::WHOLE {
        if source.kind() == LineKind::Log && logs::is_kubectl_excuse(&text) {
            return ByPattern::new();
        }
        return scan_text(text.as_bytes(), 1, source, scanner);
    }
    // A log inside a transcript: its lines only.
    let lines = text
        .split_inclusive('\n')
        .zip(1_u32..)
        .filter(|(_, number)| (span.first..=span.last).contains(number))
        .map(|(line, _)| line)
        .collect::<String>();
    scan_text(lines.as_bytes(), u64::from(span.first), source, scanner)
}

fn scan_text(text: &[u8], first_line: u64, source: Source<'_>, scanner: &Scanner) -> ByPattern {
    let class = source.kind().class();
    let chunks: Vec<logscan::Chunk<'_>> = logscan::chunks(text, CHUNK).collect();
    let found: Vec<ByPattern> = chunks
        .par_iter()
        .map(|chunk| {
            let mut found = ByPattern::new();
            let from = first_line + chunk.first_line - 1;
            let view = |line| source.visible(line);
            scanner.scan_with(class, chunk.bytes, from, view, &mut |hit| {
                let line = u32::try_from(hit.line).unwrap_or(u32::MAX);
                found.entry(hit.pattern).or_default().add(line, || {
                    let bytes = chunk.bytes.get(hit.start..hit.end).unwrap_or(b"");
                    String::from_utf8_lossy(bytes).into_owned()
                });
            });
            found
        })
        .collect();
    let mut all = ByPattern::new();
    for part in found {
        for (pattern, later) in part {
            all.entry(pattern).or_default().append(later);
        }
    }
    all
}

fn add<'s>(
    facts: &Facts<'s>,
    lines: &mut Lines<'s>,
    index: SourceIndex,
    source: Source<'_>,
    hits: ByPattern,
) {
    let base = facts.entities.len();
    let mut made: BTreeMap<u32, EntityId> = BTreeMap::new();
    for (pattern, found) in hits {
        let mut ids = Vec::with_capacity(found.first.len() + found.last.len());
        for kept in found.first.into_iter().chain(found.last) {
            let id = *made.entry(kept.line).or_insert_with(|| {
                let entity = match source {
                    Source::Log(log) => log_line(facts, log, &kept),
                    Source::Journal(journal) => journal_line(facts, journal, &kept),
                };
                lines.entities.push(entity);
                EntityId(u32::try_from(base + lines.entities.len() - 1).unwrap_or(u32::MAX))
            });
            ids.push(id);
        }
        let total = found.total;
        lines.hits.insert((pattern, index), Hits { ids, total });
    }
}

fn log_line<'s>(facts: &Facts<'s>, log: &LogFile, kept: &Kept) -> Entity<'s> {
    let (raw, file, number) = (kept.text.as_str(), log.file, kept.line);
    let (namespace, pod) = (log.namespace.as_str(), log.pod.as_str());
    let (container, previous) = (log.container.as_str(), log.previous);
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

fn journal_line<'s>(facts: &Facts<'s>, journal: &JournalFile, kept: &Kept) -> Entity<'s> {
    let (raw, file, number) = (kept.text.as_str(), journal.file, kept.line);
    let (node, json) = (journal.node.as_str(), journal.json);
    let parsed = logs::journal_line(raw, json, facts.now());
    let fields = vec![
        (
            "text",
            Node::text(parsed.as_ref().map_or(raw, |line| line.message)),
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
