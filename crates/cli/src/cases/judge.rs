//! Compares a report with a truth: where the true cause ranks, and everything that is not as it should be.

use std::collections::BTreeSet;

use coldcase_report::model::{Cause, Report};
use coldcase_rules::rule::SEVERITIES;

use super::truth::{Expected, Truth};

/// How a diagnosis did, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The true cause ranks first.
    Right,
    /// It ranks second or third.
    TopThree,
    /// Something else ranks first, and with less than the highest confidence.
    Wrong,
    /// Something else ranks first, and the report is sure.
    WrongAndFirm,
    /// There was a cause and none was named.
    Abstained,
    /// There was none and none was named.
    Quiet,
    /// There was none and one was named.
    FalseAlarm,
}

impl Verdict {
    pub(crate) const ALL: [Self; 7] = [
        Self::Right,
        Self::TopThree,
        Self::Wrong,
        Self::WrongAndFirm,
        Self::Abstained,
        Self::Quiet,
        Self::FalseAlarm,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::TopThree => "top 3",
            Self::Wrong => "wrong",
            Self::WrongAndFirm => "wrong and firm",
            Self::Abstained => "abstained",
            Self::Quiet => "quiet",
            Self::FalseAlarm => "false alarm",
        }
    }
}

/// What came of a case.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub verdict: Verdict,
    /// Rank of the true cause, from 1.
    pub rank: Option<usize>,
    /// What was expected, in words.
    pub expected: String,
    /// What ranks first, in words.
    pub said: String,
    /// State of the verdict.
    pub state: String,
    /// Confidence in what ranks first.
    pub confidence: Option<String>,
    /// Everything that is not as the truth says.
    pub differences: Vec<String>,
}

/// Compares.
pub(crate) fn judge(truth: &Truth, report: &Report) -> Outcome {
    let rank = truth
        .cause
        .as_ref()
        .and_then(|expected| {
            report
                .causes
                .iter()
                .position(|cause| matches(expected, cause))
        })
        .map(|index| index + 1);
    let first = report.causes.first();
    Outcome {
        verdict: verdict(truth, report, rank),
        rank,
        expected: truth
            .cause
            .as_ref()
            .map_or_else(|| "no cause".to_owned(), words),
        said: first.map_or_else(|| report.verdict.state.replace('_', " "), said),
        state: report.verdict.state.clone(),
        confidence: first.map(|cause| cause.confidence.clone()),
        differences: differences(truth, report, rank),
    }
}

fn words(expected: &Expected) -> String {
    let rules = expected.rule.all().join(" or ");
    match &expected.layer {
        Some(layer) if rules.is_empty() => format!("any cause of layer {layer}"),
        _ => rules,
    }
}

fn said(cause: &Cause) -> String {
    let namespace = cause.subject.namespace.as_deref().unwrap_or_default();
    let slash = if namespace.is_empty() { "" } else { "/" };
    format!(
        "{} {} {} {namespace}{slash}{}",
        cause.confidence, cause.rule, cause.subject.kind, cause.subject.name
    )
}

fn verdict(truth: &Truth, report: &Report, rank: Option<usize>) -> Verdict {
    let first = report.causes.first();
    // Candidates of an inconclusive verdict are no answer, right or wrong, unless none could be more.
    let undecided = report.verdict.state == "inconclusive" && !truth.state.has("inconclusive");
    match (&truth.cause, rank, first) {
        (Some(_), _, _) if undecided => Verdict::Abstained,
        (None, _, None) => Verdict::Quiet,
        (None, _, Some(_)) => Verdict::FalseAlarm,
        (Some(_), Some(1), _) => Verdict::Right,
        (Some(_), Some(2 | 3), _) => Verdict::TopThree,
        (Some(_), _, None) => Verdict::Abstained,
        (Some(_), _, Some(first)) if first.confidence == "firm" => Verdict::WrongAndFirm,
        (Some(_), _, Some(_)) => Verdict::Wrong,
    }
}

fn matches(expected: &Expected, cause: &Cause) -> bool {
    let rule = expected.rule.all().is_empty() || expected.rule.has(&cause.rule);
    let layer = expected
        .layer
        .as_ref()
        .is_none_or(|layer| *layer == cause.layer);
    rule && layer && names_subject(expected, cause)
}

fn names_subject(expected: &Expected, cause: &Cause) -> bool {
    expected.subject.as_ref().is_none_or(|object| {
        object.is(&cause.subject)
            || cause
                .related
                .iter()
                .any(|related| object.is(&related.subject))
            || object.kind.is_empty() && mentions(&cause.title, &object.name)
    })
}

/// Whether a text names something as a whole word.
fn mentions(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).unwrap_or("");
        let after = text.get(at + name.len()..).unwrap_or("");
        !before.ends_with(part) && !after.starts_with(part)
    })
}

fn differences(truth: &Truth, report: &Report, rank: Option<usize>) -> Vec<String> {
    let mut wrong = Vec::new();
    let state = &report.verdict.state;
    if !truth.state.has(state) {
        wrong.push(format!(
            "state is {state}, not {}",
            truth.state.all().join(" or ")
        ));
    }
    if let Some(expected) = &truth.cause {
        cause_differs(truth, expected, report, rank, &mut wrong);
    }
    for absent in &truth.absent {
        if report.causes.iter().any(|cause| cause.rule == *absent) {
            wrong.push(format!("{absent} is among the causes"));
        }
    }
    for word in &truth.exonerates {
        let cleared = |it: &coldcase_report::model::Exoneration| {
            it.title.contains(word.as_str()) || it.text.contains(word.as_str())
        };
        if !report.exonerated.iter().any(cleared) {
            wrong.push(format!("nothing clears `{word}`"));
        }
    }
    too_loud(truth, report, &mut wrong);
    wrong
}

fn too_loud(truth: &Truth, report: &Report, wrong: &mut Vec<String>) {
    let Some(limit) = &truth.quiet_above else {
        return;
    };
    let rank = |word: &str| {
        SEVERITIES
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, severity)| *severity)
    };
    for finding in &report.findings {
        if rank(&finding.severity) > rank(limit) {
            wrong.push(format!(
                "{} {}: {}",
                finding.severity, finding.rule, finding.title
            ));
        }
    }
}

fn cause_differs(
    truth: &Truth,
    expected: &Expected,
    report: &Report,
    rank: Option<usize>,
    wrong: &mut Vec<String>,
) {
    let Some(first) = report.causes.first() else {
        wrong.push("no cause is named".to_owned());
        return;
    };
    for below in &truth.outranks {
        let other = report.causes.iter().position(|cause| cause.rule == *below);
        if other.is_some_and(|other| rank.is_none_or(|rank| other + 1 < rank)) {
            wrong.push(format!("{below} outranks the cause"));
        }
    }
    if rank != Some(1) {
        let subject = expected
            .subject
            .as_ref()
            .map(|object| format!(" of {object}"))
            .unwrap_or_default();
        let place = rank.map_or_else(|| "is not named".to_owned(), |rank| format!("ranks {rank}"));
        wrong.push(format!(
            "{}{subject} {place}; first is {}",
            words(expected),
            said(first)
        ));
        return;
    }
    if !expected.confidence.is_empty() && !expected.confidence.contains(&first.confidence) {
        wrong.push(format!(
            "confidence is {}, not {}",
            first.confidence,
            expected.confidence.join(" or ")
        ));
    }
    let effects = |rule: &str| {
        report
            .findings
            .iter()
            .any(|finding| finding.rule == rule && first.explains.contains(&finding.id))
    };
    for rule in truth.explains.iter().filter(|rule| !effects(rule)) {
        wrong.push(format!("the cause explains no {rule}"));
    }
    uncited(truth, first, report, wrong);
}

/// What the cause and everything it explains should quote and do not.
fn uncited(truth: &Truth, first: &Cause, report: &Report, wrong: &mut Vec<String>) {
    let own = first.reasons.iter().flat_map(|reason| &reason.evidence);
    let effects = report
        .findings
        .iter()
        .filter(|finding| first.explains.contains(&finding.id))
        .flat_map(|finding| &finding.evidence);
    let ids: BTreeSet<&String> = own.chain(effects).collect();
    let quotes: Vec<String> = report
        .evidence
        .iter()
        .filter(|evidence| ids.contains(&evidence.id))
        .map(|evidence| squeeze(&evidence.quote))
        .collect();
    for cited in &truth.cites {
        if !quotes.iter().any(|quote| quote.contains(&squeeze(cited))) {
            wrong.push(format!("the evidence does not quote `{cited}`"));
        }
    }
}

/// YAML folds long texts over lines and doubles quotes inside quotes; the words are the same.
fn squeeze(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("''", "'")
}

#[cfg(test)]
mod tests {
    use coldcase_report::model::{Subject, Verdict as Said};

    use super::*;
    use crate::cases::truth::{Object, OneOrMany};

    fn truth(rule: &str) -> Truth {
        Truth {
            state: OneOrMany::One("active".to_owned()),
            cause: Some(Expected {
                rule: OneOrMany::One(rule.to_owned()),
                layer: None,
                subject: Some(Object {
                    kind: "Node".to_owned(),
                    namespace: None,
                    name: "w1".to_owned(),
                }),
                confidence: Vec::new(),
            }),
            ..Truth::default()
        }
    }

    fn report(causes: &[(&str, &str, &str)]) -> Report {
        let cause = |(rule, name, confidence): &(&str, &str, &str)| Cause {
            rule: (*rule).to_owned(),
            confidence: (*confidence).to_owned(),
            subject: Subject {
                kind: "Node".to_owned(),
                namespace: None,
                name: (*name).to_owned(),
            },
            ..Cause::default()
        };
        Report {
            verdict: Said {
                state: "active".to_owned(),
                ..Said::default()
            },
            causes: causes.iter().map(cause).collect(),
            ..Report::default()
        }
    }

    #[test]
    fn the_right_rule_on_another_object_is_wrong() {
        let outcome = judge(
            &truth("kubelet-down"),
            &report(&[("kubelet-down", "w2", "firm")]),
        );
        assert_eq!(outcome.verdict, Verdict::WrongAndFirm);
        assert_eq!(outcome.rank, None);
        assert_eq!(outcome.differences.len(), 1);
    }

    #[test]
    fn a_cause_that_ranks_second_is_no_pass() {
        let outcome = judge(
            &truth("a"),
            &report(&[("b", "w1", "likely"), ("a", "w1", "likely")]),
        );
        assert_eq!(outcome.verdict, Verdict::TopThree);
        assert_eq!(outcome.rank, Some(2));
        assert!(!outcome.differences.is_empty());
    }

    #[test]
    fn saying_nothing_is_no_error_but_a_difference() {
        let outcome = judge(&truth("a"), &report(&[]));
        assert_eq!(outcome.verdict, Verdict::Abstained);
        assert!(!outcome.differences.is_empty());
        let healthy = Truth {
            state: OneOrMany::One("active".to_owned()),
            ..Truth::default()
        };
        assert_eq!(judge(&healthy, &report(&[])).verdict, Verdict::Quiet);
        assert_eq!(
            judge(&healthy, &report(&[("a", "w1", "possible")])).verdict,
            Verdict::FalseAlarm
        );
    }

    #[test]
    fn candidates_are_no_answer() {
        let mut undecided = report(&[("a", "w1", "possible")]);
        "inconclusive".clone_into(&mut undecided.verdict.state);
        assert_eq!(judge(&truth("a"), &undecided).verdict, Verdict::Abstained);
        assert_eq!(judge(&truth("b"), &undecided).verdict, Verdict::Abstained);
    }

    #[test]
    fn names_are_whole_words_in_a_title() {
        assert!(mentions("the image of web-1, web and api", "web"));
        assert!(!mentions("the image of web-1", "web"));
    }

    #[test]
    fn the_right_cause_passes() {
        let outcome = judge(&truth("a"), &report(&[("a", "w1", "firm")]));
        assert_eq!((outcome.verdict, outcome.rank), (Verdict::Right, Some(1)));
        assert!(outcome.differences.is_empty(), "{:?}", outcome.differences);
    }
}
