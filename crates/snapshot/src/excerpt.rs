//! Reckons ages of an excerpt from its newest event: a ticket holds the rows that somebody thought worth pasting, and none of what came later.

use crate::{Snapshot, event::Event, hosts::UNNAMED, node::Node, object::Object};

/// The field of an event's root that keeps the age as it was printed, where `ageSeconds` is another.
const PRINTED: &str = "printedAgeSeconds";

/// What `kubectl` prints of an age that is nothing.
const NEW: i64 = 60;

/// Takes the newest event that has an age instead of a time for the present, if the text shows the state of no pod and
/// no command that asked for events: whether what it tells still holds is then not to be known otherwise, and it is what somebody asks about. Where
/// pods are shown, an old event is one that did not come again.
pub(crate) fn reckon(snapshot: &mut Snapshot<'_>) {
    if snapshot.objects.iter().any(shows_state) {
        return;
    }
    let aged = snapshot.events.iter();
    let aged = aged.filter_map(|event| Some((age(event, "ageSeconds")?, event)));
    let Some((newest, event)) = aged.min_by_key(|(age, _)| *age) else {
        return;
    };
    // What a command printed whole is no excerpt.
    let whole = snapshot
        .coverage
        .covers("Event", event.regarding.namespace.as_str());
    if newest <= NEW || whole || snapshot.events.iter().any(|event| event.last.is_some()) {
        return;
    }
    for event in &mut snapshot.events {
        let Some(printed) = age(event, "ageSeconds") else {
            continue;
        };
        let first = age(event, "firstAgeSeconds");
        event.object.root.edit(|root| {
            root.set(PRINTED, Node::number(printed));
            root.set("ageSeconds", Node::number(printed - newest));
            if let Some(first) = first {
                root.set("firstAgeSeconds", Node::number((first - newest).max(0)));
            }
        });
    }
}

/// Drops the sentences that a text quotes without their events, if pods were captured whole: notes that lie beside a
/// capture speak of what once was, and the capture tells what is.
pub(crate) fn forget_quotes(snapshot: &mut Snapshot<'_>) {
    let whole = |object: &Object| object.kind == "Pod" && !object.partial;
    if snapshot.objects.iter().any(whole) {
        let quoted = |event: &Event| {
            event.regarding.name == UNNAMED && event.object.root.str_at(&["quoted"]).is_some()
        };
        snapshot.events.retain(|event| !quoted(event));
    }
}

/// Whether it is a pod of which more than its name is told.
fn shows_state(object: &Object) -> bool {
    let root = object.root.view();
    object.kind == "Pod" && (root.get("status").is_some() || root.get("table").is_some())
}

fn age(event: &Event, field: &str) -> Option<i64> {
    event.object.root.int_at(&[field])
}

/// How long ago an event was when its text was printed, in seconds, if the text tells that instead of a time.
pub fn printed_age(event: &Event) -> Option<i64> {
    age(event, PRINTED).or_else(|| age(event, "ageSeconds"))
}

#[cfg(test)]
mod tests {
    use coldcase_bundle::Bundle;

    use super::*;

    const HEAD: &str = "LAST SEEN   TYPE      REASON         OBJECT       MESSAGE\n";
    const ROWS: &str = "32m         Warning   FailedCreate   job/import   Error creating: no\n59m         Normal    Created        job/import   made\n";

    fn ages(text: &str) -> Vec<(Option<i64>, Option<i64>)> {
        let bundle = Bundle::from_texts("t", [("ticket.txt", text)]);
        let snapshot = crate::read(&bundle);
        let of = |event: &Event| (age(event, "ageSeconds"), printed_age(event));
        let mut all: Vec<_> = snapshot.events.iter().map(of).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn the_newest_row_of_an_excerpt_is_the_present() {
        assert_eq!(
            ages(&format!("{HEAD}{ROWS}")),
            [(Some(0), Some(1_920)), (Some(1_620), Some(3_540))]
        );
    }

    #[test]
    fn what_a_command_printed_is_whole() {
        assert_eq!(
            ages(&format!("$ kubectl get events -A\n{HEAD}{ROWS}"))[0],
            (Some(1_920), Some(1_920))
        );
    }

    #[test]
    fn beside_pods_an_age_is_an_age() {
        let pods = "$ kubectl get pods\nNAME     READY   STATUS    RESTARTS   AGE\ncart-0   1/1     Running   0          3d\n";
        assert_eq!(
            ages(&format!("{pods}$ kubectl get events\n{HEAD}{ROWS}")),
            [(Some(1_920), Some(1_920)), (Some(3_540), Some(3_540))]
        );
    }

    #[test]
    fn what_notes_quote_beside_captured_pods_is_no_event() {
        let notes =
            "We see 0/3 nodes: what then?\n\n`0/3 nodes are available: 3 Insufficient cpu.`\n";
        let pods = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: cart-0, namespace: shop, uid: u}, spec: {}, status: {phase: Running}}\n";
        let events = |files: &[(&str, &str)]| {
            let bundle = Bundle::from_texts("t", files.iter().copied());
            crate::read(&bundle).events.len()
        };
        assert_eq!(events(&[("notes.md", notes)]), 1);
        assert_eq!(events(&[("notes.md", notes), ("pods.yaml", pods)]), 0);
        assert_eq!(events(&[("app.log", notes)]), 0, "a program's log");
    }

    #[test]
    fn a_new_row_is_as_new_as_it_says() {
        let new = ROWS.replace("32m", "9s ");
        assert_eq!(ages(&format!("{HEAD}{new}"))[0], (Some(9), Some(9)));
    }
}
