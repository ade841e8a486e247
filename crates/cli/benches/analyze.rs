//! The whole command beside what its time is measured against: `cargo bench -p coldcase --bench analyze [-- full]`.
//!
//! Prints one table: `analyze` of a directory, a `.tar.gz` and a `.zip` of the same synthetic
//! cluster, then reading, inflating, parsing and searching the same bytes by other means. `full` is
//! 50,000 pods with 100,000 events and 1 GB of logs. A figure that misses its goal is marked, and
//! fails nothing: machines differ.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    reason = "a program for people, that measures time"
)]

use std::{
    fs::File,
    io::{BufWriter, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const COLDCASE: &str = env!("CARGO_BIN_EXE_coldcase");
/// Runs of each row; the best counts.
const TURNS: usize = 3;
/// Parsers that would take minutes read the first bytes only.
const SLOW: usize = 8 << 20;

fn main() {
    let full = std::env::args().any(|word| word == "full");
    let (pods, events, logs) = if full {
        (50_000, 100_000, 1_000_000_000)
    } else {
        (10_000, 20_000, 200_000_000)
    };
    let folder = std::env::temp_dir().join(format!("coldcase-bench-{}", std::process::id()));
    let bundle = Bundle::generate(&folder, pods, events, logs);
    println!(
        "{pods} pods, {events} events: {} of YAML, {} of logs; {} as .tar.gz; {} processors",
        megabytes(bundle.yaml),
        megabytes(bundle.logs),
        megabytes(size(&bundle.tar)),
        thread::available_parallelism().map_or(0, usize::from),
    );
    whole(&bundle, full);
    parts(&bundle);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The same cluster in three containers.
struct Bundle {
    directory: PathBuf,
    tar: PathBuf,
    zip: PathBuf,
    yaml: u64,
    logs: u64,
}

impl Bundle {
    fn generate(folder: &Path, pods: usize, events: usize, logs: usize) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let directory = folder.join("bundle");
        let status = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--release", "--package", "xtask", "--"])
            .args(["gen-bundle", "--pods", &pods.to_string()])
            .args(["--events", &events.to_string()])
            .args(["--log-bytes", &logs.to_string()])
            .arg("--out")
            .arg(&directory)
            .status()
            .unwrap();
        assert!(status.success(), "the generator failed");
        let files: Vec<PathBuf> = walkdir::WalkDir::new(&directory)
            .sort_by_file_name()
            .into_iter()
            .map(|entry| entry.unwrap().into_path())
            .filter(|path| path.is_file())
            .collect();
        let (tar, zip) = (folder.join("bundle.tar.gz"), folder.join("bundle.zip"));
        let level = flate2::Compression::new(6);
        let gzip = flate2::write::GzEncoder::new(File::create(&tar).unwrap(), level);
        let mut packed = tar::Builder::new(gzip);
        let mut zipped = zip::ZipWriter::new(BufWriter::new(File::create(&zip).unwrap()));
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated);
        let (mut yaml, mut logs) = (0, 0);
        for path in &files {
            let name = path.strip_prefix(folder).unwrap();
            packed.append_path_with_name(path, name).unwrap();
            zipped.start_file(name.to_string_lossy(), options).unwrap();
            std::io::copy(&mut File::open(path).unwrap(), &mut zipped).unwrap();
            let bytes = size(path);
            if path.extension().is_some_and(|end| end == "yaml") {
                yaml += bytes;
            } else {
                logs += bytes;
            }
        }
        packed.into_inner().unwrap().finish().unwrap();
        zipped.finish().unwrap();
        Self {
            directory,
            tar,
            zip,
            yaml,
            logs,
        }
    }
}

/// What a run took.
#[derive(Clone, Copy)]
struct Took {
    wall: f64,
    processor: f64,
    peak: u64,
}

/// A figure that has a goal.
struct Goal {
    what: &'static str,
    is: f64,
    limit: f64,
}

fn whole(bundle: &Bundle, full: bool) {
    println!(
        "\n{:44} {:>8} {:>8} {:>9}",
        "whole", "wall s", "cpu s", "peak MB"
    );
    let analyze = |name: &str, path: &Path| {
        best(name, || {
            let mut command = Command::new(COLDCASE);
            command.args(["analyze", "--quiet", "-o", "/dev/null", "-f", "json"]);
            command.arg(path);
            command
        })
    };
    let directory = analyze("coldcase analyze, directory", &bundle.directory);
    let tar = analyze("coldcase analyze, .tar.gz", &bundle.tar);
    analyze("coldcase analyze, .zip", &bundle.zip);
    let shell = |name: &str, script: &str, path: &Path| {
        best(name, || {
            let mut command = Command::new("sh");
            command.args(["-c", script, "sh"]).arg(path);
            command
        })
    };
    let zcat = shell("zcat >/dev/null", "zcat \"$1\" >/dev/null", &bundle.tar);
    let cat = shell(
        "cat >/dev/null, all files",
        "find \"$1\" -type f -exec cat {} + >/dev/null",
        &bundle.directory,
    );
    let inflate = inflate(&bundle.tar);
    let search = "rg -c --no-config -e 'connection refused' -e OOMKilled \"$1\" >/dev/null";
    if Command::new("rg").arg("--version").output().is_ok() {
        shell(
            "ripgrep, two literals, directory",
            search,
            &bundle.directory,
        );
    }
    let threads = thread::available_parallelism().map_or(1, usize::from) as f64;
    let yaml = bundle.yaml as f64 / 1e6;
    let memory = 0.5 * yaml + 64.0 + 64.0 + 4.0 * threads;
    let mut goals = vec![
        goal(".tar.gz by its own inflate alone", tar.wall / inflate, 1.15),
        goal(".tar.gz by zcat", tar.wall / zcat.wall, 0.3),
        goal("directory by cat", directory.wall / cat.wall, 8.0),
        goal(
            "peak memory by its budget",
            directory.peak as f64 / memory,
            1.0,
        ),
    ];
    if full {
        goals.push(goal("seconds of a directory", directory.wall, 3.0));
    }
    println!("\n{:44} {:>8} {:>8}", "goal", "is", "at most");
    for Goal { what, is, limit } in goals {
        let verdict = if is <= limit { "holds" } else { "missed" };
        println!("{what:44} {is:8.2} {limit:8.2}  {verdict}");
    }
}

fn goal(what: &'static str, is: f64, limit: f64) -> Goal {
    Goal { what, is, limit }
}

/// Parsers of other people over the same text.
fn parts(bundle: &Bundle) {
    let whole = std::fs::read_to_string(bundle.directory.join("cluster/pods.yaml")).unwrap();
    let mut end = whole.len().min(SLOW);
    while whole.get(..end).is_some_and(|head| !head.ends_with("\n- ")) && end < whole.len() {
        end += 1;
        while !whole.is_char_boundary(end) {
            end += 1;
        }
    }
    let text = whole.get(..end).unwrap_or("").trim_end_matches("- ");
    println!("\n{:44} {:>8}", "reading objects", "MB/s");
    let speed = |name: &str, bytes: usize, run: &dyn Fn()| {
        let seconds = (0..TURNS).map(|_| timed(run)).fold(f64::MAX, f64::min);
        println!("{name:44} {:8.0}", bytes as f64 / 1e6 / seconds);
    };
    let reading = coldcase_snapshot::yaml::Reading::default();
    speed("coldcase, every field, all processors", text.len(), &|| {
        std::hint::black_box(coldcase_snapshot::yaml::read(text, &reading));
    });
    speed("serde_yaml", text.len(), &|| {
        let read: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
        std::hint::black_box(read);
    });
    let value: serde_json::Value = serde_yaml::from_str(text).unwrap();
    let json = serde_json::to_string_pretty(&value).unwrap();
    speed("serde_json, the same as JSON", json.len(), &|| {
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        std::hint::black_box(read);
    });
    let file = bundle.tar.with_file_name("part.yaml");
    std::fs::write(&file, text).unwrap();
    let script = "import sys, time, yaml\nt = open(sys.argv[1]).read()\ns = time.time()\nyaml.load(t, Loader=yaml.CSafeLoader)\nprint(len(t) / 1e6 / (time.time() - s))";
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(&file)
        .output();
    let printed = output.map_or(String::new(), |output| {
        String::from_utf8_lossy(&output.stdout).into_owned()
    });
    if let Ok(speed) = printed.trim().parse::<f64>() {
        println!("{:44} {speed:8.0}", "PyYAML, CSafeLoader");
    }
}

/// Inflates as the command does, and does nothing else.
fn inflate(path: &Path) -> f64 {
    let seconds = (0..TURNS)
        .map(|_| {
            timed(&|| {
                let mut stream = flate2::read::MultiGzDecoder::new(File::open(path).unwrap());
                let mut room = vec![0; 256 << 10];
                while stream.read(&mut room).unwrap() > 0 {}
            })
        })
        .fold(f64::MAX, f64::min);
    println!(
        "{:44} {seconds:8.2} {seconds:8.2}",
        "flate2 (zlib-rs), inflate alone"
    );
    seconds
}

fn timed(run: &dyn Fn()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64()
}

fn best(name: &str, make: impl Fn() -> Command) -> Took {
    let runs = (0..TURNS).map(|_| {
        let before = processor();
        let start = Instant::now();
        let child = make().stdin(Stdio::null()).spawn().unwrap();
        let peak = watch(child);
        Took {
            wall: start.elapsed().as_secs_f64(),
            processor: processor() - before,
            peak,
        }
    });
    let best = runs.min_by(|a, b| a.wall.total_cmp(&b.wall)).unwrap();
    println!(
        "{name:44} {:8.2} {:8.2} {:9}",
        best.wall, best.processor, best.peak
    );
    best
}

/// Waits for a process and gives its peak memory in MB; 0 where the system does not tell.
fn watch(mut child: Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let kilobytes = text
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        peak = peak.max(kilobytes.unwrap_or(0) / 1_000);
        if child.try_wait().unwrap().is_some() {
            return peak;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Seconds of processor time of ended children, user and system.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = fields
        .split_whitespace()
        .skip(13)
        .take(2)
        .filter_map(|text| text.parse::<f64>().ok())
        .sum();
    ticks / 100.0
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes / 1_000_000)
}
