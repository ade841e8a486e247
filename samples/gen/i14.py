"""I14: a crawler with forty thousand connections fills the connection table of one node, and every pod there loses packets."""

from datetime import timedelta

import background as bg
from kube import at, container, http_probe, number, parse, sec, stamp, suffix, template

NODE = "node-worker-3"
FULL = at("15:20:12")


def main():
    """Captured at 15:41."""
    c = bg.cluster("i14", 32, 5, at("15:41:09"), "edge-prod")
    c.focus = {"seo", "gate"}
    made = at("2026-05-11 07:30")
    c.namespace("gate", made)
    tpl = template({"app": "gate"}, container(
        "gate", bg.REG + "gate/gate:4.3.0", [("http", 8080)], env=[("BACKEND", "http://backend.gate.svc.cluster.local")],
        requests={"cpu": "100m", "memory": "128Mi"}, limits={"memory": "256Mi"},
        readiness=http_probe("/ready?deep=1", "http", timeout=2)))
    rolled = at("15:02:30")
    rs = c.deployment("gate", "gate", tpl, 3, made, revision=12, rs_created=rolled,
                      progress=("NewReplicaSetAvailable", at("15:03:20")))
    dep = c.objects["deployments"][-1]
    c.event(dep, "ScalingReplicaSet", c.scaled_text(rs["metadata"]["name"], 3, 2), rolled + sec(21),
            comp="deployment-controller")
    backend = c.deployment("gate", "backend", template({"app": "backend"}, container(
        "backend", bg.REG + "gate/backend:9.0.2", [("http", 8080)], requests={"cpu": "100m", "memory": "128Mi"})), 2, made)
    c.owned_pods(backend, [(None, n, made + sec(i), {}) for i, n in enumerate(bg.WORKERS[:2])])
    c.service("gate", "backend", {"app": "backend"}, [("http", 80, "http")], made)
    ip = c.find("services", "gate", "backend")["spec"]["clusterIP"]
    for i, node in enumerate(bg.WORKERS + (NODE,)):
        if i == 2:
            continue
        sick = node == NODE
        options = {"ready": not sick, "ready_at": FULL + sec(48)} if sick else {}
        pod = c.owned_pods(rs, [(None, node, rolled + sec(7 * i), dict(options, start=rolled + sec(7 * i + 3)))])[0]
        name = pod["metadata"]["name"]
        lines = [(rolled + sec(7 * i + 3), "{iso} INFO gate 4.3.0 listening on :8080")]
        for k in range(44):
            when = at("15:04:10") + sec(50 * k + number(40, name, k))
            if when >= c.now:
                break
            if sick and when > FULL and number(5, name, "lost", k) != 0:
                lines.append((when, "{iso} ERROR GET /cart: Get \"http://backend.gate.svc.cluster.local/cart\": dial tcp %s:80: "
                              "i/o timeout" % ip))
            else:
                lines.append((when, "{iso} INFO GET /cart 200 %dms" % (8 + number(30, name, "ms", k))))
        c.log(pod, "gate", lines)
        if sick:
            c.event(pod, "Unhealthy", 'Readiness probe failed: Get "http://%s:8080/ready?deep=1": context deadline exceeded '
                    "(Client.Timeout exceeded while awaiting headers)" % pod["status"]["podIP"], FULL + sec(20),
                    c.now - sec(7), 118, kind="Warning", host=node, container_name="gate")
    c.service("gate", "gate", {"app": "gate"}, [("http", 80, "http")], made)
    crawler(c)
    for i in range(60):
        when = FULL + sec(21 * i) + timedelta(milliseconds=number(900, "drop", i))
        if when < c.now:
            c.journal(NODE, "kernel", when, "kernel: nf_conntrack: nf_conntrack: table full, dropping packet")
            if i % 3 == 0:
                c.journal(NODE, "kernel", when + sec(5), "kernel: net_ratelimit: %d callbacks suppressed" % (
                    900 + number(3000, "rl", i)))
    c.node_files[(NODE, "conntrack.txt")] = "count 262144\nmax 262144\n"
    return c


def crawler(c):
    """The Job: one pod, started at 15:09, forty thousand connections."""
    c.namespace("seo", at("2026-06-01 08:00"))
    ran = at("15:09:00")
    name = "crawl-links"
    uid = c.uid("Job", "seo", name, stamp(ran))
    labels = {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name, "controller-uid": uid,
              "job-name": name}
    tpl = template(labels, container("crawl", bg.REG + "seo/crawler:0.7.2", args=["--workers=40000", "--keepalive=false"],
                                     requests={"cpu": "500m", "memory": "512Mi"}, limits={"memory": "4Gi"}),
                   restartPolicy="Never")
    job = c.add("jobs", "seo", name, ran, labels=labels, spec={
        "backoffLimit": 2, "completionMode": "NonIndexed", "completions": 1, "manualSelector": False, "parallelism": 1,
        "podReplacementPolicy": "TerminatingOrFailed",
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}, "suspend": False, "template": tpl},
        status={"active": 1, "ready": 1, "startTime": stamp(ran), "terminating": 0, "uncountedTerminatedPods": {}})
    job["metadata"]["generation"] = 1
    pod = c.pod("seo", name + "-" + suffix(5, c.seed, name), tpl, NODE, ran, owner=job, generate=name + "-")
    c.event(job, "SuccessfulCreate", "Created pod: " + pod["metadata"]["name"], ran, comp="job-controller")
    begun = parse(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
    c.log(pod, "crawl", [(begun, "{iso} INFO crawler 0.7.2, 40000 workers, keep-alive off")] + [
        (begun + sec(60 * i + 30), "{iso} INFO %d pages, %d connections opened, %d in flight" % (
            9000 * i, 41000 * i, 40000 if i > 3 else 11000 * i)) for i in range(1, 32)])
