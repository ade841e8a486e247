//! Rows of what makes pods: Deployments, sets, Jobs, autoscalers and budgets.

use serde_json::Value;

use super::{
    AGE, Column, Context, NAME, Printer, age, containers, labels, name, or_none, selector,
};
use crate::value::{self, int, list, str, text};

const INT: &str = "integer";
const CONTAINERS: Column = ("Containers", "string", 1);
const IMAGES: Column = ("Images", "string", 1);
const SELECTOR: Column = ("Selector", "string", 1);

const DEPLOYMENT: &[Column] = &[
    NAME,
    ("Ready", "string", 0),
    ("Up-to-date", "string", 0),
    ("Available", "string", 0),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];
const REPLICAS: &[Column] = &[
    NAME,
    ("Desired", INT, 0),
    ("Current", INT, 0),
    ("Ready", INT, 0),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];
const STATEFUL: &[Column] = &[NAME, ("Ready", "string", 0), AGE, CONTAINERS, IMAGES];
const DAEMON: &[Column] = &[
    NAME,
    ("Desired", INT, 0),
    ("Current", INT, 0),
    ("Ready", INT, 0),
    ("Up-to-date", INT, 0),
    ("Available", INT, 0),
    ("Node Selector", "string", 0),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];
const JOB: &[Column] = &[
    NAME,
    ("Status", "string", 0),
    ("Completions", "string", 0),
    ("Duration", "string", 0),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];
const CRON_JOB: &[Column] = &[
    NAME,
    ("Schedule", "string", 0),
    ("Timezone", "string", 0),
    ("Suspend", "boolean", 0),
    ("Active", INT, 0),
    ("Last Schedule", "string", 0),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];
const AUTOSCALER: &[Column] = &[
    NAME,
    ("Reference", "string", 0),
    ("Targets", "string", 0),
    ("MinPods", "string", 0),
    ("MaxPods", "string", 0),
    ("Replicas", "string", 0),
    AGE,
];
const BUDGET: &[Column] = &[
    NAME,
    ("Min Available", "string", 0),
    ("Max Unavailable", "string", 0),
    ("Allowed Disruptions", INT, 0),
    AGE,
];
const REVISION: &[Column] = &[
    NAME,
    ("Controller", "string", 0),
    ("Revision", "string", 0),
    AGE,
];

pub(super) fn printer(kind: &str) -> Option<(&'static [Column], Printer)> {
    Some(match kind {
        "Deployment" => (DEPLOYMENT, deployment as Printer),
        "ReplicaSet" | "ReplicationController" => (REPLICAS, replicas),
        "StatefulSet" => (STATEFUL, stateful_set),
        "DaemonSet" => (DAEMON, daemon_set),
        "Job" => (JOB, job),
        "CronJob" => (CRON_JOB, cron_job),
        "HorizontalPodAutoscaler" => (AUTOSCALER, autoscaler),
        "PodDisruptionBudget" => (BUDGET, budget),
        "ControllerRevision" => (REVISION, revision),
        _ => return None,
    })
}

const POD_CONTAINERS: &str = "spec.template.spec.containers";

/// Replicas that are wanted; one where it is left out.
fn wanted(object: &Value) -> i64 {
    value::at(object, "spec.replicas")
        .and_then(Value::as_i64)
        .unwrap_or(1)
}

fn deployment(object: &Value, context: Context) -> Vec<Value> {
    let [names, images] = containers(object, POD_CONTAINERS);
    vec![
        name(object),
        format!("{}/{}", int(object, "status.readyReplicas"), wanted(object)).into(),
        int(object, "status.updatedReplicas").to_string().into(),
        int(object, "status.availableReplicas").to_string().into(),
        context.age(object),
        names,
        images,
        selector(object, "spec.selector"),
    ]
}

fn replicas(object: &Value, context: Context) -> Vec<Value> {
    let [names, images] = containers(object, POD_CONTAINERS);
    let chosen = if str(object, "kind") == "ReplicationController" {
        labels(object, "spec.selector")
    } else {
        selector(object, "spec.selector")
    };
    vec![
        name(object),
        wanted(object).into(),
        int(object, "status.replicas").into(),
        int(object, "status.readyReplicas").into(),
        context.age(object),
        names,
        images,
        chosen,
    ]
}

fn stateful_set(object: &Value, context: Context) -> Vec<Value> {
    let [names, images] = containers(object, POD_CONTAINERS);
    vec![
        name(object),
        format!("{}/{}", int(object, "status.readyReplicas"), wanted(object)).into(),
        context.age(object),
        names,
        images,
    ]
}

fn daemon_set(object: &Value, context: Context) -> Vec<Value> {
    let [names, images] = containers(object, POD_CONTAINERS);
    let count = |field: &str| Value::from(int(object, &format!("status.{field}")));
    vec![
        name(object),
        count("desiredNumberScheduled"),
        count("currentNumberScheduled"),
        count("numberReady"),
        count("updatedNumberScheduled"),
        count("numberAvailable"),
        labels(object, "spec.template.spec.nodeSelector"),
        context.age(object),
        names,
        images,
        selector(object, "spec.selector"),
    ]
}

fn job(object: &Value, context: Context) -> Vec<Value> {
    let [names, images] = containers(object, POD_CONTAINERS);
    let succeeded = int(object, "status.succeeded");
    let completions = match (
        value::at(object, "spec.completions").and_then(Value::as_i64),
        int(object, "spec.parallelism"),
    ) {
        (Some(all), _) => format!("{succeeded}/{all}"),
        (None, parallel) if parallel > 1 => format!("{succeeded}/1 of {parallel}"),
        (None, _) => format!("{succeeded}/1"),
    };
    let has = |kind: &str| {
        list(object, "status.conditions")
            .iter()
            .any(|condition| str(condition, "type") == kind && str(condition, "status") == "True")
    };
    let status = if has("Complete") {
        "Complete"
    } else if has("Failed") {
        "Failed"
    } else if value::at(object, "metadata.deletionTimestamp").is_some() {
        "Terminating"
    } else if has("Suspended") {
        "Suspended"
    } else if has("FailureTarget") {
        "FailureTarget"
    } else if has("SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    };
    let begin = value::time(object, "status.startTime");
    let end = value::time(object, "status.completionTime").or(context.now);
    let duration = match (begin, end) {
        (Some(begin), Some(end)) => age::human(end.as_second() - begin.as_second()),
        _ => String::new(),
    };
    vec![
        name(object),
        status.into(),
        completions.into(),
        duration.into(),
        context.age(object),
        names,
        images,
        selector(object, "spec.selector"),
    ]
}

fn cron_job(object: &Value, context: Context) -> Vec<Value> {
    let [names, images] = containers(object, "spec.jobTemplate.spec.template.spec.containers");
    let last = if value::at(object, "status.lastScheduleTime").is_some() {
        context.since(object, "status.lastScheduleTime")
    } else {
        "<none>".to_owned()
    };
    vec![
        name(object),
        str(object, "spec.schedule").into(),
        or_none(str(object, "spec.timeZone").to_owned()),
        value::flag(object, "spec.suspend").into(),
        list(object, "status.active").len().into(),
        last.into(),
        context.age(object),
        names,
        images,
        selector(object, "spec.jobTemplate.spec.selector"),
    ]
}

fn autoscaler(object: &Value, context: Context) -> Vec<Value> {
    let reference = format!(
        "{}/{}",
        str(object, "spec.scaleTargetRef.kind"),
        str(object, "spec.scaleTargetRef.name")
    );
    let least = value::at(object, "spec.minReplicas").map_or("<unset>".to_owned(), value::scalar);
    vec![
        name(object),
        reference.into(),
        targets(object).into(),
        least.into(),
        text(object, "spec.maxReplicas").into(),
        text(object, "status.currentReplicas").into(),
        context.age(object),
    ]
}

/// `cpu: 40%/80%` for each metric; of autoscaling/v1 its only one.
fn targets(object: &Value) -> String {
    let metrics = list(object, "spec.metrics");
    if metrics.is_empty() {
        let wanted = text(object, "spec.targetCPUUtilizationPercentage");
        if wanted.is_empty() {
            return "<none>".to_owned();
        }
        let now = text(object, "status.currentCPUUtilizationPercentage");
        let now = if now.is_empty() {
            "<unknown>".to_owned()
        } else {
            format!("{now}%")
        };
        return format!("cpu: {now}/{wanted}%");
    }
    let current = list(object, "status.currentMetrics");
    let shown: Vec<String> = metrics
        .iter()
        .enumerate()
        .map(|(at, metric)| target(metric, current.get(at)))
        .collect();
    super::some(&shown, 2)
}

fn target(metric: &Value, current: Option<&Value>) -> String {
    let kind = str(metric, "type");
    let source = match kind {
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "Pods" => "pods",
        "Object" => "object",
        _ => "external",
    };
    let of = |value: &Value, part: &str| {
        let path = |field: &str| text(value, &format!("{source}.{part}.{field}"));
        let percent = path("averageUtilization");
        if !percent.is_empty() {
            return format!("{percent}%");
        }
        let average = path("averageValue");
        if average.is_empty() {
            path("value")
        } else {
            average
        }
    };
    let now = current
        .map(|current| of(current, "current"))
        .filter(|now| !now.is_empty())
        .unwrap_or_else(|| "<unknown>".to_owned());
    let wanted = of(metric, "target");
    match str(metric, &format!("{source}.name")) {
        "" => format!("{now}/{wanted}"),
        name => format!("{name}: {now}/{wanted}"),
    }
}

fn budget(object: &Value, context: Context) -> Vec<Value> {
    let limit = |path: &str| {
        let found = text(object, path);
        Value::from(if found.is_empty() {
            "N/A".to_owned()
        } else {
            found
        })
    };
    vec![
        name(object),
        limit("spec.minAvailable"),
        limit("spec.maxUnavailable"),
        int(object, "status.disruptionsAllowed").into(),
        context.age(object),
    ]
}

fn revision(object: &Value, context: Context) -> Vec<Value> {
    let owner = list(object, "metadata.ownerReferences")
        .iter()
        .find(|owner| value::flag(owner, "controller"));
    let controller = owner.map_or(String::new(), |owner| {
        let group = str(owner, "apiVersion").split_once('/');
        let kind = str(owner, "kind").to_ascii_lowercase();
        let group = group.map_or(String::new(), |(group, _)| format!(".{group}"));
        format!("{kind}{group}/{}", str(owner, "name"))
    });
    vec![
        name(object),
        or_none(controller),
        text(object, "revision").into(),
        context.age(object),
    ]
}
