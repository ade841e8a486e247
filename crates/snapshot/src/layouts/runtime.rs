//! Pods that only the runtime's log directories speak of (`kind export logs`, `/var/log/pods`): partial objects from paths.

use std::collections::{BTreeMap, BTreeSet};

use coldcase_bundle::{Bundle, FileId, Layout, Root};

use super::{components, hosts, place};
use crate::{node::Node, object::Object};

/// Adds a partial pod for each directory `<namespace>_<pod>_<uid>` whose pod no object describes.
pub(crate) fn add_pods(bundle: &Bundle, roots: &[Root], objects: &mut Vec<Object>) {
    let named = |root: &&Root| {
        matches!(
            root.layout,
            Layout::KindExport | Layout::Sosreport | Layout::EksLogCollector
        )
    };
    if !roots.iter().any(|root| named(&root)) {
        return;
    }
    let known: BTreeSet<(String, String)> = objects
        .iter()
        .filter(|object| object.kind == "Pod")
        .map(|pod| (pod.namespace.to_string(), pod.name.to_string()))
        .collect();
    let names = hosts::names(bundle, roots);
    let mut found: BTreeMap<(String, String), Seen> = BTreeMap::new();
    for (id, file) in bundle.iter() {
        let parts: Vec<&str> = file.path.split('/').collect();
        let [.., parent, directory, container, _] = parts.as_slice() else {
            continue;
        };
        let [namespace, pod, uid] = directory.split('_').collect::<Vec<_>>()[..] else {
            continue;
        };
        if *parent != "pods" && !place::is_uid(uid) {
            continue;
        }
        let key = (namespace.to_owned(), pod.to_owned());
        if known.contains(&key) || uid.is_empty() {
            continue;
        }
        let entry = found.entry(key).or_insert_with(|| {
            let node = hosts::of_path(&file.path, roots, &names).name;
            Seen {
                file: id,
                uid: uid.to_owned(),
                node,
                containers: BTreeSet::new(),
            }
        });
        entry.containers.insert((*container).to_owned());
    }
    for ((namespace, name), seen) in found {
        objects.push(pod(namespace, name, seen));
    }
}

/// What the directories of one pod say.
pub(super) struct Seen {
    pub(super) file: FileId,
    /// Empty if nothing names it.
    pub(super) uid: String,
    /// Empty if nothing names it.
    pub(super) node: String,
    pub(super) containers: BTreeSet<String>,
}

/// A pod of which a log alone is known: what is not in its log's place is unknown, but for the labels that pods of
/// a cluster's own components always have.
pub(super) fn pod(namespace: String, name: String, seen: Seen) -> Object {
    let text = |text: &str| Node::text(text).at_line(1);
    let containers = seen
        .containers
        .iter()
        .map(|name| Node::map(vec![("name", text(name))]).at_line(1))
        .collect();
    let mut spec = Vec::new();
    if !seen.containers.is_empty() {
        spec.push(("containers", Node::seq(containers)));
    }
    if !seen.node.is_empty() {
        spec.push(("nodeName", text(&seen.node)));
    }
    let mut metadata = vec![("name", text(&name))];
    let words = [("namespace", &namespace), ("uid", &seen.uid)];
    let words = words.into_iter().filter(|(_, word)| !word.is_empty());
    metadata.extend(words.map(|(key, word)| (key, text(word))));
    let component = seen
        .containers
        .iter()
        .find_map(|container| components::of_container(&namespace, &name, container));
    let labels = component.map_or(&[][..], |it| it.labels);
    if !labels.is_empty() {
        let labels = labels.iter().map(|(key, value)| (*key, text(value)));
        metadata.push(("labels", Node::map(labels.collect())));
    }
    let root = Node::map(vec![
        ("apiVersion", text("v1")),
        ("kind", text("Pod")),
        ("metadata", Node::map(metadata)),
        ("spec", Node::map(spec)),
    ]);
    Object {
        kind: "Pod".into(),
        namespace: namespace.into(),
        name: name.into(),
        uid: seen.uid.into(),
        root: root.at_line(1).into(),
        file: seen.file,
        partial: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_come_from_paths_and_instances_are_told_apart() {
        let bundle = Bundle::from_texts(
            "t",
            [
                ("kind-version.txt", "kind v0.27.0\n"),
                ("w1/kubernetes-version.txt", "v1.32.2"),
                (
                    "w1/pods/shop_cart-0_u1/app/0.log",
                    "2026-01-01T00:00:00Z stdout F a\n",
                ),
                (
                    "w1/pods/shop_cart-0_u1/app/1.log",
                    "2026-01-01T00:01:00Z stdout F b\n",
                ),
                (
                    "w1/pods/shop_cart-0_u1/init/0.log",
                    "2026-01-01T00:00:00Z stdout F c\n",
                ),
                (
                    "w1/containers/cart-0_shop_app-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.log",
                    "2026-01-01T00:01:00Z stdout F b\n",
                ),
            ],
        );
        let snapshot = crate::read(&bundle);
        assert_eq!(snapshot.objects.len(), 1);
        let pod = &snapshot.objects[0];
        assert!(pod.partial);
        assert_eq!(pod.root.str_at(&["spec", "nodeName"]), Some("w1"));
        assert_eq!(pod.root.items_at(&["spec", "containers"]).len(), 2);
        let logs: Vec<_> = snapshot
            .logs
            .iter()
            .map(|log| (log.container.as_str(), log.previous))
            .collect();
        assert_eq!(logs, [("app", true), ("app", false), ("init", false)]);
        assert_eq!(snapshot.kubernetes_version.as_deref(), Some("v1.32.2"));
    }
}
