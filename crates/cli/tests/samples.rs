//! Every sample against its hand-written truth: cause, what it outranks and explains, what must not appear, what must be quoted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    reason = "a panic is the failure report of a test"
)]

mod support;

use std::{collections::BTreeSet, path::Path};

use serde_json::Value;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn every_sample_tells_its_truth() {
    let samples = support::root().join("samples");
    let output = support::coldcase(&["test", samples.to_str().unwrap(), "--quiet"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for dir in support::samples() {
        let report = support::json(&dir);
        assert!(
            list(&report["problems"]).is_empty(),
            "{}: {}",
            dir.display(),
            report["problems"]
        );
    }
}

/// Rank of the true cause, misses and false alarms over all samples, kept: a change to it is a decision.
#[test]
fn the_table_of_accuracy_is_as_agreed() {
    let samples = support::root().join("samples");
    let output = support::coldcase(&["test", samples.to_str().unwrap()]);
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("accuracy", String::from_utf8_lossy(&output.stdout));
    });
}

/// `coldcase verify` finds every quote of every sample where the report says, and a citation for every claim.
#[test]
fn every_report_can_be_verified() {
    let scratch = support::scratch("verify-samples");
    for dir in support::samples() {
        let report = scratch.join("report.json");
        let (bundle, report) = (dir.to_str().unwrap(), report.to_str().unwrap());
        support::stdout(&support::coldcase(&["analyze", bundle, "-o", report, "-q"]));
        let output = support::coldcase(&["verify", report, bundle]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{bundle}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// Healed noise, old restarts and unrelated objects stay at "info": whatever is louder is the cause or its effect.
#[test]
fn nothing_outside_the_incident_is_louder_than_info() {
    for dir in support::samples() {
        let report = support::json(&dir);
        let mut incident: BTreeSet<&str> = BTreeSet::new();
        for cause in list(&report["causes"]) {
            incident.insert(text(&cause["finding"]));
            incident.extend(list(&cause["explains"]).iter().map(text));
            incident.extend(list(&cause["members"]).iter().map(text));
        }
        for finding in list(&report["findings"]) {
            // What may go wrong one day is told apart from what does, and is never more than "low".
            let risk = finding["role"] == "risk" && finding["severity"] == "low";
            let loud =
                finding["severity"] != "info" && !risk && !incident.contains(text(&finding["id"]));
            assert!(
                !loud,
                "{}: {} {}",
                dir.display(),
                finding["severity"],
                finding["title"]
            );
        }
    }
}

/// Invariant 3: a quote is really where it is said to be.
#[test]
fn every_quote_is_in_its_file() {
    for dir in support::samples() {
        let report = support::json(&dir);
        let evidence = list(&report["evidence"]);
        assert!(!evidence.is_empty());
        for quote in evidence {
            let path = dir.join(text(&quote["file"]));
            let file = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            let first = usize::try_from(quote["line"].as_u64().unwrap()).unwrap();
            for (line, said) in file
                .lines()
                .skip(first - 1)
                .zip(text(&quote["quote"]).lines())
            {
                let said = said.split("… (").next().unwrap();
                assert!(
                    line.replace('\t', " ")
                        .starts_with(&said.replace('\t', " ")),
                    "{}:{first}: `{line}` is not `{said}`",
                    path.display()
                );
            }
        }
    }
}

/// What the terminal shows for a bundle.
fn summary(dir: &Path, test: &str) -> String {
    let out = support::scratch(test).join("r.html");
    let (dir, out) = (dir.to_str().unwrap(), out.to_str().unwrap());
    support::stdout(&support::coldcase(&[
        "analyze", dir, "-o", out, "--color", "never",
    ]))
}

/// What people see first, kept: a change to it is a decision.
#[test]
fn summaries_are_as_agreed() {
    for dir in support::samples() {
        let text = summary(&dir, "summaries");
        let text: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with("report  "))
            .collect();
        let text = text.join("\n");
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(dir.file_name().unwrap().to_string_lossy().into_owned(), text);
        });
    }
}

/// The README shows what the first command really prints.
#[test]
fn the_readme_shows_the_real_summary() {
    let summary = summary(
        &support::root().join("samples/i01-kube-proxy-oom"),
        "readme",
    );
    let (body, _) = summary.rsplit_once("\nreport  ").unwrap();
    let readme = std::fs::read_to_string(support::root().join("README.md")).unwrap();
    assert!(
        readme.contains(body),
        "README.md is stale; the summary is now:\n{body}"
    );
}

#[test]
fn neither_the_index_of_values_nor_the_parts_of_lists_change_anything() {
    let rules = coldcase_rules::RuleSet::builtin().unwrap();
    for dir in support::samples() {
        let bundle = coldcase_bundle::open(&dir, &coldcase_bundle::Limits::default()).unwrap();
        let snapshot = coldcase_snapshot::read(&bundle);
        let facts = coldcase_facts::derive(&snapshot);
        let told = |worth: usize| {
            let evaluation = coldcase_rules::evaluate_indexed(&rules, &facts, worth);
            format!("{:?} {:?}", evaluation.findings, evaluation.unknown)
        };
        assert_eq!(told(0), told(usize::MAX), "{}", dir.display());
    }
}
