//! Quotes for the page: numbered lines with their context, and the short forms that claims link to.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{anchor, findings::Findings};
use crate::index::{narrow, place, place_in};
use crate::model::{Cause, Evidence, Report};
use crate::text::{QUOTE_LIMIT, cut, one_line};

/// Characters of a quote that is shown beside its claim.
const GLIMPSE: usize = 240;

/// Quotes that a claim names; the JSON report has the others.
pub(super) const CITES: usize = 24;

/// Parts of a path that a short name has at most.
const FOLDERS: usize = 6;

/// What a claim shows of its evidence.
#[derive(Serialize)]
pub(super) struct Cited {
    anchor: String,
    pub(super) place: String,
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
    let quoted = || report.evidence.iter().filter(|e| places.quoted(&e.id));
    let names = names(quoted().map(|e| e.file.as_str()).collect());
    let short = |e: &Evidence| Cited {
        anchor: anchor(&e.id),
        place: place(e),
        short: place_in(names.get(e.file.as_str()).unwrap_or(&e.file), e),
        glimpse: cut(&one_line(&e.quote), GLIMPSE).into_owned(),
    };
    quoted().map(|e| (e.id.as_str(), short(e))).collect()
}

/// Of quotes of the same lines the first: two fields of one line are one place to look at.
pub(super) fn distinct(ids: &[String], places: &BTreeMap<String, String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    ids.iter()
        .filter(|id| seen.insert(places.get(*id).unwrap_or(id)))
        .cloned()
        .collect()
}

/// Short names of files: the last part of the path, with as many folders as tell files of one name apart.
fn names(files: BTreeSet<&str>) -> BTreeMap<&str, String> {
    let mut alike: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in files {
        alike.entry(tail(file, 1)).or_default().push(file);
    }
    let mut names = BTreeMap::new();
    for files in alike.values() {
        let told = |parts: &usize| {
            let tails: BTreeSet<&str> = files.iter().map(|file| tail(file, *parts)).collect();
            tails.len() == files.len()
        };
        let parts = (1..=FOLDERS).find(told).unwrap_or(1);
        names.extend(files.iter().map(|file| {
            let parts: Vec<String> = tail(file, parts).split('/').map(narrow).collect();
            (*file, parts.join("/"))
        }));
    }
    names
}

/// The last parts of a path.
fn tail(path: &str, parts: usize) -> &str {
    match path.rmatch_indices('/').nth(parts - 1) {
        Some((at, slash)) => path.get(at + slash.len()..).unwrap_or(path),
        None => path,
    }
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
    fn short_names_tell_files_apart() {
        let long = format!("sos/{}.yaml", "kubectl_get_all_".repeat(6));
        let files = ["a/x/app.log", "a/y/app.log", "b/pods.yaml", long.as_str()];
        let names = names(files.into_iter().collect());
        assert_eq!(names["a/x/app.log"], "x/app.log");
        assert_eq!(names["a/y/app.log"], "y/app.log");
        assert_eq!(names["b/pods.yaml"], "pods.yaml");
        assert_eq!(names[long.as_str()], "kubectl_get_a…et_all_.yaml");
    }

    #[test]
    fn places_are_named_once() {
        let places = [("e1", "a:1"), ("e2", "a:1"), ("e3", "a:2")];
        let places = places.map(|(id, place)| (id.to_owned(), place.to_owned()));
        let ids = ["e1", "e2", "e3", "lost"].map(str::to_owned);
        let shown = distinct(&ids, &places.into());
        assert_eq!(shown, ["e1", "e3", "lost"]);
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
