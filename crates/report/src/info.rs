//! What a bundle holds, without a diagnosis: for `coldcase bundle info`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Result, Write};

use coldcase_bundle::Bundle;
use coldcase_snapshot::{
    Snapshot,
    coverage::{Scope, Status},
    hosts::UNNAMED,
    journal::{self, Entry, Form},
    logs::{self, JournalFile},
    stamp,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::text::clean;

/// An inventory of a bundle.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Info {
    /// Name of the input without its directories.
    pub name: String,
    /// BLAKE3 over paths and contents.
    pub hash: String,
    /// Layouts and where each begins.
    pub layouts: Vec<Layout>,
    /// "Now" for every age.
    pub captured_at: Option<String>,
    /// Where `captured_at` comes from, in words.
    pub captured_at_source: String,
    /// Version of the API server, or the most common kubelet's.
    pub kubernetes_version: Option<String>,
    /// kubectl context; may be empty.
    pub cluster: String,
    /// Files in the bundle.
    pub files: usize,
    /// Their bytes, unpacked.
    pub bytes: u64,
    /// Names of nodes: of objects, journals and host files.
    pub nodes: Vec<String>,
    /// Names of namespaces that anything lies in.
    pub namespaces: Vec<String>,
    /// Captured objects by kind.
    pub objects: Vec<Kind>,
    /// Manifests beside the dump, by kind.
    pub declared: Vec<Kind>,
    /// Events.
    pub events: Events,
    /// Logs of containers and components.
    pub logs: Logs,
    /// Journals and kernel logs by node.
    pub journals: Vec<Journals>,
    /// What commands on nodes printed, by what they are about.
    pub host_reports: Vec<Kind>,
    /// What was refused, failed, cut, not understood or not collected.
    pub missing: Vec<crate::model::Coverage>,
    /// Damage and limits.
    pub problems: Vec<Problem>,
}

/// A layout's tree.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Layout {
    /// Which tool's.
    pub name: String,
    /// Directory in which it begins; empty for the bundle itself.
    pub root: String,
}

/// How many there are of a kind.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Kind {
    /// Kind.
    pub kind: String,
    /// How many.
    pub count: usize,
    /// How many of them were read from text or paths: fields may be unknown.
    pub partial: usize,
    /// Where the kind was listed whole: `everywhere`, `namespaces`, or `objects` if single ones
    /// were captured and others may exist.
    pub scope: &'static str,
    /// The namespaces, if it was listed whole only there.
    pub namespaces: Vec<String>,
}

/// Events after merging duplicates.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Events {
    /// How many.
    pub count: usize,
    /// Occurrences that they stand for.
    pub occurrences: u64,
    /// First occurrence.
    pub from: Option<String>,
    /// Last occurrence.
    pub to: Option<String>,
}

/// Logs.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Logs {
    /// Files that hold them.
    pub files: usize,
    /// Logs: a file may hold several.
    pub logs: usize,
    /// Containers of pods.
    pub containers: usize,
    /// Logs of instances before the running ones.
    pub previous: usize,
    /// Logs of components that are no container's.
    pub components: usize,
    /// Their bytes.
    pub bytes: u64,
    /// First stamp.
    pub from: Option<String>,
    /// Last stamp.
    pub to: Option<String>,
}

/// The journals of a node.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Journals {
    /// Node, or host name; empty if unknown.
    pub node: String,
    /// Files that hold lines of it.
    pub files: usize,
    /// Bytes of those files; a file of several nodes counts for each.
    pub bytes: u64,
    /// First stamp.
    pub from: Option<String>,
    /// Last stamp.
    pub to: Option<String>,
}

/// Damage, or a limit that was hit.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Problem {
    /// Path in the bundle; empty for the bundle itself.
    pub file: String,
    /// Line from 1; 0 for the whole file.
    pub line: u32,
    /// What happened and what was kept.
    pub what: String,
}

/// Lines at either end of a log in which a stamp is looked for.
const EDGE: u32 = 20;
/// The same for a journal whose entries take several lines each.
const ENTRY_LINES: u32 = 400;

/// The earliest and the latest of some times.
#[derive(Debug, Clone, Copy, Default)]
struct Range {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Range {
    fn add(&mut self, time: Timestamp) {
        self.from = Some(self.from.map_or(time, |from| from.min(time)));
        self.to = Some(self.to.map_or(time, |to| to.max(time)));
    }

    fn shown(self) -> (Option<String>, Option<String>) {
        let show = |time| stamp::format(time, 3);
        (self.from.map(show), self.to.map(show))
    }
}

/// Captured text without what could move a cursor or hide.
fn show(text: &str) -> String {
    clean(text).into_owned()
}

/// Takes the inventory.
pub fn info(bundle: &Bundle, snapshot: &Snapshot<'_>) -> Info {
    let nodes = snapshot
        .objects
        .iter()
        .filter(|object| object.kind == "Node")
        .map(|node| node.name.to_string());
    let journals = journals(bundle, snapshot);
    let hosts = snapshot.hosts.iter().map(|host| host.node.clone());
    let of_journals = journals.iter().map(|journal| journal.node.clone());
    let mut names: BTreeSet<String> = nodes.chain(of_journals).chain(hosts).collect();
    names.remove(UNNAMED);
    Info {
        name: show(&bundle.name),
        hash: bundle.hash.clone(),
        layouts: layouts(bundle),
        captured_at: snapshot.captured_at.map(|time| stamp::format(time, 3)),
        captured_at_source: snapshot.captured_at_source.to_owned(),
        kubernetes_version: snapshot.kubernetes_version.as_deref().map(show),
        cluster: show(&snapshot.cluster),
        files: bundle.files.len(),
        bytes: bundle.files.iter().map(|file| file.bytes).sum(),
        nodes: shown(names),
        namespaces: shown(namespaces(snapshot)),
        objects: kinds(snapshot),
        declared: counted(snapshot.declared.iter().map(|object| object.kind.as_str())),
        events: events(snapshot),
        logs: log_totals(bundle, snapshot),
        journals,
        host_reports: counted(snapshot.hosts.iter().map(|host| host.kind)),
        missing: missing(snapshot),
        problems: problems(bundle, snapshot),
    }
}

fn shown(names: BTreeSet<String>) -> Vec<String> {
    names
        .into_iter()
        .filter(|name| !name.is_empty())
        .map(|name| show(&name))
        .collect()
}

fn layouts(bundle: &Bundle) -> Vec<Layout> {
    let mut layouts: Vec<Layout> = bundle
        .roots()
        .into_iter()
        .map(|root| Layout {
            name: root.layout.name().to_owned(),
            root: show(&root.path),
        })
        .collect();
    if layouts.is_empty() {
        layouts = bundle
            .layouts
            .iter()
            .map(|layout| Layout {
                name: layout.name().to_owned(),
                root: String::new(),
            })
            .collect();
    }
    layouts
}

fn namespaces(snapshot: &Snapshot<'_>) -> BTreeSet<String> {
    let objects = snapshot.objects.iter().map(|object| {
        if object.kind == "Namespace" {
            object.name.as_str()
        } else {
            &object.namespace
        }
    });
    let events = snapshot.events.iter();
    let events = events.map(|event| event.object.namespace.as_str());
    let logs = snapshot.logs.iter().map(|log| log.namespace.as_str());
    let all: BTreeSet<&str> = objects.chain(events).chain(logs).collect();
    all.into_iter().map(str::to_owned).collect()
}

fn kinds(snapshot: &Snapshot<'_>) -> Vec<Kind> {
    let mut kinds = counted(snapshot.objects.iter().map(|object| object.kind.as_str()));
    let listed: Vec<&String> = snapshot.coverage.scopes.keys().collect();
    for kind in listed {
        let known = kinds.iter().any(|known| known.kind == *kind);
        if !known && kind != "Event" {
            kinds.push(Kind {
                kind: show(kind),
                ..Kind::default()
            });
        }
    }
    for kind in &mut kinds {
        kind.partial = snapshot
            .objects
            .iter()
            .filter(|object| object.partial && object.kind == kind.kind)
            .count();
        match snapshot.coverage.scopes.get(&kind.kind) {
            Some(Scope::Everywhere) => kind.scope = "everywhere",
            Some(Scope::Namespaces(namespaces)) => {
                kind.scope = "namespaces";
                kind.namespaces = shown(namespaces.clone());
            }
            None => kind.scope = "objects",
        }
    }
    kinds.sort_by(|a, b| a.kind.cmp(&b.kind));
    kinds
}

fn counted<'k>(kinds: impl Iterator<Item = &'k str>) -> Vec<Kind> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in kinds {
        *counts.entry(kind).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(kind, count)| Kind {
            kind: show(kind),
            count,
            scope: "objects",
            ..Kind::default()
        })
        .collect()
}

fn events(snapshot: &Snapshot<'_>) -> Events {
    let mut range = Range::default();
    for event in &snapshot.events {
        event
            .first
            .into_iter()
            .chain(event.last)
            .for_each(|time| range.add(time));
    }
    let (from, to) = range.shown();
    Events {
        count: snapshot.events.len(),
        occurrences: snapshot.events.iter().map(|event| event.count).sum(),
        from,
        to,
    }
}

fn log_totals(bundle: &Bundle, snapshot: &Snapshot<'_>) -> Logs {
    let files: BTreeSet<_> = snapshot.logs.iter().map(|log| log.file).collect();
    let containers: BTreeSet<_> = snapshot
        .logs
        .iter()
        .filter(|log| !log.pod.is_empty())
        .map(|log| (&log.namespace, &log.pod, &log.container))
        .collect();
    let mut range = Range::default();
    for log in &snapshot.logs {
        let (file, span) = log.text(bundle);
        let last = span.last.min(file.line_count());
        for number in edges(span.first, last) {
            if let Some(found) = stamp::leading(&file.line(number), snapshot.captured_at) {
                range.add(found.time);
            }
        }
    }
    let (from, to) = range.shown();
    Logs {
        files: files.len(),
        logs: snapshot.logs.len(),
        containers: containers.len(),
        previous: snapshot.logs.iter().filter(|log| log.previous).count(),
        components: snapshot
            .logs
            .iter()
            .filter(|log| log.pod.is_empty())
            .count(),
        bytes: logs::bytes(bundle, &snapshot.logs),
        from,
        to,
    }
}

/// The first and the last lines of a span.
fn edges(first: u32, last: u32) -> impl Iterator<Item = u32> {
    let head = first.saturating_add(EDGE - 1).min(last);
    let tail = last.saturating_sub(EDGE - 1).max(head.saturating_add(1));
    (first..=head).chain(tail..=last)
}

/// Node and time of the entries of a journal, of one node's the outermost.
fn entries(
    bundle: &Bundle,
    journal: &JournalFile,
    mut take: impl FnMut(String, Option<Timestamp>),
) {
    let file = bundle.file(journal.file);
    let mut all = |entry: &Entry| {
        take(
            journal.node_of(&entry.host),
            entry.stamp.map(|found| found.time),
        );
    };
    if journal.per_line {
        for chunk in file.chunks() {
            let entries = journal::entries_of(file, journal.form, journal.span, &chunk);
            for entry in &entries {
                all(entry);
            }
        }
        return;
    }
    // A few entries take many lines.
    let (first, last) = (journal.span.first, journal.span.last.min(file.line_count()));
    let mut lines = file.lines();
    let head = first..=first.saturating_add(ENTRY_LINES).min(last);
    let tail = last.saturating_sub(ENTRY_LINES).max(first)..=last;
    for numbers in [head, tail] {
        let entries = journal::entries_in(&mut lines, journal.form, numbers);
        for entry in &entries {
            all(entry);
        }
    }
}

fn journals(bundle: &Bundle, snapshot: &Snapshot<'_>) -> Vec<Journals> {
    let mut found: BTreeMap<String, (BTreeSet<_>, Range)> = BTreeMap::new();
    for journal in &snapshot.journals {
        let file = bundle.file(journal.file);
        let last = journal.span.last.min(file.line_count());
        if journal.form.is_long() {
            entries(bundle, journal, |node, time| {
                let entry = found.entry(node).or_default();
                entry.0.insert(journal.file);
                if let Some(time) = time {
                    entry.1.add(time);
                }
            });
            continue;
        }
        let mut take = |line: &str| {
            let node = journal.node_of_line(line);
            let entry = found.entry(node).or_default();
            entry.0.insert(journal.file);
            let parsed = journal.parse(line, snapshot.captured_at);
            if let Some(found) = parsed.and_then(|line| line.stamp) {
                entry.1.add(found.time);
            }
        };
        if journal.per_line {
            file.text()
                .lines()
                .filter(|line| logs::host_of_line(line, journal.form == Form::Json).is_some())
                .for_each(take);
        } else {
            edges(journal.span.first, last).for_each(|number| take(&file.line(number)));
        }
    }
    found
        .into_iter()
        .map(|(node, (files, range))| {
            let (from, to) = range.shown();
            Journals {
                node: show(&node),
                files: files.len(),
                bytes: files.iter().map(|file| bundle.file(*file).bytes).sum(),
                from,
                to,
            }
        })
        .collect()
}

fn missing(snapshot: &Snapshot<'_>) -> Vec<crate::model::Coverage> {
    crate::assemble::coverage(snapshot)
        .into_iter()
        .filter(|source| source.status != Status::Collected.word())
        .map(|source| crate::model::Coverage {
            source: show(&source.source),
            status: source.status,
            detail: show(&source.detail),
        })
        .collect()
}

fn problems(bundle: &Bundle, snapshot: &Snapshot<'_>) -> Vec<Problem> {
    bundle
        .problems
        .iter()
        .chain(&snapshot.problems)
        .map(|problem| Problem {
            file: show(&problem.file),
            line: problem.line,
            what: show(&problem.what),
        })
        .collect()
}

/// Writes the inventory as JSON.
pub fn render_info_json(info: &Info, out: &mut dyn Write) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, info)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SummaryStyle;
    use crate::info_page::{BODY, render_info};
    use crate::layout::width;

    fn text_of(files: &[(&str, &str)], width: usize) -> (Info, String) {
        let bundle = Bundle::from_texts("t", files.iter().copied());
        let snapshot = coldcase_snapshot::read(&bundle);
        let info = info(&bundle, &snapshot);
        let mut out = Vec::new();
        render_info(
            &info,
            SummaryStyle {
                color: false,
                width,
            },
            &mut out,
        )
        .unwrap();
        (info, String::from_utf8(out).unwrap())
    }

    const FILES: &[(&str, &str)] = &[
        (
            "cluster-resources/pods/shop.json",
            r#"[{"metadata":{"name":"a","namespace":"shop","uid":"1"},"status":{}}]"#,
        ),
        (
            "cluster-resources/pods/logs/shop/a/app.log",
            "2026-01-02T00:00:00Z x\n2026-01-02T00:01:00Z y\n",
        ),
        (
            "cluster-resources/nodes-errors.json",
            "[\"nodes is forbidden\"]",
        ),
        ("cluster-resources/cut.json", "{\"kind\":"),
    ];

    #[test]
    fn counts_gaps_and_problems() {
        let (info, text) = text_of(FILES, 100);
        assert_eq!(info.layouts[0].name, "Troubleshoot support bundle");
        assert_eq!(info.objects[0].namespaces, ["shop"]);
        assert_eq!(info.logs.to.as_deref(), Some("2026-01-02T00:01:00.000Z"));
        assert!(
            text.contains("nodes: refused: nodes is forbidden"),
            "{text}"
        );
        assert!(text.contains("cut.json:1: not valid JSON"), "{text}");
        let mut json = Vec::new();
        render_info_json(&info, &mut json).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["objects"][0]["kind"], "Pod");
    }

    #[test]
    fn every_width_holds_and_nothing_unsafe_is_shown() {
        let hostile = [(
            "pods\u{202e}.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: \"x\\e[2J\", uid: u}\nstatus: {}\n",
        )];
        for columns in [0, 1, 7, 20, 39, 40, 80, 500] {
            for files in [FILES, &hostile] {
                let (_, text) = text_of(files, columns);
                assert!(!text.contains(crate::text::is_unsafe), "{text:?}");
                for line in text.lines() {
                    assert!(
                        width(line) <= columns.max(BODY + 1) + 1,
                        "{columns}: {line:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn edges_overlap_nowhere() {
        let lines: Vec<u32> = edges(1, 3).collect();
        assert_eq!(lines, [1, 2, 3]);
        assert_eq!(edges(1, 100).count(), 40);
        assert_eq!(edges(1, 0).count(), 0);
    }
}
