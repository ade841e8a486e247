//! Reads a bundle into Kubernetes objects, events, logs, journals and coverage; never fails, gives problems.
//!
//! Files are read in parallel and merged in path order, so the result does not depend on threads.
//! A panic in one file becomes a problem of that file.

pub mod clock;
pub mod coverage;
pub mod event;
pub mod json;
pub mod line;
pub mod logs;
pub mod node;
pub mod object;
pub mod records;
pub mod skew;
pub mod stamp;
#[allow(dead_code)]
pub mod text;
pub mod yaml;

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
};

use coldcase_bundle::{Bundle, File, FileId, Problem};
use jiff::Timestamp;
use rayon::prelude::*;

use coverage::{Coverage, Status};
use event::Event;
use logs::{JournalFile, LogFile};
use node::Node;
use object::Object;

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
    /// What was captured.
    pub coverage: Coverage,
    /// "Now".
    pub captured_at: Option<Timestamp>,
    /// Where "now" comes from.
    pub captured_at_source: &'static str,
    /// Version of the API server, else of most kubelets.
    pub kubernetes_version: Option<String>,
    /// kubectl context, may be empty.
    pub cluster: String,
    /// Damage; the bundle's own problems are not repeated here.
    pub problems: Vec<Problem>,
}

impl Snapshot<'_> {
    /// Whether the bundle holds nothing that belongs to a cluster. Damage counts as something:
    /// a report about it is worth more than an error.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
            && self.declared.is_empty()
            && self.events.is_empty()
            && self.logs.is_empty()
            && self.journals.is_empty()
            && self.coverage.sources.is_empty()
            && self.problems.is_empty()
            && self.bundle.problems.is_empty()
    }
}

/// What one file holds.
#[derive(Default)]
struct Content {
    objects: Vec<Object>,
    lists: Vec<String>,
    others: Vec<Node>,
    problems: Vec<Problem>,
    structured: bool,
}

/// Reads a bundle.
pub fn read(bundle: &Bundle) -> Snapshot<'_> {
    let ids: Vec<FileId> = bundle.iter().map(|(id, _)| id).collect();
    let contents: Vec<Content> = ids
        .par_iter()
        .map(|id| read_contained(*id, bundle.file(*id)))
        .collect();
    let mut objects = Vec::new();
    let mut events = Vec::new();
    let mut lists: BTreeMap<String, usize> = BTreeMap::new();
    let mut problems = Vec::new();
    let mut others: Vec<(FileId, Node)> = Vec::new();
    let mut structured = BTreeSet::new();
    for (id, content) in ids.iter().zip(contents) {
        if content.structured {
            structured.insert(*id);
        }
        for kind in content.lists {
            lists.entry(kind).or_default();
        }
        for object in content.objects {
            if object.kind == "Event" {
                events.push(object);
            } else {
                objects.push(object);
            }
        }
        others.extend(content.others.into_iter().map(|node| (*id, node)));
        problems.extend(content.problems);
    }
    let (declared, objects): (Vec<Object>, Vec<Object>) =
        objects.into_iter().partition(Object::is_declared);
    let objects = object::merge(objects);
    let events = event::merge(events.into_iter().map(Event::new).collect());
    let (captured_at, captured_at_source) = capture_time(bundle, &objects, &events, &others);
    let names = |kind: &'static str| objects.iter().filter(move |object| object.kind == kind);
    let pods: BTreeSet<(String, String)> = names("Pod")
        .map(|pod| (pod.namespace.clone(), pod.name.clone()))
        .collect();
    let nodes: BTreeSet<String> = names("Node").map(|node| node.name.clone()).collect();
    let (logs, journals) = text_files(bundle, &structured, &pods, &nodes);
    let mut snapshot = Snapshot {
        bundle,
        kubernetes_version: version(&others, &objects),
        cluster: bundle_field(&others, bundle, "context").unwrap_or_default(),
        objects,
        declared,
        events,
        logs,
        journals,
        coverage: Coverage::default(),
        captured_at,
        captured_at_source,
        problems,
    };
    snapshot.coverage = cover(&snapshot, lists);
    snapshot
}

fn read_contained(id: FileId, file: &File) -> Content {
    catch_unwind(AssertUnwindSafe(|| read_file(id, file))).unwrap_or_else(|_| Content {
        problems: vec![Problem {
            file: file.path.clone(),
            line: 0,
            what: "coldcase failed on this file and left it out; please report it".to_owned(),
        }],
        ..Content::default()
    })
}

fn read_file(id: FileId, file: &File) -> Content {
    let mut content = Content::default();
    let name = file.name();
    let problem = |line: u32, what: String| Problem {
        file: file.path.clone(),
        line,
        what,
    };
    let documents = if name.ends_with(".yaml") || name.ends_with(".yml") {
        let (documents, errors) = yaml::read(&file.text());
        content.problems.extend(errors.into_iter().map(|error| {
            problem(
                error.line,
                format!(
                    "not valid YAML: {}; the rest of the file is read",
                    error.what
                ),
            )
        }));
        documents
    } else if name.ends_with(".json") && !looks_like_lines(&file.text()) {
        let (documents, error) = json::read(&file.text());
        content.problems.extend(error.map(|error| {
            problem(
                error.line,
                format!("not valid JSON: {}; what came before is read", error.what),
            )
        }));
        documents
    } else {
        return content;
    };
    content.structured = true;
    for document in documents {
        let keep = document.clone_head();
        let (objects, list) = object::objects(document, &file.path, id);
        if objects.is_empty() && list.is_none() {
            content.others.extend(keep);
        }
        content.lists.extend(list);
        content.objects.extend(objects);
    }
    content
}

/// JSON Lines (journals, audit logs) are logs, whatever their name.
fn looks_like_lines(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let complete = |line: Option<&str>| {
        line.is_some_and(|line| line.starts_with('{') && line.ends_with('}') && line.len() > 2)
    };
    complete(lines.next()) && complete(lines.next())
}

fn text_files(
    bundle: &Bundle,
    structured: &BTreeSet<FileId>,
    pods: &BTreeSet<(String, String)>,
    nodes: &BTreeSet<String>,
) -> (Vec<LogFile>, Vec<JournalFile>) {
    let candidates: Vec<FileId> = bundle
        .iter()
        .filter(|(id, file)| !structured.contains(id) && !file.binary)
        .map(|(id, _)| id)
        .collect();
    let found: Vec<(Option<LogFile>, Option<JournalFile>)> = candidates
        .par_iter()
        .map(|id| {
            let file = bundle.file(*id);
            if let Some(log) = logs::classify_log(&file.path, pods) {
                return (Some(LogFile { file: *id, ..log }), None);
            }
            if let Some(journal) = logs::classify_journal(*id, file, nodes) {
                return (None, Some(journal));
            }
            (
                logs::is_component_log(&file.path).then(|| logs::component_log(*id, bundle)),
                None,
            )
        })
        .collect();
    let mut text = (Vec::new(), Vec::new());
    for (log, journal) in found {
        text.0.extend(log);
        text.1.extend(journal);
    }
    text
}

/// When the bundle was captured: as its collector says, else the newest stamp of the API.
fn capture_time(
    bundle: &Bundle,
    objects: &[Object],
    events: &[Event],
    others: &[(FileId, Node)],
) -> (Option<Timestamp>, &'static str) {
    if let Some(time) = bundle_field(others, bundle, "captured_at")
        .as_deref()
        .and_then(stamp::rfc3339)
    {
        return (Some(time), "bundle.yaml");
    }
    let newest = |times: &mut dyn Iterator<Item = &str>| times.filter_map(stamp::rfc3339).max();
    let of = |kind: &'static str| objects.iter().filter(move |object| object.kind == kind);
    let lease = newest(&mut of("Lease").filter_map(|o| o.root.str_at(&["spec", "renewTime"])));
    let event = events.iter().filter_map(|event| event.last).max();
    let heartbeat = newest(
        &mut of("Node")
            .flat_map(|o| o.root.items_at(&["status", "conditions"]))
            .filter_map(|c| c.str_at(&["lastHeartbeatTime"])),
    );
    let states = || {
        of("Pod")
            .flat_map(|o| o.root.items_at(&["status", "containerStatuses"]))
            .flat_map(|status| {
                [
                    ["state", "running", "startedAt"],
                    ["state", "terminated", "finishedAt"],
                    ["lastState", "terminated", "finishedAt"],
                ]
                .into_iter()
                .filter_map(|path| status.str_at(&path))
            })
    };
    let container = newest(&mut states());
    // What beats is nearest to the capture. A container's stamp may come a little after the last
    // beat; one long after it was edited in, and says nothing.
    if let Some(beat) = [lease, event, heartbeat].into_iter().flatten().max() {
        let later =
            container.filter(|time| (0..3_600).contains(&(time.as_second() - beat.as_second())));
        return (
            Some(later.unwrap_or(beat)),
            "newest lease, event, heartbeat or container state in the bundle",
        );
    }
    let created =
        newest(&mut of("Pod").filter_map(|o| o.root.str_at(&["metadata", "creationTimestamp"])));
    match [container, created].into_iter().flatten().max() {
        Some(time) => (
            Some(time),
            "newest start or end of a container in the bundle",
        ),
        None => (None, "unknown"),
    }
}

fn bundle_field(others: &[(FileId, Node)], bundle: &Bundle, field: &str) -> Option<String> {
    others
        .iter()
        .filter(|(id, _)| bundle.file(*id).path == "bundle.yaml")
        .find_map(|(_, node)| node.str_at(&[field]).map(str::to_owned))
}

fn version(others: &[(FileId, Node)], objects: &[Object]) -> Option<String> {
    let server = others.iter().find_map(|(_, node)| {
        node.str_at(&["serverVersion", "gitVersion"])
            .or_else(|| node.str_at(&["info", "gitVersion"]))
    });
    if let Some(server) = server {
        return Some(server.to_owned());
    }
    let mut kubelets: BTreeMap<&str, usize> = BTreeMap::new();
    for node in objects.iter().filter(|object| object.kind == "Node") {
        if let Some(version) = node.root.str_at(&["status", "nodeInfo", "kubeletVersion"]) {
            *kubelets.entry(version).or_default() += 1;
        }
    }
    kubelets
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .map(|(version, _)| version.to_owned())
}

fn cover(snapshot: &Snapshot<'_>, mut lists: BTreeMap<String, usize>) -> Coverage {
    let mut coverage = Coverage::default();
    for object in &snapshot.objects {
        *lists.entry(object.kind.clone()).or_default() += 1;
    }
    if !snapshot.events.is_empty() {
        lists.insert("Event".to_owned(), snapshot.events.len());
    }
    for (kind, count) in &lists {
        coverage.note(kind, Status::Collected, count.to_string());
    }
    coverage::from_manifest(&coverage::manifest(snapshot.bundle), &mut coverage);
    let previous = snapshot.logs.iter().filter(|log| log.previous).count();
    let current = snapshot.logs.len() - previous;
    if current > 0 {
        coverage.note("logs", Status::Collected, current.to_string());
    }
    if previous > 0 {
        coverage.note("previous logs", Status::Collected, previous.to_string());
    }
    for journal in &snapshot.journals {
        if !journal.node.is_empty() {
            coverage.note(
                &format!("journal of {}", journal.node),
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

impl Node {
    /// A copy for documents that turn out to be no Kubernetes object (`bundle.yaml`, versions); big ones are not worth it.
    fn clone_head(&self) -> Option<Node> {
        (self.entries().len() <= 64
            && self.get("items").is_none()
            && self.get("metadata").is_none()
            && !self.entries().is_empty())
        .then(|| self.clone())
    }
}

#[cfg(test)]
mod tests;
