//! Facts about containers that end and start again: since when, and with which last words.

use super::*;

const LOOP: &str = "{phase: Running, conditions: [{type: Ready, status: \"False\"}], containerStatuses: [{name: app, ready: false, restartCount: 9, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, reason: Error, startedAt: \"2026-07-14T09:57:00Z\", finishedAt: \"2026-07-14T09:57:02Z\"}}}]}";

fn event(reason: &str, message: &str, container: &str) -> String {
    format!(
        "items:\n- {{apiVersion: v1, kind: Event, metadata: {{name: a.1, namespace: shop, uid: e}}, involvedObject: {{kind: Pod, name: a, namespace: shop, uid: u-a, fieldPath: 'spec.containers{{{container}}}'}}, reason: {reason}, message: '{message}', type: Warning, count: 90, firstTimestamp: \"2026-07-14T08:10:00Z\", lastTimestamp: \"2026-07-14T09:59:00Z\", source: {{component: kubelet}}}}\nkind: List\n"
    )
}

#[test]
fn a_loop_began_where_events_first_tell_of_it() {
    let pods = format!("items:\n{}kind: List\n", pod("a", "app: x", LOOP));
    let (first, end) = ("2026-07-14T08:10:00Z", "2026-07-14T09:57:02Z");
    let again = "Back-off restarting failed container app in pod a_shop(u-a)";
    let probe = "Init container app failed startup probe";
    for (reason, message, container, since) in [
        ("BackOff", again, "app", first),
        ("BackOff", again, "other", end),
        ("BackOff", "Back-off pulling image \"a\"", "app", end),
        ("Killing", probe, "app", first),
        ("Killing", "Stopping container app", "app", end),
    ] {
        let events = event(reason, message, container);
        with(
            &[NOW, ("pods.yaml", &pods), ("events.yaml", &events)],
            |facts| {
                let container = facts.get(facts.of_kind("Container")[0]);
                assert_eq!(
                    container.str_at(&["failingSince"]),
                    Some(since),
                    "{message}"
                );
            },
        );
    }
}

#[test]
fn last_words_are_why_rather_than_that_it_ended() {
    let pods = format!("items:\n{}kind: List\n", pod("a", "app: x", LOOP));
    for (log, words) in [
        (
            "starting\nFATAL: password authentication failed for user \"web\"\nERROR [main] cannot start, exiting\n",
            "FATAL: password authentication failed for user \"web\"",
        ),
        (
            "Error: Cannot find module 'left-pad'\n    at Module._load (node:internal)\nnpm error code 1\nnpm error path /app\n",
            "Error: Cannot find module 'left-pad'",
        ),
        ("ready\nlistening\nERROR exiting\n", "ERROR exiting"),
        (
            "ERROR old trouble\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\nERROR shutting down\n",
            "ERROR shutting down",
        ),
        (
            "starting\npanic: exiting: config/app.yml not found\n",
            "panic: exiting: config/app.yml not found",
        ),
    ] {
        let path = "logs/shop/a/app.previous.log";
        with(&[NOW, ("pods.yaml", &pods), (path, log)], |facts| {
            let container = facts.get(facts.of_kind("Container")[0]);
            assert_eq!(container.str_at(&["lastWords"]), Some(words));
        });
    }
}
