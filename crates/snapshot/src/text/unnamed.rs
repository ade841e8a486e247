//! Says whose the events are that a text prints without their object: of the only one that can be meant.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Found,
    tree::{put, text},
};
use crate::{hosts::UNNAMED, node::Node};

/// Pods of a text of which one is looked for.
const MOST: usize = 500;

/// Gives the events that nothing names to the only object of their kind that a text shows: people paste both for one
/// reason. Of several pods it is the only one in the state that the events are about; between two nobody chooses.
pub(super) fn name_unnamed(found: &mut Found) {
    let of_nobody = |root: &&Node| about(root, "name") == UNNAMED;
    let events = found.objects.iter().filter(of_nobody);
    let kinds: BTreeSet<String> = events.map(|root| about(root, "kind").to_owned()).collect();
    for kind in kinds {
        if let Some((name, place)) = only(found, &kind).or_else(|| in_state(found, &kind)) {
            call(found, &kind, &name, &place);
        }
    }
}

fn about<'n>(root: &'n Node, key: &str) -> &'n str {
    root.str_at(&["involvedObject", key]).unwrap_or("")
}

/// Objects of a kind: each name with its namespace, and the states that tables show.
fn shown<'f>(found: &'f Found, kind: &str) -> BTreeMap<(&'f str, &'f str), BTreeSet<&'f str>> {
    let mut all: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    let roots = found.objects.iter().chain(&found.documents);
    for root in roots.filter(|root| root.str_at(&["kind"]) == Some(kind)) {
        let Some(name) = root.str_at(&["metadata", "name"]) else {
            continue;
        };
        let place = root.str_at(&["metadata", "namespace"]).unwrap_or("");
        let states = all.entry((name, place)).or_default();
        states.extend(root.str_at(&["table", "status"]));
    }
    all
}

/// Whether events are of others than one object: of a second description without a name, or of a named object that is
/// none of these.
fn of_others(found: &Found, kind: &str, one: Option<&str>) -> bool {
    found.objects.iter().any(|root| {
        let name = about(root, "name");
        let unnamed = name.starts_with('<');
        unnamed && name != UNNAMED
            || !unnamed && about(root, "kind") == kind && one != Some(name) && !name.is_empty()
    })
}

/// The only object of a kind.
fn only(found: &Found, kind: &str) -> Option<(String, String)> {
    let shown = shown(found, kind);
    let ((name, place), _) = shown.first_key_value().filter(|_| shown.len() == 1)?;
    (!of_others(found, kind, Some(name))).then(|| ((*name).to_owned(), (*place).to_owned()))
}

/// The only pod in the state that the events are about, where the state of each is known.
fn in_state(found: &Found, kind: &str) -> Option<(String, String)> {
    if kind != "Pod" || of_others(found, kind, None) {
        return None;
    }
    let shown = shown(found, kind);
    // Each event asks each pod: a ticket shows a few.
    if shown.len() > MOST || shown.values().any(BTreeSet::is_empty) {
        return None;
    }
    let mut meant: Option<(&str, &str)> = None;
    let of_nobody = |root: &&Node| about(root, "kind") == kind && about(root, "name") == UNNAMED;
    for event in found.objects.iter().filter(of_nobody) {
        let part = |key| event.str_at(&[key]).unwrap_or("");
        let states = states(part("reason"), part("message"));
        if states.is_empty() {
            continue;
        }
        let is = |state: &&str| states.contains(&state.strip_prefix("Init:").unwrap_or(state));
        let mut pods = shown.iter().filter(|(_, of)| of.iter().any(is));
        let (pod, _) = pods.next().filter(|_| pods.next().is_none())?;
        if meant.is_some_and(|other| other != *pod) {
            return None;
        }
        meant = Some(*pod);
    }
    meant.map(|(name, place)| (name.to_owned(), place.to_owned()))
}

/// The states of a pod, as `get pods` words them, that an event is about; none for events that any pod may have.
fn states(reason: &str, message: &str) -> &'static [&'static str] {
    const UNPULLED: &[&str] = &[
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
    ];
    const UNMADE: &[&str] = &[
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    ];
    let says = |words: &[&str]| words.iter().any(|start| message.starts_with(start));
    match reason {
        "FailedScheduling" => &["Pending"],
        "FailedAttachVolume" | "FailedCreatePodSandBox" | "FailedMapVolume" | "FailedMount" => {
            &["ContainerCreating"]
        }
        "ErrImageNeverPull" | "InspectFailed" => UNPULLED,
        "BackOff" if says(&["Back-off pulling image"]) => UNPULLED,
        "BackOff" if says(&["Back-off restarting"]) => &["CrashLoopBackOff", "Error"],
        "Failed"
            if says(&[
                "Failed to pull image",
                "Error: ErrImage",
                "Error: ImagePull",
            ]) =>
        {
            UNPULLED
        }
        "Failed" if says(&["Error: "]) => UNMADE,
        _ => &[],
    }
}

/// Names the events of a kind that nothing named.
fn call(found: &mut Found, kind: &str, name: &str, place: &str) {
    let of_it = |root: &&mut Node| about(root, "kind") == kind && about(root, "name") == UNNAMED;
    for event in found.objects.iter_mut().filter(of_it) {
        let line = event.line;
        put(event, &["involvedObject", "name"], text(name, line));
        if !place.is_empty() {
            put(event, &["involvedObject", "namespace"], text(place, line));
            put(event, &["metadata", "namespace"], text(place, line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tree::map;

    fn event(name: &str) -> Node {
        let mut root = map(vec![("kind", text("Event", 3))], 3);
        put(&mut root, &["involvedObject", "kind"], text("Pod", 9));
        put(&mut root, &["involvedObject", "name"], text(name, 9));
        root
    }

    fn named(kind: &str, namespace: Option<&str>, name: &str) -> Node {
        let mut root = map(vec![("kind", text(kind, 3))], 3);
        if let Some(namespace) = namespace {
            put(&mut root, &["metadata", "namespace"], text(namespace, 3));
        }
        put(&mut root, &["metadata", "name"], text(name, 3));
        root
    }

    fn said(reason: &str, message: &str) -> Node {
        let mut root = event(UNNAMED);
        put(&mut root, &["reason"], text(reason, 9));
        put(&mut root, &["message"], text(message, 9));
        root
    }

    fn listed(name: &str, status: &str) -> Node {
        let mut root = named("Pod", Some("shop"), name);
        put(&mut root, &["table", "status"], text(status, 3));
        root
    }

    fn name(found: &Found, at: usize) -> Option<String> {
        let name = found.objects[at].str_at(&["involvedObject", "name"]);
        name.map(str::to_owned)
    }

    #[test]
    fn events_of_nobody_are_of_the_only_pod() {
        let mut found = Found {
            objects: vec![named("Pod", Some("shop"), "cart-0"), event(UNNAMED)],
            ..Found::default()
        };
        name_unnamed(&mut found);
        assert_eq!(name(&found, 1).as_deref(), Some("cart-0"));
        for other in [
            named("Pod", None, "db-0"),
            event("db-0"),
            event("<unnamed 2>"),
        ] {
            let mut found = Found {
                objects: vec![named("Pod", None, "cart-0"), event(UNNAMED), other],
                ..Found::default()
            };
            name_unnamed(&mut found);
            assert_eq!(name(&found, 1).as_deref(), Some(UNNAMED));
        }
    }

    #[test]
    fn of_several_pods_it_is_the_one_in_that_state() {
        let of = |objects: Vec<Node>| {
            let mut found = Found {
                objects,
                ..Found::default()
            };
            name_unnamed(&mut found);
            name(&found, 0).unwrap()
        };
        let key = || {
            said(
                "Failed",
                "Error: couldn't find key CARD in Secret shop/card",
            )
        };
        let (well, bad) = (
            listed("a", "Running"),
            listed("b", "CreateContainerConfigError"),
        );
        assert_eq!(of(vec![key(), well.clone(), bad.clone()]), "b");
        let pull = said("BackOff", "Back-off pulling image \"cart\"");
        let open = listed("c", "CreateContainerConfigError");
        let described = named("Pod", Some("shop"), "d");
        for objects in [
            vec![key(), bad.clone(), open],
            vec![key(), bad.clone(), described],
            vec![key(), bad.clone(), well.clone(), pull.clone()],
            vec![pull, bad.clone(), well.clone()],
            vec![said("Unhealthy", "Readiness probe failed"), bad, well],
        ] {
            assert_eq!(of(objects), UNNAMED);
        }
        let mut refused = said("FailedCreate", "Error creating: forbidden");
        put(
            &mut refused,
            &["involvedObject", "kind"],
            text("ReplicaSet", 9),
        );
        let sets = vec![refused, named("ReplicaSet", Some("shop"), "cart-7d")];
        assert_eq!(of(sets), "cart-7d");
    }
}
