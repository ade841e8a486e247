//! Which connections a line speaks of, and which NetworkPolicy stands in their way.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::{Arc, OnceLock, RwLock},
};

use coldcase_facts::{
    EntityId, PodHealth, Side, Whom,
    netpol::{Backend, Direction, Flow, Peer, Verdict, rules_of},
};
use coldcase_snapshot::coverage::Scope;

use crate::{
    engine::World,
    hosts::{self, End},
};

/// What stands between a line's pod and what the line names.
#[derive(Debug, Default)]
pub(crate) struct Denials {
    /// The policies to blame.
    pub policies: Vec<EntityId>,
    /// The Services that cannot be reached because of them.
    pub services: Vec<EntityId>,
    /// Whether it cannot be told what policies mean for a connection.
    pub open: bool,
}

/// What lines were found to speak of: several rules ask it of the same line.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    egress: RwLock<HashMap<EntityId, Arc<Denials>>>,
    ingress: RwLock<HashMap<EntityId, Arc<Denials>>>,
    /// The networks in which pods and Services have their addresses.
    near: OnceLock<BTreeSet<IpAddr>>,
}

/// Connections to what a host stands for; `None` if that cannot be told.
type Flows = Option<Vec<Flow>>;

impl World<'_, '_> {
    /// Services that the hosts in a line stand for.
    pub(crate) fn targets(&self, line: EntityId) -> Vec<EntityId> {
        let mut found: Vec<EntityId> = self
            .named(line)
            .into_iter()
            .filter_map(|(_, whom)| match whom {
                Whom::Service(service) => Some(service),
                _ => None,
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Policies of one end that no connection named by the line gets past.
    pub(crate) fn denials(&self, line: EntityId, direction: Direction) -> Arc<Denials> {
        let known = match direction {
            Direction::Egress => &self.calls.egress,
            Direction::Ingress => &self.calls.ingress,
        };
        if let Ok(known) = known.read()
            && let Some(found) = known.get(&line)
        {
            return Arc::clone(found);
        }
        let found = Arc::new(self.judged(line, direction));
        if let Ok(mut known) = known.write() {
            known.insert(line, Arc::clone(&found));
        }
        found
    }

    fn judged(&self, line: EntityId, direction: Direction) -> Denials {
        let subject = &self.get(line).subject;
        let mut found = Denials::default();
        let Some(from) = self.facts.object("Pod", &subject.namespace, &subject.name) else {
            return found;
        };
        for (whom, flows) in self.called(from, line) {
            let Some(flows) = flows else {
                found.open = true;
                continue;
            };
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
            if let Whom::Service(service) = whom {
                found.services.push(service);
            }
            for verdict in verdicts {
                if let Verdict::Denied(policies) = verdict {
                    found.policies.extend(self.to_blame(&policies, direction));
                }
            }
        }
        for ids in [&mut found.policies, &mut found.services] {
            ids.sort_unstable();
            ids.dedup();
        }
        found
    }

    /// Of policies that add up to "no", the one that shut the door: one without any rule, else the newest.
    fn to_blame(&self, policies: &[EntityId], direction: Direction) -> Option<EntityId> {
        policies.iter().copied().max_by_key(|policy| {
            let entity = self.get(*policy);
            let shut = entity
                .root()
                .is_none_or(|root| root.items_at(rules_of(direction)).is_empty());
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

    /// The hosts that a line names, and what they stand for.
    fn named(&self, line: EntityId) -> Vec<(End<'_>, Whom)> {
        let namespace = &self.get(line).subject.namespace;
        hosts::ends(self.words(line))
            .into_iter()
            .map(|end| (end, self.facts.whom(Some(namespace), end.host)))
            .collect()
    }

    /// Whom a pod called, by a line of its own.
    fn called(&self, from: EntityId, line: EntityId) -> Vec<(Whom, Flows)> {
        let reached: Vec<(End<'_>, Whom, Flows)> = self
            .named(line)
            .into_iter()
            .map(|(end, whom)| (end, whom, self.flows(from, &end, whom)))
            .collect();
        // Where a host has a port, those without are only spoken of. `12:30` and `main.go:87` are no hosts.
        let told = reached.iter().any(|(end, whom, _)| {
            let known = match whom {
                Whom::Nobody => end.sure,
                Whom::Address(address) => !self.has_address(from, &address.to_string()),
                Whom::Service(_) | Whom::Pod(_) => true,
            };
            end.port.is_some() && known
        });
        reached
            .into_iter()
            .filter(|(end, whom, _)| {
                (end.port.is_some() || !told) && !self.asks_names(from, end, *whom)
            })
            .map(|(_, whom, flows)| (whom, flows))
            .collect()
    }

    /// Whether a call is a look-up, which has rules of its own, or is the pod's own Service, which its lines name as well.
    fn asks_names(&self, from: EntityId, end: &End<'_>, whom: Whom) -> bool {
        let Whom::Service(service) = whom else {
            return end.port == Some(53);
        };
        let own = self.facts.services_of(from).contains(&service);
        own || end.port.map_or_else(
            || !self.facts.behind(service, Some(53)).is_empty(),
            |port| port == 53,
        )
    }

    /// The connections that a named end stands for: one for each pod behind it.
    fn flows(&self, from: EntityId, end: &End<'_>, whom: Whom) -> Flows {
        match whom {
            Whom::Nobody => Some(Vec::new()),
            Whom::Pod(pod) => Some(vec![flow(from, Peer::Pod(pod), end.port)]),
            Whom::Address(address) => self.at_address(from, address, end.port),
            Whom::Service(service) => {
                let backends = self.facts.behind(service, end.port);
                let mut flows: Vec<Flow> = backends.iter().map(|to| to_backend(from, to)).collect();
                // A load balancer's address may be answered on the node or be left to the balancer.
                let outer = end.host.parse::<IpAddr>().ok().filter(|address| {
                    let at = self.facts.service_at(*address);
                    at.is_some_and(|(_, side)| side == Side::Outside)
                });
                if let Some(address) = outer.filter(|_| !flows.is_empty()) {
                    flows.push(flow(from, Peer::Address(address), end.port));
                }
                Some(flows)
            }
        }
    }

    /// A connection to an address that is no Service's. Nodes are left out: policies mean different things to them.
    fn at_address(&self, from: EntityId, address: IpAddr, port: Option<u16>) -> Flows {
        let text = address.to_string();
        if self.has_address(from, &text) {
            return Some(Vec::new());
        }
        let mut pods = self.having("Pod", &["status", "podIP"], &text);
        pods.extend(self.having("Pod", &["status", "podIPs", "[]", "ip"], &text));
        let host = |pod: &EntityId| self.get(*pod).bool_at(&["spec", "hostNetwork"]);
        let ended = |pod: &EntityId| self.facts.health_of(*pod) == PodHealth::Done;
        if let Some(pod) = pods.iter().find(|pod| !host(pod) && !ended(pod)) {
            return Some(vec![flow(from, Peer::Pod(*pod), port)]);
        }
        let special = address.is_loopback() || address.is_unspecified() || address.is_multicast();
        if special || port.is_none() || pods.iter().any(host) || self.is_node(&text) {
            return Some(Vec::new());
        }
        let outside = pods.is_empty() && self.is_outside(address);
        outside.then(|| vec![flow(from, Peer::Address(address), port)])
    }

    fn has_address(&self, pod: EntityId, address: &str) -> bool {
        let has = |path: &[&str]| self.having("Pod", path, address).contains(&pod);
        has(&["status", "podIP"]) || has(&["status", "podIPs", "[]", "ip"])
    }

    fn is_node(&self, address: &str) -> bool {
        let has = |kind, path: &[&str]| !self.having(kind, path, address).is_empty();
        has("Node", &["status", "addresses", "[]", "address"]) || has("Pod", &["status", "hostIP"])
    }

    /// Whether nobody in the cluster can have, or have had, an address that none of its captured objects has.
    fn is_outside(&self, address: IpAddr) -> bool {
        if self.facts.in_pod_range(address) {
            return false;
        }
        if !hosts::is_private(address) {
            return true;
        }
        let coverage = &self.facts.snapshot.coverage;
        let whole = |kind: &&str| {
            self.facts.collected(kind)
                && !matches!(coverage.scopes.get(*kind), Some(Scope::Namespaces(_)))
        };
        let near = || {
            let networks = self.calls.near.get_or_init(|| self.networks());
            networks.contains(&hosts::network(address))
        };
        ["Pod", "Service", "Node"].iter().all(whole) && !near()
    }

    /// The networks that addresses of pods and Services are of. Not every plugin writes its ranges into the nodes.
    fn networks(&self) -> BTreeSet<IpAddr> {
        let pods = self.facts.of_kind("Pod").iter().map(|pod| self.get(*pod));
        let pods = pods
            .filter(|pod| !pod.bool_at(&["spec", "hostNetwork"]))
            .filter_map(|pod| pod.str_at(&["status", "podIP"]));
        let services = self.facts.of_kind("Service").iter();
        let services = services.filter_map(|id| self.get(*id).str_at(&["spec", "clusterIP"]));
        pods.chain(services)
            .filter_map(|address| address.parse().ok())
            .map(hosts::network)
            .collect()
    }
}

fn to_backend(from: EntityId, to: &Backend) -> Flow {
    Flow {
        from,
        to: Peer::Pod(to.pod),
        port: to.port,
        protocol: to.protocol,
    }
}

/// A connection; addresses at port 53 are asked for names, which goes over UDP first.
fn flow(from: EntityId, to: Peer, port: Option<u16>) -> Flow {
    Flow {
        from,
        to,
        port,
        protocol: if port == Some(53) { "UDP" } else { "TCP" },
    }
}
