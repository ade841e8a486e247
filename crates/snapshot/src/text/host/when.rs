//! Reads the times that commands print for people: absolute ones only when their zone is certain, else by the age beside them.

use jiff::{Timestamp, civil, tz::Offset};

/// Seconds east of UTC; `None` for abbreviations, which mean several zones (`CST`, `IST`).
pub(super) fn zone(word: &str) -> Option<i32> {
    if matches!(word, "UTC" | "GMT" | "Z" | "UCT" | "Etc/UTC") {
        return Some(0);
    }
    let sign = match word.bytes().next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = word.chars().skip(1).filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    let (hours, minutes) = match digits.len() {
        2 => (number, 0),
        4 => (number / 100, number % 100),
        _ => return None,
    };
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// A date and a time in words of any order (`Fri Feb 11 19:23:39 UTC 2022`, `Jul 14, 2027 11:43 UTC`,
/// `Fri 2025-11-14 21:34:49 CST`), and the zone if it is certain.
pub(super) fn words(text: &str) -> Option<(civil::DateTime, Option<i32>)> {
    let (mut year, mut month, mut day, mut clock, mut offset, mut noon) =
        (None, None, None, None, None, None);
    for word in text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')'))
        .filter(|word| !word.is_empty())
        .take(12)
    {
        if let Some((date, time)) = word.split_once('T')
            && date.contains('-')
        {
            let (time, zone_part) = split_zone(time);
            (year, month, day) = iso_date(date)?;
            clock = hours(time);
            offset = zone_part.and_then(zone);
        } else if word.contains(':') && word.starts_with(|c: char| c.is_ascii_digit()) {
            let (time, zone_part) = split_zone(word);
            clock = clock.or_else(|| hours(time));
            offset = offset.or_else(|| zone_part.and_then(zone));
        } else if word.bytes().filter(|b| *b == b'-').count() == 2
            && word.starts_with(|c: char| c.is_ascii_digit())
        {
            (year, month, day) = iso_date(word)?;
        } else if let Ok(number) = word.parse::<i16>()
            && !word.starts_with('+')
        {
            match word.len() {
                4 => year = year.or(Some(number)),
                1 | 2 => day = day.or(i8::try_from(number).ok()),
                _ => {}
            }
        } else if matches!(word, "AM" | "am" | "PM" | "pm") {
            noon = Some(word.eq_ignore_ascii_case("pm"));
        } else if let Some(seconds) = zone(word) {
            offset = offset.or(Some(seconds));
        } else if let Some(name) = word.get(..3)
            && let Some(at) = MONTHS
                .iter()
                .position(|month| name.eq_ignore_ascii_case(month))
        {
            month = month.or(i8::try_from(at + 1).ok());
        }
    }
    let (mut hour, minute, second) = clock?;
    match noon {
        Some(true) if hour < 12 => hour += 12,
        Some(false) if hour == 12 => hour = 0,
        _ => {}
    }
    civil::DateTime::new(year?, month?, day?, hour, minute, second, 0)
        .ok()
        .map(|when| (when, offset))
}

type Date = (Option<i16>, Option<i8>, Option<i8>);

fn iso_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    Some((
        Some(parts.next()?.parse().ok()?),
        Some(parts.next()?.parse().ok()?),
        Some(parts.next()?.parse().ok()?),
    ))
}

/// `19:23:39.5+08:00` without its zone, and the zone.
fn split_zone(time: &str) -> (&str, Option<&str>) {
    match time.find(['+', '-', 'Z']) {
        Some(at) => (
            time.get(..at).unwrap_or(""),
            time.get(at..).filter(|zone| !zone.is_empty()),
        ),
        None => (time, None),
    }
}

fn hours(time: &str) -> Option<(i8, i8, i8)> {
    let mut parts = time.split(':');
    let hour = parts.next()?.parse().ok()?;
    let minute = parts.next()?.parse().ok()?;
    let second = match parts.next() {
        Some(second) => second.split(['.', ',']).next()?.parse::<i8>().ok()?.min(59),
        None => 0,
    };
    Some((hour, minute, second))
}

/// An instant whose zone is written out.
pub(super) fn absolute(text: &str) -> Option<Timestamp> {
    let (when, offset) = words(text)?;
    Offset::from_seconds(offset?).ok()?.to_timestamp(when).ok()
}

/// How long ago: seconds, and how coarse they are. `4h 45min ago`, `2 days ago`, `1 month 3 days ago`.
pub(super) fn ago(text: &str) -> Option<(i64, i64)> {
    let span = text.trim().strip_suffix("ago")?.trim_end();
    let mut total: i64 = 0;
    let mut coarse = 0;
    let mut number: Option<i64> = None;
    for word in span.split_whitespace().take(12) {
        let end = word
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(word.len());
        let (digits, unit) = word.split_at_checked(end)?;
        if !digits.is_empty() {
            number = Some(digits.parse().ok()?);
            if unit.is_empty() {
                continue;
            }
        }
        let seconds = match unit {
            "us" | "ms" | "µs" => 0,
            "s" | "sec" | "second" | "seconds" => 1,
            "min" | "m" | "minute" | "minutes" => 60,
            "h" | "hr" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            "month" | "months" => 2_629_800,
            "y" | "year" | "years" => 31_557_600,
            _ => return None,
        };
        total = total.checked_add(number.take()?.checked_mul(seconds)?)?;
        coarse = seconds.max(1);
    }
    (coarse > 0 && number.is_none()).then_some((total, coarse))
}

/// When something was, by an absolute time (`Fri 2025-11-14 21:34:49 CST`) and an age (`4h 45min ago`).
///
/// A zone that is not certain follows from the age if that is finer than the quarters of an hour by
/// which zones differ; without either, the age counts back from the capture.
pub(super) fn since(date: &str, age: Option<&str>, now: Option<Timestamp>) -> Option<Timestamp> {
    if let Some(time) = absolute(date) {
        return Some(time);
    }
    let (seconds, coarse) = ago(age?)?;
    let about = now?.as_second().checked_sub(seconds)?;
    if coarse <= 60
        && let Some((when, _)) = words(date)
    {
        const QUARTER: i64 = 900;
        let local = Offset::UTC.to_timestamp(when).ok()?.as_second();
        let offset = (local.checked_sub(about)? + QUARTER / 2).div_euclid(QUARTER) * QUARTER;
        if offset.abs() <= 14 * 3_600 {
            return Timestamp::from_second(local - offset).ok();
        }
    }
    Timestamp::from_second(about).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stamp;

    fn text(time: Option<Timestamp>) -> String {
        time.map_or_else(|| "none".to_owned(), |time| stamp::format(time, 0))
    }

    #[test]
    fn absolute_times_need_a_certain_zone() {
        for (written, expected) in [
            ("Fri Feb 11 19:23:39 UTC 2022", "2022-02-11T19:23:39Z"),
            ("Fri 11 Feb 2022 07:23:39 PM GMT", "2022-02-11T19:23:39Z"),
            ("2025-12-02T21:00:50+08:00", "2025-12-02T13:00:50Z"),
            ("Fri 2025-11-14 21:34:49 +08", "2025-11-14T13:34:49Z"),
            ("Jul 14 11:43:32 2026 GMT", "2026-07-14T11:43:32Z"),
            ("Jul 14, 2027 11:43 UTC", "2027-07-14T11:43:00Z"),
            ("Fri 2025-11-14 21:34:49 CST", "none"),
            ("yesterday", "none"),
        ] {
            assert_eq!(text(absolute(written)), expected, "{written}");
        }
    }

    #[test]
    fn ages_of_systemd() {
        assert_eq!(ago("4h 45min ago"), Some((17_100, 60)));
        assert_eq!(ago("2min 22s ago"), Some((142, 1)));
        assert_eq!(ago("6h ago"), Some((21_600, 3_600)));
        assert_eq!(ago("1 week 2 days ago"), Some((777_600, 86_400)));
        assert_eq!(ago("132ms ago"), Some((0, 1)));
        assert_eq!(ago("ago"), None);
        assert_eq!(ago("5s left"), None);
    }

    #[test]
    fn an_abbreviation_is_solved_by_the_age() {
        let now = stamp::rfc3339("2025-12-05T07:27:40Z");
        assert_eq!(
            text(since(
                "Fri 2025-12-05 15:24:57 CST",
                Some("2min 22s ago"),
                now
            )),
            "2025-12-05T07:24:57Z"
        );
        assert_eq!(
            text(since("Fri 2025-12-05 15:24:57 CST", Some("6h ago"), now)),
            "2025-12-05T01:27:40Z"
        );
        assert_eq!(
            text(since("Fri 2025-12-05 15:24:57 CST", Some("2s ago"), None)),
            "none"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_safe(date in "\\PC{0,40}", age in "\\PC{0,20}", second in 0_i64..4_000_000_000) {
            let _ = since(&date, Some(&age), Timestamp::from_second(second).ok());
            let _ = since(&format!("Fri 2025-12-05 15:24:57 {date}"), Some(&format!("{age} ago")), Timestamp::from_second(second).ok());
        }
    }
}
