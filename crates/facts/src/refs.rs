//! References of pods to objects and keys that do not exist.

use std::collections::HashMap;

use coldcase_snapshot::{node::Node, packed::View};

use crate::{Cite, Entity, EntityId, Facts, Identity, PodHealth, schema::nearest};

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
    let mut made = Vec::new();
    let elsewhere = elsewhere(facts);
    for pod in facts.of_kind("Pod") {
        if matches!(facts.health_of(*pod), PodHealth::Done | PodHealth::Leaving) {
            continue;
        }
        let Some(root) = facts.get(*pod).root else {
            continue;
        };
        made.extend(
            references(root)
                .iter()
                .filter_map(|reference| missing(facts, &elsewhere, *pod, reference))
                .map(|entity| (*pod, entity)),
        );
    }
    for (pod, entity) in made {
        let about = facts.get(pod).subject.clone();
        facts.push_derived(entity, &[&about]);
    }
}

fn elsewhere<'s>(facts: &Facts<'s>) -> Elsewhere<'s> {
    let mut found = Elsewhere::new();
    for object in &facts.snapshot.objects {
        let kind = [
            "ConfigMap",
            "Secret",
            "PersistentVolumeClaim",
            "ServiceAccount",
        ]
        .into_iter()
        .find(|kind| object.kind == *kind);
        if let Some(kind) = kind {
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
        node: Option<View<'n>>,
        name_key: &str,
        via: &'static str,
        key: Option<&'static str>,
    ) {
        let Some(node) = node else { return };
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
}

fn references(root: View<'_>) -> Vec<Reference<'_>> {
    let mut found = References::default();
    for volume in root.items_at(&["spec", "volumes"]) {
        found.add("ConfigMap", volume.get("configMap"), "name", "volume", None);
        found.add("Secret", volume.get("secret"), "secretName", "volume", None);
        found.add(
            "PersistentVolumeClaim",
            volume.get("persistentVolumeClaim"),
            "claimName",
            "claim",
            None,
        );
        for source in volume.items_at(&["projected", "sources"]) {
            found.add("ConfigMap", source.get("configMap"), "name", "volume", None);
            found.add("Secret", source.get("secret"), "name", "volume", None);
        }
    }
    for list in ["initContainers", "containers"] {
        for container in root.items_at(&["spec", list]) {
            for env in container.items_at(&["env"]) {
                found.add(
                    "ConfigMap",
                    env.at(&["valueFrom", "configMapKeyRef"]),
                    "name",
                    "env",
                    Some("key"),
                );
                found.add(
                    "Secret",
                    env.at(&["valueFrom", "secretKeyRef"]),
                    "name",
                    "env",
                    Some("key"),
                );
            }
            for from in container.items_at(&["envFrom"]) {
                found.add(
                    "ConfigMap",
                    from.get("configMapRef"),
                    "name",
                    "envFrom",
                    None,
                );
                found.add("Secret", from.get("secretRef"), "name", "envFrom", None);
            }
        }
    }
    for secret in root.items_at(&["spec", "imagePullSecrets"]) {
        found.add("Secret", Some(secret), "name", "imagePullSecret", None);
    }
    found.add(
        "ServiceAccount",
        root.get("spec"),
        "serviceAccountName",
        "serviceAccount",
        None,
    );
    found.0
}

fn missing<'s>(
    facts: &Facts<'s>,
    elsewhere: &Elsewhere<'s>,
    pod: EntityId,
    reference: &Reference<'_>,
) -> Option<Entity<'s>> {
    if reference.optional {
        return None;
    }
    let entity = facts.get(pod);
    let namespace = entity.subject.namespace.as_str();
    let target = facts.object(reference.kind, namespace, reference.name);
    // An object that nobody asked for is unknown, not missing.
    let denied = facts.snapshot.coverage.absent.contains(&(
        reference.kind.to_owned(),
        namespace.to_owned(),
        reference.name.to_owned(),
    ));
    if target.is_none() && !denied && !facts.covers(reference.kind, namespace) {
        return None;
    }
    let keys: Vec<&str> = target
        .and_then(|id| facts.get(id).root)
        .into_iter()
        .flat_map(|root| {
            ["data", "binaryData"]
                .into_iter()
                .filter_map(move |part| root.get(part))
        })
        .flat_map(|data| data.entries().iter().map(|(key, _)| key))
        .collect();
    let near = match (target, reference.key) {
        (Some(_), None) => return None,
        // A dump that leaves out the data cannot say that a key is missing.
        (Some(_), Some(key)) if keys.is_empty() || keys.contains(&key) => return None,
        (Some(_), Some(key)) => nearest(key, keys.iter().copied()),
        (None, _) => {
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
