//! `cargo xtask`: chores of this repository.

mod bundle;
mod emit;
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

#[allow(clippy::print_stderr)] // the one place of this tool that talks
fn main() -> ExitCode {
    let Command::GenBundle(options) = Arguments::parse().command;
    match bundle::write(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", options.out.display());
            ExitCode::FAILURE
        }
    }
}
