"""Furnishes every sample cluster with its system components and with healthy, unrelated workloads."""

from kube import Cluster, at, container, digest, ended, http_probe, parse, sec, stamp, tcp_probe, template

REG = "registry.example.com/"
# Kinds whose managedFields tell no story; large samples leave them out.
DULL = {"nodes", "leases", "csinodes", "endpointslices", "daemonsets", "controllerrevisions", "serviceaccounts", "namespaces"}
WORKERS = ("node-worker-1", "node-worker-2", "node-worker-3")


def cluster(seed, minor, patch, captured, context, worker_options=None, coredns_options=None, kube_proxy_limit="512Mi",
            kube_proxy_options=None, drivers=None, reserved=(), extra=(), more=None):
    """A cluster of four nodes (and workers `extra`, and those of `more`: name to options) with kube-system,
    three unrelated namespaces, a finished Job and an old restart."""
    c = Cluster(seed, minor, patch, captured, at("2026-02-10 08:00"), context)
    c.used_ips.update(reserved)
    for ns in ("default", "kube-node-lease", "kube-public", "kube-system"):
        c.namespace(ns, c.born)
    c.node("cp-1", "10.20.0.10", cpu="4", memory="16383028Ki", role="control-plane")
    for i, name in enumerate(WORKERS):
        c.node(name, "10.20.0.%d" % (11 + i), drivers=drivers, **((worker_options or {}).get(name, {})))
    for i, name in enumerate(extra):
        c.node(name, "10.20.0.%d" % (31 + i), drivers=drivers, **((worker_options or {}).get(name, {})))
    c.extra = tuple(extra)
    for i, (name, options) in enumerate((more or {}).items()):
        c.node(name, "10.20.0.%d" % (21 + i), **options)
    for name, value in (("system-cluster-critical", 2000000000), ("system-node-critical", 2000001000)):
        c.add("priorityclasses", None, name, c.born, description="Used for system critical pods that must run in the "
              "cluster, but can be moved to another node if necessary." if value == 2000000000 else
              "Used for system critical pods that must not be moved from their current node.", globalDefault=False,
              preemptionPolicy="PreemptLowerPriority", value=value)
    control_plane(c)
    networking(c, coredns_options or {}, kube_proxy_limit, kube_proxy_options or {})
    unrelated(c)
    return c


def control_plane(c):
    """Static pods of cp-1, their leases and the Service of the API server."""
    static_pods(c, "cp-1")
    for name in ("kube-controller-manager", "kube-scheduler"):
        c.add("leases", "kube-system", name, c.born + sec(100), spec={
            "acquireTime": "2026-02-10T08:01:52.114209Z", "holderIdentity": "cp-1_" + c.uid("lease", name),
            "leaseDurationSeconds": 15, "leaseTransitions": 1,
            "renewTime": (c.now - sec(1)).strftime("%Y-%m-%dT%H:%M:%S.") + "412087Z"})
    c.service("default", "kubernetes", None, [("https", 443, 6443)], c.born, ip="10.96.0.1",
              labels={"component": "apiserver", "provider": "kubernetes"})
    c.add("endpointslices", "default", "kubernetes", c.born, labels={"kubernetes.io/service-name": "kubernetes"},
          addressType="IPv4", endpoints=[{"addresses": ["10.20.0.10"], "conditions": {"ready": True}}],
          ports=[{"name": "https", "port": 6443, "protocol": "TCP"}])


def static_pods(c, host, options=None):
    """The control plane's static pods on one node; `options` maps a component to pod options."""
    node = c.find("nodes", None, host)
    for name, cpu in (("etcd", "100m"), ("kube-apiserver", "250m"), ("kube-controller-manager", "200m"),
                      ("kube-scheduler", "100m")):
        image = REG + "k8s/" + (name + ":" + c.version if name != "etcd" else "etcd:3.5.21-0")
        tpl = template({"component": name, "tier": "control-plane"},
                       container(name, image, requests={"cpu": cpu}, command=[name]), hostNetwork=True,
                       priorityClassName="system-node-critical",
                       tolerations=[{"effect": "NoExecute", "operator": "Exists"}])
        c.pod("kube-system", name + "-" + host, tpl, host, c.born + sec(95) if host == "cp-1" else parse(
            node["metadata"]["creationTimestamp"]) + sec(30), owner=node,
              annotations={"kubernetes.io/config.source": "file", "kubernetes.io/config.seen": "2026-02-10T08:01:31.114Z",
                           "kubernetes.io/config.hash": c.uid("hash", name).replace("-", "")},
              **((options or {}).get(name, {})))


def networking(c, coredns_options, limit, kube_proxy_options):
    """CoreDNS, kube-proxy and the CNI agent."""
    made = c.born + sec(300)
    for account in ("coredns", "kube-proxy", "calico-node"):
        c.add("serviceaccounts", "kube-system", account, made)
    c.add("configmaps", "kube-system", "coredns", made, data={"Corefile": (
        ".:53 {\n    errors\n    health {\n       lameduck 5s\n    }\n    ready\n    kubernetes cluster.local in-addr.arpa "
        "ip6.arpa {\n       pods insecure\n       fallthrough in-addr.arpa ip6.arpa\n       ttl 30\n    }\n    prometheus "
        ":9153\n    forward . /etc/resolv.conf {\n       max_concurrent 1000\n    }\n    cache 30\n    loop\n    reload\n"
        "    loadbalance\n}\n")})
    c.add("configmaps", "kube-system", "kube-proxy", made, data={"config.conf": (
        "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nclusterCIDR: 10.244.0.0/16\nkind: KubeProxyConfiguration\n"
        "mode: iptables\n")})
    dns = template({"k8s-app": "kube-dns"}, container(
        "coredns", REG + "k8s/coredns:v1.11.3", [("dns", 53, "UDP"), ("dns-tcp", 53), ("metrics", 9153)],
        args=["-conf", "/etc/coredns/Corefile"], requests={"cpu": "100m", "memory": "70Mi"}, limits={"memory": "170Mi"},
        readiness=http_probe("/ready", 8181), liveness=http_probe("/health", 8080, delay=60, timeout=5, failures=5),
        mounts=[{"mountPath": "/etc/coredns", "name": "config-volume", "readOnly": True}]),
        account="coredns", dnsPolicy="Default", priorityClassName="system-cluster-critical",
        volumes=[{"configMap": {"defaultMode": 420, "items": [{"key": "Corefile", "path": "Corefile"}],
                                "name": "coredns"}, "name": "config-volume"}])
    rs = c.deployment("kube-system", "coredns", dns, 2, made)
    pods = c.owned_pods(rs, [(None, "node-worker-1", made, {}), (None, "node-worker-2", made + sec(2), coredns_options)])
    for pod in pods:
        begun = parse(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
        c.log(pod, "coredns", [(begun, ".:53"), (begun, "[INFO] plugin/reload: Running configuration SHA512 = "
                                                 "591cf328cccc12bc490481273e738df59329c62c0b729d94e8b61db9961c2fa5"),
                               (begun, "CoreDNS-1.11.3"), (begun, "linux/amd64, go1.21.11, a6338e9")])
    c.service("kube-system", "kube-dns", {"k8s-app": "kube-dns"}, [
        ("dns", 53, 53, "UDP"), ("dns-tcp", 53, 53), ("metrics", 9153, 9153)], made, ip="10.96.0.10",
        labels={"k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS"})
    everywhere = [{"operator": "Exists"}]
    proxy = template({"k8s-app": "kube-proxy"}, container(
        "kube-proxy", REG + "k8s/kube-proxy:" + c.version, [("metrics", 10249)],
        command=["/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf",
                 "--hostname-override=$(NODE_NAME)"],
        env=[("NODE_NAME", {"valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}}})],
        requests={"cpu": "50m", "memory": "64Mi"}, limits={"memory": limit},
        mounts=[{"mountPath": "/var/lib/kube-proxy", "name": "kube-proxy"}], security={"privileged": True}),
        account="kube-proxy", hostNetwork=True, priorityClassName="system-node-critical", tolerations=everywhere,
        volumes=[{"configMap": {"defaultMode": 420, "name": "kube-proxy"}, "name": "kube-proxy"}])
    nodes = tuple(n["metadata"]["name"] for n in c.objects["nodes"])
    for pod in c.daemonset("kube-system", "kube-proxy", proxy, made, nodes, kube_proxy_options):
        if pod["spec"]["nodeName"] not in kube_proxy_options:
            begun = made + sec(4)
            c.log(pod, "kube-proxy", [
                (begun, 'I{klog}       1 server_linux.go:66] "Using iptables proxy"'),
                (begun, 'I{klog}       1 config.go:192] "Starting service config controller"'),
                (begun, 'I{klog}       1 shared_informer.go:320] Caches are synced for service config')])
    calico = template({"k8s-app": "calico-node"}, container(
        "calico-node", REG + "calico/node:v3.28.1", requests={"cpu": "250m", "memory": "128Mi"},
        env=[("FELIX_HEALTHENABLED", "true"), ("CLUSTER_TYPE", "k8s,bgp")], security={"privileged": True}),
        account="calico-node", hostNetwork=True, priorityClassName="system-node-critical", tolerations=everywhere)
    for pod in c.daemonset("kube-system", "calico-node", calico, made + sec(60), nodes):
        c.log(pod, "calico-node", [
            (c.now - sec(1900 - 600 * i), "{ts} [INFO][%d] felix/summary.go 100: Summarising %d dataplane reconciliation "
             "loops over 1m2.%ds: avg=8ms longest=11ms ()".replace("{ts}", "{iso}") % (61, 8 + i, i)) for i in range(3)])


def unrelated(c):
    """Healthy workloads nobody complains about: 14 pods in three namespaces."""
    w1, w2, w3 = WORKERS
    day = at("2026-05-19 10:12")
    for ns in ("intranet", "mailing", "observability"):
        c.namespace(ns, at("2026-03-02 09:30"))

    def app(ns, name, image, port, nodes, memory="256Mi", options=None, created=day):
        tpl = template({"app": name}, container(name, REG + image, [("http", port)],
                                                requests={"cpu": "100m", "memory": "128Mi"}, limits={"memory": memory},
                                                readiness=http_probe("/readyz", "http")))
        rs = c.deployment(ns, name, tpl, len(nodes), created, revision=3)
        c.owned_pods(rs, [(None, n, created + sec(i), (options or {}).get(i, {})) for i, n in enumerate(nodes)])
        c.service(ns, name, {"app": name}, [("http", 80, "http")], created)

    app("intranet", "wiki", "intranet/wiki:5.2.1", 8080, [w1, w2])
    restarted = at("2026-07-11 06:41:18")
    app("intranet", "search", "intranet/search:1.14.0", 9200, [w1, w3], "512Mi", {1: {
        "start": restarted, "restarts": 1, "last": ended(1, "Error", day + sec(4), restarted - sec(2))}})
    app("intranet", "avatars", "intranet/avatars:0.9.4", 8080, [w2, w3])
    app("mailing", "relay", "mailing/relay:3.0.2", 2525, [w2, w3])
    app("mailing", "templates", "mailing/templates:2.7.0", 8080, [w1])
    app("observability", "dashboards", "observability/dashboards:11.1.0", 3000, [w2])
    c.service("mailing", "smtp-out", None, [], day, external="smtp.mail.example.net")
    agent = template({"app": "log-agent"}, container("log-agent", REG + "observability/log-agent:3.1.9",
                                                     requests={"cpu": "20m", "memory": "64Mi"}, limits={"memory": "128Mi"}))
    c.daemonset("observability", "log-agent", agent, day, WORKERS + c.extra)
    digest_job = template({"app": "digest"}, container("digest", REG + "mailing/digest:1.3.3",
                                                       requests={"cpu": "50m", "memory": "64Mi"}))
    ran = at("2026-07-13 19:15") if c.now < at("01:20") else at("01:15") if c.now < at("06:00") else at("06:15")
    c.cronjob_with_job("mailing", "digest", "15 %d * * *" % ran.hour, digest_job, day, ran, 41, w2)
    store = template({"app": "metrics-db"}, container(
        "metrics-db", REG + "observability/metrics-db:2.53.1", [("http", 9090)],
        requests={"cpu": "200m", "memory": "512Mi"}, limits={"memory": "1Gi"}, readiness=tcp_probe("http")))
    c.statefulset("observability", "metrics-db", store, day, [(w1, day, {})], "metrics-db")
    c.service("observability", "metrics-db", {"app": "metrics-db"}, [("http", 9090, 9090)], day, headless=True)
    c.add("configmaps", "mailing", "relay-config", day, data={"relay.conf": "listen = 0.0.0.0:2525\nupstream = smtp-out\n"})
    c.add("secrets", "mailing", "relay-credentials", day, type="Opaque", data={"password": "", "username": ""})
    c.add("resourcequotas", "intranet", "intranet", day, spec={"hard": {"pods": "40"}})


def ingress_nginx(c, node, created=None):
    """Namespace ingress-nginx with one controller pod; returns that pod."""
    created = created or at("2026-06-02 11:20")
    c.namespace("ingress-nginx", created)
    c.add("serviceaccounts", "ingress-nginx", "ingress-nginx", created)
    c.add("ingressclasses", None, "nginx", created, spec={"controller": "k8s.io/ingress-nginx"})
    tpl = template({"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}, container(
        "controller", REG + "ingress/controller:v1.12.1", [("http", 80), ("https", 443)],
        args=["/nginx-ingress-controller", "--ingress-class=nginx"], requests={"cpu": "100m", "memory": "90Mi"},
        readiness=http_probe("/healthz", 10254)), account="ingress-nginx")
    rs = c.deployment("ingress-nginx", "ingress-nginx-controller", tpl, 1, created)
    pod = c.owned_pods(rs, [(None, node, created, {})])[0]
    c.service("ingress-nginx", "ingress-nginx-controller", {"app.kubernetes.io/name": "ingress-nginx"},
              [("http", 80, "http"), ("https", 443, "https")], created)
    return pod


def ingress(c, ns, name, host, service, port, created):
    """One Ingress with one path."""
    obj = c.add("ingresses", ns, name, created, spec={"ingressClassName": "nginx", "rules": [{"host": host, "http": {
        "paths": [{"backend": {"service": {"name": service, "port": {"name": port}}}, "path": "/",
                   "pathType": "Prefix"}]}}]}, status={"loadBalancer": {"ingress": [{"ip": "10.20.0.80"}]}})
    obj["metadata"]["generation"] = 1
    return obj


def storage(c, created=None, policy="File"):
    """CSI driver and StorageClass."""
    created = created or at("2026-02-11 07:00")
    c.add("csidrivers", None, "block.csi.example.com", created, spec={
        "attachRequired": True, "fsGroupPolicy": policy, "podInfoOnMount": False, "requiresRepublish": False,
        "seLinuxMount": False, "storageCapacity": False, "volumeLifecycleModes": ["Persistent"]})
    c.add("storageclasses", None, "block-ssd", created, allowVolumeExpansion=True, provisioner="block.csi.example.com",
          reclaimPolicy="Delete", volumeBindingMode="WaitForFirstConsumer",
          annotations={"storageclass.kubernetes.io/is-default-class": "true"})


def claim(c, ns, name, size, created, node, labels=None, attached=None):
    """A bound claim with its volume, attached to `node`; returns (claim, volume)."""
    pvc = c.add("persistentvolumeclaims", ns, name, created, labels=labels, annotations={
        "pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes",
        "volume.kubernetes.io/selected-node": node, "volume.kubernetes.io/storage-provisioner": "block.csi.example.com"})
    pvc["metadata"]["finalizers"] = ["kubernetes.io/pvc-protection"]
    volume = "pvc-" + pvc["metadata"]["uid"]
    pvc["spec"] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}},
                   "storageClassName": "block-ssd", "volumeMode": "Filesystem", "volumeName": volume}
    pvc["status"] = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}, "phase": "Bound"}
    zone = c.find("nodes", None, node)["metadata"]["labels"]["topology.kubernetes.io/zone"]
    pv = c.add("persistentvolumes", None, volume, created + sec(3), annotations={
        "pv.kubernetes.io/provisioned-by": "block.csi.example.com"}, spec={
            "accessModes": ["ReadWriteOnce"], "capacity": {"storage": size},
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": name, "namespace": ns,
                         "resourceVersion": pvc["metadata"]["resourceVersion"], "uid": pvc["metadata"]["uid"]},
            "csi": {"driver": "block.csi.example.com", "fsType": "ext4", "volumeHandle": "vol-" + c.uid(volume)[:13]},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                {"key": "topology.kubernetes.io/zone", "operator": "In", "values": [zone]}]}]}},
            "persistentVolumeReclaimPolicy": "Delete", "storageClassName": "block-ssd", "volumeMode": "Filesystem"},
        status={"lastPhaseTransitionTime": stamp(created + sec(3)), "phase": "Bound"})
    pv["metadata"]["finalizers"] = ["kubernetes.io/pv-protection", "external-attacher/block-csi-example-com"]
    c.add("volumeattachments", None, "csi-" + digest(volume, node), attached or created + sec(6), spec={
        "attacher": "block.csi.example.com", "nodeName": node, "source": {"persistentVolumeName": volume}},
        status={"attached": True})
    return pvc, pv
