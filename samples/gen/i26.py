"""I26: certificates of the control plane ended at midnight; the API server is down and only files of nodes were captured."""

import background as bg
from kube import at, sec

MIDNIGHT = at("00:00:00")
GONE = ("The connection to the server 10.20.0.10:6443 was refused - did you specify the right host or port?\n")


def main():
    """Captured at 00:31; every kubectl command failed."""
    c = bg.cluster("i26", 30, 3, at("00:31:00"), "plant-prod")
    c.api_error = GONE
    serial = 'verifying certificate SN=4417035982210064771, SKID=, AKID=1F:04:7C:88:21:9D:0B:5E:77:40:16:AA:C2:93:5B:0E:61:D8:2F:44 '
    for i in range(6):
        when = MIDNIGHT + sec(11 + 10 * i)
        x509 = ("x509: certificate has expired or is not yet valid: current time %s is after 2026-07-14T00:00:00Z"
                % when.strftime("%Y-%m-%dT%H:%M:%SZ"))
        c.klog("cp-1", "kubelet", when, "E", "server.go:310", '"Unable to authenticate the request due to an error" err="%s, '
               '%sfailed: %s"' % (x509, serial, x509))
    uid = c.find("pods", "kube-system", "kube-apiserver-cp-1")["metadata"]["uid"]
    for i in range(7):
        c.klog("cp-1", "kubelet", at("00:05:32") + sec(210 * i), "E", "pod_workers.go:1298",
               '"Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"kube-apiserver\\" with CrashLoopBackOff: '
               '\\"back-off 5m0s restarting failed container=kube-apiserver pod=kube-apiserver-cp-1_kube-system(%s)\\"" '
               'pod="kube-system/kube-apiserver-cp-1" podUID="%s"' % (uid, uid))
    for n in c.objects["nodes"]:
        host = n["metadata"]["name"]
        for i in range(20):
            c.klog(host, "kubelet", at("00:05:14") + sec(70 * i), "E", "kubelet_node_status.go:544",
                   '"Error updating node status, will retry" err="error getting node \\"%s\\": Get \\"https://10.20.0.10:6443/api/v1/'
                   'nodes/%s?timeout=10s\\": dial tcp 10.20.0.10:6443: connect: connection refused"' % (host, host))
    rows = (("admin.conf", "Feb 10, 2027 08:00 UTC", "211d", "ca"), ("apiserver", "Feb 10, 2027 08:00 UTC", "211d", "ca"),
            ("apiserver-etcd-client", "Jul 14, 2026 00:00 UTC", "<invalid>", "etcd-ca"),
            ("apiserver-kubelet-client", "Jul 14, 2026 00:00 UTC", "<invalid>", "ca"),
            ("controller-manager.conf", "Feb 10, 2027 08:00 UTC", "211d", "ca"),
            ("etcd-healthcheck-client", "Feb 10, 2027 08:00 UTC", "211d", "etcd-ca"),
            ("etcd-peer", "Feb 10, 2027 08:00 UTC", "211d", "etcd-ca"), ("etcd-server", "Feb 10, 2027 08:00 UTC", "211d", "etcd-ca"),
            ("front-proxy-client", "Feb 10, 2027 08:00 UTC", "211d", "front-proxy-ca"),
            ("scheduler.conf", "Feb 10, 2027 08:00 UTC", "211d", "ca"))
    table = "CERTIFICATE                EXPIRES                  RESIDUAL TIME   CERTIFICATE AUTHORITY   EXTERNALLY MANAGED\n"
    table += "".join("%-26s %-24s %-15s %-23s no\n" % row for row in rows)
    table += "\nCERTIFICATE AUTHORITY   EXPIRES                  RESIDUAL TIME   EXTERNALLY MANAGED\n"
    table += "".join("%-23s %-24s %-15s no\n" % (name, "Feb 08, 2036 08:00 UTC", "9y") for name in ("ca", "etcd-ca", "front-proxy-ca"))
    c.more_node_files["cp-1", "certs.txt"] = ("kubeadm certs check-expiration", table)
    return c
