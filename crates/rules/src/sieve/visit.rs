//! Visits entities for the sieve: the questions about a kind as a tree of keys, so that each mapping is walked once for all of them.

use coldcase_facts::{Entity, EntityId, schema::Segment};
use coldcase_snapshot::packed::View;

use super::{Bits, Need, StepId};
use crate::{
    engine::World,
    paths::follow,
    rule::{Condition, Matcher},
    values::How,
};

/// A condition that an entity alone decides.
#[derive(Debug)]
pub(super) struct Question<'r> {
    pub(super) matcher: &'r Matcher,
    /// Whether an entity can pass that does not have the field.
    pub(super) absent: bool,
}

/// A field that is asked for, and the questions about it.
#[derive(Debug)]
pub(super) struct Field<'r> {
    pub(super) path: &'r [Segment],
    /// What of the path comes after the keys that lead here.
    pub(super) rest: &'r [Segment],
    pub(super) how: How,
    pub(super) questions: Vec<usize>,
}

/// Fields below one key.
#[derive(Debug)]
pub(super) struct Branch<'r> {
    pub(super) key: &'r str,
    pub(super) fields: Vec<Field<'r>>,
    pub(super) below: Branches<'r>,
}

/// Keys that are asked of one mapping.
#[derive(Debug, Default)]
pub(super) struct Branches<'r> {
    all: Vec<Branch<'r>>,
    /// By the length of a key, which of the first 64 are as long; the last for all that are longer.
    by_length: [u64; LENGTHS],
}

/// Lengths of keys that are told apart.
const LENGTHS: usize = 24;

impl<'r> Branches<'r> {
    /// The branch of a key, which is made if it is new.
    pub(super) fn of(&mut self, key: &'r str) -> &mut Branch<'r> {
        let at = self.all.iter().position(|branch| branch.key == key);
        let at = at.unwrap_or_else(|| {
            let place = self.all.len();
            if let Some(as_long) = self.by_length.get_mut(key.len().min(LENGTHS - 1))
                && place < 64
            {
                *as_long |= 1 << place;
            }
            self.all.push(Branch {
                key,
                fields: Vec::new(),
                below: Branches::default(),
            });
            place
        });
        &mut self.all[at]
    }

    fn known(&self, key: &Segment) -> Option<&Branch<'r>> {
        let is = |branch: &&Branch<'_>| matches!(key, Segment::Key(key) if key == branch.key);
        self.all.iter().find(is)
    }

    /// The first 64 as bits; none if there are more.
    fn mask(&self) -> Option<u64> {
        match self.all.len() {
            0 => Some(0),
            many @ 1..=64 => Some(u64::MAX >> (64 - many)),
            _ => None,
        }
    }

    /// Which of those that are `left` has a key.
    fn find(&self, key: &str, left: u64) -> Option<usize> {
        let mut as_long = left & self.by_length.get(key.len().min(LENGTHS - 1))?;
        while as_long != 0 {
            let place = as_long.trailing_zeros() as usize;
            if self.all.get(place)?.key == key {
                return Some(place);
            }
            as_long &= as_long - 1;
        }
        None
    }
}

/// All that is asked of one kind.
#[derive(Debug, Default)]
pub(super) struct Asked<'r> {
    pub(super) questions: Vec<Question<'r>>,
    pub(super) branches: Branches<'r>,
    pub(super) needs: Vec<(StepId, Need)>,
}

impl Asked<'_> {
    /// The number of a condition's question, if it has been asked.
    pub(super) fn known(&self, condition: &Condition) -> Option<usize> {
        let (keys, rest) = parted(&condition.path)?;
        let (first, keys) = keys.split_first()?;
        let mut branch = self.branches.known(first)?;
        for key in keys {
            branch = branch.below.known(key)?;
        }
        let field = branch.fields.iter().find(|field| field.rest == rest)?;
        let same = |at: &&usize| {
            let question = self.questions.get(**at);
            question.is_some_and(|question| *question.matcher == condition.matcher)
        };
        field.questions.iter().find(same).copied()
    }
}

/// The keys that a path begins with, and what comes after them; `None` if it is not about a field.
fn parted(path: &[Segment]) -> Option<(&[Segment], &[Segment])> {
    let is_key = |segment: &Segment| matches!(segment, Segment::Key(_));
    if matches!(path.first()?, Segment::Key(first) if first == "match") {
        return None;
    }
    let keys = path.iter().take_while(|it| is_key(it)).count();
    path.split_at_checked(keys)
}

/// From so many keys on a mapping is walked once for all of them.
const WALKED: u32 = 4;

/// Takes the first of the branches that are left.
fn take<'b, 'r>(branches: &'b Branches<'r>, left: &mut u64) -> Option<&'b Branch<'r>> {
    if *left == 0 {
        return None;
    }
    let place = left.trailing_zeros() as usize;
    *left &= *left - 1;
    branches.all.get(place)
}

/// On its way over the entities of a part.
struct Visit<'v, 'f, 's> {
    world: &'v World<'f, 's>,
    asked: &'v Asked<'v>,
    passed: Vec<Bits>,
    /// The last single value of each question and its answer: neighbours are often replicas.
    last: Vec<Option<(&'v str, bool)>>,
    place: usize,
}

/// The answers for some entities.
pub(super) fn part(world: &World<'_, '_>, part: &[EntityId], asked: &Asked<'_>) -> Vec<Bits> {
    let mut visit = Visit {
        world,
        asked,
        passed: vec![Bits::none(part.len()); asked.questions.len()],
        last: vec![None; asked.questions.len()],
        place: 0,
    };
    for (place, id) in part.iter().enumerate() {
        visit.place = place;
        visit.entity(world.get(*id));
    }
    visit.passed
}

impl<'v> Visit<'v, '_, '_> {
    /// Everything that is asked of an entity: of its computed fields first, then of what was captured.
    fn entity(&mut self, entity: &'v Entity<'_>) {
        let branches = &self.asked.branches;
        let Some(mask) = branches.mask() else {
            for branch in &branches.all {
                self.first(entity, branch);
            }
            return;
        };
        let mut left = self.walk(entity, branches, entity.computed_fields(), mask);
        if let Some(root) = entity.root() {
            left = self.walk(entity, branches, root, left);
            self.missing(entity, branches, left);
            return;
        }
        while let Some(branch) = take(branches, &mut left) {
            if entity.has_parts(branch.key) {
                self.first(entity, branch);
                continue;
            }
            match entity.captured_start(branch.key, None) {
                Some((value, _)) => self.branch(entity, branch, value),
                None => self.absent(entity, branch),
            }
        }
    }

    /// Asks what is `left` of some keys of a mapping; gives those that it does not have.
    fn walk(
        &mut self,
        entity: &'v Entity<'_>,
        branches: &Branches<'_>,
        value: View<'v>,
        mut left: u64,
    ) -> u64 {
        if left.count_ones() < WALKED {
            let mut rest = left;
            while rest != 0 {
                let place = rest.trailing_zeros();
                rest &= rest - 1;
                if let Some(branch) = branches.all.get(place as usize)
                    && let Some(value) = value.get(branch.key)
                {
                    left &= !(1 << place);
                    self.branch(entity, branch, value);
                }
            }
            return left;
        }
        for (key, value) in value.entries() {
            if let Some(place) = branches.find(key, left)
                && let Some(branch) = branches.all.get(place)
            {
                left &= !(1 << place);
                self.branch(entity, branch, value);
                if left == 0 {
                    break;
                }
            }
        }
        left
    }

    fn missing(&mut self, entity: &'v Entity<'_>, branches: &Branches<'_>, mut left: u64) {
        while let Some(branch) = take(branches, &mut left) {
            self.absent(entity, branch);
        }
    }

    /// What a path begins with; of some entities two keys lead to it.
    fn first(&mut self, entity: &'v Entity<'_>, branch: &Branch<'_>) {
        let first = branch.key;
        if !entity.has_parts(first) {
            match entity.field(first) {
                Some(value) => self.branch(entity, branch, value),
                None => self.absent(entity, branch),
            }
            return;
        }
        match entity.field(first) {
            Some(value) => self.fields(entity, branch, value),
            None => self.no_fields(entity, branch),
        }
        for below in &branch.below.all {
            let value = match entity.start(first, Some(below.key)) {
                Some((value, 2)) => Some(value),
                Some((value, _)) => value.get(below.key),
                None => None,
            };
            match value {
                Some(value) => self.branch(entity, below, value),
                None => self.absent(entity, below),
            }
        }
    }

    fn branch(&mut self, entity: &'v Entity<'_>, branch: &Branch<'_>, value: View<'v>) {
        self.fields(entity, branch, value);
        if let Some(mask) = branch.below.mask() {
            let left = self.walk(entity, &branch.below, value, mask);
            self.missing(entity, &branch.below, left);
            return;
        }
        for below in &branch.below.all {
            match value.get(below.key) {
                Some(value) => self.branch(entity, below, value),
                None => self.absent(entity, below),
            }
        }
    }

    fn fields(&mut self, entity: &'v Entity<'_>, branch: &Branch<'_>, value: View<'v>) {
        for field in &branch.fields {
            let found = follow(value, field.rest);
            self.field(entity, field, found.all());
        }
    }

    fn no_fields(&mut self, entity: &'v Entity<'_>, branch: &Branch<'_>) {
        for field in &branch.fields {
            self.field(entity, field, &[]);
        }
    }

    fn absent(&mut self, entity: &'v Entity<'_>, branch: &Branch<'_>) {
        self.no_fields(entity, branch);
        for below in &branch.below.all {
            self.absent(entity, below);
        }
    }

    fn field(&mut self, entity: &'v Entity<'_>, field: &Field<'_>, values: &[View<'v>]) {
        let (how, _) = field.how.of_field(entity, field.path, values);
        let single = match values {
            [value] if !entity.partial => value.as_str(),
            _ => None,
        };
        let nothing = !entity.partial && values.iter().all(|value| value.is_null());
        for question in &field.questions {
            let Some(asked) = self.asked.questions.get(*question) else {
                continue;
            };
            let passes = if nothing {
                asked.absent
            } else if let (Some(text), Some(Some((last, answer)))) =
                (single, self.last.get(*question))
                && text == *last
            {
                *answer
            } else {
                let answer = self.world.can_pass(asked.matcher, values, how);
                if let (Some(text), Some(last)) = (single, self.last.get_mut(*question)) {
                    *last = Some((text, answer));
                }
                answer
            };
            if passes && let Some(bits) = self.passed.get_mut(*question) {
                bits.set(self.place);
            }
        }
    }
}
