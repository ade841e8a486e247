//! Facts from node files: how many Service rules a node has, how full its connection table is.

use std::collections::BTreeMap;

use coldcase_bundle::FileId;
use coldcase_snapshot::node::Node;

use crate::{Cite, Entity, Facts, Identity};

#[derive(Default)]
struct Found {
    rules: Option<(i64, Cite)>,
    conntrack: Option<(i64, i64, Cite)>,
}

/// Derives `NodeFacts` entities.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let mut nodes: BTreeMap<String, Found> = BTreeMap::new();
    for (id, file) in facts.snapshot.bundle.iter() {
        let Some(node) = node_of_path(facts, &file.path) else {
            continue;
        };
        let name = file.name();
        if name.contains("iptables") {
            if let Some(rules) = service_rules(id, &file.text()) {
                nodes.entry(node).or_default().rules = Some(rules);
            }
        } else if name.contains("conntrack")
            && let Some(found) = conntrack(id, &file.text())
        {
            nodes.entry(node).or_default().conntrack = Some(found);
        }
    }
    let services = facts
        .of_kind("Service")
        .iter()
        .filter(|id| {
            facts
                .get(**id)
                .str_at(&["spec", "clusterIP"])
                .is_some_and(|ip| !matches!(ip, "" | "None"))
        })
        .count();
    for (node, found) in nodes {
        let subject = Identity::new("Node", "", node.as_str());
        let mut fields = vec![
            ("node", Node::text(node.as_str())),
            (
                "services",
                Node::number(i64::try_from(services).unwrap_or(0)),
            ),
        ];
        let mut cites = Vec::new();
        if let Some((rules, cite)) = found.rules {
            fields.push(("serviceRules", Node::number(rules)));
            cites.push(("serviceRules", cite));
        }
        if let Some((count, max, cite)) = found.conntrack {
            fields.push(("conntrackCount", Node::number(count)));
            fields.push(("conntrackMax", Node::number(max)));
            cites.push(("conntrackCount", cite));
            cites.push(("conntrackMax", cite));
        }
        let mut entity = Entity::computed("NodeFacts", subject.clone(), fields);
        for (field, cite) in cites {
            entity = entity.cited(field, Some(cite));
        }
        facts.push_derived(entity, &[&subject]);
    }
}

/// The node whose directory a file lies in.
fn node_of_path(facts: &Facts<'_>, path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    let known = parts
        .iter()
        .find(|part| facts.object("Node", "", part).is_some());
    let native = parts
        .iter()
        .position(|part| *part == "nodes")
        .and_then(|at| parts.get(at + 1))
        .filter(|_| parts.len() > 2);
    known.or(native).map(|node| (*node).to_owned())
}

/// Rules of the chain that sends ClusterIPs to their Services.
fn service_rules(file: FileId, text: &str) -> Option<(i64, Cite)> {
    let lines: Vec<u32> = text
        .lines()
        .zip(1_u32..)
        .filter(|(line, _)| {
            line.trim_start().starts_with("-A KUBE-SERVICES ")
                || line.trim_start().starts_with("KUBE-SVC-")
        })
        .map(|(_, number)| number)
        .collect();
    let (first, last) = (*lines.first()?, *lines.last()?);
    Some((
        i64::try_from(lines.len()).ok()?,
        Cite {
            file,
            line: first,
            end_line: last.min(first + 2),
        },
    ))
}

fn conntrack(file: FileId, text: &str) -> Option<(i64, i64, Cite)> {
    let field = |word: &str| {
        text.lines()
            .find(|line| line.contains(word))
            .and_then(|line| {
                line.rsplit(|c: char| !c.is_ascii_digit())
                    .find(|part| !part.is_empty())
            })
            .and_then(|digits| digits.parse::<i64>().ok())
    };
    Some((
        field("count")?,
        field("max")?,
        Cite {
            file,
            line: 1,
            end_line: 2,
        },
    ))
}
