//! Pods whose text says who they are and nothing of their state, as those that only directories of logs name: what events and logs tell of it.

use coldcase_snapshot::{logs::LogFile, node::Node};

use crate::{Entity, EntityId, Facts, PodHealth, reported};

type Fields = Vec<(&'static str, Node)>;

/// Whether a text about a pod says nothing of its state.
pub(crate) fn is(pod: &Entity<'_>) -> bool {
    pod.partial
        && pod.root().is_some_and(|root| {
            let open = |key: &str| root.get(key).is_none();
            open("status") && open("table")
        })
}

/// Its health and fields: what the newest events say, else that nobody knows.
pub(crate) fn pod(facts: &Facts<'_>, pod: EntityId) -> (PodHealth, Fields) {
    let (health, mut fields) = reported::pod(facts, pod);
    // The text itself tells what it is called and where it runs.
    let captured = facts.get(pod).root();
    fields.retain(|(field, _)| captured.is_none_or(|root| root.get(field).is_none()));
    if health == PodHealth::Unknown {
        fields.push(("health", Node::text(health.word())));
    }
    (health, fields)
}

/// The state of one of its containers, as events tell it.
pub(crate) fn container(facts: &Facts<'_>, pod: EntityId, name: &str) -> Fields {
    reported::state_of(facts, pod, name)
}

/// The log in which such a container said its last words: that of the instance before, or the only one of a container
/// that is down.
pub(crate) fn last<'s>(logs: &[&'s LogFile], name: &str, state: &Fields) -> Option<&'s LogFile> {
    let own = |log: &&&LogFile| log.container == name || log.container.is_empty();
    let down = state
        .iter()
        .any(|(field, value)| *field == "failing" && value.as_str() == Some("true"));
    let mut all = logs.iter().filter(own);
    all.clone()
        .find(|log| log.previous)
        .or_else(|| all.find(|_| down))
        .copied()
}

#[cfg(test)]
mod tests {
    use coldcase_bundle::Bundle;

    use crate::Facts;

    fn with(files: &[(&str, &str)], check: impl FnOnce(&Facts<'_>)) {
        let bundle = Bundle::from_texts("t", files.iter().copied());
        let snapshot = coldcase_snapshot::read(&bundle);
        check(&crate::derive(&snapshot));
    }

    const KIND: &[(&str, &str)] = &[
        ("kind-version.txt", "kind v0.27.0\n"),
        ("w1/kubernetes-version.txt", "v1.32.2"),
        (
            "w1/pods/shop_cart-0_u1/app/3.log",
            "2026-01-01T00:00:00Z stdout F starting\n2026-01-01T00:00:01Z stderr F panic: no table\n",
        ),
        (
            "w1/pods/shop_cart-0_u1/app/4.log",
            "2026-01-01T00:05:00Z stdout F starting\n",
        ),
    ];

    fn of_pod(facts: &Facts<'_>, field: &str) -> Option<String> {
        let pod = facts.object("Pod", "shop", "cart-0").unwrap();
        facts.get(pod).str_at(&[field]).map(str::to_owned)
    }

    fn of_container(facts: &Facts<'_>, field: &str) -> Option<String> {
        let container = facts.of_kind("Container")[0];
        facts.get(container).str_at(&[field]).map(str::to_owned)
    }

    #[test]
    fn a_directory_of_logs_says_nothing_of_the_health() {
        with(KIND, |facts| {
            assert_eq!(of_pod(facts, "health").as_deref(), Some("unknown"));
            let words = of_container(facts, "lastWords");
            assert_eq!(words.as_deref(), Some("panic: no table"));
        });
    }

    #[test]
    fn events_tell_the_state_of_pods_known_by_their_logs() {
        let events = "LAST SEEN   TYPE      REASON    OBJECT       MESSAGE\n5s          Warning   BackOff   pod/cart-0   Back-off restarting failed container app in pod cart-0_shop(u1)\n";
        let mut files = KIND.to_vec();
        let text = format!("$ kubectl get events -n shop\n{events}");
        files.push(("events.txt", &text));
        with(&files, |facts| {
            assert_eq!(of_pod(facts, "health").as_deref(), Some("failing"));
            assert_eq!(of_pod(facts, "shown").as_deref(), Some("CrashLoopBackOff"));
            assert_eq!(of_container(facts, "failing").as_deref(), Some("true"));
            assert_eq!(of_container(facts, "pod").as_deref(), Some("cart-0"));
        });
    }
}
