//! `coldcase rules lint` and `test`: errors with their place, gaps in the documentation, examples that fail.

use std::{collections::BTreeMap, ffi::OsStr, path::PathBuf, process::ExitCode};

use coldcase_rules::{
    examples::{self, ExampleResult},
    lint::lint as gaps,
};

use super::{draft, named};
use crate::{
    args::{RuleDir, RulesTest},
    error::Failure,
    junit, output,
    product::Place,
};

fn dirs(arguments: &RuleDir) -> Vec<PathBuf> {
    arguments
        .dirs
        .iter()
        .chain(&arguments.rules)
        .cloned()
        .collect()
}

pub(super) fn lint(arguments: &RuleDir) -> Result<ExitCode, Failure> {
    let (rules, mut errors, names) = draft(&dirs(arguments))?;
    let costs = rules.costs();
    for rule in rules.rules.iter().filter(|rule| names.contains(&rule.file)) {
        errors.extend(gaps(rule, &costs));
    }
    errors.sort();
    for error in &errors {
        output::say(&error.to_string());
    }
    output::say(&format!("{} rules, {} errors", names.len(), errors.len()));
    Ok(ExitCode::from(u8::from(!errors.is_empty())))
}

pub(super) fn test(arguments: &RulesTest) -> Result<ExitCode, Failure> {
    let dirs = dirs(&arguments.dir);
    // Before the work: rules are not written over, and what lies among them is read as one the next time.
    let place = |path: &PathBuf| {
        let rule = matches!(
            path.extension().and_then(OsStr::to_str),
            Some("yaml" | "yml")
        );
        Place::named(path, if rule { &dirs } else { &[] })
    };
    let place = arguments.junit.as_ref().map(place).transpose()?;
    let (rules, errors, names) = draft(&dirs)?;
    if !errors.is_empty() {
        return Err(Failure::Rules(errors));
    }
    if let Some(only) = &arguments.only {
        named(&rules, only)?;
    }
    let mut results: BTreeMap<&str, Vec<ExampleResult>> = BTreeMap::new();
    for rule in rules.rules.iter().filter(|rule| names.contains(&rule.file)) {
        if arguments.only.as_ref().is_none_or(|only| *only == rule.id) {
            results.insert(&rule.file, examples::run(&rules, Some(&rule.id)));
        }
    }
    let (mut passed, mut failed) = (0, 0);
    for (file, results) in &results {
        for result in results {
            match &result.failure {
                None => passed += 1,
                Some(why) => {
                    failed += 1;
                    output::say(&format!("{file}: {}: {why}", result.name));
                }
            }
        }
    }
    if let Some(place) = place {
        let text = junit::document(&suites(&results));
        place.write(|out| out.write_all(text.as_bytes()))?;
    }
    output::say(&format!("{passed} passed, {failed} failed"));
    Ok(ExitCode::from(u8::from(failed > 0)))
}

/// One suite for each rule, one case for each example.
fn suites(results: &BTreeMap<&str, Vec<ExampleResult>>) -> Vec<junit::Suite> {
    let case = |result: &ExampleResult| junit::Case {
        class: result.rule.clone(),
        name: result.name.clone(),
        result: match &result.failure {
            None => junit::Result::Passed,
            Some(why) => junit::Result::Failed(why.clone()),
        },
    };
    let suite = |results: &Vec<ExampleResult>| junit::Suite {
        name: results
            .first()
            .map_or_else(String::new, |result| result.rule.clone()),
        cases: results.iter().map(case).collect(),
        ..junit::Suite::default()
    };
    results.values().map(suite).collect()
}
