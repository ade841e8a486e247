//! Compares where a node's rules send connections to Services with the endpoints that the Services have.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use coldcase_snapshot::{node::Node, packed::View, text::HostReport};

use crate::{Cite, Entity, Facts, Identity};

/// Addresses in a message.
const SHOWN: usize = 3;

/// One node's rules for one Service.
#[derive(Default)]
struct Rules {
    targets: Vec<(String, u32)>,
}

/// Services by namespace and name, each with the node and what its rules say.
type ByService<'s> = BTreeMap<(String, String), Vec<(&'s HostReport, Rules)>>;

/// Derives `StaleEndpoint` entities.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let snapshot = facts.snapshot;
    let reports: Vec<&HostReport> = snapshot
        .hosts
        .iter()
        .filter(|report| report.kind == "EndpointRules" && !report.node.is_empty())
        .collect();
    if reports.is_empty() {
        return;
    }
    let by_service = by_service(facts, &reports);
    let endpoints = endpoints(facts);
    let mut found = Vec::new();
    for (service, nodes) in &by_service {
        // Only a Service whose endpoints were captured can be compared.
        let Some(known) = endpoints.get(service) else {
            continue;
        };
        if !facts.covers("EndpointSlice", &service.0) {
            continue;
        }
        let stale = |rules: &Rules| -> Vec<(String, u32)> {
            let gone = |target: &str| address(target).is_some_and(|ip| !known.contains(ip));
            let targets = rules.targets.iter();
            targets
                .filter(|(target, _)| gone(target))
                .cloned()
                .collect()
        };
        let current = nodes
            .iter()
            .filter(|(_, rules)| !rules.targets.is_empty() && stale(rules).is_empty())
            .count();
        for (report, rules) in nodes {
            let gone = stale(rules);
            if !gone.is_empty() {
                found.push(entity(service, report, &gone, known, current));
            }
        }
    }
    for (entity, about) in found {
        facts.push_derived(entity, &[&about]);
    }
}

/// The address of `10.1.2.3:80` or `[fd00::1]:80`.
fn address(target: &str) -> Option<&str> {
    let (ip, _) = target.rsplit_once(':')?;
    Some(ip.trim_start_matches('[').trim_end_matches(']'))
}

fn by_service<'s>(facts: &Facts<'_>, reports: &[&'s HostReport]) -> ByService<'s> {
    let mut found = ByService::new();
    for report in reports {
        let mut here: BTreeMap<(String, String), Rules> = BTreeMap::new();
        for target in report.root.items_at(&["targets"]) {
            let Some((service, address)) = target.as_str().and_then(|text| text.split_once('='))
            else {
                continue;
            };
            let key = match service.split_once('/') {
                Some((namespace, name)) => {
                    let name = name.split(':').next().unwrap_or(name);
                    Some((namespace.to_owned(), name.to_owned()))
                }
                // ipvs knows the Service's address only.
                None => self::address(service)
                    .and_then(|ip| facts.service_at(ip.parse().ok()?))
                    .map(|(id, _)| {
                        let subject = &facts.get(id).subject;
                        (subject.namespace.to_string(), subject.name.to_string())
                    }),
            };
            if let Some(key) = key {
                let rules = here.entry(key).or_default();
                rules.targets.push((address.to_owned(), target.line));
            }
        }
        for (service, rules) in here {
            found.entry(service).or_default().push((report, rules));
        }
    }
    found
}

/// Addresses of all endpoints of a Service, ready or not: a pod on its way out may still serve.
fn endpoints<'f>(facts: &'f Facts<'_>) -> BTreeMap<(String, String), BTreeSet<&'f str>> {
    let mut found: BTreeMap<(String, String), BTreeSet<&str>> = BTreeMap::new();
    for id in facts.of_kind("EndpointSlice") {
        let slice = facts.get(*id);
        let Some(service) = slice.str_at(&["metadata", "labels", "kubernetes.io/service-name"])
        else {
            continue;
        };
        let key = (slice.subject.namespace.to_string(), service.to_owned());
        let known = found.entry(key).or_default();
        let Some(root) = slice.root() else { continue };
        for endpoint in root.items_at(&["endpoints"]) {
            known.extend(
                endpoint
                    .items_at(&["addresses"])
                    .iter()
                    .filter_map(View::as_str),
            );
        }
    }
    found
}

fn entity<'s>(
    service: &(String, String),
    report: &HostReport,
    gone: &[(String, u32)],
    known: &BTreeSet<&str>,
    current: usize,
) -> (Entity<'s>, Identity) {
    let shown: BTreeSet<&str> = gone.iter().map(|(target, _)| target.as_str()).collect();
    let list = |items: &mut dyn Iterator<Item = &str>, all: usize| {
        let mut text = items.take(SHOWN).collect::<Vec<_>>().join(", ");
        if all > SHOWN {
            let _ = write!(text, " and {} more", all - SHOWN);
        }
        text
    };
    let count = |number: usize| Node::number(i64::try_from(number).unwrap_or(i64::MAX));
    let subject = Identity::new("Node", "", report.node.as_str());
    let place = gone.first().map(|(_, line)| Cite {
        file: report.file,
        line: *line,
        end_line: *line,
    });
    let fields = vec![
        ("node", Node::text(report.node.as_str())),
        ("namespace", Node::text(service.0.as_str())),
        ("service", Node::text(service.1.as_str())),
        (
            "gone",
            Node::text(list(&mut shown.iter().copied(), shown.len())),
        ),
        ("count", count(shown.len())),
        (
            "current",
            Node::text(list(&mut known.iter().copied(), known.len())),
        ),
        ("currentNodes", count(current)),
        (
            "backend",
            Node::text(report.root.str_at(&["backend"]).unwrap_or("")),
        ),
    ];
    let entity = Entity::computed("StaleEndpoint", subject.clone(), fields)
        .cited("gone", place)
        .cited("", place);
    (entity, subject)
}

#[cfg(test)]
mod tests {
    use coldcase_bundle::Bundle;

    use super::*;

    fn with(files: &[(&str, &str)], check: impl FnOnce(&Facts<'_>)) {
        let bundle = Bundle::from_texts("test", files.iter().copied());
        let snapshot = coldcase_snapshot::read(&bundle);
        check(&crate::derive(&snapshot));
    }

    /// One node's rules lead to the pod of yesterday, the other's to that of today.
    #[test]
    fn the_node_that_is_behind_is_named() {
        let rules = |target: &str| {
            format!(
                "*nat\n:KUBE-SERVICES - [0:0]\n-A KUBE-SVC-A -m comment --comment \"shop/cart -> {target}\" -j KUBE-SEP-B\n-A KUBE-SEP-B -p tcp -m comment --comment \"shop/cart\" -m tcp -j DNAT --to-destination {target}\n"
            )
        };
        let slices = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: discovery.k8s.io/v1\n  kind: EndpointSlice\n  metadata:\n    name: cart-x\n    namespace: shop\n    uid: 7c1e\n    creationTimestamp: \"2026-07-01T10:00:00Z\"\n    labels:\n      kubernetes.io/service-name: cart\n  endpoints:\n  - addresses: [10.244.3.22]\n";
        let (old, new) = (rules("10.244.7.19:8080"), rules("10.244.3.22:8080"));
        with(
            &[
                (
                    "bundle.yaml",
                    "apiVersion: coldcase.dev/v1\nkind: Bundle\ncaptured_at: \"2026-07-14T10:00:00Z\"\n",
                ),
                ("cluster/endpointslices.yaml", slices),
                ("nodes/w1/iptables.txt", old.as_str()),
                ("nodes/w2/iptables.txt", new.as_str()),
            ],
            |facts| {
                let [only] = facts.of_kind("StaleEndpoint") else {
                    panic!("one node is behind");
                };
                let stale = facts.get(*only);
                assert_eq!(stale.str_at(&["node"]), Some("w1"));
                assert_eq!(stale.str_at(&["gone"]), Some("10.244.7.19:8080"));
                assert_eq!(stale.str_at(&["current"]), Some("10.244.3.22"));
                assert_eq!(stale.int_at(&["currentNodes"]), Some(1));
                assert_eq!(stale.place().unwrap().line, 4);
            },
        );
    }

    #[test]
    fn addresses_of_both_families_lose_their_port() {
        assert_eq!(address("10.244.7.19:8080"), Some("10.244.7.19"));
        assert_eq!(address("[fd00::7]:8080"), Some("fd00::7"));
        assert_eq!(address("nonsense"), None);
    }
}
