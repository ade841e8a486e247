//! The container that kubectl's STATUS column speaks of, where a pod is known from a table that names no container.

use coldcase_snapshot::{logs::LogFile, node::Node, packed::View};

use crate::{
    Cite, Entity, EntityId, Facts, PodHealth,
    container::{Logs, STUCK},
    reported, silent,
};

/// Seconds after which a pod that waits, or that runs and is not ready, is not merely young.
const YOUNG: i64 = 45;

/// Seconds after which the kubelet has forgotten a crash.
const FORGOTTEN: i64 = 600;

/// Reasons of containers that wait for their turn.
const WAITING: &[&str] = &["ContainerCreating", "PodInitializing"];

/// Reasons of containers that ended in trouble.
const ENDED: &[&str] = &[
    "ContainerCannotRun",
    "ContainerStatusUnknown",
    "Error",
    "OOMKilled",
    "StartError",
];

/// What a row of `kubectl get pods` says of the containers together.
struct Row<'v> {
    status: &'v str,
    /// The status without the mark of init containers.
    reason: &'v str,
    init: bool,
    ready: Option<i64>,
    containers: Option<i64>,
    restarts: Option<i64>,
    /// Seconds since the last restart.
    restarted: Option<i64>,
    line: u32,
}

impl<'v> Row<'v> {
    fn of(root: View<'v>) -> Option<Self> {
        let table = root.get("table")?;
        let status = table.get("status")?;
        let text = status.as_str()?;
        let init = text.strip_prefix("Init:");
        Some(Self {
            status: text,
            reason: init.unwrap_or(text),
            init: init.is_some(),
            ready: table.int_at(&["ready"]),
            containers: table.int_at(&["containers"]),
            restarts: table.int_at(&["restarts"]),
            restarted: table.int_at(&["lastRestartSeconds"]),
            line: status.line(),
        })
    }

    /// Whether the pod certainly has a node: only a kubelet says more of a pod than that it waits for one.
    fn is_placed(&self) -> bool {
        WAITING.contains(&self.reason)
            || STUCK.contains(&self.reason)
            || self.ended()
            || self.init
            || self.status == "Running"
    }

    fn all_ready(&self) -> bool {
        self.containers.is_some_and(|all| all > 0) && self.ready == self.containers
    }

    /// Restarts of one container: the column is their sum, which of one container, and of none at all, says it all.
    fn own_restarts(&self) -> Option<i64> {
        let one = self.containers == Some(1) && !self.init;
        self.restarts.filter(|sum| *sum == 0 || one)
    }

    /// Whether it may be between two crashes rather than running.
    fn flaps(&self) -> bool {
        self.restarts.is_some_and(|restarts| restarts >= 2)
            && self.restarted.is_some_and(|ago| ago < FORGOTTEN)
    }

    /// The name of the only container: the one that all logs of the pod are of.
    fn name<'l>(&self, logs: &[&'l LogFile]) -> Option<&'l str> {
        let (first, rest) = logs.split_first()?;
        let name = first.container.as_str();
        let only = self.containers == Some(1)
            && !self.init
            && !name.is_empty()
            && rest.iter().all(|log| log.container == name);
        only.then_some(name)
    }

    fn ended(&self) -> bool {
        ENDED.contains(&self.reason)
            || self.reason.starts_with("ExitCode:")
            || self.reason.starts_with("Signal:")
    }
}

/// The row of a pod of which no container is described.
fn row<'e>(facts: &Facts<'e>, pod: EntityId) -> Option<Row<'e>> {
    Row::of(facts.get(pod).root()?)
}

/// Whether a text about a pod leaves out which containers it has.
pub(crate) fn is_open(pod: &Entity<'_>) -> bool {
    let containers = || pod.root()?.at(&["spec", "containers"]);
    pod.partial && containers().is_none()
}

/// Stands for the containers of such a pod, so that what is asked of them is not taken for answered.
pub(crate) fn container<'s>(facts: &Facts<'s>, logs: &Logs<'s>, pod: EntityId) -> Entity<'s> {
    let owner = facts.get(pod);
    let row = row(facts, pod);
    let own = (
        owner.subject.namespace.as_str(),
        owner.subject.name.as_str(),
    );
    let logs = logs.get(&own).map_or(&[][..], Vec::as_slice);
    let name = row.as_ref().and_then(|row| row.name(logs));
    let unnamed = name.map_or_else(|| Node::flag(true), |_| Node::default());
    let mut fields = vec![
        ("unnamed", unnamed),
        ("pod", Node::text(owner.subject.name.as_str())),
        ("namespace", Node::text(owner.subject.namespace.as_str())),
    ];
    fields.extend(name.map(|name| ("name", Node::text(name))));
    if let Some(row) = &row {
        known(row, owner, &mut fields);
        // A row may be older than the events that are pasted below it.
        if WAITING.contains(&row.reason)
            && let Some(told) = reported::lasting(facts, pod)
        {
            fields.retain(|(field, _)| told.iter().all(|(other, _)| other != field));
            fields.extend(told);
        }
    } else {
        fields.extend(silent::of_excerpt(facts, pod));
    }
    let mut made = Entity::computed("Container", owner.subject.clone(), fields);
    made.set_label(match (&row, name) {
        (_, Some(name)) => name,
        (Some(row), _) if row.init => "an init container",
        _ => "a container",
    });
    made.partial = true;
    made.file = owner.file;
    let place = row.zip(owner.file).map(|(row, file)| Cite {
        file,
        line: row.line,
        end_line: row.line,
    });
    made.cited("", place.or_else(|| owner.place()))
}

/// What follows from a row with certainty; all else is left open.
fn known(row: &Row<'_>, pod: &Entity<'_>, fields: &mut Vec<(&'static str, Node)>) {
    let text = |text: &str| Node::text(text).at_line(row.line);
    let flag = |flag| Node::flag(flag).at_line(row.line);
    let null = || Node::default().at_line(row.line);
    let reason = || Node::map(vec![("reason", text(row.reason))]).at_line(row.line);
    if !row.init && row.status != "PodInitializing" {
        fields.push(("type", text("app")));
    }
    if let Some(restarts) = row.own_restarts() {
        fields.push(("restartCount", Node::number(restarts).at_line(row.line)));
        if restarts == 0 && !row.ended() && row.reason != "Completed" {
            fields.extend(["ended", "killedByProbe"].map(|field| (field, null())));
        }
        if restarts == 0 {
            fields.push(("recentRestart", flag(false)));
        }
    }
    if STUCK.contains(&row.reason) || WAITING.contains(&row.reason) {
        let stuck = STUCK.contains(&row.reason);
        fields.extend([("state", text("waiting")), ("waiting", reason())]);
        fields.extend([("ready", flag(false)), ("failing", flag(stuck))]);
    } else if row.ended() {
        fields.extend([("state", text("terminated")), ("waiting", null())]);
        fields.extend([("ended", ended(row)), ("ready", flag(false))]);
    } else if row.status == "Running" {
        fields.extend([("state", text("running")), ("waiting", null())]);
        if row.all_ready() {
            fields.push(("ready", flag(true)));
        }
        if row.all_ready() && !row.flaps() {
            fields.extend([("failing", flag(false)), ("healthy", flag(true))]);
        }
    } else if row.status == "Pending" && placed_nowhere(pod) {
        let fields_of_a_run = ["state", "waiting", "running", "failing", "lastWords"];
        fields.extend(fields_of_a_run.map(|field| (field, null())));
    }
}

/// The instance that ended, as far as its reason says: kubectl writes the code or signal where there is none.
fn ended(row: &Row<'_>) -> Node {
    let part = |key, prefix| {
        let value: i64 = row.reason.strip_prefix(prefix)?.parse().ok()?;
        Some((key, Node::number(value).at_line(row.line)))
    };
    let number = part("exitCode", "ExitCode:").or_else(|| part("signal", "Signal:"));
    let reason = || ("reason", Node::text(row.reason).at_line(row.line));
    Node::map(vec![number.unwrap_or_else(reason)]).at_line(row.line)
}

fn placed_nowhere(pod: &Entity<'_>) -> bool {
    let node = pod.root().and_then(|root| root.at(&["spec", "nodeName"]));
    node.is_some_and(View::is_null)
}

/// The STATUS of a pod of which it is all that is known, and the sum of the restarts.
pub(crate) fn fields(facts: &Facts<'_>, pod: EntityId) -> Vec<(&'static str, Node)> {
    let Some(row) = row(facts, pod) else {
        return Vec::new();
    };
    let restarts = row.restarts.map(Node::number);
    let mut fields = vec![("shown", Node::text(row.status).at_line(row.line))];
    fields.extend(restarts.map(|restarts| ("restarts", restarts.at_line(row.line))));
    let shows_spec = facts
        .get(pod)
        .root()
        .is_some_and(|root| root.get("spec").is_some());
    if !shows_spec && row.is_placed() {
        let node = reported::host(facts, pod);
        // A node that nothing names is one.
        let node = node.map_or_else(|| Node::map(Vec::new()), Node::text);
        fields.push(("spec", Node::map(vec![("nodeName", node)])));
    }
    fields
}

/// Health by the STATUS column, of a pod that has neither ended nor is being deleted by its phase.
pub(crate) fn health(facts: &Facts<'_>, pod: EntityId, age: Option<i64>) -> PodHealth {
    let Some(row) = row(facts, pod) else {
        return PodHealth::Unknown;
    };
    let health = of_row(&row, age);
    let open = matches!(health, PodHealth::Starting | PodHealth::Unknown);
    if open && !row.all_ready() && reported::lasting(facts, pod).is_some() {
        return PodHealth::Failing;
    }
    health
}

fn of_row(row: &Row<'_>, age: Option<i64>) -> PodHealth {
    let old = age.is_none_or(|age| age >= YOUNG);
    let settled = row.restarted.is_none_or(|ago| ago >= YOUNG);
    let early = if old {
        PodHealth::Failing
    } else {
        PodHealth::Starting
    };
    match row.status {
        "Terminating" => PodHealth::Leaving,
        "Succeeded" => PodHealth::Done,
        "Completed" if row.restarts == Some(0) => PodHealth::Done,
        "Completed" => PodHealth::Unknown,
        "Unknown" | "NodeLost" => PodHealth::Failing,
        // A leaf that nobody swept up reads the same as a pod that has just died.
        _ if row.ended() => match age {
            Some(age) if age > 3_600 && row.restarts == Some(0) => PodHealth::Unknown,
            _ => PodHealth::Failing,
        },
        "Running" if row.all_ready() && row.flaps() => PodHealth::Unknown,
        "Running" if row.all_ready() => PodHealth::Healthy,
        "Running" if row.ready.is_none() => PodHealth::Unknown,
        "Running" | "NotReady" if settled => early,
        "Running" | "NotReady" => PodHealth::Starting,
        _ if STUCK.contains(&row.reason) => PodHealth::Failing,
        _ => early,
    }
}

#[cfg(test)]
mod tests {
    use coldcase_bundle::Bundle;

    use crate::Facts;

    fn with(text: &str, check: impl FnOnce(&Facts<'_>)) {
        let bundle = Bundle::from_texts("t", [("ticket.txt", text)]);
        let snapshot = coldcase_snapshot::read(&bundle);
        check(&crate::derive(&snapshot));
    }

    #[test]
    fn the_only_log_of_a_row_tells_the_last_words() {
        let paste = |status: &str, command: &str| {
            format!(
                "$ kubectl get pods -n shop\nNAME     READY   STATUS             RESTARTS   AGE\ncart-0   0/1     {status:<16}   6          10m\n$ kubectl logs cart-0 {command}-n shop\nstarting\nfatal: no table\n$ kubectl get nodes\nNAME   STATUS   ROLES    AGE   VERSION\nw1     Ready    <none>   9d    v1.31.2\n"
            )
        };
        for (status, command, name, words) in [
            ("CrashLoopBackOff", "", None, Some("fatal: no table")),
            (
                "CrashLoopBackOff",
                "-c app ",
                Some("app"),
                Some("fatal: no table"),
            ),
            ("ImagePullBackOff", "", None, None),
        ] {
            with(&paste(status, command), |facts| {
                let container = facts.get(facts.of_kind("Container")[0]);
                assert_eq!(container.str_at(&["name"]), name, "{status} {command}");
                assert_eq!(
                    container.str_at(&["lastWords"]),
                    words,
                    "{status} {command}"
                );
            });
        }
    }

    #[test]
    fn events_below_a_young_row_tell_more_than_it() {
        let paste = |count: &str| {
            format!(
                "$ kubectl get pods\nNAME     READY   STATUS              RESTARTS   AGE\ncart-0   0/1     ContainerCreating   0          41s\n$ kubectl describe pod cart-0\nName:         cart-0\nNamespace:    shop\nEvents:\n  Type     Reason       Age   From     Message\n  ----     ------       ----  ----     -------\n  Warning  FailedMount  {count}  kubelet  MountVolume.SetUp failed for volume \"site\" : configmap \"site\" not found\n"
            )
        };
        let health = |text: &str| {
            let mut health = String::new();
            with(text, |facts| {
                let pod = facts.get(facts.of_kind("Pod")[0]);
                pod.str_at(&["health"])
                    .unwrap_or("")
                    .clone_into(&mut health);
            });
            health
        };
        assert_eq!(health(&paste("9s (x7 over 41s)")), "failing");
        assert_eq!(health(&paste("9s")), "starting");
    }
}
