//! Everything of a report that has a time, as timeline tools want it: entries and findings in one list, oldest first.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::{
    index::Index,
    model::{Finding, Report, Subject, TimelineEntry},
    text::{QUOTE_LIMIT, cut},
    times,
};

/// One dated thing.
#[derive(Debug, Clone)]
pub(crate) struct Dated<'a> {
    /// When it began.
    pub(crate) time: Timestamp,
    /// When a range ended.
    pub(crate) end: Option<Timestamp>,
    /// What the time is the time of.
    pub(crate) desc: &'static str,
    /// `event`, `log` … as in the timeline, or `finding`.
    pub(crate) kind: &'a str,
    /// Layer.
    pub(crate) layer: &'a str,
    /// `critical` … `info`.
    pub(crate) severity: &'a str,
    /// The object.
    pub(crate) subject: &'a Subject,
    /// What happened. An endless message is cut, and says so: readers of CSV refuse cells of 128 KiB.
    pub(crate) text: Cow<'a, str>,
    /// Occurrences.
    pub(crate) count: u64,
    /// Stable id.
    pub(crate) id: &'a str,
    /// As it was written.
    pub(crate) raw: &'a str,
    /// `s`, `ms`, `us`, `ns`, or empty for findings.
    pub(crate) precision: &'a str,
    /// What had to be assumed of the stamp.
    pub(crate) assumed: &'a str,
    /// Evidence ids.
    pub(crate) evidence: &'a [String],
    /// The finding, if it is one.
    pub(crate) finding: Option<&'a Finding>,
    /// Whether it is the first thing that was not as it should be.
    pub(crate) first_anomaly: bool,
}

/// Entries and findings, oldest first. What has no readable time stands at the capture.
pub(crate) fn all<'a>(index: &Index<'a>) -> Vec<Dated<'a>> {
    let report = index.report;
    let capture = capture(report);
    let entries = report
        .timeline
        .iter()
        .map(|entry| of_entry(report, entry, capture));
    let findings = report
        .findings
        .iter()
        .map(|finding| of_finding(finding, capture));
    let mut all: Vec<Dated<'a>> = entries.chain(findings).collect();
    all.sort_by_key(|dated| dated.time);
    all
}

/// The capture, or else the last known time; a bundle without any time has none.
fn capture(report: &Report) -> Timestamp {
    let captured = report
        .bundle
        .captured_at
        .as_deref()
        .and_then(times::instant);
    let last = || {
        report
            .timeline
            .iter()
            .filter_map(|entry| times::instant(&entry.time))
            .max()
    };
    captured.or_else(last).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn of_entry<'a>(report: &'a Report, entry: &'a TimelineEntry, capture: Timestamp) -> Dated<'a> {
    let time = times::instant(&entry.time);
    let end = entry.end_time.as_deref().and_then(times::instant);
    Dated {
        time: time.unwrap_or(capture),
        end: end.filter(|end| time.is_some_and(|time| *end > time)),
        desc: if time.is_some() {
            desc(&entry.kind, end.is_some())
        } else {
            "Time Not Known"
        },
        kind: &entry.kind,
        layer: &entry.layer,
        severity: &entry.severity,
        subject: &entry.subject,
        text: cut(&entry.text, QUOTE_LIMIT),
        count: entry.count,
        id: &entry.id,
        raw: &entry.raw_time,
        precision: &entry.precision,
        assumed: &entry.assumed,
        evidence: &entry.evidence,
        finding: None,
        first_anomaly: report.incident.first_anomaly.as_deref() == Some(&entry.time),
    }
}

fn of_finding(finding: &Finding, capture: Timestamp) -> Dated<'_> {
    let first = finding.first_seen.as_deref().and_then(times::instant);
    let last = finding.last_seen.as_deref().and_then(times::instant);
    Dated {
        time: first.unwrap_or(capture),
        end: last.filter(|last| first.is_some_and(|first| *last > first)),
        desc: if first.is_some() {
            "Finding First Seen"
        } else {
            "State At Capture"
        },
        kind: "finding",
        layer: &finding.layer,
        severity: &finding.severity,
        subject: &finding.subject,
        text: cut(&finding.title, QUOTE_LIMIT),
        count: finding.count as u64,
        id: &finding.id,
        raw: finding.first_seen.as_deref().unwrap_or_default(),
        precision: "",
        assumed: "",
        evidence: &finding.evidence,
        finding: Some(finding),
        first_anomaly: false,
    }
}

fn desc(kind: &str, range: bool) -> &'static str {
    match kind {
        "event" if range => "Event First Seen",
        "event" => "Event Time",
        "container" => "Container State Changed",
        "condition" => "Condition Changed",
        "change" => "Changed",
        "log" => "Log Line Written",
        "kernel" => "Kernel Message Written",
        "journal" => "Journal Entry Written",
        "object" => "Object Time",
        _ => "Recorded",
    }
}

/// The end of a range, in the same words.
pub(crate) fn end_desc(dated: &Dated<'_>) -> &'static str {
    match dated.kind {
        "event" => "Event Last Seen",
        "finding" => "Finding Last Seen",
        _ => "Last Recorded",
    }
}
