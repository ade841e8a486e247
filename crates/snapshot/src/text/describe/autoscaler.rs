//! Reads the description of a horizontal pod autoscaler, of both API versions.

use super::{
    object::{Described, Draft, conditions, copy_number},
    sections::{Entry, split},
    values::{self, Fields},
};
use crate::node::Node;

/// A horizontal pod autoscaler.
pub(super) fn read(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    if let Some(entry) = top.get("Reference")
        && let Some((kind, name)) = entry.value().split_once('/')
    {
        let line = entry.line();
        let target = Node::map(vec![
            ("kind", values::text(kind, line)),
            ("name", values::text(name, line)),
        ]);
        out.spec.put("scaleTargetRef", target.at_line(line));
    }
    copy_number(top, "Min replicas", &mut out.spec, "minReplicas");
    copy_number(top, "Max replicas", &mut out.spec, "maxReplicas");
    for entry in top.entries() {
        // `Deployment pods:  1 current / 2 desired`
        if entry.key().ends_with(" pods") {
            for part in entry.value().split('/') {
                let (count, word) = part.trim().split_once(' ').unwrap_or((part, ""));
                let key = match word {
                    "current" => "currentReplicas",
                    "desired" => "desiredReplicas",
                    _ => continue,
                };
                out.status.put(key, values::number(count, entry.line()));
            }
        }
    }
    if let Some(entry) = top.get("Metrics") {
        metrics(entry, out);
    }
    if let Some(entry) = top.get("Target CPU utilization") {
        percent(entry, &mut out.spec, "targetCPUUtilizationPercentage");
    }
    if let Some(entry) = top.get("Current CPU utilization") {
        percent(entry, &mut out.status, "currentCPUUtilizationPercentage");
    }
    if let Some(entry) = top.get("Conditions") {
        out.status.put("conditions", conditions(entry));
    }
    if let Some(entry) = top.get("Behavior") {
        out.spec.put("behavior", behavior(entry));
    }
}

fn percent(entry: Entry<'_, '_>, out: &mut Fields, key: &str) {
    let number = entry.value().trim_end_matches('%');
    out.put(key, values::number_or_null(number, entry.line()));
}

/// `spec.metrics`, and `status.currentMetrics` where all of them are known.
fn metrics(entry: Entry<'_, '_>, out: &mut Draft) {
    let mut targets = Vec::new();
    let mut current = Vec::new();
    let mut unknown = 0;
    for row in entry.below.rows {
        let Some(found) = metric(row.text, row.line) else {
            return;
        };
        targets.push(found.target);
        match found.current {
            Some(node) => current.push(node),
            None => unknown += 1,
        }
    }
    let line = entry.line();
    // Where nothing is known, the API has an empty item or none.
    if unknown == 0 {
        out.status
            .put("currentMetrics", values::list_or_null(current, line));
    }
    out.spec.put("metrics", values::list_or_null(targets, line));
}

struct Metric {
    target: Node,
    current: Option<Node>,
}

/// `resource cpu on pods  (as a percentage of request):  1% (2m) / 80%`
fn metric(text: &str, line: u32) -> Option<Metric> {
    let (title, amounts) = split(text);
    let (now, wanted) = amounts.split_once(" / ")?;
    let source = source(title)?;
    let mut target = Fields::new(line);
    let mut value = Fields::new(line);
    let wanted = wanted.trim();
    let (kind, key) = match source.form {
        Form::Utilization => ("Utilization", "averageUtilization"),
        Form::Average => ("AverageValue", "averageValue"),
        Form::Value => ("Value", "value"),
    };
    target.put("type", values::text(kind, line));
    if matches!(source.form, Form::Utilization) {
        target.put(key, values::number(wanted.trim_end_matches('%'), line));
        if let Some((share, average)) = now.trim().split_once(" (") {
            value.put(key, values::number(share.trim_end_matches('%'), line));
            let average = average.trim_end_matches(')');
            value.put("averageValue", values::text(average, line));
        }
    } else {
        target.put(key, values::text(wanted, line));
        if !values::is_none(now.trim()) {
            value.put(key, values::text(now.trim(), line));
        }
    }
    let wrap = |name: &str, node: Node| {
        let mut inner = Fields::new(line);
        for (key, text) in &source.names {
            inner.put(key, values::text(text, line));
        }
        if let Some(metric) = source.metric {
            let metric = Node::map(vec![("name", values::text(metric, line))]);
            inner.put("metric", metric.at_line(line));
        }
        if let Some((kind, object)) = source.object {
            let object = Node::map(vec![
                ("kind", values::text(kind, line)),
                ("name", values::text(object, line)),
            ]);
            inner.put("describedObject", object.at_line(line));
        }
        inner.put(name, node);
        let mut fields = Fields::new(line);
        fields.put("type", values::text(source.kind, line));
        fields.put(source.key, inner.node());
        fields.node()
    };
    Some(Metric {
        current: value.some().map(|node| wrap("current", node)),
        target: wrap("target", target.node()),
    })
}

#[derive(Clone, Copy)]
enum Form {
    Utilization,
    Average,
    Value,
}

struct Source<'t> {
    kind: &'static str,
    key: &'static str,
    form: Form,
    names: Vec<(&'static str, &'t str)>,
    metric: Option<&'t str>,
    object: Option<(&'t str, &'t str)>,
}

fn source(title: &str) -> Option<Source<'_>> {
    let form = if title.contains("(as a percentage of request)") {
        Form::Utilization
    } else if title.ends_with("(target value)") {
        Form::Value
    } else {
        Form::Average
    };
    let blank = |kind, key| Source {
        kind,
        key,
        form,
        names: Vec::new(),
        metric: None,
        object: None,
    };
    if let Some(rest) = title.strip_prefix("resource ") {
        let (name, rest) = rest.split_once(' ')?;
        if let Some(rest) = rest.strip_prefix("of container \"") {
            let (container, _) = rest.split_once('"')?;
            let mut source = blank("ContainerResource", "containerResource");
            source.names = vec![("name", name), ("container", container)];
            return Some(source);
        }
        let mut source = blank("Resource", "resource");
        source.names = vec![("name", name)];
        return Some(source);
    }
    let (name, rest) = title.strip_prefix('"')?.split_once('"')?;
    let rest = rest.trim();
    let mut source = if rest == "on pods" {
        blank("Pods", "pods")
    } else if let Some(object) = rest.strip_prefix("on ") {
        let mut source = blank("Object", "object");
        source.object = object.split(' ').next()?.split_once('/');
        source
    } else {
        blank("External", "external")
    };
    source.metric = Some(name);
    Some(source)
}

/// How fast it may scale; what is not printed is the default.
fn behavior(entry: Entry<'_, '_>) -> Node {
    let mut fields = Fields::new(entry.line());
    for (field, key) in [("Scale Up", "scaleUp"), ("Scale Down", "scaleDown")] {
        let Some(direction) = entry.below.get(field) else {
            continue;
        };
        let mut rules = Fields::new(direction.line());
        if let Some(window) = direction.below.get("Stabilization Window") {
            let seconds = window.value().trim_end_matches(" seconds");
            rules.put(
                "stabilizationWindowSeconds",
                values::number(seconds, window.line()),
            );
        }
        if let Some(select) = direction.below.get("Select Policy") {
            rules.put("selectPolicy", values::text(select.value(), select.line()));
        }
        if let Some(policies) = direction.below.get("Policies") {
            let items = policies
                .below
                .rows
                .iter()
                .filter_map(|row| policy(row.text, row.line));
            rules.put(
                "policies",
                values::list_or_null(items.collect(), policies.line()),
            );
        }
        fields.put(key, rules.node());
    }
    fields.node()
}

/// `- Type: Pods  Value: 4  Period: 15 seconds`
fn policy(text: &str, line: u32) -> Option<Node> {
    let (_, rest) = text.split_once("Type: ")?;
    let (kind, rest) = rest.split_once("Value: ")?;
    let (value, rest) = rest.split_once("Period: ")?;
    let mut fields = Fields::new(line);
    fields.put("type", values::text(kind.trim(), line));
    fields.put("value", values::number(value.trim(), line));
    let seconds = rest.trim().trim_end_matches(" seconds");
    fields.put("periodSeconds", values::number(seconds, line));
    Some(fields.node())
}
