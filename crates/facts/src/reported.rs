//! Objects that nothing but events name: partial entities, and what the newest events say of them with certainty.
//!
//! An object that a complete list does not hold is gone and no entity. What was said lately holds until a later stage
//! of a pod's start is reported; of what was said long ago nobody knows whether it still holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use coldcase_snapshot::{Snapshot, coverage::Status, event::Event, node::Node, packed::View};

use crate::{Cite, Entity, EntityId, Facts, Identity, PodHealth, entity::Named};

/// Seconds within which the kubelet and the scheduler say again what still holds.
const FRESH: i64 = 600;

/// Failures of a probe after which a container is not ready, as Kubernetes counts by default.
const FAILURES: i64 = 3;

/// Kinds whose objects rules can judge by events.
const KINDS: &[&str] = &[
    "HorizontalPodAutoscaler",
    "Node",
    "PersistentVolumeClaim",
    "Pod",
    "Service",
];

type ByIdentity = HashMap<Identity, EntityId>;

/// The objects of these kinds that only events name, and the nodes that only pods and kubelets name.
pub(crate) fn named<'s>(
    snapshot: &'s Snapshot<'s>,
    captured: &ByIdentity,
    of_pods: &BTreeMap<&'s str, Vec<EntityId>>,
) -> Vec<Entity<'s>> {
    let coverage = &snapshot.coverage;
    // One node that was captured by itself may be the one that somebody asked about.
    let nodes = coverage.status("Node") != Status::Collected;
    let covered = |kind: &str, namespace: &str| match kind {
        "Node" => !nodes,
        _ if namespace.is_empty() && coverage.unplaced.contains(kind) => true,
        _ => coverage.covers(kind, namespace),
    };
    let mut names: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    if nodes {
        names.extend(of_pods.keys().map(|node| ("Node", "", *node)));
    }
    for event in &snapshot.events {
        let about = &event.regarding;
        let kind = KINDS.iter().find(|kind| about.kind == **kind);
        if let Some(kind) = kind {
            let namespace = match *kind {
                "Node" => "",
                _ => about.namespace.as_str(),
            };
            if !covered(kind, namespace) {
                names.insert((kind, namespace, about.name.as_str()));
            }
        }
        if nodes && event.component == "kubelet" {
            names.insert(("Node", "", event.host.as_str()));
        }
        names.extend(
            chosen(event)
                .filter(|_| nodes)
                .map(|node| ("Node", "", node)),
        );
    }
    names
        .into_iter()
        .filter(|name| !name.2.is_empty() && !captured.contains_key(name as &dyn Named))
        .map(entity)
        .collect()
}

/// Controllers that only events name.
pub(crate) fn controllers(facts: &Facts<'_>) -> BTreeSet<Identity> {
    const CONTROLLERS: &[&str] = &[
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
    ];
    let coverage = &facts.snapshot.coverage;
    let mut names: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    for event in &facts.snapshot.events {
        let about = &event.regarding;
        let kind = CONTROLLERS.iter().find(|kind| about.kind == **kind);
        let Some(kind) = kind.filter(|_| !about.name.is_empty()) else {
            continue;
        };
        let namespace = about.namespace.as_str();
        let unplaced = namespace.is_empty() && coverage.unplaced.contains(*kind);
        if !coverage.covers(kind, namespace) && !unplaced {
            names.insert((kind, namespace, about.name.as_str()));
        }
    }
    names
        .into_iter()
        .filter(|name| !facts.by_identity.contains_key(name as &dyn Named))
        .map(|(kind, namespace, name)| Identity::new(kind, namespace, name))
        .collect()
}

fn entity<'s>((kind, namespace, name): (&str, &str, &str)) -> Entity<'s> {
    let identity = Identity::new(kind, namespace, name);
    let kind = crate::entity::static_kind(kind);
    let mut made = Entity::computed(kind, identity.clone(), basics(&identity));
    made.partial = true;
    made
}

/// What a name alone says.
fn basics(identity: &Identity) -> Vec<(&'static str, Node)> {
    let mut metadata = vec![("name", Node::text(identity.name.as_str()))];
    if !identity.namespace.is_empty() {
        let namespace = Node::text(identity.namespace.as_str());
        metadata.push(("namespace", namespace));
    }
    vec![
        ("kind", Node::text(identity.kind.as_str())),
        ("metadata", Node::map(metadata)),
    ]
}

/// Whether nothing but a name is captured of an object.
pub(crate) fn is_named_only(entity: &Entity<'_>) -> bool {
    entity.partial && entity.root().is_none()
}

/// How far a pod's start has come when an event is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Placed,
    Mounted,
    Sandbox,
    Image,
    Started,
    Runs,
    Ends,
}

/// An event of a pod: what it says, and how long ago.
struct Said<'f> {
    stage: Stage,
    bad: bool,
    ago: i64,
    reason: &'f str,
    message: &'f str,
    count: i64,
    id: EntityId,
}

impl<'f> Said<'f> {
    fn of(facts: &'f Facts<'_>, id: EntityId) -> Option<Self> {
        let event = facts.get(id);
        let reason = event.str_at(&["reason"])?;
        let message = event.str_at(&["message"]).unwrap_or("");
        let (stage, bad) = stage(reason, message)?;
        Some(Self {
            stage,
            bad,
            ago: ago(facts, event)?,
            reason,
            message,
            count: event.int_at(&["count"]).unwrap_or(1),
            id,
        })
    }

    /// What kubectl would show of a container that waits for this reason.
    fn waiting(&self) -> Option<&'static str> {
        const WORDS: &[(&str, &str)] = &[
            ("restarting failed container", "CrashLoopBackOff"),
            ("Error: ImagePullBackOff", "ImagePullBackOff"),
            ("ErrImageNeverPull", "ErrImageNeverPull"),
            ("Error: InvalidImageName", "InvalidImageName"),
            ("Error: ErrImagePull", "ErrImagePull"),
            ("Failed to pull image", "ErrImagePull"),
            ("pulling image", "ImagePullBackOff"),
            ("couldn't find key", "CreateContainerConfigError"),
            ("has runAsNonRoot and", "CreateContainerConfigError"),
            ("breaks non-root policy", "CreateContainerConfigError"),
            ("failed to prepare subPath", "CreateContainerConfigError"),
            ("failed to create containerd task", "RunContainerError"),
            ("failed to start container", "RunContainerError"),
            (
                "failed to create containerd container",
                "CreateContainerError",
            ),
            ("failed to reserve container name", "CreateContainerError"),
            ("container create failed", "CreateContainerError"),
        ];
        let known = WORDS.iter().find(|(word, _)| self.message.contains(word));
        let missing = || {
            let object = self.message.strip_prefix("Error: ")?;
            let of_config = object.starts_with("secret") || object.starts_with("configmap");
            (of_config && object.ends_with(" not found")).then_some("CreateContainerConfigError")
        };
        match self.reason {
            "BackOff" | "Failed" => known.map(|(_, reason)| *reason).or_else(missing),
            "ErrImageNeverPull" => Some("ErrImageNeverPull"),
            _ => None,
        }
    }

    /// Whether it keeps the container from running; one answer of a probe does not.
    fn counts(&self) -> bool {
        self.bad && (self.stage != Stage::Runs || self.count >= FAILURES)
    }
}

/// The kubelet's newest words about why it cannot create or start a container: `Error: secret "x" not found`.
pub(crate) fn newest_error<'f>(
    facts: &'f Facts<'_>,
    pod: EntityId,
    container: &str,
) -> Option<&'f str> {
    let events = facts.events_about(&facts.get(pod).subject).iter();
    let errors = events.filter_map(|id| {
        let event = facts.get(*id);
        let own = event.str_at(&["container"]) == Some(container);
        let failed = own && event.str_at(&["reason"]) == Some("Failed");
        let message = event.str_at(&["message"]).filter(|_| failed)?;
        // What comes of a pull is told by other words.
        let why = message.strip_prefix("Error: ")?;
        let of_image = why.contains("ImagePull") || why.contains("InvalidImageName");
        (!of_image).then_some((ago(facts, event)?, why))
    });
    Some(errors.min_by_key(|(ago, _)| *ago)?.1)
}

/// Where in a pod's life an event belongs, and whether it tells of trouble.
fn stage(reason: &str, message: &str) -> Option<(Stage, bool)> {
    Some(match reason {
        "FailedScheduling" => (Stage::Placed, true),
        "Scheduled" => (Stage::Placed, false),
        "FailedAttachVolume" | "FailedMount" | "FailedMapVolume" => (Stage::Mounted, true),
        "SuccessfulAttachVolume" | "SuccessfulMountVolume" => (Stage::Mounted, false),
        "FailedCreatePodSandBox" | "FailedCreatePodSandbox" | "NetworkNotReady" => {
            (Stage::Sandbox, true)
        }
        "Failed" if message.contains("mage") => (Stage::Image, true),
        "ErrImageNeverPull" | "InspectFailed" => (Stage::Image, true),
        "BackOff" if message.contains("pulling image") => (Stage::Image, true),
        // Kubelets log it of sandboxes and of containers alike.
        "ContainerStarted" => (Stage::Sandbox, false),
        // What comes before a start went well; that a container then runs is not said.
        "Pulled" | "Started" => (Stage::Image, false),
        "Failed" => (Stage::Started, true),
        "BackOff" => (Stage::Started, true),
        "Unhealthy" => (Stage::Runs, true),
        "Killing" if message.starts_with("Stopping") => (Stage::Ends, false),
        "Preempted" | "Evicted" | "TaintManagerEviction" => (Stage::Ends, false),
        _ => return None,
    })
}

/// Seconds since an event was last seen.
fn ago(facts: &Facts<'_>, event: &Entity<'_>) -> Option<i64> {
    let stamped = facts.age(event.str_at(&["last"]));
    stamped.or_else(|| event.printed_age("last", None).and_then(View::as_i64))
}

/// The newest trouble of a pod, or of one of its containers, that nothing later ended.
fn trouble<'f>(facts: &'f Facts<'_>, pod: EntityId, container: Option<&str>) -> Option<Said<'f>> {
    let events = facts.events_about(&facts.get(pod).subject).iter();
    let said: Vec<Said<'_>> = events.filter_map(|id| Said::of(facts, *id)).collect();
    let of = |said: &&Said<'_>| {
        container.is_none_or(|name| facts.get(said.id).str_at(&["container"]) == Some(name))
    };
    let ended = |bad: &Said<'_>| {
        said.iter()
            .any(|it| !it.bad && it.stage >= bad.stage && it.ago <= bad.ago)
    };
    said.iter()
        .filter(of)
        .filter(|it| it.counts() && it.ago <= FRESH && !ended(it))
        .min_by_key(|it| (it.ago, std::cmp::Reverse(it.stage), it.id))
        .map(|it| Said { ..*it })
}

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

/// What the newest trouble of a pod says of one of its containers.
pub(crate) fn state_of(
    facts: &Facts<'_>,
    pod: EntityId,
    container: &str,
) -> Vec<(&'static str, Node)> {
    trouble(facts, pod, Some(container)).map_or_else(Vec::new, |said| state(&said))
}

/// What follows for the containers of a pod from trouble that was told more than once, or that is a back-off: what was
/// said once may pass by itself.
pub(crate) fn lasting(facts: &Facts<'_>, pod: EntityId) -> Option<Vec<(&'static str, Node)>> {
    let said = trouble(facts, pod, None)?;
    (said.count > 1 || said.reason == "BackOff").then(|| state(&said))
}

/// What follows for a container.
fn state(said: &Said<'_>) -> Vec<(&'static str, Node)> {
    let flag = Node::flag;
    match said.stage {
        Stage::Image | Stage::Started => {
            let mut fields = vec![
                ("state", Node::text("waiting")),
                ("failing", flag(true)),
                ("healthy", flag(false)),
                ("ready", flag(false)),
            ];
            if let Some(reason) = said.waiting() {
                let mut waiting = vec![("reason", Node::text(reason))];
                if matches!(
                    reason,
                    "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError"
                ) {
                    let why = said.message.strip_prefix("Error: ").unwrap_or(said.message);
                    waiting.push(("message", Node::text(why)));
                }
                fields.push(("waiting", Node::map(waiting)));
            }
            fields
        }
        Stage::Runs => vec![("failing", flag(true)), ("healthy", flag(false))],
        Stage::Placed => ["state", "waiting", "running", "ended", "failing"]
            .map(|field| (field, Node::default()))
            .to_vec(),
        _ => vec![("state", Node::text("waiting")), ("failing", flag(false))],
    }
}

/// Where an object that only events name is named first.
pub(crate) fn first_place(facts: &Facts<'_>, object: EntityId) -> Option<Cite> {
    let events = facts.events_about(&facts.get(object).subject).iter();
    events.filter_map(|id| facts.get(*id).place()).min()
}

/// Health and fields of such a pod.
pub(crate) fn pod(facts: &Facts<'_>, pod: EntityId) -> (PodHealth, Vec<(&'static str, Node)>) {
    let subject = &facts.get(pod).subject;
    let mut fields = basics(subject);
    let trouble = trouble(facts, pod, None);
    let node = host(facts, pod).or_else(|| assigned(facts, pod));
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

/// The node whose kubelet reported of a pod.
fn host<'f>(facts: &'f Facts<'_>, pod: EntityId) -> Option<&'f str> {
    let events = facts.events_about(&facts.get(pod).subject).iter();
    events
        .filter_map(|id| facts.get(*id).event())
        .filter(|event| is_kubelet(event))
        .map(|event| event.host.as_str())
        .next_back()
}

/// The node that the scheduler chose: `Successfully assigned shop/web-0 to w1`.
fn assigned<'f>(facts: &'f Facts<'_>, pod: EntityId) -> Option<&'f str> {
    let events = facts.events_about(&facts.get(pod).subject).iter();
    let messages = events.filter_map(|id| {
        let event = facts.get(*id);
        let message = event.str_at(&["message"])?;
        (event.str_at(&["reason"]) == Some("Scheduled")).then_some(message)
    });
    let node = |message: &'f str| Some(message.rsplit_once(" to ")?.1.trim());
    messages.filter_map(node).next_back()
}

/// Pairs of reasons that a node's condition begins and ends with, and whether the beginning means that it is True.
const CONDITIONS: &[(&str, &str, &str)] = &[
    ("Ready", "NodeReady", "NodeNotReady"),
    (
        "DiskPressure",
        "NodeHasDiskPressure",
        "NodeHasNoDiskPressure",
    ),
    (
        "MemoryPressure",
        "NodeHasInsufficientMemory",
        "NodeHasSufficientMemory",
    ),
    (
        "PIDPressure",
        "NodeHasInsufficientPID",
        "NodeHasSufficientPID",
    ),
];

/// Conditions of a node that only events name: the last change holds if it was just now, or if no later one can be
/// missing.
pub(crate) fn node(facts: &Facts<'_>, node: EntityId) -> Vec<(&'static str, Node)> {
    let events = facts.events_about(&facts.get(node).subject);
    let whole = facts.covers("Event", "default");
    let newest = |wanted: &str| {
        let events = events.iter().map(|id| facts.get(*id));
        let says = |event: &&Entity<'_>| {
            let reason = event.str_at(&["reason"]);
            reason == Some(wanted) || reason == Some("EvictionThresholdMet") && lacks(event, wanted)
        };
        let dated = events
            .filter(says)
            .filter_map(|event| Some((ago(facts, event)?, event)));
        dated.min_by_key(|(ago, _)| *ago)
    };
    let mut fields = Vec::new();
    let mut conditions = Vec::new();
    for (kind, yes, no) in CONDITIONS {
        let (yes, no) = (newest(yes), newest(no));
        let is = match (&yes, &no) {
            (Some((yes, _)), Some((no, _))) => yes < no,
            (yes, _) => yes.is_some(),
        };
        let Some((ago, event)) = (if is { yes } else { no }) else {
            continue;
        };
        if ago > FRESH && !whole {
            continue;
        }
        let status = if is { "True" } else { "False" };
        let mut condition = vec![("type", Node::text(*kind)), ("status", Node::text(status))];
        let since = event.str_at(&["last"]).map(Node::text);
        condition.extend(since.map(|since| ("lastTransitionTime", since)));
        conditions.push(Node::map(condition));
        if *kind == "Ready" {
            let health = if is { "ready" } else { "notready" };
            fields.push(("health", Node::text(health)));
        }
    }
    if !conditions.is_empty() {
        let status = Node::map(vec![("conditions", Node::seq(conditions))]);
        fields.push(("status", status));
    }
    fields
}

/// Whether what a kubelet tries to get back is what a condition says the node lacks.
fn lacks(event: &Entity<'_>, condition: &str) -> bool {
    const RESOURCES: &[(&str, &str)] = &[
        ("NodeHasDiskPressure", "ephemeral-storage"),
        ("NodeHasDiskPressure", "inodes"),
        ("NodeHasInsufficientMemory", "memory"),
        ("NodeHasInsufficientPID", "pids"),
    ];
    let message = event.str_at(&["message"]).unwrap_or("");
    let mut resources = RESOURCES.iter();
    message.starts_with("Attempting to reclaim ")
        && resources.any(|(reason, resource)| *reason == condition && message.ends_with(resource))
}

/// The node that the scheduler chose for a pod: `Successfully assigned shop/web-0 to w1`.
fn chosen(event: &Event) -> Option<&str> {
    if event.reason != "Scheduled" || event.regarding.kind != "Pod" {
        return None;
    }
    let (_, node) = event.message().rsplit_once(" to ")?;
    let node = node.trim();
    (!node.is_empty() && !node.contains(char::is_whitespace)).then_some(node)
}

fn is_kubelet(event: &Event) -> bool {
    event.component == "kubelet" && !event.host.is_empty()
}

/// Pods that only events name, on the nodes whose kubelets reported of them.
pub(crate) fn place<'s>(facts: &mut Facts<'s>) {
    let pods = facts.of_kind("Pod").iter().copied();
    let named: Vec<EntityId> = pods.filter(|pod| is_named_only(facts.get(*pod))).collect();
    if named.is_empty() {
        return;
    }
    let snapshot = facts.snapshot;
    let events = || snapshot.events.iter();
    let of_kubelets = events()
        .filter(|event| is_kubelet(event) && event.regarding.kind == "Pod")
        .map(|event| (event, event.host.as_str()));
    // Where a kubelet names itself, that is nearer to the pod than what the scheduler once chose.
    let known: HashMap<(&str, &str), &'s str> = events()
        .filter_map(|event| Some((event, chosen(event)?)))
        .chain(of_kubelets)
        .map(|(event, node)| {
            let about = &event.regarding;
            ((about.namespace.as_str(), about.name.as_str()), node)
        })
        .collect();
    for pod in named {
        let subject = &facts.get(pod).subject;
        let node = known.get(&(subject.namespace.as_str(), subject.name.as_str()));
        if let Some(node) = node {
            facts.pods_of_node.entry(node).or_default().push(pod);
        }
    }
}

/// What events say of a claim: it is reported as long as it waits for its volume.
pub(crate) fn claims(facts: &mut Facts<'_>) {
    for claim in facts.of_kind("PersistentVolumeClaim").to_vec() {
        if !is_named_only(facts.get(claim)) {
            continue;
        }
        let newest = |wanted: &[&str]| {
            let events = facts.events_about(&facts.get(claim).subject).iter();
            let events = events.map(|id| facts.get(*id));
            let wanted = events.filter(|it| wanted.contains(&it.str_at(&["reason"]).unwrap_or("")));
            wanted.filter_map(|event| ago(facts, event)).min()
        };
        let waits = newest(&[
            "FailedBinding",
            "ProvisioningFailed",
            "ExternalProvisioning",
            "WaitForFirstConsumer",
            "WaitForPodScheduled",
        ]);
        let bound = newest(&["ProvisioningSucceeded"]);
        let pending = waits.is_some_and(|ago| ago <= FRESH && bound.is_none_or(|it| it > ago));
        if pending {
            let status = Node::map(vec![("phase", Node::text("Pending"))]);
            facts.set_extra(claim, vec![("status", status)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use coldcase_bundle::Bundle;

    use crate::Facts;

    fn with(files: &[(&str, &str)], check: impl FnOnce(&Facts<'_>)) {
        let bundle = Bundle::from_texts("t", files.iter().copied());
        let snapshot = coldcase_snapshot::read(&bundle);
        check(&crate::derive(&snapshot));
    }

    const HEAD: &str = "LAST SEEN   TYPE      REASON   OBJECT   MESSAGE\n";

    fn of_pod(rows: &str, check: impl FnOnce(&Facts<'_>, &crate::Entity<'_>)) {
        let text = format!("$ kubectl get events -n shop\n{HEAD}{rows}");
        with(&[("ticket.txt", &text)], |facts| {
            let pod = facts.object("Pod", "shop", "cart-0").unwrap();
            check(facts, facts.get(pod));
        });
    }

    #[test]
    fn why_a_container_cannot_be_created_is_what_the_kubelet_says() {
        let row = "1m   Warning   Failed   pod/cart-0   Error: secret \"till\" not found\n";
        let waits = |facts: &Facts<'_>| {
            let made = facts.get(*facts.of_kind("Container").first().unwrap());
            let field = |path: &[&str]| made.str_at(path).map(str::to_owned);
            (
                field(&["waiting", "reason"]),
                field(&["waiting", "message"]),
            )
        };
        of_pod(row, |facts, _| {
            let (reason, message) = waits(facts);
            assert_eq!(reason.as_deref(), Some("CreateContainerConfigError"));
            assert_eq!(message.as_deref(), Some("secret \"till\" not found"));
        });
        let told = row.replace(
            "secret \"till\" not found",
            "failed to create containerd task: no",
        );
        of_pod(&told, |facts, _| {
            assert_eq!(waits(facts).0.as_deref(), Some("RunContainerError"));
        });
    }

    #[test]
    fn a_crash_loop_has_the_last_words_of_the_only_log() {
        let row = "NAME     READY   STATUS             RESTARTS      AGE\n\
             cart-0   0/1     CrashLoopBackOff   6 (51s ago)   9m\n";
        let text = |more: &str| {
            format!(
                "$ kubectl get pods -n shop\n{row}{more}$ kubectl logs cart-0 -n shop\nopening\npanic: no till\n"
            )
        };
        let words = |facts: &Facts<'_>| {
            let made = facts.get(*facts.of_kind("Container").first().unwrap());
            made.str_at(&["lastWords"]).map(str::to_owned)
        };
        with(&[("ticket.txt", &text(""))], |facts| {
            assert_eq!(words(facts).as_deref(), Some("panic: no till"));
        });
        let running = text("")
            .replace("CrashLoopBackOff", "Running         ")
            .replace("0/1", "1/1");
        with(&[("ticket.txt", &running)], |facts| {
            assert_eq!(words(facts), None);
        });
    }

    #[test]
    fn the_scheduler_names_a_node_as_well() {
        let rows = "2m   Normal   Scheduled   pod/cart-0   Successfully assigned shop/cart-0 to w1\n\
             1m   Warning   FailedCreatePodSandBox   pod/cart-0   Failed to create pod sandbox: no\n";
        of_pod(rows, |facts, pod| {
            assert!(facts.object("Node", "", "w1").is_some());
            assert_eq!(pod.str_at(&["spec", "nodeName"]), Some("w1"));
            assert_eq!(facts.pods_of_node.get("w1").map(Vec::len), Some(1));
        });
    }

    #[test]
    fn the_newest_trouble_holds_until_a_later_stage() {
        let unplaced = "2m   Warning   FailedScheduling   pod/cart-0   0/3 nodes are available: 3 Insufficient cpu.\n";
        of_pod(unplaced, |facts, pod| {
            assert_eq!(pod.str_at(&["health"]), Some("failing"));
            assert_eq!(pod.str_at(&["status", "phase"]), Some("Pending"));
            assert_eq!(facts.of_kind("NodeFit").len(), 1);
        });
        let placed = format!(
            "{unplaced}1m   Normal   Scheduled   pod/cart-0   Successfully assigned shop/cart-0 to w1\n"
        );
        of_pod(&placed, |_, pod| {
            assert_eq!(pod.str_at(&["health"]), None);
            assert_eq!(pod.str_at(&["spec", "nodeName"]), Some("w1"));
        });
        of_pod(&unplaced.replace("2m", "52m"), |_, pod| {
            assert_eq!(pod.str_at(&["health"]), None);
        });
        let once = "2m   Warning   Unhealthy   pod/cart-0   Readiness probe failed: 503\n";
        of_pod(once, |_, pod| assert_eq!(pod.str_at(&["health"]), None));
    }

    #[test]
    fn a_pod_that_a_whole_list_does_not_hold_is_gone() {
        let pods =
            "NAME     READY   STATUS    RESTARTS   AGE\ndb-0     1/1     Running   0          3d\n";
        let events = format!(
            "{HEAD}2m   Warning   BackOff   pod/cart-0   Back-off restarting failed container\n"
        );
        for namespace in ["", " -n shop"] {
            let text = format!(
                "$ kubectl get pods{namespace}\n{pods}\n$ kubectl get events{namespace}\n{events}"
            );
            with(&[("ticket.txt", &text)], |facts| {
                assert_eq!(facts.of_kind("Pod").len(), 1, "{namespace}");
            });
        }
    }

    #[test]
    fn a_node_that_only_pods_name_is_partial() {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: cart-0, namespace: shop, uid: p1}\nspec: {nodeName: w1}\nstatus: {phase: Running}\n";
        let node = "apiVersion: v1\nkind: Node\nmetadata: {name: w2, uid: n1}\n";
        let nodes = |files: &[(&str, &str)]| {
            let mut names = Vec::new();
            with(files, |facts| {
                let all = facts.of_kind("Node").iter();
                names = all
                    .map(|id| facts.get(*id).subject.name.to_string())
                    .collect();
                assert!(
                    facts
                        .of_kind("Node")
                        .iter()
                        .all(|id| facts.get(*id).partial == (facts.get(*id).subject.name == "w1"))
                );
            });
            names
        };
        assert_eq!(nodes(&[("a/pods.yaml", pod), ("x/y", "")]), ["w1"]);
        let both = [("a/pods.yaml", pod), ("a/nodes.yaml", node)];
        assert_eq!(nodes(&both), ["w2"]);
    }

    #[test]
    fn what_a_kubelet_tries_to_get_back_is_lacking() {
        for (resource, expected) in [
            ("memory", Some("MemoryPressure")),
            ("ephemeral-storage", Some("DiskPressure")),
            ("inodes", Some("DiskPressure")),
            ("something", None),
        ] {
            let text = format!(
                "{HEAD}2m   Warning   EvictionThresholdMet   node/w1   Attempting to reclaim {resource}\n"
            );
            with(&[("ticket.txt", &text)], |facts| {
                let node = facts.get(facts.object("Node", "", "w1").unwrap());
                let conditions = node.field("status").map(|it| it.items_at(&["conditions"]));
                let first = conditions.and_then(|it| it.first()?.str_at(&["type"]));
                assert_eq!(first, expected, "{resource}");
            });
        }
    }

    #[test]
    fn a_container_that_starts_ends_the_troubles_of_its_image() {
        let failed = "2m   Warning   Failed   pod/cart-0   Failed to pull image \"a\": timeout\n";
        let started = "1m   Normal   Started   pod/cart-0   Started container cart\n";
        of_pod(failed, |_, pod| {
            assert_eq!(pod.str_at(&["health"]), Some("failing"));
        });
        of_pod(&[failed, started].concat(), |_, pod| {
            assert_eq!(pod.str_at(&["health"]), None);
        });
    }

    #[test]
    fn the_last_change_of_a_node_is_its_state() {
        let rows = "9m   Normal   NodeHasNoDiskPressure   node/w1   no pressure\n2m   Warning   NodeHasDiskPressure   node/w1   pressure\n";
        let text = format!("{HEAD}{rows}");
        with(&[("ticket.txt", &text)], |facts| {
            let node = facts.get(facts.object("Node", "", "w1").unwrap());
            let conditions = node.field("status").unwrap().items_at(&["conditions"]);
            assert_eq!(
                conditions
                    .iter()
                    .next()
                    .and_then(|it| it.str_at(&["status"])),
                Some("True")
            );
        });
    }
}
