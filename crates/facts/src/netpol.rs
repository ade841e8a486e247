//! Evaluates NetworkPolicies for one connection, as Kubernetes defines them: policies add up, and one rule that admits is enough.
//!
//! Every answer has three values. What the API leaves to the network plugin (an `ipBlock` that holds
//! addresses of pods, a client in the host's network) and what was not captured (labels of a
//! namespace) is open, never "denied".
//!
//! Source: the NetworkPolicy API, `networking.k8s.io/v1`.

use std::net::IpAddr;

use coldcase_snapshot::node::Node;

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
    /// An address that no captured pod holds.
    Address(IpAddr),
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

impl Facts<'_> {
    /// Judges a connection by the policies of one of its ends.
    pub fn judge_flow(&self, flow: &Flow, direction: Direction) -> Verdict {
        let (pod, far) = match (direction, flow.to) {
            (Direction::Egress, to) => (flow.from, to),
            (Direction::Ingress, Peer::Pod(pod)) => (pod, Peer::Pod(flow.from)),
            (Direction::Ingress, Peer::Address(_)) => return Verdict::Allowed,
        };
        // Policies do not govern the host's network, and ended pods have no address of their own.
        let entity = self.get(pod);
        if entity.bool_at(&["spec", "hostNetwork"]) || self.health_of(pod) == PodHealth::Done {
            return Verdict::Allowed;
        }
        if entity.partial && entity.root.is_none_or(|root| root.at(LABELS).is_none()) {
            return Verdict::Open;
        }
        let policies = governing(self, pod, direction);
        if policies.is_empty() {
            return Verdict::Allowed;
        }
        let admitted = any(policies
            .iter()
            .map(|policy| self.admits(*policy, direction, far, flow)));
        match admitted {
            Some(true) => Verdict::Allowed,
            Some(false) => Verdict::Denied(policies),
            None => Verdict::Open,
        }
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
        let root = entity.root?;
        let (rules, peers) = match direction {
            Direction::Egress => (root.items_at(&["spec", "egress"]), "to"),
            Direction::Ingress => (root.items_at(&["spec", "ingress"]), "from"),
        };
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
    fn ports_fit(&self, rule: &Node, flow: &Flow) -> Option<bool> {
        let ports = rule.items_at(&["ports"]);
        if ports.is_empty() {
            return Some(true);
        }
        any(ports.iter().map(|port| self.port_fits(port, flow)))
    }

    fn port_fits(&self, port: &Node, flow: &Flow) -> Option<bool> {
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
            },
        }
    }

    /// The number of a port that a pod's containers name.
    pub fn named_port(&self, pod: EntityId, name: &str, protocol: &str) -> Option<u16> {
        let root = self.get(pod).root?;
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

/// Policies that select a pod, in one direction.
fn governing(facts: &Facts<'_>, pod: EntityId, direction: Direction) -> Vec<EntityId> {
    policies_of(facts, pod)
        .into_iter()
        .filter(|policy| {
            facts
                .get(*policy)
                .root
                .is_some_and(|root| governs(root, direction))
        })
        .collect()
}

/// All policies that select a pod.
pub(crate) fn policies_of(facts: &Facts<'_>, pod: EntityId) -> Vec<EntityId> {
    let entity = facts.get(pod);
    let policies = facts.of_kind_in("NetworkPolicy", &entity.subject.namespace);
    let Some(root) = entity.root.filter(|_| !policies.is_empty()) else {
        return Vec::new();
    };
    let labels = select::labels(root);
    policies
        .iter()
        .copied()
        .filter(|policy| {
            facts.get(*policy).root.is_some_and(|root| {
                root.at(&["spec", "podSelector"])
                    .is_none_or(|selector| select::matches(Some(selector), &labels))
            })
        })
        .collect()
}

/// Egress policies that select a pod.
pub(crate) fn egress_policies(facts: &Facts<'_>, pod: EntityId) -> Vec<EntityId> {
    governing(facts, pod, Direction::Egress)
}

/// `policyTypes`, or what the API server fills in: ingress always, egress where there are rules for it.
fn governs(policy: &Node, direction: Direction) -> bool {
    let types = policy.items_at(&["spec", "policyTypes"]);
    let named = |name: &str| types.iter().any(|kind| kind.as_str() == Some(name));
    match direction {
        Direction::Ingress => types.is_empty() || named("Ingress"),
        Direction::Egress => {
            named("Egress")
                || types.is_empty()
                    && policy
                        .at(&["spec", "egress"])
                        .is_some_and(|egress| !egress.is_null())
        }
    }
}

/// Whether one entry of `from` or `to` of a policy in `namespace` holds the other end.
pub(crate) fn peer_fits(
    facts: &Facts<'_>,
    namespace: &str,
    peer: &Node,
    far: Peer,
) -> Option<bool> {
    if let Some(block) = peer.get("ipBlock") {
        return block_fits(facts, block, far);
    }
    let Peer::Pod(pod) = far else {
        return Some(false);
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

fn pod_fits(selector: Option<&Node>, pod: &Entity<'_>) -> Option<bool> {
    let Some(selector) = selector.filter(|selector| !is_everything(selector)) else {
        return Some(true);
    };
    let root = pod.root?;
    if pod.partial && root.at(LABELS).is_none() {
        return None;
    }
    Some(select::matches(Some(selector), &select::labels(root)))
}

fn space_fits(
    facts: &Facts<'_>,
    own: &str,
    selector: Option<&Node>,
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
        .and_then(|id| facts.get(id).root)
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
fn is_everything(selector: &Node) -> bool {
    keys(selector).next().is_none()
}

fn keys(selector: &Node) -> impl Iterator<Item = &str> {
    selector
        .get("matchLabels")
        .into_iter()
        .flat_map(Node::entries)
        .map(|(key, _)| &**key)
        .chain(
            selector
                .items_at(&["matchExpressions"])
                .iter()
                .filter_map(|expression| expression.str_at(&["key"])),
        )
}

/// Whether an `ipBlock` holds the other end. For pods that is the plugin's choice: some see a pod's address, some never match it.
fn block_fits(facts: &Facts<'_>, block: &Node, far: Peer) -> Option<bool> {
    let (address, is_pod) = match far {
        Peer::Address(address) => (address, false),
        Peer::Pod(pod) => {
            let address = facts.get(pod).str_at(&["status", "podIP"])?;
            (address.parse().ok()?, true)
        }
    };
    let inside = in_cidr(address, block.str_at(&["cidr"])?)?;
    let mut except = block.items_at(&["except"]).iter();
    let out = except.any(|range| {
        range
            .as_str()
            .is_some_and(|range| in_cidr(address, range) == Some(true))
    });
    match (inside && !out, is_pod) {
        (true, true) => None,
        (fits, _) => Some(fits),
    }
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
