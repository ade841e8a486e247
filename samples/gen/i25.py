"""I25: the disk under the etcd leader fails, so that writes time out, leases are lost and nothing moves in the cluster."""

import background as bg
from kube import at, container, number, sec, stamp, suffix, template

MASTERS = ("cp-1", "cp-2", "cp-3")
FROM = at("03:04:00")


def main():
    """Captured at 03:21:30; the member on cp-2 leads again and again and is the only slow one."""
    master = {"role": "control-plane", "cpu": "4", "memory": "16383028Ki", "created": at("2026-02-10 08:20")}
    c = bg.cluster("i25", 31, 9, at("03:21:30"), "platform-prod", more={"cp-2": master, "cp-3": master})
    c.focus = {"billing"}
    c.no_managed = bg.DULL
    for host in MASTERS[1:]:
        bg.static_pods(c, host)
    everyone = c.find("endpointslices", "default", "kubernetes")["endpoints"]
    everyone += [{"addresses": [c.node_ip(host)], "conditions": {"ready": True}} for host in MASTERS[1:]]
    disk(c)
    members(c)
    servers(c)
    waiting(c)
    return c


def disk(c):
    """The kernel of cp-2 about its disk, and sound kernels elsewhere."""
    def say(when, text):
        c.journal("cp-2", "kernel", when, "kernel: " + text)
    for i in range(9):
        when = at("02:58:12") + sec(142 * i + number(40, "nvme", i))
        say(when, "nvme nvme0: I/O %d QID %d timeout, aborting" % (100 + number(400, i), 1 + i % 4))
        say(when + sec(1), "nvme nvme0: Abort status: 0x0")
        sector = 88214016 + 4096 * number(900, i)
        say(when + sec(2), "I/O error, dev nvme0n1, sector %d op 0x1:(WRITE) flags 0x8800 phys_seg 1 prio class 0" % sector)
        if i % 3 == 2:
            say(when + sec(2), "Buffer I/O error on dev nvme0n1p2, logical block %d, lost async page write" % (sector // 8))


def zap(level, caller, msg, **fields):
    """A line of etcd's own log."""
    more = "".join(',"%s":%s' % (k.replace("_", "-"), v if v[0] in "{[" or v.isdigit() else '"%s"' % v) for k, v in fields.items())
    return '{"level":"%s","ts":"{iso}","caller":"%s","msg":"%s"%s}' % (level, caller, msg, more)


def members(c):
    """Logs of the three etcd members."""
    pods = {h: c.find("pods", "kube-system", "etcd-" + h) for h in MASTERS}
    slow = []
    for i in range(60):
        when, took = FROM + sec(17 * i), 1.2 + number(2900, "took", i) / 1000
        kind = i % 3
        if kind == 0:
            slow.append((when, zap("warn", "wal/wal.go:805", "slow fdatasync", took="%.3fs" % took, expected_duration="1s")))
        elif kind == 1:
            slow.append((when, zap("warn", "etcdserver/raft.go:416", "leader failed to send out heartbeat on time; took too long, "
                                   "leader is overloaded likely from slow disk", to="8e9e05c52164694d", heartbeat_interval="100ms",
                                   expected_duration="200ms", exceeded_duration="%.3fs" % took)))
        else:
            slow.append((when, zap("warn", "txn/util.go:93", "apply request took too long", took="%.3fs" % took,
                                   expected_duration="100ms", prefix="read-only range ", error="context canceled")))
    c.log(pods["cp-2"], "etcd", slow)
    for host in ("cp-1", "cp-3"):
        lines = [(at("02:40:00"), zap("info", "mvcc/kvstore_compaction.go:68", "finished scheduled compaction", took="41.2ms"))]
        for i in range(6):
            when = FROM + sec(170 * i + 8)
            lines.append((when, zap("info", "etcdserver/zap_raft.go:77", "raft.node: %s lost leader 6f2b7c1d90aa4e13 at term %d"
                                    % ("8e9e05c52164694d" if host == "cp-1" else "d282ac2ce600c1ce", 41 + i))))
            lines.append((when + sec(2), zap("info", "etcdserver/zap_raft.go:77", "raft.node: elected leader 6f2b7c1d90aa4e13 at "
                                             "term %d" % (42 + i))))
        c.log(pods[host], "etcd", lines)


def servers(c):
    """API server, scheduler and controller manager while etcd does not answer."""
    for host in MASTERS:
        pod = c.find("pods", "kube-system", "kube-apiserver-" + host)
        lines = [(FROM + sec(6 + 31 * i), 'E{klog}       1 status.go:71] "Unhandled Error" err="apiserver received an error that is '
                  'not an metav1.Status: rpctypes.EtcdError{code:0xe, desc:\\"etcdserver: request timed out\\"}: etcdserver: '
                  'request timed out"') for i in range(28)]
        lines += [(FROM + sec(120 + 200 * i), 'I{klog}       1 trace.go:236] Trace[%d]: "Call validating webhook" configuration:'
                   'image-policy,webhook:images.policy.example.com (total time: 2%03dms)' % (number(10 ** 9, host, i),
                                                                                          number(300, i)))
                  for i in range(3)]
        c.log(pod, "kube-apiserver", lines)
        pod = c.find("pods", "kube-system", "kube-scheduler-" + host)
        c.log(pod, "kube-scheduler", [(FROM + sec(20 + 60 * i), 'E{klog}       1 leaderelection.go:429] "Failed to update lock '
                                       'optimistically, falling back to slow path" err="etcdserver: request timed out"')
                                      for i in range(12)])
    old = c.find("pods", "kube-system", "kube-scheduler-cp-2")
    status = old["status"]["containerStatuses"][0]
    begun, lost = at("2026-02-10 08:21"), at("03:06:40")
    status.update(restartCount=1, state={"running": {"startedAt": stamp(lost + sec(3))}}, lastState={"terminated": {
        "containerID": "containerd://" + c.container_id(old["metadata"]["uid"], "kube-scheduler", 0), "exitCode": 1,
        "finishedAt": stamp(lost), "reason": "Error", "startedAt": stamp(begun)}})
    c.log(old, "kube-scheduler", [(lost - sec(10), 'E{klog}       1 leaderelection.go:340] "Error retrieving lease lock" err="Get '
                                   '\\"https://10.20.0.21:6443/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-'
                                   'scheduler?timeout=5s\\": context deadline exceeded" lock="kube-system/kube-scheduler"'),
                                  (lost - sec(1), 'I{klog}       1 leaderelection.go:297] "Failed to renew lease" lock="kube-system/'
                                   'kube-scheduler" err="timed out waiting for the condition"'),
                                  (lost, 'E{klog}       1 server.go:242] "Leaderelection lost"')], previous=True)
    lease = c.find("leases", "kube-system", "kube-scheduler")
    lease["spec"].update(holderIdentity="", leaseDurationSeconds=1, renewTime="2026-07-14T03:06:40.112087Z", leaseTransitions=9)


def waiting(c):
    """Pods in five namespaces that no scheduler has looked at, and a controller whose writes time out."""
    made = at("2026-06-10 09:00")
    for ns in ("billing", "shop"):
        c.namespace(ns, made)
    for i, ns in enumerate(("billing", "shop", "intranet", "mailing", "observability")):
        name = "nightly-" + ns
        tpl = template({"app": name}, container("app", bg.REG + ns + "/nightly:3.1.0", requests={"cpu": "100m", "memory": "64Mi"}))
        born = at("03:08:00") + sec(40 * i)
        rs = c.deployment(ns, name, tpl, 1, made, revision=2, rs_created=made + sec(5), generation=9,
                          progress=("NewReplicaSetAvailable", made + sec(40)), available_since=born)
        pod = c.pod(ns, rs["metadata"]["name"] + "-" + suffix(5, "i25", ns), rs["spec"]["template"], None, born, owner=rs,
                    generate=rs["metadata"]["name"] + "-", unscheduled="x")
        pod["status"] = {"phase": "Pending", "qosClass": pod["status"]["qosClass"]}
    rs = c.objects["replicasets"][-5]
    c.event(rs, "FailedCreate", "Error creating: etcdserver: request timed out", at("03:05:30"), at("03:07:10"), 4,
            kind="Warning", comp="replicaset-controller")
