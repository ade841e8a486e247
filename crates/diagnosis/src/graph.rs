//! Joins findings by the rules' `explains` edges, where the object graph and the clock allow it.

use std::collections::BTreeSet;

use coldcase_facts::{EntityId, Facts};
use coldcase_rules::{Along, Evaluation, Finding, Role, RuleSet};

use crate::{Edge, Judged, State, scope::Scope, weights};

/// All edges between findings, sorted.
pub(crate) fn edges(
    facts: &Facts<'_>,
    rules: &RuleSet,
    evaluation: &Evaluation<'_, '_>,
    scopes: &[Scope],
    judged: &[Judged],
) -> Vec<Edge> {
    let mut edges = BTreeSet::new();
    for (from, cause) in evaluation.findings.iter().enumerate() {
        for explains in &rules.rules[cause.rule].explains {
            for (to, effect) in evaluation.findings.iter().enumerate() {
                if from != to
                    && rules.rules[effect.rule].id == explains.rule
                    && touch(explains.along, &scopes[from], &scopes[to])
                    && in_time(explains.along, cause, effect)
                {
                    edges.insert(Edge {
                        from,
                        to,
                        along: explains.along,
                    });
                }
            }
        }
    }
    callers(facts, rules, evaluation, scopes, &mut edges);
    alerted(rules, evaluation, scopes, judged, &mut edges);
    // One edge for each pair: the narrowest relation comes first in the order.
    let mut kept: Vec<Edge> = Vec::new();
    for edge in edges {
        if !kept
            .iter()
            .any(|other| other.from == edge.from && other.to == edge.to)
        {
            kept.push(edge);
        }
    }
    kept
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
    for (to, effect) in evaluation.findings.iter().enumerate() {
        let alert = effect
            .rows
            .iter()
            .flat_map(coldcase_rules::Row::all)
            .any(|bound| evaluation.entity(bound.id).kind == "Alert");
        if !alert || role(to) != Role::Symptom {
            continue;
        }
        for (from, cause) in evaluation.findings.iter().enumerate() {
            let along = [Along::Pod, Along::Workload, Along::Service, Along::Node]
                .into_iter()
                .find(|along| {
                    let node = *along == Along::Node && scopes[from].nodes.is_empty();
                    !node && touch(*along, &scopes[from], &scopes[to])
                });
            if let Some(along) = along
                && role(from) == Role::Cause
                && judged[from].state == State::Active
                && in_time(along, cause, effect)
            {
                edges.insert(Edge { from, to, along });
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
        for (from, scope) in scopes.iter().enumerate() {
            if from != to
                && role(from) != Role::Change
                && meet(&behind, &scope.pods)
                && !leads(edges, to, from)
            {
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
                    .iter()
                    .filter(|edge| edge.from == next)
                    .map(|edge| edge.to),
            );
        }
    }
    false
}

fn meet<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> bool {
    a.intersection(b).next().is_some()
}

fn touch(along: Along, cause: &Scope, effect: &Scope) -> bool {
    match along {
        Along::Container => meet(&cause.containers, &effect.containers),
        Along::Pod => {
            meet(&cause.pods, &effect.pods)
                || (cause.pods.is_empty() || effect.pods.is_empty())
                    && meet(&cause.workloads, &effect.workloads)
        }
        Along::Workload => meet(&cause.workloads, &effect.workloads),
        Along::Node => {
            let of = |scope: &Scope| {
                if scope.nodes.is_empty() {
                    scope.pod_nodes.clone()
                } else {
                    scope.nodes.clone()
                }
            };
            meet(&of(cause), &of(effect)) || meet(&of(cause), &effect.pod_nodes)
        }
        Along::Service => {
            let cause: BTreeSet<_> = cause.services.union(&cause.pod_services).collect();
            let effect: BTreeSet<_> = effect.services.union(&effect.pod_services).collect();
            meet(&cause, &effect)
        }
        Along::Claim => meet(&cause.claims, &effect.claims),
        Along::Config => {
            meet(&cause.configs, &effect.pod_configs) || meet(&cause.configs, &effect.configs)
        }
        Along::Namespace => meet(&cause.namespaces, &effect.namespaces),
        Along::Cluster => true,
    }
}

/// Between different objects the cause must not begin after its effect. Within one object only the
/// last instance is known, so its stamp says nothing about the first.
fn in_time(along: Along, cause: &Finding, effect: &Finding) -> bool {
    if matches!(along, Along::Container | Along::Pod | Along::Workload) {
        return true;
    }
    match (cause.first_seen, effect.last_seen.or(effect.first_seen)) {
        (Some(cause), Some(effect)) => {
            cause.as_second() <= effect.as_second() + weights::TOLERANCE_SECONDS
        }
        _ => true,
    }
}
