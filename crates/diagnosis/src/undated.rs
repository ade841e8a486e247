//! Events of text for people that prints how long ago they were, where nothing tells the time of the capture: they have no place in the timeline.

use coldcase_facts::{Cite, Facts, Identity};
use rayon::prelude::*;

/// An event without a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undated {
    /// Seconds from its last occurrence to the capture, as printed; nothing if that is not known.
    pub age: Option<u64>,
    /// Severity word.
    pub severity: &'static str,
    /// Occurrences.
    pub count: u64,
    /// The object.
    pub subject: Identity,
    /// What happened.
    pub text: String,
    /// Places.
    pub cites: Vec<Cite>,
}

/// All of them, oldest first, those of unknown age at the end.
pub(crate) fn all(facts: &Facts<'_>) -> Vec<Undated> {
    let events = facts.of_kind("Event").par_iter().map(|id| facts.get(*id));
    let undated = events.filter(|event| event.str_at(&["first"]).is_none());
    let mut all: Vec<Undated> = undated
        .map(|event| {
            let field = |field| event.str_at(&[field]).unwrap_or("").trim();
            let age = event.age_as_printed();
            Undated {
                age: age.and_then(|age| u64::try_from(age).ok()),
                severity: if field("type") == "Warning" {
                    "medium"
                } else {
                    "info"
                },
                count: field("count").parse().unwrap_or(1),
                subject: event.subject.clone(),
                text: format!("{}: {}", field("reason"), field("message")),
                cites: event.place().into_iter().collect(),
            }
        })
        .collect();
    all.sort_by_cached_key(|it| {
        let line = it.cites.first().map(|cite| (cite.file, cite.line));
        (it.age.is_none(), std::cmp::Reverse(it.age), line)
    });
    all
}
