//! What all kinds' descriptions share: the object under construction and its metadata.

use jiff::{SignedDuration, Timestamp};

use super::{
    age::age,
    sections::{Entry, Section, split},
    values::{self, Fields},
};
use crate::{node::Node, text::Context};

/// Annotations longer than this, key and all, are cut by kubectl (140 letters; 200 before 1.17).
const CUT_ANNOTATION: usize = 138;

/// A description being read.
#[derive(Debug)]
pub(super) struct Described<'r, 't> {
    /// Its fields at the left edge.
    pub top: Section<'r, 't>,
    /// All its lines, blank ones included.
    pub lines: &'r [(u32, &'t str)],
    /// The capture.
    pub context: &'r Context<'r>,
    /// Kind in the API's word.
    pub kind: String,
    /// Empty for cluster-scoped kinds.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Whether the kind lives in namespaces, even if this one's is unknown.
    pub namespaced: bool,
}

/// The object that comes out.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// `metadata`.
    pub metadata: Fields,
    /// `spec`.
    pub spec: Fields,
    /// `status`.
    pub status: Fields,
    /// Fields beside these.
    pub root: Fields,
    /// Objects of other kinds that the description tells of.
    pub others: Vec<Node>,
}

impl Draft {
    /// Begins on the line of the name.
    pub(super) fn new(line: u32) -> Self {
        Self {
            metadata: Fields::new(line),
            spec: Fields::new(line),
            status: Fields::new(line),
            root: Fields::new(line),
            others: Vec::new(),
        }
    }

    /// The object, with its kind before all else.
    pub(super) fn node(self, kind: &str, api_version: &str, line: u32) -> (Node, Vec<Node>) {
        let mut fields = Fields::new(line);
        fields.put("apiVersion", Node::text(api_version));
        fields.put("kind", Node::text(kind));
        fields.put("metadata", self.metadata.node());
        fields.put("spec", self.spec.some());
        fields.put("status", self.status.some());
        fields.extend(self.root);
        (fields.node(), self.others)
    }
}

/// `metadata` as far as every description prints it.
pub(super) fn metadata(described: &Described<'_, '_>, out: &mut Fields) {
    let top = described.top;
    if let Some(entry) = top.get("Name") {
        out.put("name", values::text(&described.name, entry.line()));
    }
    if !described.namespace.is_empty() {
        let line = top.get("Namespace").map_or(0, Entry::line);
        out.put("namespace", values::text(&described.namespace, line));
    }
    if let Some(entry) = top.get("Labels") {
        out.put("labels", values::labels(&entry.values(), entry.line()));
    }
    let on_one_line = matches!(
        described.kind.as_str(),
        "StorageClass" | "PriorityClass" | "VolumeAttributesClass" | "CertificateSigningRequest"
    );
    if let Some(entry) = top.get("Annotations").filter(|_| !on_one_line) {
        out.put("annotations", annotations(entry));
    }
    if let Some(entry) = top.any(&["CreationTimestamp", "Created on"]) {
        out.put(
            "creationTimestamp",
            values::time(entry.value(), entry.line()),
        );
    }
    if let Some(entry) = top.any(&["Controlled By", "Controllers", "Created By"]) {
        out.put("ownerReferences", owner(entry.value(), entry.line()));
    }
    if let Some(entry) = top.get("Finalizers") {
        let words = entry.value().trim_matches(['[', ']']);
        out.put(
            "finalizers",
            values::words_or_null(words, ' ', entry.line()),
        );
    }
}

/// `Kind/name` of the controller. Owners that are no controllers are not printed.
fn owner(value: &str, line: u32) -> Option<Node> {
    let (kind, name) = value.split_once('/')?;
    let mut fields = Fields::new(line);
    fields.put("kind", values::text(kind, line));
    fields.put("name", values::text(name, line));
    fields.put("controller", Node::flag(true).at_line(line));
    Some(Node::seq(vec![fields.node()]).at_line(line))
}

/// `key: value` on each line (`key=value` in older versions), or `key:` and the value's lines below,
/// further in. A value that kubectl cut is left out, and the last applied configuration is never
/// shown: `<none>` is an empty mapping, not a known absence.
pub(super) fn annotations(entry: Entry<'_, '_>) -> Node {
    let mut fields = Fields::new(entry.line());
    let first = entry.value();
    if values::is_none(first) {
        return fields.node();
    }
    let column = entry.row.raw.trim_end().len() - first.len();
    let mut open: Option<(&str, u32, String)> = None;
    let keep = |fields: &mut Fields, open: Option<(&str, u32, String)>| {
        if let Some((key, line, value)) = open
            && !value.lines().any(is_cut)
        {
            let more = u16::try_from(value.matches('\n').count()).unwrap_or(u16::MAX);
            let mut node = values::text(&value, line);
            node.more_lines = more;
            fields.pair(key, node);
        }
    };
    // Values stand two blanks further in; blanks beyond these are their own.
    let rows = entry.below.rows.iter().map(|row| {
        let shown = row.raw.get(column + 2..).filter(|_| row.indent > column);
        (row.indent, row.line, shown.map_or(row.text, str::trim_end))
    });
    for (indent, line, text) in std::iter::once((column, entry.line(), first)).chain(rows) {
        match &mut open {
            Some((_, at, value)) if indent > column => {
                if value.is_empty() {
                    *at = line;
                } else {
                    value.push('\n');
                }
                value.push_str(text);
            }
            _ => {
                keep(&mut fields, open.take());
                let (key, value) = annotation(text);
                let cut = text.len() > CUT_ANNOTATION && is_cut(text);
                if !key.is_empty() && !cut {
                    open = Some((key, line, value.to_owned()));
                }
            }
        }
    }
    keep(&mut fields, open);
    fields.node()
}

fn is_cut(text: &str) -> bool {
    text.len() >= CUT_ANNOTATION && text.ends_with("...")
}

fn annotation(text: &str) -> (&str, &str) {
    let end = text.find(['=', ':']).unwrap_or(text.len());
    let (key, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let value = rest.get(1..).unwrap_or_default();
    (key, value.trim())
}

/// `Terminating (lasts 5m)`: the object is being deleted since then. The age is of the end of the
/// grace period, which is what `deletionTimestamp` holds.
pub(super) fn deletion(value: &str, line: u32, now: Option<Timestamp>) -> Option<Node> {
    let words = value.strip_prefix("Terminating")?;
    let (_, lasts) = words.split_once("lasts ")?;
    let (seconds, _) = age(lasts.trim_end_matches(')'))?;
    ago(now, seconds).map(|time| values::text(&time.to_string(), line))
}

/// The time so many seconds before the capture.
pub(super) fn ago(now: Option<Timestamp>, seconds: i64) -> Option<Timestamp> {
    now?.checked_sub(SignedDuration::from_secs(seconds)).ok()
}

/// `status.phase` or `metadata.deletionTimestamp`, whichever `Status:` tells.
pub(super) fn phase(described: &Described<'_, '_>, out: &mut Draft) {
    let Some(entry) = described.top.any(&["Status", "Phase"]) else {
        return;
    };
    let (value, line) = (entry.value(), entry.line());
    if value.starts_with("Terminating") && described.kind != "Namespace" {
        let time = deletion(value, line, described.context.now);
        out.metadata.put("deletionTimestamp", time);
    } else if !values::is_none(value) {
        out.status.put("phase", values::text(value, line));
        // Of a pod that is over, kubectl does not say that it is being deleted.
        if !matches!(value, "Failed" | "Succeeded") && described.kind != "Namespace" {
            out.metadata.put("deletionTimestamp", values::null(line));
        }
    }
    if let Some(entry) = described.top.get("Termination Grace Period") {
        let grace = values::seconds(entry.value(), entry.line());
        out.metadata.put("deletionGracePeriodSeconds", grace);
    }
}

/// Conditions under the names that the table gives its columns.
pub(super) fn conditions(entry: Entry<'_, '_>) -> Option<Node> {
    let (table, rows) = super::table::Table::of(entry.below)?;
    let columns = [
        ("Type", "type"),
        ("Status", "status"),
        ("Reason", "reason"),
        ("Message", "message"),
        ("LastHeartbeatTime", "lastHeartbeatTime"),
        ("LastProbeTime", "lastProbeTime"),
        ("LastTransitionTime", "lastTransitionTime"),
    ];
    let mut items: Vec<Node> = Vec::new();
    for row in rows {
        let Some(cells) = table.cells(row.raw) else {
            continue;
        };
        let mut fields = Fields::new(row.line);
        for (name, key) in columns {
            let Some(cell) = table.column(name).and_then(|at| cells.get(at)) else {
                continue;
            };
            if key.ends_with("Time") {
                fields.put(key, values::time(cell, row.line));
            } else if matches!(key, "reason" | "message") {
                fields.put(key, values::text_or_null(cell, row.line));
            } else {
                fields.put(key, values::text(cell, row.line));
            }
        }
        let condition = fields.node();
        // The rest of a line that was wrapped may fill the columns as well.
        if is_condition(&condition) {
            items.push(condition);
        }
    }
    Some(values::list_or_null(items, entry.line()))
}

/// A type is one word, and a status one of three.
fn is_condition(condition: &Node) -> bool {
    let word = |key| condition.str_at(&[key]).unwrap_or("");
    let kind = word("type");
    !kind.is_empty()
        && !kind.contains(char::is_whitespace)
        && matches!(word("status"), "True" | "False" | "Unknown")
}

/// Quantities, one on each line below (`memory:  96Mi`).
pub(super) fn quantities(entry: Entry<'_, '_>) -> Node {
    let mut fields = Fields::new(entry.line());
    for row in entry.below.rows {
        let (key, value) = split(row.text);
        if !key.is_empty() && !values::is_none(value) {
            fields.pair(key, values::text(value, row.line));
        }
    }
    fields.node()
}

/// Copies a field as text under the API's name.
pub(super) fn copy_text(from: Section<'_, '_>, field: &str, to: &mut Fields, key: &str) {
    if let Some(entry) = from.get(field) {
        to.put(key, values::text_or_null(entry.value(), entry.line()));
    }
}

/// Copies a field as a number under the API's name.
pub(super) fn copy_number(from: Section<'_, '_>, field: &str, to: &mut Fields, key: &str) {
    if let Some(entry) = from.get(field) {
        to.put(key, values::number_or_null(entry.value(), entry.line()));
    }
}

/// Copies a field as a truth value under the API's name.
pub(super) fn copy_flag(from: Section<'_, '_>, field: &str, to: &mut Fields, key: &str) {
    if let Some(entry) = from.get(field) {
        if values::is_none(entry.value()) {
            to.put(key, values::null(entry.line()));
        } else {
            to.put(key, values::flag(entry.value(), entry.line()));
        }
    }
}

/// Copies a time under the API's name.
pub(super) fn copy_time(from: Section<'_, '_>, field: &str, to: &mut Fields, key: &str) {
    if let Some(entry) = from.get(field) {
        to.put(key, values::time(entry.value(), entry.line()));
    }
}
