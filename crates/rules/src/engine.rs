//! Steps over rows: binds entities, asks conditions with three values, and remembers what was read.

use std::collections::BTreeMap;

use coldcase_facts::{Cite, Entity, EntityId, Facts};
use coldcase_snapshot::stamp;
use jiff::Timestamp;

use crate::{
    candidates::Near,
    descent::{All, First, Landed},
    flows::Calls,
    index::Index,
    lines::Lines,
    missing::Missing,
    rule::{Step, Verb},
    sieve::Sieve,
};

/// Facts and the lines that patterns hit, as one numbering.
pub struct World<'f, 's> {
    /// The facts.
    pub facts: &'f Facts<'s>,
    pub(crate) lines: &'f Lines<'s>,
    pub(crate) index: Index,
    pub(crate) sieve: Sieve,
    pub(crate) calls: Calls,
    pub(crate) near: Near,
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
    pub(crate) slots: Vec<Option<Bound>>,
    /// What was read, in order.
    pub cites: Vec<Cite>,
}

/// A row that could not be decided.
#[derive(Debug, Clone)]
pub(crate) struct Undecided {
    pub row: Row,
    pub missing: Missing,
}

/// Rows that passed and rows that could not be decided.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub rows: Vec<Row>,
    pub undecided: Vec<Undecided>,
}

impl Row {
    /// What a slot holds.
    pub fn bound(&self, slot: usize) -> Option<&Bound> {
        self.slots.get(slot).and_then(Option::as_ref)
    }

    /// Everything that is bound.
    pub fn all(&self) -> impl Iterator<Item = &Bound> {
        self.slots.iter().flatten()
    }

    /// The row with an entity in a slot.
    pub(crate) fn with(&self, slot: usize, id: EntityId) -> Self {
        let mut row = self.clone();
        let captures = Vec::new();
        row.put(slot, Some(Bound { id, captures }));
        row
    }

    /// Puts something into a slot; a row is as long as the last slot that it was asked to hold.
    pub(crate) fn put(&mut self, slot: usize, bound: Option<Bound>) {
        if self.slots.len() <= slot {
            self.slots.resize(slot + 1, None);
        }
        if let Some(place) = self.slots.get_mut(slot) {
            *place = bound;
        }
    }
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
            near: Near::default(),
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
        for steps in steps.chunk_by(|one, next| !counts_rows(one) && !counts_rows(next)) {
            if outcome.rows.is_empty() {
                break;
            }
            self.run_part(steps, &mut outcome);
        }
        outcome
    }

    /// Runs one step on all rows.
    pub(crate) fn run_step(&self, step: &Step, outcome: &mut Outcome) {
        self.run_part(std::slice::from_ref(step), outcome);
    }

    /// Runs one step that counts rows, or several that do not.
    fn run_part(&self, steps: &[Step], outcome: &mut Outcome) {
        if let [step] = steps
            && let (Verb::Rows, Some(rows)) = (step.verb, &step.rows)
        {
            self.count_rows(step, rows, outcome);
            return;
        }
        let start = std::mem::take(&mut outcome.rows);
        let mut open = All::default();
        let landed = self.descend(steps, start.into_iter().map(Landed::from), &mut open);
        outcome.rows = self.rows(landed);
        outcome.undecided.extend(open.in_order());
    }

    /// Runs steps from one row; gives the rows and what the first one lacks that is undecided.
    pub(crate) fn run_from(&self, steps: &[Step], row: Row) -> (Vec<Row>, Option<Missing>) {
        if steps.iter().any(counts_rows) {
            let outcome = self.run(steps, vec![row]);
            let mut open = outcome.undecided.into_iter();
            return (outcome.rows, open.next().map(|open| open.missing));
        }
        let mut open = First::default();
        let landed = self.descend(steps, [Landed::from(row)], &mut open);
        (self.rows(landed), open.missing())
    }

    /// The rows that arrived, with the places that were read.
    pub(crate) fn rows(&self, landed: Vec<Landed<'_>>) -> Vec<Row> {
        let row = |landed: Landed<'_>| Row {
            cites: self.cites(&landed.read),
            slots: landed.slots,
        };
        landed.into_iter().map(row).collect()
    }

    /// The entities that a step looks at from a row.
    pub(crate) fn candidates_of(&self, step: &Step, row: &Row) -> Vec<EntityId> {
        let mut ids = self.candidates(step, row).ids.into_owned();
        ids.retain(|id| {
            step.kinds.is_empty() || step.kinds.iter().any(|kind| kind == self.get(*id).kind)
        });
        ids
    }
}

/// Whether a step looks at all rows at once.
pub(crate) fn counts_rows(step: &Step) -> bool {
    step.verb == Verb::Rows
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
