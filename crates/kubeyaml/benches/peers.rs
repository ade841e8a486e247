//! Compares with serde_yaml, serde_json and PyYAML: `cargo bench -p kubeyaml -- [pods] [--managed-fields]`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a panic is the failure report of a program for the terminal"
)]

mod data;
mod engines;

use std::{fs, path::Path, process::Command, time::Instant};

use engines::{ENGINES, Input, run_engine};

const ROUNDS: usize = 5;
/// For counting instructions, and for PyYAML, which takes its time.
const FEW: usize = 100;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, engine] = arguments.as_slice()
        && flag == "--once"
    {
        return run_engine(engine, &Input::new(FEW, false));
    }
    let managed_fields = arguments.iter().any(|word| word == "--managed-fields");
    let pods = arguments.iter().find_map(|word| word.parse().ok());
    let pods = pods.unwrap_or(1000);
    let input = Input::new(pods, managed_fields);
    input.check();
    println!(
        "{pods} pods, YAML {:.1} MB, compact JSON {:.1} MB; the shortest of {ROUNDS} rounds, all readers in turn.",
        input.yaml.len() as f64 / 1e6,
        input.json.len() as f64 / 1e6
    );
    println!(
        "MB/s are of the form that is read. Instructions are those of {FEW} pods, counted by callgrind.\n"
    );
    let rounds = seconds(&input);
    let times: Vec<f64> = rounds.iter().map(|times| shortest(times)).collect();
    let counts: Vec<Option<u64>> = ENGINES
        .iter()
        .map(|(engine, _, counted)| counted.then(|| instructions(engine)).flatten())
        .collect();
    print_table(&input, &times, &counts);
    python(managed_fields, times[0] / input.yaml.len() as f64);
    print_goals(&rounds, &counts);
    if counts[0].is_none() {
        println!("instructions: valgrind is not installed");
    }
}

/// The times of each engine. All take their turn in each round, so that a busy machine slows all of them.
fn seconds(input: &Input) -> Vec<Vec<f64>> {
    let two = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .build()
        .unwrap();
    let mut rounds = vec![Vec::new(); ENGINES.len()];
    for _ in 0..ROUNDS {
        for ((engine, ..), times) in ENGINES.iter().zip(&mut rounds) {
            let start = Instant::now();
            if engine.ends_with("2 threads") {
                two.install(|| run_engine(engine, input));
            } else {
                run_engine(engine, input);
            }
            times.push(start.elapsed().as_secs_f64());
        }
    }
    rounds
}

fn shortest(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

/// How many times as long the first took as the second: by the shortest rounds, and the median of the rounds' ratios.
fn ratios(slow: &[f64], fast: &[f64]) -> (f64, f64) {
    let mut each: Vec<f64> = slow.iter().zip(fast).map(|(a, b)| a / b).collect();
    each.sort_by(f64::total_cmp);
    (shortest(slow) / shortest(fast), each[each.len() / 2])
}

/// What is to be reached, beside what was.
fn print_goals(rounds: &[Vec<f64>], counts: &[Option<u64>]) {
    let of = |name: &str| ENGINES.iter().position(|(engine, ..)| *engine == name);
    let time = |name: &str| of(name).map_or(&[][..], |place| rounds[place].as_slice());
    let (yaml, json) = (
        time("serde_yaml typed"),
        time("serde_json typed, compact JSON"),
    );
    println!(
        "\n{:48}{:>10}{:>10}{:>10}",
        "goal", "shortest", "median", "at least"
    );
    let row = |what: &str, (by_shortest, median): (f64, f64), least: f64| {
        let holds = if by_shortest >= least {
            "holds"
        } else {
            "missed"
        };
        println!("{what:48}{by_shortest:10.2}{median:10.2}{least:10.1}  {holds}");
    };
    if let Some((ours, theirs)) = of("kubeyaml typed")
        .and_then(|place| counts[place])
        .zip(counts[0])
    {
        let fewer = theirs as f64 / ours as f64;
        row(
            "instructions, serde_yaml typed by ours",
            (fewer, fewer),
            20.0,
        );
    }
    row(
        "time, serde_yaml typed by ours on 2 threads",
        ratios(yaml, time("kubeyaml typed, 2 threads")),
        40.0,
    );
    row(
        "time, serde_json of compact JSON by ours",
        ratios(json, time("kubeyaml typed")),
        1.0,
    );
}

/// What callgrind counts in a run of this very program; `None` without valgrind.
fn instructions(engine: &str) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--toggle-collect=*run_engine*")
        .arg(std::env::current_exe().unwrap())
        .args(["--once", engine])
        .output()
        .ok()?;
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    let (_, count) = report.split_once("Collected : ")?;
    count.split_whitespace().next()?.parse().ok()
}

fn print_table(input: &Input, times: &[f64], counts: &[Option<u64>]) {
    println!(
        "{:32}{:>9}{:>8}{:>14}{:>14}{:>10}{:>14}",
        "", "ms", "MB/s", "x serde_yaml", "x serde_json", "M instr.", "x serde_yaml"
    );
    let (yaml, json) = (times[0], times[2]);
    for (((engine, reads_json, _), time), count) in ENGINES.iter().zip(times).zip(counts) {
        let bytes = if *reads_json {
            input.json.len()
        } else {
            input.yaml.len()
        };
        let counted = count.zip(counts[0]).map(|(count, yaml)| {
            let (count, yaml) = (count as f64, yaml as f64);
            format!("{:10.1}{:14.1}", count / 1e6, yaml / count)
        });
        println!(
            "{engine:32}{:9.1}{:8.0}{:14.1}{:14.2}{}",
            time * 1e3,
            bytes as f64 / time / 1e6,
            yaml / time,
            json / time,
            counted.unwrap_or_default()
        );
    }
}

const PYTHON: &str = "
import sys, time, yaml
text = open(sys.argv[1]).read()
start = time.perf_counter()
yaml.load(text, Loader=yaml.CSafeLoader)
print(time.perf_counter() - start)
";

/// PyYAML over libyaml, on fewer pods.
fn python(managed_fields: bool, yaml_per_byte: f64) {
    const NAME: &str = "PyYAML CSafeLoader";
    let text = data::list(FEW, managed_fields);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pods.yaml");
    fs::write(&file, &text).unwrap();
    let output = Command::new("python3")
        .args(["-c", PYTHON])
        .arg(&file)
        .output();
    let output = output.map(|output| {
        String::from_utf8_lossy(&output.stdout)
            .trim()
            .parse::<f64>()
    });
    let Ok(Ok(time)) = output else {
        println!("{NAME:32} not installed");
        return;
    };
    let per_byte = time / text.len() as f64;
    println!(
        "{:32}{:9.1}{:8.1}{:14.2}",
        format!("{NAME}, {FEW} pods"),
        time * 1e3,
        1e-6 / per_byte,
        yaml_per_byte / per_byte
    );
}
