//! Manifests that lie beside a dump, for objects of which text for people shows only a part: what somebody wanted there.
//!
//! A manifest is no state: it may never have been applied, or changed since. What it says is named as its own word, and
//! nothing that is certain rests on it.

use std::collections::{BTreeMap, btree_map::Entry};

use coldcase_snapshot::{object::Object, packed::View};

use crate::{Cite, Entity, EntityId, Facts};

/// Where the pods of a workload's manifest are described.
const TEMPLATE: &[&str] = &["spec", "template", "spec"];

/// Derives `Manifest` entities: one for each partial object that exactly one manifest describes.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    if facts.snapshot.declared.is_empty() {
        return;
    }
    // Two manifests of one object are two environments or two versions: nobody knows which was applied.
    let mut only: BTreeMap<EntityId, Option<&Object>> = BTreeMap::new();
    for manifest in &facts.snapshot.declared {
        for id in described(facts, manifest) {
            match only.entry(id) {
                Entry::Vacant(free) => {
                    free.insert(Some(manifest));
                }
                Entry::Occupied(mut taken) => {
                    taken.insert(None);
                }
            }
        }
    }
    for (id, manifest) in only {
        let Some(manifest) = manifest.filter(|manifest| agrees(facts, id, manifest)) else {
            continue;
        };
        let subject = facts.get(id).subject.clone();
        let mut made = Entity::captured("Manifest", subject.clone(), manifest.root.view());
        made.file = Some(manifest.file);
        facts.push_derived(made, &[&subject]);
    }
}

/// The partial objects that a manifest describes: without a namespace, those of its name in any.
fn described(facts: &Facts<'_>, manifest: &Object) -> Vec<EntityId> {
    let (kind, namespace) = (manifest.kind.as_str(), manifest.namespace.as_str());
    let own = facts.object(kind, namespace, &manifest.name);
    let anywhere = || {
        let all = facts.of_kind(kind).iter().copied();
        all.filter(|id| facts.get(*id).subject.name.as_str() == manifest.name.as_str())
    };
    let found: Vec<EntityId> = match own {
        Some(own) => vec![own],
        None if namespace.is_empty() => anywhere().collect(),
        None => Vec::new(),
    };
    let partial = |id: &EntityId| facts.get(*id).partial;
    found.into_iter().filter(partial).collect()
}

/// Whether the containers that the text shows of an object run the images of its manifest. Where no image tells, a
/// manifest that names no namespace and lies among those of another environment is not taken for the object's.
fn agrees(facts: &Facts<'_>, id: EntityId, manifest: &Object) -> bool {
    let entity = facts.get(id);
    let containers = |root: View<'_>| {
        let spec = root.at(TEMPLATE).unwrap_or_default();
        let all = spec.items_at(&["containers"]).iter();
        let images = all.filter_map(|it| Some((it.str_at(&["name"])?, it.str_at(&["image"])?)));
        images
            .map(|(name, image)| (name.to_owned(), image.to_owned()))
            .collect::<BTreeMap<String, String>>()
    };
    let shown = containers(entity.root().unwrap_or_default());
    let wanted = containers(manifest.root.view());
    if shown.is_empty() && manifest.namespace.is_empty() {
        return !of_another(&facts.snapshot.bundle.file(manifest.file).path, entity);
    }
    shown
        .iter()
        .all(|(name, image)| wanted.get(name) == Some(image))
}

/// Whether a path names an environment that is not in the name of the object's namespace.
fn of_another(path: &str, entity: &Entity<'_>) -> bool {
    const ENVIRONMENTS: &[&str] = &[
        "dev",
        "development",
        "test",
        "testing",
        "qa",
        "uat",
        "int",
        "stage",
        "staging",
        "preprod",
        "prod",
        "production",
        "sandbox",
        "demo",
        "local",
        "overlays",
        "envs",
        "environments",
    ];
    let namespace = entity.subject.namespace.as_str();
    let mut folders = path.split(['/', '-', '_', '.']);
    folders.any(|part| ENVIRONMENTS.contains(&part) && !namespace.contains(part))
}

/// What the manifest of a described pod's workload says of its pods.
pub(crate) struct Wish<'f> {
    /// The `spec` of the template.
    pub spec: View<'f>,
    manifest: &'f Entity<'f>,
}

impl Wish<'_> {
    /// The place of a part of it, to its last value.
    pub(crate) fn place(&self, part: View<'_>) -> Option<Cite> {
        let lines = lines(part);
        Some(Cite {
            file: self.manifest.file?,
            line: lines.iter().copied().filter(|line| *line > 0).min()?,
            end_line: lines.iter().copied().max()?,
        })
    }
}

/// The manifest's wish for a pod of which text for people shows a part.
pub(crate) fn wish<'f>(facts: &'f Facts<'_>, pod: EntityId) -> Option<Wish<'f>> {
    if !facts.get(pod).partial {
        return None;
    }
    let workload = facts.workload(pod)?;
    let [manifest] = facts.derived("Manifest", &facts.get(workload).subject) else {
        return None;
    };
    let manifest = facts.get(*manifest);
    let spec = manifest.root()?.at(TEMPLATE)?;
    Some(Wish { spec, manifest })
}

/// The lines of all values in a part; its own is that of the key above it.
fn lines(part: View<'_>) -> Vec<u32> {
    let of_items = part.items().iter().flat_map(lines);
    let of_entries = part.entries().iter().flat_map(|(_, value)| lines(value));
    let inner: Vec<u32> = of_items.chain(of_entries).collect();
    if inner.is_empty() {
        return vec![part.line()];
    }
    inner
}
