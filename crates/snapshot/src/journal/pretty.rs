//! Reads `-o json-pretty`: an object for each entry, a line for each of its fields.

use std::borrow::Cow;

use super::{Draft, Open, Reader, form::is_key};
use crate::line;

/// An opening brace on a line of its own.
pub(super) fn is_start(line: &str) -> bool {
    line.trim() == "{"
}

/// `"KEY" : value,`
pub(super) fn field(line: &str) -> Option<(&str, &str)> {
    let (key, rest) = line.trim_start().strip_prefix('"')?.split_once('"')?;
    let value = rest.trim_start().strip_prefix(':')?.trim();
    is_key(key).then_some((key, value))
}

/// Whether a line holds one of the fields that every entry of a journal has.
pub(super) fn is_known(line: &str) -> bool {
    field(line).is_some_and(|(key, _)| {
        matches!(
            key,
            "__CURSOR" | "__REALTIME_TIMESTAMP" | "_BOOT_ID" | "_MACHINE_ID" | "_TRANSPORT"
        )
    })
}

/// The text of a value as it is written: a text, a list of bytes or of texts, `null`.
pub(super) fn value(written: &str) -> Cow<'_, str> {
    line::written_value(written.strip_suffix(',').unwrap_or(written))
}

impl Reader {
    pub(super) fn pretty(&mut self, number: u32, line: &str) {
        let Some((key, written)) = field(line) else {
            // What is in a list of bytes or texts, and its end.
            if let Some(open) = &mut self.open {
                open.add(line.trim(), " ", number);
                if line.trim_start().starts_with(']') {
                    self.close();
                }
            }
            return;
        };
        self.close();
        if !Draft::wants(key) {
            return;
        }
        self.open = Some(Open::new(key, written, number));
        let goes_on = written.starts_with('[') && !written.trim_end_matches(',').ends_with(']');
        if !goes_on {
            self.close();
        }
    }
}
