//! Every dated thing as one list: events as ranges, container ends and starts, node conditions, changes, log and kernel lines.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
};

use coldcase_bundle::FileId;
use coldcase_facts::{Cite, Entity, Facts, Identity, Name};
use coldcase_rules::Evaluation;
use coldcase_snapshot::{packed::View, stamp};
use jiff::Timestamp;
use rayon::prelude::*;

use crate::{
    Change, Judged, Ranked, State,
    draft::{Draft, Of, ended, event, layer_of, log_line, started},
};

/// A dated thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub time: Timestamp,
    /// End of a counted range.
    pub end: Option<Timestamp>,
    /// Digits after the second.
    pub precision: u8,
    /// As written.
    pub raw: String,
    /// `event`, `container`, `condition`, `alert`, `change`, `log`, `kernel`, `journal`.
    pub kind: &'static str,
    /// Lane.
    pub layer: &'static str,
    /// Severity word.
    pub severity: &'static str,
    /// Occurrences.
    pub count: u64,
    /// The object.
    pub subject: Identity,
    /// What happened.
    pub text: String,
    /// Places.
    pub cites: Vec<Cite>,
    /// What the stamp left out.
    pub assumed: String,
}

/// All entries, oldest first.
pub(crate) fn all(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    changes: &[Change],
) -> Vec<Entry> {
    // A pattern that hit says nothing by itself; a line that a finding quotes does.
    let quoted: BTreeSet<Cite> = evaluation
        .findings
        .iter()
        .flat_map(|it| it.cites.iter().chain(arguments(it)))
        .copied()
        .collect();
    let mut drafts = drafts(facts, evaluation, changes, &quoted);
    drafts.par_sort_by(Draft::order);
    let drafts = once(drafts);
    let mut entries: Vec<Entry> = if drafts.len() > PLENTY {
        let near = Near::new(evaluation, &quoted);
        thinned(drafts, |draft| near.holds(draft))
    } else {
        drafts.into_par_iter().map(Draft::entry).collect()
    };
    quote_stamps(facts, &mut entries);
    entries
}

/// Entries in their order, each once: what is equal stands side by side.
fn once(drafts: Vec<Draft<'_>>) -> Vec<Draft<'_>> {
    let again: Vec<bool> = drafts
        .par_windows(2)
        .map(|pair| matches!(pair, [earlier, later] if later.repeats(earlier)))
        .collect();
    if !again.contains(&true) {
        return drafts;
    }
    let again = std::iter::once(false).chain(again);
    let all = drafts.into_iter().zip(again);
    all.filter_map(|(draft, again)| (!again).then_some(draft))
        .collect()
}

/// What may become entries: of every object, event and line what its order needs.
fn drafts<'f>(
    facts: &'f Facts<'_>,
    evaluation: &'f Evaluation<'_, '_>,
    changes: &[Change],
    quoted: &BTreeSet<Cite>,
) -> Vec<Draft<'f>> {
    // Old starts and settled conditions are the cluster's biography, not the incident's.
    let now = facts.now();
    let recent = |draft: &Draft<'_>| {
        let old = now.is_some_and(|now| now.as_second() - draft.time.as_second() > DAY);
        let uneventful = draft.severity == "info" || draft.kind() == "container";
        draft.kind() == "change" || !old || !uneventful
    };
    let of_kind = |kind: &str, found: fn(&'f Entity<'_>) -> [Option<Draft<'f>>; 2]| {
        facts
            .of_kind(kind)
            .par_iter()
            .flat_map_iter(|id| found(facts.get(*id)).into_iter().flatten())
            .filter(recent)
            .collect::<Vec<_>>()
    };
    let mut drafts = of_kind("Event", |it| [event(it), None]);
    drafts.extend(of_kind("Container", |it| [ended(it), started(it)]));
    let mut told = Vec::new();
    for id in facts.of_kind("Node") {
        conditions(facts.get(*id), &mut told);
    }
    for id in facts.of_kind("Alert") {
        told.extend(alert(facts.get(*id)));
    }
    told.extend(changes.iter().map(changed));
    drafts.extend(told.into_iter().map(Draft::told).filter(recent));
    let lines: Vec<Draft<'_>> = evaluation
        .lines()
        .par_iter()
        .filter_map(|line| log_line(line, quoted))
        .filter(recent)
        .collect();
    drafts.extend(lines);
    drafts
}

/// Gives the entries of lines their stamps as written: each line is read again for that.
fn quote_stamps(facts: &Facts<'_>, entries: &mut [Entry]) {
    let mut of_lines: Vec<&mut Entry> = entries
        .iter_mut()
        .filter(|entry| matches!(entry.kind, "log" | "kernel" | "journal"))
        .collect();
    let places: Vec<(FileId, u32)> = of_lines
        .iter()
        .map(|entry| {
            let cite = entry.cites.first();
            cite.map_or((FileId(0), 0), |cite| (cite.file, cite.line))
        })
        .collect();
    let stamps = facts.snapshot.bundle.lines(&places, |_, line| {
        stamp::leading(line, facts.now())
            .and_then(|found| line.get(..found.len))
            .unwrap_or("")
            .to_owned()
    });
    for (entry, stamp) in of_lines.iter_mut().zip(stamps) {
        entry.raw = stamp;
    }
}

/// The page stays fluid with this many; above it, what is alike is told once.
const PLENTY: usize = 50_000;

/// What the findings are about.
struct Near<'e> {
    subjects: BTreeSet<(&'e str, &'e str)>,
    quoted: &'e BTreeSet<Cite>,
}

impl<'e> Near<'e> {
    fn new(evaluation: &'e Evaluation<'_, '_>, quoted: &'e BTreeSet<Cite>) -> Self {
        let subjects = evaluation
            .findings
            .iter()
            .map(|it| (it.subject.namespace.as_str(), it.subject.name.as_str()))
            .collect();
        Self { subjects, quoted }
    }

    /// Whether an entry is quoted by a finding, or is about its subject or what that subject made
    /// (`shop` made `shop-5d9c7` made `shop-5d9c7-x2lq4`).
    fn holds(&self, draft: &Draft<'_>) -> bool {
        let Name {
            namespace, name, ..
        } = &**draft.subject();
        let maker = |end: usize| {
            name.get(..end)
                .is_some_and(|maker| self.subjects.contains(&(namespace.as_str(), maker)))
        };
        let mut room = None;
        let mut cites = draft.cites(&mut room).iter();
        cites.any(|cite| self.quoted.contains(cite))
            || maker(name.len())
            || name.match_indices('-').any(|(end, _)| maker(end))
    }
}

/// Keeps what is grave, what changed and what `near` holds; of the rest, what happened alike to
/// objects of one kind and namespace becomes one entry with its span and count.
fn thinned<'f>(drafts: Vec<Draft<'f>>, near: impl Fn(&Draft<'f>) -> bool + Sync) -> Vec<Entry> {
    let alike: Vec<Option<(Alike<'f>, u64)>> = drafts
        .par_iter()
        .map(|draft| {
            let grave = matches!(draft.severity, "high" | "critical");
            let keep = grave || draft.kind() == "change" || near(draft);
            (!keep).then(|| (alike(draft), draft.count()))
        })
        .collect();
    let mut kept = Vec::new();
    let mut groups: Vec<Group<'f>> = Vec::new();
    let mut places: HashMap<Alike<'f>, usize> = HashMap::new();
    for (draft, alike) in drafts.into_iter().zip(alike) {
        let Some((alike, count)) = alike else {
            kept.push(draft);
            continue;
        };
        let place = *places.entry(alike).or_insert(groups.len());
        match groups.get_mut(place) {
            None => groups.push(Group {
                count,
                end: draft.end,
                others: 0,
                first: draft,
            }),
            Some(group) => {
                group.others += 1;
                group.count = group.count.saturating_add(count);
                group.end = group.end.max(Some(draft.end.unwrap_or(draft.time)));
            }
        }
    }
    let mut entries: Vec<Entry> = kept.into_par_iter().map(Draft::entry).collect();
    groups.sort_by_cached_key(|group| self::alike(&group.first));
    entries.extend(groups.into_iter().map(Group::entry));
    entries.par_sort_by(|a, b| {
        (a.time, a.end, a.kind, &a.subject, &a.text, &a.cites)
            .cmp(&(b.time, b.end, b.kind, &b.subject, &b.text, &b.cites))
    });
    entries
}

/// What entries have in common that are told as one: kind, severity, kind and namespace of the
/// subject, and what happened.
type Alike<'f> = (
    &'static str,
    &'static str,
    Cow<'f, str>,
    Cow<'f, str>,
    Cow<'f, str>,
);

/// Entries that are told as one.
struct Group<'f> {
    first: Draft<'f>,
    others: usize,
    count: u64,
    end: Option<Timestamp>,
}

impl Group<'_> {
    fn entry(self) -> Entry {
        let mut entry = self.first.entry();
        entry.count = self.count;
        entry.end = self.end;
        if self.others > 0 {
            entry.text = format!("{} (and {} more like it)", entry.text, self.others);
        }
        entry
    }
}

fn alike<'f>(draft: &Draft<'f>) -> Alike<'f> {
    let before_colon = |text: &str| text.split_once(": ").map(|(what, _)| what.to_owned());
    // Lines differ in their numbers only.
    let without_digits = |text: &str| {
        let others = text.chars().filter(|c| !c.is_ascii_digit());
        others.take(120).collect::<String>()
    };
    let what = match &draft.of {
        Of::Event(event) => {
            let reason = event.str_at(&["reason"]).unwrap_or("");
            Cow::Borrowed(reason.split_once(": ").map_or(reason, |(what, _)| what))
        }
        Of::Ended(_) | Of::Started(_) => Cow::Borrowed(""),
        Of::Told(entry) if ["event", "condition"].contains(&entry.kind) => {
            before_colon(&entry.text).map_or_else(|| without_digits(&entry.text).into(), Cow::from)
        }
        Of::Line(_) | Of::Told(_) => Cow::Owned(without_digits(&draft.text())),
    };
    let (kind, namespace) = match &draft.of {
        Of::Event(it) | Of::Ended(it) | Of::Started(it) | Of::Line(it) => (
            Cow::Borrowed(it.subject.kind.as_str()),
            Cow::Borrowed(it.subject.namespace.as_str()),
        ),
        Of::Told(entry) => (
            Cow::Owned(entry.subject.kind.to_string()),
            Cow::Owned(entry.subject.namespace.to_string()),
        ),
    };
    (draft.kind(), draft.severity, kind, namespace, what)
}

/// Seconds before the capture after which uneventful entries are left out.
const DAY: i64 = 86_400;

fn arguments(finding: &coldcase_rules::Finding) -> impl Iterator<Item = &Cite> {
    finding
        .supports
        .iter()
        .chain(&finding.contradicts)
        .flat_map(|held| &held.cites)
}

fn changed(change: &Change) -> Entry {
    Entry {
        time: change.time,
        end: None,
        precision: 0,
        raw: change.raw.clone(),
        kind: "change",
        layer: layer_of(&change.subject.kind),
        severity: "info",
        count: 1,
        subject: change.subject.clone(),
        text: change.text.clone(),
        cites: change.cites.clone(),
        assumed: String::new(),
    }
}

/// What a monitoring system noticed, from when it began.
fn alert(alert: &Entity<'_>) -> Option<Entry> {
    let text = |field: &str| alert.str_at(&[field]).unwrap_or("");
    let raw = text("startsAt").to_owned();
    let mut cites: Vec<Cite> = Vec::new();
    cites.extend(alert.place());
    Some(Entry {
        time: stamp::rfc3339(&raw)?,
        end: alert.str_at(&["endsAt"]).and_then(stamp::rfc3339),
        precision: 0,
        raw,
        kind: "alert",
        layer: layer_of(&alert.subject.kind),
        severity: if text("state") == "firing" {
            "medium"
        } else {
            "info"
        },
        count: 1,
        subject: alert.subject.clone(),
        text: format!("{} ({}): {}", text("name"), text("state"), text("summary")),
        cites,
        assumed: String::new(),
    })
}

fn conditions(node: &Entity<'_>, entries: &mut Vec<Entry>) {
    for condition in node
        .root()
        .unwrap_or_default()
        .items_at(&["status", "conditions"])
    {
        let (Some(kind), Some(status)) =
            (condition.str_at(&["type"]), condition.str_at(&["status"]))
        else {
            continue;
        };
        let Some((raw, time)) = condition
            .str_at(&["lastTransitionTime"])
            .and_then(|raw| Some((raw.to_owned(), stamp::rfc3339(raw)?)))
        else {
            continue;
        };
        let well = if kind == "Ready" {
            status == "True"
        } else {
            status == "False"
        };
        let text = format!(
            "condition {kind} became {status}: {}",
            condition.str_at(&["message"]).unwrap_or("")
        );
        let line = condition
            .get("lastTransitionTime")
            .map_or(condition.line(), View::line);
        let cites = node
            .file
            .map(|file| Cite {
                file,
                line,
                end_line: line,
            })
            .into_iter()
            .collect();
        let severity = if well { "info" } else { "critical" };
        entries.push(Entry {
            time,
            end: None,
            precision: 0,
            raw,
            kind: "condition",
            layer: "node",
            severity,
            count: 1,
            subject: node.subject.clone(),
            text,
            cites,
            assumed: String::new(),
        });
    }
}

/// The earliest sign of a cause and of what it explains.
pub(crate) fn first_anomaly(
    evaluation: &Evaluation<'_, '_>,
    cause: &Ranked,
    judged: &[Judged],
) -> Option<(Timestamp, String)> {
    std::iter::once(&cause.finding)
        .chain(&cause.explains)
        .filter(|index| judged[**index].state != State::Past)
        .filter_map(|index| {
            evaluation.findings[*index]
                .first_seen
                .map(|time| (time, evaluation.findings[*index].title.clone()))
        })
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(second: i64, name: &str, severity: &'static str) -> Entry {
        Entry {
            time: Timestamp::from_second(second).unwrap(),
            end: None,
            precision: 0,
            raw: String::new(),
            kind: "event",
            layer: "workload",
            severity,
            count: 2,
            subject: Identity::new("Pod", "shop", name),
            text: format!("Pulled: image of {name}"),
            cites: Vec::new(),
            assumed: String::new(),
        }
    }

    #[test]
    fn entries_alike_become_one_and_the_incident_stays() {
        let entries = vec![
            entry(10, "a", "info"),
            entry(20, "b", "info"),
            entry(25, "c", "high"),
            entry(30, "d", "info"),
            entry(40, "near", "info"),
        ];
        let drafts = entries.into_iter().map(Draft::told).collect();
        let thin = thinned(drafts, |draft| draft.subject().name == "near");
        let names: Vec<&str> = thin.iter().map(|it| it.subject.name.as_str()).collect();
        assert_eq!(names, ["a", "c", "near"]);
        assert_eq!(thin[0].count, 6);
        assert_eq!(thin[0].end, Timestamp::from_second(30).ok());
        assert_eq!(thin[0].text, "Pulled: image of a (and 2 more like it)");
    }
}
