//! `coldcase rules why`: what each step of a rule saw in a bundle, and where its rows ended.

use std::process::ExitCode;

use coldcase_bundle::Bundle;
use coldcase_facts::Cite;
use coldcase_rules::{
    Finding, Looks, Unknown, evaluate_rule,
    trace::{self, Asked, Candidate, StepTrace},
    with_world,
};

use super::{load, named};
use crate::{args::RulesWhy, error::Failure, output, reading};

pub(super) fn run(arguments: &RulesWhy) -> Result<ExitCode, Failure> {
    let rules = load(&arguments.more.rules)?;
    let (index, rule) = named(&rules, &arguments.id)?;
    let (bundle, options) = reading::open_for(&arguments.bundles, &arguments.reading, &rules)?;
    let snapshot = reading::snapshot(&bundle, &options)?;
    let facts = coldcase_facts::derive(&snapshot);
    let (steps, findings, unknown) = with_world(&rules, &facts, Looks::AtAll, |world| {
        let (findings, unknown) = evaluate_rule(&rules, world, index);
        (trace::trace(world, rule), findings, unknown)
    });
    let mut lines = Vec::new();
    verdict(&bundle, &rule.id, &findings, unknown.as_ref(), &mut lines);
    show(&bundle, &rule.file, &steps, 0, &mut lines);
    output::say(&lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

fn verdict(
    bundle: &Bundle,
    id: &str,
    findings: &[Finding],
    unknown: Option<&Unknown>,
    lines: &mut Vec<String>,
) {
    if findings.is_empty() && unknown.is_none() {
        lines.push(format!("{id} is quiet"));
    }
    for finding in findings {
        lines.push(format!(
            "{id} fires for {}: {}",
            finding.subject, finding.title
        ));
        for (word, held) in [
            ("for", &finding.supports),
            ("against", &finding.contradicts),
        ] {
            for held in held {
                let place = held.cites.first().map(|cite| place(bundle, *cite));
                let place = place.unwrap_or_default();
                lines.push(format!("  {word}: {} {place}", held.text));
            }
        }
        for open in &finding.open {
            lines.push(format!("  open: {open}"));
        }
        if let Some(healed) = finding.healed {
            let word = if healed { "holds" } else { "does not hold" };
            lines.push(format!("  healed: {word}"));
        }
    }
    if let Some(unknown) = unknown {
        lines.push(format!(
            "{id} cannot be decided{}: {}",
            if findings.is_empty() {
                ""
            } else {
                " everywhere"
            },
            unknown.missing.join("; ")
        ));
    }
}

fn show(bundle: &Bundle, file: &str, steps: &[StepTrace], depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    for step in steps {
        let undecided = match step.undecided {
            0 => String::new(),
            number => format!(", {number} undecided"),
        };
        lines.push(String::new());
        lines.push(format!(
            "{indent}{}:{} {}: {} in, {} looked at, {} out{undecided}",
            file.rsplit('/').next().unwrap_or(file),
            step.place.line,
            step.step,
            rows(step.before),
            step.looked_at,
            rows(step.after)
        ));
        for missing in &step.missing {
            lines.push(format!("{indent}  missing: {missing}"));
        }
        for (mark, candidates) in [("+", &step.passed), ("-", &step.died)] {
            for candidate in candidates {
                one(bundle, mark, candidate, &indent, lines);
            }
        }
        for (number, alternative) in step.alternatives.iter().enumerate() {
            lines.push(format!("{indent}  alternative {}", number + 1));
            show(bundle, file, alternative, depth + 2, lines);
        }
        if step.before == 0 {
            lines.push(format!("{indent}  nothing came this far"));
            return;
        }
    }
}

fn rows(number: usize) -> String {
    match number {
        1 => "1 row".to_owned(),
        number => format!("{number} rows"),
    }
}

fn one(bundle: &Bundle, mark: &str, candidate: &Candidate, indent: &str, lines: &mut Vec<String>) {
    let where_ = candidate
        .place
        .map_or_else(String::new, |cite| format!(" {}", place(bundle, cite)));
    let own = match candidate.label.as_str() {
        label if candidate.subject.ends_with(label) => String::new(),
        label => format!(" ({label})"),
    };
    lines.push(format!(
        "{indent}  {mark} {}{own}{where_}",
        candidate.subject
    ));
    for asked in &candidate.conditions {
        lines.push(format!("{indent}      {}", condition(bundle, asked)));
    }
}

fn condition(bundle: &Bundle, asked: &Asked) -> String {
    let mark = match asked.holds {
        Some(true) => "holds",
        Some(false) => "fails",
        None => "not known",
    };
    let saw = if asked.values.is_empty() {
        "nothing there".to_owned()
    } else {
        coldcase_report::text::one_line(&asked.values.join(" | "))
    };
    let place = asked
        .place
        .map_or_else(String::new, |cite| format!(" {}", place(bundle, cite)));
    format!("{mark}: {}; saw {saw}{place}", asked.condition)
}

fn place(bundle: &Bundle, cite: Cite) -> String {
    format!("{}:{}", bundle.file(cite.file).path, cite.line)
}
