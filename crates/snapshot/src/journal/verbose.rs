//! Reads `-o verbose`: a line with the time and the cursor, then fields that are indented.

use super::{Open, Reader, form::is_key};
use crate::stamp::{self, Stamp, When};

/// Blanks before a field.
const INDENT: &str = "    ";

/// `Tue 2026-03-03 08:00:01.123456 UTC [s=…;i=…;b=…;m=…;t=…;x=…]`
pub(super) fn is_start(line: &str) -> bool {
    let line = line.trim_end();
    line.len() < 400
        && line.starts_with(|c: char| !c.is_whitespace())
        && line.ends_with(']')
        && line.contains(" [s=")
        && line.contains(";i=")
        && stamp::raw(line).is_some_and(|found| found.start == 0)
}

/// The time of a first line that says its zone.
pub(super) fn stamp(line: &str) -> Option<Stamp> {
    let found = stamp::raw(line)?;
    match found.when {
        When::Instant(_) => stamp::leading(line, None),
        _ => None,
    }
}

/// `    KEY=value`
pub(super) fn field(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.strip_prefix(INDENT)?.split_once('=')?;
    is_key(key).then_some((key, value))
}

impl Reader {
    pub(super) fn verbose(&mut self, number: u32, line: &str) {
        if let Some((key, value)) = field(line) {
            self.close();
            self.open = Some(Open::new(key, value, number));
            return;
        }
        // Further lines of a value stand below its first one.
        let Some(open) = &mut self.open else {
            return;
        };
        let most = INDENT.len() + open.key.len() + 1;
        let blanks = line.len() - line.trim_start_matches(' ').len();
        if blanks > INDENT.len() || line.trim().is_empty() {
            let text = line.get(blanks.min(most)..).unwrap_or("");
            open.add(text, "\n", number);
        } else {
            self.close();
        }
    }
}
