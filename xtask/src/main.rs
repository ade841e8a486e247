//! `cargo xtask`: chores of this repository.

mod bundle;
mod coverage;
mod emit;
mod fuzz;
mod random;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a synthetic bundle of any size; the same options give the same bytes
    GenBundle(GenBundle),
    /// Call every fuzz target with mutated samples, for a bounded time
    Fuzz(fuzz::Fuzz),
    /// Write docs/coverage.md: what is covered by which rule, and what proves it
    Coverage(coverage::Coverage),
}

#[derive(Debug, clap::Args)]
pub(crate) struct GenBundle {
    /// Directory to write, or a file ending in .tar.gz
    #[arg(short, long)]
    out: PathBuf,
    /// Pods
    #[arg(long, default_value_t = 1_000)]
    pods: usize,
    /// Events
    #[arg(long, default_value_t = 2_000)]
    events: usize,
    /// Bytes of container logs
    #[arg(long, default_value_t = 10_000_000)]
    log_bytes: usize,
    /// Write managedFields, as `--show-managed-fields` does
    #[arg(long)]
    managed_fields: bool,
    /// Another number gives another bundle
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[allow(clippy::print_stderr)] // the one place of this tool that complains
fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::GenBundle(options) => bundle::write(&options)
            .map(|()| true)
            .map_err(|error| format!("{}: {error}", options.out.display())),
        Command::Fuzz(options) => fuzz::run(&options).map_err(|error| error.to_string()),
        Command::Coverage(options) => coverage::run(&options).map_err(|error| error.to_string()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
