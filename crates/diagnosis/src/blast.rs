//! For each failing workload: which dimension separates its failing pods from its healthy ones, with counts.

use std::collections::BTreeMap;

use coldcase_facts::{Cite, EntityId, Facts, Identity, PodHealth};

use crate::unique;

/// Failing against healthy siblings of one workload.
#[derive(Debug, Clone)]
pub struct Blast {
    /// The workload.
    pub subject: Identity,
    /// Failing pods.
    pub failing: Vec<EntityId>,
    /// Healthy pods.
    pub healthy: Vec<EntityId>,
    /// What was tested.
    pub dimensions: Vec<Dimension>,
    /// One sentence.
    pub text: String,
    /// Places.
    pub cites: Vec<Cite>,
}

/// One tested dimension: counts of failing and healthy pods for each value.
#[derive(Debug, Clone)]
pub struct Dimension {
    /// `node`, `revision` …
    pub name: &'static str,
    /// Counts by value: failing, healthy.
    pub values: BTreeMap<String, (usize, usize)>,
}

impl Dimension {
    /// No value has both failing and healthy pods, and there are both.
    pub fn separates(&self) -> bool {
        self.mixed().next().is_none()
            && self.values.values().any(|(failing, _)| *failing > 0)
            && self.values.values().any(|(_, healthy)| *healthy > 0)
    }

    /// A value with pods on both sides: the dimension cannot be what differs.
    pub fn exonerated(&self) -> bool {
        self.mixed().next().is_some()
    }

    fn failing_values(&self) -> impl Iterator<Item = (&str, usize)> {
        self.values
            .iter()
            .filter(|(_, (failing, _))| *failing > 0)
            .map(|(value, (failing, _))| (value.as_str(), *failing))
    }

    fn mixed(&self) -> impl Iterator<Item = &String> {
        self.values
            .iter()
            .filter(|(_, (failing, healthy))| *failing > 0 && *healthy > 0)
            .map(|(value, _)| value)
    }

    /// The word in JSON.
    pub fn result(&self) -> &'static str {
        if self.separates() {
            "separates"
        } else if self.exonerated() {
            "exonerated"
        } else {
            "undecided"
        }
    }
}

/// Blast radii of all workloads that have failing pods and siblings.
pub(crate) fn all(facts: &Facts<'_>) -> Vec<Blast> {
    facts
        .of_kind("Workload")
        .iter()
        .filter_map(|id| one(facts, *id))
        .collect()
}

fn one(facts: &Facts<'_>, workload: EntityId) -> Option<Blast> {
    let pods = facts.workload_pods(workload);
    let with = |health: PodHealth| {
        pods.iter()
            .copied()
            .filter(|pod| facts.health_of(*pod) == health)
            .collect::<Vec<_>>()
    };
    let (failing, healthy) = (with(PodHealth::Failing), with(PodHealth::Healthy));
    if failing.is_empty() || failing.len() + healthy.len() < 2 {
        return None;
    }
    let dimensions: Vec<Dimension> = [
        "node",
        "zone",
        "revision",
        "image",
        "kernel",
        "runtime version",
        "node pool",
    ]
    .iter()
    .filter_map(|name| dimension(facts, name, &failing, &healthy))
    .collect();
    let cites = unique(
        failing
            .iter()
            .take(3)
            .chain(healthy.iter().take(2))
            .filter_map(|pod| {
                let entity = facts.get(*pod);
                let node = entity.root()?.at(&["spec", "nodeName"])?;
                // What was put together from several texts has no line.
                let own = (node.line() > 0).then_some(Cite {
                    file: entity.file?,
                    line: node.line(),
                    end_line: node.line(),
                });
                own.or_else(|| entity.place())
            }),
    );
    let subject = facts.get(workload).subject.clone();
    let text = sentence(&dimensions, failing.len(), healthy.len());
    Some(Blast {
        subject,
        failing,
        healthy,
        dimensions,
        text,
        cites,
    })
}

fn dimension(
    facts: &Facts<'_>,
    name: &'static str,
    failing: &[EntityId],
    healthy: &[EntityId],
) -> Option<Dimension> {
    let mut values: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (pods, side) in [(failing, 0), (healthy, 1)] {
        for pod in pods {
            let value = value(facts, name, *pod)?;
            let entry = values.entry(value).or_default();
            if side == 0 {
                entry.0 += 1;
            } else {
                entry.1 += 1;
            }
        }
    }
    Some(Dimension { name, values })
}

fn value(facts: &Facts<'_>, name: &str, pod: EntityId) -> Option<String> {
    let entity = facts.get(pod);
    let node = || {
        entity
            .str_at(&["spec", "nodeName"])
            .and_then(|name| facts.object("Node", "", name))
            .map(|id| facts.get(id))
    };
    let label = |keys: &[&str]| {
        node().and_then(|node| {
            keys.iter()
                .find_map(|key| node.str_at(&["metadata", "labels", key]).map(str::to_owned))
        })
    };
    match name {
        "node" => entity.str_at(&["spec", "nodeName"]).map(str::to_owned),
        "zone" => label(&[
            "topology.kubernetes.io/zone",
            "failure-domain.beta.kubernetes.io/zone",
        ]),
        "revision" => entity
            .str_at(&["revision"])
            .or_else(|| entity.str_at(&["metadata", "labels", "controller-revision-hash"]))
            .or_else(|| entity.str_at(&["metadata", "labels", "pod-template-hash"]))
            .map(str::to_owned),
        "image" => entity.root().map(|root| {
            let mut images: Vec<&str> = root
                .items_at(&["spec", "containers"])
                .iter()
                .filter_map(|container| container.str_at(&["image"]))
                .collect();
            images.sort_unstable();
            images.join(" ")
        }),
        "kernel" => node()?
            .str_at(&["status", "nodeInfo", "kernelVersion"])
            .map(str::to_owned),
        "runtime version" => node()?
            .str_at(&["status", "nodeInfo", "containerRuntimeVersion"])
            .map(str::to_owned),
        "node pool" => label(&[
            "cloud.google.com/gke-nodepool",
            "eks.amazonaws.com/nodegroup",
            "agentpool",
            "karpenter.sh/nodepool",
        ]),
        _ => None,
    }
}

/// Dimensions that follow from the node: where one node separates, they say nothing more.
const OF_THE_NODE: &[&str] = &["zone", "kernel", "runtime version", "node pool"];

/// Small numbers are called small: one pod against one pod separates every way.
fn sentence(dimensions: &[Dimension], failing: usize, healthy: usize) -> String {
    if healthy == 0 {
        return format!("all {failing} pods fail; there is no healthy sibling to compare with");
    }
    let mut separating: Vec<&Dimension> = dimensions.iter().filter(|it| it.separates()).collect();
    if separating
        .first()
        .is_some_and(|it| it.name == "node" && it.failing_values().count() == 1)
    {
        separating.retain(|it| !OF_THE_NODE.contains(&it.name));
    }
    let mut parts = Vec::new();
    match separating.as_slice() {
        [] => parts.push(format!(
            "{failing} of {} pods fail, and no tested dimension separates them from the others",
            failing + healthy
        )),
        [first, rest @ ..] => {
            let values: Vec<String> = first
                .failing_values()
                .map(|(value, count)| share(first.name, value, count))
                .collect();
            parts.push(format!("{}, 0 of {healthy} elsewhere", values.join(", ")));
            if !rest.is_empty() {
                let names: Vec<&str> = rest.iter().map(|it| it.name).collect();
                parts.push(format!(
                    "{} differs as well, so the numbers alone do not tell them apart",
                    names.join(" and ")
                ));
            }
        }
    }
    let same: Vec<&Dimension> = dimensions.iter().filter(|it| it.exonerated()).collect();
    if let Some(dimension) = same
        .iter()
        .find(|it| it.name == "revision")
        .or(same.first())
        && let Some(value) = dimension.mixed().next()
    {
        parts.push(format!("{} {value} is on both sides", dimension.name));
    }
    if failing + healthy <= 2 {
        parts.push("two pods are few to conclude from".to_owned());
    }
    parts.join("; ")
}

fn share(name: &str, value: &str, count: usize) -> String {
    let place = match name {
        "node" => format!("on {value}"),
        "zone" => format!("in zone {value}"),
        _ => format!("with {name} {value}"),
    };
    if count == 1 {
        format!("the only pod {place} fails")
    } else {
        format!("{count} of {count} pods {place} fail")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dimension(name: &'static str, values: &[(&str, usize, usize)]) -> Dimension {
        let values = values
            .iter()
            .map(|(value, failing, healthy)| ((*value).to_owned(), (*failing, *healthy)));
        Dimension {
            name,
            values: values.collect(),
        }
    }

    #[test]
    fn a_node_convicts_and_a_revision_is_cleared() {
        let node = dimension("node", &[("n1", 0, 1), ("n2", 0, 1), ("n3", 2, 0)]);
        let zone = dimension("zone", &[("a", 0, 2), ("b", 2, 0)]);
        let revision = dimension("revision", &[("47", 2, 2)]);
        assert!(node.separates() && !node.exonerated());
        assert!(revision.exonerated() && !revision.separates());
        let text = sentence(&[node, zone, revision], 2, 2);
        assert_eq!(
            text,
            "2 of 2 pods on n3 fail, 0 of 2 elsewhere; revision 47 is on both sides"
        );
    }

    #[test]
    fn ties_and_small_numbers_are_said() {
        let node = dimension("node", &[("n1", 1, 0), ("n2", 0, 1)]);
        let revision = dimension("revision", &[("1", 0, 1), ("2", 1, 0)]);
        let text = sentence(&[node, revision], 1, 1);
        assert_eq!(
            text,
            "the only pod on n1 fails, 0 of 1 elsewhere; revision differs as well, so the numbers alone do not tell them apart; two pods are few to conclude from"
        );
        assert_eq!(
            sentence(&[], 3, 0),
            "all 3 pods fail; there is no healthy sibling to compare with"
        );
        let same = dimension("node", &[("n1", 1, 2)]);
        assert!(!same.separates());
        assert_eq!(same.result(), "exonerated");
    }
}
