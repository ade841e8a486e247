//! Pods that nothing but events name: their health, their node and their containers.

use std::collections::{BTreeMap, BTreeSet};

use coldcase_snapshot::node::Node;

use super::{
    basics, chosen, first_place, is_kubelet,
    trouble::{Stage, state, trouble},
};
use crate::{Entity, EntityId, Facts, PodHealth};

/// Containers that the events of a pod name, each with whether it is an init container.
fn names<'f>(facts: &'f Facts<'_>, pod: EntityId) -> BTreeMap<&'f str, bool> {
    let events = facts.events_about(&facts.get(pod).subject).iter();
    let named = events.filter_map(|id| {
        let event = facts.get(*id);
        let path = event.str_at(&["regarding", "fieldPath"]).unwrap_or("");
        let init = path.starts_with("spec.initContainers");
        Some((event.str_at(&["container"])?, init))
    });
    named.collect()
}

/// The containers of such a pod: those that events name, else one that stands for all of them.
pub(crate) fn containers<'s>(facts: &Facts<'s>, pod: EntityId) -> Vec<Entity<'s>> {
    let names = names(facts, pod);
    if names.is_empty() {
        return vec![container(facts, pod, None)];
    }
    let named = names.into_iter();
    named
        .map(|named| container(facts, pod, Some(named)))
        .collect()
}

fn container<'s>(facts: &Facts<'s>, pod: EntityId, named: Option<(&str, bool)>) -> Entity<'s> {
    let owner = facts.get(pod);
    let name = named.map(|(name, _)| name);
    let mut fields = vec![
        ("pod", Node::text(owner.subject.name.as_str())),
        ("namespace", Node::text(owner.subject.namespace.as_str())),
    ];
    match named {
        Some((name, init)) => {
            fields.push(("name", Node::text(name)));
            fields.push(("unnamed", Node::default()));
            fields.extend((!init).then(|| ("type", Node::text("app"))));
        }
        None => fields.push(("unnamed", Node::flag(true))),
    }
    fields.extend(image(facts, pod, name).map(|image| ("image", Node::text(image))));
    let trouble = trouble(facts, pod, name);
    fields.extend(trouble.as_ref().map_or_else(Vec::new, state));
    let mut made = Entity::computed("Container", owner.subject.clone(), fields);
    made.set_label(name.unwrap_or("a container"));
    made.partial = true;
    let place = trouble.and_then(|it| facts.get(it.id).place());
    made.cited("", place.or_else(|| first_place(facts, pod)))
}

/// The image that the kubelet speaks of, if it is one.
fn image<'f>(facts: &'f Facts<'_>, pod: EntityId, container: Option<&str>) -> Option<&'f str> {
    let events = facts.events_about(&facts.get(pod).subject).iter();
    let events = events.map(|id| facts.get(*id));
    let own = events
        .filter(|event| container.is_none_or(|name| event.str_at(&["container"]) == Some(name)));
    let images: BTreeSet<&str> = own
        .filter_map(|event| {
            let (_, rest) = event.str_at(&["message"])?.split_once("mage \"")?;
            rest.split_once('"').map(|(image, _)| image)
        })
        .collect();
    images.first().copied().filter(|_| images.len() == 1)
}

/// Health and fields of such a pod.
pub(crate) fn pod(facts: &Facts<'_>, pod: EntityId) -> (PodHealth, Vec<(&'static str, Node)>) {
    let subject = &facts.get(pod).subject;
    let mut fields = basics(subject);
    let trouble = trouble(facts, pod, None);
    let node = host(facts, pod);
    let mut spec: Vec<(&str, Node)> = node
        .map(|node| ("nodeName", Node::text(node)))
        .into_iter()
        .collect();
    let Some(said) = trouble else {
        fields.extend((!spec.is_empty()).then(|| ("spec", Node::map(spec))));
        return (PodHealth::Unknown, fields);
    };
    // Neither the scheduler nor the kubelet goes on with a pod that is being deleted.
    for (field, value) in &mut fields {
        if *field == "metadata" {
            value.set("deletionTimestamp", Node::default());
        }
    }
    if said.stage == Stage::Placed {
        spec = vec![("nodeName", Node::default())];
    } else if spec.is_empty() {
        // It has a node, and nothing names it.
        spec = vec![("nodeName", Node::map(Vec::new()))];
    }
    fields.extend((!spec.is_empty()).then(|| ("spec", Node::map(spec))));
    if said.stage <= Stage::Sandbox && !has_run(facts, pod) {
        let status = Node::map(vec![("phase", Node::text("Pending"))]);
        fields.push(("status", status));
    }
    let shown = said.waiting().unwrap_or(said.reason);
    fields.push(("shown", Node::text(shown)));
    fields.push(("health", Node::text(PodHealth::Failing.word())));
    (PodHealth::Failing, fields)
}

/// Whether an event tells that a container of the pod ran once.
fn has_run(facts: &Facts<'_>, pod: EntityId) -> bool {
    let events = facts.events_about(&facts.get(pod).subject).iter();
    let mut reasons = events.filter_map(|id| facts.get(*id).str_at(&["reason"]));
    reasons.any(|it| matches!(it, "Started" | "SandboxChanged" | "Unhealthy" | "BackOff"))
}

/// The node whose kubelet reported of a pod, else the one that the scheduler chose.
pub(crate) fn host<'f>(facts: &'f Facts<'_>, pod: EntityId) -> Option<&'f str> {
    let ids = facts.events_about(&facts.get(pod).subject).iter();
    let events = ids.filter_map(|id| facts.get(*id).event());
    let of_kubelets = events.clone().filter(|event| is_kubelet(event));
    let reported = of_kubelets.map(|event| event.host.as_str()).next_back();
    reported.or_else(|| events.filter_map(chosen).next_back())
}
