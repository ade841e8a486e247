//! Reads the descriptions of claims, volumes, storage classes and CSI nodes.

use super::{
    object::{Described, Draft, conditions, copy_flag, copy_text, phase},
    sections::Entry,
    values::{self, Fields},
    volume,
};
use crate::node::Node;

/// `RWO,ROX` in the API's words; `None` if one is unknown.
fn access_modes(value: &str, line: u32) -> Option<Node> {
    let modes: Option<Vec<Node>> = value
        .split(',')
        .map(str::trim)
        .filter(|mode| !values::is_none(mode))
        .map(|mode| {
            let word = match mode {
                "RWO" => "ReadWriteOnce",
                "ROX" => "ReadOnlyMany",
                "RWX" => "ReadWriteMany",
                "RWOP" => "ReadWriteOncePod",
                _ => return None,
            };
            Some(values::text(word, line))
        })
        .collect();
    Some(values::list_or_null(modes?, line))
}

fn capacity(entry: Entry<'_, '_>) -> Node {
    let line = entry.line();
    if values::is_none(entry.value()) {
        return values::null(line);
    }
    Node::map(vec![("storage", values::text(entry.value(), line))]).at_line(line)
}

/// A persistent volume claim. Of its requests the description says nothing; capacity and access
/// modes are those of the bound volume.
pub(super) fn claim(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    phase(described, out);
    storage_class(top.get("StorageClass"), &mut out.spec);
    copy_text(top, "Volume", &mut out.spec, "volumeName");
    copy_text(top, "VolumeMode", &mut out.spec, "volumeMode");
    if let Some(entry) = top.get("Capacity") {
        out.status.put("capacity", capacity(entry));
    }
    if let Some(entry) = top.get("Access Modes") {
        out.status
            .put("accessModes", access_modes(entry.value(), entry.line()));
    }
    if let Some(entry) = top.get("DataSource") {
        let mut fields = Fields::new(entry.line());
        for (field, key) in [("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name")] {
            copy_text(entry.below, field, &mut fields, key);
        }
        out.spec.put("dataSource", fields.node());
    }
    match top.get("Conditions") {
        Some(entry) => out.status.put("conditions", conditions(entry)),
        // Printed if there are any, after the pods.
        None if top.has("Used By") => out.status.absent("conditions"),
        None => {}
    }
}

/// An empty class says that none is asked for; whether it is unset or empty is not told.
fn storage_class(entry: Option<Entry<'_, '_>>, out: &mut Fields) {
    if let Some(entry) = entry.filter(|entry| !values::is_none(entry.value())) {
        out.put(
            "storageClassName",
            values::text(entry.value(), entry.line()),
        );
    }
}

/// A persistent volume.
pub(super) fn volume(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    phase(described, out);
    // Nothing after the label is a volume without a class, which is known rather than left out.
    if let Some(entry) = top.get("StorageClass") {
        let class = entry.value().trim();
        out.spec
            .put("storageClassName", values::text(class, entry.line()));
    }
    copy_text(
        top,
        "Reclaim Policy",
        &mut out.spec,
        "persistentVolumeReclaimPolicy",
    );
    copy_text(top, "VolumeMode", &mut out.spec, "volumeMode");
    if let Some(entry) = top.get("Claim") {
        match entry.value().split_once('/') {
            Some((namespace, name)) => {
                let line = entry.line();
                let claim = Node::map(vec![
                    ("namespace", values::text(namespace, line)),
                    ("name", values::text(name, line)),
                ]);
                out.spec.put("claimRef", claim.at_line(line));
            }
            None => out.spec.put("claimRef", values::null(entry.line())),
        }
    }
    if let Some(entry) = top.get("Capacity") {
        out.spec.put("capacity", capacity(entry));
    }
    if let Some(entry) = top.get("Access Modes") {
        out.spec
            .put("accessModes", access_modes(entry.value(), entry.line()));
    }
    if let Some(entry) = top.get("Node Affinity") {
        out.spec.put("nodeAffinity", node_affinity(entry));
    }
    if let Some(entry) = top.get("Message") {
        out.status
            .put("message", values::text_or_null(entry.value(), entry.line()));
    }
    if let Some(entry) = top.get("Source")
        && let Some((key, node)) = volume::source(entry.below, entry.line())
    {
        out.spec.put(key, node);
    }
}

/// `Required Terms:` with `Term 0:  zone in [a]` below it.
fn node_affinity(entry: Entry<'_, '_>) -> Option<Node> {
    let line = entry.line();
    if values::is_none(entry.value()) && entry.below.rows.is_empty() {
        return (entry.value() == "<none>").then(|| values::null(line));
    }
    let terms = entry.below.get("Required Terms")?;
    let items: Option<Vec<Node>> = terms
        .below
        .entries()
        .map(|term| values::node_selector_term(&term.values(), term.line()))
        .collect();
    let list = values::list_or_null(items?, terms.line());
    let required = Node::map(vec![("nodeSelectorTerms", list)]).at_line(terms.line());
    Some(Node::map(vec![("required", required)]).at_line(line))
}

/// A storage class. Its parameters are printed on one line, without quotes.
pub(super) fn class(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    copy_text(top, "Provisioner", &mut out.root, "provisioner");
    copy_text(top, "ReclaimPolicy", &mut out.root, "reclaimPolicy");
    copy_text(top, "VolumeBindingMode", &mut out.root, "volumeBindingMode");
    copy_flag(
        top,
        "AllowVolumeExpansion",
        &mut out.root,
        "allowVolumeExpansion",
    );
    if let Some(entry) = top.get("Parameters") {
        out.root.put(
            "parameters",
            values::joined_labels(entry.value(), entry.line()),
        );
    }
    if let Some(entry) = top.get("MountOptions") {
        let items = entry
            .values()
            .into_iter()
            .map(|(line, text)| values::text(text, line))
            .collect();
        out.root
            .put("mountOptions", values::list_or_null(items, entry.line()));
    }
    out.metadata
        .put("annotations", class_annotations(described));
}

/// Annotations on one line, where a comma may be part of a value: only what makes a class the
/// default one is taken from it.
fn class_annotations(described: &Described<'_, '_>) -> Option<Node> {
    let default = described.top.get("IsDefaultClass")?;
    let entry = described.top.get("Annotations")?;
    let (text, _) = entry.folded();
    let mut fields = Fields::new(entry.line());
    for key in [
        "storageclass.kubernetes.io/is-default-class",
        "storageclass.beta.kubernetes.io/is-default-class",
    ] {
        let found = text
            .split_once(key)
            .and_then(|(_, rest)| rest.strip_prefix('='))
            .map(|rest| rest.split(',').next().unwrap_or(""));
        match found {
            Some(value) => fields.put(key, values::text(value, default.line())),
            None => fields.put(key, values::null(default.line())),
        }
    }
    Some(fields.node())
}

/// The drivers of a node.
pub(super) fn csi_node(described: &Described<'_, '_>, out: &mut Draft) {
    let Some(drivers) = described
        .top
        .get("Spec")
        .and_then(|spec| spec.below.get("Drivers"))
    else {
        return;
    };
    let mut items = Vec::new();
    for driver in drivers.below.entries() {
        let line = driver.line();
        let mut fields = Fields::new(line);
        fields.put(
            "name",
            values::text(driver.row.text.trim_end_matches(':'), line),
        );
        copy_text(driver.below, "Node ID", &mut fields, "nodeID");
        if let Some(entry) = driver.below.get("Allocatables") {
            let mut count = Fields::new(entry.line());
            super::object::copy_number(entry.below, "Count", &mut count, "count");
            fields.put("allocatable", count.node());
        }
        if let Some(entry) = driver.below.get("Topology Keys") {
            let inner = entry.value().trim_matches(['[', ']']);
            fields.put(
                "topologyKeys",
                values::words_or_null(inner, ' ', entry.line()),
            );
        }
        items.push(fields.node());
    }
    out.spec
        .put("drivers", values::list_or_null(items, drivers.line()));
}
