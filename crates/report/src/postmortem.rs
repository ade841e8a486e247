//! The incident template of the field guide, filled as far as the bundle knows.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::index::{Index, reasons_for};
use crate::model::{Subject, TimelineEntry};
use crate::text::cut;
use crate::times;

/// Entries in the skeleton's own short timeline.
const TIMELINE: usize = 12;
/// Characters that tell what an entry says, without its numbers.
const GIST: usize = 48;
/// Characters of an entry's text.
const TEXT: usize = 240;

const OPEN_NAMESPACE: &str = "<namespace>";
const OPEN_WORKLOAD: &str = "<workload>";
const OPEN_START: &str = "<timestamp>";
const OPEN_HYPOTHESIS: &str = "<hypothesis>";

/// What nobody can read from a bundle stays open, in angle brackets.
pub(crate) const OPEN_DETECTION: &str = "<alert / user / report>";
pub(crate) const OPEN_IMPACT: &str = "<errors / latency / unavailable / data risk>";
pub(crate) const OPEN_CONFIRMED: &str = "<after validation>";
pub(crate) const OPEN_PREVENTION: &str = "<tests / policy / alerts / runbook / platform guardrail>";

/// Every placeholder, so that a page can set them apart from captured text.
pub(crate) const OPEN: [&str; 8] = [
    OPEN_NAMESPACE,
    OPEN_WORKLOAD,
    OPEN_START,
    OPEN_HYPOTHESIS,
    OPEN_DETECTION,
    OPEN_IMPACT,
    OPEN_CONFIRMED,
    OPEN_PREVENTION,
];

/// A line with the evidence it stands on.
#[derive(Serialize)]
pub(crate) struct Line {
    pub(crate) time: String,
    pub(crate) text: String,
    pub(crate) evidence: Vec<String>,
}

/// The filled template.
#[derive(Serialize)]
pub(crate) struct Skeleton {
    pub(crate) incident: String,
    pub(crate) namespace: String,
    pub(crate) workload: String,
    pub(crate) started: String,
    pub(crate) detected_by: String,
    pub(crate) impact: String,
    pub(crate) impact_evidence: Vec<String>,
    pub(crate) timeline: Vec<Line>,
    pub(crate) evidence: Vec<Line>,
    pub(crate) hypothesis: String,
    pub(crate) confirmed: String,
    pub(crate) preventive: Vec<String>,
}

/// Fills the template.
pub(crate) fn skeleton(index: &Index<'_>) -> Skeleton {
    let report = index.report;
    let impact = index.answer("affected");
    let touched = touched(index);
    Skeleton {
        incident: report.verdict.sentence.clone(),
        namespace: joined(
            touched.iter().filter_map(|s| s.namespace.clone()),
            OPEN_NAMESPACE,
        ),
        workload: joined(
            touched.iter().map(|s| format!("{} {}", s.kind, s.name)),
            "<workload>",
        ),
        started: started(index),
        detected_by: OPEN_DETECTION.to_owned(),
        impact: impact.map_or_else(|| OPEN_IMPACT.to_owned(), |a| a.answer.clone()),
        impact_evidence: impact.map(|a| a.evidence.clone()).unwrap_or_default(),
        timeline: timeline(index),
        evidence: evidence(index),
        hypothesis: hypothesis(index),
        confirmed: OPEN_CONFIRMED.to_owned(),
        preventive: index
            .cause()
            .map(|c| c.next.fix.clone())
            .unwrap_or_default(),
    }
}

/// The failing workloads, or the object at fault where no workload is known to fail.
fn touched<'a>(index: &Index<'a>) -> Vec<&'a Subject> {
    let failing: Vec<_> = index
        .report
        .blast_radius
        .iter()
        .map(|b| &b.subject)
        .collect();
    if failing.is_empty() {
        index.cause().map(|c| &c.subject).into_iter().collect()
    } else {
        failing
    }
}

fn joined(parts: impl Iterator<Item = String>, open: &str) -> String {
    let parts: BTreeSet<String> = parts.collect();
    if parts.is_empty() {
        open.to_owned()
    } else {
        parts.into_iter().collect::<Vec<_>>().join(", ")
    }
}

fn started(index: &Index<'_>) -> String {
    let incident = &index.report.incident;
    let since = incident
        .first_anomaly
        .as_ref()
        .or_else(|| index.cause()?.first_seen.as_ref());
    match since {
        Some(time) if incident.first_anomaly_text.is_empty() => times::stamp(time),
        Some(time) => format!("{} ({})", times::stamp(time), incident.first_anomaly_text),
        None => OPEN_START.to_owned(),
    }
}

/// The most telling entries, oldest first; what only repeats another is counted with it.
fn timeline(index: &Index<'_>) -> Vec<Line> {
    let mut known: BTreeMap<(&str, String, String), usize> = BTreeMap::new();
    let mut told: Vec<(usize, &TimelineEntry, usize)> = Vec::new();
    for at in index.by_importance() {
        let Some(entry) = index.report.timeline.get(at) else {
            continue;
        };
        if entry.severity == "info" && entry.kind != "change" {
            continue;
        }
        let words = entry.text.chars().filter(|c| !c.is_ascii_digit());
        let gist: String = words.take(GIST).collect();
        let key = (entry.kind.as_str(), entry.subject.to_string(), gist);
        match known.get(&key) {
            Some(at) => {
                if let Some((_, _, more)) = told.get_mut(*at) {
                    *more += 1;
                }
            }
            None if told.len() < TIMELINE => {
                known.insert(key, told.len());
                told.push((at, entry, 0));
            }
            None => {}
        }
    }
    told.sort_by_key(|(at, ..)| *at);
    told.into_iter()
        .map(|(_, entry, more)| line(entry, more))
        .collect()
}

fn line(entry: &TimelineEntry, more: usize) -> Line {
    let said = cut(&entry.text, TEXT);
    let said = if entry.text.contains(&entry.subject.name) {
        said.into_owned()
    } else {
        format!("{}: {said}", entry.subject)
    };
    Line {
        time: times::stamp(&entry.time),
        text: match more {
            0 => said,
            more => format!("{said} (and {more} more like it)"),
        },
        evidence: entry.evidence.clone(),
    }
}

fn evidence(index: &Index<'_>) -> Vec<Line> {
    let reasons = index.cause().map(reasons_for).unwrap_or_default();
    let line = |reason: &crate::model::Reason| Line {
        time: String::new(),
        text: reason.text.clone(),
        evidence: reason.evidence.clone(),
    };
    let held = reasons.into_iter().filter(|reason| !reason.ranking);
    held.map(line).collect()
}

fn hypothesis(index: &Index<'_>) -> String {
    match index.cause() {
        Some(cause) => format!("{} ({})", cause.title, cause.confidence),
        None => OPEN_HYPOTHESIS.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_failing_workload_not_the_culprit() {
        let report = crate::fixture::kube_proxy_oom();
        let skeleton = skeleton(&Index::new(&report));
        assert_eq!(skeleton.namespace, "payments");
        assert_eq!(skeleton.workload, "Deployment payment-service");
        assert_eq!(skeleton.confirmed, "<after validation>");
        assert!(skeleton.started.starts_with("2026-07-07 02:42:31Z"));
    }

    #[test]
    fn what_repeats_another_entry_is_counted_with_it() {
        let mut report = crate::fixture::kube_proxy_oom();
        let before = skeleton(&Index::new(&report)).timeline.len();
        let mut again = report
            .timeline
            .iter()
            .find(|it| it.kind == "kernel")
            .unwrap()
            .clone();
        again.text = again.text.replace("2211", "2212");
        report.timeline.push(again);
        let after = skeleton(&Index::new(&report)).timeline;
        assert_eq!(after.len(), before);
        assert!(
            after
                .iter()
                .any(|it| it.text.ends_with(" (and 1 more like it)"))
        );
    }

    #[test]
    fn an_empty_report_leaves_the_template_open() {
        let skeleton = skeleton(&Index::new(&crate::model::Report::default()));
        assert_eq!(skeleton.workload, OPEN_WORKLOAD);
        assert_eq!(skeleton.hypothesis, "<hypothesis>");
        assert!(skeleton.timeline.is_empty());
    }
}
