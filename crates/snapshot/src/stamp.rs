//! Finds and reads the time stamp that a line begins with; what the text leaves out (year, zone) is marked as assumed.

use jiff::{Timestamp, civil, tz::Offset};

/// A stamp as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The instant in UTC.
    pub time: Timestamp,
    /// Digits after the second: 0, 3, 6 or 9.
    pub precision: u8,
    /// Length of the stamp's text at the beginning of the line, in bytes.
    pub len: usize,
    /// What had to be assumed.
    pub assumed: Assumed,
}

/// What a stamp did not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Assumed {
    /// The year was taken from the capture.
    pub year: bool,
    /// The zone was taken to be UTC.
    pub zone: bool,
}

impl Assumed {
    /// In words; empty if nothing was assumed.
    pub fn words(self) -> &'static str {
        match (self.year, self.zone) {
            (true, true) => "year and zone assumed",
            (true, false) => "year assumed",
            (false, true) => "zone assumed (UTC)",
            (false, false) => "",
        }
    }
}

/// Reads RFC 3339 as the Kubernetes API writes it.
pub fn rfc3339(text: &str) -> Option<Timestamp> {
    iso(text.as_bytes())
        .filter(|stamp| stamp.len == text.len() && !stamp.assumed.zone)
        .map(|stamp| stamp.time)
}

/// Reads the stamp at the beginning of a line. `now` gives the year to formats that have none.
pub fn leading(line: &str, now: Option<Timestamp>) -> Option<Stamp> {
    let bytes = line.as_bytes();
    match bytes.first()? {
        b'0'..=b'9' => iso(bytes),
        b'I' | b'W' | b'E' | b'F' => klog(bytes, now),
        b'A'..=b'Z' => syslog(bytes, now),
        b'[' => {
            let mut stamp = iso(bytes.get(1..)?)?;
            stamp.len += 1;
            Some(stamp)
        }
        b't' => logfmt(line),
        b'{' => json(line),
        _ => None,
    }
}

/// Where an ISO-like stamp begins inside a line of another framing.
fn offset_stamp(line: &str, marker: &str) -> Option<Stamp> {
    let at = line.find(marker)? + marker.len();
    let mut stamp = iso(line.as_bytes().get(at..)?)?;
    stamp.len = 0;
    Some(stamp)
}

fn logfmt(line: &str) -> Option<Stamp> {
    if line.starts_with("time=") || line.starts_with("ts=") {
        return offset_stamp(line, "=\"").or_else(|| offset_stamp(line, "="));
    }
    None
}

fn json(line: &str) -> Option<Stamp> {
    [
        "\"ts\":\"",
        "\"time\":\"",
        "\"@timestamp\":\"",
        "\"timestamp\":\"",
    ]
    .iter()
    .find_map(|marker| offset_stamp(line, marker))
}

fn digits(bytes: &[u8], at: usize, count: usize) -> Option<i32> {
    bytes
        .get(at..at + count)?
        .iter()
        .try_fold(0_i32, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + i32::from(byte - b'0'))
        })
}

fn small(number: i32) -> Option<i8> {
    i8::try_from(number).ok()
}

/// `2026-07-14T02:42:31.123456789Z`, with a blank or slash too, fraction by dot or comma, zone with or without colon.
fn iso(bytes: &[u8]) -> Option<Stamp> {
    let year = digits(bytes, 0, 4)?;
    let separator = *bytes.get(4)?;
    if !matches!(separator, b'-' | b'/')
        || bytes.get(7) != Some(&separator)
        || !matches!(bytes.get(10)?, b'T' | b' ')
    {
        return None;
    }
    let date = (
        i16::try_from(year).ok()?,
        small(digits(bytes, 5, 2)?)?,
        small(digits(bytes, 8, 2)?)?,
    );
    let (clock, mut at, precision) = clock(bytes, 11)?;
    let (offset, zone_len) = zone(bytes.get(at..)?);
    at += zone_len;
    build(
        date,
        clock,
        offset,
        precision,
        at,
        Assumed {
            year: false,
            zone: offset.is_none(),
        },
    )
}

type Clock = (i8, i8, i8, i32);

fn clock(bytes: &[u8], at: usize) -> Option<(Clock, usize, u8)> {
    if bytes.get(at + 2) != Some(&b':') || bytes.get(at + 5) != Some(&b':') {
        return None;
    }
    let hour = small(digits(bytes, at, 2)?)?;
    let minute = small(digits(bytes, at + 3, 2)?)?;
    let second = small(digits(bytes, at + 6, 2)?.min(59))?;
    let mut end = at + 8;
    let (mut nanos, mut places) = (0_i32, 0_u32);
    if matches!(bytes.get(end), Some(b'.' | b','))
        && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)
    {
        end += 1;
        while let Some(digit) = bytes.get(end).filter(|b| b.is_ascii_digit()) {
            if places < 9 {
                nanos = nanos * 10 + i32::from(digit - b'0');
                places += 1;
            }
            end += 1;
        }
        nanos *= 10_i32.pow(9 - places);
    }
    let precision = match places {
        0 => 0,
        1..=3 => 3,
        4..=6 => 6,
        _ => 9,
    };
    Some(((hour, minute, second, nanos), end, precision))
}

fn zone(bytes: &[u8]) -> (Option<i32>, usize) {
    match bytes.first() {
        Some(b'Z') => (Some(0), 1),
        Some(sign @ (b'+' | b'-')) => {
            let colon = usize::from(bytes.get(3) == Some(&b':'));
            let (Some(hours), Some(minutes)) = (digits(bytes, 1, 2), digits(bytes, 3 + colon, 2))
            else {
                return (None, 0);
            };
            let seconds = hours * 3_600 + minutes * 60;
            (
                Some(if *sign == b'-' { -seconds } else { seconds }),
                5 + colon,
            )
        }
        Some(b' ') if bytes.starts_with(b" UTC") => (Some(0), 4),
        Some(b' ') if bytes.starts_with(b" +0000") => (Some(0), 6),
        _ => (None, 0),
    }
}

fn build(
    date: (i16, i8, i8),
    clock: Clock,
    offset: Option<i32>,
    precision: u8,
    len: usize,
    assumed: Assumed,
) -> Option<Stamp> {
    let when =
        civil::DateTime::new(date.0, date.1, date.2, clock.0, clock.1, clock.2, clock.3).ok()?;
    let offset = Offset::from_seconds(offset.unwrap_or(0)).ok()?;
    Some(Stamp {
        time: offset.to_timestamp(when).ok()?,
        precision,
        len,
        assumed,
    })
}

/// klog: `E0714 02:42:31.123456    1234 file.go:12] …`, no year, local time of the process.
fn klog(bytes: &[u8], now: Option<Timestamp>) -> Option<Stamp> {
    if bytes.get(5) != Some(&b' ') {
        return syslog(bytes, now);
    }
    let (month, day) = (small(digits(bytes, 1, 2)?)?, small(digits(bytes, 3, 2)?)?);
    let (clock, end, precision) = clock(bytes, 6)?;
    yearless(month, day, clock, precision, end, now)
}

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// journalctl short and RFC 3164: `Jul 14 02:42:31[.123456] host …`.
fn syslog(bytes: &[u8], now: Option<Timestamp>) -> Option<Stamp> {
    let month = MONTHS.iter().position(|name| bytes.starts_with(*name))?;
    if bytes.get(3) != Some(&b' ') || bytes.get(6) != Some(&b' ') {
        return None;
    }
    let day = if bytes.get(4) == Some(&b' ') {
        digits(bytes, 5, 1)?
    } else {
        digits(bytes, 4, 2)?
    };
    let (clock, end, precision) = clock(bytes, 7)?;
    yearless(
        i8::try_from(month + 1).ok()?,
        small(day)?,
        clock,
        precision,
        end,
        now,
    )
}

/// The latest year that does not put the stamp more than a day after the capture.
fn yearless(
    month: i8,
    day: i8,
    clock: Clock,
    precision: u8,
    len: usize,
    now: Option<Timestamp>,
) -> Option<Stamp> {
    let now = now?;
    let assumed = Assumed {
        year: true,
        zone: true,
    };
    let limit = now.as_second() + 86_400;
    let year = Offset::UTC.to_datetime(now).year() + 1;
    (0..9).find_map(|back| {
        build(
            (year - back, month, day),
            clock,
            None,
            precision,
            len,
            assumed,
        )
        .filter(|stamp| stamp.time.as_second() <= limit)
    })
}

/// RFC 3339 in UTC with as many digits as were captured.
pub fn format(time: Timestamp, precision: u8) -> String {
    let when = Offset::UTC.to_datetime(time);
    let base = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        when.year(),
        when.month(),
        when.day(),
        when.hour(),
        when.minute(),
        when.second()
    );
    let nanos = when.subsec_nanosecond();
    match precision {
        0 => format!("{base}Z"),
        3 => format!("{base}.{:03}Z", nanos / 1_000_000),
        6 => format!("{base}.{:06}Z", nanos / 1_000),
        _ => format!("{base}.{nanos:09}Z"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(line: &str) -> String {
        let now = rfc3339("2026-07-14T02:50:07Z");
        leading(line, now).map_or_else(
            || "none".to_owned(),
            |stamp| {
                format!(
                    "{} {}",
                    format(stamp.time, stamp.precision),
                    stamp.assumed.words()
                )
                .trim_end()
                .to_owned()
            },
        )
    }

    #[test]
    fn formats_of_the_field() {
        assert_eq!(
            at("2026-07-14T02:42:31.123456789Z stdout F x"),
            "2026-07-14T02:42:31.123456789Z"
        );
        assert_eq!(
            at("2026-07-14T04:42:31.051004+0200 n kubelet[1]: x"),
            "2026-07-14T02:42:31.051004Z"
        );
        assert_eq!(at("2026-07-14T02:42:31+00:00 x"), "2026-07-14T02:42:31Z");
        assert_eq!(
            at("E0714 02:42:31.107016    1 a.go:1] x"),
            "2026-07-14T02:42:31.107016Z year and zone assumed"
        );
        assert_eq!(
            at("I1231 23:59:59.000000 1 a.go:1] x"),
            "2025-12-31T23:59:59.000000Z year and zone assumed"
        );
        assert_eq!(
            at("Jul  4 02:42:31 host kernel: x"),
            "2026-07-04T02:42:31Z year and zone assumed"
        );
        assert_eq!(
            at("Feb 29 02:42:31 host kernel: x"),
            "2024-02-29T02:42:31Z year and zone assumed"
        );
        assert_eq!(
            at("2026-07-14 02:42:31,293 ERROR x"),
            "2026-07-14T02:42:31.293Z zone assumed (UTC)"
        );
        assert_eq!(
            at("2026/07/14 02:42:31 [error] x"),
            "2026-07-14T02:42:31Z zone assumed (UTC)"
        );
        assert_eq!(at("[2026-07-14T02:42:31Z] x"), "2026-07-14T02:42:31Z");
        assert_eq!(
            at("time=\"2026-07-14T02:42:31.5Z\" level=info"),
            "2026-07-14T02:42:31.500Z"
        );
        assert_eq!(
            at("{\"level\":\"warn\",\"ts\":\"2026-07-14T02:42:31.095877Z\"}"),
            "2026-07-14T02:42:31.095877Z"
        );
        assert_eq!(at("hello"), "none");
        assert_eq!(rfc3339("2026-07-14T02:42:31"), None);
    }

    proptest! {
        #[test]
        fn any_line_is_safe(line in "\\PC{0,60}") {
            let _ = leading(&line, rfc3339("2026-07-14T02:50:07Z"));
        }

        #[test]
        fn rfc3339_round_trips(second in 0_i64..4_000_000_000, nanos in 0_i32..1_000_000_000) {
            let time = Timestamp::new(second, nanos).unwrap();
            prop_assert_eq!(rfc3339(&format(time, 9)), Some(time));
        }
    }
}
