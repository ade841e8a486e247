//! Kubernetes events in their three shapes, made one: who, what, how often, from when to when.

use std::{cmp::Reverse, collections::HashMap};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::{
    node::Key,
    object::Object,
    packed::{Packer, Page, Part, Piece, Root, Text, View},
    stamp,
};

/// When an event last happened or was recorded, by all of its stamps.
pub(crate) fn newest(event: &Object) -> Option<Timestamp> {
    TIMES
        .iter()
        .filter_map(|path| event.root.str_at(path))
        .filter_map(stamp::rfc3339)
        .max()
}

/// Where the three shapes keep the times of occurrences.
const TIMES: &[&[&str]] = &[
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
    pub reason: Key,
    /// `Normal` or `Warning`.
    pub kind: Key,
    /// Occurrences.
    pub count: u64,
    /// First occurrence.
    pub first: Option<Timestamp>,
    /// Last occurrence.
    pub last: Option<Timestamp>,
    /// When the API server recorded the first occurrence, of events that date that occurrence themselves.
    pub recorded: Option<Timestamp>,
    /// Who reported it (`kubelet`, `default-scheduler` …).
    pub component: Key,
    /// The node of the reporter, if it has one.
    pub host: Key,
    /// The object it is about.
    pub regarding: Reference,
}

/// A reference to an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reference {
    /// Kind.
    pub kind: Key,
    /// Namespace, empty for cluster-scoped.
    pub namespace: Key,
    /// Name.
    pub name: Text,
    /// Uid, may be empty.
    pub uid: Text,
    /// `spec.containers{app}` and the like.
    pub field_path: Key,
}

/// Events of one page.
const PAGE: usize = 256;

/// An event whose texts are in a page that is being written.
struct Draft {
    event: Event,
    root: Root,
    name: Part,
    uid: Part,
    regarding: (Part, Part),
}

impl Draft {
    fn written(self, page: &Page) -> Event {
        let mut event = self.event;
        event.object.root = page.tree(self.root);
        event.object.name = page.text(self.name);
        event.object.uid = page.text(self.uid);
        event.regarding.name = page.text(self.regarding.0);
        event.regarding.uid = page.text(self.regarding.1);
        event
    }
}

impl Event {
    /// Reads core/v1 and events.k8s.io alike: the newer API calls the same things differently.
    pub fn all(objects: &[Object]) -> Vec<Self> {
        let pages: Vec<Vec<Self>> = objects
            .par_chunks(PAGE)
            .map(|objects| {
                let (drafts, page) = Packer::page(|packer| {
                    let drafts = objects.iter().map(|object| Self::draft(object, packer));
                    drafts.collect::<Vec<_>>()
                });
                let drafts = drafts.into_iter();
                drafts.map(|draft| draft.written(&page)).collect()
            })
            .collect();
        let mut all = Vec::with_capacity(objects.len());
        for page in pages {
            all.extend(page);
        }
        all
    }

    fn draft(object: &Object, packer: &mut Packer) -> Draft {
        let root = object.root.view();
        let [about, regarding, source, old_source, series, metadata] = values(
            root,
            [
                "involvedObject",
                "regarding",
                "source",
                "deprecatedSource",
                "series",
                "metadata",
            ],
        );
        let [reason, kind, count, old_count, component, controller] = values(
            root,
            [
                "reason",
                "type",
                "count",
                "deprecatedCount",
                "reportingComponent",
                "reportingController",
            ],
        );
        let [first, old_first, last, old_last, event_time] = values(
            root,
            [
                "firstTimestamp",
                "deprecatedFirstTimestamp",
                "lastTimestamp",
                "deprecatedLastTimestamp",
                "eventTime",
            ],
        );
        let time = |view: View<'_>| view.as_str().and_then(stamp::rfc3339);
        let about = if about.is_null() { regarding } else { about };
        let part = |key: &str| about.str_at(&[key]).unwrap_or("");
        let [series_time, series_count] = values(series, ["lastObservedTime", "count"]);
        let [source_name, host] = values(source, ["component", "host"]);
        let [old_source_name, old_host] = values(old_source, ["component", "host"]);
        let event_time = time(event_time);
        let created = metadata.get("creationTimestamp").and_then(time);
        let old_first = time(first).or_else(|| time(old_first));
        let old_last = time(last).or_else(|| time(old_last));
        let counts = [count, old_count, series_count];
        let first = old_first.or(event_time).or(old_last).or(created);
        let last = [time(series_time), old_last, event_time]
            .into_iter()
            .flatten()
            .max()
            .or(first);
        let (name, about_name) = (packer.part(&object.name), part("name"));
        let regarding = if object.name.starts_with(about_name) {
            // As the API's clients name events: by what they are about, and a stamp.
            name.first(about_name)
        } else {
            packer.part(about_name)
        };
        let event = Self {
            reason: some(&[reason]),
            kind: some(&[kind]),
            count: counts
                .into_iter()
                .filter_map(View::as_i64)
                .max()
                .and_then(|count| u64::try_from(count).ok())
                .map_or(1, |count| count.max(1)),
            first,
            last,
            recorded: created.filter(|_| old_first.is_some()),
            component: some(&[component, controller, source_name, old_source_name]),
            host: some(&[host, old_host]),
            regarding: Reference {
                kind: Key::new(part("kind")),
                namespace: Key::new(part("namespace")),
                name: Text::default(),
                uid: Text::default(),
                field_path: Key::new(part("fieldPath")),
            },
            object: Object {
                kind: object.kind.clone(),
                namespace: object.namespace.clone(),
                file: object.file,
                partial: object.partial,
                ..Object::default()
            },
        };
        Draft {
            event,
            root: cited(root, packer),
            name,
            uid: packer.part(&object.uid),
            regarding: (regarding, packer.part(part("uid"))),
        }
    }

    /// For people.
    pub fn message(&self) -> &str {
        ["message", "note"]
            .iter()
            .filter_map(|key| self.object.root.str_at(&[key]))
            .find(|text| !text.is_empty())
            .unwrap_or("")
    }

    /// What tells it from other events.
    fn id(&self) -> (&str, &str) {
        let object = &self.object;
        let id = if object.uid.is_empty() {
            &object.name
        } else {
            &object.uid
        };
        (&object.namespace, id)
    }

    fn order(&self) -> (Option<Timestamp>, Option<Timestamp>, &str, &str) {
        let object = &self.object;
        (self.last, self.first, &object.namespace, &object.name)
    }

    /// The container that the event's field path names.
    pub fn container(&self) -> Option<&str> {
        let (_, rest) = self.regarding.field_path.split_once('{')?;
        rest.strip_suffix('}')
    }
}

/// The values of some keys, in one walk; nothing for those that are not there.
fn values<'v, const N: usize>(map: View<'v>, keys: [&str; N]) -> [View<'v>; N] {
    let mut values = [None; N];
    for (key, view) in map.entries() {
        let mut places = keys.iter().zip(&mut values);
        if let Some((_, value)) = places.find(|(wanted, _)| **wanted == key) {
            value.get_or_insert(view);
        }
    }
    values.map(Option::unwrap_or_default)
}

/// The first text that is not empty.
fn some(views: &[View<'_>]) -> Key {
    let mut texts = views.iter().filter_map(|view| view.as_str());
    texts.find(|text| !text.is_empty()).unwrap_or("").into()
}

/// The parts of an event's tree that are cited, each with its line: a busy cluster has more events
/// than anything else, and all their other fields are in [`Event`].
fn cited(root: View<'_>, packer: &mut Packer) -> Root {
    let mut kept: Vec<(&str, Piece)> = Vec::with_capacity(5);
    for (key, view) in root.entries() {
        match key {
            "reason" | "type" | "message" | "note" => kept.push((key, packer.view(view))),
            "metadata" => kept.push((key, packer.null(view.line(), 0))),
            _ => {}
        }
    }
    let map = packer.map(kept.into_iter(), root.line());
    packer.finish(map)
}

/// Merges the copies of one event from the two APIs and from several files, by uid, else by name: the newest stays, of
/// equal ones that of the first file. Gives them in the order in which they happened.
pub fn merge(events: Vec<Event>) -> Vec<Event> {
    let mut stay: HashMap<(&str, &str), &Event> = HashMap::with_capacity(events.len());
    for event in &events {
        let newest = |event: &Event| (event.last, Reverse(event.object.file));
        let kept = stay.entry(event.id()).or_insert(event);
        if newest(event) > newest(kept) {
            *kept = event;
        }
    }
    let mut order: Vec<(Option<Timestamp>, &Event, usize)> = Vec::with_capacity(stay.len());
    for (place, event) in events.iter().enumerate() {
        if stay
            .get(&event.id())
            .is_some_and(|kept| std::ptr::eq(*kept, event))
        {
            order.push((event.last, event, place));
        }
    }
    drop(stay);
    // Most are told apart by a time that stands beside their place: an event is too large to be looked at each time.
    order.par_sort_unstable_by(|(a_last, a, _), (b_last, b, _)| {
        a_last
            .cmp(b_last)
            .then_with(|| a.order().cmp(&b.order()))
            .then_with(|| a.id().cmp(&b.id()))
    });
    let places: Vec<usize> = order.into_iter().map(|(.., place)| place).collect();
    let mut events: Vec<Option<Event>> = events.into_iter().map(Some).collect();
    // As many as there were: what grows by doubling would keep room for as many again.
    let mut ordered = Vec::with_capacity(places.len());
    let taken = places.into_iter();
    ordered.extend(taken.filter_map(|place| events.get_mut(place)?.take()));
    ordered
}
