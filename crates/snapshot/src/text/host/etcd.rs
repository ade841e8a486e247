//! Reads `etcdctl endpoint status` and `endpoint health`, as a table or as sentences.

use super::{
    amount,
    report::{Fields, Sink},
    table::{self, cell},
};

/// Both commands; the titles tell which.
pub(super) fn endpoint(sink: &mut Sink<'_>, text: &str) {
    let mut head: Vec<&str> = Vec::new();
    for (number, line) in sink.lines(text) {
        if let Some(cells) = table::bordered(line) {
            if cells.first() == Some(&"ENDPOINT") {
                head = cells;
            } else if !head.is_empty() {
                let row: Vec<(&str, &str)> = head.iter().copied().zip(cells).collect();
                sink.push("EtcdEndpoint", from_row(&row, number));
            }
            continue;
        }
        let sentence = line
            .split_once(" is healthy: ")
            .map(|parts| (parts, true))
            .or_else(|| {
                line.split_once(" is unhealthy: ")
                    .map(|parts| (parts, false))
            });
        if let Some(((endpoint, rest), healthy)) = sentence {
            let mut fields = Fields::default();
            fields.text("endpoint", endpoint, number);
            fields.flag("healthy", healthy, number);
            match rest.rsplit_once("took = ") {
                Some((_, took)) => took_field(&mut fields, took, number),
                None => fields.text("error", rest, number),
            }
            sink.push("EtcdEndpoint", fields);
        }
    }
}

fn took_field(fields: &mut Fields, took: &str, number: u32) {
    let seconds = amount::nanoseconds(took).map(amount::seconds);
    fields.decimal("tookSeconds", seconds, number);
}

fn from_row(row: &[(&str, &str)], number: u32) -> Fields {
    let mut fields = Fields::default();
    fields.text("endpoint", cell(row, &["ENDPOINT"]), number);
    fields.text("version", cell(row, &["VERSION"]), number);
    let size = amount::size(cell(row, &["DB SIZE"]), 1, true);
    fields.number("dbSize", size, number);
    for (field, title) in [
        ("leader", "IS LEADER"),
        ("learner", "IS LEARNER"),
        ("healthy", "HEALTH"),
    ] {
        if let Some(flag) = match cell(row, &[title]) {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        } {
            fields.flag(field, flag, number);
        }
    }
    for (field, title) in [("raftTerm", "RAFT TERM"), ("raftIndex", "RAFT INDEX")] {
        fields.number(field, cell(row, &[title]).parse().ok(), number);
    }
    took_field(&mut fields, cell(row, &["TOOK"]), number);
    fields.text("error", cell(row, &["ERRORS", "ERROR"]), number);
    fields
}
