"""I20: a rotated pull secret is wrong; new nodes get 401, and kubelets of 1.36 refuse even images that they hold."""

import background as bg
import extras
from kube import at, container, http_probe, number, sec, template

IMAGE = bg.REG + "orders/api:6.2.0"
REFUSED = ('failed to pull and unpack image "%s": failed to resolve image: unexpected status from HEAD request to '
           'https://registry.example.com/v2/orders/api/manifests/6.2.0: 401 Unauthorized' % IMAGE)


def main():
    """Captured at 06:40; two nodes joined at 06:20, and an autoscaler added pods at 06:22."""
    joined = at("06:20:00")
    new = {n: {"created": joined + sec(20 * i), "ready_since": joined + sec(60 + 20 * i)}
           for i, n in enumerate(("node-worker-4", "node-worker-5"))}
    c = bg.cluster("i20", 36, 0, at("06:40:12"), "orders-prod", more=new)
    c.focus = set()
    c.no_managed = bg.DULL
    c.managed_secrets = {"orders"}
    made = at("2026-04-20 08:00")
    c.namespace("orders", made)
    rotated = at("06:00:04")
    c.add("secrets", "orders", "regcred", made, type="kubernetes.io/dockerconfigjson", data={".dockerconfigjson": ""},
          changed=("credential-rotator", rotated, {"f:data": {"f:.dockerconfigjson": {}}}))
    c.more_node_files["node-worker-1", "registry-cert.txt"] = (
        "openssl x509 -noout -subject -dates -in /etc/containerd/certs.d/registry.example.com/server.crt",
        "subject=CN = registry.example.com\nnotBefore=Apr 20 00:00:00 2026 GMT\nnotAfter=Jul 19 00:00:00 2026 GMT\n")
    tpl = template({"app": "orders-api"}, container(
        "api", IMAGE, [("http", 8080)], requests={"cpu": "250m", "memory": "256Mi"}, limits={"memory": "512Mi"},
        readiness=http_probe("/readyz", "http", period=5)), imagePullSecrets=[{"name": "regcred"}])
    grown = at("06:22:00")
    rs = c.deployment("orders", "orders-api", tpl, 7, made, revision=19, rs_created=at("2026-07-10 09:00"),
                      changed=("kube-controller-manager", grown, {"f:spec": {"f:replicas": {}}}),
                      available_since=at("2026-07-10 09:00:40"))
    dep = c.objects["deployments"][-1]
    old = c.owned_pods(rs, [(None, "node-worker-%d" % (1 + i % 3), at("2026-07-10 09:00") + sec(4 * i), {}) for i in range(4)])
    for n, pod in enumerate(old):
        c.log(pod, "api", [(c.now - sec(1300 - 40 * i - number(30, n, i)), "{iso} INFO POST /orders 201 %dms"
                            % (20 + number(70, n, i))) for i in range(31)])
    c.event(dep, "ScalingReplicaSet", c.scaled_text(rs["metadata"]["name"], 7, 4), grown, comp="deployment-controller")
    for tail, node in (("d7kqm", "node-worker-4"), ("wp4xz", "node-worker-5")):
        extras.image_pull(c, rs, tail, node, grown, "rpc error: code = Unknown desc = " + REFUSED, 7)
    # The image lies on this node; the kubelet asks for proof that the pod may use it.
    extras.image_pull(c, rs, "n2v8f", "node-worker-2", grown, "rpc error: code = Unknown desc = " + REFUSED, 7)
    node = c.find("nodes", None, "node-worker-2")
    node["status"]["images"].append({"names": [c.image_digest(IMAGE), IMAGE], "sizeBytes": 91402113})
    for name in new:
        obj = c.find("nodes", None, name)
        c.event(obj, "Starting", "Starting kubelet.", new[name]["created"], host=name)
        c.event(obj, "RegisteredNode", "Node %s event: Registered Node %s in Controller" % (name, name),
                new[name]["created"] + sec(4), comp="node-controller")
    c.service("orders", "orders-api", {"app": "orders-api"}, [("http", 80, "http")], made)
    return c
