"""Events in the three shapes that a cluster holds, with the texts of each Kubernetes version."""

from datetime import timedelta

from base import ended, number, sec, unit


class Events:
    """Events and the crash loop that produces most of them."""

    def reference(self, obj, container_name=None, by_kubelet=False):
        """involvedObject of an event."""
        ref = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "name": obj["metadata"]["name"]}
        if obj["kind"] == "Node":
            if not by_kubelet:
                ref["uid"] = obj["metadata"]["uid"]
            return ref
        ref.update(resourceVersion=obj["metadata"]["resourceVersion"], uid=obj["metadata"]["uid"])
        if obj["metadata"].get("namespace"):
            ref["namespace"] = obj["metadata"]["namespace"]
        if container_name:
            ref["fieldPath"] = "spec.containers{%s}" % container_name
        return ref

    def event(self, obj, reason, message, first, last=None, count=1, kind="Normal", comp="kubelet", host=None,
              container_name=None, deleted_ref=None):
        """A shape-1 event: count, firstTimestamp, lastTimestamp."""
        last = last or first
        ref = deleted_ref or self.reference(obj, container_name, comp in ("kubelet", "kube-proxy"))
        source = {"component": comp}
        if host:
            source["host"] = host
        combined = message.startswith("(combined")
        self.events.append(dict(
            when=last, first=first, ref=ref, message=message, reason=reason, type=kind, count=count, source=source,
            component="" if combined else comp, instance=host or "", shape=1, last=last))

    def scheduler_event(self, pod, reason, message, when, action, kind="Normal", series=None):
        """A shape-2 event, or shape 3 with series (count, last)."""
        self.events.append(dict(
            when=series[1] if series else when, first=when, ref=self.reference(pod), message=message, reason=reason,
            type=kind, action=action, series=series, shape=2, source={}, component="default-scheduler",
            instance="default-scheduler-cp-1"))

    def pulled_text(self, image, seconds):
        """The text of a finished pull by version."""
        text = 'Successfully pulled image "%s" in %.3fs (%.3fs including waiting)' % (image, seconds, seconds)
        text += "." if self.minor >= 29 else ""
        return text + (" Image size: %d bytes." % (20000000 + number(180000000, image)) if self.minor >= 30 else "")

    def created_text(self, name):
        """The text of the Created event by version."""
        if self.minor < 29:
            return "Created container " + name
        return "Container created" if self.minor >= 35 else "Created container: " + name

    def started_text(self, name):
        """The text of the Started event by version."""
        return "Container started" if self.minor >= 35 else "Started container " + name

    def scaled_text(self, rs, new, old):
        """The text of a ScalingReplicaSet event by version."""
        way = "up" if new > old else "down"
        if self.minor >= 32:
            return "Scaled %s replica set %s from %d to %d" % (way, rs, old, new)
        return "Scaled %s replica set %s to %d" % (way, rs, new) + ("" if way == "up" else " from %d" % old)

    def pod_events(self, pod, created, pulled, start):
        """Scheduled, Pulled, Created and Started of a fresh pod and SuccessfulCreate of its owner."""
        ns, name, node = pod["metadata"]["namespace"], pod["metadata"]["name"], pod["spec"]["nodeName"]
        jitter = timedelta(microseconds=number(900000, self.seed, name, "sched"))
        self.scheduler_event(pod, "Scheduled", "Successfully assigned %s/%s to %s" % (ns, name, node),
                             created + jitter, "Binding")
        for ref in pod["metadata"].get("ownerReferences", []):
            comp = {"ReplicaSet": "replicaset-controller", "StatefulSet": "statefulset-controller"}.get(ref["kind"])
            if comp:
                resource = ref["kind"].lower() + "s"
                owner = self.find(resource, ns, ref["name"])
                text = "Created pod: " + name if comp[0] == "r" else \
                    "create Pod %s in StatefulSet %s successful" % (name, ref["name"])
                self.event(owner, "SuccessfulCreate", text, created, comp=comp)
        for c in pod["spec"]["containers"]:
            args = dict(host=node, container_name=c["name"])
            if pulled:
                self.event(pod, "Pulling", 'Pulling image "%s"' % c["image"], start - sec(int(pulled) + 1), **args)
                self.event(pod, "Pulled", self.pulled_text(c["image"], pulled), start, **args)
            else:
                self.event(pod, "Pulled", 'Container image "%s" already present on machine' % c["image"], start, **args)
            self.event(pod, "Created", self.created_text(c["name"]), start, **args)
            self.event(pod, "Started", self.started_text(c["name"]), start, **args)

    def crash_loop(self, ns, name, tpl, node, created, runs, code, log_lines, owner, generate, ended_reason="Error",
                   pulled=None, ip=None, message=None):
        """A pod in CrashLoopBackOff after the given runs, with its events, both logs and the kubelet's lines."""
        cname = tpl["spec"]["containers"][0]["name"]
        n = len(runs)
        wait = min(300, 10 * 2 ** max(0, n - 2))
        pod = self.pod(ns, name, tpl, node, created, owner=owner, generate=generate, ip=ip, start=runs[0][0],
                       waiting=("CrashLoopBackOff", "back-off %s restarting failed container=%s pod=%s"
                                % (unit(wait), cname, name)),
                       restarts=n - 1, last=ended(code, ended_reason, *runs[-1], message=message), ready_at=runs[-1][1],
                       pulled=pulled, events=False, begun=runs[0][0])
        uid, image = pod["metadata"]["uid"], tpl["spec"]["containers"][0]["image"]
        args = dict(host=node, container_name=cname)
        self.pod_events(pod, created, pulled, runs[0][0])
        self.events = [e for e in self.events if not (
            e["ref"].get("uid") == uid and e["reason"] in ("Created", "Started")
            or e["ref"].get("uid") == uid and e["reason"] == "Pulled" and not pulled)]
        for reason, text in (("Created", self.created_text(cname)), ("Started", self.started_text(cname))):
            self.event(pod, reason, text, runs[0][0], runs[-1][0], n, **args)
        first = 1 if pulled else 0
        if n > first:
            self.event(pod, "Pulled", 'Container image "%s" already present on machine' % image,
                       runs[first][0], runs[-1][0], n - first, **args)
        if n > 1:
            begin = runs[1][1] + sec(1)
            spans = sum(((runs[i + 1][0] if i + 1 < n else self.now) - runs[i][1]).total_seconds() for i in range(1, n))
            last_seen = max(begin, self.now - sec(3 + number(9, self.seed, uid)))
            self.event(pod, "BackOff", "Back-off restarting failed container %s in pod %s_%s(%s)"
                       % (cname, name, ns, uid), begin, last_seen, max(1, int(spans / 12.5)), kind="Warning", **args)
        self.log(pod, cname, log_lines(runs[-1], n - 1))
        self.log(pod, cname, log_lines(runs[-1], n - 1), previous=True)
        for i, (begin, end) in enumerate(runs):
            cid = self.container_id(uid, cname, i)
            self.pleg(node, begin, ns, name, uid, "ContainerStarted", cid)
            self.pleg(node, end, ns, name, uid, "ContainerDied", cid)
            if i:
                self.klog(node, "kubelet", end + timedelta(milliseconds=7), "E", "pod_workers.go:1301",
                          '"Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"%s\\" with '
                          'CrashLoopBackOff: \\"back-off %s restarting failed container=%s pod=%s_%s(%s)\\"" '
                          'pod="%s/%s" podUID="%s"' % (cname, unit(min(300, 10 * 2 ** (i - 1))), cname, name, ns, uid,
                                                       ns, name, uid))
        return pod
