"""States that the builders of healthy things do not know: sick nodes, evicted pods, pods that wait for their sandbox."""

from datetime import timedelta

from base import digest, micro, parse, sec, stamp


def condition(node, kind, status, reason, message, since, beat=None):
    """Sets a condition of a node."""
    entry = next(x for x in node["status"]["conditions"] if x["type"] == kind)
    entry.update(status=status, reason=reason, message=message, lastTransitionTime=stamp(since))
    if beat:
        entry["lastHeartbeatTime"] = stamp(beat)


def taint(node, key, effects, when):
    """Adds taints of the node controller."""
    node["spec"].setdefault("taints", []).extend(
        {"effect": e, "key": "node.kubernetes.io/" + key, "timeAdded": stamp(when)} for e in effects)


def renewed(c, node, when):
    """Sets the last renewal of a node's lease."""
    c.find("leases", "kube-node-lease", node["metadata"]["name"])["spec"]["renewTime"] = micro(when)


def unreachable(c, node, last_word):
    """The node controller's view of a node that stopped posting at `last_word`."""
    noticed = last_word + sec(50)
    for entry in node["status"]["conditions"]:
        if entry["type"] != "NetworkUnavailable":
            entry.update(status="Unknown", reason="NodeStatusUnknown", message="Kubelet stopped posting node status.",
                         lastTransitionTime=stamp(noticed), lastHeartbeatTime=stamp(last_word - sec(70)))
    taint(node, "unreachable", ["NoSchedule", "NoExecute"], noticed)
    renewed(c, node, last_word + timedelta(microseconds=310422))
    c.event(node, "NodeNotReady", "Node %s status is now: NodeNotReady" % node["metadata"]["name"], noticed,
            comp="node-controller")


def not_ready_pods(c, node, when):
    """What the node controller writes on pods of a node that is not Ready: their condition, nothing else."""
    for pod in c.objects["pods"]:
        if pod["spec"].get("nodeName") != node["metadata"]["name"]:
            continue
        for entry in pod["status"].get("conditions", []):
            if entry["type"] == "Ready" and entry["status"] == "True":
                entry.update(status="False", lastTransitionTime=stamp(when))


def evict(pod, when, message):
    """Turns a running pod into one that the kubelet evicted at `when`."""
    status = pod["status"]
    gone = []
    for cs in status["containerStatuses"]:
        begun = cs["state"]["running"]["startedAt"]
        cs["state"] = {"terminated": {"containerID": cs["containerID"], "exitCode": 137, "finishedAt": stamp(when),
                                      "reason": "Error", "startedAt": begun}}
        cs.update(ready=False, started=False)
        cs.pop("user", None)
    for kind, good in (("DisruptionTarget", True), ("PodReadyToStartContainers", False), ("Initialized", True),
                       ("Ready", False), ("ContainersReady", False), ("PodScheduled", True)):
        was = next((x for x in status["conditions"] if x["type"] == kind), {})
        entry = {"lastProbeTime": None, "lastTransitionTime": stamp(when), "status": "True" if good else "False",
                 "type": kind}
        if kind == "DisruptionTarget":
            entry.update(reason="TerminationByKubelet", message=message)
        elif good:
            entry["lastTransitionTime"] = was["lastTransitionTime"]
        elif kind != "PodReadyToStartContainers":
            entry["reason"] = "PodFailed"
        if "observedGeneration" in was:
            entry["observedGeneration"] = was["observedGeneration"]
        gone.append(entry)
    status.update(conditions=gone, phase="Failed", reason="Evicted", message=message)


def creating(c, pod, since):
    """Turns a running pod into one that has waited for its sandbox since `since`."""
    status = pod["status"]
    c.used_ips.discard(status.pop("podIP"))
    del status["podIPs"]
    status["phase"] = "Pending"
    for entry in status["conditions"]:
        if entry["type"] in ("Ready", "ContainersReady"):
            names = " ".join(x["name"] for x in pod["spec"]["containers"])
            entry.update(status="False", reason="ContainersNotReady", lastTransitionTime=stamp(since),
                         message="containers with unready status: [%s]" % names)
        elif entry["type"] == "PodReadyToStartContainers":
            entry.update(status="False", lastTransitionTime=stamp(since))
    for cs in status["containerStatuses"]:
        cs.update(state={"waiting": {"reason": "ContainerCreating"}}, ready=False, started=False, imageID="")
        for key in ("containerID", "user", "volumeMounts", "allocatedResources", "resources"):
            cs.pop(key, None)


def pod_slice(pod):
    """Directory of a pod's control group with the systemd driver."""
    qos = {"Guaranteed": "", "Burstable": "burstable", "BestEffort": "besteffort"}[pod["status"]["qosClass"]]
    uid = pod["metadata"]["uid"].replace("-", "_")
    top = "/kubepods.slice" + ("/kubepods-%s.slice" % qos if qos else "")
    return "%s/kubepods-%spod%s.slice" % (top, qos + "-" if qos else "", uid)


def scope(pod, container_id):
    """Directory of a container's control group."""
    return "%s/cri-containerd-%s.scope" % (pod_slice(pod), container_id)


def memcg_oom(c, node, when, pod, container_id, task, pid, rss_kb, limit_kb, adj=938):
    """The kernel's report about a container that exceeded its limit, all of its processes killed with it."""
    def say(ms, text):
        c.journal(node, "kernel", when + timedelta(milliseconds=ms), "kernel: " + text)
    where = scope(pod, container_id)
    say(1, "%s invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=%d" % (task, adj))
    say(1, "CPU: 3 PID: %d Comm: %s Not tainted 6.8.0-60-generic #63-Ubuntu" % (pid, task))
    say(2, "memory: usage %dkB, limit %dkB, failcnt %d" % (limit_kb, limit_kb, 40 + int(digest(where)[:2], 16)))
    say(2, "swap: usage 0kB, limit 0kB, failcnt 0")
    say(3, "Memory cgroup stats for %s:" % where)
    say(3, "Tasks state (memory values in pages):")
    say(3, "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name")
    say(4, "[%7d]  1000 %5d %8d %8d %8d %8d %9d %14d %8d %13d %s" % (
        pid, pid, rss_kb // 4 * 5, rss_kb // 4, rss_kb // 4 - 900, 900, 0, 1904640, 0, adj, task))
    say(5, "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=cri-containerd-%s.scope,mems_allowed=0,"
        "oom_memcg=%s,task_memcg=%s,task=%s,pid=%d,uid=1000" % (container_id, where, where, task, pid))
    text = ("Memory cgroup out of memory: Killed process %d (%s) total-vm:%dkB, anon-rss:%dkB, file-rss:%dkB, "
            "shmem-rss:0kB, UID:1000 pgtables:1860kB oom_score_adj:%d" % (pid, task, rss_kb * 5, rss_kb, 3600, adj))
    say(6, text)
    say(6, "Tasks in %s are going to be killed due to memory.oom.group set" % where)
    say(7, text)


def system_oom(c, node, when, victim, pid, rss_kb, adj, table, victim_group="/system.slice"):
    """The kernel's report about a node without memory; `table` holds (pid, name, rss kB, oom_score_adj)."""
    def say(ms, text):
        c.journal(node, "kernel", when + timedelta(milliseconds=ms), "kernel: " + text)
    say(1, "%s invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=%d"
        % (table[0][1], table[0][3]))
    say(2, "Mem-Info:")
    say(2, "active_anon:7811402 inactive_anon:182110 isolated_anon:0 active_file:411 inactive_file:902 free:40122")
    say(3, "Tasks state (memory values in pages):")
    say(3, "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name")
    for who, name, rss, score in table:
        say(4, "[%7d] %5d %5d %8d %8d %8d %8d %9d %14d %8d %13d %s" % (
            who, 0, who, rss // 4 * 2, rss // 4, rss // 4 - 300, 300, 0, 1904640, 0, score, name))
    say(6, "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=%s,mems_allowed=0,global_oom,task_memcg=%s,task=%s,"
        "pid=%d,uid=0" % (victim_group.rsplit("/", 1)[-1] or "/", victim_group, victim, pid))
    say(7, "Out of memory: Killed process %d (%s) total-vm:%dkB, anon-rss:%dkB, file-rss:2048kB, shmem-rss:0kB, UID:0 "
        "pgtables:1120kB oom_score_adj:%d" % (pid, victim, rss_kb * 4, rss_kb, adj))


def cgroup_files(rows):
    """`grep -r` over files of control groups; rows are (directory, file, [(key, value)] or one value)."""
    out = []
    for directory, name, content in rows:
        for line in [content] if isinstance(content, str) else ["%s %d" % pair for pair in content]:
            out.append("/sys/fs/cgroup%s/%s:%s\n" % (directory, name, line))
    return "".join(out)


CGROUP_COMMAND = "grep -r . --include=cpu.stat --include=memory.max --include=memory.peak --include=memory.events " \
                 "/sys/fs/cgroup/kubepods.slice"


def meminfo(total_kb, available_kb):
    """/proc/meminfo, its first lines."""
    rows = [("MemTotal", total_kb), ("MemFree", available_kb // 2), ("MemAvailable", available_kb),
            ("Buffers", 182044), ("Cached", available_kb // 3), ("SwapCached", 0), ("SwapTotal", 0), ("SwapFree", 0)]
    return "".join("%-16s%8d kB\n" % (name + ":", value) for name, value in rows)


def started(pod):
    """When the first container of a pod began its present run."""
    return parse(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
