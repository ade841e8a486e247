"""I13: lookups that take five seconds, because two packets of one socket race for the same connection entry in an old kernel."""

import background as bg
from kube import at, container, http_probe, number, parse, sec, template

SICK = {"node-worker-1": 48211, "node-worker-3": 37904}


def main():
    """Captured at 11:25."""
    c = bg.cluster("i13", 28, 9, at("11:25:18"), "search-prod")
    c.focus = {"search"}
    made = at("2026-03-30 09:00")
    c.namespace("search", made)
    for node in c.objects["nodes"]:
        node["status"]["nodeInfo"].update(kernelVersion="4.19.0-27-amd64", osImage="Debian GNU/Linux 10 (buster)")
    tpl = template({"app": "suggest"}, container(
        "suggest", bg.REG + "search/suggest:2.11.0", [("http", 8080)], requests={"cpu": "100m", "memory": "128Mi"},
        limits={"memory": "384Mi"}, readiness=http_probe("/ready", "http", timeout=2)))
    rs = c.deployment("search", "suggest", tpl, 3, made, revision=22, rs_created=at("2026-07-13 09:12:03"))
    hosts = ("index.search.svc.cluster.local", "profile.search.svc.cluster.local", "geo.partner.example.net")
    born = at("2026-07-13 09:12:03")
    for i, pod in enumerate(c.owned_pods(rs, [(None, n, born + sec(9 * i), {}) for i, n in enumerate(bg.WORKERS)])):
        name, node = pod["metadata"]["name"], pod["spec"]["nodeName"]
        begun = parse(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
        lines = [(begun, "{iso} INFO suggest 2.11.0 listening on :8080")]
        for k in range(70):
            when = c.now - sec(2060 - 29 * k - number(20, name, k))
            took, slow = 0.004 + number(90, name, "t", k) / 10000, 0
            if node in SICK and number(7, name, "slow", k) == 0:
                slow = 2 if number(6, name, "twice", k) == 0 else 1
                took += 5.0 * slow
            host = hosts[number(3, name, "h", k)]
            lines.append((when, '{iso} %s http request done path=/v1/suggest status=200 dns_lookup=%.3fs host=%s connect=0.001s '
                          "ttfb=0.0%02ds" % ("WARN" if slow else "INFO", took, host, 10 + number(40, name, "b", k))))
        c.log(pod, "suggest", lines)
    c.service("search", "suggest", {"app": "suggest"}, [("http", 80, "http")], made)
    index = template({"app": "index"}, container("index", bg.REG + "search/index:8.2.0", [("http", 9200)],
                                                 requests={"cpu": "200m", "memory": "512Mi"}, limits={"memory": "1Gi"}))
    rs = c.deployment("search", "index", index, 1, made)
    c.owned_pods(rs, [(None, "node-worker-2", made, {})])
    c.service("search", "index", {"app": "index"}, [("http", 9200, "http")], made)
    rs = c.deployment("search", "profile", template({"app": "profile"}, container(
        "profile", bg.REG + "search/profile:1.4.0", [("http", 8080)], requests={"cpu": "50m", "memory": "64Mi"})), 1, made)
    c.owned_pods(rs, [(None, "node-worker-2", made, {})])
    c.service("search", "profile", {"app": "profile"}, [("http", 80, "http")], made)
    for node in c.objects["nodes"]:
        name = node["metadata"]["name"]
        failed = SICK.get(name, 11 + number(30, name))
        rows, left = [], failed
        for cpu in range(4):
            part = left if cpu == 3 else failed // 4 + number(failed // 9 + 1, name, cpu) - failed // 18
            left -= part
            rows.append("cpu=%d   \tfound=%d invalid=%d insert=0 insert_failed=%d drop=%d early_drop=0 error=0 search_restart=%d"
                        % (cpu, 4100 + number(900, name, cpu, "f"), 900 + number(400, name, cpu), part, part,
                           1200 + number(700, cpu, name)))
        c.more_node_files[(name, "conntrack-stats.txt")] = ("conntrack -S", "\n".join(rows) + "\n")
        c.node_files[(name, "conntrack.txt")] = "count %d\nmax 262144\n" % (
            21000 + number(900, name) if name in SICK else 6200 + number(800, name))
    return c
