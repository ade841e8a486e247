//! Which obstacles keep a pod from a node, and which of them all is the one that matters.

use std::collections::BTreeMap;

use coldcase_snapshot::packed::View;

use super::{Obstacle, says};
use crate::{
    EntityId, Facts,
    said::Said,
    select::{self, Labels},
};

/// Whether a node of the control plane is closed to ordinary pods, by a cordon or a taint, and the pod does not
/// ask for it by its labels: that it does not take the pod is how it was set up, not what went wrong.
pub(super) fn kept_away(
    facts: &Facts<'_>,
    pod: EntityId,
    node: EntityId,
    found: &[Obstacle],
) -> bool {
    let closed = found.contains(&Obstacle::Cordoned) || found.contains(&Obstacle::Taint);
    let asked = || {
        let selector = facts
            .get(pod)
            .root()
            .and_then(|root| root.at(&["spec", "nodeSelector"]));
        !select::plain(selector).is_empty() && !found.contains(&Obstacle::Selector)
    };
    closed && facts.get(node).bool_at(&["controlPlane"]) && !asked()
}

pub(super) fn tolerates(toleration: View<'_>, taint: View<'_>) -> bool {
    let key = toleration.str_at(&["key"]).unwrap_or("");
    let effect = toleration.str_at(&["effect"]).unwrap_or("");
    let exists = toleration.str_at(&["operator"]) == Some("Exists");
    let key_fits = key.is_empty() && exists || Some(key) == taint.str_at(&["key"]);
    let effect_fits = effect.is_empty() || Some(effect) == taint.str_at(&["effect"]);
    let value_fits = exists
        || toleration.str_at(&["value"]).unwrap_or("") == taint.str_at(&["value"]).unwrap_or("");
    key_fits && effect_fits && value_fits
}

/// Whether a node with these labels is one that the pod's nodeSelector and required node affinity ask for.
pub(super) fn selector_matches(pod: View<'_>, labels: &Labels) -> bool {
    let wanted = select::plain(pod.at(&["spec", "nodeSelector"]));
    let terms = pod.items_at(&[
        "spec",
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    ]);
    let term_fits = |term: View<'_>| {
        ["matchExpressions", "matchFields"].iter().all(|part| {
            term.items_at(&[part])
                .iter()
                .all(|expression| select::matches_expression(expression, labels))
        })
    };
    wanted
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value))
        && (terms.is_empty() || terms.iter().any(term_fits))
}

/// The obstacle whose removal would open most nodes; what no single removal opens goes by the order of the scheduler's filters.
pub(super) fn verdict(obstacles: &[(EntityId, Vec<Obstacle>)]) -> Option<Obstacle> {
    if obstacles.is_empty() || obstacles.iter().any(|(_, found)| found.is_empty()) {
        return None;
    }
    // Nodes that the pod's own selector asks for are the only ones in question.
    let asked: Vec<&Vec<Obstacle>> = obstacles
        .iter()
        .map(|(_, found)| found)
        .filter(|found| !found.contains(&Obstacle::Selector))
        .collect();
    if asked.is_empty() {
        return Some(Obstacle::Selector);
    }
    let mut alone: BTreeMap<Obstacle, usize> = BTreeMap::new();
    for found in &asked {
        if let [only] = found.as_slice() {
            *alone.entry(*only).or_default() += 1;
        }
    }
    let best = alone
        .iter()
        .max_by_key(|(obstacle, count)| (**count, std::cmp::Reverse(**obstacle)))
        .map(|(obstacle, _)| *obstacle);
    let first = asked
        .iter()
        .filter_map(|found| found.first())
        .min()
        .copied();
    // A selector that rules out healthy nodes which have room is the narrower suspect than full nodes.
    best.or(first)
}

/// Takes from the scheduler what the arithmetic cannot know: rules about other pods and volumes, and what text
/// for people leaves out. What it does know it does not take: a message may be older than the capture.
pub(super) fn settle(
    facts: &Facts<'_>,
    pod: EntityId,
    computed: Option<Obstacle>,
    mismatches: i64,
    room_told: bool,
    said: &Said,
) -> Option<Obstacle> {
    let described = facts.get(pod).partial;
    let affinity_hidden = described && said.count(Obstacle::Selector) > mismatches;
    if computed.is_some() && !affinity_hidden {
        return computed;
    }
    let room_hidden = described || !room_told;
    let in_question = |obstacle: Obstacle| match obstacle {
        Obstacle::Ports | Obstacle::Affinity | Obstacle::Volume => true,
        Obstacle::Selector | Obstacle::Taint | Obstacle::Cordoned => described,
        Obstacle::Cpu | Obstacle::Memory | Obstacle::Pods | Obstacle::Other => room_hidden,
    };
    said.verdict(in_question, asks_for_cordoned(facts, pod))
        .or(computed)
}

/// Whether of each pod that is placed it is known what it asks for.
pub(super) fn room_told(facts: &Facts<'_>) -> bool {
    facts.pods_of_node.values().flatten().all(|pod| {
        let pod = facts.get(*pod);
        says(pod, &["spec", "containers"]) || says(pod, &["requests"])
    })
}

/// Whether a cordoned node carries the labels that the pod selects nodes by.
pub(super) fn asks_for_cordoned(facts: &Facts<'_>, pod: EntityId) -> bool {
    let wanted = facts
        .get(pod)
        .root()
        .map(|root| select::plain(root.at(&["spec", "nodeSelector"])))
        .unwrap_or_default();
    !wanted.is_empty()
        && facts.of_kind("Node").iter().any(|id| {
            let node = facts.get(*id);
            node.bool_at(&["spec", "unschedulable"])
                && node
                    .root()
                    .is_some_and(|root| select::matches_plain(&wanted, &select::labels(root)))
        })
}
