//! Tells several incidents in one bundle apart: causes that touch the same objects at the same time are one incident.

use std::collections::BTreeSet;

use coldcase_facts::Facts;
use coldcase_rules::Evaluation;
use jiff::Timestamp;

use crate::{Judged, Ranked, State, scope::Scope, timeline, weights};

/// Causes that hang together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// Indexes of [`crate::Diagnosis::causes`], best first; the first leads.
    pub causes: Vec<usize>,
    /// When it began, and with what.
    pub first_anomaly: Option<(Timestamp, String)>,
    /// Its last sign, if it is over.
    pub ended_at: Option<Timestamp>,
}

/// What a cause and its effects touch, and when.
struct Reach<'e> {
    findings: BTreeSet<usize>,
    scopes: Vec<&'e Scope>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

/// All incidents, the one of the best cause first.
pub(crate) fn all(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    judged: &[Judged],
    scopes: &[Scope],
    causes: &[Ranked],
) -> Vec<Incident> {
    let reaches: Vec<Reach<'_>> = causes
        .iter()
        .map(|cause| reach(facts, evaluation, judged, scopes, cause))
        .collect();
    // The smallest cause of its incident stands for it.
    let mut leader: Vec<usize> = (0..causes.len()).collect();
    for later in 0..causes.len() {
        for earlier in 0..later {
            if leader[earlier] != leader[later] && together(&reaches[earlier], &reaches[later]) {
                let (keep, join) = (
                    leader[earlier].min(leader[later]),
                    leader[earlier].max(leader[later]),
                );
                for of in &mut leader {
                    if *of == join {
                        *of = keep;
                    }
                }
            }
        }
    }
    let mut found: Vec<Incident> = Vec::new();
    for lead in 0..causes.len() {
        if leader[lead] != lead {
            continue;
        }
        let members: Vec<usize> = (lead..causes.len())
            .filter(|cause| leader[*cause] == lead)
            .collect();
        let active = members
            .iter()
            .any(|cause| judged[causes[*cause].finding].state == State::Active);
        let last = members.iter().filter_map(|cause| reaches[*cause].to).max();
        found.push(Incident {
            first_anomaly: timeline::first_anomaly(evaluation, &causes[lead], judged),
            ended_at: last.filter(|_| !active),
            causes: members,
        });
    }
    found
}

fn reach<'e>(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    judged: &[Judged],
    scopes: &'e [Scope],
    cause: &Ranked,
) -> Reach<'e> {
    let findings: BTreeSet<usize> = std::iter::once(&cause.finding)
        .chain(&cause.members)
        .chain(&cause.explains)
        .chain(&cause.triggers)
        .copied()
        .filter(|index| judged[*index].state != State::Past || *index == cause.finding)
        .collect();
    let dated = |time: fn(&coldcase_rules::Finding) -> Option<Timestamp>| {
        findings
            .iter()
            .filter_map(move |index| time(&evaluation.findings[*index]))
    };
    let active = judged[cause.finding].state == State::Active;
    let last = dated(|it| it.last_seen.or(it.first_seen)).max();
    Reach {
        from: dated(|it| it.first_seen).min(),
        to: if active { facts.now().or(last) } else { last },
        scopes: findings.iter().map(|index| &scopes[*index]).collect(),
        findings,
    }
}

/// Whether two causes touch the same things while the other lasted.
fn together(a: &Reach<'_>, b: &Reach<'_>) -> bool {
    let apart = |end: Option<Timestamp>, begin: Option<Timestamp>| match (end, begin) {
        (Some(end), Some(begin)) => begin.as_second() > end.as_second() + weights::ONGOING_SECONDS,
        _ => false,
    };
    if apart(a.to, b.from) || apart(b.to, a.from) {
        return false;
    }
    a.findings.intersection(&b.findings).next().is_some()
        || a.scopes
            .iter()
            .any(|one| b.scopes.iter().any(|other| touch(one, other)))
}

/// Whether two findings touch the same pods, workloads, claims or Services, or one a node that the other is about or
/// that the other's pods run on. That pods of both run on one node is no relation: all pods run on few nodes.
fn touch(a: &Scope, b: &Scope) -> bool {
    fn meet<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> bool {
        a.intersection(b).next().is_some()
    }
    meet(&a.pods, &b.pods)
        || meet(&a.workloads, &b.workloads)
        || meet(&a.claims, &b.claims)
        || meet(&a.configs, &b.configs)
        || meet(&a.services, &b.services)
        || meet(&a.services, &b.pod_services)
        || meet(&a.pod_services, &b.services)
        || meet(&a.nodes, &b.nodes)
        || meet(&a.nodes, &b.pod_nodes)
        || meet(&a.pod_nodes, &b.nodes)
}
