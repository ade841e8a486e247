//! Evaluates NetworkPolicies for one connection, as Kubernetes defines them: policies add up, and one rule that admits is enough.
//!
//! Every answer has three values. What the API leaves to the network plugin (an `ipBlock` that holds
//! addresses of pods, a client in the host's network) and what was not captured (labels of a
//! namespace, the rules of a policy of which only a table shows the name) is open, never "denied".
//!
//! Source: the NetworkPolicy API, `networking.k8s.io/v1`.

use std::net::IpAddr;

use coldcase_snapshot::packed::View;

use crate::{Entity, EntityId, Facts, PodHealth, select};

/// Which end's policies are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Those that select the client.
    Egress,
    /// Those that select the server.
    Ingress,
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A pod.
    Pod(EntityId),
    /// An address outside the cluster.
    Address(IpAddr),
    /// A pod that was not captured, in whatever namespace.
    Unseen,
}

/// One connection: from a pod to a port of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// The client.
    pub from: EntityId,
    /// The server.
    pub to: Peer,
    /// The server's port (the pod's, not the Service's), if it is known.
    pub port: Option<u16>,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: &'static str,
}

/// What the policies of one end say of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// No policy selects that end in this direction, or a rule admits the connection.
    Allowed,
    /// These policies select that end, and no rule of theirs admits it.
    Denied(Vec<EntityId>),
    /// It cannot be told.
    Open,
}

/// A port of a pod behind a Service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backend {
    /// The pod.
    pub pod: EntityId,
    /// The pod's port, if it is known.
    pub port: Option<u16>,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: &'static str,
}

/// Policies that isolate a pod in one direction.
#[derive(Debug, Default)]
pub(crate) struct Isolation {
    /// Those that do.
    pub sure: Vec<EntityId>,
    /// Those of which too little was captured to tell.
    maybe: Vec<EntityId>,
}

impl Facts<'_> {
    /// Judges a connection by the policies of one of its ends.
    pub fn judge_flow(&self, flow: &Flow, direction: Direction) -> Verdict {
        let (pod, far) = match (direction, flow.to) {
            (Direction::Egress, to) => (flow.from, to),
            (Direction::Ingress, Peer::Pod(pod)) => (pod, Peer::Pod(flow.from)),
            (Direction::Ingress, _) => return Verdict::Allowed,
        };
        self.judge(&self.isolation(pod, direction), direction, far, flow)
    }

    /// Judges a connection by the policies that isolate one of its ends from the far one.
    pub(crate) fn judge(
        &self,
        isolation: &Isolation,
        direction: Direction,
        far: Peer,
        flow: &Flow,
    ) -> Verdict {
        let Isolation { sure, maybe } = isolation;
        if sure.is_empty() {
            return if maybe.is_empty() {
                Verdict::Allowed
            } else {
                Verdict::Open
            };
        }
        let admitted = any(sure
            .iter()
            .chain(maybe)
            .map(|policy| self.admits(*policy, direction, far, flow)));
        match admitted {
            Some(true) => Verdict::Allowed,
            Some(false) => Verdict::Denied(sure.clone()),
            None => Verdict::Open,
        }
    }

    /// The policies that isolate a pod in one direction.
    pub(crate) fn isolation(&self, pod: EntityId, direction: Direction) -> Isolation {
        let mut found = Isolation::default();
        let entity = self.get(pod);
        let policies = self.of_kind_in("NetworkPolicy", &entity.subject.namespace);
        // Policies do not govern the host's network, and ended pods have no address of their own.
        if policies.is_empty()
            || entity.bool_at(&["spec", "hostNetwork"])
            || self.health_of(pod) == PodHealth::Done
        {
            return found;
        }
        let labels = labels_of(entity);
        for policy in policies {
            let policy_entity = self.get(*policy);
            let isolates = both(governs(policy_entity, direction), || {
                selects(policy_entity, labels.as_ref())
            });
            match isolates {
                Some(true) => found.sure.push(*policy),
                Some(false) => {}
                None => found.maybe.push(*policy),
            }
        }
        found
    }

    /// The pods behind a Service that live, at the ports that serve one of its ports, or all of them.
    pub fn behind(&self, service: EntityId, port: Option<u16>) -> Vec<Backend> {
        let Some(root) = self.get(service).root() else {
            return Vec::new();
        };
        let living = |pod: &&EntityId| self.health_of(**pod) != PodHealth::Done;
        let pods = self.selected_pods(service);
        let ports = root.items_at(&["spec", "ports"]);
        let wanted = |entry: &View<'_>| {
            port.is_none_or(|port| entry.int_at(&["port"]) == Some(i64::from(port)))
        };
        ports
            .iter()
            .filter(wanted)
            .flat_map(|entry| {
                let protocol = protocol(entry);
                let target = entry
                    .str_at(&["targetPort"])
                    .or_else(|| entry.str_at(&["port"]))
                    .unwrap_or("");
                pods.iter().filter(living).map(move |pod| Backend {
                    pod: *pod,
                    port: target
                        .parse()
                        .ok()
                        .or_else(|| self.named_port(*pod, target, protocol)),
                    protocol,
                })
            })
            .collect()
    }

    /// Whether an address is of the range that a node gives to its pods.
    pub fn in_pod_range(&self, address: IpAddr) -> bool {
        self.of_kind("Node").iter().any(|node| {
            let Some(root) = self.get(*node).root() else {
                return false;
            };
            let ranges = root.items_at(&["spec", "podCIDRs"]).iter();
            let ranges = ranges.filter_map(View::as_str);
            ranges
                .chain(root.str_at(&["spec", "podCIDR"]))
                .any(|range| in_cidr(address, range) == Some(true))
        })
    }

    /// Whether a policy has a rule that admits the connection.
    fn admits(
        &self,
        policy: EntityId,
        direction: Direction,
        far: Peer,
        flow: &Flow,
    ) -> Option<bool> {
        let entity = self.get(policy);
        let root = entity.root()?;
        let peers = match direction {
            Direction::Egress => "to",
            Direction::Ingress => "from",
        };
        if entity.partial && root.at(rules_of(direction)).is_none() {
            return None;
        }
        let rules = root.items_at(rules_of(direction));
        let namespace = entity.subject.namespace.as_str();
        any(rules.iter().map(|rule| {
            both(self.ports_fit(rule, flow), || {
                let peers = rule.items_at(&[peers]);
                if peers.is_empty() {
                    return Some(true);
                }
                any(peers
                    .iter()
                    .map(|peer| peer_fits(self, namespace, peer, far)))
            })
        }))
    }

    /// Whether a rule's ports hold the connection's; a rule without ports holds all.
    pub(crate) fn ports_fit(&self, rule: View<'_>, flow: &Flow) -> Option<bool> {
        let ports = rule.items_at(&["ports"]);
        if ports.is_empty() {
            return Some(true);
        }
        any(ports.iter().map(|port| self.port_fits(port, flow)))
    }

    fn port_fits(&self, port: View<'_>, flow: &Flow) -> Option<bool> {
        if port.str_at(&["protocol"]).unwrap_or("TCP") != flow.protocol {
            return Some(false);
        }
        let Some(first) = port.str_at(&["port"]) else {
            return Some(true);
        };
        let wanted = flow.port?;
        match first.parse::<u16>() {
            Ok(first) => {
                let last = port
                    .int_at(&["endPort"])
                    .and_then(|last| u16::try_from(last).ok());
                Some((first..=last.unwrap_or(first)).contains(&wanted))
            }
            // A name stands for what the serving pod calls so.
            Err(_) => match flow.to {
                Peer::Pod(pod) => Some(self.named_port(pod, first, flow.protocol) == Some(wanted)),
                Peer::Address(_) => Some(false),
                Peer::Unseen => None,
            },
        }
    }

    /// The number of a port that a pod's containers name.
    pub fn named_port(&self, pod: EntityId, name: &str, protocol: &str) -> Option<u16> {
        let root = self.get(pod).root()?;
        ["containers", "initContainers"]
            .iter()
            .flat_map(|list| root.items_at(&["spec", list]))
            .flat_map(|container| container.items_at(&["ports"]))
            .find(|port| {
                port.str_at(&["name"]) == Some(name)
                    && port.str_at(&["protocol"]).unwrap_or("TCP") == protocol
            })
            .and_then(|port| port.int_at(&["containerPort"]))
            .and_then(|port| u16::try_from(port).ok())
    }
}

const LABELS: &[&str] = &["metadata", "labels"];

/// All policies that are known to select a pod.
pub(crate) fn policies_of(facts: &Facts<'_>, pod: EntityId) -> Vec<EntityId> {
    let entity = facts.get(pod);
    let policies = facts.of_kind_in("NetworkPolicy", &entity.subject.namespace);
    if policies.is_empty() {
        return Vec::new();
    }
    let labels = labels_of(entity);
    policies
        .iter()
        .copied()
        .filter(|policy| selects(facts.get(*policy), labels.as_ref()) == Some(true))
        .collect()
}

/// The labels of a pod; `None` if they were not captured.
fn labels_of(pod: &Entity<'_>) -> Option<select::Labels> {
    let root = pod.root()?;
    let known = !pod.partial || root.at(LABELS).is_some();
    known.then(|| select::labels(root))
}

/// Whether a policy selects the pods that carry some labels.
fn selects(policy: &Entity<'_>, labels: Option<&select::Labels>) -> Option<bool> {
    match policy.root()?.at(&["spec", "podSelector"]) {
        None if policy.partial => None,
        Some(selector) if !is_everything(selector) => {
            Some(select::matches(Some(selector), labels?))
        }
        _ => Some(true),
    }
}

/// Where a policy has its rules for one direction.
pub fn rules_of(direction: Direction) -> &'static [&'static str] {
    match direction {
        Direction::Egress => &["spec", "egress"],
        Direction::Ingress => &["spec", "ingress"],
    }
}

fn protocol(port: View<'_>) -> &'static str {
    match port.str_at(&["protocol"]) {
        Some("UDP") => "UDP",
        Some("SCTP") => "SCTP",
        _ => "TCP",
    }
}

/// `policyTypes`, or what the API server fills in: ingress always, egress where there are rules for it.
fn governs(policy: &Entity<'_>, direction: Direction) -> Option<bool> {
    let root = policy.root()?;
    let types = root.items_at(&["spec", "policyTypes"]);
    if !types.is_empty() {
        let name = match direction {
            Direction::Egress => "Egress",
            Direction::Ingress => "Ingress",
        };
        return Some(types.iter().any(|kind| kind.as_str() == Some(name)));
    }
    let rules = root
        .at(rules_of(direction))
        .is_some_and(|rules| !rules.is_null());
    if rules || !policy.partial {
        return Some(rules || direction == Direction::Ingress);
    }
    None
}

/// Whether one entry of `from` or `to` of a policy in `namespace` holds the other end.
pub(crate) fn peer_fits(
    facts: &Facts<'_>,
    namespace: &str,
    peer: View<'_>,
    far: Peer,
) -> Option<bool> {
    if let Some(block) = peer.get("ipBlock") {
        return block_fits(facts, block, far);
    }
    let pod = match far {
        Peer::Pod(pod) => pod,
        Peer::Address(_) => return Some(false),
        Peer::Unseen => {
            // Without a selector for namespaces it is one of the policy's own.
            let none = peer.get("namespaceSelector").is_none() && facts.covers("Pod", namespace);
            return if none { Some(false) } else { None };
        }
    };
    let entity = facts.get(pod);
    // Packets of a pod in the host's network carry the node's address; plugins differ in what that is to them.
    if entity.bool_at(&["spec", "hostNetwork"]) {
        return None;
    }
    both(
        space_fits(facts, namespace, peer.get("namespaceSelector"), entity),
        || pod_fits(peer.get("podSelector"), entity),
    )
}

fn pod_fits(selector: Option<View<'_>>, pod: &Entity<'_>) -> Option<bool> {
    let Some(selector) = selector.filter(|selector| !is_everything(*selector)) else {
        return Some(true);
    };
    Some(select::matches(Some(selector), &labels_of(pod)?))
}

fn space_fits(
    facts: &Facts<'_>,
    own: &str,
    selector: Option<View<'_>>,
    pod: &Entity<'_>,
) -> Option<bool> {
    /// The label that the API server gives every namespace since 1.21.
    const NAME: &str = "kubernetes.io/metadata.name";
    let space = pod.subject.namespace.as_str();
    let Some(selector) = selector else {
        return Some(space == own);
    };
    if is_everything(selector) {
        return Some(true);
    }
    let captured = facts
        .object("Namespace", "", space)
        .and_then(|id| facts.get(id).root())
        .filter(|root| root.at(LABELS).is_some());
    let mut labels = captured.map(select::labels).unwrap_or_default();
    labels
        .entry(NAME.to_owned())
        .or_insert_with(|| space.to_owned());
    if captured.is_none() && keys(selector).any(|key| key != NAME) {
        return None;
    }
    Some(select::matches(Some(selector), &labels))
}

/// An empty selector: it selects everything.
fn is_everything(selector: View<'_>) -> bool {
    keys(selector).next().is_none()
}

fn keys(selector: View<'_>) -> impl Iterator<Item = &str> {
    selector
        .get("matchLabels")
        .into_iter()
        .flat_map(View::entries)
        .map(|(key, _)| key)
        .chain(
            selector
                .items_at(&["matchExpressions"])
                .iter()
                .filter_map(|expression| expression.str_at(&["key"])),
        )
}

/// Whether an `ipBlock` holds the other end. For pods that is the plugin's choice: some see a pod's address, some never match it.
fn block_fits(facts: &Facts<'_>, block: View<'_>, far: Peer) -> Option<bool> {
    let inside = |address: IpAddr| {
        let inside = in_cidr(address, block.str_at(&["cidr"])?)?;
        let mut except = block.items_at(&["except"]).iter().filter_map(View::as_str);
        Some(inside && !except.any(|range| in_cidr(address, range) == Some(true)))
    };
    match far {
        Peer::Address(address) => inside(address),
        Peer::Unseen => None,
        Peer::Pod(pod) => {
            let addresses = addresses(facts.get(pod));
            // None is known, or one is inside.
            if addresses.is_empty() || any(addresses.into_iter().map(inside)) != Some(false) {
                return None;
            }
            Some(false)
        }
    }
}

/// The addresses of a pod, of both families.
fn addresses(pod: &Entity<'_>) -> Vec<IpAddr> {
    let both = pod
        .root()
        .into_iter()
        .flat_map(|root| root.items_at(&["status", "podIPs"]))
        .filter_map(|address| address.str_at(&["ip"]));
    both.chain(pod.str_at(&["status", "podIP"]))
        .filter_map(|address| address.parse().ok())
        .collect()
}

/// Whether an address lies in a range; `None` where the range is none.
pub(crate) fn in_cidr(address: IpAddr, cidr: &str) -> Option<bool> {
    let (base, bits) = cidr.split_once('/')?;
    let (base, bits): (IpAddr, u32) = (base.parse().ok()?, bits.parse().ok()?);
    let (address, base, width) = match (address, base) {
        (IpAddr::V4(address), IpAddr::V4(base)) => (
            u128::from(u32::from(address)),
            u128::from(u32::from(base)),
            32,
        ),
        (IpAddr::V6(address), IpAddr::V6(base)) => (u128::from(address), u128::from(base), 128),
        _ => return Some(false),
    };
    let free = u32::checked_sub(width, bits)?;
    Some(match u128::MAX.checked_shl(free) {
        Some(mask) => address & mask == base & mask,
        None => true,
    })
}

/// One is enough; open if none is but one may be.
fn any(values: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut open = false;
    for value in values {
        match value {
            Some(true) => return Some(true),
            Some(false) => {}
            None => open = true,
        }
    }
    if open { None } else { Some(false) }
}

/// Both are needed; one that is false decides.
fn both(first: Option<bool>, second: impl FnOnce() -> Option<bool>) -> Option<bool> {
    if first == Some(false) {
        return first;
    }
    match (first, second()) {
        (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(address: &str, cidr: &str) -> Option<bool> {
        in_cidr(address.parse().unwrap(), cidr)
    }

    #[test]
    fn ranges_hold_their_addresses() {
        assert_eq!(inside("10.244.1.9", "10.244.0.0/16"), Some(true));
        assert_eq!(inside("10.245.1.9", "10.244.0.0/16"), Some(false));
        assert_eq!(inside("10.245.1.9", "0.0.0.0/0"), Some(true));
        assert_eq!(inside("fd00::5", "fd00::/8"), Some(true));
        assert_eq!(inside("fd00::5", "::/0"), Some(true));
        assert_eq!(inside("fd00::5", "fd00::5/128"), Some(true));
        assert_eq!(inside("10.0.0.1", "fd00::/8"), Some(false));
        assert_eq!(inside("10.0.0.1", "10.0.0.0"), None);
        assert_eq!(inside("10.0.0.1", "10.0.0.0/33"), None);
    }

    #[test]
    fn three_values_add_up() {
        assert_eq!(any([Some(false), None].into_iter()), None);
        assert_eq!(any([None, Some(true)].into_iter()), Some(true));
        assert_eq!(any(std::iter::empty()), Some(false));
        assert_eq!(both(None, || Some(false)), Some(false));
        assert_eq!(both(Some(true), || None), None);
    }
}
