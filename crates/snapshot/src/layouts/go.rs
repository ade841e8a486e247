//! Turns objects that an old kubectl printed under Go's field names into the API's shape.
//!
//! `kubectl cluster-info dump` before 1.9 encoded the client's internal structs: fields without a
//! JSON tag kept their Go names, the metadata was embedded rather than nested, and everything that
//! was not set was printed as null or empty.

use crate::node::{Key, Node, Value};

/// Metadata fields, which carried tags and so kept their names.
const METADATA: &[&str] = &[
    "annotations",
    "clusterName",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "initializers",
    "labels",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Keys whose values map words of other people: their keys are no field names.
const FREE: &[&str] = &[
    "Allocatable",
    "Capacity",
    "Data",
    "Limits",
    "NodeSelector",
    "Requests",
    "Selector",
    "Hard",
    "Used",
];

/// Names that are no mere change of case.
const RENAMED: &[(&str, &str)] = &[
    ("AzureDisk", "azureDisk"),
    ("CephFS", "cephfs"),
    ("LastTerminationState", "lastState"),
    ("PhotonPersistentDisk", "photonPersistentDisk"),
    ("ScaleIO", "scaleIO"),
    ("StorageOS", "storageos"),
];

/// The document in the API's shape, if its keys are Go's; any other document as it is.
pub(crate) fn normalise(document: Node) -> Node {
    let go_list =
        matches!(document.get("Items"), Some(node) if matches!(node.value, Value::Seq(_)));
    if !go_list && !is_go_object(&document) {
        return document;
    }
    if !go_list {
        return object(document);
    }
    let line = document.line;
    let mut entries: Vec<(Key, Node)> = Vec::new();
    let mut metadata: Vec<(Key, Node)> = Vec::new();
    if let Value::Map(fields) = document.value {
        for (key, node) in fields {
            match (key.as_str(), node.value) {
                ("Items", Value::Seq(items)) => entries.push((
                    "items".into(),
                    Node {
                        value: Value::Seq(items.into_iter().map(object).collect()),
                        line: node.line,
                        more_lines: 0,
                        plain: false,
                    },
                )),
                ("selfLink" | "resourceVersion", value) => {
                    metadata.push((
                        key,
                        Node {
                            value,
                            line: node.line,
                            more_lines: 0,
                            plain: false,
                        },
                    ));
                }
                (_, value) => entries.push((
                    key,
                    Node {
                        value,
                        line: node.line,
                        more_lines: 0,
                        plain: false,
                    },
                )),
            }
        }
    }
    entries.push((
        "metadata".into(),
        Node {
            value: Value::Map(metadata.into()),
            line,
            more_lines: 0,
            plain: false,
        },
    ));
    Node {
        value: Value::Map(entries.into()),
        line,
        more_lines: 0,
        plain: false,
    }
}

/// A name beside a part that only Go would spell with a capital.
fn is_go_object(node: &Node) -> bool {
    node.get("metadata").is_none()
        && node.get("name").is_some()
        && ["Spec", "Status", "InvolvedObject", "Subsets"]
            .iter()
            .any(|key| node.get(key).is_some_and(|part| !part.entries().is_empty()))
}

fn object(node: Node) -> Node {
    let mut node = rename(node, true);
    let network = node
        .at(&["spec", "securityContext"])
        .map(|context| {
            ["hostNetwork", "hostPID", "hostIPC"]
                .into_iter()
                .filter_map(|key| Some((key, context.get(key)?.clone())))
                .collect::<Vec<_>>()
        })
        .unwrap_or_default();
    if let Value::Map(entries) = &mut node.value
        && let Some((_, spec)) = entries.iter_mut().find(|(key, _)| key == "spec")
    {
        for (key, value) in network {
            spec.set(key, value);
        }
    }
    node
}

/// Renames the keys of a tree. `whole` is an object, whose metadata is taken out of its fields; so
/// is that of every template, which is told by its `Spec`.
fn rename(node: Node, whole: bool) -> Node {
    let Node {
        value,
        line,
        more_lines,
        plain,
    } = node;
    let value = match value {
        Value::Seq(items) => {
            Value::Seq(items.into_iter().map(|item| rename(item, false)).collect())
        }
        Value::Map(entries) => {
            let nested = whole || entries.iter().any(|(key, _)| key == "Spec");
            let mut fields: Vec<(Key, Node)> = Vec::with_capacity(entries.len());
            let mut metadata: Vec<(Key, Node)> = Vec::new();
            for (key, node) in entries {
                if nested && METADATA.contains(&key.as_str()) {
                    metadata.push((key, node));
                } else if !is_unset(&key, &node) {
                    let free = FREE.contains(&key.as_str())
                        || !key.starts_with(|c: char| c.is_ascii_uppercase());
                    let node = if free { node } else { rename(node, false) };
                    fields.push((field_name(&key), node));
                }
            }
            if !metadata.is_empty() {
                fields.push((
                    "metadata".into(),
                    Node {
                        value: Value::Map(metadata.into()),
                        line,
                        more_lines: 0,
                        plain: false,
                    },
                ));
            }
            Value::Map(fields.into())
        }
        other => other,
    };
    Node {
        value,
        line,
        more_lines,
        plain,
    }
}

/// What the API would have left out.
fn is_unset(key: &str, node: &Node) -> bool {
    match &node.value {
        Value::Null => true,
        Value::Scalar { text, .. } => text.is_empty() && key != "Value",
        _ => false,
    }
}

/// `PodIP` is `podIP`, `UID` is `uid`, `HTTPGet` is `httpGet`.
fn field_name(key: &str) -> Key {
    if let Some((_, name)) = RENAMED.iter().find(|(go, _)| *go == key) {
        return (*name).into();
    }
    let capitals = key.bytes().take_while(u8::is_ascii_uppercase).count();
    let lower = match capitals {
        0 => return key.into(),
        1 => 1,
        run if run == key.len() => run,
        run => run - 1,
    };
    let (head, tail) = key.split_at(lower);
    let mut name = head.to_ascii_lowercase();
    name.push_str(tail);
    name.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json;

    fn read(text: &str) -> Node {
        normalise(json::read(text).0.remove(0))
    }

    #[test]
    fn field_names() {
        for (go, api) in [
            ("PodIP", "podIP"),
            ("UID", "uid"),
            ("HTTPGet", "httpGet"),
            ("APIVersion", "apiVersion"),
            ("DNSPolicy", "dnsPolicy"),
            ("ClusterIP", "clusterIP"),
            ("SELinuxOptions", "seLinuxOptions"),
            ("AWSElasticBlockStore", "awsElasticBlockStore"),
            ("OSImage", "osImage"),
            ("LastTerminationState", "lastState"),
            ("already", "already"),
        ] {
            assert_eq!(field_name(go), api);
        }
    }

    #[test]
    fn a_pod_of_2017() {
        let list = read(
            r#"{"selfLink": "/api/v1/namespaces/a/pods", "Items": [
 {"name": "p", "namespace": "a", "uid": "u", "labels": {"App": "x"},
  "Spec": {"NodeName": "", "Containers": [{"Name": "c", "Env": [{"Name": "E", "Value": ""}],
    "Resources": {"Limits": {"cpu": "1"}}}], "NodeSelector": {"Zone": "a"},
    "SecurityContext": {"HostNetwork": true}, "Volumes": [{"Name": "v", "EmptyDir": null, "Secret": {"SecretName": "s"}}]},
  "Status": {"Phase": "Pending", "ContainerStatuses": [{"LastTerminationState": {"Terminated": {"ExitCode": 1}}}]}}]}"#,
        );
        let pod = &list.items_at(&["items"])[0];
        assert_eq!(pod.str_at(&["metadata", "name"]), Some("p"));
        assert_eq!(pod.str_at(&["metadata", "labels", "App"]), Some("x"));
        assert_eq!(pod.str_at(&["spec", "nodeSelector", "Zone"]), Some("a"));
        assert!(pod.at(&["spec", "nodeName"]).is_none());
        assert_eq!(pod.bool_at(&["spec", "hostNetwork"]), Some(true));
        let container = &pod.items_at(&["spec", "containers"])[0];
        assert_eq!(container.items_at(&["env"])[0].str_at(&["value"]), Some(""));
        let volume = &pod.items_at(&["spec", "volumes"])[0];
        assert_eq!(volume.str_at(&["secret", "secretName"]), Some("s"));
        assert!(volume.get("emptyDir").is_none());
        let status = &pod.items_at(&["status", "containerStatuses"])[0];
        assert_eq!(
            status.int_at(&["lastState", "terminated", "exitCode"]),
            Some(1)
        );
        assert_eq!(pod.at(&["metadata", "name"]).map(|n| n.line), Some(2));
    }

    #[test]
    fn templates_get_metadata_of_their_own() {
        let one = read(
            r#"{"name":"d","Spec":{"Template":{"creationTimestamp":null,"labels":{"a":"b"},"Spec":{"Containers":[]}}}}"#,
        );
        assert_eq!(
            one.str_at(&["spec", "template", "metadata", "labels", "a"]),
            Some("b")
        );
    }

    #[test]
    fn other_documents_stay_as_they_are() {
        let text =
            r#"{"kind":"ConfigMap","metadata":{"name":"a"},"data":{"Spec":"x","Items":"y"}}"#;
        assert_eq!(read(text), json::read(text).0.remove(0));
    }

    proptest! {
        #[test]
        fn any_document_survives(text in "[\\[\\]{}\",:a-cSpecItemsname0-9 ]{0,200}") {
            for document in json::read(&text).0 {
                let _ = normalise(document);
            }
        }
    }
}
