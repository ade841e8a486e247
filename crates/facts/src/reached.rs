//! Which Service a host stands for that somebody tried to reach.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use crate::Facts;

/// Services by what they are called by.
pub(crate) struct Services {
    by_address: BTreeMap<String, String>,
    /// `namespace/name` by name; none where several namespaces have it.
    by_name: BTreeMap<String, Option<String>>,
    all: BTreeSet<String>,
}

impl Services {
    pub(crate) fn new(facts: &Facts<'_>) -> Self {
        let mut made = Self {
            by_address: BTreeMap::new(),
            by_name: BTreeMap::new(),
            all: BTreeSet::new(),
        };
        for id in facts.of_kind("Service") {
            let service = facts.get(*id);
            let name = service.subject.name.to_string();
            let key = format!("{}/{name}", service.subject.namespace);
            if let Some(ip) = service.str_at(&["spec", "clusterIP"])
                && ip != "None"
            {
                made.by_address.insert(ip.to_owned(), key.clone());
            }
            match made.by_name.entry(name) {
                Entry::Vacant(free) => {
                    free.insert(Some(key.clone()));
                }
                Entry::Occupied(mut taken) => {
                    taken.insert(None);
                }
            }
            made.all.insert(key);
        }
        made
    }

    /// `namespace/name` of the Service of a host, asked from a namespace if that is known.
    pub(crate) fn of(&self, host: &str, from: &str) -> Option<String> {
        if let Some(key) = self.by_address.get(host) {
            return Some(key.clone());
        }
        let mut labels = host.trim_end_matches('.').split('.');
        let (name, namespace) = (labels.next()?, labels.next());
        // Three labels without `svc` are a name on the Internet or a pod of a headless Service.
        if labels.next().is_some_and(|third| third != "svc") {
            return None;
        }
        let namespace = namespace.or(Some(from).filter(|from| !from.is_empty()));
        let Some(namespace) = namespace else {
            return self.by_name.get(name).cloned().flatten();
        };
        let key = format!("{namespace}/{name}");
        self.all.contains(&key).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use coldcase_bundle::Bundle;

    use super::*;

    #[test]
    fn hosts_stand_for_services_by_name_and_address() {
        let services = "kind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a, namespace: x, uid: s1}, spec: {clusterIP: 10.0.0.1}}\n- {apiVersion: v1, kind: Service, metadata: {name: b, namespace: x, uid: s2}, spec: {clusterIP: None}}\n- {apiVersion: v1, kind: Service, metadata: {name: b, namespace: y, uid: s3}, spec: {clusterIP: None}}\n";
        let bundle = Bundle::from_texts("test", [("services.yaml", services)]);
        let snapshot = coldcase_snapshot::read(&bundle);
        let facts = crate::derive(&snapshot);
        let known = Services::new(&facts);
        let of = |host: &str, from: &str| known.of(host, from).unwrap_or_default();
        assert_eq!(of("10.0.0.1", ""), "x/a");
        assert_eq!(of("a", ""), "x/a");
        assert_eq!(of("b", ""), "", "two namespaces have it");
        assert_eq!(of("b", "y"), "y/b");
        assert_eq!(of("b.y", "x"), "y/b");
        assert_eq!(of("b.y.svc.cluster.local.", ""), "y/b");
        assert_eq!(of("a.example.com", ""), "");
        assert_eq!(of("None", ""), "");
    }
}
