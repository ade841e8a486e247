"""I19: revision 3 names a tag that was never pushed; the two pods of revision 2 go on serving."""

import background as bg
import extras
from kube import at, container, http_probe, number, sec, template

BAD = bg.REG + "store/storefront:v99.9.9"


def main():
    """Captured at 09:42:10, after the progress deadline; the ServiceAccount names a pull secret that does not exist."""
    c = bg.cluster("i19", 35, 2, at("09:42:10"), "store-prod")
    c.focus = {"store"}
    made = at("2026-05-05 07:00")
    c.namespace("store", made)
    c.find("serviceaccounts", "store", "default")["imagePullSecrets"] = [{"name": "regcred"}]

    def version(tag):
        return template({"app": "storefront"}, container(
            "web", bg.REG + "store/storefront:" + tag, [("http", 8080)], requests={"cpu": "200m", "memory": "256Mi"},
            limits={"memory": "512Mi"}, readiness=http_probe("/readyz", "http", period=5)),
            imagePullSecrets=[{"name": "regcred"}])
    rolled, old_made = at("09:30:00"), at("2026-07-02 11:10:00")
    rs = c.deployment("store", "storefront", version("v99.9.9"), 2, made, revision=3, rs_created=rolled,
                      hash_="7c96d8bf45", old=[("5d4b7f86c9", version("v2.0.0"), 2, old_made)],
                      changed=("kubectl-set", rolled - sec(1)), progress=("ProgressDeadlineExceeded", at("09:40:01")),
                      available_since=at("2026-07-02 11:10:30"))
    dep = c.objects["deployments"][-1]
    old_rs = c.find("replicasets", "store", "storefront-5d4b7f86c9")
    serving = c.owned_pods(old_rs, [("kz8wq", "node-worker-1", old_made, {}), ("r5tnd", "node-worker-3", old_made + sec(9), {})])
    for n, pod in enumerate(serving):
        c.log(pod, "web", [(c.now - sec(1400 - 35 * i - number(30, n, i)), "{iso} INFO GET /products 200 %dms"
                            % (9 + number(60, n, i))) for i in range(39)])
        c.event(pod, "FailedToRetrieveImagePullSecret", "Unable to retrieve some image pull secrets (regcred); attempting "
                "to pull the image may not succeed.", at("08:46:00"), c.now - sec(40 + n), 28, kind="Warning",
                host=pod["spec"]["nodeName"])
    c.event(dep, "ScalingReplicaSet", c.scaled_text(rs["metadata"]["name"], 1, 0), rolled, comp="deployment-controller")
    pod = extras.image_pull(c, rs, "4hc6x", "node-worker-2", rolled, 'rpc error: code = NotFound desc = failed to pull and '
                            'unpack image "%s": failed to resolve image: %s: not found' % (BAD, BAD), 6)
    c.event(pod, "FailedToRetrieveImagePullSecret", "Unable to retrieve some image pull secrets (regcred); attempting to "
            "pull the image may not succeed.", rolled + sec(1), c.now - sec(4), 52, kind="Warning", host="node-worker-2")
    c.service("store", "storefront", {"app": "storefront"}, [("http", 80, "http")], made)
    return c
