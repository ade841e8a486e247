//! Reads the `Events:` table below a description into `Event` objects of their own.
//!
//! Ages count back from the capture (`now`) to `firstTimestamp` and `lastTimestamp`; they are cut to
//! kubectl's precision, so a time is never earlier than the true one by more than one unit of the
//! age. Without a known capture time the ages stand in `firstAgeSeconds` and `ageSeconds`, fields
//! that the API does not have. Names are made of object, reason and line.

use super::{
    age::age,
    object::{Described, ago},
    sections::Entry,
    table::Table,
    values::{self, Fields, instant},
};
use crate::node::{Node, Value};

/// Messages longer than this are not joined any further.
const MAX_MESSAGE: usize = 4 * 1024;

/// What the table says of how long ago and how often.
#[derive(Debug, Default, PartialEq, Eq)]
struct Occurrences {
    first: Option<i64>,
    last: Option<i64>,
    count: i64,
}

/// The columns, in whichever order and number a version prints them.
struct Columns {
    kind: Option<usize>,
    reason: Option<usize>,
    age: Option<usize>,
    first: Option<usize>,
    count: Option<usize>,
    from: Option<usize>,
    path: Option<usize>,
    message: usize,
}

impl Columns {
    fn of(table: &Table<'_>) -> Option<Self> {
        Some(Self {
            kind: table.column("Type"),
            reason: table.column("Reason"),
            age: table.column("Age").or_else(|| table.column("LastSeen")),
            first: table.column("FirstSeen"),
            count: table.column("Count"),
            from: table.column("From"),
            path: table
                .column("SubObjectPath")
                .or_else(|| table.column("SubobjectPath")),
            message: table.column("Message")?,
        })
    }

    /// A row of the table, not a further line of a message.
    fn fits(&self, cells: &[&str]) -> bool {
        let cell = |at: Option<usize>| at.and_then(|at| cells.get(at)).copied().unwrap_or("");
        let word = |text: &str| !text.is_empty() && !text.contains(' ');
        let age = cell(self.age).split(' ').next().unwrap_or("");
        word(cell(self.reason))
            && (age_or_unknown(age) || instant(cell(self.age)).is_some())
            && (self.kind.is_none() || !cell(self.kind).contains(' '))
    }
}

fn age_or_unknown(text: &str) -> bool {
    matches!(text, "<unknown>" | "<invalid>") || age(text).is_some()
}

/// The events of a description.
pub(super) fn read(entry: Entry<'_, '_>, described: &Described<'_, '_>) -> Vec<Node> {
    let mut events: Vec<Node> = Vec::new();
    let Some((table, rows)) = Table::of(entry.below) else {
        return events;
    };
    let Some(columns) = Columns::of(&table) else {
        return events;
    };
    for row in rows {
        match table.cells(row.raw).filter(|cells| columns.fits(cells)) {
            Some(cells) => events.push(event(&columns, &cells, row.line, described)),
            None => {
                if let Some(last) = events.last_mut() {
                    continue_message(last, row.text, row.line);
                }
            }
        }
    }
    events
}

fn continue_message(event: &mut Node, text: &str, line: u32) {
    let Some(message) = event.get("message") else {
        return;
    };
    let mut joined = message.as_str().unwrap_or("").to_owned();
    // The API server allows a kilobyte; joining line by line must not cost the square of a file.
    if joined.len() > MAX_MESSAGE {
        return;
    }
    if !joined.is_empty() {
        joined.push('\n');
    }
    joined.push_str(text);
    let node = Node {
        value: Value::Scalar {
            text: joined.into(),
        },
        line: message.line,
        more_lines: u16::try_from(line.saturating_sub(message.line)).unwrap_or(u16::MAX),
        plain: false,
    };
    event.set("message", node);
}

fn event(columns: &Columns, cells: &[&str], line: u32, about: &Described<'_, '_>) -> Node {
    let cell = |at: Option<usize>| at.and_then(|at| cells.get(at)).copied().unwrap_or("");
    let reason = cell(columns.reason);
    let (path, message) = field_path(cells.get(columns.message).copied().unwrap_or(""));
    let path = if path.is_empty() {
        cell(columns.path)
    } else {
        path
    };
    let seen = occurrences(cell(columns.age), cell(columns.first), cell(columns.count));

    let mut fields = Fields::new(line);
    fields.put("apiVersion", Node::text("v1"));
    fields.put("kind", Node::text("Event"));
    fields.put("metadata", metadata(reason, line, about));
    if columns.kind.is_some() {
        fields.put("type", values::text(cell(columns.kind), line));
    }
    fields.put("reason", values::text(reason, line));
    fields.put("message", values::text(message, line));
    fields.put("count", Node::number(seen.count).at_line(line));
    for (seconds, time, relative) in [
        (seen.first, "firstTimestamp", "firstAgeSeconds"),
        (seen.last, "lastTimestamp", "ageSeconds"),
    ] {
        let Some(seconds) = seconds else { continue };
        match ago(about.context.now, seconds) {
            Some(instant) => fields.put(time, values::text(&instant.to_string(), line)),
            None if about.context.now.is_none() => {
                fields.put(relative, Node::number(seconds).at_line(line));
            }
            None => {}
        }
    }
    fields.put("source", source(cell(columns.from), line));
    fields.put("involvedObject", involved(path, line, about));
    fields.node()
}

fn metadata(reason: &str, line: u32, about: &Described<'_, '_>) -> Node {
    let name = format!("{}.{}.{line}", about.name, reason.to_ascii_lowercase());
    let mut fields = Fields::new(line);
    fields.put("name", Node::text(name));
    if !about.namespace.is_empty() {
        fields.put("namespace", Node::text(about.namespace.as_str()));
    } else if !about.namespaced {
        // Events of cluster-scoped objects live in the default namespace.
        fields.put("namespace", Node::text("default"));
    }
    fields.node()
}

fn involved(path: &str, line: u32, about: &Described<'_, '_>) -> Node {
    let mut fields = Fields::new(line);
    fields.put("kind", Node::text(about.kind.as_str()));
    if !about.namespace.is_empty() {
        fields.put("namespace", Node::text(about.namespace.as_str()));
    }
    fields.put("name", Node::text(about.name.as_str()));
    if !path.is_empty() {
        fields.put("fieldPath", values::text(path, line));
    }
    fields.node()
}

/// `kubelet`, `kubelet, worker-1` or `{kubelet worker-1}`.
fn source(from: &str, line: u32) -> Option<Node> {
    let from = from.trim_matches(['{', '}']);
    if values::is_none(from) {
        return None;
    }
    let mut words = from.split([',', ' ']).filter(|word| !word.is_empty());
    let mut fields = Fields::new(line);
    fields.put(
        "component",
        words.next().map(|word| values::text(word, line)),
    );
    fields.put("host", words.next().map(|word| values::text(word, line)));
    fields.some()
}

/// Newer versions put the part of the object that an event is about before its message.
fn field_path(message: &str) -> (&str, &str) {
    message
        .split_once(": ")
        .filter(|(path, _)| path.starts_with("spec.") && path.ends_with('}') && !path.contains(' '))
        .unwrap_or(("", message))
}

/// `3m50s (x7 over 10m)`, `10m`, and the separate columns of old.
fn occurrences(last: &str, first: &str, count: &str) -> Occurrences {
    let seconds = |text: &str| age(text.trim()).map(|(seconds, _)| seconds);
    let (last, series) = match last.split_once(" (x") {
        Some((last, series)) => (last, series.strip_suffix(')')),
        None => (last.strip_suffix(" ago").unwrap_or(last), None),
    };
    let last = seconds(last);
    if let Some((times, over)) = series.and_then(|series| series.split_once(" over ")) {
        return Occurrences {
            first: seconds(over),
            last,
            count: times.parse().unwrap_or(1),
        };
    }
    Occurrences {
        first: seconds(first).or(last),
        last,
        count: count.parse().unwrap_or(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_of_all_sorts() {
        let of = |first, last, count| Occurrences { first, last, count };
        assert_eq!(
            occurrences("3m50s (x7 over 10m)", "", ""),
            of(Some(600), Some(230), 7)
        );
        assert_eq!(occurrences("10m", "", ""), of(Some(600), Some(600), 1));
        assert_eq!(occurrences("3m ago", "", ""), of(Some(180), Some(180), 1));
        assert_eq!(occurrences("<unknown>", "", ""), of(None, None, 1));
        assert_eq!(
            occurrences("2m (x3 over <invalid>)", "", ""),
            of(None, Some(120), 3)
        );
        assert_eq!(occurrences("1m", "5m", "4"), of(Some(300), Some(60), 4));
    }

    #[test]
    fn paths_before_messages() {
        assert_eq!(
            field_path("spec.containers{a}: Started"),
            ("spec.containers{a}", "Started")
        );
        assert_eq!(field_path("Error: no"), ("", "Error: no"));
    }
}
