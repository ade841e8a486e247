//! Which entities belong to which, in as little memory as a large cluster's relations allow.

use crate::EntityId;

/// Lists of entities, by the object that they belong to.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// Where the list of each object ends; it begins where the one before ends.
    ends: Box<[u32]>,
    ids: Box<[EntityId]>,
}

impl Groups {
    /// Groups pairs of an object and what belongs to it by the object; each list keeps the order of the pairs.
    /// Objects from `objects` on have no list.
    pub(crate) fn new(objects: usize, pairs: &[(EntityId, EntityId)]) -> Self {
        let kept = || pairs.iter().filter(|(of, _)| (of.0 as usize) < objects);
        let mut ends = vec![0_u32; objects];
        for (of, _) in kept() {
            if let Some(count) = ends.get_mut(of.0 as usize) {
                *count += 1;
            }
        }
        // First where each list begins; filling moves that to where it ends.
        let mut before = 0;
        for end in &mut ends {
            (*end, before) = (before, before + *end);
        }
        let mut ids = vec![EntityId(0); before as usize];
        for (of, id) in kept() {
            if let Some(end) = ends.get_mut(of.0 as usize)
                && let Some(place) = ids.get_mut(*end as usize)
            {
                *place = *id;
                *end += 1;
            }
        }
        Self {
            ends: ends.into(),
            ids: ids.into(),
        }
    }

    /// What belongs to an object.
    pub(crate) fn of(&self, object: EntityId) -> &[EntityId] {
        let at = object.0 as usize;
        let Some(end) = self.ends.get(at) else {
            return &[];
        };
        let before = at.checked_sub(1).and_then(|at| self.ends.get(at));
        let start = before.copied().unwrap_or(0);
        self.ids.get(start as usize..*end as usize).unwrap_or(&[])
    }
}

/// Some entities, most often one.
#[derive(Debug)]
pub(crate) enum Few {
    One(EntityId),
    More(Vec<EntityId>),
}

impl Few {
    pub(crate) fn push(&mut self, id: EntityId) {
        match self {
            Self::One(first) => *self = Self::More(vec![*first, id]),
            Self::More(ids) => ids.push(id),
        }
    }

    pub(crate) fn as_slice(&self) -> &[EntityId] {
        match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::More(ids) => ids,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lists_keep_their_order(
            objects in 0..12_usize,
            pairs in proptest::collection::vec((0..16_u32, 0..99_u32), 0..60),
        ) {
            let pairs: Vec<_> = pairs.iter().map(|(of, id)| (EntityId(*of), EntityId(*id))).collect();
            let groups = Groups::new(objects, &pairs);
            for of in (0..20).map(EntityId) {
                let wanted: Vec<EntityId> = pairs
                    .iter()
                    .filter(|(it, _)| *it == of && (of.0 as usize) < objects)
                    .map(|(_, id)| *id)
                    .collect();
                prop_assert_eq!(groups.of(of), wanted.as_slice());
            }
        }

        #[test]
        fn few_are_all_kept(ids in proptest::collection::vec(0..99_u32, 1..6)) {
            let ids: Vec<EntityId> = ids.into_iter().map(EntityId).collect();
            let mut few = Few::One(ids[0]);
            for id in &ids[1..] {
                few.push(*id);
            }
            prop_assert_eq!(few.as_slice(), ids.as_slice());
        }
    }
}
