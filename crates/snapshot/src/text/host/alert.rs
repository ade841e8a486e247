//! Reads what `amtool alert query` prints, simple and extended: one alert in a line.

use super::report::{Fields, Sink};
use crate::node::Node;

/// `Alertname  Starts At  Summary  State`, or `Labels  Annotations  Starts At  Ends At  Generator URL  State`.
pub(super) fn amtool(sink: &mut Sink<'_>, text: &str) {
    let mut extended = None;
    for (number, line) in sink.lines(text) {
        if line.contains("Starts At") {
            extended = line
                .starts_with("Labels")
                .then_some(true)
                .or(line.starts_with("Alertname").then_some(false));
            continue;
        }
        let Some(extended) = extended.filter(|_| line.len() < 10_000) else {
            continue;
        };
        let cells: Vec<&str> = line
            .split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect();
        let Some(at) = cells.iter().position(|cell| utc(cell).is_some()) else {
            continue;
        };
        let (Some(first), Some(state)) = (cells.first(), cells.last().and_then(|cell| state(cell)))
        else {
            continue;
        };
        let mut fields = Fields::default();
        if extended {
            let labels = pairs(first);
            let named = |key: &str| labels.iter().find(|(name, _)| *name == key);
            fields.text("name", named("alertname").map_or("", |it| it.1), number);
            fields.text("severity", named("severity").map_or("", |it| it.1), number);
            let notes = cells
                .get(1)
                .filter(|_| at > 1)
                .map_or(Vec::new(), |it| pairs(it));
            let said = ["summary", "description", "message"]
                .iter()
                .find_map(|key| notes.iter().find(|(name, _)| name == key));
            fields.text("summary", said.map_or("", |it| it.1), number);
            let labels = labels
                .iter()
                .map(|(key, value)| (*key, Node::text(*value).at_line(number)))
                .collect();
            fields.set("labels", Node::map(labels), number);
        } else if at == 1 {
            fields.text("name", first, number);
            let said = cells.get(2).filter(|_| cells.len() > 3);
            fields.text("summary", said.copied().unwrap_or(""), number);
        }
        let since = cells.get(at).and_then(|cell| utc(cell)).unwrap_or_default();
        fields.text("startsAt", &since, number);
        fields.text("state", state, number);
        if fields.has("name") {
            sink.push("Alert", fields);
        }
    }
}

/// `2026-07-14 09:20:11 UTC` in the form of the API.
fn utc(cell: &str) -> Option<String> {
    let rest = cell.strip_suffix(" UTC")?;
    let (day, time) = rest.split_once(' ')?;
    let digits = |text: &str, sign: char| {
        text.len() >= 8
            && text
                .chars()
                .all(|c| c.is_ascii_digit() || c == sign || c == '.')
    };
    (digits(day, '-') && digits(time, ':')).then(|| format!("{day}T{time}Z"))
}

fn state(cell: &str) -> Option<&'static str> {
    match cell {
        "active" | "unprocessed" => Some("firing"),
        "suppressed" => Some("suppressed"),
        _ => None,
    }
}

/// `key="value"` pairs.
fn pairs(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((key, after)) = rest.split_once("=\"") {
        let Some((value, next)) = after.split_once('"') else {
            break;
        };
        found.push((key.trim(), value));
        rest = next;
        if found.len() >= 64 {
            break;
        }
    }
    found
}
