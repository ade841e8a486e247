//! Reads rows of workloads: deployments, replica sets, stateful sets, daemon sets, jobs, cron jobs, autoscalers, disruption budgets.

use super::row::{Fields, ratio};
use crate::text::tree::{map, number, seq, text};

/// `READY` is ready of desired; before Kubernetes 1.11 each had a column.
fn ready_of_desired(row: &mut Fields<'_>) {
    if let Some((ready, desired)) = row.value("READY").and_then(ratio) {
        row.set_number(&["status", "readyReplicas"], ready);
        row.set_number(&["spec", "replicas"], desired);
    }
    row.number("DESIRED", &["spec", "replicas"]);
    row.number("CURRENT", &["status", "replicas"]);
}

pub(super) fn deployment(row: &mut Fields<'_>) {
    ready_of_desired(row);
    row.number("UP-TO-DATE", &["status", "updatedReplicas"]);
    row.number("AVAILABLE", &["status", "availableReplicas"]);
    row.template();
    row.selector("SELECTOR", &["spec", "selector"]);
}

pub(super) fn replica_set(row: &mut Fields<'_>) {
    row.number("DESIRED", &["spec", "replicas"]);
    row.number("CURRENT", &["status", "replicas"]);
    row.number("READY", &["status", "readyReplicas"]);
    row.template();
    row.selector("SELECTOR", &["spec", "selector"]);
}

pub(super) fn replication_controller(row: &mut Fields<'_>) {
    row.number("DESIRED", &["spec", "replicas"]);
    row.number("CURRENT", &["status", "replicas"]);
    row.number("READY", &["status", "readyReplicas"]);
    row.template();
    row.pairs("SELECTOR", &["spec", "selector"]);
}

pub(super) fn stateful_set(row: &mut Fields<'_>) {
    ready_of_desired(row);
    row.template();
}

pub(super) fn daemon_set(row: &mut Fields<'_>) {
    for (column, field) in [
        ("DESIRED", "desiredNumberScheduled"),
        ("CURRENT", "currentNumberScheduled"),
        ("READY", "numberReady"),
        ("UP-TO-DATE", "updatedNumberScheduled"),
        ("AVAILABLE", "numberAvailable"),
    ] {
        row.number(column, &["status", field]);
    }
    row.pairs(
        "NODE SELECTOR",
        &["spec", "template", "spec", "nodeSelector"],
    );
    row.pairs(
        "NODE-SELECTOR",
        &["spec", "template", "spec", "nodeSelector"],
    );
    row.template();
    row.selector("SELECTOR", &["spec", "selector"]);
}

/// COMPLETIONS is `1/3`, or `1/1 of 3` for jobs that only set a parallelism. STATUS names a condition
/// that is true, or `Running`.
pub(super) fn job(row: &mut Fields<'_>) {
    if let Some(cell) = row.value("COMPLETIONS") {
        let (done, parallel) = cell.split_once(" of ").unwrap_or((cell, ""));
        if let Some((succeeded, wanted)) = ratio(done) {
            row.set_number(&["status", "succeeded"], succeeded);
            if parallel.is_empty() {
                row.set_number(&["spec", "completions"], wanted);
            }
        }
        if let Ok(parallel) = parallel.parse() {
            row.set_number(&["spec", "parallelism"], parallel);
            row.absent(&["spec", "completions"]);
        }
    }
    row.number("DESIRED", &["spec", "completions"]);
    row.number("SUCCESSFUL", &["status", "succeeded"]);
    let line = row.line;
    if let Some(status) = row.value("STATUS") {
        row.set(&["table", "status"], status);
        if matches!(
            status,
            "Complete" | "Failed" | "Suspended" | "FailureTarget" | "SuccessCriteriaMet"
        ) {
            let condition = map(
                vec![("type", text(status, line)), ("status", text("True", line))],
                line,
            );
            row.put(&["status", "conditions"], seq(vec![condition], line));
        }
    }
    if let Some(duration) = row.value("DURATION") {
        row.set(&["table", "duration"], duration);
    }
    row.template();
    row.selector("SELECTOR", &["spec", "selector"]);
}

pub(super) fn cron_job(row: &mut Fields<'_>) {
    row.text("SCHEDULE", &["spec", "schedule"]);
    row.text("TIMEZONE", &["spec", "timeZone"]);
    row.truth("SUSPEND", &["spec", "suspend"]);
    row.number("ACTIVE", &["table", "active"]);
    row.time(
        "LAST SCHEDULE",
        &["status", "lastScheduleTime"],
        &["table", "lastScheduleSeconds"],
    );
}

/// TARGETS is kept as printed in `table.targets`; `cpu: 40%/80%` also becomes the metric's target and value.
pub(super) fn autoscaler(row: &mut Fields<'_>) {
    let line = row.line;
    if let Some((kind, name)) = row.value("REFERENCE").and_then(|cell| cell.split_once('/')) {
        row.set(&["spec", "scaleTargetRef", "kind"], kind);
        row.set(&["spec", "scaleTargetRef", "name"], name);
    }
    row.number("MINPODS", &["spec", "minReplicas"]);
    row.number("MAXPODS", &["spec", "maxReplicas"]);
    row.number("REPLICAS", &["status", "currentReplicas"]);
    let Some(targets) = row.value("TARGETS") else {
        return;
    };
    row.set(&["table", "targets"], targets);
    let (mut metrics, mut current) = (Vec::new(), Vec::new());
    for part in targets.split(", ") {
        let utilization = |percent: &str| percent.trim().strip_suffix('%')?.parse::<i64>().ok();
        let Some((name, (is, should))) = part
            .split_once(": ")
            .and_then(|(name, rest)| Some((name, rest.split_once('/')?)))
        else {
            continue;
        };
        let metric = |field: &str, percent: i64| {
            let value = map(vec![("averageUtilization", number(percent, line))], line);
            let resource = map(vec![("name", text(name, line)), (field, value)], line);
            map(
                vec![("type", text("Resource", line)), ("resource", resource)],
                line,
            )
        };
        metrics.extend(utilization(should).map(|percent| metric("target", percent)));
        current.extend(utilization(is).map(|percent| metric("current", percent)));
    }
    if !metrics.is_empty() && !targets.contains("more...") {
        row.put(&["spec", "metrics"], seq(metrics, line));
    }
    if !current.is_empty() && !targets.contains("more...") {
        row.put(&["status", "currentMetrics"], seq(current, line));
    }
}

pub(super) fn disruption_budget(row: &mut Fields<'_>) {
    row.text("MIN AVAILABLE", &["spec", "minAvailable"]);
    row.text("MIN-AVAILABLE", &["spec", "minAvailable"]);
    row.text("MAX UNAVAILABLE", &["spec", "maxUnavailable"]);
    row.text("MAX-UNAVAILABLE", &["spec", "maxUnavailable"]);
    row.number("ALLOWED DISRUPTIONS", &["status", "disruptionsAllowed"]);
    row.number("ALLOWED-DISRUPTIONS", &["status", "disruptionsAllowed"]);
}
