//! What rows lack to be decided, kept short until it is told: a dump without logs leaves tens of thousands of rows open for one reason.

use std::collections::BTreeMap;

use coldcase_facts::EntityId;

use crate::{
    descent::Open,
    engine::{Row, World},
    finding::Unknown,
};

/// Why a row cannot be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Missing {
    /// In words.
    Words(String),
    /// The log of this container.
    Log(EntityId),
}

impl Default for Missing {
    fn default() -> Self {
        Self::Words(String::new())
    }
}

impl From<String> for Missing {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}

impl World<'_, '_> {
    /// What is missing, in words.
    pub(crate) fn told(&self, missing: Missing) -> String {
        match missing {
            Missing::Words(words) => words,
            Missing::Log(container) => {
                let entity = self.get(container);
                log_of(entity.label(), &entity.subject.name)
            }
        }
    }
}

fn log_of(container: &str, pod: &str) -> String {
    format!("log of container {container} in pod {pod}: not collected")
}

/// The rows of a rule that could not be decided: whom they are about, and what they lack.
#[derive(Debug)]
pub(crate) struct Doubts {
    /// The slot of the rule's subject.
    subject: usize,
    ids: Vec<EntityId>,
    words: Vec<String>,
    logs: Vec<EntityId>,
}

impl Open for Doubts {
    fn add(&mut self, _at: usize, row: &Row, missing: Missing) {
        match row.bound(self.subject) {
            Some(subject) => self.ids.push(subject.id),
            // Before the subject is found, what was found on the way to it says whom it is about.
            None => self.ids.extend(row.all().map(|bound| bound.id)),
        }
        match missing {
            Missing::Log(container) => self.logs.push(container),
            Missing::Words(words) if self.words.last() == Some(&words) => {}
            Missing::Words(words) => self.words.push(words),
        }
    }
}

impl Doubts {
    /// None yet, of a rule with its subject in a slot.
    pub(crate) fn about(subject: usize) -> Self {
        Self {
            subject,
            ids: Vec::new(),
            words: Vec::new(),
            logs: Vec::new(),
        }
    }

    /// Adds those of another part of the rows.
    pub(crate) fn append(&mut self, other: Self) {
        self.ids.extend(other.ids);
        self.words.extend(other.words);
        self.logs.extend(other.logs);
    }

    /// The rule as one that could not be decided, if there are any.
    pub(crate) fn unknown(mut self, world: &World<'_, '_>, rule: usize) -> Option<Unknown> {
        if self.words.is_empty() && self.logs.is_empty() {
            return None;
        }
        let mut told = self.tell_logs(world);
        self.words.sort_unstable();
        self.words.dedup();
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        told.extend(grouped(&words));
        told.sort();
        Some(Unknown {
            rule,
            missing: told.into_iter().map(|it| it.text).collect(),
            subjects: objects(world, self.ids),
        })
    }

    /// Names the logs that are missing; those that are to be named one by one become words like all others.
    fn tell_logs(&mut self, world: &World<'_, '_>) -> Vec<Told> {
        self.logs.sort_unstable();
        self.logs.dedup();
        let logs = self.logs.iter().map(|id| {
            let entity = world.get(*id);
            (entity.label(), || entity.subject.name.as_str())
        });
        tell_logs(logs, &mut self.words)
    }
}

/// One entity for each object that some are about, in the order of the objects.
fn objects(world: &World<'_, '_>, mut ids: Vec<EntityId>) -> Vec<EntityId> {
    // Of most it is the pod that they are about, and numbers are sooner compared than names.
    for id in &mut ids {
        *id = world.pod_of(*id).unwrap_or(*id);
    }
    ids.sort_unstable();
    ids.dedup();
    // What was captured comes first, each object once and in its order.
    let captured = world.facts.snapshot.objects.len();
    if ids.last().is_some_and(|last| last.0 as usize >= captured) {
        let about = |id: EntityId| &world.get(id).subject;
        ids.sort_by(|one, other| about(*one).cmp(about(*other)));
        ids.dedup_by(|one, other| about(*one) == about(*other));
    }
    ids.shrink_to_fit();
    ids
}

/// Tells of the logs of many containers, each once, by the names of container and pod; those of a few become words.
/// Of many the first is named, and the others' names are not looked at.
fn tell_logs<'n>(
    logs: impl Iterator<Item = (&'n str, impl Fn() -> &'n str)>,
    words: &mut Vec<String>,
) -> Vec<Told> {
    let mut by_container: BTreeMap<&str, (Vec<&str>, usize)> = BTreeMap::new();
    for (container, pod) in logs {
        let (named, count) = by_container.entry(container).or_default();
        if *count < MAX_NAMED {
            named.push(pod());
        }
        *count += 1;
    }
    let mut told = Vec::new();
    for (container, (named, count)) in by_container {
        match named.first() {
            Some(pod) if count > MAX_NAMED => {
                let others = count - 1;
                let text = format!(
                    "log of container {container} in pod {pod} and {others} others: not collected"
                );
                let first = log_of(container, pod);
                told.push(Told { first, text });
            }
            _ => words.extend(named.iter().map(|pod| log_of(container, pod))),
        }
    }
    told
}

/// One source that is missing, or several of one sort.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    /// The first of them, by which they are ordered.
    first: String,
    text: String,
}

/// Sources of one sort that are named one by one.
const MAX_NAMED: usize = 3;

/// One text for all sources that differ in their last word only: a large cluster's dump lacks the
/// logs of thousands of pods, each for the same reason. `missing` is sorted.
fn grouped(missing: &[&str]) -> Vec<Told> {
    /// What the source is, and why it is missing.
    fn sort(text: &str) -> Option<(&str, &str)> {
        let (source, reason) = text.split_once(": ")?;
        let (sort, _) = source.rsplit_once(' ')?;
        Some((sort, reason))
    }
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for text in missing {
        if let Some(sort) = sort(text) {
            *counts.entry(sort).or_default() += 1;
        }
    }
    let told = |first: &str, text: String| {
        let first = first.to_owned();
        Some(Told { first, text })
    };
    missing
        .iter()
        .filter_map(|text| {
            let Some((source, reason)) = text.split_once(": ") else {
                return told(text, (*text).to_owned());
            };
            match sort(text).and_then(|sort| counts.get_mut(&sort)) {
                // Its sort has been said.
                Some(0) => None,
                Some(count) if *count > MAX_NAMED => {
                    let others = std::mem::take(count) - 1;
                    told(text, format!("{source} and {others} others: {reason}"))
                }
                _ => told(text, (*text).to_owned()),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(missing: &[&str]) -> Vec<String> {
        grouped(missing).into_iter().map(|told| told.text).collect()
    }

    #[test]
    fn many_sources_missing_for_one_reason_are_one_text() {
        let mut missing: Vec<String> = (0..50)
            .map(|pod| log_of("app", &format!("web-{pod:02}")))
            .collect();
        missing.push("Lease: refused (forbidden)".to_owned());
        missing.push("journal of node-a: not collected".to_owned());
        missing.push("without a colon".to_owned());
        missing.sort();
        let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
        assert_eq!(
            texts(&missing),
            [
                "Lease: refused (forbidden)",
                "journal of node-a: not collected",
                "log of container app in pod web-00 and 49 others: not collected",
                "without a colon",
            ]
        );
    }

    #[test]
    fn a_few_are_named() {
        let few: Vec<String> = (0..MAX_NAMED)
            .map(|node| format!("journal of node-{node}: not collected"))
            .collect();
        let few: Vec<&str> = few.iter().map(String::as_str).collect();
        assert_eq!(texts(&few), few);
    }

    proptest! {
        #[test]
        fn logs_are_told_like_words(
            // None begins another, and all are such as Kubernetes takes.
            logs in prop::collection::btree_set(("[ab]", "[a-c.-]{3}"), 0..40),
        ) {
            let mut all: Vec<String> = logs.iter().map(|(name, pod)| log_of(name, pod)).collect();
            all.sort();
            all.dedup();
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            let mut words = Vec::new();
            let logs = logs.iter().map(|(name, pod)| (name.as_str(), || pod.as_str()));
            let mut told = tell_logs(logs, &mut words);
            words.sort();
            words.dedup();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            told.extend(grouped(&words));
            told.sort();
            prop_assert_eq!(told, grouped(&all));
        }
    }
}
