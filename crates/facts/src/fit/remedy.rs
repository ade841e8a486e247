//! The smallest change that would let one node take a pod that no node takes.

use coldcase_snapshot::packed::View;

use super::{Obstacle, place::tolerates, request::Request};
use crate::{Entity, quantity, schema::distance, select};

/// What a node has left, and what stands between it and the pod.
pub(super) struct Candidate<'e, 's> {
    pub node: &'e Entity<'s>,
    pub obstacles: &'e [Obstacle],
    /// Free CPU in millicores and free memory in bytes, by the requests that are placed.
    pub free: (i64, i64),
    /// Which rule about other pods is not met.
    pub affinity: Option<&'static str>,
}

/// A change and how much it asks for: a number that only orders, from one command to moving data.
struct Change {
    effort: u32,
    words: String,
}

/// The least that would make the pod fit: the node, and what has to change for it.
pub(super) fn remedy(
    pod: View<'_>,
    request: &Request,
    candidates: &[Candidate<'_, '_>],
) -> Option<String> {
    candidates
        .iter()
        .filter(|candidate| !candidate.obstacles.is_empty())
        .map(|candidate| {
            let changes = changes(pod, request, candidate);
            let effort: u32 = changes.iter().map(|change| change.effort).sum();
            (effort, candidate.node.label(), changes)
        })
        .min_by(|one, other| (one.0, one.1).cmp(&(other.0, other.1)))
        .map(|(_, node, changes)| {
            let words: Vec<String> = changes.into_iter().map(|change| change.words).collect();
            format!("{node} takes it if you {}", words.join(", and "))
        })
}

fn changes(pod: View<'_>, request: &Request, candidate: &Candidate<'_, '_>) -> Vec<Change> {
    let mut found: Vec<Change> = Vec::new();
    let mut seen: Vec<Obstacle> = Vec::new();
    for obstacle in candidate.obstacles {
        if !seen.contains(obstacle) {
            seen.push(*obstacle);
            found.extend(change(*obstacle, pod, request, candidate));
        }
    }
    found
}

fn change(
    obstacle: Obstacle,
    pod: View<'_>,
    request: &Request,
    candidate: &Candidate<'_, '_>,
) -> Vec<Change> {
    let one = |effort: u32, words: String| vec![Change { effort, words }];
    let (cpu, memory) = candidate.free;
    match obstacle {
        Obstacle::Cordoned => one(1, "uncordon it".to_owned()),
        Obstacle::Selector => selector(pod, candidate.node),
        Obstacle::Taint => taints(pod, candidate.node),
        Obstacle::Cpu => room("CPU", request.cpu, cpu, &|amount| format!("{amount}m")),
        Obstacle::Memory => room("memory", request.memory, memory, &bytes),
        Obstacle::Pods => one(4, "move one pod away from it".to_owned()),
        Obstacle::Other => other(request, candidate.node),
        Obstacle::Ports => one(
            3,
            "give up the host port, or the pod that holds it".to_owned(),
        ),
        Obstacle::Affinity => one(
            4,
            match candidate.affinity {
                Some("topology spread") => "allow a larger maxSkew, or free the other domains",
                Some("affinity") => "drop the required affinity to other pods",
                _ => "prefer the anti-affinity instead of requiring it",
            }
            .to_owned(),
        ),
        Obstacle::Volume => one(9, "bring its volume to that node's zone".to_owned()),
    }
}

/// A node that has some of the resource may give it; one that has none has no use for being freed.
fn other(request: &Request, node: &Entity<'_>) -> Vec<Change> {
    let root = node.root().unwrap_or_default();
    let has = |name: &str| {
        let amount = root.str_at(&["status", "allocatable", name]);
        amount
            .and_then(quantity::quantity)
            .is_some_and(|it| it > 0.0)
    };
    let change = match request.other.keys().find(|name| !has(name)) {
        Some(name) => Change {
            effort: 8,
            words: format!("bring {name} to it, of which it offers none"),
        },
        None => Change {
            effort: 6,
            words: "free the resource there".to_owned(),
        },
    };
    vec![change]
}

/// Edits by which two values of a label differ if one is the other mistyped.
const TYPO: usize = 2;

/// A request that nearly fits is lowered; one that does not needs room.
fn room(what: &str, wanted: i64, free: i64, show: &dyn Fn(i64) -> String) -> Vec<Change> {
    let (effort, words) = if free > 0 && free.saturating_mul(4) >= wanted {
        let effort = if free.saturating_mul(2) >= wanted {
            2
        } else {
            4
        };
        (
            effort,
            format!(
                "request at most {} of {what} instead of {}",
                show(free),
                show(wanted)
            ),
        )
    } else {
        (
            5,
            format!(
                "free {} of {what} there",
                show(wanted.saturating_sub(free.max(0)))
            ),
        )
    };
    vec![Change { effort, words }]
}

fn selector(pod: View<'_>, node: &Entity<'_>) -> Vec<Change> {
    let labels = node.root().map(select::labels).unwrap_or_default();
    let mut found: Vec<Change> = select::plain(pod.at(&["spec", "nodeSelector"]))
        .into_iter()
        .filter(|(key, value)| labels.get(key) != Some(value))
        .map(|(key, value)| match labels.get(&key) {
            // A value that is nearly the one asked for is probably what was meant.
            Some(actual) => Change {
                effort: 1 + u32::from(distance(&value, actual) > TYPO),
                words: format!("ask for {key}={actual} instead of {value}"),
            },
            None => Change {
                effort: 3,
                words: format!("no longer ask for {key}={value}, which it lacks"),
            },
        })
        .collect();
    if found.is_empty() {
        found.push(Change {
            effort: 3,
            words: "widen the required node affinity to its labels".to_owned(),
        });
    }
    found
}

fn taints(pod: View<'_>, node: &Entity<'_>) -> Vec<Change> {
    let tolerations = pod.items_at(&["spec", "tolerations"]);
    let taints = node
        .root()
        .unwrap_or_default()
        .items_at(&["spec", "taints"]);
    taints
        .iter()
        .filter(|taint| {
            taint.str_at(&["key"]) != Some("node.kubernetes.io/unschedulable")
                && matches!(taint.str_at(&["effect"]), Some("NoSchedule" | "NoExecute"))
                && !tolerations
                    .iter()
                    .any(|toleration| tolerates(toleration, *taint))
        })
        .map(|taint| {
            let at = |key: &str| taint.str_at(&[key]).unwrap_or("");
            let value = match at("value") {
                "" => String::new(),
                value => format!("={value}"),
            };
            // Taints that the node controller sets tell of an illness: tolerating them cures nothing.
            let own = at("key").starts_with("node.kubernetes.io/")
                || at("key").starts_with("node.cloudprovider.kubernetes.io/");
            Change {
                effort: if own { 8 } else { 3 },
                words: if own {
                    format!("heal the node ({}:{})", at("key"), at("effect"))
                } else {
                    format!("tolerate {}{value}:{}", at("key"), at("effect"))
                },
            }
        })
        .collect()
}

/// Bytes as a quantity that a manifest may hold, rounded down.
fn bytes(amount: i64) -> String {
    const MI: i64 = 1 << 20;
    if amount >= MI {
        format!("{}Mi", amount / MI)
    } else {
        amount.to_string()
    }
}
