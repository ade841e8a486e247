//! Reads text meant for people (transcripts, pasted output, files named after their command) into the same typed objects as YAML.
//!
//! An object read from text is *partial*: a field that the text leaves out is unknown, not absent.
//! What the text would have shown if it were set is recorded as [`crate::node::Value::Null`]:
//! known to be absent.

mod about;
mod bare;
pub(crate) mod calls;
pub(crate) mod clock;
mod command;
mod date;
pub(crate) mod describe;
mod events;
mod form;
mod framework;
mod get;
pub(crate) mod header;
pub(crate) mod host;
mod parts;
mod path;
pub(crate) mod pieces;
pub(crate) mod placed;
mod probe;
mod prompt;
pub(crate) mod refusal;
mod resource;
mod rollout;
mod sentence;
mod session;
mod shell;
mod table;
mod top;
mod transcript;
mod tree;
mod unnamed;
mod version;
mod wrap;

use coldcase_bundle::FileId;
use jiff::Timestamp;

use crate::{
    journal,
    logs::{JournalFile, LogFile},
    node::Node,
    stamp, yaml,
};
use session::Session;

/// What is known about a text before it is read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Context<'c> {
    /// The time of the capture: ages count back from it. A `date` in the text outranks it.
    pub now: Option<Timestamp>,
    /// `now` is exact, and a `date` in the text does not outrank it.
    pub settled: bool,
    /// Namespace, when the path says so; empty otherwise.
    pub namespace: &'c str,
    /// Node on which a host command ran, when the path says so; empty otherwise.
    pub node: &'c str,
    /// How documents in the text are read; whole if nothing says.
    pub reading: Option<&'c yaml::Reading>,
}

/// What a command on a node printed, as a tree whose shape `text::host` documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostReport {
    /// The node; empty if nothing names it.
    pub node: String,
    /// `Unit`, `Filesystem`, `Memory`, `Clock` …
    pub kind: &'static str,
    /// Its fields, each with its line.
    pub root: Node,
    /// Where it was read.
    pub file: FileId,
}

/// A kind that was listed: an empty list says "captured and none".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listed {
    /// Kind.
    pub kind: String,
    /// The one namespace that was listed; `None` for all of them (or a cluster-scoped kind).
    pub namespace: Option<String>,
}

/// A question that kubectl could not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failed {
    /// Kind (or resource as typed, if it is not installed); `logs` for logs; may be empty.
    pub kind: String,
    /// The one namespace that was asked about; empty for all or none.
    pub namespace: String,
    /// kubectl's words.
    pub what: String,
    /// Their line.
    pub line: u32,
}

/// An object that the server said does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Absent {
    /// Kind.
    pub kind: String,
    /// Namespace; empty if the kind has none or nothing names it.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Line of the answer.
    pub line: u32,
}

/// What a text holds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Partial objects in the shape of the API (`kind`, `metadata`, `spec`, `status`), each value with its line.
    pub objects: Vec<Node>,
    /// Documents printed with `-o yaml` or `-o json`: complete.
    pub documents: Vec<Node>,
    /// Kinds that were listed.
    pub lists: Vec<Listed>,
    /// Kinds that were listed in a namespace that nobody said.
    pub somewhere: Vec<String>,
    /// Kinds whose lists are damaged, with the line: more of them may have been there.
    pub cut: Vec<(String, u32)>,
    /// Questions that were refused, and kinds that are not installed.
    pub failed: Vec<Failed>,
    /// Objects that do not exist.
    pub absent: Vec<Absent>,
    /// Output of `kubectl logs`.
    pub logs: Vec<LogFile>,
    /// Output of `journalctl` and `dmesg`.
    pub journals: Vec<JournalFile>,
    /// Output of commands on nodes.
    pub hosts: Vec<HostReport>,
    /// The newest time that a `date` printed.
    pub now: Option<Timestamp>,
    /// Version of the server.
    pub version: Option<String>,
    /// Damage: line and what.
    pub problems: Vec<(u32, String)>,
    /// Lines that say something of which nothing was made.
    pub unread: Vec<u32>,
}

/// Whether a line of a text is a prompt at which somebody typed, or a script's trace of a command that collects.
pub(crate) fn asks_for_more(line: &str) -> bool {
    const COLLECTS: &[&str] = &["crictl", "journalctl", "kubectl", "oc", "systemctl"];
    prompt::prompt(line).is_some_and(|found| {
        let tool = found.command.split_whitespace().next().unwrap_or("");
        found.is_typed() || COLLECTS.contains(&tool)
    })
}

/// Lines that decide whether a text is a log.
const SAMPLE: usize = 60;

/// Reads a text; `None` if it is no text of this sort and may be a log.
pub(crate) fn read(path: &str, text: &str, file: FileId, context: &Context<'_>) -> Option<Found> {
    if let Some(calls) = calls::of(text) {
        return calls.read(path, file, context);
    }
    let hint = path::hint(path);
    let opened = header::opened(text);
    let text = opened.as_deref().unwrap_or(text);
    let text = &wrap::without_times(text);
    let events = framework::events(text);
    let sectioned = parts::begins(text);
    let plain = !hint.spelled && !sectioned && opened.is_none();
    let log = plain && is_log(text) && !holds_more(path, text);
    if text.trim().is_empty() || log {
        // What a test run says of events is part of its log.
        return (!events.is_empty()).then(|| Found {
            objects: events,
            logs: vec![LogFile::whole(file)],
            ..Found::default()
        });
    }
    let mut found = understood(path, text, (file, context), &hint);
    if !events.is_empty() {
        let found = found.get_or_insert_default();
        found.objects.extend(events);
    }
    found
}

/// Whether somebody pasted more than the log that a text begins with. Programs print tables, too: only what people
/// call a text is searched.
fn holds_more(path: &str, text: &str) -> bool {
    let of_people = [".txt", ".md"].iter().any(|end| path.ends_with(end));
    let begins = ["\nNAME", "\nLAST SEEN", "\nName:", "\napiVersion:"];
    if !of_people {
        return false;
    }
    let fenced = text.starts_with("```") || text.contains("\n```");
    let named = begins.iter().any(|begin| text.contains(begin));
    (named || fenced) && {
        let text = transcript::normalise(text);
        session::holds_objects(&text) || fenced && session::holds_logs(&text)
    }
}

/// What a text says that is no log.
fn understood(
    path: &str,
    text: &str,
    (file, context): (FileId, &Context<'_>),
    hint: &path::Hint,
) -> Option<Found> {
    let text = transcript::normalise(text);
    if parts::begins(&text) {
        return sectioned(&text, Session::new(path, file, context));
    }
    let blocks = transcript::blocks(&text);
    let mut session = Session::new(path, file, context);
    if blocks.iter().any(|block| !block.command.is_empty()) {
        if let Some(first) = blocks.first().filter(|block| block.command.is_empty()) {
            session.headed(&first.output);
        }
        session.blocks(&blocks);
    } else {
        session.whole(&text, hint);
        // Prose around fences hides what is inside of them.
        if blocks.len() > 1 && session.is_empty() {
            session.blocks(&blocks);
        }
    }
    // A program's log may hold such a sentence too, and stays one.
    if !session.is_empty() || sentence::is_of_people(path, &text) {
        session.quote(sentence::quoted(&blocks));
    }
    session.finish()
}

/// What `tail` and `minikube logs` print of several files.
fn sectioned(text: &str, mut session: Session<'_>) -> Option<Found> {
    let parts = parts::parts(text);
    for part in &parts {
        session.part(part);
    }
    let last = parts.last().filter(|_| parts.len() == parts::MOST);
    let what = format!(
        "{} files in one; what follows is read as the last",
        parts.len()
    );
    let mut found = session.finish()?;
    let problem = last.map(|part| (part.first_line, what));
    found.problems.extend(problem);
    Some(found)
}

/// Whether the beginning of a text already says that it is a log, so that the rest need not be read.
pub(crate) fn is_log_by_head(path: &str, head: &str) -> bool {
    let whole = head
        .rfind('\n')
        .and_then(|end| head.get(..end))
        .unwrap_or("");
    let whole = &*wrap::without_times(whole);
    if parts::begins(whole) || calls::holds(whole) || header::is_above(whole) {
        return false;
    }
    let lines = whole.lines().filter(|line| !line.trim().is_empty());
    lines.take(SAMPLE).count() == SAMPLE && !path::hint(path).spelled && is_log(whole)
}

/// Most of the first lines begin with a time stamp or are JSON each, and nobody typed a command before them.
fn is_log(text: &str) -> bool {
    if journal::form_of(text).is_some() {
        return true;
    }
    let any_year = Timestamp::from_second(4_000_000_000).ok();
    let (mut stamped, mut all) = (0_usize, 0_usize);
    for line in text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(SAMPLE)
    {
        let typed = prompt::prompt(line).filter(prompt::Prompt::is_typed);
        if typed.is_some_and(|prompt| all == 0 || prompt.command.contains("kubectl")) {
            return false;
        }
        all += 1;
        let json = line.starts_with('{') && line.ends_with('}') && line.len() > 2;
        stamped += usize::from(json || stamp::leading(line, any_year).is_some());
    }
    // One line of JSON is a document.
    stamped * 2 > all && !(all == 1 && text.trim_start().starts_with('{'))
}

#[cfg(test)]
mod tests;
