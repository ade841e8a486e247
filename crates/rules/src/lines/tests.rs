//! Hits as rules see them: on cut lines, within records, in journals written newest first.

use std::fmt::Write as _;

use coldcase_bundle::Bundle;
use coldcase_facts::{Cite, Entity};

use super::*;

const META: (&str, &str) = (
    "bundle.yaml",
    "apiVersion: coldcase.dev/v1\nkind: Bundle\ncaptured_at: \"2026-07-14T12:00:00Z\"\n",
);
const NODE: (&str, &str) = (
    "cluster/nodes.yaml",
    "apiVersion: v1\nkind: Node\nmetadata:\n  name: worker-1\n",
);
const LOG: &str = "cluster/logs/shop/web-1/app.log";
const JOURNAL: &str = "nodes/worker-1/journal.log";

/// The hits of a pattern in a bundle of one log or journal, and how many there are.
fn hits(
    kind: LineKind,
    regex: &str,
    path: &str,
    text: &str,
    then: impl FnOnce(&[&Entity<'_>], u64),
) {
    let bundle = Bundle::from_texts("t", [META, NODE, (path, text)]);
    let snapshot = coldcase_snapshot::read(&bundle);
    let facts = coldcase_facts::derive(&snapshot);
    assert_eq!(
        (snapshot.logs.len(), snapshot.journals.len()),
        match kind {
            LineKind::Log => (1, 0),
            LineKind::Journal => (0, 1),
        }
    );
    let pattern = Pattern {
        regex: regex.to_owned(),
        kind,
    };
    let scanner = scanner(&[pattern]);
    let lines = scan(&facts, scanner.as_ref());
    let Some(found) = lines.hits.get(&(0, 0)) else {
        return then(&[], 0);
    };
    let entities: Vec<&Entity<'_>> = found
        .ids
        .iter()
        .map(|id| lines.entity(&facts, *id))
        .collect();
    then(&entities, found.total);
}

fn places(entity: &Entity<'_>) -> (u32, u32) {
    let Cite { line, end_line, .. } = entity.place().unwrap();
    (line, end_line)
}

fn field<'e>(entity: &'e Entity<'_>, name: &str) -> &'e str {
    entity.str_at(&[name]).unwrap_or("")
}

#[test]
fn a_hit_on_a_frame_cites_the_whole_trace() {
    let text = "\
2026-07-14T10:00:00.000000001Z stdout F 2026-07-14 10:00:00 INFO ready
2026-07-14T10:00:05.000000001Z stderr F 2026-07-14 10:00:05 ERROR request failed
2026-07-14T10:00:05.000000002Z stderr F java.lang.IllegalStateException: no pool
2026-07-14T10:00:05.000000003Z stderr F \tat shop.Pool.take(Pool.java:17)
2026-07-14T10:00:05.000000004Z stderr F Caused by: java.net.ConnectException: refused
2026-07-14T10:00:05.000000005Z stderr F \tat shop.Db.open(Db.java:4)
2026-07-14T10:00:09.000000001Z stdout F 2026-07-14 10:00:09 INFO next
";
    hits(
        LineKind::Log,
        "ConnectException: refused",
        LOG,
        text,
        |found, total| {
            assert_eq!((found.len(), total), (1, 1));
            assert_eq!(places(found[0]), (2, 6));
            assert_eq!(field(found[0], "line"), "5");
            assert_eq!(field(found[0], "recordLines"), "5");
            assert!(field(found[0], "record").starts_with("2026-07-14 10:00:05 ERROR"));
            assert!(field(found[0], "record").ends_with("\tat shop.Db.open(Db.java:4)"));
            assert!(field(found[0], "time").starts_with("2026-07-14T10:00:05.000000001"));
        },
    );
    hits(
        LineKind::Log,
        "INFO (?:ready|next)",
        LOG,
        text,
        |found, _| {
            let all: Vec<_> = found.iter().map(|line| places(line)).collect();
            assert_eq!(all, [(1, 1), (7, 7)]);
            assert_eq!(field(found[0], "record"), field(found[0], "text"));
        },
    );
}

#[test]
fn lines_without_stamps_take_their_records() {
    let text = "\
2026-07-14 10:00:05,000 ERROR worker died
Traceback (most recent call last):
  File \"/app/main.py\", line 3, in run
    go()
ValueError: no such table
2026-07-14 10:00:09,000 INFO next
";
    hits(LineKind::Log, "no such table", LOG, text, |found, total| {
        assert_eq!((found.len(), total), (1, 1));
        assert_eq!(places(found[0]), (1, 5));
        assert!(field(found[0], "time").starts_with("2026-07-14T10:00:05"));
    });
}

#[test]
fn a_pattern_matches_across_the_cuts_of_a_line_once() {
    let mut text = String::new();
    // Far more than a chunk, with a cut line across many of the places where chunks may end.
    for at in 0..9_000 {
        let second = at % 60;
        let stamp = format!("2026-07-14T10:00:{second:02}.000000001Z");
        let _ = writeln!(text, "{stamp} stdout P request {at} failed: connec");
        let _ = writeln!(text, "{stamp} stderr F connection refused by nobody {at}");
        let _ = writeln!(text, "{stamp} stdout F tion refused by db");
    }
    hits(
        LineKind::Log,
        "connection refused by db",
        LOG,
        &text,
        |found, total| {
            assert_eq!((found.len(), total), (40, 9_000));
            assert_eq!(places(found[0]), (1, 3));
            assert_eq!(
                field(found[0], "text"),
                "request 0 failed: connection refused by db"
            );
            assert_eq!(field(found[39], "line"), "26998");
        },
    );
    // A match in one piece counts once, too, and the order of lines is kept among other hits.
    hits(
        LineKind::Log,
        "failed|refused by",
        LOG,
        &text,
        |found, total| {
            assert_eq!(total, 18_000);
            let lines: Vec<&str> = found
                .iter()
                .take(4)
                .map(|line| field(line, "line"))
                .collect();
            assert_eq!(lines, ["1", "2", "4", "5"]);
        },
    );
}

#[test]
fn a_long_record_is_quoted_where_it_was_hit() {
    let mut text =
        String::from("2026-07-14 10:00:05 ERROR deep\njava.lang.StackOverflowError: x\n");
    for at in 0..120 {
        let _ = writeln!(text, "\tat shop.Tree.walk(Tree.java:{at})");
    }
    text.push_str("2026-07-14 10:00:09 INFO next\n");
    hits(
        LineKind::Log,
        "StackOverflowError",
        LOG,
        &text,
        |found, _| {
            assert_eq!(places(found[0]), (1, 122));
            assert_eq!(field(found[0], "recordLines"), "122");
            assert!(field(found[0], "record").ends_with("Tree.java:57)\n… (62 more lines)"));
        },
    );
    hits(LineKind::Log, r"Tree\.java:100", LOG, &text, |found, _| {
        assert_eq!(places(found[0]), (103, 122));
        assert!(field(found[0], "time").starts_with("2026-07-14T10:00:05"));
    });
}

/// A kernel's report between other lines, and what the kubelet says after it.
const OOM: &str = "\
Jul 14 10:00:00 worker-1 kubelet[900]: probe failed
Jul 14 10:00:04 worker-1 kernel: java invoked oom-killer: gfp_mask=0xcc0, order=0, oom_score_adj=900
Jul 14 10:00:04 worker-1 kernel: CPU: 1 PID: 4711 Comm: java Not tainted 5.15.0
Jul 14 10:00:04 worker-1 kernel: Memory cgroup stats for /kubepods/burstable/pod1:
Jul 14 10:00:05 worker-1 kernel: Memory cgroup out of memory: Killed process 4711 (java) total-vm:9kB
Jul 14 10:00:09 worker-1 kubelet[900]: probe failed again
";

#[test]
fn a_kill_cites_the_whole_report_in_either_order() {
    let reversed: String = OOM.lines().rev().fold(String::new(), |mut all, line| {
        let _ = writeln!(all, "{line}");
        all
    });
    for (text, place) in [(OOM, (2, 5)), (reversed.as_str(), (2, 5))] {
        hits(
            LineKind::Journal,
            "Killed process",
            JOURNAL,
            text,
            |found, total| {
                assert_eq!((found.len(), total), (1, 1));
                assert_eq!(places(found[0]), place);
                assert!(field(found[0], "record").starts_with("java invoked oom-killer"));
                assert!(field(found[0], "time").starts_with("2026-07-14T10:00:04"));
            },
        );
        hits(
            LineKind::Journal,
            "probe failed",
            JOURNAL,
            text,
            |found, _| {
                let times: Vec<&str> = found.iter().map(|line| field(line, "time")).collect();
                assert_eq!(times.len(), 2);
                assert!(times.is_sorted(), "{times:?}");
            },
        );
    }
}

#[test]
fn entries_of_several_lines_are_told_with_the_line_of_their_message() {
    let kernel = [
        (1, "python invoked oom-killer: gfp_mask=0xcc0"),
        (2, "Tasks state (memory values in pages):"),
        (3, "Memory cgroup out of memory: Killed process 77 (python)"),
    ];
    let mut text = String::new();
    for (number, message) in kernel {
        let _ = write!(
            text,
            "__CURSOR=s=1;i={number}\n__REALTIME_TIMESTAMP=177252480{number}250000\n_HOSTNAME=worker-1\n\
             SYSLOG_IDENTIFIER=kernel\n_CMDLINE=Killed process\nMESSAGE={message}\nPRIORITY=3\n\n"
        );
    }
    hits(
        LineKind::Journal,
        "Killed process",
        JOURNAL,
        &text,
        |found, total| {
            assert_eq!((found.len(), total), (1, 1));
            assert_eq!(places(found[0]), (22, 22));
            assert_eq!(field(found[0], "unit"), "kernel");
            assert_eq!(field(found[0], "node"), "worker-1");
            assert_eq!(field(found[0], "time"), "2026-03-03T08:00:03.250000Z");
            assert_eq!(field(found[0], "text"), kernel[2].1);
            assert_eq!(field(found[0], "recordLines"), "3");
            assert!(field(found[0], "record").starts_with(kernel[0].1));
        },
    );
}

#[test]
fn what_a_kubelet_wrote_to_a_file_of_its_own_is_its_nodes_journal() {
    let text = "\
I0303 08:00:01.250000     912 kubelet.go:2900] \"SyncLoop ADD\" source=\"api\"
E0303 08:00:02.250000     912 kubelet.go:1500] \"Image garbage collection failed\"
F0303 08:00:03.250000     912 server.go:300] \"Failed to run kubelet\"
goroutine 1 [running]:
";
    hits(
        LineKind::Journal,
        "garbage collection failed",
        "nodes/worker-1/kubelet.log",
        text,
        |found, total| {
            assert_eq!((found.len(), total), (1, 1));
            assert_eq!(places(found[0]), (2, 2));
            assert_eq!(field(found[0], "unit"), "kubelet");
            assert_eq!(field(found[0], "node"), "worker-1");
            assert_eq!(field(found[0], "time"), "2026-03-03T08:00:02.250000Z");
            assert_eq!(field(found[0], "recordLines"), "1");
        },
    );
}
