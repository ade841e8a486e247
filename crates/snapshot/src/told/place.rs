//! Finds the namespaces of pods that lines name by name and uid alone: other lines and captured pods say them.

use std::collections::HashMap;

use super::{fold::Folded, names};
use crate::object::Object;

/// Namespaces by uid and name of their pods.
#[derive(Default)]
pub(super) struct Places {
    by_uid: HashMap<(String, String), String>,
    /// By name alone, of pods whose uid nobody says; empty where several namespaces have one of that name.
    by_name: HashMap<String, String>,
}

impl Places {
    /// What events say that name the namespace.
    pub(super) fn of_events(&mut self, events: &[Folded]) {
        for event in events {
            let told = &event.hit.told;
            if told.about.kind == "Pod" && !told.unplaced {
                self.add(&told.about.namespace, &told.about.name, &told.about.uid);
            }
        }
    }

    /// What was captured of the pods.
    pub(super) fn of_objects(&mut self, objects: &[Object]) {
        for object in objects.iter().filter(|object| object.kind == "Pod") {
            self.add(&object.namespace, &object.name, &object.uid);
        }
    }

    /// What a line says that names one of the uids.
    pub(super) fn of_line(&mut self, line: &str, (name, uid): (&str, &str)) {
        if let Some(namespace) = namespace(line, name, uid) {
            self.add(namespace, name, uid);
        }
    }

    fn add(&mut self, namespace: &str, name: &str, uid: &str) {
        if uid.is_empty() {
            let known = self.by_name.entry(name.to_owned());
            let known = known.or_insert_with(|| namespace.to_owned());
            if known != namespace {
                known.clear();
            }
        } else {
            self.by_uid
                .entry((uid.to_owned(), name.to_owned()))
                .or_insert_with(|| namespace.to_owned());
        }
    }

    /// The namespace of a pod.
    pub(super) fn get(&self, name: &str, uid: &str) -> Option<&str> {
        let key = (uid.to_owned(), name.to_owned());
        let found = self.by_uid.get(&key).or_else(|| self.by_name.get(name))?;
        Some(found.as_str()).filter(|namespace| !namespace.is_empty())
    }
}

/// The namespace that a line gives the pod: `name_namespace(uid)`, or a key `pod="namespace/name"`.
pub(super) fn namespace<'t>(line: &'t str, name: &str, uid: &str) -> Option<&'t str> {
    let old = || {
        let (_, rest) = line.split_once(&format!("{name}_"))?;
        let (namespace, rest) = rest.split_once('(')?;
        rest.starts_with(uid).then_some(namespace)
    };
    let new = || {
        let end = line.find(&format!("/{name}\""))?;
        let (_, namespace) = line.get(..end)?.rsplit_once('"')?;
        Some(namespace)
    };
    let found = old().or_else(new)?;
    names::is_label(found).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_place_pods() {
        for (line, expected) in [
            (r#"SyncLoop (ADD, "api"): "web-1_shop(u-1)""#, Some("shop")),
            (r#""x" pod="shop/web-1" podUID="u-1""#, Some("shop")),
            (r#""x" pods=["a/b","shop/web-1"] u-1"#, Some("shop")),
            (r#""x" pod="shop/web-12" podUID="u-1""#, None),
            (r#""x" pod="<b>/web-1" podUID="u-1""#, None),
        ] {
            assert_eq!(namespace(line, "web-1", "u-1"), expected, "{line}");
        }
    }
}
