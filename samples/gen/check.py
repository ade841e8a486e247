"""Checks that a built sample contradicts itself nowhere: owners, targets, nodes, counts, events, sizes."""

import json
import re

from kube import HOUR, parse

LIMIT = 400000


def problems(c, files):
    """All contradictions found, as sentences."""
    out = []
    o = c.objects
    everything = {x["metadata"]["uid"]: x for items in o.values() for x in items}
    if len(everything) != sum(map(len, o.values())):
        out.append("two objects share a uid")
    seen = set()
    for resource, items in o.items():
        for x in items:
            key = (resource, x["metadata"].get("namespace"), x["metadata"]["name"])
            if key in seen:
                out.append("twice: %s %s %s" % key)
            seen.add(key)
            if parse(x["metadata"]["creationTimestamp"]) > c.now:
                out.append("created after the capture: %s %s %s" % key)
            for ref in x["metadata"].get("ownerReferences", []):
                owner = everything.get(ref["uid"])
                if not owner or owner["metadata"]["name"] != ref["name"] or owner["kind"] != ref["kind"]:
                    out.append("owner of %s %s %s does not exist: %s" % (key + (ref["name"],)))
    namespaces = {n["metadata"]["name"] for n in o["namespaces"]}
    nodes = {n["metadata"]["name"] for n in o["nodes"]}
    out += ["namespace missing: " + n for n in sorted({k[1] for k in seen if k[1]} - namespaces)]
    for p in o["pods"]:
        out += pod_problems(c, p, nodes)
    ips = [p["status"]["podIP"] for p in o["pods"] if p["status"].get("podIP") and not p["spec"].get("hostNetwork")]
    out += ["two pods with address " + ip for ip in {i for i in ips if ips.count(i) > 1}]
    cluster_ips = [s["spec"]["clusterIP"] for s in o["services"] if s["spec"].get("clusterIP") not in (None, "None")]
    out += ["two Services with " + ip for ip in {i for i in cluster_ips if cluster_ips.count(i) > 1}]
    out += workload_problems(c) + slice_problems(c, everything) + event_problems(c, everything)
    out += file_problems(c, files)
    out += requirement_problems(c)
    return out


def not_ready(c):
    """Nodes whose pods the node controller marked."""
    return {n["metadata"]["name"] for n in c.objects["nodes"]
            if any(x["type"] == "Ready" and x["status"] != "True" for x in n["status"]["conditions"])}


def pod_problems(c, p, nodes):
    """Node, times and restart counts of one pod."""
    name, out = p["metadata"]["name"], []
    if p["spec"].get("nodeName") and p["spec"]["nodeName"] not in nodes:
        out.append("node of pod %s does not exist" % name)
    for cs in p["status"].get("containerStatuses", []):
        last = cs["lastState"].get("terminated")
        if bool(last) != (cs["restartCount"] > 0) and not (last and "waiting" in cs["state"]):
            out.append("pod %s: restartCount %d against lastState %s" % (name, cs["restartCount"], bool(last)))
        running = cs["state"].get("running")
        if running and last and running["startedAt"] < last["finishedAt"]:
            out.append("pod %s runs since before its last end" % name)
        for state in (running, last, cs["state"].get("terminated")):
            for key in ("startedAt", "finishedAt"):
                if state and key in state and not parse(p["metadata"]["creationTimestamp"]) <= parse(state[key]) <= c.now:
                    out.append("pod %s: %s lies outside its life" % (name, key))
        if cs["ready"] != c.is_ready(p) and p["spec"].get("nodeName") not in not_ready(c):
            out.append("pod %s: container ready against condition" % name)
    for cond in p["status"].get("conditions", []):
        if parse(cond["lastTransitionTime"]) > c.now:
            out.append("pod %s: condition in the future" % name)
    claims = {(x["metadata"]["namespace"], x["metadata"]["name"]) for x in c.objects["persistentvolumeclaims"]}
    maps = {(x["metadata"]["namespace"], x["metadata"]["name"]) for x in c.objects["configmaps"]}
    accounts = {(x["metadata"]["namespace"], x["metadata"]["name"]) for x in c.objects["serviceaccounts"]}
    ns = p["metadata"]["namespace"]
    for v in p["spec"].get("volumes", []):
        if "persistentVolumeClaim" in v and (ns, v["persistentVolumeClaim"]["claimName"]) not in claims:
            out.append("pod %s: no claim" % name)
        if "configMap" in v and (ns, v["configMap"]["name"]) not in maps:
            out.append("pod %s: no ConfigMap %s" % (name, v["configMap"]["name"]))
    for spec in p["spec"]["containers"]:
        for source in spec.get("envFrom", []):
            if (ns, source["configMapRef"]["name"]) not in maps:
                out.append("pod %s: no ConfigMap %s" % (name, source["configMapRef"]["name"]))
    if p["spec"].get("serviceAccountName") and (ns, p["spec"]["serviceAccountName"]) not in accounts:
        out.append("pod %s: no ServiceAccount" % name)
    return out


def workload_problems(c):
    """Status counts against the pods that exist."""
    out = []
    for dep in c.objects["deployments"]:
        sets = [r for r in c.objects["replicasets"]
                if r["metadata"]["ownerReferences"][0]["uid"] == dep["metadata"]["uid"]]
        pods = [p for r in sets for p in c.pods_of(r)
                if "deletionTimestamp" not in p["metadata"] and p["status"]["phase"] != "Failed"]
        ready = sum(map(c.is_ready, pods))
        if dep["status"].get("replicas", 0) != len(pods) or dep["status"].get("readyReplicas", 0) != ready:
            out.append("Deployment %s: status against pods" % dep["metadata"]["name"])
        newest = max(sets, key=lambda r: int(r["metadata"]["annotations"]["deployment.kubernetes.io/revision"]))
        if newest["metadata"]["annotations"]["deployment.kubernetes.io/revision"] != \
                dep["metadata"]["annotations"]["deployment.kubernetes.io/revision"]:
            out.append("Deployment %s: revision" % dep["metadata"]["name"])
        for p in pods:
            if not p["metadata"]["labels"].get("pod-template-hash"):
                out.append("pod %s has no pod-template-hash" % p["metadata"]["name"])
    for sts in c.objects["statefulsets"]:
        if sts["status"]["replicas"] != len(c.pods_of(sts)):
            out.append("StatefulSet %s: status against pods" % sts["metadata"]["name"])
    return out


def slice_problems(c, everything):
    """Slices against Services and pods."""
    out = []
    by_service = {}
    for s in c.objects["endpointslices"]:
        by_service.setdefault((s["metadata"]["namespace"], s["metadata"]["labels"]["kubernetes.io/service-name"]), []).append(s)
        for e in s["endpoints"] or []:
            if "targetRef" not in e:
                continue
            pod = everything.get(e["targetRef"]["uid"])
            if not pod or pod["metadata"]["name"] != e["targetRef"]["name"] or \
                    pod["status"]["podIP"] != e["addresses"][0] or pod["spec"]["nodeName"] != e["nodeName"]:
                out.append("slice %s: target %s" % (s["metadata"]["name"], e["targetRef"]["name"]))
            elif e["conditions"]["ready"] != c.is_ready(pod):
                out.append("slice %s: ready" % s["metadata"]["name"])
    for svc in c.objects["services"]:
        key = (svc["metadata"]["namespace"], svc["metadata"]["name"])
        if svc["spec"].get("selector") and len(by_service.get(key, [])) != 1:
            out.append("Service %s/%s: slices" % key)
    return out


def event_problems(c, everything):
    """Events: unique, within the hour before the capture, about objects that exist or once did."""
    out = []
    core, new = c.event_objects()
    if len({e["metadata"]["uid"] for e in core}) != len(core):
        out.append("two events share a uid")
    if len({(e["metadata"]["namespace"], e["metadata"]["name"]) for e in core}) != len(core):
        out.append("two events share a name")
    if {e["metadata"]["uid"] for e in core} != {e["metadata"]["uid"] for e in new}:
        out.append("the two event files differ")
    for e in core:
        ref = e["involvedObject"]
        series = e.get("series", {}).get("lastObservedTime")
        last = parse(series or e["lastTimestamp"] or e["eventTime"])
        if not c.now - HOUR <= last <= c.now:
            out.append("event outside the hour: " + e["message"][:60])
        target = everything.get(ref.get("uid"))
        if target and ref["kind"] == "Pod" and "fieldPath" in ref:
            if ref["fieldPath"][16:-1] not in [x["name"] for x in target["spec"]["containers"]]:
                out.append("event about no container: " + e["message"][:60])
        if target and e["firstTimestamp"] and parse(e["firstTimestamp"]) < parse(target["metadata"]["creationTimestamp"]):
            out.append("event before its object: " + e["message"][:60])
        if not target and ref["kind"] not in ("Pod", "Node"):
            out.append("event about nothing: " + e["message"][:60])
    return out


def file_problems(c, files):
    """Sizes, the manifest and the stamps of logs."""
    out = ["%s has %d bytes" % (p, len(d)) for p, d in files.items() if len(d) > LIMIT]
    named = set()
    for row in c.rows:
        if row["file"]:
            named.add(row["file"])
            if row["file"] not in files or len(files[row["file"]]) != row["bytes"]:
                out.append("manifest: " + row["file"])
    out += ["not in the manifest: " + p for p in set(files) - named - {"bundle.yaml", "manifest.jsonl"} if not c.only]
    for path, data in files.items():
        if path.endswith(".json"):
            json.loads(data)
        if path.startswith("logs/"):
            lines = data.decode().splitlines()
            stamps = [x[:30] for x in lines]
            if any(not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$", s) for s in stamps):
                out.append("%s: a line without a stamp" % path)
            elif stamps and (stamps != sorted(stamps) or parse(stamps[-1][:19]) > c.now):
                out.append("%s: stamps" % path)
        if b"{iso}" in data:
            out.append("%s: a placeholder was left in" % path)
    return out


def requirement_problems(c):
    """What every sample must carry besides its story."""
    o = c.objects
    pods = [p for p in o["pods"] if p["metadata"]["namespace"] in ("intranet", "mailing", "observability")]
    checks = {
        "ten healthy unrelated pods": sum(map(c.is_ready, pods)) >= 10,
        "a completed Job": any(j["status"].get("succeeded") for j in o["jobs"]),
        "an ExternalName Service": any(s["spec"]["type"] == "ExternalName" for s in o["services"]),
        "an old restart": any("2026-07-11" in cs["lastState"].get("terminated", {}).get("finishedAt", "")
                              for p in pods for cs in p["status"]["containerStatuses"]),
        "kube-dns": any(s["spec"].get("clusterIP") == "10.96.0.10" for s in o["services"]),
    }
    return ["without " + k for k, good in checks.items() if not good]
