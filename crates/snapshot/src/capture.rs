//! When a bundle was captured, and of which version of Kubernetes.

use std::collections::BTreeMap;

use coldcase_bundle::{Bundle, FileId};
use jiff::Timestamp;

use crate::{
    logs::{JournalFile, LogFile},
    newest,
    node::Node,
    object::Object,
    stamp,
};

/// Where the capture time is from if nothing in the bundle beats: it may lie any time later.
const LEAST: &str = "newest change of a pod in the bundle; it may be later";

/// The same, where a line that was logged is newer.
const LEAST_LINE: &str = "newest line of the logs in the bundle; it may be later";

/// Whether a time from this source is only the earliest that the capture can have been.
pub(crate) fn is_least(source: &str) -> bool {
    source == LEAST || source == LEAST_LINE
}

/// A capture time that only pods tell is no earlier than the newest line of their logs: a pod that changed a week ago
/// goes on to log.
pub(crate) fn not_before_lines(
    bundle: &Bundle,
    (time, source): (Timestamp, &'static str),
    logs: &[LogFile],
    journals: &[JournalFile],
) -> (Timestamp, &'static str) {
    let newest = || newest::written(bundle, logs, journals, (time, true));
    let later = is_least(source)
        .then(newest)
        .flatten()
        .filter(|line| *line > time);
    later.map_or((time, source), |line| (line, LEAST_LINE))
}

/// When the bundle was captured: as its collector says, else the newest stamp of the API; `event` is that of all events.
pub(crate) fn time(
    bundle: &Bundle,
    objects: &[Object],
    event: Option<Timestamp>,
    others: &[(FileId, Node)],
) -> (Option<Timestamp>, &'static str) {
    if let Some(time) = bundle_field(others, bundle, "captured_at")
        .as_deref()
        .and_then(stamp::rfc3339)
    {
        return (Some(time), "bundle.yaml");
    }
    let newest = |times: &mut dyn Iterator<Item = &str>| times.filter_map(stamp::rfc3339).max();
    let of = |kind: &'static str| objects.iter().filter(move |object| object.kind == kind);
    let lease = newest(&mut of("Lease").filter_map(|o| o.root.str_at(&["spec", "renewTime"])));
    let heartbeat = newest(
        &mut of("Node")
            .flat_map(|o| o.root.items_at(&["status", "conditions"]))
            .filter_map(|c| c.str_at(&["lastHeartbeatTime"])),
    );
    let states = || {
        of("Pod")
            .flat_map(|o| o.root.items_at(&["status", "containerStatuses"]))
            .flat_map(|status| {
                [
                    ["state", "running", "startedAt"],
                    ["state", "terminated", "finishedAt"],
                    ["lastState", "terminated", "finishedAt"],
                ]
                .into_iter()
                .filter_map(move |path| status.str_at(&path))
            })
    };
    let container = newest(&mut states());
    // What beats is nearest to the capture. A container's stamp may come a little after the last
    // beat; one long after it was edited in, and says nothing.
    if let Some(beat) = [lease, event, heartbeat].into_iter().flatten().max() {
        let later =
            container.filter(|time| (0..3_600).contains(&(time.as_second() - beat.as_second())));
        return (
            Some(later.unwrap_or(beat)),
            "newest lease, event, heartbeat or container state in the bundle",
        );
    }
    let changed = newest(&mut of("Pod").flat_map(|pod| {
        let conditions = pod.root.items_at(&["status", "conditions"]);
        let managers = pod.root.items_at(&["metadata", "managedFields"]);
        let changes = conditions
            .iter()
            .filter_map(|condition| condition.str_at(&["lastTransitionTime"]));
        let writes = managers
            .iter()
            .filter_map(|manager| manager.str_at(&["time"]));
        let created = pod.root.str_at(&["metadata", "creationTimestamp"]);
        changes.chain(writes).chain(created)
    }));
    match [container, changed].into_iter().flatten().max() {
        Some(time) => (Some(time), LEAST),
        None => (None, "unknown"),
    }
}

/// A field of our own collector's `bundle.yaml`.
pub(crate) fn bundle_field(
    others: &[(FileId, Node)],
    bundle: &Bundle,
    field: &str,
) -> Option<String> {
    others
        .iter()
        .filter(|(id, _)| bundle.file(*id).name() == "bundle.yaml")
        .find_map(|(_, node)| node.str_at(&[field]).map(str::to_owned))
}

/// What the API server called itself.
pub(crate) fn server_version(bundle: &Bundle, others: &[(FileId, Node)]) -> Option<String> {
    let told = others.iter().find_map(|(_, node)| {
        node.str_at(&["serverVersion", "gitVersion"])
            .or_else(|| node.str_at(&["info", "gitVersion"]))
            .or_else(|| node.str_at(&["kubernetesversion"]))
    });
    told.map(str::to_owned)
        .or_else(|| crate::layouts::version(bundle))
}

/// Version of the API server, else of most kubelets.
pub(crate) fn version(server: Option<&str>, objects: &[Object]) -> Option<String> {
    if let Some(server) = server {
        return Some(server.to_owned());
    }
    let mut kubelets: BTreeMap<&str, usize> = BTreeMap::new();
    for node in objects.iter().filter(|object| object.kind == "Node") {
        if let Some(version) = node.root.str_at(&["status", "nodeInfo", "kubeletVersion"]) {
            *kubelets.entry(version).or_default() += 1;
        }
    }
    kubelets
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .map(|(version, _)| version.to_owned())
}
