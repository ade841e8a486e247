//! Takes objects out of what watches, routers of events and search engines put around them.

use crate::node::{Node, Value};

/// What a document is about.
pub(crate) enum Opened {
    /// The document itself, or what its envelope held.
    Document(Node),
    /// An object that was there and is no more.
    Gone,
}

/// Opens the envelope around an object; what has none comes back as it is.
///
/// Known are a watch's `{type, object}` (`kubectl get -w -o json --output-watch-events`), the event router's
/// `{verb, event}`, and an answer of Elasticsearch whose hits are objects.
pub(crate) fn open(mut root: Node) -> Opened {
    if let Some(object) = inner(&mut root, "type", "object") {
        // An event that expired still happened.
        let gone = root.str_at(&["type"]) == Some("DELETED") && object.get("reason").is_none();
        return if gone {
            Opened::Gone
        } else {
            Opened::Document(object)
        };
    }
    if let Some(event) = inner(&mut root, "verb", "event") {
        return Opened::Document(event);
    }
    Opened::Document(sources(&mut root).unwrap_or(root))
}

/// The object of an envelope that says with `word` what happened to it.
fn inner(root: &mut Node, word: &str, object: &str) -> Option<Node> {
    let said = root.str_at(&[word])?;
    if !matches!(
        said,
        "ADDED" | "MODIFIED" | "UPDATED" | "DELETED" | "BOOKMARK"
    ) {
        return None;
    }
    root.at(&[object, "metadata"])?;
    take(root, object)
}

fn take(node: &mut Node, key: &str) -> Option<Node> {
    let Value::Map(entries) = &mut node.value else {
        return None;
    };
    let (_, value) = entries.iter_mut().find(|(name, _)| name == key)?;
    Some(std::mem::take(value))
}

/// The sources of hits, if the first one is an object of the API.
fn sources(root: &mut Node) -> Option<Node> {
    let hits = root.items_at(&["hits", "hits"]);
    let first = hits.first()?.get("_source")?;
    first.at(&["metadata", "name"])?;
    let mut outer = take(root, "hits")?;
    let mut list = take(&mut outer, "hits")?;
    let Value::Seq(items) = &mut list.value else {
        return None;
    };
    for hit in items.iter_mut() {
        if let Some(source) = take(hit, "_source") {
            *hit = source;
        }
    }
    Some(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn opened(text: &str) -> Option<Node> {
        match open(json::read(text).0.remove(0)) {
            Opened::Document(node) => Some(node),
            Opened::Gone => None,
        }
    }

    #[test]
    fn what_a_watch_says_is_the_object() {
        let node = opened(r#"{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a"}}}"#);
        assert_eq!(node.unwrap().str_at(&["kind"]), Some("Pod"));
        let node = opened(r#"{"verb":"UPDATED","event":{"metadata":{"name":"a"}},"old_event":{}}"#);
        assert_eq!(node.unwrap().str_at(&["metadata", "name"]), Some("a"));
    }

    #[test]
    fn what_a_watch_saw_deleted_is_gone_but_events_happened() {
        let pod = r#"{"type":"DELETED","object":{"kind":"Pod","metadata":{"name":"a"}}}"#;
        assert!(opened(pod).is_none());
        let event = r#"{"type":"DELETED","object":{"reason":"Killing","metadata":{"name":"a"}}}"#;
        assert!(opened(event).is_some());
    }

    #[test]
    fn hits_are_items_if_they_are_objects() {
        let node = opened(r#"{"hits":{"hits":[{"_source":{"metadata":{"name":"a"}}}]}}"#);
        assert_eq!(node.unwrap().items().len(), 1);
        let node = opened(r#"{"hits":{"hits":[{"_source":{"log":"a"}}]}}"#);
        assert!(node.unwrap().get("hits").is_some());
        let secret = opened(r#"{"type":"Opaque","object":{"metadata":{}}}"#);
        assert!(secret.unwrap().get("object").is_some());
    }
}
