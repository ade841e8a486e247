//! Reads text meant for people (transcripts, pasted output, files named after their command) into the same typed objects as YAML.
//!
//! An object read from text is *partial*: a field that the text leaves out is unknown, not absent.
//! What the text would have shown if it were set is recorded as [`crate::node::Value::Null`]:
//! known to be absent.

pub(crate) mod describe;
pub(crate) mod host;

use coldcase_bundle::FileId;
use jiff::Timestamp;

use crate::{
    logs::{JournalFile, LogFile},
    node::Node,
};

/// What is known about a text before it is read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Context<'c> {
    /// The time of the capture: ages count back from it. A `date` in the text outranks it.
    pub now: Option<Timestamp>,
    /// Namespace, when the path says so; empty otherwise.
    pub namespace: &'c str,
    /// Node on which a host command ran, when the path says so; empty otherwise.
    pub node: &'c str,
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

/// What a text holds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Partial objects in the shape of the API (`kind`, `metadata`, `spec`, `status`), each value with its line.
    pub objects: Vec<Node>,
    /// Documents printed with `-o yaml` or `-o json`: complete.
    pub documents: Vec<Node>,
    /// Kinds that were listed.
    pub lists: Vec<Listed>,
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
}

/// Reads a text; `None` if it is no text of this sort and may be a log.
pub(crate) fn read(
    _path: &str,
    _text: &str,
    _file: FileId,
    _context: &Context<'_>,
) -> Option<Found> {
    None
}
