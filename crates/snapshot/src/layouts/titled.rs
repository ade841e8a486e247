//! Gives the logs that `minikube logs` printed below a container's name and id to the pods of `kube-system` that have those.

use coldcase_bundle::Bundle;

use super::known::Known;
use crate::logs::{LogFile, Span};

/// The namespace of what minikube itself runs.
const NAMESPACE: &str = "kube-system";

/// Finds the pods of logs below a title.
pub(crate) fn claim(bundle: &Bundle, logs: &mut [LogFile], known: &Known) {
    let open =
        |log: &&mut LogFile| log.pod.is_empty() && log.span != Span::WHOLE && log.span.first > 1;
    for log in logs.iter_mut().filter(open) {
        let line = bundle.file(log.file).line(log.span.first - 1).into_owned();
        let Some((container, id)) = title(&line) else {
            continue;
        };
        let of_name = || {
            let pod = known.sole_pod_with(NAMESPACE, container)?;
            Some((NAMESPACE, pod, container, false))
        };
        let found = known.container_of_short_id(id).or_else(of_name);
        if let Some((namespace, pod, container, previous)) = found {
            namespace.clone_into(&mut log.namespace);
            pod.clone_into(&mut log.pod);
            container.clone_into(&mut log.container);
            log.previous = previous;
        }
    }
}

/// `==> coredns [0f2e5d1a1b3c] <==`
fn title(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_end().trim_start_matches(['*', ' ']);
    let inner = line.strip_prefix("==> ")?.strip_suffix("] <==")?;
    let (name, id) = inner.split_once(" [")?;
    let is_id = id.len() >= 8 && id.bytes().all(|b| b.is_ascii_hexdigit());
    (is_id && !name.is_empty()).then_some((name, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_below_a_containers_name_is_its_pods() {
        let pod = |name: &str, container: &str, id: &str| {
            format!(
                "- {{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: kube-system, uid: {name}}}, spec: {{containers: [{{name: {container}}}]}}, status: {{containerStatuses: [{{name: {container}, containerID: 'docker://{id}', state: {{running: {{}}}}}}]}}}}\n"
            )
        };
        let dns = "0f2e5d1a".repeat(8);
        let pods = [
            "apiVersion: v1\nkind: List\nitems:\n".to_owned(),
            pod("names-1", "dns", &dns),
            pod("names-2", "dns", &"1a".repeat(32)),
            pod("store-m", "store", &"2b".repeat(32)),
        ]
        .concat();
        let text = "==> dns [0f2e5d1a0f2e] <==\n[FATAL] loop\n\n==> store [99999999aaaa] <==\n2026-03-04T08:00:00Z slow\n\n==> dns [77777777aaaa] <==\n[INFO] x\n";
        let bundle = Bundle::from_texts("t", [("pods.yaml", &*pods), ("minikube.log", text)]);
        let logs = crate::read(&bundle).logs;
        let whose: Vec<(&str, &str)> = logs
            .iter()
            .map(|log| (log.pod.as_str(), log.container.as_str()))
            .collect();
        // Of two pods with such a container it is neither's.
        assert_eq!(
            whose,
            [("names-1", "dns"), ("store-m", "store"), ("", "dns")]
        );
        assert_eq!(title("==> kubelet <=="), None);
        // Only a table names the pod.
        let table = "$ kubectl get pods -A\nNAMESPACE     NAME      READY   STATUS    RESTARTS   AGE\nkube-system   dns-x2c   0/1     Error     3          5m\n";
        let bundle = Bundle::from_texts("t", [("pods.txt", table), ("minikube.log", text)]);
        let logs = crate::read(&bundle).logs;
        assert_eq!(logs.first().map(|log| log.pod.as_str()), Some("dns-x2c"));
    }
}
