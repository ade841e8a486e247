"""I08: a JVM whose heap may grow to nearly the container's limit is killed by the kernel every twenty minutes."""

import background as bg
import trouble
from kube import at, container, ended, http_probe, number, sec, template

LIMIT_KB = 524288


def main():
    """Captured at 10:41, three minutes after the last kill."""
    c = bg.cluster("i08", 28, 12, at("10:41:33"), "reports-prod")
    c.focus = {"reports"}
    made = at("2026-04-21 09:12")
    c.namespace("reports", made)
    rolled = at("08:20:04")
    tpl = template({"app": "statements"}, container(
        "statements", bg.REG + "reports/statements:3.4.1", [("http", 8080)],
        env=[("JAVA_TOOL_OPTIONS", "-Xmx480m -XX:+UseG1GC"), ("SPRING_PROFILES_ACTIVE", "prod")],
        requests={"cpu": "250m", "memory": "384Mi"}, limits={"memory": "512Mi"},
        readiness=http_probe("/actuator/health/readiness", "http"),
        liveness=http_probe("/actuator/health/liveness", "http", delay=40)))
    rs = c.deployment("reports", "statements", tpl, 2, made, revision=14, rs_created=rolled,
                      available_since=at("10:38:31"))
    cgroups = {}
    for tail, node, first, length, rss, pid in (("h7dpk", "node-worker-1", at("08:20:08"), 1330, 523004, 41877),
                                                ("qzv2t", "node-worker-3", at("08:20:09"), 1352, 522716, 39020)):
        runs, begin = [], first
        for i in range(6):
            end = begin + sec(length + number(60, tail, i))
            if end > c.now:
                break
            runs.append((begin, end))
            begin = end + sec(2)
        pod = c.owned_pods(rs, [(tail, node, rolled, {
            "start": begin, "restarts": len(runs), "last": ended(137, "OOMKilled", *runs[-1]),
            "ready_at": begin + sec(31), "events": False})])[0]
        args = dict(host=node, container_name="statements")
        image = tpl["spec"]["containers"][0]["image"]
        c.event(pod, "Pulled", 'Container image "%s" already present on machine' % image, runs[0][0], begin, len(runs) + 1,
                **args)
        for reason, text in (("Created", c.created_text("statements")), ("Started", c.started_text("statements"))):
            c.event(pod, reason, text, runs[0][0], begin, len(runs) + 1, **args)
        c.event(pod, "Unhealthy", 'Readiness probe failed: Get "http://%s:8080/actuator/health/readiness": dial tcp %s:8080: '
                "connect: connection refused" % (pod["status"]["podIP"], pod["status"]["podIP"]), runs[0][0] + sec(10),
                begin + sec(21), 2 * len(runs) + 2, kind="Warning", **args)
        uid = pod["metadata"]["uid"]
        for i, (start, end) in enumerate(runs):
            cid = c.container_id(uid, "statements", i)
            trouble.memcg_oom(c, node, end, pod, cid, "java", pid + 310 * i, rss - number(300, tail, "rss", i), LIMIT_KB)
            c.pleg(node, start, "reports", pod["metadata"]["name"], uid, "ContainerStarted", cid)
            c.pleg(node, end + sec(1), "reports", pod["metadata"]["name"], uid, "ContainerDied", cid)
        c.log(pod, "statements", life(begin, None, c.now, tail))
        c.log(pod, "statements", life(runs[-1][0], runs[-1][1], c.now, tail), previous=True)
        here, inner = trouble.pod_slice(pod), trouble.scope(pod, c.container_id(uid, "statements", len(runs)))
        cgroups[node] = [
            (here, "memory.peak", str(LIMIT_KB * 1024 + 4096)),
            (here, "memory.events", [("low", 0), ("high", 0), ("max", 4100 + number(900, tail)), ("oom", len(runs)),
                                     ("oom_kill", len(runs)), ("oom_group_kill", len(runs))]),
            (inner, "memory.max", str(LIMIT_KB * 1024)), (inner, "memory.peak", "412876800"),
            (inner, "memory.events", [("low", 0), ("high", 0), ("max", 0), ("oom", 0), ("oom_kill", 0),
                                      ("oom_group_kill", 0)])]
    for node, rows in cgroups.items():
        c.more_node_files[(node, "cgroup.txt")] = (trouble.CGROUP_COMMAND, trouble.cgroup_files(rows))
        c.more_node_files[(node, "meminfo.txt")] = ("cat /proc/meminfo", trouble.meminfo(32779080, 19667448))
    c.more_node_files[("node-worker-3", "dmesg.txt")] = ("dmesg -T --level=err,warn", "".join(
        "[Fri Jul 10 03:12:44 2026] %s\n" % line for line in (
            "stress-ng invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=1000",
            "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/user.slice,"
            "task=stress-ng,pid=3301,uid=0",
            "Out of memory: Killed process 3301 (stress-ng) total-vm:30412288kB, anon-rss:28120440kB, file-rss:1024kB, "
            "shmem-rss:0kB, UID:0 pgtables:55120kB oom_score_adj:1000")))
    c.service("reports", "statements", {"app": "statements"}, [("http", 80, "http")], made)
    return c


def life(begin, end, now, name):
    """The log of one run: the JVM notices nothing before it is gone."""
    lines = [(begin, "Picked up JAVA_TOOL_OPTIONS: -Xmx480m -XX:+UseG1GC"),
             (begin + sec(9), "{ts}  INFO 1 --- [           main] c.e.s.StatementsApplication : Starting v3.4.1 using "
              "Java 21.0.4"),
             (begin + sec(28), "{ts}  INFO 1 --- [           main] c.e.s.StatementsApplication : Started in 18.902 seconds")]
    last = end or now
    for i in range(24):
        when = begin + sec(35 + 52 * i + number(20, name, i))
        if when < last - sec(2):
            lines.append((when, "{ts}  INFO 1 --- [nio-8080-exec-%d] c.e.s.render.PdfRenderer      : rendered statement, %d "
                          "pages, heap %dM of 480M" % (1 + i % 8, 3 + number(40, name, "p", i), 150 + 13 * i)))
    return lines
