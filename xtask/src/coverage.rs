//! `cargo xtask coverage`: makes `docs/coverage.md` of `docs/coverage.yaml`, the rules and the samples' truths, and finds what is left open.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs, io,
    path::Path,
};

use coldcase_rules::{Expect, RuleSet};
use serde_yaml::{Mapping, Value};

/// Options of the command.
#[derive(Debug, clap::Args)]
pub(crate) struct Coverage {
    /// Write nothing; fail if the page is stale or a mode is neither covered nor explained
    #[arg(long)]
    check: bool,
}

const SOURCE: &str = "docs/coverage.yaml";
const PAGE: &str = "docs/coverage.md";

/// Runs the command in the root of the repository; `false` if `--check` found something.
#[allow(clippy::print_stderr)] // a chore tells its user
pub(crate) fn run(options: &Coverage) -> io::Result<bool> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (page, open) = page(&root)?;
    for line in &open {
        eprintln!("{SOURCE}: {line}");
    }
    let path = root.join(PAGE);
    if !options.check {
        fs::write(path, page)?;
        return Ok(true);
    }
    let fresh = fs::read_to_string(path).is_ok_and(|on_disk| on_disk == page);
    if !fresh {
        eprintln!("{PAGE} is stale: run `cargo xtask coverage`");
    }
    Ok(fresh && open.is_empty())
}

/// What stands for a failure mode.
#[derive(Debug, Default)]
struct Mode {
    section: String,
    says: String,
    rules: Vec<String>,
    by: Option<String>,
    cannot: Option<String>,
}

/// The page, and what is neither covered nor explained.
fn page(root: &Path) -> io::Result<(String, Vec<String>)> {
    let text = fs::read_to_string(root.join(SOURCE))?;
    let source: Mapping = serde_yaml::from_str(&text).map_err(io::Error::other)?;
    let rules = RuleSet::builtin().map_err(|errors| io::Error::other(format!("{errors:?}")))?;
    let proofs = proofs(root, &rules)?;
    let mut open = Vec::new();
    let modes = modes(&source, &rules, &mut open);
    let mut page = String::from(HEAD);
    totals(&mut page, &modes, &rules);
    let documents = source.get("documents").and_then(Value::as_sequence);
    for document in documents.into_iter().flatten() {
        write_document(&mut page, document, &modes, &proofs, &mut open);
    }
    write_modes(&mut page, &modes, &proofs);
    Ok((page, open))
}

const HEAD: &str = "\
# Coverage

Made by `cargo xtask coverage` of `coverage.yaml`, the rules and the samples; never edited by hand.

What the texts that coldcase started from name, section by section, and what stands for it: the rules, and the sample bundles or rule examples that prove them.
A row that is a way of working rather than a failure says where it is followed.
Where a text is wrong, a note says what is right.

";

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    let list = value.get(key).and_then(Value::as_sequence);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// The modes by id, in the order of the file.
fn modes(source: &Mapping, rules: &RuleSet, open: &mut Vec<String>) -> Vec<(String, Mode)> {
    let mut modes = Vec::new();
    let mut named = BTreeSet::new();
    let sections = source.get("modes").and_then(Value::as_mapping);
    for (section, entries) in sections.into_iter().flatten() {
        for (id, entry) in entries.as_mapping().into_iter().flatten() {
            let (Some(section), Some(id)) = (section.as_str(), id.as_str()) else {
                continue;
            };
            let mut mode = Mode {
                section: section.to_owned(),
                says: entry
                    .as_str()
                    .or_else(|| text(entry, "says"))
                    .unwrap_or_default()
                    .to_owned(),
                rules: texts(entry, "rules"),
                by: text(entry, "by").map(str::to_owned),
                cannot: text(entry, "cannot").map(str::to_owned),
            };
            if rules.get(id).is_some() && !mode.rules.iter().any(|rule| rule == id) {
                mode.rules.insert(0, id.to_owned());
            }
            mode.rules.retain(|rule| {
                let known = rules.get(rule).is_some();
                if !known {
                    open.push(format!("{id}: there is no rule {rule}"));
                }
                known
            });
            if mode.rules.is_empty() && mode.by.is_none() && mode.cannot.is_none() {
                open.push(format!(
                    "{id}: no rule of this name, and no `rules`, `by` or `cannot`"
                ));
            }
            named.extend(mode.rules.iter().cloned());
            modes.push((id.to_owned(), mode));
        }
    }
    for rule in rules.rules.iter().filter(|rule| !named.contains(&rule.id)) {
        open.push(format!("rule {} stands for no mode", rule.id));
    }
    modes
}

/// By rule: the samples whose truth names it, else the number of its own examples that fire.
fn proofs(root: &Path, rules: &RuleSet) -> io::Result<BTreeMap<String, String>> {
    let mut by_rule: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in fs::read_dir(root.join("samples"))? {
        let entry = entry?;
        let Ok(truth) = fs::read_to_string(entry.path().join("truth.yaml")) else {
            continue;
        };
        let truth: Value = serde_yaml::from_str(&truth).map_err(io::Error::other)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let mut ids = texts(&truth, "explains");
        ids.extend(
            truth
                .get("cause")
                .into_iter()
                .flat_map(|cause| texts(cause, "rule")),
        );
        ids.extend(
            truth
                .get("cause")
                .and_then(|cause| text(cause, "rule"))
                .map(str::to_owned),
        );
        for id in ids {
            by_rule.entry(id).or_default().insert(name.clone());
        }
    }
    let mut proofs = BTreeMap::new();
    for rule in &rules.rules {
        let fires = rule
            .tests
            .iter()
            .filter(|test| test.expect == Expect::Fires)
            .count();
        let proof = match by_rule.get(&rule.id) {
            Some(samples) => samples
                .iter()
                .map(|name| format!("[{name}](../samples/{name}/README.md)"))
                .collect::<Vec<_>>()
                .join(", "),
            None => format!("{fires} example{}", if fires == 1 { "" } else { "s" }),
        };
        proofs.insert(rule.id.clone(), proof);
    }
    Ok(proofs)
}

fn totals(page: &mut String, modes: &[(String, Mode)], rules: &RuleSet) {
    let by_rule = modes
        .iter()
        .filter(|(_, mode)| !mode.rules.is_empty())
        .count();
    let by_code = modes
        .iter()
        .filter(|(_, mode)| mode.rules.is_empty() && mode.by.is_some())
        .count();
    let cannot = modes
        .iter()
        .filter(|(_, mode)| mode.cannot.is_some())
        .count();
    let _ = writeln!(
        page,
        "{} failure modes: {by_rule} by {} rules, {by_code} by the engine itself, {cannot} that a bundle does not show.\n",
        modes.len(),
        rules.rules.len(),
    );
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn write_document(
    page: &mut String,
    document: &Value,
    modes: &[(String, Mode)],
    proofs: &BTreeMap<String, String>,
    open: &mut Vec<String>,
) {
    let id = text(document, "id").unwrap_or_default();
    let _ = writeln!(
        page,
        "## {id} {}\n",
        text(document, "title").unwrap_or_default()
    );
    page.push_str("| section | it names | what stands for it | proved by |\n|---|---|---|---|\n");
    let sections = document.get("sections").and_then(Value::as_mapping);
    for (section, rows) in sections.into_iter().flatten() {
        let section = section.as_str().unwrap_or_default();
        for row in rows.as_sequence().into_iter().flatten() {
            let says = text(row, "row").unwrap_or_default();
            let mut stands = Vec::new();
            let mut proved = Vec::new();
            for name in texts(row, "modes") {
                match modes.iter().find(|(id, _)| *id == name) {
                    Some((_, mode)) => answer(&name, mode, proofs, &mut stands, &mut proved),
                    None => open.push(format!(
                        "document {id}, {section}, {says}: unknown mode {name}"
                    )),
                }
            }
            stands.extend(text(row, "advice").map(str::to_owned));
            if stands.is_empty() {
                open.push(format!(
                    "document {id}, {section}, {says}: nothing stands for it"
                ));
            }
            stands.extend(text(row, "note").map(|note| format!("*{note}*")));
            unique(&mut stands);
            unique(&mut proved);
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} |",
                cell(section),
                cell(says),
                cell(&stands.join("; ")),
                proved.join(", ")
            );
        }
    }
    page.push('\n');
}

/// Adds what stands for a mode, and what proves it.
fn answer(
    name: &str,
    mode: &Mode,
    proofs: &BTreeMap<String, String>,
    stands: &mut Vec<String>,
    proved: &mut Vec<String>,
) {
    stands.extend(mode.rules.iter().map(|rule| format!("`{rule}`")));
    proved.extend(
        mode.rules
            .iter()
            .filter_map(|rule| proofs.get(rule))
            .filter(|proof| proof.starts_with('['))
            .cloned(),
    );
    if mode.rules.is_empty() {
        let reason = mode.by.as_ref().or(mode.cannot.as_ref());
        stands.push(format!("{name}: {}", reason.map_or("open", String::as_str)));
    } else if proved.is_empty() {
        proved.push("examples in the rules".to_owned());
    }
}

fn unique(list: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    list.retain(|text| seen.insert(text.clone()));
    if list.len() > 1 {
        list.retain(|text| text != "examples in the rules");
    }
}

fn write_modes(page: &mut String, modes: &[(String, Mode)], proofs: &BTreeMap<String, String>) {
    page.push_str("## All failure modes\n\n| failure mode | what it is | rules | proved by |\n|---|---|---|---|\n");
    let mut section = "";
    for (id, mode) in modes {
        if mode.section != section {
            section = &mode.section;
            let _ = writeln!(page, "| **{section}** | | | |");
        }
        let mut rules: Vec<_> = mode.rules.iter().map(|rule| format!("`{rule}`")).collect();
        rules.extend(mode.by.clone());
        rules.extend(
            mode.cannot
                .as_ref()
                .map(|reason| format!("not decidable: {reason}")),
        );
        let mut proved: Vec<_> = mode
            .rules
            .iter()
            .filter_map(|rule| proofs.get(rule))
            .cloned()
            .collect();
        unique(&mut proved);
        let _ = writeln!(
            page,
            "| {id} | {} | {} | {} |",
            cell(&mode.says),
            cell(&rules.join("; ")),
            proved.join(", ")
        );
    }
}
