//! Follows relations by name, and says which source is missing where they may be incomplete.

use crate::{EntityId, Facts, Identity, NOUNS, groups::Few, netpol, rollout, workload};

/// What a relation gives.
#[derive(Debug, Clone, Default)]
pub struct Related {
    /// The entities, in a fixed order.
    pub ids: Vec<EntityId>,
    /// The source that is missing, if the answer may be incomplete because of it.
    pub missing: Option<String>,
}

impl Facts<'_> {
    /// Follows a relation from an entity.
    pub fn related(&self, noun: &str, from: EntityId) -> Related {
        let mut ids = self.follow(noun, from);
        ids.dedup();
        if !ids.is_empty() {
            return Related { ids, missing: None };
        }
        let relation = NOUNS.iter().find(|relation| relation.noun == noun);
        let missing = relation.and_then(|relation| match relation.source {
            "node files" => Some(format!("node files of {}", self.get(from).label())),
            "logs" | "journal" | "alerts" | "manifests" => None,
            source if self.collected_in(source, from) => None,
            source => Some(source.to_owned()),
        });
        Related { ids, missing }
    }

    /// Pods that an entity is, runs in, owns, selects or touches.
    pub fn pods(&self, from: EntityId) -> Vec<EntityId> {
        let entity = self.get(from);
        let subject = &entity.subject;
        match entity.kind {
            "Pod" => vec![from],
            "Container" | "Event" | "MissingRef" | "NodeFit" | "AddressMiss" => {
                self.pod_named(from)
            }
            "Node" => self.pods_on(&subject.name).to_vec(),
            "Unit" | "Filesystem" | "Certificate" | "Probe" | "NodeFacts" | "NodeClock"
            | "StaleEndpoint"
                if subject.kind == "Node" =>
            {
                self.pods_on(&subject.name).to_vec()
            }
            "Workload" => self.workload_pods(from).to_vec(),
            "Alert" => self.alerted_pods(subject),
            "Service" | "SelectorMiss" | "PortMiss" => self
                .object("Service", &subject.namespace, &subject.name)
                .map_or(Vec::new(), |id| self.selected_pods(id).to_vec()),
            "ReplicaSet" => rollout::pods_of(self, from),
            "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob" => self
                .derived("Workload", subject)
                .first()
                .map_or(Vec::new(), |id| self.workload_pods(*id).to_vec()),
            "Rollout" | "DnsBlock" => self
                .derived("Workload", subject)
                .first()
                .map_or(Vec::new(), |id| self.workload_pods(*id).to_vec()),
            "PersistentVolumeClaim" => {
                self.in_namespace(&subject.namespace, |pod| self.claims(pod).contains(&from))
            }
            "ConfigMap" | "Secret" => {
                self.in_namespace(&subject.namespace, |pod| self.configs(pod).contains(&from))
            }
            "NetworkPolicy" => self.in_namespace(&subject.namespace, |pod| {
                netpol::policies_of(self, pod).contains(&from)
            }),
            "Namespace" => self
                .pods_of_namespace
                .get(subject.name.as_str())
                .cloned()
                .unwrap_or_default(),
            "ResourceQuota" | "ServiceAccount" => self
                .pods_of_namespace
                .get(subject.namespace.as_str())
                .cloned()
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    fn pod_named(&self, from: EntityId) -> Vec<EntityId> {
        let entity = self.get(from);
        let subject = &entity.subject;
        let name = match entity.kind {
            "MissingRef" => entity.str_at(&["pod"]).unwrap_or(""),
            _ if subject.kind == "Pod" => subject.name.as_str(),
            _ => return Vec::new(),
        };
        let pod = self.object("Pod", &subject.namespace, name);
        pod.into_iter().collect()
    }

    fn in_namespace(&self, namespace: &str, keep: impl Fn(EntityId) -> bool) -> Vec<EntityId> {
        self.pods_of_namespace
            .get(namespace)
            .into_iter()
            .flatten()
            .copied()
            .filter(|pod| keep(*pod))
            .collect()
    }

    fn claims(&self, pod: EntityId) -> Vec<EntityId> {
        let entity = self.get(pod);
        let volumes = entity
            .root()
            .unwrap_or_default()
            .items_at(&["spec", "volumes"]);
        volumes
            .iter()
            .filter_map(|volume| volume.str_at(&["persistentVolumeClaim", "claimName"]))
            .filter_map(|name| {
                self.object("PersistentVolumeClaim", &entity.subject.namespace, name)
            })
            .collect()
    }

    /// ConfigMaps and Secrets that a pod reads, those every pod has left out.
    pub fn configs(&self, pod: EntityId) -> Vec<EntityId> {
        let entity = self.get(pod);
        let Some(root) = entity.root() else {
            return Vec::new();
        };
        let mut names: Vec<(&str, &str)> = Vec::new();
        for volume in root.items_at(&["spec", "volumes"]) {
            names.extend(
                volume
                    .str_at(&["configMap", "name"])
                    .map(|name| ("ConfigMap", name)),
            );
            names.extend(
                volume
                    .str_at(&["secret", "secretName"])
                    .map(|name| ("Secret", name)),
            );
            for source in volume.items_at(&["projected", "sources"]) {
                names.extend(
                    source
                        .str_at(&["configMap", "name"])
                        .filter(|name| *name != "kube-root-ca.crt")
                        .map(|name| ("ConfigMap", name)),
                );
                names.extend(
                    source
                        .str_at(&["secret", "name"])
                        .map(|name| ("Secret", name)),
                );
            }
        }
        for container in ["initContainers", "containers"]
            .iter()
            .flat_map(|list| root.items_at(&["spec", list]))
        {
            for env in container.items_at(&["env"]) {
                names.extend(
                    env.str_at(&["valueFrom", "configMapKeyRef", "name"])
                        .map(|name| ("ConfigMap", name)),
                );
                names.extend(
                    env.str_at(&["valueFrom", "secretKeyRef", "name"])
                        .map(|name| ("Secret", name)),
                );
            }
            for from in container.items_at(&["envFrom"]) {
                names.extend(
                    from.str_at(&["configMapRef", "name"])
                        .map(|name| ("ConfigMap", name)),
                );
                names.extend(
                    from.str_at(&["secretRef", "name"])
                        .map(|name| ("Secret", name)),
                );
            }
        }
        names.sort_unstable();
        names.dedup();
        names
            .into_iter()
            .filter_map(|(kind, name)| self.object(kind, &entity.subject.namespace, name))
            .collect()
    }

    /// Derived entities of a kind that are about an object.
    pub fn derived(&self, kind: &'static str, about: &Identity) -> &[EntityId] {
        self.derived_of
            .get(kind)
            .and_then(|of_kind| of_kind.get(about))
            .map_or(&[], Few::as_slice)
    }

    fn follow(&self, noun: &str, from: EntityId) -> Vec<EntityId> {
        let entity = self.get(from);
        let subject = &entity.subject;
        let own = |kind: &'static str| self.derived(kind, subject).to_vec();
        let each_pod = |step: &dyn Fn(EntityId) -> Vec<EntityId>| {
            let mut ids: Vec<EntityId> = self.pods(from).into_iter().flat_map(step).collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        match noun {
            "pod" => self.pods(from),
            "container" => each_pod(&|pod| self.containers(pod).to_vec()),
            "node" => self.nodes(from),
            "workload" => {
                if entity.kind == "Workload" {
                    vec![from]
                } else {
                    let mut ids = each_pod(&|pod| self.workload(pod).into_iter().collect());
                    if ids.is_empty() {
                        ids = self.workload_without_pods(from);
                    }
                    ids
                }
            }
            "owner" => workload::owner(self, from).into_iter().collect(),
            "replicaset" => match entity.kind {
                "Deployment" => rollout::replica_sets(self, from)
                    .into_iter()
                    .map(|(_, id)| id)
                    .collect(),
                "Workload" => self.by_identity.get(subject).map_or(Vec::new(), |id| {
                    rollout::replica_sets(self, *id)
                        .into_iter()
                        .map(|(_, id)| id)
                        .collect()
                }),
                _ => each_pod(&|pod| {
                    workload::owner(self, pod)
                        .filter(|id| self.get(*id).kind == "ReplicaSet")
                        .into_iter()
                        .collect()
                }),
            },
            "event" => self.events_about(subject).to_vec(),
            "service" => self.services(from),
            "endpointslice" => self.filtered_in("EndpointSlice", &subject.namespace, |slice| {
                slice.str_at(&["metadata", "labels", "kubernetes.io/service-name"])
                    == Some(subject.name.as_str())
            }),
            "ingress" => self.filtered_in("Ingress", &subject.namespace, |ingress| {
                backends(ingress).any(|name| subject.name == name)
            }),
            "claim" => match entity.kind {
                "PersistentVolumeClaim" => vec![from],
                "PersistentVolume" => {
                    let part = |key: &str| entity.str_at(&["spec", "claimRef", key]).unwrap_or("");
                    self.object("PersistentVolumeClaim", part("namespace"), part("name"))
                        .into_iter()
                        .collect()
                }
                _ => each_pod(&|pod| self.claims(pod)),
            },
            "volume" => {
                let claims = if entity.kind == "PersistentVolumeClaim" {
                    vec![from]
                } else {
                    each_pod(&|pod| self.claims(pod))
                };
                claims
                    .into_iter()
                    .filter_map(|claim| {
                        self.object(
                            "PersistentVolume",
                            "",
                            self.get(claim).str_at(&["spec", "volumeName"])?,
                        )
                    })
                    .collect()
            }
            "class" => entity
                .str_at(&["spec", "storageClassName"])
                .and_then(|name| self.object("StorageClass", "", name))
                .into_iter()
                .collect(),
            "attachment" => self.filtered("VolumeAttachment", |attachment| {
                attachment.str_at(&["spec", "source", "persistentVolumeName"])
                    == Some(subject.name.as_str())
                    || attachment.str_at(&["spec", "nodeName"]) == Some(subject.name.as_str())
            }),
            "config" => each_pod(&|pod| self.configs(pod)),
            "policy" => each_pod(&|pod| netpol::policies_of(self, pod)),
            "quota" => self.filtered_in("ResourceQuota", &subject.namespace, |_| true),
            "namespace" => self
                .object("Namespace", "", &subject.namespace)
                .into_iter()
                .collect(),
            "sibling" => each_pod(&|pod| {
                self.workload(pod).map_or(Vec::new(), |workload| {
                    self.workload_pods(workload)
                        .iter()
                        .copied()
                        .filter(|other| *other != pod)
                        .collect()
                })
            }),
            "rollout" => match entity.kind {
                "Workload" | "Deployment" | "ReplicaSet" => own("Rollout"),
                _ => each_pod(&|pod| {
                    self.workload(pod).map_or(Vec::new(), |workload| {
                        self.derived("Rollout", &self.get(workload).subject)
                            .to_vec()
                    })
                }),
            },
            "miss" => own("SelectorMiss")
                .into_iter()
                .chain(own("PortMiss"))
                .collect(),
            "missing" => {
                each_pod(&|pod| self.derived("MissingRef", &self.get(pod).subject).to_vec())
            }
            "fit" => each_pod(&|pod| self.derived("NodeFit", &self.get(pod).subject).to_vec()),
            "dnsblock" => own("DnsBlock"),
            "change" => own("ConfigChange"),
            "facts" => self.on_nodes("NodeFacts", from),
            "clock" => self.on_nodes("NodeClock", from),
            "unit" => self.on_nodes("Unit", from),
            "filesystem" => self.on_nodes("Filesystem", from),
            "directory" => self.on_nodes("DirectoryUse", from),
            "stale" => self.on_nodes("StaleEndpoint", from),
            "certificate" => self.on_nodes("Certificate", from),
            "probe" => self.on_nodes("Probe", from),
            "alert" => self.alerts(from),
            "manifest" => match entity.kind {
                "Pod" | "Container" | "NodeFit" => each_pod(&|pod| {
                    let workload = self.workload(pod).map(|id| self.get(id).subject.clone());
                    workload.map_or(Vec::new(), |it| self.derived("Manifest", &it).to_vec())
                }),
                _ => own("Manifest"),
            },
            "hpa" => self.filtered_in("HorizontalPodAutoscaler", &subject.namespace, |hpa| {
                hpa.str_at(&["spec", "scaleTargetRef", "name"]) == Some(subject.name.as_str())
                    && hpa.str_at(&["spec", "scaleTargetRef", "kind"])
                        == Some(subject.kind.as_str())
            }),
            "lease" => self
                .object("Lease", "kube-node-lease", &subject.name)
                .into_iter()
                .collect(),
            "pdb" => each_pod(&|pod| {
                let labels = self
                    .get(pod)
                    .root()
                    .map(crate::select::labels)
                    .unwrap_or_default();
                let namespace = self.get(pod).subject.namespace.clone();
                self.filtered_in("PodDisruptionBudget", &namespace, |pdb| {
                    crate::select::matches(
                        pdb.root().and_then(|root| root.at(&["spec", "selector"])),
                        &labels,
                    )
                })
            }),
            _ => Vec::new(),
        }
    }

    fn filtered(&self, kind: &str, keep: impl Fn(&crate::Entity<'_>) -> bool) -> Vec<EntityId> {
        self.of_kind(kind)
            .iter()
            .copied()
            .filter(|id| keep(self.get(*id)))
            .collect()
    }

    fn filtered_in(
        &self,
        kind: &'static str,
        namespace: &str,
        keep: impl Fn(&crate::Entity<'_>) -> bool,
    ) -> Vec<EntityId> {
        self.of_kind_in(kind, namespace)
            .iter()
            .copied()
            .filter(|id| keep(self.get(*id)))
            .collect()
    }

    /// What commands showed on the nodes of an entity.
    fn on_nodes(&self, kind: &'static str, from: EntityId) -> Vec<EntityId> {
        self.nodes(from)
            .into_iter()
            .flat_map(|node| self.derived(kind, &self.get(node).subject).to_vec())
            .collect()
    }

    /// Pods of the object that an alert is about; of a node none, or everything there would be what it means.
    fn alerted_pods(&self, about: &Identity) -> Vec<EntityId> {
        match about.kind.as_str() {
            "Pod" => self
                .object("Pod", &about.namespace, &about.name)
                .into_iter()
                .collect(),
            "Service" => self
                .object("Service", &about.namespace, &about.name)
                .map_or(Vec::new(), |id| self.selected_pods(id).to_vec()),
            _ => self
                .derived("Workload", about)
                .first()
                .map_or(Vec::new(), |id| self.workload_pods(*id).to_vec()),
        }
    }

    /// Alerts about an entity, and about its pods, their workload and Services.
    fn alerts(&self, from: EntityId) -> Vec<EntityId> {
        if self.of_kind("Alert").is_empty() {
            return Vec::new();
        }
        let subject = &self.get(from).subject;
        let mut ids = self.derived("Alert", subject).to_vec();
        if subject.kind != "Node" {
            for pod in self.pods(from) {
                let around = std::iter::once(pod)
                    .chain(self.workload(pod))
                    .chain(self.services_of(pod).iter().copied());
                for about in around {
                    ids.extend(self.derived("Alert", &self.get(about).subject));
                }
            }
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The node that a pod says it is on, if it was captured.
    pub fn node_of(&self, pod: EntityId) -> Option<EntityId> {
        let name = self.get(pod).str_at(&["spec", "nodeName"])?;
        self.object("Node", "", name)
    }

    fn nodes(&self, from: EntityId) -> Vec<EntityId> {
        let entity = self.get(from);
        let by_name = |name: &str| self.object("Node", "", name);
        match entity.kind {
            "Node" => vec![from],
            "Alert" if entity.subject.kind == "Node" => {
                by_name(&entity.subject.name).into_iter().collect()
            }
            "NodeFacts" | "NodeClock" | "JournalLine" | "Unit" | "Filesystem" | "Certificate"
            | "Probe" | "StaleEndpoint" | "DirectoryUse" => {
                by_name(entity.str_at(&["node"]).unwrap_or(""))
                    .into_iter()
                    .collect()
            }
            "Event" if self.pod_named(from).is_empty() && entity.subject.kind != "Node" => {
                // The pod is gone; the kubelet that reported still says where it ran.
                by_name(entity.str_at(&["host"]).unwrap_or(""))
                    .into_iter()
                    .collect()
            }
            "Event" if entity.subject.kind == "Node" => {
                by_name(&entity.subject.name).into_iter().collect()
            }
            _ => {
                let mut ids: Vec<EntityId> = self
                    .pods(from)
                    .into_iter()
                    .filter_map(|pod| self.node_of(pod))
                    .collect();
                ids.sort_unstable();
                ids.dedup();
                ids
            }
        }
    }

    fn services(&self, from: EntityId) -> Vec<EntityId> {
        let entity = self.get(from);
        let namespace = entity.subject.namespace.as_str();
        match entity.kind {
            "Service" => vec![from],
            "Alert" if entity.subject.kind == "Service" => self
                .object("Service", namespace, &entity.subject.name)
                .into_iter()
                .collect(),
            "SelectorMiss" | "PortMiss" => self
                .object("Service", namespace, &entity.subject.name)
                .into_iter()
                .collect(),
            "Probe" => entity
                .str_at(&["service"])
                .and_then(|key| key.split_once('/'))
                .and_then(|(namespace, name)| self.object("Service", namespace, name))
                .into_iter()
                .collect(),
            "EndpointSlice" => entity
                .str_at(&["metadata", "labels", "kubernetes.io/service-name"])
                .and_then(|name| self.object("Service", namespace, name))
                .into_iter()
                .collect(),
            "Ingress" => backends(entity)
                .filter_map(|name| self.object("Service", namespace, &name))
                .collect(),
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => entity
                .root()
                .into_iter()
                .flat_map(|root| root.items_at(&["webhooks"]))
                .filter_map(|webhook| {
                    let part = |key: &str| webhook.str_at(&["clientConfig", "service", key]);
                    self.object("Service", part("namespace")?, part("name")?)
                })
                .collect(),
            _ => {
                let mut ids: Vec<EntityId> = self
                    .pods(from)
                    .into_iter()
                    .flat_map(|pod| self.services_of(pod).to_vec())
                    .collect();
                ids.sort_unstable();
                ids.dedup();
                ids
            }
        }
    }

    /// The controller that a pod which no longer exists was named after.
    fn owner_of_gone_pod(&self, event: EntityId) -> Option<EntityId> {
        let subject = &self.get(event).subject;
        if subject.kind != "Pod" || self.by_identity.contains_key(subject) {
            return None;
        }
        let (owner, _) = subject.name.rsplit_once('-')?;
        ["ReplicaSet", "DaemonSet", "StatefulSet", "Job"]
            .iter()
            .find_map(|kind| self.object(kind, &subject.namespace, owner))
    }

    fn workload_without_pods(&self, from: EntityId) -> Vec<EntityId> {
        let mut id = from;
        if let Some(owner) = self.owner_of_gone_pod(from) {
            id = owner;
        }
        for _ in 0..4 {
            let found = self.derived("Workload", &self.get(id).subject);
            if !found.is_empty() {
                return found.to_vec();
            }
            // An event has the identity of what it is about.
            let object = self
                .by_identity
                .get(&self.get(id).subject)
                .copied()
                .unwrap_or(id);
            match workload::owner(self, object) {
                Some(owner) => id = owner,
                None if object != id => id = object,
                None => return Vec::new(),
            }
        }
        Vec::new()
    }
}

/// Names of the Services behind an Ingress.
fn backends<'e>(ingress: &'e crate::Entity<'_>) -> impl Iterator<Item = String> + 'e {
    let root = ingress.root();
    let of = |backend: coldcase_snapshot::packed::View<'_>| {
        backend
            .str_at(&["service", "name"])
            .or_else(|| backend.str_at(&["serviceName"]))
            .map(str::to_owned)
    };
    let default = root
        .and_then(|root| root.at(&["spec", "defaultBackend"]))
        .and_then(of);
    let paths = root
        .into_iter()
        .flat_map(|root| root.items_at(&["spec", "rules"]))
        .flat_map(|rule| rule.items_at(&["http", "paths"]))
        .filter_map(move |path| path.get("backend").and_then(of));
    default.into_iter().chain(paths)
}
