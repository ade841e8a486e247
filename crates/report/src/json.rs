//! The report as JSON: pretty, deterministic, with a trailing newline.

use std::io::{Result, Write};

use crate::model::Report;

pub(crate) fn render(report: &Report, out: &mut dyn Write) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    out.write_all(b"\n")
}
