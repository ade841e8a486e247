//! Repeats the scheduler's arithmetic for pods that it could not place: events expire and their counts overlap, nodes and pods do not.

mod describe;
mod near;
mod neighbours;
mod place;
mod remedy;
mod request;

use std::collections::BTreeMap;

use coldcase_snapshot::node::Node;

use self::{
    describe::{Arithmetic, describe, heard},
    neighbours::{Neighbours, Wishes},
    place::{kept_away, placement, verdict},
    remedy::{Candidate, remedy},
    request::{Request, request, used},
};
use crate::{
    Entity, EntityId, Facts, PodHealth, quantity,
    said::{self, Said},
};

/// Why one node does not take the pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Obstacle {
    Selector,
    Taint,
    // Rules about other pods and volumes rule out healthy nodes that have room: of obstacles that weigh
    // the same they are the narrower suspects than nodes that are closed or full.
    Affinity,
    Volume,
    Ports,
    Cordoned,
    Cpu,
    Memory,
    Pods,
    Other,
}

impl Obstacle {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Selector => "selector",
            Self::Taint => "taint",
            Self::Cordoned => "cordoned",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Pods => "pods",
            Self::Other => "resource",
            Self::Ports => "ports",
            Self::Affinity => "affinity",
            Self::Volume => "volume",
        }
    }
}

/// Derives `NodeFit` entities.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let used = used(facts);
    let nodes = facts.collected("Node") && nodes_known(facts);
    let mut told = Vec::new();
    let mut made = Vec::new();
    let mut neighbours = Neighbours::new(facts);
    for pod in facts.of_kind("Pod").to_vec() {
        let entity = facts.get(pod);
        let waiting = entity.str_at(&["status", "phase"]) == Some("Pending")
            && entity
                .str_at(&["spec", "nodeName"])
                .is_none_or(str::is_empty)
            && facts.health_of(pod) != PodHealth::Leaving;
        // The scheduler does not look at a pod behind a gate.
        if !waiting || gated(entity) {
            continue;
        }
        let said = said::of(facts, pod);
        let fit = if nodes && says(entity, &["spec", "containers"]) {
            let wishes = neighbours.wishes(pod);
            fit(facts, pod, &used, (&neighbours, &wishes), said.as_ref())
        } else {
            said.as_ref().map(|said| heard(facts, pod, said))
        };
        told.push((pod, said));
        made.extend(fit.map(|fit| (pod, fit)));
    }
    for (pod, said) in told {
        tell(facts, pod, said.as_ref());
    }
    for (pod, fit) in made {
        let about = facts.get(pod).subject.clone();
        facts.push_derived(fit, &[&about]);
    }
}

/// Gives the pod the scheduler's words; that there are none is known where events were captured.
fn tell(facts: &mut Facts<'_>, pod: EntityId, said: Option<&Said>) {
    let words = match said {
        Some(said) => Node::text(said.message.as_str()),
        None if facts.collected("Event") => Node::default(),
        None => return,
    };
    facts.set_extra(pod, "said", words);
    if let (Some(entity), Some(place)) = (
        facts.entities.get_mut(pod.0 as usize),
        said.and_then(|said| said.place),
    ) {
        entity.cites.push(("said".to_owned(), place));
    }
}

fn says(entity: &Entity<'_>, path: &[&str]) -> bool {
    !entity.partial || entity.root.is_some_and(|root| root.at(path).is_some())
}

/// Whether text tells enough of the nodes to repeat the arithmetic: their sizes and taints.
fn nodes_known(facts: &Facts<'_>) -> bool {
    facts.of_kind("Node").iter().all(|node| {
        let node = facts.get(*node);
        says(node, &["status", "allocatable"]) && says(node, &["spec", "taints"])
    })
}

fn scheduled<'e>(pod: &'e Entity<'_>) -> Option<&'e Node> {
    pod.root?
        .items_at(&["status", "conditions"])
        .iter()
        .find(|condition| condition.str_at(&["type"]) == Some("PodScheduled"))
}

fn gated(pod: &Entity<'_>) -> bool {
    let reason = scheduled(pod).and_then(|condition| condition.str_at(&["reason"]));
    reason == Some("SchedulingGated")
        || pod
            .root
            .is_some_and(|root| !root.items_at(&["spec", "schedulingGates"]).is_empty())
}

fn fit<'s>(
    facts: &Facts<'s>,
    pod: EntityId,
    used: &BTreeMap<String, (Request, i64)>,
    (neighbours, wishes): (&Neighbours<'_, 's>, &Wishes<'_>),
    said: Option<&Said>,
) -> Option<Entity<'s>> {
    let entity = facts.get(pod);
    let root = entity.root?;
    let request = request(root);
    let nodes = facts.of_kind("Node");
    let mut obstacles: Vec<(EntityId, Vec<Obstacle>)> = Vec::new();
    let (mut largest_cpu, mut largest_memory) = (0, 0);
    let mut resource = None;
    let (mut free, mut unmet) = (Vec::new(), Vec::new());
    for id in nodes {
        let Some(node) = facts.get(*id).root else {
            continue;
        };
        let amount = |name: &str| node.str_at(&["status", "allocatable", name]).unwrap_or("0");
        let (cpu, memory) = (
            quantity::millicores(amount("cpu")).unwrap_or(0),
            quantity::bytes(amount("memory")).unwrap_or(0),
        );
        largest_cpu = largest_cpu.max(cpu);
        largest_memory = largest_memory.max(memory);
        let name = facts.get(*id).subject.name.as_str();
        let (busy, pods) = used.get(name).cloned().unwrap_or_default();
        let mut found = placement(root, node);
        if request.cpu > cpu - busy.cpu && request.cpu > 0 {
            found.push(Obstacle::Cpu);
        }
        if request.memory > memory - busy.memory && request.memory > 0 {
            found.push(Obstacle::Memory);
        }
        if quantity::bytes(amount("pods")).is_some_and(|limit| limit > 0 && pods >= limit) {
            found.push(Obstacle::Pods);
        }
        for (name, wanted) in &request.other {
            let free = quantity::bytes(amount(name)).unwrap_or(0)
                - busy.other.get(name).copied().unwrap_or(0);
            if *wanted > free {
                resource = Some(name.clone());
                found.push(Obstacle::Other);
            }
        }
        let clash = neighbours.clash(wishes, name);
        found.extend(clash.obstacles);
        free.push((cpu - busy.cpu, memory - busy.memory));
        unmet.push(clash.affinity);
        obstacles.push((*id, found));
    }
    // Nodes of the control plane that are closed on purpose are nobody's lost room.
    let (closed, open): (Vec<_>, Vec<_>) = obstacles
        .iter()
        .cloned()
        .partition(|(node, found)| kept_away(facts, pod, *node, found));
    let in_question = if open.is_empty() { &closed } else { &open };
    let verdict = verdict(in_question);
    let candidates: Vec<Candidate<'_, '_>> = obstacles
        .iter()
        .zip(free.iter().zip(&unmet))
        .filter(|((node, _), _)| in_question.iter().any(|(asked, _)| asked == node))
        .map(|((node, found), (free, affinity))| Candidate {
            node: facts.get(*node),
            obstacles: found,
            free: *free,
            affinity: *affinity,
        })
        .collect();
    let remedy = if in_question.iter().any(|(_, found)| found.is_empty()) {
        None
    } else {
        remedy(root, &request, &candidates)
    };
    let arithmetic = Arithmetic {
        request: &request,
        obstacles: &obstacles,
        verdict,
        largest: (largest_cpu, largest_memory),
        resource,
        affinity: unmet.into_iter().flatten().next(),
        remedy,
    };
    Some(describe(facts, pod, arithmetic, said))
}
