"""Controllers and pods: Deployments, DaemonSets, StatefulSets, CronJobs and complete pod statuses."""

import copy

from base import HOUR, digest, ended, number, parse, sec, stamp, suffix


class Workloads:
    """Controllers and their pods."""

    def deployment(self, ns, name, tpl, replicas, created, revision=1, rs_created=None, hash_=None, old=(),
                   strategy=None, changed=None, progress=None, labels=None, available_since=None, generation=None):
        """Deployment and its ReplicaSets; `old` holds (hash, template, revision, created). Returns the new ReplicaSet."""
        labels = labels or tpl["metadata"]["labels"]
        key = list(tpl["metadata"]["labels"].items())[0]
        dep = self.add("deployments", ns, name, created, labels=labels,
                       annotations={"deployment.kubernetes.io/revision": str(revision)}, changed=changed, spec={
                           "progressDeadlineSeconds": 600, "replicas": replicas, "revisionHistoryLimit": 10,
                           "selector": {"matchLabels": {key[0]: key[1]}},
                           "strategy": strategy or {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
                                                    "type": "RollingUpdate"},
                           "template": copy.deepcopy(tpl)})
        dep["metadata"]["generation"] = generation or revision
        self.progress[id(dep)] = (progress, available_since)
        newest = None
        rows = list(old) + [(hash_ or digest(ns, name, revision)[:10].translate(str.maketrans("013ae", "bcd24")),
                             tpl, revision, rs_created or created)]
        for rs_hash, rs_tpl, rev, made in rows:
            body = copy.deepcopy(rs_tpl)
            body["metadata"]["labels"]["pod-template-hash"] = rs_hash
            is_new = rev == revision
            newest = self.add("replicasets", ns, name + "-" + rs_hash, made, labels=body["metadata"]["labels"],
                              annotations={"deployment.kubernetes.io/desired-replicas": str(replicas),
                                           "deployment.kubernetes.io/max-replicas":
                                           str(replicas + max(1, -(-replicas * 25 // 100))),
                                           "deployment.kubernetes.io/revision": str(rev)},
                              owner=dep, spec={"replicas": replicas if is_new else 0,
                                               "selector": {"matchLabels": {key[0]: key[1],
                                                                            "pod-template-hash": rs_hash}},
                                               "template": body})
            newest["metadata"]["generation"] = 1 if is_new else 4
        return newest

    def owned_pods(self, owner, rows, **common):
        """Pods of a ReplicaSet; rows are (suffix, node, created, options)."""
        out = []
        for tail, node, created, options in rows:
            tail = tail or suffix(5, self.seed, owner["metadata"]["uid"], node, stamp(created))
            out.append(self.pod(owner["metadata"]["namespace"], owner["metadata"]["name"] + "-" + tail,
                                owner["spec"]["template"], node, created, owner=owner,
                                generate=owner["metadata"]["name"] + "-", **dict(common, **options)))
        return out

    def revision(self, owner, tpl, created):
        """ControllerRevision of a DaemonSet or StatefulSet; gives the hash label."""
        ns, name = owner["metadata"]["namespace"], owner["metadata"]["name"]
        rev = suffix(10, self.seed, ns, name, "revision")
        obj = self.add("controllerrevisions", ns, name + "-" + rev, created,
                       labels=dict(tpl["metadata"]["labels"], **{"controller-revision-hash": rev}), owner=owner,
                       data={"spec": {"template": dict(copy.deepcopy(tpl), **{"$patch": "replace"})}}, revision=1)
        return rev, obj

    def daemonset(self, ns, name, tpl, created, nodes, options=None, changed=None):
        """DaemonSet with one pod on every node; `options` maps a node to pod options."""
        key = list(tpl["metadata"]["labels"].items())[0]
        ds = self.add("daemonsets", ns, name, created, labels=tpl["metadata"]["labels"], changed=changed,
                      annotations={"deprecated.daemonset.template.generation": "1"},
                      spec={"revisionHistoryLimit": 10, "selector": {"matchLabels": {key[0]: key[1]}},
                            "template": copy.deepcopy(tpl),
                            "updateStrategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1},
                                               "type": "RollingUpdate"}})
        ds["metadata"]["generation"] = 1
        rev, _ = self.revision(ds, tpl, created)
        pods = []
        for node in nodes:
            body = copy.deepcopy(tpl)
            body["metadata"]["labels"].update({"controller-revision-hash": rev, "pod-template-generation": "1"})
            body["spec"]["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In",
                                                        "values": [node]}]}]}}}
            body["spec"]["tolerations"] = body["spec"].get("tolerations", []) + [
                {"effect": effect, "key": "node.kubernetes.io/" + taint, "operator": "Exists"}
                for effect, taint in (("NoExecute", "not-ready"), ("NoExecute", "unreachable"),
                                      ("NoSchedule", "disk-pressure"), ("NoSchedule", "memory-pressure"),
                                      ("NoSchedule", "pid-pressure"), ("NoSchedule", "unschedulable"))]
            made = max(created, parse(self.find("nodes", None, node)["metadata"]["creationTimestamp"])) + sec(3)
            pods.append(self.pod(ns, name + "-" + suffix(5, self.seed, ns, name, node), body, node, made, owner=ds,
                                 generate=name + "-", **((options or {}).get(node, {}))))
        return pods

    def statefulset(self, ns, name, tpl, created, rows, service, claims=()):
        """StatefulSet; rows are (node, created, options) by ordinal; claims are (name, class, size)."""
        key = list(tpl["metadata"]["labels"].items())[0]
        sts = self.add("statefulsets", ns, name, created, labels=tpl["metadata"]["labels"], spec={
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
            "podManagementPolicy": "OrderedReady", "replicas": len(rows), "revisionHistoryLimit": 10,
            "selector": {"matchLabels": {key[0]: key[1]}}, "serviceName": service, "template": copy.deepcopy(tpl),
            "updateStrategy": {"rollingUpdate": {"partition": 0}, "type": "RollingUpdate"}})
        sts["metadata"]["generation"] = 1
        if claims:
            sts["spec"]["volumeClaimTemplates"] = [
                {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": n},
                 "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}},
                          "storageClassName": sc, "volumeMode": "Filesystem"}, "status": {"phase": "Pending"}}
                for n, sc, size in claims]
        rev, _ = self.revision(sts, tpl, created)
        pods = []
        for i, (node, made, options) in enumerate(rows):
            body = copy.deepcopy(tpl)
            pod_name = "%s-%d" % (name, i)
            body["metadata"]["labels"].update({
                "apps.kubernetes.io/pod-index": str(i), "controller-revision-hash": name + "-" + rev,
                "statefulset.kubernetes.io/pod-name": pod_name})
            body["spec"].update(hostname=pod_name, subdomain=service)
            if claims:
                body["spec"]["volumes"] = [{"name": n, "persistentVolumeClaim": {"claimName": n + "-" + pod_name}}
                                           for n, _, _ in claims] + body["spec"].get("volumes", [])
            make = self.crash_loop if "runs" in options else self.pod
            pods.append(make(ns, pod_name, body, node, made, owner=sts, generate=name + "-", **options))
        self.owners[id(sts)] = name + "-" + rev
        return pods

    def cronjob_with_job(self, ns, name, schedule, tpl, created, ran, took, node):
        """CronJob whose last Job completed; returns the pod of that Job."""
        tpl = copy.deepcopy(tpl)
        tpl["spec"]["restartPolicy"] = "OnFailure"
        inner = copy.deepcopy(tpl)
        inner["metadata"] = {}
        cron = self.add("cronjobs", ns, name, created, spec={
            "concurrencyPolicy": "Forbid", "failedJobsHistoryLimit": 1,
            "jobTemplate": {"metadata": {}, "spec": {"template": inner}}, "schedule": schedule,
            "successfulJobsHistoryLimit": 1, "suspend": False},
            status={"lastScheduleTime": stamp(ran), "lastSuccessfulTime": stamp(ran + sec(took))})
        cron["metadata"]["generation"] = 1
        job_name = "%s-%d" % (name, int(ran.timestamp()) // 60)
        uid = self.uid("Job", ns, job_name, stamp(ran))
        labels = {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": job_name,
                  "controller-uid": uid, "job-name": job_name}
        tpl["metadata"]["labels"] = labels
        done = stamp(ran + sec(took))
        conditions = [{"lastProbeTime": done, "lastTransitionTime": done, "status": "True", "type": t}
                      for t in (("SuccessCriteriaMet", "Complete") if self.minor >= 31 else ("Complete",))]
        if self.minor >= 31:
            for c in conditions:
                c.update(message="Reached expected number of succeeded pods", reason="CompletionsReached")
        job = self.add("jobs", ns, job_name, ran, labels=labels, owner=cron,
                       annotations={"batch.kubernetes.io/cronjob-scheduled-timestamp": stamp(ran)}, spec={
                           "backoffLimit": 6, "completionMode": "NonIndexed", "completions": 1, "manualSelector": False,
                           "parallelism": 1, "podReplacementPolicy": "TerminatingOrFailed",
                           "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}},
                           "suspend": False, "template": tpl},
                       status={"completionTime": done, "conditions": conditions, "ready": 0,
                               "startTime": stamp(ran), "succeeded": 1, "terminating": 0,
                               "uncountedTerminatedPods": {}})
        job["metadata"]["generation"] = 1
        pod = self.pod(ns, job_name + "-" + suffix(5, self.seed, job_name), tpl, node, ran, owner=job,
                       generate=job_name + "-", succeeded=ran + sec(took))
        if ran > self.now - HOUR:
            self.event(job, "SuccessfulCreate", "Created pod: " + pod["metadata"]["name"], ran, comp="job-controller")
            self.event(job, "Completed", "Job completed", ran + sec(took), comp="job-controller")
            self.event(cron, "SuccessfulCreate", "Created job " + job_name, ran, comp="cronjob-controller")
            self.event(cron, "SawCompletedJob", "Saw completed job: %s, condition: Complete" % job_name,
                       ran + sec(took + 1), comp="cronjob-controller")
        return pod

    def pod(self, ns, name, tpl, node, created, owner=None, generate=None, ip=None, start=None, ready=True,
            ready_at=None, restarts=0, last=None, waiting=None, succeeded=None, host_network=False,
            annotations=None, unscheduled=None, pulled=None, events=None, dying=None, begun=None):
        """A pod with complete status: running, waiting (reason, message), succeeded, dying (code, end, deleted), or not
        scheduled (message)."""
        body = copy.deepcopy(tpl)
        spec = body["spec"]
        uid = self.uid("Pod", ns, name, stamp(created))
        account = spec.get("serviceAccountName", "default")
        token = "kube-api-access-" + suffix(5, self.seed, uid)
        host_network = host_network or spec.get("hostNetwork", False)
        static = owner is not None and owner["kind"] == "Node"
        if not static:
            for c in spec["containers"]:
                c["volumeMounts"] = c.get("volumeMounts", []) + [
                    {"mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": token, "readOnly": True}]
            spec["volumes"] = spec.get("volumes", []) + [{"name": token, "projected": {"defaultMode": 420, "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
                {"downwardAPI": {"items": [{"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
                                            "path": "namespace"}]}}]}}]
            spec.update(serviceAccount=account, serviceAccountName=account)
        critical = spec.get("priorityClassName")
        spec.update(enableServiceLinks=True, preemptionPolicy="PreemptLowerPriority",
                    priority={"system-node-critical": 2000001000, "system-cluster-critical": 2000000000}.get(critical, 0))
        if owner is None or owner["kind"] not in ("DaemonSet", "Node"):
            spec["tolerations"] = spec.get("tolerations", []) + [
                {"effect": "NoExecute", "key": "node.kubernetes.io/" + k, "operator": "Exists", "tolerationSeconds": 300}
                for k in ("not-ready", "unreachable")]
        if node:
            spec["nodeName"] = node
        obj = self.add("pods", ns, name, created, labels=body["metadata"]["labels"], annotations=annotations,
                       owner=owner, spec=spec)
        meta = obj["metadata"]
        meta["uid"] = uid
        if generate and not static:
            meta["generateName"] = generate
        generations = self.minor >= 34
        if generations:
            meta["generation"] = 1
        if dying:
            meta["deletionTimestamp"] = stamp(dying[2] + sec(spec["terminationGracePeriodSeconds"]))
            meta["deletionGracePeriodSeconds"] = spec["terminationGracePeriodSeconds"]
        qos = self.qos(spec)
        if unscheduled:
            condition = {"lastProbeTime": None, "lastTransitionTime": stamp(created), "message": unscheduled,
                         "reason": "Unschedulable", "status": "False", "type": "PodScheduled"}
            if generations:
                condition["observedGeneration"] = 1
            obj["status"] = {"conditions": [condition], "phase": "Pending", "qosClass": qos}
            return obj
        start = start or created + sec(2 + number(3, self.seed, uid))
        if ready_at is None:
            ready_at = start + sec(9 if any("readinessProbe" in c for c in spec["containers"]) else 1)
        ip = self.node_ip(node) if host_network else (ip or self.pod_ip(node))
        self.used_ips.add(ip)
        sandbox = created + sec(2)  # later where a volume or an image kept the first start waiting
        if restarts == 0 or waiting:
            sandbox = max(sandbox, min(begun or start, created + sec(600)) - sec(int(pulled or 0) + 3))
        running = waiting is None and succeeded is None and dying is None
        is_ready = ready and running
        names = [c["name"] for c in spec["containers"]]

        def condition(kind, good, when, reason=None, message=None):
            entry = {"lastProbeTime": None, "lastTransitionTime": stamp(when), "status": "True" if good else "False",
                     "type": kind}
            if reason:
                entry.update(reason=reason)
            if message:
                entry.update(message=message)
            if generations:
                entry["observedGeneration"] = 1
            return entry

        if succeeded:
            unready = [condition(k, False, succeeded, "PodCompleted") for k in ("Ready", "ContainersReady")]
        elif is_ready:
            unready = [condition(k, True, ready_at) for k in ("Ready", "ContainersReady")]
        else:
            unready = [condition(k, False, ready_at, "ContainersNotReady",
                                 "containers with unready status: [%s]" % " ".join(names))
                       for k in ("Ready", "ContainersReady")]
        status = {"conditions": [
            condition("PodReadyToStartContainers", not succeeded, succeeded or sandbox),
            condition("Initialized", True, created, "PodCompleted" if succeeded else None)] + unready + [
                condition("PodScheduled", True, created)],
            "containerStatuses": [], "hostIP": self.node_ip(node), "hostIPs": [{"ip": self.node_ip(node)}],
            "phase": "Succeeded" if succeeded else "Running", "podIP": ip, "podIPs": [{"ip": ip}], "qosClass": qos,
            "startTime": stamp(created)}
        if self.minor < 29:
            status["conditions"] = status["conditions"][1:]
        if generations:
            status["observedGeneration"] = 1
        for c in spec["containers"]:
            cid = self.container_id(uid, c["name"], restarts)
            entry = {"containerID": "containerd://" + cid, "image": c["image"],
                     "imageID": self.image_digest(c["image"]), "lastState": {}, "name": c["name"],
                     "ready": is_ready, "restartCount": restarts, "started": running}
            if last:
                instance = restarts if waiting else restarts - 1
                entry["lastState"] = {"terminated": dict(last, containerID="containerd://" + self.container_id(
                    uid, c["name"], instance))}
            if succeeded:
                entry["state"] = {"terminated": dict(ended(0, "Completed", start, succeeded),
                                                     containerID="containerd://" + cid)}
            elif dying:
                entry["state"] = {"terminated": dict(ended(dying[0], "Error", start, dying[1]),
                                                     containerID="containerd://" + cid)}
            elif waiting:
                entry["state"] = {"waiting": {"message": waiting[1] + "_%s(%s)" % (ns, uid)
                                              if waiting[0] == "CrashLoopBackOff" else waiting[1],
                                              "reason": waiting[0]}}
            else:
                entry["state"] = {"running": {"startedAt": stamp(start)}}
            if self.minor >= 31 and c.get("volumeMounts"):
                entry["volumeMounts"] = [dict(m, recursiveReadOnly="Disabled") if m.get("readOnly") else dict(m)
                                         for m in c["volumeMounts"]]
            if self.minor >= 33:
                if c["resources"]:
                    if "requests" in c["resources"]:
                        entry["allocatedResources"] = dict(c["resources"]["requests"])
                    entry["resources"] = copy.deepcopy(c["resources"])
                if running:
                    run_as = spec["securityContext"].get("runAsUser", 0)
                    entry["user"] = {"linux": {"gid": run_as and 1000, "supplementalGroups": [run_as and 1000],
                                               "uid": run_as}}
            status["containerStatuses"].append(entry)
        obj["status"] = status
        obj["metadata"]["resourceVersion"] = self.rv(succeeded or max(ready_at, start), name)
        if events is None:
            events = created > self.now - HOUR
        if events:
            self.pod_events(obj, created, pulled, start if restarts == 0 else min(start, created + sec(3)))
        return obj

    def qos(self, spec):
        """QoS class from the containers' resources."""
        kinds = [c["resources"] for c in spec["containers"]]
        if not any(kinds):
            return "BestEffort"
        if all(r.get("limits") and r.get("limits") == r.get("requests", r.get("limits"))
               and {"cpu", "memory"} <= set(r["limits"]) for r in kinds):
            return "Guaranteed"
        return "Burstable"
