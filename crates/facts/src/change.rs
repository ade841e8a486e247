//! Who changed what and when: writes recorded in `managedFields`, and creations.

use coldcase_snapshot::{node::Node, packed::View, stamp};
use rayon::prelude::*;

use crate::{Cite, Entity, Facts};

/// Kinds whose changes people ask about.
const WATCHED: &[&str] = &[
    "ConfigMap",
    "Secret",
    "Service",
    "NetworkPolicy",
    "Ingress",
    "DaemonSet",
    "StatefulSet",
    "Deployment",
    "Node",
    "ResourceQuota",
    "LimitRange",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "HorizontalPodAutoscaler",
    "StorageClass",
    "PersistentVolumeClaim",
    "PodDisruptionBudget",
];

/// Controllers that write status or bookkeeping all the time; their writes are no changes.
const BOOKKEEPERS: &[&str] = &[
    "kube-controller-manager",
    "kubelet",
    "kube-scheduler",
    "kube-apiserver",
    "cloud-controller-manager",
    "k3s",
    "hyperkube",
    "kube-proxy",
    "coredns",
];

/// Changes older than this explain nothing at capture.
const HORIZON: i64 = 14 * 86_400;

/// Derives `ConfigChange` entities.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    for kind in WATCHED {
        let made: Vec<Option<Entity<'_>>> = facts
            .of_kind(kind)
            .par_iter()
            .map(|id| {
                let entity = facts.get(*id);
                last_write(facts, entity).or_else(|| creation(facts, entity))
            })
            .collect();
        for change in made.into_iter().flatten() {
            let about = change.subject.clone();
            facts.push_derived(change, &[&about]);
        }
    }
}

fn recent(facts: &Facts<'_>, time: &str) -> bool {
    facts
        .age(Some(time))
        .is_some_and(|age| (-300..HORIZON).contains(&age))
}

/// The newest write that is neither status nor bookkeeping and later than the creation.
fn last_write<'s>(facts: &Facts<'s>, entity: &Entity<'s>) -> Option<Entity<'s>> {
    let root = entity.root()?;
    let created = root
        .str_at(&["metadata", "creationTimestamp"])
        .and_then(stamp::rfc3339);
    let write = root
        .items_at(&["metadata", "managedFields"])
        .iter()
        .filter(|write| write.str_at(&["subresource"]).is_none_or(str::is_empty))
        .filter(|write| !BOOKKEEPERS.contains(&write.str_at(&["manager"]).unwrap_or("")))
        .filter(|write| {
            write
                .str_at(&["time"])
                .is_some_and(|time| recent(facts, time))
        })
        .max_by_key(|write| write.str_at(&["time"]).and_then(stamp::rfc3339))?;
    let time = write.get("time")?;
    let when = time.as_str().and_then(stamp::rfc3339);
    if let (Some(when), Some(created)) = (when, created)
        && when.as_second() - created.as_second() < 5
    {
        return None;
    }
    Some(change(
        entity,
        time,
        write.str_at(&["manager"]),
        write.str_at(&["operation"]).unwrap_or("Update"),
        false,
    ))
}

fn creation<'s>(facts: &Facts<'s>, entity: &Entity<'s>) -> Option<Entity<'s>> {
    let time = entity.root()?.at(&["metadata", "creationTimestamp"])?;
    recent(facts, time.as_str()?).then(|| change(entity, time, None, "Create", true))
}

fn change<'s>(
    entity: &Entity<'s>,
    time: View<'_>,
    manager: Option<&str>,
    operation: &str,
    created: bool,
) -> Entity<'s> {
    let fields = vec![
        ("kind", Node::text(entity.subject.kind.as_str())),
        ("name", Node::text(entity.subject.name.as_str())),
        ("namespace", Node::text(entity.subject.namespace.as_str())),
        ("time", time.to_node()),
        ("manager", manager.map_or_else(Node::default, Node::text)),
        ("operation", Node::text(operation)),
        ("created", Node::flag(created)),
    ];
    let cite = entity.file.map(|file| Cite {
        file,
        line: time.line(),
        end_line: time.line(),
    });
    let mut made = Entity::computed("ConfigChange", entity.subject.clone(), fields).cited("", cite);
    made.file = entity.file;
    made
}
