//! Steps over rows: binds entities, asks conditions with three values, and remembers what was read.

use std::collections::BTreeMap;

use coldcase_facts::{Cite, Entity, EntityId, Facts};
use coldcase_snapshot::stamp;
use jiff::Timestamp;

use crate::{
    flows::Calls,
    index::Index,
    lines::Lines,
    rule::{Step, Verb},
    sieve::Sieve,
    values::Truth,
};

/// Facts and the lines that patterns hit, as one numbering.
pub struct World<'f, 's> {
    /// The facts.
    pub facts: &'f Facts<'s>,
    pub(crate) lines: &'f Lines<'s>,
    pub(crate) index: Index,
    pub(crate) sieve: Sieve,
    pub(crate) calls: Calls,
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

/// Rows beyond this, and beyond one for each entity, are one finding told too often; the first are kept.
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

    pub(crate) fn bind(&self, slot: usize, bound: Option<Bound>, cites: &[Cite]) -> Self {
        self.clone().bound_to(slot, bound, cites)
    }

    pub(crate) fn bound_to(mut self, slot: usize, bound: Option<Bound>, cites: &[Cite]) -> Self {
        if self.slots.len() <= slot {
            self.slots.resize(slot + 1, None);
        }
        if let Some(place) = self.slots.get_mut(slot) {
            *place = bound;
        }
        self.having_read(cites)
    }

    /// The row with an entity in a slot.
    pub(crate) fn with(&self, slot: usize, id: EntityId) -> Self {
        let captures = Vec::new();
        self.bind(slot, Some(Bound { id, captures }), &[])
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
pub(crate) struct Passed {
    pub bound: Bound,
    pub cites: Vec<Cite>,
}

impl<'f, 's> World<'f, 's> {
    /// Facts and lines; values of kinds of at least `worth` entities are indexed.
    pub(crate) fn new(facts: &'f Facts<'s>, lines: &'f Lines<'s>, worth: usize) -> Self {
        Self {
            facts,
            lines,
            index: Index::new(worth),
            sieve: Sieve::default(),
            calls: Calls::default(),
        }
    }

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
            self.run_step(step, &mut outcome);
            if outcome.rows.is_empty() {
                break;
            }
        }
        outcome
    }

    /// Runs one step on all rows.
    pub(crate) fn run_step(&self, step: &Step, outcome: &mut Outcome) {
        if let (Verb::Rows, Some(rows)) = (step.verb, &step.rows) {
            self.count_rows(step, rows, outcome);
            return;
        }
        let mut next = Vec::new();
        for row in std::mem::take(&mut outcome.rows) {
            self.step(step, row, &mut next, &mut outcome.undecided);
            if next.len() > MAX_ROWS.max(self.facts.entities.len()) {
                break;
            }
        }
        outcome.rows = next;
    }

    /// The entities that a step looks at from a row.
    pub(crate) fn candidates_of(&self, step: &Step, row: &Row) -> Vec<EntityId> {
        let mut ids = self.candidates(step, row).ids;
        ids.retain(|id| {
            step.kinds.is_empty() || step.kinds.iter().any(|kind| kind == self.get(*id).kind)
        });
        ids
    }

    fn step(&self, step: &Step, mut row: Row, next: &mut Vec<Row>, undecided: &mut Vec<Undecided>) {
        match step.verb {
            Verb::Any => return self.any(step, &row, next, undecided),
            Verb::Check => {
                match self.conditions(&row, &step.conditions, (None, true)) {
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
        // The row itself is tried with each candidate: most of them fail on the first condition,
        // and a clone for each would cost more than the condition.
        let width = row.slots.len();
        if width <= step.slot {
            row.slots.resize(step.slot + 1, None);
        }
        let held = row.slots.get_mut(step.slot).and_then(Option::take);
        for id in &candidates.ids {
            // One open candidate stands for all: of many thousands only the first says why.
            let explain = candidates.missing.is_none();
            match self.passes(step, &mut row, *id, explain) {
                Truth::Yes(found) => passed.push(found),
                Truth::Unknown(missing) => {
                    candidates.open += 1;
                    candidates.missing = candidates.missing.or(Some(missing));
                }
                Truth::No => {}
            }
        }
        if let Some(place) = row.slots.get_mut(step.slot) {
            *place = held;
        }
        row.slots.truncate(width);
        match step.verb {
            Verb::Find | Verb::Maybe => {
                if passed.is_empty() {
                    match (step.verb, candidates.missing) {
                        (Verb::Maybe, _) => next.push(row.bound_to(step.slot, None, &[])),
                        (_, Some(missing)) => undecided.push(Undecided { row, missing }),
                        _ => {}
                    }
                    return;
                }
                // Mostly there is one, which takes the row as it is.
                let last = passed.pop();
                let bind = |passed: Passed| row.bind(step.slot, Some(passed.bound), &passed.cites);
                next.extend(passed.into_iter().map(bind));
                if let Some(last) = last {
                    next.push(row.bound_to(step.slot, Some(last.bound), &last.cites));
                }
            }
            Verb::None => match (passed.is_empty(), candidates.missing) {
                (true, None) => next.push(row),
                (true, Some(missing)) => undecided.push(Undecided { row, missing }),
                (false, _) => {}
            },
            Verb::Count => self.count(step, row, &candidates, passed, next, undecided),
            Verb::Any | Verb::Check | Verb::Rows => {}
        }
    }

    fn any(&self, step: &Step, row: &Row, next: &mut Vec<Row>, undecided: &mut Vec<Undecided>) {
        let mut open = Vec::new();
        let mut any_found = false;
        for steps in &step.alternatives {
            let outcome = self.alternative(steps, row);
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

    /// Runs steps on a row that is still needed: most alternatives end at the check that they
    /// begin with, and no copy is made for that.
    fn alternative(&self, steps: &[Step], row: &Row) -> Outcome {
        let (checked, rest) = match steps.split_first() {
            Some((first, rest)) if first.verb == Verb::Check => (Some(first), rest),
            _ => (None, steps),
        };
        let mut cites = Vec::new();
        if let Some(first) = checked {
            match self.conditions(row, &first.conditions, (None, true)) {
                Truth::Yes((_, read)) => cites = read,
                Truth::No => return Outcome::default(),
                Truth::Unknown(missing) => {
                    let row = row.clone();
                    return Outcome {
                        rows: Vec::new(),
                        undecided: vec![Undecided { row, missing }],
                    };
                }
            }
        }
        self.run(rest, vec![row.clone().having_read(&cites)])
    }

    /// Whether an entity fulfils a step; only where `explain` does an open answer say what is missing.
    fn passes(&self, step: &Step, trial: &mut Row, id: EntityId, explain: bool) -> Truth<Passed> {
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
        match self.conditions(trial, &step.conditions, (Some(step.slot), explain)) {
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
