//! A fault on several objects is one ranked cause, and one that nothing depends on stands last.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic is the failure report of a test"
)]

mod support;

use std::{fmt::Write as _, fs};

use serde_json::Value;
use support::{coldcase, scratch, stdout};

/// Analyses files of one bundle.
fn analyze(name: &str, files: &[(&str, String)]) -> Value {
    let directory = scratch(name);
    fs::write(
        directory.join("bundle.yaml"),
        "apiVersion: coldcase.dev/v1\nkind: Bundle\ncaptured_at: \"2026-07-14T10:00:00Z\"\n",
    )
    .unwrap();
    for (file, text) in files {
        let text = format!("apiVersion: v1\nkind: List\nitems:\n{text}");
        fs::write(directory.join(file), text).unwrap();
    }
    let output = coldcase(&[
        "analyze",
        directory.to_str().unwrap(),
        "-f",
        "json",
        "-o",
        "-",
        "-q",
    ]);
    serde_json::from_str(&stdout(&output)).unwrap()
}

fn node(name: &str, pods: u32, condition: &str) -> String {
    format!(
        "- {{apiVersion: v1, kind: Node, metadata: {{name: {name}, uid: {name}, labels: {{kubernetes.io/hostname: {name}}}}}, status: {{allocatable: {{cpu: \"4\", memory: 8Gi, pods: \"{pods}\"}}, conditions: [{condition}{{type: Ready, status: \"True\"}}]}}}}\n"
    )
}

fn pod(name: &str, rest: &str, status: &str) -> String {
    format!(
        "- {{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop, uid: {name}, creationTimestamp: \"2026-07-14T09:30:00Z\"}}, spec: {{{rest}containers: [{{name: app, image: registry.example.com/app:1}}]}}, status: {status}}}\n"
    )
}

const READY: &str = "{phase: Running, conditions: [{type: Ready, status: \"True\"}], containerStatuses: [{name: app, ready: true, restartCount: 0, state: {running: {startedAt: \"2026-07-14T09:30:05Z\"}}}]}";
const WAITING: &str = "{phase: Pending, conditions: [{type: PodScheduled, status: \"False\", reason: Unschedulable, message: \"0/1 nodes are available: 1 Too many pods.\", lastTransitionTime: \"2026-07-14T09:31:00Z\"}]}";

#[test]
fn workloads_that_wait_for_one_reason_are_one_cause() {
    let mut pods = pod("busy", "nodeName: w1, ", READY);
    for name in ["a", "b", "c", "d", "e"] {
        pods.push_str(&pod(name, "", WAITING));
    }
    let report = analyze(
        "grouping-workloads",
        &[("pods.yaml", pods), ("nodes.yaml", node("w1", 1, ""))],
    );
    let causes = report["causes"].as_array().unwrap();
    assert_eq!(causes.len(), 1, "{causes:#?}");
    assert_eq!(causes[0]["rule"], "too-many-pods");
    assert_eq!(causes[0]["members"].as_array().unwrap().len(), 4);
    let title = causes[0]["title"].as_str().unwrap();
    assert!(
        title.starts_with("5 Pods alike (a, b, c and 2 more): "),
        "{title}"
    );
    assert_eq!(report["verdict"]["sentence"], causes[0]["title"]);
}

#[test]
fn nodes_that_lack_the_same_thing_are_one_cause() {
    let (mut pods, mut events) = (String::new(), String::new());
    for (name, node) in [("a", "w1"), ("b", "w1"), ("c", "w2"), ("d", "w2")] {
        let status = "{phase: Pending, conditions: [{type: Ready, status: \"False\", lastTransitionTime: \"2026-07-14T09:30:00Z\"}], containerStatuses: [{name: app, ready: false, restartCount: 0, state: {waiting: {reason: ContainerCreating}}}]}";
        pods.push_str(&pod(name, &format!("nodeName: {node}, "), status));
        let _ = writeln!(
            events,
            "- {{apiVersion: v1, kind: Event, metadata: {{name: {name}.1, namespace: shop, uid: e{name}}}, involvedObject: {{kind: Pod, name: {name}, namespace: shop, uid: {name}}}, reason: FailedCreatePodSandBox, message: 'Failed to create pod sandbox: failed to create shim task: OCI runtime create failed: fork/exec /usr/sbin/runc: no such file or directory', type: Warning, count: 20, firstTimestamp: \"2026-07-14T09:31:00Z\", lastTimestamp: \"2026-07-14T09:59:00Z\", source: {{component: kubelet, host: {node}}}}}"
        );
    }
    let nodes = node("w1", 110, "") + &node("w2", 110, "");
    let report = analyze(
        "grouping-nodes",
        &[
            ("pods.yaml", pods),
            ("nodes.yaml", nodes),
            ("events.yaml", events),
        ],
    );
    let cause = &report["causes"][0];
    assert_eq!(cause["rule"], "sandbox-creation-failing");
    assert_eq!(
        cause["title"],
        "On 2 nodes (w1, w2): cannot create pod sandboxes: fork/exec /usr/sbin/runc: no such file or directory"
    );
    // The journals that would tell whether the runtime itself is down were not taken.
    assert_eq!(cause["confidence"], "likely");
    assert_eq!(report["causes"].as_array().unwrap().len(), 1);
    assert!(
        cause["related"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["role"] == "alike" && it["name"] == "w2")
    );
}

#[test]
fn a_pressure_that_nobody_suffers_from_stands_last() {
    let pods = pod("busy", "nodeName: w1, ", READY)
        + &pod(
            "late",
            "nodeSelector: {kubernetes.io/hostname: w1}, ",
            WAITING,
        );
    let pressure =
        "{type: DiskPressure, status: \"True\", lastTransitionTime: \"2026-07-14T09:10:00Z\"}, ";
    // Nobody asks for the node under pressure.
    let nodes = node("w1", 1, "") + &node("w2", 110, pressure);
    let report = analyze(
        "grouping-independent",
        &[("pods.yaml", pods), ("nodes.yaml", nodes)],
    );
    let causes = report["causes"].as_array().unwrap();
    let rules: Vec<&Value> = causes.iter().map(|cause| &cause["rule"]).collect();
    assert_eq!(rules, ["too-many-pods", "node-disk-pressure"]);
    assert_eq!(causes[1]["independent"], true);
    assert!(causes[0].get("independent").is_none());
}

#[test]
fn a_cordon_is_seen_in_text_as_well() {
    let directory = scratch("grouping-cordon-text");
    let text = "$ date --iso-8601=seconds\n2026-07-14T10:00:00+00:00\n\n$ kubectl get nodes\nNAME   STATUS                     ROLES    AGE    VERSION\nm1     Ready,SchedulingDisabled   master   110d   v1.31.2\nw1     Ready,SchedulingDisabled   <none>   110d   v1.31.2\nw2     Ready                      <none>   110d   v1.31.2\n\n$ kubectl get pods -n shop\nNAME                    READY   STATUS    RESTARTS   AGE\nweb-5bdf4d4cd6-hkkws    0/1     Pending   0          2m5s\n\n$ kubectl get events -n shop\nLAST SEEN   TYPE      REASON             OBJECT                     MESSAGE\n71s         Warning   FailedScheduling   pod/web-5bdf4d4cd6-hkkws   0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 2 node(s) were unschedulable.\n\n$ kubectl describe pod web-5bdf4d4cd6-hkkws -n shop\nName:             web-5bdf4d4cd6-hkkws\nNamespace:        shop\nNode:             <none>\nLabels:           app=web\nStatus:           Pending\nContainers:\n  app:\n    Image:      registry.example.com/app:1\nConditions:\n  Type           Status\n  PodScheduled   False\nNode-Selectors:   kubernetes.io/hostname=w1\nTolerations:      <none>\nEvents:           <none>\n\n$ kubectl describe node w1\nName:               w1\nRoles:              <none>\nLabels:             kubernetes.io/hostname=w1\nTaints:             node.kubernetes.io/unschedulable:NoSchedule\nUnschedulable:      true\nConditions:\n  Type   Status  Reason        Message\n  ----   ------  ------        -------\n  Ready  True    KubeletReady  kubelet is posting ready status\nAllocatable:\n  cpu:     4\n  memory:  8Gi\n  pods:    110\n";
    fs::write(directory.join("ticket.txt"), text).unwrap();
    let output = coldcase(&[
        "analyze",
        directory.to_str().unwrap(),
        "-f",
        "json",
        "-o",
        "-",
        "-q",
    ]);
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(
        report["causes"][0]["rule"], "node-cordoned",
        "{:#?}",
        report["causes"]
    );
}
