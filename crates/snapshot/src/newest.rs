//! Finds the newest time that logs and journals tell: "now", where no object says it.

use std::fmt::Write as _;

use coldcase_bundle::{Bundle, File};
use jiff::Timestamp;
use rayon::prelude::*;

use crate::{
    clock::{Anchors, FileClock},
    journal::{self, Form},
    logs::{JournalFile, LogFile, Span},
    stamp::{self, Source, Stamp, When},
    year,
};

/// Lines at the end of a log in which its newest stamp is looked for.
const TAIL: u32 = 20;
/// Lines at either end that tell a file's clock.
const EDGE: u32 = 200;
/// Bytes of a line that may hold its stamps.
const LINE: usize = 4 << 10;

/// The newest time that is written in logs and journals, and where it is from. Lines without a year are dated by their
/// own file, else by what other files tell, else by a year that is assumed.
pub(crate) fn newest(
    bundle: &Bundle,
    logs: &[LogFile],
    journals: &[JournalFile],
) -> Option<(Timestamp, &'static str)> {
    let spans = logs.iter().map(|log| {
        let (file, span) = log.text(bundle);
        (file, span, Form::Lines)
    });
    let more = journals
        .iter()
        .map(|journal| (bundle.file(journal.file), journal.span, journal.form));
    let all: Vec<(&File, Span, Form)> = spans.chain(more).collect();
    let of = |anchors: &Anchors| {
        all.par_iter()
            .filter_map(|(file, span, form)| {
                let end = End::of(file, *span);
                if form.is_long() {
                    end.newest_entry(*form)
                } else {
                    end.newest(anchors)
                }
            })
            .max()
    };
    let after = |captured: Timestamp| {
        let captured = Some(captured);
        of(&Anchors {
            captured,
            ..Anchors::default()
        })
    };
    if let Some(dated) = of(&Anchors::default()) {
        let newest = after(dated).max(Some(dated))?;
        return Some((newest, "newest stamp in the logs"));
    }
    let lines = all.iter().filter(|(_, _, form)| !form.is_long());
    let days: Vec<(i8, i8)> = lines
        .filter_map(|(file, span, _)| End::of(file, *span).days())
        .collect();
    if days.is_empty() {
        return None;
    }
    let (limit, source) = year::limit(bundle, &days)?;
    Some((after(limit)?, source))
}

/// Seconds by which no zone differs from another: a time of the day that lies so near needs none.
const NEAR: i64 = 900;

/// The newest time in logs and journals that is written whole, with its zone: no assumption is in it. A line without
/// year and zone counts where it lies right behind the time that is `said` to be the capture's, unless that is `sure`.
pub(crate) fn written(
    bundle: &Bundle,
    logs: &[LogFile],
    journals: &[JournalFile],
    (said, sure): (Timestamp, bool),
) -> Option<Timestamp> {
    let spans = logs.iter().map(|log| (log.file, log.span));
    let more = journals.iter().map(|journal| (journal.file, journal.span));
    let ends = spans
        .chain(more)
        .map(|(file, span)| End::of(bundle.file(file), span));
    let whole = |found: &Stamp| {
        let parts = [found.assumed.year, found.assumed.zone, found.assumed.boot];
        parts.iter().all(|part| *part == Source::Written)
    };
    let near = |found: &Stamp| {
        let behind = found.time.as_second() - said.as_second();
        !sure && found.assumed.boot == Source::Written && (1..NEAR).contains(&behind)
    };
    let anchors = Anchors {
        captured: Some(said),
        ..Anchors::default()
    };
    ends.filter_map(|end| end.last(&anchors, |found| whole(found) || near(found)))
        .max()
}

/// The offset from UTC in seconds of stamps without a zone, if the newest of them would lie hours behind the capture
/// otherwise, by what a zone may differ: nothing is written after it was captured. West of UTC nothing is told.
pub(crate) fn zone(bundle: &Bundle, journals: &[JournalFile], captured: Timestamp) -> Option<i32> {
    const HALF_HOUR: i64 = 1_800;
    const DELAY: i64 = 300;
    const FURTHEST: i64 = 14 * 3_600;
    let anchors = Anchors {
        captured: Some(captured),
        ..Anchors::default()
    };
    let bare = |found: &Stamp| found.assumed.zone == Source::Default;
    let short = journals.par_iter().filter(|it| !it.form.is_long());
    let newest = short
        .filter_map(|it| End::of(bundle.file(it.file), it.span).last(&anchors, bare))
        .max()?;
    let behind = newest.as_second() - captured.as_second();
    let offset = (behind + HALF_HOUR / 2).div_euclid(HALF_HOUR) * HALF_HOUR;
    let told = (HALF_HOUR..=FURTHEST).contains(&offset) && (behind - offset).abs() <= DELAY;
    i32::try_from(offset).ok().filter(|_| told)
}

/// The lines of a log that tell when it ends.
struct End {
    /// First and last lines.
    text: String,
    first: u32,
    last: u32,
    /// Where the newest line is looked for, with numbers.
    tail: Vec<(u32, String)>,
}

impl End {
    fn of(file: &File, span: Span) -> Self {
        let first = span.first.max(1);
        let last = span.last.min(file.line_count());
        let head = first.saturating_add(EDGE - 1).min(last);
        let rest = last.saturating_sub(EDGE).max(head).saturating_add(1);
        let mut lines = file.lines();
        let mut text = String::new();
        let mut tail = Vec::new();
        for number in (first..=head).chain(rest..=last) {
            let line = beginning(lines.line(number));
            let _ = writeln!(text, "{line}");
            // `journalctl -r` writes its newest line first.
            if number - first < TAIL || last - number < TAIL {
                tail.push((number, line.to_owned()));
            }
        }
        Self {
            text,
            first,
            last,
            tail,
        }
    }

    /// The days of the last lines whose stamps have no year, from the last one on.
    fn days(&self) -> Option<(i8, i8)> {
        let mut stamps = self
            .tail
            .iter()
            .rev()
            .filter_map(|(_, line)| stamp::raw(line));
        stamps.find_map(|found| match found.when {
            When::Yearless { month, day, .. } => Some((month, day)),
            _ => None,
        })
    }

    /// The newest of entries that say their time themselves.
    fn newest_entry(&self, form: Form) -> Option<Timestamp> {
        let lines = (self.first..).zip(self.text.lines());
        let entries = journal::entries(form, lines);
        let stamps = entries.iter().filter_map(|entry| entry.stamp);
        stamps.map(|stamp| stamp.time).max()
    }

    fn newest(&self, anchors: &Anchors) -> Option<Timestamp> {
        let sure =
            |found: &Stamp| anchors.captured.is_some() || found.assumed.year != Source::Default;
        self.last(anchors, sure)
    }

    /// The newest stamp of those that are sure.
    fn last(&self, anchors: &Anchors, sure: impl Fn(&Stamp) -> bool) -> Option<Timestamp> {
        let count = self.last.checked_sub(self.first)?.saturating_add(1);
        let clock = FileClock::of(&self.text, self.first, count, anchors);
        self.tail
            .iter()
            .filter_map(|(number, line)| clock.stamp(*number, line))
            .filter(sure)
            .map(|found| found.time)
            .max()
    }
}

fn beginning(line: &str) -> &str {
    let mut end = line.len().min(LINE);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(files: &[(&str, &str)]) -> Option<String> {
        let bundle = Bundle::from_texts("t", files.iter().copied());
        crate::read(&bundle)
            .captured_at
            .map(|time| time.to_string())
    }

    #[test]
    fn a_header_dates_what_has_no_year() {
        let journal = "-- Logs begin at Mon 2026-03-02 09:00:00 UTC, end at Thu 2026-03-05 12:00:00 UTC. --\n\
            Mar 05 11:59:06 w1 kubelet[12]: no network\n";
        assert_eq!(
            captured(&[("a/j.log", journal), ("x/y", "")]).as_deref(),
            Some("2026-03-05T11:59:06Z")
        );
    }

    #[test]
    fn stamps_inside_of_lines_count() {
        for line in [
            "{\"level\":\"warn\",\"ts\":\"2026-04-22T17:18:05+0800\",\"msg\":\"slow\"}",
            "time=\"2026-04-22T09:18:05Z\" level=error msg=\"cannot dial\"",
            "{\"log\":\"no lease\\n\",\"stream\":\"stderr\",\"time\":\"2026-04-22T09:18:05Z\"}",
            "{\"ts\":1776849485,\"msg\":\"x\"}",
        ] {
            let text = format!("{line}\n{line}\n");
            let found = captured(&[("a/c.log", &text), ("x/y", "")]);
            assert_eq!(found.as_deref(), Some("2026-04-22T09:18:05Z"), "{line}");
        }
    }

    #[test]
    fn a_transcript_is_not_captured_before_the_logs_in_it() {
        let ticket = |line: &str| {
            format!(
                "$ date -u\nWed Mar  4 07:00:00 UTC 2026\n$ kubectl logs cart-0 -n shop\n{line} no route\n{line} no route\n$ kubectl get nodes\nNAME   STATUS   ROLES    AGE   VERSION\nw1     Ready    <none>   3d    v1.31.2\n"
            )
        };
        for (line, expected) in [
            ("2026-03-04T07:04:09Z", "2026-03-04T07:04:09Z"),
            ("2026-03-04T06:04:09Z", "2026-03-04T07:00:00Z"),
            // A clock that is days ahead, and one whose zone nobody knows, say nothing.
            ("2026-03-09T07:04:09Z", "2026-03-04T07:00:00Z"),
            ("2026-03-04 09:04:09", "2026-03-04T07:00:00Z"),
            // No zone is off by minutes.
            ("2026-03-04 07:04:09", "2026-03-04T07:04:09Z"),
        ] {
            let found = captured(&[("ticket.txt", &ticket(line)), ("x/y", "")]);
            assert_eq!(found.as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn the_newest_line_tells_the_zone() {
        let meta = "captured_at: \"2026-03-04T04:33:54Z\"\nkind: Bundle\n";
        let zone = |line: &str| {
            let journal = format!(
                "Mar 04 09:12:14 w3 kubelet[12]: no node\n{line} w3 kubelet[12]: no node\n"
            );
            let files = [
                ("bundle.yaml", meta),
                ("nodes/w3/journal.log", journal.as_str()),
            ];
            crate::read(&Bundle::from_texts("t", files)).zone
        };
        assert_eq!(zone("Mar 04 12:34:21"), Some(8 * 3_600));
        assert_eq!(zone("Mar 04 10:01:02"), Some(19_800));
        for untold in [
            "Mar 04 04:33:50",
            "Mar 04 11:53:16",
            "2026-03-04T12:34:21+08:00",
        ] {
            assert_eq!(zone(untold), None, "{untold}");
        }
    }

    #[test]
    fn nothing_lies_behind_the_capture() {
        let dated = "2026-03-04T07:00:00Z provisioned\n";
        let yearless = "Mar 04 08:12:14 w3 kubelet[12]: no node\n";
        let files = [("a/p.log", dated), ("b/kubelet", yearless)];
        assert_eq!(captured(&files).as_deref(), Some("2026-03-04T08:12:14Z"));
    }
}
