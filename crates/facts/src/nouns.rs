//! The nouns of the rule language: where each relation leads, and which source it needs.

/// A noun of the rule language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relation {
    /// The noun.
    pub noun: &'static str,
    /// Kinds it leads to.
    pub to: &'static [&'static str],
    /// Kind whose lists it needs.
    pub source: &'static str,
    /// What it leads to, in words.
    pub meaning: &'static str,
}

const fn relation(
    noun: &'static str,
    to: &'static [&'static str],
    source: &'static str,
    meaning: &'static str,
) -> Relation {
    Relation {
        noun,
        to,
        source,
        meaning,
    }
}

/// Every relation. `log`, `journal`, `target` and the denials are answered by the rules crate, which owns the lines.
pub const NOUNS: &[Relation] = &[
    relation(
        "pod",
        &["Pod"],
        "Pod",
        "pods that it selects, owns, runs, reads or is part of",
    ),
    relation(
        "container",
        &["Container"],
        "Pod",
        "containers of its pods; of a line or event the one that it is about",
    ),
    relation(
        "node",
        &["Node"],
        "Node",
        "nodes on which its pods run; of a volume or line its own",
    ),
    relation(
        "workload",
        &["Workload"],
        "Pod",
        "topmost owners of its pods",
    ),
    relation(
        "owner",
        &[
            "ReplicaSet",
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "Job",
            "CronJob",
            "Node",
            "Other",
        ],
        "ReplicaSet",
        "its direct owner",
    ),
    relation(
        "replicaset",
        &["ReplicaSet"],
        "ReplicaSet",
        "ReplicaSets of a Deployment, or of its pods",
    ),
    relation(
        "event",
        &["Event"],
        "Event",
        "events about it, and about what it is made of",
    ),
    relation(
        "log",
        &["LogLine"],
        "logs",
        "lines of the logs of its containers that the step's pattern hits",
    ),
    relation(
        "journal",
        &["JournalLine"],
        "journal",
        "lines of the journals of its nodes that the step's pattern hits",
    ),
    relation(
        "service",
        &["Service"],
        "Service",
        "Services that select its pods, or that it names",
    ),
    relation(
        "endpointslice",
        &["EndpointSlice"],
        "EndpointSlice",
        "EndpointSlices of its Services",
    ),
    relation(
        "ingress",
        &["Ingress"],
        "Ingress",
        "Ingresses that lead to its Services",
    ),
    relation(
        "claim",
        &["PersistentVolumeClaim"],
        "PersistentVolumeClaim",
        "PersistentVolumeClaims of its pods, or of a volume",
    ),
    relation(
        "volume",
        &["PersistentVolume"],
        "PersistentVolume",
        "PersistentVolumes of its claims",
    ),
    relation(
        "class",
        &["StorageClass"],
        "StorageClass",
        "StorageClasses of its claims or volumes",
    ),
    relation(
        "attachment",
        &["VolumeAttachment"],
        "VolumeAttachment",
        "VolumeAttachments of its volumes or nodes",
    ),
    relation(
        "config",
        &["ConfigMap", "Secret"],
        "ConfigMap",
        "ConfigMaps and Secrets that its pods read",
    ),
    relation(
        "policy",
        &["NetworkPolicy"],
        "NetworkPolicy",
        "NetworkPolicies that apply to its pods",
    ),
    relation(
        "quota",
        &["ResourceQuota"],
        "ResourceQuota",
        "ResourceQuotas of its namespace",
    ),
    relation("namespace", &["Namespace"], "Namespace", "its namespace"),
    relation(
        "manifest",
        &["Manifest"],
        "manifests",
        "the manifest of it, or of its pods' workload, where text for people shows only a part of that",
    ),
    relation("sibling", &["Pod"], "Pod", "other pods of the same owner"),
    relation(
        "rollout",
        &["Rollout"],
        "Deployment",
        "the Rollout of its Deployment",
    ),
    relation(
        "miss",
        &["SelectorMiss", "PortMiss"],
        "Service",
        "what a Service's selector or ports miss",
    ),
    relation(
        "missing",
        &["MissingRef"],
        "Pod",
        "references of its pods that lead nowhere",
    ),
    relation("fit", &["NodeFit"], "Node", "why its pods have no node"),
    relation(
        "dnsblock",
        &["DnsBlock"],
        "NetworkPolicy",
        "policies that keep its pods from the cluster's DNS",
    ),
    relation(
        "change",
        &["ConfigChange"],
        "Pod",
        "changes of it, or of the configuration that its pods read",
    ),
    relation(
        "facts",
        &["NodeFacts"],
        "node files",
        "what the files of its nodes say",
    ),
    relation(
        "clock",
        &["NodeClock"],
        "Pod",
        "how far the clock of its node is off",
    ),
    relation(
        "directory",
        &["DirectoryUse"],
        "node files",
        "large directories of its node",
    ),
    relation(
        "stale",
        &["StaleEndpoint"],
        "node files",
        "Services for which its node's rules name addresses that are gone",
    ),
    relation(
        "unit",
        &["Unit"],
        "node files",
        "units of systemd on its nodes",
    ),
    relation(
        "filesystem",
        &["Filesystem"],
        "node files",
        "filesystems of its nodes",
    ),
    relation(
        "certificate",
        &["Certificate"],
        "node files",
        "certificates on its nodes",
    ),
    relation(
        "probe",
        &["Probe"],
        "node files",
        "tries to reach an address from its nodes",
    ),
    relation(
        "alert",
        &["Alert"],
        "alerts",
        "alerts about it, its pods or what stands before them",
    ),
    relation(
        "hpa",
        &["HorizontalPodAutoscaler"],
        "HorizontalPodAutoscaler",
        "HorizontalPodAutoscalers of its workload",
    ),
    relation(
        "pdb",
        &["PodDisruptionBudget"],
        "PodDisruptionBudget",
        "PodDisruptionBudgets of its pods",
    ),
    relation(
        "target",
        &["Service"],
        "Service",
        "the Service that an address or host name in its text stands for",
    ),
    relation(
        "egressdenial",
        &["NetworkPolicy"],
        "NetworkPolicy",
        "the NetworkPolicy that shuts its pod in: no policy of the pod lets it through to the address that its text names",
    ),
    relation(
        "ingressdenial",
        &["NetworkPolicy"],
        "NetworkPolicy",
        "the NetworkPolicy that shuts out: no policy of the pods that its text names admits its pod",
    ),
    relation(
        "egresstarget",
        &["Service"],
        "Service",
        "the Service that its text names and that no policy of its pod lets it through to",
    ),
    relation(
        "ingresstarget",
        &["Service"],
        "Service",
        "the Service that its text names and whose pods have no policy that admits its pod",
    ),
    relation("lease", &["Lease"], "Lease", "the Lease of a node"),
];
