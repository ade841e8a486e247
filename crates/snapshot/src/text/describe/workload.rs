//! Reads the descriptions of workloads: deployments, replica sets, stateful and daemon sets, jobs.

use super::{
    object::{Described, Draft, conditions, copy_flag, copy_number, copy_text, copy_time},
    pod,
    sections::{Entry, Section},
    values::{self, Fields},
};
use crate::node::Node;

/// A deployment, with what it says of its replica sets.
pub(super) fn deployment(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    selector(top, &mut out.spec);
    if let Some(entry) = top.get("Replicas") {
        let status = &mut out.status;
        for (count, word) in counts(entry.value(), '|') {
            let node = Node::number(count).at_line(entry.line());
            match word {
                "desired" => out.spec.put("replicas", node),
                "updated" => status.put("updatedReplicas", node),
                "total" => status.put("replicas", node),
                "available" => status.put("availableReplicas", node),
                "unavailable" => status.put("unavailableReplicas", node),
                _ => {}
            }
        }
    }
    if let Some(entry) = top.get("StrategyType") {
        out.spec.put("strategy", strategy(entry, top));
    }
    copy_number(top, "MinReadySeconds", &mut out.spec, "minReadySeconds");
    pod::template(top, &mut out.spec);
    workload_conditions(top, &mut out.status);
    if let Some(line) = goes_on(top) {
        out.spec.put("paused", values::null(line));
    }
    for field in [
        "OldReplicaSets",
        "NewReplicaSet",
        "OldReplicaSets and NewReplicaSet",
    ] {
        if let Some(entry) = top.get(field) {
            out.others.extend(replica_sets(entry, described));
        }
    }
}

/// Where it is said that a Deployment is not paused: the condition of one that is says so.
fn goes_on(top: Section<'_, '_>) -> Option<u32> {
    let conditions = conditions(top.get("Conditions")?)?;
    let mut items = conditions.items().iter();
    let progressing = items.find(|it| it.str_at(&["type"]) == Some("Progressing"))?;
    let reason = progressing.str_at(&["reason"])?;
    (reason != "DeploymentPaused").then_some(progressing.line)
}

fn strategy(entry: Entry<'_, '_>, top: Section<'_, '_>) -> Node {
    let mut fields = Fields::new(entry.line());
    fields.put("type", values::text_or_null(entry.value(), entry.line()));
    match top.get("RollingUpdateStrategy") {
        Some(rolling) => {
            let line = rolling.line();
            let mut limits = Fields::new(line);
            for part in rolling.value().split(", ") {
                if let Some(value) = part.strip_suffix(" max unavailable") {
                    limits.put("maxUnavailable", values::number_or_text(value, line));
                } else if let Some(value) = part.strip_suffix(" max surge") {
                    limits.put("maxSurge", values::number_or_text(value, line));
                }
            }
            fields.put("rollingUpdate", limits.node());
        }
        None => fields.absent("rollingUpdate"),
    }
    fields.node()
}

/// `name (1/2 replicas created), other (0/0 replicas created)`
fn replica_sets(entry: Entry<'_, '_>, deployment: &Described<'_, '_>) -> Vec<Node> {
    let line = entry.line();
    let one = |text: &str| {
        let (name, rest) = text.trim().split_once(" (")?;
        let (counts, _) = rest.split_once(" replicas created")?;
        let (current, desired) = counts.split_once('/')?;
        let owner = Node::map(vec![
            ("kind", Node::text("Deployment")),
            ("name", Node::text(deployment.name.as_str())),
            ("controller", Node::flag(true)),
        ]);
        let mut metadata = Fields::new(line);
        metadata.put("name", values::text(name, line));
        metadata.put("namespace", Node::text(deployment.namespace.as_str()));
        metadata.put("ownerReferences", Node::seq(vec![owner.at_line(line)]));
        let mut fields = Fields::new(line);
        fields.put("apiVersion", Node::text("apps/v1"));
        fields.put("kind", Node::text("ReplicaSet"));
        fields.put("metadata", metadata.node());
        let desired = values::number(desired, line)?;
        fields.put("spec", Node::map(vec![("replicas", desired)]).at_line(line));
        let current = values::number(current, line)?;
        fields.put(
            "status",
            Node::map(vec![("replicas", current)]).at_line(line),
        );
        Some(fields.node())
    };
    entry.value().split("), ").filter_map(one).collect()
}

fn workload_conditions(top: Section<'_, '_>, out: &mut Fields) {
    if let Some(entry) = top.get("Conditions") {
        out.put("conditions", conditions(entry));
    } else if let Some(entry) = top.get("Pod Template") {
        // Printed if there are any, after the template.
        out.put("conditions", values::null(entry.line()));
    }
}

fn selector(top: Section<'_, '_>, out: &mut Fields) {
    if let Some(entry) = top.get("Selector") {
        out.put("selector", values::selector(entry.value(), entry.line()));
    }
}

/// `3 desired | 2 total`: numbers and the words after them.
fn counts(value: &str, separator: char) -> impl Iterator<Item = (i64, &str)> {
    value.split(separator).filter_map(|part| {
        let (count, word) = part.trim().split_once(' ')?;
        Some((count.parse().ok()?, word.trim()))
    })
}

/// `1 current / 2 desired`
fn current_and_desired(top: Section<'_, '_>, out: &mut Draft) {
    let Some(entry) = top.get("Replicas") else {
        return;
    };
    for separator in ['/', '|'] {
        for (count, word) in counts(entry.value(), separator) {
            let node = Node::number(count).at_line(entry.line());
            match word {
                "desired" => out.spec.put("replicas", node),
                "current" | "total" => out.status.put("replicas", node),
                _ => {}
            }
        }
    }
}

/// A replica set.
pub(super) fn replica_set(described: &Described<'_, '_>, out: &mut Draft) {
    selector(described.top, &mut out.spec);
    current_and_desired(described.top, out);
    pod::template(described.top, &mut out.spec);
    workload_conditions(described.top, &mut out.status);
}

/// A replication controller, whose selector is plain labels.
pub(super) fn replication_controller(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    if let Some(entry) = top.get("Selector") {
        out.spec.put(
            "selector",
            values::joined_labels(entry.value(), entry.line()),
        );
    }
    current_and_desired(top, out);
    pod::template(top, &mut out.spec);
    workload_conditions(top, &mut out.status);
}

/// A stateful set.
pub(super) fn stateful_set(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    selector(top, &mut out.spec);
    current_and_desired(top, out);
    if let Some(entry) = top.get("Update Strategy") {
        let mut fields = Fields::new(entry.line());
        fields.put("type", values::text_or_null(entry.value(), entry.line()));
        let mut rolling = Fields::new(entry.line());
        copy_number(entry.below, "Partition", &mut rolling, "partition");
        if let Some(limit) = entry.below.get("MaxUnavailable") {
            rolling.put(
                "maxUnavailable",
                values::number_or_text(limit.value(), limit.line()),
            );
        }
        fields.put("rollingUpdate", rolling.some());
        out.spec.put("updateStrategy", fields.node());
    }
    pod::template(top, &mut out.spec);
    if let Some(entry) = top.get("Volume Claims") {
        out.spec.put("volumeClaimTemplates", claim_templates(entry));
    }
}

/// Templates one after the other, each beginning with its name.
fn claim_templates(entry: Entry<'_, '_>) -> Node {
    let mut items: Vec<(Fields, Fields)> = Vec::new();
    for field in entry.below.entries() {
        let (value, line) = (field.value(), field.line());
        if field.key() == "Name" {
            let mut metadata = Fields::new(line);
            metadata.put("name", values::text(value, line));
            items.push((metadata, Fields::new(line)));
            continue;
        }
        let Some((metadata, spec)) = items.last_mut() else {
            continue;
        };
        match field.key() {
            "StorageClass" => {
                spec.put("storageClassName", values::text_or_null(value, line));
            }
            "Labels" => metadata.put("labels", values::labels(&field.values(), line)),
            "Capacity" if value != "<default>" => {
                let requests = Node::map(vec![("storage", values::text(value, line))]);
                let resources = Node::map(vec![("requests", requests.at_line(line))]);
                spec.put("resources", resources.at_line(line));
            }
            "Access Modes" => {
                let modes = value.trim_matches(['[', ']']);
                spec.put("accessModes", values::words_or_null(modes, ' ', line));
            }
            _ => {}
        }
    }
    let items = items
        .into_iter()
        .map(|(metadata, spec)| {
            let metadata = metadata.node();
            let line = metadata.line;
            Node::map(vec![("metadata", metadata), ("spec", spec.node())]).at_line(line)
        })
        .collect();
    values::list_or_null(items, entry.line())
}

/// A daemon set.
pub(super) fn daemon_set(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    selector(top, &mut out.spec);
    for (field, key) in [
        (
            "Desired Number of Nodes Scheduled",
            "desiredNumberScheduled",
        ),
        (
            "Current Number of Nodes Scheduled",
            "currentNumberScheduled",
        ),
        (
            "Number of Nodes Scheduled with Up-to-date Pods",
            "updatedNumberScheduled",
        ),
        (
            "Number of Nodes Scheduled with Available Pods",
            "numberAvailable",
        ),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        copy_number(top, field, &mut out.status, key);
    }
    pod::template(top, &mut out.spec);
}

/// Fields of `spec` that a job and a cron job's template print alike.
fn job_spec(top: Section<'_, '_>, out: &mut Fields) {
    if let Some(entry) = top.get("Selector")
        && entry.value() != "<unset>"
    {
        out.put("selector", values::selector(entry.value(), entry.line()));
    }
    copy_number(top, "Parallelism", out, "parallelism");
    copy_number(top, "Completions", out, "completions");
    match top.get("Active Deadline Seconds") {
        Some(entry) => out.put(
            "activeDeadlineSeconds",
            values::seconds(entry.value(), entry.line()),
        ),
        None if top.has("Pod Template") => out.absent("activeDeadlineSeconds"),
        None => {}
    }
    pod::template(top, out);
}

/// A job.
pub(super) fn job(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    job_spec(top, &mut out.spec);
    copy_text(top, "Completion Mode", &mut out.spec, "completionMode");
    copy_flag(top, "Suspend", &mut out.spec, "suspend");
    copy_number(top, "Backoff Limit", &mut out.spec, "backoffLimit");
    copy_number(
        top,
        "TTL Seconds After Finished",
        &mut out.spec,
        "ttlSecondsAfterFinished",
    );
    for (field, key) in [
        ("Start Time", "startTime"),
        ("Completed At", "completionTime"),
    ] {
        copy_time(top, field, &mut out.status, key);
        if !top.has(field) {
            out.status.absent(key);
        }
    }
    let Some(entry) = top.any(&["Pods Statuses", "Pods Status"]) else {
        return;
    };
    let line = entry.line();
    for (count, words) in counts(entry.value(), '/') {
        let node = Node::number(count).at_line(line);
        let (word, ready) = words.split_once(" (").unwrap_or((words, ""));
        match word {
            "Active" | "Running" => out.status.put("active", node),
            "Succeeded" => out.status.put("succeeded", node),
            "Failed" => out.status.put("failed", node),
            _ => {}
        }
        if let Some(ready) = ready.strip_suffix(" Ready)") {
            out.status.put("ready", values::number(ready, line));
        }
    }
}

/// A cron job.
pub(super) fn cron_job(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    copy_text(top, "Schedule", &mut out.spec, "schedule");
    copy_text(
        top,
        "Concurrency Policy",
        &mut out.spec,
        "concurrencyPolicy",
    );
    copy_flag(top, "Suspend", &mut out.spec, "suspend");
    copy_text(top, "Time Zone", &mut out.spec, "timeZone");
    for (field, key) in [
        ("Successful Job History Limit", "successfulJobsHistoryLimit"),
        ("Failed Job History Limit", "failedJobsHistoryLimit"),
    ] {
        copy_number(top, field, &mut out.spec, key);
    }
    if let Some(entry) = top.get("Starting Deadline Seconds") {
        let node = values::seconds(entry.value(), entry.line());
        out.spec.put("startingDeadlineSeconds", node);
    }
    let mut job = Fields::new(top.get("Pod Template").map_or(0, Entry::line));
    job_spec(top, &mut job);
    let line = top.get("Pod Template").map_or(0, Entry::line);
    let template = Node::map(vec![("spec", job.node())]).at_line(line);
    out.spec.put("jobTemplate", template);
    copy_time(
        top,
        "Last Schedule Time",
        &mut out.status,
        "lastScheduleTime",
    );
    if let Some(entry) = top.get("Active Jobs") {
        let line = entry.line();
        let items = entry
            .value()
            .split(", ")
            .filter(|name| !values::is_none(name))
            .map(|name| Node::map(vec![("name", values::text(name, line))]).at_line(line))
            .collect();
        out.status.put("active", values::list_or_null(items, line));
    }
}
