//! Derives entities, the object graph and facts from a snapshot: everything a rule can select, and the arithmetic it cannot say.

mod address;
mod alert;
mod cgroups;
mod change;
mod claims;
mod container;
mod declared;
mod dns;
mod endpoints;
mod entity;
mod event;
mod fit;
mod graph;
mod groups;
mod health;
mod heap;
mod hosts;
mod kin;
mod manifest;
pub mod netpol;
mod nodes;
mod nouns;
mod ports;
pub mod quantity;
mod reached;
mod refs;
mod relation;
mod reported;
mod roles;
mod rollout;
mod said;
pub mod schema;
pub mod select;
mod service;
mod shared;
mod silent;
mod skew;
mod stale;
mod unnamed;
mod usage;
mod workload;

use std::{
    collections::{BTreeMap, HashMap},
    sync::OnceLock,
};

use coldcase_snapshot::{
    Snapshot,
    coverage::{Scope, Status},
    node::Node,
    stamp,
};
use jiff::Timestamp;

use entity::Named;
pub use entity::{Cite, Entity, EntityId, Identity, Name};
use groups::{Few, Groups};
pub use health::PodHealth;
pub use nouns::{NOUNS, Relation};
pub use reached::{Side, Whom};
pub use relation::Related;

/// Entities and how they hang together.
#[derive(Debug)]
pub struct Facts<'s> {
    /// What it was derived from.
    pub snapshot: &'s Snapshot<'s>,
    /// Everything that rules can select, except lines that patterns hit.
    pub entities: Vec<Entity<'s>>,
    pub(crate) by_kind: BTreeMap<&'static str, Vec<EntityId>>,
    /// Captured objects of a kind in a namespace.
    in_namespace: BTreeMap<&'static str, HashMap<&'s str, Vec<EntityId>>>,
    pub(crate) by_identity: HashMap<Identity, EntityId>,
    pub(crate) pods_of_node: BTreeMap<&'s str, Vec<EntityId>>,
    pub(crate) pods_of_namespace: BTreeMap<&'s str, Vec<EntityId>>,
    /// Events about captured objects.
    events: Groups,
    /// Events about what was not captured.
    events_elsewhere: HashMap<Identity, Few>,
    containers: Groups,
    workload_of: Vec<Option<EntityId>>,
    /// The captured object that controls an object.
    owner: Vec<Option<EntityId>>,
    /// Objects that an object controls directly.
    owned: Groups,
    pods_of_workload: HashMap<EntityId, Vec<EntityId>>,
    selected_by: Groups,
    selects: Groups,
    derived_of: BTreeMap<&'static str, HashMap<Identity, Few>>,
    health: Vec<PodHealth>,
    /// Made when the first host is asked for.
    named: OnceLock<reached::Services>,
}

/// Derives all facts.
pub fn derive<'s>(snapshot: &'s Snapshot<'s>) -> Facts<'s> {
    let mut facts = graph::objects(snapshot);
    event::derive(&mut facts);
    reported::place(&mut facts);
    container::derive(&mut facts);
    health::derive(&mut facts);
    reported::claims(&mut facts);
    workload::derive(&mut facts);
    manifest::derive(&mut facts);
    service::derive(&mut facts);
    ports::derive(&mut facts);
    rollout::derive(&mut facts);
    refs::derive(&mut facts);
    address::derive(&mut facts);
    declared::derive(&mut facts);
    claims::derive(&mut facts);
    fit::derive(&mut facts);
    dns::derive(&mut facts);
    change::derive(&mut facts);
    stale::derive(&mut facts);
    nodes::derive(&mut facts);
    hosts::derive(&mut facts);
    skew::derive(&mut facts);
    cgroups::derive(&mut facts);
    endpoints::derive(&mut facts);
    usage::derive(&mut facts);
    alert::derive(&mut facts);
    facts
}

impl<'s> Facts<'s> {
    /// An entity.
    pub fn get(&self, id: EntityId) -> &Entity<'s> {
        &self.entities[id.0 as usize]
    }

    /// All entities of a kind, in a fixed order.
    pub fn of_kind(&self, kind: &str) -> &[EntityId] {
        self.by_kind.get(kind).map_or(&[], Vec::as_slice)
    }

    /// Captured objects of a kind in a namespace, in a fixed order.
    pub(crate) fn of_kind_in(&self, kind: &'static str, namespace: &str) -> &[EntityId] {
        self.in_namespace
            .get(kind)
            .and_then(|of_kind| of_kind.get(namespace))
            .map_or(&[], Vec::as_slice)
    }

    /// An object by kind, namespace and name.
    pub fn object(&self, kind: &str, namespace: &str, name: &str) -> Option<EntityId> {
        self.by_identity
            .get(&(kind, namespace, name) as &dyn Named)
            .copied()
    }

    /// "Now".
    pub fn now(&self) -> Option<Timestamp> {
        self.snapshot.captured_at
    }

    /// Seconds from a stamp to the capture.
    pub fn age(&self, text: Option<&str>) -> Option<i64> {
        Some(self.now()?.as_second() - stamp::rfc3339(text?)?.as_second())
    }

    /// Seconds since an object was made: by its stamp, else by the age that a text prints.
    pub fn age_of(&self, id: EntityId) -> Option<i64> {
        let entity = self.get(id);
        let stamped = self.age(entity.str_at(&["metadata", "creationTimestamp"]));
        let printed = || entity.printed_age("metadata", Some("creationTimestamp"));
        stamped.or_else(|| printed()?.as_i64())
    }

    /// Seconds for which an object is known to have been there: since the first event about it. Of use where text for
    /// people does not tell when it was made.
    pub fn known_for(&self, id: EntityId) -> Option<i64> {
        let events = self.events_about(&self.get(id).subject).iter();
        let seen = events.filter_map(|event| {
            let event = self.get(*event);
            let stamped = self.age(event.str_at(&["first"]));
            stamped.or_else(|| event.printed_age("first", None)?.as_i64())
        });
        seen.max()
    }

    /// The health of a pod at capture.
    pub fn health_of(&self, pod: EntityId) -> PodHealth {
        let known = self.health.get(pod.0 as usize);
        known.copied().unwrap_or(PodHealth::Unknown)
    }

    /// Containers of a pod.
    pub fn containers(&self, pod: EntityId) -> &[EntityId] {
        self.containers.of(pod)
    }

    /// Objects that an object controls directly.
    pub(crate) fn owned(&self, owner: EntityId) -> &[EntityId] {
        self.owned.of(owner)
    }

    /// The top-level owner of a pod, as a `Workload`.
    pub fn workload(&self, pod: EntityId) -> Option<EntityId> {
        self.workloads(pod).first().copied()
    }

    /// The same as a list of at most one.
    pub fn workloads(&self, pod: EntityId) -> &[EntityId] {
        let workload = self.workload_of.get(pod.0 as usize);
        workload.map_or(&[], Option::as_slice)
    }

    /// Pods of a `Workload`.
    pub fn workload_pods(&self, workload: EntityId) -> &[EntityId] {
        self.pods_of_workload
            .get(&workload)
            .map_or(&[], Vec::as_slice)
    }

    /// Pods that a Service selects.
    pub fn selected_pods(&self, service: EntityId) -> &[EntityId] {
        self.selects.of(service)
    }

    /// Services that select a pod.
    pub fn services_of(&self, pod: EntityId) -> &[EntityId] {
        self.selected_by.of(pod)
    }

    /// Pods on a node.
    pub fn pods_on(&self, node: &str) -> &[EntityId] {
        self.pods_of_node.get(node).map_or(&[], Vec::as_slice)
    }

    /// Events about an object.
    pub fn events_about(&self, identity: &Identity) -> &[EntityId] {
        match self.by_identity.get(identity) {
            Some(object) => self.events.of(*object),
            None => self
                .events_elsewhere
                .get(identity)
                .map_or(&[], Few::as_slice),
        }
    }

    /// Events about a captured object, as [`Facts::events_about`] without looking for it.
    pub fn events_of(&self, object: EntityId) -> &[EntityId] {
        self.events.of(object)
    }

    /// The identity of this name: the one that a captured object has, if there is one.
    pub(crate) fn identity(&self, kind: &str, namespace: &str, name: &str) -> Identity {
        self.known(kind, namespace, name).map_or_else(
            || Identity::new(kind, namespace, name),
            |(known, _)| known.clone(),
        )
    }

    /// The captured object of this name, with its identity.
    pub(crate) fn known(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Option<(&Identity, EntityId)> {
        let found = self
            .by_identity
            .get_key_value(&(kind, namespace, name) as &dyn Named);
        found.map(|(identity, id)| (identity, *id))
    }

    /// Takes the entities of all objects; so many more will follow.
    pub(crate) fn add_first(&mut self, made: Vec<Entity<'s>>, more: usize) {
        self.entities = made;
        self.entities.reserve_exact(more);
        for (entity, id) in self.entities.iter().zip((0..).map(EntityId)) {
            self.by_kind.entry(entity.kind).or_default().push(id);
        }
    }

    pub(crate) fn push(&mut self, entity: Entity<'s>) -> EntityId {
        let id = EntityId(u32::try_from(self.entities.len()).unwrap_or(u32::MAX));
        self.by_kind.entry(entity.kind).or_default().push(id);
        if self.entities.len() == self.entities.capacity() {
            // As many as a large cluster has would lie idle if it grew to twice its size.
            self.entities.reserve_exact(self.entities.len() / 8 + 64);
        }
        self.entities.push(entity);
        id
    }

    /// Adds a computed entity that `derived_of` finds from a subject.
    pub(crate) fn push_derived(&mut self, entity: Entity<'s>, about: &[&Identity]) -> EntityId {
        let kind = entity.kind;
        let id = self.push(entity);
        let of_kind = self.derived_of.entry(kind).or_default();
        for identity in about {
            match of_kind.get_mut(*identity) {
                Some(ids) => ids.push(id),
                None => {
                    of_kind.insert((*identity).clone(), Few::One(id));
                }
            }
        }
        id
    }

    pub(crate) fn get_mut(&mut self, id: EntityId) -> Option<&mut Entity<'s>> {
        self.entities.get_mut(id.0 as usize)
    }

    pub(crate) fn set_extra(&mut self, id: EntityId, fields: Vec<(&str, Node)>) {
        if let Some(entity) = self.get_mut(id) {
            entity.set(fields);
        }
    }

    /// Whether lists of a kind were captured, and whole: of a damaged one nothing is known to be absent.
    pub fn collected(&self, kind: &str) -> bool {
        self.snapshot.coverage.status(kind) == Status::Collected
    }

    /// Whether lists of a kind were captured for the namespace of an entity.
    pub(crate) fn collected_in(&self, kind: &str, from: EntityId) -> bool {
        let namespace = self.get(from).subject.namespace.as_str();
        let coverage = &self.snapshot.coverage;
        let elsewhere = !namespace.is_empty()
            && matches!(
                coverage.scopes.get(kind),
                Some(Scope::Namespaces(listed)) if !listed.contains(namespace)
            );
        // One list of several may be damaged, and this namespace's be whole.
        let whole = coverage.status(kind) == Status::Truncated && coverage.covers(kind, namespace);
        whole || self.collected(kind) && !elsewhere
    }

    /// Whether every object of a kind in a namespace was captured: only then is one that is not
    /// there known not to exist.
    pub fn covers(&self, kind: &str, namespace: &str) -> bool {
        self.snapshot.coverage.covers(kind, namespace)
    }
}

#[cfg(test)]
mod tests;
