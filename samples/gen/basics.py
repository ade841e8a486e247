"""Identities of objects, and the plain objects: namespaces, nodes, Services and whatever needs no controller."""

import uuid
from datetime import timedelta

from base import KIND_OF, digest, micro, number, sec, stamp


class Basics:
    """Identities, registration and plain objects."""

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
        self.objects.setdefault(resource, []).append(obj)
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
             drivers=None, created=None, ready_since=None, extended=None, zone=None):
        """Node with conditions, lease and CSINode."""
        created = created or self.born + sec(90 * (1 + len(self.objects["nodes"])))
        all_labels = {"beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux",
                      "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
                      "topology.kubernetes.io/region": "eu-1",
                      "topology.kubernetes.io/zone": zone or "eu-1" + "abc"[len(self.objects["nodes"]) % 3]}
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
        capacity.update({k: v[0] for k, v in (extended or {}).items()})
        info = {"architecture": "amd64", "bootID": self.uid("boot", name),
                "containerRuntimeVersion": "containerd://" + ("2.1.4" if self.minor >= 34 else "1.7.27"),
                "kernelVersion": "6.8.0-60-generic",
                "kubeProxyVersion": "" if self.minor >= 33 else self.version, "kubeletVersion": self.version,
                "machineID": digest("machine", self.seed, name)[:32], "operatingSystem": "linux",
                "osImage": "Ubuntu 24.04.2 LTS", "systemUUID": self.uid("system", name)}
        status = {
            "addresses": [{"address": ip, "type": "InternalIP"}, {"address": name, "type": "Hostname"}],
            "allocatable": dict(capacity, memory="%dKi" % (kib - 102400), **dict(
                {"ephemeral-storage": "94579391543"}, **{k: v[1] for k, v in (extended or {}).items()})),
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
