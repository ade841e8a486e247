//! Takes rows through steps one by one and in place: most end on the way, and only those that arrive are kept.

use std::mem;

use coldcase_facts::{Cite, EntityId};
use rayon::prelude::*;

use crate::{
    count::Counted,
    engine::{Bound, Row, Undecided, World, counts_rows},
    missing::Missing,
    rule::{self, Condition, Step, Verb},
    sieve::Known,
    values::{Asking, Captures, Truth},
};

/// Rows beyond this, and beyond one for each entity, are one finding told too often; the first are kept.
const MAX_ROWS: usize = 20_000;
/// Places kept for one row.
const MAX_CITES: usize = 12;
/// Places kept for a count.
const COUNTED: usize = 5;
/// Steps that a row goes through at once; longer rules stop in between.
const DEEPEST: usize = 64;

/// Something that was read. Of thousands of rows few arrive, and only for those the place is looked up.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'r> {
    /// Here.
    At(Cite),
    /// Where the entity stands.
    Whole(EntityId),
    /// What satisfied this condition, which is known to hold.
    Of(&'r Condition, EntityId),
}

/// A row that arrived.
pub(crate) struct Landed<'r> {
    pub slots: Vec<Option<Bound>>,
    pub read: Vec<Place<'r>>,
}

impl From<Row> for Landed<'_> {
    fn from(row: Row) -> Self {
        Self {
            slots: row.slots,
            read: row.cites.into_iter().map(Place::At).collect(),
        }
    }
}

/// What becomes of rows that cannot be decided.
pub(crate) trait Open {
    /// One of them, at a step.
    fn add(&mut self, at: usize, row: &Row, missing: Missing);
}

/// All of them.
#[derive(Default)]
pub(crate) struct All(Vec<(usize, Undecided)>);

impl Open for All {
    fn add(&mut self, at: usize, row: &Row, missing: Missing) {
        let row = row.clone();
        self.0.push((at, Undecided { row, missing }));
    }
}

impl All {
    /// Step by step, and of each in the order of the rows.
    pub(crate) fn in_order(mut self) -> impl Iterator<Item = Undecided> {
        self.0.sort_by_key(|(at, _)| *at);
        self.0.into_iter().map(|(_, open)| open)
    }
}

/// The first of the first step that has any.
#[derive(Default)]
pub(crate) struct First(Option<(usize, Missing)>);

impl Open for First {
    fn add(&mut self, at: usize, _row: &Row, missing: Missing) {
        if self.0.as_ref().is_none_or(|(first, _)| at < *first) {
            self.0 = Some((at, missing));
        }
    }
}

impl First {
    pub(crate) fn missing(self) -> Option<Missing> {
        self.0.map(|(_, missing)| missing)
    }
}

impl World<'_, '_> {
    /// Takes rows through steps of which none counts rows; gives those that arrive, in the order in which all rows
    /// would go through one step after the other.
    pub(crate) fn descend<'r>(
        &self,
        steps: &'r [Step],
        start: impl IntoIterator<Item = Landed<'r>>,
        open: &mut impl Open,
    ) -> Vec<Landed<'r>> {
        let mut parts = steps.chunks(DEEPEST);
        let first = parts.next().unwrap_or(&[]);
        let mut rows = Descent::over(self, first, 0, open).all(start);
        for (part, before) in parts.zip((DEEPEST..).step_by(DEEPEST)) {
            rows = Descent::over(self, part, before, open).all(rows);
        }
        rows
    }

    /// Takes the one empty row at the beginning of a rule through its steps, several threads at a time where the first
    /// one finds very many entities; `open` makes what keeps the undecided rows of a part. Gives the rows that arrive
    /// and what each part kept, in order.
    pub(crate) fn descend_from_nothing<'r, O: Open + Send>(
        &self,
        steps: &'r [Step],
        open: impl Fn() -> O + Sync,
    ) -> (Vec<Landed<'r>>, Vec<O>) {
        let start = Landed::from(Row::default());
        let many = steps.first().filter(|first| {
            let plain = first.verb == Verb::Find && matches!(first.from, rule::From::Kind(_));
            plain && steps.len() <= DEEPEST
        });
        let candidates = many.map(|first| self.candidates(first, &Row::default()));
        // 4,096 entities are worth a task. Whatever the threads, the parts are the same.
        let part = self.index.worth().saturating_pow(2).max(1);
        let (Some(first), Some(candidates)) = (
            many,
            candidates.filter(|candidates| candidates.ids.len() / 2 >= part),
        ) else {
            let mut all = open();
            let landed = self.descend(steps, [start], &mut all);
            return (landed, vec![all]);
        };
        let known = self.sieve.known(first);
        let parts: Vec<_> = candidates
            .ids
            .par_chunks(part)
            .map(|ids| {
                let mut own = open();
                let mut descent = Descent::over(self, steps, 0, &mut own);
                // Twice its share, so that all parts together are bounded as one would be.
                let share = descent.most.saturating_mul(2 * part) / candidates.ids.len();
                descent.most = share.max(MAX_ROWS);
                let missing = candidates.missing.clone();
                let (made, missing) = descent.try_each(0, first, known, ids, missing);
                (descent.landed, own, made, missing)
            })
            .collect();
        let (mut landed, mut opened, mut found, mut missing) = (Vec::new(), Vec::new(), 0, None);
        for (rows, own, made, lacking) in parts {
            landed.extend(rows);
            opened.push(own);
            found += made;
            missing = missing.or(lacking);
        }
        if let (0, Some(missing), Some(last)) = (found, missing, opened.last_mut()) {
            last.add(0, &Row::default(), missing);
        }
        (landed, opened)
    }

    /// The places that were read, each once, up to a bound.
    pub(crate) fn cites(&self, read: &[Place<'_>]) -> Vec<Cite> {
        let mut cites = Vec::new();
        for place in read {
            let cite = match place {
                Place::At(cite) => Some(*cite),
                Place::Whole(id) => self.get(*id).place(),
                Place::Of(condition, id) => self.satisfying(condition, *id),
            };
            if let Some(cite) = cite
                && cites.len() < MAX_CITES
                && !cites.contains(&cite)
            {
                cites.push(cite);
            }
        }
        cites
    }
}

/// On its way through some steps.
struct Descent<'w, 'r, 'f, 's, O> {
    world: &'w World<'f, 's>,
    steps: &'r [Step],
    /// How many steps there were before.
    before: usize,
    /// The row as it is at the step that is looked at.
    row: Row,
    /// What was read for it.
    read: Vec<Place<'r>>,
    /// How many rows each step made, and how many it may make.
    made: [usize; DEEPEST],
    most: usize,
    landed: Vec<Landed<'r>>,
    open: &'w mut O,
}

impl<'w, 'r, 'f, 's, O: Open> Descent<'w, 'r, 'f, 's, O> {
    fn over(world: &'w World<'f, 's>, steps: &'r [Step], before: usize, open: &'w mut O) -> Self {
        Self {
            world,
            steps,
            before,
            row: Row::default(),
            read: Vec::new(),
            made: [0; DEEPEST],
            most: MAX_ROWS.max(world.facts.entities.len()),
            landed: Vec::new(),
            open,
        }
    }

    fn all(mut self, start: impl IntoIterator<Item = Landed<'r>>) -> Vec<Landed<'r>> {
        for row in start {
            (self.row.slots, self.read) = (row.slots, row.read);
            self.down(0);
        }
        self.landed
    }

    /// Goes on at a step with the row as it is, and leaves it as it was.
    fn down(&mut self, at: usize) {
        let Some(step) = self.steps.get(at) else {
            self.landed.push(Landed {
                slots: self.row.slots.clone(),
                read: self.read.clone(),
            });
            return;
        };
        if self.made.get(at).is_some_and(|made| *made > self.most) {
            return;
        }
        let made = match step.verb {
            Verb::Find | Verb::Maybe => self.find(at, step),
            Verb::None => self.none(at, step),
            Verb::Count => self.count(at, step),
            Verb::Any => self.any(at, step),
            Verb::Check => self.check(at, step),
            Verb::Rows => 0,
        };
        if let Some(all) = self.made.get_mut(at) {
            *all += made;
        }
    }

    /// The row cannot be decided.
    fn leave(&mut self, at: usize, missing: Missing) {
        self.open.add(self.before + at, &self.row, missing);
    }

    /// Makes room for trying entities in a slot: how long the row was, and what the slot held.
    fn make_room(&mut self, slot: usize) -> (usize, Option<Bound>) {
        let width = self.row.slots.len();
        let held = self.row.slots.get_mut(slot).and_then(Option::take);
        (width, held)
    }

    fn restore(&mut self, slot: usize, (width, held): (usize, Option<Bound>)) {
        if let Some(place) = self.row.slots.get_mut(slot) {
            *place = held;
        }
        self.row.slots.truncate(width);
    }

    fn find(&mut self, at: usize, step: &'r Step) -> usize {
        let world = self.world;
        let candidates = world.candidates(step, &self.row);
        let known = world.sieve.known(step);
        let room = self.make_room(step.slot);
        let (mut made, missing) =
            self.try_each(at, step, known, &candidates.ids, candidates.missing);
        if made == 0 && step.verb == Verb::Maybe {
            made = 1;
            self.row.put(step.slot, None);
            self.down(at + 1);
        }
        self.restore(step.slot, room);
        if let (0, Some(missing)) = (made, missing) {
            self.leave(at, missing);
        }
        made
    }

    /// Goes on with each of some entities that passes a step; gives how many did, and what was `missing` for one of
    /// the others, if nothing is yet.
    fn try_each(
        &mut self,
        at: usize,
        step: &'r Step,
        known: Option<&[Option<Known>]>,
        ids: &[EntityId],
        mut missing: Option<Missing>,
    ) -> (usize, Option<Missing>) {
        let mut made = 0;
        for &id in ids {
            let mark = self.read.len();
            // One open candidate stands for all: of many thousands only the first says why.
            match self.passes(step, known, id, missing.is_none()) {
                Truth::Yes(captures) => {
                    made += 1;
                    self.row.put(step.slot, Some(Bound { id, captures }));
                    self.down(at + 1);
                }
                Truth::Unknown(words) => missing = missing.or(Some(words.into())),
                Truth::No => {}
            }
            self.read.truncate(mark);
        }
        (made, missing)
    }

    fn none(&mut self, at: usize, step: &'r Step) -> usize {
        let world = self.world;
        let candidates = world.candidates(step, &self.row);
        let known = world.sieve.known(step);
        let room = self.make_room(step.slot);
        let mut missing = candidates.missing;
        let mut found = false;
        let mark = self.read.len();
        for &id in candidates.ids.iter() {
            match self.passes(step, known, id, missing.is_none()) {
                Truth::Yes(_) => found = true,
                Truth::Unknown(words) => missing = missing.or(Some(words.into())),
                Truth::No => {}
            }
            self.read.truncate(mark);
            if found {
                break;
            }
        }
        self.restore(step.slot, room);
        match missing {
            _ if found => return 0,
            Some(missing) => {
                self.leave(at, missing);
                return 0;
            }
            None => self.down(at + 1),
        }
        1
    }

    fn count(&mut self, at: usize, step: &'r Step) -> usize {
        let world = self.world;
        let mut candidates = world.candidates(step, &self.row);
        let known = world.sieve.known(step);
        let room = self.make_room(step.slot);
        let mark = self.read.len();
        let mut passed = Vec::new();
        for &id in mem::take(&mut candidates.ids).iter() {
            match self.passes(step, known, id, candidates.missing.is_none()) {
                Truth::Yes(captures) => passed.push(Bound { id, captures }),
                Truth::Unknown(words) => {
                    candidates.open += 1;
                    candidates.missing = candidates.missing.or(Some(words.into()));
                }
                Truth::No => {}
            }
            self.read.truncate(mark);
        }
        self.restore(step.slot, room);
        match self.world.count(step, &self.row, candidates, &passed) {
            Counted::No => return 0,
            Counted::Open(missing) => {
                self.leave(at, missing);
                return 0;
            }
            Counted::Yes => {}
        }
        let room = self.make_room(step.slot);
        self.read_counted(step, &passed);
        self.row.put(step.slot, passed.into_iter().next());
        self.down(at + 1);
        self.restore(step.slot, room);
        self.read.truncate(mark);
        1
    }

    /// Reads the first place of each of the first that were counted.
    fn read_counted(&mut self, step: &'r Step, passed: &[Bound]) {
        let mark = self.read.len();
        for bound in passed {
            if self.read.len() == mark + COUNTED {
                break;
            }
            let here = self.read.len();
            self.passes(step, None, bound.id, false);
            let read = self.read.get(here..).unwrap_or(&[]);
            let first = self.world.cites(read).first().copied();
            self.read.truncate(here);
            self.read.extend(first.map(Place::At));
        }
    }

    /// Whether an entity fulfils a step; it is left in the slot, and what was read is added.
    fn passes(
        &mut self,
        step: &'r Step,
        known: Option<&[Option<Known>]>,
        id: EntityId,
        explain: bool,
    ) -> Truth<Captures> {
        if known.is_some_and(|known| self.world.sieve.refutes(step, known, id)) {
            return Truth::No;
        }
        let kind = self.world.get(id).kind;
        if !step.kinds.is_empty() && !step.kinds.iter().any(|own| own == kind) {
            return Truth::No;
        }
        let captures = Vec::new();
        self.row.put(step.slot, Some(Bound { id, captures }));
        let asking = Asking {
            binding: Some(step.slot),
            explain,
            known,
        };
        let mark = self.read.len();
        let (world, conditions) = (self.world, &step.conditions);
        let answer = world.conditions(&self.row, conditions, asking, &mut self.read);
        if matches!(answer, Truth::Yes(_)) && matches!(kind, "Event" | "LogLine" | "JournalLine") {
            self.read.truncate(mark);
            self.read.push(Place::Whole(id));
        }
        answer
    }

    fn holds(&mut self, step: &'r Step) -> Truth<Captures> {
        let asking = Asking {
            binding: None,
            explain: true,
            known: self.world.sieve.known(step),
        };
        let (world, conditions) = (self.world, &step.conditions);
        world.conditions(&self.row, conditions, asking, &mut self.read)
    }

    fn check(&mut self, at: usize, step: &'r Step) -> usize {
        let mark = self.read.len();
        let made = match self.holds(step) {
            Truth::Yes(_) => {
                self.down(at + 1);
                1
            }
            Truth::Unknown(words) => {
                self.leave(at, words.into());
                0
            }
            Truth::No => 0,
        };
        self.read.truncate(mark);
        made
    }

    fn any(&mut self, at: usize, step: &'r Step) -> usize {
        // At the beginning of a rule there is one empty row for the whole cluster: a hit of one
        // alternative must not hide those of the others.
        let empty = self.row.slots.is_empty();
        let mut made = 0;
        let mut missing = None;
        for steps in &step.alternatives {
            let mark = self.read.len();
            made += self.alternative(at, steps, &mut missing);
            self.read.truncate(mark);
            if made > 0 && !empty {
                break;
            }
        }
        if let (0, Some(missing)) = (made, missing) {
            self.leave(at, missing);
        }
        made
    }

    /// Goes through the steps of an alternative and on from there: most end at the check that they begin with.
    fn alternative(
        &mut self,
        at: usize,
        steps: &'r [Step],
        missing: &mut Option<Missing>,
    ) -> usize {
        let (checked, rest) = match steps.split_first() {
            Some((first, rest)) if first.verb == Verb::Check => (Some(first), rest),
            _ => (None, steps),
        };
        if let Some(first) = checked {
            match self.holds(first) {
                Truth::Yes(_) => {}
                Truth::No => return 0,
                Truth::Unknown(words) => {
                    missing.get_or_insert(words.into());
                    return 0;
                }
            }
        }
        if rest.is_empty() {
            self.down(at + 1);
            return 1;
        }
        let landed = self.aside(rest, missing);
        let made = landed.len();
        for row in landed {
            let own = Landed {
                slots: mem::replace(&mut self.row.slots, row.slots),
                read: mem::replace(&mut self.read, row.read),
            };
            self.down(at + 1);
            (self.row.slots, self.read) = (own.slots, own.read);
        }
        made
    }

    /// Runs steps on a row that is still needed; gives the rows that arrive.
    fn aside(&mut self, steps: &'r [Step], missing: &mut Option<Missing>) -> Vec<Landed<'r>> {
        if steps.len() > DEEPEST || steps.iter().any(counts_rows) {
            let slots = self.row.slots.clone();
            let cites = self.world.cites(&self.read);
            let (rows, lacking) = self.world.run_from(steps, Row { slots, cites });
            if missing.is_none() {
                *missing = lacking;
            }
            return rows.into_iter().map(Landed::from).collect();
        }
        let mut open = First::default();
        let mut inner = Descent::over(self.world, steps, 0, &mut open);
        // It is left as it was.
        inner.row.slots = mem::take(&mut self.row.slots);
        inner.read = mem::take(&mut self.read);
        inner.down(0);
        (self.row.slots, self.read) = (inner.row.slots, inner.read);
        let landed = inner.landed;
        if missing.is_none() {
            *missing = open.missing();
        }
        landed
    }
}
