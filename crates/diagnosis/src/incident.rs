//! Tells several incidents in one bundle apart: causes that touch the same objects at the same time are one incident.

use std::collections::{BTreeMap, BTreeSet};

use coldcase_facts::{EntityId, Facts, Identity};
use coldcase_rules::Evaluation;
use jiff::Timestamp;

use crate::{Judged, Ranked, State, rank::Context, scope::Scope, state, timeline, weights};

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
    let leader = leaders(&reaches);
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (cause, lead) in leader.into_iter().enumerate() {
        members.entry(lead).or_default().push(cause);
    }
    members
        .into_iter()
        .map(|(lead, members)| {
            let active = members
                .iter()
                .any(|cause| judged[causes[*cause].finding].state == State::Active);
            // Repeats of an event go on after what the rule dated the fault by.
            let repeats = members
                .iter()
                .flat_map(|cause| &reaches[*cause].findings)
                .filter_map(|it| state::last_repeat(evaluation, &evaluation.findings[*it]));
            let last = members
                .iter()
                .filter_map(|cause| reaches[*cause].to)
                .chain(repeats)
                .max();
            Incident {
                first_anomaly: timeline::first_anomaly(evaluation, &causes[lead], judged),
                ended_at: last.filter(|_| !active),
                causes: members,
            }
        })
        .collect()
}

/// Leaves out causes that are over and hang together with one that holds: what healed is part of that incident and
/// not its cause. Those that stay are incidents of their own.
pub(crate) fn leave_out_healed(context: &Context<'_, '_, '_>, causes: Vec<Ranked>) -> Vec<Ranked> {
    let active = |cause: &Ranked| context.judged[cause.finding].state == State::Active;
    let reaches: Vec<Reach<'_>> = causes
        .iter()
        .map(|cause| {
            reach(
                context.facts,
                context.evaluation,
                context.judged,
                context.scopes,
                cause,
            )
        })
        .collect();
    let leader = leaders(&reaches);
    let lasting: BTreeSet<usize> = causes
        .iter()
        .zip(&leader)
        .filter(|(cause, _)| active(cause))
        .map(|(_, lead)| *lead)
        .collect();
    causes
        .into_iter()
        .zip(leader)
        .filter(|(cause, lead)| active(cause) || !lasting.contains(lead))
        .map(|(cause, _)| cause)
        .collect()
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

/// For each cause the smallest of its incident. Two causes are one incident if they touch the same things while the
/// other lasted. Asked by thing and not by pair: a cluster that fails everywhere has thousands of causes.
fn leaders(reaches: &[Reach<'_>]) -> Vec<usize> {
    let mut places: BTreeMap<Place<'_>, Visitors> = BTreeMap::new();
    for (cause, reach) in reaches.iter().enumerate() {
        for finding in &reach.findings {
            let at = places.entry(Place::Finding(*finding)).or_default();
            at.own.push(cause);
        }
        for scope in &reach.scopes {
            visit(scope, cause, &mut places);
        }
    }
    let mut groups = Groups((0..reaches.len()).collect());
    for visitors in places.values_mut() {
        visitors.join(reaches, &mut groups);
    }
    (0..reaches.len())
        .map(|cause| groups.first(cause))
        .collect()
}

/// Something that two causes can have in common.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place<'s> {
    Finding(usize),
    Pod(EntityId),
    Workload(&'s Identity),
    Claim(&'s Identity),
    Config(&'s Identity),
    Service(&'s Identity),
    Node(&'s str),
}

/// Which causes have it.
#[derive(Debug, Default)]
struct Visitors {
    /// They are about it.
    own: Vec<usize>,
    /// Their pods run on the node, or are behind the Service. That pods of two run on one node is no relation: all
    /// pods run on few nodes.
    guests: Vec<usize>,
}

fn visit<'s>(scope: &'s Scope, cause: usize, places: &mut BTreeMap<Place<'s>, Visitors>) {
    let Scope {
        pods,
        workloads,
        claims,
        configs,
        services,
        nodes,
        pod_services,
        pod_nodes,
        ..
    } = scope;
    let own = pods
        .iter()
        .map(|it| Place::Pod(*it))
        .chain(workloads.iter().map(Place::Workload))
        .chain(claims.iter().map(Place::Claim))
        .chain(configs.iter().map(Place::Config))
        .chain(services.iter().map(Place::Service))
        .chain(nodes.iter().map(|it| Place::Node(it)));
    for place in own {
        places.entry(place).or_default().own.push(cause);
    }
    let guests = pod_services
        .iter()
        .map(Place::Service)
        .chain(pod_nodes.iter().map(|it| Place::Node(it)));
    for place in guests {
        places.entry(place).or_default().guests.push(cause);
    }
}

impl Visitors {
    /// Joins those that were there at the same time: owners with each other, guests with owners.
    fn join(&mut self, reaches: &[Reach<'_>], groups: &mut Groups) {
        self.own.sort_by_key(|cause| (reaches[*cause].from, *cause));
        self.own.dedup();
        self.guests.sort_unstable();
        self.guests.dedup();
        // Owners by their begin: those that follow without a gap are one stay.
        let mut stays: Vec<(usize, Option<Timestamp>, Option<Timestamp>)> = Vec::new();
        for cause in &self.own {
            let reach = &reaches[*cause];
            match stays.last_mut() {
                Some((first, _, end)) if !later(reach.from, *end) => {
                    groups.join(*first, *cause);
                    // No end is no bound.
                    *end = end.zip(reach.to).map(|(a, b)| a.max(b));
                }
                _ => stays.push((*cause, reach.from, reach.to)),
            }
        }
        for guest in &self.guests {
            let reach = &reaches[*guest];
            for (first, from, to) in &stays {
                if later(*from, reach.to) {
                    break;
                }
                if !later(reach.from, *to) {
                    groups.join(*first, *guest);
                }
            }
        }
    }
}

/// Whether something begins after another ended; what has no stamp may have been at any time.
fn later(begin: Option<Timestamp>, end: Option<Timestamp>) -> bool {
    begin
        .zip(end)
        .is_some_and(|(begin, end)| begin.as_second() > end.as_second() + weights::ONGOING_SECONDS)
}

/// Causes that were joined; each knows one before it in its group, the first knows itself.
struct Groups(Vec<usize>);

impl Groups {
    fn first(&mut self, mut of: usize) -> usize {
        while self.0[of] != of {
            self.0[of] = self.0[self.0[of]];
            of = self.0[of];
        }
        of
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first(a), self.first(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Drawn = (
        Option<i64>,
        Option<i64>,
        BTreeSet<u32>,
        BTreeSet<u32>,
        BTreeSet<u32>,
    );

    fn drawn() -> impl Strategy<Value = Drawn> {
        let few = || proptest::collection::btree_set(0_u32..4, 0..2);
        let begin = proptest::option::of(0_i64..5_000);
        (
            begin,
            proptest::option::of(0_i64..3_000),
            few(),
            few(),
            few(),
        )
            .prop_map(|(from, lasts, pods, nodes, pod_nodes)| {
                let to = from.zip(lasts).map(|(from, lasts)| from + lasts);
                (from, to, pods, nodes, pod_nodes)
            })
    }

    fn scope((.., pods, nodes, pod_nodes): &Drawn) -> Scope {
        Scope {
            pods: pods.iter().copied().map(EntityId).collect(),
            nodes: nodes.iter().map(u32::to_string).collect(),
            pod_nodes: pod_nodes.iter().map(u32::to_string).collect(),
            ..Scope::default()
        }
    }

    /// The definition, pair by pair.
    fn together(a: &Drawn, b: &Drawn) -> bool {
        let time = |second: Option<i64>| second.map(|it| Timestamp::from_second(it).unwrap());
        let apart = later(time(b.0), time(a.1)) || later(time(a.0), time(b.1));
        let meet = |a: &BTreeSet<u32>, b: &BTreeSet<u32>| !a.is_disjoint(b);
        !apart && (meet(&a.2, &b.2) || meet(&a.3, &b.3) || meet(&a.3, &b.4) || meet(&a.4, &b.3))
    }

    proptest! {
        #[test]
        fn causes_are_joined_as_their_pairs_are(all in proptest::collection::vec(drawn(), 1..9)) {
            let scopes: Vec<Scope> = all.iter().map(scope).collect();
            let time = |second: Option<i64>| second.map(|it| Timestamp::from_second(it).unwrap());
            let reaches: Vec<Reach<'_>> = all
                .iter()
                .zip(&scopes)
                .map(|((from, to, ..), scope)| Reach {
                    findings: BTreeSet::new(),
                    scopes: vec![scope],
                    from: time(*from),
                    to: time(*to),
                })
                .collect();
            let mut pairs = Groups((0..all.len()).collect());
            for a in 0..all.len() {
                for b in 0..a {
                    if together(&all[a], &all[b]) {
                        pairs.join(a, b);
                    }
                }
            }
            let expected: Vec<usize> = (0..all.len()).map(|it| pairs.first(it)).collect();
            prop_assert_eq!(leaders(&reaches), expected);
        }
    }
}
