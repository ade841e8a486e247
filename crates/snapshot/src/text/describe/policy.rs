//! Reads the descriptions of quotas, limit ranges, disruption budgets and network policies.

use super::{
    object::{Described, Draft, copy_number},
    sections::{Entry, Section},
    table::{Table, is_rule},
    values::{self, Fields},
};
use crate::node::Node;

/// A resource quota: `Resource  Used  Hard` at the left edge.
pub(super) fn quota(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    match top.get("Scopes") {
        Some(entry) => {
            out.spec.put(
                "scopes",
                values::words_or_null(entry.value(), ',', entry.line()),
            );
        }
        None => out.spec.absent("scopes"),
    }
    for (key, list) in used_and_hard(described.lines) {
        out.status.put(key, list);
    }
}

/// The table of one quota; ends at a blank line or another quota's name.
fn used_and_hard(lines: &[(u32, &str)]) -> Vec<(&'static str, Node)> {
    let mut lines = lines.iter();
    let Some((heading_line, heading)) = lines.find(|(_, raw)| raw.trim().starts_with("Resource "))
    else {
        return Vec::new();
    };
    let table = Table::heading(heading);
    let (Some(used), Some(hard)) = (table.column("Used"), table.column("Hard")) else {
        return Vec::new();
    };
    let mut all_used = Fields::new(*heading_line);
    let mut all_hard = Fields::new(*heading_line);
    for (line, raw) in lines {
        let text = raw.trim();
        if text.is_empty() || text.starts_with("Name:") || text.starts_with("Events:") {
            break;
        }
        if is_rule(text) {
            continue;
        }
        let Some(cells) = table.cells(raw) else { break };
        let cell = |at: usize| cells.get(at).copied().unwrap_or("");
        if cell(0).is_empty() || cell(hard).is_empty() {
            continue;
        }
        all_used.pair(cell(0), values::text(cell(used), *line));
        all_hard.pair(cell(0), values::text(cell(hard), *line));
    }
    vec![("hard", all_hard.node()), ("used", all_used.node())]
}

/// A namespace, with the quotas that it shows.
pub(super) fn namespace(described: &Described<'_, '_>, out: &mut Draft) {
    super::object::phase(described, out);
    if let Some(entry) = described.top.get("Conditions") {
        out.status
            .put("conditions", super::object::conditions(entry));
    }
    let lines = described.lines;
    let Some(from) = lines
        .iter()
        .position(|(_, raw)| raw.trim() == "Resource Quotas")
    else {
        return;
    };
    let rest = lines.get(from + 1..).unwrap_or_default();
    for (at, (line, raw)) in rest.iter().enumerate() {
        let text = raw.trim();
        if text == "Resource Limits" {
            break;
        }
        let Some(name) = text.strip_prefix("Name:").map(str::trim) else {
            continue;
        };
        let metadata = Node::map(vec![
            ("name", values::text(name, *line)),
            ("namespace", Node::text(described.name.as_str())),
        ]);
        let mut status = Fields::new(*line);
        for (key, list) in used_and_hard(rest.get(at + 1..).unwrap_or_default()) {
            status.put(key, list);
        }
        let mut fields = Fields::new(*line);
        fields.put("apiVersion", Node::text("v1"));
        fields.put("kind", Node::text("ResourceQuota"));
        fields.put("metadata", metadata.at_line(*line));
        fields.put("status", status.node());
        out.others.push(fields.node());
    }
}

/// A limit range, with a row for each type and resource.
pub(super) fn limit_range(described: &Described<'_, '_>, out: &mut Draft) {
    let mut lines = described.lines.iter();
    let Some((heading_line, heading)) = lines.find(|(_, raw)| raw.trim().starts_with("Type "))
    else {
        return;
    };
    let table = Table::heading(heading);
    let columns = [
        ("Min", "min"),
        ("Max", "max"),
        ("Default Request", "defaultRequest"),
        ("Default Limit", "default"),
        ("Max Limit/Request Ratio", "maxLimitRequestRatio"),
    ];
    let mut items: Vec<(String, u32, Vec<Fields>)> = Vec::new();
    for (line, raw) in lines {
        if is_rule(raw.trim()) {
            continue;
        }
        let Some(cells) = table.cells(raw).filter(|_| !raw.trim().is_empty()) else {
            break;
        };
        let (Some(kind), Some(resource)) = (cells.first(), cells.get(1)) else {
            break;
        };
        let at = items.iter().position(|(other, ..)| other == kind);
        let at = at.unwrap_or_else(|| {
            let lists = columns.iter().map(|_| Fields::new(*line)).collect();
            items.push(((*kind).to_owned(), *line, lists));
            items.len() - 1
        });
        let Some((_, _, lists)) = items.get_mut(at) else {
            break;
        };
        for ((name, _), list) in columns.iter().zip(lists) {
            let cell = table.column(name).and_then(|at| cells.get(at));
            if let Some(cell) = cell.filter(|cell| **cell != "-" && !cell.is_empty()) {
                list.pair(resource, values::text(cell, *line));
            }
        }
        // Types are a handful; a text that says otherwise is no table.
        if items.len() > 64 {
            return;
        }
    }
    let items = items
        .into_iter()
        .map(|(kind, line, lists)| {
            let mut fields = Fields::new(line);
            fields.put("type", values::text(&kind, line));
            for ((_, key), list) in columns.iter().zip(lists) {
                match list.some() {
                    Some(list) => fields.put(key, list),
                    None => fields.absent(key),
                }
            }
            fields.node()
        })
        .collect();
    out.spec
        .put("limits", values::list_or_null(items, *heading_line));
}

/// A pod disruption budget.
pub(super) fn budget(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    for (field, key) in [
        ("Min available", "minAvailable"),
        ("Max unavailable", "maxUnavailable"),
    ] {
        match top.get(field) {
            Some(entry) => out
                .spec
                .put(key, values::number_or_text(entry.value(), entry.line())),
            None => out.spec.absent(key),
        }
    }
    if let Some(entry) = top.get("Selector") {
        if entry.value() == "<unset>" {
            out.spec.put("selector", values::null(entry.line()));
        } else {
            out.spec
                .put("selector", values::selector(entry.value(), entry.line()));
        }
    }
    if let Some(status) = top.get("Status") {
        for (field, key) in [
            ("Allowed disruptions", "disruptionsAllowed"),
            ("Current", "currentHealthy"),
            ("Desired", "desiredHealthy"),
            ("Total", "expectedPods"),
        ] {
            copy_number(status.below, field, &mut out.status, key);
        }
    }
}

/// A network policy.
pub(super) fn network(described: &Described<'_, '_>, out: &mut Draft) {
    let Some(spec) = described.top.get("Spec") else {
        return;
    };
    let below = spec.below;
    if let Some(entry) = below.get("PodSelector") {
        // `<none> (Allowing the specific traffic to all pods in this namespace)`
        let value = entry.value();
        let value = if value.starts_with("<none>") {
            "<none>"
        } else {
            value
        };
        out.spec
            .put("podSelector", values::selector(value, entry.line()));
    }
    let types = below.get("Policy Types");
    if let Some(entry) = types {
        out.spec.put(
            "policyTypes",
            values::words_or_null(entry.value(), ',', entry.line()),
        );
    }
    // Before 1.18 both directions were printed, affected or not.
    for (field, kind, key, peers) in [
        ("Allowing ingress traffic", "Ingress", "ingress", "from"),
        ("Allowing egress traffic", "Egress", "egress", "to"),
    ] {
        let affected = types.is_none_or(|entry| entry.value().contains(kind));
        if let Some(entry) = below.get(field).filter(|_| affected) {
            out.spec.put(key, traffic(entry, peers));
        }
    }
}

/// Rules that lines of dashes part. `None` if one is not understood: half a rule allows more.
fn traffic(entry: Entry<'_, '_>, peers: &str) -> Option<Node> {
    let rows = entry.below;
    if rows.rows.iter().any(|row| row.text.starts_with("<none>")) {
        return Some(values::null(entry.line()));
    }
    let mut rules = Vec::new();
    let mut rule = Fields::new(entry.line());
    let (mut ports, mut others): (Vec<Node>, Vec<Node>) = (Vec::new(), Vec::new());
    let mut begun = false;
    for row in rows.entries() {
        let line = row.line();
        if is_rule(row.row.text) {
            rules.push(finish(rule, peers, &mut ports, &mut others));
            rule = Fields::new(line);
            begun = false;
            continue;
        }
        begun = true;
        match (row.key(), row.value()) {
            ("To Port" | "From" | "To", value) if value.starts_with("<any>") => {}
            ("To Port" | "To Port Range", value) => ports.push(port(value, line)?),
            ("From" | "To", "") => others.push(peer(row.below, line)?),
            _ => return None,
        }
    }
    if begun {
        rules.push(finish(rule, peers, &mut ports, &mut others));
    }
    Some(values::list_or_null(rules, entry.line()))
}

fn finish(mut rule: Fields, peers: &str, ports: &mut Vec<Node>, others: &mut Vec<Node>) -> Node {
    let line = ports
        .first()
        .or_else(|| others.first())
        .map_or(0, |node| node.line);
    rule.put("ports", values::list_or_null(std::mem::take(ports), line));
    rule.put(peers, values::list_or_null(std::mem::take(others), line));
    rule.node()
}

/// `80/TCP`, `web/TCP`, `8000-9000/TCP`
fn port(value: &str, line: u32) -> Option<Node> {
    let (port, protocol) = value.rsplit_once('/')?;
    let mut fields = Fields::new(line);
    let range = port
        .split_once('-')
        .filter(|(from, to)| from.parse::<u16>().is_ok() && to.parse::<u16>().is_ok());
    if let Some((from, to)) = range {
        fields.put("port", values::number(from, line));
        fields.put("endPort", values::number(to, line));
    } else if values::is_none(port) {
        fields.absent("port");
    } else {
        // Before 1.31 the end of a range was not printed.
        fields.put("port", values::number_or_text(port, line));
    }
    fields.put("protocol", values::text(protocol, line));
    Some(fields.node())
}

fn peer(section: Section<'_, '_>, line: u32) -> Option<Node> {
    let mut fields = Fields::new(line);
    for (field, key) in [
        ("NamespaceSelector", "namespaceSelector"),
        ("PodSelector", "podSelector"),
    ] {
        match section.get(field) {
            Some(entry) => fields.put(key, values::selector(entry.value(), entry.line())?),
            None => fields.absent(key),
        }
    }
    match section.get("IPBlock") {
        Some(block) => {
            let mut range = Fields::new(block.line());
            let cidr = block.below.get("CIDR")?;
            range.put("cidr", values::text(cidr.value(), cidr.line()));
            if let Some(except) = block.below.get("Except") {
                let list = values::words_or_null(except.value(), ',', except.line());
                range.put("except", list);
            }
            fields.put("ipBlock", range.node());
        }
        None => fields.absent("ipBlock"),
    }
    Some(fields.node())
}
