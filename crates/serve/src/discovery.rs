//! Discovery: which groups, versions and resources there are, in the aggregated and in the older form.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{resources::Resource, response::Response};

/// What a bundle allows.
const VERBS: [&str; 3] = ["get", "list", "watch"];

/// Resources by group and version, preferred versions first.
fn groups(resources: &[Resource]) -> BTreeMap<&str, Vec<(&str, Vec<&Resource>)>> {
    let mut groups: BTreeMap<&str, Vec<(&str, Vec<&Resource>)>> = BTreeMap::new();
    for resource in resources {
        let versions = groups.entry(&resource.group).or_default();
        match versions
            .iter_mut()
            .find(|(version, _)| *version == resource.version)
        {
            Some((_, resources)) => resources.push(resource),
            None => versions.push((&resource.version, vec![resource])),
        }
    }
    for versions in groups.values_mut() {
        versions.sort_by_key(|(version, _)| std::cmp::Reverse(maturity(version)));
    }
    groups
}

/// Kubernetes' order of versions: stable before beta before alpha, then by number.
fn maturity(version: &str) -> (u8, u32, u32) {
    let Some(rest) = version.strip_prefix('v') else {
        return (0, 0, 0);
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (major, rest) = rest.split_at_checked(digits).unwrap_or(("", rest));
    let major = major.parse().unwrap_or(0);
    let minor = |text: &str| text.parse().unwrap_or(0);
    match rest {
        "" => (3, major, 0),
        _ => match (rest.strip_prefix("beta"), rest.strip_prefix("alpha")) {
            (Some(beta), _) => (2, major, minor(beta)),
            (_, Some(alpha)) => (1, major, minor(alpha)),
            _ => (0, 0, 0),
        },
    }
}

/// The aggregated form that a client asks for, if it does.
fn aggregated(accept: &str) -> Option<&'static str> {
    accept
        .split(',')
        .map(|part| part.replace(' ', ""))
        .find_map(|part| {
            let ours = part.contains("as=APIGroupDiscoveryList")
                && part.contains("g=apidiscovery.k8s.io")
                && part.starts_with("application/json");
            if !ours {
                return None;
            }
            let mut words = part.split(';');
            words.find_map(|word| match word {
                "v=v2" => Some("v2"),
                "v=v2beta1" => Some("v2beta1"),
                _ => None,
            })
        })
}

/// `/api`
pub(crate) fn core(resources: &[Resource], accept: &str) -> Response<'static> {
    if let Some(version) = aggregated(accept) {
        return aggregate(resources, version, true);
    }
    Response::json(&json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [],
    }))
}

/// `/apis`
pub(crate) fn named(resources: &[Resource], accept: &str) -> Response<'static> {
    if let Some(version) = aggregated(accept) {
        return aggregate(resources, version, false);
    }
    let groups: Vec<Value> = groups(resources)
        .into_iter()
        .filter(|(group, _)| !group.is_empty())
        .map(|(group, versions)| api_group(group, &versions))
        .collect();
    Response::json(&json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
}

/// `/apis/GROUP`
pub(crate) fn group(resources: &[Resource], group: &str) -> Option<Response<'static>> {
    let groups = groups(resources);
    let versions = groups.get(group).filter(|_| !group.is_empty())?;
    let mut found = api_group(group, versions);
    if let Value::Object(fields) = &mut found {
        fields.insert("kind".to_owned(), "APIGroup".into());
        fields.insert("apiVersion".to_owned(), "v1".into());
    }
    Some(Response::json(&found))
}

/// `/api/v1`, `/apis/GROUP/VERSION`
pub(crate) fn version(
    resources: &[Resource],
    group: &str,
    version: &str,
) -> Option<Response<'static>> {
    let mut entries = Vec::new();
    let ours = resources
        .iter()
        .filter(|resource| resource.group == group && resource.version == version);
    for resource in ours {
        let mut entry = json!({
            "name": resource.plural,
            "singularName": resource.kind.to_ascii_lowercase(),
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": VERBS,
        });
        if let Value::Object(fields) = &mut entry {
            if !resource.short.is_empty() {
                fields.insert("shortNames".to_owned(), json!(resource.short));
            }
            if !resource.categories.is_empty() {
                fields.insert("categories".to_owned(), json!(resource.categories));
            }
        }
        entries.push(entry);
        if is_pods(resource) {
            entries.push(
                json!({"name": "pods/log", "singularName": "", "namespaced": true,
                "kind": "Pod", "verbs": ["get"]}),
            );
        }
    }
    if entries.is_empty() {
        return None;
    }
    if group.is_empty() {
        entries.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
    }
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    Some(Response::json(&json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": entries,
    })))
}

fn is_pods(resource: &Resource) -> bool {
    resource.group.is_empty() && resource.plural == "pods"
}

fn api_group(group: &str, versions: &[(&str, Vec<&Resource>)]) -> Value {
    let named: Vec<Value> = versions
        .iter()
        .map(|(version, _)| json!({"groupVersion": format!("{group}/{version}"), "version": version}))
        .collect();
    json!({"name": group, "preferredVersion": named.first(), "versions": named})
}

fn aggregate(resources: &[Resource], form: &str, core: bool) -> Response<'static> {
    let items: Vec<Value> = groups(resources)
        .into_iter()
        .filter(|(group, _)| group.is_empty() == core)
        .map(|(group, versions)| {
            let versions: Vec<Value> = versions
                .into_iter()
                .map(|(version, resources)| {
                    let resources: Vec<Value> = resources.into_iter().map(entry).collect();
                    json!({"version": version, "resources": resources, "freshness": "Current"})
                })
                .collect();
            let metadata = if group.is_empty() {
                json!({"creationTimestamp": null})
            } else {
                json!({"name": group, "creationTimestamp": null})
            };
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    let body = json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{form}"),
        "metadata": {},
        "items": items,
    });
    let content_type =
        format!("application/json;g=apidiscovery.k8s.io;v={form};as=APIGroupDiscoveryList");
    Response {
        content_type,
        ..Response::json(&body)
    }
}

fn entry(resource: &Resource) -> Value {
    let response_kind = json!({
        "group": resource.group, "version": resource.version, "kind": resource.kind});
    let mut entry = json!({
        "resource": resource.plural,
        "responseKind": response_kind,
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.kind.to_ascii_lowercase(),
        "verbs": VERBS,
        "shortNames": resource.short,
        "categories": resource.categories,
    });
    if let Value::Object(fields) = &mut entry
        && is_pods(resource)
    {
        let log = json!([{"subresource": "log", "responseKind": response_kind, "verbs": ["get"]}]);
        fields.insert("subresources".to_owned(), log);
    }
    entry
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::resources;

    fn own() -> Vec<Resource> {
        resources::resources(&BTreeMap::new(), &[], &BTreeSet::new())
    }

    fn body(response: Response<'_>) -> Value {
        serde_json::from_slice(&response.into_bytes()).unwrap()
    }

    #[test]
    fn both_forms_name_the_same_resources() {
        let own = own();
        let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
        let new = named(&own, accept);
        assert!(new.content_type.ends_with("v=v2;as=APIGroupDiscoveryList"));
        let new = body(new);
        let old = body(named(&own, "application/json"));
        assert_eq!(
            new["items"].as_array().unwrap().len(),
            old["groups"].as_array().unwrap().len()
        );
        let apps = body(version(&own, "apps", "v1").unwrap());
        assert_eq!(apps["resources"].as_array().unwrap().len(), 5);
        assert_eq!(
            body(core(&own, accept))["items"][0]["versions"][0]["version"],
            "v1"
        );
        assert!(version(&own, "apps", "v9").is_none() && group(&own, "").is_none());
    }

    #[test]
    fn stable_versions_come_first() {
        let mut versions = vec!["v1beta1", "v2alpha1", "v1", "v2beta2", "x", "v2"];
        versions.sort_by_key(|version| std::cmp::Reverse(maturity(version)));
        assert_eq!(
            versions,
            ["v2", "v1", "v2beta2", "v1beta1", "v2alpha1", "x"]
        );
    }
}
