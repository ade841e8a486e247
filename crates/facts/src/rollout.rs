//! Rollouts: the newest ReplicaSet against its older siblings, and what differs between their templates.

use coldcase_snapshot::{
    node::Node,
    packed::{Kind, View},
};

use crate::{Cite, Entity, EntityId, Facts, PodHealth};

/// Derives `Rollout` entities and gives each pod its `revision`.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    for deployment in facts.of_kind("Deployment").to_vec() {
        let mut sets = replica_sets(facts, deployment);
        sets.sort_by_key(|(revision, id)| (*revision, *id));
        for (revision, set) in &sets {
            for pod in pods_of(facts, *set) {
                facts.set_extra(pod, vec![("revision", Node::number(*revision))]);
            }
        }
        let Some(((revision, newest), older)) = sets.split_last() else {
            continue;
        };
        if older.is_empty() {
            continue;
        }
        let entity = rollout(facts, deployment, *revision, *newest, older);
        let about = [
            facts.get(deployment).subject.clone(),
            facts.get(*newest).subject.clone(),
        ];
        facts.push_derived(entity, &[&about[0], &about[1]]);
    }
}

/// ReplicaSets of a Deployment with their revisions.
pub(crate) fn replica_sets(facts: &Facts<'_>, deployment: EntityId) -> Vec<(i64, EntityId)> {
    facts
        .owned(deployment)
        .iter()
        .filter(|set| facts.get(**set).kind == "ReplicaSet")
        .map(|set| {
            let revision = facts.get(*set).int_at(&[
                "metadata",
                "annotations",
                "deployment.kubernetes.io/revision",
            ]);
            (revision.unwrap_or(0), *set)
        })
        .collect()
}

/// Pods that a ReplicaSet owns.
pub(crate) fn pods_of(facts: &Facts<'_>, set: EntityId) -> Vec<EntityId> {
    facts
        .owned(set)
        .iter()
        .copied()
        .filter(|id| facts.get(*id).kind == "Pod")
        .collect()
}

fn rollout<'s>(
    facts: &Facts<'s>,
    deployment: EntityId,
    revision: i64,
    newest: EntityId,
    older: &[(i64, EntityId)],
) -> Entity<'s> {
    let entity = facts.get(deployment);
    let new_pods = pods_of(facts, newest);
    let old_pods: Vec<EntityId> = older
        .iter()
        .flat_map(|(_, set)| pods_of(facts, *set))
        .collect();
    // Compared with the set that served before: the older one with pods, else the last one.
    let before = older
        .iter()
        .rev()
        .find(|(_, set)| !pods_of(facts, *set).is_empty())
        .or(older.last())
        .map(|(_, set)| *set);
    let count = |pods: &[EntityId], health: PodHealth| {
        Node::number(
            i64::try_from(
                pods.iter()
                    .filter(|pod| facts.health_of(**pod) == health)
                    .count(),
            )
            .unwrap_or(0),
        )
    };
    let total = |pods: &[EntityId]| Node::number(i64::try_from(pods.len()).unwrap_or(0));
    let differences = before
        .map(|before| differences(facts, before, newest))
        .unwrap_or_default();
    let any = |word: &str| {
        Node::flag(
            differences
                .iter()
                .any(|difference| difference.path.contains(word)),
        )
    };
    let changed = differences
        .iter()
        .map(|difference| difference.text.clone())
        .collect::<Vec<_>>()
        .join("; ");
    let created = facts
        .get(newest)
        .root()
        .and_then(|root| root.at(&["metadata", "creationTimestamp"]));
    let mut fields = vec![
        ("deployment", Node::text(entity.subject.name.as_str())),
        ("namespace", Node::text(entity.subject.namespace.as_str())),
        ("revision", Node::number(revision)),
        (
            "newReplicaSet",
            Node::text(facts.get(newest).subject.name.as_str()),
        ),
        ("newPods", total(&new_pods)),
        ("newReady", count(&new_pods, PodHealth::Healthy)),
        ("newFailing", count(&new_pods, PodHealth::Failing)),
        ("oldPods", total(&old_pods)),
        ("oldReady", count(&old_pods, PodHealth::Healthy)),
        ("oldFailing", count(&old_pods, PodHealth::Failing)),
        ("imageChanged", any("image")),
        ("envChanged", any("env")),
        ("probeChanged", any("Probe")),
    ];
    if !changed.is_empty() {
        fields.push(("changed", Node::text(changed)));
    }
    fields.extend(created.map(|node| ("startedAt", node.to_node())));
    if let Some(before) = before {
        fields.push((
            "oldReplicaSet",
            Node::text(facts.get(before).subject.name.as_str()),
        ));
    }
    if let Some(unavailable) = entity
        .root()
        .and_then(|root| root.at(&["spec", "strategy", "rollingUpdate", "maxUnavailable"]))
    {
        fields.push((
            "maxUnavailable",
            Node {
                line: 0,
                ..unavailable.to_node()
            },
        ));
    }
    let file = facts.get(newest).file;
    let place = |node: Option<View<'_>>| {
        node.zip(file).map(|(node, file)| Cite {
            file,
            line: node.line(),
            end_line: node.end_line(),
        })
    };
    let name = facts
        .get(newest)
        .root()
        .and_then(|root| root.at(&["metadata", "name"]));
    let mut made =
        Entity::computed("Rollout", entity.subject.clone(), fields).cited("", place(name));
    made.file = file;
    if let Some(difference) = differences.first()
        && let Some(file) = file
        && difference.line > 0
    {
        made = made.cited(
            "changed",
            Some(Cite {
                file,
                line: difference.line,
                end_line: difference.line,
            }),
        );
    }
    made
}

/// One difference between two templates.
struct Difference {
    path: String,
    text: String,
    line: u32,
}

/// What differs between the pod templates of two ReplicaSets, in words, at most eight.
fn differences(facts: &Facts<'_>, before: EntityId, after: EntityId) -> Vec<Difference> {
    let template = |id: EntityId| {
        facts
            .get(id)
            .root()
            .and_then(|root| root.at(&["spec", "template"]))
    };
    let (Some(before), Some(after)) = (template(before), template(after)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    compare(Some(before), Some(after), String::new(), &mut found);
    found.retain(|difference: &Difference| {
        !difference.path.contains("pod-template-hash")
            && !difference.path.ends_with("creationTimestamp")
    });
    // Image and command say most; annotations (restartedAt, checksums) least.
    found.sort_by_key(|difference| (weight(&difference.path), difference.path.clone()));
    found.truncate(8);
    found
}

fn weight(path: &str) -> u8 {
    const ORDER: [&str; 6] = ["image", "command", "args", "env", "Probe", "resources"];
    ORDER
        .iter()
        .position(|word| path.contains(word))
        .map_or(if path.contains("annotations") { 9 } else { 7 }, |at| {
            u8::try_from(at).unwrap_or(7)
        })
}

fn compare(
    before: Option<View<'_>>,
    after: Option<View<'_>>,
    path: String,
    found: &mut Vec<Difference>,
) {
    if found.len() > 200 {
        return;
    }
    match (before.map(View::kind), after.map(View::kind)) {
        (Some(Kind::Map(old)), Some(Kind::Map(new))) => {
            for (key, node) in new {
                compare(old.get(key), Some(node), join(&path, key), found);
            }
            for (key, node) in old {
                if new.get(key).is_none() {
                    compare(Some(node), None, join(&path, key), found);
                }
            }
        }
        (Some(Kind::Seq(old)), Some(Kind::Seq(new))) => {
            for (index, node) in new.iter().enumerate() {
                let other = match name(node) {
                    Some(wanted) => old.iter().find(|node| name(*node) == Some(wanted)),
                    None => old.get(index),
                };
                compare(other, Some(node), join(&path, &element(node, index)), found);
            }
            for (index, node) in old.iter().enumerate() {
                let gone = match name(node) {
                    Some(wanted) => !new.iter().any(|node| name(node) == Some(wanted)),
                    None => index >= new.len(),
                };
                if gone {
                    compare(Some(node), None, join(&path, &element(node, index)), found);
                }
            }
        }
        _ if !alike(before, after) => {
            let (was, is) = (before.map(show), after.map(show));
            let text = match (was, is) {
                (Some(was), Some(is)) => format!("{path}: {was} → {is}"),
                (None, Some(is)) => format!("{path} added: {is}"),
                (Some(was), None) => format!("{path} removed (was {was})"),
                (None, None) => return,
            };
            found.push(Difference {
                path,
                text,
                line: after.map_or(0, View::line),
            });
        }
        _ => {}
    }
}

/// Whether two values are the same, or both are missing.
fn alike(one: Option<View<'_>>, other: Option<View<'_>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.same(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

fn name(node: View<'_>) -> Option<&str> {
    node.str_at(&["name"])
}

fn element(node: View<'_>, index: usize) -> String {
    name(node).map_or_else(|| index.to_string(), str::to_owned)
}

fn join(path: &str, key: &str) -> String {
    // The reader knows that it is a pod template.
    match path {
        "" => key.to_owned(),
        "spec" | "metadata" => key.to_owned(),
        _ => format!("{path}.{key}"),
    }
}

fn show(node: View<'_>) -> String {
    let text = match node.kind() {
        Kind::Null => "nothing".to_owned(),
        Kind::Scalar(text) => text.to_owned(),
        Kind::Seq(items) => items.iter().map(show).collect::<Vec<_>>().join(" "),
        Kind::Map(entries) => entries
            .iter()
            .map(|(key, node)| format!("{key}={}", show(node)))
            .collect::<Vec<_>>()
            .join(","),
    };
    text.chars().take(160).collect()
}
