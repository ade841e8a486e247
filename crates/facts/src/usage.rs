//! Directories of a node that `du` showed, with the pod whose logs, volumes or writable layer they hold.

use std::collections::HashMap;

use coldcase_snapshot::{node::Node, text::HostReport};

use crate::{Entity, EntityId, Facts, Identity, nodes, quantity};

/// Derives `DirectoryUse` entities.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let snapshot = facts.snapshot;
    let reports: Vec<&HostReport> = snapshot
        .hosts
        .iter()
        .filter(|report| report.kind == "DirectoryUse")
        .collect();
    if reports.is_empty() {
        return;
    }
    let by_uid: HashMap<&str, EntityId> = facts
        .of_kind("Pod")
        .iter()
        .filter_map(|id| Some((facts.get(*id).root()?.str_at(&["metadata", "uid"])?, *id)))
        .collect();
    let disks = disks(facts);
    let host_paths = host_paths(facts);
    let mut found = Vec::new();
    for report in &reports {
        let node = nodes::of_report(report);
        let path = report.root.str_at(&["path"]).unwrap_or("");
        let size = report.root.int_at(&["size"]).unwrap_or(0);
        let subject = Identity::new("Node", "", node);
        let mut fields = vec![
            ("node", Node::text(node)),
            ("path", Node::text(path)),
            ("size", Node::number(size)),
            #[allow(clippy::cast_precision_loss, reason = "for people")]
            ("shown", Node::text(quantity::show_bytes(size as f64))),
        ];
        fields.push(("leaf", Node::flag(is_leaf(&reports, report, path, size))));
        let disk = disks
            .get(node)
            .into_iter()
            .flatten()
            .filter(|(mount, _)| within(path, mount))
            .max_by_key(|(mount, _)| mount.len());
        if let Some((mount, total)) = disk {
            fields.push(("mount", Node::text(mount.as_str())));
            if *total > 0 {
                let percent = i128::from(size) * 100 / i128::from(*total);
                let percent = i64::try_from(percent).unwrap_or(i64::MAX);
                fields.push(("percent", Node::number(percent)));
            }
        }
        let owner = owner(facts, &by_uid, path).or_else(|| {
            let pods = host_paths.get(node)?;
            let (_, pod) = pods.iter().find(|(volume, _)| within(path, volume))?;
            let subject = &facts.get(*pod).subject;
            Some((subject.namespace.to_string(), subject.name.to_string()))
        });
        if let Some((namespace, pod)) = owner {
            fields.push(("namespace", Node::text(namespace)));
            fields.push(("pod", Node::text(pod)));
        }
        let place = nodes::cite(report, "size");
        let entity = Entity::computed("DirectoryUse", subject.clone(), fields).cited("", place);
        found.push((entity, subject));
    }
    for (entity, subject) in found {
        facts.push_derived(entity, &[&subject]);
    }
}

/// Whether a path is a directory or lies below it.
fn within(path: &str, directory: &str) -> bool {
    let directory = directory.trim_end_matches('/');
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether no directory below it that was shown holds most of it: the place to look at.
fn is_leaf(reports: &[&HostReport], of: &HostReport, path: &str, size: i64) -> bool {
    reports
        .iter()
        .filter(|report| report.node == of.node)
        .all(|report| {
            let below = report.root.str_at(&["path"]).unwrap_or("");
            let held = report.root.int_at(&["size"]).unwrap_or(0);
            below == path || !within(below, path) || held < size / 2
        })
}

/// Mount points with their sizes, by node.
fn disks(facts: &Facts<'_>) -> HashMap<String, Vec<(String, i64)>> {
    let mut found: HashMap<String, Vec<(String, i64)>> = HashMap::new();
    for id in facts.of_kind("Filesystem") {
        let disk = facts.get(*id);
        let mount = disk.str_at(&["mount"]).unwrap_or("");
        let size = disk.int_at(&["size"]).unwrap_or(0);
        found
            .entry(disk.str_at(&["node"]).unwrap_or("").to_owned())
            .or_default()
            .push((mount.to_owned(), size));
    }
    found
}

/// Directories of a node that its pods mount, by node; the root and the like say nothing.
fn host_paths(facts: &Facts<'_>) -> HashMap<String, Vec<(String, EntityId)>> {
    let mut found: HashMap<String, Vec<(String, EntityId)>> = HashMap::new();
    for id in facts.of_kind("Pod") {
        let pod = facts.get(*id);
        let (Some(root), Some(node)) = (pod.root(), pod.str_at(&["spec", "nodeName"])) else {
            continue;
        };
        for volume in root.items_at(&["spec", "volumes"]) {
            let path = volume.str_at(&["hostPath", "path"]).unwrap_or("");
            let path = path.trim_end_matches('/');
            // Agents read all logs; who mounts a directory of its own writes there.
            let shared = matches!(
                path,
                "/var/log/pods" | "/var/log/containers" | "/var/lib/kubelet" | "/var/lib/docker"
            );
            if path.matches('/').count() >= 3 && !shared {
                found
                    .entry(node.to_owned())
                    .or_default()
                    .push((path.to_owned(), *id));
            }
        }
    }
    found
}

/// Namespace and name of the pod that a directory belongs to.
fn owner(
    facts: &Facts<'_>,
    by_uid: &HashMap<&str, EntityId>,
    path: &str,
) -> Option<(String, String)> {
    if let Some((_, rest)) = path.split_once("/var/log/pods/") {
        // <namespace>_<pod>_<uid>
        let mut parts = rest.split('/').next()?.split('_');
        return Some((parts.next()?.to_owned(), parts.next()?.to_owned()));
    }
    let (_, rest) = path.split_once("/kubelet/pods/")?;
    let pod = facts.get(*by_uid.get(rest.split('/').next()?)?);
    Some((
        pod.subject.namespace.to_string(),
        pod.subject.name.to_string(),
    ))
}
