"""Builds the Kubernetes objects, events, logs and node files of one invented cluster, complete and consistent."""

import copy
import hashlib
import json
import uuid
from datetime import datetime, timedelta, timezone

import yamlout

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
HOUR = timedelta(hours=1)
RESOURCES = [
    ("configmaps", "v1", "ConfigMap"), ("controllerrevisions", "apps/v1", "ControllerRevision"),
    ("cronjobs", "batch/v1", "CronJob"), ("csidrivers", "storage.k8s.io/v1", "CSIDriver"),
    ("csinodes", "storage.k8s.io/v1", "CSINode"), ("daemonsets", "apps/v1", "DaemonSet"),
    ("deployments", "apps/v1", "Deployment"), ("endpointslices", "discovery.k8s.io/v1", "EndpointSlice"),
    ("horizontalpodautoscalers", "autoscaling/v2", "HorizontalPodAutoscaler"),
    ("ingressclasses", "networking.k8s.io/v1", "IngressClass"), ("ingresses", "networking.k8s.io/v1", "Ingress"),
    ("jobs", "batch/v1", "Job"), ("leases", "coordination.k8s.io/v1", "Lease"),
    ("limitranges", "v1", "LimitRange"), ("namespaces", "v1", "Namespace"),
    ("networkpolicies", "networking.k8s.io/v1", "NetworkPolicy"), ("nodes", "v1", "Node"),
    ("persistentvolumeclaims", "v1", "PersistentVolumeClaim"), ("persistentvolumes", "v1", "PersistentVolume"),
    ("poddisruptionbudgets", "policy/v1", "PodDisruptionBudget"), ("pods", "v1", "Pod"),
    ("priorityclasses", "scheduling.k8s.io/v1", "PriorityClass"), ("replicasets", "apps/v1", "ReplicaSet"),
    ("resourcequotas", "v1", "ResourceQuota"), ("secrets", "v1", "Secret"),
    ("serviceaccounts", "v1", "ServiceAccount"), ("services", "v1", "Service"),
    ("statefulsets", "apps/v1", "StatefulSet"), ("storageclasses", "storage.k8s.io/v1", "StorageClass"),
    ("volumeattachments", "storage.k8s.io/v1", "VolumeAttachment"),
]
KIND_OF = {resource: (api, kind) for resource, api, kind in RESOURCES}
CLUSTER_SCOPED = {"csidrivers", "csinodes", "ingressclasses", "namespaces", "nodes", "persistentvolumes",
                  "priorityclasses", "storageclasses", "volumeattachments"}


def at(text):
    """A UTC time from `HH:MM[:SS[.ffffff]]` (on the day of all stories) or with a date before it."""
    day, _, clock = text.rpartition(" ")
    day = day or "2026-07-14"
    if clock.count(":") == 1:
        clock += ":00"
    shape = "%Y-%m-%d %H:%M:%S.%f" if "." in clock else "%Y-%m-%d %H:%M:%S"
    return datetime.strptime(day + " " + clock, shape).replace(tzinfo=timezone.utc)


def sec(n):
    """A span of n seconds."""
    return timedelta(seconds=n)


def stamp(when):
    """metav1.Time: whole seconds."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def micro(when):
    """metav1.MicroTime: six digits."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def digest(*parts):
    """Hex digest of the parts: the only source of \"randomness\"."""
    return hashlib.sha256("\x1f".join(str(p) for p in parts).encode()).hexdigest()


def number(bound, *parts):
    """A stable number below `bound`."""
    return int(digest(*parts)[:12], 16) % bound


def suffix(length, *parts):
    """A name suffix in the alphabet that Kubernetes uses."""
    value = int(digest("suffix", *parts), 16)
    out = ""
    for _ in range(length):
        value, rest = divmod(value, len(ALPHABET))
        out += ALPHABET[rest]
    return out


def unit(seconds):
    """Go's notation of a back-off: 10s, 1m20s, 5m0s."""
    return "%ds" % seconds if seconds < 60 else "%dm%ds" % divmod(seconds, 60)


def go_json(value):
    """JSON as kubectl prints it."""
    text = json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False)
    for char, code in (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e")):
        text = text.replace(char, code)
    return text + "\n"


def fields_v1(value):
    """The managedFields tree that owns everything in `value`."""
    if isinstance(value, dict):
        return {"f:" + k: fields_v1(v) for k, v in value.items()}
    if isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
        for keys in (("containerPort", "protocol"), ("port", "protocol"), ("mountPath",), ("type",), ("ip",),
                     ("uid",), ("name",)):
            if all(k in v for v in value for k in keys):
                tree = {".": {}}
                for v in value:
                    key = json.dumps({k: v[k] for k in keys}, separators=(",", ":"), sort_keys=True)
                    tree["k:" + key] = dict({".": {}}, **fields_v1(v))
                return tree
    return {}


def container(name, image, ports=(), env=(), env_from=(), requests=None, limits=None, readiness=None, liveness=None,
              mounts=(), command=None, args=None, security=None):
    """A container spec with the API server's defaults filled in; ports are (name, number[, protocol])."""
    spec = {"image": image, "imagePullPolicy": "IfNotPresent", "name": name, "resources": {},
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
    if ports:
        spec["ports"] = [{"containerPort": p[1], "name": p[0], "protocol": p[2] if len(p) > 2 else "TCP"}
                         for p in ports]
    if env:
        spec["env"] = [dict({"name": k}, **(v if isinstance(v, dict) else {"value": v})) for k, v in env]
    if env_from:
        spec["envFrom"] = [{"configMapRef": {"name": n}} for n in env_from]
    if requests:
        spec["resources"]["requests"] = dict(requests)
    if limits:
        spec["resources"]["limits"] = dict(limits)
    if readiness:
        spec["readinessProbe"] = readiness
    if liveness:
        spec["livenessProbe"] = liveness
    if mounts:
        spec["volumeMounts"] = [dict(m) for m in mounts]
    if command:
        spec["command"] = list(command)
    if args:
        spec["args"] = list(args)
    if security:
        spec["securityContext"] = dict(security)
    return spec


def http_probe(path, port, period=10, delay=None, timeout=1, failures=3):
    """An HTTP probe with defaults."""
    probe = {"failureThreshold": failures, "httpGet": {"path": path, "port": port, "scheme": "HTTP"},
             "periodSeconds": period, "successThreshold": 1, "timeoutSeconds": timeout}
    if delay:
        probe["initialDelaySeconds"] = delay
    return probe


def tcp_probe(port, period=10):
    """A TCP probe with defaults."""
    return {"failureThreshold": 3, "periodSeconds": period, "successThreshold": 1, "tcpSocket": {"port": port},
            "timeoutSeconds": 1}


def template(labels, *containers, **spec):
    """A pod template with the API server's defaults filled in."""
    account = spec.pop("account", None)
    body = {"containers": list(containers), "dnsPolicy": "ClusterFirst", "restartPolicy": "Always",
            "schedulerName": "default-scheduler", "securityContext": {}, "terminationGracePeriodSeconds": 30}
    if account:
        body.update(serviceAccount=account, serviceAccountName=account)
    body.update(spec)
    return {"metadata": {"labels": dict(labels)}, "spec": body}


def ended(code, reason, start, end, message=None):
    """A terminated state (without the container id, which the pod builder adds)."""
    state = {"exitCode": code, "finishedAt": stamp(end), "reason": reason, "startedAt": stamp(start)}
    if message:
        state["message"] = message
    return state


def backoff_runs(start, first_length, length, count):
    """(start, end) of `count` runs of a crash loop: restart at once, then after 10 s, 20 s, 40 s … at most 300 s."""
    runs = [(start, start + sec(first_length))]
    for i in range(1, count):
        wait = 1 if i == 1 else min(300, 10 * 2 ** (i - 2)) + 1
        begin = runs[-1][1] + sec(wait)
        runs.append((begin, begin + sec(length)))
    return runs


class Cluster:
    """One captured cluster: collect objects with its methods, then call `finish` for the files."""

    def __init__(self, seed, minor, patch, captured, born, context):
        self.seed, self.minor, self.patch = seed, minor, patch
        self.now, self.born, self.context = captured, born, context
        self.version = "v1.%d.%d" % (minor, patch)
        self.objects = {resource: [] for resource, _, _ in RESOURCES}
        self.events, self.logs, self.node_files, self.journals = [], {}, {}, {}
        self.owners, self.change, self.progress, self.focus = {}, {}, {}, set()
        self.offsets, self.json_resources, self.multi_document, self.refused = {}, set(), set(), {}
        self.no_managed, self.split, self.with_node_files = set(), {}, True
        self.ip_next, self.cluster_ip_next, self.used_ips = {}, 0, set()
        self.readyz_failed = ()

    # ---- identities -------------------------------------------------------------------------------------------

    def uid(self, *parts):
        """A version-4 shaped uid that is a function of the parts."""
        raw = bytearray(bytes.fromhex(digest(self.seed, "uid", *parts)[:32]))
        raw[6], raw[8] = raw[6] & 0x0F | 0x40, raw[8] & 0x3F | 0x80
        return str(uuid.UUID(bytes=bytes(raw)))

    def rv(self, when, *parts):
        """A resourceVersion that grows with time."""
        return str(41000000 + int((when - self.born).total_seconds() * 1.7) + number(2, self.seed, *parts))

    def container_id(self, pod_uid, name, instance):
        """containerd id of the instance-th run of a container."""
        return digest(self.seed, "container", pod_uid, name, instance)

    def image_digest(self, image):
        """repository@sha256:… of an image reference."""
        return image.rsplit(":", 1)[0] + "@sha256:" + digest("image", image)

    # ---- objects ----------------------------------------------------------------------------------------------

    def add(self, resource, ns, name, created, labels=None, annotations=None, owner=None, changed=None, **body):
        """Registers an object; `changed` is (manager, time[, touched part]) for managedFields."""
        api, kind = KIND_OF[resource]
        meta = {"creationTimestamp": stamp(created), "name": name, "uid": self.uid(kind, ns, name, stamp(created))}
        last = changed[1] if changed else created
        meta["resourceVersion"] = self.rv(last, kind, ns, name)
        if ns:
            meta["namespace"] = ns
        if labels:
            meta["labels"] = dict(labels)
        if annotations:
            meta["annotations"] = dict(annotations)
        if owner:
            meta["ownerReferences"] = [self.owner_ref(owner)]
        obj = dict({"apiVersion": api, "kind": kind, "metadata": meta}, **body)
        self.objects[resource].append(obj)
        if changed:
            self.change[id(obj)] = changed
        return obj

    def owner_ref(self, owner):
        """A controller reference to another object."""
        ref = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
               "uid": owner["metadata"]["uid"], "controller": True}
        if owner["kind"] != "Node":
            ref["blockOwnerDeletion"] = True
        return ref

    def namespace(self, name, created=None, labels=None):
        """Namespace with its default ServiceAccount and CA ConfigMap."""
        created = created or self.born + sec(40)
        self.add("namespaces", None, name, created, labels=dict({"kubernetes.io/metadata.name": name}, **(labels or {})),
                 spec={"finalizers": ["kubernetes"]}, status={"phase": "Active"})
        self.add("serviceaccounts", name, "default", created + sec(1))
        self.add("configmaps", name, "kube-root-ca.crt", created + sec(1),
                 annotations={"kubernetes.io/description": "Contains a CA bundle that can be used to verify the "
                              "kube-apiserver when using internal endpoints such as the internal service IP or "
                              "kubernetes.default.svc. No other usage is guaranteed across distributions of "
                              "Kubernetes clusters."},
                 data={"ca.crt": "-----BEGIN CERTIFICATE-----\n(removed from the sample)\n-----END CERTIFICATE-----\n"})

    def node(self, name, ip, cpu="8", memory="32779080Ki", role=None, labels=None, taints=None, unschedulable=False,
             drivers=None, created=None, ready_since=None):
        """Node with conditions, lease and CSINode."""
        created = created or self.born + sec(90 * (1 + len(self.objects["nodes"])))
        all_labels = {"beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux",
                      "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
                      "topology.kubernetes.io/region": "eu-1",
                      "topology.kubernetes.io/zone": "eu-1" + "abc"[len(self.objects["nodes"]) % 3]}
        spec = {"podCIDR": "10.244.%d.0/24" % len(self.objects["nodes"])}
        spec["podCIDRs"] = [spec["podCIDR"]]
        all_taints = list(taints or [])
        if role:
            all_labels["node-role.kubernetes.io/" + role] = ""
            all_labels["node.kubernetes.io/exclude-from-external-load-balancers"] = ""
            all_taints.append({"effect": "NoSchedule", "key": "node-role.kubernetes.io/" + role})
        if unschedulable:
            spec["unschedulable"] = True
            all_taints.append({"effect": "NoSchedule", "key": "node.kubernetes.io/unschedulable",
                               "timeAdded": stamp(unschedulable)})
        if all_taints:
            spec["taints"] = all_taints
        all_labels.update(labels or {})
        beat = self.now - sec(20 + number(230, self.seed, name, "beat"))
        since = ready_since or created + sec(35)
        conditions = [
            ("NetworkUnavailable", "False", "CalicoIsUp", "Calico is running on this node", since),
            ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available", created),
            ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", created),
            ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", created),
            ("Ready", "True", "KubeletReady", "kubelet is posting ready status", since)]
        kib = int(memory[:-2])
        capacity = {"cpu": cpu, "ephemeral-storage": "102625208Ki", "hugepages-1Gi": "0", "hugepages-2Mi": "0",
                    "memory": memory, "pods": "110"}
        info = {"architecture": "amd64", "bootID": self.uid("boot", name),
                "containerRuntimeVersion": "containerd://" + ("2.1.4" if self.minor >= 34 else "1.7.27"),
                "kernelVersion": "6.8.0-60-generic",
                "kubeProxyVersion": "" if self.minor >= 33 else self.version, "kubeletVersion": self.version,
                "machineID": digest("machine", self.seed, name)[:32], "operatingSystem": "linux",
                "osImage": "Ubuntu 24.04.2 LTS", "systemUUID": self.uid("system", name)}
        status = {
            "addresses": [{"address": ip, "type": "InternalIP"}, {"address": name, "type": "Hostname"}],
            "allocatable": dict(capacity, memory="%dKi" % (kib - 102400), **{"ephemeral-storage": "94579391543"}),
            "capacity": capacity,
            "conditions": [{"lastHeartbeatTime": stamp(created + sec(60) if t == "NetworkUnavailable" else beat),
                            "lastTransitionTime": stamp(s), "message": m, "reason": r, "status": v, "type": t}
                           for t, v, r, m, s in conditions],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "images": [{"names": [self.image_digest(i), i], "sizeBytes": 20000000 + number(180000000, i)}
                       for i in ("registry.example.com/calico/node:v3.28.1",
                                 "registry.example.com/k8s/kube-proxy:" + self.version,
                                 "registry.example.com/k8s/pause:3.10")],
            "nodeInfo": info}
        if self.minor >= 31:
            status["runtimeHandlers"] = [{"features": {"recursiveReadOnlyMounts": True, "userNamespaces": True},
                                          "name": n} for n in ("", "runc")]
            status["features"] = {"supplementalGroupsPolicy": self.minor >= 34}
        obj = self.add("nodes", None, name, created, labels=all_labels,
                       annotations={"node.alpha.kubernetes.io/ttl": "0",
                                    "projectcalico.org/IPv4Address": ip + "/24",
                                    "volumes.kubernetes.io/controller-managed-attach-detach": "true"},
                       spec=spec, status=status)
        obj["metadata"]["resourceVersion"] = self.rv(beat, name)
        lease = self.add("leases", "kube-node-lease", name, created + sec(10), spec={
            "holderIdentity": name, "leaseDurationSeconds": 40,
            "renewTime": micro(self.now - timedelta(microseconds=300000 + number(9000000, self.seed, name)))})
        lease["metadata"]["ownerReferences"] = [{k: v for k, v in self.owner_ref(obj).items() if k != "controller"}]
        csi = [{"name": d, "nodeID": "i-" + digest(name)[:17], "topologyKeys": ["topology.example.com/zone"],
                "allocatable": {"count": 25}} for d in (drivers or [])]
        csinode = self.add("csinodes", None, name, created + sec(2), spec={"drivers": csi or None})
        csinode["metadata"]["ownerReferences"] = [{k: v for k, v in self.owner_ref(obj).items() if k != "controller"}]
        return obj

    def node_ip(self, name):
        """InternalIP of a node."""
        return next(n for n in self.objects["nodes"] if n["metadata"]["name"] == name)["status"]["addresses"][0]["address"]

    def pod_ip(self, node):
        """Next free pod address of a node."""
        index = [n["metadata"]["name"] for n in self.objects["nodes"]].index(node)
        while True:
            last = self.ip_next.get(node, 3) + 1
            self.ip_next[node] = last
            ip = "10.244.%d.%d" % (index, last)
            if ip not in self.used_ips:
                return ip

    def find(self, resource, ns, name):
        """An object by name."""
        return next(o for o in self.objects[resource]
                    if o["metadata"]["name"] == name and o["metadata"].get("namespace") == ns)

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
            made = max(created, datetime.strptime(self.find("nodes", None, node)["metadata"]["creationTimestamp"],
                                                  "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)) + sec(3)
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
            pods.append(self.pod(ns, pod_name, body, node, made, owner=sts, generate=name + "-", **options))
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
            ready_at=None, restarts=0, last=None, waiting=None, succeeded=None, deleted=None, host_network=False,
            annotations=None, unscheduled=None, pulled=None, events=None):
        """A pod with complete status: running, waiting (reason, message), succeeded, or not scheduled (message)."""
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
        if deleted:
            meta["deletionTimestamp"] = stamp(deleted)
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
        running = waiting is None and succeeded is None
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
            condition("PodReadyToStartContainers", not succeeded, succeeded or created + sec(2)),
            condition("Initialized", True, created, "PodCompleted" if succeeded else None)] + unready + [
                condition("PodScheduled", True, created)],
            "containerStatuses": [], "hostIP": self.node_ip(node), "hostIPs": [{"ip": self.node_ip(node)}],
            "phase": "Succeeded" if succeeded else "Running", "podIP": ip, "podIPs": [{"ip": ip}], "qosClass": qos,
            "startTime": stamp(created)}
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

    def service(self, ns, name, selector, ports, created, ip=None, headless=False, external=None, labels=None,
                changed=None):
        """Service; ports are (name, port, target[, protocol]); its slice is made by `finish`."""
        if external:
            return self.add("services", ns, name, created, labels=labels, changed=changed, spec={
                "externalName": external, "sessionAffinity": "None", "type": "ExternalName"},
                status={"loadBalancer": {}})
        if headless:
            ip = "None"
        elif not ip:
            self.cluster_ip_next += 1
            ip = "10.96.%d.%d" % (64 + self.cluster_ip_next // 200, 12 + self.cluster_ip_next % 200)
        spec = {"clusterIP": ip, "clusterIPs": [ip], "internalTrafficPolicy": "Cluster", "ipFamilies": ["IPv4"],
                "ipFamilyPolicy": "SingleStack",
                "ports": [dict({"port": p[1], "protocol": p[3] if len(p) > 3 else "TCP", "targetPort": p[2]},
                               **({"name": p[0]} if p[0] else {})) for p in ports],
                "sessionAffinity": "None", "type": "ClusterIP"}
        if selector:
            spec["selector"] = dict(selector)
        return self.add("services", ns, name, created, labels=labels or selector, changed=changed, spec=spec,
                        status={"loadBalancer": {}})

    # ---- events -----------------------------------------------------------------------------------------------

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
                       pulled=pulled, events=False)
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

    # ---- logs and node files ----------------------------------------------------------------------------------

    def log(self, pod, cname, lines, previous=False, crlf=False, cut=0):
        """Registers `kubectl logs --timestamps` output; {iso} {ts} {klog} {ngx} {clf} in a line become its time."""
        path = "logs/%s/%s/%s%s.log" % (pod["metadata"]["namespace"], pod["metadata"]["name"], cname,
                                        ".previous" if previous else "")
        out, before = [], None
        for i, (when, text) in enumerate(sorted(lines, key=lambda x: x[0])):
            nanos = number(600000000, path, i, "ns") if when.microsecond == 0 else when.microsecond * 1000
            moment = int(when.replace(microsecond=0).timestamp()) * 10 ** 9 + nanos + number(900, path, i)
            if before is not None and moment <= before:
                moment = before + 60000 + number(900000, path, i, "gap")
            before = moment
            exact = datetime.fromtimestamp(moment // 10 ** 9, timezone.utc)
            ms, us = moment // 10 ** 6 % 1000, moment // 10 ** 3 % 10 ** 6
            for mark, value in (("{iso}", exact.strftime("%Y-%m-%dT%H:%M:%S") + ".%03dZ" % ms),
                                ("{ts}", exact.strftime("%Y-%m-%d %H:%M:%S") + ",%03d" % ms),
                                ("{klog}", exact.strftime("%m%d %H:%M:%S") + ".%06d" % us),
                                ("{ngx}", exact.strftime("%Y/%m/%d %H:%M:%S")),
                                ("{clf}", exact.strftime("%d/%b/%Y:%H:%M:%S +0000"))):
                text = text.replace(mark, value)
            out.append(exact.strftime("%Y-%m-%dT%H:%M:%S") + ".%09dZ %s" % (moment % 10 ** 9, text))
        body = ("\r\n" if crlf else "\n").join(out) + ("\r\n" if crlf else "\n") if out else ""
        self.logs[path] = body[:-cut] if cut else body

    def journal(self, node, unit_name, when, text):
        """One journal line of a node."""
        self.journals.setdefault((node, unit_name), []).append((when, text))

    def klog(self, node, unit_name, when, level, source, text, pid=None):
        """One klog line in a node's journal."""
        pid = pid or 900 + number(900, self.seed, node, unit_name)
        exact = when + timedelta(microseconds=number(40000, node, stamp(when), text[:120]))
        self.journal(node, unit_name, exact + timedelta(microseconds=140), "%s[%d]: %s%s %7d %s] %s" % (
            unit_name, pid, level, exact.strftime("%m%d %H:%M:%S.%f"), pid, source, text))

    def pleg(self, node, when, ns, name, uid, kind, cid):
        """The kubelet's line about a container that started or died."""
        self.klog(node, "kubelet", when, "I", "kubelet.go:2453",
                  '"SyncLoop (PLEG): event for pod" pod="%s/%s" event={"ID":"%s","Type":"%s","Data":"%s"}'
                  % (ns, name, uid, kind, cid))

    def default_node_files(self, node):
        """Ordinary journals and files of one node."""
        name = node["metadata"]["name"]
        since = self.now - 6 * HOUR
        for pod in self.objects["pods"]:
            meta = pod["metadata"]
            made = at(meta["creationTimestamp"].replace("T", " ").rstrip("Z"))
            if pod["spec"].get("nodeName") != name or made < since:
                continue
            ident = "%s/%s" % (meta["namespace"], meta["name"])
            self.klog(name, "kubelet", made, "I", "kubelet.go:2421", '"SyncLoop ADD" source="api" pods=["%s"]' % ident)
            token = pod["spec"]["volumes"][-1]["name"] if pod["spec"].get("volumes") else "none"
            self.klog(name, "kubelet", made + sec(1), "I", "reconciler_common.go:247",
                      '"operationExecutor.VerifyControllerAttachedVolume started for volume \\"%s\\" (UniqueName: '
                      '\\"kubernetes.io/projected/%s-%s\\") pod \\"%s\\" (UID: \\"%s\\") " pod="%s"'
                      % (token, meta["uid"], token, meta["name"], meta["uid"], ident))
            veth = "cali" + digest(meta["uid"])[:11]
            self.journal(name, "kernel", made + timedelta(seconds=1, microseconds=number(900000, veth)),
                         "kernel: IPv6: ADDRCONF(NETDEV_CHANGE): %s: link becomes ready" % veth)
            for cs in pod["status"].get("containerStatuses", []):
                running = cs["state"].get("running")
                if running and cs["restartCount"] == 0:
                    begin = at(running["startedAt"].replace("T", " ").rstrip("Z"))
                    self.pleg(name, begin + timedelta(milliseconds=600), meta["namespace"], meta["name"], meta["uid"],
                              "ContainerStarted", cs["containerID"][13:])
                    self.journal(name, "containerd", begin + timedelta(microseconds=number(500000, cs["containerID"])),
                                 'containerd[812]: time="%s" level=info msg="StartContainer for \\"%s\\" returns '
                                 'successfully"' % (begin.strftime("%Y-%m-%dT%H:%M:%S.") + "%09dZ"
                                                    % (number(500000, cs["containerID"]) * 1000 + 117),
                                                    cs["containerID"][13:]))
        for step in range(12):
            when = since + timedelta(minutes=30 * step, seconds=number(1500, name, step))
            self.klog(name, "kubelet", when, "I", "scope.go:117",
                      '"RemoveContainer" containerID="%s"' % digest(name, "gone", step))
            self.journal(name, "containerd", when + timedelta(microseconds=4711),
                         'containerd[812]: time="%s" level=info msg="RemoveContainer for \\"%s\\" returns successfully"'
                         % (when.strftime("%Y-%m-%dT%H:%M:%S.%f") + "402Z", digest(name, "gone", step)))
        for step in range(8):
            when = self.now - 23 * HOUR + timedelta(minutes=170 * step, seconds=number(5000, name, "kern", step))
            veth = "cali" + digest(name, step)[:11]
            self.journal(name, "kernel", when, "kernel: %s: entered promiscuous mode" % veth if step % 2 else
                         "kernel: IPv6: ADDRCONF(NETDEV_CHANGE): %s: link becomes ready" % veth)
        used = 38 + number(24, self.seed, name, "df")
        files = {
            "df.txt": "Filesystem      Size  Used Avail Use%% Mounted on\ntmpfs           3.2G  2.1M  3.2G   1%% /run\n"
                      "/dev/vda1        97G   %dG   %dG  %d%% /\n/dev/vda15      105M  6.1M   99M   6%% /boot/efi\n"
                      % (used, 97 - used, round(used * 100 / 97)),
            "df-inodes.txt": "Filesystem       Inodes   IUsed    IFree IUse%% Mounted on\ntmpfs           4096972    1103"
                             "  4095869    1%% /run\n/dev/vda1      12902400 %7d %8d    4%% /\n"
                             % (500000 + number(9000, name), 12902400 - 500000 - number(9000, name)),
            "conntrack.txt": "count %d\nmax 262144\n" % (4200 + number(9000, self.seed, name, "ct")),
            "chrony.txt": "Reference ID    : 0A000002 (10.0.0.2)\nStratum         : 3\nRef time (UTC)  : %s\n"
                          "System time     : 0.0000%05d seconds %s of NTP time\nLast offset     : +0.000011%03d seconds\n"
                          "RMS offset      : 0.000048212 seconds\nFrequency       : 11.%03d ppm slow\n"
                          "Residual freq   : +0.001 ppm\nSkew            : 0.021 ppm\nRoot delay      : 0.001204112 seconds\n"
                          "Root dispersion : 0.000311874 seconds\nUpdate interval : 1030.2 seconds\nLeap status     : Normal\n"
                          % ((self.now - sec(400)).strftime("%a %b %d %H:%M:%S %Y"), number(60000, name, "st"),
                             "fast" if number(2, name) else "slow", number(999, name, "lo"), number(999, name, "f")),
            "resolv.conf": "nameserver 10.0.0.2\nsearch eu-1.example.internal\noptions edns0 trust-ad\n",
            "iptables.txt": self.iptables(name)}
        for file, text in files.items():
            self.node_files.setdefault((name, file), text)

    def service_rules(self):
        """KUBE-SERVICES lines of every Service port that has a ready endpoint."""
        ready = set()
        for s in self.objects["endpointslices"]:
            if any(e["conditions"]["ready"] for e in s["endpoints"] or []):
                ready.add((s["metadata"].get("namespace"), s["metadata"]["labels"]["kubernetes.io/service-name"]))
        lines = []
        for svc in sorted(self.objects["services"], key=lambda s: digest(s["metadata"]["uid"])):
            key = (svc["metadata"]["namespace"], svc["metadata"]["name"])
            ip = svc["spec"].get("clusterIP")
            if key not in ready or not ip or ip == "None":
                continue
            for p in svc["spec"]["ports"]:
                proto = p["protocol"].lower()
                label = "%s/%s%s" % (key[0], key[1], ":" + p["name"] if p.get("name") else "")
                chain = hashlib.sha256((label + proto).encode()).hexdigest().upper()
                chain = "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[int(chain[i:i + 2], 16) % 32] for i in range(0, 32, 2))
                lines.append('-A KUBE-SERVICES -d %s/32 -p %s -m comment --comment "%s cluster IP" -m %s --dport %d '
                             '-j KUBE-SVC-%s' % (ip, proto, label, proto, p["port"], chain))
        return lines

    NODEPORTS = ('-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule '
                 'in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS')

    def iptables(self, node, lines=None):
        """iptables-save -t nat, reduced to the KUBE-SERVICES chain."""
        lines = (self.service_rules() if lines is None else lines) + [self.NODEPORTS]
        day = self.now.strftime("%a %b %d %H:%M:%S %Y")
        head = ["# Generated by iptables-save v1.8.10 (nf_tables) on " + day, "*nat", ":PREROUTING ACCEPT [0:0]",
                ":INPUT ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", ":POSTROUTING ACCEPT [0:0]", ":KUBE-SERVICES - [0:0]",
                '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
                '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES']
        return "\n".join(head + lines + ["COMMIT", "# Completed on " + day]) + "\n"

    # ---- derived state ----------------------------------------------------------------------------------------

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
            pods = [p for p in self.pods_of(rs) if "deletionTimestamp" not in p["metadata"]]
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
            quota["status"] = {"hard": dict(quota["spec"]["hard"]), "used": {"pods": str(count)}}

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
        made = at(newest["metadata"]["creationTimestamp"].replace("T", " ").rstrip("Z"))
        good = ready >= want - limit
        status = {"observedGeneration": dep["metadata"]["generation"]}
        for key, value in (("replicas", total), ("updatedReplicas", newest["status"]["replicas"]),
                           ("readyReplicas", ready), ("availableReplicas", ready),
                           ("unavailableReplicas", max(0, max(total, want) - ready))):
            if value:
                status[key] = value
        if self.minor >= 35:
            status["terminatingReplicas"] = 0
        moved = stamp(since or at(dep["metadata"]["creationTimestamp"].replace("T", " ").rstrip("Z")) + sec(14))
        name = newest["metadata"]["name"]
        done = newest["status"]["replicas"] == want and total == want and ready == want
        reason, when = progress or (("NewReplicaSetAvailable", made + sec(22)) if done else
                                    ("ReplicaSetUpdated", made + sec(9)))
        text = {"NewReplicaSetAvailable": 'ReplicaSet "%s" has successfully progressed.',
                "ReplicaSetUpdated": 'ReplicaSet "%s" is progressing.',
                "ProgressDeadlineExceeded": 'ReplicaSet "%s" has timed out progressing.'}[reason] % name
        begun = at(dep["metadata"]["creationTimestamp"].replace("T", " ").rstrip("Z"))
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
                  and p["status"].get("podIP") and p["status"]["phase"] in ("Running", "Pending")]
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
        made = at(svc["metadata"]["creationTimestamp"].replace("T", " ").rstrip("Z"))
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
        begun = at(begun.replace("T", " ").rstrip("Z"))
        end = status["state"].get("terminated", {}).get("finishedAt")
        lines = [(begun, '{"time":"{iso}","level":"info","msg":"starting","component":"%s","version":"%s"}'
                  % (spec["name"], spec["image"].rsplit(":", 1)[-1]))]
        if end:
            end = at(end.replace("T", " ").rstrip("Z"))
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

    # ---- output -----------------------------------------------------------------------------------------------

    def managed(self, resource, obj):
        """managedFields of an object: who set what and when."""
        meta = obj["metadata"]
        made = at(meta["creationTimestamp"].replace("T", " ").rstrip("Z"))
        controller = {"pods": "kube-controller-manager", "replicasets": "kube-controller-manager",
                      "endpointslices": "kube-controller-manager", "jobs": "kube-controller-manager",
                      "controllerrevisions": "kube-controller-manager", "nodes": "kubeadm", "leases": "kubelet",
                      "csinodes": "kubelet", "serviceaccounts": "kube-controller-manager",
                      "namespaces": "kubectl-create", "volumeattachments": "kube-controller-manager",
                      "persistentvolumes": "csi-provisioner"}.get(resource, "helm")
        body = {k: v for k, v in obj.items() if k not in ("apiVersion", "kind", "metadata", "status")}
        part = {k: v for k, v in meta.items() if k in ("annotations", "labels")}
        tree = dict({"f:metadata": fields_v1(part)} if part else {}, **fields_v1(body))
        entries = [{"apiVersion": obj["apiVersion"], "fieldsType": "FieldsV1", "fieldsV1": tree, "manager": controller,
                    "operation": "Update", "time": stamp(made)}]
        changed = self.change.get(id(obj))
        if changed:
            part = changed[2] if len(changed) > 2 else fields_v1(body)
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
        for pod in self.objects["pods"]:
            for spec in pod["spec"]["containers"]:
                path = "logs/%s/%s/%s.log" % (pod["metadata"]["namespace"], pod["metadata"]["name"], spec["name"])
                if path not in self.logs and pod["status"].get("containerStatuses"):
                    self.default_log(pod, spec)
        if self.with_node_files:
            for node in self.objects["nodes"]:
                self.default_node_files(node)
        files, rows = {}, []
        clock = [self.now]

        def ran(argv, file, data, code=0, stderr="", millis=240, truncated=False):
            begin = clock[0]
            clock[0] = begin + timedelta(milliseconds=millis + number(160, self.seed, *argv))
            if file and data is not None:
                files[file] = data.encode()
            rows.append({"argv": argv, "file": file if data is not None else "",
                         "start": begin.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (begin.microsecond // 1000),
                         "end": clock[0].strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (clock[0].microsecond // 1000),
                         "exit": code, "bytes": len(data.encode()) if data is not None else 0,
                         "truncated": truncated, "stderr": stderr})

        ran(["kubectl", "version", "-o", "yaml"], "cluster/version.yaml", yamlout.dump(self.version_object()) + "\n")
        core, new = self.event_objects()
        lists = {r: sorted(o, key=lambda x: (x["metadata"].get("namespace", ""), x["metadata"]["name"]))
                 for r, o in self.objects.items()}
        lists["events"], lists["events.events.k8s.io"] = core, new
        for resource in sorted(lists):
            if resource in self.refused:
                ran(["kubectl", "get", resource, "-A", "-o", "yaml", "--show-managed-fields"],
                    "", None, 1, self.refused[resource])
                continue
            items = [self.with_managed(resource, o) for o in lists[resource]]
            for file, argv, part in self.parts(resource, items):
                ran(argv, file, self.render(resource, part))
        for resource, text in sorted(self.refused.items()):
            if resource not in lists:
                ran(["kubectl", "get", resource, "-A", "-o", "yaml", "--show-managed-fields"], "", None, 1, text)
        checks = ["ping", "log", "etcd", "etcd-readiness", "informer-sync", "poststarthook/start-apiserver-admission-initializer",
                  "poststarthook/generic-apiserver-start-informers", "poststarthook/start-apiextensions-controllers",
                  "poststarthook/rbac/bootstrap-roles", "poststarthook/apiservice-registration-controller", "shutdown"]
        ran(["kubectl", "get", "--raw", "/readyz?verbose"], "cluster/readyz.txt",
            "".join("[+]%s ok\n" % c for c in checks) + "readyz check passed\n")
        for pod in lists["pods"]:
            for spec in pod["spec"]["containers"]:
                self.collect_logs(pod, spec["name"], ran)
        if self.with_node_files:
            for node in lists["nodes"]:
                self.collect_node(node["metadata"]["name"], ran)
        end = clock[0] + sec(1)
        files["manifest.jsonl"] = "".join(json.dumps(r, separators=(",", ":")) + "\n" for r in rows).encode()
        files["bundle.yaml"] = ("apiVersion: coldcase.dev/v1\nkind: Bundle\ncollector: collect.sh 0.1.0\n"
                                'captured_at: "%s"\nfinished_at: "%s"\ncontext: %s\n'
                                % (stamp(self.now), stamp(end), self.context)).encode()
        self.rows = rows
        return files

    def with_managed(self, resource, obj):
        """A copy with managedFields where this capture shows them."""
        if resource.startswith("events") or resource == "secrets" or resource in self.no_managed:
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
            tail = ["-o", "go-template-file=secrets.tmpl"]
        scope = [] if resource in CLUSTER_SCOPED else ["-A"]
        ext = ".json" if resource in self.json_resources else ".yaml"
        ns = self.split.get(resource)
        if not ns:
            return [("cluster/" + resource + ext, ["kubectl", "get", resource] + scope + tail, items)]
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
        go = {29: "go1.21.9", 30: "go1.22.5", 31: "go1.22.6", 32: "go1.23.6", 33: "go1.24.2", 34: "go1.24.6",
              35: "go1.25.4"}[self.minor]
        info = {"buildDate": "2026-02-1%dT09:11:40Z" % (self.patch % 10), "compiler": "gc",
                "gitCommit": digest("commit", self.version)[:40], "gitTreeState": "clean", "gitVersion": self.version,
                "goVersion": go, "major": "1", "minor": str(self.minor), "platform": "linux/amd64"}
        server = dict(info)
        if self.minor >= 34:
            server.update(emulationMajor="1", emulationMinor=str(self.minor), minCompatibilityMajor="1",
                          minCompatibilityMinor=str(self.minor - 1))
        return {"clientVersion": info, "kustomizeVersion": "v5.4.2", "serverVersion": server}

    def collect_logs(self, pod, cname, ran):
        """The two kubectl logs commands of one container."""
        ns, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        base = "logs/%s/%s/%s" % (ns, name, cname)
        argv = ["kubectl", "logs", "-n", ns, name, "-c", cname, "--timestamps", "--tail=5000"]
        statuses = pod["status"].get("containerStatuses")
        if not statuses:
            return
        body = self.logs[base + ".log"]
        ran(argv, base + ".log", body, millis=60, truncated=bool(body) and not body.endswith("\n"))
        if next(s for s in statuses if s["name"] == cname)["restartCount"]:
            previous = self.logs.get(base + ".previous.log")
            if previous is None:
                ran(argv + ["--previous"], "", None, 1, 'Error from server (BadRequest): previous terminated container '
                    '"%s" in pod "%s" not found' % (cname, name), millis=60)
            else:
                ran(argv + ["--previous"], base + ".previous.log", previous, millis=60)

    def collect_node(self, name, ran):
        """The files of one node."""
        hours = int(self.offsets.get(name, 0))
        zone = timezone(timedelta(hours=hours))
        for unit_name, since in (("kubelet", "-6h"), ("containerd", "-6h"), ("kernel", "-24h")):
            lines = ["%s %s %s\n" % (w.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S.%f%z"), name, t)
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
