"""Small helpers of the generator: times, stable numbers, resource names, container specs and pod templates."""

import hashlib
import json
from datetime import datetime, timedelta, timezone

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
# Kinds that only some stories have; a list of them is in the bundle only if the story adds one.
MORE = [
    ("apiservices", "apiregistration.k8s.io/v1", "APIService"),
    ("validatingwebhookconfigurations", "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
]
KIND_OF = {resource: (api, kind) for resource, api, kind in RESOURCES + MORE}
CLUSTER_SCOPED = {"csidrivers", "csinodes", "ingressclasses", "namespaces", "nodes", "persistentvolumes",
                  "priorityclasses", "storageclasses", "volumeattachments", "apiservices",
                  "validatingwebhookconfigurations"}


def at(text):
    """A UTC time from `HH:MM[:SS[.ffffff]]` (on the day of all stories) or with a date before it."""
    day, _, clock = text.rpartition(" ")
    day = day or "2026-07-14"
    if clock.count(":") == 1:
        clock += ":00"
    shape = "%Y-%m-%d %H:%M:%S.%f" if "." in clock else "%Y-%m-%d %H:%M:%S"
    return datetime.strptime(day + " " + clock, shape).replace(tzinfo=timezone.utc)


def parse(text):
    """The time that an RFC 3339 stamp means."""
    return at(text.replace("T", " ").rstrip("Z"))


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
