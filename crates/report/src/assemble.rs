//! Turns a diagnosis into the report's plain data: places become numbered quotes, enums become words.

use std::collections::{BTreeSet, HashMap};

use coldcase_bundle::{Bundle, FileId, Problem as BundleProblem};
use coldcase_diagnosis::{Diagnosis, Entry, Ranked, Undated};
use coldcase_facts::{Cite, Identity};
use coldcase_rules::{Evaluation, RuleSet, show_time};
use coldcase_snapshot::{Snapshot, coverage::Status, logs, object, stamp};
use rayon::prelude::*;

use crate::model::{
    Answer, BlastRadius, BundleInfo, CausalEdge, Cause, Change, Counts, Coverage, Dimension,
    DimensionValue, Evidence, Exoneration, Finding, Incident, Next, Problem, Reason, Related,
    Report, SCHEMA, Separate, Subject, TimelineEntry, Tool, UndatedEvent, Verdict, Window,
};
use crate::{clocks, objects, said, undecided};

/// Quotes in order of first use.
#[derive(Default)]
pub(crate) struct Quotes {
    ids: HashMap<Cite, String>,
    order: Vec<Cite>,
}

impl Quotes {
    pub(crate) fn ids(&mut self, cites: &[Cite]) -> Vec<String> {
        cites
            .iter()
            .map(|cite| {
                if let Some(id) = self.ids.get(cite) {
                    return id.clone();
                }
                let id = format!("e{}", self.order.len() + 1);
                self.ids.insert(*cite, id.clone());
                self.order.push(*cite);
                id
            })
            .collect()
    }
}

/// Events, log lines and objects that the timeline may quote; the rest is dated without a quote.
const TIMELINE_QUOTES: usize = 4_000;

/// Builds the report.
pub fn assemble(
    bundle: &Bundle,
    snapshot: &Snapshot<'_>,
    rules: &RuleSet,
    evaluation: &Evaluation<'_, '_>,
    diagnosis: &Diagnosis,
) -> Report {
    let mut quotes = Quotes::default();
    let causes = diagnosis
        .causes
        .iter()
        .enumerate()
        .map(|(at, cause)| self::cause(at + 1, cause, rules, evaluation, diagnosis, &mut quotes))
        .collect();
    let exonerated = diagnosis
        .exonerations
        .iter()
        .map(|it| Exoneration {
            title: it.title.clone(),
            text: it.text.clone(),
            subject: subject(&it.subject),
            evidence: quotes.ids(&it.cites),
        })
        .collect();
    let triage = diagnosis
        .triage
        .iter()
        .map(|it| Answer {
            question: it.question.to_owned(),
            answer: it.answer.clone(),
            evidence: quotes.ids(&it.cites),
        })
        .collect();
    let changes = diagnosis
        .changes
        .iter()
        .map(|it| change(it, &mut quotes))
        .collect();
    let blast_radius = diagnosis
        .blasts
        .iter()
        .map(|it| blast(it, &mut quotes))
        .collect();
    let findings = findings(rules, evaluation, diagnosis, &mut quotes);
    let objects = objects::objects(rules, evaluation, diagnosis, &mut quotes);
    let timeline = timeline(bundle, diagnosis, &mut quotes);
    let undated = undated(bundle, diagnosis, &mut quotes);
    let mut report = Report {
        schema: SCHEMA.to_owned(),
        tool: Tool {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rules_hash: rules.hash.clone(),
            rules: rules.rules.len(),
        },
        bundle: BundleInfo {
            coverage: coverage_with_clocks(snapshot, evaluation),
            ..bundle_info(bundle, snapshot)
        },
        verdict: Verdict {
            state: diagnosis.outcome.word().to_owned(),
            sentence: diagnosis.sentence.clone(),
            confidence: diagnosis
                .confidence
                .map(|confidence| confidence.word().to_owned()),
        },
        incident: Incident {
            first_anomaly: diagnosis
                .first_anomaly
                .as_ref()
                .map(|(time, _)| show_time(*time)),
            first_anomaly_text: diagnosis
                .first_anomaly
                .as_ref()
                .map(|(_, text)| text.clone())
                .unwrap_or_default(),
            recovered_at: diagnosis.recovered_at.map(show_time),
        },
        incidents: diagnosis
            .incidents
            .iter()
            .map(|incident| separate(incident, diagnosis))
            .collect(),
        triage,
        causes,
        exonerated,
        changes,
        blast_radius,
        findings,
        causal_edges: diagnosis
            .edges
            .iter()
            .map(|edge| CausalEdge {
                from: diagnosis.judged[edge.from].id.clone(),
                to: diagnosis.judged[edge.to].id.clone(),
                along: edge.along.word().to_owned(),
            })
            .collect(),
        unknown: evaluation
            .unknown
            .par_iter()
            .map(|it| undecided::unknown(rules, evaluation, it))
            .collect(),
        timeline,
        undated,
        objects,
        evidence: evidence(bundle, &quotes),
        problems: bundle
            .problems
            .iter()
            .chain(&snapshot.problems)
            // After the evidence was quoted: only reading a file again shows that it changed.
            .chain(&bundle.late_problems())
            .map(problem)
            .collect(),
    };
    said::once(&mut report);
    report
}

pub(crate) fn subject(identity: &Identity) -> Subject {
    Subject {
        kind: identity.kind.to_string(),
        namespace: (!identity.namespace.is_empty()).then(|| identity.namespace.to_string()),
        name: identity.name.to_string(),
    }
}

fn problem(problem: &BundleProblem) -> Problem {
    Problem {
        file: problem.file.clone(),
        line: problem.line,
        what: problem.what.clone(),
    }
}

fn related(evaluation: &Evaluation<'_, '_>, finding: &coldcase_rules::Finding) -> Vec<Related> {
    let mut found: Vec<Related> = Vec::new();
    let mut known = BTreeSet::from([&finding.subject]);
    for (role, id) in &finding.related {
        let entity = evaluation.entity(*id);
        if known.insert(&entity.subject) {
            // Names of bindings are one letter; the kind tells people more.
            let role = if role.chars().count() < 3 {
                entity.kind.to_lowercase()
            } else {
                role.clone()
            };
            found.push(Related {
                subject: subject(&entity.subject),
                role,
            });
        }
    }
    found
}

/// Objects whose change triggered the cause belong to it.
fn with_triggers(
    mut related: Vec<Related>,
    cause: &Ranked,
    evaluation: &Evaluation<'_, '_>,
) -> Vec<Related> {
    let mut known: BTreeSet<Subject> = related.iter().map(|it| it.subject.clone()).collect();
    let triggers = cause.triggers.iter().map(|index| (index, "trigger"));
    let members = cause.members.iter().map(|index| (index, "alike"));
    for (index, role) in triggers.chain(members) {
        let subject = subject(&evaluation.findings[*index].subject);
        if known.insert(subject.clone()) {
            related.push(Related {
                subject,
                role: role.to_owned(),
            });
        }
    }
    related
}

fn separate(incident: &coldcase_diagnosis::Incident, diagnosis: &Diagnosis) -> Separate {
    let first = incident.first_anomaly.as_ref();
    let lead = incident
        .causes
        .first()
        .and_then(|cause| diagnosis.causes.get(*cause));
    let state = lead.map_or("", |cause| diagnosis.judged[cause.finding].state.word());
    Separate {
        state: state.to_owned(),
        first_anomaly: first.map(|(time, _)| show_time(*time)),
        first_anomaly_text: first.map_or(String::new(), |(_, text)| text.clone()),
        window: Window {
            from: first.map(|(time, _)| show_time(*time)),
            to: incident.ended_at.map(show_time),
        },
        causes: incident.causes.iter().map(|cause| cause + 1).collect(),
    }
}

fn cause(
    rank: usize,
    cause: &Ranked,
    rules: &RuleSet,
    evaluation: &Evaluation<'_, '_>,
    diagnosis: &Diagnosis,
    quotes: &mut Quotes,
) -> Cause {
    let finding = &evaluation.findings[cause.finding];
    let judged = &diagnosis.judged[cause.finding];
    let rule = &rules.rules[finding.rule];
    let [observe, mitigate, fix, avoid, verify] = finding.next.clone();
    let incident = diagnosis
        .incidents
        .iter()
        .position(|incident| incident.causes.contains(&(rank - 1)));
    Cause {
        rank,
        incident: incident.map_or(1, |index| index + 1),
        finding: judged.id.clone(),
        rule: rule.id.clone(),
        title: cause.title(evaluation).to_owned(),
        layer: rule.layer.clone(),
        severity: judged.severity.word().to_owned(),
        confidence: cause.confidence.word().to_owned(),
        state: judged.state.word().to_owned(),
        subject: subject(&finding.subject),
        related: with_triggers(related(evaluation, finding), cause, evaluation),
        points: cause.points,
        reasons: cause
            .reasons
            .iter()
            .map(|reason| Reason {
                text: reason.text.clone(),
                points: reason.points,
                evidence: quotes.ids(&reason.cites),
                ranking: reason.ranking,
            })
            .collect(),
        explains: cause
            .explains
            .iter()
            .map(|index| diagnosis.judged[*index].id.clone())
            .collect(),
        members: cause
            .members
            .iter()
            .map(|index| diagnosis.judged[*index].id.clone())
            .collect(),
        independent: cause.independent,
        first_seen: finding.first_seen.map(show_time),
        last_seen: finding.last_seen.map(show_time),
        meaning: finding.meaning.clone(),
        next: Next {
            observe,
            mitigate,
            fix,
            avoid,
            verify,
        },
    }
}

fn change(change: &coldcase_diagnosis::Change, quotes: &mut Quotes) -> Change {
    Change {
        time: stamp::format(change.time, 0),
        kind: change.kind.word().to_owned(),
        text: change.text.clone(),
        subject: subject(&change.subject),
        relation: change.relation.word().to_owned(),
        why: change.why.clone(),
        evidence: quotes.ids(&change.cites),
    }
}

fn blast(blast: &coldcase_diagnosis::Blast, quotes: &mut Quotes) -> BlastRadius {
    let dimensions = blast
        .dimensions
        .iter()
        .map(|dimension| Dimension {
            name: dimension.name.to_owned(),
            result: dimension.result().to_owned(),
            values: dimension
                .values
                .iter()
                .map(|(value, (failing, healthy))| DimensionValue {
                    value: value.clone(),
                    failing: *failing,
                    healthy: *healthy,
                })
                .collect(),
        })
        .collect();
    BlastRadius {
        subject: subject(&blast.subject),
        failing: blast.failing.len(),
        healthy: blast.healthy.len(),
        text: blast.text.clone(),
        dimensions,
        evidence: quotes.ids(&blast.cites),
    }
}

fn findings(
    rules: &RuleSet,
    evaluation: &Evaluation<'_, '_>,
    diagnosis: &Diagnosis,
    quotes: &mut Quotes,
) -> Vec<Finding> {
    let owners = objects::owners(evaluation);
    let mut found: Vec<Finding> = evaluation
        .findings
        .iter()
        .zip(&diagnosis.judged)
        .map(|(finding, judged)| {
            let rule = &rules.rules[finding.rule];
            Finding {
                id: judged.id.clone(),
                rule: rule.id.clone(),
                title: finding.title.clone(),
                layer: rule.layer.clone(),
                severity: judged.severity.word().to_owned(),
                role: rule.role.word().to_owned(),
                state: judged.state.word().to_owned(),
                subject: subject(&finding.subject),
                owner: owners.get(&finding.subject).cloned(),
                related: related(evaluation, finding),
                count: finding.rows.len(),
                first_seen: finding.first_seen.map(show_time),
                last_seen: finding.last_seen.map(show_time),
                explained_by: judged
                    .explained_by
                    .iter()
                    .map(|index| diagnosis.judged[*index].id.clone())
                    .collect(),
                evidence: quotes.ids(&finding.cites),
                meaning: finding.meaning.clone(),
                false_alarm: rule.false_alarm.clone(),
            }
        })
        .collect();
    let order = |severity: &str| {
        ["critical", "high", "medium", "low", "info"]
            .iter()
            .position(|word| *word == severity)
            .unwrap_or(9)
    };
    found.sort_by_key(|finding| (order(&finding.severity), finding.id.clone()));
    found
}

fn timeline(bundle: &Bundle, diagnosis: &Diagnosis, quotes: &mut Quotes) -> Vec<TimelineEntry> {
    let many = diagnosis.timeline.len() > TIMELINE_QUOTES;
    let mut told: Vec<TimelineEntry> = diagnosis
        .timeline
        .par_iter()
        .map(|entry| told(bundle, entry))
        .collect();
    // Quotes and equal anchors are numbered in the order of the entries.
    let mut seen: HashMap<String, usize> = HashMap::with_capacity(told.len());
    for (entry, told) in diagnosis.timeline.iter().zip(&mut told) {
        match seen.get_mut(&told.id) {
            None => {
                seen.insert(told.id.clone(), 1);
            }
            Some(number) => {
                *number += 1;
                told.id = format!("{}-{number}", told.id);
            }
        }
        if !many || entry.severity != "info" || entry.kind == "change" {
            told.evidence = quotes.ids(&entry.cites);
        }
    }
    told
}

fn undated(bundle: &Bundle, diagnosis: &Diagnosis, quotes: &mut Quotes) -> Vec<UndatedEvent> {
    let many = diagnosis.undated.len() > TIMELINE_QUOTES;
    let mut told = |it: &Undated| UndatedEvent {
        age_seconds: it.age,
        severity: it.severity.to_owned(),
        count: it.count,
        subject: subject(&it.subject),
        text: it.text.clone(),
        evidence: if many && it.severity == "info" {
            Vec::new()
        } else {
            quotes.ids(&it.cites)
        },
        place: it.cites.first().map_or_else(String::new, |cite| {
            format!("{}:{}", bundle.file(cite.file).path, cite.line)
        }),
    };
    diagnosis.undated.iter().map(&mut told).collect()
}

/// An entry, not yet with its quotes, whose id is told apart by kind, time to the millisecond and name.
fn told(bundle: &Bundle, entry: &Entry) -> TimelineEntry {
    let time = stamp::format(entry.time, entry.precision);
    // The page computes the same from what it shows, and it shows milliseconds.
    let id = if entry.precision > 3 {
        timeline_anchor(
            entry.kind,
            &stamp::format(entry.time, 3),
            &entry.subject.name,
        )
    } else {
        timeline_anchor(entry.kind, &time, &entry.subject.name)
    };
    TimelineEntry {
        id,
        time,
        end_time: entry.end.map(|end| stamp::format(end, entry.precision)),
        precision: match entry.precision {
            0 => "s",
            3 => "ms",
            6 => "us",
            _ => "ns",
        }
        .to_owned(),
        raw_time: entry.raw.clone(),
        kind: entry.kind.to_owned(),
        layer: entry.layer.to_owned(),
        severity: entry.severity.to_owned(),
        count: entry.count,
        subject: subject(&entry.subject),
        text: entry.text.clone(),
        evidence: Vec::new(),
        place: entry.cites.first().map_or_else(String::new, |cite| {
            format!("{}:{}", bundle.file(cite.file).path, cite.line)
        }),
        assumed: entry.assumed.clone(),
    }
}

/// The anchor of a timeline entry before equal ones are numbered.
pub(crate) fn timeline_anchor(kind: &str, time: &str, name: &str) -> String {
    let mut whole = format!("{kind}-{time}-{name}");
    if whole.is_ascii() {
        whole.make_ascii_lowercase();
    } else {
        whole = whole.to_lowercase();
    }
    whole
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect()
}

fn evidence(bundle: &Bundle, quotes: &Quotes) -> Vec<Evidence> {
    let places: Vec<(FileId, u32, u32)> = quotes
        .order
        .iter()
        .map(|cite| (cite.file, cite.line, cite.end_line))
        .collect();
    let excerpts = bundle.excerpts(&places);
    quotes
        .order
        .iter()
        .zip(excerpts)
        .map(|(cite, excerpt)| Evidence {
            id: quotes.ids.get(cite).cloned().unwrap_or_default(),
            file: bundle.file(cite.file).path.clone(),
            line: cite.line,
            end_line: excerpt.end_line,
            quote: excerpt.quote,
            before: excerpt.before,
            after: excerpt.after,
        })
        .collect()
}

fn bundle_info(bundle: &Bundle, snapshot: &Snapshot<'_>) -> BundleInfo {
    let of = |kind: &str| {
        snapshot
            .objects
            .iter()
            .filter(|object| object.kind == kind)
            .count()
    };
    let log_bytes = logs::bytes(bundle, &snapshot.logs);
    let first = snapshot.events.iter().filter_map(|event| event.first).min();
    let last = snapshot.events.iter().filter_map(|event| event.last).max();
    BundleInfo {
        name: bundle.name.clone(),
        hash: bundle.hash.clone(),
        layouts: bundle
            .layouts
            .iter()
            .map(|layout| layout.name().to_owned())
            .collect(),
        captured_at: snapshot.captured_at.map(show_time),
        captured_at_source: snapshot.captured_at_source.to_owned(),
        kubernetes_version: snapshot.kubernetes_version.clone(),
        cluster: snapshot.cluster.clone(),
        counts: Counts {
            files: bundle.files.len(),
            objects: snapshot.objects.len(),
            events: snapshot.events.len(),
            logs: snapshot.logs.len(),
            log_bytes,
            journals: snapshot.journals.len(),
            nodes: of("Node"),
            pods: of("Pod"),
            namespaces: of("Namespace"),
        },
        events_from: first.map(show_time),
        events_to: last.map(show_time),
        coverage: Vec::new(),
    }
}

/// Sources that an incident usually needs; their absence is worth a line even if nobody asked.
const EXPECTED: &[&str] = &[
    "Pod",
    "Node",
    "Event",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "Service",
    "EndpointSlice",
    "Ingress",
    "NetworkPolicy",
    "ConfigMap",
    "Secret",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "Lease",
    "ResourceQuota",
    "logs",
    "previous logs",
];

/// What was captured, and the nodes whose stamps cannot be compared with others'.
fn coverage_with_clocks(snapshot: &Snapshot<'_>, evaluation: &Evaluation<'_, '_>) -> Vec<Coverage> {
    let mut rows = coverage(snapshot);
    rows.extend(clocks::rows(evaluation.facts()));
    rows
}

pub(crate) fn coverage(snapshot: &Snapshot<'_>) -> Vec<Coverage> {
    let mut rows: Vec<Coverage> = snapshot
        .coverage
        .sources
        .iter()
        .map(|(source, covered)| Coverage {
            source: plural(source),
            status: covered.status.word().to_owned(),
            detail: covered.detail.clone(),
        })
        .collect();
    for source in EXPECTED {
        if !snapshot.coverage.sources.contains_key(*source) {
            rows.push(Coverage {
                source: plural(source),
                status: Status::NotCollected.word().to_owned(),
                detail: String::new(),
            });
        }
    }
    rows.sort_by(|a, b| a.source.cmp(&b.source));
    rows
}

fn plural(source: &str) -> String {
    object::resource_of_kind(source).map_or_else(|| source.to_owned(), str::to_owned)
}
