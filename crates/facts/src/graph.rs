//! Objects and events as entities, and the indexes over them.

use std::collections::HashMap;

use coldcase_snapshot::{Snapshot, event::Event, node::Node, packed::View, stamp};
use rayon::prelude::*;

use crate::{Cite, Entity, EntityId, Facts, Identity, entity::static_kind, select, workload};

/// Every captured object as an entity.
pub(crate) fn objects<'s>(snapshot: &'s Snapshot<'s>) -> Facts<'s> {
    let mut facts = Facts {
        snapshot,
        entities: Vec::with_capacity(snapshot.objects.len() + snapshot.events.len()),
        by_kind: std::collections::BTreeMap::default(),
        in_namespace: HashMap::default(),
        by_identity: HashMap::default(),
        by_uid: HashMap::default(),
        pods_of_node: std::collections::BTreeMap::default(),
        pods_of_namespace: std::collections::BTreeMap::default(),
        events_of: HashMap::default(),
        containers_of: HashMap::default(),
        workload_of: HashMap::default(),
        owned: HashMap::default(),
        pods_of_workload: HashMap::default(),
        selected_by: HashMap::default(),
        selects: HashMap::default(),
        derived_of: HashMap::default(),
        health: HashMap::default(),
    };
    for object in &snapshot.objects {
        let subject = Identity::new(&object.kind, &object.namespace, &object.name);
        let id = facts.push(Entity {
            kind: static_kind(&object.kind),
            label: object.name.clone(),
            subject: subject.clone(),
            extra: Node::map(vec![]).into(),
            root: Some(object.root.view()),
            mounts: Vec::new(),
            file: Some(object.file),
            cites: Vec::new(),
            partial: object.partial,
        });
        facts.by_identity.insert(subject, id);
        facts
            .in_namespace
            .entry((static_kind(&object.kind), object.namespace.clone()))
            .or_default()
            .push(id);
        if !object.uid.is_empty() {
            facts.by_uid.insert(object.uid.clone(), id);
        }
        if object.kind == "Pod" {
            facts
                .pods_of_namespace
                .entry(object.namespace.clone())
                .or_default()
                .push(id);
            if let Some(node) = object.root.str_at(&["spec", "nodeName"]) {
                facts
                    .pods_of_node
                    .entry(node.to_owned())
                    .or_default()
                    .push(id);
            }
        }
    }
    select_pods(&mut facts);
    own(&mut facts);
    facts
}

/// Who controls whom, from the owner's side.
fn own(facts: &mut Facts<'_>) {
    for index in 0..facts.entities.len() {
        let id = EntityId(u32::try_from(index).unwrap_or(u32::MAX));
        if let Some(owner) = workload::owner(facts, id) {
            facts.owned.entry(owner).or_default().push(id);
        }
    }
}

/// Pods by a label, within a namespace.
type ByLabel<'s> = HashMap<(&'s str, &'s str, &'s str), Vec<EntityId>>;

fn by_label<'s>(facts: &Facts<'s>) -> ByLabel<'s> {
    let mut found = ByLabel::new();
    for object in facts.snapshot.objects.iter().filter(|it| it.kind == "Pod") {
        let Some(pod) = facts.object("Pod", &object.namespace, &object.name) else {
            continue;
        };
        let labels = object.root.at(&["metadata", "labels"]);
        for (key, value) in labels.unwrap_or_default().entries() {
            let value = value.as_str().unwrap_or("");
            let pods = found
                .entry((object.namespace.as_str(), key, value))
                .or_default();
            if pods.last() != Some(&pod) {
                pods.push(pod);
            }
        }
    }
    found
}

fn select_pods(facts: &mut Facts<'_>) {
    let labelled = by_label(facts);
    let services: Vec<_> = facts.of_kind("Service").to_vec();
    for service in services {
        let entity = facts.get(service);
        let selector = select::plain(entity.root.and_then(|root| root.at(&["spec", "selector"])));
        if selector.is_empty() {
            continue;
        }
        let namespace = entity.subject.namespace.as_str();
        // Every selected pod has every label of the selector: the rarest finds them all.
        let fewest = selector
            .iter()
            .map(|(key, value)| {
                labelled
                    .get(&(namespace, key.as_str(), value.as_str()))
                    .map_or(&[][..], Vec::as_slice)
            })
            .min_by_key(|pods| pods.len())
            .unwrap_or(&[]);
        let chosen: Vec<_> = fewest
            .iter()
            .copied()
            .filter(|pod| {
                facts
                    .get(*pod)
                    .root
                    .is_some_and(|root| select::matches_plain(&selector, &select::labels(root)))
            })
            .collect();
        for pod in &chosen {
            facts.selected_by.entry(*pod).or_default().push(service);
        }
        facts.selects.insert(service, chosen);
    }
}

/// Text for people does not say which container of a pod an event is about: if there is one only, it is that.
fn only_container<'s>(facts: &Facts<'s>, event: &Event, subject: &Identity) -> Option<&'s str> {
    const OF_CONTAINERS: &[&str] = &[
        "BackOff",
        "Created",
        "Failed",
        "Killing",
        "ProbeWarning",
        "Pulled",
        "Pulling",
        "Started",
        "Unhealthy",
    ];
    if !event.object.partial
        || !OF_CONTAINERS.contains(&event.reason.as_str())
        || subject.kind != "Pod"
    {
        return None;
    }
    let pod = facts.object("Pod", &subject.namespace, &subject.name)?;
    let root = facts.get(pod).root?;
    let only = root.items_at(&["spec", "containers"]).only()?;
    let alone = root.items_at(&["spec", "initContainers"]).is_empty();
    alone.then(|| only.str_at(&["name"])).flatten()
}

/// Every event as an entity that is found from what it is about.
pub(crate) fn events(facts: &mut Facts<'_>) {
    let made: Vec<Entity<'_>> = facts
        .snapshot
        .events
        .par_iter()
        .map(|event| self::event(facts, event))
        .collect();
    for mut entity in made {
        // There are more events than objects: those about one share its identity.
        if let Some((known, _)) = facts.events_of.get_key_value(&entity.subject) {
            entity.subject = known.clone();
        }
        let subject = entity.subject.clone();
        let id = facts.push(entity);
        facts.events_of.entry(subject).or_default().push(id);
    }
}

fn event<'s>(facts: &Facts<'s>, event: &Event) -> Entity<'s> {
    let root = &event.object.root;
    let time = |time: Option<jiff::Timestamp>| {
        time.map_or_else(Node::default, |time| Node::text(stamp::format(time, 0)))
    };
    let about = &event.regarding;
    let kind = if about.kind.is_empty() {
        "Unknown"
    } else {
        about.kind.as_str()
    };
    let namespace = if matches!(kind, "Node" | "Namespace" | "PersistentVolume") {
        ""
    } else {
        about.namespace.as_str()
    };
    let subject = Identity::new(kind, namespace, &about.name);
    let captured = facts.by_identity.get_key_value(&subject);
    let subject = captured.map_or(subject, |(known, _)| known.clone());
    let line_of = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| root.get(key))
            .filter(|node| !node.is_null())
    };
    let mut fields = vec![
        (
            "reason",
            Node::text(event.reason.as_str()).at_line(line_of(&["reason"]).map_or(0, View::line)),
        ),
        (
            "type",
            Node::text(event.kind.as_str()).at_line(line_of(&["type"]).map_or(0, View::line)),
        ),
        (
            "count",
            Node::number(i64::try_from(event.count).unwrap_or(i64::MAX)),
        ),
        ("first", time(event.first)),
        ("last", time(event.last)),
        ("component", Node::text(event.component.as_str())),
        ("host", Node::text(event.host.as_str())),
        (
            "container",
            event
                .container()
                .or_else(|| only_container(facts, event, &subject))
                .map_or_else(Node::default, Node::text),
        ),
        (
            "regarding",
            Node::map(vec![
                ("kind", Node::text(kind)),
                ("namespace", Node::text(about.namespace.as_str())),
                ("name", Node::text(about.name.as_str())),
                ("uid", Node::text(about.uid.as_str())),
                ("fieldPath", Node::text(about.field_path.as_str())),
            ]),
        ),
    ];
    if let Some(message) = line_of(&["message", "note"]) {
        fields.push(("message", message.to_node()));
    }
    let place = line_of(&["message", "note", "reason"]).or_else(|| root.get("metadata"));
    let file = event.object.file;
    let cite = place.map(|node| Cite {
        file,
        line: node.line(),
        end_line: node.end_line(),
    });
    let mut entity = Entity::computed("Event", subject, fields).cited("", cite);
    entity.file = Some(file);
    entity
}
