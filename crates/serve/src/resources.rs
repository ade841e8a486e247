//! Which resources the API has: Kubernetes' own, those that captured definitions add, and those that captured objects prove.

use std::collections::{BTreeMap, BTreeSet};

use coldcase_snapshot::{
    object,
    resource::{self, Known},
};
use serde_json::Value;

use crate::value;

/// A column that a resource's definition adds to its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub name: String,
    pub kind: String,
    pub path: String,
    pub priority: i64,
}

/// A resource in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resource {
    pub group: String,
    pub version: String,
    pub kind: String,
    pub plural: String,
    pub namespaced: bool,
    pub short: Vec<String>,
    pub categories: Vec<String>,
    /// Of a definition; empty for Kubernetes' own.
    pub columns: Vec<Column>,
    /// Fields that a definition allows to select by.
    pub fields: Vec<String>,
    /// The kind as coverage has it.
    pub covered: String,
}

impl Resource {
    /// `apps/v1`, `v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `deployments.apps`, as errors name it.
    pub(crate) fn full_name(&self) -> String {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }
}

/// What objects say about their resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    pub api_version: String,
    pub kind: String,
}

impl Seen {
    pub(crate) fn group_version(&self) -> (&str, &str) {
        self.api_version
            .split_once('/')
            .unwrap_or(("", &self.api_version))
    }
}

/// The version of a kind of Kubernetes' own; empty for others.
pub(crate) fn api_version_of(kind: &str) -> String {
    resource::of_kind(kind)
        .map(|known| match known.group {
            "" => known.version.to_owned(),
            group => format!("{group}/{}", known.version),
        })
        .unwrap_or_default()
}

/// A word that may stand in a path: text of a bundle makes resources.
pub(crate) fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
}

/// Resources of all versions, sorted by group, version and name. `seen` says whether objects of a kind
/// lie in namespaces; `listed` are kinds of which (possibly empty) lists were captured.
pub(crate) fn resources(
    seen: &BTreeMap<Seen, bool>,
    definitions: &[Value],
    listed: &BTreeSet<String>,
) -> Vec<Resource> {
    let mut found: BTreeMap<(String, String, String), Resource> = BTreeMap::new();
    let mut known: BTreeSet<(String, String)> = BTreeSet::new();
    let mut add = |resource: Resource| {
        let key = (
            resource.group.clone(),
            resource.version.clone(),
            resource.plural.clone(),
        );
        known.insert((resource.group.clone(), resource.kind.clone()));
        found.entry(key).or_insert(resource);
    };
    for known in resource::ALL.iter().filter(|known| known.everywhere) {
        own(known, seen).into_iter().for_each(&mut add);
    }
    for definition in definitions {
        defined(definition).into_iter().for_each(&mut add);
    }
    // The rest only if something of it was captured or asked for.
    for known in resource::ALL.iter().filter(|known| !known.everywhere) {
        let is_seen = seen
            .keys()
            .any(|seen| seen.kind == known.kind && seen.group_version().0 == known.group);
        if is_seen || listed.contains(known.kind) {
            own(known, seen).into_iter().for_each(&mut add);
        }
    }
    let rest: Vec<Resource> = seen
        .iter()
        .filter_map(|(seen, namespaced)| {
            let (group, version) = seen.group_version();
            let new = !known.contains(&(group.to_owned(), seen.kind.clone()));
            (new && is_word(version) && (group.is_empty() || is_word(group)) && is_word(&seen.kind))
                .then(|| guessed(group, version, &seen.kind, *namespaced))
        })
        .collect();
    for resource in rest {
        let key = (
            resource.group.clone(),
            resource.version.clone(),
            resource.plural.clone(),
        );
        found.entry(key).or_insert(resource);
    }
    found.into_values().collect()
}

/// One of Kubernetes' own in the versions that were captured, else in its present one.
fn own(known: &Known, seen: &BTreeMap<Seen, bool>) -> Vec<Resource> {
    let mut versions: Vec<&str> = seen
        .keys()
        .filter(|seen| seen.kind == known.kind && seen.group_version().0 == known.group)
        .map(|seen| seen.group_version().1)
        .filter(|version| is_word(version))
        .collect();
    // An event is served in both of its shapes, whichever was captured.
    if versions.is_empty() || known.kind == "Event" {
        versions = vec![known.version];
    }
    let words = |text: &str| -> Vec<String> {
        text.split(',')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    versions
        .into_iter()
        .map(|version| Resource {
            group: known.group.to_owned(),
            version: version.to_owned(),
            kind: known.kind.to_owned(),
            plural: known.plural.to_owned(),
            namespaced: known.namespaced,
            short: words(known.short),
            categories: words(known.categories),
            columns: Vec::new(),
            fields: Vec::new(),
            covered: known.kind.to_owned(),
        })
        .collect()
}

/// The resources of a CustomResourceDefinition, one for each version that is served.
fn defined(definition: &Value) -> Vec<Resource> {
    let text = |path: &str| value::str(definition, path).to_owned();
    let (group, kind, plural) = (
        text("spec.group"),
        text("spec.names.kind"),
        text("spec.names.plural"),
    );
    if !is_word(&group) || !is_word(&kind) || !is_word(&plural) {
        return Vec::new();
    }
    let words = |path: &str| -> Vec<String> {
        value::list(definition, path)
            .iter()
            .filter_map(Value::as_str)
            .filter(|word| is_word(word))
            .map(str::to_owned)
            .collect()
    };
    value::list(definition, "spec.versions")
        .iter()
        .filter(|version| value::flag(version, "served") && is_word(value::str(version, "name")))
        .map(|version| Resource {
            group: group.clone(),
            version: value::str(version, "name").to_owned(),
            kind: kind.clone(),
            plural: plural.clone(),
            namespaced: value::str(definition, "spec.scope") != "Cluster",
            short: words("spec.names.shortNames"),
            categories: words("spec.names.categories"),
            columns: value::list(version, "additionalPrinterColumns")
                .iter()
                .map(|column| Column {
                    name: value::str(column, "name").to_owned(),
                    kind: value::str(column, "type").to_owned(),
                    path: value::str(column, "jsonPath").to_owned(),
                    priority: value::int(column, "priority"),
                })
                .collect(),
            fields: value::list(version, "selectableFields")
                .iter()
                .map(|field| {
                    let path = value::str(field, "jsonPath");
                    path.strip_prefix('.').unwrap_or(path).to_owned()
                })
                .collect(),
            covered: object::qualify(&kind, &format!("{group}/v1")),
        })
        .collect()
}

/// A resource of which there are objects, and no definition.
fn guessed(group: &str, version: &str, kind: &str, namespaced: bool) -> Resource {
    let covered = object::qualify(kind, &format!("{group}/{version}"));
    let plural = object::resource_of_kind(&covered).map_or_else(|| plural(kind), str::to_owned);
    Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: kind.to_owned(),
        plural,
        namespaced,
        short: Vec::new(),
        categories: Vec::new(),
        columns: Vec::new(),
        fields: Vec::new(),
        covered,
    }
}

/// English as the tools do it.
fn plural(kind: &str) -> String {
    let word = kind.to_ascii_lowercase();
    if let Some(stem) = word.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
    {
        return format!("{stem}ies");
    }
    if word.ends_with(['s', 'x', 'z']) || word.ends_with("ch") || word.ends_with("sh") {
        return format!("{word}es");
    }
    format!("{word}s")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(api_version: &str, kind: &str) -> (Seen, bool) {
        let seen = Seen {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
        };
        (seen, true)
    }

    #[test]
    fn captured_versions_replace_the_present_one() {
        let seen = BTreeMap::from([
            seen("batch/v1beta1", "CronJob"),
            seen("example.org/v1", "Policy"),
            seen("bad/../v1", "Pod"),
        ]);
        let found = resources(&seen, &[], &BTreeSet::new());
        let names: Vec<String> = found
            .iter()
            .map(|resource| format!("{}/{}", resource.api_version(), resource.plural))
            .collect();
        assert!(names.contains(&"batch/v1beta1/cronjobs".to_owned()));
        assert!(!names.contains(&"batch/v1/cronjobs".to_owned()));
        assert!(names.contains(&"example.org/v1/policies".to_owned()));
        assert!(names.iter().all(|name| !name.contains("..")));
    }

    #[test]
    fn definitions_bring_names_and_columns() {
        let definition = json!({"spec": {"group": "cert-manager.io", "scope": "Namespaced",
            "names": {"kind": "Certificate", "plural": "certificates", "shortNames": ["cert"]},
            "versions": [{"name": "v1", "served": true, "additionalPrinterColumns": [
                {"name": "Ready", "type": "string", "jsonPath": ".status.ready"}]},
                {"name": "v1alpha1", "served": false}]}});
        let found = resources(&BTreeMap::new(), &[definition], &BTreeSet::new());
        let ours: Vec<_> = found
            .iter()
            .filter(|resource| resource.group == "cert-manager.io")
            .collect();
        assert_eq!(ours.len(), 1);
        assert_eq!(ours[0].covered, "Certificate.cert-manager.io");
        assert_eq!(ours[0].columns[0].name, "Ready");
    }
}
