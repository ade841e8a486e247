//! `coldcase rules`: lint, test and list; and loading rules for the other commands.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use coldcase_rules::{BUILTIN, LoadError, RuleSet, examples};

use crate::{
    args::{RuleDir, Rules, RulesCommand},
    error::Failure,
    output,
};

/// Runs the command.
pub(crate) fn run(rules: &Rules) -> Result<ExitCode, Failure> {
    match &rules.command {
        RulesCommand::Lint(dir) => lint(dir),
        RulesCommand::Test(dir) => test(dir),
        RulesCommand::List(dir) => list(dir),
    }
}

/// The embedded rules with those of some directories added.
pub(crate) fn load(dirs: &[PathBuf]) -> Result<RuleSet, Failure> {
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

/// Drafts a directory's rules on top of the embedded ones; errors and rules of the directory only.
fn draft(dir: &RuleDir) -> Result<(RuleSet, Vec<LoadError>, Vec<String>), Failure> {
    let own = match &dir.dir {
        Some(dir) => read(dir)?,
        None => builtin(),
    };
    let names: Vec<String> = own.iter().map(|(name, _)| name.clone()).collect();
    let files = if dir.dir.is_some() {
        builtin().into_iter().chain(own).collect()
    } else {
        own
    };
    let (rules, errors) = RuleSet::draft(files);
    let errors = errors
        .into_iter()
        .filter(|error| names.contains(&error.file))
        .collect();
    Ok((rules, errors, names))
}

fn lint(dir: &RuleDir) -> Result<ExitCode, Failure> {
    let (_, errors, names) = draft(dir)?;
    for error in &errors {
        output::say(&error.to_string());
    }
    output::say(&format!("{} rules, {} errors", names.len(), errors.len()));
    Ok(ExitCode::from(u8::from(!errors.is_empty())))
}

fn test(dir: &RuleDir) -> Result<ExitCode, Failure> {
    let (rules, errors, names) = draft(dir)?;
    if !errors.is_empty() {
        return Err(Failure::Rules(errors));
    }
    let (mut passed, mut failed) = (0, 0);
    for result in examples::run(&rules, None) {
        let Some(rule) = rules
            .get(&result.rule)
            .filter(|rule| names.contains(&rule.file))
        else {
            continue;
        };
        match result.failure {
            None => passed += 1,
            Some(why) => {
                failed += 1;
                output::say(&format!("{}: {}: {why}", rule.file, result.name));
            }
        }
    }
    output::say(&format!("{passed} passed, {failed} failed"));
    Ok(ExitCode::from(u8::from(failed > 0)))
}

fn list(dir: &RuleDir) -> Result<ExitCode, Failure> {
    let (rules, errors, names) = draft(dir)?;
    if !errors.is_empty() {
        return Err(Failure::Rules(errors));
    }
    for rule in rules.rules.iter().filter(|rule| names.contains(&rule.file)) {
        output::say(&format!(
            "{:<34} {:<14} {:<9} {}",
            rule.id,
            rule.layer,
            rule.severity.word(),
            rule.role.word()
        ));
    }
    Ok(ExitCode::SUCCESS)
}
