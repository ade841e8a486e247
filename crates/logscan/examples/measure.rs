//! Times only the scan of files that exist: `measure make FOLDER MB PATTERNS`, then `measure scan PATTERNS TURNS FILE...`.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    reason = "a program for people, that measures time"
)]

#[path = "../benches/support/logs.rs"]
mod logs;

use std::{fs, path::Path};

use logscan::{Classes, PatternSpec, Scanner, chunks};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["make", folder, megabytes, count] => {
            let wanted = logs::patterns(count.parse().unwrap());
            let text = logs::text(megabytes.parse::<usize>().unwrap() * 1_000_000, &wanted);
            let mut lines = wanted
                .iter()
                .map(|wanted| wanted.regex.as_str())
                .collect::<Vec<_>>()
                .join("\n");
            lines.push('\n');
            fs::write(Path::new(folder).join("log"), text).unwrap();
            fs::write(Path::new(folder).join("patterns"), lines).unwrap();
        }
        [mode @ ("scan" | "check"), patterns, turns, files @ ..] => {
            scan(patterns, turns.parse().unwrap(), files, *mode == "check");
        }
        _ => println!("measure make FOLDER MB PATTERNS | scan|check PATTERNS TURNS FILE..."),
    }
}

fn scan(patterns: &str, turns: usize, files: &[&str], check: bool) {
    let patterns = fs::read_to_string(patterns).unwrap();
    let specs: Vec<PatternSpec<'_>> = patterns
        .lines()
        .map(|regex| PatternSpec {
            regex,
            classes: Classes::ALL,
        })
        .collect();
    let scanner = Scanner::new(&specs).unwrap();
    let texts: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let bytes: usize = texts.iter().map(Vec::len).sum();
    let mut best = f64::MAX;
    let mut hits = 0_u64;
    for _ in 0..turns {
        hits = 0;
        let before = processor_seconds();
        for text in &texts {
            for chunk in chunks(text, 1 << 20) {
                scanner.scan(0, chunk.bytes, chunk.first_line, &mut |_| hits += 1);
            }
        }
        best = best.min(processor_seconds() - before);
    }
    let megabytes = bytes as f64 / 1e6;
    println!(
        "{megabytes:.1} MB, {hits} hits, {:.0} MB/s of processor time",
        megabytes / best
    );
    if check {
        for (file, text) in files.iter().zip(&texts) {
            let (mut fast, mut slow) = (Vec::new(), Vec::new());
            scanner.scan(0, text, 1, &mut |hit| fast.push(hit));
            scanner.scan_slow(0, text, 1, |line| line, &mut |hit| slow.push(hit));
            assert!(fast == slow, "{file} differs");
        }
        println!("equal to every regex on every line");
    }
}

/// Processor time of this thread so far; none elsewhere than on Linux.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat
        .split_whitespace()
        .next()
        .and_then(|text| text.parse::<f64>().ok());
    nanoseconds.map_or(f64::NAN, |nanoseconds| nanoseconds / 1e9)
}
