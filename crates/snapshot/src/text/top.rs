//! Reads `kubectl top` into metrics of the API's shape.
//!
//! A pod's sum stands in `usage` on the root, where a node's usage is too; `--containers` gives
//! `containers[]{name, usage}` as the metrics API has it. Percentages of a node stay in `table`.

use jiff::Timestamp;

use super::{
    Found,
    get::row::Fields,
    table::Section,
    tree::{map, put, seq, text},
};
use crate::{
    node::{Node, Value},
    stamp,
};

/// Reads a table of usages.
pub(super) fn read(
    section: &Section<'_>,
    kind: &str,
    namespace: &str,
    now: Option<Timestamp>,
    found: &mut Found,
) {
    for row in &section.rows {
        let line = row.line;
        let mut fields = Fields::new(&section.header, &row.cells, line, now, kind);
        let pod = fields.value("POD");
        let Some(name) = pod.or_else(|| fields.value("NAME")) else {
            continue;
        };
        fields.set(&["metadata", "name"], name);
        let namespace = fields.value("NAMESPACE").unwrap_or(namespace);
        if kind == "PodMetrics" && !namespace.is_empty() {
            fields.set(&["metadata", "namespace"], namespace);
        }
        if let Some(now) = now {
            fields.set(&["timestamp"], &stamp::format(now, 0));
        }
        let usage: Vec<(&str, Node)> = [("CPU(cores)", "cpu"), ("MEMORY(bytes)", "memory")]
            .into_iter()
            .filter_map(|(column, field)| Some((field, text(fields.value(column)?, line))))
            .collect();
        if usage.is_empty() {
            continue;
        }
        let usage = map(usage, line);
        if let (Some(_), Some(container)) = (pod, fields.value("NAME")) {
            let container = map(
                vec![("name", text(container, line)), ("usage", usage)],
                line,
            );
            add_container(found, fields.root, container);
            continue;
        }
        fields.put(&["usage"], usage);
        for (column, field) in [("CPU%", "cpuPercent"), ("MEMORY%", "memoryPercent")] {
            if let Some(percent) = fields.value(column) {
                fields.set(&["table", field], percent.trim_end_matches('%'));
            }
        }
        found.objects.push(fields.root);
    }
}

/// Rows of one pod follow each other.
fn add_container(found: &mut Found, mut pod: Node, container: Node) {
    let same = |other: &&mut Node| {
        ["name", "namespace"]
            .iter()
            .all(|key| other.str_at(&["metadata", key]) == pod.str_at(&["metadata", key]))
            && other.str_at(&["kind"]) == Some("PodMetrics")
    };
    if let Some(known) = found.objects.last_mut().filter(same)
        && let Value::Map(entries) = &mut known.value
        && let Some((_, containers)) = entries.iter_mut().find(|(key, _)| key == "containers")
    {
        containers.push_item(container);
        return;
    }
    let line = pod.line;
    put(&mut pod, &["containers"], seq(vec![container], line));
    found.objects.push(pod);
}
