//! Quotes for the page: numbered lines with their context, and the short forms that claims link to.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{anchor, findings::Findings};
use crate::index::{place, short_place};
use crate::model::{Cause, Evidence, Report};
use crate::text::{QUOTE_LIMIT, cut, one_line};

/// Characters of a quote that is shown beside its claim.
const GLIMPSE: usize = 240;

/// Quotes that a claim names; the JSON report has the others.
pub(super) const CITES: usize = 24;

/// What a claim shows of its evidence.
#[derive(Serialize)]
pub(super) struct Cited {
    anchor: String,
    place: String,
    short: String,
    glimpse: String,
}

/// A quote in the evidence section.
#[derive(Serialize)]
pub(super) struct Quote {
    anchor: String,
    id: String,
    place: String,
    lines: Vec<Line>,
    /// No cause stands on it.
    aside: bool,
}

#[derive(Serialize)]
pub(super) struct Line {
    number: String,
    text: String,
    hit: bool,
}

/// Short forms by evidence id.
pub(super) fn cited<'a>(report: &'a Report, places: &Places<'_>) -> BTreeMap<&'a str, Cited> {
    let short = |e: &Evidence| Cited {
        anchor: anchor(&e.id),
        place: place(e),
        short: short_place(e),
        glimpse: cut(&one_line(&e.quote), GLIMPSE).into_owned(),
    };
    report
        .evidence
        .iter()
        .filter(|e| places.quoted(&e.id))
        .map(|e| (e.id.as_str(), short(e)))
        .collect()
}

/// Which quotes stand where in the page.
pub(super) struct Places<'a> {
    /// Cited by something that is told: in the evidence section.
    claims: BTreeSet<&'a str>,
    /// The text of objects: on their pages.
    objects: BTreeSet<&'a str>,
    /// What the causes stand on: printed too.
    causes: BTreeSet<&'a str>,
}

impl<'a> Places<'a> {
    /// `told` are the causes and findings that the page tells, `rows` the entries of the plain timeline.
    pub(super) fn new(
        report: &'a Report,
        told: (&'a [Cause], &Findings<'a>),
        rows: &[usize],
    ) -> Self {
        let mut causes: BTreeSet<&str> = BTreeSet::new();
        let mut claims: BTreeSet<&str> = BTreeSet::new();
        let first = |ids: &'a [String]| ids.iter().take(CITES).map(String::as_str);
        let reasons = told.0.iter().flat_map(|it| &it.reasons);
        causes.extend(reasons.flat_map(|it| first(&it.evidence)));
        let mut add = |ids: &'a [String]| claims.extend(first(ids));
        report.triage.iter().for_each(|it| add(&it.evidence));
        report.exonerated.iter().for_each(|it| add(&it.evidence));
        report.changes.iter().for_each(|it| add(&it.evidence));
        report.blast_radius.iter().for_each(|it| add(&it.evidence));
        told.1.named().for_each(|it| add(&it.evidence));
        let entries = rows.iter().filter_map(|at| report.timeline.get(*at));
        entries.for_each(|it| add(&it.evidence));
        claims.extend(&causes);
        let parts = report.objects.iter().flat_map(|it| &it.parts);
        let objects = parts
            .map(|it| it.evidence.as_str())
            .filter(|id| !claims.contains(id))
            .collect();
        Self {
            claims,
            objects,
            causes,
        }
    }

    /// Whether a quote has an anchor in the page.
    pub(super) fn quoted(&self, id: &str) -> bool {
        self.claims.contains(id) || self.objects.contains(id)
    }

    /// Whether a quote is shown on an object's page only.
    pub(super) fn on_object(&self, id: &str) -> bool {
        self.objects.contains(id)
    }
}

/// The quotes of the evidence section with their context.
pub(super) fn quotes(report: &Report, places: &Places<'_>) -> Vec<Quote> {
    let quote = |e: &Evidence| Quote {
        anchor: anchor(&e.id),
        id: e.id.clone(),
        place: place(e),
        lines: lines(e),
        aside: !places.causes.contains(e.id.as_str()),
    };
    report
        .evidence
        .iter()
        .filter(|e| places.claims.contains(e.id.as_str()))
        .map(quote)
        .collect()
}

/// The lines of a quote with their context.
pub(super) fn lines(evidence: &Evidence) -> Vec<Line> {
    let quote = cut(&evidence.quote, QUOTE_LIMIT);
    let before = evidence.before.iter().map(|text| (text.as_str(), false));
    let hits = quote.lines().map(|text| (text, true));
    let after = evidence.after.iter().map(|text| (text.as_str(), false));
    let start = i64::from(evidence.line) - i64::try_from(evidence.before.len()).unwrap_or_default();
    let behind = i64::from(evidence.end_line.max(evidence.line)) + 1;
    let shown = quote.lines().count() + evidence.before.len();
    let number = |at: usize| {
        let first = if at < shown {
            (start, 0)
        } else {
            (behind, shown)
        };
        first.0 + i64::try_from(at - first.1).unwrap_or_default()
    };
    let line = |(at, (text, hit)): (usize, (&str, bool))| Line {
        number: if evidence.line > 0 && number(at) > 0 {
            number(at).to_string()
        } else {
            String::new()
        },
        text: cut(text, QUOTE_LIMIT).into_owned(),
        hit,
    };
    before
        .chain(hits)
        .chain(after)
        .enumerate()
        .map(line)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_around_the_quote() {
        let evidence = Evidence {
            line: 7,
            end_line: 9,
            quote: "seven\neight\nnine".into(),
            before: vec!["five".into(), "six".into()],
            after: vec!["ten".into()],
            ..Evidence::default()
        };
        let lines = lines(&evidence);
        let numbers: Vec<&str> = lines.iter().map(|l| l.number.as_str()).collect();
        assert_eq!(numbers, ["5", "6", "7", "8", "9", "10"]);
        assert_eq!(lines.iter().filter(|l| l.hit).count(), 3);
    }

    #[test]
    fn a_quote_without_a_line_has_no_numbers() {
        let evidence = Evidence {
            quote: "x".into(),
            ..Evidence::default()
        };
        assert!(lines(&evidence).iter().all(|l| l.number.is_empty()));
    }
}
