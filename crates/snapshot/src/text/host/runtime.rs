//! Reads what the container runtime of a node says: `crictl ps|pods|images|info`, `docker ps|info`.

use super::{
    amount,
    report::{Fields, Sink},
    table::{self, cell},
};
use crate::json;

/// What is said instead of an answer when nobody listens on the runtime's socket.
const UNREACHABLE: [&str; 5] = [
    "Cannot connect to the Docker daemon",
    "connect: connection refused",
    "connect: no such file or directory",
    "failed to connect: failed to connect",
    "context deadline exceeded",
];

/// Whether a line says that the runtime does not answer.
pub(super) fn is_unreachable(line: &str) -> bool {
    UNREACHABLE.iter().any(|words| line.contains(words))
        && (line.contains(".sock") || line.contains("Docker daemon"))
}

fn refused(sink: &mut Sink<'_>, tool: &str, text: &str) -> bool {
    let found = sink
        .lines(text)
        .take(20)
        .find(|(_, line)| is_unreachable(line));
    let Some((number, line)) = found else {
        return false;
    };
    let mut fields = Fields::default();
    fields.text("tool", tool, number);
    fields.flag("reachable", false, number);
    fields.text("message", line, number);
    sink.push("Runtime", fields);
    true
}

/// `crictl ps`, `crictl pods`, `crictl images`: told apart by their titles.
pub(super) fn crictl(sink: &mut Sink<'_>, text: &str) {
    let mut head = None;
    for (number, line) in sink.lines(text) {
        if line.is_empty() {
            continue;
        }
        if let Some(found) = table::head(line) {
            head = Some(found);
            continue;
        }
        let Some(head) = &head else { continue };
        let cells = head.cells(line);
        let mut fields = Fields::default();
        let mut set = |field: &str, titles: &[&str]| {
            fields.text(field, cell(&cells, titles), number);
        };
        if head.has(&["CREATED", "STATE", "NAME", "ATTEMPT", "POD ID"]) {
            set("id", &["CONTAINER", "CONTAINER ID"]);
            set("name", &["NAME"]);
            set("image", &["IMAGE"]);
            set("state", &["STATE"]);
            set("attempt", &["ATTEMPT"]);
            set("created", &["CREATED"]);
            set("pod", &["POD"]);
            set("namespace", &["NAMESPACE"]);
            push_named(sink, "RuntimeContainer", fields);
        } else if head.has(&["POD ID", "STATE", "NAME", "NAMESPACE"]) {
            set("id", &["POD ID"]);
            set("name", &["NAME"]);
            set("namespace", &["NAMESPACE"]);
            set("state", &["STATE"]);
            set("attempt", &["ATTEMPT"]);
            set("created", &["CREATED"]);
            push_named(sink, "RuntimePod", fields);
        } else if head.has(&["IMAGE", "TAG", "IMAGE ID", "SIZE"]) {
            set("image", &["IMAGE"]);
            set("tag", &["TAG"]);
            set("id", &["IMAGE ID"]);
            let size = amount::size(cell(&cells, &["SIZE"]), 1, true);
            fields.number("size", size, number);
            sink.push("RuntimeImage", fields);
        }
    }
    if sink.reports.is_empty() {
        refused(sink, "crictl", text);
    }
}

fn push_named(sink: &mut Sink<'_>, kind: &'static str, fields: Fields) {
    if fields.has("name") && fields.has("id") {
        sink.push(kind, fields);
    }
}

/// `docker ps -a`: the kubelet's containers have names of six parts.
pub(super) fn docker_ps(sink: &mut Sink<'_>, text: &str) {
    let mut head = None;
    for (number, line) in sink.lines(text) {
        if let Some(found) = table::head(line) {
            head = Some(found);
            continue;
        }
        let Some(head) = head
            .as_ref()
            .filter(|head| head.has(&["IMAGE", "STATUS", "NAMES"]))
        else {
            continue;
        };
        let cells = head.cells(line);
        let status = cell(&cells, &["STATUS"]);
        let names = cell(&cells, &["NAMES"]);
        let mut fields = Fields::default();
        fields.text("id", cell(&cells, &["CONTAINER ID"]), number);
        fields.text("image", cell(&cells, &["IMAGE"]), number);
        fields.text("created", cell(&cells, &["CREATED"]), number);
        let state = match status.split([' ', '(']).next().unwrap_or("") {
            "Up" => "Running",
            "Exited" | "Dead" => "Exited",
            other => other,
        };
        fields.text("state", state, number);
        let code = status
            .split_once('(')
            .and_then(|(_, rest)| rest.split_once(')'))
            .and_then(|(code, _)| code.parse().ok());
        fields.number("exitCode", code, number);
        match *names.split('_').collect::<Vec<_>>().as_slice() {
            ["k8s", container, pod, namespace, _uid, attempt] => {
                fields.text("name", container, number);
                fields.text("pod", pod, number);
                fields.text("namespace", namespace, number);
                fields.text("attempt", attempt, number);
            }
            // A name that the terminal cut still has its first parts.
            ["k8s", container, pod, namespace, ..] => {
                fields.text("name", container, number);
                fields.text("pod", pod, number);
                fields.text("namespace", namespace, number);
            }
            _ => fields.text("name", names, number),
        }
        if fields.get("name") != Some("POD") {
            push_named(sink, "RuntimeContainer", fields);
        }
    }
    if sink.reports.is_empty() {
        refused(sink, "docker", text);
    }
}

/// `docker info`.
pub(super) fn docker_info(sink: &mut Sink<'_>, text: &str) {
    if refused(sink, "docker", text) {
        return;
    }
    let mut fields = Fields::default();
    for (number, line) in sink.lines(text) {
        let Some((key, value)) = line.trim_start().split_once(": ") else {
            continue;
        };
        match key {
            "Server Version" => {
                fields.text("tool", "docker", number);
                fields.flag("reachable", true, number);
                fields.text("version", value, number);
            }
            "Cgroup Driver" => fields.text("cgroupDriver", value, number),
            "Cgroup Version" => fields.text("cgroupVersion", value, number),
            "Storage Driver" => fields.text("storageDriver", value, number),
            "Name" if fields.has("version") => value.trim().clone_into(&mut sink.named),
            _ => {}
        }
    }
    if fields.has("version") {
        sink.push("Runtime", fields);
    }
}

/// `crictl info`: the conditions RuntimeReady and NetworkReady.
pub(super) fn info(sink: &mut Sink<'_>, text: &str, first_line: u32) {
    let (documents, _) = json::read(text);
    let mut any = false;
    for condition in documents
        .iter()
        .flat_map(|document| document.items_at(&["status", "conditions"]))
    {
        let number = condition.get("type").map_or(first_line, |kind| {
            first_line.saturating_add(kind.line).saturating_sub(1)
        });
        let mut fields = Fields::default();
        for key in ["type", "status", "reason", "message"] {
            fields.text(key, condition.str_at(&[key]).unwrap_or(""), number);
        }
        any |= !fields.is_empty();
        sink.push("RuntimeCondition", fields);
    }
    if !any {
        refused(sink, "crictl", text);
    }
}
