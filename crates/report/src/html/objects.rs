//! Object pages: for each object of the incident what was captured of it, what it touches, what happened to it, what was found.

use std::collections::BTreeMap;

use serde::Serialize;

use super::anchor;
use crate::index::{Index, place, severity_rank, short_place};
use crate::model::{Finding, Object, Report, Subject, TimelineEntry};
use crate::text::{QUOTE_LIMIT, cut};
use crate::times;

/// Entries and log lines on one page; the timeline has the others.
const ENTRIES: usize = 12;
const LOG_LINES: usize = 8;
/// Findings on one page.
const FINDINGS: usize = 12;
/// Characters of an entry.
const TEXT: usize = 400;

/// The anchors of the objects that have a page.
pub(super) struct Pages {
    anchors: BTreeMap<Subject, String>,
}

impl Pages {
    pub(super) fn new(report: &Report) -> Self {
        let objects = report.objects.iter();
        Self {
            anchors: objects
                .map(|it| (it.subject.clone(), object_anchor(&it.subject)))
                .collect(),
        }
    }

    /// The anchor of an object's page, or nothing.
    pub(super) fn anchor(&self, subject: &Subject) -> &str {
        self.anchors.get(subject).map_or("", String::as_str)
    }

    /// Anchors by what the page calls the objects.
    pub(super) fn by_name(&self) -> BTreeMap<String, &str> {
        let anchors = self.anchors.iter();
        anchors
            .map(|(subject, anchor)| (subject.to_string(), anchor.as_str()))
            .collect()
    }
}

fn object_anchor(subject: &Subject) -> String {
    let Subject {
        kind,
        namespace,
        name,
    } = subject;
    let namespace = namespace.as_deref().unwrap_or_default();
    anchor(&format!("object-{kind}/{namespace}/{name}"))
}

/// One page.
#[derive(Serialize)]
pub(super) struct Page<'a> {
    anchor: &'a str,
    subject: &'a Subject,
    name: String,
    parts: Vec<Part>,
    related: Vec<(&'a str, Vec<&'a Subject>)>,
    more_related: usize,
    findings: Vec<&'a str>,
    more_findings: usize,
    entries: Vec<Entry>,
    more_entries: usize,
    lines: Vec<Entry>,
    more_lines: usize,
    worst: &'a str,
}

/// A part of the captured text. Its quote has its anchor here, unless a claim cites it too.
#[derive(Serialize)]
struct Part {
    name: String,
    anchor: String,
    own: bool,
    place: String,
    text: String,
    goes_on: bool,
}

#[derive(Serialize)]
struct Entry {
    time: String,
    end: String,
    severity: String,
    text: String,
    count: u64,
    cites: Vec<(String, String)>,
}

/// All pages. `own` says which quotes are shown here and nowhere else, `quoted` which are shown at all.
pub(super) fn pages<'a>(
    index: &Index<'a>,
    pages: &'a Pages,
    own: &dyn Fn(&str) -> bool,
    quoted: &dyn Fn(&str) -> bool,
) -> Vec<Page<'a>> {
    let mut findings: BTreeMap<&Subject, Vec<&'a Finding>> = BTreeMap::new();
    for finding in &index.report.findings {
        let related = finding.related.iter().map(|it| &it.subject);
        let mut about: Vec<&Subject> = std::iter::once(&finding.subject)
            .chain(&finding.owner)
            .chain(related)
            .collect();
        about.sort_unstable();
        about.dedup();
        for subject in about {
            findings.entry(subject).or_default().push(finding);
        }
    }
    let mut entries: BTreeMap<&Subject, Vec<&'a TimelineEntry>> = BTreeMap::new();
    for entry in &index.report.timeline {
        if !pages.anchor(&entry.subject).is_empty() {
            entries.entry(&entry.subject).or_default().push(entry);
        }
    }
    let of = |object: &'a Object| {
        let findings = findings.remove(&object.subject).unwrap_or_default();
        let entries = entries.remove(&object.subject).unwrap_or_default();
        let (lines, entries): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .partition(|it| ["log", "journal", "kernel"].contains(&it.kind.as_str()));
        Page {
            anchor: pages.anchor(&object.subject),
            subject: &object.subject,
            name: object.subject.to_string(),
            parts: parts(index, object, own),
            related: related(object),
            more_related: object.more_related,
            worst: findings.first().map_or("", |it| it.severity.as_str()),
            more_findings: findings.len().saturating_sub(FINDINGS),
            findings: findings
                .iter()
                .take(FINDINGS)
                .map(|it| it.id.as_str())
                .collect(),
            more_entries: entries.len().saturating_sub(ENTRIES),
            entries: gravest(index, entries, ENTRIES, quoted),
            more_lines: lines.len().saturating_sub(LOG_LINES),
            lines: gravest(index, lines, LOG_LINES, quoted),
        }
    };
    index.report.objects.iter().map(of).collect()
}

fn parts(index: &Index<'_>, object: &Object, own: &dyn Fn(&str) -> bool) -> Vec<Part> {
    let part = |part: &crate::model::ObjectPart| {
        let evidence = index.evidence(&part.evidence)?;
        Some(Part {
            name: part.name.clone(),
            anchor: anchor(&evidence.id),
            own: own(&evidence.id),
            place: place(evidence),
            text: cut(&evidence.quote, QUOTE_LIMIT).into_owned(),
            goes_on: part.goes_on,
        })
    };
    object.parts.iter().filter_map(part).collect()
}

/// Related objects by relation, in the model's order.
fn related(object: &Object) -> Vec<(&str, Vec<&Subject>)> {
    let mut by_role: Vec<(&str, Vec<&Subject>)> = Vec::new();
    for it in &object.related {
        match by_role.iter_mut().find(|(role, _)| *role == it.role) {
            Some((_, subjects)) => subjects.push(&it.subject),
            None => by_role.push((&it.role, vec![&it.subject])),
        }
    }
    by_role
}

/// The gravest entries, oldest first.
fn gravest(
    index: &Index<'_>,
    entries: Vec<&TimelineEntry>,
    most: usize,
    quoted: &dyn Fn(&str) -> bool,
) -> Vec<Entry> {
    let mut order: Vec<(usize, &TimelineEntry)> = entries.into_iter().enumerate().collect();
    // Of equally grave ones the last say most about the state at capture.
    order.sort_by_key(|(at, it)| (severity_rank(&it.severity), usize::MAX - at));
    order.truncate(most);
    order.sort_by_key(|(at, _)| *at);
    let cites = |it: &TimelineEntry| {
        let ids = it.evidence.iter().filter(|id| quoted(id));
        ids.filter_map(|id| index.evidence(id))
            .map(|it| (anchor(&it.id), short_place(it)))
            .collect()
    };
    let entry = |(_, it): (usize, &TimelineEntry)| Entry {
        time: times::stamp(&it.time),
        end: it
            .end_time
            .as_deref()
            .map(|end| times::near(end, Some(&it.time)))
            .unwrap_or_default(),
        severity: it.severity.clone(),
        text: cut(&it.text, TEXT).into_owned(),
        count: it.count,
        cites: cites(it),
    };
    order.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ObjectPart, Related};

    #[test]
    fn a_page_gathers_what_belongs_to_its_object() {
        let mut report = crate::fixture::kube_proxy_oom();
        let subject = report.findings[0].subject.clone();
        let other = Subject {
            kind: "Pod".into(),
            namespace: Some("a b".into()),
            name: "x".into(),
        };
        report.objects = vec![Object {
            subject: subject.clone(),
            parts: vec![ObjectPart {
                name: "status".into(),
                evidence: "e1".into(),
                goes_on: false,
            }],
            related: vec![Related {
                subject: other.clone(),
                role: "pod".into(),
            }],
            more_related: 3,
        }];
        let (index, anchors) = (Index::new(&report), Pages::new(&report));
        assert_eq!(anchors.anchor(&other), "");
        assert_eq!(object_anchor(&other), "object-Pod/a_20b/x");
        let pages = pages(&index, &anchors, &|_| false, &|_| true);
        let page = &pages[0];
        assert!(page.anchor.starts_with("object-"));
        assert!(page.findings.contains(&report.findings[0].id.as_str()));
        assert_eq!(page.parts.len(), 1);
        assert_eq!(page.related, [("pod", vec![&other])]);
        let dated = report.timeline.iter().filter(|it| it.subject == subject);
        assert_eq!(page.entries.len() + page.lines.len(), dated.count());
    }
}
