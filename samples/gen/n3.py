"""N3: a quiet cluster whose events have all expired; old restarts and a finished rollout are all that is left to see."""

import background as bg
from kube import at, container, ended, http_probe, sec, template


def main():
    """Captured at 22:10; no event is younger than an hour, so the lists are empty."""
    c = bg.cluster("n3", 32, 4, at("22:10:00"), "library-prod")
    c.focus = {"library"}
    made = at("2026-04-11 08:00")
    c.namespace("library", made)

    def version(tag):
        return template({"app": "catalogue"}, container(
            "catalogue", bg.REG + "library/catalogue:" + tag, [("http", 8080)], requests={"cpu": "100m", "memory": "256Mi"},
            limits={"memory": "512Mi"}, readiness=http_probe("/readyz", "http"), liveness=http_probe("/livez", "http", delay=20)))
    rolled, again = at("14:30:00"), at("2026-07-13 02:11:09")
    rs = c.deployment("library", "catalogue", version("3.9.1"), 3, made, revision=15, rs_created=rolled,
                      old=[("7b5cd9f86d", version("3.9.0"), 14, at("2026-06-30 14:30"))], changed=("ci-deployer", rolled - sec(1)))
    c.owned_pods(rs, [(None, "node-worker-%d" % (1 + i), rolled + sec(14 * i), {}) for i in range(3)])
    index = template({"app": "indexer"}, container("indexer", bg.REG + "library/indexer:1.1.4", requests={"cpu": "100m", "memory": "512Mi"},
                                                   limits={"memory": "1Gi"}))
    born = at("2026-07-01 09:00")
    rs = c.deployment("library", "indexer", index, 1, made, revision=3, rs_created=born)
    c.owned_pods(rs, [(None, "node-worker-2", born, {"start": again, "restarts": 4, "last": ended(
        137, "OOMKilled", born + sec(4), again - sec(2))})])
    c.service("library", "catalogue", {"app": "catalogue"}, [("http", 80, "http")], made)
    return c
