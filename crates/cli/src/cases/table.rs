//! Results of cases as a table for people, as JSON and as JUnit.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::json;

use super::{Tried, Verdict};
use crate::junit;

/// The table: a line for each case, what differs, and the totals, by class where there are classes.
pub(crate) fn text(tried: &[Tried], quiet: bool) -> String {
    let mut out = String::new();
    if !quiet {
        lines(tried, &mut out);
    }
    for case in tried {
        match &case.result {
            Err(why) => {
                let _ = writeln!(out, "{}: could not be run: {why}", case.name);
            }
            Ok(outcome) => {
                for line in &outcome.differences {
                    let _ = writeln!(out, "{}: {line}", case.name);
                }
            }
        }
    }
    totals(tried, &mut out);
    out.trim_end().to_owned()
}

fn lines(tried: &[Tried], out: &mut String) {
    let width = tried
        .iter()
        .map(|case| case.name.chars().count())
        .max()
        .unwrap_or_default();
    let _ = writeln!(out, "{:width$}  {:14}  rank  said", "case", "result");
    for case in tried {
        let (word, rank, said) = match &case.result {
            Err(_) => ("not run", String::new(), String::new()),
            Ok(outcome) => (
                outcome.verdict.word(),
                outcome
                    .rank
                    .map(|rank| rank.to_string())
                    .unwrap_or_default(),
                outcome.said.clone(),
            ),
        };
        let _ = writeln!(out, "{:width$}  {word:14}  {rank:>4}  {said}", case.name);
    }
    out.push('\n');
}

fn count(tried: &[&Tried], verdict: Verdict) -> usize {
    let is = |case: &&&Tried| {
        case.result
            .as_ref()
            .is_ok_and(|outcome| outcome.verdict == verdict)
    };
    tried.iter().filter(is).count()
}

fn totals(tried: &[Tried], out: &mut String) {
    let mut by_class: BTreeMap<&str, Vec<&Tried>> = BTreeMap::new();
    for case in tried {
        by_class.entry(&case.class).or_default().push(case);
    }
    if by_class.len() > 1 || by_class.keys().any(|class| !class.is_empty()) {
        let width = by_class
            .keys()
            .map(|class| class.chars().count())
            .max()
            .unwrap_or_default()
            .max(5);
        let _ = writeln!(
            out,
            "\n{:width$}  cases  {}",
            "class",
            Verdict::ALL.map(Verdict::word).join("  ")
        );
        for (class, cases) in &by_class {
            let _ = write!(out, "{class:width$}  {:5}", cases.len());
            for verdict in Verdict::ALL {
                let _ = write!(out, "  {:1$}", count(cases, verdict), verdict.word().len());
            }
            out.push('\n');
        }
    }
    let all: Vec<&Tried> = tried.iter().collect();
    let failed = tried
        .iter()
        .filter(|case| {
            case.result
                .as_ref()
                .is_ok_and(|outcome| !outcome.differences.is_empty())
        })
        .count();
    let broken = tried.iter().filter(|case| case.result.is_err()).count();
    let counts: Vec<String> = Verdict::ALL
        .into_iter()
        .map(|verdict| (count(&all, verdict), verdict))
        .filter(|(count, _)| *count > 0)
        .map(|(count, verdict)| format!("{count} {}", verdict.word()))
        .collect();
    let _ = writeln!(out, "\n{} cases: {}", tried.len(), counts.join(", "));
    calibration(tried, out);
    let passed = tried.len() - failed - broken;
    let _ = writeln!(
        out,
        "{passed} as their truth says, {failed} different, {broken} could not be run"
    );
}

/// How often each word of confidence stood before the right cause: "firm" should always.
fn calibration(tried: &[Tried], out: &mut String) {
    let mut words: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for outcome in tried.iter().filter_map(|case| case.result.as_ref().ok()) {
        if let Some(confidence) = &outcome.confidence {
            let (right, all) = words.entry(confidence).or_default();
            *right += usize::from(outcome.verdict == Verdict::Right);
            *all += 1;
        }
    }
    let told: Vec<String> = ["firm", "likely", "possible"]
        .iter()
        .filter_map(|word| {
            let (right, all) = words.get(word)?;
            Some(format!("{word} {right} of {all}"))
        })
        .collect();
    if !told.is_empty() {
        let _ = writeln!(out, "right where it said: {}", told.join(", "));
    }
}

/// The results for scripts.
pub(crate) fn json(tried: &[Tried]) -> String {
    let cases: Vec<_> = tried
        .iter()
        .map(|case| match &case.result {
            Err(why) => {
                json!({"name": case.name, "class": case.class, "passed": false, "error": why})
            }
            Ok(outcome) => json!({
                "name": case.name,
                "class": case.class,
                "passed": outcome.differences.is_empty(),
                "result": outcome.verdict.word(),
                "rank": outcome.rank,
                "expected": outcome.expected,
                "said": outcome.said,
                "state": outcome.state,
                "confidence": outcome.confidence,
                "differences": outcome.differences,
            }),
        })
        .collect();
    let document = json!({"schema": "coldcase.dev/cases/v1", "cases": cases});
    format!("{document:#}\n")
}

/// One result for a JUnit file.
pub(crate) fn junit(case: &Tried) -> junit::Case {
    junit::Case {
        class: if case.class.is_empty() {
            "coldcase".to_owned()
        } else {
            case.class.clone()
        },
        name: case.name.clone(),
        result: match &case.result {
            Err(why) => junit::Result::Error(why.clone()),
            Ok(outcome) if outcome.differences.is_empty() => junit::Result::Passed,
            Ok(outcome) => junit::Result::Failed(outcome.differences.join("\n")),
        },
    }
}
