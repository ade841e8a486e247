//! Reads what a kubelet logs of containers that run: probes that failed, what it ends, and that a start went well.

use super::{Told, names, said::Said};

/// The event of a line about a probe, or about the begin or the end of a container.
pub(super) fn event(said: &Said<'_>) -> Option<Told> {
    match &*said.text {
        "Probe failed" => keyed(said, "failed", "output"),
        "Probe errored" => keyed(said, "errored", "err"),
        "Message for Container of pod" => {
            let message = said.get("containerMessage");
            killing(said, message)
        }
        "Killing container with a grace period" => {
            let message = format!("{STOPPING}{}", said.container());
            killing(said, &message)
        }
        "Observed pod startup duration" | "Pod startup duration" => {
            let started = "Started container".to_owned();
            Some(Told::of_pod(said.pod()?, STARTED, started).normal())
        }
        text if text.starts_with("SyncLoop (PLEG): ") => begun(said),
        text => worded(text),
    }
}

/// All containers of a pod run: each was reported with this reason.
pub(super) const STARTED: &str = "Started";
/// A container or the sandbox runs; what comes before it in a start went well.
pub(super) const BEGUN: &str = "ContainerStarted";

/// `"SyncLoop (PLEG): event for pod" pod="shop/web-1" event={…"Type":"ContainerStarted"…}`, in older ones all as text.
fn begun(said: &Said<'_>) -> Option<Told> {
    let (_, rest) = said.text.split_once(": ")?;
    let old = || names::whole(rest.strip_prefix('"')?.split_once('"')?.0);
    let event = match said.get("event") {
        "" => rest,
        event => event,
    };
    event.contains("\"ContainerStarted\"").then_some(())?;
    let message = "Container started".to_owned();
    Some(Told::of_pod(said.pod().or_else(old)?, BEGUN, message).normal())
}

/// How the end of a container is told that no other reason is known of.
pub(super) const STOPPING: &str = "Stopping container ";

/// Probes as they are called.
const PROBES: &[&str] = &["Liveness", "Readiness", "Startup"];

fn keyed(said: &Said<'_>, how: &str, why: &str) -> Option<Told> {
    let probe = PROBES
        .iter()
        .find(|probe| said.get("probeType") == **probe)?;
    let (pod, container) = (said.pod()?, said.container());
    let message = format!("{probe} probe {how}: {}", said.get(why));
    (!container.is_empty()).then(|| Told::of_pod(pod, "Unhealthy", message).in_container(container))
}

/// `Readiness probe for "web-1_shop(uid):app" failed (failure): …`
fn worded(text: &str) -> Option<Told> {
    let (probe, rest) = text.split_once(" probe for \"")?;
    PROBES.contains(&probe).then_some(())?;
    let (target, rest) = rest.split_once("\" ")?;
    let (pod, container) = target.rsplit_once(':')?;
    let (how, why) = rest.split_once(": ")?;
    let how = match how {
        "errored" => how,
        _ => how
            .strip_suffix(" (failure)")
            .filter(|how| *how == "failed")?,
    };
    let message = format!("{probe} probe {how}: {why}");
    names::is_label(container).then_some(())?;
    let told = Told::of_pod(names::whole(pod)?, "Unhealthy", message);
    Some(told.in_container(container))
}

fn killing(said: &Said<'_>, message: &str) -> Option<Told> {
    let (pod, container) = (said.pod()?, said.container());
    if container.is_empty() || message.is_empty() {
        return None;
    }
    let told = Told::of_pod(pod, "Killing", message.to_owned()).in_container(container);
    Some(told.normal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_and_ends() {
        for (body, expected) in [
            (
                r#""Probe failed" probeType="Liveness" pod="shop/web-1" podUID="u-1" containerName="app" probeResult="failure" output="HTTP probe failed with statuscode: 503""#,
                Some(
                    "Pod shop/web-1 u-1 spec.containers{app} Unhealthy: Liveness probe failed: HTTP probe failed with statuscode: 503",
                ),
            ),
            (
                r#"Readiness probe for "web-1_shop(u-1):app" failed (failure): HTTP probe failed with statuscode: 503"#,
                Some(
                    "Pod shop/web-1 u-1 spec.containers{app} Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503",
                ),
            ),
            (
                r#""Message for Container of pod" containerName="app" containerStatusID={Type:"containerd" ID:"a6"} pod="shop/web-1" containerMessage="Container app failed liveness probe, will be restarted""#,
                Some(
                    "Pod shop/web-1 spec.containers{app} Killing: Container app failed liveness probe, will be restarted",
                ),
            ),
            (
                r#"Readiness probe for "<b>_shop(u-1):app" failed (failure): x"#,
                None,
            ),
            (
                r#"Readiness probe for "web-1_shop(u-1):app" succeeded"#,
                None,
            ),
            (
                r#""Probe failed" probeType="Liveness" pod="shop/web-1" output="x""#,
                None,
            ),
        ] {
            let line = format!("I0303 08:00:01.250000     912 prober.go:1] {body}");
            let told = event(&Said::of(&line).unwrap()).map(|told| told.to_string());
            assert_eq!(told.as_deref(), expected, "{body}");
        }
    }
}
