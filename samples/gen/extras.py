"""Pieces that several stories share: pods whose image cannot be pulled, pods refused by a kubelet, webhooks, APIServices."""

from kube import sec, stamp


def image_pull(c, owner, tail, node, created, error, tries, event_error=None):
    """A pod of a ReplicaSet in ImagePullBackOff; `error` is what the runtime said, `tries` how often it was asked."""
    tpl = owner["spec"]["template"]
    spec = tpl["spec"]["containers"][0]
    name, image = owner["metadata"]["name"] + "-" + tail, spec["image"]
    failed = 'Failed to pull image "%s": %s' % (image, event_error or error)
    pod = c.pod(owner["metadata"]["namespace"], name, tpl, node, created, owner=owner,
                generate=owner["metadata"]["name"] + "-", events=False, ready_at=created,
                waiting=("ImagePullBackOff", 'Back-off pulling image "%s": ErrImagePull: %s' % (image, error)))
    pod["status"]["phase"] = "Pending"
    for status in pod["status"]["containerStatuses"]:
        del status["containerID"]
        status.update(imageID="", started=False)
    c.scheduler_event(pod, "Scheduled", "Successfully assigned %s/%s to %s" % (
        owner["metadata"]["namespace"], name, node), created, "Binding")
    c.event(owner, "SuccessfulCreate", "Created pod: " + name, created, comp="replicaset-controller")
    args = dict(host=node, container_name=spec["name"])
    last = min(created + sec(150 * (tries - 1)), c.now - sec(20))
    c.event(pod, "Pulling", 'Pulling image "%s"' % image, created + sec(1), last, tries, **args)
    c.event(pod, "Failed", failed, created + sec(2), last + sec(1), tries, kind="Warning", **args)
    c.event(pod, "Failed", "Error: ErrImagePull", created + sec(2), last + sec(1), tries, kind="Warning", **args)
    waits = max(2, int((c.now - created).total_seconds() // 14))
    c.event(pod, "BackOff", 'Back-off pulling image "%s"' % image, created + sec(3), c.now - sec(4), waits, **args)
    c.event(pod, "Failed", "Error: ImagePullBackOff", created + sec(3), c.now - sec(4), waits, kind="Warning", **args)
    for i in range(tries):
        c.klog(node, "kubelet", created + sec(2 + 150 * i) if i < tries - 1 else last + sec(1), "E", "log.go:32",
               '"PullImage from image service failed" err="%s" image="%s"' % (error.replace('"', '\\"'), image))
    return pod


def refused(c, pod, reason, message, when):
    """Turns a pod into one that the kubelet refused: Failed, never started."""
    pod["status"] = {"message": "Pod was rejected: " + message, "phase": "Failed", "qosClass": pod["status"]["qosClass"],
                     "reason": reason, "startTime": stamp(when)}
    pod["metadata"]["resourceVersion"] = c.rv(when, pod["metadata"]["name"])
    c.event(pod, reason, message, when, kind="Warning", host=pod["spec"]["nodeName"])


def without_pods(c, names):
    """Removes pods, their logs and their events from a furnished cluster."""
    gone = {p["metadata"]["uid"] for p in c.objects["pods"] if p["metadata"]["name"] in names}
    c.objects["pods"] = [p for p in c.objects["pods"] if p["metadata"]["uid"] not in gone]
    c.logs = {path: text for path, text in c.logs.items() if path.split("/")[2] not in names}
    c.events = [e for e in c.events if e["ref"].get("uid") not in gone]


def apiservice(c, name, created, service, available=True, since=None, reason="Passed", message="all checks passed"):
    """APIService of a group that an extension serves; `service` is (namespace, name)."""
    version, _, group = name.partition(".")
    return c.add("apiservices", None, name, created, spec={
        "group": group, "groupPriorityMinimum": 100, "insecureSkipTLSVerify": True,
        "service": {"name": service[1], "namespace": service[0], "port": 443}, "version": version,
        "versionPriority": 100}, status={"conditions": [{
            "lastTransitionTime": stamp(since or created), "message": message, "reason": reason,
            "status": "True" if available else "False", "type": "Available"}]})


def autoscaler(c, ns, name, created, low, high, current, desired, conditions, cpu=None):
    """HorizontalPodAutoscaler of a Deployment; conditions are (type, status, reason, message, since)."""
    metrics = [{"resource": {"name": "cpu", "target": {"averageUtilization": 70, "type": "Utilization"}},
                "type": "Resource"}]
    status = {"conditions": [{"lastTransitionTime": stamp(s), "message": m, "reason": r, "status": v, "type": t}
                             for t, v, r, m, s in conditions],
              "currentReplicas": current, "desiredReplicas": desired}
    status["currentMetrics"] = [{"resource": {"name": "cpu", "current": {
        "averageUtilization": cpu, "averageValue": "%dm" % (cpu * 4)}}, "type": "Resource"}] if cpu else None
    return c.add("horizontalpodautoscalers", ns, name, created, spec={
        "maxReplicas": high, "metrics": metrics, "minReplicas": low,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}}, status=status)


def webhook(c, name, hook, created, service, selector=None):
    """ValidatingWebhookConfiguration with one webhook for the creation of pods."""
    return c.add("validatingwebhookconfigurations", None, name, created, webhooks=[{
        "admissionReviewVersions": ["v1"], "clientConfig": {"caBundle": "", "service": {
            "name": service[1], "namespace": service[0], "path": "/v", "port": 443}},
        "failurePolicy": "Fail", "matchPolicy": "Equivalent", "name": hook, "namespaceSelector": selector or {},
        "objectSelector": {}, "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                                         "resources": ["pods"], "scope": "Namespaced"}],
        "sideEffects": "None", "timeoutSeconds": 10}])


def job(c, ns, name, tpl, created, active=1, failed=0):
    """A Job that is running; its pods are added with `job_pod`."""
    uid = c.uid("Job", ns, name, stamp(created))
    labels = {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name, "job-name": name}
    tpl = {"metadata": {"labels": dict(tpl["metadata"]["labels"], **labels)}, "spec": dict(tpl["spec"], restartPolicy="Never")}
    status = {"active": active, "ready": 0, "startTime": stamp(created), "terminating": 0, "uncountedTerminatedPods": {}}
    if failed:
        status["failed"] = failed
    obj = c.add("jobs", ns, name, created, labels=labels, spec={
        "backoffLimit": 6, "completionMode": "NonIndexed", "completions": 1, "parallelism": 1, "suspend": False,
        "podReplacementPolicy": "TerminatingOrFailed", "template": tpl,
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}}, status=status)
    obj["metadata"]["generation"] = 1
    return obj


def job_pod(c, owner, tail, node, created, failed=None, **options):
    """A pod of a Job; `failed` is (exit code, time) of one that ended."""
    name = owner["metadata"]["name"]
    if failed:
        options["succeeded"] = failed[1]
    pod = c.pod(owner["metadata"]["namespace"], name + "-" + tail, owner["spec"]["template"], node, created, owner=owner,
                generate=name + "-", **options)
    if failed:
        pod["status"]["phase"] = "Failed"
        ended = pod["status"]["containerStatuses"][0]["state"]["terminated"]
        ended.update(exitCode=failed[0], reason="Error")
        for condition in pod["status"]["conditions"]:
            if condition.get("reason") == "PodCompleted":
                condition["reason"] = "PodFailed"
    return pod


def refused_creation(c, rs, message, first, count, since=None):
    """What a ReplicaSet shows whose pods the API server does not accept: events and its condition."""
    c.event(rs, "FailedCreate", "Error creating: " + message, first, c.now - sec(25), count, kind="Warning",
            comp="replicaset-controller")
    owner = rs["metadata"]["ownerReferences"][0]

    def patch():
        condition = {"lastTransitionTime": stamp(since or first), "message": message, "reason": "FailedCreate", "status": "True",
                     "type": "ReplicaFailure"}
        rs["status"].setdefault("conditions", []).append(condition)
        dep = next(d for d in c.objects["deployments"] if d["metadata"]["uid"] == owner["uid"])
        dep["status"]["conditions"].append(dict(condition, lastUpdateTime=stamp(since or first)))
    c.patches.append(patch)
