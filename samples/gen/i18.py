"""I18: a pod without limits eats a node's memory, the kernel kills containerd, and the node is not ready."""

from datetime import timedelta

import background as bg
import trouble
from kube import at, container, parse, sec, stamp, suffix, template

NODE = "node-worker-4"
KILLED = at("12:00:58")
NOT_READY = at("12:01:40")


def main():
    """Captured at 12:14."""
    c = bg.cluster("i18", 34, 1, at("12:14:30"), "data-prod", extra=(NODE,))
    c.focus = {"science"}
    made = at("2026-06-09 13:00")
    c.namespace("science", made)
    born = at("11:20:10")
    hog = template({"app": "notebook"}, container("notebook", bg.REG + "science/notebook:2026.06", [("http", 8888)],
                                                  args=["--train", "full"]))
    rs = c.deployment("science", "notebook", hog, 1, made, revision=2, rs_created=born)
    pod = c.owned_pods(rs, [(None, NODE, born, {"pulled": 31.2, "start": born + sec(36)})])[0]
    begun = parse(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
    c.log(pod, "notebook", [(begun, "{iso} loading 41 partitions")] + [
        (begun + sec(58 * i + 20), "{iso} partition %d of 41 in memory, %.1f GiB resident" % (i + 1, 0.7 * (i + 1)))
        for i in range(40) if begun + sec(58 * i + 20) < KILLED])
    victims = serving(c, made)
    node = c.find("nodes", None, NODE)
    trouble.condition(node, "Ready", "False", "KubeletNotReady", "[container runtime is down, PLEG is not healthy: pleg was last "
                      "seen active 3m2s ago; threshold is 3m0s]", NOT_READY, c.now - sec(20))
    trouble.taint(node, "not-ready", ["NoSchedule", "NoExecute"], NOT_READY)
    trouble.not_ready_pods(c, node, NOT_READY + sec(2))
    c.event(node, "NodeNotReady", "Node %s status is now: NodeNotReady" % NODE, NOT_READY, host=NODE)
    c.event(node, "SystemOOM", "System OOM encountered, victim process: containerd, pid: 812", KILLED, kind="Warning",
            host=NODE)
    evicted(c, [pod] + victims)
    journals(c)
    c.more_node_files[(NODE, "meminfo.txt")] = ("cat /proc/meminfo", trouble.meminfo(32779080, 402112))
    c.more_node_files[(NODE, "containerd-status.txt")] = (
        "systemctl status containerd --no-pager",
        "\u00d7 containerd.service - containerd container runtime\n"
        "     Loaded: loaded (/usr/lib/systemd/system/containerd.service; enabled; preset: enabled)\n"
        "     Active: failed (Result: oom-kill) since Tue 2026-07-14 12:00:58 UTC; 13min ago\n"
        "   Duration: 41d 3h 12min 9.114s\n       Docs: https://containerd.io\n"
        "    Process: 812 ExecStart=/usr/bin/containerd (code=killed, signal=KILL)\n"
        "   Main PID: 812 (code=killed, signal=KILL)\n")
    return c


def serving(c, made):
    """Pods of another workload, one of them on the node."""
    tpl = template({"app": "scoring"}, container("scoring", bg.REG + "science/scoring:1.12.0", [("http", 8080)],
                                                 requests={"cpu": "200m", "memory": "512Mi"}, limits={"memory": "1Gi"}))
    rs = c.deployment("science", "scoring", tpl, 3, made, revision=6, available_since=at("12:08:02"))
    day = at("2026-07-01 10:00")
    pods = c.owned_pods(rs, [(None, NODE, day, {}), (None, "node-worker-1", day + sec(3), {}),
                             (None, "node-worker-2", day + sec(6), {})])
    born = NOT_READY + sec(304)
    c.owned_pods(rs, [(None, "node-worker-3", born, {})])
    c.service("science", "scoring", {"app": "scoring"}, [("http", 80, "http")], made)
    return [pods[0]]


def evicted(c, pods):
    """The taint manager marks the pods of the node; nobody there can end them."""
    when = NOT_READY + sec(303)
    for pod in pods:
        pod["metadata"].update(deletionTimestamp=stamp(when + sec(30)), deletionGracePeriodSeconds=30)
        pod["status"]["conditions"].append({
            "lastProbeTime": None, "lastTransitionTime": stamp(when), "message": "Taint manager: deleting due to NoExecute taint",
            "reason": "DeletionByTaintManager", "status": "True", "type": "DisruptionTarget"})
        c.event(pod, "TaintManagerEviction", "Marking for deletion Pod science/" + pod["metadata"]["name"], when,
                comp="taint-eviction-controller")
    rs = c.find("replicasets", "science", pods[0]["metadata"]["ownerReferences"][0]["name"])
    again = c.pod("science", rs["metadata"]["name"] + "-" + suffix(5, c.seed, "again"), rs["spec"]["template"], "node-worker-3",
                  when + sec(1), owner=rs, generate=rs["metadata"]["name"] + "-")
    begun = parse(again["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
    c.log(again, "notebook", [(begun, "{iso} loading 41 partitions")] + [
        (begun + sec(58 * i + 20), "{iso} partition %d of 41 in memory, %.1f GiB resident" % (i + 1, 0.7 * (i + 1)))
        for i in range(6)])


def journals(c):
    """Kernel, containerd's unit and the kubelet of the node."""
    trouble.system_oom(c, NODE, KILLED, "containerd", 812, 141208, -999, [
        (40112, "python3", 28911204, 1000), (40990, "python3", 611004, 1000), (812, "containerd", 141208, -999),
        (901, "kubelet", 139004, -999), (7112, "calico-node", 88120, -997), (7004, "kube-proxy", 51200, -997)],
        "/system.slice/containerd.service")
    for ms, text in ((300, "systemd[1]: containerd.service: A process of this unit has been killed by the OOM killer."),
                     (310, "systemd[1]: containerd.service: Main process exited, code=killed, status=9/KILL"),
                     (320, "systemd[1]: containerd.service: Failed with result 'oom-kill'.")):
        c.journal(NODE, "containerd", KILLED + timedelta(milliseconds=ms), text)
    dial = ('rpc error: code = Unavailable desc = connection error: desc = \\"transport: Error while dialing: dial unix '
            '/run/containerd/containerd.sock: connect: connection refused\\"')
    for i in range(30):
        when = KILLED + sec(2 + 26 * i)
        c.klog(NODE, "kubelet", when, "E", "log.go:32", '"ListPodSandbox with filter from runtime service failed" err="%s" '
               'filter="&PodSandboxFilter{}"' % dial)
        c.klog(NODE, "kubelet", when + sec(1), "E", "generic.go:254", '"GenericPLEG: Unable to retrieve pods" err="%s"' % dial)
    for i in range(8):
        when = KILLED + sec(42 + 90 * i)
        active = "3m%ds" % (2 + 5 * i % 50) if i == 0 else "%dm%ds" % divmod(182 + 90 * i, 60)
        c.klog(NODE, "kubelet", when, "E", "kubelet.go:2451", '"Skipping pod synchronization" err="[container runtime is down, '
               'PLEG is not healthy: pleg was last seen active %s ago; threshold is 3m0s]"' % active)
