"""I15: a Job with a far too large parallelism takes every pod address, every database connection and the memory of two nodes."""

import background as bg
import trouble
from kube import at, container, http_probe, number, parse, sec, stamp, suffix, tcp_probe, template

STARTED = at("18:30:05")
NODES = bg.WORKERS + ("node-worker-4", "node-worker-5")
NO_ADDRESS = ('Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "%s": plugin '
              'type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container')


def main():
    """Captured at 19:04; the Job wants 1500 pods, and 58 exist."""
    c = bg.cluster("i15", 33, 3, at("19:04:20"), "food-prod", extra=("node-worker-4", "node-worker-5"))
    runaway(c)
    database(c)
    orders(c)
    for name, since in (("node-worker-4", at("18:55:12")), ("node-worker-5", at("18:57:40"))):
        node = c.find("nodes", None, name)
        trouble.condition(node, "MemoryPressure", "True", "KubeletHasInsufficientMemory", "kubelet has insufficient memory "
                          "available", since - sec(190))
        trouble.taint(node, "memory-pressure", ["NoSchedule"], since - sec(190))
        trouble.condition(node, "Ready", "False", "KubeletNotReady", "PLEG is not healthy: pleg was last seen active 3m11s ago; "
                          "threshold is 3m0s", since)
        trouble.taint(node, "not-ready", ["NoSchedule", "NoExecute"], since)
        c.event(node, "NodeHasInsufficientMemory", "Node %s status is now: NodeHasInsufficientMemory" % name, since - sec(190),
                host=name)
        c.event(node, "NodeNotReady", "Node %s status is now: NodeNotReady" % name, since + sec(2), comp="node-controller")
        trouble.not_ready_pods(c, node, since + sec(2))
        c.more_node_files[(name, "meminfo.txt")] = ("cat /proc/meminfo", trouble.meminfo(32779080, 310224))
    return c


def runaway(c):
    """The Job of marketing: `parallelism: 1500`."""
    made = at("2026-06-22 11:00")
    c.namespace("marketing", made)
    name, uid = "recalc", c.uid("Job", "marketing", "recalc", stamp(STARTED))
    labels = {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name, "controller-uid": uid,
              "job-name": name}
    tpl = template(labels, container("recalc", bg.REG + "marketing/recalc:0.3.0", env=[("BATCH", "all")],
                                     requests={"cpu": "10m", "memory": "16Mi"}), restartPolicy="Never")
    job = c.add("jobs", "marketing", name, STARTED, labels=labels, spec={
        "backoffLimit": 6, "completionMode": "NonIndexed", "completions": 20000, "manualSelector": False,
        "parallelism": 1500, "podReplacementPolicy": "TerminatingOrFailed",
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}, "suspend": False, "template": tpl},
        status={"active": 58, "ready": 42, "startTime": stamp(STARTED), "terminating": 0, "uncountedTerminatedPods": {}})
    job["metadata"]["generation"] = 1
    stuck = at("18:41:10")
    for i in range(58):
        waits = i >= 42
        node = NODES[i % 5]
        when = stuck + sec(4 * (i - 42)) if waits else STARTED + sec(9 * i // 2)
        pod = c.pod("marketing", "%s-%s" % (name, suffix(5, c.seed, "recalc", i)), tpl, node, when, owner=job,
                    generate=name + "-", events=False)
        if waits:
            trouble.creating(c, pod, when)
            if i % 2:
                text = NO_ADDRESS % c.container_id(pod["metadata"]["uid"], "sandbox", 0)
                c.event(pod, "FailedCreatePodSandBox", text, when + sec(3), c.now - sec(9 + i % 20), 90 + i % 9,
                        kind="Warning", host=node)
    c.event(job, "SuccessfulCreate", "(combined from similar events): Created pod: " + pod["metadata"]["name"], STARTED + sec(5),
            stuck + sec(120), 58, comp="job-controller")


def database(c):
    """The orders' database: all of its connections are taken."""
    made = at("2026-03-02 09:00")
    c.namespace("orders", made)
    tpl = template({"app": "db"}, container("postgres", bg.REG + "orders/postgres:16.4", [("pg", 5432)],
                                            requests={"cpu": "500m", "memory": "1Gi"}, limits={"memory": "4Gi"},
                                            readiness=tcp_probe("pg")))
    pod = c.statefulset("orders", "db", tpl, made, [("node-worker-1", made, {})], "db")[0]
    begun = parse(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
    c.log(pod, "postgres", [(begun, "{iso} LOG:  database system is ready to accept connections")] + [
        (at("18:38:02") + sec(19 * i), "{iso} [%d] FATAL:  sorry, too many clients already" % (41200 + 7 * i)) for i in range(80)])
    c.service("orders", "db", {"app": "db"}, [("pg", 5432, "pg")], made)


def orders(c):
    """The shop's orders: rolled out at 17:50, well until 18:38."""
    made, rolled = at("2026-03-02 09:05"), at("17:50:00")

    def version(tag):
        return template({"app": "orders"}, container(
            "orders", bg.REG + "orders/orders:" + tag, [("http", 8080)], requests={"cpu": "250m", "memory": "256Mi"},
            limits={"memory": "768Mi"}, readiness=http_probe("/ready", "http")))
    rs = c.deployment("orders", "orders", version("6.1.0"), 3, made, revision=40, rs_created=rolled,
                      old=[("6c8d7f9b54", version("6.0.9"), 39, at("2026-07-10 14:00"))],
                      progress=("NewReplicaSetAvailable", rolled + sec(64)), available_since=at("18:38:40"))
    for i, node in enumerate(("node-worker-1", "node-worker-1", "node-worker-2")):
        pod = c.owned_pods(rs, [(suffix(5, c.seed, "orders", i), node, rolled + sec(20 * i), {
            "ready": False, "ready_at": at("18:38:3%d" % i), "start": rolled + sec(20 * i + 4), "events": False})])[0]
        name = pod["metadata"]["name"]
        c.event(pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", at("18:38:10"), c.now - sec(4),
                160, kind="Warning", host=node, container_name="orders")
        lines = [(rolled + sec(20 * i + 5), "{iso} INFO orders 6.1.0 listening on :8080")]
        for k in range(60):
            when = at("18:20:00") + sec(44 * k + number(30, name, k))
            if when < c.now:
                lines.append((when, "{iso} INFO POST /orders 201 %dms" % (20 + number(50, name, "m", k)) if when < at("18:38:00")
                              else "{iso} ERROR POST /orders 503: connection pool exhausted, waited 5000ms for a connection to "
                              "db.orders.svc.cluster.local:5432"))
        c.log(pod, "orders", lines)
    c.service("orders", "orders", {"app": "orders"}, [("http", 80, "http")], made)
    controller = bg.ingress_nginx(c, "node-worker-1")
    bg.ingress(c, "orders", "orders", "orders.example.com", "orders", "http", made)
    lines = [(at("2026-06-02 11:20:09"), "NGINX Ingress controller")]
    for i in range(40):
        when = at("18:30:10") + sec(51 * i)
        bad = when > at("18:38:40")
        if when < c.now:
            lines.append((when, '10.20.0.80 - - [{clf}] "POST /orders HTTP/2.0" %s "-" "app/9.1" 611 0.00%d [orders-orders-http] '
                          "[] %s%032x" % ("503 592" if bad else "201 311", 1 + number(8, i), "- - - - " if bad else
                                          "10.244.1.40:8080 311 0.030 201 ", number(2 ** 47, "r", i))))
    c.log(controller, "controller", lines)
