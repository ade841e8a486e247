//! Objects that somebody wanted and the cluster does not have, where a quota for their number is used up. Claims, which
//! are measured as well as counted, are in `claims`.

use std::collections::BTreeSet;

use coldcase_snapshot::{node::Node, packed::View};

use crate::{Cite, Entity, EntityId, Facts, address, quantity};

/// Derives `NotCreated` entities: for each full quota that counts a kind, what of that kind the manifests or the
/// environments of running pods name and no list shows.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let full: Vec<(EntityId, String, i64, i64)> = facts
        .of_kind("ResourceQuota")
        .iter()
        .flat_map(|id| full(facts, *id))
        .collect();
    for (quota, resource, used, hard) in full {
        let namespace = facts.get(quota).subject.namespace.clone();
        let mut wanted: BTreeSet<(String, String, Option<Cite>)> = BTreeSet::new();
        for object in &facts.snapshot.declared {
            if object.namespace == namespace
                && object.kind != "PersistentVolumeClaim"
                && counts(&resource, &object.kind)
            {
                let place = Cite {
                    file: object.file,
                    line: object.root.line(),
                    end_line: object.root.line(),
                };
                wanted.insert((
                    object.kind.to_string(),
                    object.name.to_string(),
                    Some(place),
                ));
            }
        }
        if counts(&resource, "Service") {
            wanted.extend(
                named_by_pods(facts, &namespace)
                    .into_iter()
                    .map(|(name, place)| ("Service".to_owned(), name, place)),
            );
        }
        let mut seen = BTreeSet::new();
        for (kind, name, place) in wanted {
            let known = facts.object(&kind, &namespace, &name).is_some();
            // What nobody listed is unknown, not missing.
            if known
                || !facts.covers(&kind, &namespace)
                || !seen.insert((kind.clone(), name.clone()))
            {
                continue;
            }
            let subject = facts.get(quota).subject.clone();
            let fields = vec![
                ("kind", Node::text(kind)),
                ("name", Node::text(name)),
                ("namespace", Node::text(namespace.as_str())),
                ("quota", Node::text(subject.name.as_str())),
                ("resource", Node::text(resource.as_str())),
                ("used", Node::number(used)),
                ("hard", Node::number(hard)),
            ];
            let mut made = Entity::computed("NotCreated", subject.clone(), fields).cited("", place);
            made.file = place.map(|place| place.file);
            facts.push_derived(made, &[&subject]);
        }
    }
}

/// The numbers of objects that a quota limits and that have reached the limit.
fn full(facts: &Facts<'_>, quota: EntityId) -> Vec<(EntityId, String, i64, i64)> {
    let Some(root) = facts.get(quota).root() else {
        return Vec::new();
    };
    let used = root.at(&["status", "used"]);
    let amount = |node: Option<View<'_>>| node.and_then(View::as_str).and_then(quantity::bytes);
    root.at(&["status", "hard"])
        .or_else(|| root.at(&["spec", "hard"]))
        .into_iter()
        .flat_map(View::entries)
        .filter_map(|(name, hard)| {
            let hard = amount(Some(hard))?;
            let used = amount(used?.get(name))?;
            (used >= hard).then(|| (quota, name.to_owned(), used, hard))
        })
        .collect()
}

/// Whether a quota's resource counts objects of a kind: `services`, or `count/services` with or without a group.
fn counts(resource: &str, kind: &str) -> bool {
    let lower = kind.to_ascii_lowercase();
    let plural = match lower.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if lower.ends_with('s') => format!("{lower}es"),
        None => format!("{lower}s"),
    };
    match resource.strip_prefix("count/") {
        Some(counted) => counted.split('.').next() == Some(plural.as_str()),
        // Pods are refused one by one, and the events of their owner say so.
        None => resource == plural && kind != "Pod",
    }
}

/// Names with a port that environments hold and that are a workload's, but no Service's.
fn named_by_pods(facts: &Facts<'_>, namespace: &str) -> BTreeSet<(String, Option<Cite>)> {
    let mut found = BTreeSet::new();
    let pods = facts.pods_of_namespace.get(namespace);
    for entity in pods.into_iter().flatten().map(|pod| facts.get(*pod)) {
        let containers = entity
            .root()
            .unwrap_or_default()
            .items_at(&["spec", "containers"]);
        for value in containers
            .iter()
            .flat_map(|container| container.items_at(&["env"]))
            .filter_map(|env| env.get("value"))
        {
            let Some(name) = value.as_str().and_then(address::service_name) else {
                continue;
            };
            let workload = ["Deployment", "StatefulSet", "DaemonSet"]
                .into_iter()
                .any(|kind| facts.object(kind, namespace, name).is_some());
            if workload {
                let place = entity.file.map(|file| Cite {
                    file,
                    line: value.line(),
                    end_line: value.end_line(),
                });
                found.insert((name.to_owned(), place));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_count_kinds_under_several_names() {
        assert!(counts("services", "Service"));
        assert!(counts("count/services", "Service"));
        assert!(counts("count/ingresses.networking.k8s.io", "Ingress"));
        assert!(counts(
            "count/networkpolicies.networking.k8s.io",
            "NetworkPolicy"
        ));
        assert!(!counts("services.nodeports", "Service"));
        assert!(!counts("requests.cpu", "Service"));
        assert!(!counts("pods", "Pod"));
    }
}
