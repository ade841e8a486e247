//! Reads links, addresses, the default route, listening sockets and resolvers: `ip link|addr|route`, `ss`, `netstat`, `resolv.conf`.

use std::net::IpAddr;

use super::report::{Fields, Sink};
use crate::node::Node;

/// `/etc/resolv.conf`: the first server, and whether the machine asks itself.
pub(super) fn resolver(sink: &mut Sink<'_>, text: &str) {
    let mut fields = Fields::default();
    for (number, line) in sink.lines(text) {
        let mut words = line.split_whitespace();
        if words.next() != Some("nameserver") {
            continue;
        }
        let Some(address) = words.next().and_then(|word| word.parse::<IpAddr>().ok()) else {
            continue;
        };
        fields.text("nameserver", &address.to_string(), number);
        fields.flag("loopback", address.is_loopback(), number);
        break;
    }
    if !fields.is_empty() {
        sink.push("Resolver", fields);
    }
}

/// `ip link`, `ip addr`: `2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 … state UP …`. The ends of pods are left out.
pub(super) fn link(sink: &mut Sink<'_>, text: &str) {
    let mut fields = Fields::default();
    let mut addresses: Vec<Node> = Vec::new();
    for (number, line) in sink.lines(text) {
        if let Some((name, rest)) = link_head(line) {
            flush(
                sink,
                std::mem::take(&mut fields),
                std::mem::take(&mut addresses),
            );
            if is_pod_end(name) {
                continue;
            }
            fields.text("name", name, number);
            let flags = rest.split_once('>').map_or("", |(flags, _)| flags);
            let up = flags
                .trim_start_matches('<')
                .split(',')
                .any(|flag| flag == "UP");
            fields.flag("up", up, number);
            fields.flag("carrier", !flags.contains("NO-CARRIER"), number);
            let mut words = rest.split_whitespace();
            while let Some(word) = words.next() {
                match word {
                    "mtu" => {
                        let mtu = words.next().and_then(|mtu| mtu.parse().ok());
                        fields.number("mtu", mtu, number);
                    }
                    "state" => fields.text("state", words.next().unwrap_or(""), number),
                    _ => {}
                }
            }
        } else if !fields.is_empty()
            && let Some(rest) = line.trim_start().strip_prefix("inet")
            && addresses.len() < 64
        {
            let rest = rest.trim_start_matches('6');
            if let Some(address) = rest.split_whitespace().next() {
                addresses.push(Node::text(address).at_line(number));
            }
        }
    }
    flush(sink, fields, addresses);
}

fn flush(sink: &mut Sink<'_>, mut fields: Fields, addresses: Vec<Node>) {
    if let Some(first) = addresses.first().map(|node| node.line) {
        fields.set("addresses", Node::seq(addresses), first);
    }
    sink.push("Link", fields);
}

fn link_head(line: &str) -> Option<(&str, &str)> {
    let (index, rest) = line.split_once(": ")?;
    if index.is_empty() || !index.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (name, rest) = rest.split_once(": ")?;
    rest.starts_with('<')
        .then(|| (name.split('@').next().unwrap_or(name), rest))
}

/// Links that a network plugin makes for each pod.
fn is_pod_end(name: &str) -> bool {
    ["veth", "cali", "lxc", "eni", "gke", "azv"]
        .iter()
        .any(|prefix| name.starts_with(prefix) && name != *prefix)
}

/// `ip route`: the default route; a node without one reaches little.
pub(super) fn route(sink: &mut Sink<'_>, text: &str) {
    for (number, line) in sink.lines(text) {
        let mut words = line.split_whitespace();
        if words.next() != Some("default") {
            continue;
        }
        let mut fields = Fields::default();
        fields.text("destination", "default", number);
        while let (Some(key), Some(value)) = (words.next(), words.next()) {
            match key {
                "via" => fields.text("via", value, number),
                "dev" => fields.text("dev", value, number),
                _ => {}
            }
        }
        sink.push("Route", fields);
    }
}

/// Listening sockets of `ss -lntp` and `netstat -tlnp`.
pub(super) fn sockets(sink: &mut Sink<'_>, text: &str) {
    for (number, line) in sink.lines(text) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(at) = words.iter().position(|word| *word == "LISTEN") else {
            continue;
        };
        // ss has the state before its three columns, netstat after them; then the queues or addresses.
        let local = if at <= 1 {
            words.get(at + 3)
        } else {
            at.checked_sub(2).and_then(|local| words.get(local))
        };
        let Some((address, port)) = local.and_then(|local| local.rsplit_once(':')) else {
            continue;
        };
        let Ok(port) = port.parse::<u16>() else {
            continue;
        };
        let mut fields = Fields::default();
        fields.text("address", address, number);
        fields.number("port", Some(i64::from(port)), number);
        let process = line
            .split_once("((\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(name, _)| name)
            .or_else(|| words.last()?.split_once('/').map(|(_, name)| name));
        fields.text("process", process.unwrap_or(""), number);
        sink.push("Socket", fields);
    }
}
