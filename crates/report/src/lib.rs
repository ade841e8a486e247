//! Renders an incident report as HTML, Markdown, JSON or terminal text.
//!
//! The verb is [`render`], the noun is [`model::Report`]. Every format starts from the same cleaned
//! copy of the report (see [`clean`]), so no renderer ever sees an escape sequence or a bidi control.

mod assemble;
mod checklist;
pub mod clean;
mod html;
mod incidents;
mod index;
pub mod info;
mod info_page;
mod json;
mod layout;
mod markdown;
pub mod model;
mod postmortem;
mod summary;
pub mod text;
mod times;

#[cfg(test)]
extern crate self as coldcase_report;
#[cfg(test)]
#[path = "../tests/fixture/mod.rs"]
mod fixture;

use std::io::{Result, Write};
use std::str::FromStr;

pub use assemble::assemble;
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
}

/// A format name that is none of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownFormat(pub String);

impl std::fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "unknown format `{}`: expected html, markdown (md), json or summary",
            self.0
        )
    }
}

impl std::error::Error for UnknownFormat {}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> std::result::Result<Self, UnknownFormat> {
        match name {
            "html" => Ok(Self::Html),
            "md" | "markdown" => Ok(Self::Markdown),
            "json" => Ok(Self::Json),
            "summary" => Ok(Self::Summary),
            other => Err(UnknownFormat(other.to_owned())),
        }
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
    fn formats_have_names() {
        assert_eq!("html".parse(), Ok(Format::Html));
        assert_eq!("md".parse(), Ok(Format::Markdown));
        assert_eq!("markdown".parse(), Ok(Format::Markdown));
        assert_eq!("json".parse(), Ok(Format::Json));
        assert_eq!("summary".parse(), Ok(Format::Summary));
        let refused = "pdf".parse::<Format>().unwrap_err();
        assert!(refused.to_string().contains("`pdf`"));
    }
}
