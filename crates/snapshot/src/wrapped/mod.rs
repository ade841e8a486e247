//! Takes the logs of containers out of files in which collectors and viewers wrote the lines of several, each with its name.

pub(crate) mod json;
mod prefix;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use coldcase_bundle::{Bundle, File, FileId, Packing};
use jiff::Timestamp;
use rayon::prelude::*;

use crate::{
    layouts::known::Known,
    line::{self, Stream},
    logs::{LogFile, Span, Taken},
    plain::plain,
};
use prefix::Prefix;

/// Bytes and lines at the beginning of a text that say how it is written.
const HEAD: (usize, usize) = (32 << 10, 40);
/// Longer files are taken as they lie; of others the lines are put in the order of time.
const SORTED: u64 = 64 << 20;
/// Lines of a log that are looked for in another one, and the bytes that are searched.
const SAMPLE: (u32, u64) = (16, 8 << 20);

/// Whose a line is.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Owner {
    /// May be empty.
    namespace: String,
    pod: String,
    /// May be empty.
    container: String,
}

/// A line of a container in a file of several.
#[derive(Debug, Clone)]
struct Line<'t> {
    owner: Owner,
    time: Option<Timestamp>,
    stream: Stream,
    partial: bool,
    text: Cow<'t, str>,
    /// Where it stands in the file.
    number: u32,
}

/// How the lines of a text are written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// One object a line.
    Json,
    Prefix(Prefix),
}

impl Form {
    /// What most of the first lines are.
    fn of(head: &[&str], known: &Known) -> Option<Self> {
        let speaks = |line: &&&str| line.contains([' ', '{']) && !is_notice(line, known);
        let lines: Vec<&str> = head.iter().filter(speaks).take(HEAD.1).copied().collect();
        let prefixes = Prefix::all(head).map(Self::Prefix);
        let mut forms = std::iter::once(Self::Json).chain(prefixes);
        forms.find(|form| {
            let fit = |line: &&&str| {
                let mut any = false;
                form.line(line, 1, known, &mut |_| any = true);
                any
            };
            let fitting = lines.iter().filter(fit).count();
            fitting > 0 && fitting * 2 > lines.len()
        })
    }

    fn line(&self, line: &str, number: u32, known: &Known, sink: &mut dyn FnMut(Line<'_>)) {
        let line = plain(line);
        match self {
            Self::Json => json::one(&line, number, sink),
            Self::Prefix(prefix) => {
                if let Some(line) = prefix.line(&line, number, known) {
                    sink(line);
                }
            }
        }
    }
}

/// What the tools themselves say: stern of the pods it follows, kubetail of what it will do, logcli of labels.
fn is_notice(line: &str, known: &Known) -> bool {
    let line = line.trim();
    let stern = line.starts_with(['+', '-']) && line.contains(" › ");
    let labels = line.contains("ommon labels: {");
    line.is_empty() || stern || labels || line.starts_with("Will tail ") || known.has_pod(line)
}

/// Whether the lines of a text say whose they are.
pub(crate) fn is_wrapped(head: &str, known: &Known) -> bool {
    let lines: Vec<&str> = head.lines().collect();
    Form::of(&lines, known).is_some()
}

/// Replaces the logs of files in which each line says whose it is by those of the containers; adds those of
/// `documents`, files of JSON that hold such lines. What lies there a second time is left out. Gives the files, too.
pub(crate) fn split(
    bundle: &Bundle,
    logs: Vec<LogFile>,
    documents: &BTreeSet<FileId>,
    known: &Known,
) -> (Vec<LogFile>, BTreeSet<FileId>) {
    let taken: Vec<Option<Vec<LogFile>>> = logs
        .par_iter()
        .map(|log| {
            let open = log.pod.is_empty() || log.container.is_empty();
            open.then(|| of_log(bundle, log, known)).flatten()
        })
        .collect();
    let documents: Vec<FileId> = documents.iter().copied().collect();
    let more: Vec<Vec<LogFile>> = documents
        .par_iter()
        .map(|id| of_document(bundle, *id, known))
        .collect();
    let (mut whole, mut parts) = (Vec::with_capacity(logs.len()), Vec::new());
    for (log, taken) in logs.into_iter().zip(taken) {
        match taken {
            Some(found) => parts.extend(found),
            None => whole.push(log),
        }
    }
    parts.extend(more.into_iter().flatten());
    let files = parts.iter().map(|log| log.file).collect();
    let copies = copies(bundle, &whole, &parts);
    let kept = parts.into_iter().zip(copies).filter(|(_, copy)| !copy);
    whole.extend(kept.map(|(log, _)| log));
    (whole, files)
}

fn of_log(bundle: &Bundle, log: &LogFile, known: &Known) -> Option<Vec<LogFile>> {
    let file = bundle.file(log.file);
    let form = if log.span == Span::WHOLE {
        let head = file.head(HEAD.0);
        let whole = head.rfind('\n').and_then(|end| head.get(..end));
        let lines: Vec<&str> = whole.unwrap_or(&head).lines().take(HEAD.1 * 2).collect();
        Form::of(&lines, known)
    } else {
        let last = log.span.last.min(log.span.first.saturating_add(80));
        let mut lines = file.lines();
        let lines: Vec<String> = (log.span.first..=last.min(file.line_count()))
            .map(|number| lines.line(number).to_owned())
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        Form::of(&lines, known)
    }?;
    let mut logs = Logs::new(file, log, known);
    for chunk in file.chunks() {
        if chunk.first_line > log.span.last {
            break;
        }
        for (line, number) in chunk.text.lines().zip(chunk.first_line..) {
            if (log.span.first..=log.span.last).contains(&number) {
                let mut any = false;
                form.line(line, number, known, &mut |line| {
                    any = true;
                    logs.take(line);
                });
                if !any && !is_notice(line, known) {
                    logs.take_rest(line, number);
                }
            }
        }
    }
    Some(logs.finish())
}

fn of_document(bundle: &Bundle, id: FileId, known: &Known) -> Vec<LogFile> {
    let file = bundle.file(id);
    let log = crate::logs::component_log(id, bundle);
    let mut logs = Logs::new(file, &log, known);
    json::document(&plain(&file.text()), &mut |line| logs.take(line));
    logs.finish()
}

/// The logs of a file, being put together.
struct Logs<'a> {
    file: &'a File,
    of: &'a LogFile,
    known: &'a Known,
    sorted: bool,
    found: BTreeMap<Owner, Group>,
}

/// The lines of a container.
#[derive(Default)]
struct Group {
    /// Lines that are yet to be put in order.
    open: Vec<(Option<Timestamp>, String, u32)>,
    packing: Packing,
    lines: Vec<u32>,
}

impl Group {
    fn write(&mut self, framed: &str, number: u32) {
        self.packing.push(framed);
        self.lines.push(number);
    }
}

impl<'a> Logs<'a> {
    fn new(file: &'a File, of: &'a LogFile, known: &'a Known) -> Self {
        Self {
            file,
            of,
            known,
            sorted: file.bytes <= SORTED,
            found: BTreeMap::new(),
        }
    }

    fn take(&mut self, line: Line<'_>) {
        let Line {
            owner,
            time,
            stream,
            partial,
            text,
            number,
        } = line;
        let group = self.found.entry(owner).or_default();
        let text = text.trim_end_matches(['\n', '\r']);
        for part in text.split('\n') {
            let framed = framed(time, stream, partial, part);
            if self.sorted {
                group.open.push((time, framed.into_owned(), number));
            } else {
                group.write(&framed, number);
            }
        }
    }

    /// A line that names nobody stays what the whole file would have been.
    fn take_rest(&mut self, line: &str, number: u32) {
        self.take(Line {
            owner: Owner::default(),
            time: None,
            stream: Stream::Unknown,
            partial: false,
            text: Cow::Borrowed(line),
            number,
        });
    }

    fn finish(self) -> Vec<LogFile> {
        let (file, of, known) = (self.file, self.of, self.known);
        let groups = self.found.into_iter();
        groups
            .map(|(owner, mut group)| {
                for (_, framed, number) in in_order(std::mem::take(&mut group.open)) {
                    group.write(&framed, number);
                }
                let owner = placed(owner, of, known);
                let taken = Taken::new(group.packing.finish(&file.path), group.lines);
                LogFile {
                    namespace: owner.namespace,
                    pod: owner.pod,
                    container: owner.container,
                    taken: Some(Arc::new(taken)),
                    ..of.clone()
                }
            })
            .collect()
    }
}

/// Lines in the order of time: many stores give the newest first. Lines of one moment stay as they lie.
fn in_order(
    mut lines: Vec<(Option<Timestamp>, String, u32)>,
) -> Vec<(Option<Timestamp>, String, u32)> {
    let time = |line: Option<&(Option<Timestamp>, String, u32)>| line.and_then(|line| line.0);
    if time(lines.first()) > time(lines.last()) {
        lines.reverse();
    }
    if lines.iter().all(|line| line.0.is_some()) {
        lines.sort_by_key(|line| line.0);
    }
    lines
}

/// A line as a runtime or kubectl frames it.
fn framed(time: Option<Timestamp>, stream: Stream, partial: bool, text: &str) -> Cow<'_, str> {
    let Some(time) = time.filter(|_| line::frame(text).outer.is_none()) else {
        return Cow::Borrowed(text);
    };
    let tag = if partial { "P" } else { "F" };
    Cow::Owned(match stream {
        Stream::Stdout => format!("{time:.9} stdout {tag} {text}"),
        Stream::Stderr => format!("{time:.9} stderr {tag} {text}"),
        Stream::Unknown => format!("{time:.9} {text}"),
    })
}

/// Fills in what the lines leave out and what is known decides.
fn placed(mut owner: Owner, of: &LogFile, known: &Known) -> Owner {
    if owner.pod.is_empty() {
        return Owner {
            namespace: of.namespace.clone(),
            pod: of.pod.clone(),
            container: of.container.clone(),
        };
    }
    if owner.namespace.is_empty() {
        let sole = || known.sole_namespace_of(&owner.pod).unwrap_or("").to_owned();
        owner.namespace = if of.namespace.is_empty() {
            sole()
        } else {
            of.namespace.clone()
        };
    }
    if owner.container.is_empty() {
        let only = known.sole_container(&owner.namespace, &owner.pod);
        only.clone_into(&mut owner.container);
    }
    owner
}

/// Which of the logs that were taken out of files lie beside them as files of their own.
fn copies(bundle: &Bundle, whole: &[LogFile], parts: &[LogFile]) -> Vec<bool> {
    let mut own: BTreeMap<(&str, &str), Vec<&LogFile>> = BTreeMap::new();
    if !parts.is_empty() {
        for log in whole.iter().filter(|log| !log.pod.is_empty()) {
            let key = (log.namespace.as_str(), log.pod.as_str());
            own.entry(key).or_default().push(log);
        }
    }
    parts
        .par_iter()
        .map(|part| {
            let key = (part.namespace.as_str(), part.pod.as_str());
            let fits = |log: &&&LogFile| {
                log.container == part.container
                    || log.container.is_empty()
                    || part.container.is_empty()
            };
            let others = own.get(&key).into_iter().flatten().filter(fits);
            is_within(bundle, part, others.copied())
        })
        .collect()
}

/// Whether other logs hold all of some lines.
fn is_within<'l>(
    bundle: &Bundle,
    part: &LogFile,
    others: impl Iterator<Item = &'l LogFile>,
) -> bool {
    let mut text = String::new();
    for other in others {
        let (file, _) = other.text(bundle);
        if text.len() as u64 + file.bytes > SAMPLE.1 {
            return false;
        }
        text.push_str(&file.text());
    }
    let (file, _) = part.text(bundle);
    let (count, mut lines) = (file.line_count(), file.lines());
    let step = (count / SAMPLE.0).max(1) as usize;
    !text.is_empty()
        && (1..=count).step_by(step).all(|number| {
            let line = lines.line(number);
            text.contains(line::frame(line).text.trim())
        })
}
