"""I17: one node's clock runs 4.8 seconds behind; tokens made elsewhere seem to come from the future there."""

from datetime import timedelta

import background as bg
import trouble
from kube import at, container, http_probe, number, parse, sec, template

NODE = "node-worker-2"
LATE = timedelta(seconds=4, milliseconds=812)


def main():
    """Captured at 08:47."""
    c = bg.cluster("i17", 31, 10, at("08:47:00"), "shop-prod")
    c.focus = {"shop"}
    made = at("2026-04-14 10:00")
    c.namespace("shop", made)
    rolled = at("08:02:00")

    def auth(tag):
        return template({"app": "auth"}, container(
            "auth", bg.REG + "shop/auth:" + tag, [("http", 8080)], requests={"cpu": "100m", "memory": "128Mi"},
            limits={"memory": "256Mi"}, readiness=http_probe("/ready", "http")))
    rs = c.deployment("shop", "auth", auth("3.3.0"), 2, made, revision=17, rs_created=rolled,
                      old=[("7c9f8d6b45", auth("3.2.4"), 16, at("2026-07-02 09:00"))], changed=("ci-bot", rolled - sec(1)))
    dep = c.objects["deployments"][-1]
    c.event(dep, "ScalingReplicaSet", c.scaled_text(rs["metadata"]["name"], 2, 1), rolled + sec(20),
            comp="deployment-controller")
    c.owned_pods(rs, [(None, "node-worker-1", rolled, {}), (None, "node-worker-3", rolled + sec(19), {})])
    c.service("shop", "auth", {"app": "auth"}, [("http", 80, "http")], made)
    for app in ("basket", "catalog"):
        tpl = template({"app": app}, container(
            app, bg.REG + "shop/%s:5.0.3" % app, [("http", 8080)], requests={"cpu": "100m", "memory": "128Mi"},
            limits={"memory": "256Mi"}, readiness=http_probe("/ready", "http")))
        rs = c.deployment("shop", app, tpl, 3, made, revision=8, rs_created=at("2026-07-06 11:00"))
        born = at("2026-07-06 11:00")
        for i, pod in enumerate(c.owned_pods(rs, [(None, n, born + sec(8 * i), {}) for i, n in enumerate(bg.WORKERS)])):
            requests(c, pod, app)
        c.service("shop", app, {"app": app}, [("http", 80, "http")], made)
    lease = c.find("leases", "kube-node-lease", NODE)
    trouble.renewed(c, c.find("nodes", None, NODE), parse(lease["spec"]["renewTime"].split(".")[0] + "Z") - LATE)
    chrony(c)
    return c


def requests(c, pod, app):
    """What one pod logged; the pod on the late node refuses fresh tokens, and its spans begin before their parents."""
    name, node = pod["metadata"]["name"], pod["spec"]["nodeName"]
    late = node == NODE
    begun = parse(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
    lines = [(begun, '{"time":"{iso}","level":"info","msg":"%s 5.0.3 listening on :8080"}' % app)]
    for k in range(50):
        when = c.now - sec(2500 - 49 * k - number(30, name, k)) - (LATE if late else sec(0))
        trace = "%016x" % number(2 ** 60, app, k // 2)
        if late and number(3, name, "fresh", k) == 0:
            lines.append((when, '{"time":"{iso}","level":"warn","msg":"request refused","status":401,"error":"token validation '
                          'failed: token used before issued","path":"/v1/%s","trace":"%s"}' % (app, trace)))
        else:
            lines.append((when, '{"time":"{iso}","level":"info","msg":"request","status":200,"path":"/v1/%s","duration_ms":%d,'
                          '"trace":"%s"}' % (app, 5 + number(40, name, "d", k), trace)))
    c.log(pod, app, lines)


def chrony(c):
    """chronyd of the late node has had no usable source since yesterday."""
    c.node_files[(NODE, "chrony.txt")] = (
        "Reference ID    : 00000000 ()\nStratum         : 0\nRef time (UTC)  : Thu Jan 01 00:00:00 1970\n"
        "System time     : 4.812044118 seconds slow of NTP time\nLast offset     : -0.000000000 seconds\n"
        "RMS offset      : 0.000000000 seconds\nFrequency       : 54.211 ppm slow\nResidual freq   : +0.000 ppm\n"
        "Skew            : 0.000 ppm\nRoot delay      : 1.000000000 seconds\nRoot dispersion : 1.000000000 seconds\n"
        "Update interval : 0.0 seconds\nLeap status     : Not synchronised\n")
    lines = []
    for i in range(6):
        when = at("03:05:10") + sec(3600 * i) - LATE
        lines.append("%s %s chronyd[701]: Can't synchronise: no selectable sources\n"
                     % (when.strftime("%Y-%m-%dT%H:%M:%S.%f+0000"), NODE))
    c.more_node_files[(NODE, "chronyd.log")] = ("journalctl -u chronyd -o short-iso-precise --utc --since -6h", "".join(lines))
    c.late[NODE] = LATE
    for node in c.objects["nodes"]:
        name = node["metadata"]["name"]
        good = "^*" if name != NODE else "^?"
        c.more_node_files[(name, "chrony-sources.txt")] = (
            "chronyc -n sources", "MS Name/IP address         Stratum Poll Reach LastRx Last sample\n"
            "===============================================================================\n"
            "%s 10.0.0.2                      %d  10   %s  %s  %s\n" % (
                good, 2 if name != NODE else 0, "377" if name != NODE else "  0", "412" if name != NODE else "  -",
                "+11us[  +14us] +/-  612us" if name != NODE else "  +0ns[   +0ns] +/-    0ns"))
