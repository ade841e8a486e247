#!/usr/bin/env python3
"""Runs `coldcase test` over labelled captures that are not part of the project, where they are present.

    tests/corpus/run.py CORPUS [COLDCASE] [arguments of `coldcase test` …]

CORPUS is a folder that may hold

    cloud-opsbench-dev/truth.tsv    cases of a public benchmark: case, namespace, query, object, root_cause, taxonomy
    cluster/NAME/NAME/bundle        captures of a real cluster with one broken thing each, named after it

The labels name root causes in their own words; the tables below say which of our rules mean the same. For each case a
`truth.yaml` that refers to the capture is written to a temporary folder, and `coldcase test` prints the table by class.
Exits with what `coldcase test` exits with, and with 0 if there is nothing to run.
"""
import csv
import json
import os
import subprocess
import sys
import tempfile

# Root causes of the benchmark, and the rules that name them. Where alerts cannot tell why requests are slow, the right
# answer is the place, and to leave the reason open.
RULES = {
    "containerd_unavailable": ["containerd-down"],
    "image_registry_dns_failure": ["image-registry-unreachable"],
    "incorrect_image_reference": ["image-not-found"],
    "insufficient_node_cpu": ["insufficient-cpu"],
    "insufficient_node_memory": ["insufficient-memory"],
    "kube_scheduler_unavailable": ["scheduler-down", "control-plane-unit-down"],
    "kubelet_unavailable": ["kubelet-down"],
    "liveness_probe_incorrect_port": ["probe-wrong-port-or-path"],
    "liveness_probe_incorrect_protocol": ["probe-wrong-port-or-path"],
    "liveness_probe_incorrect_timing": ["liveness-during-startup", "liveness-probe-kills"],
    "missing_service_account": ["service-account-missing"],
    "namespace_cpu_quota_exceeded": ["quota-exceeded"],
    "namespace_memory_quota_exceeded": ["quota-exceeded"],
    "namespace_pod_quota_exceeded": ["quota-exceeded"],
    "namespace_service_quota_exceeded": ["quota-exceeded", "quota-object-missing"],
    "node_affinity_mismatch": ["node-selector-mismatch"],
    "node_cordoned": ["node-cordoned"],
    "node_network_delay": ["node-packets-lost", "node-network-degraded-but-ready"],
    "node_selector_mismatch": ["node-selector-mismatch"],
    "oom_killed": ["oomkilled-container-limit", "memory-limit-too-low-to-start"],
    "pod_anti_affinity_conflict": ["pod-affinity-conflict"],
    "pod_cpu_overload": ["workload-cpu-throttled"],
    "pod_network_delay": ["slow-requests"],
    "pv_binding_occupied": ["pvc-unbound-mismatch", "pv-released-stuck"],
    "pvc_access_mode_mismatch": ["pvc-unbound-mismatch"],
    "pvc_capacity_mismatch": ["pvc-unbound-mismatch"],
    "pvc_selector_mismatch": ["pvc-unbound-mismatch"],
    "pvc_storage_class_mismatch": ["pvc-unbound-mismatch", "pvc-pending-wrong-class"],
    "readiness_probe_incorrect_port": ["probe-wrong-port-or-path"],
    "readiness_probe_incorrect_protocol": ["probe-wrong-port-or-path"],
    "service_env_var_address_mismatch": ["service-address-mismatch", "dns-nxdomain-wrong-name"],
    "service_port_mapping_mismatch": ["service-targetport-mismatch"],
    "service_selector_mismatch": ["service-selector-mismatch"],
    "taint_toleration_mismatch": ["untolerated-taint"],
    "volume_mount_permission_denied": ["permission-denied-nonroot", "mount-failed", "read-only-filesystem"],
}

# Captures of the cluster by folder; none: nothing is wrong.
CLUSTER = {
    "batch-as-deployment": ["exit-0-completed-restart"],
    "cni-config-missing": ["cni-not-initialized"],
    "containerd-down": ["containerd-down"],
    "crash-missing-env": ["config-missing-env"],
    "evicted-emptydir": ["emptydir-limit-exceeded"],
    "exit-126": ["exit-126-not-executable"],
    "healthy": None,
    "hpa-no-metrics": ["hpa-no-metrics", "apiservice-unavailable"],
    "image-not-found": ["image-not-found"],
    "init-crash": ["init-container-failure"],
    "job-backoff": ["dns-nxdomain-wrong-name", "job-backoff-limit"],
    "liveness-slow-start": ["liveness-during-startup"],
    "missing-configmap": ["createcontainerconfigerror", "configmap-or-secret-missing-volume"],
    "missing-secret-volume": ["configmap-or-secret-missing-volume"],
    "netpol-no-dns": ["dns-blocked-by-networkpolicy"],
    "node-notready": ["kubelet-down", "kernel-panic-or-hang", "node-shutdown"],
    "oom-loop": ["oomkilled-container-limit"],
    "pending-cpu": ["insufficient-cpu"],
    "pending-pvc-no-class": ["pvc-pending-wrong-class"],
    "pending-taint": ["untolerated-taint"],
    "pvc-terminating": ["pvc-terminating"],
    "quota-exceeded": ["quota-exceeded"],
    "readiness-fail": ["readiness-failing", "probe-wrong-port-or-path"],
    "rollout-stuck": ["rollout-new-replicaset-failing", "image-not-found"],
    "sandbox-failure": ["sandbox-creation-failing"],
    "service-selector-typo": ["service-selector-mismatch"],
    "targetport-name": ["service-targetport-mismatch"],
    "webhook-fail": ["webhook-unavailable"],
}


def benchmark(corpus):
    """(name, class, bundle, rules, object) of each labelled case."""
    table = os.path.join(corpus, "cloud-opsbench-dev", "truth.tsv")
    if not os.path.isfile(table):
        return
    with open(table, encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            bundle = os.path.join(corpus, "cloud-opsbench-dev", row["case"])
            if os.path.isdir(bundle):
                rules = RULES.get(row["root_cause"], [])
                kind, _, name = row["object"].partition("/")
                # A quota is an object of its own; the label names only where it is.
                yield row["case"], row["root_cause"], bundle, rules, None if kind == "namespace" else name


def cluster(corpus):
    """The same of the captures of a cluster; the folder says what was broken, and not the object."""
    for name, rules in CLUSTER.items():
        bundle = os.path.join(corpus, "cluster", name, name, "bundle")
        if os.path.isdir(bundle):
            yield "cluster-" + name, "cluster", bundle, rules, None


def truth(cause_class, bundle, rules, name):
    """The text of a truth.yaml; JSON is YAML."""
    document = {"class": cause_class, "bundle": [bundle]}
    if rules is None:
        document["state"] = "nothing_found"
        return json.dumps(document)
    undecidable = rules == ["slow-requests"]
    document["state"] = ["active", "recovered"] + (["inconclusive"] if undecidable else [])
    document["cause"] = {"rule": rules or ["no-rule-for-this"]}
    if name:
        document["cause"]["subject"] = {"name": name}
    return json.dumps(document)


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    corpus = os.path.abspath(sys.argv[1])
    binary = sys.argv[2] if len(sys.argv) > 2 else "coldcase"
    cases = list(benchmark(corpus)) + list(cluster(corpus))
    if not cases:
        print("no labelled captures in", corpus, "- nothing was run")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        for name, cause_class, bundle, rules, subject in cases:
            case = os.path.join(folder, name)
            os.mkdir(case)
            with open(os.path.join(case, "truth.yaml"), "w", encoding="utf-8") as file:
                file.write(truth(cause_class, bundle, rules, subject))
        return subprocess.call([binary, "test", folder, *sys.argv[3:]])


if __name__ == "__main__":
    sys.exit(main())
