//! Says whose log a file is: namespace, pod, container and instance, by the paths of all layouts.

use std::collections::BTreeMap;

use coldcase_bundle::FileId;

use crate::{
    logs::{LogFile, Span},
    node::Key,
    object::Object,
    packed::{Packed, Text},
};

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
    fn new(namespace: &str, pod: &str, container: &str, previous: bool) -> Self {
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
        }
    }
}

/// Pods and their containers, which decide where a path alone is ambiguous.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Pods by name and namespace.
    pods: BTreeMap<Text, BTreeMap<Key, Packed>>,
}

impl Known {
    pub(crate) fn new(objects: &[Object]) -> Self {
        let mut known = Self::default();
        for pod in objects.iter().filter(|object| object.kind == "Pod") {
            known.add(&pod.namespace, &pod.name, &pod.root);
        }
        known
    }

    fn add(&mut self, namespace: &Key, pod: &Text, root: &Packed) {
        self.pods
            .entry(pod.clone())
            .or_default()
            .insert(namespace.clone(), root.clone());
    }

    /// The one pod that a workload of this name has.
    fn sole_pod_of(&self, workload: &str) -> Option<(&str, &str)> {
        let mut pods = self
            .pods
            .range(Text::from(format!("{workload}-"))..)
            .take_while(|(pod, _)| pod.starts_with(workload))
            .filter(|(pod, _)| made_by(pod, workload));
        let (pod, namespaces) = pods.next()?;
        let (namespace, _) = namespaces.iter().next().filter(|_| namespaces.len() == 1)?;
        pods.next().is_none().then_some((namespace, pod))
    }

    fn namespace_of(&self, pod: &str) -> Option<&str> {
        let (namespace, _) = self.pods.get(pod)?.first_key_value()?;
        Some(namespace)
    }

    fn containers(&self, namespace: &str, pod: &str) -> impl Iterator<Item = &str> {
        let root = self.pods.get(pod).and_then(|pods| pods.get(namespace));
        ["initContainers", "containers", "ephemeralContainers"]
            .into_iter()
            .filter_map(move |list| Some(root?.items_at(&["spec", list])))
            .flatten()
            .filter_map(|container| container.str_at(&["name"]))
    }

    fn has_container(&self, namespace: &str, pod: &str, container: &str) -> bool {
        self.containers(namespace, pod)
            .any(|name| name == container)
    }

    /// The only container of a pod.
    fn sole_container(&self, namespace: &str, pod: &str) -> &str {
        let mut names = self.containers(namespace, pod);
        match (names.next(), names.next()) {
            (Some(only), None) => only,
            _ => "",
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
        .or_else(|| by_directories(&parts, known))
        .or_else(|| by_command(name, known))
        .or_else(|| by_collector(&parts, known))
        .or_else(|| by_known_pod(&parts, known))
        .or_else(|| by_workload(&parts, known))
        .or_else(|| by_words(name, known))
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
        [.., "logs", namespace, pod, file] if !matches!(*pod, "pods" | "containers") => {
            let (container, previous) =
                container_of(file, |name| known.has_container(namespace, pod, name))?;
            Some(Place::new(namespace, pod, container, previous))
        }
        _ => None,
    }
}

/// The part that follows the last one with this name.
fn after<'p>(parts: &[&'p str], name: &str) -> Option<&'p str> {
    let at = parts.iter().rposition(|part| *part == name)?;
    parts.get(at + 1).copied()
}

/// Directories and names as the container runtimes write them on a node.
fn by_runtime(parts: &[&str]) -> Option<Place> {
    let name = *parts.last()?;
    // pods/<namespace>_<pod>_<uid>/<container>/<n>.log, perhaps with the stamp of its rotation, perhaps copied elsewhere.
    if let [before @ .., pod, container, _] = parts
        && let [namespace, pod, uid] = pod.split('_').collect::<Vec<_>>().as_slice()
        && (before.last() == Some(&"pods") || is_uid(uid))
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

/// Whether a word is the identifier of a pod: a UUID, or of a static pod the hash of its manifest.
pub(super) fn is_uid(word: &str) -> bool {
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    match word.len() {
        32 => hex(word),
        36 => word.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && word.split('-').all(hex),
        _ => false,
    }
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
            if number.bytes().all(|b| b.is_ascii_digit()) && !known.pods.contains_key(pod) =>
        {
            head
        }
        _ => pod,
    };
    if pod.is_empty() {
        return None;
    }
    if namespace.is_empty() {
        namespace = known.namespace_of(pod).unwrap_or("default");
    }
    if container.is_empty() {
        container = known.sole_container(namespace, pod);
    }
    Some(Place::new(namespace, pod, container, previous))
}

/// `{rke2,k3s}/podlogs/<namespace>-<pod>`: where the namespace ends, known pods say, else its usual end.
fn by_collector(parts: &[&str], known: &Known) -> Option<Place> {
    let [.., "podlogs" | "containerlogs", name] = parts else {
        return None;
    };
    let stem = name.strip_suffix(".log").unwrap_or(name);
    let (stem, previous) = match stem.strip_suffix("-previous") {
        Some(stem) => (stem, true),
        None => (stem, false),
    };
    let dashes: Vec<(usize, _)> = stem.match_indices('-').collect();
    let split = |at: usize| Some((stem.get(..at)?, stem.get(at + 1..)?));
    let found = dashes
        .iter()
        .filter_map(|(at, _)| split(*at))
        .find(|(namespace, pod)| {
            known
                .pods
                .get(*pod)
                .is_some_and(|namespaces| namespaces.contains_key(*namespace))
        })
        .or_else(|| {
            let at = stem.find("-system-")?;
            split(at + "-system".len())
        })
        .or_else(|| stem.split_once('-'))?;
    let container = known.sole_container(found.0, found.1);
    Some(Place::new(found.0, found.1, container, previous))
}

fn by_known_pod(parts: &[&str], known: &Known) -> Option<Place> {
    let (name, directories) = parts.split_last()?;
    let (stem, previous) = container_of(name, |_| false)?;
    if let Some((namespace, pod)) = directories
        .iter()
        .rev()
        .find_map(|part| Some((known.namespace_of(part)?, *part)))
    {
        let (container, previous) =
            container_of(name, |name| known.has_container(namespace, pod, name))?;
        let container = container
            .strip_prefix(pod)
            .map_or(container, |rest| rest.trim_start_matches(['.', '_', '-']));
        return Some(Place::new(namespace, pod, container, previous));
    }
    // <pod>.log, <pod>_<container>.log, <pod>.<container>.log
    let ends = stem
        .match_indices(['.', '_'])
        .map(|(at, _)| at)
        .chain([stem.len()]);
    for end in ends {
        let head = stem.get(..end).unwrap_or("");
        if let Some(namespace) = known.namespace_of(head) {
            let rest = stem.get(end..).unwrap_or("");
            let container = rest.trim_start_matches(['.', '_', '-']);
            return Some(Place::new(namespace, head, container, previous));
        }
    }
    None
}

/// `logs/<workload>.log`, as `kubectl logs deploy/<workload>` is often kept: certain only where the workload
/// has one pod.
fn by_workload(parts: &[&str], known: &Known) -> Option<Place> {
    let (name, directories) = parts.split_last()?;
    if !directories.last()?.to_ascii_lowercase().contains("log") {
        return None;
    }
    let (stem, previous) = container_of(name, |_| false)?;
    let (namespace, pod) = known.sole_pod_of(stem)?;
    let container = known.sole_container(namespace, pod);
    Some(Place::new(namespace, pod, container, previous))
}

/// Parts of a name that are tried; names with more are no exports.
const WORDS: usize = 32;

/// A log that a viewer saved: the pod's name somewhere in the file's (`<ns>-<pod>-<container>-<stamp>.log`,
/// `<pod>-container-<container>-logs-<stamp>.log`). Only the longest name that fits, and only if it is one pod's.
fn by_words(name: &str, known: &Known) -> Option<Place> {
    let stem = name.strip_suffix(".log").filter(|stem| stem.len() < 400)?;
    let signs: &[char] = &['-', '_', '.'];
    let cuts: Vec<usize> = stem.match_indices(signs).map(|(at, _)| at).collect();
    if cuts.len() > WORDS {
        return None;
    }
    let starts = std::iter::once(0).chain(cuts.iter().map(|at| at + 1));
    let found = starts
        .flat_map(|start| cuts.iter().map(move |end| (start, *end)))
        .filter_map(|(start, end)| {
            let namespaces = known.pods.get(stem.get(start..end)?)?;
            let (namespace, _) = namespaces.iter().next().filter(|_| namespaces.len() == 1)?;
            Some((start, end, namespace))
        })
        .max_by_key(|(start, end, _)| end - start)?;
    let (start, end, namespace) = found;
    let (pod, rest) = (stem.get(start..end)?, stem.get(end..)?);
    let named = known
        .containers(namespace, pod)
        .filter(|container| has_word(rest, container))
        .max_by_key(|container| container.len());
    let container = named.unwrap_or_else(|| known.sole_container(namespace, pod));
    Some(Place::new(
        namespace,
        pod,
        container,
        has_word(rest, "previous"),
    ))
}

/// Whether a name stands in another, with signs on both sides.
fn has_word(text: &str, word: &str) -> bool {
    let signs =
        |letter: Option<char>| letter.is_none_or(|letter| matches!(letter, '-' | '_' | '.'));
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let behind = text
            .get(at + word.len()..)
            .and_then(|behind| behind.chars().next());
        signs(before) && signs(behind)
    })
}

/// Whether a pod has a name as controllers make it from a workload's: `-<ordinal>`, `-<5 signs>`, or the hash of
/// a ReplicaSet (or a CronJob's time) before those.
fn made_by(pod: &str, workload: &str) -> bool {
    // Kubernetes leaves vowels and what looks like them out of the signs that it draws.
    let drawn = |text: &str| {
        text.bytes().all(|b| {
            matches!(b, b'2' | b'4'..=b'9') || b.is_ascii_lowercase() && !b"aeiouy".contains(&b)
        })
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let Some(rest) = pod
        .strip_prefix(workload)
        .and_then(|rest| rest.strip_prefix('-'))
    else {
        return false;
    };
    match rest.split_once('-') {
        None => rest.len() == 5 && drawn(rest) || rest.len() <= 4 && digits(rest),
        Some((hash, last)) => {
            last.len() == 5
                && drawn(last)
                && (digits(hash) || (6..=10).contains(&hash.len()) && drawn(hash))
        }
    }
}

/// The container that a file is named after, and whether it is the instance before. `is_name` knows
/// containers that are really called `x-previous`.
fn container_of(file: &str, is_name: impl Fn(&str) -> bool) -> Option<(&str, bool)> {
    if let Some(stem) = file.strip_suffix(".log.1") {
        return Some((stem, true));
    }
    let stem = file
        .strip_suffix(".log")
        .or_else(|| file.strip_suffix(".logs"))
        .or_else(|| file.strip_suffix(".txt"))?;
    if is_name(stem) {
        return Some((stem, false));
    }
    for suffix in [".previous", "-previous", "_previous", ".prev"] {
        if let Some(container) = stem.strip_suffix(suffix) {
            return Some((container, true));
        }
    }
    Some((stem, false))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::node::Node;

    fn known(pods: &[(&str, &str, &[&str])]) -> Known {
        let mut known = Known::default();
        for (namespace, pod, containers) in pods {
            let containers = containers
                .iter()
                .map(|name| Node::map(vec![("name", Node::text(*name))]));
            let spec = Node::map(vec![("containers", Node::seq(containers.collect()))]);
            let root = Node::map(vec![("spec", spec)]).into();
            known.add(&(*namespace).into(), &(*pod).into(), &root);
        }
        known
    }

    #[test]
    fn logs_are_found_in_every_layout() {
        let none = Known::default();
        let id = "0123456789abcdef".repeat(4);
        let by_id = format!("n/containers/p_ns_app-{id}.log");
        for (path, previous) in [
            ("logs/ns/p/app.log", false),
            ("logs/ns/p/app.previous.log", true),
            ("x/cluster-resources/pods/logs/ns/p/app-previous.log", true),
            ("namespaces/ns/pods/p/app/app/logs/previous.log", true),
            (
                "namespaces/ns/pods/p/app/app/logs/previous.insecure.log",
                true,
            ),
            (
                "namespaces/ns/pods/p/app/app/logs/rotated/0.log.20260101-000000",
                false,
            ),
            ("node/pods/ns_p_uid/app/3.log", false),
            ("logs/ns/p/app.log.1", true),
            ("x/namespaces/ns/pods/p/app/current.log", false),
            ("x/namespaces/ns/pods/p/app/previous.log", true),
            (
                "conditional/namespaces/ns/pods/p/containers/app/logs/last-50-lines.log",
                false,
            ),
            (
                "conditional/namespaces/ns/pods/p/containers/app/logs-previous/last-50-lines.log",
                true,
            ),
            (
                "kubectl_--kubeconfig_x_--namespace_ns_logs_p_-c_app_--previous",
                true,
            ),
            ("kubectl_logs_-n_ns_p_--container=app.txt", false),
            (
                "k8s_app_p_ns_cc955a23-2e83-4e49-a190-79d9f3cdb117_0.logs",
                false,
            ),
            (by_id.as_str(), false),
        ] {
            let place = of_path(path, &none).unwrap_or_else(|| panic!("{path}"));
            assert_eq!(
                (
                    place.namespace.as_str(),
                    place.pod.as_str(),
                    place.container.as_str(),
                    place.previous
                ),
                ("ns", "p", "app", previous),
                "{path}"
            );
        }
        assert_eq!(
            of_path(
                "cluster-resources/pods/logs/ns/p/app-logs-errors.log",
                &none
            ),
            None
        );
        let loose = of_path("some/where/p-1_app.txt", &known(&[("ns", "p-1", &[])])).unwrap();
        assert_eq!(
            (loose.pod.as_str(), loose.container.as_str()),
            ("p-1", "app")
        );
    }

    #[test]
    fn a_container_may_be_called_previous() {
        let known = known(&[("ns", "p", &["x-previous", "y"])]);
        let of = |path: &str| of_path(path, &known).map(|place| (place.container, place.previous));
        assert_eq!(
            of("logs/ns/p/x-previous.log"),
            Some(("x-previous".to_owned(), false))
        );
        assert_eq!(of("logs/ns/p/y-previous.log"), Some(("y".to_owned(), true)));
        assert_eq!(of("all/p/y-previous.log"), Some(("y".to_owned(), true)));
    }

    #[test]
    fn a_log_named_after_a_workload_is_its_only_pods() {
        let known = known(&[
            ("shop", "cart-5bdf4d4cd6-hkkws", &["app"]),
            ("shop", "db-0", &["pg", "exporter"]),
            ("shop", "web-5bdf4d4cd6-hkkws", &["app"]),
            ("shop", "web-5bdf4d4cd6-2xkws", &["app"]),
            ("shop", "web-admin-77d8bd54b-x2v5p", &["app"]),
        ]);
        let of = |path: &str| {
            of_path(path, &known).map(|place| (place.pod, place.container, place.previous))
        };
        let is = |pod: &str, container: &str, previous| {
            Some((pod.to_owned(), container.to_owned(), previous))
        };
        assert_eq!(
            of("logs/cart.log"),
            is("cart-5bdf4d4cd6-hkkws", "app", false)
        );
        assert_eq!(
            of("logs/cart-previous.log"),
            is("cart-5bdf4d4cd6-hkkws", "app", true)
        );
        assert_eq!(of("logs/db.log"), is("db-0", "", false));
        assert_eq!(
            of("logs/web-admin.log"),
            is("web-admin-77d8bd54b-x2v5p", "app", false)
        );
        // Which of two pods it is nobody knows, and other directories hold other things.
        assert_eq!(of("logs/web.log"), None);
        assert_eq!(of("manifests/cart.txt"), None);
    }

    #[test]
    fn logs_that_a_viewer_saved_are_their_pods() {
        let known = known(&[
            ("shop", "cart-5bdf4d4cd6-hkkws", &["app", "proxy"]),
            ("shop", "db-0", &["pg"]),
        ]);
        let of = |path: &str| {
            of_path(path, &known).map(|place| (place.pod, place.container, place.previous))
        };
        let cart = |container: &str| {
            Some((
                "cart-5bdf4d4cd6-hkkws".to_owned(),
                container.to_owned(),
                false,
            ))
        };
        assert_eq!(
            of("shop-cart-5bdf4d4cd6-hkkws-app-1772610000.log"),
            cart("app")
        );
        assert_eq!(
            of("cart-5bdf4d4cd6-hkkws-container-proxy-logs-2026-03-04T09_10_00.log"),
            cart("proxy")
        );
        assert_eq!(of("shop-cart-5bdf4d4cd6-hkkws-1772610000.log"), cart(""));
        assert_eq!(
            of("shop-db-0-previous-177.log"),
            Some(("db-0".to_owned(), "pg".to_owned(), true))
        );
        assert_eq!(of("shop-mdb-0-177.log"), None);
    }

    #[test]
    fn podlogs_split_where_the_namespace_ends() {
        let known = known(&[("my-shop", "cart-0", &["app"])]);
        let of = |path: &str| {
            of_path(path, &known).map(|p| (p.namespace, p.pod, p.container, p.previous))
        };
        let is = |ns: &str, pod: &str, c: &str, previous| {
            Some((ns.to_owned(), pod.to_owned(), c.to_owned(), previous))
        };
        assert_eq!(
            of("rke2/podlogs/my-shop-cart-0-previous"),
            is("my-shop", "cart-0", "app", true)
        );
        assert_eq!(
            of("rke2/podlogs/kube-system-coredns-1"),
            is("kube-system", "coredns-1", "", false)
        );
    }

    proptest! {
        #[test]
        fn any_path_is_read(path in "[a-z0-9_./=-]{0,80}", log in "(logs|pods|containers|podlogs|k8s_|kubectl_logs_|_|/|-c|\\.log|x){0,12}") {
            let known = known(&[("x", "x", &["x"])]);
            let _ = of_path(&path, &known);
            let _ = of_path(&log, &known);
        }
    }
}
