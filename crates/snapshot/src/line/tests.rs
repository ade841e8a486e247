//! Framings and journals by example, and any text at all.

use proptest::prelude::*;

use super::*;

fn now() -> Option<Timestamp> {
    stamp::rfc3339("2026-07-14T02:50:07Z")
}

type Parts = (String, String, String, String);

fn parts(line: &str, json: bool) -> Option<Parts> {
    let line = journal_line(line, json, now())?;
    Some((
        line.stamp.map_or_else(String::new, |found| {
            stamp::format(found.time, found.precision)
        }),
        line.host.to_owned(),
        line.unit.to_owned(),
        line.message.into_owned(),
    ))
}

fn is(time: &str, host: &str, unit: &str, message: &str) -> Parts {
    (time.into(), host.into(), unit.into(), message.into())
}

#[test]
fn journals_under_other_locales_and_without_a_process() {
    let now = "2026-03-22T00:00:00Z".parse().ok();
    for (line, unit, time) in [
        (
            "3月 21 14:51:47 m1 kubelet[2836]: no node",
            "kubelet",
            "2026-03-21T14:51:47Z",
        ),
        (
            "2월 21 14:51:47 m1 kubelet[2836]: no node",
            "kubelet",
            "2026-02-21T14:51:47Z",
        ),
        (
            "2026-03-21T14:51:47+00:00 m1 kubelet: no node",
            "kubelet",
            "2026-03-21T14:51:47Z",
        ),
        (
            "2026-03-21T14:51:47+00:00 m1 rke2-agent: no node",
            "rke2-agent",
            "2026-03-21T14:51:47Z",
        ),
    ] {
        let parsed = journal_line(line, false, now).unwrap();
        assert_eq!((parsed.host, parsed.unit), ("m1", unit), "{line}");
        assert_eq!(parsed.stamp.unwrap().time.to_string(), time, "{line}");
    }
    for line in [
        "2026-03-21T14:51:47Z INFO kubelet: no node",
        "2026-03-21T14:51:47Z m1 main: no node",
    ] {
        assert_eq!(journal_line(line, false, now), None, "{line}");
    }
}

#[test]
fn a_message_loses_the_frame_but_not_its_own_stamp() {
    for (line, text) in [
        ("2026-07-14T02:42:31.1Z stdout F   at x", "  at x"),
        ("2026-07-14T02:42:31.1Z stderr P part", "part"),
        ("2026-07-14T02:42:31.1+00:00 stderr F:a:b x", "x"),
        ("2026-07-14T02:42:31.1Z stderr F", ""),
        (
            "2026-07-14T02:42:31.1Z stderr Failed",
            "2026-07-14T02:42:31.1Z stderr Failed",
        ),
        ("2026-07-14T02:42:31.123456789Z E0714 a", "E0714 a"),
        ("2026-07-14T02:42:31.123456789Z ", ""),
        ("2026-07-14T02:42:31.123456789Z", ""),
        (
            "2026-07-14T02:42:31.123Z ERROR a",
            "2026-07-14T02:42:31.123Z ERROR a",
        ),
        (
            "2026-07-14 02:42:31,293 ERROR a",
            "2026-07-14 02:42:31,293 ERROR a",
        ),
        ("[pod/web-1/app] 2026-07-14T02:42:31.123456789Z a", "a"),
        ("[pod/web-1/app] a", "a"),
        ("web-1  | a | b", "a | b"),
        ("\u{1b}[2Kweb-1  | \u{1b}[31mred", "\u{1b}[31mred"),
        ("db   | 2026-07-14T02:42:31.123456789Z a", "a"),
        ("NAME | READY", "NAME | READY"),
        (
            r#"{"log":"a \"b\"\tc\n","stream":"stderr","time":"2026-07-14T02:42:31.1Z"}"#,
            "a \"b\"\tc",
        ),
        (
            r#"{"log":"a","level":"info"}"#,
            r#"{"log":"a","level":"info"}"#,
        ),
        ("plain", "plain"),
        ("", ""),
    ] {
        assert_eq!(message(line), text, "{line}");
    }
}

#[test]
fn a_frame_names_stream_source_and_cut() {
    let framed = frame("2026-07-14T02:42:31.1Z stderr P x");
    assert_eq!((framed.stream, framed.partial), (Stream::Stderr, true));
    let docker = |text: &str| {
        format!(r#"{{"log":"{text}","stream":"stdout","time":"2026-07-14T02:42:31.1Z"}}"#)
    };
    let (short, long) = (docker("no line end"), docker(&"x".repeat(16 << 10)));
    assert!(!frame(&short).partial);
    let framed = frame(&long);
    assert_eq!((framed.stream, framed.partial), (Stream::Stdout, true));
    assert!(framed.outer.is_some());
    assert_eq!(frame("[pod/web-1/app] a").source, "pod/web-1/app");
    assert_eq!(frame("web-1  | a").source, "web-1");
    assert!(!frame("a").is_framed());
}

#[test]
fn journal_lines_of_every_mode_come_apart() {
    let short = "2026-07-11T19:03:14Z";
    for (line, wanted) in [
        (
            "2026-07-14T02:42:31.000001+0000 w3 kernel: Memory cgroup: x",
            Some(is(
                "2026-07-14T02:42:31.000001Z",
                "w3",
                "kernel",
                "Memory cgroup: x",
            )),
        ),
        (
            "Jul 11 19:03:14 h kubelet[21]: a: b",
            Some(is(short, "h", "kubelet", "a: b")),
        ),
        (
            "Jul 11 19:03:14 h sudo: a",
            Some(is(short, "h", "sudo", "a")),
        ),
        (
            "Jul 11 19:03:14 h kernel: [  725.790001] oom",
            Some(is(short, "h", "kernel", "oom")),
        ),
        (
            "Jul 11 19:03:14.410446 h kubelet[21]: a",
            Some(is("2026-07-11T19:03:14.410446Z", "h", "kubelet", "a")),
        ),
        (
            "2026-07-11T21:03:14+0200 h kubelet[21]: a",
            Some(is(short, "h", "kubelet", "a")),
        ),
        (
            "Sat 2026-07-11 19:03:14 UTC h kubelet[21]: a",
            Some(is(short, "h", "kubelet", "a")),
        ),
        (
            "Sat 2026-07-11 19:03:14 CST h kubelet[21]: a",
            Some(is(short, "h", "kubelet", "a")),
        ),
        (
            "Sat 2026-07-11 19:03:14 UTC h kubelet.service[21]: a",
            Some(is(short, "h", "kubelet", "a")),
        ),
        (
            "1783796594.410446 h kubelet[21]: a",
            Some(is("2026-07-11T19:03:14.410446Z", "h", "kubelet", "a")),
        ),
        (
            "[  725.995102] h kubelet[21]: a",
            Some(is("", "h", "kubelet", "a")),
        ),
        (
            "[  725.995102] oom: killed",
            Some(is("", "", "kernel", "oom: killed")),
        ),
        (
            "kern  :err   : [  725.995102] a",
            Some(is("", "", "kernel", "a")),
        ),
        ("<3>[  725.995102] a", Some(is("", "", "kernel", "a"))),
        (
            "[Sat Jul 11 19:03:14 2026] a",
            Some(is(short, "", "kernel", "a")),
        ),
        (
            "<30>1 2026-07-11T21:03:14+02:00 h app 12 ID7 [x@1 k=\"a]b\"][y] some text",
            Some(is(short, "h", "app", "some text")),
        ),
        (
            "<30>1 2026-07-11T21:03:14+02:00 h app - - - some text",
            Some(is(short, "h", "app", "some text")),
        ),
        (
            "<30>Jul 11 19:03:14 h app[3]: text",
            Some(is(short, "h", "app", "text")),
        ),
        (
            "Jul 11 19:03:14 kernel: [997.390602] sda2: x",
            Some(is(short, "", "kernel", "sda2: x")),
        ),
        ("Jul 11 19:03:14 INFO main: text", None),
        ("2026-07-14T02:42:31Z some text: of an app", None),
        ("-- Logs begin at Fri 2022-02-11 18:58:10 UTC. --", None),
        ("-- No entries --", None),
    ] {
        assert_eq!(parts(line, false), wanted, "{line}");
    }
}

#[test]
fn journal_json_has_many_kinds_of_message() {
    let line = |message: &str| {
        format!(
            r#"{{ "A":{{"MESSAGE":"no"}}, "MESSAGE" : {message}, "__REALTIME_TIMESTAMP":"1795209101416192","_HOSTNAME":"w","SYSLOG_IDENTIFIER":"kernel"}}"#
        )
    };
    for (message, wanted) in [
        (r#""a \"b\"\nc\u00e9\ud83d\ude00""#, "a \"b\"\ncé😀"),
        ("[104,105,255,10]", "hi\u{fffd}\n"),
        ("[ ]", ""),
        ("null", ""),
        (r#"["one\t","two"]"#, "one\t"),
    ] {
        assert_eq!(
            parts(&line(message), true),
            Some(is("2026-11-20T21:11:41.416192Z", "w", "kernel", wanted)),
            "{message}"
        );
    }
}

proptest! {
    #[test]
    fn any_line_is_safe(line in "\\PC{0,80}") {
        let _ = message(&line);
        let _ = journal_line(&line, false, now());
        let _ = journal_line(&line, true, now());
        let _ = unescape(&line);
    }

    #[test]
    fn what_serde_escapes_is_unescaped(text in any::<String>()) {
        let quoted = serde_json::to_string(&text).unwrap();
        let inside = quoted.get(1..quoted.len() - 1).unwrap();
        prop_assert_eq!(unescape(inside), text);
    }

    #[test]
    fn a_framed_text_comes_back(text in "[a-zA-Z0-9 {}|\\[\\]:\"]{0,60}") {
        let cri = format!("2026-07-14T02:42:31.1Z stdout F {text}");
        prop_assert_eq!(message(&cri), text.as_str());
        let kubectl = format!("2026-07-14T02:42:31.000000001Z {text}");
        let looks_like_cri = text.starts_with("std");
        prop_assert!(looks_like_cri || message(&kubectl) == text);
        let docker = serde_json::json!({"log": format!("{text}\n"), "stream": "stdout", "time": "2026-07-14T02:42:31.1Z"});
        let docker = docker.to_string();
        prop_assert_eq!(message(&docker), text);
    }
}

#[test]
fn dmesg_in_its_other_forms() {
    for (raw, host, message, time) in [
        (
            "kern  :err   : [Mon Mar  4 08:12:11 2024] Buffer I/O error on dev sdb",
            "",
            "Buffer I/O error on dev sdb",
            "2024-03-04T08:12:11Z",
        ),
        (
            "2024-03-04T08:10:11,123456+01:00 node invoked oom-killer: order=0",
            "",
            "node invoked oom-killer: order=0",
            "2024-03-04T07:10:11.123456Z",
        ),
        (
            "[Mo Mär  4 08:12:14 2024] oom-kill:constraint=CONSTRAINT_NONE",
            "",
            "oom-kill:constraint=CONSTRAINT_NONE",
            "2024-03-04T08:12:14Z",
        ),
        (
            "10.5.0.2: kern:     err: [2024-03-04T08:12:14.5Z]: Out of memory: Killed",
            "10.5.0.2",
            "Out of memory: Killed",
            "2024-03-04T08:12:14.5Z",
        ),
        (
            "user: warning: [2024-03-04T08:12:14Z]: [talos] no lease",
            "",
            "[talos] no lease",
            "2024-03-04T08:12:14Z",
        ),
    ] {
        let line = journal_line(raw, false, None).unwrap_or_else(|| panic!("{raw}"));
        assert_eq!(
            (line.host, line.unit, &*line.message),
            (host, "kernel", message)
        );
        let found = line.stamp.map(|stamp| stamp.time.to_string());
        assert_eq!(found.as_deref(), Some(time), "{raw}");
    }
    // An application's own brackets are no kernel's.
    assert_eq!(
        journal_line("[2024-03-04T08:12:14Z] started", false, None),
        None
    );
}

#[test]
fn months_by_number_are_a_journals() {
    let now = "2024-05-01T00:00:00Z".parse().ok();
    for raw in [
        "4月 11 22:52:11 w7 crio[68]: cannot pull",
        "4월 11 22:52:11 w7 crio[68]: cannot pull",
    ] {
        let line = journal_line(raw, false, now).unwrap();
        assert_eq!((line.host, line.unit), ("w7", "crio"));
        let time = line.stamp.map(|stamp| stamp.time.to_string());
        assert_eq!(time.as_deref(), Some("2024-04-11T22:52:11Z"));
    }
}
