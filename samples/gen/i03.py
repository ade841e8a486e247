"""I03: a ConfigMap edit drops a key, so the pod of the next rollout dies on a missing environment variable."""

import background as bg
from kube import at, backoff_runs, container, go_json, http_probe, number, parse, sec, template

CONFIG = {"CHECKOUT_MODE": "standard", "LOG_LEVEL": "info", "PRICING_URL": "http://pricing.shop.svc.cluster.local"}
DB_URL = "postgres://checkout@db.shop.svc.cluster.local:5432/checkout"


def main():
    """Captured at 10:12:20, just after the progress deadline; one log is cut in its last line."""
    c = bg.cluster("i03", 29, 14, at("10:12:20"), "shop-prod")
    c.focus = {"shop"}
    made = at("2026-03-30 08:00")
    c.namespace("shop", made)
    edited = at("10:01:40")
    keys = {"f:data": dict({".": {}}, **{"f:" + k: {} for k in CONFIG})}
    last = {"apiVersion": "v1", "data": dict(CONFIG, PAYMENT_DB_URL=DB_URL), "kind": "ConfigMap",
            "metadata": {"annotations": {}, "name": "checkout-cfg", "namespace": "shop"}}
    c.add("configmaps", "shop", "checkout-cfg", made, data=CONFIG, changed=("ci-bot", edited, keys), annotations={
        "kubectl.kubernetes.io/last-applied-configuration":
        go_json(last).replace("\n", "").replace("    ", "").replace('": ', '":') + "\n"})
    c.add("secrets", "shop", "checkout-signing-key", at("2026-07-11 09:00:12"), type="Opaque",
          data={"current": "", "previous": ""},
          annotations={"rotation.example.com/last-rotated": "2026-07-11T09:00:12Z"})

    def version(tag):
        return template({"app": "checkout"}, container(
            "app", bg.REG + "shop/checkout:" + tag, [("http", 8080)], env_from=["checkout-cfg"],
            env=[("SIGNING_KEY", {"valueFrom": {"secretKeyRef": {"key": "current", "name": "checkout-signing-key"}}})],
            requests={"cpu": "200m", "memory": "256Mi"}, limits={"memory": "512Mi"},
            readiness=http_probe("/readyz", "http", period=5), liveness=http_probe("/livez", "http", delay=20)))
    rolled = at("10:02:00")
    old_made = at("2026-07-08 13:20:05")
    new = version("4.12.0")
    rs = c.deployment("shop", "checkout", new, 3, made, revision=12, rs_created=rolled, hash_="84bcf9d6b7",
                      old=[("6f7c5d9f48", version("4.11.2"), 11, old_made)], changed=("ci-bot", at("10:01:58")),
                      progress=("ProgressDeadlineExceeded", at("10:12:02")), available_since=at("2026-07-08 13:20:40"))
    dep = c.objects["deployments"][-1]
    old_rs = c.find("replicasets", "shop", "checkout-6f7c5d9f48")
    healthy = c.owned_pods(old_rs, [("2vhkq", "node-worker-1", old_made, {}), ("mz6tw", "node-worker-2", old_made + sec(8), {}),
                                    ("t8rdl", "node-worker-3", old_made + sec(16), {})])
    for n, pod in enumerate(healthy):
        begun = parse(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
        lines = [(begun, "{iso} INFO checkout 4.11.2 starting"),
                 (begun + sec(1), "{iso} INFO config PAYMENT_DB_URL=postgres://***@db.shop.svc.cluster.local:5432/checkout"),
                 (begun + sec(2), "{iso} INFO listening on :8080")]
        lines += [(c.now - sec(1500 - 37 * i - number(30, n, i)), "{iso} INFO POST /checkout 200 %dms" % (30 + number(80, n, i)))
                  for i in range(39)]
        c.log(pod, "app", lines, cut=17 if n == 1 else 0)
    c.event(dep, "ScalingReplicaSet", c.scaled_text(rs["metadata"]["name"], 1, 0), rolled, comp="deployment-controller")

    def lines(run, index):
        return [(run[0], "{iso} INFO checkout 4.12.0 starting"), (run[0], "{iso} INFO reading configuration from environment"),
                (run[1], "{iso} ERROR missing required env PAYMENT_DB_URL")]
    name = rs["metadata"]["name"]
    c.crash_loop("shop", name + "-x9k4p", rs["spec"]["template"], "node-worker-2", rolled,
                 backoff_runs(at("10:02:05"), 2, 2, 7), 1, lines, rs, name + "-", pulled=3.611)
    c.service("shop", "checkout", {"app": "checkout"}, [("http", 80, "http")], made)
    return c
