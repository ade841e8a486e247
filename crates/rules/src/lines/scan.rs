//! Scans one log or journal chunk by chunk, in bounded memory however long it is, and keeps the text of some hits.

use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque},
    mem,
};

use coldcase_bundle::{Chunk, File};

use coldcase_snapshot::{
    Snapshot,
    journal::{self, Entry, Form},
    logs, stamp,
};
use jiff::SignedDuration;
use logscan::Scanner;
use rayon::prelude::*;

use super::{
    LineKind, Source,
    cut::{Joined, Open, Pieces},
    record::{self, Recorded},
};

/// Hits kept at each end of a log for each pattern: a crash loop prints a million equal lines.
const KEEP: usize = 20;
/// Chunks of a large source that are in memory at a time, for all threads to share.
const BATCH: usize = 16;
/// Bytes of a kept line: what is quoted is cut anyway.
const LINE: usize = 64 << 10;

/// A line that a pattern hit, with its text: the file is not asked again.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub line: u32,
    pub text: String,
    /// What the program wrote, if that is spread over several lines; `text` is the first of them.
    pub whole: Option<String>,
    /// What a journal's entry of several lines says besides its message, which is `text`.
    pub entry: Option<Box<Entry>>,
}

/// Hits of one pattern in one source.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub first: Vec<Kept>,
    pub last: VecDeque<Kept>,
    pub total: u64,
}

impl Found {
    fn add(&mut self, kept: impl FnOnce() -> Kept) {
        self.total += 1;
        if self.first.len() < KEEP {
            self.first.push(kept());
            return;
        }
        if self.last.len() == KEEP {
            self.last.pop_front();
        }
        self.last.push_back(kept());
    }

    /// Adds what was found further down.
    fn append(&mut self, later: Self) {
        let total = self.total + later.total;
        for kept in later.first.into_iter().chain(later.last) {
            self.add(|| kept);
        }
        self.total = total;
    }
}

/// Hits by pattern.
pub(crate) type ByPattern = BTreeMap<usize, Found>;

/// What was found in one source.
#[derive(Debug, Default)]
pub(crate) struct SourceHits {
    pub by_pattern: ByPattern,
    /// Of the lines that are part of something longer, what that is.
    pub records: BTreeMap<u32, Recorded>,
}

/// How many chunks of a source are read before they are scanned, of sources with so many bytes in all. Where other
/// sources keep the threads busy, one: it is scanned while it is in the nearest cache, and its memory is the next one's.
pub(crate) fn batch(bytes: u64, all: u64) -> usize {
    let shares = 4 * rayon::current_num_threads() as u64;
    if bytes <= all / shares { 1 } else { BATCH }
}

/// Scans a source, a batch of chunks at a time.
pub(crate) fn source(
    snapshot: &Snapshot<'_>,
    source: Source<'_>,
    scanner: &Scanner,
    batch: usize,
) -> SourceHits {
    let bundle = snapshot.bundle;
    let (file, span) = source.text(bundle);
    if source.kind() == LineKind::Log && file.bytes < 400 && logs::is_kubectl_excuse(&file.text()) {
        return SourceHits::default();
    }
    let mut all = ByPattern::new();
    let mut chunks = file
        .chunks()
        .filter(|chunk| chunk.first_line <= span.last)
        .peekable();
    let mut open = Open::default();
    while chunks.peek().is_some() {
        let batch: Vec<(Chunk<'_>, Open)> = chunks
            .by_ref()
            .take(batch)
            .map(|chunk| {
                let before = open.clone();
                if source.kind() == LineKind::Log {
                    open = mem::take(&mut open).after(span, &chunk);
                }
                (chunk, before)
            })
            .collect();
        let found: Vec<ByPattern> = batch
            .par_iter()
            .filter(|(chunk, _)| long_form(source).is_some() || within(snapshot, &chunk.text))
            .map(|(chunk, open)| {
                if let Some(form) = long_form(source) {
                    let entries = journal::entries_of(file, form, span, chunk);
                    return entry_hits(snapshot, scanner, &entries);
                }
                let window = |raw: &str| in_window(snapshot, raw);
                ChunkScan {
                    source,
                    scanner,
                    chunk,
                    in_window: &window,
                }
                .hits(file, open)
            })
            .collect();
        for (pattern, later) in found.into_iter().flatten() {
            all.entry(pattern).or_default().append(later);
        }
    }
    SourceHits {
        records: record::all(file, source, &all),
        by_pattern: all,
    }
}

/// The form of a journal whose entries take several lines each.
pub(super) fn long_form(source: Source<'_>) -> Option<Form> {
    match source {
        Source::Journal(journal) if journal.form.is_long() => Some(journal.form),
        _ => None,
    }
}

/// Hits on the messages of entries.
fn entry_hits(snapshot: &Snapshot<'_>, scanner: &Scanner, entries: &[Entry]) -> ByPattern {
    let mut plain =
        String::with_capacity(entries.iter().map(|entry| entry.message.len() + 1).sum());
    for entry in entries {
        let message = entry.message.chars();
        plain.extend(message.map(|c| if c == '\n' { ' ' } else { c }));
        plain.push('\n');
    }
    let mut found = ByPattern::new();
    let class = LineKind::Journal.class();
    scanner.scan(class, plain.as_bytes(), 0, &mut |hit| {
        let index = usize::try_from(hit.line).unwrap_or(usize::MAX);
        let Some(entry) = entries.get(index) else {
            return;
        };
        let stamp = entry.stamp.map(|stamp| stamp.time);
        if stamp.is_none_or(|time| snapshot.window.touches(time, time)) {
            let about = || Entry {
                message: String::new(),
                ..entry.clone()
            };
            found.entry(hit.pattern).or_default().add(|| Kept {
                line: entry.head,
                text: cut(&entry.message).to_owned(),
                whole: None,
                entry: Some(Box::new(about())),
            });
        }
    });
    found
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

/// One chunk and what it is scanned with.
struct ChunkScan<'c> {
    source: Source<'c>,
    scanner: &'c Scanner,
    chunk: &'c Chunk<'c>,
    in_window: &'c dyn Fn(&str) -> bool,
}

/// Hits on joined lines, by pattern, those further down last: they are added in the order of lines.
type Pending<'j> = BTreeMap<usize, VecDeque<&'j Joined>>;

impl ChunkScan<'_> {
    fn hits(&self, file: &File, open: &Open) -> ByPattern {
        let mut found = ByPattern::new();
        let mut pieces = match self.source {
            Source::Log(_) => Pieces::of(file, self.source.span(), self.chunk, open),
            Source::Journal(_) => Pieces::default(),
        };
        let (texts, joined) = pieces.texts();
        let mut pending = self.pending(&texts, &joined);
        let span = self.source.span();
        self.each(&mut |pattern, line, raw| {
            let line = u32::try_from(line).unwrap_or(u32::MAX);
            let counts = (span.first..=span.last).contains(&line) && !pieces.covers(line);
            if counts && (self.in_window)(raw) {
                let hits = found.entry(pattern).or_default();
                self.settle(hits, pending.get_mut(&pattern), line);
                hits.add(|| Kept {
                    line,
                    text: cut(raw).to_owned(),
                    whole: None,
                    entry: None,
                });
            }
        });
        for (pattern, mut joined) in pending {
            let hits = found.entry(pattern).or_default();
            self.settle(hits, Some(&mut joined), u32::MAX);
        }
        found.retain(|_, hits| hits.total > 0);
        found
    }

    /// All hits on the lines as they lie.
    fn each(&self, then: &mut dyn FnMut(usize, u64, &str)) {
        let (source, text) = (self.source, self.chunk.text.as_ref());
        let class = source.kind().class();
        let first = u64::from(self.chunk.first_line);
        if escaped(source, text) {
            // A pattern means what the program wrote, not how JSON spells it.
            let (plain, raws) = unescaped(source, text);
            self.scanner
                .scan(class, plain.as_bytes(), first, &mut |hit| {
                    let index = usize::try_from(hit.line - first).unwrap_or(usize::MAX);
                    then(
                        hit.pattern,
                        hit.line,
                        raws.get(index).copied().unwrap_or(""),
                    );
                });
            return;
        }
        let view = |line| visible(source, line);
        self.scanner
            .scan_with(class, text.as_bytes(), first, view, &mut |hit| {
                then(
                    hit.pattern,
                    hit.line,
                    text.get(hit.start..hit.end).unwrap_or(""),
                );
            });
    }

    fn pending<'j>(&self, texts: &str, joined: &'j [Joined]) -> Pending<'j> {
        let mut pending = Pending::new();
        if joined.is_empty() {
            return pending;
        }
        let class = self.source.kind().class();
        self.scanner.scan(class, texts.as_bytes(), 0, &mut |hit| {
            let index = usize::try_from(hit.line).unwrap_or(usize::MAX);
            if let Some(line) = joined.get(index) {
                pending.entry(hit.pattern).or_default().push_back(line);
            }
        });
        pending
    }

    /// Adds the joined lines that begin before a line.
    fn settle(&self, hits: &mut Found, pending: Option<&mut VecDeque<&Joined>>, line: u32) {
        let Some(pending) = pending else {
            return;
        };
        while let Some(joined) = pending.front().copied().filter(|next| next.first < line) {
            pending.pop_front();
            let index = joined.first.saturating_sub(self.chunk.first_line) as usize;
            let raw = self.chunk.text.lines().nth(index).unwrap_or("");
            if (self.in_window)(raw) {
                hits.add(|| Kept {
                    line: joined.first,
                    text: cut(raw).to_owned(),
                    whole: Some(cut(&joined.text).to_owned()),
                    entry: None,
                });
            }
        }
    }
}

/// Whether lines hold their message as a JSON string.
fn escaped(source: Source<'_>, text: &str) -> bool {
    matches!(source, Source::Journal(journal) if journal.form == Form::Json)
        || text.starts_with("{\"log\":")
}

/// The messages, one a line, and the lines they come from.
fn unescaped<'t>(source: Source<'t>, text: &'t str) -> (String, Vec<&'t str>) {
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
fn message<'t>(source: Source<'t>, line: &'t str) -> Cow<'t, str> {
    match source {
        Source::Log(_) => logs::message(line),
        Source::Journal(journal) => journal
            .parse(line, None)
            .map_or(Cow::Borrowed(line), |parsed| parsed.message),
    }
}

/// The part of a line that patterns see.
fn visible<'t>(source: Source<'t>, line: &'t [u8]) -> &'t [u8] {
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
