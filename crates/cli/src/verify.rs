//! `coldcase verify`: checks a JSON report against its bundle: every quote stands where the report says, and every claim has one.
//!
//! Claims are findings, causes, changes, blast radii, cleared suspects and what triage says of objects.

use std::{collections::BTreeSet, path::PathBuf, process::ExitCode};

use clap::Args;
use coldcase_bundle::Bundle;
use coldcase_report::text::clean;
use serde_json::Value;

use crate::{args::Limits, error::Failure, output, reading};

/// Exit codes: 0 every quote and claim holds, 1 at least one does not, 2 the report or the bundle could not be read.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A report written with `--format json`
    #[arg(value_name = "REPORT")]
    pub report: PathBuf,
    /// The bundle that it was made of; several if it was made of several
    #[arg(required = true, value_name = "BUNDLE")]
    pub bundles: Vec<PathBuf>,
    /// Print nothing but what is wrong
    #[arg(short, long)]
    pub quiet: bool,
    #[command(flatten)]
    pub limits: Limits,
}

/// What was counted and what was wrong.
#[derive(Debug, Default)]
struct Tally {
    quotes: usize,
    lines: usize,
    claims: usize,
    wrong: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(arguments: &Verify) -> Result<ExitCode, Failure> {
    let unreadable = |why: String| Failure::Report(arguments.report.clone(), why);
    let text = std::fs::read_to_string(&arguments.report)
        .map_err(|error| unreadable(error.to_string()))?;
    let report: Value =
        serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    if report["schema"]
        .as_str()
        .is_none_or(|schema| !schema.starts_with("coldcase"))
    {
        return Err(unreadable("is no report of coldcase".to_owned()));
    }
    let bundle = reading::open(&arguments.bundles, &arguments.limits)?;
    let mut tally = Tally::default();
    if report["bundle"]["hash"] != bundle.hash.as_str() {
        tally.wrong.push(format!(
            "the report was made of another bundle: its hash is {}, this one's is {}",
            report["bundle"]["hash"], bundle.hash
        ));
    }
    check_quotes(&report, &bundle, &mut tally);
    check_claims(&report, &mut tally);
    for line in &tally.wrong {
        output::say(line);
    }
    if !arguments.quiet {
        output::say(&format!(
            "{} quotes of {} lines and {} claims checked, {} wrong",
            tally.quotes,
            tally.lines,
            tally.claims,
            tally.wrong.len()
        ));
    }
    Ok(ExitCode::from(u8::from(!tally.wrong.is_empty())))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn line_number(value: &Value) -> u32 {
    value
        .as_u64()
        .and_then(|line| u32::try_from(line).ok())
        .unwrap_or_default()
}

fn check_quotes(report: &Value, bundle: &Bundle, tally: &mut Tally) {
    for evidence in list(&report["evidence"]) {
        tally.quotes += 1;
        let (file, line) = (text(&evidence["file"]), line_number(&evidence["line"]));
        let place = format!("{} {file}:{line}", text(&evidence["id"]));
        // Names are cleaned for reports as texts are.
        let found = bundle.find(file).map(|(_, file)| file).or_else(|| {
            bundle
                .iter()
                .map(|(_, candidate)| candidate)
                .find(|candidate| clean(&candidate.path) == file)
        });
        let Some(found) = found else {
            tally
                .wrong
                .push(format!("{place}: the bundle has no such file"));
            continue;
        };
        let end = line_number(&evidence["end_line"]);
        for (number, quoted) in (line..).zip(text(&evidence["quote"]).split('\n')) {
            tally.lines += 1;
            if number == end.saturating_add(1)
                && left_out(quoted)
                    .is_some_and(|more| more <= found.line_count().saturating_sub(end))
            {
                continue;
            }
            let real = found.line(number);
            if !same(quoted, &clean(&real)) {
                tally
                    .wrong
                    .push(format!("{place}: line {number} is not `{quoted}`"));
            }
        }
    }
}

/// Whether a quoted line is the real one, or its beginning with the true count of what was cut off.
fn same(quoted: &str, real: &str) -> bool {
    let real = real.trim_end_matches(['\r', '\n']);
    if quoted == real {
        return true;
    }
    let Some((head, count)) = quoted
        .rsplit_once("… (")
        .and_then(|(head, rest)| Some((head, rest.strip_suffix(" more characters)")?)))
    else {
        return false;
    };
    let count: Option<usize> = count.replace(',', "").parse().ok();
    let rest = real.strip_prefix(head).map(|rest| rest.chars().count());
    rest.is_some() && rest == count
}

/// How many lines a quote says that it leaves out at its end.
fn left_out(quoted: &str) -> Option<u32> {
    let count = quoted.strip_prefix("… (")?.strip_suffix(" more lines)")?;
    count.parse().ok()
}

/// Every claim names quotes or findings, and what it names exists.
fn check_claims(report: &Value, tally: &mut Tally) {
    let ids = |list: &[Value]| -> BTreeSet<String> {
        list.iter().map(|it| text(&it["id"]).to_owned()).collect()
    };
    let evidence = ids(list(&report["evidence"]));
    let findings = ids(list(&report["findings"]));
    for finding in list(&report["findings"]) {
        claim(
            finding,
            &format!("finding {}", text(&finding["id"])),
            true,
            &evidence,
            tally,
        );
    }
    for cause in list(&report["causes"]) {
        let name = format!("cause {}", text(&cause["finding"]));
        for id in std::iter::once(&cause["finding"]).chain(list(&cause["explains"])) {
            if !findings.contains(text(id)) {
                tally
                    .wrong
                    .push(format!("{name}: there is no finding {id}"));
            }
        }
        let cited = list(&cause["reasons"])
            .iter()
            .any(|reason| !list(&reason["evidence"]).is_empty());
        if !cited {
            tally
                .wrong
                .push(format!("{name}: no reason quotes anything"));
        }
        for reason in list(&cause["reasons"]) {
            // Reasons that count other findings cite nothing of their own.
            claim(reason, &name, false, &evidence, tally);
        }
    }
    for (key, required) in [
        ("exonerated", true),
        ("changes", true),
        ("blast_radius", true),
        ("timeline", false),
    ] {
        for it in list(&report[key]) {
            claim(it, key, required, &evidence, tally);
        }
    }
    let objects = names(report);
    for answer in list(&report["triage"]) {
        // That nothing fails has no place; what is said of an object has.
        let words = text(&answer["answer"]);
        let named = objects.iter().any(|object| words.contains(object));
        claim(answer, "triage", named, &evidence, tally);
    }
    for edge in list(&report["causal_edges"]) {
        tally.claims += 1;
        for end in [&edge["from"], &edge["to"]] {
            if !findings.contains(text(end)) {
                tally
                    .wrong
                    .push(format!("causal edge: there is no finding {end}"));
            }
        }
    }
}

/// `Kind namespace/name` of every object that the report is about.
fn names(report: &Value) -> BTreeSet<String> {
    let own = [
        "findings",
        "causes",
        "changes",
        "blast_radius",
        "exonerated",
    ]
    .iter()
    .flat_map(|key| list(&report[*key]));
    let related = list(&report["findings"])
        .iter()
        .flat_map(|finding| list(&finding["related"]));
    own.map(|it| &it["subject"])
        .chain(related)
        .filter(|subject| !text(&subject["name"]).is_empty())
        .map(|subject| {
            let (kind, name) = (text(&subject["kind"]), text(&subject["name"]));
            match subject["namespace"].as_str() {
                Some(namespace) => format!("{kind} {namespace}/{name}"),
                None => format!("{kind} {name}"),
            }
        })
        .collect()
}

fn claim(it: &Value, name: &str, required: bool, evidence: &BTreeSet<String>, tally: &mut Tally) {
    tally.claims += 1;
    let cited = list(&it["evidence"]);
    let words = ["title", "text", "answer"]
        .iter()
        .map(|key| text(&it[*key]))
        .find(|words| !words.is_empty());
    if required && cited.is_empty() {
        tally.wrong.push(format!(
            "{name}: `{}` quotes nothing",
            words.unwrap_or_default()
        ));
    }
    for id in cited.iter().filter(|id| !evidence.contains(text(id))) {
        tally.wrong.push(format!("{name}: there is no quote {id}"));
    }
}

#[cfg(test)]
mod tests {
    use super::{left_out, same};

    #[test]
    fn a_cut_quote_must_count_what_it_leaves_out() {
        assert!(same("abc", "abc\r"));
        assert!(same("ab… (2 more characters)", "abcd"));
        assert!(!same("ab… (3 more characters)", "abcd"));
        assert!(!same("ab", "abcd"));
        assert!(!same("x… (2 more characters)", "abcd"));
        assert_eq!(left_out("… (49 more lines)"), Some(49));
        assert_eq!(left_out("49 more lines"), None);
    }
}
