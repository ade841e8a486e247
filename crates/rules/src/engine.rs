//! Steps over rows: binds entities, asks conditions with three values, and remembers what was read.

use std::collections::{BTreeMap, HashMap};

use coldcase_facts::{Cite, Entity, EntityId, Facts, schema::Segment};
use coldcase_snapshot::{node::Node, stamp};
use jiff::Timestamp;

use crate::{
    candidates::Candidates,
    index::Index,
    lines::Lines,
    rule::{Count, Step, Verb},
    values::{Truth, resolve, seconds_between},
};

/// Facts and the lines that patterns hit, as one numbering.
pub struct World<'f, 's> {
    /// The facts.
    pub facts: &'f Facts<'s>,
    pub(crate) lines: &'f Lines<'s>,
    pub(crate) index: Index,
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

    /// Everything that is bound.
    pub fn all(&self) -> impl Iterator<Item = &Bound> {
        self.slots.iter().flatten()
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

/// An entity that passed a step's conditions.
struct Passed {
    bound: Bound,
    cites: Vec<Cite>,
}

impl<'s> World<'_, 's> {
    /// An entity.
    pub fn get(&self, id: EntityId) -> &Entity<'s> {
        self.lines.entity(self.facts, id)
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
                match self.conditions(&row, &step.conditions, None) {
                    Truth::Yes((_, cites)) => next.push(row.having_read(&cites)),
                    Truth::Unknown(missing) => undecided.push(Undecided { row, missing }),
                    Truth::No => {}
                }
                return;
            }
            _ => {}
        }
        let mut candidates = self.candidates(step, &row);
        let mut passed = Vec::new();
        // One trial row for all candidates: most of them fail on the first condition, and a clone
        // for each would cost more than the condition.
        let mut trial = row.bind(step.slot, None, &[]);
        for id in &candidates.ids {
            match self.passes(step, &mut trial, *id) {
                Truth::Yes(found) => passed.push(found),
                Truth::Unknown(missing) => {
                    candidates.open += 1;
                    candidates.missing = candidates.missing.or(Some(missing));
                }
                Truth::No => {}
            }
        }
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
        let within = |number: f64| {
            let text = Node::text(number.to_string());
            matches!(
                self.matches(&row, &count.is, &[&text], false),
                Truth::Yes(_)
            )
        };
        let holds = within(number);
        // What the text leaves open could still count.
        if candidates.open > 0 && holds != within(number + candidates.open as f64) {
            let missing = candidates.missing.clone().unwrap_or_default();
            undecided.push(Undecided { row, missing });
            return;
        }
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
            Some(window) => self.densest(&all, window, count.distinct.as_deref()) as f64,
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
    fn densest(&self, passed: &[&Passed], window: f64, path: Option<&[Segment]>) -> usize {
        let distinct = path.is_some();
        let values_of = |passed: &Passed| -> Vec<&str> {
            path.map_or(Vec::new(), |path| resolve(self.get(passed.bound.id), path))
                .into_iter()
                .filter_map(Node::as_str)
                .collect()
        };
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
        let values: Vec<Vec<&str>> = dated.iter().map(|(_, passed)| values_of(passed)).collect();
        let mut inside: HashMap<&str, usize> = HashMap::new();
        let (mut best, mut from) = (0, 0);
        for (to, (time, _)) in dated.iter().enumerate() {
            for value in &values[to] {
                *inside.entry(value).or_default() += 1;
            }
            while seconds_between(dated[from].0, *time) > window {
                for value in &values[from] {
                    if let Some(times) = inside.get_mut(value) {
                        *times -= 1;
                        if *times == 0 {
                            inside.remove(value);
                        }
                    }
                }
                from += 1;
            }
            best = best.max(if distinct {
                inside.len()
            } else {
                to + 1 - from
            });
        }
        best
    }

    fn passes(&self, step: &Step, trial: &mut Row, id: EntityId) -> Truth<Passed> {
        let entity = self.get(id);
        if !step.kinds.is_empty() && !step.kinds.iter().any(|kind| kind == entity.kind) {
            return Truth::No;
        }
        if let Some(place) = trial.slots.get_mut(step.slot) {
            *place = Some(Bound {
                id,
                captures: Vec::new(),
            });
        }
        match self.conditions(trial, &step.conditions, Some(step.slot)) {
            Truth::Yes((captures, mut cites)) => {
                if matches!(entity.kind, "Event" | "LogLine" | "JournalLine") {
                    cites = entity.place().into_iter().collect();
                }
                Truth::Yes(Passed {
                    bound: Bound { id, captures },
                    cites,
                })
            }
            Truth::No => Truth::No,
            Truth::Unknown(missing) => Truth::Unknown(missing),
        }
    }
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
