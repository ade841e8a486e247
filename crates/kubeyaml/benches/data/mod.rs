//! Pods as kubectl prints them, made from a number, and the types that the peers read them into.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "included by several programs; fields are there to be read into"
)]

use std::{collections::BTreeMap, fmt::Write};

use serde::Deserialize;

/// A list document.
#[derive(Debug, Deserialize, PartialEq)]
pub struct List {
    pub items: Vec<Pod>,
}

/// What a diagnosis needs of a pod.
#[derive(Debug, Deserialize, PartialEq)]
pub struct Pod {
    pub kind: String,
    pub metadata: Metadata,
    pub spec: Spec,
    pub status: Status,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    pub name: String,
    pub namespace: String,
    pub uid: String,
    pub creation_timestamp: String,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub owner_references: Vec<Owner>,
}

#[derive(Debug, Deserialize, PartialEq)]
pub struct Owner {
    pub kind: String,
    pub name: String,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    pub node_name: Option<String>,
    pub containers: Vec<Container>,
}

#[derive(Debug, Deserialize, PartialEq)]
pub struct Container {
    pub name: String,
    pub image: String,
    #[serde(default)]
    pub resources: Resources,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
pub struct Resources {
    #[serde(default)]
    pub limits: BTreeMap<String, String>,
    #[serde(default)]
    pub requests: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    pub phase: String,
    #[serde(default)]
    pub conditions: Vec<Condition>,
    #[serde(default)]
    pub container_statuses: Vec<ContainerStatus>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
    pub reason: Option<String>,
    pub last_transition_time: Option<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ContainerStatus {
    pub name: String,
    pub ready: bool,
    pub restart_count: i32,
    #[serde(default)]
    pub state: BTreeMap<String, State>,
    #[serde(default)]
    pub last_state: BTreeMap<String, State>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct State {
    pub reason: Option<String>,
    pub exit_code: Option<i32>,
    pub started_at: Option<String>,
}

/// The same fields as paths, for a projection.
pub const PATHS: [&str; 18] = [
    "kind",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "metadata.creationTimestamp",
    "metadata.labels",
    "metadata.ownerReferences[].kind",
    "metadata.ownerReferences[].name",
    "spec.nodeName",
    "spec.containers[].name",
    "spec.containers[].image",
    "spec.containers[].resources",
    "status.phase",
    "status.conditions",
    "status.containerStatuses[].name",
    "status.containerStatuses[].ready",
    "status.containerStatuses[].restartCount",
    "status.containerStatuses[].state",
];

const REASONS: [&str; 4] = ["CrashLoopBackOff", "ImagePullBackOff", "Error", "OOMKilled"];

/// A `kubectl get pods -o yaml` of so many pods.
pub fn list(pods: usize, managed_fields: bool) -> String {
    let mut text = String::from("apiVersion: v1\nitems:\n");
    for number in 0..pods {
        pod(&mut text, number, managed_fields);
    }
    text.push_str("kind: List\nmetadata:\n  resourceVersion: \"\"\n");
    text
}

fn pod(text: &mut String, number: usize, managed_fields: bool) {
    let app = [
        "checkout",
        "payments",
        "catalog-api",
        "frontend",
        "recommendation",
    ][number % 5];
    let hash = number.wrapping_mul(2_654_435_761) % 0xffff_ffff;
    let node = number % 97;
    let _ = write!(
        text,
        "- apiVersion: v1
  kind: Pod
  metadata:
    annotations:
      checksum/config: c{hash:063x}
      cni.projectcalico.org/containerID: d{hash:063x}
      cni.projectcalico.org/podIP: 10.42.{node}.{}/32
      kubernetes.io/description: 'Serves {app}: see https://runbooks.example.com/{app}
        before restarting it by hand, it holds leases of the old generation # {hash}'
      prometheus.io/port: \"9090\"
      prometheus.io/scrape: \"true\"
    creationTimestamp: \"2026-11-0{}T07:{:02}:{:02}Z\"
    generateName: {app}-{:08x}-
    labels:
      app: {app}
      app.kubernetes.io/instance: {app}-prod
      app.kubernetes.io/name: {app}
      app.kubernetes.io/version: 1.{}.{}
      pod-template-hash: b{:08x}
",
        number % 250,
        1 + number % 9,
        number % 60,
        number % 59,
        hash >> 7,
        number % 30,
        number % 7,
        hash >> 7
    );
    if managed_fields {
        managed(text, app);
    }
    let _ = write!(
        text,
        "    name: {app}-{:08x}-{number:05}
    namespace: shop-{}
    ownerReferences:
    - apiVersion: apps/v1
      blockOwnerDeletion: true
      controller: true
      kind: ReplicaSet
      name: {app}-{:08x}
      uid: f{hash:08x}-1111-4222-8333-{number:012x}
    resourceVersion: \"{}\"
    uid: f{hash:08x}-aaaa-4bbb-8ccc-{number:012x}
  spec:
    containers:
",
        hash >> 7,
        number % 20,
        hash >> 7,
        number + 1_000_000
    );
    container(text, app, number);
    container(text, "istio-proxy", number);
    let _ = write!(
        text,
        "    dnsPolicy: ClusterFirst
    enableServiceLinks: true
    nodeName: worker-{node}
    preemptionPolicy: PreemptLowerPriority
    priority: 0
    restartPolicy: Always
    schedulerName: default-scheduler
    securityContext:
      fsGroup: 2000
      runAsNonRoot: true
    serviceAccount: {app}
    serviceAccountName: {app}
    terminationGracePeriodSeconds: 30
    tolerations:
    - effect: NoExecute
      key: node.kubernetes.io/not-ready
      operator: Exists
      tolerationSeconds: 300
    - effect: NoExecute
      key: node.kubernetes.io/unreachable
      operator: Exists
      tolerationSeconds: 300
    volumes:
    - configMap:
        defaultMode: 420
        name: {app}-config
      name: config
    - emptyDir: {{}}
      name: tmp
    - name: kube-api-access-{number:05}
      projected:
        defaultMode: 420
        sources:
        - serviceAccountToken:
            expirationSeconds: 3607
            path: token
        - configMap:
            items:
            - key: ca.crt
              path: ca.crt
            name: kube-root-ca.crt
        - downwardAPI:
            items:
            - fieldRef:
                apiVersion: v1
                fieldPath: metadata.namespace
              path: namespace
  status:
    conditions:
"
    );
    status(text, app, number, hash);
}

fn managed(text: &mut String, app: &str) {
    let _ = write!(
        text,
        "    managedFields:
    - apiVersion: v1
      fieldsType: FieldsV1
      fieldsV1:
        f:metadata:
          f:annotations:
            .: {{}}
            f:checksum/config: {{}}
            f:prometheus.io/port: {{}}
          f:generateName: {{}}
          f:labels:
            .: {{}}
            f:app: {{}}
            f:pod-template-hash: {{}}
          f:ownerReferences:
            .: {{}}
            k:{{\"uid\":\"0a1b2c3d-1111-4222-8333-444444444444\"}}: {{}}
        f:spec:
          f:containers:
            k:{{\"name\":\"{app}\"}}:
              .: {{}}
              f:env:
                .: {{}}
                k:{{\"name\":\"SETTING_0\"}}:
                  .: {{}}
                  f:name: {{}}
                  f:value: {{}}
                k:{{\"name\":\"SETTING_1\"}}:
                  .: {{}}
                  f:name: {{}}
                  f:value: {{}}
              f:image: {{}}
              f:imagePullPolicy: {{}}
              f:livenessProbe:
                .: {{}}
                f:failureThreshold: {{}}
                f:httpGet:
                  .: {{}}
                  f:path: {{}}
                  f:port: {{}}
                  f:scheme: {{}}
              f:name: {{}}
              f:resources:
                .: {{}}
                f:limits:
                  .: {{}}
                  f:cpu: {{}}
                  f:memory: {{}}
          f:dnsPolicy: {{}}
          f:restartPolicy: {{}}
          f:volumes:
            .: {{}}
            k:{{\"name\":\"config\"}}:
              .: {{}}
              f:configMap:
                .: {{}}
                f:defaultMode: {{}}
                f:name: {{}}
              f:name: {{}}
      manager: kube-controller-manager
      operation: Update
      time: \"2026-11-01T07:00:00Z\"
"
    );
}

fn container(text: &mut String, name: &str, number: usize) {
    let _ = write!(
        text,
        "    - args:
      - --config=/etc/{name}/config.yaml
      - --listen
      - :8080
      - '--log-format={{\"level\": \"info\"}}'
      command:
      - /usr/bin/{name}
      env:
      - name: POD_NAME
        valueFrom:
          fieldRef:
            apiVersion: v1
            fieldPath: metadata.name
"
    );
    for setting in 0..9 {
        let _ = write!(
            text,
            "      - name: SETTING_{setting}
        value: {}
",
            [
                "\"1\"",
                "redis://cache.shop.svc.cluster.local:6379/0",
                "a longer text that is not quoted",
                "\"true\"",
                "prod"
            ][setting % 5]
        );
    }
    let _ = write!(
        text,
        "      image: registry.example.com/shop/{name}:v1.{}.3
      imagePullPolicy: IfNotPresent
      livenessProbe:
        failureThreshold: 3
        httpGet:
          path: /healthz
          port: 8080
          scheme: HTTP
        initialDelaySeconds: 10
        periodSeconds: 10
        successThreshold: 1
        timeoutSeconds: 1
      name: {name}
      ports:
      - containerPort: 8080
        name: http
        protocol: TCP
      resources:
        limits:
          cpu: 500m
          memory: 512Mi
        requests:
          cpu: 100m
          memory: 256Mi
      securityContext:
        allowPrivilegeEscalation: false
        capabilities:
          drop:
          - ALL
      terminationMessagePath: /dev/termination-log
      terminationMessagePolicy: File
      volumeMounts:
      - mountPath: /etc/{name}
        name: config
      - mountPath: /tmp
        name: tmp
      - mountPath: /var/run/secrets/kubernetes.io/serviceaccount
        name: kube-api-access-{number:05}
        readOnly: true
",
        number % 40
    );
}

fn status(text: &mut String, app: &str, number: usize, hash: usize) {
    for kind in ["Initialized", "Ready", "ContainersReady", "PodScheduled"] {
        let _ = write!(
            text,
            "    - lastProbeTime: null
      lastTransitionTime: \"2026-11-01T07:{:02}:00Z\"
      message: 'containers with unready status: [{app}]'
      reason: ContainersNotReady
      status: \"False\"
      type: {kind}
",
            number % 60
        );
    }
    text.push_str("    containerStatuses:\n");
    for name in [app, "istio-proxy"] {
        let reason = REASONS[number % 4];
        let _ = write!(
            text,
            "    - containerID: containerd://{hash:064x}
      image: registry.example.com/shop/{name}:v1.{}.3
      imageID: registry.example.com/shop/{name}@sha256:{hash:064x}
      lastState:
        terminated:
          containerID: containerd://{hash:064x}
          exitCode: {}
          finishedAt: \"2026-11-01T07:00:59Z\"
          reason: {reason}
          startedAt: \"2026-11-01T07:00:01Z\"
      name: {name}
      ready: false
      restartCount: {}
      started: false
      state:
        waiting:
          message: back-off 5m0s restarting failed container={name} pod={app}-{number:05}_shop({hash:08x})
          reason: {reason}
",
            number % 40,
            number % 256,
            number % 90
        );
    }
    let _ = write!(
        text,
        "    hostIP: 192.168.1.{}
    phase: Running
    podIP: 10.42.0.{}
    podIPs:
    - ip: 10.42.0.{}
    qosClass: Burstable
    startTime: \"2026-11-01T07:00:00Z\"
",
        number % 250,
        number % 250,
        number % 250
    );
}
