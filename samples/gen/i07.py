"""I07: a rollout changes the readiness path and, with maxUnavailable 100 %, leaves the Service without endpoints."""

import background as bg
from kube import at, container, http_probe, number, sec, suffix, template

ROLLED = at("16:30:00")


def main():
    """Captured at 16:38; carries aggregated \"combined\" events."""
    c = bg.cluster("i07", 35, 1, at("16:38:07"), "web-prod", worker_options={
        "node-worker-1": {"unschedulable": at("16:10:22")}})
    c.focus = {"web"}
    controller = bg.ingress_nginx(c, "node-worker-3")
    made = at("2026-04-08 09:00")
    c.namespace("web", made)
    node = c.find("nodes", None, "node-worker-1")
    node["metadata"]["annotations"]["maintenance.example.com/reason"] = "kernel upgrade, ticket OPS-4412"
    c.event(node, "NodeNotSchedulable", "Node node-worker-1 status is now: NodeNotSchedulable", at("16:10:23"),
            host="node-worker-1")

    def version(tag, path):
        return template({"app": "web"}, container(
            "web", bg.REG + "web/web:" + tag, [("http", 8080)], requests={"cpu": "250m", "memory": "192Mi"},
            limits={"memory": "384Mi"}, readiness=http_probe(path, "http", period=5)))
    old_made = at("2026-07-06 10:00:11")
    rs = c.deployment("web", "web", version("2.4.0", "/healthz"), 12, made, revision=8, rs_created=ROLLED,
                      hash_="79d8f6c4bb", old=[("5b6dc9f7c8", version("2.3.6", "/readyz"), 7, old_made)], generation=10,
                      strategy={"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "100%"}, "type": "RollingUpdate"},
                      changed=("ci-deployer", at("16:29:59")), progress=("ReplicaSetUpdated", at("16:30:09")))
    dep = c.objects["deployments"][-1]
    old_rs = c.find("replicasets", "web", "web-5b6dc9f7c8")
    new, old = rs["metadata"]["name"], old_rs["metadata"]["name"]
    hpa(c, dep, made)
    c.event(dep, "ScalingReplicaSet", c.scaled_text(old, 12, 6), at("16:18:02"), comp="deployment-controller")
    for when, name, to, was in ((ROLLED, new, 3, 0), (ROLLED, old, 0, 12), (ROLLED + sec(1), new, 12, 3)):
        c.event(dep, "ScalingReplicaSet", c.scaled_text(name, to, was), when, comp="deployment-controller")
    rows = [(None, "node-worker-%d" % (2 + i % 2), ROLLED + sec(min(1, i // 3)), {
        "ready": False, "ready_at": ROLLED + sec(min(1, i // 3)), "pulled": 1.904, "start": ROLLED + sec(4 + i % 3)})
        for i in range(12)]
    rows = [(suffix(5, c.seed, "new", i),) + r[1:] for i, r in enumerate(rows)]
    pods = c.owned_pods(rs, rows)
    aggregate(c, rs, "SuccessfulCreate", "Created pod: ", [p["metadata"]["name"] for p in pods], ROLLED)
    gone = [old + "-" + suffix(5, c.seed, "old", i) for i in range(12)]
    aggregate(c, old_rs, "SuccessfulDelete", "Deleted pod: ", gone, ROLLED)
    for i, name in enumerate(gone):
        where = "node-worker-%d" % (1 + i % 3 if i < 6 else 2 + i % 2)
        ref = {"apiVersion": "v1", "fieldPath": "spec.containers{web}", "kind": "Pod", "name": name, "namespace": "web",
               "resourceVersion": c.rv(old_made, name), "uid": c.uid("gone", name)}
        if i >= 6:
            scaled = at("16:18:02")
            c.event(old_rs, "SuccessfulCreate", "Created pod: " + name, scaled, comp="replicaset-controller")
            for reason, text in (("Created", c.created_text("web")), ("Started", c.started_text("web"))):
                c.event(None, reason, text, scaled + sec(2), host=where, deleted_ref=ref)
        c.event(None, "Killing", "Stopping container web", ROLLED + sec(1), host=where, deleted_ref=ref)
    for n, pod in enumerate(pods):
        begun = ROLLED + sec(4 + n % 3)
        c.event(pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404", begun + sec(2 + n % 4),
                c.now - sec(1 + n % 4), 94 + n % 3, kind="Warning", host=pod["spec"]["nodeName"], container_name="web")
        c.log(pod, "web", [(begun, "{iso} INFO web 2.4.0 starting"), (begun, "{iso} INFO routes: / /assets /livez /readyz "
                                                                     "/metrics"),
                           (begun + sec(1), "{iso} INFO listening on :8080")] + [
            (begun + sec(3 + 5 * i), '{iso} WARN "GET /healthz HTTP/1.1" 404 19 "kube-probe/1.35"') for i in range(93)])
    c.service("web", "web", {"app": "web"}, [("http", 80, "http")], made)
    bg.ingress(c, "web", "web", "www.example.com", "web", "http", made)
    lines = [(at("2026-06-02 11:20:09"), "NGINX Ingress controller")]
    for i in range(60):
        when = at("16:24:03") + sec(14 * i)
        bad = when > ROLLED + sec(2)
        lines.append((when, '10.20.0.80 - - [{clf}] "GET / HTTP/2.0" %s "-" "Mozilla/5.0" 311 0.00%d [web-web-http] [] %s'
                      % ("503 592" if bad else "200 8112", 1 + number(8, i),
                         "- - - - " if bad else "10.244.2.14:8080 8112 0.004 200 ") + "%032x" % number(2 ** 47, "r", i)))
    for i in range(4):
        lines.append((ROLLED + sec(2 + 3 * i), 'W{klog}       7 controller.go:1232] Service "web/web" does not have any '
                      'active Endpoint.'))
    c.log(controller, "controller", lines)
    return c


def aggregate(c, owner, reason, prefix, names, when):
    """Ten single events of a controller, then one \"combined\" event for the rest."""
    comp = "replicaset-controller"
    c.events = [e for e in c.events if not (e["reason"] == reason and e["ref"].get("uid") == owner["metadata"]["uid"])]
    for i, name in enumerate(names[:9]):
        c.event(owner, reason, prefix + name, when + sec(min(1, i // 3)), comp=comp)
    c.event(owner, reason, "(combined from similar events): " + prefix + names[-1], when + sec(1), when + sec(1),
            len(names) - 9, comp=comp)


def hpa(c, dep, made):
    """The HPA that went from 6 to 12 twenty minutes before the capture."""
    c.add("horizontalpodautoscalers", "web", "web", made, spec={
        "maxReplicas": 16, "metrics": [{"resource": {"name": "cpu", "target": {"averageUtilization": 65,
                                                                             "type": "Utilization"}}, "type": "Resource"}],
        "minReplicas": 4, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}},
        status={"conditions": [
            {"lastTransitionTime": "2026-04-08T09:00:20Z", "message": "recommended size matches current size",
             "reason": "ReadyForNewScale", "status": "True", "type": "AbleToScale"},
            {"lastTransitionTime": "2026-07-13T18:02:11Z", "message": "the HPA was able to successfully calculate a replica "
             "count from cpu resource utilization (percentage of request)", "reason": "ValidMetricFound", "status": "True",
             "type": "ScalingActive"},
            {"lastTransitionTime": "2026-07-14T16:18:02Z", "message": "the desired count is within the acceptable range",
             "reason": "DesiredWithinRange", "status": "False", "type": "ScalingLimited"}],
            "currentMetrics": [{"resource": {"current": {"averageUtilization": 9, "averageValue": "22m"}, "name": "cpu"},
                                "type": "Resource"}],
            "currentReplicas": 12, "desiredReplicas": 12, "lastScaleTime": "2026-07-14T16:18:02Z"})
    obj = c.objects["horizontalpodautoscalers"][-1]
    c.event(obj, "SuccessfulRescale", "New size: 12; reason: cpu resource utilization (percentage of request) above target",
            at("16:18:02"), comp="horizontal-pod-autoscaler")
