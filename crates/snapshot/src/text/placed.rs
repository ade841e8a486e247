//! Gives the namespace to what commands without `-n` printed, once a description among them has said which it is.

use std::collections::{BTreeMap, BTreeSet};

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

/// Kinds whose names are hardly the same in two namespaces: a controller has made them up.
const TOLD: &[&str] = &["Job", "Pod", "ReplicaSet"];

/// Names of such kinds that a text shows without a namespace, and where they were seen with one.
#[derive(Debug, Default)]
pub(crate) struct Places(BTreeMap<(String, String), Place>);

/// Where a name was seen.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Nowhere,
    In(String),
    Several,
}

impl Places {
    /// The names that are looked for.
    pub(crate) fn wanted<'f>(found: impl Iterator<Item = &'f Found>) -> Self {
        let mut places = Self::default();
        for found in found {
            let of_logs = found.logs.iter().filter(|log| log.namespace.is_empty());
            let of_logs = of_logs.map(|log| ("Pod".to_owned(), log.pod.clone()));
            let keys = found.objects.iter().filter_map(open_key).chain(of_logs);
            places.0.extend(keys.map(|key| (key, Place::Nowhere)));
        }
        places
    }

    /// Whether nothing is looked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes where an object is.
    pub(crate) fn note(&mut self, kind: &str, namespace: &str, name: &str) {
        if !TOLD.contains(&kind) || namespace.is_empty() {
            return;
        }
        let Some(place) = self.0.get_mut(&(kind.to_owned(), name.to_owned())) else {
            return;
        };
        match place {
            Place::Nowhere => *place = Place::In(namespace.to_owned()),
            Place::In(other) if other != namespace => *place = Place::Several,
            Place::In(_) | Place::Several => {}
        }
    }

    fn told(&self, key: &(String, String)) -> Option<&str> {
        match self.0.get(key)? {
            Place::In(namespace) => Some(namespace),
            Place::Nowhere | Place::Several => None,
        }
    }

    /// Notes what was read from a text.
    pub(crate) fn note_all(&mut self, found: &Found) {
        for root in found.objects.iter().chain(&found.documents) {
            if let Some((kind, at)) = subjects(root) {
                let part = |key| root.at(at).and_then(|it| it.str_at(&[key])).unwrap_or("");
                self.note(kind, part("namespace"), part("name"));
            }
        }
        for log in &found.logs {
            self.note("Pod", &log.namespace, &log.pod);
        }
    }

    /// Gives its namespace to what a text shows without one.
    pub(crate) fn settle(&self, found: &mut Found) {
        for root in &mut found.objects {
            if let Some(told) = open_key(root).and_then(|key| self.told(&key)) {
                place(root, told);
            }
        }
        for log in found.logs.iter_mut().filter(|log| log.namespace.is_empty()) {
            if let Some(told) = self.told(&("Pod".to_owned(), log.pod.clone())) {
                told.clone_into(&mut log.namespace);
            }
        }
    }
}

/// Kind and name of what has no namespace and may be told one.
fn open_key(root: &Node) -> Option<(String, String)> {
    let (kind, at) = subjects(root)?;
    let about = root.at(at)?;
    let open = about.str_at(&["namespace"]).is_none_or(str::is_empty);
    let name = about.str_at(&["name"]).filter(|name| !name.is_empty())?;
    (open && TOLD.contains(&kind)).then(|| (kind.to_owned(), name.to_owned()))
}

/// The kind that an object, or what an event is about, has, and where its name and namespace stand.
fn subjects(root: &Node) -> Option<(&str, &'static [&'static str])> {
    match root.str_at(&["kind"])? {
        "Event" => Some((
            root.str_at(&["involvedObject", "kind"])?,
            &["involvedObject"],
        )),
        kind => Some((kind, &["metadata"])),
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
        let said = object.str_at(&path).is_some_and(|it| !it.is_empty());
        if open && !said {
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

    fn event(name: &str) -> Node {
        let mut root = object("Event", None);
        put(&mut root, &["involvedObject", "kind"], text("Pod", 9));
        put(&mut root, &["involvedObject", "name"], text(name, 9));
        root
    }

    fn named(kind: &str, namespace: Option<&str>, name: &str) -> Node {
        let mut root = object(kind, namespace);
        put(&mut root, &["metadata", "name"], text(name, 3));
        root
    }

    #[test]
    fn one_namespace_of_a_name_is_that_of_its_mentions() {
        let mut found = Found {
            objects: vec![
                named("Pod", None, "cart-0"),
                event("cart-0"),
                named("Pod", None, "db-0"),
                named("Pod", Some("other"), "cart-0"),
                named("ConfigMap", None, "settings"),
            ],
            ..Found::default()
        };
        let mut places = Places::wanted(std::iter::once(&found));
        places.note("Pod", "billing", "cart-0");
        places.note("Pod", "a", "db-0");
        places.note("Pod", "b", "db-0");
        places.note("ConfigMap", "billing", "settings");
        places.settle(&mut found);
        let namespaces: Vec<Option<&str>> = found.objects.iter().map(namespace).collect();
        let billing = Some("billing");
        assert_eq!(namespaces, [billing, billing, None, Some("other"), None]);
    }

    #[test]
    fn two_namespaces_tell_none() {
        let mut found = Found::default();
        let before = Before::of(&found);
        found.objects = vec![object("Pod", Some("a")), object("Pod", Some("b"))];
        assert_eq!(Unplaced::default().add(&found, before, true), None);
    }
}
