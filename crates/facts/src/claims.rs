//! Claims that do not exist because a quota of their namespace has no room for what they ask for.

use std::collections::BTreeMap;

use coldcase_snapshot::{node::Node, object::Object, packed::View};

use crate::{Cite, Entity, EntityId, Facts, Identity, quantity, said};

/// A claim that somebody wants.
#[derive(Default)]
struct Wanted {
    /// What it asks for, as its manifest says it, and where; the least of several.
    storage: Option<(i64, String, Cite)>,
    class: Option<String>,
    /// Where it is named.
    place: Option<Cite>,
}

/// What a quota limits.
struct Limit {
    resource: String,
    used: (i64, String),
    hard: (i64, String),
    place: Option<Cite>,
}

/// Derives `NotCreated` entities of claims.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let mut found = Vec::new();
    let mut of_namespace: BTreeMap<&str, BTreeMap<String, Wanted>> = BTreeMap::new();
    let all = &facts.snapshot.declared;
    let of_claims = |manifest: &&Object| manifest.kind == "PersistentVolumeClaim";
    let manifests: Vec<&Object> = all.iter().filter(of_claims).collect();
    for quota in facts.of_kind("ResourceQuota") {
        let limits = limits(facts, *quota);
        if limits.is_empty() {
            continue;
        }
        let subject = &facts.get(*quota).subject;
        let wanted = of_namespace
            .entry(subject.namespace.as_str())
            .or_insert_with(|| missing(facts, &manifests, &subject.namespace));
        for (name, wanted) in wanted {
            let refused = limits.iter().find(|limit| refuses(limit, wanted));
            found.extend(refused.map(|limit| entity(subject, name, wanted, limit)));
        }
    }
    for made in found {
        let subject = made.subject.clone();
        facts.push_derived(made, &[&subject]);
    }
}

/// What a quota says of claims and of their storage.
fn limits(facts: &Facts<'_>, quota: EntityId) -> Vec<Limit> {
    let entity = facts.get(quota);
    let Some(root) = entity.root() else {
        return Vec::new();
    };
    let amount = |node: View<'_>| {
        let text = node.as_str()?;
        Some((quantity::bytes(text)?, text.to_owned()))
    };
    let used = root.at(&["status", "used"]);
    root.at(&["status", "hard"])
        .or_else(|| root.at(&["spec", "hard"]))
        .into_iter()
        .flat_map(View::entries)
        .filter(|(name, _)| kind_of(name).is_some())
        .filter_map(|(name, hard)| {
            Some(Limit {
                resource: name.to_owned(),
                used: amount(used?.get(name)?)?,
                hard: amount(hard)?,
                place: entity.file.map(|file| Cite {
                    file,
                    line: hard.line(),
                    end_line: hard.line(),
                }),
            })
        })
        .collect()
}

/// Whether a quota's resource is storage (or else a number of claims), and of which class alone.
fn kind_of(resource: &str) -> Option<(bool, Option<&str>)> {
    const OF_CLASS: &str = ".storageclass.storage.k8s.io/";
    let (class, counted) = match resource.split_once(OF_CLASS) {
        Some((class, counted)) => (Some(class), counted),
        None => (None, resource),
    };
    match counted {
        "requests.storage" => Some((true, class)),
        "persistentvolumeclaims" | "count/persistentvolumeclaims" => Some((false, class)),
        _ => None,
    }
}

/// A claim of unknown size is refused by what is used up alone.
fn refuses(limit: &Limit, wanted: &Wanted) -> bool {
    let Some((storage, class)) = kind_of(&limit.resource) else {
        return false;
    };
    // A claim that names no class gets one that only the cluster knows.
    if class.is_some() && class != wanted.class.as_deref() {
        return false;
    }
    let more = match &wanted.storage {
        Some((amount, ..)) if storage => (*amount).max(1),
        _ => 1,
    };
    limit.used.0.saturating_add(more) > limit.hard.0
}

/// Claims of a namespace that manifests declare or pods name, and that do not exist.
fn missing(facts: &Facts<'_>, manifests: &[&Object], namespace: &str) -> BTreeMap<String, Wanted> {
    let mut found: BTreeMap<String, Wanted> = BTreeMap::new();
    let listed = facts.covers("PersistentVolumeClaim", namespace);
    let pods = facts.pods_of_namespace.get(namespace);
    for pod in pods.into_iter().flatten() {
        let entity = facts.get(*pod);
        let volumes = entity
            .root()
            .unwrap_or_default()
            .items_at(&["spec", "volumes"]);
        let named = volumes
            .iter()
            .filter_map(|volume| volume.at(&["persistentVolumeClaim", "claimName"]));
        for node in named {
            let Some(name) = node.as_str().filter(|name| !name.is_empty()) else {
                continue;
            };
            // Where nobody listed the claims, the scheduler knows.
            if !listed && !unfound(facts, *pod, name) {
                continue;
            }
            let place = entity.file.map(|file| cite(file, node));
            let wanted = found.entry(name.to_owned()).or_default();
            wanted.place = wanted.place.or(place);
        }
    }
    for manifest in manifests {
        let own = manifest.namespace == namespace && listed;
        let named = found.contains_key(manifest.name.as_str())
            && (manifest.namespace.is_empty() || manifest.namespace == namespace);
        if own || named {
            let wanted = found.entry(manifest.name.to_string()).or_default();
            wanted.told(manifest.root.view(), manifest.file);
        }
    }
    found.retain(|name, _| {
        let known = facts.object("PersistentVolumeClaim", namespace, name);
        known.is_none()
    });
    found
}

/// Whether the scheduler says that a pod's claim is not there.
fn unfound(facts: &Facts<'_>, pod: EntityId, name: &str) -> bool {
    let words = format!("persistentvolumeclaim \"{name}\" not found");
    said::of(facts, pod).is_some_and(|said| said.message.contains(&words))
}

fn cite(file: coldcase_bundle::FileId, node: View<'_>) -> Cite {
    Cite {
        file,
        line: node.line(),
        end_line: node.end_line(),
    }
}

impl Wanted {
    /// What a manifest of the claim says.
    fn told(&mut self, root: View<'_>, file: coldcase_bundle::FileId) {
        self.place = self.place.or(Some(cite(file, root)));
        let class = root.str_at(&["spec", "storageClassName"]);
        if self.class.is_none() {
            self.class = class.map(str::to_owned);
        }
        let Some(node) = root.at(&["spec", "resources", "requests", "storage"]) else {
            return;
        };
        let text = node.as_str().unwrap_or("");
        let Some(amount) = quantity::bytes(text) else {
            return;
        };
        let least = self
            .storage
            .as_ref()
            .is_none_or(|(known, ..)| amount < *known);
        if least {
            self.storage = Some((amount, text.to_owned(), cite(file, node)));
        }
    }
}

fn entity<'s>(quota: &Identity, name: &str, wanted: &Wanted, limit: &Limit) -> Entity<'s> {
    let mut fields = vec![
        ("kind", Node::text("PersistentVolumeClaim")),
        ("name", Node::text(name)),
        ("namespace", Node::text(quota.namespace.as_str())),
        ("quota", Node::text(quota.name.as_str())),
        ("resource", Node::text(limit.resource.as_str())),
        ("used", Node::text(limit.used.1.as_str())),
        ("hard", Node::text(limit.hard.1.as_str())),
    ];
    let asked = wanted.storage.as_ref();
    fields.extend(asked.map(|(_, text, _)| ("wanted", Node::text(text.as_str()))));
    let place = asked.map(|(_, _, place)| *place).or(wanted.place);
    let mut made = Entity::computed("NotCreated", quota.clone(), fields)
        .cited("", place)
        .cited("hard", limit.place);
    made.file = place.map(|place| place.file);
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_limit_storage_and_claims_also_of_one_class() {
        assert_eq!(kind_of("requests.storage"), Some((true, None)));
        assert_eq!(
            kind_of("fast.storageclass.storage.k8s.io/requests.storage"),
            Some((true, Some("fast")))
        );
        assert_eq!(kind_of("count/persistentvolumeclaims"), Some((false, None)));
        assert_eq!(
            kind_of("fast.storageclass.storage.k8s.io/persistentvolumeclaims"),
            Some((false, Some("fast")))
        );
        assert_eq!(kind_of("requests.cpu"), None);
        assert_eq!(kind_of("requests.ephemeral-storage"), None);
    }
}
