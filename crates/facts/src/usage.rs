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
        .filter_map(|id| Some((facts.get(*id).root?.str_at(&["metadata", "uid"])?, *id)))
        .collect();
    let only = nodes::single_node(facts);
    let mut found = Vec::new();
    for report in reports {
        let node = match (report.node.as_str(), &only) {
            ("", Some(only)) => only.as_str(),
            (node, _) => node,
        };
        let path = report.root.str_at(&["path"]).unwrap_or("");
        let size = report.root.int_at(&["size"]).unwrap_or(0);
        let subject = if node.is_empty() {
            Identity::new("DirectoryUse", "", path)
        } else {
            Identity::new("Node", "", node)
        };
        let mut fields = vec![
            ("path", Node::text(path)),
            ("size", Node::number(size)),
            #[allow(clippy::cast_precision_loss, reason = "for people")]
            ("shown", Node::text(quantity::show_bytes(size as f64))),
        ];
        if !node.is_empty() {
            fields.push(("node", Node::text(node)));
        }
        if let Some((namespace, pod)) = owner(facts, &by_uid, path) {
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
    Some((pod.subject.namespace.clone(), pod.subject.name.clone()))
}
