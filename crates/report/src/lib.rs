//! Renders an incident report as HTML, Markdown, JSON, terminal text and what other programs import.
//!
//! The verb is [`render`], the noun is [`model::Report`]. Every format starts from the same cleaned
//! copy of the report (see [`clean`]), so no renderer ever sees an escape sequence or a bidi control.

mod assemble;
mod checklist;
pub mod clean;
mod clocks;
mod formats;
mod html;
mod incidents;
mod index;
pub mod info;
mod info_page;
mod json;
mod layout;
mod markdown;
pub mod model;
mod objects;
mod postmortem;
mod said;
mod summary;
pub mod text;
mod times;
mod undecided;

#[cfg(test)]
extern crate self as coldcase_report;
#[cfg(test)]
#[path = "../tests/fixture/mod.rs"]
mod fixture;

use std::io::{Result, Write};

pub use assemble::assemble;
pub use formats::{junit, schema};
pub use info::{info, render_info_json};
pub use info_page::render_info;
use model::Report;
pub use summary::SummaryStyle;

/// What to render.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One self-contained page that opens from disk.
    Html,
    /// An incident report for a ticket.
    Markdown,
    /// The stable core for scripts.
    Json,
    /// A screenful for the terminal.
    Summary,
    /// Findings for code scanning: SARIF 2.1.0.
    Sarif,
    /// Findings as tests: JUnit XML.
    Junit,
    /// The timeline as JSON Lines in Timesketch's columns.
    JsonLines,
    /// The timeline as CSV in Timesketch's columns.
    Csv,
    /// The timeline as Chrome trace events, for Perfetto.
    Trace,
}

/// How the names of files end; the first end of each format is what its files are given.
const ENDS: &[(Format, &[&str])] = &[
    (Format::Html, &["html", "htm"]),
    (Format::Markdown, &["md", "markdown"]),
    (Format::Json, &["json"]),
    (Format::Summary, &["txt", "summary"]),
    (Format::Sarif, &["sarif", "sarif.json"]),
    (Format::Junit, &["xml", "junit"]),
    (Format::JsonLines, &["jsonl", "ndjson"]),
    (Format::Csv, &["csv"]),
    (
        Format::Trace,
        &["trace.json", "perfetto.json", "trace", "perfetto"],
    ),
];

impl Format {
    /// The extension of its files, without the dot.
    pub fn extension(self) -> &'static str {
        let own = ENDS.iter().find(|(format, _)| *format == self);
        own.and_then(|(_, ends)| ends.first())
            .copied()
            .unwrap_or("html")
    }

    /// The format that a file's name asks for; of several ends the longest counts.
    pub fn of_file(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        ENDS.iter()
            .flat_map(|(format, ends)| ends.iter().map(move |end| (end.len(), *format, *end)))
            .filter(|(_, _, end)| {
                name.strip_suffix(end)
                    .is_some_and(|stem| stem.ends_with('.'))
            })
            .max_by_key(|(length, _, _)| *length)
            .map(|(_, format, _)| format)
    }
}

/// Writes `report` in `format`; the same report always gives the same bytes.
pub fn render(report: &Report, format: Format, out: &mut dyn Write) -> Result<()> {
    Cleaned(clean::report(report)).render(format, out)
}

/// Writes the terminal summary with the caller's colour and width.
pub fn render_summary(report: &Report, style: SummaryStyle, out: &mut dyn Write) -> Result<()> {
    Cleaned(clean::report(report)).render_summary(style, out)
}

/// A report that was cleaned once, for several formats and without a copy of it.
#[derive(Debug)]
pub struct Cleaned(Report);

impl Cleaned {
    /// Cleans a report.
    pub fn new(report: Report) -> Self {
        Self(clean::owned(report))
    }

    /// The report.
    pub fn report(&self) -> &Report {
        &self.0
    }

    /// Writes it in `format`; the same report always gives the same bytes.
    pub fn render(&self, format: Format, out: &mut dyn Write) -> Result<()> {
        match format {
            Format::Html => html::render(&self.0, out),
            Format::Markdown => markdown::render(&self.0, out),
            Format::Json => json::render(&self.0, out),
            Format::Summary => summary::render(&self.0, SummaryStyle::default(), out),
            Format::Sarif => formats::sarif(&self.0, out),
            Format::Junit => formats::junit_report(&self.0, out),
            Format::JsonLines => formats::json_lines(&self.0, out),
            Format::Csv => formats::csv(&self.0, out),
            Format::Trace => formats::trace(&self.0, out),
        }
    }

    /// Writes the terminal summary with the caller's colour and width.
    pub fn render_summary(&self, style: SummaryStyle, out: &mut dyn Write) -> Result<()> {
        summary::render(&self.0, style, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_asks_for_a_format() {
        for (name, format) in [
            ("a.json", Some(Format::Json)),
            ("a.trace.json", Some(Format::Trace)),
            ("a.SARIF", Some(Format::Sarif)),
            ("a.sarif.json", Some(Format::Sarif)),
            ("trace.json", Some(Format::Json)),
            ("json", None),
            ("a.tar.gz", None),
        ] {
            assert_eq!(Format::of_file(name), format, "{name}");
        }
    }
}
