"""N5: a node is cordoned and drained for maintenance; everything that ran there runs elsewhere."""

import background as bg
from kube import at, container, http_probe, sec, template

CORDONED = at("10:00:10")


def main():
    """Captured at 10:14."""
    c = bg.cluster("n5", 33, 7, at("10:14:00"), "office-prod", more={"node-worker-4": {"unschedulable": CORDONED}})
    c.focus = {"office"}
    made = at("2026-05-02 08:00")
    c.namespace("office", made)
    node = c.find("nodes", None, "node-worker-4")
    node["metadata"]["annotations"]["maintenance.example.com/reason"] = "firmware update, ticket OPS-5120"
    c.event(node, "NodeNotSchedulable", "Node node-worker-4 status is now: NodeNotSchedulable", CORDONED + sec(1), host="node-worker-4")
    tpl = template({"app": "calendar"}, container(
        "calendar", bg.REG + "office/calendar:4.4.0", [("http", 8080)], requests={"cpu": "100m", "memory": "128Mi"},
        limits={"memory": "256Mi"}, readiness=http_probe("/readyz", "http")))
    rs = c.deployment("office", "calendar", tpl, 3, made, revision=6, rs_created=at("2026-07-03 10:00"))
    moved = CORDONED + sec(9)
    c.owned_pods(rs, [(None, "node-worker-1", at("2026-07-03 10:00"), {}), (None, "node-worker-2", at("2026-07-03 10:00") + sec(4), {}),
                      (None, "node-worker-3", moved, {"pulled": 1.7, "start": moved + sec(4)})])
    gone = rs["metadata"]["name"] + "-6dq2s"
    ref = {"apiVersion": "v1", "kind": "Pod", "name": gone, "namespace": "office", "resourceVersion": c.rv(made, gone),
           "uid": c.uid("gone", gone)}
    c.event(None, "Evicted", "Evicted by kubectl drain for maintenance", moved - sec(1), comp="kubectl", deleted_ref=ref)
    c.event(None, "Killing", "Stopping container calendar", moved - sec(1), host="node-worker-4",
            deleted_ref=dict(ref, fieldPath="spec.containers{calendar}"))
    c.add("poddisruptionbudgets", "office", "calendar", made, spec={"minAvailable": 2, "selector": {"matchLabels": {"app": "calendar"}}},
          status={"conditions": [{"lastTransitionTime": "2026-07-14T10:00:40Z", "message": "", "reason": "SufficientPods",
                                  "status": "True", "type": "DisruptionAllowed", "observedGeneration": 1}],
                  "currentHealthy": 3, "desiredHealthy": 2, "disruptionsAllowed": 1, "expectedPods": 3, "observedGeneration": 1})
    c.service("office", "calendar", {"app": "calendar"}, [("http", 80, "http")], made)
    return c
