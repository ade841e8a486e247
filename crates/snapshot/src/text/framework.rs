//! Reads the events that Kubernetes' end-to-end test framework writes into its log: `At TIME - event for NAME: {SOURCE} REASON: MESSAGE`.

use std::collections::BTreeMap;

use super::{
    about,
    tree::{map, put, text},
};
use crate::{node::Node, stamp};

const MARK: &str = " - event for ";

/// More are hardly read by anybody.
const MOST: usize = 10_000;

/// The events of a log, in its order.
pub(super) fn events(log: &str) -> Vec<Node> {
    if !log.contains(MARK) {
        return Vec::new();
    }
    let mut said = "";
    let mut found: Vec<Node> = Vec::new();
    // The scheduler names a pod with its namespace.
    let mut placed: BTreeMap<String, String> = BTreeMap::new();
    for (line, number) in log.lines().zip(1_u32..) {
        if let Some(namespace) = between(line, "events from namespace \"", "\"") {
            said = namespace;
        }
        let assigned = between(line, "Successfully assigned ", " to ");
        if let Some((namespace, name)) = assigned.and_then(|whole| whole.split_once('/')) {
            placed.insert(name.to_owned(), namespace.to_owned());
        }
        if found.len() < MOST {
            found.extend(event(line, number, said));
        }
    }
    for event in &mut found {
        let name = event.str_at(&["involvedObject", "name"]).unwrap_or("");
        let known = event.str_at(&["metadata", "namespace"]).is_some();
        if let (Some(namespace), false) = (placed.get(name).cloned(), known) {
            place(event, &namespace);
        }
    }
    found
}

fn between<'t>(line: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = line.split_once(before)?;
    let (inner, _) = rest.split_once(after)?;
    (!inner.is_empty() && inner.len() < 300 && !inner.contains(' ')).then_some(inner)
}

fn place(event: &mut Node, namespace: &str) {
    let line = event.line;
    put(event, &["metadata", "namespace"], text(namespace, line));
    let regarding = &["involvedObject", "namespace"];
    put(event, regarding, text(namespace, line));
}

fn event(line: &str, number: u32, namespace: &str) -> Option<Node> {
    let (before, rest) = line.split_once(MARK)?;
    let (_, at) = before.rsplit_once("At ")?;
    let (name, rest) = rest.split_once(": {")?;
    let (source, rest) = rest.split_once("} ")?;
    let (reason, message) = rest.split_once(": ")?;
    if name.contains(' ') || reason.contains(' ') {
        return None;
    }
    let mut root = map(vec![("kind", text("Event", number))], number);
    let mut set = |path: &[&str], value: &str| put(&mut root, path, text(value, number));
    if let Some(time) = time(at) {
        set(&["lastTimestamp"], &time);
    }
    let source = source.trim();
    let (component, host) = source.split_once(' ').unwrap_or((source, ""));
    set(&["source", "component"], component);
    if !host.is_empty() {
        set(&["source", "host"], host);
    }
    set(&["reason"], reason);
    set(&["message"], message.trim_end());
    set(&["involvedObject", "name"], name);
    let node = (component == "kubelet" && name == host).then_some("Node");
    if let Some(kind) = node.or_else(|| about::kind(&root)) {
        put(&mut root, &["involvedObject", "kind"], text(kind, number));
    }
    if !namespace.is_empty() && node.is_none() {
        place(&mut root, namespace);
    }
    Some(root)
}

/// `2026-01-01 10:00:00 +0000 UTC` as the API writes it.
fn time(printed: &str) -> Option<String> {
    let mut words = printed.split(' ');
    let (day, clock, zone) = (words.next()?, words.next()?, words.next()?);
    let (hours, minutes) = zone.split_at_checked(3)?;
    let zone = format!("{hours}:{minutes}");
    let whole = format!("{day}T{clock}{zone}");
    let instant = stamp::rfc3339(&whole)?;
    Some(stamp::format(instant, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_a_test_run() {
        let log = "  Jan  1 10:05:00.1: INFO: At 2026-01-01 10:00:00 +0000 UTC - event for cart-0: {default-scheduler } Scheduled: Successfully assigned e2e-1/cart-0 to w1\n  \
             Jan  1 10:05:00.1: INFO: At 2026-01-01 11:00:01 +0100 CET - event for cart-0: {kubelet w1} BackOff: Back-off restarting: cart\n\
             At once - event for nobody\nAt noon - event for the kids: {a} b c: d\n";
        let found = events(log);
        assert_eq!(found.len(), 2);
        let part = |path: &[&str]| found[1].str_at(path).unwrap_or("");
        for (path, expected) in [
            (&["lastTimestamp"][..], "2026-01-01T10:00:01Z"),
            (&["involvedObject", "kind"], "Pod"),
            (&["involvedObject", "name"], "cart-0"),
            (&["involvedObject", "namespace"], "e2e-1"),
            (&["source", "host"], "w1"),
            (&["reason"], "BackOff"),
            (&["message"], "Back-off restarting: cart"),
        ] {
            assert_eq!(part(path), expected, "{path:?}");
        }
    }
}
