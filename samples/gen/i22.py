"""I22: a nodeSelector sends a pod to zone b, and its volume exists in zone a."""

import background as bg
from kube import at, container, sec, template

SAID = ("0/5 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 node(s) didn't "
        "match Pod's node affinity/selector, 2 node(s) had volume node affinity conflict. preemption: 0/5 nodes are "
        "available: 5 Preemption is not helpful for scheduling.")


def main():
    """Captured at 11:46; the selector came with the change of 11:20."""
    c = bg.cluster("i22", 32, 6, at("11:46:03"), "ledger-prod", drivers=["block.csi.example.com"],
                   more={"node-worker-4": {"drivers": ["block.csi.example.com"]}})
    c.focus = {"ledger"}
    bg.storage(c)
    made = at("2026-03-11 10:00")
    c.namespace("ledger", made)
    bg.claim(c, "ledger", "data-ledger-0", "80Gi", made + sec(2), "node-worker-3", labels={"app": "ledger"})
    c.objects["volumeattachments"].clear()
    tpl = template({"app": "ledger"}, container(
        "ledger", bg.REG + "ledger/ledger:8.1.3", [("http", 8080)], requests={"cpu": "500m", "memory": "1Gi"},
        limits={"memory": "2Gi"}, mounts=[{"mountPath": "/var/lib/ledger", "name": "data"}]),
        nodeSelector={"topology.kubernetes.io/zone": "eu-1b"})
    asked = at("11:20:31")
    pod = c.statefulset("ledger", "ledger", tpl, made, [(None, asked, {"unscheduled": SAID})], "ledger",
                        claims=[("data", "block-ssd", "80Gi")])[0]
    sts = c.objects["statefulsets"][-1]
    c.change[id(sts)] = ("kubectl-edit", at("11:20:02"), {"f:spec": {"f:template": {"f:spec": {"f:nodeSelector": {
        ".": {}, "f:topology.kubernetes.io/zone": {}}}}}})
    c.event(sts, "SuccessfulCreate", "create Pod ledger-0 in StatefulSet ledger successful", asked, comp="statefulset-controller")
    c.scheduler_event(pod, "FailedScheduling", SAID, asked + sec(1), "Scheduling", "Warning", series=(6, at("11:45:40")))
    gone = {"apiVersion": "v1", "fieldPath": "spec.containers{ledger}", "kind": "Pod", "name": "ledger-0", "namespace": "ledger",
            "resourceVersion": c.rv(made, "gone"), "uid": c.uid("gone", "ledger-0")}
    c.event(None, "Killing", "Stopping container ledger", at("11:20:04"), host="node-worker-3", deleted_ref=gone)
    c.service("ledger", "ledger", {"app": "ledger"}, [("http", 8080, 8080)], made, headless=True)
    return c
