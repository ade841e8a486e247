//! Every dated thing as one list: events as ranges, container ends and starts, node conditions, changes, log and kernel lines.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry as Slot};

use coldcase_facts::{Cite, Entity, Facts, Identity, Name};
use coldcase_rules::Evaluation;
use coldcase_snapshot::{packed::View, stamp};
use jiff::Timestamp;

use crate::{Change, Judged, Ranked, State};

/// A dated thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub time: Timestamp,
    /// End of a counted range.
    pub end: Option<Timestamp>,
    /// Digits after the second.
    pub precision: u8,
    /// As written.
    pub raw: String,
    /// `event`, `container`, `condition`, `alert`, `change`, `log`, `kernel`, `journal`.
    pub kind: &'static str,
    /// Lane.
    pub layer: &'static str,
    /// Severity word.
    pub severity: &'static str,
    /// Occurrences.
    pub count: u64,
    /// The object.
    pub subject: Identity,
    /// What happened.
    pub text: String,
    /// Places.
    pub cites: Vec<Cite>,
    /// What the stamp left out.
    pub assumed: String,
}

/// All entries, oldest first.
pub(crate) fn all(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    changes: &[Change],
) -> Vec<Entry> {
    let mut entries = Vec::new();
    for id in facts.of_kind("Event") {
        entries.extend(event(facts.get(*id)));
    }
    for id in facts.of_kind("Container") {
        container(facts.get(*id), &mut entries);
    }
    for id in facts.of_kind("Node") {
        conditions(facts.get(*id), &mut entries);
    }
    for id in facts.of_kind("Alert") {
        entries.extend(alert(facts.get(*id)));
    }
    for change in changes {
        entries.push(Entry {
            time: change.time,
            end: None,
            precision: 0,
            raw: change.raw.clone(),
            kind: "change",
            layer: layer_of(&change.subject.kind),
            severity: "info",
            count: 1,
            subject: change.subject.clone(),
            text: change.text.clone(),
            cites: change.cites.clone(),
            assumed: String::new(),
        });
    }
    // A pattern that hit says nothing by itself; a line that a finding quotes does.
    let quoted: BTreeSet<Cite> = evaluation
        .findings
        .iter()
        .flat_map(|it| it.cites.iter().chain(arguments(it)))
        .copied()
        .collect();
    for line in evaluation.lines() {
        let severity = if line.place().is_some_and(|cite| quoted.contains(&cite)) {
            "medium"
        } else {
            "info"
        };
        entries.extend(log_line(facts, line).map(|entry| Entry { severity, ..entry }));
    }
    // Old starts and settled conditions are the cluster's biography, not the incident's.
    entries.retain(|entry| {
        let old = facts
            .now()
            .is_some_and(|now| now.as_second() - entry.time.as_second() > DAY);
        let uneventful = entry.severity == "info" || entry.kind == "container";
        entry.kind == "change" || !old || !uneventful
    });
    entries.sort_by(|a, b| {
        (a.time, a.end, a.kind, &a.subject, &a.text, &a.cites)
            .cmp(&(b.time, b.end, b.kind, &b.subject, &b.text, &b.cites))
    });
    entries.dedup();
    if entries.len() > PLENTY {
        let near = Near::new(evaluation, &quoted);
        entries = thinned(entries, |entry| near.holds(entry));
    }
    entries
}

/// The page stays fluid with this many; above it, what is alike is told once.
const PLENTY: usize = 50_000;

/// What the findings are about.
struct Near<'e> {
    subjects: BTreeSet<(&'e str, &'e str)>,
    quoted: &'e BTreeSet<Cite>,
}

impl<'e> Near<'e> {
    fn new(evaluation: &'e Evaluation<'_, '_>, quoted: &'e BTreeSet<Cite>) -> Self {
        let subjects = evaluation
            .findings
            .iter()
            .map(|it| (it.subject.namespace.as_str(), it.subject.name.as_str()))
            .collect();
        Self { subjects, quoted }
    }

    /// Whether an entry is quoted by a finding, or is about its subject or what that subject made
    /// (`shop` made `shop-5d9c7` made `shop-5d9c7-x2lq4`).
    fn holds(&self, entry: &Entry) -> bool {
        let Name {
            namespace, name, ..
        } = &*entry.subject;
        let maker = |end: usize| {
            name.get(..end)
                .is_some_and(|maker| self.subjects.contains(&(namespace.as_str(), maker)))
        };
        entry.cites.iter().any(|cite| self.quoted.contains(cite))
            || maker(name.len())
            || name.match_indices('-').any(|(end, _)| maker(end))
    }
}

/// Keeps what is grave, what changed and what `near` holds; of the rest, what happened alike to
/// objects of one kind and namespace becomes one entry with its span and count.
fn thinned(entries: Vec<Entry>, near: impl Fn(&Entry) -> bool) -> Vec<Entry> {
    type Alike = (&'static str, &'static str, String, String, String);
    let mut kept = Vec::new();
    let mut alike: BTreeMap<Alike, (Entry, usize)> = BTreeMap::new();
    for entry in entries {
        let grave = matches!(entry.severity, "high" | "critical");
        if grave || entry.kind == "change" || near(&entry) {
            kept.push(entry);
            continue;
        }
        let what = match (entry.kind, entry.text.split_once(": ")) {
            ("event" | "condition", Some((what, _))) => what.to_owned(),
            ("container", _) => String::new(),
            // Lines differ in their numbers only.
            _ => entry
                .text
                .chars()
                .filter(|c| !c.is_ascii_digit())
                .take(120)
                .collect(),
        };
        let key = (
            entry.kind,
            entry.severity,
            entry.subject.kind.clone(),
            entry.subject.namespace.clone(),
            what,
        );
        match alike.entry(key) {
            Slot::Vacant(slot) => {
                slot.insert((entry, 0));
            }
            Slot::Occupied(mut slot) => {
                let (first, others) = slot.get_mut();
                *others += 1;
                first.count = first.count.saturating_add(entry.count);
                first.end = first.end.max(Some(entry.end.unwrap_or(entry.time)));
            }
        }
    }
    kept.extend(alike.into_values().map(|(mut entry, others)| {
        if others > 0 {
            entry.text = format!("{} (and {others} more like it)", entry.text);
        }
        entry
    }));
    kept.sort_by(|a, b| {
        (a.time, a.end, a.kind, &a.subject, &a.text, &a.cites)
            .cmp(&(b.time, b.end, b.kind, &b.subject, &b.text, &b.cites))
    });
    kept
}

/// Seconds before the capture after which uneventful entries are left out.
const DAY: i64 = 86_400;
/// Characters of a line's text.
const LINE: usize = 400;

fn arguments(finding: &coldcase_rules::Finding) -> impl Iterator<Item = &Cite> {
    finding
        .supports
        .iter()
        .chain(&finding.contradicts)
        .flat_map(|held| &held.cites)
}

fn layer_of(kind: &str) -> &'static str {
    match kind {
        "Node" | "Lease" => "node",
        "PersistentVolumeClaim" | "PersistentVolume" | "StorageClass" | "VolumeAttachment" => {
            "storage"
        }
        "Service" | "Ingress" | "NetworkPolicy" | "EndpointSlice" | "Endpoints" | "Gateway"
        | "HTTPRoute" => "network",
        "ValidatingWebhookConfiguration"
        | "MutatingWebhookConfiguration"
        | "APIService"
        | "ResourceQuota"
        | "Namespace" => "control-plane",
        _ => "workload",
    }
}

fn event(event: &Entity<'_>) -> Option<Entry> {
    let raw = event.str_at(&["first"])?.to_owned();
    let time = stamp::rfc3339(&raw)?;
    let end = event
        .str_at(&["last"])
        .and_then(stamp::rfc3339)
        .filter(|end| *end != time);
    let reason = event.str_at(&["reason"]).unwrap_or("");
    Some(Entry {
        time,
        end,
        precision: 0,
        raw,
        kind: "event",
        layer: layer_of(&event.subject.kind),
        severity: if event.str_at(&["type"]) == Some("Warning") {
            "medium"
        } else {
            "info"
        },
        count: event
            .int_at(&["count"])
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or(1),
        subject: event.subject.clone(),
        text: format!(
            "{reason}: {}",
            event.str_at(&["message"]).unwrap_or("").trim()
        ),
        cites: event.place().into_iter().collect(),
        assumed: String::new(),
    })
}

/// What a monitoring system noticed, from when it began.
fn alert(alert: &Entity<'_>) -> Option<Entry> {
    let text = |field: &str| alert.str_at(&[field]).unwrap_or("");
    let raw = text("startsAt").to_owned();
    let mut cites: Vec<Cite> = Vec::new();
    cites.extend(alert.place());
    Some(Entry {
        time: stamp::rfc3339(&raw)?,
        end: alert.str_at(&["endsAt"]).and_then(stamp::rfc3339),
        precision: 0,
        raw,
        kind: "alert",
        layer: layer_of(&alert.subject.kind),
        severity: if text("state") == "firing" {
            "medium"
        } else {
            "info"
        },
        count: 1,
        subject: alert.subject.clone(),
        text: format!("{} ({}): {}", text("name"), text("state"), text("summary")),
        cites,
        assumed: String::new(),
    })
}

fn container(container: &Entity<'_>, entries: &mut Vec<Entry>) {
    let mut add = |field: &[&str], severity: &'static str, text: String| {
        let Some(node) = container
            .field(field[0])
            .and_then(|node| node.at(&field[1..]))
        else {
            return;
        };
        let Some((raw, time)) = node
            .as_str()
            .and_then(|raw| Some((raw.to_owned(), stamp::rfc3339(raw)?)))
        else {
            return;
        };
        if time.as_second() <= 0 {
            return;
        }
        entries.push(Entry {
            time,
            end: None,
            precision: 0,
            raw,
            kind: "container",
            layer: "workload",
            severity,
            count: 1,
            subject: container.subject.clone(),
            text,
            cites: container.cite(field[0], node).into_iter().collect(),
            assumed: String::new(),
        });
    };
    let name = container.label();
    let code = container.str_at(&["ended", "exitCode"]).unwrap_or("?");
    let reason = container.str_at(&["ended", "reason"]).unwrap_or("");
    let severity = if code == "0" { "info" } else { "high" };
    add(
        &["ended", "finishedAt"],
        severity,
        format!("container {name} ended: exit code {code} {reason}")
            .trim_end()
            .to_owned(),
    );
    add(
        &["running", "startedAt"],
        "info",
        format!("container {name} started"),
    );
}

fn conditions(node: &Entity<'_>, entries: &mut Vec<Entry>) {
    for condition in node
        .root()
        .unwrap_or_default()
        .items_at(&["status", "conditions"])
    {
        let (Some(kind), Some(status)) =
            (condition.str_at(&["type"]), condition.str_at(&["status"]))
        else {
            continue;
        };
        let Some((raw, time)) = condition
            .str_at(&["lastTransitionTime"])
            .and_then(|raw| Some((raw.to_owned(), stamp::rfc3339(raw)?)))
        else {
            continue;
        };
        let well = if kind == "Ready" {
            status == "True"
        } else {
            status == "False"
        };
        let text = format!(
            "condition {kind} became {status}: {}",
            condition.str_at(&["message"]).unwrap_or("")
        );
        let line = condition
            .get("lastTransitionTime")
            .map_or(condition.line(), View::line);
        let cites = node
            .file
            .map(|file| Cite {
                file,
                line,
                end_line: line,
            })
            .into_iter()
            .collect();
        let severity = if well { "info" } else { "critical" };
        entries.push(Entry {
            time,
            end: None,
            precision: 0,
            raw,
            kind: "condition",
            layer: "node",
            severity,
            count: 1,
            subject: node.subject.clone(),
            text,
            cites,
            assumed: String::new(),
        });
    }
}

fn log_line(facts: &Facts<'_>, line: &Entity<'_>) -> Option<Entry> {
    let cite = line.place()?;
    let raw_line = facts.snapshot.bundle.file(cite.file).line(cite.line);
    let found = stamp::leading(&raw_line, facts.now());
    let time = stamp::rfc3339(line.str_at(&["time"])?)?;
    let kernel = line.str_at(&["unit"]) == Some("kernel");
    let (kind, layer) = match line.kind {
        "JournalLine" if kernel => ("kernel", "node"),
        "JournalLine" => ("journal", "node"),
        _ => ("log", "workload"),
    };
    let whole = line.str_at(&["text"]).unwrap_or("");
    let mut text: String = whole.chars().take(LINE).collect();
    if text.len() < whole.len() {
        text.push('…');
    }
    Some(Entry {
        time,
        end: None,
        precision: line
            .str_at(&["precision"])
            .and_then(|digits| digits.parse().ok())
            .unwrap_or(0),
        raw: found
            .and_then(|found| raw_line.get(..found.len))
            .unwrap_or("")
            .to_owned(),
        kind,
        layer,
        severity: "medium",
        count: 1,
        subject: line.subject.clone(),
        text,
        cites: vec![cite],
        assumed: line.str_at(&["assumed"]).unwrap_or("").to_owned(),
    })
}

/// The earliest sign of a cause and of what it explains.
pub(crate) fn first_anomaly(
    evaluation: &Evaluation<'_, '_>,
    cause: &Ranked,
    judged: &[Judged],
) -> Option<(Timestamp, String)> {
    std::iter::once(&cause.finding)
        .chain(&cause.explains)
        .filter(|index| judged[**index].state != State::Past)
        .filter_map(|index| {
            evaluation.findings[*index]
                .first_seen
                .map(|time| (time, evaluation.findings[*index].title.clone()))
        })
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(second: i64, name: &str, severity: &'static str) -> Entry {
        Entry {
            time: Timestamp::from_second(second).unwrap(),
            end: None,
            precision: 0,
            raw: String::new(),
            kind: "event",
            layer: "workload",
            severity,
            count: 2,
            subject: Identity::new("Pod", "shop", name),
            text: format!("Pulled: image of {name}"),
            cites: Vec::new(),
            assumed: String::new(),
        }
    }

    #[test]
    fn entries_alike_become_one_and_the_incident_stays() {
        let entries = vec![
            entry(10, "a", "info"),
            entry(20, "b", "info"),
            entry(25, "c", "high"),
            entry(30, "d", "info"),
            entry(40, "near", "info"),
        ];
        let thin = thinned(entries, |entry| entry.subject.name == "near");
        let names: Vec<&str> = thin.iter().map(|it| it.subject.name.as_str()).collect();
        assert_eq!(names, ["a", "c", "near"]);
        assert_eq!(thin[0].count, 6);
        assert_eq!(thin[0].end, Timestamp::from_second(30).ok());
        assert_eq!(thin[0].text, "Pulled: image of a (and 2 more like it)");
    }
}
