//! Reads the containers of a pod's or pod template's description: spec and status side by side.

use super::{
    object::{copy_flag, copy_number, copy_text, quantities},
    probe,
    sections::{Entry, Section, split},
    values::{self, Fields},
};
use crate::node::{Node, Value};

/// The containers of one list.
#[derive(Debug, Default)]
pub(super) struct Containers {
    /// For `spec`.
    pub specs: Vec<Node>,
    /// For `status`; only those that the kubelet has reported.
    pub statuses: Vec<Node>,
}

/// Reads `Containers:`, `Init Containers:` or `Ephemeral Containers:`.
/// `startup`: the version prints startup probes.
pub(super) fn read(entry: Entry<'_, '_>, startup: bool) -> Containers {
    let mut found = Containers::default();
    for container in entry.below.entries() {
        let name = container.row.text.trim_end_matches(':');
        if name.is_empty() || name.contains([' ', '<']) {
            continue;
        }
        found.specs.push(spec(container, name, startup));
        found.statuses.extend(status(container, name));
    }
    found
}

fn spec(container: Entry<'_, '_>, name: &str, startup: bool) -> Node {
    let below = container.below;
    let line = container.line();
    let mut fields = Fields::new(line);
    fields.put("name", values::text(name, line));
    copy_text(below, "Image", &mut fields, "image");
    for (field, key) in [("Command", "command"), ("Args", "args")] {
        match below.get(field) {
            Some(entry) => fields.put(key, words(entry)),
            None => fields.absent(key),
        }
    }
    if let Some(ports) = below.any(&["Port", "Ports"]) {
        let hosts = below.any(&["Host Port", "Host Ports"]);
        fields.put("ports", container_ports(ports, hosts));
    }
    fields.put("resources", resources(container));
    for (field, key) in [
        ("Liveness", "livenessProbe"),
        ("Readiness", "readinessProbe"),
        ("Startup", "startupProbe"),
    ] {
        match below.get(field) {
            Some(entry) => fields.put(key, probe::read(entry.value(), entry.line())),
            None if key != "startupProbe" || startup => fields.absent(key),
            None => {}
        }
    }
    if let Some(entry) = below.get("Environment") {
        fields.put("env", environment(entry));
        // Printed only if there is something, and since the same version.
        match below.get("Environment Variables from") {
            Some(from) => fields.put("envFrom", environment_from(from)),
            None => fields.absent("envFrom"),
        }
    }
    if let Some(entry) = below.get("Mounts") {
        fields.put("volumeMounts", mounts(entry));
    }
    if let Some(entry) = below.get("Devices") {
        fields.put("volumeDevices", devices(entry));
    }
    if let Some(entry) = below.get("SeccompProfile") {
        fields.put("securityContext", seccomp(entry, below));
    }
    fields.node()
}

/// `securityContext` with the one part that descriptions show.
pub(super) fn seccomp(entry: Entry<'_, '_>, beside: Section<'_, '_>) -> Node {
    let mut profile = Fields::new(entry.line());
    profile.put("type", values::text(entry.value(), entry.line()));
    let local = entry.below.get("LocalhostProfile");
    if let Some(local) = local.or_else(|| beside.get("LocalhostProfile")) {
        profile.put(
            "localhostProfile",
            values::text(local.value(), local.line()),
        );
    }
    let mut fields = Fields::new(entry.line());
    fields.put("seccompProfile", profile.node());
    fields.node()
}

/// Lines of a command. kubectl prints an argument with line breaks on several lines, so that only
/// a shell's script, which comes last, can be put together again.
fn words(entry: Entry<'_, '_>) -> Option<Node> {
    let lines = entry.verbatim();
    let script = lines
        .iter()
        .position(|(_, word)| {
            word.starts_with('-') && !word.starts_with("--") && word.ends_with('c')
        })
        .map_or(lines.len(), |at| at + 1);
    let (head, tail) = lines.split_at_checked(script)?;
    let mut items: Vec<Node> = Vec::with_capacity(head.len() + 1);
    let mut last = entry.line();
    for (line, word) in head {
        // A gap or an indentation: a line of an argument before.
        if *line != last + 1 || word.starts_with(' ') {
            return None;
        }
        last = *line;
        items.push(values::text(word, *line));
    }
    if let Some((first, _)) = tail.first() {
        let mut text = String::new();
        let mut last = *first;
        for (line, part) in tail {
            for _ in last..(*line).min(last.saturating_add(100)) {
                text.push('\n');
            }
            text.push_str(part);
            last = *line;
        }
        let mut node = values::text(&text, *first);
        node.more_lines = u16::try_from(last - first).unwrap_or(u16::MAX);
        items.push(node);
    }
    Some(values::list_or_null(items, entry.line()))
}

fn container_ports(ports: Entry<'_, '_>, hosts: Option<Entry<'_, '_>>) -> Option<Node> {
    let line = ports.line();
    if values::is_none(ports.value()) {
        return Some(values::null(line));
    }
    let parts = values::ports(ports.value())?;
    let host_parts = hosts.and_then(|entry| values::ports(entry.value()));
    // Names are printed since 1.32; one name shows that this version prints them.
    let named = parts.iter().any(|(_, _, name)| !name.is_empty());
    let mut items = Vec::with_capacity(parts.len());
    for (at, (number, protocol, name)) in parts.iter().enumerate() {
        let mut fields = Fields::new(line);
        fields.put("containerPort", values::number(number, line)?);
        fields.put("protocol", values::text(protocol, line));
        if named {
            fields.put("name", values::text_or_null(name, line));
        }
        if let Some((host, entry)) = host_parts
            .as_ref()
            .and_then(|hosts| hosts.get(at))
            .zip(hosts)
        {
            match host.0 {
                "0" => fields.put("hostPort", values::null(entry.line())),
                number => fields.put("hostPort", values::number(number, entry.line())),
            }
        }
        items.push(fields.node());
    }
    Some(Node::seq(items).at_line(line))
}

/// `Limits:` and `Requests:` below an entry. What a printed list leaves out is known to be absent.
pub(super) fn resources(entry: Entry<'_, '_>) -> Node {
    let mut fields = Fields::new(entry.line());
    for (field, key) in [("Limits", "limits"), ("Requests", "requests")] {
        match entry.below.get(field) {
            Some(list) => {
                let mut list_node = quantities(list);
                for resource in ["cpu", "memory"] {
                    if list_node.get(resource).is_none() {
                        list_node.set(resource, values::null(list.line()));
                    }
                }
                fields.put(key, list_node);
            }
            None => fields.absent(key),
        }
    }
    fields.node()
}

fn environment(entry: Entry<'_, '_>) -> Node {
    let mut items = Vec::new();
    for variable in entry.below.entries() {
        let (name, value) = split(variable.row.text);
        if name.is_empty() {
            continue;
        }
        let line = variable.line();
        let mut fields = Fields::new(line);
        fields.put("name", values::text(name, line));
        if let Some(from) = value_from(value, line) {
            fields.absent("value");
            fields.put("valueFrom", from);
        } else {
            let (text, more_lines) = variable.folded();
            let node = if text.is_empty() {
                values::null(line)
            } else {
                Node {
                    value: Value::Scalar { text: text.into() },
                    line,
                    more_lines,
                    plain: false,
                }
            };
            fields.put("value", node);
            fields.absent("valueFrom");
        }
        items.push(fields.node());
    }
    values::list_or_null(items, entry.line())
}

fn value_from(value: &str, line: u32) -> Option<Node> {
    if let Some(rest) = value.strip_prefix("<set to the key '") {
        return key_ref(rest, line);
    }
    // `10.0.0.1 (v1:status.podIP)`, `2 (limits.cpu)`
    let (_, inner) = value.strip_suffix(')')?.rsplit_once('(')?;
    let mut fields = Fields::new(line);
    if let Some((version, path)) = inner.split_once(':') {
        let known = ["metadata.", "spec.", "status."]
            .iter()
            .any(|prefix| path.starts_with(prefix));
        if version != "v1" || !known {
            return None;
        }
        fields.put("apiVersion", values::text(version, line));
        fields.put("fieldPath", values::text(path, line));
        return Some(Node::map(vec![("fieldRef", fields.node())]).at_line(line));
    }
    if inner.starts_with("limits.") || inner.starts_with("requests.") {
        fields.put("resource", values::text(inner, line));
        return Some(Node::map(vec![("resourceFieldRef", fields.node())]).at_line(line));
    }
    None
}

/// `KEY' in secret 'NAME'>  Optional: false`, `KEY' of config map 'NAME'>  Optional: true`
fn key_ref(rest: &str, line: u32) -> Option<Node> {
    let (key, rest) = rest.split_once("' ")?;
    let (what, rest) = rest.split_once(" '")?;
    let (name, rest) = rest.split_once("'>")?;
    let reference = match what {
        "in secret" => "secretKeyRef",
        "of config map" => "configMapKeyRef",
        _ => return None,
    };
    let mut fields = Fields::new(line);
    fields.put("name", values::text(name, line));
    fields.put("key", values::text(key, line));
    fields.put("optional", optional(rest, line));
    Some(Node::map(vec![(reference, fields.node())]).at_line(line))
}

/// `Optional: true`; kubectl prints the same for `false` and unset, which mean the same.
fn optional(text: &str, line: u32) -> Option<Node> {
    let (_, value) = text.split_once("Optional:")?;
    values::flag(value.trim(), line)
}

fn environment_from(entry: Entry<'_, '_>) -> Node {
    let mut items = Vec::new();
    for row in entry.below.rows {
        let cells = values::cells(row.text);
        let Some((name, what)) = cells.first().zip(cells.get(1)) else {
            continue;
        };
        let (kind, prefix) = match what.split_once(" with prefix '") {
            Some((kind, prefix)) => (kind, prefix.trim_end_matches('\'')),
            None => (*what, ""),
        };
        let reference = match kind {
            "ConfigMap" => "configMapRef",
            "Secret" => "secretRef",
            _ => continue,
        };
        let mut target = Fields::new(row.line);
        target.put("name", values::text(name, row.line));
        target.put("optional", optional(row.text, row.line));
        let mut fields = Fields::new(row.line);
        fields.put(reference, target.node());
        fields.put("prefix", values::text_or_null(prefix, row.line));
        items.push(fields.node());
    }
    values::list_or_null(items, entry.line())
}

/// `/path from volume (ro,path="sub")`
fn mounts(entry: Entry<'_, '_>) -> Node {
    let mut items = Vec::new();
    for row in entry.below.rows {
        let Some((path, rest)) = row.text.rsplit_once(" from ") else {
            continue;
        };
        let (name, flags) = rest.split_once(" (").unwrap_or((rest, ""));
        let mut fields = Fields::new(row.line);
        fields.put("name", values::text(name, row.line));
        fields.put("mountPath", values::text(path, row.line));
        let flags = flags.trim_end_matches(')');
        if flags.starts_with("ro") {
            fields.put("readOnly", Node::flag(true).at_line(row.line));
        } else {
            fields.absent("readOnly");
        }
        match flags.split_once("path=\"") {
            Some((_, sub)) if !sub.contains('\\') => {
                fields.put("subPath", values::text(sub.trim_end_matches('"'), row.line));
            }
            Some(_) => {}
            None => fields.absent("subPath"),
        }
        items.push(fields.node());
    }
    values::list_or_null(items, entry.line())
}

fn devices(entry: Entry<'_, '_>) -> Node {
    let mut items = Vec::new();
    for row in entry.below.rows {
        if let Some((path, name)) = row.text.rsplit_once(" from ") {
            let mut fields = Fields::new(row.line);
            fields.put("name", values::text(name, row.line));
            fields.put("devicePath", values::text(path, row.line));
            items.push(fields.node());
        }
    }
    values::list_or_null(items, entry.line())
}

/// The kubelet's report on a container; `None` if there is none yet.
fn status(container: Entry<'_, '_>, name: &str) -> Option<Node> {
    let below = container.below;
    let state_entry = below.get("State")?;
    let line = container.line();
    let mut fields = Fields::new(line);
    fields.put("name", values::text(name, line));
    copy_text(below, "Container ID", &mut fields, "containerID");
    if let Some(entry) = below.get("Image ID") {
        fields.put("imageID", values::text(entry.value(), entry.line()));
    }
    fields.put("state", state(state_entry));
    let last = match below.get("Last State") {
        Some(entry) => state(entry),
        // Printed if and only if the container ended before.
        None => Node::map(vec![("terminated", values::null(line))]).at_line(line),
    };
    fields.put("lastState", last);
    copy_flag(below, "Ready", &mut fields, "ready");
    copy_number(below, "Restart Count", &mut fields, "restartCount");
    Some(fields.node())
}

/// One of `running`, `waiting` and `terminated`; the others are known to be absent.
fn state(entry: Entry<'_, '_>) -> Node {
    let below = entry.below;
    let mut fields = Fields::new(entry.line());
    let mut inner = Fields::new(entry.line());
    let chosen = match entry.value() {
        "Running" => "running",
        "Waiting" => "waiting",
        "Terminated" => "terminated",
        _ => return fields.node(),
    };
    if chosen == "running" {
        started(below, "Started", &mut inner, "startedAt");
    } else {
        match below.get("Reason") {
            Some(reason) => inner.put("reason", values::text(reason.value(), reason.line())),
            None => inner.absent("reason"),
        }
    }
    if chosen == "terminated" {
        match below.get("Message") {
            Some(message) => inner.put("message", folded(message)),
            None => inner.absent("message"),
        }
        copy_number(below, "Exit Code", &mut inner, "exitCode");
        match below.get("Signal") {
            Some(signal) => inner.put("signal", values::number(signal.value(), signal.line())),
            None => inner.absent("signal"),
        }
        started(below, "Started", &mut inner, "startedAt");
        started(below, "Finished", &mut inner, "finishedAt");
    }
    for key in ["running", "waiting", "terminated"] {
        if key == chosen {
            fields.put(key, std::mem::take(&mut inner).node().at_line(entry.line()));
        } else {
            fields.absent(key);
        }
    }
    fields.node()
}

fn started(below: Section<'_, '_>, field: &str, to: &mut Fields, key: &str) {
    super::object::copy_time(below, field, to, key);
}

/// A text that may go on over several lines.
pub(super) fn folded(entry: Entry<'_, '_>) -> Node {
    let (text, more_lines) = entry.folded();
    Node {
        value: Value::Scalar { text: text.into() },
        line: entry.line(),
        more_lines,
        plain: false,
    }
}
