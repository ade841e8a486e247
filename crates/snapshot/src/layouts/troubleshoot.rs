//! Troubleshoot support bundles: what its collectors were refused, skipped or failed at.

use std::collections::BTreeSet;

use coldcase_bundle::{Bundle, Layout, Root};

use super::{detail, says_refused};
use crate::{
    coverage::{Coverage, Status},
    json,
    node::{Node, Value},
    object,
};

/// Resources whose absence is worth a word, with the kinds they hold.
const ASKED: &[&str] = &[
    "configmaps",
    "daemonsets",
    "deployments",
    "endpointslices",
    "events",
    "ingresses",
    "jobs",
    "leases",
    "networkpolicies",
    "persistentvolumeclaims",
    "pods",
    "replicasets",
    "resourcequotas",
    "secrets",
    "services",
    "statefulsets",
];

/// Notes errors that the bundle's own files report.
pub(crate) fn cover(bundle: &Bundle, roots: &[Root], coverage: &mut Coverage) {
    let mut rules: Vec<Node> = Vec::new();
    for root in roots {
        if root.layout != Layout::Troubleshoot {
            continue;
        }
        for (_, file) in bundle.iter() {
            let Some(rest) = root.strip(&file.path) else {
                continue;
            };
            let parts: Vec<&str> = rest.split('/').collect();
            let read = || json::read(&file.text()).0;
            match parts.as_slice() {
                ["cluster-resources", "auth-cani-list", _] => rules.extend(read()),
                ["cluster-resources", name] | ["cluster-resources", "custom-resources", name]
                    if name.ends_with("-errors.json") =>
                {
                    let stem = name.trim_end_matches("-errors.json");
                    for document in read() {
                        errors(&document, stem, &file.path, coverage);
                    }
                }
                ["skipped-collectors.json"] | ["collector-errors", _] => {
                    for document in read() {
                        collector(&document, &file.path, coverage);
                    }
                }
                [what @ ("secrets-errors" | "configmaps-errors"), _, _] => {
                    let what = format!("collector {}", what.trim_end_matches("-errors"));
                    for document in read() {
                        errors(&document, &what, &file.path, coverage);
                    }
                }
                [name, "errors.json"] => {
                    for document in read() {
                        errors(
                            &document,
                            &format!("collector {name}"),
                            &file.path,
                            coverage,
                        );
                    }
                }
                _ => {}
            }
        }
    }
    permissions(&rules, coverage);
}

/// An errors file is a list of messages, or messages by namespace.
fn errors(document: &Node, what: &str, path: &str, coverage: &mut Coverage) {
    let source = object::kind_of_resource(what).unwrap_or(what);
    let status = |text: &str| {
        if says_refused(text) {
            Status::Refused
        } else {
            Status::Failed
        }
    };
    if let Some(first) = document.items().iter().find_map(Node::as_str) {
        coverage.note(source, status(first), detail(first, path, document.line));
    }
    for (namespace, message) in document.entries() {
        if let Some(text) = message.as_str().filter(|text| !text.is_empty()) {
            let source = if namespace.is_empty() {
                source.to_owned()
            } else {
                format!("{source} in {namespace}")
            };
            coverage.note(&source, status(text), detail(text, path, message.line));
        }
    }
}

/// `{collector, reason, errors}` or `{collector, error}`, alone or in a list.
fn collector(document: &Node, path: &str, coverage: &mut Coverage) {
    if let Value::Seq(items) = &document.value {
        for item in items {
            collector(item, path, coverage);
        }
        return;
    }
    let Some(name) = document.str_at(&["collector"]) else {
        return;
    };
    let errors = document.items_at(&["errors"]);
    let text = document
        .str_at(&["error"])
        .or_else(|| errors.iter().find_map(Node::as_str))
        .or_else(|| document.str_at(&["reason"]))
        .unwrap_or("");
    let reason = document.str_at(&["reason"]).unwrap_or("");
    let status = if reason == "excluded" {
        Status::NotCollected
    } else if says_refused(reason) || says_refused(text) {
        Status::Refused
    } else {
        Status::Failed
    };
    coverage.note(
        &format!("collector {name}"),
        status,
        detail(text, path, document.line),
    );
}

/// The collector's own rights: a resource that no rule of any namespace lets it list was refused,
/// not absent.
fn permissions(documents: &[Node], coverage: &mut Coverage) {
    let rules: Vec<&Node> = documents
        .iter()
        .flat_map(|document| match &document.value {
            Value::Seq(items) => items.iter().collect::<Vec<_>>(),
            _ => document
                .items_at(&["status", "resourceRules"])
                .iter()
                .chain(document.items_at(&["resourceRules"]))
                .collect(),
        })
        .collect();
    if rules.is_empty() {
        return;
    }
    let words = |rule: &Node, key: &str| -> BTreeSet<String> {
        rule.items_at(&[key])
            .iter()
            .filter_map(Node::as_str)
            .map(str::to_owned)
            .collect()
    };
    for resource in ASKED {
        let allowed = rules.iter().any(|rule| {
            let (verbs, resources) = (words(rule, "verbs"), words(rule, "resources"));
            (verbs.contains("list") || verbs.contains("*"))
                && (resources.contains(*resource) || resources.contains("*"))
        });
        let Some(kind) = object::kind_of_resource(resource) else {
            continue;
        };
        if !allowed && coverage.status(kind) == Status::NotCollected {
            coverage.note(
                kind,
                Status::Refused,
                format!("the collector may not list {resource} (auth-cani-list)"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_and_failures_are_named_with_their_place() {
        let bundle = Bundle::from_texts(
            "t",
            [
                (
                    "version.yaml",
                    "apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\n",
                ),
                (
                    "cluster-resources/nodes-errors.json",
                    "[\n \"nodes is forbidden: User x\"\n]",
                ),
                (
                    "cluster-resources/pods-errors.json",
                    "{\n \"shop\": \"pods is forbidden\"\n}",
                ),
                ("cluster-resources/services-errors.json", "[]"),
                (
                    "collector-errors/sonobuoy-error.json",
                    "{\"collector\":\"sonobuoy\",\"error\":\"not found\"}",
                ),
                (
                    "skipped-collectors.json",
                    "[{\"collector\":\"ceph\",\"reason\":\"insufficient RBAC permissions\",\"errors\":[\"no\"]},{\"collector\":\"x\",\"reason\":\"excluded\"}]",
                ),
                ("helm/errors.json", "[\"release: not found\"]"),
                (
                    "cluster-resources/auth-cani-list/shop.json",
                    "[{\"verbs\":[\"get\",\"list\"],\"apiGroups\":[\"\"],\"resources\":[\"pods\"]}]",
                ),
            ],
        );
        let coverage = crate::read(&bundle).coverage;
        assert_eq!(coverage.status("Node"), Status::Refused);
        assert!(coverage.reason("Node").contains("nodes-errors.json:1"));
        assert_eq!(coverage.status("Pod in shop"), Status::Refused);
        assert_eq!(coverage.status("collector sonobuoy"), Status::Failed);
        assert_eq!(coverage.status("collector ceph"), Status::Refused);
        assert_eq!(coverage.status("collector helm"), Status::Failed);
        assert_eq!(coverage.status("Service"), Status::Refused);
        assert_eq!(coverage.status("Pod"), Status::NotCollected);
    }
}
