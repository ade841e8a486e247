"""I01: kube-proxy is OOM-killed on one node and two of four payment pods crash behind it (and three variants)."""

from datetime import timedelta

import background as bg
from kube import at, backoff_runs, container, digest, ended, http_probe, number, parse, sec, tcp_probe, template

DB = "10.96.45.12:5432"
PLATFORM = {
    "platform-billing": ("invoice", "ledger", "rating"),
    "platform-events": ("broker", "replay", "schema"),
    "platform-identity": ("accounts", "consent", "tokens"),
    "platform-search": ("crawler", "indexer", "suggest"),
}
ROLES = (("", "http", 80, 8080), ("-admin", "admin", 8081, 8081), ("-events", "events", 8082, 8082),
         ("-grpc", "grpc", 9000, 9000))


def build(captured, refused=True, recovered_=False, node_files=True, offsets=None):
    """The cluster of I01; `refused` chooses ECONNREFUSED or i/o timeout."""
    oom = at("02:42:31")
    up_since = at("2026-06-23 04:11:09")
    c = bg.cluster("i01", 31, 6, captured, "prod-eu-1", kube_proxy_limit="128Mi", reserved=["10.244.1.20"], kube_proxy_options={"node-worker-3": {
        "start": at("02:42:33"), "restarts": 1, "last": ended(137, "OOMKilled", up_since, oom), "ready_at": at("02:42:34")}})
    c.with_node_files, c.offsets = node_files, offsets or {}
    c.focus = {"payments"}
    c.no_managed = {"services", "endpointslices", "configmaps", "serviceaccounts"}
    c.split = {"endpointslices": "tenants"}
    bg.storage(c)
    many_services(c)
    proxy = next(p for p in c.objects["pods"] if p["metadata"].get("generateName") == "kube-proxy-"
                 and p["spec"]["nodeName"] == "node-worker-3")
    proxy_story(c, proxy, oom, recovered_)
    payments(c, refused, recovered_)
    if node_files:
        kernel_story(c, proxy, oom)
    build_rules(c, recovered_)
    return c


def main():
    """Two pods crash with ECONNREFUSED; captured at 02:50."""
    return build(at("02:50:07"))


def timeout():
    """Variant B: the log says i/o timeout; one node's journal is written in +0200."""
    return build(at("02:50:07"), refused=False, offsets={"node-worker-2": 2})


def recovered():
    """Variant C: captured at 03:05, after the cordon, the deletion of the two pods and the full sync."""
    return build(at("03:05:12"), recovered_=True)


def no_node_files():
    """The same as the main sample, but nothing was collected from the nodes."""
    return build(at("02:50:07"), node_files=False)


def many_services(c):
    """359 tenant Services of spring and 41 platform Services of 2026-07-07."""
    made = at("2026-04-14 08:00")
    c.namespace("tenants", made)
    shards = ("s1", "s2", "s3", "s4", "s5", "s6")
    for i, shard in enumerate(shards):
        tpl = template({"shard": shard}, container(
            "storefront", bg.REG + "tenants/storefront:6.20.3", [("http", 8080)],
            requests={"cpu": "150m", "memory": "256Mi"}, limits={"memory": "768Mi"}, readiness=http_probe("/readyz", "http")))
        rs = c.deployment("tenants", "shard-" + shard, tpl, 1, made, revision=9)
        c.owned_pods(rs, [(None, bg.WORKERS[i % 2], made + sec(i), {})])
    for i in range(359):
        when = made + timedelta(hours=5 * i, seconds=number(3000, "tenant", i))
        c.service("tenants", "t%04d" % (i + 1), {"shard": shards[i % 6]}, [("http", 80, 8080)], when)
    day = at("2026-07-07 09:02:11")
    names = [(ns, app, role) for ns in PLATFORM for app in PLATFORM[ns] for role in ROLES][:41]
    for i, (ns, app, role) in enumerate(names):
        when = day + sec(97 * i)
        if role[0] == "":
            if app == PLATFORM[ns][0]:
                c.namespace(ns, when - sec(30))
            tpl = template({"app": app}, container(
                app, bg.REG + "platform/%s:0.9.2" % app,
                [(r[1], r[3]) for r in ROLES] + [("metrics", 9100)], requests={"cpu": "50m", "memory": "96Mi"},
                limits={"memory": "256Mi"}))
            rs = c.deployment(ns, app, tpl, 1, when)
            c.owned_pods(rs, [(None, bg.WORKERS[number(2, app)], when, {})])
        ports = [(role[1], role[2], role[1])] + ([("metrics", 9100, "metrics")] if i % 2 == 0 and i < 36 else [])
        c.service(ns, app + role[0], {"app": app}, ports, when)


def proxy_story(c, proxy, oom, done):
    """Events, logs and kubelet lines of the kube-proxy pod on node-worker-3."""
    node, uid = "node-worker-3", proxy["metadata"]["uid"]
    name = proxy["metadata"]["name"]
    args = dict(host=node, container_name="kube-proxy")
    image = proxy["spec"]["containers"][0]["image"]
    c.event(proxy, "Pulled", 'Container image "%s" already present on machine' % image, at("02:42:33"), **args)
    c.event(proxy, "Created", c.created_text("kube-proxy"), at("02:42:33"), **args)
    c.event(proxy, "Started", c.started_text("kube-proxy"), at("02:42:33"), **args)
    lock = ('E{klog}       1 proxier.go:1564] "Failed to execute iptables-restore" err="exit status 4: Another app is '
            'currently holding the xtables lock; still 0s 0us time ahead to have a chance to grab the lock...\\n" '
            'ipFamily="IPv4"')
    retry = 'I{klog}       1 proxier.go:845] "Sync failed" ipFamily="IPv4" retryingTime="30s"'
    lines = [
        (at("02:42:33.612"), 'I{klog}       1 server_linux.go:66] "Using iptables proxy"'),
        (at("02:42:33.701"), 'I{klog}       1 server.go:677] "Successfully retrieved node IP(s)" IPs=["10.20.0.13"]'),
        (at("02:42:33.744"), 'I{klog}       1 conntrack.go:60] "Setting nf_conntrack_max" nfConntrackMax=262144'),
        (at("02:42:33.802"), 'I{klog}       1 config.go:192] "Starting service config controller"'),
        (at("02:42:33.803"), 'I{klog}       1 config.go:101] "Starting endpoint slice config controller"'),
        (at("02:42:34.118"), 'I{klog}       1 shared_informer.go:320] Caches are synced for service config'),
        (at("02:42:34.322"), 'I{klog}       1 shared_informer.go:320] Caches are synced for endpoint slice config')]
    for when in ("02:43:04.410", "02:44:35.904", "02:46:41.337"):
        lines += [(at(when), lock), (at(when) + timedelta(milliseconds=1), retry)]
    lines.append((at("02:48:20.114"), 'I{klog}       1 proxier.go:805] "Syncing iptables rules" ipFamily="IPv4" '
                  'fullSync=true'))
    if done:
        lines.append((at("02:55:58.207"), 'I{klog}       1 proxier.go:799] "SyncProxyRules complete" ipFamily="IPv4" '
                      'elapsed="7m38.093s"'))
    c.log(proxy, "kube-proxy", lines)
    c.log(proxy, "kube-proxy", [
        (at("2026-06-23 04:11:09.412"), 'I{klog}       1 server_linux.go:66] "Using iptables proxy"'),
        (at("2026-07-07 10:05:44.118"), 'I{klog}       1 proxier.go:1551] "Reloading service iptables data" ipFamily="IPv4" '
         'numServices=430 numEndpoints=436 numFilterChains=6 numFilterRules=5 numNATChains=866 numNATRules=2169'),
        (at("02:41:31.904"), 'I{klog}       1 proxier.go:1551] "Reloading service iptables data" ipFamily="IPv4" '
         'numServices=430 numEndpoints=436 numFilterChains=6 numFilterRules=5 numNATChains=866 numNATRules=2169')],
        previous=True)
    if c.with_node_files:
        old, new = c.container_id(uid, "kube-proxy", 0), c.container_id(uid, "kube-proxy", 1)
        c.journal(node, "containerd", oom + timedelta(milliseconds=611), 'containerd[812]: time="2026-07-14T02:42:31.'
                  '610884213Z" level=info msg="TaskOOM event container_id:\\"%s\\""' % old)
        c.pleg(node, oom + timedelta(milliseconds=1204), "kube-system", name, uid, "ContainerDied", old)
        c.klog(node, "kubelet", oom + sec(1), "I", "scope.go:117", '"RemoveContainer" containerID="%s"' % digest(uid, 9))
        c.pleg(node, at("02:42:33.402"), "kube-system", name, uid, "ContainerStarted", new)


def payments(c, refused, done):
    """Namespace payments: the service with four pods, and a healthy postgres."""
    made = at("2026-03-09 12:00")
    c.namespace("payments", made, labels={"team": "payments"})
    c.add("secrets", "payments", "postgres-credentials", made, type="Opaque", data={"password": "", "username": ""})
    db = template({"app": "postgres"}, container(
        "postgres", bg.REG + "db/postgres:16.4", [("postgres", 5432)], requests={"cpu": "500m", "memory": "1Gi"},
        limits={"memory": "2Gi"}, readiness=tcp_probe("postgres"),
        mounts=[{"mountPath": "/var/lib/postgresql/data", "name": "data"}]))
    pg = c.statefulset("payments", "postgres", db, made, [("node-worker-1", made + sec(20), {"ip": "10.244.1.20"})],
                       "postgres", [("data", "block-ssd", "50Gi")])[0]
    bg.claim(c, "payments", "data-postgres-0", "50Gi", made, "node-worker-1", {"app": "postgres"})
    c.service("payments", "postgres", {"app": "postgres"}, [("postgres", 5432, 5432)], made, ip="10.96.45.12")
    c.log(pg, "postgres", [
        (at("02:41:%02d" % (4 + i)), "{ts} UTC [%d] LOG:  connection authorized: user=payments database=payments "
         "application_name=payment-service".replace("{ts}", "2026-07-14 02:41:%02d" % (4 + i)) % (3311 + i))
        for i in range(0, 20, 5)] + [(at("02:45:00"), "2026-07-14 02:45:00 UTC [71] LOG:  checkpoint complete: wrote 211 "
                                      "buffers (1.3%); 0 WAL file(s) added, 0 removed, 1 recycled")])

    def version(image):
        return template({"app": "payment-service"}, container(
            "app", bg.REG + "payments/payment-service:" + image, [("http", 8080)],
            env=[("DB_PORT", "5432"), ("DB_HOST", "postgres"), ("DB_PASSWORD", {"valueFrom": {"secretKeyRef": {
                "key": "password", "name": "postgres-credentials"}}})],
            requests={"cpu": "250m", "memory": "256Mi"}, limits={"memory": "512Mi"},
            readiness=http_probe("/readyz", "http", period=5), liveness=http_probe("/livez", "http", delay=30)))
    tpl = version("5.8.0")
    rs = c.deployment("payments", "payment-service", tpl, 4, made + sec(600), revision=47, rs_created=at("02:41:00"),
                      hash_="7f8b9c4d5", old=[("6c5d4f7b9", version("5.7.4"), 46, at("2026-07-06 15:20:31"))],
                      changed=("argocd-application-controller", at("02:40:59")),
                      progress=("NewReplicaSetAvailable", at("02:41:31")),
                      available_since=at("02:52:44") if done else at("02:42:40"))
    dep = c.objects["deployments"][-1]
    new, old = "payment-service-7f8b9c4d5", "payment-service-6c5d4f7b9"
    for when, name, to, was in (("02:41:00", new, 1, 0), ("02:41:00", old, 3, 4), ("02:41:00", new, 2, 1),
                                ("02:41:10", old, 2, 3), ("02:41:10", new, 3, 2), ("02:41:11", old, 1, 2),
                                ("02:41:11", new, 4, 3), ("02:41:21", old, 0, 1)):
        c.event(dep, "ScalingReplicaSet", c.scaled_text(name, to, was), at(when), comp="deployment-controller")
    old_rs = c.find("replicasets", "payments", old)
    for tail, node, when in (("8hn4v", 1, "02:41:00"), ("c2kzj", 2, "02:41:10"), ("r9wbl", 3, "02:41:11"),
                             ("tq65d", 1, "02:41:21")):
        name = old + "-" + tail
        node = "node-worker-%d" % node
        ref = {"apiVersion": "v1", "fieldPath": "spec.containers{app}", "kind": "Pod", "name": name,
               "namespace": "payments", "resourceVersion": c.rv(at("2026-07-06 15:21"), name), "uid": c.uid("gone", name)}
        c.event(None, "Killing", "Stopping container app", at(when), host=node, deleted_ref=ref)
        c.event(old_rs, "SuccessfulDelete", "Deleted pod: " + name, at(when), comp="replicaset-controller")
    healthy = c.owned_pods(rs, [("a8j3n", "node-worker-1", at("02:41:00"), {}), ("m5t2w", "node-worker-2", at("02:41:10"), {})],
                           pulled=2.418)
    for pod in healthy:
        begun = parse(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
        c.log(pod, "app", startup(begun) + [
            (begun + sec(1), "{iso} INFO  db - connected to postgres (%s) pool=10" % DB),
            (begun + sec(2), "{iso} INFO  http - listening on :8080")] + requests(c, begun + sec(15), pod))
    for tail, created, first in (("x2k9m", at("02:41:00"), at("02:41:03")), ("q4r7p", at("02:41:11"), at("02:41:14"))):
        crash(c, rs, tpl, tail, created, first, at("02:42:36") if tail == "x2k9m" else at("02:42:40"), refused, done)
    if done:
        recovery(c, rs)
    c.service("payments", "payment-service", {"app": "payment-service"}, [("http", 80, "http")], made + sec(600))


def startup(begun):
    """First lines of every run."""
    return [(begun, "{iso} INFO  main - payment-service 5.8.0 starting (commit 4e1b7c9)"),
            (begun + timedelta(milliseconds=210), "{iso} INFO  config - loaded 31 settings from environment")]


def requests(c, since, pod):
    """Ordinary traffic."""
    name, out = pod["metadata"]["name"], []
    step = max(7, int((c.now - since).total_seconds() / 45))
    for i in range(45):
        when = since + sec(step * i + number(6, name, i))
        if when < c.now:
            out.append((when, "{iso} INFO  http - POST /v1/charges 201 %dms" % (18 + number(60, name, i, "ms"))))
    return out


def failing_lines(refused):
    """Returns the function that writes one run's log."""
    def lines(run, index):
        begin, end = run
        if index == 0:
            middle = [(begin + sec(1), "{iso} INFO  db - connected to postgres (%s) pool=10" % DB),
                      (begin + sec(2), "{iso} INFO  http - listening on :8080")]
        else:
            cause = "connect ECONNREFUSED " + DB if refused else "dial tcp %s: i/o timeout" % DB
            wait = 6 if refused else 1
            middle = [(begin + sec(1 + i * (wait + (0 if refused else 5))),
                       "{iso} WARN  db - postgres not reachable (attempt %d/5): %s; next attempt in %ds" % (i + 1, cause, wait))
                      for i in range(5)]
        fatal = "FATAL: database connection refused: ECONNREFUSED " + DB if refused else \
            "FATAL: database connection failed: dial tcp %s: i/o timeout" % DB
        return startup(begin) + middle + [(end, fatal)]
    return lines


def crash(c, rs, tpl, tail, created, first, died, refused, done):
    """One crash-looping pod on node-worker-3."""
    now = c.now
    count = 6
    if done:
        c.now, count = at("02:52:18"), 7
    runs = backoff_runs(first, int((died - first).total_seconds()), 32, count)
    body = rs["spec"]["template"]
    pod = c.crash_loop("payments", rs["metadata"]["name"] + "-" + tail, body, "node-worker-3", created, runs, 1,
                       failing_lines(refused), rs, rs["metadata"]["name"] + "-", pulled=2.733)
    c.now = now
    if done:
        c.objects["pods"].remove(pod)
        for path in [p for p in c.logs if pod["metadata"]["name"] in p]:
            del c.logs[path]
        c.klog("node-worker-3", "kubelet", at("02:52:20"), "I", "kubelet.go:2437",
               '"SyncLoop DELETE" source="api" pods=["payments/%s"]' % pod["metadata"]["name"])
        c.klog("node-worker-3", "kubelet", at("02:52:21"), "I", "kubelet.go:2431",
               '"SyncLoop REMOVE" source="api" pods=["payments/%s"]' % pod["metadata"]["name"])


def recovery(c, rs):
    """What the on-call engineer did at 02:52 and its traces."""
    node = c.find("nodes", None, "node-worker-3")
    for when, reason in (("02:52:07", "NodeNotSchedulable"), ("02:57:12", "NodeSchedulable")):
        c.event(node, reason, "Node node-worker-3 status is now: " + reason, at(when), host="node-worker-3")
    for tail, where, ready in (("n7d2f", "node-worker-1", "02:52:32"), ("b9s6c", "node-worker-2", "02:52:44")):
        pod = c.owned_pods(rs, [(tail, where, at("02:52:20"), {"start": at("02:52:22"), "ready_at": at(ready)})])[0]
        c.log(pod, "app", startup(at("02:52:22")) + [
            (at("02:52:23"), "{iso} INFO  db - connected to postgres (%s) pool=10" % DB),
            (at("02:52:24"), "{iso} INFO  http - listening on :8080")] + requests(c, at("02:52:47"), pod))


def kernel_story(c, proxy, oom):
    """The kernel log of node-worker-3: a day of ordinary lines and one complete memcg OOM report."""
    node, uid = "node-worker-3", proxy["metadata"]["uid"]
    day = c.now - timedelta(hours=23, minutes=48)
    for i in range(280):
        when = day + timedelta(minutes=5 * i, seconds=3 + number(40, "w3", i))
        if when > c.now:
            break
        veth = "cali" + digest("w3", i)[:11]
        for j, text in enumerate(("eth0: renamed from tmp" + digest("w3", i, "t")[:5],
                                  "IPv6: ADDRCONF(NETDEV_CHANGE): eth0: link becomes ready",
                                  "IPv6: ADDRCONF(NETDEV_CHANGE): %s: link becomes ready" % veth)[:2 + i % 2]):
            c.journal(node, "kernel", when + timedelta(microseconds=90 * j + number(60, i)), "kernel: " + text)
    cid = c.container_id(uid, "kube-proxy", 0)
    pod_slice = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod%s.slice" % uid.replace("-", "_")
    scope = pod_slice + "/cri-containerd-%s.scope" % cid
    stats = (("anon", 133132288), ("file", 45056), ("kernel", 1040384), ("kernel_stack", 212992), ("pagetables", 573440),
             ("sec_pagetables", 0), ("percpu", 4608), ("sock", 0), ("vmalloc", 0), ("shmem", 0), ("zswap", 0),
             ("zswapped", 0), ("file_mapped", 40960), ("file_dirty", 0), ("file_writeback", 0), ("swapcached", 0),
             ("anon_thp", 2097152), ("file_thp", 0), ("shmem_thp", 0), ("inactive_anon", 133120000), ("active_anon", 12288),
             ("inactive_file", 45056), ("active_file", 0), ("unevictable", 0), ("slab_reclaimable", 52312),
             ("slab_unreclaimable", 190216), ("slab", 242528), ("workingset_refault_anon", 0),
             ("workingset_refault_file", 18231), ("workingset_activate_anon", 0), ("workingset_activate_file", 4412),
             ("workingset_restore_anon", 0), ("workingset_restore_file", 391), ("workingset_nodereclaim", 0),
             ("pgscan", 402113), ("pgsteal", 201934), ("pgscan_kswapd", 0), ("pgscan_direct", 402113),
             ("pgsteal_kswapd", 0), ("pgsteal_direct", 201934), ("pgfault", 2911043), ("pgmajfault", 812),
             ("pgrefill", 90112), ("pgactivate", 6120), ("pgdeactivate", 4803), ("pglazyfree", 0), ("pglazyfreed", 0),
             ("thp_fault_alloc", 3), ("thp_collapse_alloc", 0))
    report = ["kube-proxy invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=-997",
              "CPU: 5 PID: 2211 Comm: kube-proxy Not tainted 6.8.0-60-generic #63-Ubuntu",
              "Hardware name: Example Cloud Compute/KVM, BIOS 1.16.2 04/01/2014", "Call Trace:", " <TASK>",
              " dump_stack_lvl+0x76/0xa0", " dump_stack+0x10/0x20", " dump_header+0x47/0x1f0",
              " oom_kill_process+0x118/0x280", " ? oom_evaluate_task+0x143/0x1e0", " out_of_memory+0x103/0x340",
              " mem_cgroup_out_of_memory+0x112/0x150", " try_charge_memcg+0x6d7/0x7d0", " charge_memcg+0x40/0xa0",
              " __mem_cgroup_charge+0x2e/0xb0", " do_anonymous_page+0x13c/0x570", " handle_pte_fault+0x1cb/0x1d0",
              " __handle_mm_fault+0x654/0x800", " handle_mm_fault+0x18a/0x380", " do_user_addr_fault+0x169/0x670",
              " exc_page_fault+0x83/0x1b0", " asm_exc_page_fault+0x27/0x30", "RIP: 0033:0x46fc20",
              "Code: Unable to access opcode bytes at 0x46fbf6.", "RSP: 002b:000000c000a3f8e8 EFLAGS: 00010202",
              "RAX: 000000c007a00000 RBX: 0000000000002000 RCX: 0000000000001f80",
              "RDX: 0000000000000080 RSI: 000000c0079fe000 RDI: 000000c007a00080",
              "RBP: 000000c000a3f940 R08: 0000000000000001 R09: 0000000000000000",
              "R10: 00007f1c84a52108 R11: 0000000000000246 R12: 000000c000a3f9c0",
              "R13: 0000000000000002 R14: 000000c0005021c0 R15: 0000000000000030", " </TASK>",
              "memory: usage 131072kB, limit 131072kB, failcnt 20417", "swap: usage 0kB, limit 0kB, failcnt 0",
              "Memory cgroup stats for %s:" % scope] + ["%s %d" % s for s in stats] + [
              "Tasks state (memory values in pages):",
              "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name",
              "[   2211]     0  2211   203086    41783    32503     9280         0   573440        0          -997 kube-proxy",
              "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=cri-containerd-%s.scope,mems_allowed=0,"
              "oom_memcg=%s,task_memcg=%s,task=kube-proxy,pid=2211,uid=0" % (cid, scope, scope),
              "Memory cgroup out of memory: Killed process 2211 (kube-proxy) total-vm:812344kB, anon-rss:130012kB, "
              "file-rss:37120kB, shmem-rss:0kB, UID:0 pgtables:560kB oom_score_adj:-997"]
    for i, text in enumerate(report):
        c.journal(node, "kernel", oom + timedelta(microseconds=402117 + 13 * i), "kernel: " + text)


def build_rules(c, done):
    """Makes node-worker-3 hold only 37 of 431 rules at capture (all of them after recovery)."""
    if not c.with_node_files or done:
        return
    finish = c.derive

    def derive():
        finish()
        rules = c.service_rules()
        basic = [r for r in rules if "kube-system/kube-dns" in r or "default/kubernetes:" in r]
        rest = [r for r in rules if r not in basic and "10.96.45.12" not in r]
        c.node_files[("node-worker-3", "iptables.txt")] = c.iptables("node-worker-3", (basic + rest)[:36])
    c.derive = derive
