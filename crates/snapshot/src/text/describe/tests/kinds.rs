//! Descriptions of all kinds but pods and nodes.

use super::*;

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
