//! Reads what a kubelet logs of its node: conditions that it reports, and pods that it evicts for the node's sake.

use super::{Told, names, said::Said};

/// Most pods of one line.
const PODS: usize = 64;

/// The events of a line about the node.
pub(super) fn events(said: &Said<'_>) -> Vec<Told> {
    let text = &*said.text;
    if let Some(rest) = after(text, "viction manager: attempting to reclaim") {
        let resource = match said.get("resourceName") {
            "" => rest.trim(),
            resource => resource,
        };
        let message = format!("{RECLAIM}{resource}");
        let told = names::is_word(resource).then(|| Told::of_node("EvictionThresholdMet", message));
        return told.into_iter().collect();
    }
    if let Some(rest) = after(text, "viction manager: pod") {
        return evicted(said, rest);
    }
    condition(said).into_iter().collect()
}

/// How a threshold that was met is told.
pub(super) const RECLAIM: &str = "Attempting to reclaim ";

fn after<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    let (before, rest) = text.split_once(words)?;
    (before.len() < 2).then_some(rest)
}

/// Pods that were evicted; what the node lacked is said by the line before.
fn evicted(said: &Said<'_>, rest: &str) -> Vec<Told> {
    let told = |pod| Told::of_pod(pod, "Evicted", String::new());
    if let Some(pod) = said.pod() {
        let done = rest.contains("evicted successfully") || rest.starts_with("s evicted, waiting");
        return done.then(|| told(pod)).into_iter().collect();
    }
    if rest.starts_with("s evicted, waiting") {
        let list = said.get("pods").trim_matches(['[', ']']);
        let names = list.split([' ', ',']).map(|pod| pod.trim_matches('"'));
        let pods = names.filter_map(|pod| {
            let (namespace, name) = pod.split_once('/')?;
            names::is_pod(namespace, name).then_some((namespace, name, ""))
        });
        return pods.take(PODS).map(told).collect();
    }
    // `pods web-1_shop(uid), web-2_shop(uid) evicted, waiting for pod to be cleaned up`
    let named = rest.strip_prefix('s').unwrap_or(rest);
    let Some((list, _)) = named
        .split_once(" evicted, waiting")
        .or(named.split_once(" is evicted"))
    else {
        return Vec::new();
    };
    let pods = list.split(',').filter_map(|pod| names::whole(pod.trim()));
    pods.take(PODS).map(told).collect()
}

/// `"Recording event message for node" node="w1" event="NodeHasDiskPressure"`
fn condition(said: &Said<'_>) -> Option<Told> {
    let (node, reason) = if said.text == "Recording event message for node" {
        (said.get("node"), said.get("event"))
    } else {
        let rest = said.text.strip_prefix("Recording ")?;
        let (reason, node) = rest.split_once(" event message for node ")?;
        (node.trim(), reason)
    };
    let message = format!("Node {node} status is now: {reason}");
    let mut told = Told::of_node(reason, message);
    node.clone_into(&mut told.about.name);
    // The kubelet reports all of its node's changes as normal.
    told.warning = false;
    (names::is_name(node) && names::is_word(reason)).then_some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_and_evictions() {
        for (body, expected) in [
            (
                r#""Eviction manager: attempting to reclaim" resourceName="memory""#,
                "Node  EvictionThresholdMet: Attempting to reclaim memory",
            ),
            (
                "eviction manager: attempting to reclaim ephemeral-storage",
                "Node  EvictionThresholdMet: Attempting to reclaim ephemeral-storage",
            ),
            (
                r#""Eviction manager: pod is evicted successfully" pod="shop/web-1""#,
                "Pod shop/web-1 Evicted: ",
            ),
            (
                r#""Eviction manager: pods evicted, waiting for pod to be cleaned up" pods=["shop/web-1"]"#,
                "Pod shop/web-1 Evicted: ",
            ),
            (
                "eviction manager: pods web-1_shop(u-1) evicted, waiting for pod to be cleaned up",
                "Pod shop/web-1 u-1 Evicted: ",
            ),
            (
                "eviction manager: pod web-1_shop(u-1) is evicted successfully",
                "Pod shop/web-1 u-1 Evicted: ",
            ),
            (
                r#""Recording event message for node" node="w1" event="NodeNotReady""#,
                "Node w1 NodeNotReady: Node w1 status is now: NodeNotReady",
            ),
            (
                "Recording NodeNotReady event message for node w1",
                "Node w1 NodeNotReady: Node w1 status is now: NodeNotReady",
            ),
            (
                r#""Recording event message for node" node="<w>" event="NodeNotReady""#,
                "",
            ),
            (
                r#""Eviction manager: must evict pod(s) to reclaim" resourceName="memory""#,
                "",
            ),
        ] {
            let line = format!("I0303 08:00:01.250000     912 x.go:1] {body}");
            let told = events(&Said::of(&line).unwrap());
            let told: Vec<String> = told.iter().map(ToString::to_string).collect();
            assert_eq!(told.join("; "), expected, "{body}");
        }
    }
}
