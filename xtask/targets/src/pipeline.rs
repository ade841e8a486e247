//! The whole line on one text under a name that decides how it is read: from bundle to every form of report.

use std::sync::OnceLock;

use coldcase_bundle::Bundle;
use coldcase_report::{Format, model::Evidence, model::Report, render};
use coldcase_rules::RuleSet;

/// The first byte picks one; each is read in another way.
const NAMES: [&str; 22] = [
    "a.txt",
    "kubectl-get.txt",
    "kubectl-describe-pods.txt",
    "kubectl.log",
    "pods.yaml",
    "events.json",
    "events.txt",
    "journal.log",
    "journal.json",
    "nodes/n/journal/kubelet.log",
    "nodes/n/systemctl-status-kubelet.txt",
    "nodes/n/df.txt",
    "nodes/n/dmesg.txt",
    "logs/ns/p/c.log",
    "logs/ns/p/c.previous.log",
    "sos_commands/kubernetes/kubectl_get_pods",
    "sos_commands/kernel/dmesg",
    "sos_commands/memory/free",
    "namespaces/ns/core/pods.yaml",
    "cluster-info/dump/ns/pods.json",
    "all-containers.log",
    "saved-logs.json",
];

fn builtin() -> Option<&'static RuleSet> {
    static RULES: OnceLock<Option<RuleSet>> = OnceLock::new();
    RULES.get_or_init(|| RuleSet::builtin().ok()).as_ref()
}

/// The texts in the examples of the rules: seeds.
pub fn examples() -> Vec<String> {
    builtin()
        .into_iter()
        .flat_map(|set| &set.rules)
        .flat_map(|rule| &rule.tests)
        .flat_map(|example| example.files.iter().map(|(_, text)| text.clone()))
        .collect()
}

/// Analyses a bundle of one file and renders every form.
///
/// # Panics
/// If the report quotes what the file does not say.
pub fn transcript(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let Some(rules) = builtin() else { return };
    let name = NAMES[usize::from(*first) % NAMES.len()];
    let text = String::from_utf8_lossy(rest);
    let bundle = Bundle::from_texts("fuzz", [(name, &*text)]);
    let snapshot = coldcase_snapshot::read(&bundle);
    let facts = coldcase_facts::derive(&snapshot);
    let evaluation = coldcase_rules::evaluate(rules, &facts);
    let diagnosis = coldcase_diagnosis::diagnose(&facts, rules, &evaluation);
    let report = coldcase_report::assemble(&bundle, &snapshot, rules, &evaluation, &diagnosis);
    quotes(&bundle, &report);
    for format in [
        Format::Html,
        Format::Markdown,
        Format::Json,
        Format::Summary,
    ] {
        let mut out = Vec::new();
        assert!(render(&report, format, &mut out).is_ok(), "{format:?}");
        assert!(std::str::from_utf8(&out).is_ok(), "{format:?} is not UTF-8");
    }
}

/// Every quote is where it is said to be.
fn quotes(bundle: &Bundle, report: &Report) {
    for evidence in &report.evidence {
        let Some((_, file)) = bundle.find(&evidence.file) else {
            panic!("no file {:?}", evidence.file);
        };
        let text = file.text();
        assert!(
            said(&text, evidence),
            "{}:{} does not say {:?}",
            evidence.file,
            evidence.line,
            evidence.quote
        );
    }
}

fn said(text: &str, evidence: &Evidence) -> bool {
    let first = usize::try_from(evidence.line).unwrap_or(0);
    first > 0
        && text
            .lines()
            .skip(first - 1)
            .zip(evidence.quote.lines())
            .all(|(line, quote)| {
                let quote = quote.split("… (").next().unwrap_or_default();
                line.replace('\t', " ")
                    .starts_with(&quote.replace('\t', " "))
            })
}
