//! The terminal summary: what a tired engineer reads first, wrapped to the width of the window.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Result, Write},
};

use crate::index::{Index, place, reasons_against, reasons_for};
use crate::layout::{bytes, plural, thousands, width, wrap};
use crate::model::{BundleInfo, Cause, Evidence, Report};
use crate::text::one_line;
use crate::times;

/// How the summary is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SummaryStyle {
    /// Use ANSI colours.
    pub color: bool,
    /// Columns of the terminal; 120 where there is none.
    pub width: usize,
}

impl Default for SummaryStyle {
    fn default() -> Self {
        Self {
            color: false,
            width: 120,
        }
    }
}

/// Causes, reasons and other lists are cut here; the HTML report has the rest.
const CAUSES: usize = 3;
const REASONS: usize = 4;
const LISTED: usize = 5;
/// Characters of a quote beside its reason.
const QUOTE: usize = 160;
/// Column where text begins, right of the labels.
const BODY: usize = 11;
/// Narrower than this, labels get lines of their own.
const NARROW: usize = 40;

/// ANSI parameters.
mod ink {
    pub(super) const BOLD: &str = "1";
    pub(super) const DIM: &str = "2";
    pub(super) const RED: &str = "1;31";
    pub(super) const GREEN: &str = "1;32";
    pub(super) const YELLOW: &str = "1;33";
    pub(super) const CYAN: &str = "1;36";
}

pub(crate) fn render(report: &Report, style: SummaryStyle, out: &mut dyn Write) -> Result<()> {
    let index = Index::new(report);
    let mut page = Page {
        style,
        text: String::new(),
    };
    page.paragraph(0, &facts(&report.bundle), ink::DIM);
    let shown: Vec<&Cause> = report.causes.iter().take(CAUSES).collect();
    let decided = matches!(report.verdict.state.as_str(), "active" | "recovered");
    if !decided || shown.is_empty() {
        verdict(&mut page, report);
    }
    let incidents = crate::incidents::lines(report);
    if !incidents.is_empty() {
        page.blank();
        page.paragraph(0, &crate::incidents::heading(report), ink::BOLD);
        let column = if page.body() == 0 { 0 } else { 2 };
        for incident in &incidents {
            page.paragraph(column, incident, "");
        }
    }
    for (at, cause) in shown.iter().enumerate() {
        headline(&mut page, cause, report);
        arguments(&mut page, &index, cause);
        if at == 0 {
            exonerated(&mut page, &index);
        }
        steps(&mut page, cause);
    }
    closing(&mut page, &index, decided);
    out.write_all(page.text.as_bytes())
}

/// Line 1: what was read.
fn facts(bundle: &BundleInfo) -> String {
    let mut parts = vec![bundle.name.clone()];
    if !bundle.layouts.is_empty() {
        parts.push(bundle.layouts.join(" + "));
    }
    parts.extend(
        bundle
            .kubernetes_version
            .as_ref()
            .map(|v| format!("Kubernetes {v}")),
    );
    parts.extend(
        bundle
            .captured_at
            .as_ref()
            .map(|at| format!("captured {}", times::stamp(at))),
    );
    let counts = &bundle.counts;
    let mut sizes = vec![
        plural(counts.objects, "object"),
        plural(counts.events, "event"),
    ];
    if counts.logs > 0 {
        sizes.push(format!("{} of logs", bytes(counts.log_bytes)));
    }
    if counts.journals > 0 {
        sizes.push(plural(counts.journals, "journal"));
    }
    parts.push(sizes.join(", "));
    parts.join(" · ")
}

/// The sentence where no cause can stand for it.
fn verdict(page: &mut Page, report: &Report) {
    page.blank();
    let (state, color) = state_word(&report.verdict.state);
    page.head(&state, color, &report.verdict.sentence, None);
}

fn state_word(state: &str) -> (String, &'static str) {
    let color = match state {
        "active" => ink::RED,
        "recovered" => ink::GREEN,
        "inconclusive" => ink::YELLOW,
        _ => ink::CYAN,
    };
    (state.replace('_', " ").to_uppercase(), color)
}

fn headline(page: &mut Page, cause: &Cause, report: &Report) {
    page.blank();
    let (mut state, color) = state_word(&cause.state);
    if let Some(since) = &cause.first_seen {
        state = format!(
            "{state} since {}",
            times::near(&times::whole(since), report.bundle.captured_at.as_deref())
        );
    }
    page.head(&state, color, &cause.title, Some(&cause.confidence));
}

fn arguments(page: &mut Page, index: &Index<'_>, cause: &Cause) {
    for (label, reasons) in [
        ("for", reasons_for(cause)),
        ("against", reasons_against(cause)),
    ] {
        for (at, reason) in reasons.iter().take(REASONS).enumerate() {
            let label = if at == 0 { label } else { "" };
            page.argument(label, &reason.text, index.first_evidence(&reason.evidence));
        }
    }
    let explained = index.explained(cause);
    if !explained.is_empty() {
        page.entry("explains", &some(&explained), None);
    }
}

fn exonerated(page: &mut Page, index: &Index<'_>) {
    for (at, suspect) in index.report.exonerated.iter().take(LISTED).enumerate() {
        let label = if at == 0 { "not it" } else { "" };
        page.entry(label, &format!("{}: {}", suspect.title, suspect.text), None);
    }
}

fn steps(page: &mut Page, cause: &Cause) {
    let next = &cause.next;
    // What is over needs no mitigation any more.
    let over = cause.state == "recovered";
    let second = if over { &next.verify } else { &next.mitigate };
    let mut safe = [&next.observe, second, &next.fix]
        .into_iter()
        .filter_map(|steps| steps.first());
    for label in ["first", if over { "verify" } else { "then" }] {
        if let Some(step) = safe.next() {
            page.entry(label, step, None);
        }
    }
    if !next.avoid.is_empty() {
        page.entry("avoid", &next.avoid.join(" · "), None);
    }
}

/// Each rule groups what it lacks ("journal of a and 3 others: …"); over all rules the largest group
/// of a sort says it, and its members need no line of their own.
fn without_named_twice(missing: Vec<String>) -> Vec<String> {
    fn sort(text: &str) -> Option<(String, usize)> {
        let (source, reason) = text.split_once(": ")?;
        let grouped = source.strip_suffix(" others").and_then(|rest| {
            let (source, count) = rest.rsplit_once(" and ")?;
            Some((source, count.parse().ok()?))
        });
        let (source, others) = grouped.unwrap_or((source, 0));
        let (sort, _) = source.rsplit_once(' ')?;
        Some((format!("{sort}: {reason}"), others))
    }
    let mut largest: BTreeMap<String, usize> = BTreeMap::new();
    for (sort, others) in missing.iter().filter_map(|text| sort(text)) {
        let most = largest.entry(sort).or_default();
        *most = others.max(*most);
    }
    let mut said: BTreeSet<String> = BTreeSet::new();
    missing
        .into_iter()
        .filter(|text| match sort(text) {
            None => true,
            Some((sort, others)) => match largest.get(&sort) {
                Some(0) | None => true,
                Some(most) => others == *most && said.insert(sort),
            },
        })
        .collect()
}

/// What is missing, and what to collect where that would decide it.
fn closing(page: &mut Page, index: &Index<'_>, decided: bool) {
    let report = index.report;
    if !report.unknown.is_empty() {
        let mut missing: Vec<String> = Vec::new();
        for unknown in &report.unknown {
            let reasons = if unknown.missing.is_empty() {
                std::slice::from_ref(&unknown.title)
            } else {
                &unknown.missing
            };
            for reason in reasons {
                push_new(&mut missing, reason);
            }
        }
        let missing = without_named_twice(missing);
        page.blank();
        page.head(
            &format!("could not check {}", thousands(report.unknown.len() as u64)),
            ink::BOLD,
            &some(&missing),
            None,
        );
    }
    if decided {
        return;
    }
    let lacking = index.lacking();
    if report.unknown.is_empty() && !lacking.is_empty() {
        page.entry("lacks", &some(&lacking), None);
    }
    let mut wanted: Vec<String> = Vec::new();
    report
        .unknown
        .iter()
        .flat_map(|u| &u.collect)
        .for_each(|step| push_new(&mut wanted, step));
    if wanted.is_empty() && report.causes.is_empty() {
        wanted.push(
            "a bundle taken while it fails, with previous logs, events and the node's journal"
                .to_owned(),
        );
    }
    for (at, step) in wanted.iter().take(LISTED).enumerate() {
        page.entry(if at == 0 { "collect" } else { "" }, step, None);
    }
}

fn push_new(list: &mut Vec<String>, item: &str) {
    let item = one_line(item);
    if !list.contains(&item) {
        list.push(item);
    }
}

/// The first few of a list, and how many there are besides.
fn some(list: &[String]) -> String {
    let shown = list
        .iter()
        .take(LISTED)
        .map(|item| one_line(item))
        .collect::<Vec<_>>()
        .join(" · ");
    match list.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown} · and {} more", thousands(more as u64)),
    }
}

/// The page as it grows, line by line.
struct Page {
    style: SummaryStyle,
    text: String,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn blank(&mut self) {
        self.line("");
    }

    fn narrow(&self) -> bool {
        self.style.width < NARROW
    }

    /// Column where text begins.
    fn body(&self) -> usize {
        match self.style.width {
            0..8 => 0,
            8..NARROW => 2,
            _ => BODY,
        }
    }

    fn paint(&self, text: &str, ink: &str) -> String {
        if self.style.color && !text.is_empty() && !ink.is_empty() {
            format!("\u{1b}[{ink}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Wrapped text from a column on.
    fn paragraph(&mut self, column: usize, text: &str, ink: &str) {
        for line in wrap(text, self.style.width.saturating_sub(column)) {
            let line = self.paint(&line, ink);
            self.line(&format!("{}{line}", " ".repeat(column)));
        }
    }

    /// State, title and confidence: on one line if they fit.
    fn head(&mut self, state: &str, color: &str, title: &str, confidence: Option<&str>) {
        let title = one_line(title);
        let badge = confidence
            .map(|c| format!("   [{}]", one_line(c)))
            .unwrap_or_default();
        if width(state) + 3 + width(&title) + width(&badge) <= self.style.width {
            let state = self.paint(state, color);
            let title = self.paint(&title, ink::BOLD);
            self.line(&format!("{state}   {title}{badge}"));
        } else {
            self.paragraph(0, &format!("{state}{badge}"), color);
            self.paragraph(if self.body() == 0 { 0 } else { 2 }, &title, ink::BOLD);
        }
    }

    /// A label, its text, and a place at the right edge.
    fn entry(&mut self, label: &str, text: &str, place: Option<&str>) {
        let body = self.body();
        let room = self.style.width.saturating_sub(body);
        if self.narrow() {
            self.paragraph(usize::from(body > 0), label, ink::BOLD);
        }
        let lines = wrap(text, room);
        let last = lines.len().saturating_sub(1);
        for (at, line) in lines.iter().enumerate() {
            let label = if at == 0 && !self.narrow() {
                format!("  {label}")
            } else {
                String::new()
            };
            let gap = " ".repeat(body.saturating_sub(width(&label)));
            let label = self.paint(&label, ink::BOLD);
            let fits = |place: &&str| at == last && width(line) + 2 + width(place) <= room;
            let right = place.filter(fits).map(|place| {
                let space = " ".repeat(room - width(line) - width(place));
                format!("{space}{}", self.paint(place, ink::DIM))
            });
            let right_text = right.as_deref().unwrap_or_default();
            self.line(&format!("{label}{gap}{line}{right_text}"));
            if at == last && right.is_none() {
                self.right(place.unwrap_or_default());
            }
        }
    }

    /// A place on a line of its own, as far right as it goes.
    fn right(&mut self, place: &str) {
        let room = self.style.width.saturating_sub(self.body());
        self.paragraph(
            self.style.width.saturating_sub(width(place).min(room)),
            place,
            ink::DIM,
        );
    }

    /// A reason with its first quote, unless the reason already holds the quote.
    fn argument(&mut self, label: &str, text: &str, evidence: Option<&Evidence>) {
        let text = one_line(text);
        let Some(evidence) = evidence else {
            return self.entry(label, &text, None);
        };
        let quote = one_line(evidence.quote.lines().next().unwrap_or_default());
        let place = place(evidence);
        if quote.is_empty() || text.contains(&quote) {
            return self.entry(label, &text, Some(&place));
        }
        self.entry(label, &text, None);
        let shown: String = quote.chars().take(QUOTE).collect();
        let more = if shown.len() < quote.len() { "…" } else { "" };
        self.entry("", &format!("“{shown}{more}”"), Some(&place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::layout::char_width;

    fn text(report: &Report, color: bool, width: usize) -> String {
        let mut out = Vec::new();
        crate::render_summary(report, SummaryStyle { color, width }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_width_holds() {
        let reports = [
            fixture::kube_proxy_oom(),
            fixture::nothing_found(),
            fixture::inconclusive(),
            fixture::hostile("日本 <x> \u{1b}[2J"),
        ];
        for report in &reports {
            for columns in (0..140).chain([1_000]) {
                for line in text(report, false, columns).lines() {
                    let single = line.chars().map(char_width).filter(|w| *w > 0).count() <= 1;
                    assert!(
                        width(line) <= columns.max(1) || single,
                        "{columns}: {line:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn colour_only_on_request() {
        let report = fixture::kube_proxy_oom();
        assert!(!text(&report, false, 100).contains('\u{1b}'));
        let colored = text(&report, true, 100);
        assert!(colored.contains("\u{1b}[1;31mACTIVE"));
        assert_eq!(crate::text::clean(&colored), text(&report, false, 100));
    }

    #[test]
    fn nothing_found_says_what_to_collect() {
        let summary = text(&fixture::nothing_found(), false, 100);
        assert!(summary.contains("NOTHING FOUND") && summary.contains("collect"));
        let empty = text(&Report::default(), false, 100);
        assert!(empty.contains("collect"));
    }
}
