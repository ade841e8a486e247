//! What changed before the incident, and whether the object graph connects it to what fails.

use std::collections::BTreeMap;

use coldcase_facts::{Cite, Entity, EntityId, Facts, Identity};
use coldcase_snapshot::stamp;
use jiff::Timestamp;
use rayon::prelude::*;

use crate::{Blast, Exoneration, Ranked, scope::Scope};

/// What kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// A new revision.
    Rollout,
    /// Configuration was written.
    Config,
    /// Replicas.
    Scale,
    /// A node came, went or rebooted.
    Node,
    /// A network policy.
    Policy,
    /// Any other object.
    Object,
}

impl ChangeKind {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rollout => "rollout",
            Self::Config => "config",
            Self::Scale => "scale",
            Self::Node => "node",
            Self::Policy => "policy",
            Self::Object => "object",
        }
    }
}

/// A change and what fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Connected and in time.
    Suspect,
    /// Cleared.
    Exonerated,
    /// Not connected.
    Unrelated,
}

impl Relation {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Suspect => "suspect",
            Self::Exonerated => "exonerated",
            Self::Unrelated => "unrelated",
        }
    }
}

/// Something that changed.
#[derive(Debug, Clone)]
pub struct Change {
    /// When.
    pub time: Timestamp,
    /// As written.
    pub raw: String,
    /// Kind.
    pub kind: ChangeKind,
    /// What.
    pub text: String,
    /// The object.
    pub subject: Identity,
    /// Connected to what fails?
    pub relation: Relation,
    /// Why.
    pub why: String,
    /// Places.
    pub cites: Vec<Cite>,
    /// It is among the reasons for the first cause.
    pub(crate) named: bool,
    /// Places of everything that was grouped into it.
    grouped: Vec<Cite>,
}

/// Changes older than this before the incident are shown only in groups.
const WINDOW_SECONDS: i64 = 86_400;
/// The load of a Job is felt soon after it was started.
const JOB_SECONDS: i64 = 3_600;
/// Creations of one kind on one day from this many on are one entry.
const GROUP: usize = 6;

/// All changes, oldest first.
pub(crate) fn all(
    facts: &Facts<'_>,
    blasts: &[Blast],
    exonerations: &[Exoneration],
    cause: Option<(&Scope, &Ranked)>,
    first: Option<Timestamp>,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for id in facts.of_kind("Rollout") {
        changes.extend(rollout(facts, *id));
    }
    changes.extend(objects(facts));
    changes.extend(events(facts));
    let anchor = first.or(facts.now());
    changes.retain(|change: &Change| {
        anchor.is_none_or(|anchor| {
            let before = anchor.as_second() - change.time.as_second();
            let window = match change.subject.kind.as_str() {
                "Job" => JOB_SECONDS,
                _ => WINDOW_SECONDS,
            };
            before <= window || change.text.starts_with(|c: char| c.is_ascii_digit())
        })
    });
    for change in &mut changes {
        relate(facts, change, exonerations, cause, blasts, anchor);
    }
    changes.sort_by(|a, b| {
        (a.time, a.kind, &a.subject, &a.text).cmp(&(b.time, b.kind, &b.subject, &b.text))
    });
    changes
}

fn rollout(facts: &Facts<'_>, id: EntityId) -> Option<Change> {
    let entity = facts.get(id);
    let raw = entity.str_at(&["startedAt"])?.to_owned();
    let what = entity
        .str_at(&["changed"])
        .map_or_else(|| "the template is the same".to_owned(), str::to_owned);
    Some(Change {
        time: stamp::rfc3339(&raw)?,
        kind: ChangeKind::Rollout,
        text: format!(
            "revision {} of {} rolled out ({what})",
            entity.str_at(&["revision"]).unwrap_or("?"),
            entity.subject
        ),
        subject: entity.subject.clone(),
        relation: Relation::Unrelated,
        why: String::new(),
        cites: entity
            .field("startedAt")
            .and_then(|node| entity.cite("startedAt", node))
            .into_iter()
            .chain(entity.cite_of("changed"))
            .collect(),
        named: false,
        grouped: Vec::new(),
        raw,
    })
}

/// Writes and creations; many creations of one kind on one day are one change.
fn objects(facts: &Facts<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut created: BTreeMap<(String, String), Vec<EntityId>> = BTreeMap::new();
    for id in facts.of_kind("ConfigChange") {
        let entity = facts.get(*id);
        if entity.bool_at(&["created"]) {
            let day = entity
                .str_at(&["time"])
                .and_then(|time| time.get(..10))
                .unwrap_or("")
                .to_owned();
            created
                .entry((entity.subject.kind.to_string(), day))
                .or_default()
                .push(*id);
        } else if !matches!(entity.subject.kind.as_str(), "Deployment" | "Node") {
            let manager = entity
                .str_at(&["manager"])
                .map_or(String::new(), |manager| format!(" by {manager}"));
            changes.extend(object(
                facts,
                *id,
                format!("{} written{manager}", entity.subject),
            ));
        }
    }
    // A Job that somebody starts by hand is load that was not there before; those of a CronJob come every day.
    for id in facts.of_kind("Job") {
        let job = facts.get(*id);
        let owners = job
            .root()
            .map(|it| it.items_at(&["metadata", "ownerReferences"]));
        let made = job.str_at(&["metadata", "creationTimestamp"]);
        if let Some(day) = made.and_then(|time| time.get(..10))
            && facts.age(made).is_some_and(|age| age < WINDOW_SECONDS)
            && owners.is_none_or(coldcase_snapshot::packed::Items::is_empty)
        {
            let key = (job.subject.kind.to_string(), day.to_owned());
            created.entry(key).or_default().push(*id);
        }
    }
    for ((kind, day), ids) in created {
        if ids.len() >= GROUP {
            let mut spaces: Vec<&str> = ids
                .iter()
                .map(|id| facts.get(*id).subject.namespace.as_str())
                .collect();
            spaces.sort_unstable();
            spaces.dedup();
            let shown = spaces
                .iter()
                .take(3)
                .copied()
                .collect::<Vec<_>>()
                .join(", ");
            let more = if spaces.len() > 3 {
                format!(" and {} more", spaces.len() - 3)
            } else {
                String::new()
            };
            let place = match spaces.as_slice() {
                [""] => String::new(),
                [_] => format!(" (namespace {shown})"),
                _ => format!(" (namespaces {shown}{more})"),
            };
            let grouped: Vec<Cite> = ids.iter().filter_map(|id| facts.get(*id).place()).collect();
            let text = format!(
                "{} {} created on {day}{place}",
                ids.len(),
                crate::group::plural_kind(&kind),
            );
            let first = ids.first().and_then(|id| object(facts, *id, text));
            changes.extend(first.map(|change| Change { grouped, ..change }));
        } else {
            for id in ids {
                changes.extend(object(
                    facts,
                    id,
                    format!("{} created", facts.get(id).subject),
                ));
            }
        }
    }
    changes
}

fn object(facts: &Facts<'_>, id: EntityId, text: String) -> Option<Change> {
    let entity = facts.get(id);
    let raw = entity
        .str_at(&["time"])
        .or_else(|| entity.str_at(&["metadata", "creationTimestamp"]))?
        .to_owned();
    let kind = match entity.subject.kind.as_str() {
        "ConfigMap" | "Secret" => ChangeKind::Config,
        "NetworkPolicy" => ChangeKind::Policy,
        "Node" => ChangeKind::Node,
        _ => ChangeKind::Object,
    };
    Some(Change {
        time: stamp::rfc3339(&raw)?,
        raw,
        kind,
        text,
        subject: entity.subject.clone(),
        relation: Relation::Unrelated,
        why: String::new(),
        cites: entity.place().into_iter().collect(),
        named: false,
        grouped: Vec::new(),
    })
}

/// Scaling by hand or by an autoscaler, reboots and cordons, from events.
fn events(facts: &Facts<'_>) -> Vec<Change> {
    let events = facts.of_kind("Event").par_iter();
    events.filter_map(|id| event(facts.get(*id))).collect()
}

fn event(event: &Entity<'_>) -> Option<Change> {
    let kind = match event.str_at(&["reason"]).unwrap_or("") {
        "SuccessfulRescale" => ChangeKind::Scale,
        "Rebooted" | "NodeNotSchedulable" | "NodeSchedulable" | "RegisteredNode"
        | "RemovingNode" => ChangeKind::Node,
        _ => return None,
    };
    let raw = event.str_at(&["last"]).unwrap_or("").to_owned();
    let message = event.str_at(&["message"]).unwrap_or("").trim();
    let object = event.subject.to_string();
    let text = if message.starts_with(&object) {
        message.to_owned()
    } else {
        format!("{object}: {message}")
    };
    Some(Change {
        time: stamp::rfc3339(&raw)?,
        raw,
        kind,
        text,
        subject: event.subject.clone(),
        relation: Relation::Unrelated,
        why: String::new(),
        cites: event.place().into_iter().collect(),
        named: false,
        grouped: Vec::new(),
    })
}

/// A change is a suspect only if the graph connects it to the cause and the time fits.
fn relate(
    facts: &Facts<'_>,
    change: &mut Change,
    exonerations: &[Exoneration],
    cause: Option<(&Scope, &Ranked)>,
    blasts: &[Blast],
    anchor: Option<Timestamp>,
) {
    let cleared = match change.kind {
        ChangeKind::Rollout => "rollout",
        ChangeKind::Config => "change of",
        _ => "",
    };
    if !cleared.is_empty()
        && let Some(exoneration) = exonerations.iter().find(|exoneration| {
            exoneration.subject == change.subject && exoneration.title.starts_with(cleared)
        })
    {
        change.relation = Relation::Exonerated;
        change.why.clone_from(&exoneration.text);
        return;
    }
    let Some((cause, ranked)) = cause else {
        change.why = "nothing fails".to_owned();
        return;
    };
    if anchor.is_some_and(|anchor| change.time.as_second() > anchor.as_second() + 60) {
        change.why = "after the first sign".to_owned();
        return;
    }
    let named = |cite: &Cite| {
        ranked
            .reasons
            .iter()
            .any(|reason| reason.cites.contains(cite))
    };
    if change.grouped.iter().chain(&change.cites).any(named) {
        change.relation = Relation::Suspect;
        change.named = true;
        change.why = "it is among the reasons for the first cause".to_owned();
        return;
    }
    let subject = &change.subject;
    let connected = cause.workloads.contains(subject)
        || cause.services.contains(subject)
        || cause.configs.contains(subject)
        || cause.pod_configs.contains(subject)
        || cause.claims.contains(subject)
        || subject.kind == "Node"
            && (cause.nodes.contains(&*subject.name) || cause.pod_nodes.contains(&*subject.name))
        || subject.kind == "NetworkPolicy" && cause.namespaces.contains(&*subject.namespace)
        || subject.kind == "ResourceQuota" && cause.namespaces.contains(&*subject.namespace);
    if connected {
        change.relation = Relation::Suspect;
        change.why = "touches what fails, and came before the first sign".to_owned();
    } else if change.kind == ChangeKind::Rollout
        && blasts.iter().all(|blast| blast.subject != *subject)
        && facts
            .derived("Workload", subject)
            .iter()
            .all(|id| facts.get(*id).int_at(&["failing"]) == Some(0))
    {
        change.why = "its pods are healthy".to_owned();
    } else {
        change.why = "not connected to what fails".to_owned();
    }
}
