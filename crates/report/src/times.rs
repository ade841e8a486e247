//! Times as people read them: days, clock times and durations from RFC 3339 text.

use coldcase_facts::quantity::show_span;
use jiff::Timestamp;

/// Why events stand beside the timeline.
pub(crate) const UNDATED: &str = "The text prints how long ago these events were, and nothing in it tells when it was printed, so they are not in the timeline; oldest first.";

/// How long ago something was.
pub(crate) fn age(seconds: Option<u64>) -> String {
    let signed = seconds.and_then(|seconds| i64::try_from(seconds).ok());
    signed.map_or_else(
        || "not known".to_owned(),
        |seconds| format!("{} ago", show_span(seconds)),
    )
}

/// The instant, if the text is one.
pub(crate) fn instant(time: &str) -> Option<Timestamp> {
    time.parse().ok()
}

/// `2026-07-07T02:42:31.417Z` split into `2026-07-07` and `02:42:31.417Z`; other text has no day.
fn split(time: &str) -> (&str, &str) {
    time.split_once('T').unwrap_or(("", time))
}

/// The day, or a word where there is none.
pub(crate) fn day(time: &str) -> &str {
    match split(time).0 {
        "" => "undated",
        day => day,
    }
}

/// The clock time with a trailing `Z`, fractions cut to milliseconds.
pub(crate) fn clock(time: &str) -> String {
    let (_, clock) = split(time);
    let Some((whole, fraction)) = clock.split_once('.') else {
        return clock.to_owned();
    };
    let digits: String = fraction
        .chars()
        .take_while(char::is_ascii_digit)
        .take(3)
        .collect();
    let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{whole}.{digits}{zone}")
}

/// The time with its fraction cut to milliseconds, still RFC 3339.
pub(crate) fn milliseconds(time: &str) -> String {
    match split(time).0 {
        "" => time.to_owned(),
        day => format!("{day}T{}", clock(time)),
    }
}

/// The time without its fraction, still RFC 3339: when a fault began is not known to the millisecond.
pub(crate) fn whole(time: &str) -> String {
    let Some((whole, fraction)) = time.split_once('.') else {
        return time.to_owned();
    };
    let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{whole}{zone}")
}

/// Day and clock time.
pub(crate) fn stamp(time: &str) -> String {
    match split(time).0 {
        "" => time.to_owned(),
        day => format!("{day} {}", clock(time)),
    }
}

/// Day and clock time to the second.
pub(crate) fn second(time: &str) -> String {
    stamp(&whole(time))
}

/// The clock time alone if it is on the same day as `reference`, else the whole stamp.
pub(crate) fn near(time: &str, reference: Option<&str>) -> String {
    match reference {
        Some(reference) if day(reference) == day(time) => clock(time),
        _ => stamp(time),
    }
}

/// `7 min 36 s` from one time to another; nothing if that is negative or undated.
pub(crate) fn span(from: &str, to: &str) -> Option<String> {
    let seconds = instant(to)?.duration_since(instant(from)?).as_secs();
    (seconds >= 0).then(|| show_span(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_whole_and_broken_stamps() {
        assert_eq!(
            stamp("2026-07-07T02:42:31.417123Z"),
            "2026-07-07 02:42:31.417Z"
        );
        assert_eq!(
            second("2026-07-07T02:42:31.417123Z"),
            "2026-07-07 02:42:31Z"
        );
        assert_eq!(clock("2026-07-07T02:42:31Z"), "02:42:31Z");
        assert_eq!(day("yesterday"), "undated");
        assert_eq!(stamp("yesterday"), "yesterday");
        assert_eq!(
            near("2026-07-07T02:42:31Z", Some("2026-07-07T03:00:00Z")),
            "02:42:31Z"
        );
        assert_eq!(
            near("2026-07-06T02:42:31Z", Some("2026-07-07T03:00:00Z")),
            "2026-07-06 02:42:31Z"
        );
    }

    #[test]
    fn spans_read_well() {
        let from = "2026-07-07T02:42:31Z";
        assert_eq!(span(from, "2026-07-07T02:42:40Z").as_deref(), Some("9 s"));
        assert_eq!(
            span(from, "2026-07-07T02:50:07Z").as_deref(),
            Some("7 min 36 s")
        );
        assert_eq!(
            span(from, "2026-07-07T06:50:07Z").as_deref(),
            Some("4 h 7 min")
        );
        assert_eq!(
            span(from, "2026-07-09T06:50:07Z").as_deref(),
            Some("2 d 4 h")
        );
        assert_eq!(span(from, "2026-07-07T02:42:30Z"), None);
        assert_eq!(span(from, "?"), None);
    }
}
