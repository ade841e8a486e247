//! Gives the namespace to what commands without `-n` printed, once a description among them has said which it is.

use std::collections::BTreeSet;

use super::{
    Found, Listed, resource,
    tree::{put, text},
};
use crate::node::Node;

/// What was read of commands that named no namespace, where nobody had said which one holds.
#[derive(Debug, Default)]
pub(super) struct Unplaced {
    objects: Vec<usize>,
    logs: Vec<usize>,
}

/// How much was found before a command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before(usize, usize);

impl Before {
    pub(super) fn of(found: &Found) -> Self {
        Self(found.objects.len(), found.logs.len())
    }
}

impl Before {
    /// Of the objects only: logs that nothing attributes belong to nobody.
    pub(super) fn of_objects(self, found: &Found) -> Self {
        Self(self.0, found.logs.len())
    }
}

impl Unplaced {
    /// Whether something without a namespace was also printed with one.
    pub(super) fn has_twin(found: &Found, before: Before) -> bool {
        let objects = found.objects.get(before.0..).unwrap_or(&[]);
        let named = |object: &Node| {
            let name = object.str_at(&["metadata", "name"])?.to_owned();
            Some((object.str_at(&["kind"])?.to_owned(), name))
        };
        let (with, without): (Vec<&Node>, Vec<&Node>) = objects
            .iter()
            .partition(|object| namespace(object).is_some());
        let with: BTreeSet<(String, String)> = with.into_iter().filter_map(named).collect();
        let mut without = without.into_iter().filter_map(named);
        without.any(|object| with.contains(&object))
    }

    /// Adds what a command printed; gives the namespace that its descriptions told.
    pub(super) fn add(&mut self, found: &Found, before: Before, described: bool) -> Option<String> {
        self.objects.extend(before.0..found.objects.len());
        self.logs.extend(before.1..found.logs.len());
        let objects = found.objects.get(before.0..).unwrap_or(&[]);
        let namespaces = || objects.iter().filter_map(namespace);
        let first = namespaces().next().filter(|_| described)?;
        namespaces().all(|it| it == first).then(|| first.to_owned())
    }

    /// Fills in the namespace.
    pub(super) fn place(&mut self, found: &mut Found, namespace: &str) {
        for at in self.objects.drain(..) {
            if let Some(object) = found.objects.get_mut(at) {
                place(object, namespace);
            }
        }
        for at in self.logs.drain(..) {
            if let Some(log) = found.logs.get_mut(at).filter(|it| it.namespace.is_empty()) {
                namespace.clone_into(&mut log.namespace);
            }
        }
        let kinds = std::mem::take(&mut found.somewhere);
        found.lists.extend(kinds.into_iter().map(|kind| Listed {
            kind,
            namespace: Some(namespace.to_owned()),
        }));
    }

    /// Another namespace holds from here, and of what came before nobody will say it.
    pub(super) fn forget(&mut self, found: &mut Found) {
        self.objects.clear();
        self.logs.clear();
        found.somewhere.clear();
    }
}

fn namespace(object: &Node) -> Option<&str> {
    let namespace = object.str_at(&["metadata", "namespace"]);
    namespace.filter(|it| !it.is_empty())
}

fn place(object: &mut Node, namespace: &str) {
    let line = object.line;
    for (about, path) in [
        ("", ["metadata", "namespace"]),
        ("involvedObject", ["involvedObject", "namespace"]),
    ] {
        let of = if about.is_empty() {
            Some(&*object)
        } else {
            object.get(about)
        };
        let kind = of.and_then(|it| it.str_at(&["kind"])).unwrap_or("");
        let open = resource::known(kind) && !resource::cluster_scoped(kind);
        if open && object.at(&path).is_none() {
            put(object, &path, text(namespace, line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tree::map;

    fn object(kind: &str, namespace: Option<&str>) -> Node {
        let mut root = map(vec![("kind", text(kind, 3))], 3);
        if let Some(namespace) = namespace {
            put(&mut root, &["metadata", "namespace"], text(namespace, 3));
        }
        root
    }

    #[test]
    fn what_was_printed_without_a_namespace_gets_the_one_that_is_told() {
        let mut found = Found::default();
        let mut unplaced = Unplaced::default();
        let before = Before::of(&found);
        found.objects = vec![object("Pod", None), object("Node", None)];
        found.somewhere = vec!["Pod".to_owned()];
        assert_eq!(unplaced.add(&found, before, false), None);
        let before = Before::of(&found);
        found.objects.push(object("Pod", Some("billing")));
        let told = unplaced.add(&found, before, true);
        assert_eq!(told.as_deref(), Some("billing"));
        unplaced.place(&mut found, "billing");
        let namespaces: Vec<Option<&str>> = found.objects.iter().map(namespace).collect();
        assert_eq!(namespaces, [Some("billing"), None, Some("billing")]);
        assert_eq!(found.lists[0].namespace.as_deref(), Some("billing"));
    }

    #[test]
    fn two_namespaces_tell_none() {
        let mut found = Found::default();
        let before = Before::of(&found);
        found.objects = vec![object("Pod", Some("a")), object("Pod", Some("b"))];
        assert_eq!(Unplaced::default().add(&found, before, true), None);
    }
}
