//! Services: who stands behind them, and what they nearly select.

use std::collections::{BTreeSet, HashMap};

use coldcase_snapshot::{node::Node, packed::View};
use rayon::prelude::*;

use crate::{
    Cite, Entity, EntityId, Facts, PodHealth,
    schema::distance,
    select::{self, Labels},
};

/// Adds endpoint counts to Services; derives `SelectorMiss`.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let around = Around::new(facts);
    let services = facts.of_kind("Service").to_vec();
    let made: Vec<(Vec<_>, Vec<Entity<'_>>)> = services
        .par_iter()
        .map(|service| {
            let counts = endpoints(facts, &around, *service);
            (counts, misses(facts, &around, *service))
        })
        .collect();
    drop(around);
    for (service, (counts, misses)) in services.into_iter().zip(made) {
        facts.set_extra(service, counts);
        let about = facts.get(service).subject.clone();
        for miss in misses {
            facts.push_derived(miss, &[&about]);
        }
    }
}

/// What is asked of a Service's namespace, found once for all of its Services.
struct Around<'f> {
    /// EndpointSlices by namespace and the name of their Service.
    slices: HashMap<(&'f str, &'f str), Vec<EntityId>>,
    /// Namespaces with pods that were read from a table without their labels.
    unlabelled: BTreeSet<&'f str>,
}

impl<'f> Around<'f> {
    fn new(facts: &'f Facts<'_>) -> Self {
        let mut slices: HashMap<(&str, &str), Vec<EntityId>> = HashMap::new();
        for id in facts.of_kind("EndpointSlice") {
            let slice = facts.get(*id);
            let service = slice.str_at(&["metadata", "labels", "kubernetes.io/service-name"]);
            if let Some(service) = service {
                slices
                    .entry((&slice.subject.namespace, service))
                    .or_default()
                    .push(*id);
            }
        }
        let pods = facts.of_kind("Pod").iter().map(|pod| facts.get(*pod));
        let unlabelled = pods
            .filter(|pod| {
                let labels = |root: View<'_>| root.at(&["metadata", "labels"]).is_some();
                pod.partial && pod.root().is_some_and(|root| !labels(root))
            })
            .map(|pod| pod.subject.namespace.as_str())
            .collect();
        Self { slices, unlabelled }
    }

    /// Whether the Service's namespace has pods whose labels are not known.
    fn labels_unknown(&self, service: &Entity<'_>) -> bool {
        self.unlabelled.contains(service.subject.namespace.as_str())
    }
}

fn misses<'s>(facts: &Facts<'s>, around: &Around<'_>, service: EntityId) -> Vec<Entity<'s>> {
    let entity = facts.get(service);
    let selector = entity
        .root()
        .and_then(|root| root.at(&["spec", "selector"]));
    let selector = select::plain(selector);
    if selector.is_empty() || entity.str_at(&["spec", "type"]) == Some("ExternalName") {
        return Vec::new();
    }
    if !facts.selected_pods(service).is_empty() {
        Vec::new()
    } else if around.labels_unknown(entity) {
        vec![undecided(facts, service, &selector)]
    } else {
        vec![selector_miss(facts, service, &selector)]
    }
}

/// How many addresses stand behind a Service, and how many pods it selects.
fn endpoints(
    facts: &Facts<'_>,
    around: &Around<'_>,
    service: EntityId,
) -> Vec<(&'static str, Node)> {
    let entity = facts.get(service);
    let subject = &entity.subject;
    let (mut total, mut ready) = (0_i64, 0_i64);
    let slices = around
        .slices
        .get(&(subject.namespace.as_str(), subject.name.as_str()));
    let mut seen = slices.is_some();
    for slice in slices.into_iter().flatten() {
        let root = facts.get(*slice).root().unwrap_or_default();
        for endpoint in root.items_at(&["endpoints"]) {
            total += 1;
            ready += i64::from(endpoint.bool_at(&["conditions", "ready"]) != Some(false));
        }
    }
    if !seen && let Some(old) = facts.object("Endpoints", &subject.namespace, &subject.name) {
        seen = true;
        for subset in facts
            .get(old)
            .root()
            .unwrap_or_default()
            .items_at(&["subsets"])
        {
            let up = i64::try_from(subset.items_at(&["addresses"]).len()).unwrap_or(0);
            ready += up;
            total += up + i64::try_from(subset.items_at(&["notReadyAddresses"]).len()).unwrap_or(0);
        }
    }
    let mut fields = Vec::with_capacity(3);
    if seen {
        fields.push(("endpoints", Node::number(total)));
        fields.push(("readyEndpoints", Node::number(ready)));
    }
    if !around.labels_unknown(entity) {
        let selected = i64::try_from(facts.selected_pods(service).len()).unwrap_or(0);
        fields.push(("selected", Node::number(selected)));
    }
    fields
}

/// A selector that selects nothing as far as is known: rules about it are undecided.
fn undecided<'s>(facts: &Facts<'s>, service: EntityId, selector: &Labels) -> Entity<'s> {
    let entity = facts.get(service);
    let fields = vec![
        ("service", Node::text(entity.subject.name.as_str())),
        ("namespace", Node::text(entity.subject.namespace.as_str())),
        ("selector", Node::text(select::show(selector))),
    ];
    let mut miss = Entity::computed("SelectorMiss", entity.subject.clone(), fields);
    miss.partial = true;
    miss
}

/// Where a candidate's labels come from.
struct Candidate {
    labels: Labels,
    cite: Option<Cite>,
    from: String,
    /// The workload's name, if it is one.
    workload: Option<String>,
}

/// The pods and templates of the namespace that a selector could have meant.
fn candidates(facts: &Facts<'_>, namespace: &str) -> Vec<Candidate> {
    let mut found = Vec::new();
    for pod in facts.pods_of_namespace.get(namespace).into_iter().flatten() {
        let entity = facts.get(*pod);
        let Some(root) = entity.root() else { continue };
        if matches!(facts.health_of(*pod), PodHealth::Done) {
            continue;
        }
        found.push(candidate(entity, root, &["metadata", "labels"]));
    }
    for kind in ["Deployment", "StatefulSet", "DaemonSet"] {
        for id in facts.of_kind_in(kind, namespace) {
            let entity = facts.get(*id);
            let Some(root) = entity.root() else { continue };
            found.push(candidate(
                entity,
                root,
                &["spec", "template", "metadata", "labels"],
            ));
        }
    }
    found
}

fn candidate(entity: &Entity<'_>, root: View<'_>, path: &[&str]) -> Candidate {
    let node = root.at(path);
    let cite = node.zip(entity.file).map(|(node, file)| Cite {
        file,
        line: node.line(),
        end_line: node.line(),
    });
    Candidate {
        labels: select::plain(node),
        cite,
        from: entity.subject.to_string(),
        workload: (entity.kind != "Pod").then(|| entity.subject.name.to_string()),
    }
}

fn selector_miss<'s>(facts: &Facts<'s>, service: EntityId, selector: &Labels) -> Entity<'s> {
    let entity = facts.get(service);
    let namespace = entity.subject.namespace.as_str();
    let candidates = candidates(facts, namespace);
    // A template that matches exactly is the one that was meant, even if it runs no pod at present.
    let meant = candidates
        .iter()
        .any(|it| select::matches_plain(selector, &it.labels));
    let nearest = nearest(&entity.subject.name, selector, &candidates).filter(|_| !meant);
    let near = nearest.as_ref().is_some_and(|nearest| nearest.near);
    let mut fields = vec![
        ("service", Node::text(entity.subject.name.as_str())),
        ("namespace", Node::text(namespace)),
        ("selector", Node::text(select::show(selector))),
        (
            "candidates",
            Node::number(i64::try_from(candidates.len()).unwrap_or(0)),
        ),
        ("nearMiss", Node::flag(near)),
    ];
    let mut actual = None;
    if let Some(Nearest { key, candidate, .. }) = &nearest {
        actual = label_place(facts, candidate, key);
        fields.extend(differing(selector, key, candidate));
    }
    let key = nearest.as_ref().map(|nearest| nearest.key.as_str());
    Entity::computed("SelectorMiss", entity.subject.clone(), fields)
        .cited("", selector_place(entity, key))
        .cited("actual", actual)
}

/// What a selector could have meant, and the first label in which the two differ.
struct Nearest<'c> {
    key: String,
    candidate: &'c Candidate,
    near: bool,
}

/// The candidate that misses least, if it is near; else a workload of the Service's own name, which is meant whatever
/// its labels are.
fn nearest<'c>(
    service: &str,
    selector: &Labels,
    candidates: &'c [Candidate],
) -> Option<Nearest<'c>> {
    let best = candidates
        .iter()
        .map(|candidate| (misfit(selector, &candidate.labels), candidate))
        .filter(|((missed, _, _), _)| *missed > 0)
        .min_by_key(|((missed, edits, _), candidate)| (*missed, *edits, candidate.from.clone()))
        .map(|((missed, edits, key), candidate)| {
            let expected = selector.get(&key).map_or("", String::as_str);
            // One differing pair of several, a value or key that is a slip away, or the Service's own value under
            // another key.
            let own = holder(expected, &key, candidate).is_some() && same_name(expected, service);
            let slip = edits <= 2.max(expected.chars().count() / 4);
            Nearest {
                near: missed == 1 && (selector.len() > 1 || own || slip),
                key,
                candidate,
            }
        });
    if best.as_ref().is_some_and(|best| best.near) {
        return best;
    }
    // Of a workload in a table the labels of its pods are not known.
    let namesake = candidates
        .iter()
        .find(|it| it.workload.as_deref() == Some(service) && !it.labels.is_empty());
    let namesake = namesake.map(|candidate| Nearest {
        key: misfit(selector, &candidate.labels).2,
        candidate,
        near: true,
    });
    namesake.or(best)
}

/// Fields about the label that differs.
fn differing(selector: &Labels, key: &str, candidate: &Candidate) -> Vec<(&'static str, Node)> {
    let expected = selector.get(key).map_or("", String::as_str);
    let actual = candidate.labels.get(key);
    let found = match (actual, holder(expected, key, candidate)) {
        (Some(actual), _) => format!("{key}={actual}"),
        (None, Some(other)) => format!("{other}={expected}"),
        (None, None) => format!("no label {key}"),
    };
    let mut fields = vec![
        ("from", Node::text(candidate.from.as_str())),
        ("key", Node::text(key)),
        ("expected", Node::text(expected)),
        ("found", Node::text(found)),
    ];
    fields.extend(actual.map(|actual| ("actual", Node::text(actual.as_str()))));
    fields
}

/// The lines of a Service's selector, or that of one key.
fn selector_place(service: &Entity<'_>, key: Option<&str>) -> Option<Cite> {
    let file = service.file?;
    let selector = service.root()?.at(&["spec", "selector"])?;
    let of_key = key.and_then(|key| selector.get(key));
    let lines = u32::try_from(selector.entries().len().saturating_sub(1)).unwrap_or(0);
    Some(match of_key {
        Some(node) => Cite {
            file,
            line: node.line(),
            end_line: node.line(),
        },
        None => Cite {
            file,
            line: selector.line(),
            end_line: selector.line() + lines,
        },
    })
}

/// The line of the label itself rather than of the mapping.
fn label_place(facts: &Facts<'_>, candidate: &Candidate, key: &str) -> Option<Cite> {
    let cite = candidate.cite?;
    let file = facts.snapshot.bundle.file(cite.file);
    let wanted = format!("{key}:");
    let line = (cite.line..cite.line + 40).find(|line| {
        file.line(*line)
            .trim_start()
            .trim_start_matches('"')
            .replace('"', "")
            .starts_with(&wanted)
    })?;
    Some(Cite {
        line,
        end_line: line,
        ..cite
    })
}

/// Another key under which a candidate that lacks the selector's key has its value.
fn holder<'c>(value: &str, key: &str, candidate: &'c Candidate) -> Option<&'c str> {
    let lacks = !value.is_empty() && !candidate.labels.contains_key(key);
    let mut labels = candidate.labels.iter().filter(|_| lacks);
    let found = labels.find(|(_, other)| *other == value);
    found.map(|(other, _)| other.as_str())
}

/// Whether a label's value is the Service's name, give or take signs.
fn same_name(value: &str, service: &str) -> bool {
    let plain =
        |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).collect() };
    plain(value) == plain(service)
}

/// How many pairs miss, by how many edits, and the first key that does.
fn misfit(selector: &Labels, labels: &Labels) -> (usize, usize, String) {
    let mut missed = Vec::new();
    for (key, value) in selector {
        match labels.get(key) {
            Some(actual) if actual == value => {}
            Some(actual) => missed.push((distance(value, actual), key.clone())),
            None => {
                let renamed = labels
                    .iter()
                    .filter(|(_, other)| *other == value)
                    .map(|(other, _)| distance(key, other))
                    .min();
                missed.push((renamed.unwrap_or(100), key.clone()));
            }
        }
    }
    let edits = missed.iter().map(|(edits, _)| edits).sum();
    (
        missed.len(),
        edits,
        missed
            .first()
            .map(|(_, key)| key.clone())
            .unwrap_or_default(),
    )
}
