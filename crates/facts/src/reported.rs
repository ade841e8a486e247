//! Objects that nothing but events name: partial entities, and what the newest events say of them with certainty.
//!
//! An object that a complete list does not hold is gone and no entity. What was said lately holds until a later stage
//! of a pod's start is reported; of what was said long ago nobody knows whether it still holds.

mod nodes;
mod pods;
mod trouble;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use coldcase_snapshot::{Snapshot, coverage::Status, event::Event, node::Node};
use rayon::prelude::*;

use crate::{Cite, Entity, EntityId, Facts, Identity, entity::Named};

pub(crate) use nodes::node;
pub(crate) use pods::{containers, host, pod};
use trouble::{FRESH, ago};
pub(crate) use trouble::{lasting, newest_error, state_of};

/// Kinds whose objects rules can judge by events.
const KINDS: &[&str] = &[
    "HorizontalPodAutoscaler",
    "Node",
    "PersistentVolumeClaim",
    "Pod",
    "Service",
];

type ByIdentity = HashMap<Identity, EntityId>;

/// The objects of these kinds that only events name, and the nodes that only pods and kubelets name.
pub(crate) fn named<'s>(
    snapshot: &'s Snapshot<'s>,
    captured: &ByIdentity,
    of_pods: &BTreeMap<&'s str, Vec<EntityId>>,
) -> Vec<Entity<'s>> {
    let coverage = &snapshot.coverage;
    // One node that was captured by itself may be the one that somebody asked about.
    let nodes = coverage.status("Node") != Status::Collected;
    let covered = |kind: &str, namespace: &str| match kind {
        "Node" => !nodes,
        _ if namespace.is_empty() && coverage.unplaced.contains(kind) => true,
        _ => coverage.covers(kind, namespace),
    };
    let mut names: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    if nodes {
        names.extend(of_pods.keys().map(|node| ("Node", "", *node)));
    }
    let of_event = |event: &'s Event| {
        let about = &event.regarding;
        let kind = KINDS.iter().find(|kind| about.kind == **kind);
        let object = kind.and_then(|kind| {
            let namespace = match *kind {
                "Node" => "",
                _ => about.namespace.as_str(),
            };
            let name = (*kind, namespace, about.name.as_str());
            (!covered(kind, namespace)).then_some(name)
        });
        let by_kubelet = nodes && event.component == "kubelet";
        let host = by_kubelet.then_some(event.host.as_str());
        let chosen = nodes.then(|| chosen(event)).flatten();
        let hosts = host.into_iter().chain(chosen);
        object
            .into_iter()
            .chain(hosts.map(|node| ("Node", "", node)))
    };
    let of_events = snapshot.events.par_iter().flat_map_iter(of_event);
    names.extend(of_events.collect::<Vec<_>>());
    names
        .into_iter()
        .filter(|name| !name.2.is_empty() && !captured.contains_key(name as &dyn Named))
        .map(entity)
        .collect()
}

/// Controllers that only events name.
pub(crate) fn controllers(facts: &Facts<'_>) -> BTreeSet<Identity> {
    const CONTROLLERS: &[&str] = &[
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
    ];
    let coverage = &facts.snapshot.coverage;
    let named = facts.snapshot.events.par_iter().filter_map(|event| {
        let about = &event.regarding;
        let kind = CONTROLLERS.iter().find(|kind| about.kind == **kind);
        let kind = kind.filter(|_| !about.name.is_empty())?;
        let namespace = about.namespace.as_str();
        let unplaced = namespace.is_empty() && coverage.unplaced.contains(*kind);
        let known = coverage.covers(kind, namespace) || unplaced;
        (!known).then_some((*kind, namespace, about.name.as_str()))
    });
    let names: BTreeSet<(&str, &str, &str)> = named.collect();
    names
        .into_iter()
        .filter(|name| !facts.by_identity.contains_key(name as &dyn Named))
        .map(|(kind, namespace, name)| Identity::new(kind, namespace, name))
        .collect()
}

fn entity<'s>((kind, namespace, name): (&str, &str, &str)) -> Entity<'s> {
    let identity = Identity::new(kind, namespace, name);
    let kind = crate::entity::static_kind(kind);
    let mut made = Entity::computed(kind, identity.clone(), basics(&identity));
    made.partial = true;
    made
}

/// What a name alone says.
fn basics(identity: &Identity) -> Vec<(&'static str, Node)> {
    let mut metadata = vec![("name", Node::text(identity.name.as_str()))];
    if !identity.namespace.is_empty() {
        let namespace = Node::text(identity.namespace.as_str());
        metadata.push(("namespace", namespace));
    }
    vec![
        ("kind", Node::text(identity.kind.as_str())),
        ("metadata", Node::map(metadata)),
    ]
}

/// Whether nothing but a name is captured of an object.
pub(crate) fn is_named_only(entity: &Entity<'_>) -> bool {
    entity.partial && entity.root().is_none()
}

/// Where an object that only events name is named first.
pub(crate) fn first_place(facts: &Facts<'_>, object: EntityId) -> Option<Cite> {
    let events = facts.events_about(&facts.get(object).subject).iter();
    events.filter_map(|id| facts.get(*id).place()).min()
}

/// The node that the scheduler chose for a pod: `Successfully assigned shop/web-0 to w1`.
fn chosen(event: &Event) -> Option<&str> {
    if event.reason != "Scheduled" || event.regarding.kind != "Pod" {
        return None;
    }
    let (_, node) = event.message().rsplit_once(" to ")?;
    let node = node.trim();
    (!node.is_empty() && !node.contains(char::is_whitespace)).then_some(node)
}

fn is_kubelet(event: &Event) -> bool {
    event.component == "kubelet" && !event.host.is_empty()
}

/// Pods that only events name, on the nodes whose kubelets reported of them or that the scheduler chose.
pub(crate) fn place<'s>(facts: &mut Facts<'s>) {
    let pods = facts.of_kind("Pod").iter().copied();
    let named: Vec<EntityId> = pods.filter(|pod| is_named_only(facts.get(*pod))).collect();
    if named.is_empty() {
        return;
    }
    let snapshot = facts.snapshot;
    let events = || snapshot.events.iter();
    let of_kubelets = events()
        .filter(|event| is_kubelet(event) && event.regarding.kind == "Pod")
        .map(|event| (event, event.host.as_str()));
    // Where a kubelet names itself, that is nearer to the pod than what the scheduler once chose.
    let known: HashMap<(&str, &str), &'s str> = events()
        .filter_map(|event| Some((event, chosen(event)?)))
        .chain(of_kubelets)
        .map(|(event, node)| {
            let about = &event.regarding;
            ((about.namespace.as_str(), about.name.as_str()), node)
        })
        .collect();
    for pod in named {
        let subject = &facts.get(pod).subject;
        let node = known.get(&(subject.namespace.as_str(), subject.name.as_str()));
        if let Some(node) = node {
            facts.pods_of_node.entry(node).or_default().push(pod);
        }
    }
}

/// What events say of a claim: it is reported as long as it waits for its volume.
pub(crate) fn claims(facts: &mut Facts<'_>) {
    for claim in facts.of_kind("PersistentVolumeClaim").to_vec() {
        if !is_named_only(facts.get(claim)) {
            continue;
        }
        let newest = |wanted: &[&str]| {
            let events = facts.events_about(&facts.get(claim).subject).iter();
            let events = events.map(|id| facts.get(*id));
            let wanted = events.filter(|it| wanted.contains(&it.str_at(&["reason"]).unwrap_or("")));
            wanted.filter_map(|event| ago(facts, event)).min()
        };
        let waits = newest(&[
            "FailedBinding",
            "ProvisioningFailed",
            "ExternalProvisioning",
            "WaitForFirstConsumer",
            "WaitForPodScheduled",
        ]);
        let bound = newest(&["ProvisioningSucceeded"]);
        let pending = waits.is_some_and(|ago| ago <= FRESH && bound.is_none_or(|it| it > ago));
        if pending {
            let status = Node::map(vec![("phase", Node::text("Pending"))]);
            facts.set_extra(claim, vec![("status", status)]);
        }
    }
}

#[cfg(test)]
mod tests;
