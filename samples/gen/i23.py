"""I23: a database fails over for seven seconds, and liveness probes that ask it kill every pod of the API at once."""

import background as bg
from kube import at, container, ended, http_probe, number, sec, stamp, suffix, template

BLIP, WAVE, SECOND = at("20:00:00"), at("20:00:20"), at("20:02:00")
PODS = 15
FULL = "FATAL: sorry, too many clients already"


def main():
    """Captured at 20:04:40; five of fifteen pods are in a crash loop, the others have two restarts."""
    c = bg.cluster("i23", 30, 11, at("20:04:40"), "booking-prod")
    c.focus = set()
    c.no_managed = bg.DULL
    made = at("2026-03-03 08:00")
    c.namespace("booking", made)
    database(c, made)
    yesterday = at("2026-07-13 15:00")

    def version(tag):
        return template({"app": "booking-api"}, container(
            "api", bg.REG + "booking/api:" + tag, [("http", 8080)], requests={"cpu": "100m", "memory": "192Mi"},
            limits={"memory": "384Mi"}, readiness=http_probe("/readyz", "http", period=5, timeout=2),
            liveness=http_probe("/health/deep", "http", period=5, delay=10, timeout=2, failures=3)))
    rs = c.deployment("booking", "booking-api", version("5.4.0"), PODS, made, revision=33, rs_created=yesterday,
                      old=[("6c8f9d7b54", version("5.3.2"), 32, at("2026-07-06 15:00"))],
                      changed=("ci-deployer", yesterday - sec(1)), available_since=at("20:00:16"))
    for i in range(PODS):
        node, born = "node-worker-%d" % (1 + i % 3), yesterday + sec(7 * i)
        name = rs["metadata"]["name"] + "-" + suffix(5, c.seed, i)
        one, two = WAVE + sec(number(20, "one", i)), SECOND + sec(number(20, "two", i))
        crashing = i % 3 == 0
        if crashing:
            run = (at("20:04:02") + sec(i), at("20:04:04") + sec(i))
            pod = c.pod("booking", name, rs["spec"]["template"], node, born, owner=rs, generate=rs["metadata"]["name"] + "-",
                        start=born + sec(3), restarts=5, ready_at=one, waiting=(
                            "CrashLoopBackOff", "back-off 1m20s restarting failed container=api pod=%s" % name),
                        last=ended(1, "Error", *run), events=False)
        else:
            run = (one + sec(2), two + sec(1))
            pod = c.pod("booking", name, rs["spec"]["template"], node, born, owner=rs, generate=rs["metadata"]["name"] + "-",
                        start=two + sec(2), restarts=2, ready=i % 3 == 1, ready_at=at("20:04:10") if i % 3 == 1 else one,
                        last=ended(137 if i % 2 else 143, "Error", *run), events=False)
        story(c, pod, node, i, one, two, run, crashing)
    c.service("booking", "booking-api", {"app": "booking-api"}, [("http", 80, "http")], made)
    return c


def story(c, pod, node, i, one, two, run, crashing):
    """Events, logs and the kubelet's lines of one pod of the API."""
    name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
    args = dict(host=node, container_name="api")
    c.event(pod, "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 503", one - sec(10), two, 6,
            kind="Warning", **args)
    c.event(pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", one - sec(12), two + sec(40),
            14 + i % 5, kind="Warning", **args)
    c.event(pod, "Killing", "Container api failed liveness probe, will be restarted", one, one if crashing else two,
            1 if crashing else 2, **args)
    if crashing:
        c.event(pod, "BackOff", "Back-off restarting failed container api in pod %s_booking(%s)" % (name, uid),
                at("20:01:20"), c.now - sec(4 + i % 6), 15, kind="Warning", **args)
    for when in (one, two):
        c.klog(node, "kubelet", when, "I", "kuberuntime_container.go:779", '"Container failed liveness probe, will be restarted" '
               'pod="booking/%s" podUID="%s" containerName="api"' % (name, uid))
    previous = [(run[0], "{iso} INFO booking-api 5.4.0 starting")]
    if crashing:
        previous += [(run[1], "{iso} ERROR pool: connect db.booking.svc:5432: " + FULL),
                     (run[1], "{iso} FATAL cannot reach the database at start-up, giving up")]
        c.log(pod, "api", previous)
    else:
        previous += [(run[0] + sec(1), "{iso} INFO pool: 40 connections"), (two - sec(14), "{iso} WARN GET /health/deep 503: "
                     "select 1: " + FULL), (two - sec(9), "{iso} WARN GET /health/deep 503: select 1: " + FULL),
                     (two, "{iso} INFO received SIGTERM")]
        now = [(two + sec(2), "{iso} INFO booking-api 5.4.0 starting")]
        now += [(two + sec(8 + 9 * n), "{iso} WARN pool: connect db.booking.svc:5432: " + FULL) for n in range(4)]
        if i % 3 == 1:
            now += [(at("20:04:08"), "{iso} INFO pool: 40 connections"), (at("20:04:12"), "{iso} INFO POST /bookings 201 44ms")]
        else:
            now += [(at("20:04:20"), "{iso} WARN GET /health/deep 503: select 1: " + FULL)]
        c.log(pod, "api", now)
    c.log(pod, "api", previous, previous=True)


def database(c, made):
    """A primary and a replica that changed places within seven seconds."""
    tpl = template({"app": "db"}, container(
        "postgres", bg.REG + "booking/postgres:16.4", [("postgres", 5432)], requests={"cpu": "2", "memory": "8Gi"},
        limits={"memory": "8Gi"}, args=["-c", "max_connections=400"]))
    pods = c.statefulset("booking", "db", tpl, made, [("node-worker-1", made, {}), ("node-worker-2", made + sec(20), {})], "db")
    c.log(pods[0], "postgres", [
        (BLIP, "{iso} LOG:  received fast shutdown request"), (BLIP, "{iso} FATAL:  terminating connection due to administrator "
         "command"), (BLIP + sec(2), "{iso} LOG:  database system is shut down"),
        (BLIP + sec(9), "{iso} LOG:  entering standby mode"), (BLIP + sec(10), "{iso} LOG:  database system is ready to accept "
                                                               "read-only connections")])
    storm = [(at("20:00:44") + sec(2 * i), "{iso} " + FULL.replace("FATAL: ", "FATAL:  ")) for i in range(90)]
    c.log(pods[1], "postgres", [
        (BLIP + sec(4), "{iso} LOG:  received promote request"), (BLIP + sec(5), "{iso} LOG:  redo done at 4F/A1002140"),
        (BLIP + sec(7), "{iso} LOG:  database system is ready to accept connections")] + storm)
    c.service("booking", "db", {"app": "db", "statefulset.kubernetes.io/pod-name": "db-1"}, [("postgres", 5432, "postgres")],
              made, changed=("failover-operator", BLIP + sec(7), {"f:spec": {"f:selector": {
                  "f:statefulset.kubernetes.io/pod-name": {}}}}))
    c.add("configmaps", "booking", "db-leader", made, data={}, annotations={"leader": "db-1", "since": stamp(BLIP + sec(7))})
