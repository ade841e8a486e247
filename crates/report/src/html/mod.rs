//! The report as one self-contained page: it opens from disk, asks for nothing and trusts nothing.
//!
//! All text passes through a template with forced escaping; only the page's own style sheet, its
//! script and the script's data are inserted as they are, and a Content-Security-Policy with their
//! hashes forbids everything else.

mod evidence;
mod findings;
mod graph;
mod lanes;
mod objects;
mod timeline;
mod unknown;

use std::collections::BTreeMap;
use std::io::{Error, Result, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::checklist::checklist;
use crate::index::{Index, together};
use crate::layout;
use crate::model::{Coverage, Report, Subject};
use crate::postmortem::{self, skeleton};
use crate::text::{one_line, segments};
use crate::times;

const CSS: &str = include_str!("style.css");
/// One script in four files: the page, the timeline's data, its picture and its list.
const JS: &str = concat!(
    include_str!("script.js"),
    include_str!("entries.js"),
    include_str!("chart.js"),
    include_str!("timeline.js")
);
const PAGE: &str = "page.html";
/// Causes that are told in full; the others are a line each.
const CAUSES: usize = 20;
const TEMPLATES: [(&str, &str); 10] = [
    (PAGE, include_str!("templates/page.html")),
    ("head.html", include_str!("templates/head.html")),
    ("causes.html", include_str!("templates/causes.html")),
    ("graph.html", include_str!("templates/graph.html")),
    ("changes.html", include_str!("templates/changes.html")),
    ("timeline.html", include_str!("templates/timeline.html")),
    ("findings.html", include_str!("templates/findings.html")),
    ("objects.html", include_str!("templates/objects.html")),
    ("evidence.html", include_str!("templates/evidence.html")),
    ("closing.html", include_str!("templates/closing.html")),
];

pub(crate) fn render(report: &Report, out: &mut dyn Write) -> Result<()> {
    let environment = environment().map_err(Error::other)?;
    let page = environment.get_template(PAGE).map_err(Error::other)?;
    let text = page.render(context(report)).map_err(Error::other)?;
    out.write_all(text.as_bytes())
}

fn environment() -> std::result::Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    environment.add_filter("segments", |text: &str| value(segments(&one_line(text))));
    environment.add_filter("stamp", times::stamp);
    environment.add_filter("second", times::second);
    environment.add_filter("clock", times::clock);
    environment.add_filter("anchor", anchor);
    environment.add_filter("slug", slug);
    environment.add_filter("words", |text: &str| text.replace(['_', '-'], " "));
    environment.add_filter("thousands", layout::thousands);
    environment.add_filter("bytes", layout::bytes);
    environment.add_filter("short", |hash: &str| {
        hash.chars().take(12).collect::<String>()
    });
    environment.add_filter("plural", |number: usize, noun: &str| {
        layout::plural(number, noun)
    });
    environment.add_filter("object", |subject: &Value| object(subject));
    Ok(environment)
}

fn context(report: &Report) -> Value {
    let index = Index::new(report);
    let pages = objects::Pages::new(report);
    let causes = report.causes.get(..CAUSES).unwrap_or(&report.causes);
    let told = findings::findings(report, causes);
    let rows = index.important(timeline::ROWS);
    let places = evidence::Places::new(report, (causes, &told), &rows);
    let quoted = |id: &str| places.quoted(id);
    let (timeline, data) = timeline::timeline(&index, &rows, &pages, &quoted);
    let own = |id: &str| places.on_object(id);
    let cited = evidence::cited(report, &places);
    let (headline, incidents) = headline(report);
    let lines: BTreeMap<String, String> = cited
        .iter()
        .map(|(id, it)| ((*id).to_owned(), it.place.clone()))
        .collect();
    context! {
        distinct => Value::from_function(move |ids: Vec<String>| evidence::distinct(&ids, &lines)),
        csp => content_security_policy(),
        css => Value::from_safe_string(CSS.to_owned()),
        js => Value::from_safe_string(JS.to_owned()),
        tool => value(&report.tool),
        bundle => value(&report.bundle),
        coverage => value(coverage(report)),
        lacking => value(index.lacking()),
        verdict => value(&report.verdict),
        incident => value(&report.incident),
        headline => headline,
        incidents => value(incidents),
        incidents_heading => crate::incidents::heading(report),
        lasted => value(lasted(report)),
        triage => value(&report.triage),
        causes => value(causes),
        more_causes => value(report.causes.get(CAUSES..).unwrap_or_default()),
        cites_shown => evidence::CITES,
        exonerated => value(&report.exonerated),
        changes => value(&report.changes),
        blast_radius => value(&report.blast_radius),
        unknown => value(unknown::undecided(report)),
        unknown_rules => report.unknown.len(),
        problems => value(&report.problems),
        cited => value(&cited),
        quotes => value(evidence::quotes(report, &places)),
        pages => value(pages.by_name()),
        objects => value(objects::pages(&index, &pages, &own, &quoted)),
        gaps => value(gaps(report)),
        clocks => value(clocks(report)),
        reach => value(reach(report)),
        known => value(findings::known(report, &told)),
        findings => value(&told),
        graph => value(graph::graph(&index, &quoted)),
        timeline => value(&timeline),
        timeline_data => Value::from_safe_string(data),
        undated => value(undated(report)),
        undated_why => times::UNDATED,
        lanes => value(lanes::lanes(report)),
        checklist => value(checklist(&index)),
        skeleton => value(skeleton(&index)),
        placeholders => value(postmortem::OPEN),
    }
}

/// Events without a time as rows: age, severity, text, object with count, and place. The JSON report has all.
fn undated(report: &Report) -> Vec<[String; 5]> {
    let newest = report.undated.iter().rev().take(timeline::ROWS);
    let mut rows: Vec<[String; 5]> = newest
        .map(|event| {
            let about = match event.count {
                0 | 1 => event.subject.to_string(),
                count => format!("{} ×{count}", event.subject),
            };
            let age = times::age(event.age_seconds);
            [
                age,
                event.severity.clone(),
                event.text.clone(),
                about,
                event.place.clone(),
            ]
        })
        .collect();
    rows.reverse();
    rows
}

fn value<T: Serialize>(data: T) -> Value {
    Value::from(Serde(data))
}

/// Nothing but the style and script of this very page.
fn content_security_policy() -> String {
    let hash = |text: &str| {
        format!(
            "'sha256-{}'",
            STANDARD.encode(Sha256::digest(text.as_bytes()))
        )
    };
    format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(CSS),
        hash(JS)
    )
}

/// An id as the fragment of a link. What a fragment cannot hold is written as its code point.
fn anchor(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for c in id.chars() {
        if c.is_ascii_alphanumeric() || "-._:/~".contains(c) {
            out.push(c);
        } else {
            out.push('_');
            out.extend(format!("{:x}", u32::from(c)).chars());
        }
    }
    out
}

/// A word of the model as part of a class name.
fn slug(word: &str) -> String {
    word.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .take(24)
        .collect()
}

/// `Kind namespace/name` of a serialised subject.
fn object(subject: &Value) -> String {
    let field = |name: &str| {
        subject
            .get_attr(name)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned))
    };
    let kind = field("kind").unwrap_or_default();
    let subject = Subject {
        kind,
        namespace: field("namespace"),
        name: field("name").unwrap_or_default(),
    };
    subject.to_string()
}

/// How often each status of coverage occurs, `collected` first.
fn coverage(report: &Report) -> Vec<(String, usize)> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for source in &report.bundle.coverage {
        match counts
            .iter_mut()
            .find(|(status, _)| *status == source.status)
        {
            Some((_, count)) => *count += 1,
            None => counts.push((source.status.clone(), 1)),
        }
    }
    counts.sort_by_key(|(status, _)| status != "collected");
    counts
}

/// What the header says of sources with one status.
#[derive(Serialize)]
struct Gap<'a> {
    status: &'a str,
    sources: Vec<String>,
    more: usize,
}

/// Sources that are not there whole, by status; the table below has all of them.
fn gaps(report: &Report) -> Vec<Gap<'_>> {
    const NAMED: usize = 8;
    let mut by_status: Vec<(&str, Vec<&str>)> = Vec::new();
    let lacking = |it: &&Coverage| it.status != "collected";
    for source in report.bundle.coverage.iter().filter(lacking) {
        match by_status
            .iter_mut()
            .find(|(status, _)| *status == source.status)
        {
            Some((_, sources)) => sources.push(&source.source),
            None => by_status.push((&source.status, vec![&source.source])),
        }
    }
    by_status
        .into_iter()
        .map(|(status, sources)| {
            let mut sources = together(&sources);
            let more = sources.len().saturating_sub(NAMED);
            sources.truncate(NAMED);
            Gap {
                status,
                sources,
                more,
            }
        })
        .collect()
}

/// The first line: what is wrong. Where there are several incidents, the first one's; the others are listed below it.
fn headline(report: &Report) -> (String, Vec<String>) {
    let lines = crate::incidents::lines(report);
    let decided = matches!(report.verdict.state.as_str(), "active" | "recovered");
    match report.causes.first() {
        Some(cause) if decided && !lines.is_empty() => {
            let over = match cause.state.as_str() {
                "recovered" => "Recovered: ",
                _ => "",
            };
            let others = lines.into_iter().skip(1).collect();
            (format!("{over}{}", cause.title), others)
        }
        _ => (report.verdict.sentence.clone(), lines),
    }
}

/// Nodes whose clock is off, with how far.
fn clocks(report: &Report) -> Vec<(&str, &str)> {
    let coverage = report.bundle.coverage.iter();
    coverage
        .filter_map(|it| {
            let node = it.source.strip_prefix("clock of ")?;
            Some((node, it.detail.as_str()))
        })
        .collect()
}

/// How far before the capture the first event lies.
fn reach(report: &Report) -> Option<String> {
    let bundle = &report.bundle;
    times::span(
        bundle.events_from.as_deref()?,
        bundle.captured_at.as_deref()?,
    )
}

/// The incident's length in words, up to recovery or capture.
fn lasted(report: &Report) -> Option<String> {
    let incident = &report.incident;
    let from = incident.first_anomaly.as_deref()?;
    match (&incident.recovered_at, &report.bundle.captured_at) {
        (Some(end), _) => times::span(from, end).map(|span| format!("lasted {span}")),
        (None, Some(end)) => times::span(from, end).map(|span| format!("{span} until capture")),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_plain_and_distinct() {
        assert_eq!(
            anchor("kube-proxy-oom:node/node-worker-3"),
            "kube-proxy-oom:node/node-worker-3"
        );
        assert_eq!(anchor("a b\"c"), "a_20b_22c");
        assert_eq!(slug("Control plane!"), "control-plane-");
    }

    #[test]
    fn the_page_never_inserts_what_it_has_not_escaped() {
        let safe: usize = TEMPLATES
            .iter()
            .map(|(_, source)| source.matches("|safe").count())
            .sum();
        assert_eq!(safe, 0);
    }
}
