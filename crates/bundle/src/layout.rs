//! Recognises which tool wrote a bundle, from its paths; names only, the reading is the same for all.

use crate::File;

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
            Self::Loose => "loose files",
        }
    }
}

/// All layouts that the paths speak for; `Loose` if none.
pub(crate) fn detect(files: &[File]) -> Vec<Layout> {
    let any = |test: &dyn Fn(&str) -> bool| files.iter().any(|file| test(&file.path));
    let under = |path: &str, directory: &str| {
        path.starts_with(&format!("{directory}/")) || path.contains(&format!("/{directory}/"))
    };
    let mut found = Vec::new();
    if files
        .iter()
        .any(|file| file.path == "bundle.yaml" && file.text().contains("coldcase.dev/"))
    {
        found.push(Layout::Native);
    }
    if any(&|path| under(path, "cluster-resources")) {
        found.push(Layout::Troubleshoot);
    }
    if any(&|path| {
        under(path, "cluster-scoped-resources")
            || (under(path, "namespaces") && under(path, "core"))
    }) {
        found.push(Layout::MustGather);
    }
    if any(&|path| path.ends_with("insights-operator/gathers.json")) {
        found.push(Layout::Insights);
    }
    if any(&|path| under(path, "yamls")) {
        found.push(Layout::RancherSupportBundle);
    }
    if any(&|path| {
        path.ends_with("/replication-controllers.json")
            || path.ends_with("/replication-controllers.yaml")
    }) {
        found.push(Layout::ClusterInfoDump);
    }
    if any(&|path| path.ends_with("kind-version.txt") || path.ends_with("kubernetes-version.txt")) {
        found.push(Layout::KindExport);
    }
    if found.is_empty() {
        found.push(Layout::Loose);
    }
    found
}
