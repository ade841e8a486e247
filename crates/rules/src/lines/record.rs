//! Finds the record that a line belongs to: a stack trace, a kernel's report, a line written in pieces.

use std::{borrow::Cow, cell::RefCell, collections::BTreeMap, fmt::Write as _};

use coldcase_bundle::{File, Lines};
use coldcase_facts::Cite;
use coldcase_snapshot::{
    journal::{self, Entry, Form},
    logs::Span,
    records::{self, RecordKind},
    stamp,
};

use super::{
    Source,
    scan::{ByPattern, long_form},
};

/// Lines of a record that are quoted and put into its text.
const SHOWN: u32 = 60;

/// A record of more than one line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// First line in the file.
    pub first: u32,
    /// Last line in the file.
    pub last: u32,
    /// What it says, line by line, up to a bound.
    pub text: String,
    /// The line whose stamp dates all of them.
    pub dated: Option<(u32, String)>,
    /// How many lines, or entries that take several each.
    pub count: u32,
}

impl Recorded {
    /// The place to be quoted for a hit on one of the lines: all of it, or its rest from a hit on that no quote from its beginning would show.
    pub(crate) fn cite(&self, cite: Cite) -> Cite {
        let far = cite.line.saturating_sub(self.first) >= SHOWN;
        Cite {
            line: if far { cite.line } else { self.first },
            end_line: self.last,
            ..cite
        }
    }

    /// How many lines.
    pub(crate) fn lines(&self) -> u32 {
        self.count
    }
}

/// The records of all lines that were kept, by line; lines that stand alone have none.
pub(crate) fn all(file: &File, source: Source<'_>, hits: &ByPattern) -> BTreeMap<u32, Recorded> {
    let mut lines: Vec<u32> = hits
        .values()
        .flat_map(|found| found.first.iter().chain(&found.last))
        .map(|kept| kept.line)
        .collect();
    lines.sort_unstable();
    lines.dedup();
    // The lines lie near each other: the file stays open.
    let text = RefCell::new(file.lines());
    if let Some(form) = long_form(source) {
        let mut near = Near::new(file, source, form);
        return lines
            .into_iter()
            .filter_map(|line| Some((line, near.record(line)?)))
            .collect();
    }
    lines
        .into_iter()
        .filter_map(|line| Some((line, of(file, &text, source, line)?)))
        .collect()
}

/// Lines on either side of an entry in which the others of its record are looked for.
const AROUND: u32 = 2_000;

/// Entries that take several lines each, around the ones that are asked for in their order.
struct Near<'f> {
    file: &'f File,
    lines: Lines<'f>,
    form: Form,
    span: Span,
    turned: bool,
    /// In the order of time.
    entries: Vec<Entry>,
    /// Lines up to this one have all around them at hand.
    until: u32,
}

impl<'f> Near<'f> {
    fn new(file: &'f File, source: Source<'_>, form: Form) -> Self {
        Self {
            file,
            lines: file.lines(),
            form,
            span: source.span(),
            turned: source.is_reversed(),
            entries: Vec::new(),
            until: 0,
        }
    }

    /// Reads the entries around a line, unless they are at hand.
    fn turn_to(&mut self, line: u32) {
        if line <= self.until {
            return;
        }
        let low = line.saturating_sub(AROUND).max(self.span.first).max(1);
        let last = self.span.last.min(self.file.line_count());
        let high = line.saturating_add(3 * AROUND).min(last);
        self.entries = journal::entries_in(&mut self.lines, self.form, low..=high);
        self.until = line.saturating_add(2 * AROUND);
        if self.turned {
            self.entries.reverse();
        }
    }

    fn place(&mut self, line: u32) -> Option<usize> {
        self.turn_to(line);
        let found = self.entries.iter().position(|entry| entry.head == line);
        if found.is_none() && self.until > line {
            // Overlong lines left no room for this one.
            self.until = 0;
            self.turn_to(line);
            return self.entries.iter().position(|entry| entry.head == line);
        }
        found
    }

    /// The record of an entry. Its own message is quoted; the text is that of all of them.
    fn record(&mut self, line: u32) -> Option<Recorded> {
        let own = self.place(line)?;
        // As a short journal would show them: who wrote at which time.
        let get = |number: u32| {
            let index = usize::try_from(number).ok()?.checked_sub(1)?;
            Some(Cow::<str>::Owned(short(self.entries.get(index)?)))
        };
        let number = u32::try_from(own).ok()?.checked_add(1)?;
        let record = records::record_around(number, get, RecordKind::Journal);
        let hit = self.entries.get(own)?;
        let count = record.last.saturating_sub(record.first).saturating_add(1);
        if count == 1 && hit.end <= hit.head {
            return None;
        }
        let from = usize::try_from(record.first).ok()?.saturating_sub(1);
        let all = self.entries.get(from..)?.iter();
        Some(Recorded {
            first: hit.head,
            last: hit.end.max(hit.head),
            text: messages(all.take(usize::try_from(count).ok()?), count),
            dated: None,
            count,
        })
    }
}

/// The messages of a record, up to a bound.
fn messages<'e>(entries: impl Iterator<Item = &'e Entry>, count: u32) -> String {
    let mut text = String::new();
    for entry in entries.take(usize::try_from(SHOWN).unwrap_or(usize::MAX)) {
        if text.len() + entry.message.len() > records::MOST_BYTES && !text.is_empty() {
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&entry.message);
    }
    if count > SHOWN {
        let _ = write!(text, "\n… ({} more entries)", count - SHOWN);
    }
    text
}

/// An entry on one line.
fn short(entry: &Entry) -> String {
    let time = entry
        .stamp
        .map(|found| stamp::format(found.time, found.precision))
        .or_else(|| Some(entry.dated.as_ref()?.split(" [").next()?.to_owned()))
        .unwrap_or_default();
    let unit = entry.unit.replace(' ', "_");
    let message = entry.message.lines().next().unwrap_or("");
    format!("{time} - {unit}[0]: {message}")
}

fn of(file: &File, text: &RefCell<Lines<'_>>, source: Source<'_>, line: u32) -> Option<Recorded> {
    let span = source.span();
    let (low, high) = (span.first.max(1), span.last.min(file.line_count()));
    // A journal written newest first reads in the order of time from its end.
    let turned = source.is_reversed();
    let place = |number: u32| {
        let within = (low..=high).contains(&number);
        within.then(|| {
            if turned {
                low + (high - number)
            } else {
                number
            }
        })
    };
    let get = |number: u32| {
        let line = text.borrow_mut().line(place(number)?).to_owned();
        Some(Cow::<str>::Owned(line))
    };
    let kind = match source {
        Source::Log(_) => RecordKind::Log,
        // Lines without the journal's words are joined as the program wrote them.
        Source::Journal(journal) if journal.form == Form::Bare => match journal.unit.as_str() {
            "kernel" => RecordKind::Kernel,
            _ => RecordKind::Log,
        },
        Source::Journal(_) => RecordKind::Journal,
    };
    let record = records::record_around(place(line)?, get, kind);
    if record.first >= record.last {
        return None;
    }
    let shown = record.first..=record.last.min(record.first.saturating_add(SHOWN - 1));
    let lines: Vec<(u32, Cow<'_, str>)> = shown
        .filter_map(|number| Some((place(number)?, get(number)?)))
        .collect();
    let dated = lines
        .iter()
        .find(|(_, raw)| stamp::raw(raw).is_some())
        .map(|(number, raw)| (*number, head(raw).to_owned()));
    let mut text = joined(source, &lines);
    let more = (record.last - record.first + 1).saturating_sub(SHOWN);
    if more > 0 {
        let _ = write!(text, "\n… ({more} more lines)");
    }
    let (one, other) = (place(record.first)?, place(record.last)?);
    Some(Recorded {
        first: one.min(other),
        last: one.max(other),
        text,
        dated,
        count: record.last - record.first + 1,
    })
}

fn joined(source: Source<'_>, lines: &[(u32, Cow<'_, str>)]) -> String {
    let lines = lines.iter().map(|(_, raw)| raw.as_ref());
    let Source::Journal(journal) = source else {
        return records::joined(lines).into_owned();
    };
    let mut text = String::new();
    for raw in lines {
        if text.len() + raw.len() > records::MOST_BYTES {
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let parsed = journal.parse(raw, None);
        text.push_str(parsed.as_ref().map_or(raw.trim(), |line| &line.message));
    }
    text
}

/// As much of a line as its stamps can take.
fn head(raw: &str) -> &str {
    const STAMPS: usize = 1_024;
    let end = (0..=raw.len().min(STAMPS))
        .rev()
        .find(|at| raw.is_char_boundary(*at));
    raw.get(..end.unwrap_or(0)).unwrap_or("")
}
