//! What entities of events tell, from every form in which events are captured.

use coldcase_bundle::Bundle;

use crate::{Entity, Facts, Identity, derive};

/// Hands the only event of a bundle to a check.
fn with(files: &[(&str, &str)], check: impl FnOnce(&Facts<'_>, &Entity<'_>)) {
    let bundle = Bundle::from_texts("test", files.iter().copied());
    let snapshot = coldcase_snapshot::read(&bundle);
    assert!(snapshot.problems.is_empty(), "{:?}", snapshot.problems);
    let facts = derive(&snapshot);
    let [id] = facts.of_kind("Event") else {
        panic!("{} events", facts.of_kind("Event").len());
    };
    let event = facts.get(*id);
    assert!(event.root().is_none(), "an event is no object of its own");
    assert!(event.field("metadata").is_none());
    assert!(event.field("note").is_none());
    assert_eq!(facts.events_about(&event.subject), [*id]);
    check(&facts, event);
}

/// All scalars in the order of the catalogue.
fn told(event: &Entity<'_>) -> Vec<Option<String>> {
    [
        &["reason"][..],
        &["type"],
        &["message"],
        &["count"],
        &["first"],
        &["last"],
        &["component"],
        &["host"],
        &["container"],
        &["regarding", "kind"],
        &["regarding", "namespace"],
        &["regarding", "name"],
        &["regarding", "uid"],
        &["regarding", "fieldPath"],
        &["regarding", "other"],
    ]
    .iter()
    .map(|path| event.str_at(path).map(str::to_owned))
    .collect()
}

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| Some((*text).to_owned())).collect()
}

const CORE: &str = "apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Event
  metadata: {name: a.1, namespace: shop, uid: e1, creationTimestamp: \"2026-07-14T09:00:00Z\"}
  involvedObject: {kind: Pod, namespace: shop, name: a, uid: u1, fieldPath: \"spec.containers{app}\"}
  reason: BackOff
  message: >-
    Back-off restarting
    failed container
  type: Warning
  count: 7
  firstTimestamp: \"2026-07-14T09:00:00Z\"
  lastTimestamp: \"2026-07-14T09:30:00Z\"
  source: {component: kubelet, host: n1}
";

#[test]
fn an_event_of_the_core_api_is_read_where_it_stands() {
    with(&[("events.yaml", CORE)], |facts, event| {
        let mut wanted = some(&[
            "BackOff",
            "Warning",
            "Back-off restarting failed container",
            "7",
            "2026-07-14T09:00:00Z",
            "2026-07-14T09:30:00Z",
            "kubelet",
            "n1",
            "app",
            "Pod",
            "shop",
            "a",
            "u1",
            "spec.containers{app}",
        ]);
        wanted.push(None);
        assert_eq!(told(event), wanted);
        let cited = |field: &str| {
            let cite = event.cite(field, event.field(field)?)?;
            assert_eq!(facts.snapshot.bundle.file(cite.file).path, "events.yaml");
            Some((cite.line, cite.end_line))
        };
        assert_eq!(cited("reason"), Some((8, 8)));
        assert_eq!(cited("type"), Some((12, 12)));
        let message = event.field("message").unwrap();
        let words = (message.line(), message.end_line());
        assert_eq!(cited("message"), Some(words));
        // What stands in other words than it is told in is quoted by the event's own.
        for field in [
            "count",
            "first",
            "last",
            "host",
            "component",
            "container",
            "regarding",
        ] {
            assert_eq!(cited(field), Some(words), "{field}");
        }
        assert_eq!(event.place().map(|it| (it.line, it.end_line)), Some(words));
    });
}

#[test]
fn an_event_of_the_newer_api_tells_the_same() {
    let text = r#"{"apiVersion": "v1", "kind": "List", "items": [
{"apiVersion": "events.k8s.io/v1", "kind": "Event",
 "metadata": {"name": "a.2", "namespace": "shop", "uid": "e2", "creationTimestamp": "2026-07-14T09:00:00Z"},
 "eventTime": "2026-07-14T09:00:00.250000Z",
 "reportingController": "default-scheduler",
 "regarding": {"kind": "Pod", "namespace": "shop", "name": "a"},
 "reason": "Scheduled",
 "note": "assigned to n1",
 "type": "Normal"}]}"#;
    with(&[("events.json", text)], |_, event| {
        let mut wanted = some(&[
            "Scheduled",
            "Normal",
            "assigned to n1",
            "1",
            "2026-07-14T09:00:00Z",
            "2026-07-14T09:00:00Z",
            "default-scheduler",
            "",
        ]);
        wanted.push(None);
        wanted.extend(some(&["Pod", "shop", "a", "", ""]));
        wanted.push(None);
        assert_eq!(told(event), wanted);
        // No container is known of an event about the pod as a whole.
        assert!(
            event
                .field("container")
                .is_some_and(coldcase_snapshot::packed::View::is_null)
        );
        assert_eq!(event.place().map(|it| it.line), Some(8));
        assert_eq!(event.subject, Identity::new("Pod", "shop", "a"));
    });
}

const NOW: (&str, &str) = (
    "bundle.yaml",
    "apiVersion: coldcase.dev/v1\nkind: Bundle\ncaptured_at: \"2026-07-14T10:00:00Z\"\n",
);

#[test]
fn an_event_of_a_table_has_its_subject_and_the_only_container() {
    let pods = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop, uid: u1, creationTimestamp: \"2026-07-14T08:00:00Z\"}\nspec: {containers: [{name: app, image: i}]}\nstatus: {phase: Running}\n";
    let table = "NAMESPACE   LAST SEEN   TYPE      REASON    OBJECT   MESSAGE\nshop        5m          Warning   BackOff   pod/a    Back-off restarting failed container\n";
    let files = [NOW, ("pods.yaml", pods), ("events.txt", table)];
    with(&files, |facts, event| {
        let told = told(event);
        assert_eq!(told[0].as_deref(), Some("BackOff"));
        assert_eq!(told[3].as_deref(), Some("1"));
        assert_eq!(told[5].as_deref(), Some("2026-07-14T09:55:00Z"));
        assert_eq!(told[8].as_deref(), Some("app"));
        assert_eq!(event.place().map(|it| it.line), Some(2));
        // Its subject is the pod's own identity.
        let pod = facts.get(facts.of_kind("Pod")[0]);
        assert_eq!(event.subject, pod.subject);
    });
}

#[test]
fn an_event_of_a_description_names_the_only_container() {
    let text = "Name:         a\nNamespace:    shop\nNode:         n1/10.0.0.1\nStatus:       Running\nContainers:\n  app:\n    Image:          i\n    State:          Running\n    Ready:          True\n    Restart Count:  0\nEvents:\n  Type     Reason   Age   From     Message\n  ----     ------   ----  ----     -------\n  Warning  BackOff  5m    kubelet  Back-off restarting failed container\n";
    with(&[NOW, ("describe.txt", text)], |_, event| {
        let told = told(event);
        assert_eq!(told[6].as_deref(), Some("kubelet"));
        assert_eq!(told[8].as_deref(), Some("app"));
        assert_eq!(event.place().map(|it| it.line), Some(14));
    });
}

#[test]
fn words_that_are_missing_are_empty_and_on_no_line() {
    let text = "apiVersion: v1
kind: Event
metadata: {name: a.3, namespace: shop, uid: e3}
involvedObject: {kind: \"\", namespace: shop, name: a}
type:
";
    with(&[("events.yaml", text)], |_, event| {
        for field in ["reason", "type"] {
            let word = event.field(field).unwrap();
            assert_eq!((word.as_str(), word.line()), (Some(""), 0), "{field}");
        }
        assert!(event.field("message").is_none());
        assert_eq!(event.subject.kind, "Unknown");
        assert_eq!(event.str_at(&["regarding", "kind"]), Some("Unknown"));
        assert!(event.field("first").is_none() && event.field("last").is_none());
        assert_eq!(event.place().map(|it| it.line), Some(3));
    });
}
