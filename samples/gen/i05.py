"""I05: a default-deny egress policy in namespace orders forgets DNS (and a variant that allows the wrong label)."""

import background as bg
from kube import at, backoff_runs, container, ended, http_probe, number, sec, tcp_probe, template

POLICY = at("11:30:00")


def build(variant):
    """The cluster; with `variant` a second policy allows port 53 to pods that do not exist."""
    c = bg.cluster("i05b" if variant else "i05", 32, 8, at("11:50:12"), "orders-prod", reserved=["10.244.2.9"], coredns_options={
        "start": at("2026-07-13 10:15:08"), "restarts": 1,
        "last": ended(137, "Error", at("2026-04-02 08:01:11"), at("2026-07-13 10:15:06"))})
    c.focus = {"orders"}
    made = at("2026-05-11 08:30")
    c.namespace("orders", made)
    bg.storage(c)
    db = template({"app": "db"}, container(
        "postgres", bg.REG + "db/postgres:16.4", [("postgres", 5432)], requests={"cpu": "500m", "memory": "1Gi"},
        limits={"memory": "2Gi"}, readiness=tcp_probe("postgres"),
        mounts=[{"mountPath": "/var/lib/postgresql/data", "name": "data"}]))
    database = c.statefulset("orders", "db", db, made, [("node-worker-1", made + sec(20), {})], "db",
                             [("data", "block-ssd", "20Gi")])[0]
    bg.claim(c, "orders", "data-db-0", "20Gi", made, "node-worker-1", {"app": "db"})
    c.service("orders", "db", {"app": "db"}, [("postgres", 5432, 5432)], made)
    c.log(database, "postgres", [
        (at("10:30:00") + sec(300 * i), "2026-07-14 %02d:%02d:00 UTC [71] LOG:  checkpoint complete: wrote %d buffers"
         % (10 + (30 + 5 * i) // 60, (30 + 5 * i) % 60, 90 + number(90, i))) for i in range(16)] + [
        (at("11:21:44"), "2026-07-14 11:21:44 UTC [8112] LOG:  duration: 2841.112 ms  statement: SELECT * FROM orders "
         "WHERE status = 'open' ORDER BY created_at")])
    api = template({"app": "orders-api"}, container(
        "api", bg.REG + "orders/api:5.0.3", [("http", 8080)], env=[("DB_HOST", "db.orders.svc.cluster.local")],
        requests={"cpu": "200m", "memory": "256Mi"}, limits={"memory": "512Mi"},
        readiness=http_probe("/readyz", "http"), liveness=http_probe("/livez", "http", delay=20)))
    rs = c.deployment("orders", "orders-api", api, 3, made, revision=14, rs_created=at("2026-07-10 09:00"),
                      progress=("NewReplicaSetAvailable", at("2026-07-10 09:00:52")), available_since=at("11:31:05"))
    day = at("2026-07-10 09:00")
    pods = c.owned_pods(rs, [
        ("7ktm2", "node-worker-1", day, {"ready": False, "ready_at": at("11:30:55")}),
        ("bq9vx", "node-worker-2", day + sec(9), {"ready": False, "ready_at": at("11:31:02"), "ip": "10.244.2.9"}),
        ("w5hdz", "node-worker-3", day + sec(18), {"ready": False, "ready_at": at("11:31:05")})])
    for n, pod in enumerate(pods):
        c.log(pod, "api", api_lines(c, pod, n, day), crlf=n == 1)
        c.event(pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503",
                at("11:30:%02d" % (35 + 4 * n)), c.now - sec(4 + n), 117 - n, kind="Warning",
                host=pod["spec"]["nodeName"], container_name="api")
    worker = template({"app": "orders-worker"}, container(
        "worker", bg.REG + "orders/worker:5.0.3", env=[("DB_HOST", "db.orders.svc.cluster.local")],
        requests={"cpu": "100m", "memory": "128Mi"}, limits={"memory": "256Mi"}))
    wrs = c.deployment("orders", "orders-worker", worker, 1, made, revision=14, rs_created=day,
                       progress=("NewReplicaSetAvailable", day + sec(5)), available_since=at("11:30:41"))
    crashing_worker(c, wrs, day)
    c.service("orders", "orders-api", {"app": "orders-api"}, [("http", 80, "http")], made)
    to_db = {"to": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"port": 5432, "protocol": "TCP"}]}
    deny = c.add("networkpolicies", "orders", "default-deny-egress", POLICY, changed=("kubectl-client-side-apply", POLICY),
                 spec={"egress": [to_db], "podSelector": {}, "policyTypes": ["Egress"]})
    deny["metadata"]["generation"] = 1
    if variant:
        allow = c.add("networkpolicies", "orders", "allow-dns", POLICY, changed=("kubectl-client-side-apply", POLICY),
                      spec={"egress": [{"to": [{
                          "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                          "podSelector": {"matchLabels": {"k8s-app": "coredns"}}}],
                          "ports": [{"port": 53, "protocol": "UDP"}]}], "podSelector": {}, "policyTypes": ["Egress"]})
        allow["metadata"]["generation"] = 1
    for pod in c.objects["pods"]:
        if pod["metadata"].get("generateName", "").startswith("relay-"):
            c.log(pod, "relay", [(at("11:20:00") + sec(200 * i), "{iso} resolved smtp.mail.example.net in %dms, queue empty"
                                  % (1 + number(3, i))) for i in range(9)])
    return c


def main():
    """The policy allows only the database port."""
    return build(False)


def wrong_label():
    """Variant B: port 53 is allowed, but to pods labelled k8s-app=coredns (the real label is kube-dns)."""
    return build(True)


def failure(ip, port):
    """Go's text of a DNS query that nobody answers."""
    return "lookup db.orders.svc.cluster.local on 10.96.0.10:53: read udp %s:%d->10.96.0.10:53: i/o timeout" % (ip, port)


def api_lines(c, pod, n, day):
    """Traffic until the policy, DNS timeouts from 11:30:20 on."""
    ip = pod["status"]["podIP"]
    lines = [(day + sec(10 * n + 4), "{iso} INFO listening on :8080")]
    for i in range(20):
        lines.append((at("11:22:00") + sec(24 * i + n), "{iso} INFO GET /orders 200 %dms" % (12 + number(40, n, i))))
    for i in range(58):
        port = 41022 if n == 1 and i == 0 else 32768 + number(28000, n, i)
        lines.append((at("11:30:20") + sec(20 * i + n), "{iso} ERROR db connect: " + failure(ip, port)))
        if i % 3 == 0:
            lines.append((at("11:30:21") + sec(20 * i + n), "{iso} WARN GET /orders 500 10004ms"))
    return lines


def crashing_worker(c, rs, day):
    """The worker ran for four days, then dies on each start."""
    first_end = at("11:30:40")
    runs = backoff_runs(day + sec(3), int((first_end - day - sec(3)).total_seconds()), 10, 8)
    name = rs["metadata"]["name"]

    def lines(run, index):
        return [(run[0], "{iso} INFO orders-worker 5.0.3 starting"),
                (run[1], "{iso} FATAL cannot reach database: " + failure(c.objects["pods"][-1]["status"]["podIP"],
                                                                        34000 + number(20000, index)))]
    pod = c.crash_loop("orders", name + "-n4c8r", rs["spec"]["template"], "node-worker-3", day, runs, 1, lines, rs, name + "-")
    for e in c.events:
        if e["ref"].get("uid") == pod["metadata"]["uid"] and e["reason"] in ("Created", "Started", "Pulled"):
            e["first"], e["count"] = runs[1][0], e["count"] - 1
