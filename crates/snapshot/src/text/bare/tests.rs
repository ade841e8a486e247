//! Tests of texts whose rows have no head, or one that no longer stands above them.

use coldcase_bundle::FileId;
use proptest::prelude::*;

use super::*;
use crate::{
    node::Node,
    text::{Context, Found, read},
};

fn found(text: &str) -> Found {
    read("ticket.txt", text, FileId(1), &Context::default()).unwrap_or_default()
}

fn said(object: &Node, path: &str) -> String {
    let keys: Vec<&str> = path.split('.').collect();
    object.str_at(&keys).unwrap_or("").to_owned()
}

/// Kind, name, reason and first age of each event.
fn events(text: &str) -> Vec<[String; 4]> {
    let paths = [
        "involvedObject.kind",
        "involvedObject.name",
        "reason",
        "firstAgeSeconds",
    ];
    let found = found(text).objects;
    let events = found
        .iter()
        .filter(|it| it.str_at(&["kind"]) == Some("Event"));
    events.map(|it| paths.map(|path| said(it, path))).collect()
}

fn event(parts: [&str; 4]) -> [String; 4] {
    parts.map(str::to_owned)
}

#[test]
fn rows_in_a_ticket() {
    let text = "Since the update two pods do not come up:\n\n\
        cart-7d4b9c-x2x1p  0/1  CrashLoopBackOff  7 (2m ago)  12m\n\
        cart-7d4b9c-k8lzq  0/1  ImagePullBackOff  0  12m\n\n\
        and the events say\n\n\
        2m   Warning  BackOff  pod/cart-7d4b9c-x2x1p  Back-off restarting failed container\n\
        any idea?\n\
        w3   NotReady   <none>   12d   v1.31.2\n";
    let ticket = found(text);
    let kinds: Vec<String> = ticket.objects.iter().map(|it| said(it, "kind")).collect();
    assert_eq!(kinds, ["Pod", "Pod", "Event", "Node"]);
    assert_eq!(ticket.objects[0].int_at(&["table", "restarts"]), Some(7));
    assert_eq!(ticket.objects[0].line, 3);
    assert_eq!(
        said(&ticket.objects[2], "message"),
        "Back-off restarting failed container"
    );
    // Rows of a part of a table list nothing.
    assert!(ticket.lists.is_empty() && ticket.somewhere.is_empty());
    let command = format!(
        "$ kubectl get pods -n shop\n{}",
        "cart-0 0/1 Pending 0 5m\n"
    );
    let below = found(&command);
    assert_eq!(said(&below.objects[0], "metadata.namespace"), "shop");
    assert!(below.lists.is_empty());
}

#[test]
fn the_events_of_a_description_alone() {
    let text = "Events:\n  Type     Reason            Age                From               Message\n  ----     ------            ----               ----               -------\n  \
        Warning  FailedScheduling  3m (x12 over 9m)   default-scheduler  0/3 nodes are available: 3 Insufficient cpu.\n  \
        Warning  FailedScheduling  9m                 default-scheduler  0/3 nodes are available: 3 Insufficient cpu.\n";
    let unnamed = crate::hosts::UNNAMED;
    assert_eq!(
        events(text),
        [
            event(["Pod", unnamed, "FailedScheduling", "540"]),
            event(["Pod", unnamed, "FailedScheduling", "540"]),
        ]
    );
    let two = "Warning BackOff 3m kubelet, w1 Back-off restarting failed container\n\nThe other one:\n\nWarning Unhealthy 3m kubelet Readiness probe failed: 503\n";
    assert_eq!(events(two)[1][1], "<unnamed 2>");
    let old = "4m 4m 1 {default-scheduler } Normal Scheduled Successfully assigned shop/cart-0 to w1\n4m 1m 9 {kubelet w1} spec.containers{cart} Warning BackOff Back-off restarting failed container\n";
    assert_eq!(
        events(old),
        [
            event(["Pod", "cart-0", "Scheduled", "240"]),
            event(["Pod", "cart-0", "BackOff", "240"]),
        ]
    );
}

#[test]
fn old_tables_whose_blanks_were_lost() {
    let head = "LASTSEEN FIRSTSEEN COUNT NAME KIND SUBOBJECT TYPE REASON SOURCE MESSAGE";
    let rows = [
        "1m 1h 31 cart-0.155eb6cb8bda8fd2 Pod spec.containers{cart} Warning BackOff kubelet, w1 Back-off pulling image",
        "1m   1h  1    cart-0.155eb6cb8bda8fd3   Pod      Warning   FailedMount   kubelet, w1   MountVolume.SetUp failed",
        "1m\t1h\t1\tcart.155eb6cb8bda8fd4\tReplicaSet\t\tWarning\tFailedCreate\treplicaset-controller\tError creating: pods \"cart-\" is forbidden",
    ];
    for head in [
        head.to_owned(),
        head.replace(' ', "   "),
        head.replace(' ', "\t"),
        String::new(),
    ] {
        let text = format!("{head}\n{}\n", rows.join("\n"));
        assert_eq!(
            events(&text),
            [
                event(["Pod", "cart-0", "BackOff", "3600"]),
                event(["Pod", "cart-0", "FailedMount", "3600"]),
                event(["ReplicaSet", "cart", "FailedCreate", "3600"]),
            ],
            "{head}"
        );
    }
}

#[test]
fn tables_with_few_blanks() {
    let text = "NAMESPACE NAME READY STATUS  RESTARTS AGE NOMINATED NODE\nshop cart-0 0/1 Error 5 (3m ago) 2d <none>\n";
    let pod = found(text).objects.remove(0);
    assert_eq!(said(&pod, "metadata.namespace"), "shop");
    assert_eq!(said(&pod, "table.status"), "Error");
    let own = "NAME   SYNC STATUS   HEALTH STATUS\ncart   Synced        Healthy\n";
    let header = Header::read(own.lines().next().unwrap()).unwrap();
    assert_eq!(header.columns, ["NAME", "SYNC STATUS", "HEALTH STATUS"]);
}

#[test]
fn columns_of_ones_own() {
    let text = "$ kubectl get ev -n shop -o custom-columns=LAST:.lastTimestamp,TYPE:.type,REASON:.reason,OBJECT:.involvedObject.name,MESSAGE:.message\n\
        LAST                   TYPE      REASON    OBJECT   MESSAGE\n\
        2026-03-04T05:06:07Z   Warning   BackOff   cart-0   Back-off restarting failed container\n";
    let without = text.split_once('\n').unwrap().1;
    for text in [text, without] {
        let event = found(text).objects.remove(0);
        assert_eq!(said(&event, "kind"), "Event", "{text}");
        assert_eq!(said(&event, "lastTimestamp"), "2026-03-04T05:06:07Z");
        assert_eq!(said(&event, "involvedObject.kind"), "Pod");
        assert_eq!(said(&event, "involvedObject.name"), "cart-0");
        assert_eq!(
            said(&event, "message"),
            "Back-off restarting failed container"
        );
    }
}

fn messages(text: &str) -> Vec<String> {
    let found = found(text).objects;
    let events = found
        .iter()
        .filter(|it| it.str_at(&["kind"]) == Some("Event"));
    events.map(|it| said(it, "message")).collect()
}

#[test]
fn a_message_goes_on_at_the_left_edge() {
    let head = "Events:\n  Type     Reason       Age   From     Message\n  ----     ------       ----  ----     -------\n";
    let row = "  Warning  FailedMount  65s   kubelet  mount failed: exit status 32\n";
    let more = "Mounting command: mount\nOutput: mount.nfs: access denied\n";
    let next = "  **Warning  FailedMount  21s  kubelet  Unable to mount volumes**\n";
    let whole =
        "mount failed: exit status 32\nMounting command: mount\nOutput: mount.nfs: access denied";
    let after = "\nany idea?\n";
    for text in [
        format!("It fails.\n\n{head}{row}{more}{next}{after}"),
        format!("It fails.\n```\n{row}{more}{next}```\n{after}"),
        format!("It fails.\n```\n{row}{more}{next}{after}```\n"),
    ] {
        assert_eq!(
            messages(&text),
            [whole, "Unable to mount volumes"],
            "{text}"
        );
        let names: Vec<String> = events(&text)
            .into_iter()
            .map(|[_, name, ..]| name)
            .collect();
        assert_eq!(names, [crate::hosts::UNNAMED; 2]);
    }
    // Neither head nor fence: it may be what somebody asks.
    let open = format!("It fails.\n\n{row}any idea?\n");
    assert_eq!(messages(&open), ["mount failed: exit status 32"]);
    let answer = format!("{head}{row}Error from server (NotFound): pods \"cart-0\" not found\n");
    assert_eq!(messages(&answer), ["mount failed: exit status 32"]);
}

#[test]
fn frames_and_hidden_names() {
    let text = "│   Normal   Pulled  17s  kubelet  Image is present              │\n│   Warning  Failed  16s (x4 over 25s)  kubelet, <redacted-address>  Error: no key\n";
    assert_eq!(messages(text), ["Image is present", "Error: no key"]);
    let found = found(text);
    assert_eq!(said(&found.objects[1], "source.component"), "kubelet");
    assert_eq!(found.objects[1].at(&["source", "host"]), None);
}

#[test]
fn times_and_the_name_of_an_event() {
    let text = "```\n2026-03-04T05:06:07Z   2026-03-04T05:08:07Z   load-4.15f867a4e7028249   Job   FailedCreate   Error creating: pods \"load-4-9\" is forbidden\n```\n";
    let found = found(text);
    let event = &found.objects[0];
    for (path, expected) in [
        ("involvedObject.kind", "Job"),
        ("involvedObject.name", "load-4"),
        ("lastTimestamp", "2026-03-04T05:08:07Z"),
        ("firstTimestamp", "2026-03-04T05:06:07Z"),
        ("message", "Error creating: pods \"load-4-9\" is forbidden"),
    ] {
        assert_eq!(said(event, path), expected);
    }
    assert!(found.logs.is_empty());
}

proptest! {
    #[test]
    fn any_text_is_safe(text in "(Warning|Normal|BackOff|pod/web-0|kubelet,|[0-9]m|0/1|\\(x3 over|Pod|spec.containers\\{a\\}|[é{}(), \\t\\n-]){0,40}") {
        let _ = is_in(&text);
        for line in text.lines() {
            if let Some((columns, cells)) = cut(line) {
                prop_assert_eq!(columns.len(), cells.len());
                prop_assert!(cells.iter().all(|cell| line.contains(cell)));
            }
        }
    }
}
