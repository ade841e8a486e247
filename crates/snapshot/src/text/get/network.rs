//! Reads rows of services, endpoints, endpoint slices, ingresses, network policies, gateways.

use super::row::{Fields, says_nothing};
use crate::{
    node::Node,
    text::tree::{map, null, number, seq, text},
};

pub(super) fn service(row: &mut Fields<'_>) {
    row.text("TYPE", &["spec", "type"]);
    row.text("CLUSTER-IP", &["spec", "clusterIP"]);
    external(row);
    if let Some(cell) = row.cell("PORT(S)") {
        let ports = service_ports(cell, row.line);
        let node = if says_nothing(cell) {
            null(row.line)
        } else {
            seq(ports, row.line)
        };
        row.put(&["spec", "ports"], node);
    }
    row.pairs("SELECTOR", &["spec", "selector"]);
}

/// EXTERNAL-IP means another field for every type; narrow tables cut it short with dots.
fn external(row: &mut Fields<'_>) {
    let (Some(kind), Some(cell)) = (row.value("TYPE"), row.cell("EXTERNAL-IP")) else {
        return;
    };
    let line = row.line;
    match (kind, cell) {
        (_, "") => {}
        (_, cell) if cell.ends_with("...") => {}
        ("ExternalName", name) => row.set(&["spec", "externalName"], name),
        ("LoadBalancer", "<pending>") => row.absent(&["status", "loadBalancer", "ingress"]),
        ("LoadBalancer", cell) if !says_nothing(cell) => {
            let ingress = cell
                .split(',')
                .map(|address| {
                    let field = if is_ip(address) { "ip" } else { "hostname" };
                    map(vec![(field, text(address, line))], line)
                })
                .collect();
            row.put(&["status", "loadBalancer", "ingress"], seq(ingress, line));
        }
        (_, cell) if says_nothing(cell) => row.absent(&["spec", "externalIPs"]),
        (_, cell) => {
            let addresses = cell.split(',').map(|ip| text(ip, line)).collect();
            row.put(&["spec", "externalIPs"], seq(addresses, line));
        }
    }
}

fn is_ip(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

/// `80:30080/TCP,443/TCP`.
fn service_ports(cell: &str, line: u32) -> Vec<Node> {
    cell.split(',')
        .filter_map(|part| {
            let (ports, protocol) = part.split_once('/')?;
            let (port, node_port) = match ports.split_once(':') {
                Some((port, node_port)) => (port, node_port.parse().ok()),
                None => (ports, None),
            };
            let node_port = node_port.map_or_else(|| null(line), |port| number(port, line));
            Some(map(
                vec![
                    ("port", number(port.parse().ok()?, line)),
                    ("nodePort", node_port),
                    ("protocol", text(protocol, line)),
                ],
                line,
            ))
        })
        .collect()
}

/// kubectl shows three.
const MAX_SHOWN: usize = 64;

/// `a,b,c + 4 more...`: what is shown, and how many there are.
fn shown(cell: &str) -> (Vec<&str>, Option<i64>) {
    let (list, more) = match cell.split_once(" + ") {
        Some((list, rest)) => (list, rest.strip_suffix(" more...")),
        None => (cell, None),
    };
    let items: Vec<&str> = list
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .take(MAX_SHOWN)
        .collect();
    let hidden = more.and_then(|count| count.parse::<i64>().ok());
    let all = hidden.map(|hidden| hidden + i64::try_from(items.len()).unwrap_or(0));
    (items, all)
}

/// Only ready addresses are printed. `<none>` says that there is no subset at all; an empty cell that
/// there are subsets without ready addresses. `table.endpoints` counts pairs of address and port, and
/// `table.more` says that not all of them were shown.
pub(super) fn endpoints(row: &mut Fields<'_>) {
    let Some(cell) = row.cell("ENDPOINTS") else {
        return;
    };
    let line = row.line;
    if cell == "<none>" {
        row.set_number(&["table", "endpoints"], 0);
        return row.absent(&["subsets"]);
    }
    let (items, all) = shown(cell);
    let count = all.unwrap_or_else(|| i64::try_from(items.len()).unwrap_or(0));
    row.set_number(&["table", "endpoints"], count);
    if all.is_some() {
        row.set(&["table", "more"], "true");
    }
    // Ports in the order of the cell, each with its addresses.
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for item in items {
        let (address, port) = match item.rsplit_once(':') {
            Some((address, port)) if port.parse::<u16>().is_ok() && !is_ip(item) => (address, port),
            _ => (item, ""),
        };
        match groups.iter_mut().find(|(known, _)| *known == port) {
            Some((_, addresses)) => addresses.push(address),
            None => groups.push((port, vec![address])),
        }
    }
    let subset = |(port, addresses): (&str, Vec<&str>)| {
        let addresses = addresses
            .into_iter()
            .map(|ip| map(vec![("ip", text(ip.trim_matches(['[', ']']), line))], line))
            .collect();
        let mut subset = map(vec![("addresses", seq(addresses, line))], line);
        if let Ok(port) = port.parse() {
            let port = map(vec![("port", number(port, line))], line);
            subset.set("ports", seq(vec![port], line));
        }
        subset
    };
    let subsets = if groups.is_empty() {
        vec![map(vec![("addresses", null(line))], line)]
    } else {
        groups.into_iter().map(subset).collect()
    };
    row.put(&["subsets"], seq(subsets, line));
}

/// Addresses are printed whether they are ready or not, so `conditions` stay unknown.
pub(super) fn endpoint_slice(row: &mut Fields<'_>) {
    let line = row.line;
    row.text("ADDRESSTYPE", &["addressType"]);
    if let Some(cell) = row.cell("PORTS") {
        let ports: Vec<Node> = shown(cell)
            .0
            .iter()
            .filter_map(|port| Some(map(vec![("port", number(port.parse().ok()?, line))], line)))
            .collect();
        if says_nothing(cell) {
            row.absent(&["ports"]);
        } else if !ports.is_empty() {
            row.put(&["ports"], seq(ports, line));
        }
    }
    let Some(cell) = row.cell("ENDPOINTS") else {
        return;
    };
    if says_nothing(cell) {
        row.set_number(&["table", "endpoints"], 0);
        return row.absent(&["endpoints"]);
    }
    let (items, all) = shown(cell);
    let count = all.unwrap_or_else(|| i64::try_from(items.len()).unwrap_or(0));
    row.set_number(&["table", "endpoints"], count);
    if all.is_some() {
        row.set(&["table", "more"], "true");
    }
    let endpoints = items
        .into_iter()
        .map(|address| {
            let addresses = seq(vec![text(address, line)], line);
            map(vec![("addresses", addresses)], line)
        })
        .collect();
    row.put(&["endpoints"], seq(endpoints, line));
}

/// HOSTS shows up to three hosts; `*` stands for rules without a host or no rules.
pub(super) fn ingress(row: &mut Fields<'_>) {
    let line = row.line;
    row.text("CLASS", &["spec", "ingressClassName"]);
    if let Some(cell) = row.value("HOSTS").filter(|cell| *cell != "*") {
        let (hosts, more) = shown(cell);
        let rules: Vec<Node> = hosts
            .into_iter()
            .map(|host| map(vec![("host", text(host, line))], line))
            .collect();
        if more.is_none() {
            row.put(&["spec", "rules"], seq(rules, line));
        }
    }
    match row.cell("ADDRESS") {
        Some("") => row.absent(&["status", "loadBalancer", "ingress"]),
        Some(cell) if !cell.ends_with("...") => {
            let ingress = cell
                .split(',')
                .map(|address| {
                    let field = if is_ip(address) { "ip" } else { "hostname" };
                    map(vec![(field, text(address, line))], line)
                })
                .collect();
            row.put(&["status", "loadBalancer", "ingress"], seq(ingress, line));
        }
        _ => {}
    }
    if row
        .value("PORTS")
        .is_some_and(|ports| !ports.contains("443"))
    {
        row.absent(&["spec", "tls"]);
    }
}

pub(super) fn network_policy(row: &mut Fields<'_>) {
    row.selector("POD-SELECTOR", &["spec", "podSelector"]);
}

pub(super) fn ingress_class(row: &mut Fields<'_>) {
    row.text("CONTROLLER", &["spec", "controller"]);
}

pub(super) fn gateway(row: &mut Fields<'_>) {
    row.text("CLASS", &["spec", "gatewayClassName"]);
    condition(row, "PROGRAMMED", "Programmed");
}

pub(super) fn gateway_class(row: &mut Fields<'_>) {
    row.text("CONTROLLER", &["spec", "controllerName"]);
    condition(row, "ACCEPTED", "Accepted");
}

/// A column that prints the status of one condition, with its reason in brackets behind it.
pub(super) fn condition(row: &mut Fields<'_>, column: &str, kind: &str) {
    let line = row.line;
    let Some(cell) = row.value(column) else {
        return;
    };
    let (status, reason) = cell.split_once(" (").unwrap_or((cell, ""));
    let mut condition = map(
        vec![("type", text(kind, line)), ("status", text(status, line))],
        line,
    );
    if !reason.is_empty() {
        condition.set("reason", text(reason.trim_end_matches(')'), line));
    }
    row.put(&["status", "conditions"], seq(vec![condition], line));
}
