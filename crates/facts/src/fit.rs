//! Repeats the scheduler's arithmetic for pods that it could not place: events expire and their counts overlap, nodes and pods do not.

mod describe;
mod near;
mod neighbours;
mod place;
mod remedy;
mod request;
mod room;

use std::collections::BTreeSet;

use coldcase_snapshot::{node::Node, packed::View};
use rayon::prelude::*;

use self::{
    describe::{Arithmetic, describe, heard},
    neighbours::{Neighbours, Wishes},
    place::{kept_away, room_told, verdict},
    remedy::{Candidate, remedy},
    request::{request, used},
    room::Room,
};
use crate::{
    Entity, EntityId, Facts, PodHealth,
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
    let waiting: Vec<EntityId> = facts
        .of_kind("Pod")
        .par_iter()
        .copied()
        .filter(|pod| waits(facts, *pod))
        .collect();
    // Of most clusters nothing waits, and nobody asks what their nodes have room for.
    if waiting.is_empty() {
        return;
    }
    let mut told = Vec::new();
    let mut made = Vec::new();
    let nodes = facts.collected("Node") && nodes_known(facts);
    let mut surroundings = nodes.then(|| Surroundings {
        rooms: room::all(facts, &used(facts)),
        neighbours: Neighbours::new(facts),
        room_told: room_told(facts),
    });
    for pod in waiting {
        let entity = facts.get(pod);
        let said = said::of(facts, pod);
        let fit = match &mut surroundings {
            Some(surroundings) if says(entity, &["spec", "containers"]) => {
                let wishes = surroundings.neighbours.wishes(pod);
                fit(facts, pod, surroundings, &wishes, said.as_ref())
            }
            _ => said.as_ref().map(|said| heard(facts, pod, said)),
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

/// Whether the scheduler has yet to place a pod; it does not look at one behind a gate.
fn waits(facts: &Facts<'_>, pod: EntityId) -> bool {
    let entity = facts.get(pod);
    entity.str_at(&["status", "phase"]) == Some("Pending")
        && entity
            .str_at(&["spec", "nodeName"])
            .is_none_or(str::is_empty)
        && facts.health_of(pod) != PodHealth::Leaving
        && !gated(entity)
}

/// Gives the pod the scheduler's words; that there are none is known where events were captured.
fn tell(facts: &mut Facts<'_>, pod: EntityId, said: Option<&Said>) {
    let words = match said {
        Some(said) => Node::text(said.message.as_str()),
        None if facts.collected("Event") => Node::default(),
        None => return,
    };
    facts.set_extra(pod, vec![("said", words)]);
    if let (Some(entity), Some(place)) = (facts.get_mut(pod), said.and_then(|said| said.place)) {
        entity.cite_as("said", place);
    }
}

fn says(entity: &Entity<'_>, path: &[&str]) -> bool {
    !entity.partial || entity.root().is_some_and(|root| root.at(path).is_some())
}

/// Whether text tells enough of the nodes to repeat the arithmetic: their sizes and taints.
fn nodes_known(facts: &Facts<'_>) -> bool {
    facts.of_kind("Node").iter().all(|node| {
        let node = facts.get(*node);
        says(node, &["status", "allocatable"]) && says(node, &["spec", "taints"])
    })
}

fn scheduled<'e>(pod: &'e Entity<'_>) -> Option<View<'e>> {
    pod.root()?
        .items_at(&["status", "conditions"])
        .iter()
        .find(|condition| condition.str_at(&["type"]) == Some("PodScheduled"))
}

fn gated(pod: &Entity<'_>) -> bool {
    let reason = scheduled(pod).and_then(|condition| condition.str_at(&["reason"]));
    reason == Some("SchedulingGated")
        || pod
            .root()
            .is_some_and(|root| !root.items_at(&["spec", "schedulingGates"]).is_empty())
}

/// What every pod that waits is held against.
struct Surroundings<'f, 's> {
    rooms: Vec<Room<'f, 's>>,
    neighbours: Neighbours<'f, 's>,
    room_told: bool,
}

fn fit<'s>(
    facts: &Facts<'s>,
    pod: EntityId,
    surroundings: &Surroundings<'_, 's>,
    wishes: &Wishes<'s>,
    said: Option<&Said>,
) -> Option<Entity<'s>> {
    let entity = facts.get(pod);
    let root = entity.root()?;
    let request = request(root);
    let rooms = &surroundings.rooms;
    let mut obstacles: Vec<(EntityId, Vec<Obstacle>)> = Vec::with_capacity(rooms.len());
    let mut resource = None;
    let mut unmet = Vec::with_capacity(rooms.len());
    for room in rooms {
        let mut found = room.placement(root);
        let (short, which) = room.shortage(&request);
        found.extend(short);
        resource = which.or(resource);
        let clash = surroundings.neighbours.clash(wishes, room.name);
        found.extend(clash.obstacles);
        unmet.push(clash.affinity);
        obstacles.push((room.id, found));
    }
    // Nodes of the control plane that are closed on purpose are nobody's lost room.
    let (closed, open): (Vec<_>, Vec<_>) = obstacles
        .iter()
        .cloned()
        .partition(|(node, found)| kept_away(facts, pod, *node, found));
    let in_question = if open.is_empty() { &closed } else { &open };
    let verdict = verdict(in_question);
    let asked: BTreeSet<EntityId> = in_question.iter().map(|(node, _)| *node).collect();
    let candidates: Vec<Candidate<'_, '_>> = obstacles
        .iter()
        .zip(rooms.iter().zip(&unmet))
        .filter(|((node, _), _)| asked.contains(node))
        .map(|((node, found), (room, affinity))| Candidate {
            node: facts.get(*node),
            obstacles: found,
            free: room.free,
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
        largest: rooms.iter().fold((0, 0), |(cpu, memory), room| {
            (cpu.max(room.allocatable.0), memory.max(room.allocatable.1))
        }),
        resource,
        affinity: unmet.into_iter().flatten().next(),
        remedy,
        room_told: surroundings.room_told,
    };
    Some(describe(facts, pod, arithmetic, said))
}
