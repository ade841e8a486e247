//! Reads what the scheduler said about a pod that it could not place: obstacles, each with the number of nodes that it met first.

use coldcase_snapshot::packed::View;
use std::collections::BTreeMap;

use crate::{Cite, EntityId, Facts, fit::Obstacle};

/// Longer texts are no message of the scheduler.
const LONGEST: usize = 8_192;

/// `0/4 nodes are available: 1 node(s) were unschedulable, 3 Insufficient cpu. preemption: …`
///
/// A node is counted under the first filter that rejects it, in the scheduler's order: cordon, taints,
/// selector, ports, resources, volumes, spread, affinity between pods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// The scheduler's words, without what it says about preemption.
    pub message: String,
    /// Where they stand.
    pub place: Option<Cite>,
    /// Nodes by obstacle.
    pub counts: BTreeMap<Obstacle, i64>,
    /// The taint that keeps most nodes away, as `key=value` or `key`; system taints only if nothing else does.
    pub taint: Option<String>,
    /// Nodes with a taint that somebody set, rather than Kubernetes itself.
    pub tainted: i64,
    /// The resource that is short, other than CPU and memory.
    pub resource: Option<String>,
    /// How many nodes there are.
    pub nodes: i64,
    /// What of the rules about other pods is not met: anti-affinity, affinity or topology spread.
    pub affinity: Option<&'static str>,
}

impl Said {
    /// Nodes that an obstacle met first.
    pub(crate) fn count(&self, obstacle: Obstacle) -> i64 {
        self.counts.get(&obstacle).copied().unwrap_or(0)
    }

    /// The obstacle that matters of those that are in question. Nodes which the pod does not ask for, are
    /// cordoned or belong to the control plane are the everyday background of a message: what is said of the
    /// others counts first.
    pub(crate) fn verdict(
        &self,
        in_question: impl Fn(Obstacle) -> bool,
        asks_for_cordoned: bool,
    ) -> Option<Obstacle> {
        let asked = |obstacle: Obstacle| in_question(obstacle) && self.count(obstacle) > 0;
        let weight = |obstacle: &Obstacle| match obstacle {
            Obstacle::Taint => self.tainted,
            other => self.count(*other),
        };
        let narrow = self
            .counts
            .keys()
            .copied()
            .filter(|obstacle| {
                !matches!(obstacle, Obstacle::Selector | Obstacle::Cordoned)
                    && in_question(*obstacle)
                    && weight(obstacle) > 0
            })
            .max_by_key(|obstacle| (weight(obstacle), std::cmp::Reverse(*obstacle)));
        let cordoned = asked(Obstacle::Cordoned).then_some(Obstacle::Cordoned);
        narrow
            .or(cordoned.filter(|_| asks_for_cordoned))
            .or(asked(Obstacle::Selector).then_some(Obstacle::Selector))
            .or(cordoned)
            .or(asked(Obstacle::Taint).then_some(Obstacle::Taint))
    }
}

/// The scheduler's newest words about a pod: its condition, else the last event.
pub(crate) fn of(facts: &Facts<'_>, pod: EntityId) -> Option<Said> {
    let entity = facts.get(pod);
    let condition = entity.root().and_then(|root| {
        root.items_at(&["status", "conditions"])
            .iter()
            .find(|condition| condition.str_at(&["type"]) == Some("PodScheduled"))
            .and_then(|condition| condition.get("message"))
            .filter(|message| message.as_str().is_some_and(|text| !text.is_empty()))
    });
    if let Some(node) = condition {
        let mut said = parse(node.as_str().unwrap_or(""));
        said.place = entity.file.map(|file| Cite {
            file,
            line: node.line(),
            end_line: node.end_line(),
        });
        return Some(said);
    }
    // A later event says what holds; one about its having been placed ends the matter.
    let newest = facts
        .events_about(&entity.subject)
        .iter()
        .map(|id| facts.get(*id))
        .filter(|event| {
            matches!(
                event.str_at(&["reason"]),
                Some("FailedScheduling" | "Scheduled")
            )
        })
        .max_by_key(|event| {
            let ago = event.printed_age("last", None).and_then(View::as_i64);
            let last = event.str_at(&["last"]).unwrap_or("").to_owned();
            (last, std::cmp::Reverse(ago.unwrap_or(i64::MAX)))
        })?;
    if newest.str_at(&["reason"]) != Some("FailedScheduling") {
        return None;
    }
    let mut said = parse(newest.str_at(&["message"]).unwrap_or(""));
    said.place = newest.place();
    Some(said)
}

/// Reads a message; of one in another form only the text is known.
pub(crate) fn parse(message: &str) -> Said {
    let cut = message
        .char_indices()
        .nth(LONGEST)
        .map_or(message, |(at, _)| message.get(..at).unwrap_or(""));
    let said = cut
        .split_once(" preemption: ")
        .map_or(cut, |(before, _)| before)
        .trim();
    let mut out = Said {
        message: said.to_owned(),
        ..Said::default()
    };
    let Some((head, reasons)) = said.split_once(" nodes are available") else {
        out.counts
            .extend(reason(said, &mut Said::default()).map(|obstacle| (obstacle, 1)));
        return out;
    };
    out.nodes = head
        .rsplit_once('/')
        .and_then(|(_, all)| all.trim().parse().ok())
        .unwrap_or(0);
    let mut taints: Vec<(bool, i64, String)> = Vec::new();
    for part in parts(reasons.trim_start_matches(':').trim().trim_end_matches('.')) {
        let (count, words) = match part.split_once(' ') {
            Some((first, rest)) if first.bytes().all(|b| b.is_ascii_digit()) => {
                (first.parse::<i64>().unwrap_or(0), rest)
            }
            // What is wrong with the pod itself holds for all nodes.
            _ => (out.nodes, part),
        };
        let Some(obstacle) = reason(words, &mut out) else {
            continue;
        };
        if let Some(taint) = taint(words) {
            if !system(&taint) {
                out.tainted = out.tainted.saturating_add(count);
            }
            taints.push((!system(&taint), count, taint));
        }
        let entry = out.counts.entry(obstacle).or_default();
        *entry = entry.saturating_add(count);
    }
    out.taint = taints.into_iter().max().map(|(_, _, taint)| taint);
    out
}

/// Reasons are parted by commas; a taint's braces may hold some.
fn parts(reasons: &str) -> Vec<&str> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, byte) in reasons.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                found.extend(reasons.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    found.extend(reasons.get(start..));
    found
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

/// The obstacle that words of the scheduler name, over its versions.
fn reason(words: &str, out: &mut Said) -> Option<Obstacle> {
    let has = |part: &str| words.contains(part);
    if let Some((_, rest)) = words.split_once("Insufficient ") {
        // Since 1.36 what was tried about claims of devices follows behind a full stop.
        let name = rest.split(' ').next().unwrap_or("").trim_end_matches('.');
        return Some(match name {
            "cpu" => Obstacle::Cpu,
            "memory" => Obstacle::Memory,
            "pods" => Obstacle::Pods,
            _ => {
                out.resource = Some(name.to_owned());
                Obstacle::Other
            }
        });
    }
    Some(if has("Too many pods") {
        Obstacle::Pods
    } else if has("were unschedulable") {
        Obstacle::Cordoned
    } else if has("taint") {
        Obstacle::Taint
    } else if has("free ports") {
        Obstacle::Ports
    } else if has("anti-affinity") {
        out.affinity = Some("anti-affinity");
        Obstacle::Affinity
    } else if has("pod affinity") {
        out.affinity = out.affinity.or(Some("affinity"));
        Obstacle::Affinity
    } else if has("topology spread") {
        out.affinity = out.affinity.or(Some("topology spread"));
        Obstacle::Affinity
    } else if has("olume") {
        Obstacle::Volume
    } else if has("node affinity") || has("node selector") || has("node(s) didn't match node") {
        Obstacle::Selector
    } else {
        return None;
    })
}

/// `{key: value}` as `key=value`.
fn taint(words: &str) -> Option<String> {
    let (_, rest) = words.split_once('{')?;
    let (pair, _) = rest.split_once('}')?;
    let (key, value) = pair.split_once(':').unwrap_or((pair, ""));
    let (key, value) = (key.trim(), value.trim());
    Some(if value.is_empty() {
        key.to_owned()
    } else {
        format!("{key}={value}")
    })
}

/// Taints that Kubernetes sets itself, and those of its control plane.
fn system(taint: &str) -> bool {
    let key = taint.split('=').next().unwrap_or("");
    key.starts_with("node-role.kubernetes.io/")
        || key.starts_with("node.kubernetes.io/")
        || key.starts_with("node.cloudprovider.kubernetes.io/")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counts(message: &str) -> Vec<(&'static str, i64)> {
        parse(message)
            .counts
            .iter()
            .map(|(obstacle, count)| (obstacle.word(), *count))
            .collect()
    }

    #[test]
    fn messages_of_several_versions() {
        assert_eq!(
            counts(
                "0/4 nodes are available: 1 node(s) had untolerated taint {k: a,b}, 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling."
            ),
            [("selector", 2), ("taint", 1), ("cordoned", 1)]
        );
        assert_eq!(
            counts(
                "0/3 nodes are available: 1 Insufficient memory, 3 Insufficient cpu, 1 Insufficient nvidia.com/gpu."
            ),
            [("cpu", 3), ("memory", 1), ("resource", 1)]
        );
        assert_eq!(
            counts(
                "0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod."
            ),
            [("cpu", 2)]
        );
        assert_eq!(
            counts("0/2 nodes are available: 2 node(s) didn't match node selector."),
            [("selector", 2)]
        );
        assert_eq!(
            counts("0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims."),
            [("volume", 2)]
        );
        assert_eq!(
            counts(r#"persistentvolumeclaim "data" not found"#),
            [("volume", 1)]
        );
        assert_eq!(
            counts(
                "0/3 nodes are available: 1 node(s) had taint {node-role.kubernetes.io/master: }, that the pod didn't tolerate, 2 node(s) didn't match pod affinity/anti-affinity rules."
            ),
            [("taint", 1), ("affinity", 2)]
        );
    }

    #[test]
    fn a_taint_that_somebody_set_comes_first() {
        let said = parse(
            "0/6 nodes are available: 3 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 1 node(s) had untolerated taint {gpu: true}, 2 Insufficient cpu.",
        );
        assert_eq!(said.taint.as_deref(), Some("gpu=true"));
        assert_eq!(said.count(Obstacle::Taint), 4);
        assert_eq!(said.nodes, 6);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,200}") {
            let said = parse(&text);
            prop_assert!(said.message.len() <= text.len());
        }

        #[test]
        fn counts_survive(cpu in 1..100_i64, selector in 1..100_i64) {
            let said = parse(&format!(
                "0/{} nodes are available: {cpu} Insufficient cpu, {selector} node(s) didn't match Pod's node affinity/selector.",
                cpu + selector
            ));
            prop_assert_eq!(said.count(Obstacle::Cpu), cpu);
            prop_assert_eq!(said.count(Obstacle::Selector), selector);
            prop_assert_eq!(said.nodes, cpu + selector);
        }
    }
}
