//! Whether each pod was well at capture: events tell what happened, this tells what holds.

use coldcase_snapshot::{
    node::Node,
    packed::{Packed, View},
};
use rayon::prelude::*;

use crate::{Entity, EntityId, Facts, reported, silent, unnamed};

/// A pod's state at capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodHealth {
    /// Ready.
    Healthy,
    /// Not ready, and not merely young.
    Failing,
    /// Too young to judge.
    Starting,
    /// Being deleted, within its time.
    Leaving,
    /// Ran to its end.
    Done,
    /// The status says nothing.
    Unknown,
}

impl PodHealth {
    /// The word that rules compare with.
    pub fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Failing => "failing",
            Self::Starting => "starting",
            Self::Leaving => "leaving",
            Self::Done => "done",
            Self::Unknown => "unknown",
        }
    }
}

/// Seconds after which a pod that is not running or not ready is not merely young.
const YOUNG: i64 = 45;

/// Adds `health`, `age` and `restarts` to pods, `health` to nodes.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let pods = facts.of_kind("Pod").to_vec();
    let made: Vec<(PodHealth, Packed)> = pods.par_iter().map(|pod| of_pod(facts, *pod)).collect();
    facts.health = vec![PodHealth::Unknown; facts.owner.len()];
    for (pod, (health, fields)) in pods.into_iter().zip(made) {
        if let Some(known) = facts.health.get_mut(pod.0 as usize) {
            *known = health;
        }
        if let Some(entity) = facts.get_mut(pod) {
            entity.set_all(fields);
        }
    }
    nodes(facts);
}

/// The health of a pod, and what it gets as fields.
fn of_pod(facts: &Facts<'_>, pod: EntityId) -> (PodHealth, Packed) {
    if reported::is_named_only(facts.get(pod)) {
        let (health, fields) = reported::pod(facts, pod);
        return (health, Node::map(fields).into());
    }
    if silent::is(facts.get(pod)) {
        let (health, fields) = silent::pod(facts, pod);
        return (health, Node::map(fields).into());
    }
    let age = facts.age_of(pod);
    let open = unnamed::is_open(facts.get(pod));
    let health = pod_health(facts, pod, age);
    let restarts: i64 = facts
        .containers(pod)
        .iter()
        .filter_map(|id| facts.get(*id).int_at(&["restartCount"]))
        .sum();
    let mut fields = vec![("health", Node::text(health.word()))];
    if open {
        fields.extend(unnamed::fields(facts, pod));
    } else {
        fields.push(("restarts", Node::number(restarts)));
        if facts.get(pod).partial {
            fields.push(("shown", Node::default()));
        }
    }
    fields.extend(age.map(|age| ("age", Node::number(age))));
    (health, Node::map(fields).into())
}

fn nodes(facts: &mut Facts<'_>) {
    let masters = control_plane(facts);
    let server = server_minor(facts);
    for node in facts.of_kind("Node").to_vec() {
        // Where every node is of the control plane, the pods have no other place: it is not set apart. A node of
        // which text shows no such role is none either; left unset, rules about it would stay undecided.
        let apart = masters.contains(&node) && masters.len() < facts.of_kind("Node").len();
        let entity = facts.get(node);
        let mut fields = vec![("controlPlane", Node::flag(apart))];
        // Of a node that is no more than a name the health is unknown as well.
        if reported::is_named_only(entity) {
            fields.extend(reported::node(facts, node));
        } else {
            fields.push(("health", Node::text(node_health(entity))));
        }
        let lease = facts.object("Lease", "kube-node-lease", &entity.subject.name);
        let age =
            lease.and_then(|lease| facts.age(facts.get(lease).str_at(&["spec", "renewTime"])));
        fields.extend(age.map(|age| ("leaseAge", Node::number(age))));
        let kubelet = entity
            .str_at(&["status", "nodeInfo", "kubeletVersion"])
            .and_then(minor);
        if let (Some(server), Some(kubelet)) = (server, kubelet) {
            fields.push(("minorsBehind", Node::number(server - kubelet)));
        }
        facts.set_extra(node, fields);
    }
}

/// The minor version of the API server: as it told, else the oldest of those that run as static pods.
fn server_minor(facts: &Facts<'_>) -> Option<i64> {
    let told = facts.snapshot.server_version.as_deref().and_then(minor);
    told.or_else(|| {
        let servers = facts.of_kind_in("Pod", "kube-system").iter();
        servers
            .filter_map(|pod| facts.get(*pod).root())
            .flat_map(|root| root.items_at(&["spec", "containers"]))
            .filter(|container| container.str_at(&["name"]) == Some("kube-apiserver"))
            .filter_map(|container| container.str_at(&["image"])?.rsplit_once(':'))
            .filter_map(|(_, tag)| minor(tag))
            .min()
    })
}

/// 31 of `v1.31.4+k3s1`.
fn minor(version: &str) -> Option<i64> {
    let rest = version.trim_start_matches('v').strip_prefix("1.")?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest.split_at(end).0.parse().ok()
}

/// Nodes of the control plane: by the role that they are labelled or tainted with, or by the API server that they
/// run as a static pod, which clusters older than those labels have as well.
fn control_plane(facts: &Facts<'_>) -> std::collections::BTreeSet<EntityId> {
    const ROLES: &[&str] = &["master", "control-plane", "controlplane"];
    let role = |key: &str| {
        key.strip_prefix("node-role.kubernetes.io/")
            .is_some_and(|role| ROLES.contains(&role))
    };
    facts
        .of_kind("Node")
        .iter()
        .copied()
        .filter(|id| {
            let node = facts.get(*id);
            let Some(root) = node.root() else {
                return false;
            };
            let labels = root.at(&["metadata", "labels"]);
            let labelled = labels
                .into_iter()
                .flat_map(View::entries)
                .any(|(key, value)| {
                    role(key)
                        || key == "kubernetes.io/role"
                            && value.as_str().is_some_and(|it| ROLES.contains(&it))
                });
            let tainted = root
                .items_at(&["spec", "taints"])
                .iter()
                .any(|taint| taint.str_at(&["key"]).is_some_and(role));
            let server = format!("kube-apiserver-{}", node.subject.name);
            labelled || tainted || facts.object("Pod", "kube-system", &server).is_some()
        })
        .collect()
}

fn condition<'e>(entity: &'e Entity<'_>, name: &str) -> Option<View<'e>> {
    entity
        .root()?
        .items_at(&["status", "conditions"])
        .iter()
        .find(|condition| condition.str_at(&["type"]) == Some(name))
}

fn pod_health(facts: &Facts<'_>, id: EntityId, known_age: Option<i64>) -> PodHealth {
    let pod = facts.get(id);
    let age = known_age.unwrap_or(i64::MAX);
    if let Some(since) = facts.age(pod.str_at(&["metadata", "deletionTimestamp"])) {
        // The stamp is the end of the grace period, not its beginning.
        return if since > 60 {
            PodHealth::Failing
        } else {
            PodHealth::Leaving
        };
    }
    let phase = pod.str_at(&["status", "phase"]);
    match phase {
        Some("Succeeded") => return PodHealth::Done,
        Some("Failed") => return failed(facts, id),
        _ if unnamed::is_open(pod) && condition(pod, "Ready").is_none() => {
            return unnamed::health(facts, id, known_age);
        }
        None => return PodHealth::Unknown,
        _ => {}
    }
    if facts
        .containers(id)
        .iter()
        .any(|container| facts.get(*container).bool_at(&["failing"]))
    {
        return PodHealth::Failing;
    }
    let young = |since: Option<i64>| since.unwrap_or(age).min(age) < YOUNG;
    // Young at the earliest time that the capture can have been: nobody knows at the capture.
    let starting = match facts.snapshot.is_captured_later() {
        false => PodHealth::Starting,
        true if is_unschedulable(pod) => PodHealth::Failing,
        true => PodHealth::Unknown,
    };
    let ready = condition(pod, "Ready");
    match ready.and_then(|ready| ready.str_at(&["status"])) {
        Some("True") => PodHealth::Healthy,
        Some(_) if phase == Some("Running") => {
            let since = facts.age(ready.and_then(|ready| ready.str_at(&["lastTransitionTime"])));
            if young(since) {
                starting
            } else {
                PodHealth::Failing
            }
        }
        _ if age < YOUNG => starting,
        _ => PodHealth::Failing,
    }
}

/// Whether the scheduler says that it found no node.
fn is_unschedulable(pod: &Entity<'_>) -> bool {
    let scheduled = condition(pod, "PodScheduled");
    scheduled.and_then(|scheduled| scheduled.str_at(&["reason"])) == Some("Unschedulable")
}

/// A failed pod is trouble while it is fresh, or while its owner still lacks it; later it is a leaf
/// that nobody swept up.
fn failed(facts: &Facts<'_>, id: EntityId) -> PodHealth {
    let finished = facts
        .containers(id)
        .iter()
        .filter_map(|c| facts.age(facts.get(*c).str_at(&["ended", "finishedAt"])))
        .min();
    let age = finished.or_else(|| facts.age_of(id));
    let owner = crate::workload::owner(facts, id).map(|owner| facts.get(owner));
    let complete = owner.is_some_and(|owner| {
        condition(owner, "Complete").and_then(|c| c.str_at(&["status"])) == Some("True")
    });
    let satisfied = owner.is_some_and(|owner| {
        let ready = owner.int_at(&["status", "readyReplicas"]);
        ready.is_some_and(|ready| ready >= owner.int_at(&["spec", "replicas"]).unwrap_or(1))
    });
    match age {
        _ if complete => PodHealth::Done,
        Some(age) if age > 3_600 || satisfied && age > 600 => PodHealth::Done,
        _ => PodHealth::Failing,
    }
}

fn node_health(node: &Entity<'_>) -> &'static str {
    match condition(node, "Ready").and_then(|ready| ready.str_at(&["status"])) {
        Some("True") => "ready",
        Some("False") => "notready",
        Some(_) => "unreachable",
        // A table says so of a condition that is False or Unknown.
        None if shows_not_ready(node) => "notready",
        None => "unknown",
    }
}

/// Whether the STATUS of `kubectl get nodes` is `NotReady`, alone or among other words.
fn shows_not_ready(node: &Entity<'_>) -> bool {
    let status = node
        .root()
        .and_then(|root| root.str_at(&["table", "status"]));
    status.is_some_and(|status| status.split(',').any(|word| word == "NotReady"))
}
