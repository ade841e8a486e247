//! Reads the descriptions of ingresses and ingress classes.

use super::{
    object::{Described, Draft, copy_text},
    sections::{Entry, Section},
    values::{self, Fields},
};
use crate::node::Node;

/// An ingress.
pub(super) fn read(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    copy_text(top, "Ingress Class", &mut out.spec, "ingressClassName");
    if let Some(entry) = top.get("Default backend") {
        default_backend(entry, &mut out.spec);
    }
    if let Some(entry) = top.get("Address") {
        let line = entry.line();
        let items = entry
            .value()
            .split(',')
            .filter(|address| !values::is_none(address))
            .map(|address| {
                let is_ip = address.parse::<std::net::IpAddr>().is_ok();
                let key = if is_ip { "ip" } else { "hostname" };
                Node::map(vec![(key, values::text(address, line))]).at_line(line)
            })
            .collect();
        let ingress = values::list_or_null(items, line);
        out.status.put(
            "loadBalancer",
            Node::map(vec![("ingress", ingress)]).at_line(line),
        );
    }
    match top.get("TLS") {
        Some(entry) => out.spec.put("tls", tls(entry)),
        None if top.has("Rules") => out.spec.absent("tls"),
        None => {}
    }
    if let Some(entry) = top.get("Rules") {
        out.spec.put("rules", rules(entry));
    }
}

/// Before 1.22 kubectl named a default of its own where none was set.
fn default_backend(entry: Entry<'_, '_>, out: &mut Fields) {
    let (value, line) = (entry.value(), entry.line());
    if value == "<default>" {
        out.put("defaultBackend", values::null(line));
    } else if !value.starts_with("default-http-backend:") {
        out.put("defaultBackend", backend(value, line));
    }
}

/// `web:80 (10.0.0.1:8080)`, `web:http (<error: endpoints "web" not found>)`, or a resource.
fn backend(text: &str, line: u32) -> Option<Node> {
    let mut fields = Fields::new(line);
    if let Some(rest) = text.strip_prefix("APIGroup: ") {
        let (group, rest) = rest.split_once(", Kind: ")?;
        let (kind, name) = rest.split_once(", Name: ")?;
        let mut resource = Fields::new(line);
        resource.put("apiGroup", values::text_or_null(group, line));
        resource.put("kind", values::text(kind, line));
        resource.put("name", values::text(name, line));
        fields.put("resource", resource.node());
        return Some(fields.node());
    }
    let target = text.split(' ').next()?;
    let (name, port) = target.split_once(':')?;
    let key = if port.bytes().all(|b| b.is_ascii_digit()) {
        "number"
    } else {
        "name"
    };
    let port = Node::map(vec![(key, values::number_or_text(port, line)?)]);
    let mut service = Fields::new(line);
    service.put("name", values::text(name, line));
    service.put("port", port.at_line(line));
    fields.put("service", service.node());
    Some(fields.node())
}

/// `secret terminates a.example,b.example` or `SNI routes a.example`.
fn tls(entry: Entry<'_, '_>) -> Node {
    let mut items = Vec::new();
    for row in entry.below.rows {
        let line = row.line;
        let mut fields = Fields::new(line);
        let hosts = if let Some(hosts) = row.text.strip_prefix("SNI routes") {
            fields.absent("secretName");
            hosts
        } else if let Some((secret, hosts)) = row.text.split_once(" terminates") {
            fields.put("secretName", values::text(secret, line));
            hosts
        } else {
            continue;
        };
        fields.put("hosts", values::words_or_null(hosts.trim(), ',', line));
        items.push(fields.node());
    }
    values::list_or_null(items, entry.line())
}

/// A host, and below it a path and its backend on each line.
fn rules(entry: Entry<'_, '_>) -> Node {
    let mut items = Vec::new();
    for host in entry.below.entries().skip(2) {
        let line = host.line();
        // `*  *  <default>`: there are no rules.
        let name = host.row.text;
        if values::cells(name).len() > 1 {
            continue;
        }
        let mut fields = Fields::new(line);
        match name {
            "*" => fields.absent("host"),
            name => fields.put("host", values::text(name, line)),
        }
        let http = Node::map(vec![("paths", paths(host.below, line))]);
        fields.put("http", http.at_line(line));
        items.push(fields.node());
    }
    values::list_or_null(items, entry.line())
}

fn paths(section: Section<'_, '_>, line: u32) -> Node {
    let mut items = Vec::new();
    for row in section.rows {
        let mut fields = Fields::new(row.line);
        // An empty path leaves the backend alone on its line.
        let (path, target) = if row.text.starts_with('/') {
            row.text.split_once(' ').unwrap_or((row.text, ""))
        } else {
            ("", row.text)
        };
        fields.put("path", values::text_or_null(path, row.line));
        fields.put("backend", backend(target.trim(), row.line));
        items.push(fields.node());
    }
    values::list_or_null(items, line)
}

/// An ingress class.
pub(super) fn class(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    copy_text(top, "Controller", &mut out.spec, "controller");
    match top.get("Parameters") {
        Some(entry) => {
            let mut fields = Fields::new(entry.line());
            for (field, key) in [("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name")] {
                copy_text(entry.below, field, &mut fields, key);
            }
            out.spec.put("parameters", fields.node());
        }
        None => out.spec.absent("parameters"),
    }
}
