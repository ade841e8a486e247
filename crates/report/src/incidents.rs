//! Words for several incidents in one bundle: when each ran, and which causes it has.

use crate::{
    model::{Cause, Report, Separate},
    times,
};

/// Incidents that are listed one by one.
const LISTED: usize = 5;

/// A line for each incident; none if there is only one.
pub(crate) fn lines(report: &Report) -> Vec<String> {
    if report.incidents.len() < 2 {
        return Vec::new();
    }
    let mut lines: Vec<String> = report
        .incidents
        .iter()
        .zip(1..)
        .take(LISTED)
        .map(|(incident, number)| line(report, incident, number))
        .collect();
    let more = report.incidents.len().saturating_sub(LISTED);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

fn line(report: &Report, incident: &Separate, number: usize) -> String {
    let since = match (&incident.window.from, &incident.window.to) {
        (Some(from), Some(to)) => format!(", {} to {}", times::second(from), times::second(to)),
        (Some(from), None) => format!(", since {}", times::second(from)),
        (None, _) => String::new(),
    };
    let lead = lead(report, incident);
    let title = lead.map_or("", |cause| cause.title.as_str());
    let further = match incident.causes.len() {
        0 | 1 => String::new(),
        2 => " (and 1 more cause)".to_owned(),
        count => format!(" (and {} more causes)", count - 1),
    };
    // The verdict counts those that last.
    let state = match incident.state.as_str() {
        "active" | "" => "",
        "recovered" => ", recovered",
        _ => ", past",
    };
    let name = if number > 1 && lead.is_some_and(is_aside) {
        "also found".to_owned()
    } else {
        format!("incident {number}")
    };
    format!("{name}{state}{since}: {title}{further}")
}

fn lead<'r>(report: &'r Report, incident: &Separate) -> Option<&'r Cause> {
    let rank = incident.causes.first()?;
    report.causes.get(rank.checked_sub(1)?)
}

/// Whether the verdict does not count a cause's incident: nothing that fails depends on it, or it is only possible.
fn is_aside(cause: &Cause) -> bool {
    cause.independent || cause.confidence == "possible"
}

/// What the list of incidents is called.
pub(crate) fn heading(report: &Report) -> String {
    let counted = report
        .incidents
        .iter()
        .filter(|incident| !lead(report, incident).is_some_and(is_aside))
        .count();
    match counted {
        0 => "What was found, one by one".to_owned(),
        1 => "1 incident, and what else was found".to_owned(),
        count => format!("{count} separate incidents"),
    }
}
