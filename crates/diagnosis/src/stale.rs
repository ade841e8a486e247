//! Clears configuration that was changed shortly before an incident and that no container has read since.

use coldcase_facts::Facts;
use coldcase_rules::{Evaluation, Severity};

use crate::{Exoneration, Judged, State};

/// Changes that cannot be the cause: whoever reads the object did so once, before it was changed.
pub(crate) fn all(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    judged: &[Judged],
) -> Vec<Exoneration> {
    let mut found = Vec::new();
    for id in facts.of_kind("StaleConfig") {
        let stale = facts.get(*id);
        let text = |field: &str| stale.str_at(&[field]).unwrap_or("");
        // Nobody suspects a change where nothing is wrong.
        let suspected = evaluation
            .findings
            .iter()
            .zip(judged)
            .any(|(finding, judged)| {
                judged.state == State::Active
                    && judged.severity > Severity::Info
                    && finding.subject.namespace == stale.subject.namespace
            });
        if !suspected || stale.int_at(&["fresh"]) != Some(0) {
            continue;
        }
        let how = match text("via") {
            "subPath" => "as a file mounted by subPath",
            _ => "as environment variables",
        };
        found.push(Exoneration {
            title: format!("change of {} at {}", stale.subject, text("time")),
            text: format!(
                "the containers that read it ({}) do so once, {how}, and started before it (the first at {}): they still have the former content",
                stale.int_at(&["pods"]).unwrap_or(0),
                text("startedAt")
            ),
            subject: stale.subject.clone(),
            cites: stale.place().into_iter().collect(),
        });
    }
    found
}
