//! Finds the record that a line belongs to: a stack trace, a kernel's report, a line written in pieces.

use std::{borrow::Cow, cell::RefCell, collections::BTreeMap, fmt::Write as _};

use coldcase_bundle::{File, Lines};
use coldcase_facts::Cite;
use coldcase_snapshot::{
    logs,
    records::{self, RecordKind},
    stamp,
};

use super::{Source, scan::ByPattern};

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
        self.last - self.first + 1
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
    lines
        .into_iter()
        .filter_map(|line| Some((line, of(file, &text, source, line)?)))
        .collect()
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
        let parsed = logs::journal_line(raw, journal.json, None);
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
