"""Container logs, journals and the other files of a node."""

import hashlib
from datetime import datetime, timedelta, timezone

from base import HOUR, digest, number, parse, sec, stamp


class NodeFiles:
    """Logs and node files."""

    def log(self, pod, cname, lines, previous=False, crlf=False, cut=0):
        """Registers `kubectl logs --timestamps` output; {iso} {ts} {klog} {ngx} {clf} in a line become its time."""
        path = "logs/%s/%s/%s%s.log" % (pod["metadata"]["namespace"], pod["metadata"]["name"], cname,
                                        ".previous" if previous else "")
        out, before = [], None
        for i, (when, text) in enumerate(sorted(lines, key=lambda x: x[0])):
            nanos = number(600000000, path, i, "ns") if when.microsecond == 0 else when.microsecond * 1000
            moment = int(when.replace(microsecond=0).timestamp()) * 10 ** 9 + nanos + number(900000, path, i)
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
            unit_name, pid, level, (exact + timedelta(hours=self.offsets.get(node, 0)) - self.late.get(node, timedelta())).strftime(
                "%m%d %H:%M:%S.%f"), pid, source, text))

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
            made = parse(meta["creationTimestamp"])
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
                    begin = parse(running["startedAt"])
                    self.pleg(name, begin + timedelta(milliseconds=600), meta["namespace"], meta["name"], meta["uid"],
                              "ContainerStarted", cs["containerID"][13:])
                    self.journal(name, "containerd", begin + timedelta(microseconds=number(500000, cs["containerID"])),
                                 'containerd[812]: time="%s" level=info msg="StartContainer for \\"%s\\" returns '
                                 'successfully"' % (begin.strftime("%Y-%m-%dT%H:%M:%S.") + "%09dZ"
                                                    % (number(500000, cs["containerID"]) * 1000 + 117),
                                                    cs["containerID"][13:]))
        for step in range(12):
            when = since + timedelta(minutes=30 * step, seconds=number(1500, name, step),
                                     microseconds=number(900000, name, step, "us"))
            self.klog(name, "kubelet", when, "I", "scope.go:117",
                      '"RemoveContainer" containerID="%s"' % digest(name, "gone", step))
            self.journal(name, "containerd", when + timedelta(microseconds=1200 + number(9000, name, step, "cd")),
                         'containerd[812]: time="%s" level=info msg="RemoveContainer for \\"%s\\" returns successfully"'
                         % (when.strftime("%Y-%m-%dT%H:%M:%S.%f") + "402Z", digest(name, "gone", step)))
        for step in range(8):
            when = self.now - 23 * HOUR + timedelta(minutes=170 * step, seconds=number(5000, name, "kern", step),
                                                       microseconds=number(999999, name, "kern", step))
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
