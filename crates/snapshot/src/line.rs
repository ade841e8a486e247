//! Takes single lines of logs and journals apart: stamp, host, unit, message.

use jiff::Timestamp;

use crate::stamp;

/// A line of a journal, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLine<'t> {
    /// When, if the line says so.
    pub stamp: Option<stamp::Stamp>,
    /// Host as printed.
    pub host: &'t str,
    /// `kernel`, `kubelet` …
    pub unit: &'t str,
    /// The message; for JSON the raw line.
    pub message: &'t str,
}

/// Takes a line of a journal apart.
pub fn journal_line(line: &str, json: bool, now: Option<Timestamp>) -> Option<JournalLine<'_>> {
    if !json {
        return journal_text(line, now);
    }
    let micros: i64 = json_field(line, "__REALTIME_TIMESTAMP")?.parse().ok()?;
    let time = Timestamp::from_microsecond(micros).ok()?;
    let unit = json_field(line, "SYSLOG_IDENTIFIER")
        .or_else(|| json_field(line, "_SYSTEMD_UNIT").map(|unit| unit.trim_end_matches(".service")))
        .unwrap_or("");
    Some(JournalLine {
        stamp: Some(stamp::Stamp {
            time,
            precision: 6,
            len: 0,
            assumed: stamp::Assumed::default(),
        }),
        host: json_field(line, "_HOSTNAME").unwrap_or(""),
        unit,
        message: json_field(line, "MESSAGE").unwrap_or(line),
    })
}

/// `<stamp> <host> <unit>[<pid>]: <message>`.
pub(crate) fn journal_text(line: &str, now: Option<Timestamp>) -> Option<JournalLine<'_>> {
    let stamp = stamp::leading(line, now)?;
    let rest = line.get(stamp.len..)?.strip_prefix(' ')?;
    let (host, rest) = rest.split_once(' ')?;
    let (tag, message) = rest
        .split_once(": ")
        .or_else(|| rest.strip_suffix(':').map(|tag| (tag, "")))?;
    // Only `unit[pid]` and the kernel: an application's "INFO main: …" has the same shape otherwise.
    let unit = match tag.split_once('[') {
        Some((unit, pid))
            if pid
                .strip_suffix(']')
                .is_some_and(|pid| pid.bytes().all(|b| b.is_ascii_digit())) =>
        {
            unit
        }
        None if tag == "kernel" => tag,
        _ => return None,
    };
    if unit.is_empty() || unit.contains(' ') || host.is_empty() || host.ends_with(':') {
        return None;
    }
    Some(JournalLine {
        stamp: Some(stamp),
        host,
        unit,
        message,
    })
}

/// The raw text of a string field of a flat JSON line; good enough for fields that journald writes itself.
pub(crate) fn json_field<'t>(line: &'t str, name: &str) -> Option<&'t str> {
    let marker = format!("\"{name}\"");
    let at = line.find(&marker)? + marker.len();
    let rest = line
        .get(at..)?
        .trim_start()
        .strip_prefix(':')?
        .trim_start()
        .strip_prefix('"')?;
    let mut from = 0;
    loop {
        let end = from + rest.get(from..)?.find('"')?;
        let escapes = rest
            .get(..end)?
            .bytes()
            .rev()
            .take_while(|b| *b == b'\\')
            .count();
        if escapes % 2 == 0 {
            return rest.get(..end);
        }
        from = end + 1;
    }
}

/// A log line without the stamp and stream tag that kubectl or the runtime put before it; an
/// application's own stamp after them stays.
pub fn message(line: &str) -> &str {
    let Some(found) = stamp::leading(line, None).filter(|found| found.len >= 20) else {
        return line;
    };
    let rest = line.get(found.len..).unwrap_or("");
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    ["stdout F ", "stderr F ", "stdout P ", "stderr P "]
        .iter()
        .find_map(|tag| rest.strip_prefix(tag))
        .unwrap_or(rest)
}

/// kubectl's own words in place of a log: the container's file was already gone.
pub fn is_kubectl_excuse(text: &str) -> bool {
    text.len() < 400 && text.starts_with("unable to retrieve container logs for ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_loses_the_frame_but_not_its_own_stamp() {
        assert_eq!(message("2026-07-14T02:42:31.1Z stdout F   at x"), "  at x");
        assert_eq!(message("2026-07-14T02:42:31.123456789Z E0714 a"), "E0714 a");
        assert_eq!(message("plain"), "plain");
    }

    #[test]
    fn journal_lines_come_apart() {
        let now = stamp::rfc3339("2026-07-14T02:50:07Z");
        let line = journal_line(
            "2026-07-14T02:42:31.000001+0000 w3 kernel: Memory cgroup: x",
            false,
            now,
        )
        .unwrap();
        assert_eq!(
            (line.host, line.unit, line.message),
            ("w3", "kernel", "Memory cgroup: x")
        );
        let json = r#"{"MESSAGE":"a \"b\"","__REALTIME_TIMESTAMP":"1795209101416192","_HOSTNAME":"w","SYSLOG_IDENTIFIER":"kernel"}"#;
        let line = journal_line(json, true, now).unwrap();
        assert_eq!(
            (line.host, line.unit, line.message),
            ("w", "kernel", r#"a \"b\""#)
        );
        assert!(journal_text("2026-07-14T02:42:31Z some text: of an app", now).is_none());
    }
}
