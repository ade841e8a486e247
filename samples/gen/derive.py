"""Derives what controllers would have written: workload statuses, EndpointSlices, quotas, default logs."""

from datetime import timedelta

from base import number, parse, sec, stamp, suffix


class Derive:
    """Statuses and slices that follow from the pods."""

    @staticmethod
    def is_ready(pod):
        """Ready condition of a pod."""
        return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))

    def pods_of(self, owner):
        """Pods that an object controls."""
        return [p for p in self.objects["pods"] if any(
            r["uid"] == owner["metadata"]["uid"] for r in p["metadata"].get("ownerReferences", []))]

    def derive(self):
        """Statuses of workloads from their pods, and slices from Services."""
        for rs in self.objects["replicasets"]:
            pods = [p for p in self.pods_of(rs)
                    if "deletionTimestamp" not in p["metadata"] and p["status"]["phase"] != "Failed"]
            ready = sum(map(self.is_ready, pods))
            rs["status"] = {"observedGeneration": rs["metadata"]["generation"], "replicas": len(pods)}
            if pods:
                rs["status"]["fullyLabeledReplicas"] = len(pods)
                if ready:
                    rs["status"].update(readyReplicas=ready, availableReplicas=ready)
            if self.minor >= 35:
                rs["status"]["terminatingReplicas"] = 0
        for dep in self.objects["deployments"]:
            self.derive_deployment(dep)
        for ds in self.objects["daemonsets"]:
            pods = self.pods_of(ds)
            ready = sum(map(self.is_ready, pods))
            ds["status"] = {"currentNumberScheduled": len(pods), "desiredNumberScheduled": len(pods),
                            "numberMisscheduled": 0, "numberReady": ready, "observedGeneration": 1,
                            "updatedNumberScheduled": len(pods)}
            if ready:
                ds["status"]["numberAvailable"] = ready
            if ready < len(pods):
                ds["status"]["numberUnavailable"] = len(pods) - ready
        for sts in self.objects["statefulsets"]:
            pods = self.pods_of(sts)
            ready = sum(map(self.is_ready, pods))
            rev = self.owners[id(sts)]
            sts["status"] = {"availableReplicas": ready, "collisionCount": 0, "currentReplicas": len(pods),
                             "currentRevision": rev, "observedGeneration": 1, "replicas": len(pods),
                             "updateRevision": rev, "updatedReplicas": len(pods)}
            if ready:
                sts["status"]["readyReplicas"] = ready
        by_ns = {}
        for p in self.objects["pods"]:
            by_ns.setdefault(p["metadata"]["namespace"], []).append(p)
        for svc in self.objects["services"]:
            if svc["spec"].get("selector"):
                self.derive_slice(svc, by_ns.get(svc["metadata"]["namespace"], []))
        for quota in self.objects["resourcequotas"]:
            count = len(by_ns.get(quota["metadata"]["namespace"], []))
            quota.setdefault("status", {"hard": dict(quota["spec"]["hard"]), "used": {"pods": str(count)}})

    def derive_deployment(self, dep):
        """Counts and conditions of one Deployment."""
        sets = [r for r in self.objects["replicasets"]
                if r["metadata"]["ownerReferences"][0]["uid"] == dep["metadata"]["uid"]]
        newest = max(sets, key=lambda r: int(r["metadata"]["annotations"]["deployment.kubernetes.io/revision"]))
        total = sum(r["status"]["replicas"] for r in sets)
        ready = sum(r["status"].get("readyReplicas", 0) for r in sets)
        for r in sets:
            if r is not newest:
                r["spec"]["replicas"] = r["status"]["replicas"]
        want = dep["spec"]["replicas"]
        limit = dep["spec"]["strategy"].get("rollingUpdate", {}).get("maxUnavailable", 0)
        limit = want * int(limit[:-1]) // 100 if isinstance(limit, str) else limit
        progress, since = self.progress[id(dep)]
        made = parse(newest["metadata"]["creationTimestamp"])
        good = ready >= want - limit
        status = {"observedGeneration": dep["metadata"]["generation"]}
        for key, value in (("replicas", total), ("updatedReplicas", newest["status"]["replicas"]),
                           ("readyReplicas", ready), ("availableReplicas", ready),
                           ("unavailableReplicas", max(0, max(total, want) - ready))):
            if value:
                status[key] = value
        if self.minor >= 35:
            status["terminatingReplicas"] = 0
        moved = stamp(since or parse(dep["metadata"]["creationTimestamp"]) + sec(14))
        name = newest["metadata"]["name"]
        done = newest["status"]["replicas"] == want and total == want and ready == want
        reason, when = progress or (("NewReplicaSetAvailable", made + sec(22)) if done else
                                    ("ReplicaSetUpdated", made + sec(9)))
        text = {"NewReplicaSetAvailable": 'ReplicaSet "%s" has successfully progressed.',
                "ReplicaSetUpdated": 'ReplicaSet "%s" is progressing.',
                "ProgressDeadlineExceeded": 'ReplicaSet "%s" has timed out progressing.'}[reason] % name
        begun = parse(dep["metadata"]["creationTimestamp"])
        available = {"lastTransitionTime": moved, "lastUpdateTime": moved, "status": "True" if good else "False",
                     "message": "Deployment has minimum availability." if good else
                     "Deployment does not have minimum availability.",
                     "reason": "MinimumReplicasAvailable" if good else "MinimumReplicasUnavailable",
                     "type": "Available"}
        progressing = {"lastTransitionTime": stamp(when if reason == "ProgressDeadlineExceeded" else begun),
                       "lastUpdateTime": stamp(when), "message": text, "reason": reason,
                       "status": "False" if reason == "ProgressDeadlineExceeded" else "True", "type": "Progressing"}
        status["conditions"] = [progressing, available] if not good else [available, progressing]
        dep["status"] = status

    def derive_slice(self, svc, pods):
        """EndpointSlice of one selector Service."""
        ns, name = svc["metadata"]["namespace"], svc["metadata"]["name"]
        want = svc["spec"]["selector"].items()
        chosen = [p for p in pods if want <= p["metadata"].get("labels", {}).items()
                  and p["status"].get("podIP") and p["spec"].get("nodeName") and p["status"]["phase"] in ("Running", "Pending")]
        endpoints, last = [], None
        for p in chosen:
            ok, going = self.is_ready(p), "deletionTimestamp" in p["metadata"]
            node = self.find("nodes", None, p["spec"]["nodeName"])
            endpoints.append({"addresses": [p["status"]["podIP"]],
                              "conditions": {"ready": ok and not going, "serving": ok, "terminating": going},
                              "nodeName": p["spec"]["nodeName"],
                              "targetRef": {"kind": "Pod", "name": p["metadata"]["name"], "namespace": ns,
                                            "uid": p["metadata"]["uid"]},
                              "zone": node["metadata"]["labels"]["topology.kubernetes.io/zone"]})
            moved = [c["lastTransitionTime"] for c in p["status"]["conditions"] if c["type"] == "Ready"][0]
            last = max(last or moved, moved)
        ports = []
        for p in svc["spec"]["ports"]:
            target = p["targetPort"]
            if isinstance(target, str) and chosen:
                target = next(q["containerPort"] for c in chosen[0]["spec"]["containers"]
                              for q in c.get("ports", []) if q["name"] == target)
            ports.append({"name": p.get("name", ""), "port": target, "protocol": p["protocol"]})
        labels = {"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                  "kubernetes.io/service-name": name}
        if svc["spec"]["clusterIP"] == "None":
            labels["service.kubernetes.io/headless"] = ""
        made = parse(svc["metadata"]["creationTimestamp"])
        slice_ = self.add("endpointslices", ns, name + "-" + suffix(5, self.seed, ns, name, "slice"), made,
                          labels=labels, owner=svc,
                          annotations={"endpoints.kubernetes.io/last-change-trigger-time": last} if last else None,
                          addressType="IPv4", endpoints=endpoints or None, ports=ports if chosen else None)
        slice_["metadata"].update(generateName=name + "-", generation=1 + len(endpoints) * 2)
        if name == "api" and not chosen:
            slice_["metadata"]["name"] = "api-x7k2p"

    def default_log(self, pod, spec):
        """A short, unremarkable log for containers that the story does not mention."""
        status = next(s for s in pod["status"]["containerStatuses"] if s["name"] == spec["name"])
        begun = status["state"].get("running", status["state"].get("terminated", {})).get("startedAt")
        begun = parse(begun)
        end = status["state"].get("terminated", {}).get("finishedAt")
        lines = [(begun, '{"time":"{iso}","level":"info","msg":"starting","component":"%s","version":"%s"}'
                  % (spec["name"], spec["image"].rsplit(":", 1)[-1]))]
        if end:
            end = parse(end)
            lines += [(begun + sec(1), '{"time":"{iso}","level":"info","msg":"processing batch","items":%d}'
                       % (40 + number(400, spec["name"]))), (end, '{"time":"{iso}","level":"info","msg":"done"}')]
        else:
            first = max(begun + sec(2), self.now - timedelta(minutes=34))
            step = max(1, int((self.now - first).total_seconds() // 9))
            for i in range(9):
                when = first + sec(step * i + number(max(1, step - 1), pod["metadata"]["name"], i))
                if when < self.now:
                    lines.append((when, '{"time":"{iso}","level":"info","msg":"request","method":"GET","path":"/v1/%s",'
                                  '"status":200,"duration_ms":%d}' % (("items", "status", "list", "healthz")[i % 4],
                                                                    2 + number(70, pod["metadata"]["name"], i))))
        self.log(pod, spec["name"], lines)
