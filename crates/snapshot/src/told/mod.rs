//! Makes events of what kubelets, controllers and the scheduler log of objects, in the words in which they reported them to the API.
//!
//! Logs are streamed, and only lines with a few words are read at all. What is said again and again becomes one event
//! with its count, its first and its last time. An event is left out where one of the same object and reason was
//! captured, and events that are told never count as captured: that there are no others is not known.

mod fold;
mod kubelet;
mod names;
mod node;
mod place;
mod probe;
mod recorded;
mod said;
mod source;
mod volume;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fmt,
};

use aho_corasick::AhoCorasick;
use coldcase_bundle::FileId;
use rayon::prelude::*;

use crate::{
    Snapshot,
    clock::Anchors,
    coverage::{Coverage, Status},
    event::{self, Event},
    node::Node,
    object::{self, Object},
    stamp,
};
use fold::Folded;
use place::Places;

/// Most events of a bundle that are made of lines.
const MOST: usize = 50_000;
/// Most pods whose namespace is looked for in other lines.
const SOUGHT: usize = 512;

/// The object that a line is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct About {
    kind: String,
    namespace: String,
    name: String,
    uid: String,
    field_path: String,
}

impl About {
    fn is_same_part(&self, other: &Self) -> bool {
        self.name == other.name
            && self.namespace == other.namespace
            && self.field_path == other.field_path
    }

    /// The object or its part, as a key.
    fn part(&self) -> String {
        format!("{}/{}/{}", self.namespace, self.name, self.field_path)
    }
}

/// What a line tells of an object.
#[derive(Debug, Clone)]
struct Told {
    about: About,
    reason: String,
    message: String,
    warning: bool,
    /// Who says it, unless it is the kubelet.
    component: Option<String>,
    /// An event as it was recorded, which is taken word for word.
    recorded: bool,
    /// Nothing says the namespace.
    unplaced: bool,
}

impl Told {
    /// A kubelet's warning of a pod: namespace, name, uid.
    fn of_pod((namespace, name, uid): (&str, &str, &str), reason: &str, message: String) -> Self {
        Self {
            about: About {
                kind: "Pod".to_owned(),
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                uid: uid.to_owned(),
                field_path: String::new(),
            },
            reason: reason.to_owned(),
            message,
            warning: true,
            component: None,
            recorded: false,
            unplaced: false,
        }
    }

    /// The same of a pod whose namespace the line does not say: name, uid.
    fn somewhere((name, uid): (&str, &str), reason: &str, message: String) -> Self {
        Self {
            unplaced: true,
            ..Self::of_pod(("", name, uid), reason, message)
        }
    }

    /// A kubelet's warning of its node.
    fn of_node(reason: &str, message: String) -> Self {
        let mut told = Self::of_pod(("", "", ""), reason, message);
        "Node".clone_into(&mut told.about.kind);
        told
    }

    fn in_container(mut self, name: &str) -> Self {
        self.about.field_path = format!("spec.containers{{{name}}}");
        self
    }

    fn normal(mut self) -> Self {
        self.warning = false;
        self
    }

    fn by(mut self, component: &str) -> Self {
        self.component = Some(component.to_owned());
        self
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = &self.about;
        write!(f, "{} ", about.kind)?;
        if self.unplaced {
            f.write_str("?/")?;
        } else if !about.namespace.is_empty() {
            write!(f, "{}/", about.namespace)?;
        }
        f.write_str(&about.name)?;
        for part in [&about.uid, &about.field_path] {
            if !part.is_empty() {
                write!(f, " {part}")?;
            }
        }
        write!(f, " {}: {}", self.reason, self.message)
    }
}

/// Adds the events that logs and journals tell to those that were captured; gives how many.
pub(crate) fn add(snapshot: &mut Snapshot<'_>, namespaces: &BTreeSet<String>) -> usize {
    let mut told = read(snapshot);
    let window = snapshot.window;
    let ours = |namespace: &str| namespaces.is_empty() || namespaces.contains(namespace);
    told.retain(|event| {
        event.hit.told.about.namespace.is_empty() || ours(&event.hit.told.about.namespace)
    });
    captured_apart(snapshot, &mut told);
    told.truncate(MOST);
    let objects: Vec<Object> = told.iter().flat_map(object).collect();
    let (mut events, _) = Event::all(&objects);
    events.retain(|event| window.keep(event));
    let before = snapshot.events.len();
    if !events.is_empty() {
        let mut all = std::mem::take(&mut snapshot.events);
        all.append(&mut events);
        snapshot.events = event::merge(all);
    }
    snapshot.events.len() - before
}

/// Says in the coverage where events come from that nobody listed.
pub(crate) fn cover(coverage: &mut Coverage, count: usize) {
    if count > 0 {
        let source = "events told by logs of kubelets and controllers";
        coverage.note(source, Status::Collected, count.to_string());
    }
}

/// What all sources tell; what several of them tell is one.
fn read(snapshot: &Snapshot<'_>) -> Vec<Folded> {
    let sources = source::sources(&snapshot.logs, &snapshot.journals);
    if sources.is_empty() {
        return Vec::new();
    }
    let Ok(words) = AhoCorasick::new(source::WORDS) else {
        return Vec::new();
    };
    let anchors = Anchors {
        captured: snapshot.captured_at,
        zone: snapshot.zone,
        ..Anchors::default()
    };
    let found: Vec<Vec<Folded>> = sources
        .par_iter()
        .map(|source| source::read(snapshot.bundle, *source, &words, &anchors).finish())
        .collect();
    // Of a large cluster all pods are many to be remembered for nothing.
    if found.iter().all(Vec::is_empty) {
        return Vec::new();
    }
    let mut places = Places::default();
    places.of_objects(&snapshot.objects);
    for events in &found {
        places.of_events(events);
    }
    let mut sought: Vec<(String, String)> = found
        .iter()
        .flatten()
        .filter(|event| event.hit.told.unplaced)
        .map(|event| {
            (
                event.hit.told.about.name.clone(),
                event.hit.told.about.uid.clone(),
            )
        })
        .filter(|(name, uid)| places.get(name, uid).is_none())
        .collect();
    sought.sort();
    sought.dedup();
    sought.truncate(SOUGHT);
    source::seek(snapshot.bundle, &sources, &sought, &mut places);
    let mut one: BTreeMap<String, Folded> = BTreeMap::new();
    for mut event in found.into_iter().flatten() {
        if !place(&mut event, &places) {
            continue;
        }
        match one.get_mut(&event.key) {
            // A journal and the file of its unit tell the same.
            Some(known) => {
                known.count = known.count.max(event.count);
                known.add(event);
            }
            None => {
                one.insert(event.key.clone(), event);
            }
        }
    }
    let mut told: Vec<Folded> = one.into_values().collect();
    for event in &mut told {
        event.undate_after(snapshot.captured_at);
    }
    only_healed(told)
}

/// Leaves out that a start went well of pods of which no trouble is told.
fn only_healed(mut events: Vec<Folded>) -> Vec<Folded> {
    let pod = |event: &Folded| {
        let about = &event.hit.told.about;
        (about.namespace.clone(), about.name.clone())
    };
    let well = |event: &Folded| {
        let told = &event.hit.told;
        !told.recorded && matches!(told.reason.as_str(), probe::STARTED | probe::BEGUN)
    };
    let troubled: HashSet<(String, String)> = events
        .iter()
        .filter(|event| event.hit.told.warning && event.hit.told.about.kind == "Pod")
        .map(pod)
        .collect();
    events.retain(|event| !well(event) || troubled.contains(&pod(event)));
    events
}

/// Gives a pod its namespace; whether it has one.
fn place(event: &mut Folded, places: &Places) -> bool {
    let told = &mut event.hit.told;
    if told.unplaced {
        let Some(namespace) = places.get(&told.about.name, &told.about.uid) else {
            return false;
        };
        namespace.clone_into(&mut told.about.namespace);
        told.unplaced = false;
    }
    true
}

/// Leaves out what captured events say as well, and what is about an earlier pod of the same name.
fn captured_apart(snapshot: &Snapshot<'_>, told: &mut Vec<Folded>) {
    let names: HashSet<String> = told
        .iter()
        .map(|event| event.hit.told.about.name.clone())
        .collect();
    if names.is_empty() {
        return;
    }
    let events = snapshot.events.iter();
    let events = events.filter(|event| names.contains(event.regarding.name.as_str()));
    let known: HashSet<(&str, &str, &str, &str)> = events
        .map(|event| {
            let about = &event.regarding;
            (
                about.kind.as_str(),
                // Events of nodes lie in `default`, whatever they say.
                if about.kind == "Node" {
                    ""
                } else {
                    about.namespace.as_str()
                },
                about.name.as_str(),
                event.reason.as_str(),
            )
        })
        .collect();
    let pods = snapshot
        .objects
        .iter()
        .filter(|object| object.kind == "Pod" && names.contains(object.name.as_str()));
    let uids: std::collections::HashMap<(&str, &str), &str> = pods
        .map(|pod| {
            (
                (pod.namespace.as_str(), pod.name.as_str()),
                pod.uid.as_str(),
            )
        })
        .collect();
    told.retain(|event| {
        let told = &event.hit.told;
        let about = &told.about;
        let key = (
            about.kind.as_str(),
            about.namespace.as_str(),
            about.name.as_str(),
            told.reason.as_str(),
        );
        let uid = uids.get(&(about.namespace.as_str(), about.name.as_str()));
        let earlier = about.kind == "Pod" && uid.is_some_and(|uid| is_other(uid, &about.uid));
        !known.contains(&key) && !earlier
    });
}

/// Whether two identifiers are of two pods; kubelets know pods from files by their hash.
fn is_other(captured: &str, told: &str) -> bool {
    let is_uuid = |uid: &str| uid.len() == 36 && uid.contains('-');
    is_uuid(captured) && is_uuid(told) && captured != told
}

/// An event as the API would have given it, with its line.
fn object(event: &Folded) -> Vec<Object> {
    let hit = &event.hit;
    let told = &hit.told;
    let line = hit.line;
    let text = |text: &str| Node::text(text).at_line(line);
    let about = &told.about;
    let mut involved = vec![("kind", text(&about.kind)), ("name", text(&about.name))];
    for (key, value) in [
        ("namespace", &about.namespace),
        ("uid", &about.uid),
        ("fieldPath", &about.field_path),
    ] {
        if !value.is_empty() {
            involved.push((key, text(value)));
        }
    }
    let component = told.component.as_deref().unwrap_or("kubelet");
    let mut source = Vec::new();
    if !component.is_empty() {
        source.push(("component", text(component)));
    }
    if component == "kubelet" && !hit.host.is_empty() {
        source.push(("host", text(&hit.host)));
    }
    let mut message = text(&told.message);
    message.more_lines = hit.more_lines;
    let mut metadata = vec![("name", text(&name(event)))];
    if !about.namespace.is_empty() {
        metadata.push(("namespace", text(&about.namespace)));
    }
    let mut fields = vec![
        ("kind", text("Event")),
        ("metadata", Node::map(metadata).at_line(line)),
        ("involvedObject", Node::map(involved).at_line(line)),
        ("reason", text(&told.reason)),
        (
            "type",
            text(if told.warning { "Warning" } else { "Normal" }),
        ),
        ("message", message),
        ("source", Node::map(source).at_line(line)),
        (
            "count",
            Node::number(i64::try_from(event.count).unwrap_or(i64::MAX)),
        ),
    ];
    for (key, time) in [
        ("firstTimestamp", event.first),
        ("lastTimestamp", event.last()),
    ] {
        fields.extend(time.map(|time| (key, text(&stamp::format(time, 0)))));
    }
    let root = Node::map(fields).at_line(line);
    partial(root, hit.file)
}

fn partial(root: Node, file: FileId) -> Vec<Object> {
    let (objects, _) = object::objects(root.into(), "", file);
    let partial = |object: Object| Object {
        partial: true,
        ..object
    };
    objects.into_iter().map(partial).collect()
}

/// What stands in the name of an event that was told, before 16 digits.
const MARK: &str = ".told.";

impl Event {
    /// Whether nobody captured it: it was made of what a kubelet or a controller logged.
    pub fn is_told(&self) -> bool {
        let digits = |hash: &str| hash.len() == 16 && hash.bytes().all(|it| it.is_ascii_hexdigit());
        let name: &str = &self.object.name;
        self.object.partial && name.rsplit_once(MARK).is_some_and(|(_, hash)| digits(hash))
    }
}

/// A name that no other event has.
fn name(event: &Folded) -> String {
    // FNV-1a: the same everywhere and for ever.
    let hash = event
        .key
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{}{MARK}{hash:016x}", event.hit.told.about.name)
}
