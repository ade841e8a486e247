//! Steps over rows: binds entities, asks conditions with three values, and remembers what was read.

use std::collections::BTreeMap;

use coldcase_facts::{Cite, Entity, EntityId, Facts};
use coldcase_snapshot::{coverage::Status, node::Node, stamp};
use jiff::Timestamp;

use crate::{
    lines::Lines,
    rule::{Count, From, Step, Verb},
    values::{resolve, seconds_between},
};

/// Facts and the lines that patterns hit, as one numbering.
pub struct World<'f, 's> {
    /// The facts.
    pub facts: &'f Facts<'s>,
    pub(crate) lines: &'f Lines<'s>,
}

/// An entity bound to a slot, with the captures of the patterns it matched there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The entity.
    pub id: EntityId,
    /// Named captures.
    pub captures: Vec<(String, String)>,
}

/// One set of bound entities and the places that were read to bind them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    slots: Vec<Option<Bound>>,
    /// What was read, in order.
    pub cites: Vec<Cite>,
}

/// A row that could not be decided.
#[derive(Debug, Clone)]
pub(crate) struct Undecided {
    pub row: Row,
    pub missing: String,
}

/// Rows that passed and rows that could not be decided.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub rows: Vec<Row>,
    pub undecided: Vec<Undecided>,
}

/// Rows beyond this are one finding told too often; the first are kept.
const MAX_ROWS: usize = 20_000;
/// Places kept for one row.
const MAX_CITES: usize = 12;

impl Row {
    /// What a slot holds.
    pub fn bound(&self, slot: usize) -> Option<&Bound> {
        self.slots.get(slot).and_then(Option::as_ref)
    }

    fn bind(&self, slot: usize, bound: Option<Bound>, cites: &[Cite]) -> Self {
        let mut row = self.clone();
        if row.slots.len() <= slot {
            row.slots.resize(slot + 1, None);
        }
        if let Some(place) = row.slots.get_mut(slot) {
            *place = bound;
        }
        row.having_read(cites)
    }

    fn having_read(mut self, cites: &[Cite]) -> Self {
        for cite in cites {
            if self.cites.len() < MAX_CITES && !self.cites.contains(cite) {
                self.cites.push(*cite);
            }
        }
        self
    }
}

/// Entities that a step looks at, and what may be missing among them.
struct Candidates {
    ids: Vec<EntityId>,
    total: u64,
    missing: Option<String>,
}

/// An entity that passed a step's conditions.
struct Passed {
    bound: Bound,
    cites: Vec<Cite>,
}

impl<'s> World<'_, 's> {
    /// An entity.
    pub fn get(&self, id: EntityId) -> &Entity<'s> {
        let index = id.0 as usize;
        let known = self.facts.entities.len();
        if index < known {
            &self.facts.entities[index]
        } else {
            &self.lines.entities[index - known]
        }
    }

    /// Runs steps from some rows.
    pub(crate) fn run(&self, steps: &[Step], start: Vec<Row>) -> Outcome {
        let mut outcome = Outcome {
            rows: start,
            undecided: Vec::new(),
        };
        for step in steps {
            let mut next = Vec::new();
            for row in std::mem::take(&mut outcome.rows) {
                self.step(step, row, &mut next, &mut outcome.undecided);
                if next.len() > MAX_ROWS {
                    break;
                }
            }
            outcome.rows = next;
            if outcome.rows.is_empty() {
                break;
            }
        }
        outcome
    }

    fn step(&self, step: &Step, row: Row, next: &mut Vec<Row>, undecided: &mut Vec<Undecided>) {
        match step.verb {
            Verb::Any => return self.any(step, &row, next, undecided),
            Verb::Check => {
                if let Some((_, cites)) = self.conditions(&row, &step.conditions, None) {
                    next.push(row.having_read(&cites));
                }
                return;
            }
            _ => {}
        }
        let candidates = self.candidates(step, &row);
        let passed: Vec<Passed> = candidates
            .ids
            .iter()
            .filter_map(|id| self.passes(step, &row, *id))
            .collect();
        match step.verb {
            Verb::Find | Verb::Maybe => {
                if passed.is_empty() {
                    match (step.verb, candidates.missing) {
                        (Verb::Maybe, _) => next.push(row.bind(step.slot, None, &[])),
                        (_, Some(missing)) => undecided.push(Undecided { row, missing }),
                        _ => {}
                    }
                    return;
                }
                next.extend(
                    passed
                        .into_iter()
                        .map(|passed| row.bind(step.slot, Some(passed.bound), &passed.cites)),
                );
            }
            Verb::None => match (passed.is_empty(), candidates.missing) {
                (true, None) => next.push(row),
                (true, Some(missing)) => undecided.push(Undecided { row, missing }),
                (false, _) => {}
            },
            Verb::Count => self.count(step, row, &candidates, passed, next, undecided),
            Verb::Any | Verb::Check => {}
        }
    }

    fn any(&self, step: &Step, row: &Row, next: &mut Vec<Row>, undecided: &mut Vec<Undecided>) {
        let mut open = Vec::new();
        let mut any_found = false;
        for steps in &step.alternatives {
            let outcome = self.run(steps, vec![row.clone()]);
            let found = !outcome.rows.is_empty();
            next.extend(outcome.rows);
            // At the beginning of a rule there is one empty row for the whole cluster: a hit of one
            // alternative must not hide those of the others.
            if found && !row.slots.is_empty() {
                return;
            }
            open.extend(outcome.undecided);
            any_found |= found;
        }
        if any_found {
            return;
        }
        undecided.extend(open.into_iter().take(1).map(|open| Undecided {
            row: row.clone(),
            ..open
        }));
    }

    fn count(
        &self,
        step: &Step,
        row: Row,
        candidates: &Candidates,
        passed: Vec<Passed>,
        next: &mut Vec<Row>,
        undecided: &mut Vec<Undecided>,
    ) {
        let Some(count) = &step.count else { return };
        let number = self.number(count, &row, step, candidates, &passed);
        let text = Node::text(number.to_string());
        let holds = self.matches(&row, &count.is, &[&text]).is_some();
        let mut cites = Vec::new();
        for passed in &passed {
            cites.extend(passed.cites.first().copied());
        }
        cites.truncate(5);
        match (holds, &candidates.missing) {
            (true, _) => {
                let first = passed.into_iter().next().map(|passed| passed.bound);
                next.push(row.bind(step.slot, first, &cites));
            }
            (false, Some(missing)) => undecided.push(Undecided {
                row,
                missing: missing.clone(),
            }),
            (false, None) => {}
        }
    }

    fn number(
        &self,
        count: &Count,
        row: &Row,
        step: &Step,
        candidates: &Candidates,
        passed: &[Passed],
    ) -> f64 {
        let distinct = |passed: &[&Passed]| -> usize {
            let Some(path) = &count.distinct else {
                return passed.len();
            };
            let mut values: Vec<String> = passed
                .iter()
                .flat_map(|p| resolve(self.get(p.bound.id), path))
                .filter_map(|node| node.as_str().map(str::to_owned))
                .collect();
            values.sort_unstable();
            values.dedup();
            values.len()
        };
        let all: Vec<&Passed> = passed.iter().collect();
        let number = match count.in_any {
            // Lines beyond the kept ones passed the pattern too; without further conditions the true count is known.
            None if count.distinct.is_none()
                && step.pattern.is_some()
                && step.conditions.len() == 1 =>
            {
                candidates.total as f64
            }
            None => distinct(&all) as f64,
            Some(window) => self.densest(&all, window, &distinct) as f64,
        };
        match &count.percent_of {
            None => number,
            Some((nouns, slot)) => {
                let base = row
                    .bound(*slot)
                    .map_or(0, |bound| self.chain(nouns, bound.id, None).ids.len());
                if base == 0 {
                    0.0
                } else {
                    number * 100.0 / base as f64
                }
            }
        }
    }

    /// The most (distinct) entities whose times lie within a window of so many seconds.
    fn densest(
        &self,
        passed: &[&Passed],
        window: f64,
        distinct: &dyn Fn(&[&Passed]) -> usize,
    ) -> usize {
        let mut dated: Vec<(Timestamp, &Passed)> = passed
            .iter()
            .filter_map(|passed| {
                let entity = self.get(passed.bound.id);
                let time = ["time", "last", "first"]
                    .iter()
                    .find_map(|field| stamp::rfc3339(entity.str_at(&[field])?))?;
                Some((time, *passed))
            })
            .collect();
        dated.sort_by_key(|(time, passed)| (*time, passed.bound.id));
        let mut best = 0;
        let mut from = 0;
        for to in 0..dated.len() {
            while seconds_between(dated[from].0, dated[to].0) > window {
                from += 1;
            }
            let inside: Vec<&Passed> = dated[from..=to].iter().map(|(_, passed)| *passed).collect();
            best = best.max(distinct(&inside));
        }
        best
    }

    fn candidates(&self, step: &Step, row: &Row) -> Candidates {
        match &step.from {
            From::Kind(kind) => self.all(kind, step.pattern),
            From::Relation(nouns, slot) => match row.bound(*slot) {
                Some(bound) => self.chain(nouns, bound.id, step.pattern),
                None => Candidates {
                    ids: Vec::new(),
                    total: 0,
                    missing: None,
                },
            },
            From::Bound => Candidates {
                ids: Vec::new(),
                total: 0,
                missing: None,
            },
        }
    }

    fn all(&self, kind: &str, pattern: Option<usize>) -> Candidates {
        if let Some(pattern) = pattern {
            let mut found: Vec<(&coldcase_bundle::FileId, &crate::lines::Hits)> = self
                .facts
                .snapshot
                .logs
                .iter()
                .map(|log| &log.file)
                .chain(
                    self.facts
                        .snapshot
                        .journals
                        .iter()
                        .map(|journal| &journal.file),
                )
                .filter_map(|file| Some((file, self.lines.hits.get(&(pattern, *file))?)))
                .collect();
            found.sort_by_key(|(file, _)| **file);
            let none = if kind == "LogLine" {
                self.facts.snapshot.logs.is_empty()
            } else {
                self.facts.snapshot.journals.is_empty()
            };
            let what = if kind == "LogLine" {
                "logs: not collected"
            } else {
                "journals: not collected"
            };
            return Candidates {
                ids: found
                    .iter()
                    .flat_map(|(_, hits)| hits.ids.iter().copied())
                    .collect(),
                total: found.iter().map(|(_, hits)| hits.total).sum(),
                missing: none.then(|| what.to_owned()),
            };
        }
        let ids = self.facts.of_kind(kind).to_vec();
        let missing = sources(kind).iter().find_map(|source| self.missing(source));
        Candidates {
            total: ids.len() as u64,
            ids,
            missing,
        }
    }

    /// Why a source is not there; `None` if it is.
    fn missing(&self, source: &str) -> Option<String> {
        let coverage = &self.facts.snapshot.coverage;
        if source == "Event"
            && self.facts.of_kind("Event").is_empty()
            && !self.facts.of_kind("Pod").is_empty()
        {
            return Some(match coverage.status("Event") {
                Status::Collected => {
                    "events: none left (they expire, by default after one hour)".to_owned()
                }
                _ => coverage.reason("Event"),
            });
        }
        match coverage.status(source) {
            Status::Collected | Status::Truncated => None,
            _ => Some(coverage.reason(source)),
        }
    }

    /// Follows nouns from the last to the first.
    fn chain(&self, nouns: &[&'static str], from: EntityId, pattern: Option<usize>) -> Candidates {
        let mut ids = vec![from];
        let mut total = 1;
        let mut missing = None;
        for noun in nouns.iter().rev() {
            let mut next = Vec::new();
            total = 0;
            for id in &ids {
                let found = self.related(noun, *id, pattern);
                total += found.total;
                next.extend(found.ids);
                missing = missing.or(found.missing);
            }
            next.sort_unstable();
            next.dedup();
            ids = next;
        }
        Candidates {
            ids,
            total,
            missing,
        }
    }

    fn related(&self, noun: &str, from: EntityId, pattern: Option<usize>) -> Candidates {
        match noun {
            "log" => self.log_lines(from, pattern),
            "journal" => self.journal_lines(from, pattern),
            "target" => {
                let ids = self.targets(from);
                Candidates {
                    total: ids.len() as u64,
                    missing: if ids.is_empty() {
                        self.missing("Service")
                    } else {
                        None
                    },
                    ids,
                }
            }
            _ if from.0 as usize >= self.facts.entities.len() => self.through_line(noun, from),
            _ => {
                let related = self.facts.related(noun, from);
                let expired = noun == "event" && related.ids.is_empty();
                let missing = match related.missing {
                    Some(source) if source.contains(' ') => {
                        Some(format!("{source}: not collected"))
                    }
                    Some(source) => self.missing(&source),
                    None if expired => self.missing("Event"),
                    None => None,
                };
                Candidates {
                    total: related.ids.len() as u64,
                    ids: related.ids,
                    missing,
                }
            }
        }
    }

    /// From a line one comes to its pod, container or node, and on from there.
    fn through_line(&self, noun: &str, line: EntityId) -> Candidates {
        let entity = self.get(line);
        let subject = &entity.subject;
        let start = match subject.kind.as_str() {
            "Pod" => self.facts.object("Pod", &subject.namespace, &subject.name),
            "Node" => self.facts.object("Node", "", &subject.name),
            _ => None,
        };
        let Some(start) = start else {
            return Candidates {
                ids: Vec::new(),
                total: 0,
                missing: None,
            };
        };
        let mut found = self.related(noun, start, None);
        if noun == "container" {
            let name = entity.str_at(&["container"]).unwrap_or("").to_owned();
            found.ids.retain(|id| self.get(*id).label == name);
        }
        found
    }

    fn log_lines(&self, from: EntityId, pattern: Option<usize>) -> Candidates {
        let Some(pattern) = pattern else {
            return Candidates {
                ids: Vec::new(),
                total: 0,
                missing: None,
            };
        };
        let entity = self.get(from);
        let container = (entity.kind == "Container").then(|| entity.label.clone());
        let pods: Vec<EntityId> = self.facts.pods(from);
        let mut ids = Vec::new();
        let (mut total, mut seen) = (0, false);
        for pod in &pods {
            let subject = &self.get(*pod).subject;
            let Some(files) = self
                .lines
                .logs
                .get(&(subject.namespace.clone(), subject.name.clone()))
            else {
                continue;
            };
            for log in files
                .iter()
                .filter_map(|index| self.facts.snapshot.logs.get(*index))
            {
                if container
                    .as_ref()
                    .is_some_and(|name| !log.container.is_empty() && log.container != *name)
                {
                    continue;
                }
                seen = true;
                if let Some(hits) = self.lines.hits.get(&(pattern, log.file)) {
                    ids.extend(&hits.ids);
                    total += hits.total;
                }
            }
        }
        let missing = (!seen && !pods.is_empty()).then(|| match &container {
            Some(name) => format!(
                "log of container {name} in pod {}: not collected",
                entity.subject.name
            ),
            None => format!("logs of {}: not collected", entity.label),
        });
        Candidates {
            ids,
            total,
            missing,
        }
    }

    fn journal_lines(&self, from: EntityId, pattern: Option<usize>) -> Candidates {
        let Some(pattern) = pattern else {
            return Candidates {
                ids: Vec::new(),
                total: 0,
                missing: None,
            };
        };
        let nodes = self.facts.related("node", from).ids;
        let mut names: Vec<String> = nodes
            .iter()
            .map(|id| self.get(*id).subject.name.clone())
            .collect();
        if names.is_empty() {
            // The Node object may be missing although the pod says where it ran.
            names = self
                .facts
                .pods(from)
                .iter()
                .filter_map(|pod| {
                    self.get(*pod)
                        .str_at(&["spec", "nodeName"])
                        .map(str::to_owned)
                })
                .collect();
        }
        let mut ids = Vec::new();
        let mut total = 0;
        let mut missing = None;
        for name in names {
            let Some(files) = self.lines.journals.get(&name) else {
                missing = Some(format!("journal of {name}: not collected"));
                continue;
            };
            for journal in files
                .iter()
                .filter_map(|index| self.facts.snapshot.journals.get(*index))
            {
                if let Some(hits) = self.lines.hits.get(&(pattern, journal.file)) {
                    ids.extend(&hits.ids);
                    total += hits.total;
                }
            }
        }
        Candidates {
            ids,
            total,
            missing,
        }
    }

    /// Services that a line's address or host name stands for.
    fn targets(&self, from: EntityId) -> Vec<EntityId> {
        let entity = self.get(from);
        let namespace = entity.subject.namespace.clone();
        let text = entity
            .str_at(&["text"])
            .or_else(|| entity.str_at(&["message"]))
            .or_else(|| entity.str_at(&["lastWords"]))
            .unwrap_or("");
        let mut found = Vec::new();
        for word in text
            .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-')))
            .filter(|word| !word.is_empty())
        {
            let word = word.trim_matches(['.', '-']);
            if word.parse::<std::net::Ipv4Addr>().is_ok() {
                found.extend(
                    self.facts
                        .of_kind("Service")
                        .iter()
                        .filter(|id| self.get(**id).str_at(&["spec", "clusterIP"]) == Some(word)),
                );
                continue;
            }
            let mut parts = word.split('.');
            let (Some(name), space) = (parts.next(), parts.next()) else {
                continue;
            };
            let service = match space {
                None => self.facts.object("Service", &namespace, name),
                Some(space) => self
                    .facts
                    .object("Service", space, name)
                    .filter(|_| parts.next().is_none_or(|part| part == "svc")),
            };
            found.extend(service);
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn passes(&self, step: &Step, row: &Row, id: EntityId) -> Option<Passed> {
        let entity = self.get(id);
        if !step.kinds.is_empty() && !step.kinds.iter().any(|kind| kind == entity.kind) {
            return None;
        }
        let trial = row.bind(
            step.slot,
            Some(Bound {
                id,
                captures: Vec::new(),
            }),
            &[],
        );
        let (captures, mut cites) = self.conditions(&trial, &step.conditions, Some(step.slot))?;
        if matches!(entity.kind, "Event" | "LogLine" | "JournalLine") {
            cites = entity.place().into_iter().collect();
        }
        Some(Passed {
            bound: Bound { id, captures },
            cites,
        })
    }
}

/// Kinds whose lists a kind is made from.
fn sources(kind: &str) -> &'static [&'static str] {
    match kind {
        "Container" | "Workload" | "MissingRef" | "Pod" => &["Pod"],
        "Rollout" => &["ReplicaSet", "Pod"],
        "SelectorMiss" | "PortMiss" => &["Service", "Pod"],
        "NodeFit" => &["Pod", "Node"],
        "DnsBlock" => &["NetworkPolicy", "Pod"],
        "NodeFacts" | "ConfigChange" => &[],
        "Other" => &[],
        other => coldcase_facts::schema::Schema::get()
            .kinds()
            .find(|known| *known == other)
            .map_or(&[], |_| known_source(other)),
    }
}

/// The kind itself, as a static slice.
fn known_source(kind: &str) -> &'static [&'static str] {
    const OWN: &[[&str; 1]] = &[
        ["Node"],
        ["Deployment"],
        ["ReplicaSet"],
        ["StatefulSet"],
        ["DaemonSet"],
        ["Job"],
        ["CronJob"],
        ["Service"],
        ["EndpointSlice"],
        ["Endpoints"],
        ["Ingress"],
        ["IngressClass"],
        ["NetworkPolicy"],
        ["Gateway"],
        ["GatewayClass"],
        ["HTTPRoute"],
        ["PersistentVolumeClaim"],
        ["PersistentVolume"],
        ["StorageClass"],
        ["VolumeAttachment"],
        ["CSIDriver"],
        ["CSINode"],
        ["ConfigMap"],
        ["Secret"],
        ["ServiceAccount"],
        ["Namespace"],
        ["ResourceQuota"],
        ["LimitRange"],
        ["HorizontalPodAutoscaler"],
        ["PodDisruptionBudget"],
        ["PriorityClass"],
        ["Lease"],
        ["APIService"],
        ["ValidatingWebhookConfiguration"],
        ["MutatingWebhookConfiguration"],
        ["CustomResourceDefinition"],
        ["ControllerRevision"],
        ["ClusterRole"],
        ["ClusterRoleBinding"],
        ["Role"],
        ["RoleBinding"],
        ["Event"],
        ["ReplicationController"],
    ];
    OWN.iter()
        .find(|own| own[0] == kind)
        .map_or(&[], |own| own.as_slice())
}

/// First and last time among some operands' values.
pub(crate) fn span(times: impl Iterator<Item = String>) -> (Option<Timestamp>, Option<Timestamp>) {
    let times: Vec<Timestamp> = times
        .filter_map(|text| stamp::rfc3339(&text))
        .filter(|time| time.as_second() > 0)
        .collect();
    (times.iter().min().copied(), times.iter().max().copied())
}

/// Groups rows by a key, in the order of the keys.
pub(crate) fn group<K: Ord>(
    rows: Vec<Row>,
    key: impl Fn(&Row) -> Option<K>,
) -> BTreeMap<K, Vec<Row>> {
    let mut groups: BTreeMap<K, Vec<Row>> = BTreeMap::new();
    for row in rows {
        if let Some(key) = key(&row) {
            groups.entry(key).or_default().push(row);
        }
    }
    groups
}
