//! Reads rows of `kubectl get events` and `kubectl events` into events of the API's shape.
//!
//! `ageSeconds` and `firstAgeSeconds` on the root are the printed ages of the last and the first
//! occurrence; the instants are set only if the time of the capture is known. An event has a
//! `metadata.name` only if the wide table prints one.

use jiff::Timestamp;

use super::{
    Context, Found, about, bare,
    describe::age::age,
    get::row::{Fields, back},
    resource,
    table::{Row, Section, Sheet},
};
use crate::{node::Node, stamp};

/// Lines that a message may go on for.
const MAX_MESSAGE_LINES: usize = 40;

/// Columns that say when it happened last, as kubectl and people call them.
const LAST: &[&str] = &["LAST SEEN", "LASTSEEN", "LAST", "TIME", "TIMESTAMP", "WHEN"];
/// Columns that say when it happened first.
const FIRST: &[&str] = &["FIRST SEEN", "FIRSTSEEN", "FIRST"];

/// Reads a table of events. Lines of `others` directly under a row continue its message.
pub(super) fn read(
    section: &Section<'_>,
    others: &[(u32, &str)],
    namespace: &str,
    now: Option<Timestamp>,
    found: &mut Found,
) {
    let events = section
        .rows
        .iter()
        .filter_map(|row| event(section, row, others, namespace, now));
    found.objects.extend(events);
}

/// Reads rows that stand without a head. Prose may follow on them: only `messages` go on with one. Rows of a
/// description are all about one object.
pub(super) fn bare(
    section: &Section<'_>,
    messages: &[(u32, &str)],
    namespace: &str,
    now: Option<Timestamp>,
    found: &mut Found,
) {
    let before = found.objects.len();
    read(section, messages, namespace, now, found);
    let header = &section.header;
    if !header.has("OBJECT") && !header.has("KIND") {
        about::name_all(&mut found.objects, before);
    }
}

/// Reads rows of a description's events that stand without a head, where the command told what they are about. A pod may
/// have been asked for by the beginning of its name.
pub(super) fn rows(
    lines: Vec<(u32, &str)>,
    (kind, name): (&str, &str),
    context: &Context<'_>,
) -> Vec<Node> {
    let mut sheet = Sheet {
        others: lines,
        ..Sheet::default()
    };
    bare::take(&mut sheet, false);
    let mut found = Found::default();
    for section in &sheet.sections {
        let header = &section.header;
        if header.is_of_events() && !header.has("OBJECT") && !header.has("KIND") {
            bare(
                section,
                &sheet.messages,
                context.namespace,
                context.now,
                &mut found,
            );
        }
    }
    if !name.is_empty() {
        about::call(&mut found.objects, (kind, name), context.namespace);
    }
    found.objects
}

fn event(
    section: &Section<'_>,
    row: &Row<'_>,
    others: &[(u32, &str)],
    namespace: &str,
    now: Option<Timestamp>,
) -> Option<Node> {
    let mut fields = Fields::new(&section.header, &row.cells, row.line, now, "Event");
    if fields.value("REASON").is_none() && fields.value("MESSAGE").is_none() {
        return None;
    }
    let said = ["NAMESPACE", "NS"];
    let said = said.iter().find_map(|column| fields.value(column));
    let namespace = said.unwrap_or(namespace);
    if !namespace.is_empty() {
        fields.set(&["metadata", "namespace"], namespace);
    }
    if let Some(name) = fields
        .value("NAME")
        .filter(|_| fields.cell("OBJECT").is_some())
    {
        fields.set(&["metadata", "name"], name);
    }
    times(&mut fields);
    fields.text("TYPE", &["type"]);
    fields.text("REASON", &["reason"]);
    source(&mut fields);
    if let Some(message) = fields.cell("MESSAGE") {
        let message = continued(message, row.line, others);
        fields.set(&["message"], &message);
    }
    regarding(&mut fields, namespace);
    // Newer descriptions have no such column.
    if !section.bare || fields.value("SUBOBJECT").is_some() {
        fields.text("SUBOBJECT", &["involvedObject", "fieldPath"]);
    }
    Some(fields.root)
}

/// `kubelet`, `kubelet, worker-1` or, of old, `{kubelet worker-1}`.
fn source(fields: &mut Fields<'_>) {
    let said = ["SOURCE", "FROM", "COMPONENT"];
    let Some(source) = said.iter().find_map(|column| fields.value(column)) else {
        return;
    };
    let old = source.starts_with('{');
    let source = source.trim_matches(['{', '}']).trim();
    let sign = if old { " " } else { ", " };
    let (component, host) = source.split_once(sign).unwrap_or((source, ""));
    if component.is_empty() {
        return;
    }
    fields.set(&["source", "component"], component);
    if host.is_empty() {
        fields.absent(&["source", "host"]);
    } else if !host.starts_with('<') {
        // `<redacted>` hides which one it is.
        fields.set(&["source", "host"], host);
    }
}

/// `LAST SEEN` is an age, `3m49s (x7 over 10m)` if it happened more than once.
fn times(fields: &mut Fields<'_>) {
    let cell = |columns: &[&str]| columns.iter().find_map(|column| fields.value(column));
    let (last, first) = (cell(LAST), cell(FIRST));
    let (last, series) = match last.and_then(|cell| cell.split_once(" (x")) {
        Some((last, series)) => (
            Some(last),
            series.trim_end_matches(')').split_once(" over "),
        ),
        None => (last, None),
    };
    let count = series
        .and_then(|(count, _)| count.parse().ok())
        .or_else(|| fields.count("COUNT"));
    if let Some(count) = count {
        fields.set_number(&["count"], count);
    }
    // People ask for the times themselves.
    for (cell, instant) in [(last, "lastTimestamp"), (first, "firstTimestamp")] {
        if let Some(cell) = cell.filter(|cell| stamp::rfc3339(cell).is_some()) {
            fields.set(&[instant], cell);
        }
    }
    let age_of = |cell: &str| age(cell.strip_suffix(" ago").unwrap_or(cell));
    let last = last.and_then(age_of);
    let first = first
        .or_else(|| series.map(|(_, first)| first))
        .and_then(age_of);
    // One occurrence is the first and the last.
    let first = first.or_else(|| last.filter(|_| count.is_none_or(|count| count <= 1)));
    for (ago, seconds, instant) in [
        (last, "ageSeconds", "lastTimestamp"),
        (first, "firstAgeSeconds", "firstTimestamp"),
    ] {
        if let Some((ago, _)) = ago {
            fields.set_number(&[seconds], ago);
            if let Some(time) = back(fields.now, ago) {
                fields.set(&[instant], &time);
            }
        }
    }
    if let Some((_, unit)) = last {
        fields.set_number(&["ageUnitSeconds"], unit);
    }
}

/// `OBJECT` is `pod/name` or `Pod/name`; old tables have the columns NAME and KIND, people's own an OBJECT without its
/// kind.
fn regarding(fields: &mut Fields<'_>, namespace: &str) {
    let object = fields.value("OBJECT");
    let split = object.and_then(|cell| cell.split_once('/'));
    let name = object.or_else(|| fields.value("POD")).or_else(|| {
        let name = fields.value("NAME")?;
        Some(of_event_name(name).unwrap_or(name))
    });
    let pod = fields.value("POD").map(|_| "Pod");
    let kind = fields.value("KIND").or(pod);
    let kind = kind.or_else(|| about::kind(&fields.root));
    let Some((word, name)) = split.or_else(|| kind.zip(name)) else {
        return;
    };
    let kind = resource::kind(word).unwrap_or(word);
    fields.set(&["involvedObject", "kind"], kind);
    fields.set(&["involvedObject", "name"], name);
    if resource::cluster_scoped(kind) {
        fields.absent(&["involvedObject", "namespace"]);
    } else if !namespace.is_empty() {
        fields.set(&["involvedObject", "namespace"], namespace);
    }
}

/// The object's name in an event's: `web-1.155eb6cb8bda8fd2`.
fn of_event_name(name: &str) -> Option<&str> {
    let (object, number) = name.rsplit_once('.')?;
    let hex = number.len() >= 12 && number.bytes().all(|b| b.is_ascii_hexdigit());
    hex.then_some(object)
}

fn continued(message: &str, line: u32, others: &[(u32, &str)]) -> String {
    let mut whole = message.to_owned();
    let at = others.partition_point(|(number, _)| *number <= line);
    for (expected, (number, text)) in (line + 1..)
        .zip(others.iter().skip(at))
        .take(MAX_MESSAGE_LINES)
    {
        if *number != expected {
            break;
        }
        whole.push('\n');
        whole.push_str(text);
    }
    whole
}
