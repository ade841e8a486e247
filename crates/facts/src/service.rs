//! Services: who stands behind them, and what they nearly select.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use coldcase_snapshot::{node::Node, packed::View};
use rayon::prelude::*;

use crate::{
    Cite, Entity, EntityId, Facts, PodHealth,
    schema::distance,
    select::{self, Labels},
};

/// Adds endpoint counts to Services; derives `SelectorMiss` and `PortMiss`.
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
    let selected = facts.selected_pods(service);
    if !selected.is_empty() {
        port_misses(facts, service, selected)
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
    let best = candidates
        .iter()
        .map(|candidate| (misfit(selector, &candidate.labels), candidate))
        .filter(|((missed, _, _), _)| *missed > 0)
        .min_by_key(|((missed, edits, _), candidate)| (*missed, *edits, candidate.from.clone()));
    let mut fields = vec![
        ("service", Node::text(entity.subject.name.as_str())),
        ("namespace", Node::text(namespace)),
        ("selector", Node::text(select::show(selector))),
        (
            "candidates",
            Node::number(i64::try_from(candidates.len()).unwrap_or(0)),
        ),
    ];
    let mut place = entity
        .root()
        .and_then(|root| root.at(&["spec", "selector"]))
        .zip(entity.file)
        .map(|(node, file)| {
            let lines = u32::try_from(node.entries().len().saturating_sub(1)).unwrap_or(0);
            Cite {
                file,
                line: node.line(),
                end_line: node.line() + lines,
            }
        });
    let mut actual_place = None;
    if let Some(((missed, edits, key), candidate)) = best.filter(|_| !meant) {
        let expected = selector.get(&key).cloned().unwrap_or_default();
        let actual = candidate.labels.get(&key).cloned().unwrap_or_default();
        // One differing pair of several, a value or key that is a slip away, or the Service's own value under
        // another key.
        let renamed = !expected.is_empty()
            && !candidate.labels.contains_key(&key)
            && candidate.labels.values().any(|value| *value == expected);
        let own = renamed && same_name(&expected, &entity.subject.name);
        let near = missed == 1
            && (selector.len() > 1 || own || edits <= 2.max(expected.chars().count() / 4));
        fields.push(("nearMiss", Node::flag(near)));
        fields.push(("from", Node::text(candidate.from.as_str())));
        actual_place = label_place(facts, candidate, &key);
        if let Some(node) = entity
            .root()
            .and_then(|root| root.at(&["spec", "selector", key.as_str()]))
            && let Some(file) = entity.file
        {
            place = Some(Cite {
                file,
                line: node.line(),
                end_line: node.line(),
            });
        }
        fields.push(("key", Node::text(key)));
        fields.push(("expected", Node::text(expected)));
        fields.push(("actual", Node::text(actual)));
    } else {
        fields.push(("nearMiss", Node::flag(false)));
    }
    Entity::computed("SelectorMiss", entity.subject.clone(), fields)
        .cited("", place)
        .cited("actual", actual_place)
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

fn port_misses<'s>(facts: &Facts<'s>, service: EntityId, selected: &[EntityId]) -> Vec<Entity<'s>> {
    let entity = facts.get(service);
    let Some(root) = entity.root() else {
        return Vec::new();
    };
    let mut declared: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for pod in selected {
        let containers = facts
            .get(*pod)
            .root()
            .unwrap_or_default()
            .items_at(&["spec", "containers"]);
        if facts.get(*pod).partial
            && (containers.is_empty() || containers.iter().any(|one| one.get("ports").is_none()))
        {
            // One pod whose ports the text does not show could declare any name.
            return Vec::new();
        }
        for container in containers {
            for port in container.items_at(&["ports"]) {
                let number = port.str_at(&["containerPort"]).unwrap_or("");
                let name = port.str_at(&["name"]).unwrap_or("");
                declared.entry(name).or_default().insert(number);
            }
        }
    }
    let shown: Vec<String> = declared
        .iter()
        .flat_map(|(name, numbers)| {
            numbers.iter().map(move |number| {
                if name.is_empty() {
                    (*number).to_owned()
                } else {
                    format!("{name}={number}")
                }
            })
        })
        .collect();
    let mut misses = Vec::new();
    for port in root.items_at(&["spec", "ports"]) {
        let Some(target) = port.get("targetPort") else {
            continue;
        };
        let text = target.as_str().unwrap_or("");
        let numeric = text.parse::<u32>().is_ok();
        let number = port.str_at(&["port"]).unwrap_or("");
        let has = |number: &str| declared.values().any(|numbers| numbers.contains(number));
        // A number that no container declares may still be listened on, but hardly where they declare the
        // Service's own; a name that none declares cannot resolve.
        if numeric && (has(text) || !has(number)) || declared.contains_key(text) {
            continue;
        }
        let fields = vec![
            ("service", Node::text(entity.subject.name.as_str())),
            ("namespace", Node::text(entity.subject.namespace.as_str())),
            (
                "port",
                port.get("port").map(View::to_node).unwrap_or_default(),
            ),
            ("targetPort", target.to_node()),
            ("declared", Node::text(shown.join(", "))),
            ("numeric", Node::flag(numeric)),
        ];
        let place = entity.file.map(|file| Cite {
            file,
            line: target.line(),
            end_line: target.line(),
        });
        let mut miss =
            Entity::computed("PortMiss", entity.subject.clone(), fields).cited("", place);
        miss.file = entity.file;
        misses.push(miss);
    }
    misses
}
