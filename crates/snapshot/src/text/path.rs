//! Finds the command that a file's name speaks of: `kubectl_get_pods_-A`, `systemctl-status-kubelet.txt`, `nodesdescribe`.

use super::{resource, shell::is_kubectl};

/// What a file's name says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hint {
    /// The command; empty if the name says none.
    pub argv: Vec<String>,
    /// The name spells the command out, options and all.
    pub spelled: bool,
}

const EXTENSIONS: &[&str] = &[".txt", ".log", ".out", ".text", ".output", ".md"];

/// kubectl's verbs that print what is read here.
const VERBS: &[&str] = &[
    "get",
    "describe",
    "logs",
    "top",
    "version",
    "events",
    "cluster-info",
    "api-resources",
    "rollout",
];

/// Other commands, as the first words of a name.
const TOOLS: &[&str] = &[
    "amtool",
    "arp",
    "crictl",
    "date",
    "df",
    "dmesg",
    "docker",
    "free",
    "hostname",
    "ip",
    "ip6tables-save",
    "iptables",
    "iptables-save",
    "ipvsadm",
    "journalctl",
    "lsblk",
    "lscpu",
    "lsmod",
    "mount",
    "netstat",
    "nft",
    "ps",
    "ss",
    "sysctl",
    "systemctl",
    "timedatectl",
    "top",
    "uname",
    "uptime",
    "vmstat",
];

/// The command that the last part of a path names.
pub(super) fn hint(path: &str) -> Hint {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = EXTENSIONS
        .iter()
        .find_map(|extension| name.strip_suffix(extension))
        .unwrap_or(name);
    if stem.len() > 400 {
        return Hint::default();
    }
    if let Some(hint) = periscope(path) {
        return hint;
    }
    let separators: &[char] = if stem.contains(' ') {
        &[' ']
    } else if stem.contains('_') {
        &['_']
    } else {
        &['-']
    };
    let words: Vec<&str> = stem
        .split(separators)
        .filter(|word| !word.is_empty())
        .collect();
    let first = words.first().copied().unwrap_or("");
    // `microk8s_kubectl_get…`, `.var.lib.rancher.rke2.bin.kubectl_get…`
    let tool_at = words
        .iter()
        .take(3)
        .position(|word| *word == "kubectl" || word.ends_with(".kubectl") || word.ends_with(".oc"));
    if let Some(at) = tool_at.or_else(|| is_kubectl(first).then_some(0)) {
        return kubectl(words.get(at..).unwrap_or(&[]), separators == ['-']);
    }
    if let Some(argv) = tool(stem, &words) {
        return Hint {
            argv,
            spelled: true,
        };
    }
    resource_file(stem).unwrap_or_default()
}

/// AKS Periscope keeps descriptions as `kubeobjects/<namespace>_<resource>_<name>`.
fn periscope(path: &str) -> Option<Hint> {
    let mut parts = path.rsplit('/');
    let name = parts.next()?;
    if parts.next()? != "kubeobjects" {
        return None;
    }
    let mut words = name.split('_');
    let (namespace, word, name) = (words.next()?, words.next()?, words.next()?);
    resource::kind(word)?;
    if words.next().is_some() || namespace.is_empty() || name.is_empty() {
        return None;
    }
    let namespace = format!("--namespace={namespace}");
    let argv = ["kubectl", "describe", word, name, namespace.as_str()];
    Some(Hint {
        argv: argv.map(str::to_owned).to_vec(),
        spelled: true,
    })
}

/// Collectors replace blanks and slashes in the command by one sign, so words of an option's path are
/// not told from others: everything before the verb that is no option is dropped.
fn kubectl(words: &[&str], dashed: bool) -> Hint {
    let Some(at) = words.iter().position(|word| VERBS.contains(word)) else {
        return Hint::default();
    };
    let mut argv = vec!["kubectl".to_owned()];
    let mut before = words.get(1..at).unwrap_or(&[]).iter();
    while let Some(word) = before.next() {
        if matches!(*word, "-n" | "--namespace") {
            argv.extend(before.next().map(|value| format!("--namespace={value}")));
        } else if word.starts_with("--namespace=") {
            argv.push((*word).to_owned());
        }
    }
    let rest = words.get(at..).unwrap_or(&[]);
    for word in rest {
        // A copy of the same command's output is numbered by the collector.
        let plain = word
            .rsplit_once('.')
            .filter(|(_, number)| number.bytes().all(|b| b.is_ascii_digit()) && !number.is_empty())
            .map_or(*word, |(word, _)| word);
        let last = resource::kind(plain).is_some();
        argv.push(if last { plain } else { word }.to_owned());
    }
    // `kubectl-get-pods-wide` spells no options, and `kubectl-get` no resource.
    if dashed {
        argv.retain(|word| !matches!(word.as_str(), "wide" | "all"));
    }
    Hint {
        argv,
        spelled: !dashed,
    }
}

/// `systemctl_status_--all`, `systemctl-status-kubelet`, `df_-al`, `date`.
fn tool(stem: &str, words: &[&str]) -> Option<Vec<String>> {
    if TOOLS.contains(&stem) {
        return Some(vec![stem.to_owned()]);
    }
    let first = words.first()?;
    let service = ["systemctl-status-", "systemctl_status_"]
        .iter()
        .find_map(|prefix| stem.strip_prefix(prefix));
    if let Some(unit) = service {
        return Some(["systemctl", "status", unit].map(str::to_owned).to_vec());
    }
    // A dash parts words of ordinary names too: only options make it a command.
    let options = words.iter().skip(1).any(|word| word.starts_with('-'));
    let known = TOOLS.contains(first) && (options || stem.contains(' ') || stem.contains('_'));
    known.then(|| words.iter().map(|&word| word.to_owned()).collect())
}

/// `pods.txt`, `get-pods-wide.txt`, `nodesdescribe`, `describe-pods`.
fn resource_file(stem: &str) -> Option<Hint> {
    let lower = stem.to_ascii_lowercase();
    let (verb, rest) = if let Some(rest) = lower.strip_prefix("describe") {
        ("describe", rest)
    } else if let Some(rest) = lower
        .strip_suffix("describe")
        .or_else(|| lower.strip_suffix("described"))
    {
        ("describe", rest)
    } else {
        ("get", lower.strip_prefix("get").unwrap_or(&lower))
    };
    let mut rest = rest.trim_matches(['-', '_', '.', ' ']);
    for suffix in ["-wide", "_wide", ".wide", "-all", "_all"] {
        rest = rest.strip_suffix(suffix).unwrap_or(rest);
    }
    let kind = resource::kind(rest)?;
    // A singular or short name is as likely to be somebody's own word (`service.txt`).
    let plural = rest.ends_with('s') || rest == "endpoints";
    (plural || verb == "describe" || lower.starts_with("get")).then(|| Hint {
        argv: vec!["kubectl".to_owned(), verb.to_owned(), kind.to_owned()],
        spelled: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(path: &str) -> String {
        hint(path).argv.join(" ")
    }

    #[test]
    fn names_spell_commands() {
        assert_eq!(
            argv(
                "sos_commands/kubernetes/pods/kubectl_--kubeconfig_.root.cdk.cdk_addons_kubectl_config_get_-o_json_--namespace_default_pods"
            ),
            "kubectl get -o json --namespace default pods"
        );
        assert_eq!(
            argv(
                "x/kubectl_--kubeconfig_.root.cdk_kubectl_config_--namespace_kube-system_describe_pods_a-0"
            ),
            "kubectl --namespace=kube-system describe pods a-0"
        );
        assert_eq!(
            argv("x/kubectl_get_pods_-A_-o_wide"),
            "kubectl get pods -A -o wide"
        );
        assert_eq!(
            argv("x/kubectl_config_get_namespaces.1"),
            "kubectl get namespaces"
        );
        assert_eq!(argv("kubectl get pods -A.txt"), "kubectl get pods -A");
        assert_eq!(argv("x/kubectl_config_config_view"), "");
        assert_eq!(argv("x/microk8s_kubectl_get_nodes"), "kubectl get nodes");
        assert_eq!(
            argv("x/.var.lib.rancher.rke2.bin.kubectl_get_nodes"),
            "kubectl get nodes"
        );
        assert_eq!(
            argv("1/n1/kubeobjects/kube-system_pod_coredns-1"),
            "kubectl describe pod coredns-1 --namespace=kube-system"
        );
        assert_eq!(argv("kubeobjects/kube-system_thing_a"), "");
        assert_eq!(argv("kubectl-get.txt"), "kubectl get");
        assert_eq!(argv("kubectl-describe-nodes.txt"), "kubectl describe nodes");
        assert_eq!(
            argv("nodes/a/systemctl-status-kube-proxy.txt"),
            "systemctl status kube-proxy"
        );
        assert_eq!(argv("x/systemctl_status_--all"), "systemctl status --all");
        assert_eq!(argv("x/df_-al"), "df -al");
        assert_eq!(argv("x/date"), "date");
        assert_eq!(argv("rke2/kubectl/pods"), "kubectl get Pod");
        assert_eq!(argv("kubectl/nodesdescribe"), "kubectl describe Node");
        assert_eq!(argv("get-pods-wide.txt"), "kubectl get Pod");
        assert_eq!(argv("var/log/app-server.log"), "");
        assert_eq!(argv("service.txt"), "");
        assert_eq!(argv("df-app.log"), "");
    }

    proptest::proptest! {
        #[test]
        fn any_name_is_safe(path in "\\PC{0,60}") {
            let _ = hint(&path);
        }
    }
}
