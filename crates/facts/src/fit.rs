//! Repeats the scheduler's arithmetic for pods that it could not place: events expire and their counts overlap, nodes and pods do not.

use std::collections::BTreeMap;

use coldcase_snapshot::node::Node;

use crate::{
    Cite, Entity, EntityId, Facts, PodHealth, quantity,
    said::{self, Said},
    schema::distance,
    select::{self, Labels},
};

/// Why one node does not take the pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Obstacle {
    Selector,
    Taint,
    Cordoned,
    Cpu,
    Memory,
    Pods,
    Other,
    /// What the nodes alone do not show; only the scheduler says so.
    Ports,
    Affinity,
    Volume,
}

impl Obstacle {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Selector => "selector",
            Self::Taint => "taint",
            Self::Cordoned => "cordoned",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Pods => "pods",
            Self::Other => "resource",
            Self::Ports => "ports",
            Self::Affinity => "affinity",
            Self::Volume => "volume",
        }
    }
}

/// What a pod asks for.
#[derive(Debug, Default, Clone)]
struct Request {
    cpu: i64,
    memory: i64,
    other: BTreeMap<String, i64>,
}

/// Derives `NodeFit` entities.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let used = used(facts);
    let nodes = facts.collected("Node") && nodes_known(facts);
    for pod in facts.of_kind("Pod").to_vec() {
        let entity = facts.get(pod);
        let waiting = entity.str_at(&["status", "phase"]) == Some("Pending")
            && entity
                .str_at(&["spec", "nodeName"])
                .is_none_or(str::is_empty)
            && facts.health_of(pod) != PodHealth::Leaving;
        // The scheduler does not look at a pod behind a gate.
        if !waiting || gated(entity) {
            continue;
        }
        let said = said::of(facts, pod);
        tell(facts, pod, said.as_ref());
        let entity = facts.get(pod);
        let made = if nodes && says(entity, &["spec", "containers"]) {
            fit(facts, pod, &used, said.as_ref())
        } else {
            said.map(|said| heard(facts, pod, &said))
        };
        if let Some(fit) = made {
            let about = facts.get(pod).subject.clone();
            facts.push_derived(fit, &[&about]);
        }
    }
}

/// Gives the pod the scheduler's words; that there are none is known where events were captured.
fn tell(facts: &mut Facts<'_>, pod: EntityId, said: Option<&Said>) {
    let words = match said {
        Some(said) => Node::text(said.message.as_str()),
        None if facts.collected("Event") => Node::default(),
        None => return,
    };
    facts.set_extra(pod, "said", words);
    if let (Some(entity), Some(place)) = (
        facts.entities.get_mut(pod.0 as usize),
        said.and_then(|said| said.place),
    ) {
        entity.cites.push(("said".to_owned(), place));
    }
}

fn says(entity: &Entity<'_>, path: &[&str]) -> bool {
    !entity.partial || entity.root.is_some_and(|root| root.at(path).is_some())
}

/// Whether text tells enough of the nodes to repeat the arithmetic: their sizes and taints.
fn nodes_known(facts: &Facts<'_>) -> bool {
    facts.of_kind("Node").iter().all(|node| {
        let node = facts.get(*node);
        says(node, &["status", "allocatable"]) && says(node, &["spec", "taints"])
    })
}

fn scheduled<'e>(pod: &'e Entity<'_>) -> Option<&'e Node> {
    pod.root?
        .items_at(&["status", "conditions"])
        .iter()
        .find(|condition| condition.str_at(&["type"]) == Some("PodScheduled"))
}

fn gated(pod: &Entity<'_>) -> bool {
    let reason = scheduled(pod).and_then(|condition| condition.str_at(&["reason"]));
    reason == Some("SchedulingGated")
        || pod
            .root
            .is_some_and(|root| !root.items_at(&["spec", "schedulingGates"]).is_empty())
}

/// Whether a cordoned node carries the labels that the pod selects nodes by.
fn asks_for_cordoned(facts: &Facts<'_>, pod: EntityId) -> bool {
    let wanted = facts
        .get(pod)
        .root
        .map(|root| select::plain(root.at(&["spec", "nodeSelector"])))
        .unwrap_or_default();
    !wanted.is_empty()
        && facts.of_kind("Node").iter().any(|id| {
            let node = facts.get(*id);
            node.bool_at(&["spec", "unschedulable"])
                && node
                    .root
                    .is_some_and(|root| select::matches_plain(&wanted, &select::labels(root)))
        })
}

/// The scheduler's own account, where the arithmetic lacks its inputs.
fn heard<'s>(facts: &Facts<'s>, pod: EntityId, said: &Said) -> Entity<'s> {
    let entity = facts.get(pod);
    let verdict = said.verdict(|_| true, asks_for_cordoned(facts, pod));
    let mut fields = vec![
        (
            "verdict",
            Node::text(verdict.map_or("unknown", Obstacle::word)),
        ),
        ("nodes", Node::number(said.nodes)),
    ];
    for (field, obstacle) in COUNTS {
        fields.push((field, Node::number(said.count(*obstacle))));
    }
    if entity
        .root
        .is_some_and(|root| root.at(&["spec", "containers"]).is_some())
        && let Some(root) = entity.root
    {
        let request = request(root);
        fields.push(("cpuRequest", Node::number(request.cpu)));
        fields.push(("memoryRequest", Node::number(request.memory)));
    }
    let mut made = Entity::computed("NodeFit", entity.subject.clone(), fields);
    made.file = entity.file;
    made.partial = true;
    add_said(facts, pod, &mut made, said, verdict);
    made.cited("", said.place)
}

/// Counts of nodes by obstacle.
const COUNTS: &[(&str, Obstacle)] = &[
    ("selectorMismatch", Obstacle::Selector),
    ("tainted", Obstacle::Taint),
    ("cordoned", Obstacle::Cordoned),
    ("insufficientCpu", Obstacle::Cpu),
    ("insufficientMemory", Obstacle::Memory),
    ("insufficientPods", Obstacle::Pods),
    ("insufficientOther", Obstacle::Other),
];

/// What the scheduler said, and what the verdict needs of it where the objects do not show it.
fn add_said(
    facts: &Facts<'_>,
    pod: EntityId,
    made: &mut Entity<'_>,
    said: &Said,
    verdict: Option<Obstacle>,
) {
    let mut set = |field: &str, value: Node| {
        if made.extra.get(field).is_none() {
            made.extra.set(field, value);
            made.cites
                .extend(said.place.map(|cite| (field.to_owned(), cite)));
        }
    };
    set("said", Node::text(said.message.as_str()));
    set("tried", Node::flag(true));
    match verdict {
        Some(Obstacle::Selector) => {
            let wanted = selector_near_miss(facts, pod).map(|(selector, ..)| selector);
            let selector = wanted.unwrap_or_else(|| "labels of its node affinity".to_owned());
            set("selector", Node::text(selector));
        }
        Some(Obstacle::Taint) => {
            if let Some(taint) = &said.taint {
                set("taint", Node::text(taint.as_str()));
            }
        }
        Some(Obstacle::Other) => {
            if let Some(resource) = &said.resource {
                set("resource", Node::text(resource.as_str()));
            }
        }
        Some(Obstacle::Affinity) => {
            if let Some(affinity) = said.affinity {
                set("affinityConflict", Node::text(affinity));
            }
        }
        _ => {}
    }
}

/// Requests already placed, by node, and the number of pods.
fn used(facts: &Facts<'_>) -> BTreeMap<String, (Request, i64)> {
    let mut used: BTreeMap<String, (Request, i64)> = BTreeMap::new();
    for (node, pods) in &facts.pods_of_node {
        let entry = used.entry(node.clone()).or_default();
        for pod in pods {
            let Some(root) = facts.get(*pod).root else {
                continue;
            };
            if matches!(
                root.str_at(&["status", "phase"]),
                Some("Succeeded" | "Failed")
            ) {
                continue;
            }
            let request = request(root);
            entry.0.cpu += request.cpu;
            entry.0.memory += request.memory;
            for (name, amount) in request.other {
                *entry.0.other.entry(name).or_default() += amount;
            }
            entry.1 += 1;
        }
    }
    // The description of a node sums up its pods, also those that nobody listed.
    for id in facts.of_kind("Node") {
        let node = facts.get(*id);
        let sum = |name: &str| {
            node.root
                .and_then(|root| root.str_at(&["allocated", "requests", name]))
        };
        let cpu = sum("cpu").and_then(quantity::millicores);
        let memory = sum("memory").and_then(quantity::bytes);
        if cpu.is_some() || memory.is_some() {
            let entry = used.entry(node.subject.name.clone()).or_default();
            entry.0.cpu = entry.0.cpu.max(cpu.unwrap_or(0));
            entry.0.memory = entry.0.memory.max(memory.unwrap_or(0));
        }
    }
    used
}

/// Sum over containers, or the largest init container if that is more; overhead on top.
fn request(root: &Node) -> Request {
    let mut sum = Request::default();
    if root.at(&["spec", "containers"]).is_none() {
        // A row of a node's description: the sum alone.
        add(&mut sum, root.get("requests"));
        return sum;
    }
    for container in root.items_at(&["spec", "containers"]) {
        add(&mut sum, container.at(&["resources", "requests"]));
    }
    for container in root.items_at(&["spec", "initContainers"]) {
        let mut one = Request::default();
        add(&mut one, container.at(&["resources", "requests"]));
        if container.str_at(&["restartPolicy"]) == Some("Always") {
            sum.cpu += one.cpu;
            sum.memory += one.memory;
        } else {
            sum.cpu = sum.cpu.max(one.cpu);
            sum.memory = sum.memory.max(one.memory);
        }
    }
    add(&mut sum, root.at(&["spec", "overhead"]));
    sum
}

fn add(sum: &mut Request, amounts: Option<&Node>) {
    for (name, node) in amounts.into_iter().flat_map(Node::entries) {
        let text = node.as_str().unwrap_or("");
        match name.as_str() {
            "cpu" => sum.cpu += quantity::millicores(text).unwrap_or(0),
            "memory" => sum.memory += quantity::bytes(text).unwrap_or(0),
            "ephemeral-storage" => {}
            other => {
                *sum.other.entry(other.to_owned()).or_default() +=
                    quantity::bytes(text).unwrap_or(0);
            }
        }
    }
}

fn fit<'s>(
    facts: &Facts<'s>,
    pod: EntityId,
    used: &BTreeMap<String, (Request, i64)>,
    said: Option<&Said>,
) -> Option<Entity<'s>> {
    let entity = facts.get(pod);
    let root = entity.root?;
    let request = request(root);
    let nodes = facts.of_kind("Node");
    let mut obstacles: Vec<(EntityId, Vec<Obstacle>)> = Vec::new();
    let (mut largest_cpu, mut largest_memory) = (0, 0);
    let mut resource = None;
    for id in nodes {
        let Some(node) = facts.get(*id).root else {
            continue;
        };
        let amount = |name: &str| node.str_at(&["status", "allocatable", name]).unwrap_or("0");
        let (cpu, memory) = (
            quantity::millicores(amount("cpu")).unwrap_or(0),
            quantity::bytes(amount("memory")).unwrap_or(0),
        );
        largest_cpu = largest_cpu.max(cpu);
        largest_memory = largest_memory.max(memory);
        let name = facts.get(*id).subject.name.as_str();
        let (busy, pods) = used.get(name).cloned().unwrap_or_default();
        let mut found = placement(root, node);
        if request.cpu > cpu - busy.cpu && request.cpu > 0 {
            found.push(Obstacle::Cpu);
        }
        if request.memory > memory - busy.memory && request.memory > 0 {
            found.push(Obstacle::Memory);
        }
        if quantity::bytes(amount("pods")).is_some_and(|limit| limit > 0 && pods >= limit) {
            found.push(Obstacle::Pods);
        }
        for (name, wanted) in &request.other {
            let free = quantity::bytes(amount(name)).unwrap_or(0)
                - busy.other.get(name).copied().unwrap_or(0);
            if *wanted > free {
                resource = Some(name.clone());
                found.push(Obstacle::Other);
            }
        }
        obstacles.push((*id, found));
    }
    Some(describe(
        facts,
        pod,
        &request,
        &obstacles,
        (largest_cpu, largest_memory),
        resource,
        said,
    ))
}

/// Selector, taints and cordon, without regard to room.
fn placement(pod: &Node, node: &Node) -> Vec<Obstacle> {
    let mut found = Vec::new();
    let mut labels = select::labels(node);
    labels.insert(
        "metadata.name".to_owned(),
        node.str_at(&["metadata", "name"]).unwrap_or("").to_owned(),
    );
    if !selector_matches(pod, &labels) {
        found.push(Obstacle::Selector);
    }
    if node.bool_at(&["spec", "unschedulable"]) == Some(true) {
        found.push(Obstacle::Cordoned);
    }
    let tolerations = pod.items_at(&["spec", "tolerations"]);
    let blocking = node.items_at(&["spec", "taints"]).iter().any(|taint| {
        taint.str_at(&["key"]) != Some("node.kubernetes.io/unschedulable")
            && matches!(taint.str_at(&["effect"]), Some("NoSchedule" | "NoExecute"))
            && !tolerations
                .iter()
                .any(|toleration| tolerates(toleration, taint))
    });
    if blocking {
        found.push(Obstacle::Taint);
    }
    found
}

fn tolerates(toleration: &Node, taint: &Node) -> bool {
    let key = toleration.str_at(&["key"]).unwrap_or("");
    let effect = toleration.str_at(&["effect"]).unwrap_or("");
    let exists = toleration.str_at(&["operator"]) == Some("Exists");
    let key_fits = key.is_empty() && exists || Some(key) == taint.str_at(&["key"]);
    let effect_fits = effect.is_empty() || Some(effect) == taint.str_at(&["effect"]);
    let value_fits = exists
        || toleration.str_at(&["value"]).unwrap_or("") == taint.str_at(&["value"]).unwrap_or("");
    key_fits && effect_fits && value_fits
}

fn selector_matches(pod: &Node, labels: &Labels) -> bool {
    let wanted = select::plain(pod.at(&["spec", "nodeSelector"]));
    let terms = pod.items_at(&[
        "spec",
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    ]);
    let term_fits = |term: &Node| {
        ["matchExpressions", "matchFields"].iter().all(|part| {
            term.items_at(&[part])
                .iter()
                .all(|expression| select::matches_expression(expression, labels))
        })
    };
    wanted
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value))
        && (terms.is_empty() || terms.iter().any(term_fits))
}

fn describe<'s>(
    facts: &Facts<'s>,
    pod: EntityId,
    request: &Request,
    obstacles: &[(EntityId, Vec<Obstacle>)],
    largest: (i64, i64),
    resource: Option<String>,
    said: Option<&Said>,
) -> Entity<'s> {
    let entity = facts.get(pod);
    let count = |obstacle: Obstacle| {
        i64::try_from(
            obstacles
                .iter()
                .filter(|(_, found)| found.contains(&obstacle))
                .count(),
        )
        .unwrap_or(0)
    };
    let fitting = obstacles
        .iter()
        .filter(|(_, found)| found.is_empty())
        .count();
    let never =
        request.cpu > largest.0 && largest.0 > 0 || request.memory > largest.1 && largest.1 > 0;
    let verdict = verdict(obstacles, fitting);
    let verdict = match said {
        Some(said) => settle(facts, pod, verdict, count(Obstacle::Selector), said),
        None => verdict,
    };
    let matching: Vec<&str> = obstacles
        .iter()
        .filter(|(_, found)| !found.contains(&Obstacle::Selector))
        .map(|(id, _)| facts.get(*id).label.as_str())
        .collect();
    let number = |value: i64| Node::number(value);
    let mut fields = vec![
        ("nodes", number(i64::try_from(obstacles.len()).unwrap_or(0))),
        ("fitting", number(i64::try_from(fitting).unwrap_or(0))),
        (
            "verdict",
            Node::text(verdict.map_or("unknown", Obstacle::word)),
        ),
        ("neverFits", Node::flag(never)),
        ("nodesMatching", Node::text(matching.join(", "))),
        ("cpuRequest", number(request.cpu)),
        ("memoryRequest", number(request.memory)),
        ("largestCpu", number(largest.0)),
        ("largestMemory", number(largest.1)),
    ];
    for (field, obstacle) in COUNTS {
        // A description does not print affinity, so its scheduler may have met more obstacles than it shows.
        let more = said.map_or(0, |said| said.count(*obstacle));
        let shown = count(*obstacle);
        let hidden = verdict == Some(*obstacle) && more > shown;
        fields.push((field, number(if hidden { more } else { shown })));
    }
    let tried = scheduled(entity).and_then(|condition| condition.str_at(&["status"]));
    fields.push((
        "tried",
        Node::flag(said.is_some() || tried == Some("False")),
    ));
    fields.extend(resource.map(|name| ("resource", Node::text(name))));
    let root = entity.root;
    let mut made = Entity::computed("NodeFit", entity.subject.clone(), Vec::new());
    made.file = entity.file;
    let cite = |line: u32| {
        entity.file.map(|file| Cite {
            file,
            line,
            end_line: line,
        })
    };
    if let Some((selector, near, node_cite)) = selector_near_miss(facts, pod) {
        fields.push(("selector", Node::text(selector)));
        fields.extend(near.map(|near| ("nearMiss", Node::text(near))));
        made.cites
            .extend(node_cite.map(|cite| ("nearMiss".to_owned(), cite)));
    }
    if let Some((taint, place)) = blocking_taint(facts, root, obstacles) {
        fields.push(("taint", Node::text(taint)));
        made.cites
            .extend(place.map(|cite| ("taint".to_owned(), cite)));
    }
    let line = root
        .and_then(|root| {
            root.at(&["spec", "nodeSelector"])
                .or_else(|| root.at(&["spec", "affinity"]))
                .or_else(|| root.at(&["metadata", "name"]))
        })
        .map_or(0, |node| node.line);
    made.extra = Node::map(fields);
    if let Some(said) = said {
        add_said(facts, pod, &mut made, said, verdict);
    }
    made = made.cited("selector", cite(line)).cited("", cite(line));
    if let Some(requests) = root.and_then(|root| {
        root.items_at(&["spec", "containers"])
            .iter()
            .find_map(|c| c.at(&["resources", "requests"]))
    }) {
        let line_of = |name: &str| requests.get(name).map_or(requests.line, |node| node.line);
        made = made
            .cited("cpuRequest", cite(line_of("cpu")))
            .cited("memoryRequest", cite(line_of("memory")));
    }
    let biggest = facts.of_kind("Node").iter().find(|id| {
        facts.get(**id).root.is_some_and(|node| {
            quantity::millicores(
                node.str_at(&["status", "allocatable", "cpu"])
                    .unwrap_or("0"),
            ) == Some(largest.0)
        })
    });
    if let Some(node) = biggest.map(|id| facts.get(*id))
        && let (Some(file), Some(value)) = (
            node.file,
            node.root
                .and_then(|root| root.at(&["status", "allocatable", "cpu"])),
        )
    {
        made = made.cited(
            "largestCpu",
            Some(Cite {
                file,
                line: value.line,
                end_line: value.line,
            }),
        );
    }
    made
}

/// The obstacle whose removal would open most nodes; what no single removal opens goes by the order of the scheduler's filters.
fn verdict(obstacles: &[(EntityId, Vec<Obstacle>)], fitting: usize) -> Option<Obstacle> {
    if fitting > 0 || obstacles.is_empty() {
        return None;
    }
    // Nodes that the pod's own selector asks for are the only ones in question.
    let asked: Vec<&Vec<Obstacle>> = obstacles
        .iter()
        .map(|(_, found)| found)
        .filter(|found| !found.contains(&Obstacle::Selector))
        .collect();
    if asked.is_empty() {
        return Some(Obstacle::Selector);
    }
    let mut alone: BTreeMap<Obstacle, usize> = BTreeMap::new();
    for found in &asked {
        if let [only] = found.as_slice() {
            *alone.entry(*only).or_default() += 1;
        }
    }
    let best = alone
        .iter()
        .max_by_key(|(obstacle, count)| (**count, std::cmp::Reverse(**obstacle)))
        .map(|(obstacle, _)| *obstacle);
    let first = asked
        .iter()
        .filter_map(|found| found.first())
        .min()
        .copied();
    // A selector that rules out healthy nodes which have room is the narrower suspect than full nodes.
    best.or(first)
}

/// Takes from the scheduler what the arithmetic cannot know: rules about other pods and volumes, and what text
/// for people leaves out. What it does know it does not take: a message may be older than the capture.
fn settle(
    facts: &Facts<'_>,
    pod: EntityId,
    computed: Option<Obstacle>,
    mismatches: i64,
    said: &Said,
) -> Option<Obstacle> {
    let described = facts.get(pod).partial;
    let affinity_hidden = described && said.count(Obstacle::Selector) > mismatches;
    if computed.is_some() && !affinity_hidden {
        return computed;
    }
    let room_hidden = described
        || facts.pods_of_node.values().flatten().any(|pod| {
            let pod = facts.get(*pod);
            !says(pod, &["spec", "containers"]) && !says(pod, &["requests"])
        });
    let in_question = |obstacle: Obstacle| match obstacle {
        Obstacle::Ports | Obstacle::Affinity | Obstacle::Volume => true,
        Obstacle::Selector | Obstacle::Taint | Obstacle::Cordoned => described,
        Obstacle::Cpu | Obstacle::Memory | Obstacle::Pods | Obstacle::Other => room_hidden,
    };
    said.verdict(in_question, asks_for_cordoned(facts, pod))
        .or(computed)
}

/// What the pod asks of nodes, the label that comes nearest, and where that label is written.
fn selector_near_miss(
    facts: &Facts<'_>,
    pod: EntityId,
) -> Option<(String, Option<String>, Option<Cite>)> {
    let root = facts.get(pod).root?;
    let mut wanted = select::plain(root.at(&["spec", "nodeSelector"]));
    let terms = root.items_at(&[
        "spec",
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    ]);
    for expression in terms
        .iter()
        .flat_map(|term| term.items_at(&["matchExpressions"]))
    {
        if expression.str_at(&["operator"]) == Some("In") {
            let values: Vec<&str> = expression
                .items_at(&["values"])
                .iter()
                .filter_map(Node::as_str)
                .collect();
            wanted.insert(
                expression.str_at(&["key"]).unwrap_or("").to_owned(),
                values.join("|"),
            );
        }
    }
    if wanted.is_empty() {
        return None;
    }
    let mut best: Option<(usize, String, Option<Cite>)> = None;
    for (key, value) in &wanted {
        for id in facts.of_kind("Node") {
            let node = facts.get(*id);
            let Some(labels) = node.root.and_then(|root| root.at(&["metadata", "labels"])) else {
                continue;
            };
            for (name, actual) in labels.entries() {
                let text = actual.as_str().unwrap_or("");
                let edits = if name == key {
                    distance(value, text).min(value.len().abs_diff(text.len()) + 1)
                } else if text == value {
                    distance(key, name)
                } else {
                    continue;
                };
                let near = edits > 0 && (name == key || edits <= 3);
                if near && best.as_ref().is_none_or(|(least, ..)| edits < *least) {
                    let cite = node.file.map(|file| Cite {
                        file,
                        line: actual.line,
                        end_line: actual.line,
                    });
                    best = Some((edits, format!("{name}={text} on {}", node.label), cite));
                }
            }
        }
    }
    let (near, cite) = best.map_or((None, None), |(_, near, cite)| (Some(near), cite));
    Some((select::show(&wanted), near, cite))
}

/// The first taint that keeps the pod from a node which its selector asks for.
fn blocking_taint(
    facts: &Facts<'_>,
    pod: Option<&Node>,
    obstacles: &[(EntityId, Vec<Obstacle>)],
) -> Option<(String, Option<Cite>)> {
    let tolerations = pod?.items_at(&["spec", "tolerations"]);
    let tainted = obstacles
        .iter()
        .filter(|(_, found)| found.contains(&Obstacle::Taint));
    let (id, _) = tainted
        .min_by_key(|(id, found)| (found.contains(&Obstacle::Selector), found.len(), *id))?;
    let node = facts.get(*id);
    let taint = node
        .root?
        .items_at(&["spec", "taints"])
        .iter()
        .find(|taint| {
            matches!(taint.str_at(&["effect"]), Some("NoSchedule" | "NoExecute"))
                && !tolerations
                    .iter()
                    .any(|toleration| tolerates(toleration, taint))
        })?;
    let part = |key: &str| taint.str_at(&[key]).unwrap_or("");
    let value = if part("value").is_empty() {
        String::new()
    } else {
        format!("={}", part("value"))
    };
    let line = taint.get("key").map_or(taint.line, |key| key.line);
    let cite = node.file.map(|file| Cite {
        file,
        line: taint.line.min(line),
        end_line: line.max(taint.line),
    });
    Some((
        format!(
            "{}{value}:{} on {}",
            part("key"),
            part("effect"),
            node.label
        ),
        cite,
    ))
}
