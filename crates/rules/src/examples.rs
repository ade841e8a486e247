//! Runs the tests inside rules through the real pipeline: text to bundle to snapshot to facts to findings.

use coldcase_bundle::Bundle;

use crate::{
    RuleSet, evaluate,
    rule::{Example, Expect},
};

/// The outcome of one example.
#[derive(Debug, Clone)]
pub struct ExampleResult {
    /// Rule id.
    pub rule: String,
    /// Name of the example.
    pub name: String,
    /// What went wrong; `None` if it passed.
    pub failure: Option<String>,
}

/// Runs all examples of all rules, or of one.
pub fn run(rules: &RuleSet, only: Option<&str>) -> Vec<ExampleResult> {
    let mut results = Vec::new();
    for (index, rule) in rules.rules.iter().enumerate() {
        if only.is_some_and(|id| id != rule.id) {
            continue;
        }
        for example in &rule.tests {
            results.push(ExampleResult {
                rule: rule.id.clone(),
                name: example.name.clone(),
                failure: check(rules, index, example).err(),
            });
        }
    }
    results
}

fn check(rules: &RuleSet, index: usize, example: &Example) -> Result<(), String> {
    let bundle = Bundle::from_texts(
        "example",
        example
            .files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str())),
    );
    let snapshot = coldcase_snapshot::read(&bundle);
    if let Some(problem) = snapshot.problems.first() {
        return Err(format!(
            "{}:{}: {}",
            problem.file, problem.line, problem.what
        ));
    }
    let facts = coldcase_facts::derive(&snapshot);
    let evaluation = evaluate(rules, &facts);
    let found: Vec<String> = evaluation
        .findings
        .iter()
        .filter(|finding| finding.rule == index)
        .map(|finding| finding.subject.to_string())
        .collect();
    let unknown: Vec<String> = evaluation
        .unknown
        .iter()
        .filter(|unknown| unknown.rule == index)
        .flat_map(|unknown| unknown.missing.clone())
        .collect();
    match example.expect {
        Expect::Fires if found.is_empty() => Err(format!(
            "did not fire{}",
            if unknown.is_empty() {
                String::new()
            } else {
                format!("; undecided: {}", unknown.join("; "))
            }
        )),
        Expect::Fires => match &example.subject {
            Some(subject) if !found.contains(subject) => {
                Err(format!("fired for {}, not for {subject}", found.join(", ")))
            }
            _ => Ok(()),
        },
        Expect::Quiet if !found.is_empty() => Err(format!("fired for {}", found.join(", "))),
        Expect::Quiet if !unknown.is_empty() => Err(format!(
            "is undecided instead of quiet: {}",
            unknown.join("; ")
        )),
        Expect::Quiet => Ok(()),
        Expect::Unknown if !found.is_empty() => Err(format!("fired for {}", found.join(", "))),
        Expect::Unknown if unknown.is_empty() => Err("is quiet instead of undecided".to_owned()),
        Expect::Unknown => Ok(()),
    }
}
