//! Years, zones and boot times of small files.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    stamp::rfc3339(text).unwrap()
}

fn captured(text: &str) -> Anchors {
    Anchors {
        captured: Some(at(text)),
        ..Anchors::default()
    }
}

fn lines_of(text: &str) -> u32 {
    u32::try_from(text.lines().count()).unwrap()
}

fn clock(text: &str, anchors: &Anchors) -> FileClock {
    FileClock::of(text, 1, lines_of(text), anchors)
}

/// Every line's instant and what was assumed.
fn dated(text: &str, anchors: &Anchors) -> Vec<(String, &'static str)> {
    let clock = clock(text, anchors);
    text.lines()
        .zip(1..)
        .filter_map(|(line, number)| {
            let found = clock.stamp(number, line)?;
            Some((stamp::format(found.time, 0), found.assumed.words()))
        })
        .collect()
}

fn times(text: &str, anchors: &Anchors) -> Vec<String> {
    dated(text, anchors)
        .into_iter()
        .map(|(time, _)| time)
        .collect()
}

#[test]
fn years_roll_over_backward_from_the_last_line() {
    let text = "Dec 30 09:23:38 h u[1]: a\nDec 31 23:59:59 h u[1]: a\nJan  1 00:00:01 h u[1]: a\n\
                Dec 31 23:59:58 h u[1]: late\nJan  3 09:47:02 h u[1]: a\n";
    assert_eq!(
        times(text, &captured("2026-01-03T10:00:00Z")),
        [
            "2025-12-30T09:23:38Z",
            "2025-12-31T23:59:59Z",
            "2026-01-01T00:00:01Z",
            "2025-12-31T23:59:58Z",
            "2026-01-03T09:47:02Z"
        ]
    );
    // The host's zone may be ahead of UTC: up to a day after the capture is this year.
    assert_eq!(
        times(
            "Jan  1 01:00:00 h u[1]: a",
            &captured("2025-12-31T23:30:00Z")
        ),
        ["2026-01-01T01:00:00Z"]
    );
    assert!(times("Jan  1 01:00:00 h u[1]: a", &Anchors::default()).is_empty());
}

#[test]
fn two_and_a_half_years_in_one_file_are_walked() {
    let mut text = String::new();
    let mut wanted = Vec::new();
    for month in 0_i16..30 {
        let (year, month) = (2024 + month / 12, i8::try_from(month % 12 + 1).unwrap());
        let day = civil::Date::new(year, month, 2).unwrap();
        writeln!(text, "{} 02:00:00 h u[1]: a", day.strftime("%b %e")).unwrap();
        wanted.push(format!("{day}T02:00:00Z"));
    }
    assert_eq!(times(&text, &captured("2026-06-02T03:00:00Z")), wanted);
}

#[test]
fn a_leap_day_finds_a_leap_year() {
    assert_eq!(
        times(
            "Feb 29 01:00:00 h u[1]: a",
            &captured("2026-01-01T00:00:00Z")
        ),
        ["2024-02-29T01:00:00Z"]
    );
}

#[test]
fn headers_tell_year_and_zone() {
    let text = "-- Logs begin at Fri 2022-02-11 19:58:10 CET, end at Fri 2022-02-11 20:23:42 CET. --\n\
                Feb 11 20:03:12 h u[1]: a\n";
    assert_eq!(
        dated(text, &captured("2026-01-01T00:00:00Z")),
        [(
            "2022-02-11T19:03:12Z".to_owned(),
            "year and zone from the file's header"
        )]
    );
    let starred = format!("* {text}");
    assert_eq!(
        dated(&starred, &Anchors::default()),
        dated(text, &Anchors::default())
    );
    let text = "-- Journal begins at Fri 2021-12-31 18:58:10 CST, ends at Sat 2022-01-01 19:23:42 CST. --\n\
                Dec 31 19:03:12 h u[1]: a\nJan  1 19:03:12 h u[1]: a\n";
    assert_eq!(
        dated(text, &Anchors::default()),
        [
            (
                "2021-12-31T19:03:12Z".to_owned(),
                "year from the file's header, zone taken as UTC"
            ),
            (
                "2022-01-01T19:03:12Z".to_owned(),
                "year from the file's header, zone taken as UTC"
            ),
        ]
    );
    let text = "Log file created at: 2019/12/18 06:07:40\nI1218 06:07:41.000000 1 a.cc:1] x\n\
                I0118 06:07:41.000000 1 a.cc:1] x\n";
    assert_eq!(
        times(text, &captured("2026-01-01T00:00:00Z")),
        ["2019-12-18T06:07:41Z", "2020-01-18T06:07:41Z"]
    );
    let text = "   Active: active (running) since Tue 2026-07-14 04:00:00 CEST; 5min ago\n\n\
                Jul 14 04:01:00 h u[1]: a\n";
    assert_eq!(
        dated(text, &captured("2026-07-14T02:50:07Z")),
        [(
            "2026-07-14T02:01:00Z".to_owned(),
            "year from the capture, zone from the file's header"
        )]
    );
}

#[test]
fn two_stamps_on_a_line_calibrate_the_rest() {
    let text = "Jul 14 08:12:00 h containerd[1]: time=\"2026-07-14T02:42:00.5Z\" level=info\n\
                Jul 14 08:12:10 h systemd[1]: started\n\
                Jul 14 08:12:20 h containerd[1]: time=\"2026-07-14T02:42:19.9Z\" level=info\n";
    let words = "year and zone from another stamp on the line";
    assert_eq!(
        dated(text, &captured("2031-01-01T00:00:00Z")),
        [
            ("2026-07-14T02:42:00Z".to_owned(), words),
            (
                "2026-07-14T02:42:10Z".to_owned(),
                "year and zone from lines with two stamps"
            ),
            ("2026-07-14T02:42:20Z".to_owned(), words),
        ]
    );
}

#[test]
fn an_outer_stamp_dates_the_line_and_tells_the_zone_of_the_inner() {
    let text = "2026-07-14T02:42:00.500000000Z I0714 04:42:00.400000 1 a.go:1] x\n\
                I0714 04:42:05.400000 1 a.go:1] not framed\n";
    assert_eq!(
        dated(text, &Anchors::default()),
        [
            ("2026-07-14T02:42:00Z".to_owned(), ""),
            (
                "2026-07-14T02:42:05Z".to_owned(),
                "year and zone from lines with two stamps"
            ),
        ]
    );
    assert_eq!(
        clock(text, &Anchors::default()).zone(1),
        (7_200, Source::Calibrated)
    );
}

#[test]
fn the_hour_that_comes_twice_is_told_by_the_line_itself() {
    let text = "Nov  1 01:59:59 h c[1]: time=\"2026-11-01T05:59:59Z\"\n\
                Nov  1 01:00:01 h c[1]: time=\"2026-11-01T06:00:01Z\"\n\
                Nov  1 01:00:02 h other[1]: x\n";
    assert_eq!(
        times(text, &Anchors::default()),
        [
            "2026-11-01T05:59:59Z",
            "2026-11-01T06:00:01Z",
            "2026-11-01T06:00:02Z"
        ]
    );
}

#[test]
fn a_time_that_a_message_quotes_is_no_zone() {
    let text = "Jul 14 02:42:00 h c[1]: 2026-03-01T17:13:59Z was the last backup\n";
    assert_eq!(
        dated(text, &captured("2026-07-14T02:50:07Z"))[0].0,
        "2026-07-14T02:42:00Z"
    );
}

#[test]
fn the_kernels_clock_is_pinned_by_what_has_both() {
    let kern = "Jul 14 02:00:28 h kernel: [    0.000000] Linux version\n\
                Jul 14 02:00:28 h kernel: [    9.000000] early\n\
                Jul 14 02:10:10 h kernel: [  600.500000] late\n";
    let boot = clock(kern, &captured("2026-07-14T02:50:07Z"))
        .boot()
        .unwrap();
    assert_eq!(
        (boot.time, boot.source),
        (at("2026-07-14T02:00:09.5Z"), Source::Calibrated)
    );
    let dmesg = "[    0.000000] Linux version\n[  725.500000] oom\n";
    assert!(dated(dmesg, &captured("2026-07-14T02:50:07Z")).is_empty());
    let anchors = Anchors {
        boot: Some(boot),
        ..Anchors::default()
    };
    assert_eq!(
        dated(dmesg, &anchors)[1],
        (
            "2026-07-14T02:12:15Z".to_owned(),
            "boot time from lines with both clocks"
        )
    );
    let own = "[    0.000000] Linux version\n\
               [    2.000000] rtc_cmos 00:00: setting system clock to 2026-07-14T02:00:11 UTC (1783994411)\n\
               [  725.500000] oom\n";
    assert_eq!(
        dated(own, &Anchors::default())[2],
        (
            "2026-07-14T02:12:14Z".to_owned(),
            "boot time as the kernel printed it"
        )
    );
    let audit = "[    2.000000] audit: type=1400 audit(1783994411.250:2): x\n";
    assert_eq!(
        clock(audit, &Anchors::default()).boot().unwrap().time,
        at("2026-07-14T02:00:09.25Z")
    );
}

#[test]
fn boot_is_read_from_proc() {
    let time = |boot: Option<Boot>| boot.map(|boot| boot.time);
    assert_eq!(
        time(Boot::from_stat("cpu 1 2\nbtime 1783994411\n")),
        Some(at("2026-07-14T02:00:11Z"))
    );
    assert_eq!(
        time(Boot::from_uptime(
            "11.50 3.00\n",
            at("2026-07-14T02:00:11Z")
        )),
        Some(at("2026-07-14T01:59:59.5Z"))
    );
    assert_eq!(
        Boot::from_uptime("1e999 x", at("2026-07-14T02:00:11Z")),
        None
    );
    assert_eq!(Boot::from_stat("x"), None);
}

proptest! {
    #[test]
    fn any_text_is_safe(text in "(\\PC{0,40}\n){0,6}", lines in any::<u32>(), first in any::<u32>()) {
        let clock = FileClock::of(&text, first, lines, &captured("2026-07-14T02:50:07Z"));
        for line in text.lines() {
            let _ = clock.stamp(lines, line);
        }
    }

    /// A long file in order, printed without its year, is dated as it was, wherever it begins.
    #[test]
    fn ordered_files_get_their_years_back(
        start in 1_500_000_000_i64..1_700_000_000,
        steps in prop::collection::vec(1_i64..2_000_000, 1..600),
    ) {
        let mut second = start;
        let mut text = String::new();
        let mut wanted = Vec::new();
        let total: i64 = steps.iter().sum();
        // A gap of the sample longer than a year says nothing about how many years it was.
        prop_assume!(total < 300 * DAY || steps.len() <= 400);
        for step in &steps {
            let time = Timestamp::from_second(second).unwrap();
            let local = Offset::UTC.to_datetime(time);
            writeln!(text, "{} h u[1]: a", local.strftime("%b %e %H:%M:%S")).unwrap();
            wanted.push(stamp::format(time, 0));
            second += step;
        }
        let now = Timestamp::from_second(second).unwrap();
        let anchors = Anchors { captured: Some(now), ..Anchors::default() };
        prop_assert_eq!(times(&text, &anchors), wanted);
    }
}
