//! `coldcase test`, `explain` and `verify` as a support team meets them: kept cases, reasoning as text, quotes that are checked.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is the failure report of a test"
)]

mod support;

use std::{fs, path::PathBuf};

use support::{coldcase, root, scratch};

fn sample(name: &str) -> PathBuf {
    root().join("samples").join(name)
}

/// A copy of a sample as a case of its own: the bundle in a folder `bundle`, so that its truth lies beside it.
fn case(dir: &std::path::Path, name: &str, sample_name: &str, truth: Option<&str>) {
    let to = dir.join(name).join("bundle");
    for entry in walkdir::WalkDir::new(sample(sample_name)) {
        let entry = entry.unwrap();
        let below = entry.path().strip_prefix(sample(sample_name)).unwrap();
        if entry.file_type().is_dir() {
            fs::create_dir_all(to.join(below)).unwrap();
        } else if below != std::path::Path::new("truth.yaml") {
            fs::copy(entry.path(), to.join(below)).unwrap();
        }
    }
    if let Some(truth) = truth {
        fs::write(dir.join(name).join("truth.yaml"), truth).unwrap();
    }
}

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = coldcase(arguments);
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn a_kept_case_passes_until_its_truth_is_another() {
    let dir = scratch("cases-kept");
    let right = "state: active\nclass: scheduling\ncause:\n  rule: node-selector-mismatch\nabsent: [insufficient-cpu]\n";
    case(&dir, "one", "i02-impossible-node-selector", Some(right));
    let path = dir.to_str().unwrap();
    let (code, said) = run(&["test", path]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 cases: 1 right"), "{said}");

    let wrong = "state: recovered\ncause:\n  rule: insufficient-cpu\n";
    fs::write(dir.join("one/truth.yaml"), wrong).unwrap();
    let (junit, json) = (dir.join("r.xml"), dir.join("r.json"));
    let (code, said) = run(&[
        "test",
        path,
        "--junit",
        junit.to_str().unwrap(),
        "--json",
        json.to_str().unwrap(),
    ]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("one: state is active, not recovered"),
        "{said}"
    );
    assert!(
        said.contains("insufficient-cpu is not named; first is firm node-selector-mismatch"),
        "{said}"
    );
    assert!(
        fs::read_to_string(junit)
            .unwrap()
            .contains("failures=\"1\"")
    );
    let results: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(results["cases"][0]["result"], "wrong and firm");

    // What lies in a case's bundle is evidence.
    let evidence = dir.join("one/bundle/cluster/pods.yaml");
    let before = fs::read(&evidence).unwrap();
    for option in ["--junit", "--json"] {
        let (code, _) = run(&["test", path, option, evidence.to_str().unwrap()]);
        assert_eq!(code, Some(2));
        let new = dir.join("one/bundle/results.xml");
        let (code, _) = run(&["test", path, option, new.to_str().unwrap()]);
        assert_eq!((code, new.exists()), (Some(2), false));
    }
    assert_eq!(fs::read(&evidence).unwrap(), before);
}

#[test]
fn a_misspelt_truth_or_a_missing_bundle_is_an_error_and_not_a_pass() {
    let dir = scratch("cases-broken");
    case(
        &dir,
        "a",
        "i02-impossible-node-selector",
        Some("state: active\ncuase: {rule: x}\n"),
    );
    fs::create_dir_all(dir.join("b")).unwrap();
    fs::write(
        dir.join("b/truth.yaml"),
        "state: active\nbundle: [gone.tar.gz]\n",
    )
    .unwrap();
    let (code, said) = run(&["test", dir.to_str().unwrap()]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("truth.yaml: unknown field `cuase`"), "{said}");
    assert!(said.contains("gone.tar.gz"), "{said}");
    let (code, said) = run(&["test", dir.join("b").join("nothing").to_str().unwrap()]);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("no folder below it has a truth.yaml"),
        "{said}"
    );
}

#[test]
fn accept_writes_a_first_truth_that_then_passes() {
    let dir = scratch("cases-accept");
    case(&dir, "sick", "i02-impossible-node-selector", None);
    case(&dir, "well", "n1-healthy-rolling-update", None);
    let path = dir.to_str().unwrap();
    let (code, said) = run(&["test", path, "--accept"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("2 written"), "{said}");
    let truth = fs::read_to_string(dir.join("sick/truth.yaml")).unwrap();
    assert!(truth.contains("rule: node-selector-mismatch"), "{truth}");
    let (code, said) = run(&["test", path]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("2 cases: 1 right, 1 quiet"), "{said}");
    fs::write(dir.join("sick/truth.yaml"), "state: active\n# mine\n").unwrap();
    run(&["test", path, "--accept"]);
    assert!(
        fs::read_to_string(dir.join("sick/truth.yaml"))
            .unwrap()
            .contains("# mine"),
        "never overwritten"
    );
}

#[test]
fn explain_gives_numbers_and_citations() {
    let bundle = sample("i01-kube-proxy-oom");
    let path = bundle.to_str().unwrap();
    let (code, said) = run(&["explain", path, "kube-proxy-oom"]);
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "1. ",
        "points",
        "Memory cgroup out of memory",
        "It explains:",
        "Cleared suspects",
        "node-worker-3",
    ] {
        assert!(said.contains(part), "no `{part}` in {said}");
    }
    let (code, said) = run(&["explain", path, "dns-timeout"]);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("`dns-timeout` is no cause of this report; it has kube-proxy-oom"),
        "{said}"
    );
    let (code, _) = run(&[
        "explain",
        sample("n1-healthy-rolling-update").to_str().unwrap(),
    ]);
    assert_eq!(code, Some(1));
}

#[test]
fn verify_notices_a_changed_quote_a_changed_file_and_a_lost_citation() {
    let dir = scratch("verify");
    case(&dir, "one", "i02-impossible-node-selector", None);
    let bundle = dir.join("one/bundle");
    let report = dir.join("r.json");
    let (bundle, report_path) = (bundle.to_str().unwrap(), report.to_str().unwrap());
    run(&["analyze", bundle, "-o", report_path, "-q"]);
    let (code, said) = run(&["verify", report_path, bundle]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(" 0 wrong"), "{said}");

    let good: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&report).unwrap()).unwrap();
    let mut bad = good.clone();
    bad["evidence"][0]["quote"] = "never said".into();
    bad["findings"][0]["evidence"] = serde_json::json!([]);
    fs::write(&report, bad.to_string()).unwrap();
    let (code, said) = run(&["verify", report_path, bundle]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is not `never said`"), "{said}");
    assert!(said.contains("quotes nothing"), "{said}");

    let mut bad = good.clone();
    let path = bad["triage"][2].as_object_mut().unwrap();
    assert!(path["answer"].as_str().unwrap().contains("Service batch/"));
    path["evidence"] = serde_json::json!([]);
    fs::write(&report, bad.to_string()).unwrap();
    let (code, said) = run(&["verify", report_path, bundle]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("triage: `Service batch/"), "{said}");

    fs::write(&report, good.to_string()).unwrap();
    fs::write(dir.join("one/bundle/extra.log"), "new\n").unwrap();
    let (code, said) = run(&["verify", report_path, bundle]);
    assert_eq!(code, Some(1));
    assert!(said.contains("another bundle"), "{said}");
    fs::write(&report, "{}").unwrap();
    let (code, said) = run(&["verify", report_path, bundle]);
    assert_eq!(code, Some(2));
    assert!(said.contains("is no report of coldcase"), "{said}");
}
