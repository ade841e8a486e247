//! Tells logs from prose: by lines that only a program writes, and by times that follow on each other.

use jiff::Timestamp;

use super::{Form, Piece, begin};
use crate::{line::journal_text, service_log, stamp};

/// Lines of a piece that are looked at.
const SAMPLE: usize = 60;

/// Whether a line has a form that people do not write: klog, logfmt, JSON with a level, the journal's.
pub(super) fn is_said(line: &str) -> bool {
    let line = line.trim();
    if line.starts_with('{') {
        // What the runtime of a container kept of it, and what the program wrote itself.
        let kept = line.starts_with("{\"log\":\"") && line.ends_with('}');
        return kept || begin::is_dated(line);
    }
    service_log::is_klog(line)
        || is_logfmt(line)
        || is_levelled(line)
        || service_log::tagged(line).is_some()
        || journal_text(line, Some(Timestamp::UNIX_EPOCH)).is_some()
}

/// `time="…" level=warning msg="…"`, of which some leave out the time.
fn is_logfmt(line: &str) -> bool {
    let has = |key: &str| {
        let mut parts = line.match_indices(key);
        parts.any(|(at, _)| at == 0 || line.get(..at).is_some_and(|it| it.ends_with(' ')))
    };
    line.contains('=') && has("level=") && has("msg=")
}

/// `[ERROR] plugin/errors: 2 …`
fn is_levelled(line: &str) -> bool {
    const LEVELS: &[&str] = &[
        "DEBUG", "ERROR", "FATAL", "INFO", "PANIC", "WARN", "WARNING",
    ];
    let level = line.strip_prefix('[').and_then(|it| it.split_once("] "));
    level.is_some_and(|(level, rest)| LEVELS.contains(&level) && !rest.is_empty())
}

/// Whether a line begins with a time of the day.
fn is_timed(line: &str) -> bool {
    let found = stamp::leading(line, Some(Timestamp::UNIX_EPOCH));
    let stamp = found.and_then(|found| line.get(..found.len));
    stamp.is_some_and(|stamp| stamp.contains(':'))
}

/// Whether a piece is a log for sure: prose may begin with a date as well, and holds no lines of a program.
pub(in crate::text) fn is_log(piece: &Piece<'_>) -> bool {
    if piece.form != Form::Log {
        return false;
    }
    let said = |line: &&str| is_said(line) && !begin::is_client(line);
    let lines = || {
        let lines = piece.text.lines().filter(|line| !line.trim().is_empty());
        lines.take(SAMPLE)
    };
    if lines().any(|line| said(&line)) {
        return true;
    }
    let timed = lines().filter(|line| is_timed(line)).count();
    timed > 1 || piece.fenced && (timed > 0 || begin::names_log(piece.heading))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_programs_write() {
        for line in [
            "E0303 08:00:01.250000       1 sync.go:186] \"cannot sync\" err=\"refused\"",
            "level=warning msg=\"route is there already\"",
            "time=\"2026-03-03T08:00:01Z\" level=error msg=failed",
            "{\"level\":\"ERROR\",\"message\":\"no room\"}",
            "{\"log\":\"cannot open\\n\",\"stream\":\"stderr\"}",
            "kubelet[912]: F0303 08:00:01.250000     912 server.go:269] failed",
            "Mar 03 08:00:01 w1 kubelet[912]: failed",
            "[ERROR] plugin/errors: cannot ask",
        ] {
            assert!(is_said(line), "{line}");
            assert!(is_said(&format!("    {line}")), "{line}");
        }
        for line in [
            "",
            "It failed at 08:00:01.",
            "we set level=debug and saw nothing",
            "E0303 is the code of the error",
            "{\"kind\": \"Pod\"}",
            "2026-03-03 we moved the shop to w1",
            "shop[12]: who asked for it?",
        ] {
            assert!(!is_said(line), "{line}");
        }
    }

    #[test]
    fn dates_of_people_make_no_log() {
        let of = |text: &str| super::super::cut(text, 1).iter().any(is_log);
        assert!(!of(
            "We looked.\n\n2026-03-03 we moved the shop to w1\n2026-03-04 it was down\n"
        ));
        assert!(!of("We looked.\n\n2026-03-03 08:00:01 it was down\n"));
        assert!(of(
            "We looked.\n\n2026-03-03 08:00:01 cannot open\n2026-03-03 08:00:02 cannot open\n"
        ));
        assert!(of(
            "We looked.\n```\n2026-03-03 08:00:01 cannot open\n```\n"
        ));
        assert!(of("The logs say:\n```\npanic: cannot open\n```\n"));
        assert!(!of("It says:\n```\npanic: cannot open\n```\n"));
    }
}
