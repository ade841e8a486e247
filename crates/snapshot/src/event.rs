//! Kubernetes events in their three shapes, made one: who, what, how often, from when to when.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    node::{Node, Value},
    object::Object,
    stamp,
};

/// Where the three shapes keep the times of occurrences.
pub(crate) const TIMES: &[&[&str]] = &[
    &["series", "lastObservedTime"],
    &["lastTimestamp"],
    &["deprecatedLastTimestamp"],
    &["eventTime"],
    &["firstTimestamp"],
    &["deprecatedFirstTimestamp"],
];

/// An event after normalisation. Times are those of the occurrences, not of the object.
#[derive(Debug, Clone)]
pub struct Event {
    /// The object; of its tree only what is cited is kept.
    pub object: Object,
    /// Why, one CamelCase word.
    pub reason: String,
    /// `Normal` or `Warning`.
    pub kind: String,
    /// For people.
    pub message: String,
    /// Occurrences.
    pub count: u64,
    /// First occurrence.
    pub first: Option<Timestamp>,
    /// Last occurrence.
    pub last: Option<Timestamp>,
    /// When the API server recorded the first occurrence, of events that date that occurrence themselves.
    pub recorded: Option<Timestamp>,
    /// Who reported it (`kubelet`, `default-scheduler` …).
    pub component: String,
    /// The node of the reporter, if it has one.
    pub host: String,
    /// The object it is about.
    pub regarding: Reference,
}

/// A reference to an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reference {
    /// Kind.
    pub kind: String,
    /// Namespace, empty for cluster-scoped.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid, may be empty.
    pub uid: String,
    /// `spec.containers{app}` and the like.
    pub field_path: String,
}

impl Event {
    /// Reads core/v1 and events.k8s.io alike: the newer API calls the same things differently.
    pub fn new(object: Object) -> Self {
        let root = &object.root;
        let text = |paths: &[&[&str]]| {
            paths
                .iter()
                .filter_map(|path| root.str_at(path))
                .find(|text| !text.is_empty())
                .unwrap_or("")
                .to_owned()
        };
        let time = |paths: &[&[&str]]| {
            paths
                .iter()
                .filter_map(|path| root.str_at(path))
                .find_map(stamp::rfc3339)
        };
        let number = |paths: &[&[&str]]| {
            paths
                .iter()
                .filter_map(|path| root.int_at(path))
                .max()
                .unwrap_or(1)
                .max(1)
        };
        let about = root.get("involvedObject").or_else(|| root.get("regarding"));
        let part = |key: &str| {
            about
                .and_then(|node| node.str_at(&[key]))
                .unwrap_or("")
                .to_owned()
        };
        let series = time(&[&["series", "lastObservedTime"]]);
        let event_time = time(&[&["eventTime"]]);
        let created = time(&[&["metadata", "creationTimestamp"]]);
        let old_first = time(&[&["firstTimestamp"], &["deprecatedFirstTimestamp"]]);
        let old_last = time(&[&["lastTimestamp"], &["deprecatedLastTimestamp"]]);
        let first = old_first.or(event_time).or(old_last).or(created);
        let last = [series, old_last, event_time]
            .into_iter()
            .flatten()
            .max()
            .or(first);
        Self {
            reason: text(&[&["reason"]]),
            kind: text(&[&["type"]]),
            message: text(&[&["message"], &["note"]]),
            count: u64::try_from(number(&[
                &["count"],
                &["deprecatedCount"],
                &["series", "count"],
            ]))
            .unwrap_or(1),
            first,
            last,
            recorded: created.filter(|_| old_first.is_some()),
            component: text(&[
                &["reportingComponent"],
                &["reportingController"],
                &["source", "component"],
                &["deprecatedSource", "component"],
            ]),
            host: text(&[&["source", "host"], &["deprecatedSource", "host"]]),
            regarding: Reference {
                kind: part("kind"),
                namespace: part("namespace"),
                name: part("name"),
                uid: part("uid"),
                field_path: part("fieldPath"),
            },
            object: Object {
                root: cited(object.root),
                ..object
            },
        }
    }

    /// The container that the event's field path names.
    pub fn container(&self) -> Option<&str> {
        let (_, rest) = self.regarding.field_path.split_once('{')?;
        rest.strip_suffix('}')
    }
}

/// The parts of an event's tree that are cited, each with its line: a busy cluster has more events
/// than anything else, and all their other fields are in [`Event`].
fn cited(root: Node) -> Node {
    let Value::Map(entries) = root.value else {
        return root;
    };
    let mut kept = Vec::with_capacity(5);
    for (key, mut node) in entries {
        match key.as_str() {
            "reason" | "type" | "message" | "note" => kept.push((key, node)),
            "metadata" => {
                node.value = Value::Null;
                kept.push((key, node));
            }
            _ => {}
        }
    }
    Node {
        value: Value::Map(kept.into()),
        ..root
    }
}

/// Merges the copies of one event from the two APIs and from several files, by uid, else by name.
pub fn merge(events: Vec<Event>) -> Vec<Event> {
    let mut best: BTreeMap<(String, String), Event> = BTreeMap::new();
    for event in events {
        let id = if event.object.uid.is_empty() {
            event.object.name.clone()
        } else {
            event.object.uid.clone()
        };
        let key = (event.object.namespace.clone(), id);
        match best.get(&key) {
            Some(old)
                if (old.last, std::cmp::Reverse(old.object.file))
                    >= (event.last, std::cmp::Reverse(event.object.file)) => {}
            _ => {
                best.insert(key, event);
            }
        }
    }
    let mut merged: Vec<Event> = best.into_values().collect();
    merged.sort_by(|a, b| {
        (a.last, a.first, &a.object.namespace, &a.object.name).cmp(&(
            b.last,
            b.first,
            &b.object.namespace,
            &b.object.name,
        ))
    });
    merged
}
