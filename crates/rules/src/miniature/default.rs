//! What an example's object has without saying so: a name, an age, and the status of something that works.

use std::fmt::Write as _;

use coldcase_snapshot::stamp;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{
    Named, named,
    tree::{self, map, seq, text},
};
use crate::source::{Doc, DocValue};

/// The hash in the names of generated ReplicaSets.
const HASH: &str = "6d4b75cb6d";

/// An object as the API server would show it.
pub(super) fn complete(named: &Named, object: &Doc, now: Option<Timestamp>) -> Doc {
    let mut object = object.clone();
    let owner = take(&mut object, "owner");
    let owner = owner.as_ref().and_then(Doc::text).unwrap_or("");
    let (owner_kind, owner_name) = owner.split_once(' ').unwrap_or(("", owner));
    let app = if owner_name.is_empty() {
        named.name.as_str()
    } else {
        owner_name
    };
    tree::fill(&mut object, metadata(named, owner_kind, owner_name, app));
    match named.kind.as_str() {
        "Pod" => pod(&mut object),
        "Node" => tree::fill(&mut object, node(&named.name)),
        "Deployment" | "StatefulSet" | "ReplicaSet" => workload(&mut object, app),
        "PersistentVolumeClaim" | "PersistentVolume" => phase(&mut object, "Bound"),
        "Namespace" => phase(&mut object, "Active"),
        _ => {}
    }
    tree::times(&mut object, now);
    object
}

/// An event of an object.
pub(super) fn event(number: usize, event: &Doc, now: Option<Timestamp>) -> Result<Doc, String> {
    let field = |key: &str| event.get(key).and_then(Doc::text);
    let on = named(field("on").unwrap_or(""))?;
    let at = field("at").unwrap_or("1m ago");
    let first = field("first").unwrap_or(at);
    for time in [at, first] {
        let known = now
            .and_then(|now| super::ago(time, now))
            .or(stamp::rfc3339(time));
        if known.is_none() {
            return Err(format!("`{time}`: write `5m ago` or an RFC 3339 time"));
        }
    }
    let namespace = if on.namespace.is_empty() {
        "default"
    } else {
        &on.namespace
    };
    let mut object = vec![
        ("apiVersion", text(api_version(&on.kind))),
        ("kind", text(on.kind.clone())),
        ("name", text(on.name.clone())),
        ("uid", text(uid(&on))),
    ];
    if !on.namespace.is_empty() {
        object.push(("namespace", text(on.namespace.clone())));
    }
    if let Some(container) = field("container") {
        object.push(("fieldPath", text(format!("spec.containers{{{container}}}"))));
    }
    let name = format!("{}.{number:016x}", on.name);
    Ok(map(vec![
        ("apiVersion", text("v1")),
        ("kind", text("Event")),
        (
            "metadata",
            map(vec![
                ("name", text(name.clone())),
                ("namespace", text(namespace)),
                ("uid", text(uid_of(&name))),
                ("creationTimestamp", text(first)),
            ]),
        ),
        ("involvedObject", map(object)),
        ("reason", text(field("reason").unwrap_or(""))),
        ("message", text(field("message").unwrap_or(""))),
        ("type", text(field("type").unwrap_or("Warning"))),
        ("count", text(field("count").unwrap_or("1"))),
        ("firstTimestamp", text(first)),
        ("lastTimestamp", text(at)),
        (
            "source",
            map(vec![(
                "component",
                text(field("component").unwrap_or("kubelet")),
            )]),
        ),
    ]))
}

fn take(doc: &mut Doc, key: &str) -> Option<Doc> {
    let DocValue::Map(entries) = &mut doc.value else {
        return None;
    };
    let at = entries.iter().position(|(known, ..)| known == key)?;
    Some(entries.remove(at).2)
}

fn metadata(named: &Named, owner_kind: &str, owner_name: &str, app: &str) -> Doc {
    let mut metadata = vec![("name", text(named.name.clone()))];
    if !named.namespace.is_empty() {
        metadata.push(("namespace", text(named.namespace.clone())));
    }
    metadata.push(("uid", text(uid(named))));
    metadata.push(("creationTimestamp", text("60m ago")));
    let mut labels = vec![("app", text(app))];
    if !owner_kind.is_empty() {
        let (kind, name) = if owner_kind == "Deployment" && named.kind == "Pod" {
            labels.push(("pod-template-hash", text(HASH)));
            ("ReplicaSet", format!("{owner_name}-{HASH}"))
        } else {
            (owner_kind, owner_name.to_owned())
        };
        let owner = Named {
            kind: kind.to_owned(),
            namespace: named.namespace.clone(),
            name,
        };
        metadata.push((
            "ownerReferences",
            seq(vec![map(vec![
                ("apiVersion", text(api_version(kind))),
                ("kind", text(kind)),
                ("name", text(owner.name.clone())),
                ("uid", text(uid(&owner))),
                ("controller", text("true")),
            ])]),
        ));
    }
    if matches!(named.kind.as_str(), "Pod") {
        metadata.push(("labels", map(labels)));
    }
    map(vec![
        ("apiVersion", text(api_version(&named.kind))),
        ("kind", text(named.kind.clone())),
        ("metadata", map(metadata)),
    ])
}

/// A pod that runs, as far as it does not say otherwise.
fn pod(pod: &mut Doc) {
    tree::fill(
        pod,
        map(vec![("spec", map(vec![("containers", seq(Vec::new()))]))]),
    );
    let no_containers = pod
        .get("spec")
        .and_then(|spec| spec.get("containers"))
        .is_some_and(|list| matches!(&list.value, DocValue::List(items) if items.is_empty()));
    if no_containers {
        let app = map(vec![(
            "containers",
            seq(vec![map(vec![("name", text("app"))])]),
        )]);
        tree::merge(pod, &map(vec![("spec", app)]));
    }
    containers(pod);
    let phase = at(pod, &["status", "phase"]).and_then(Doc::text);
    if phase.is_some_and(|phase| phase != "Running") {
        return;
    }
    let statuses: Vec<Doc> = items(pod, &["spec", "containers"])
        .iter()
        .map(|container| {
            let name = container.get("name").and_then(Doc::text).unwrap_or("");
            status(container, own_status(pod, name))
        })
        .collect();
    let ready = statuses
        .iter()
        .all(|status| status.get("ready").and_then(Doc::text) == Some("true"));
    let state = if ready { "True" } else { "False" };
    let condition = |kind: &str, status: &str| {
        map(vec![
            ("type", text(kind)),
            ("status", text(status)),
            ("lastTransitionTime", text("60m ago")),
        ])
    };
    tree::fill(
        pod,
        map(vec![(
            "status",
            map(vec![
                ("phase", text("Running")),
                ("startTime", text("60m ago")),
                (
                    "conditions",
                    seq(vec![
                        condition("PodScheduled", "True"),
                        condition("Initialized", "True"),
                        condition("ContainersReady", state),
                        condition("Ready", state),
                    ]),
                ),
                ("containerStatuses", seq(statuses)),
            ]),
        )]),
    );
}

/// Containers have an image.
fn containers(pod: &mut Doc) {
    let named: Vec<Doc> = items(pod, &["spec", "containers"])
        .iter()
        .map(|container| {
            let mut container = container.clone();
            let image = map(vec![("image", text("registry.example.com/app:1"))]);
            tree::fill(&mut container, image);
            container
        })
        .collect();
    tree::merge(
        pod,
        &map(vec![("spec", map(vec![("containers", seq(named))]))]),
    );
}

fn own_status<'d>(pod: &'d Doc, name: &str) -> Option<&'d Doc> {
    items(pod, &["status", "containerStatuses"])
        .iter()
        .find(|status| status.get("name").and_then(Doc::text) == Some(name))
}

/// The status of a container that runs, under what the example says of it.
fn status(container: &Doc, own: Option<&Doc>) -> Doc {
    let name = container.get("name").and_then(Doc::text).unwrap_or("");
    let image = container.get("image").and_then(Doc::text).unwrap_or("");
    let state = own.and_then(|own| own.get("state"));
    let runs = state.is_none_or(|state| state.get("running").is_some());
    let runs_word = if runs { "true" } else { "false" };
    let mut status = map(vec![
        ("name", text(name)),
        ("image", text(image)),
        ("ready", text(runs_word)),
        ("started", text(runs_word)),
        ("restartCount", text("0")),
        (
            "state",
            map(vec![("running", map(vec![("startedAt", text("59m ago"))]))]),
        ),
    ]);
    if let Some(own) = own {
        tree::merge(&mut status, own);
    }
    status
}

fn node(name: &str) -> Doc {
    let room = || {
        map(vec![
            ("cpu", text("4")),
            ("memory", text("16Gi")),
            ("pods", text("110")),
        ])
    };
    map(vec![
        (
            "metadata",
            map(vec![(
                "labels",
                map(vec![("kubernetes.io/hostname", text(name))]),
            )]),
        ),
        ("spec", map(Vec::new())),
        (
            "status",
            map(vec![
                ("allocatable", room()),
                ("capacity", room()),
                (
                    "conditions",
                    seq(vec![map(vec![
                        ("type", text("Ready")),
                        ("status", text("True")),
                        ("reason", text("KubeletReady")),
                        ("lastTransitionTime", text("60m ago")),
                    ])]),
                ),
            ]),
        ),
    ])
}

fn workload(object: &mut Doc, app: &str) {
    let replicas = at(object, &["spec", "replicas"])
        .and_then(Doc::text)
        .unwrap_or("1")
        .to_owned();
    let labels = || map(vec![("app", text(app))]);
    tree::fill(
        object,
        map(vec![
            (
                "spec",
                map(vec![
                    ("replicas", text(replicas.clone())),
                    ("selector", map(vec![("matchLabels", labels())])),
                ]),
            ),
            (
                "status",
                map(vec![
                    ("replicas", text(replicas.clone())),
                    ("readyReplicas", text(replicas)),
                ]),
            ),
        ]),
    );
}

fn phase(object: &mut Doc, phase: &str) {
    tree::fill(
        object,
        map(vec![("status", map(vec![("phase", text(phase))]))]),
    );
}

fn at<'d>(doc: &'d Doc, path: &[&str]) -> Option<&'d Doc> {
    path.iter().try_fold(doc, |doc, key| doc.get(key))
}

fn items<'d>(doc: &'d Doc, path: &[&str]) -> &'d [Doc] {
    match at(doc, path).map(|doc| &doc.value) {
        Some(DocValue::List(items)) => items,
        _ => &[],
    }
}

fn api_version(kind: &str) -> &'static str {
    match kind {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "ControllerRevision" => {
            "apps/v1"
        }
        "Job" | "CronJob" => "batch/v1",
        "Ingress" | "IngressClass" | "NetworkPolicy" => "networking.k8s.io/v1",
        "StorageClass" | "VolumeAttachment" | "CSIDriver" | "CSINode" => "storage.k8s.io/v1",
        "EndpointSlice" => "discovery.k8s.io/v1",
        "HorizontalPodAutoscaler" => "autoscaling/v2",
        "PodDisruptionBudget" => "policy/v1",
        "PriorityClass" => "scheduling.k8s.io/v1",
        "Lease" => "coordination.k8s.io/v1",
        "APIService" => "apiregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => {
            "admissionregistration.k8s.io/v1"
        }
        "CustomResourceDefinition" => "apiextensions.k8s.io/v1",
        "Gateway" | "GatewayClass" | "HTTPRoute" => "gateway.networking.k8s.io/v1",
        "Role" | "RoleBinding" | "ClusterRole" | "ClusterRoleBinding" => {
            "rbac.authorization.k8s.io/v1"
        }
        _ => "v1",
    }
}

fn uid(named: &Named) -> String {
    uid_of(&format!(
        "{} {}/{}",
        named.kind, named.namespace, named.name
    ))
}

/// The same name has the same uid in every example.
fn uid_of(name: &str) -> String {
    let digest = Sha256::digest(name.as_bytes());
    let hex = digest.iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or("").to_owned();
    format!(
        "{}-{}-4{}-a{}-{}",
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32)
    )
}
