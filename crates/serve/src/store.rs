//! The objects of a bundle by resource, namespace and name, ready to be served.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use coldcase_bundle::{Bundle, FileId, Layout};
use coldcase_snapshot::{Options, Snapshot, object};
use rayon::prelude::*;
use serde_json::Value;

use crate::{
    events, guess,
    raw::{self, About, Captured},
    resources::{self, Resource, Seen},
    tree,
};

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub namespace: String,
    pub name: String,
    /// Compact.
    pub json: Box<str>,
}

/// All resources and their objects.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// Sorted by group, version and plural.
    pub resources: Vec<Resource>,
    /// For each resource its objects, sorted by namespace and name.
    pub items: Vec<Vec<Item>>,
    /// The newest resource version of all.
    pub version: u64,
}

impl Store {
    /// Reads the objects that a snapshot kept, from the text that they were read from.
    pub(crate) fn new(bundle: &Bundle, snapshot: &Snapshot<'_>, options: &Options) -> Self {
        let mut objects = from_files(bundle, snapshot, options);
        let mut others = Vec::new();
        {
            let kinds: Vec<String> = objects
                .iter()
                .map(|object| object::qualify(&object.kind, &object.api_version))
                .collect();
            let found: HashSet<(&str, &str, &str)> = objects
                .iter()
                .zip(&kinds)
                .map(|(object, kind)| (kind.as_str(), &*object.namespace, &*object.name))
                .collect();
            for object in &snapshot.objects {
                if !found.contains(&(&*object.kind, &*object.namespace, &*object.name)) {
                    others.extend(from_tree(object));
                }
            }
            // What was made of lines is no event that the API gave.
            for event in snapshot.events.iter().filter(|event| !event.is_told()) {
                let object = &event.object;
                if !found.contains(&("Event", &*object.namespace, &*object.name)) {
                    others.extend(raw::captured(guess::event(event), &About::default()));
                }
            }
        }
        objects.extend(others);
        Self::of(
            objects,
            &snapshot.coverage.sources.keys().cloned().collect(),
        )
    }

    fn of(mut objects: Vec<Captured>, listed: &BTreeSet<String>) -> Self {
        add_other_shapes(&mut objects);
        let mut seen: BTreeMap<Seen, bool> = BTreeMap::new();
        for object in &objects {
            let key = Seen {
                api_version: object.api_version.clone(),
                kind: object.kind.clone(),
            };
            *seen.entry(key).or_default() |= !object.namespace.is_empty();
        }
        let definitions: Vec<Value> = objects
            .iter()
            .filter(|object| object.kind == "CustomResourceDefinition")
            .filter_map(|object| serde_json::from_str(&object.json).ok())
            .collect();
        let resources = resources::resources(&seen, &definitions, listed);
        let by_kind: BTreeMap<(String, &str), usize> = resources
            .iter()
            .enumerate()
            .map(|(at, resource)| ((resource.api_version(), resource.kind.as_str()), at))
            .collect();
        let version = objects.iter().map(|object| object.version).max();
        // Newest last, so that it stays; the sort is stable, so among equals the last file's.
        objects.sort_by(|a, b| {
            (&a.namespace, &a.name, a.version).cmp(&(&b.namespace, &b.name, b.version))
        });
        let mut items: Vec<Vec<Item>> = resources.iter().map(|_| Vec::new()).collect();
        for object in objects {
            let at = by_kind.get(&(object.api_version, object.kind.as_str()));
            let Some(list) = at.and_then(|at| items.get_mut(*at)) else {
                continue;
            };
            let item = Item {
                namespace: object.namespace,
                name: object.name,
                json: object.json.into(),
            };
            match list.last_mut() {
                Some(last) if last.namespace == item.namespace && last.name == item.name => {
                    *last = item;
                }
                _ => list.push(item),
            }
        }
        Self {
            resources,
            items,
            version: version.unwrap_or(0).max(1),
        }
    }

    /// A resource with its objects.
    pub(crate) fn find(
        &self,
        group: &str,
        version: &str,
        plural: &str,
    ) -> Option<(&Resource, &[Item])> {
        let at = self
            .resources
            .binary_search_by(|resource| {
                (
                    resource.group.as_str(),
                    resource.version.as_str(),
                    resource.plural.as_str(),
                )
                    .cmp(&(group, version, plural))
            })
            .ok()?;
        Some((self.resources.get(at)?, self.items.get(at)?))
    }
}

/// The part of a sorted list that lies in a namespace.
pub(crate) fn within<'i>(items: &'i [Item], namespace: &str) -> &'i [Item] {
    let first = items.partition_point(|item| item.namespace.as_str() < namespace);
    let after = items.partition_point(|item| item.namespace.as_str() <= namespace);
    items.get(first..after).unwrap_or(&[])
}

/// The object of this name.
pub(crate) fn named<'i>(items: &'i [Item], namespace: &str, name: &str) -> Option<&'i Item> {
    items
        .binary_search_by(|item| {
            (item.namespace.as_str(), item.name.as_str()).cmp(&(namespace, name))
        })
        .ok()
        .and_then(|at| items.get(at))
}

/// An object whose text is a part of a file: of a transcript, or of a dump that is one file.
fn from_tree(object: &object::Object) -> Option<Captured> {
    if object.partial {
        return raw::captured(guess::object(object), &About::default());
    }
    let about = About {
        kind: object.kind.split('.').next().unwrap_or_default().to_owned(),
        ..About::default()
    };
    raw::captured(tree::value(object.root.view()), &about)
}

/// Objects out of the files that the snapshot read them from, as far as it kept them.
fn from_files(bundle: &Bundle, snapshot: &Snapshot<'_>, options: &Options) -> Vec<Captured> {
    let mut files: BTreeSet<FileId> = BTreeSet::new();
    let mut kept: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    for object in snapshot.objects.iter().filter(|object| !object.partial) {
        files.insert(object.file);
        kept.insert((&object.kind, &object.namespace, &object.name));
    }
    let mut uids: BTreeSet<&str> = BTreeSet::new();
    for event in snapshot.events.iter().filter(|event| !event.object.partial) {
        files.insert(event.object.file);
        kept.insert(("Event", &event.object.namespace, &event.object.name));
        uids.insert(&event.object.uid);
    }
    // The other shape of the same events lies in files that the merged ones do not name.
    if !uids.is_empty() {
        let shapes = bundle
            .iter()
            .filter(|(_, file)| object::kind_of_path(&file.path) == Some("Event") && !file.binary);
        files.extend(shapes.map(|(id, _)| id));
    }
    let roots = bundle.roots();
    let read: Vec<Vec<Captured>> = files
        .into_iter()
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|id| {
            let file = bundle.file(id);
            if file.bytes > options.document_bytes {
                return Vec::new();
            }
            let null_is_empty = roots.iter().any(|root| {
                root.layout == Layout::RancherSupportBundle
                    && root
                        .strip(&file.path)
                        .is_some_and(|rest| rest.starts_with("yamls/"))
            });
            let mut objects = raw::objects(&file.path, &file.text(), null_is_empty);
            objects.retain(|object| {
                let kind = object::qualify(&object.kind, &object.api_version);
                kept.contains(&(&kind, &object.namespace, &object.name))
                    || kind == "Event" && !object.uid.is_empty() && uids.contains(&*object.uid)
            });
            objects
        })
        .collect();
    read.into_iter().flatten().collect()
}

/// Every event in both shapes.
fn add_other_shapes(objects: &mut Vec<Captured>) {
    let is_event = |object: &&Captured| object.kind == "Event";
    let shape = |object: &Captured| object.api_version == "v1";
    let there: BTreeSet<(bool, &str, &str)> = objects
        .iter()
        .filter(is_event)
        .map(|object| (shape(object), &*object.namespace, &*object.name))
        .collect();
    let about = About::default();
    let missing: Vec<Captured> = objects
        .iter()
        .filter(is_event)
        .filter(|object| !there.contains(&(!shape(object), &object.namespace, &object.name)))
        .filter_map(|object| {
            let event = serde_json::from_str(&object.json).ok()?;
            raw::captured(events::converted(&event)?, &about)
        })
        .collect();
    objects.extend(missing);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(files: &[(&str, &str)]) -> Store {
        let bundle = Bundle::from_texts("t", files.iter().copied());
        let options = Options::default();
        let snapshot = coldcase_snapshot::read_with(&bundle, &options);
        Store::new(&bundle, &snapshot, &options)
    }

    #[test]
    fn objects_are_found_by_what_they_are() {
        let store = store(&[(
            "cluster/pods.yaml",
            "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: b, namespace: y, resourceVersion: \"7\"}\n  status: {}\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a, namespace: z, resourceVersion: \"9\"}\n  status: {}\nkind: List\n",
        )]);
        let (resource, items) = store.find("", "v1", "pods").unwrap();
        assert_eq!(resource.kind, "Pod");
        assert_eq!(items.len(), 2);
        assert_eq!(within(items, "y").len(), 1);
        assert_eq!(within(items, "absent").len(), 0);
        assert!(named(items, "z", "a").unwrap().json.contains("\"9\""));
        assert_eq!(store.version, 9);
    }

    #[test]
    fn an_event_is_served_in_both_shapes() {
        let store = store(&[(
            "cluster/events.yaml",
            "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Event\n  metadata: {name: e, namespace: y, uid: u}\n  message: hello\n  lastTimestamp: \"2026-07-14T02:50:07Z\"\nkind: List\n",
        )]);
        let (_, core) = store.find("", "v1", "events").unwrap();
        let (_, newer) = store.find("events.k8s.io", "v1", "events").unwrap();
        assert!(core[0].json.contains("\"message\":\"hello\""));
        assert!(newer[0].json.contains("\"note\":\"hello\""));
    }

    #[test]
    fn objects_inside_a_transcript_keep_their_types() {
        let store = store(&[(
            "ticket.txt",
            "$ kubectl get deploy web -n shop -o yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\n  uid: u\n  labels:\n    replicas: \"2\"\nspec:\n  template:\n    spec:\n      topologySpreadConstraints:\n      - maxSkew: 1\n      unknownFlag: true\nstatus:\n  observed: null\n",
        )]);
        let (_, found) = store.find("apps", "v1", "deployments").unwrap();
        let json: Value = serde_json::from_str(&found[0].json).unwrap();
        let spec = &json["spec"]["template"]["spec"];
        assert_eq!(spec["topologySpreadConstraints"][0]["maxSkew"], 1);
        assert_eq!(spec["unknownFlag"], true);
        assert_eq!(json["metadata"]["labels"]["replicas"], "2");
    }

    #[test]
    fn an_empty_list_of_any_known_resource_is_there() {
        let list = "apiVersion: v1\nitems: []\nkind: List\nmetadata: {}\n";
        let store = store(&[
            ("cluster/resourceclaims.yaml", list),
            ("cluster/validatingadmissionpolicies.yaml", list),
        ]);
        for (group, plural) in [
            ("resource.k8s.io", "resourceclaims"),
            (
                "admissionregistration.k8s.io",
                "validatingadmissionpolicies",
            ),
        ] {
            assert!(store.find(group, "v1", plural).is_some(), "{plural}");
        }
        assert!(
            store
                .find("resource.k8s.io", "v1", "deviceclasses")
                .is_none()
        );
    }

    #[test]
    fn objects_in_text_for_people_are_served_too() {
        let store = store(&[(
            "ticket.txt",
            "$ kubectl get pods -n shop\nNAME    READY   STATUS    RESTARTS   AGE\nweb-0   1/1     Running   3          2d\n",
        )]);
        let (_, pods) = store.find("", "v1", "pods").unwrap();
        assert_eq!(pods[0].name, "web-0");
        let (json, wanted) = (&pods[0].json, "\"restarts\":3");
        assert!(json.contains(wanted), "{json}");
    }
}
