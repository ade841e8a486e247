//! Outputs in the forms of several versions, made up.

use proptest::prelude::*;

use super::*;
use crate::{node::Node, stamp};

fn run_at(command: &str, text: &str, now: &str) -> Vec<HostReport> {
    let argv: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    let context = Context {
        now: stamp::rfc3339(now),
        ..Context::default()
    };
    read(&argv, text, 1, FileId(0), &context)
}

fn run(command: &str, text: &str) -> Vec<HostReport> {
    run_at(command, text, "2026-07-14T10:00:00Z")
}

/// `kind field=value@line …` of each report.
fn shown(reports: &[HostReport]) -> Vec<String> {
    reports
        .iter()
        .map(|report| {
            let fields: Vec<String> = report
                .root
                .entries()
                .iter()
                .map(|(key, node): &(_, Node)| format!("{key}={}", node.as_str().unwrap_or("?")))
                .collect();
            format!("{} {}", report.kind, fields.join(" "))
        })
        .collect()
}

fn field<'r>(report: &'r HostReport, key: &str) -> &'r str {
    report.root.str_at(&[key]).unwrap_or("")
}

const STOPPED: &str = "\
○ kubelet.service - kubelet: The Kubernetes Node Agent
     Loaded: loaded (/lib/systemd/system/kubelet.service; enabled; vendor preset: enabled)
    Drop-In: /etc/systemd/system/kubelet.service.d
             └─10-kubeadm.conf
     Active: inactive (dead) since Tue 2026-07-14 17:57:38 CST; 2min 22s ago
    Process: 800 ExecStartPre=/bin/true (code=exited, status=0/SUCCESS)
    Process: 801 ExecStart=/usr/bin/kubelet --hostname-override=worker-1 (code=exited, status=0/SUCCESS)
   Main PID: 801 (code=exited, status=0/SUCCESS)
        CPU: 2.508s

Jul 14 17:57:38 w1 kubelet[801]: I0714 17:57:38.000 801 server.go:1] bye
Jul 14 17:57:38 w1 systemd[1]: kubelet.service: Deactivated successfully.
";

#[test]
fn a_stopped_unit() {
    let found = run("systemctl status kubelet", STOPPED);
    assert_eq!(
        shown(&found),
        [
            "Unit name=kubelet.service load=loaded enabled=enabled active=inactive sub=dead since=2026-07-14T09:57:38Z sinceSeconds=142 mainPid=801 exitCode=0 exitReason=SUCCESS found=true"
        ]
    );
    assert_eq!(found[0].node, "worker-1");
    assert_eq!(found[0].root.get("active").unwrap().line, 5);
    assert_eq!(found[0].root.line, 1);
    assert_eq!(
        journal_spans(&["systemctl".into(), "status".into()], STOPPED, 10),
        [(20, 21)]
    );
}

#[test]
fn units_in_other_states_and_versions() {
    let text = "\
* kubelet.service - kubelet: The Kubernetes Node Agent
   Loaded: loaded (/usr/lib/systemd/system/kubelet.service; enabled; vendor preset: disabled)
   Active: activating (auto-restart) (Result: exit-code) since Tue 2026-07-14 09:59:55 UTC; 5s ago
     Docs: https://kubernetes.io/docs/
  Process: 912 ExecStart=/usr/bin/kubelet $KUBELET_ARGS (code=exited, status=255)
 Main PID: 912 (code=exited, status=255)

Jul 14 09:59:55 w2 systemd[1]: kubelet.service holdoff time over, scheduling restart.
Jul 14 09:59:55 w2 systemd[1]: kubelet.service: Scheduled restart job, restart counter is at 41.

× containerd.service - containerd container runtime
     Loaded: loaded (/lib/systemd/system/containerd.service; enabled; preset: enabled)
     Active: failed (Result: oom-kill) since Tue 2026-07-14 08:00:00 UTC; 2h ago
   Duration: 3d 2h
   Main PID: 70 (code=killed, signal=KILL)
     Memory: 58.9M (max: 1.0G available: 965.1M peak: 1.0G)

Warning: Journal has been rotated since unit was started. Log output is incomplete or unavailable.
● docker.service
     Loaded: not-found (Reason: Unit docker.service not found.)
     Active: inactive (dead)
Unit crio.service could not be found.
";
    let found = run(
        "systemctl status --no-pager kubelet containerd docker crio",
        text,
    );
    assert_eq!(
        shown(&found),
        [
            "Unit name=kubelet.service load=loaded enabled=enabled active=activating sub=auto-restart result=exit-code since=2026-07-14T09:59:55Z sinceSeconds=5 exitCode=255 mainPid=912 restarts=41 found=true",
            "Unit name=containerd.service load=loaded enabled=enabled active=failed result=oom-kill sub=failed since=2026-07-14T08:00:00Z sinceSeconds=7200 mainPid=70 exitSignal=KILL memory=61761126 memoryMax=1073741824 memoryPeak=1073741824 found=true",
            "Unit name=crio.service load=not-found active=inactive found=false",
            "Unit name=docker.service load=not-found active=inactive sub=dead found=false",
        ]
    );
}

#[test]
fn lists_of_units() {
    let text = "\
  UNIT               LOAD      ACTIVE     SUB          DESCRIPTION
● containerd.service loaded    failed     failed       containerd container runtime
  kubelet.service    loaded    activating auto-restart kubelet
● ntp.service        not-found inactive   dead         ntp.service
  run-x.mount        loaded    active     mounted      /run/x

LOAD   = Reflects whether the unit definition was properly loaded.
";
    let found = run("systemctl list-units", text);
    assert_eq!(found.len(), 2);
    assert_eq!(field(&found[0], "active"), "failed");
    assert_eq!(field(&found[1], "sub"), "auto-restart");
    let found = run("systemctl is-active kubelet containerd", "active\nfailed\n");
    assert_eq!(
        shown(&found),
        [
            "Unit name=kubelet.service active=active found=true",
            "Unit name=containerd.service active=failed found=true"
        ]
    );
    let found = run(
        "systemctl show kubelet",
        "NRestarts=7\nExecMainStatus=1\nId=kubelet.service\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\n",
    );
    assert_eq!(field(&found[0], "restarts"), "7");
}

#[test]
fn filesystems() {
    let text = "\
Filesystem      Size  Used Avail Use% Mounted on
/dev/vda1        97G   95G  1.9G  99% /
/dev/mapper/a-very-long-name-of-a-volume
                 50G   10G   40G  20% /var/lib/my data
tmpfs           3.2G     0  3.2G   0% /run
";
    let found = run("df -h", text);
    assert_eq!(
        shown(&found)[1],
        "Filesystem device=/dev/mapper/a-very-long-name-of-a-volume mount=/var/lib/my data size=53687091200 used=10737418240 available=42949672960 usePercent=20"
    );
    assert_eq!(found[1].root.get("device").unwrap().line, 3);
    assert_eq!(found[1].root.get("usePercent").unwrap().line, 4);
    assert_eq!(field(&found[0], "usePercent"), "99");
    let found = run(
        "df -iT",
        "Filesystem     Type   Inodes  IUsed IFree IUse% Mounted on\n/dev/sda1      ext4   640K    639K 1K  100% /\nnone tmpfs 0 0 0 - /x\n",
    );
    assert_eq!(
        shown(&found)[0],
        "Filesystem device=/dev/sda1 mount=/ type=ext4 inodes=655360 inodesUsed=654336 inodesFree=1024 inodesPercent=100"
    );
    assert_eq!(found.len(), 2);
    let found = run(
        "df",
        "Dateisystem    1K-Blöcke Benutzt Verfügbar Verw% Eingehängt auf\n/dev/sda1      1000    900       100   90% /\n",
    );
    assert_eq!(field(&found[0], "size"), "1024000");
    let found = run(
        "mount",
        "/dev/sda1 on / type ext4 (ro,relatime)\nproc on /proc type proc (rw)\n",
    );
    assert_eq!(
        shown(&found),
        ["Filesystem device=/dev/sda1 mount=/ type=ext4 readOnly=true"]
    );
}

#[test]
fn memory_of_old_and_new_tools() {
    let new = "              total        used        free      shared  buff/cache   available\nMem:           3931         945         119           1        2866        2705\nSwap:          1023           0        1023\n";
    assert_eq!(
        shown(&run("free -m", new)),
        [
            "Memory total=4121952256 used=990904320 free=124780544 available=2836398080 swapTotal=1072693248 swapUsed=0 swapFree=1072693248"
        ]
    );
    let old = "             total       used       free     shared    buffers     cached\nMem:          1000        900        100          0         50        400\n-/+ buffers/cache:        450        550\nSwap:            0          0          0\n";
    let found = run("free", old);
    assert_eq!(field(&found[0], "available"), "563200");
    let german = "               gesamt       benutzt     frei      gemns.  Puffer/Cache verfügbar\nSpeicher:      3,8Gi       945Mi       119Mi       1,0Mi       2,8Gi       2,6Gi\nSwap:             0B          0B          0B\n";
    let found = run("free -h", german);
    assert_eq!(field(&found[0], "available"), "2791728742");
    assert_eq!(field(&found[0], "swapTotal"), "0");
    let found = run(
        "cat /proc/meminfo",
        "MemTotal:        4026036 kB\nMemFree: 1 kB\nMemAvailable:    2775572 kB\n",
    );
    assert_eq!(field(&found[0], "total"), "4122660864");
}

#[test]
fn load_and_pressure() {
    assert_eq!(
        shown(&run(
            "uptime",
            " 19:23:40 up 12 days,  3:04,  2 users,  load average: 10,83, 0,73, 0,76\n"
        )),
        ["Load one=10.83 five=0.73 fifteen=0.76 uptimeSeconds=1047840"]
    );
    assert_eq!(
        shown(&run(
            "uptime",
            "19:23:40 up 25 min,  1 user,  load average: 0.83, 0.73, 0.76\n"
        ))[0],
        "Load one=0.83 five=0.73 fifteen=0.76 uptimeSeconds=1500"
    );
    assert_eq!(
        run("cat /proc/loadavg", "0.83 0.73 0.76 2/345 1234\n").len(),
        1
    );
    let psi = "some avg10=12.30 avg60=4.00 avg300=1.00 total=99\nfull avg10=1.00 avg60=0.00 avg300=0.00 total=9\n";
    assert_eq!(
        shown(&run("cat /proc/pressure/memory", psi)),
        [
            "Pressure someAvg10=12.3 someAvg60=4 someAvg300=1 fullAvg10=1 fullAvg60=0 fullAvg300=0 resource=memory"
        ]
    );
    let both = "/proc/pressure/cpu:some avg10=1.00 avg60=0.00 avg300=0.00 total=1\n/proc/pressure/io:some avg10=2.00 avg60=0.00 avg300=0.00 total=1\n";
    assert_eq!(
        run("grep . /proc/pressure/cpu /proc/pressure/io", both).len(),
        2
    );
}

#[test]
fn service_rules_of_every_backend() {
    let save = "*nat\n:KUBE-SERVICES - [0:0]\n[1:2] -A KUBE-SERVICES -d 10.0.0.1/32 -j KUBE-SVC-A\n-A KUBE-SERVICES -d 10.0.0.2/32 -j KUBE-SVC-B\nCOMMIT\n";
    assert_eq!(
        shown(&run("iptables-save -t nat", save)),
        ["ServiceRules backend=iptables rules=2 lastLine=4"]
    );
    let flushed = ":KUBE-SERVICES - [0:0]\n";
    assert_eq!(field(&run("iptables-save", flushed)[0], "rules"), "0");
    let list = "Chain KUBE-NODEPORTS (1 references)\n pkts bytes target     prot opt in     out     source               destination\n    0     0 KUBE-SVC-Z  tcp  --  *  *  0.0.0.0/0 127.0.0.1\n\nChain KUBE-SERVICES (2 references)\n pkts bytes target     prot opt in     out     source               destination\n    0     0 KUBE-SVC-A  tcp  --  *  *  0.0.0.0/0 10.0.0.1 /* a/b cluster IP */ tcp dpt:80\n";
    assert_eq!(field(&run("iptables -t nat -nvL", list)[0], "rules"), "1");
    assert!(run("iptables-save", "*filter\n:INPUT ACCEPT [0:0]\n").is_empty());
    let nft = "table ip kube-proxy {\n\tchain service-ULMVA6XW-ns/svc/tcp/p80 {\n\t}\n\tchain services {\n\t}\n}\n";
    assert_eq!(field(&run("nft list ruleset", nft)[0], "rules"), "1");
    let ipvs = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\nTCP  10.0.0.1:443 rr\n  -> 192.168.0.1:6443             Masq    1      0          0\nTCP  10.0.0.2:80 rr\n";
    assert_eq!(
        shown(&run("ipvsadm -Ln", ipvs)),
        [
            "ServiceRules backend=ipvs rules=2 lastLine=6 rejects=1",
            "EndpointRules backend=ipvs targets=?"
        ]
    );
    assert_eq!(
        field(
            &run("iptables-save | grep KUBE-SVC | wc -l", "37\n")[0],
            "rules"
        ),
        "37"
    );
    assert!(run("iptables-save | wc -l", "37\n").is_empty());
}

#[test]
fn kernel_settings() {
    assert_eq!(
        shown(&run("conntrack", "count 4600\nmax 262144\n")),
        ["Conntrack count=4600 max=262144"]
    );
    assert_eq!(
        shown(&run("conntrack -C", "4600\n")),
        ["Conntrack count=4600"]
    );
    let found = run(
        "sysctl -a",
        "net.netfilter.nf_conntrack_count = 5\nnet.netfilter.nf_conntrack_max = 6\nvm.laptop_mode = 0\n",
    );
    assert_eq!(found.len(), 3);
    assert_eq!(shown(&found)[2], "Conntrack count=5 max=6");
    assert_eq!(found[2].root.get("max").unwrap().line, 2);
    let found = run(
        "cat /proc/sys/net/netfilter/nf_conntrack_count /proc/sys/net/netfilter/nf_conntrack_max",
        "5\n6\n",
    );
    assert_eq!(shown(&found)[2], "Conntrack count=5 max=6");
    let stats = "cpu=0   \tfound=1 insert=0 insert_failed=2 drop=2 early_drop=1 error=0\ncpu=1   \tfound=1 insert=0 insert_failed=3 drop=3 early_drop=0 error=0\n";
    assert_eq!(
        shown(&run("conntrack -S", stats)),
        ["Conntrack insertFailed=5 dropped=6"]
    );
}

#[test]
fn clocks() {
    let tracking = "Reference ID    : 0A000002 (10.0.0.2)\nStratum         : 3\nSystem time     : 7.250000000 seconds slow of NTP time\nLeap status     : Normal\n";
    assert_eq!(
        shown(&run("chronyc tracking", tracking)),
        [
            "Clock source=chrony reference=0A000002 (10.0.0.2) stratum=3 offsetSeconds=-7.25 leap=Normal synchronised=true"
        ]
    );
    let old = "      Local time: Tue 2026-07-14 18:00:00 CST\n  Universal time: Tue 2026-07-14 10:00:00 UTC\n       Time zone: Asia/Shanghai (CST, +0800)\n     NTP enabled: no\nNTP synchronized: no\n";
    assert_eq!(
        shown(&run("timedatectl", old)),
        [
            "Clock time=2026-07-14T10:00:00Z zoneOffsetSeconds=28800 source=timedatectl service=no synchronised=false"
        ]
    );
    let sources = "MS Name/IP address         Stratum Poll Reach LastRx Last sample\n===\n^? ntp1.example.com              0   6     0     -     +0ns[   +0ns] +/-    0ns\n";
    assert_eq!(
        shown(&run("chronyc sources -v", sources)),
        ["Clock source=chrony sources sources=1 reachable=0 synchronised=false"]
    );
    let ntpq = "     remote           refid      st t when poll reach   delay   offset  jitter\n==============================================================================\n*10.0.0.2        .GPS.            1 u   33   64  377    0.500   -1500.0   0.050\n";
    assert_eq!(
        shown(&run("ntpq -pn", ntpq)),
        ["Clock selected=10.0.0.2 stratum=1 offsetSeconds=1.5 source=ntp synchronised=true"]
    );
}

#[test]
fn runtimes() {
    let ps = "CONTAINER           IMAGE               CREATED             STATE               NAME                ATTEMPT             POD ID              POD\n4c1f0a             f1a2b3              2 hours ago         Exited              kube-scheduler      12                  9d8e7f              kube-scheduler-cp-1\n";
    assert_eq!(
        shown(&run("crictl ps -a", ps)),
        [
            "RuntimeContainer id=4c1f0a name=kube-scheduler image=f1a2b3 state=Exited attempt=12 created=2 hours ago pod=kube-scheduler-cp-1"
        ]
    );
    let docker = "CONTAINER ID   IMAGE          COMMAND      CREATED         STATUS                     PORTS     NAMES\n13e4da0e641d   a/b            \"/x --k…\"    40 seconds ago  Exited (2) 37 seconds ago            k8s_ms_ms-844-s2dtd_kube-system_f44e45ba_3\n";
    assert_eq!(
        shown(&run("docker ps -a", docker)),
        [
            "RuntimeContainer id=13e4da0e641d image=a/b created=40 seconds ago state=Exited exitCode=2 name=ms pod=ms-844-s2dtd namespace=kube-system attempt=3"
        ]
    );
    let down = "FATA[0002] validate service connection: validate CRI v1 runtime API for endpoint \"unix:///run/containerd/containerd.sock\": rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused\"\n";
    assert_eq!(field(&run("crictl ps", down)[0], "reachable"), "false");
    let info = "{\n  \"status\": {\n    \"conditions\": [\n      {\n        \"type\": \"NetworkReady\",\n        \"status\": false,\n        \"reason\": \"NetworkPluginNotReady\"\n      }\n    ]\n  }\n}\n";
    let found = run("crictl info", info);
    assert_eq!(
        shown(&found),
        ["RuntimeCondition type=NetworkReady status=false reason=NetworkPluginNotReady"]
    );
    assert_eq!(found[0].root.line, 5);
}

#[test]
fn certificates_and_etcd() {
    let dates = "notBefore=Jul 14 11:43:32 2025 GMT\nnotAfter=Jul 14 11:43:32 2026 GMT\n";
    assert_eq!(
        shown(&run(
            "openssl x509 -in /etc/kubernetes/pki/apiserver.crt -noout -dates",
            dates
        )),
        [
            "Certificate notBefore=2025-07-14T11:43:32Z notAfter=2026-07-14T11:43:32Z name=/etc/kubernetes/pki/apiserver.crt"
        ]
    );
    let kubeadm = "CERTIFICATE                EXPIRES                  RESIDUAL TIME   CERTIFICATE AUTHORITY   EXTERNALLY MANAGED\nadmin.conf                 Jul 13, 2026 11:43 UTC   <invalid>       ca                      no\n\nCERTIFICATE AUTHORITY   EXPIRES                  RESIDUAL TIME   EXTERNALLY MANAGED\nca                      Jul 14, 2035 11:43 UTC   8y              no\n";
    let found = run("kubeadm certs check-expiration", kubeadm);
    assert_eq!(
        shown(&found),
        [
            "Certificate name=admin.conf notAfter=2026-07-13T11:43:00Z expired=true",
            "Certificate name=ca notAfter=2035-07-14T11:43:00Z expired=false"
        ]
    );
    let table = "+------+\n|          ENDPOINT          |  VERSION | DB SIZE | IS LEADER | ERRORS |\n+------+\n| https://10.0.0.1:2379 |  3.5.9 | 2.1 GB | true | NOSPACE |\n";
    assert_eq!(
        shown(&run("etcdctl endpoint status -w table", table)),
        [
            "EtcdEndpoint endpoint=https://10.0.0.1:2379 version=3.5.9 dbSize=2100000000 leader=true error=NOSPACE"
        ]
    );
    let health = "https://10.0.0.1:2379 is unhealthy: failed to commit proposal: context deadline exceeded\nhttps://10.0.0.2:2379 is healthy: successfully committed proposal: took = 2.5ms\n";
    assert_eq!(
        shown(&run("etcdctl endpoint health", health)),
        [
            "EtcdEndpoint endpoint=https://10.0.0.1:2379 healthy=false error=failed to commit proposal: context deadline exceeded",
            "EtcdEndpoint endpoint=https://10.0.0.2:2379 healthy=true tookSeconds=0.0025"
        ]
    );
}

#[test]
fn hosts_links_sockets_processes() {
    let found = run(
        "uname -a",
        "Linux w1 5.4.0-99-generic #112-Ubuntu SMP Thu Feb 3 13:50:55 UTC 2022 x86_64 GNU/Linux\n",
    );
    assert_eq!(shown(&found), ["Host hostname=w1 kernel=5.4.0-99-generic"]);
    assert_eq!(found[0].node, "w1");
    assert_eq!(
        shown(&run("date", "Tue Jul 14 18:00:00 CST 2026\n")),
        [""; 0]
    );
    assert_eq!(
        shown(&run(
            "date --iso-8601=seconds",
            "2026-07-14T18:00:00+08:00\n"
        )),
        ["Host time=2026-07-14T10:00:00Z"]
    );
    let ip = "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default\n    inet 127.0.0.1/8 scope host lo\n2: eth0: <NO-CARRIER,BROADCAST,UP> mtu 1500 qdisc mq state DOWN\n    inet 10.0.0.4/24 brd 10.0.0.255 scope global eth0\n7: veth1a2b@if3: <BROADCAST,UP,LOWER_UP> mtu 1450 state UP\n    inet6 fe80::1/64 scope link\n";
    let found = run("ip addr", ip);
    assert_eq!(found.len(), 2);
    assert_eq!(
        shown(&found)[1],
        "Link name=eth0 up=true carrier=false mtu=1500 state=DOWN addresses=?"
    );
    assert_eq!(
        shown(&run(
            "ip route",
            "default via 10.0.0.1 dev eth0 proto dhcp\n10.0.0.0/24 dev eth0\n"
        )),
        ["Route destination=default via=10.0.0.1 dev=eth0"]
    );
    let ss = "State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process\nLISTEN 0      4096       127.0.0.1:10248     0.0.0.0:*     users:((\"kubelet\",pid=801,fd=20))\n";
    assert_eq!(
        shown(&run("ss -lntp", ss)),
        ["Socket address=127.0.0.1 port=10248 process=kubelet"]
    );
    let netstat = "Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name\ntcp        0      0 127.0.0.1:10248         0.0.0.0:*               LISTEN      801/kubelet\n";
    assert_eq!(
        shown(&run("netstat -tlnp", netstat)),
        ["Socket address=127.0.0.1 port=10248 process=kubelet"]
    );
    let ps = "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\nroot           1  0.0  0.2 100 2048 ?        Ss   Jul13   0:05 /sbin/init\nroot         801  9.5 40.2 100 4194304 ?        D    Jul13   9:05 /usr/bin/java -jar x\n";
    assert_eq!(
        shown(&run("ps aux", ps))[1],
        "Process pid=801 cpuPercent=9.5 memoryPercent=40.2 memory=4294967296 state=D command=/usr/bin/java -jar x"
    );
}

#[test]
fn outputs_are_recognised() {
    let name = |path: &str, text: &str| sniff(path, text).map(|argv| argv.join(" "));
    assert_eq!(
        name("nodes/w1/x.txt", STOPPED).as_deref(),
        Some("systemctl status")
    );
    assert_eq!(
        name(
            "nodes/w1/x.txt",
            &format!("$ systemctl status kubelet\n{STOPPED}")
        )
        .as_deref(),
        Some("systemctl status kubelet")
    );
    assert_eq!(
        name(
            "x.txt",
            &format!("$ date\nx\n$ systemctl status kubelet\n{STOPPED}")
        ),
        None
    );
    let df = "Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/sda1 1000 900 100 90% /\n";
    assert_eq!(
        name("sos/sos_commands/filesys/df_-al_-x_autofs", df).as_deref(),
        Some("df -al -x autofs")
    );
    assert_eq!(name("nodes/w1/df-inodes.txt", df).as_deref(), Some("df -i"));
    assert_eq!(
        name("logs/shop/a/conntrack-exporter.log", "count 1\n"),
        None
    );
    assert_eq!(
        name("nodes/w1/conntrack.txt", "count 1\nmax 2\n").as_deref(),
        Some("conntrack")
    );
    assert_eq!(
        name("w1/proc/meminfo", "MemTotal: 1 kB\nMemFree: 1 kB\n").as_deref(),
        Some("cat /proc/meminfo")
    );
    assert_eq!(
        name(
            "w1/networking/iptablessave",
            "# Generated by iptables-save v1.8.10\n*nat\n"
        )
        .as_deref(),
        Some("iptables-save")
    );
    assert_eq!(
        name("w1/systeminfo/hostname", "w1\n").as_deref(),
        Some("hostname")
    );
    assert_eq!(
        name(
            "app.txt",
            "2026-07-14T09:00:00Z INFO Filesystem is 90% full\n"
        ),
        None
    );
    assert_eq!(
        name("notes.txt", "Unit tests pass.\nThe chain is up\n"),
        None
    );
    assert_eq!(name("readme", ""), None);
}

const COMMANDS: &[&str] = &[
    "amtool alert query",
    "systemctl status x",
    "systemctl list-units",
    "systemctl is-active a b",
    "systemctl show",
    "df -hT",
    "du -h /",
    "grep -r . /sys/fs/cgroup",
    "df -i",
    "mount",
    "swapon -s",
    "free -m",
    "cat /proc/meminfo",
    "uptime",
    "cat /proc/loadavg",
    "cat /proc/pressure/io",
    "cat /sys/fs/cgroup/memory.events",
    "iptables-save",
    "nft list ruleset",
    "ipvsadm -Ln",
    "conntrack -S",
    "sysctl -a",
    "chronyc tracking",
    "chronyc sources",
    "timedatectl",
    "ntpq -p",
    "hostname",
    "hostnamectl",
    "uname -a",
    "date",
    "crictl ps",
    "crictl info",
    "docker ps",
    "docker info",
    "openssl x509",
    "kubeadm certs check-expiration",
    "etcdctl endpoint status",
    "ip addr",
    "ip route",
    "ss -lntp",
    "ps aux",
    "top -b",
    "nvidia-smi",
];

#[test]
fn control_groups_of_many_pods_in_one_text() {
    let text = "\
/sys/fs/cgroup/kubepods.slice/a.scope/cpu.stat:usage_usec 9
/sys/fs/cgroup/kubepods.slice/a.scope/cpu.stat:nr_periods 91044
/sys/fs/cgroup/kubepods.slice/a.scope/cpu.stat:nr_throttled 63112
==> /sys/fs/cgroup/kubepods.slice/b.scope/memory.events <==
max 12
oom_kill 5
";
    let wanted = [
        "Cgroup periods=91044 throttled=63112 path=/sys/fs/cgroup/kubepods.slice/a.scope",
        "Cgroup limitHits=12 oomKills=5 path=/sys/fs/cgroup/kubepods.slice/b.scope",
    ];
    assert_eq!(shown(&run("grep -r . /sys/fs/cgroup", text)), wanted);
    assert_eq!(
        sniff("nodes/a/cgroup.txt", text).unwrap().first().unwrap(),
        "grep"
    );
    let one = "nodes/a/cgroup/kubepods.slice/a.scope/cpu.stat";
    let argv = sniff(one, "nr_periods 7\nnr_throttled 1\n").unwrap();
    assert_eq!(argv[1], "/sys/fs/cgroup/kubepods.slice/a.scope/cpu.stat");
}

#[test]
fn rules_tell_where_services_lead() {
    let save = "\
*nat
:KUBE-SERVICES - [0:0]
-A KUBE-SVC-A -m comment --comment \"shop/cart:http -> 10.244.7.19:8080\" -j KUBE-SEP-B
-A KUBE-SEP-B -s 10.244.7.19/32 -m comment --comment \"shop/cart:http\" -j KUBE-MARK-MASQ
-A KUBE-SEP-B -p tcp -m comment --comment \"shop/cart:http\" -m tcp -j DNAT --to-destination 10.244.7.19:8080
-A KUBE-SEP-C -p tcp -m comment --comment \"shop/left-over\" -m tcp -j DNAT --to-destination 10.244.7.20:8080
";
    let targets = |found: &[HostReport]| -> Vec<(String, u32)> {
        found
            .iter()
            .filter(|report| report.kind == "EndpointRules")
            .flat_map(|report| report.root.items_at(&["targets"]))
            .map(|node| (node.as_str().unwrap_or("").to_owned(), node.line))
            .collect()
    };
    assert_eq!(
        targets(&run("iptables-save", save)),
        [("shop/cart:http=10.244.7.19:8080".to_owned(), 5)]
    );
    let nft = "table ip kube-proxy {\n\tchain endpoint-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80 {\n\t}\n}\n";
    assert_eq!(
        targets(&run("nft list ruleset", nft)),
        [("ns1/svc1:p80=10.180.0.1:80".to_owned(), 2)]
    );
    let ipvs = "IP Virtual Server version 1.2.1 (size=4096)\nTCP  10.96.0.10:53 rr\n  -> 10.244.0.2:53   Masq    1      0          0\n  -> 10.244.0.3:53   Masq    0      4          0\n";
    assert_eq!(
        targets(&run("ipvsadm -Ln", ipvs)),
        [("10.96.0.10:53=10.244.0.2:53".to_owned(), 3)]
    );
}

#[test]
fn the_largest_directories_come_first() {
    let text = "1.1G\t/var/log/journal\n118G\t/var/log/exporter\ndu: cannot read\n612M\t/var/lib/kubelet\n";
    let found = run("du -xh -d2 /var", text);
    assert_eq!(field(&found[0], "path"), "/var/log/exporter");
    assert_eq!(field(&found[0], "size"), (118_i64 << 30).to_string());
    assert_eq!(sniff("nodes/a/du.txt", text).unwrap(), ["du"]);
    assert!(sniff("nodes/a/x.txt", "1\tb\n2\tc\n3\td\n").is_none());
}

#[test]
fn alerts_of_amtool() {
    let simple = "Alertname     Starts At                Summary               State\nKubePodCrash  2026-07-14 09:20:11 UTC  Pod is crash looping  active\nNoWords       2026-07-14 09:20:12 UTC  suppressed\nnot an alert\n";
    assert_eq!(
        shown(&run("amtool alert query", simple)),
        [
            "Alert name=KubePodCrash summary=Pod is crash looping startsAt=2026-07-14T09:20:11Z state=firing",
            "Alert name=NoWords startsAt=2026-07-14T09:20:12Z state=suppressed",
        ]
    );
    let extended = "Labels                                          Annotations          Starts At                Ends At                  Generator URL  State\nalertname=\"X\" namespace=\"a\" severity=\"warning\"  summary=\"too slow\"  2026-07-14 09:20:11 UTC  2026-07-14 09:24:11 UTC  http://p/g     active\n";
    assert_eq!(
        shown(&run("amtool -o extended alert query", extended)),
        [
            "Alert name=X severity=warning summary=too slow labels=? startsAt=2026-07-14T09:20:11Z state=firing"
        ]
    );
}

proptest! {
    #[test]
    fn any_text_is_safe(
        which in 0..COMMANDS.len(),
        lines in prop::collection::vec("[ -~●○×│└\t]{0,80}|\\PC{0,40}", 0..12),
    ) {
        let text = lines.join("\n");
        let found = run(COMMANDS[which], &text);
        let count = u32::try_from(lines.len()).unwrap();
        for report in &found {
            for (_, node) in report.root.entries() {
                prop_assert!(node.line <= count.max(1));
            }
        }
        let _ = sniff("nodes/a/b.txt", &text);
    }

    #[test]
    fn pieces_of_real_shapes_are_safe(
        which in 0..COMMANDS.len(),
        words in prop::collection::vec(prop::sample::select(vec![
            "● a.service - A\n", "     Loaded: ", "loaded (", "Active: ", "active (running) since ",
            "Fri 2025-11-14 21:34:49 CST; ", "4h 45min ago\n", "Main PID: ", "1 (code=", "killed, signal=",
            "/dev/sda1 ", "99% ", "/ ", "1,5G ", "- ", "-1 ", "Mem: ", "total used free\n", "99999999999999999999 ",
            "| ", "CONTAINER  IMAGE  ", "STATE  NAME  ATTEMPT  POD ID  CREATED\n", "\n", " = ", ": ", "some avg10=",
            "^* ", "1: lo: <", "Alertname  Starts At  State\n", "Labels  Starts At\n", "2026-07-14 09:20:11 UTC  ", "active", "a=\"b\"  ", "/kubepods/a/cpu.stat:", "nr_throttled 9\n", "==> /kubepods/a/cpu.stat <==\n", "-A KUBE-SEP-A --comment \"", "--to-destination ", " -j KUBE-SEP-A\n", "chain endpoint-", "__", "/", "default via ", "LISTEN ", "USER PID %CPU %MEM RSS STAT COMMAND\n", "\t", "…", "(", ")",
        ]), 0..40),
    ) {
        let _ = run(COMMANDS[which], &words.concat());
    }
}

#[test]
fn who_resolves_names_for_a_node() {
    let stub = "# managed by systemd-resolved\nnameserver 127.0.0.53\noptions edns0\n";
    assert_eq!(
        shown(&run("cat /etc/resolv.conf", stub)),
        ["Resolver nameserver=127.0.0.53 loopback=true"]
    );
    assert_eq!(
        shown(&run(
            "cat /etc/resolv.conf",
            "search x\nnameserver 10.0.0.2\n"
        )),
        ["Resolver nameserver=10.0.0.2 loopback=false"]
    );
    assert!(run("cat /etc/resolv.conf", "nameserver\nsearch x\n").is_empty());
    assert!(run("cat /run/systemd/resolve/resolv.conf", stub).is_empty());
}
