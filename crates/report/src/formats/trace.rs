//! The timeline as Chrome trace events: one process for each layer, one thread for each object; Perfetto opens it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Result, Write};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::dated::{Dated, all};
use super::{quotes, unbroken};
use crate::{
    index::{Index, layer_rank},
    model::Report,
};

pub(crate) fn render(report: &Report, out: &mut dyn Write) -> Result<()> {
    let index = Index::new(report);
    let all = all(&index);
    let lanes = Lanes::of(&all);
    let about = json!({
        "bundle": report.bundle.name,
        "bundle_hash": report.bundle.hash,
        "cluster": report.bundle.cluster,
        "verdict": format!("{}: {}", report.verdict.state, report.verdict.sentence),
        "coldcase": report.tool.version,
        "rules_hash": report.tool.rules_hash,
        "clock": "microseconds since 1970-01-01T00:00:00Z",
    });
    write!(
        out,
        "{{\"displayTimeUnit\":\"ms\",\"otherData\":{about},\"traceEvents\":["
    )?;
    let events = lanes.names().into_iter();
    let entries = all
        .iter()
        .zip(&lanes.of_each)
        .map(|(dated, lane)| event(&index, dated, *lane));
    for (at, event) in events.chain(entries).enumerate() {
        // One event to a line: `grep` and `diff` work.
        let event = unbroken(event.to_string());
        write!(out, "{}\n{event}", if at == 0 { "" } else { "," })?;
    }
    out.write_all(b"\n]}\n")
}

/// Where an entry is drawn: process and thread.
type Lane = (usize, usize);

/// The lanes of all entries. Ranges on one thread must not overlap, so an object gets as many threads as it needs.
struct Lanes<'a> {
    layers: BTreeMap<(usize, &'a str), usize>,
    threads: BTreeMap<usize, (Lane, String)>,
    of_each: Vec<Lane>,
}

impl<'a> Lanes<'a> {
    fn of(all: &[Dated<'a>]) -> Self {
        let mut layers: BTreeMap<(usize, &str), usize> = all
            .iter()
            .map(|d| ((layer_rank(d.layer), d.layer), 0))
            .collect();
        for (at, number) in layers.values_mut().enumerate() {
            *number = at + 1;
        }
        // For each object of a layer: until when each of its threads is taken, the first free one first.
        let mut taken: BTreeMap<(usize, String), BTreeSet<(Timestamp, usize)>> = BTreeMap::new();
        let mut threads = BTreeMap::new();
        let mut of_each = Vec::with_capacity(all.len());
        for dated in all {
            let process = layers
                .get(&(layer_rank(dated.layer), dated.layer))
                .copied()
                .unwrap_or(1);
            let object = dated.subject.to_string();
            let own = taken.entry((process, object.clone())).or_default();
            let until = dated.end.unwrap_or(dated.time);
            let free = own.first().copied().filter(|(end, _)| *end <= dated.time);
            let thread = if let Some(free) = free {
                own.remove(&free);
                free.1
            } else {
                let thread = threads.len() + 1;
                let name = if own.is_empty() {
                    object
                } else {
                    format!("{object} ({})", own.len() + 1)
                };
                threads.insert(thread, ((process, thread), name));
                thread
            };
            own.insert((until, thread));
            of_each.push((process, thread));
        }
        Self {
            layers,
            threads,
            of_each,
        }
    }

    /// Metadata events: what viewers call the lanes, and in which order they come.
    fn names(&self) -> Vec<Value> {
        let named = |what: &str, (pid, tid): Lane, args: &Value| json!({ "ph": "M", "name": what, "pid": pid, "tid": tid, "args": args });
        let mut events = Vec::new();
        for ((_, layer), pid) in &self.layers {
            let name = if layer.is_empty() {
                "unnamed layer"
            } else {
                layer
            };
            events.push(named("process_name", (*pid, 0), &json!({ "name": name })));
            events.push(named(
                "process_sort_index",
                (*pid, 0),
                &json!({ "sort_index": pid }),
            ));
        }
        for (lane, name) in self.threads.values() {
            events.push(named("thread_name", *lane, &json!({ "name": name })));
            events.push(named(
                "thread_sort_index",
                *lane,
                &json!({ "sort_index": lane.1 }),
            ));
        }
        events
    }
}

fn event(index: &Index<'_>, dated: &Dated<'_>, (pid, tid): Lane) -> Value {
    let mut args = json!({
        "object": dated.subject.to_string(),
        "severity": dated.severity,
        "time": dated.time.to_string(),
        "what": dated.desc,
        "id": dated.id,
        "evidence": quotes(index, dated.evidence),
    });
    if let Value::Object(args) = &mut args {
        for (key, text) in [("raw_time", dated.raw), ("assumed", dated.assumed)] {
            if !text.is_empty() {
                args.insert(key.to_owned(), json!(text));
            }
        }
        if dated.count > 1 {
            args.insert("count".to_owned(), json!(dated.count));
        }
        if let Some(finding) = dated.finding {
            let told = json!({
                "rule": finding.rule, "role": finding.role, "state": finding.state,
                "meaning": finding.meaning, "explained_by": finding.explained_by,
            });
            args.insert("finding".to_owned(), told);
        }
    }
    let mut event = json!({
        "name": dated.text,
        "cat": format!("{},{}", dated.kind, dated.severity),
        "pid": pid,
        "tid": tid,
        "ts": microseconds(dated.time),
        "args": args,
    });
    if let Value::Object(event) = &mut event {
        if let Some(end) = dated.end {
            let length = microseconds(end) - microseconds(dated.time);
            event.insert("ph".to_owned(), json!("X"));
            event.insert("dur".to_owned(), json!(length));
        } else {
            event.insert("ph".to_owned(), json!("i"));
            event.insert("s".to_owned(), json!("t"));
        }
    }
    event
}

/// Whole microseconds; the exact time is among the arguments.
fn microseconds(time: Timestamp) -> i64 {
    time.as_microsecond()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn trace(report: &Report) -> Value {
        let mut out = Vec::new();
        render(report, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn ranges_of_one_thread_do_not_overlap() {
        let mut report = fixture::kube_proxy_oom();
        let mut first = report.timeline.first().cloned().unwrap();
        first.time = "2026-07-07T02:00:00Z".to_owned();
        first.end_time = Some("2026-07-07T03:00:00Z".to_owned());
        report.timeline.splice(0..0, vec![first; 3]);
        let trace = trace(&report);
        let mut ends: BTreeMap<(u64, u64), i64> = BTreeMap::new();
        let mut ranges = 0;
        for event in trace["traceEvents"].as_array().unwrap() {
            let lane = (
                event["pid"].as_u64().unwrap(),
                event["tid"].as_u64().unwrap(),
            );
            if event["ph"] == "M" {
                continue;
            }
            let from = event["ts"].as_i64().unwrap();
            let end = ends.entry(lane).or_insert(i64::MIN);
            assert!(from >= *end, "{event}");
            *end = from + event["dur"].as_i64().unwrap_or(0);
            ranges += usize::from(event["ph"] == "X");
        }
        assert!(ranges >= 3);
    }

    #[test]
    fn every_lane_is_named() {
        let trace = trace(&fixture::kube_proxy_oom());
        let events = trace["traceEvents"].as_array().unwrap();
        for event in events {
            let named = |other: &&Value| {
                other["name"] == "thread_name"
                    && other["pid"] == event["pid"]
                    && other["tid"] == event["tid"]
            };
            assert!(
                event["ph"] == "M" || events.iter().any(|other| named(&other)),
                "{event}"
            );
        }
    }
}
