//! Says whose log a file is: namespace, pod, container and instance, by the paths of all layouts.

use coldcase_bundle::FileId;

use super::{
    known::Known,
    named::{self, Stem},
};
use crate::logs::{LogFile, Span};

/// What a path says about a log.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) namespace: String,
    pub(crate) pod: String,
    /// Empty if the path does not say and the pod's spec does not settle it.
    pub(crate) container: String,
    /// An instance before the running one.
    pub(crate) previous: bool,
    /// Number of the instance in the runtime's directory; the highest is the running one.
    pub(crate) instance: Option<u32>,
}

impl Place {
    pub(super) fn new(namespace: &str, pod: &str, container: &str, previous: bool) -> Self {
        Self {
            namespace: namespace.to_owned(),
            pod: pod.to_owned(),
            container: container.to_owned(),
            previous,
            instance: None,
        }
    }

    /// The log at this place, as the whole of a file.
    pub(crate) fn log(&self, file: FileId) -> LogFile {
        LogFile {
            file,
            span: Span::WHOLE,
            namespace: self.namespace.clone(),
            pod: self.pod.clone(),
            container: self.container.clone(),
            previous: self.previous,
            taken: None,
        }
    }
}

/// Whose log the file at a path is; `None` if the path names no pod.
pub(crate) fn of_path(path: &str, known: &Known) -> Option<Place> {
    let parts: Vec<&str> = path.split('/').collect();
    let name = *parts.last()?;
    if name.contains("-errors.") || name.contains("stderr") || name.ends_with(".json") {
        return None;
    }
    by_runtime(&parts)
        .or_else(|| by_id(&parts, known))
        .or_else(|| by_directories(&parts, known))
        .or_else(|| by_command(name, known))
        .or_else(|| named::by_known_pod(&parts, known))
        .or_else(|| by_collector(&parts, known))
        .or_else(|| by_workload(&parts, known))
}

fn by_directories(parts: &[&str], known: &Known) -> Option<Place> {
    match parts {
        // must-gather; rotated files are older parts of the same output.
        [.., "pods", pod, container, again, "logs", file]
        | [.., "pods", pod, container, again, "logs", "rotated", file]
            if container == again =>
        {
            let namespace = after(parts, "namespaces")?;
            Some(Place::new(
                namespace,
                pod,
                container,
                file.starts_with("previous"),
            ))
        }
        // crust-gather and kubectl-gather.
        [
            ..,
            "pods",
            pod,
            container,
            file @ ("current.log" | "previous.log"),
        ] => {
            let namespace = after(parts, "namespaces")?;
            let previous = file.starts_with("previous");
            Some(Place::new(namespace, pod, container, previous))
        }
        // insights: a part of the output, by its worst lines or its last.
        [.., "pods", pod, "containers", container, logs, file]
            if logs.starts_with("logs") && file.ends_with(".log") =>
        {
            let namespace = after(parts, "namespaces")?;
            Some(Place::new(
                namespace,
                pod,
                container,
                logs.ends_with("-previous"),
            ))
        }
        [.., "config", "pod", namespace, "logs", pod, file] if file.ends_with(".log") => {
            let container = known.sole_container(namespace, pod);
            Some(Place::new(namespace, pod, container, false))
        }
        // …/logs/<namespace>/<pod>/<container>.log
        [.., "logs", namespace, pod, file]
            if !matches!(*pod, "pods" | "containers")
                && is_label(namespace)
                && !known.lies_elsewhere(namespace, pod) =>
        {
            let stem = Stem::of(file).filter(|stem| !stem.bare)?;
            let (container, previous) = named::container_in(stem.text, &[], namespace, pod, known);
            Some(Place::new(
                namespace,
                pod,
                &container,
                previous || stem.previous,
            ))
        }
        _ => None,
    }
}

/// Whether a name can be a namespace's.
fn is_label(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The part that follows the last one with this name.
fn after<'p>(parts: &[&'p str], name: &str) -> Option<&'p str> {
    let at = parts.iter().rposition(|part| *part == name)?;
    parts.get(at + 1).copied()
}

/// Directories and names as the container runtimes write them on a node.
fn by_runtime(parts: &[&str]) -> Option<Place> {
    let name = *parts.last()?;
    // Perhaps with the stamp of its rotation, perhaps copied elsewhere.
    if let Some([namespace, pod, _, container]) = in_pods(parts)
        && let Some((number, _)) = name.split_once(".log")
    {
        return Some(Place {
            instance: number.parse().ok(),
            ..Place::new(namespace, pod, container, false)
        });
    }
    // k8s_<container>_<pod>_<namespace>_<uid>_<n>, dockershim's name of a container.
    if let ["k8s", container, pod, namespace, _, number] =
        name.split('_').collect::<Vec<_>>().as_slice()
        && *container != "POD"
    {
        let number = number.split(['.', '-']).next().unwrap_or("");
        return Some(Place {
            instance: number.parse().ok(),
            ..Place::new(namespace, pod, container, false)
        });
    }
    // containers/<pod>_<namespace>_<container>-<id>.log
    let stem = name.strip_suffix(".log")?;
    if let [pod, namespace, container] = stem.split('_').collect::<Vec<_>>().as_slice()
        && let Some((container, id)) = container.rsplit_once('-')
        && id.len() == 64
        && id.bytes().all(|b| b.is_ascii_hexdigit())
    {
        return Some(Place::new(namespace, pod, container, false));
    }
    None
}

/// `pods/<namespace>_<pod>_<uid>/<container>/<file>`: namespace, pod, identifier and container.
fn in_pods<'p>(parts: &[&'p str]) -> Option<[&'p str; 4]> {
    let [before @ .., pod, container, _] = parts else {
        return None;
    };
    let [namespace, pod, uid] = pod.split('_').collect::<Vec<_>>()[..] else {
        return None;
    };
    let below = matches!(before.last(), Some(&("pods" | "podlogs")));
    (below || is_uid(uid)).then_some([namespace, pod, uid, container])
}

/// The identifier of the pod in whose directory the runtime wrote a file.
pub(super) fn uid_of_path(path: &str) -> Option<&str> {
    let parts: Vec<&str> = path.split('/').collect();
    in_pods(&parts).map(|[_, _, uid, _]| uid)
}

/// Whether a container runtime wrote a file where it lies.
pub(super) fn is_of_runtime(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    by_runtime(&parts).is_some()
}

/// Whether a word is the identifier of a pod: a UUID, or of a static pod the hash of its manifest.
pub(super) fn is_uid(word: &str) -> bool {
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    match word.len() {
        32 => hex(word),
        36 => word.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && word.split('-').all(hex),
        _ => false,
    }
}

/// `containers/<id>/<id>-json.log`, or any other name that begins with the id of a container whose pod is known.
fn by_id(parts: &[&str], known: &Known) -> Option<Place> {
    let (name, directories) = parts.split_last()?;
    let directory = directories.last().copied().unwrap_or("");
    let found = [name, directory]
        .into_iter()
        .find(|part| begins_with_id(part))?;
    let (namespace, pod, container, previous) = known.container_of_id(found.get(..ID)?)?;
    Some(Place::new(namespace, pod, container, previous))
}

/// Letters of a container's id.
const ID: usize = 64;

/// Whether a name begins with what may be a container's id.
pub(super) fn begins_with_id(name: &str) -> bool {
    let is_digit = |b: &u8| b.is_ascii_hexdigit() && !b.is_ascii_uppercase();
    name.len() >= ID && name.bytes().take_while(is_digit).count() == ID
}

/// A file whose name is the command that filled it, with `_` for blanks:
/// `kubectl_--namespace_shop_logs_cart-0_-c_app_--previous`.
fn by_command(name: &str, known: &Known) -> Option<Place> {
    if !(name.starts_with("kubectl_") || name.starts_with("oc_")) {
        return None;
    }
    let stem = name
        .strip_suffix(".txt")
        .or_else(|| name.strip_suffix(".log"))
        .unwrap_or(name);
    let words: Vec<&str> = stem.split('_').collect();
    let at = words.iter().position(|word| *word == "logs")?;
    let (mut namespace, mut container, mut pod) = ("", "", "");
    let mut previous = false;
    let mut index = 0;
    while let Some(word) = words.get(index) {
        let (flag, value) = word.split_once('=').unwrap_or((word, ""));
        let mut take = || {
            if value.is_empty() {
                index += 1;
                words.get(index).copied().unwrap_or("")
            } else {
                value
            }
        };
        match flag {
            "-n" | "--namespace" => namespace = take(),
            "-c" | "--container" => container = take(),
            "-p" | "--previous" => previous = true,
            _ if index > at && !flag.starts_with('-') && pod.is_empty() => pod = word,
            _ => {}
        }
        index += 1;
    }
    let pod = pod.trim_start_matches("pod/");
    // A second file of the same name gets a number.
    let pod = match pod.rsplit_once('.') {
        Some((head, number))
            if number.bytes().all(|b| b.is_ascii_digit()) && !known.has_pod(pod) =>
        {
            head
        }
        _ => pod,
    };
    if pod.is_empty() {
        return None;
    }
    if namespace.is_empty() {
        namespace = known.sole_namespace_of(pod).unwrap_or("default");
    }
    if container.is_empty() {
        container = known.sole_container(namespace, pod);
    }
    Some(Place::new(namespace, pod, container, previous))
}

/// `{rke2,k3s}/podlogs/<namespace>-<pod>` of a pod that nothing else names: where the namespace ends, known
/// namespaces say, else its usual end.
fn by_collector(parts: &[&str], known: &Known) -> Option<Place> {
    let [.., "podlogs" | "containerlogs", name] = parts else {
        return None;
    };
    let stem = name.strip_suffix(".log").unwrap_or(name);
    let (stem, previous) = match stem.strip_suffix("-previous") {
        Some(stem) => (stem, true),
        None => (stem, false),
    };
    let split = |at: usize| Some((stem.get(..at)?, stem.get(at + 1..)?));
    let known_end = stem
        .rmatch_indices('-')
        .map(|(at, _)| at)
        .find(|at| split(*at).is_some_and(|(head, _)| known.has_namespace(head)));
    let at = known_end
        .or_else(|| Some(stem.find("-system-")? + "-system".len()))
        .or_else(|| stem.starts_with("default-").then_some("default".len()))?;
    let (namespace, pod) = split(at).filter(|(_, pod)| !pod.is_empty())?;
    Some(Place::new(namespace, pod, "", previous))
}

/// `logs/<workload>.log`, as `kubectl logs deploy/<workload>` is often kept: certain only where the workload
/// has one pod.
fn by_workload(parts: &[&str], known: &Known) -> Option<Place> {
    let (name, directories) = parts.split_last()?;
    if !directories.last()?.to_ascii_lowercase().contains("log") {
        return None;
    }
    let stem = Stem::of(name).filter(|stem| !stem.bare)?;
    let found = known.sole_pod_of(stem.text).map(|found| (found, false));
    let ((namespace, pod), previous) = found.or_else(|| {
        let workload = named::without_previous(stem.text)?;
        Some((known.sole_pod_of(workload)?, true))
    })?;
    let container = known.sole_container(namespace, pod);
    Some(Place::new(
        namespace,
        pod,
        container,
        previous || stem.previous,
    ))
}

#[cfg(test)]
mod tests;
