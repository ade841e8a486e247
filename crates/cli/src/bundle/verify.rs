//! `coldcase bundle verify`: whether a native bundle still is what its collector wrote, by its checksums and its manifest.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use clap::Args;
use coldcase_bundle::{Bundle, Limits};
use serde::Serialize;
use serde_json::Value;

use super::{clocks, digests};
use crate::{args::InfoFormat, error::Failure, output};

/// Exit codes: 0 the bundle is what its collector wrote, 1 it is not, 2 it could not be read or is no native bundle.
///
/// Compares `checksums.txt` with all files and `manifest.jsonl` with what is there: altered, missing, added.
/// A bundle of a collector that found no tool for SHA-256 is checked by its manifest alone, and that is said.
/// This shows damage and carelessness; who alters a bundle on purpose can write new checksums.
#[derive(Debug, Args)]
pub(crate) struct BundleVerify {
    /// A native bundle: its directory, or that as .tar, .tar.gz or .zip
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// Format
    #[arg(short, long, value_enum, default_value_t = InfoFormat::Text)]
    pub format: InfoFormat,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
}

/// What was found.
#[derive(Debug, Default, Serialize)]
struct Verdict {
    schema: &'static str,
    /// Everything that can be checked holds.
    intact: bool,
    files: usize,
    /// `sha256`, or why there are no checksums.
    checksums: String,
    /// `coldcase redact` wrote it: sizes in the manifest are those before.
    redacted: bool,
    /// The capture came to its end.
    finished: bool,
    commands: usize,
    altered: Vec<Finding>,
    missing: Vec<Finding>,
    added: Vec<Finding>,
    /// Lines of the manifest that are none, and the like.
    problems: Vec<String>,
    /// Clocks compared with the collector's.
    clocks: Vec<clocks::Clock>,
}

#[derive(Debug, Serialize)]
struct Finding {
    file: String,
    why: String,
}

/// One line of the manifest that names a file.
struct Command {
    file: String,
    exit: i64,
    bytes: u64,
}

/// Runs the command.
pub(crate) fn run(arguments: &BundleVerify) -> Result<ExitCode, Failure> {
    let place = &arguments.bundle;
    let files = digests::of(place).map_err(|why| Failure::Verify(place.clone(), why))?;
    let bundle = coldcase_bundle::open(place, &Limits::default())?;
    let text = |path: &str| bundle.find(path).map(|(_, file)| file.text().into_owned());
    let Some(manifest) = text("manifest.jsonl") else {
        let why = "has no manifest.jsonl: it is no native bundle, or lost it".to_owned();
        return Err(Failure::Verify(place.clone(), why));
    };
    let about = text("bundle.yaml").unwrap_or_default();
    let mut verdict = Verdict {
        schema: "coldcase.verify/v1",
        files: files.len(),
        redacted: files.contains_key("redaction.json"),
        finished: clocks::field(&about, "finished_at").is_some(),
        ..Verdict::default()
    };
    if about.is_empty() {
        verdict.missing.push(Finding {
            file: "bundle.yaml".to_owned(),
            why: "each bundle has one".to_owned(),
        });
    }
    let commands = commands(&manifest, &mut verdict);
    check_sums(
        text("checksums.txt").as_deref(),
        &about,
        &files,
        &mut verdict,
    );
    check_commands(&commands, &files, &mut verdict);
    if verdict.checksums != "sha256" {
        check_strangers(&commands, &files, &mut verdict);
    }
    verdict.clocks = clocks::compare(&bundle, &about, &manifest);
    settle(&mut verdict, &bundle);
    if arguments.json || arguments.format == InfoFormat::Json {
        let json = serde_json::to_string_pretty(&verdict).unwrap_or_default();
        output::say(&json);
    } else {
        tell(&verdict, &arguments.bundle.display().to_string());
    }
    Ok(ExitCode::from(u8::from(!verdict.intact)))
}

/// Reads the manifest; a line that cannot be read is a problem.
fn commands(manifest: &str, verdict: &mut Verdict) -> Vec<Command> {
    let mut commands = Vec::new();
    for (line, number) in manifest.lines().zip(1..) {
        let Ok(value) = serde_json::from_str::<Value>(line) else {
            verdict.problems.push(format!(
                "manifest.jsonl:{number}: is no JSON; cut off, or altered"
            ));
            continue;
        };
        let (Some(file), Some(exit)) = (value["file"].as_str(), value["exit"].as_i64()) else {
            verdict.problems.push(format!(
                "manifest.jsonl:{number}: has no `file` or no `exit`"
            ));
            continue;
        };
        verdict.commands += 1;
        if !file.is_empty() {
            commands.push(Command {
                file: file.to_owned(),
                exit,
                bytes: value["bytes"].as_u64().unwrap_or(0),
            });
        }
    }
    commands
}

/// Compares `checksums.txt` with the files.
fn check_sums(
    sums: Option<&str>,
    about: &str,
    files: &BTreeMap<String, digests::Digest>,
    verdict: &mut Verdict,
) {
    let Some(sums) = sums else {
        match clocks::field(about, "checksums").as_deref() {
            Some("sha256") => {
                verdict.checksums = "lost".to_owned();
                verdict.missing.push(Finding {
                    file: "checksums.txt".to_owned(),
                    why: "bundle.yaml says that the collector wrote it".to_owned(),
                });
            }
            Some(_) => {
                "unknown: the collector found no tool for them".clone_into(&mut verdict.checksums);
            }
            None if verdict.finished => {
                "none: the collector was too old for them".clone_into(&mut verdict.checksums);
            }
            None => "none: the capture did not come to its end".clone_into(&mut verdict.checksums),
        }
        return;
    };
    "sha256".clone_into(&mut verdict.checksums);
    let mut known = BTreeMap::new();
    for (line, number) in sums.lines().zip(1..) {
        match line.split_once([' ', '\t']) {
            Some((sum, path)) if sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit()) => {
                let path = path.trim_start_matches([' ', '*']).trim_start_matches("./");
                known.insert(path.to_owned(), sum.to_ascii_lowercase());
            }
            _ => verdict
                .problems
                .push(format!("checksums.txt:{number}: is no checksum and path")),
        }
    }
    for (path, sum) in &known {
        match files.get(path) {
            None => verdict.missing.push(Finding {
                file: path.clone(),
                why: "has a checksum".to_owned(),
            }),
            Some(file) if file.sha256 != *sum => verdict.altered.push(Finding {
                file: path.clone(),
                why: format!("its SHA-256 is {}, the collector's was {sum}", file.sha256),
            }),
            Some(_) => {}
        }
    }
    for path in files.keys() {
        if path != "checksums.txt" && !known.contains_key(path) {
            verdict.added.push(Finding {
                file: path.clone(),
                why: "has no checksum".to_owned(),
            });
        }
    }
}

/// Each command that gave something has its file, of the size that it says.
fn check_commands(
    commands: &[Command],
    files: &BTreeMap<String, digests::Digest>,
    verdict: &mut Verdict,
) {
    // The last word about a file counts: a request may have been repeated.
    let last: BTreeMap<&str, &Command> = commands
        .iter()
        .map(|command| (command.file.as_str(), command))
        .collect();
    for (path, command) in last {
        // Redaction unpacks archives in archives.
        let unpacked = || {
            let prefix = format!("{path}!");
            files
                .range(prefix.clone()..)
                .next()
                .is_some_and(|(path, _)| path.starts_with(&prefix))
        };
        match files.get(path) {
            None if (command.exit == 0 || command.bytes > 0)
                && !unpacked()
                && verdict.missing.iter().all(|missing| missing.file != path) =>
            {
                verdict.missing.push(Finding {
                    file: path.to_owned(),
                    why: format!("the manifest has it with {} bytes", command.bytes),
                });
            }
            Some(file)
                if file.bytes != command.bytes
                    && !verdict.redacted
                    && verdict.altered.iter().all(|altered| altered.file != path) =>
            {
                verdict.altered.push(Finding {
                    file: path.to_owned(),
                    why: format!(
                        "it has {} bytes, the manifest says {}",
                        file.bytes, command.bytes
                    ),
                });
            }
            _ => {}
        }
    }
}

/// Without checksums: files that no command wrote.
fn check_strangers(
    commands: &[Command],
    files: &BTreeMap<String, digests::Digest>,
    verdict: &mut Verdict,
) {
    for path in files.keys() {
        let own = matches!(
            path.as_str(),
            "bundle.yaml" | "manifest.jsonl" | "redaction.txt" | "redaction.json" | "checksums.txt"
        );
        let told = commands.iter().any(|command| {
            command.file == *path || path.starts_with(&format!("{}!", command.file))
        });
        if !own && !told {
            verdict.added.push(Finding {
                file: path.clone(),
                why: "no command of the manifest wrote it".to_owned(),
            });
        }
    }
}

fn settle(verdict: &mut Verdict, bundle: &Bundle) {
    for problem in &bundle.problems {
        verdict.problems.push(format!(
            "{}: {}",
            if problem.file.is_empty() {
                &bundle.name
            } else {
                &problem.file
            },
            problem.what
        ));
    }
    verdict.missing.sort_by(|a, b| a.file.cmp(&b.file));
    verdict.altered.sort_by(|a, b| a.file.cmp(&b.file));
    verdict.intact = verdict.altered.is_empty()
        && verdict.missing.is_empty()
        && verdict.added.is_empty()
        && verdict.problems.is_empty();
}

fn tell(verdict: &Verdict, name: &str) {
    for (word, findings) in [
        ("altered", &verdict.altered),
        ("missing", &verdict.missing),
        ("added", &verdict.added),
    ] {
        for finding in findings {
            output::say(&format!("{word}  {}: {}", finding.file, finding.why));
        }
    }
    for problem in &verdict.problems {
        output::say(&format!("problem  {problem}"));
    }
    for clock in &verdict.clocks {
        output::say(&format!("clock    {}", clock.sentence()));
    }
    let state = if verdict.intact {
        "as its collector wrote it"
    } else {
        "not as its collector wrote it"
    };
    let mut notes = vec![format!("checksums {}", verdict.checksums)];
    if verdict.redacted {
        notes.push("redacted, checksums are those after it".to_owned());
    }
    if !verdict.finished {
        notes.push("the capture did not come to its end".to_owned());
    }
    output::say(&format!(
        "{name}: {state}; {} files, {} commands; {}",
        verdict.files,
        verdict.commands,
        notes.join("; ")
    ));
}
