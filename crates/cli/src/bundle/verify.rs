//! `coldcase bundle verify`: whether a native bundle still is what its collector wrote, by its checksums and its manifest.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use coldcase_bundle::{Bundle, Limits};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{clocks, digests};
use crate::{
    args::{self, InfoFormat},
    error::Failure,
    output, reading, redact,
};

/// Exit codes: 0 the bundle is what its collector (or `coldcase redact`, of such a bundle) wrote, 1 it is not, 2 it could not be read or is no native bundle.
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
    #[command(flatten)]
    pub limits: args::Limits,
}

/// What was found.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Verdict {
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
    /// Of a redacted bundle: how it compared with its collector's checksums before, where
    /// `coldcase redact` could tell.
    before: Option<Before>,
}

/// How a bundle compared with its checksums before `coldcase redact` replaced them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Before {
    pub intact: bool,
    /// As in the verdict.
    checksums: String,
    altered: Vec<String>,
    missing: Vec<String>,
    added: Vec<String>,
    problems: Vec<String>,
}

impl Before {
    /// All names of files.
    pub(crate) fn names(&mut self) -> impl Iterator<Item = &mut String> {
        self.altered
            .iter_mut()
            .chain(&mut self.missing)
            .chain(&mut self.added)
            .chain(&mut self.problems)
    }

    /// For people.
    pub(crate) fn sentence(&self) -> String {
        if self.intact {
            return format!("as its collector wrote it; checksums {}", self.checksums);
        }
        let mut parts = Vec::new();
        for (names, what) in [
            (&self.altered, "altered"),
            (&self.missing, "missing"),
            (&self.added, "added"),
            (&self.problems, "problems"),
        ] {
            if let Some(first) = names.first() {
                let more = if names.len() > 1 { ", …" } else { "" };
                parts.push(format!("{} {what} ({first}{more})", names.len()));
            }
        }
        format!("not as its collector wrote it: {}", parts.join(", "))
    }
}

#[derive(Debug, Serialize)]
struct Finding {
    file: String,
    why: String,
}

/// One line of the manifest.
pub(crate) struct Command {
    /// Empty if it wrote none.
    pub file: String,
    exit: i64,
    bytes: u64,
    /// When it began, RFC 3339; empty if it is not told.
    pub start: String,
    pub end: String,
}

/// Runs the command.
pub(crate) fn run(arguments: &BundleVerify) -> Result<ExitCode, Failure> {
    let place = &arguments.bundle;
    let bundle = reading::open(std::slice::from_ref(place), &arguments.limits)?;
    let verdict = judge(place, &bundle, &arguments.limits.of_bundle())?;
    if arguments.json || arguments.format == InfoFormat::Json {
        let json = serde_json::to_string_pretty(&verdict).unwrap_or_default();
        output::say(&json);
    } else {
        tell(&verdict, &arguments.bundle.display().to_string());
    }
    Ok(ExitCode::from(u8::from(!verdict.intact)))
}

/// Compares an open bundle with what it says of itself; its bytes are read once more.
pub(crate) fn judge(place: &Path, bundle: &Bundle, limits: &Limits) -> Result<Verdict, Failure> {
    let failed = |why: String| Failure::Verify(place.to_owned(), why);
    let text = |path: &str| bundle.find(path).map(|(_, file)| file.text().into_owned());
    // Sentences about limits name their flag. What lies beyond one is not known to be whole.
    if let Some(limit) = bundle.problems.iter().find(|p| p.what.contains("(--max-")) {
        return Err(failed(limit.what.clone()));
    }
    let manifest = text("manifest.jsonl").ok_or_else(|| {
        failed("has no manifest.jsonl: it is no native bundle, or lost it".to_owned())
    })?;
    let files = digests::of(place, limits).map_err(failed)?;
    let about = text("bundle.yaml").unwrap_or_default();
    let mut verdict = Verdict {
        schema: "coldcase.verify/v1",
        files: files.len(),
        redacted: files.contains_key("redaction.json"),
        ..Verdict::default()
    };
    if about.is_empty() {
        verdict.missing.push(Finding {
            file: "bundle.yaml".to_owned(),
            why: "each bundle has one".to_owned(),
        });
    }
    let about = clocks::About::read(&about);
    verdict.finished = about.field("finished_at").is_some();
    let commands = commands(&manifest, &mut verdict);
    let redaction = Redaction::read(&text("redaction.json").unwrap_or_default());
    check_sums(
        text("checksums.txt").as_deref(),
        &about,
        &files,
        &mut verdict,
    );
    check_commands(&commands, &files, &redaction.left_out, &mut verdict);
    if verdict.checksums != "sha256" || verdict.redacted {
        check_strangers(&commands, &files, &mut verdict);
    }
    verdict.clocks = clocks::compare(bundle, &about, &commands);
    verdict.before = redaction.before;
    settle(&mut verdict, bundle);
    Ok(verdict)
}

/// What of `redaction.json` matters here.
#[derive(Debug, Default)]
struct Redaction {
    left_out: BTreeSet<String>,
    before: Option<Before>,
}

impl Redaction {
    fn read(text: &str) -> Self {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let left_out = value["left_out"].as_array().map_or(&[][..], Vec::as_slice);
        Self {
            left_out: left_out
                .iter()
                .filter_map(|missing| missing["file"].as_str().map(str::to_owned))
                .collect(),
            before: serde_json::from_value(value["before"].clone()).unwrap_or_default(),
        }
    }
}

impl Verdict {
    /// What a redaction keeps of it: of a bundle that was redacted before, both.
    pub(crate) fn before(&self) -> Before {
        let names = |found: &[Finding]| found.iter().map(|one| one.file.clone()).collect();
        let mut before = self.before.clone().unwrap_or_default();
        before.intact = self.intact;
        before.checksums.clone_from(&self.checksums);
        before.altered.append(&mut names(&self.altered));
        before.missing.append(&mut names(&self.missing));
        before.added.append(&mut names(&self.added));
        before.problems.append(&mut self.problems.clone());
        before
    }
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
        let stamp = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        commands.push(Command {
            // Masked as a name of a file is.
            file: redact::unmarked(file),
            exit,
            bytes: value["bytes"].as_u64().unwrap_or(0),
            start: stamp("start"),
            end: stamp("end"),
        });
    }
    commands
}

/// Compares `checksums.txt` with the files.
fn check_sums(
    sums: Option<&str>,
    about: &clocks::About,
    files: &BTreeMap<String, digests::Digest>,
    verdict: &mut Verdict,
) {
    let Some(sums) = sums else {
        match about.field("checksums") {
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
    left_out: &BTreeSet<String>,
    verdict: &mut Verdict,
) {
    // The last word about a file counts: a request may have been repeated.
    let last: BTreeMap<&str, &Command> = commands
        .iter()
        .filter(|command| !command.file.is_empty())
        .map(|command| (command.file.as_str(), command))
        .collect();
    let names = |found: &[Finding]| -> BTreeSet<String> {
        found.iter().map(|one| one.file.clone()).collect()
    };
    let (missing, altered) = (names(&verdict.missing), names(&verdict.altered));
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
                && !missing.contains(path)
                && !left_out.contains(path) =>
            {
                verdict.missing.push(Finding {
                    file: path.to_owned(),
                    why: format!("the manifest has it with {} bytes", command.bytes),
                });
            }
            Some(file)
                if file.bytes != command.bytes && !verdict.redacted && !altered.contains(path) =>
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

/// Files that no command wrote; checksums tell of them, but for those of a redaction, which are new.
fn check_strangers(
    commands: &[Command],
    files: &BTreeMap<String, digests::Digest>,
    verdict: &mut Verdict,
) {
    let told: BTreeSet<&str> = commands.iter().map(|one| one.file.as_str()).collect();
    let known: BTreeSet<String> = verdict.added.iter().map(|one| one.file.clone()).collect();
    for path in files.keys() {
        let own = matches!(
            path.as_str(),
            "bundle.yaml" | "manifest.jsonl" | "redaction.txt" | "redaction.json" | "checksums.txt"
        );
        let inside = || {
            path.match_indices('!')
                .any(|(at, _)| path.get(..at).is_some_and(|archive| told.contains(archive)))
        };
        if !own && !known.contains(path) && !told.contains(path.as_str()) && !inside() {
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
        && verdict.problems.is_empty()
        && verdict.before.as_ref().is_none_or(|before| before.intact);
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
    let state = match (verdict.intact, verdict.redacted) {
        (true, false) => "as its collector wrote it",
        (true, true) => "as `coldcase redact` wrote it",
        (false, _) => "not as its collector wrote it",
    };
    let mut notes = vec![format!("checksums {}", verdict.checksums)];
    if verdict.redacted {
        notes.push("redacted, checksums are those after it".to_owned());
        notes.push(match &verdict.before {
            Some(before) => format!("before that {}", before.sentence()),
            None => "what it was before that is not known".to_owned(),
        });
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
