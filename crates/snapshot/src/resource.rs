//! The resources of the API that go by a bare kind: the one table of their groups, names and scopes.

const ADMISSION: &str = "admissionregistration.k8s.io";
const GATEWAY: &str = "gateway.networking.k8s.io";
const METRICS: &str = "metrics.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const STORAGE: &str = "storage.k8s.io";

/// A resource as API discovery describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// API group, empty for the core.
    pub group: &'static str,
    /// The version that present clusters prefer.
    pub version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Plural, as in paths.
    pub plural: &'static str,
    /// Whether its objects lie in namespaces.
    pub namespaced: bool,
    /// Short names, with commas between them.
    pub short: &'static str,
    /// Categories (`all`), with commas between them.
    pub categories: &'static str,
    /// Whether every cluster has it; the others come with an addon, a feature or a definition.
    pub everywhere: bool,
}

impl Known {
    /// Whether kubectl takes this for a short name of it.
    pub fn has_short(&self, word: &str) -> bool {
        self.short
            .split(',')
            .any(|short| !short.is_empty() && short == word)
    }
}

#[allow(clippy::too_many_arguments)]
const fn row(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    namespaced: bool,
    short: &'static str,
    categories: &'static str,
    everywhere: bool,
) -> Known {
    Known {
        group,
        version,
        kind,
        plural,
        namespaced,
        short,
        categories,
        everywhere,
    }
}

/// Group, version, kind, plural, whether namespaced, short names, categories, whether every cluster has it. Of two with
/// the same plural the one that the bare word means comes first.
#[rustfmt::skip]
pub const ALL: &[Known] = &[
    row("", "v1", "ConfigMap", "configmaps", true, "cm", "", true),
    row("", "v1", "Endpoints", "endpoints", true, "ep", "", true),
    row("", "v1", "Event", "events", true, "ev", "", true),
    row("", "v1", "LimitRange", "limitranges", true, "limits", "", true),
    row("", "v1", "Namespace", "namespaces", false, "ns", "", true),
    row("", "v1", "Node", "nodes", false, "no", "", true),
    row("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true, "pvc", "", true),
    row("", "v1", "PersistentVolume", "persistentvolumes", false, "pv", "", true),
    row("", "v1", "Pod", "pods", true, "po", "all", true),
    row("", "v1", "ReplicationController", "replicationcontrollers", true, "rc", "all", true),
    row("", "v1", "ResourceQuota", "resourcequotas", true, "quota", "", true),
    row("", "v1", "Secret", "secrets", true, "", "", true),
    row("", "v1", "ServiceAccount", "serviceaccounts", true, "sa", "", true),
    row("", "v1", "Service", "services", true, "svc", "all", true),
    row(ADMISSION, "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", false, "", "api-extensions", true),
    row(ADMISSION, "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", false, "", "api-extensions", true),
    row("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false, "crd,crds", "api-extensions", true),
    row("apiregistration.k8s.io", "v1", "APIService", "apiservices", false, "", "api-extensions", true),
    row("apps", "v1", "ControllerRevision", "controllerrevisions", true, "", "", true),
    row("apps", "v1", "DaemonSet", "daemonsets", true, "ds", "all", true),
    row("apps", "v1", "Deployment", "deployments", true, "deploy", "all", true),
    row("apps", "v1", "ReplicaSet", "replicasets", true, "rs", "all", true),
    row("apps", "v1", "StatefulSet", "statefulsets", true, "sts", "all", true),
    row("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true, "hpa", "all", true),
    row("batch", "v1", "CronJob", "cronjobs", true, "cj", "all", true),
    row("batch", "v1", "Job", "jobs", true, "", "all", true),
    row("certificates.k8s.io", "v1", "CertificateSigningRequest", "certificatesigningrequests", false, "csr", "", true),
    row("coordination.k8s.io", "v1", "Lease", "leases", true, "", "", true),
    row("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", true, "", "", true),
    row("events.k8s.io", "v1", "Event", "events", true, "ev", "", true),
    row("networking.k8s.io", "v1", "IngressClass", "ingressclasses", false, "", "", true),
    row("networking.k8s.io", "v1", "Ingress", "ingresses", true, "ing", "", true),
    row("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", true, "netpol", "", true),
    row("node.k8s.io", "v1", "RuntimeClass", "runtimeclasses", false, "", "", true),
    row("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", true, "pdb", "", true),
    row(RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", false, "", "", true),
    row(RBAC, "v1", "ClusterRole", "clusterroles", false, "", "", true),
    row(RBAC, "v1", "RoleBinding", "rolebindings", true, "", "", true),
    row(RBAC, "v1", "Role", "roles", true, "", "", true),
    row("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", false, "pc", "", true),
    row(STORAGE, "v1", "CSIDriver", "csidrivers", false, "", "", true),
    row(STORAGE, "v1", "CSINode", "csinodes", false, "", "", true),
    row(STORAGE, "v1", "CSIStorageCapacity", "csistoragecapacities", true, "", "", true),
    row(STORAGE, "v1", "StorageClass", "storageclasses", false, "sc", "", true),
    row(STORAGE, "v1", "VolumeAttachment", "volumeattachments", false, "", "", true),
    row(ADMISSION, "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", false, "", "", false),
    row(ADMISSION, "v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", false, "", "", false),
    row(GATEWAY, "v1", "Gateway", "gateways", true, "gtw", "gateway-api", false),
    row(GATEWAY, "v1", "GatewayClass", "gatewayclasses", false, "gc", "gateway-api", false),
    row(GATEWAY, "v1", "HTTPRoute", "httproutes", true, "", "gateway-api", false),
    row(METRICS, "v1beta1", "NodeMetrics", "nodes", false, "", "", false),
    row(METRICS, "v1beta1", "PodMetrics", "pods", true, "", "", false),
    row("resource.k8s.io", "v1", "DeviceClass", "deviceclasses", false, "", "", false),
    row("resource.k8s.io", "v1", "ResourceClaim", "resourceclaims", true, "", "", false),
    row("resource.k8s.io", "v1", "ResourceSlice", "resourceslices", false, "", "", false),
    row("", "v1", "ComponentStatus", "componentstatuses", false, "cs", "", false),
    row("", "v1", "PodTemplate", "podtemplates", true, "", "", false),
];

/// Other words for them in commands and in the names of files and directories: dashed forms of collectors, singulars
/// that are no kind, and those short names that are hardly anything else there.
const ALIASES: &[(&str, &str)] = &[
    ("cm", "ConfigMap"),
    ("custom-resource-definitions", "CustomResourceDefinition"),
    ("events.events.k8s.io", "Event"),
    ("hpa", "HorizontalPodAutoscaler"),
    ("ingress-classes", "IngressClass"),
    (
        "mutating-webhook-configurations",
        "MutatingWebhookConfiguration",
    ),
    ("netpol", "NetworkPolicy"),
    ("network-policy", "NetworkPolicy"),
    ("pdb", "PodDisruptionBudget"),
    ("pdbs", "PodDisruptionBudget"),
    ("pod-disruption-budgets", "PodDisruptionBudget"),
    ("pv", "PersistentVolume"),
    ("pvc", "PersistentVolumeClaim"),
    ("pvcs", "PersistentVolumeClaim"),
    ("pvs", "PersistentVolume"),
    ("rc", "ReplicationController"),
    ("replication-controllers", "ReplicationController"),
    ("resource-quota", "ResourceQuota"),
    ("resource-quotas", "ResourceQuota"),
    ("rs", "ReplicaSet"),
    ("storage-classes", "StorageClass"),
    ("sts", "StatefulSet"),
    ("svc", "Service"),
    (
        "validating-webhook-configurations",
        "ValidatingWebhookConfiguration",
    ),
];

/// The resource of a kind, if it is one of these.
pub fn of_kind(kind: &str) -> Option<&'static Known> {
    ALL.iter().find(|known| known.kind == kind)
}

/// The kind that a resource's name stands for: plural, with dashes, the kind's own in any case, and some short names.
pub fn kind_of_resource(word: &str) -> Option<&'static str> {
    let look = |word: &str| {
        let known = ALL
            .iter()
            .find(|known| known.plural == word || known.kind.eq_ignore_ascii_case(word));
        let alias = || ALIASES.iter().find(|(alias, _)| *alias == word);
        known
            .map(|known| known.kind)
            .or_else(|| alias().map(|(_, kind)| *kind))
    };
    look(word).or_else(|| look(&word.to_ascii_lowercase()))
}

/// The kind of any name that kubectl takes, all short names included.
pub(crate) fn kind_of_word(word: &str) -> Option<&'static str> {
    let short = ALL.iter().find(|known| known.has_short(word));
    short
        .map(|known| known.kind)
        .or_else(|| kind_of_resource(word))
}

/// The resource name (plural) that belongs to a kind, as `kubectl get` takes it. None for measurements: their plurals
/// are those of what is measured.
pub fn resource_of_kind(kind: &str) -> Option<&'static str> {
    of_kind(kind)
        .filter(|known| known.group != METRICS)
        .map(|known| known.plural)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object;

    #[test]
    fn the_table_agrees_with_itself() {
        for known in ALL {
            let version = format!("{}/{}", known.group, known.version);
            assert_eq!(object::qualify(known.kind, &version), known.kind);
            assert_eq!(kind_of_resource(known.kind), Some(known.kind));
            if known.group != METRICS {
                assert_eq!(kind_of_resource(known.plural), Some(known.kind));
                assert_eq!(resource_of_kind(known.kind), Some(known.plural));
            }
            let many = ALL.iter().filter(|other| {
                (other.group, other.plural) == (known.group, known.plural)
                    || (other.group, other.kind) == (known.group, known.kind)
            });
            assert_eq!(many.count(), 1, "{}", known.kind);
            for short in known.short.split(',').filter(|short| !short.is_empty()) {
                assert_eq!(kind_of_word(short), Some(known.kind));
            }
        }
        for (alias, kind) in ALIASES {
            assert!(of_kind(kind).is_some(), "{kind}");
            assert_eq!(kind_of_word(alias), Some(*kind));
        }
    }

    #[test]
    fn what_collectors_ask_for_is_known() {
        for word in [
            "runtimeclasses",
            "resourceclaims",
            "validatingadmissionpolicies",
            "csistoragecapacities",
        ] {
            assert!(kind_of_resource(word).is_some(), "{word}");
        }
        assert_eq!(kind_of_resource("nodes"), Some("Node"));
        assert_eq!(kind_of_resource("frobnicators"), None);
    }
}
