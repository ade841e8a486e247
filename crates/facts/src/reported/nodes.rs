//! What events say of nodes that nothing but events and pods name.

use coldcase_snapshot::node::Node;

use super::trouble::{FRESH, ago};
use crate::{Entity, EntityId, Facts};

/// Pairs of reasons that a node's condition begins and ends with, and whether the beginning means that it is True.
const CONDITIONS: &[(&str, &str, &str)] = &[
    ("Ready", "NodeReady", "NodeNotReady"),
    (
        "DiskPressure",
        "NodeHasDiskPressure",
        "NodeHasNoDiskPressure",
    ),
    (
        "MemoryPressure",
        "NodeHasInsufficientMemory",
        "NodeHasSufficientMemory",
    ),
    (
        "PIDPressure",
        "NodeHasInsufficientPID",
        "NodeHasSufficientPID",
    ),
];

/// Conditions of a node that only events name: the last change holds if it was just now, or if no later one can be
/// missing.
pub(crate) fn node(facts: &Facts<'_>, node: EntityId) -> Vec<(&'static str, Node)> {
    let events = facts.events_about(&facts.get(node).subject);
    let whole = facts.covers("Event", "default");
    let newest = |wanted: &str| {
        let events = events.iter().map(|id| facts.get(*id));
        let says = |event: &&Entity<'_>| {
            let reason = event.str_at(&["reason"]);
            reason == Some(wanted) || reason == Some("EvictionThresholdMet") && lacks(event, wanted)
        };
        let dated = events
            .filter(says)
            .filter_map(|event| Some((ago(facts, event)?, event)));
        dated.min_by_key(|(ago, _)| *ago)
    };
    let mut fields = Vec::new();
    let mut conditions = Vec::new();
    for (kind, yes, no) in CONDITIONS {
        let (yes, no) = (newest(yes), newest(no));
        let is = match (&yes, &no) {
            (Some((yes, _)), Some((no, _))) => yes < no,
            (yes, _) => yes.is_some(),
        };
        let Some((ago, event)) = (if is { yes } else { no }) else {
            continue;
        };
        if ago > FRESH && !whole {
            continue;
        }
        let status = if is { "True" } else { "False" };
        let mut condition = vec![("type", Node::text(*kind)), ("status", Node::text(status))];
        let since = event.str_at(&["last"]).map(Node::text);
        condition.extend(since.map(|since| ("lastTransitionTime", since)));
        conditions.push(Node::map(condition));
        if *kind == "Ready" {
            let health = if is { "ready" } else { "notready" };
            fields.push(("health", Node::text(health)));
        }
    }
    if !conditions.is_empty() {
        let status = Node::map(vec![("conditions", Node::seq(conditions))]);
        fields.push(("status", status));
    }
    fields
}

/// Whether what a kubelet tries to get back is what a condition says the node lacks.
fn lacks(event: &Entity<'_>, condition: &str) -> bool {
    const RESOURCES: &[(&str, &str)] = &[
        ("NodeHasDiskPressure", "ephemeral-storage"),
        ("NodeHasDiskPressure", "inodes"),
        ("NodeHasInsufficientMemory", "memory"),
        ("NodeHasInsufficientPID", "pids"),
    ];
    let message = event.str_at(&["message"]).unwrap_or("");
    let mut resources = RESOURCES.iter();
    message.starts_with("Attempting to reclaim ")
        && resources.any(|(reason, resource)| *reason == condition && message.ends_with(resource))
}
