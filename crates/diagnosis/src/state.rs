//! Whether a finding still holds: what has healed is not an active cause, and what healed long ago is no incident.

use std::collections::BTreeSet;

use coldcase_facts::{Entity, EntityId, Facts, PodHealth};
use coldcase_rules::{
    Evaluation, Finding, Role, Rule, RuleSet, Severity,
    rule::{Block, Verb},
};

use crate::{Edge, Judged, scope::Scope, weights};

/// A finding's state at capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It holds.
    Active,
    /// It is over, and recent enough to be the incident.
    Recovered,
    /// It is over and history.
    Past,
}

impl State {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Recovered => "recovered",
            Self::Past => "past",
        }
    }
}

/// The state of one finding, judged alone.
pub(crate) fn of(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    rule: &Rule,
    finding: &Finding,
    scope: &Scope,
) -> State {
    if rule.role == Role::Change {
        return recency(facts, evaluation, finding);
    }
    // A workload that has what it wants is well, whatever an event once said of it; the rule may
    // know of other objects, and of what is written wrongly in the workload itself.
    // Of a Job the pods are gone when it has failed, and a CronJob that skips its times has none.
    let kind = evaluation.entity(finding.entity).kind;
    let knows = !pod_level(&finding.subject.kind)
        || matches!(kind, "Job" | "CronJob")
        || written(evaluation, finding);
    let active = finding.healed != Some(true)
        && (finding.healed.is_some() && knows
            || holds(facts, evaluation, finding, scope)
            || complains(facts, evaluation, rule, finding));
    if active {
        State::Active
    } else {
        recency(facts, evaluation, finding)
    }
}

fn recency(facts: &Facts<'_>, evaluation: &Evaluation<'_, '_>, finding: &Finding) -> State {
    let last = finding.last_seen.or(finding.first_seen);
    match ago(facts, evaluation, finding, last) {
        Some(ago) if ago <= weights::RECENT_SECONDS => State::Recovered,
        _ => State::Past,
    }
}

/// Seconds since a finding was last seen: by its stamps, else by the ages that a text prints of its events.
fn ago(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    finding: &Finding,
    last: Option<jiff::Timestamp>,
) -> Option<i64> {
    if let (Some(last), Some(now)) = (last, facts.now()) {
        return Some(now.as_second() - last.as_second());
    }
    let printed = |id| evaluation.entity(id).printed_age("last", None)?.as_i64();
    let rows = || finding.rows.iter().flat_map(coldcase_rules::Row::all);
    let last = |id| coldcase_rules::is_last_undated(evaluation.entity(id));
    let printed = rows().filter_map(|bound| printed(bound.id)).min();
    // What rules take for new goes on.
    printed.or_else(|| rows().any(|bound| last(bound.id)).then_some(0))
}

/// Seconds before the capture within which a server that fails all the time says so again.
const STILL: i64 = 120;
/// Seconds over which it must have said so.
const LONG: i64 = 180;
/// A younger program must have said so for a third of its life (it had to start, and to be called, before), but longer
/// than what it waits for takes to come up, and up to the last seconds.
const YOUNG: i64 = 20;
/// The last seconds.
const JUST_NOW: i64 = 10;
/// Lines without a time at the end of a log that are more than a word in passing.
const AGAIN: usize = 5;
/// Lines a minute of a server whose calls fail; what is merely tried now and then, such as a target that is scraped or
/// an optional dependency, says it less often.
const BUSY: i64 = 3;

/// Whether a program goes on to log what was found until the capture: that it is ready says nothing of the calls that
/// it makes. Of a rule that looks at the log itself to tell what has healed, a line a minute will do.
fn complains(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    rule: &Rule,
    finding: &Finding,
) -> bool {
    let rows = finding.rows.iter().flat_map(coldcase_rules::Row::all);
    let ids: BTreeSet<EntityId> = rows.map(|bound| bound.id).collect();
    let lines = ids.into_iter().map(|id| evaluation.entity(id));
    let lines: Vec<&Entity<'_>> = lines
        .filter(|entity| entity.kind == "LogLine" && !passed_on(entity))
        .collect();
    // Lines without a time have no rate; several up to the very end are what it says now.
    let undated = lines
        .iter()
        .filter(|line| coldcase_rules::is_last_undated(line))
        .filter_map(|line| line.int_at(&["linesAfter"]));
    let after: Vec<i64> = undated.collect();
    if after.len() >= AGAIN && after.iter().any(|after| *after <= 2) {
        return true;
    }
    let listens = |block: &Block| {
        let mut steps = block.steps.iter();
        steps.any(|step| step.verb == Verb::None && step.pattern.is_some())
    };
    let listens = rule.healed.as_ref().is_some_and(listens);
    says_it_still(facts, &lines, if listens { 1 } else { BUSY })
}

/// Whether lines come up to the capture, so many a minute, and not only while their pods came up.
fn says_it_still(facts: &Facts<'_>, lines: &[&Entity<'_>], a_minute: i64) -> bool {
    let times = lines
        .iter()
        .filter_map(|line| coldcase_snapshot::stamp::rfc3339(line.str_at(&["time"])?));
    let mut times: Vec<i64> = times.map(jiff::Timestamp::as_second).collect();
    let newest = times.iter().max().copied().unwrap_or(0);
    times.retain(|time| newest - time <= weights::ONGOING_SECONDS);
    times.sort_unstable();
    let (Some(first), Some(last), Some(now)) = (times.first(), times.last(), facts.now()) else {
        return false;
    };
    let (lasted, quiet_for) = (last - first, now.as_second() - last);
    let speakers = lines.iter().filter_map(|line| {
        let subject = &line.subject;
        facts.object("Pod", &subject.namespace, &subject.name)
    });
    // A description shows no more than when the kubelet took it.
    let taken = |pod| facts.age(facts.get(pod).str_at(&["status", "startTime"]));
    let age = speakers
        .filter_map(|pod| taken(pod).or_else(|| facts.age_of(pod)))
        .max();
    let enough = age.map_or(LONG, |age| (age / 3).clamp(YOUNG, LONG));
    let within = |after: i64| (-STILL..=after).contains(&quiet_for);
    let goes_on = within(STILL) && lasted >= LONG || within(JUST_NOW) && lasted >= enough;
    goes_on && i64::try_from(times.len()).is_ok_and(|lines| lines * 60 >= lasted * a_minute)
}

/// Whether a line is an event of the cluster, or of another one, that a program exports: its words are not its own.
fn passed_on(line: &Entity<'_>) -> bool {
    let text = line.str_at(&["text"]).unwrap_or("");
    let all = |words: &[&str]| words.iter().all(|word| text.contains(word));
    text.starts_with('{')
        && (all(&["\"involvedObject\""])
            || all(&["\"regarding\""])
            || all(&["\"reason\"", "\"message\"", "\"Warning\""]))
}

fn pod_level(kind: &str) -> bool {
    matches!(
        kind,
        "Pod"
            | "Deployment"
            | "StatefulSet"
            | "DaemonSet"
            | "ReplicaSet"
            | "Job"
            | "CronJob"
            | "ReplicationController"
    )
}

/// Whether the fault stands in the workload's own description, or a monitoring system measures it. Readiness says
/// nothing of an address that the program uses later: it stays wrong while it stands there. Nor of slow answers.
fn written(evaluation: &Evaluation<'_, '_>, finding: &Finding) -> bool {
    finding.rows.iter().any(|row| {
        row.all()
            .any(|bound| matches!(evaluation.entity(bound.id).kind, "AddressMiss" | "Alert"))
    })
}

fn holds(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    finding: &Finding,
    scope: &Scope,
) -> bool {
    if pod_level(&finding.subject.kind) {
        let bound: Vec<PodHealth> = scope.pods.iter().map(|pod| facts.health_of(*pod)).collect();
        if bound.contains(&PodHealth::Failing) {
            return true;
        }
        if bound.is_empty() && named_only(facts, finding) && only_history(evaluation, finding) {
            return goes_on(facts, evaluation, finding);
        }
        // Pods that are gone or well: what does the workload still lack?
        let lacking = facts
            .derived("Workload", &finding.subject)
            .iter()
            .any(|id| {
                let workload = facts.get(*id);
                let desired = workload.int_at(&["desired"]);
                desired.is_some_and(|desired| workload.int_at(&["ready"]).unwrap_or(0) < desired)
                    || workload.int_at(&["failing"]).unwrap_or(0) > 0
            });
        return lacking
            && (bound.is_empty()
                || !bound
                    .iter()
                    .all(|health| matches!(health, PodHealth::Healthy | PodHealth::Done)));
    }
    // Findings on captured state hold as captured; those on lines and events only while they go on.
    if only_history(evaluation, finding) {
        return goes_on(facts, evaluation, finding);
    }
    true
}

/// Whether what was found in events and lines was seen until the capture.
fn goes_on(facts: &Facts<'_>, evaluation: &Evaluation<'_, '_>, finding: &Finding) -> bool {
    let last = finding.last_seen.max(last_repeat(evaluation, finding));
    ago(facts, evaluation, finding, last).is_some_and(|ago| ago <= weights::ONGOING_SECONDS)
}

/// Whether of a workload nothing but what events say is known.
fn named_only(facts: &Facts<'_>, finding: &Finding) -> bool {
    let mut workloads = facts.derived("Workload", &finding.subject).iter();
    workloads.any(|id| facts.get(*id).int_at(&["pods"]).is_none())
}

/// The last time that a bound event was repeated: a rule may date a fault by its beginning only.
pub(crate) fn last_repeat(
    evaluation: &Evaluation<'_, '_>,
    finding: &Finding,
) -> Option<jiff::Timestamp> {
    finding
        .rows
        .iter()
        .flat_map(coldcase_rules::Row::all)
        .map(|bound| evaluation.entity(bound.id))
        .filter(|entity| entity.kind == "Event")
        .filter_map(|event| coldcase_snapshot::stamp::rfc3339(event.str_at(&["last"])?))
        .max()
}

/// Whether nothing but events and lines was bound besides the subject.
fn only_history(evaluation: &Evaluation<'_, '_>, finding: &Finding) -> bool {
    let mut history = false;
    for row in &finding.rows {
        for bound in row.all() {
            match evaluation.entity(bound.id).kind {
                "Event" | "LogLine" | "JournalLine" => history = true,
                "Node" | "Pod" | "Workload" | "Namespace" | "Container" => {}
                _ => return false,
            }
        }
    }
    history
        && !evaluation
            .entity(finding.entity)
            .field("health")
            .is_some_and(|health| matches!(health.as_str(), Some("notready" | "unreachable")))
}

/// Whether what is over did harm of its own: a container died of it, or a node's kernel says so. Refusals that healed by
/// themselves while things were being made did none.
fn broke(rule: &Rule, evaluation: &Evaluation<'_, '_>, finding: &Finding) -> bool {
    let mut bound = finding.rows.iter().flat_map(coldcase_rules::Row::all);
    rule.severity >= Severity::High
        && bound.any(|bound| {
            let entity = evaluation.entity(bound.id);
            match entity.kind {
                "Container" => entity
                    .int_at(&["restartCount"])
                    .is_some_and(|times| times >= 2),
                "JournalLine" => entity.str_at(&["unit"]) == Some("kernel"),
                _ => false,
            }
        })
}

/// Judges findings by each other: a healed cause of what still fails is active, healed noise loses its weight.
pub(crate) fn settle(
    rules: &RuleSet,
    evaluation: &Evaluation<'_, '_>,
    edges: &[Edge],
    judged: &mut [Judged],
) {
    // Twice is enough for chains of two; longer chains settle from their end.
    for _ in 0..4 {
        for edge in edges {
            if judged[edge.to].state == State::Active
                && judged[edge.from].state != State::Active
                && rules.rules[evaluation.findings[edge.from].rule].role == Role::Cause
            {
                let recent = judged[edge.from].state == State::Recovered;
                if recent {
                    judged[edge.from].state = State::Active;
                }
            }
        }
    }
    let explaining: BTreeSet<usize> = edges.iter().map(|edge| edge.from).collect();
    let quiet = !judged
        .iter()
        .zip(&evaluation.findings)
        .any(|(judged, finding)| {
            judged.state == State::Active
                && judged.severity >= Severity::Medium
                && matches!(rules.rules[finding.rule].role, Role::Cause | Role::Symptom)
        });
    for (index, finding) in evaluation.findings.iter().enumerate() {
        let rule = &rules.rules[finding.rule];
        if judged[index].state == State::Active {
            continue;
        }
        let incident = judged[index].state == State::Recovered
            && rule.role == Role::Cause
            && rule.confidence > coldcase_rules::Confidence::Possible
            && (explaining.contains(&index) || quiet && broke(rule, evaluation, finding));
        if !incident {
            judged[index].severity = judged[index].severity.min(Severity::Info);
        }
    }
    // Effects of a recovered incident are part of it and keep no weight of their own.
    for edge in edges {
        if judged[edge.to].state != State::Active {
            judged[edge.to].severity = judged[edge.to].severity.min(Severity::Info);
        }
    }
}
