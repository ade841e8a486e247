//! Turns events from one of their two shapes into the other, as the API server itself does.

use serde_json::{Map, Value};

use crate::value;

/// Fields of core/v1 and what events.k8s.io/v1 calls them.
const NAMES: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

/// An event in the other shape.
pub(crate) fn converted(event: &Value) -> Option<Value> {
    let to_core = value::str(event, "apiVersion").starts_with("events.k8s.io/");
    let fields = event.as_object()?;
    let mut other: Map<String, Value> = fields
        .iter()
        .map(|(key, value)| {
            let renamed = NAMES.iter().find_map(|(core, newer)| {
                let (from, to) = if to_core {
                    (newer, core)
                } else {
                    (core, newer)
                };
                (from == key).then_some(*to)
            });
            (renamed.unwrap_or(key).to_owned(), value.clone())
        })
        .collect();
    let api_version = if to_core { "v1" } else { "events.k8s.io/v1" };
    other.insert("apiVersion".to_owned(), api_version.into());
    Some(Value::Object(other))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn there_and_back() {
        let core = json!({"apiVersion": "v1", "kind": "Event", "message": "x", "count": 2,
            "involvedObject": {"name": "a"}, "reportingComponent": "kubelet", "series": null});
        let newer = converted(&core).unwrap();
        assert_eq!(newer["note"], "x");
        assert_eq!(newer["regarding"]["name"], "a");
        assert_eq!(newer["reportingController"], "kubelet");
        assert_eq!(converted(&newer).unwrap(), core);
    }
}
