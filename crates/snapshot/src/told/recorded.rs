//! Reads the events that components log as they record them, and what the scheduler logs of pods.

use super::{
    About, Told, names,
    said::{Said, quoted},
};

/// The event of a line that a recorder or the scheduler wrote.
pub(super) fn event(said: &Said<'_>) -> Option<Told> {
    let text = &*said.text;
    if text == "Event occurred" {
        return occurred(said);
    }
    if text.starts_with("Event(v1.ObjectReference{") {
        return referenced(text);
    }
    scheduled(said)
}

/// `"Event occurred" object="shop/web-1" fieldPath="" kind="Pod" apiVersion="v1" type="Warning" reason="…" message="…"`
fn occurred(said: &Said<'_>) -> Option<Told> {
    let object = said.get("object");
    let (namespace, name) = object.split_once('/').unwrap_or(("", object));
    let about = About {
        kind: said.get("kind").to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        uid: String::new(),
        field_path: said.get("fieldPath").to_owned(),
    };
    let words = (said.get("type"), said.get("reason"), said.get("message"));
    let mut told = recorded(about, words)?;
    let logger = said.get("logger");
    if names::is_name(logger) {
        told.component = Some(logger.to_owned());
    }
    Some(told)
}

/// `Event(v1.ObjectReference{Kind:"Pod", Namespace:"shop", …}): type: 'Warning' reason: 'FailedMount' …`
fn referenced(text: &str) -> Option<Told> {
    let (reference, rest) = text.split_once("}): type: '")?;
    let (kind, rest) = rest.split_once("' reason: '")?;
    let (reason, message) = rest.split_once('\'')?;
    let field = |key: &str| {
        let (_, rest) = reference.split_once(key)?;
        quoted(rest).map(|(value, _)| value.into_owned())
    };
    let about = About {
        kind: field("{Kind:")?,
        namespace: field(" Namespace:")?,
        name: field(" Name:")?,
        uid: field(" UID:")
            .filter(|uid| names::is_uid(uid))
            .unwrap_or_default(),
        field_path: field(" FieldPath:").unwrap_or_default(),
    };
    recorded(about, (kind, reason, message.trim_start()))
}

fn recorded(mut about: About, (kind, reason, message): (&str, &str, &str)) -> Option<Told> {
    let placed = about.namespace.is_empty() || names::is_label(&about.namespace);
    let fits = placed
        && names::is_word(&about.kind)
        && names::is_name(&about.name)
        && names::is_word(reason)
        && matches!(kind, "Normal" | "Warning");
    if about.kind == "Node" {
        about.namespace.clear();
        // Kubelets write their node's name for its uid.
        about.uid.clear();
    }
    if !names::is_field_path(&about.field_path) {
        about.field_path.clear();
    }
    fits.then(|| Told {
        about,
        reason: reason.to_owned(),
        message: message.to_owned(),
        warning: kind == "Warning",
        component: None,
        recorded: true,
        unplaced: false,
    })
}

/// Pods that found no node, and those that did.
fn scheduled(said: &Said<'_>) -> Option<Told> {
    let text = &*said.text;
    if text == "Successfully bound pod to node" {
        let pod = said.pod()?;
        let (namespace, name, _) = pod;
        let node = Some(said.get("node")).filter(|node| names::is_name(node))?;
        let message = format!("Successfully assigned {namespace}/{name} to {node}");
        return Some(
            Told::of_pod(pod, "Scheduled", message)
                .normal()
                .by(SCHEDULER),
        );
    }
    let rest = text.strip_prefix("Unable to schedule ")?;
    let unplaced = |pod, why: &str| {
        let message = if why.is_empty() { NO_NODES } else { why };
        Told::of_pod(pod, "FailedScheduling", message.to_owned()).by(SCHEDULER)
    };
    if rest.starts_with("pod; no fit") {
        let why = Some(said.get("err")).filter(|why| !why.is_empty())?;
        return Some(unplaced(said.pod()?, why));
    }
    if rest.starts_with("pod; no nodes are registered") {
        return Some(unplaced(said.pod()?, ""));
    }
    // `Unable to schedule shop/web-1: no fit: 0/3 nodes are available: …; waiting`
    let (pod, why) = rest.split_once(": no fit: ")?;
    let (namespace, name) = pod.split_once('/')?;
    let why = why.trim_end().strip_suffix("; waiting").unwrap_or(why);
    names::is_pod(namespace, name).then(|| unplaced((namespace, name, ""), why))
}

const SCHEDULER: &str = "default-scheduler";
const NO_NODES: &str = "no nodes available to schedule pods";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_as_they_are_recorded() {
        for (body, expected) in [
            (
                r#""Event occurred" logger="replicaset-controller" object="shop/web-7d" fieldPath="" kind="ReplicaSet" apiVersion="apps/v1" type="Warning" reason="FailedCreate" message="Error creating: failed calling webhook \"v.k\"""#,
                Some(
                    "ReplicaSet shop/web-7d FailedCreate: Error creating: failed calling webhook \"v.k\"",
                ),
            ),
            (
                r#"Event(v1.ObjectReference{Kind:"Pod", Namespace:"shop", Name:"web-1", UID:"u-1", APIVersion:"v1", ResourceVersion:"1", FieldPath:"spec.containers{app}"}): type: 'Warning' reason: 'FailedAttachVolume' Multi-Attach error for volume "v" can't"#,
                Some(
                    "Pod shop/web-1 u-1 spec.containers{app} FailedAttachVolume: Multi-Attach error for volume \"v\" can't",
                ),
            ),
            (
                r#"Event(v1.ObjectReference{Kind:"Node", Namespace:"", Name:"w1", UID:"w1", APIVersion:"", ResourceVersion:"", FieldPath:""}): type: 'Normal' reason: 'NodeNotReady' Node w1 status is now: NodeNotReady"#,
                Some("Node w1 NodeNotReady: Node w1 status is now: NodeNotReady"),
            ),
            (
                r#""Unable to schedule pod; no fit; waiting" pod="shop/web-1" err="0/3 nodes are available: 3 Insufficient cpu.""#,
                Some(
                    "Pod shop/web-1 FailedScheduling: 0/3 nodes are available: 3 Insufficient cpu.",
                ),
            ),
            (
                "Unable to schedule shop/web-1: no fit: 0/3 nodes are available: 3 Insufficient cpu.; waiting",
                Some(
                    "Pod shop/web-1 FailedScheduling: 0/3 nodes are available: 3 Insufficient cpu.",
                ),
            ),
            (
                r#""Unable to schedule pod; no nodes are registered to the cluster; waiting" pod="shop/web-1""#,
                Some("Pod shop/web-1 FailedScheduling: no nodes available to schedule pods"),
            ),
            (
                r#""Successfully bound pod to node" pod="shop/web-1" node="w1" evaluatedNodes=3"#,
                Some("Pod shop/web-1 Scheduled: Successfully assigned shop/web-1 to w1"),
            ),
            (
                r#""Event occurred" object="shop/<b>" kind="Pod" type="Warning" reason="x" message="y""#,
                None,
            ),
            (
                r#""Event occurred" object="shop/a" kind="Pod" type="Odd" reason="x" message="y""#,
                None,
            ),
            (
                r#"Event(v1.ObjectReference{Kind:"Pod"}): type: 'Normal' reason: 'x"#,
                None,
            ),
        ] {
            let line = format!("I0303 08:00:01.250000       1 event.go:291] {body}");
            let told = event(&Said::of(&line).unwrap()).map(|told| told.to_string());
            assert_eq!(told.as_deref(), expected, "{body}");
        }
    }
}
