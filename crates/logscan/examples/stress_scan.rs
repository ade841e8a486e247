//! Compares the scanner with its definition on N random cases: `cargo run --release -p logscan --example stress_scan -- 100000 [seed]`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::exit,
    missing_docs,
    reason = "a program for people"
)]

#[path = "../tests/support/cases.rs"]
mod cases;

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse().ok());
    let count: u64 = numbers.next().unwrap_or(10_000);
    let first: u64 = numbers.next().unwrap_or(1);
    let mut hits = 0;
    let mut empty = 0_u64;
    for seed in first..first + count {
        match cases::check(&cases::case(&mut cases::Choices::seeded(seed))) {
            Ok(found) => {
                hits += found;
                empty += u64::from(found == 0);
            }
            Err(difference) => {
                eprintln!("seed {seed}: {difference}");
                std::process::exit(1);
            }
        }
    }
    println!("{count} cases, {hits} hits, {empty} cases without any, no difference");
}
