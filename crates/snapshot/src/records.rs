//! Joins the lines of one record: cut container lines, stack traces, messages with line ends, kernel reports.
//!
//! Nothing is indexed: given a line that a pattern hit, the lines around it are asked for, at most a
//! few hundred of them.

mod kernel;
mod shape;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::{
    line::{self, Stream},
    stamp::When,
};
use shape::{Open, Shape};

/// Most lines of a record.
pub const MOST_LINES: u32 = 200;
/// Most bytes of a record's text.
pub const MOST_BYTES: usize = 64 << 10;

/// What the lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// Container and component logs.
    Log,
    /// Journals and syslog as text: every entry names its unit.
    Journal,
    /// The kernel's own buffer, and journals of the kernel alone.
    Kernel,
}

/// The lines of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// First line, from 1.
    pub first: u32,
    /// Last line.
    pub last: u32,
    /// The line that says what happened: a trace's exception, a panic's message, the first line of others.
    pub head_line: u32,
}

impl Record {
    fn single(line: u32) -> Self {
        Self {
            first: line,
            last: line,
            head_line: line,
        }
    }
}

/// The record that a line belongs to. `get` gives a line by its number and nothing outside of the log.
pub fn record_around<'t>(
    number: u32,
    get: impl Fn(u32) -> Option<Cow<'t, str>>,
    kind: RecordKind,
) -> Record {
    match kind {
        RecordKind::Log => log_record(number, &get, kind),
        RecordKind::Journal | RecordKind::Kernel => {
            kernel::report(number, &get, kind).unwrap_or_else(|| entry(number, &get, kind))
        }
    }
}

/// One line of a log as the joining sees it.
struct Line {
    number: u32,
    /// Who wrote it: a stream of the container, or a unit.
    source: (Stream, String),
    partial: bool,
    /// Second of the runtime's or the journal's stamp.
    second: Option<i64>,
    shape: Shape,
    bytes: usize,
}

fn read<'t>(
    number: u32,
    get: &impl Fn(u32) -> Option<Cow<'t, str>>,
    kind: RecordKind,
) -> Option<Line> {
    let raw = get(number)?;
    if kind != RecordKind::Log {
        let json = raw.trim_start().starts_with('{');
        let parsed = line::journal_line(&raw, json, None);
        let (unit, shape) = match &parsed {
            Some(parsed) => (parsed.unit.to_owned(), Shape::of(&parsed.message)),
            // A further line of whoever wrote the one before.
            None => (String::new(), Shape::Part),
        };
        return Some(Line {
            number,
            source: (Stream::Unknown, unit),
            partial: false,
            second: kernel::millis(&raw).map(|millis| millis / 1_000),
            shape,
            bytes: raw.len(),
        });
    }
    let framed = line::frame(&raw);
    Some(Line {
        number,
        source: (framed.stream, String::new()),
        partial: framed.partial,
        second: framed.outer.and_then(|outer| match outer.when {
            When::Instant(time) => Some(time.as_second()),
            _ => None,
        }),
        shape: Shape::of(&framed.text),
        bytes: raw.len(),
    })
}

fn log_record<'t>(
    number: u32,
    get: &impl Fn(u32) -> Option<Cow<'t, str>>,
    kind: RecordKind,
) -> Record {
    let Some(hit) = read(number, get, kind) else {
        return Record::single(number);
    };
    let source = hit.source.clone();
    // Back to a line that surely begins a record, then forward: only from a beginning on it is known
    // whether a line goes on with one. Lines of the other stream may lie between.
    let mut lines = vec![hit];
    let mut bytes = 0;
    while let Some(at) = lines.last().and_then(|line| line.number.checked_sub(1)) {
        let begins = lines.last().is_some_and(|line| line.shape.is_start());
        if at == 0 || number - at >= MOST_LINES || bytes > MOST_BYTES {
            break;
        }
        let Some(line) = next_of(
            &source,
            at,
            0,
            |at| read(at, get, kind),
            |at| at.checked_sub(1),
        ) else {
            break;
        };
        if (begins && !line.partial) || line.number + MOST_LINES <= number {
            break;
        }
        bytes += line.bytes;
        lines.push(line);
    }
    lines.reverse();
    let mut parts = Joining::new(&lines);
    for line in &lines {
        if parts.splits(line) && line.number <= number {
            parts.begin(line);
        } else {
            parts.take(line);
        }
    }
    let mut at = number;
    while let Some(line) = at.checked_add(1).and_then(|next| {
        next_of(
            &source,
            next,
            u32::MAX,
            |at| read(at, get, kind),
            |at| at.checked_add(1),
        )
    }) {
        at = line.number;
        let full = at - parts.record.first >= MOST_LINES || parts.bytes + line.bytes > MOST_BYTES;
        if full || parts.splits(&line) {
            break;
        }
        parts.take(&line);
    }
    parts.finish(number)
}

/// The next line of a source from `at` on in one direction, past at most a few of others.
fn next_of(
    source: &(Stream, String),
    mut at: u32,
    stop: u32,
    read: impl Fn(u32) -> Option<Line>,
    step: impl Fn(u32) -> Option<u32>,
) -> Option<Line> {
    for _ in 0..16 {
        if at == stop {
            return None;
        }
        let line = read(at)?;
        if line.source == *source || *source == (Stream::Unknown, String::new()) {
            return Some(line);
        }
        at = step(at)?;
    }
    None
}

/// A record being put together, line by line.
struct Joining {
    record: Record,
    /// Last line that is more than blank.
    last_full: u32,
    open: Open,
    /// The record began with a stamp of the application's own.
    stamped: bool,
    partial: bool,
    second: Option<i64>,
    bytes: usize,
}

impl Joining {
    fn new(lines: &[Line]) -> Self {
        let first = lines.first().map_or(1, |line| line.number);
        Self {
            record: Record::single(first),
            last_full: first,
            open: Open::Nothing,
            stamped: false,
            partial: false,
            second: None,
            bytes: 0,
        }
    }

    fn begin(&mut self, line: &Line) {
        self.record = Record::single(line.number);
        self.bytes = 0;
        self.stamped = line.shape.is_start();
        self.open = Open::Nothing;
        self.partial = false;
        self.take(line);
    }

    fn take(&mut self, line: &Line) {
        self.record.last = line.number;
        if line.shape != Shape::Blank {
            self.last_full = line.number;
        }
        if !self.partial {
            let before = self.open;
            self.open = before.after(line.shape);
            if before.is_named_by(line.shape) {
                self.record.head_line = line.number;
            }
        }
        self.partial = line.partial;
        self.second = line.second.or(self.second);
        self.bytes += line.bytes;
    }

    /// Whether a line begins another record.
    fn splits(&self, line: &Line) -> bool {
        if self.partial {
            return false;
        }
        match line.shape {
            Shape::Start | Shape::StartTrace | Shape::Level => true,
            Shape::Part | Shape::Blank | Shape::Frame => false,
            // Nothing leads up to a panic; the stamped line before it is another record.
            Shape::Panic => self.open != Open::Panic,
            // A stack whose beginning lies further back than is looked begins a record itself.
            Shape::Goroutine => self.open != Open::Panic && !self.stamped,
            _ if self.open.swallows(line.shape) => false,
            // What a stamped record is followed by, written in the same breath, is its own text.
            _ => {
                let together = match (self.second, line.second) {
                    (Some(before), Some(now)) => (now - before).abs() <= 1,
                    _ => true,
                };
                !(self.stamped && together)
            }
        }
    }

    fn finish(mut self, number: u32) -> Record {
        self.record.last = self.last_full.max(number);
        if !(self.record.first..=self.record.last).contains(&self.record.head_line) {
            self.record.head_line = self.record.first;
        }
        self.record
    }
}

/// An entry of a journal with the entries that its unit wrote as one, and its further lines.
fn entry<'t>(number: u32, get: &impl Fn(u32) -> Option<Cow<'t, str>>, kind: RecordKind) -> Record {
    let lines = continued_entry(number, get);
    if get(lines.first).is_none_or(|line| crate::stamp::raw(&line).is_none()) {
        return lines;
    }
    let entries = log_record(lines.first, get, kind);
    let last = continued_entry(entries.last, get).last.max(lines.last);
    Record { last, ..entries }
}

/// journalctl indents the further lines of an entry; syslog escapes them or prints them bare.
fn continued_entry<'t>(number: u32, get: &impl Fn(u32) -> Option<Cow<'t, str>>) -> Record {
    let continues = |at: u32| {
        get(at).is_some_and(|line| {
            !line.trim().is_empty()
                && !line.starts_with("-- ")
                && crate::stamp::raw(&line).is_none()
        })
    };
    let mut record = Record::single(number);
    while continues(record.first)
        && record.first > 1
        && number - record.first < MOST_LINES
        && get(record.first - 1)
            .is_some_and(|line| !line.starts_with("-- ") && !line.trim().is_empty())
    {
        record.first -= 1;
    }
    while record.last - record.first + 1 < MOST_LINES
        && record.last < u32::MAX
        && continues(record.last + 1)
    {
        record.last += 1;
    }
    record.head_line = record.first;
    record
}

/// The text of a record: framing taken off, cut lines put together, the others with line ends between.
/// Lines of another stream than the first one's are left out.
pub fn joined<'t>(lines: impl IntoIterator<Item = &'t str>) -> Cow<'t, str> {
    let mut lines = lines.into_iter();
    let Some(first) = lines.next().map(line::frame) else {
        return Cow::Borrowed("");
    };
    let (stream, mut partial) = (first.stream, first.partial);
    let mut text = first.text;
    for framed in lines.map(line::frame) {
        if framed.stream != stream {
            continue;
        }
        if text.len() + framed.text.len() > MOST_BYTES {
            break;
        }
        let whole = text.to_mut();
        if !partial {
            whole.push('\n');
        }
        whole.push_str(&framed.text);
        partial = framed.partial;
    }
    text
}
