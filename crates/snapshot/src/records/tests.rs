//! Records of every runtime by example, and any lines at all.

use proptest::prelude::*;

use super::*;

fn around(text: &str, number: u32, kind: RecordKind) -> (u32, u32, u32) {
    let lines: Vec<&str> = text.lines().collect();
    let get = |at: u32| {
        lines
            .get(usize::try_from(at).unwrap().checked_sub(1)?)
            .map(|line| Cow::Borrowed(*line))
    };
    let found = record_around(number, get, kind);
    (found.first, found.last, found.head_line)
}

/// Each line's record must be one of the wanted ones: (first, last, head).
fn records(text: &str, kind: RecordKind, wanted: &[(u32, u32, u32)]) {
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let record = wanted
            .iter()
            .find(|(first, last, _)| (*first..=*last).contains(&number))
            .unwrap();
        assert_eq!(around(text, number, kind), *record, "line {number}: {line}");
    }
}

#[test]
fn a_java_trace_is_one_record() {
    records(
        "2026-07-14 02:42:31,293 INFO a\n\
         2026-07-14 02:42:32,293 ERROR b\n\
         java.lang.IllegalStateException: no\n\
         \tat a.B.c(B.java:1)\n\
         Caused by: java.io.IOException: broken pipe\n\
         \tat a.B.d(B.java:2)\n\
         \t... 12 more\n\
         2026-07-14 02:42:33,293 INFO c\n",
        RecordKind::Log,
        &[(1, 1, 1), (2, 7, 2), (8, 8, 8)],
    );
    // Without stamps the exception's own line begins it.
    records(
        "starting\nException in thread \"main\" java.lang.Error: no\n    at a.B.c(B.java:1)\nstopping\n",
        RecordKind::Log,
        &[(1, 1, 1), (2, 3, 2), (4, 4, 4)],
    );
}

#[test]
fn a_go_panic_is_one_record() {
    records(
        "I0714 02:42:31.107016    1 a.go:1] x\n\
         panic: runtime error: invalid memory address\n\
         [signal SIGSEGV: segmentation violation code=0x1]\n\
         \n\
         goroutine 1 [running]:\n\
         main.run(0x0)\n\
         \t/src/main.go:12 +0x1d\n\
         main.main()\n\
         \t/src/main.go:5 +0x1d\n\
         exit status 2\n",
        RecordKind::Log,
        &[(1, 1, 1), (2, 10, 2)],
    );
    records(
        "listening\npanic: no\n\ngoroutine 1 [running]:\nmain.run(0x0)\n\t/src/main.go:12 +0x1d\n",
        RecordKind::Log,
        &[(1, 1, 1), (2, 6, 2)],
    );
}

#[test]
fn a_stamped_message_keeps_its_trace() {
    records(
        "F0714 02:42:31.107016    1 a.go:1] no\n\
         goroutine 1 [running]:\n\
         k8s.io/klog.stacks(0x0)\n\
         \t/klog.go:12 +0x1d\n\
         I0714 02:42:31.107016    1 a.go:1] x\n",
        RecordKind::Log,
        &[(1, 4, 1), (5, 5, 5)],
    );
    records(
        "2026-07-14 02:42:31,123 - x - ERROR - failed\n\
         Traceback (most recent call last):\n\
         \x20 File \"a.py\", line 1, in <module>\n\
         ValueError: no\n\
         2026-07-14 02:42:31,123 - x - INFO - y\n",
        RecordKind::Log,
        &[(1, 4, 4), (5, 5, 5)],
    );
}

#[test]
fn a_traceback_may_begin_behind_a_stamp() {
    records(
        "2026-07-14 02:42:31 INFO log Traceback (most recent call last):\n\
         \x20 File \"a.py\", line 1, in <module>\n\
         RuntimeError: no\n\
         2026-07-14 02:42:31 INFO log x\n",
        RecordKind::Log,
        &[(1, 3, 3), (4, 4, 4)],
    );
}

#[test]
fn a_python_traceback_ends_with_its_exception() {
    records(
        "working\n\
         Traceback (most recent call last):\n\
         \x20 File \"a.py\", line 1, in <module>\n\
         \x20   run()\n\
         ValueError: no\n\
         \n\
         During handling of the above exception, another exception occurred:\n\
         \n\
         Traceback (most recent call last):\n\
         \x20 File \"a.py\", line 3, in <module>\n\
         KeyError: 'x'\n\
         restarting\n",
        RecordKind::Log,
        &[(1, 1, 1), (2, 11, 11), (12, 12, 12)],
    );
}

#[test]
fn node_and_dotnet_traces_are_indented() {
    records(
        "/app/index.js:10\n\
         \x20   throw new Error('no')\n\
         \x20   ^\n\
         \n\
         Error: no\n\
         \x20   at run (/app/index.js:10:11)\n\
         \x20   at node:internal/main:1:1\n",
        RecordKind::Log,
        &[(1, 3, 1), (5, 7, 5)],
    );
    records(
        "Unhandled exception. System.Exception: no\n\
         \x20---> System.IO.IOException: x\n\
         \x20  at A.B() in /a.cs:line 1\n\
         \x20  --- End of inner exception stack trace ---\n\
         done\n",
        RecordKind::Log,
        &[(1, 4, 1), (5, 5, 5)],
    );
}

#[test]
fn lines_without_stamps_stay_apart_if_nothing_joins_them() {
    records(
        "a\nb\nc\n",
        RecordKind::Log,
        &[(1, 1, 1), (2, 2, 2), (3, 3, 3)],
    );
    records(
        "W0211 19:18:14.705727       1 warnings.go:70] x\n\
         [ERROR] plugin/errors: 2 a. A: i/o timeout\n\
         [ERROR] plugin/errors: 2 b. A: i/o timeout\n\
         {\"level\":\"info\"}\n",
        RecordKind::Log,
        &[(1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4)],
    );
    // The runtime's stamps show that the second line came later.
    records(
        "2026-07-14T02:42:31.000000001Z I0714 02:42:31.000000 1 a.go:1] x\n\
         2026-07-14T02:42:31.000000002Z of two lines\n\
         2026-07-14T02:42:39.000000002Z later\n",
        RecordKind::Log,
        &[(1, 2, 1), (3, 3, 3)],
    );
}

#[test]
fn cut_lines_and_streams_are_joined() {
    let text = "2026-07-14T02:42:31.1Z stdout P one \n\
                2026-07-14T02:42:31.1Z stderr F other\n\
                2026-07-14T02:42:31.1Z stdout P two \n\
                2026-07-14T02:42:31.1Z stdout F three\n\
                2026-07-14T02:42:31.1Z stdout F next\n";
    assert_eq!(around(text, 1, RecordKind::Log), (1, 4, 1));
    assert_eq!(around(text, 3, RecordKind::Log), (1, 4, 1));
    assert_eq!(around(text, 4, RecordKind::Log), (1, 4, 1));
    assert_eq!(around(text, 2, RecordKind::Log), (2, 2, 2));
    assert_eq!(around(text, 5, RecordKind::Log), (5, 5, 5));
    assert_eq!(joined(text.lines().take(4)), "one two three");
    assert!(matches!(joined(["a"]), Cow::Borrowed("a")));
    let full = "a".repeat(16 << 10);
    let cut = format!(r#"{{"log":"{full}","stream":"stdout"}}"#);
    assert_eq!(
        joined([
            cut.as_str(),
            r#"{"log":"b\n","stream":"stdout"}"#,
            r#"{"log":"c\n","stream":"stdout"}"#
        ]),
        format!("{full}b\nc")
    );
}

const OOM: &str = "Jul 14 02:42:31 h kernel: eth0: up\n\
                   Jul 14 02:42:40 h kernel: java invoked oom-killer: gfp_mask=0x0\n\
                   Jul 14 02:42:40 h kubelet[1]: between\n\
                   Jul 14 02:42:40 h kernel: Call Trace:\n\
                   Jul 14 02:42:41 h kernel: Memory cgroup out of memory: Killed process 1 (java)\n\
                   Jul 14 02:42:41 h kernel: eth0: down\n";

#[test]
fn kernel_reports_are_whole() {
    assert_eq!(around(OOM, 4, RecordKind::Journal), (2, 5, 2));
    assert_eq!(around(OOM, 2, RecordKind::Journal), (2, 5, 2));
    assert_eq!(around(OOM, 5, RecordKind::Journal), (2, 5, 2));
    assert_eq!(around(OOM, 1, RecordKind::Journal), (1, 1, 1));
    assert_eq!(around(OOM, 3, RecordKind::Journal), (3, 3, 3));
    assert_eq!(around(OOM, 6, RecordKind::Journal), (6, 6, 6));
    records(
        "[    1.000000] a\n\
         [   10.000000] ------------[ cut here ]------------\n\
         [   10.000001] WARNING: CPU: 0\n\
         [   10.000002] ---[ end trace 0 ]---\n\
         [   10.000003] b\n\
         [   20.000000] INFO: task a:1 blocked for more than 120 seconds.\n\
         [   20.000001] Call Trace:\n\
         [   20.000002] INFO: task b:2 blocked for more than 120 seconds.\n\
         [   20.000003] Call Trace:\n\
         [   29.000003] later\n",
        RecordKind::Kernel,
        &[
            (1, 1, 1),
            (2, 4, 2),
            (5, 5, 5),
            (6, 7, 6),
            (8, 9, 8),
            (10, 10, 10),
        ],
    );
}

#[test]
fn a_journals_further_lines_belong_to_their_entry() {
    records(
        "Jul 14 02:42:31 h a[1]: one\n\
         \x20                       two\n\
         \x20                       three\n\
         -- Reboot --\n\
         Jul 14 02:42:31 h a[1]: four\n",
        RecordKind::Journal,
        &[(1, 3, 1), (4, 4, 4), (5, 5, 5)],
    );
}

#[test]
fn a_unit_writes_its_trace_as_many_entries() {
    records(
        "Jul 14 02:42:31 h kubelet[1]: F0714 02:42:31.107016    1 a.go:1] no\n\
         Jul 14 02:42:31 h kubelet[1]: goroutine 1 [running]:\n\
         Jul 14 02:42:31 h kubelet[1]: main.run(0x0)\n\
         Jul 14 02:42:31 h kubelet[1]:         /src/main.go:12 +0x1d\n\
         Jul 14 02:42:31 h systemd[1]: kubelet.service: Main process exited\n\
         Jul 14 02:42:32 h systemd[1]: kubelet.service: Scheduled restart\n",
        RecordKind::Journal,
        &[(1, 4, 1), (5, 5, 5), (6, 6, 6)],
    );
    let json = |unit: &str, message: &str| {
        format!(
            "{{\"__REALTIME_TIMESTAMP\":\"1795209101416192\",\"SYSLOG_IDENTIFIER\":\"{unit}\",\"MESSAGE\":\"{message}\"}}\n"
        )
    };
    let text = [
        json("app", "panic: no"),
        json("kernel", "eth0: up"),
        json("app", "goroutine 1 [running]:"),
        json("app", "main.run(0x0)"),
    ]
    .concat();
    assert_eq!(around(&text, 3, RecordKind::Journal), (1, 4, 1));
    assert_eq!(around(&text, 2, RecordKind::Journal), (2, 2, 2));
}

#[test]
fn records_are_bounded() {
    let text = format!("panic: x\n{}", "\tframe\n".repeat(1_000));
    let (first, last, _) = around(&text, 1, RecordKind::Log);
    assert_eq!((first, last), (1, MOST_LINES));
    let (first, last, _) = around(&text, 900, RecordKind::Log);
    assert!(first <= 900 && last >= 900 && last - first < 2 * MOST_LINES);
    let long = format!("panic: x\n\t{}\n\tb\n", "x".repeat(100_000));
    assert_eq!(around(&long, 1, RecordKind::Log), (1, 1, 1));
}

proptest! {
    #[test]
    fn any_lines_are_safe_and_the_hit_is_inside(
        lines in prop::collection::vec(
            prop_oneof![
                Just("panic: x".to_owned()),
                Just("Traceback (most recent call last):".to_owned()),
                Just("  part".to_owned()),
                Just("2026-07-14T02:42:31.1Z stdout P x".to_owned()),
                Just("2026-07-14T02:42:31.1Z stderr F x".to_owned()),
                Just("[    1.0] a invoked oom-killer".to_owned()),
                Just("[    1.000000] a invoked oom-killer".to_owned()),
                Just("I0714 02:42:31.107016    1 a.go:1] x".to_owned()),
                "\\PC{0,20}",
            ],
            1..30,
        ),
        pick in any::<prop::sample::Index>(),
    ) {
        let number = u32::try_from(pick.index(lines.len()) + 1).unwrap();
        let text = lines.join("\n");
        for kind in [RecordKind::Log, RecordKind::Journal, RecordKind::Kernel] {
            let (first, last, head) = around(&text, number, kind);
            prop_assert!(first >= 1 && first <= number && number <= last);
            prop_assert!((first..=last).contains(&head));
        }
        let _ = joined(lines.iter().map(String::as_str));
    }
}
