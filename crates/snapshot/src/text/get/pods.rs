//! Reads rows of `kubectl get pods` and `get nodes`; the STATUS column is kubectl's summary, not the API's phase.

use super::row::{Fields, back, ratio};
use crate::text::{
    describe::age::age,
    tree::{flag, map, null, seq, text},
};

/// Reasons that the kubelet or the node controller writes to `status.reason` of a pod that has failed.
const POD_REASONS: &[&str] = &[
    "DeadlineExceeded",
    "Evicted",
    "NodeAffinity",
    "NodePorts",
    "NodeShutdown",
    "PodFitsHostPorts",
    "PodUnready",
    "Preempted",
    "Preempting",
    "Shutdown",
    "UnexpectedAdmissionError",
];

/// Waiting reasons of a container that has not run yet (if it never restarted): the pod is still pending.
const NOT_STARTED: &[&str] = &[
    "ContainerCreating",
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImageInspectError",
    "ImagePullBackOff",
    "InvalidImageName",
    "PodInitializing",
    "RegistryUnavailable",
    "SignatureValidationFailed",
];

/// READY counts containers (with restartable init containers), STATUS is a reason or a phase, and
/// RESTARTS is a sum, so none of them belongs to a named container. They stand in `table` on the root:
/// `ready`, `containers`, `status`, `restarts`, `lastRestart` (an instant), `lastRestartSeconds` (ago).
/// What follows from them with certainty stands in the API's own fields.
pub(super) fn pod(row: &mut Fields<'_>) {
    let ready = row.value("READY").and_then(ratio);
    let restarts = row.value("RESTARTS").and_then(restarts);
    if let Some((ready, containers)) = ready {
        row.set_number(&["table", "ready"], ready);
        row.set_number(&["table", "containers"], containers);
    }
    if let Some((count, ago)) = restarts {
        row.set_number(&["table", "restarts"], count);
        if let Some(ago) = ago {
            row.set_number(&["table", "lastRestartSeconds"], ago);
            if let Some(instant) = back(row.now, ago) {
                row.set(&["table", "lastRestart"], &instant);
            }
        }
    }
    if let Some(status) = row.value("STATUS") {
        row.set(&["table", "status"], status);
        let count = restarts.map(|(count, _)| count);
        if let Some(phase) = phase(status, count, ready.map(|(_, containers)| containers)) {
            row.set(&["status", "phase"], phase);
        }
        if POD_REASONS.contains(&status) || status.starts_with("OutOf") {
            row.set(&["status", "reason"], status);
        }
        if stays(status) {
            row.absent(&["metadata", "deletionTimestamp"]);
        }
        if status == "SchedulingGated" {
            let line = row.line;
            let condition = map(
                vec![
                    ("type", text("PodScheduled", line)),
                    ("status", text("False", line)),
                    ("reason", text(status, line)),
                ],
                line,
            );
            row.put(&["status", "conditions"], seq(vec![condition], line));
        }
    }
    row.text("IP", &["status", "podIP"]);
    row.text("NODE", &["spec", "nodeName"]);
    row.text("NOMINATED NODE", &["status", "nominatedNodeName"]);
    match row.cell("READINESS GATES") {
        Some("<none>") => row.absent(&["spec", "readinessGates"]),
        Some(gates) if !gates.is_empty() => row.set(&["table", "readinessGates"], gates),
        _ => {}
    }
}

/// Whether a pod of this STATUS is known not to be being deleted: kubectl prints `Terminating` of one that is, but
/// not over what a pod that has ended reads, nor where its node is lost.
fn stays(status: &str) -> bool {
    matches!(
        status,
        "Running" | "NotReady" | "Pending" | "SchedulingGated" | "CrashLoopBackOff"
    ) || NOT_STARTED.contains(&status)
        || init_phase(status).is_some()
}

/// `5` or `5 (3m ago)`: the count and the seconds since the last one.
fn restarts(cell: &str) -> Option<(i64, Option<i64>)> {
    let (count, rest) = cell.split_once(' ').unwrap_or((cell, ""));
    let ago = rest
        .trim()
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .and_then(|rest| rest.strip_suffix(" ago"))
        .and_then(age)
        .map(|(seconds, _)| seconds);
    Some((count.parse().ok()?, ago))
}

/// The phase that a STATUS leaves no doubt about.
fn phase(status: &str, restarts: Option<i64>, containers: Option<i64>) -> Option<&'static str> {
    let never_restarted = restarts == Some(0);
    match status {
        // kubectl also says Running where a container of a running pod has completed.
        "Running" | "NotReady" => Some("Running"),
        "Pending" | "SchedulingGated" => Some("Pending"),
        "Succeeded" => Some("Succeeded"),
        "Failed" => Some("Failed"),
        // A container that is restarted always completes for a moment only, and would have been counted.
        "Completed" if never_restarted => Some("Succeeded"),
        // One container that backs off has run and will run again.
        "CrashLoopBackOff" if containers == Some(1) => Some("Running"),
        _ if POD_REASONS.contains(&status) || status.starts_with("OutOf") => Some("Failed"),
        _ if NOT_STARTED.contains(&status) && never_restarted => Some("Pending"),
        _ => init_phase(status),
    }
}

/// `Init:0/2`, `Init:CrashLoopBackOff`: the pod's own containers wait. An init container that has ended
/// with an error may also have failed the pod.
fn init_phase(status: &str) -> Option<&'static str> {
    let state = status.strip_prefix("Init:")?;
    let waits =
        ratio(state).is_some() || state == "CrashLoopBackOff" || NOT_STARTED.contains(&state);
    waits.then_some("Pending")
}

/// `NotReady` stands for a condition that is False or Unknown: the condition is given without its status.
/// ROLES stay in `table`, since two labels can give them.
pub(super) fn node(row: &mut Fields<'_>) {
    let line = row.line;
    if let Some(status) = row.value("STATUS") {
        row.set(&["table", "status"], status);
        let mut condition = map(vec![("type", text("Ready", line))], line);
        let states: Vec<&str> = status.split(',').collect();
        if states.contains(&"Ready") {
            condition.set("status", text("True", line));
        }
        if !states.contains(&"Unknown") {
            row.put(&["status", "conditions"], seq(vec![condition], line));
        }
        if states.contains(&"SchedulingDisabled") {
            row.put(&["spec", "unschedulable"], flag(true, line));
        } else {
            row.put(&["spec", "unschedulable"], null(line));
        }
    }
    if let Some(roles) = row.value("ROLES") {
        row.set(&["table", "roles"], roles);
    }
    let addresses: Vec<_> = [("INTERNAL-IP", "InternalIP"), ("EXTERNAL-IP", "ExternalIP")]
        .into_iter()
        .filter_map(|(column, kind)| Some((kind, row.value(column)?)))
        .map(|(kind, address)| {
            map(
                vec![("type", text(kind, line)), ("address", text(address, line))],
                line,
            )
        })
        .collect();
    if !addresses.is_empty() {
        row.put(&["status", "addresses"], seq(addresses, line));
    }
    for (column, field) in [
        ("VERSION", "kubeletVersion"),
        ("OS-IMAGE", "osImage"),
        ("KERNEL-VERSION", "kernelVersion"),
        ("CONTAINER-RUNTIME", "containerRuntimeVersion"),
    ] {
        row.text(column, &["status", "nodeInfo", field]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_that_say_the_phase() {
        for (status, restarts, containers, expected) in [
            ("Running", 3, 2, Some("Running")),
            ("Completed", 0, 1, Some("Succeeded")),
            ("Completed", 4, 1, None),
            ("Error", 0, 1, None),
            ("CrashLoopBackOff", 5, 1, Some("Running")),
            ("CrashLoopBackOff", 5, 2, None),
            ("ImagePullBackOff", 0, 2, Some("Pending")),
            ("ImagePullBackOff", 1, 2, None),
            ("Init:0/2", 0, 1, Some("Pending")),
            ("Init:CrashLoopBackOff", 3, 1, Some("Pending")),
            ("Init:Error", 0, 1, None),
            ("Evicted", 0, 1, Some("Failed")),
            ("OutOfcpu", 0, 1, Some("Failed")),
            ("Terminating", 0, 1, None),
            ("Unknown", 0, 1, None),
            ("OOMKilled", 0, 1, None),
            ("ExitCode:1", 0, 1, None),
        ] {
            assert_eq!(
                phase(status, Some(restarts), Some(containers)),
                expected,
                "{status}"
            );
        }
        assert!(
            ["Running", "ImagePullBackOff", "Init:0/2"]
                .into_iter()
                .all(stays)
        );
        assert!(
            !["Terminating", "Completed", "Unknown", "Evicted"]
                .into_iter()
                .any(stays)
        );
        assert_eq!(restarts("5 (3m ago)"), Some((5, Some(180))));
        assert_eq!(restarts("0"), Some((0, None)));
    }
}
