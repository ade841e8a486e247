"""A read-only API server just big enough for a real kubectl.

Prints its port, then serves until it is ended.  It knows namespaces, pods,
events and secrets; one pod has no status at all.  Any request that is not a
GET is counted and answered with 405; GET /verbs lists the methods seen.

Faults, by GET /fault/KIND/N: busy (the next N lists of events are too many), hang
(the next N lists of events never end), refuse (the next N lists of pods are
forbidden), die (the server ends after N more requests).
"""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "aHVudGVyMg=="  # what must not reach the disk


def meta(name, namespace="shop"):
    return {"name": name, "namespace": namespace}


PODS = [
    {"metadata": meta("bare-0"), "spec": {"containers": [{"name": "app"}]}},
    {
        "metadata": meta("web-0"),
        "spec": {
            "nodeName": "worker-1", "containers": [{"name": "app"}],
            "initContainers": [{"name": "init-db"}],
            "ephemeralContainers": [{"name": "debugger"}],
        },
        "status": {
            "phase": "Running",
            "initContainerStatuses": [
                {"name": "init-db", "restartCount": 0, "ready": True,
                 "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}, "lastState": {}},
            ],
            "containerStatuses": [
                {"name": "app", "restartCount": 12, "ready": False,
                 "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                 "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}}},
            ],
            "ephemeralContainerStatuses": [
                {"name": "debugger", "restartCount": 0, "ready": False,
                 "state": {"running": {"startedAt": "2026-07-14T02:00:00Z"}}, "lastState": {}},
            ],
        },
    },
    {
        "metadata": meta("new-0"), "spec": {"containers": [{"name": "app"}]},
        "status": {"phase": "Pending", "containerStatuses": [
            {"name": "app", "restartCount": 0, "ready": False,
             "state": {"waiting": {"reason": "ContainerCreating"}}, "lastState": {}}]},
    },
]
SECRETS = [
    {"metadata": {**meta("db"), "annotations": {"note": "E\nK\t\"x\"\n" + SECRET}},
     "type": "Opaque", "data": {"password": SECRET, "tls.crt": SECRET}},
    {"metadata": meta("empty"), "type": "kubernetes.io/tls"},
    {"metadata": meta("untyped"), "data": {"x": SECRET}},
]
CONFIGMAPS = [
    {"metadata": {**meta("settings"), "creationTimestamp": "2026-07-14T02:41:07Z", "managedFields": [
        {"manager": "kubectl-edit", "operation": "Update", "time": "2026-07-14T02:44:30Z"}]},
     "data": {"app.properties": "a=plain-text"}, "binaryData": {"logo.png": "AAAA"}},
    {"metadata": meta("bare")},
]
LISTS = {
    "configmaps": ("ConfigMap", True, CONFIGMAPS),
    "namespaces": ("Namespace", False, [{"metadata": {"name": "shop"}}]),
    "pods": ("Pod", True, PODS),
    "events": ("Event", True, []),
    "secrets": ("Secret", True, SECRETS),
}
if len(sys.argv) > 1:
    with open(sys.argv[1]) as certificate:
        SECRETS.append({"metadata": meta("web-tls"), "type": "kubernetes.io/tls",
                        "data": {"tls.crt": certificate.read().strip(), "tls.key": SECRET}})
seen = set()
faults = {}


def fault(kind):
    if faults.get(kind, 0) <= 0:
        return False
    faults[kind] -= 1
    return True


def answer(path):
    path, _, query = path.partition("?")
    if path == "/verbs":
        return sorted(seen)
    if path == "/version":
        return {"major": "1", "minor": "36", "gitVersion": "v1.36.2"}
    if path == "/readyz":
        return "[+]ping ok\nreadyz check passed\n"
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": []}
    if path == "/api/v1":
        return {"kind": "APIResourceList", "groupVersion": "v1", "resources": [
            {"name": name, "singularName": "", "namespaced": namespaced, "kind": kind,
             "verbs": ["get", "list"]} for name, (kind, namespaced, _) in LISTS.items()]}
    parts = path.strip("/").split("/")
    if parts[-1] == "log":
        if "previous=true" in query and "container=app" not in query:
            return None
        return "2026-07-14T02:00:00.000000001Z %s\n" % query
    if parts[-1] in LISTS:
        kind, _, items = LISTS[parts[-1]]
        return {"kind": kind + "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"},
                "items": items}
    if len(parts) == 6 and parts[4] == "pods":
        found = [pod for pod in PODS if pod["metadata"]["name"] == parts[5]]
        return {"kind": "Pod", "apiVersion": "v1", **found[0]} if found else None
    return None


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def respond(self, code, body):
        kind = "text/plain"
        if not isinstance(body, str):
            kind, body = "application/json", json.dumps(body)
        body = body.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        seen.add("GET")
        parts = self.path.strip("/").split("/")
        if parts[0] == "fault":
            faults[parts[1]] = int(parts[2])
            self.respond(200, "set\n")
            return
        if "die" in faults and not fault("die"):
            os._exit(1)
        lists = self.path.partition("?")[0]
        if lists.endswith("/events") and fault("busy"):
            self.respond(429, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 429,
                               "reason": "TooManyRequests", "message": "Too many requests, please try again later."})
            return
        if lists.endswith("/events") and fault("hang"):
            time.sleep(60)
            return
        if lists.endswith("/pods") and fault("refuse"):
            self.respond(403, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403,
                               "reason": "Forbidden", "message": "pods is forbidden: User cannot list"})
            return
        body = answer(self.path)
        if body is None:
            self.respond(404, {"kind": "Status", "apiVersion": "v1", "status": "Failure",
                               "reason": "NotFound", "code": 404, "message": "not found"})
        else:
            self.respond(200, body)

    def refuse(self):
        seen.add(self.command)
        self.respond(405, "no\n")

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = refuse


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
sys.stdout.close()
server.serve_forever()
