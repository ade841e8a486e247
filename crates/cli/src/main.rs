//! The `coldcase` command: reads the arguments, runs the line from bytes to report, and sets the exit code.

mod analyze;
mod args;
mod bundle;
mod docs;
mod error;
mod output;
mod reading;
mod rules;
mod timings;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match &arguments.command {
        Command::Analyze(analyze) => analyze::run(analyze),
        Command::Bundle(bundle) => bundle::run(bundle),
        Command::Rules(rules) => rules::run(rules),
        Command::Docs(docs) => docs::run(docs),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            output::complain(&error.to_string());
            ExitCode::from(2)
        }
    }
}
