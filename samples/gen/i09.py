"""I09: a CPU limit that is far too low starves an API until its liveness probe times out; it dies with 137, not of memory."""

import background as bg
import trouble
from kube import at, container, ended, http_probe, number, sec, template


def main():
    """Captured at 14:32."""
    c = bg.cluster("i09", 33, 4, at("14:32:10"), "orders-prod")
    c.focus = {"orders"}
    made = at("2026-05-04 08:00")
    c.namespace("orders", made)
    tpl = template({"app": "api"}, container(
        "api", bg.REG + "orders/api:7.12.0", [("http", 8080)], requests={"cpu": "100m", "memory": "256Mi"},
        limits={"cpu": "200m", "memory": "1Gi"}, readiness=http_probe("/ready", "http"),
        liveness=http_probe("/live", "http")))
    born = at("11:57:40")
    rs = c.deployment("orders", "api", tpl, 3, made, revision=31, rs_created=at("2026-07-02 09:14:20"),
                      available_since=at("14:29:44"))
    nodes = {}
    for tail, node, lengths, periods, throttled in (("k5fqx", "node-worker-1", (401, 377, 390, 412), 91044, 63112),
                                                    ("wm8rz", "node-worker-2", (388, 431, 366, 379), 90871, 62240),
                                                    ("b6tvd", "node-worker-3", (420, 402, 371, 398), 91190, 64018)):
        ends = [c.now - sec({"k5fqx": 131, "wm8rz": 302, "b6tvd": 214}[tail])]
        for length in reversed(lengths[1:]):
            ends.insert(0, ends[0] - sec(length + 2))
        runs = [(end - sec(length), end) for end, length in zip(ends, lengths)]
        runs[0] = (born + sec(3), runs[0][1])
        begin = runs[-1][1] + sec(1)
        pod = c.owned_pods(rs, [(tail, node, born, {
            "start": begin, "restarts": len(runs), "last": ended(137, "Error", *runs[-1]),
            "ready": tail != "k5fqx", "ready_at": begin + sec(22) if tail != "k5fqx" else runs[-1][1] - sec(60),
            "events": False})])[0]
        args = dict(host=node, container_name="api", kind="Warning")
        ip = pod["status"]["podIP"]
        for probe, path, times in (("Liveness", "live", 3), ("Readiness", "ready", 9)):
            c.event(pod, "Unhealthy", '%s probe failed: Get "http://%s:8080/%s": context deadline exceeded (Client.Timeout '
                    "exceeded while awaiting headers)" % (probe, ip, path), runs[0][1] - sec(61), runs[-1][1] - sec(31),
                    times * len(runs), **args)
        args["kind"] = "Normal"
        c.event(pod, "Killing", "Container api failed liveness probe, will be restarted", runs[0][1] - sec(30),
                runs[-1][1] - sec(30), len(runs), **args)
        c.event(pod, "Pulled", 'Container image "%s" already present on machine' % tpl["spec"]["containers"][0]["image"],
                runs[1][0], begin, len(runs), **args)
        for reason, text in (("Created", c.created_text("api")), ("Started", c.started_text("api"))):
            c.event(pod, reason, text, runs[1][0], begin, len(runs), **args)
        uid = pod["metadata"]["uid"]
        for i, (start, end) in enumerate(runs):
            cid = c.container_id(uid, "api", i)
            c.klog(node, "kubelet", end - sec(30), "I", "kuberuntime_manager.go:1107",
                   '"Message for Container of pod" containerName="api" containerStatusID={"Type":"containerd","ID":"%s"} '
                   'pod="orders/%s" containerMessage="Container api failed liveness probe, will be restarted"'
                   % (cid, pod["metadata"]["name"]))
            c.klog(node, "kubelet", end - sec(29), "I", "kuberuntime_container.go:863",
                   '"Killing container with a grace period" pod="orders/%s" podUID="%s" containerName="api" '
                   'containerID="containerd://%s" gracePeriod=30' % (pod["metadata"]["name"], uid, cid))
            c.pleg(node, end + sec(1), "orders", pod["metadata"]["name"], uid, "ContainerDied", cid)
        c.log(pod, "api", life(begin, c.now, tail, slow_from=70))
        c.log(pod, "api", life(runs[-1][0], runs[-1][1], tail, slow_from=90), previous=True)
        here, inner = trouble.pod_slice(pod), trouble.scope(pod, c.container_id(uid, "api", len(runs)))
        quiet = [("low", 0), ("high", 0), ("max", 0), ("oom", 0), ("oom_kill", 0), ("oom_group_kill", 0)]
        nodes[node] = [
            (here, "cpu.stat", [("usage_usec", 1794112004), ("user_usec", 1511302117), ("system_usec", 282809887),
                                ("nr_periods", periods), ("nr_throttled", throttled), ("throttled_usec", 9120447120),
                                ("nr_bursts", 0), ("burst_usec", 0)]),
            (here, "memory.peak", "441450496"), (here, "memory.events", quiet),
            (inner, "cpu.stat", [("usage_usec", 31204119), ("user_usec", 26110402), ("system_usec", 5093717),
                                 ("nr_periods", 1604), ("nr_throttled", 1102), ("throttled_usec", 160114201),
                                 ("nr_bursts", 0), ("burst_usec", 0)]),
            (inner, "memory.max", "1073741824"), (inner, "memory.peak", "398458880"), (inner, "memory.events", quiet)]
    for node, rows in nodes.items():
        c.more_node_files[(node, "cgroup.txt")] = (trouble.CGROUP_COMMAND, trouble.cgroup_files(rows))
        c.more_node_files[(node, "loadavg.txt")] = ("cat /proc/loadavg", "1.84 1.71 1.66 3/1204 88121\n")
    c.service("orders", "api", {"app": "api"}, [("http", 80, "http")], made)
    front(c, made)
    return c


def front(c, made):
    """The deployment 50 minutes ago, which is well and somewhere else."""
    def version(tag):
        return template({"app": "front"}, container(
            "front", bg.REG + "orders/front:" + tag, [("http", 8080)], requests={"cpu": "50m", "memory": "96Mi"},
            limits={"memory": "192Mi"}, readiness=http_probe("/", "http")))
    rolled = at("13:42:10")
    rs = c.deployment("orders", "front", version("2.1.0"), 2, made, revision=9, rs_created=rolled,
                      old=[("6d9bc7f54d", version("2.0.4"), 8, at("2026-07-01 10:00"))], changed=("ci-bot", rolled - sec(1)))
    dep = c.objects["deployments"][-1]
    for i, (new, old) in enumerate(((1, None), (None, 1), (2, None), (None, 0))):
        name, was = (rs["metadata"]["name"], i // 2) if new else ("front-6d9bc7f54d", 2 - i // 2)
        c.event(dep, "ScalingReplicaSet", c.scaled_text(name, new if new else old, was), rolled + sec(14 * i),
                comp="deployment-controller")
    c.owned_pods(rs, [(None, "node-worker-1", rolled, {}), (None, "node-worker-2", rolled + sec(28), {})])
    c.service("orders", "front", {"app": "front"}, [("http", 80, "http")], made)


def life(begin, last, name, slow_from):
    """One run: fast at first, then every answer takes longer, and nothing is said about memory."""
    lines = [(begin, '{"time":"{iso}","level":"info","msg":"orders api 7.12.0 listening","addr":":8080"}')]
    for i in range(28):
        age = 6 + 13 * i
        when = begin + sec(age + number(9, name, i))
        if when < last - sec(1):
            took = 20 + number(40, name, "d", i) if age < slow_from else 900 + 55 * i + number(400, name, "s", i)
            lines.append((when, '{"time":"{iso}","level":"%s","msg":"request","method":"POST","path":"/orders",'
                          '"status":200,"duration_ms":%d}' % ("info" if took < 500 else "warn", took)))
    return lines
