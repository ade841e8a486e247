//! Says what kind an object is of by the fields it has, where neither it, nor its list, nor its file's name says so.
//!
//! The Go client leaves `kind` and `apiVersion` out of what it decodes, so tools that print typed objects
//! (end-to-end reporters, event exporters) write lists of objects that name no kind at all.

use crate::packed::View;

/// A field that must be there, by its path.
type Field = &'static [&'static str];

/// Kinds with fields that together no other kind has. The first that fits decides, so the narrower stand first.
const SHAPES: &[(&str, &[Field])] = &[
    ("Event", &[&["involvedObject"], &["reason"]]),
    ("Event", &[&["regarding"], &["reason"]]),
    ("Node", &[&["status", "nodeInfo"]]),
    ("Pod", &[&["spec", "containers"], &["status"]]),
    (
        "CronJob",
        &[&["spec", "jobTemplate"], &["spec", "schedule"]],
    ),
    ("Job", &[&["spec", "template"], &["spec", "backoffLimit"]]),
    (
        "StatefulSet",
        &[&["spec", "template"], &["spec", "serviceName"]],
    ),
    (
        "Deployment",
        &[&["spec", "template"], &["spec", "strategy"]],
    ),
    (
        "DaemonSet",
        &[&["spec", "template"], &["status", "desiredNumberScheduled"]],
    ),
    (
        "ReplicaSet",
        &[
            &["spec", "template"],
            &["spec", "replicas"],
            &["spec", "selector"],
            &["status", "observedGeneration"],
        ],
    ),
    ("Service", &[&["spec", "clusterIP"], &["spec", "type"]]),
    ("Endpoints", &[&["subsets"]]),
    ("EndpointSlice", &[&["endpoints"], &["addressType"]]),
    (
        "PersistentVolume",
        &[&["spec", "capacity"], &["spec", "accessModes"]],
    ),
    (
        "PersistentVolumeClaim",
        &[
            &["spec", "accessModes"],
            &["spec", "resources"],
            &["status", "phase"],
        ],
    ),
    ("StorageClass", &[&["provisioner"], &["volumeBindingMode"]]),
    (
        "Lease",
        &[&["spec", "holderIdentity"], &["spec", "renewTime"]],
    ),
];

/// The kind of an object that names none; `None` if its fields could be those of several, or of none that is known.
pub(crate) fn kind_of(object: View<'_>) -> Option<&'static str> {
    object.at(&["metadata", "name"])?;
    SHAPES
        .iter()
        .find(|(_, fields)| fields.iter().all(|field| object.at(field).is_some()))
        .map(|(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use crate::{json, packed::Packed};

    fn kind_of(text: &str) -> Option<&'static str> {
        let packed = Packed::from(&json::read(text).0[0]);
        super::kind_of(packed.view())
    }

    #[test]
    fn fields_tell_the_kind() {
        let pod =
            r#"{"metadata":{"name":"a"},"spec":{"containers":[]},"status":{"phase":"Pending"}}"#;
        assert_eq!(kind_of(pod), Some("Pod"));
        let event =
            r#"{"metadata":{"name":"a"},"involvedObject":{"kind":"Pod"},"reason":"BackOff"}"#;
        assert_eq!(kind_of(event), Some("Event"));
        let set =
            r#"{"metadata":{"name":"a"},"spec":{"template":{},"serviceName":"a"},"status":{}}"#;
        assert_eq!(kind_of(set), Some("StatefulSet"));
    }

    #[test]
    fn what_could_be_anything_has_no_kind() {
        assert_eq!(
            kind_of(r#"{"metadata":{"name":"a"},"data":{"x":"y"}}"#),
            None
        );
        assert_eq!(kind_of(r#"{"spec":{"containers":[]},"status":{}}"#), None);
    }
}
