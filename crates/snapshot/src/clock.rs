//! What one file tells about its own clock: years, zone and boot time for stamps that leave them out.
//!
//! Computed once per file from its first and last lines; then any line is dated on demand. A line's
//! own words always win, then a second stamp on the same line, then what the file calibrates, then
//! its header, then what lies beside it, and only then the capture time and UTC.

mod sample;
#[cfg(test)]
mod tests;

use coldcase_bundle::File;
use jiff::{Timestamp, civil, tz::Offset};

use crate::{
    logs::Span,
    stamp::{self, Assumed, DAY, Raw, Source, Stamp, When},
};
use sample::{Header, Sample};

/// Lines looked at on each end of a file.
const SAMPLE: usize = 200;
/// Bytes looked at on each end: lines may be long.
const BYTES: usize = 1 << 18;
/// Files up to this size are looked at whole, of larger ones the two ends.
const SMALL: u64 = 256 << 10;
/// Bytes and lines at the ends.
const ENDS: (usize, u32) = (64 << 10, 220);
/// Disorder that is no change of the year, in seconds.
const DISORDER: i64 = 31 * DAY;

/// What is known from outside of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Anchors {
    /// When the bundle was captured.
    pub captured: Option<Timestamp>,
    /// The node's zone in seconds east of UTC, if something captured says so.
    pub zone: Option<i32>,
    /// When the node's kernel started.
    pub boot: Option<Boot>,
}

/// The instant at which a kernel's clock began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Boot {
    /// The instant.
    pub time: Timestamp,
    /// Where it was taken from.
    pub source: Source,
}

impl Boot {
    /// `/proc/stat` has a line `btime <seconds since 1970>`.
    pub fn from_stat(text: &str) -> Option<Self> {
        let seconds = text
            .lines()
            .take(4_096)
            .find_map(|line| line.strip_prefix("btime "))?;
        Some(Self {
            time: Timestamp::from_second(seconds.trim().parse().ok()?).ok()?,
            source: Source::Node,
        })
    }

    /// `/proc/uptime` begins with the seconds since boot; `captured` is when it was read.
    pub fn from_uptime(text: &str, captured: Timestamp) -> Option<Self> {
        let seconds: f64 = text.split_whitespace().next()?.parse().ok()?;
        let millis = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
        Some(Self {
            time: captured.checked_sub(millis).ok()?,
            source: Source::Node,
        })
    }
}

/// A line whose instant is known well enough to tell the years of its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    line: u32,
    second: i64,
}

/// The clock of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileClock {
    /// Ascending by line; few, see [`thin`].
    marks: Vec<Mark>,
    /// Where the marks' years come from.
    year: Source,
    /// Offsets in seconds east, each valid from its line on: more than one if daylight saving changed.
    zones: Vec<(u32, i32)>,
    /// The offset for files without two stamps on a line.
    zone: Option<(i32, Source)>,
    boot: Option<Boot>,
}

impl FileClock {
    /// Reads the clock of a text. `lines` is how many lines the text has; the first line has number `first`.
    pub fn of(text: &str, first: u32, lines: u32, anchors: &Anchors) -> Self {
        let (samples, header) = sample::take(text, first, lines);
        let mut clock = Self {
            zones: zones(&samples),
            zone: header
                .zone
                .map(|zone| (zone, Source::Header))
                .or_else(|| anchors.zone.map(|zone| (zone, Source::Node))),
            ..Self::default()
        };
        clock.resolve_years(&samples, &header, anchors);
        clock.boot = clock
            .boot_of(&samples)
            .or_else(|| sample::printed_boot(text))
            .or(anchors.boot);
        clock
    }

    /// Reads the clock of some lines of a file, of a large one by its two ends.
    pub fn of_file(file: &File, span: Span, anchors: &Anchors) -> Self {
        if file.bytes <= SMALL || span != Span::WHOLE {
            let text = file.text();
            let lines: Vec<&str> = text
                .split_inclusive('\n')
                .zip(1_u32..)
                .filter(|(_, number)| (span.first..=span.last).contains(number))
                .map(|(line, _)| line)
                .collect();
            let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
            return Self::of(&lines.concat(), span.first, count, anchors);
        }
        let head = file.head(ENDS.0);
        let whole = head.rfind('\n').map_or(0, |at| at + 1);
        let mut text = head.get(..whole).unwrap_or("").to_owned();
        text.push_str(&file.tail(ENDS.1).text);
        Self::of(&text, 1, file.line_count(), anchors)
    }

    /// When a line was written. `number` is its place in the file.
    pub fn stamp(&self, number: u32, line: &str) -> Option<Stamp> {
        let found = stamp::raw(line)?;
        let (time, assumed) = self.instant(number, &found, || sample::inner(line))?;
        Some(found.at(line, time, assumed))
    }

    /// When the kernel started, as far as this file tells; of use for other files of the same node.
    pub fn boot(&self) -> Option<Boot> {
        self.boot
    }

    /// The offset of the zone-less stamps near a line, and where it was taken from; UTC by default.
    pub fn zone(&self, number: u32) -> (i32, Source) {
        let at = self.zones.partition_point(|(line, _)| *line <= number);
        let calibrated = self
            .zones
            .get(at.saturating_sub(1))
            .map(|(_, offset)| (*offset, Source::Calibrated));
        calibrated.or(self.zone).unwrap_or((0, Source::Default))
    }

    fn instant(
        &self,
        number: u32,
        found: &Raw,
        inner: impl FnOnce() -> Option<Raw>,
    ) -> Option<(Timestamp, Assumed)> {
        let mut assumed = Assumed::default();
        let (local, guess) = match found.when {
            When::Instant(time) => return Some((time, assumed)),
            When::SinceBoot(nanos) => {
                let boot = self.boot?;
                assumed.boot = boot.source;
                let since = jiff::SignedDuration::from_nanos(nanos);
                return Some((boot.time.checked_add(since).ok()?, assumed));
            }
            When::Local(local) => (Some(local), None),
            When::Yearless { month, day, time } => (None, Some((month, day, time))),
        };
        // Another stamp on the line is the best witness for what this one leaves out.
        if let Some(Raw {
            when: When::Instant(other),
            ..
        }) = inner()
        {
            let near = match (local, guess) {
                (Some(local), _) => Some(local),
                (_, Some((month, day, time))) => {
                    nearest_year(month, day, time, 0, other.as_second())
                        .map(|near| Offset::UTC.to_datetime(near))
                }
                _ => None,
            };
            if let Some(local) = near
                && let Some(offset) = offset_between(local, other)
                && self.agrees(number, offset)
            {
                assumed.zone = Source::SameLine;
                if guess.is_some() {
                    assumed.year = Source::SameLine;
                }
                return Some((at_offset(local, offset)?, assumed));
            }
        }
        let (offset, source) = self.zone(number);
        assumed.zone = source;
        if let Some(local) = local {
            return Some((at_offset(local, offset)?, assumed));
        }
        let (month, day, time) = guess?;
        assumed.year = self.year;
        let expected = self.expected(number)?;
        Some((nearest_year(month, day, time, offset, expected)?, assumed))
    }

    /// Whether an offset read off one line fits the file's: a message may quote any time.
    fn agrees(&self, number: u32, offset: i32) -> bool {
        self.zones.is_empty() || (self.zone(number).0 - offset).abs() <= 3_600
    }

    /// About when a line was written, from the marks on both sides of it.
    fn expected(&self, number: u32) -> Option<i64> {
        let after = self.marks.partition_point(|mark| mark.line < number);
        let (left, right) = (
            after.checked_sub(1).and_then(|at| self.marks.get(at)),
            self.marks.get(after),
        );
        match (left, right) {
            (Some(left), Some(right)) => {
                let span = i64::from(right.line - left.line).max(1);
                let into = i64::from(number - left.line);
                let part =
                    i128::from(right.second - left.second) * i128::from(into) / i128::from(span);
                Some(left.second + i64::try_from(part).ok()?)
            }
            (one, other) => Some(one.or(other)?.second),
        }
    }

    /// Finds the year of every sampled line and keeps what is needed to find the others'.
    fn resolve_years(&mut self, samples: &[Sample], header: &Header, anchors: &Anchors) {
        let dated = self.dated(samples);
        if !dated.is_empty() {
            self.year = Source::Neighbours;
            self.marks = thin(dated);
            return;
        }
        let yearless: Vec<(u32, (i8, i8, civil::Time), i32)> = samples
            .iter()
            .filter_map(|sample| match sample.outer?.when {
                When::Yearless { month, day, time } => {
                    Some((sample.line, (month, day, time), self.zone(sample.line).0))
                }
                _ => None,
            })
            .collect();
        let mut marks = Vec::with_capacity(yearless.len());
        if let (None, Some(begin)) = (header.end, header.begin) {
            self.year = Source::Header;
            let mut least = begin.as_second() - DAY;
            for (line, (month, day, time), offset) in yearless {
                if let Some(second) = earliest_year(month, day, time, offset, least) {
                    marks.push(Mark { line, second });
                    least = second - DISORDER;
                }
            }
        } else {
            let anchor = header
                .end
                .map(|end| (end, Source::Header))
                .or_else(|| anchors.captured.map(|now| (now, Source::Default)));
            let Some((anchor, source)) = anchor else {
                return;
            };
            self.year = source;
            let mut limit = anchor.as_second() + DAY;
            for (line, (month, day, time), offset) in yearless.into_iter().rev() {
                if let Some(found) = stamp::latest_year(month, day, time, offset, limit) {
                    let second = found.as_second();
                    marks.push(Mark { line, second });
                    limit = second.saturating_add(DISORDER);
                }
            }
            marks.reverse();
            if marks.is_empty() {
                // A kind of line that the sample missed.
                marks.push(Mark {
                    line: 0,
                    second: anchor.as_second(),
                });
            }
        }
        self.marks = thin(marks);
    }

    /// Lines that are fully dated, by their own stamp or by a second one.
    fn dated(&self, samples: &[Sample]) -> Vec<Mark> {
        samples
            .iter()
            .filter_map(|sample| {
                let second = [sample.outer, sample.inner]
                    .into_iter()
                    .flatten()
                    .find_map(|found| match found.when {
                        When::Instant(time) => Some(time.as_second()),
                        When::Local(local) => {
                            at_offset(local, self.zone(sample.line).0).map(Timestamp::as_second)
                        }
                        _ => None,
                    })?;
                Some(Mark {
                    line: sample.line,
                    second,
                })
            })
            // A clock that was never set says nothing about years.
            .filter(|mark| mark.second >= 1_000_000_000)
            .collect()
    }

    /// Boot from lines that have the wall clock and the kernel's. What was logged late (the lines before
    /// the logger ran) puts the boot too late, so the earliest of the younger half counts.
    fn boot_of(&self, samples: &[Sample]) -> Option<Boot> {
        let mut pairs: Vec<(i64, Timestamp)> = samples
            .iter()
            .filter_map(|sample| {
                let (outer, nanos) = (sample.outer?, sample.since_boot?);
                let (wall, _) = self.instant(sample.line, &outer, || None)?;
                let since = jiff::SignedDuration::from_nanos(nanos);
                Some((nanos, wall.checked_sub(since).ok()?))
            })
            .collect();
        pairs.sort_unstable();
        let younger = pairs.get(pairs.len() / 2..)?;
        let time = younger.iter().map(|(_, boot)| *boot).min()?;
        Some(Boot {
            time,
            source: Source::Calibrated,
        })
    }
}

/// The zone's offset from pairs of stamps: their median, and where it changes by an hour.
fn zones(samples: &[Sample]) -> Vec<(u32, i32)> {
    let pairs: Vec<(u32, i32)> = samples
        .iter()
        .filter_map(|sample| Some((sample.line, sample.offset()?)))
        .collect();
    let mut sorted: Vec<i32> = pairs.iter().map(|(_, offset)| *offset).collect();
    sorted.sort_unstable();
    let Some(median) = sorted.get(sorted.len() / 2).copied() else {
        return Vec::new();
    };
    let mut zones: Vec<(u32, i32)> = Vec::new();
    for (line, offset) in pairs {
        let season = offset == median || (offset - median).abs() == 3_600;
        let changed = zones.last().is_none_or(|(_, last)| *last != offset);
        // A file does not change its season often; more changes are messages that quote times.
        if season && changed && zones.len() < 4 {
            zones.push((line, offset));
        }
    }
    zones
}

/// Leaves out marks that their neighbours imply: a file of one winter needs two.
fn thin(marks: Vec<Mark>) -> Vec<Mark> {
    let mut kept: Vec<Mark> = Vec::new();
    let count = marks.len();
    for (index, mark) in marks.into_iter().enumerate() {
        let near = kept
            .last()
            .is_some_and(|last| (mark.second - last.second).abs() < DISORDER);
        // The first, the last, and one for each month.
        if !near || index + 1 == count {
            kept.push(mark);
        }
    }
    kept
}

fn at_offset(local: civil::DateTime, offset: i32) -> Option<Timestamp> {
    Offset::from_seconds(offset).ok()?.to_timestamp(local).ok()
}

/// A wall clock's offset from an instant, if the difference is one that zones have, give or take five minutes of delay.
fn offset_between(local: civil::DateTime, instant: Timestamp) -> Option<i32> {
    const QUARTER: i64 = 900;
    let difference = Offset::UTC.to_timestamp(local).ok()?.as_second() - instant.as_second();
    let rounded = (difference + QUARTER / 2).div_euclid(QUARTER) * QUARTER;
    ((difference - rounded).abs() <= 300 && (-12 * 3_600..=14 * 3_600).contains(&rounded))
        .then(|| i32::try_from(rounded).ok())
        .flatten()
}

/// The year that brings the stamp nearest to an instant.
fn nearest_year(
    month: i8,
    day: i8,
    time: civil::Time,
    offset: i32,
    second: i64,
) -> Option<Timestamp> {
    let year = Offset::UTC
        .to_datetime(Timestamp::from_second(second).ok()?)
        .year();
    let leap_day = month == 2 && day == 29;
    let reach = if leap_day { 8 } else { 1 };
    (year - reach..=year + reach)
        .filter_map(|year| stamp::in_year(year, month, day, time, offset))
        .min_by_key(|found| (found.as_second() - second).abs())
}

/// The earliest year that does not put the stamp before `least`.
fn earliest_year(month: i8, day: i8, time: civil::Time, offset: i32, least: i64) -> Option<i64> {
    let year = Offset::UTC
        .to_datetime(Timestamp::from_second(least).ok()?)
        .year();
    (year..year + 9)
        .filter_map(|year| stamp::in_year(year, month, day, time, offset))
        .map(Timestamp::as_second)
        .find(|second| *second >= least)
}
