//! Rows of Services, their endpoints, Ingresses and policies.

use serde_json::Value;

use super::{AGE, Column, Context, NAME, Printer, labels, name, or_none, selector, some};
use crate::value::{list, str, text};

const SERVICE: &[Column] = &[
    NAME,
    ("Type", "string", 0),
    ("Cluster-IP", "string", 0),
    ("External-IP", "string", 0),
    ("Port(s)", "string", 0),
    AGE,
    ("Selector", "string", 1),
];
const ENDPOINTS: &[Column] = &[NAME, ("Endpoints", "string", 0), AGE];
const SLICE: &[Column] = &[
    NAME,
    ("AddressType", "string", 0),
    ("Ports", "string", 0),
    ("Endpoints", "string", 0),
    AGE,
];
const INGRESS: &[Column] = &[
    NAME,
    ("Class", "string", 0),
    ("Hosts", "string", 0),
    ("Address", "string", 0),
    ("Ports", "string", 0),
    AGE,
];
const CLASS: &[Column] = &[
    NAME,
    ("Controller", "string", 0),
    ("Parameters", "string", 0),
    AGE,
];
const POLICY: &[Column] = &[NAME, ("Pod-Selector", "string", 0), AGE];

pub(super) fn printer(kind: &str) -> Option<(&'static [Column], Printer)> {
    Some(match kind {
        "Service" => (SERVICE, service as Printer),
        "Endpoints" => (ENDPOINTS, endpoints),
        "EndpointSlice" => (SLICE, slice),
        "Ingress" => (INGRESS, ingress),
        "IngressClass" => (CLASS, class),
        "NetworkPolicy" => (POLICY, policy),
        _ => return None,
    })
}

/// Addresses of a load balancer.
fn balancer(object: &Value) -> String {
    let found: Vec<&str> = list(object, "status.loadBalancer.ingress")
        .iter()
        .map(|ingress| match str(ingress, "ip") {
            "" => str(ingress, "hostname"),
            address => address,
        })
        .collect();
    found.join(",")
}

fn service(object: &Value, context: Context) -> Vec<Value> {
    let kind = str(object, "spec.type");
    let own: Vec<&str> = list(object, "spec.externalIPs")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut outside = own.join(",");
    match kind {
        "ExternalName" => str(object, "spec.externalName").clone_into(&mut outside),
        "LoadBalancer" => {
            let given = balancer(object);
            if !given.is_empty() && !outside.is_empty() {
                outside = format!("{given},{outside}");
            } else if outside.is_empty() {
                outside = given;
            }
            if outside.is_empty() {
                "<pending>".clone_into(&mut outside);
            }
        }
        _ => {}
    }
    let ports: Vec<String> = list(object, "spec.ports")
        .iter()
        .map(|port| {
            let protocol = match str(port, "protocol") {
                "" => "TCP",
                protocol => protocol,
            };
            match text(port, "nodePort").as_str() {
                "" | "0" => format!("{}/{protocol}", text(port, "port")),
                node => format!("{}:{node}/{protocol}", text(port, "port")),
            }
        })
        .collect();
    vec![
        name(object),
        if kind.is_empty() { "ClusterIP" } else { kind }.into(),
        or_none(str(object, "spec.clusterIP").to_owned()),
        or_none(outside),
        or_none(ports.join(",")),
        context.age(object),
        labels(object, "spec.selector"),
    ]
}

fn endpoints(object: &Value, context: Context) -> Vec<Value> {
    let mut found = Vec::new();
    for subset in list(object, "subsets") {
        let addresses = list(subset, "addresses")
            .iter()
            .map(|address| str(address, "ip"));
        let ports = list(subset, "ports");
        for address in addresses {
            if ports.is_empty() {
                found.push(address.to_owned());
            }
            let ports = ports.iter().map(|port| text(port, "port"));
            found.extend(ports.map(|port| format!("{address}:{port}")));
        }
    }
    vec![name(object), or_none(some(&found, 3)), context.age(object)]
}

fn slice(object: &Value, context: Context) -> Vec<Value> {
    let ports: Vec<String> = list(object, "ports")
        .iter()
        .map(|port| match text(port, "port") {
            port if port.is_empty() => "*".to_owned(),
            port => port,
        })
        .collect();
    let addresses: Vec<String> = list(object, "endpoints")
        .iter()
        .flat_map(|endpoint| list(endpoint, "addresses"))
        .filter_map(|address| address.as_str().map(str::to_owned))
        .collect();
    let unset = |text: String| {
        Value::from(if text.is_empty() {
            "<unset>".to_owned()
        } else {
            text
        })
    };
    vec![
        name(object),
        str(object, "addressType").into(),
        unset(some(&ports, 3)),
        unset(some(&addresses, 3)),
        context.age(object),
    ]
}

fn ingress(object: &Value, context: Context) -> Vec<Value> {
    let class = match str(object, "spec.ingressClassName") {
        "" => object
            .pointer("/metadata/annotations/kubernetes.io~1ingress.class")
            .and_then(Value::as_str)
            .unwrap_or(""),
        class => class,
    };
    let hosts: Vec<String> = list(object, "spec.rules")
        .iter()
        .map(|rule| str(rule, "host").to_owned())
        .filter(|host| !host.is_empty())
        .collect();
    let hosts = if hosts.is_empty() {
        "*".to_owned()
    } else {
        some(&hosts, 3)
    };
    let ports = if list(object, "spec.tls").is_empty() {
        "80"
    } else {
        "80, 443"
    };
    vec![
        name(object),
        or_none(class.to_owned()),
        hosts.into(),
        balancer(object).into(),
        ports.into(),
        context.age(object),
    ]
}

fn class(object: &Value, context: Context) -> Vec<Value> {
    let kind = str(object, "spec.parameters.kind");
    let group = str(object, "spec.parameters.apiGroup");
    let parameters = match (kind, group) {
        ("", _) => String::new(),
        (kind, "") => format!("{kind}/{}", str(object, "spec.parameters.name")),
        (kind, group) => format!("{kind}.{group}/{}", str(object, "spec.parameters.name")),
    };
    vec![
        name(object),
        str(object, "spec.controller").into(),
        or_none(parameters),
        context.age(object),
    ]
}

fn policy(object: &Value, context: Context) -> Vec<Value> {
    vec![
        name(object),
        selector(object, "spec.podSelector"),
        context.age(object),
    ]
}
