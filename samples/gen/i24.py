"""I24: the readiness probe of all twelve pods asks a cache, so a failover of the cache takes the whole shop offline."""

import background as bg
from kube import at, container, http_probe, number, sec, template

BLIP = at("14:02:00")
WRONG = "cache: READONLY You can't write against a read only replica."


def main():
    """Captured at 14:08:20; the pods run without a restart and answer their readiness probe with 503."""
    c = bg.cluster("i24", 29, 14, at("14:08:20"), "shop-prod")
    c.focus = set()
    c.no_managed = bg.DULL
    controller = bg.ingress_nginx(c, "node-worker-3")
    made = at("2026-02-23 09:00")
    c.namespace("shop", made)
    cache = template({"app": "sessions"}, container(
        "redis", bg.REG + "shop/redis:7.2.5", [("redis", 6379)], requests={"cpu": "250m", "memory": "1Gi"}, limits={"memory": "2Gi"}))
    stores = c.statefulset("shop", "sessions", cache, made, [("node-worker-1", made, {}), ("node-worker-2", made + sec(12), {})],
                           "sessions")
    c.log(stores[0], "redis", [(at("13:20:00"), "1:M {ts} * 100 changes in 300 seconds. Saving..."),
                               (BLIP, "1:S {ts} * Before turning into a replica, using my own master parameters to synthesize "
                                "a cached master"), (BLIP + sec(1), "1:S {ts} * MASTER <-> REPLICA sync started"),
                               (BLIP + sec(2), "1:S {ts} * MASTER <-> REPLICA sync: Finished with success")])
    c.log(stores[1], "redis", [(BLIP, "1:M {ts} * MASTER MODE enabled (user request from 'id=9 addr=10.244.3.7:51122')"),
                               (BLIP + sec(1), "1:M {ts} * Synchronization with replica 10.244.1.6:6379 succeeded")])
    c.service("shop", "sessions", {"app": "sessions"}, [("redis", 6379, "redis")], made)
    tpl = template({"app": "shop-web"}, container(
        "web", bg.REG + "shop/web:11.4.1", [("http", 8080)], requests={"cpu": "200m", "memory": "256Mi"}, limits={"memory": "512Mi"},
        readiness=http_probe("/health/ready", "http", period=5, timeout=2), liveness=http_probe("/livez", "http", delay=10)))
    born = at("2026-07-09 08:30")
    rs = c.deployment("shop", "shop-web", tpl, 12, made, revision=61, rs_created=born, available_since=BLIP + sec(16))
    pods = c.owned_pods(rs, [(None, "node-worker-%d" % (1 + i % 3), born + sec(3 * i), {
        "ready": False, "ready_at": BLIP + sec(11 + number(5, "down", i))}) for i in range(12)])
    for n, pod in enumerate(pods):
        c.event(pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", BLIP + sec(2 + n % 4),
                c.now - sec(1 + n % 4), 75, kind="Warning", host=pod["spec"]["nodeName"], container_name="web")
        c.log(pod, "web", [(at("13:58:00") + sec(16 * i), "{iso} INFO GET /cart 200 %dms" % (11 + number(60, n, i)))
                           for i in range(15)] + [
            (BLIP + sec(3 + 25 * i), "{iso} WARN GET /health/ready 503 sessions " + WRONG) for i in range(15)])
    c.service("shop", "shop-web", {"app": "shop-web"}, [("http", 80, "http")], made)
    bg.ingress(c, "shop", "shop", "shop.example.com", "shop-web", "http", made)
    lines = [(at("2026-06-02 11:20:09"), "NGINX Ingress controller")]
    for i in range(50):
        when = at("13:57:03") + sec(13 * i)
        bad = when > BLIP + sec(17)
        lines.append((when, '10.20.0.80 - - [{clf}] "GET /cart HTTP/2.0" %s "-" "Mozilla/5.0" 311 0.00%d [shop-shop-web-http] '
                      '[] %s' % ("503 592" if bad else "200 4112", 1 + number(8, i), "- - - - " if bad else
                                 "%s:8080 4112 0.014 200 " % pods[i % 12]["status"]["podIP"]) + "%032x" % number(2 ** 47, "r", i)))
    for i in range(3):
        lines.append((BLIP + sec(18 + 40 * i), 'W{klog}       7 controller.go:1232] Service "shop/shop-web" does not have any '
                      'active Endpoint.'))
    c.log(controller, "controller", lines)
    c.add("networkpolicies", "mailing", "relay-only", at("2026-05-20 08:00"), changed=("kubectl-edit", at("13:58:11")), spec={
        "ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "intranet"}}}]}],
        "podSelector": {"matchLabels": {"app": "relay"}}, "policyTypes": ["Ingress"]})
    return c
