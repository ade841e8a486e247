//! Writes down, as a `NodeFit`, what keeps a pod from the nodes: by arithmetic, or as the scheduler told it.

use coldcase_snapshot::{node::Node, packed::View};

use super::{
    Obstacle,
    near::{blocking_taint, neighbour_rule, selector_near_miss},
    place::{asks_for_cordoned, settle},
    request::{Request, request},
    scheduled,
};
use crate::{Cite, Entity, EntityId, Facts, quantity, said::Said};

/// The scheduler's own account, where the arithmetic lacks its inputs.
pub(super) fn heard<'s>(facts: &Facts<'s>, pod: EntityId, said: &Said) -> Entity<'s> {
    let entity = facts.get(pod);
    let verdict = said.verdict(|_| true, asks_for_cordoned(facts, pod));
    let mut fields = vec![
        (
            "verdict",
            Node::text(verdict.map_or("unknown", Obstacle::word)),
        ),
        ("nodes", Node::number(said.nodes)),
    ];
    for (field, obstacle) in COUNTS {
        fields.push((field, Node::number(said.count(*obstacle))));
    }
    if entity
        .root()
        .is_some_and(|root| root.at(&["spec", "containers"]).is_some())
        && let Some(root) = entity.root()
    {
        let request = request(root);
        fields.push(("cpuRequest", Node::number(request.cpu)));
        fields.push(("memoryRequest", Node::number(request.memory)));
    }
    let mut made = Entity::computed("NodeFit", entity.subject.clone(), fields);
    made.file = entity.file;
    made.partial = true;
    add_said(facts, pod, &mut made, said, verdict);
    add_rule(facts, pod, &mut made);
    made.cited("", said.place)
}

/// Which rule about other pods is not met, in words.
fn add_rule(facts: &Facts<'_>, pod: EntityId, made: &mut Entity<'_>) {
    let kind = made.str_at(&["affinityConflict"]);
    let Some((words, place)) = kind.and_then(|kind| neighbour_rule(facts, pod, kind)) else {
        return;
    };
    made.set(vec![("neighbourRule", Node::text(words))]);
    if let Some(place) = place {
        made.cite_as("neighbourRule", place);
    }
}

/// Counts of nodes by obstacle.
const COUNTS: &[(&str, Obstacle)] = &[
    ("selectorMismatch", Obstacle::Selector),
    ("tainted", Obstacle::Taint),
    ("cordoned", Obstacle::Cordoned),
    ("insufficientCpu", Obstacle::Cpu),
    ("insufficientMemory", Obstacle::Memory),
    ("insufficientPods", Obstacle::Pods),
    ("insufficientOther", Obstacle::Other),
];

/// What the scheduler said, and what the verdict needs of it where the objects do not show it.
pub(super) fn add_said(
    facts: &Facts<'_>,
    pod: EntityId,
    made: &mut Entity<'_>,
    said: &Said,
    verdict: Option<Obstacle>,
) {
    let mut set = |field: &str, value: Node, place: Option<Cite>| {
        if !made.has_computed(field) {
            made.set(vec![(field, value)]);
            if let Some(place) = place {
                made.cite_as(field, place);
            }
        }
    };
    set("said", Node::text(said.message.as_str()), said.place);
    set("tried", Node::flag(true), said.place);
    match verdict {
        Some(Obstacle::Selector) => {
            let near = selector_near_miss(facts, pod);
            let by_manifest = near.as_ref().and_then(|near| near.place);
            let wanted = near.map(|near| near.selector);
            let selector = wanted.unwrap_or_else(|| "labels of its node affinity".to_owned());
            set("selector", Node::text(selector), by_manifest.or(said.place));
        }
        Some(Obstacle::Taint) => {
            if let Some(taint) = &said.taint {
                set("taint", Node::text(taint.as_str()), said.place);
            }
        }
        Some(Obstacle::Other) => {
            if let Some(resource) = &said.resource {
                set("resource", Node::text(resource.as_str()), said.place);
            }
        }
        Some(Obstacle::Affinity) => {
            if let Some(affinity) = said.affinity {
                set("affinityConflict", Node::text(affinity), said.place);
            }
        }
        _ => {}
    }
}

/// What the arithmetic found for one pod over all nodes.
pub(super) struct Arithmetic<'a> {
    pub request: &'a Request,
    pub obstacles: &'a [(EntityId, Vec<Obstacle>)],
    pub verdict: Option<Obstacle>,
    /// The largest node's allocatable CPU (millicores) and memory (bytes).
    pub largest: (i64, i64),
    /// The extended resource that is short.
    pub resource: Option<String>,
    /// Which rule about other pods is not met.
    pub affinity: Option<&'static str>,
    /// The least change that would make it fit.
    pub remedy: Option<String>,
    /// Of each pod that is placed it is known what it asks for.
    pub room_told: bool,
}

pub(super) fn describe<'s>(
    facts: &Facts<'s>,
    pod: EntityId,
    arithmetic: Arithmetic<'_>,
    said: Option<&Said>,
) -> Entity<'s> {
    let Arithmetic {
        request,
        obstacles,
        verdict,
        largest,
        resource,
        affinity,
        remedy,
        room_told,
    } = arithmetic;
    let entity = facts.get(pod);
    let count = |obstacle: Obstacle| {
        i64::try_from(
            obstacles
                .iter()
                .filter(|(_, found)| found.contains(&obstacle))
                .count(),
        )
        .unwrap_or(0)
    };
    let fitting = obstacles
        .iter()
        .filter(|(_, found)| found.is_empty())
        .count();
    let never =
        request.cpu > largest.0 && largest.0 > 0 || request.memory > largest.1 && largest.1 > 0;
    let verdict = match said {
        Some(said) => {
            let mismatches = count(Obstacle::Selector);
            settle(facts, pod, verdict, mismatches, room_told, said)
        }
        None => verdict,
    };
    let matching: Vec<&str> = obstacles
        .iter()
        .filter(|(_, found)| !found.contains(&Obstacle::Selector))
        .map(|(id, _)| facts.get(*id).label())
        .collect();
    let number = |value: i64| Node::number(value);
    let mut fields = vec![
        ("nodes", number(i64::try_from(obstacles.len()).unwrap_or(0))),
        ("fitting", number(i64::try_from(fitting).unwrap_or(0))),
        (
            "verdict",
            Node::text(verdict.map_or("unknown", Obstacle::word)),
        ),
        ("neverFits", Node::flag(never)),
        ("nodesMatching", Node::text(matching.join(", "))),
        ("cpuRequest", number(request.cpu)),
        ("memoryRequest", number(request.memory)),
        ("largestCpu", number(largest.0)),
        ("largestMemory", number(largest.1)),
    ];
    for (field, obstacle) in COUNTS {
        // A description does not print affinity, so its scheduler may have met more obstacles than it shows.
        let more = said.map_or(0, |said| said.count(*obstacle));
        let shown = count(*obstacle);
        let hidden = verdict == Some(*obstacle) && more > shown;
        fields.push((field, number(if hidden { more } else { shown })));
    }
    let tried = scheduled(entity).and_then(|condition| condition.str_at(&["status"]));
    fields.push((
        "tried",
        Node::flag(said.is_some() || tried == Some("False")),
    ));
    fields.extend(resource.map(|name| ("resource", Node::text(name))));
    if verdict == Some(Obstacle::Affinity) {
        fields.extend(affinity.map(|unmet| ("affinityConflict", Node::text(unmet))));
    }
    fields.extend(remedy.map(|remedy| ("remedy", Node::text(remedy))));
    let root = entity.root();
    let mut made = Entity::computed("NodeFit", entity.subject.clone(), Vec::new());
    made.file = entity.file;
    let cite = |line: u32| {
        entity.file.map(|file| Cite {
            file,
            line,
            end_line: line,
        })
    };
    let mut wish = None;
    if let Some(near) = selector_near_miss(facts, pod) {
        fields.push(("selector", Node::text(near.selector)));
        fields.extend(near.label.map(|label| ("nearMiss", Node::text(label))));
        made = made.cited("nearMiss", near.label_place);
        wish = near.place;
    }
    if let Some((taint, place)) = blocking_taint(facts, root, obstacles) {
        fields.push(("taint", Node::text(taint)));
        made = made.cited("taint", place);
    }
    let line = root
        .and_then(|root| {
            root.at(&["spec", "nodeSelector"])
                .or_else(|| root.at(&["spec", "affinity"]))
                .or_else(|| root.at(&["metadata", "name"]))
        })
        .map_or(0, View::line);
    made.set_all(Node::map(fields).into());
    if let Some(said) = said {
        add_said(facts, pod, &mut made, said, verdict);
    }
    made = made.cited("selector", wish.or_else(|| cite(line)));
    made = made.cited("", cite(line));
    add_rule(facts, pod, &mut made);
    if let Some(requests) = root.and_then(|root| {
        root.items_at(&["spec", "containers"])
            .iter()
            .find_map(|c| c.at(&["resources", "requests"]))
    }) {
        let line_of = |name: &str| requests.get(name).map_or(requests.line(), View::line);
        made = made
            .cited("cpuRequest", cite(line_of("cpu")))
            .cited("memoryRequest", cite(line_of("memory")));
    }
    let biggest = facts.of_kind("Node").iter().find(|id| {
        facts.get(**id).root().is_some_and(|node| {
            quantity::millicores(
                node.str_at(&["status", "allocatable", "cpu"])
                    .unwrap_or("0"),
            ) == Some(largest.0)
        })
    });
    if let Some(node) = biggest.map(|id| facts.get(*id))
        && let (Some(file), Some(value)) = (
            node.file,
            node.root()
                .and_then(|root| root.at(&["status", "allocatable", "cpu"])),
        )
    {
        made = made.cited(
            "largestCpu",
            Some(Cite {
                file,
                line: value.line(),
                end_line: value.line(),
            }),
        );
    }
    made
}
