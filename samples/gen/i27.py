"""I27: an admission webhook loses its pods in a drain and forbids their replacement, and that of everybody else's pods."""

import background as bg
import extras
from kube import at, container, http_probe, sec, template

REFUSED = ('Internal error occurred: failed calling webhook "validate.policy.example.com": failed to call webhook: Post '
           '"https://policy.policy-system.svc:443/v?timeout=10s": no endpoints available for service "policy"')
DRAINED = at("08:00:00")


def main():
    """Captured at 08:24; node-worker-4 was drained at 08:00."""
    c = bg.cluster("i27", 34, 2, at("08:24:00"), "retail-prod", more={"node-worker-4": {"unschedulable": DRAINED}})
    c.focus = {"retail", "policy-system"}
    made = at("2026-04-02 10:00")
    label = {"policy.example.com/enforce": "true"}
    for ns in ("retail", "billing", "policy-system"):
        c.namespace(ns, made, labels=label)
    extras.webhook(c, "policy.example.com", "validate.policy.example.com", made + sec(60), ("policy-system", "policy"),
                   {"matchLabels": label})
    node = c.find("nodes", None, "node-worker-4")
    c.event(node, "NodeNotSchedulable", "Node node-worker-4 status is now: NodeNotSchedulable", DRAINED + sec(1), host="node-worker-4")
    app(c, made, "policy-system", "policy", 2, 0, DRAINED + sec(6))
    app(c, made, "retail", "cart", 3, 2, DRAINED + sec(7))
    app(c, made, "retail", "search-index", 2, 0, DRAINED + sec(8))
    app(c, made, "billing", "invoices", 2, 1, DRAINED + sec(9))
    c.add("resourcequotas", "retail", "retail", made, spec={"hard": {"pods": "40", "requests.cpu": "10"}},
          status={"hard": {"pods": "40", "requests.cpu": "10"}, "used": {"pods": "3", "requests.cpu": "9500m"}})
    return c


def app(c, made, ns, name, want, left, since):
    """A Deployment that lost the pods which ran on the drained node."""
    tpl = template({"app": name}, container(
        name, bg.REG + "%s/%s:2.4.0" % (ns, name), [("https", 8443)], requests={"cpu": "100m", "memory": "128Mi"},
        limits={"memory": "256Mi"}, readiness=http_probe("/readyz", "https")))
    rs = c.deployment(ns, name, tpl, want, made, revision=5, rs_created=at("2026-07-01 12:00"), available_since=since,
                      progress=("NewReplicaSetAvailable", at("2026-07-01 12:00:40")))
    c.owned_pods(rs, [(None, "node-worker-%d" % (1 + i), at("2026-07-01 12:00") + sec(i), {}) for i in range(left)])
    for i in range(want - left):
        pod = rs["metadata"]["name"] + "-" + "%s%d" % (("kq7x", "zt9w")[i], 4 + i)
        ref = {"apiVersion": "v1", "fieldPath": "spec.containers{%s}" % name, "kind": "Pod", "name": pod, "namespace": ns,
               "resourceVersion": c.rv(made, pod), "uid": c.uid("gone", pod)}
        c.event(None, "Killing", "Stopping container " + name, since - sec(4), host="node-worker-4", deleted_ref=ref)
    extras.refused_creation(c, rs, REFUSED, since, 17)
    c.service(ns, name, {"app": name}, [("https", 443, "https")], made)
