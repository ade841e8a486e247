//! Joins findings by the rules' `explains` edges, where the object graph and the clock allow it.

use std::collections::{BTreeMap, BTreeSet};

use coldcase_facts::{EntityId, Facts};
use coldcase_rules::{Along, Evaluation, Finding, Role, RuleSet};

use crate::{
    Edge, Judged, State,
    scope::Scope,
    touch::{Index, meet},
    weights,
};

/// All edges between findings, sorted.
pub(crate) fn edges(
    facts: &Facts<'_>,
    rules: &RuleSet,
    evaluation: &Evaluation<'_, '_>,
    scopes: &[Scope],
    judged: &[Judged],
) -> Vec<Edge> {
    let mut edges = BTreeSet::new();
    let mut by_rule: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, finding) in evaluation.findings.iter().enumerate() {
        let id = rules.rules[finding.rule].id.as_str();
        by_rule.entry(id).or_default().push(index);
    }
    let mut indexes: BTreeMap<(&str, Along), Index<'_>> = BTreeMap::new();
    for (from, cause) in evaluation.findings.iter().enumerate() {
        for explains in &rules.rules[cause.rule].explains {
            let (rule, along) = (explains.rule.as_str(), explains.along);
            let Some(effects) = by_rule.get(rule) else {
                continue;
            };
            let index = indexes
                .entry((rule, along))
                .or_insert_with(|| Index::of_effects(along, scopes, effects.iter().copied()));
            for to in index.effects(from) {
                if from != to && in_time(along, cause, &evaluation.findings[to]) {
                    edges.insert(Edge { from, to, along });
                }
            }
        }
    }
    callers(facts, rules, evaluation, scopes, &mut edges);
    alerted(rules, evaluation, scopes, judged, &mut edges);
    // One edge for each pair: the narrowest relation comes first in the order.
    let mut edges: Vec<Edge> = edges.into_iter().collect();
    edges.dedup_by_key(|edge| (edge.from, edge.to));
    edges
}

/// What a monitoring system says of an object is a symptom of whatever cause holds there: no rule could list them.
fn alerted(
    rules: &RuleSet,
    evaluation: &Evaluation<'_, '_>,
    scopes: &[Scope],
    judged: &[Judged],
    edges: &mut BTreeSet<Edge>,
) {
    let role = |index: usize| rules.rules[evaluation.findings[index].rule].role;
    let causes: Vec<usize> = (0..judged.len())
        .filter(|index| role(*index) == Role::Cause && judged[*index].state == State::Active)
        .collect();
    let mut indexes: Option<[(Along, Index<'_>); 4]> = None;
    for (to, effect) in evaluation.findings.iter().enumerate() {
        let alert = effect
            .rows
            .iter()
            .flat_map(coldcase_rules::Row::all)
            .any(|bound| evaluation.entity(bound.id).kind == "Alert");
        if !alert || role(to) != Role::Symptom {
            continue;
        }
        let indexes = indexes.get_or_insert_with(|| {
            [Along::Pod, Along::Workload, Along::Service, Along::Node].map(|along| {
                (
                    along,
                    Index::of_causes(along, scopes, causes.iter().copied()),
                )
            })
        });
        let mut joined = BTreeSet::new();
        for (along, index) in indexes.iter() {
            for from in index.causes(to) {
                let elsewhere = *along == Along::Node && scopes[from].nodes.is_empty();
                // The nearest relation decides, also against it.
                if !elsewhere
                    && joined.insert(from)
                    && in_time(*along, &evaluation.findings[from], effect)
                {
                    edges.insert(Edge {
                        from,
                        to,
                        along: *along,
                    });
                }
            }
        }
    }
}

/// Who cannot reach a Service that has no ready endpoint suffers from whatever its pods suffer from. Rules cannot
/// say so by name: of two workloads either may call the other, and a rule's edges must not run in a circle.
fn callers(
    facts: &Facts<'_>,
    rules: &RuleSet,
    evaluation: &Evaluation<'_, '_>,
    scopes: &[Scope],
    edges: &mut BTreeSet<Edge>,
) {
    let role = |index: usize| rules.rules[evaluation.findings[index].rule].role;
    let mut on_pod: BTreeMap<EntityId, Vec<usize>> = BTreeMap::new();
    for (from, scope) in scopes.iter().enumerate() {
        for pod in scope.pods.iter().filter(|_| role(from) != Role::Change) {
            on_pod.entry(*pod).or_default().push(from);
        }
    }
    for (to, caller) in evaluation.findings.iter().enumerate() {
        if role(to) != Role::Symptom || caller.subject.kind == "Service" {
            continue;
        }
        let behind: BTreeSet<EntityId> = caller
            .related
            .iter()
            .filter(|(_, id)| {
                let service = evaluation.entity(*id);
                service.kind == "Service" && service.int_at(&["readyEndpoints"]) == Some(0)
            })
            .flat_map(|(_, id)| facts.selected_pods(*id).iter().copied())
            .collect();
        if behind.is_empty() || meet(&behind, &scopes[to].pods) {
            continue;
        }
        let suffering: BTreeSet<usize> = behind
            .iter()
            .filter_map(|pod| on_pod.get(pod))
            .flatten()
            .copied()
            .collect();
        for from in suffering {
            if from != to && !leads(edges, to, from) {
                edges.insert(Edge {
                    from,
                    to,
                    along: Along::Service,
                });
            }
        }
    }
}

/// Whether one finding explains another, directly or through others.
fn leads(edges: &BTreeSet<Edge>, from: usize, to: usize) -> bool {
    let (mut open, mut seen) = (vec![from], BTreeSet::new());
    while let Some(next) = open.pop() {
        if next == to {
            return true;
        }
        if seen.insert(next) {
            open.extend(
                edges
                    .range(first_of(next)..first_of(next + 1))
                    .map(|edge| edge.to),
            );
        }
    }
    false
}

/// Where the edges of a finding begin in the order.
fn first_of(from: usize) -> Edge {
    Edge {
        from,
        to: 0,
        along: Along::Container,
    }
}

/// Seconds by which stamps of one moment may differ on one cluster.
const MOMENT: i64 = 10;

/// Between different objects the cause must not begin after its effect, nor be over before it: what has healed before
/// something else fails is not why. Within one object only the last instance is known, so its stamp says nothing about
/// the first.
fn in_time(along: Along, cause: &Finding, effect: &Finding) -> bool {
    if matches!(along, Along::Container | Along::Pod | Along::Workload) {
        return true;
    }
    let ended = cause.last_seen.or(cause.first_seen);
    if cause.healed == Some(true)
        && let (Some(ended), Some(begun)) = (ended, effect.first_seen)
        && begun.as_second() > ended.as_second() + MOMENT
    {
        return false;
    }
    match (cause.first_seen, effect.last_seen.or(effect.first_seen)) {
        (Some(cause), Some(effect)) => {
            cause.as_second() <= effect.as_second() + weights::TOLERANCE_SECONDS
        }
        _ => true,
    }
}
