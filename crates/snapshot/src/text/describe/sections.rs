//! Cuts a description into objects, and an object into rows that nest by indentation.
//!
//! A row that stands at the left edge without being one of kubectl's own fields is the rest of a
//! value with line breaks (a termination message, a probe's answer): it belongs to the row before.

use std::borrow::Cow;

/// Deeper nesting than any description has; rows beyond it become children of the last level.
const MAX_DEPTH: usize = 48;
/// Longer lines are data, whose tabs stand for themselves.
const MAX_EXPANDED: usize = 64 * 1024;

/// Fields that stand at the left edge of some kind's description.
const TOP_FIELDS: &[&str] = &[
    "API Version",
    "Access Modes",
    "AccessModes",
    "Active Deadline Seconds",
    "Active Jobs",
    "Address",
    "AddressType",
    "Addresses",
    "Allocatable",
    "Allocated resources",
    "AllowVolumeExpansion",
    "AllowedTopologies",
    "Annotations",
    "AppProtocol",
    "Backoff Limit",
    "Behavior",
    "CIDRs",
    "Capacity",
    "Claim",
    "Completed At",
    "Completed Indexes",
    "Completion Mode",
    "Completions",
    "Concurrency Policy",
    "Conditions",
    "Containers",
    "Controlled By",
    "Controller",
    "Controllers",
    "Created By",
    "Created on",
    "CreationTimestamp",
    "Current CPU utilization",
    "Current Number of Nodes Scheduled",
    "DataSource",
    "Default backend",
    "Description",
    "Desired LoadBalancer IP",
    "Desired Number of Nodes Scheduled",
    "DriverName",
    "Duration",
    "Endpoints",
    "Ephemeral Containers",
    "Events",
    "External IPs",
    "External Name",
    "External Traffic Policy",
    "ExternalID",
    "Failed Job History Limit",
    "Finalizers",
    "GlobalDefault",
    "HealthCheck NodePort",
    "IP",
    "IP Families",
    "IP Family Policy",
    "IPs",
    "Image pull secrets",
    "Ingress Class",
    "Init Containers",
    "Internal Traffic Policy",
    "IsDefaultClass",
    "Kind",
    "Labels",
    "Last Schedule Time",
    "Lease",
    "LoadBalancer Ingress",
    "LoadBalancer Source Ranges",
    "LocalhostProfile",
    "Max replicas",
    "Max unavailable",
    "Message",
    "Metadata",
    "Metrics",
    "Min available",
    "Min replicas",
    "MinReadySeconds",
    "MountOptions",
    "Mountable secrets",
    "Mounted By",
    "Name",
    "Namespace",
    "NewReplicaSet",
    "Node",
    "Node Affinity",
    "Node-Local ResourceSlices",
    "Node-Selector",
    "Node-Selectors",
    "NodePort",
    "NominatedNodeName",
    "Non-terminated Pods",
    "Number of Nodes Misscheduled",
    "Number of Nodes Scheduled with Available Pods",
    "Number of Nodes Scheduled with Up-to-date Pods",
    "OldReplicaSets",
    "OldReplicaSets and NewReplicaSet",
    "Parallelism",
    "Parameters",
    "Parent Reference",
    "Phase",
    "Pod Template",
    "PodCIDR",
    "PodCIDRs",
    "Pods",
    "Pods Status",
    "Pods Statuses",
    "PolicyRule",
    "Port",
    "Ports",
    "PreemptionPolicy",
    "Priority",
    "Priority Class Name",
    "PriorityClassName",
    "ProviderID",
    "Provisioner",
    "QoS Class",
    "QoS Tier",
    "Readiness Gates",
    "Reason",
    "Reclaim Policy",
    "ReclaimPolicy",
    "Reference",
    "Replicas",
    "Requested Duration",
    "Requesting User",
    "Resources",
    "Role",
    "Roles",
    "RollingUpdateStrategy",
    "Rules",
    "Runtime Class Name",
    "Schedule",
    "SchedulingGroup",
    "Scopes",
    "SeccompProfile",
    "Security Policy",
    "Selector",
    "Service Account",
    "Session Affinity",
    "Signer",
    "Source",
    "Spec",
    "Start Time",
    "Starting Deadline Seconds",
    "Status",
    "StorageClass",
    "StrategyType",
    "Subject",
    "Subject Alternative Names",
    "Subjects",
    "Subsets",
    "Successful Job History Limit",
    "Suspend",
    "System Info",
    "TLS",
    "TTL Seconds After Finished",
    "Taints",
    "Target CPU utilization",
    "TargetPort",
    "Termination Grace Period",
    "Time Zone",
    "Tokens",
    "Tolerations",
    "Topology Spread Constraints",
    "Traffic Distribution",
    "Type",
    "Unschedulable",
    "Update Strategy",
    "Used By",
    "Value",
    "Volume",
    "Volume Claims",
    "VolumeBindingMode",
    "VolumeMode",
    "Volumes",
];

/// What may stand under `Name:`; tells a description's first line from a `Name:` in some data.
const SECOND_FIELDS: &[&str] = &[
    "Annotations:",
    "CreationTimestamp:",
    "Image(s):",
    "IsDefaultClass:",
    "Labels:",
    "Namespace:",
    "Roles:",
    "Selector:",
    "Value:",
];

/// One line that is not blank.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'t> {
    /// Without its line end.
    pub raw: &'t str,
    /// Without blanks on either side.
    pub text: &'t str,
    /// Number of the line in the file.
    pub line: u32,
    /// Blanks before the text.
    pub indent: usize,
    /// Rows of the subtree that begins here, this one included.
    span: usize,
}

/// Sibling rows, each with what is indented below it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Section<'r, 't> {
    /// In the order of the text.
    pub rows: &'r [Row<'t>],
}

/// A row and what is indented below it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'r, 't> {
    /// The row itself.
    pub row: &'r Row<'t>,
    /// What is indented below.
    pub below: Section<'r, 't>,
}

/// The lines of one described object, numbered, blank ones included.
pub(super) type Lines<'t> = Vec<(u32, &'t str)>;

/// Tabs become blanks to the next stop of eight: kubectl before 1.7 aligned with tabs.
pub(super) fn without_tabs(text: &str) -> Cow<'_, str> {
    if !text.contains('\t') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for line in text.split_inclusive('\n') {
        if line.len() > MAX_EXPANDED || !line.contains('\t') {
            out.push_str(line);
            continue;
        }
        let mut column = 0;
        for letter in line.chars() {
            if letter == '\t' {
                let blanks = 8 - column % 8;
                out.extend(std::iter::repeat_n(' ', blanks));
                column += blanks;
            } else {
                out.push(letter);
                column += 1;
            }
        }
    }
    Cow::Owned(out)
}

/// The objects of a text, each as its numbered lines.
pub(super) fn objects(text: &str, first_line: u32) -> Vec<Lines<'_>> {
    let mut lines = text.lines().peekable();
    let mut found: Vec<Lines<'_>> = Vec::new();
    let mut number = first_line;
    let mut after_blank = true;
    while let Some(line) = lines.next() {
        let line = line.trim_end_matches('\r');
        let next = lines.peek().copied();
        if (after_blank || found.is_empty()) && begins(line, next) {
            found.push(Vec::new());
        }
        after_blank = line.trim().is_empty();
        if let Some(object) = found.last_mut() {
            object.push((number, with_events_apart(line)));
        }
        number = number.saturating_add(1);
    }
    found
}

/// kubectl before 1.19 forgot the line's end between the empty annotations of an ingress and its events.
fn with_events_apart(line: &str) -> &str {
    line.strip_prefix("Annotations:")
        .map(str::trim_start)
        .filter(|rest| rest.starts_with("Events:"))
        .unwrap_or(line)
}

fn begins(line: &str, next: Option<&str>) -> bool {
    let Some(name) = line.strip_prefix("Name:") else {
        return false;
    };
    if !name.starts_with(' ') || name.trim().is_empty() {
        return false;
    }
    // A text that was cut after the name names an object; nothing else is lost by believing it.
    next.is_none_or(is_second)
}

/// Whether a line may stand under `Name:`.
pub(super) fn is_second(line: &str) -> bool {
    SECOND_FIELDS.iter().any(|field| line.starts_with(field))
        || line.starts_with("Resource ")
        || line.starts_with("Type ")
}

/// Whether a line begins with one of kubectl's fields at the left edge.
pub(super) fn is_top_field(line: &str) -> bool {
    let (key, _) = split(line);
    TOP_FIELDS.binary_search(&key).is_ok()
        || key.ends_with(" pods")
        || [
            "Resource ",
            "Resource Quotas",
            "Type  ",
            "No resource quota",
            "No LimitRange",
        ]
        .iter()
        .any(|words| line.starts_with(words))
}

/// The part of a line after its colon and before it; no key if it has none.
pub(super) fn split(text: &str) -> (&str, &str) {
    match text.split_once(": ") {
        Some((key, value)) => (key.trim_end(), value.trim()),
        None => match text.strip_suffix(':') {
            Some(key) => (key.trim_end(), ""),
            None => ("", text),
        },
    }
}

/// `kubectl` makes titles of the fields of kinds that it does not know.
fn is_title(text: &str) -> bool {
    let (key, _) = split(text);
    key.starts_with(|first: char| first.is_ascii_uppercase())
        && key.len() < 64
        && key
            .bytes()
            .all(|b| b.is_ascii_alphabetic() || b == b' ' || b == b'-')
}

/// Fields that a service's description has once for each port.
const REPEATED: &[&str] = &["AppProtocol", "Endpoints", "NodePort", "Port", "TargetPort"];

/// Which fields have been read: what looks like one of them a second time is part of a value.
struct Seen {
    generic: bool,
    fields: Vec<bool>,
}

impl Seen {
    fn is_top(&mut self, text: &str) -> bool {
        let (key, _) = split(text);
        if let Ok(at) = TOP_FIELDS.binary_search(&key) {
            let first = self
                .fields
                .get_mut(at)
                .is_some_and(|seen| !std::mem::replace(seen, true));
            return first || REPEATED.contains(&key);
        }
        !key.is_empty() && (key.ends_with(" pods") || self.generic && is_title(text))
    }
}

/// The rows of an object. `generic`: any title at the left edge is a field.
pub(super) fn rows<'t>(lines: &[(u32, &'t str)], generic: bool) -> Vec<Row<'t>> {
    let mut rows: Vec<Row<'t>> = Vec::with_capacity(lines.len());
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut seen = Seen {
        generic,
        fields: vec![false; TOP_FIELDS.len()],
    };
    let mut message_ends = 0;
    for (at, (line, raw)) in lines.iter().enumerate() {
        let text = raw.trim();
        if text.is_empty() {
            continue;
        }
        let indent = raw.len() - raw.trim_start().len();
        let row = Row {
            raw,
            text,
            line: *line,
            indent,
            span: 1,
        };
        let of_message = at < message_ends;
        if of_message || indent == 0 && !seen.is_top(text) && !rows.is_empty() {
            rows.push(row);
            continue;
        }
        if indent > 0 && !generic && text.starts_with("Message:") {
            let rest = lines.get(at + 1..).unwrap_or_default();
            message_ends = at + 1 + message_lines(rest, indent);
        }
        while let Some((last, at)) = open.last().copied() {
            if last < indent {
                break;
            }
            close(&mut rows, at);
            open.pop();
        }
        if open.len() < MAX_DEPTH {
            open.push((indent, rows.len()));
        }
        rows.push(row);
    }
    for (_, at) in open {
        close(&mut rows, at);
    }
    rows
}

/// How many lines a container's termination message goes on for: it is free text of up to four
/// kilobytes, which kubectl does not indent, and `Exit Code:` always follows it.
fn message_lines(lines: &[(u32, &str)], indent: usize) -> usize {
    lines
        .iter()
        .take(200)
        .position(|(_, raw)| {
            raw.len() - raw.trim_start().len() == indent
                && raw.trim_start().starts_with("Exit Code:")
        })
        .unwrap_or(0)
}

fn close(rows: &mut [Row<'_>], at: usize) {
    let end = rows.len();
    if let Some(row) = rows.get_mut(at) {
        row.span = end - at;
    }
}

impl<'r, 't> Section<'r, 't> {
    /// The siblings.
    pub(super) fn entries(self) -> impl Iterator<Item = Entry<'r, 't>> {
        let mut rest = self.rows;
        std::iter::from_fn(move || {
            let row = rest.first()?;
            let (own, next) = rest.split_at_checked(row.span.max(1))?;
            rest = next;
            Some(Entry {
                row,
                below: Section {
                    rows: own.get(1..).unwrap_or_default(),
                },
            })
        })
    }

    /// The first sibling with this key.
    pub(super) fn get(self, key: &str) -> Option<Entry<'r, 't>> {
        self.entries().find(|entry| entry.key() == key)
    }

    /// The first sibling with one of these keys: fields were renamed over the years.
    pub(super) fn any(self, keys: &[&str]) -> Option<Entry<'r, 't>> {
        keys.iter().find_map(|key| self.get(key))
    }

    /// Whether a sibling has this key.
    pub(super) fn has(self, key: &str) -> bool {
        self.get(key).is_some()
    }
}

impl<'t> Entry<'_, 't> {
    /// Before the colon; empty if there is none.
    pub(super) fn key(self) -> &'t str {
        split(self.row.text).0
    }

    /// After the colon, or the whole text.
    pub(super) fn value(self) -> &'t str {
        split(self.row.text).1
    }

    /// Number of the line.
    pub(super) fn line(self) -> u32 {
        self.row.line
    }

    /// The values of a field that has one on each line, without kubectl's words for nothing.
    pub(super) fn values(self) -> Vec<(u32, &'t str)> {
        std::iter::once((self.row.line, self.value()))
            .chain(self.below.rows.iter().map(|row| (row.line, row.text)))
            .filter(|(_, text)| !super::values::is_none(text))
            .collect()
    }

    /// A value with line breaks: what follows on further lines is joined to the first.
    pub(super) fn folded(self) -> (String, u16) {
        let mut text = self.value().to_owned();
        let mut last = self.row.line;
        for row in self.below.rows {
            for _ in last..row.line.min(last.saturating_add(100)) {
                text.push('\n');
            }
            // What stood under the value's first letter loses the indentation.
            let column = self.row.raw.trim_end().len() - self.value().len();
            let shown = match row.raw.get(..column) {
                Some(before) if before.trim().is_empty() => row.raw.get(column..),
                _ => None,
            };
            text.push_str(shown.unwrap_or(row.raw).trim_end());
            last = row.line;
        }
        let more = u16::try_from(last - self.row.line).unwrap_or(u16::MAX);
        (text, more)
    }

    /// The lines below as they stand, without the indentation that the first of them has.
    pub(super) fn verbatim(self) -> Vec<(u32, String)> {
        let base = self.below.rows.first().map_or(0, |row| row.indent);
        self.below
            .rows
            .iter()
            .map(|row| {
                let text = match row.raw.get(..base) {
                    Some(before) if before.trim().is_empty() => row.raw.get(base..),
                    _ => None,
                };
                (row.line, text.unwrap_or(row.text).trim_end().to_owned())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_sorted() {
        assert!(TOP_FIELDS.is_sorted());
    }

    #[test]
    fn rows_nest_and_continue() {
        let text = "Name:  a\nNamespace:  b\nLabels:  x=1\n         y=2\nContainers:\n  app:\n    State:  Terminated\n      Message:  one\nName: 2\n      Exit Code:  1\nEvents:  <none>\n";
        let objects = objects(text, 10);
        assert_eq!(objects.len(), 1);
        let rows = rows(&objects[0], false);
        let top = Section { rows: &rows };
        assert_eq!(
            top.get("Labels").unwrap().values(),
            [(12, "x=1"), (13, "y=2")]
        );
        let state = top
            .get("Containers")
            .and_then(|entry| entry.below.get("app"))
            .and_then(|entry| entry.below.get("State"))
            .unwrap();
        let message = state.below.get("Message").unwrap();
        assert_eq!(message.folded(), ("one\nName: 2".to_owned(), 1));
        assert_eq!(state.below.get("Exit Code").unwrap().line(), 19);
        assert!(top.has("Events"));
    }

    #[test]
    fn objects_are_told_apart_by_their_head() {
        let text = "Warning: old\nName:   a\nNamespace:  n\nData\n====\nName: no\nx\n\nName: no\n\n\nName:  b\nLabels:  <none>\n";
        let found = objects(text, 1);
        let heads: Vec<_> = found.iter().map(|lines| lines[0]).collect();
        assert_eq!(heads, [(2, "Name:   a"), (12, "Name:  b")]);
    }

    #[test]
    fn tabs_become_columns() {
        assert_eq!(
            without_tabs("Name:\t\tx\n a\tb"),
            "Name:           x\n a      b"
        );
    }

    proptest! {
        #[test]
        fn any_text(text in "(\\PC| |\n|:|\t){0,400}") {
            let text = without_tabs(&text);
            for object in objects(&text, 1) {
                let rows = rows(&object, true);
                let section = Section { rows: &rows };
                let counted: usize = section.entries().map(|e| e.below.rows.len() + 1).sum();
                prop_assert_eq!(counted, rows.len());
                for entry in section.entries() {
                    let _ = (entry.values(), entry.folded(), entry.verbatim());
                }
            }
        }
    }
}
