//! `coldcase rules lint` and `test`: errors with their place, gaps in the documentation, examples that fail.

use std::{collections::BTreeMap, fmt::Write, path::PathBuf, process::ExitCode};

use coldcase_rules::{
    examples::{self, ExampleResult},
    lint::lint as gaps,
};

use super::{draft, named};
use crate::{
    args::{RuleDir, RulesTest},
    error::Failure,
    output,
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
    let (rules, errors, names) = draft(&dirs(&arguments.dir))?;
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
    if let Some(path) = &arguments.junit {
        std::fs::write(path, junit(&results))
            .map_err(|error| Failure::Write(path.clone(), error))?;
    }
    output::say(&format!("{passed} passed, {failed} failed"));
    Ok(ExitCode::from(u8::from(failed > 0)))
}

/// One suite for each rule, one case for each example.
fn junit(results: &BTreeMap<&str, Vec<ExampleResult>>) -> String {
    let all = || results.values().flatten();
    let failures = |results: &[ExampleResult]| {
        let failed = results.iter().filter(|result| result.failure.is_some());
        failed.count()
    };
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let failed = all().filter(|result| result.failure.is_some()).count();
    let _ = writeln!(
        out,
        "<testsuites name=\"coldcase rules\" tests=\"{}\" failures=\"{failed}\">",
        all().count()
    );
    for (file, results) in results {
        let id = results.first().map_or("", |result| result.rule.as_str());
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" file=\"{}\" tests=\"{}\" failures=\"{}\">",
            escaped(id),
            escaped(file),
            results.len(),
            failures(results)
        );
        for result in results {
            let name = escaped(&result.name);
            match &result.failure {
                None => {
                    let _ = writeln!(out, "    <testcase classname=\"{id}\" name=\"{name}\"/>");
                }
                Some(why) => {
                    let why = escaped(why);
                    let _ = writeln!(
                        out,
                        "    <testcase classname=\"{id}\" name=\"{name}\"><failure message=\"{why}\"/></testcase>"
                    );
                }
            }
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            other if other.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}
