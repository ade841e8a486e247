//! The four questions of the first ten minutes, answered from the bundle or marked open.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use coldcase_facts::{Cite, EntityId, Facts, Identity, PodHealth, quantity::show_span, select};
use coldcase_rules::Evaluation;

use crate::{Blast, Change, Judged, Ranked, Relation, State, scope::Scope, unique, weights};

/// A question and its answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The question.
    pub question: &'static str,
    /// The answer.
    pub answer: String,
    /// Places.
    pub cites: Vec<Cite>,
}

/// Places of one finding or object that an answer quotes.
const PLACES: usize = 3;
/// Workloads that an answer names.
const WORKLOADS: usize = 5;
/// Kinds through which users meet a fault, where no workload fails.
const SERVING: &[&str] = &[
    "Service",
    "Ingress",
    "HTTPRoute",
    "Gateway",
    "HorizontalPodAutoscaler",
    "PersistentVolumeClaim",
    "CronJob",
    "Job",
    "Namespace",
];
/// Characters of a title that an answer repeats.
const TITLE: usize = 140;

/// Answers all four.
pub(crate) fn answers(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    judged: &[Judged],
    causes: &[Ranked],
    scopes: &[Scope],
    changes: &[Change],
    blasts: &[Blast],
) -> Vec<Answer> {
    vec![
        affected(facts, evaluation, causes, scopes, judged, blasts),
        changed(facts, changes, !causes.is_empty()),
        path(facts, causes, scopes),
        trend(facts, evaluation, judged, causes),
    ]
}

fn affected(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    causes: &[Ranked],
    scopes: &[Scope],
    judged: &[Judged],
    blasts: &[Blast],
) -> Answer {
    let question = "Who is affected?";
    let Some(cause) = causes.first() else {
        return Answer {
            question,
            answer: if facts.collected("Pod") {
                "Nobody, as far as the bundle shows.".to_owned()
            } else {
                "Unknown: the pods were not captured.".to_owned()
            },
            cites: Vec::new(),
        };
    };
    let holding: Vec<usize> = std::iter::once(&cause.finding)
        .chain(&cause.explains)
        .copied()
        .filter(|index| judged[*index].state == State::Active)
        .collect();
    let touched: BTreeSet<&Identity> = holding
        .iter()
        .flat_map(|index| scopes[*index].workloads.iter())
        .collect();
    // A workload that carries the fault but lacks nothing is not affected by it.
    let (mut workloads, well): (Vec<&Identity>, Vec<&Identity>) =
        touched.into_iter().partition(|it| suffers(facts, it));
    workloads.sort_by_key(|workload| urgency(facts, workload));
    // Whose last sign is some minutes old suffered all the same, such as callers that have given up.
    let recovered = cause
        .explains
        .iter()
        .filter(|index| judged[**index].state == State::Recovered);
    let earlier: BTreeSet<&Identity> = recovered
        .flat_map(|index| scopes[*index].workloads.iter())
        .filter(|workload| !workloads.contains(workload))
        .collect();
    let earlier: Vec<&Identity> = earlier.into_iter().take(WORKLOADS).collect();
    let mut parts: Vec<String> = workloads
        .iter()
        .take(WORKLOADS)
        .map(|workload| standing(facts, workload))
        .collect();
    match workloads.len().saturating_sub(WORKLOADS) {
        0 => {}
        1 => parts.push("1 more workload".to_owned()),
        more => parts.push(format!("{more} more workloads")),
    }
    let mut cites: Vec<Cite> = Vec::new();
    let mut answer = if parts.is_empty() {
        let well: Vec<&Identity> = well
            .into_iter()
            .filter(|it| !earlier.contains(it))
            .collect();
        let (others, places) = involved(facts, evaluation, &holding, &well);
        cites.extend(places);
        let none = if facts.collected("Pod") {
            "No workload fails at capture"
        } else {
            "Unknown: the pods were not captured"
        };
        match others.as_slice() {
            [] => format!("{none}."),
            others => format!("{none}; involved: {}.", others.join(", ")),
        }
    } else {
        format!("{}.", parts.join("; "))
    };
    if !earlier.is_empty() {
        let shown: Vec<String> = earlier.iter().map(ToString::to_string).collect();
        let _ = write!(answer, " Earlier: {}.", shown.join(", "));
    }
    let shown = workloads.iter().take(WORKLOADS).chain(&earlier);
    cites.extend(shown.flat_map(|workload| {
        let compared = blasts.iter().find(|blast| blast.subject == **workload);
        compared.map_or_else(
            || suffering(facts, evaluation, cause, scopes, workload),
            |blast| blast.cites.clone(),
        )
    }));
    Answer {
        question,
        answer,
        cites: unique(cites),
    }
}

/// Whether a workload lacks pods that it wants, or has pods that fail.
fn suffers(facts: &Facts<'_>, workload: &Identity) -> bool {
    facts.derived("Workload", workload).iter().all(|id| {
        let entity = facts.get(*id);
        let ready = entity.int_at(&["ready"]).unwrap_or(0);
        entity
            .int_at(&["desired"])
            .is_some_and(|desired| ready < desired)
            || entity.int_at(&["failing"]).unwrap_or(0) > 0
    })
}

/// Those that serve nobody come first; one pod less of what runs on every node comes last.
fn urgency<'w>(facts: &Facts<'_>, workload: &'w Identity) -> (bool, bool, &'w Identity) {
    let serves = facts
        .derived("Workload", workload)
        .iter()
        .any(|id| ready_pods(facts, *id) > 0);
    (serves && workload.kind == "DaemonSet", serves, workload)
}

/// Pods of a workload that were ready at capture, whatever befalls them again and again; without its pods, what the
/// controller counted.
fn ready_pods(facts: &Facts<'_>, workload: EntityId) -> i64 {
    let pods = facts.workload_pods(workload);
    if pods.is_empty() {
        return facts.get(workload).int_at(&["ready"]).unwrap_or(0);
    }
    let ready = pods.iter().filter(|pod| is_ready(facts, **pod)).count();
    i64::try_from(ready).unwrap_or(i64::MAX)
}

fn is_ready(facts: &Facts<'_>, pod: EntityId) -> bool {
    let pod = facts.get(pod);
    let leaves = pod.str_at(&["metadata", "deletionTimestamp"]).is_some();
    !leaves
        && pod.root().is_some_and(|root| {
            let conditions = root.items_at(&["status", "conditions"]);
            conditions.iter().any(|it| {
                it.str_at(&["type"]) == Some("Ready") && it.str_at(&["status"]) == Some("True")
            })
        })
}

/// A workload with how many of its pods serve, and how many do not.
fn standing(facts: &Facts<'_>, workload: &Identity) -> String {
    let Some(id) = facts.derived("Workload", workload).first().copied() else {
        return workload.to_string();
    };
    let entity = facts.get(id);
    let failing = entity.int_at(&["failing"]).unwrap_or(0);
    let unstable = facts
        .workload_pods(id)
        .iter()
        .filter(|pod| facts.health_of(**pod) == PodHealth::Failing && is_ready(facts, **pod))
        .count();
    let unstable = i64::try_from(unstable).unwrap_or(0);
    let mut said: Vec<String> = Vec::new();
    // Of pods that nothing but logs and events name nobody knows whether they are ready.
    let pods = facts.workload_pods(id);
    let known =
        |pod: &EntityId| facts.health_of(*pod) != PodHealth::Unknown || is_ready(facts, *pod);
    let counted = pods.is_empty() || pods.iter().any(known);
    if let Some(desired) = entity.int_at(&["desired"]).filter(|_| counted) {
        let ready = ready_pods(facts, id);
        said.push(match unstable {
            0 => format!("{ready} of {desired} ready"),
            some => format!("{ready} of {desired} ready ({some} unstable)"),
        });
    }
    match failing - unstable {
        ..=0 => {}
        1 => said.push("1 pod failing".to_owned()),
        more => said.push(format!("{more} pods failing")),
    }
    if said.is_empty() {
        workload.to_string()
    } else {
        format!("{workload}: {}", said.join(", "))
    }
}

/// What a fault is about when no workload fails: healthy workloads that it names, and what its effects are told of.
fn involved(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    holding: &[usize],
    well: &[&Identity],
) -> (Vec<String>, Vec<Cite>) {
    let findings = &evaluation.findings;
    // A broken node or API, a policy or a quota is the fault itself; these are also who suffers it.
    let told: BTreeSet<&Identity> = holding
        .iter()
        .map(|index| &findings[*index].subject)
        .filter(|subject| SERVING.contains(&subject.kind.as_str()))
        .chain(well.iter().copied())
        .collect();
    let told: Vec<&Identity> = told.into_iter().take(WORKLOADS).collect();
    let places = told.iter().filter_map(|it| {
        let object = facts.object(&it.kind, &it.namespace, &it.name)?;
        place(facts, object)
    });
    let places = places.collect();
    (told.iter().map(ToString::to_string).collect(), places)
}

/// Places that show a workload among what a cause drags along: its own, and those of the findings about it.
fn suffering(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    cause: &Ranked,
    scopes: &[Scope],
    workload: &Identity,
) -> Vec<Cite> {
    let own = facts.derived("Workload", workload).first();
    let own = own.and_then(|id| place(facts, *id));
    let findings = cause.explains.iter().chain([&cause.finding]);
    let signs = findings
        .filter(|index| scopes[**index].workloads.contains(workload))
        .flat_map(|index| &evaluation.findings[*index].cites);
    own.into_iter().chain(signs.copied()).take(PLACES).collect()
}

/// Where an object is written, or the first of its pods if the object itself was not captured.
fn place(facts: &Facts<'_>, id: EntityId) -> Option<Cite> {
    facts.get(id).place().or_else(|| {
        let pods = facts.related("pod", id).ids;
        pods.iter().find_map(|pod| facts.get(*pod).place())
    })
}

fn changed(facts: &Facts<'_>, changes: &[Change], fails: bool) -> Answer {
    let question = "What changed recently?";
    // What is among the reasons comes before what only fits, and the later before the earlier.
    let pick = |relation: Relation| {
        let mut picked: Vec<&Change> = changes
            .iter()
            .rev()
            .filter(|change| change.relation == relation)
            .collect();
        picked.sort_by_key(|change| !change.named);
        picked.into_iter().take(3)
    };
    let mut parts: Vec<String> = pick(Relation::Suspect)
        .map(|change| format!("{} (suspect)", brief(change)))
        .collect();
    parts.extend(pick(Relation::Exonerated).map(|change| format!("{} (cleared)", brief(change))));
    let mut cites: Vec<Cite> = pick(Relation::Suspect)
        .chain(pick(Relation::Exonerated))
        .flat_map(|change| change.cites.clone())
        .collect();
    let captured = ["Deployment", "ReplicaSet", "ConfigMap", "Event"]
        .iter()
        .any(|kind| facts.collected(kind));
    let answer = match (changes, parts.as_slice()) {
        ([], _) if !captured => "Unknown: neither workloads nor events were captured.".to_owned(),
        ([], _) => "Nothing, as far as the bundle shows.".to_owned(),
        ([.., latest], []) if !fails => {
            cites.extend(&latest.cites);
            format!("Nothing fails; the latest change: {}.", brief(latest))
        }
        ([_], []) => "Nothing that touches what fails; 1 other change.".to_owned(),
        (others, []) => format!(
            "Nothing that touches what fails; {} other changes.",
            others.len()
        ),
        (_, parts) => capitalised(&format!("{}.", parts.join("; "))),
    };
    Answer {
        question,
        answer,
        cites: unique(cites),
    }
}

/// What and when; the details stand in the table of changes.
fn brief(change: &Change) -> String {
    let time = change.raw.get(..19).unwrap_or(&change.raw);
    let time = time.replace('T', " ");
    let what = change.text.split(" (").next().unwrap_or(&change.text);
    // The day of a group is that of its first member.
    let day = time.get(..10).unwrap_or_default();
    let what = what.strip_suffix(&format!(" on {day}")).unwrap_or(what);
    format!("{what}, {time}")
}

/// With a capital at the beginning.
fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

fn path(facts: &Facts<'_>, causes: &[Ranked], scopes: &[Scope]) -> Answer {
    let question = "Which object graph owns the traffic path?";
    let Some(cause) = causes.first() else {
        return Answer {
            question,
            answer: "Open: nothing fails.".to_owned(),
            cites: Vec::new(),
        };
    };
    let scope = &scopes[cause.finding];
    let effects: Vec<&Scope> = cause.explains.iter().map(|index| &scopes[*index]).collect();
    let services: BTreeSet<&Identity> = scope
        .services
        .iter()
        .chain(&scope.pod_services)
        .chain(effects.iter().flat_map(|scope| scope.pod_services.iter()))
        .chain(podless(facts, scope))
        .chain(effects.iter().flat_map(|scope| podless(facts, scope)))
        .collect();
    let count = |id: EntityId, field: &str| facts.get(id).int_at(&[field]);
    let mut services: Vec<(&Identity, EntityId)> = services
        .into_iter()
        .filter_map(|it| Some((it, facts.object("Service", &it.namespace, &it.name)?)))
        .collect();
    // Those without any endpoint first, those that lack none last: they are only on the way.
    services.sort_by_key(|(service, id)| {
        let (ready, all) = (count(*id, "readyEndpoints"), count(*id, "endpoints"));
        let whole = ready.is_some() && ready == all && ready != Some(0);
        (whole, ready.unwrap_or(0) > 0, *service)
    });
    let mut parts = Vec::new();
    let mut cites = Vec::new();
    for (service, id) in services.into_iter().take(3) {
        let ingresses = facts.related("ingress", id).ids;
        let through = ingresses.first().map_or(String::new(), |ingress| {
            format!("{} → ", facts.get(*ingress).subject)
        });
        let slices = facts.related("endpointslice", id).ids;
        let workloads: BTreeMap<&Identity, EntityId> = facts
            .selected_pods(id)
            .iter()
            .filter_map(|pod| facts.workload(*pod))
            .map(|id| (&facts.get(id).subject, id))
            .collect();
        let behind = if workloads.is_empty() {
            "no pod".to_owned()
        } else {
            let names: Vec<String> = workloads.keys().map(ToString::to_string).collect();
            names.join(", ")
        };
        let named = ingresses.first().into_iter().chain([&id]);
        let named = named.chain(slices.iter().take(PLACES));
        let named = named.chain(workloads.values().take(PLACES));
        cites.extend(named.filter_map(|id| place(facts, *id)));
        let ready = match (count(id, "readyEndpoints"), count(id, "endpoints")) {
            (_, Some(0)) => "no endpoint".to_owned(),
            (Some(ready), Some(all)) => format!("{ready} of {all} endpoints ready"),
            _ => "endpoints not captured".to_owned(),
        };
        parts.push(format!("{through}{service} ({ready}) → {behind}"));
    }
    let answer = if parts.is_empty() && !facts.collected("Service") {
        "Unknown: the Services were not captured.".to_owned()
    } else if parts.is_empty() {
        "No Service stands before what fails.".to_owned()
    } else {
        format!("{}.", parts.join("; "))
    };
    Answer {
        question,
        answer,
        cites: unique(cites),
    }
}

/// Services that would select the pods of a workload which has none: those in front of what was never created.
fn podless<'f>(facts: &'f Facts<'_>, scope: &Scope) -> Vec<&'f Identity> {
    // The answer names a few Services; a cluster without any pod need not be walked for them.
    const ASKED: usize = 20;
    let mut found = Vec::new();
    for workload in scope.workloads.iter().take(ASKED) {
        let pods = facts
            .derived("Workload", workload)
            .iter()
            .any(|id| !facts.workload_pods(*id).is_empty());
        let owner = facts.object(&workload.kind, &workload.namespace, &workload.name);
        let Some(root) = owner.and_then(|id| facts.get(id).root()).filter(|_| !pods) else {
            continue;
        };
        let labels = select::plain(root.at(&["spec", "template", "metadata", "labels"]));
        let selects = |service: &&EntityId| {
            let service = facts.get(**service);
            let selector = service
                .root()
                .and_then(|root| root.at(&["spec", "selector"]));
            service.subject.namespace == workload.namespace
                && select::matches_plain(&select::plain(selector), &labels)
        };
        let services = facts.of_kind("Service").iter().filter(selects);
        found.extend(services.map(|id| &facts.get(*id).subject));
    }
    found
}

fn trend(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    judged: &[Judged],
    causes: &[Ranked],
) -> Answer {
    let question = "Is it getting better, worse, or stable?";
    let (answer, shown) = match (causes.first(), facts.now()) {
        (None, _) => ("Stable: no fault holds at capture.".to_owned(), Vec::new()),
        (Some(cause), _) if judged[cause.finding].state != State::Active => (
            "Better: what failed has recovered by the capture.".to_owned(),
            vec![cause.finding],
        ),
        (Some(cause), Some(now)) => course(evaluation, judged, cause, now),
        (Some(cause), None) => (
            "Open: the capture time is unknown.".to_owned(),
            vec![cause.finding],
        ),
    };
    let cites = shown.iter().flat_map(|index| {
        let finding = &evaluation.findings[*index];
        finding.cites.iter().take(PLACES).copied()
    });
    Answer {
        question,
        answer,
        cites: unique(cites),
    }
}

/// How it went up to the capture: whether anything further began to fail lately, and
/// when the last sign was; with the findings that say so.
fn course(
    evaluation: &Evaluation<'_, '_>,
    judged: &[Judged],
    cause: &Ranked,
    now: jiff::Timestamp,
) -> (String, Vec<usize>) {
    let active: Vec<usize> = std::iter::once(&cause.finding)
        .chain(&cause.members)
        .chain(&cause.explains)
        .copied()
        .filter(|index| judged[*index].state == State::Active)
        .collect();
    // What has no time of its own, such as a line without a stamp, is as old as the capture: that tells nothing.
    let seen = |index: &usize| {
        let first = evaluation.findings[*index].first_seen?;
        (first < now).then_some((first, *index))
    };
    let ago = |time: jiff::Timestamp| {
        let seconds = now.as_second().saturating_sub(time.as_second()).max(0);
        match seconds {
            0 => "at the capture".to_owned(),
            _ => format!("{} before the capture", show_span(seconds)),
        }
    };
    let begun = active.iter().filter_map(seen).min();
    // The cause may have been noticed after its effects; only what came on top of it makes it worse.
    let effects = active
        .iter()
        .filter(|index| **index != cause.finding && !cause.members.contains(index));
    let latest = effects.filter_map(seen).max();
    let newest = active.iter().filter_map(seen).max();
    let last = active
        .iter()
        .filter_map(|index| Some((evaluation.findings[*index].last_seen?, *index)))
        .max();
    let shown = [begun, newest, last].into_iter().flatten();
    let mut shown: Vec<usize> = shown.map(|(_, index)| index).collect();
    if shown.is_empty() {
        shown.push(cause.finding);
    }
    let sign = |told: Option<jiff::Timestamp>| match last {
        Some((last, _)) if told.is_none_or(|told| last.as_second() > told.as_second()) => {
            format!(" Last sign {}.", ago(last))
        }
        _ => String::new(),
    };
    let spread = begun.zip(latest).filter(|((begun, _), (newest, _))| {
        let later = newest.as_second().saturating_sub(begun.as_second());
        let fresh = now.as_second().saturating_sub(newest.as_second());
        later > weights::TOLERANCE_SECONDS && fresh <= weights::ONGOING_SECONDS
    });
    let answer = match (spread, begun) {
        (Some((_, (time, index))), _) => format!(
            "Worse: {} a further failure began: {}.{}",
            ago(time),
            within(&evaluation.findings[index].title, TITLE),
            sign(Some(time))
        ),
        (None, Some((time, _))) => {
            let until = newest.map_or(time, |(newest, _)| newest);
            if until.as_second() - time.as_second() > weights::TOLERANCE_SECONDS {
                format!(
                    "Not recovered. Stable, as far as one capture tells: it began {} and spread until {}.{}",
                    ago(time),
                    ago(until),
                    sign(Some(until))
                )
            } else {
                format!(
                    "Not recovered. Stable, as far as one capture tells: it began {} and has not spread.{}",
                    ago(time),
                    sign(Some(until))
                )
            }
        }
        (None, None) => format!(
            "Not recovered at capture.{} One capture cannot tell worse from stable; take another.",
            sign(None)
        ),
    };
    (answer, shown)
}

/// A title without its full stop, cut behind a word.
fn within(title: &str, most: usize) -> String {
    let title = title.trim_end_matches('.');
    let Some((at, _)) = title.char_indices().nth(most) else {
        return title.to_owned();
    };
    let (head, _) = title.split_at(at);
    let head = head.rsplit_once(' ').map_or(head, |(whole, _)| whole);
    format!("{}…", head.trim_end_matches(['.', ',', ';', ':', '…']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_cut_behind_words() {
        assert_eq!(within("short.", 10), "short");
        assert_eq!(within("one two, three", 9), "one two…");
        assert_eq!(within("unbroken", 4), "unbr…");
    }
}
