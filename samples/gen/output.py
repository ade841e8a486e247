"""Turns a built cluster into the files of a bundle, with managedFields and the manifest."""

import copy
import json
from datetime import timedelta, timezone

import yamlout
from base import CLUSTER_SCOPED, HOUR, digest, fields_v1, go_json, micro, number, parse, sec, stamp


class Output:
    """Files of the bundle."""

    def managed(self, resource, obj):
        """managedFields of an object: who set what and when."""
        meta = obj["metadata"]
        made = parse(meta["creationTimestamp"])
        controller = {"pods": "kube-controller-manager", "replicasets": "kube-controller-manager",
                      "endpointslices": "kube-controller-manager", "jobs": "kube-controller-manager",
                      "controllerrevisions": "kube-controller-manager", "nodes": "kubeadm", "leases": "kubelet",
                      "csinodes": "kubelet", "serviceaccounts": "kube-controller-manager",
                      "namespaces": "kubectl-create", "volumeattachments": "kube-controller-manager",
                      "persistentvolumes": "csi-provisioner"}.get(resource, "helm")
        if meta["name"] == "kube-root-ca.crt":
            controller = "kube-controller-manager"
        body = {k: v for k, v in obj.items() if k not in ("apiVersion", "kind", "metadata", "status")}
        part = {k: v for k, v in meta.items() if k in ("annotations", "labels")}
        tree = dict({"f:metadata": fields_v1(part)} if part else {}, **fields_v1(body))
        entries = [{"apiVersion": obj["apiVersion"], "fieldsType": "FieldsV1", "fieldsV1": tree, "manager": controller,
                    "operation": "Update", "time": stamp(made)}]
        changed = self.change.get(id(obj))
        if changed:
            part = changed[2] if len(changed) > 2 else fields_v1(body)
            if resource == "services":  # a changed value belongs to the last writer alone
                for field in part["f:spec"]:
                    tree["f:spec"].pop(field, None)
            entries.append({"apiVersion": obj["apiVersion"], "fieldsType": "FieldsV1", "fieldsV1": part,
                            "manager": changed[0], "operation": "Update", "time": stamp(changed[1])})
        if obj.get("status") and resource not in ("namespaces", "services", "persistentvolumeclaims"):
            who = "kubelet" if resource in ("pods", "nodes") else "kube-controller-manager"
            moves = [c["lastTransitionTime"] for c in obj["status"].get("conditions", [])]
            entries.append({"apiVersion": obj["apiVersion"], "fieldsType": "FieldsV1",
                            "fieldsV1": {"f:status": fields_v1(obj["status"])}, "manager": who, "operation": "Update",
                            "subresource": "status", "time": max(moves) if moves else stamp(made)})
        return entries

    def event_objects(self):
        """(core/v1, events.k8s.io/v1) objects of the events that the API server still holds."""
        core, new = [], []
        for i, e in enumerate(self.events):
            if e["when"] < self.now - HOUR or e["when"] > self.now:
                continue
            ref = e["ref"]
            ns = ref.get("namespace", "default")
            nanos = int(e["first"].timestamp()) * 10 ** 9 + number(10 ** 9, self.seed, e["message"], ref["name"], i)
            meta = {"creationTimestamp": stamp(e["first"]), "name": "%s.%x" % (ref["name"], nanos), "namespace": ns,
                    "resourceVersion": self.rv(e["when"], "event", i), "uid": self.uid("event", i, e["message"])}
            if e["shape"] == 1:
                one = {"count": e["count"], "eventTime": None, "firstTimestamp": stamp(e["first"]),
                       "lastTimestamp": stamp(e["last"]), "source": e["source"]}
                two = {"deprecatedCount": e["count"], "deprecatedFirstTimestamp": stamp(e["first"]),
                       "deprecatedLastTimestamp": stamp(e["last"]), "deprecatedSource": e["source"], "eventTime": None}
            else:
                one = {"action": e["action"], "eventTime": micro(e["first"]), "firstTimestamp": None,
                       "lastTimestamp": None, "source": {}}
                two = {"action": e["action"], "deprecatedFirstTimestamp": None, "deprecatedLastTimestamp": None,
                       "deprecatedSource": {}, "eventTime": micro(e["first"])}
                if e["series"]:
                    one["series"] = two["series"] = {"count": e["series"][0], "lastObservedTime": micro(e["series"][1])}
            core.append(dict(one, apiVersion="v1", kind="Event", metadata=meta, involvedObject=ref,
                             message=e["message"], reason=e["reason"], reportingComponent=e["component"],
                             reportingInstance=e["instance"], type=e["type"]))
            new.append(dict(two, apiVersion="events.k8s.io/v1", kind="Event", metadata=meta, regarding=ref,
                            note=e["message"], reason=e["reason"], reportingController=e["component"],
                            reportingInstance=e["instance"], type=e["type"]))
        def place(o):
            return (o["metadata"]["namespace"], o["metadata"]["name"])
        return sorted(core, key=place), sorted(new, key=place)

    def finish(self):
        """All files of the bundle: path -> bytes."""
        self.derive()
        for patch in self.patches:
            patch()
        for pod in self.objects["pods"]:
            for spec in pod["spec"]["containers"]:
                path = "logs/%s/%s/%s.log" % (pod["metadata"]["namespace"], pod["metadata"]["name"], spec["name"])
                if path not in self.logs and self.has_run(pod, spec["name"]):
                    self.default_log(pod, spec)
        if self.with_node_files:
            for node in self.objects["nodes"]:
                self.default_node_files(node)
        files, rows = {}, []
        clock = [self.now]

        def ran(argv, file, data, code=0, stderr="", millis=240, truncated=False):
            argv = argv + ["--request-timeout=30s"] if argv[0] == "kubectl" and argv[1] != "config" else argv
            if self.api_error and argv[0] == "kubectl" and argv[1] != "config":
                data, code, stderr = None, 1, self.api_error
            begin = clock[0]
            clock[0] = begin + timedelta(milliseconds=millis + number(160, self.seed, *argv))
            if file and data is not None:
                files[file] = data.encode()
            rows.append({"argv": argv, "file": file if data is not None else "",
                         "start": begin.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (begin.microsecond // 1000),
                         "end": clock[0].strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (clock[0].microsecond // 1000),
                         "exit": code, "bytes": len(data.encode()) if data is not None else 0,
                         "truncated": truncated, "stderr": stderr})

        core, new = self.event_objects()
        lists = {r: sorted(o, key=lambda x: (x["metadata"].get("namespace", ""), x["metadata"]["name"]))
                 for r, o in self.objects.items()}
        lists["events"], lists["events.events.k8s.io"] = core, new
        # the collector's order: what perishes first comes first
        ran(["kubectl", "config", "current-context"], "", None)
        soon = ["events", "events.events.k8s.io", "pods"]
        for resource in soon:
            self.collect_list(resource, lists[resource], ran)
        ran(["kubectl", "get", "pods", "-A", "-o", "go-template={{/* names of containers */}}"], "", None)
        containers = [(pod, spec["name"]) for pod in lists["pods"] for spec in pod["spec"]["containers"]]
        for pod, name in containers:
            self.collect_previous(pod, name, ran)
        scoped = sorted(CLUSTER_SCOPED & set(lists) - {"namespaces"})
        for resource in ["namespaces"] + sorted(set(lists) - set(soon) - set(scoped) - {"namespaces"}) + scoped:
            self.collect_list(resource, lists[resource], ran)
        for resource in sorted(set(self.refused) - set(lists)):
            self.collect_list(resource, [], ran)
        for pod, name in containers:
            self.collect_log(pod, name, ran)
        ran(["kubectl", "version", "-o", "yaml"], "cluster/version.yaml", yamlout.dump(self.version_object()) + "\n")
        checks = ["ping", "log", "etcd", "etcd-readiness", "informer-sync",
                  "poststarthook/start-apiserver-admission-initializer",
                  "poststarthook/generic-apiserver-start-informers", "poststarthook/start-apiextensions-controllers",
                  "poststarthook/rbac/bootstrap-roles", "poststarthook/apiservice-registration-controller", "shutdown"]
        ran(["kubectl", "get", "--raw", "/readyz?verbose"], "cluster/readyz.txt",
            "".join("[+]%s ok\n" % c for c in checks) + "readyz check passed\n")
        if self.with_node_files:
            for node in lists["nodes"]:
                self.collect_node(node["metadata"]["name"], ran)
        if self.only:
            files = {path: files[path] for path in self.only}
            self.rows = []
            return files
        end = clock[0] + sec(1)
        files["manifest.jsonl"] = "".join(json.dumps(r, separators=(",", ":")) + "\n" for r in rows).encode()
        files["bundle.yaml"] = ("apiVersion: coldcase.dev/v1\nkind: Bundle\ncollector: collect.sh 0.1.0\n"
                                'captured_at: "%s"\nfinished_at: "%s"\ncontext: %s\n'
                                % (stamp(self.now), stamp(end), self.context)).encode()
        self.rows = rows
        return files

    def with_managed(self, resource, obj):
        """A copy with managedFields where this capture shows them."""
        if resource.startswith("events") or resource in self.no_managed:
            return obj
        if resource == "secrets" and obj["metadata"]["namespace"] not in self.managed_secrets:
            return obj
        if resource == "pods" and obj["metadata"]["namespace"] not in self.focus:
            return obj
        out = copy.copy(obj)
        out["metadata"] = dict(obj["metadata"], managedFields=self.managed(resource, obj))
        return out

    def parts(self, resource, items):
        """(file, argv, items) of a resource, which may be split over files by namespace."""
        tail = ["-o", "json" if resource in self.json_resources else "yaml", "--show-managed-fields"]
        if resource == "secrets":
            tail = ["-o", "go-template={{/* names, types and key names, no values */}}"]
        ext = ".json" if resource in self.json_resources else ".yaml"
        ns = self.split.get(resource)
        if not ns:
            return [("cluster/" + resource + ext, ["kubectl", "get", resource, "-A"] + tail, items)]
        return [("cluster/" + resource + ext,
                 ["kubectl", "get", resource, "-A", "--field-selector", "metadata.namespace!=" + ns] + tail,
                 [i for i in items if i["metadata"]["namespace"] != ns]),
                ("cluster/" + resource + "." + ns + ext, ["kubectl", "get", resource, "-n", ns] + tail,
                 [i for i in items if i["metadata"]["namespace"] == ns])]

    def render(self, resource, items):
        """A list as YAML, JSON or several YAML documents."""
        whole = {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}
        if resource in self.json_resources:
            return go_json(whole)
        if resource in self.multi_document and items:
            return "---\n".join(yamlout.dump(i) for i in items)
        return yamlout.dump(whole)

    def version_object(self):
        """kubectl version -o yaml."""
        go = {28: "go1.20.14", 29: "go1.21.9", 30: "go1.22.5", 31: "go1.22.6", 32: "go1.23.6", 33: "go1.24.2", 34: "go1.24.6",
              35: "go1.25.4", 36: "go1.26.1"}[self.minor]
        info = {"buildDate": "2026-02-1%dT09:11:40Z" % (self.patch % 10), "compiler": "gc",
                "gitCommit": digest("commit", self.version)[:40], "gitTreeState": "clean", "gitVersion": self.version,
                "goVersion": go, "major": "1", "minor": str(self.minor), "platform": "linux/amd64"}
        server = dict(info)
        if self.minor >= 34:
            server.update(emulationMajor="1", emulationMinor=str(self.minor), minCompatibilityMajor="1",
                          minCompatibilityMinor=str(self.minor - 1))
        return {"clientVersion": info, "kustomizeVersion": "v5.4.2", "serverVersion": server}

    def collect_list(self, resource, objects, ran):
        """The kubectl get command (or commands) of one resource."""
        if resource in self.refused:
            ran(["kubectl", "get", resource, "-A", "-o", "yaml", "--show-managed-fields"], "", None, 1,
                self.refused[resource])
            return
        items = [self.with_managed(resource, o) for o in objects]
        for file, argv, part in self.parts(resource, items):
            ran(argv, file, self.render(resource, part))

    LOG_LIMITS = ["--timestamps", "--tail=5000", "--limit-bytes=10485760"]

    @staticmethod
    def has_run(pod, cname):
        """Whether a container of a pod has a log."""
        return any(s["name"] == cname and (s["restartCount"] or set(s["state"]) & {"running", "terminated"})
                   for s in pod["status"].get("containerStatuses", []))

    def collect_log(self, pod, cname, ran):
        """kubectl logs of one container."""
        ns, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        if pod["status"].get("containerStatuses"):
            path = "logs/%s/%s/%s.log" % (ns, name, cname)
            argv = ["kubectl", "logs", name, "-n", ns, "-c", cname] + self.LOG_LIMITS
            if path not in self.logs:
                reason = next(s["state"]["waiting"]["reason"] for s in pod["status"]["containerStatuses"]
                              if s["name"] == cname)
                ran(argv, "", None, 1, 'Error from server (BadRequest): container "%s" in pod "%s" is waiting to start: %s\n'
                    % (cname, name, reason), millis=60)
                return
            body = self.logs[path]
            ran(argv, path, body, millis=60, truncated=bool(body) and not body.endswith("\n"))

    def collect_previous(self, pod, cname, ran):
        """kubectl logs --previous of one container that has restarted."""
        ns, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        if not any(s["name"] == cname and s["restartCount"] for s in pod["status"].get("containerStatuses", [])):
            return
        path = "logs/%s/%s/%s.previous.log" % (ns, name, cname)
        argv = ["kubectl", "logs", name, "-n", ns, "-c", cname, "--previous"] + self.LOG_LIMITS
        if path in self.logs:
            ran(argv, path, self.logs[path], millis=60)
        else:
            ran(argv, "", None, 1, 'Error from server (BadRequest): previous terminated container "%s" in pod "%s" not '
                'found\n' % (cname, name), millis=60)

    def collect_node(self, name, ran):
        """The files of one node."""
        if name in self.lost_nodes:
            ran(["ssh", name, "journalctl", "-u", "kubelet"], "", None, 255,
                "ssh: connect to host %s port 22: Connection timed out\n" % self.node_ip(name), millis=9800)
            return
        hours = int(self.offsets.get(name, 0))
        late = self.late.get(name, timedelta())
        zone = timezone(timedelta(hours=hours))
        for unit_name, since in (("kubelet", "-6h"), ("containerd", "-6h"), ("kernel", "-24h")):
            lines = ["%s %s %s\n" % ((w - late).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S.%f%z"), name, t)
                     for w, t in sorted(self.journals.get((name, unit_name), []), key=lambda x: x[0])
                     if w <= self.now + sec(30)]
            argv = ["ssh", name, "journalctl"] + (["-k"] if unit_name == "kernel" else ["-u", unit_name]) + \
                ["-o", "short-iso-precise"] + ([] if hours else ["--utc"]) + ["--since", since]
            ran(argv, "nodes/%s/%s.log" % (name, unit_name), "".join(lines), millis=180)
        for file, argv in (("iptables.txt", "iptables-save -t nat"), ("conntrack.txt", "cat /proc/sys/net/netfilter"
                           "/nf_conntrack_count /proc/sys/net/netfilter/nf_conntrack_max"), ("df.txt", "df -hP"),
                           ("df-inodes.txt", "df -iP"), ("chrony.txt", "chronyc -n tracking"),
                           ("resolv.conf", "cat /etc/resolv.conf")):
            ran(["ssh", name] + argv.split(" "), "nodes/%s/%s" % (name, file), self.node_files[(name, file)], millis=50)
        for (node, file), (argv, text) in sorted(self.more_node_files.items()):
            if node == name:
                ran(["ssh", name] + argv.split(" "), "nodes/%s/%s" % (name, file), text, millis=50)
