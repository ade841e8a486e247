"""I16: a node's machine is gone; its volumes stay attached to it, and neither a StatefulSet nor a Deployment can move on."""

import background as bg
import trouble
from kube import at, container, sec, stamp, suffix, tcp_probe, template

NODE = "node-worker-4"
LAST = at("03:11:20")


def main():
    """Captured at 03:52."""
    c = bg.cluster("i16", 32, 6, at("03:52:40"), "ledger-prod", drivers=["block.csi.example.com"], extra=(NODE,))
    c.focus = {"ledger"}
    bg.storage(c)
    made = at("2026-05-07 08:00")
    c.namespace("ledger", made)
    tpl = template({"app": "db"}, container(
        "postgres", bg.REG + "ledger/postgres:16.4", [("pg", 5432)], requests={"cpu": "500m", "memory": "1Gi"},
        limits={"memory": "4Gi"}, readiness=tcp_probe("pg"), mounts=[{"mountPath": "/data", "name": "data"}]))
    pod = c.statefulset("ledger", "db", tpl, made, [(NODE, made, {})], "db", [("data", "block-ssd", "100Gi")])[0]
    bg.claim(c, "ledger", "data-db-0", "100Gi", made, NODE, {"app": "db"})
    c.service("ledger", "db", {"app": "db"}, [("pg", 5432, "pg")], made)
    reports, volume = deployment(c, made)
    node = c.find("nodes", None, NODE)
    trouble.unreachable(c, node, LAST)
    noticed = LAST + sec(50)
    trouble.not_ready_pods(c, node, noticed)
    for gone in (pod, reports):
        deleted = noticed + sec(302)
        gone["metadata"].update(deletionTimestamp=stamp(deleted + sec(30)), deletionGracePeriodSeconds=30)
        gone["status"]["conditions"].append({
            "lastProbeTime": None, "lastTransitionTime": stamp(deleted), "message": "Taint manager: deleting due to NoExecute "
            "taint", "reason": "DeletionByTaintManager", "status": "True", "type": "DisruptionTarget"})
        c.event(gone, "TaintManagerEviction", "Marking for deletion Pod ledger/" + gone["metadata"]["name"], deleted,
                comp="taint-eviction-controller")
        c.event(gone, "NodeNotReady", "Node is not ready", noticed, kind="Warning", comp="node-controller")
    successor(c, reports, volume)
    for name in ("kubelet", "containerd", "kernel"):
        c.journals.pop((NODE, name), None)
    scratch(c)
    c.lost_nodes = {NODE}
    return c


def deployment(c, made):
    """Another workload of the node: a Deployment with one claim, the usual way to a Multi-Attach error."""
    bg.claim(c, "ledger", "reports-data", "20Gi", made, NODE)
    tpl = template({"app": "reports"}, container(
        "reports", bg.REG + "ledger/reports:2.2.1", [("http", 8080)], requests={"cpu": "100m", "memory": "256Mi"},
        mounts=[{"mountPath": "/out", "name": "out"}]), volumes=[
            {"name": "out", "persistentVolumeClaim": {"claimName": "reports-data"}}])
    rs = c.deployment("ledger", "reports", tpl, 1, made, revision=5, strategy={"type": "Recreate"})
    pv = c.find("persistentvolumeclaims", "ledger", "reports-data")["spec"]["volumeName"]
    return c.owned_pods(rs, [(None, NODE, made, {})])[0], pv


def successor(c, old, volume):
    """The Deployment's new pod waits for the volume on a living node."""
    rs = c.find("replicasets", "ledger", old["metadata"]["ownerReferences"][0]["name"])
    when = LAST + sec(353)
    pod = c.pod("ledger", rs["metadata"]["name"] + "-" + suffix(5, c.seed, "next"), rs["spec"]["template"], "node-worker-1", when,
                owner=rs, generate=rs["metadata"]["name"] + "-", events=False)
    trouble.creating(c, pod, when)
    c.event(rs, "SuccessfulCreate", "Created pod: " + pod["metadata"]["name"], when, comp="replicaset-controller")
    c.scheduler_event(pod, "Scheduled", "Successfully assigned ledger/%s to node-worker-1" % pod["metadata"]["name"], when,
                      "Binding")
    c.event(pod, "FailedAttachVolume", 'Multi-Attach error for volume "%s" Volume is already used by pod(s) %s'
            % (volume, old["metadata"]["name"]), when + sec(1), kind="Warning", comp="attachdetach-controller")


def scratch(c):
    """A claim that somebody deleted six days ago; a finished pod still names it, and nobody waits for it."""
    pvc, _ = bg.claim(c, "ledger", "scratch", "5Gi", at("2026-07-01 09:00"), "node-worker-2")
    pvc["metadata"].update(deletionTimestamp="2026-07-08T10:20:31Z", deletionGracePeriodSeconds=0)
    ran = at("2026-07-01 09:01")
    tpl = template({"app": "import"}, container("import", bg.REG + "ledger/import:1.0.0",
                                                mounts=[{"mountPath": "/scratch", "name": "scratch"}]),
                   restartPolicy="Never", volumes=[{"name": "scratch", "persistentVolumeClaim": {"claimName": "scratch"}}])
    c.pod("ledger", "import-once", tpl, "node-worker-2", ran, succeeded=ran + sec(194))
