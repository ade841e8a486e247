"""A bundle whose every text tries to get out: markup, scripts, links, formulas, escape sequences, hidden characters.

It is no story: the objects are as small as can be, so that each text reaches the report. `payloads.json` beside the
bundle lists the texts for the tests; each carries a marker of its own.
"""

import json

START = "2026-07-14T02:4%d:%02dZ"
PAYLOADS = {
    "script": "<script>alert('x-script')</script>",
    "handler": "<img src=x-handler onerror=alert(1)>",
    "svg": "<svg/onload=alert('x-svg')>",
    "closing": "</script></textarea></title><script>alert('x-closing')</script>",
    "comment": "--><!-- x-comment --!><b>",
    "cdata": "]]><x-cdata>&amp;&#60;",
    "link": "[x-link](javascript:alert(1))",
    "autolink": "<javascript:alert('x-autolink')>",
    "reference": "[x-reference]: javascript:alert(1)",
    "image": "![x-image](https://evil.example/x-image.png)",
    "iframe": "<iframe src='javascript:alert(`x-iframe`)'></iframe>",
    "entity": "&lt;img src=x onerror=alert('x-entity')&gt;",
    "fence": "```x-fence``` ~~~ <b>bold</b>",
    "table": "a | b | x-table \\| c",
    "mention": "@x-mention #1 GH-1 **bold** _it_",
    "template": "{{x-template}} ${7*7} {0} <%= 1 %>",
    "formula": "=cmd|'/C calc'!A0+x-formula",
    "plus": "+1+x-plus",
    "minus": "-2+x-minus",
    "at": "@SUM(1+x-at)",
    "quotes": "\"x-quotes\",'=1',\\\"",
    "ansi": "\x1b[31mx-ansi\x1b[0m\x1b]0;owned\x07 red",
    "bidi": "x-bidi \u202egnp.exe\u202c \u2066x\u2069",
    "nul": "x-nul\0cut",
    "separator": "x-separator\u2028line\u2029paragraph\u0085next",
    "uri": "data:text/html,<script>alert('x-uri')</script>",
    "style": "<style>*{background:url(//evil.example/x-style)}</style>",
}
# Names and labels of objects: each makes a cause of its own, and a ticket has room for few.
NAMES = ["script", "closing", "link", "template", "formula", "ansi"]


def stamp(n):
    """The n-th moment of the incident."""
    return START % (n // 60, n % 60)


def meta(name, namespace=None, **more):
    """Metadata with what is common to all objects."""
    body = {"creationTimestamp": "2026-07-14T02:00:00Z", "name": name, **more}
    return dict(body, namespace=namespace) if namespace else body


def pod(name, text, n, node="node-1"):
    """A pod whose container `app` does not start, for a reason that holds a text."""
    image = "registry.example.com/shop/web:" + str(n)
    waiting = {"message": 'Back-off pulling image "%s": %s' % (image, text), "reason": "ImagePullBackOff"}
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": meta(name, "shop", annotations={"note/" + text: text}, labels={"app": text, "n": str(n)}),
        "spec": {"containers": [{"image": image, "name": "app", "env": [{"name": "TEXT", "value": text}]}], "nodeName": node},
        "status": {
            "phase": "Pending", "startTime": stamp(n), "message": text,
            "conditions": [
                {"type": "PodScheduled", "status": "True", "lastTransitionTime": stamp(n)},
                {"type": "Ready", "status": "False", "lastTransitionTime": stamp(n), "reason": "ContainersNotReady", "message": text},
            ],
            "containerStatuses": [{"name": "app", "image": image, "imageID": "", "ready": False, "restartCount": 0,
                                   "started": False, "lastState": {}, "state": {"waiting": waiting}}],
        },
    }


def crashing(name, log_of):
    """A pod in a crash loop; its log holds every text."""
    ended = {"exitCode": 1, "reason": "Error", "startedAt": stamp(0), "finishedAt": stamp(59)}
    status = {"name": "app", "image": "registry.example.com/shop/" + log_of, "imageID": "", "ready": False, "restartCount": 9,
              "started": False, "lastState": {"terminated": ended},
              "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=app"}}}
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": meta(name, "shop", labels={"app": log_of}),
        "spec": {"containers": [{"image": status["image"], "name": "app"}], "nodeName": "node-1"},
        "status": {"phase": "Running", "startTime": stamp(0), "containerStatuses": [status],
                   "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": stamp(59)}]},
    }


def event(n, target, text, kind="Warning", reason="Failed", count=1):
    """An event about a pod."""
    return {
        "apiVersion": "v1", "kind": "Event", "metadata": meta("event-%d" % n, "shop"), "type": kind, "reason": reason,
        "message": text, "count": count, "firstTimestamp": stamp(n), "lastTimestamp": stamp(n + count - 1),
        "involvedObject": {"apiVersion": "v1", "kind": "Pod", "name": target, "namespace": "shop",
                           "fieldPath": "spec.containers{app}"},
        "source": {"component": "kubelet", "host": "node-1"},
    }


def items(kind, objects):
    """A list as `kubectl get -o json` prints it."""
    body = {"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {"resourceVersion": ""}}
    return (json.dumps(body, indent=4, sort_keys=True, ensure_ascii=True) + "\n").encode()


def files():
    """The bundle: path -> bytes."""
    texts = list(PAYLOADS.values())
    names = [PAYLOADS[name] for name in NAMES]
    pods = [pod("p%d-%s" % (n, text), text, n) for n, text in enumerate(names)]
    events = [event(60 + n, pods[n % len(pods)]["metadata"]["name"], text, count=1 + n % 3) for n, text in enumerate(texts)]
    pods.append(crashing("web-crash", "web"))
    log = "".join("%s FATAL: database connection refused: ECONNREFUSED 10.0.0.9:5432 %s\n"
                  % (stamp(n).replace("Z", ".000000001Z"), text) for n, text in enumerate(texts))
    node = {"apiVersion": "v1", "kind": "Node", "metadata": meta("node-1", labels={"kubernetes.io/hostname": PAYLOADS["svg"]}),
            "status": {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-07-14T02:00:00Z",
                                       "lastHeartbeatTime": stamp(199)}]}}
    services = [{"apiVersion": "v1", "kind": "Service", "metadata": meta("s%d-%s" % (n, text), "shop"),
                 "spec": {"selector": {"app": text + "z"}, "ports": [{"port": 80}], "clusterIP": "10.0.0.%d" % (n + 1),
                          "type": "ClusterIP"}} for n, text in enumerate(names)]
    namespaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": meta("shop"), "status": {"phase": "Active"}}]
    return {
        "cluster/events.json": items("Event", events),
        "cluster/namespaces.json": items("Namespace", namespaces),
        "cluster/nodes.json": items("Node", [node]),
        "cluster/pods.json": items("Pod", pods),
        "cluster/services.json": items("Service", services),
        "logs/shop/web-crash/app.previous.log": log.encode(),
    }


def payloads():
    """The texts for the tests, beside the bundle."""
    return {"payloads.json": (json.dumps(PAYLOADS, indent=2, ensure_ascii=True) + "\n").encode()}
