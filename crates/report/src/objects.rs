//! The objects that an incident is about: which ones get a page, what of their captured text is quoted, what they touch.

use std::collections::{BTreeMap, BTreeSet};

use coldcase_diagnosis::Diagnosis;
use coldcase_facts::{Cite, Entity, EntityId, Facts, Identity};
use coldcase_rules::{Evaluation, Role, RuleSet};
use coldcase_snapshot::packed::View;
use rayon::prelude::*;

use crate::assemble::{Quotes, subject};
use crate::model::{Object, ObjectPart, Related, Subject};

/// Objects with a page; an incident with more is read by workload.
const OBJECTS: usize = 200;
/// Lines quoted of one part of an object.
const LINES: u32 = 40;
/// Objects listed for one relation, and for all.
const EACH: usize = 8;
const RELATED: usize = 32;

/// Relations that lead to objects people look at next, in the order in which they would.
const RELATIONS: [&str; 17] = [
    "owner",
    "workload",
    "replicaset",
    "pod",
    "node",
    "service",
    "ingress",
    "claim",
    "volume",
    "class",
    "attachment",
    "config",
    "policy",
    "quota",
    "hpa",
    "pdb",
    "lease",
];

/// Pages of the objects that causes, failing workloads, symptoms and changes name, in that order.
pub(crate) fn objects(
    rules: &RuleSet,
    evaluation: &Evaluation<'_, '_>,
    diagnosis: &Diagnosis,
    quotes: &mut Quotes,
) -> Vec<Object> {
    let facts = evaluation.facts();
    let named: BTreeSet<&Identity> = evaluation.findings.iter().map(|it| &it.subject).collect();
    let around = |identity: &Identity| {
        let entity = facts.object(&identity.kind, &identity.namespace, &identity.name);
        let related = entity.map_or_else(Default::default, |id| related(facts, id, &named));
        (entity, related)
    };
    let chosen = chosen(rules, evaluation, diagnosis);
    let around: Vec<_> = chosen.par_iter().map(around).collect();
    let pages = chosen.iter().zip(around);
    pages
        .map(|(identity, (entity, (related, more_related)))| Object {
            subject: subject(identity),
            parts: entity.map_or_else(Vec::new, |id| parts(facts.get(id), quotes)),
            related,
            more_related,
        })
        .collect()
}

/// Every object once, the most important first.
fn chosen(
    rules: &RuleSet,
    evaluation: &Evaluation<'_, '_>,
    diagnosis: &Diagnosis,
) -> Vec<Identity> {
    let mut found: Vec<Identity> = Vec::new();
    let mut known: BTreeSet<Identity> = BTreeSet::new();
    let mut add = |identity: &Identity| {
        if found.len() < OBJECTS && !identity.name.is_empty() && known.insert(identity.clone()) {
            found.push(identity.clone());
        }
    };
    for cause in &diagnosis.causes {
        let indexes = std::iter::once(&cause.finding)
            .chain(&cause.triggers)
            .chain(&cause.members);
        for finding in indexes.filter_map(|index| evaluation.findings.get(*index)) {
            add(&finding.subject);
            for (_, id) in &finding.related {
                add(&evaluation.entity(*id).subject);
            }
        }
    }
    diagnosis.blasts.iter().for_each(|it| add(&it.subject));
    diagnosis
        .exonerations
        .iter()
        .for_each(|it| add(&it.subject));
    let mut symptoms: Vec<_> = evaluation
        .findings
        .iter()
        .zip(&diagnosis.judged)
        .filter(|(finding, _)| {
            let role = rules.rules.get(finding.rule).map(|rule| rule.role);
            role.is_some_and(|role| role != Role::Risk)
        })
        .collect();
    symptoms.sort_by(|(_, a), (_, b)| (b.severity, &a.id).cmp(&(a.severity, &b.id)));
    for (finding, _) in symptoms {
        add(&finding.subject);
    }
    diagnosis.changes.iter().for_each(|it| add(&it.subject));
    found
}

/// The quoted parts: what was asked for and what became of it; never what a Secret holds.
fn parts(entity: &Entity<'_>, quotes: &mut Quotes) -> Vec<ObjectPart> {
    let Some(file) = entity.file.filter(|_| entity.subject.kind != "Secret") else {
        return Vec::new();
    };
    let mut taken: BTreeSet<u32> = BTreeSet::new();
    let mut part = |name: String, (line, end): (u32, u32)| {
        if line == 0 || !taken.insert(line) {
            return None;
        }
        let last = end.clamp(line, line.saturating_add(LINES - 1));
        let cite = Cite {
            file,
            line,
            end_line: last,
        };
        Some(ObjectPart {
            name,
            evidence: quotes.ids(&[cite]).pop()?,
            goes_on: end > last,
        })
    };
    let mut found: Vec<ObjectPart> = Vec::new();
    for path in paths(entity) {
        let node = entity.root().and_then(|root| root.at(path));
        found.extend(node.and_then(|node| part(path.join("."), lines(node))));
    }
    if found.is_empty()
        && let Some(place) = entity.place()
    {
        found.extend(part("name".to_owned(), (place.line, place.end_line)));
    }
    found
}

/// Where to look in an object: `spec` and `status`, of a long status what people look for in it.
fn paths(entity: &Entity<'_>) -> Vec<&'static [&'static str]> {
    const LONG: [&[&str]; 5] = [
        &["status", "conditions"],
        &["status", "initContainerStatuses"],
        &["status", "containerStatuses"],
        &["status", "phase"],
        &["status", "nodeInfo"],
    ];
    if entity.subject.kind == "ConfigMap" {
        return vec![&["data"]];
    }
    let at = |path: &[&str]| entity.root().and_then(|root| root.at(path)).map(lines);
    let long = at(&["status"]).is_some_and(|(line, end)| end - line >= LINES);
    let mut paths: Vec<&[&str]> = vec![&["spec"]];
    paths.extend(LONG.into_iter().filter(|path| long && at(path).is_some()));
    if paths.len() == 1 {
        paths.push(&["status"]);
    }
    paths
}

/// First and last line of a tree; (0, 0) for one that nobody wrote.
fn lines(node: View<'_>) -> (u32, u32) {
    let (mut first, mut last) = (u32::MAX, 0);
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if node.line() > 0 {
            first = first.min(node.line());
            last = last.max(node.end_line());
        }
        open.extend(node.items());
        open.extend(node.entries().iter().map(|(_, node)| node));
    }
    if last == 0 { (0, 0) } else { (first, last) }
}

/// What it touches, objects with findings first, and how many more there are.
fn related(
    facts: &Facts<'_>,
    from: EntityId,
    named: &BTreeSet<&Identity>,
) -> (Vec<Related>, usize) {
    let own = &facts.get(from).subject;
    let mut seen: BTreeSet<&Identity> = BTreeSet::from([own]);
    let mut found = Vec::new();
    let mut more = 0;
    for noun in RELATIONS {
        let mut others: Vec<&Identity> = facts
            .related(noun, from)
            .ids
            .into_iter()
            .map(|id| &facts.get(id).subject)
            .filter(|identity| seen.insert(identity))
            .collect();
        others.sort_by_key(|identity| !named.contains(identity));
        let room = EACH.min(RELATED.saturating_sub(found.len()));
        more += others.len().saturating_sub(room);
        found.extend(others.into_iter().take(room).map(|identity| Related {
            subject: subject(identity),
            role: noun.to_owned(),
        }));
    }
    (found, more)
}

/// The workload of a finding's subject, where that is another object.
pub(crate) fn owners(evaluation: &Evaluation<'_, '_>) -> BTreeMap<Identity, Subject> {
    let facts = evaluation.facts();
    let mut owners = BTreeMap::new();
    for finding in &evaluation.findings {
        let own = &finding.subject;
        let owned = ["Pod", "ReplicaSet", "Job"].contains(&own.kind.as_str());
        if !owned || owners.contains_key(own) {
            continue;
        }
        let workload = facts
            .object(&own.kind, &own.namespace, &own.name)
            .and_then(|id| facts.related("workload", id).ids.into_iter().next())
            .map(|id| &facts.get(id).subject)
            .filter(|identity| *identity != own);
        if let Some(workload) = workload {
            owners.insert(own.clone(), subject(workload));
        }
    }
    owners
}
