//! A report as JUnit XML: a CI run that analyses a bundle fails by what it found, and says what could not be checked.

use std::io::{Result, Write};

use super::junit::{Case, Result as Outcome, Suite, document};
use super::{quotes, steps};
use crate::{
    index::{Index, layer_rank, severity_rank},
    model::{Exoneration, Finding, Report, Unknown},
    text::{QUOTE_LIMIT, cut, one_line},
};

/// Findings of this severity and above fail, as they make the exit code of `analyze` 1 by default.
const FAILS: &str = "medium";
/// Timeline entries beside the result.
const ENTRIES: usize = 1_000;

pub(crate) fn render(report: &Report, out: &mut dyn Write) -> Result<()> {
    out.write_all(document(&suites(report)).as_bytes())
}

/// The reading, the findings by layer, what is cleared, what could not be checked.
fn suites(report: &Report) -> Vec<Suite> {
    let index = Index::new(report);
    let mut layers: Vec<(&str, Vec<Case>)> = Vec::new();
    for finding in &report.findings {
        let case = finding_case(&index, finding);
        match layers.iter_mut().find(|(layer, _)| *layer == finding.layer) {
            Some((_, cases)) => cases.push(case),
            None => layers.push((&finding.layer, vec![case])),
        }
    }
    layers.sort_by_key(|(layer, _)| (layer_rank(layer), *layer));
    let mut all = vec![("bundle".to_owned(), vec![reading(&index)])];
    all.extend(
        layers
            .into_iter()
            .map(|(layer, cases)| (layer.to_owned(), cases)),
    );
    let cleared = report
        .exonerated
        .iter()
        .map(|suspect| cleared(&index, suspect));
    all.push(("not the cause".to_owned(), cleared.collect()));
    let open = report.unknown.iter().map(undecided);
    all.push(("could not check".to_owned(), open.collect()));
    let timestamp = report.bundle.captured_at.clone().unwrap_or_default();
    all.into_iter()
        .filter(|(_, cases)| !cases.is_empty())
        .enumerate()
        .map(|(at, (name, cases))| Suite {
            name: format!("coldcase {}: {name}", report.bundle.name),
            timestamp: timestamp.clone(),
            properties: if at == 0 {
                properties(report)
            } else {
                Vec::new()
            },
            cases,
        })
        .collect()
}

fn properties(report: &Report) -> Vec<(String, String)> {
    let (bundle, verdict) = (&report.bundle, &report.verdict);
    let pairs = [
        ("schema", report.schema.as_str()),
        ("coldcase.version", &report.tool.version),
        ("coldcase.rules_hash", &report.tool.rules_hash),
        ("bundle.hash", &bundle.hash),
        ("bundle.cluster", &bundle.cluster),
        (
            "bundle.kubernetes_version",
            bundle.kubernetes_version.as_deref().unwrap_or_default(),
        ),
        ("verdict.state", &verdict.state),
        ("verdict.sentence", &verdict.sentence),
        (
            "verdict.confidence",
            verdict.confidence.as_deref().unwrap_or_default(),
        ),
    ];
    let said = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    said.map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The bundle was read; with what was missing, what was damaged, and the timeline.
fn reading(index: &Index<'_>) -> Case {
    let report = index.report;
    let mut said = vec![format!(
        "{}: {}",
        report.verdict.state.replace('_', " "),
        report.verdict.sentence
    )];
    for source in report
        .bundle
        .coverage
        .iter()
        .filter(|c| c.status != "collected")
    {
        said.push(format!(
            "{}: {} {}",
            source.source,
            source.status.replace('_', " "),
            source.detail
        ));
    }
    for problem in &report.problems {
        said.push(format!(
            "{}:{}: {}",
            problem.file, problem.line, problem.what
        ));
    }
    said.extend(timeline(index));
    Case {
        class: "coldcase".to_owned(),
        name: format!("{} can be read", one_line(&report.bundle.name)),
        result: Outcome::Noted(said.join("\n")),
    }
}

/// The timeline in lines; the formats for timelines have all of it.
fn timeline(index: &Index<'_>) -> Vec<String> {
    let all = &index.report.timeline;
    let shown = index.important(ENTRIES);
    let left = all.len().saturating_sub(shown.len());
    let mut lines: Vec<String> = shown
        .into_iter()
        .filter_map(|at| all.get(at))
        .map(|entry| {
            let text = cut(&entry.text, QUOTE_LIMIT);
            format!("{} {}: {text}", entry.time, entry.subject)
        })
        .collect();
    if left > 0 {
        lines.push(format!("{left} less important entries are left out"));
    }
    lines
}

fn finding_case(index: &Index<'_>, finding: &Finding) -> Case {
    let fails = severity_rank(&finding.severity) <= severity_rank(FAILS);
    let text = explained(index, finding);
    Case {
        class: finding.rule.clone(),
        name: one_line(&finding.title),
        result: if fails {
            Outcome::Failed(text)
        } else {
            Outcome::Noted(text)
        },
    }
}

/// Everything that a person needs who sees only this test.
fn explained(index: &Index<'_>, finding: &Finding) -> String {
    let mut said = vec![
        one_line(&finding.title),
        format!(
            "{} ({}, {}, {})",
            finding.subject, finding.severity, finding.role, finding.state
        ),
    ];
    said.extend(
        [&finding.meaning, &finding.false_alarm]
            .into_iter()
            .filter(|text| !text.is_empty())
            .cloned(),
    );
    if let Some(cause) = index.cause_of(finding) {
        said.push(format!("cause {}, {}", cause.rank, cause.confidence));
        said.extend(
            cause
                .reasons
                .iter()
                .map(|reason| format!("{:+} {}", reason.points, reason.text)),
        );
        said.extend(
            steps(cause)
                .iter()
                .map(|(word, step)| format!("{word}: {step}")),
        );
    }
    let explained: Vec<&str> = finding
        .explained_by
        .iter()
        .filter_map(|id| index.finding(id))
        .map(|by| by.title.as_str())
        .collect();
    said.extend(explained.iter().map(|by| format!("explained by: {by}")));
    said.extend(
        quotes(index, &finding.evidence)
            .iter()
            .map(|quote| cut(quote, QUOTE_LIMIT).into_owned()),
    );
    said.join("\n")
}

fn cleared(index: &Index<'_>, suspect: &Exoneration) -> Case {
    let mut said = vec![suspect.text.clone(), suspect.subject.to_string()];
    said.extend(quotes(index, &suspect.evidence));
    Case {
        class: "not-the-cause".to_owned(),
        name: one_line(&suspect.title),
        result: Outcome::Noted(said.join("\n")),
    }
}

fn undecided(unknown: &Unknown) -> Case {
    let mut said = vec![unknown.missing.join("; ")];
    said.extend(
        unknown
            .collect
            .iter()
            .map(|step| format!("collect: {step}")),
    );
    said.extend(
        unknown
            .subjects
            .iter()
            .map(|subject| format!("undecided for {subject}")),
    );
    let more = unknown.more_subjects;
    said.extend((more > 0).then(|| format!("undecided for {more} others")));
    Case {
        class: unknown.rule.clone(),
        name: one_line(&unknown.title),
        result: Outcome::Skipped(said.join("\n")),
    }
}
