//! The scanner beside its peers on the same patterns and logs: `cargo bench -p logscan -- [MB] [patterns]`.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    reason = "a program for people, that measures time"
)]

#[path = "support/logs.rs"]
mod logs;

use std::{hint::black_box, io::Write as _, process::Command, time::Instant};

use logscan::{Classes, Lane, PatternSpec, Scanner, chunks};
use regex::bytes::RegexSetBuilder;
use regex_automata::{Input, PatternSet, meta::Regex, util::syntax};

const MIB: usize = 1 << 20;
/// Peers that would take minutes read only the beginning.
const SLOW: usize = 100_000_000;

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse().ok());
    let megabytes: usize = numbers.next().unwrap_or(500);
    let counts: Vec<usize> = numbers
        .next()
        .map_or_else(|| vec![50, 200, 500], |count| vec![count]);
    for count in counts {
        compare(megabytes * 1_000_000, count);
    }
}

fn compare(bytes: usize, count: usize) {
    let wanted = logs::patterns(count);
    let text = logs::text(bytes, &wanted);
    let regexes: Vec<&str> = wanted.iter().map(|wanted| wanted.regex.as_str()).collect();
    println!("\n{count} patterns, {} MB", text.len() / 1_000_000);
    println!(
        "{:34} {:>9} {:>9} {:>10}",
        "engine", "MB/s wall", "MB/s user", "hits"
    );
    scanner(&regexes, &text);
    if std::env::var_os("LOGSCAN_ONLY").is_some() {
        return;
    }
    let set = per_line(&regexes, &text);
    whole_buffer(&regexes, &text);
    assert_eq!(set, logscan_hits(&regexes, &text[..SLOW.min(text.len())]));
    ripgrep(&regexes, &text);
}

fn specs<'p>(regexes: &[&'p str]) -> Vec<PatternSpec<'p>> {
    regexes
        .iter()
        .map(|regex| PatternSpec {
            regex,
            classes: Classes::ALL,
        })
        .collect()
}

/// Runs a few times and prints the best.
fn best(name: &str, bytes: usize, turns: usize, mut run: impl FnMut() -> u64) -> u64 {
    let (mut wall, mut user, mut hits) = (f64::MAX, f64::MAX, 0);
    for _ in 0..turns {
        let (start, before) = (Instant::now(), user_seconds("self", 13));
        hits = black_box(run());
        wall = wall.min(start.elapsed().as_secs_f64());
        user = user.min(user_seconds("self", 13) - before);
    }
    row(name, bytes, wall, user, hits);
    hits
}

fn row(name: &str, bytes: usize, wall: f64, user: f64, hits: u64) {
    let megabytes = bytes as f64 / 1e6;
    println!(
        "{name:34} {:9.0} {:9.0} {hits:10}",
        megabytes / wall,
        megabytes / user
    );
}

/// User time of this process (field 13) or its ended children (field 15), in ticks of 10 ms; none elsewhere than on Linux.
fn user_seconds(process: &str, field: usize) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields
        .split_whitespace()
        .nth(field - 2)
        .and_then(|text| text.parse::<f64>().ok());
    ticks.map_or(f64::NAN, |ticks| ticks / 100.0)
}

fn scanner(regexes: &[&str], text: &[u8]) -> u64 {
    let start = Instant::now();
    let scanner = Scanner::new(&specs(regexes)).unwrap();
    let built = start.elapsed();
    let start = Instant::now();
    scanner.prepare(0, &text[..MIB.min(text.len())]);
    let prepared = start.elapsed();
    let explained = scanner.explain();
    let lane = |lane| {
        explained
            .iter()
            .filter(|pattern| pattern.lane == lane)
            .count()
    };
    println!(
        "  new {built:.1?}, prepare {prepared:.1?}; lanes: window {}, short {}, regex {}",
        lane(Lane::Window),
        lane(Lane::Short),
        lane(Lane::Regex)
    );
    best("logscan", text.len(), 5, || {
        let mut hits = 0;
        for chunk in chunks(text, MIB) {
            scanner.scan(0, chunk.bytes, chunk.first_line, &mut |hit| {
                black_box(hit);
                hits += 1;
            });
        }
        hits
    })
}

fn logscan_hits(regexes: &[&str], text: &[u8]) -> u64 {
    let scanner = Scanner::new(&specs(regexes)).unwrap();
    let mut hits = 0;
    scanner.scan(0, text, 1, &mut |_| hits += 1);
    hits
}

fn per_line(regexes: &[&str], text: &[u8]) -> u64 {
    let set = RegexSetBuilder::new(regexes)
        .unicode(false)
        .size_limit(256 << 20)
        .dfa_size_limit(64 << 20)
        .build()
        .unwrap();
    let text = &text[..SLOW.min(text.len())];
    best("RegexSet per line (first 100 MB)", text.len(), 2, || {
        text.split(|byte| *byte == b'\n')
            .filter(|line| set.is_match(line))
            .map(|line| set.matches(line).iter().count() as u64)
            .sum()
    })
}

fn whole_buffer(regexes: &[&str], text: &[u8]) -> u64 {
    let build = |multi_line| {
        Regex::builder()
            .syntax(
                syntax::Config::new()
                    .unicode(false)
                    .utf8(false)
                    .multi_line(multi_line),
            )
            .configure(
                Regex::config()
                    .utf8_empty(false)
                    .nfa_size_limit(Some(256 << 20))
                    .hybrid_cache_capacity(64 << 20),
            )
            .build_many(regexes)
            .unwrap()
    };
    let (finder, decider) = (build(true), build(false));
    let mut set = PatternSet::new(regexes.len());
    best("meta on the buffer, set on the line", text.len(), 2, || {
        let (mut at, mut hits) = (0, 0);
        while let Some(found) = finder.search_half(&Input::new(text).range(at..).earliest(true)) {
            let place = found.offset().saturating_sub(1).max(at);
            let start = memchr::memrchr(b'\n', &text[..place]).map_or(0, |newline| newline + 1);
            let end =
                memchr::memchr(b'\n', &text[place..]).map_or(text.len(), |newline| place + newline);
            set.clear();
            decider.which_overlapping_matches(&Input::new(&text[start..end]), &mut set);
            hits += set.len() as u64;
            at = end + 1;
            if at >= text.len() {
                break;
            }
        }
        hits
    })
}

fn ripgrep(regexes: &[&str], text: &[u8]) {
    let folder = std::env::temp_dir().join(format!("logscan-peers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("log"), text).unwrap();
    let mut file = std::fs::File::create(folder.join("patterns")).unwrap();
    for regex in regexes {
        writeln!(file, "{regex}").unwrap();
    }
    for program in std::iter::once("rg".to_owned()).chain(std::env::var("RG").ok()) {
        let Ok(version) = Command::new(&program).arg("--version").output() else {
            println!("{program}: not here");
            continue;
        };
        let version = String::from_utf8_lossy(&version.stdout)
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        let (mut wall, mut user, mut lines) = (f64::MAX, f64::MAX, 0);
        for _ in 0..3 {
            let (start, before) = (Instant::now(), user_seconds("self", 15));
            let output = Command::new(&program)
                .args([
                    "-j1",
                    "-c",
                    "--no-config",
                    "--dfa-size-limit",
                    "1G",
                    "--regex-size-limit",
                    "1G",
                    "-f",
                ])
                .arg(folder.join("patterns"))
                .arg(folder.join("log"))
                .output()
                .unwrap();
            wall = wall.min(start.elapsed().as_secs_f64());
            user = user.min(user_seconds("self", 15) - before);
            lines = String::from_utf8_lossy(&output.stdout)
                .trim()
                .parse()
                .unwrap_or(0);
        }
        row(
            &format!("{version} -j1 -c -f (lines)"),
            text.len(),
            wall,
            user,
            lines,
        );
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
