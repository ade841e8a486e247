//! What other pods and volumes have to say about a node: host ports, affinity between pods, topology spread, where volumes are.
//!
//! Source: the scheduler's filter plugins NodePorts, InterPodAffinity, PodTopologySpread, VolumeBinding
//! and VolumeZone as the Kubernetes documentation describes them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use coldcase_snapshot::packed::{Items, View};
use rayon::prelude::*;

use super::{Obstacle, place::selector_matches, says};
use crate::{
    EntityId, Facts, PodHealth,
    select::{self, Labels},
};

const HOSTNAME: &str = "kubernetes.io/hostname";

/// Pods on each node that a selector selects.
type Counts = Rc<BTreeMap<String, i64>>;

/// An anti-affinity that placed pods have, and the domains that it closes to those it selects.
struct Closed<'s> {
    namespace: String,
    term: View<'s>,
    domains: BTreeSet<String>,
}

/// Places by namespace and a label.
type Sorted = BTreeMap<(String, String, String), Vec<usize>>;

/// A pod that holds room on a node.
struct Placed<'f> {
    node: &'f str,
    labels: Labels,
    leaving: bool,
}

/// The pods of a namespace that hold room, and where those with a label are.
struct Space<'f> {
    placed: Vec<Placed<'f>>,
    by_label: HashMap<(String, String), Vec<usize>>,
    /// The labels of every pod are known.
    labels_told: bool,
}

impl<'f> Space<'f> {
    fn of(facts: &'f Facts<'_>, pods: &[EntityId]) -> Self {
        let mut space = Self {
            placed: Vec::new(),
            by_label: HashMap::new(),
            labels_told: true,
        };
        for pod in pods {
            let entity = facts.get(*pod);
            let Some(root) = entity.root().filter(|root| !ended(*root)) else {
                continue;
            };
            let node = root.str_at(&["spec", "nodeName"]);
            let Some(node) = node.filter(|node| !node.is_empty()) else {
                continue;
            };
            space.labels_told &= says(entity, &["metadata", "labels"]);
            let labels = select::labels(root);
            for (key, value) in &labels {
                let label = (key.clone(), value.clone());
                space
                    .by_label
                    .entry(label)
                    .or_default()
                    .push(space.placed.len());
            }
            space.placed.push(Placed {
                node,
                labels,
                leaving: facts.health_of(*pod) == PodHealth::Leaving,
            });
        }
        space
    }

    /// Those that a selector may select: of one label that it demands, or all.
    fn candidates(
        &self,
        selector: Option<View<'_>>,
        more: &Labels,
    ) -> Box<dyn Iterator<Item = &Placed<'f>> + '_> {
        let own = more
            .iter()
            .next()
            .map(|(key, value)| (key.clone(), value.clone()));
        match first_label(selector).or(own) {
            Some(label) => {
                let places = self.by_label.get(&label).map_or(&[][..], Vec::as_slice);
                Box::new(places.iter().filter_map(|at| self.placed.get(*at)))
            }
            None => Box::new(self.placed.iter()),
        }
    }
}

/// What the pods on a node ask of others.
struct Seen<'s> {
    ports: Vec<(String, String, i64)>,
    /// Namespaces and anti-affinities of the pods, with the node's domain.
    apart: Vec<(String, View<'s>, String)>,
}

impl<'s> Seen<'s> {
    fn on(facts: &Facts<'s>, pods: &[EntityId], node: Option<&Labels>) -> Self {
        let (mut ports, mut apart) = (Vec::new(), Vec::new());
        for pod in pods {
            let entity = facts.get(*pod);
            let Some(root) = entity.root().filter(|root| !ended(*root)) else {
                continue;
            };
            ports.extend(host_ports(root));
            for term in terms(root, "podAntiAffinity") {
                if let Some(domain) = node.and_then(|labels| labels.get(key_of(term))) {
                    let namespace = entity.subject.namespace.to_string();
                    apart.push((namespace, term, domain.clone()));
                }
            }
        }
        Self { ports, apart }
    }
}

/// One label that a selector demands.
fn first_label(selector: Option<View<'_>>) -> Option<(String, String)> {
    let (key, value) = selector?.get("matchLabels")?.entries().first()?;
    Some((key.to_string(), value.as_str().unwrap_or("").to_owned()))
}

/// Pods that are placed, asked many times in the same words.
pub(super) struct Neighbours<'f, 's> {
    facts: &'f Facts<'s>,
    /// Labels of nodes by name.
    nodes: BTreeMap<String, Labels>,
    counts: HashMap<(String, String, bool), Option<Counts>>,
    /// Pods by namespace, as far as anybody asked.
    spaces: BTreeMap<&'f str, Space<'f>>,
    closed: Vec<Closed<'s>>,
    /// Places in `closed` of terms that look at one namespace only and at one label at least.
    closed_by: Sorted,
    /// Places of the others.
    closed_wide: Vec<usize>,
    /// Host ports in use: `(node, protocol, port)` with the addresses they are bound to.
    ports: BTreeMap<(String, String, i64), BTreeSet<String>>,
}

/// What keeps a pod from one node, besides room, labels and taints.
#[derive(Debug, Default)]
pub(super) struct Clash {
    pub obstacles: Vec<Obstacle>,
    /// `anti-affinity`, `affinity` or `topology spread`.
    pub affinity: Option<&'static str>,
}

/// What one pod asks of its neighbours, counted once for all nodes.
pub(super) struct Wishes<'s> {
    ports: Vec<(String, String, i64)>,
    /// `(topology key, values that are taken)`.
    apart: Vec<(String, BTreeSet<String>)>,
    /// `(topology key, values that will do; none: any)`.
    together: Vec<(String, Option<BTreeSet<String>>)>,
    /// `(topology key, values that stay within the skew)`.
    spread: Vec<(String, BTreeSet<String>)>,
    volumes: Vec<View<'s>>,
}

impl<'f, 's> Neighbours<'f, 's> {
    pub(super) fn new(facts: &'f Facts<'s>) -> Self {
        let mut nodes = BTreeMap::new();
        for id in facts.of_kind("Node") {
            let node = facts.get(*id);
            let mut labels = node.root().map(select::labels).unwrap_or_default();
            labels
                .entry(HOSTNAME.to_owned())
                .or_insert_with(|| node.subject.name.to_string());
            nodes.insert(node.subject.name.to_string(), labels);
        }
        let mut made = Self {
            facts,
            nodes,
            counts: HashMap::new(),
            spaces: BTreeMap::new(),
            closed: Vec::new(),
            closed_by: Sorted::new(),
            closed_wide: Vec::new(),
            ports: BTreeMap::new(),
        };
        made.look_around();
        made
    }

    /// Host ports and anti-affinities of the pods that are placed.
    fn look_around(&mut self) {
        let (facts, nodes) = (self.facts, &self.nodes);
        let seen: Vec<Seen<'s>> = facts
            .pods_of_node
            .par_iter()
            .map(|(node, pods)| Seen::on(facts, pods, nodes.get(*node)))
            .collect();
        let mut closed: BTreeMap<(String, String), Closed<'s>> = BTreeMap::new();
        for (node, seen) in facts.pods_of_node.keys().zip(seen) {
            for (address, protocol, port) in seen.ports {
                let key = ((*node).to_owned(), protocol, port);
                self.ports.entry(key).or_default().insert(address);
            }
            for (namespace, term, domain) in seen.apart {
                closed
                    .entry((namespace.clone(), signature(term)))
                    .or_insert_with(|| Closed {
                        namespace,
                        term,
                        domains: BTreeSet::new(),
                    })
                    .domains
                    .insert(domain);
            }
        }
        self.closed = closed.into_values().collect();
        for (at, group) in self.closed.iter().enumerate() {
            let own = group.term.get("namespaces").is_none()
                && group.term.get("namespaceSelector").is_none();
            match first_label(group.term.get("labelSelector")).filter(|_| own) {
                Some((key, value)) => self
                    .closed_by
                    .entry((group.namespace.clone(), key, value))
                    .or_default()
                    .push(at),
                None => self.closed_wide.push(at),
            }
        }
    }

    fn domain(&self, node: &str, key: &str) -> Option<String> {
        self.nodes.get(node)?.get(key).cloned()
    }

    /// What a pod asks of its neighbours; what text leaves out it does not ask.
    pub(super) fn wishes(&mut self, pod: EntityId) -> Wishes<'s> {
        let mut wishes = Wishes {
            ports: Vec::new(),
            apart: Vec::new(),
            together: Vec::new(),
            spread: Vec::new(),
            volumes: Vec::new(),
        };
        let entity = self.facts.get(pod);
        let Some(root) = entity.root() else {
            return wishes;
        };
        let namespace = entity.subject.namespace.clone();
        wishes.ports = host_ports(root);
        wishes.volumes = self.volumes(pod);
        let labels = select::labels(root);
        for term in terms(root, "podAntiAffinity") {
            if let Some(counts) = self.counted(&namespace, term, &Labels::new(), true) {
                wishes.apart.push((
                    key_of(term).to_owned(),
                    self.domains_of(&counts, key_of(term)),
                ));
            }
        }
        for term in terms(root, "podAffinity") {
            let Some(counts) = self.counted(&namespace, term, &Labels::new(), true) else {
                continue;
            };
            // The first of a group that wants to be together may go anywhere.
            let first = counts.is_empty() && self.selects(&namespace, term, &namespace, &labels);
            let domains = (!first).then(|| self.domains_of(&counts, key_of(term)));
            wishes.together.push((key_of(term).to_owned(), domains));
        }
        let near = labels.iter().filter_map(|(key, value)| {
            let label = (namespace.to_string(), key.clone(), value.clone());
            self.closed_by.get(&label)
        });
        let mut asked: Vec<usize> = near.chain([&self.closed_wide]).flatten().copied().collect();
        asked.sort_unstable();
        for group in asked.into_iter().map(|at| &self.closed[at]) {
            if self.selects(&group.namespace, group.term, &namespace, &labels) {
                wishes
                    .apart
                    .push((key_of(group.term).to_owned(), group.domains.clone()));
            }
        }
        for constraint in root.items_at(&["spec", "topologySpreadConstraints"]) {
            if constraint.str_at(&["whenUnsatisfiable"]) == Some("ScheduleAnyway") {
                continue;
            }
            if let Some(domains) = self.within_skew(root, &namespace, constraint) {
                wishes.spread.push((key_of(constraint).to_owned(), domains));
            }
        }
        wishes
    }

    /// What of a pod's wishes a node does not meet.
    pub(super) fn clash(&self, wishes: &Wishes<'_>, node: &str) -> Clash {
        let mut clash = Clash::default();
        let taken = |(address, protocol, port): &(String, String, i64)| {
            self.ports
                .get(&(node.to_owned(), protocol.clone(), *port))
                .is_some_and(|bound| bound.iter().any(|other| overlap(address, other)))
        };
        if wishes.ports.iter().any(taken) {
            clash.obstacles.push(Obstacle::Ports);
        }
        let value = |key: &str| self.domain(node, key);
        let unmet = if wishes
            .apart
            .iter()
            .any(|(key, taken)| value(key).is_some_and(|value| taken.contains(&value)))
        {
            Some("anti-affinity")
        } else if wishes.together.iter().any(|(key, wanted)| {
            value(key).is_none_or(|value| {
                wanted
                    .as_ref()
                    .is_some_and(|wanted| !wanted.contains(&value))
            })
        }) {
            Some("affinity")
        } else if wishes
            .spread
            .iter()
            .any(|(key, open)| value(key).is_none_or(|value| !open.contains(&value)))
        {
            Some("topology spread")
        } else {
            None
        };
        if unmet.is_some() {
            clash.obstacles.push(Obstacle::Affinity);
            clash.affinity = unmet;
        }
        let empty = Labels::new();
        let labels = self.nodes.get(node).unwrap_or(&empty);
        if wishes
            .volumes
            .iter()
            .any(|volume| !volume_reaches(*volume, labels))
        {
            clash.obstacles.push(Obstacle::Volume);
        }
        clash
    }

    fn domains_of(&self, counts: &Counts, key: &str) -> BTreeSet<String> {
        counts
            .keys()
            .filter_map(|node| self.domain(node, key))
            .collect()
    }

    /// Whether a term of a pod in `own` selects a pod with these labels in `namespace`.
    fn selects(&self, own: &str, term: View<'_>, namespace: &str, labels: &Labels) -> bool {
        self.in_scope(own, term, namespace) == Some(true)
            && select::matches(term.get("labelSelector"), labels)
    }

    /// Whether a term looks at pods of a namespace: its own where it names none.
    fn in_scope(&self, own: &str, term: View<'_>, namespace: &str) -> Option<bool> {
        let named = term.items_at(&["namespaces"]);
        let selector = term.get("namespaceSelector");
        if named.is_empty() && selector.is_none() {
            return Some(own == namespace);
        }
        if named.iter().any(|name| name.as_str() == Some(namespace)) {
            return Some(true);
        }
        let Some(selector) = selector else {
            return Some(false);
        };
        if selector.entries().is_empty() {
            return Some(true);
        }
        let root = self
            .facts
            .object("Namespace", "", namespace)
            .and_then(|id| self.facts.get(id).root())?;
        Some(select::matches(Some(selector), &select::labels(root)))
    }

    /// Pods that a term or constraint selects, by node; `None` where the capture does not tell.
    fn counted(
        &mut self,
        own: &str,
        term: View<'_>,
        more: &Labels,
        leaving: bool,
    ) -> Option<Counts> {
        let key = (
            own.to_owned(),
            format!("{} {}", signature(term), select::show(more)),
            leaving,
        );
        if let Some(known) = self.counts.get(&key) {
            return known.clone();
        }
        let made = self.count(own, term, more, leaving).map(Rc::new);
        self.counts.insert(key, made.clone());
        made
    }

    fn count(
        &mut self,
        own: &str,
        term: View<'_>,
        more: &Labels,
        leaving: bool,
    ) -> Option<BTreeMap<String, i64>> {
        let mut counts = BTreeMap::new();
        let selector = term.get("labelSelector");
        for (space, pods) in &self.facts.pods_of_namespace {
            if !self.in_scope(own, term, space)? {
                continue;
            }
            if !self.facts.covers("Pod", space) {
                return None;
            }
            let space = self
                .spaces
                .entry(space)
                .or_insert_with(|| Space::of(self.facts, pods));
            if !space.labels_told {
                return None;
            }
            for placed in space.candidates(selector, more) {
                if (leaving || !placed.leaving)
                    && select::matches(selector, &placed.labels)
                    && more
                        .iter()
                        .all(|(key, value)| placed.labels.get(key) == Some(value))
                {
                    *counts.entry(placed.node.to_owned()).or_insert(0) += 1;
                }
            }
        }
        Some(counts)
    }

    /// The domains that may take one more pod without going beyond `maxSkew`.
    fn within_skew(
        &mut self,
        pod: View<'_>,
        namespace: &str,
        constraint: View<'_>,
    ) -> Option<BTreeSet<String>> {
        let own = select::labels(pod);
        let more: Labels = constraint
            .items_at(&["matchLabelKeys"])
            .iter()
            .filter_map(View::as_str)
            .filter_map(|key| Some((key.to_owned(), own.get(key)?.clone())))
            .collect();
        let counts = self.counted(namespace, constraint, &more, false)?;
        let key = key_of(constraint);
        // Nodes that the pod's own selector rules out are not looked at, unless the constraint says so.
        let ignore = constraint.str_at(&["nodeAffinityPolicy"]) == Some("Ignore");
        let mut domains: BTreeMap<String, i64> = BTreeMap::new();
        for (name, labels) in &self.nodes {
            if let Some(value) = labels.get(key)
                && (ignore || selector_matches(pod, labels))
            {
                let count = counts.get(name).copied().unwrap_or(0);
                *domains.entry(value.clone()).or_insert(0) += count;
            }
        }
        let wanted = constraint.int_at(&["minDomains"]).unwrap_or(1);
        let enough = i64::try_from(domains.len()).unwrap_or(i64::MAX) >= wanted;
        let least = if enough {
            domains.values().copied().min().unwrap_or(0)
        } else {
            0
        };
        let itself = i64::from(select::matches(constraint.get("labelSelector"), &own));
        let skew = constraint.int_at(&["maxSkew"]).unwrap_or(1);
        Some(
            domains
                .into_iter()
                .filter(|(_, count)| count + itself - least <= skew)
                .map(|(value, _)| value)
                .collect(),
        )
    }

    /// Volumes that are bound to the pod's claims.
    fn volumes(&self, pod: EntityId) -> Vec<View<'s>> {
        let claims = self.facts.related("claim", pod).ids;
        claims
            .iter()
            .filter_map(|claim| self.facts.get(*claim).str_at(&["spec", "volumeName"]))
            .filter_map(|name| self.facts.object("PersistentVolume", "", name))
            .filter_map(|volume| self.facts.get(volume).root())
            .collect()
    }
}

/// Whether a volume can be used on a node with these labels.
fn volume_reaches(volume: View<'_>, labels: &Labels) -> bool {
    let terms = volume.items_at(&["spec", "nodeAffinity", "required", "nodeSelectorTerms"]);
    let fits = |term: View<'_>| {
        term.items_at(&["matchExpressions"])
            .iter()
            .all(|expression| select::matches_expression(expression, labels))
    };
    if !terms.is_empty() {
        return terms.iter().any(fits);
    }
    // Volumes from before CSI carry their zones as a label, several joined by two underscores.
    let zones = select::labels(volume);
    [
        "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/zone",
    ]
    .iter()
    .filter_map(|key| Some((zones.get(*key)?, labels.get(*key)?)))
    .all(|(zones, zone)| zones.split("__").any(|known| known == zone))
}

fn ended(pod: View<'_>) -> bool {
    matches!(
        pod.str_at(&["status", "phase"]),
        Some("Succeeded" | "Failed")
    )
}

fn terms<'n>(pod: View<'n>, kind: &str) -> Items<'n> {
    pod.items_at(&[
        "spec",
        "affinity",
        kind,
        "requiredDuringSchedulingIgnoredDuringExecution",
    ])
}

fn key_of(term: View<'_>) -> &str {
    term.str_at(&["topologyKey"]).unwrap_or("")
}

/// `(address, protocol, port)` of each port on the host.
fn host_ports(pod: View<'_>) -> Vec<(String, String, i64)> {
    pod.items_at(&["spec", "containers"])
        .iter()
        .flat_map(|container| container.items_at(&["ports"]))
        .filter_map(|port| {
            let number = port.int_at(&["hostPort"]).filter(|port| *port > 0)?;
            Some((
                port.str_at(&["hostIP"]).unwrap_or("").to_owned(),
                port.str_at(&["protocol"]).unwrap_or("TCP").to_owned(),
                number,
            ))
        })
        .collect()
}

fn overlap(one: &str, other: &str) -> bool {
    let all = |address: &str| matches!(address, "" | "0.0.0.0" | "::");
    one == other || all(one) || all(other)
}

/// The words of a tree without their places: equal terms of many pods are counted once.
fn signature(node: View<'_>) -> String {
    let mut out = String::new();
    write_signature(node, &mut out);
    out
}

fn write_signature(node: View<'_>, out: &mut String) {
    if let Some(text) = node.as_str() {
        out.push_str(text);
    }
    for (key, value) in node.entries() {
        out.push_str(key);
        out.push(':');
        write_signature(value, out);
        out.push(';');
    }
    for item in node.items() {
        out.push('-');
        write_signature(item, out);
        out.push(';');
    }
}
