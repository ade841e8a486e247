//! `coldcase test`: solved cases kept as tests: finds them, diagnoses each, and says what is no longer as its truth says.

mod accept;
mod judge;
mod table;
mod truth;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use coldcase_rules::RuleSet;

use crate::{
    args::Reading, diagnosed, error::Failure, junit, output, product::Place, progress::Progress,
    rules,
};
use judge::Outcome;
use truth::Truth;

pub(crate) use judge::Verdict;

/// The file that makes a folder a case.
const TRUTH: &str = "truth.yaml";

/// Exit codes: 0 every case is as its truth says, 1 at least one is not, 2 a case could not be run.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Folders to look for cases in; a case is a folder with a truth.yaml beside its bundle
    #[arg(required = true, value_name = "DIR")]
    pub dirs: Vec<PathBuf>,
    /// Only cases whose folder's name contains this text
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// Add rules from a directory; a rule with a known id replaces it
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write the results as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write a first truth.yaml, for review, into each folder of DIR that has a bundle and none
    #[arg(long)]
    pub accept: bool,
    /// Print the totals and what differs, not a line for each case
    #[arg(short, long)]
    pub quiet: bool,
    #[command(flatten)]
    pub reading: Reading,
}

/// A case: its folder and what it was.
#[derive(Debug)]
pub(crate) struct Case {
    /// Path below the folder given, or the folder's own name.
    pub name: String,
    dir: PathBuf,
    truth: Result<Truth, String>,
}

/// A case that was run.
#[derive(Debug)]
pub(crate) struct Tried {
    pub name: String,
    pub class: String,
    /// Why it could not be run, or what came of it.
    pub result: Result<Outcome, String>,
}

/// Runs the command.
pub(crate) fn run(arguments: &Test) -> Result<ExitCode, Failure> {
    let rules = rules::load(&arguments.rules)?;
    if arguments.accept {
        return accept::run(arguments, &rules);
    }
    let cases = find(&arguments.dirs, arguments.only.as_deref());
    let Some(first) = arguments.dirs.first().filter(|_| cases.is_empty()) else {
        let places = Places::named(arguments, &cases)?;
        return report(arguments, &try_all(arguments, &rules, cases), places);
    };
    Err(Failure::NoCases(first.clone()))
}

/// Where results go besides the terminal.
struct Places {
    json: Option<Place>,
    junit: Option<Place>,
}

impl Places {
    /// Before the work: a case's bundle is evidence, and what lies in it is read with it.
    fn named(arguments: &Test, cases: &[Case]) -> Result<Self, Failure> {
        let bundles = |case: &Case| match &case.truth {
            Ok(truth) => bundles(&case.dir, truth),
            Err(_) => vec![case.dir.clone()],
        };
        let inputs: Vec<PathBuf> = cases.iter().flat_map(bundles).collect();
        let named = |path: &Option<PathBuf>| {
            let path = path.as_ref();
            path.map(|path| Place::named(path, &inputs)).transpose()
        };
        Ok(Self {
            json: named(&arguments.json)?,
            junit: named(&arguments.junit)?,
        })
    }
}

fn report(arguments: &Test, tried: &[Tried], places: Places) -> Result<ExitCode, Failure> {
    output::say(&table::text(tried, arguments.quiet));
    if let Some(place) = places.json {
        write(&place, &table::json(tried))?;
    }
    if let Some(place) = places.junit {
        let suite = junit::Suite {
            name: "coldcase test".to_owned(),
            cases: tried.iter().map(table::junit).collect(),
            ..junit::Suite::default()
        };
        write(&place, &junit::document(&[suite]))?;
    }
    let code = tried
        .iter()
        .map(|case| match &case.result {
            Err(_) => 2,
            Ok(outcome) => u8::from(!outcome.differences.is_empty()),
        })
        .max();
    Ok(ExitCode::from(code.unwrap_or_default()))
}

fn write(place: &Place, text: &str) -> Result<(), Failure> {
    place.write(|out| out.write_all(text.as_bytes()))
}

fn try_all(arguments: &Test, rules: &RuleSet, cases: Vec<Case>) -> Vec<Tried> {
    let progress = Progress::new(arguments.quiet);
    let mut tried = Vec::with_capacity(cases.len());
    for case in cases {
        progress.step(&case.name);
        tried.push(try_one(arguments, rules, case));
    }
    drop(progress);
    tried
}

fn try_one(arguments: &Test, rules: &RuleSet, case: Case) -> Tried {
    let class = case
        .truth
        .as_ref()
        .map_or_else(|_| String::new(), |truth| truth.class.clone());
    let result = case.truth.and_then(|truth| {
        let bundles = bundles(&case.dir, &truth);
        let report = diagnosed::report(&bundles, &arguments.reading, rules)
            .map_err(|failure| failure.to_string())?;
        Ok(judge::judge(&truth, report.report()))
    });
    Tried {
        name: case.name,
        class,
        result,
    }
}

/// What a case's bundle is: what its truth names, else the archives beside it, else a folder `bundle`, else the folder itself.
fn bundles(dir: &Path, truth: &Truth) -> Vec<PathBuf> {
    if !truth.bundle.is_empty() {
        return truth.bundle.iter().map(|path| dir.join(path)).collect();
    }
    let archives = archives(dir);
    if !archives.is_empty() {
        return archives;
    }
    let inner = dir.join("bundle");
    vec![if inner.is_dir() {
        inner
    } else {
        dir.to_owned()
    }]
}

const ARCHIVES: [&str; 8] = [
    ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tar.bz2", ".zip",
];

/// The archives of a folder, by name.
fn archives(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            path.is_file() && ARCHIVES.iter().any(|end| name.ends_with(end))
        })
        .collect();
    found.sort();
    found
}

/// All cases below some folders, by path; a case is not searched for further ones.
fn find(dirs: &[PathBuf], only: Option<&str>) -> Vec<Case> {
    let mut cases = Vec::new();
    for root in dirs {
        let mut walk = walkdir::WalkDir::new(root).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            let Ok(entry) = entry else { continue };
            let file = entry.path().join(TRUTH);
            if !entry.file_type().is_dir() || !file.is_file() {
                continue;
            }
            walk.skip_current_dir();
            let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
            let name = if below.as_os_str().is_empty() {
                root.file_name().unwrap_or(root.as_os_str())
            } else {
                below.as_os_str()
            };
            let name = name.to_string_lossy().into_owned();
            if only.is_none_or(|text| name.contains(text)) {
                cases.push(Case {
                    name,
                    dir: entry.path().to_owned(),
                    truth: Truth::read(&file),
                });
            }
        }
    }
    cases
}
