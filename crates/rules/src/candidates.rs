//! What a step looks at: entities of a kind or at the end of a relation, and which source is missing among them.

use std::{borrow::Cow, sync::OnceLock};

use coldcase_facts::{Entity, EntityId, netpol::Direction};
use coldcase_snapshot::coverage::Status;
use rayon::prelude::*;

use crate::{
    engine::{Row, World},
    missing::Missing,
    rule::{From, Step, Verb},
};

/// What many rules ask of every container, looked up once.
#[derive(Debug, Default)]
pub(crate) struct Near {
    /// The pod of each container and pod, by the number of the entity.
    pods: OnceLock<Vec<Option<EntityId>>>,
    /// The node of each pod, by the number of the entity.
    nodes: OnceLock<Vec<Option<EntityId>>>,
    /// Why there may be events that are not there.
    expired: OnceLock<Option<String>>,
}

/// Entities that a step looks at, and what may be missing among them.
#[derive(Default)]
pub(crate) struct Candidates<'w> {
    pub ids: Cow<'w, [EntityId]>,
    pub total: u64,
    pub missing: Option<Missing>,
    /// Candidates whose conditions could not be decided.
    pub open: u64,
}

/// The name under which logs are missing: of a container without a name its pod's.
fn whose<'e>(entity: &'e Entity<'_>) -> &'e str {
    match entity.kind {
        "Container" => &entity.subject.name,
        _ => entity.label(),
    }
}

impl Candidates<'_> {
    /// In order, each once.
    fn sorted(mut self) -> Self {
        if !self.ids.is_sorted_by(|one, next| one < next) {
            let ids = self.ids.to_mut();
            ids.sort_unstable();
            ids.dedup();
        }
        self
    }
}

impl World<'_, '_> {
    pub(crate) fn candidates(&self, step: &Step, row: &Row) -> Candidates<'_> {
        match &step.from {
            From::Kind(kind) => {
                // A list that was cut says what is there, never what is not: finding needs no more.
                let whole = matches!(step.verb, Verb::None | Verb::Count);
                match self.narrowed(kind, step, row) {
                    Some(ids) if step.pattern.is_none() => Candidates {
                        ids: ids.into(),
                        total: self.facts.of_kind(kind).len() as u64,
                        missing: self.missing_of(kind, whole),
                        open: 0,
                    },
                    _ => self.all(kind, step.pattern, whole),
                }
            }
            From::Relation(nouns, slot) => match row.bound(*slot) {
                Some(bound) => self.chain(nouns, bound.id, step.pattern),
                None => Candidates::default(),
            },
            From::Bound => Candidates::default(),
        }
    }

    fn all(&self, kind: &str, pattern: Option<usize>, whole: bool) -> Candidates<'_> {
        if let Some(pattern) = pattern {
            let found: Vec<&crate::lines::Hits> = self
                .lines
                .hits
                .range((pattern, 0)..=(pattern, usize::MAX))
                .map(|(_, hits)| hits)
                .collect();
            let none = if kind == "LogLine" {
                self.facts.snapshot.logs.is_empty()
            } else {
                self.facts.snapshot.journals.is_empty()
            };
            let what = if kind == "LogLine" {
                "logs: not collected"
            } else {
                "journals: not collected"
            };
            return Candidates {
                ids: found
                    .iter()
                    .flat_map(|hits| hits.ids.iter().copied())
                    .collect(),
                total: found.iter().map(|hits| hits.total).sum(),
                missing: none.then(|| what.to_owned().into()),
                open: 0,
            };
        }
        let ids = self.facts.of_kind(kind);
        Candidates {
            total: ids.len() as u64,
            ids: ids.into(),
            missing: self.missing_of(kind, whole),
            open: 0,
        }
    }

    /// Why entities of a kind may be missing; a list that was cut only counts if it should be `whole`.
    pub(crate) fn missing_of(&self, kind: &str, whole: bool) -> Option<Missing> {
        let coverage = &self.facts.snapshot.coverage;
        sources(kind)
            .iter()
            .filter(|source| whole || coverage.status(source) != Status::Truncated)
            .find_map(|source| self.missing(source))
            .map(Missing::from)
    }

    /// Why a source is not there; `None` if it is.
    fn missing(&self, source: &str) -> Option<String> {
        let coverage = &self.facts.snapshot.coverage;
        if source == "Event"
            && self.facts.of_kind("Event").is_empty()
            && !self.facts.of_kind("Pod").is_empty()
        {
            return Some(match coverage.status("Event") {
                Status::Collected => {
                    "events: none left (they expire, by default after one hour)".to_owned()
                }
                _ => coverage.reason("Event"),
            });
        }
        match coverage.status(source) {
            Status::Collected => None,
            _ => Some(coverage.reason(source)),
        }
    }

    /// Follows nouns from the last to the first.
    pub(crate) fn chain(
        &self,
        nouns: &[&'static str],
        from: EntityId,
        pattern: Option<usize>,
    ) -> Candidates<'_> {
        if let [noun] = nouns {
            return self.related(noun, from, pattern).sorted();
        }
        let mut ids = vec![from];
        let mut total = 1;
        let mut missing = None;
        for noun in nouns.iter().rev() {
            let mut next = Vec::new();
            total = 0;
            for id in &ids {
                let found = self.related(noun, *id, pattern);
                total += found.total;
                next.extend(found.ids.iter());
                missing = missing.or(found.missing);
            }
            next.sort_unstable();
            next.dedup();
            ids = next;
        }
        Candidates {
            ids: ids.into(),
            total,
            missing,
            open: 0,
        }
    }

    fn related(&self, noun: &str, from: EntityId, pattern: Option<usize>) -> Candidates<'_> {
        match noun {
            "log" => self.log_lines(from, pattern),
            "journal" => self.journal_lines(from, pattern),
            "target" => {
                let ids = self.targets(from);
                Candidates {
                    total: ids.len() as u64,
                    missing: if ids.is_empty() {
                        self.missing("Service").map(Missing::from)
                    } else {
                        None
                    },
                    ids: ids.into(),
                    open: 0,
                }
            }
            "egresstarget" => self.shut(from, Direction::Egress),
            "ingresstarget" => self.shut(from, Direction::Ingress),
            "egressdenial" => self.denying(from, Direction::Egress),
            "ingressdenial" => self.denying(from, Direction::Ingress),
            _ if from.0 as usize >= self.facts.entities.len() => self.through_line(noun, from),
            _ => {
                if let Some(found) = self.nearby(noun, from) {
                    return found;
                }
                let related = self.facts.related(noun, from);
                let missing = match related.missing {
                    Some(source) if source.contains(' ') => {
                        Some(format!("{source}: not collected"))
                    }
                    Some(source) => self.missing(&source),
                    None => None,
                };
                Candidates {
                    total: related.ids.len() as u64,
                    ids: related.ids.into(),
                    missing: missing.map(Missing::from),
                    open: 0,
                }
            }
        }
    }

    /// The policies that stand in the way of what a line tried.
    fn denying(&self, line: EntityId, direction: Direction) -> Candidates<'_> {
        let found = self.denials(line, direction);
        let missing = if !found.policies.is_empty() {
            None
        } else if found.open {
            Some("NetworkPolicy: what it means for this connection depends on what was not captured (labels, rules, whose address it is), or on the network plugin".to_owned())
        } else {
            self.missing("NetworkPolicy")
        };
        Candidates {
            total: found.policies.len() as u64,
            ids: found.policies.clone().into(),
            missing: missing.map(Missing::from),
            open: 0,
        }
    }

    /// The Services behind those policies.
    fn shut(&self, line: EntityId, direction: Direction) -> Candidates<'_> {
        let ids = self.denials(line, direction).services.clone();
        let policies = if ids.is_empty() {
            self.denying(line, direction).missing
        } else {
            None
        };
        Candidates {
            total: ids.len() as u64,
            missing: policies.or_else(|| {
                let services = self.missing("Service").filter(|_| ids.is_empty());
                services.map(Missing::from)
            }),
            ids: ids.into(),
            open: 0,
        }
    }

    /// From a line one comes to its pod, container or node, and on from there.
    fn through_line(&self, noun: &str, line: EntityId) -> Candidates<'_> {
        let entity = self.get(line);
        let subject = &entity.subject;
        let start = match subject.kind.as_str() {
            "Pod" => self.facts.object("Pod", &subject.namespace, &subject.name),
            "Node" => self.facts.object("Node", "", &subject.name),
            _ => None,
        };
        let Some(start) = start else {
            return Candidates::default();
        };
        let mut found = self.related(noun, start, None);
        if noun == "container" {
            let name = entity.str_at(&["container"]).unwrap_or("").to_owned();
            found.ids.to_mut().retain(|id| {
                let container = self.get(*id);
                container.label() == name || container.bool_at(&["unnamed"])
            });
        }
        found
    }

    fn log_lines(&self, from: EntityId, pattern: Option<usize>) -> Candidates<'_> {
        let Some(pattern) = pattern else {
            return Candidates::default();
        };
        let entity = self.get(from);
        // Of a pod from a table nobody knows whose log it is, among its own.
        let named = entity.kind == "Container" && !entity.bool_at(&["unnamed"]);
        let container = named.then(|| entity.label());
        let own = self.pod_of(from);
        let pods: Vec<EntityId> = match own {
            Some(_) => Vec::new(),
            None => self.facts.pods(from),
        };
        let pods = own.as_ref().map_or(pods.as_slice(), std::slice::from_ref);
        let mut ids = Vec::new();
        let (mut total, mut seen) = (0, false);
        for pod in pods {
            let Some(files) = self.lines.logs.get(pod) else {
                continue;
            };
            for (source, log) in files
                .iter()
                .filter_map(|index| Some((*index, self.facts.snapshot.logs.get(*index)?)))
            {
                if container.is_some_and(|name| !log.container.is_empty() && log.container != name)
                {
                    continue;
                }
                seen = true;
                if let Some(hits) = self.lines.hits.get(&(pattern, source)) {
                    ids.extend(&hits.ids);
                    total += hits.total;
                }
            }
        }
        let missing = (!seen && !pods.is_empty()).then(|| match container {
            Some(_) => Missing::Log(from),
            None => format!("logs of {}: not collected", whose(entity)).into(),
        });
        Candidates {
            ids: ids.into(),
            total,
            missing,
            open: 0,
        }
    }

    /// What most rules ask of every container and pod, without a search.
    fn nearby(&self, noun: &str, from: EntityId) -> Option<Candidates<'_>> {
        let pod = || match self.get(from).kind {
            "Pod" => Some(from),
            _ => self.pod_of(from),
        };
        let ids = match noun {
            "pod" if self.get(from).kind == "Container" => self.pods_of(from),
            "event" => self.events_of(from),
            "node" => self.nodes_of(pod()?),
            "workload" => self.facts.workloads(pod()?),
            _ => return None,
        };
        // Why there is none is a longer story.
        if ids.is_empty() && noun != "event" {
            return None;
        }
        let expired = noun == "event" && ids.is_empty();
        let missing = if expired { self.expired() } else { None };
        Some(Candidates {
            total: ids.len() as u64,
            missing: missing.map(Missing::from),
            ids: ids.into(),
            open: 0,
        })
    }

    fn events_of(&self, from: EntityId) -> &[EntityId] {
        match self.pod_of(from) {
            Some(pod) => self.facts.events_of(pod),
            None => self.facts.events_about(&self.get(from).subject),
        }
    }

    /// Why an object without events may have had some.
    fn expired(&self) -> Option<String> {
        let expired = self.near.expired.get_or_init(|| self.missing("Event"));
        expired.clone()
    }

    /// Looks up what is near every entity before the first rule asks. All others would wait for it, and a thread that
    /// waits for its own parts of this would take up a rule that waits for this.
    pub(crate) fn look_around(&self) {
        let first = EntityId(0);
        self.pods_of(first);
        self.nodes_of(first);
    }

    /// The pod of a container, or of its own name.
    pub(crate) fn pod_of(&self, from: EntityId) -> Option<EntityId> {
        self.pods_of(from).first().copied()
    }

    fn pods_of(&self, from: EntityId) -> &[EntityId] {
        let pods = self.near.pods.get_or_init(|| {
            self.each(|entity, _| {
                let subject = &entity.subject;
                if !matches!(entity.kind, "Container" | "Pod") || subject.kind != "Pod" {
                    return None;
                }
                self.facts.object("Pod", &subject.namespace, &subject.name)
            })
        });
        pods.get(from.0 as usize).map_or(&[], Option::as_slice)
    }

    fn nodes_of(&self, pod: EntityId) -> &[EntityId] {
        let nodes = self.near.nodes.get_or_init(|| {
            self.each(|entity, id| {
                (entity.kind == "Pod")
                    .then(|| self.facts.node_of(id))
                    .flatten()
            })
        });
        nodes.get(pod.0 as usize).map_or(&[], Option::as_slice)
    }

    /// What is found for each entity, by its number.
    fn each(
        &self,
        find: impl Fn(&Entity<'_>, EntityId) -> Option<EntityId> + Sync,
    ) -> Vec<Option<EntityId>> {
        let entities = self.facts.entities.par_iter().enumerate();
        entities
            .map(|(number, entity)| find(entity, EntityId(u32::try_from(number).ok()?)))
            .collect()
    }

    fn journal_lines(&self, from: EntityId, pattern: Option<usize>) -> Candidates<'_> {
        let Some(pattern) = pattern else {
            return Candidates::default();
        };
        let nodes = self.facts.related("node", from).ids;
        let mut names: Vec<String> = nodes
            .iter()
            .map(|id| self.get(*id).subject.name.to_string())
            .collect();
        if names.is_empty() {
            // The Node object may be missing although the pod says where it ran.
            names = self
                .facts
                .pods(from)
                .iter()
                .filter_map(|pod| {
                    self.get(*pod)
                        .str_at(&["spec", "nodeName"])
                        .map(str::to_owned)
                })
                .collect();
        }
        let mut ids = Vec::new();
        let mut total = 0;
        let mut missing = None;
        for name in names {
            let Some(files) = self.lines.journals.get(&name) else {
                missing = Some(format!("journal of {name}: not collected").into());
                continue;
            };
            for source in files {
                if let Some(hits) = self.lines.hits.get(&(pattern, *source)) {
                    // A file may hold the lines of several nodes.
                    let before = ids.len();
                    let own = hits.ids.iter().copied();
                    ids.extend(own.filter(|id| self.get(*id).subject.name == name));
                    let added = ids.len() - before;
                    total += if added == hits.ids.len() {
                        hits.total
                    } else {
                        added as u64
                    };
                }
            }
        }
        Candidates {
            ids: ids.into(),
            total,
            missing,
            open: 0,
        }
    }
}

/// Kinds whose lists a kind is made from.
fn sources(kind: &str) -> &'static [&'static str] {
    match kind {
        "Container" | "Workload" | "MissingRef" | "Pod" => &["Pod"],
        "Rollout" => &["Deployment", "ReplicaSet", "Pod"],
        "SelectorMiss" | "PortMiss" | "AddressMiss" => &["Service", "Pod"],
        "NodeFit" => &["Pod", "Node"],
        "StaleConfig" => &["ConfigMap", "Pod"],
        "NotCreated" => &["ResourceQuota"],
        "DnsBlock" => &["NetworkPolicy", "Pod"],
        "NodeFacts" | "Unit" | "Filesystem" | "Certificate" | "Probe" | "ConfigChange"
        | "NodeClock" | "StaleEndpoint" | "DirectoryUse" | "Alert" => &[],
        other => known_source(other),
    }
}

/// The kind itself, as a static slice.
fn known_source(kind: &str) -> &'static [&'static str] {
    const OWN: &[[&str; 1]] = &[
        ["Node"],
        ["Deployment"],
        ["ReplicaSet"],
        ["StatefulSet"],
        ["DaemonSet"],
        ["Job"],
        ["CronJob"],
        ["Service"],
        ["EndpointSlice"],
        ["Endpoints"],
        ["Ingress"],
        ["IngressClass"],
        ["NetworkPolicy"],
        ["Gateway"],
        ["GatewayClass"],
        ["HTTPRoute"],
        ["PersistentVolumeClaim"],
        ["PersistentVolume"],
        ["StorageClass"],
        ["VolumeAttachment"],
        ["CSIDriver"],
        ["CSINode"],
        ["ConfigMap"],
        ["Secret"],
        ["ServiceAccount"],
        ["Namespace"],
        ["ResourceQuota"],
        ["LimitRange"],
        ["HorizontalPodAutoscaler"],
        ["PodDisruptionBudget"],
        ["PriorityClass"],
        ["Lease"],
        ["APIService"],
        ["ValidatingWebhookConfiguration"],
        ["MutatingWebhookConfiguration"],
        ["CustomResourceDefinition"],
        ["ControllerRevision"],
        ["ClusterRole"],
        ["ClusterRoleBinding"],
        ["Role"],
        ["RoleBinding"],
        ["Event"],
        ["ReplicationController"],
    ];
    OWN.iter()
        .find(|own| own[0] == kind)
        .map_or(&[], |own| own.as_slice())
}
