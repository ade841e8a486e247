//! What the layouts of other tools need beyond reading their files: whose log a file is, which damage to undo, what was refused.

mod components;
pub(crate) mod dump;
pub(crate) mod go;
pub(crate) mod hosts;
pub(crate) mod insights;
pub(crate) mod known;
pub(crate) mod logged;
mod named;
pub(crate) mod place;
pub(crate) mod rancher;
pub(crate) mod runtime;
pub(crate) mod scope;
pub(crate) mod titled;
pub(crate) mod troubleshoot;

use std::collections::{BTreeMap, BTreeSet};

use coldcase_bundle::{Bundle, FileId, Layout, Root};

use crate::{
    coverage::{Coverage, Status},
    logs::{self, JournalFile, LogFile},
    node::Node,
    object::Object,
    wrapped,
};
use known::Known;
use place::Place;

/// Bytes that tell whether lines say whose they are.
const WRAPPED: usize = 16 << 10;
/// Characters of an error that coverage repeats.
const DETAIL: usize = 200;

/// Whether a path alone says that the file is a container's log.
pub(crate) fn is_log_path(path: &str) -> bool {
    path.ends_with("/logs.txt")
        || path.contains("podlogs/")
        || path.contains("containerlogs/")
        || place::of_path(path, &Known::default()).is_some()
}

/// Whether an error says that the API server refused rather than failed.
pub(crate) fn says_refused(text: &str) -> bool {
    [
        "forbidden",
        "Forbidden",
        "Unauthorized",
        "cannot list resource",
        "RBAC",
    ]
    .iter()
    .any(|word| text.contains(word))
}

/// The first line of an error and where it stands.
pub(crate) fn detail(text: &str, path: &str, line: u32) -> String {
    let first: String = text
        .lines()
        .next()
        .unwrap_or("")
        .trim()
        .chars()
        .take(DETAIL)
        .collect();
    format!("{first} [{path}:{}]", line.max(1))
}

/// Notes what the tools themselves say about what they could not get.
pub(crate) fn cover(
    bundle: &Bundle,
    roots: &[Root],
    others: &[(FileId, Node)],
    coverage: &mut Coverage,
) {
    for (id, document) in others {
        let path = &bundle.file(*id).path;
        insights::gatherers(document, path, roots, coverage);
    }
    troubleshoot::cover(bundle, roots, coverage);
    rancher::cover(bundle, roots, coverage);
    for (id, file) in bundle.iter() {
        if file.name() != "logs.txt" {
            continue;
        }
        let (_, failed) = dump::logs(id, file);
        for (place, error, line) in failed {
            let status = if says_refused(&error) {
                Status::Refused
            } else {
                Status::Failed
            };
            coverage.note(
                &format!(
                    "log of {}/{} {}",
                    place.namespace, place.pod, place.container
                ),
                status,
                detail(&error, &file.path, line),
            );
        }
    }
}

/// Whether a document that is no object is one that is looked up by its keys: what a collector says of its
/// run, what a server says of its version.
pub(crate) fn is_known(document: &Node) -> bool {
    const KEYS: &[&[&str]] = &[
        &["captured_at"],
        &["gitVersion"],
        &["info", "gitVersion"],
        &["kubernetesversion"],
        &["serverVersion", "gitVersion"],
        &["status_reports"],
    ];
    KEYS.iter().any(|path| document.at(path).is_some())
}

/// The version that a node's image says of itself, where the API was not asked.
pub(crate) fn version(bundle: &Bundle) -> Option<String> {
    bundle
        .iter()
        .filter(|(_, file)| file.name() == "kubernetes-version.txt" && file.bytes < 100)
        .find_map(|(_, file)| {
            let text = file.text();
            let version = text.trim();
            version.starts_with('v').then(|| version.to_owned())
        })
}

/// Sorts text files into logs and journals.
pub(crate) struct Texts<'b> {
    bundle: &'b Bundle,
    roots: &'b [Root],
    known: Known,
    nodes: BTreeSet<String>,
    hosts: BTreeMap<String, String>,
}

impl<'b> Texts<'b> {
    pub(crate) fn new(bundle: &'b Bundle, roots: &'b [Root], objects: &[Object]) -> Self {
        let nodes = objects
            .iter()
            .filter(|object| object.kind == "Node")
            .map(|node| node.name.to_string())
            .collect();
        // Docker's and podman's files of logs.
        let named_by_ids = bundle.iter().any(|(_, file)| {
            file.name().ends_with("-json.log") || place::begins_with_id(file.name())
        });
        Self {
            bundle,
            known: if named_by_ids {
                Known::new(objects).with_ids()
            } else {
                Known::new(objects)
            },
            nodes,
            hosts: hosts::names(bundle, roots),
            roots,
        }
    }

    /// Pods by name.
    pub(crate) fn known(&self) -> &Known {
        &self.known
    }

    /// Whether a file with documents holds logs between them.
    pub(crate) fn holds_frames(&self, id: FileId) -> bool {
        let path = &self.bundle.file(id).path;
        self.roots.iter().any(|root| {
            root.layout == Layout::ClusterInfoDump
                && root.strip(path).is_some_and(|rest| !rest.contains('/'))
        })
    }

    /// The logs and journals in a file.
    pub(crate) fn classify(
        &self,
        id: FileId,
    ) -> (Vec<(LogFile, Option<u32>)>, Option<JournalFile>) {
        let file = self.bundle.file(id);
        if is_no_log(&file.path) {
            return (Vec::new(), None);
        }
        if file.name() == "logs.txt" || self.holds_frames(id) {
            let (found, failed) = dump::logs(id, file);
            let framed = || file.head(64).starts_with(dump::START);
            if !found.is_empty() || !failed.is_empty() || framed() {
                return (found.into_iter().map(|log| (log, None)).collect(), None);
            }
        }
        if let Some(place) = place::of_path(&file.path, &self.known) {
            return (vec![(place.log(id), place.instance)], None);
        }
        let host = hosts::of_path(&file.path, self.roots, &self.hosts);
        if let Some(journal) = logs::classify_journal(id, file, &self.nodes, &host) {
            return (Vec::new(), Some(journal));
        }
        let head = || file.head(WRAPPED);
        let is_log = logs::is_component_log(file) || wrapped::is_wrapped(&head(), &self.known);
        let component = is_log.then(|| (logs::component_log(id, self.bundle), None));
        (component.into_iter().collect(), None)
    }

    /// Settles what only all files together can say: which instance is the running one, and which
    /// files are copies.
    pub(crate) fn settle(&self, logs: Vec<(LogFile, Option<u32>)>) -> Vec<LogFile> {
        let mut newest: BTreeMap<(String, String, String, String), u32> = BTreeMap::new();
        let key = |log: &LogFile| {
            let path = &self.bundle.file(log.file).path;
            let directory = path.rsplit_once('/').map_or("", |(head, _)| head);
            (
                directory.to_owned(),
                log.namespace.clone(),
                log.pod.clone(),
                log.container.clone(),
            )
        };
        let mut runtime: BTreeSet<Place> = BTreeSet::new();
        for (log, instance) in &logs {
            if let Some(instance) = instance {
                let highest = newest.entry(key(log)).or_default();
                *highest = (*highest).max(*instance);
                runtime.insert(place_of(log));
            }
        }
        let mut kept: Vec<LogFile> = Vec::with_capacity(logs.len());
        for (mut log, instance) in logs {
            if let Some(instance) = instance {
                log.previous = newest
                    .get(&key(&log))
                    .is_some_and(|newest| instance < *newest);
            } else if self.is_runtime_link(&log) && runtime.contains(&place_of(&log)) {
                continue;
            }
            kept.push(log);
        }
        self.without_copies(kept)
    }

    /// `containers/<pod>_<namespace>_<container>-<id>.log` links into `pods/`.
    fn is_runtime_link(&self, log: &LogFile) -> bool {
        let path = &self.bundle.file(log.file).path;
        let directory = path.rsplit('/').nth(1);
        directory == Some("containers")
    }

    /// Leaves out copies (links that became files), and empty files of instances that never were.
    fn without_copies(&self, logs: Vec<LogFile>) -> Vec<LogFile> {
        let mut groups: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
        for (index, log) in logs.iter().enumerate() {
            if !log.pod.is_empty() {
                groups.entry(place_of(log)).or_default().push(index);
            }
        }
        // Where the running instance has said nothing either, the one before may well have been silent.
        let silent = |place: &Place| {
            let running = Place {
                previous: false,
                ..place.clone()
            };
            groups.get(&running).is_some_and(|group| {
                group
                    .iter()
                    .filter_map(|index| logs.get(*index))
                    .all(|log| self.bundle.file(log.file).bytes == 0)
            })
        };
        let mut dropped: BTreeSet<usize> = BTreeSet::new();
        for (place, group) in &groups {
            let mut seen: Vec<&LogFile> = Vec::new();
            for index in group {
                let Some(log) = logs.get(*index) else {
                    continue;
                };
                let file = self.bundle.file(log.file);
                let copy = seen.iter().any(|other| {
                    let first = self.bundle.file(other.file);
                    other.span == log.span
                        && other.file != log.file
                        && first.bytes == file.bytes
                        && first.chunks().eq(file.chunks())
                });
                if copy || place.previous && file.bytes == 0 && !silent(place) {
                    dropped.insert(*index);
                } else {
                    seen.push(log);
                }
            }
        }
        logs.into_iter()
            .enumerate()
            .filter(|(index, _)| !dropped.contains(index))
            .map(|(_, log)| log)
            .collect()
    }
}

fn place_of(log: &LogFile) -> Place {
    Place {
        namespace: log.namespace.clone(),
        pod: log.pod.clone(),
        container: log.container.clone(),
        previous: log.previous,
        instance: None,
    }
}

/// Files that are neither a log nor a journal although they look like one.
fn is_no_log(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.strip_suffix(".gz").unwrap_or(name);
    let html = std::path::Path::new(stem)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("html"));
    html || path
        .split('/')
        .any(|part| part == "audit_logs" || part == "audit")
        || stem.starts_with("audit") && stem.ends_with(".log")
        || matches!(
            stem,
            "images.log"
                | "containerd-images.log"
                | "alternatives.log"
                | "dpkg.log"
                | "bundleGenerationError.log"
        )
}
