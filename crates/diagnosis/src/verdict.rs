//! Says the verdict: the state of the whole, and one sentence of what is at fault or what is not known.

use coldcase_facts::{EntityId, Facts, Identity, PodHealth};
use coldcase_rules::{Confidence, Evaluation, Role, RuleSet};

use crate::{Incident, Judged, Outcome, Ranked, State};

/// The verdict's state and its confidence.
pub(crate) fn outcome(
    facts: &Facts<'_>,
    causes: &[Ranked],
    judged: &[Judged],
    evaluation: &Evaluation<'_, '_>,
    rules: &RuleSet,
) -> (Outcome, Option<Confidence>) {
    let Some(first) = causes.first() else {
        // Silence is not health: without pods there was nothing to find anything in, and one that is not well, or of
        // which nobody knows whether it is, has a reason that was not found.
        let any = facts.collected("Pod") && !facts.of_kind("Pod").is_empty();
        let outcome = if any && unwell(facts).is_none() {
            Outcome::NothingFound
        } else {
            Outcome::Inconclusive
        };
        return (outcome, None);
    };
    let state = judged[first.finding].state;
    if state != State::Active {
        return (Outcome::Recovered, Some(first.confidence));
    }
    let symptom = rules.rules[evaluation.findings[first.finding].rule].role == Role::Symptom;
    if first.confidence == Confidence::Possible && symptom {
        return (Outcome::Inconclusive, Some(first.confidence));
    }
    (Outcome::Active, Some(first.confidence))
}

/// Pods that fail, else those of which it is not known, in words.
fn unwell(facts: &Facts<'_>) -> Option<String> {
    // Nobody expects to know it of one that only a log speaks for.
    let unknown = || {
        let ends = ["is well is not known", "are well is not known"];
        let said = told(pods_of(facts, PodHealth::Unknown)?, ends);
        facts.collected("Pod").then(|| format!("whether {said}"))
    };
    broken(facts).or_else(unknown)
}

/// Pods that fail, else a workload that lacks some, in words.
fn broken(facts: &Facts<'_>) -> Option<String> {
    let failing = pods_of(facts, PodHealth::Failing);
    let failing = failing.map(|pods| told(pods, ["is not well", "are not well"]));
    failing.or_else(|| lacking(facts))
}

/// The first pod of a health, and how many more there are.
fn pods_of<'f>(facts: &'f Facts<'_>, health: PodHealth) -> Option<(&'f Identity, usize)> {
    // Of a pod that only old events name nobody expects to know it.
    let captured = |pod: EntityId| facts.get(pod).root().is_some();
    let counts = |pod: EntityId| health == PodHealth::Failing || captured(pod);
    let pods = facts.of_kind("Pod").iter();
    let mut pods = pods
        .filter(|pod| facts.health_of(**pod) == health && counts(**pod) && !is_ready(facts, **pod));
    let first = &facts.get(*pods.next()?).subject;
    Some((first, pods.count()))
}

fn told((first, more): (&Identity, usize), ends: [&str; 2]) -> String {
    match more {
        0 => format!("{first} {}", ends[0]),
        more => format!("{first} and {more} more {}", ends[1]),
    }
}

/// Whether a pod says that it is ready. One that may fail again later, as it did before, serves now.
fn is_ready(facts: &Facts<'_>, pod: EntityId) -> bool {
    let root = facts.get(pod).root().unwrap_or_default();
    let mut conditions = root.items_at(&["status", "conditions"]).iter();
    conditions
        .any(|it| it.str_at(&["type"]) == Some("Ready") && it.str_at(&["status"]) == Some("True"))
}

/// A workload that lacks pods, by its own count, where no pod of its namespace is about to come or go.
fn lacking(facts: &Facts<'_>) -> Option<String> {
    let moving = |namespace: &str| {
        facts.of_kind("Pod").iter().any(|pod| {
            let moves = matches!(
                facts.health_of(*pod),
                PodHealth::Starting | PodHealth::Leaving
            );
            moves && facts.get(*pod).subject.namespace == namespace
        })
    };
    let kinds = [
        "Deployment",
        "StatefulSet",
        "ReplicaSet",
        "ReplicationController",
    ];
    let mut all = kinds.iter().flat_map(|kind| facts.of_kind(kind));
    all.find_map(|id| {
        let workload = facts.get(*id);
        let wanted = workload.int_at(&["spec", "replicas"])?;
        let none = || (!workload.partial).then_some(0);
        let ready = workload
            .int_at(&["status", "readyReplicas"])
            .or_else(none)?;
        let lacks = ready < wanted && !moving(&workload.subject.namespace);
        lacks.then(|| format!("{} has {ready} of {wanted} pods ready", workload.subject))
    })
}

/// The verdict in one sentence.
pub(crate) fn sentence(
    facts: &Facts<'_>,
    outcome: Outcome,
    causes: &[Ranked],
    incidents: &[Incident],
    judged: &[Judged],
    evaluation: &Evaluation<'_, '_>,
    rules: &RuleSet,
) -> String {
    let leads = |over: bool| -> Vec<&str> {
        incidents
            .iter()
            .filter_map(|incident| causes.get(*incident.causes.first()?))
            .filter(|cause| (judged[cause.finding].state != State::Active) == over)
            .filter(|cause| !cause.independent && cause.confidence > Confidence::Possible)
            .map(|cause| cause.title(evaluation))
            .collect()
    };
    let active = outcome == Outcome::Active;
    let one = || match over(facts, outcome, causes, judged, evaluation, rules) {
        Some(over) => {
            format!("Inconclusive: nothing was found that holds; over at capture: {over}")
        }
        None => of_one(facts, outcome, causes, evaluation, rules),
    };
    let said = if active || outcome == Outcome::Recovered {
        let state = if active { "" } else { "Recovered: " };
        several(state, &leads(!active)).unwrap_or_else(one)
    } else {
        one()
    };
    let Some((earlier, rest)) = leads(true)
        .split_first()
        .map(|(it, rest)| (*it, rest.len()))
    else {
        return said;
    };
    match (active, rest) {
        (false, _) => said,
        (true, 0) => format!("{said}; earlier, over at capture: {earlier}"),
        (true, more) => format!("{said}; earlier, over at capture: {earlier}, and {more} more"),
    }
}

/// Where nothing was found that holds: what once did, by the newest of the causes that ended.
fn over<'e>(
    facts: &Facts<'_>,
    outcome: Outcome,
    causes: &[Ranked],
    judged: &[Judged],
    evaluation: &'e Evaluation<'_, '_>,
    rules: &RuleSet,
) -> Option<&'e str> {
    // What is not well comes before what is over, and that before what nobody knows.
    if outcome != Outcome::Inconclusive || !causes.is_empty() || broken(facts).is_some() {
        return None;
    }
    let found = evaluation.findings.iter().zip(judged);
    let ended = found.filter(|(finding, judged)| {
        judged.state != State::Active && rules.rules[finding.rule].role == Role::Cause
    });
    let newest = ended.max_by_key(|(finding, _)| finding.last_seen.or(finding.first_seen));
    newest.map(|(finding, _)| finding.title.as_str())
}

/// Several incidents of one state.
fn several(state: &str, leads: &[&str]) -> Option<String> {
    let [first, second, rest @ ..] = leads else {
        return None;
    };
    let more = match rest.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let count = leads.len();
    Some(format!(
        "{state}{count} separate incidents: {first}; {second}{more}"
    ))
}

/// The best cause's, whatever else there is.
fn of_one(
    facts: &Facts<'_>,
    outcome: Outcome,
    causes: &[Ranked],
    evaluation: &Evaluation<'_, '_>,
    rules: &RuleSet,
) -> String {
    let title = causes.first().map_or("", |cause| cause.title(evaluation));
    let symptom = causes.first().is_some_and(|cause| {
        rules.rules[evaluation.findings[cause.finding].rule].role == Role::Symptom
    });
    match outcome {
        Outcome::Inconclusive if title.is_empty() => match unwell(facts) {
            Some(unwell) => format!("Inconclusive: {unwell}, and nothing in the bundle says why"),
            None if facts.collected("Pod") => {
                "Inconclusive: nothing was found, and the bundle holds no pod to find it in".to_owned()
            }
            None => "Inconclusive: nothing was found, and the bundle holds no whole list of pods to find it in".to_owned(),
        },
        Outcome::Active if symptom => format!("{title}; nothing in the bundle says why"),
        Outcome::Active => title.to_owned(),
        Outcome::Recovered => format!("Recovered: {title}"),
        Outcome::Inconclusive => {
            format!("Inconclusive: {title}, and nothing in the bundle says why")
        }
        Outcome::NothingFound => {
            "Nothing found: no fault holds at capture, as far as the bundle shows".to_owned()
        }
    }
}
