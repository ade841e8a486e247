//! Says which kind a resource's name means on kubectl's command line, and whether the kind lives in namespaces.

use crate::resource;

/// Singular forms that are no kind in lower case.
const SINGULAR: &[(&str, &str)] = &[("endpoint", "Endpoints")];

/// Kinds that `kubectl get all` lists.
pub(super) const ALL: &[&str] = &[
    "Pod",
    "ReplicationController",
    "Service",
    "DaemonSet",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "HorizontalPodAutoscaler",
    "CronJob",
    "Job",
];

/// API groups whose kinds go by their bare name, as far as `resource.group` forms need them.
fn own_group(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io")
}

fn is_version(word: &str) -> bool {
    word.strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The kind of `pods`, `po`, `pod`, `Pod`, `deployments.apps` or `deployment.v1.apps`; other
/// projects' resources are not known.
pub(super) fn kind(word: &str) -> Option<&'static str> {
    let lower = word.to_ascii_lowercase();
    let (name, group) = match lower.split_once('.') {
        Some((name, group)) => (name, group),
        None => (lower.as_str(), ""),
    };
    let group = match group.split_once('.') {
        Some((version, rest)) if is_version(version) => rest,
        None if is_version(group) => "",
        _ => group,
    };
    if group == "metrics.k8s.io" {
        return match name {
            "pods" | "podmetrics" => Some("PodMetrics"),
            "nodes" | "nodemetrics" => Some("NodeMetrics"),
            _ => None,
        };
    }
    if !own_group(group) {
        return None;
    }
    let singular = SINGULAR.iter().find(|(word, _)| *word == name);
    singular
        .map(|(_, kind)| *kind)
        .or_else(|| resource::kind_of_word(name))
}

/// Whether objects of a kind have no namespace.
pub(super) fn cluster_scoped(kind: &str) -> bool {
    resource::of_kind(kind).is_some_and(|known| !known.namespaced)
}

/// Whether a kind is one of Kubernetes' own, so that its scope is certain.
pub(super) fn known(kind: &str) -> bool {
    resource::of_kind(kind).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_kinds() {
        for (word, expected) in [
            ("po", "Pod"),
            ("pods", "Pod"),
            ("pod", "Pod"),
            ("Pod", "Pod"),
            ("deployments.apps", "Deployment"),
            ("replicaset.v1.apps", "ReplicaSet"),
            ("ingresses.networking.k8s.io", "Ingress"),
            ("networkpolicy", "NetworkPolicy"),
            ("storageclass", "StorageClass"),
            ("endpointslice", "EndpointSlice"),
            ("hpa", "HorizontalPodAutoscaler"),
        ] {
            assert_eq!(kind(word), Some(expected), "{word}");
        }
        assert_eq!(kind("services.serving.knative.dev"), None);
        assert_eq!(kind("frobnicators"), None);
        assert!(cluster_scoped("Node") && !cluster_scoped("Pod"));
    }
}
