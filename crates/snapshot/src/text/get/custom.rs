//! Reads rows of `-o custom-columns=…`: the command line says which field each column holds.

use super::row::says_nothing;
use crate::{
    node::Node,
    text::{
        about, resource,
        table::Row,
        tree::{map, null, put, text},
    },
};

/// The object of a row; columns whose path is no plain field are left out.
pub(super) fn object(
    row: &Row<'_>,
    columns: &[(String, String)],
    kind: &str,
    namespace: &str,
) -> Option<Node> {
    let line = row.line;
    let mut root = map(vec![("kind", text(kind, line))], line);
    for ((_, path), cell) in columns.iter().zip(&row.cells) {
        let Some(path) = plain(path) else {
            continue;
        };
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        if *cell == "<none>" {
            put(&mut root, &path, null(line));
        } else if !says_nothing(cell) && !path.is_empty() {
            put(&mut root, &path, text(cell, line));
        }
    }
    let event = root.str_at(&["kind"]) == Some("Event");
    let says = |path: &[&str]| root.str_at(path).is_some();
    // Nobody asks for the names of events.
    if !says(&["metadata", "name"]) && !(event && (says(&["reason"]) || says(&["message"]))) {
        return None;
    }
    if event {
        regarding(&mut root, namespace);
    }
    let named = root.at(&["metadata", "namespace"]).is_some();
    if !named && !namespace.is_empty() && resource::known(kind) && !resource::cluster_scoped(kind) {
        put(&mut root, &["metadata", "namespace"], text(namespace, line));
    }
    root.str_at(&["kind"])
        .is_some_and(|kind| !kind.is_empty())
        .then_some(root)
}

/// The kind of what an event is about, if no column shows it.
fn regarding(event: &mut Node, namespace: &str) {
    let line = event.line;
    if event.str_at(&["involvedObject", "name"]).is_none() {
        return;
    }
    if event.at(&["involvedObject", "kind"]).is_none()
        && let Some(kind) = about::kind(event)
    {
        put(event, &["involvedObject", "kind"], text(kind, line));
    }
    let kind = event.str_at(&["involvedObject", "kind"]).unwrap_or("");
    let placed = resource::known(kind) && !resource::cluster_scoped(kind);
    let shown = event.str_at(&["metadata", "namespace"]);
    let namespace = shown.unwrap_or(namespace).to_owned();
    let path = ["involvedObject", "namespace"];
    if placed && !namespace.is_empty() && event.at(&path).is_none() {
        put(event, &path, text(&namespace, line));
    }
}

/// The keys of `.metadata.labels.app` or `{.metadata.labels['app\.x/y']}`; lists and filters have none.
fn plain(path: &str) -> Option<Vec<String>> {
    let path = path.trim_start_matches('{').trim_end_matches('}');
    let mut keys = vec![String::new()];
    let mut chars = path.trim_start_matches('.').chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => keys.last_mut()?.extend(chars.next()),
            '.' => keys.push(String::new()),
            '[' => {
                let inner: String = chars.by_ref().take_while(|c| *c != ']').collect();
                let key = inner.trim_matches(['\'', '"']);
                if key == inner || key.is_empty() {
                    return None;
                }
                keys.push(key.replace('\\', ""));
            }
            _ => keys.last_mut()?.push(c),
        }
    }
    keys.retain(|key| !key.is_empty());
    (keys.len() <= 12).then_some(keys)
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn paths() {
        assert_eq!(plain(".status.phase").unwrap(), ["status", "phase"]);
        assert_eq!(
            plain(r".metadata.labels.a\.b/c").unwrap(),
            ["metadata", "labels", "a.b/c"]
        );
        assert_eq!(
            plain(".metadata.labels['x']").unwrap(),
            ["metadata", "labels", "x"]
        );
        assert_eq!(plain(".spec.containers[*].image"), None);
    }
}
