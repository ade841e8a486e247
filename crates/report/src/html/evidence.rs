//! Quotes for the page: numbered lines with their context, and the short forms that claims link to.

use std::collections::BTreeMap;

use serde::Serialize;

use super::anchor;
use crate::index::{place, short_place};
use crate::model::{Evidence, Report};
use crate::text::{QUOTE_LIMIT, cut, one_line};

/// Characters of a quote that is shown beside its claim.
const GLIMPSE: usize = 240;

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
}

#[derive(Serialize)]
struct Line {
    number: String,
    text: String,
    hit: bool,
}

/// Short forms by evidence id.
pub(super) fn cited(report: &Report) -> BTreeMap<&str, Cited> {
    let short = |e: &Evidence| Cited {
        anchor: anchor(&e.id),
        place: place(e),
        short: short_place(e),
        glimpse: cut(&one_line(&e.quote), GLIMPSE).into_owned(),
    };
    report
        .evidence
        .iter()
        .map(|e| (e.id.as_str(), short(e)))
        .collect()
}

/// Every quote with its context.
pub(super) fn quotes(report: &Report) -> Vec<Quote> {
    let quote = |e: &Evidence| Quote {
        anchor: anchor(&e.id),
        id: e.id.clone(),
        place: place(e),
        lines: lines(e),
    };
    report.evidence.iter().map(quote).collect()
}

fn lines(evidence: &Evidence) -> Vec<Line> {
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
