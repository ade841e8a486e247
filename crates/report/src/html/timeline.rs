//! The timeline for the page: rows by day, filter choices, and the rest as data for the script.

use std::collections::BTreeMap;

use serde::Serialize;

use super::anchor;
use crate::index::{Index, layer_rank, severity_rank, short_place};
use crate::layout::thousands;
use crate::model::TimelineEntry;
use crate::text::{QUOTE_LIMIT, cut};
use crate::times;

/// Rows that are in the page without the script.
const ROWS: usize = 2_000;
/// Further rows that the script can add.
const REST: usize = 6_000;

/// Everything the section shows.
#[derive(Serialize)]
pub(super) struct Timeline {
    days: Vec<Day>,
    total: usize,
    shown: usize,
    rest: usize,
    lost: usize,
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

/// A row; the script reads the same names.
#[derive(Serialize)]
struct Row {
    at: usize,
    anchor: String,
    day: String,
    clock: String,
    end: String,
    raw: String,
    assumed: String,
    kind: String,
    layer: String,
    severity: String,
    rank: usize,
    namespace: String,
    subject: String,
    text: String,
    count: String,
    window: bool,
    first: bool,
    cites: Vec<(String, String)>,
}

/// Chooses and prepares the rows; those for the script as JSON that may stand in its element.
pub(super) fn timeline(index: &Index<'_>) -> (Timeline, String) {
    let all = &index.report.timeline;
    let shown = index.important(ROWS);
    let candidates = index.important(ROWS + REST);
    let rest: Vec<usize> = candidates
        .iter()
        .copied()
        .filter(|at| shown.binary_search(at).is_err())
        .collect();
    let first = first_anomaly(index);
    let row = |at: &usize| {
        all.get(*at)
            .map(|entry| row(index, *at, entry, first == Some(*at)))
    };
    let rest: Vec<Row> = rest.iter().filter_map(row).collect();
    let timeline = Timeline {
        total: all.len(),
        shown: shown.len(),
        lost: all.len() - shown.len() - rest.len(),
        days: days(shown.iter().filter_map(row)),
        layers: choices(all.iter().map(|e| e.layer.as_str()), |layer| {
            layer_rank(layer)
        }),
        kinds: choices(all.iter().map(|e| e.kind.as_str()), |_| 0),
        namespaces: choices(
            all.iter().filter_map(|e| e.subject.namespace.as_deref()),
            |_| 0,
        ),
        rest: rest.len(),
    };
    (timeline, script_json(&rest))
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

fn row(index: &Index<'_>, at: usize, entry: &TimelineEntry, first: bool) -> Row {
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
        at,
        anchor: anchor(&entry.id),
        day: times::day(&entry.time).to_owned(),
        clock: times::clock(&entry.time),
        end: end.unwrap_or_default(),
        raw: stamp(&entry.raw_time),
        assumed: entry.assumed.clone(),
        kind: entry.kind.clone(),
        layer: entry.layer.clone(),
        severity: entry.severity.clone(),
        rank: severity_rank(&entry.severity),
        namespace: entry.subject.namespace.clone().unwrap_or_default(),
        subject: entry.subject.to_string(),
        text: cut(&entry.text, QUOTE_LIMIT).into_owned(),
        count: if entry.count > 1 {
            thousands(entry.count)
        } else {
            String::new()
        },
        window: in_window(index, entry),
        first,
        cites: entry.evidence.iter().filter_map(cite).collect(),
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

/// JSON that cannot end its script element or mean anything to an HTML parser.
fn script_json(rows: &[Row]) -> String {
    let json = serde_json::to_string(rows).unwrap_or_else(|_| "[]".to_owned());
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

    #[test]
    fn long_timelines_keep_what_matters() {
        let report = crate::fixture::long(5_000);
        let (timeline, _) = timeline(&Index::new(&report));
        assert_eq!(
            (timeline.shown, timeline.rest, timeline.lost),
            (2_000, 3_013, 0)
        );
        let rows: Vec<&Row> = timeline.days.iter().flat_map(|d| &d.rows).collect();
        assert!(rows.is_sorted_by_key(|r| r.at));
        assert!(
            rows.iter()
                .any(|r| r.first && r.text.contains("Killed process"))
        );
        assert_eq!(
            timeline.days.last().map(|d| d.day.as_str()),
            Some("2026-07-07")
        );
    }

    #[test]
    fn data_cannot_leave_its_element() {
        let mut report = crate::fixture::long(3_000);
        report
            .timeline
            .iter_mut()
            .for_each(|e| e.text = "</script><!-- &\u{2028}".into());
        let (_, data) = timeline(&Index::new(&report));
        assert!(!data.contains(['<', '>', '&', '\u{2028}']));
        assert!(data.contains("\\u003c/script\\u003e"));
    }
}
