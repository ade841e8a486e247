//! Whole bundles through the snapshot reader.

use super::*;

const EVENTS: &str = r#"apiVersion: v1
items:
- apiVersion: v1
  eventTime: "2026-07-14T09:00:05.123456Z"
  firstTimestamp: null
  involvedObject: {kind: Pod, name: report-0, namespace: batch, uid: u1}
  kind: Event
  lastTimestamp: null
  message: '0/4 nodes are available: 4 x.'
  metadata: {name: report-0.1, namespace: batch, uid: e1}
  reason: FailedScheduling
  reportingComponent: default-scheduler
  series: {count: 7, lastObservedTime: "2026-07-14T09:15:05.000000Z"}
  source: {}
  type: Warning
- apiVersion: v1
  count: 3
  firstTimestamp: "2026-07-14T08:00:00Z"
  lastTimestamp: "2026-07-14T08:10:00Z"
  involvedObject: {fieldPath: 'spec.containers{app}', kind: Pod, name: a, namespace: batch}
  kind: Event
  message: Back-off restarting failed container
  metadata: {name: a.1, namespace: batch, uid: e2}
  reason: BackOff
  source: {component: kubelet, host: n1}
  type: Warning
kind: List
"#;

fn bundle(files: &[(&str, &str)]) -> Bundle {
    Bundle::from_texts("test", files.iter().copied())
}

#[test]
fn the_three_shapes_of_events() {
    let bundle = bundle(&[("cluster/events.yaml", EVENTS)]);
    let snapshot = read(&bundle);
    assert!(snapshot.problems.is_empty(), "{:?}", snapshot.problems);
    let [back_off, scheduling] = snapshot.events.as_slice() else {
        panic!("{:?}", snapshot.events)
    };
    assert_eq!(
        (back_off.count, back_off.container(), back_off.host.as_str()),
        (3, Some("app"), "n1")
    );
    assert_eq!(scheduling.count, 7);
    assert_eq!(scheduling.last, stamp::rfc3339("2026-07-14T09:15:05Z"));
    assert_eq!(
        scheduling.first,
        stamp::rfc3339("2026-07-14T09:00:05.123456Z")
    );
    assert_eq!(snapshot.captured_at, scheduling.last);
}

#[test]
fn coverage_tells_empty_from_refused_from_not_collected() {
    let manifest = r#"{"argv":["kubectl","get","secrets"],"file":"cluster/secrets.yaml","exit":1,"stderr":"Error from server (Forbidden): secrets is forbidden"}"#;
    let bundle = bundle(&[
        (
            "cluster/services.yaml",
            "apiVersion: v1\nitems: []\nkind: List\n",
        ),
        ("manifest.jsonl", manifest),
    ]);
    let coverage = read(&bundle).coverage;
    assert_eq!(coverage.status("Service"), Status::Collected);
    assert_eq!(coverage.status("Secret"), Status::Refused);
    assert_eq!(coverage.status("Pod"), Status::NotCollected);
    assert!(coverage.reason("Secret").contains("forbidden"));
}

#[test]
fn manifests_are_not_state_and_foreign_kinds_keep_their_group() {
    let manifest = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: wanted\n---\napiVersion: config.openshift.io/v1\nkind: Ingress\nmetadata:\n  name: cluster\n  uid: x\n";
    let bundle = bundle(&[("a.yaml", manifest)]);
    let snapshot = read(&bundle);
    assert_eq!(snapshot.declared.len(), 1);
    assert_eq!(snapshot.objects[0].kind, "Ingress.config.openshift.io");
}

#[test]
fn bare_arrays_and_typed_lists_in_json() {
    let bundle = bundle(&[
        (
            "cluster-resources/pods/shop.json",
            r#"[{"metadata":{"name":"a","namespace":"shop","uid":"1"},"status":{}}]"#,
        ),
        (
            "nodes.json",
            r#"{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"n","uid":"2"}}]}"#,
        ),
    ]);
    let snapshot = read(&bundle);
    let kinds: Vec<_> = snapshot
        .objects
        .iter()
        .map(|object| object.kind.as_str())
        .collect();
    assert_eq!(kinds, ["Node", "Pod"]);
}

#[test]
fn the_capture_is_the_last_beat_or_a_container_just_after_it() {
    let pod = |time: &str| {
        format!(
            "items:\n- {{apiVersion: v1, kind: Pod, metadata: {{name: a, namespace: n, uid: u}}, status: {{containerStatuses: [{{name: c, state: {{running: {{startedAt: \"{time}\"}}}}}}]}}}}\n"
        )
    };
    let now = |time: &str| {
        let pods = pod(time);
        let bundle = bundle(&[("events.yaml", EVENTS), ("pods.yaml", pods.as_str())]);
        read(&bundle)
            .captured_at
            .map(|time| stamp::format(time, 0))
            .unwrap()
    };
    assert_eq!(now("2026-07-14T09:16:00Z"), "2026-07-14T09:16:00Z");
    assert_eq!(now("2026-07-14T08:00:00Z"), "2026-07-14T09:15:05Z");
    assert_eq!(now("2027-01-01T00:00:00Z"), "2026-07-14T09:15:05Z");
}

#[test]
fn documents_without_room_are_refused_and_said() {
    let tiny = "- 1\n".repeat(1_000);
    let bundle = Bundle::from_texts("t", [("pods.yaml", tiny.as_str())]);
    let options = Options {
        document_bytes: 20_000,
        ..Options::default()
    };
    let snapshot = read_with(&bundle, &options);
    assert!(snapshot.problems[0].what.contains("--max-memory"));
    assert_eq!(snapshot.coverage.status("Pod"), Status::Truncated);
    assert!(read(&bundle).problems.is_empty());
}

#[test]
fn documents_in_texts_say_when_they_were_captured() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: cart\n  namespace: shop\nstatus:\n  containerStatuses:\n  - name: app\n    state:\n      running:\n        startedAt: \"2026-03-04T08:10:00Z\"\n";
    let quoted = format!("> {}", pod.trim_end().replace('\n', "\n> "));
    for (name, text) in [("cart.log", pod), ("cart.md", quoted.as_str())] {
        let bundle = Bundle::from_texts("t", [(name, text)]);
        let snapshot = read(&bundle);
        assert_eq!(snapshot.objects.len(), 1, "{name}");
        let captured = snapshot.captured_at.map(|time| time.to_string());
        assert_eq!(captured.as_deref(), Some("2026-03-04T08:10:00Z"), "{name}");
    }
}

#[test]
fn json_is_read_behind_what_a_client_says_first() {
    let pod = "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Pod\",\n  \"metadata\": {\"name\": \"cart\", \"namespace\": \"shop\"}\n}\n";
    for before in [
        "W0304 09:00:00.123456   12345 plugin.go:119] WARNING: this login goes away.\nSee the manual.\n",
        "$ kubectl get pod cart -n shop -o json\n",
    ] {
        let text = format!("{before}{pod}");
        let bundle = Bundle::from_texts("t", [("cart.json", text.as_str())]);
        let snapshot = read(&bundle);
        let lines: Vec<_> = snapshot
            .objects
            .iter()
            .map(|o| (o.name.to_string(), o.root.line()))
            .collect();
        let first = u32::try_from(before.lines().count() + 1).unwrap();
        assert_eq!(lines, [("cart".to_owned(), first)], "{before}");
    }
}

#[test]
fn coloured_documents_are_read() {
    let text = "\u{1b}[36mapiVersion\u{1b}[0m: \u{1b}[32mv1\u{1b}[0m\n\u{1b}[36mkind\u{1b}[0m: Pod\nmetadata:\n  \u{1b}[36mname\u{1b}[0m: cart\n  uid: u1\nstatus: {}\n";
    let bundle = Bundle::from_texts("t", [("cart.yaml", text)]);
    let snapshot = read(&bundle);
    let name = snapshot.objects.first().map(|o| o.name.to_string());
    assert_eq!(name.as_deref(), Some("cart"));
    assert!(snapshot.problems.is_empty());
}

#[test]
fn events_below_a_command_are_about_what_it_names() {
    let text = "$ kubectl describe pod web-0 -n shop | tail -4\nEvents:\n  Type     Reason            Age   From               Message\n  ----     ------            ----  ----               -------\n  Warning  FailedScheduling  102s  default-scheduler  0/3 nodes are available: 3 Insufficient cpu.\n";
    let bundle = bundle(&[("ticket.txt", text)]);
    let snapshot = read(&bundle);
    let about: Vec<_> = snapshot
        .events
        .iter()
        .map(|event| {
            (
                event.regarding.kind.as_str(),
                event.regarding.namespace.as_str(),
                event.regarding.name.as_str(),
            )
        })
        .collect();
    assert_eq!(about, [("Pod", "shop", "web-0")]);
}

#[test]
fn captions_and_fences_belong_to_no_output() {
    let text = "```[root@m1 ~]# kubectl get pods -n shop\nNAME    READY   STATUS    RESTARTS   AGE\nweb-0   0/1     Error     5          10m\n```\n\n```\nkubectl describe pod web-0 -n shop\n```\n\n**Output:**\n```\nEvents:\n  Type     Reason   Age   From     Message\n  ----     ------   ----  ----     -------\n  Warning  BackOff  10s   kubelet  Back-off restarting failed container\n```\n";
    let bundle = bundle(&[("ticket.md", text)]);
    let snapshot = read(&bundle);
    assert_eq!(snapshot.objects.len(), 1);
    assert_eq!(snapshot.events.len(), 1);
}

#[test]
fn several_files_in_one_are_read_each() {
    let text = "==> describe nodes <==\nName:               m1\nRoles:              control-plane\nConditions:\n  Type    Status  LastHeartbeatTime                 LastTransitionTime                Reason        Message\n  ----    ------  -----------------                 ------------------                ------        -------\n  Ready   True    Fri, 07 Jun 2019 15:02:40 +0200   Fri, 07 Jun 2019 14:58:59 +0200   KubeletReady  posting\n\n==> coredns [307e90d0e23a5] <==\n.:53\n[FATAL] plugin/loop: Loop detected\n\n==> kubelet <==\n-- Logs begin at Fri 2019-06-07 09:43:35 UTC, end at Fri 2019-06-07 13:02:45 UTC. --\nJun 07 13:02:40 m1 kubelet[2992]: E0607 13:02:40.721238    2992 pod.go:191] no sync\n";
    let starred = format!("* {}", text.trim_end().replace('\n', "\n* "));
    for text in [text, starred.as_str()] {
        let bundle = bundle(&[("out/all.txt", text)]);
        let snapshot = read(&bundle);
        assert!(
            snapshot
                .objects
                .iter()
                .any(|node| node.kind == "Node" && node.name == "m1")
        );
        let logs: Vec<_> = snapshot
            .logs
            .iter()
            .map(|log| (log.container.as_str(), log.span.first, log.span.last))
            .collect();
        assert_eq!(logs, [("coredns", 10, 11)]);
        let journals: Vec<_> = snapshot
            .journals
            .iter()
            .map(|journal| (journal.node.as_str(), journal.span.first))
            .collect();
        assert_eq!(journals, [("m1", 14)]);
    }
}

#[test]
fn an_ingress_without_annotations_has_its_events() {
    let text = "$ kubectl describe ingress web -n shop\nName:             web\nNamespace:        shop\nAddress:          \nDefault backend:  default-http-backend:80 (<none>)\nRules:\n  Host               Path  Backends\n  ----               ----  --------\n  shop.example.com   \n                     /   web:80 (10.0.0.4:80)\nAnnotations:         Events:\n  Type    Reason  Age   From                      Message\n  ----    ------  ----  ----                      -------\n  Normal  CREATE  22s   nginx-ingress-controller  Ingress shop/web\n";
    let bundle = bundle(&[("ticket.txt", text)]);
    let snapshot = read(&bundle);
    assert_eq!(snapshot.events.len(), 1);
}

#[test]
fn prose_hides_no_listing_in_a_fence() {
    let text = "We saw this yesterday:\n\n```\n┌──────────────────────────────┐\n│ Name:             board      │\n│ Namespace:        tools      │\n│ Address:                     │\n│ Rules:                       │\n│   Host  Path  Backends       │\n│   ----  ----  --------       │\n│   *     /     board:443      │\n│ Annotations:      <none>     │\n│ Default backend:  <default>  │\n└──────────────────────────────┘\n```\nPlease help.\n";
    let bundle = bundle(&[("ticket.md", text)]);
    let snapshot = read(&bundle);
    let found: Vec<_> = snapshot
        .objects
        .iter()
        .map(|object| (object.kind.as_str(), object.root.line()))
        .collect();
    assert_eq!(found, [("Ingress", 5)]);
}
