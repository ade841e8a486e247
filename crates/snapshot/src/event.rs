//! Kubernetes events in their three shapes, made one: who, what, how often, from when to when.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::{
    node::Key,
    object::Object,
    packed::{Packer, Page, Part, Piece, Root, Text, View},
    stamp,
};

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
    /// Reads core/v1 and events.k8s.io alike: the newer API calls the same things differently. Gives the newest of
    /// all their stamps as well, by which the time of the capture is told.
    pub fn all(objects: &[Object]) -> (Vec<Self>, Option<Timestamp>) {
        let pages: Vec<(Vec<Self>, Option<Timestamp>)> = objects
            .par_chunks(PAGE)
            .map(|objects| {
                let ((drafts, newest), page) = Packer::page(|packer| {
                    let mut drafts = Vec::with_capacity(objects.len());
                    let mut newest = None;
                    for object in objects {
                        let fields = Fields::of(object.root.view());
                        let times = fields.times();
                        newest = newest.max(times.newest);
                        drafts.push(Self::draft(object, &fields, times, packer));
                    }
                    (drafts, newest)
                });
                let drafts = drafts.into_iter();
                (drafts.map(|draft| draft.written(&page)).collect(), newest)
            })
            .collect();
        let newest = pages.iter().filter_map(|(_, newest)| *newest).max();
        let mut all = Vec::with_capacity(objects.len());
        for (page, _) in pages {
            all.extend(page);
        }
        (all, newest)
    }

    fn draft(object: &Object, fields: &Fields<'_>, times: Times, packer: &mut Packer) -> Draft {
        let about = match fields.involved {
            Some(about) if !about.is_null() => about,
            _ => fields.regarding.unwrap_or_default(),
        };
        let [
            about_kind,
            about_namespace,
            about_name,
            about_uid,
            field_path,
        ] = values(about, ["kind", "namespace", "name", "uid", "fieldPath"]);
        let text = |view: View<'_>| Key::new(view.as_str().unwrap_or(""));
        let [source_name, host] = of_source(fields.source);
        let [old_source_name, old_host] = of_source(fields.old_source);
        let [series_count] = values(fields.series.unwrap_or_default(), ["count"]);
        let counts = [fields.count, fields.old_count, Some(series_count)];
        let about_name = about_name.as_str().unwrap_or("");
        let name = packer.part(&object.name);
        let regarding = if object.name.starts_with(about_name) {
            // As the API's clients name events: by what they are about, and a stamp.
            name.first(about_name)
        } else {
            packer.part(about_name)
        };
        let event = Self {
            reason: some(&[fields.reason]),
            kind: some(&[fields.kind]),
            count: counts
                .into_iter()
                .filter_map(|count| count?.as_i64())
                .max()
                .and_then(|count| u64::try_from(count).ok())
                .map_or(1, |count| count.max(1)),
            first: times.first,
            last: times.last,
            recorded: times.recorded,
            component: some(&[
                fields.component,
                fields.controller,
                source_name,
                old_source_name,
            ]),
            host: some(&[host, old_host]),
            regarding: Reference {
                kind: text(about_kind),
                namespace: text(about_namespace),
                name: Text::default(),
                uid: Text::default(),
                field_path: text(field_path),
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
            root: kept(object.root.view(), times, packer),
            name,
            uid: packer.part(&object.uid),
            regarding: (regarding, packer.part(about_uid.as_str().unwrap_or(""))),
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

/// The component and the host of who reported an event.
fn of_source(source: Option<View<'_>>) -> [Option<View<'_>>; 2] {
    values(source.unwrap_or_default(), ["component", "host"]).map(Some)
}

/// The first text that is not empty.
fn some(views: &[Option<View<'_>>]) -> Key {
    let mut texts = views.iter().filter_map(|view| (*view)?.as_str());
    texts.find(|text| !text.is_empty()).unwrap_or("").into()
}

/// What is asked of an event's tree, found in one walk: there are more events than anything else.
#[derive(Default)]
struct Fields<'v> {
    involved: Option<View<'v>>,
    regarding: Option<View<'v>>,
    source: Option<View<'v>>,
    old_source: Option<View<'v>>,
    series: Option<View<'v>>,
    metadata: Option<View<'v>>,
    reason: Option<View<'v>>,
    kind: Option<View<'v>>,
    count: Option<View<'v>>,
    old_count: Option<View<'v>>,
    component: Option<View<'v>>,
    controller: Option<View<'v>>,
    first: Option<View<'v>>,
    old_first: Option<View<'v>>,
    last: Option<View<'v>>,
    old_last: Option<View<'v>>,
    time: Option<View<'v>>,
}

impl<'v> Fields<'v> {
    fn of(root: View<'v>) -> Self {
        let mut fields = Self::default();
        for (key, view) in root.entries() {
            if let Some(field) = fields.field(key) {
                field.get_or_insert(view);
            }
        }
        fields
    }

    fn field(&mut self, key: &str) -> Option<&mut Option<View<'v>>> {
        Some(match key {
            "involvedObject" => &mut self.involved,
            "regarding" => &mut self.regarding,
            "source" => &mut self.source,
            "deprecatedSource" => &mut self.old_source,
            "series" => &mut self.series,
            "metadata" => &mut self.metadata,
            "reason" => &mut self.reason,
            "type" => &mut self.kind,
            "count" => &mut self.count,
            "deprecatedCount" => &mut self.old_count,
            "reportingComponent" => &mut self.component,
            "reportingController" => &mut self.controller,
            "firstTimestamp" => &mut self.first,
            "deprecatedFirstTimestamp" => &mut self.old_first,
            "lastTimestamp" => &mut self.last,
            "deprecatedLastTimestamp" => &mut self.old_last,
            "eventTime" => &mut self.time,
            _ => return None,
        })
    }

    fn times(&self) -> Times {
        let time = |view: Option<View<'_>>| view?.as_str().and_then(stamp::rfc3339);
        let [first, old_first] = [self.first, self.old_first].map(time);
        let [last, old_last] = [self.last, self.old_last].map(time);
        let event_time = time(self.time);
        let series = self
            .series
            .and_then(|series| series.get("lastObservedTime"));
        let series = time(series);
        let created = self.metadata.and_then(|it| it.get("creationTimestamp"));
        let created = time(created);
        let newest = [series, last, old_last, event_time, first, old_first];
        let (started, ended) = (first.or(old_first), last.or(old_last));
        let first = started.or(event_time).or(ended).or(created);
        Times {
            first,
            last: series.max(ended).max(event_time).or(first),
            recorded: created.filter(|_| started.is_some()),
            newest: newest.into_iter().flatten().max(),
        }
    }
}

/// When an event happened, as [`Event`] tells it.
#[derive(Clone, Copy)]
struct Times {
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    recorded: Option<Timestamp>,
    /// When it last happened or was recorded, by all of its stamps.
    newest: Option<Timestamp>,
}

/// The part of an event's tree that stays: what is cited, with its lines, and the times as rules ask for them. All
/// other fields are in [`Event`].
fn kept(root: View<'_>, times: Times, packer: &mut Packer) -> Root {
    let mut kept: Vec<(&str, Piece)> = Vec::with_capacity(7);
    for (key, view) in root.entries() {
        match key {
            // The ages are what text for people prints instead of times.
            "reason" | "type" | "message" | "note" | "ageSeconds" | "firstAgeSeconds"
            | "quoted" => {
                kept.push((key, packer.view(view)));
            }
            "metadata" => kept.push((key, packer.null(view.line(), 0))),
            _ => {}
        }
    }
    let mut text = String::with_capacity(32);
    let mut time = |key, time: Option<Timestamp>| {
        // What is not known is left out: of an object it is absent, of text it is what the text does not show.
        text.clear();
        stamp::write(&mut text, time?, 0);
        Some((key, packer.scalar(&text, 0, 0, false)))
    };
    kept.extend(time("first", times.first));
    // One that happened once, or is told so, has both at the same time.
    if times.first != times.last {
        kept.extend(time("last", times.last));
    }
    let map = packer.map(kept.into_iter(), root.line());
    packer.finish(map)
}

/// Merges the copies of one event from the two APIs and from several files, by uid, else by name: the newest stays, of
/// equal ones that of the first file. Gives them in the order in which they happened.
pub fn merge(mut events: Vec<Event>) -> Vec<Event> {
    let copies = copies(&events);
    if !copies.is_empty() {
        let mut places = 0..;
        events.retain(|_| places.next().is_none_or(|place| !copies.contains(&place)));
        events.shrink_to_fit();
    }
    let mut order: Vec<(Option<Timestamp>, &Event, usize)> = events
        .par_iter()
        .enumerate()
        .map(|(place, event)| (event.last, event, place))
        .collect();
    // Most are told apart by a time that stands beside their place: an event is too large to be looked at each time.
    order.par_sort_unstable_by(|(a_last, a, _), (b_last, b, _)| {
        a_last
            .cmp(b_last)
            .then_with(|| a.order().cmp(&b.order()))
            .then_with(|| a.id().cmp(&b.id()))
    });
    let places = order.into_iter().map(|(.., place)| place).collect();
    permute(&mut events, places);
    events
}

/// The places of events of which a newer copy is there. Nearly always there is none: numbers are compared, names only
/// where those are equal.
fn copies(events: &[Event]) -> HashSet<usize> {
    let state = RandomState::new();
    let mut hashes: Vec<(u64, usize)> = events
        .par_iter()
        .enumerate()
        .map(|(place, event)| (state.hash_one(event.id()), place))
        .collect();
    hashes.par_sort_unstable();
    let newest = |event: &Event| (event.last, Reverse(event.object.file));
    let mut copies = HashSet::new();
    for alike in hashes.chunk_by(|(one, _), (next, _)| one == next) {
        if alike.len() == 1 {
            continue;
        }
        let mut stay: HashMap<(&str, &str), (usize, &Event)> = HashMap::new();
        for (place, event) in alike
            .iter()
            .filter_map(|(_, place)| Some((*place, events.get(*place)?)))
        {
            match stay.get_mut(&event.id()) {
                None => {
                    stay.insert(event.id(), (place, event));
                }
                Some((kept, known)) if newest(event) > newest(known) => {
                    copies.insert(std::mem::replace(kept, place));
                    *known = event;
                }
                Some(_) => {
                    copies.insert(place);
                }
            }
        }
    }
    copies
}

/// Puts at each place what stands at the place that `from` has there, each once, without room for all of them.
fn permute<T>(all: &mut [T], mut from: Vec<usize>) {
    for start in 0..from.len() {
        let mut at = start;
        while let Some(next) = from.get_mut(at).map(|from| std::mem::replace(from, at)) {
            if next == start || next == at {
                break;
            }
            all.swap(at, next);
            at = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(id: u8, last: i64, file: u32) -> Event {
        let object = Object {
            name: format!("e{id}").into(),
            file: coldcase_bundle::FileId(file),
            ..Object::default()
        };
        let mut event = Event::all(std::slice::from_ref(&object)).0.remove(0);
        event.last = Timestamp::from_second(last).ok();
        event
    }

    proptest! {
        #[test]
        fn each_comes_to_its_place(from in Just((0..40_usize).collect::<Vec<_>>()).prop_shuffle()) {
            let mut all: Vec<usize> = (100..140).collect();
            permute(&mut all, from.clone());
            prop_assert_eq!(all, from.iter().map(|from| 100 + from).collect::<Vec<_>>());
        }

        #[test]
        fn of_each_event_the_newest_copy_stays_and_all_are_in_order(
            all in prop::collection::vec((0..6_u8, 0..4_i64, 0..3_u32), 0..40),
        ) {
            let events = all.iter().map(|(id, last, file)| event(*id, *last, *file));
            let merged = merge(events.collect());
            let mut wanted: HashMap<u8, (i64, Reverse<u32>)> = HashMap::new();
            for (id, last, file) in all {
                let newest = wanted.entry(id).or_insert((last, Reverse(file)));
                *newest = (*newest).max((last, Reverse(file)));
            }
            prop_assert_eq!(merged.len(), wanted.len());
            for event in &merged {
                let name = event.object.name.as_str().strip_prefix('e');
                let id = name.and_then(|id| id.parse::<u8>().ok()).unwrap();
                let (last, Reverse(file)) = wanted[&id];
                prop_assert_eq!(event.last.map(Timestamp::as_second), Some(last));
                prop_assert_eq!(event.object.file.0, file);
            }
            prop_assert!(merged.is_sorted_by_key(|event| event.last));
        }
    }
}
