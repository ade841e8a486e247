//! The timeline as JSON Lines and as CSV, in the columns that Timesketch imports: `message`, `datetime`, `timestamp_desc` and more.

use std::io::{Result, Write};

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::dated::{Dated, all, end_desc};
use super::{quotes, unbroken};
use crate::{
    index::{Index, place},
    model::Report,
};

/// One row of the timeline; field names are column names.
#[derive(Debug, Serialize)]
struct Row<'a> {
    /// What happened, to what.
    message: String,
    /// Microseconds since 1970.
    timestamp: i64,
    /// The same for people. One form in all rows: pandas takes the form of the first and drops what differs.
    datetime: String,
    timestamp_desc: &'a str,
    data_type: String,
    tag: Vec<String>,
    layer: &'a str,
    severity: &'a str,
    object_kind: &'a str,
    namespace: &'a str,
    object_name: &'a str,
    count: u64,
    raw_time: &'a str,
    precision: &'a str,
    assumed: &'a str,
    rule: &'a str,
    state: &'a str,
    /// What the finding means, for findings.
    meaning: &'a str,
    /// `file:line` of each quote, one to a line.
    source: String,
    /// The quotes.
    quote: String,
    id: &'a str,
    bundle: &'a str,
}

const COLUMNS: [&str; 22] = [
    "message",
    "timestamp",
    "datetime",
    "timestamp_desc",
    "data_type",
    "tag",
    "layer",
    "severity",
    "object_kind",
    "namespace",
    "object_name",
    "count",
    "raw_time",
    "precision",
    "assumed",
    "rule",
    "state",
    "meaning",
    "source",
    "quote",
    "id",
    "bundle",
];

/// One JSON object to a line.
pub(crate) fn json_lines(report: &Report, out: &mut dyn Write) -> Result<()> {
    each(report, &mut |row| {
        let line = unbroken(serde_json::to_string(row)?);
        writeln!(out, "{line}")
    })
}

/// RFC 4180: every cell quoted, lines end with CR LF.
pub(crate) fn csv(report: &Report, out: &mut dyn Write) -> Result<()> {
    out.write_all(COLUMNS.join(",").as_bytes())?;
    out.write_all(b"\r\n")?;
    each(report, &mut |row| out.write_all(line(row).as_bytes()))
}

fn each(report: &Report, write: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
    let index = Index::new(report);
    let mut rows: Vec<(Timestamp, &'static str, usize)> = Vec::new();
    let all = all(&index);
    for (at, dated) in all.iter().enumerate() {
        rows.push((dated.time, dated.desc, at));
        rows.extend(dated.end.map(|end| (end, end_desc(dated), at)));
    }
    rows.sort_by_key(|(time, _, at)| (*time, *at));
    for (time, desc, at) in rows {
        if let Some(dated) = all.get(at) {
            write(&row(&index, dated, time, desc))?;
        }
    }
    Ok(())
}

fn row<'a>(index: &Index<'a>, dated: &Dated<'a>, time: Timestamp, desc: &'a str) -> Row<'a> {
    let places = dated
        .evidence
        .iter()
        .filter_map(|id| index.evidence(id))
        .map(place);
    let finding = dated.finding;
    Row {
        message: format!("{}: {}", dated.subject, dated.text),
        timestamp: time.as_microsecond(),
        datetime: datetime(time),
        timestamp_desc: desc,
        data_type: format!("kubernetes:{}", dated.kind),
        tag: tags(index, dated),
        layer: dated.layer,
        severity: dated.severity,
        object_kind: &dated.subject.kind,
        namespace: dated.subject.namespace.as_deref().unwrap_or_default(),
        object_name: &dated.subject.name,
        count: dated.count,
        raw_time: dated.raw,
        precision: dated.precision,
        assumed: dated.assumed,
        rule: finding.map_or("", |finding| &finding.rule),
        state: finding.map_or("", |finding| &finding.state),
        meaning: finding.map_or("", |finding| &finding.meaning),
        source: places.collect::<Vec<_>>().join("\n"),
        quote: quotes(index, dated.evidence).join("\n"),
        id: dated.id,
        bundle: &index.report.bundle.name,
    }
}

/// Words to filter by.
fn tags(index: &Index<'_>, dated: &Dated<'_>) -> Vec<String> {
    let mut tags = vec!["coldcase".to_owned(), dated.kind.to_owned()];
    if dated.severity != "info" {
        tags.push(dated.severity.to_owned());
    }
    if let Some(finding) = dated.finding {
        tags.push(finding.role.clone());
        tags.extend(
            index
                .cause_of(finding)
                .map(|cause| format!("cause-{}", cause.rank)),
        );
    }
    if dated.first_anomaly {
        tags.push("first-anomaly".to_owned());
    }
    tags
}

fn datetime(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00")
        .to_string()
}

fn line(row: &Row<'_>) -> String {
    // A list of plain words cannot fail to be written as JSON.
    let tag = serde_json::to_string(&row.tag).unwrap_or_default();
    let (timestamp, count) = (row.timestamp.to_string(), row.count.to_string());
    let cells: [&str; COLUMNS.len()] = [
        &row.message,
        &timestamp,
        &row.datetime,
        row.timestamp_desc,
        &row.data_type,
        &tag,
        row.layer,
        row.severity,
        row.object_kind,
        row.namespace,
        row.object_name,
        &count,
        row.raw_time,
        row.precision,
        row.assumed,
        row.rule,
        row.state,
        row.meaning,
        &row.source,
        &row.quote,
        row.id,
        row.bundle,
    ];
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A quoted cell. What a spreadsheet would take for a formula gets an apostrophe in front, and so does what begins
/// with one: whoever takes one leading apostrophe away has every text as it was.
fn cell(text: &str) -> String {
    let guard = if is_formula(text) || text.starts_with('\'') {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// Whether a spreadsheet might compute a text: by its first visible character, or by one that it strips.
fn is_formula(text: &str) -> bool {
    if text.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    // A number, such as a stamp before 1970, computes nothing.
    if text.parse::<i64>().is_ok() {
        return false;
    }
    let visible = |c: &char| {
        !c.is_whitespace() && !matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}' | '\u{fffd}')
    };
    matches!(
        text.chars().find(visible),
        Some('=' | '+' | '-' | '@' | '|' | '%' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}')
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use proptest::prelude::*;

    fn written(report: &Report, format: fn(&Report, &mut dyn Write) -> Result<()>) -> String {
        let mut out = Vec::new();
        format(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// Reads what RFC 4180 allows.
    fn parse(text: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut cell, mut quoted) =
            (Vec::new(), Vec::new(), String::new(), false);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if quoted && chars.peek() == Some(&'"') => {
                    chars.next();
                    cell.push('"');
                }
                '"' => quoted = !quoted,
                ',' if !quoted => row.push(std::mem::take(&mut cell)),
                '\r' if !quoted => {}
                '\n' if !quoted => {
                    row.push(std::mem::take(&mut cell));
                    rows.push(std::mem::take(&mut row));
                }
                c => cell.push(c),
            }
        }
        rows
    }

    #[test]
    fn both_say_the_same() {
        for report in [
            fixture::kube_proxy_oom(),
            fixture::hostile("=cmd|' /C calc'!A0,\"x\"\n@y"),
        ] {
            let lines = written(&report, json_lines);
            let rows = parse(&written(&report, csv));
            let (header, rows) = rows.split_first().unwrap();
            assert_eq!(header, &COLUMNS);
            assert_eq!(rows.len(), lines.lines().count());
            for (row, line) in rows.iter().zip(lines.lines()) {
                let object: serde_json::Value = serde_json::from_str(line).unwrap();
                assert_eq!(object.as_object().unwrap().len(), COLUMNS.len());
                for (column, cell) in COLUMNS.iter().zip(row) {
                    let cell = cell.strip_prefix('\'').unwrap_or(cell);
                    let said = match &object[column] {
                        serde_json::Value::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    assert_eq!(cell, said, "{column}");
                }
            }
        }
    }

    #[test]
    fn every_row_has_a_time_in_one_form_and_they_are_in_order() {
        let lines = written(&fixture::kube_proxy_oom(), json_lines);
        let times: Vec<String> = lines
            .lines()
            .map(|line| {
                serde_json::from_str::<serde_json::Value>(line).unwrap()["datetime"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert!(
            times.is_sorted() && times.iter().all(|time| time.len() == 32),
            "{times:?}"
        );
        assert!(
            lines.contains("\"timestamp_desc\":\"Finding First Seen\""),
            "{lines}"
        );
        assert!(lines.contains("cause-1"), "{lines}");
    }

    #[test]
    fn nothing_that_a_spreadsheet_computes() {
        for text in [
            "=1",
            "+1+1",
            "-2+3",
            "@sum",
            "  =x",
            "\t=x",
            "\u{ff1d}1",
            "\u{200b}=1",
            "%1",
            "|x",
        ] {
            assert!(cell(text).starts_with("\"'"), "{text}");
        }
        assert_eq!(cell("-15"), "\"-15\"");
        assert_eq!(cell("a=b"), "\"a=b\"");
        assert_eq!(cell("'x"), "\"''x\"");
    }

    proptest! {
        #[test]
        fn a_cell_gives_its_text_back(text in any::<String>()) {
            let parsed = parse(&format!("{}\n", cell(&text)));
            let back = parsed[0][0].strip_prefix('\'').unwrap_or(&parsed[0][0]);
            prop_assert_eq!(back, text);
        }
    }
}
