//! The timeline for the page: a plain table of what matters, filter choices, and all entries as data for the script.
//!
//! What travels in the page: the [`ROWS`] most important entries as a table, which is all that
//! readers without scripts and printers get, and up to [`EMBEDDED`] entries as columns for the
//! script. Columns share texts, subjects and files; above [`PLAIN`] bytes they are deflated, which
//! takes 50,000 entries to about a megabyte. The JSON report has every entry.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compress, Compression, FlushCompress, Status};
use rayon::prelude::*;
use serde::Serialize;

use super::objects::Pages;
use super::{anchor, evidence};
use crate::assemble::timeline_anchor;
use crate::index::{Index, layer_rank, severity_rank, short_place};
use crate::layout::thousands;
use crate::model::TimelineEntry;
use crate::text::{QUOTE_LIMIT, cut};
use crate::times;

/// Rows that are in the page without the script.
pub(super) const ROWS: usize = 400;
/// Entries that the script knows.
const EMBEDDED: usize = 50_000;
/// Bytes of data from which on it is deflated.
const PLAIN: usize = 192 * 1024;
/// Bytes that are deflated as one piece: twice as many would save a quarter of a percent.
const PIECE: usize = 256 * 1024;
/// Level 7 takes three times the time of this one for a hundredth of the page.
const LEVEL: Compression = Compression::new(4);
/// Characters of an entry's text in the data; its quote has more.
const TEXT: usize = 600;

/// Everything the section shows.
#[derive(Serialize)]
pub(super) struct Timeline {
    days: Vec<Day>,
    total: usize,
    shown: usize,
    embedded: usize,
    layers: Vec<Choice>,
    kinds: Vec<Choice>,
    namespaces: Vec<Choice>,
}

#[derive(Serialize)]
struct Day {
    day: String,
    rows: Vec<Row>,
}

/// One choice of a filter.
#[derive(Serialize)]
struct Choice {
    value: String,
    count: String,
}

/// A row of the plain table.
#[derive(Serialize)]
struct Row {
    anchor: String,
    day: String,
    clock: String,
    end: String,
    raw: String,
    assumed: String,
    kind: String,
    layer: String,
    severity: String,
    subject: String,
    text: String,
    count: String,
    window: bool,
    first: bool,
    quiet: bool,
    cites: Vec<(String, String)>,
}

/// The entries as columns; the script reads the same names. Pairs are (position, value) where few
/// entries have the value.
#[derive(Default, Serialize)]
struct Data<'a> {
    /// Milliseconds since 1970 of the first dated entry.
    start: i64,
    /// Milliseconds since the entry before; undated ones repeat it and stand in `odd`.
    time: Vec<i64>,
    /// Kind, layer, severity, its rank, whether milliseconds are known.
    sorts: Vec<(&'a str, &'a str, &'a str, usize, bool)>,
    sort: Vec<usize>,
    /// Kind, namespace, name, anchor of its page.
    subjects: Vec<(&'a str, &'a str, &'a str, &'a str)>,
    subject: Vec<usize>,
    texts: Vec<String>,
    text: Vec<usize>,
    files: Vec<&'a str>,
    file: Vec<usize>,
    line: Vec<u32>,
    /// Milliseconds from begin to end of a range.
    span: Vec<(usize, i64)>,
    count: Vec<(usize, u64)>,
    /// As written, where that is not RFC 3339.
    raw: Vec<(usize, &'a str)>,
    odd: Vec<(usize, &'a str)>,
    assumed: Vec<(usize, &'a str)>,
    /// Anchors that the script cannot compute.
    anchors: Vec<(usize, String)>,
    /// Evidence: the anchor of a quote in the page, or a position in `quotes`.
    cites: Vec<(usize, Vec<Place>)>,
    quotes: Vec<(String, Vec<evidence::Line>)>,
    /// The incident in milliseconds, and its first entry.
    from: Option<i64>,
    to: Option<i64>,
    captured: Option<i64>,
    first: Option<usize>,
    total: usize,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Place {
    Anchor(String),
    Quote(usize),
}

/// Positions of values that repeat.
struct Shared<K> {
    at: HashMap<K, usize>,
}

impl<K: Eq + Hash> Shared<K> {
    fn new() -> Self {
        Self { at: HashMap::new() }
    }

    /// The position of a value, and whether it is new.
    fn at(&mut self, key: K) -> (usize, bool) {
        let next = self.at.len();
        let at = *self.at.entry(key).or_insert(next);
        (at, at == next)
    }
}

/// The section, and its data as text that may stand in a script element. `shown` are the entries of the table.
pub(super) fn timeline(
    index: &Index<'_>,
    shown: &[usize],
    pages: &Pages,
    quoted: &dyn Fn(&str) -> bool,
) -> (Timeline, String) {
    let all = &index.report.timeline;
    let embedded = if all.len() > EMBEDDED {
        index.important(EMBEDDED)
    } else {
        (0..all.len()).collect()
    };
    let first = first_anomaly(index);
    let row = |at: &usize| {
        all.get(*at)
            .map(|entry| row(index, entry, first == Some(*at), quoted))
    };
    let timeline = Timeline {
        total: all.len(),
        shown: shown.len(),
        embedded: embedded.len(),
        days: days(shown.iter().filter_map(row)),
        layers: choices(all.iter().map(|e| e.layer.as_str()), |layer| {
            layer_rank(layer)
        }),
        kinds: choices(all.iter().map(|e| e.kind.as_str()), |_| 0),
        namespaces: choices(
            all.iter().filter_map(|e| e.subject.namespace.as_deref()),
            |_| 0,
        ),
    };
    let data = data(index, &embedded, first, pages, quoted);
    (timeline, packed(&data))
}

fn data<'a>(
    index: &Index<'a>,
    embedded: &[usize],
    first: Option<usize>,
    pages: &'a Pages,
    quoted: &dyn Fn(&str) -> bool,
) -> Data<'a> {
    let report = index.report;
    let millisecond = |time: &str| times::instant(time).map(jiff::Timestamp::as_millisecond);
    let of = |time: &Option<String>| time.as_deref().and_then(millisecond);
    let mut data = Data {
        from: of(&report.incident.first_anomaly),
        to: of(&report.incident.recovered_at),
        captured: of(&report.bundle.captured_at),
        first: first.and_then(|first| embedded.binary_search(&first).ok()),
        total: report.timeline.len(),
        ..Data::default()
    };
    let (mut sorts, mut subjects) = (Shared::new(), Shared::new());
    let (mut texts, mut files, mut quotes) = (Shared::new(), Shared::new(), Shared::new());
    let mut anchors: HashMap<String, usize> = HashMap::new();
    let mut before: Option<i64> = None;
    let found: Vec<Computed<'_>> = embedded
        .par_iter()
        .filter_map(|at| report.timeline.get(*at))
        .map(Computed::of)
        .collect();
    for (at, computed) in found.into_iter().enumerate() {
        let (entry, time) = (computed.entry, computed.time);
        if time.is_none() {
            data.odd.push((at, &entry.time));
        }
        let time = time.or(before).unwrap_or_default();
        data.start = before.map_or(time, |_| data.start);
        data.time.push(before.map_or(0, |before| time - before));
        before = Some(time);
        let milliseconds = entry.precision != "s";
        let rank = severity_rank(&entry.severity);
        let sort = (
            entry.kind.as_str(),
            entry.layer.as_str(),
            entry.severity.as_str(),
            rank,
            milliseconds,
        );
        let (position, new) = sorts.at(sort);
        if new {
            data.sorts.push(sort);
        }
        data.sort.push(position);
        let (position, new) = subjects.at(&entry.subject);
        if new {
            let subject = &entry.subject;
            let namespace = subject.namespace.as_deref().unwrap_or_default();
            data.subjects.push((
                &subject.kind,
                namespace,
                &subject.name,
                pages.anchor(subject),
            ));
        }
        data.subject.push(position);
        let (position, new) = texts.at(entry.text.as_str());
        if new {
            data.texts.push(cut(&entry.text, TEXT).into_owned());
        }
        data.text.push(position);
        let (file, line) = split(&entry.place);
        let (position, new) = files.at(file);
        if new {
            data.files.push(file);
        }
        data.file.push(position);
        data.line.push(line);
        if let Some(end) = of(&entry.end_time) {
            data.span.push((at, end - time));
        }
        if entry.count > 1 {
            data.count.push((at, entry.count));
        }
        if entry.raw_time != entry.time {
            data.raw.push((at, &entry.raw_time));
        }
        if !entry.assumed.is_empty() {
            data.assumed.push((at, &entry.assumed));
        }
        if let Some(odd) = computed.odd_anchor(&mut anchors) {
            data.anchors.push((at, odd));
        }
        let known = entry.evidence.iter().filter_map(|id| index.evidence(id));
        let mut place = |it: &'a crate::model::Evidence| {
            if quoted(&it.id) {
                return Place::Anchor(anchor(&it.id));
            }
            let (position, new) = quotes.at(it.id.as_str());
            if new {
                data.quotes
                    .push((crate::index::place(it), evidence::lines(it)));
            }
            Place::Quote(position)
        };
        let cites: Vec<Place> = known.map(&mut place).collect();
        if !cites.is_empty() {
            data.cites.push((at, cites));
        }
    }
    data
}

/// What is computed of an entry by itself.
struct Computed<'a> {
    entry: &'a TimelineEntry,
    /// Milliseconds since 1970.
    time: Option<i64>,
    /// The anchor that it has.
    own: String,
    /// The anchor that the script computes from kind, time and name, before equal ones are numbered.
    base: String,
}

impl<'a> Computed<'a> {
    fn of(entry: &'a TimelineEntry) -> Self {
        let time = times::milliseconds(&entry.time);
        Self {
            entry,
            time: times::instant(&entry.time).map(jiff::Timestamp::as_millisecond),
            own: anchor(&entry.id),
            base: timeline_anchor(&entry.kind, &time, &entry.subject.name),
        }
    }

    /// The anchor, where it is not what the script computes.
    fn odd_anchor(self, seen: &mut HashMap<String, usize>) -> Option<String> {
        let same = self.own == self.base;
        let numbered = |number: usize| format!("{}-{number}", self.base);
        let computed = match seen.get_mut(&self.base) {
            None => same,
            Some(number) => {
                *number += 1;
                self.own == numbered(*number)
            }
        };
        // Lower case is the one thing that two languages may see differently.
        let name = &self.entry.subject.name;
        let odd = !computed || !name.is_ascii() || self.time.is_none();
        let own = odd.then_some(self.own);
        seen.entry(self.base).or_insert(1);
        own
    }
}

/// File and line of `file:line`.
fn split(place: &str) -> (&str, u32) {
    place
        .rsplit_once(':')
        .and_then(|(file, line)| Some((file, line.parse().ok()?)))
        .unwrap_or((place, 0))
}

/// The first entry at or after the first anomaly; among equals the most severe.
fn first_anomaly(index: &Index<'_>) -> Option<usize> {
    let from = times::instant(index.report.incident.first_anomaly.as_deref()?)?;
    let dated = index.report.timeline.iter().enumerate();
    dated
        .filter_map(|(at, entry)| {
            times::instant(&entry.time)
                .filter(|time| *time >= from)
                .map(|time| (time, severity_rank(&entry.severity), at))
        })
        .min()
        .map(|(_, _, at)| at)
}

/// Whether an entry lies in the incident.
fn in_window(index: &Index<'_>, entry: &TimelineEntry) -> bool {
    let incident = &index.report.incident;
    let instant = |time: &Option<String>| time.as_deref().and_then(times::instant);
    match (
        instant(&incident.first_anomaly),
        times::instant(&entry.time),
    ) {
        (Some(from), Some(time)) => {
            time >= from && instant(&incident.recovered_at).is_none_or(|end| time <= end)
        }
        _ => false,
    }
}

fn row(
    index: &Index<'_>,
    entry: &TimelineEntry,
    first: bool,
    quoted: &dyn Fn(&str) -> bool,
) -> Row {
    let end = entry
        .end_time
        .as_deref()
        .map(|end| times::near(end, Some(&entry.time)));
    let stamp = |text: &str| {
        if text == entry.time {
            String::new()
        } else {
            text.to_owned()
        }
    };
    let cite = |id: &String| index.evidence(id).map(|e| (anchor(&e.id), short_place(e)));
    Row {
        anchor: anchor(&entry.id),
        day: times::day(&entry.time).to_owned(),
        clock: times::clock(&entry.time),
        end: end.unwrap_or_default(),
        raw: stamp(&entry.raw_time),
        assumed: entry.assumed.clone(),
        kind: entry.kind.clone(),
        layer: entry.layer.clone(),
        severity: entry.severity.clone(),
        subject: entry.subject.to_string(),
        text: cut(&entry.text, QUOTE_LIMIT).into_owned(),
        count: if entry.count > 1 {
            thousands(entry.count)
        } else {
            String::new()
        },
        window: in_window(index, entry),
        first,
        quiet: !first && entry.kind != "change" && severity_rank(&entry.severity) > 2,
        cites: entry
            .evidence
            .iter()
            .filter(|id| quoted(id))
            .filter_map(cite)
            .collect(),
    }
}

fn days(rows: impl Iterator<Item = Row>) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for row in rows {
        match days.last_mut() {
            Some(day) if day.day == row.day => day.rows.push(row),
            _ => days.push(Day {
                day: row.day.clone(),
                rows: vec![row],
            }),
        }
    }
    days
}

fn choices<'a>(values: impl Iterator<Item = &'a str>, rank: impl Fn(&str) -> usize) -> Vec<Choice> {
    let mut counts: BTreeMap<(usize, &str), u64> = BTreeMap::new();
    for value in values.filter(|v| !v.is_empty()) {
        *counts.entry((rank(value), value)).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|((_, value), count)| Choice {
            value: value.to_owned(),
            count: thousands(count),
        })
        .collect()
}

/// The data as it stands in the page: JSON, or a JSON string of deflated JSON.
fn packed(data: &Data<'_>) -> String {
    let json = serde_json::to_string(data).unwrap_or_else(|_| "{}".to_owned());
    if json.len() > PLAIN
        && let Some(deflated) = deflate(json.as_bytes())
    {
        return format!("\"{}\"", STANDARD.encode(deflated));
    }
    script_json(&json)
}

/// Deflates piece by piece on all threads. Each piece but the last ends at a byte, and none looks back into the one
/// before: put together they are one stream, the same for any number of threads.
fn deflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let pieces: Vec<&[u8]> = bytes.chunks(PIECE).collect();
    let last = pieces.len().checked_sub(1)?;
    let deflated: Vec<Vec<u8>> = pieces
        .par_iter()
        .enumerate()
        .map(|(at, piece)| deflate_piece(piece, at == last))
        .collect::<Option<_>>()?;
    Some(deflated.concat())
}

/// With room for all at once: a flush that runs out of room is not taken up where it stopped.
fn deflate_piece(piece: &[u8], last: bool) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(piece.len() + piece.len() / 64 + 1024);
    let mut deflater = Compress::new(LEVEL, false);
    let flush = if last {
        FlushCompress::Finish
    } else {
        FlushCompress::Sync
    };
    let status = deflater.compress_vec(piece, &mut out, flush).ok()?;
    let whole = deflater.total_in() == piece.len() as u64 && out.len() < out.capacity();
    (whole && (status == Status::StreamEnd) == last).then_some(out)
}

/// JSON that cannot end its script element or mean anything to an HTML parser.
fn script_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.extend(format!("\\u{:04x}", u32::from(c)).chars());
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Report;

    fn both(report: &Report) -> (Timeline, String) {
        let index = Index::new(report);
        let shown = index.important(ROWS);
        timeline(&index, &shown, &Pages::new(report), &|_| true)
    }

    #[test]
    fn long_timelines_keep_what_matters() {
        let report = crate::fixture::long(5_000);
        let (timeline, data) = both(&report);
        assert_eq!((timeline.shown, timeline.embedded), (ROWS, 5_013));
        let rows: Vec<&Row> = timeline.days.iter().flat_map(|d| &d.rows).collect();
        assert!(
            rows.iter()
                .any(|r| r.first && r.text.contains("Killed process"))
        );
        assert_eq!(
            timeline.days.last().map(|d| d.day.as_str()),
            Some("2026-07-07")
        );
        assert!(
            data.starts_with('"') && data.len() < 200_000,
            "{}",
            data.len()
        );
    }

    #[test]
    fn pieces_are_one_stream() {
        use std::io::Read as _;
        let mut state = 1_u64;
        let noise = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        });
        let noise: Vec<u8> = noise.take(3 * PIECE + 17).collect();
        let words: Vec<u8> = (0..200_000)
            .flat_map(|at| format!("{} a pod,", at % 977).into_bytes())
            .collect();
        for bytes in [
            &words[..],
            &noise,
            &words[..PIECE],
            &noise[..2 * PIECE],
            b"1",
        ] {
            let deflated = deflate(bytes).unwrap();
            let mut read = Vec::new();
            let mut inflater = flate2::read::DeflateDecoder::new(deflated.as_slice());
            inflater.read_to_end(&mut read).unwrap();
            assert!(read == bytes);
        }
    }

    #[test]
    fn columns_say_what_the_entries_say() {
        let report = crate::fixture::kube_proxy_oom();
        let (index, pages) = (Index::new(&report), Pages::new(&report));
        let all: Vec<usize> = (0..report.timeline.len()).collect();
        let data = data(&index, &all, None, &pages, &|_| false);
        let mut time = data.start;
        for (at, entry) in report.timeline.iter().enumerate() {
            time += data.time[at];
            let stamp = times::instant(&entry.time).unwrap();
            assert_eq!(stamp.as_millisecond(), time);
            assert_eq!(data.texts[data.text[at]], entry.text);
            assert_eq!(data.sorts[data.sort[at]].0, entry.kind);
            assert_eq!(data.subjects[data.subject[at]].2, entry.subject.name);
        }
        let cited = report.timeline.iter().filter(|e| !e.evidence.is_empty());
        assert_eq!(data.cites.len(), cited.count());
        assert!(!data.quotes.is_empty());
    }

    #[test]
    fn data_cannot_leave_its_element() {
        let mut report = crate::fixture::kube_proxy_oom();
        report
            .timeline
            .iter_mut()
            .for_each(|e| e.text = "</script><!-- &\u{2028}".into());
        let (_, data) = both(&report);
        assert!(!data.contains(['<', '>', '&', '\u{2028}']));
        assert!(data.contains("\\u003c/script\\u003e"));
    }

    #[test]
    fn more_than_the_script_takes_is_counted() {
        let report = crate::fixture::long(EMBEDDED + 100);
        let (timeline, _) = both(&report);
        assert_eq!(timeline.embedded, EMBEDDED);
        assert_eq!(timeline.total, EMBEDDED + 113);
    }
}
