//! How far each node's clock is off the cluster's, from what the node's kubelet and the API server both dated.
//!
//! Nothing captured is rewritten: the estimate is an entity (`NodeClock`) of its own, with the places
//! it was read from. The kubelet's stamps are the node's clock: the first time of its events, the
//! start of a pod, the renewal of a lease, a condition's heartbeat. The API server or the scheduler
//! dates the same step: an event's creation, the scheduling of the pod, the write of the object.

use std::collections::HashMap;

use coldcase_snapshot::{
    node::Node,
    packed::View,
    skew::{self, Pair, Skew},
    stamp,
};
use jiff::Timestamp;
use rayon::prelude::*;

use crate::{Cite, Entity, Facts, Identity};

/// A node dates these before the cluster does: a delay makes its clock seem slow, never fast.
const EVENT: &str = "events";
const LEASE: &str = "lease";
const HEARTBEAT: &str = "heartbeat";
/// A node dates this after the cluster does: a delay makes its clock seem fast, never slow.
const START: &str = "pod starts";

/// A difference beyond what whole seconds and the way to the API server explain, in milliseconds.
const APART: i64 = 2_000;

/// Something that both dated, with the node's place.
struct Dated<'f> {
    node: &'f str,
    seen: Timestamp,
    reference: Timestamp,
    what: &'static str,
    cite: Option<Cite>,
}

impl<'f> Dated<'f> {
    fn pair(&self) -> Pair<'f> {
        Pair {
            node: self.node,
            seen: self.seen,
            reference: self.reference,
            what: self.what,
        }
    }

    fn offset_ms(&self) -> i64 {
        self.seen.as_millisecond() - self.reference.as_millisecond()
    }
}

/// Derives `NodeClock` entities: one for each node of which at least one thing was dated twice.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let mut all = events(facts);
    all.extend(pods(facts));
    all.extend(leases(facts));
    all.extend(heartbeats(facts));
    let mut by_node: HashMap<&str, Vec<&Dated<'_>>> = HashMap::new();
    for seen in &all {
        by_node.entry(seen.node).or_default().push(seen);
    }
    let mut nodes: Vec<(&str, Vec<&Dated<'_>>)> = by_node.into_iter().collect();
    nodes.par_sort_unstable_by_key(|(node, _)| *node);
    let made: Vec<Entity<'_>> = nodes
        .par_iter()
        .flat_map_iter(|(node, of_node)| {
            let subject = facts.identity("Node", "", node);
            let skews = skew::estimate(of_node.iter().map(|seen| seen.pair()));
            skews
                .into_iter()
                .map(move |skew| entity(&skew, of_node, subject.clone()))
        })
        .collect();
    for entity in made {
        let about = entity.subject.clone();
        facts.push_derived(entity, &[&about]);
    }
}

fn entity<'s>(skew: &Skew, pairs: &[&Dated<'_>], subject: Identity) -> Entity<'s> {
    let ahead = skew.offset_ms >= 0;
    let certain = skew.is_certain() && no_delay(pairs, ahead);
    let millis = skew.offset_ms.unsigned_abs();
    let count = i64::try_from(skew.count).unwrap_or(i64::MAX);
    let offset = format!("{}.{:03}", millis / 1_000, millis % 1_000);
    let fields = vec![
        ("node", Node::text(skew.node.as_str())),
        ("offset", Node::text(offset)),
        ("side", Node::text(if ahead { "ahead" } else { "behind" })),
        (
            "certain",
            Node::text(if certain { "true" } else { "false" }),
        ),
        ("pairs", Node::number(count)),
        ("compared", Node::text(skew.what.join(", "))),
    ];
    // Quoted is what comes nearest to the estimate, one of each kind.
    let nearest = |other_than: &str| {
        let cited = pairs.iter().filter(|seen| seen.cite.is_some());
        cited
            .filter(|seen| seen.what != other_than)
            .min_by_key(|seen| ((seen.offset_ms() - skew.offset_ms).abs(), seen.cite))
    };
    let mut entity = Entity::computed("NodeClock", subject, fields);
    if let Some(Dated { what, cite, .. }) = nearest("") {
        entity = entity.cited("", *cite).cited("offset", *cite);
        let other = nearest(what);
        entity = entity.cited("certain", other.and_then(|seen| seen.cite));
    }
    entity
}

/// Whether something that a delay would move to the other side is on this one, too.
fn no_delay(pairs: &[&Dated<'_>], ahead: bool) -> bool {
    let mut witnesses = pairs
        .iter()
        .filter(|seen| (seen.what == START) != ahead)
        .peekable();
    if witnesses.peek().is_none() {
        // A kubelet reports within a second; starts alone may all have waited for the node.
        return !ahead;
    }
    witnesses.any(|seen| {
        let offset = seen.offset_ms();
        if ahead {
            offset > APART
        } else {
            offset < -APART
        }
    })
}

/// The kubelet dates what it saw, the API server when it was told.
fn events<'f>(facts: &'f Facts<'_>) -> Vec<Dated<'f>> {
    let events = facts.snapshot.events.par_iter();
    events
        .filter(|event| event.component == "kubelet" && !event.host.is_empty())
        .filter_map(|event| {
            let line = event.object.root.get("metadata")?.line();
            Some(Dated {
                node: &event.host,
                seen: event.first?,
                reference: event.recorded?,
                what: EVENT,
                cite: place(event.object.file, line),
            })
        })
        .collect()
}

/// The scheduler dates the binding, the kubelet when it took the pod up.
fn pods<'f>(facts: &'f Facts<'_>) -> Vec<Dated<'f>> {
    let ids = facts.of_kind("Pod").par_iter();
    ids.filter_map(|id| started(facts.get(*id))).collect()
}

fn started<'f>(pod: &'f Entity<'_>) -> Option<Dated<'f>> {
    let root = pod.root()?;
    let node = root.str_at(&["spec", "nodeName"])?;
    let status = root.get("status")?;
    let start = status.get("startTime")?;
    let scheduled = status
        .items_at(&["conditions"])
        .iter()
        .find(|condition| {
            condition.str_at(&["type"]) == Some("PodScheduled")
                && condition.str_at(&["status"]) == Some("True")
        })?
        .str_at(&["lastTransitionTime"])?;
    // The kubelet itself says of its static pods that they are scheduled.
    let mirror = root
        .items_at(&["metadata", "ownerReferences"])
        .iter()
        .any(|owner| owner.str_at(&["kind"]) == Some("Node"));
    if mirror {
        return None;
    }
    Some(Dated {
        node,
        seen: stamp::rfc3339(start.as_str()?)?,
        reference: stamp::rfc3339(scheduled)?,
        what: START,
        cite: place(pod.file?, start.line()),
    })
}

/// A kubelet renews its lease by its clock, and the API server dates the write.
fn leases<'f>(facts: &'f Facts<'_>) -> Vec<Dated<'f>> {
    let of_lease = |lease: &'f Entity<'_>| {
        let root = lease.root()?;
        let renewed = root.at(&["spec", "renewTime"])?;
        (lease.subject.namespace == "kube-node-lease").then_some(Dated {
            node: &lease.subject.name,
            seen: stamp::rfc3339(renewed.as_str()?)?,
            reference: written_by_kubelet(root)?,
            what: LEASE,
            cite: place(lease.file?, renewed.line()),
        })
    };
    let ids = facts.of_kind("Lease").iter();
    ids.filter_map(|id| of_lease(facts.get(*id))).collect()
}

/// A kubelet dates the conditions of its node, and the API server the write of the status.
fn heartbeats<'f>(facts: &'f Facts<'_>) -> Vec<Dated<'f>> {
    let of_node = |node: &'f Entity<'_>| {
        let root = node.root()?;
        let (seen, line) = root
            .items_at(&["status", "conditions"])
            .iter()
            .filter(|condition| {
                condition
                    .str_at(&["reason"])
                    .is_some_and(|reason| reason.starts_with("Kubelet"))
            })
            .filter_map(|condition| {
                let beat = condition.get("lastHeartbeatTime")?;
                Some((stamp::rfc3339(beat.as_str()?)?, beat.line()))
            })
            .max()?;
        Some(Dated {
            node: &node.subject.name,
            seen,
            reference: written_by_kubelet(root)?,
            what: HEARTBEAT,
            cite: place(node.file?, line),
        })
    };
    let ids = facts.of_kind("Node").iter();
    ids.filter_map(|id| of_node(facts.get(*id))).collect()
}

/// The API server's stamp of the kubelet's last write.
fn written_by_kubelet(root: View<'_>) -> Option<Timestamp> {
    root.items_at(&["metadata", "managedFields"])
        .iter()
        .filter(|write| write.str_at(&["manager"]) == Some("kubelet"))
        .filter_map(|write| write.str_at(&["time"]).and_then(stamp::rfc3339))
        .max()
}

fn place(file: coldcase_bundle::FileId, line: u32) -> Option<Cite> {
    (line > 0).then_some(Cite {
        file,
        line,
        end_line: line,
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use coldcase_bundle::Bundle;

    /// Events of kubelets: node, second by the node's clock, second of the creation.
    fn events(all: &[(&str, i32, i32)]) -> String {
        let mut text = String::from("apiVersion: v1\nkind: List\nitems:\n");
        for (index, (node, seen, created)) in all.iter().enumerate() {
            let time =
                |second: &i32| format!("2026-07-14T10:{:02}:{:02}Z", second / 60, second % 60);
            let _ = write!(
                text,
                "- apiVersion: v1\n  kind: Event\n  metadata:\n    name: e{index}\n    namespace: shop\n    creationTimestamp: \"{}\"\n  involvedObject: {{kind: Pod, namespace: shop, name: web-1}}\n  reason: Pulled\n  type: Normal\n  message: m\n  source: {{component: kubelet, host: {node}}}\n  firstTimestamp: \"{1}\"\n  lastTimestamp: \"{1}\"\n  count: 1\n",
                time(created),
                time(seen),
            );
        }
        text
    }

    /// Pods: node, second of the scheduling, second of the start.
    fn pods(all: &[(&str, i32, i32)]) -> String {
        let mut text = String::from("apiVersion: v1\nkind: List\nitems:\n");
        for (index, (node, scheduled, start)) in all.iter().enumerate() {
            let time =
                |second: &i32| format!("2026-07-14T10:{:02}:{:02}Z", second / 60, second % 60);
            let _ = write!(
                text,
                "- apiVersion: v1\n  kind: Pod\n  metadata: {{name: p{index}, namespace: shop}}\n  spec: {{nodeName: {node}}}\n  status:\n    startTime: \"{}\"\n    conditions:\n    - {{type: PodScheduled, status: \"True\", lastTransitionTime: \"{}\"}}\n",
                time(start),
                time(scheduled),
            );
        }
        text
    }

    /// Node, offset, side and certainty.
    fn clocks(events: &str, pods: &str) -> Vec<[String; 4]> {
        let bundle = Bundle::from_texts(
            "t",
            [
                (
                    "bundle.yaml",
                    "apiVersion: coldcase.dev/v1\nkind: Bundle\ncaptured_at: \"2026-07-14T12:00:00Z\"\n",
                ),
                ("cluster/events.yaml", events),
                ("cluster/pods.yaml", pods),
            ],
        );
        let snapshot = coldcase_snapshot::read(&bundle);
        let facts = crate::derive(&snapshot);
        let field = |id: &crate::EntityId, name: &str| {
            facts.get(*id).str_at(&[name]).unwrap_or("").to_owned()
        };
        facts
            .of_kind("NodeClock")
            .iter()
            .inspect(|id| assert!(facts.get(**id).place().is_some()))
            .map(|id| ["node", "offset", "side", "certain"].map(|name| field(id, name)))
            .collect()
    }

    fn is(all: &[[String; 4]], expected: &[[&str; 4]]) {
        let all: Vec<[&str; 4]> = all
            .iter()
            .map(|row| row.each_ref().map(String::as_str))
            .collect();
        assert_eq!(all, expected);
    }

    #[test]
    fn a_node_behind_is_behind_in_events_and_in_starts() {
        let seen = events(&[
            ("a", 600, 661),
            ("a", 620, 681),
            ("b", 600, 600),
            ("b", 610, 611),
            ("b", 630, 630),
        ]);
        let starts = pods(&[("a", 700, 639), ("a", 730, 669), ("b", 700, 701)]);
        is(
            &clocks(&seen, &starts),
            &[
                ["a", "61.000", "behind", "true"],
                ["b", "0.000", "ahead", "false"],
            ],
        );
    }

    #[test]
    fn delays_are_no_skew() {
        // Pods that waited for their node all start late, and events that waited for the API server are late.
        let starts = pods(&[("a", 700, 720), ("a", 730, 750), ("a", 740, 760)]);
        is(&clocks("", &starts), &[["a", "20.000", "ahead", "false"]]);
        let seen = events(&[
            ("a", 600, 630),
            ("a", 620, 650),
            ("a", 640, 670),
            ("a", 650, 680),
        ]);
        let starts = pods(&[("a", 500, 500)]);
        is(
            &clocks(&seen, &starts),
            &[["a", "30.000", "behind", "false"]],
        );
    }

    #[test]
    fn a_node_ahead_reports_before_it_happens() {
        let seen = events(&[("a", 661, 600), ("a", 681, 620), ("a", 700, 640)]);
        is(&clocks(&seen, ""), &[["a", "61.000", "ahead", "true"]]);
    }
}
