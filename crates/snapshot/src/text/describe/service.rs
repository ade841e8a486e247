//! Reads the descriptions of services, endpoints and endpoint slices.
//!
//! A service's description shows its ready endpoints, so it also gives a partial `Endpoints`.
//! Of more than three addresses newer versions show three; the rest is left out.

use super::{
    object::{Described, Draft, copy_number, copy_text},
    sections::{Entry, Section},
    table::Table,
    values::{self, Fields},
};
use crate::node::Node;

/// A service.
pub(super) fn service(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    let line = top.get("Name").map_or(0, Entry::line);
    let spec = &mut out.spec;
    if let Some(entry) = top.get("Selector") {
        spec.put(
            "selector",
            values::joined_labels(entry.value(), entry.line()),
        );
    }
    for (field, key) in [
        ("Type", "type"),
        ("IP Family Policy", "ipFamilyPolicy"),
        ("IP", "clusterIP"),
        ("Desired LoadBalancer IP", "loadBalancerIP"),
        ("External Name", "externalName"),
        ("Session Affinity", "sessionAffinity"),
        ("External Traffic Policy", "externalTrafficPolicy"),
        ("Internal Traffic Policy", "internalTrafficPolicy"),
        ("Traffic Distribution", "trafficDistribution"),
    ] {
        copy_text(top, field, spec, key);
    }
    for (field, key) in [
        ("IP Families", "ipFamilies"),
        ("IPs", "clusterIPs"),
        ("External IPs", "externalIPs"),
        ("LoadBalancer Source Ranges", "loadBalancerSourceRanges"),
    ] {
        if let Some(entry) = top.get(field) {
            spec.put(key, values::words_or_null(entry.value(), ',', entry.line()));
        }
    }
    copy_number(top, "HealthCheck NodePort", spec, "healthCheckNodePort");
    // Printed whenever they are set, in all versions; a text that ends before says nothing.
    if top.has("Session Affinity") {
        for (field, key) in [
            ("External Traffic Policy", "externalTrafficPolicy"),
            ("External Name", "externalName"),
            ("External IPs", "externalIPs"),
        ] {
            let cut = key == "externalTrafficPolicy" && !top.has("Events");
            if !top.has(field) && !cut {
                spec.absent(key);
            }
        }
        let ingress = load_balancer(top, line);
        out.status.put(
            "loadBalancer",
            Node::map(vec![("ingress", ingress)]).at_line(line),
        );
    }
    let (ports, subsets) = ports(top);
    if top.has("Session Affinity") || !ports.is_empty() {
        spec.put("ports", values::list_or_null(ports, line));
    }
    if let Some((line, subsets)) = subsets {
        out.others.push(endpoints_of(described, subsets, line));
    }
}

fn load_balancer(top: Section<'_, '_>, line: u32) -> Node {
    let Some(entry) = top.get("LoadBalancer Ingress") else {
        return values::null(line);
    };
    let line = entry.line();
    let items = entry
        .value()
        .split(", ")
        .filter(|address| !values::is_none(address))
        .map(|address| {
            let (address, mode) = address.split_once(" (").unwrap_or((address, ""));
            let is_ip = address.parse::<std::net::IpAddr>().is_ok();
            let mut fields = Fields::new(line);
            let key = if is_ip { "ip" } else { "hostname" };
            fields.put(key, values::text(address, line));
            if !mode.is_empty() {
                fields.put("ipMode", values::text(mode.trim_end_matches(')'), line));
            }
            fields.node()
        })
        .collect();
    values::list_or_null(items, line)
}

/// `http  80/TCP` or `<unset>  80/TCP`.
fn named_port<'t>(entry: Entry<'_, 't>) -> Option<(Option<&'t str>, &'t str, &'t str)> {
    let cells = values::cells(entry.value());
    let (name, port) = match cells.as_slice() {
        [name, port] => (Some(*name).filter(|name| !values::is_none(name)), *port),
        // Tabs of old, or blanks that something folded.
        [both] => match both.split_once(' ') {
            Some((name, port)) => (
                Some(name).filter(|name| !values::is_none(name)),
                port.trim(),
            ),
            None => (None, *both),
        },
        _ => return None,
    };
    let (number, protocol) = port.split_once('/')?;
    Some((name, number, protocol))
}

/// The ports, and what is known of the endpoints behind them with the line where it is said.
#[allow(clippy::type_complexity)]
fn ports(top: Section<'_, '_>) -> (Vec<Node>, Option<(u32, Vec<Node>)>) {
    let mut items: Vec<Fields> = Vec::new();
    let mut name = None;
    let mut protocol = "";
    let mut subsets: Option<(u32, Vec<Node>)> = None;
    for entry in top.entries() {
        let (value, line) = (entry.value(), entry.line());
        match entry.key() {
            "Port" => {
                let Some((own, number, kind)) = named_port(entry) else {
                    continue;
                };
                (name, protocol) = (own, kind);
                let mut fields = Fields::new(line);
                fields.put("name", values::text_or_null(own.unwrap_or(""), line));
                fields.put("port", values::number(number, line));
                fields.put("protocol", values::text(kind, line));
                fields.absent("nodePort");
                items.push(fields);
            }
            "TargetPort" => {
                if let Some(fields) = items.last_mut() {
                    let target = value.split('/').next().unwrap_or("");
                    fields.put("targetPort", values::number_or_text(target, line));
                }
            }
            "AppProtocol" => {
                if let Some(fields) = items.last_mut() {
                    fields.put("appProtocol", values::text_or_null(value, line));
                }
            }
            "NodePort" => {
                if let (Some(fields), Some((_, number, _))) = (items.last_mut(), named_port(entry))
                {
                    fields.put("nodePort", values::number(number, line));
                }
            }
            "Endpoints" => {
                let (_, all) = subsets.get_or_insert((line, Vec::new()));
                all.extend(subset(value, name, protocol, line));
            }
            _ => {}
        }
    }
    (items.into_iter().map(Fields::node).collect(), subsets)
}

/// `10.0.0.1:80,10.0.0.2:80 + 2 more...` as subsets, one for each number of port. Nothing at all
/// after `Endpoints:` says that there are endpoints and none is ready.
fn subset(value: &str, name: Option<&str>, protocol: &str, line: u32) -> Vec<Node> {
    if value == "<none>" {
        return Vec::new();
    }
    if value.is_empty() {
        let fields = Node::map(vec![("addresses", values::null(line))]);
        return vec![fields.at_line(line)];
    }
    let (shown, _more) = value.split_once(" + ").unwrap_or((value, ""));
    let mut groups: Vec<(&str, Vec<Node>)> = Vec::new();
    for address in shown.split(',').map(str::trim) {
        let (host, port) = match address.rsplit_once(':') {
            // An address of version six without port has colons of its own.
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port),
            _ => (address, ""),
        };
        let node = values::text(host.trim_matches(['[', ']']), line);
        let node = Node::map(vec![("ip", node)]).at_line(line);
        let at = groups.iter().position(|(other, _)| *other == port);
        let room = groups.len() < 64;
        match at.and_then(|at| groups.get_mut(at)) {
            Some((_, nodes)) => nodes.push(node),
            // Ports are few; a text that says otherwise is cut.
            None if room => groups.push((port, vec![node])),
            None => {}
        }
    }
    let one = |(port, addresses): (&str, Vec<Node>)| {
        let mut fields = Fields::new(line);
        fields.put("addresses", Node::seq(addresses).at_line(line));
        let mut target = Fields::new(line);
        target.put("name", values::text_or_null(name.unwrap_or(""), line));
        target.put("port", values::number(port, line));
        target.put("protocol", values::text(protocol, line));
        fields.put("ports", Node::seq(vec![target.node()]).at_line(line));
        fields.node()
    };
    groups.into_iter().map(one).collect()
}

fn endpoints_of(service: &Described<'_, '_>, subsets: Vec<Node>, line: u32) -> Node {
    let mut metadata = Fields::new(line);
    metadata.put("name", Node::text(service.name.as_str()));
    metadata.put("namespace", Node::text(service.namespace.as_str()));
    let mut fields = Fields::new(line);
    fields.put("apiVersion", Node::text("v1"));
    fields.put("kind", Node::text("Endpoints"));
    fields.put("metadata", metadata.node());
    fields.put("subsets", values::list_or_null(subsets, line));
    fields.node()
}

/// Endpoints.
pub(super) fn endpoints(described: &Described<'_, '_>, out: &mut Draft) {
    let Some(entry) = described.top.get("Subsets") else {
        return;
    };
    let mut items: Vec<Fields> = Vec::new();
    for field in entry.below.entries() {
        let line = field.line();
        let key = match field.key() {
            "Addresses" => {
                items.push(Fields::new(line));
                "addresses"
            }
            "NotReadyAddresses" => "notReadyAddresses",
            "Ports" => {
                if let Some(last) = items.last_mut() {
                    last.put("ports", port_table(field));
                }
                continue;
            }
            _ => continue,
        };
        let Some(last) = items.last_mut() else {
            continue;
        };
        let addresses = field
            .value()
            .split(',')
            .filter(|address| !values::is_none(address))
            .map(|address| Node::map(vec![("ip", values::text(address, line))]).at_line(line))
            .collect();
        last.put(key, values::list_or_null(addresses, line));
    }
    let items = items.into_iter().map(Fields::node).collect();
    out.root
        .put("subsets", values::list_or_null(items, entry.line()));
}

/// `Name  Port  Protocol`
fn port_table(entry: Entry<'_, '_>) -> Option<Node> {
    let (table, rows) = Table::of(entry.below)?;
    let items = rows
        .into_iter()
        .filter_map(|row| {
            let cells = table.cells(row.raw)?;
            let [name, port, protocol, ..] = cells.as_slice() else {
                return None;
            };
            let mut fields = Fields::new(row.line);
            fields.put("name", values::text_or_null(name, row.line));
            fields.put("port", values::number_or_null(port, row.line));
            fields.put("protocol", values::text_or_null(protocol, row.line));
            Some(fields.node())
        })
        .collect();
    Some(values::list_or_null(items, entry.line()))
}

/// An endpoint slice.
pub(super) fn endpoint_slice(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    copy_text(top, "AddressType", &mut out.root, "addressType");
    if let Some(entry) = top.get("Ports") {
        if values::is_none(entry.value()) && entry.below.rows.is_empty() {
            out.root.put("ports", values::null(entry.line()));
        } else {
            out.root.put("ports", port_table(entry));
        }
    }
    let Some(entry) = top.get("Endpoints") else {
        return;
    };
    let items = entry.below.entries().map(endpoint).collect();
    out.root
        .put("endpoints", values::list_or_null(items, entry.line()));
}

/// `- Addresses:  10.0.0.1` and what stands below it.
fn endpoint(entry: Entry<'_, '_>) -> Node {
    let line = entry.line();
    let mut fields = Fields::new(line);
    fields.put("addresses", values::words_or_null(entry.value(), ',', line));
    if let Some(found) = entry.below.get("Conditions") {
        let mut conditions = Fields::new(found.line());
        super::object::copy_flag(found.below, "Ready", &mut conditions, "ready");
        fields.put("conditions", conditions.node());
    }
    for (field, key) in [
        ("Hostname", "hostname"),
        ("NodeName", "nodeName"),
        ("Zone", "zone"),
    ] {
        copy_text(entry.below, field, &mut fields, key);
    }
    match entry.below.get("TargetRef") {
        Some(target) => {
            if let Some((kind, name)) = target.value().split_once('/') {
                let reference = Node::map(vec![
                    ("kind", values::text(kind, target.line())),
                    ("name", values::text(name, target.line())),
                ]);
                fields.put("targetRef", reference.at_line(target.line()));
            }
        }
        None if !entry.below.rows.is_empty() => fields.absent("targetRef"),
        None => {}
    }
    fields.node()
}
