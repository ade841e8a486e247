"""I06: a pod that runs as a non-root user cannot write to its volume because no fsGroup is set."""

import background as bg
from kube import at, backoff_runs, container, sec, template


def main():
    """Captured at 14:30; secrets are JSON, and the webhooks were refused to the collector."""
    c = bg.cluster("i06", 30, 9, at("14:30:18"), "media-prod", drivers=["block.csi.example.com"])
    c.focus = {"media"}
    c.json_resources = {"secrets"}
    c.refused = {"validatingwebhookconfigurations": 'Error from server (Forbidden): validatingwebhookconfigurations.'
                 'admissionregistration.k8s.io is forbidden: User "system:serviceaccount:ops:collector" cannot list '
                 'resource "validatingwebhookconfigurations" in API group "admissionregistration.k8s.io" at the cluster '
                 'scope\n'}
    bg.storage(c)
    c.namespace("media", at("2026-06-15 10:00"))
    made = at("14:04:38")
    tpl = template({"app": "store"}, container(
        "store", bg.REG + "media/store:1.8.0", [("http", 8080)], requests={"cpu": "250m", "memory": "512Mi"},
        limits={"memory": "1Gi"}, mounts=[{"mountPath": "/data", "name": "data"}]),
        securityContext={"runAsNonRoot": True, "runAsUser": 1001})

    def lines(run, index):
        return [(run[0], "{iso} INFO store 1.8.0 starting, data directory /data"),
                (run[0], "{iso} INFO uid=1001 gid=0"),
                (run[1], "{iso} FATAL open /data/index.lock: permission denied")]
    runs = backoff_runs(at("14:05:30"), 1, 1, 10)
    pod = c.statefulset("media", "store", tpl, made - sec(1), [("node-worker-3", made, {
        "runs": runs, "code": 1, "log_lines": lines, "pulled": 5.207})], "store", [("data", "block-ssd", "200Gi")])[0]
    attached = at("14:05:21")
    pvc, pv = bg.claim(c, "media", "data-store-0", "200Gi", made, "node-worker-3", {"app": "store"}, attached=attached)
    volume = pv["metadata"]["name"]
    c.event(pvc, "WaitForFirstConsumer", "waiting for first consumer to be created before binding", made,
            comp="persistentvolume-controller")
    c.event(pvc, "ProvisioningSucceeded", "Successfully provisioned volume " + volume, made + sec(3),
            comp="block.csi.example.com_csi-provisioner-0")
    c.event(pod, "FailedAttachVolume", 'AttachVolume.Attach failed for volume "%s" : rpc error: code = DeadlineExceeded '
            'desc = context deadline exceeded' % volume, at("14:04:56"), at("14:05:12"), 2, kind="Warning",
            comp="attachdetach-controller")
    c.event(pod, "SuccessfulAttachVolume", 'AttachVolume.Attach succeeded for volume "%s" ' % volume, attached,
            comp="attachdetach-controller")
    c.service("media", "store", {"app": "store"}, [("http", 8080, 8080)], made - sec(1), headless=True)
    c.add("secrets", "media", "store-admin", at("2026-06-15 10:02"), type="Opaque", data={"token": ""})
    player = template({"app": "player"}, container("player", bg.REG + "media/player:4.0.0", [("http", 8080)],
                                                   requests={"cpu": "100m", "memory": "128Mi"}))
    day = at("2026-06-20 12:00")
    rs = c.deployment("media", "player", player, 2, day)
    c.owned_pods(rs, [(None, "node-worker-1", day, {}), (None, "node-worker-2", day + sec(2), {})])
    c.service("media", "player", {"app": "player"}, [("http", 80, "http")], day)
    return c
