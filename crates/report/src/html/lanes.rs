//! The incident at a glance: one lane for each layer, a bar where something happened.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::index::{LAYERS, severity_rank};
use crate::model::Report;
use crate::times;

const LABELS: usize = 104;
const WIDTH: usize = 1_000;
const LANE: usize = 30;
const BUCKETS: usize = 128;
/// Time before the incident that is shown with it, in seconds.
const LEAD: i64 = 600;
const TICKS: [i64; 13] = [
    5, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400,
];

/// The picture; absent when nothing is dated.
#[derive(Serialize)]
pub(super) struct Lanes {
    width: usize,
    height: usize,
    labels: usize,
    rows: Vec<Lane>,
    ticks: Vec<Tick>,
    window: Option<(usize, usize)>,
    from: String,
    to: String,
    earlier: usize,
}

#[derive(Serialize)]
struct Lane {
    name: &'static str,
    y: usize,
    middle: usize,
    bars: Vec<Bar>,
}

#[derive(Serialize)]
struct Bar {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    severity: &'static str,
}

#[derive(Serialize)]
struct Tick {
    x: usize,
    text: String,
}

/// The shown range of time.
struct Range {
    from: i64,
    to: i64,
}

impl Range {
    /// Position on the page; times outside stick to the edges.
    fn x(&self, second: i64) -> usize {
        let span = (self.to - self.from).max(1);
        let at =
            (second - self.from).clamp(0, span) * i64::try_from(WIDTH - LABELS).unwrap_or(1) / span;
        LABELS + usize::try_from(at).unwrap_or_default()
    }
}

/// Draws the incident with its lead, or everything where no incident is known.
pub(super) fn lanes(report: &Report) -> Option<Lanes> {
    let dated: Vec<(i64, usize, &str)> = report
        .timeline
        .iter()
        .filter_map(|e| {
            Some((
                second(&e.time)?,
                severity_rank(&e.severity),
                e.layer.as_str(),
            ))
        })
        .collect();
    let range = range(report, &dated)?;
    let height = LANE * LAYERS.len();
    let start = report.incident.first_anomaly.as_deref().and_then(second);
    let end = report
        .incident
        .recovered_at
        .as_deref()
        .and_then(second)
        .unwrap_or(range.to);
    Some(Lanes {
        width: WIDTH + 8,
        height: height + 26,
        labels: LABELS,
        rows: LAYERS
            .iter()
            .enumerate()
            .map(|(at, name)| lane(at, name, &dated, &range))
            .collect(),
        ticks: ticks(&range),
        window: start.map(|start| {
            (
                range.x(start),
                range.x(end).saturating_sub(range.x(start)).max(2),
            )
        }),
        from: words(range.from),
        to: words(range.to),
        earlier: dated.iter().filter(|(time, ..)| *time < range.from).count(),
    })
}

fn second(time: &str) -> Option<i64> {
    times::instant(time).map(Timestamp::as_second)
}

fn words(second: i64) -> String {
    Timestamp::from_second(second)
        .map(|t| times::stamp(&t.to_string()))
        .unwrap_or_default()
}

fn range(report: &Report, dated: &[(i64, usize, &str)]) -> Option<Range> {
    let first = dated.iter().map(|(time, ..)| *time).min()?;
    let last = dated.iter().map(|(time, ..)| *time).max()?;
    let captured = report.bundle.captured_at.as_deref().and_then(second);
    let to = captured.unwrap_or(last).max(first);
    let lead = |start: i64| start - LEAD.max((to - start) / 3);
    let from = report
        .incident
        .first_anomaly
        .as_deref()
        .and_then(second)
        .map_or(first, lead);
    (from < to).then_some(Range { from, to })
}

/// One bar for each stretch of time in which something happened, as tall as it was severe.
fn lane(at: usize, name: &'static str, dated: &[(i64, usize, &str)], range: &Range) -> Lane {
    let mut buckets: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    let step = (WIDTH - LABELS) / BUCKETS;
    for (time, rank, _) in dated
        .iter()
        .filter(|(time, _, layer)| *layer == name && (range.from..=range.to).contains(time))
    {
        let x = range.x(*time);
        let (left, worst) = buckets.entry((x - LABELS) / step).or_insert((x, *rank));
        *left = x.min(*left);
        *worst = (*rank).min(*worst);
    }
    let bottom = LANE * (at + 1) - 3;
    let bar = |(x, rank): (usize, usize)| {
        let height = 24 - 4 * rank.min(4);
        let severity = ["critical", "high", "medium", "low", "info"]
            .get(rank)
            .copied()
            .unwrap_or("info");
        Bar {
            x,
            y: bottom - height,
            width: step - 1,
            height,
            severity,
        }
    };
    let bars = buckets.into_values().map(bar).collect();
    Lane {
        name,
        y: LANE * at,
        middle: LANE * at + 19,
        bars,
    }
}

fn ticks(range: &Range) -> Vec<Tick> {
    let span = range.to - range.from;
    let step = TICKS
        .into_iter()
        .find(|step| span / step <= 8)
        .unwrap_or((span / 8).max(1));
    let start = range.from.div_euclid(step) + 1;
    let tick = |n: i64| {
        let stamp = words(n * step);
        let (day, clock) = stamp.split_once(' ').unwrap_or_default();
        let text = if step >= 43_200 {
            day
        } else {
            clock.trim_end_matches('Z')
        };
        Tick {
            x: range.x(n * step),
            text: text.to_owned(),
        }
    };
    (start..=range.to.div_euclid(step))
        .take(12)
        .map(tick)
        .filter(|tick| tick.x + 24 < WIDTH)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_incident_fills_the_picture() {
        let lanes = lanes(&crate::fixture::kube_proxy_oom()).unwrap();
        assert_eq!(lanes.rows.len(), 5);
        assert!(
            lanes
                .rows
                .iter()
                .flat_map(|l| &l.bars)
                .any(|b| b.severity == "critical")
        );
        assert!(lanes.ticks.len() >= 2 && lanes.ticks.iter().all(|t| t.x <= WIDTH));
        assert_eq!(lanes.earlier, 2);
    }

    #[test]
    fn undated_reports_have_none() {
        assert!(lanes(&Report::default()).is_none());
        assert!(lanes(&crate::fixture::hostile("x")).is_none());
    }
}
