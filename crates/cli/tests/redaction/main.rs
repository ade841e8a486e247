//! Planted secrets: none survives `coldcase redact` or the reports made of its result, look-alikes do, and diagnoses stay.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a panic is the failure report of a test"
)]

mod lines;
mod lookalikes;
mod outcome;
mod planter;
#[path = "../support/mod.rs"]
mod support;
mod verify;

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// All files below a directory, with their text.
fn texts(dir: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path
                    .strip_prefix(dir)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                found.push((name, text));
            }
        }
    }
    found.sort();
    found
}

fn redact(input: &Path, output: &Path, more: &[&str]) -> std::process::Output {
    let mut arguments = vec![
        "redact",
        input.to_str().unwrap(),
        "-o",
        output.to_str().unwrap(),
    ];
    arguments.extend(more);
    support::coldcase(&arguments)
}

/// Forms in which a value would still be readable.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned()];
    let json = serde_json::to_string(secret).unwrap();
    forms.push(json[1..json.len() - 1].to_owned());
    let twice = serde_json::to_string(&json[1..json.len() - 1]).unwrap();
    forms.push(twice[1..twice.len() - 1].to_owned());
    forms.push(STANDARD.encode(secret));
    forms.push(STANDARD.encode(format!("{secret}\n")));
    forms.push(
        secret
            .bytes()
            .map(|b| b.to_string())
            .collect::<Vec<_>>()
            .join(" "),
    );
    forms.push(
        secret
            .bytes()
            .map(|b| b.to_string())
            .collect::<Vec<_>>()
            .join(","),
    );
    forms
}

fn assert_gone(secrets: &[planter::Secret], texts: &[(String, String)], of: &str) {
    let mut left = Vec::new();
    for secret in secrets {
        for form in forms(&secret.value) {
            for (file, text) in texts {
                if text.contains(&form) {
                    let at = text.find(&form).unwrap();
                    let line = text[..at].matches('\n').count() + 1;
                    let shown = text.lines().nth(line - 1).unwrap_or("");
                    let shown: String = shown.chars().take(300).collect();
                    left.push(format!("{} in {file}:{line}: {shown}", secret.shape));
                }
            }
        }
    }
    left.sort();
    left.dedup();
    assert!(
        left.is_empty(),
        "{of}: {} left:\n{}",
        left.len(),
        left.join("\n")
    );
}

#[test]
fn no_planted_secret_survives_and_lookalikes_do() {
    let scratch = support::scratch("redaction-planted");
    let bundle = scratch.join("bundle");
    let secrets = planter::plant(&bundle);
    lookalikes::plant(&bundle);
    assert!(secrets.len() > 250, "{}", secrets.len());
    // The test itself must be able to find what it looks for.
    let before = texts(&bundle);
    for secret in &secrets {
        assert!(
            forms(&secret.value)
                .iter()
                .any(|form| before.iter().any(|(_, text)| text.contains(form.as_str())))
                || secret.packed,
            "{} is not in the bundle",
            secret.shape
        );
    }
    let clean = scratch.join("clean");
    let output = redact(&bundle, &clean, &[]);
    let said = support::stdout(&output);
    let after = texts(&clean);
    assert_gone(&secrets, &after, "bundle");
    assert_gone(&secrets, &[("stdout".to_owned(), said)], "output");

    let mut lost = Vec::new();
    let all = lookalikes::LINES;
    assert!(all.len() >= 100, "{}", all.len());
    for (file, text) in &after {
        if file.contains("lookalikes") {
            let lines: Vec<&str> = text.lines().collect();
            for (at, (line, now)) in all.iter().zip(&lines).enumerate() {
                if !now.contains(line) {
                    lost.push(format!("{file}:{}: {now}", at + 1));
                }
            }
        }
    }
    assert!(
        lost.is_empty(),
        "{} look-alikes lost:\n{}",
        lost.len(),
        lost.join("\n")
    );

    for format in ["html", "md", "json"] {
        let report = scratch.join(format!("report.{format}"));
        support::stdout(&support::coldcase(&[
            "analyze",
            clean.to_str().unwrap(),
            "-q",
            "-o",
            report.to_str().unwrap(),
        ]));
        let text = fs::read_to_string(&report).unwrap();
        assert_gone(&secrets, &[(format.to_owned(), text)], "report");
    }
    println!("{} secrets, {} look-alikes", secrets.len(), all.len());
}

#[test]
fn lines_stay_where_they_are_and_yaml_stays_yaml() {
    let scratch = support::scratch("redaction-lines");
    let bundle = scratch.join("bundle");
    planter::plant(&bundle);
    let clean = scratch.join("clean");
    support::stdout(&redact(&bundle, &clean, &["--seed", "lines"]));
    for (file, text) in texts(&bundle) {
        let Ok(now) = fs::read_to_string(clean.join(&file)) else {
            continue;
        };
        assert_eq!(text.lines().count(), now.lines().count(), "{file}");
        if file.ends_with(".yaml") {
            for document in serde_yaml::Deserializer::from_str(&now) {
                let read = <serde_yaml::Value as serde::Deserialize>::deserialize(document);
                assert!(read.is_ok(), "{file}: {:?}", read.err());
            }
        }
        if file.ends_with(".json") && !file.contains("journal") {
            assert!(
                serde_json::from_str::<serde_json::Value>(&now).is_ok(),
                "{file}"
            );
        }
        if file.ends_with(".jsonl") || file.contains("journal") {
            for line in now.lines() {
                assert!(
                    serde_json::from_str::<serde_json::Value>(line).is_ok(),
                    "{file}: {line}"
                );
            }
        }
    }
}

#[test]
fn every_container_gives_the_same_files() {
    let scratch = support::scratch("redaction-forms");
    let bundle = scratch.join("bundle");
    planter::plant(&bundle);
    let mut hashes = Vec::new();
    for name in ["clean", "clean.tar.gz", "clean.tar", "clean.zip"] {
        let clean = scratch.join(name);
        support::stdout(&redact(&bundle, &clean, &["--seed", "forms"]));
        hashes.push(support::json(&clean)["bundle"]["hash"].clone());
        // Once more over its own result changes nothing.
        let again = scratch.join(format!("again-{name}"));
        support::stdout(&redact(&clean, &again, &["--seed", "other"]));
        if name == "clean" {
            for (file, text) in texts(&clean) {
                if file != "redaction.json" && file != "checksums.txt" {
                    assert_eq!(
                        text,
                        fs::read_to_string(again.join(&file)).unwrap(),
                        "{file}"
                    );
                }
            }
        }
    }
    hashes.dedup();
    assert_eq!(hashes.len(), 1, "{hashes:?}");
    // A result is never written over something.
    assert_eq!(
        redact(&bundle, &scratch.join("clean.zip"), &[])
            .status
            .code(),
        Some(2)
    );
    assert_eq!(
        redact(&bundle, &scratch.join("clean"), &[]).status.code(),
        Some(2)
    );
}

/// Two runs give two names, one run gives one.
#[test]
fn equal_values_have_equal_names_in_one_run_only() {
    let scratch = support::scratch("redaction-names");
    let bundle = scratch.join("bundle");
    fs::create_dir_all(&bundle).unwrap();
    fs::write(
        bundle.join("a.yaml"),
        "apiVersion: v1\ndata:\n  password: aHVudGVyMg==\nkind: Secret\nmetadata:\n  name: a\n",
    )
    .unwrap();
    fs::write(
        bundle.join("b.log"),
        "password=hunter2\nurl=redis://x:hunter2@y\npassword=hunter3\n",
    )
    .unwrap();
    let mut runs = Vec::new();
    for run in ["one", "two"] {
        let clean = scratch.join(run);
        support::stdout(&redact(&bundle, &clean, &[]));
        let name = |text: &str, nth: usize| {
            let mut found = text.split("<masked:").skip(1);
            let found = found.nth(nth).unwrap();
            found
                .split_once('>')
                .unwrap()
                .0
                .rsplit(':')
                .next()
                .unwrap()
                .to_owned()
        };
        let log = fs::read_to_string(clean.join("b.log")).unwrap();
        let yaml = fs::read_to_string(clean.join("a.yaml")).unwrap();
        assert_eq!(name(&log, 0), name(&log, 1));
        assert_eq!(name(&log, 0), name(&yaml, 0));
        assert_ne!(name(&log, 0), name(&log, 2));
        runs.push(name(&log, 0));
    }
    assert_ne!(runs[0], runs[1]);
}

/// What cannot be judged is left out and said; nested archives are opened.
#[test]
fn what_is_no_text_is_left_out() {
    let scratch = support::scratch("redaction-binary");
    let bundle = scratch.join("bundle");
    fs::create_dir_all(&bundle).unwrap();
    fs::write(
        bundle.join("core"),
        [
            0x7f, b'E', b'L', b'F', 0, 0, 1, 2, 3, 0, 0, 0, 255, 254, 0, 1,
        ],
    )
    .unwrap();
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(
        Vec::new(),
        flate2::Compression::fast(),
    ));
    let text = b"time=1 password=hunter2\n";
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o600);
    tar.append_data(&mut header, "inner/app.log", &text[..])
        .unwrap();
    fs::write(
        bundle.join("nested.tar.gz"),
        tar.into_inner().unwrap().finish().unwrap(),
    )
    .unwrap();
    let clean = scratch.join("clean");
    let output = redact(&bundle, &clean, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("core: not text"));
    assert!(!clean.join("core").exists());
    let found = texts(&clean);
    assert!(
        found
            .iter()
            .any(|(_, text)| text.starts_with("time=1 password=<masked:password:")),
        "{found:?}"
    );
    assert!(!found.iter().any(|(_, text)| text.contains("hunter2")));
    let told: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(clean.join("redaction.json")).unwrap()).unwrap();
    assert_eq!(told["left_out"][0]["file"], "core");
    assert_eq!(told["masked"]["password"], 1);
}

/// Each sample, masked, has the same cause on top.
#[test]
fn diagnoses_stay() {
    let scratch = support::scratch("redaction-samples");
    let mut differ = Vec::new();
    for sample in support::samples() {
        let name = sample.file_name().unwrap().to_string_lossy().into_owned();
        let clean: PathBuf = scratch.join(&name);
        let output = redact(&sample, &clean, &["--seed", "samples"]);
        support::stdout(&output);
        let cause = |bundle: &Path| {
            let report = support::json(bundle);
            (
                report["verdict"]["state"].clone(),
                report["causes"][0]["rule"].clone(),
                report["causes"][0]["subject"].clone(),
            )
        };
        let (before, after) = (cause(&sample), cause(&clean));
        if before != after {
            differ.push(format!("{name}: {before:?} became {after:?}"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
