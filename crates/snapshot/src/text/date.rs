//! Reads what `date` printed, if it says its zone beyond doubt.

use jiff::{Timestamp, civil, tz::Offset};

use crate::stamp;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The instant that a line of `date`, `date -u`, `date -R`, `date +%s` or `timedatectl` says. Names of
/// zones other than UTC and GMT are not unique (CST is three zones) and give nothing.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(12)
        .find_map(line)
}

/// Lines at a text's beginning that may say when it was written.
const HEADING: usize = 20;

/// The instant that a heading says, as scripts write `$(date)` above what they print: `Date: Fri Nov 14 13:34:49 UTC 2025`.
/// Mails and answers of HTTP servers have a comma behind the day, and are of another time.
pub(super) fn heading(text: &str) -> Option<Timestamp> {
    const FIELDS: &[&str] = &[
        "captured",
        "captured at",
        "collected",
        "collected at",
        "date",
        "generated",
        "generated at",
        "generated on",
        "time",
        "timestamp",
    ];
    const DAYS: &[&str] = &["Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "];
    let of_date = |said: &str| DAYS.iter().any(|day| said.starts_with(day));
    let said = |line: &'_ str| {
        let core = line.trim_matches(|c: char| c.is_whitespace() || "=#*->_`".contains(c));
        let (field, value) = core.split_once(':')?;
        let field = field.trim_matches('*').to_ascii_lowercase();
        let value = value.trim_matches(|c: char| c.is_whitespace() || c == '*');
        let named = FIELDS.contains(&field.as_str());
        let value = if named { value } else { core };
        let halved = value.contains(" AM ") || value.contains(" PM ");
        let only = value.split_whitespace().count() <= if halved { 7 } else { 6 };
        (of_date(value) && only).then(|| words(value)).flatten()
    };
    text.lines()
        .take(HEADING)
        .filter(|line| line.len() < 120 && !line.starts_with([' ', '\t']))
        .find_map(said)
}

fn line(line: &str) -> Option<Timestamp> {
    let line = line
        .strip_prefix("Universal time:")
        .or_else(|| line.strip_prefix("Universal Time:"))
        .unwrap_or(line)
        .trim();
    if line.len() > 80 {
        return None;
    }
    // Words of a date come in many orders, which a log's stamp does not: those are read below.
    if line.starts_with(|c: char| c.is_ascii_digit())
        && let Some(found) = stamp::leading(line, None)
    {
        return (found.assumed.zone == stamp::Source::Written && found.len >= 20)
            .then_some(found.time);
    }
    if matches!(line.len(), 10 | 13) && line.bytes().all(|b| b.is_ascii_digit()) {
        let number: i64 = line.parse().ok()?;
        return if line.len() == 10 {
            Timestamp::from_second(number).ok()
        } else {
            Timestamp::from_millisecond(number).ok()
        };
    }
    words(line)
}

/// `Fri Nov 14 21:34:49 UTC 2025`, `Fri 14 Nov 2025 09:34:49 PM UTC`, `Fri, 14 Nov 2025 21:34:49 +0800`,
/// `Fri 2025-11-14 13:34:49 UTC`: the parts in whatever order.
fn words(line: &str) -> Option<Timestamp> {
    let (mut year, mut month, mut day, mut clock, mut offset) = (None, None, None, None, None);
    let mut afternoon = None;
    for word in line.split([' ', ',']).filter(|word| !word.is_empty()) {
        if let Some(at) = MONTHS.iter().position(|name| word.starts_with(name)) {
            month = i8::try_from(at + 1).ok();
        } else if word.contains(':') && !word.starts_with(['+', '-']) {
            clock = Some(hours(word)?);
        } else if let Some(seconds) = zone(word) {
            offset = Some(seconds);
        } else if let Some(date) = iso_date(word) {
            (year, month, day) = (Some(date.0), Some(date.1), Some(date.2));
        } else if let Ok(number) = word.parse::<i16>() {
            if number > 31 {
                year = Some(number);
            } else {
                day = i8::try_from(number).ok();
            }
        } else {
            match word {
                "AM" | "am" => afternoon = Some(false),
                "PM" | "pm" => afternoon = Some(true),
                _ => {}
            }
        }
    }
    let (mut hour, minute, second) = clock?;
    match afternoon {
        Some(true) if hour < 12 => hour += 12,
        Some(false) if hour == 12 => hour = 0,
        _ => {}
    }
    let when = civil::DateTime::new(year?, month?, day?, hour, minute, second, 0).ok()?;
    Offset::from_seconds(offset?).ok()?.to_timestamp(when).ok()
}

fn hours(word: &str) -> Option<(i8, i8, i8)> {
    let mut parts = word.split(':');
    let hour = parts.next()?.parse().ok()?;
    let minute = parts.next()?.parse().ok()?;
    let second = parts.next().unwrap_or("0");
    let second = second.split('.').next()?.parse().ok()?;
    Some((hour, minute, second))
}

/// `UTC`, `GMT`, `Z`, `+0800`, `-03:30`, `+08`.
fn zone(word: &str) -> Option<i32> {
    if matches!(word, "UTC" | "GMT" | "Z") {
        return Some(0);
    }
    let sign = match word.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = word.chars().skip(1).filter(|c| *c != ':').collect();
    let number: i32 = digits.parse().ok()?;
    match digits.len() {
        2 => Some(sign * number * 3_600),
        4 => Some(sign * (number / 100 * 3_600 + number % 100 * 60)),
        _ => None,
    }
}

fn iso_date(word: &str) -> Option<(i16, i8, i8)> {
    let mut parts = word.split('-');
    let date = (
        parts.next().filter(|year| year.len() == 4)?.parse().ok()?,
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
    );
    parts.next().is_none().then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_with_a_certain_zone() {
        for text in [
            "2025-11-14T21:34:49+08:00",
            "Fri Nov 14 13:34:49 UTC 2025",
            "Fri Nov 14 01:34:49 PM UTC 2025",
            "Fri 14 Nov 2025 01:34:49 PM UTC",
            "Fri, 14 Nov 2025 21:34:49 +0800",
            "Fri 14 Nov 13:34:49 GMT 2025",
            "2025-11-14 13:34:49 UTC",
            "1763127289",
            "               Local time: Fri 2025-11-14 21:34:49 CST\n           Universal time: Fri 2025-11-14 13:34:49 UTC\n",
        ] {
            let found = read(text).map(|time| stamp::format(time, 0));
            assert_eq!(found.as_deref(), Some("2025-11-14T13:34:49Z"), "{text}");
        }
        for text in [
            "Fri Nov 14 21:34:49 CST 2025",
            "2025-11-14 21:34:49",
            "bash: date: not found",
            "99:99:99 UTC 14 Nov 2025",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn headings_that_a_script_writes() {
        for text in [
            "Report of shop\nDate: Fri Nov 14 13:34:49 UTC 2025\nNamespace: shop\n",
            "=== Fri Nov 14 13:34:49 UTC 2025 ===\nNAME  READY\n",
            "**Generated at:** Fri 14 Nov 2025 01:34:49 PM UTC\n",
        ] {
            let found = heading(text).map(|time| stamp::format(time, 0));
            assert_eq!(found.as_deref(), Some("2025-11-14T13:34:49Z"), "{text}");
        }
        for text in [
            "Date: Fri, 14 Nov 2025 13:34:49 +0000\nFrom: somebody\n",
            "Date: Fri Nov 14 13:34:49 CET 2025\n",
            "Due date: Fri Nov 14 13:34:49 UTC 2025\n",
            "Fri Nov 14 13:34:49 UTC 2025 the pod died\n",
        ] {
            assert_eq!(heading(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_safe(text in "[A-Za-z0-9 :,+-]{0,60}") {
            let _ = (read(&text), heading(&text), heading(&format!("Date: Fri {text}")));
        }
    }
}
