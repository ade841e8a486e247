//! The incident template at the top of a ticket.

use super::escape::{code, prose};
use super::fit::{Limits, others};
use super::{heading, line};
use crate::index::{Index, place};
use crate::postmortem::{self, Line, OPEN_PREVENTION};

/// Writes the filled template.
pub(super) fn template(page: &mut String, index: &Index<'_>, limits: &Limits) {
    let skeleton = postmortem::skeleton(index);
    heading(page, "Incident");
    for (label, text) in [
        ("Incident", &skeleton.incident),
        ("Namespace", &skeleton.namespace),
        ("Workload", &skeleton.workload),
        ("Started", &skeleton.started),
        ("Detected by", &skeleton.detected_by),
        ("User impact", &skeleton.impact),
    ] {
        line(page, &format!("- **{label}:** {}", prose(text)));
    }
    lines(page, index, "Timeline", &skeleton.timeline, limits);
    lines(page, index, "Evidence", &skeleton.evidence, limits);
    items(
        page,
        "Root cause hypothesis",
        std::slice::from_ref(&skeleton.hypothesis),
    );
    items(
        page,
        "Confirmed root cause",
        std::slice::from_ref(&skeleton.confirmed),
    );
    let mut preventive = skeleton.preventive;
    preventive.push(OPEN_PREVENTION.to_owned());
    items(page, "Preventive actions", &preventive);
}

fn items(page: &mut String, label: &str, items: &[String]) {
    line(page, &format!("- **{label}:**"));
    for item in items {
        line(page, &format!("  - {}", prose(item)));
    }
}

fn lines(page: &mut String, index: &Index<'_>, label: &str, lines: &[Line], limits: &Limits) {
    line(page, &format!("- **{label}:**"));
    for entry in lines.iter().take(limits.listed) {
        let time = if entry.time.is_empty() {
            String::new()
        } else {
            format!("{}: ", prose(&entry.time))
        };
        let cite = index
            .first_evidence(&entry.evidence)
            .map(|e| format!(" — {}", code(&place(e))))
            .unwrap_or_default();
        line(page, &format!("  - {time}{}{cite}", prose(&entry.text)));
    }
    if let Some(said) = others(limits.listed, lines.len(), "") {
        line(page, &format!("  - {said}"));
    }
    if lines.is_empty() {
        let undated = label == "Timeline" && !index.report.undated.is_empty();
        let none = if undated {
            "<no event has a time; their ages stand below>"
        } else {
            "<none in this bundle>"
        };
        line(page, &format!("  - {}", prose(none)));
    }
}
