//! Says which logs and journals hold the words of kubelets and controllers, and streams the few lines of them that tell of objects.

use std::borrow::Cow;

use aho_corasick::AhoCorasick;
use coldcase_bundle::{Bundle, Chunk, File, FileId};
use rayon::prelude::*;

use super::{
    Told,
    fold::{Fold, Hit},
    kubelet, node,
    place::{self, Places},
    probe, recorded,
    said::{self, Said},
    volume,
};
use crate::{
    clock::{Anchors, FileClock},
    journal::{self, Entry},
    line,
    logs::{JournalFile, LogFile, Span},
};

/// Words of which one stands in every line that tells of an object.
pub(super) const WORDS: &[&str] = &[
    "Error syncing pod",
    "Failed to create sandbox for pod",
    "CreatePodSandbox for pod",
    "Failed to pull image",
    "MountVolume.",
    "MapVolume.",
    "Unable to attach or mount volumes",
    "Unable to mount volumes for pod",
    "Probe failed",
    "Probe errored",
    "ness probe for ",
    "Startup probe for ",
    "Message for Container of pod",
    "Killing container with a grace period",
    "od startup duration",
    "SyncLoop (PLEG): ",
    "viction manager: ",
    "event message for node",
    "Event occurred",
    RECORDED,
    "Unable to schedule ",
    "Successfully bound pod to node",
];

/// Bytes of a line that are read.
const LINE: usize = 64 << 10;
/// Further lines of one message, and their bytes.
const MORE: (usize, usize) = (12, 4 << 10);
/// Chunks that are in memory at a time.
const BATCH: usize = 16;

/// A log or a journal whose lines are looked at.
#[derive(Clone, Copy)]
pub(super) enum Source<'s> {
    Journal(&'s JournalFile),
    /// With the component that wrote it.
    Log(&'s LogFile, &'static str),
    /// A log of nobody's: only what a recorder of events wrote in it is anybody's word.
    Loose(&'s LogFile),
}

/// How such a word begins.
const RECORDED: &str = "Event(v1.ObjectReference{";

/// Components by words of the names of their units and containers. One process runs several of them in small
/// distributions; who of them spoke is not known then.
const COMPONENTS: &[(&str, &str)] = &[
    ("kube-controller-manager", "kube-controller-manager"),
    ("cloud-controller-manager", "cloud-controller-manager"),
    ("kube-scheduler", "default-scheduler"),
    ("csi-provisioner", "csi-provisioner"),
    ("csi-attacher", "csi-attacher"),
    ("csi-resizer", "csi-resizer"),
    ("kubelite", ""),
    ("kubelet", "kubelet"),
    ("hyperkube", ""),
    ("localkube", ""),
    ("openshift-node", "kubelet"),
    ("origin-node", "kubelet"),
];

/// The component that a unit or a container is.
fn component(name: &str) -> Option<&'static str> {
    if matches!(name, "k3s" | "k3s-agent" | "k0scontroller" | "k0sworker")
        || name.starts_with("rke2")
    {
        return Some("");
    }
    let mut known = COMPONENTS.iter();
    known
        .find(|(word, _)| name.contains(word))
        .map(|(_, component)| *component)
}

/// The sources among all logs and journals.
pub(super) fn sources<'s>(logs: &'s [LogFile], journals: &'s [JournalFile]) -> Vec<Source<'s>> {
    let logs = logs.iter().filter_map(|log| {
        let own = component(&log.container);
        let of_pod = || component(&log.pod).filter(|_| log.container.is_empty());
        match own.or_else(of_pod) {
            Some(component) => Some(Source::Log(log, component)),
            None => log.pod.is_empty().then_some(Source::Loose(log)),
        }
    });
    let known =
        |journal: &&JournalFile| journal.unit.is_empty() || component(&journal.unit).is_some();
    logs.chain(journals.iter().filter(known).map(Source::Journal))
        .collect()
}

impl Source<'_> {
    fn text<'f>(&'f self, bundle: &'f Bundle) -> (&'f File, Span) {
        match self {
            Self::Log(log, _) | Self::Loose(log) => log.text(bundle),
            Self::Journal(journal) => (bundle.file(journal.file), journal.span),
        }
    }

    fn file(&self) -> FileId {
        match self {
            Self::Log(log, _) | Self::Loose(log) => log.file,
            Self::Journal(journal) => journal.file,
        }
    }

    fn captured_line(&self, number: u32) -> u32 {
        match self {
            Self::Log(log, _) | Self::Loose(log) => log.captured_line(number),
            Self::Journal(_) => number,
        }
    }

    /// The message of a line, and who wrote it; nothing for lines of others.
    fn message<'t>(&'t self, line: &'t str) -> Option<Message<'t>> {
        match self {
            Self::Log(_, component) => Some(Message {
                text: line::message(line),
                host: Cow::Borrowed(""),
                component,
            }),
            Self::Loose(_) => {
                let text = line::message(line);
                let recorded = text.contains(RECORDED);
                recorded.then_some(Message {
                    text,
                    host: Cow::Borrowed(""),
                    component: "",
                })
            }
            Self::Journal(journal) => {
                let parsed = journal.parse(line, None)?;
                let text = match parsed.message {
                    Cow::Borrowed(text) => line::message(text),
                    owned @ Cow::Owned(_) => owned,
                };
                Some(Message {
                    component: component(parsed.unit)?,
                    host: journal.node_of(parsed.host).into(),
                    text,
                })
            }
        }
    }
}

/// What a component wrote.
struct Message<'t> {
    text: Cow<'t, str>,
    host: Cow<'t, str>,
    component: &'static str,
}

impl Message<'_> {
    /// Everything that it tells.
    fn told(&self, fold: &mut Vec<(String, String)>) -> Vec<Told> {
        let Some(said) = Said::of(&self.text) else {
            return Vec::new();
        };
        if let Some((error, image)) = kubelet::pull(&said) {
            fold.push((error.to_owned(), image.to_owned()));
        }
        let mut told = kubelet::events(&said);
        told.extend(node::events(&said));
        let one = [probe::event, volume::event, recorded::event];
        if told.is_empty() {
            told.extend(one.iter().find_map(|read| read(&said)));
        }
        for told in &mut told {
            if told.recorded && told.component.is_none() {
                told.component = Some(self.component.to_owned());
            }
        }
        told
    }
}

/// What the hits of a chunk tell, in the order of its lines.
#[derive(Default)]
struct Found {
    hits: Vec<Hit>,
    pulls: Vec<(String, String)>,
}

/// Everything that a source tells.
pub(super) fn read(
    bundle: &Bundle,
    source: Source<'_>,
    words: &AhoCorasick,
    anchors: &Anchors,
) -> Fold {
    let (file, span) = source.text(bundle);
    let mut fold = Fold::default();
    let mut clock: Option<FileClock> = None;
    let mut chunks = file
        .chunks()
        .filter(|chunk| chunk.first_line <= span.last)
        .peekable();
    while chunks.peek().is_some() {
        let batch: Vec<Chunk<'_>> = chunks.by_ref().take(BATCH).collect();
        let hit: Vec<&Chunk<'_>> = batch
            .par_iter()
            .filter(|chunk| words.is_match(chunk.text.as_bytes()))
            .collect();
        if hit.is_empty() {
            continue;
        }
        let clock = &*clock.get_or_insert_with(|| FileClock::of_file(file, span, anchors));
        let found: Vec<Found> = hit
            .par_iter()
            .map(|chunk| {
                Reader {
                    source: &source,
                    clock,
                    span,
                    words,
                }
                .chunk(file, chunk)
            })
            .collect();
        for found in found {
            for (error, image) in found.pulls {
                fold.pull(&error, &image);
            }
            found.hits.into_iter().for_each(|hit| fold.add(hit));
        }
    }
    fold
}

/// What the lines of a chunk are read with.
struct Reader<'r> {
    source: &'r Source<'r>,
    clock: &'r FileClock,
    span: Span,
    words: &'r AhoCorasick,
}

impl Reader<'_> {
    fn chunk(&self, file: &File, chunk: &Chunk<'_>) -> Found {
        let mut found = Found::default();
        if let Source::Journal(journal) = self.source
            && journal.form.is_long()
        {
            for entry in journal::entries_of(file, journal.form, self.span, chunk) {
                self.entry(journal, &entry, &mut found);
            }
            return found;
        }
        let text = chunk.text.as_ref();
        let (mut next, mut counted, mut number) = (0, 0, chunk.first_line);
        for hit in self.words.find_iter(text.as_bytes()) {
            if hit.start() < next {
                continue;
            }
            let before = text.as_bytes().get(..hit.start()).unwrap_or(&[]);
            let from = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
            number += lines_in(text, counted, from);
            counted = from;
            let (line, rest) = line_at(text, from);
            next = text.len() - rest.len();
            if (self.span.first..=self.span.last).contains(&number) {
                self.line(line, rest, number, &mut found);
            }
        }
        found
    }

    /// A line with one of the words, and what follows it.
    fn line(&self, line: &str, rest: &str, number: u32, found: &mut Found) {
        let raw = cut(line);
        let Some(mut message) = self.source.message(raw) else {
            return;
        };
        // Where the newest line comes first, what goes on with a message stands before it.
        let reversed = matches!(self.source, Source::Journal(journal) if journal.reversed);
        let more = if reversed {
            0
        } else {
            self.further(&mut message, rest)
        };
        let time = self.clock.stamp(number, raw).map(|stamp| stamp.time);
        let line = self.source.captured_line(number);
        let last = self
            .source
            .captured_line(number.saturating_add(more.into()));
        let more_lines = if last - line == u32::from(more) {
            more
        } else {
            0
        };
        self.take(&message, (line, more_lines), time, found);
    }

    /// Adds the lines that a message of several lines goes on with; gives how many.
    fn further(&self, message: &mut Message<'_>, mut rest: &str) -> u16 {
        let (mut lines, mut bytes) = (0, 0);
        while usize::from(lines) < MORE.0 && bytes < MORE.1 && !rest.is_empty() {
            let (line, after) = line_at(rest, 0);
            let Some(next) = self.source.message(cut(line)) else {
                break;
            };
            let begins =
                said::body(&next.text).is_some() || next.text.trim_start().starts_with('{');
            let empty = next.text.trim().is_empty();
            if begins || empty || next.component != message.component || next.host != message.host {
                break;
            }
            bytes += next.text.len();
            let text = message.text.to_mut();
            text.push('\n');
            text.push_str(&next.text);
            lines += 1;
            rest = after;
        }
        lines
    }

    /// An entry of several lines.
    fn entry(&self, journal: &JournalFile, entry: &Entry, found: &mut Found) {
        let Some(component) = component(&entry.unit) else {
            return;
        };
        if !self.words.is_match(entry.message.as_bytes()) {
            return;
        }
        let message = Message {
            text: Cow::Borrowed(cut(&entry.message)),
            host: journal.node_of(&entry.host).into(),
            component,
        };
        let dated = || self.clock.stamp(entry.first, entry.dated.as_ref()?);
        let time = entry.stamp.or_else(dated).map(|stamp| stamp.time);
        let more = u16::try_from(entry.end.saturating_sub(entry.head)).unwrap_or(0);
        self.take(&message, (entry.head, more), time, found);
    }

    fn take(
        &self,
        message: &Message<'_>,
        (line, more_lines): (u32, u16),
        time: Option<jiff::Timestamp>,
        found: &mut Found,
    ) {
        let hits = message.told(&mut found.pulls).into_iter();
        found.hits.extend(hits.map(|told| Hit {
            told,
            file: self.source.file(),
            line,
            more_lines,
            time,
            host: message.host.clone().into_owned(),
        }));
    }
}

/// Line ends between two places.
fn lines_in(text: &str, from: usize, to: usize) -> u32 {
    let part = text.as_bytes().get(from..to).unwrap_or(&[]);
    u32::try_from(memchr::memchr_iter(b'\n', part).count()).unwrap_or(u32::MAX)
}

/// The line that begins at a place, and what follows it.
fn line_at(text: &str, from: usize) -> (&str, &str) {
    let rest = text.get(from..).unwrap_or("");
    let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
    (line.trim_end_matches('\r'), after)
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(LINE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

/// Looks for the namespaces of pods of which only name and uid are known.
pub(super) fn seek(
    bundle: &Bundle,
    sources: &[Source<'_>],
    sought: &[(String, String)],
    places: &mut Places,
) {
    if sought.is_empty() {
        return;
    }
    let Ok(words) = AhoCorasick::new(sought.iter().map(|(_, uid)| uid)) else {
        return;
    };
    let found: Vec<Vec<(usize, String)>> = sources
        .par_iter()
        .map(|source| {
            let (file, span) = source.text(bundle);
            let mut known = vec![false; sought.len()];
            let mut lines = Vec::new();
            let chunks = file.chunks().filter(|chunk| chunk.first_line <= span.last);
            for chunk in chunks {
                for hit in words.find_iter(chunk.text.as_bytes()) {
                    let pod = hit.pattern().as_usize();
                    let before = chunk.text.as_bytes().get(..hit.start()).unwrap_or(&[]);
                    let from = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
                    let line = cut(line_at(&chunk.text, from).0).replace("\\\"", "\"");
                    let (Some(known), Some((name, uid))) = (known.get_mut(pod), sought.get(pod))
                    else {
                        continue;
                    };
                    if !*known && place::namespace(&line, name, uid).is_some() {
                        *known = true;
                        lines.push((pod, line));
                    }
                }
                if known.iter().all(|known| *known) {
                    break;
                }
            }
            lines
        })
        .collect();
    for (pod, line) in found.into_iter().flatten() {
        if let Some((name, uid)) = sought.get(pod) {
            places.of_line(&line, (name, uid));
        }
    }
}
