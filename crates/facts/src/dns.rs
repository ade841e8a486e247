//! Evaluates egress NetworkPolicies for one question: can these pods still ask the cluster's DNS?

use std::collections::BTreeMap;

use coldcase_snapshot::node::Node;

use crate::{
    Cite, Entity, EntityId, Facts, PodHealth,
    netpol::{Peer, egress_policies, peer_fits},
    select,
};

/// Derives `DnsBlock` entities, one for each workload that is cut off.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let servers = dns_pods(facts);
    let mut blocked: BTreeMap<EntityId, (Vec<EntityId>, Vec<EntityId>)> = BTreeMap::new();
    for pod in facts.of_kind("Pod") {
        if facts.health_of(*pod) == PodHealth::Done
            || facts.get(*pod).bool_at(&["spec", "hostNetwork"])
        {
            continue;
        }
        let policies = egress_policies(facts, *pod);
        if policies.is_empty()
            || policies
                .iter()
                .any(|policy| allows_dns(facts, *policy, &servers))
        {
            continue;
        }
        let Some(workload) = facts.workload(*pod) else {
            continue;
        };
        let entry = blocked.entry(workload).or_default();
        entry.0.push(*pod);
        for policy in policies {
            if !entry.1.contains(&policy) {
                entry.1.push(policy);
            }
        }
    }
    let made: Vec<(Entity<'_>, Vec<crate::Identity>)> = blocked
        .into_iter()
        .map(|(workload, (pods, policies))| {
            let entity = block(facts, workload, &pods, &policies, &servers);
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
        .iter()
        .copied()
        .filter(|pod| {
            facts.get(*pod).str_at(&["metadata", "labels", "k8s-app"]) == Some("kube-dns")
        })
        .collect();
    if !labelled.is_empty() {
        return labelled;
    }
    let answers = |service: &Entity<'_>| {
        service.root.is_some_and(|root| {
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

fn allows_dns(facts: &Facts<'_>, policy: EntityId, servers: &[EntityId]) -> bool {
    let entity = facts.get(policy);
    let Some(root) = entity.root else { return true };
    root.items_at(&["spec", "egress"]).iter().any(|rule| {
        rule_has_port(rule) && rule_reaches(facts, &entity.subject.namespace, rule, servers)
    })
}

/// Whether a rule covers UDP 53 (or the port that common DNS pods listen on behind it).
fn rule_has_port(rule: &Node) -> bool {
    let ports = rule.items_at(&["ports"]);
    ports.is_empty()
        || ports.iter().any(|port| {
            let protocol = port.str_at(&["protocol"]).unwrap_or("TCP");
            let Some(number) = port.str_at(&["port"]) else {
                return protocol == "UDP";
            };
            let end = port.int_at(&["endPort"]);
            let covers = |wanted: i64| match (number.parse::<i64>(), end) {
                (Ok(from), Some(to)) => (from..=to).contains(&wanted),
                (Ok(from), None) => from == wanted,
                (Err(_), _) => number.starts_with("dns"),
            };
            protocol == "UDP" && (covers(53) || covers(5353) || covers(1053))
        })
}

fn rule_reaches(facts: &Facts<'_>, namespace: &str, rule: &Node, servers: &[EntityId]) -> bool {
    let peers = rule.items_at(&["to"]);
    peers.is_empty()
        || peers
            .iter()
            .any(|peer| peer_reaches(facts, namespace, peer, servers))
}

fn peer_reaches(facts: &Facts<'_>, namespace: &str, peer: &Node, servers: &[EntityId]) -> bool {
    if let Some(block) = peer.get("ipBlock") {
        // Node-local caches and external resolvers are reached by address; a range that is not
        // empty of DNS cannot be excluded without their addresses.
        let cidr = block.str_at(&["cidr"]).unwrap_or("");
        if cidr == "0.0.0.0/0" || cidr.starts_with("169.254.") {
            return true;
        }
    } else if servers.is_empty() {
        // Where DNS lives was not captured: a rule for other namespaces may reach it.
        return peer.get("namespaceSelector").is_some();
    }
    servers
        .iter()
        .any(|server| peer_fits(facts, namespace, peer, Peer::Pod(*server)) != Some(false))
}

fn block<'s>(
    facts: &Facts<'s>,
    workload: EntityId,
    pods: &[EntityId],
    policies: &[EntityId],
    servers: &[EntityId],
) -> Entity<'s> {
    let target = facts.get(workload);
    // The policy to blame: one that names port 53 and misses the pods, else one without any rule for it.
    let near = policies
        .iter()
        .find_map(|policy| near_rule(facts, *policy).map(|line| (*policy, line)));
    let (policy, line) = near.unwrap_or_else(|| {
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
            .root
            .and_then(|root| root.get("spec"))
            .map_or(0, |spec| spec.line);
        (first, line)
    });
    let entity = facts.get(policy);
    let server_labels = servers
        .first()
        .and_then(|id| facts.get(*id).root)
        .map(select::labels)
        .unwrap_or_default();
    let interesting: select::Labels = server_labels
        .into_iter()
        .filter(|(key, _)| key != "pod-template-hash")
        .collect();
    let detail = if near.is_some() {
        format!(
            "its rule for port 53 does not select the DNS pods, which carry {}",
            select::show(&interesting)
        )
    } else {
        "no egress rule allows port 53 to the DNS pods".to_owned()
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

/// The line of a rule that names port 53 although it does not reach the DNS pods.
fn near_rule(facts: &Facts<'_>, policy: EntityId) -> Option<u32> {
    let root = facts.get(policy).root?;
    let rule = root
        .items_at(&["spec", "egress"])
        .iter()
        .find(|rule| !rule.items_at(&["ports"]).is_empty() && rule_has_port(rule))?;
    let peer = rule.items_at(&["to"]).first()?;
    Some(
        peer.at(&["podSelector", "matchLabels"])
            .or_else(|| peer.get("namespaceSelector"))
            .map_or(peer.line, |node| node.line),
    )
}
