//! Snapshots of every text format: a changed report is a change somebody has read.

#![allow(clippy::unwrap_used, reason = "a panic here is the failure report")]

mod fixture;

use coldcase_report::model::Report;
use coldcase_report::{Format, SummaryStyle, render, render_summary};

fn rendered(report: &Report, format: Format) -> String {
    let mut out = Vec::new();
    render(report, format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn summary(report: &Report, width: usize) -> String {
    let mut out = Vec::new();
    render_summary(
        report,
        SummaryStyle {
            color: false,
            width,
        },
        &mut out,
    )
    .unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn summary_of_the_incident() {
    insta::assert_snapshot!(summary(&fixture::kube_proxy_oom(), 120));
}

#[test]
fn summary_in_a_narrow_window() {
    insta::assert_snapshot!(summary(&fixture::kube_proxy_oom(), 36));
}

#[test]
fn summary_of_an_undecided_case() {
    insta::assert_snapshot!(summary(&fixture::inconclusive(), 100));
}

#[test]
fn summary_of_a_quiet_cluster() {
    insta::assert_snapshot!(summary(&fixture::nothing_found(), 100));
}

#[test]
fn markdown_of_the_incident() {
    insta::assert_snapshot!(rendered(&fixture::kube_proxy_oom(), Format::Markdown));
}

#[test]
fn markdown_of_a_quiet_cluster() {
    insta::assert_snapshot!(rendered(&fixture::nothing_found(), Format::Markdown));
}

#[test]
fn json_of_the_incident() {
    insta::assert_snapshot!(rendered(&fixture::kube_proxy_oom(), Format::Json));
}

#[test]
fn json_of_a_quiet_cluster() {
    insta::assert_snapshot!(rendered(&fixture::nothing_found(), Format::Json));
}

#[test]
fn json_ends_with_one_newline_and_parses() {
    let json = rendered(&fixture::hostile("\u{1b}[0m\u{202e}"), Format::Json);
    assert!(json.ends_with("}\n"));
    serde_json::from_str::<serde_json::Value>(&json).unwrap();
}

#[test]
fn formats_for_programs() {
    for (name, format) in [
        ("sarif", Format::Sarif),
        ("junit", Format::Junit),
        ("jsonl", Format::JsonLines),
        ("csv", Format::Csv),
        ("trace", Format::Trace),
    ] {
        insta::assert_snapshot!(name, rendered(&fixture::kube_proxy_oom(), format));
    }
}

/// Every text of a report reaches every format that speaks of what it belongs to.
#[test]
fn programs_get_every_text() {
    let report = fixture::hostile("<needle>");
    for (format, needle) in [
        (Format::Sarif, "<needle>"),
        (Format::Junit, "&lt;needle&gt;"),
        (Format::JsonLines, "<needle>"),
        (Format::Csv, "<needle>"),
        (Format::Trace, "<needle>"),
    ] {
        let text = rendered(&report, format);
        assert!(text.matches(needle).count() > 20, "{format:?}: {text}");
        assert!(
            format != Format::Junit || !text.contains("<needle>"),
            "{text}"
        );
    }
}

#[test]
fn the_schema_knows_every_field() {
    let schema: serde_json::Value = serde_json::from_str(&coldcase_report::schema()).unwrap();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    let report = rendered(&fixture::kube_proxy_oom(), Format::Json);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    for key in report.as_object().unwrap().keys() {
        let about = &schema["properties"][key];
        assert!(about["description"].is_string(), "{key}: {about}");
    }
}
