//! Knows the columns that kubectl prints for each kind: to tell a kind by its table, and to read rows without a header.

use crate::text::table::Header;

/// Columns that tell a kind: all of them occur, in this order of preference.
const TELLING: &[(&[&str], &str)] = &[
    (&["READY", "STATUS", "RESTARTS"], "Pod"),
    (&["STATUS", "ROLES", "VERSION"], "Node"),
    (&["LAST SEEN", "REASON", "OBJECT"], "Event"),
    (&["LASTSEEN", "REASON", "KIND"], "Event"),
    (&["LAST SEEN", "REASON", "KIND"], "Event"),
    (&["DESIRED", "CURRENT", "NODE SELECTOR"], "DaemonSet"),
    (&["DESIRED", "CURRENT", "NODE-SELECTOR"], "DaemonSet"),
    (&["READY", "UP-TO-DATE", "AVAILABLE"], "Deployment"),
    (&["DESIRED", "UP-TO-DATE", "AVAILABLE"], "Deployment"),
    (&["DESIRED", "CURRENT", "READY"], "ReplicaSet"),
    (&["COMPLETIONS", "DURATION"], "Job"),
    (&["SCHEDULE", "SUSPEND", "ACTIVE"], "CronJob"),
    (&["CLUSTER-IP", "PORT(S)"], "Service"),
    (&["ADDRESSTYPE", "ENDPOINTS"], "EndpointSlice"),
    (&["ENDPOINTS", "AGE"], "Endpoints"),
    (&["HOSTS", "ADDRESS", "PORTS"], "Ingress"),
    (&["STATUS", "VOLUME", "CAPACITY"], "PersistentVolumeClaim"),
    (&["CAPACITY", "CLAIM", "STATUS"], "PersistentVolume"),
    (&["PROVISIONER"], "StorageClass"),
    (&["TYPE", "DATA", "AGE"], "Secret"),
    (&["DATA", "AGE"], "ConfigMap"),
    (&["SECRETS", "AGE"], "ServiceAccount"),
    (&["REQUEST", "LIMIT"], "ResourceQuota"),
    (
        &["REFERENCE", "TARGETS", "MINPODS"],
        "HorizontalPodAutoscaler",
    ),
    (
        &["MIN AVAILABLE", "ALLOWED DISRUPTIONS"],
        "PodDisruptionBudget",
    ),
    (&["POD-SELECTOR"], "NetworkPolicy"),
    (&["HOLDER", "AGE"], "Lease"),
    (&["VALUE", "GLOBAL-DEFAULT"], "PriorityClass"),
    (&["DRIVERS", "AGE"], "CSINode"),
    (&["ATTACHREQUIRED"], "CSIDriver"),
    (&["ATTACHER", "ATTACHED"], "VolumeAttachment"),
    (&["SERVICE", "AVAILABLE", "AGE"], "APIService"),
    (&["STATUS", "MESSAGE", "ERROR"], "ComponentStatus"),
    (&["SIGNERNAME", "CONDITION"], "CertificateSigningRequest"),
    (&["CPU(CORES)", "CPU%"], "NodeMetrics"),
    (&["CPU(CORES)", "MEMORY(BYTES)"], "PodMetrics"),
];

/// The kind whose columns these are. Tables of two kinds that look alike are told by nothing here:
/// the first of `STATUS AGE` and `READY AGE` alone are namespaces and stateful sets.
pub(in crate::text) fn infer(header: &Header) -> Option<&'static str> {
    let has = |name: &str| {
        header
            .columns
            .iter()
            .any(|column| column.eq_ignore_ascii_case(name))
    };
    let told = TELLING
        .iter()
        .find(|(columns, _)| columns.iter().all(|column| has(column)));
    if let Some((_, kind)) = told {
        return Some(kind);
    }
    // A head of somebody's own; custom resources, too, print reasons with messages, but below their names.
    let own = !has("NAME") && (has("OBJECT") || has("KIND") || has("POD"));
    if header.is_of_events() && own {
        return Some("Event");
    }
    // Custom resources print such columns too, but more of them.
    let plain = ["NAMESPACE", "NAME", "AGE", "LABELS", "CONTAINERS", "IMAGES"];
    let rest: Vec<&str> = header
        .columns
        .iter()
        .map(String::as_str)
        .filter(|column| !plain.contains(column))
        .collect();
    match rest.as_slice() {
        ["STATUS"] if !has("NAMESPACE") => Some("Namespace"),
        ["READY"] => Some("StatefulSet"),
        _ => None,
    }
}

/// Columns of events, of whichever version.
const OF_EVENTS: &[&str] = &[
    "COUNT",
    "FIRST SEEN",
    "FIRSTSEEN",
    "KIND",
    "LAST SEEN",
    "LASTSEEN",
    "MESSAGE",
    "NAME",
    "NAMESPACE",
    "OBJECT",
    "REASON",
    "SOURCE",
    "SUBOBJECT",
    "TYPE",
];

/// Whether kubectl calls a column so.
pub(in crate::text) fn is_column(name: &str) -> bool {
    let counted = COUNTED.iter().flat_map(|(_, plain, more)| [*plain, *more]);
    let telling = TELLING.iter().map(|(columns, _)| *columns);
    counted
        .chain(telling)
        .chain([OF_EVENTS])
        .any(|columns| columns.contains(&name))
}

/// Columns of a kind that are never empty, so that rows can be read by counting: plain and wide.
const COUNTED: &[(&str, &[&str], &[&str])] = &[
    (
        "Pod",
        &["NAME", "READY", "STATUS", "RESTARTS", "AGE"],
        &["IP", "NODE", "NOMINATED NODE", "READINESS GATES"],
    ),
    (
        "Deployment",
        &["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"],
        &["CONTAINERS", "IMAGES", "SELECTOR"],
    ),
    (
        "ReplicaSet",
        &["NAME", "DESIRED", "CURRENT", "READY", "AGE"],
        &["CONTAINERS", "IMAGES", "SELECTOR"],
    ),
    (
        "StatefulSet",
        &["NAME", "READY", "AGE"],
        &["CONTAINERS", "IMAGES"],
    ),
    (
        "DaemonSet",
        &[
            "NAME",
            "DESIRED",
            "CURRENT",
            "READY",
            "UP-TO-DATE",
            "AVAILABLE",
            "NODE SELECTOR",
            "AGE",
        ],
        &["CONTAINERS", "IMAGES", "SELECTOR"],
    ),
    (
        "Service",
        &[
            "NAME",
            "TYPE",
            "CLUSTER-IP",
            "EXTERNAL-IP",
            "PORT(S)",
            "AGE",
        ],
        &["SELECTOR"],
    ),
    ("Endpoints", &["NAME", "ENDPOINTS", "AGE"], &[]),
    ("Node", &["NAME", "STATUS", "ROLES", "AGE", "VERSION"], &[]),
    ("Namespace", &["NAME", "STATUS", "AGE"], &[]),
    ("ConfigMap", &["NAME", "DATA", "AGE"], &[]),
    ("Secret", &["NAME", "TYPE", "DATA", "AGE"], &[]),
    (
        "Event",
        &["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"],
        &[],
    ),
];

/// The header of rows whose header a filter removed.
pub(super) fn counted(kind: &str, wide: bool, namespaces: bool, labels: bool) -> Option<Header> {
    let (_, plain, more) = COUNTED.iter().find(|(known, _, _)| *known == kind)?;
    let mut columns: Vec<&str> = Vec::new();
    columns.extend(namespaces.then_some("NAMESPACE"));
    columns.extend(*plain);
    if wide {
        // Wide events and nodes print columns that may hold blanks or nothing.
        if more.is_empty() && matches!(kind, "Event" | "Node") {
            return None;
        }
        columns.extend(*more);
    }
    columns.extend(labels.then_some("LABELS"));
    Some(Header::of(&columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_tell_their_kind() {
        for (line, kind) in [
            ("NAME   READY   STATUS   RESTARTS   AGE", Some("Pod")),
            ("NAMESPACE   NAME   READY   AGE", Some("StatefulSet")),
            ("NAME   STATUS   AGE", Some("Namespace")),
            ("NAME   STATUS   AGE   LABELS", Some("Namespace")),
            ("NAME   DATA   AGE", Some("ConfigMap")),
            ("NAME   TYPE   DATA   AGE", Some("Secret")),
            ("NAME   CREATED AT", None),
            ("NAME   AGE", None),
            ("NAME   CPU(cores)   MEMORY(bytes)", Some("PodMetrics")),
            (
                "NAME   CPU(cores)   CPU%   MEMORY(bytes)   MEMORY%",
                Some("NodeMetrics"),
            ),
            (
                "NAME   READY   UP-TO-DATE   AVAILABLE   AGE",
                Some("Deployment"),
            ),
        ] {
            let header = Header::read(line).unwrap();
            assert_eq!(infer(&header), kind, "{line}");
        }
    }
}
