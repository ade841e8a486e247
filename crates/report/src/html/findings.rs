//! Findings for the page: by layer, one row for what one rule found of one workload; risks and hygiene apart.
//!
//! A page is read by people: what a rule found of very many workloads is one row, which names some of
//! them. References to the others lead to the row.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::anchor;
use crate::index::{layer_rank, severity_rank};
use crate::model::{Cause, Finding, Report, Subject};

/// Workloads that a rule has rows of their own for in one list; of more, they share one row.
const OF_RULE: usize = 50;
/// Findings that one row names; the JSON report has the others.
const MEMBERS: usize = 100;
/// Causes that one row names.
const CAUSES: usize = 6;

/// What a reference to a finding shows.
#[derive(Serialize)]
pub(super) struct Known<'a> {
    anchor: String,
    title: &'a str,
}

/// All findings.
#[derive(Default, Serialize)]
pub(super) struct Findings<'a> {
    layers: Vec<Layer<'a>>,
    hygiene: Vec<Group<'a>>,
    hygiene_count: usize,
    total: usize,
}

/// One layer's findings.
#[derive(Serialize)]
struct Layer<'a> {
    name: &'a str,
    count: usize,
    pressing: Vec<Group<'a>>,
    healed: Vec<Group<'a>>,
    healed_count: usize,
}

/// What one rule found of one workload, or of very many.
#[derive(Serialize)]
struct Group<'a> {
    first: &'a Finding,
    /// Where it is one.
    owner: Option<&'a Subject>,
    owners: usize,
    /// Where there are several, the first one too.
    members: Vec<&'a Finding>,
    more_members: usize,
    /// The others, whose anchor is the row's.
    #[serde(skip)]
    unnamed: Vec<&'a Finding>,
    states: Vec<&'a str>,
    explained_by: Vec<&'a str>,
    more_explained_by: usize,
    first_seen: Option<&'a str>,
    last_seen: Option<&'a str>,
}

impl<'a> Findings<'a> {
    /// All rows.
    fn groups(&self) -> impl Iterator<Item = &Group<'a>> {
        let layers = self.layers.iter();
        let rows = layers.flat_map(|layer| layer.pressing.iter().chain(&layer.healed));
        rows.chain(&self.hygiene)
    }

    /// The findings that the page names: what they cite has to be in it.
    pub(super) fn named(&self) -> impl Iterator<Item = &'a Finding> {
        let own = self.groups().filter(|group| group.members.is_empty());
        let members = self
            .groups()
            .flat_map(|group| group.members.iter().copied());
        own.map(|group| group.first).chain(members)
    }
}

/// The anchor of a row for several findings.
fn row_anchor(group: &Group<'_>) -> String {
    format!("all-{}", anchor(&group.first.id))
}

/// Short forms by finding id.
pub(super) fn known<'a>(report: &'a Report, told: &Findings<'a>) -> BTreeMap<&'a str, Known<'a>> {
    let mut rows: BTreeMap<&str, String> = BTreeMap::new();
    for group in told.groups() {
        let unnamed = group.unnamed.iter().map(|f| f.id.as_str());
        rows.extend(unnamed.map(|id| (id, row_anchor(group))));
    }
    let findings = report.findings.iter();
    let known = findings.map(|f| {
        let own = || format!("finding-{}", anchor(&f.id));
        let known = Known {
            anchor: rows.remove(f.id.as_str()).unwrap_or_else(own),
            title: &f.title,
        };
        (f.id.as_str(), known)
    });
    known.collect()
}

/// Layers in lane order, the gravest first; hygiene after them. `causes` are those that the page tells in full.
pub(super) fn findings<'a>(report: &'a Report, causes: &[Cause]) -> Findings<'a> {
    let leading: BTreeSet<&str> = causes.iter().map(|it| it.finding.as_str()).collect();
    let mut sorted: Vec<&'a Finding> = report.findings.iter().collect();
    sorted.sort_by_key(|f| {
        (
            layer_rank(&f.layer),
            f.layer.as_str(),
            severity_rank(&f.severity),
        )
    });
    let (hygiene, incident): (Vec<_>, Vec<_>) = sorted.into_iter().partition(|f| is_hygiene(f));
    let mut layers: Vec<(&'a str, Vec<&'a Finding>)> = Vec::new();
    for finding in incident {
        match layers.last_mut() {
            Some((name, list)) if *name == finding.layer => list.push(finding),
            _ => layers.push((&finding.layer, vec![finding])),
        }
    }
    let layer = |(name, list): (&'a str, Vec<&'a Finding>)| {
        let count = list.len();
        let (healed, pressing): (Vec<_>, Vec<_>) =
            list.into_iter().partition(|f| f.state == "past");
        Layer {
            name,
            count,
            healed_count: healed.len(),
            pressing: grouped(pressing, &leading),
            healed: grouped(healed, &leading),
        }
    };
    Findings {
        total: report.findings.len(),
        layers: layers.into_iter().map(layer).collect(),
        hygiene_count: hygiene.len(),
        hygiene: grouped(hygiene, &leading),
    }
}

/// Risks, and what is not worth more than a note, are not part of an incident.
fn is_hygiene(finding: &Finding) -> bool {
    severity_rank(&finding.severity) >= 3 || finding.role == "risk"
}

/// One group for each rule and workload, or for each rule that has very many, in the order of their first findings.
fn grouped<'a>(findings: Vec<&'a Finding>, leading: &BTreeSet<&str>) -> Vec<Group<'a>> {
    let mut owners: BTreeMap<&str, BTreeSet<&Subject>> = BTreeMap::new();
    for finding in &findings {
        owners
            .entry(&finding.rule)
            .or_default()
            .insert(owner(finding));
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut at: BTreeMap<(&str, Option<&Subject>), usize> = BTreeMap::new();
    for finding in findings {
        let all = owners.get(finding.rule.as_str()).map_or(0, BTreeSet::len);
        let own = (all <= OF_RULE).then(|| owner(finding));
        let position = *at
            .entry((finding.rule.as_str(), own))
            .or_insert(groups.len());
        if position == groups.len() {
            groups.push(Group {
                first: finding,
                owner: own,
                owners: if own.is_some() { 1 } else { all },
                members: Vec::new(),
                more_members: 0,
                unnamed: Vec::new(),
                states: Vec::new(),
                explained_by: Vec::new(),
                more_explained_by: 0,
                first_seen: None,
                last_seen: None,
            });
        }
        if let Some(group) = groups.get_mut(position) {
            group.members.push(finding);
        }
    }
    for group in &mut groups {
        settle(group, leading);
    }
    groups
}

fn owner(finding: &Finding) -> &Subject {
    finding.owner.as_ref().unwrap_or(&finding.subject)
}

/// What a group's row says of its members.
fn settle(group: &mut Group<'_>, leading: &BTreeSet<&str>) {
    let mut states: Vec<&str> = Vec::new();
    let mut causes: Vec<&str> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for member in &group.members {
        if !states.contains(&member.state.as_str()) {
            states.push(&member.state);
        }
        let ids = member.explained_by.iter().map(String::as_str);
        causes.extend(ids.filter(|id| seen.insert(id)));
    }
    group.more_explained_by = causes.len().saturating_sub(CAUSES);
    causes.truncate(CAUSES);
    group.states = states;
    group.explained_by = causes;
    let first = group.members.iter().filter_map(|f| f.first_seen.as_deref());
    group.first_seen = first.min();
    let last = group.members.iter().filter_map(|f| f.last_seen.as_deref());
    group.last_seen = last.max();
    if group.members.len() < 2 {
        group.members.clear();
    }
    if group.members.len() > MEMBERS {
        // The causes that are told in full lead to their findings.
        let leads = |f: &&Finding| leading.contains(f.id.as_str());
        group.members.sort_by_key(|f| !leads(f));
        group.unnamed = group.members.split_off(MEMBERS);
        group.more_members = group.unnamed.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hygiene_stands_apart() {
        let report = crate::fixture::kube_proxy_oom();
        let found = findings(&report, &report.causes);
        let names: Vec<&str> = found.layers.iter().map(|l| l.name).collect();
        assert_eq!(names, ["network", "workload"]);
        let apart = report.findings.iter().filter(|f| is_hygiene(f)).count();
        assert_eq!(found.hygiene_count, apart);
        assert_eq!(known(&report, &found).len(), report.findings.len());
    }

    #[test]
    fn a_workload_is_one_row() {
        let mut report = crate::fixture::kube_proxy_oom();
        let crash = report
            .findings
            .iter()
            .find(|f| f.rule == "crash-loop")
            .cloned()
            .unwrap();
        let owner = Subject {
            kind: "Deployment".into(),
            namespace: Some("payments".into()),
            name: "payment-service".into(),
        };
        report.findings = (0..50)
            .map(|n| {
                let mut finding = crash.clone();
                finding.id = format!("crash-{n}");
                finding.subject.name = format!("pod-{n}");
                finding.owner = Some(owner.clone());
                finding
            })
            .collect();
        let found = findings(&report, &report.causes);
        assert_eq!(found.layers.len(), 1);
        assert_eq!(found.layers[0].pressing.len(), 1);
        assert_eq!(found.layers[0].pressing[0].members.len(), 50);
        assert_eq!(found.layers[0].pressing[0].owner, Some(&owner));
    }

    #[test]
    fn very_many_workloads_of_a_rule_are_one_row() {
        let mut report = crate::fixture::kube_proxy_oom();
        let crash = report.findings.iter().find(|f| f.rule == "crash-loop");
        let crash = crash.cloned().unwrap();
        let finding = |n: usize| {
            let mut finding = crash.clone();
            finding.id = format!("crash-{n:04}");
            finding.subject.name = format!("pod-{n}");
            finding
        };
        report.findings = (0..1_000).map(finding).collect();
        let mut cause = report.causes[0].clone();
        cause.finding = "crash-0999".into();
        let found = findings(&report, &[cause]);
        let row = &found.layers[0].pressing[0];
        assert_eq!(found.layers[0].pressing.len(), 1);
        assert_eq!((row.owner, row.owners), (None, 1_000));
        assert_eq!((row.members.len(), row.more_members), (MEMBERS, 900));
        assert_eq!(found.named().count(), MEMBERS);
        let known = known(&report, &found);
        assert_eq!(known["crash-0999"].anchor, "finding-crash-0999");
        assert_eq!(known["crash-0500"].anchor, "all-crash-0000");
    }
}
