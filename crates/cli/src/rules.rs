//! `coldcase rules`: dispatch, and loading rules for all commands.

mod catalogue;
mod check;
mod explain;
mod list;
mod measure;
pub(crate) mod pages;
pub(crate) mod schema;
mod why;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use coldcase_facts::schema::nearest;
use coldcase_rules::{BUILTIN, LoadError, Rule, RuleSet};

use crate::{
    args::{Rules, RulesCommand},
    error::Failure,
    output,
};

/// Runs the command.
pub(crate) fn run(rules: &Rules) -> Result<ExitCode, Failure> {
    match &rules.command {
        RulesCommand::List(arguments) => list::run(arguments),
        RulesCommand::Explain(arguments) => explain::run(arguments),
        RulesCommand::Lint(arguments) => check::lint(arguments),
        RulesCommand::Test(arguments) => check::test(arguments),
        RulesCommand::Why(arguments) => why::run(arguments),
        RulesCommand::Coverage(arguments) => measure::coverage(arguments),
        RulesCommand::Bench(arguments) => measure::bench(arguments),
        RulesCommand::Schema => {
            output::say(&schema::text());
            Ok(ExitCode::SUCCESS)
        }
        RulesCommand::Facts(arguments) => catalogue::run(arguments),
    }
}

/// A rule by its id.
fn named<'r>(rules: &'r RuleSet, id: &str) -> Result<(usize, &'r Rule), Failure> {
    rules
        .rules
        .iter()
        .enumerate()
        .find(|(_, rule)| rule.id == id)
        .ok_or_else(|| {
            let ids = rules.rules.iter().map(|rule| rule.id.as_str());
            Failure::NoRule(id.to_owned(), nearest(id, ids))
        })
}

/// The embedded rules with those of some directories added.
pub(crate) fn load(dirs: &[PathBuf]) -> Result<RuleSet, Failure> {
    let mut own = Vec::new();
    for dir in dirs {
        own.extend(read(dir)?);
    }
    RuleSet::with(own).map_err(Failure::Rules)
}

/// The same with all examples, for what shows them.
pub(crate) fn load_whole(dirs: &[PathBuf]) -> Result<RuleSet, Failure> {
    let mut files = builtin();
    for dir in dirs {
        files.extend(read(dir)?);
    }
    RuleSet::load(files).map_err(Failure::Rules)
}

fn builtin() -> Vec<(String, String)> {
    BUILTIN
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

/// Rule files below a directory, in path order.
fn read(dir: &Path) -> Result<Vec<(String, String)>, Failure> {
    let bad = |why: String| Failure::RulesDir(dir.to_owned(), why);
    if !dir.is_dir() {
        return Err(bad("not a directory".to_owned()));
    }
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(dir).sort_by_file_name() {
        let entry = entry.map_err(|error| bad(error.to_string()))?;
        if entry.file_type().is_file()
            && entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "yaml")
        {
            let text = std::fs::read_to_string(entry.path())
                .map_err(|error| bad(format!("{}: {error}", entry.path().display())))?;
            files.push((entry.path().to_string_lossy().into_owned(), text));
        }
    }
    Ok(files)
}

/// Drafts some directories' rules on top of the embedded ones; errors and names of those of the directories only.
fn draft(dirs: &[PathBuf]) -> Result<(RuleSet, Vec<LoadError>, Vec<String>), Failure> {
    let mut own = Vec::new();
    for dir in dirs {
        own.extend(read(dir)?);
    }
    let files = if dirs.is_empty() {
        own = builtin();
        own.clone()
    } else {
        builtin().into_iter().chain(own.iter().cloned()).collect()
    };
    let names: Vec<String> = own.into_iter().map(|(name, _)| name).collect();
    let (rules, errors) = RuleSet::draft(files);
    let errors = errors
        .into_iter()
        .filter(|error| names.contains(&error.file))
        .collect();
    Ok((rules, errors, names))
}
