//! The words that fill dumps: field names of the Kubernetes API, and values that stand in most objects.
//!
//! They only make packed trees smaller. Any word may be added or left out; a number of one never leaves the process.

/// The number of a word.
pub(super) fn number(text: &str) -> Option<u64> {
    if text.len() > LONGEST {
        return None;
    }
    let text = text.as_bytes();
    let ends = ends(text);
    let mut slot = hash(text.len(), ends) % SLOTS;
    loop {
        let place = TABLE[slot];
        if place == 0 {
            return None;
        }
        let number = u64::from(place) - 1;
        let word = word(number)?.as_bytes();
        // Of most the ends are all there is.
        if word.len() == text.len()
            && self::ends(word) == ends
            && (text.len() <= 16 || word == text)
        {
            return Some(number);
        }
        slot = (slot + 1) % SLOTS;
    }
}

/// The word of a number.
#[inline]
pub(super) fn word(number: u64) -> Option<&'static str> {
    WORDS.get(usize::try_from(number).ok()?).copied()
}

const LONGEST: usize = 64;

/// Several times the words, so that one that is not there is soon known not to be.
const SLOTS: usize = 1 << 12;

/// Numbers of words from 1, by hash; 0 where there is none.
static TABLE: [u16; SLOTS] = table();

const fn table() -> [u16; SLOTS] {
    let mut table = [0; SLOTS];
    let mut number = 0_u16;
    while (number as usize) < WORDS.len() {
        let word = WORDS[number as usize].as_bytes();
        let mut slot = hash(word.len(), ends(word)) % SLOTS;
        while table[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        number += 1;
        table[slot] = number;
    }
    table
}

/// The first and the last eight bytes of a text; of a shorter one what there is of them.
#[inline]
const fn ends(text: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return (first as u64, last as u64);
    }
    match text {
        [] => (0, 0),
        [only] => ((*only as u64) << 8, *only as u64),
        [first, second, ..] => (
            (*first as u64) << 8 | *second as u64,
            text[text.len() - 1] as u64,
        ),
    }
}

/// Of the length, the first and the last bytes: words differ there.
#[allow(clippy::cast_possible_truncation)]
const fn hash(length: usize, (first, last): (u64, u64)) -> usize {
    let mixed =
        (first ^ last.rotate_left(29) ^ (length as u64) << 57).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 40) as usize
}

/// The commonest first: their numbers take one byte.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "name", "apiVersion", "kind", "uid", "status", "type", "namespace", "resourceVersion",
    "metadata", "creationTimestamp", "lastTransitionTime", "labels", "lastProbeTime", "protocol",
    "spec", "key", "port", "ports", "path", "operator", "fieldsType", "manager", "operation",
    "time", "effect", "ownerReferences", "conditions", "image", "controller", "items", "reason",
    "blockOwnerDeletion", "ready", "nodeName", "annotations", "managedFields", "resources",
    "requests", "generation", "generateName", "securityContext", "mountPath", "selector", "ip",
    "observedGeneration", "message", "containerPort", "containers", "imagePullPolicy",
    "terminationMessagePath", "terminationMessagePolicy", "dnsPolicy", "restartPolicy",
    "schedulerName", "terminationGracePeriodSeconds", "readOnly", "volumeMounts", "fieldPath",
    "limits", "addresses", "terminating", "serving", "targetRef", "zone", "targetPort",
    "loadBalancer", "sessionAffinity", "clusterIP", "clusterIPs", "internalTrafficPolicy", "true",
    "None", "True", "TCP", "apps/v1", "Exists", "Pod", "FieldsV1", "Update", "Service", "IPv4",
    "false", "kube-controller-manager", "default-scheduler", "NoExecute", "kubelet", "File",
    "IfNotPresent", "ca.crt", "ClusterFirst", "Always", "kube-proxy", "default",
    "discovery.k8s.io/v1", "ipFamilies", "ipFamilyPolicy", "addressType", "endpoints", "phase",
    "tolerationSeconds", "configMap", "defaultMode", "replicas", "timeoutSeconds",
    "failureThreshold", "periodSeconds", "successThreshold", "eventTime", "reportingInstance",
    "tolerations", "containerID", "fieldRef", "preemptionPolicy", "serviceAccount",
    "serviceAccountName", "httpGet", "scheme", "startTime", "startedAt", "state",
    "enableServiceLinks", "priority", "qosClass", "component", "volumes", "containerStatuses",
    "imageID", "lastState", "restartCount", "started", "hostIP", "hostIPs", "podIP", "podIPs",
    "readinessProbe", "running", "subresource", "projected", "sources", "serviceAccountToken",
    "expirationSeconds", "downwardAPI", "template", "recursiveReadOnly", "host", "source",
    "deprecatedFirstTimestamp", "deprecatedLastTimestamp", "deprecatedSource", "note", "regarding",
    "reportingController", "firstTimestamp", "involvedObject", "lastTimestamp",
    "reportingComponent", "lastHeartbeatTime", "priorityClassName", "lastUpdateTime",
    "availableReplicas", "readyReplicas", "count", "deprecatedCount", "value", "hostNetwork",
    "data", "env", "allocatedResources", "cpu", "user", "linux", "gid", "supplementalGroups",
    "memory", "revisionHistoryLimit", "rollingUpdate", "nodeAffinity", "nodeSelectorTerms",
    "values", "maxSurge", "maxUnavailable", "affinity",
    "requiredDuringSchedulingIgnoredDuringExecution", "names", "sizeBytes", "privileged",
    "matchFields", "updatedReplicas", "features", "command", "progressDeadlineSeconds", "strategy",
    "fullyLabeledReplicas", "finalizers", "address", "valueFrom", "recursiveReadOnlyMounts",
    "userNamespaces", "holderIdentity", "leaseDurationSeconds", "renewTime", "livenessProbe",
    "initialDelaySeconds", "capacity", "allocatable", "args", "drivers", "podCIDR", "podCIDRs",
    "daemonEndpoints", "kubeletEndpoint", "images", "nodeInfo", "architecture", "bootID",
    "containerRuntimeVersion", "kernelVersion", "kubeProxyVersion", "kubeletVersion", "machineID",
    "operatingSystem", "osImage", "systemUUID", "action", "$patch", "revision", "updateStrategy",
    "supplementalGroupsPolicy", "runtimeHandlers", "terminated", "exitCode", "finishedAt",
    "tcpSocket", "currentNumberScheduled", "desiredNumberScheduled", "numberAvailable",
    "numberMisscheduled", "numberReady", "updatedNumberScheduled", "suspend", "hard", "acquireTime",
    "leaseTransitions", "description", "globalDefault", "buildDate", "compiler", "gitCommit",
    "gitTreeState", "gitVersion", "goVersion", "major", "minor", "platform", "terminatingReplicas",
    "currentReplicas", "hostname", "subdomain", "taints", "persistentVolumeClaimRetentionPolicy",
    "whenDeleted", "whenScaled", "podManagementPolicy", "serviceName", "partition",
    "collisionCount", "currentRevision", "updateRevision", "matchExpressions", "accessModes",
    "waiting", "backoffLimit", "completionMode", "completions", "parallelism",
    "podReplacementPolicy", "uncountedTerminatedPods", "manualSelector", "used", "externalName",
    "concurrencyPolicy", "failedJobsHistoryLimit", "jobTemplate", "schedule",
    "successfulJobsHistoryLimit", "completionTime", "succeeded", "lastScheduleTime",
    "lastSuccessfulTime", "clientVersion", "kustomizeVersion", "serverVersion", "secretKeyRef",
    "unavailableReplicas", "storageClassName", "volumeMode", "series", "lastObservedTime",
    "imagePullSecrets", "timeAdded", "persistentVolumeClaim", "claimName", "nodeSelector",
    "claimRef", "csi", "driver", "fsType", "volumeHandle", "required",
    "persistentVolumeReclaimPolicy", "lastPhaseTransitionTime", "volumeName", "nodeID",
    "topologyKeys", "attacher", "persistentVolumeName", "attached", "volumeClaimTemplates",
    "attachRequired", "fsGroupPolicy", "podInfoOnMount", "requiresRepublish", "seLinuxMount",
    "storageCapacity", "volumeLifecycleModes", "matchLabels", "allowVolumeExpansion", "provisioner",
    "reclaimPolicy", "volumeBindingMode", "emulationMajor", "emulationMinor",
    "minCompatibilityMajor", "minCompatibilityMinor", "envFrom", "configMapRef",
    "numberUnavailable", "podSelector", "service", "ingress", "rules", "deletionGracePeriodSeconds",
    "deletionTimestamp", "policyTypes", "unschedulable", "ingressClassName", "http", "paths",
    "backend", "pathType", "resource", "averageUtilization", "active", "namespaceSelector",
    "egress", "to", "maxReplicas", "metrics", "target", "minReplicas", "scaleTargetRef",
    "currentMetrics", "desiredReplicas", "from", "minAvailable", "currentHealthy", "desiredHealthy",
    "disruptionsAllowed", "expectedPods", "initContainers", "initContainerStatuses",
    "ephemeralContainers", "ephemeralContainerStatuses", "resizePolicy", "subPath", "optional",
    "secret", "secretName", "emptyDir", "hostPath", "medium", "sizeLimit", "nfs", "server",
    "gcePersistentDisk", "awsElasticBlockStore", "readOnlyRootFilesystem",
    "allowPrivilegeEscalation", "capabilities", "add", "drop", "runAsUser", "runAsNonRoot",
    "runAsGroup", "fsGroup", "seccompProfile", "seLinuxOptions", "level", "lifecycle", "preStop",
    "postStart", "exec", "grpc", "startupProbe", "hostAliases", "hostnames", "hostPID", "hostIPC",
    "shareProcessNamespace", "dnsConfig", "nameservers", "searches", "options", "priorityClass",
    "preferredDuringSchedulingIgnoredDuringExecution", "podAffinity", "podAntiAffinity",
    "labelSelector", "topologyKey", "weight", "preference", "podAffinityTerm",
    "topologySpreadConstraints", "whenUnsatisfiable", "nodeTaintsPolicy", "minDomains",
    "runtimeClassName", "activeDeadlineSeconds", "ttlSecondsAfterFinished", "overhead", "signal",
    "nominatedNodeName", "resourceFieldRef", "divisor", "configMapKeyRef", "mode", "group",
    "seccomp", "procMount", "windowsOptions", "externalTrafficPolicy", "externalIPs",
    "healthCheckNodePort", "nodePort", "publishNotReadyAddresses", "loadBalancerIP", "ipMode",
    "notReadyAddresses", "subsets", "hints", "forZones", "appProtocol", "tls", "hosts",
    "defaultBackend", "number", "related", "minReadySeconds", "paused", "ordinals", "start",
    "behavior", "scaleUp", "scaleDown", "policies", "stabilizationWindowSeconds", "selectPolicy",
    "lastScaleTime", "currentValue", "averageValue", "disruptedPods", "failed", "ratio", "ipBlock",
    "cidr", "except", "endPort", "verbs", "apiGroups", "resourceNames", "nonResourceURLs",
    "roleRef", "subjects", "secrets", "parameters", "mountOptions", "allowedTopologies",
    "volumeAttributes", "fieldsV1", "last-applied-configuration", "webhooks", "clientConfig",
    "caBundle", "url", "failurePolicy", "matchPolicy", "sideEffects", "admissionReviewVersions",
    "reinvocationPolicy", "objectSelector", "insecureSkipTLSVerify", "groupPriorityMinimum",
    "versionPriority", "versions", "served", "storage", "schema", "openAPIV3Schema", "properties",
    "additionalPrinterColumns", "storedVersions", "acceptedNames", "plural", "singular", "listKind",
    "shortNames", "scope", "conversion", "attachError", "detachError", "attachmentMetadata",
    "binaryData", "immutable", "stringData", "app", "app.kubernetes.io/name",
    "app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/component",
    "app.kubernetes.io/part-of", "app.kubernetes.io/managed-by", "helm.sh/chart", "k8s-app",
    "pod-template-hash", "controller-revision-hash", "pod-template-generation",
    "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "job-name",
    "controller-uid", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name",
    "kubernetes.io/hostname", "kubernetes.io/arch", "kubernetes.io/os",
    "kubernetes.io/service-name", "beta.kubernetes.io/arch", "beta.kubernetes.io/os",
    "topology.kubernetes.io/zone", "topology.kubernetes.io/region",
    "node.kubernetes.io/instance-type", "kubernetes.io/metadata.name",
    "deployment.kubernetes.io/revision", "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas", "kubectl.kubernetes.io/last-applied-configuration",
    "kubectl.kubernetes.io/restartedAt", "prometheus.io/scrape", "prometheus.io/port",
    "prometheus.io/path", "checksum/config", "heritage", "release", "chart", "tier", "version",
    "pods", "ephemeral-storage", "hugepages-1Gi", "hugepages-2Mi", "nvidia.com/gpu", "kernelMemory",
    "role", "team", "endpointslice.kubernetes.io/managed-by",
    "endpoints.kubernetes.io/last-change-trigger-time", "Cluster", "SingleStack", "ClusterIP",
    "EndpointSlice", "endpointslice-controller.k8s.io", "NoSchedule", "kube-root-ca.crt", "Event",
    "Ready", "kube-system", "PreemptLowerPriority", "calico-node", "HTTP", "Burstable",
    "PodScheduled", "Initialized", "ContainersReady", "PodReadyToStartContainers", "Running",
    "ReplicaSet", "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable", "token",
    "metadata.namespace", "Normal", "helm", "List", "Disabled", "False", "Deployment",
    "events.k8s.io/v1", "coredns", "Node", "system-node-critical", "DaemonSet", "RollingUpdate",
    "amd64", "kube-dns", "node.kubernetes.io/unschedulable", "kubernetes",
    "node.kubernetes.io/memory-pressure", "node.kubernetes.io/disk-pressure", "metadata.name",
    "node.kubernetes.io/pid-pressure", "replicaset-controller", "ServiceAccount", "ConfigMap",
    "coordination.k8s.io/v1", "Available", "Progressing", "batch/v1", "NewReplicaSetAvailable",
    "storage.k8s.io/v1", "MinimumReplicasAvailable", "config-volume", "Warning", "Namespace",
    "Active", "kube-node-lease", "Corefile", "kubectl-create", "spec.nodeName",
    "deployment-controller", "Lease", "UDP", "dns", "dns-tcp", "kube-scheduler",
    "system-cluster-critical", "Pulled", "calico-node-", "kube-proxy-", "CSINode",
    "ContainersNotReady", "InternalIP", "Hostname", "CalicoIsUp", "NetworkUnavailable",
    "MemoryPressure", "DiskPressure", "PIDPressure", "KubeletHasSufficientPID", "SuccessfulCreate",
    "KubeletHasNoDiskPressure", "KubeletHasSufficientMemory", "Created", "Started", "KubeletReady",
    "replace", "ControllerRevision", "StatefulSet", "file", "etcd", "control-plane",
    "kube-apiserver", "Killing", "Unhealthy", "Job", "Default", "kube-public",
    "scheduling.k8s.io/v1", "https", "Binding", "Scheduled", "runc", "ingress-nginx", "kubeadm",
    "ScalingReplicaSet", "PodCompleted", "OnFailure", "api", "indexer", "Retain", "Error",
    "Pulling", "CronJob", "PriorityClass", "clean", "linux/amd64", "SuccessfulDelete",
    "block.csi.example.com", "Unknown", "Pending", "Succeeded", "Failed", "CrashLoopBackOff",
    "ContainerCreating", "PodInitializing", "ImagePullBackOff", "ErrImagePull", "OOMKilled",
    "Completed", "BackOff", "FailedMount", "FailedScheduling", "FailedCreate",
    "FailedCreatePodSandBox", "Evicted", "Guaranteed", "BestEffort", "PreferNoSchedule", "Equal",
    "NotIn", "DoesNotExist", "Never", "OnDelete", "Recreate", "Parallel", "OrderedReady",
    "ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod", "Filesystem", "Block",
    "Bound", "Released", "Delete", "Recycle", "Immediate", "WaitForFirstConsumer", "LoadBalancer",
    "NodePort", "ExternalName", "ClientIP", "Local", "IPv6", "DualStack", "PreferDualStack",
    "RequireDualStack", "HTTPS", "SCTP", "RuntimeDefault", "Localhost", "Unconfined", "Ignore",
    "Fail", "NoneOnDryRun", "Ingress", "Egress", "Prefix", "Exact", "ImplementationSpecific",
    "Utilization", "AverageValue", "Opaque", "Role", "ClusterRole", "RoleBinding",
    "ClusterRoleBinding", "PersistentVolumeClaim", "PersistentVolume", "StorageClass",
    "HorizontalPodAutoscaler", "NetworkPolicy", "ResourceQuota", "LimitRange", "Secret",
    "Endpoints", "policy/v1", "networking.k8s.io/v1", "rbac.authorization.k8s.io/v1",
    "autoscaling/v2", "arm64", "containerd", "docker", "100m", "200m", "250m", "500m", "10m", "50m",
    "64Mi", "128Mi", "256Mi", "512Mi", "1Gi", "2Gi", "4Gi", "300", "420", "3607", "600", "600s",
    "25%", "8080", "8443", "9090", "443", "kubectl", "kubectl-client-side-apply", "kubectl-edit",
    "kubectl-rollout", "before-first-apply", "Apply", "Sync", "Synced", "NodeReady", "NodeNotReady",
    "TaintManagerEviction", "node-controller", "taint-eviction-controller", "daemonset-controller",
    "statefulset-controller", "job-controller", "cronjob-controller", "horizontal-pod-autoscaler",
    "persistentvolume-controller", "attachdetach-controller", "endpoint-controller",
    "service-controller", "garbage-collector-controller", "spec.containers{app}", "status.podIP",
    "status.hostIP", "/healthz", "/livez", "/readyz", "/ready", "/health", "tmp", "config",
    "ExternalIP", "InternalDNS", "ExternalDNS", "250Mi", "200Mi",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_has_one_number() {
        for (place, text) in WORDS.iter().enumerate() {
            assert_eq!(number(text), Some(place as u64), "{text} stands twice");
            assert!(text.len() <= LONGEST);
        }
        assert!(WORDS.len() * 3 < SLOTS);
        for text in ["", "x", "not a word", "metadat", "metadata "] {
            assert_eq!(number(text), None);
        }
    }
}
