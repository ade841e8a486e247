//! Alerts of a monitoring system, each with the object that it is about, what it is about, and whether what that object calls is slow as well.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
};

use coldcase_snapshot::{node::Node, text::HostReport};

use crate::{Entity, EntityId, Facts, Identity, address, nodes};

/// What an alert is about, by words in its name or summary; the first that fits.
const TOPICS: &[(&str, &[&str])] = &[
    ("throttling", &["throttl", "cpu_cfs", "cpucfs"]),
    (
        "packets",
        &[
            "retrans",
            "packet loss",
            "packetloss",
            "networkreceiveerr",
            "networktransmiterr",
            "packet drop",
            "bonding",
        ],
    ),
    (
        "latency",
        &["latency", "slow", "response time", "responsetime"],
    ),
    (
        "errors",
        &[
            "error",
            "5xx",
            "success rate",
            "successrate",
            "availability",
        ],
    ),
    ("traffic", &["throughput", "traffic", "request rate"]),
    ("cpu", &["cpu"]),
    ("memory", &["memory", "oom"]),
    ("disk", &["disk", "filesystem", "volume", "inode"]),
];

/// Derives `Alert` entities.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let snapshot = facts.snapshot;
    let alerts: Vec<&HostReport> = snapshot
        .hosts
        .iter()
        .filter(|report| report.kind == "Alert")
        .collect();
    if alerts.is_empty() {
        return;
    }
    let mut found: Vec<(Entity<'_>, Identity)> = Vec::new();
    let mut known: BTreeSet<(Identity, [Option<String>; 3])> = BTreeSet::new();
    let names = Names::default();
    for report in alerts {
        let (entity, about) = alert(facts, &names, report);
        let says =
            ["name", "summary", "state"].map(|field| entity.str_at(&[field]).map(str::to_owned));
        if known.insert((about.clone(), says)) {
            found.push((entity, about));
        }
    }
    let origins = origins(facts, &found);
    for (mut entity, about) in found {
        let behind = workloads(facts, &about);
        let origin = behind.iter().any(|workload| origins.contains(workload));
        entity.set(vec![("origin", Node::flag(origin))]);
        facts.push_derived(entity, &[&about]);
    }
}

fn alert<'s>(facts: &Facts<'s>, names: &Names, report: &HostReport) -> (Entity<'s>, Identity) {
    let text = |field: &str| report.root.str_at(&[field]).unwrap_or("");
    let name = text("name");
    let about = object(facts, names, report).unwrap_or_else(|| Identity::new("Alert", "", name));
    let mut fields = Vec::new();
    for field in ["name", "state", "severity", "startsAt", "endsAt", "summary"] {
        fields.extend(report.root.get(field).map(|node| (field, node.clone())));
    }
    fields.push(("topic", Node::text(topic(name, text("summary")))));
    if about.kind != "Alert" {
        fields.push(("objectKind", Node::text(about.kind.as_str())));
        fields.push(("object", Node::text(about.name.as_str())));
    }
    if !about.namespace.is_empty() {
        fields.push(("namespace", Node::text(about.namespace.as_str())));
    }
    let place = nodes::cite(report, "summary").or_else(|| nodes::cite(report, "name"));
    let mut entity = Entity::computed("Alert", about.clone(), fields).cited("", place);
    entity.set_label(name);
    (entity, about)
}

fn topic(name: &str, summary: &str) -> &'static str {
    let (name, summary) = (name.to_lowercase(), summary.to_lowercase());
    // The words of a detector's own title come before those of its sentence.
    [name, summary]
        .iter()
        .find_map(|text| {
            TOPICS
                .iter()
                .find(|(_, words)| words.iter().any(|word| text.contains(word)))
        })
        .map_or("other", |(topic, _)| *topic)
}

/// The object that an alert's labels name, the nearest first. The labels of the exporter itself give way to those of
/// what it exports.
fn object(facts: &Facts<'_>, names: &Names, report: &HostReport) -> Option<Identity> {
    let label = |name: &str| {
        let exported = format!("exported_{name}");
        let labels = report.root.get("labels")?;
        labels
            .str_at(&[exported.as_str()])
            .or_else(|| labels.str_at(&[name]))
            .filter(|value| !value.is_empty())
    };
    let namespace = label("namespace")
        .or(report.root.str_at(&["namespace"]))
        .unwrap_or("");
    let known = |kind: &str, name: &str| {
        let id = match kind {
            "Node" => facts.object(kind, "", name),
            _ if !namespace.is_empty() => facts.object(kind, namespace, name),
            // Without a namespace the name must be the only one.
            _ => names.only_one(facts, kind, name),
        }?;
        Some(facts.get(id).subject.clone())
    };
    if let (Some(kind), Some(name)) = (
        report.root.str_at(&["objectKind"]),
        report.root.str_at(&["objectName"]),
    ) {
        return DETECTED
            .iter()
            .find(|known| known.eq_ignore_ascii_case(kind))
            .and_then(|kind| known(kind, name));
    }
    let workload = label("workload").and_then(|name| {
        let kind = label("workload_type").unwrap_or("deployment");
        DETECTED
            .iter()
            .find(|known| known.eq_ignore_ascii_case(kind))
            .and_then(|kind| known(kind, name))
    });
    LABELS
        .iter()
        .take(1)
        .find_map(|(name, kind)| known(kind, label(name)?))
        .or(workload)
        .or_else(|| {
            LABELS
                .iter()
                .skip(1)
                .find_map(|(name, kind)| known(kind, label(name)?))
        })
        .or_else(|| instance(facts, label("instance")?))
}

/// Kinds that detectors and `workload_type` name.
const DETECTED: &[&str] = &[
    "Service",
    "Node",
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
];

/// Labels that name an object, and its kind; the nearest to the fault first.
const LABELS: &[(&str, &str)] = &[
    ("pod", "Pod"),
    ("deployment", "Deployment"),
    ("statefulset", "StatefulSet"),
    ("daemonset", "DaemonSet"),
    ("job_name", "Job"),
    ("persistentvolumeclaim", "PersistentVolumeClaim"),
    ("horizontalpodautoscaler", "HorizontalPodAutoscaler"),
    ("node", "Node"),
    ("nodename", "Node"),
    ("service", "Service"),
];

/// Objects by name alone, looked up once for each kind.
#[derive(Default)]
struct Names(RefCell<BTreeMap<String, BTreeMap<String, Option<EntityId>>>>);

impl Names {
    /// The object of that name, if no other namespace has one.
    fn only_one(&self, facts: &Facts<'_>, kind: &str, name: &str) -> Option<EntityId> {
        let mut kinds = self.0.borrow_mut();
        let of_kind = kinds.entry(kind.to_owned()).or_insert_with(|| {
            let mut by_name: BTreeMap<String, Option<EntityId>> = BTreeMap::new();
            for id in facts.of_kind(kind) {
                by_name
                    .entry(facts.get(*id).subject.name.to_string())
                    .and_modify(|one| *one = None)
                    .or_insert(Some(*id));
            }
            by_name
        });
        of_kind.get(name).copied().flatten()
    }
}

/// A node by its address, as a scrape target has it.
fn instance(facts: &Facts<'_>, instance: &str) -> Option<Identity> {
    let host = instance.rsplit_once(':').map_or(instance, |(host, _)| host);
    facts
        .of_kind("Node")
        .iter()
        .map(|id| facts.get(*id))
        .find(|node| {
            node.subject.name == host
                || node.root().is_some_and(|root| {
                    root.items_at(&["status", "addresses"])
                        .iter()
                        .any(|address| address.str_at(&["address"]) == Some(host))
                })
        })
        .map(|node| node.subject.clone())
}

/// Workloads whose requests are slow or fail while nothing that they call is: slowness travels from what is called
/// to its callers.
fn origins(facts: &Facts<'_>, alerts: &[(Entity<'_>, Identity)]) -> BTreeSet<EntityId> {
    let suffering: BTreeSet<EntityId> = alerts
        .iter()
        .filter(|(alert, _)| alert.str_at(&["state"]) == Some("firing"))
        .filter(|(alert, _)| {
            matches!(
                alert.str_at(&["topic"]),
                Some("latency" | "errors" | "throttling")
            )
        })
        .flat_map(|(_, about)| workloads(facts, about))
        .collect();
    // Who calls what, as far as it can be reached from those that suffer.
    let mut calls: BTreeMap<EntityId, Vec<EntityId>> = BTreeMap::new();
    let mut open: Vec<EntityId> = suffering.iter().copied().collect();
    while let Some(next) = open.pop() {
        if let Entry::Vacant(free) = calls.entry(next) {
            open.extend(free.insert(callees(facts, next)).iter());
        }
    }
    suffering
        .iter()
        .copied()
        .filter(|workload| {
            let mut seen = BTreeSet::from([*workload]);
            let mut open = calls.get(workload).cloned().unwrap_or_default();
            while let Some(next) = open.pop() {
                if seen.insert(next) {
                    if suffering.contains(&next) {
                        return false;
                    }
                    open.extend(calls.get(&next).into_iter().flatten());
                }
            }
            true
        })
        .collect()
}

/// The workloads behind an object.
fn workloads(facts: &Facts<'_>, about: &Identity) -> BTreeSet<EntityId> {
    let pods = match about.kind.as_str() {
        "Pod" => facts
            .object("Pod", &about.namespace, &about.name)
            .into_iter()
            .collect(),
        "Service" => facts
            .object("Service", &about.namespace, &about.name)
            .map_or(Vec::new(), |id| facts.selected_pods(id).to_vec()),
        _ => return facts.derived("Workload", about).iter().copied().collect(),
    };
    pods.into_iter()
        .filter_map(|pod| facts.workload(pod))
        .collect()
}

/// The workloads behind the Services that a workload's environment names.
fn callees(facts: &Facts<'_>, workload: EntityId) -> Vec<EntityId> {
    let namespace = &facts.get(workload).subject.namespace;
    let Some(root) = facts
        .workload_pods(workload)
        .first()
        .and_then(|pod| facts.get(*pod).root())
    else {
        return Vec::new();
    };
    root.items_at(&["spec", "containers"])
        .iter()
        .flat_map(|container| container.items_at(&["env"]))
        .filter_map(|env| address::service_of(env.str_at(&["value"])?))
        .filter_map(|(name, space)| facts.object("Service", space.unwrap_or(namespace), name))
        .flat_map(|service| facts.selected_pods(service).to_vec())
        .filter_map(|pod| facts.workload(pod))
        .filter(|other| *other != workload)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_the_most_special_word() {
        for (name, summary, is) in [
            (
                "CPUThrottlingHigh",
                "Processes experience elevated CPU throttling.",
                "throttling",
            ),
            (
                "RESOURCE_SATURATION",
                "RESOURCE_SATURATION [cpu_cfs] | Val: 0.7s (Throttled)",
                "throttling",
            ),
            ("NodeNetworkReceiveErrs", "", "packets"),
            ("LATENCY_DEGRADATION", "p90", "latency"),
            ("KubePodCrashLooping", "", "other"),
            ("NodeFilesystemSpaceFillingUp", "", "disk"),
        ] {
            assert_eq!(topic(name, summary), is, "{name}");
        }
    }
}
