//! Says what it was not: rollouts whose revision is healthy elsewhere, dependencies that are up.

use coldcase_facts::{Cite, Facts, Identity};
use coldcase_rules::{Evaluation, RuleSet};

use crate::{Blast, Judged, State, unique};

/// A cleared suspect.
#[derive(Debug, Clone)]
pub struct Exoneration {
    /// The suspect.
    pub title: String,
    /// Why not.
    pub text: String,
    /// The object.
    pub subject: Identity,
    /// Places.
    pub cites: Vec<Cite>,
}

/// All exonerations.
pub(crate) fn all(
    facts: &Facts<'_>,
    rules: &RuleSet,
    evaluation: &Evaluation<'_, '_>,
    judged: &[Judged],
    blasts: &[Blast],
) -> Vec<Exoneration> {
    let mut found: Vec<Exoneration> = blasts
        .iter()
        .filter_map(|blast| rollout(facts, blast))
        .collect();
    found.extend(survivors(facts, evaluation, judged));
    found.extend(crate::stale::all(facts, evaluation, judged));
    found.extend(dependencies(facts, rules, evaluation, judged, blasts));
    found
}

fn rollout(facts: &Facts<'_>, blast: &Blast) -> Option<Exoneration> {
    let rollout = facts.get(*facts.derived("Rollout", &blast.subject).first()?);
    let revision = blast
        .dimensions
        .iter()
        .find(|dimension| dimension.name == "revision" && dimension.exonerated())?;
    let number = rollout.str_at(&["revision"])?;
    let (_, (_, healthy)) = revision
        .values
        .iter()
        .find(|(value, (failing, healthy))| *value == number && *failing > 0 && *healthy > 0)?;
    let mut nodes: Vec<&str> = blast
        .healthy
        .iter()
        .filter_map(|pod| facts.get(*pod).str_at(&["spec", "nodeName"]))
        .collect();
    nodes.sort_unstable();
    nodes.dedup();
    let started = rollout.str_at(&["startedAt"]).unwrap_or("");
    let cites = unique(blast.healthy.iter().take(3).filter_map(|pod| {
        let entity = facts.get(*pod);
        let hash = entity
            .root()?
            .at(&["metadata", "labels", "pod-template-hash"])?;
        Some(Cite {
            file: entity.file?,
            line: hash.line(),
            end_line: hash.line(),
        })
    }));
    Some(Exoneration {
        title: format!(
            "rollout of revision {number} of {} at {started}",
            blast.subject.name
        ),
        text: format!(
            "the same revision is healthy in {healthy} pods on {}, so the rollout does not separate failing from healthy",
            nodes.join(", ")
        ),
        subject: blast.subject.clone(),
        cites: unique(rollout.place().into_iter().chain(cites)),
    })
}

/// Rollouts of workloads that suffered and are well again on the same revision: recovery needed no rollback.
fn survivors(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    judged: &[Judged],
) -> Vec<Exoneration> {
    let mut found: Vec<Exoneration> = Vec::new();
    for (finding, judged) in evaluation.findings.iter().zip(judged) {
        if judged.state != State::Recovered {
            continue;
        }
        let Some(rollout) = facts.derived("Rollout", &finding.subject).first() else {
            continue;
        };
        let rollout = facts.get(*rollout);
        let count = |field: &str| rollout.int_at(&[field]).unwrap_or(0);
        let started = rollout.str_at(&["startedAt"]).unwrap_or("");
        let before = coldcase_snapshot::stamp::rfc3339(started)
            .zip(finding.first_seen)
            .is_some_and(|(started, first)| started <= first);
        let well = count("newReady") > 0 && count("newReady") == count("newPods");
        if !before || !well || found.iter().any(|it| it.subject == finding.subject) {
            continue;
        }
        let revision = rollout.str_at(&["revision"]).unwrap_or("?");
        found.push(Exoneration {
            title: format!("rollout of revision {revision} of {} at {started}", finding.subject.name),
            text: format!(
                "the same revision is in place at capture and all {} of its pods are healthy: nothing was rolled back",
                count("newPods")
            ),
            subject: finding.subject.clone(),
            cites: rollout.place().into_iter().collect(),
        });
    }
    found
}

/// A dependency that the logs accuse although it has ready endpoints and siblings that reach it.
fn dependencies(
    facts: &Facts<'_>,
    rules: &RuleSet,
    evaluation: &Evaluation<'_, '_>,
    judged: &[Judged],
    blasts: &[Blast],
) -> Vec<Exoneration> {
    let mut found: Vec<Exoneration> = Vec::new();
    for (finding, judged) in evaluation.findings.iter().zip(judged) {
        if judged.state != State::Active
            || rules.rules[finding.rule].role != coldcase_rules::Role::Symptom
        {
            continue;
        }
        let Some(blast) = blasts
            .iter()
            .find(|blast| blast.subject == finding.subject && !blast.healthy.is_empty())
        else {
            continue;
        };
        for (_, id) in &finding.related {
            let service = evaluation.entity(*id);
            let ready = service.int_at(&["readyEndpoints"]).unwrap_or(0);
            if service.kind != "Service"
                || ready == 0
                || facts
                    .selected_pods(*id)
                    .iter()
                    .any(|pod| blast.failing.contains(pod))
                || found.iter().any(|other| other.subject == service.subject)
            {
                continue;
            }
            let slice = facts
                .related("endpointslice", *id)
                .ids
                .first()
                .and_then(|slice| {
                    let slice = facts.get(*slice);
                    let endpoints = slice.root()?.get("endpoints")?;
                    Some(Cite {
                        file: slice.file?,
                        line: endpoints.line(),
                        end_line: endpoints.line() + 4,
                    })
                });
            found.push(Exoneration {
                title: format!("{} being down", service.label()),
                text: format!("the Service has {ready} ready endpoint{}, and {} sibling pod{} of {} {} healthy", plural(ready), blast.healthy.len(), plural(i64::try_from(blast.healthy.len()).unwrap_or(2)), blast.subject.name, if blast.healthy.len() == 1 { "is" } else { "are" }),
                subject: service.subject.clone(),
                cites: slice.into_iter().collect(),
            });
        }
    }
    found
}

fn plural(count: i64) -> &'static str {
    if count == 1 { "" } else { "s" }
}
