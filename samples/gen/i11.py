"""I11: debug logs of one exporter fill a node's disk; pods are evicted there, and their successors are bound to come back."""

import background as bg
import trouble
from kube import at, backoff_runs, container, http_probe, number, sec, suffix, template

NODE = "node-worker-2"
FULL = at("13:10:04")
NO_NODE = ("0/4 nodes are available: 2 node(s) didn't match Pod's node affinity/selector, 2 node(s) had untolerated taint(s). "
           "no new claims to deallocate, preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.")


def main():
    """Captured at 13:34."""
    c = bg.cluster("i11", 34, 2, at("13:34:30"), "edge-prod")
    made = at("2026-06-03 10:00")
    c.namespace("ingest", made)
    node = c.find("nodes", None, NODE)
    node["metadata"]["labels"]["ingest.example.com/pool"] = "local-nvme"
    trouble.condition(node, "DiskPressure", "True", "KubeletHasDiskPressure", "kubelet has disk pressure", FULL)
    trouble.taint(node, "disk-pressure", ["NoSchedule"], FULL)
    who = dict(host=NODE)
    c.event(node, "NodeHasDiskPressure", "Node %s status is now: NodeHasDiskPressure" % NODE, FULL, at("13:31:12"), 5, **who)
    c.event(node, "EvictionThresholdMet", "Attempting to reclaim ephemeral-storage", at("13:10:02"), at("13:33:51"), 9,
            kind="Warning", **who)
    c.event(node, "FreeDiskSpaceFailed", "Failed to garbage collect required amount of images. Attempted to free "
            "18236571648 bytes, but only found 0 bytes eligible to free.", at("13:06:31"), at("13:31:33"), 6,
            kind="Warning", **who)
    ingest(c, made)
    exporter(c, made)
    c.node_files[(NODE, "df.txt")] = (
        "Filesystem      Size  Used Avail Use% Mounted on\ntmpfs           3.2G  2.1M  3.2G   1% /run\n"
        "/dev/vda1        97G   41G   56G  43% /\n/dev/nvme1n1    159G  152G  6.6G  96% /var\n"
        "/dev/vda15      105M  6.1M   99M   6% /boot/efi\n")
    return c


def ingest(c, made):
    """Three Deployments whose node affinity leaves them no other node: all fourteen pods were evicted."""
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "ingest.example.com/pool", "operator": "In", "values": ["local-nvme"]}]}]}}}
    born, at_ = at("2026-07-09 07:30"), FULL + sec(41)
    for app, replicas, version in (("collector", 4, "1.9.2"), ("indexer", 6, "4.4.0"), ("spool", 4, "1.1.7")):
        tpl = template({"app": app}, container(
            "app", bg.REG + "ingest/%s:%s" % (app, version), [("http", 8080)],
            requests={"cpu": "100m", "memory": "128Mi"}, limits={"memory": "512Mi"},
            readiness=http_probe("/ready", "http")), affinity=affinity)
        rs = c.deployment("ingest", app, tpl, replicas, made, revision=3, available_since=at_)
        name = rs["metadata"]["name"]
        for i in range(replicas):
            pod = c.pod("ingest", name + "-" + suffix(5, c.seed, app, i), rs["spec"]["template"], NODE, born + sec(i), owner=rs,
                        generate=name + "-", events=False)
            used = "9Gi" if app == "collector" and i == 0 else "%dKi" % (10400 + number(90000, app, i))
            text = ("The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 6Gi. Container app "
                    "was using %s, request is 0, has larger consumption of ephemeral-storage. " % used)
            trouble.evict(pod, at_, text)
            c.event(pod, "Evicted", text, at_, kind="Warning", host=NODE)
            c.event(pod, "Killing", "Stopping container app", at_, host=NODE, container_name="app")
            c.klog(NODE, "kubelet", at_, "I", "eviction_manager.go:627",
                   '"Eviction manager: pod is evicted successfully" pod="ingest/%s"' % pod["metadata"]["name"])
            again = c.pod("ingest", name + "-" + suffix(5, c.seed, app, "again", i), rs["spec"]["template"], None, at_ + sec(1),
                          owner=rs, generate=name + "-", unscheduled=NO_NODE)
            c.event(rs, "SuccessfulCreate", "Created pod: " + again["metadata"]["name"], at_ + sec(1),
                    comp="replicaset-controller")
            c.scheduler_event(again, "FailedScheduling", NO_NODE, at_ + sec(1), "Scheduling", kind="Warning",
                              series=(5, at_ + sec(1230)))
            at_ += sec(17 + number(25, app, i))
        c.service("ingest", app, {"app": app}, [("http", 80, 8080)], made)


def exporter(c, made):
    """The culprit: traces on a hostPath, which nobody accounts to it; its own log is empty."""
    tpl = template({"app": "exporter"}, container(
        "exporter", bg.REG + "ingest/exporter:0.31.0", [("metrics", 9102)], env=[("TRACE_FILE", "/trace/exporter.log")],
        requests={"cpu": "20m", "memory": "64Mi"}, limits={"memory": "256Mi"},
        mounts=[{"mountPath": "/trace", "name": "trace"}]), nodeSelector={"ingest.example.com/pool": "local-nvme"},
        volumes=[{"hostPath": {"path": "/var/log/exporter", "type": "DirectoryOrCreate"}, "name": "trace"}])
    made_now = at("11:41:10")
    rs = c.deployment("ingest", "exporter", tpl, 1, made, revision=8, rs_created=made_now,
                      old=[("5f4b8d6c97", template({"app": "exporter"}, container(
                          "exporter", bg.REG + "ingest/exporter:0.30.4", [("metrics", 9102)],
                          requests={"cpu": "20m", "memory": "64Mi"}, limits={"memory": "256Mi"})), 7, made)],
                      changed=("ci-bot", made_now - sec(1)), progress=("NewReplicaSetAvailable", made_now + sec(4)),
                      available_since=at("13:17:33"))
    name = rs["metadata"]["name"]
    runs = backoff_runs(at("13:17:31"), 2, 2, 7)
    c.crash_loop("ingest", name + "-v7m2k", rs["spec"]["template"], NODE, made_now, runs, 1, lambda run, index: [], rs,
                 name + "-")
    rows = [("118G", "/var/log/exporter"), ("121G", "/var/log"), ("1.1G", "/var/log/journal"), ("1.4G", "/var/log/pods"),
            ("31G", "/var/lib/containerd"), ("22G", "/var/lib/containerd/io.containerd.content.v1.content"),
            ("8.4G", "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs"), ("411M", "/var/lib/kubelet/pods"),
            ("612M", "/var/lib/kubelet")]
    c.more_node_files[(NODE, "du.txt")] = ("du -xh -d2 -t100M /var/log /var/lib/containerd /var/lib/kubelet",
                                           "".join("%s\t%s\n" % row for row in rows))
