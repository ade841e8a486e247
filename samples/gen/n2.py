"""N2: a namespace that somebody scaled to zero for the night: Services without endpoints, an idle autoscaler, nothing wrong."""

import background as bg
import extras
from kube import at, container, http_probe, sec, template

NIGHT = at("19:00:00")


def main():
    """Captured at 19:20, twenty minutes after everything in `preview` went to zero."""
    c = bg.cluster("n2", 34, 1, at("19:20:00"), "shop-preview")
    c.focus = {"preview"}
    bg.ingress_nginx(c, "node-worker-2")
    made = at("2026-06-15 08:00")
    c.namespace("preview", made)
    for name in ("web", "basket", "worker"):
        tpl = template({"app": name}, container(name, bg.REG + "preview/%s:1.2.0" % name, [("http", 8080)],
                                                requests={"cpu": "100m", "memory": "128Mi"}, readiness=http_probe("/readyz", "http")))
        rs = c.deployment("preview", name, tpl, 0, made, revision=9, rs_created=at("2026-07-13 08:00"), available_since=made + sec(20),
                          changed=("night-scaler", NIGHT, {"f:spec": {"f:replicas": {}}}))
        dep, old = c.objects["deployments"][-1], rs["metadata"]["name"]
        c.event(dep, "ScalingReplicaSet", c.scaled_text(old, 0, 2), NIGHT, comp="deployment-controller")
        for tail, node in (("k4c7d", "node-worker-1"), ("zz9tm", "node-worker-3")):
            ref = {"apiVersion": "v1", "fieldPath": "spec.containers{%s}" % name, "kind": "Pod", "name": old + "-" + tail,
                   "namespace": "preview", "resourceVersion": c.rv(made, old, tail), "uid": c.uid("gone", old, tail)}
            c.event(None, "Killing", "Stopping container " + name, NIGHT + sec(1), host=node, deleted_ref=ref)
            c.event(rs, "SuccessfulDelete", "Deleted pod: " + old + "-" + tail, NIGHT, comp="replicaset-controller")
        c.service("preview", name, {"app": name}, [("http", 80, "http")], made)
    extras.autoscaler(c, "preview", "web", made, 1, 6, 0, 0, [
        ("AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale", made + sec(20)),
        ("ScalingActive", "False", "ScalingDisabled", "scaling is disabled since the replica count of the target is zero", NIGHT + sec(15))])
    bg.ingress(c, "preview", "web", "preview.example.com", "web", "http", made)
    c.add("cronjobs", "preview", "refresh", made, spec={
        "concurrencyPolicy": "Forbid", "failedJobsHistoryLimit": 1, "jobTemplate": {"metadata": {}, "spec": {"template": template(
            {"app": "refresh"}, container("refresh", bg.REG + "preview/refresh:1.0.0"), restartPolicy="OnFailure")}},
        "schedule": "*/10 * * * *", "successfulJobsHistoryLimit": 1, "suspend": True}, status={})
    return c
