//! The rule language itself: errors with their place, windows at their edge, alternatives, three values.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is the failure report of a test"
)]

use coldcase_bundle::Bundle;
use coldcase_rules::{RuleSet, evaluate};

/// A whole rule around a `match`.
fn rule(steps: &str) -> String {
    format!(
        "id: t\ntitle: t\nlayer: app\nseverity: low\nrole: risk\nconfidence: firm\nsubject: p\nmatch:\n{steps}\nmeaning: m\nnext: {{observe: [o], verify: [v]}}\ntests: []\n"
    )
}

fn errors(text: &str) -> String {
    match RuleSet::load(vec![("app/t.yaml".to_owned(), text.to_owned())]) {
        Ok(_) => "no error".to_owned(),
        Err(errors) => errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

#[test]
fn every_slip_is_named_with_its_place_and_a_suggestion() {
    let slip = |steps: &str| errors(&rule(steps));
    let cases = [
        (
            "  - find: Pood p",
            "app/t.yaml:9:11: unknown kind `Pood`; did you mean `Pod`?",
        ),
        (
            "  - find: Pod p\n    where: {status.phse: x}",
            "app/t.yaml:10:13: `status.phse`: Pod has no field `phse` there; did you mean `phase`?",
        ),
        (
            "  - find: Pod p\n  - find: nod n of p",
            "app/t.yaml:10:11: unknown relation `nod`; did you mean `node`?",
        ),
        (
            "  - find: Pod p\n  - find: node n of q",
            "app/t.yaml:10:11: nothing is bound to `q`; did you mean `p`?",
        ),
        (
            "  - find: Pod p\n    wher: {}",
            "app/t.yaml:10:5: unknown key `wher`; did you mean `where`?",
        ),
        (
            "  - find: Pod p\n  - find: log l of p",
            "app/t.yaml:10:11: lines are found by their text: add `where: {text: {matches: …}}`",
        ),
        (
            "  - find: Pod p\n    where: {metadata.name: {matches: 'a*'}}",
            "app/t.yaml:10:38: the pattern matches the empty text",
        ),
        (
            "  - find: Pod p\n    where: {metadata.name: {matches: '('}}",
            "app/t.yaml:10:38: not a regex: error: unclosed group",
        ),
        (
            "  - find: Pod p\n    where: {age: {newer_than: soon}}",
            "app/t.yaml:10:31: `soon` is no duration; write 30s, 10m, 1h30m, 2d",
        ),
    ];
    for (steps, expected) in cases {
        assert_eq!(slip(steps), expected);
    }
    let twice = rule("  - find: Pod p").replace("severity: low", "severity: low\nseverity: high");
    assert_eq!(errors(&twice), "app/t.yaml:5:1: `severity` is given twice");
    let unknown = rule("  - find: Pod p").replace("title: t", "title: '{x.name}'");
    assert_eq!(
        errors(&unknown),
        "app/t.yaml:2:8: nothing is bound to `x`; did you mean `p`?"
    );
}

#[test]
fn a_circle_of_causes_is_refused() {
    let with = |id: &str, other: &str| {
        let text = rule("  - find: Pod p").replace("id: t", &format!("id: {id}"));
        (
            format!("app/{id}.yaml"),
            format!("{text}explains: [{{rule: {other}, along: pod}}]\n"),
        )
    };
    let result = RuleSet::load(vec![with("a", "b"), with("b", "a")]);
    let text = result
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    assert_eq!(
        text,
        "app/b.yaml:13:12: `explains` runs in a circle: a → b → a"
    );
}

const POD: &str = "items:\n- {apiVersion: v1, kind: Pod, metadata: {name: a, namespace: n, uid: u, creationTimestamp: \"2026-07-14T08:00:00Z\"}, spec: {containers: [{name: c}]}, status: {phase: Running}}\n";

fn event(uid: &str, reason: &str, time: &str) -> String {
    format!(
        "- {{apiVersion: v1, kind: Event, metadata: {{name: {uid}, namespace: n, uid: {uid}}}, involvedObject: {{kind: Pod, namespace: n, name: a}}, reason: {reason}, message: m, type: Warning, count: 1, firstTimestamp: \"{time}\", lastTimestamp: \"{time}\"}}\n"
    )
}

/// How often a rule fires, and how often it is undecided.
fn outcome(steps: &str, events: &str) -> (usize, usize) {
    let rules = RuleSet::load(vec![("app/t.yaml".to_owned(), rule(steps))]).unwrap();
    let list = format!("items:\n{events}");
    let mut files = vec![
        (
            "bundle.yaml",
            "apiVersion: coldcase.dev/v1\nkind: Bundle\ncaptured_at: \"2026-07-14T10:00:00Z\"\n",
        ),
        ("cluster/pods.yaml", POD),
    ];
    if !events.is_empty() {
        files.push(("cluster/events.yaml", &list));
    }
    let bundle = Bundle::from_texts("t", files);
    let snapshot = coldcase_snapshot::read(&bundle);
    assert!(snapshot.problems.is_empty(), "{:?}", snapshot.problems);
    let facts = coldcase_facts::derive(&snapshot);
    let evaluation = evaluate(&rules, &facts);
    (evaluation.findings.len(), evaluation.unknown.len())
}

#[test]
fn a_window_holds_its_edge_and_nothing_beyond() {
    let steps = "  - find: Pod p\n  - count: event of p\n    in_any: 60s\n    is: {at_least: 3}";
    let at = |times: [&str; 3]| {
        let text: String = times
            .iter()
            .enumerate()
            .map(|(n, time)| event(&format!("e{n}"), "X", time))
            .collect::<Vec<_>>()
            .concat();
        outcome(steps, &text).0
    };
    assert_eq!(
        at([
            "2026-07-14T09:00:00Z",
            "2026-07-14T09:00:30Z",
            "2026-07-14T09:01:00Z"
        ]),
        1
    );
    assert_eq!(
        at([
            "2026-07-14T09:00:00Z",
            "2026-07-14T09:00:30Z",
            "2026-07-14T09:01:01Z"
        ]),
        0
    );
    let within = "  - find: Pod p\n  - find: event e of p\n    where: {reason: A}\n  - find: event f of p\n    where: {reason: B, first: {within: 60s, after: $e.first}}";
    let pair = |b: &str| {
        outcome(
            within,
            &format!(
                "{}{}",
                event("a", "A", "2026-07-14T09:00:00Z"),
                event("b", "B", b)
            ),
        )
        .0
    };
    assert_eq!(
        (
            pair("2026-07-14T09:01:00Z"),
            pair("2026-07-14T09:01:01Z"),
            pair("2026-07-14T08:59:59Z")
        ),
        (1, 0, 0)
    );
}

#[test]
fn a_missing_source_is_unknown_and_an_absent_thing_is_not() {
    let find = "  - find: Pod p\n  - find: event e of p\n    where: {reason: A}";
    let none = "  - find: Pod p\n  - none: event of p\n    where: {reason: A}";
    let other = event("b", "B", "2026-07-14T09:00:00Z");
    assert_eq!(outcome(find, &other), (0, 0));
    assert_eq!(outcome(none, &other), (1, 0));
    assert_eq!(outcome(find, ""), (0, 1));
    assert_eq!(outcome(none, ""), (0, 1));
    let maybe = "  - find: Pod p\n  - maybe: event e of p";
    assert_eq!(outcome(maybe, ""), (1, 0));
}

#[test]
fn alternatives_at_the_beginning_do_not_hide_each_other() {
    let steps = "  - any:\n      - [{find: Event p, where: {reason: A}}]\n      - [{find: Event p, where: {reason: B}}]";
    let both = format!(
        "{}{}",
        event("a", "A", "2026-07-14T09:00:00Z"),
        event("b", "B", "2026-07-14T09:00:01Z")
    );
    let rules = RuleSet::load(vec![("app/t.yaml".to_owned(), rule(steps))]).unwrap();
    let list = format!("items:\n{both}");
    let bundle = Bundle::from_texts(
        "t",
        [
            ("cluster/pods.yaml", POD),
            ("cluster/events.yaml", list.as_str()),
        ],
    );
    let snapshot = coldcase_snapshot::read(&bundle);
    let facts = coldcase_facts::derive(&snapshot);
    assert_eq!(evaluate(&rules, &facts).findings[0].rows.len(), 2);
}

#[test]
fn what_may_be_older_than_is_known_is_undecided_and_what_is_newest_is_new() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: n, uid: u, creationTimestamp: \"2026-07-14T10:00:00Z\"}\nspec: {containers: [{name: c, image: i}]}\nstatus: {phase: Pending}\n";
    let with = |test: &str| {
        let steps =
            format!("  - find: Pod p\n    where: {{metadata.creationTimestamp: {{{test}}}}}");
        let rules = RuleSet::load(vec![("app/t.yaml".to_owned(), rule(&steps))]).unwrap();
        // Nothing but the pod itself tells when this was captured.
        let bundle = Bundle::from_texts("t", [("pod.yaml", pod)]);
        let snapshot = coldcase_snapshot::read(&bundle);
        let facts = coldcase_facts::derive(&snapshot);
        let evaluation = evaluate(&rules, &facts);
        (evaluation.findings.len(), evaluation.unknown.len())
    };
    assert_eq!(with("older_than: 10m"), (0, 1));
    assert_eq!(with("newer_than: 10m"), (1, 0));
}

/// How often a rule fires on some files, and how often it is undecided.
fn decided(steps: &str, files: &[(&str, &str)]) -> (usize, usize) {
    let rules = RuleSet::load(vec![("app/t.yaml".to_owned(), rule(steps))]).unwrap();
    let bundle = Bundle::from_texts("t", files.iter().copied());
    let snapshot = coldcase_snapshot::read(&bundle);
    let facts = coldcase_facts::derive(&snapshot);
    let evaluation = evaluate(&rules, &facts);
    (evaluation.findings.len(), evaluation.unknown.len())
}

#[test]
fn the_last_lines_of_a_log_without_stamps_are_new() {
    let meta = (
        "bundle.yaml",
        "apiVersion: coldcase.dev/v1\nkind: Bundle\ncaptured_at: \"2026-07-14T10:00:00Z\"\n",
    );
    let steps = "  - find: Pod p\n  - find: log l of p\n    where: {text: {contains: no route}, time: {newer_than: 5m}}";
    let log = "cluster/logs/n/a/c.log";
    let with = |text: &str| decided(steps, &[meta, ("cluster/pods.yaml", POD), (log, text)]);
    let many = "serving\n".repeat(20);
    assert_eq!(with("starting\nno route to the store\n"), (1, 0));
    assert_eq!(with(&format!("no route to the store\n{many}")), (0, 0));
    let old = "2026-07-14T08:00:00Z no route to the store\n";
    assert_eq!(with(old), (0, 0));
}

#[test]
fn described_objects_stay_and_are_as_old_as_their_events() {
    let described = |events: &str| {
        format!(
            "$ kubectl describe pvc media -n shop\nName:          media\nNamespace:     shop\nStorageClass:  fast\nStatus:        Pending\nEvents:\n{events}"
        )
    };
    let rows = |span: &str| {
        described(&format!(
            "  Type     Reason              Age   From  Message\n  ----     ------              ----  ----  -------\n  Warning  ProvisioningFailed  {span}   csi   denied\n"
        ))
    };
    let old = "  - find: PersistentVolumeClaim p\n    where: {metadata.creationTimestamp: {older_than: 5m}, metadata.deletionTimestamp: {exists: false}}";
    let with = |text: &str| decided(old, &[("ticket.txt", text)]);
    assert_eq!(with(&rows("2s (x9 over 20m)")), (1, 0));
    assert_eq!(with(&rows("2s (x3 over 90s)")), (0, 1));
    assert_eq!(with(&described("  <none>\n")), (0, 1));
}
