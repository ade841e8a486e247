//! Where in a pod's life events belong, which of them tell of trouble that nothing later ended, and what follows for its containers.

use coldcase_snapshot::{node::Node, packed::View};

use crate::{Entity, EntityId, Facts};

/// Seconds within which the kubelet and the scheduler say again what still holds.
pub(super) const FRESH: i64 = 600;

/// Failures of a probe after which a container is not ready, as Kubernetes counts by default.
const FAILURES: i64 = 3;

/// How far a pod's start has come when an event is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Placed,
    Mounted,
    Sandbox,
    Image,
    Started,
    Runs,
    Ends,
}

/// An event of a pod: what it says, and how long ago.
pub(super) struct Said<'f> {
    pub(super) stage: Stage,
    pub(super) bad: bool,
    pub(super) ago: i64,
    pub(super) reason: &'f str,
    pub(super) message: &'f str,
    pub(super) count: i64,
    pub(super) id: EntityId,
}

impl<'f> Said<'f> {
    fn of(facts: &'f Facts<'_>, id: EntityId) -> Option<Self> {
        let event = facts.get(id);
        let reason = event.str_at(&["reason"])?;
        let message = event.str_at(&["message"]).unwrap_or("");
        let (stage, bad) = stage(reason, message)?;
        Some(Self {
            stage,
            bad,
            ago: ago(facts, event)?,
            reason,
            message,
            count: event.int_at(&["count"]).unwrap_or(1),
            id,
        })
    }

    /// What kubectl would show of a container that waits for this reason.
    pub(super) fn waiting(&self) -> Option<&'static str> {
        const WORDS: &[(&str, &str)] = &[
            ("restarting failed container", "CrashLoopBackOff"),
            ("Error: ImagePullBackOff", "ImagePullBackOff"),
            ("ErrImageNeverPull", "ErrImageNeverPull"),
            ("Error: InvalidImageName", "InvalidImageName"),
            ("Error: ErrImagePull", "ErrImagePull"),
            ("Failed to pull image", "ErrImagePull"),
            ("pulling image", "ImagePullBackOff"),
            ("couldn't find key", "CreateContainerConfigError"),
            ("has runAsNonRoot and", "CreateContainerConfigError"),
            ("breaks non-root policy", "CreateContainerConfigError"),
            ("failed to prepare subPath", "CreateContainerConfigError"),
            ("failed to create containerd task", "RunContainerError"),
            ("failed to start container", "RunContainerError"),
            (
                "failed to create containerd container",
                "CreateContainerError",
            ),
            ("failed to reserve container name", "CreateContainerError"),
            ("container create failed", "CreateContainerError"),
        ];
        let known = WORDS.iter().find(|(word, _)| self.message.contains(word));
        let missing = || {
            let object = self.message.strip_prefix("Error: ")?;
            let of_config = object.starts_with("secret") || object.starts_with("configmap");
            (of_config && object.ends_with(" not found")).then_some("CreateContainerConfigError")
        };
        match self.reason {
            "BackOff" | "Failed" => known.map(|(_, reason)| *reason).or_else(missing),
            "ErrImageNeverPull" => Some("ErrImageNeverPull"),
            _ => None,
        }
    }

    /// Whether it keeps the container from running; one answer of a probe does not.
    fn counts(&self) -> bool {
        self.bad && (self.stage != Stage::Runs || self.count >= FAILURES)
    }
}

/// The kubelet's newest words about why it cannot create or start a container: `Error: secret "x" not found`.
pub(crate) fn newest_error<'f>(
    facts: &'f Facts<'_>,
    pod: EntityId,
    container: &str,
) -> Option<&'f str> {
    let events = facts.events_about(&facts.get(pod).subject).iter();
    let errors = events.filter_map(|id| {
        let event = facts.get(*id);
        let own = event.str_at(&["container"]) == Some(container);
        let failed = own && event.str_at(&["reason"]) == Some("Failed");
        let message = event.str_at(&["message"]).filter(|_| failed)?;
        // What comes of a pull is told by other words.
        let why = message.strip_prefix("Error: ")?;
        let of_image = why.contains("ImagePull") || why.contains("InvalidImageName");
        (!of_image).then_some((ago(facts, event)?, why))
    });
    Some(errors.min_by_key(|(ago, _)| *ago)?.1)
}

/// Where in a pod's life an event belongs, and whether it tells of trouble.
fn stage(reason: &str, message: &str) -> Option<(Stage, bool)> {
    Some(match reason {
        "FailedScheduling" => (Stage::Placed, true),
        "Scheduled" => (Stage::Placed, false),
        "FailedAttachVolume" | "FailedMount" | "FailedMapVolume" => (Stage::Mounted, true),
        "SuccessfulAttachVolume" | "SuccessfulMountVolume" => (Stage::Mounted, false),
        "FailedCreatePodSandBox" | "FailedCreatePodSandbox" | "NetworkNotReady" => {
            (Stage::Sandbox, true)
        }
        "Failed" if message.contains("mage") => (Stage::Image, true),
        "ErrImageNeverPull" | "InspectFailed" => (Stage::Image, true),
        "BackOff" if message.contains("pulling image") => (Stage::Image, true),
        // Kubelets log it of sandboxes and of containers alike.
        "ContainerStarted" => (Stage::Sandbox, false),
        // What comes before a start went well; that a container then runs is not said.
        "Pulled" | "Started" => (Stage::Image, false),
        "Failed" => (Stage::Started, true),
        "BackOff" => (Stage::Started, true),
        "Unhealthy" => (Stage::Runs, true),
        "Killing" if message.starts_with("Stopping") => (Stage::Ends, false),
        "Preempted" | "Evicted" | "TaintManagerEviction" => (Stage::Ends, false),
        _ => return None,
    })
}

/// Seconds since an event was last seen.
pub(super) fn ago(facts: &Facts<'_>, event: &Entity<'_>) -> Option<i64> {
    let stamped = facts.age(event.str_at(&["last"]));
    stamped.or_else(|| event.printed_age("last", None).and_then(View::as_i64))
}

/// The newest trouble of a pod, or of one of its containers, that nothing later ended.
pub(super) fn trouble<'f>(
    facts: &'f Facts<'_>,
    pod: EntityId,
    container: Option<&str>,
) -> Option<Said<'f>> {
    let events = facts.events_about(&facts.get(pod).subject).iter();
    let said: Vec<Said<'_>> = events.filter_map(|id| Said::of(facts, *id)).collect();
    let of = |said: &&Said<'_>| {
        container.is_none_or(|name| facts.get(said.id).str_at(&["container"]) == Some(name))
    };
    let ended = |bad: &Said<'_>| {
        said.iter()
            .any(|it| !it.bad && it.stage >= bad.stage && it.ago <= bad.ago)
    };
    said.iter()
        .filter(of)
        .filter(|it| it.counts() && it.ago <= FRESH && !ended(it))
        .min_by_key(|it| (it.ago, std::cmp::Reverse(it.stage), it.id))
        .map(|it| Said { ..*it })
}

/// What the newest trouble of a pod says of one of its containers.
pub(crate) fn state_of(
    facts: &Facts<'_>,
    pod: EntityId,
    container: &str,
) -> Vec<(&'static str, Node)> {
    trouble(facts, pod, Some(container)).map_or_else(Vec::new, |said| state(&said))
}

/// What follows for the containers of a pod from trouble that was told more than once, or that is a back-off: what was
/// said once may pass by itself.
pub(crate) fn lasting(facts: &Facts<'_>, pod: EntityId) -> Option<Vec<(&'static str, Node)>> {
    let said = trouble(facts, pod, None)?;
    (said.count > 1 || said.reason == "BackOff").then(|| state(&said))
}

/// What follows for a container.
pub(super) fn state(said: &Said<'_>) -> Vec<(&'static str, Node)> {
    let flag = Node::flag;
    match said.stage {
        Stage::Image | Stage::Started => {
            let mut fields = vec![
                ("state", Node::text("waiting")),
                ("failing", flag(true)),
                ("healthy", flag(false)),
                ("ready", flag(false)),
            ];
            if let Some(reason) = said.waiting() {
                let mut waiting = vec![("reason", Node::text(reason))];
                if matches!(
                    reason,
                    "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError"
                ) {
                    let why = said.message.strip_prefix("Error: ").unwrap_or(said.message);
                    waiting.push(("message", Node::text(why)));
                }
                fields.push(("waiting", Node::map(waiting)));
            }
            fields
        }
        Stage::Runs => vec![("failing", flag(true)), ("healthy", flag(false))],
        Stage::Placed => ["state", "waiting", "running", "ended", "failing"]
            .map(|field| (field, Node::default()))
            .to_vec(),
        _ => vec![("state", Node::text("waiting")), ("failing", flag(false))],
    }
}
