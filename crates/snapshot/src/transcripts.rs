//! Reads the files that hold text for people, and settles the time of the capture that their ages count from.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use coldcase_bundle::{Bundle, File, FileId, Problem};
use jiff::Timestamp;
use rayon::prelude::*;

use crate::{
    capture,
    coverage::Scope,
    event::Event,
    files::Gathered,
    hosts,
    layouts::{self, scope::Listed},
    logs, newest,
    node::Node,
    object::{self, Object},
    service_log, stamp,
    text::{self, Context, Found, clock::Described, placed::Places},
    yaml,
};

/// Of larger texts only the beginning is read: nobody pastes as much, and most are logs anyway.
const LARGEST: usize = 64 << 20;
/// Bytes at the beginning that tell a log from a transcript.
const HEAD: usize = 64 << 10;

/// Where the capture time is from if nothing but what happened before it names a time.
const NEWEST: &str = "newest time that a transcript names";

/// Adds what transcripts say to `gathered`. `structured` is the capture time as the documents tell
/// it; gives the final one with its source.
pub(crate) fn add(
    bundle: &Bundle,
    gathered: &mut Gathered,
    structured: (Option<Timestamp>, &'static str),
    reading: &yaml::Reading,
) -> (Option<Timestamp>, &'static str) {
    let nodes: BTreeSet<String> = gathered
        .objects
        .iter()
        .filter(|object| object.kind == "Node")
        .map(|object| object.name.to_string())
        .collect();
    let candidates: Vec<FileId> = bundle
        .iter()
        .filter(|(id, file)| {
            !gathered.read.contains(id)
                && !gathered.wrapped.contains(id)
                && !file.binary
                && !layouts::is_log_path(&file.path)
        })
        .map(|(id, _)| id)
        .collect();
    let read = |now: (Option<Timestamp>, bool), ids: &[FileId]| -> Vec<(FileId, Found)> {
        ids.par_iter()
            .filter_map(|id| Some((*id, read_contained(bundle, *id, now, &nodes, reading)?)))
            .collect()
    };
    let mut found = read((structured.0, false), &candidates);
    let first = structured.0;
    let structured = match first {
        Some(_) => structured,
        None => documented(bundle, &found),
    };
    let mut capture = structured;
    if structured.1 != "bundle.yaml" {
        if let Some(said) = found.iter().filter_map(|(_, found)| found.now).max() {
            capture = (Some(said), "`date` in a transcript");
        } else if structured.0.is_none()
            && let Some(newest) = newest(&found)
        {
            capture = (Some(newest), NEWEST);
        }
    }
    // What a description says twice is nearer to it than a `date` before or after a long script.
    if structured.0.is_none() || structured.0 != capture.0 {
        let ids: Vec<FileId> = found.iter().map(|(id, _)| *id).collect();
        if let Some(counted) = counted(bundle, &ids, capture) {
            capture = counted;
            found = read((capture.0, true), &ids);
            let capture = not_before(bundle, &found, capture);
            merge_all(bundle, gathered, found);
            return capture;
        }
    }
    if capture.0 != first {
        // Ages were counted from another time, or from none.
        let again: Vec<FileId> = found
            .iter()
            .filter(|(_, found)| found.now.is_none())
            .map(|(id, _)| *id)
            .collect();
        found.retain(|(_, found)| found.now.is_some());
        found.extend(read((capture.0, false), &again));
        found.sort_by_key(|(id, _)| *id);
        capture = not_before(bundle, &found, capture);
    }
    merge_all(bundle, gathered, found);
    capture
}

/// Merges what the texts say. A name that stands in one without its namespace is where the others say that it is.
fn merge_all(bundle: &Bundle, gathered: &mut Gathered, mut found: Vec<(FileId, Found)>) {
    let mut places = Places::wanted(found.iter().map(|(_, found)| found));
    if !places.is_empty() {
        for object in &gathered.objects {
            places.note(&object.kind, &object.namespace, &object.name);
        }
        for event in &gathered.events {
            let about = &event.regarding;
            places.note(&about.kind, &about.namespace, &about.name);
        }
        for (_, found) in &found {
            places.note_all(found);
        }
        for (_, found) in &mut found {
            places.settle(found);
        }
    }
    for (id, found) in found {
        merge(bundle, gathered, id, found);
    }
}

/// Where a capture time is from that descriptions tell to the second.
const DESCRIBED: &str = "ages of described pods, counted from their start";

/// A capture time that a transcript tells, but not before the newest line of the logs in it: who types `date` first and
/// prints logs then has captured them later. Lines of another day are of a clock that is wrong, or of another capture.
fn not_before(
    bundle: &Bundle,
    found: &[(FileId, Found)],
    capture: (Option<Timestamp>, &'static str),
) -> (Option<Timestamp>, &'static str) {
    const DAY: i64 = 86_400;
    let Some(said) = capture.0 else {
        return capture;
    };
    // Who describes pods first and asks the nodes later would find each pod's last minutes older than they were.
    let said_and = (said, capture.1 == DESCRIBED);
    let of = |(_, found): &(FileId, Found)| {
        newest::written(bundle, &found.logs, &found.journals, said_and)
    };
    let later = |line: &Timestamp| (1..DAY).contains(&(line.as_second() - said.as_second()));
    match found.iter().filter_map(of).max().filter(later) {
        Some(line) => (
            Some(line),
            "newest log line in a transcript, which is later than the time that it tells",
        ),
        None => capture,
    }
}

/// The capture time as whole documents inside of texts tell it.
fn documented(bundle: &Bundle, found: &[(FileId, Found)]) -> (Option<Timestamp>, &'static str) {
    let (mut objects, mut newest) = (Vec::new(), None);
    for (id, found) in found {
        for document in &found.documents {
            let path = &bundle.file(*id).path;
            let (all, _) = object::objects(document.clone().into(), path, *id);
            let (events, others): (Vec<Object>, Vec<Object>) =
                all.into_iter().partition(|object| object.kind == "Event");
            newest = newest.max(Event::all(&events).1);
            objects.extend(others.into_iter().filter(|object| !object.is_declared()));
        }
    }
    capture::time(bundle, &objects, newest, &[])
}

/// Seconds that the clock of a description may differ from the capture's before it counts: a listing takes some.
const NEAR: i64 = 10;
/// Seconds beyond which two clocks tell of two captures, or of a transcript that was kept for later.
const FAR: i64 = 3_600;

fn apart(said: Timestamp, now: Timestamp) -> bool {
    (NEAR..FAR).contains(
        &said
            .as_second()
            .abs_diff(now.as_second())
            .try_into()
            .unwrap_or(FAR),
    )
}

/// When the objects in these files were described, if that is nearer to the capture than what was found so far: the
/// median of what is told to the second, else the moment that it surely was not before.
fn counted(
    bundle: &Bundle,
    ids: &[FileId],
    (said, source): (Option<Timestamp>, &'static str),
) -> Option<(Option<Timestamp>, &'static str)> {
    let all: Vec<Described> = ids
        .par_iter()
        .map(|id| text::clock::described(&bundle.file(*id).text()))
        .collect();
    let mut exact: Vec<Timestamp> = all.iter().flat_map(|it| it.exact.clone()).collect();
    exact.sort_unstable();
    // What happened is always before the capture; a `date` may be a little before or after it.
    let named = said.is_none() || source == NEWEST;
    let later = |now: &Timestamp| named && said.is_none_or(|said| said < *now);
    if let Some(now) = exact.get(exact.len() / 2)
        && (later(now) || said.is_some_and(|said| apart(said, *now)))
    {
        return Some((Some(*now), DESCRIBED));
    }
    let least = all.iter().filter_map(|it| it.least).max();
    let least = least.filter(|now| later(now) && exact.is_empty())?;
    let source = "rounded ages of described objects, counted from their start; it may be later";
    Some((Some(least), source))
}

fn read_contained(
    bundle: &Bundle,
    id: FileId,
    (now, settled): (Option<Timestamp>, bool),
    nodes: &BTreeSet<String>,
    reading: &yaml::Reading,
) -> Option<Found> {
    let file = bundle.file(id);
    if file.bytes > HEAD as u64 && text::is_log_by_head(&file.path, &file.head(HEAD)) {
        return None;
    }
    if service_log::unit_behind_trace(logs::component(file.name()), file).is_some() {
        return None;
    }
    let node = hosts::node_of_path(&file.path, nodes).unwrap_or_default();
    let context = Context {
        now,
        settled,
        namespace: namespace_of_path(&file.path),
        node: &node,
        reading: Some(reading),
    };
    if file.bytes > LARGEST as u64 {
        return read_beginning(file, id, &context);
    }
    contained(|| text::read(&file.path, &file.text(), id, &context))
}

/// What the beginning of a huge text says, if a transcript, table or description begins there; its
/// lists are not whole then.
fn read_beginning(file: &File, id: FileId, context: &Context<'_>) -> Option<Found> {
    let path = file.path.as_str();
    contained(|| text::read(path, whole_lines(&file.head(HEAD)), id, context))?;
    let head = file.head(LARGEST);
    let head = whole_lines(&head);
    let mut found = contained(|| text::read(path, head, id, context))?;
    let last = u32::try_from(head.lines().count()).unwrap_or(u32::MAX);
    let what = format!("only the first {} MiB of this text are read", LARGEST >> 20);
    found.problems.push((last, what));
    let lists = std::mem::take(&mut found.lists);
    let cut = lists.into_iter().map(|listed| (listed.kind, last));
    found.cut.extend(cut);
    Some(found)
}

/// Without a last line that may be cut.
fn whole_lines(text: &str) -> &str {
    let end = text.rfind('\n').map_or(0, |end| end + 1);
    text.get(..end).unwrap_or("")
}

/// A panic in one file is a problem of that file.
fn contained(read: impl FnOnce() -> Option<Found>) -> Option<Found> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Some(Found {
            problems: vec![(
                0,
                "coldcase failed on this file and left it out; please report it".to_owned(),
            )],
            ..Found::default()
        })
    })
}

/// The namespace that a path names: `namespaces/<ns>/…`.
fn namespace_of_path(path: &str) -> &str {
    let parts: Vec<&str> = path.split('/').collect();
    parts
        .iter()
        .position(|part| *part == "namespaces")
        .filter(|at| at + 2 < parts.len())
        .and_then(|at| parts.get(at + 1))
        .copied()
        .unwrap_or("")
}

/// The newest absolute time in what was found.
fn newest(found: &[(FileId, Found)]) -> Option<Timestamp> {
    fn walk(node: &Node, best: &mut Option<Timestamp>) {
        if let Some(time) = node.as_str().and_then(stamp::rfc3339) {
            *best = (*best).max(Some(time));
        }
        for child in node.items() {
            walk(child, best);
        }
        for (_, child) in node.entries() {
            walk(child, best);
        }
    }
    let mut best = None;
    for object in found.iter().flat_map(|(_, found)| &found.objects) {
        let beat = object.at(&["spec", "renewTime"]);
        let beat = beat.filter(|_| object.str_at(&["kind"]) == Some("Lease"));
        // Columns of somebody's own may say when an event was.
        let seen = object.get("lastTimestamp");
        let parts = [object.get("metadata"), object.get("status"), beat, seen];
        for node in parts.into_iter().flatten() {
            walk(node, &mut best);
        }
    }
    best
}

fn merge(bundle: &Bundle, gathered: &mut Gathered, id: FileId, found: Found) {
    let path = &bundle.file(id).path;
    gathered.read.insert(id);
    if !found.unread.is_empty() {
        let mut lines = found.unread;
        lines.sort_unstable();
        lines.dedup();
        gathered.unread.push((id, lines));
    }
    for listed in found.lists {
        gathered.listed.push(Listed {
            file: id,
            kind: listed.kind.clone(),
            scope: Some(match listed.namespace {
                Some(namespace) => Scope::Namespaces(BTreeSet::from([namespace])),
                None => Scope::Everywhere,
            }),
        });
        gathered.lists.entry(listed.kind).or_default();
    }
    gathered.unplaced.extend(found.somewhere);
    for document in found.documents {
        let (objects, list) = object::objects(document.into(), path, id);
        if let Some(kind) = list {
            gathered.lists.entry(kind).or_default();
        }
        gathered.add(objects);
    }
    for mut root in found.objects {
        if root.str_at(&["kind"]) == Some("Event") {
            name_by_content(&mut root);
        }
        let (objects, _) = object::objects(root.into(), "", id);
        let partial = |object: Object| Object {
            partial: true,
            ..object
        };
        gathered.add(objects.into_iter().map(partial).collect());
    }
    let place = |(kind, line): (String, u32)| (kind, format!("{path}:{line}"));
    gathered.cut.extend(found.cut.into_iter().map(place));
    gathered.failed.extend(found.failed);
    gathered.absent.extend(
        found
            .absent
            .into_iter()
            .map(|absent| (absent.kind, absent.namespace, absent.name)),
    );
    gathered.logs.extend(found.logs);
    gathered.journals.extend(found.journals);
    gathered.hosts.extend(found.hosts);
    gathered.version = gathered.version.take().or(found.version);
    gathered
        .problems
        .extend(found.problems.into_iter().map(|(line, what)| Problem {
            file: path.clone(),
            line,
            what,
        }));
}

/// Text shows the same event in a table and below a description, and mostly without its name: what
/// it says about whom is its name then, so that the two are one.
fn name_by_content(root: &mut Node) {
    let part = |path: &[&str]| root.str_at(path).unwrap_or("").to_owned();
    let about = part(&["involvedObject", "name"]);
    let reason = part(&["reason"]);
    let content = format!(
        "{}/{}/{about}/{reason}/{}",
        part(&["involvedObject", "kind"]),
        part(&["involvedObject", "namespace"]),
        part(&["message"]).trim()
    );
    // FNV-1a: the same everywhere and for ever.
    let hash = content
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let name = Node::text(format!("{about}.{reason}.{hash:016x}"));
    let mut metadata = root
        .get("metadata")
        .cloned()
        .unwrap_or_else(|| Node::map(vec![]));
    let line = metadata.get("name").map_or(0, |name| name.line);
    metadata.set("name", name.at_line(line));
    root.set("metadata", metadata);
}
