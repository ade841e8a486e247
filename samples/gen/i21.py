"""I21: a training pod asks for a GPU and lacks the toleration for the only nodes that have one."""

import background as bg
from kube import at, container, sec, template

SAID = ("0/12 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 node(s) "
        "didn't match Pod's node affinity/selector, 4 node(s) had untolerated taint {nvidia.com/gpu: present}, 5 Insufficient "
        "cpu, 5 Insufficient nvidia.com/gpu. preemption: 0/12 nodes are available: 5 No preemption victims found for "
        "incoming pod, 7 Preemption is not helpful for scheduling.")


def main():
    """Captured at 13:25; five of the twelve nodes are counted under two reasons, so the counts add up to 17."""
    pool = {"pool.example.com/class": "compute"}
    gpu = {"cpu": "32", "memory": "263854312Ki", "extended": {"nvidia.com/gpu": ("4", "4")},
           "labels": dict(pool, **{"gpu.example.com/type": "a100"}),
           "taints": [{"effect": "NoSchedule", "key": "nvidia.com/gpu", "value": "present"}]}
    more = {"node-gpu-%d" % i: gpu for i in (1, 2, 3, 4)}
    more.update({"node-worker-%d" % i: {"labels": pool} for i in (4, 5)})
    more.update({"node-store-%d" % i: {"labels": {"pool.example.com/class": "storage"}} for i in (1, 2)})
    c = bg.cluster("i21", 33, 4, at("13:25:40"), "research-prod", more=more,
                   worker_options={w: {"labels": pool} for w in bg.WORKERS})
    c.focus = {"research"}
    c.with_node_files = False
    c.no_managed = bg.DULL
    made = at("2026-06-01 08:00")
    c.namespace("research", made)
    # Ordinary work fills the ordinary nodes.
    busy = template({"app": "feature-builder"}, container(
        "builder", bg.REG + "research/feature-builder:1.8.0", requests={"cpu": "5", "memory": "4Gi"}, limits={"memory": "8Gi"}))
    rs = c.deployment("research", "feature-builder", busy, 5, made, revision=4)
    c.owned_pods(rs, [(None, "node-worker-%d" % (i + 1), at("2026-07-01 06:00") + sec(i), {}) for i in range(5)])
    trainer = template({"app": "trainer"}, container(
        "train", bg.REG + "research/trainer:0.31.0", requests={"cpu": "6", "memory": "48Gi", "nvidia.com/gpu": "1"},
        limits={"memory": "48Gi", "nvidia.com/gpu": "1"}), nodeSelector=pool)
    asked = at("13:05:10")
    rs = c.deployment("research", "trainer", trainer, 1, asked, progress=("ProgressDeadlineExceeded", at("13:15:11")))
    dep = c.objects["deployments"][-1]
    c.event(dep, "ScalingReplicaSet", c.scaled_text(rs["metadata"]["name"], 1, 0), asked, comp="deployment-controller")
    name = rs["metadata"]["name"] + "-8zq4m"
    pod = c.pod("research", name, rs["spec"]["template"], None, asked, owner=rs, generate=rs["metadata"]["name"] + "-",
                unscheduled=SAID)
    c.event(rs, "SuccessfulCreate", "Created pod: " + name, asked, comp="replicaset-controller")
    c.scheduler_event(pod, "FailedScheduling", SAID, asked + sec(1), "Scheduling", "Warning", series=(5, at("13:25:11")))
    return c
