//! Pods of which nothing but their logs was captured: which component a log is of, and a partial object for each such pod.

use std::collections::{BTreeMap, BTreeSet};

use coldcase_bundle::{Bundle, Root};

use super::{
    components, hosts,
    known::{self, Known},
    place,
    runtime::{self, Seen},
};
use crate::{Snapshot, coverage::Status, hosts::UNNAMED, logs::LogFile, object};

/// Gives the logs of known components, and those that are named as controllers name pods, their pod: the captured one,
/// else one that is called as the log is.
pub(crate) fn claim(logs: &mut [LogFile], known: &Known) {
    for log in logs {
        if log.pod.is_empty() {
            adopt(log, known);
        }
        // Of a pod of which nothing else is known the container is the component's.
        if !log.pod.is_empty() && log.container.is_empty() && !known.has_pod(&log.pod) {
            let component = components::of_name(&log.pod)
                .filter(|it| it.namespace.is_empty() || it.namespace == log.namespace);
            log.container = component.map_or("", |it| it.container).to_owned();
        }
    }
}

/// Finds the pod of a log that so far has but a name.
fn adopt(log: &mut LogFile, known: &Known) {
    let name = log.container.clone();
    let Some(component) = components::of_name(&name) else {
        if known::is_of_replica(&name) && !known.has_pod(&name) {
            log.pod = name;
            log.container = String::new();
        }
        return;
    };
    let namespace = match log.namespace.as_str() {
        "" => component.namespace.to_owned(),
        said => said.to_owned(),
    };
    let mut captured = known.pods_in(&namespace);
    captured.retain(|(_, pod)| components::of_name(pod) == Some(component));
    (log.namespace, log.pod) = match captured.as_slice() {
        [] => (namespace, name),
        [(namespace, pod)] => ((*namespace).to_owned(), (*pod).to_owned()),
        // Which of several it was nobody knows.
        _ => return,
    };
    component.container.clone_into(&mut log.container);
}

/// Adds the pods that only logs name. What a whole list of pods does not hold is gone, and its logs are of the past.
pub(crate) fn add(snapshot: &mut Snapshot<'_>, roots: &[Root]) {
    // Beside captured pods those of a namespace that nobody listed say little, and all that is asked of pods would stay
    // open for their sake.
    let mut objects = snapshot.objects.iter();
    if objects.any(|it| it.kind == "Pod" && !it.partial) {
        return;
    }
    name(snapshot, roots);
    let coverage = &snapshot.coverage;
    let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for pod in snapshot.objects.iter().filter(|it| it.kind == "Pod") {
        let namespaces = known.entry(pod.name.as_str()).or_default();
        namespaces.insert(pod.namespace.as_str());
    }
    let is_known = |log: &LogFile| {
        known.get(log.pod.as_str()).is_some_and(|namespaces| {
            log.namespace.is_empty()
                || namespaces.contains("")
                || namespaces.contains(log.namespace.as_str())
        })
    };
    let is_listed = |namespace: &str| {
        coverage.covers("Pod", namespace)
            || namespace.is_empty() && coverage.status("Pod") == Status::Collected
            || coverage.unplaced.contains("Pod")
    };
    let names = hosts::names(snapshot.bundle, roots);
    let only = only_node(snapshot);
    let mut found: BTreeMap<(String, String), Seen> = BTreeMap::new();
    for log in &snapshot.logs {
        // What is unnamed on purpose is on no list.
        let gone = log.pod != UNNAMED && is_listed(&log.namespace);
        if log.pod.is_empty() || is_known(log) || gone {
            continue;
        }
        let key = (log.namespace.clone(), log.pod.clone());
        let seen = found
            .entry(key)
            .or_insert_with(|| seen(log, snapshot.bundle, (roots, &names), &only));
        if !log.container.is_empty() {
            seen.containers.insert(log.container.clone());
        }
    }
    if found.is_empty() {
        return;
    }
    let pods = found
        .into_iter()
        .map(|((namespace, name), seen)| runtime::pod(namespace, name, seen));
    snapshot.objects.extend(pods);
    snapshot.objects = object::merge(std::mem::take(&mut snapshot.objects));
}

/// Gives logs of which nothing says whose they are a pod of the name that their file has, else an unnamed one, so that
/// what they say is found: somebody who hands in a log alone asks about it. Where any pod is known they may be of that
/// one, and files of a host are as likely those of its own programs.
fn name(snapshot: &mut Snapshot<'_>, roots: &[Root]) {
    let mut objects = snapshot.objects.iter();
    let listed = snapshot.coverage.status("Pod") == Status::Collected;
    if listed || objects.any(|it| it.kind == "Pod") {
        return;
    }
    let names = hosts::names(snapshot.bundle, roots);
    for log in &mut snapshot.logs {
        let path = snapshot.bundle.file(log.file).path.as_str();
        let host = hosts::of_path(path, roots, &names);
        if !log.pod.is_empty() || host != hosts::Host::default() || is_of_host(path) {
            continue;
        }
        // A dot is that of a file, `ticket.md`.
        if log.container.contains('.') {
            log.container.clear();
        }
        log.pod = match log.container.as_str() {
            name if known::is_name(name) => name.to_owned(),
            _ => UNNAMED.to_owned(),
        };
    }
}

/// Whether a file lies where a host's own programs log.
fn is_of_host(path: &str) -> bool {
    let path = format!("/{path}");
    ["/var/log/", "/sos_commands/", "/journal"]
        .iter()
        .any(|part| path.contains(part))
}

/// What the place of a log says of its pod.
fn seen(
    log: &LogFile,
    bundle: &Bundle,
    (roots, names): (&[Root], &BTreeMap<String, String>),
    only: &str,
) -> Seen {
    let path = bundle.file(log.file).path.as_str();
    let uid = place::uid_of_path(path).unwrap_or("");
    let component = components::of_name(&log.pod)
        .filter(|it| it.container == log.container && it.namespace == log.namespace);
    let of_static = component.and_then(|it| it.node_of(&log.pod));
    let mut node = hosts::of_path(path, roots, names).name;
    if node.is_empty()
        && let Some(named) = of_static
    {
        named.clone_into(&mut node);
    }
    // What lies in a runtime's directory was written on the host that everything is of; what runs on each host, or from
    // a host's manifests, speaks of some host.
    let of_host = component.is_some_and(components::Component::is_of_host);
    if node.is_empty() && (of_host || only != UNNAMED && place::is_of_runtime(path)) {
        only.clone_into(&mut node);
    }
    Seen {
        file: log.file,
        uid: uid.to_owned(),
        node,
        containers: BTreeSet::new(),
    }
}

/// The only host that is known; empty if there are several. Where none has a name, it is the unnamed one.
fn only_node(snapshot: &Snapshot<'_>) -> String {
    let of_reports = snapshot.hosts.iter().map(|report| report.node.as_str());
    let of_journals = snapshot.journals.iter().flat_map(|journal| &journal.nodes);
    let nodes = snapshot.objects.iter().filter(|it| it.kind == "Node");
    let names: BTreeSet<&str> = of_reports
        .chain(of_journals.map(String::as_str))
        .chain(nodes.map(|node| node.name.as_str()))
        .filter(|name| !name.is_empty())
        .collect();
    let mut names = names.into_iter();
    match (names.next(), names.next()) {
        (Some(only), None) => only.to_owned(),
        (None, _) => UNNAMED.to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Object;

    const LINE: &str = "E0303 08:00:01.250000       1 server.go:12] \"no answer\"\n";

    fn pods(files: &[(&str, &str)], check: impl FnOnce(&[Object], &[LogFile])) {
        let bundle = Bundle::from_texts("t", files.iter().copied().chain([("x/y", "")]));
        let snapshot = crate::read(&bundle);
        let pods: Vec<Object> = snapshot
            .objects
            .into_iter()
            .filter(|it| it.kind == "Pod")
            .collect();
        check(&pods, &snapshot.logs);
    }

    #[test]
    fn the_log_of_a_component_is_its_pods() {
        for (path, namespace, pod, container) in [
            ("etcd.log", "kube-system", "etcd", "etcd"),
            ("a/etcd-m1.log", "kube-system", "etcd-m1", "etcd"),
            (
                "coredns-7d4b9c5f68-x2x4z.log",
                "kube-system",
                "coredns-7d4b9c5f68-x2x4z",
                "coredns",
            ),
            ("calico-node.txt", "", "calico-node", "calico-node"),
            ("cart-7d4b9c5f68-x2x4z.log", "", "cart-7d4b9c5f68-x2x4z", ""),
        ] {
            pods(&[(path, &LINE.repeat(3))], |pods, logs| {
                let of: Vec<_> = pods
                    .iter()
                    .map(|it| (it.namespace.as_str(), it.name.as_str(), it.partial))
                    .collect();
                assert_eq!(of, [(namespace, pod, true)], "{path}");
                assert_eq!(logs[0].container, container, "{path}");
            });
        }
    }

    #[test]
    fn a_log_that_is_nobodys_is_of_a_pod_called_as_its_file() {
        let pod = |files: &[(&str, &str)]| {
            let mut found = Vec::new();
            pods(files, |pods, logs| {
                assert!(logs.iter().all(|log| log.container != "ticket.md"));
                found = pods.iter().map(|pod| pod.name.to_string()).collect();
            });
            found
        };
        let text = LINE.repeat(3);
        assert_eq!(pod(&[("cart.log", &text)]), ["cart"]);
        assert_eq!(pod(&[("ticket.md", &text)]), [UNNAMED]);
        // A host's own programs log there.
        assert!(pod(&[("m1/var/log/cart.log", &text)]).is_empty());
        let listed = "$ kubectl get pods -n shop\nNAME    READY   STATUS    RESTARTS   AGE\nweb-0   1/1     Running   0          2d\n";
        assert_eq!(
            pod(&[("a/pods.txt", listed), ("a/cart.log", &text)]),
            ["web-0"]
        );
    }

    #[test]
    fn static_pods_have_the_labels_that_kubeadm_gives_them() {
        pods(&[("etcd-m1.log", LINE)], |pods, _| {
            let of = |path: &[&str]| pods[0].root.str_at(path);
            assert_eq!(of(&["metadata", "labels", "component"]), Some("etcd"));
            assert_eq!(of(&["spec", "nodeName"]), Some("m1"));
        });
        let path = "pods/kube-system_kube-apiserver-m1_0123456789abcdef0123456789abcdef/kube-apiserver/0.log";
        pods(&[(path, LINE)], |pods, _| {
            let tier = pods[0].root.str_at(&["metadata", "labels", "tier"]);
            assert_eq!(tier, Some("control-plane"));
        });
    }

    #[test]
    fn a_static_pod_has_a_node_though_nothing_names_it() {
        let node = |files: &[(&str, &str)]| {
            let mut found = None;
            pods(files, |pods, _| {
                let pod = pods.iter().find(|it| it.name == "etcd");
                let name = pod.and_then(|it| it.root.str_at(&["spec", "nodeName"]));
                found = name.map(str::to_owned);
            });
            found
        };
        let of = |host: &str| format!("Mar  3 08:00:01 {host} kubelet[12]: no network\n").repeat(3);
        let (one, other) = (of("w1"), of("w2"));
        let log = ("etcd.log", LINE);
        assert_eq!(node(&[log]).as_deref(), Some(UNNAMED));
        assert_eq!(node(&[log, ("a/j.log", &one)]).as_deref(), Some("w1"));
        let both = [log, ("a/j.log", one.as_str()), ("b/j.log", other.as_str())];
        assert_eq!(node(&both), None);
    }

    #[test]
    fn directories_of_the_runtime_make_pods_in_any_layout() {
        let id = "0123456789abcdef".repeat(4);
        let journal = "Mar  3 08:00:01 w1 kubelet[12]: no network\n".repeat(3);
        let by_id = format!("var/log/containers/db-0_shop_pg-{id}.log");
        let uid = "5f1c9c53-8f60-4c1a-9a57-6b1f7d0f6c11";
        let (now, then) = (
            format!("var/log/pods/shop_cart-0_{uid}/app/3.log"),
            format!("var/log/pods/shop_cart-0_{uid}/app/2.log"),
        );
        let files = [
            (by_id.as_str(), LINE),
            (now.as_str(), LINE),
            (
                then.as_str(),
                "E0303 07:00:01.250000       1 server.go:12] \"gone\"\n",
            ),
            ("logs/shop/web-0/nginx.log", LINE),
            ("var/log/messages", &journal),
        ];
        pods(&files, |pods, logs| {
            let of: Vec<_> = pods
                .iter()
                .map(|it| {
                    let node = it.root.str_at(&["spec", "nodeName"]);
                    (it.name.as_str(), it.uid.as_str(), node)
                })
                .collect();
            assert_eq!(
                of,
                [
                    ("cart-0", uid, Some("w1")),
                    ("db-0", "", Some("w1")),
                    ("web-0", "", None)
                ]
            );
            let previous: Vec<&str> = logs
                .iter()
                .filter(|log| log.previous)
                .map(|log| log.pod.as_str())
                .collect();
            assert_eq!(previous, ["cart-0"]);
        });
    }

    #[test]
    fn what_was_captured_has_its_log() {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: etcd-m1, namespace: kube-system, uid: p1}\nspec: {containers: [{name: etcd}]}\n";
        pods(
            &[("a/pods.yaml", pod), ("a/etcd.log", LINE)],
            |pods, logs| {
                assert_eq!((pods.len(), logs[0].pod.as_str()), (1, "etcd-m1"));
            },
        );
        let listed = "kind: PodList\napiVersion: v1\nitems: []\n";
        let files = [
            ("a/pods.yaml", listed),
            ("a/logs/shop/web-0/nginx.log", LINE),
        ];
        pods(&files, |pods, _| assert!(pods.is_empty()));
    }
}
