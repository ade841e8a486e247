//! Reads the description of a pod, and of the pod template that a workload's description holds.

use super::{
    container,
    object::{Described, Draft, conditions, copy_number, copy_text, copy_time, phase},
    sections::{Entry, Section},
    table::Table,
    values::{self, Fields},
    volume,
};
use crate::node::Node;

/// A pod.
pub(super) fn read(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    let line = top.get("Name").map_or(0, Entry::line);
    phase(described, out);
    placed(top, out);
    copy_time(top, "Start Time", &mut out.status, "startTime");
    for (field, key) in [("Reason", "reason"), ("Message", "message")] {
        match top.get(field) {
            Some(entry) => out.status.put(key, container::folded(entry)),
            None => out.status.absent(key),
        }
    }
    addresses(top, out);
    copy_text(
        top,
        "NominatedNodeName",
        &mut out.status,
        "nominatedNodeName",
    );
    if let Some(entry) = top.any(&["QoS Class", "QoS Tier"]) {
        out.status.put(
            "qosClass",
            values::text_or_null(entry.value(), entry.line()),
        );
    }
    match top.get("Conditions") {
        Some(entry) => out.status.put("conditions", conditions(entry)),
        None => out.status.absent("conditions"),
    }
    // Since 1.24, which is after startup probes and priorities.
    let modern = top.has("Service Account");
    let containers = spec(top, modern, line, &mut out.spec);
    for (key, statuses) in containers {
        out.status.put(key, values::list_or_null(statuses, line));
    }
    if modern {
        for (field, key) in [
            ("Priority", "priority"),
            ("Priority Class Name", "priorityClassName"),
        ] {
            if !top.has(field) {
                out.spec.absent(key);
            }
        }
        for (field, key) in [
            ("Start Time", "startTime"),
            ("NominatedNodeName", "nominatedNodeName"),
        ] {
            if !top.has(field) {
                out.status.absent(key);
            }
        }
    }
}

/// `Node:  worker-1/10.0.0.1`, of which either part may be empty.
fn placed(top: Section<'_, '_>, out: &mut Draft) {
    let Some(entry) = top.get("Node") else {
        return;
    };
    let line = entry.line();
    if entry.value() == "<none>" || entry.value() == "/" {
        out.spec.put("nodeName", values::null(line));
        out.status.put("hostIP", values::null(line));
        return;
    }
    let (node, address) = entry.value().split_once('/').unwrap_or((entry.value(), ""));
    out.spec.put("nodeName", values::text_or_null(node, line));
    if entry.value().contains('/') {
        out.status
            .put("hostIP", values::text_or_null(address, line));
    }
}

fn addresses(top: Section<'_, '_>, out: &mut Draft) {
    if let Some(entry) = top.get("IP") {
        out.status
            .put("podIP", values::text_or_null(entry.value(), entry.line()));
    }
    if let Some(entry) = top.get("IPs") {
        let items = entry
            .below
            .entries()
            .filter(|entry| entry.key() == "IP" && !values::is_none(entry.value()))
            .map(|entry| {
                let address = values::text(entry.value(), entry.line());
                Node::map(vec![("ip", address)]).at_line(entry.line())
            })
            .collect();
        out.status
            .put("podIPs", values::list_or_null(items, entry.line()));
    }
}

/// Fields of `spec` that pods and templates print alike; gives the statuses of containers.
fn spec(
    section: Section<'_, '_>,
    modern: bool,
    line: u32,
    out: &mut Fields,
) -> Vec<(&'static str, Vec<Node>)> {
    copy_text(section, "Service Account", out, "serviceAccountName");
    copy_number(section, "Priority", out, "priority");
    for field in ["Priority Class Name", "PriorityClassName"] {
        copy_text(section, field, out, "priorityClassName");
    }
    copy_text(section, "Runtime Class Name", out, "runtimeClassName");
    let mut statuses = Vec::new();
    for (field, key, status) in [
        ("Init Containers", "initContainers", "initContainerStatuses"),
        ("Containers", "containers", "containerStatuses"),
        (
            "Ephemeral Containers",
            "ephemeralContainers",
            "ephemeralContainerStatuses",
        ),
    ] {
        match section.get(field) {
            Some(entry) => {
                let found = container::read(entry, modern || started_probes(section));
                out.put(key, values::list_or_null(found.specs, entry.line()));
                statuses.push((status, found.statuses));
            }
            // Ephemeral containers are printed since 1.18; a section that was cut says nothing.
            None if section.has("Containers") && (key == "initContainers" || modern) => {
                out.put(key, values::null(line));
                statuses.push((status, Vec::new()));
            }
            None => {}
        }
    }
    if let Some(entry) = section.get("Volumes") {
        out.put("volumes", volume::read(entry));
    }
    for field in ["Node-Selectors", "Node-Selector"] {
        if let Some(entry) = section.get(field) {
            out.put(
                "nodeSelector",
                values::labels(&entry.values(), entry.line()),
            );
        }
    }
    if let Some(entry) = section.get("Tolerations") {
        let items = entry
            .values()
            .into_iter()
            .map(|(line, text)| values::toleration(text, line))
            .collect();
        out.put("tolerations", values::list_or_null(items, entry.line()));
    }
    if let Some(entry) = section.get("Topology Spread Constraints") {
        out.put("topologySpreadConstraints", spread(entry));
    }
    if let Some(entry) = section.get("SeccompProfile") {
        out.put("securityContext", container::seccomp(entry, section));
    }
    if let Some(entry) = section.get("Resources") {
        out.put("resources", container::resources(entry));
    }
    if let Some(entry) = section.get("Readiness Gates") {
        out.put("readinessGates", gates(entry));
    }
    statuses
}

/// Some container's startup probe shows that this version prints them.
fn started_probes(section: Section<'_, '_>) -> bool {
    section.get("Containers").is_some_and(|entry| {
        entry
            .below
            .rows
            .iter()
            .any(|row| row.text.starts_with("Startup: "))
    })
}

/// `zone:DoNotSchedule when max skew 1 is exceeded for selector app=x`
fn spread(entry: Entry<'_, '_>) -> Option<Node> {
    let mut items = Vec::new();
    for (line, text) in entry.values() {
        let (what, rest) = text.split_once(" when max skew ")?;
        let (key, when) = what.rsplit_once(':')?;
        let (skew, rest) = rest.split_once(" is exceeded")?;
        let mut fields = Fields::new(line);
        fields.put("topologyKey", values::text(key, line));
        fields.put("whenUnsatisfiable", values::text(when, line));
        fields.put("maxSkew", values::number(skew, line));
        match rest.split_once("for selector ") {
            Some((_, chosen)) => fields.put("labelSelector", values::selector(chosen, line)),
            None => fields.absent("labelSelector"),
        }
        items.push(fields.node());
    }
    Some(values::list_or_null(items, entry.line()))
}

fn gates(entry: Entry<'_, '_>) -> Option<Node> {
    let (table, rows) = Table::of(entry.below)?;
    let items = rows
        .into_iter()
        .filter_map(|row| {
            let cells = table.cells(row.raw)?;
            let kind = values::text(cells.first()?, row.line);
            Some(Node::map(vec![("conditionType", kind)]).at_line(row.line))
        })
        .collect();
    Some(values::list_or_null(items, entry.line()))
}

/// `Pod Template:` of a workload.
pub(super) fn template(section: Section<'_, '_>, out: &mut Fields) {
    let Some(entry) = section.get("Pod Template") else {
        return;
    };
    let below = entry.below;
    let line = entry.line();
    let mut metadata = Fields::new(line);
    if let Some(labels) = below.get("Labels") {
        metadata.put("labels", values::labels(&labels.values(), labels.line()));
        // Printed only if there are any.
        match below.get("Annotations") {
            Some(found) => metadata.put("annotations", super::object::annotations(found)),
            None => metadata.absent("annotations"),
        }
    }
    let mut fields = Fields::new(line);
    // Selectors and tolerations of templates are printed since 1.31.
    let modern = below.has("Node-Selectors");
    spec(below, modern, line, &mut fields);
    if modern && !below.has("Priority Class Name") {
        fields.absent("priorityClassName");
    }
    // A template says nothing of where it will run but what is printed.
    let mut node = Fields::new(line);
    node.put("metadata", metadata.node());
    node.put("spec", fields.node());
    out.put("template", node.node());
}
