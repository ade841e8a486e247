//! Tells nodes of the control plane from what ran on them, where no Node was captured that says its roles.

use std::collections::BTreeSet;

use coldcase_snapshot::{
    Snapshot,
    logs::{JournalFile, Span},
    node::Node,
    units,
};

use crate::{Entity, reported};

/// The label that kubeadm and its kin give the nodes of a control plane.
const ROLE: &str = "node-role.kubernetes.io/control-plane";
/// Lines and bytes of a journal that tell whose units it holds.
const FIRST: usize = 60;
const HEAD: usize = 16 << 10;

/// The nodes on which a static pod, or a unit, of the control plane ran.
pub(crate) fn servers<'s>(snapshot: &'s Snapshot<'s>) -> BTreeSet<&'s str> {
    let of_journals = snapshot
        .journals
        .iter()
        .filter(|journal| !journal.per_line && holds_server(snapshot, journal))
        .map(|journal| journal.node.as_str());
    // Asked first, so that of a large cluster few are looked into.
    let pods = snapshot.objects.iter();
    let pods = pods.filter(|it| it.kind == "Pod" && it.namespace == "kube-system");
    // The kubelet names a static pod by its node; what the host calls itself may differ.
    let of_pods = pods.filter_map(|pod| {
        let component = pod.root.str_at(&["metadata", "labels", "component"])?;
        let is_server = matches!(component, "etcd" | "kube-apiserver");
        let node = pod.root.str_at(&["spec", "nodeName"])?;
        is_server.then_some(node)
    });
    let mut found: BTreeSet<&str> = of_journals.chain(of_pods).collect();
    found.remove("");
    found
}

/// Whether the first lines of a journal, or its own name, are of a unit that only a control plane has.
fn holds_server(snapshot: &Snapshot<'_>, journal: &JournalFile) -> bool {
    let file = snapshot.bundle.file(journal.file);
    let is_server = |line: &str| matches!(journal.parse(line, None), Some(it) if units::is_of_control_plane(it.unit));
    if units::is_of_control_plane(&journal.unit) {
        return true;
    }
    if journal.span != Span::WHOLE {
        let mut lines = file.lines();
        let last = journal.span.last.min(file.line_count());
        let numbers = journal.span.first..=last;
        return numbers
            .take(FIRST)
            .any(|number| is_server(lines.line(number)));
    }
    // A file of one unit is called by it, whatever name the process has.
    let stem = file.name().split(['.', '_']).next().unwrap_or("");
    units::is_of_control_plane(stem) || file.head(HEAD).lines().take(FIRST).any(is_server)
}

/// Gives a node of which nothing but its name is known the role that follows from what ran there.
pub(crate) fn label(node: &mut Entity<'_>, servers: &BTreeSet<&str>) {
    if node.kind != "Node"
        || !reported::is_named_only(node)
        || !servers.contains(node.subject.name.as_str())
    {
        return;
    }
    let labels = Node::map(vec![(ROLE, Node::text(""))]);
    let metadata = Node::map(vec![
        ("name", Node::text(node.subject.name.as_str())),
        ("labels", labels),
    ]);
    let fields = vec![("kind", Node::text("Node")), ("metadata", metadata)];
    node.set_all(Node::map(fields).into());
}

#[cfg(test)]
mod tests {
    use coldcase_bundle::Bundle;

    #[test]
    fn what_ran_there_tells_the_role() {
        let line = |host: &str, unit: &str| format!("Mar  3 08:00:01 {host} {unit}[12]: it runs\n");
        let journal = [line("w1", "kubelet"), line("w1", "containerd")].concat();
        let server = line("m2", "etcd").repeat(3);
        let files = [
            ("a/w1.log", journal.as_str()),
            ("a/m2.log", server.as_str()),
            (
                "a/etcd-m1.log",
                "E0303 08:00:01.250000       1 server.go:12] no\n",
            ),
        ];
        let bundle = Bundle::from_texts("t", files);
        let snapshot = coldcase_snapshot::read(&bundle);
        let facts = crate::derive(&snapshot);
        let of = |name: &str| {
            let node = facts.get(facts.object("Node", "", name).unwrap());
            let labels = node.field("metadata").and_then(|it| it.get("labels"));
            labels.is_some_and(|it| it.get(super::ROLE).is_some())
        };
        assert_eq!(["m1", "m2", "w1"].map(of), [true, true, false]);
    }
}
