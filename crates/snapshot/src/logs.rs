//! Says which file is the log of which container or the journal of which node, by path and by content; bodies are not parsed here.

use std::collections::BTreeSet;

use coldcase_bundle::{Bundle, File, FileId};
use jiff::Timestamp;

use crate::stamp;

/// Output of a container, or of a component that logs to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// The file.
    pub file: FileId,
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
    /// The node whose directory it lies in or whose host name its lines carry; may be empty.
    pub node: String,
    /// `journalctl -o json` rather than text.
    pub json: bool,
}

/// A line of a journal, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLine<'t> {
    /// When, if the line says so.
    pub stamp: Option<stamp::Stamp>,
    /// Host as printed.
    pub host: &'t str,
    /// `kernel`, `kubelet` …
    pub unit: &'t str,
    /// The message; for JSON the raw line.
    pub message: &'t str,
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
    for line in file
        .text
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

/// Takes a line of a journal apart.
pub fn journal_line(line: &str, json: bool, now: Option<Timestamp>) -> Option<JournalLine<'_>> {
    if !json {
        return journal_text(line, now);
    }
    let micros: i64 = json_field(line, "__REALTIME_TIMESTAMP")?.parse().ok()?;
    let time = Timestamp::from_microsecond(micros).ok()?;
    let unit = json_field(line, "SYSLOG_IDENTIFIER")
        .or_else(|| json_field(line, "_SYSTEMD_UNIT").map(|unit| unit.trim_end_matches(".service")))
        .unwrap_or("");
    Some(JournalLine {
        stamp: Some(stamp::Stamp {
            time,
            precision: 6,
            len: 0,
            assumed: stamp::Assumed::default(),
        }),
        host: json_field(line, "_HOSTNAME").unwrap_or(""),
        unit,
        message: json_field(line, "MESSAGE").unwrap_or(line),
    })
}

/// `<stamp> <host> <unit>[<pid>]: <message>`.
fn journal_text(line: &str, now: Option<Timestamp>) -> Option<JournalLine<'_>> {
    let stamp = stamp::leading(line, now)?;
    let rest = line.get(stamp.len..)?.strip_prefix(' ')?;
    let (host, rest) = rest.split_once(' ')?;
    let (tag, message) = rest
        .split_once(": ")
        .or_else(|| rest.strip_suffix(':').map(|tag| (tag, "")))?;
    // Only `unit[pid]` and the kernel: an application's "INFO main: …" has the same shape otherwise.
    let unit = match tag.split_once('[') {
        Some((unit, pid))
            if pid
                .strip_suffix(']')
                .is_some_and(|pid| pid.bytes().all(|b| b.is_ascii_digit())) =>
        {
            unit
        }
        None if tag == "kernel" => tag,
        _ => return None,
    };
    if unit.is_empty() || unit.contains(' ') || host.is_empty() || host.ends_with(':') {
        return None;
    }
    Some(JournalLine {
        stamp: Some(stamp),
        host,
        unit,
        message,
    })
}

/// The raw text of a string field of a flat JSON line; good enough for fields that journald writes itself.
fn json_field<'t>(line: &'t str, name: &str) -> Option<&'t str> {
    let marker = format!("\"{name}\"");
    let at = line.find(&marker)? + marker.len();
    let rest = line
        .get(at..)?
        .trim_start()
        .strip_prefix(':')?
        .trim_start()
        .strip_prefix('"')?;
    let mut from = 0;
    loop {
        let end = from + rest.get(from..)?.find('"')?;
        let escapes = rest
            .get(..end)?
            .bytes()
            .rev()
            .take_while(|b| *b == b'\\')
            .count();
        if escapes % 2 == 0 {
            return rest.get(..end);
        }
        from = end + 1;
    }
}

/// A log line without the stamp and stream tag that kubectl or the runtime put before it; an
/// application's own stamp after them stays.
pub fn message(line: &str) -> &str {
    let Some(found) = stamp::leading(line, None).filter(|found| found.len >= 20) else {
        return line;
    };
    let rest = line.get(found.len..).unwrap_or("");
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    ["stdout F ", "stderr F ", "stdout P ", "stderr P "]
        .iter()
        .find_map(|tag| rest.strip_prefix(tag))
        .unwrap_or(rest)
}

/// kubectl's own words in place of a log: the container's file was already gone.
pub fn is_kubectl_excuse(text: &str) -> bool {
    text.len() < 400 && text.starts_with("unable to retrieve container logs for ")
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

    #[test]
    fn a_message_loses_the_frame_but_not_its_own_stamp() {
        assert_eq!(message("2026-07-14T02:42:31.1Z stdout F   at x"), "  at x");
        assert_eq!(message("2026-07-14T02:42:31.123456789Z E0714 a"), "E0714 a");
        assert_eq!(message("plain"), "plain");
    }

    #[test]
    fn journal_lines_come_apart() {
        let now = stamp::rfc3339("2026-07-14T02:50:07Z");
        let line = journal_line(
            "2026-07-14T02:42:31.000001+0000 w3 kernel: Memory cgroup: x",
            false,
            now,
        )
        .unwrap();
        assert_eq!(
            (line.host, line.unit, line.message),
            ("w3", "kernel", "Memory cgroup: x")
        );
        let json = r#"{"MESSAGE":"a \"b\"","__REALTIME_TIMESTAMP":"1795209101416192","_HOSTNAME":"w","SYSLOG_IDENTIFIER":"kernel"}"#;
        let line = journal_line(json, true, now).unwrap();
        assert_eq!(
            (line.host, line.unit, line.message),
            ("w", "kernel", r#"a \"b\""#)
        );
        assert!(journal_text("2026-07-14T02:42:31Z some text: of an app", now).is_none());
    }
}
