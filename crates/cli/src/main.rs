//! The `coldcase` command: reads the arguments, runs the line from bytes to report, and sets the exit code.

mod analyze;
mod args;
mod bundle;
mod cases;
mod diagnosed;
mod docs;
mod error;
mod explain;
mod output;
mod product;
mod progress;
mod reading;
mod redact;
mod rules;
mod schema;
mod serve;
mod timings;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use coldcase_report::junit;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match &arguments.command {
        Command::Analyze(analyze) => analyze::run(analyze),
        Command::Bundle(bundle) => bundle::run(bundle),
        Command::Redact(redact) => redact::run(redact),
        Command::Rules(rules) => rules::run(rules),
        Command::Test(test) => cases::run(test),
        Command::Explain(explain) => explain::run(explain),
        Command::Verify(verify) => verify::run(verify),
        Command::Schema(what) => Ok(schema::run(what)),
        Command::Serve(serve) => serve::run(serve),
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
