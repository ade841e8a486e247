//! Remembers what was found of parts that replicas share, so that it is not looked for in each of them.

use coldcase_snapshot::packed::View;

/// Pods that are looked at with one memory: what a page holds.
pub(crate) const TOGETHER: usize = 64;

/// Parts remembered: the containers of a pod have one each.
const KEPT: usize = 8;

/// The answers for the parts that were met last.
pub(crate) struct Shared<'s, T> {
    last: Vec<(View<'s>, T)>,
    next: usize,
}

impl<'s, T> Shared<'s, T> {
    pub(crate) fn new() -> Self {
        Self {
            last: Vec::new(),
            next: 0,
        }
    }

    /// What was found of this part.
    pub(crate) fn get(&self, part: View<'_>) -> Option<&T> {
        let mut last = self.last.iter();
        let found = last.find(|(known, _)| known.is_shared_with(part));
        found.map(|(_, answer)| answer)
    }

    /// Remembers what was found, for what was not there.
    pub(crate) fn put(&mut self, part: View<'s>, answer: T) {
        if let Some(place) = self.last.get_mut(self.next) {
            *place = (part, answer);
        } else {
            self.last.push((part, answer));
        }
        self.next = (self.next + 1) % KEPT;
    }
}

#[cfg(test)]
mod tests {
    use coldcase_snapshot::{node::Node, packed::Packed};

    use super::*;

    #[test]
    fn the_parts_met_last_are_known() {
        let trees: Vec<Packed> = (0..20).map(|at| Node::number(at).into()).collect();
        let mut known = Shared::new();
        for (at, tree) in trees.iter().enumerate() {
            assert_eq!(known.get(tree.view()), None);
            known.put(tree.view(), at);
            assert_eq!(known.get(tree.view()), Some(&at));
        }
        let kept = trees.iter().filter_map(|tree| known.get(tree.view()));
        assert!(kept.copied().eq(12..20));
    }
}
