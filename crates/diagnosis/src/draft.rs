//! Entries of the timeline before they are told: enough of events, container ends and starts and lines to order and thin them.

use std::{borrow::Cow, cmp::Ordering, collections::BTreeSet};

use coldcase_facts::{Cite, Entity, Identity};
use coldcase_snapshot::{packed::View, stamp};
use jiff::Timestamp;

use crate::Entry;

/// Characters of a line's text.
const LINE: usize = 400;

/// An entry before it is told. There are as many as events, containers and lines, and most are
/// thinned away: text and places are looked up when they are asked for.
pub(crate) struct Draft<'f> {
    pub time: Timestamp,
    pub end: Option<Timestamp>,
    pub severity: &'static str,
    pub of: Of<'f>,
}

/// What an entry is about.
pub(crate) enum Of<'f> {
    Event(&'f Entity<'f>),
    Ended(&'f Entity<'f>),
    Started(&'f Entity<'f>),
    Line(&'f Entity<'f>),
    Told(Box<Entry>),
}

impl Draft<'_> {
    pub(crate) fn told(entry: Entry) -> Self {
        Self {
            time: entry.time,
            end: entry.end,
            severity: entry.severity,
            of: Of::Told(Box::new(entry)),
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match &self.of {
            Of::Event(_) => "event",
            Of::Ended(_) | Of::Started(_) => "container",
            Of::Line(line) => line_kind(line),
            Of::Told(entry) => entry.kind,
        }
    }

    pub(crate) fn count(&self) -> u64 {
        match &self.of {
            Of::Event(event) => event
                .int_at(&["count"])
                .and_then(|count| u64::try_from(count).ok())
                .unwrap_or(1),
            Of::Told(entry) => entry.count,
            _ => 1,
        }
    }

    pub(crate) fn subject(&self) -> &Identity {
        match &self.of {
            Of::Event(it) | Of::Ended(it) | Of::Started(it) | Of::Line(it) => &it.subject,
            Of::Told(entry) => &entry.subject,
        }
    }

    pub(crate) fn text(&self) -> Cow<'_, str> {
        Cow::Owned(match &self.of {
            Of::Event(event) => {
                let reason = event.str_at(&["reason"]).unwrap_or("");
                let message = event.str_at(&["message"]).unwrap_or("").trim();
                format!("{reason}: {message}")
            }
            Of::Ended(container) => {
                let name = container.label();
                let code = exit_code(container);
                let reason = container.str_at(&["ended", "reason"]).unwrap_or("");
                let mut text = format!("container {name} ended: exit code {code} {reason}");
                text.truncate(text.trim_end().len());
                text
            }
            Of::Started(container) => format!("container {} started", container.label()),
            Of::Line(line) => {
                let whole = line.str_at(&["text"]).unwrap_or("");
                match whole.char_indices().nth(LINE) {
                    None => return Cow::Borrowed(whole),
                    Some((end, _)) => format!("{}…", whole.get(..end).unwrap_or("")),
                }
            }
            Of::Told(entry) => return Cow::Borrowed(&entry.text),
        })
    }

    /// Its places; `room` holds the one of what has not more.
    pub(crate) fn cites<'a>(&'a self, room: &'a mut Option<Cite>) -> &'a [Cite] {
        *room = match &self.of {
            Of::Event(it) | Of::Line(it) => it.place(),
            Of::Ended(it) => moment(it, ENDED).and_then(|node| it.cite(ENDED[0], node)),
            Of::Started(it) => moment(it, STARTED).and_then(|node| it.cite(STARTED[0], node)),
            Of::Told(entry) => return &entry.cites,
        };
        room.as_slice()
    }

    /// The order of entries.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (None, None);
        (self.time, self.end, self.kind(), self.subject())
            .cmp(&(other.time, other.end, other.kind(), other.subject()))
            .then_with(|| self.text().cmp(&other.text()))
            .then_with(|| self.cites(&mut a).cmp(other.cites(&mut b)))
    }

    /// Whether it becomes the same entry; most do not even stand at the same place.
    pub(crate) fn repeats(&self, other: &Self) -> bool {
        let (mut a, mut b) = (None, None);
        (self.time, self.end, self.severity) == (other.time, other.end, other.severity)
            && self.cites(&mut a) == other.cites(&mut b)
            && self.to_entry() == other.to_entry()
    }

    pub(crate) fn entry(self) -> Entry {
        match self.of {
            Of::Told(entry) => *entry,
            _ => self.to_entry(),
        }
    }

    /// The entry, of a line without its stamp as written: the timeline adds that.
    fn to_entry(&self) -> Entry {
        let (entity, raw) = match &self.of {
            Of::Told(entry) => return (**entry).clone(),
            Of::Event(it) => (it, it.str_at(&["first"])),
            Of::Ended(it) => (it, it.str_at(&ENDED)),
            Of::Started(it) => (it, it.str_at(&STARTED)),
            Of::Line(it) => (it, None),
        };
        let line = matches!(self.of, Of::Line(_));
        let of_line = |field: &str| entity.str_at(&[field]).filter(|_| line);
        Entry {
            time: self.time,
            end: self.end,
            precision: of_line("precision")
                .and_then(|digits| digits.parse().ok())
                .unwrap_or(0),
            raw: raw.unwrap_or("").to_owned(),
            kind: self.kind(),
            layer: match self.kind() {
                "event" => layer_of(&self.subject().kind),
                "kernel" | "journal" => "node",
                _ => "workload",
            },
            severity: self.severity,
            count: self.count(),
            subject: self.subject().clone(),
            text: self.text().into_owned(),
            cites: self.cites(&mut None).to_vec(),
            assumed: of_line("assumed").unwrap_or("").to_owned(),
        }
    }
}

pub(crate) fn event<'f>(event: &'f Entity<'_>) -> Option<Draft<'f>> {
    let time = event.str_at(&["first"]).and_then(stamp::rfc3339)?;
    Some(Draft {
        time,
        end: event
            .str_at(&["last"])
            .and_then(stamp::rfc3339)
            .filter(|end| *end != time),
        severity: if event.str_at(&["type"]) == Some("Warning") {
            "medium"
        } else {
            "info"
        },
        of: Of::Event(event),
    })
}

/// Where it is written when a container's last run ended and when the present one started.
const ENDED: [&str; 2] = ["ended", "finishedAt"];
const STARTED: [&str; 2] = ["running", "startedAt"];

fn moment<'f>(container: &'f Entity<'_>, [field, of]: [&str; 2]) -> Option<View<'f>> {
    container.field(field)?.at(&[of])
}

fn moment_time(container: &Entity<'_>, path: [&str; 2]) -> Option<Timestamp> {
    let time = stamp::rfc3339(moment(container, path)?.as_str()?)?;
    (time.as_second() > 0).then_some(time)
}

fn exit_code<'f>(container: &'f Entity<'_>) -> &'f str {
    container.str_at(&["ended", "exitCode"]).unwrap_or("?")
}

pub(crate) fn ended<'f>(container: &'f Entity<'_>) -> Option<Draft<'f>> {
    Some(Draft {
        time: moment_time(container, ENDED)?,
        end: None,
        severity: if exit_code(container) == "0" {
            "info"
        } else {
            "high"
        },
        of: Of::Ended(container),
    })
}

pub(crate) fn started<'f>(container: &'f Entity<'_>) -> Option<Draft<'f>> {
    Some(Draft {
        time: moment_time(container, STARTED)?,
        end: None,
        severity: "info",
        of: Of::Started(container),
    })
}

pub(crate) fn log_line<'f>(line: &'f Entity<'_>, quoted: &BTreeSet<Cite>) -> Option<Draft<'f>> {
    let cite = line.place()?;
    Some(Draft {
        time: stamp::rfc3339(line.str_at(&["time"])?)?,
        end: None,
        severity: if quoted.contains(&cite) {
            "medium"
        } else {
            "info"
        },
        of: Of::Line(line),
    })
}

fn line_kind(line: &Entity<'_>) -> &'static str {
    match line.kind {
        "JournalLine" if line.str_at(&["unit"]) == Some("kernel") => "kernel",
        "JournalLine" => "journal",
        _ => "log",
    }
}

pub(crate) fn layer_of(kind: &str) -> &'static str {
    match kind {
        "Node" | "Lease" => "node",
        "PersistentVolumeClaim" | "PersistentVolume" | "StorageClass" | "VolumeAttachment" => {
            "storage"
        }
        "Service" | "Ingress" | "NetworkPolicy" | "EndpointSlice" | "Endpoints" | "Gateway"
        | "HTTPRoute" => "network",
        "ValidatingWebhookConfiguration"
        | "MutatingWebhookConfiguration"
        | "APIService"
        | "ResourceQuota"
        | "Namespace" => "control-plane",
        _ => "workload",
    }
}
