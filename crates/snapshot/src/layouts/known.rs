//! Pods, their containers and namespaces by name: what decides where a path alone is ambiguous.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    node::Key,
    object::Object,
    packed::{Packed, Text, View},
};

/// Pods and their containers.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Pods by name and namespace.
    pods: BTreeMap<Text, BTreeMap<Key, Packed>>,
    namespaces: BTreeSet<Key>,
    /// Containers by their ids; only of a bundle whose files are named by ids.
    ids: HashMap<String, Instance>,
}

/// An instance of a container: namespace, pod, container, whether another has followed it.
#[derive(Debug, Clone)]
struct Instance(Key, Text, String, bool);

impl Known {
    pub(crate) fn new(objects: &[Object]) -> Self {
        let mut known = Self::default();
        for object in objects {
            if object.kind == "Pod" {
                known.add(&object.namespace, &object.name, &object.root);
            } else if object.kind == "Namespace" {
                known.namespaces.insert(Key::new(&object.name));
            }
        }
        known
    }

    pub(crate) fn add(&mut self, namespace: &Key, pod: &Text, root: &Packed) {
        if !namespace.is_empty() && !self.namespaces.contains(namespace) {
            self.namespaces.insert(namespace.clone());
        }
        self.pods
            .entry(pod.clone())
            .or_default()
            .insert(namespace.clone(), root.clone());
    }

    /// Notes the ids of all containers.
    pub(crate) fn with_ids(mut self) -> Self {
        let mut ids = HashMap::new();
        for (pod, namespaces) in &self.pods {
            for (namespace, root) in namespaces {
                for (id, container, previous) in ids_of(root) {
                    let instance = Instance(namespace.clone(), pod.clone(), container, previous);
                    ids.insert(id, instance);
                }
            }
        }
        self.ids = ids;
        self
    }

    /// The container whose id begins so: as [`Known::container_of_id`] has it.
    pub(crate) fn container_of_short_id(&self, id: &str) -> Option<(&str, &str, &str, bool)> {
        let each = self.pods.iter().flat_map(|(pod, namespaces)| {
            let each = namespaces.iter();
            each.map(move |(namespace, root)| (namespace, pod, root))
        });
        for (namespace, pod, root) in each {
            for (full, container, previous) in ids_of(root) {
                if full.starts_with(id) {
                    let mut names = self.containers(namespace, pod);
                    let name = names.find(|name| *name == container)?;
                    return Some((namespace, pod, name, previous));
                }
            }
        }
        None
    }

    /// The one pod of a namespace that has a container of this name, or of which no containers are known and
    /// whose name begins with it.
    pub(crate) fn sole_pod_with(&self, namespace: &str, container: &str) -> Option<&str> {
        let mut fit = self.pods.iter().filter(|(pod, namespaces)| {
            let mut names = self.containers(namespace, pod).peekable();
            let of_name = || {
                let rest = pod.strip_prefix(container);
                rest.is_some_and(|rest| rest.starts_with('-'))
            };
            namespaces.contains_key(namespace)
                && if names.peek().is_none() {
                    of_name()
                } else {
                    names.any(|name| name == container)
                }
        });
        let (pod, _) = fit.next()?;
        fit.next().is_none().then_some(&**pod)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }

    /// The container with an id: namespace, pod, name, and whether another instance has followed.
    pub(crate) fn container_of_id(&self, id: &str) -> Option<(&str, &str, &str, bool)> {
        let Instance(namespace, pod, container, previous) = self.ids.get(id)?;
        Some((namespace, pod, container, *previous))
    }

    pub(crate) fn has_pod(&self, pod: &str) -> bool {
        self.pods.contains_key(pod)
    }

    pub(crate) fn has_namespace(&self, name: &str) -> bool {
        self.namespaces.contains(name)
    }

    /// The pods that may be of a namespace, each with the one that is said: of all if none is asked for.
    pub(crate) fn pods_in(&self, namespace: &str) -> Vec<(&str, &str)> {
        let fits = |it: &Key| namespace.is_empty() || it.is_empty() || **it == *namespace;
        self.pods
            .iter()
            .flat_map(|(pod, all)| all.keys().map(move |it| (it, pod)))
            .filter(|(it, _)| fits(it))
            .map(|(it, pod)| (&**it, &**pod))
            .collect()
    }

    /// Whether a pod is known, and what is said to be its namespace is none that is.
    pub(crate) fn lies_elsewhere(&self, namespace: &str, pod: &str) -> bool {
        self.has_pod(pod) && !self.has_namespace(namespace)
    }

    /// The namespaces that have a pod of this name.
    pub(crate) fn namespaces_of(&self, pod: &str) -> impl Iterator<Item = &str> {
        let found = self.pods.get(pod);
        // A table that shows no namespace tells of the same pod, where another source names one.
        let named = found.is_some_and(|it| it.keys().any(|namespace| !namespace.is_empty()));
        found
            .into_iter()
            .flat_map(BTreeMap::keys)
            .map(|namespace| &**namespace)
            .filter(move |namespace| !named || !namespace.is_empty())
    }

    /// The one namespace that has a pod of this name.
    pub(crate) fn sole_namespace_of(&self, pod: &str) -> Option<&str> {
        let mut found = self.namespaces_of(pod);
        found.next().filter(|_| found.next().is_none())
    }

    /// The one pod that a workload of this name has.
    pub(crate) fn sole_pod_of(&self, workload: &str) -> Option<(&str, &str)> {
        let mut pods = self
            .pods
            .range(Text::from(format!("{workload}-"))..)
            .take_while(|(pod, _)| pod.starts_with(workload))
            .filter(|(pod, _)| made_by(pod, workload));
        let (pod, namespaces) = pods.next()?;
        let (namespace, _) = namespaces.iter().next().filter(|_| namespaces.len() == 1)?;
        pods.next().is_none().then_some((namespace, pod))
    }

    /// The containers of a pod, as far as they are known.
    pub(crate) fn containers(&self, namespace: &str, pod: &str) -> impl Iterator<Item = &str> {
        let root = self.pods.get(pod).and_then(|pods| pods.get(namespace));
        ["initContainers", "containers", "ephemeralContainers"]
            .into_iter()
            .filter_map(move |list| Some(root?.items_at(&["spec", list])))
            .flatten()
            .filter_map(|container| container.str_at(&["name"]))
    }

    /// Whether a pod has a container, as far as is known.
    pub(crate) fn runs(&self, namespace: &str, pod: &str, container: &str) -> bool {
        let any = || {
            self.containers(namespace, pod)
                .any(|name| name == container)
        };
        !container.is_empty() && (any() || self.containers(namespace, pod).next().is_none())
    }

    /// The only container of a pod.
    pub(crate) fn sole_container(&self, namespace: &str, pod: &str) -> &str {
        let mut names = self.containers(namespace, pod);
        match (names.next(), names.next()) {
            (Some(only), None) => only,
            _ => "",
        }
    }
}

/// The ids that a pod's status names: id, container, and whether it is the instance before.
fn ids_of(root: &Packed) -> Vec<(String, String, bool)> {
    let mut found = Vec::new();
    for list in [
        "initContainerStatuses",
        "containerStatuses",
        "ephemeralContainerStatuses",
    ] {
        for status in root.items_at(&["status", list]) {
            let name = status.str_at(&["name"]).unwrap_or("");
            let mut add = |path: &[&str], previous: bool| {
                if let Some(id) = status.str_at(path).and_then(bare_id) {
                    found.push((id.to_owned(), name.to_owned(), previous));
                }
            };
            add(&["lastState", "terminated", "containerID"], true);
            // What waits to be started again names the instance that ended as its own.
            let waits = status
                .at(&["state", "waiting"])
                .is_some_and(|it| !View::is_null(it));
            add(&["containerID"], waits);
        }
    }
    found
}

/// `containerd://<id>`
fn bare_id(id: &str) -> Option<&str> {
    let id = id.rsplit('/').next()?;
    (id.len() == 64).then_some(id)
}

/// Whether a pod has a name as controllers make it from a workload's: `-<ordinal>`, `-<5 signs>`, or the hash of
/// a ReplicaSet (or a CronJob's time) before those.
pub(super) fn made_by(pod: &str, workload: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let Some(rest) = pod
        .strip_prefix(workload)
        .and_then(|rest| rest.strip_prefix('-'))
    else {
        return false;
    };
    match rest.split_once('-') {
        None => rest.len() == 5 && drawn(rest) || rest.len() <= 4 && digits(rest),
        Some((hash, last)) => {
            last.len() == 5
                && drawn(last)
                && (digits(hash) || (6..=10).contains(&hash.len()) && drawn(hash))
        }
    }
}

/// Kubernetes leaves vowels and what looks like them out of the signs that it draws.
fn drawn(text: &str) -> bool {
    text.bytes().all(|b| {
        matches!(b, b'2' | b'4'..=b'9') || b.is_ascii_lowercase() && !b"aeiouy".contains(&b)
    })
}

/// Whether a word can be the name of a pod or of what runs in it.
pub(super) fn is_name(word: &str) -> bool {
    let part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = word.as_bytes();
    bytes.len() <= 253
        && bytes.iter().copied().all(part)
        && ends(bytes.first())
        && ends(bytes.last())
}

/// Whether a name is certainly that of a Deployment's pod: two drawn parts, of which the hash has a digit.
pub(super) fn is_of_replica(name: &str) -> bool {
    let mut parts = name.rsplitn(3, '-');
    let (Some(last), Some(hash), Some(workload)) = (parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    last.len() == 5
        && drawn(last)
        && (8..=10).contains(&hash.len())
        && drawn(hash)
        && hash.bytes().any(|b| b.is_ascii_digit())
        && !hash.bytes().all(|b| b.is_ascii_digit())
        && !workload.is_empty()
        && workload
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
}
