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
