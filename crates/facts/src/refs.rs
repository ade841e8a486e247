//! References of pods to objects and keys that do not exist.

use std::{collections::HashMap, sync::OnceLock};

use coldcase_snapshot::{node::Node, packed::View};
use rayon::prelude::*;

use crate::{
    Cite, Entity, EntityId, Facts, Identity, PodHealth,
    schema::nearest,
    shared::{Shared, TOGETHER},
};

/// One reference in a pod's spec.
struct Reference<'n> {
    kind: &'static str,
    name: &'n str,
    key: Option<&'n str>,
    via: &'static str,
    optional: bool,
    line: u32,
}

/// Namespaces that hold an object of a kind and name, in their order.
type Elsewhere<'s> = HashMap<(&'static str, &'s str), Vec<&'s str>>;

/// Derives `MissingRef` entities for pods that are not well.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let elsewhere = OnceLock::new();
    let all: &Facts<'_> = facts;
    let made: Vec<(EntityId, Vec<Entity<'_>>)> = all
        .of_kind("Pod")
        .par_chunks(TOGETHER)
        .flat_map_iter(|pods| {
            let mut without = Shared::new();
            let elsewhere = &elsewhere;
            let missing = pods.iter();
            missing.map(move |pod| (*pod, of_pod(all, elsewhere, *pod, &mut without)))
        })
        .filter(|(_, missing)| !missing.is_empty())
        .collect();
    drop(elsewhere);
    for (pod, missing) in made {
        let about = facts.get(pod).subject.clone();
        for entity in missing {
            facts.push_derived(entity, &[&about]);
        }
    }
}

fn of_pod<'s>(
    facts: &Facts<'s>,
    elsewhere: &OnceLock<Elsewhere<'s>>,
    pod: EntityId,
    without: &mut Shared<'s, ()>,
) -> Vec<Entity<'s>> {
    if matches!(facts.health_of(pod), PodHealth::Done | PodHealth::Leaving) {
        return Vec::new();
    }
    let Some(root) = facts.get(pod).root() else {
        return Vec::new();
    };
    references(root, without)
        .iter()
        .filter_map(|reference| missing(facts, elsewhere, pod, reference))
        .collect()
}

/// Most clusters lack nothing: it is made when it is asked for first.
fn elsewhere<'s>(facts: &Facts<'s>) -> Elsewhere<'s> {
    let mut found = Elsewhere::new();
    for kind in [
        "ConfigMap",
        "Secret",
        "PersistentVolumeClaim",
        "ServiceAccount",
    ] {
        for object in facts.snapshot.objects.iter().filter(|it| it.kind == kind) {
            found
                .entry((kind, object.name.as_str()))
                .or_default()
                .push(&object.namespace);
        }
    }
    found
}

/// Collects references while a pod's spec is walked.
#[derive(Default)]
struct References<'n>(Vec<Reference<'n>>);

impl<'n> References<'n> {
    fn add(
        &mut self,
        kind: &'static str,
        node: View<'n>,
        name_key: &str,
        via: &'static str,
        key: Option<&'static str>,
    ) {
        let Some(name) = node.get(name_key) else {
            return;
        };
        let Some(text) = name.as_str().filter(|text| !text.is_empty()) else {
            return;
        };
        self.0.push(Reference {
            kind,
            name: text,
            key: key.and_then(|key| node.str_at(&[key])),
            via,
            optional: node.bool_at(&["optional"]) == Some(true),
            line: name.line(),
        });
    }

    /// The ConfigMap and the Secret that a source names under these keys.
    fn either(
        &mut self,
        source: View<'n>,
        keys: [&str; 2],
        via: &'static str,
        key: Option<&'static str>,
    ) {
        for (kind, part) in ["ConfigMap", "Secret"].into_iter().zip(keys) {
            if let Some(node) = source.get(part) {
                self.add(kind, node, "name", via, key);
            }
        }
    }
}

/// `without` are environments that refer to nothing.
fn references<'n>(root: View<'n>, without: &mut Shared<'n, ()>) -> Vec<Reference<'n>> {
    let mut found = References::default();
    let Some(spec) = root.get("spec") else {
        return found.0;
    };
    for volume in spec.items_at(&["volumes"]) {
        for (key, source) in volume.entries() {
            match key {
                "configMap" => found.add("ConfigMap", source, "name", "volume", None),
                "secret" => found.add("Secret", source, "secretName", "volume", None),
                "persistentVolumeClaim" => {
                    found.add("PersistentVolumeClaim", source, "claimName", "claim", None);
                }
                "projected" => {
                    for source in source.items_at(&["sources"]) {
                        found.either(source, ["configMap", "secret"], "volume", None);
                    }
                }
                _ => {}
            }
        }
    }
    for list in ["initContainers", "containers"] {
        for container in spec.items_at(&[list]) {
            let all = container.get("env").unwrap_or_default();
            if without.get(all).is_none() {
                let before = found.0.len();
                for env in all.items() {
                    if let Some(from) = env.get("valueFrom") {
                        let kinds = ["configMapKeyRef", "secretKeyRef"];
                        found.either(from, kinds, "env", Some("key"));
                    }
                }
                if found.0.len() == before {
                    without.put(all, ());
                }
            }
            for from in container.items_at(&["envFrom"]) {
                found.either(from, ["configMapRef", "secretRef"], "envFrom", None);
            }
        }
    }
    for secret in spec.items_at(&["imagePullSecrets"]) {
        found.add("Secret", secret, "name", "imagePullSecret", None);
    }
    found.add(
        "ServiceAccount",
        spec,
        "serviceAccountName",
        "serviceAccount",
        None,
    );
    found.0
}

fn missing<'s>(
    facts: &Facts<'s>,
    elsewhere: &OnceLock<Elsewhere<'s>>,
    pod: EntityId,
    reference: &Reference<'_>,
) -> Option<Entity<'s>> {
    if reference.optional {
        return None;
    }
    let entity = facts.get(pod);
    let namespace = entity.subject.namespace.as_str();
    let target = facts.object(reference.kind, namespace, reference.name);
    if target.is_some() && reference.key.is_none() {
        return None;
    }
    // An object that nobody asked for is unknown, not missing.
    let denied = || {
        facts.snapshot.coverage.absent.contains(&(
            reference.kind.to_owned(),
            namespace.to_owned(),
            reference.name.to_owned(),
        ))
    };
    if target.is_none() && !facts.covers(reference.kind, namespace) && !denied() {
        return None;
    }
    let keys: Vec<&str> = target
        .and_then(|id| facts.get(id).root())
        .into_iter()
        .flat_map(|root| {
            ["data", "binaryData"]
                .into_iter()
                .filter_map(move |part| root.get(part))
        })
        .flat_map(|data| data.entries().iter().map(|(key, _)| key))
        .collect();
    let near = match (target, reference.key) {
        // A dump that leaves out the data cannot say that a key is missing.
        (Some(_), Some(key)) if keys.is_empty() || keys.contains(&key) => return None,
        (Some(_), Some(key)) => nearest(key, keys.iter().copied()),
        _ => {
            let names = facts
                .of_kind_in(reference.kind, namespace)
                .iter()
                .map(|id| facts.get(*id));
            nearest(
                reference.name,
                names.map(|other| other.subject.name.as_str()),
            )
        }
    };
    let elsewhere = elsewhere
        .get_or_init(|| self::elsewhere(facts))
        .get(&(reference.kind, reference.name))
        .and_then(|spaces| spaces.iter().find(|other| **other != namespace))
        .copied();
    let mut fields = vec![
        ("refKind", Node::text(reference.kind)),
        (
            "refName",
            Node::text(reference.name).at_line(reference.line),
        ),
        ("via", Node::text(reference.via)),
        ("optional", Node::flag(false)),
        ("pod", Node::text(entity.subject.name.as_str())),
        ("namespace", Node::text(namespace)),
    ];
    if target.is_some() {
        fields.extend(
            reference
                .key
                .map(|key| ("key", Node::text(key).at_line(reference.line))),
        );
    }
    fields.extend(near.map(|near| ("nearMiss", Node::text(near))));
    fields.extend(
        elsewhere
            .filter(|_| target.is_none())
            .map(|namespace| ("elsewhere", Node::text(namespace))),
    );
    let subject = Identity::new(reference.kind, namespace, reference.name);
    let cite = entity.file.map(|file| Cite {
        file,
        line: reference.line,
        end_line: reference.line,
    });
    let mut made = Entity::computed("MissingRef", subject, fields).cited("", cite);
    made.file = entity.file;
    Some(made)
}
