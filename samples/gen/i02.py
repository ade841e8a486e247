"""I02: a report pod stays Pending because its nodeSelector asks for a label value that no node has."""

import background as bg
from kube import at, container, sec, template

MESSAGE = ("0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 node(s) didn't match Pod's node "
           "affinity/selector. preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.")


def main():
    """Captured at 09:20, twenty minutes after the pod was created; nodes are written as JSON."""
    c = bg.cluster("i02", 34, 3, at("09:20:04"), "batch-eu-1",
                   worker_options={n: {"labels": {"disktype": "nvme"}} for n in bg.WORKERS})
    c.json_resources = {"nodes"}
    c.focus = {"batch"}
    c.namespace("batch", at("2026-04-20 07:00"))
    made = at("09:00:05")
    tpl = template({"app": "report"}, container("report", bg.REG + "batch/report:2.1.0",
                                                requests={"cpu": "500m", "memory": "1Gi"}),
                   nodeSelector={"disktype": "nvme-fast"})
    pod = c.statefulset("batch", "report", tpl, at("09:00:04"), [(None, made, {"unscheduled": MESSAGE, "events": False})],
                        "report")[0]
    sts = c.find("statefulsets", "batch", "report")
    c.event(sts, "SuccessfulCreate", "create Pod report-0 in StatefulSet report successful", made,
            comp="statefulset-controller")
    c.scheduler_event(pod, "FailedScheduling", MESSAGE, at("09:00:05.318204"), "Scheduling", "Warning",
                      series=(4, at("09:15:21.907716")))
    c.service("batch", "report", {"app": "report"}, [("http", 8080, 8080)], at("09:00:04"), headless=True)
    # the red herring: node-worker-2 has 92 % of its CPU requested, and yet 640m left
    heavy = template({"app": "simulation"}, container(
        "simulation", bg.REG + "batch/simulation:7.0.1", requests={"cpu": "3270m", "memory": "6Gi"}))
    day = at("2026-07-02 13:10")
    rs = c.deployment("batch", "simulation", heavy, 2, day)
    c.owned_pods(rs, [(None, "node-worker-2", day + sec(i), {}) for i in range(2)])
    return c
