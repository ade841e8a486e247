//! Formats for other programs: code scanning, test reports, timeline tools, trace viewers.

pub(crate) mod dated;
pub mod junit;
mod sarif;
mod schema;
mod tests_report;
mod timesketch;
mod trace;

pub(crate) use sarif::render as sarif;
pub use schema::text as schema;
pub(crate) use tests_report::render as junit_report;
pub(crate) use timesketch::{csv, json_lines};
pub(crate) use trace::render as trace;

use crate::{
    index::{Index, place},
    model::Cause,
};

/// JSON on what every reader takes for one line: some end lines at U+2028 and U+2029 too, which only strings can hold.
fn unbroken(json: String) -> String {
    if json.contains(['\u{2028}', '\u{2029}']) {
        json.replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029")
    } else {
        json
    }
}

/// Quotes with their places, one to a line; what a finding or an entry stands on.
fn quotes(index: &Index<'_>, ids: &[String]) -> Vec<String> {
    ids.iter()
        .filter_map(|id| index.evidence(id))
        .map(|evidence| format!("{}: {}", place(evidence), evidence.quote))
        .collect()
}

/// All next steps of a cause in order of safety, each with the word for its kind.
fn steps(cause: &Cause) -> Vec<(&'static str, &str)> {
    let next = &cause.next;
    [
        ("observe", &next.observe),
        ("mitigate", &next.mitigate),
        ("fix", &next.fix),
        ("avoid", &next.avoid),
        ("verify", &next.verify),
    ]
    .into_iter()
    .flat_map(|(word, steps)| steps.iter().map(move |step| (word, step.as_str())))
    .collect()
}
