//! The written forms of a date with a clock, tried at one place of a line.

use jiff::{civil, tz::Offset};

use super::{
    Raw, When, epoch,
    scan::{self, Cursor},
};

/// Whatever date begins exactly here.
pub(super) fn parse(cursor: Cursor<'_>) -> Option<Raw> {
    match cursor.peek()? {
        b'0'..=b'9' => iso(cursor)
            .or_else(|| compact(cursor))
            .or_else(|| day_first(cursor))
            .or_else(|| numbered(cursor))
            .or_else(|| month_counted(cursor))
            .or_else(|| epoch::leading(cursor)),
        byte if byte.is_ascii_alphabetic() || !byte.is_ascii() => {
            weekday(cursor).or_else(|| month_first(cursor))
        }
        _ => None,
    }
}

/// Puts the pieces together; without an offset the instant stays open.
fn raw(
    start: usize,
    date: civil::Date,
    (time, precision): (civil::Time, u8),
    offset: Option<i32>,
    end: usize,
) -> Option<Raw> {
    let local = date.to_datetime(time);
    let when = match offset {
        Some(seconds) => When::Instant(
            Offset::from_seconds(seconds)
                .ok()?
                .to_timestamp(local)
                .ok()?,
        ),
        None => When::Local(local),
    };
    Some(Raw {
        when,
        precision,
        start,
        end,
    })
}

/// What every form ends with: the time of day, and a zone if there is one.
fn timed(begin: Cursor<'_>, date: civil::Date, mut at: Cursor<'_>) -> Option<Raw> {
    let clock = scan::clock(&mut at)?;
    let offset = scan::zone(&mut at);
    raw(begin.at, date, clock, offset, at.at)
}

/// `2026-07-14T02:42:31.123456789Z`; also slash or dot, blank for `T`, comma, zone with or without colon or by name.
pub(super) fn iso(cursor: Cursor<'_>) -> Option<Raw> {
    let mut at = cursor;
    let year = at.number(4, 4)?;
    let separator = at.eat(b"-/.")?;
    let month = at.number(2, 2)?;
    at.eat(&[separator])?;
    let day = at.fixed(2)?;
    if at.eat(b"T").is_none() {
        // Package managers and MariaDB pad the hour with a blank.
        (1..=2).contains(&at.blanks()).then_some(())?;
    }
    timed(cursor, scan::date(year, month, day)?, at)
}

/// `20260714T024231Z`, `20260714 02:42:31`, and MySQL's old `260714  2:42:31`.
fn compact(cursor: Cursor<'_>) -> Option<Raw> {
    let digits = cursor
        .rest()
        .iter()
        .take(9)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let mut at = cursor;
    let year = match digits {
        8 => at.fixed(4)?,
        6 => scan::short_year(at.fixed(2)?),
        _ => return None,
    };
    let date = scan::date(year, at.fixed(2)?, at.fixed(2)?)?;
    let separator = at.eat(b"T -")?;
    at.blanks();
    let mut run = at;
    let clock = if separator == b'T' && digits == 8 && run.number(6, 6).is_some() {
        let time = civil::Time::new(
            i8::try_from(at.fixed(2)?).ok()?,
            i8::try_from(at.fixed(2)?).ok()?,
            i8::try_from(at.fixed(2)?).ok()?,
            0,
        );
        (time.ok()?, 0)
    } else {
        scan::clock(&mut at)?
    };
    let offset = scan::zone(&mut at);
    raw(cursor.at, date, clock, offset, at.at)
}

/// `28/Jun/2026:12:01:15 +0000`, `28-Jun-2026 12:01:15.123`, `14 Nov 2025 13:33:09.900`, old Redis' `14 Nov 13:33:09.900`.
pub(super) fn day_first(cursor: Cursor<'_>) -> Option<Raw> {
    let mut at = cursor;
    let day = at.number(1, 2)?;
    let separator = at.eat(b"/- ")?;
    let month = scan::month(at.word(10)?)?;
    at.eat(&[separator])?;
    let mut dated = at;
    let Some(year) = dated.number(4, 4) else {
        let clock = scan::clock(&mut at)?;
        return (separator == b' ')
            .then(|| yearless(cursor.at, month, day, clock, at.at))
            .flatten();
    };
    at = dated;
    at.eat(b": ")?;
    // Erlang's report header has two colons.
    at.eat(b":");
    timed(cursor, scan::date(year, month, day)?, at)
}

/// `Fri 2022-02-11 19:03:14 UTC`, `Fri Feb 11 19:03:14.123 [UTC] 2022`, `Fri, 11 Feb 2022 19:03:14 +0000`.
fn weekday(cursor: Cursor<'_>) -> Option<Raw> {
    let mut at = cursor;
    if !scan::weekday(at.word(9)?) {
        return None;
    }
    at.eat(b",.");
    at.eat(b" ")?;
    at.blanks();
    let from = |found: Raw| Raw {
        start: cursor.at,
        ..found
    };
    if let Some(found) = iso(at).or_else(|| day_first(at)) {
        return Some(from(found));
    }
    let month = scan::month(at.word(10)?)?;
    at.eat(b" ")?;
    at.blanks();
    let day = at.number(1, 2)?;
    at.eat(b" ")?;
    let clock = scan::clock(&mut at)?;
    let mut tail = at;
    tail.eat(b" ");
    let offset = scan::named_zone(&mut tail);
    if offset.is_none() {
        // A zone whose name is ambiguous still stands between the clock and the year.
        let mut unknown = tail;
        if unknown.word(5).is_some() {
            tail = unknown;
        }
    }
    tail.eat(b" ");
    match tail.number(4, 4) {
        Some(year) => raw(
            cursor.at,
            scan::date(year, month, day)?,
            clock,
            offset,
            tail.at,
        ),
        None => yearless(cursor.at, month, day, clock, at.at),
    }
}

/// `7月 14 02:42:31`, as syslog abbreviates months under Chinese, Japanese and Korean locales.
fn month_counted(cursor: Cursor<'_>) -> Option<Raw> {
    let mut at = cursor;
    let month = at.number(1, 2)?;
    let sign = at.word(3)?;
    [&b"\xe6\x9c\x88"[..], &b"\xec\x9b\x94"[..]]
        .contains(&sign)
        .then_some(())?;
    (1..=2).contains(&at.blanks()).then_some(())?;
    let day = at.number(1, 2)?;
    at.eat(b" ")?;
    let clock = scan::clock(&mut at)?;
    yearless(cursor.at, month, day, clock, at.at)
}

/// `Jul 14 02:42:31[.123456]`, `Jul 14 2026 02:42:31`, `Jul 14, 2026 2:42:31 AM`.
fn month_first(cursor: Cursor<'_>) -> Option<Raw> {
    let mut at = cursor;
    let month = scan::month(at.word(10)?)?;
    at.eat(b".");
    (1..=2).contains(&at.blanks()).then_some(())?;
    let day = at.number(1, 2)?;
    at.eat(b",");
    at.eat(b" ")?;
    let mut dated = at;
    let year = dated.number(4, 4).filter(|_| dated.eat(b" ").is_some());
    if year.is_some() {
        at = dated;
    }
    let (time, precision) = scan::clock(&mut at)?;
    let time = half_day(&mut at, time)?;
    match year {
        Some(year) => {
            let offset = scan::zone(&mut at);
            raw(
                cursor.at,
                scan::date(year, month, day)?,
                (time, precision),
                offset,
                at.at,
            )
        }
        None => yearless(cursor.at, month, day, (time, precision), at.at),
    }
}

/// `4月 11 22:52:11`, `10월 25 16:19:56`: East Asian locales number their months.
fn numbered(cursor: Cursor<'_>) -> Option<Raw> {
    let mut at = cursor;
    let month = at.number(1, 2)?;
    at.eat_text("月".as_bytes())
        .or_else(|| at.eat_text("월".as_bytes()))?;
    (1..=2).contains(&at.blanks()).then_some(())?;
    let day = at.number(1, 2)?;
    at.eat_text("日".as_bytes())
        .or_else(|| at.eat_text("일".as_bytes()));
    at.eat(b" ")?;
    let clock = scan::clock(&mut at)?;
    yearless(cursor.at, month, day, clock, at.at)
}

/// Applies ` AM` or ` PM`.
fn half_day(cursor: &mut Cursor<'_>, time: civil::Time) -> Option<civil::Time> {
    let rest = cursor.rest();
    let noon = match rest.get(..3) {
        Some(b" AM") => 0,
        Some(b" PM") => 12,
        _ => return Some(time),
    };
    if rest.get(3).is_some_and(u8::is_ascii_alphanumeric) || !(1..=12).contains(&time.hour()) {
        return Some(time);
    }
    cursor.at += 3;
    time.with().hour(time.hour() % 12 + noon).build().ok()
}

fn yearless(
    start: usize,
    month: i32,
    day: i32,
    (time, precision): (civil::Time, u8),
    end: usize,
) -> Option<Raw> {
    // A leap year, so that 29 February stands.
    let date = scan::date(2_000, month, day)?;
    Some(Raw {
        when: When::Yearless {
            month: date.month(),
            day: date.day(),
            time,
        },
        precision,
        start,
        end,
    })
}

/// klog: `E0714 02:42:31.123456    1234 file.go:12] …`, no year, local time of the process. glog may
/// print the year in full, CockroachDB with two digits.
pub(super) fn klog(cursor: Cursor<'_>) -> Option<Raw> {
    let mut at = cursor;
    at.eat(b"IWEF")?;
    let digits = at
        .rest()
        .iter()
        .take(9)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let year = match digits {
        4 => None,
        6 => Some(scan::short_year(at.fixed(2)?)),
        8 => Some(at.fixed(4)?),
        _ => return None,
    };
    let (month, day) = (at.fixed(2)?, at.fixed(2)?);
    at.eat(b" ")?;
    let clock = scan::clock(&mut at)?;
    match year {
        None => yearless(cursor.at, month, day, clock, at.at),
        Some(year) => raw(cursor.at, scan::date(year, month, day)?, clock, None, at.at),
    }
}

/// The kernel's seconds since boot: `[  725.995102] `, possibly with a thread after the number.
pub(super) fn since_boot(cursor: Cursor<'_>) -> Option<Raw> {
    let mut at = cursor;
    at.eat(b"[")?;
    at.blanks();
    let seconds = i64::from(at.number(1, 9)?);
    at.eat(b".")?;
    let digits = at
        .rest()
        .iter()
        .take(10)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if !(3..=9).contains(&digits) {
        return None;
    }
    let fraction = i64::from(at.fixed(digits)?);
    at.blanks();
    if at.peek() != Some(b']') {
        // CONFIG_PRINTK_CALLER adds the thread or the processor.
        at.eat(b"TC")?;
        at.number(1, 9)?;
        at.blanks();
    }
    at.eat(b"]")?;
    let scale = 10_i64.pow(u32::try_from(9 - digits).ok()?);
    Some(Raw {
        when: When::SinceBoot(seconds * 1_000_000_000 + fraction * scale),
        precision: scan::precision_of(digits),
        start: cursor.at,
        end: at.at,
    })
}
