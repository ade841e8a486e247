//! Takes the first and last lines of a file and reads what each says twice, and what headers say.

use std::borrow::Cow;

use jiff::Timestamp;

use super::{BYTES, Boot, SAMPLE, nearest_year, offset_between};
use crate::{
    line,
    stamp::{self, Raw, Source, When},
};

/// What one line says about time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) line: u32,
    /// The stamp that dates the line.
    pub(super) outer: Option<Raw>,
    /// A stamp inside the framing or the journal's message.
    pub(super) inner: Option<Raw>,
    /// The kernel's own clock, in nanoseconds.
    pub(super) since_boot: Option<i64>,
}

impl Sample {
    fn of(number: u32, line: &str) -> Option<Self> {
        let outer = stamp::raw(line);
        let inner = inner(line);
        let since_boot = inner.and_then(|found| match found.when {
            When::SinceBoot(nanos) => Some(nanos),
            _ => None,
        });
        outer.map(|outer| Self {
            line: number,
            outer: Some(outer),
            inner: inner.filter(|_| since_boot.is_none()),
            since_boot,
        })
    }

    /// The offset of the zone-less one of two stamps, in seconds east.
    pub(super) fn offset(&self) -> Option<i32> {
        let (outer, inner) = (self.outer?.when, self.inner?.when);
        let ((When::Instant(instant), other) | (other, When::Instant(instant))) = (outer, inner)
        else {
            return None;
        };
        let local = match other {
            When::Local(local) => local,
            When::Yearless { month, day, time } => {
                let near = nearest_year(month, day, time, 0, instant.as_second())?;
                jiff::tz::Offset::UTC.to_datetime(near)
            }
            When::Instant(_) | When::SinceBoot(_) => return None,
        };
        offset_between(local, instant)
    }
}

/// The stamp of what a framing or a journal's line holds.
pub(super) fn inner(line: &str) -> Option<Raw> {
    let framed = line::frame(line);
    if framed.outer.is_some() {
        return stamp::raw(&framed.text);
    }
    let text: &str = match &framed.text {
        Cow::Borrowed(text) => text,
        Cow::Owned(text) => text,
    };
    stamp::raw(line::journal_parts(text)?.message)
}

/// What headers in the file say.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Header {
    /// Nothing in the file is older.
    pub(super) begin: Option<Timestamp>,
    /// Nothing in the file is younger.
    pub(super) end: Option<Timestamp>,
    /// The zone that the header's times are written in, in seconds east.
    pub(super) zone: Option<i32>,
}

impl Header {
    fn read(&mut self, line: &str) {
        // Older `minikube logs` put a star before the first line of each file.
        let line = line.strip_prefix("* ").unwrap_or(line);
        if let Some(rest) = line.strip_prefix("Log file created at: ") {
            self.begin = dated(rest).map(|(time, _)| time);
        } else if line.starts_with("-- Logs begin") || line.starts_with("-- Journal begins") {
            self.journal(line);
        } else if let Some((_, since)) = line.split_once(" since ")
            && line.trim_start().starts_with("Active: ")
            && let Some((_, zone)) = dated(since)
        {
            // systemctl prints the journal's last lines under its status, in the same zone.
            self.zone = self.zone.or(zone);
        }
    }

    /// `-- Logs begin at Fri 2022-02-11 18:58:10 UTC, end at Fri 2022-02-11 19:23:42 UTC. --`
    fn journal(&mut self, line: &str) {
        let mut parts = line.split(" at ").skip(1).map(dated);
        if let Some((time, zone)) = parts.next().flatten() {
            self.begin = Some(time);
            self.zone = zone;
        }
        if let Some((time, _)) = parts.next().flatten() {
            self.end = Some(time);
        }
    }
}

/// The time at the beginning of a text, and its offset if that is written.
fn dated(text: &str) -> Option<(Timestamp, Option<i32>)> {
    let found = stamp::raw(text)?;
    match found.when {
        When::Instant(time) => {
            // Read again without the zone, the difference is the zone.
            let short = text.get(..found.end)?.rsplit_once(' ')?.0;
            let zone = match stamp::raw(short)?.when {
                When::Local(local) => offset_between(local, time),
                _ => None,
            };
            Some((time, zone))
        }
        When::Local(_) => Some((stamp::leading(text, None)?.time, None)),
        _ => None,
    }
}

/// The lines at both ends of a text.
pub(super) fn take(text: &str, first: u32, lines: u32) -> (Vec<Sample>, Header) {
    let mut header = Header::default();
    let mut samples = Vec::new();
    let head = text.get(..floor(text, BYTES)).unwrap_or(text);
    let mut read = 0_u32;
    for line in head.lines().take(SAMPLE) {
        header.read(line);
        samples.extend(Sample::of(first.saturating_add(read), line));
        read += 1;
    }
    let left = lines.saturating_sub(read);
    let from = floor(text, text.len().saturating_sub(BYTES));
    let tail = text.get(from..).unwrap_or("");
    // A line whose beginning is cut off could show a stamp of its middle.
    let tail = match tail.split_once('\n') {
        Some((_, rest)) if from > 0 => rest,
        _ => tail,
    };
    let wanted = usize::try_from(left).unwrap_or(SAMPLE).min(SAMPLE);
    let last = first.saturating_add(lines);
    let younger: Vec<Sample> = tail
        .lines()
        .rev()
        .take(wanted)
        .zip(1_u32..)
        .filter_map(|(line, back)| Sample::of(last.saturating_sub(back), line))
        .collect();
    samples.extend(younger.into_iter().rev());
    (samples, header)
}

/// The nearest place at or before `at` where a text may be cut.
fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..4)
        .map(|back| at.saturating_sub(back))
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// The boot time that a ring buffer tells itself: when the kernel sets the clock it prints both, and
/// so do its audit records.
pub(super) fn printed_boot(text: &str) -> Option<Boot> {
    const MOST: usize = 1 << 22;
    let head = text.as_bytes().get(..text.len().min(MOST))?;
    let line_of = |at: usize| {
        let begin = memchr::memrchr(b'\n', head.get(..at)?).map_or(0, |line| line + 1);
        let end = memchr::memchr(b'\n', head.get(at..)?).map_or(head.len(), |line| at + line);
        text.get(begin..end)
    };
    let dmesg = text
        .lines()
        .take(8)
        .filter_map(stamp::raw)
        .any(|found| matches!(found.when, When::SinceBoot(_)));
    if !dmesg {
        return None;
    }
    [&b"setting system clock to "[..], b" audit("]
        .into_iter()
        .find_map(|marker| {
            let at = memchr::memmem::find(head, marker)?;
            let line = line_of(at)?;
            let When::SinceBoot(nanos) = stamp::raw(line)?.when else {
                return None;
            };
            let (_, epoch) = line.rsplit_once('(')?;
            let epoch: String = epoch
                .chars()
                .take_while(|c| c.is_ascii_digit() || *c == '.')
                .collect();
            let (seconds, millis) = epoch.split_once('.').unwrap_or((&epoch, "0"));
            let time = Timestamp::new(seconds.parse().ok()?, 0).ok()?;
            let time = time
                .checked_add(jiff::SignedDuration::from_millis(millis.parse().ok()?))
                .ok()?
                .checked_sub(jiff::SignedDuration::from_nanos(nanos))
                .ok()?;
            (seconds.len() >= 9).then_some(Boot {
                time,
                source: Source::Header,
            })
        })
}
