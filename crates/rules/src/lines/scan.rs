//! Scans one log or journal chunk by chunk, in bounded memory however long it is, and keeps the text of some hits.

use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque},
};

use coldcase_snapshot::{Snapshot, logs, stamp};
use jiff::SignedDuration;
use logscan::Scanner;
use rayon::prelude::*;

use super::{LineKind, Source};

/// Hits kept at each end of a log for each pattern: a crash loop prints a million equal lines.
const KEEP: usize = 20;
/// Chunks that are in memory at a time.
const BATCH: usize = 16;
/// Bytes of a kept line: what is quoted is cut anyway.
const LINE: usize = 64 << 10;

/// A line that a pattern hit, with its text: the file is not asked again.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub line: u32,
    pub text: String,
}

/// Hits of one pattern in one source.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub first: Vec<Kept>,
    pub last: VecDeque<Kept>,
    pub total: u64,
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
pub(crate) type ByPattern = BTreeMap<usize, Found>;

/// Scans a source.
pub(crate) fn source(snapshot: &Snapshot<'_>, source: Source<'_>, scanner: &Scanner) -> ByPattern {
    let bundle = snapshot.bundle;
    let file = bundle.file(source.file());
    let span = source.span();
    if source.kind() == LineKind::Log && file.bytes < 400 && logs::is_kubectl_excuse(&file.text()) {
        return ByPattern::new();
    }
    let mut all = ByPattern::new();
    let mut chunks = file
        .chunks()
        .filter(|chunk| chunk.first_line <= span.last)
        .peekable();
    while chunks.peek().is_some() {
        let batch: Vec<_> = chunks.by_ref().take(BATCH).collect();
        let found: Vec<ByPattern> = batch
            .par_iter()
            .filter(|chunk| within(snapshot, &chunk.text))
            .map(|chunk| {
                let window = |raw: &str| in_window(snapshot, raw);
                chunk_hits(source, scanner, chunk.first_line, &chunk.text, &window)
            })
            .collect();
        for (pattern, later) in found.into_iter().flatten() {
            all.entry(pattern).or_default().append(later);
        }
    }
    all
}

/// Whether a chunk can hold lines of the window: logs are in order, but for the little disorder that
/// several writers make.
fn within(snapshot: &Snapshot<'_>, text: &str) -> bool {
    const DISORDER: SignedDuration = SignedDuration::from_mins(5);
    let window = snapshot.window;
    if window.is_open() {
        return true;
    }
    let dated = |line: &str| stamp::leading(line, snapshot.captured_at).map(|found| found.time);
    let first = text.lines().take(20).find_map(dated);
    let last = text.lines().rev().take(20).find_map(dated);
    let (Some(first), Some(last)) = (first, last) else {
        return true;
    };
    let (first, last) = (first.min(last), first.max(last));
    match (first.checked_sub(DISORDER), last.checked_add(DISORDER)) {
        (Ok(first), Ok(last)) => window.touches(first, last),
        _ => true,
    }
}

/// Whether a line lies in the window, as far as its stamp tells.
fn in_window(snapshot: &Snapshot<'_>, raw: &str) -> bool {
    snapshot.window.is_open()
        || stamp::leading(raw, snapshot.captured_at)
            .is_none_or(|found| snapshot.window.touches(found.time, found.time))
}

fn chunk_hits(
    source: Source<'_>,
    scanner: &Scanner,
    first_line: u32,
    text: &str,
    in_window: &dyn Fn(&str) -> bool,
) -> ByPattern {
    let mut found = ByPattern::new();
    let span = source.span();
    let class = source.kind().class();
    let mut keep = |pattern: usize, line: u64, raw: &str| {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        if (span.first..=span.last).contains(&line) && in_window(raw) {
            found
                .entry(pattern)
                .or_default()
                .add(line, || cut(raw).to_owned());
        }
    };
    let first = u64::from(first_line);
    if escaped(source, text) {
        // A pattern means what the program wrote, not how JSON spells it.
        let (plain, raws) = unescaped(source, text);
        scanner.scan(class, plain.as_bytes(), first, &mut |hit| {
            let index = usize::try_from(hit.line - first).unwrap_or(usize::MAX);
            keep(
                hit.pattern,
                hit.line,
                raws.get(index).copied().unwrap_or(""),
            );
        });
        return found;
    }
    let bytes = text.as_bytes();
    let view = |line| visible(source, line);
    scanner.scan_with(class, bytes, first, view, &mut |hit| {
        keep(
            hit.pattern,
            hit.line,
            text.get(hit.start..hit.end).unwrap_or(""),
        );
    });
    found
}

/// Whether lines hold their message as a JSON string.
fn escaped(source: Source<'_>, text: &str) -> bool {
    matches!(source, Source::Journal(journal) if journal.json) || text.starts_with("{\"log\":")
}

/// The messages, one a line, and the lines they come from.
fn unescaped<'t>(source: Source<'_>, text: &'t str) -> (String, Vec<&'t str>) {
    let mut plain = String::with_capacity(text.len() / 2);
    let raws: Vec<&str> = text.lines().collect();
    for raw in &raws {
        let message = message(source, raw);
        plain.extend(message.chars().map(|c| if c == '\n' { ' ' } else { c }));
        plain.push('\n');
    }
    (plain, raws)
}

/// What a program wrote, without what was put around it.
fn message<'t>(source: Source<'_>, line: &'t str) -> Cow<'t, str> {
    match source {
        Source::Log(_) => logs::message(line),
        Source::Journal(journal) => logs::journal_line(line, journal.json, None)
            .map_or(Cow::Borrowed(line), |parsed| parsed.message),
    }
}

/// The part of a line that patterns see.
fn visible<'t>(source: Source<'_>, line: &'t [u8]) -> &'t [u8] {
    let Ok(text) = std::str::from_utf8(line) else {
        return line;
    };
    match message(source, text) {
        Cow::Borrowed(text) => text.as_bytes(),
        Cow::Owned(_) => line,
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(LINE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("").trim_end_matches('\r')
}
