//! Recognises which tools wrote a bundle and in which directory each one's tree begins; the reading is done elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Bundle, File};

/// A known on-disk layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layout {
    /// Written by `collect.sh`.
    Native,
    /// Troubleshoot support bundle.
    Troubleshoot,
    /// OpenShift must-gather or `oc adm inspect`.
    MustGather,
    /// insights-operator archive.
    Insights,
    /// Rancher, Harvester or Longhorn support bundle.
    RancherSupportBundle,
    /// `kubectl cluster-info dump`.
    ClusterInfoDump,
    /// `kind export logs`.
    KindExport,
    /// sosreport of a node.
    Sosreport,
    /// Rancher's logs-collector script, one node.
    LogsCollector,
    /// The script that collects the logs of one node of EKS.
    EksLogCollector,
    /// AKS Periscope.
    Periscope,
    /// Text that people copied from a terminal.
    Transcripts,
    /// Files of any names.
    Loose,
}

impl Layout {
    /// The name for people and for JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native bundle",
            Self::Troubleshoot => "Troubleshoot support bundle",
            Self::MustGather => "OpenShift must-gather",
            Self::Insights => "insights-operator archive",
            Self::RancherSupportBundle => "Rancher support bundle",
            Self::ClusterInfoDump => "kubectl cluster-info dump",
            Self::KindExport => "kind export logs",
            Self::Sosreport => "sosreport",
            Self::LogsCollector => "Rancher logs-collector",
            Self::EksLogCollector => "EKS log collector",
            Self::Periscope => "AKS Periscope",
            Self::Transcripts => "text transcripts",
            Self::Loose => "loose files",
        }
    }
}

/// A directory in which a layout's tree begins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Root {
    /// Which tool's tree.
    pub layout: Layout,
    /// The directory, without a slash at its end; empty for the bundle itself, with `!` at its end for an archive in it.
    pub path: String,
}

impl Root {
    /// The rest of a path that lies under this root.
    pub fn strip<'p>(&self, path: &'p str) -> Option<&'p str> {
        if self.path.is_empty() {
            return Some(path);
        }
        let rest = path.strip_prefix(self.path.as_str())?;
        if self.path.ends_with('!') {
            return Some(rest);
        }
        rest.strip_prefix('/')
    }

    /// The path of a file under this root.
    pub fn join(&self, rest: &str) -> String {
        match self.path.as_str() {
            "" => rest.to_owned(),
            archive if archive.ends_with('!') => [archive, rest].concat(),
            directory => [directory, "/", rest].concat(),
        }
    }
}

/// People put bundles into folders and folders into archives; deeper than this a name means nothing.
const MAX_DEPTH: usize = 4;
/// The beginning of a file that holds the output of `kubectl cluster-info dump`.
const DUMP_FRAME: &str = "==== START logs for container ";
/// Bytes that say how a file begins.
const DUMP_HEAD: usize = 4 << 10;
/// Files of more bytes are no transcript of a terminal.
const TRANSCRIPT_BYTES: u64 = 4 << 20;

impl Bundle {
    /// Where each layout begins, by path; empty if the bundle has none of the known ones.
    pub fn roots(&self) -> Vec<Root> {
        roots(&self.files)
    }
}

/// All layouts that the paths speak for; `Loose` if none.
pub(crate) fn detect(files: &[File]) -> Vec<Layout> {
    let mut found: BTreeSet<Layout> = roots(files).into_iter().map(|root| root.layout).collect();
    if found.is_empty() {
        found.insert(Layout::Loose);
    }
    found.into_iter().collect()
}

/// What one directory shows of itself.
#[derive(Default)]
struct Signs {
    layouts: BTreeSet<Layout>,
    collector: BTreeSet<&'static str>,
    eks: BTreeSet<&'static str>,
    periscope: BTreeSet<&'static str>,
}

fn roots(files: &[File]) -> Vec<Root> {
    let mut directories: BTreeMap<String, Signs> = BTreeMap::new();
    let mut last = "";
    for file in files {
        let parts: Vec<&str> = file.path.split('/').collect();
        // Thousands of files of one directory say the same, except for the few marker files.
        let directory = file.path.rsplit_once('/').map_or("", |(head, _)| head);
        let known = directory == last && parts.len() > MAX_DEPTH + 2;
        last = directory;
        if known {
            continue;
        }
        for (head, rest) in heads(&file.path) {
            let rest: Vec<&str> = rest.split('/').collect();
            let mut signs = Signs::default();
            look(file, &rest, &mut signs);
            if signs.is_empty() {
                continue;
            }
            let all = directories.entry(head.to_owned()).or_default();
            all.layouts.append(&mut signs.layouts);
            all.collector.append(&mut signs.collector);
            all.eks.append(&mut signs.eks);
            all.periscope.append(&mut signs.periscope);
        }
    }
    let mut roots: Vec<Root> = directories
        .into_iter()
        .flat_map(|(path, signs)| {
            settle(signs).into_iter().map(move |layout| Root {
                layout,
                path: path.clone(),
            })
        })
        .collect();
    // A transcript inside another tool's tree is part of that tree.
    let others: Vec<Root> = roots
        .iter()
        .filter(|root| root.layout != Layout::Transcripts)
        .cloned()
        .collect();
    // So are the trees inside an insights archive that look like a must-gather's.
    let insights = |path: &str| {
        others
            .iter()
            .any(|other| other.layout == Layout::Insights && other.strip(path).is_some())
    };
    roots.retain(|root| root.layout != Layout::MustGather || !insights(&root.path));
    roots.retain(|root| {
        root.layout != Layout::Transcripts
            || !others
                .iter()
                .any(|other| other.path == root.path || other.strip(&root.path).is_some())
    });
    if roots
        .iter()
        .any(|root| root.layout == Layout::Transcripts && root.path.is_empty())
    {
        roots.retain(|root| root.layout != Layout::Transcripts || root.path.is_empty());
    }
    // A table beside saved YAML or JSON is a note to the dump, not a transcript of its own.
    let documents: BTreeSet<&str> = files
        .iter()
        .filter(|file| {
            [".yaml", ".yml", ".json"]
                .iter()
                .any(|end| file.path.ends_with(end))
        })
        .map(|file| file.path.rsplit_once('/').map_or("", |(head, _)| head))
        .collect();
    roots.retain(|root| {
        root.layout != Layout::Transcripts || !documents.contains(root.path.as_str())
    });
    roots.sort();
    roots
}

impl Signs {
    fn is_empty(&self) -> bool {
        self.layouts.is_empty()
            && self.collector.is_empty()
            && self.eks.is_empty()
            && self.periscope.is_empty()
    }
}

/// The directories and archives that a path leads through, each with the rest of the path.
fn heads(path: &str) -> impl Iterator<Item = (&str, &str)> {
    let inner = path.match_indices(['/', '!']).filter_map(|(at, sign)| {
        let head = if sign == "!" { at + 1 } else { at };
        Some((path.get(..head)?, path.get(at + 1..)?))
    });
    // What lies at the top of an archive is as deep as the archive.
    let near = |(head, _): &(&str, &str)| head.matches('/').count() < MAX_DEPTH;
    std::iter::once(("", path)).chain(inner.take_while(near))
}

fn settle(signs: Signs) -> BTreeSet<Layout> {
    let mut layouts = signs.layouts;
    if signs.collector.len() >= 2 {
        layouts.insert(Layout::LogsCollector);
    }
    if signs.eks.len() >= 3 && signs.eks.contains("var_log") {
        layouts.insert(Layout::EksLogCollector);
    }
    if signs.periscope.len() >= 2 {
        layouts.insert(Layout::Periscope);
    }
    // An insights archive has trees that look like a must-gather's.
    if layouts.contains(&Layout::Insights) {
        layouts.remove(&Layout::MustGather);
    }
    layouts
}

/// What a file says about the directory that its path is relative to.
fn look(file: &File, rest: &[&str], signs: &mut Signs) {
    let holds = |what: &str| file.bytes < 65_536 && file.text().contains(what);
    let layout = match rest {
        ["bundle.yaml"] if holds("coldcase.dev/") => Layout::Native,
        ["version.yaml"] if holds("troubleshoot.sh/") || holds("SupportBundle") => {
            Layout::Troubleshoot
        }
        ["cluster-resources", _, ..] => Layout::Troubleshoot,
        ["insights-operator", "gathers.json"]
        | ["config", "clusteroperator" | "pod", _, ..]
        | ["conditional", "namespaces", _, ..] => Layout::Insights,
        ["cluster-scoped-resources", _, _, ..]
        | ["namespaces", _, "core" | "apps" | "batch", _, ..]
        | ["namespaces", _, "pods", _, _, ..]
        | ["host_service_logs", _, ..] => Layout::MustGather,
        ["metadata.yaml"] if holds("bundleversion") => Layout::RancherSupportBundle,
        ["yamls", "cluster" | "namespaced", _, ..] => Layout::RancherSupportBundle,
        [_, name] if is_dump_file(name) => Layout::ClusterInfoDump,
        [name] if is_dump_text(file, name) => Layout::ClusterInfoDump,
        ["kind-version.txt"] | [_, "kubernetes-version.txt"] => Layout::KindExport,
        // The node's own directory was the top one.
        ["kubernetes-version.txt"] if file.path == "kubernetes-version.txt" => Layout::KindExport,
        ["sos_commands", _, ..] => Layout::Sosreport,
        [name] if is_transcript(file, name) => Layout::Transcripts,
        [first, _, ..] => {
            collector_sign(first, rest, signs);
            return;
        }
        _ => return,
    };
    signs.layouts.insert(layout);
}

fn is_dump_file(name: &str) -> bool {
    matches!(
        name,
        "replication-controllers.json" | "replication-controllers.yaml"
    )
}

/// Standard output of the dump: documents, and frames of logs between them.
fn is_dump_text(file: &File, name: &str) -> bool {
    if file.binary || name == "logs.txt" || name.ends_with(".yaml") || name.ends_with(".html") {
        return false;
    }
    let head = file.head(DUMP_HEAD);
    let opens = head.trim_start_matches('\u{feff}').trim_start();
    if opens.starts_with(DUMP_FRAME) {
        return true;
    }
    // Every file comes by here, gigabytes of log too: they are never put together.
    (opens.starts_with('{') || opens.starts_with("apiVersion:"))
        && file.chunks().any(|chunk| {
            chunk.text.starts_with(DUMP_FRAME)
                || memchr::memmem::find(chunk.text.as_bytes(), b"\n==== START logs for container ")
                    .is_some()
        })
}

/// Tables, descriptions and prompts of kubectl in a text file.
fn is_transcript(file: &File, name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if file.binary
        || file.bytes > TRANSCRIPT_BYTES
        || !matches!(extension, "txt" | "md" | "out" | "" | "text")
    {
        return false;
    }
    file.text().lines().take(40).any(|line| {
        let line = line.trim_start_matches(['$', '#', '>', ' ', '%']);
        line.starts_with("kubectl ")
            || line.starts_with("oc get ")
            || line.starts_with("oc describe ")
            || line.starts_with("NAME ") && (line.contains(" AGE") || line.contains(" READY "))
            || line.starts_with("NAMESPACE ") && line.contains(" NAME ")
    })
}

fn collector_sign(first: &str, rest: &[&str], signs: &mut Signs) {
    for name in ["systeminfo", "networking", "journald", "systemlogs"] {
        if first == name {
            signs.collector.insert(name);
        }
    }
    for name in [
        "cni",
        "ipamd",
        "kernel",
        "kubelet",
        "sandbox-image",
        "sysctls",
        "var_log",
    ] {
        if first == name {
            signs.eks.insert(name);
        }
    }
    if let [distribution @ ("rke2" | "k3s" | "k8s" | "rke"), part, _, ..] = rest {
        for name in ["podlogs", "kubectl", "crictl", "containerlogs"] {
            if *part == name && !distribution.is_empty() {
                signs.collector.insert(name);
            }
        }
    }
    for name in [
        "kubeobjects",
        "networkoutbound",
        "kubeletcmd",
        "systemperf",
        "containerlogs",
        "nodelogs",
    ] {
        if first.split(['_', '.']).next() == Some(name) {
            signs.periscope.insert(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<(Layout, String)> {
        Bundle::from_texts("t", files.iter().copied())
            .roots()
            .into_iter()
            .map(|root| (root.layout, root.path))
            .collect()
    }

    fn one(files: &[&str]) -> Vec<(Layout, String)> {
        // A second top directory keeps the common one from being stripped.
        let mut files: Vec<(&str, &str)> = files.iter().map(|path| (*path, "x\n")).collect();
        files.push(("notes", "-\n"));
        found(&files)
    }

    fn is(layout: Layout, path: &str) -> Vec<(Layout, String)> {
        vec![(layout, path.to_owned())]
    }

    #[test]
    fn each_layout_is_known_at_its_root_and_deeper() {
        for (layout, files) in [
            (Layout::Troubleshoot, &["cluster-resources/pods/a.json"][..]),
            (Layout::MustGather, &["namespaces/a/core/pods.yaml"]),
            (
                Layout::MustGather,
                &["cluster-scoped-resources/core/nodes/n.yaml"],
            ),
            (
                Layout::Insights,
                &["insights-operator/gathers.json", "namespaces/a/core/x.yaml"],
            ),
            (
                Layout::RancherSupportBundle,
                &["yamls/cluster/v1/nodes.yaml"],
            ),
            (
                Layout::ClusterInfoDump,
                &["nodes.json", "default/replication-controllers.json"],
            ),
            (Layout::KindExport, &["kind-version.txt", "n/kubelet.log"]),
            (Layout::Sosreport, &["sos_commands/kubernetes/x"]),
            (
                Layout::LogsCollector,
                &[
                    "systeminfo/hostname",
                    "networking/ss",
                    "journald/rke2-server",
                ],
            ),
            (
                Layout::EksLogCollector,
                &[
                    "ipamd/enis.json",
                    "kernel/dmesg.current",
                    "var_log/messages",
                ],
            ),
            (Layout::Periscope, &["n/kubeletcmd/a", "n/systemperf/b"]),
        ] {
            let path = if layout == Layout::Periscope { "n" } else { "" };
            assert_eq!(one(files), is(layout, path), "{files:?}");
            let deep: Vec<String> = files.iter().map(|f| format!("a/b.c/d/{f}")).collect();
            let deep: Vec<&str> = deep.iter().map(String::as_str).collect();
            let path = if path.is_empty() {
                "a/b.c/d"
            } else {
                "a/b.c/d/n"
            };
            assert_eq!(one(&deep), is(layout, path), "{files:?}");
        }
    }

    #[test]
    fn an_archive_may_have_no_directory_of_its_own() {
        let files: Vec<String> = ["a", "b"]
            .iter()
            .flat_map(|node| {
                ["ipamd/enis.json", "kubelet/kubelet.log", "var_log/messages"]
                    .map(|file| format!("x/{node}.tar.gz!{file}"))
            })
            .collect();
        let files: Vec<(&str, &str)> = files.iter().map(|path| (path.as_str(), "x\n")).collect();
        let roots = Bundle::from_texts("t", files).roots();
        let paths: Vec<&str> = roots.iter().map(|root| root.path.as_str()).collect();
        assert_eq!(paths, ["a.tar.gz!", "b.tar.gz!"]);
        assert_eq!(roots[0].strip("a.tar.gz!kubelet/x"), Some("kubelet/x"));
        assert_eq!(roots[0].join("kubelet/x"), "a.tar.gz!kubelet/x");
        let deep = "a/b/c/d.tar.gz!e/cluster-resources/nodes.json";
        assert_eq!(
            heads(deep).last().map(|(head, _)| head),
            Some("a/b/c/d.tar.gz!e")
        );
    }

    #[test]
    fn markers_inside_files() {
        assert_eq!(
            found(&[
                (
                    "x/version.yaml",
                    "apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\n"
                ),
                ("n", "")
            ]),
            is(Layout::Troubleshoot, "x")
        );
        assert_eq!(
            found(&[("metadata.yaml", "bundleversion: 0.1.0\n"), ("n/x", "")]),
            is(Layout::RancherSupportBundle, "")
        );
        assert_eq!(
            found(&[
                ("a/bundle.yaml", "apiVersion: coldcase.dev/v1\n"),
                ("n", "")
            ]),
            is(Layout::Native, "a")
        );
        assert_eq!(
            found(&[(
                "dump.txt",
                "{\"kind\":\"NodeList\"}\n==== START logs for container c of pod n/p ====\nx\n"
            )]),
            is(Layout::ClusterInfoDump, "")
        );
        assert_eq!(
            found(&[
                ("get.txt", "$ kubectl get pods -n a\nNAME READY\n"),
                ("logs/a.log", "x")
            ]),
            is(Layout::Transcripts, "")
        );
    }

    #[test]
    fn a_table_beside_saved_documents_is_no_layout() {
        let files = [
            ("a/pods.yaml", "items: []\n"),
            ("a/pods.txt", "NAME READY STATUS AGE\n"),
            ("n", ""),
        ];
        assert!(found(&files).is_empty());
    }

    #[test]
    fn merged_layouts_are_all_named_and_unknown_files_are_loose() {
        assert_eq!(
            one(&[
                "a/cluster-resources/nodes.json",
                "b/sos_commands/host/hostname"
            ]),
            [
                (Layout::Troubleshoot, "a".to_owned()),
                (Layout::Sosreport, "b".to_owned())
            ]
        );
        assert!(one(&["pods.yaml", "logs/a.log"]).is_empty());
        let bundle = Bundle::from_texts("t", [("pods.yaml", "")]);
        assert_eq!(bundle.layouts, [Layout::Loose]);
        assert_eq!(
            Root {
                layout: Layout::Native,
                path: "a".to_owned()
            }
            .strip("ab/c"),
            None
        );
    }
}
