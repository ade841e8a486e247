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

use serde::Deserialize;
use serde_json::Value;

/// `truth.yaml`, written before the analyzer saw the bundle.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Truth {
    state: String,
    cause: Option<Expected>,
    #[serde(default)]
    outranks: Vec<String>,
    #[serde(default)]
    explains: Vec<String>,
    #[serde(default)]
    exonerates: Vec<String>,
    #[serde(default)]
    absent: Vec<String>,
    quiet_above: Option<String>,
    #[serde(default)]
    cites: Vec<String>,
    /// Prose for readers of the sample.
    #[serde(default)]
    #[allow(dead_code)]
    red_herrings: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    rule: OneOrMany,
    subject: Option<Subject>,
    #[serde(default)]
    confidence: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn has(&self, id: &str) -> bool {
        match self {
            Self::One(one) => one == id,
            Self::Many(many) => many.iter().any(|one| one == id),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    kind: String,
    namespace: Option<String>,
    name: String,
}

impl Subject {
    fn is(&self, value: &Value) -> bool {
        value["kind"] == self.kind.as_str()
            && value["name"] == self.name.as_str()
            && value["namespace"].as_str() == self.namespace.as_deref()
    }
}

const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Everything that is not as the truth says.
fn differences(truth: &Truth, report: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let causes = list(&report["causes"]);
    let ranks: Vec<&str> = causes.iter().map(|cause| text(&cause["rule"])).collect();
    if report["verdict"]["state"] != truth.state.as_str() {
        wrong.push(format!(
            "state is {}, not {}",
            report["verdict"]["state"], truth.state
        ));
    }
    if let Some(expected) = &truth.cause {
        match causes.first() {
            None => wrong.push("no cause at all".to_owned()),
            Some(first) => check_cause(truth, expected, first, report, &mut wrong),
        }
        let at = ranks.iter().position(|rule| expected.rule.has(rule));
        for below in &truth.outranks {
            let rank = ranks.iter().position(|rule| rule == below);
            if rank.is_some_and(|rank| at.is_none_or(|at| rank < at)) {
                wrong.push(format!("{below} outranks the cause: {ranks:?}"));
            }
        }
    }
    for absent in &truth.absent {
        if ranks.contains(&absent.as_str()) {
            wrong.push(format!("{absent} is among the causes"));
        }
    }
    for word in &truth.exonerates {
        let cleared = list(&report["exonerated"]).iter().any(|it| {
            format!("{} {}", text(&it["title"]), text(&it["text"])).contains(word.as_str())
        });
        if !cleared {
            wrong.push(format!("nothing clears `{word}`"));
        }
    }
    if let Some(limit) = &truth.quiet_above {
        let rank = |word: &str| SEVERITIES.iter().position(|severity| *severity == word);
        for finding in list(&report["findings"]) {
            if rank(text(&finding["severity"])) > rank(limit) {
                wrong.push(format!(
                    "{} {} is {}",
                    finding["severity"], finding["rule"], finding["title"]
                ));
            }
        }
    }
    wrong
}

fn check_cause(
    truth: &Truth,
    expected: &Expected,
    first: &Value,
    report: &Value,
    wrong: &mut Vec<String>,
) {
    if !expected.rule.has(text(&first["rule"])) {
        let others: Vec<&str> = list(&report["causes"])
            .iter()
            .map(|cause| text(&cause["rule"]))
            .collect();
        wrong.push(format!(
            "the cause is {}, not {:?}; all: {others:?}",
            first["rule"], expected.rule
        ));
        return;
    }
    if let Some(subject) = &expected.subject
        && !subject.is(&first["subject"])
        && !list(&first["related"])
            .iter()
            .any(|related| subject.is(related))
    {
        wrong.push(format!(
            "the subject is {}, not {subject:?}",
            first["subject"]
        ));
    }
    if !expected.confidence.is_empty()
        && !expected
            .confidence
            .iter()
            .any(|word| first["confidence"] == word.as_str())
    {
        wrong.push(format!(
            "confidence is {}, not one of {:?}",
            first["confidence"], expected.confidence
        ));
    }
    let explained: BTreeSet<&str> = list(&first["explains"]).iter().map(text).collect();
    for rule in &truth.explains {
        let found = list(&report["findings"]).iter().any(|finding| {
            text(&finding["rule"]) == rule && explained.contains(text(&finding["id"]))
        });
        if !found {
            wrong.push(format!("the cause explains no {rule}"));
        }
    }
    // What the cause and everything it explains quote.
    let own = list(&first["reasons"])
        .iter()
        .flat_map(|reason| list(&reason["evidence"]));
    let effects = list(&report["findings"])
        .iter()
        .filter(|finding| explained.contains(text(&finding["id"])))
        .flat_map(|finding| list(&finding["evidence"]));
    let ids: BTreeSet<&str> = own.chain(effects).map(text).collect();
    // YAML folds long texts over lines and doubles quotes inside quotes; the words are the same.
    let squeeze = |text: &str| {
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .replace("''", "'")
    };
    let quotes: Vec<String> = list(&report["evidence"])
        .iter()
        .filter(|evidence| ids.contains(text(&evidence["id"])))
        .map(|evidence| squeeze(text(&evidence["quote"])))
        .collect();
    for cited in &truth.cites {
        if !quotes.iter().any(|quote| quote.contains(&squeeze(cited))) {
            wrong.push(format!("the evidence does not quote `{cited}`"));
        }
    }
}

fn sample_files(dir: &Path) -> Truth {
    let text = std::fs::read_to_string(dir.join("truth.yaml")).unwrap();
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
}

#[test]
fn every_sample_tells_its_truth() {
    let mut failed = Vec::new();
    for dir in support::samples() {
        let report = support::json(&dir);
        let wrong = differences(&sample_files(&dir), &report);
        let problems: Vec<String> = list(&report["problems"])
            .iter()
            .map(ToString::to_string)
            .collect();
        for line in wrong.into_iter().chain(problems) {
            failed.push(format!(
                "{}: {line}",
                dir.file_name().unwrap().to_string_lossy()
            ));
        }
    }
    assert!(
        failed.is_empty(),
        "{} differences:\n{}",
        failed.len(),
        failed.join("\n")
    );
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
        }
        for finding in list(&report["findings"]) {
            let loud = finding["severity"] != "info" && !incident.contains(text(&finding["id"]));
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
fn the_index_of_values_changes_nothing() {
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
