//! Reads a bundle into Kubernetes objects, events, logs, journals and coverage; never fails, gives problems.
//!
//! Files are read in parallel and merged in path order, so the result does not depend on threads.
//! A panic in one file becomes a problem of that file.

mod alerts;
mod capture;
pub mod clock;
pub mod coverage;
mod envelope;
pub mod event;
pub mod excerpt;
mod files;
pub mod hosts;
pub mod journal;
pub mod json;
mod key;
mod layouts;
mod limit;
pub mod line;
pub mod logs;
mod newest;
pub mod node;
pub mod object;
pub mod packed;
mod plain;
pub mod records;
pub mod resource;
mod service_log;
mod shape;
pub mod skew;
mod sniff;
pub mod stamp;
#[allow(dead_code)]
pub mod text;
mod told;
mod transcripts;
pub mod units;
mod unread;
mod wrapped;
pub mod yaml;
mod year;

use std::collections::{BTreeMap, BTreeSet};

use coldcase_bundle::{Bundle, Problem};
use jiff::Timestamp;

use coverage::{Coverage, Status};
use event::Event;
use logs::{JournalFile, LogFile};
use object::Object;
use text::HostReport;

pub use limit::{Moment, Window};

/// Everything a bundle says, typed and indexed by nothing yet.
#[derive(Debug)]
pub struct Snapshot<'b> {
    /// Where it came from; quotes are cut from it.
    pub bundle: &'b Bundle,
    /// Captured objects without events, sorted by kind, namespace and name.
    pub objects: Vec<Object>,
    /// Manifests that lie beside the dump: intent, not state.
    pub declared: Vec<Object>,
    /// Events, merged, by time.
    pub events: Vec<Event>,
    /// Container and component logs.
    pub logs: Vec<LogFile>,
    /// Journals of nodes.
    pub journals: Vec<JournalFile>,
    /// What commands on nodes printed, in the order of files and lines.
    pub hosts: Vec<HostReport>,
    /// Items of YAML that the fast reader read, and those that needed the complete one.
    pub yaml_items: (usize, usize),
    /// What was captured.
    pub coverage: Coverage,
    /// "Now".
    pub captured_at: Option<Timestamp>,
    /// The span of time that events and lines are taken from.
    pub window: Window,
    /// Where "now" comes from.
    pub captured_at_source: &'static str,
    /// Offset from UTC in seconds of stamps that are written without a zone, where the newest of them tell it.
    pub zone: Option<i32>,
    /// Version of the API server, else of most kubelets.
    pub kubernetes_version: Option<String>,
    /// Version of the API server, where it was captured.
    pub server_version: Option<String>,
    /// kubectl context, may be empty.
    pub cluster: String,
    /// What the native collector ran, by its manifest; empty for other bundles.
    pub commands: Vec<coverage::Command>,
    /// Damage; the bundle's own problems are not repeated here.
    pub problems: Vec<Problem>,
}

impl Snapshot<'_> {
    /// Whether the capture time is only the earliest that it can have been: nothing in the bundle went on
    /// until then, so that what looks young may be old.
    pub fn is_captured_later(&self) -> bool {
        capture::is_least(self.captured_at_source)
    }

    /// Whether nothing in the bundle tells the year of the capture, so that one is assumed: what lines say can be
    /// compared with each other, and not with dates.
    pub fn is_year_assumed(&self) -> bool {
        year::is_assumed(self.captured_at_source)
    }

    /// Whether the bundle holds nothing that belongs to a cluster. Damage counts as something:
    /// a report about it is worth more than an error.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
            && self.declared.is_empty()
            && self.events.is_empty()
            && self.logs.is_empty()
            && self.journals.is_empty()
            && self.hosts.is_empty()
            && self.coverage.sources.values().all(says_nothing)
            && self.problems.is_empty()
            && self.bundle.problems.is_empty()
    }
}

/// Whether a source is there without saying anything.
fn says_nothing(source: &coverage::Covered) -> bool {
    source.status == Status::NotUnderstood
}

/// How to read a bundle.
#[derive(Debug, Clone)]
pub struct Options {
    /// How YAML is read, and which fields of objects are left out.
    pub yaml: yaml::Reading,
    /// Only these namespaces, and what belongs to none; all if empty.
    pub namespaces: BTreeSet<String>,
    /// Leave out events and log lines before this.
    pub since: Option<Moment>,
    /// Leave out events and log lines after this.
    pub until: Option<Moment>,
    /// Most bytes that the documents of one file may take in memory, text and tree.
    pub document_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            yaml: yaml::Reading::default(),
            namespaces: BTreeSet::new(),
            since: None,
            until: None,
            document_bytes: 2 << 30,
        }
    }
}

/// Reads a bundle whole.
pub fn read(bundle: &Bundle) -> Snapshot<'_> {
    read_with(bundle, &Options::default())
}

/// Reads a bundle.
pub fn read_with<'b>(bundle: &'b Bundle, options: &Options) -> Snapshot<'b> {
    let mut gathered = files::documents(bundle, options);
    let declared = gathered.take_declared();
    let others = std::mem::take(&mut gathered.others);
    let structured = capture::time(bundle, &gathered.objects, gathered.newest_event, &others);
    let (captured_at, captured_at_source) =
        transcripts::add(bundle, &mut gathered, structured, &options.yaml);
    layouts::runtime::add_pods(bundle, &gathered.roots, &mut gathered.objects);
    limit::namespaces(&mut gathered, &options.namespaces);
    let commands = coverage::manifest(bundle);
    let window = Window::of(options, captured_at);
    let events = std::mem::take(&mut gathered.events);
    let (events, (mut scopes, objects, (mut logs, mut journals))) = rayon::join(
        || {
            let mut events = event::merge(events);
            events.retain(|event| window.keep(event));
            events
        },
        || {
            let scopes = layouts::scope::scopes(bundle, &gathered, &commands);
            let objects = object::merge(std::mem::take(&mut gathered.objects));
            let texts = files::logs(bundle, &mut gathered, &objects);
            (scopes, objects, texts)
        },
    );
    let ours = &options.namespaces;
    logs.retain(|log| ours.is_empty() || log.namespace.is_empty() || ours.contains(&log.namespace));
    logs.sort_by_key(|log| (log.file, log.span));
    journals.extend(gathered.journals);
    journals.sort_by_key(|journal| (journal.file, journal.span));
    let (captured_at, captured_at_source) = match captured_at {
        Some(time) => {
            let told = (time, captured_at_source);
            let (time, source) = capture::not_before_lines(bundle, told, &logs, &journals);
            (Some(time), source)
        }
        None => match newest::newest(bundle, &logs, &journals) {
            Some((time, source)) => (Some(time), source),
            None => (None, captured_at_source),
        },
    };
    let mut hosts = gathered.hosts;
    let nodes: BTreeSet<String> = objects
        .iter()
        .filter(|object| object.kind == "Node")
        .map(|object| object.name.to_string())
        .collect();
    hosts::place(&mut hosts, bundle, &nodes);
    hosts::rename(&mut hosts, &mut journals, bundle, &objects, &nodes);
    hosts::name(&mut hosts, &mut journals, &nodes);
    let server_version = capture::server_version(bundle, &others).or(gathered.version);
    let zone = captured_at.and_then(|captured| newest::zone(bundle, &journals, captured));
    let mut snapshot = Snapshot {
        bundle,
        kubernetes_version: capture::version(server_version.as_deref(), &objects),
        server_version,
        cluster: capture::bundle_field(&others, bundle, "context").unwrap_or_default(),
        objects,
        declared,
        events,
        logs,
        journals,
        hosts,
        yaml_items: gathered.yaml,
        coverage: Coverage::default(),
        captured_at,
        zone,
        window,
        captured_at_source,
        commands,
        problems: gathered.problems,
    };
    let told = told::add(&mut snapshot, ours);
    snapshot.coverage = cover(&snapshot, gathered.lists, told);
    told::cover(&mut snapshot.coverage, told);
    layouts::cover(bundle, &gathered.roots, &others, &mut snapshot.coverage);
    unread::cover(
        &mut snapshot,
        &gathered.read,
        &gathered.unread,
        &gathered.roots,
        options,
    );
    unread::documents(&mut snapshot, &gathered.barren);
    limit::note(&mut snapshot.coverage, &mut scopes, options, window);
    snapshot.coverage.scopes = scopes;
    for (kind, why) in &gathered.cut {
        snapshot.coverage.cut(kind, why);
    }
    snapshot.coverage.absent = gathered.absent;
    snapshot.coverage.unplaced = gathered.unplaced;
    coverage::from_answers(&gathered.failed, &mut snapshot.coverage);
    excerpt::forget_quotes(&mut snapshot);
    excerpt::reckon(&mut snapshot);
    layouts::logged::add(&mut snapshot, &gathered.roots);
    snapshot
}

/// What was captured; `told` events were not, but made of lines.
fn cover(snapshot: &Snapshot<'_>, mut lists: BTreeMap<String, usize>, told: usize) -> Coverage {
    let mut coverage = Coverage::default();
    // They are sorted by kind.
    for objects in snapshot.objects.chunk_by(|a, b| a.kind == b.kind) {
        if let Some(object) = objects.first() {
            *lists.entry(object.kind.to_string()).or_default() += objects.len();
        }
    }
    let events = snapshot.events.len().saturating_sub(told);
    if events > 0 {
        lists.insert("Event".to_owned(), events);
    }
    for (kind, count) in &lists {
        coverage.note(kind, Status::Collected, count.to_string());
    }
    coverage::from_manifest(&snapshot.commands, &mut coverage);
    let previous = snapshot.logs.iter().filter(|log| log.previous).count();
    let current = snapshot.logs.len() - previous;
    if current > 0 {
        coverage.note("logs", Status::Collected, current.to_string());
    }
    if previous > 0 {
        coverage.note("previous logs", Status::Collected, previous.to_string());
    }
    for journal in &snapshot.journals {
        for node in &journal.nodes {
            coverage.note(
                &format!("journal of {node}"),
                Status::Collected,
                String::new(),
            );
        }
    }
    for node in snapshot
        .objects
        .iter()
        .filter(|object| object.kind == "Node")
    {
        let source = format!("journal of {}", node.name);
        if coverage.status(&source) == Status::NotCollected {
            coverage.note(&source, Status::NotCollected, String::new());
        }
    }
    coverage
}

#[cfg(test)]
mod tests;
