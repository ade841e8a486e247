//! `coldcase rules …` as a user meets it, and the generated documentation.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic is the failure report of a test"
)]

mod support;

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;
use support::{coldcase, root, scratch, stdout};

fn said(arguments: &[&str]) -> String {
    stdout(&coldcase(arguments))
}

fn complained(arguments: &[&str]) -> String {
    let output = coldcase(arguments);
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).unwrap()
}

fn sample(name: &str) -> String {
    let path = root().join("samples").join(name);
    path.to_str().unwrap().to_owned()
}

const RULE: &str = r#"id: port-held
title: "{p} and {q} ask for one port of a node"
layer: scheduling
severity: medium
role: cause
confidence: firm
subject: p
match:
  - find: Pod p
    where:
      spec.containers[]: {where: {"ports[]": {where: {hostPort: {exists: true}}}}}
      status.phase: Pending
  - find: Pod q
    where:
      "spec.containers[].ports[].hostPort": $p.spec.containers[].ports[].hostPort
      spec.nodeName: {exists: true}
meaning: |
  A port of a node can be given to one pod only, and another pod of the cluster has it already.
next: {observe: ["`kubectl get pods -A -o wide`"], fix: ["use a Service"], verify: ["the pod has a node"]}
collect: ["pods"]
base:
  objects:
    Pod a/p: {spec: {containers: [{name: app, ports: [{hostPort: 80}]}]}, status: {phase: Pending}}
    Pod a/q: {spec: {nodeName: n1, containers: [{name: app, ports: [{hostPort: 80}]}]}}
tests:
  - {name: one port, expect: fires, subject: Pod a/p}
  - {name: two ports, expect: quiet, objects: {Pod a/p: {spec: {containers: [{name: app, ports: [{hostPort: 81}]}]}}}}
  - {name: no pods, expect: unknown, without: [Pod], empty: [Node]}
"#;

/// A directory with one rule.
fn directory(name: &str, text: &str) -> (String, std::path::PathBuf) {
    let dir = scratch(name);
    let layer = dir.join("scheduling");
    std::fs::create_dir_all(&layer).unwrap();
    std::fs::write(layer.join("port-held.yaml"), text).unwrap();
    (dir.to_str().unwrap().to_owned(), dir)
}

#[test]
fn list_filters_and_names_the_set() {
    let all = said(&["rules", "list"]);
    assert!(all.lines().last().unwrap().contains(" rules, hash "));
    let dns = said(&["rules", "list", "--layer", "dns", "--role", "cause"]);
    assert!(dns.contains("coredns-loop") && !dns.contains("oomkilled"));
    let list = said(&["rules", "list", "--severity", "critical", "-f", "json"]);
    let list: Value = serde_json::from_str(&list).unwrap();
    let rules = list["rules"].as_array().unwrap();
    assert!(!rules.is_empty());
    assert!(rules.iter().all(|rule| rule["severity"] == "critical"));
    assert_eq!(list["hash"].as_str().unwrap().len(), 16);
    assert!(complained(&["rules", "list", "--layer", "dnss"]).contains("is no layer; there are"));
}

#[test]
fn the_report_names_the_rule_set() {
    let (dir, _) = directory("rules-hash", RULE);
    let hash = |more: &[&str]| {
        let mut arguments = vec!["rules", "list", "-f", "json"];
        arguments.extend(more);
        let list: Value = serde_json::from_str(&said(&arguments)).unwrap();
        list["hash"].as_str().unwrap().to_owned()
    };
    let bundle = sample("i04-service-selector-typo");
    let reported = |more: &[&str]| {
        let mut arguments = vec!["analyze", &bundle, "-f", "json", "-o", "-", "-q"];
        arguments.extend(more);
        let report: Value = serde_json::from_str(&said(&arguments)).unwrap();
        report["tool"]["rules_hash"].as_str().unwrap().to_owned()
    };
    assert_eq!(hash(&[]), reported(&[]));
    let more = ["--rules", dir.as_str()];
    assert_eq!(hash(&more), reported(&more));
    assert_ne!(hash(&more), hash(&[]));
}

#[test]
fn explain_is_the_whole_rule() {
    let text = said(&["rules", "explain", "oomkilled-container-limit"]);
    for part in [
        "What it means",
        "How it decides",
        "there is a Container (c) where ended.reason is OOMKilled",
        "Speaks for it",
        "Explains",
        "crashloopbackoff (along workload)",
        "Next: observe",
        "Next: verify",
        "References",
        "Examples",
        "fires: ",
        "unknown: ",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let near = complained(&["rules", "explain", "oomkiled-container-limit"]);
    assert!(
        near.contains("did you mean `oomkilled-container-limit`?"),
        "{near}"
    );
    let (dir, _) = directory("rules-explain", RULE);
    let own = said(&["rules", "explain", "port-held", "--rules", &dir]);
    assert!(own.contains("has an element with ports[]"), "{own}");
}

#[test]
fn lint_finds_what_is_missing() {
    assert!(said(&["rules", "lint"]).ends_with(" 0 errors\n"));
    let (dir, _) = directory("rules-lint", RULE);
    let whole = said(&["rules", "lint", &dir]);
    assert_eq!(whole, "1 rules, 0 errors\n");
    let poor = RULE
        .replace("severity: medium", "severity: high")
        .replace(
            "  - {name: two ports, expect: quiet,",
            "  - {name: two ports, expect: fires,",
        )
        .replace("fix: [\"use a Service\"], ", "")
        .replace(
            "collect: [\"pods\"]",
            "supports: [{because: x, match: [{find: LogLine l, where: {text: {matches: 'a.b'}}}]}]",
        );
    let (dir, _) = directory("rules-lint-poor", &poor);
    let said = said(&["rules", "lint", "--rules", &dir]);
    for part in [
        "needs `false_alarm`",
        "no example that expects `quiet`",
        "`next.mitigate` or `next.fix`",
        "a literal of eight letters",
        "port-held.yaml:20:",
        "1 rules, 4 errors",
    ] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
}

#[test]
fn test_runs_examples_and_writes_junit() {
    let (dir, path) = directory("rules-test", RULE);
    let junit = path.join("junit.xml");
    let text = said(&["rules", "test", &dir, "--junit", junit.to_str().unwrap()]);
    assert_eq!(text, "3 passed, 0 failed\n");
    let xml = std::fs::read_to_string(&junit).unwrap();
    assert!(xml.contains("<testsuite name=\"port-held\"") && xml.contains("failures=\"0\""));
    let wrong = RULE.replace(
        "{name: two ports, expect: quiet",
        "{name: 'two <ports>', expect: fires",
    );
    let (dir, _) = directory("rules-test-wrong", &wrong);
    let output = coldcase(&["rules", "test", &dir, "--junit", junit.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let xml = std::fs::read_to_string(&junit).unwrap();
    assert!(
        xml.contains("two &lt;ports&gt;\"><failure message=\"did not fire"),
        "{xml}"
    );
}

/// A slip of the hand must not cost a rule.
#[test]
fn results_of_tests_are_not_written_over_rules() {
    let (dir, path) = directory("rules-test-over", RULE);
    let rules = files(&path);
    for name in rules.keys().map(String::as_str).chain(["new.yaml"]) {
        let place = path.join(name);
        let output = coldcase(&["rules", "test", &dir, "--junit", place.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2));
    }
    assert_eq!(files(&path), rules);
}

#[test]
fn why_shows_values_and_places() {
    let bundle = sample("i04-service-selector-typo");
    let fires = said(&["rules", "why", "service-selector-mismatch", &bundle]);
    assert!(
        fires.starts_with("service-selector-mismatch fires for "),
        "{fires}"
    );
    assert!(
        fires.contains("  + ") && fires.contains(".yaml:"),
        "{fires}"
    );
    let quiet = said(&["rules", "why", "oomkilled-container-limit", &bundle]);
    assert!(
        quiet.starts_with("oomkilled-container-limit is quiet"),
        "{quiet}"
    );
    assert!(
        quiet.contains("fails: ended.reason: [OOMKilled, Error]; saw "),
        "{quiet}"
    );
}

#[test]
fn coverage_and_bench_name_every_rule_set() {
    let bundle = sample("i04-service-selector-typo");
    let text = said(&["rules", "coverage", &bundle]);
    assert!(text.contains(" rules decided: "), "{text}");
    assert!(text.contains("undecided for want of"), "{text}");
    let json: Value =
        serde_json::from_str(&said(&["rules", "coverage", &bundle, "-f", "json"])).unwrap();
    let fired = json["rules"].as_array().unwrap().iter();
    assert!(
        fired
            .into_iter()
            .any(|rule| rule["id"] == "service-selector-mismatch" && rule["outcome"] == "fired")
    );
    let bench = said(&["rules", "bench", &bundle, "--runs", "1", "--top", "3"]);
    assert!(bench.contains("patterns, each alone"), "{bench}");
}

#[test]
fn facts_document_kinds_fields_and_relations() {
    let container = said(&["rules", "facts", "Container"]);
    assert!(
        container.contains("memoryLimit              bytes"),
        "{container}"
    );
    assert!(said(&["rules", "facts", "pod"]).contains("leads to Pod"));
    assert!(complained(&["rules", "facts", "Contaner"]).contains("did you mean `Container`?"));
    assert!(said(&["rules", "facts"]).contains("Relations:"));
}

/// The part of JSON Schema that ours uses; every other keyword is refused.
fn fits(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let Some(schema) = schema.as_object() else {
        return Err("not a schema".to_owned());
    };
    for (keyword, of) in schema {
        match keyword.as_str() {
            "$ref" => {
                let path = of.as_str().unwrap().trim_start_matches('#');
                fits(root, root.pointer(path).expect(path), value)?;
            }
            "anyOf" => {
                let forms = of.as_array().unwrap();
                let failed: Vec<String> = forms
                    .iter()
                    .filter_map(|form| fits(root, form, value).err())
                    .collect();
                if failed.len() == forms.len() {
                    return Err(format!("fits nothing: {}", failed.join(" / ")));
                }
            }
            "enum" if !of.as_array().unwrap().contains(value) => {
                return Err(format!("{value} is none of {of}"));
            }
            "const" if of != value => return Err(format!("{value} is not {of}")),
            "type" => {
                let own = match value {
                    Value::Null => "null",
                    Value::Bool(_) => "boolean",
                    Value::Number(_) => "number",
                    Value::String(_) => "string",
                    Value::Array(_) => "array",
                    Value::Object(_) => "object",
                };
                let any = of
                    .as_array()
                    .is_some_and(|of| of.iter().any(|of| of == own));
                if of != own && !any {
                    return Err(format!("{own} instead of {of}"));
                }
            }
            "required" => {
                for key in of.as_array().unwrap() {
                    if value.is_object() && value.get(key.as_str().unwrap()).is_none() {
                        return Err(format!("{key} is missing"));
                    }
                }
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    fits(root, of, item)?;
                }
            }
            "additionalProperties" => {
                for (key, inner) in value.as_object().into_iter().flatten() {
                    let named = schema.get("properties").and_then(|keys| keys.get(key));
                    let pattern = schema.get("patternProperties").is_some();
                    match named {
                        Some(own) => {
                            fits(root, own, inner).map_err(|why| format!("{key}: {why}"))?;
                        }
                        None if pattern => {}
                        None if *of == Value::Bool(false) => {
                            return Err(format!("{key} is unknown"));
                        }
                        None => fits(root, of, inner)?,
                    }
                }
            }
            "enum" | "const" | "properties" | "patternProperties" | "pattern" | "description"
            | "title" | "$schema" | "$defs" => {}
            other => return Err(format!("the test does not know `{other}`")),
        }
    }
    Ok(())
}

#[test]
fn every_rule_fits_the_json_schema() {
    let schema: Value = serde_json::from_str(&said(&["rules", "schema"])).unwrap();
    let mut seen = 0;
    for entry in walkdir::WalkDir::new(root().join("rules")) {
        let entry = entry.unwrap();
        if entry.path().extension().is_some_and(|it| it == "yaml") {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let rule: Value = serde_yaml::from_str(&text).unwrap();
            if let Err(why) = fits(&schema, &schema, &rule) {
                panic!("{}: {why}", entry.path().display());
            }
            seen += 1;
        }
    }
    assert!(seen > 100);
    for (word, slip) in [
        ("severity: medium", "severity: midium"),
        ("find: Pod p", "fnd: Pod p"),
        ("hostPort: {exists: true}", "hostPort: {exist: true}"),
        ("{name: one port,", "{nam: one port,"),
    ] {
        let rule: Value = serde_yaml::from_str(RULE).unwrap();
        assert_eq!(fits(&schema, &schema, &rule), Ok(()));
        let rule: Value = serde_yaml::from_str(&RULE.replacen(word, slip, 1)).unwrap();
        assert!(fits(&schema, &schema, &rule).is_err(), "{slip}");
    }
}

/// Every file below a directory.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    walkdir::WalkDir::new(dir)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(dir).unwrap();
            let bytes = std::fs::read(entry.path()).unwrap();
            (path.to_str().unwrap().replace('\\', "/"), bytes)
        })
        .collect()
}

#[test]
fn generated_documentation_is_fresh() {
    let dir = scratch("generated-docs");
    said(&["docs", dir.to_str().unwrap()]);
    let made = files(&dir);
    let kept = files(&root().join("docs"));
    let stale: Vec<&String> = made
        .iter()
        .filter(|(path, bytes)| kept.get(*path) != Some(bytes))
        .map(|(path, _)| path)
        .collect();
    let gone: Vec<&String> = kept
        .keys()
        .filter(|path| {
            ["rules/", "man/", "completions/"]
                .iter()
                .any(|dir| path.starts_with(dir))
        })
        .filter(|path| !made.contains_key(*path))
        .collect();
    assert!(
        stale.is_empty() && gone.is_empty(),
        "run `cargo run -p coldcase -- docs docs`; stale: {stale:?}; to be deleted: {gone:?}"
    );
}
