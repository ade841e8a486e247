//! Objects as entities, and the indexes over them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::OnceLock,
};

use coldcase_snapshot::{Snapshot, coverage::Status, node::Node, packed::View};
use rayon::prelude::*;

use crate::{
    Entity, EntityId, Facts, Identity,
    entity::static_kind,
    groups::Groups,
    reported, roles,
    select::{self, Labels},
    workload,
};

/// Every captured object as an entity.
pub(crate) fn objects<'s>(snapshot: &'s Snapshot<'s>) -> Facts<'s> {
    let mut facts = Facts {
        snapshot,
        entities: Vec::new(),
        by_kind: BTreeMap::default(),
        in_namespace: BTreeMap::default(),
        by_identity: HashMap::default(),
        pods_of_node: BTreeMap::default(),
        pods_of_namespace: BTreeMap::default(),
        events: Groups::default(),
        events_elsewhere: HashMap::default(),
        containers: Groups::default(),
        workload_of: Vec::new(),
        owner: Vec::new(),
        owned: Groups::default(),
        pods_of_workload: HashMap::default(),
        selected_by: Groups::default(),
        selects: Groups::default(),
        derived_of: BTreeMap::default(),
        health: Vec::new(),
        named: OnceLock::new(),
    };
    let mut made: Vec<Entity<'_>> = snapshot
        .objects
        .par_iter()
        .map(|object| {
            let subject = Identity::new(&object.kind, &object.namespace, &object.name);
            let kind = static_kind(&object.kind);
            let mut entity = Entity::captured(kind, subject, object.root.view());
            entity.file = Some(object.file);
            entity.partial = object.partial;
            entity
        })
        .collect();
    made.extend(hosts(snapshot));
    let identities = || {
        let all = made.iter().zip((0..).map(EntityId));
        let mut found = HashMap::with_capacity(made.len());
        // Of equal identities the last object counts, and the first copy of the name is kept.
        found.extend(all.map(|(entity, id)| (entity.subject.clone(), id)));
        found
    };
    let ((mut by_identity, in_namespace), pods) = rayon::join(
        || rayon::join(identities, || by_namespace(snapshot, &made)),
        || Pods::of(snapshot),
    );
    let servers = roles::servers(snapshot);
    for entity in made.iter_mut().filter(|it| it.kind == "Node") {
        roles::label(entity, &servers);
    }
    for mut entity in reported::named(snapshot, &by_identity, &pods.of_node) {
        roles::label(&mut entity, &servers);
        let id = EntityId(u32::try_from(made.len()).unwrap_or(u32::MAX));
        by_identity.insert(entity.subject.clone(), id);
        made.push(entity);
    }
    facts.workload_of = vec![None; made.len()];
    facts.add_first(made, snapshot.events.len());
    facts.by_identity = by_identity;
    facts.in_namespace = in_namespace;
    facts.pods_of_namespace = pods.of_namespace;
    facts.pods_of_node = pods.of_node;
    select_pods(&mut facts);
    own(&mut facts);
    facts
}

/// The hosts that something was captured of, as nodes of which nothing else is known, if no node was captured: what the
/// kernel or systemd says there needs no API server to be believed.
fn hosts<'s>(snapshot: &'s Snapshot<'s>) -> Vec<Entity<'s>> {
    if snapshot.coverage.status("Node") == Status::Collected {
        return Vec::new();
    }
    let of_reports = snapshot.hosts.iter().map(|report| report.node.as_str());
    let of_journals = snapshot.journals.iter().flat_map(|journal| &journal.nodes);
    let mut names: BTreeSet<&str> = of_journals.map(String::as_str).chain(of_reports).collect();
    names.remove("");
    let host = |name: &str| {
        let metadata = Node::map(vec![("name", Node::text(name))]);
        let fields = vec![("kind", Node::text("Node")), ("metadata", metadata)];
        let mut entity = Entity::computed("Node", Identity::new("Node", "", name), fields);
        entity.partial = true;
        entity
    };
    names.into_iter().map(host).collect()
}

/// Objects of a kind in a namespace.
type InNamespace<'s> = BTreeMap<&'static str, HashMap<&'s str, Vec<EntityId>>>;

fn by_namespace<'s>(snapshot: &'s Snapshot<'s>, made: &[Entity<'s>]) -> InNamespace<'s> {
    let mut found = InNamespace::new();
    let all = snapshot.objects.iter().zip(made);
    for ((object, entity), id) in all.zip((0..).map(EntityId)) {
        let namespace = object.namespace.as_str();
        found
            .entry(entity.kind)
            .or_default()
            .entry(namespace)
            .or_default()
            .push(id);
    }
    found
}

/// Pods by where they are.
#[derive(Default)]
struct Pods<'s> {
    of_namespace: BTreeMap<&'s str, Vec<EntityId>>,
    of_node: BTreeMap<&'s str, Vec<EntityId>>,
}

impl<'s> Pods<'s> {
    fn of(snapshot: &'s Snapshot<'s>) -> Self {
        let objects = snapshot.objects.par_iter().enumerate();
        let pods = objects.filter(|(_, object)| object.kind == "Pod");
        let placed: Vec<(u32, &str, Option<&str>)> = pods
            .filter_map(|(at, pod)| {
                let node = pod.root.str_at(&["spec", "nodeName"]);
                Some((u32::try_from(at).ok()?, pod.namespace.as_str(), node))
            })
            .collect();
        let mut found = Self::default();
        for (at, namespace, node) in placed {
            let id = EntityId(at);
            found.of_namespace.entry(namespace).or_default().push(id);
            if let Some(node) = node {
                found.of_node.entry(node).or_default().push(id);
            }
        }
        found
    }
}

/// Who controls whom.
fn own(facts: &mut Facts<'_>) {
    let owners: Vec<Option<EntityId>> = facts
        .entities
        .par_iter()
        .map(|entity| workload::find_owner(facts, entity))
        .collect();
    let owned: Vec<(EntityId, EntityId)> = owners
        .iter()
        .zip((0..).map(EntityId))
        .filter_map(|(owner, id)| Some(((*owner)?, id)))
        .collect();
    facts.owned = Groups::new(owners.len(), &owned);
    facts.owner = owners;
}

/// Pods of a namespace by a label.
type ByLabel<'s> = HashMap<(&'s str, &'s str), Vec<EntityId>>;

/// The pods of a namespace by those labels that a selector there asks for.
fn by_label<'s>(
    facts: &Facts<'s>,
    pods: &[EntityId],
    services: &[(EntityId, Labels)],
) -> ByLabel<'s> {
    let wanted: BTreeSet<&str> = services
        .iter()
        .flat_map(|(_, selector)| selector.keys().map(String::as_str))
        .collect();
    let mut found = ByLabel::new();
    for pod in pods {
        let root = facts.get(*pod).root();
        let labels = root.and_then(|root| root.at(&["metadata", "labels"]));
        for (key, value) in labels.into_iter().flat_map(View::entries) {
            if !wanted.contains(key) {
                continue;
            }
            let value = value.as_str().unwrap_or("");
            let pods = found.entry((key, value)).or_default();
            if pods.last() != Some(pod) {
                pods.push(*pod);
            }
        }
    }
    found
}

fn select_pods(facts: &mut Facts<'_>) {
    let mut of_namespace: BTreeMap<&str, Vec<(EntityId, Labels)>> = BTreeMap::new();
    for service in facts.of_kind("Service") {
        let entity = facts.get(*service);
        let selector = entity
            .root()
            .and_then(|root| root.at(&["spec", "selector"]));
        let selector = select::plain(selector);
        if !selector.is_empty() {
            of_namespace
                .entry(&entity.subject.namespace)
                .or_default()
                .push((*service, selector));
        }
    }
    // Services go by their namespace first, so that they are in their order.
    let selects: Vec<(EntityId, EntityId)> = of_namespace
        .par_iter()
        .flat_map_iter(|(namespace, services)| selected(facts, namespace, services))
        .collect();
    let selected_by: Vec<(EntityId, EntityId)> = selects
        .iter()
        .map(|(service, pod)| (*pod, *service))
        .collect();
    let objects = facts.entities.len();
    facts.selects = Groups::new(objects, &selects);
    facts.selected_by = Groups::new(objects, &selected_by);
}

/// Services of a namespace, each with a pod that it selects.
fn selected(
    facts: &Facts<'_>,
    namespace: &str,
    services: &[(EntityId, Labels)],
) -> Vec<(EntityId, EntityId)> {
    let pods = facts.pods_of_namespace.get(namespace);
    let labelled = by_label(facts, pods.map_or(&[], Vec::as_slice), services);
    let mut found = Vec::new();
    for (service, selector) in services {
        // Every selected pod has every label of the selector: the rarest finds them all.
        let fewest = selector
            .iter()
            .map(|(key, value)| {
                labelled
                    .get(&(key.as_str(), value.as_str()))
                    .map_or(&[][..], Vec::as_slice)
            })
            .min_by_key(|pods| pods.len())
            .unwrap_or(&[]);
        let chosen = fewest.iter().copied().filter(|pod| {
            let root = facts.get(*pod).root();
            root.is_some_and(|root| select::has_all(root, selector))
        });
        found.extend(chosen.map(|pod| (*service, pod)));
    }
    found
}
