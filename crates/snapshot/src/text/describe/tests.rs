//! Whole descriptions of every kind against the objects they must become.

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
        node: "",
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
            "lastState.terminated.message = panic: oh\ngoroutine 1:\nStatus: bad @33",
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
fn deployments_and_replica_sets() {
    let text = format!(
        "Name:  web\nNamespace:  shop\nSelector:  app=web\nReplicas:  3 desired | 2 updated | 4 total | 1 available | 2 unavailable\nStrategyType:  RollingUpdate\nMinReadySeconds:  0\nRollingUpdateStrategy:  25% max unavailable, 1 max surge\n{TEMPLATE}Conditions:\n  Type  Status  Reason\n  ----  ------  ------\n  Progressing  False  ProgressDeadlineExceeded\nOldReplicaSets:  web-1 (1/1 replicas created), web-0 (0/0 replicas created)\nNewReplicaSet:  web-2 (2/3 replicas created)\nEvents:  <none>\n"
    );
    let found = nodes(&text, "");
    assert_eq!(
        kinds(&found),
        ["Deployment", "ReplicaSet", "ReplicaSet", "ReplicaSet"]
    );
    has(
        &found[0],
        &[
            "spec.selector.matchLabels.app = web @3",
            "spec.replicas = 3 @4",
            "status.replicas = 4 @4",
            "status.unavailableReplicas = 2 @4",
            "spec.strategy.rollingUpdate.maxUnavailable = 25% @7",
            "spec.strategy.rollingUpdate.maxSurge = 1 @7",
            "spec.template.metadata.labels.app = web @9",
            "spec.template.metadata.annotations = - @8",
            "spec.template.spec.containers[0].resources.limits = - @11",
            "status.conditions[0].reason = ProgressDeadlineExceeded @20",
        ],
    );
    leaves_out(&found[0], &["status", "readyReplicas"]);
    leaves_out(&found[0], &["spec", "template", "spec", "tolerations"]);
    has(
        &found[3],
        &[
            "metadata.name = web-2 @22",
            "spec.replicas = 3 @22",
            "status.replicas = 2 @22",
            "metadata.ownerReferences[0].name = web @0",
        ],
    );
    let set = format!(
        "Name:  web-1\nNamespace:  shop\nSelector:  app=web\nReplicas:  0 current / 1 desired\nPods Status:  0 Running / 0 Waiting / 0 Succeeded / 0 Failed\n{TEMPLATE}Events:  <none>\n"
    );
    assert_eq!(sniff(&set), Some("ReplicaSet"));
    has(
        &nodes(&set, "")[0],
        &[
            "spec.replicas = 1 @4",
            "status.replicas = 0 @4",
            "status.conditions = - @6",
        ],
    );
    let controller = &nodes(&set, "ReplicationController")[0];
    has(
        controller,
        &[
            "kind = ReplicationController @0",
            "spec.selector.app = web @3",
        ],
    );
}

#[test]
fn other_workloads() {
    let text = format!(
        "Name:  db\nNamespace:  shop\nSelector:  app=db\nReplicas:  3 desired | 2 total\nUpdate Strategy:  RollingUpdate\n  Partition:  1\nPods Status:  2 Running / 0 Waiting / 0 Succeeded / 0 Failed\n{TEMPLATE}Volume Claims:\n  Name:  data\n  StorageClass:  fast\n  Labels:  <none>\n  Capacity:  5Gi\n  Access Modes:  [ReadWriteOnce]\n  Name:  log\n  StorageClass:\n  Capacity:  <default>\nEvents:  <none>\n\n\nName:  agent\nSelector:  app in (a,b)\nNode-Selector:  <none>\nDesired Number of Nodes Scheduled: 4\nNumber of Nodes Misscheduled: 0\nPods Status:  4 Running / 0 Waiting / 0 Succeeded / 0 Failed\n{TEMPLATE}Events:  <none>\n"
    );
    let found = nodes(&text, "");
    assert_eq!(kinds(&found), ["StatefulSet", "DaemonSet"]);
    has(
        &found[0],
        &[
            "spec.replicas = 3 @4",
            "status.replicas = 2 @4",
            "spec.updateStrategy.rollingUpdate.partition = 1 @6",
            "spec.volumeClaimTemplates[0].spec.resources.requests.storage = 5Gi @21",
            "spec.volumeClaimTemplates[1].spec.storageClassName = - @24",
        ],
    );
    has(
        &found[1],
        &[
            "metadata.namespace = shop @0",
            "spec.selector.matchExpressions[0].operator = In @30",
            "status.desiredNumberScheduled = 4 @32",
        ],
    );
    let text = format!(
        "Name:  j\nNamespace:  shop\nSelector:  uid=1\nControlled By:  CronJob/c\nParallelism:  1\nCompletions:  <unset>\nBackoff Limit:  3\nStart Time:  Fri, 28 Nov 2025 07:00:00 +0000\nActive Deadline Seconds:  60s\nPods Statuses:  1 Active (0 Ready) / 2 Succeeded / 3 Failed\n{TEMPLATE}Events:  <none>\n\n\nName:  c\nNamespace:  shop\nSchedule:  */5 * * * *\nConcurrency Policy:  Forbid\nSuspend:  True\nTime Zone:  <unset>\nStarting Deadline Seconds:  30s\nSelector:  <unset>\nParallelism:  <unset>\n{TEMPLATE}Last Schedule Time:  <unset>\nActive Jobs:  c-1, c-2\nEvents:  <none>\n"
    );
    let found = nodes(&text, "");
    assert_eq!(kinds(&found), ["Job", "CronJob"]);
    has(
        &found[0],
        &[
            "spec.completions = - @6",
            "spec.activeDeadlineSeconds = 60 @9",
            "status.active = 1 @10",
            "status.ready = 0 @10",
            "status.failed = 3 @10",
            "status.completionTime = - @1",
        ],
    );
    has(
        &found[1],
        &[
            "spec.suspend = true @27",
            "spec.timeZone = - @28",
            "spec.startingDeadlineSeconds = 30 @29",
            "spec.jobTemplate.spec.template.spec.containers[0].image = web:1 @36",
            "status.active[1].name = c-2 @42",
        ],
    );
}

#[test]
fn services_and_endpoints() {
    let text = "Name:  web\nNamespace:  shop\nSelector:  app=web,tier=front\nType:  LoadBalancer\nIP Families:  <none>\nIP:  10.0.0.9\nIPs:  10.0.0.9\nPort:  http  80/TCP\nTargetPort:  web/TCP\nNodePort:  http  30080/TCP\nEndpoints:  10.1.0.1:8080,10.1.0.2:8080,10.1.0.3:8080 + 2 more...\nPort:  <unset>  53/UDP\nTargetPort:  5353/UDP\nEndpoints:\nSession Affinity:  None\nEvents:  <none>\n\n\nName:  none\nNamespace:  shop\nSelector:  <none>\nType:  ClusterIP\nIP:  None\nPort:  <unset>  1/TCP\nTargetPort:  1/TCP\nEndpoints:  <none>\nSession Affinity:  None\nEvents:  <none>\n";
    let found = nodes(text, "");
    assert_eq!(
        kinds(&found),
        ["Service", "Endpoints", "Service", "Endpoints"]
    );
    has(
        &found[0],
        &[
            "spec.selector.tier = front @3",
            "spec.ports[0].targetPort = web @9",
            "spec.ports[0].nodePort = 30080 @10",
            "spec.ports[1].name = - @12",
            "spec.ports[1].nodePort = - @12",
            "spec.ports[1].targetPort = 5353 @13",
            "status.loadBalancer.ingress = - @1",
        ],
    );
    has(
        &found[1],
        &[
            "subsets[0].addresses[2].ip = 10.1.0.3 @11",
            "subsets[0].ports[0].port = 8080 @11",
            "subsets[1].addresses = - @14",
        ],
    );
    has(
        &found[2],
        &["spec.selector = - @21", "spec.clusterIP = None @23"],
    );
    has(&found[3], &["subsets = - @26"]);
    let text = "Name:  web\nNamespace:  shop\nSubsets:\n  Addresses:          <none>\n  NotReadyAddresses:  10.1.0.1,10.1.0.2\n  Ports:\n    Name     Port  Protocol\n    ----     ----  --------\n    <unset>  8080  TCP\n\nEvents:  <none>\n\n\nName:  web-x\nNamespace:  shop\nAddressType:  IPv4\nPorts:\n  Name  Port  Protocol\n  ----  ----  --------\n  http  80    TCP\nEndpoints:\n  - Addresses:  10.1.0.1\n    Conditions:\n      Ready:    false\n    Hostname:   <unset>\n    TargetRef:  Pod/web-1\n    NodeName:   n1\n    Zone:       <unset>\nEvents:  <none>\n";
    let found = nodes(text, "");
    assert_eq!(kinds(&found), ["Endpoints", "EndpointSlice"]);
    has(
        &found[0],
        &[
            "subsets[0].addresses = - @4",
            "subsets[0].notReadyAddresses[1].ip = 10.1.0.2 @5",
            "subsets[0].ports[0].name = - @9",
        ],
    );
    has(
        &found[1],
        &[
            "ports[0].port = 80 @20",
            "endpoints[0].conditions.ready = false @24",
            "endpoints[0].targetRef.name = web-1 @26",
            "endpoints[0].zone = - @28",
        ],
    );
}

#[test]
fn ingresses() {
    let text = "Name:             web\nLabels:           <none>\nNamespace:        shop\nAddress:\nIngress Class:    <none>\nDefault backend:  <default>\nTLS:\n  tls-1 terminates a.example,b.example\nRules:\n  Host        Path  Backends\n  ----        ----  --------\n  a.example   \n              /      web:80 (10.1.0.1:8080)\n              /api   gone:http (<error: endpoints \"gone\" not found>)\nAnnotations:  k: v\nEvents:       <none>\n\n\nName:        nginx\nLabels:      <none>\nController:  k8s.io/ingress-nginx\n";
    let found = nodes(text, "");
    assert_eq!(kinds(&found), ["Ingress", "IngressClass"]);
    has(
        &found[0],
        &[
            "spec.ingressClassName = - @5",
            "spec.defaultBackend = - @6",
            "spec.tls[0].hosts[1] = b.example @8",
            "spec.rules[0].host = a.example @12",
            "spec.rules[0].http.paths[0].backend.service.port.number = 80 @13",
            "spec.rules[0].http.paths[1].backend.service.name = gone @14",
            "spec.rules[0].http.paths[1].backend.service.port.name = http @14",
            "metadata.annotations.k = v @15",
        ],
    );
    has(
        &found[1],
        &[
            "spec.controller = k8s.io/ingress-nginx @21",
            "spec.parameters = - @19",
        ],
    );
    let old = "Name:  old\nNamespace:  shop\nAddress:  1.1.1.1\nDefault backend:  default-http-backend:80 (<error: endpoints \"default-http-backend\" not found>)\nRules:\n  Host  Path  Backends\n  ----  ----  --------\n  *     *     web:80 (10.1.0.1:8080)\n";
    let node = &nodes(old, "")[0];
    leaves_out(node, &["spec", "defaultBackend"]);
    has(
        node,
        &[
            "status.loadBalancer.ingress[0].ip = 1.1.1.1 @3",
            "spec.rules = - @5",
        ],
    );
}

#[test]
fn storage_kinds() {
    let text = "Name:          data\nNamespace:     shop\nStorageClass:  fast\nStatus:        Pending\nVolume:\nLabels:        <none>\nFinalizers:    [kubernetes.io/pvc-protection]\nCapacity:\nAccess Modes:\nVolumeMode:    Filesystem\nUsed By:       cart-1\nEvents:        <none>\n\n\nName:            pv\nLabels:          <none>\nFinalizers:      [kubernetes.io/pv-protection]\nStorageClass:    fast\nStatus:          Bound\nClaim:           shop/data\nReclaim Policy:  Retain\nAccess Modes:    RWO,RWX\nCapacity:        1Gi\nNode Affinity:\n  Required Terms:\n    Term 0:  zone in [a, b]\nMessage:\nSource:\n    Type:          HostPath (bare host directory volume)\n    Path:          /mnt\n    HostPathType:\nEvents:            <none>\n\n\nName:            fast\nIsDefaultClass:  Yes\nAnnotations:     storageclass.kubernetes.io/is-default-class=true,x=y\nProvisioner:     ebs.csi.aws.com\nParameters:      type=gp3\nAllowVolumeExpansion:  <unset>\nMountOptions:    <none>\nReclaimPolicy:   Delete\nVolumeBindingMode:  WaitForFirstConsumer\nEvents:          <none>\n";
    let found = nodes(text, "");
    assert_eq!(
        kinds(&found),
        ["PersistentVolumeClaim", "PersistentVolume", "StorageClass"]
    );
    has(
        &found[0],
        &[
            "metadata.finalizers[0] = kubernetes.io/pvc-protection @7",
            "spec.volumeName = - @5",
            "status.phase = Pending @4",
            "status.capacity = - @8",
            "status.conditions = - @1",
        ],
    );
    leaves_out(&found[0], &["spec", "resources"]);
    has(
        &found[1],
        &[
            "spec.claimRef.namespace = shop @20",
            "spec.accessModes[1] = ReadWriteMany @22",
            "spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values[1] = b @26",
            "spec.hostPath.path = /mnt @30",
            "spec.hostPath.type = - @31",
            "status.message = - @27",
        ],
    );
    has(
        &found[2],
        &[
            "provisioner = ebs.csi.aws.com @38",
            "parameters.type = gp3 @39",
            "allowVolumeExpansion = - @40",
            "metadata.annotations.storageclass.kubernetes.io/is-default-class = true @36",
        ],
    );
}

#[test]
fn quotas_limits_and_namespaces() {
    let text = "Name:         q\nNamespace:    shop\nScopes:       NotTerminating\n * Matches all pods that do not have an active deadline.\nResource      Used  Hard\n--------      ----  ----\npods          10    10\nrequests.cpu  500m  2\n\n\nName:       lr\nNamespace:  shop\nType       Resource  Min  Max  Default Request  Default Limit  Max Limit/Request Ratio\n----       --------  ---  ---  ---------------  -------------  -----------------------\nContainer  cpu       -    2    100m             500m           -\nContainer  memory    1Mi  -    -                -              -\n\n\nName:         shop\nLabels:       a=b\nAnnotations:  <none>\nStatus:       Active\n\nResource Quotas\n  Name:     q\n  Resource  Used  Hard\n  --------  ---   ---\n  pods      3     5\n\nNo LimitRange resource.\n";
    let found = nodes(text, "");
    assert_eq!(
        kinds(&found),
        ["ResourceQuota", "LimitRange", "Namespace", "ResourceQuota"]
    );
    has(
        &found[0],
        &[
            "spec.scopes[0] = NotTerminating @3",
            "status.hard.pods = 10 @7",
            "status.used.requests.cpu = 500m @8",
        ],
    );
    has(
        &found[1],
        &[
            "spec.limits[0].type = Container @15",
            "spec.limits[0].max.cpu = 2 @15",
            "spec.limits[0].min.memory = 1Mi @16",
            "spec.limits[0].maxLimitRequestRatio = - @15",
        ],
    );
    has(
        &found[2],
        &["status.phase = Active @22", "metadata.labels.a = b @20"],
    );
    has(
        &found[3],
        &["metadata.namespace = shop @0", "status.hard.pods = 5 @28"],
    );
}

#[test]
fn autoscalers_and_budgets() {
    let text = "Name:  hpa\nNamespace:  shop\nReference:  Deployment/web\nMetrics:  ( current / target )\n  resource cpu on pods  (as a percentage of request):  <unknown> / 80%\n  \"packets\" on pods:  10m / 1k\nMin replicas:  1\nMax replicas:  5\nDeployment pods:  1 current / 0 desired\nConditions:\n  Type           Status  Reason                   Message\n  ----           ------  ------                   -------\n  ScalingActive  False   FailedGetResourceMetric  the HPA was unable\nEvents:  <none>\n\n\nName:  old\nNamespace:  shop\nReference:  Deployment/web\nTarget CPU utilization:  80%\nCurrent CPU utilization:  <unknown>%\nMin replicas:  <unset>\nMax replicas:  5\nDeployment pods:  1 current / 2 desired\n\n\nName:  pdb\nNamespace:  shop\nMax unavailable:  10%\nSelector:  app=web\nStatus:\n    Allowed disruptions:  0\n    Current:  1\n    Desired:  2\n    Total:  3\nEvents:  <none>\n";
    let found = nodes(text, "");
    assert_eq!(
        kinds(&found),
        [
            "HorizontalPodAutoscaler",
            "HorizontalPodAutoscaler",
            "PodDisruptionBudget"
        ]
    );
    has(
        &found[0],
        &[
            "spec.scaleTargetRef.name = web @3",
            "spec.metrics[0].resource.target.averageUtilization = 80 @5",
            "spec.metrics[1].pods.metric.name = packets @6",
            "status.currentReplicas = 1 @9",
            "status.conditions[0].message = the HPA was unable @13",
        ],
    );
    leaves_out(&found[0], &["status", "currentMetrics"]);
    has(
        &found[1],
        &[
            "spec.targetCPUUtilizationPercentage = 80 @20",
            "status.currentCPUUtilizationPercentage = - @21",
            "spec.minReplicas = - @22",
        ],
    );
    has(
        &found[2],
        &[
            "spec.minAvailable = - @27",
            "spec.maxUnavailable = 10% @29",
            "status.disruptionsAllowed = 0 @32",
            "status.expectedPods = 3 @35",
        ],
    );
}

#[test]
fn network_policies() {
    let text = "Name:         np\nNamespace:    shop\nCreated on:   2025-11-28 15:31:20 +0800 CST\nSpec:\n  PodSelector:     <none> (Allowing the specific traffic to all pods in this namespace)\n  Allowing ingress traffic:\n    To Port: 80/TCP\n    To Port Range: 8000-9000/UDP\n    From:\n      NamespaceSelector: team=a\n      PodSelector: <none>\n    From:\n      IPBlock:\n        CIDR: 10.0.0.0/8\n        Except: 10.1.0.0/16\n    ----------\n    To Port: <any> (traffic allowed to all ports)\n    From: <any> (traffic not restricted by source)\n  Allowing egress traffic:\n    <none> (Selected pods are isolated for egress connectivity)\n  Policy Types: Ingress, Egress\n";
    let node = &nodes(text, "")[0];
    has(
        node,
        &[
            "metadata.creationTimestamp = 2025-11-28T07:31:20Z @3",
            "spec.podSelector.matchLabels = - @5",
            "spec.ingress[0].ports[0].port = 80 @7",
            "spec.ingress[0].ports[1].endPort = 9000 @8",
            "spec.ingress[0].from[0].namespaceSelector.matchLabels.team = a @10",
            "spec.ingress[0].from[0].podSelector.matchLabels = - @11",
            "spec.ingress[0].from[1].ipBlock.except[0] = 10.1.0.0/16 @15",
            "spec.ingress[1].ports = - @0",
            "spec.egress = - @19",
            "spec.policyTypes[1] = Egress @21",
        ],
    );
}

#[test]
fn data_and_accounts() {
    let text = "Name:         cm\nNamespace:    shop\nLabels:       <none>\nAnnotations:  long:\n                one\n                 two\n\nData\n====\na.yaml:\n----\nName: x\n\nType:  y\n\nb:\n----\n\n\n\nBinaryData\n====\nbin: 3 bytes\n\nEvents:  <none>\n\n\nName:  s\nNamespace:  shop\n\nType:  Opaque\n\nData\n====\nk1:  5 bytes\ntoken:  abc\n\n\nName:                sa\nNamespace:           shop\nImage pull secrets:  reg-1\n                     reg-2\nMountable secrets:   <none>\nTokens:              <none>\nEvents:              <none>\n\n\nName:              high\nValue:             1000\nGlobalDefault:     false\nDescription:       High: yes\nAnnotations:       <none>\n";
    let found = nodes(text, "");
    assert_eq!(
        kinds(&found),
        ["ConfigMap", "Secret", "ServiceAccount", "PriorityClass"]
    );
    has(
        &found[0],
        &[
            "metadata.annotations.long = one\n two @5",
            "data.a.yaml = Name: x\n\nType:  y @12",
            "data.b =  @16",
        ],
    );
    assert!(found[0].at(&["binaryData", "bin"]).is_some());
    has(&found[1], &["type = Opaque @31"]);
    assert!(
        found[1]
            .at(&["data", "token"])
            .unwrap()
            .entries()
            .is_empty()
    );
    has(
        &found[2],
        &["imagePullSecrets[1].name = reg-2 @42", "secrets = - @43"],
    );
    has(
        &found[3],
        &[
            "value = 1000 @49",
            "globalDefault = false @50",
            "description = High: yes @51",
        ],
    );
}

#[test]
fn kinds_that_kubectl_does_not_know() {
    let text = "Name:         w\nNamespace:    shop\nLabels:       <none>\nAnnotations:  <none>\nAPI Version:  example.com/v1\nKind:         Widget\nMetadata:\n  Creation Timestamp:  2025-11-28T07:00:00Z\n  Owner References:\n    API Version:  v1\n    Kind:         Foo\n    Name:         foo\n  UID:            u-1\nSpec:\n  Cluster IP:  10.0.0.1\n  Enabled:     true\n  List:\n    a\n    b\n  Replica Count:  3\nStatus:\n  Conditions:\n    Message:  it is: broken\n    Status:   False\n    Type:     Ready\n    Status:   True\n    Type:     Synced\nEvents:       <none>\n";
    assert_eq!(sniff(text), Some("Other"));
    let node = &nodes(text, "")[0];
    has(
        node,
        &[
            "apiVersion = example.com/v1 @0",
            "kind = Widget @0",
            "metadata.creationTimestamp = 2025-11-28T07:00:00Z @8",
            "metadata.ownerReferences[0].kind = Foo @11",
            "metadata.uid = u-1 @13",
            "spec.clusterIP = 10.0.0.1 @15",
            "spec.enabled = true @16",
            "spec.list[1] = b @19",
            "spec.replicaCount = 3 @20",
            "status.conditions[0].message = it is: broken @23",
            "status.conditions[1].type = Synced @27",
        ],
    );
}

#[test]
fn access() {
    let text = "Name:         r\nLabels:       <none>\nAnnotations:  <none>\nPolicyRule:\n  Resources               Non-Resource URLs  Resource Names  Verbs\n  ---------               -----------------  --------------  -----\n  deployments.apps/scale  []                 [web]           [get patch]\n                          [/healthz]         []              [get]\n";
    assert_eq!(sniff(text), None);
    assert!(nodes(text, "").is_empty());
    let node = &nodes(text, "ClusterRole")[0];
    has(
        node,
        &[
            "rules[0].resources[0] = deployments/scale @7",
            "rules[0].apiGroups[0] = apps @7",
            "rules[0].verbs[1] = patch @7",
            "rules[1].nonResourceURLs[0] = /healthz @8",
        ],
    );
}

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
