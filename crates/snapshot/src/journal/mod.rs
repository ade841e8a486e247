//! Reads journals whose entries are several lines each: `journalctl -o export`, `verbose` and `json-pretty`.
//!
//! Lines are taken one after the other and only the fields that are told are kept, so what an entry
//! costs is bounded however long it is. Every entry begins with a line that nothing inside of one
//! looks like (its cursor, its time, an opening brace), so reading may start at any line.

mod export;
mod form;
mod pretty;
#[cfg(test)]
mod tests;
mod verbose;

use std::{borrow::Cow, ops::RangeInclusive};

use coldcase_bundle::{Chunk, File, Lines};
use jiff::Timestamp;

pub use form::{Form, form_of};

use crate::{
    line,
    logs::Span,
    plain::plain,
    stamp::{Stamp, raw},
};

/// Bytes of a message that are kept: more is not searched in any line.
const MESSAGE: usize = 1 << 20;
/// Lines beyond the end of a chunk that its last entry may take.
const BEYOND: u32 = 8_192;
/// Bytes of them.
const BEYOND_BYTES: usize = 4 << 20;

/// One entry of a journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// First line, from 1.
    pub first: u32,
    /// Last line.
    pub last: u32,
    /// The line on which the message begins; the first one of an entry without any.
    pub head: u32,
    /// The line on which it ends.
    pub end: u32,
    /// When, if the entry says so itself.
    pub stamp: Option<Stamp>,
    /// The first line, where it has a time in a zone that it does not say.
    pub dated: Option<String>,
    /// `_HOSTNAME`; may be empty.
    pub host: String,
    /// `SYSLOG_IDENTIFIER`, else the unit without `.service`; may be empty.
    pub unit: String,
    /// `MESSAGE`, up to a bound.
    pub message: String,
}

/// The entries that begin in some lines of a file, each with its number.
pub fn entries<'t>(form: Form, lines: impl IntoIterator<Item = (u32, &'t str)>) -> Vec<Entry> {
    let mut reader = Reader::new(form);
    for (number, line) in lines {
        reader.take(number, line);
    }
    reader.finish()
}

/// The entries that begin in a chunk of a file; the last is read to its end behind the chunk.
pub fn entries_of(file: &File, form: Form, span: Span, chunk: &Chunk<'_>) -> Vec<Entry> {
    let mut reader = Reader::new(form);
    let mut next = chunk.first_line;
    for line in chunk.text.lines() {
        if (span.first..=span.last).contains(&next) {
            reader.take(next, line);
        }
        next = next.saturating_add(1);
    }
    let end = file.line_count().min(span.last);
    let far = next.saturating_add(BEYOND);
    let mut lines = file.lines();
    let mut bytes = 0;
    while reader.is_open() && next <= end && next < far && bytes < BEYOND_BYTES {
        let line = lines.line(next);
        if is_start(form, line) {
            break;
        }
        bytes += line.len();
        reader.take(next, line);
        next = next.saturating_add(1);
    }
    reader.finish()
}

/// The entries of a few lines of a file.
pub fn entries_in(lines: &mut Lines<'_>, form: Form, numbers: RangeInclusive<u32>) -> Vec<Entry> {
    let mut reader = Reader::new(form);
    let mut bytes = 0;
    for number in numbers {
        let line = lines.line(number);
        bytes += line.len();
        reader.take(number, line);
        if bytes > 2 * BEYOND_BYTES {
            break;
        }
    }
    reader.finish()
}

/// Whether an entry begins with this line.
fn is_start(form: Form, line: &str) -> bool {
    match form {
        Form::Export => export::is_start(line),
        Form::Verbose => verbose::is_start(line),
        Form::Pretty => pretty::is_start(line),
        Form::Lines | Form::Json | Form::Bare => false,
    }
}

/// What an entry says while it is being read.
#[derive(Default)]
struct Draft {
    entry: Entry,
    micros: Option<i64>,
    source_micros: Option<i64>,
    unit: String,
    about: String,
    has_message: bool,
}

impl Draft {
    /// Whether a field is one that is told.
    fn wants(key: &str) -> bool {
        matches!(
            key,
            "__REALTIME_TIMESTAMP"
                | "_SOURCE_REALTIME_TIMESTAMP"
                | "_HOSTNAME"
                | "SYSLOG_IDENTIFIER"
                | "_SYSTEMD_UNIT"
                | "UNIT"
                | "MESSAGE"
        )
    }

    /// Takes a field that stands on the lines from `first` to `last`. What is said twice counts once.
    fn field(&mut self, key: &str, value: &str, first: u32, last: u32) {
        let short = || value.trim().to_owned();
        match key {
            "__REALTIME_TIMESTAMP" => self.micros = value.trim().parse().ok(),
            "_SOURCE_REALTIME_TIMESTAMP" => self.source_micros = value.trim().parse().ok(),
            "_HOSTNAME" => self.entry.host = short(),
            "SYSLOG_IDENTIFIER" => self.entry.unit = short(),
            "_SYSTEMD_UNIT" => self.unit = short(),
            "UNIT" => self.about = short(),
            "MESSAGE" if !self.has_message => {
                self.has_message = true;
                add_bounded(&mut self.entry.message, &plain(value));
                (self.entry.head, self.entry.end) = (first, last.max(first));
            }
            _ => {}
        }
    }

    fn finish(self) -> Entry {
        let mut entry = self.entry;
        entry.end = entry.end.min(entry.last.max(entry.head));
        let micros = self.micros.or(self.source_micros);
        let time = micros.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        entry.stamp = time.map(line::micro_stamp).or(entry.stamp);
        if entry.unit.is_empty() {
            let unit = if self.unit.is_empty() {
                &self.about
            } else {
                &self.unit
            };
            unit.trim_end_matches(".service")
                .clone_into(&mut entry.unit);
        }
        entry
    }
}

/// Adds as much of a text as there is room for.
fn add_bounded(text: &mut String, more: &str) {
    let mut end = more.len().min(MESSAGE.saturating_sub(text.len()));
    while !more.is_char_boundary(end) {
        end -= 1;
    }
    text.push_str(more.get(..end).unwrap_or(""));
}

/// Puts entries together, line by line.
struct Reader {
    form: Form,
    draft: Option<Draft>,
    /// A field that goes on.
    open: Option<Open>,
    done: Vec<Entry>,
}

/// A field whose value goes on on the next line.
struct Open {
    key: String,
    value: String,
    first: u32,
    last: u32,
    /// Of a field with a length.
    counted: Option<export::Counted>,
}

impl Open {
    fn new(key: &str, value: &str, number: u32) -> Self {
        let mut text = String::new();
        add_bounded(&mut text, value);
        Self {
            key: key.to_owned(),
            value: text,
            first: number,
            last: number,
            counted: None,
        }
    }

    /// Adds a further line; fields that nobody asks for are passed over.
    fn add(&mut self, line: &str, between: &str, number: u32) {
        if Draft::wants(&self.key) || self.counted.is_some() {
            add_bounded(&mut self.value, between);
            add_bounded(&mut self.value, line);
        }
        self.last = number;
    }
}

impl Reader {
    fn new(form: Form) -> Self {
        Self {
            form,
            draft: None,
            open: None,
            done: Vec::new(),
        }
    }

    /// Whether an entry has begun and may go on.
    fn is_open(&self) -> bool {
        self.draft.is_some()
    }

    fn take(&mut self, number: u32, line: &str) {
        // Lengths count what a terminal would act on.
        let line = &*if self.form == Form::Export {
            Cow::Borrowed(line)
        } else {
            plain(line)
        };
        if is_start(self.form, line) {
            self.end();
            self.begin(number, line);
        }
        if self.draft.is_none() {
            return;
        }
        match self.form {
            Form::Export => self.export(number, line),
            Form::Verbose => self.verbose(number, line),
            Form::Pretty => self.pretty(number, line),
            Form::Lines | Form::Json | Form::Bare => {}
        }
        if let Some(draft) = &mut self.draft
            && !line.trim().is_empty()
        {
            draft.entry.last = number;
        }
    }

    fn begin(&mut self, number: u32, line: &str) {
        let mut draft = Draft::default();
        let entry = &mut draft.entry;
        (entry.first, entry.last) = (number, number);
        (entry.head, entry.end) = (number, number);
        if self.form == Form::Verbose {
            match verbose::stamp(line) {
                Some(stamp) => entry.stamp = Some(stamp),
                None => entry.dated = raw(line).map(|_| line.to_owned()),
            }
        }
        self.draft = Some(draft);
    }

    /// Takes the field that is open, if there is one.
    fn close(&mut self) {
        let (Some(open), Some(draft)) = (self.open.take(), &mut self.draft) else {
            return;
        };
        match &open.counted {
            Some(counted) if !counted.is_whole() => export::close_lost(draft, &open),
            _ if self.form == Form::Pretty => {
                draft.field(
                    &open.key,
                    &pretty::value(&open.value),
                    open.first,
                    open.last,
                );
            }
            _ => {
                let value = open.value.trim_end_matches('\n');
                draft.field(&open.key, value, open.first, open.last);
            }
        }
    }

    fn end(&mut self) {
        self.close();
        let draft = self.draft.take();
        self.done.extend(draft.map(Draft::finish));
    }

    fn finish(mut self) -> Vec<Entry> {
        self.end();
        self.done
    }
}
