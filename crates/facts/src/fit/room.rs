//! What each node offers, read once and asked by every pod that waits.

use std::collections::BTreeMap;

use coldcase_snapshot::packed::View;

use super::{
    Obstacle,
    place::{selector_matches, tolerates},
    request::Request,
};
use crate::{
    EntityId, Facts, quantity,
    select::{self, Labels},
};

/// One node as the scheduler sees it.
pub(super) struct Room<'f, 's> {
    pub id: EntityId,
    pub name: &'f str,
    root: View<'s>,
    labels: Labels,
    /// Taints that keep pods away; the one of a cordon is told apart.
    taints: Vec<View<'s>>,
    cordoned: bool,
    /// Allocatable millicores and bytes.
    pub allocatable: (i64, i64),
    /// What of both is not requested yet.
    pub free: (i64, i64),
    full: bool,
    busy: BTreeMap<String, i64>,
}

/// Every node that was captured.
pub(super) fn all<'f, 's>(
    facts: &'f Facts<'s>,
    used: &BTreeMap<&str, (Request, i64)>,
) -> Vec<Room<'f, 's>> {
    facts
        .of_kind("Node")
        .iter()
        .filter_map(|id| room(facts, *id, used))
        .collect()
}

fn room<'f, 's>(
    facts: &'f Facts<'s>,
    id: EntityId,
    used: &BTreeMap<&str, (Request, i64)>,
) -> Option<Room<'f, 's>> {
    let root = facts.get(id).root()?;
    let name = facts.get(id).subject.name.as_str();
    let mut labels = select::labels(root);
    let own = root.str_at(&["metadata", "name"]).unwrap_or("");
    labels.insert("metadata.name".to_owned(), own.to_owned());
    // The kubelet sets this label by itself: a text or a selection of labels that lacks it has left it out.
    labels
        .entry("kubernetes.io/hostname".to_owned())
        .or_insert_with(|| own.to_owned());
    let amount = |name: &str| root.str_at(&["status", "allocatable", name]).unwrap_or("0");
    let allocatable = (
        quantity::millicores(amount("cpu")).unwrap_or(0),
        quantity::bytes(amount("memory")).unwrap_or(0),
    );
    let (busy, pods) = used.get(name).cloned().unwrap_or_default();
    let limit = quantity::bytes(amount("pods"));
    let closing = |taint: &View<'_>| {
        taint.str_at(&["key"]) != Some("node.kubernetes.io/unschedulable")
            && matches!(taint.str_at(&["effect"]), Some("NoSchedule" | "NoExecute"))
    };
    Some(Room {
        id,
        name,
        root,
        labels,
        taints: root
            .items_at(&["spec", "taints"])
            .iter()
            .filter(closing)
            .collect(),
        cordoned: root.bool_at(&["spec", "unschedulable"]) == Some(true),
        allocatable,
        free: (allocatable.0 - busy.cpu, allocatable.1 - busy.memory),
        full: limit.is_some_and(|limit| limit > 0 && pods >= limit),
        busy: busy.other,
    })
}

impl Room<'_, '_> {
    /// Selector, taints and cordon, without regard to room.
    pub(super) fn placement(&self, pod: View<'_>) -> Vec<Obstacle> {
        let mut found = Vec::new();
        if !selector_matches(pod, &self.labels) {
            found.push(Obstacle::Selector);
        }
        if self.cordoned {
            found.push(Obstacle::Cordoned);
        }
        let tolerations = pod.items_at(&["spec", "tolerations"]);
        let tolerated = |taint: &View<'_>| {
            tolerations
                .iter()
                .any(|toleration| tolerates(toleration, *taint))
        };
        if !self.taints.iter().all(tolerated) {
            found.push(Obstacle::Taint);
        }
        found
    }

    /// What is short, and the extended resource that is.
    pub(super) fn shortage(&self, request: &Request) -> (Vec<Obstacle>, Option<String>) {
        let mut found = Vec::new();
        let mut resource = None;
        if request.cpu > self.free.0 && request.cpu > 0 {
            found.push(Obstacle::Cpu);
        }
        if request.memory > self.free.1 && request.memory > 0 {
            found.push(Obstacle::Memory);
        }
        if self.full {
            found.push(Obstacle::Pods);
        }
        for (name, wanted) in &request.other {
            let offered = self.root.str_at(&["status", "allocatable", name]);
            let offered = offered.and_then(quantity::bytes).unwrap_or(0);
            if *wanted > offered - self.busy.get(name).copied().unwrap_or(0) {
                resource = Some(name.clone());
                found.push(Obstacle::Other);
            }
        }
        (found, resource)
    }
}
