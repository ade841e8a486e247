//! What a host stands for that somebody tried to reach, by name or by address.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
};

use coldcase_snapshot::packed::View;

use crate::{EntityId, Facts};

/// What a named host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// A Service.
    Service(EntityId),
    /// A pod behind a headless Service.
    Pod(EntityId),
    /// An address that is no Service's.
    Address(IpAddr),
    /// Nothing that the snapshot knows.
    Nobody,
}

/// From where a Service has an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// By which the cluster calls it.
    Cluster,
    /// For the world outside, which may be answered on the node or be left to a load balancer.
    Outside,
}

/// Services by what they are called by.
#[derive(Debug)]
pub(crate) struct Services {
    by_address: HashMap<IpAddr, (EntityId, Side)>,
    /// None where several namespaces have the name.
    by_name: HashMap<String, Option<EntityId>>,
}

impl Services {
    fn new(facts: &Facts<'_>) -> Self {
        let mut made = Self {
            by_address: HashMap::new(),
            by_name: HashMap::new(),
        };
        let services = facts.of_kind("Service");
        for id in services {
            match made.by_name.entry(facts.get(*id).subject.name.to_string()) {
                Entry::Vacant(free) => {
                    free.insert(Some(*id));
                }
                Entry::Occupied(mut taken) => {
                    taken.insert(None);
                }
            }
        }
        // What the cluster calls goes first: an outer address may be any.
        for side in [Side::Cluster, Side::Outside] {
            for id in services {
                for address in addresses(facts, *id, side) {
                    made.by_address.entry(address).or_insert((*id, side));
                }
            }
        }
        made
    }
}

/// The addresses of a Service; `None` of a headless one is not any.
fn addresses(facts: &Facts<'_>, service: EntityId, side: Side) -> Vec<IpAddr> {
    let root = facts.get(service).root().unwrap_or_default();
    let texts: Vec<&str> = match side {
        Side::Cluster => {
            let all = root.items_at(&["spec", "clusterIPs"]).iter();
            let first = root.str_at(&["spec", "clusterIP"]);
            all.filter_map(View::as_str).chain(first).collect()
        }
        Side::Outside => {
            let given = root.items_at(&["status", "loadBalancer", "ingress"]).iter();
            let own = root.items_at(&["spec", "externalIPs"]).iter();
            let own = own.filter_map(View::as_str);
            own.chain(given.filter_map(|it| it.str_at(&["ip"])))
                .collect()
        }
    };
    texts.iter().filter_map(|ip| ip.parse().ok()).collect()
}

impl Facts<'_> {
    fn named(&self) -> &Services {
        self.named.get_or_init(|| Services::new(self))
    }

    /// The Service that is reached at an address, and from where it has it.
    pub fn service_at(&self, address: IpAddr) -> Option<(EntityId, Side)> {
        self.named().by_address.get(&address).copied()
    }

    /// What a host stands for, named by somebody in a namespace. If nobody knows which, a bare name is that of the
    /// only Service that has it.
    pub fn whom(&self, from: Option<&str>, host: &str) -> Whom {
        if let Ok(address) = host.parse::<IpAddr>() {
            let service = self.service_at(address);
            return service.map_or(Whom::Address(address), |(id, _)| Whom::Service(id));
        }
        let mut labels = host.trim_end_matches('.').split('.');
        let (first, second, third) = (labels.next().unwrap_or(""), labels.next(), labels.next());
        let Some(namespace) = second.or(from) else {
            let only = self.named().by_name.get(first).copied().flatten();
            return only.map_or(Whom::Nobody, Whom::Service);
        };
        let service = self.object("Service", namespace, first);
        // Three labels without `svc` are a name on the Internet or a pod of a headless Service.
        if let Some(service) = service.filter(|_| third.is_none_or(|label| label == "svc")) {
            return Whom::Service(service);
        }
        let headless = second.and_then(|service| {
            let namespace = third.or(from)?;
            self.object("Service", namespace, service)?;
            self.object("Pod", namespace, first)
        });
        headless.map_or(Whom::Nobody, Whom::Pod)
    }
}

#[cfg(test)]
mod tests {
    use coldcase_bundle::Bundle;

    use super::*;

    #[test]
    fn hosts_stand_for_services_by_name_and_address() {
        let services = "kind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a, namespace: x, uid: s1}, spec: {clusterIP: 10.0.0.1, externalIPs: [203.0.113.7]}}\n- {apiVersion: v1, kind: Service, metadata: {name: b, namespace: x, uid: s2}, spec: {clusterIP: None}}\n- {apiVersion: v1, kind: Service, metadata: {name: b, namespace: y, uid: s3}, spec: {clusterIP: None}}\n- {apiVersion: v1, kind: Pod, metadata: {name: p-0, namespace: y, uid: p1}, spec: {}, status: {}}\n";
        let bundle = Bundle::from_texts("test", [("services.yaml", services)]);
        let snapshot = coldcase_snapshot::read(&bundle);
        let facts = crate::derive(&snapshot);
        let of = |host: &str, from: Option<&str>| match facts.whom(from, host) {
            Whom::Service(id) | Whom::Pod(id) => facts.get(id).subject.to_string(),
            Whom::Address(address) => address.to_string(),
            Whom::Nobody => String::new(),
        };
        assert_eq!(of("10.0.0.1", None), "Service x/a");
        assert_eq!(of("203.0.113.7", None), "Service x/a");
        let side = |ip: &str| facts.service_at(ip.parse().ok()?).map(|(_, side)| side);
        assert_eq!(side("10.0.0.1"), Some(Side::Cluster));
        assert_eq!(side("203.0.113.7"), Some(Side::Outside));
        assert_eq!(of("10.0.0.2", None), "10.0.0.2");
        assert_eq!(of("a", None), "Service x/a");
        assert_eq!(of("a", Some("y")), "");
        assert_eq!(of("b", None), "", "two namespaces have it");
        assert_eq!(of("b", Some("y")), "Service y/b");
        assert_eq!(of("b.y", Some("x")), "Service y/b");
        assert_eq!(of("b.y.svc.cluster.local.", None), "Service y/b");
        assert_eq!(of("p-0.b.y.svc", None), "Pod y/p-0");
        assert_eq!(of("a.example.com", None), "");
        assert_eq!(of("None", None), "");
    }
}
