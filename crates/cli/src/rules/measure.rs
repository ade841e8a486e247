//! `coldcase rules coverage` and `bench`: what a bundle lets the rules decide, and what each costs there.

use std::{collections::BTreeMap, process::ExitCode, time::Duration};

use coldcase_rules::{LineKind, Looks, RuleSet, evaluate_rule, scan_pattern, with_world};
use serde_json::json;

use super::load;
use crate::{
    args::{InfoFormat, RulesBench, RulesCoverage},
    error::Failure,
    output, reading, timings,
};

pub(super) fn coverage(arguments: &RulesCoverage) -> Result<ExitCode, Failure> {
    let rules = load(&arguments.more.rules)?;
    let (bundle, options) = reading::open_for(&arguments.bundles, &arguments.reading, &rules)?;
    let snapshot = reading::snapshot(&bundle, &options)?;
    let facts = coldcase_facts::derive(&snapshot);
    let evaluation = coldcase_rules::evaluate(&rules, &facts);
    let mut fired: BTreeMap<usize, usize> = BTreeMap::new();
    for finding in &evaluation.findings {
        *fired.entry(finding.rule).or_default() += 1;
    }
    let open: BTreeMap<usize, &[String]> = evaluation
        .unknown
        .iter()
        .map(|unknown| (unknown.rule, unknown.missing.as_slice()))
        .collect();
    match arguments.format {
        InfoFormat::Json => output::say(&coverage_json(&rules, &fired, &open)),
        InfoFormat::Text => coverage_text(&rules, &fired, &open),
    }
    Ok(ExitCode::SUCCESS)
}

fn outcome(index: usize, fired: &BTreeMap<usize, usize>, open: bool) -> &'static str {
    match (fired.contains_key(&index), open) {
        (true, false) => "fired",
        (true, true) => "fired, undecided elsewhere",
        (false, true) => "undecided",
        (false, false) => "quiet",
    }
}

fn coverage_json(
    rules: &RuleSet,
    fired: &BTreeMap<usize, usize>,
    open: &BTreeMap<usize, &[String]>,
) -> String {
    let list: Vec<_> = rules
        .rules
        .iter()
        .enumerate()
        .map(|(index, rule)| {
            let missing = open.get(&index).copied().unwrap_or(&[]);
            json!({
                "id": rule.id,
                "outcome": outcome(index, fired, !missing.is_empty()),
                "findings": fired.get(&index).copied().unwrap_or(0),
                "missing": missing,
                "collect": if missing.is_empty() { &[][..] } else { rule.collect.as_slice() },
            })
        })
        .collect();
    format!("{:#}", json!({"hash": rules.hash, "rules": list}))
}

fn coverage_text(
    rules: &RuleSet,
    fired: &BTreeMap<usize, usize>,
    open: &BTreeMap<usize, &[String]>,
) {
    let undecided = open
        .keys()
        .filter(|index| !fired.contains_key(index))
        .count();
    let decided = rules.rules.len() - undecided;
    output::say(&format!(
        "{decided} of {} rules decided: {} fired, {} quiet; rule set {}",
        rules.rules.len(),
        fired.len(),
        decided - fired.len(),
        rules.hash
    ));
    for (index, rule) in rules.rules.iter().enumerate() {
        if let Some(findings) = fired.get(&index) {
            output::say(&format!("  fired      {:<36} {findings}", rule.id));
        }
    }
    let mut by_missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (index, missing) in open {
        let Some(rule) = rules.rules.get(*index) else {
            continue;
        };
        for missing in *missing {
            by_missing.entry(missing).or_default().push(&rule.id);
        }
    }
    let mut by_missing: Vec<_> = by_missing.into_iter().collect();
    by_missing.sort_by_key(|(missing, ids)| (std::cmp::Reverse(ids.len()), *missing));
    if !by_missing.is_empty() {
        output::say("undecided for want of");
    }
    for (missing, ids) in by_missing {
        output::say(&format!("  {missing}"));
        output::say(&format!("      {}", ids.join(", ")));
    }
}

pub(super) fn bench(arguments: &RulesBench) -> Result<ExitCode, Failure> {
    let rules = load(&arguments.more.rules)?;
    let (bundle, options) = reading::open_for(&arguments.bundles, &arguments.reading, &rules)?;
    let snapshot = reading::snapshot(&bundle, &options)?;
    let facts = coldcase_facts::derive(&snapshot);
    let mut by_rule: Vec<(Duration, usize, &str)> =
        with_world(&rules, &facts, Looks::AtFew, |world| {
            let timed = rules.rules.iter().enumerate().map(|(index, rule)| {
                let (time, findings) = fastest(arguments.runs, || {
                    evaluate_rule(&rules, world, index).0.len()
                });
                (time, findings, rule.id.as_str())
            });
            timed.collect()
        });
    by_rule.sort_by_key(|(time, _, id)| (std::cmp::Reverse(*time), *id));
    let costs = rules.costs();
    let mut by_pattern: Vec<(Duration, u64, usize)> = rules
        .patterns
        .iter()
        .enumerate()
        .map(|(index, pattern)| {
            let (time, hits) = fastest(arguments.runs, || scan_pattern(pattern, &facts));
            (time, hits, index)
        })
        .collect();
    by_pattern.sort_by_key(|(time, _, index)| (std::cmp::Reverse(*time), *index));
    let total: Duration = by_rule.iter().map(|(time, ..)| *time).sum();
    output::say(&format!(
        "{} rules, {} patterns, rule set {}; fastest of {} runs",
        rules.rules.len(),
        rules.patterns.len(),
        rules.hash,
        arguments.runs
    ));
    output::say(&format!("rules, one after the other: {}", shown(total)));
    for (time, findings, id) in by_rule.iter().take(arguments.top) {
        output::say(&format!(
            "{:>12} {findings:>6} findings  {id}",
            shown(*time)
        ));
    }
    output::say("patterns, each alone over all logs or journals");
    for (time, hits, index) in by_pattern.iter().take(arguments.top) {
        let (Some(pattern), Some(cost)) = (rules.patterns.get(*index), costs.get(*index)) else {
            continue;
        };
        let kind = match pattern.kind {
            LineKind::Log => "logs",
            LineKind::Journal => "journals",
        };
        output::say(&format!(
            "{:>12} {hits:>6} lines  {kind:<8} {:<6} {}",
            shown(*time),
            cost.lane.to_string(),
            pattern.regex
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// The least time of some runs, and what the work gave.
fn fastest<T>(runs: u32, mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut timed = || {
        let start = timings::now();
        let result = work();
        (start.elapsed(), result)
    };
    let (mut best, mut result) = timed();
    for _ in 1..runs {
        let (time, again) = timed();
        best = best.min(time);
        result = again;
    }
    (best, result)
}

fn shown(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}
