//! Findings as SARIF 2.1.0: results with places, quotes and the causal graph, for code scanning and SARIF viewers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Result, Write};

use serde_json::{Value, json};

use super::steps;
use crate::{
    index::{Index, severity_rank},
    model::{Evidence, Exoneration, Finding, Problem, Report, Subject, TimelineEntry, Unknown},
    text::{QUOTE_LIMIT, cut},
};

/// What all paths are relative to.
const BASE: &str = "BUNDLE";
/// Steps of the timeline that the first cause carries with it; the timeline formats have all.
const STEPS: usize = 1_000;
/// The rule that stands for what the evidence clears.
const CLEARED: &str = "not-the-cause";

pub(crate) fn render(report: &Report, out: &mut dyn Write) -> Result<()> {
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [Run::new(report).whole()],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    out.write_all(b"\n")
}

/// One report on its way into a run.
struct Run<'a> {
    index: Index<'a>,
    /// Rules in order of their first result, with their place in the list.
    rules: BTreeMap<&'a str, usize>,
    /// Files that are cited, with their place in the list.
    files: BTreeMap<&'a str, usize>,
}

impl<'a> Run<'a> {
    fn new(report: &'a Report) -> Self {
        let mut rules = BTreeMap::new();
        let fired = report.findings.iter().map(|finding| finding.rule.as_str());
        let open = report.unknown.iter().map(|unknown| unknown.rule.as_str());
        let cleared = report.exonerated.iter().map(|_| CLEARED);
        for rule in fired.chain(open).chain(cleared) {
            let next = rules.len();
            rules.entry(rule).or_insert(next);
        }
        let mut files = BTreeMap::new();
        let cited = report
            .evidence
            .iter()
            .map(|evidence| evidence.file.as_str());
        let damaged = report.problems.iter().map(|problem| problem.file.as_str());
        for file in cited.chain(damaged).filter(|file| !file.is_empty()) {
            let next = files.len();
            files.entry(file).or_insert(next);
        }
        Self {
            index: Index::new(report),
            rules,
            files,
        }
    }

    fn whole(&self) -> Value {
        let report = self.index.report;
        let mut results: Vec<Value> = report
            .findings
            .iter()
            .map(|finding| self.finding(finding))
            .collect();
        results.extend(report.unknown.iter().map(|unknown| self.unknown(unknown)));
        results.extend(
            report
                .exonerated
                .iter()
                .map(|suspect| self.cleared(suspect)),
        );
        json!({
            "tool": { "driver": {
                "name": "coldcase",
                "version": report.tool.version,
                "rules": self.descriptors(),
                "properties": { "rules_hash": report.tool.rules_hash, "rules": report.tool.rules },
            }},
            "automationDetails": { "id": format!("coldcase/{}", report.bundle.hash) },
            "originalUriBaseIds": { BASE: { "description": message(&format!("the top of {}", report.bundle.name)) } },
            "columnKind": "unicodeCodePoints",
            "artifacts": self.artifacts(),
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": report.problems.iter().map(|p| self.problem(p)).collect::<Vec<_>>(),
            }],
            "graphs": [self.graph()],
            "results": results,
            "properties": {
                "verdict": report.verdict,
                "bundle": report.bundle,
                "incident": report.incident,
                "triage": report.triage,
                "changes": report.changes,
                "blast_radius": report.blast_radius,
            },
        })
    }

    /// One entry for each rule; what its first finding says stands for it.
    fn descriptors(&self) -> Vec<Value> {
        let report = self.index.report;
        let mut order: Vec<(&str, usize)> = self.rules.iter().map(|(id, at)| (*id, *at)).collect();
        order.sort_by_key(|(_, at)| *at);
        order
            .into_iter()
            .map(|(id, _)| {
                if let Some(finding) = report.findings.iter().find(|finding| finding.rule == id) {
                    let mut rule = json!({
                        "id": id,
                        "shortDescription": message(&sentence(&finding.title)),
                        "defaultConfiguration": { "level": level(&finding.severity) },
                        "properties": { "tags": [finding.layer, finding.role], "precision": "high" },
                    });
                    if !finding.meaning.is_empty() {
                        put(&mut rule, "fullDescription", message(&finding.meaning));
                    }
                    return rule;
                }
                let unknown = report.unknown.iter().find(|unknown| unknown.rule == id);
                let title = unknown.map_or("A suspect that the evidence clears", |unknown| &unknown.title);
                json!({ "id": id, "shortDescription": message(&sentence(title)) })
            })
            .collect()
    }

    fn finding(&self, finding: &Finding) -> Value {
        let active = finding.state == "active";
        let mut said = sentence(&finding.title);
        for text in [&finding.meaning, &finding.false_alarm] {
            if !text.is_empty() {
                let _ = write!(said, "\n\n{text}");
            }
        }
        let mut properties = json!({
            "severity": finding.severity,
            "role": finding.role,
            "state": finding.state,
            "layer": finding.layer,
            "count": finding.count,
            "explained_by": finding.explained_by,
        });
        for (key, time) in [
            ("first_seen", &finding.first_seen),
            ("last_seen", &finding.last_seen),
        ] {
            if let Some(time) = time {
                put(&mut properties, key, json!(time));
            }
        }
        let mut related: Vec<(&Evidence, String)> = self
            .evidence(&finding.evidence)
            .skip(1)
            .map(|e| (e, String::new()))
            .collect();
        let mut flows = None;
        if let Some(cause) = self.index.cause_of(finding) {
            for (word, step) in steps(cause) {
                let _ = write!(said, "\n\n{word}: {step}");
            }
            for reason in &cause.reasons {
                related.extend(
                    self.evidence(&reason.evidence)
                        .map(|evidence| (evidence, reason.text.clone())),
                );
            }
            put(&mut properties, "cause", json!(cause));
            flows = (cause.rank == 1).then(|| self.flow()).flatten();
        }
        let mut result = self.result(
            &finding.rule,
            &said,
            self.evidence(&finding.evidence).next(),
            &finding.subject,
        );
        put(
            &mut result,
            "kind",
            json!(if active { "fail" } else { "informational" }),
        );
        put(
            &mut result,
            "level",
            json!(if active {
                level(&finding.severity)
            } else {
                "none"
            }),
        );
        put(
            &mut result,
            "partialFingerprints",
            json!({ "coldcase/v1": finding.id }),
        );
        let related: Vec<Value> = related
            .iter()
            .map(|(evidence, text)| self.location(evidence, text))
            .collect();
        put(&mut result, "relatedLocations", unique(related));
        put(&mut properties, "related", json!(finding.related));
        put(&mut result, "properties", properties);
        if let Some(flow) = flows {
            put(&mut result, "codeFlows", json!([flow]));
        }
        result
    }

    /// What was not decided is `open` in SARIF's words.
    fn unknown(&self, unknown: &Unknown) -> Value {
        let mut said = format!("{} could not be checked.", unknown.title);
        for missing in &unknown.missing {
            let _ = write!(said, "\n\nmissing: {missing}");
        }
        for step in &unknown.collect {
            let _ = write!(said, "\n\ncollect: {step}");
        }
        let mut result = self.result(
            &unknown.rule,
            &said,
            None,
            unknown.subjects.first().unwrap_or(&Subject::default()),
        );
        put(&mut result, "kind", json!("open"));
        put(&mut result, "level", json!("none"));
        put(
            &mut result,
            "properties",
            json!({ "subjects": unknown.subjects, "more_subjects": unknown.more_subjects }),
        );
        result
    }

    fn cleared(&self, suspect: &Exoneration) -> Value {
        let said = format!("{}: {}", suspect.title, suspect.text);
        let first = self.evidence(&suspect.evidence).next();
        let mut result = self.result(CLEARED, &sentence(&said), first, &suspect.subject);
        let related: Vec<Value> = self
            .evidence(&suspect.evidence)
            .skip(1)
            .map(|e| self.location(e, ""))
            .collect();
        put(&mut result, "kind", json!("pass"));
        put(&mut result, "level", json!("none"));
        put(&mut result, "relatedLocations", unique(related));
        result
    }

    /// What all results have.
    fn result(
        &self,
        rule: &str,
        said: &str,
        evidence: Option<&Evidence>,
        subject: &Subject,
    ) -> Value {
        let mut location =
            evidence.map_or_else(|| json!({}), |evidence| self.location(evidence, ""));
        if !subject.name.is_empty() {
            put(&mut location, "logicalLocations", json!([logical(subject)]));
        }
        let mut result = json!({ "ruleId": rule, "message": message(said) });
        if let Some(at) = self.rules.get(rule) {
            put(&mut result, "ruleIndex", json!(at));
        }
        if location
            .as_object()
            .is_some_and(|location| !location.is_empty())
        {
            put(&mut result, "locations", json!([location]));
        }
        result
    }

    fn evidence<'s>(&'s self, ids: &'s [String]) -> impl Iterator<Item = &'a Evidence> + 's {
        ids.iter().filter_map(|id| self.index.evidence(id))
    }

    fn location(&self, evidence: &Evidence, text: &str) -> Value {
        let mut physical = json!({ "artifactLocation": self.artifact(&evidence.file) });
        if evidence.line > 0 {
            put(
                &mut physical,
                "region",
                region(evidence.line, &evidence.quote),
            );
            let quote: Vec<&str> = evidence.quote.split('\n').collect();
            let around: Vec<&str> = evidence
                .before
                .iter()
                .map(String::as_str)
                .chain(quote)
                .chain(evidence.after.iter().map(String::as_str))
                .collect();
            let before = u32::try_from(evidence.before.len()).unwrap_or(0);
            let whole = !evidence.before.is_empty() || !evidence.after.is_empty();
            if whole && evidence.line > before {
                put(
                    &mut physical,
                    "contextRegion",
                    region(evidence.line - before, &around.join("\n")),
                );
            }
        }
        let mut location = json!({ "physicalLocation": physical });
        if !text.is_empty() {
            put(&mut location, "message", message(text));
        }
        location
    }

    fn artifact(&self, file: &str) -> Value {
        let mut artifact = json!({ "uri": uri(file), "uriBaseId": BASE });
        if let Some(at) = self.files.get(file) {
            put(&mut artifact, "index", json!(at));
        }
        artifact
    }

    fn artifacts(&self) -> Vec<Value> {
        let mut order: Vec<(&str, usize)> =
            self.files.iter().map(|(file, at)| (*file, *at)).collect();
        order.sort_by_key(|(_, at)| *at);
        let artifact = |file: &str| {
            json!({
                "location": { "uri": uri(file), "uriBaseId": BASE },
                "description": message(file),
            })
        };
        order.into_iter().map(|(file, _)| artifact(file)).collect()
    }

    fn problem(&self, problem: &Problem) -> Value {
        let mut said = json!({ "level": "warning", "message": message(&problem.what) });
        if !problem.file.is_empty() {
            let mut physical = json!({ "artifactLocation": self.artifact(&problem.file) });
            if problem.line > 0 {
                put(
                    &mut physical,
                    "region",
                    json!({ "startLine": problem.line }),
                );
            }
            put(
                &mut said,
                "locations",
                json!([{ "physicalLocation": physical }]),
            );
        }
        said
    }

    /// The causal graph.
    fn graph(&self) -> Value {
        let report = self.index.report;
        let known = |id: &str| self.index.finding(id).is_some();
        let edges = report
            .causal_edges
            .iter()
            .filter(|edge| known(&edge.from) && known(&edge.to));
        let mut nodes: BTreeMap<&str, &str> = BTreeMap::new();
        for finding in &report.findings {
            nodes.insert(&finding.id, &finding.title);
        }
        json!({
            "description": message("What explains what: an edge leads from a cause to its effect."),
            "nodes": nodes.iter().map(|(id, title)| json!({ "id": id, "label": message(title) })).collect::<Vec<_>>(),
            "edges": edges.enumerate().map(|(at, edge)| json!({
                "id": format!("edge-{}", at + 1),
                "sourceNodeId": edge.from,
                "targetNodeId": edge.to,
                "label": message(&edge.along),
            })).collect::<Vec<_>>(),
        })
    }

    /// The timeline as steps that a viewer can walk through.
    fn flow(&self) -> Option<Value> {
        let timeline = &self.index.report.timeline;
        let chosen = self.index.important(STEPS);
        let steps: Vec<Value> = chosen
            .iter()
            .filter_map(|at| timeline.get(*at))
            .map(|entry| self.step(entry))
            .collect();
        let said = match timeline.len() - chosen.len() {
            0 => "The timeline.".to_owned(),
            left => format!(
                "The {} most important entries of the timeline; {left} others are left out.",
                chosen.len()
            ),
        };
        (!steps.is_empty())
            .then(|| json!({ "message": message(&said), "threadFlows": [{ "locations": steps }] }))
    }

    fn step(&self, entry: &TimelineEntry) -> Value {
        let said = format!("{}: {}", entry.subject, cut(&entry.text, QUOTE_LIMIT));
        let mut location = match self.evidence(&entry.evidence).next() {
            Some(evidence) => self.location(evidence, &said),
            None => json!({ "message": message(&said) }),
        };
        put(
            &mut location,
            "logicalLocations",
            json!([logical(&entry.subject)]),
        );
        let mut step = json!({
            "location": location,
            "kinds": [entry.kind],
            "importance": match severity_rank(&entry.severity) { 0 | 1 => "essential", 2 => "important", _ => "unimportant" },
            "properties": { "raw_time": entry.raw_time, "count": entry.count, "layer": entry.layer, "severity": entry.severity },
        });
        if crate::times::instant(&entry.time).is_some() {
            put(&mut step, "executionTimeUtc", json!(entry.time));
        }
        step
    }
}

/// Sets a property of an object.
fn put(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(map) = object {
        map.insert(key.to_owned(), value);
    }
}

/// Values in their order, each once: SARIF's lists of locations are sets.
fn unique(values: Vec<Value>) -> Value {
    let mut kept: Vec<Value> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for value in values {
        if seen.insert(value.to_string()) {
            kept.push(value);
        }
    }
    Value::Array(kept)
}

fn level(severity: &str) -> &'static str {
    match severity_rank(severity) {
        0 | 1 => "error",
        2 => "warning",
        _ => "note",
    }
}

fn logical(subject: &Subject) -> Value {
    let qualified = match &subject.namespace {
        Some(namespace) => format!("{namespace}/{}/{}", subject.kind, subject.name),
        None => format!("{}/{}", subject.kind, subject.name),
    };
    json!({ "name": subject.name, "fullyQualifiedName": qualified, "kind": "resource" })
}

/// Lines of a file with their text.
fn region(line: u32, text: &str) -> Value {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let more = u32::try_from(text.matches('\n').count()).unwrap_or(0);
    json!({ "startLine": line, "endLine": line + more, "snippet": { "text": text } })
}

/// SARIF reads `[a](b)` as a link and `{0}` as an argument even in plain text; captured text must be neither.
fn message(text: &str) -> Value {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '[' | ']' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '{' => out.push_str("{{"),
            '}' => out.push_str("}}"),
            c => out.push(c),
        }
    }
    json!({ "text": out })
}

/// Messages end with a full stop.
fn sentence(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// A path as a relative URI that can name nothing else.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.trim_start_matches('/').bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn sarif(report: &Report) -> Value {
        let mut out = Vec::new();
        render(report, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn paths_name_only_files() {
        assert_eq!(uri("javascript:alert(1)"), "javascript%3Aalert%281%29");
        assert_eq!(uri("//evil.example/x"), "evil.example/x");
        assert_eq!(uri("logs/a b/c.log"), "logs/a%20b/c.log");
        assert_eq!(uri("outer.zip!in/ä"), "outer.zip%21in/%C3%A4");
    }

    #[test]
    fn messages_hold_no_links_and_no_arguments() {
        assert_eq!(
            message("[x](javascript:y) {0} \\")["text"],
            "\\[x\\](javascript:y) {{0}} \\\\"
        );
    }

    #[test]
    fn findings_are_results_with_their_places() {
        let report = fixture::kube_proxy_oom();
        let log = sarif(&report);
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert_eq!(
            results.len(),
            report.findings.len() + report.unknown.len() + report.exonerated.len()
        );
        for result in results {
            let rule = &run["tool"]["driver"]["rules"]
                [usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], result["ruleId"]);
        }
        let text = log.to_string();
        assert!(
            text.contains("\"kind\":\"open\"") && text.contains("\"kind\":\"pass\""),
            "{text}"
        );
        assert!(text.contains("executionTimeUtc"), "{text}");
    }
}
