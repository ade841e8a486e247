//! `coldcase explain`: the reasoning behind a cause as text: each step, each number, each citation.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf, process::ExitCode};

use clap::Args;
use coldcase_report::model::{Cause, Evidence, Report, Subject};

use crate::{args::Reading, diagnosed, error::Failure, output, rules};

/// Exit codes: 0 the reasoning was printed, 1 nothing was found to explain, 2 the bundle could not be analysed.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Directory, archive or file
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// Rank, rule or finding of the cause [default: all of them]
    #[arg(value_name = "CAUSE")]
    pub cause: Option<String>,
    /// Add rules from a directory; a rule with a known id replaces it
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    #[command(flatten)]
    pub reading: Reading,
}

/// Runs the command.
pub(crate) fn run(arguments: &Explain) -> Result<ExitCode, Failure> {
    let rules = rules::load(&arguments.rules)?;
    let report = diagnosed::report(
        std::slice::from_ref(&arguments.bundle),
        &arguments.reading,
        &rules,
    )?;
    let report = report.report();
    let chosen: Vec<&Cause> = report
        .causes
        .iter()
        .filter(|cause| {
            arguments
                .cause
                .as_deref()
                .is_none_or(|wanted| is_wanted(cause, wanted))
        })
        .collect();
    if let (Some(wanted), true) = (&arguments.cause, chosen.is_empty()) {
        let causes = report
            .causes
            .iter()
            .map(|cause| cause.rule.clone())
            .collect();
        return Err(Failure::NoCause(wanted.clone(), causes));
    }
    output::say(text(report, &chosen).trim_end());
    Ok(ExitCode::from(u8::from(chosen.is_empty())))
}

fn is_wanted(cause: &Cause, wanted: &str) -> bool {
    wanted == cause.rank.to_string() || wanted == cause.rule || wanted == cause.finding
}

/// Evidence by id, for citing.
struct Quotes<'a>(BTreeMap<&'a str, &'a Evidence>);

impl Quotes<'_> {
    /// Each citation with the first line of its quote.
    fn cite(&self, ids: &[String], out: &mut String) {
        for evidence in ids.iter().filter_map(|id| self.0.get(id.as_str())) {
            let line = if evidence.line == 0 {
                String::new()
            } else {
                format!(":{}", evidence.line)
            };
            let _ = writeln!(out, "        {}{line}", evidence.file);
            let quote = evidence.quote.lines().next().unwrap_or_default().trim();
            if !quote.is_empty() {
                let _ = writeln!(out, "          {}", coldcase_report::text::cut(quote, 300));
            }
        }
    }
}

fn text(report: &Report, chosen: &[&Cause]) -> String {
    let quotes = Quotes(
        report
            .evidence
            .iter()
            .map(|it| (it.id.as_str(), it))
            .collect(),
    );
    let mut out = format!("{}\n{}\n", report.bundle.name, report.verdict.sentence);
    for answer in &report.triage {
        let _ = writeln!(out, "  {} {}", answer.question, answer.answer);
        quotes.cite(&answer.evidence, &mut out);
    }
    for cause in chosen {
        explain(report, cause, &quotes, &mut out);
    }
    section("Cleared suspects", &mut out, !report.exonerated.is_empty());
    for it in &report.exonerated {
        let _ = writeln!(out, "  {}: {}", it.title, it.text);
        quotes.cite(&it.evidence, &mut out);
    }
    section(
        "Healthy against failing",
        &mut out,
        !report.blast_radius.is_empty(),
    );
    for it in &report.blast_radius {
        let _ = writeln!(
            out,
            "  {}: {} failing, {} healthy. {}",
            named(&it.subject),
            it.failing,
            it.healthy,
            it.text
        );
        for dimension in &it.dimensions {
            let _ = writeln!(out, "    {}: {}", dimension.name, dimension.result);
            for value in &dimension.values {
                let _ = writeln!(
                    out,
                    "      {}: {} failing, {} healthy",
                    value.value, value.failing, value.healthy
                );
            }
        }
        quotes.cite(&it.evidence, &mut out);
    }
    section("What changed", &mut out, !report.changes.is_empty());
    for it in &report.changes {
        let _ = writeln!(
            out,
            "  {} {} {}: {} ({})",
            it.time,
            it.kind,
            named(&it.subject),
            it.text,
            it.why
        );
        quotes.cite(&it.evidence, &mut out);
    }
    section("Could not check", &mut out, !report.unknown.is_empty());
    for it in &report.unknown {
        let _ = writeln!(out, "  {}: needs {}", it.title, it.missing.join("; "));
    }
    out
}

fn section(title: &str, out: &mut String, any: bool) {
    if any {
        let _ = writeln!(out, "\n{title}");
    }
}

fn named(subject: &Subject) -> String {
    match &subject.namespace {
        Some(namespace) => format!("{} {namespace}/{}", subject.kind, subject.name),
        None => format!("{} {}", subject.kind, subject.name),
    }
}

fn explain(report: &Report, cause: &Cause, quotes: &Quotes<'_>, out: &mut String) {
    let _ = writeln!(out, "\n{}. {}", cause.rank, cause.title);
    let _ = writeln!(
        out,
        "  rule {}, layer {}, severity {}, {}, state {}: {} points",
        cause.rule, cause.layer, cause.severity, cause.confidence, cause.state, cause.points
    );
    let seen = [
        ("first seen", &cause.first_seen),
        ("last seen", &cause.last_seen),
    ];
    for (word, time) in seen {
        if let Some(time) = time {
            let _ = writeln!(out, "  {word} {time}");
        }
    }
    for reason in &cause.reasons {
        let _ = writeln!(out, "    {:+4}  {}", reason.points, reason.text);
        quotes.cite(&reason.evidence, out);
    }
    let effects: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| cause.explains.contains(&finding.id))
        .collect();
    if !effects.is_empty() {
        out.push_str("  It explains:\n");
    }
    for finding in effects {
        let along = report
            .causal_edges
            .iter()
            .find(|edge| {
                edge.to == finding.id
                    && (edge.from == cause.finding || cause.explains.contains(&edge.from))
            })
            .map(|edge| format!(", along {}", edge.along))
            .unwrap_or_default();
        let _ = writeln!(out, "    {} ({}{along})", finding.title, finding.rule);
        quotes.cite(&finding.evidence, out);
    }
    if let Some(next) = report
        .causes
        .iter()
        .find(|other| other.rank == cause.rank + 1)
    {
        let _ = writeln!(
            out,
            "  It ranks above {} ({} points) by {} points.",
            next.rule,
            next.points,
            cause.points - next.points
        );
    }
}
