"""N6: somebody sent one file, the output of `kubectl get pods -A -o yaml`, and nothing in it is wrong."""

import background as bg
from kube import at, container, http_probe, sec, template


def main():
    """Taken at 08:55 without a collector: no manifest, no time of capture, no other kind."""
    c = bg.cluster("n6", 31, 8, at("08:55:00"), "unknown")
    made = at("2026-05-08 08:00")
    c.namespace("forum", made)
    tpl = template({"app": "forum"}, container(
        "forum", bg.REG + "forum/forum:2.20.0", [("http", 8080)], requests={"cpu": "100m", "memory": "256Mi"}, limits={"memory": "512Mi"},
        env=[("DB", "postgres://forum@db.forum.svc.cluster.local:5432/forum")], env_from=["forum-settings"],
        readiness=http_probe("/readyz", "http")), imagePullSecrets=[{"name": "regcred"}], nodeSelector={"pool": "general"})
    c.add("configmaps", "forum", "forum-settings", made, data={"TITLE": "Forum"})
    rs = c.deployment("forum", "forum", tpl, 2, made, revision=7, rs_created=at("2026-07-05 09:00"))
    c.owned_pods(rs, [(None, "node-worker-1", at("2026-07-05 09:00"), {}), (None, "node-worker-3", at("2026-07-05 09:00") + sec(5), {})])
    c.only = ["cluster/pods.yaml"]
    return c
