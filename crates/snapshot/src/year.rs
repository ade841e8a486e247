//! Finds the year of stamps without one in a bundle of which nothing dates them: by other dates that it writes, else an assumed one, and says so.

use coldcase_bundle::Bundle;
use jiff::{Timestamp, civil};

use crate::stamp::{self, DAY};

/// The year that is taken where nothing in the bundle tells any: with any year lines have an order and ages, without
/// one they have neither. That of this version, so that the same bundle always gives the same answer.
const ASSUMED: i16 = 2026;
/// Years before it are those of clocks that were never set.
const EARLIEST: i16 = 2014;
/// Files that are searched for dates, and how much of each.
const FILES: usize = 4_096;
const BYTES: usize = 64 << 10;

/// Where the capture time is from if dates in the bundle fit the lines' days.
const FITTING: &str =
    "newest stamp in the logs, of the year that dates of the same days in the bundle have";
/// Where it is from if the lines come after the newest date.
const FOLLOWING: &str = "newest stamp in the logs; its year is assumed, as the first after the newest date in the bundle";
/// Where it is from if there is no date.
const NOTHING: &str = "newest stamp in the logs; nothing tells its year, 2026 is assumed";

/// Whether a capture time from this source has a year that nothing in the bundle tells.
pub(crate) fn is_assumed(source: &str) -> bool {
    [FOLLOWING, NOTHING].contains(&source)
}

/// An instant after all lines whose days are given, in the year that they are from, and where that is taken from.
pub(crate) fn limit(bundle: &Bundle, days: &[(i8, i8)]) -> Option<(Timestamp, &'static str)> {
    let told = told(bundle);
    if let Some(year) = fitting(&told, days) {
        let newest = days.iter().filter_map(|day| end(year, *day)).max()?;
        return Some((newest, FITTING));
    }
    match told.into_iter().max() {
        Some(date) => {
            let before = at(date)?.as_second() - DAY;
            let after = |day: &(i8, i8)| {
                let mut ends = (date.year()..date.year() + 9).filter_map(|year| end(year, *day));
                ends.find(|end| end.as_second() >= before)
            };
            Some((days.iter().filter_map(after).max()?, FOLLOWING))
        }
        None => Some((end(ASSUMED, (12, 31))?, NOTHING)),
    }
}

/// The year in which most dates are days of lines, give or take what a zone makes.
fn fitting(told: &[civil::Date], days: &[(i8, i8)]) -> Option<i16> {
    let near = |date: &&civil::Date| {
        days.iter().any(|(month, day)| {
            let same = civil::Date::new(date.year(), *month, *day).ok();
            same.is_some_and(|same| (same.day_of_year() - date.day_of_year()).abs() <= 1)
        })
    };
    let mut years: Vec<i16> = told.iter().filter(near).map(|date| date.year()).collect();
    years.sort_unstable();
    let runs = years.chunk_by(|one, next| one == next);
    let most = runs.max_by_key(|run| run.len())?;
    most.first().copied()
}

/// The end of the day after a day, so that no zone puts a line of it behind.
fn end(year: i16, (month, day): (i8, i8)) -> Option<Timestamp> {
    let midnight = stamp::in_year(year, month, day, civil::Time::midnight(), 0)?;
    Timestamp::from_second(midnight.as_second() + 2 * DAY - 1).ok()
}

fn at(date: civil::Date) -> Option<Timestamp> {
    stamp::in_year(
        date.year(),
        date.month(),
        date.day(),
        civil::Time::midnight(),
        0,
    )
}

/// The dates that the bundle writes out, of years in which lines can have been written.
fn told(bundle: &Bundle) -> Vec<civil::Date> {
    let mut all = Vec::new();
    for (_, file) in bundle.iter().take(FILES) {
        dates(&file.head(BYTES), &mut all);
    }
    all
}

/// `2022-05-13` and `2022/05/13`, wherever they stand.
fn dates(text: &str, all: &mut Vec<civil::Date>) {
    const FORM: usize = "2022-05-13".len();
    let bytes = text.as_bytes();
    for at in memchr::memmem::find_iter(bytes, b"20") {
        let Some(found) = bytes.get(at..at + FORM) else {
            return;
        };
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let after = bytes.get(at + FORM);
        let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        if digit(before) || digit(after) {
            continue;
        }
        all.extend(date(found));
    }
}

fn date(text: &[u8]) -> Option<civil::Date> {
    let number = |part: &[u8]| -> Option<i16> {
        let digits = part.iter().all(u8::is_ascii_digit);
        std::str::from_utf8(part)
            .ok()
            .filter(|_| digits)?
            .parse()
            .ok()
    };
    let [y1, y2, y3, y4, s1, m1, m2, s2, d1, d2] = text else {
        return None;
    };
    if s1 != s2 || !matches!(s1, b'-' | b'/') {
        return None;
    }
    let year = number(&[*y1, *y2, *y3, *y4])?;
    let month = i8::try_from(number(&[*m1, *m2])?).ok()?;
    let day = i8::try_from(number(&[*d1, *d2])?).ok()?;
    let date = civil::Date::new(year, month, day).ok()?;
    (EARLIEST..=ASSUMED).contains(&year).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(files: &[(&str, &str)]) -> (String, &'static str) {
        let bundle = Bundle::from_texts("t", files.iter().copied());
        let snapshot = crate::read(&bundle);
        let time = snapshot.captured_at.map(|time| time.to_string());
        (time.unwrap_or_default(), snapshot.captured_at_source)
    }

    const JOURNAL: &str = "Mar 05 11:59:06 w1 kubelet[12]: no network\n";

    #[test]
    fn a_date_of_the_same_day_tells_the_year() {
        let line = "Mar 05 11:59:07 w1 kubelet[12]: no retries until 2022-03-05 12:01:09 +0000\n";
        let both = format!("{JOURNAL}{line}built 2021-11-30, ends 2024-03-08\n");
        let found = captured(&[("a/kubelet.log", &both), ("x/y", "")]);
        assert_eq!(found, ("2022-03-05T11:59:07Z".to_owned(), FITTING));
    }

    #[test]
    fn lines_come_after_what_they_lie_beside() {
        let files = [("a/kubelet.log", JOURNAL), ("a/notes", "since 2021-11-30")];
        let found = captured(&files);
        assert_eq!(found, ("2022-03-05T11:59:06Z".to_owned(), FOLLOWING));
    }

    #[test]
    fn without_any_date_the_year_is_assumed_and_that_is_said() {
        let found = captured(&[("a/kubelet.log", JOURNAL), ("x/y", "")]);
        assert_eq!(found, ("2026-03-05T11:59:06Z".to_owned(), NOTHING));
        assert!(NOTHING.contains(&ASSUMED.to_string()));
        let leap = JOURNAL.replace("Mar 05", "Feb 29");
        let found = captured(&[("a/kubelet.log", &leap), ("x/y", "")]);
        assert_eq!(found.0, "2024-02-29T11:59:06Z");
    }

    #[test]
    fn what_is_no_date_is_none() {
        let mut all = Vec::new();
        let none = "12022-05-13 2022-05-131 2022-13-01 2022/05-13 2099-01-01 2001-01-01 20";
        dates(none, &mut all);
        assert_eq!(all, []);
        dates("[2022/05/13 x] 2023-02-28T", &mut all);
        assert_eq!(all.len(), 2);
    }
}
