//! The four questions of the first ten minutes, answered from the bundle or marked open.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use coldcase_facts::{Cite, EntityId, Facts, Identity, quantity::show_seconds, select};
use coldcase_rules::Evaluation;

use crate::{Blast, Change, Judged, Ranked, Relation, State, scope::Scope, unique, weights};

/// A question and its answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The question.
    pub question: &'static str,
    /// The answer.
    pub answer: String,
    /// Places.
    pub cites: Vec<Cite>,
}

/// Places of one finding or object that an answer quotes.
const PLACES: usize = 3;

/// Answers all four.
pub(crate) fn answers(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    judged: &[Judged],
    causes: &[Ranked],
    scopes: &[Scope],
    changes: &[Change],
    blasts: &[Blast],
) -> Vec<Answer> {
    vec![
        affected(facts, evaluation, causes, scopes, judged, blasts),
        changed(changes),
        path(facts, causes, scopes),
        trend(facts, evaluation, judged, causes),
    ]
}

fn affected(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    causes: &[Ranked],
    scopes: &[Scope],
    judged: &[Judged],
    blasts: &[Blast],
) -> Answer {
    let question = "Who is affected?";
    let Some(cause) = causes.first() else {
        return Answer {
            question,
            answer: "Nobody, as far as the bundle shows.".to_owned(),
            cites: Vec::new(),
        };
    };
    let mut workloads: Vec<_> = std::iter::once(&cause.finding)
        .chain(&cause.explains)
        .filter(|index| judged[**index].state == State::Active)
        .flat_map(|index| scopes[*index].workloads.iter())
        .collect();
    workloads.sort();
    workloads.dedup();
    let mut parts = Vec::new();
    // A workload that carries the fault but lacks nothing is not affected by it.
    workloads.retain(|workload| {
        facts.derived("Workload", workload).iter().all(|id| {
            let entity = facts.get(*id);
            let ready = entity.int_at(&["ready"]).unwrap_or(0);
            let lacks = entity
                .int_at(&["desired"])
                .is_none_or(|desired| ready < desired);
            lacks || entity.int_at(&["failing"]).unwrap_or(0) > 0
        })
    });
    for workload in workloads.iter().take(5) {
        let Some(entity) = facts
            .derived("Workload", workload)
            .first()
            .map(|id| facts.get(*id))
        else {
            continue;
        };
        let ready = entity.int_at(&["ready"]).unwrap_or(0);
        let failing = match entity.int_at(&["failing"]).unwrap_or(0) {
            0 => String::new(),
            failing => format!(", {failing} failing"),
        };
        parts.push(match entity.int_at(&["desired"]) {
            Some(desired) => format!("{workload} ({ready} of {desired} ready{failing})"),
            None => workload.to_string(),
        });
    }
    match workloads.len().saturating_sub(5) {
        0 => {}
        1 => parts.push("1 more workload".to_owned()),
        more => parts.push(format!("{more} more workloads")),
    }
    let mut answer = if parts.is_empty() {
        "No workload at capture.".to_owned()
    } else {
        format!("{}.", parts.join(", "))
    };
    // Whose last sign is some minutes old suffered all the same, such as callers that have given up.
    let recovered = cause
        .explains
        .iter()
        .filter(|index| judged[**index].state == State::Recovered);
    let earlier: BTreeSet<&Identity> = recovered
        .flat_map(|index| scopes[*index].workloads.iter())
        .filter(|workload| !workloads.contains(workload))
        .collect();
    let earlier: Vec<&Identity> = earlier.into_iter().take(5).collect();
    if !earlier.is_empty() {
        let shown: Vec<String> = earlier.iter().map(ToString::to_string).collect();
        let _ = write!(answer, " Earlier also {}.", shown.join(", "));
    }
    let shown = workloads.iter().take(5).chain(&earlier);
    let cites = shown.flat_map(|workload| {
        let compared = blasts.iter().find(|blast| blast.subject == **workload);
        compared.map_or_else(
            || suffering(facts, evaluation, cause, scopes, workload),
            |blast| blast.cites.clone(),
        )
    });
    Answer {
        question,
        answer,
        cites: unique(cites),
    }
}

/// Places that show a workload among what a cause drags along: its own, and those of the findings about it.
fn suffering(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    cause: &Ranked,
    scopes: &[Scope],
    workload: &Identity,
) -> Vec<Cite> {
    let own = facts.derived("Workload", workload).first();
    let own = own.and_then(|id| place(facts, *id));
    let findings = cause.explains.iter().chain([&cause.finding]);
    let signs = findings
        .filter(|index| scopes[**index].workloads.contains(workload))
        .flat_map(|index| &evaluation.findings[*index].cites);
    own.into_iter().chain(signs.copied()).take(PLACES).collect()
}

/// Where an object is written, or the first of its pods if the object itself was not captured.
fn place(facts: &Facts<'_>, id: EntityId) -> Option<Cite> {
    facts.get(id).place().or_else(|| {
        let pods = facts.related("pod", id).ids;
        pods.iter().find_map(|pod| facts.get(*pod).place())
    })
}

fn changed(changes: &[Change]) -> Answer {
    let question = "What changed recently?";
    let pick = |relation: Relation| {
        changes
            .iter()
            .rev()
            .filter(move |change| change.relation == relation)
            .take(3)
    };
    // The details stand in the table of changes; here only what, when and whether it matters.
    let short = |change: &Change, verdict: &str| {
        let what = change.text.split(" (").next().unwrap_or(&change.text);
        let time = change
            .raw
            .get(..19)
            .unwrap_or(&change.raw)
            .replace('T', " ");
        format!("{what}, {time} ({verdict})")
    };
    let mut parts: Vec<String> = pick(Relation::Suspect)
        .map(|change| short(change, "suspect"))
        .collect();
    parts.extend(pick(Relation::Exonerated).map(|change| short(change, "cleared")));
    let cites = pick(Relation::Suspect)
        .chain(pick(Relation::Exonerated))
        .flat_map(|change| change.cites.clone());
    let answer = if parts.is_empty() {
        "Nothing in the bundle that touches what fails.".to_owned()
    } else {
        format!("{}.", parts.join("; "))
    };
    Answer {
        question,
        answer,
        cites: unique(cites),
    }
}

fn path(facts: &Facts<'_>, causes: &[Ranked], scopes: &[Scope]) -> Answer {
    let question = "Which object graph owns the traffic path?";
    let Some(cause) = causes.first() else {
        return Answer {
            question,
            answer: "Open: nothing fails.".to_owned(),
            cites: Vec::new(),
        };
    };
    let scope = &scopes[cause.finding];
    let effects: Vec<&Scope> = cause.explains.iter().map(|index| &scopes[*index]).collect();
    let services: BTreeSet<_> = scope
        .services
        .iter()
        .chain(&scope.pod_services)
        .chain(effects.iter().flat_map(|scope| scope.pod_services.iter()))
        .chain(podless(facts, scope))
        .chain(effects.iter().flat_map(|scope| podless(facts, scope)))
        .collect();
    let mut parts = Vec::new();
    let mut cites = Vec::new();
    for service in services.into_iter().take(3) {
        let Some(id) = facts.object("Service", &service.namespace, &service.name) else {
            continue;
        };
        let ingresses = facts.related("ingress", id).ids;
        let entity = facts.get(id);
        let through = ingresses.first().map_or(String::new(), |ingress| {
            format!("{} → ", facts.get(*ingress).subject)
        });
        let slices = facts.related("endpointslice", id).ids;
        let workloads: BTreeMap<&Identity, EntityId> = facts
            .selected_pods(id)
            .iter()
            .filter_map(|pod| facts.workload(*pod))
            .map(|id| (&facts.get(id).subject, id))
            .collect();
        let behind = if workloads.is_empty() {
            "no pod".to_owned()
        } else {
            let names: Vec<String> = workloads.keys().map(ToString::to_string).collect();
            names.join(", ")
        };
        let named = ingresses.first().into_iter().chain([&id]);
        let named = named.chain(slices.iter().take(PLACES));
        let named = named.chain(workloads.values().take(PLACES));
        cites.extend(named.filter_map(|id| place(facts, *id)));
        let number = |field: &str| entity.str_at(&[field]);
        let ready = match (number("readyEndpoints"), number("endpoints")) {
            (Some(ready), Some(all)) => format!("{ready} of {all} endpoints ready"),
            _ => "endpoints not captured".to_owned(),
        };
        parts.push(format!("{through}{service} ({ready}) → {behind}"));
    }
    let answer = if parts.is_empty() {
        "No Service stands before what fails.".to_owned()
    } else {
        format!("{}.", parts.join("; "))
    };
    Answer {
        question,
        answer,
        cites: unique(cites),
    }
}

/// Services that would select the pods of a workload which has none: those in front of what was never created.
fn podless<'f>(facts: &'f Facts<'_>, scope: &Scope) -> Vec<&'f Identity> {
    // The answer names a few Services; a cluster without any pod need not be walked for them.
    const ASKED: usize = 20;
    let mut found = Vec::new();
    for workload in scope.workloads.iter().take(ASKED) {
        let pods = facts
            .derived("Workload", workload)
            .iter()
            .any(|id| !facts.workload_pods(*id).is_empty());
        let owner = facts.object(&workload.kind, &workload.namespace, &workload.name);
        let Some(root) = owner.and_then(|id| facts.get(id).root).filter(|_| !pods) else {
            continue;
        };
        let labels = select::plain(root.at(&["spec", "template", "metadata", "labels"]));
        let selects = |service: &&EntityId| {
            let service = facts.get(**service);
            let selector = service.root.and_then(|root| root.at(&["spec", "selector"]));
            service.subject.namespace == workload.namespace
                && select::matches_plain(&select::plain(selector), &labels)
        };
        let services = facts.of_kind("Service").iter().filter(selects);
        found.extend(services.map(|id| &facts.get(*id).subject));
    }
    found
}

fn trend(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    judged: &[Judged],
    causes: &[Ranked],
) -> Answer {
    let question = "Is it getting better, worse, or stable?";
    let (answer, shown) = match (causes.first(), facts.now()) {
        (None, _) => ("Stable: no fault holds at capture.".to_owned(), Vec::new()),
        (Some(cause), _) if judged[cause.finding].state != State::Active => (
            "Better: what failed has recovered by the capture.".to_owned(),
            vec![cause.finding],
        ),
        (Some(cause), Some(now)) => course(evaluation, judged, cause, now),
        (Some(cause), None) => (
            "Open: the capture time is unknown.".to_owned(),
            vec![cause.finding],
        ),
    };
    let cites = shown.iter().flat_map(|index| {
        let finding = &evaluation.findings[*index];
        finding.cites.iter().take(PLACES).copied()
    });
    Answer {
        question,
        answer,
        cites: unique(cites),
    }
}

/// How it went up to the capture: whether anything further began to fail lately, and
/// when the last sign was; with the findings that say so.
fn course(
    evaluation: &Evaluation<'_, '_>,
    judged: &[Judged],
    cause: &Ranked,
    now: jiff::Timestamp,
) -> (String, Vec<usize>) {
    let active: Vec<usize> = std::iter::once(&cause.finding)
        .chain(&cause.members)
        .chain(&cause.explains)
        .copied()
        .filter(|index| judged[*index].state == State::Active)
        .collect();
    // What has no time of its own, such as a line without a stamp, is as old as the capture: that tells nothing.
    let seen = |index: &usize| {
        let first = evaluation.findings[*index].first_seen?;
        (first < now).then_some((first, *index))
    };
    let ago = |time: jiff::Timestamp| {
        let seconds = now.as_second().saturating_sub(time.as_second()).max(0);
        match seconds {
            0 => "at the capture".to_owned(),
            _ => format!("{} before the capture", show_seconds(seconds as f64)),
        }
    };
    let begun = active.iter().filter_map(seen).min();
    let newest = active.iter().filter_map(seen).max();
    let last = active
        .iter()
        .filter_map(|index| Some((evaluation.findings[*index].last_seen?, *index)))
        .max();
    let shown = [begun, newest, last].into_iter().flatten();
    let mut shown: Vec<usize> = shown.map(|(_, index)| index).collect();
    if shown.is_empty() {
        shown.push(cause.finding);
    }
    let sign = last.map_or(String::new(), |(last, _)| {
        format!(" The last sign is {}.", ago(last))
    });
    let spread = begun.zip(newest).filter(|((begun, _), (newest, _))| {
        let later = newest.as_second().saturating_sub(begun.as_second());
        let fresh = now.as_second().saturating_sub(newest.as_second());
        later > weights::TOLERANCE_SECONDS && fresh <= weights::ONGOING_SECONDS
    });
    let answer = match (spread, begun) {
        (Some((_, (time, index))), _) => format!(
            "Worse: {} this began as well: {}.{sign}",
            ago(time),
            evaluation.findings[index].title
        ),
        (None, Some((time, _))) => {
            let until = newest.map_or(time, |(newest, _)| newest);
            let spread = if until.as_second() - time.as_second() > weights::TOLERANCE_SECONDS {
                format!("spread until {}", ago(until))
            } else {
                "has not spread since".to_owned()
            };
            format!(
                "Not recovered, and stable as far as one capture tells: it began {} and {spread}.{sign}",
                ago(time)
            )
        }
        (None, None) => format!(
            "Not recovered at capture.{sign} One capture cannot tell worse from stable; take another."
        ),
    };
    (answer, shown)
}
