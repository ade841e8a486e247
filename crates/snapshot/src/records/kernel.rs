//! Finds the kernel report that a line belongs to: every line of one has a stamp, so words at its ends decide.

use std::borrow::Cow;

use super::{MOST_LINES, Record, RecordKind};
use crate::{
    line,
    stamp::{self, When},
};

/// Words that begin a report wherever they stand.
const BEGIN: [&str; 6] = [
    "invoked oom-killer",
    "------------[ cut here ]",
    "INFO: task ",
    "INFO: rcu",
    "rcu: INFO: ",
    "page allocation failure",
];

/// Words that begin a report unless one is being printed already.
const MAY_BEGIN: [&str; 9] = [
    "BUG: ",
    "kernel BUG at ",
    "Oops: ",
    "general protection fault",
    "divide error: ",
    "Kernel panic - not syncing",
    "Unable to handle kernel",
    "watchdog: ",
    "Internal error: ",
];

/// Words of a report's last line. Hung tasks have none: silence or the next report ends them.
const END: [&str; 5] = [
    "Killed process ",
    "Killed process:",
    "Out of memory and no killable",
    "---[ end trace",
    "---[ end Kernel panic",
];

/// What a line is to a kernel report.
enum Heard {
    /// The kernel's.
    Kernel(Spoken),
    /// Another unit's, or none.
    Other,
}

/// A kernel line's text and its clock.
struct Spoken {
    number: u32,
    text: String,
    /// Milliseconds of whatever clock the lines have.
    millis: Option<i64>,
}

fn read<'t>(
    number: u32,
    get: &impl Fn(u32) -> Option<Cow<'t, str>>,
    kind: RecordKind,
) -> Option<Heard> {
    let raw = get(number)?;
    let json = raw.trim_start().starts_with('{');
    let parsed = line::journal_line(&raw, json, None);
    let text = match parsed {
        Some(parsed) if parsed.unit == "kernel" => parsed.message.into_owned(),
        Some(_) => return Some(Heard::Other),
        // A kernel log without any stamps.
        None if kind == RecordKind::Kernel => line::message(&raw).into_owned(),
        None => return Some(Heard::Other),
    };
    let millis = millis(&raw);
    Some(Heard::Kernel(Spoken {
        number,
        text,
        millis,
    }))
}

/// Milliseconds of a line's clock, whichever it is: good for distances only.
pub(super) fn millis(raw: &str) -> Option<i64> {
    stamp::raw(raw).and_then(|found| match found.when {
        When::Instant(time) => Some(time.as_millisecond()),
        When::Local(local) => jiff::tz::Offset::UTC
            .to_timestamp(local)
            .ok()
            .map(jiff::Timestamp::as_millisecond),
        When::Yearless { time, .. } => Some(
            (i64::from(time.hour()) * 3_600
                + i64::from(time.minute()) * 60
                + i64::from(time.second()))
                * 1_000,
        ),
        When::SinceBoot(nanos) => Some(nanos / 1_000_000),
    })
}

/// The report around a line; nothing if the line belongs to none.
pub(super) fn report<'t>(
    number: u32,
    get: &impl Fn(u32) -> Option<Cow<'t, str>>,
    kind: RecordKind,
) -> Option<Record> {
    let Some(Heard::Kernel(hit)) = read(number, get, kind) else {
        return None;
    };
    let mut first = may_begin(&hit.text).then_some(number);
    let mut begun = contains(&hit.text, &BEGIN);
    let mut later = hit.millis;
    let mut at = number;
    while !begun && at > 1 && number - at < MOST_LINES - 1 {
        at -= 1;
        let Some(line) = read(at, get, kind) else {
            break;
        };
        let Heard::Kernel(line) = line else {
            continue;
        };
        if contains(&line.text, &END) || apart(line.millis, later) {
            break;
        }
        begun = contains(&line.text, &BEGIN);
        // `BUG:` may follow another beginning, so the earliest one counts.
        if begun || may_begin(&line.text) {
            first = Some(at);
        }
        later = line.millis.or(later);
    }
    let first = first?;
    let last = if contains(&hit.text, &END) {
        number
    } else {
        end_after(&hit, first, get, kind)
    };
    Some(Record {
        first,
        last,
        head_line: first,
    })
}

/// The last line of the report that began at `first`, from one of its lines on.
fn end_after<'t>(
    hit: &Spoken,
    first: u32,
    get: &impl Fn(u32) -> Option<Cow<'t, str>>,
    kind: RecordKind,
) -> u32 {
    let (mut at, mut last, mut earlier) = (hit.number, hit.number, hit.millis);
    while at - first < MOST_LINES - 1 {
        let Some(line) = at.checked_add(1).and_then(|next| {
            at = next;
            read(at, get, kind)
        }) else {
            break;
        };
        let Heard::Kernel(line) = line else {
            continue;
        };
        if contains(&line.text, &BEGIN) || apart(earlier, line.millis) {
            break;
        }
        last = line.number;
        earlier = line.millis.or(earlier);
        if contains(&line.text, &END) {
            break;
        }
    }
    last
}

fn may_begin(text: &str) -> bool {
    contains(text, &BEGIN) || contains(text, &MAY_BEGIN)
}

fn contains(text: &str, words: &[&str]) -> bool {
    let mut end = text.len().min(400);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = text.get(..end).unwrap_or(text);
    words.iter().any(|word| head.contains(word))
}

/// A report is printed at once: more than two seconds of silence end it.
fn apart(before: Option<i64>, after: Option<i64>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => (after - before).abs() > 2_000,
        _ => false,
    }
}
