//! Reads `kubectl describe` of all kinds into partial objects in the API's shape.
//!
//! What a description would have shown if it were set, and does not, is
//! [`Value::Null`](crate::node::Value::Null): known to be absent. What descriptions never show, or
//! not in all versions that print the rest, is left out. Lists and open mappings that are printed
//! (labels, limits, tolerations, taints, containers) are printed whole, but for annotations: the
//! last applied configuration is never shown and long values are cut, which are left out.
//!
//! Nodes whose line is 0 were not read but follow from the command (a kind, a namespace).

mod autoscaler;
mod config;
mod container;
mod events;
mod excerpt;
mod generic;
mod ingress;
mod node;
mod object;
mod pod;
mod policy;
mod probe;
mod rbac;
mod sections;
mod service;
mod storage;
mod table;
#[cfg(test)]
mod tests;
mod values;
mod volume;
mod workload;

use object::{Described, Draft};
use sections::{Entry, Lines, Section};

pub(crate) mod age;

pub(crate) use excerpt::read as excerpt;

use super::Context;
use crate::node::Node;

type Reader = fn(&Described<'_, '_>, &mut Draft);

/// A kind with its API version of today, whether it lives in a namespace, and its reader.
struct Kind {
    name: &'static str,
    api_version: &'static str,
    namespaced: bool,
    read: Reader,
}

const fn kind(
    name: &'static str,
    api_version: &'static str,
    namespaced: bool,
    read: Reader,
) -> Kind {
    Kind {
        name,
        api_version,
        namespaced,
        read,
    }
}

const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// Kinds with a form of their own; all others are printed field by field.
const KINDS: &[Kind] = &[
    kind("CSINode", "storage.k8s.io/v1", false, storage::csi_node),
    kind("ClusterRole", RBAC, false, rbac::role),
    kind("ClusterRoleBinding", RBAC, false, rbac::binding),
    kind("ConfigMap", "v1", true, config::config_map),
    kind("CronJob", "batch/v1", true, workload::cron_job),
    kind("DaemonSet", "apps/v1", true, workload::daemon_set),
    kind("Deployment", "apps/v1", true, workload::deployment),
    kind(
        "EndpointSlice",
        "discovery.k8s.io/v1",
        true,
        service::endpoint_slice,
    ),
    kind("Endpoints", "v1", true, service::endpoints),
    kind(
        "HorizontalPodAutoscaler",
        "autoscaling/v2",
        true,
        autoscaler::read,
    ),
    kind("Ingress", "networking.k8s.io/v1", true, ingress::read),
    kind(
        "IngressClass",
        "networking.k8s.io/v1",
        false,
        ingress::class,
    ),
    kind("Job", "batch/v1", true, workload::job),
    kind("LimitRange", "v1", true, policy::limit_range),
    kind("Namespace", "v1", false, policy::namespace),
    kind(
        "NetworkPolicy",
        "networking.k8s.io/v1",
        true,
        policy::network,
    ),
    kind("Node", "v1", false, node::read),
    kind("PersistentVolume", "v1", false, storage::volume),
    kind("PersistentVolumeClaim", "v1", true, storage::claim),
    kind("Pod", "v1", true, pod::read),
    kind("PodDisruptionBudget", "policy/v1", true, policy::budget),
    kind(
        "PriorityClass",
        "scheduling.k8s.io/v1",
        false,
        config::priority_class,
    ),
    kind("ReplicaSet", "apps/v1", true, workload::replica_set),
    kind(
        "ReplicationController",
        "v1",
        true,
        workload::replication_controller,
    ),
    kind("ResourceQuota", "v1", true, policy::quota),
    kind("Role", RBAC, true, rbac::role),
    kind("RoleBinding", RBAC, true, rbac::binding),
    kind("Secret", "v1", true, config::secret),
    kind("Service", "v1", true, service::service),
    kind("ServiceAccount", "v1", true, config::service_account),
    kind("StatefulSet", "apps/v1", true, workload::stateful_set),
    kind("StorageClass", "storage.k8s.io/v1", false, storage::class),
];

/// Fields at the left edge that tell a kind: it has all of them. First come, first served.
const SIGNS: &[(&str, &[&str])] = &[
    ("Deployment", &["StrategyType"]),
    ("StatefulSet", &["Update Strategy"]),
    ("DaemonSet", &["Desired Number of Nodes Scheduled"]),
    ("CronJob", &["Schedule", "Concurrency Policy"]),
    ("Job", &["Parallelism", "Pods Statuses"]),
    ("ReplicaSet", &["Replicas", "Pods Status", "Pod Template"]),
    ("Node", &["System Info"]),
    ("Node", &["Roles", "Taints"]),
    ("Pod", &["Containers", "Status"]),
    ("Pod", &["Node", "IP", "Status"]),
    ("Pod", &["Containers", "Node"]),
    ("Service", &["Type", "Session Affinity"]),
    ("Service", &["Selector", "TargetPort"]),
    ("Endpoints", &["Subsets"]),
    ("EndpointSlice", &["AddressType"]),
    ("Ingress", &["Rules", "Default backend"]),
    ("PersistentVolume", &["Reclaim Policy", "Source"]),
    ("PersistentVolumeClaim", &["Volume", "Access Modes"]),
    ("StorageClass", &["IsDefaultClass", "Provisioner"]),
    ("HorizontalPodAutoscaler", &["Reference", "Max replicas"]),
    ("PodDisruptionBudget", &["Min available", "Status"]),
    ("PodDisruptionBudget", &["Max unavailable", "Status"]),
    ("NetworkPolicy", &["Created on", "Spec"]),
    ("ServiceAccount", &["Image pull secrets"]),
    ("PriorityClass", &["GlobalDefault", "Value"]),
    ("IngressClass", &["Controller"]),
];

/// Kinds that are printed alike: the command tells them apart.
const ALIKE: &[(&str, &str)] = &[("ReplicaSet", "ReplicationController")];

/// Reads one or several described objects; `first_line` is the number of the text's first line in
/// its file. `kind` is what the command asked for (`Pod`), or empty when unknown; a description
/// that is plainly of another kind is read as that (`kubectl describe deployment,service`).
/// Events of an object's `Events:` table are given as `Event` objects of their own, after it; so
/// are the lease and pods of a node, the replica sets of a deployment, the endpoints of a service
/// and the quotas of a namespace, as far as they are shown.
pub(crate) fn read(text: &str, first_line: u32, kind: &str, context: &Context<'_>) -> Vec<Node> {
    let text = sections::without_tabs(text);
    let mut found = Vec::new();
    for mut lines in sections::objects(&text, first_line) {
        head_conditions(&mut lines);
        object(&lines, kind, context, &mut found);
    }
    found
}

/// Puts the heading back above a table of conditions that somebody cut out without it.
fn head_conditions(lines: &mut Lines<'_>) {
    let begins = |raw: &str| {
        let mut words = raw.split_whitespace();
        raw.starts_with(' ')
            && words.next() == Some("Type")
            && words.next() == Some("Status")
            && words.any(|word| word == "LastTransitionTime")
    };
    let Some(at) = lines.iter().position(|(_, raw)| begins(raw)) else {
        return;
    };
    let above = lines.get(..at).unwrap_or_default();
    let above = above.iter().rfind(|(_, raw)| !raw.trim().is_empty());
    let headed = above.is_some_and(|(_, raw)| raw.trim() == "Conditions:");
    if let Some((line, _)) = lines.get(at).filter(|_| !headed) {
        lines.insert(at, (*line, "Conditions:"));
    }
}

/// The kind whose description a text looks like, by its fields. `Other` is a kind that kubectl
/// does not know, whose name the text itself has. `None` for texts that are no description, and
/// for roles and their bindings, which look alike in and outside of a namespace.
pub(crate) fn sniff(text: &str) -> Option<&'static str> {
    let text = sections::without_tabs(text);
    let lines = sections::objects(&text, 1).into_iter().next()?;
    let generic = is_generic(&lines);
    let rows = sections::rows(head(&lines), generic);
    guess(Section { rows: &rows }, &lines, generic)
}

/// Whether a description begins with a line before another.
pub(super) fn begins(line: &str, next: &str) -> bool {
    let name = line.strip_prefix("Name:");
    let apart = name.is_some_and(|name| name.starts_with([' ', '\t']) && !name.trim().is_empty());
    apart && sections::is_second(next)
}

/// Whether a line at the left edge is one of kubectl's fields.
pub(super) fn is_field(line: &str) -> bool {
    sections::is_top_field(line)
}

/// The lines before a config map's or secret's data, or before a namespace's quotas.
fn head<'l, 't>(lines: &'l [(u32, &'t str)]) -> &'l [(u32, &'t str)] {
    let end = config::data_begins(lines)
        .or_else(|| lines.iter().position(|(_, raw)| is_quotas(raw)))
        .unwrap_or(lines.len());
    lines.get(..end).unwrap_or(lines)
}

/// How the quotas of a namespace begin.
fn is_quotas(raw: &str) -> bool {
    matches!(raw.trim_end(), "Resource Quotas" | "No resource quota.")
}

/// kubectl prints the version and kind only of kinds that it does not know.
fn is_generic(lines: &Lines<'_>) -> bool {
    let has = |field: &str| lines.iter().any(|(_, raw)| raw.starts_with(field));
    has("API Version:  ") && has("Kind:  ")
}

fn guess(top: Section<'_, '_>, lines: &Lines<'_>, generic: bool) -> Option<&'static str> {
    if generic {
        let name = top.get("Kind").map_or("", Entry::value);
        return Some(known(name).map_or("Other", |kind| kind.name));
    }
    if config::data_begins(lines).is_some() {
        return Some(if top.has("Type") {
            "Secret"
        } else {
            "ConfigMap"
        });
    }
    let mut fields: Vec<&str> = top.entries().map(Entry::key).collect();
    fields.sort_unstable();
    let has = |field: &&str| fields.binary_search(field).is_ok();
    let sign = SIGNS.iter().find(|(_, signs)| signs.iter().all(has));
    if let Some((name, _)) = sign {
        return Some(name);
    }
    for (_, raw) in lines {
        if raw.starts_with("Resource  ") && raw.ends_with("Hard") {
            return Some("ResourceQuota");
        }
        if raw.starts_with("Type  ") && raw.contains("  Resource  ") {
            return Some("LimitRange");
        }
        if is_quotas(raw) {
            return Some("Namespace");
        }
    }
    None
}

fn known(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// What to read a description as: what it looks like, unless the command knows better.
fn choose<'k>(asked: &'k str, guessed: Option<&'k str>) -> &'k str {
    match guessed {
        Some(guessed) if ALIKE.contains(&(guessed, asked)) => asked,
        Some(guessed) => guessed,
        None => asked,
    }
}

fn object(lines: &Lines<'_>, asked: &str, context: &Context<'_>, found: &mut Vec<Node>) {
    let generic = is_generic(lines);
    let rows = sections::rows(head(lines), generic);
    let top = Section { rows: &rows };
    let Some(name) = top.get("Name") else { return };
    let guessed = guess(top, lines, generic);
    let kind = choose(asked, guessed);
    let reader = known(kind).filter(|_| !generic);
    let (kind, api_version) = if generic {
        let value = |field| top.get(field).map_or("", Entry::value);
        (value("Kind"), value("API Version"))
    } else {
        (kind, reader.map_or("", |kind| kind.api_version))
    };
    // Nothing tells the kind: nothing can be said of the object.
    if kind.is_empty() || api_version.is_empty() {
        return;
    }
    let namespaced = reader.is_none_or(|kind| kind.namespaced);
    let described = Described {
        top,
        lines,
        context,
        kind: kind.to_owned(),
        namespace: namespace(top, namespaced, generic, context),
        name: name.value().to_owned(),
        namespaced: is_namespaced(top, reader),
    };
    let mut draft = Draft::new(name.line());
    object::metadata(&described, &mut draft.metadata);
    match reader {
        Some(kind) => (kind.read)(&described, &mut draft),
        None => generic::read(top, &mut draft),
    }
    let (node, others) = draft.node(&described.kind, api_version, name.line());
    found.push(node);
    found.extend(others);
    found.extend(events(&described));
}

/// Of kinds that kubectl does not know, an empty namespace is printed for cluster-scoped ones.
fn is_namespaced(top: Section<'_, '_>, reader: Option<&Kind>) -> bool {
    match reader {
        Some(kind) => kind.namespaced,
        None => top
            .get("Namespace")
            .is_some_and(|entry| !values::is_none(entry.value())),
    }
}

/// What the text says; some kinds leave it out, where the command's namespace is the one.
fn namespace(
    top: Section<'_, '_>,
    namespaced: bool,
    generic: bool,
    context: &Context<'_>,
) -> String {
    if !namespaced {
        return String::new();
    }
    match top.get("Namespace").map(Entry::value) {
        Some(value) if !values::is_none(value) => value.to_owned(),
        None if !generic => context.namespace.to_owned(),
        _ => String::new(),
    }
}

/// The events of an object; those of a config map come after its data.
fn events(described: &Described<'_, '_>) -> Vec<Node> {
    if let Some(entry) = described.top.get("Events") {
        return events::read(entry, described);
    }
    let lines = described.lines;
    let Some(at) = lines
        .iter()
        .rposition(|(_, raw)| raw.starts_with("Events:"))
    else {
        return Vec::new();
    };
    if config::data_begins(lines).is_none_or(|begin| begin > at) {
        return Vec::new();
    }
    let rows = sections::rows(lines.get(at..).unwrap_or_default(), false);
    let top = Section { rows: &rows };
    top.get("Events")
        .map_or_else(Vec::new, |entry| events::read(entry, described))
}
