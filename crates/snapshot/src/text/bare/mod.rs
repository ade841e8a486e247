//! Finds rows of pods, nodes and events that stand without a head, by what only such a row can hold.

mod cursor;
pub(super) mod event;
mod object;

use super::table::{Header, Row, Section, Sheet};

pub(super) use cursor::is_name;

/// Columns and cells of one row.
type Cut<'t> = (Vec<&'static str>, Vec<&'t str>);

/// What a list in a ticket puts before its items.
const BULLETS: &[&str] = &["- ", "* ", "• "];

/// Cuts a line that is unmistakably a row.
fn cut(line: &str) -> Option<Cut<'_>> {
    let line = line.trim();
    let line = BULLETS
        .iter()
        .find_map(|bullet| line.strip_prefix(bullet))
        .unwrap_or(line)
        .trim_matches('`')
        .trim();
    event::row(line)
        .map(|row| row.own())
        .or_else(|| object::row(line))
}

/// Whether a text holds such a row.
pub(super) fn is_in(text: &str) -> bool {
    text.lines().any(|line| cut(line).is_some())
}

/// Moves such rows from the lines outside of a sheet's tables into tables of their own, each as long as its rows
/// follow each other. Gives whether there were any.
pub(super) fn take(sheet: &mut Sheet<'_>) -> bool {
    let mut found: Vec<Section<'_>> = Vec::new();
    let mut others = Vec::new();
    let mut apart = true;
    for (line, text) in std::mem::take(&mut sheet.others) {
        let Some((columns, cells)) = cut(text) else {
            // An indented line goes on with the message before it.
            apart |= !text.starts_with([' ', '\t']);
            others.push((line, text));
            continue;
        };
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
