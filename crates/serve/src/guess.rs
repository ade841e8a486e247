//! Gives objects that were read from text for people the types of the API, as far as their fields' names tell.

use coldcase_snapshot::{
    event::Event,
    object::Object,
    packed::{Kind, View},
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Fields that hold numbers; of those that may hold a name too, only what is a number becomes one.
const NUMBERS: &[&str] = &[
    "active",
    "activeDeadlineSeconds",
    "availableReplicas",
    "averageUtilization",
    "ageSeconds",
    "backoffLimit",
    "collisionCount",
    "completions",
    "containerPort",
    "containers",
    "count",
    "currentHealthy",
    "currentNumberScheduled",
    "currentReplicas",
    "defaultMode",
    "desiredHealthy",
    "desiredNumberScheduled",
    "desiredReplicas",
    "disruptionsAllowed",
    "exitCode",
    "expectedPods",
    "expirationSeconds",
    "failed",
    "failureThreshold",
    "fsGroup",
    "generation",
    "hostPort",
    "initialDelaySeconds",
    "leaseDurationSeconds",
    "leaseTransitions",
    "maxReplicas",
    "maxSurge",
    "maxUnavailable",
    "minAvailable",
    "minReadySeconds",
    "minReplicas",
    "mode",
    "nodePort",
    "number",
    "numberAvailable",
    "numberMisscheduled",
    "numberReady",
    "numberUnavailable",
    "observedGeneration",
    "parallelism",
    "periodSeconds",
    "port",
    "priority",
    "progressDeadlineSeconds",
    "ready",
    "readyReplicas",
    "replicas",
    "restartCount",
    "restarts",
    "revisionHistoryLimit",
    "runAsGroup",
    "runAsUser",
    "signal",
    "succeeded",
    "successThreshold",
    "targetPort",
    "terminationGracePeriodSeconds",
    "timeoutSeconds",
    "tolerationSeconds",
    "unavailableReplicas",
    "updatedNumberScheduled",
    "updatedReplicas",
    "weight",
];

/// Fields whose values are strings, whatever they look like, and mappings of such.
const TEXTS: &[&str] = &[
    "annotations",
    "allocatable",
    "capacity",
    "data",
    "labels",
    "limits",
    "matchLabels",
    "nodeSelector",
    "requests",
    "selector",
];

/// Fields that hold truth values; conditions' `status` is text and not among them.
const FLAGS: &[&str] = &[
    "attached",
    "automountServiceAccountToken",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "optional",
    "paused",
    "privileged",
    "readOnly",
    "readOnlyRootFilesystem",
    "ready",
    "runAsNonRoot",
    "serving",
    "started",
    "stdin",
    "suspend",
    "terminating",
    "tty",
    "unschedulable",
];

/// An object of the API's shape; fields that are known to be absent are left out.
pub(crate) fn object(object: &Object) -> Value {
    let mut value = typed(object.root.view(), "", false).unwrap_or_default();
    let bare = object.kind.split('.').next().unwrap_or_default();
    if let Value::Object(fields) = &mut value {
        fields.entry("kind").or_insert_with(|| bare.into());
        let metadata = fields.entry("metadata").or_insert_with(|| json!({}));
        if let Value::Object(metadata) = metadata {
            metadata.insert("name".to_owned(), (*object.name).into());
            if !object.namespace.is_empty() {
                metadata.insert("namespace".to_owned(), (*object.namespace).into());
            }
        }
    }
    value
}

fn typed(node: View<'_>, key: &str, is_text: bool) -> Option<Value> {
    match node.kind() {
        Kind::Null => None,
        Kind::Scalar(text) => Some(scalar(text, key, is_text)),
        Kind::Seq(items) => Some(
            items
                .iter()
                .filter_map(|item| typed(item, key, is_text))
                .collect(),
        ),
        Kind::Map(entries) => {
            let fields: Map<String, Value> = entries
                .iter()
                .filter_map(|(key, node)| {
                    let is_text = is_text || TEXTS.contains(&key);
                    Some((key.to_string(), typed(node, key, is_text)?))
                })
                .collect();
            Some(Value::Object(fields))
        }
    }
}

fn scalar(text: &str, key: &str, is_text: bool) -> Value {
    if !is_text {
        if FLAGS.contains(&key)
            && let Ok(flag) = text.parse::<bool>()
        {
            return flag.into();
        }
        if NUMBERS.contains(&key)
            && let Ok(number) = text.parse::<i64>()
        {
            return number.into();
        }
    }
    text.into()
}

/// An event that was read from text, in the shape of core/v1.
pub(crate) fn event(event: &Event) -> Value {
    let time = |time: Option<Timestamp>| time.map(|time| format!("{time:.0}"));
    let regarding = &event.regarding;
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": event.object.name.as_str(),
            "namespace": event.object.namespace.as_str(),
            "creationTimestamp": time(event.first),
        },
        "involvedObject": {
            "kind": regarding.kind.as_str(),
            "namespace": regarding.namespace.as_str(),
            "name": regarding.name.as_str(),
            "uid": regarding.uid.as_str(),
            "fieldPath": regarding.field_path.as_str(),
        },
        "reason": event.reason.as_str(),
        "type": event.kind.as_str(),
        "message": event.message(),
        "count": event.count,
        "firstTimestamp": time(event.first),
        "lastTimestamp": time(event.last),
        "source": {"component": event.component.as_str(), "host": event.host.as_str()},
    })
}

#[cfg(test)]
mod tests {
    use coldcase_snapshot::{node::Node, packed::Text};

    use super::*;

    #[test]
    fn names_of_fields_tell_types() {
        let root = Node::map(vec![
            (
                "metadata",
                Node::map(vec![(
                    "labels",
                    Node::map(vec![("replicas", Node::text("3"))]),
                )]),
            ),
            (
                "status",
                Node::map(vec![
                    ("replicas", Node::text("3")),
                    ("gone", Node::default()),
                    (
                        "conditions",
                        Node::seq(vec![Node::map(vec![("status", Node::text("True"))])]),
                    ),
                    (
                        "containerStatuses",
                        Node::seq(vec![Node::map(vec![("ready", Node::text("true"))])]),
                    ),
                ]),
            ),
        ]);
        let found = object(&Object {
            kind: "ReplicaSet".into(),
            namespace: "shop".into(),
            name: "web".into(),
            uid: Text::default(),
            root: root.into(),
            file: coldcase_bundle::FileId(0),
            partial: true,
        });
        assert_eq!(
            found,
            json!({"kind": "ReplicaSet", "metadata": {"name": "web", "namespace": "shop",
                "labels": {"replicas": "3"}}, "status": {"replicas": 3,
                "conditions": [{"status": "True"}], "containerStatuses": [{"ready": true}]}})
        );
    }
}
