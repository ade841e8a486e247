//! Every form of a stamp by example, printed times read back, and any text at all.

use proptest::prelude::*;

use super::*;

const NOW: &str = "2026-07-14T02:50:07Z";

fn at(line: &str) -> String {
    leading(line, rfc3339(NOW)).map_or_else(
        || "none".to_owned(),
        |found| {
            let words = found.assumed.words();
            let time = format(found.time, found.precision);
            if words.is_empty() {
                time
            } else {
                format!("{time} {words}")
            }
        },
    )
}

const Y: &str = "year from the capture, zone taken as UTC";
const Z: &str = "zone taken as UTC";

/// Sample, its instant in UTC with the digits that were written, what was assumed.
const FORMS: &[(&str, &str, &str)] = &[
    // Kubernetes and its runtimes.
    (
        "2026-07-14T02:42:31.123456789Z stdout F x",
        "2026-07-14T02:42:31.123456789Z",
        "",
    ),
    (
        "2026-07-14T02:42:31.12345678Z stderr P x",
        "2026-07-14T02:42:31.123456780Z",
        "",
    ),
    (
        "2026-07-14T04:42:31.1+02:00 stderr P x",
        "2026-07-14T02:42:31.100Z",
        "",
    ),
    ("2026-07-14T02:42:31+00:00 x", "2026-07-14T02:42:31Z", ""),
    (
        "[pod/x/app] 2026-07-14T02:42:31.123456789Z x",
        "2026-07-14T02:42:31.123456789Z",
        "",
    ),
    (
        "[pod/x/app] E0714 02:42:31.107016    1 a.go:1] x",
        "2026-07-14T02:42:31.107016Z",
        Y,
    ),
    (
        "web-1  | 2026-07-14T02:42:31.123456789Z x",
        "2026-07-14T02:42:31.123456789Z",
        "",
    ),
    (
        "\u{1b}[2Kweb-1  | 2026-07-14T02:42:31.123456789Z x",
        "2026-07-14T02:42:31.123456789Z",
        "",
    ),
    (
        "web-1  | time=\"2026-07-14T02:42:31Z\" level=info",
        "2026-07-14T02:42:31Z",
        "",
    ),
    (
        r#"{"log":"time: x\n","stream":"stderr","time":"2026-07-14T02:42:31.1Z"}"#,
        "2026-07-14T02:42:31.100Z",
        "",
    ),
    (
        "E0714 02:42:31.107016    1 a.go:1] x",
        "2026-07-14T02:42:31.107016Z",
        Y,
    ),
    (
        "I1231 23:59:59.000000 1 a.go:1] x",
        "2025-12-31T23:59:59.000000Z",
        Y,
    ),
    (
        "W0715 02:00:00.000000 1 a.go:1] x",
        "2026-07-15T02:00:00.000000Z",
        Y,
    ),
    (
        "I20260714 02:42:31.107016    1 a.cc:1] x",
        "2026-07-14T02:42:31.107016Z",
        Z,
    ),
    (
        "I260714 02:42:31.107016 1 a.go:1 ⋮ x",
        "2026-07-14T02:42:31.107016Z",
        Z,
    ),
    (
        r#"{"ts":1783996951123.4,"caller":"a.go:1","msg":"x","v":0}"#,
        "2026-07-14T02:42:31.123400Z",
        "",
    ),
    (
        r#"{"kind":"Event","requestReceivedTimestamp":"2026-07-14T02:42:31.123456Z"}"#,
        "2026-07-14T02:42:31.123456Z",
        "",
    ),
    (
        r#"{"requestObject":{"time":"2020-01-01T00:00:00Z"},"stageTimestamp":"2026-07-14T02:42:31.123456Z"}"#,
        "2026-07-14T02:42:31.123456Z",
        "",
    ),
    (
        "ERROR: logging before flag.Parse: W0714 02:42:31.107016    1 a.go:1] x",
        "2026-07-14T02:42:31.107016Z",
        Y,
    ),
    // journalctl and syslog.
    ("Jul  4 02:42:31 host kernel: x", "2026-07-04T02:42:31Z", Y),
    ("Jul 04 02:42:31 host kernel: x", "2026-07-04T02:42:31Z", Y),
    ("Feb 29 02:42:31 host kernel: x", "2024-02-29T02:42:31Z", Y),
    (
        "Jul 14 02:42:31.410446 host u[1]: x",
        "2026-07-14T02:42:31.410446Z",
        Y,
    ),
    ("août 19 11:08:37 host u[1]: x", "2025-08-19T11:08:37Z", Y),
    ("Mär  3 11:08:37 host u[1]: x", "2026-03-03T11:08:37Z", Y),
    (
        "2026-07-14T04:42:31.051004+0200 n kubelet[1]: x",
        "2026-07-14T02:42:31.051004Z",
        "",
    ),
    (
        "Tue 2026-07-14 02:42:31 UTC n kubelet[1]: x",
        "2026-07-14T02:42:31Z",
        "",
    ),
    (
        "Tue 2026-07-14 04:42:31.410446 CEST n kubelet[1]: x",
        "2026-07-14T02:42:31.410446Z",
        "",
    ),
    (
        "Tue 2026-07-14 02:42:31 CST n kubelet[1]: x",
        "2026-07-14T02:42:31Z",
        Z,
    ),
    (
        "1783996951.410446 n kubelet[1]: x",
        "2026-07-14T02:42:31.410446Z",
        "",
    ),
    ("[  725.995102] n kubelet[1]: x", "none", ""),
    (
        r#"{ "__CURSOR" : "s=1", "__REALTIME_TIMESTAMP" : "1783996951410446" }"#,
        "2026-07-14T02:42:31.410446Z",
        "",
    ),
    (
        "<30>1 2026-07-14T04:42:31+02:00 h a 1 - - x",
        "2026-07-14T02:42:31Z",
        "",
    ),
    ("<30>Jul 14 02:42:31 h a[1]: x", "2026-07-14T02:42:31Z", Y),
    (
        "2026-07-13T19:42:31.418891-07:00 h a: x",
        "2026-07-14T02:42:31.418891Z",
        "",
    ),
    // The kernel.
    ("[    0.000000] x", "none", ""),
    ("<3>[   12.345678] x", "none", ""),
    (
        "kern  :err   : [Tue Jul 14 02:42:31 2026] x",
        "2026-07-14T02:42:31Z",
        Z,
    ),
    ("[Tue Jul 14 02:42:31 2026] x", "2026-07-14T02:42:31Z", Z),
    (
        "2026-07-14T02:42:31,410446+00:00 x",
        "2026-07-14T02:42:31.410446Z",
        "",
    ),
    (
        "type=SYSCALL msg=audit(1783996951.243:24287): arch=c",
        "2026-07-14T02:42:31.243Z",
        "",
    ),
    // logfmt.
    (
        "time=\"2026-07-14T02:42:31.5Z\" level=info",
        "2026-07-14T02:42:31.500Z",
        "",
    ),
    (
        "level=info ts=2026-07-14T02:42:31.049Z caller=a.go:1",
        "2026-07-14T02:42:31.049Z",
        "",
    ),
    (
        "logger=x msg=\"a \\\" time=1\" t=2026-07-14T02:42:31.049Z",
        "2026-07-14T02:42:31.049Z",
        "",
    ),
    (
        "level=info ts=1783996951.123 msg=x",
        "2026-07-14T02:42:31.123Z",
        "",
    ),
    (
        "level=info msg=\"the time=2026-07-14T02:42:31Z\"",
        "none",
        "",
    ),
    // zap and its like.
    (
        "2026-07-14T02:42:31.854Z\tinfo\tfile.go:12\tx",
        "2026-07-14T02:42:31.854Z",
        "",
    ),
    (
        "2026-07-14T04:42:31.854+0200\tINFO\tx",
        "2026-07-14T02:42:31.854Z",
        "",
    ),
    (
        "1.783996951123456e+09\tINFO\tx",
        "2026-07-14T02:42:31.123456Z",
        "",
    ),
    (
        r#"{"level":"warn","ts":"2026-07-14T02:42:31.095877Z"}"#,
        "2026-07-14T02:42:31.095877Z",
        "",
    ),
    (
        r#"{"level":"info","ts":1783996951.12,"msg":"x"}"#,
        "2026-07-14T02:42:31.120Z",
        "",
    ),
    (
        r#"{"level":"info","ts":1.78399695112e9,"msg":"x"}"#,
        "2026-07-14T02:42:31.120Z",
        "",
    ),
    (
        r#"{"level":30,"time":1783996951123,"pid":1}"#,
        "2026-07-14T02:42:31.123Z",
        "",
    ),
    (
        r#"{"time":1783996951123456}"#,
        "2026-07-14T02:42:31.123456Z",
        "",
    ),
    (
        r#"{"time":1783996951123456789}"#,
        "2026-07-14T02:42:31.123456789Z",
        "",
    ),
    (r#"{"time":1783996951}"#, "2026-07-14T02:42:31Z", ""),
    (
        r#"{"timestamp":"1783996951123"}"#,
        "2026-07-14T02:42:31.123Z",
        "",
    ),
    (r#"{"time":17}"#, "none", ""),
    (r#"{"time":"17 items"}"#, "none", ""),
    (
        r#"{"@timestamp":"2026-07-14T02:42:31.123Z","message":"x"}"#,
        "2026-07-14T02:42:31.123Z",
        "",
    ),
    (
        r#"{"@t":"2026-07-14T02:42:31.1234567Z","@m":"x"}"#,
        "2026-07-14T02:42:31.123456700Z",
        "",
    ),
    (
        r#"{"message":"\"time\":\"2020-01-01T00:00:00Z\"","Timestamp":"2026-07-14 02:42:31 "}"#,
        "2026-07-14T02:42:31Z",
        Z,
    ),
    (
        r#"{"instant":{"epochSecond":1783996951,"nanoOfSecond":7000000},"level":"INFO"}"#,
        "2026-07-14T02:42:31.007000000Z",
        "",
    ),
    (
        r#"{"t":{"$date":"2026-07-14T04:42:31.123+02:00"},"s":"I"}"#,
        "2026-07-14T02:42:31.123Z",
        "",
    ),
    (
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1783996951000000001"}]}]}]}"#,
        "2026-07-14T02:42:31.000000001Z",
        "",
    ),
    (
        r#"{"time_local":"14/Jul/2026:04:42:31 +0200"}"#,
        "2026-07-14T02:42:31Z",
        "",
    ),
    // Go, and what is written in it.
    (
        "2026-07-14 02:42:31.123456 W | etcdserver: x",
        "2026-07-14T02:42:31.123456Z",
        Z,
    ),
    ("2026/07/14 02:42:31 x", "2026-07-14T02:42:31Z", Z),
    (
        "2026/07/14 02:42:31.123456 main.go:12: x",
        "2026-07-14T02:42:31.123456Z",
        Z,
    ),
    (
        "WARNING: 2026/07/14 02:42:31 grpc: x",
        "2026-07-14T02:42:31Z",
        Z,
    ),
    (
        "2026-07-14 02:42:31.146 [INFO][1] main.go 87: x",
        "2026-07-14T02:42:31.146Z",
        Z,
    ),
    (
        "[1] 2026/07/14 02:42:31.123456 [INF] x",
        "2026-07-14T02:42:31.123456Z",
        Z,
    ),
    (
        "2026-07-14 02:42:31.123456789 +0000 UTC m=+0.1 x",
        "2026-07-14T02:42:31.123456789Z",
        "",
    ),
    // Web servers and proxies.
    (
        "10.0.0.1 - - [14/Jul/2026:04:42:31 +0200] \"GET / HTTP/1.1\" 200 1",
        "2026-07-14T02:42:31Z",
        "",
    ),
    (
        "fd00::1 - a [14/Jul/2026:04:42:31 +0200] \"GET",
        "2026-07-14T02:42:31Z",
        "",
    ),
    (
        "2026/07/14 02:42:31 [error] 7#7: x",
        "2026-07-14T02:42:31Z",
        Z,
    ),
    (
        "[Tue Jul 14 02:42:31.123456 2026] [core:error] x",
        "2026-07-14T02:42:31.123456Z",
        Z,
    ),
    (
        "[2026-07-14 02:42:31.293][1][info][main] x",
        "2026-07-14T02:42:31.293Z",
        Z,
    ),
    (
        "[2026-07-14T02:42:31.293Z] \"GET / HTTP/1.1\" 503",
        "2026-07-14T02:42:31.293Z",
        "",
    ),
    (
        "10.0.1.2:33317 [14/Jul/2026:02:42:31.655] front back 0/0",
        "2026-07-14T02:42:31.655Z",
        Z,
    ),
    // Java.
    (
        "2026-07-14 02:42:31,293 ERROR x",
        "2026-07-14T02:42:31.293Z",
        Z,
    ),
    (
        "2026-07-14 02:42:31.293  INFO 1 --- [main] c.e.A : x",
        "2026-07-14T02:42:31.293Z",
        Z,
    ),
    (
        "2026-07-14T04:42:31.293+02:00  INFO 1 --- [main] x",
        "2026-07-14T02:42:31.293Z",
        "",
    ),
    (
        "[2026-07-14 02:42:31,293] INFO [Controller id=1] x",
        "2026-07-14T02:42:31.293Z",
        Z,
    ),
    (
        "[2026-07-14T02:42:31.123+0000][info][gc] GC(0)",
        "2026-07-14T02:42:31.123Z",
        "",
    ),
    (
        "INFO  [main] 2026-07-14 02:42:31,293 A.java:1 - x",
        "2026-07-14T02:42:31.293Z",
        Z,
    ),
    (
        "14-Jul-2026 02:42:31.293 INFO [main] x",
        "2026-07-14T02:42:31.293Z",
        Z,
    ),
    (
        "Jul 14, 2026 2:42:31 AM org.apache.A",
        "2026-07-14T02:42:31Z",
        Z,
    ),
    (
        "Jul 13, 2026 12:42:31 PM org.apache.A",
        "2026-07-13T12:42:31Z",
        Z,
    ),
    // Python, Ruby, PHP, Erlang, Rust, .NET.
    (
        "2026-07-14 02:42:31,123 - x - ERROR - y",
        "2026-07-14T02:42:31.123Z",
        Z,
    ),
    (
        "INFO 2026-07-14 02:42:31,123 y",
        "2026-07-14T02:42:31.123Z",
        Z,
    ),
    (
        "[2026-07-14 04:42:31 +0200] [1] [INFO] y",
        "2026-07-14T02:42:31Z",
        "",
    ),
    (
        "I, [2026-07-14T02:42:31.123456 #1]  INFO -- : x",
        "2026-07-14T02:42:31.123456Z",
        Z,
    ),
    (
        "[14-Jul-2026 02:42:31 UTC] PHP Warning: x",
        "2026-07-14T02:42:31Z",
        "",
    ),
    (
        "2026-07-14T02:42:31.123456Z  INFO a::b: x",
        "2026-07-14T02:42:31.123456Z",
        "",
    ),
    (
        "[2026-07-14T02:42:31Z INFO  a] x",
        "2026-07-14T02:42:31Z",
        "",
    ),
    ("[2026-07-14 02:42:31 INF] x", "2026-07-14T02:42:31Z", Z),
    // Databases.
    (
        "2026-07-14 02:42:31.123 UTC [123] ERROR:  x",
        "2026-07-14T02:42:31.123Z",
        "",
    ),
    (
        "2026-07-14 02:42:31.123+00 [123] ERROR:  x",
        "2026-07-14T02:42:31.123Z",
        "",
    ),
    (
        "1:C 14 Jul 2026 02:42:31.900 * x",
        "2026-07-14T02:42:31.900Z",
        Z,
    ),
    ("1:M 14 Jul 02:42:31.900 # x", "2026-07-14T02:42:31.900Z", Y),
    (
        "2026-07-14T02:42:31.123456Z 0 [Note] x",
        "2026-07-14T02:42:31.123456Z",
        "",
    ),
    ("2026-07-14  2:42:31 0 [Note] x", "2026-07-14T02:42:31Z", Z),
    ("260714  2:42:31 [Note] x", "2026-07-14T02:42:31Z", Z),
    (
        "# Time: 2026-07-14T02:42:31.123456Z",
        "2026-07-14T02:42:31.123456Z",
        "",
    ),
    (
        "2026.07.14 02:42:31.123456 [ 1 ] {} <Information> x",
        "2026-07-14T02:42:31.123456Z",
        Z,
    ),
    (
        "[2026/07/14 02:42:31.123 +00:00] [INFO] x",
        "2026-07-14T02:42:31.123Z",
        "",
    ),
    // Others.
    ("1783996951123 Hello", "2026-07-14T02:42:31.123Z", ""),
    ("20260714T024231Z x", "2026-07-14T02:42:31Z", ""),
    ("20260714 02:42:31 x", "2026-07-14T02:42:31Z", Z),
    (
        "Tue, 14 Jul 2026 04:42:31 +0200 x",
        "2026-07-14T02:42:31Z",
        "",
    ),
    ("Tue Jul 14 02:42:31 UTC 2026", "2026-07-14T02:42:31Z", ""),
    (
        "2026-07-14T02:42:31.313913FOO err x",
        "2026-07-14T02:42:31.313913Z",
        Z,
    ),
    ("2016-12-31T23:59:60Z leap", "2016-12-31T23:59:59Z", ""),
    ("1970-01-01T00:00:07Z x", "1970-01-01T00:00:07Z", ""),
    // None of these is a stamp.
    ("hello", "none", ""),
    ("", "none", ""),
    ("1500000000 bytes", "none", ""),
    ("certificate expires 2027-01-01 00:00:00", "none", ""),
    ("    2026-07-14T02:42:31Z inside", "none", ""),
    ("2026-13-14T02:42:31Z x", "none", ""),
    ("Feb 30 02:42:31 host x", "none", ""),
    ("May be later", "none", ""),
    ("[ERROR] plugin/errors: 2 x", "none", ""),
    ("[1500000000.5] x", "2017-07-14T02:40:00.500Z", ""),
];

#[test]
fn every_form_is_read() {
    for (line, time, assumed) in FORMS {
        let wanted = if assumed.is_empty() {
            (*time).to_owned()
        } else {
            format!("{time} {assumed}")
        };
        assert_eq!(at(line), wanted, "{line}");
    }
    assert_eq!(rfc3339("2026-07-14T02:42:31"), None);
    assert_eq!(rfc3339("2026-07-14T02:42:31Zx"), None);
}

#[test]
fn seconds_since_boot_are_read_as_such() {
    for line in [
        "[   12.345678] x",
        "[   12.345678] [x",
        "<3>[   12.345678] x",
        "kern  :err   : [   12.345678] x",
    ] {
        assert_eq!(
            raw(line).map(|found| found.when),
            Some(When::SinceBoot(12_345_678_000)),
            "{line}"
        );
    }
    assert_eq!(
        raw("[   12.345678 T99] x").map(|found| found.when),
        Some(When::SinceBoot(12_345_678_000))
    );
}

#[test]
fn the_stamps_text_is_at_the_beginning_or_not() {
    let len = |line: &str| leading(line, rfc3339(NOW)).unwrap().len;
    assert_eq!(len("2026-07-14T02:42:31Z x"), 20);
    assert_eq!(len("[2026-07-14T02:42:31Z] x"), 21);
    assert_eq!(len("<30>Jul 14 02:42:31 x"), 19);
    assert_eq!(len(r#"{"ts":"2026-07-14T02:42:31Z"}"#), 0);
    assert_eq!(len("level=info ts=2026-07-14T02:42:31Z"), 0);
}

#[test]
fn only_the_beginning_is_looked_at() {
    let long = format!(
        "{{\"a\":\"{}\",\"ts\":\"2026-07-14T02:42:31Z\"}}",
        "x".repeat(10_000)
    );
    assert_eq!(raw(&long), None);
    let docker = format!(
        "{{\"log\":\"{}\\n\",\"stream\":\"stdout\",\"time\":\"2026-07-14T02:42:31Z\"}}",
        "x".repeat(10_000_000)
    );
    assert!(raw(&docker).is_some());
    let audit = format!(
        "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"requestObject\":\"{}\",\"requestReceivedTimestamp\":\"2026-07-14T02:42:31.123456Z\",\"annotations\":{{}}}}",
        "x".repeat(100_000)
    );
    assert_eq!(at(&audit), "2026-07-14T02:42:31.123456Z");
    for byte in [
        "[", "{\"", "a=", "1", "\\", "<1>", "\u{1b}[", "Jan ", "\"", "I ",
    ] {
        let line = byte.repeat(10_000_000 / byte.len());
        assert_eq!(raw(&line), None, "{byte}");
    }
}

/// A time in each form: how it is printed, how many digits it keeps, whether year and zone are written.
fn printed(form: usize, time: Timestamp) -> String {
    let utc = Offset::UTC.to_datetime(time);
    let (day, month) = (utc.day(), utc.strftime("%b").to_string());
    let clock = utc.strftime("%H:%M:%S").to_string();
    let nanos = utc.subsec_nanosecond();
    let (millis, micros) = (nanos / 1_000_000, nanos / 1_000);
    let date = utc.strftime("%Y-%m-%d").to_string();
    match form {
        0 => format!("{date}T{clock}.{nanos:09}Z x"),
        1 => format!("{date} {clock},{millis:03} x"),
        2 => format!("{} {clock}.{micros:06} x", date.replace('-', "/")),
        3 => format!("{month} {day:>2} {clock} h u[1]: x"),
        4 => format!(
            "I{}{:02} {clock}.{micros:06}       1 a.go:1] x",
            utc.strftime("%m"),
            day
        ),
        5 => format!(
            "1.1.1.1 - - [{day:02}/{month}/{}:{clock} +0000] \"GET",
            utc.year()
        ),
        6 => format!(
            "1:C {day:02} {month} {} {clock}.{millis:03} * x",
            utc.year()
        ),
        7 => format!("{{\"ts\":{}.{micros:06}}}", time.as_second()),
        8 => format!("{{\"time\":{}}}", time.as_millisecond()),
        9 => format!("level=info ts={date}T{clock}.{millis:03}Z x"),
        10 => format!("{} {clock} UTC h u[1]: x", utc.strftime("%a %Y-%m-%d")),
        11 => format!(
            "[{} {month} {day:>2} {clock} {}] x",
            utc.strftime("%a"),
            utc.year()
        ),
        12 => format!("[{date}T{clock}.{millis:03}+0000][info][gc] x"),
        _ => format!("{}.{micros:06} h u[1]: x", time.as_second()),
    }
}

proptest! {
    #[test]
    fn any_line_is_safe(line in "\\PC{0,60}") {
        let _ = leading(&line, rfc3339(NOW));
    }

    #[test]
    fn nearly_a_stamp_is_safe(
        form in 0_usize..14,
        second in 1_500_000_000_i64..1_784_000_000,
        cut in 0_usize..60,
        put in "\\PC{0,4}",
    ) {
        let text = printed(form, Timestamp::from_second(second).unwrap());
        let cut = cut.min(text.len());
        let (before, after) = text.split_at(cut);
        let line = format!("{before}{put}{after}");
        if let Some(found) = raw(&line) {
            prop_assert!(found.start <= found.end && found.end <= line.len());
            prop_assert!(line.is_char_boundary(found.end));
        }
    }

    #[test]
    fn a_printed_time_is_read_back(
        form in 0_usize..14,
        // The year before the capture, so that forms without a year find it again.
        second in 1_752_600_000_i64..1_784_000_000,
        nanos in 0_i32..1_000_000_000,
    ) {
        let time = Timestamp::new(second, nanos).unwrap();
        let line = printed(form, time);
        let found = leading(&line, rfc3339(NOW)).unwrap();
        let kept = match found.precision {
            0 => 1_000_000_000,
            3 => 1_000_000,
            6 => 1_000,
            _ => 1,
        };
        prop_assert_eq!(found.time, Timestamp::new(second, nanos / kept * kept).unwrap(), "{}", line);
    }

    #[test]
    fn rfc3339_round_trips(second in 0_i64..4_000_000_000, nanos in 0_i32..1_000_000_000) {
        let time = Timestamp::new(second, nanos).unwrap();
        prop_assert_eq!(rfc3339(&format(time, 9)), Some(time));
    }
}

proptest! {
    #[test]
    fn times_are_written_as_the_library_writes_them(
        seconds in 0_i64..253_402_207_200,
        nanos in 0_i32..1_000_000_000,
    ) {
        let time = Timestamp::new(seconds, nanos).unwrap_or_default();
        let whole = format!("{time:.9}");
        prop_assert_eq!(&format(time, 9), &whole);
        for (precision, cut) in [(0, 19), (3, 23), (6, 26)] {
            prop_assert_eq!(format(time, precision), format!("{}Z", whole.get(..cut).unwrap_or_default()));
        }
    }
}
