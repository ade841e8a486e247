//! Says which node a file belongs to, by the place each layout gives to a node's files.

use std::collections::BTreeMap;

use coldcase_bundle::{Bundle, Layout, Root};

/// The node that a path speaks of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Host {
    /// Name as the path has it; empty if it has none.
    pub(crate) name: String,
    /// The file mixes the lines of several nodes.
    pub(crate) mixed: bool,
}

/// Directories below `host-collectors` that are kinds of collectors, not nodes.
const HOST_COLLECTORS: &[&str] = &[
    "certificate",
    "certificatesCollection",
    "connect",
    "diskUsage",
    "dns",
    "filesystemPerformance",
    "http",
    "httpLoadBalancer",
    "journald",
    "registry-images",
    "run-host",
    "subnetAvailable",
    "system",
    "tcpLoadBalancer",
    "tcpPortStatus",
    "udpPortStatus",
];

/// Host names of roots that are one node's: by the root's path.
pub(crate) fn names(bundle: &Bundle, roots: &[Root]) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for root in roots {
        let files: &[&str] = match root.layout {
            Layout::Sosreport => &[
                "sos_commands/host/hostname",
                "sos_commands/general/hostname",
                "hostname",
                "etc/hostname",
            ],
            Layout::LogsCollector => &["systeminfo/hostname", "systeminfo/hostnamefqdn"],
            Layout::EksLogCollector => &["kernel/uname.txt"],
            _ => continue,
        };
        let found = files.iter().find_map(|file| {
            let (_, file) = bundle.find(&root.join(file))?;
            let text = file.text();
            let line = text.lines().next()?.trim();
            // `uname -a` says what the system is first.
            let name = match line.strip_prefix("Linux ") {
                Some(rest) => rest.split(' ').next()?,
                None => line,
            };
            (!name.is_empty() && !name.contains(' ')).then(|| name.to_owned())
        });
        if let Some(name) = found {
            names.insert(root.path.clone(), name);
        }
    }
    names
}

/// The node of the file at a path. `names` are those of roots that are one node's.
pub(crate) fn of_path(path: &str, roots: &[Root], names: &BTreeMap<String, String>) -> Host {
    // The deepest root first: it knows best.
    let mut under: Vec<(&Root, &str)> = roots
        .iter()
        .filter_map(|root| Some((root, root.strip(path)?)))
        .collect();
    under.sort_by_key(|(root, _)| std::cmp::Reverse(root.path.len()));
    for (root, rest) in under {
        let parts: Vec<&str> = rest.split('/').collect();
        let found = of_layout(root, &parts, names);
        if found != Host::default() {
            return found;
        }
    }
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["nodes", node, _, ..] => host(node),
        _ => Host::default(),
    }
}

fn host(name: &str) -> Host {
    // A node's archive inside the bundle: `w1.zip!w1`.
    let name = match name.split_once(".zip!") {
        Some((head, inner)) if inner.is_empty() || inner == "logs" => head,
        Some((_, inner)) => inner,
        None => name,
    };
    Host {
        name: name.to_owned(),
        mixed: false,
    }
}

fn of_layout(root: &Root, parts: &[&str], names: &BTreeMap<String, String>) -> Host {
    match (root.layout, parts) {
        (
            Layout::Native | Layout::MustGather | Layout::RancherSupportBundle,
            ["nodes", node, _, ..],
        )
        | (Layout::KindExport | Layout::Periscope, [node, _, ..])
        | (Layout::Troubleshoot, ["host-collectors", "system", node, _, ..]) => host(node),
        (Layout::Troubleshoot, ["host-collectors", node, _, ..])
            if !HOST_COLLECTORS.contains(node) =>
        {
            host(node)
        }
        (Layout::MustGather, ["host_service_logs", "masters" | "workers", ..]) => Host {
            name: String::new(),
            mixed: true,
        },
        (Layout::MustGather, ["host_service_logs", node, _, ..]) => host(node),
        (Layout::Insights, ["config", "node", "logs", file]) => {
            host(file.strip_suffix(".log").unwrap_or(file))
        }
        (Layout::Sosreport | Layout::LogsCollector | Layout::EksLogCollector, _) => Host {
            name: names.get(&root.path).cloned().unwrap_or_default(),
            mixed: false,
        },
        _ => Host::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layout_has_a_place_for_nodes() {
        let of = |layout, path: &str| {
            let roots = [Root {
                layout,
                path: "x".to_owned(),
            }];
            let names = BTreeMap::from([("x".to_owned(), "w9".to_owned())]);
            let host = of_path(&format!("x/{path}"), &roots, &names);
            if host.mixed {
                "mixed".to_owned()
            } else {
                host.name
            }
        };
        assert_eq!(of(Layout::Native, "nodes/w1/kernel.log"), "w1");
        assert_eq!(of(Layout::KindExport, "w1/kubelet.log"), "w1");
        assert_eq!(
            of(
                Layout::RancherSupportBundle,
                "nodes/w1.zip!w1/logs/kubelet.log"
            ),
            "w1"
        );
        assert_eq!(
            of(
                Layout::RancherSupportBundle,
                "nodes/w1.zip!logs/kubelet.log"
            ),
            "w1"
        );
        assert_eq!(
            of(Layout::Troubleshoot, "host-collectors/w1/dmesg.txt"),
            "w1"
        );
        assert_eq!(
            of(Layout::Troubleshoot, "host-collectors/journald/kubelet.txt"),
            ""
        );
        assert_eq!(
            of(
                Layout::MustGather,
                "host_service_logs/masters/kubelet_service.log"
            ),
            "mixed"
        );
        assert_eq!(
            of(Layout::Insights, "config/node/logs/w1.example.com.log"),
            "w1.example.com"
        );
        assert_eq!(of(Layout::Sosreport, "var/log/syslog"), "w9");
    }

    #[test]
    fn archives_of_the_eks_collector_are_a_node_each() {
        let node = |name: &str| -> Vec<(String, String)> {
            let pod = "kube-system_cni-k2x7p_5f1c9c53-8f60-4c1a-9a57-6b1f7d0f6c11";
            [
                (
                    "kernel/uname.txt",
                    format!("Linux {name} 5.10.220 #1 SMP x86_64\n"),
                ),
                (
                    "kernel/dmesg.current",
                    "[    0.000000] Linux version 5.10\n".to_owned(),
                ),
                (
                    "kubelet/kubelet.log",
                    format!("Mar 03 08:59:01 {name} kubelet[3]: started\n"),
                ),
                ("networking/resolv.conf", "nameserver 10.0.0.2\n".to_owned()),
                (
                    "sysctls/sysctl_all.txt",
                    "vm.swappiness = 60\nkernel.pid_max = 32768\n".to_owned(),
                ),
                (
                    &format!("var_log/{pod}/app/3.log"),
                    format!("2026-03-03T08:59:02.123456789Z stderr F {name}: timeout\n"),
                ),
            ]
            .into_iter()
            .map(|(path, text)| (format!("all/{name}.tar.gz!{path}"), text))
            .collect()
        };
        let files: Vec<(String, String)> =
            ["w1", "w2"].iter().flat_map(|name| node(name)).collect();
        let all = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()));
        let bundle = Bundle::from_texts("t", all);
        let snapshot = crate::read(&bundle);
        for journal in &snapshot.journals {
            let path = &bundle.file(journal.file).path;
            assert!(path.starts_with(&journal.node), "{path}: {}", journal.node);
        }
        assert_eq!(snapshot.journals.len(), 4);
        for report in &snapshot.hosts {
            let path = &bundle.file(report.file).path;
            assert!(
                !report.node.is_empty() && path.starts_with(&report.node),
                "{path}"
            );
        }
        assert!(
            snapshot
                .hosts
                .iter()
                .any(|report| report.kind == "Resolver")
        );
        let log = &snapshot.logs[0];
        assert_eq!(
            (
                log.namespace.as_str(),
                log.pod.as_str(),
                log.container.as_str()
            ),
            ("kube-system", "cni-k2x7p", "app")
        );
        let pod = snapshot
            .objects
            .iter()
            .find(|object| object.kind == "Pod")
            .unwrap();
        assert_eq!(pod.root.str_at(&["spec", "nodeName"]), Some("w1"));
    }
}
