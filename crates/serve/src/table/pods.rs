//! Rows of pods: the status that kubectl puts together from phase, reason and containers.

use serde_json::Value;

use super::{AGE, Column, Context, NAME, Printer, name, or_none};
use crate::value::{self, int, list, str};

const POD: &[Column] = &[
    NAME,
    ("Ready", "string", 0),
    ("Status", "string", 0),
    ("Restarts", "string", 0),
    AGE,
    ("IP", "string", 1),
    ("Node", "string", 1),
    ("Nominated Node", "string", 1),
    ("Readiness Gates", "string", 1),
];

pub(super) fn printer(kind: &str) -> Option<(&'static [Column], Printer)> {
    (kind == "Pod").then_some((POD, pod as Printer))
}

/// The sum that a captured table already shows, of a pod of which nothing else is known.
fn from_table(pod: &Value) -> Option<Sum> {
    let table = value::at(pod, "table").filter(|_| list(pod, "spec.containers").is_empty())?;
    let count = |field: &str| usize::try_from(int(table, field)).unwrap_or(0);
    Some(Sum {
        reason: str(table, "status").to_owned(),
        ready: count("ready"),
        total: count("containers"),
        restarts: int(table, "restarts"),
        ..Sum::default()
    })
}

/// What the containers of a pod add up to.
#[derive(Default)]
struct Sum {
    reason: String,
    ready: usize,
    total: usize,
    restarts: i64,
    /// When the last of them ended, as written.
    last_end: String,
}

fn pod(pod: &Value, context: Context) -> Vec<Value> {
    let sum = from_table(pod).unwrap_or_else(|| sum(pod));
    let restarts = match (sum.restarts, sum.last_end.is_empty()) {
        (0, _) | (_, true) => sum.restarts.to_string(),
        (restarts, false) => {
            let end = serde_json::json!({"end": sum.last_end});
            format!("{restarts} ({} ago)", context.since(&end, "end"))
        }
    };
    let address = match list(pod, "status.podIPs").first() {
        Some(first) => str(first, "ip").to_owned(),
        None => str(pod, "status.podIP").to_owned(),
    };
    vec![
        name(pod),
        format!("{}/{}", sum.ready, sum.total).into(),
        sum.reason.into(),
        restarts.into(),
        context.age(pod),
        or_none(address),
        or_none(str(pod, "spec.nodeName").to_owned()),
        or_none(str(pod, "status.nominatedNodeName").to_owned()),
        gates(pod).into(),
    ]
}

fn gates(pod: &Value) -> String {
    let gates = list(pod, "spec.readinessGates");
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let met = gates
        .iter()
        .filter(|gate| condition(pod, str(gate, "conditionType")) == "True")
        .count();
    format!("{met}/{}", gates.len())
}

fn condition<'p>(pod: &'p Value, kind: &str) -> &'p str {
    list(pod, "status.conditions")
        .iter()
        .find(|condition| str(condition, "type") == kind)
        .map_or("", |condition| str(condition, "status"))
}

fn sum(pod: &Value) -> Sum {
    let mut sum = Sum {
        total: list(pod, "spec.containers").len(),
        reason: str(pod, "status.reason").to_owned(),
        ..Sum::default()
    };
    if sum.reason.is_empty() {
        str(pod, "status.phase").clone_into(&mut sum.reason);
    }
    let gated = list(pod, "status.conditions").iter().any(|condition| {
        str(condition, "type") == "PodScheduled" && str(condition, "reason") == "SchedulingGated"
    });
    if gated {
        "SchedulingGated".clone_into(&mut sum.reason);
    }
    let initialising = init(pod, &mut sum);
    if !initialising || condition(pod, "Initialized") == "True" {
        main(pod, &mut sum, initialising);
    }
    if value::at(pod, "metadata.deletionTimestamp").is_some() {
        if str(pod, "status.reason") == "NodeLost" {
            "Unknown".clone_into(&mut sum.reason);
        } else if !matches!(str(pod, "status.phase"), "Succeeded" | "Failed") {
            "Terminating".clone_into(&mut sum.reason);
        }
    }
    sum
}

/// Init containers one after the other; true while one of them is not done.
fn init(pod: &Value, sum: &mut Sum) -> bool {
    let specs = list(pod, "spec.initContainers");
    let is_sidecar = |name: &str| {
        specs
            .iter()
            .any(|spec| str(spec, "name") == name && str(spec, "restartPolicy") == "Always")
    };
    sum.total += specs
        .iter()
        .filter(|spec| str(spec, "restartPolicy") == "Always")
        .count();
    let mut restarts = 0;
    let mut sidecars = 0;
    let mut sidecar_end = String::new();
    let mut initialising = false;
    for (at, status) in list(pod, "status.initContainerStatuses").iter().enumerate() {
        let sidecar = is_sidecar(str(status, "name"));
        restarts += int(status, "restartCount");
        let end = str(status, "lastState.terminated.finishedAt");
        later(&mut sum.last_end, end);
        if sidecar {
            sidecars += int(status, "restartCount");
            later(&mut sidecar_end, end);
        }
        if value::at(status, "state.terminated").is_some()
            && int(status, "state.terminated.exitCode") == 0
        {
            continue;
        }
        if sidecar && value::flag(status, "started") {
            sum.ready += usize::from(value::flag(status, "ready"));
            continue;
        }
        sum.reason = init_reason(status, at, specs.len());
        initialising = true;
        break;
    }
    if initialising {
        sum.restarts = restarts;
    } else {
        sum.restarts = sidecars;
        sum.last_end = sidecar_end;
    }
    initialising
}

fn init_reason(status: &Value, at: usize, all: usize) -> String {
    let ended = value::at(status, "state.terminated");
    let waiting = str(status, "state.waiting.reason");
    match ended {
        Some(ended) => format!("Init:{}", end_reason(ended)),
        None if !waiting.is_empty() && waiting != "PodInitializing" => format!("Init:{waiting}"),
        None => format!("Init:{at}/{all}"),
    }
}

fn end_reason(ended: &Value) -> String {
    match (str(ended, "reason"), int(ended, "signal")) {
        ("", 0) => format!("ExitCode:{}", int(ended, "exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

/// Ordinary containers; the first one that is in trouble names the pod's status.
fn main(pod: &Value, sum: &mut Sum, initialising: bool) {
    let mut running = false;
    if initialising {
        sum.restarts = 0;
    }
    for status in list(pod, "status.containerStatuses").iter().rev() {
        sum.restarts += int(status, "restartCount");
        later(
            &mut sum.last_end,
            str(status, "lastState.terminated.finishedAt"),
        );
        let waiting = str(status, "state.waiting.reason");
        let ended = value::at(status, "state.terminated");
        if !waiting.is_empty() {
            waiting.clone_into(&mut sum.reason);
        } else if let Some(ended) = ended {
            sum.reason = end_reason(ended);
        } else if value::flag(status, "ready") && value::at(status, "state.running").is_some() {
            running = true;
            sum.ready += 1;
        }
    }
    if sum.reason == "Completed" && running {
        let reason = if condition(pod, "Ready") == "True" {
            "Running"
        } else {
            "NotReady"
        };
        reason.clone_into(&mut sum.reason);
    }
}

/// Times of one form compare as text.
fn later(last: &mut String, time: &str) {
    if last.as_str() < time {
        time.clone_into(last);
    }
}
