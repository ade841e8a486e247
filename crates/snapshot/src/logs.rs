//! Says which file is the log of which container or the journal of which node, by path and by content; bodies are not parsed here.

mod taken;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use coldcase_bundle::{Bundle, File, FileId};
use jiff::Timestamp;

pub use self::taken::Taken;
pub use crate::line::{JournalLine, is_kubectl_excuse, journal_line, message};
use crate::{
    journal::{self, Entry, Form},
    layouts::hosts::Host,
    line,
    plain::plain,
    service_log, stamp,
};

/// The lines of a file that a log occupies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First line, from 1.
    pub first: u32,
    /// Last line; `u32::MAX` for the file's last.
    pub last: u32,
}

impl Span {
    /// The whole file.
    pub const WHOLE: Self = Self {
        first: 1,
        last: u32::MAX,
    };
}

/// Output of a container, or of a component that logs to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// The file.
    pub file: FileId,
    /// Its lines in that file: transcripts and dumps hold several logs in one file.
    pub span: Span,
    /// Namespace; empty if the path names no pod.
    pub namespace: String,
    /// Pod; empty if the path names none.
    pub pod: String,
    /// Container, or the component's name.
    pub container: String,
    /// The instance before the running one.
    pub previous: bool,
    /// Its lines, where a collector wrapped them and wrote those of several containers into one file.
    pub taken: Option<Arc<Taken>>,
}

impl LogFile {
    /// A whole file of which nothing says whose log it is.
    pub(crate) fn whole(file: FileId) -> Self {
        Self {
            file,
            span: Span::WHOLE,
            namespace: String::new(),
            pod: String::new(),
            container: String::new(),
            previous: false,
            taken: None,
        }
    }
}

/// A node's journal (or kernel log), possibly of one unit only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalFile {
    /// The file.
    pub file: FileId,
    /// Its lines in that file.
    pub span: Span,
    /// The node whose directory it lies in or whose host name its lines carry; may be empty.
    pub node: String,
    /// How it is written.
    pub form: Form,
    /// The unit that all of it is of, where lines do not say it.
    pub unit: String,
    /// Lines of several nodes are mixed: `node` is empty, and each line's host says whose it is.
    pub per_line: bool,
    /// The nodes whose lines it holds: `node` alone, or those that the lines' hosts stand for.
    pub nodes: Vec<String>,
    /// Nodes by host, where the cluster calls a host of a mixed journal by another name.
    pub aliases: BTreeMap<String, String>,
    /// The newest line comes first (`journalctl -r`).
    pub reversed: bool,
}

impl JournalFile {
    /// Takes one of its lines apart, unless entries are longer than that.
    pub fn parse<'t>(&'t self, line: &'t str, now: Option<Timestamp>) -> Option<JournalLine<'t>> {
        match self.form {
            Form::Lines => journal_line(line, false, now).or_else(|| self.headless(line, now)),
            Form::Json => journal_line(line, true, now),
            Form::Bare => Some(self.bare(line, now)),
            Form::Export | Form::Verbose | Form::Pretty => None,
        }
    }

    /// A line of its unit alone, perhaps with the unit's name before it.
    fn bare<'t>(&'t self, line: &'t str, now: Option<Timestamp>) -> JournalLine<'t> {
        let tagged = service_log::tagged(line).filter(|(unit, _)| *unit == self.unit);
        let message = tagged.map_or(line, |(_, message)| message);
        // Where a stamp ends is told of the whole line.
        let len = |stamp: stamp::Stamp| match tagged {
            Some(_) => stamp::Stamp { len: 0, ..stamp },
            None => stamp,
        };
        JournalLine {
            stamp: stamp::leading(message, now).map(len),
            host: "",
            unit: &self.unit,
            message: Cow::Borrowed(message),
        }
    }

    /// A line that lost the journal's words, among lines of one unit that have them.
    fn headless<'t>(&'t self, line: &'t str, now: Option<Timestamp>) -> Option<JournalLine<'t>> {
        let own = !self.unit.is_empty() && service_log::is_klog(line.trim_start());
        own.then(|| self.bare(line, now))
    }

    /// The node of a line: the file's, or the one that the line's host stands for.
    pub fn node_of_line(&self, line: &str) -> String {
        let json = self.form == Form::Json;
        self.node_of(host_of_line(line, json).unwrap_or(""))
    }

    /// The node of what a host logged.
    pub fn node_of(&self, host: &str) -> String {
        if !self.per_line {
            return self.node.clone();
        }
        self.aliases
            .get(host)
            .map_or(host, String::as_str)
            .to_owned()
    }
}

/// Lines from all over a text are looked at for hosts and order: as many as this.
const PROBES: usize = 32;
/// Lines at the beginning that say whether a text is a journal.
const FIRST: usize = 20;
/// Bytes that hold them, as a rule.
const HEAD: usize = 16 << 10;
/// Longer journals are looked at piece by piece.
const LONG: u64 = 4 << 20;
/// Bytes of such a piece, about.
const CHUNK: u64 = 256 << 10;

/// What only a kernel says: its log is known by them even without any framing.
const KERNEL: &[&str] = &[
    "Memory cgroup out of memory",
    "Out of memory: Kill",
    "blocked for more than",
    "BUG: unable to handle",
    "BUG: soft lockup",
    "divide error: 0000",
    "Remounting filesystem read-only",
    "unregister_netdevice: waiting",
    "Buffer I/O error on dev",
    "Kernel panic - not syncing",
];

/// What the lines of a journal say about themselves.
#[derive(Default)]
struct Probe {
    seen: usize,
    text: usize,
    json: usize,
    ring: usize,
    kernel: bool,
    host: String,
    mixed: bool,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Probe {
    fn look(&mut self, line: &str) {
        let line = &*plain(line);
        self.seen += 1;
        if is_ring_line(line) || line::is_kernel_iso(line) {
            // An application may number its lines like this too: only more than the form tells.
            self.ring += 1;
            self.kernel |= KERNEL.iter().any(|words| line.contains(words));
            return;
        }
        let json = line.starts_with('{') && line.contains("\"__REALTIME_TIMESTAMP\"");
        let Some(parsed) = journal_line(line, json, Some(Timestamp::UNIX_EPOCH)) else {
            self.kernel |= KERNEL.iter().any(|words| line.contains(words));
            return;
        };
        if json {
            self.json += 1;
        } else {
            self.text += 1;
        }
        self.note(parsed.host, parsed.stamp);
    }

    fn note(&mut self, host: &str, stamp: Option<stamp::Stamp>) {
        if self.host.is_empty() {
            host.clone_into(&mut self.host);
        } else if host != self.host && !host.is_empty() {
            self.mixed = true;
        }
        if let Some(stamp) = stamp {
            self.first = self.first.or(Some(stamp.time));
            self.last = Some(stamp.time);
        }
    }

    /// Entries from all over a journal of such.
    fn entries(file: &File, form: Form) -> Self {
        let mut all = Self::default();
        let every = usize::try_from(file.bytes / CHUNK).unwrap_or(usize::MAX) / PROBES + 1;
        for chunk in file.chunks().step_by(every) {
            let found = journal::entries_of(file, form, Span::WHOLE, &chunk);
            let step = found.len() / PROBES + 1;
            for entry in found.iter().step_by(step).chain(found.last()) {
                all.note(&entry.host, entry.stamp);
            }
        }
        all
    }
}

/// `[   12.345678] message`, the kernel's ring buffer as `dmesg` prints it.
fn is_ring_line(line: &str) -> bool {
    line.strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .is_some_and(|(stamp, _)| {
            stamp
                .trim_start()
                .split_once('.')
                .is_some_and(|(seconds, fraction)| {
                    fraction.len() == 6
                        && !seconds.is_empty()
                        && seconds
                            .bytes()
                            .chain(fraction.bytes())
                            .all(|b| b.is_ascii_digit())
                })
        })
}

/// Lines that may say something about a journal.
fn speaks(line: &&str) -> bool {
    !line.trim().is_empty() && !line.starts_with("-- ")
}

/// The first lines of a text: whether it is a journal.
fn probe_head(text: &str) -> Probe {
    let mut head = Probe::default();
    let lines = text.lines().filter(speaks);
    lines.take(FIRST).for_each(|line| head.look(line));
    head
}

/// The first lines of a file. Most files are no journals, and those are not read further.
fn probe_file(file: &File) -> Probe {
    let text = file.head(HEAD);
    let whole = text.rfind('\n').and_then(|end| text.get(..end));
    match whole.map(probe_head) {
        Some(probe) if probe.seen == FIRST => probe,
        // Few lines, or overlong ones.
        _ => probe_head(&file.text()),
    }
}

/// Lines from all over a text: enough to know hosts and order.
fn probe_all(body: &str) -> Probe {
    let mut all = Probe::default();
    for index in 0..=PROBES {
        let mut at = body.len() / PROBES * index;
        while !body.is_char_boundary(at) {
            at -= 1;
        }
        let rest = body.get(at..).unwrap_or("");
        let whole = if at == 0 {
            rest
        } else {
            rest.split_once('\n').map_or("", |(_, rest)| rest)
        };
        if let Some(line) = whole.lines().take(4).find(speaks) {
            all.look(line);
        }
    }
    if let Some(line) = body.lines().next_back().filter(speaks) {
        all.look(line);
    }
    all
}

/// The same for a file that is too long to be put together.
fn probe_long(file: &File) -> Probe {
    let mut all = Probe::default();
    let every = usize::try_from(file.bytes / CHUNK).unwrap_or(usize::MAX) / PROBES + 1;
    for chunk in file.chunks().step_by(every) {
        if let Some(line) = chunk.text.lines().take(4).find(speaks) {
            all.look(line);
        }
    }
    if let Some(line) = file.tail(1).text.lines().next_back().filter(speaks) {
        all.look(line);
    }
    all
}

/// Recognises a journal by its lines. `nodes` are the known names; the path decides before the lines do.
pub(crate) fn classify_journal(
    id: FileId,
    file: &File,
    nodes: &BTreeSet<String>,
    by_path: &Host,
) -> Option<JournalFile> {
    if let Some(form) = journal::form_of(&file.head(HEAD)) {
        let all = Probe::entries(file, form);
        let head = Probe {
            host: all.host.clone(),
            ..Probe::default()
        };
        return Some(journal_of(id, file, nodes, by_path, (head, all, form)));
    }
    let head = probe_file(file);
    let name = file.name();
    let named = name.contains("dmesg") || name.contains("kern");
    let bare = head.kernel && head.text + head.json == 0 && !name.contains('.');
    let ring = head.ring * 2 >= head.seen && (named || head.kernel) || bare;
    if head.seen == 0 || (head.text.max(head.json) * 2) < head.seen && !ring {
        return bare_journal(id, file, nodes, by_path);
    }
    let all = if file.bytes > LONG {
        probe_long(file)
    } else {
        probe_all(&file.text())
    };
    let form = if head.json > head.text {
        Form::Json
    } else {
        Form::Lines
    };
    Some(journal_of(id, file, nodes, by_path, (head, all, form)))
}

/// The log of a host's service that no journal frames.
fn bare_journal(
    id: FileId,
    file: &File,
    nodes: &BTreeSet<String>,
    by_path: &Host,
) -> Option<JournalFile> {
    let unit = service_log::unit_of(component(file.name()), file)?;
    let head = Probe {
        host: service_log::node(file).unwrap_or_default(),
        ..Probe::default()
    };
    let probes = (head, Probe::default(), Form::Bare);
    let found = journal_of(id, file, nodes, by_path, probes);
    Some(JournalFile {
        unit: unit.to_owned(),
        ..found
    })
}

/// The journal in a file: whose it is, and in which order.
fn journal_of(
    id: FileId,
    file: &File,
    nodes: &BTreeSet<String>,
    by_path: &Host,
    (head, all, form): (Probe, Probe, Form),
) -> JournalFile {
    let per_line = by_path.mixed || by_path.name.is_empty() && (head.mixed || all.mixed);
    let in_path = || {
        file.path
            .split('/')
            .find(|part| nodes.contains(*part))
            .map(str::to_owned)
    };
    let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    let node = if per_line {
        String::new()
    } else {
        node_of_host(&by_path.name, nodes)
            .or_else(in_path)
            .or_else(|| node_of_host(&head.host, nodes))
            .or_else(|| named(&by_path.name))
            .unwrap_or(head.host)
    };
    let (holders, aliases) = if per_line {
        hosts(file, form, nodes)
    } else {
        (named(&node).into_iter().collect(), BTreeMap::new())
    };
    JournalFile {
        file: id,
        span: Span::WHOLE,
        node,
        form,
        unit: String::new(),
        per_line,
        nodes: holders,
        aliases,
        reversed: all
            .first
            .zip(all.last)
            .is_some_and(|(first, last)| first > last),
    }
}

/// The host of a journal's line. Any time will do for "now": stamps without a year need one.
pub fn host_of_line(line: &str, json: bool) -> Option<&str> {
    journal_line(line, json, Some(Timestamp::UNIX_EPOCH)).map(|parsed| parsed.host)
}

/// The nodes that the hosts of all lines stand for, and the hosts that are called otherwise.
fn hosts(
    file: &File,
    form: Form,
    nodes: &BTreeSet<String>,
) -> (Vec<String>, BTreeMap<String, String>) {
    let mut hosts: BTreeSet<String> = BTreeSet::new();
    let mut add = |host: &str| {
        if !host.is_empty() && !hosts.contains(host) {
            hosts.insert(host.to_owned());
        }
    };
    for chunk in file.chunks() {
        if form.is_long() {
            let entries: Vec<Entry> = journal::entries_of(file, form, Span::WHOLE, &chunk);
            for entry in &entries {
                add(&entry.host);
            }
            continue;
        }
        for line in chunk.text.lines() {
            add(host_of_line(line, form == Form::Json).unwrap_or(""));
        }
    }
    let mut names = BTreeSet::new();
    let mut aliases = BTreeMap::new();
    for host in hosts {
        match node_of_host(&host, nodes) {
            Some(node) => {
                names.insert(node.clone());
                if node != host {
                    aliases.insert(host, node);
                }
            }
            None => {
                names.insert(host);
            }
        }
    }
    (names.into_iter().collect(), aliases)
}

/// A node's name for a host name: equal, or equal up to the domain.
pub fn node_of_host(host: &str, nodes: &BTreeSet<String>) -> Option<String> {
    if host.is_empty() {
        return None;
    }
    if let Some(node) = nodes.get(host) {
        return Some(node.clone());
    }
    let short = host.split('.').next().unwrap_or(host);
    if let Some(node) = nodes.get(short) {
        return Some(node.clone());
    }
    // All names of one host with a domain lie together: there may be thousands of nodes, and this is asked of each line.
    let dotted = format!("{short}.");
    nodes
        .range::<String, _>(&dotted..)
        .next()
        .filter(|node| node.starts_with(&dotted))
        .cloned()
}

/// All files that look like a component's log without naming a pod (control plane logs beside a dump):
/// by their name, else because they begin as a log does.
pub(crate) fn is_component_log(file: &File) -> bool {
    let name = file.name();
    if name.contains("stderr") || is_mute(file) {
        return false;
    }
    name.ends_with(".log") || is_stamped(&plain(&file.head(HEAD)))
}

/// Whether a file says no more than that there are no entries.
pub(crate) fn is_mute(file: &File) -> bool {
    let small = 1..1_024;
    small.contains(&file.bytes) && !file.text().lines().any(|line| speaks(&line))
}

/// Whether most of the first lines begin with a stamp that says the day, or hold one as JSON and logfmt do.
pub(crate) fn is_stamped(head: &str) -> bool {
    let any_year = Some(Timestamp::UNIX_EPOCH);
    let (mut stamped, mut all) = (0_usize, 0_usize);
    for line in head.lines().filter(speaks).take(FIRST) {
        // The further lines of a trace are its first one's.
        let inner = line.starts_with([' ', '\t']);
        all += usize::from(!inner);
        let counts = !inner && !is_number(line);
        let found = stamp::leading(line, any_year).filter(|_| counts);
        stamped += usize::from(found.is_some_and(|found| !is_only_when(line, found.len)));
    }
    stamped > 0 && stamped * 2 > all
}

/// Whether a line says a time and nothing else, as Go prints it: `2026-03-04 08:10:00.5 +0100 CET m=+0.02`.
fn is_only_when(line: &str, stamp: usize) -> bool {
    let part = |word: &str| {
        word.starts_with(['+', '-'])
            || word.starts_with("m=")
            || matches!(word, "UTC" | "GMT")
            || word.len() <= 4 && word.bytes().all(|b| b.is_ascii_uppercase())
    };
    let rest = line.get(stamp..).unwrap_or("");
    stamp > 0 && rest.split_whitespace().all(part)
}

/// Whether a line begins with a bare number, as columns of figures do.
fn is_number(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or("");
    first.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// The bytes of logs: of files that hold more than a log, its lines alone.
pub fn bytes<'l>(bundle: &Bundle, logs: impl IntoIterator<Item = &'l LogFile>) -> u64 {
    let mut whole: BTreeSet<FileId> = BTreeSet::new();
    let mut parts: BTreeMap<FileId, BTreeSet<Span>> = BTreeMap::new();
    for log in logs {
        if log.span == Span::WHOLE {
            whole.insert(log.file);
        } else {
            parts.entry(log.file).or_default().insert(log.span);
        }
    }
    let of_files: u64 = whole.iter().map(|id| bundle.file(*id).bytes).sum();
    let of_parts = parts
        .into_iter()
        .filter(|(id, _)| !whole.contains(id))
        .map(|(id, spans)| {
            let file = bundle.file(id);
            let mut lines = file.lines();
            let of_lines: u64 = spans
                .iter()
                .flat_map(|span| span.first..=span.last.min(file.line_count()))
                .map(|number| lines.line(number).len() as u64 + 1)
                .sum();
            of_lines.min(file.bytes)
        });
    of_files + of_parts.sum::<u64>()
}

/// Every file that is neither object nor log may still be a component's log.
pub(crate) fn component_log(id: FileId, bundle: &Bundle) -> LogFile {
    let file = bundle.file(id);
    LogFile {
        file: id,
        span: Span::WHOLE,
        namespace: String::new(),
        pod: String::new(),
        container: component(file.name()).to_owned(),
        previous: false,
        taken: None,
    }
}

/// The component that a log's name says, without what rotation and redirection add to it.
pub(crate) fn component(name: &str) -> &str {
    if let Some((stem, rest)) = name.split_once(".log")
        && !stem.is_empty()
        && (rest.is_empty() || rest.starts_with(['.', '-', '_']))
    {
        return stem;
    }
    let name = name.strip_suffix(".gz").unwrap_or(name);
    [".txt", ".out", ".json", ".jsonl"]
        .into_iter()
        .find_map(|end| name.strip_suffix(end))
        .filter(|stem| !stem.is_empty())
        .unwrap_or(name)
}

#[cfg(test)]
mod tests;
