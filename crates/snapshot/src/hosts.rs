//! Finds the files that hold output of commands on nodes, and says which node each report belongs to.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use coldcase_bundle::Bundle;

use crate::{
    journal::{self, Form},
    logs::{self, JournalFile},
    object::Object,
    text::HostReport,
};

/// Stands for the name of the only host that something was captured of, if nothing names it. No host can be called so.
pub const UNNAMED: &str = "<unnamed>";

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

/// Lines of a journal that are asked for the host.
const ASKED: u32 = 40;

/// Gives the nodes' names to what lies in directories that are called otherwise: by a node's address, else by the
/// host that the lines of a journal in there name.
pub(crate) fn rename(
    reports: &mut [HostReport],
    journals: &mut [JournalFile],
    bundle: &Bundle,
    objects: &[Object],
    nodes: &BTreeSet<String>,
) {
    let unknown = |name: &str| !name.is_empty() && !nodes.contains(name);
    if !reports.iter().any(|report| unknown(&report.node))
        && !journals.iter().any(|journal| unknown(&journal.node))
    {
        return;
    }
    let mut names = addresses(objects);
    let mut told: BTreeMap<String, Option<String>> = BTreeMap::new();
    for journal in journals.iter().filter(|journal| {
        !journal.per_line && unknown(&journal.node) && !names.contains_key(&journal.node)
    }) {
        let Some(host) = host_of(journal, bundle) else {
            continue;
        };
        let is_address = || journal.node.parse::<IpAddr>().is_ok() && nodes.is_empty();
        let node = logs::node_of_host(&host, nodes).or_else(|| is_address().then_some(host));
        let Some(node) = node else {
            continue;
        };
        // Journals of two hosts in one directory: it is neither's.
        told.entry(journal.node.clone())
            .and_modify(|other| {
                if other.as_ref() != Some(&node) {
                    *other = None;
                }
            })
            .or_insert(Some(node));
    }
    names.extend(
        told.into_iter()
            .filter_map(|(name, node)| Some((name, node?))),
    );
    for report in reports.iter_mut().filter(|report| unknown(&report.node)) {
        if let Some(node) = names.get(&report.node) {
            report.node.clone_from(node);
        }
    }
    for journal in journals.iter_mut().filter(|journal| unknown(&journal.node)) {
        if let Some(node) = names.get(&journal.node) {
            journal.nodes = vec![node.clone()];
            journal.node.clone_from(node);
        }
    }
}

/// Nodes by their addresses; what two nodes have is none's.
fn addresses(objects: &[Object]) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in objects.iter().filter(|object| object.kind == "Node") {
        for address in node.root.items_at(&["status", "addresses"]) {
            if let Some(address) = address.str_at(&["address"]) {
                let names = found.entry(address.to_owned()).or_default();
                names.insert(node.name.to_string());
            }
        }
    }
    found
        .into_iter()
        .filter(|(_, names)| names.len() == 1)
        .filter_map(|(address, mut names)| Some((address, names.pop_first()?)))
        .collect()
}

/// The host that all the first lines of a journal name.
fn host_of(journal: &JournalFile, bundle: &Bundle) -> Option<String> {
    let file = bundle.file(journal.file);
    let mut lines = file.lines();
    let first = journal.span.first;
    let last = journal.span.last.min(file.line_count());
    let asked = first..=last.min(first.saturating_add(ASKED));
    let mut hosts: BTreeSet<String> = match journal.form {
        Form::Bare => BTreeSet::new(),
        form if form.is_long() => journal::entries_in(&mut lines, form, asked)
            .into_iter()
            .map(|entry| entry.host)
            .collect(),
        form => asked
            .filter_map(|number| {
                let line = lines.line(number);
                logs::host_of_line(line, form == Form::Json).map(str::to_owned)
            })
            .collect(),
    };
    hosts.remove("");
    let only = hosts.pop_first()?;
    hosts.is_empty().then_some(only)
}

/// Gives each host one name. What names no host belongs to the only one there is: the only node of the cluster, else
/// the only host that anything was captured of.
pub(crate) fn name(
    reports: &mut [HostReport],
    journals: &mut [JournalFile],
    nodes: &BTreeSet<String>,
) {
    let mut names = nodes.clone();
    if nodes.is_empty() {
        let of_reports = reports.iter().map(|report| &report.node);
        let of_journals = journals.iter().flat_map(|journal| &journal.nodes);
        names = of_reports.chain(of_journals).cloned().collect();
        names.remove("");
        shorten(reports, journals, &mut names);
    }
    let mut names = names.into_iter();
    let only = match (names.next(), names.next()) {
        (Some(only), None) => only,
        (None, _) => UNNAMED.to_owned(),
        _ => return,
    };
    for report in reports.iter_mut().filter(|report| report.node.is_empty()) {
        report.node.clone_from(&only);
    }
    let unnamed = |journal: &&mut JournalFile| !journal.per_line && journal.node.is_empty();
    for journal in journals.iter_mut().filter(unnamed) {
        journal.node.clone_from(&only);
        journal.nodes = vec![only.clone()];
    }
}

/// Calls a host that is named with and without its domain by the short name everywhere. Of two hosts with one short
/// name, and of journals that mix hosts, nothing is known.
fn shorten(reports: &mut [HostReport], journals: &mut [JournalFile], names: &mut BTreeSet<String>) {
    let mut long: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in names.iter() {
        if let Some((short, _)) = name.split_once('.')
            && names.contains(short)
        {
            long.entry(short.to_owned()).or_default().push(name.clone());
        }
    }
    let same: BTreeMap<String, String> = long
        .into_iter()
        .filter_map(|(short, names)| match <[String; 1]>::try_from(names) {
            Ok([name]) => Some((name, short)),
            Err(_) => None,
        })
        .collect();
    if same.is_empty() || journals.iter().any(|journal| journal.per_line) {
        return;
    }
    for report in reports {
        if let Some(short) = same.get(&report.node) {
            report.node.clone_from(short);
        }
    }
    for journal in journals {
        if let Some(short) = same.get(&journal.node) {
            journal.node.clone_from(short);
            journal.nodes = vec![short.clone()];
        }
    }
    names.retain(|name| !same.contains_key(name));
}

/// The directory in which the collector of one node put everything.
fn collection(path: &str) -> Option<&str> {
    [
        "sos_commands/",
        "systeminfo/",
        "networking/",
        "kernel/",
        "storage/",
        "sysctls/",
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
        (root.is_empty() || root.ends_with(['/', '!'])).then_some(root)
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
                ("w1".to_owned(), "Host"),
                ("w1".to_owned(), "Load")
            ]
        );
        assert_eq!(
            nodes_of(&[("uptime.txt", uptime)], &["w1", "w2"]),
            [(String::new(), "Load")]
        );
    }

    #[test]
    fn a_directory_called_by_an_address_is_the_nodes_that_has_it() {
        let node = |name: &str, address: &str| {
            format!(
                "---\nkind: Node\nmetadata: {{name: {name}, uid: u-{name}}}\nstatus: {{addresses: [{{type: InternalIP, address: {address}}}]}}\n"
            )
        };
        let objects = [node("w1", "10.7.0.5"), node("w2", "10.7.0.6")].concat();
        let line = |host: &str| format!("Jul 14 09:58:10 {host} kubelet[812]: started\n").repeat(3);
        let uptime = " 19:23:40 up 25 min,  1 user,  load average: 0.83, 0.73, 0.76\n";
        let of = |address: &str, host: &str, objects: &str| {
            let bundle = Bundle::from_texts(
                "test",
                [
                    ("x/nodes.yaml", objects),
                    (
                        &*format!("x/nodes/{address}/commands/journalctl_-u_kubelet"),
                        &line(host),
                    ),
                    (&*format!("x/nodes/{address}/commands/uptime"), uptime),
                ],
            );
            let snapshot = crate::read(&bundle);
            let nodes: Vec<&String> = snapshot.journals.iter().flat_map(|it| &it.nodes).collect();
            assert_eq!(nodes, [&snapshot.hosts[0].node]);
            snapshot.hosts[0].node.clone()
        };
        assert_eq!(of("10.7.0.6", "elsewhere", &objects), "w2");
        assert_eq!(of("192.0.2.1", "w1", &objects), "w1");
        assert_eq!(of("192.0.2.1", "w9", "kind: x\n"), "w9");
        // Neither the address nor the host is a known node's.
        assert_eq!(of("192.0.2.1", "w9", &objects), "192.0.2.1");
    }

    #[test]
    fn what_names_no_host_belongs_to_the_only_one() {
        let uptime = " 19:23:40 up 25 min,  1 user,  load average: 0.83, 0.73, 0.76\n";
        assert_eq!(
            nodes_of(&[("uptime.txt", uptime)], &["w1"]),
            [("w1".to_owned(), "Load")]
        );
        assert_eq!(
            nodes_of(&[("uptime.txt", uptime)], &[]),
            [(UNNAMED.to_owned(), "Load")]
        );
        let kernel =
            "[    0.000000] Linux version 6.1.0\n[  812.104441] EXT4-fs (sda1): re-mounted\n";
        let line = |host: &str| format!("Jul 14 09:58:10 {host} kubelet[812]: started\n");
        let journals = |files: &[(&str, &str)]| {
            let bundle = Bundle::from_texts("test", files.iter().copied());
            let journals = crate::read(&bundle).journals;
            let nodes: Vec<Vec<String>> = journals.into_iter().map(|it| it.nodes).collect();
            nodes
        };
        assert_eq!(journals(&[("dmesg.txt", kernel)]), [[UNNAMED]]);
        let (short, long) = (line("w1"), line("w1.example.com"));
        assert_eq!(
            journals(&[("a.log", &short), ("b.log", &long), ("dmesg.txt", kernel)]),
            [["w1"], ["w1"], ["w1"]]
        );
        let other = line("w2");
        assert_eq!(
            journals(&[("a.log", &short), ("b.log", &other), ("dmesg.txt", kernel)]),
            [vec!["w1"], vec!["w2"], vec![]] as [Vec<&str>; 3]
        );
    }
}
