//! Top-level owners of pods, with the numbers that count: what is wanted, what is ready, what fails.

use std::collections::BTreeMap;

use coldcase_snapshot::{node::Node, packed::View};

use crate::{Entity, EntityId, Facts, Identity, PodHealth};

/// Derives `Workload` entities, also for workloads without any pod.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let mut groups: BTreeMap<Identity, Vec<EntityId>> = BTreeMap::new();
    for kind in [
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "CronJob",
        "Job",
        "ReplicaSet",
        "ReplicationController",
    ] {
        for id in facts.of_kind(kind) {
            let entity = facts.get(*id);
            if controller(entity).is_none() {
                groups.entry(entity.subject.clone()).or_default();
            }
        }
    }
    for pod in facts.of_kind("Pod") {
        groups.entry(top_owner(facts, *pod)).or_default().push(*pod);
    }
    for (identity, pods) in groups {
        let entity = workload(facts, &identity, &pods);
        let id = facts.push_derived(entity, &[&identity]);
        for pod in &pods {
            facts.workload_of.insert(*pod, id);
        }
        facts.pods_of_workload.insert(id, pods);
    }
}

/// The owner that controls an object.
fn controller(entity: &Entity<'_>) -> Option<Identity> {
    let owner = entity
        .root?
        .items_at(&["metadata", "ownerReferences"])
        .iter()
        .find(|owner| owner.bool_at(&["controller"]) == Some(true))?;
    Some(Identity::new(
        owner.str_at(&["kind"])?,
        entity.subject.namespace.as_str(),
        owner.str_at(&["name"])?,
    ))
}

/// The direct owner, if it was captured.
pub(crate) fn owner(facts: &Facts<'_>, id: EntityId) -> Option<EntityId> {
    let identity = controller(facts.get(id))?;
    facts
        .by_identity
        .get(&identity)
        .or_else(|| {
            let everywhere = Identity::new(identity.kind.as_str(), "", identity.name.as_str());
            facts.by_identity.get(&everywhere)
        })
        .copied()
}

fn top_owner(facts: &Facts<'_>, pod: EntityId) -> Identity {
    let mut current = facts.get(pod).subject.clone();
    let mut id = Some(pod);
    for _ in 0..8 {
        let Some(owner) = id.and_then(|id| controller(facts.get(id))) else {
            break;
        };
        // A static pod is owned by its node; the pod itself is the workload then.
        if owner.kind == "Node" {
            break;
        }
        id = facts.by_identity.get(&owner).copied();
        current = owner;
    }
    if id.is_none() && current.kind == "ReplicaSet" {
        // The ReplicaSet was not captured; its Deployment's name is all but the hash.
        let hash = facts
            .get(pod)
            .str_at(&["metadata", "labels", "pod-template-hash"])
            .unwrap_or("")
            .to_owned();
        if let Some(name) = current
            .name
            .strip_suffix(&format!("-{hash}"))
            .filter(|_| !hash.is_empty())
        {
            return Identity::new("Deployment", current.namespace.as_str(), name);
        }
    }
    current
}

fn workload<'s>(facts: &Facts<'s>, identity: &Identity, pods: &[EntityId]) -> Entity<'s> {
    let object = facts.by_identity.get(identity).map(|id| facts.get(*id));
    let count = |health: PodHealth| {
        i64::try_from(
            pods.iter()
                .filter(|pod| facts.health_of(**pod) == health)
                .count(),
        )
        .unwrap_or(0)
    };
    let int = |path: &[&str]| object.and_then(|object| object.int_at(path));
    let desired = match identity.kind.as_str() {
        "DaemonSet" => int(&["status", "desiredNumberScheduled"]),
        "Job" | "CronJob" => None,
        "Pod" => Some(1),
        _ => object.map(|_| int(&["spec", "replicas"]).unwrap_or(1)),
    };
    // Many dumps hold the pods of some namespaces only; there the controller's word has to do.
    let unseen = !facts.pods_of_namespace.contains_key(&identity.namespace);
    let said = [["status", "readyReplicas"], ["status", "numberReady"]]
        .iter()
        .find_map(|path| int(path));
    let ready = match said {
        Some(said) if unseen => said,
        _ => count(PodHealth::Healthy),
    };
    let mut fields = vec![
        ("kind", Node::text(identity.kind.as_str())),
        ("name", Node::text(identity.name.as_str())),
        ("namespace", Node::text(identity.namespace.as_str())),
        ("ready", Node::number(ready)),
        ("pods", Node::number(i64::try_from(pods.len()).unwrap_or(0))),
        ("failing", Node::number(count(PodHealth::Failing))),
    ];
    if let Some(desired) = desired {
        let line = object
            .and_then(|object| object.root?.at(&["spec", "replicas"]))
            .map_or(0, View::line);
        fields.push(("desired", Node::number(desired).at_line(line)));
    }
    let template = object
        .and_then(|object| object.root)
        .and_then(|root| root.at(&["spec", "template", "spec", "restartPolicy"]));
    fields.extend(template.map(|node| ("restartPolicy", node.to_node())));
    if let Some(paused) = object
        .and_then(|object| object.root)
        .and_then(|root| root.at(&["spec", "paused"]))
    {
        fields.push(("paused", paused.to_node()));
    }
    let all = facts.of_kind("Pod").len();
    if let Some(share) = (pods.len() * 100).checked_div(all) {
        let share = i64::try_from(share).unwrap_or(0);
        fields.push(("podsPercent", Node::number(share)));
    }
    let mut entity = Entity::computed("Workload", identity.clone(), fields);
    if let Some(object) = object {
        entity.root = object.root;
        entity.file = object.file;
        entity.partial = object.partial;
    }
    entity
}
