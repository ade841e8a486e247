//! What pods ask for, and what the pods already placed take of each node.

use std::collections::BTreeMap;

use coldcase_snapshot::packed::View;
use rayon::prelude::*;

use crate::{EntityId, Facts, quantity};

/// What a pod asks for.
#[derive(Debug, Default, Clone)]
pub(super) struct Request {
    pub cpu: i64,
    pub memory: i64,
    pub other: BTreeMap<String, i64>,
}

/// Requests already placed, by node, and the number of pods.
pub(super) fn used<'f>(facts: &'f Facts<'_>) -> BTreeMap<&'f str, (Request, i64)> {
    let of_nodes: Vec<(&str, (Request, i64))> = facts
        .pods_of_node
        .par_iter()
        .map(|(node, pods)| (*node, of_pods(facts, pods)))
        .collect();
    let mut used: BTreeMap<&str, (Request, i64)> = of_nodes.into_iter().collect();
    // The description of a node sums up its pods, also those that nobody listed.
    for id in facts.of_kind("Node") {
        let node = facts.get(*id);
        let sum = |name: &str| {
            node.root()
                .and_then(|root| root.str_at(&["allocated", "requests", name]))
        };
        let cpu = sum("cpu").and_then(quantity::millicores);
        let memory = sum("memory").and_then(quantity::bytes);
        if cpu.is_some() || memory.is_some() {
            let entry = used.entry(node.subject.name.as_str()).or_default();
            entry.0.cpu = entry.0.cpu.max(cpu.unwrap_or(0));
            entry.0.memory = entry.0.memory.max(memory.unwrap_or(0));
        }
    }
    used
}

/// What pods that have not ended ask for, and their number.
fn of_pods(facts: &Facts<'_>, pods: &[EntityId]) -> (Request, i64) {
    let (mut sum, mut count) = (Request::default(), 0);
    for root in pods.iter().filter_map(|pod| facts.get(*pod).root()) {
        let phase = root.str_at(&["status", "phase"]);
        if matches!(phase, Some("Succeeded" | "Failed")) {
            continue;
        }
        let request = request(root);
        sum.cpu += request.cpu;
        sum.memory += request.memory;
        for (name, amount) in request.other {
            *sum.other.entry(name).or_default() += amount;
        }
        count += 1;
    }
    (sum, count)
}

/// Sum over containers, or the largest init container if that is more; overhead on top.
pub(super) fn request(root: View<'_>) -> Request {
    let mut sum = Request::default();
    let spec = root.get("spec").unwrap_or_default();
    let Some(containers) = spec.get("containers") else {
        // A row of a node's description: the sum alone.
        add(&mut sum, root.get("requests"));
        return sum;
    };
    for container in containers.items() {
        add(&mut sum, container.at(&["resources", "requests"]));
    }
    for container in spec.items_at(&["initContainers"]) {
        let mut one = Request::default();
        add(&mut one, container.at(&["resources", "requests"]));
        if container.str_at(&["restartPolicy"]) == Some("Always") {
            sum.cpu += one.cpu;
            sum.memory += one.memory;
        } else {
            sum.cpu = sum.cpu.max(one.cpu);
            sum.memory = sum.memory.max(one.memory);
        }
    }
    add(&mut sum, spec.get("overhead"));
    sum
}

fn add(sum: &mut Request, amounts: Option<View<'_>>) {
    for (name, node) in amounts.into_iter().flat_map(View::entries) {
        let text = node.as_str().unwrap_or("");
        match name {
            "cpu" => sum.cpu += quantity::millicores(text).unwrap_or(0),
            "memory" => sum.memory += quantity::bytes(text).unwrap_or(0),
            "ephemeral-storage" => {}
            other => {
                *sum.other.entry(other.to_owned()).or_default() +=
                    quantity::bytes(text).unwrap_or(0);
            }
        }
    }
}
