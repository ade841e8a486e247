//! How two findings touch, and an index that finds those which do: no finding is held against each other one.

use std::collections::{BTreeMap, BTreeSet};

use coldcase_facts::{EntityId, Identity};
use coldcase_rules::Along;

use crate::scope::Scope;

/// Something that two findings can have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key<'s> {
    /// Every finding has it.
    Cluster,
    Container(&'s (Identity, String)),
    Pod(EntityId),
    Object(&'s Identity),
    Name(&'s str),
}

/// Whether an effect touches its cause along a relation.
pub(crate) fn touch(along: Along, cause: &Scope, effect: &Scope) -> bool {
    if along == Along::Pod && !cause.pods.is_empty() && !effect.pods.is_empty() {
        return meet(&cause.pods, &effect.pods);
    }
    let keys: BTreeSet<Key<'_>> = of_cause(along, cause).into_iter().collect();
    of_effect(along, effect)
        .iter()
        .any(|key| keys.contains(key))
}

/// What a cause can be found by. A workload stands for pods that are not known.
fn of_cause(along: Along, scope: &Scope) -> Vec<Key<'_>> {
    match along {
        Along::Node if scope.nodes.is_empty() => names(&scope.pod_nodes),
        Along::Node => names(&scope.nodes),
        Along::Config => objects(&scope.configs),
        _ => of_either(along, scope),
    }
}

/// What an effect can be found by.
fn of_effect(along: Along, scope: &Scope) -> Vec<Key<'_>> {
    match along {
        Along::Node => joined(names(&scope.nodes), names(&scope.pod_nodes)),
        Along::Config => joined(objects(&scope.configs), objects(&scope.pod_configs)),
        _ => of_either(along, scope),
    }
}

fn of_either(along: Along, scope: &Scope) -> Vec<Key<'_>> {
    match along {
        Along::Container => scope.containers.iter().map(Key::Container).collect(),
        Along::Pod => joined(
            scope.pods.iter().copied().map(Key::Pod).collect(),
            objects(&scope.workloads),
        ),
        Along::Workload => objects(&scope.workloads),
        Along::Service => joined(objects(&scope.services), objects(&scope.pod_services)),
        Along::Claim => objects(&scope.claims),
        Along::Namespace => names(&scope.namespaces),
        Along::Cluster => vec![Key::Cluster],
        Along::Node | Along::Config => Vec::new(),
    }
}

fn objects(set: &BTreeSet<Identity>) -> Vec<Key<'_>> {
    set.iter().map(Key::Object).collect()
}

fn names(set: &BTreeSet<String>) -> Vec<Key<'_>> {
    set.iter().map(|name| Key::Name(name)).collect()
}

fn joined<'s>(mut a: Vec<Key<'s>>, b: Vec<Key<'s>>) -> Vec<Key<'s>> {
    a.extend(b);
    a
}

/// Whether two sets have something in common.
pub(crate) fn meet<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> bool {
    let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
    few.iter().any(|it| many.contains(it))
}

/// Findings by what they can be found by.
pub(crate) struct Index<'s> {
    by: BTreeMap<Key<'s>, Vec<usize>>,
    scopes: &'s [Scope],
    along: Along,
}

impl<'s> Index<'s> {
    /// Of effects, for their causes to ask.
    pub(crate) fn of_effects(
        along: Along,
        scopes: &'s [Scope],
        effects: impl IntoIterator<Item = usize>,
    ) -> Self {
        Self::new(along, scopes, effects, of_effect)
    }

    /// Of causes, for their effects to ask.
    pub(crate) fn of_causes(
        along: Along,
        scopes: &'s [Scope],
        causes: impl IntoIterator<Item = usize>,
    ) -> Self {
        Self::new(along, scopes, causes, of_cause)
    }

    fn new(
        along: Along,
        scopes: &'s [Scope],
        findings: impl IntoIterator<Item = usize>,
        keys: fn(Along, &Scope) -> Vec<Key<'_>>,
    ) -> Self {
        let mut by: BTreeMap<Key<'s>, Vec<usize>> = BTreeMap::new();
        for finding in findings {
            for key in keys(along, &scopes[finding]) {
                by.entry(key).or_default().push(finding);
            }
        }
        Self { by, scopes, along }
    }

    /// The effects that touch a cause, in order.
    pub(crate) fn effects(&self, cause: usize) -> BTreeSet<usize> {
        let scope = &self.scopes[cause];
        self.among(&of_cause(self.along, scope), |effect| {
            touch(self.along, scope, effect)
        })
    }

    /// The causes that touch an effect, in order.
    pub(crate) fn causes(&self, effect: usize) -> BTreeSet<usize> {
        let scope = &self.scopes[effect];
        self.among(&of_effect(self.along, scope), |cause| {
            touch(self.along, cause, scope)
        })
    }

    fn among(&self, keys: &[Key<'_>], touches: impl Fn(&Scope) -> bool) -> BTreeSet<usize> {
        let found: BTreeSet<usize> = keys
            .iter()
            .filter_map(|key| self.by.get(key))
            .flatten()
            .copied()
            .collect();
        // A key is what they have in common in all but one case: workloads count only where pods are not known.
        let sure = self.along != Along::Pod;
        found
            .into_iter()
            .filter(|index| sure || touches(&self.scopes[*index]))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scope() -> impl Strategy<Value = Scope> {
        let few = || proptest::collection::btree_set(0_u32..4, 0..3);
        (few(), few(), few(), few(), few(), few()).prop_map(|(a, b, c, d, e, f)| {
            let objects = |set: &BTreeSet<u32>| {
                set.iter()
                    .map(|n| Identity::new("X", "", n.to_string()))
                    .collect()
            };
            let names = |set: &BTreeSet<u32>| set.iter().map(u32::to_string).collect();
            Scope {
                pods: a.iter().copied().map(EntityId).collect(),
                workloads: objects(&b),
                nodes: names(&c),
                pod_nodes: names(&d),
                services: objects(&e),
                pod_services: objects(&f),
                configs: objects(&c),
                pod_configs: objects(&e),
                claims: objects(&d),
                namespaces: names(&f),
                containers: BTreeSet::new(),
            }
        })
    }

    const ALONGS: [Along; 8] = [
        Along::Pod,
        Along::Workload,
        Along::Node,
        Along::Service,
        Along::Claim,
        Along::Config,
        Along::Namespace,
        Along::Cluster,
    ];

    proptest! {
        #[test]
        fn the_index_finds_what_asking_each_finds(scopes in proptest::collection::vec(scope(), 1..8)) {
            for along in ALONGS {
                let effects = Index::of_effects(along, &scopes, 0..scopes.len());
                let causes = Index::of_causes(along, &scopes, 0..scopes.len());
                for one in 0..scopes.len() {
                    let asked = |of: &dyn Fn(&Scope) -> bool| -> BTreeSet<usize> {
                        (0..scopes.len()).filter(|other| of(&scopes[*other])).collect()
                    };
                    prop_assert_eq!(effects.effects(one), asked(&|it| touch(along, &scopes[one], it)));
                    prop_assert_eq!(causes.causes(one), asked(&|it| touch(along, it, &scopes[one])));
                }
            }
        }
    }
}
