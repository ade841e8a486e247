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

use std::{hint::black_box, path::Path, process::Command, time::Instant};

use logscan::{Classes, Lane, PatternSpec, Scanner, chunks};
use regex::bytes::RegexSetBuilder;
use regex_automata::{Input, PatternSet, meta::Regex, util::syntax};

const MIB: usize = 1 << 20;
/// Peers that would take minutes read only the beginning.
const SLOW: usize = 100_000_000;
/// Runs of each engine.
const ROUNDS: usize = 5;

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
    let folder = std::env::temp_dir().join(format!("logscan-peers-{}", std::process::id()));
    let mut engines = vec![scanner(&regexes, &text)];
    if std::env::var_os("LOGSCAN_ONLY").is_none() {
        engines.push(per_line(&regexes, &text));
        engines.push(whole_buffer(&regexes, &text));
        engines.extend(ripgreps(&folder, &regexes, &text));
    }
    // In turn, so that a busy machine slows all of them alike.
    for _ in 0..ROUNDS {
        for engine in &mut engines {
            let run = (engine.run)();
            engine.rounds.push(run);
        }
    }
    print_table(&engines, count);
    if let [_, set, ..] = engines.as_slice() {
        let head = &text[..SLOW.min(text.len())];
        assert_eq!(set.rounds[0].hits, logscan_hits(&regexes, head));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

/// What searches, and what its rounds took.
struct Engine<'t> {
    name: String,
    bytes: usize,
    run: Box<dyn FnMut() -> Round + 't>,
    rounds: Vec<Round>,
}

/// One run.
struct Round {
    wall: f64,
    processor: f64,
    hits: u64,
}

impl<'t> Engine<'t> {
    /// One that searches in this thread.
    fn here(name: &str, bytes: usize, mut run: impl FnMut() -> u64 + 't) -> Self {
        let run = move || {
            let (start, before) = (Instant::now(), processor_seconds());
            let hits = black_box(run());
            Round {
                wall: start.elapsed().as_secs_f64(),
                processor: processor_seconds() - before,
                hits,
            }
        };
        Self {
            name: name.to_owned(),
            bytes,
            run: Box::new(run),
            rounds: Vec::new(),
        }
    }

    fn best(&self, of: fn(&Round) -> f64) -> f64 {
        let megabytes = self.bytes as f64 / 1e6;
        megabytes / self.rounds.iter().map(of).fold(f64::MAX, f64::min)
    }

    /// How many times as long as the first engine's this one's rounds took for a byte: the median over the rounds.
    fn slower(&self, first: &Engine<'_>) -> f64 {
        let per_byte = |engine: &Engine<'_>, round: &Round| round.processor / engine.bytes as f64;
        let pairs = self.rounds.iter().zip(&first.rounds);
        let mut ratios: Vec<f64> = pairs
            .map(|(one, base)| per_byte(self, one) / per_byte(first, base))
            .collect();
        ratios.sort_by(f64::total_cmp);
        ratios[ratios.len() / 2]
    }
}

fn print_table(engines: &[Engine<'_>], count: usize) {
    println!(
        "{:40} {:>9} {:>9} {:>9} {:>10}  goal",
        "engine; best of the rounds, median ratio", "MB/s wall", "MB/s cpu", "x logscan", "hits"
    );
    let times = if count > 50 { 4.0 } else { 8.0 };
    for engine in engines {
        let slower = engine.slower(&engines[0]);
        let goal = if !engine.name.starts_with("ripgrep") {
            String::new()
        } else if slower >= times {
            format!("  {times:.0}: holds")
        } else {
            format!("  {times:.0}: missed")
        };
        println!(
            "{:40} {:9.0} {:9.0} {slower:9.2} {:10}{goal}",
            engine.name,
            engine.best(|round| round.wall),
            engine.best(|round| round.processor),
            engine.rounds[0].hits
        );
    }
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

/// Processor time of this thread so far; none elsewhere than on Linux.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat
        .split_whitespace()
        .next()
        .and_then(|text| text.parse::<f64>().ok());
    nanoseconds.map_or(f64::NAN, |nanoseconds| nanoseconds / 1e9)
}

/// User time of this process's ended children, in ticks of 10 ms; none elsewhere than on Linux.
fn children_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields
        .split_whitespace()
        .nth(13)
        .and_then(|text| text.parse::<f64>().ok());
    ticks.map_or(f64::NAN, |ticks| ticks / 100.0)
}

fn scanner<'t>(regexes: &[&str], text: &'t [u8]) -> Engine<'t> {
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
    Engine::here("logscan", text.len(), move || {
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

fn per_line<'t>(regexes: &[&str], text: &'t [u8]) -> Engine<'t> {
    let set = RegexSetBuilder::new(regexes)
        .unicode(false)
        .size_limit(256 << 20)
        .dfa_size_limit(64 << 20)
        .build()
        .unwrap();
    let text = &text[..SLOW.min(text.len())];
    Engine::here("RegexSet per line (first 100 MB)", text.len(), move || {
        text.split(|byte| *byte == b'\n')
            .filter(|line| set.is_match(line))
            .map(|line| set.matches(line).iter().count() as u64)
            .sum()
    })
}

fn whole_buffer<'t>(regexes: &[&str], text: &'t [u8]) -> Engine<'t> {
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
    Engine::here(
        "meta on the buffer, set on the line",
        text.len(),
        move || {
            let (mut at, mut hits) = (0, 0);
            while let Some(found) = finder.search_half(&Input::new(text).range(at..).earliest(true))
            {
                let place = found.offset().saturating_sub(1).max(at);
                let start = memchr::memrchr(b'\n', &text[..place]).map_or(0, |newline| newline + 1);
                let end = memchr::memchr(b'\n', &text[place..])
                    .map_or(text.len(), |newline| place + newline);
                set.clear();
                decider.which_overlapping_matches(&Input::new(&text[start..end]), &mut set);
                hits += set.len() as u64;
                at = end + 1;
                if at >= text.len() {
                    break;
                }
            }
            hits
        },
    )
}

/// Each ripgrep that is here: that of the path, and that which `RG` names.
fn ripgreps<'t>(folder: &Path, regexes: &[&str], text: &'t [u8]) -> Vec<Engine<'t>> {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("log"), text).unwrap();
    std::fs::write(folder.join("patterns"), regexes.join("\n") + "\n").unwrap();
    std::iter::once("rg".to_owned())
        .chain(std::env::var("RG").ok())
        .filter_map(|program| {
            let Ok(version) = Command::new(&program).arg("--version").output() else {
                println!("{program}: not here");
                return None;
            };
            let version = String::from_utf8_lossy(&version.stdout).into_owned();
            let version = version.lines().next().unwrap_or_default();
            let folder = folder.to_owned();
            Some(Engine {
                name: format!("{version} -j1 -c -f (lines)"),
                bytes: text.len(),
                run: Box::new(move || ripgrep(&program, &folder)),
                rounds: Vec::new(),
            })
        })
        .collect()
}

fn ripgrep(program: &str, folder: &Path) -> Round {
    let (start, before) = (Instant::now(), children_seconds());
    let output = Command::new(program)
        .args(["-j1", "-c", "--no-config"])
        .args(["--dfa-size-limit", "1G", "--regex-size-limit", "1G", "-f"])
        .arg(folder.join("patterns"))
        .arg(folder.join("log"))
        .output()
        .unwrap();
    Round {
        wall: start.elapsed().as_secs_f64(),
        processor: children_seconds() - before,
        hits: String::from_utf8_lossy(&output.stdout)
            .trim()
            .parse()
            .unwrap_or(0),
    }
}
