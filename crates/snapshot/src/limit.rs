//! Cuts a snapshot down to some namespaces and a span of time before it is read, so that less is read.

use std::collections::{BTreeMap, BTreeSet};

use coldcase_bundle::Root;
use jiff::{SignedDuration, Timestamp};

use crate::{
    Options,
    coverage::{Coverage, Scope, Status},
    event::Event,
    files::Gathered,
    layouts::scope,
    object::Object,
    stamp,
    text::describe::age,
};

/// A time as a user gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// An instant.
    At(Timestamp),
    /// So many seconds before the capture.
    Ago(i64),
}

impl Moment {
    /// Reads RFC 3339 (`2026-07-14T02:40:00Z`) or a duration (`30m`, `1h30m`, `2d`).
    pub fn parse(text: &str) -> Option<Self> {
        stamp::rfc3339(text)
            .map(Self::At)
            .or_else(|| age::age(text).map(|(seconds, _)| Self::Ago(seconds)))
    }

    fn instant(self, now: Option<Timestamp>) -> Option<Timestamp> {
        match self {
            Self::At(time) => Some(time),
            Self::Ago(seconds) => now?.checked_sub(SignedDuration::from_secs(seconds)).ok(),
        }
    }
}

/// A span of time, open at an end that is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// Nothing before it.
    pub since: Option<Timestamp>,
    /// Nothing after it.
    pub until: Option<Timestamp>,
}

impl Window {
    pub(crate) fn of(options: &Options, now: Option<Timestamp>) -> Self {
        let at = |moment: Option<Moment>| moment.and_then(|moment| moment.instant(now));
        Self {
            since: at(options.since),
            until: at(options.until),
        }
    }

    /// Whether it has no end at all.
    pub fn is_open(self) -> bool {
        self == Self::default()
    }

    /// Whether something that lasted from one time to another touches it.
    pub fn touches(self, first: Timestamp, last: Timestamp) -> bool {
        self.since.is_none_or(|since| last >= since)
            && self.until.is_none_or(|until| first <= until)
    }

    /// Leaves out what is known to lie outside.
    pub(crate) fn keep(self, event: &Event) -> bool {
        match (event.first, event.last) {
            (Some(first), Some(last)) => self.touches(first, last),
            _ => true,
        }
    }
}

/// Whether the path of a file says that it holds only other namespaces.
pub(crate) fn elsewhere(path: &str, roots: &[Root], namespaces: &BTreeSet<String>) -> bool {
    !namespaces.is_empty()
        && matches!(scope::of_path(path, roots), Some(Scope::Namespaces(there)) if there.is_disjoint(namespaces))
}

/// Leaves out the objects and events of other namespaces; what belongs to none stays.
pub(crate) fn namespaces(gathered: &mut Gathered, namespaces: &BTreeSet<String>) {
    if namespaces.is_empty() {
        return;
    }
    let ours =
        |object: &Object| object.namespace.is_empty() || namespaces.contains(&*object.namespace);
    gathered.objects.retain(ours);
    gathered.events.retain(|event| {
        // Events about nodes lie in `default`.
        ours(&event.object) || event.regarding.namespace.is_empty()
    });
    gathered
        .logs
        .retain(|log| log.namespace.is_empty() || namespaces.contains(&log.namespace));
}

/// Says in the coverage what was left out.
pub(crate) fn note(
    coverage: &mut Coverage,
    scopes: &mut BTreeMap<String, Scope>,
    options: &Options,
    window: Window,
) {
    if !options.namespaces.is_empty() {
        for scope in scopes.values_mut() {
            *scope = match scope {
                Scope::Everywhere => Scope::Namespaces(options.namespaces.clone()),
                Scope::Namespaces(there) => {
                    Scope::Namespaces(there.intersection(&options.namespaces).cloned().collect())
                }
            };
        }
        let names = options.namespaces.iter().cloned().collect::<Vec<_>>();
        let detail = format!("left out: --namespace {}", names.join(" --namespace "));
        coverage.note("other namespaces", Status::NotCollected, detail);
    }
    let mut left_out = |what: &str, detail: String| {
        coverage.note(what, Status::NotCollected, detail);
    };
    if let Some(since) = window.since {
        left_out(
            "events and logs before the window",
            format!("left out: --since {since}"),
        );
    }
    if let Some(until) = window.until {
        left_out(
            "events and logs after the window",
            format!("left out: --until {until}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_instants_or_ages() {
        let now = stamp::rfc3339("2026-07-14T03:00:00Z");
        let at = |text: &str| Moment::parse(text).and_then(|moment| moment.instant(now));
        assert_eq!(
            at("2026-07-14T02:40:00Z"),
            stamp::rfc3339("2026-07-14T02:40:00Z")
        );
        assert_eq!(at("1h30m"), stamp::rfc3339("2026-07-14T01:30:00Z"));
        assert_eq!(at("2d"), stamp::rfc3339("2026-07-12T03:00:00Z"));
        assert_eq!(Moment::parse("yesterday"), None);
    }
}
