//! Finds the entities of a kind that have a value in a field without asking each of them: cost grows with hits.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
};

use coldcase_facts::{EntityId, schema::Segment};

use crate::{
    engine::{Row, World},
    paths::{find, leaves_open, path_text},
    rule::{Condition, Step, Test},
};

/// Below this many entities, asking each is as cheap.
pub(crate) const WORTH: usize = 64;

/// Entities of one kind by the values of one field.
#[derive(Debug, Default)]
struct ByValue {
    values: HashMap<String, Vec<EntityId>>,
    /// Those of which the field is not known.
    open: Vec<EntityId>,
}

/// Made when first asked for, shared by all rules.
#[derive(Debug)]
pub(crate) struct Index {
    /// Kinds with fewer entities are not indexed.
    worth: usize,
    by_field: RwLock<HashMap<(String, String), Arc<ByValue>>>,
}

impl Index {
    pub(crate) fn new(worth: usize) -> Self {
        Self {
            worth,
            by_field: RwLock::default(),
        }
    }

    pub(crate) fn worth(&self) -> usize {
        self.worth
    }
}

/// What one condition leaves of a kind, before it is put together.
struct Narrow {
    /// How many entities at most.
    most: usize,
    wanted: Vec<String>,
    index: Arc<ByValue>,
}

impl Narrow {
    /// The entities in their order.
    fn ids(&self) -> Vec<EntityId> {
        let of_values = self.wanted.iter();
        let mut ids: Vec<EntityId> = of_values
            .filter_map(|value| self.index.values.get(value))
            .flatten()
            .chain(&self.index.open)
            .copied()
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

impl World<'_, '_> {
    /// The entities of a kind that can pass a step, in their order; `None` if no condition narrows them.
    pub(crate) fn narrowed(&self, kind: &str, step: &Step, row: &Row) -> Option<Vec<EntityId>> {
        let all = self.facts.of_kind(kind);
        if all.len() < self.index.worth {
            return None;
        }
        let sifted = self.sieve.most(step);
        let mut most = sifted.unwrap_or(all.len());
        let mut best: Option<Narrow> = None;
        for condition in &step.conditions {
            // No other condition is worth an index then.
            if most == 0 {
                break;
            }
            if condition.slot != step.slot {
                continue;
            }
            if let Some(found) = self.with_value(kind, all, condition, row, step.slot)
                && found.most < most
            {
                most = found.most;
                best = Some(found);
            }
        }
        match best {
            Some(best) => Some(best.ids()),
            None => self.sieve.ids(step, all),
        }
    }

    /// Entities that fulfil the first test of a condition that asks for equality.
    fn with_value(
        &self,
        kind: &str,
        all: &[EntityId],
        condition: &Condition,
        row: &Row,
        slot: usize,
    ) -> Option<Narrow> {
        let wanted: Vec<String> = condition.matcher.tests.iter().find_map(|test| {
            let operands = match test {
                Test::Is(operand) => std::slice::from_ref(operand),
                Test::AnyOf(operands) => operands.as_slice(),
                _ => return None,
            };
            // What is the same for all rows has been sifted.
            if operands.iter().all(|operand| operand.slots_all(&|_| false)) {
                return None;
            }
            // A value of the entity itself is another one for each candidate; one that the text
            // leaves out could be any.
            operands
                .iter()
                .map(|operand| {
                    let fixed = !operand.reads(slot) && self.unshown(row, operand).is_none();
                    fixed.then(|| self.value(row, operand))
                })
                .collect::<Option<Vec<_>>>()
                .map(|values| values.into_iter().flatten().collect())
        })?;
        let index = self.by_value(kind, all, &condition.path);
        let of_values = wanted.iter().filter_map(|value| index.values.get(value));
        let most = index.open.len() + of_values.map(Vec::len).sum::<usize>();
        Some(Narrow {
            most,
            wanted,
            index,
        })
    }

    /// Entities of a kind that have this value in a field; `[]` in the path stands for any element.
    pub(crate) fn having(&self, kind: &str, path: &[&str], value: &str) -> Vec<EntityId> {
        let path: Vec<Segment> = path
            .iter()
            .map(|key| match *key {
                "[]" => Segment::Any,
                key => Segment::Key(key.to_owned()),
            })
            .collect();
        let index = self.by_value(kind, self.facts.of_kind(kind), &path);
        index.values.get(value).cloned().unwrap_or_default()
    }

    fn by_value(&self, kind: &str, all: &[EntityId], path: &[Segment]) -> Arc<ByValue> {
        let key = (kind.to_owned(), path_text(path));
        if let Ok(known) = self.index.by_field.read()
            && let Some(found) = known.get(&key)
        {
            return Arc::clone(found);
        }
        let mut made = ByValue::default();
        for id in all {
            let entity = self.get(*id);
            if entity.partial && leaves_open(entity, path) {
                made.open.push(*id);
            }
            for text in find(entity, path).all().iter().filter_map(|it| it.as_str()) {
                match made.values.get_mut(text) {
                    Some(ids) if ids.last() == Some(id) => {}
                    Some(ids) => ids.push(*id),
                    None => {
                        made.values.insert(text.to_owned(), vec![*id]);
                    }
                }
            }
        }
        let made = Arc::new(made);
        if let Ok(mut known) = self.index.by_field.write() {
            known.insert(key, Arc::clone(&made));
        }
        made
    }
}
