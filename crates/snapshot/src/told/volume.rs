//! Reads what a kubelet logs of volumes that it could not mount: the events that it reported to their pods.

use super::{
    Told, names,
    said::{Said, quoted},
};

const FAILED: &str = " failed for volume \"";

/// The event of a line about volumes.
pub(super) fn event(said: &Said<'_>) -> Option<Told> {
    if said.text.starts_with("Unable to ") {
        return waiting(said);
    }
    let error = said.error();
    // Older kubelets quote the whole error.
    if let Some((_, rest)) = error.split_once("Error: \"")
        && let Some((inner, _)) = quoted(error.get(error.len() - rest.len() - 1..)?)
        && inner.contains(FAILED)
    {
        return operation(&inner, said);
    }
    operation(error, said)
}

/// `MountVolume.SetUp failed for volume "tls" (UniqueName: "…") pod "web-1" (UID: "…") : secret "tls" not found`
fn operation(error: &str, said: &Said<'_>) -> Option<Told> {
    let (before, rest) = error.split_once(FAILED)?;
    let operation = before.rsplit([' ', '"']).next()?;
    let reason = match operation.split_once('.')? {
        ("MountVolume", _) => "FailedMount",
        ("MapVolume", _) => "FailedMapVolume",
        ("AttachVolume", _) => "FailedAttachVolume",
        _ => return None,
    };
    let (volume, rest) = rest.split_once('"')?;
    let (about, why) = rest.split_once(" : ")?;
    let message = format!(
        "{operation} failed for volume \"{volume}\" : {}",
        why.trim_end()
    );
    if let Some(pod) = said.pod() {
        return Some(Told::of_pod(pod, reason, message));
    }
    let (_, rest) = about.split_once(" pod \"")?;
    let (name, rest) = rest.split_once('"')?;
    let (_, rest) = rest.split_once("(UID: \"")?;
    let (uid, _) = rest.split_once('"')?;
    let fits = names::is_name(name) && names::is_uid(uid);
    fits.then(|| Told::somewhere((name, uid), reason, message))
}

/// `Unable to attach or mount volumes for pod; skipping pod`, with its pod as a key or in the text.
fn waiting(said: &Said<'_>) -> Option<Told> {
    let is_volumes = |text: &str| text.contains("mount volumes");
    if let Some(pod) = said.pod() {
        let error = Some(said.get("err")).filter(|error| !error.is_empty())?;
        let message = format!("Unable to attach or mount volumes: {error}");
        return is_volumes(&said.text).then(|| Told::of_pod(pod, "FailedMount", message));
    }
    let (what, rest) = said.text.split_once(" for pod \"")?;
    let (pod, rest) = rest.split_once('"')?;
    let error = rest.strip_prefix(": ")?;
    let error = error
        .trim_end()
        .strip_suffix("; skipping pod")
        .unwrap_or(error);
    let message = if what == "Unable to mount volumes" {
        format!("{what} for pod \"{pod}\": {error}")
    } else {
        format!("{what}: {error}")
    };
    is_volumes(what).then_some(())?;
    Some(Told::of_pod(names::whole(pod)?, "FailedMount", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> Option<String> {
        let line = format!("E0303 08:00:01.250000     912 x.go:1] {body}");
        event(&Said::of(&line).unwrap()).map(|told| told.to_string())
    }

    #[test]
    fn volumes_that_are_not_mounted() {
        let new = r#"Operation for "{volumeName:kubernetes.io/secret/u-1-tls podName:u-1 nodeName:}" failed. No retries permitted until 2026-03-03 08:02:03 +0000 UTC (durationBeforeRetry 2m2s). Error: MountVolume.SetUp failed for volume "tls" (UniqueName: "kubernetes.io/secret/u-1-tls") pod "web-1" (UID: "u-1") : secret "tls" not found"#;
        let old = r#"Operation for "\"kubernetes.io/secret/u-1-tls\"" failed. No retries permitted until x (durationBeforeRetry 2m2s). Error: "MountVolume.SetUp failed for volume \"tls\" (UniqueName: \"kubernetes.io/secret/u-1-tls\") pod \"web-1\" (UID: \"u-1\") : secret \"tls\" not found""#;
        let expected = "Pod ?/web-1 u-1 FailedMount: MountVolume.SetUp failed for volume \"tls\" : secret \"tls\" not found";
        for line in [new, old] {
            assert_eq!(told(line).as_deref(), Some(expected), "{line}");
        }
        let keyed = r#""MountVolume.SetUp failed" err="MountVolume.SetUp failed for volume \"tls\" : secret \"tls\" not found" pod="shop/web-1""#;
        assert_eq!(
            told(keyed).as_deref(),
            Some(
                "Pod shop/web-1 FailedMount: MountVolume.SetUp failed for volume \"tls\" : secret \"tls\" not found"
            )
        );
        for line in [
            r#""Unable to attach or mount volumes for pod; skipping pod" err="unmounted volumes=[tls]: timed out" pod="shop/web-1""#,
            r#"Unable to attach or mount volumes for pod "web-1_shop": unmounted volumes=[tls]: timed out; skipping pod"#,
        ] {
            assert_eq!(
                told(line).as_deref(),
                Some(
                    "Pod shop/web-1 FailedMount: Unable to attach or mount volumes: unmounted volumes=[tls]: timed out"
                )
            );
        }
        for line in [
            r#"UnmountVolume.TearDown failed for volume "tls" (UniqueName: "x") pod "web-1" (UID: "u-1") : busy"#,
            r#"AttachVolume.Attach failed for volume "a" (UniqueName: "x") from node "w1" : busy"#,
            r#"MountVolume.SetUp succeeded for volume "tls" pod "web-1" (UID: "u-1")"#,
            r#"MountVolume.SetUp failed for volume ""#,
        ] {
            assert_eq!(told(line), None, "{line}");
        }
    }
}
