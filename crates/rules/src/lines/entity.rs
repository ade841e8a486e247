//! Makes entities of the lines that patterns hit: whose they are, when they were written, what they say.

use std::{borrow::Cow, collections::BTreeMap};

use coldcase_bundle::FileId;
use coldcase_facts::{Cite, Entity, Facts, Identity};
use coldcase_snapshot::{
    clock::{Anchors, Boot, FileClock},
    logs::{self, JournalFile, LogFile},
    node::Node,
    stamp::{self, Stamp},
};
use rayon::prelude::*;

use super::{
    Source, SourceIndex,
    record::Recorded,
    scan::{Kept, SourceHits},
};

/// The clocks of sources that were hit. A kernel log without a date takes the time of boot from
/// another file of its node.
pub(crate) fn clocks(
    facts: &Facts<'_>,
    sources: &[Source<'_>],
    found: &[SourceHits],
) -> BTreeMap<SourceIndex, FileClock> {
    let clock = |source: Source<'_>, boot: Option<Boot>| {
        let anchors = Anchors {
            captured: facts.now(),
            // Containers keep UTC whatever zone their node has, unless their image or a variable says otherwise.
            zone: match source {
                Source::Journal(_) => facts.snapshot.zone,
                Source::Log(_) => None,
            },
            boot,
        };
        let (file, span) = source.text(facts.snapshot.bundle);
        FileClock::of_file(file, span, &anchors)
    };
    let hit: Vec<(SourceIndex, Source<'_>)> = sources
        .iter()
        .copied()
        .enumerate()
        .filter(|(index, _)| {
            let hits = found.get(*index);
            hits.is_some_and(|hits| !hits.by_pattern.is_empty())
        })
        .collect();
    let made: Vec<FileClock> = hit
        .par_iter()
        .map(|(_, source)| clock(*source, None))
        .collect();
    let mut boots: BTreeMap<&str, Boot> = BTreeMap::new();
    let mut clocks = BTreeMap::new();
    for ((index, source), made) in hit.into_iter().zip(made) {
        if let (Source::Journal(journal), Some(boot)) = (source, made.boot()) {
            boots.entry(journal.node.as_str()).or_insert(boot);
        }
        clocks.insert(index, made);
    }
    for (index, source) in sources.iter().enumerate() {
        if let Source::Journal(journal) = source
            && let Some(boot) = boots.get(journal.node.as_str())
            && let Some(made) = clocks.get_mut(&index)
            && made.boot().is_none()
        {
            *made = clock(*source, Some(*boot));
        }
    }
    clocks
}

/// The fields that a stamp gives.
fn dated(found: Option<Stamp>) -> Vec<(&'static str, Node)> {
    let Some(found) = found else {
        return vec![("time", Node::default())];
    };
    let time = stamp::format(found.time, found.precision);
    vec![
        ("time", Node::text(time)),
        ("precision", Node::number(i64::from(found.precision))),
        ("assumed", Node::text(found.assumed.words())),
    ]
}

/// When a line was written: a record's stamp dates all of its lines.
fn stamp_of(clock: &FileClock, kept: &Kept, recorded: Option<&Recorded>) -> Option<Stamp> {
    if let Some(entry) = &kept.entry {
        let dated = entry.dated.as_ref();
        return entry.stamp.or_else(|| clock.stamp(entry.first, dated?));
    }
    recorded
        .and_then(|recorded| recorded.dated.as_ref())
        .and_then(|(line, raw)| clock.stamp(*line, raw))
        .or_else(|| clock.stamp(kept.line, &kept.text))
}

/// How many lines of its source were written after a line.
fn lines_after(facts: &Facts<'_>, source: Source<'_>, line: u32) -> Node {
    let (file, span) = source.text(facts.snapshot.bundle);
    let (first, last) = (span.first.max(1), span.last.min(file.line_count()));
    let after = if source.is_reversed() {
        line.saturating_sub(first)
    } else {
        last.saturating_sub(line)
    };
    Node::number(i64::from(after))
}

/// The fields about the record that a line belongs to; most lines are one of their own.
fn of_record(text: &str, recorded: Option<&Recorded>) -> [(&'static str, Node); 2] {
    let lines = recorded.map_or(1, Recorded::lines);
    let text = recorded.map_or(text, |recorded| recorded.text.as_str());
    [
        ("record", Node::text(text)),
        ("recordLines", Node::number(i64::from(lines))),
    ]
}

/// The place of a line with the record around it.
fn cite_of(file: FileId, line: u32, recorded: Option<&Recorded>) -> Cite {
    let cite = Cite {
        file,
        line,
        end_line: line,
    };
    recorded.map_or(cite, |recorded| recorded.cite(cite))
}

/// The record's place in the captured file: where lines of others lie between, the line alone.
fn cite_taken(log: &LogFile, line: u32, recorded: &Recorded) -> Cite {
    let (first, last) = (
        log.captured_line(recorded.first),
        log.captured_line(recorded.last),
    );
    let whole = first <= line && line <= last && last - first < recorded.lines();
    let (line, end_line) = if whole { (first, last) } else { (line, line) };
    Cite {
        file: log.file,
        line,
        end_line,
    }
}

/// A line of a log.
pub(crate) fn log_line<'s>(
    facts: &Facts<'s>,
    log: &LogFile,
    clock: &FileClock,
    kept: &Kept,
    recorded: Option<&Recorded>,
) -> Entity<'s> {
    let (raw, file) = (kept.text.as_str(), log.file);
    let number = log.captured_line(kept.line);
    let (namespace, pod) = (log.namespace.as_str(), log.pod.as_str());
    let (container, previous) = (log.container.as_str(), log.previous);
    let text = match &kept.whole {
        Some(whole) => Cow::Borrowed(whole.as_str()),
        None => logs::message(raw),
    };
    let mut fields = vec![
        ("text", Node::text(text.as_ref())),
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
        (
            "linesAfter",
            lines_after(facts, Source::Log(log), kept.line),
        ),
    ];
    fields.extend(of_record(&text, recorded));
    fields.extend(dated(stamp_of(clock, kept, recorded)));
    let subject = if pod.is_empty() {
        Identity::new("Component", "", container)
    } else {
        Identity::new("Pod", namespace, pod)
    };
    let cite = match recorded {
        Some(recorded) if log.taken.is_some() => cite_taken(log, number, recorded),
        _ => cite_of(file, number, recorded),
    };
    Entity::computed("LogLine", subject, fields).cited("", Some(cite))
}

/// A line of a journal.
pub(crate) fn journal_line<'s>(
    facts: &Facts<'s>,
    journal: &JournalFile,
    clock: &FileClock,
    kept: &Kept,
    recorded: Option<&Recorded>,
) -> Entity<'s> {
    let (raw, file, number) = (kept.text.as_str(), journal.file, kept.line);
    let parsed = if kept.entry.is_some() {
        None
    } else {
        journal.parse(raw, facts.now())
    };
    let text = parsed.as_ref().map_or(raw, |line| line.message.as_ref());
    let (node, unit) = match &kept.entry {
        Some(entry) => (journal.node_of(&entry.host), entry.unit.as_str()),
        None => (
            journal.node_of_line(raw),
            parsed.as_ref().map_or("", |line| line.unit),
        ),
    };
    let node = node.as_str();
    let mut fields = vec![
        ("text", Node::text(text)),
        ("unit", Node::text(unit)),
        ("node", Node::text(node)),
        (
            "file",
            Node::text(facts.snapshot.bundle.file(file).path.as_str()),
        ),
        ("line", Node::number(i64::from(number))),
        (
            "linesAfter",
            lines_after(facts, Source::Journal(journal), number),
        ),
    ];
    let own = parsed.as_ref().and_then(|line| line.stamp);
    fields.extend(of_record(text, recorded));
    fields.extend(dated(stamp_of(clock, kept, recorded).or(own)));
    Entity::computed("JournalLine", Identity::new("Node", "", node), fields)
        .cited("", Some(cite_of(file, number, recorded)))
}
