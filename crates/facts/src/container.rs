//! Containers with the last instance that ended, whoever killed it and its last words.

use std::collections::HashMap;

use coldcase_bundle::FileId;
use coldcase_snapshot::{
    logs::{self, LogFile},
    node::Node,
    packed::View,
    stamp,
};
use rayon::prelude::*;

use crate::{
    Cite, Entity, EntityId, Facts,
    groups::Groups,
    heap::{self, Heap},
    quantity, reported,
    shared::TOGETHER,
    silent, unnamed,
};

/// Waiting reasons that do not pass by themselves.
pub(crate) const STUCK: &[&str] = &[
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "PreCreateHookError",
    "PostStartHookError",
    "StartError",
];

/// Seconds a container may be running but not ready before that counts.
const READY_GRACE: i64 = 30;

/// Pods whose containers are made at a time: enough for all threads, little beside what is kept.
const AT_A_TIME: usize = 4_096;

/// Derives `Container` entities.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let logs = logs_of_pods(facts);
    let pods = facts.of_kind("Pod").to_vec();
    let mut of_pods: Vec<(EntityId, EntityId)> = Vec::with_capacity(pods.len());
    for pods in pods.chunks(AT_A_TIME) {
        // In the order of the pods, whoever makes them.
        let made: Vec<Vec<(EntityId, Entity<'_>)>> = pods
            .par_chunks(TOGETHER)
            .map(|pods| {
                let mut options = heap::Options::new();
                let mut made = Vec::with_capacity(pods.len());
                for pod in pods {
                    if reported::is_named_only(facts.get(*pod)) {
                        let of_pod = reported::containers(facts, *pod).into_iter();
                        let with_words = of_pod.map(|made| with_words(facts, &logs, *pod, made));
                        made.extend(with_words.map(|container| (*pod, container)));
                        continue;
                    }
                    if unnamed::is_open(facts.get(*pod)) {
                        let container = unnamed::container(facts, &logs, *pod);
                        made.push((*pod, with_words(facts, &logs, *pod, container)));
                        continue;
                    }
                    containers(facts, &logs, *pod, &mut options, &mut made);
                }
                made
            })
            .collect();
        let made = made.into_iter().flatten();
        of_pods.extend(made.map(|(pod, container)| (pod, facts.push(container))));
    }
    facts.containers = Groups::new(facts.owner.len(), &of_pods);
}

/// Adds the containers of a pod, of all its lists.
fn containers<'s>(
    facts: &Facts<'s>,
    logs: &Logs<'s>,
    pod: EntityId,
    options: &mut heap::Options<'s>,
    made: &mut Vec<(EntityId, Entity<'s>)>,
) {
    let Some(root) = facts.get(pod).root() else {
        return;
    };
    let (Some(spec), status) = (root.get("spec"), root.get("status")) else {
        return;
    };
    for (list, statuses, default) in [
        ("initContainers", "initContainerStatuses", "init"),
        ("containers", "containerStatuses", "app"),
        (
            "ephemeralContainers",
            "ephemeralContainerStatuses",
            "ephemeral",
        ),
    ] {
        let specs = spec.items_at(&[list]);
        if specs.is_empty() {
            continue;
        }
        let statuses = status.unwrap_or_default().items_at(&[statuses]);
        for spec in specs {
            let name = spec.str_at(&["name"]).unwrap_or("");
            let status = statuses
                .iter()
                .find(|status| status.str_at(&["name"]) == Some(name));
            let kind = if default == "init" && spec.str_at(&["restartPolicy"]) == Some("Always") {
                "sidecar"
            } else {
                default
            };
            let container = container(facts, logs, pod, (spec, status, kind), options);
            made.push((pod, container));
        }
    }
}

/// Logs by namespace and pod, in their order.
pub(crate) type Logs<'s> = HashMap<(&'s str, &'s str), Vec<&'s LogFile>>;

fn logs_of_pods<'s>(facts: &Facts<'s>) -> Logs<'s> {
    let mut found = Logs::new();
    for log in &facts.snapshot.logs {
        found
            .entry((log.namespace.as_str(), log.pod.as_str()))
            .or_default()
            .push(log);
    }
    found
}

fn container<'s>(
    facts: &Facts<'s>,
    logs: &Logs<'s>,
    pod: EntityId,
    (spec, status, kind): (View<'s>, Option<View<'s>>, &'static str),
    options: &mut heap::Options<'s>,
) -> Entity<'s> {
    let owner = facts.get(pod);
    let name = spec.str_at(&["name"]).unwrap_or("");
    let subject = owner.subject.clone();
    let mut fields = Vec::with_capacity(16);
    fields.push(("type", Node::text(kind)));
    let limit = resources(spec, &mut fields);
    if let Some(heap) = heap::of(spec, limit, options) {
        java_heap(&heap, limit, &mut fields);
    }
    let mut cites = Vec::new();
    if let Some(status) = status {
        let ended = ended(status);
        states(status, &mut fields);
        if owner.partial
            && let Some(waiting) = told_why(facts, pod, name, status)
            && let Some(field) = fields.iter_mut().find(|(field, _)| *field == "waiting")
        {
            field.1 = waiting;
        }
        let trouble = Trouble::of(facts, owner, status, ended, kind);
        fields.push(("failing", Node::flag(trouble.failing)));
        fields.push(("healthy", Node::flag(trouble.healthy)));
        fields.push(("recentRestart", Node::flag(trouble.flapping)));
        let fresh = || never_ran(owner, Some(status));
        let known = || known_absent(status, &["lastState", "terminated"]);
        if owner.partial && ended.is_none() && (fresh() || known()) {
            fields.push(("ended", Node::default()));
        }
        if let Some(ended) = ended {
            fields.push(("ended", ended_fields(ended)));
            if let Some((probe, cite)) = killed_by_probe(facts, owner, name, ended) {
                fields.push(("killedByProbe", Node::text(probe)));
                cites.push(("killedByProbe", cite));
            }
            let (since, cite) = failing_since(facts, pod, name, ended);
            fields.extend(since.map(|since| ("failingSince", since)));
            cites.extend(cite.map(|cite| ("failingSince", cite)));
            let from_previous = status
                .at(&["state", "terminated"])
                .is_none_or(View::is_null);
            let log = logs
                .get(&(subject.namespace.as_str(), subject.name.as_str()))
                .into_iter()
                .flatten()
                .find(|log| {
                    log.previous == from_previous
                        && (log.container == name || log.container.is_empty())
                });
            if let Some(log) = log {
                last_words(facts, log, &mut fields, &mut cites);
            }
        }
    }
    if status.is_none() && silent::is(owner) {
        let state = silent::container(facts, pod, name);
        let of_pod = logs.get(&(subject.namespace.as_str(), subject.name.as_str()));
        if let Some(log) = of_pod.and_then(|of_pod| silent::last(of_pod, name, &state)) {
            last_words(facts, log, &mut fields, &mut cites);
        }
        fields.extend(state);
    }
    if owner.partial && status.is_none() && never_ran(owner, status) {
        fields.extend(OF_A_RUN.iter().map(|field| (*field, Node::default())));
    }
    if owner.partial {
        fields.push(("unnamed", Node::default()));
    }
    let mut entity = Entity::container(subject, spec, fields);
    entity.file = owner.file;
    entity.partial = owner.partial;
    for (field, cite) in cites {
        entity.cite_as(field, cite);
    }
    entity
}

/// Adds the last words of a crash of which only a row or an event tells: until its container starts again, the pod's
/// log is that of the instance that ended. Of several containers nobody knows which one is meant.
fn with_words<'s>(
    facts: &Facts<'s>,
    logs: &Logs<'s>,
    pod: EntityId,
    mut made: Entity<'s>,
) -> Entity<'s> {
    let waits = made.str_at(&["waiting", "reason"]) == Some("CrashLoopBackOff");
    if !waits && made.str_at(&["ended", "reason"]) != Some("Error") {
        return made;
    }
    let subject = &facts.get(pod).subject;
    let name = made.str_at(&["name"]).map(str::to_owned);
    let of_pod = logs.get(&(subject.namespace.as_str(), subject.name.as_str()));
    let own: Vec<&LogFile> = of_pod
        .into_iter()
        .flatten()
        .copied()
        .filter(|log| {
            log.container.is_empty() || name.as_deref().is_none_or(|name| log.container == name)
        })
        .collect();
    let Some(first) = own.first() else {
        return made;
    };
    if own.iter().any(|log| log.container != first.container) {
        return made;
    }
    let log = own.iter().find(|log| !log.previous).unwrap_or(first);
    let (mut fields, mut cites) = (Vec::new(), Vec::new());
    last_words(facts, log, &mut fields, &mut cites);
    made.set(fields);
    for (field, cite) in cites {
        made.cite_as(field, cite);
    }
    made
}

/// Why a container cannot be created or started, where a description leaves that to the kubelet's events.
fn told_why(facts: &Facts<'_>, pod: EntityId, name: &str, status: View<'_>) -> Option<Node> {
    let waiting = status.at(&["state", "waiting"])?;
    let reason = waiting.str_at(&["reason"])?;
    let of_start = matches!(
        reason,
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError"
    );
    if !of_start || waiting.str_at(&["message"]).is_some() {
        return None;
    }
    let message = reported::newest_error(facts, pod, name)?;
    Some(Node::map(vec![
        ("reason", Node::text(reason).at_line(waiting.line())),
        ("message", Node::text(message)),
    ]))
}

/// What its status says as it is.
fn states(status: View<'_>, fields: &mut Vec<(&'static str, Node)>) {
    let state = status.get("state");
    let in_state = |part: &str| state?.get(part).filter(|node| !node.is_null());
    let word = ["waiting", "running", "terminated"]
        .into_iter()
        .find(|part| in_state(part).is_some());
    let line = state.map_or(0, View::line);
    fields.push(("state", Node::text(word.unwrap_or("unknown")).at_line(line)));
    for part in ["waiting", "running"] {
        fields.extend(in_state(part).map(|node| (part, node.to_node())));
    }
    for field in ["restartCount", "ready"] {
        fields.extend(status.get(field).map(|node| (field, node.to_node())));
    }
}

/// What only a container that was started has.
const OF_A_RUN: &[&str] = &[
    "state",
    "waiting",
    "running",
    "restartCount",
    "ended",
    "killedByProbe",
    "lastWords",
];

/// Whether a text about a pod says enough to know that no instance of a container ever ran: the pod
/// has no node, or the container waits for its first start. `kubectl describe` shows the state of
/// every container that has one, so of a pending pod without any state nothing was started.
fn never_ran(pod: &Entity<'_>, status: Option<View<'_>>) -> bool {
    let Some(root) = pod.root() else {
        return false;
    };
    if root.str_at(&["status", "phase"]) != Some("Pending") {
        return false;
    }
    let node = root.at(&["spec", "nodeName"]);
    if node.is_some_and(|node| node.as_str().is_none_or(str::is_empty)) {
        return true;
    }
    let Some(status) = status else {
        let described = root
            .items_at(&["spec", "containers"])
            .iter()
            .any(|container| container.get("image").is_some());
        let stateless = ["containerStatuses", "initContainerStatuses"]
            .iter()
            .all(|list| root.items_at(&["status", list]).is_empty());
        return described && stateless;
    };
    status.int_at(&["restartCount"]) == Some(0)
        && status
            .at(&["state", "waiting"])
            .is_some_and(|state| !state.is_null())
}

/// Whether a description says that something is not there: a null on the way or at its end.
fn known_absent(status: View<'_>, path: &[&str]) -> bool {
    (1..=path.len()).any(|end| {
        path.get(..end)
            .and_then(|head| status.at(head))
            .is_some_and(View::is_null)
    })
}

/// What it asks for and may take; gives the limit of its memory in bytes.
fn resources(spec: View<'_>, fields: &mut Vec<(&'static str, Node)>) -> Option<i64> {
    let resources = spec.get("resources")?;
    let groups = ["limits", "requests"].map(|group| resources.get(group));
    let mut limit = None;
    for (field, group, resource) in [
        ("memoryLimit", groups[0], "memory"),
        ("memoryRequest", groups[1], "memory"),
        ("cpuLimit", groups[0], "cpu"),
        ("cpuRequest", groups[1], "cpu"),
    ] {
        let Some(group) = group else { continue };
        let Some(node) = group.get(resource) else {
            // A description that shows no limits says that there are none.
            fields.push((field, Node::default()));
            continue;
        };
        let text = node.as_str().unwrap_or("");
        let value = if resource == "cpu" {
            quantity::millicores(text)
        } else {
            quantity::bytes(text)
        };
        if field == "memoryLimit" {
            limit = value;
        }
        fields.extend(value.map(|value| (field, Node::number(value).at_line(node.line()))));
    }
    limit
}

/// How large a JVM's heap may grow, and how much of the limit that is.
fn java_heap(heap: &Heap, limit: Option<i64>, fields: &mut Vec<(&'static str, Node)>) {
    let option = Node::text(heap.option.as_str());
    fields.push(("heapOption", option.at_line(heap.line)));
    fields.push(("heapMax", Node::number(heap.bytes).at_line(heap.line)));
    if let Some(limit) = limit.filter(|limit| *limit > 0) {
        let percent = i128::from(heap.bytes) * 100 / i128::from(limit);
        let percent = Node::number(i64::try_from(percent).unwrap_or(i64::MAX));
        fields.push(("heapPercent", percent.at_line(heap.line)));
    }
}

/// The last instance that ended: `state.terminated`, else `lastState.terminated`.
fn ended(status: View<'_>) -> Option<View<'_>> {
    [["state", "terminated"], ["lastState", "terminated"]]
        .iter()
        .filter_map(|path| status.at(path))
        .find(|node| !node.is_null())
}

fn ended_fields(ended: View<'_>) -> Node {
    let mut fields = ended.to_node();
    let time = |key: &str| ended.str_at(&[key]).and_then(stamp::rfc3339);
    if let (Some(start), Some(end)) = (time("startedAt"), time("finishedAt"))
        && start.as_second() > 0
    {
        fields.set(
            "runtime",
            Node::number(end.as_second() - start.as_second())
                .at_line(ended.get("finishedAt").map_or(0, View::line)),
        );
    }
    fields
}

struct Trouble {
    failing: bool,
    healthy: bool,
    flapping: bool,
}

impl Trouble {
    fn of(
        facts: &Facts<'_>,
        pod: &Entity<'_>,
        status: View<'_>,
        ended: Option<View<'_>>,
        kind: &str,
    ) -> Self {
        let state = status.get("state").unwrap_or_default();
        let stuck = state
            .str_at(&["waiting", "reason"])
            .is_some_and(|reason| STUCK.contains(&reason));
        let exit = state.int_at(&["terminated", "exitCode"]);
        let restarts = status.int_at(&["restartCount"]).unwrap_or(0);
        let run = facts.age(state.str_at(&["running", "startedAt"]));
        let lasted = ended.and_then(|ended| {
            let time = |key: &str| {
                ended
                    .str_at(&[key])
                    .and_then(stamp::rfc3339)
                    .map(jiff::Timestamp::as_second)
            };
            Some(time("finishedAt")? - time("startedAt").filter(|start| *start > 0)?)
        });
        let flapping = run.is_some_and(|run| flaps(restarts, run, lasted, ended));
        let ready = status.bool_at(&["ready"]).unwrap_or(false);
        let unready = kind == "app" && run.is_some_and(|run| run > READY_GRACE) && !ready;
        let policy = || pod.str_at(&["spec", "restartPolicy"]).unwrap_or("Always");
        let died = match exit {
            Some(0) => kind == "app" && policy() == "Always",
            Some(_) => kind == "init" || policy() != "Never",
            None => false,
        };
        let failing = stuck || flapping || unready || died;
        let done = exit == Some(0) && !died;
        Self {
            failing,
            healthy: !failing && (ready || done),
            flapping,
        }
    }
}

/// Whether a container that runs right now is between two crashes rather than recovered.
///
/// The kubelet forgets crashes after ten good minutes. Until then a run that has not clearly outlived
/// the one before it says nothing; where runs last longer than that (a leak), it must outlive it.
fn flaps(restarts: i64, run: i64, lasted: Option<i64>, ended: Option<View<'_>>) -> bool {
    match lasted {
        Some(lasted) if lasted >= 600 => {
            let failed = ended.and_then(|ended| ended.int_at(&["exitCode"])) != Some(0);
            restarts >= 3 && failed && run < lasted
        }
        Some(lasted) => restarts >= 2 && run < (lasted * 2 + 60).min(600),
        None => restarts >= 2 && run < 60,
    }
}

/// The probe for which the kubelet killed the instance that ended, by its own event.
fn killed_by_probe(
    facts: &Facts<'_>,
    pod: &Entity<'_>,
    container: &str,
    ended: View<'_>,
) -> Option<(&'static str, Cite)> {
    let finished = ended
        .str_at(&["finishedAt"])
        .and_then(stamp::rfc3339)?
        .as_second();
    let about = facts.events_about(&pod.subject).iter();
    let kills = about.filter_map(|id| {
        let entity = facts.get(*id);
        let event = entity.event().filter(|event| event.reason == "Killing")?;
        let message = entity.str_at(&["message"])?;
        of_failed(message, container).then_some((entity, event, message))
    });
    for (entity, event, message) in kills {
        let (Some(first), Some(last)) = (event.first, event.last) else {
            continue;
        };
        let (first, last) = (first.as_second(), last.as_second());
        let grace = pod
            .str_at(&["spec", "terminationGracePeriodSeconds"])
            .and_then(|text| text.parse::<i64>().ok())
            .unwrap_or(30);
        // The kubelet stops repeating an event that it has sent too often; a kill that it announced
        // several times within the hour, and an exit by its signals, is the same kill again.
        let signalled = matches!(ended.int_at(&["exitCode"]), Some(137 | 143));
        let again = event.count >= 2 && signalled && finished > last && finished - last <= 3_600;
        if again || first - 5 <= finished && finished <= last + grace + 10 {
            let probe = if message.contains("startup probe") {
                "startup"
            } else {
                "liveness"
            };
            return Some((probe, entity.place()?));
        }
    }
    None
}

/// Since when a container has been restarted again and again, as far as events still tell; else the end of the last
/// run. With its place, if that is an event's.
fn failing_since(
    facts: &Facts<'_>,
    pod: EntityId,
    name: &str,
    ended: View<'_>,
) -> (Option<Node>, Option<Cite>) {
    let begun = facts.events_of(pod).iter().filter_map(|id| {
        let entity = facts.get(*id);
        let event = entity.event()?;
        let message = entity.str_at(&["message"])?;
        let again = match event.reason.as_str() {
            "BackOff" => message.starts_with("Back-off restarting failed container"),
            "Killing" => of_failed(message, name),
            _ => false,
        };
        let about = entity.str_at(&["container"]);
        let own = again && about.is_none_or(|container| container == name);
        Some((event.first.filter(|_| own)?, entity))
    });
    let finished = ended.get("finishedAt");
    let end = finished.and_then(View::as_str).and_then(stamp::rfc3339);
    let first = begun.min_by_key(|(first, _)| *first);
    match first.filter(|(first, _)| end.is_none_or(|end| *first < end)) {
        Some((first, event)) => {
            // Events of the newer API know fractions, and titles need none.
            let second = jiff::Timestamp::from_second(first.as_second()).unwrap_or(first);
            (Some(Node::text(second.to_string())), event.place())
        }
        None => (finished.map(View::to_node), None),
    }
}

/// `Container <name> failed …`, or `Init container <name> failed …`.
fn of_failed(message: &str, container: &str) -> bool {
    message
        .strip_prefix("Container ")
        .or_else(|| message.strip_prefix("Init container "))
        .and_then(|rest| rest.strip_prefix(container))
        .is_some_and(|rest| rest.starts_with(" failed "))
}

/// Words that mark the line that matters in a log's tail.
const FATAL: &[&str] = &[
    "fatal",
    "panic",
    "error",
    "exception",
    "traceback",
    "denied",
    "missing",
    "required",
    "cannot",
    "can't",
    "failed",
    "failure",
    "refused",
    "not found",
    "no such",
    "unable",
    "invalid",
    "unknown",
    "killed",
    "timeout",
    "timed out",
];

/// Bytes that tell an empty log and kubectl's excuse from a log.
const HEAD: usize = 1 << 10;

fn last_words(
    facts: &Facts<'_>,
    log: &LogFile,
    fields: &mut Vec<(&'static str, Node)>,
    cites: &mut Vec<(&'static str, Cite)>,
) {
    let (file, span) = log.text(facts.snapshot.bundle);
    // A log may be a part of a transcript.
    let (first, last) = (span.first.max(1), span.last.min(file.line_count()));
    let whole = first == 1 && last == file.line_count();
    let head = if whole {
        file.head(HEAD)
    } else {
        file.line(first)
    };
    let empty = || {
        if whole {
            file.chunks().all(|chunk| chunk.text.trim().is_empty())
        } else {
            (first..=last).all(|number| file.line(number).trim().is_empty())
        }
    };
    if head.trim().is_empty() && empty() {
        fields.push(("logEmpty", Node::flag(true)));
        return;
    }
    if logs::is_kubectl_excuse(&head) {
        return;
    }
    if let Some((text, mut cite)) = tail(file, log.file, first, last) {
        cite.line = log.captured_line(cite.line);
        cite.end_line = cite.line;
        fields.push(("lastWords", Node::text(text)));
        cites.push(("lastWords", cite));
    }
}

/// Words of lines that say that a program ends, and not why.
const ENDING: &[&str] = &[
    "exiting",
    "aborting",
    "aborted",
    "shutting down",
    "terminating",
    "cannot start",
    "could not start",
    "failed to start",
    "startup failed",
    "npm err",
    "elifecycle",
    "exit code",
    "exit status",
];

/// Lines before one that only says that the program ends in which the reason is looked for.
const BEFORE_END: usize = 10;

/// Whether a line says that a program ends without a reason behind a colon.
fn only_ends(lower: &str) -> bool {
    let reason = lower.rsplit_once(": ").map_or(0, |(_, why)| why.len());
    lower.starts_with("npm err") || reason < 12 && ENDING.iter().any(|word| lower.contains(word))
}

/// The last line that says what went wrong, else the last line; without its stamp.
fn tail(file: &coldcase_bundle::File, id: FileId, first: u32, last: u32) -> Option<(String, Cite)> {
    let from = last.saturating_sub(40).max(first);
    let lines = (from..=last)
        .rev()
        .map(|number| (number, logs::message(&file.line(number)).into_owned()))
        .filter(|(_, text)| !text.is_empty());
    let mut newest = None;
    // Says that the program ends, and how many more lines may say why.
    let mut end: Option<((u32, String), usize)> = None;
    let mut why = None;
    for (number, text) in lines {
        let lower: String = text.chars().take(400).collect::<String>().to_lowercase();
        // Indented lines are frames of a stack trace; the line that names the fault is not.
        let frame = text.starts_with(char::is_whitespace);
        let fatal = !frame && FATAL.iter().any(|word| lower.contains(word));
        if newest.is_none() {
            newest = Some((number, text.clone()));
        }
        if fatal && !only_ends(&lower) {
            why = Some((number, text));
            break;
        }
        match &mut end {
            Some((_, 0)) => break,
            Some((_, left)) => *left -= 1,
            None if fatal => end = Some(((number, text), BEFORE_END)),
            None => {}
        }
    }
    let (line, text) = why.or(end.map(|(line, _)| line)).or(newest)?;
    Some((
        text.trim().chars().take(400).collect(),
        Cite {
            file: id,
            line,
            end_line: line,
        },
    ))
}
