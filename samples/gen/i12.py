"""I12: kube-proxy on one node cannot write its rules, which still lead to a pod that was replaced; only that node answers 502."""

import hashlib

import background as bg
from kube import at, container, http_probe, number, parse, sec, suffix, template

NODE = "node-worker-2"
ROLLED = at("14:02:00")
GONE = "10.244.2.119"


def main():
    """Captured at 14:21."""
    c = bg.cluster("i12", 30, 7, at("14:21:40"), "shop-prod", reserved=[GONE])
    c.focus = {"cart"}
    made = at("2026-04-02 09:00")
    c.namespace("cart", made)

    def version(tag):
        return template({"app": "cart"}, container(
            "cart", bg.REG + "cart/cart:" + tag, [("http", 8080)], requests={"cpu": "100m", "memory": "128Mi"},
            limits={"memory": "256Mi"}, readiness=http_probe("/ready", "http", period=5)))
    old_made = at("2026-06-30 08:11:10")
    rs = c.deployment("cart", "cart", version("2.8.1"), 1, made, revision=19, rs_created=ROLLED, hash_="6b7d9f8c55",
                      old=[("59c6f7bd84", version("2.8.0"), 18, old_made)], changed=("ci-bot", ROLLED - sec(1)))
    dep, old = c.objects["deployments"][-1], c.find("replicasets", "cart", "cart-59c6f7bd84")
    for name, to, was, when in ((rs["metadata"]["name"], 1, 0, ROLLED), ("cart-59c6f7bd84", 0, 1, ROLLED + sec(11))):
        c.event(dep, "ScalingReplicaSet", c.scaled_text(name, to, was), when, comp="deployment-controller")
    c.owned_pods(rs, [("m4xvb", "node-worker-3", ROLLED, {"pulled": 2.31})])
    gone = "cart-59c6f7bd84-" + suffix(5, c.seed, "gone")
    c.event(old, "SuccessfulDelete", "Deleted pod: " + gone, ROLLED + sec(11), comp="replicaset-controller")
    c.event(None, "Killing", "Stopping container cart", ROLLED + sec(12), host=NODE, deleted_ref={
        "apiVersion": "v1", "fieldPath": "spec.containers{cart}", "kind": "Pod", "name": gone, "namespace": "cart",
        "resourceVersion": c.rv(old_made, gone), "uid": c.uid("gone", gone)})
    c.service("cart", "cart", {"app": "cart"}, [("http", 80, "http")], made)
    front(c, made)
    proxy(c)
    rules(c)
    return c


def front(c, made):
    """Two proxies in front of the cart: the one on the sick node answers 502 to what it cannot connect."""
    tpl = template({"app": "edge"}, container(
        "nginx", bg.REG + "cart/edge:1.27.0", [("http", 8080)], requests={"cpu": "50m", "memory": "64Mi"},
        limits={"memory": "128Mi"}, readiness=http_probe("/healthz", "http")))
    rs = c.deployment("cart", "edge", tpl, 2, made, revision=4)
    ip = c.find("services", "cart", "cart")["spec"]["clusterIP"]
    for node in ("node-worker-1", NODE):
        pod = c.owned_pods(rs, [(None, node, at("2026-07-01 10:00"), {})])[0]
        lines = []
        for i in range(60):
            when = at("13:56:20") + sec(25 * i + number(9, node, i))
            bad = node == NODE and when > ROLLED + sec(13)
            client = "10.20.0.80"
            if bad:
                lines.append((when, "{ngx} [error] 31#31: *%d connect() failed (113: No route to host) while connecting to "
                              'upstream, client: %s, server: cart.example.com, request: "GET /cart HTTP/1.1", upstream: '
                              '"http://%s:80/cart", host: "cart.example.com"' % (8800 + i, client, ip)))
            lines.append((when, '%s - - [{clf}] "GET /cart HTTP/1.1" %s "-" "Mozilla/5.0"' % (
                client, "502 157" if bad else "200 %d" % (900 + number(300, i)))))
        c.log(pod, "nginx", lines)
    c.service("cart", "edge", {"app": "edge"}, [("http", 80, "http")], made)


def proxy(c):
    """kube-proxy on the sick node: its last complete sync was at 13:57."""
    pod = next(p for p in c.objects["pods"] if p["metadata"].get("generateName") == "kube-proxy-"
               and p["spec"]["nodeName"] == NODE)
    begun = parse(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
    lock = ('E{klog}       1 proxier.go:1564] "Failed to execute iptables-restore" err="exit status 4: Another app is currently '
            'holding the xtables lock; still 0s 0us time ahead to have a chance to grab the lock...\\n"')
    lines = [(begun, 'I{klog}       1 server_linux.go:66] "Using iptables proxy"'),
             (begun, 'I{klog}       1 shared_informer.go:320] Caches are synced for service config'),
             (at("13:57:11"), 'I{klog}       1 proxier.go:799] "SyncProxyRules complete" elapsed="61.204ms"')]
    for i in range(46):
        when = at("13:58:04") + sec(30 * i)
        lines += [(when, lock), (when, 'I{klog}       1 proxier.go:845] "Sync failed" retryingTime="30s"')]
    c.log(pod, "kube-proxy", lines)


def chain(prefix, *parts):
    """A chain's name as kube-proxy makes it."""
    raw = hashlib.sha256("".join(parts).encode()).digest()
    return prefix + "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[b % 32] for b in raw[:16])


def rules(c):
    """iptables-save of every node with the chains of endpoints; one node still has the pod that is gone."""
    c.derive()
    slices, jobs = {}, []
    for s in c.objects["endpointslices"]:
        key = (s["metadata"]["namespace"], s["metadata"]["labels"]["kubernetes.io/service-name"])
        slices[key] = s
    for svc in sorted(c.objects["services"], key=lambda s: s["metadata"]["uid"]):
        key = (svc["metadata"]["namespace"], svc["metadata"]["name"])
        ip = svc["spec"].get("clusterIP")
        if key in slices and ip and ip != "None":
            for port, target in zip(svc["spec"]["ports"], slices[key]["ports"] or []):
                jobs.append((key, ip, port, target["port"],
                             [e["addresses"][0] for e in slices[key]["endpoints"] if e["conditions"]["ready"]]))
    for node in c.objects["nodes"]:
        name, lines = node["metadata"]["name"], []
        for key, ip, port, target, addresses in jobs:
            if name == NODE and key == ("cart", "cart"):
                addresses = [GONE]
            proto = port["protocol"].lower()
            label = "%s/%s%s" % (key + (":" + port["name"] if port.get("name") else "",))
            svc = chain("KUBE-SVC-", label, proto)
            lines.append('-A KUBE-SERVICES -d %s/32 -p %s -m comment --comment "%s cluster IP" -m %s --dport %d -j %s'
                         % (ip, proto, label, proto, port["port"], svc))
            for i, address in enumerate(addresses):
                sep = chain("KUBE-SEP-", label, proto, address)
                dice = "" if i + 1 == len(addresses) else \
                    " -m statistic --mode random --probability %.11f" % (1 / (len(addresses) - i))
                lines += ['-A %s -m comment --comment "%s -> %s:%d"%s -j %s' % (svc, label, address, target, dice, sep),
                          '-A %s -s %s/32 -m comment --comment "%s" -j KUBE-MARK-MASQ' % (sep, address, label),
                          '-A %s -p %s -m comment --comment "%s" -m %s -j DNAT --to-destination %s:%d'
                          % (sep, proto, label, proto, address, target)]
        c.node_files[(name, "iptables.txt")] = c.iptables(name, lines)
    c.objects["endpointslices"] = [s for s in c.objects["endpointslices"] if s["metadata"]["name"] == "kubernetes"]
