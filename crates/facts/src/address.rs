//! Addresses in the environment of containers that lead to no Service, or to a port that the Service does not have.

use std::collections::{BTreeMap, BTreeSet};

use coldcase_snapshot::{node::Node, packed::View};
use rayon::prelude::*;

use crate::{
    Cite, Entity, EntityId, Facts, PodHealth,
    schema::distance,
    shared::{Shared, TOGETHER},
};

/// `name[.namespace[.svc[.…]]]:port`, perhaps after a scheme and before a path.
struct Address<'t> {
    name: &'t str,
    namespace: Option<&'t str>,
    port: u32,
}

/// Derives `AddressMiss` entities.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let all: &Facts<'_> = facts;
    let made: Vec<(EntityId, Vec<Entity<'_>>)> = all
        .of_kind("Pod")
        .par_chunks(TOGETHER)
        .flat_map_iter(|pods| {
            let mut right = Shared::new();
            let misses = pods.iter();
            misses.map(move |pod| (*pod, of_pod(all, *pod, &mut right)))
        })
        .filter(|(_, misses)| !misses.is_empty())
        .collect();
    let asked = asked(all, made.iter().flat_map(|(_, misses)| misses));
    let fields = |miss: &Entity<'_>| {
        let asked = key(miss).and_then(|service| asked.get(&service));
        match asked.filter(|asked| asked.all_but_the_service(all)) {
            Some(asked) => vec![
                ("atFault", Node::text("service")),
                ("callers", Node::text(asked.names(all))),
            ],
            None => vec![("atFault", Node::text("caller"))],
        }
    };
    let judged: Vec<(EntityId, Entity<'_>)> = made
        .into_iter()
        .flat_map(|(pod, misses)| misses.into_iter().map(move |miss| (pod, miss)))
        .map(|(pod, mut miss)| {
            miss.set(fields(&miss));
            (pod, miss)
        })
        .collect();
    for (pod, entity) in judged {
        let about = facts.get(pod).subject.clone();
        facts.push_derived(entity, &[&about]);
    }
}

/// Namespace and name of the Service that an address gives a port that it lacks.
fn key(miss: &Entity<'_>) -> Option<(String, String)> {
    let text = |field: &str| miss.str_at(&[field]).map(str::to_owned);
    (miss.str_at(&["reason"]) == Some("port")).then(|| text("namespace").zip(text("service")))?
}

/// What all environments ask of a Service.
struct Asked {
    service: EntityId,
    ports: BTreeSet<u32>,
    workloads: BTreeSet<EntityId>,
}

/// Who calls the Services that lack a port which somebody asks for.
fn asked<'e, 's: 'e>(
    facts: &Facts<'s>,
    misses: impl Iterator<Item = &'e Entity<'s>>,
) -> BTreeMap<(String, String), Asked> {
    let mut found: BTreeMap<(String, String), Asked> = BTreeMap::new();
    for service in misses.filter_map(key) {
        if let Some(id) = facts.object("Service", &service.0, &service.1) {
            found.entry(service).or_insert(Asked {
                service: id,
                ports: BTreeSet::new(),
                workloads: BTreeSet::new(),
            });
        }
    }
    let pods = facts.of_kind("Pod").iter().filter(|_| !found.is_empty());
    let calls: Vec<_> = pods
        .filter(|pod| {
            let health = facts.health_of(**pod);
            !matches!(health, PodHealth::Done | PodHealth::Leaving)
        })
        .flat_map(|pod| calls(facts, *pod))
        .filter(|(key, ..)| found.contains_key(key))
        .collect();
    for (key, port, caller) in calls {
        if let Some(asked) = found.get_mut(&key) {
            asked.ports.insert(port);
            asked.workloads.insert(caller);
        }
    }
    found
}

/// The Services, by namespace and name, and their ports that a pod's environment names, and whose pod it is.
fn calls<'f>(
    facts: &'f Facts<'_>,
    pod: EntityId,
) -> impl Iterator<Item = ((String, String), u32, EntityId)> + 'f {
    let entity = facts.get(pod);
    let namespace: &str = &entity.subject.namespace;
    let caller = facts.workload(pod).unwrap_or(pod);
    let root = entity.root().unwrap_or_default();
    let containers = root.items_at(&["spec", "containers"]).iter();
    containers
        .flat_map(|one| one.items_at(&["env"]).iter())
        .filter_map(|env| address(env.str_at(&["value"])?))
        .map(move |address| {
            let namespace = address.namespace.unwrap_or(namespace).to_owned();
            ((namespace, address.name.to_owned()), address.port, caller)
        })
}

impl Asked {
    /// Whether the Service stands alone with its port: all who call it ask for one other, and that is its pods' own or
    /// the one of its manifest. A single caller may have mistaken the pods' port for the Service's, unless the two
    /// differ by a slip of one digit.
    fn all_but_the_service(&self, facts: &Facts<'_>) -> bool {
        let Some(port) = self.ports.first().filter(|_| self.ports.len() == 1) else {
            return false;
        };
        let port = port.to_string();
        let ports = |entity: &Entity<'_>, field: &str| -> BTreeSet<String> {
            let ports = entity.root().unwrap_or_default();
            let ports = ports.items_at(&["spec", "ports"]);
            let numbers = ports.iter().filter_map(|one| one.str_at(&[field]));
            numbers.map(str::to_owned).collect()
        };
        let service = facts.get(self.service);
        let declared = || {
            let pods = facts.selected_pods(self.service).iter();
            pods.flat_map(|pod| {
                let root = facts.get(*pod).root().unwrap_or_default();
                root.items_at(&["spec", "containers"]).iter()
            })
            .flat_map(|one| one.items_at(&["ports"]).iter())
            .any(|one| one.str_at(&["containerPort"]) == Some(port.as_str()))
        };
        let manifests = facts.derived("Manifest", &service.subject).iter();
        let mut manifests = manifests.map(|id| ports(facts.get(*id), "port"));
        let own = ports(service, "port");
        let many = self.workloads.len() > 1 || own.iter().any(|own| a_digit_off(own, &port));
        manifests.any(|ports| ports.contains(&port))
            || many && (ports(service, "targetPort").contains(&port) || declared())
    }

    fn names(&self, facts: &Facts<'_>) -> String {
        let named = self.workloads.iter().map(|id| facts.get(*id));
        let named: BTreeSet<&str> = named.map(|it| it.subject.name.as_str()).collect();
        named.into_iter().collect::<Vec<_>>().join(", ")
    }
}

/// Whether two numbers of one length differ in one digit.
fn a_digit_off(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).filter(|(a, b)| a != b).count() == 1
}

/// `right` are environments whose addresses all lead somewhere from a namespace.
fn of_pod<'s, 'f>(
    facts: &'f Facts<'s>,
    pod: EntityId,
    right: &mut Shared<'s, &'f str>,
) -> Vec<Entity<'s>> {
    let mut found = Vec::new();
    let entity = facts.get(pod);
    let Some(root) = entity.root() else {
        return found;
    };
    let namespace: &str = &entity.subject.namespace;
    if matches!(facts.health_of(pod), PodHealth::Done | PodHealth::Leaving) {
        return found;
    }
    for container in root.items_at(&["spec", "containers"]) {
        let all = container.get("env").unwrap_or_default();
        if right.get(all) == Some(&namespace) {
            continue;
        }
        let before = found.len();
        for env in all.items() {
            if let Some(value) = env.get("value")
                && let Some(address) = value.as_str().and_then(address)
            {
                let name = |of: View<'s>| of.str_at(&["name"]).unwrap_or("");
                let place = (name(container), name(env));
                found.extend(miss(facts, pod, place, value, &address));
            }
        }
        if found.len() == before {
            right.put(all, namespace);
        }
    }
    found
}

fn address(text: &str) -> Option<Address<'_>> {
    if text.len() > 300 || !text.as_bytes().contains(&b':') {
        return None;
    }
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.split(['/', '?']).next().unwrap_or(rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let (host, port) = rest.split_once(':')?;
    let port: u32 = port
        .parse()
        .ok()
        .filter(|port| (1..65_536).contains(port))?;
    let mut labels = host.split('.');
    let name = labels.next().filter(|name| is_label(name))?;
    let namespace = labels.next();
    // Two labels may be a name on the Internet; only `svc` or the cluster's own namespaces make it a Service.
    let third = labels.next();
    if third.is_some_and(|third| third != "svc") {
        return None;
    }
    Some(Address {
        name,
        namespace,
        port,
    })
}

/// The name in an address without a namespace, as an environment holds it.
pub(crate) fn service_name(text: &str) -> Option<&str> {
    address(text)
        .filter(|address| address.namespace.is_none())
        .map(|address| address.name)
}

/// Name and namespace of the Service in an address, as an environment holds it.
pub(crate) fn service_of(text: &str) -> Option<(&str, Option<&str>)> {
    address(text).map(|address| (address.name, address.namespace))
}

fn is_label(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn miss<'s>(
    facts: &Facts<'s>,
    pod: EntityId,
    (container, env): (&str, &str),
    value: View<'_>,
    address: &Address<'_>,
) -> Option<Entity<'s>> {
    let entity = facts.get(pod);
    let namespace = address.namespace.unwrap_or(&entity.subject.namespace);
    let (service, ports) = match facts.object("Service", namespace, address.name) {
        Some(service) => (service, Some(wrong_port(facts.get(service), address.port)?)),
        None => (near(facts, namespace, address)?, None),
    };
    let reason = if ports.is_some() { "port" } else { "name" };
    let mut fields = vec![
        ("container", Node::text(container)),
        ("env", Node::text(env)),
        ("value", value.to_node()),
        ("host", Node::text(address.name)),
        ("port", Node::number(i64::from(address.port))),
        ("pod", Node::text(entity.subject.name.as_str())),
        ("namespace", Node::text(namespace)),
        ("reason", Node::text(reason)),
    ];
    fields.extend(ports.map(|ports| ("ports", Node::text(ports))));
    let service = facts.get(service);
    fields.push(("service", Node::text(service.subject.name.as_str())));
    let place = entity.file.map(|file| Cite {
        file,
        line: value.line(),
        end_line: value.end_line(),
    });
    let mut made = Entity::computed("AddressMiss", entity.subject.clone(), fields)
        .cited("", place)
        .cited("service", service.place());
    made.file = entity.file;
    Some(made)
}

/// The ports of a Service that lacks this one. Behind a headless Service every port of its pods can be reached.
fn wrong_port(service: &Entity<'_>, port: u32) -> Option<String> {
    let root = service.root()?;
    let kind = service.str_at(&["spec", "type"]);
    if service.str_at(&["spec", "clusterIP"]) == Some("None") || kind == Some("ExternalName") {
        return None;
    }
    let ports: Vec<&str> = root
        .items_at(&["spec", "ports"])
        .iter()
        .filter_map(|one| one.str_at(&["port"]))
        .collect();
    let known = !ports.is_empty() && !ports.contains(&port.to_string().as_str());
    known.then(|| ports.join(", "))
}

/// The Service that was probably meant: it has the port, and its name differs by a slip or an ending.
fn near(facts: &Facts<'_>, namespace: &str, address: &Address<'_>) -> Option<EntityId> {
    // A name that nobody listed is unknown, not wrong; a short one is within a slip of everything.
    if !facts.covers("Service", namespace) || address.name.len() < 4 {
        return None;
    }
    let edits = |name: &str| {
        if address.name.starts_with(&format!("{name}-")) {
            return 1;
        }
        distance(name, address.name)
    };
    facts
        .of_kind_in("Service", namespace)
        .iter()
        .copied()
        .filter(|id| {
            let service = facts.get(*id);
            wrong_port(service, address.port).is_none() && edits(&service.subject.name) <= 2
        })
        .min_by_key(|id| (edits(&facts.get(*id).subject.name), *id))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_of_services() {
        let read = |text: &str| {
            address(text).map(|it| format!("{} {:?} {}", it.name, it.namespace, it.port))
        };
        assert_eq!(read("cart:7070").as_deref(), Some("cart None 7070"));
        assert_eq!(
            read("http://u:p@cart.shop.svc.cluster.local:80/x").as_deref(),
            Some("cart Some(\"shop\") 80")
        );
        assert_eq!(read("10.0.0.1:80"), None);
        assert_eq!(read("api.example.com:443"), None);
        assert_eq!(read("cart"), None);
        assert_eq!(read("12:30:00"), None);
    }

    #[test]
    fn a_slip_is_one_digit_of_a_number_as_long() {
        assert!(a_digit_off("3551", "3550"));
        assert!(!a_digit_off("80", "8080"));
        assert!(!a_digit_off("443", "8443"));
        assert!(!a_digit_off("7000", "7000"));
        assert!(!a_digit_off("5000", "8080"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,120}") {
            if let Some(found) = address(&text) {
                prop_assert!(text.contains(found.name));
            }
        }
    }
}
