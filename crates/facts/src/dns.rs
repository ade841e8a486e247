//! Evaluates egress NetworkPolicies for one question: can these pods still ask the cluster's DNS?

use std::collections::{BTreeMap, BTreeSet};

use coldcase_snapshot::{node::Node, packed::View};
use rayon::prelude::*;

use crate::{
    Cite, Entity, EntityId, Facts,
    netpol::{Direction, Flow, Peer, Verdict},
    select,
};

/// Derives `DnsBlock` entities, one for each workload that is cut off.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let servers = dns_pods(facts);
    let ways = ways(facts, &servers);
    let cut_off = |pod: &EntityId| {
        let isolation = facts.isolation(*pod, Direction::Egress);
        let shut = |(to, port): &(Peer, Option<u16>)| {
            let flow = query(*pod, *to, *port);
            let verdict = facts.judge(&isolation, Direction::Egress, *to, &flow);
            matches!(verdict, Verdict::Denied(_))
        };
        if isolation.sure.is_empty() || !ways.iter().all(shut) {
            return None;
        }
        Some((facts.workload(*pod)?, *pod, isolation.sure))
    };
    let cut_off: Vec<_> = facts
        .of_kind("Pod")
        .par_iter()
        .filter_map(cut_off)
        .collect();
    let mut blocked: BTreeMap<EntityId, (Vec<EntityId>, Vec<EntityId>)> = BTreeMap::new();
    for (workload, pod, policies) in cut_off {
        let entry = blocked.entry(workload).or_default();
        entry.0.push(pod);
        for policy in policies {
            if !entry.1.contains(&policy) {
                entry.1.push(policy);
            }
        }
    }
    let made: Vec<(Entity<'_>, Vec<crate::Identity>)> = blocked
        .into_iter()
        .map(|(workload, (pods, policies))| {
            let entity = block(facts, workload, (&pods, &policies), (&servers, &ways));
            let mut about: Vec<crate::Identity> = pods
                .iter()
                .chain(&policies)
                .map(|id| facts.get(*id).subject.clone())
                .collect();
            about.push(facts.get(workload).subject.clone());
            (entity, about)
        })
        .collect();
    for (entity, about) in made {
        let about: Vec<&crate::Identity> = about.iter().collect();
        facts.push_derived(entity, &about);
    }
}

/// Pods with the label that every distribution's DNS keeps for compatibility, else pods behind a
/// Service that answers on UDP 53, whatever it is called.
fn dns_pods(facts: &Facts<'_>) -> Vec<EntityId> {
    let labelled: Vec<EntityId> = facts
        .of_kind("Pod")
        .par_iter()
        .copied()
        .filter(|pod| {
            let root = facts.get(*pod).root();
            root.and_then(|root| root.str_at(&["metadata", "labels", "k8s-app"]))
                == Some("kube-dns")
        })
        .collect();
    if !labelled.is_empty() {
        return labelled;
    }
    let answers = |service: &Entity<'_>| {
        service.root().is_some_and(|root| {
            root.items_at(&["spec", "ports"]).iter().any(|port| {
                port.int_at(&["port"]) == Some(53) && port.str_at(&["protocol"]) == Some("UDP")
            })
        })
    };
    facts
        .of_kind("Service")
        .iter()
        .filter(|service| answers(facts.get(**service)))
        .flat_map(|service| facts.selected_pods(*service).to_vec())
        .collect()
}

/// Addresses on which a node's own DNS cache answers, as its manifest and common installers set them.
const NODE_LOCAL: [[u8; 4]; 2] = [[169, 254, 20, 10], [169, 254, 25, 10]];

/// Where a question can go: to each DNS pod at the port that it listens on, and to a cache on the node.
fn ways(facts: &Facts<'_>, servers: &[EntityId]) -> Vec<(Peer, Option<u16>)> {
    let cache = NODE_LOCAL.map(|address| (Peer::Address(address.into()), Some(53)));
    let mut ways: Vec<(Peer, Option<u16>)> = servers
        .iter()
        .flat_map(|server| ports(facts, *server).map(|port| (Peer::Pod(*server), port)))
        .collect();
    if ways.is_empty() {
        // Where DNS lives was not captured: a rule for other namespaces may reach it.
        ways.push((Peer::Unseen, None));
    }
    ways.extend(cache);
    ways
}

/// The ports at which a DNS pod takes questions, often another one than its Service's.
fn ports(facts: &Facts<'_>, server: EntityId) -> impl Iterator<Item = Option<u16>> {
    let served = facts
        .services_of(server)
        .iter()
        .flat_map(|service| facts.behind(*service, Some(53)))
        .filter(|backend| backend.pod == server && backend.protocol == "UDP")
        .map(|backend| backend.port);
    let mut ports: BTreeSet<Option<u16>> = served.collect();
    if ports.is_empty() {
        let containers = facts
            .get(server)
            .root()
            .unwrap_or_default()
            .items_at(&["spec", "containers"]);
        let named = containers
            .iter()
            .flat_map(|container| container.items_at(&["ports"]))
            .filter(|port| port.str_at(&["protocol"]) == Some("UDP"))
            .filter_map(|port| u16::try_from(port.int_at(&["containerPort"])?).ok());
        ports.extend(named.map(Some));
    }
    if ports.is_empty() {
        ports.insert(Some(53));
    }
    ports.into_iter()
}

fn query(from: EntityId, to: Peer, port: Option<u16>) -> Flow {
    Flow {
        from,
        to,
        port,
        protocol: "UDP",
    }
}

fn block<'s>(
    facts: &Facts<'s>,
    workload: EntityId,
    (pods, policies): (&[EntityId], &[EntityId]),
    (servers, ways): (&[EntityId], &[(Peer, Option<u16>)]),
) -> Entity<'s> {
    let target = facts.get(workload);
    // The policy to blame: one that names port 53 and misses the pods, else one without any rule for it.
    let near: Option<(EntityId, Near)> = policies
        .iter()
        .find_map(|policy| near_rule(facts, *policy, ways).map(|near| (*policy, near)));
    let (policy, line) = if let Some((policy, near)) = &near {
        (*policy, near.line)
    } else {
        let first = policies
            .iter()
            .copied()
            .max_by_key(|policy| {
                facts
                    .get(*policy)
                    .str_at(&["metadata", "creationTimestamp"])
                    .map(str::to_owned)
            })
            .unwrap_or(workload);
        let line = facts
            .get(first)
            .root()
            .and_then(|root| root.get("spec"))
            .map_or(0, View::line);
        (first, line)
    };
    let entity = facts.get(policy);
    let server_labels = servers
        .first()
        .and_then(|id| facts.get(*id).root())
        .map(select::labels)
        .unwrap_or_default();
    let interesting: select::Labels = server_labels
        .into_iter()
        .filter(|(key, _)| key != "pod-template-hash")
        .collect();
    let listen = listen(ways);
    let detail = match &near {
        Some((_, near)) if near.fits => format!(
            "its rule for port {listen} does not select the DNS pods, which carry {}",
            select::show(&interesting)
        ),
        Some(_) => format!("it allows port 53, and the DNS pods listen on {listen}"),
        None => format!("no egress rule allows port {listen} to the DNS pods"),
    };
    let fields = vec![
        ("policy", Node::text(entity.subject.name.as_str())),
        ("namespace", Node::text(entity.subject.namespace.as_str())),
        ("workload", Node::text(target.subject.name.as_str())),
        ("detail", Node::text(detail)),
        ("nearMiss", Node::flag(near.is_some())),
        ("pods", Node::number(i64::try_from(pods.len()).unwrap_or(0))),
    ];
    let end = if near.is_some() { line } else { line + 6 };
    let cite = entity.file.map(|file| Cite {
        file,
        line,
        end_line: end,
    });
    Entity::computed("DnsBlock", target.subject.clone(), fields).cited("", cite)
}

/// The ports at which the DNS pods listen.
fn listen(ways: &[(Peer, Option<u16>)]) -> String {
    let pods = ways.iter().filter(|(to, _)| matches!(to, Peer::Pod(_)));
    let ports: BTreeSet<u16> = pods.filter_map(|(_, port)| *port).collect();
    if ports.is_empty() {
        return "53".to_owned();
    }
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    ports.join(", ")
}

/// A rule for DNS that does not let the question through.
struct Near {
    line: u32,
    /// Whether it names the port at which DNS pods listen; else only that of their Service.
    fits: bool,
}

/// The rule that names a port of DNS although it does not reach the DNS pods.
fn near_rule(facts: &Facts<'_>, policy: EntityId, ways: &[(Peer, Option<u16>)]) -> Option<Near> {
    let root = facts.get(policy).root()?;
    let names = |rule: View<'_>, pods: bool| {
        let mut ways = ways
            .iter()
            .filter(|(to, _)| !pods || matches!(to, Peer::Pod(_)));
        ways.any(|(to, port)| facts.ports_fit(rule, &query(policy, *to, *port)) == Some(true))
    };
    let rule = root
        .items_at(&["spec", "egress"])
        .iter()
        .find(|rule| !rule.items_at(&["ports"]).is_empty() && names(*rule, false))?;
    let served = ways.iter().any(|(to, _)| matches!(to, Peer::Pod(_)));
    let fits = !served || names(rule, true);
    let line = if fits {
        let peer = rule.items_at(&["to"]).first()?;
        peer.at(&["podSelector", "matchLabels"])
            .or_else(|| peer.get("namespaceSelector"))
            .map_or(peer.line(), View::line)
    } else {
        rule.get("ports").map_or(rule.line(), View::line)
    };
    Some(Near { line, fits })
}
