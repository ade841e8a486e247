//! Asks all entities of a kind all conditions that depend on nothing else, of all rules in one walk, so that a step looks only at those that can pass.
//!
//! Most rules begin with all containers or all pods and a few conditions with fixed values. Asked
//! rule by rule, the same fields of fifty thousand objects are looked up hundreds of times; here
//! each object is visited once, and conditions on the same field share the look-up.

use std::collections::{BTreeMap, HashMap};

use coldcase_facts::{Entity, EntityId, schema::Segment};
use coldcase_snapshot::packed::View;
use rayon::prelude::*;

use crate::{
    engine::{Row, World},
    rule::{Condition, From, Matcher, Operand, Rule, Step, Test, Verb},
    values::{How, Truth, follow, leaves_open},
};

/// Entities that one task visits: whatever the threads, the parts are the same.
const PART: usize = 4096;

/// Steps of rules, and which entities of their kind can pass them.
#[derive(Debug, Default)]
pub(crate) struct Sieve {
    kept: HashMap<StepId, Kept>,
}

/// A step by where it lies in memory: rules do not move while they are evaluated.
type StepId = usize;

fn id(step: &Step) -> StepId {
    std::ptr::from_ref(step).addr()
}

/// What a step can pass.
#[derive(Debug)]
enum Kept {
    /// These, in their order.
    Few(Vec<EntityId>),
    /// Those of the kind whose bit is set.
    Many(Bits, usize),
}

impl Sieve {
    /// How many entities a step needs to look at; `None` if nothing narrows it.
    pub(crate) fn most(&self, step: &Step) -> Option<usize> {
        match self.kept.get(&id(step))? {
            Kept::Few(ids) => Some(ids.len()),
            Kept::Many(_, most) => Some(*most),
        }
    }

    /// The entities that a step needs to look at, of `all` of its kind.
    pub(crate) fn ids(&self, step: &Step, all: &[EntityId]) -> Option<Vec<EntityId>> {
        Some(match self.kept.get(&id(step))? {
            Kept::Few(ids) => ids.clone(),
            Kept::Many(bits, _) => bits.of(all),
        })
    }
}

/// A set of places in the list of a kind's entities.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bits(Vec<u64>);

impl Bits {
    fn none(length: usize) -> Self {
        Self(vec![0; length.div_ceil(64)])
    }

    fn set(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    fn and(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }

    fn or(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    fn of(&self, all: &[EntityId]) -> Vec<EntityId> {
        let mut ids = Vec::with_capacity(self.count());
        for (word, part) in self.0.iter().zip(all.chunks(64)) {
            let mut rest = *word;
            while rest != 0 {
                ids.extend(part.get(rest.trailing_zeros() as usize));
                rest &= rest - 1;
            }
        }
        ids
    }
}

/// What must hold of an entity, in terms of a kind's questions.
#[derive(Debug)]
enum Need {
    /// The question with this number.
    Asked(usize),
    /// All of these.
    All(Vec<Need>),
    /// At least one of these.
    Any(Vec<Need>),
}

impl Need {
    fn bits(&self, answers: &[Bits]) -> Option<Bits> {
        match self {
            Self::Asked(question) => answers.get(*question).cloned(),
            Self::All(needs) => joined(needs, answers, Bits::and),
            Self::Any(needs) => joined(needs, answers, Bits::or),
        }
    }
}

fn joined(needs: &[Need], answers: &[Bits], join: fn(&mut Bits, &Bits)) -> Option<Bits> {
    let mut needs = needs.iter().map(|need| need.bits(answers));
    let mut all = needs.next()??;
    for bits in needs {
        join(&mut all, &bits?);
    }
    Some(all)
}

/// A condition that an entity alone decides.
#[derive(Debug)]
struct Question<'r> {
    matcher: &'r Matcher,
    /// Whether an entity can pass that does not have the field.
    absent: bool,
}

/// A field that is asked for, and the questions about it.
#[derive(Debug)]
struct Field<'r> {
    path: &'r [Segment],
    /// What of the path comes after the keys that lead here.
    rest: &'r [Segment],
    how: How,
    questions: Vec<usize>,
}

/// Fields below one key.
#[derive(Debug)]
struct Branch<'r> {
    key: &'r str,
    fields: Vec<Field<'r>>,
    below: Vec<Branch<'r>>,
}

/// All that is asked of one kind.
#[derive(Debug, Default)]
struct Asked<'r> {
    questions: Vec<Question<'r>>,
    branches: Vec<Branch<'r>>,
    needs: Vec<(StepId, Need)>,
}

/// A step, and the one behind it.
struct Wanted<'r> {
    step: &'r Step,
    next: Option<&'r Step>,
}

impl World<'_, '_> {
    /// Sifts the kinds of which there are many entities.
    pub(crate) fn sift(&mut self, rules: &[Rule]) {
        self.sieve = self.sifted(rules, self.index.worth());
    }

    fn sifted(&self, rules: &[Rule], worth: usize) -> Sieve {
        let mut kinds: BTreeMap<&str, Vec<Wanted<'_>>> = BTreeMap::new();
        for rule in rules {
            let mut collect = |steps| wanted(steps, &mut kinds, self, worth);
            collect(rule.steps.as_slice());
            let arguments = rule.supports.iter().chain(&rule.contradicts);
            for block in arguments.map(|it| &it.block).chain(&rule.healed) {
                collect(block.steps.as_slice());
            }
        }
        let mut kept = HashMap::new();
        for (kind, steps) in kinds {
            let all = self.facts.of_kind(kind);
            let open = self.facts.now().is_none()
                || all.iter().any(|id| self.get(*id).partial)
                || self.missing_of(kind, false).is_some();
            let mut asked = Asked::default();
            for wanted in &steps {
                // Where something is left open, an entity that cannot pass the step behind still says
                // that this one found something.
                let next = wanted.next.filter(|_| !open);
                if let Some(need) = self.need(wanted.step, next, &mut asked) {
                    asked.needs.push((id(wanted.step), need));
                }
            }
            kept.extend(self.answers(all, &asked));
        }
        Sieve { kept }
    }

    /// What must hold of the entities of a step.
    fn need<'r>(
        &self,
        step: &'r Step,
        next: Option<&'r Step>,
        asked: &mut Asked<'r>,
    ) -> Option<Need> {
        let mut needs = Vec::new();
        self.own(&step.conditions, step.slot, asked, &mut needs);
        if let (Verb::Find, Some(next)) = (step.verb, next) {
            self.next(next, step.slot, asked, &mut needs);
        }
        (!needs.is_empty()).then_some(Need::All(needs))
    }

    fn own<'r>(
        &self,
        conditions: &'r [Condition],
        slot: usize,
        asked: &mut Asked<'r>,
        needs: &mut Vec<Need>,
    ) {
        let fixed = |operand: &Operand| operand.slots_all(&|_| false);
        let all: Vec<&Condition> = conditions
            .iter()
            .filter(|it| it.slot == slot && it.matcher.operands_all(&fixed))
            .collect();
        // Who is left after the others can be asked by the step itself.
        let dear = all.iter().all(|condition| is_dear(&condition.matcher));
        for condition in all {
            if dear || !is_dear(&condition.matcher) {
                needs.extend(self.question(condition, asked).map(Need::Asked));
            }
        }
    }

    /// What the step behind asks of the same entity, before anything can be undecided: a row that
    /// fails there is gone. Further steps are left alone: what was missing on the way to them counts.
    fn next<'r>(&self, step: &'r Step, slot: usize, asked: &mut Asked<'r>, needs: &mut Vec<Need>) {
        match step.verb {
            Verb::Check => self.own(&step.conditions, slot, asked, needs),
            Verb::Any => {
                let mut any = Vec::new();
                for alternative in &step.alternatives {
                    let mut all = Vec::new();
                    if let Some(first) = alternative.first() {
                        self.next(first, slot, asked, &mut all);
                    }
                    if all.is_empty() {
                        return;
                    }
                    any.push(Need::All(all));
                }
                needs.push(Need::Any(any));
            }
            _ => {}
        }
    }

    /// The number of a condition's question; `None` if it is not about a field.
    fn question<'r>(&self, condition: &'r Condition, asked: &mut Asked<'r>) -> Option<usize> {
        let (Segment::Key(first), rest) = condition.path.split_first()? else {
            return None;
        };
        if first == "match" {
            return None;
        }
        let keys = rest.iter().map_while(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            _ => None,
        });
        let mut branch = branch(&mut asked.branches, first);
        let mut rest = rest;
        for key in keys {
            branch = self::branch(&mut branch.below, key);
            rest = rest.get(1..)?;
        }
        let known = branch.fields.iter().position(|field| field.rest == rest);
        let at = known.unwrap_or_else(|| {
            branch.fields.push(Field {
                path: &condition.path,
                rest,
                how: How::of(&condition.path),
                questions: Vec::new(),
            });
            branch.fields.len() - 1
        });
        let field = branch.fields.get_mut(at)?;
        let same = |at: &&usize| {
            let question = asked.questions.get(**at);
            question.is_some_and(|question| *question.matcher == condition.matcher)
        };
        if let Some(known) = field.questions.iter().find(same) {
            return Some(*known);
        }
        let number = asked.questions.len();
        let absent = self.can_pass(&condition.matcher, &[], field.how);
        asked.questions.push(Question {
            matcher: &condition.matcher,
            absent,
        });
        field.questions.push(number);
        Some(number)
    }

    fn can_pass(&self, matcher: &Matcher, values: &[View<'_>], how: How) -> bool {
        let answer = self.matches(&Row::default(), matcher, values, how);
        !matches!(answer, Truth::No)
    }

    /// Visits the entities of a kind, in parts.
    fn answers(&self, all: &[EntityId], asked: &Asked<'_>) -> Vec<(StepId, Kept)> {
        let parts: Vec<Vec<Bits>> = all
            .par_chunks(PART)
            .map(|part| self.part(part, asked))
            .collect();
        let answers: Vec<Bits> = (0..asked.questions.len())
            .map(|question| {
                let words = parts.iter().filter_map(|part| part.get(question));
                Bits(words.flat_map(|bits| bits.0.iter().copied()).collect())
            })
            .collect();
        asked
            .needs
            .par_iter()
            .filter_map(|(step, need)| {
                let bits = need.bits(&answers)?;
                let most = bits.count();
                if most == all.len() {
                    return None;
                }
                let few = most * 32 <= all.len();
                let kept = if few {
                    Kept::Few(bits.of(all))
                } else {
                    Kept::Many(bits, most)
                };
                Some((*step, kept))
            })
            .collect()
    }

    fn part(&self, part: &[EntityId], asked: &Asked<'_>) -> Vec<Bits> {
        let mut visit = Visit {
            world: self,
            asked,
            passed: vec![Bits::none(part.len()); asked.questions.len()],
            last: vec![None; asked.questions.len()],
            place: 0,
        };
        for (place, id) in part.iter().enumerate() {
            visit.place = place;
            let entity = self.get(*id);
            for branch in &asked.branches {
                visit.first(entity, branch);
            }
        }
        visit.passed
    }
}

/// Whether an answer costs more than a comparison, and is seldom that of the neighbour.
fn is_dear(matcher: &Matcher) -> bool {
    matcher.tests.iter().any(|test| {
        !matches!(
            test,
            Test::Is(_)
                | Test::Not(_)
                | Test::AnyOf(_)
                | Test::NoneOf(_)
                | Test::Exists(_)
                | Test::AtLeast(_)
                | Test::AtMost(_)
                | Test::Over(_)
                | Test::Under(_)
        )
    })
}

fn branch<'b, 'r>(branches: &'b mut Vec<Branch<'r>>, key: &'r str) -> &'b mut Branch<'r> {
    let at = branches.iter().position(|branch| branch.key == key);
    let at = at.unwrap_or_else(|| {
        branches.push(Branch {
            key,
            fields: Vec::new(),
            below: Vec::new(),
        });
        branches.len() - 1
    });
    &mut branches[at]
}

/// Steps that look at a kind of which there are many, with the steps that follow each.
fn wanted<'r>(
    steps: &'r [Step],
    kinds: &mut BTreeMap<&'r str, Vec<Wanted<'r>>>,
    world: &World<'_, '_>,
    worth: usize,
) {
    for (at, step) in steps.iter().enumerate() {
        if let From::Kind(kind) = &step.from
            && step.pattern.is_none()
            && world.facts.of_kind(kind).len() >= worth
        {
            let next = steps.get(at + 1);
            kinds.entry(kind).or_default().push(Wanted { step, next });
        }
        for alternative in &step.alternatives {
            wanted(alternative, kinds, world, worth);
        }
    }
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

impl<'v> Visit<'v, '_, '_> {
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
        for below in &branch.below {
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
        for below in &branch.below {
            match value.get(below.key) {
                Some(value) => self.branch(entity, below, value),
                None => self.absent(entity, below),
            }
        }
    }

    fn fields(&mut self, entity: &'v Entity<'_>, branch: &Branch<'_>, value: View<'v>) {
        for field in &branch.fields {
            let values = follow(value, field.rest);
            self.field(entity, field, &values);
        }
    }

    fn no_fields(&mut self, entity: &'v Entity<'_>, branch: &Branch<'_>) {
        for field in &branch.fields {
            self.field(entity, field, &[]);
        }
    }

    fn absent(&mut self, entity: &'v Entity<'_>, branch: &Branch<'_>) {
        self.no_fields(entity, branch);
        for below in &branch.below {
            self.absent(entity, below);
        }
    }

    fn field(&mut self, entity: &'v Entity<'_>, field: &Field<'_>, values: &[View<'v>]) {
        let mut how = field.how;
        if entity.partial {
            how = how.of_text(leaves_open(entity, field.path));
        }
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
