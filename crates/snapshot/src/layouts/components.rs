//! Knows the pods that clusters run of themselves, by the name of the pod or of the file that holds its log: container, namespace, labels.

use super::known;

/// A component of a cluster that runs in pods.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Component {
    /// What its pods' names begin with.
    name: &'static str,
    /// Its container.
    pub(super) container: &'static str,
    /// The namespace that it always runs in; empty if that differs.
    pub(super) namespace: &'static str,
    /// The labels that kubeadm, or the project's own manifest, always gives its pods.
    pub(super) labels: &'static [(&'static str, &'static str)],
    /// Run from a manifest on the node, whose name ends the pod's name.
    is_static: bool,
}

const SYSTEM: &str = "kube-system";

/// A component of the control plane: kubeadm labels it by its name.
macro_rules! control {
    ($name:literal) => {
        Component {
            name: $name,
            container: $name,
            namespace: SYSTEM,
            labels: &[("component", $name), ("tier", "control-plane")],
            is_static: true,
        }
    };
}

const fn addon(
    name: &'static str,
    container: &'static str,
    namespace: &'static str,
    labels: &'static [(&'static str, &'static str)],
) -> Component {
    Component {
        name,
        container,
        namespace,
        labels,
        is_static: false,
    }
}

/// The longer of two names that begin alike comes first.
const ALL: &[Component] = &[
    control!("etcd"),
    control!("kube-apiserver"),
    control!("kube-controller-manager"),
    control!("kube-scheduler"),
    addon("aws-node", "aws-node", SYSTEM, &[("k8s-app", "aws-node")]),
    addon(
        "calico-kube-controllers",
        "calico-kube-controllers",
        "",
        &[],
    ),
    addon(
        "calico-node",
        "calico-node",
        "",
        &[("k8s-app", "calico-node")],
    ),
    addon("cilium-agent", "cilium-agent", SYSTEM, &[]),
    addon("cilium-operator", "cilium-operator", SYSTEM, &[]),
    addon("cilium", "cilium-agent", SYSTEM, &[]),
    addon("coredns", "coredns", SYSTEM, &[("k8s-app", "kube-dns")]),
    addon("kube-flannel-ds", "kube-flannel", "", &[]),
    addon("kube-flannel", "kube-flannel", "", &[]),
    addon(
        "kube-proxy",
        "kube-proxy",
        SYSTEM,
        &[("k8s-app", "kube-proxy")],
    ),
];

/// Words in names of pods that only help a component of the control plane.
const HELPERS: &[&str] = &[
    "backup", "browser", "config", "defrag", "druid", "events", "exporter", "init", "manager",
    "metrics", "monitor", "operator", "proxy", "quorum", "restore", "snapshot", "webhook",
];

/// The component whose pod, or whose log, has a name.
pub(super) fn of_name(name: &str) -> Option<&'static Component> {
    ALL.iter().find(|component| {
        name == component.name
            || known::made_by(name, component.name)
            || component.is_static && component.node_of(name).is_some()
    })
}

/// The component that runs in a container of a pod.
pub(super) fn of_container(
    namespace: &str,
    pod: &str,
    container: &str,
) -> Option<&'static Component> {
    let fits = |it: &&Component| it.namespace.is_empty() || it.namespace == namespace;
    of_name(pod)
        .filter(|it| it.container == container)
        .filter(fits)
}

/// Containers of the daemons that run on every host.
const DAEMONS: &[&str] = &[
    "aws-node",
    "calico-node",
    "cilium-agent",
    "kube-flannel",
    "kube-proxy",
];

impl Component {
    /// Whether what it says is about the host that it runs on.
    pub(super) fn is_of_host(&self) -> bool {
        self.is_static || DAEMONS.contains(&self.container)
    }

    /// The node that the name of a static pod ends with.
    pub(super) fn node_of<'n>(&self, pod: &'n str) -> Option<&'n str> {
        let node = pod.strip_prefix(self.name)?.strip_prefix('-')?;
        let helps = node.split('-').any(|word| HELPERS.contains(&word));
        (self.is_static && !node.is_empty() && !helps).then_some(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_pods_and_files_tell_the_component() {
        for (name, container) in [
            ("etcd", Some("etcd")),
            ("etcd-m1", Some("etcd")),
            ("etcd-backup-29012345-x2x4z", None),
            (
                "kube-apiserver-ip-10-0-0-7.internal",
                Some("kube-apiserver"),
            ),
            ("kube-proxy-x2x4z", Some("kube-proxy")),
            ("kube-proxy-config", None),
            ("coredns-7d4b9c5f68-x2x4z", Some("coredns")),
            ("cilium-x2x4z", Some("cilium-agent")),
            ("cilium-operator-7d4b9c5f68-x2x4z", Some("cilium-operator")),
            ("kube-flannel-ds-x2x4z", Some("kube-flannel")),
            ("cart", None),
        ] {
            let found = of_name(name).map(|it| it.container);
            assert_eq!(found, container, "{name}");
        }
        assert_eq!(of_name("etcd-m1").unwrap().node_of("etcd-m1"), Some("m1"));
        assert!(of_container("shop", "etcd-0", "etcd").is_none());
        assert!(of_container("kube-system", "etcd-m1", "etcd").is_some());
    }
}
