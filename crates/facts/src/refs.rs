//! References of pods to objects and keys that do not exist.

use coldcase_snapshot::node::Node;

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

/// Derives `MissingRef` entities for pods that are not well.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    for pod in facts.of_kind("Pod").to_vec() {
        if matches!(facts.health_of(pod), PodHealth::Done | PodHealth::Leaving) {
            continue;
        }
        let Some(root) = facts.get(pod).root else {
            continue;
        };
        let found: Vec<Entity<'_>> = references(root)
            .iter()
            .filter_map(|reference| missing(facts, pod, reference))
            .collect();
        let about = facts.get(pod).subject.clone();
        for entity in found {
            facts.push_derived(entity, &[&about]);
        }
    }
}

fn references(root: &Node) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    let mut add = |kind, node: Option<&'_ Node>, name_key: &str, via, key: Option<&'static str>| {
        let Some(node) = node else { return };
        let Some(name) = node.get(name_key) else {
            return;
        };
        let Some(text) = name.as_str().filter(|text| !text.is_empty()) else {
            return;
        };
        found.push((
            kind,
            text.to_owned(),
            key.and_then(|key| node.str_at(&[key])).map(str::to_owned),
            via,
            node.bool_at(&["optional"]) == Some(true),
            name.line,
        ));
    };
    for volume in root.items_at(&["spec", "volumes"]) {
        add("ConfigMap", volume.get("configMap"), "name", "volume", None);
        add("Secret", volume.get("secret"), "secretName", "volume", None);
        add(
            "PersistentVolumeClaim",
            volume.get("persistentVolumeClaim"),
            "claimName",
            "claim",
            None,
        );
        for source in volume.items_at(&["projected", "sources"]) {
            add("ConfigMap", source.get("configMap"), "name", "volume", None);
            add("Secret", source.get("secret"), "name", "volume", None);
        }
    }
    for list in ["initContainers", "containers"] {
        for container in root.items_at(&["spec", list]) {
            for env in container.items_at(&["env"]) {
                add(
                    "ConfigMap",
                    env.at(&["valueFrom", "configMapKeyRef"]),
                    "name",
                    "env",
                    Some("key"),
                );
                add(
                    "Secret",
                    env.at(&["valueFrom", "secretKeyRef"]),
                    "name",
                    "env",
                    Some("key"),
                );
            }
            for from in container.items_at(&["envFrom"]) {
                add(
                    "ConfigMap",
                    from.get("configMapRef"),
                    "name",
                    "envFrom",
                    None,
                );
                add("Secret", from.get("secretRef"), "name", "envFrom", None);
            }
        }
    }
    for secret in root.items_at(&["spec", "imagePullSecrets"]) {
        add("Secret", Some(secret), "name", "imagePullSecret", None);
    }
    add(
        "ServiceAccount",
        root.get("spec"),
        "serviceAccountName",
        "serviceAccount",
        None,
    );
    // The strings live in the captured tree; only the closure could not say so.
    found
        .into_iter()
        .filter_map(|(kind, name, key, via, optional, line)| {
            Some(Reference {
                kind,
                name: borrowed(root, &name)?,
                key: key.as_deref().and_then(|key| borrowed(root, key)),
                via,
                optional,
                line,
            })
        })
        .collect()
}

/// The scalar of the tree that has this text.
fn borrowed<'n>(node: &'n Node, text: &str) -> Option<&'n str> {
    if node.as_str() == Some(text) {
        return node.as_str();
    }
    node.items()
        .iter()
        .find_map(|item| borrowed(item, text))
        .or_else(|| {
            node.entries()
                .iter()
                .find_map(|(_, item)| borrowed(item, text))
        })
}

fn missing<'s>(facts: &Facts<'s>, pod: EntityId, reference: &Reference<'_>) -> Option<Entity<'s>> {
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
                .filter_map(|part| root.get(part))
        })
        .flat_map(|data| data.entries().iter().map(|(key, _)| key.as_str()))
        .collect();
    let near = match (target, reference.key) {
        (Some(_), None) => return None,
        // A dump that leaves out the data cannot say that a key is missing.
        (Some(_), Some(key)) if keys.is_empty() || keys.contains(&key) => return None,
        (Some(_), Some(key)) => nearest(key, keys.iter().copied()),
        (None, _) => {
            let names = facts
                .of_kind(reference.kind)
                .iter()
                .map(|id| facts.get(*id))
                .filter(|other| other.subject.namespace == namespace);
            nearest(
                reference.name,
                names.map(|other| other.subject.name.as_str()),
            )
        }
    };
    let elsewhere = facts
        .of_kind(reference.kind)
        .iter()
        .map(|id| &facts.get(*id).subject)
        .find(|other| other.name == reference.name && other.namespace != namespace)
        .map(|other| other.namespace.clone());
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
