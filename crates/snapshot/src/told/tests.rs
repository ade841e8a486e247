//! What whole bundles tell: journals, files of services, logs of controllers, and captured events beside them.

use coldcase_bundle::Bundle;

use crate::{Snapshot, coverage::Status};

fn with(files: &[(&str, &str)], check: impl FnOnce(&Snapshot<'_>)) {
    let bundle = Bundle::from_texts("t", files.iter().copied());
    check(&crate::read(&bundle));
}

/// Reason, namespace and name, count, message of every event.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    with(files, |snapshot| {
        let events = snapshot.events.iter();
        found = events
            .map(|event| {
                let about = &event.regarding;
                format!(
                    "{} {}/{} x{} {}",
                    event.reason,
                    about.namespace,
                    about.name,
                    event.count,
                    event.message()
                )
            })
            .collect();
    });
    found
}

const SYNC: &str = r#"pod_workers.go:1301] "Error syncing pod, skipping" err="failed to \"StartContainer\" for \"app\" with CrashLoopBackOff: \"back-off #m0s restarting failed container=app pod=web-1_shop(u-1)\"" pod="shop/web-1" podUID="u-1""#;
const MOUNT: &str = r#"nestedpendingoperations.go:348] Operation for "{volumeName:v podName:u-2 nodeName:}" failed. No retries permitted until x. Error: MountVolume.SetUp failed for volume "tls" (UniqueName: "v") pod "db-0" (UID: "u-2") : secret "tls" not found"#;

/// Lines of a kubelet's journal, one a minute.
fn journal(lines: &[&str]) -> String {
    let line = |(at, line): (usize, &&str)| {
        let minute = at % 60;
        format!(
            "2026-03-03T08:{minute:02}:01+0000 w1 kubelet[912]: E0303 08:{minute:02}:01.250000     912 {line}\n"
        )
    };
    lines.iter().enumerate().map(line).collect()
}

#[test]
fn a_journal_tells_events_with_their_lines() {
    let lines: Vec<String> = (1..5).map(|n| SYNC.replace('#', &n.to_string())).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let text = journal(&lines);
    with(&[("a/kubelet.log", &text), ("x/y", "")], |snapshot| {
        let [event] = snapshot.events.as_slice() else {
            panic!("{:?}", snapshot.events);
        };
        assert_eq!(event.reason, "BackOff");
        assert_eq!((event.count, event.container()), (4, Some("app")));
        assert_eq!(
            (event.host.as_str(), event.component.as_str()),
            ("w1", "kubelet")
        );
        let time = |time: Option<jiff::Timestamp>| time.map(|time| time.to_string());
        assert_eq!(time(event.first).as_deref(), Some("2026-03-03T08:00:01Z"));
        assert_eq!(time(event.last).as_deref(), Some("2026-03-03T08:03:01Z"));
        assert_eq!(
            event
                .object
                .root
                .get("message")
                .map(crate::packed::View::line),
            Some(4)
        );
        assert!(event.object.partial);
        // That there are no other events is not known.
        assert_eq!(snapshot.coverage.status("Event"), Status::NotCollected);
        assert!(!snapshot.coverage.covers("Event", "shop"));
        let sources = &snapshot.coverage.sources;
        assert!(
            sources
                .keys()
                .any(|source| source.starts_with("events told"))
        );
    });
}

#[test]
fn other_lines_and_captured_pods_place_a_pod() {
    let sentence = r#"secret "tls" not found"#;
    let expected = format!(
        "FailedMount shop/db-0 x1 MountVolume.SetUp failed for volume \"tls\" : {sentence}"
    );
    let alone = journal(&[MOUNT]);
    assert!(told(&[("a/kubelet.log", &alone), ("x/y", "")]).is_empty());
    for other in [
        r#"kubelet.go:1] "SyncLoop ADD" source="api" pods=["shop/db-0"] x="u-2""#,
        r#"kubelet.go:1] SyncLoop (ADD, "api"): "db-0_shop(u-2)""#,
        r#"x.go:1] "Unable to set up" pod="shop/db-0" podUID="u-2""#,
    ] {
        let text = journal(&[MOUNT, other]);
        assert_eq!(
            told(&[("a/kubelet.log", &text), ("x/y", "")]),
            [expected.as_str()],
            "{other}"
        );
    }
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: db-0, namespace: shop, uid: u-2}\nspec: {}\nstatus: {phase: Pending}\n";
    let files = [("a/kubelet.log", alone.as_str()), ("a/pods.yaml", pod)];
    assert_eq!(told(&files), [expected.as_str()]);
}

#[test]
fn a_message_of_several_lines_is_one() {
    let mount = MOUNT.replace("secret \"tls\" not found", "mount failed: exit status 32");
    let mut text = journal(&[&mount]);
    text.push_str("2026-03-03T08:00:01+0000 w1 kubelet[912]: Output: mount.nfs: access denied\n");
    text.push_str("2026-03-03T08:00:01+0000 w1 systemd[1]: Started something.\n");
    text.push_str(&journal(&[r#"x.go:1] "x" pod="shop/db-0" podUID="u-2""#]));
    let found = told(&[("a/kubelet.log", &text), ("x/y", "")]);
    assert_eq!(
        found,
        [
            "FailedMount shop/db-0 x1 MountVolume.SetUp failed for volume \"tls\" : mount failed: exit status 32\nOutput: mount.nfs: access denied"
        ]
    );
}

#[test]
fn what_was_captured_is_not_told_again() {
    let event = |reason: &str| {
        format!(
            "apiVersion: v1\nkind: Event\nmetadata: {{name: e, namespace: shop, uid: e1}}\ninvolvedObject: {{kind: Pod, name: web-1, namespace: shop, uid: u-1}}\nreason: {reason}\nmessage: m\ncount: 2\nlastTimestamp: \"2026-03-03T08:05:00Z\"\n"
        )
    };
    let text = journal(&[SYNC]);
    let count = |reason: &str| {
        let event = event(reason);
        told(&[("a/kubelet.log", &text), ("a/events.yaml", &event)]).len()
    };
    assert_eq!(count("BackOff"), 1);
    assert_eq!(count("Pulled"), 2);
    // Another pod of the same name is not the one that was captured.
    let uid = "00000000-0000-0000-0000-00000000000";
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web-1, namespace: shop, uid: {uid}2}}\nspec: {{}}\nstatus: {{phase: Running}}\n"
    );
    let of = |last: &str| SYNC.replace("podUID=\"u-1\"", &format!("podUID=\"{uid}{last}\""));
    for (last, expected) in [("1", 0), ("2", 1)] {
        let text = journal(&[&of(last)]);
        assert_eq!(
            told(&[("a/kubelet.log", &text), ("a/pods.yaml", &pod)]).len(),
            expected
        );
    }
}

#[test]
fn controllers_tell_and_applications_do_not() {
    let line = "2026-03-03T08:00:01.250000000Z stderr F I0303 08:00:01.250000       1 event.go:307] \"Event occurred\" object=\"shop/web-7d\" fieldPath=\"\" kind=\"ReplicaSet\" apiVersion=\"apps/v1\" type=\"Warning\" reason=\"FailedCreate\" message=\"Error creating: exceeded quota\"\n";
    let of = |pod: &str, container: &str| {
        let path = format!("a/var/log/pods/kube-system_{pod}_u-9/{container}/0.log");
        told(&[(path.as_str(), line), ("x/y", "")])
    };
    assert_eq!(
        of("kube-controller-manager-w1", "kube-controller-manager"),
        ["FailedCreate shop/web-7d x1 Error creating: exceeded quota"]
    );
    assert!(of("web-1", "app").is_empty());
}

#[test]
fn evictions_say_what_was_lacking() {
    let text = journal(&[
        r#"eviction_manager.go:1] "Eviction manager: attempting to reclaim" resourceName="memory""#,
        r#"eviction_manager.go:2] "Eviction manager: pod is evicted successfully" pod="shop/web-1""#,
    ]);
    assert_eq!(
        told(&[("a/kubelet.log", &text), ("x/y", "")]),
        [
            "EvictionThresholdMet /w1 x1 Attempting to reclaim memory",
            "Evicted shop/web-1 x1 The node was low on resource: memory. ",
        ]
    );
}

#[test]
fn images_are_found_and_starts_heal() {
    let pull = SYNC.replace(
        "CrashLoopBackOff: \\\"back-off #m0s restarting failed container=app pod=web-1_shop(u-1)\\\"",
        "ErrImagePull: \\\"no route\\\"",
    );
    let image =
        r#"kuberuntime_image.go:1] "Failed to pull image" err="no route" image="reg.local/app:1""#;
    let started =
        r#"x.go:1] "Observed pod startup duration" pod="shop/web-1" podStartSLOduration=1"#;
    let other = started.replace("web-1", "web-2");
    let text = journal(&[image, &pull, started, &other]);
    assert_eq!(
        told(&[("a/kubelet.log", &text), ("x/y", "")]),
        [
            "Failed shop/web-1 x1 Failed to pull image \"reg.local/app:1\": no route",
            "Started shop/web-1 x1 Started container",
        ]
    );
}

#[test]
fn all_forms_of_journals_tell_the_same() {
    let line = format!("E0303 08:00:01.250000     912 {}", SYNC.replace('#', "5"));
    let json = format!(
        "{{\"__REALTIME_TIMESTAMP\":\"1772524801000000\",\"_HOSTNAME\":\"w1\",\"SYSLOG_IDENTIFIER\":\"kubelet\",\"MESSAGE\":\"{}\"}}\n",
        line.replace('\\', "\\\\").replace('"', "\\\"")
    );
    let export = format!(
        "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1772524801000000\n_HOSTNAME=w1\nSYSLOG_IDENTIFIER=kubelet\nMESSAGE={line}\n\n"
    );
    let bare = format!("{line}\n");
    let k3s = format!("2026-03-03T08:00:01+0000 w1 k3s[912]: {line}\n");
    let other = format!("2026-03-03T08:00:01+0000 w1 printer[912]: {line}\n");
    let expected =
        "BackOff shop/web-1 x1 Back-off restarting failed container app in pod web-1_shop(u-1)";
    for text in [json, export, bare, k3s] {
        assert_eq!(
            told(&[("a/kubelet.log", &text), ("x/y", "")]),
            [expected],
            "{text}"
        );
    }
    assert!(told(&[("a/messages", &other), ("x/y", "")]).is_empty());
}

#[test]
fn hostile_lines_are_bounded() {
    let long = SYNC.replace('#', &"\\\\\\\"".repeat(200_000));
    let nested = format!(
        "x.go:1] \"Error syncing pod\" err=\"{}",
        "failed to \\\"".repeat(50_000)
    );
    let text = journal(&[&long, &nested, "x.go:1] Event(v1.ObjectReference{Kind:\""]);
    assert!(told(&[("a/kubelet.log", &text), ("x/y", "")]).len() < 2);
}

#[test]
fn what_a_recorder_logs_is_told_wherever_it_stands() {
    let event = "I0303 08:00:01.250000       1 event.go:218] Event(v1.ObjectReference{Kind:\"Pod\", Namespace:\"shop\", Name:\"db-0\", UID:\"u-1\", FieldPath:\"\"}): type: 'Warning' reason: 'FailedAttachVolume' Multi-Attach error\n";
    let other = "I0303 08:00:02.250000       1 gc.go:1] went on\nE0303 08:00:03.250000       1 gc.go:9] Error syncing pod: no\n";
    let text = format!("It says\n\n```\n{event}{other}```\n");
    assert_eq!(
        told(&[("ticket.md", &text)]),
        ["FailedAttachVolume shop/db-0 x1 Multi-Attach error"]
    );
}
