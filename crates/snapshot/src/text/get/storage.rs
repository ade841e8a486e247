//! Reads rows of volumes, claims, storage classes and attachments.

use super::row::Fields;
use crate::text::tree::{flag, null, seq, text};

/// kubectl's short words for access modes.
const ACCESS_MODES: &[(&str, &str)] = &[
    ("ROX", "ReadOnlyMany"),
    ("RWO", "ReadWriteOnce"),
    ("RWOP", "ReadWriteOncePod"),
    ("RWX", "ReadWriteMany"),
];

fn access_modes(row: &mut Fields<'_>, path: &[&str]) {
    let cell = row
        .value("ACCESS MODES")
        .or_else(|| row.value("ACCESSMODES"));
    let Some(cell) = cell else {
        return;
    };
    let line = row.line;
    let modes = cell
        .split(',')
        .filter_map(|short| ACCESS_MODES.iter().find(|(word, _)| *word == short))
        .map(|(_, mode)| text(mode, line))
        .collect();
    row.put(path, seq(modes, line));
}

/// STATUS is the phase unless the object is being deleted, so one that reads otherwise is not.
fn phase(row: &mut Fields<'_>) {
    match row.value("STATUS") {
        Some("Terminating") => row.set(&["table", "status"], "Terminating"),
        Some(phase) => {
            row.set(&["status", "phase"], phase);
            row.absent(&["metadata", "deletionTimestamp"]);
        }
        None => {}
    }
}

pub(super) fn claim(row: &mut Fields<'_>) {
    phase(row);
    row.text("VOLUME", &["spec", "volumeName"]);
    row.text("CAPACITY", &["status", "capacity", "storage"]);
    access_modes(row, &["status", "accessModes"]);
    row.text("STORAGECLASS", &["spec", "storageClassName"]);
    row.text("VOLUMEMODE", &["spec", "volumeMode"]);
}

pub(super) fn volume(row: &mut Fields<'_>) {
    phase(row);
    row.text("CAPACITY", &["spec", "capacity", "storage"]);
    access_modes(row, &["spec", "accessModes"]);
    row.text("RECLAIM POLICY", &["spec", "persistentVolumeReclaimPolicy"]);
    row.text("RECLAIMPOLICY", &["spec", "persistentVolumeReclaimPolicy"]);
    row.text("STORAGECLASS", &["spec", "storageClassName"]);
    row.text("REASON", &["status", "reason"]);
    row.text("VOLUMEMODE", &["spec", "volumeMode"]);
    match row.cell("CLAIM") {
        Some("") => row.absent(&["spec", "claimRef"]),
        Some(cell) => {
            if let Some((namespace, name)) = cell.split_once('/') {
                row.set(&["spec", "claimRef", "namespace"], namespace);
                row.set(&["spec", "claimRef", "name"], name);
            }
        }
        None => {}
    }
}

/// `(default)` behind the name is an annotation; without it the annotation is known not to be set.
pub(super) fn class(row: &mut Fields<'_>) {
    let line = row.line;
    let default = row
        .cell("NAME")
        .is_some_and(|name| name.ends_with("(default)"));
    let node = if default {
        text("true", line)
    } else {
        null(line)
    };
    row.put(
        &[
            "metadata",
            "annotations",
            "storageclass.kubernetes.io/is-default-class",
        ],
        node,
    );
    row.text("PROVISIONER", &["provisioner"]);
    row.text("RECLAIMPOLICY", &["reclaimPolicy"]);
    row.text("VOLUMEBINDINGMODE", &["volumeBindingMode"]);
    row.truth("ALLOWVOLUMEEXPANSION", &["allowVolumeExpansion"]);
}

pub(super) fn attachment(row: &mut Fields<'_>) {
    row.text("ATTACHER", &["spec", "attacher"]);
    row.text("PV", &["spec", "source", "persistentVolumeName"]);
    row.text("NODE", &["spec", "nodeName"]);
    if let Some(cell) = row.value("ATTACHED") {
        row.put(&["status", "attached"], flag(cell == "true", row.line));
    }
}

pub(super) fn driver(row: &mut Fields<'_>) {
    row.truth("ATTACHREQUIRED", &["spec", "attachRequired"]);
    row.truth("PODINFOONMOUNT", &["spec", "podInfoOnMount"]);
    row.truth("STORAGECAPACITY", &["spec", "storageCapacity"]);
    row.truth("REQUIRESREPUBLISH", &["spec", "requiresRepublish"]);
}
