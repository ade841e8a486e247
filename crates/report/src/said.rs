//! Words what was captured for a reader: a name is said once, a log line without its header and braces.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::model::{Cause, Report};

/// Rewrites the sentences of a report; what is quoted stays as it was captured.
pub(crate) fn once(report: &mut Report) {
    let mut texts: Vec<&mut String> = vec![
        &mut report.verdict.sentence,
        &mut report.incident.first_anomaly_text,
    ];
    texts.extend(
        report
            .incidents
            .iter_mut()
            .map(|it| &mut it.first_anomaly_text),
    );
    texts.extend(report.triage.iter_mut().map(|it| &mut it.answer));
    for cause in &mut report.causes {
        open_once(cause);
        texts.push(&mut cause.title);
        texts.push(&mut cause.meaning);
        texts.extend(cause.reasons.iter_mut().map(|it| &mut it.text));
    }
    for finding in &mut report.findings {
        texts.push(&mut finding.title);
        texts.push(&mut finding.meaning);
    }
    texts.extend(report.exonerated.iter_mut().map(|it| &mut it.title));
    texts.extend(report.changes.iter_mut().map(|it| &mut it.text));
    for text in texts {
        if let Cow::Owned(said) = said(text) {
            *text = said;
        }
        line(text);
        arrows(text);
        whole_words(text);
    }
    let logged = ["log", "journal", "kernel"];
    let entries = report.timeline.iter_mut();
    entries
        .filter(|it| logged.contains(&it.kind.as_str()))
        .for_each(|it| {
            without_stamp(&mut it.text);
            line(&mut it.text);
        });
}

/// An entry's time stands beside it.
fn without_stamp(text: &mut String) {
    let Some((stamp, rest)) = text.split_once(' ') else {
        return;
    };
    let dated = stamp.len() >= "2026-07-14T02:47".len()
        && stamp.starts_with(|c: char| c.is_ascii_digit())
        && stamp.contains('T')
        && stamp.contains(':')
        && stamp
            .chars()
            .all(|c| c.is_ascii_digit() || "-:.TZ+,".contains(c));
    if dated {
        *text = rest.to_owned();
    }
}

/// What could not be checked is said with what it might change, not by itself as well.
fn open_once(cause: &mut Cause) {
    let texts: Vec<String> = cause.reasons.iter().map(|it| it.text.clone()).collect();
    cause.reasons.retain(|reason| {
        let open = reason.text.strip_prefix("could not be checked: ");
        open.is_none_or(|open| {
            let other = |text: &&String| **text != reason.text && text.contains(open);
            !texts.iter().any(|text| other(&text))
        })
    });
}

/// `image:1 → 2` for `image:1 → image:2`.
fn arrows(text: &mut String) {
    const ARROW: &str = " → ";
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(ARROW)) {
        let (at, behind) = (from + at, from + at + ARROW.len());
        let (head, tail) = text.split_at(behind);
        let before = head.get(..at).unwrap_or_default();
        let word = before.rsplit(' ').next().unwrap_or_default();
        let same = word.rsplit_once(':').map_or(0, |(name, _)| name.len() + 1);
        if same > 1 && tail.starts_with(word.get(..same).unwrap_or_default()) {
            text.replace_range(behind..behind + same, "");
        }
        from = behind;
    }
}

/// A text that was cut within a word ends behind the word before.
fn whole_words(text: &mut String) {
    let Some(head) = text.strip_suffix('…') else {
        return;
    };
    if let Some((whole, _)) = head.rsplit_once(' ')
        && whole.len() * 2 > head.len()
        && head.ends_with(char::is_alphanumeric)
    {
        *text = format!("{whole} …");
    }
}

/// Headers that are left out of one sentence.
const HEADERS: usize = 4;

/// A text with a log line in it, without the line's header and with the fields of its JSON in words.
fn line(text: &mut String) {
    // A sentence quotes a line or two; a hostile one is nothing but headers.
    for _ in 0..HEADERS {
        let Some((at, end)) = klog_header(text) else {
            break;
        };
        text.replace_range(at..end, "");
    }
    let Some(at) = text.find("{\"") else { return };
    let (before, json) = text.split_at(at);
    let (fields, rest) = flat(json);
    let message = |key: &str| matches!(key, "msg" | "message");
    let Some((_, told)) = fields.iter().find(|(key, _)| message(key)) else {
        return;
    };
    let mut said = format!("{before}{told}");
    for (key, value) in &fields {
        if !message(key) && !HEADER.contains(&key.as_str()) && !value.is_empty() {
            let _ = write!(said, " {key}={value}");
        }
    }
    said.push_str(rest);
    *text = said;
}

/// Fields of a log line that tell when and where it was written, not what happened.
const HEADER: &[&str] = &[
    "level",
    "severity",
    "lvl",
    "time",
    "timestamp",
    "ts",
    "@timestamp",
    "caller",
    "logger",
    "stream",
    "pid",
    "hostname",
    "v",
    "source",
    "thread",
];

/// Where a header such as `E0714 03:04:06.274297       1 status.go:71] ` stands.
fn klog_header(text: &str) -> Option<(usize, usize)> {
    text.match_indices("] ").find_map(|(end, bracket)| {
        let head = text.get(..end)?;
        let (rest, file) = head.rsplit_once(' ')?;
        let (name, number) = file.rsplit_once(':')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(number) || !name.ends_with(".go") {
            return None;
        }
        let rest = rest.trim_end();
        let rest = rest
            .trim_end_matches(|c: char| c.is_ascii_digit())
            .trim_end();
        let (rest, time) = rest.rsplit_once(' ')?;
        let clock = time
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.'));
        let at = rest.len().checked_sub(5)?;
        let (level, day) = rest.get(at..)?.split_at_checked(1)?;
        (clock && time.contains(':') && digits(day) && "IWEF".contains(level))
            .then_some((at, end + bracket.len()))
    })
}

/// The plain fields of a JSON object that may be cut short, and what follows the object.
fn flat(json: &str) -> (Vec<(String, String)>, &str) {
    let mut fields = Vec::new();
    let mut rest = json.strip_prefix('{').unwrap_or(json);
    while let Some(key) = rest.trim_start().strip_prefix('"') {
        let (key, after) = string(key);
        let Some(value) = after.trim_start().strip_prefix(':') else {
            break;
        };
        let value = value.trim_start();
        let (value, after) = if let Some(text) = value.strip_prefix('"') {
            string(text)
        } else if value.starts_with(['{', '[']) {
            break;
        } else {
            let end = value.find([',', '}']).unwrap_or(value.len());
            let (value, after) = value.split_at(end);
            (value.trim().to_owned(), after)
        };
        fields.push((key, value));
        let after = after.trim_start();
        if let Some(behind) = after.strip_prefix('}') {
            return (fields, behind);
        }
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => break,
        }
    }
    (fields, "")
}

/// A string of JSON up to its quote or the end of the text, and what follows.
fn string(text: &str) -> (String, &str) {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (out, text.get(at + 1..).unwrap_or_default()),
            '\\' => match chars.next() {
                Some((_, 'n' | 't' | 'r')) => out.push(' '),
                Some((_, escaped)) => out.push(escaped),
                None => {}
            },
            c => out.push(c),
        }
    }
    (out, "")
}

/// The text with `x` for every `x of x` where x is a name.
fn said(text: &str) -> Cow<'_, str> {
    const OF: &str = " of ";
    if !text.contains(OF) {
        return Cow::Borrowed(text);
    }
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OF) {
        out.push_str(before);
        let (_, first) = out.rsplit_once(|c| !part(c)).unwrap_or(("", &out));
        let end = after.find(|c| !part(c)).unwrap_or(after.len());
        let (word, tail) = after.split_at(end);
        let name = word.trim_end_matches('.');
        // "2 of 2" is a count.
        let named = name.contains(|c: char| c.is_ascii_lowercase());
        if named && first == name {
            out.push_str(word.get(name.len()..).unwrap_or_default());
            rest = tail;
        } else {
            out.push_str(OF);
            rest = after;
        }
    }
    out.push_str(rest);
    if out.len() == text.len() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_said_once() {
        for (text, short) in [
            ("web of web runs", "web runs"),
            ("Container web of web exceeds", "Container web exceeds"),
            ("a probe of web of web.", "a probe of web."),
            ("app of web", "app of web"),
            ("web of web-admin", "web of web-admin"),
            ("2 of 2 ready", "2 of 2 ready"),
            ("web of web of web", "web"),
        ] {
            assert_eq!(said(text), short);
        }
    }

    #[test]
    fn long_texts_are_shortened_where_nothing_is_lost() {
        let mut text = "image: r.io/a/web:1 → r.io/a/web:2; path: /a → /b; x:1 → y:2".to_owned();
        arrows(&mut text);
        assert_eq!(text, "image: r.io/a/web:1 → 2; path: /a → /b; x:1 → y:2");
        for (text, whole) in [
            ("the kernel says: Killed pro…", "the kernel says: Killed …"),
            ("the kernel says: Killed …", "the kernel says: Killed …"),
            ("a averylongunbrokenword…", "a averylongunbrokenword…"),
        ] {
            let mut said = text.to_owned();
            whole_words(&mut said);
            assert_eq!(said, whole);
        }
    }

    #[test]
    fn a_stamp_is_not_said_twice() {
        for (text, rest) in [
            ("2026-07-14T02:47:20.368Z WARN db", "WARN db"),
            ("2026-07-14T02:47:20+02:00 a", "a"),
            ("10.0.0.1:8080 refused", "10.0.0.1:8080 refused"),
            ("2026-07-14T02:47:20Z", "2026-07-14T02:47:20Z"),
        ] {
            let mut said = text.to_owned();
            without_stamp(&mut said);
            assert_eq!(said, rest);
        }
    }

    #[test]
    fn a_log_line_is_said_without_its_header() {
        for (text, short) in [
            (
                "cp-1 says: E0714 03:04:06.274297       1 status.go:71] \"Unhandled Error\" err=\"x\"",
                "cp-1 says: \"Unhandled Error\" err=\"x\"",
            ),
            (
                r#"slow: {"level":"warn","ts":"2026","msg":"slow \"sync\"","took":"2.1s","n":3}, seen"#,
                "slow: slow \"sync\" took=2.1s n=3, seen",
            ),
            (r#"{"time":"1","msg":"cut in the mid…"#, "cut in the mid…"),
            (
                r#"{"time":"1","level":"warn"}"#,
                r#"{"time":"1","level":"warn"}"#,
            ),
            (r#"{"msg":"a","list":[1,2]}"#, "a"),
            ("a[1] of main.go:3] b", "a[1] of main.go:3] b"),
        ] {
            let mut said = text.to_owned();
            line(&mut said);
            assert_eq!(said, short);
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read(text in "(\\PC{0,9}|E0714 03:04:06.2 1 a.go:7\\] |\\{\"|\"msg\":|\\\\|\"|,|\\}| → |a:|…){0,20}") {
            let mut said = text.clone();
            line(&mut said);
            arrows(&mut said);
            whole_words(&mut said);
            prop_assert!(said.len() <= text.len() + 64);
        }


        #[test]
        fn any_text_is_read(text in "(\\PC{0,9}|a| of ){0,9}") {
            let short = said(&text).into_owned();
            prop_assert!(short.len() <= text.len());
            prop_assert_eq!(said(&short), short.as_str());
        }
    }
}
