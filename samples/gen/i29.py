"""I29: nodes of a new image have a loopback resolver in resolv.conf, so CoreDNS forwards to itself and stops."""

import background as bg
import extras
from kube import at, backoff_runs, container, http_probe, number, sec, template

STUB = ("# This file is managed by man:systemd-resolved(8). Do not edit.\n#\n# This is a dynamic resolv.conf file for connecting "
        "local clients to the\n# internal DNS stub resolver of systemd-resolved.\n\nnameserver 127.0.0.53\noptions edns0 trust-ad\n"
        "search eu-1.example.internal\n")
NEW = ("node-worker-4", "node-worker-5")


def main():
    """Captured at 05:25; two nodes of the new image joined at 05:00, the two that they replace are cordoned."""
    joined = at("05:00:00")
    cordoned = {"unschedulable": at("05:04:10")}
    c = bg.cluster("i29", 32, 7, at("05:25:00"), "travel-prod", worker_options={"node-worker-1": cordoned, "node-worker-2": cordoned},
                   more={n: {"created": joined + sec(25 * i), "ready_since": joined + sec(40 + 25 * i)} for i, n in enumerate(NEW)})
    c.focus = {"travel"}
    c.no_managed = bg.DULL
    for name in NEW:
        node = c.find("nodes", None, name)
        node["status"]["nodeInfo"].update(kernelVersion="6.14.0-24-generic", osImage="Ubuntu 26.04 LTS")
        c.node_files[name, "resolv.conf"] = STUB
        c.event(node, "Starting", "Starting kubelet.", joined + sec(20), host=name)
        c.event(node, "NodeReady", "Node %s status is now: NodeReady" % name, joined + sec(66), host=name)
    for name in ("node-worker-1", "node-worker-2"):
        c.event(c.find("nodes", None, name), "NodeNotSchedulable", "Node %s status is now: NodeNotSchedulable" % name,
                at("05:04:11"), host=name)
    config = c.find("configmaps", "kube-system", "coredns")
    config["data"]["Corefile"] = "# owner: team network, see RUN-118\n" + config["data"]["Corefile"]
    c.change[id(config)] = ("kubectl-edit", at("04:50:21"), {"f:data": {"f:Corefile": {}}})
    resolver(c)
    clients(c)
    return c


def resolver(c):
    """CoreDNS moved to the new nodes and ends there two seconds after each start."""
    extras.without_pods(c, {p["metadata"]["name"] for p in c.objects["pods"] if p["metadata"]["labels"].get("k8s-app") == "kube-dns"})
    rs = next(r for r in c.objects["replicasets"] if r["metadata"]["labels"].get("k8s-app") == "kube-dns")
    dep = next(d for d in c.objects["deployments"] if d["metadata"]["name"] == "coredns")
    c.progress[id(dep)] = (None, at("05:06:04"))

    def said(port):
        def lines(run, index):
            return [(run[0], ".:53"), (run[0], "[INFO] plugin/reload: Running configuration SHA512 = " + "8c41f0d27a" * 12 + "51c09d77"),
                    (run[0], "CoreDNS-1.11.3"), (run[0], "linux/amd64, go1.21.11, a6338e9"),
                    (run[1], '[FATAL] plugin/loop: Loop (127.0.0.1:%d -> :53) detected for zone ".", see https://coredns.io/plugins/'
                     'loop#troubleshooting. Query: "HINFO 4547991504243258144.3688648895315093531."' % (port + index))]
        return lines
    for n, node in enumerate(NEW):
        born = at("05:06:00") + sec(4 * n)
        c.crash_loop("kube-system", rs["metadata"]["name"] + "-" + ("5jq8k", "w2rfz")[n], rs["spec"]["template"], node, born,
                     backoff_runs(born + sec(5), 2, 2, 7), 1, said(52110 + 700 * n), rs, rs["metadata"]["name"] + "-", pulled=1.402)


def clients(c):
    """An application whose pods cannot resolve names; new connections fail, some readiness probes with them."""
    made = at("2026-05-11 08:00")
    c.namespace("travel", made)
    tpl = template({"app": "booking"}, container(
        "booking", bg.REG + "travel/booking:7.0.2", [("http", 8080)], requests={"cpu": "200m", "memory": "256Mi"},
        limits={"memory": "512Mi"}, readiness=http_probe("/readyz", "http")))
    born = at("2026-07-08 10:00")
    rs = c.deployment("travel", "booking", tpl, 3, made, revision=14, rs_created=born, available_since=at("05:07:10"))
    rows = [("c6mzd", "node-worker-1", False), ("h9x4t", "node-worker-3", False), ("tl2bn", "node-worker-3", True)]
    for i, (tail, node, ready) in enumerate(rows):
        pod = c.owned_pods(rs, [(tail, node, born + sec(i), {} if ready else {"ready": False, "ready_at": at("05:07:02") + sec(3 * i)})])[0]
        ip = pod["status"]["podIP"]
        c.log(pod, "booking", [(at("04:58:00") + sec(31 * k), "{iso} INFO GET /offers 200 %dms" % (30 + number(60, i, k))) for k in range(16)] + [
            (at("05:06:20") + sec(24 * k + 2 * i), "{iso} ERROR fares: dial tcp: lookup fares.travel.svc.cluster.local on 10.96.0.10:53: "
             "read udp %s:%d->10.96.0.10:53: i/o timeout" % (ip, 33000 + number(20000, i, k))) for k in range(44)])
        if not ready:
            c.event(pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", at("05:06:40"), c.now - sec(6), 108,
                    kind="Warning", host=node, container_name="booking")
    c.service("travel", "booking", {"app": "booking"}, [("http", 80, "http")], made)
    c.service("travel", "fares", {"app": "booking"}, [("http", 80, "http")], made)
