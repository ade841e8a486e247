//! Shared by the end-to-end tests: runs the real binary and finds the samples.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test uses a part; a panic is its failure report"
)]

pub(crate) mod incident;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// All sample directories, by name.
pub(crate) fn samples() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(root().join("samples"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("truth.yaml").is_file())
        .collect();
    found.sort();
    assert!(found.len() >= 11, "samples are missing: {found:?}");
    found
}

/// Runs coldcase.
pub(crate) fn coldcase(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_coldcase"))
        .args(arguments)
        .output()
        .unwrap()
}

/// Standard output of a run that could analyse, whatever it found.
pub(crate) fn stdout(output: &Output) -> String {
    assert!(
        matches!(output.status.code(), Some(0 | 1)),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The JSON report of a bundle.
pub(crate) fn json(bundle: &Path) -> serde_json::Value {
    let output = coldcase(&[
        "analyze",
        bundle.to_str().unwrap(),
        "--format",
        "json",
        "-o",
        "-",
        "-q",
    ]);
    serde_json::from_str(&stdout(&output)).unwrap()
}

/// A fresh directory that this test owns.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}
