//! Tells in which of journalctl's forms a text is.

use super::{export, is_start, pretty, verbose};
use crate::plain::plain;

/// How a journal is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// One line for each entry: the short forms, syslog, dmesg.
    #[default]
    Lines,
    /// `-o json`: one object for each entry, each on a line of its own.
    Json,
    /// `-o cat`, or the file of its own that a unit writes to: nothing but what the unit said.
    Bare,
    /// `-o export`.
    Export,
    /// `-o verbose`.
    Verbose,
    /// `-o json-pretty`.
    Pretty,
}

impl Form {
    /// Whether an entry takes several lines.
    pub fn is_long(self) -> bool {
        matches!(self, Self::Export | Self::Verbose | Self::Pretty)
    }
}

/// Lines in which the first whole entry begins: a text may be cut at its beginning.
const FIRST: usize = 400;
/// Lines behind the beginning of an entry that must be its fields.
const FIELDS: usize = 4;

/// The form of a journal whose entries take several lines each; `None` for everything else.
pub fn form_of(text: &str) -> Option<Form> {
    let speaks = |line: &&str| !line.trim().is_empty() && !line.starts_with("-- ");
    let first = plain(text.lines().find(speaks)?);
    [Form::Export, Form::Verbose, Form::Pretty]
        .into_iter()
        .filter(|form| is_start(*form, &first) || is_field(*form, &first))
        .find(|form| begins(*form, text))
}

/// Whether an entry begins in the first lines of a text.
fn begins(form: Form, text: &str) -> bool {
    let lines: Vec<_> = text.lines().take(FIRST).map(plain).collect();
    lines.iter().enumerate().any(|(at, line)| {
        let rest = lines.get(at + 1..).unwrap_or(&[]);
        let fields = || rest.iter().take(FIELDS).filter(|line| is_field(form, line));
        match form {
            _ if !is_start(form, line) => false,
            // The cursor is the journal's own; the other marks are not.
            Form::Export => rest
                .iter()
                .take(FIELDS)
                .any(|line| line.starts_with("__REALTIME_TIMESTAMP=")),
            Form::Verbose => fields().count() > 0,
            _ => {
                fields().count() >= FIELDS.min(2) && rest.iter().any(|line| pretty::is_known(line))
            }
        }
    })
}

fn is_field(form: Form, line: &str) -> bool {
    match form {
        Form::Export => export::key(line).is_some(),
        Form::Verbose => verbose::field(line).is_some(),
        Form::Pretty => pretty::field(line).is_some(),
        Form::Lines | Form::Json | Form::Bare => false,
    }
}

/// Whether a word is the name of a journal's field.
pub(super) fn is_key(word: &str) -> bool {
    (2..=64).contains(&word.len())
        && word.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && word
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}
