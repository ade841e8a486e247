"""I30: the metrics API is cut off by a NetworkPolicy, the autoscaler is blind, and three pods carry three times the traffic."""

import background as bg
import extras
from kube import at, container, http_probe, number, sec, template

CUT, RUSH = at("16:00:00"), at("16:20:00")
BLIND = ("the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: "
         "unable to fetch metrics from resource metrics API: the server is currently unable to handle the request (get "
         "pods.metrics.k8s.io)")


def main():
    """Captured at 16:45; nothing was rolled out, and the feature flag of 15:55 has reached no pod."""
    c = bg.cluster("i30", 36, 1, at("16:45:00"), "media-prod")
    c.focus = {"media"}
    metrics(c)
    made = at("2026-03-17 08:00")
    c.namespace("media", made)
    c.add("configmaps", "media", "feature-flags", made, data={"flags.json": '{"newPlayer": true, "prefetch": true}\n'},
          changed=("kubectl-edit", at("15:55:20"), {"f:data": {"f:flags.json": {}}}))
    tpl = template({"app": "player"}, container(
        "player", bg.REG + "media/player:21.3.0", [("http", 8080)], requests={"cpu": "400m", "memory": "256Mi"},
        limits={"cpu": "500m", "memory": "512Mi"}, readiness=http_probe("/readyz", "http", period=5),
        mounts=[{"mountPath": "/etc/player/flags.json", "name": "flags", "subPath": "flags.json"}]),
        volumes=[{"configMap": {"defaultMode": 420, "name": "feature-flags"}, "name": "flags"}])
    born = at("2026-07-12 09:00")
    rs = c.deployment("media", "player", tpl, 3, made, revision=40, rs_created=born, available_since=born + sec(30))
    pods = c.owned_pods(rs, [(None, "node-worker-%d" % (1 + i), born + sec(i), {}) for i in range(3)])
    for n, pod in enumerate(pods):
        slow = [(RUSH + sec(9 * i + n), "{iso} WARN GET /stream/manifest 504 %dms upstream deadline exceeded" % (3000 + number(900, n, i)))
                if i % 4 == 0 else (RUSH + sec(9 * i + n), "{iso} INFO GET /stream/manifest 200 %dms" % (900 + number(1700, n, i)))
                for i in range(150)]
        c.log(pod, "player", [(at("16:05:00") + sec(30 * i), "{iso} INFO GET /stream/manifest 200 %dms" % (20 + number(50, n, i)))
                              for i in range(30)] + slow)
        ip = pod["status"]["podIP"]
        c.event(pod, "Unhealthy", 'Readiness probe failed: Get "http://%s:8080/readyz": context deadline exceeded (Client.Timeout '
                'exceeded while awaiting headers)' % ip, RUSH + sec(60 + 20 * n), c.now - sec(95 + 30 * n), 5 + n, kind="Warning",
                host=pod["spec"]["nodeName"], container_name="player")
        c.more_node_files[pod["spec"]["nodeName"], "player-cpu.stat.txt"] = (
            "cat /sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod%s.slice/cpu.stat"
            % pod["metadata"]["uid"].replace("-", "_"), "usage_usec 91%d0211\nuser_usec 80112001\nsystem_usec 11008210\nnr_periods "
            "15020\nnr_throttled 1051%d\nthrottled_usec 881020114\n" % (n, n))
    hpa = extras.autoscaler(c, "media", "player", made, 3, 12, 3, 3, [
        ("AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale", made + sec(20)),
        ("ScalingActive", "False", "FailedGetResourceMetric", BLIND, CUT + sec(30)),
        ("ScalingLimited", "False", "DesiredWithinRange", "the desired count is within the acceptable range", made + sec(20))])
    c.event(hpa, "FailedGetResourceMetric", BLIND[BLIND.index("failed to get cpu"):], CUT + sec(30), c.now - sec(10), 178, kind="Warning",
            comp="horizontal-pod-autoscaler")
    c.event(hpa, "FailedComputeMetricsReplicas", "invalid metrics (1 invalid out of 1), first error is: "
            + BLIND[BLIND.index("failed to get cpu"):], CUT + sec(30), c.now - sec(10), 178, kind="Warning", comp="horizontal-pod-autoscaler")
    c.add("poddisruptionbudgets", "media", "player", made, spec={"minAvailable": 3, "selector": {"matchLabels": {"app": "player"}}},
          status={"conditions": [{"lastTransitionTime": "2026-07-12T09:00:31Z", "message": "", "reason": "InsufficientPods",
                                  "status": "False", "type": "DisruptionAllowed", "observedGeneration": 1}],
                  "currentHealthy": 3, "desiredHealthy": 3, "disruptionsAllowed": 0, "expectedPods": 3, "observedGeneration": 1})
    c.add("resourcequotas", "media", "media", made, spec={"hard": {"requests.cpu": "6"}},
          status={"hard": {"requests.cpu": "6"}, "used": {"requests.cpu": "1200m"}})
    c.service("media", "player", {"app": "player"}, [("http", 80, "http")], made)
    return c


def metrics(c):
    """metrics-server, healthy itself, behind a policy that admits one namespace only."""
    made = at("2026-02-10 09:00")
    tpl = template({"k8s-app": "metrics-server"}, container(
        "metrics-server", bg.REG + "metrics-server/metrics-server:v0.8.0", [("https", 10250)], requests={"cpu": "100m", "memory": "200Mi"},
        args=["--secure-port=10250", "--metric-resolution=15s"]), priorityClassName="system-cluster-critical")
    rs = c.deployment("kube-system", "metrics-server", tpl, 1, made)
    pod = c.owned_pods(rs, [(None, "node-worker-3", made, {})])[0]
    c.log(pod, "metrics-server", [(made + sec(5), 'I{klog}       1 secure_serving.go:211] "Serving securely on [::]:10250"')])
    svc = c.service("kube-system", "metrics-server", {"k8s-app": "metrics-server"}, [("https", 443, "https")], made)
    extras.apiservice(c, "v1beta1.metrics.k8s.io", made, ("kube-system", "metrics-server"), False, CUT + sec(20),
                      "FailedDiscoveryCheck", 'failing or missing response from https://%s:443/apis/metrics.k8s.io/v1beta1: Get '
                      '"https://%s:443/apis/metrics.k8s.io/v1beta1": context deadline exceeded (Client.Timeout exceeded while awaiting '
                      'headers)' % ((svc["spec"]["clusterIP"],) * 2))
    extras.apiservice(c, "v1.apps", c.born, ("kube-system", "local"))
    local = c.objects["apiservices"][-1]
    local["spec"] = {"group": "apps", "groupPriorityMinimum": 17800, "version": "v1", "versionPriority": 15}
    local["status"]["conditions"][0].update(reason="Local", message="Local APIServices are always available")
    c.add("networkpolicies", "kube-system", "metrics-ingress", CUT, spec={
        "ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "observability"}}}]}],
        "podSelector": {"matchLabels": {"k8s-app": "metrics-server"}}, "policyTypes": ["Ingress"]}, changed=("kubectl-apply", CUT))
