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

    fn known_of_dashes() -> Known {
        known(&[
            ("x", "x-0", &["x", "logs"]),
            ("a", "x-0", &[]),
            ("a", "a-b", &["a"]),
        ])
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

    #[test]
    fn podlogs_of_pods_that_stand_elsewhere_make_no_namespace() {
        let known = known(&[("billing", "ledger-6c5d8f7b9c-k2xvz", &["ledger"])]);
        let of = |path: &str| of_path(path, &known).map(|p| (p.namespace, p.pod, p.previous));
        let is = |previous| {
            Some((
                "billing".to_owned(),
                "ledger-6c5d8f7b9c-k2xvz".to_owned(),
                previous,
            ))
        };
        assert_eq!(of("r/podlogs/ledger-6c5d8f7b9c-k2xvz.log"), is(false));
        assert_eq!(of("r/podlogs/ledger-6c5d8f7b9c-k2xvz.log.0"), is(true));
        assert_eq!(
            of("podlogs/billing_ledger-6c5d8f7b9c-k2xvz_ledger.log"),
            is(false)
        );
        // Of a pod that nobody knows only a known namespace tells where the namespace ends.
        assert_eq!(of("podlogs/parcel-77d8bd54b-x2v5p.log"), None);
        assert_eq!(
            of("podlogs/billing-parcel-0.log"),
            Some(("billing".to_owned(), "parcel-0".to_owned(), false))
        );
    }

    #[test]
    fn however_a_name_is_put_together_it_is_the_known_pods() {
        let pod = "ledger-6c5d8f7b9c-k2xvz";
        let known = known(&[
            ("billing", pod, &["ledger"]),
            ("billing", "queue-0", &["mq", "exporter"]),
            ("billing", "metrics-0", &["metrics-db", "status"]),
        ]);
        let of = |path: &str| {
            let place = of_path(&path.replace("POD", pod), &known)?;
            assert_eq!(
                (place.namespace.as_str(), place.pod.as_str()),
                ("billing", pod),
                "{path}"
            );
            Some((place.container, place.previous))
        };
        for path in [
            "x/billing-POD.log",
            "x/billing_POD.log",
            "x/pod_POD.log",
            "x/logs-POD.txt",
            "x/operand_pod_POD.log",
            "x/ledger_POD.log",
            "x/ledger-POD.log",
            "x/logs-from-ledger-in-POD.log",
            "x/POD-ledger.txt",
            "x/POD_current.log",
            "x/POD.log.txt",
            "x/POD_ledger_logs.txt",
            "x/POD-logs-2026-03-04.log",
            "x/POD.out",
            "logs/POD",
            "x/POD/logs",
            "x/POD/logs.txt",
            "billing/POD/ledger/logs.txt",
            "billing/POD/ledger/current.log",
            "billing/POD/logs_ledger.log",
            "billing/POD/container-ledger.log",
            "pods/POD/ledger/ledger/logs/current.log",
            "var/log/pods/billing_POD/ledger/0.log",
            "logs/billing_POD_0b7e1c52-9f5e-4f0a-8a43-0f3b6c1d2e3f/ledger/14.log",
            "logs/2026-03-04/POD/ledger.log",
        ] {
            assert_eq!(of(path), Some(("ledger".to_owned(), false)), "{path}");
        }
        for path in [
            "x/logs-POD-ledger-20260304-110000-prev.log",
            "x/POD-prev.log",
            "x/POD_prev.txt",
            "x/POD.prev.log",
            "x/POD.log.prev",
            "x/POD.log.0",
            "x/POD.log.1",
            "previous/POD.log",
            "logs/prev/POD.log",
            "x/POD/ledger.previous",
            "x/POD/ledger/previous.log",
            "x/POD_previous.log",
            "x/prev_POD.log",
            "x/POD-ledger.prev.log",
            "logs/billing/POD/previous.log",
            "logs/billing/POD/ledger.log.prev",
        ] {
            assert_eq!(of(path), Some(("ledger".to_owned(), true)), "{path}");
        }
        // What is no container's name makes none, and who of two it was nobody knows.
        assert_eq!(of("x/POD/slow-queries.log"), Some((String::new(), false)));
        assert_eq!(of("x/POD/metrics.log"), Some((String::new(), false)));
        let place = of_path("x/metrics-0/metrics-db.txt", &known).unwrap();
        assert_eq!(place.container, "metrics-db");
        let place = of_path("x/queue-0/current.log", &known).unwrap();
        assert_eq!(
            (place.pod.as_str(), place.container.as_str()),
            ("queue-0", "")
        );
        let place = of_path("x/queue-0_exporter-prev.log", &known).unwrap();
        assert_eq!(
            (place.container.as_str(), place.previous),
            ("exporter", true)
        );
    }

    #[test]
    fn what_is_about_a_pod_is_no_log_of_it() {
        let known = known(&[
            ("a", "web-0", &["web"]),
            ("b", "web-0", &["web"]),
            ("a", "db-0", &["db"]),
            ("a", "shop", &["shop"]),
        ]);
        for path in [
            "x/db-0.yaml",
            "x/db-0-describe.txt",
            "x/db-0.descr",
            "x/db-0_sockets.txt",
            "x/db-0",
            // Two namespaces have one, and the path says neither.
            "x/web-0.log",
            // A name of one word among others.
            "x/shop-frontend-errors2.log",
        ] {
            assert_eq!(of_path(path, &known), None, "{path}");
        }
        for path in ["b/web-0.log", "x/b_web-0.log", "x/web-0_b_web.log"] {
            let place = of_path(path, &known).unwrap();
            assert_eq!(
                (place.namespace.as_str(), place.container.as_str()),
                ("b", "web")
            );
        }
        assert_eq!(of_path("x/a-shop.log", &known).unwrap().pod, "shop");
    }

    #[test]
    fn a_table_without_namespaces_makes_no_second_pod() {
        let known = known(&[
            ("", "db-0", &[]),
            ("a", "db-0", &["db"]),
            ("", "web-0", &[]),
        ]);
        let of = |path: &str| of_path(path, &known).map(|place| (place.namespace, place.container));
        let is =
            |namespace: &str, container: &str| Some((namespace.to_owned(), container.to_owned()));
        assert_eq!(of("x/pod_db-0.log"), is("a", "db"));
        assert_eq!(of("x/pod_web-0.log"), is("", ""));
    }

    #[test]
    fn a_log_named_by_its_containers_id_is_the_pods_that_tells_it() {
        let (now, then) = ("0f".repeat(32), "1e".repeat(32));
        let id = |id: &str| Node::text(format!("containerd://{id}"));
        let state = |name: &'static str, of: Node| Node::map(vec![(name, of)]);
        let ended = state("terminated", Node::map(vec![("containerID", id(&then))]));
        let status = Node::map(vec![
            ("name", Node::text("pg")),
            ("containerID", id(&now)),
            ("lastState", ended),
            (
                "state",
                state("running", Node::map(vec![("startedAt", Node::text("x"))])),
            ),
        ]);
        let list = Node::map(vec![("containerStatuses", Node::seq(vec![status]))]);
        let root = Node::map(vec![("status", list)]).into();
        let mut known = Known::default();
        known.add(&"shop".into(), &"db-0".into(), &root);
        let known = known.with_ids();
        for (id, previous) in [(&now, false), (&then, true)] {
            let place = of_path(&format!("containers/{id}/{id}-json.log"), &known).unwrap();
            assert_eq!(
                (place.pod.as_str(), place.container.as_str(), place.previous),
                ("db-0", "pg", previous)
            );
        }
        let other = "2d".repeat(32);
        assert_eq!(
            of_path(&format!("containers/{other}/{other}-json.log"), &known),
            None
        );
    }

    proptest! {
        #[test]
        fn any_path_is_read(path in "[a-z0-9_./=-]{0,80}", log in "(logs|pods|containers|podlogs|k8s_|kubectl_logs_|_|/|-c|\\.log|x){0,12}") {
            let known = known(&[("x", "x", &["x"])]);
            let _ = of_path(&path, &known);
            let _ = of_path(&log, &known);
            let dashed = known_of_dashes();
            let _ = of_path(&path, &dashed);
            let _ = of_path(&log.replace('k', "x-0"), &dashed);
        }
    }
}
