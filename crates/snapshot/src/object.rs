//! Turns documents into Kubernetes objects: lists unrolled, kinds and names settled, duplicates merged.

use std::collections::BTreeMap;

use coldcase_bundle::FileId;

use crate::node::{Node, Value};

/// A Kubernetes object as captured.
#[derive(Debug, Clone)]
pub struct Object {
    /// The API's kind; kinds of other projects' groups carry their group (`Ingress.config.openshift.io`).
    pub kind: String,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Empty if the text left it out.
    pub uid: String,
    /// The object's tree.
    pub root: Node,
    /// Where it was read.
    pub file: FileId,
    /// Read from text for people: a missing field is unknown, a null one is known to be absent.
    pub partial: bool,
}

/// API groups whose kinds go by their bare name.
const OWN_GROUPS: &[&str] = &[
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "gateway.networking.k8s.io",
    "metrics.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Resource names as they occur in file names, with their kinds.
const RESOURCES: &[(&str, &str)] = &[
    ("apiservices", "APIService"),
    ("clusterrolebindings", "ClusterRoleBinding"),
    ("clusterroles", "ClusterRole"),
    ("configmaps", "ConfigMap"),
    ("controllerrevisions", "ControllerRevision"),
    ("cronjobs", "CronJob"),
    ("csidrivers", "CSIDriver"),
    ("csinodes", "CSINode"),
    ("daemonsets", "DaemonSet"),
    ("deployments", "Deployment"),
    ("endpoints", "Endpoints"),
    ("endpointslices", "EndpointSlice"),
    ("events", "Event"),
    ("events.events.k8s.io", "Event"),
    ("gatewayclasses", "GatewayClass"),
    ("gateways", "Gateway"),
    ("horizontalpodautoscalers", "HorizontalPodAutoscaler"),
    ("httproutes", "HTTPRoute"),
    ("ingress", "Ingress"),
    ("ingressclasses", "IngressClass"),
    ("ingresses", "Ingress"),
    ("jobs", "Job"),
    ("leases", "Lease"),
    ("limitranges", "LimitRange"),
    (
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
    ),
    ("namespaces", "Namespace"),
    ("network-policy", "NetworkPolicy"),
    ("networkpolicies", "NetworkPolicy"),
    ("nodes", "Node"),
    ("persistentvolumeclaims", "PersistentVolumeClaim"),
    ("persistentvolumes", "PersistentVolume"),
    ("pod-disruption-budgets", "PodDisruptionBudget"),
    ("poddisruptionbudgets", "PodDisruptionBudget"),
    ("pods", "Pod"),
    ("priorityclasses", "PriorityClass"),
    ("pvcs", "PersistentVolumeClaim"),
    ("pvs", "PersistentVolume"),
    ("replicasets", "ReplicaSet"),
    ("replication-controllers", "ReplicationController"),
    ("replicationcontrollers", "ReplicationController"),
    ("resource-quota", "ResourceQuota"),
    ("resource-quotas", "ResourceQuota"),
    ("resourcequotas", "ResourceQuota"),
    ("rolebindings", "RoleBinding"),
    ("roles", "Role"),
    ("secrets", "Secret"),
    ("serviceaccounts", "ServiceAccount"),
    ("services", "Service"),
    ("statefulsets", "StatefulSet"),
    ("storage-classes", "StorageClass"),
    ("storageclasses", "StorageClass"),
    (
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
    ),
    ("volumeattachments", "VolumeAttachment"),
];

/// The kind that a path speaks of: by its file name, else by its directory (`pods/shop.json`).
pub fn kind_of_path(path: &str) -> Option<&'static str> {
    let mut parts = path.rsplit('/');
    let name = parts.next()?;
    let stem = name
        .strip_suffix(".yaml")
        .or_else(|| name.strip_suffix(".yml"))
        .or_else(|| name.strip_suffix(".json"))?;
    let look = |word: &str| {
        RESOURCES
            .iter()
            .find(|(resource, _)| *resource == word)
            .map(|(_, kind)| *kind)
    };
    look(stem)
        .or_else(|| {
            stem.split_once('.')
                .and_then(|(resource, _)| look(resource))
        })
        .or_else(|| look(parts.next()?))
}

/// The kind of a resource name in lower case: plural, or the kind's own name.
pub(crate) fn kind_of_resource(word: &str) -> Option<&'static str> {
    RESOURCES
        .iter()
        .find(|(resource, kind)| *resource == word || kind.eq_ignore_ascii_case(word))
        .map(|(_, kind)| *kind)
}

/// The resource name (plural) that belongs to a kind, as `kubectl get` takes it.
pub fn resource_of_kind(kind: &str) -> Option<&'static str> {
    RESOURCES
        .iter()
        .find(|(resource, other)| {
            *other == kind
                && !resource.contains('-')
                && *resource != "ingress"
                && *resource != "pvcs"
                && *resource != "pvs"
        })
        .map(|(resource, _)| *resource)
}

/// Objects of one document, and the kind if it was a list (an empty list says "captured and none").
pub fn objects(document: Node, path: &str, file: FileId) -> (Vec<Object>, Option<String>) {
    let path_kind = kind_of_path(path);
    let version = document.str_at(&["apiVersion"]).unwrap_or("").to_owned();
    let kind = document.str_at(&["kind"]).unwrap_or("").to_owned();
    let (items, list_kind) = match document.value {
        Value::Seq(items) => (items, path_kind.map(str::to_owned)),
        Value::Map(mut entries)
            if kind == "List"
                || (kind.ends_with("List") || kind.is_empty())
                    && entries.iter().any(|(key, _)| key == "items") =>
        {
            let items = entries
                .iter_mut()
                .find(|(key, _)| key == "items")
                .map(|(_, node)| std::mem::take(node))
                .map_or(Vec::new(), |node| match node.value {
                    Value::Seq(items) => items,
                    _ => Vec::new(),
                });
            let own = kind
                .strip_suffix("List")
                .filter(|kind| !kind.is_empty())
                .map(|kind| qualify(kind, &version));
            (items, own.or_else(|| path_kind.map(str::to_owned)))
        }
        value => (
            vec![Node {
                value,
                line: document.line,
                more_lines: 0,
            }],
            None,
        ),
    };
    let default = list_kind.clone().unwrap_or_default();
    let found: Vec<Object> = items
        .into_iter()
        .filter_map(|item| object(item, &default, file))
        .collect();
    (found, list_kind)
}

fn qualify(kind: &str, api_version: &str) -> String {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    if OWN_GROUPS.contains(&group) {
        kind.to_owned()
    } else {
        format!("{kind}.{group}")
    }
}

fn object(root: Node, default_kind: &str, file: FileId) -> Option<Object> {
    let metadata = root.get("metadata")?;
    let name = metadata.str_at(&["name"])?.to_owned();
    let kind = match root.str_at(&["kind"]) {
        Some(kind) => qualify(kind, root.str_at(&["apiVersion"]).unwrap_or("")),
        None if !default_kind.is_empty() => default_kind.to_owned(),
        None => return None,
    };
    let namespace = metadata.str_at(&["namespace"]).unwrap_or("").to_owned();
    let uid = metadata.str_at(&["uid"]).unwrap_or("").to_owned();
    Some(Object {
        kind,
        namespace,
        name,
        uid,
        root,
        file,
        partial: false,
    })
}

impl Object {
    /// A manifest (something to apply) rather than captured state: the API server never dated it.
    pub fn is_declared(&self) -> bool {
        self.uid.is_empty()
            && self
                .root
                .at(&["metadata", "creationTimestamp"])
                .is_none_or(Node::is_null)
            && self.root.get("status").is_none()
    }

    fn version(&self) -> u64 {
        self.root
            .str_at(&["metadata", "resourceVersion"])
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    }
}

/// Keeps one object for each kind, namespace and name: the newest resource version, else the first path.
pub fn merge(objects: Vec<Object>) -> Vec<Object> {
    let mut best: BTreeMap<(String, String, String), Object> = BTreeMap::new();
    for object in objects {
        let key = (
            object.kind.clone(),
            object.namespace.clone(),
            object.name.clone(),
        );
        match best.get(&key) {
            Some(old)
                if (old.version(), std::cmp::Reverse(old.file))
                    >= (object.version(), std::cmp::Reverse(object.file)) => {}
            _ => {
                best.insert(key, object);
            }
        }
    }
    best.into_values().collect()
}
