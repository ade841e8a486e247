//! Rows of volumes, claims, classes and what attaches them.

use serde_json::Value;

use super::{AGE, Column, Context, NAME, Printer, name, or_none};
use crate::value::{self, flag, list, str, text};

const VOLUME: &[Column] = &[
    NAME,
    ("Capacity", "string", 0),
    ("Access Modes", "string", 0),
    ("Reclaim Policy", "string", 0),
    ("Status", "string", 0),
    ("Claim", "string", 0),
    ("StorageClass", "string", 0),
    ("VolumeAttributesClass", "string", 0),
    ("Reason", "string", 0),
    AGE,
    ("VolumeMode", "string", 1),
];
const CLAIM: &[Column] = &[
    NAME,
    ("Status", "string", 0),
    ("Volume", "string", 0),
    ("Capacity", "string", 0),
    ("Access Modes", "string", 0),
    ("StorageClass", "string", 0),
    ("VolumeAttributesClass", "string", 0),
    AGE,
    ("VolumeMode", "string", 1),
];
const CLASS: &[Column] = &[
    NAME,
    ("Provisioner", "string", 0),
    ("ReclaimPolicy", "string", 0),
    ("VolumeBindingMode", "string", 0),
    ("AllowVolumeExpansion", "string", 0),
    AGE,
];
const ATTACHMENT: &[Column] = &[
    NAME,
    ("Attacher", "string", 0),
    ("PV", "string", 0),
    ("Node", "string", 0),
    ("Attached", "boolean", 0),
    AGE,
];
const DRIVER: &[Column] = &[
    NAME,
    ("AttachRequired", "boolean", 0),
    ("PodInfoOnMount", "boolean", 0),
    ("StorageCapacity", "boolean", 0),
    ("TokenRequests", "string", 0),
    ("RequiresRepublish", "boolean", 0),
    ("Modes", "string", 0),
    AGE,
];
const NODE_DRIVERS: &[Column] = &[NAME, ("Drivers", "integer", 0), AGE];

pub(super) fn printer(kind: &str) -> Option<(&'static [Column], Printer)> {
    Some(match kind {
        "PersistentVolume" => (VOLUME, volume as Printer),
        "PersistentVolumeClaim" => (CLAIM, claim),
        "StorageClass" => (CLASS, class),
        "VolumeAttachment" => (ATTACHMENT, attachment),
        "CSIDriver" => (DRIVER, driver),
        "CSINode" => (NODE_DRIVERS, node_drivers),
        _ => return None,
    })
}

fn modes(object: &Value, path: &str) -> String {
    let short: Vec<&str> = list(object, path)
        .iter()
        .filter_map(Value::as_str)
        .map(|mode| match mode {
            "ReadWriteOnce" => "RWO",
            "ReadOnlyMany" => "ROX",
            "ReadWriteMany" => "RWX",
            "ReadWriteOncePod" => "RWOP",
            other => other,
        })
        .collect();
    short.join(",")
}

/// The class of a volume or claim: the field, else the annotation that was there before it.
fn storage_class(object: &Value) -> String {
    let old = "/metadata/annotations/volume.beta.kubernetes.io~1storage-class";
    object
        .pointer(old)
        .and_then(Value::as_str)
        .unwrap_or_else(|| str(object, "spec.storageClassName"))
        .to_owned()
}

fn unset(text: &str) -> Value {
    if text.is_empty() { "<unset>" } else { text }.into()
}

/// The phase, or that it is being deleted.
fn status(object: &Value) -> Value {
    if value::at(object, "metadata.deletionTimestamp").is_some() {
        "Terminating".into()
    } else {
        str(object, "status.phase").into()
    }
}

fn volume(object: &Value, context: Context) -> Vec<Value> {
    let claim = match str(object, "spec.claimRef.name") {
        "" => String::new(),
        name => format!("{}/{name}", str(object, "spec.claimRef.namespace")),
    };
    vec![
        name(object),
        text(object, "spec.capacity.storage").into(),
        modes(object, "spec.accessModes").into(),
        str(object, "spec.persistentVolumeReclaimPolicy").into(),
        status(object),
        claim.into(),
        storage_class(object).into(),
        unset(str(object, "spec.volumeAttributesClassName")),
        str(object, "status.reason").into(),
        context.age(object),
        unset(str(object, "spec.volumeMode")),
    ]
}

fn claim(object: &Value, context: Context) -> Vec<Value> {
    let bound = !str(object, "spec.volumeName").is_empty();
    let only_bound = |text: String| Value::from(if bound { text } else { String::new() });
    vec![
        name(object),
        status(object),
        str(object, "spec.volumeName").into(),
        only_bound(text(object, "status.capacity.storage")),
        only_bound(modes(object, "status.accessModes")),
        storage_class(object).into(),
        unset(str(object, "spec.volumeAttributesClassName")),
        context.age(object),
        unset(str(object, "spec.volumeMode")),
    ]
}

fn class(object: &Value, context: Context) -> Vec<Value> {
    let default = "/metadata/annotations/storageclass.kubernetes.io~1is-default-class";
    let mut shown = str(object, "metadata.name").to_owned();
    if object.pointer(default).and_then(Value::as_str) == Some("true") {
        shown.push_str(" (default)");
    }
    let or = |path: &str, default: &str| match str(object, path) {
        "" => Value::from(default),
        text => text.into(),
    };
    vec![
        shown.into(),
        str(object, "provisioner").into(),
        or("reclaimPolicy", "Delete"),
        or("volumeBindingMode", "Immediate"),
        flag(object, "allowVolumeExpansion").to_string().into(),
        context.age(object),
    ]
}

fn attachment(object: &Value, context: Context) -> Vec<Value> {
    vec![
        name(object),
        str(object, "spec.attacher").into(),
        str(object, "spec.source.persistentVolumeName").into(),
        str(object, "spec.nodeName").into(),
        flag(object, "status.attached").into(),
        context.age(object),
    ]
}

fn driver(object: &Value, context: Context) -> Vec<Value> {
    let audiences: Vec<&str> = list(object, "spec.tokenRequests")
        .iter()
        .map(|request| str(request, "audience"))
        .collect();
    let modes: Vec<&str> = list(object, "spec.volumeLifecycleModes")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let attach = value::at(object, "spec.attachRequired").is_none_or(|flag| flag == true);
    vec![
        name(object),
        attach.into(),
        flag(object, "spec.podInfoOnMount").into(),
        flag(object, "spec.storageCapacity").into(),
        unset(&audiences.join(",")),
        flag(object, "spec.requiresRepublish").into(),
        or_none(modes.join(",")),
        context.age(object),
    ]
}

fn node_drivers(object: &Value, context: Context) -> Vec<Value> {
    vec![
        name(object),
        list(object, "spec.drivers").len().into(),
        context.age(object),
    ]
}
