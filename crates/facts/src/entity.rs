//! The one thing that rules select and join: an object, a part of one, an event or a computed fact, with its places.

use std::{ops::Deref, sync::Arc};

use coldcase_bundle::FileId;
use coldcase_snapshot::{
    node::Node,
    packed::{Packed, View},
};

/// Index of an entity in [`crate::Facts::entities`]; lines that patterns hit continue the numbering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId(pub u32);

/// A place in the bundle that can be quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cite {
    /// File.
    pub file: FileId,
    /// First line, from 1.
    pub line: u32,
    /// Last line.
    pub end_line: u32,
}

/// What reports call it. A copy is no more than another reference: findings, edges and the timeline
/// of a large bundle name the same objects a hundred thousand times.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Identity(Arc<Name>);

/// The parts of an [`Identity`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Name {
    /// `Pod`, `Deployment`, `Node` …
    pub kind: String,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl Identity {
    /// A new identity.
    pub fn new(
        kind: impl Into<String>,
        namespace: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        Self(Arc::new(Name {
            kind: kind.into(),
            namespace: namespace.into(),
            name: name.into(),
        }))
    }
}

impl Deref for Identity {
    type Target = Name;

    fn deref(&self) -> &Name {
        &self.0
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {}", self.kind, self.name)
        } else {
            write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
        }
    }
}

/// An object with fields; see the module's documentation.
#[derive(Debug, Clone)]
pub struct Entity<'s> {
    /// The kind by which rules select it: `Pod`, `Container`, `Rollout` …
    pub kind: &'static str,
    /// The object that it is or belongs to, for reports.
    pub subject: Identity,
    /// Name in messages.
    pub label: String,
    /// Computed fields; they come before the captured ones of the same name.
    pub extra: Packed,
    /// The captured tree, if the entity is an object.
    pub root: Option<View<'s>>,
    /// Captured trees under a name (`spec` of a container).
    pub mounts: Vec<(&'static str, View<'s>)>,
    /// File of the captured trees.
    pub file: Option<FileId>,
    /// Places of computed fields, by first path segment; `""` stands for the entity.
    pub cites: Vec<(String, Cite)>,
    /// Made from text for people: a field that is missing is unknown rather than absent.
    pub partial: bool,
}

/// Kinds that have a relation or rule of their own; all others are selected as `Other`.
const KINDS: &[&str] = &[
    "APIService",
    "ClusterRole",
    "ClusterRoleBinding",
    "ConfigMap",
    "ControllerRevision",
    "CronJob",
    "CSIDriver",
    "CSINode",
    "CustomResourceDefinition",
    "DaemonSet",
    "Deployment",
    "Endpoints",
    "EndpointSlice",
    "Gateway",
    "GatewayClass",
    "HorizontalPodAutoscaler",
    "HTTPRoute",
    "Ingress",
    "IngressClass",
    "Job",
    "Lease",
    "LimitRange",
    "MutatingWebhookConfiguration",
    "Namespace",
    "NetworkPolicy",
    "Node",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
    "PriorityClass",
    "ReplicaSet",
    "ReplicationController",
    "ResourceQuota",
    "Role",
    "RoleBinding",
    "Secret",
    "Service",
    "ServiceAccount",
    "StatefulSet",
    "StorageClass",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
];

/// The static name of a Kubernetes kind.
pub(crate) fn static_kind(kind: &str) -> &'static str {
    KINDS
        .iter()
        .find(|known| **known == kind)
        .copied()
        .unwrap_or("Other")
}

impl Entity<'_> {
    /// A computed entity without captured trees.
    pub fn computed(kind: &'static str, subject: Identity, fields: Vec<(&str, Node)>) -> Self {
        Self {
            kind,
            label: subject.name.clone(),
            subject,
            extra: Node::map(fields).into(),
            root: None,
            mounts: Vec::new(),
            file: None,
            cites: Vec::new(),
            partial: false,
        }
    }

    /// Adds a place for a computed field.
    #[must_use]
    pub fn cited(mut self, field: &str, cite: Option<Cite>) -> Self {
        if let Some(cite) = cite {
            // Most entities have one place, and there are as many as events: no room for more.
            self.cites.reserve_exact(1);
            self.cites.push((field.to_owned(), cite));
        }
        self
    }

    /// The first segment of a path: computed before mounted before captured.
    pub fn field(&self, name: &str) -> Option<View<'_>> {
        self.extra
            .get(name)
            .or_else(|| {
                self.mounts
                    .iter()
                    .find(|(mount, _)| *mount == name)
                    .map(|(_, node)| *node)
            })
            .or_else(|| self.root.and_then(|root| root.get(name)))
    }

    /// A scalar by path, for facts that build on facts.
    pub fn str_at(&self, path: &[&str]) -> Option<&str> {
        let (first, rest) = path.split_first()?;
        self.field(first)?.str_at(rest)
    }

    /// An integer by path.
    pub fn int_at(&self, path: &[&str]) -> Option<i64> {
        self.str_at(path)?.parse().ok()
    }

    /// A truth value by path.
    pub fn bool_at(&self, path: &[&str]) -> bool {
        self.str_at(path) == Some("true")
    }

    /// The place of a value found under `field`: its own lines, else the computed field's place.
    pub fn cite(&self, field: &str, node: View<'_>) -> Option<Cite> {
        if node.line() > 0
            && let Some(file) = self.file
        {
            return Some(Cite {
                file,
                line: node.line(),
                end_line: node.end_line(),
            });
        }
        let by_name = |name: &str| {
            self.cites
                .iter()
                .find(|(cited, _)| cited == name)
                .map(|(_, cite)| *cite)
        };
        by_name(field).or_else(|| by_name(""))
    }

    /// The place that stands for the whole entity: where its name is written.
    pub fn place(&self) -> Option<Cite> {
        if let Some((_, cite)) = self.cites.iter().find(|(field, _)| field.is_empty()) {
            return Some(*cite);
        }
        let name = self.root?.at(&["metadata", "name"])?;
        // A name that was put together from other text stands on no line.
        (name.line() > 0).then_some(Cite {
            file: self.file?,
            line: name.line(),
            end_line: name.end_line(),
        })
    }
}
