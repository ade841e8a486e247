//! Says for which namespaces a list was captured: by its path, its command, its own link, else by what it holds.

use std::collections::{BTreeMap, BTreeSet};

use coldcase_bundle::{Bundle, FileId, Layout, Root};

use crate::{
    coverage::{Command, Scope},
    files::Gathered,
    node::Key,
    object::{self, Object},
    resource,
};

/// A list that was read whole.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) file: FileId,
    pub(crate) kind: String,
    /// For where, if the text around the list says so.
    pub(crate) scope: Option<Scope>,
}

impl Listed {
    /// A list in a file; for where, its path and its items will say.
    pub(crate) fn new(file: FileId, kind: &str) -> Self {
        Self {
            file,
            kind: kind.to_owned(),
            scope: None,
        }
    }
}

/// The scope of every kind of which lists were captured.
pub(crate) fn scopes(
    bundle: &Bundle,
    gathered: &Gathered,
    commands: &[Command],
) -> BTreeMap<String, Scope> {
    let held = &held(&gathered.objects);
    let roots = &gathered.roots;
    let commands = asked_for(commands);
    let mut scopes: BTreeMap<String, Scope> = BTreeMap::new();
    let mut open: Vec<&Listed> = Vec::new();
    for list in &gathered.listed {
        if let Some(scope) = &list.scope {
            add(&mut scopes, &list.kind, scope.clone());
            continue;
        }
        let path = &bundle.file(list.file).path;
        let known = match commands.get(path.as_str()) {
            // A list that a limit cut covers nothing.
            Some(None) => continue,
            Some(scope) => scope.clone(),
            None => of_path(path, roots),
        };
        match known {
            Some(scope) => add(&mut scopes, &list.kind, scope),
            None => open.push(list),
        }
    }
    // Lists of unknown commands: if all of them speak of one namespace, they were asked for it. A
    // whole cluster always shows several.
    let spoken: BTreeSet<&Key> = open
        .iter()
        .filter_map(|list| held.get(&(list.file, Key::new(&list.kind))))
        .flatten()
        .filter(|namespace| !namespace.is_empty())
        .collect();
    let scope = match spoken.into_iter().collect::<Vec<_>>().as_slice() {
        [only] => Scope::Namespaces(BTreeSet::from([only.to_string()])),
        _ => Scope::Everywhere,
    };
    for list in open {
        add(&mut scopes, &list.kind, scope.clone());
    }
    for object in cluster_singles(bundle, roots, held) {
        add(&mut scopes, &object, Scope::Everywhere);
    }
    scopes
}

/// The namespaces that each file's objects of a kind lie in.
fn held(objects: &[Object]) -> BTreeMap<(FileId, Key), BTreeSet<Key>> {
    let mut held: BTreeMap<(FileId, Key), BTreeSet<Key>> = BTreeMap::new();
    // Lists are sorted by namespace.
    let alike =
        |a: &Object, b: &Object| a.file == b.file && a.kind == b.kind && a.namespace == b.namespace;
    for object in objects.chunk_by(alike).filter_map(<[Object]>::first) {
        held.entry((object.file, object.kind.clone()))
            .or_default()
            .insert(object.namespace.clone());
    }
    held
}

fn add(scopes: &mut BTreeMap<String, Scope>, kind: &str, scope: Scope) {
    // What lies in no namespace is listed whole, whatever else was asked for.
    let scope = if resource::ALL
        .iter()
        .any(|it| it.kind == kind && !it.namespaced)
    {
        Scope::Everywhere
    } else {
        scope
    };
    match (scopes.get_mut(kind), scope) {
        (Some(Scope::Namespaces(old)), Scope::Namespaces(mut new)) => old.append(&mut new),
        (Some(Scope::Everywhere), _) => {}
        (_, scope) => {
            scopes.insert(kind.to_owned(), scope);
        }
    }
}

fn one(namespace: &str) -> Scope {
    Scope::Namespaces(BTreeSet::from([namespace.to_owned()]))
}

/// What the native manifest's commands asked for, by output file; nothing if the output was cut.
fn asked_for(commands: &[Command]) -> BTreeMap<&str, Option<Scope>> {
    commands
        .iter()
        .filter(|command| command.argv.iter().any(|word| word == "get"))
        .map(|command| {
            let words: Vec<&str> = command.argv.iter().map(String::as_str).collect();
            let scope = of_words(&words).unwrap_or(Scope::Everywhere);
            (command.file.as_str(), (!command.truncated).then_some(scope))
        })
        .collect()
}

/// The namespace that a command's words ask for.
fn of_words(words: &[&str]) -> Option<Scope> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (flag, value) = word.split_once('=').unwrap_or((word, ""));
        match flag {
            "-A" | "--all-namespaces" => return Some(Scope::Everywhere),
            "-n" | "--namespace" if value.is_empty() => return words.next().map(|name| one(name)),
            "-n" | "--namespace" => return Some(one(value)),
            _ => {}
        }
    }
    None
}

/// For where a file's list was captured, if its path says so.
pub(crate) fn of_path(path: &str, roots: &[Root]) -> Option<Scope> {
    let name = path.rsplit('/').next()?;
    if name.starts_with("kubectl_") || name.starts_with("oc_") {
        return of_words(&name.split('_').collect::<Vec<_>>());
    }
    roots.iter().find_map(|root| {
        let rest = root.strip(path)?;
        let parts: Vec<&str> = rest.split('/').collect();
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        Some(match (root.layout, parts.as_slice()) {
            (
                Layout::MustGather | Layout::Insights,
                ["namespaces", "all", ..] | ["cluster-scoped-resources", ..],
            )
            | (Layout::RancherSupportBundle, ["yamls", "cluster", ..])
            | (Layout::Troubleshoot, ["cluster-resources", _])
            | (Layout::ClusterInfoDump, [_]) => Scope::Everywhere,
            (Layout::MustGather | Layout::Insights, ["namespaces", namespace, _, ..])
            | (Layout::RancherSupportBundle, ["yamls", "namespaced", namespace, _, ..])
            | (Layout::ClusterInfoDump, [namespace, _]) => one(namespace),
            (
                Layout::Troubleshoot,
                ["cluster-resources", "custom-resources", _, _] | ["cluster-resources", _, _],
            )
            | (Layout::Insights, ["events", _]) => one(stem),
            _ => return None,
        })
    })
}

/// Kinds that a must-gather writes as one file for each object, all of them, without a list.
fn cluster_singles(
    bundle: &Bundle,
    roots: &[Root],
    held: &BTreeMap<(FileId, Key), BTreeSet<Key>>,
) -> BTreeSet<String> {
    held.keys()
        .filter(|(file, kind)| {
            let path = &bundle.file(*file).path;
            roots.iter().any(|root| {
                root.layout == Layout::MustGather
                    && root
                        .strip(path)
                        .is_some_and(|rest| rest.starts_with("cluster-scoped-resources/"))
                    && object::kind_of_path(path) == Some(kind.as_str())
            })
        })
        .map(|(_, kind)| kind.to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "apiVersion: v1\nkind: List\nitems: []\n";

    fn covers(files: &[(&str, &str)], kind: &str, namespace: &str) -> bool {
        let bundle = Bundle::from_texts("t", files.iter().copied());
        crate::read(&bundle).coverage.covers(kind, namespace)
    }

    #[test]
    fn a_path_for_each_namespace_covers_that_namespace() {
        for files in [
            [("cluster-resources/secrets/a.json", "[]"), ("n", "")],
            [("namespaces/a/core/secrets.yaml", EMPTY), ("n", "")],
            [
                ("yamls/namespaced/a/v1/secrets.yaml", EMPTY),
                ("metadata.yaml", "bundleversion: x\n"),
            ],
            [
                ("a/secrets.json", "{\"kind\":\"SecretList\",\"items\":[]}"),
                ("b/replication-controllers.json", "{}"),
            ],
            [
                (
                    "kubectl_get_-o_json_--namespace_a_secrets.json",
                    "{\"kind\":\"SecretList\",\"items\":[]}",
                ),
                ("n", ""),
            ],
        ] {
            assert!(covers(&files, "Secret", "a"), "{files:?}");
            assert!(!covers(&files, "Secret", "b"), "{files:?}");
            assert!(!covers(&files, "Service", "a"), "{files:?}");
        }
    }

    #[test]
    fn loose_lists_cover_what_they_speak_of() {
        let pods = "items:\n- {apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a, uid: u}, status: {}}\n";
        let both = format!(
            "{pods}- {{apiVersion: v1, kind: Pod, metadata: {{name: p, namespace: b, uid: v}}, status: {{}}}}\n"
        );
        let one = [("pods.yaml", pods), ("secrets.yaml", EMPTY)];
        assert!(covers(&one, "Secret", "a") && !covers(&one, "Secret", "b"));
        let two = [("pods.yaml", both.as_str()), ("secrets.yaml", EMPTY)];
        assert!(covers(&two, "Secret", "c"));
    }

    #[test]
    fn nodes_lie_in_no_namespace() {
        let nodes =
            "items:\n- {apiVersion: v1, kind: Node, metadata: {name: n, uid: u}, status: {}}\n";
        let pods = "items:\n- {apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a, uid: v}, status: {}}\n";
        let files = [("nodes.yaml", nodes), ("pods.yaml", pods)];
        assert!(covers(&files, "Node", "") && covers(&files, "Node", "b"));
        assert!(!covers(&files, "Pod", "b"));
    }

    #[test]
    fn a_list_of_what_are_no_objects_is_no_list() {
        let audit = "{\"kind\": \"EventList\", \"apiVersion\": \"audit.k8s.io/v1\", \"metadata\": {}, \"items\": [{\"level\": \"Request\", \"verb\": \"delete\"}]}\n";
        let bundle = Bundle::from_texts("t", [("a/events.json", audit), ("secrets.yaml", EMPTY)]);
        let snapshot = crate::read(&bundle);
        assert!(!snapshot.coverage.sources.contains_key("Event.audit.k8s.io"));
        assert!(covers(&[("secrets.yaml", EMPTY), ("n", "")], "Secret", "a"));
    }

    #[test]
    fn single_and_damaged_files_cover_nothing() {
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: a, uid: u}\n";
        assert!(!covers(&[("s.yaml", secret)], "Secret", "a"));
        assert!(!covers(
            &[("secrets.json", "{\"kind\":\"SecretList\",\"items\":[{\"me")],
            "Secret",
            "a"
        ));
    }
}
