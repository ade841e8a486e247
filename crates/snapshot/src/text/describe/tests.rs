//! Whole descriptions of every kind against the objects they must become.

mod kinds;

use proptest::prelude::*;

use super::*;
use crate::{node::Value, stamp};

/// `path = value @line` for every scalar and null.
fn flat(node: &Node, path: &str, out: &mut Vec<String>) {
    match &node.value {
        Value::Null => out.push(format!("{path} = - @{}", node.line)),
        Value::Scalar { text, .. } => out.push(format!("{path} = {text} @{}", node.line)),
        Value::Seq(items) => {
            for (at, item) in items.iter().enumerate() {
                flat(item, &format!("{path}[{at}]"), out);
            }
        }
        Value::Map(entries) => {
            for (key, value) in entries {
                let dot = if path.is_empty() { "" } else { "." };
                flat(value, &format!("{path}{dot}{key}"), out);
            }
        }
    }
}

fn nodes(text: &str, kind: &str) -> Vec<Node> {
    let context = Context {
        now: stamp::rfc3339("2025-11-28T08:00:00Z"),
        namespace: "shop",
        ..Context::default()
    };
    read(text, 1, kind, &context)
}

#[track_caller]
fn has(node: &Node, wanted: &[&str]) {
    let mut lines = Vec::new();
    flat(node, "", &mut lines);
    for line in wanted {
        assert!(
            lines.iter().any(|other| other == line),
            "no `{line}` in\n{}",
            lines.join("\n")
        );
    }
}

#[track_caller]
fn leaves_out(node: &Node, path: &[&str]) {
    assert!(node.at(path).is_none(), "{path:?} is given");
}

fn kinds(nodes: &[Node]) -> Vec<&str> {
    nodes
        .iter()
        .filter_map(|node| node.str_at(&["kind"]))
        .collect()
}

const POD: &str = "\
Name:             cart-1
Namespace:        shop
Priority:         0
Service Account:  cart
Node:             worker-1/10.0.0.1
Start Time:       Fri, 28 Nov 2025 15:31:20 +0800
Labels:           app=cart
                  tier=
Annotations:      <none>
Status:           Running
IP:               10.1.0.7
IPs:
  IP:           10.1.0.7
Controlled By:  ReplicaSet/cart
Containers:
  app:
    Container ID:  containerd://1
    Image:         reg:5000/cart:1
    Image ID:      reg/cart@sha256:1
    Ports:         8080/TCP (http), 9090/UDP
    Host Ports:    0/TCP (http), 9091/UDP
    Command:
      sh
      -c
      echo hi
        sleep 1

      exit 0
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       OOMKilled
      Message:      panic: oh
goroutine 1:
  Status: bad
      Exit Code:    137
      Started:      Fri, 28 Nov 2025 15:32:24 +0800
      Finished:     Mon, 01 Jan 0001 00:00:00 +0000
    Ready:          False
    Restart Count:  6
    Limits:
      memory:  96Mi
    Liveness:  http-get http://:http/healthz delay=5s timeout=1s period=10s #success=1 #failure=3
    Environment Variables from:
      env-map  ConfigMap  Optional: false
      env-sec  Secret with prefix 'P_'  Optional: true
    Environment:
      PORT:   8080
      IP:      (v1:status.podIP)
      PASS:   <set to the key 'p' in secret 'db'>       Optional: false
      MULTI:  a
              b
    Mounts:
      /data from data (rw,path=\"sub dir\")
      /etc/tls from tls (ro)
Conditions:
  Type              Status
  Ready             False 
  PodScheduled      True 
Volumes:
  data:
    Type:       PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)
    ClaimName:  data-1
    ReadOnly:   false
  tls:
    Type:        Secret (a volume populated by a Secret)
    SecretName:  tls-1
    Optional:    true
  token:
    Type:                    Projected (a volume that contains injected data from multiple sources)
    TokenExpirationSeconds:  3607
    ConfigMapName:           ca
    Optional:                false
    DownwardAPI:             true
QoS Class:                   Burstable
Node-Selectors:              <none>
Tolerations:                 node.kubernetes.io/not-ready:NoExecute op=Exists for 300s
                             team=red:NoSchedule
Events:
  Type     Reason   Age                  From     Message
  ----     ------   ----                 ----     -------
  Normal   Pulled   10m                  kubelet  spec.containers{app}: Container image present
  Warning  BackOff  3s (x11 over 2h30m)  kubelet  Back-off restarting
second line
";

#[test]
fn pods() {
    let found = nodes(POD, "");
    assert_eq!(sniff(POD), Some("Pod"));
    assert_eq!(kinds(&found), ["Pod", "Event", "Event"]);
    has(
        &found[0],
        &[
            "apiVersion = v1 @0",
            "metadata.name = cart-1 @1",
            "metadata.namespace = shop @2",
            "metadata.labels.tier =  @8",
            "metadata.deletionTimestamp = - @10",
            "metadata.ownerReferences[0].kind = ReplicaSet @14",
            "metadata.ownerReferences[0].controller = true @14",
            "spec.nodeName = worker-1 @5",
            "spec.priorityClassName = - @1",
            "spec.nodeSelector = - @76",
            "spec.initContainers = - @1",
            "spec.tolerations[0].tolerationSeconds = 300 @77",
            "spec.tolerations[1].value = red @78",
            "spec.volumes[0].persistentVolumeClaim.claimName = data-1 @63",
            "spec.volumes[1].secret.optional = true @68",
            "spec.volumes[2].projected.sources[1].configMap.optional = false @73",
            "status.phase = Running @10",
            "status.hostIP = 10.0.0.1 @5",
            "status.startTime = 2025-11-28T07:31:20Z @6",
            "status.reason = - @1",
            "status.qosClass = Burstable @75",
            "status.conditions[0].status = False @58",
            "status.initContainerStatuses = - @1",
        ],
    );
    leaves_out(&found[0], &["metadata", "uid"]);
    leaves_out(&found[0], &["spec", "restartPolicy"]);
}

#[test]
fn containers() {
    let found = nodes(POD, "Pod");
    let spec = &found[0].items_at(&["spec", "containers"])[0];
    has(
        spec,
        &[
            "name = app @16",
            "image = reg:5000/cart:1 @18",
            "command[1] = -c @24",
            "command[2] = echo hi\n  sleep 1\n\nexit 0 @25",
            "args = - @16",
            "ports[0].name = http @20",
            "ports[0].hostPort = - @21",
            "ports[1].name = - @20",
            "ports[1].hostPort = 9091 @21",
            "resources.limits.memory = 96Mi @42",
            "resources.limits.cpu = - @41",
            "resources.requests = - @16",
            "livenessProbe.httpGet.port = http @43",
            "readinessProbe = - @16",
            "startupProbe = - @16",
            "envFrom[0].configMapRef.name = env-map @45",
            "envFrom[1].prefix = P_ @46",
            "env[0].value = 8080 @48",
            "env[1].valueFrom.fieldRef.fieldPath = status.podIP @49",
            "env[2].valueFrom.secretKeyRef.key = p @50",
            "env[3].value = a\nb @51",
            "volumeMounts[0].subPath = sub dir @54",
            "volumeMounts[0].readOnly = - @54",
            "volumeMounts[1].readOnly = true @55",
        ],
    );
    let status = &found[0].items_at(&["status", "containerStatuses"])[0];
    has(
        status,
        &[
            "state.waiting.reason = CrashLoopBackOff @30",
            "state.running = - @29",
            "lastState.terminated.exitCode = 137 @36",
            "lastState.terminated.message = panic: oh\ngoroutine 1:\n  Status: bad @33",
            "lastState.terminated.finishedAt = - @38",
            "lastState.terminated.signal = - @31",
            "ready = false @39",
            "restartCount = 6 @40",
        ],
    );
    leaves_out(status, &["state", "waiting", "message"]);
    let message = status.at(&["lastState", "terminated", "message"]).unwrap();
    assert_eq!(message.more_lines, 2);
}

#[test]
fn event_tables() {
    let found = nodes(POD, "");
    has(
        &found[1],
        &[
            "metadata.name = cart-1.pulled.82 @0",
            "metadata.namespace = shop @0",
            "type = Normal @82",
            "message = Container image present @82",
            "involvedObject.fieldPath = spec.containers{app} @82",
            "count = 1 @82",
            "lastTimestamp = 2025-11-28T07:50:00Z @82",
            "source.component = kubelet @82",
        ],
    );
    has(
        &found[2],
        &[
            "message = Back-off restarting\nsecond line @83",
            "count = 11 @83",
            "firstTimestamp = 2025-11-28T05:30:00Z @83",
            "lastTimestamp = 2025-11-28T07:59:57Z @83",
        ],
    );
    let undated = read(POD, 1, "", &Context::default());
    has(
        &undated[2],
        &["ageSeconds = 3 @83", "firstAgeSeconds = 9000 @83"],
    );
    leaves_out(&undated[2], &["lastTimestamp"]);
}

#[test]
fn events_of_old() {
    let text = "Name:\t\tweb\nNamespace:\tshop\nLabels:\t\t<none>\nStatus:\t\tRunning\nIP:\t\t10.0.0.1\nNode:\t\tn1/10.0.0.2\nEvents:\n  FirstSeen\tLastSeen\tCount\tFrom\t\t\tSubobjectPath\t\tType\t\tReason\tMessage\n  ---------\t--------\t-----\t----\t\t\t-------------\t\t--------\t------\t-------\n  5m\t\t1m\t\t4\t{kubelet n1}\t\tspec.containers{a}\tWarning\t\tFailed\tno image\n";
    let found = nodes(text, "");
    assert_eq!(kinds(&found), ["Pod", "Event"]);
    has(
        &found[1],
        &[
            "type = Warning @10",
            "count = 4 @10",
            "firstTimestamp = 2025-11-28T07:55:00Z @10",
            "lastTimestamp = 2025-11-28T07:59:00Z @10",
            "source.host = n1 @10",
            "involvedObject.fieldPath = spec.containers{a} @10",
            "message = no image @10",
        ],
    );
}

#[test]
fn pods_that_wait_leave_or_failed() {
    let pending = "Name:  a\nNamespace:  b\nService Account:  c\nNode:  <none>\nStatus:  Pending\nIP:\nIPs:  <none>\nContainers:\n  x:\n    Image:  i\n    Port:  <none>\n    Environment:  <none>\n    Mounts:  <none>\nVolumes:  <none>\n";
    let node = &nodes(pending, "")[0];
    has(
        node,
        &[
            "spec.nodeName = - @4",
            "spec.volumes = - @14",
            "spec.containers[0].env = - @12",
            "spec.containers[0].ports = - @11",
            "status.startTime = - @1",
            "status.podIP = - @6",
            "status.containerStatuses = - @1",
            "status.conditions = - @1",
        ],
    );
    let leaving = "Name:  a\nNamespace:  b\nNode:  n/1.1.1.1\nStatus:  Terminating (lasts 5m)\nTermination Grace Period:  30s\nIP:  1.1.1.2\n";
    let node = &nodes(leaving, "")[0];
    has(
        node,
        &[
            "metadata.deletionTimestamp = 2025-11-28T07:55:00Z @4",
            "metadata.deletionGracePeriodSeconds = 30 @5",
        ],
    );
    leaves_out(node, &["status", "phase"]);
    // Cut after the head: nothing is said of containers.
    leaves_out(node, &["spec", "containers"]);
    let evicted = "Name:  a\nNamespace:  b\nNode:  n/\nStatus:  Failed\nReason:  Evicted\nMessage:  The node was low on memory.\nUsed 1Gi.\nIP:\n";
    let node = &nodes(evicted, "")[0];
    has(
        node,
        &[
            "status.reason = Evicted @5",
            "status.message = The node was low on memory.\nUsed 1Gi. @6",
            "status.hostIP = - @3",
        ],
    );
    leaves_out(node, &["metadata", "deletionTimestamp"]);
}

#[test]
fn nodes_with_lease_and_pods() {
    let text = "\
Name:               n1
Roles:              worker
Labels:             a=b
Annotations:        k: v
CreationTimestamp:  Mon, 11 Aug 2025 15:49:09 +0800
Taints:             node.kubernetes.io/unreachable:NoExecute
                    team=red:NoSchedule
Unschedulable:      true
Lease:
  HolderIdentity:  n1
  AcquireTime:     <unset>
  RenewTime:       Fri, 28 Nov 2025 15:33:07 +0800
Conditions:
  Type    Status    LastHeartbeatTime                 LastTransitionTime                Reason             Message
  ----    ------    -----------------                 ------------------                ------             -------
  Ready   Unknown   Fri, 28 Nov 2025 15:32:29 +0800   Sun, 28 Sep 2025 14:34:57 +0800   NodeStatusUnknown   Kubelet stopped posting node status.
Addresses:
  InternalIP:  10.0.0.1
Allocatable:
  cpu:     8
  memory:  15671348Ki
System Info:
  Kubelet Version:  v1.31.2
PodCIDR:            172.20.1.0/24
Non-terminated Pods:  (1 in total)
  Namespace           Name    CPU Requests  CPU Limits  Memory Requests  Memory Limits  Age
  ---------           ----    ------------  ----------  ---------------  -------------  ---
  shop                cart-1  100m (1%)     0 (0%)      64Mi (0%)        128Mi (0%)     114s
Allocated resources:
  (Total limits may be over 100 percent, i.e., overcommitted.)
  Resource  Requests   Limits
  --------  --------   ------
  cpu       995m (12%)  1125m (14%)
Events:     <none>
";
    let found = nodes(text, "");
    assert_eq!(sniff(text), Some("Node"));
    assert_eq!(kinds(&found), ["Node", "Lease", "Pod"]);
    has(
        &found[0],
        &[
            "metadata.annotations.k = v @4",
            "metadata.creationTimestamp = 2025-08-11T07:49:09Z @5",
            "spec.taints[0].value = - @6",
            "spec.taints[1].key = team @7",
            "spec.unschedulable = true @8",
            "spec.podCIDR = 172.20.1.0/24 @24",
            "spec.providerID = - @1",
            "status.conditions[0].status = Unknown @16",
            "status.conditions[0].lastHeartbeatTime = 2025-11-28T07:32:29Z @16",
            "status.conditions[0].message = Kubelet stopped posting node status. @16",
            "status.addresses[0].type = InternalIP @18",
            "status.allocatable.cpu = 8 @20",
            "status.nodeInfo.kubeletVersion = v1.31.2 @23",
            "allocated.requests.cpu = 995m @33",
        ],
    );
    leaves_out(&found[0], &["metadata", "namespace"]);
    has(
        &found[1],
        &[
            "metadata.namespace = kube-node-lease @0",
            "spec.acquireTime = - @11",
            "spec.renewTime = 2025-11-28T07:33:07Z @12",
        ],
    );
    has(
        &found[2],
        &[
            "metadata.name = cart-1 @28",
            "spec.nodeName = n1 @0",
            "requests.cpu = 100m @28",
            "limits.memory = 128Mi @28",
        ],
    );
}

const TEMPLATE: &str = "Pod Template:\n  Labels:  app=web\n  Containers:\n   web:\n    Image:  web:1\n    Port:  <none>\n    Environment:  <none>\n    Mounts:  <none>\n  Volumes:  <none>\n";

#[test]
fn other_texts_are_no_descriptions() {
    for text in [
        "",
        "\n\n",
        "Name: x\nfoo",
        "NAME  READY\nweb   1/1\n",
        "Error from server (NotFound)\n",
    ] {
        assert_eq!(sniff(text), None, "{text}");
        assert!(nodes(text, "").is_empty(), "{text}");
    }
    let windows = POD.replace('\n', "\r\n");
    assert_eq!(nodes(&windows, ""), nodes(POD, ""));
}

/// Lines of descriptions in any order and indentation.
fn lines() -> impl Strategy<Value = String> {
    let known: Vec<String> = [POD, TEMPLATE]
        .concat()
        .lines()
        .map(str::to_owned)
        .collect();
    let line = prop_oneof![
        proptest::sample::select(known),
        "[ ]{0,9}(Name|Labels|State|Events|Rules|Metrics|Data|====|----|Type  Status)?:?[ ]{0,3}\\PC{0,12}",
    ];
    proptest::collection::vec(line, 0..60).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn any_lines(text in lines(), kind in 0..KINDS.len()) {
        let text = format!("Name:  x\nNamespace:  y\n{text}");
        let _ = sniff(&text);
        let last = u32::try_from(text.lines().count()).unwrap();
        for node in nodes(&text, KINDS[kind].name) {
            prop_assert!(node.end_line() <= last);
        }
        // Without a sign of its own every kind's reader meets the text.
        let lines: Lines<'_> = (1..).zip(text.lines()).collect();
        let rows = sections::rows(&lines, false);
        let context = Context::default();
        let described = Described {
            top: Section { rows: &rows },
            lines: &lines,
            context: &context,
            kind: KINDS[kind].name.to_owned(),
            namespace: String::new(),
            name: "x".to_owned(),
            namespaced: true,
        };
        (KINDS[kind].read)(&described, &mut Draft::new(1));
        generic::read(described.top, &mut Draft::new(1));
    }

    #[test]
    fn a_cut_text_says_nothing_new(end in 0..POD.len()) {
        let Some(cut) = POD.get(..end) else { return Ok(()) };
        let whole = nodes(POD, "Pod");
        let (mut all, mut some) = (Vec::new(), Vec::new());
        for node in &whole {
            flat(node, "", &mut all);
        }
        for node in nodes(cut, "Pod") {
            flat(&node, "", &mut some);
        }
        let last = u32::try_from(cut.lines().count()).unwrap();
        // What stands on whole lines is read as in the whole text, but for what ends at the cut.
        for line in some.iter().filter(|line| !line.contains(" = - @")) {
            let at: u32 = line.rsplit_once('@').unwrap().1.parse().unwrap();
            prop_assert!(all.contains(line) || at + 4 >= last, "{} of {}", line, last);
        }
    }
}

#[test]
fn conditions_may_have_lost_their_heading() {
    let text = "Name:     w1\nRoles:    worker\n  Type    Status  LastHeartbeatTime                 LastTransitionTime                Reason           Message\n  ----    ------  -----------------                 ------------------                ------           -------\n  Ready   False   Mon, 02 Mar 2026 13:54:18 +0000   Sun, 01 Mar 2026 21:39:37 +0000   KubeletNotReady  the runtime is down\n";
    let node = read(text, 1, "Node", &Context::default()).remove(0);
    let conditions = node.items_at(&["status", "conditions"]);
    assert_eq!(conditions.len(), 1);
    assert_eq!(conditions[0].str_at(&["reason"]), Some("KubeletNotReady"));
    assert_eq!(conditions[0].line, 5);
}
