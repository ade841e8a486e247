//! Says what a redaction masked and left out: counts by file and kind, never a value.

use std::{collections::BTreeMap, path::Path};

use coldcase_bundle::Bundle;
use serde::Serialize;

use super::mask::Masked;
use crate::{bundle::verify::Before, output};

/// What was done; written as `redaction.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    schema: &'static str,
    tool: &'static str,
    /// Files that were written.
    files: u64,
    /// All that was masked, by kind.
    masked: BTreeMap<&'static str, u64>,
    /// The same for each file that had something.
    by_file: BTreeMap<String, BTreeMap<&'static str, u64>>,
    /// Files that were not written, and why.
    left_out: Vec<Missing>,
    /// Files that the redaction writes anew.
    replaced: Vec<String>,
    /// Links, which are not written.
    links: usize,
    /// Damage met while reading: what was not read was not written either.
    problems: Vec<Trouble>,
    /// What `coldcase bundle verify` said of a native bundle before its checksums were replaced;
    /// null if it is none, or several, or came from standard input.
    before: Option<Before>,
}

#[derive(Debug, Serialize)]
struct Missing {
    file: String,
    why: String,
}

#[derive(Debug, Serialize)]
struct Trouble {
    file: String,
    line: u32,
    what: String,
}

impl Told {
    pub(crate) fn new(bundle: &Bundle) -> Self {
        let mut told = Self {
            schema: "coldcase.redaction/v1",
            tool: concat!("coldcase ", env!("CARGO_PKG_VERSION")),
            files: 0,
            masked: BTreeMap::new(),
            by_file: BTreeMap::new(),
            left_out: Vec::new(),
            replaced: Vec::new(),
            links: bundle.links.len(),
            problems: Vec::new(),
            before: None,
        };
        told.trouble(&bundle.problems);
        told
    }

    fn trouble(&mut self, problems: &[coldcase_bundle::Problem]) {
        self.problems.extend(problems.iter().map(|problem| Trouble {
            file: super::mask::name(&problem.file),
            line: problem.line,
            what: super::mask::name(&problem.what),
        }));
    }

    /// Keeps how the bundle compared with its checksums; names may look like secrets, too.
    pub(crate) fn verified(&mut self, before: Option<Before>) {
        self.before = before.map(|mut before| {
            for name in before.names() {
                *name = super::mask::name(name);
            }
            before
        });
    }

    /// Adds what went wrong when files were read again.
    pub(crate) fn read_again(&mut self, bundle: &Bundle) {
        self.trouble(&bundle.late_problems());
    }

    pub(crate) fn masked(&mut self, masked: &Masked) {
        self.files += 1;
        if masked.counts.is_empty() {
            return;
        }
        for (kind, count) in &masked.counts {
            *self.masked.entry(kind).or_default() += count;
        }
        self.by_file
            .insert(masked.path.clone(), masked.counts.clone());
    }

    pub(crate) fn left_out(&mut self, file: &str, why: &str) {
        self.left_out.push(Missing {
            file: file.to_owned(),
            why: why.to_owned(),
        });
    }

    pub(crate) fn replaced(&mut self, file: &str) {
        self.replaced.push(file.to_owned());
    }

    /// Whether anything of the bundle is missing in the result.
    pub(crate) fn is_short(&self) -> bool {
        !self.left_out.is_empty() || self.links > 0 || !self.problems.is_empty()
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// For people.
    pub(crate) fn say(&self, target: &Path, quiet: bool) {
        if !quiet {
            let total: u64 = self.masked.values().sum();
            output::say(&format!(
                "{}: {} files, {total} values masked in {} of them",
                target.display(),
                self.files,
                self.by_file.len()
            ));
            for (kind, count) in &self.masked {
                output::say(&format!("  {count:>7}  {kind}"));
            }
        }
        if !self.left_out.is_empty() {
            output::say(&format!("left out {}:", self.left_out.len()));
            for missing in self.left_out.iter().take(20) {
                output::say(&format!("  {}: {}", missing.file, missing.why));
            }
            if self.left_out.len() > 20 {
                output::say("  … all of them are in redaction.json");
            }
        }
        if self.links > 0 {
            output::say(&format!("{} links, which are not written", self.links));
        }
        if !self.problems.is_empty() {
            output::say(&format!(
                "{} problems while reading, listed in redaction.json: what was not read was not written",
                self.problems.len()
            ));
        }
        if let Some(before) = self.before.as_ref().filter(|before| !before.intact) {
            output::say(&format!("before it was masked: {}", before.sentence()));
        }
    }
}
