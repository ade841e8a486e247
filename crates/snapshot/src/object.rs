//! Turns documents into Kubernetes objects: lists unrolled, kinds and names settled, duplicates merged.

use std::{borrow::Cow, collections::HashMap};

use coldcase_bundle::FileId;
use rayon::prelude::*;

use crate::{
    envelope::{self, Opened},
    layouts,
    node::{Key, Node, Value},
    packed::{Packed, Text, View},
    shape,
    yaml::Document,
};

pub use crate::resource::{kind_of_resource, resource_of_kind};

/// A Kubernetes object as captured.
#[derive(Debug, Clone, Default)]
pub struct Object {
    /// The API's kind; kinds of other projects' groups carry their group (`Ingress.config.openshift.io`).
    pub kind: Key,
    /// Empty for cluster-scoped objects.
    pub namespace: Key,
    /// Name.
    pub name: Text,
    /// Empty if the text left it out.
    pub uid: Text,
    /// The object's tree.
    pub root: Packed,
    /// Where it was read.
    pub file: FileId,
    /// Read from text for people: a missing field is unknown, a null one is known to be absent.
    pub partial: bool,
}

/// API groups whose kinds go by their bare name.
const OWN_GROUPS: &[&str] = &[
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "gateway.networking.k8s.io",
    "metrics.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// The kind that a path speaks of: by its file name, else by its directory (`pods/shop.json`), else
/// by the command that a file name spells (`kubectl_get_-o_json_--namespace_shop_pvc`).
pub fn kind_of_path(path: &str) -> Option<&'static str> {
    let mut parts = path.rsplit('/');
    let name = parts.next()?;
    let Some(stem) = name
        .strip_suffix(".yaml")
        .or_else(|| name.strip_suffix(".yml"))
        .or_else(|| name.strip_suffix(".json"))
    else {
        // Reporters of end-to-end tests number their lists, and call them logs.
        if let Some(stem) = name
            .strip_suffix(".log")
            .filter(|stem| unnumbered(stem) != *stem)
        {
            return kind_of_resource(unnumbered(stem));
        }
        let words = name.starts_with("kubectl_") || name.starts_with("oc_");
        return words
            .then(|| name.rsplit('_').next().and_then(kind_of_resource))
            .flatten();
    };
    kind_of_resource(unnumbered(stem))
        .or_else(|| {
            stem.split_once('.')
                .and_then(|(resource, _)| kind_of_resource(resource))
        })
        .or_else(|| kind_of_resource(parts.next()?))
}

/// A file's stem without the number that orders the files of a series: `3_pods` of the third failed test.
fn unnumbered(stem: &str) -> &str {
    let bare = stem.trim_start_matches(|c: char| c.is_ascii_digit());
    match bare.strip_prefix(['_', '-']) {
        Some(bare) if bare.len() + 1 < stem.len() => bare,
        _ => stem,
    }
}

/// Objects of one document, and the kind if it was a list (an empty list says "captured and none").
pub fn objects(document: Document, path: &str, file: FileId) -> (Vec<Object>, Option<String>) {
    let Document { root, items } = document;
    let root = match envelope::open(root) {
        Opened::Document(root) => layouts::go::normalise(root),
        Opened::Gone => return (Vec::new(), None),
    };
    let path_kind = kind_of_path(path);
    let version = root.str_at(&["apiVersion"]).unwrap_or("").to_owned();
    let kind = root.str_at(&["kind"]).unwrap_or("").to_owned();
    let of_list = || {
        kind.strip_suffix("List")
            .filter(|kind| !kind.is_empty())
            .map(|kind| qualify(kind, &version))
            .or_else(|| path_kind.map(str::to_owned))
    };
    let (items, list_kind) = match (items, root.value) {
        (Some(items), _) if is_list_kind(&kind) => (items, of_list()),
        (None, Value::Seq(items)) => (packed(items), path_kind.map(str::to_owned)),
        (None, Value::Map(mut entries))
            if is_list_kind(&kind) && entries.iter().any(|(key, _)| key == "items")
                || kind == "List" =>
        {
            let items = entries
                .iter_mut()
                .find(|(key, _)| key == "items")
                .map(|(_, node)| std::mem::take(node))
                .map_or_else(Box::default, |node| match node.value {
                    Value::Seq(items) => items,
                    _ => Box::default(),
                });
            (packed(items), of_list())
        }
        (items, value) => {
            let root = Node {
                value,
                line: root.line,
                more_lines: 0,
                plain: false,
            };
            let whole = Document { root, items }.whole();
            (vec![whole.into()], None)
        }
    };
    let single = layouts::insights::kind_of(path).filter(|_| list_kind.is_none());
    let default = list_kind
        .clone()
        .or(single.map(str::to_owned))
        .unwrap_or_default();
    let found: Vec<Option<Object>> = items
        .into_par_iter()
        .enumerate()
        .map(|(index, item)| {
            let item = layouts::insights::whole_event(item, &default, file, index);
            object(item, &default, file)
        })
        .collect();
    (found.into_iter().flatten().collect(), list_kind)
}

fn packed(items: Box<[Node]>) -> Vec<Packed> {
    items.into_iter().map(Packed::from).collect()
}

/// Whether a document of this kind that has items is a list.
fn is_list_kind(kind: &str) -> bool {
    kind.is_empty() || kind.ends_with("List")
}

/// A kind as [`Object::kind`] has it: bare in Kubernetes' own groups, else with its group.
pub fn qualify(kind: &str, api_version: &str) -> String {
    qualified(kind, api_version).into_owned()
}

fn qualified<'k>(kind: &'k str, api_version: &str) -> Cow<'k, str> {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    if OWN_GROUPS.contains(&group) {
        kind.into()
    } else {
        format!("{kind}.{group}").into()
    }
}

fn object(root: Packed, default_kind: &str, file: FileId) -> Option<Object> {
    let metadata = root.get("metadata")?;
    let text = |key: &str| root.text(metadata.get(key).unwrap_or_default());
    metadata.str_at(&["name"])?;
    let name = text("name");
    let kind = match root.str_at(&["kind"]) {
        Some(kind) => Key::new(&qualified(kind, root.str_at(&["apiVersion"]).unwrap_or(""))),
        None if !default_kind.is_empty() => default_kind.into(),
        None => shape::kind_of(root.view())?.into(),
    };
    let namespace = Key::new(metadata.str_at(&["namespace"]).unwrap_or(""));
    let uid = text("uid");
    Some(Object {
        kind,
        namespace,
        name,
        uid,
        root,
        file,
        partial: false,
    })
}

impl Object {
    /// A manifest (something to apply) rather than captured state: the API server never dated it.
    pub fn is_declared(&self) -> bool {
        !self.partial
            && self.uid.is_empty()
            && self
                .root
                .at(&["metadata", "creationTimestamp"])
                .is_none_or(View::is_null)
            && self.root.get("status").is_none()
    }

    fn key(&self) -> (&str, &str, &str) {
        (&self.kind, &self.namespace, &self.name)
    }

    fn version(&self) -> u64 {
        self.root
            .str_at(&["metadata", "resourceVersion"])
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    }
}

/// Keeps one object for each kind, namespace and name: a whole one before a partial one, then the
/// newest resource version, else the first path. Partial ones of one file are joined.
pub fn merge(mut objects: Vec<Object>) -> Vec<Object> {
    let in_order = |pair: &[Object]| matches!(pair, [a, b] if a.key() < b.key());
    if objects.par_windows(2).all(in_order) {
        objects.shrink_to_fit();
        return objects;
    }
    // Stable, so that what is merged comes in the order of the files.
    objects.par_sort_by(|a, b| a.key().cmp(&b.key()));
    objects.dedup_by(|new, old| {
        if new.key() != old.key() {
            return false;
        }
        let new = std::mem::take(new);
        if old.partial && new.partial {
            join(old, new);
        } else if rank(old) < rank(&new) {
            *old = new;
        }
        true
    });
    objects.shrink_to_fit();
    objects
}

fn rank(object: &Object) -> (bool, u64, std::cmp::Reverse<FileId>) {
    (
        !object.partial,
        object.version(),
        std::cmp::Reverse(object.file),
    )
}

/// Two texts about one object. Within a file the later says more of the same; of two files the
/// fuller one is kept whole, since a tree has one file to be quoted from.
fn join(old: &mut Object, new: Object) {
    if old.file == new.file {
        if old.uid.is_empty() {
            old.uid.clone_from(&new.uid);
        }
        old.root
            .edit(|tree| overlay(tree, new.root.view().to_node()));
    } else if old.root.view().size() < new.root.view().size() {
        *old = new;
    }
}

/// Entries that are sooner looked through than found by an index.
const FEW: usize = 32;

fn overlay(old: &mut Node, new: Node) {
    match (&mut old.value, new.value) {
        (Value::Map(entries), Value::Map(more)) => {
            let mut joined = std::mem::take(entries).into_vec();
            let mut places: HashMap<Key, usize> = HashMap::new();
            let indexed = joined.len() + more.len() > FEW;
            if indexed {
                // The first of repeated keys is the one that counts.
                for (at, (key, _)) in joined.iter().enumerate() {
                    places.entry(key.clone()).or_insert(at);
                }
            }
            for (key, node) in more {
                let place = if indexed {
                    places.get(&key).copied()
                } else {
                    joined.iter().position(|(name, _)| *name == key)
                };
                if let Some((_, old)) = place.and_then(|at| joined.get_mut(at)) {
                    overlay(old, node);
                    continue;
                }
                if indexed {
                    places.insert(key.clone(), joined.len());
                }
                joined.push((key, node));
            }
            *entries = joined.into();
        }
        // A table's `<none>` does not take back what a description spelled out.
        (Value::Map(_) | Value::Seq(_), Value::Null) => {}
        (_, value) => {
            old.value = value;
            old.line = new.line;
            old.more_lines = new.more_lines;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_without_metadata_are_events_in_yaml_and_json() {
        let yaml = "kind: EventList\napiVersion: v1\nitems:\n- namespace: a\n  reason: Killing\n  message: m\n";
        let json = r#"{"kind":"EventList","apiVersion":"v1","items":[{"namespace":"a","reason":"Killing","message":"m"}]}"#;
        let mut yaml = crate::yaml::read(yaml, &crate::yaml::Reading::default()).nodes;
        let mut json = crate::json::read(json).0;
        for document in [yaml.remove(0), json.remove(0).into()] {
            let (objects, list) = objects(document, "events.yaml", FileId(3));
            assert_eq!(list.as_deref(), Some("Event"));
            assert_eq!(objects[0].name, "file-3-item-1");
            assert_eq!(
                (objects[0].kind.as_str(), objects[0].namespace.as_str()),
                ("Event", "a")
            );
        }
    }

    fn mapping(range: std::ops::Range<usize>, value: &str) -> Node {
        let entries: Vec<(Key, Node)> = range
            .map(|n| (Key::from(format!("key-{n}")), Node::text(value)))
            .collect();
        Node {
            value: Value::Map(entries.into()),
            ..Node::default()
        }
    }

    #[test]
    fn texts_about_one_object_are_laid_over_each_other() {
        for (old, new) in [(0..3, 2..5), (0..30, 10..40), (0..100, 50..60_000)] {
            let mut joined = mapping(old.clone(), "old");
            overlay(&mut joined, mapping(new.clone(), "new"));
            assert_eq!(joined.entries().len(), new.end);
            let at = |n: usize| joined.entries()[n].1.as_str();
            assert_eq!((at(0), at(new.start)), (Some("old"), Some("new")));
            assert_eq!(at(new.end - 1), Some("new"));
        }
    }

    #[test]
    fn the_newest_whole_object_stays() {
        let object = |name: &str, version: &str, file: u32, partial: bool| Object {
            kind: "Pod".into(),
            name: name.into(),
            root: Node::map(vec![(
                "metadata",
                Node::map(vec![("resourceVersion", Node::text(version))]),
            )])
            .into(),
            file: FileId(file),
            partial,
            ..Object::default()
        };
        let merged = merge(vec![
            object("b", "9", 1, true),
            object("b", "2", 2, false),
            object("a", "1", 3, false),
            object("b", "3", 4, false),
            object("b", "3", 5, false),
        ]);
        let found: Vec<(&str, u32)> = merged
            .iter()
            .map(|object| (object.name.as_str(), object.file.0))
            .collect();
        assert_eq!(found, [("a", 3), ("b", 4)]);
    }
}
