//! Which connections a line speaks of, and which NetworkPolicy stands in their way.

use std::net::IpAddr;

use coldcase_facts::{
    EntityId,
    netpol::{Direction, Flow, Peer, Verdict},
};

use crate::engine::World;

/// A host that a text names, with the port it was called at if the text says so.
#[derive(Debug, PartialEq, Eq)]
struct End<'t> {
    host: &'t str,
    port: Option<u16>,
}

/// What stands between a line's pod and what the line names.
#[derive(Debug, Default)]
pub(crate) struct Denials {
    /// The policy to blame, if one is.
    pub policies: Vec<EntityId>,
    /// Whether policies exist whose meaning for the connection cannot be told.
    pub open: bool,
}

impl World<'_, '_> {
    /// Policies of one end that no connection named by the line gets past.
    pub(crate) fn denials(&self, line: EntityId, direction: Direction) -> Denials {
        let entity = self.get(line);
        let subject = &entity.subject;
        let mut found = Denials::default();
        let Some(from) = self.facts.object("Pod", &subject.namespace, &subject.name) else {
            return found;
        };
        // Who asks for a name calls DNS, whatever the name is of: that has rules of its own.
        let called = ends(self.words(line));
        for end in called.iter().filter(|end| end.port != Some(53)) {
            let flows = self.flows(from, end);
            let verdicts: Vec<Verdict> = flows
                .iter()
                .map(|flow| self.facts.judge_flow(flow, direction))
                .collect();
            found.open |= verdicts.contains(&Verdict::Open);
            // One backend that answers is a way: only where all are shut is the policy the reason.
            let shut = |verdict: &Verdict| matches!(verdict, Verdict::Denied(_));
            if verdicts.is_empty() || !verdicts.iter().all(shut) {
                continue;
            }
            for verdict in verdicts {
                if let Verdict::Denied(policies) = verdict {
                    found.policies.extend(self.to_blame(&policies, direction));
                }
            }
        }
        found.policies.sort_unstable();
        found.policies.dedup();
        found
    }

    /// Of policies that add up to "no", the one that shut the door: one without any rule, else the newest.
    fn to_blame(&self, policies: &[EntityId], direction: Direction) -> Option<EntityId> {
        let rules = match direction {
            Direction::Egress => ["spec", "egress"],
            Direction::Ingress => ["spec", "ingress"],
        };
        policies.iter().copied().max_by_key(|policy| {
            let entity = self.get(*policy);
            let shut = entity
                .root
                .is_none_or(|root| root.items_at(&rules).is_empty());
            let made = entity.str_at(&["metadata", "creationTimestamp"]);
            (
                shut,
                made.map(str::to_owned),
                std::cmp::Reverse(entity.subject.name.clone()),
            )
        })
    }

    /// The text of a line, an event or a container's last words.
    pub(crate) fn words(&self, id: EntityId) -> &str {
        let entity = self.get(id);
        entity
            .str_at(&["text"])
            .or_else(|| entity.str_at(&["message"]))
            .or_else(|| entity.str_at(&["lastWords"]))
            .unwrap_or("")
    }

    /// The connections that a named end stands for: one for each pod behind it.
    fn flows(&self, from: EntityId, end: &End<'_>) -> Vec<Flow> {
        let client = self.get(from);
        if let Ok(address) = end.host.parse::<IpAddr>() {
            if client.str_at(&["status", "podIP"]) == Some(end.host) {
                return Vec::new();
            }
            if let [service, ..] = self.having("Service", &["spec", "clusterIP"], end.host)[..] {
                return self.behind(from, service, end.port);
            }
            return self.at_address(from, address, end);
        }
        let mut labels = end.host.split('.');
        let (first, second, third) = (labels.next().unwrap_or(""), labels.next(), labels.next());
        let own = client.subject.namespace.as_str();
        let service = self.facts.object("Service", second.unwrap_or(own), first);
        if let Some(service) = service.filter(|_| third.is_none_or(|label| label == "svc")) {
            return self.behind(from, service, end.port);
        }
        // `pod.service.namespace.svc`: a pod behind a headless Service.
        let headless = second.and_then(|service| {
            self.facts
                .object("Service", third.unwrap_or(own), service)?;
            self.facts.object("Pod", third.unwrap_or(own), first)
        });
        let flow = |to| flow(from, Peer::Pod(to), end.port, "TCP");
        headless.map(flow).into_iter().collect()
    }

    /// A connection to an address that is no Service's. Nodes are left out: policies mean different things to them.
    fn at_address(&self, from: EntityId, address: IpAddr, end: &End<'_>) -> Vec<Flow> {
        let pods = self.having("Pod", &["status", "podIP"], end.host);
        let living = pods
            .iter()
            .find(|pod| !self.get(**pod).bool_at(&["spec", "hostNetwork"]));
        if let Some(pod) = living {
            return vec![flow(from, Peer::Pod(*pod), end.port, protocol(end.port))];
        }
        let special = address.is_loopback() || address.is_unspecified() || address.is_multicast();
        if special || !pods.is_empty() || end.port.is_none() || self.is_node(end.host) {
            return Vec::new();
        }
        vec![flow(
            from,
            Peer::Address(address),
            end.port,
            protocol(end.port),
        )]
    }

    fn is_node(&self, address: &str) -> bool {
        self.facts.of_kind("Node").iter().any(|node| {
            self.get(*node).root.is_some_and(|root| {
                root.items_at(&["status", "addresses"])
                    .iter()
                    .any(|known| known.str_at(&["address"]) == Some(address))
            })
        })
    }

    /// Connections to the pods behind a Service, at the port that they serve it on.
    fn behind(&self, from: EntityId, service: EntityId, port: Option<u16>) -> Vec<Flow> {
        let Some(root) = self.get(service).root else {
            return Vec::new();
        };
        let ports = root.items_at(&["spec", "ports"]);
        let mut flows = Vec::new();
        for entry in ports.iter().filter(|entry| {
            port.is_none_or(|port| entry.int_at(&["port"]) == Some(i64::from(port)))
        }) {
            let protocol = match entry.str_at(&["protocol"]) {
                Some("UDP") => "UDP",
                Some("SCTP") => "SCTP",
                _ => "TCP",
            };
            for pod in self.facts.selected_pods(service) {
                let target = entry
                    .str_at(&["targetPort"])
                    .or_else(|| entry.str_at(&["port"]))
                    .unwrap_or("");
                let number = target
                    .parse()
                    .ok()
                    .or_else(|| self.facts.named_port(*pod, target, protocol));
                flows.push(flow(from, Peer::Pod(*pod), number, protocol));
            }
        }
        flows
    }
}

fn flow(from: EntityId, to: Peer, port: Option<u16>, protocol: &'static str) -> Flow {
    Flow {
        from,
        to,
        port,
        protocol,
    }
}

/// Addresses at port 53 are asked for names, which goes over UDP first.
fn protocol(port: Option<u16>) -> &'static str {
    if port == Some(53) { "UDP" } else { "TCP" }
}

/// Hosts that a text names. Where some have a port, the others are only spoken of and left out.
fn ends(text: &str) -> Vec<End<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric() || c == '[') {
        let (before, at) = rest.split_at(start);
        let (host, after) = host(at);
        let scheme = if before.ends_with("://") {
            scheme(text, at)
        } else {
            None
        };
        let port = port(after);
        let host = host.trim_end_matches(['.', '-']);
        let end = End {
            host,
            port: port.or(scheme),
        };
        // `local:port->remote:port`: the first is where the call comes from.
        let here = after
            .trim_start_matches(|c: char| c == ':' || c.is_ascii_digit())
            .starts_with("->");
        if !host.is_empty() && !here && !found.contains(&end) {
            found.push(end);
        }
        rest = after;
    }
    if found.iter().any(|end| end.port.is_some()) {
        found.retain(|end| end.port.is_some());
    }
    found
}

/// The host at the begin of a text, and what follows it.
fn host(text: &str) -> (&str, &str) {
    if let Some(rest) = text.strip_prefix('[') {
        return match rest.split_once(']') {
            Some((host, after)) if host.parse::<IpAddr>().is_ok() => (host, after),
            _ => ("", rest),
        };
    }
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-')))
        .unwrap_or(text.len());
    text.split_at(end)
}

/// `:5432` after a host, or libpq's and curl's ` port 5432`.
fn port(after: &str) -> Option<u16> {
    let digits = |text: &str| -> Option<u16> {
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        text.split_at(end).0.parse().ok().filter(|port| *port > 0)
    };
    if let Some(rest) = after.strip_prefix(':') {
        return digits(rest);
    }
    let near = after.split_once(" port ")?;
    // Between them there is at most the address that the name stands for.
    let address = |c: char| c.is_ascii_digit() || " .:,()\"".contains(c);
    near.0.chars().all(address).then(|| digits(near.1))?
}

/// The port that a URL's scheme implies.
fn scheme(text: &str, at: &str) -> Option<u16> {
    let before = text.len().checked_sub(at.len())?;
    let before = text.get(..before)?.strip_suffix("://")?;
    let name = before
        .rsplit(|c: char| !c.is_ascii_alphanumeric())
        .next()
        .unwrap_or("");
    match name {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "redis" => Some(6379),
        "postgres" | "postgresql" => Some(5432),
        "mysql" => Some(3306),
        "amqp" => Some(5672),
        "mongodb" => Some(27017),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(&str, Option<u16>)> {
        ends(text).iter().map(|end| (end.host, end.port)).collect()
    }

    #[test]
    fn ends_of_usual_messages() {
        assert_eq!(
            shown("dial tcp pg.db.svc.cluster.local:5432: i/o timeout"),
            [("pg.db.svc.cluster.local", Some(5432))]
        );
        assert_eq!(
            shown("read tcp 10.244.1.5:43210->10.96.0.7:5432: i/o timeout"),
            [("10.96.0.7", Some(5432))]
        );
        assert_eq!(
            shown("connection to server at \"pg\" (10.96.8.8), port 5432 failed: timed out"),
            [("pg", Some(5432)), ("10.96.8.8", Some(5432))]
        );
        assert_eq!(
            shown("Failed to connect to cart port 8080 after 3001 ms"),
            [("cart", Some(8080))]
        );
        assert_eq!(shown("GET http://cart/api: timeout"), [("cart", Some(80))]);
        assert_eq!(
            shown("dial tcp [fd00::5]:6379: i/o timeout"),
            [("fd00::5", Some(6379))]
        );
        assert_eq!(shown("upstream cart timed out").len(), 4);
        assert!(shown("").is_empty());
        assert!(shown("::[[[").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_ends_of_itself(text in ".{0,200}") {
            for end in ends(&text) {
                proptest::prop_assert!(text.contains(end.host));
            }
        }
    }
}
