//! Finds the lines of containers in JSON as collectors and stores of logs write it, by the names of fields alone.

use std::borrow::Cow;

use jiff::Timestamp;

use super::{Line, Owner};
use crate::{
    json,
    line::Stream,
    node::{Node, Value},
    stamp,
};

/// How deep lists and objects are looked into.
const DEEP: usize = 16;
/// How deep below a record the fields lie that say whose it is.
const NEAR: usize = 4;

/// Fields that hold what the container wrote, the likeliest first.
const TEXTS: &[&str] = &[
    "log",
    "textpayload",
    "logmessage",
    "logentry",
    "_raw",
    "line",
    "message",
    "body",
    "content",
];
/// Fields that hold when.
const TIMES: &[&str] = &[
    "time",
    "@timestamp",
    "timestamp",
    "_time",
    "timegenerated",
    "timeunixnano",
    "observedtimeunixnano",
    "date",
    "ts",
];

/// Words of which one stands in all that names pods.
const SIGNS: &[&str] = &["\"pod", "_pod", ".pod", "Pod", "\"kubernetes"];

/// Whether the beginning of a document may be one of wrapped lines: it is cheap, and few other documents pass.
pub(crate) fn may_hold(head: &str) -> bool {
    let opens = head.trim_start_matches('\u{feff}').trim_start();
    opens.starts_with(['{', '['])
        && !head.contains("\"apiVersion\":")
        && !head.contains("\"involvedObject\":")
        && SIGNS.iter().any(|sign| head.contains(sign))
        && head.to_ascii_lowercase().contains("container")
}

/// Whether a text is a document that holds wrapped lines.
pub(crate) fn holds(text: &str) -> bool {
    let mut any = false;
    for node in json::read(text).0 {
        lines(&node, &mut |_| any = true);
        if any {
            return true;
        }
    }
    false
}

/// The lines of all documents of a text.
pub(super) fn document(text: &str, sink: &mut dyn FnMut(Line<'_>)) {
    for node in json::read(text).0 {
        lines(&node, sink);
    }
}

/// The lines in one line of JSON.
pub(super) fn one(line: &str, number: u32, sink: &mut dyn FnMut(Line<'_>)) {
    // Most lines of JSON are an application's own, and this is asked of many.
    if !line.starts_with('{') || !SIGNS.iter().any(|sign| line.contains(sign)) {
        return;
    }
    let (nodes, None) = json::read(line) else {
        return;
    };
    for node in nodes {
        Walk {
            sink,
            number: Some(number),
        }
        .node(&node, &Owner::default(), 0);
    }
}

fn lines(node: &Node, sink: &mut dyn FnMut(Line<'_>)) {
    Walk { sink, number: None }.node(node, &Owner::default(), 0);
}

struct Walk<'s> {
    sink: &'s mut dyn FnMut(Line<'_>),
    /// The line that everything stands on; else each value knows its own.
    number: Option<u32>,
}

impl Walk<'_> {
    fn node(&mut self, node: &Node, around: &Owner, depth: usize) {
        if depth > DEEP {
            return;
        }
        if let Value::Seq(items) = &node.value {
            for item in items {
                self.node(item, around, depth + 1);
            }
            return;
        }
        if node.entries().is_empty() {
            return;
        }
        let owner = Found::of(node).or(around);
        let text = text_of(node);
        if let Some((text, number)) = &text {
            // What a controller says about a pod is no line of it: collectors name the container as well.
            if owner.pod.is_empty() || owner.container.is_empty() {
                // The record of another collector, as text.
                if text.starts_with('{') && depth < DEEP {
                    let number = self.number.unwrap_or(*number);
                    one_within(text, number, depth, self.sink);
                }
                return;
            }
            let line = Line {
                owner,
                time: TIMES.iter().find_map(|key| time_of(child(node, key)?)),
                stream: stream_of(node),
                partial: ["_p", "logtag"]
                    .iter()
                    .any(|key| node.str_at(&[key]) == Some("P")),
                text: Cow::Borrowed(text),
                number: self.number.unwrap_or(*number),
            };
            (self.sink)(line);
            return;
        }
        if !owner.pod.is_empty() && !owner.container.is_empty() && self.values(node, &owner) {
            return;
        }
        for (_, child) in node.entries() {
            self.node(child, &owner, depth + 1);
        }
    }

    /// Loki's streams: labels, and pairs of nanoseconds and text.
    fn values(&mut self, node: &Node, owner: &Owner) -> bool {
        let pairs = node.items_at(&["values"]);
        for pair in pairs {
            if let [time, text, ..] = pair.items()
                && let Some(said) = text.as_str()
            {
                (self.sink)(Line {
                    owner: owner.clone(),
                    time: time_of(time),
                    stream: stream_of(node),
                    partial: false,
                    text: Cow::Borrowed(said),
                    number: self.number.unwrap_or(text.line),
                });
            }
        }
        !pairs.is_empty()
    }
}

fn one_within(text: &str, number: u32, depth: usize, sink: &mut dyn FnMut(Line<'_>)) {
    if let (nodes, None) = json::read(text) {
        for node in nodes {
            Walk {
                sink,
                number: Some(number),
            }
            .node(&node, &Owner::default(), depth + 1);
        }
    }
}

/// A member by its name without regard to case.
fn child<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    node.entries()
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, node)| node)
}

/// What the container wrote, and the line where that stands.
fn text_of(node: &Node) -> Option<(Cow<'_, str>, u32)> {
    for key in TEXTS {
        let Some(found) = child(node, key) else {
            continue;
        };
        let found = found.get("stringValue").unwrap_or(found);
        if let Some(text) = found.as_str() {
            return Some((Cow::Borrowed(text), found.line));
        }
    }
    let payload = node.get("jsonPayload")?;
    let said = ["message", "msg", "log"];
    if let Some(found) = said.iter().find_map(|key| child(payload, key))
        && let Some(text) = found.as_str()
    {
        return Some((Cow::Borrowed(text), found.line));
    }
    let fields: Vec<String> = payload
        .entries()
        .iter()
        .filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)))
        .collect();
    (!fields.is_empty()).then(|| (Cow::Owned(fields.join(" ")), payload.line))
}

fn stream_of(node: &Node) -> Stream {
    let said = ["stream", "LogSource", "logName"];
    let name = said.iter().find_map(|key| child(node, key)?.as_str());
    match name.map(|name| name.rsplit('/').next().unwrap_or(name)) {
        Some("stdout") => Stream::Stdout,
        Some("stderr") => Stream::Stderr,
        _ => Stream::Unknown,
    }
}

/// A written time, or a number of seconds since 1970 or parts of one: by its size.
fn time_of(node: &Node) -> Option<Timestamp> {
    let text = node.as_str()?;
    if let Some(time) = stamp::rfc3339(text) {
        return Some(time);
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().ok()?;
    match whole.len() {
        9 | 10 => {
            let digits: String = part.chars().chain("000000000".chars()).take(9).collect();
            Timestamp::new(number, digits.parse().ok()?).ok()
        }
        12 | 13 => Timestamp::from_millisecond(number).ok(),
        15 | 16 => Timestamp::from_microsecond(number).ok(),
        18 | 19 => Timestamp::from_nanosecond(number.into()).ok(),
        _ => None,
    }
}

/// Whose a record is, with how deep each part was found: what stands nearest counts.
#[derive(Default)]
struct Found<'n> {
    namespace: Option<(usize, &'n str)>,
    pod: Option<(usize, &'n str)>,
    container: Option<(usize, &'n str)>,
}

impl<'n> Found<'n> {
    fn of(node: &'n Node) -> Self {
        let mut found = Self::default();
        found.look(node, "", 0);
        found
    }

    fn look(&mut self, node: &'n Node, parent: &str, depth: usize) {
        for (key, value) in node.entries() {
            // The pod's own labels may be called anything.
            if key == "labels" && canonical(parent).ends_with("kubernetes") || key == "annotations"
            {
                continue;
            }
            match &value.value {
                Value::Map(_) if depth < NEAR => self.look(value, key, depth + 1),
                Value::Seq(items) => {
                    for item in items.iter().take(64) {
                        // OpenTelemetry writes attributes as a list of keys and values.
                        if let Some(key) = item.str_at(&["key"])
                            && let Some(said) = item.str_at(&["value", "stringValue"])
                        {
                            self.take(parent, key, said, depth + 1);
                        }
                    }
                }
                _ => {
                    if let Some(said) = value.as_str() {
                        self.take(parent, key, said, depth);
                    }
                }
            }
        }
    }

    fn take(&mut self, parent: &str, key: &str, said: &'n str, depth: usize) {
        if said.is_empty() || said.len() > 253 || !said.bytes().all(is_name) {
            return;
        }
        let last = canonical(key);
        let both = canonical(parent) + &last;
        let put = |place: &mut Option<(usize, &'n str)>| {
            if place.is_none_or(|(other, _)| depth < other) {
                *place = Some((depth, said));
            }
        };
        let named = |what: &str| last.ends_with(what) || both.ends_with(what) && last == "name";
        if last == "pod" || named("podname") {
            put(&mut self.pod);
        } else if last.ends_with("namespace") || named("namespacename") {
            put(&mut self.namespace);
        } else if last == "container" || named("containername") {
            put(&mut self.container);
        }
    }

    /// What is not said here is what was said around.
    fn or(self, around: &Owner) -> Owner {
        let part = |found: Option<(usize, &str)>, other: &str| {
            found.map_or(other, |(_, said)| said).to_owned()
        };
        Owner {
            namespace: part(self.namespace, &around.namespace),
            pod: part(self.pod, &around.pod),
            container: part(self.container, &around.container),
        }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')
}

/// `kubernetes.pod_name`, `k8s.pod.name` and `PodName` are one.
fn canonical(key: &str) -> String {
    key.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}
