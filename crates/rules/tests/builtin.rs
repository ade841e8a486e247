//! The rules that ship: they load, and every example inside them holds.

use coldcase_rules::{RuleSet, examples};

fn builtin() -> RuleSet {
    RuleSet::builtin().unwrap_or_else(|errors| {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{} errors in rules:\n{}", all.len(), all.join("\n"))
    })
}

#[test]
fn every_example_holds() {
    let results = examples::run(&builtin(), None);
    assert!(!results.is_empty());
    let failed: Vec<String> = results
        .iter()
        .filter_map(|result| {
            Some(format!(
                "{} / {}: {}",
                result.rule,
                result.name,
                result.failure.as_ref()?
            ))
        })
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} examples fail:\n{}",
        failed.len(),
        results.len(),
        failed.join("\n")
    );
}

#[test]
fn every_rule_has_the_three_kinds_of_examples_and_its_documentation() {
    use coldcase_rules::rule::{Expect, Severity};
    let rules = builtin();
    let mut missing = Vec::new();
    for rule in &rules.rules {
        for expect in [Expect::Fires, Expect::Quiet, Expect::Unknown] {
            if !rule.tests.iter().any(|test| test.expect == expect) {
                missing.push(format!("{}: no example that expects {expect:?}", rule.id));
            }
        }
        if rule.meaning.source().trim().is_empty()
            || rule.next[0].is_empty()
            || rule.next[4].is_empty()
        {
            missing.push(format!(
                "{}: meaning, next.observe or next.verify is empty",
                rule.id
            ));
        }
        if rule.severity >= Severity::High && rule.false_alarm.trim().is_empty() {
            missing.push(format!(
                "{}: severity high and above needs a false_alarm note",
                rule.id
            ));
        }
        let folder = rule.file.split('/').next().unwrap_or("");
        if folder != rule.layer {
            missing.push(format!(
                "{}: layer {} in folder {folder}",
                rule.id, rule.layer
            ));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
