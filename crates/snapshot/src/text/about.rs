//! Says what an event is about where its text leaves that out: the kind by who reported what, the name by the message.

use super::{
    resource,
    tree::{put, text},
};
use crate::{hosts::UNNAMED, node::Node};

/// Controllers that report of one kind only, and that kind.
const CONTROLLERS: &[(&str, &str)] = &[
    ("attachdetach-controller", "Pod"),
    ("cronjob-controller", "CronJob"),
    ("daemonset-controller", "DaemonSet"),
    ("default-scheduler", "Pod"),
    ("deployment-controller", "Deployment"),
    ("endpoint-controller", "Service"),
    ("horizontal-pod-autoscaler", "HorizontalPodAutoscaler"),
    ("job-controller", "Job"),
    ("kube-proxy", "Node"),
    ("persistentvolume-controller", "PersistentVolumeClaim"),
    ("replicaset-controller", "ReplicaSet"),
    ("replication-controller", "ReplicationController"),
    ("service-controller", "Service"),
    ("statefulset-controller", "StatefulSet"),
    ("taint-eviction-controller", "Pod"),
];

/// Reasons that only events of pods have.
const OF_PODS: &[&str] = &[
    "BackOff",
    "Created",
    "ErrImageNeverPull",
    "ExceededGracePeriod",
    "FailedAttachVolume",
    "FailedCreatePodSandBox",
    "FailedKillPod",
    "FailedMapVolume",
    "FailedMount",
    "FailedPostStartHook",
    "FailedPreStopHook",
    "FailedScheduling",
    "FailedSync",
    "InspectFailed",
    "Killing",
    "NetworkNotReady",
    "PodIPChanged",
    "Preempted",
    "ProbeWarning",
    "Pulled",
    "Pulling",
    "SandboxChanged",
    "Scheduled",
    "Started",
    "SuccessfulAttachVolume",
    "SuccessfulMountVolume",
    "TaintManagerEviction",
    "Unhealthy",
];

/// The kind of the object that an event is about.
pub(super) fn kind(event: &Node) -> Option<&'static str> {
    let part = |path: &[&str]| event.str_at(path).unwrap_or("");
    if OF_PODS.contains(&part(&["reason"])) {
        return Some("Pod");
    }
    let component = part(&["source", "component"]);
    let known = CONTROLLERS.iter().find(|(name, _)| *name == component);
    if let Some((_, kind)) = known {
        return Some(kind);
    }
    // The kubelet speaks of its node or of a pod there.
    let of_node = component == "kubelet" && part(&["reason"]).starts_with("Node");
    if of_node {
        return Some("Node");
    }
    let of_container = part(&["involvedObject", "fieldPath"]).starts_with("spec.");
    (of_container || component == "kubelet" && part(&["reason"]) == "Failed").then_some("Pod")
}

/// Says of events that one description printed what they are about. What has no name is called so, and each
/// description's object is one of its own.
pub(super) fn name_all(objects: &mut [Node], from: usize) {
    let (before, events) = objects.split_at_mut(from.min(objects.len()));
    let mut kinds: Vec<&'static str> = events.iter().filter_map(kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let [kind] = kinds.as_slice() else {
        return;
    };
    let told = events
        .iter()
        .find_map(|event| named(event.str_at(&["message"])?));
    let (namespace, name) = match (told, *kind) {
        (Some((namespace, name)), "Pod") => (namespace.to_owned(), name.to_owned()),
        _ => (String::new(), unnamed(before)),
    };
    for event in events {
        let line = event.line;
        put(event, &["involvedObject", "kind"], text(kind, line));
        put(event, &["involvedObject", "name"], text(&name, line));
        let path = ["involvedObject", "namespace"];
        if !namespace.is_empty() && event.at(&path).is_none() {
            put(event, &path, text(&namespace, line));
            put(event, &["metadata", "namespace"], text(&namespace, line));
        }
    }
}

/// Says of events what the command named that printed them. A pod whose name only begins so is named by a message.
pub(super) fn call(events: &mut [Node], (kind, name): (&str, &str), namespace: &str) {
    let told = events
        .iter()
        .filter_map(|event| named(event.str_at(&["message"])?))
        .find(|(_, told)| kind == "Pod" && told.starts_with(name));
    let (told, name) = told.unwrap_or(("", name));
    let namespace = [namespace, told].into_iter().find(|it| !it.is_empty());
    let (name, namespace) = (name.to_owned(), namespace.map(str::to_owned));
    for event in events {
        let line = event.line;
        put(event, &["involvedObject", "kind"], text(kind, line));
        put(event, &["involvedObject", "name"], text(&name, line));
        let namespace = namespace
            .as_deref()
            .filter(|_| !resource::cluster_scoped(kind));
        if let Some(namespace) = namespace {
            put(
                event,
                &["involvedObject", "namespace"],
                text(namespace, line),
            );
            put(event, &["metadata", "namespace"], text(namespace, line));
        }
    }
}

/// Namespace and name of the pod that a message names: `… in pod web-0_shop(1f7c…)`, `Successfully assigned shop/web-0 to …`.
fn named(message: &str) -> Option<(&str, &str)> {
    if let Some(rest) = message.strip_prefix("Successfully assigned ") {
        let (pod, _) = rest.split_once(" to ")?;
        return pod.split_once('/');
    }
    let (_, rest) = message.rsplit_once(" in pod ")?;
    let (pod, _) = rest.split_once('(')?;
    let (name, namespace) = pod.trim_matches('"').split_once('_')?;
    let plain = |text: &str| !text.is_empty() && !text.contains([' ', '_']);
    (plain(name) && plain(namespace)).then_some((namespace, name))
}

/// A name for what has none, other than those before.
fn unnamed(before: &[Node]) -> String {
    let taken = |name: &str| {
        before
            .iter()
            .any(|object| object.str_at(&["involvedObject", "name"]) == Some(name))
    };
    let others = (2..).map(|number| format!("<unnamed {number}>"));
    std::iter::once(UNNAMED.to_owned())
        .chain(others)
        .find(|name| !taken(name))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tree::map;

    fn event(reason: &str, component: &str, message: &str) -> Node {
        let mut root = map(vec![("kind", text("Event", 1))], 1);
        put(&mut root, &["reason"], text(reason, 1));
        put(&mut root, &["source", "component"], text(component, 1));
        put(&mut root, &["message"], text(message, 1));
        root
    }

    #[test]
    fn the_kind_follows_from_who_says_what() {
        for (reason, component, expected) in [
            ("BackOff", "", Some("Pod")),
            ("Failed", "kubelet", Some("Pod")),
            ("NodeHasDiskPressure", "kubelet", Some("Node")),
            ("FailedCreate", "replicaset-controller", Some("ReplicaSet")),
            ("FailedCreate", "", None),
            ("Sync", "nginx-ingress-controller", None),
        ] {
            assert_eq!(kind(&event(reason, component, "")), expected, "{reason}");
        }
    }

    #[test]
    fn a_description_is_of_one_object() {
        let mut events = vec![
            event(
                "Scheduled",
                "default-scheduler",
                "Successfully assigned shop/cart-0 to w1",
            ),
            event("BackOff", "kubelet", "Back-off restarting failed container"),
        ];
        name_all(&mut events, 0);
        for event in &events {
            assert_eq!(event.str_at(&["involvedObject", "name"]), Some("cart-0"));
            assert_eq!(event.str_at(&["metadata", "namespace"]), Some("shop"));
        }
        events.push(event("Unhealthy", "kubelet", "Readiness probe failed"));
        name_all(&mut events, 2);
        events.push(event("Unhealthy", "kubelet", "Readiness probe failed"));
        name_all(&mut events, 3);
        let name = |at: usize| events[at].str_at(&["involvedObject", "name"]);
        assert_eq!((name(2), name(3)), (Some(UNNAMED), Some("<unnamed 2>")));
        assert_eq!(
            named("Back-off restarting failed container cart in pod cart-0_shop(1f7c)"),
            Some(("shop", "cart-0"))
        );
    }
}
