//! Rules that could not be decided, as the report tells of them.

use coldcase_facts::Identity;
use coldcase_rules::{Evaluation, RuleSet};

use crate::{
    assemble::subject,
    model::{Subject, Unknown},
};

/// What follows a part of a title that is only said if its values are known; it holds values in braces of their own.
fn past_optional(part: &str) -> &str {
    let mut open = 1_u32;
    for (at, sign) in part.char_indices() {
        match sign {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return part.get(at + 1..).unwrap_or("");
        }
    }
    ""
}

/// A rule's title for people, who cannot know its names: what is not known of it is an ellipsis.
fn unfilled(title: &str) -> String {
    let mut text = String::new();
    let mut rest = title;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        if after.starts_with('?') {
            rest = past_optional(after);
            continue;
        }
        let Some((_, after)) = after.split_once('}') else {
            break;
        };
        text.push('…');
        rest = after;
    }
    text.push_str(rest);
    for nothing in [" (…: …)", " (…)"] {
        text = text.replace(nothing, "");
    }
    text.trim_end_matches(": …").to_owned()
}

/// Names in a rule's list of objects that it was undecided for. Where no log was collected these are all pods, once for
/// each rule about logs: nine tenths of a large cluster's report.
const UNDECIDED: usize = 100;

pub(crate) fn unknown(
    rules: &RuleSet,
    evaluation: &Evaluation<'_, '_>,
    unknown: &coldcase_rules::Unknown,
) -> Unknown {
    let rule = &rules.rules[unknown.rule];
    let all = unknown.subjects.iter();
    let (subjects, more_subjects) = listed(all.map(|id| &evaluation.entity(*id).subject));
    Unknown {
        rule: rule.id.clone(),
        title: unfilled(rule.title.source()),
        missing: unknown.missing.clone(),
        collect: rule.collect.clone(),
        subjects,
        more_subjects,
    }
}

/// The first objects, and how many more there are.
fn listed<'i>(mut all: impl ExactSizeIterator<Item = &'i Identity>) -> (Vec<Subject>, usize) {
    let shown = all.by_ref().take(UNDECIDED).map(subject).collect();
    (shown, all.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_cluster_is_not_listed_whole() {
        let pod = Identity::new("Pod", "shop", "web");
        let pods = vec![pod; UNDECIDED + 7];
        for (all, shown, more) in [
            (UNDECIDED + 7, UNDECIDED, 7),
            (UNDECIDED, UNDECIDED, 0),
            (2, 2, 0),
        ] {
            let (listed, others) = listed(pods[..all].iter());
            assert_eq!((listed.len(), others), (shown, more));
        }
    }

    #[test]
    fn a_title_without_its_names_is_readable() {
        for (title, text) in [
            (
                "The API server on {n} does not answer",
                "The API server on … does not answer",
            ),
            ("A disk of {n} fails: {l.text|short}", "A disk of … fails"),
            (
                "{w} is cut off from DNS ({b.policy}: {b.detail})",
                "… is cut off from DNS",
            ),
            (
                "A claim{? of {m.size} ({m.class})} of {w} waits{?: {m.why}}",
                "A claim of … waits",
            ),
            ("plain", "plain"),
        ] {
            assert_eq!(unfilled(title), text);
        }
    }
}
