//! Turns documents into Kubernetes objects: lists unrolled, kinds and names settled, duplicates merged.

use std::collections::BTreeMap;

use coldcase_bundle::FileId;

use crate::{
    layouts,
    node::{Node, Value},
};

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
    ("certificatesigningrequests", "CertificateSigningRequest"),
    ("clusterrolebindings", "ClusterRoleBinding"),
    ("clusterroles", "ClusterRole"),
    ("configmaps", "ConfigMap"),
    ("controllerrevisions", "ControllerRevision"),
    ("cronjobs", "CronJob"),
    ("csidrivers", "CSIDriver"),
    ("csinodes", "CSINode"),
    ("custom-resource-definitions", "CustomResourceDefinition"),
    ("customresourcedefinitions", "CustomResourceDefinition"),
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
    ("ingress-classes", "IngressClass"),
    ("ingressclasses", "IngressClass"),
    ("ingresses", "Ingress"),
    ("jobs", "Job"),
    ("leases", "Lease"),
    ("limitranges", "LimitRange"),
    (
        "mutating-webhook-configurations",
        "MutatingWebhookConfiguration",
    ),
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
        "validating-webhook-configurations",
        "ValidatingWebhookConfiguration",
    ),
    (
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
    ),
    ("volumeattachments", "VolumeAttachment"),
];

/// Short names that people and tools put into commands and file names.
const SHORT: &[(&str, &str)] = &[
    ("cm", "ConfigMap"),
    ("hpa", "HorizontalPodAutoscaler"),
    ("netpol", "NetworkPolicy"),
    ("pdb", "PodDisruptionBudget"),
    ("pdbs", "PodDisruptionBudget"),
    ("pv", "PersistentVolume"),
    ("pvc", "PersistentVolumeClaim"),
    ("rc", "ReplicationController"),
    ("rs", "ReplicaSet"),
    ("sts", "StatefulSet"),
    ("svc", "Service"),
];

/// The kind that a resource's name stands for: plural, with dashes, short, or the kind's own, in any case.
pub fn kind_of_resource(word: &str) -> Option<&'static str> {
    let look = |word: &str| {
        RESOURCES
            .iter()
            .chain(SHORT)
            .find(|(resource, kind)| *resource == word || kind.eq_ignore_ascii_case(word))
            .map(|(_, kind)| *kind)
    };
    look(word).or_else(|| look(&word.to_ascii_lowercase()))
}

/// The kind that a path speaks of: by its file name, else by its directory (`pods/shop.json`), else
/// by the command that a file name spells (`kubectl_get_-o_json_--namespace_shop_pvc`).
pub fn kind_of_path(path: &str) -> Option<&'static str> {
    let mut parts = path.rsplit('/');
    let name = parts.next()?;
    let Some(stem) = name
        .strip_suffix(".yaml")
        .or_else(|| name.strip_suffix(".yml"))
        .or_else(|| name.strip_suffix(".json"))
    else {
        let words = name.starts_with("kubectl_") || name.starts_with("oc_");
        return words
            .then(|| name.rsplit('_').next().and_then(kind_of_resource))
            .flatten();
    };
    kind_of_resource(stem)
        .or_else(|| {
            stem.split_once('.')
                .and_then(|(resource, _)| kind_of_resource(resource))
        })
        .or_else(|| kind_of_resource(parts.next()?))
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
    let document = layouts::go::normalise(document);
    let path_kind = kind_of_path(path);
    let version = document.str_at(&["apiVersion"]).unwrap_or("").to_owned();
    let kind = document.str_at(&["kind"]).unwrap_or("").to_owned();
    let (items, list_kind) = match document.value {
        Value::Seq(items) => (items.into_vec(), path_kind.map(str::to_owned)),
        Value::Map(mut entries)
            if kind == "List"
                || (kind.ends_with("List") || kind.is_empty())
                    && entries.iter().any(|(key, _)| key == "items") =>
        {
            let items = entries
                .iter_mut()
                .find(|(key, _)| key == "items")
                .map(|(_, node)| std::mem::take(node))
                .map_or_else(Box::default, |node| match node.value {
                    Value::Seq(items) => items,
                    _ => Box::default(),
                });
            let own = kind
                .strip_suffix("List")
                .filter(|kind| !kind.is_empty())
                .map(|kind| qualify(kind, &version));
            (
                items.into_vec(),
                own.or_else(|| path_kind.map(str::to_owned)),
            )
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
    let single = layouts::insights::kind_of(path).filter(|_| list_kind.is_none());
    let default = list_kind
        .clone()
        .or(single.map(str::to_owned))
        .unwrap_or_default();
    let found: Vec<Object> = items
        .into_iter()
        .enumerate()
        .filter_map(|(index, item)| {
            let item = layouts::insights::whole_event(item, &default, file, index);
            object(item, &default, file)
        })
        .collect();
    (found, list_kind)
}

/// A kind as [`Object::kind`] has it: bare in Kubernetes' own groups, else with its group.
pub fn qualify(kind: &str, api_version: &str) -> String {
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
        !self.partial
            && self.uid.is_empty()
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

/// Keeps one object for each kind, namespace and name: a whole one before a partial one, then the
/// newest resource version, else the first path. Partial ones of one file are joined.
pub fn merge(objects: Vec<Object>) -> Vec<Object> {
    let mut best: BTreeMap<(String, String, String), Object> = BTreeMap::new();
    for object in objects {
        let key = (
            object.kind.clone(),
            object.namespace.clone(),
            object.name.clone(),
        );
        let Some(old) = best.get_mut(&key) else {
            best.insert(key, object);
            continue;
        };
        if old.partial && object.partial {
            join(old, object);
        } else if rank(old) < rank(&object) {
            *old = object;
        }
    }
    best.into_values().collect()
}

fn rank(object: &Object) -> (bool, u64, std::cmp::Reverse<FileId>) {
    (
        !object.partial,
        object.version(),
        std::cmp::Reverse(object.file),
    )
}

/// Two texts about one object. Within a file the later says more of the same; of two files the
/// fuller one is kept whole, since a tree has one file to be quoted from.
fn join(old: &mut Object, new: Object) {
    if old.file == new.file {
        if old.uid.is_empty() {
            old.uid.clone_from(&new.uid);
        }
        overlay(&mut old.root, new.root);
    } else if old.root.size() < new.root.size() {
        *old = new;
    }
}

fn overlay(old: &mut Node, new: Node) {
    match (&mut old.value, new.value) {
        (Value::Map(entries), Value::Map(more)) => {
            let mut joined = std::mem::take(entries).into_vec();
            for (key, node) in more {
                match joined.iter_mut().find(|(name, _)| *name == key) {
                    Some((_, old)) => overlay(old, node),
                    None => joined.push((key, node)),
                }
            }
            *entries = joined.into();
        }
        // A table's `<none>` does not take back what a description spelled out.
        (Value::Map(_) | Value::Seq(_), Value::Null) => {}
        (_, value) => {
            old.value = value;
            old.line = new.line;
            old.more_lines = new.more_lines;
        }
    }
}
