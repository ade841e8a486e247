//! `coldcase bundle`: what a bundle holds, before anything is concluded from it.

mod clocks;
mod digests;
pub(crate) mod verify;

use std::{
    io::{BufWriter, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use crate::{
    args::{Bundle, BundleCommand, BundleInfo, InfoFormat},
    error::Failure,
    output,
    progress::Progress,
    reading,
};

/// Runs the command.
pub(crate) fn run(arguments: &Bundle) -> Result<ExitCode, Failure> {
    match &arguments.command {
        BundleCommand::Info(info) => show(info),
        BundleCommand::Verify(arguments) => verify::run(arguments),
    }
}

fn show(arguments: &BundleInfo) -> Result<ExitCode, Failure> {
    let terminal = std::io::stdout().is_terminal();
    let style = output::style(arguments.color, terminal);
    let mut out = BufWriter::new(std::io::stdout().lock());
    let options = reading::options(&arguments.reading, |_| true)?;
    let progress = Progress::new(false);
    progress.reading(&arguments.bundles);
    let bundle = reading::open(&arguments.bundles, &arguments.reading.limits)?;
    progress.step("reading objects, logs and journals");
    let snapshot = coldcase_snapshot::read_with(&bundle, &options);
    let info = coldcase_report::info(&bundle, &snapshot);
    drop(progress);
    let written = match arguments.format {
        InfoFormat::Json => coldcase_report::render_info_json(&info, &mut out),
        InfoFormat::Text => coldcase_report::render_info(&info, style, &mut out),
    };
    match written.and_then(|()| out.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            return Err(Failure::Write(PathBuf::from("-"), error));
        }
        _ => {}
    }
    Ok(ExitCode::SUCCESS)
}
