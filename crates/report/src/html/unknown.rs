//! What could not be checked, for the page: rules that lack the same are one entry.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{Report, Unknown};

/// Steps that an entry for several rules names; each rule has its own.
const COLLECT: usize = 3;

/// Rules that lack the same.
#[derive(Serialize)]
pub(super) struct Undecided<'a> {
    missing: &'a [String],
    /// What most of the rules ask for, the most wanted first.
    collect: Vec<&'a str>,
    rules: Vec<&'a Unknown>,
}

/// What lacks for most rules comes first.
pub(super) fn undecided(report: &Report) -> Vec<Undecided<'_>> {
    let mut groups: Vec<Undecided<'_>> = Vec::new();
    let mut known: BTreeMap<&[String], usize> = BTreeMap::new();
    for unknown in &report.unknown {
        let missing = unknown.missing.as_slice();
        let at = *known.entry(missing).or_insert(groups.len());
        match groups.get_mut(at).filter(|_| !missing.is_empty()) {
            Some(group) => group.rules.push(unknown),
            None => groups.push(Undecided {
                missing,
                collect: Vec::new(),
                rules: vec![unknown],
            }),
        }
    }
    for group in &mut groups {
        group.collect = wanted(&group.rules);
    }
    groups.sort_by_key(|group| Reverse(group.rules.len()));
    groups
}

fn wanted<'a>(rules: &[&'a Unknown]) -> Vec<&'a str> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for step in rules.iter().flat_map(|rule| &rule.collect) {
        let at = *known.entry(step).or_insert(counts.len());
        match counts.get_mut(at) {
            Some((_, count)) => *count += 1,
            None => counts.push((step, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| Reverse(*count));
    counts
        .into_iter()
        .take(COLLECT)
        .map(|(step, _)| step)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_lack_the_same_are_one_entry() {
        let unknown = |rule: &str, missing: &[&str], collect: &[&str]| Unknown {
            rule: rule.into(),
            missing: missing.iter().map(|it| (*it).to_owned()).collect(),
            collect: collect.iter().map(|it| (*it).to_owned()).collect(),
            ..Unknown::default()
        };
        let report = Report {
            unknown: vec![
                unknown("a", &["logs"], &["x"]),
                unknown("b", &["pods"], &["y", "z"]),
                unknown("c", &["pods"], &["z"]),
                unknown("d", &[], &[]),
                unknown("e", &[], &[]),
            ],
            ..Report::default()
        };
        let groups = undecided(&report);
        let sizes: Vec<usize> = groups.iter().map(|it| it.rules.len()).collect();
        assert_eq!(sizes, [2, 1, 1, 1]);
        assert_eq!(groups[0].collect, ["z", "y"]);
    }
}
