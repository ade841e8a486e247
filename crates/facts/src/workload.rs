//! Top-level owners of pods, with the numbers that count: what is wanted, what is ready, what fails.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use coldcase_snapshot::{node::Node, packed::View};
use rayon::prelude::*;

use crate::{Entity, EntityId, Facts, Identity, PodHealth, entity::Named, kin, reported};

/// Derives `Workload` entities, also for workloads without any pod.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let mut groups: HashMap<Identity, Vec<EntityId>> = HashMap::new();
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
    let pods = facts.of_kind("Pod");
    let owners: Vec<Identity> = pods.par_iter().map(|pod| top_owner(facts, *pod)).collect();
    let inferred = kin::infer(facts, pods, &owners);
    for (pod, owner) in pods.iter().zip(owners) {
        let owner = inferred.get(pod).cloned().unwrap_or(owner);
        groups.entry(owner).or_default().push(*pod);
    }
    let (named, mut aliases) = named_controllers(facts, &groups);
    let above = owners_elsewhere(facts);
    for (owner, owned) in &above {
        aliases
            .entry(owner.clone())
            .or_default()
            .extend(owned.iter().cloned());
    }
    let known: BTreeSet<Identity> = above
        .keys()
        .filter(|owner| groups.contains_key(*owner))
        .cloned()
        .collect();
    let mut groups: Vec<(Identity, Vec<EntityId>)> = groups.into_iter().collect();
    groups.par_sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let made: Vec<Entity<'_>> = groups
        .par_iter()
        .map(|(identity, pods)| {
            let mut made = workload(facts, identity, pods);
            if pods.iter().any(|pod| inferred.contains_key(pod)) {
                made.set(vec![("inferred", Node::flag(true))]);
                // What its own description would say is not known.
                made.partial |= made.field("metadata").is_none();
            }
            made
        })
        .collect();
    facts.pods_of_workload.reserve(groups.len());
    for ((identity, mut pods), entity) in groups.into_iter().zip(made) {
        let mut about = vec![&identity];
        about.extend(aliases.get(&identity).into_iter().flatten());
        let id = facts.push_derived(entity, &about);
        for pod in &pods {
            if let Some(of_pod) = facts.workload_of.get_mut(pod.0 as usize) {
                *of_pod = Some(id);
            }
        }
        pods.shrink_to_fit();
        facts.pods_of_workload.insert(id, pods);
    }
    let unseen = above.into_keys().filter(|owner| !known.contains(owner));
    let named: BTreeSet<Identity> = named.into_iter().chain(unseen).collect();
    for identity in named {
        let mut about = vec![&identity];
        about.extend(aliases.get(&identity).into_iter().flatten());
        facts.push_derived(named_only(&identity), &about);
    }
}

/// Owners that were not captured, with the captured controllers that name them: `describe replicaset` tells its
/// Deployment. What a complete list does not hold is gone.
fn owners_elsewhere(facts: &Facts<'_>) -> BTreeMap<Identity, Vec<Identity>> {
    let coverage = &facts.snapshot.coverage;
    let mut found: BTreeMap<Identity, Vec<Identity>> = BTreeMap::new();
    for (kind, above) in [("ReplicaSet", "Deployment"), ("Job", "CronJob")] {
        for id in facts.of_kind(kind) {
            let entity = facts.get(*id);
            let Some((of, namespace, name)) = controller(entity).filter(|owner| owner.0 == above)
            else {
                continue;
            };
            if owner(facts, *id).is_none() && !coverage.covers(of, namespace) {
                let owner = facts.identity(of, namespace, name);
                found.entry(owner).or_default().push(entity.subject.clone());
            }
        }
    }
    found
}

/// Workloads under which others are known as well.
type Aliases = HashMap<Identity, Vec<Identity>>;

/// Controllers that only events name and that no pod has led to; replica sets of Deployments that are known are theirs.
fn named_controllers(
    facts: &Facts<'_>,
    groups: &HashMap<Identity, Vec<EntityId>>,
) -> (Vec<Identity>, Aliases) {
    let mut aliases = Aliases::new();
    let mut named = Vec::new();
    for controller in reported::controllers(facts) {
        if groups.contains_key(&controller) {
            continue;
        }
        let deployment = controller.name.rsplit_once('-');
        let deployment = deployment.filter(|_| controller.kind == "ReplicaSet");
        let known = deployment.and_then(|(name, _)| {
            let (identity, _) = facts.known("Deployment", &controller.namespace, name)?;
            groups.contains_key(identity).then(|| identity.clone())
        });
        match known {
            Some(deployment) => aliases.entry(deployment).or_default().push(controller),
            None => named.push(controller),
        }
    }
    (named, aliases)
}

/// The owner that controls an object: its kind, namespace and name.
fn controller<'e>(entity: &'e Entity<'_>) -> Option<(&'e str, &'e str, &'e str)> {
    let owner = entity
        .root()?
        .at(&["metadata", "ownerReferences"])?
        .items()
        .iter()
        .find(|owner| owner.bool_at(&["controller"]) == Some(true))?;
    Some((
        owner.str_at(&["kind"])?,
        entity.subject.namespace.as_str(),
        owner.str_at(&["name"])?,
    ))
}

/// The direct owner, if it was captured.
pub(crate) fn owner(facts: &Facts<'_>, id: EntityId) -> Option<EntityId> {
    match facts.owner.get(id.0 as usize) {
        Some(owner) => *owner,
        None => find_owner(facts, facts.get(id)),
    }
}

/// Looks for the owner in what was captured.
pub(crate) fn find_owner(facts: &Facts<'_>, entity: &Entity<'_>) -> Option<EntityId> {
    let (kind, namespace, name) = controller(entity)?;
    facts
        .object(kind, namespace, name)
        .or_else(|| facts.object(kind, "", name))
}

fn top_owner(facts: &Facts<'_>, pod: EntityId) -> Identity {
    let entity = facts.get(pod);
    let mut current = entity.subject.parts();
    let mut id = Some(pod);
    for _ in 0..8 {
        // Most owners were captured, and looked up already.
        let captured = id.and_then(|id| *facts.owner.get(id.0 as usize)?);
        if let Some(captured) = captured {
            let owner = facts.get(captured).subject.parts();
            if owner.0 == "Node" {
                break;
            }
            if owner.1 == current.1 {
                id = Some(captured);
                current = owner;
                continue;
            }
        }
        let Some(owner) = id.and_then(|id| controller(facts.get(id))) else {
            break;
        };
        // A static pod is owned by its node; the pod itself is the workload then.
        if owner.0 == "Node" {
            break;
        }
        id = facts.object(owner.0, owner.1, owner.2);
        current = owner;
    }
    if let Some(id) = id {
        return facts.get(id).subject.clone();
    }
    let (kind, namespace, name) = current;
    if kind == "ReplicaSet" {
        // The ReplicaSet was not captured; its Deployment's name is all but the hash.
        let hash = entity.str_at(&["metadata", "labels", "pod-template-hash"]);
        if let Some(hash) = hash.filter(|hash| !hash.is_empty())
            && let Some(name) = name
                .strip_suffix(hash)
                .and_then(|name| name.strip_suffix('-'))
        {
            return facts.identity("Deployment", namespace, name);
        }
    }
    facts.identity(kind, namespace, name)
}

/// A workload of which nothing but events and what it owns speak: how many pods it wants and has, nobody knows.
fn named_only<'s>(identity: &Identity) -> Entity<'s> {
    let fields = vec![
        ("kind", Node::text(identity.kind.as_str())),
        ("name", Node::text(identity.name.as_str())),
        ("namespace", Node::text(identity.namespace.as_str())),
        ("pods", Node::default()),
    ];
    let mut made = Entity::computed("Workload", identity.clone(), fields);
    made.partial = true;
    made
}

fn workload<'s>(facts: &Facts<'s>, identity: &Identity, pods: &[EntityId]) -> Entity<'s> {
    let object = facts.by_identity.get(identity).map(|id| facts.get(*id));
    if object.is_some_and(reported::is_named_only) {
        return named_only(identity);
    }
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
    let unseen = !facts
        .pods_of_namespace
        .contains_key(identity.namespace.as_str());
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
            .and_then(|object| object.root()?.at(&["spec", "replicas"]))
            .map_or(0, View::line);
        fields.push(("desired", Node::number(desired).at_line(line)));
    }
    let template = object
        .and_then(Entity::root)
        .and_then(|root| root.at(&["spec", "template", "spec", "restartPolicy"]));
    fields.extend(template.map(|node| ("restartPolicy", node.to_node())));
    if let Some(paused) = object
        .and_then(Entity::root)
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
        entity.shows(object);
    }
    entity
}
