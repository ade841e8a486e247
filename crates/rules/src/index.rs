//! Finds the entities of a kind that have a value in a field without asking each of them: cost grows with hits.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
};

use coldcase_facts::{EntityId, schema::Segment};

use crate::{
    engine::{Row, World},
    rule::{Condition, Step, Test},
    values::{leaves_open, path_text, resolve},
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
}

impl World<'_, '_> {
    /// The entities of a kind that can pass a step, in their order; `None` if no condition narrows them.
    pub(crate) fn narrowed(&self, kind: &str, step: &Step, row: &Row) -> Option<Vec<EntityId>> {
        let all = self.facts.of_kind(kind);
        if all.len() < self.index.worth {
            return None;
        }
        step.conditions
            .iter()
            .filter(|condition| condition.slot == step.slot)
            .filter_map(|condition| self.with_value(kind, all, condition, row, step.slot))
            .min_by_key(Vec::len)
    }

    /// Entities that fulfil the first test of a condition that asks for equality.
    fn with_value(
        &self,
        kind: &str,
        all: &[EntityId],
        condition: &Condition,
        row: &Row,
        slot: usize,
    ) -> Option<Vec<EntityId>> {
        let wanted: Vec<String> = condition.matcher.tests.iter().find_map(|test| {
            let operands = match test {
                Test::Is(operand) => std::slice::from_ref(operand),
                Test::AnyOf(operands) => operands.as_slice(),
                _ => return None,
            };
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
        let mut ids: Vec<EntityId> = wanted
            .iter()
            .filter_map(|value| index.values.get(value))
            .flatten()
            .chain(&index.open)
            .copied()
            .collect();
        ids.sort_unstable();
        ids.dedup();
        Some(ids)
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
            for text in resolve(entity, path)
                .into_iter()
                .filter_map(coldcase_snapshot::packed::View::as_str)
            {
                let ids = made.values.entry(text.to_owned()).or_default();
                if ids.last() != Some(id) {
                    ids.push(*id);
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
