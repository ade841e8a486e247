//! The one thing that rules select and join: an object, a part of one, an event or a computed fact, with its places.

use std::{
    borrow::Borrow,
    hash::{Hash, Hasher},
    ops::Deref,
    sync::Arc,
};

use coldcase_bundle::FileId;
use coldcase_snapshot::{
    event::Event,
    excerpt,
    node::{Key, Node},
    packed::{Packed, Text, View},
};

use crate::event;

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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Identity(Arc<Name>);

/// The parts of an [`Identity`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Name {
    /// `Pod`, `Deployment`, `Node` …
    pub kind: Key,
    /// Empty for cluster-scoped objects.
    pub namespace: Key,
    /// Name.
    pub name: Text,
}

impl Identity {
    /// A new identity.
    pub fn new(kind: impl Into<Key>, namespace: impl Into<Key>, name: impl Into<Text>) -> Self {
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

/// Kind, namespace and name, owned or not: what is looked up in a table of identities need not be one.
pub(crate) trait Named {
    fn parts(&self) -> (&str, &str, &str);
}

impl Named for Identity {
    fn parts(&self) -> (&str, &str, &str) {
        (&self.kind, &self.namespace, &self.name)
    }
}

impl Named for (&str, &str, &str) {
    fn parts(&self) -> (&str, &str, &str) {
        *self
    }
}

impl PartialEq for dyn Named + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for dyn Named + '_ {}

impl Hash for dyn Named + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl<'n> Borrow<dyn Named + 'n> for Identity {
    fn borrow(&self) -> &(dyn Named + 'n) {
        self
    }
}

impl Hash for Identity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
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
///
/// A large cluster has hundreds of thousands: what most of them have or can read elsewhere is no field here.
#[derive(Debug, Clone)]
pub struct Entity<'s> {
    /// The kind by which rules select it: `Pod`, `Container`, `Rollout` …
    pub kind: &'static str,
    /// The object that it is or belongs to, for reports.
    pub subject: Identity,
    /// Computed fields; they come before the captured ones of the same name.
    extra: Packed,
    tree: Tree<'s>,
    /// What few entities have.
    rest: Option<Box<Rest>>,
    /// File of the captured trees.
    pub file: Option<FileId>,
    /// Made from text for people: a field that is missing is unknown rather than absent.
    pub partial: bool,
    /// The tree is a container's part of its pod: its `spec`.
    mounted: bool,
}

/// What was captured of an entity.
#[derive(Debug, Clone, Copy)]
enum Tree<'s> {
    None,
    /// The tree of an object, or a container's part of its pod's.
    View(View<'s>),
    Event(&'s Event),
}

#[derive(Debug, Clone, Default)]
struct Rest {
    /// Name in messages, if it is not the subject's.
    label: Option<Box<str>>,
    /// The place of the entity.
    place: Option<Cite>,
    /// Places of computed fields, by first path segment.
    cites: Box<[(Box<str>, Cite)]>,
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

impl<'s> Entity<'s> {
    /// A computed entity without captured trees.
    pub fn computed(kind: &'static str, subject: Identity, fields: Vec<(&str, Node)>) -> Self {
        let mut made = Self::bare(kind, subject);
        // Of most events everything is captured.
        if !fields.is_empty() {
            made.extra = Node::map(fields).into();
        }
        made
    }

    /// An entity without fields.
    fn bare(kind: &'static str, subject: Identity) -> Self {
        Self {
            kind,
            subject,
            extra: Packed::default(),
            tree: Tree::None,
            rest: None,
            file: None,
            partial: false,
            mounted: false,
        }
    }

    /// A captured object.
    pub(crate) fn captured(kind: &'static str, subject: Identity, root: View<'s>) -> Self {
        Self {
            tree: Tree::View(root),
            ..Self::bare(kind, subject)
        }
    }

    /// An event, which is about its subject.
    pub(crate) fn of_event(subject: Identity, event: &'s Event, fields: Vec<(&str, Node)>) -> Self {
        let mut made = Self::computed("Event", subject, fields);
        made.tree = Tree::Event(event);
        made.file = Some(event.object.file);
        made
    }

    /// A container of the pod that is its subject, with its part of the pod's spec.
    pub(crate) fn container(pod: Identity, spec: View<'s>, fields: Vec<(&str, Node)>) -> Self {
        let mut made = Self::computed("Container", pod, fields);
        made.tree = Tree::View(spec);
        made.mounted = true;
        made
    }

    /// Adds a place for a computed field; without a field, for the entity.
    #[must_use]
    pub fn cited(mut self, field: &str, cite: Option<Cite>) -> Self {
        if let Some(cite) = cite {
            self.cite_as(field, cite);
        }
        self
    }

    /// Adds a place; one that is there already stays the one that is told.
    pub(crate) fn cite_as(&mut self, field: &str, cite: Cite) {
        let rest = self.rest.get_or_insert_default();
        if field.is_empty() {
            rest.place.get_or_insert(cite);
        } else {
            let mut cites = std::mem::take(&mut rest.cites).into_vec();
            cites.reserve_exact(1);
            cites.push((field.into(), cite));
            rest.cites = cites.into();
        }
    }

    /// Forgets the places of a computed field.
    pub(crate) fn uncite(&mut self, field: &str) {
        if let Some(rest) = &mut self.rest {
            let mut cites = std::mem::take(&mut rest.cites).into_vec();
            cites.retain(|(cited, _)| **cited != *field);
            rest.cites = cites.into();
        }
    }

    /// The captured tree, if the entity is an object.
    #[inline]
    pub fn root(&self) -> Option<View<'s>> {
        match self.tree {
            Tree::View(root) if !self.mounted => Some(root),
            _ => None,
        }
    }

    /// Makes it show the tree of another entity, too.
    pub(crate) fn shows(&mut self, object: &Self) {
        self.tree = object.tree;
        self.mounted = object.mounted;
        self.file = object.file;
        self.partial = object.partial;
    }

    /// The event that it is.
    pub(crate) fn event(&self) -> Option<&'s Event> {
        match self.tree {
            Tree::Event(event) => Some(event),
            _ => None,
        }
    }

    /// The part of the pod's spec that a container is.
    fn spec(&self) -> Option<View<'s>> {
        match self.tree {
            Tree::View(spec) if self.mounted => Some(spec),
            _ => None,
        }
    }

    /// Name in messages.
    pub fn label(&self) -> &str {
        if let Some(label) = self.rest.as_ref().and_then(|rest| rest.label.as_deref()) {
            return label;
        }
        match self.spec() {
            Some(spec) => spec.str_at(&["name"]).unwrap_or(""),
            None => &self.subject.name,
        }
    }

    /// Calls it otherwise than its subject.
    pub(crate) fn set_label(&mut self, label: &str) {
        if *label != *self.label() {
            self.rest.get_or_insert_default().label = Some(label.into());
        }
    }

    /// Adds or replaces computed fields.
    pub(crate) fn set(&mut self, fields: Vec<(&str, Node)>) {
        if fields.is_empty() {
            return;
        }
        if self.extra.view().is_null() {
            self.extra = Node::map(fields).into();
            return;
        }
        for (field, value) in fields {
            self.extra.set(field, value);
        }
    }

    /// Replaces all computed fields.
    pub(crate) fn set_all(&mut self, fields: Packed) {
        self.extra = fields;
    }

    /// Whether a field was computed.
    pub(crate) fn has_computed(&self, field: &str) -> bool {
        self.extra.get(field).is_some()
    }

    /// The value that a path begins with, and how many of its keys lead there: two where a part of something
    /// is known that is no tree itself. Computed fields come before captured ones.
    #[inline]
    pub fn start(&self, first: &str, second: Option<&str>) -> Option<(View<'_>, usize)> {
        if let Some(computed) = self.extra.get(first) {
            return Some((computed, 1));
        }
        self.captured_start(first, second)
    }

    /// The seconds that a time lies back, where text for people prints that age instead of the time.
    pub fn printed_age(&self, first: &str, second: Option<&str>) -> Option<View<'s>> {
        let (root, key) = match (self.tree, first, second) {
            (Tree::Event(event), "last", None) => (event.object.root.view(), "ageSeconds"),
            (Tree::Event(event), "first", None) => (event.object.root.view(), "firstAgeSeconds"),
            (Tree::View(root), "metadata", Some("creationTimestamp")) if !self.mounted => {
                (root, "ageSeconds")
            }
            _ => return None,
        };
        root.get(key)
    }

    /// Seconds that an event lay back when its text was printed; those of [`Self::printed_age`] are reckoned from the
    /// newest event of an excerpt.
    pub fn age_as_printed(&self) -> Option<i64> {
        self.event().and_then(excerpt::printed_age)
    }

    /// The computed fields, which come before captured ones.
    pub fn computed_fields(&self) -> View<'_> {
        self.extra.view()
    }

    /// As [`Self::start`], for what is known not to be computed.
    #[inline]
    pub fn captured_start(&self, first: &str, second: Option<&str>) -> Option<(View<'_>, usize)> {
        match self.tree {
            Tree::None => None,
            Tree::View(root) if !self.mounted => Some((root.get(first)?, 1)),
            Tree::View(spec) => Some((self.of_container(spec, first)?, 1)),
            Tree::Event(event) => event::start(event, first, second),
        }
    }

    /// The fields of a container that its pod has as well.
    fn of_container(&self, spec: View<'s>, field: &str) -> Option<View<'_>> {
        Some(match field {
            "spec" => spec,
            "name" | "image" => spec.get(field).unwrap_or_default(),
            "pod" => View::text(&self.subject.name),
            "namespace" => View::text(&self.subject.namespace),
            _ => return None,
        })
    }

    /// Whether there is no tree under a field, but parts that are asked for by two keys at once.
    #[inline]
    pub fn has_parts(&self, first: &str) -> bool {
        matches!(self.tree, Tree::Event(_)) && first == "regarding"
    }

    /// The first segment of a path: computed before captured. Of what an event is about ask by [`Self::str_at`].
    pub fn field(&self, name: &str) -> Option<View<'_>> {
        self.start(name, None).map(|(view, _)| view)
    }

    /// A scalar by path, for facts that build on facts.
    pub fn str_at(&self, path: &[&str]) -> Option<&str> {
        let (first, rest) = path.split_first()?;
        let (view, keys) = self.start(first, rest.first().copied())?;
        view.str_at(path.get(keys..)?)
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
        self.cite_of(field).or_else(|| self.own_place())
    }

    /// The place that was given to a computed field.
    pub fn cite_of(&self, field: &str) -> Option<Cite> {
        let cites = &self.rest.as_ref()?.cites;
        let found = cites.iter().find(|(cited, _)| **cited == *field);
        found.map(|(_, cite)| *cite)
    }

    /// The place that stands for the whole entity: where its name is written.
    pub fn place(&self) -> Option<Cite> {
        if let Some(place) = self.own_place() {
            return Some(place);
        }
        let name = self.root()?.at(&["metadata", "name"])?;
        // A name that was put together from other text stands on no line.
        (name.line() > 0).then_some(Cite {
            file: self.file?,
            line: name.line(),
            end_line: name.end_line(),
        })
    }

    /// The place that was given to the entity: a container's name, an event's words, or any.
    fn own_place(&self) -> Option<Cite> {
        if let Some(place) = self.rest.as_ref().and_then(|rest| rest.place) {
            return Some(place);
        }
        match self.tree {
            Tree::Event(event) => event::place(event),
            Tree::View(spec) if self.mounted => {
                let line = spec.get("name")?.line();
                Some(Cite {
                    file: self.file?,
                    line,
                    end_line: line,
                })
            }
            _ => None,
        }
    }
}
