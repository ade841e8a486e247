//! Look-ups over a report that every renderer needs: by id, by place, by importance.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Answer, Cause, Evidence, Finding, Report, TimelineEntry};

/// A report with its evidence and findings by id.
pub(crate) struct Index<'a> {
    pub(crate) report: &'a Report,
    evidence: BTreeMap<&'a str, &'a Evidence>,
    findings: BTreeMap<&'a str, &'a Finding>,
    causes: BTreeMap<&'a str, &'a Cause>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(report: &'a Report) -> Self {
        Self {
            report,
            evidence: report.evidence.iter().map(|e| (e.id.as_str(), e)).collect(),
            findings: report.findings.iter().map(|f| (f.id.as_str(), f)).collect(),
            causes: report
                .causes
                .iter()
                .map(|c| (c.finding.as_str(), c))
                .collect(),
        }
    }

    pub(crate) fn evidence(&self, id: &str) -> Option<&'a Evidence> {
        self.evidence.get(id).copied()
    }

    pub(crate) fn finding(&self, id: &str) -> Option<&'a Finding> {
        self.findings.get(id).copied()
    }

    /// The cause that comes from a finding, if it is one.
    pub(crate) fn cause_of(&self, finding: &Finding) -> Option<&'a Cause> {
        self.causes.get(finding.id.as_str()).copied()
    }

    /// The first known quote among some evidence ids.
    pub(crate) fn first_evidence(&self, ids: &[String]) -> Option<&'a Evidence> {
        ids.iter().find_map(|id| self.evidence(id))
    }

    /// The leading cause.
    pub(crate) fn cause(&self) -> Option<&'a Cause> {
        self.report.causes.first()
    }

    /// Sources that the bundle should have had, with what became of them.
    pub(crate) fn lacking(&self) -> Vec<String> {
        const NAMED: usize = 10;
        let mut by_status: Vec<(&str, Vec<&str>)> = Vec::new();
        for it in &self.report.bundle.coverage {
            if matches!(it.status.as_str(), "collected" | "expired") {
                continue;
            }
            match by_status
                .iter_mut()
                .find(|(status, _)| *status == it.status)
            {
                Some((_, sources)) => sources.push(&it.source),
                None => by_status.push((&it.status, vec![&it.source])),
            }
        }
        let line = |(status, sources): &(&str, Vec<&str>)| {
            let status = status.replace('_', " ");
            let sources = together(sources);
            let named: Vec<&str> = sources.iter().take(NAMED).map(String::as_str).collect();
            let more = match sources.len() - named.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{}{more} ({status})", named.join(", "))
        };
        by_status.iter().map(line).collect()
    }

    /// The triage answer whose question holds `word`.
    pub(crate) fn answer(&self, word: &str) -> Option<&'a Answer> {
        self.report
            .triage
            .iter()
            .find(|a| a.question.to_lowercase().contains(word) && !a.answer.trim().is_empty())
    }

    /// What a cause explains: one line for each rule, with its title if it fired once.
    pub(crate) fn explained(&self, cause: &Cause) -> Vec<String> {
        let mut rules: Vec<(&str, Vec<&str>)> = Vec::new();
        for finding in cause.explains.iter().filter_map(|id| self.finding(id)) {
            match rules.iter_mut().find(|(rule, _)| *rule == finding.rule) {
                Some((_, titles)) => titles.push(&finding.title),
                None => rules.push((&finding.rule, vec![&finding.title])),
            }
        }
        let line = |(rule, titles): &(&str, Vec<&str>)| match titles.as_slice() {
            [only] => (*only).to_owned(),
            many => format!("{rule} ×{}", many.len()),
        };
        rules.iter().map(line).collect()
    }

    /// Positions of at most `cap` timeline entries, the most important ones, oldest first.
    pub(crate) fn important(&self, cap: usize) -> Vec<usize> {
        let mut order = self.by_importance();
        order.truncate(cap);
        order.sort_unstable();
        order
    }

    /// Positions of all timeline entries, the most important ones first.
    pub(crate) fn by_importance(&self) -> Vec<usize> {
        let cited = self.cited_by_causes();
        let first = self.report.incident.first_anomaly.as_deref();
        let weight = |entry: &TimelineEntry| {
            let decisive = entry.evidence.iter().any(|id| cited.contains(id.as_str()));
            match () {
                () if decisive || first == Some(entry.time.as_str()) => 0,
                () if entry.kind == "change" => 1 + severity_rank(&entry.severity).min(2),
                () => 1 + severity_rank(&entry.severity),
            }
        };
        let mut order: Vec<usize> = (0..self.report.timeline.len()).collect();
        order.sort_by_key(|&at| self.report.timeline.get(at).map(weight));
        order
    }

    fn cited_by_causes(&self) -> BTreeSet<&'a str> {
        let reasons = self.report.causes.iter().flat_map(|cause| &cause.reasons);
        reasons
            .flat_map(|reason| &reason.evidence)
            .map(String::as_str)
            .collect()
    }
}

/// `file:line`, `file:1-37`, or the file alone where no line is known.
pub(crate) fn place(evidence: &Evidence) -> String {
    place_in(&evidence.file, evidence)
}

/// [`place`] with another name for the file.
pub(crate) fn place_in(file: &str, evidence: &Evidence) -> String {
    match (evidence.line, evidence.end_line) {
        (0, _) => file.to_owned(),
        (line, end) if end > line => format!("{file}:{line}-{end}"),
        (line, _) => format!("{file}:{line}"),
    }
}

/// The last part of [`place`], for narrow columns.
pub(crate) fn short_place(evidence: &Evidence) -> String {
    let file = evidence.file.rsplit('/').next().unwrap_or_default();
    place_in(&narrow(file), evidence)
}

/// Names of sources, with one for all of a sort: `log of a and 12 more` for thirteen logs.
pub(crate) fn together(sources: &[&str]) -> Vec<String> {
    let sort = |source: &str| source.split_once(" of ").map(|(sort, _)| sort.to_owned());
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for sort in sources.iter().filter_map(|it| sort(it)) {
        *counts.entry(sort).or_default() += 1;
    }
    let mut said: BTreeSet<String> = BTreeSet::new();
    let mut names = Vec::new();
    for source in sources {
        let of = sort(source).and_then(|sort| Some((counts.get(&sort).copied()?, sort)));
        match of {
            Some((count, sort)) if count > 2 => {
                if said.insert(sort) {
                    names.push(format!("{source} and {} more like it", count - 1));
                }
            }
            _ => names.push((*source).to_owned()),
        }
    }
    names
}

/// Characters of a file's or folder's name in a narrow column.
const NAME: usize = 26;

/// A name of any length for a narrow column: its middle is left out.
pub(crate) fn narrow(name: &str) -> String {
    let length = name.chars().count();
    if length <= NAME {
        return name.to_owned();
    }
    let head: String = name.chars().take(NAME / 2).collect();
    let tail: String = name.chars().skip(length - NAME / 2 + 1).collect();
    format!("{head}…{tail}")
}

/// 0 for `critical` to 4 for `info` and words nobody knows.
pub(crate) fn severity_rank(severity: &str) -> usize {
    ["critical", "high", "medium", "low"]
        .iter()
        .position(|s| *s == severity)
        .unwrap_or(4)
}

/// Position of a layer on the page: from the control plane to the workload, then the others.
pub(crate) fn layer_rank(layer: &str) -> usize {
    LAYERS
        .iter()
        .position(|l| *l == layer)
        .unwrap_or(LAYERS.len())
}

/// The lanes of the timeline.
pub(crate) const LAYERS: [&str; 5] = ["control-plane", "node", "storage", "network", "workload"];

/// Arguments for a cause, the strongest first.
pub(crate) fn reasons_for(cause: &Cause) -> Vec<&crate::model::Reason> {
    let mut reasons: Vec<_> = cause.reasons.iter().filter(|r| r.points > 0).collect();
    // What can be quoted convinces; bookkeeping of points comes after it.
    reasons.sort_by_key(|r| (r.evidence.is_empty(), std::cmp::Reverse(r.points)));
    reasons
}

/// Arguments against a cause, the strongest first.
pub(crate) fn reasons_against(cause: &Cause) -> Vec<&crate::model::Reason> {
    let mut reasons: Vec<_> = cause.reasons.iter().filter(|r| r.points < 0).collect();
    reasons.sort_by_key(|r| r.points);
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn important_entries_keep_their_order() {
        let report = crate::fixture::kube_proxy_oom();
        let index = Index::new(&report);
        let all = index.important(usize::MAX);
        assert_eq!(all.len(), report.timeline.len());
        let few = index.important(3);
        assert!(few.is_sorted());
        let oom = report
            .timeline
            .iter()
            .position(|e| e.kind == "kernel" && e.text.contains("Killed"))
            .unwrap();
        assert!(few.contains(&oom));
    }

    #[test]
    fn sources_of_a_sort_are_named_once() {
        let sources = [
            "leases",
            "journal of a",
            "journal of b",
            "journal of c",
            "log of x",
        ];
        assert_eq!(
            together(&sources),
            ["leases", "journal of a and 2 more like it", "log of x"]
        );
    }

    #[test]
    fn places_name_lines_where_there_are_any() {
        let mut evidence = Evidence {
            file: "a/b.log".into(),
            line: 3,
            end_line: 3,
            ..Evidence::default()
        };
        assert_eq!(place(&evidence), "a/b.log:3");
        evidence.end_line = 5;
        assert_eq!(place(&evidence), "a/b.log:3-5");
        assert_eq!(short_place(&evidence), "b.log:3-5");
        evidence.line = 0;
        assert_eq!(place(&evidence), "a/b.log");
    }
}
