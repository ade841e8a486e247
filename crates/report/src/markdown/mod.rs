//! The incident report for a ticket, in Markdown that hostile text cannot turn into markup.

mod escape;
mod fit;
mod incident;

use std::io::{Result, Write};

use crate::index::{Index, layer_rank, place, reasons_against, reasons_for, severity_rank};
use crate::layout::{plural, thousands};
use crate::model::{BlastRadius, Cause, Finding, Reason, Report};
use crate::text::cut;
use crate::times;
use escape::{cell, code, code_cell, fenced, prose};
use fit::{Limits, fitted, others};

pub(crate) fn render(report: &Report, out: &mut dyn Write) -> Result<()> {
    let index = Index::new(report);
    let page = fitted(|limits, shortened| {
        let mut page = String::new();
        head(&mut page, report);
        if shortened {
            let said = "Shortened to fit into an issue; each part says what it leaves out. The HTML and JSON reports have all.";
            paragraph(&mut page, &format!("\n*{said}*"));
        }
        incident::template(&mut page, &index, limits);
        causes(&mut page, &index, limits);
        exonerated(&mut page, &index, limits);
        changes(&mut page, &index, limits);
        blast_radius(&mut page, &index, limits);
        findings(&mut page, &index, limits);
        unknown(&mut page, report, limits);
        timeline(&mut page, &index, limits);
        undated(&mut page, report, limits);
        evidence(&mut page, report, limits);
        page
    });
    out.write_all(page.as_bytes())
}

/// Says how many of a list are left out, if any are.
fn left_out(page: &mut String, shown: usize, all: usize, which: &str) {
    if let Some(said) = others(shown, all, which) {
        paragraph(page, &said);
    }
}

/// A line of its own.
fn line(page: &mut String, text: &str) {
    page.push_str(text);
    page.push('\n');
}

/// A block of its own.
fn paragraph(page: &mut String, text: &str) {
    line(page, text);
    page.push('\n');
}

fn heading(page: &mut String, text: &str) {
    page.push('\n');
    paragraph(page, &format!("## {text}"));
}

/// Evidence with its places, for arguments.
fn cited(index: &Index<'_>, ids: &[String]) -> String {
    let place = |id: &str| match index.evidence(id) {
        Some(evidence) => code(&place(evidence)),
        None => "not in this report".to_owned(),
    };
    let cites: Vec<String> = ids
        .iter()
        .map(|id| format!("{} {}", prose(id), place(id)))
        .collect();
    if cites.is_empty() {
        String::new()
    } else {
        format!(" — {}", cites.join(", "))
    }
}

/// Evidence ids alone, for tables.
fn ids(ids: &[String]) -> String {
    ids.iter().map(|id| cell(id)).collect::<Vec<_>>().join(", ")
}

fn head(page: &mut String, report: &Report) {
    let (bundle, verdict) = (&report.bundle, &report.verdict);
    paragraph(page, &format!("# Incident report: {}", prose(&bundle.name)));
    let confidence = verdict
        .confidence
        .as_ref()
        .map(|c| format!(" ({})", prose(c)))
        .unwrap_or_default();
    let state = prose(&verdict.state.replace('_', " "));
    paragraph(
        page,
        &format!(
            "**Verdict: {state}**{confidence}. {}",
            prose(&verdict.sentence)
        ),
    );
    let incidents = crate::incidents::lines(report);
    for incident in &incidents {
        line(page, &format!("- {}", prose(incident)));
    }
    if !incidents.is_empty() {
        line(page, "");
    }
    let captured = bundle
        .captured_at
        .as_deref()
        .map_or_else(|| "at an unknown time".to_owned(), times::stamp);
    let version = bundle.kubernetes_version.as_deref().unwrap_or("unknown");
    line(
        page,
        &format!(
            "- Captured: {} ({})",
            prose(&captured),
            prose(&bundle.captured_at_source)
        ),
    );
    line(
        page,
        &format!(
            "- Cluster: {}, Kubernetes {}",
            prose(blank(&bundle.cluster)),
            prose(version)
        ),
    );
    line(page, &format!("- Bundle hash: {}", code(&bundle.hash)));
    let tool = &report.tool;
    line(
        page,
        &format!(
            "- coldcase {}, {} ({})",
            prose(&tool.version),
            plural(tool.rules, "rule"),
            code(&tool.rules_hash)
        ),
    );
}

/// A word where a name is missing.
fn blank(text: &str) -> &str {
    if text.is_empty() { "unnamed" } else { text }
}

fn causes(page: &mut String, index: &Index<'_>, limits: &Limits) {
    let all = &index.report.causes;
    if all.is_empty() {
        return;
    }
    heading(page, "Ranked causes");
    for cause in all.iter().take(limits.causes) {
        one_cause(page, index, cause, limits);
    }
    let named = || all.iter().skip(limits.causes).take(limits.named);
    let told = all.len().min(limits.causes);
    if named().next().is_some() {
        paragraph(page, "### Further causes, in one line each");
        for cause in named() {
            let title = prose(&cut(&cause.title, limits.text));
            let (confidence, rule) = (prose(&cause.confidence), code(&cause.rule));
            line(
                page,
                &format!("- {}. {title} ({confidence}; {rule})", cause.rank),
            );
        }
        page.push('\n');
    }
    left_out(page, told + named().count(), all.len(), "");
}

fn one_cause(page: &mut String, index: &Index<'_>, cause: &Cause, limits: &Limits) {
    paragraph(
        page,
        &format!("### {}. {}", cause.rank, prose(&cause.title)),
    );
    let since = cause
        .first_seen
        .as_deref()
        .map(|t| format!(" since {}", prose(&times::stamp(t))))
        .unwrap_or_default();
    let state = format!("{}{since}", prose(&cause.state));
    paragraph(
        page,
        &format!(
            "{state}; confidence {}; {}; rule {}; {}",
            prose(&cause.confidence),
            prose(&cause.subject.to_string()),
            code(&cause.rule),
            prose(&cause.layer)
        ),
    );
    if !cause.meaning.is_empty() {
        paragraph(page, &prose(&cause.meaning));
    }
    let context = cause.reasons.iter().filter(|r| r.points == 0).collect();
    let (ranking, held): (Vec<&Reason>, Vec<&Reason>) =
        reasons_for(cause).into_iter().partition(|r| r.ranking);
    arguments(page, index, "For", held);
    weighed(page, &ranking);
    arguments(page, index, "Against", reasons_against(cause));
    arguments(page, index, "Context", context);
    let mut explained = index.explained(cause);
    let more = explained.len().saturating_sub(limits.listed);
    explained.truncate(limits.listed);
    if more > 0 {
        explained.push(format!("… and {} more", thousands(more as u64)));
    }
    list(page, "Explains", &explained);
    let next = &cause.next;
    list(page, "Observe first (read-only)", &next.observe);
    list(page, "Mitigate (reversible)", &next.mitigate);
    list(page, "Fix", &next.fix);
    list(page, "Avoid", &next.avoid);
    list(page, "Verify recovery", &next.verify);
}

/// What only orders causes, on one line.
fn weighed(page: &mut String, reasons: &[&Reason]) {
    let texts: Vec<String> = reasons.iter().map(|reason| prose(&reason.text)).collect();
    if !texts.is_empty() {
        paragraph(page, &format!("For its rank: {}", texts.join(" · ")));
    }
}

fn arguments(page: &mut String, index: &Index<'_>, label: &str, reasons: Vec<&Reason>) {
    if reasons.is_empty() {
        return;
    }
    paragraph(page, &format!("**{label}**"));
    for reason in reasons {
        line(
            page,
            &format!(
                "- {}{}",
                prose(&reason.text),
                cited(index, &reason.evidence)
            ),
        );
    }
    page.push('\n');
}

fn list(page: &mut String, label: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    paragraph(page, &format!("**{label}**"));
    for item in items {
        line(page, &format!("- {}", prose(item)));
    }
    page.push('\n');
}

fn exonerated(page: &mut String, index: &Index<'_>, limits: &Limits) {
    if index.report.exonerated.is_empty() {
        return;
    }
    heading(page, "Not the cause");
    let all = &index.report.exonerated;
    left_out(page, limits.listed, all.len(), "");
    for suspect in all.iter().take(limits.listed) {
        let why = format!(
            "{}{}",
            prose(&suspect.text),
            cited(index, &suspect.evidence)
        );
        line(page, &format!("- **{}**: {why}", prose(&suspect.title)));
    }
}

fn changes(page: &mut String, index: &Index<'_>, limits: &Limits) {
    if index.report.changes.is_empty() {
        return;
    }
    heading(page, "What changed");
    let all = &index.report.changes;
    let older = all.len().saturating_sub(limits.listed);
    left_out(page, limits.listed, all.len(), "newest");
    line(page, "| Time (UTC) | Kind | Change | Relation | Evidence |");
    line(page, "|---|---|---|---|---|");
    for change in all.iter().skip(older) {
        let relation = if change.why.is_empty() {
            change.relation.clone()
        } else {
            format!("{}: {}", change.relation, change.why)
        };
        let (time, kind, text) = (
            cell(&times::stamp(&change.time)),
            cell(&change.kind),
            cell(&cut(&change.text, limits.text)),
        );
        line(
            page,
            &format!(
                "| {time} | {kind} | {text} | {} | {} |",
                cell(&relation),
                ids(&change.evidence)
            ),
        );
    }
}

fn blast_radius(page: &mut String, index: &Index<'_>, limits: &Limits) {
    if index.report.blast_radius.is_empty() {
        return;
    }
    heading(page, "Blast radius");
    let all = &index.report.blast_radius;
    left_out(page, limits.listed, all.len(), "");
    for radius in all.iter().take(limits.listed) {
        one_radius(page, index, radius);
    }
}

fn one_radius(page: &mut String, index: &Index<'_>, radius: &BlastRadius) {
    let cites = cited(index, &radius.evidence);
    paragraph(
        page,
        &format!(
            "### {}\n\n{}{cites}",
            prose(&radius.subject.to_string()),
            prose(&radius.text)
        ),
    );
    line(page, "| Dimension | Value | Failing | Healthy | Result |");
    line(page, "|---|---|---:|---:|---|");
    for dimension in &radius.dimensions {
        let (name, result) = (cell(&dimension.name), cell(&dimension.result));
        for value in &dimension.values {
            let shown = code_cell(&value.value);
            line(
                page,
                &format!(
                    "| {name} | {shown} | {} | {} | {result} |",
                    value.failing, value.healthy
                ),
            );
        }
    }
    page.push('\n');
}

fn findings(page: &mut String, index: &Index<'_>, limits: &Limits) {
    if index.report.findings.is_empty() {
        return;
    }
    heading(page, "Findings");
    let mut sorted: Vec<&Finding> = index.report.findings.iter().collect();
    // The report has the most severe first.
    sorted.truncate(limits.findings);
    left_out(
        page,
        sorted.len(),
        index.report.findings.len(),
        "most severe",
    );
    sorted.sort_by_key(|f| {
        (
            layer_rank(&f.layer),
            f.layer.as_str(),
            severity_rank(&f.severity),
        )
    });
    line(
        page,
        "| Layer | Severity | Role | State | Finding | Rule | Evidence |",
    );
    line(page, "|---|---|---|---|---|---|---|");
    for finding in sorted {
        let head = [
            &finding.layer,
            &finding.severity,
            &finding.role,
            &finding.state,
        ]
        .map(|text| cell(text))
        .join(" | ");
        let count = if finding.count > 1 {
            format!(" ×{}", finding.count)
        } else {
            String::new()
        };
        let title = cell(&cut(&finding.title, limits.text));
        line(
            page,
            &format!(
                "| {head} | {title}{count} | {} | {} |",
                code_cell(&finding.rule),
                ids(&finding.evidence)
            ),
        );
    }
}

fn unknown(page: &mut String, report: &Report, limits: &Limits) {
    if !report.unknown.is_empty() {
        heading(page, "Could not check");
        left_out(page, limits.unknown, report.unknown.len(), "");
        for unknown in report.unknown.iter().take(limits.unknown) {
            let missing = unknown
                .missing
                .iter()
                .map(|m| prose(m))
                .collect::<Vec<_>>()
                .join("; ");
            line(
                page,
                &format!(
                    "- **{}** ({}): {missing}",
                    prose(&unknown.title),
                    code(&unknown.rule)
                ),
            );
            for step in &unknown.collect {
                line(page, &format!("  - Collect: {}", prose(step)));
            }
        }
    }
    if !report.problems.is_empty() {
        heading(page, "Damage and limits");
        left_out(page, limits.listed, report.problems.len(), "");
        for problem in report.problems.iter().take(limits.listed) {
            let place = match problem.line {
                0 => problem.file.clone(),
                number => format!("{}:{number}", problem.file),
            };
            line(
                page,
                &format!(
                    "- {}: {}",
                    code(blank(&place)),
                    prose(&cut(&problem.what, limits.text))
                ),
            );
        }
    }
}

fn timeline(page: &mut String, index: &Index<'_>, limits: &Limits) {
    let all = &index.report.timeline;
    if all.is_empty() {
        return;
    }
    heading(page, "Timeline");
    let shown = index.important(limits.timeline);
    left_out(page, shown.len(), all.len(), "most important entries");
    line(page, "| Time (UTC) | Layer | Severity | What | Evidence |");
    line(page, "|---|---|---|---|---|");
    for entry in shown.into_iter().filter_map(|at| all.get(at)) {
        let mut time = times::stamp(&entry.time);
        if let Some(end) = &entry.end_time {
            time = format!("{time} to {}", times::near(end, Some(&entry.time)));
        }
        let count = if entry.count > 1 {
            format!(" ×{}", thousands(entry.count))
        } else {
            String::new()
        };
        let what = cell(&format!(
            "{}: {}",
            entry.subject,
            cut(&entry.text, limits.text)
        ));
        let (layer, severity) = (cell(&entry.layer), cell(&entry.severity));
        line(
            page,
            &format!(
                "| {} | {layer} | {severity} | {what}{count} | {} |",
                cell(&time),
                ids(&entry.evidence)
            ),
        );
    }
}

/// Events of which only the age is known: warnings and the newest first, if not all can be shown.
fn undated(page: &mut String, report: &Report, limits: &Limits) {
    let all = &report.undated;
    if all.is_empty() {
        return;
    }
    heading(page, "Events without a time");
    paragraph(page, times::UNDATED);
    let mut shown: Vec<usize> = (0..all.len()).rev().collect();
    shown.sort_by_key(|at| all.get(*at).is_some_and(|it| it.severity == "info"));
    shown.truncate(limits.timeline);
    shown.sort_unstable();
    left_out(
        page,
        shown.len(),
        all.len(),
        "warnings and the newest events",
    );
    line(page, "| Age | What | Evidence |");
    line(page, "|---|---|---|");
    for event in shown.into_iter().filter_map(|at| all.get(at)) {
        let age = cell(&times::age(event.age_seconds));
        let what = cell(&format!(
            "{}: {}",
            event.subject,
            cut(&event.text, limits.text)
        ));
        let count = match event.count {
            0 | 1 => String::new(),
            count => format!(" ×{}", thousands(count)),
        };
        line(
            page,
            &format!("| {age} | {what}{count} | {} |", ids(&event.evidence)),
        );
    }
}

fn evidence(page: &mut String, report: &Report, limits: &Limits) {
    if report.evidence.is_empty() {
        return;
    }
    heading(page, "Evidence");
    left_out(
        page,
        limits.evidence,
        report.evidence.len(),
        "quotes that are used first",
    );
    for quote in report.evidence.iter().take(limits.evidence) {
        paragraph(
            page,
            &format!("**{}** {}", prose(&quote.id), code(&place(quote))),
        );
        page.push_str(&fenced(&cut(&quote.quote, limits.text)));
        page.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use crate::{Format, fixture, render};

    fn markdown(report: &crate::model::Report) -> String {
        let mut out = Vec::new();
        render(report, Format::Markdown, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The document without its fenced quotes, which show everything as it is.
    fn outside_fences(document: &str) -> String {
        let mut fence: Option<String> = None;
        let mut out = String::new();
        for line in document.lines() {
            match &fence {
                Some(open) if line == open => fence = None,
                Some(_) => {}
                None if line.starts_with("```") => {
                    fence = Some(line.trim_end_matches("text").to_owned());
                }
                None => out.extend([line, "\n"]),
            }
        }
        assert!(fence.is_none(), "a fence stays open");
        out.lines().map(outside_spans).collect()
    }

    /// A line without its inline code, found as CommonMark finds it.
    fn outside_spans(line: &str) -> String {
        let chars: Vec<char> = line.chars().collect();
        let run = |at: usize| chars.iter().skip(at).take_while(|c| **c == '`').count();
        let mut out = String::new();
        let mut at = 0;
        while let Some(c) = chars.get(at) {
            let ticks = run(at);
            if *c == '\\' {
                out.extend(chars.iter().skip(at).take(2));
                at += 2;
            } else if ticks == 0 {
                out.push(*c);
                at += 1;
            } else {
                let mut close = at + ticks;
                while close < chars.len() && run(close) != ticks {
                    close += run(close).max(1);
                }
                assert!(close < chars.len(), "inline code stays open: {line}");
                at = close + ticks;
            }
        }
        out + "\n"
    }

    #[test]
    fn no_field_injects_markup() {
        for text in [
            "<script>alert(1)</script>",
            "[a](javascript:x)",
            "![a](https://evil.example/x.png)",
            "<img src=x onerror=y>",
        ] {
            let outside = outside_fences(&markdown(&fixture::hostile(text)));
            assert!(!outside.replace("\\<", "").contains('<'), "{text}");
            assert!(!outside.replace("\\]", "").contains("]("), "{text}");
            assert!(!outside.replace("\\:", "").contains("://"), "{text}");
        }
    }

    #[test]
    fn newlines_start_no_blocks() {
        let outside = outside_fences(&markdown(&fixture::hostile(
            "x\n\n# owned\n> owned\n- owned\n| owned |\n```\nowned",
        )));
        for line in outside.lines() {
            assert!(
                !line.trim_start().starts_with("# owned") && !line.contains("| owned |"),
                "{line}"
            );
            assert!(
                !line.trim_start_matches(['-', ' ']).starts_with("owned"),
                "{line}"
            );
        }
    }

    #[test]
    fn tables_keep_their_columns() {
        let document = markdown(&fixture::hostile("a | b `c | d` \\"));
        let mut columns = 0;
        for line in outside_fences(&document).lines() {
            if !line.starts_with('|') {
                columns = 0;
                continue;
            }
            let bars = line
                .replace("\\\\", "")
                .replace("\\|", "")
                .matches('|')
                .count();
            assert!(columns == 0 || columns == bars, "{line}");
            columns = bars;
        }
    }

    #[test]
    fn a_long_timeline_is_cut_and_says_so() {
        let mut report = fixture::kube_proxy_oom();
        let quiet = report.timeline.first().cloned().unwrap();
        report.timeline.splice(0..0, vec![quiet; 500]);
        let document = markdown(&report);
        assert!(document.contains("The 200 most important entries; 313 others are left out."));
        assert!(document.contains("Killed process 2211"));
    }
}
