//! The field checklist: nine questions to answer before anything destructive is done.

use serde::Serialize;

use crate::index::{Index, reasons_for};
use crate::layout::plural;
use crate::model::Next;
use crate::times;

/// A question, answered from the report or left open.
#[derive(Serialize)]
pub(crate) struct Item {
    pub(crate) question: &'static str,
    pub(crate) answer: Option<String>,
    pub(crate) evidence: Vec<String>,
}

/// All nine questions in their order.
pub(crate) fn checklist(index: &Index<'_>) -> Vec<Item> {
    let triage = |question, word| {
        let found = index.answer(word);
        Item {
            question,
            answer: found.map(|a| a.answer.clone()),
            evidence: found.map(|a| a.evidence.clone()).unwrap_or_default(),
        }
    };
    let step = |question, pick: fn(&Next) -> &Vec<String>| Item {
        question,
        answer: index.cause().and_then(|c| join(pick(&c.next))),
        evidence: Vec::new(),
    };
    vec![
        triage("What is the user impact?", "affected"),
        triage("What changed recently?", "changed"),
        triage("Which object graph is affected?", "graph"),
        supporting(index),
        layer(index),
        step("What is the safest reversible action?", |next| {
            &next.mitigate
        }),
        preserve(index),
        step("How will recovery be verified?", |next| &next.verify),
        step("What guardrail prevents recurrence?", |next| &next.fix),
    ]
}

fn join(steps: &[String]) -> Option<String> {
    (!steps.is_empty()).then(|| steps.join(" · "))
}

fn supporting(index: &Index<'_>) -> Item {
    let mut reasons = index.cause().map(reasons_for).unwrap_or_default();
    reasons.retain(|reason| !reason.ranking);
    let answer = reasons.first().map(|best| match reasons.len() - 1 {
        0 => best.text.clone(),
        more => format!("{} (and {})", best.text, plural(more, "further reason")),
    });
    Item {
        question: "What evidence supports the hypothesis?",
        answer,
        evidence: reasons.iter().flat_map(|r| r.evidence.clone()).collect(),
    }
}

fn layer(index: &Index<'_>) -> Item {
    Item {
        question: "Is this a workload, platform, network, storage, or dependency failure?",
        answer: index
            .cause()
            .map(|c| format!("{} (rule `{}`)", c.layer, c.rule)),
        evidence: Vec::new(),
    }
}

/// The bundle itself is the preserved evidence; what it lacks must be saved before anyone acts.
fn preserve(index: &Index<'_>) -> Item {
    let lacking = index.lacking();
    let captured = index.report.bundle.captured_at.as_deref();
    let kept = captured.map(|at| {
        let kept = format!("This bundle keeps the state of {}", times::stamp(at));
        match lacking.as_slice() {
            [] => kept,
            lacking => format!("{kept}; save first what it lacks: {}", lacking.join("; ")),
        }
    });
    Item {
        question: "What evidence should be preserved first?",
        answer: kept,
        evidence: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solved_incident_answers_all_nine() {
        let report = crate::fixture::kube_proxy_oom();
        let items = checklist(&Index::new(&report));
        assert_eq!(items.len(), 9);
        assert!(items.iter().all(|item| item.answer.is_some()));
    }

    #[test]
    fn an_empty_report_answers_none() {
        let report = crate::model::Report::default();
        assert!(
            checklist(&Index::new(&report))
                .iter()
                .all(|item| item.answer.is_none())
        );
    }
}
