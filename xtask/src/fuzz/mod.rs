//! `cargo xtask fuzz`: calls the fuzz targets with mutated samples on any compiler, for a bounded time.
//!
//! The n-th input of a target depends on the seed and n alone. A finding is a panic anywhere (also
//! one that the program under test survives), or an input that takes longer than [`SLOW`].

mod mutate;
mod seeds;
mod watch;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::random::Random;
use watch::Watch;

/// An input that takes longer is a finding.
const SLOW: Duration = Duration::from_secs(5);
/// Findings of a target after which it is left alone.
const ENOUGH: usize = 5;

#[derive(Debug, clap::Args)]
pub(crate) struct Fuzz {
    /// Seconds for all targets together
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// One target instead of all
    #[arg(long)]
    target: Option<String>,
    /// Another number gives other inputs
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Give the targets this file and nothing else: a finding again
    #[arg(long)]
    replay: Option<PathBuf>,
}

/// What became of a target.
struct Row {
    target: &'static str,
    runs: u64,
    slowest: Duration,
    findings: Vec<String>,
}

/// Runs; gives whether nothing was found.
///
/// # Errors
/// Seeds cannot be read, findings cannot be written, or the target is unknown.
#[allow(clippy::print_stdout)] // the table is the product
pub(crate) fn run(options: &Fuzz) -> std::io::Result<bool> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let work = root.join("target/fuzz");
    fs::create_dir_all(&work)?;
    let targets: Vec<fuzz_targets::Target> = fuzz_targets::TARGETS
        .into_iter()
        .filter(|(name, _)| options.target.as_deref().is_none_or(|only| only == *name))
        .collect();
    if targets.is_empty() {
        let names: Vec<&str> = fuzz_targets::TARGETS
            .iter()
            .map(|(name, _)| *name)
            .collect();
        return Err(std::io::Error::other(format!(
            "no such target; there are {}",
            names.join(", ")
        )));
    }
    let watch = Watch::start(&work);
    let seeds = seeds::Seeds::read(&root)?;
    let share = u32::try_from(targets.len()).unwrap_or(u32::MAX);
    let time = Duration::from_secs(options.seconds) / share;
    println!("{:<14} {:>9} {:>10} findings", "target", "runs", "slowest");
    let mut clean = true;
    for target in targets {
        let row = match &options.replay {
            Some(path) => one_input(target, &fs::read(path)?, &watch),
            None => one_target(target, &seeds, options.seed, time, &watch),
        };
        println!(
            "{:<14} {:>9} {:>7} ms {}",
            row.target,
            row.runs,
            row.slowest.as_millis(),
            row.findings.len()
        );
        for finding in &row.findings {
            println!("  {finding}");
        }
        clean &= row.findings.is_empty();
    }
    Ok(clean)
}

fn one_input((target, call): fuzz_targets::Target, input: &[u8], watch: &Watch) -> Row {
    let outcome = watch.run(target, call, input);
    Row {
        target,
        runs: 1,
        slowest: outcome.took,
        findings: outcome.panics,
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "a run lasts as long as it was told"
)]
fn one_target(
    (target, call): fuzz_targets::Target,
    seeds: &seeds::Seeds,
    seed: u64,
    time: Duration,
    watch: &Watch,
) -> Row {
    let own = seeds.of(target);
    let mut row = Row {
        target,
        runs: 0,
        slowest: Duration::ZERO,
        findings: Vec::new(),
    };
    let mut places = Vec::new();
    let start = Instant::now();
    while start.elapsed() < time && row.findings.len() < ENOUGH {
        let mut random = Random::new(seed ^ row.runs.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let input = mutate::input(&mut random, target, &own);
        let outcome = watch.run(target, call, &input);
        row.runs += 1;
        row.slowest = row.slowest.max(outcome.took);
        let slow = (outcome.took > SLOW).then(|| format!("slow: {} ms", outcome.took.as_millis()));
        for what in outcome.panics.into_iter().chain(slow) {
            // The same place panics for many inputs; one of them is enough.
            let place = what.split(": ").next().unwrap_or_default().to_owned();
            if places.contains(&place) {
                continue;
            }
            places.push(place);
            let kept = watch.keep(target, row.runs, &input);
            let what: String = what.chars().take(600).collect();
            row.findings
                .push(format!("seed {seed}, run {}: {what}\n    {kept}", row.runs));
        }
    }
    row
}
