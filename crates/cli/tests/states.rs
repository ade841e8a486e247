//! What goes on until the capture is active however ready its pod is, and what broke something and is over is told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic is the failure report of a test"
)]

mod support;

use std::{fmt::Write as _, fs};

use serde_json::Value;
use support::{coldcase, scratch, stdout};

const PODS: &str = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: shop-1, namespace: shop, uid: p, creationTimestamp: \"2026-07-14T07:00:00Z\"}, spec: {nodeName: w1, containers: [{name: app, image: registry.example.com/app:1}]}, status: {phase: Running, conditions: [{type: Ready, status: \"True\"}], containerStatuses: [{name: app, ready: true, restartCount: 0, state: {running: {startedAt: \"2026-07-14T07:00:05Z\"}}}]}}\n";
const NODES: &str = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Node, metadata: {name: w1, uid: n}, status: {conditions: [{type: Ready, status: \"True\"}]}}\n";
const EVENTS: &str = "apiVersion: v1\nkind: List\nitems: []\n";

/// The verdict on a ready pod and its node with one more file, captured at ten.
fn verdict(name: &str, file: &str, text: &str) -> Value {
    let directory = scratch(name);
    let place = directory.join(file);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    let captured =
        "apiVersion: coldcase.dev/v1\nkind: Bundle\ncaptured_at: \"2026-07-14T10:00:00Z\"\n";
    for (file, text) in [
        ("bundle.yaml", captured),
        ("pods.yaml", PODS),
        ("nodes.yaml", NODES),
        ("events.yaml", EVENTS),
    ] {
        fs::write(directory.join(file), text).unwrap();
    }
    fs::write(place, text).unwrap();
    let bundle = directory.to_str().unwrap();
    let output = coldcase(&["analyze", bundle, "-f", "json", "-o", "-", "-q"]);
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    report["verdict"].clone()
}

/// A line every ten seconds from 9:`first` to 9:`last`.
fn errors(first: u32, last: u32) -> String {
    let mut log = String::new();
    for minute in first..last {
        for second in [2, 12, 22, 32, 42, 52] {
            let _ = writeln!(
                log,
                "2026-07-14T09:{minute:02}:{second:02}.120000000Z ERROR orders: dial tcp 10.0.0.9:5432: connect: connection refused"
            );
        }
    }
    log
}

#[test]
fn errors_until_the_capture_are_active_and_older_ones_are_not() {
    const LOG: &str = "logs/shop/shop-1/app.log";
    let goes_on = verdict("states-goes-on", LOG, &errors(30, 60));
    assert_eq!(goes_on["state"], "active", "{goes_on}");
    let sentence = goes_on["sentence"].as_str().unwrap();
    assert!(sentence.contains("connection refused"), "{sentence}");
    let ended = verdict("states-ended", LOG, &errors(10, 30));
    assert_ne!(ended["state"], "active", "{ended}");
    // What is tried twice a minute may be a target of a monitoring system.
    let now_and_then: String = errors(30, 60)
        .lines()
        .step_by(3)
        .fold(String::new(), |all, line| all + line + "\n");
    let now_and_then = verdict("states-now-and-then", LOG, &now_and_then);
    assert_ne!(now_and_then["state"], "active", "{now_and_then}");
    // Three lines of the last half minute are a beginning that a restart next door may explain.
    let brief: String = errors(59, 60)
        .lines()
        .skip(3)
        .fold(String::new(), |all, line| all + line + "\n");
    let brief = verdict("states-brief", LOG, &brief);
    assert_ne!(brief["state"], "active", "{brief}");
}

#[test]
fn what_the_kernel_killed_within_the_hour_is_told_though_all_is_well() {
    const JOURNAL: &str = "nodes/w1/journal.log";
    let killed = |hour: &str| {
        format!(
            "2026-07-14T{hour}:41:02.100000+0000 w1 kernel: containerd invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=1000\n2026-07-14T{hour}:41:02.100100+0000 w1 kernel: oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=x,mems_allowed=0,global_oom,task_memcg=/kubepods.slice/a,task=containerd,pid=812,uid=0\n2026-07-14T{hour}:41:02.100200+0000 w1 kernel: Out of memory: Killed process 812 (containerd) total-vm:9000000kB, anon-rss:7800000kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:1000\n2026-07-14T09:59:30.000000+0000 w1 systemd[1]: Started session.\n"
        )
    };
    let recent = verdict("states-oom", JOURNAL, &killed("09"));
    assert_eq!(recent["state"], "recovered", "{recent}");
    let long_ago = verdict("states-oom-old", JOURNAL, &killed("03"));
    assert_eq!(long_ago["state"], "nothing_found", "{long_ago}");
}
