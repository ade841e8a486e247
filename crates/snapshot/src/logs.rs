//! Says which file is the log of which container or the journal of which node, by path and by content; bodies are not parsed here.

use std::collections::BTreeSet;

use coldcase_bundle::{Bundle, File, FileId};
use jiff::Timestamp;

pub use crate::line::{JournalLine, is_kubectl_excuse, journal_line, message};
use crate::line::{journal_text, json_field};

/// The lines of a file that a log occupies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First line, from 1.
    pub first: u32,
    /// Last line; `u32::MAX` for the file's last.
    pub last: u32,
}

impl Span {
    /// The whole file.
    pub const WHOLE: Self = Self {
        first: 1,
        last: u32::MAX,
    };
}

/// Output of a container, or of a component that logs to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// The file.
    pub file: FileId,
    /// Its lines in that file: transcripts and dumps hold several logs in one file.
    pub span: Span,
    /// Namespace; empty if the path names no pod.
    pub namespace: String,
    /// Pod; empty if the path names none.
    pub pod: String,
    /// Container, or the component's name.
    pub container: String,
    /// The instance before the running one.
    pub previous: bool,
}

/// A node's journal (or kernel log), possibly of one unit only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalFile {
    /// The file.
    pub file: FileId,
    /// Its lines in that file.
    pub span: Span,
    /// The node whose directory it lies in or whose host name its lines carry; may be empty.
    pub node: String,
    /// `journalctl -o json` rather than text.
    pub json: bool,
}

/// Container logs by the paths that the known layouts use, else by a known pod's name in the path.
pub(crate) fn classify_log(path: &str, pods: &BTreeSet<(String, String)>) -> Option<LogFile> {
    let parts: Vec<&str> = path.split('/').collect();
    let name = *parts.last()?;
    if name.contains("-errors.") || name.contains("stderr") {
        return None;
    }
    let make = |namespace: &str, pod: &str, container: &str, previous: bool| {
        Some(LogFile {
            file: FileId(0),
            span: Span::WHOLE,
            namespace: namespace.to_owned(),
            pod: pod.to_owned(),
            container: container.to_owned(),
            previous,
        })
    };
    // …/logs/<namespace>/<pod>/<container>.log
    if let [.., "logs", namespace, pod, file] = parts.as_slice()
        && let Some((container, previous)) = container_of(file)
    {
        return make(namespace, pod, container, previous);
    }
    // namespaces/<namespace>/pods/<pod>/<container>/<container>/logs/current.log
    if let [
        ..,
        "namespaces",
        namespace,
        "pods",
        pod,
        container,
        _,
        "logs",
        file,
    ] = parts.as_slice()
    {
        return make(namespace, pod, container, file.starts_with("previous"));
    }
    // pods/<namespace>_<pod>_<uid>/<container>/<n>.log
    if let [.., "pods", pod, container, file] = parts.as_slice()
        && file.ends_with(".log")
        && let [namespace, name, _] = pod.split('_').collect::<Vec<_>>().as_slice()
    {
        return make(namespace, name, container, false);
    }
    let stem = name
        .strip_suffix(".log")
        .or_else(|| name.strip_suffix(".txt"))?;
    by_known_pod(&parts, stem, pods)
}

fn by_known_pod(parts: &[&str], stem: &str, pods: &BTreeSet<(String, String)>) -> Option<LogFile> {
    let (_, directories) = parts.split_last()?;
    let hit = pods.iter().find(|(_, pod)| {
        directories.contains(&pod.as_str())
            || stem == pod
            || stem.starts_with(&format!("{pod}."))
            || stem.starts_with(&format!("{pod}_"))
    })?;
    let (container, previous) = container_of(parts.last()?)?;
    let container = if container.starts_with(hit.1.as_str()) {
        container
            .trim_start_matches(hit.1.as_str())
            .trim_start_matches(['.', '_', '-'])
    } else {
        container
    };
    Some(LogFile {
        file: FileId(0),
        span: Span::WHOLE,
        namespace: hit.0.clone(),
        pod: hit.1.clone(),
        container: container.to_owned(),
        previous,
    })
}

fn container_of(file: &str) -> Option<(&str, bool)> {
    if let Some(stem) = file.strip_suffix(".log.1") {
        return Some((stem, true));
    }
    let stem = file
        .strip_suffix(".log")
        .or_else(|| file.strip_suffix(".txt"))?;
    for suffix in [".previous", "-previous", "_previous", ".prev"] {
        if let Some(container) = stem.strip_suffix(suffix) {
            return Some((container, true));
        }
    }
    Some((stem, false))
}

/// Recognises a journal by its first lines. `nodes` are the known names; the path decides before the lines do.
pub(crate) fn classify_journal(
    id: FileId,
    file: &File,
    nodes: &BTreeSet<String>,
) -> Option<JournalFile> {
    let mut seen = 0;
    let (mut text, mut json) = (0, 0);
    let mut host = String::new();
    let body = file.text();
    for line in body
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with("-- "))
        .take(20)
    {
        seen += 1;
        if line.starts_with('{') && line.contains("\"__REALTIME_TIMESTAMP\"") {
            json += 1;
            if host.is_empty() {
                host = json_field(line, "_HOSTNAME").unwrap_or("").to_owned();
            }
        } else if let Some(parsed) = journal_text(line, Some(Timestamp::UNIX_EPOCH)) {
            text += 1;
            if host.is_empty() {
                parsed.host.clone_into(&mut host);
            }
        }
    }
    if seen == 0 || (text.max(json) * 2) < seen {
        return None;
    }
    let in_path = file
        .path
        .split('/')
        .find(|part| nodes.contains(*part))
        .map(str::to_owned);
    let native = file
        .path
        .strip_prefix("nodes/")
        .and_then(|rest| rest.split_once('/'))
        .map(|(node, _)| node.to_owned());
    let node = in_path
        .or_else(|| node_of_host(&host, nodes))
        .or(native)
        .unwrap_or(host);
    Some(JournalFile {
        file: id,
        span: Span::WHOLE,
        node,
        json: json > text,
    })
}

/// A node's name for a host name: equal, or equal up to the domain.
pub fn node_of_host(host: &str, nodes: &BTreeSet<String>) -> Option<String> {
    if host.is_empty() {
        return None;
    }
    let short = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
    nodes.get(host).cloned().or_else(|| {
        nodes
            .iter()
            .find(|node| short(node) == short(host))
            .cloned()
    })
}

/// All files that look like a component's log without naming a pod (control plane logs beside a dump).
pub(crate) fn is_component_log(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.ends_with(".log") && !name.contains("stderr")
}

/// Every file that is neither object nor log may still be a component's log.
pub(crate) fn component_log(id: FileId, bundle: &Bundle) -> LogFile {
    let file = bundle.file(id);
    LogFile {
        file: id,
        span: Span::WHOLE,
        namespace: String::new(),
        pod: String::new(),
        container: file.name().trim_end_matches(".log").to_owned(),
        previous: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_found_in_every_layout() {
        let none = BTreeSet::new();
        let log = |path: &str| {
            classify_log(path, &none)
                .map(|log| (log.namespace, log.pod, log.container, log.previous))
        };
        let is = |container: &str, previous| {
            Some((
                "ns".to_owned(),
                "p".to_owned(),
                container.to_owned(),
                previous,
            ))
        };
        assert_eq!(log("logs/ns/p/app.log"), is("app", false));
        assert_eq!(log("logs/ns/p/app.previous.log"), is("app", true));
        assert_eq!(
            log("x/cluster-resources/pods/logs/ns/p/app-previous.log"),
            is("app", true)
        );
        assert_eq!(
            log("namespaces/ns/pods/p/app/app/logs/previous.log"),
            is("app", true)
        );
        assert_eq!(log("node/pods/ns_p_uid/app/3.log"), is("app", false));
        assert_eq!(log("logs/ns/p/app.log.1"), is("app", true));
        let known = BTreeSet::from([("ns".to_owned(), "p-1".to_owned())]);
        let loose = classify_log("some/where/p-1_app.txt", &known).unwrap();
        assert_eq!(
            (loose.pod.as_str(), loose.container.as_str()),
            ("p-1", "app")
        );
    }
}
