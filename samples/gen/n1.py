"""N1: a healthy cluster in which a rolling update has just gone through and the old pods ended with exit code 143."""

import background as bg
from kube import at, container, http_probe, number, sec, template

ROLLED = at("12:03:00")


def main():
    """Captured at 12:04:58, one second after the last old container ended."""
    c = bg.cluster("n1", 33, 5, at("12:04:58"), "shop-staging")
    c.focus = {"shop"}
    made = at("2026-04-27 08:00")
    c.namespace("shop", made)

    def version(tag):
        return template({"app": "catalog"}, container(
            "catalog", bg.REG + "shop/catalog:" + tag, [("http", 8080)], requests={"cpu": "200m", "memory": "256Mi"},
            limits={"memory": "512Mi"}, readiness=http_probe("/readyz", "http", period=5)))
    old_made = at("2026-07-09 15:00")
    rs = c.deployment("shop", "catalog", version("9.3.0"), 4, made, revision=22, rs_created=ROLLED, hash_="b7f8c6d5d",
                      old=[("64c9b8d7f9", version("9.2.4"), 21, old_made)], changed=("ci-deployer", at("12:02:59")),
                      progress=("NewReplicaSetAvailable", at("12:04:50")))
    dep = c.objects["deployments"][-1]
    old_rs = c.find("replicasets", "shop", "catalog-64c9b8d7f9")
    new, old = rs["metadata"]["name"], old_rs["metadata"]["name"]
    rows = (("f4k9t", "node-worker-1", 0), ("hz2vm", "node-worker-2", 1), ("q8dwl", "node-worker-3", 36), ("sx5nb", "node-worker-1", 70))
    pods = c.owned_pods(rs, [(tail, node, ROLLED + sec(n), {"start": ROLLED + sec(n + 4), "ready_at": ROLLED + sec(n + 24),
                                                            "pulled": 2.207}) for tail, node, n in rows])
    for n, pod in enumerate(pods):
        begun = ROLLED + sec(rows[n][2] + 4)
        c.log(pod, "catalog", [(begun, "{iso} INFO catalog 9.3.0 starting"), (begun + sec(16), "{iso} INFO cache warm, "
                               "41220 products"), (begun + sec(17), "{iso} INFO listening on :8080")] + [
            (begun + sec(22 + 4 * i), "{iso} INFO GET /products 200 %dms" % (5 + number(30, n, i)))
            for i in range(7) if begun + sec(22 + 4 * i) < c.now])
    c.event(pods[0], "Unhealthy", 'Readiness probe failed: Get "http://%s:8080/readyz": dial tcp %s:8080: connect: '
            'connection refused' % ((pods[0]["status"]["podIP"],) * 2), ROLLED + sec(7), ROLLED + sec(17), 3, kind="Warning",
            host="node-worker-1", container_name="catalog")
    for when, name, to, was in ((0, new, 1, 0), (0, old, 3, 4), (1, new, 2, 1), (25, old, 2, 3), (36, new, 3, 2),
                                (60, old, 1, 2), (70, new, 4, 3), (110, old, 0, 1)):
        c.event(dep, "ScalingReplicaSet", c.scaled_text(name, to, was), ROLLED + sec(when), comp="deployment-controller")
    olds = (("6mzqh", "node-worker-3", 0), ("9wtcr", "node-worker-1", 25), ("kd7xv", "node-worker-2", 60))
    for tail, node, n in olds:
        name, ended = old + "-" + tail, ROLLED + sec(n + 6)
        uid = c.uid("gone", name)
        ref = {"apiVersion": "v1", "fieldPath": "spec.containers{catalog}", "kind": "Pod", "name": name,
               "namespace": "shop", "resourceVersion": c.rv(old_made, name), "uid": uid}
        c.event(None, "Killing", "Stopping container catalog", ROLLED + sec(n), host=node, deleted_ref=ref)
        c.event(old_rs, "SuccessfulDelete", "Deleted pod: " + name, ROLLED + sec(n), comp="replicaset-controller")
        ending(c, node, name, uid, ROLLED + sec(n), ended)
    last = c.owned_pods(old_rs, [("vb3lg", "node-worker-3", old_made, {"start": old_made + sec(4), "ready": False,
                                 "ready_at": at("12:04:57"), "dying": (143, at("12:04:57"), at("12:04:50"))})])[0]
    c.event(last, "Killing", "Stopping container catalog", at("12:04:50"), host="node-worker-3", container_name="catalog")
    c.event(old_rs, "SuccessfulDelete", "Deleted pod: " + last["metadata"]["name"], at("12:04:50"),
            comp="replicaset-controller")
    ending(c, "node-worker-3", last["metadata"]["name"], last["metadata"]["uid"], at("12:04:50"), at("12:04:57"))
    c.log(last, "catalog", [(c.now - sec(900 - 20 * i), "{iso} INFO GET /products 200 %dms" % (5 + number(30, i)))
                            for i in range(44)] + [(at("12:04:50"), "{iso} INFO received SIGTERM, draining"),
                                                   (at("12:04:56"), "{iso} INFO drained, 0 requests in flight, bye")])
    c.service("shop", "catalog", {"app": "catalog"}, [("http", 80, "http")], made)
    return c


def ending(c, node, name, uid, asked, ended):
    """The kubelet's lines about an ordinary stop."""
    cid = c.container_id(uid, "catalog", 0)
    c.klog(node, "kubelet", asked, "I", "kubelet.go:2525", '"SyncLoop DELETE" source="api" pods=["shop/%s"]' % name)
    c.klog(node, "kubelet", asked + sec(0), "I", "kuberuntime_container.go:808",
           '"Killing container with a grace period" pod="shop/%s" podUID="%s" containerName="catalog" '
           'containerID="containerd://%s" gracePeriod=30' % (name, uid, cid))
    c.klog(node, "kubelet", ended, "I", "generic.go:358", '"Generic (PLEG): container finished" podID="%s" '
           'containerID="%s" exitCode=143' % (uid, cid))
    c.pleg(node, ended, "shop", name, uid, "ContainerDied", cid)
