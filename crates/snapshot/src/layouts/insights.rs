//! insights-operator archives: single objects without a kind, events without a name, gatherers that failed.

use coldcase_bundle::{FileId, Layout, Root};

use crate::{
    coverage::{Coverage, Status},
    node::Node,
    packed::Packed,
};

/// The kind of a single object, which the archive's encoder leaves out, by its place.
pub(crate) fn kind_of(path: &str) -> Option<&'static str> {
    let parts: Vec<&str> = path.split('/').collect();
    let name = parts.last()?;
    if !name.ends_with(".json") {
        return None;
    }
    Some(match parts.as_slice() {
        [.., "config", "pod", _, _] => "Pod",
        [.., "conditional", "namespaces", _, "pods", pod, file]
            if file.strip_suffix(".json") == Some(pod) =>
        {
            "Pod"
        }
        [.., "config", "node", _] => "Node",
        [.., "config", "persistentvolumes", _] => "PersistentVolume",
        [.., "config", "pdbs", _, _] => "PodDisruptionBudget",
        [.., "config", "certificatesigningrequests", _] => "CertificateSigningRequest",
        [.., "config", "storage", "storageclasses", _] => "StorageClass",
        [.., "config", "crd", _] => "CustomResourceDefinition",
        [.., "config", "mutatingwebhookconfigurations", _] => "MutatingWebhookConfiguration",
        [.., "config", "validatingwebhookconfigurations", _] => "ValidatingWebhookConfiguration",
        [.., "config", "version.json"] => "ClusterVersion.config.openshift.io",
        [.., "config", "clusteroperator", _] => "ClusterOperator.config.openshift.io",
        _ => return None,
    })
}

/// Gives a trimmed event (no name, no involved object) the metadata that tells it from the others.
/// Anything else comes back as it is.
pub(crate) fn whole_event(mut item: Packed, kind: &str, file: FileId, index: usize) -> Packed {
    if kind != "Event" || item.get("metadata").is_some() || item.get("reason").is_none() {
        return item;
    }
    let namespace = item.str_at(&["namespace"]).unwrap_or("").to_owned();
    let name = format!("file-{}-item-{}", file.0, index + 1);
    let line = item.line();
    let metadata = Node::map(vec![
        ("name", Node::text(name).at_line(line)),
        ("namespace", Node::text(namespace).at_line(line)),
    ]);
    item.set("metadata", metadata.at_line(line));
    item.set("kind", Node::text("Event"));
    item
}

/// Gatherers with errors, from `insights-operator/gathers.json`.
pub(crate) fn gatherers(document: &Node, path: &str, roots: &[Root], coverage: &mut Coverage) {
    let ours = roots.iter().any(|root| {
        root.layout == Layout::Insights
            && root.strip(path) == Some("insights-operator/gathers.json")
    });
    if !ours {
        return;
    }
    for report in document.items_at(&["status_reports"]) {
        let name = report.str_at(&["name"]).unwrap_or("?");
        let errors: Vec<&str> = report
            .items_at(&["errors"])
            .iter()
            .filter_map(Node::as_str)
            .collect();
        let panic = report.str_at(&["panic"]);
        if let Some(first) = errors.first().copied().or(panic) {
            let refused = super::says_refused(first);
            let status = if refused {
                Status::Refused
            } else {
                Status::Failed
            };
            let line = report.line;
            coverage.note(
                &format!("gatherer {name}"),
                status,
                super::detail(first, path, line),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn kinds_by_place() {
        assert_eq!(kind_of("config/pod/ns/p.json"), Some("Pod"));
        assert_eq!(kind_of("a/config/node/n.json"), Some("Node"));
        assert_eq!(
            kind_of("conditional/namespaces/n/pods/p/p.json"),
            Some("Pod")
        );
        assert_eq!(kind_of("config/pod/ns/logs/p/errors.log"), None);
        assert_eq!(kind_of("pods/p.json"), None);
    }

    #[test]
    fn trimmed_events_do_not_become_one() {
        let text = "[{\"namespace\":\"a\",\"reason\":\"X\",\"message\":\"m\"},\n{\"namespace\":\"a\",\"reason\":\"X\",\"message\":\"n\"}]";
        let names: Vec<String> = json::read(text).0[0]
            .items()
            .iter()
            .enumerate()
            .map(|(index, item)| whole_event(item.into(), "Event", FileId(3), index))
            .map(|item| item.str_at(&["metadata", "name"]).unwrap().to_owned())
            .collect();
        assert_eq!(names, ["file-3-item-1", "file-3-item-2"]);
    }
}
