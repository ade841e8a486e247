//! Reads what a kubelet logs of pods that it could not start: the events that it reported of them, in its words.

use super::{
    Told, names,
    said::{Said, quoted},
};

/// Most failures of one line that are read: one for each container of a pod.
const CLAUSES: usize = 32;

/// `failed to "StartContainer" for "app" with CrashLoopBackOff: "back-off …"`
#[derive(Debug, Default, PartialEq, Eq)]
struct Clause {
    action: String,
    target: String,
    reason: String,
    message: String,
}

/// The events of a line about a pod that could not be synchronised, or about its sandbox.
pub(super) fn events(said: &Said<'_>) -> Vec<Told> {
    let text = &*said.text;
    if text.starts_with("Error syncing pod") {
        return syncing(said);
    }
    if text.starts_with("Failed to create sandbox for pod")
        || text.starts_with("CreatePodSandbox for pod")
    {
        return sandbox(said).into_iter().collect();
    }
    Vec::new()
}

/// `Error syncing pod`, with its pod as a key, or in the text: `Error syncing pod UID ("name_ns(uid)"), skipping: …`
fn syncing(said: &Said<'_>) -> Vec<Told> {
    let old = || {
        let (_, rest) = said.text.split_once("(\"")?;
        let (pod, rest) = rest.split_once("\")")?;
        let (_, error) = rest.split_once("skipping: ")?;
        Some((names::whole(pod)?, error))
    };
    let new = || {
        Some((
            said.pod()?,
            Some(said.get("err")).filter(|err| !err.is_empty())?,
        ))
    };
    let Some((pod, error)) = new().or_else(old) else {
        return Vec::new();
    };
    let told = clauses(error);
    if told.is_empty() {
        return of_error(pod, error).into_iter().collect();
    }
    told.iter()
        .flat_map(|clause| of_clause(pod, clause))
        .collect()
}

type Pod<'t> = (&'t str, &'t str, &'t str);

/// Errors that are no failed step of a start.
fn of_error(pod: Pod<'_>, error: &str) -> Option<Told> {
    if error.starts_with("network is not ready: ") {
        return Some(Told::of_pod(pod, "NetworkNotReady", error.to_owned()));
    }
    if error.starts_with("unmounted volumes=") {
        let message = format!("Unable to attach or mount volumes: {error}");
        return Some(Told::of_pod(pod, "FailedMount", message));
    }
    None
}

/// All failed steps that an error names.
fn clauses(mut error: &str) -> Vec<Clause> {
    let mut found = Vec::new();
    while found.len() < CLAUSES {
        let Some((_, rest)) = error.split_once("failed to \"") else {
            break;
        };
        error = match step(rest) {
            Some((clause, after)) => {
                found.push(clause);
                after
            }
            None => rest,
        };
    }
    found
}

/// Reads a step behind its `failed to "`; gives what follows it.
fn step(rest: &str) -> Option<(Clause, &str)> {
    let (action, rest) = rest.split_once('"')?;
    let rest = rest.strip_prefix(" for ")?;
    let (target, rest) = quoted(rest)?;
    let rest = rest.strip_prefix(" with ")?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric());
    let (reason, rest) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
    let (message, rest) = match rest.strip_prefix(": ") {
        Some(message) if message.starts_with('"') => quoted(message)?,
        _ => ("".into(), rest),
    };
    let clause = Clause {
        action: action.to_owned(),
        target: target.into_owned(),
        reason: reason.to_owned(),
        message: message.into_owned(),
    };
    Some((clause, rest))
}

/// What the kubelet reports of a failed step.
fn of_clause(pod: Pod<'_>, clause: &Clause) -> Vec<Told> {
    let message = clause.message.as_str();
    let of_pod = |reason: &str, message: String| vec![Told::of_pod(pod, reason, message)];
    match clause.reason.as_str() {
        "CreatePodSandboxError" | "ConfigPodSandboxError" if message.is_empty() => Vec::new(),
        "CreatePodSandboxError" => of_pod("FailedCreatePodSandBox", sandbox_message(message)),
        "ConfigPodSandboxError" => of_pod("FailedCreatePodSandBox", message.to_owned()),
        "KillPodSandboxError" | "KillContainerError" => {
            let message = format!(
                "error killing pod: failed to \"{}\" for \"{}\" with {}: \"{message}\"",
                clause.action, clause.target, clause.reason
            );
            of_pod("FailedKillPod", message)
        }
        _ if clause.action.ends_with("StartContainer") && names::is_label(&clause.target) => {
            let of_container = |(reason, message): (&str, String)| {
                Told::of_pod(pod, reason, message).in_container(&clause.target)
            };
            container(pod, clause)
                .into_iter()
                .map(of_container)
                .collect()
        }
        _ => Vec::new(),
    }
}

/// What is reported of a container that did not start.
fn container(pod: Pod<'_>, clause: &Clause) -> Vec<(&'static str, String)> {
    let message = clause.message.clone();
    let (namespace, name, uid) = pod;
    match clause.reason.as_str() {
        "CrashLoopBackOff" => {
            let whole = match message.split_once(" pod=") {
                Some((_, whole)) => whole.to_owned(),
                None => format!("{name}_{namespace}({uid})"),
            };
            let container = &clause.target;
            let message =
                format!("Back-off restarting failed container {container} in pod {whole}");
            vec![("BackOff", message)]
        }
        "ImagePullBackOff" => vec![("BackOff", message)],
        "ErrImagePull" | "SignatureValidationFailed" | "RegistryUnavailable" => {
            vec![("Failed", format!("{PULL}{message}"))]
        }
        "ErrImageNeverPull" => vec![("ErrImageNeverPull", message)],
        reason @ ("InvalidImageName" | "ImageInspectError") => vec![
            ("InspectFailed", message),
            ("Failed", format!("Error: {reason}")),
        ],
        "PostStartHookError" => vec![("FailedPostStartHook", message)],
        _ if message.is_empty() => Vec::new(),
        _ => vec![("Failed", format!("Error: {message}"))],
    }
}

/// How a failed pull is told until its image is found.
pub(super) const PULL: &str = "Failed to pull image: ";

/// A sandbox that could not be created, as the runtime's client logs it.
fn sandbox(said: &Said<'_>) -> Option<Told> {
    let (pod, error) = if let Some(pod) = said.pod() {
        (pod, said.get("err"))
    } else {
        let (_, rest) = said.text.split_once(" for pod \"")?;
        let (pod, rest) = rest.split_once('"')?;
        (names::whole(pod)?, after_pod(rest)?)
    };
    let message = format!("{SANDBOX}{error}");
    (!error.is_empty()).then(|| Told::of_pod(pod, "FailedCreatePodSandBox", message))
}

const SANDBOX: &str = "Failed to create pod sandbox: ";

/// `Failed to create sandbox for pod "…": ERROR` and `CreatePodSandbox for pod "…" failed: ERROR` as it is reported.
fn sandbox_message(message: &str) -> String {
    let of_pod = message
        .split_once(" for pod \"")
        .filter(|(head, _)| head.ends_with("create sandbox") || head.ends_with("CreatePodSandbox"));
    let error = of_pod
        .and_then(|(_, rest)| after_pod(rest.split_once('"')?.1))
        .unwrap_or(message);
    format!("{SANDBOX}{error}")
}

fn after_pod(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix(" failed").unwrap_or(rest);
    rest.strip_prefix(": ")
}

/// The image that a kubelet could not pull, and why, where it does not say for whom.
pub(super) fn pull<'s>(said: &'s Said<'_>) -> Option<(&'s str, &'s str)> {
    let image = said.get("image");
    let fits = said.text == "Failed to pull image" && is_image(image);
    fits.then(|| (said.get("err"), image))
}

/// The image that words of a runtime or of the kubelet name.
pub(super) fn image_of(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("image \"")?;
    let (image, _) = rest.split_once('"')?;
    is_image(image).then_some(image)
}

fn is_image(text: &str) -> bool {
    !text.is_empty() && text.len() < 512 && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> Vec<String> {
        let line = format!("E0303 08:00:01.250000     912 pod_workers.go:1301] {body}");
        let said = Said::of(&line).unwrap();
        events(&said).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn containers_that_do_not_start() {
        let two = r#""Error syncing pod, skipping" err="[failed to \"StartContainer\" for \"app\" with CrashLoopBackOff: \"back-off 5m0s restarting failed container=app pod=web-1_shop(u-1)\", failed to \"StartContainer\" for \"log\" with ErrImagePull: \"rpc error: code = NotFound desc = no image \\\"reg.local/log:9\\\" with \\\"failed to \\\\\\\"x\\\\\\\"\\\"\"]" pod="shop/web-1" podUID="u-1""#;
        assert_eq!(
            told(two),
            [
                "Pod shop/web-1 u-1 spec.containers{app} BackOff: Back-off restarting failed container app in pod web-1_shop(u-1)",
                "Pod shop/web-1 u-1 spec.containers{log} Failed: Failed to pull image: rpc error: code = NotFound desc = no image \"reg.local/log:9\" with \"failed to \\\"x\\\"\"",
            ]
        );
        let old = r#"Error syncing pod u-1 ("web-1_shop(u-1)"), skipping: failed to "StartContainer" for "app" with ImagePullBackOff: "Back-off pulling image \"reg.local/app:1\"""#;
        assert_eq!(
            told(old),
            [
                "Pod shop/web-1 u-1 spec.containers{app} BackOff: Back-off pulling image \"reg.local/app:1\""
            ]
        );
        let config = r#""Error syncing pod, skipping" err="failed to \"StartContainer\" for \"app\" with CreateContainerConfigError: \"secret \\\"db\\\" not found\"" pod="shop/web-1" podUID="u-1""#;
        assert_eq!(
            told(config),
            ["Pod shop/web-1 u-1 spec.containers{app} Failed: Error: secret \"db\" not found"]
        );
    }

    #[test]
    fn sandboxes_networks_and_volumes() {
        let expected = [
            "Pod shop/web-1 u-1 FailedCreatePodSandBox: Failed to create pod sandbox: rpc error: no \"net\"",
        ];
        for line in [
            r#""Error syncing pod, skipping" err="failed to \"CreatePodSandbox\" for \"web-1_shop(u-1)\" with CreatePodSandboxError: \"Failed to create sandbox for pod \\\"web-1_shop(u-1)\\\": rpc error: no \\\"net\\\"\"" pod="shop/web-1" podUID="u-1""#,
            r#"Error syncing pod u-1 ("web-1_shop(u-1)"), skipping: failed to "CreatePodSandbox" for "web-1_shop(u-1)" with CreatePodSandboxError: "CreatePodSandbox for pod \"web-1_shop(u-1)\" failed: rpc error: no \"net\"""#,
            r#""Failed to create sandbox for pod" err="rpc error: no \"net\"" pod="shop/web-1" podUID="u-1""#,
            r#"CreatePodSandbox for pod "web-1_shop(u-1)" failed: rpc error: no "net""#,
        ] {
            assert_eq!(told(line), expected, "{line}");
        }
        let network = r#"Error syncing pod u-1 ("web-1_shop(u-1)"), skipping: network is not ready: no plugin"#;
        assert_eq!(
            told(network),
            ["Pod shop/web-1 u-1 NetworkNotReady: network is not ready: no plugin"]
        );
        let volumes = r#""Error syncing pod, skipping" err="unmounted volumes=[tls], unattached volumes=[]: timed out waiting for the condition" pod="shop/web-1" podUID="u-1""#;
        assert!(
            told(volumes)[0].contains(
                "FailedMount: Unable to attach or mount volumes: unmounted volumes=[tls]"
            )
        );
    }

    #[test]
    fn what_names_nobody_is_left_out() {
        for line in [
            r#""Error syncing pod, skipping" err="context canceled" pod="shop/web-1""#,
            r#""Error syncing pod, skipping" err="failed to \"StartContainer\" for \"<b>\" with CrashLoopBackOff: \"x\"" pod="shop/web-1""#,
            r#""Error syncing pod, skipping" err="failed to \"StartContainer\" for \"app\" with CrashLoopBackOff: \"x\"" pod="shop/<web>""#,
            r#""Error syncing pod, skipping" err="failed to \"CreatePodSandbox\" for \"x\" with CreatePodSandboxError" pod="shop/web-1""#,
            r#"Error syncing pod failed to "failed to "failed to "a" for "#,
        ] {
            assert!(told(line).is_empty(), "{line}");
        }
    }
}
