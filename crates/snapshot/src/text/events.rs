//! Reads rows of `kubectl get events` and `kubectl events` into events of the API's shape.
//!
//! `ageSeconds` and `firstAgeSeconds` on the root are the printed ages of the last and the first
//! occurrence; the instants are set only if the time of the capture is known. An event has a
//! `metadata.name` only if the wide table prints one.

use jiff::Timestamp;

use super::{
    Found,
    describe::age::age,
    get::row::{Fields, back},
    resource,
    table::Section,
};

/// Lines that a message may go on for.
const MAX_MESSAGE_LINES: usize = 40;

/// Reads a table of events. Lines of `others` directly under a row continue its message.
pub(super) fn read(
    section: &Section<'_>,
    others: &[(u32, &str)],
    namespace: &str,
    now: Option<Timestamp>,
    found: &mut Found,
) {
    for row in &section.rows {
        let mut fields = Fields::new(&section.header, &row.cells, row.line, now, "Event");
        if fields.value("REASON").is_none() && fields.value("MESSAGE").is_none() {
            continue;
        }
        let namespace = fields.value("NAMESPACE").unwrap_or(namespace);
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
        regarding(&mut fields, namespace);
        fields.text("TYPE", &["type"]);
        fields.text("REASON", &["reason"]);
        if let Some(source) = fields.value("SOURCE") {
            let (component, host) = source.split_once(", ").unwrap_or((source, ""));
            fields.set(&["source", "component"], component);
            if host.is_empty() {
                fields.absent(&["source", "host"]);
            } else {
                fields.set(&["source", "host"], host);
            }
        }
        if let Some(message) = fields.cell("MESSAGE") {
            let message = continued(message, row.line, others);
            fields.set(&["message"], &message);
        }
        found.objects.push(fields.root);
    }
}

/// `LAST SEEN` is an age, `3m49s (x7 over 10m)` if it happened more than once.
fn times(fields: &mut Fields<'_>) {
    let last = fields
        .value("LAST SEEN")
        .or_else(|| fields.value("LASTSEEN"));
    let first = fields
        .value("FIRST SEEN")
        .or_else(|| fields.value("FIRSTSEEN"));
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
    let last = last.and_then(age);
    let first = first
        .or_else(|| series.map(|(_, first)| first))
        .and_then(age);
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

/// `OBJECT` is `pod/name` or `Pod/name`; old tables have the columns NAME and KIND.
fn regarding(fields: &mut Fields<'_>, namespace: &str) {
    let object = fields.value("OBJECT").and_then(|cell| cell.split_once('/'));
    let old = || {
        let name = fields.value("NAME")?;
        Some((fields.value("KIND")?, of_event_name(name).unwrap_or(name)))
    };
    let Some((word, name)) = object.or_else(old) else {
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
    fields.text("SUBOBJECT", &["involvedObject", "fieldPath"]);
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
