//! The shape of the workspace: dependencies point left, files say what they are for, nothing names a machine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    reason = "a panic is the failure report of a test"
)]

mod support;

use std::{collections::BTreeMap, fs, path::PathBuf};

use support::root;

/// The line of ARCHITECTURE.md, left to right.
const LINE: [&str; 8] = [
    "bundle",
    "snapshot",
    "facts",
    "rules",
    "diagnosis",
    "report",
    // Beside the report: it ends in answers to requests.
    "serve",
    "cli",
];

/// Engines beside the line: they know nothing of coldcase and could be published.
const ENGINES: [&str; 3] = ["kubeyaml", "logscan", "redact"];

#[test]
fn engines_depend_on_no_crate_of_the_line() {
    for name in ENGINES {
        let manifest = root().join("crates").join(name).join("Cargo.toml");
        let manifest = fs::read_to_string(manifest).unwrap_or_default();
        assert!(
            !manifest.contains("coldcase-"),
            "{name} depends on a crate of the line"
        );
    }
}

#[test]
fn crates_depend_only_on_crates_to_their_left() {
    let rank: BTreeMap<&str, usize> = LINE
        .iter()
        .enumerate()
        .map(|(at, name)| (*name, at))
        .collect();
    for name in LINE {
        let manifest =
            fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
        for line in manifest
            .lines()
            .filter(|line| line.starts_with("coldcase-"))
        {
            let dependency = line
                .trim_start_matches("coldcase-")
                .split(['.', ' ', '='])
                .next()
                .unwrap();
            let left = rank
                .get(dependency)
                .unwrap_or_else(|| panic!("{name}: unknown crate {dependency}"));
            assert!(
                *left < rank[name],
                "{name} depends on {dependency}, which is not to its left"
            );
        }
    }
    let beside = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| !ENGINES.iter().any(|engine| name == engine))
        .count();
    assert_eq!(beside, LINE.len(), "a crate is missing from the line");
}

fn sources(dir: PathBuf, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // Fuzzing builds beside its sources.
            if !path.ends_with("target") {
                sources(path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_source_opens_with_what_it_is_responsible_for() {
    let mut found = Vec::new();
    sources(root().join("crates"), &mut found);
    assert!(found.len() > 50);
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("//! "),
            "{} does not open with a sentence",
            path.display()
        );
    }
}
