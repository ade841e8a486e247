//! What a finding touches, so that `explains` edges can be checked against the object graph.

use std::collections::BTreeSet;

use coldcase_facts::{EntityId, Facts, Identity};
use coldcase_rules::{Evaluation, Finding};

/// Objects that a finding touches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    /// Bound containers, by pod and name.
    pub containers: BTreeSet<(Identity, String)>,
    /// Bound pods, and pods of bound containers and lines.
    pub pods: BTreeSet<EntityId>,
    /// Top-level owners of the pods, and bound ones.
    pub workloads: BTreeSet<Identity>,
    /// Bound nodes.
    pub nodes: BTreeSet<String>,
    /// Nodes of the pods.
    pub pod_nodes: BTreeSet<String>,
    /// Bound Services.
    pub services: BTreeSet<Identity>,
    /// Services that select the pods.
    pub pod_services: BTreeSet<Identity>,
    /// Claims, bound or of the pods.
    pub claims: BTreeSet<Identity>,
    /// ConfigMaps and Secrets, bound.
    pub configs: BTreeSet<Identity>,
    /// ConfigMaps and Secrets that the pods read.
    pub pod_configs: BTreeSet<Identity>,
    /// Namespaces.
    pub namespaces: BTreeSet<String>,
}

/// The scope of a finding.
pub(crate) fn of(facts: &Facts<'_>, evaluation: &Evaluation<'_, '_>, finding: &Finding) -> Scope {
    let mut scope = Scope::default();
    let ids = finding
        .related
        .iter()
        .map(|(_, id)| *id)
        .chain([finding.entity]);
    for id in ids {
        add(facts, evaluation, id, &mut scope);
    }
    for row in &finding.rows {
        for bound in row.all() {
            let entity = evaluation.entity(bound.id);
            if matches!(entity.kind, "LogLine" | "Event") && entity.subject.kind == "Pod" {
                scope.pods.extend(facts.object(
                    "Pod",
                    &entity.subject.namespace,
                    &entity.subject.name,
                ));
            }
        }
    }
    from_pods(facts, &mut scope);
    scope
}

fn add(facts: &Facts<'_>, evaluation: &Evaluation<'_, '_>, id: EntityId, scope: &mut Scope) {
    let entity = evaluation.entity(id);
    let subject = entity.subject.clone();
    if !subject.namespace.is_empty() {
        scope.namespaces.insert(subject.namespace.to_string());
    }
    match entity.kind {
        "Container" => {
            scope
                .containers
                .insert((subject, entity.label().to_owned()));
            scope.pods.extend(facts.pods(id));
        }
        "Pod" | "NodeFit" | "MissingRef" | "AddressMiss" => scope.pods.extend(facts.pods(id)),
        "Node" | "NodeFacts" | "NodeClock" => {
            scope.nodes.insert(subject.name.to_string());
        }
        "Unit" | "Filesystem" | "Certificate" | "Probe" | "StaleEndpoint" | "DirectoryUse"
            if subject.kind == "Node" =>
        {
            scope.nodes.insert(subject.name.to_string());
        }
        "Alert" => {
            scope.pods.extend(facts.pods(id));
            match subject.kind.as_str() {
                "Node" => {
                    scope.nodes.insert(subject.name.to_string());
                }
                "Service" => {
                    scope.services.insert(subject);
                }
                "PersistentVolumeClaim" => {
                    scope.claims.insert(subject);
                }
                "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => {
                    scope.workloads.insert(subject);
                }
                _ => {}
            }
        }
        "Service" | "SelectorMiss" | "PortMiss" => {
            scope.services.insert(Identity::new(
                "Service",
                subject.namespace.as_str(),
                subject.name.as_str(),
            ));
        }
        "PersistentVolumeClaim" => {
            scope.claims.insert(subject);
        }
        "ConfigMap" | "Secret" | "ConfigChange" | "StaleConfig" => {
            scope.configs.insert(subject);
        }
        "Namespace" => {
            scope.namespaces.insert(subject.name.to_string());
        }
        "Workload" | "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob" | "Rollout"
        | "DnsBlock" => {
            scope.workloads.insert(subject);
        }
        "ReplicaSet" => scope.workloads.extend(
            facts
                .related("workload", id)
                .ids
                .iter()
                .map(|id| facts.get(*id).subject.clone()),
        ),
        _ => {}
    }
}

fn from_pods(facts: &Facts<'_>, scope: &mut Scope) {
    // A workload without bound pods stands for its pods that fail.
    if scope.pods.is_empty() {
        for workload in &scope.workloads {
            for id in facts.derived("Workload", workload) {
                scope.pods.extend(
                    facts
                        .workload_pods(*id)
                        .iter()
                        .copied()
                        .filter(|pod| facts.health_of(*pod) == coldcase_facts::PodHealth::Failing),
                );
            }
        }
        for service in &scope.services {
            if let Some(id) = facts.object("Service", &service.namespace, &service.name) {
                scope.workloads.extend(
                    facts
                        .selected_pods(id)
                        .iter()
                        .filter_map(|pod| facts.workload(*pod))
                        .map(|id| facts.get(id).subject.clone()),
                );
            }
        }
    }
    for pod in &scope.pods {
        let entity = facts.get(*pod);
        scope
            .pod_nodes
            .extend(entity.str_at(&["spec", "nodeName"]).map(str::to_owned));
        scope
            .workloads
            .extend(facts.workload(*pod).map(|id| facts.get(id).subject.clone()));
        scope.pod_services.extend(
            facts
                .services_of(*pod)
                .iter()
                .map(|id| facts.get(*id).subject.clone()),
        );
        scope.pod_configs.extend(
            facts
                .configs(*pod)
                .into_iter()
                .map(|id| facts.get(id).subject.clone()),
        );
        scope.claims.extend(
            facts
                .related("claim", *pod)
                .ids
                .into_iter()
                .map(|id| facts.get(id).subject.clone()),
        );
    }
    // Services of the workload's other pods carry the effect as well.
    let siblings: Vec<EntityId> = scope
        .workloads
        .iter()
        .flat_map(|workload| {
            facts
                .derived("Workload", workload)
                .iter()
                .flat_map(|id| facts.workload_pods(*id).to_vec())
                .collect::<Vec<_>>()
        })
        .collect();
    for pod in siblings {
        scope.pod_services.extend(
            facts
                .services_of(pod)
                .iter()
                .map(|id| facts.get(*id).subject.clone()),
        );
    }
}
