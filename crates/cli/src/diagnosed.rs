//! The whole line from inputs to a cleaned report, for commands that need its result and not its stages.

use std::path::PathBuf;

use coldcase_report::Cleaned;
use coldcase_rules::RuleSet;

use crate::{args::Reading, error::Failure, reading};

/// The report of some inputs read together.
pub(crate) fn report(
    bundles: &[PathBuf],
    arguments: &Reading,
    rules: &RuleSet,
) -> Result<Cleaned, Failure> {
    let (bundle, options) = reading::open_for(bundles, arguments, rules)?;
    let snapshot = reading::snapshot(&bundle, &options)?;
    let facts = coldcase_facts::derive(&snapshot);
    let evaluation = coldcase_rules::evaluate(rules, &facts);
    let diagnosis = coldcase_diagnosis::diagnose(&facts, rules, &evaluation);
    let report = coldcase_report::assemble(&bundle, &snapshot, rules, &evaluation, &diagnosis);
    Ok(Cleaned::new(report))
}
