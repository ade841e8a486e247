//! Asks all entities of a kind all conditions that depend on nothing else, of all rules in one walk, so that a step looks only at those that can pass.
//!
//! Most rules begin with all containers or all pods and a few conditions with fixed values. Asked
//! rule by rule, the same fields of fifty thousand objects are looked up hundreds of times; here
//! each object is visited once, and conditions on the same field share the look-up.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use coldcase_facts::{EntityId, schema::Segment};
use coldcase_snapshot::packed::View;
use rayon::prelude::*;

use crate::{
    engine::{Row, World},
    rule::{Condition, From, Matcher, Operand, Rule, Step, Test, Verb},
    sieve::visit::{Asked, Field, Question},
    values::{How, Truth},
};

mod visit;

/// Entities that one task visits: whatever the threads, the parts are the same.
const PART: usize = 4096;

/// Steps of rules, and which entities of their kind can pass them.
#[derive(Debug, Default)]
pub(crate) struct Sieve {
    kept: HashMap<StepId, Kept>,
    /// Of the steps of which conditions were asked: the answers.
    known: HashMap<StepId, Box<[Option<Known>]>>,
    /// The kind and the place among its entities of each entity of the kinds that were sifted.
    places: Vec<(u16, u32)>,
}

/// The answers to a condition, of all entities of a kind.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// The number of the kind, from 1.
    kind: u16,
    /// Whether an entity that can pass does pass.
    pub sure: bool,
    /// Those that can pass.
    bits: Arc<Bits>,
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

    /// Which conditions of a step were asked before.
    pub(crate) fn known(&self, step: &Step) -> Option<&[Option<Known>]> {
        if self.known.is_empty() || step.conditions.is_empty() {
            return None;
        }
        self.known.get(&id(step)).map(AsRef::as_ref)
    }

    /// Whether an entity can pass a condition; `None` if it is of another kind.
    pub(crate) fn answer(&self, known: &Known, entity: EntityId) -> Option<bool> {
        let (kind, place) = *self.places.get(entity.0 as usize)?;
        (kind == known.kind).then(|| known.bits.has(place as usize))
    }

    /// Whether an entity cannot pass a step, by what is known of the conditions on its slot alone.
    pub(crate) fn refutes(&self, step: &Step, known: &[Option<Known>], entity: EntityId) -> bool {
        let own = step.conditions.iter().zip(known);
        own.filter(|(condition, _)| condition.slot == step.slot)
            .filter_map(|(_, known)| self.answer(known.as_ref()?, entity))
            .any(|passes| !passes)
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

    fn has(&self, place: usize) -> bool {
        let word = self.0.get(place / 64).copied().unwrap_or(0);
        word & (1 << (place % 64)) != 0
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

/// A step, and the one behind it.
struct Wanted<'r> {
    step: &'r Step,
    next: Option<&'r Step>,
    /// Whether it comes to the kind by a relation: there is nothing to leave of the kind, but what is cheap to know
    /// of all need not be looked up row by row.
    by_relation: bool,
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
        let mut sieve = Sieve::default();
        for (number, (kind, steps)) in (1..).zip(kinds) {
            let all = self.facts.of_kind(kind);
            let dated = self.facts.now().is_some() && !self.facts.snapshot.is_captured_later();
            let sound = dated && !all.iter().any(|id| self.get(*id).partial);
            let open = !sound || self.missing_of(kind, false).is_some();
            let mut asked = Asked::default();
            for wanted in &steps {
                if wanted.by_relation {
                    self.cheap(wanted.step, &mut asked);
                    continue;
                }
                // Where something is left open, an entity that cannot pass the step behind still says
                // that this one found something.
                let next = wanted.next.filter(|_| !open);
                if let Some(need) = self.need(wanted.step, next, &mut asked) {
                    asked.needs.push((id(wanted.step), need));
                }
            }
            asked.branches.number(0);
            let answers = self.answers(all, &asked);
            sieve.kept.extend(kept(all, &asked, &answers));
            let mut links = Links {
                kind,
                number,
                sound,
                asked: &asked,
                answers: &answers,
                shared: BTreeMap::new(),
            };
            let known = sieve.known.len();
            for rule in rules {
                links.link(&rule.steps, &mut Vec::new(), &mut sieve.known);
            }
            if sieve.known.len() > known || !links.shared.is_empty() {
                let places = self.facts.entities.len();
                sieve.places.resize(places, (0, 0));
                for (place, id) in (0..).zip(all) {
                    if let Some(entity) = sieve.places.get_mut(id.0 as usize) {
                        *entity = (number, place);
                    }
                }
            }
        }
        sieve
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

    /// Asks what costs no more than a comparison.
    fn cheap<'r>(&self, step: &'r Step, asked: &mut Asked<'r>) {
        let fixed = |operand: &Operand| operand.slots_all(&|_| false);
        for condition in &step.conditions {
            let own = condition.slot == step.slot && condition.matcher.operands_all(&fixed);
            if own && !is_dear(&condition.matcher) {
                self.question(condition, asked);
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
        let mut branch = asked.branches.of(first);
        let mut rest = rest;
        for key in keys {
            branch = branch.below.of(key);
            rest = rest.get(1..)?;
        }
        let known = branch.fields.iter().position(|field| field.rest == rest);
        let at = known.unwrap_or_else(|| {
            branch.fields.push(Field {
                path: &condition.path,
                rest,
                how: How::of(&condition.path),
                questions: Vec::new(),
                number: asked.fields,
            });
            asked.fields += 1;
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

    /// Visits the entities of a kind, in parts; gives the answers to each question.
    fn answers(&self, all: &[EntityId], asked: &Asked<'_>) -> Vec<Bits> {
        let parts: Vec<Vec<Bits>> = all
            .par_chunks(PART)
            .map(|part| visit::part(self, part, asked))
            .collect();
        (0..asked.questions.len())
            .map(|question| {
                let words = parts.iter().filter_map(|part| part.get(question));
                Bits(words.flat_map(|bits| bits.0.iter().copied()).collect())
            })
            .collect()
    }
}

/// What the steps of a kind leave of it.
fn kept(all: &[EntityId], asked: &Asked<'_>, answers: &[Bits]) -> Vec<(StepId, Kept)> {
    asked
        .needs
        .par_iter()
        .filter_map(|(step, need)| {
            let bits = need.bits(answers)?;
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

/// Tells all steps which of their conditions have been asked of a kind.
struct Links<'l, 'r> {
    kind: &'l str,
    number: u16,
    /// Whether an entity that can pass does pass.
    sound: bool,
    asked: &'l Asked<'r>,
    answers: &'l [Bits],
    shared: BTreeMap<usize, Arc<Bits>>,
}

impl Links<'_, '_> {
    /// Goes through steps; `slots` are the kinds that each slot may hold so far.
    fn link<'r>(
        &mut self,
        steps: &'r [Step],
        slots: &mut Vec<&'r [String]>,
        known: &mut HashMap<StepId, Box<[Option<Known>]>>,
    ) {
        for step in steps {
            for alternative in &step.alternatives {
                self.link(alternative, &mut slots.clone(), known);
            }
            if !matches!(step.verb, Verb::Any | Verb::Check | Verb::Rows) {
                if slots.len() <= step.slot {
                    slots.resize(step.slot + 1, &[]);
                }
                if let Some(kinds) = slots.get_mut(step.slot) {
                    *kinds = &step.kinds;
                }
            }
            for (at, condition) in step.conditions.iter().enumerate() {
                let kinds = slots.get(condition.slot).copied().unwrap_or(&[]);
                if let [kind] = kinds
                    && kind == self.kind
                    && let Some(answers) = self.of(condition)
                {
                    let empty = || vec![None; step.conditions.len()].into();
                    let known = known.entry(id(step)).or_insert_with(empty);
                    if let Some(place) = known.get_mut(at) {
                        *place = Some(answers);
                    }
                }
            }
        }
    }

    fn of(&mut self, condition: &Condition) -> Option<Known> {
        let question = self.asked.known(condition)?;
        let answers = self.answers.get(question)?;
        let bits = self.shared.entry(question);
        let bits = bits.or_insert_with(|| Arc::new(answers.clone()));
        Some(Known {
            kind: self.number,
            // What patterns capture is known only to those that look.
            sure: self.sound && !condition.matcher.tests.iter().any(looks_inside),
            bits: Arc::clone(bits),
        })
    }
}

fn looks_inside(test: &Test) -> bool {
    matches!(
        test,
        Test::Matches(_) | Test::All(_) | Test::No(_) | Test::Where(_) | Test::Entry { .. }
    )
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

/// Steps that look at a kind of which there are many, with the steps that follow each.
fn wanted<'r>(
    steps: &'r [Step],
    kinds: &mut BTreeMap<&'r str, Vec<Wanted<'r>>>,
    world: &World<'_, '_>,
    worth: usize,
) {
    let many = |kind: &str| world.facts.of_kind(kind).len() >= worth;
    for (at, step) in steps.iter().enumerate() {
        let mut want = |kind, next, by_relation| {
            let all = kinds.entry(kind).or_default();
            all.push(Wanted {
                step,
                next,
                by_relation,
            });
        };
        match (&step.from, step.kinds.as_slice()) {
            _ if step.pattern.is_some() => {}
            (From::Kind(kind), _) if many(kind) => want(kind, steps.get(at + 1), false),
            (From::Relation(..), [kind]) if many(kind) => want(kind, None, true),
            _ => {}
        }
        for alternative in &step.alternatives {
            wanted(alternative, kinds, world, worth);
        }
    }
}
