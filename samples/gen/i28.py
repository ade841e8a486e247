"""I28: a GPU falls off the bus; a training Job of eight GPUs dies, is refused by the kubelet and then waits."""

import background as bg
import extras
from kube import at, container, sec, template

LOST = at("15:01:58")
WORDS = ("Allocate failed due to requested number of devices unavailable for nvidia.com/gpu. Requested: 8, Available: 7, which "
         "is unexpected")
SAID = ("0/6 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 5 Insufficient "
        "nvidia.com/gpu. preemption: 0/6 nodes are available: 1 Preemption is not helpful for scheduling, 5 No preemption "
        "victims found for incoming pod.")


def main():
    """Captured at 15:20; gpu-4 shows 7 of 8 devices as allocatable."""
    def gpu(free):
        return {"cpu": "96", "memory": "1056323456Ki", "extended": {"nvidia.com/gpu": ("8", free)},
                "labels": {"gpu.example.com/type": "h100"}}
    c = bg.cluster("i28", 33, 6, at("15:20:00"), "ml-prod", more={"gpu-2": gpu("8"), "gpu-4": gpu("7")})
    c.focus = {"ml"}
    made = at("2026-05-20 09:00")
    c.namespace("ml", made)
    plugin(c, made)

    def trainer(app, tag):
        return template({"app": app}, container(
            "train", bg.REG + "ml/%s:%s" % (app, tag), requests={"cpu": "48", "memory": "400Gi", "nvidia.com/gpu": "8"},
            limits={"memory": "400Gi", "nvidia.com/gpu": "8"}))
    job = extras.job(c, "ml", "train-llm", trainer("train-llm", "0.9.1"), at("11:30:00"), active=1, failed=3)
    first = extras.job_pod(c, job, "b4kzq", "gpu-4", at("11:30:02"), failed=(1, LOST + sec(6)))
    c.log(first, "train", [(at("14:40:00") + sec(120 * i), "{iso} INFO step %d loss 1.%d" % (18200 + 40 * i, 900 - 3 * i))
                           for i in range(11)] + [
        (LOST + sec(3), "{iso} ERROR torch.AcceleratorError: CUDA error: unspecified launch failure"),
        (LOST + sec(5), "{iso} ERROR rank 5: ncclUnhandledCudaError: Call to CUDA function failed.")])
    for tail, when in (("p7wds", LOST + sec(16)), ("xn2vg", LOST + sec(36))):
        pod = extras.job_pod(c, job, tail, "gpu-4", when, events=False)
        c.scheduler_event(pod, "Scheduled", "Successfully assigned ml/train-llm-%s to gpu-4" % tail, when, "Binding")
        extras.refused(c, pod, "UnexpectedAdmissionError", WORDS, when + sec(1))
    asked = LOST + sec(77)
    pod = extras.job_pod(c, job, "ftq8l", None, asked, unscheduled=SAID)
    c.scheduler_event(pod, "FailedScheduling", SAID, asked + sec(1), "Scheduling", "Warning", series=(5, at("15:19:20")))
    other = extras.job(c, "ml", "finetune", trainer("finetune", "0.4.0"), at("13:55:00"), active=1, failed=1)
    bad = extras.job_pod(c, other, "m6rtw", "gpu-2", at("13:55:02"), failed=(1, at("14:20:31")))
    c.log(bad, "train", [(at("14:20:30"), "{iso} ERROR torch.AcceleratorError: CUDA error: an illegal memory access was encountered")])
    extras.job_pod(c, other, "zd9kh", "gpu-2", at("14:20:45"))
    notebook(c, made)
    kernel(c)
    return c


def plugin(c, made):
    """The device plugin on the two GPU nodes."""
    tpl = template({"app": "nvidia-device-plugin"}, container(
        "plugin", bg.REG + "nvidia/k8s-device-plugin:v0.17.1", security={"privileged": True}),
        priorityClassName="system-node-critical", tolerations=[{"operator": "Exists"}])
    for pod in c.daemonset("kube-system", "nvidia-device-plugin", tpl, made, ("gpu-2", "gpu-4")):
        lines = [(made + sec(9), "I{klog}       1 server.go:149] Registered device plugin for 'nvidia.com/gpu' with Kubelet")]
        if pod["spec"]["nodeName"] == "gpu-4":
            lines.append((LOST + sec(1), "I{klog}       1 server.go:271] 'nvidia.com/gpu' device marked unhealthy: "
                          "GPU-6f1c0a7d-3b52-9d14-8e0c-55a1b7c2f943"))
        c.log(pod, "plugin", lines)


def notebook(c, made):
    """A notebook that ran out of GPU memory: its own affair."""
    tpl = template({"app": "notebook"}, container("notebook", bg.REG + "ml/notebook:4.4.2", requests={"cpu": "1", "memory": "4Gi"},
                                                  limits={"memory": "8Gi"}))
    rs = c.deployment("ml", "notebook", tpl, 1, made, revision=2)
    pod = c.owned_pods(rs, [(None, "node-worker-1", made, {})])[0]
    c.log(pod, "notebook", [(at("15:05:12"), "{iso} ERROR torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB. "
                             "GPU 0 has a total capacity of 9.50 GiB of which 12.81 MiB is free."),
                            (at("15:06:40"), "{iso} INFO kernel restarted by user")])


def kernel(c):
    """What the drivers on the two GPU nodes wrote."""
    c.journal("gpu-2", "kernel", at("14:20:29"), "kernel: NVRM: Xid (PCI:0000:1b:00): 31, pid=81402, name=python, Ch 00000008, intr "
              "00000000. MMU Fault: ENGINE GRAPHICS GPCCLIENT_T1_0 faulted @ 0x7f2a_60000000. Fault is of type FAULT_PDE "
              "ACCESS_TYPE_VIRT_READ")
    c.journal("gpu-4", "kernel", LOST, "kernel: NVRM: Xid (PCI:0000:44:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off "
              "the bus.")
    c.journal("gpu-4", "kernel", LOST, "kernel: NVRM: GPU 0000:44:00.0: GPU has fallen off the bus.")
