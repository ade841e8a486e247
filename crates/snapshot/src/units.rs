//! Knows the units that run a component of Kubernetes under another name, or several of them in one process.

/// A component, and what runs it under another name: binaries that embed it, packages of other formats, old names.
const RUN_BY: &[(&str, &[&str])] = &[
    (
        "kubelet",
        &[
            "atomic-openshift-node",
            "hyperkube",
            "k3s",
            "k3s-agent",
            "k3s-server",
            "kubelet-eks.daemon",
            "kubelet-wrapper",
            "kubelet.daemon",
            "localkube",
            "microk8s.daemon-kubelet",
            "microk8s.daemon-kubelite",
            "origin-node",
            "rke2",
            "rke2-agent",
            "rke2-server",
        ],
    ),
    (
        "kube-apiserver",
        &[
            "k3s",
            "k3s-server",
            "kube-apiserver.daemon",
            "localkube",
            "microk8s.daemon-apiserver",
            "microk8s.daemon-kubelite",
        ],
    ),
    (
        "kube-controller-manager",
        &[
            "k3s",
            "k3s-server",
            "kube-controller-manager.daemon",
            "localkube",
            "microk8s.daemon-controller-manager",
            "microk8s.daemon-kubelite",
        ],
    ),
    (
        "kube-scheduler",
        &[
            "k3s",
            "k3s-server",
            "kube-scheduler.daemon",
            "localkube",
            "microk8s.daemon-kubelite",
            "microk8s.daemon-scheduler",
        ],
    ),
    (
        "kube-proxy",
        &[
            "k3s",
            "k3s-agent",
            "k3s-server",
            "kube-proxy.daemon",
            "localkube",
            "microk8s.daemon-kubelite",
            "microk8s.daemon-proxy",
        ],
    ),
    (
        "etcd",
        &[
            "etcd-member",
            "etcd2",
            "k3s",
            "k3s-server",
            "localkube",
            "microk8s.daemon-etcd",
        ],
    ),
    (
        "containerd",
        &["k3s-containerd", "microk8s.daemon-containerd"],
    ),
];

/// Units that are of the control plane's machines alone. `k3s` and `rke2` are what agents call themselves as well.
const SERVERS: &[&str] = &[
    "etcd",
    "etcd-member",
    "k3s-server",
    "kube-apiserver",
    "kube-apiserver.daemon",
    "kube-controller-manager",
    "kube-scheduler",
    "microk8s.daemon-apiserver",
    "rke2-server",
];

/// Services of nodes that are never an application.
const OTHERS: &[&str] = &["containerd", "crio", "cri-dockerd", "dockerd", "systemd"];

/// A unit without what snap puts before the names of its services.
fn bare(unit: &str) -> &str {
    unit.strip_prefix("snap.").unwrap_or(unit)
}

/// Whether a unit runs a component: it is the component's own, or one that embeds it or calls it otherwise.
pub fn runs(unit: &str, component: &str) -> bool {
    unit == component
        || RUN_BY
            .iter()
            .any(|(name, others)| *name == component && others.contains(&bare(unit)))
}

/// Whether only a machine of the control plane has such a unit.
pub fn is_of_control_plane(unit: &str) -> bool {
    SERVERS.contains(&bare(unit))
}

/// Whether a name is that of a service of nodes, so that a line needs no process number to be a journal's.
pub(crate) fn is_service(name: &str) -> bool {
    let name = bare(name);
    OTHERS.contains(&name)
        || RUN_BY
            .iter()
            .any(|(component, others)| *component == name || others.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_runs_what_it_embeds() {
        for (unit, component, expected) in [
            ("kubelet", "kubelet", true),
            ("k3s", "kubelet", true),
            ("k3s", "etcd", true),
            ("k3s-agent", "etcd", false),
            ("snap.microk8s.daemon-kubelite", "kube-apiserver", true),
            ("snap.kubelet.daemon", "kubelet", true),
            ("kubelet", "k3s", false),
            ("kernel", "kubelet", false),
        ] {
            assert_eq!(runs(unit, component), expected, "{unit} {component}");
        }
        assert!(is_of_control_plane("rke2-server") && !is_of_control_plane("k3s-agent"));
        assert!(is_service("kubelet") && is_service("rke2-agent") && !is_service("main"));
    }
}
