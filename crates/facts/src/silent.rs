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

/// Logs that a ticket holds at most, and lines of one that somebody picked out of a log.
const TICKET: (usize, u32) = (8, 60);

/// Words of lines that are picked out because something does not work.
const COMPLAINTS: &[&str] = &[
    "error",
    "fail",
    "fatal",
    "panic",
    "exception",
    "denied",
    "refused",
    "timeout",
    "timed out",
    "cannot",
    "can't",
    "unable",
    "forbidden",
    "unauthorized",
    "not found",
];

/// Whether all that is known of a pod is a few lines of its log that complain, as they are pasted into tickets, and no
/// pod's state was captured: nobody pastes them of a pod that is well. A whole log holds such lines whatever its pod does.
fn is_excerpt(facts: &Facts<'_>, pod: EntityId) -> bool {
    let snapshot = facts.snapshot;
    if snapshot.logs.len() > TICKET.0 || facts.collected("Pod") {
        return false;
    }
    let subject = &facts.get(pod).subject;
    let own = |log: &&LogFile| subject.name == log.pod && subject.namespace == log.namespace;
    let mut logs = snapshot.logs.iter().filter(own).peekable();
    logs.peek().is_some()
        && logs.all(|log| {
            let (file, span) = log.text(snapshot.bundle);
            let lines = span.last.min(file.line_count()).saturating_sub(span.first);
            lines < TICKET.1
                && (span.first..=span.first + lines).any(|line| complains(&file.line(line)))
        })
}

fn complains(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    COMPLAINTS.iter().any(|word| line.contains(word))
}

/// Its health and fields: what the newest events say, else that nobody knows.
pub(crate) fn pod(facts: &Facts<'_>, pod: EntityId) -> (PodHealth, Fields) {
    let (health, mut fields) = reported::pod(facts, pod);
    // The text itself tells what it is called and where it runs.
    let captured = facts.get(pod).root();
    fields.retain(|(field, _)| captured.is_none_or(|root| root.get(field).is_none()));
    if health == PodHealth::Unknown {
        // Rules ask what it complains of; that it is not well is not said for it.
        let asked = if is_excerpt(facts, pod) {
            PodHealth::Failing
        } else {
            health
        };
        fields.push(("health", Node::text(asked.word())));
    }
    (health, fields)
}

/// The state of one of its containers, as events tell it.
pub(crate) fn container(facts: &Facts<'_>, pod: EntityId, name: &str) -> Fields {
    let told = reported::state_of(facts, pod, name);
    if told.is_empty() {
        of_excerpt(facts, pod)
    } else {
        told
    }
}

/// What a container does whose pod is known by an excerpt alone: it ran when it wrote it.
pub(crate) fn of_excerpt(facts: &Facts<'_>, pod: EntityId) -> Fields {
    if !is(facts.get(pod)) || !is_excerpt(facts, pod) {
        return Vec::new();
    }
    vec![
        ("state", Node::text("running")),
        ("failing", Node::flag(true)),
    ]
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
    fn a_pasted_complaint_is_of_a_pod_in_trouble() {
        let log = |lines: &str| format!("2026-01-01T00:00:00Z starting\n{lines}");
        let health = |text: &str| {
            let mut found = None;
            with(&[("cart.log", text)], |facts| {
                let pod = *facts.of_kind("Pod").first().unwrap();
                assert_eq!(facts.health_of(pod), crate::PodHealth::Unknown);
                found = facts.get(pod).str_at(&["health"]).map(str::to_owned);
            });
            found
        };
        let bad = log("2026-01-01T00:00:01Z cannot open the till\n");
        assert_eq!(health(&bad).as_deref(), Some("failing"));
        let good = log("2026-01-01T00:00:01Z the till is open\n");
        assert_eq!(health(&good).as_deref(), Some("unknown"));
        let whole = log(&"2026-01-01T00:00:01Z cannot open the till\n".repeat(90));
        assert_eq!(health(&whole).as_deref(), Some("unknown"));
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
