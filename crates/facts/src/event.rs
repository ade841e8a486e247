//! Events as entities: their fields are read from the event when they are asked for, as there are more events than anything else.

use std::sync::OnceLock;

use coldcase_snapshot::{
    event::Event,
    node::Node,
    packed::{Packed, View},
};

use rayon::prelude::*;

use crate::{
    Cite, Entity, EntityId, Facts, Identity,
    groups::{Few, Groups},
};

/// Every event as an entity that is found from what it is about.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let made: Vec<(Option<EntityId>, Entity<'_>)> = facts
        .snapshot
        .events
        .par_iter()
        .map(|event| entity(facts, event))
        .collect();
    let mut about = Vec::with_capacity(made.len());
    for (object, mut entity) in made {
        let subject = if object.is_none() {
            // There are more events than objects: those about one share its identity.
            let known = facts.events_elsewhere.get_key_value(&entity.subject);
            if let Some((known, _)) = known {
                entity.subject = known.clone();
            }
            Some(entity.subject.clone())
        } else {
            None
        };
        let id = facts.push(entity);
        if let Some(object) = object {
            about.push((object, id));
        } else if let Some(subject) = subject {
            match facts.events_elsewhere.get_mut(&subject) {
                Some(others) => others.push(id),
                None => {
                    facts.events_elsewhere.insert(subject, Few::One(id));
                }
            }
        }
    }
    facts.events = Groups::new(facts.owner.len(), &about);
}

/// An event as an entity, which is about its subject, and the captured object that it is about.
fn entity<'s>(facts: &Facts<'s>, event: &'s Event) -> (Option<EntityId>, Entity<'s>) {
    let (subject, object) = subject(facts, event);
    let mut fields = Vec::new();
    // Of a word that is another than the one captured, or on several lines, the captured place is not its own.
    for (field, word) in [("reason", &event.reason), ("type", &event.kind)] {
        let captured = event.object.root.get(field).filter(|it| !it.is_null());
        let same =
            captured.is_some_and(|it| it.as_str() == Some(word) && it.end_line() == it.line());
        if !same {
            let line = captured.map_or(0, View::line);
            fields.push((field, Node::text(word.as_str()).at_line(line)));
        }
    }
    if event.count != 1 {
        let count = i64::try_from(event.count).unwrap_or(i64::MAX);
        fields.push(("count", Node::number(count)));
    }
    if event.container().is_none()
        && let Some(container) = only_container(facts, event, &subject)
    {
        fields.push(("container", Node::text(container)));
    }
    let mut made = Entity::of_event(subject, event, fields);
    made.partial = event.object.partial;
    (object, made)
}

/// What an event is about; that of a captured object is the object's own identity.
fn subject(facts: &Facts<'_>, event: &Event) -> (Identity, Option<EntityId>) {
    let about = &event.regarding;
    let kind = kind(event);
    let namespace = if matches!(kind, "Node" | "Namespace" | "PersistentVolume") {
        ""
    } else {
        about.namespace.as_str()
    };
    match facts.known(kind, namespace, &about.name) {
        Some((identity, object)) => (identity.clone(), Some(object)),
        None => (Identity::new(kind, namespace, &about.name), None),
    }
}

fn kind(event: &Event) -> &str {
    match event.regarding.kind.as_str() {
        "" => "Unknown",
        kind => kind,
    }
}

/// What a path that begins with these keys leads to, of what was not computed.
pub(crate) fn start<'e>(
    event: &'e Event,
    first: &str,
    second: Option<&str>,
) -> Option<(View<'e>, usize)> {
    let root = &event.object.root;
    let view = match first {
        "reason" | "type" | "first" => root.get(first)?,
        "last" => root.get(first).or_else(|| root.get("first"))?,
        "message" => message(event)?,
        "count" => View::text("1"),
        "component" => View::text(&event.component),
        "host" => View::text(&event.host),
        "container" => event.container().map(View::text).unwrap_or_default(),
        "regarding" => return regarding(event, second),
        _ => return None,
    };
    Some((view, 1))
}

fn regarding<'e>(event: &'e Event, part: Option<&str>) -> Option<(View<'e>, usize)> {
    /// Something with parts, of which each is asked for by itself.
    static PARTS: OnceLock<Packed> = OnceLock::new();
    let about = &event.regarding;
    let text = match part {
        Some("kind") => kind(event),
        Some("namespace") => &about.namespace,
        Some("name") => &about.name,
        Some("uid") => &about.uid,
        Some("fieldPath") => &about.field_path,
        Some(_) => return None,
        None => {
            let parts = PARTS.get_or_init(|| Node::map(vec![("kind", Node::text(""))]).into());
            return Some((parts.view(), 1));
        }
    };
    Some((View::text(text), 2))
}

/// The event's words where they stand.
fn message(event: &Event) -> Option<View<'_>> {
    let root = &event.object.root;
    let found = root.get("message").or_else(|| root.get("note"));
    found.filter(|node| !node.is_null())
}

/// Where an event is quoted: its words, else its reason.
pub(crate) fn place(event: &Event) -> Option<Cite> {
    let root = &event.object.root;
    let words = ["message", "note", "reason"]
        .iter()
        .find_map(|key| root.get(key))
        .filter(|node| !node.is_null());
    let node = words.or_else(|| root.get("metadata"))?;
    Some(Cite {
        file: event.object.file,
        line: node.line(),
        end_line: node.end_line(),
    })
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
    let root = facts.get(pod).root()?;
    let only = root.items_at(&["spec", "containers"]).only()?;
    let alone = root.items_at(&["spec", "initContainers"]).is_empty();
    alone.then(|| only.str_at(&["name"])).flatten()
}

#[cfg(test)]
mod tests;
