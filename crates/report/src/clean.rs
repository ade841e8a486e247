//! A copy of the report whose every string is safe to show, whatever a captured machine wrote.

use std::borrow::Cow;

use rayon::prelude::*;

use crate::model::{
    Answer, BlastRadius, BundleInfo, CausalEdge, Cause, Change, Counts, Coverage, Dimension,
    DimensionValue, Evidence, Exoneration, Finding, Incident, Next, Object, ObjectPart, Problem,
    Reason, Related, Report, Separate, Subject, TimelineEntry, Tool, UndatedEvent, Unknown,
    Verdict, Window,
};
use crate::text;

/// Cleans every string of a copy of a report.
pub fn report(report: &Report) -> Report {
    owned(report.clone())
}

/// Cleans every string of a report that nobody needs as it was.
pub fn owned(mut report: Report) -> Report {
    report.clean();
    report
}

trait Clean {
    fn clean(&mut self);
}

impl Clean for String {
    fn clean(&mut self) {
        if let Cow::Owned(cleaned) = text::clean(self) {
            *self = cleaned;
        }
    }
}

impl<T: Clean> Clean for Option<T> {
    fn clean(&mut self) {
        self.iter_mut().for_each(Clean::clean);
    }
}

/// Elements from which on a list is cleaned by all threads: entries, findings, quotes.
const MANY: usize = 1_000;

impl<T: Clean + Send> Clean for Vec<T> {
    fn clean(&mut self) {
        if self.len() < MANY {
            self.iter_mut().for_each(Clean::clean);
        } else {
            self.par_iter_mut().with_min_len(64).for_each(Clean::clean);
        }
    }
}

/// Numbers are clean.
macro_rules! numbers {
    ($($number:ty)*) => { $(impl Clean for $number { fn clean(&mut self) {} })* };
}

numbers!(usize u32 u64 i64 bool);

/// Cleans each named field; the pattern is exhaustive, so a new field of the model is a compile
/// error here until it is listed.
macro_rules! fields {
    ($($name:ident { $($field:ident),+ })*) => {
        $(impl Clean for $name {
            fn clean(&mut self) {
                let Self { $($field),+ } = self;
                $($field.clean();)+
            }
        })*
    };
}

fields! {
    Report {
        schema, tool, bundle, verdict, incident, incidents, triage, causes, exonerated, changes,
        blast_radius, findings, causal_edges, unknown, timeline, undated, objects,
        evidence, problems
    }
    UndatedEvent { age_seconds, severity, count, subject, text, evidence, place }
    Tool { version, rules_hash, rules }
    BundleInfo {
        name, hash, layouts, captured_at, captured_at_source, kubernetes_version, cluster, counts,
        events_from, events_to, coverage
    }
    Counts { files, objects, events, logs, log_bytes, journals, nodes, pods, namespaces }
    Coverage { source, status, detail }
    Verdict { state, sentence, confidence }
    Incident { first_anomaly, first_anomaly_text, recovered_at }
    Separate { state, first_anomaly, first_anomaly_text, window, causes }
    Window { from, to }
    Answer { question, answer, evidence }
    Subject { kind, namespace, name }
    Related { subject, role }
    Cause {
        rank, incident, finding, rule, title, layer, severity, confidence, state, subject, related, points,
        reasons, explains, members, independent, first_seen, last_seen, meaning, next
    }
    Reason { text, points, evidence, ranking }
    Next { observe, mitigate, fix, avoid, verify }
    Exoneration { title, text, subject, evidence }
    Change { time, kind, text, subject, relation, why, evidence }
    BlastRadius { subject, failing, healthy, text, dimensions, evidence }
    Dimension { name, result, values }
    DimensionValue { value, failing, healthy }
    Finding {
        id, rule, title, layer, severity, role, state, subject, owner, related, count, first_seen,
        last_seen, explained_by, evidence, meaning, false_alarm
    }
    CausalEdge { from, to, along }
    Unknown { rule, title, missing, collect, subjects, more_subjects }
    TimelineEntry {
        id, time, end_time, precision, raw_time, kind, layer, severity, count, subject, text,
        evidence, place, assumed
    }
    Object { subject, parts, related, more_related }
    ObjectPart { name, evidence, goes_on }
    Evidence { id, file, line, end_line, quote, before, after }
    Problem { file, line, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_a_hostile_report_is_cleaned() {
        let hostile = crate::fixture::hostile("\u{1b}[31mx\u{202e}y\0");
        let cleaned = report(&hostile);
        let json = serde_json::to_string(&cleaned).unwrap();
        assert!(
            !json.contains("\\u001b") && !json.contains('\u{202e}') && !json.contains("\\u0000")
        );
        assert!(json.contains("x\u{fffd}y\u{fffd}"));
    }
}
