//! One function of bytes for each parser: it returns whatever the bytes are, and panics if a law is broken.
//!
//! `cargo xtask fuzz` calls them with mutated samples on any compiler, `fuzz/` with libFuzzer.

mod archive;
mod journal;
mod pipeline;
mod redaction;
mod stamps;
mod structured;

#[allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's support")]
#[path = "../../../crates/kubeyaml/tests/support/check.rs"]
mod kubeyaml_law;
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's support")]
#[path = "../../../crates/logscan/tests/support/cases.rs"]
mod logscan_law;

pub use archive::archive;
pub use journal::journal;
pub use pipeline::{examples, transcript};
pub use redaction::redact;
pub use stamps::stamps;
pub use structured::{json, quantity, rules, yaml_snapshot};

/// A target: its name and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 11] = [
    ("archive", archive),
    ("journal", journal),
    ("json", json),
    ("logscan", logscan),
    ("quantity", quantity),
    ("redact", redact),
    ("rules", rules),
    ("stamps", stamps),
    ("transcript", transcript),
    ("yaml", yaml),
    ("yaml_snapshot", yaml_snapshot),
];

/// What kubeyaml reads, complete YAML readers read the same way.
///
/// # Panics
/// If they differ.
pub fn yaml(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Err(what) = kubeyaml_law::check(&text) {
        panic!("{what}");
    }
}

/// Patterns and a text made from the bytes: the scanner agrees with its definition.
///
/// # Panics
/// If it does not.
pub fn logscan(data: &[u8]) {
    let case = logscan_law::case(&mut logscan_law::Choices::read(data));
    if let Err(difference) = logscan_law::check(&case) {
        panic!("{difference}");
    }
}
