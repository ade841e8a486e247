//! Doubts a firm answer that may be the middle of a chain: what lies behind it could not be checked, or another cause explains as much.

use std::collections::{BTreeMap, BTreeSet};

use coldcase_facts::Facts;
use coldcase_rules::{Along, Confidence, Role, Rule};

use crate::{Ranked, rank::Context, scope::Scope, weights};

/// Takes a firm answer back to "likely" where it may not be the first that broke. What was seen stays true; that
/// nothing lies behind it is what the word no longer says.
pub(crate) fn doubt(context: &Context<'_, '_, '_>, ranked: &mut [Ranked]) {
    let explainers = explainers(context, ranked);
    let files = node_files(context.facts);
    let doubts: Vec<Option<String>> = (0..ranked.len())
        .map(|at| {
            let cause = &ranked[at];
            let rule = &context.rules.rules[context.evaluation.findings[cause.finding].rule];
            if cause.confidence != Confidence::Firm || rule.role != Role::Cause {
                return None;
            }
            unchecked(context, cause, rule)
                .or_else(|| hole(context, cause, rule, &files))
                .or_else(|| several(context, cause))
                .or_else(|| rival(context, ranked, at, &explainers))
        })
        .collect();
    for (cause, doubt) in ranked.iter_mut().zip(doubts) {
        if let Some(text) = doubt {
            cause.confidence = Confidence::Likely;
            cause.add(text, 0);
        }
    }
}

/// Rules of causes that would explain a rule.
fn deeper<'r>(
    context: &'r Context<'_, '_, '_>,
    rule: &'r Rule,
) -> impl Iterator<Item = (usize, &'r Rule, Along)> {
    context
        .rules
        .rules
        .iter()
        .enumerate()
        .filter(|(_, other)| other.role == Role::Cause && other.confidence > Confidence::Possible)
        .filter_map(|(index, other)| {
            let edge = other.explains.iter().find(|edge| edge.rule == rule.id)?;
            Some((index, other, edge.along))
        })
}

/// A rule that would explain it and could not be decided.
fn unchecked(context: &Context<'_, '_, '_>, cause: &Ranked, rule: &Rule) -> Option<String> {
    let scope = &context.scopes[cause.finding];
    deeper(context, rule).find_map(|(index, other, _)| {
        let unknown = context
            .evaluation
            .unknown
            .iter()
            .find(|unknown| unknown.rule == index)?;
        let ours = unknown.subjects.is_empty()
            || unknown.subjects.iter().any(|id| {
                concerns(
                    context.facts,
                    scope,
                    &context.evaluation.entity(*id).subject,
                )
            });
        let missing = unknown.missing.first().filter(|_| ours)?;
        Some(format!(
            "whether {} lies behind it could not be checked ({missing})",
            other.id
        ))
    })
}

/// Whether an object is among what a finding touches.
fn concerns(facts: &Facts<'_>, scope: &Scope, subject: &coldcase_facts::Identity) -> bool {
    scope.workloads.contains(subject)
        || scope.claims.contains(subject)
        || scope.services.contains(subject)
        || scope.configs.contains(subject)
        || subject.kind == "Node"
            && (scope.nodes.contains(&*subject.name) || scope.pod_nodes.contains(&*subject.name))
        || scope
            .pods
            .iter()
            .any(|pod| facts.get(*pod).subject == *subject)
}

/// A file that was taken of every other node of its kind and not of its own, where a fault of that node would
/// explain it. One other node is no custom: it may be the one that was looked at by hand.
fn hole(
    context: &Context<'_, '_, '_>,
    cause: &Ranked,
    rule: &Rule,
    files: &BTreeMap<String, BTreeSet<&str>>,
) -> Option<String> {
    let scope = &context.scopes[cause.finding];
    let below = deeper(context, rule)
        .any(|(_, other, _)| matches!(other.layer.as_str(), "node" | "pressure"));
    if !below {
        return None;
    }
    let manages = |node: &str| {
        let id = context.facts.object("Node", "", node)?;
        Some(context.facts.get(id).field("controlPlane")?.as_bool() == Some(true))
    };
    // What has no node yet may wait for any of them.
    let anywhere = scope.nodes.is_empty() && scope.pod_nodes.is_empty();
    let own = scope.nodes.iter().chain(&scope.pod_nodes);
    let all = files.keys().filter(|_| anywhere);
    own.chain(all).find_map(|node| {
        let own = files.get(node)?;
        let others: Vec<&BTreeSet<&str>> = files
            .iter()
            .filter(|(other, _)| *other != node && manages(other) == manages(node))
            .map(|(_, files)| files)
            .collect();
        let name = others
            .first()
            .filter(|_| others.len() > 1)?
            .iter()
            .find(|name| !own.contains(*name) && others.iter().all(|it| it.contains(*name)))?;
        Some(format!(
            "what lies behind it on node {node} could not be checked: every other node like it has a {name}"
        ))
    })
}

/// The scheduler's own words instead of the nodes, and in them several obstacles: which of them could have been met
/// is not in the words.
fn several(context: &Context<'_, '_, '_>, cause: &Ranked) -> Option<String> {
    const OBSTACLES: [&str; 5] = [
        "tainted",
        "insufficientCpu",
        "insufficientMemory",
        "insufficientPods",
        "insufficientOther",
    ];
    // Nodes that only pods or hosts name say nothing of what they have room for.
    if context.facts.collected("Node") {
        return None;
    }
    let finding = &context.evaluation.findings[cause.finding];
    let fit = finding
        .rows
        .iter()
        .flat_map(coldcase_rules::Row::all)
        .map(|bound| context.evaluation.entity(bound.id))
        .find(|entity| entity.kind == "NodeFit")?;
    let met = OBSTACLES
        .iter()
        .filter(|field| fit.int_at(&[**field]).unwrap_or(0) > 0)
        .count();
    (met > 1).then(|| {
        "the scheduler names several obstacles, of different nodes, and the nodes were not captured"
            .to_owned()
    })
}

/// Names of the files that were taken of each node.
fn node_files<'f>(facts: &Facts<'f>) -> BTreeMap<String, BTreeSet<&'f str>> {
    let snapshot = facts.snapshot;
    let mut files: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let journals = snapshot
        .journals
        .iter()
        .flat_map(|journal| journal.nodes.iter().map(|node| (node, journal.file)));
    let reports = snapshot.hosts.iter().map(|host| (&host.node, host.file));
    for (node, file) in journals.chain(reports) {
        if !node.is_empty() {
            let name = snapshot.bundle.file(file).name();
            files.entry(node.clone()).or_default().insert(name);
        }
    }
    files
}

/// For each finding the causes that explain it, by their place.
fn explainers(context: &Context<'_, '_, '_>, ranked: &[Ranked]) -> BTreeMap<usize, Vec<usize>> {
    let mut found: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, cause) in ranked.iter().enumerate() {
        let rule = context.evaluation.findings[cause.finding].rule;
        if context.rules.rules[rule].role == Role::Cause {
            for effect in &cause.explains {
                found.entry(*effect).or_default().push(at);
            }
        }
    }
    found
}

/// Another cause of the same symptoms with nearly as many points.
fn rival(
    context: &Context<'_, '_, '_>,
    ranked: &[Ranked],
    at: usize,
    explainers: &BTreeMap<usize, Vec<usize>>,
) -> Option<String> {
    let cause = &ranked[at];
    cause
        .explains
        .iter()
        .filter_map(|effect| explainers.get(effect))
        .flatten()
        .copied()
        .filter(|other| *other != at)
        .filter(|other| (cause.points - ranked[*other].points).abs() <= weights::NEAR)
        .min()
        .map(|other| {
            format!(
                "another cause explains the same and ranks as high: {}",
                ranked[other].title(context.evaluation)
            )
        })
}
