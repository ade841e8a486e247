//! Reads the description of a node, with the lease and the pods that it shows.
//!
//! The pods in its table become partial `Pod`s with name, namespace and `spec.nodeName`; the sums
//! that the table prints stand in the fields `requests` and `limits` of the pod's root, and the
//! node's own sums in `allocated` of the node's root: the API has no such fields.

use super::{
    object::{Described, Draft, conditions, copy_flag, copy_text, copy_time, quantities},
    sections::{Entry, Section},
    table::{Table, is_rule},
    values::{self, Fields},
};
use crate::node::Node;

/// Fields of `System Info:`.
const INFO: &[(&str, &str)] = &[
    ("Machine ID", "machineID"),
    ("System UUID", "systemUUID"),
    ("Boot ID", "bootID"),
    ("Kernel Version", "kernelVersion"),
    ("OS Image", "osImage"),
    ("Operating System", "operatingSystem"),
    ("Architecture", "architecture"),
    ("Container Runtime Version", "containerRuntimeVersion"),
    ("Kubelet Version", "kubeletVersion"),
    ("Kube-Proxy Version", "kubeProxyVersion"),
];

/// A node.
pub(super) fn read(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    if let Some(entry) = top.get("Taints") {
        let items = entry
            .values()
            .into_iter()
            .filter_map(|(line, text)| values::taint(text, line))
            .collect();
        out.spec
            .put("taints", values::list_or_null(items, entry.line()));
    }
    copy_flag(top, "Unschedulable", &mut out.spec, "unschedulable");
    copy_text(top, "PodCIDR", &mut out.spec, "podCIDR");
    if let Some(entry) = top.get("PodCIDRs") {
        let node = values::words_or_null(entry.value(), ',', entry.line());
        out.spec.put("podCIDRs", node);
    }
    copy_text(top, "ProviderID", &mut out.spec, "providerID");
    // Leases are shown since 1.18; by then these were printed whenever they were set.
    if top.has("Lease") && top.has("System Info") {
        for (field, key) in [("PodCIDR", "podCIDR"), ("ProviderID", "providerID")] {
            if !top.has(field) {
                out.spec.absent(key);
            }
        }
    }
    if let Some(entry) = top.get("Conditions") {
        out.status.put("conditions", conditions(entry));
    }
    if let Some(entry) = top.get("Addresses") {
        out.status.put("addresses", addresses(entry));
    }
    for (field, key) in [("Capacity", "capacity"), ("Allocatable", "allocatable")] {
        if let Some(entry) = top.get(field) {
            out.status.put(key, quantities(entry));
        }
    }
    if let Some(entry) = top.get("System Info") {
        let mut info = Fields::new(entry.line());
        for (field, key) in INFO {
            copy_text(entry.below, field, &mut info, key);
        }
        out.status.put("nodeInfo", info.node());
    }
    if let Some(entry) = top.get("Allocated resources") {
        out.root.put("allocated", allocated(entry));
    }
    if let Some(entry) = top.get("Lease") {
        out.others.extend(lease(entry, &described.name));
    }
    if let Some(entry) = top.get("Non-terminated Pods") {
        out.others.extend(pods(entry, &described.name));
    }
}

/// `InternalIP:  10.0.0.1`; before 1.8 a list on one line, which names no types.
fn addresses(entry: Entry<'_, '_>) -> Option<Node> {
    if !entry.value().is_empty() {
        return None;
    }
    let items = entry
        .below
        .entries()
        .filter(|entry| !entry.key().is_empty())
        .map(|entry| {
            let line = entry.line();
            Node::map(vec![
                ("type", values::text(entry.key(), line)),
                ("address", values::text(entry.value(), line)),
            ])
            .at_line(line)
        })
        .collect();
    Some(values::list_or_null(items, entry.line()))
}

/// The lease by which the kubelet says that it lives.
fn lease(entry: Entry<'_, '_>, node: &str) -> Option<Node> {
    if entry.below.rows.is_empty() {
        return None;
    }
    let line = entry.line();
    let mut spec = Fields::new(line);
    copy_text(entry.below, "HolderIdentity", &mut spec, "holderIdentity");
    copy_time(entry.below, "AcquireTime", &mut spec, "acquireTime");
    copy_time(entry.below, "RenewTime", &mut spec, "renewTime");
    let metadata = Node::map(vec![
        ("name", Node::text(node)),
        ("namespace", Node::text("kube-node-lease")),
    ]);
    let mut fields = Fields::new(line);
    fields.put("apiVersion", Node::text("coordination.k8s.io/v1"));
    fields.put("kind", Node::text("Lease"));
    fields.put("metadata", metadata.at_line(line));
    fields.put("spec", spec.node());
    Some(fields.node())
}

/// `200m (10%)` without its share.
fn amount(cell: &str) -> &str {
    cell.split(' ').next().unwrap_or("")
}

fn pods(entry: Entry<'_, '_>, node: &str) -> Vec<Node> {
    let Some((table, rows)) = Table::of(entry.below) else {
        return Vec::new();
    };
    let Some((namespaces, names)) = table.column("Namespace").zip(table.column("Name")) else {
        return Vec::new();
    };
    let one = |row: &&super::sections::Row<'_>| {
        let cells = table.cells(row.raw)?;
        let cell = |at: usize| cells.get(at).copied().filter(|cell| !cell.is_empty());
        let (namespace, name) = cell(namespaces).zip(cell(names))?;
        if name.contains(' ') || namespace.contains(' ') {
            return None;
        }
        let line = row.line;
        let mut fields = Fields::new(line);
        fields.put("apiVersion", Node::text("v1"));
        fields.put("kind", Node::text("Pod"));
        let metadata = Node::map(vec![
            ("name", values::text(name, line)),
            ("namespace", values::text(namespace, line)),
        ]);
        fields.put("metadata", metadata.at_line(line));
        let place = Node::map(vec![("nodeName", Node::text(node))]);
        fields.put("spec", place.at_line(line));
        for (key, cpu, memory) in [
            ("requests", "CPU Requests", "Memory Requests"),
            ("limits", "CPU Limits", "Memory Limits"),
        ] {
            let mut sums = Fields::new(line);
            for (resource, column) in [("cpu", cpu), ("memory", memory)] {
                let sum = table.column(column).and_then(cell).map(amount);
                sums.put(resource, sum.map(|sum| values::text(sum, line)));
            }
            fields.put(key, sums.some());
        }
        Some(fields.node())
    };
    rows.iter().filter_map(one).collect()
}

/// The sums of requests and limits of all pods.
fn allocated(entry: Entry<'_, '_>) -> Option<Node> {
    let rows = entry.below.rows;
    let heading = rows
        .iter()
        .position(|row| row.text.starts_with("Resource "))?;
    let section = Section {
        rows: rows.get(heading..)?,
    };
    let (table, rows) = Table::of(section)?;
    let mut requests = Fields::new(entry.line());
    let mut limits = Fields::new(entry.line());
    for row in rows {
        let Some(cells) = table.cells(row.raw).filter(|_| !is_rule(row.text)) else {
            continue;
        };
        if let [resource, request, limit, ..] = cells.as_slice() {
            requests.pair(resource, values::text(amount(request), row.line));
            limits.pair(resource, values::text(amount(limit), row.line));
        }
    }
    let mut fields = Fields::new(entry.line());
    fields.put("requests", requests.node());
    fields.put("limits", limits.node());
    Some(fields.node())
}
