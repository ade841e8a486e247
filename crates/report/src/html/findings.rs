//! Findings for the page: by layer, one row for what one rule found of one workload; risks and hygiene apart.

use std::collections::BTreeMap;

use serde::Serialize;

use super::anchor;
use crate::index::{layer_rank, severity_rank};
use crate::model::{Finding, Report, Subject};

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

/// What one rule found of one workload.
#[derive(Serialize)]
struct Group<'a> {
    first: &'a Finding,
    owner: &'a Subject,
    /// All of them where there are several, the first one too.
    members: Vec<&'a Finding>,
    states: Vec<&'a str>,
    explained_by: Vec<&'a str>,
    first_seen: Option<&'a str>,
    last_seen: Option<&'a str>,
}

/// Short forms by finding id.
pub(super) fn known(report: &Report) -> BTreeMap<&str, Known<'_>> {
    let findings = report.findings.iter();
    findings
        .map(|f| {
            (
                f.id.as_str(),
                Known {
                    anchor: anchor(&f.id),
                    title: &f.title,
                },
            )
        })
        .collect()
}

/// Layers in lane order, the gravest first; hygiene after them.
pub(super) fn findings<'a>(report: &'a Report) -> Findings<'a> {
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
            pressing: grouped(pressing),
            healed: grouped(healed),
        }
    };
    Findings {
        total: report.findings.len(),
        layers: layers.into_iter().map(layer).collect(),
        hygiene_count: hygiene.len(),
        hygiene: grouped(hygiene),
    }
}

/// Risks, and what is not worth more than a note, are not part of an incident.
fn is_hygiene(finding: &Finding) -> bool {
    severity_rank(&finding.severity) >= 3 || finding.role == "risk"
}

/// One group for each rule and workload, in the order of their first findings.
fn grouped(findings: Vec<&Finding>) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut at: BTreeMap<(&str, &Subject), usize> = BTreeMap::new();
    for finding in findings {
        let owner = finding.owner.as_ref().unwrap_or(&finding.subject);
        let position = *at
            .entry((finding.rule.as_str(), owner))
            .or_insert(groups.len());
        if position == groups.len() {
            groups.push(Group {
                first: finding,
                owner,
                members: Vec::new(),
                states: Vec::new(),
                explained_by: Vec::new(),
                first_seen: None,
                last_seen: None,
            });
        }
        if let Some(group) = groups.get_mut(position) {
            group.members.push(finding);
        }
    }
    groups.iter_mut().for_each(settle);
    groups
}

/// What a group's row says of its members.
fn settle(group: &mut Group<'_>) {
    let mut states: Vec<&str> = Vec::new();
    let mut causes: Vec<&str> = Vec::new();
    for member in &group.members {
        if !states.contains(&member.state.as_str()) {
            states.push(&member.state);
        }
        for id in &member.explained_by {
            if !causes.contains(&id.as_str()) {
                causes.push(id);
            }
        }
    }
    group.states = states;
    group.explained_by = causes;
    let first = group.members.iter().filter_map(|f| f.first_seen.as_deref());
    group.first_seen = first.min();
    let last = group.members.iter().filter_map(|f| f.last_seen.as_deref());
    group.last_seen = last.max();
    if group.members.len() < 2 {
        group.members.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hygiene_stands_apart() {
        let report = crate::fixture::kube_proxy_oom();
        let found = findings(&report);
        let names: Vec<&str> = found.layers.iter().map(|l| l.name).collect();
        assert_eq!(names, ["network", "workload"]);
        let apart = report.findings.iter().filter(|f| is_hygiene(f)).count();
        assert_eq!(found.hygiene_count, apart);
        assert_eq!(known(&report).len(), report.findings.len());
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
        let found = findings(&report);
        assert_eq!(found.layers.len(), 1);
        assert_eq!(found.layers[0].pressing.len(), 1);
        assert_eq!(found.layers[0].pressing[0].members.len(), 50);
        assert_eq!(found.layers[0].pressing[0].owner, &owner);
    }
}
