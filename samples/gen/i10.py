"""I10: a new image brings another native codec library, and every pod of the new revision dies of a segmentation fault."""

from datetime import timedelta

import background as bg
from kube import at, backoff_runs, container, digest, http_probe, number, parse, sec, template


def main():
    """Captured at 09:58."""
    c = bg.cluster("i10", 31, 8, at("09:58:20"), "media-prod")
    c.focus = {"video"}
    made = at("2026-03-19 12:00")
    c.namespace("video", made)

    def version(tag):
        return template({"app": "transcoder"}, container(
            "transcoder", bg.REG + "video/transcoder:" + tag, [("http", 8080)],
            env=[("CODEC_LIB", "/opt/codec/lib/libcodec.so")], requests={"cpu": "500m", "memory": "512Mi"},
            limits={"memory": "2Gi"}, readiness=http_probe("/ready", "http", period=5)))
    rolled, old_made = at("09:47:02"), at("2026-07-01 13:30:11")
    new = version("5.0.0")
    rs = c.deployment("video", "transcoder", new, 6, made, revision=5, rs_created=rolled, hash_="5c8f9d7b66",
                      old=[("7d6b5f9c88", version("4.7.3"), 4, old_made)], changed=("ci-bot", rolled - sec(1)),
                      progress=("ReplicaSetUpdated", rolled + sec(12)), available_since=old_made + sec(40))
    dep = c.objects["deployments"][-1]
    old_rs = c.find("replicasets", "video", "transcoder-7d6b5f9c88")
    rows = [(None, bg.WORKERS[i % 3], old_made + sec(i), {}) for i in range(5)]
    for pod in c.owned_pods(old_rs, rows):
        begun = parse(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
        c.log(pod, "transcoder", [(begun, "{iso} INFO transcoder 4.7.3, libcodec 6.1.2 (JNI)")] + [
            (c.now - sec(1700 - 61 * i - number(40, pod["metadata"]["name"], i)), "{iso} INFO job %06d done in %d s" % (
                441200 + 13 * i, 4 + number(20, pod["metadata"]["name"], "d", i))) for i in range(27)])
    name = rs["metadata"]["name"]
    for i, (to, was, target) in enumerate(((2, 0, name), (5, 6, old_rs["metadata"]["name"]), (3, 2, name))):
        c.event(dep, "ScalingReplicaSet", c.scaled_text(target, to, was), rolled + sec(min(i, 1)),
                comp="deployment-controller")
    for i, tail in enumerate(("2nlvc", "gx6wp", "t9zkf")):
        node = bg.WORKERS[i]
        runs = backoff_runs(rolled + sec(9 + i), 4, 3, 7)

        def lines(run, index):
            return [(run[0], "{iso} INFO transcoder 5.0.0, libcodec 7.0.0 (JNI)"),
                    (run[0] + sec(1), "{iso} INFO self-test: decoding 12 reference frames")]
        c.crash_loop("video", name + "-" + tail, rs["spec"]["template"], node, rolled, runs, 139, lines, rs, name + "-",
                     pulled=6.4)
        base = 0x7f31c4000000 + number(2 ** 20, tail) * 4096
        for k, (_, end) in enumerate(runs):
            pid, at_ = 4312 + 977 * i + 41 * k, base + 0x1c4d0
            say = "codec[%d]: segfault at 18 ip %016x sp %016x error 4 in libcodec.so[%x+%x] likely on CPU %d (core %d, " \
                  "socket 0)" % (pid, at_, base + 0x7f0f0000, base, 0x212000, (3 + i) % 8, (3 + i) % 4)
            c.journal(node, "kernel", end - timedelta(milliseconds=240), "kernel: " + say)
            c.journal(node, "kernel", end - timedelta(milliseconds=239),
                      "kernel: Code: 48 8b 47 08 48 85 c0 74 0c 48 8b 40 <18> 48 89 c7 e9 %s" % digest(tail, k)[:8])
    month = "".join("[Tue Jun 16 04:%02d:11 2026] EDAC MC0: 1 CE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 "
                    "(channel:1 slot:0 page:0x41fd2b offset:0x%x grain:32 syndrome:0x0)\n" % (12 + i, 64 * i)
                    for i in range(2))
    c.more_node_files[("node-worker-2", "dmesg.txt")] = ("dmesg -T --level=err,warn", month)
    c.service("video", "transcoder", {"app": "transcoder"}, [("http", 80, "http")], made)
    return c
