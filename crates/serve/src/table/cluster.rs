//! Rows of nodes, namespaces, events, configuration, rights and what extends the API.

use serde_json::Value;

use super::{AGE, Column, Context, NAME, Printer, name, or_none};
use crate::value::{self, flag, int, list, pairs, size, str, text};

const NODE: &[Column] = &[
    NAME,
    ("Status", "string", 0),
    ("Roles", "string", 0),
    AGE,
    ("Version", "string", 0),
    ("Internal-IP", "string", 1),
    ("External-IP", "string", 1),
    ("OS-Image", "string", 1),
    ("Kernel-Version", "string", 1),
    ("Container-Runtime", "string", 1),
];
const NAMESPACE: &[Column] = &[NAME, ("Status", "string", 0), AGE];
const EVENT: &[Column] = &[
    ("Last Seen", "string", 0),
    ("Type", "string", 0),
    ("Reason", "string", 0),
    ("Object", "string", 0),
    ("Subobject", "string", 1),
    ("Source", "string", 1),
    ("Message", "string", 0),
    ("First Seen", "string", 1),
    ("Count", "string", 1),
    ("Name", "string", 1),
];
const CONFIG_MAP: &[Column] = &[NAME, ("Data", "string", 0), AGE];
const SECRET: &[Column] = &[NAME, ("Type", "string", 0), ("Data", "string", 0), AGE];
const ACCOUNT: &[Column] = &[NAME, ("Secrets", "string", 0), AGE];
const QUOTA: &[Column] = &[NAME, ("Request", "string", 0), ("Limit", "string", 0), AGE];
const CREATED: &[Column] = &[NAME, ("Created At", "date", 0)];
const LEASE: &[Column] = &[NAME, ("Holder", "string", 0), AGE];
const PRIORITY: &[Column] = &[
    NAME,
    ("Value", "integer", 0),
    ("Global-Default", "boolean", 0),
    AGE,
    ("PreemptionPolicy", "string", 0),
];
const RUNTIME: &[Column] = &[NAME, ("Handler", "string", 0), AGE];
const WEBHOOKS: &[Column] = &[NAME, ("Webhooks", "integer", 0), AGE];
const API_SERVICE: &[Column] = &[
    NAME,
    ("Service", "string", 0),
    ("Available", "string", 0),
    AGE,
];
const BINDING: &[Column] = &[
    NAME,
    ("Role", "string", 0),
    AGE,
    ("Users", "string", 1),
    ("Groups", "string", 1),
    ("ServiceAccounts", "string", 1),
];
const REQUEST: &[Column] = &[
    NAME,
    AGE,
    ("SignerName", "string", 0),
    ("Requestor", "string", 0),
    ("RequestedDuration", "string", 0),
    ("Condition", "string", 0),
];

pub(super) fn printer(kind: &str) -> Option<(&'static [Column], Printer)> {
    Some(match kind {
        "Node" => (NODE, node as Printer),
        "Namespace" => (NAMESPACE, namespace),
        "Event" => (EVENT, event),
        "ConfigMap" => (CONFIG_MAP, config_map),
        "Secret" => (SECRET, secret),
        "ServiceAccount" => (ACCOUNT, account),
        "ResourceQuota" => (QUOTA, quota),
        "LimitRange" | "Role" | "ClusterRole" | "CustomResourceDefinition" => (CREATED, created),
        "Lease" => (LEASE, lease),
        "PriorityClass" => (PRIORITY, priority),
        "RuntimeClass" => (RUNTIME, runtime),
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => (WEBHOOKS, webhooks),
        "APIService" => (API_SERVICE, api_service),
        "RoleBinding" | "ClusterRoleBinding" => (BINDING, binding),
        "CertificateSigningRequest" => (REQUEST, request),
        _ => return None,
    })
}

fn node(object: &Value, context: Context) -> Vec<Value> {
    let ready = list(object, "status.conditions")
        .iter()
        .find(|condition| str(condition, "type") == "Ready");
    let mut status = match ready.map(|condition| str(condition, "status")) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if flag(object, "spec.unschedulable") {
        status.push_str(",SchedulingDisabled");
    }
    let mut roles: Vec<&str> = pairs(object, "metadata.labels")
        .iter()
        .filter_map(|(key, value)| match *key {
            "kubernetes.io/role" if !value.is_empty() => Some(*value),
            key => key.strip_prefix("node-role.kubernetes.io/"),
        })
        .filter(|role| !role.is_empty())
        .collect();
    roles.sort_unstable();
    roles.dedup();
    let address = |kind: &str| {
        let found = list(object, "status.addresses")
            .iter()
            .find(|address| str(address, "type") == kind);
        or_none(
            found
                .map_or("", |address| str(address, "address"))
                .to_owned(),
        )
    };
    let info = |field: &str| match str(object, &format!("status.nodeInfo.{field}")) {
        "" => Value::from("<unknown>"),
        text => text.into(),
    };
    vec![
        name(object),
        status.into(),
        or_none(roles.join(",")),
        context.age(object),
        str(object, "status.nodeInfo.kubeletVersion").into(),
        address("InternalIP"),
        address("ExternalIP"),
        info("osImage"),
        info("kernelVersion"),
        info("containerRuntimeVersion"),
    ]
}

fn namespace(object: &Value, context: Context) -> Vec<Value> {
    vec![
        name(object),
        str(object, "status.phase").into(),
        context.age(object),
    ]
}

/// The first of these fields that says something.
fn first<'v>(object: &'v Value, paths: &[&str]) -> &'v str {
    paths
        .iter()
        .map(|path| str(object, path))
        .find(|text| !text.is_empty())
        .unwrap_or("")
}

fn event(object: &Value, context: Context) -> Vec<Value> {
    let about = if object.get("regarding").is_some() {
        "regarding"
    } else {
        "involvedObject"
    };
    let of = |field: &str| str(object, &format!("{about}.{field}"));
    let ago = |paths: &[&str]| {
        let time = serde_json::json!({"time": first(object, paths)});
        context.since(&time, "time")
    };
    let begin = ago(&[
        "firstTimestamp",
        "deprecatedFirstTimestamp",
        "eventTime",
        "metadata.creationTimestamp",
    ]);
    let count = [
        int(object, "series.count"),
        int(object, "count"),
        int(object, "deprecatedCount"),
    ];
    let count = count.into_iter().find(|count| *count > 0).unwrap_or(1);
    let last = if count > 1 {
        ago(&[
            "series.lastObservedTime",
            "lastTimestamp",
            "deprecatedLastTimestamp",
            "eventTime",
            "metadata.creationTimestamp",
        ])
    } else {
        ago(&[
            "lastTimestamp",
            "deprecatedLastTimestamp",
            "eventTime",
            "firstTimestamp",
            "deprecatedFirstTimestamp",
            "metadata.creationTimestamp",
        ])
    };
    let component = first(
        object,
        &[
            "source.component",
            "deprecatedSource.component",
            "reportingComponent",
            "reportingController",
        ],
    );
    let host = first(
        object,
        &["source.host", "deprecatedSource.host", "reportingInstance"],
    );
    let source = if host.is_empty() {
        component.to_owned()
    } else {
        format!("{component}, {host}")
    };
    let target = match (of("kind"), of("name")) {
        (kind, "") => kind.to_ascii_lowercase(),
        (kind, name) => format!("{}/{name}", kind.to_ascii_lowercase()),
    };
    vec![
        last.into(),
        str(object, "type").into(),
        str(object, "reason").into(),
        target.into(),
        of("fieldPath").into(),
        source.into(),
        first(object, &["message", "note"]).trim().into(),
        begin.into(),
        count.to_string().into(),
        name(object),
    ]
}

fn config_map(object: &Value, context: Context) -> Vec<Value> {
    let count = size(object, "data") + size(object, "binaryData");
    vec![name(object), count.to_string().into(), context.age(object)]
}

fn secret(object: &Value, context: Context) -> Vec<Value> {
    vec![
        name(object),
        str(object, "type").into(),
        size(object, "data").to_string().into(),
        context.age(object),
    ]
}

fn account(object: &Value, context: Context) -> Vec<Value> {
    let count = list(object, "secrets").len();
    vec![name(object), count.to_string().into(), context.age(object)]
}

fn quota(object: &Value, context: Context) -> Vec<Value> {
    let shown = |limits: bool| {
        let parts: Vec<String> = pairs(object, "status.hard")
            .iter()
            .filter(|(key, _)| key.starts_with("limits.") == limits)
            .map(|(key, hard)| {
                let used = object
                    .pointer("/status/used")
                    .and_then(|used| used.get(*key))
                    .map(value::scalar)
                    .unwrap_or_default();
                format!("{key}: {used}/{hard}")
            })
            .collect();
        Value::from(parts.join(", "))
    };
    vec![name(object), shown(false), shown(true), context.age(object)]
}

fn created(object: &Value, _: Context) -> Vec<Value> {
    vec![
        name(object),
        str(object, "metadata.creationTimestamp").into(),
    ]
}

fn lease(object: &Value, context: Context) -> Vec<Value> {
    vec![
        name(object),
        str(object, "spec.holderIdentity").into(),
        context.age(object),
    ]
}

fn priority(object: &Value, context: Context) -> Vec<Value> {
    vec![
        name(object),
        int(object, "value").into(),
        flag(object, "globalDefault").into(),
        context.age(object),
        match str(object, "preemptionPolicy") {
            "" => "PreemptLowerPriority",
            policy => policy,
        }
        .into(),
    ]
}

fn runtime(object: &Value, context: Context) -> Vec<Value> {
    vec![
        name(object),
        str(object, "handler").into(),
        context.age(object),
    ]
}

fn webhooks(object: &Value, context: Context) -> Vec<Value> {
    vec![
        name(object),
        list(object, "webhooks").len().into(),
        context.age(object),
    ]
}

fn api_service(object: &Value, context: Context) -> Vec<Value> {
    let service = match str(object, "spec.service.name") {
        "" => "Local".to_owned(),
        name => format!("{}/{name}", str(object, "spec.service.namespace")),
    };
    let available = list(object, "status.conditions")
        .iter()
        .find(|condition| str(condition, "type") == "Available");
    let available = available.map_or("Unknown".to_owned(), |condition| {
        match (str(condition, "status"), str(condition, "reason")) {
            ("True", _) => "True".to_owned(),
            (status, reason) => format!("{status} ({reason})"),
        }
    });
    vec![
        name(object),
        service.into(),
        available.into(),
        context.age(object),
    ]
}

fn binding(object: &Value, context: Context) -> Vec<Value> {
    let subjects = |kind: &str| {
        let names: Vec<String> = list(object, "subjects")
            .iter()
            .filter(|subject| str(subject, "kind") == kind)
            .map(|subject| match (kind, str(subject, "namespace")) {
                ("ServiceAccount", namespace) if !namespace.is_empty() => {
                    format!("{namespace}/{}", str(subject, "name"))
                }
                _ => str(subject, "name").to_owned(),
            })
            .collect();
        Value::from(names.join(", "))
    };
    vec![
        name(object),
        format!(
            "{}/{}",
            str(object, "roleRef.kind"),
            str(object, "roleRef.name")
        )
        .into(),
        context.age(object),
        subjects("User"),
        subjects("Group"),
        subjects("ServiceAccount"),
    ]
}

fn request(object: &Value, context: Context) -> Vec<Value> {
    let has = |kind: &str| {
        list(object, "status.conditions")
            .iter()
            .any(|condition| str(condition, "type") == kind)
    };
    let mut condition = if has("Denied") {
        "Denied"
    } else if has("Approved") {
        "Approved"
    } else {
        "Pending"
    }
    .to_owned();
    if has("Failed") {
        condition.push_str(",Failed");
    }
    if !str(object, "status.certificate").is_empty() {
        condition.push_str(",Issued");
    }
    vec![
        name(object),
        context.age(object),
        str(object, "spec.signerName").into(),
        str(object, "spec.username").into(),
        or_none(text(object, "spec.expirationSeconds")),
        condition.into(),
    ]
}
