//! Finds rows of pods, nodes and events that stand without a head, by what only such a row can hold.

mod cursor;
pub(super) mod event;
mod object;

use super::{
    pieces::is_heading,
    refusal,
    table::{Header, Row, Section, Sheet},
};

pub(super) use cursor::is_name;

/// Columns and cells of one row.
type Cut<'t> = (Vec<&'static str>, Vec<&'t str>);

/// What a list in a ticket puts before its items.
const BULLETS: &[&str] = &["- ", "* ", "• "];

/// Signs that a terminal draws at both ends of what it frames.
const BARS: [char; 2] = ['│', '║'];

/// A line without the frame around it.
pub(super) fn unframed(line: &str) -> &str {
    let Some(body) = line.trim_start().strip_prefix(BARS) else {
        return line;
    };
    let body = body.trim_end();
    body.strip_suffix(BARS).unwrap_or(body).trim_end()
}

/// A line without the marks of bold letters at its ends.
fn unmarked(line: &str) -> &str {
    let line = line.strip_prefix("**").unwrap_or(line);
    line.strip_suffix("**").unwrap_or(line)
}

/// Cuts a line that is unmistakably a row.
fn cut(line: &str) -> Option<Cut<'_>> {
    let line = unframed(line).trim();
    let line = BULLETS
        .iter()
        .find_map(|bullet| line.strip_prefix(bullet))
        .unwrap_or(line)
        .trim_matches('`')
        .trim();
    let line = unmarked(line).trim();
    event::row(line)
        .map(|row| row.own())
        .or_else(|| object::row(line))
}

/// Whether a text holds such a row.
pub(super) fn is_in(text: &str) -> bool {
    text.lines().any(|line| cut(line).is_some())
}

/// Whether a line is the head of the events that a description prints, or stands above it.
fn is_head(line: &str) -> bool {
    let mut words = unframed(line).split_whitespace();
    match words.next() {
        Some("Events:") => words.next().is_none(),
        Some("Type") => words.eq(["Reason", "Age", "From", "Message"]),
        Some("FirstSeen") => words.next() == Some("LastSeen"),
        Some(rule) => rule.starts_with("----"),
        None => false,
    }
}

/// Whether a line at the left edge may go on with a message: an answer of kubectl's and a title do not.
fn may_go_on(line: &str) -> bool {
    !line.starts_with("```") && !is_heading(line) && !refusal::is_one(line)
}

/// Which lines go on with the message of the row above them.
#[derive(Default)]
struct Messages {
    /// What stands at the left edge right below a row is no prose: a head or a fence says so.
    surely: bool,
    /// The last line that is of an event.
    last: Option<u32>,
}

impl Messages {
    fn takes(&mut self, line: u32, text: &str) -> bool {
        let follows = self
            .last
            .is_some_and(|last| last.checked_add(1) == Some(line));
        let inner = unframed(text).starts_with([' ', '\t']);
        let takes = inner || self.surely && follows && may_go_on(text);
        if takes && follows {
            self.last = Some(line);
        }
        takes
    }
}

/// Moves such rows from the lines outside of a sheet's tables into tables of their own, each as long as its rows
/// follow each other; nothing but a table's lines stands there if it is `quoted`. Gives whether there were any.
pub(super) fn take(sheet: &mut Sheet<'_>, quoted: bool) -> bool {
    let mut found: Vec<Section<'_>> = Vec::new();
    let mut others = Vec::new();
    let mut apart = true;
    let mut messages = Messages {
        surely: quoted,
        last: None,
    };
    for (line, text) in std::mem::take(&mut sheet.others) {
        let Some((columns, cells)) = cut(text) else {
            let takes = messages.takes(line, text);
            if takes {
                sheet.messages.push((line, unframed(text)));
            }
            apart |= !takes;
            messages.surely = quoted || is_head(text) || takes && messages.surely;
            others.push((line, text));
            continue;
        };
        messages.last = columns.contains(&"MESSAGE").then_some(line);
        let row = Row { line, cells };
        let same = |section: &&mut Section<'_>| section.header.columns == columns;
        match found.last_mut().filter(|_| !apart).filter(same) {
            Some(section) => section.rows.push(row),
            None => found.push(Section {
                header: Header::of(&columns),
                rows: vec![row],
                bare: true,
            }),
        }
        apart = false;
    }
    sheet.others = others;
    let any = !found.is_empty();
    sheet.sections.extend(found);
    any
}

#[cfg(test)]
mod tests;
