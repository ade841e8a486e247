//! Finds and reads the time stamp that a line carries; what the text leaves out (year, zone) is marked as assumed.
//!
//! [`raw`] reads what is written and nothing more. [`leading`] makes an instant of it with the
//! capture time alone; [`crate::clock::FileClock`] does it with what the whole file tells.

mod date;
mod epoch;
pub(crate) mod fields;
mod scan;
#[cfg(test)]
mod tests;

use jiff::{Timestamp, civil, tz::Offset};

use scan::Cursor;

/// A stamp as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The instant in UTC.
    pub time: Timestamp,
    /// Digits after the second: 0, 3, 6 or 9.
    pub precision: u8,
    /// Length of the stamp's text at the beginning of the line, in bytes; 0 if other words come first.
    pub len: usize,
    /// What had to be assumed.
    pub assumed: Assumed,
}

/// What a stamp did not say, and where it was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Assumed {
    /// The year.
    pub year: Source,
    /// The zone.
    pub zone: Source,
    /// The instant at which seconds since boot begin.
    pub boot: Source,
}

/// Where a missing part of a stamp was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// Nothing was missing.
    #[default]
    Written,
    /// From another stamp on the same line.
    SameLine,
    /// From lines of the same file that carry two stamps.
    Calibrated,
    /// From a header that the logger or journalctl wrote.
    Header,
    /// From lines of the same file that are fully dated.
    Neighbours,
    /// From something captured beside the file: the node's zone, its uptime.
    Node,
    /// From the capture time (year), or UTC for want of anything else (zone).
    Default,
}

impl Assumed {
    /// In words; empty if nothing was assumed.
    pub fn words(self) -> &'static str {
        use Source::{Calibrated, Default, Header, Neighbours, Node, SameLine, Written};
        match self.boot {
            Written => {}
            Node => return "boot time from the node's uptime",
            Header | Default => return "boot time as the kernel printed it",
            SameLine | Calibrated | Neighbours => return "boot time from lines with both clocks",
        }
        match (self.year, self.zone) {
            (Written, Written) => "",
            (Written, SameLine) => "zone from another stamp on the line",
            (Written, Calibrated | Neighbours) => "zone from lines with two stamps",
            (Written, Header) => "zone from the file's header",
            (Written, Node) => "zone of the node",
            (Written, Default) => "zone taken as UTC",
            (SameLine, Written | SameLine) => "year and zone from another stamp on the line",
            (SameLine, _) => "year from another stamp on the line, zone taken as UTC",
            (Header, Written | Header) => "year and zone from the file's header",
            (Header, SameLine | Calibrated | Neighbours) => {
                "year from the file's header, zone from lines with two stamps"
            }
            (Header, Node) => "year from the file's header, zone of the node",
            (Header, Default) => "year from the file's header, zone taken as UTC",
            (Calibrated | Neighbours, Node) => "year from dated lines, zone of the node",
            (Calibrated | Neighbours, Header) => {
                "year from dated lines, zone from the file's header"
            }
            (Calibrated | Neighbours, Default) => "year from dated lines, zone taken as UTC",
            (Calibrated | Neighbours, _) => "year and zone from lines with two stamps",
            (Node | Default, Written) => "year from the capture",
            (Node | Default, SameLine | Calibrated | Neighbours) => {
                "year from the capture, zone from lines with two stamps"
            }
            (Node | Default, Header) => "year from the capture, zone from the file's header",
            (Node | Default, Node) => "year from the capture, zone of the node",
            (Node | Default, Default) => "year from the capture, zone taken as UTC",
        }
    }

    /// Whether everything was written.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// What a stamp says, with nothing added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Date, clock and zone.
    Instant(Timestamp),
    /// Date and clock of an unknown zone.
    Local(civil::DateTime),
    /// Month, day and clock.
    Yearless {
        /// From 1.
        month: i8,
        /// From 1; 29 February is possible.
        day: i8,
        /// Wall clock.
        time: civil::Time,
    },
    /// Nanoseconds since the kernel started.
    SinceBoot(i64),
}

/// A stamp as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raw {
    /// What it says.
    pub when: When,
    /// Digits after the second: 0, 3, 6 or 9.
    pub precision: u8,
    /// Where its text begins, in bytes.
    pub start: usize,
    /// Where its text ends.
    pub end: usize,
}

impl Raw {
    /// A stamp of this instant, with the other parts kept. `len` counts from the line's beginning
    /// if nothing but a bracket or a priority stands before the stamp.
    pub(crate) fn at(&self, line: &str, time: Timestamp, assumed: Assumed) -> Stamp {
        let before = line.as_bytes().get(..self.start).unwrap_or(&[]);
        let bare = matches!(before, [] | [b'['])
            || (before.len() < 8 && before.first() == Some(&b'<') && before.contains(&b'>'));
        Stamp {
            time,
            precision: self.precision,
            len: if bare { self.end } else { 0 },
            assumed,
        }
    }
}

/// How much of a line is looked at.
const LIMIT: usize = 512;

/// Reads RFC 3339 as the Kubernetes API writes it.
pub fn rfc3339(text: &str) -> Option<Timestamp> {
    let found = date::iso(Cursor::new(text.as_bytes(), 0))?;
    match found.when {
        When::Instant(time) if found.end == text.len() => Some(time),
        _ => None,
    }
}

/// Reads the stamp of a line. `now` gives the year to formats that have none; seconds since boot
/// alone make no instant.
pub fn leading(line: &str, now: Option<Timestamp>) -> Option<Stamp> {
    let found = raw(line)?;
    let (time, assumed) = match found.when {
        When::Instant(time) => (time, Assumed::default()),
        When::Local(local) => (
            Offset::UTC.to_timestamp(local).ok()?,
            Assumed {
                zone: Source::Default,
                ..Assumed::default()
            },
        ),
        When::Yearless { month, day, time } => {
            let now = now?;
            let limit = now.as_second() + DAY;
            (
                latest_year(month, day, time, 0, limit)?,
                Assumed {
                    year: Source::Default,
                    zone: Source::Default,
                    boot: Source::Written,
                },
            )
        }
        When::SinceBoot(_) => return None,
    };
    Some(found.at(line, time, assumed))
}

pub(crate) const DAY: i64 = 86_400;

/// The instant of a yearless stamp in a given year, if the year has that day. `offset` in seconds east.
pub(crate) fn in_year(
    year: i16,
    month: i8,
    day: i8,
    time: civil::Time,
    offset: i32,
) -> Option<Timestamp> {
    let date = civil::Date::new(year, month, day).ok()?;
    Offset::from_seconds(offset)
        .ok()?
        .to_timestamp(date.to_datetime(time))
        .ok()
}

/// The latest year that does not put the stamp after `limit` (seconds since 1970).
pub(crate) fn latest_year(
    month: i8,
    day: i8,
    time: civil::Time,
    offset: i32,
    limit: i64,
) -> Option<Timestamp> {
    let year = Offset::UTC
        .to_datetime(Timestamp::from_second(limit).ok()?)
        .year();
    // Nine, because leap days may be eight years apart.
    (-1..9).find_map(|back| {
        in_year(year - back, month, day, time, offset).filter(|found| found.as_second() <= limit)
    })
}

/// Reads what the stamp of a line says: the runtime's or kubectl's if there is one, else the application's.
/// Looks at the first 512 bytes only, of JSON at the first 4096.
pub fn raw(line: &str) -> Option<Raw> {
    let bytes = line.as_bytes();
    let head = bytes.get(..bytes.len().min(LIMIT)).unwrap_or(bytes);
    let at = fields::noise(head, 0);
    own(bytes, head, at).or_else(|| {
        let text = crate::line::source_end(head, at)?;
        own(bytes, head, fields::noise(head, text))
    })
}

/// RFC 3339 or a relative of it at one place.
pub(crate) fn iso_at(bytes: &[u8], at: usize) -> Option<Raw> {
    date::iso(Cursor::new(bytes, at))
}

/// The stamp of a text that no framing hides any more.
fn own(bytes: &[u8], head: &[u8], at: usize) -> Option<Raw> {
    let cursor = Cursor::new(head, at);
    match cursor.peek()? {
        b'{' => fields::json(bytes, at),
        b'0'..=b'9' => date::parse(cursor)
            .or_else(|| behind_header(head, at))
            .or_else(|| fields::access(head, at)),
        b'[' => date::since_boot(cursor)
            .or_else(|| date::parse(Cursor::new(head, at + 1)))
            .or_else(|| behind_header(head, at)),
        b'I' | b'W' | b'E' | b'F' if cursor.ahead(1).is_some_and(|b| b.is_ascii_digit()) => {
            date::klog(cursor)
        }
        b' ' | b'\t' | b'\r' => None,
        _ => dated_word(cursor)
            .or_else(|| fields::logfmt(head, at))
            .or_else(|| behind_header(head, at))
            .or_else(|| fields::access(head, at)),
    }
}

fn dated_word(cursor: Cursor<'_>) -> Option<Raw> {
    fields::may_be_dated(cursor)
        .then(|| date::parse(cursor))
        .flatten()
}

/// `WARNING: 2021/08/03 09:27:57`, `INFO  [main] 2026-…`, `1:C 14 Nov 2025 13:33:09.900`.
fn behind_header(head: &[u8], from: usize) -> Option<Raw> {
    let mut at = from;
    for _ in 0..3 {
        at = fields::header_token(head, at)?;
        let bracket = usize::from(head.get(at) == Some(&b'['));
        let found = date::parse(Cursor::new(head, at + bracket))
            // A number behind a word is a number.
            .filter(|found| !is_plain_number(head, found));
        if found.is_some() {
            return found;
        }
    }
    None
}

fn is_plain_number(head: &[u8], found: &Raw) -> bool {
    head.get(found.start..found.end)
        .is_some_and(|text| text.iter().all(|b| b.is_ascii_digit() || *b == b'.'))
}

/// RFC 3339 in UTC with as many digits as were captured.
pub fn format(time: Timestamp, precision: u8) -> String {
    let mut text = String::with_capacity("2006-01-02T15:04:05.000000000Z".len());
    write(&mut text, time, precision);
    text
}

/// Appends what [`format`](fn@format) gives. Without the formatting machinery: a large cluster has it done for each event.
pub fn write(text: &mut String, time: Timestamp, precision: u8) {
    let when = Offset::UTC.to_datetime(time);
    if when.year() < 0 {
        text.push('-');
    }
    digits(text, u32::from(when.year().unsigned_abs()), 4);
    let parts = [
        ('-', when.month()),
        ('-', when.day()),
        ('T', when.hour()),
        (':', when.minute()),
        (':', when.second()),
    ];
    for (before, part) in parts {
        text.push(before);
        digits(text, u32::from(part.unsigned_abs()), 2);
    }
    let nanos = when.subsec_nanosecond().unsigned_abs();
    let (fraction, width) = match precision {
        0 => (0, 0),
        3 => (nanos / 1_000_000, 3),
        6 => (nanos / 1_000, 6),
        _ => (nanos, 9),
    };
    if width > 0 {
        text.push('.');
        digits(text, fraction, width);
    }
    text.push('Z');
}

/// Appends a number's last digits.
fn digits(text: &mut String, number: u32, width: u32) {
    for place in (0..width).rev() {
        let digit = number / 10_u32.pow(place) % 10;
        text.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
}
