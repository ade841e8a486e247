//! Lints the rules below the folders given and runs their examples: `cargo run -p coldcase-rules --example check -- rules/app`.

#![allow(clippy::print_stdout, clippy::exit)]

use std::path::{Path, PathBuf};

use coldcase_rules::{RuleSet, examples};

fn collect(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            found.push(path);
        }
    }
}

fn main() {
    let only: Vec<String> = std::env::args()
        .skip(1)
        .map(|arg| arg.trim_start_matches("rules/").to_owned())
        .collect();
    let wanted =
        |file: &str| only.is_empty() || only.iter().any(|prefix| file.starts_with(prefix.as_str()));
    let mut paths = Vec::new();
    collect(Path::new("rules"), &mut paths);
    paths.sort();
    let files = paths
        .iter()
        .filter_map(|path| {
            Some((
                path.strip_prefix("rules")
                    .ok()?
                    .to_string_lossy()
                    .into_owned(),
                std::fs::read_to_string(path).ok()?,
            ))
        })
        .collect();
    let (rules, errors) = RuleSet::draft(files);
    let errors: Vec<_> = errors.iter().filter(|error| wanted(&error.file)).collect();
    for error in &errors {
        println!("{error}");
    }
    let (mut passed, mut failed) = (0, 0);
    for result in examples::run(&rules, None) {
        let Some(rule) = rules.get(&result.rule).filter(|rule| wanted(&rule.file)) else {
            continue;
        };
        match result.failure {
            None => passed += 1,
            Some(why) => {
                failed += 1;
                println!("{}: {}: {why}", rule.file, result.name);
            }
        }
    }
    println!(
        "{} errors; examples: {passed} passed, {failed} failed",
        errors.len()
    );
    if !errors.is_empty() || failed > 0 {
        std::process::exit(1);
    }
}
