//! Bulky fields that are left out while reading are fields that nobody reads: no report of any sample changes.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is the failure report of a test"
)]

mod support;

use std::path::Path;

use coldcase_bundle::{Limits, open};
use coldcase_report::{Format, assemble, render};
use coldcase_rules::RuleSet;
use coldcase_snapshot::{Options, read_with, yaml::Reading};

fn report(bundle: &Path, rules: &RuleSet, reading: Reading) -> String {
    let bundle = open(bundle, &Limits::default()).unwrap();
    let snapshot = read_with(
        &bundle,
        &Options {
            yaml: reading,
            ..Options::default()
        },
    );
    let facts = coldcase_facts::derive(&snapshot);
    let evaluation = coldcase_rules::evaluate(rules, &facts);
    let diagnosis = coldcase_diagnosis::diagnose(&facts, rules, &evaluation);
    let report = assemble(&bundle, &snapshot, rules, &evaluation, &diagnosis);
    let mut out = Vec::new();
    render(&report, Format::Json, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn reports_do_not_depend_on_bulky_fields() {
    let rules = RuleSet::builtin().unwrap();
    let without = || Reading::default().without_bulk(|word| rules.mentions(word));
    for sample in support::samples() {
        let with = report(&sample, &rules, Reading::default());
        assert_eq!(
            report(&sample, &rules, without()),
            with,
            "{}",
            sample.display()
        );
    }
}
