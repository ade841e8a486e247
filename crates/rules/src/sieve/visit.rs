//! Visits entities for the sieve: the questions about a kind as a tree of keys, so that each mapping is walked once for all of them.

use std::collections::HashMap;

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
    /// Which one it is of all fields of the kind.
    pub(super) number: usize,
}

/// Fields below one key.
#[derive(Debug)]
pub(super) struct Branch<'r> {
    pub(super) key: &'r str,
    /// Which one it is of all branches of the kind, after [`Branches::number`].
    number: usize,
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
                number: 0,
                fields: Vec::new(),
                below: Branches::default(),
            });
            place
        });
        &mut self.all[at]
    }

    /// Numbers all branches, from `first` on; gives the number behind the last.
    pub(super) fn number(&mut self, first: usize) -> usize {
        self.all.iter_mut().fold(first, |number, branch| {
            branch.number = number;
            branch.below.number(number + 1)
        })
    }

    fn count(&self) -> usize {
        let below = self.all.iter().map(|branch| branch.below.count());
        self.all.len() + below.sum::<usize>()
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
    pub(super) fields: usize,
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
    /// By field.
    met: Vec<Met<'v>>,
    /// By branch.
    shared: Vec<Shared<'v>>,
    /// Room for the questions that a field passes.
    answers: Vec<usize>,
    place: usize,
}

/// Single values of a field that were met: of a hundred thousand events there are some dozen reasons, and neighbours
/// are often replicas.
#[derive(Debug, Clone, Default)]
struct Met<'v> {
    /// The last of them, and where its answers are.
    last: Option<(&'v str, usize)>,
    places: HashMap<&'v str, usize>,
    /// The questions that each of them passes.
    answers: Vec<Vec<usize>>,
    /// Values that were found again.
    found: usize,
    /// Most values are met once, or there is so little to ask that it is not worth looking for the answer: only the
    /// last one is kept.
    seldom: bool,
}

impl<'v> Met<'v> {
    /// Values that are remembered of a field.
    const MOST: usize = 64;

    /// Where the answers to a value are; `None` if it is new.
    fn find(&mut self, text: &'v str) -> Option<usize> {
        if let Some((last, at)) = self.last
            && last == text
        {
            return Some(at);
        }
        if self.seldom {
            return None;
        }
        let at = *self.places.get(text)?;
        self.found += 1;
        self.last = Some((text, at));
        Some(at)
    }

    /// Keeps the answers to a value.
    fn keep(&mut self, text: &'v str, passed: &[usize], questions: usize) {
        self.seldom |= questions == 1;
        if self.seldom || self.answers.len() == Self::MOST {
            self.seldom |= self.found < Self::MOST;
            self.found = 0;
            self.answers.clear();
            self.places.clear();
        }
        let at = self.answers.len();
        self.answers.push(passed.to_vec());
        self.last = Some((text, at));
        if !self.seldom {
            self.places.insert(text, at);
        }
    }
}

/// A list or mapping that a branch led to, of which entities share one: what was asked below it of the first holds of
/// all of them.
#[derive(Debug, Clone, Default)]
struct Shared<'v> {
    last: Option<(View<'v>, usize)>,
    /// All questions about it and what is below.
    questions: Vec<usize>,
}

/// What each branch led to, by its number.
fn shared<'v>(asked: &Asked<'_>) -> Vec<Shared<'v>> {
    fn gather(branches: &Branches<'_>, all: &mut [Shared<'_>]) -> Vec<usize> {
        let mut questions = Vec::new();
        for branch in &branches.all {
            let mut own = gather(&branch.below, all);
            own.extend(branch.fields.iter().flat_map(|field| &field.questions));
            questions.extend(&own);
            if let Some(place) = all.get_mut(branch.number) {
                place.questions = own;
            }
        }
        questions
    }
    let mut all = vec![Shared::default(); asked.branches.count()];
    gather(&asked.branches, &mut all);
    all
}

/// The answers for some entities.
pub(super) fn part(world: &World<'_, '_>, part: &[EntityId], asked: &Asked<'_>) -> Vec<Bits> {
    let mut visit = Visit {
        world,
        asked,
        passed: vec![Bits::none(part.len()); asked.questions.len()],
        met: vec![Met::default(); asked.fields],
        shared: shared(asked),
        answers: Vec::new(),
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
        if self.same(entity, branch, value) {
            return;
        }
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

    /// Takes over the answers of the entity before that has this very list or mapping.
    fn same(&mut self, entity: &Entity<'_>, branch: &Branch<'_>, value: View<'v>) -> bool {
        if entity.partial || !(value.is_map() || value.is_list()) {
            return false;
        }
        let Some(shared) = self.shared.get_mut(branch.number) else {
            return false;
        };
        let before = shared.last.replace((value, self.place));
        let Some((_, place)) = before.filter(|(last, _)| last.is_shared_with(value)) else {
            return false;
        };
        for question in &shared.questions {
            if let Some(bits) = self.passed.get_mut(*question)
                && bits.has(place)
            {
                bits.set(self.place);
            }
        }
        true
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
        let mut met = self.met.get_mut(field.number);
        let known = match (&mut met, single) {
            (Some(met), Some(text)) => met.find(text),
            _ => None,
        };
        if let (Some(met), Some(at)) = (&met, known) {
            set(
                &mut self.passed,
                met.answers.get(at).map_or(&[], Vec::as_slice),
                self.place,
            );
            return;
        }
        let nothing = !entity.partial && values.iter().all(|value| value.is_null());
        let passes = |question: &usize| {
            self.asked.questions.get(*question).is_some_and(|asked| {
                if nothing {
                    asked.absent
                } else {
                    self.world.can_pass(asked.matcher, values, how)
                }
            })
        };
        let mut passed = std::mem::take(&mut self.answers);
        passed.extend(field.questions.iter().copied().filter(passes));
        set(&mut self.passed, &passed, self.place);
        if let (Some(met), Some(text)) = (met, single) {
            met.keep(text, &passed, field.questions.len());
        }
        passed.clear();
        self.answers = passed;
    }
}

/// Notes that an entity passes questions.
fn set(passed: &mut [Bits], questions: &[usize], place: usize) {
    for question in questions {
        if let Some(bits) = passed.get_mut(*question) {
            bits.set(place);
        }
    }
}
