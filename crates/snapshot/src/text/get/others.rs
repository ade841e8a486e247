//! Reads rows of configuration, quotas, namespaces, API services and the rest.

use super::{
    network::condition,
    row::{Fields, ratio_text},
};
use crate::text::tree::{map, null, seq, text};

/// A quota with more resources is not believed.
const MAX_RESOURCES: usize = 200;

/// The number of entries is kept in `table`: names and values are not printed.
pub(super) fn data(row: &mut Fields<'_>) {
    row.number("DATA", &["table", "data"]);
    row.text("TYPE", &["type"]);
}

pub(super) fn service_account(row: &mut Fields<'_>) {
    row.number("SECRETS", &["table", "secrets"]);
}

/// REQUEST and LIMIT hold `cpu: used/hard, pods: used/hard`.
pub(super) fn quota(row: &mut Fields<'_>) {
    for column in ["REQUEST", "LIMIT"] {
        let Some(cell) = row.value(column) else {
            continue;
        };
        for part in cell.split(", ").take(MAX_RESOURCES) {
            if let Some((resource, (used, hard))) = part
                .split_once(": ")
                .and_then(|(resource, rest)| Some((resource, ratio_text(rest)?)))
            {
                row.set(&["status", "used", resource], used);
                row.set(&["status", "hard", resource], hard);
                row.set(&["spec", "hard", resource], hard);
            }
        }
    }
}

pub(super) fn namespace(row: &mut Fields<'_>) {
    row.text("STATUS", &["status", "phase"]);
}

pub(super) fn lease(row: &mut Fields<'_>) {
    row.text("HOLDER", &["spec", "holderIdentity"]);
}

pub(super) fn priority_class(row: &mut Fields<'_>) {
    row.number("VALUE", &["value"]);
    row.truth("GLOBAL-DEFAULT", &["globalDefault"]);
    row.text("PREEMPTIONPOLICY", &["preemptionPolicy"]);
}

pub(super) fn csi_node(row: &mut Fields<'_>) {
    row.number("DRIVERS", &["table", "drivers"]);
}

pub(super) fn api_service(row: &mut Fields<'_>) {
    match row.value("SERVICE") {
        Some("Local") => row.absent(&["spec", "service"]),
        Some(cell) => {
            if let Some((namespace, name)) = cell.split_once('/') {
                row.set(&["spec", "service", "namespace"], namespace);
                row.set(&["spec", "service", "name"], name);
            }
        }
        None => {}
    }
    condition(row, "AVAILABLE", "Available");
}

/// `Healthy` and `Unhealthy` are the condition's True and False.
pub(super) fn component_status(row: &mut Fields<'_>) {
    let line = row.line;
    let Some(status) = row.value("STATUS") else {
        return;
    };
    let truth = match status {
        "Healthy" => "True",
        "Unhealthy" => "False",
        _ => "Unknown",
    };
    let mut condition = map(
        vec![
            ("type", text("Healthy", line)),
            ("status", text(truth, line)),
        ],
        line,
    );
    for (column, field) in [("MESSAGE", "message"), ("ERROR", "error")] {
        if let Some(cell) = row.value(column) {
            condition.set(field, text(cell, line));
        }
    }
    row.put(&["conditions"], seq(vec![condition], line));
}

pub(super) fn signing_request(row: &mut Fields<'_>) {
    let line = row.line;
    row.text("SIGNERNAME", &["spec", "signerName"]);
    row.text("REQUESTOR", &["spec", "username"]);
    if let Some(cell) = row.value("CONDITION") {
        let conditions: Vec<_> = cell
            .split(',')
            .filter(|kind| !matches!(*kind, "Pending" | "Issued"))
            .map(|kind| {
                map(
                    vec![("type", text(kind, line)), ("status", text("True", line))],
                    line,
                )
            })
            .collect();
        row.set(&["table", "condition"], cell);
        let node = if conditions.is_empty() {
            null(line)
        } else {
            seq(conditions, line)
        };
        row.put(&["status", "conditions"], node);
    }
}

pub(super) fn webhooks(row: &mut Fields<'_>) {
    row.number("WEBHOOKS", &["table", "webhooks"]);
}

/// ROLE is `ClusterRole/admin`.
pub(super) fn role_binding(row: &mut Fields<'_>) {
    if let Some((kind, name)) = row.value("ROLE").and_then(|cell| cell.split_once('/')) {
        row.set(&["roleRef", "kind"], kind);
        row.set(&["roleRef", "name"], name);
    }
}

pub(super) fn controller_revision(row: &mut Fields<'_>) {
    row.number("REVISION", &["revision"]);
}
