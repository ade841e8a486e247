//! `coldcase bundle`: what a bundle holds, before anything is concluded from it.

use std::{
    io::{BufWriter, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use coldcase_bundle::Limits;
use coldcase_report::SummaryStyle;

use crate::{
    args::{Bundle, BundleCommand, BundleInfo, InfoFormat, When},
    error::Failure,
    output,
};

/// Runs the command.
pub(crate) fn run(arguments: &Bundle) -> Result<ExitCode, Failure> {
    match &arguments.command {
        BundleCommand::Info(info) => show(info),
    }
}

fn show(arguments: &BundleInfo) -> Result<ExitCode, Failure> {
    let terminal = std::io::stdout().is_terminal();
    let style = SummaryStyle {
        color: match arguments.color {
            When::Auto => terminal,
            When::Always => true,
            When::Never => false,
        },
        width: if terminal { output::width() } else { 120 },
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (at, path) in arguments.bundles.iter().enumerate() {
        let bundle = coldcase_bundle::open(path, &Limits::default())?;
        let snapshot = coldcase_snapshot::read(&bundle);
        let info = coldcase_report::info(&bundle, &snapshot);
        let written = match arguments.format {
            InfoFormat::Json => coldcase_report::render_info_json(&info, &mut out),
            InfoFormat::Text => {
                let gap = if at > 0 { writeln!(out) } else { Ok(()) };
                gap.and_then(|()| coldcase_report::render_info(&info, style, &mut out))
            }
        };
        match written.and_then(|()| out.flush()) {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => break,
            Err(error) => return Err(Failure::Write(PathBuf::from("-"), error)),
            Ok(()) => {}
        }
    }
    Ok(ExitCode::SUCCESS)
}
