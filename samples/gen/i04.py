"""I04: a Service selector misspells the label value of its pods, so the Ingress answers 503."""

import background as bg
from kube import at, container, ended, http_probe, number, sec, template


def main():
    """Captured at 11:20; the Services are written as several YAML documents."""
    c = bg.cluster("i04", 33, 5, at("11:20:31"), "payments-prod")
    c.focus = {"payments"}
    c.multi_document = {"services"}
    controller = bg.ingress_nginx(c, "node-worker-2")
    made = at("2026-05-04 09:00")
    c.namespace("payments", made)
    tpl = template({"app.kubernetes.io/name": "payment", "app.kubernetes.io/component": "api"}, container(
        "api", bg.REG + "payments/api:3.3.0", [("http", 8080)], requests={"cpu": "200m", "memory": "256Mi"},
        limits={"memory": "512Mi"}, readiness=http_probe("/readyz", "http")))
    rs = c.deployment("payments", "payment-api", tpl, 3, made, revision=6, rs_created=at("2026-07-09 12:00"))
    restarted = at("2026-07-12 17:22:48")
    day = at("2026-07-09 12:00")
    pods = c.owned_pods(rs, [
        (None, "node-worker-1", day, {}), (None, "node-worker-2", day + sec(9), {}),
        (None, "node-worker-3", day + sec(17), {"start": restarted, "restarts": 1, "last": ended(
            1, "Error", day + sec(20), restarted - sec(1))})])
    for n, pod in enumerate(pods):
        c.log(pod, "api", [(restarted if n == 2 else day + sec(9 * n + 5), "{iso} INFO listening on :8080")] + [
            (c.now - sec(1750 - 60 * i), "{iso} INFO GET /readyz 200 1ms") for i in range(29)])
    edited = at("10:58:20")
    c.service("payments", "api", {"app.kubernetes.io/name": "payments"}, [("http", 80, "http")], made,
              labels={"app.kubernetes.io/name": "payment"}, changed=("kubectl-edit", edited, {"f:spec": {
                  "f:selector": {}}}))
    c.service("payments", "card-gateway", None, [], made, external="gateway.cards.example.net")
    bg.ingress(c, "payments", "api", "pay.example.com", "api", "http", made)
    c.event(c.find("ingresses", "payments", "api"), "Sync", "Scheduled for sync", edited + sec(1),
            comp="nginx-ingress-controller")
    lines = [(at("2026-06-02 11:20:09"), "NGINX Ingress controller"),
             (at("2026-06-02 11:20:10"), 'I{klog}       7 nginx.go:290] "Starting NGINX Ingress controller"')]
    for i in range(24):
        when = at("10:52:10") + sec(70 * i)
        bad = when > edited
        lines.append((when, '10.20.0.80 - - [{clf}] "POST /v1/payments HTTP/1.1" %s "-" "shop-web/8.1" 412 0.00%d '
                      '[payments-api-http] [] %s' % ("503 592" if bad else "201 118", 1 + number(8, i),
                                                     "- - - - " if bad else "%s:8080 118 0.00%d 201 " % (pods[i % 3]["status"]["podIP"], 1 + number(8, i)))
                      + "%032x" % number(2 ** 47, "req", i)))
    for when in ("10:58:20", "10:58:24", "11:03:51", "11:11:37", "11:19:02"):
        lines.append((at(when) + sec(1), 'W{klog}       7 controller.go:1232] Service "payments/api" does not have any '
                      'active Endpoint.'))
    lines.append((edited + sec(1), 'I{klog}       7 controller.go:196] "Configuration changes detected, backend reload '
                  'required"'))
    c.log(controller, "controller", lines)
    return c
