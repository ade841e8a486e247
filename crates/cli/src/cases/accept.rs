//! `coldcase test --accept`: writes the first truth of a case from what the report says, for somebody to review.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use coldcase_report::model::Report;
use coldcase_rules::RuleSet;

use super::{TRUTH, Test, archives, write};
use crate::{diagnosed, error::Failure, output, product::Place};

/// Writes a truth into each folder that has a bundle and none yet.
pub(crate) fn run(arguments: &Test, rules: &RuleSet) -> Result<ExitCode, Failure> {
    let mut written = 0;
    for root in &arguments.dirs {
        for dir in folders(root) {
            if dir.join(TRUTH).exists() {
                continue;
            }
            let bundles = match archives(&dir) {
                found if !found.is_empty() => found,
                _ if dir.join("bundle").is_dir() => vec![dir.join("bundle")],
                _ => vec![dir.clone()],
            };
            match diagnosed::report(&bundles, &arguments.reading, rules) {
                Ok(report) => {
                    let place = Place::named(&dir.join(TRUTH), &[])?;
                    write(&place, &first(report.report()))?;
                    written += 1;
                    output::say(&format!(
                        "{}: written; review it",
                        dir.join(TRUTH).display()
                    ));
                }
                Err(failure) => output::say(&format!("{}: no case: {failure}", dir.display())),
            }
        }
    }
    output::say(&format!("{written} written"));
    Ok(ExitCode::SUCCESS)
}

/// The folder itself if its files are a case, else the folders in it.
fn folders(root: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root) else {
        return Vec::new();
    };
    let mut inner: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    inner.sort();
    let is_case = inner.iter().any(|path| {
        let name = path.file_name().unwrap_or_default();
        path.is_file() || name == "bundle" || name == "cluster" || name == "namespaces"
    });
    if is_case {
        return vec![root.to_owned()];
    }
    inner.retain(|path| path.is_dir());
    inner
}

/// A first truth: only what a reviewer would have to agree with.
fn first(report: &Report) -> String {
    let mut out = String::from(
        "# Written by `coldcase test --accept` from what it said: review it, and say here what really happened.\n",
    );
    let _ = writeln!(out, "state: {}", report.verdict.state);
    if let Some(cause) = report.causes.first() {
        let _ = writeln!(out, "cause:\n  rule: {}", cause.rule);
        let _ = write!(out, "  subject: {{kind: {}", cause.subject.kind);
        if let Some(namespace) = &cause.subject.namespace {
            let _ = write!(out, ", namespace: {}", quoted(namespace));
        }
        let _ = writeln!(out, ", name: {}}}", quoted(&cause.subject.name));
        let _ = writeln!(out, "  confidence: [{}]", cause.confidence);
    } else {
        out.push_str("quiet_above: info\n");
    }
    out
}

/// A captured name as a YAML string, whatever it holds; JSON strings are YAML.
fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}
