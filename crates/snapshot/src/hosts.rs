//! Finds the files that hold output of commands on nodes, and says which node each report belongs to.

use std::collections::{BTreeMap, BTreeSet};

use coldcase_bundle::Bundle;

use crate::{logs, text::HostReport};

/// The node whose directory a file lies in: a known name, or what follows `nodes/`.
pub(crate) fn node_of_path(path: &str, nodes: &BTreeSet<String>) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    let (_, directories) = parts.split_last()?;
    let known = directories.iter().find(|part| nodes.contains(**part));
    let native = directories
        .iter()
        .position(|part| *part == "nodes")
        .and_then(|at| directories.get(at + 1));
    known.or(native).map(|node| (*node).to_owned())
}

/// Gives every report the name under which the cluster knows its node. A report that names none
/// belongs to the node whose `hostname` lies in the same collection.
pub(crate) fn place(reports: &mut [HostReport], bundle: &Bundle, nodes: &BTreeSet<String>) {
    let mut hosts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for report in reports.iter_mut() {
        if let Some(known) = logs::node_of_host(&report.node, nodes) {
            report.node = known;
        }
        if let Some(root) = collection(&bundle.file(report.file).path)
            && report.kind == "Host"
            && !report.node.is_empty()
        {
            hosts
                .entry(root.to_owned())
                .or_default()
                .insert(report.node.clone());
        }
    }
    for report in reports.iter_mut().filter(|report| report.node.is_empty()) {
        let names = collection(&bundle.file(report.file).path).and_then(|root| hosts.get(root));
        // A short name and the same with its domain are one host; the first is the shorter.
        let Some(first) = names.and_then(BTreeSet::first) else {
            continue;
        };
        let one = names.is_some_and(|names| {
            names
                .iter()
                .all(|name| name == first || name.starts_with(&format!("{first}.")))
        });
        if one {
            first.clone_into(&mut report.node);
        }
    }
}

/// The directory in which the collector of one node put everything.
fn collection(path: &str) -> Option<&str> {
    [
        "sos_commands/",
        "systeminfo/",
        "networking/",
        "proc/",
        "system/",
        "rke2/",
        "k3s/",
        "docker/",
        "etc/",
    ]
    .iter()
    .filter_map(|marker| {
        let at = path.find(marker)?;
        let root = path.get(..at)?;
        (root.is_empty() || root.ends_with('/')).then_some(root)
    })
    .min_by_key(|root| root.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes_of(files: &[(&str, &str)], known: &[&str]) -> Vec<(String, &'static str)> {
        let objects: String = known
            .iter()
            .map(|name| ["---\nkind: Node\nmetadata:\n  uid: u\n  name: ", name, "\n"].concat())
            .collect();
        let all = files
            .iter()
            .copied()
            .chain([("dump/nodes.yaml", objects.as_str())]);
        let bundle = Bundle::from_texts("test", all);
        crate::read(&bundle)
            .hosts
            .into_iter()
            .map(|report| (report.node, report.kind))
            .collect()
    }

    #[test]
    fn a_report_belongs_to_a_node() {
        let uptime = " 19:23:40 up 25 min,  1 user,  load average: 0.83, 0.73, 0.76\n";
        assert_eq!(
            nodes_of(&[("a/nodes/w1/uptime.txt", uptime)], &[]),
            [("w1".to_owned(), "Load")]
        );
        assert_eq!(
            nodes_of(
                &[("dump/w1.example.com/uptime", uptime), ("dump/readme", "x")],
                &["w1.example.com"]
            ),
            [("w1.example.com".to_owned(), "Load")]
        );
        assert_eq!(
            nodes_of(
                &[
                    ("w1-2026/systeminfo/hostname", "w1\n"),
                    ("w1-2026/systeminfo/hostnamefqdn", "w1.example.com\n"),
                    ("w1-2026/systeminfo/uptime", uptime),
                    ("w1-2026/updates", "x"),
                ],
                &[]
            ),
            [
                ("w1".to_owned(), "Host"),
                ("w1.example.com".to_owned(), "Host"),
                ("w1".to_owned(), "Load")
            ]
        );
        assert_eq!(
            nodes_of(&[("uptime.txt", uptime)], &[]),
            [(String::new(), "Load")]
        );
    }
}
