//! `coldcase schema`: prints the JSON Schemas of what coldcase reads and writes.

use std::process::ExitCode;

use crate::{
    args::{Schema, SchemaOf},
    output, rules,
};

/// Runs the command.
pub(crate) fn run(arguments: &Schema) -> ExitCode {
    let text = match arguments.of {
        SchemaOf::Report => coldcase_report::schema(),
        SchemaOf::Rule => rules::schema::text(),
    };
    output::say(text.trim_end());
    ExitCode::SUCCESS
}
