//! Holds the log of one container that was taken out of a file with the lines of several.

use coldcase_bundle::{Bundle, File};

use super::{LogFile, Span};

impl LogFile {
    /// Where its lines are read: the file and which of its lines.
    pub fn text<'f>(&'f self, bundle: &'f Bundle) -> (&'f File, Span) {
        match &self.taken {
            Some(taken) => (&taken.file, Span::WHOLE),
            None => (bundle.file(self.file), self.span),
        }
    }

    /// The line of the captured file that a line of [`LogFile::text`] comes from.
    pub fn captured_line(&self, number: u32) -> u32 {
        self.taken
            .as_ref()
            .map_or(number, |taken| taken.captured_line(number))
    }
}

/// A log that was taken out of a file in which each line says whose it is: framed as a runtime does it.
#[derive(Debug)]
pub struct Taken {
    file: File,
    /// Lines of the captured file.
    lines: Vec<u32>,
}

impl Taken {
    pub(crate) fn new(file: File, lines: Vec<u32>) -> Self {
        Self { file, lines }
    }

    fn captured_line(&self, number: u32) -> u32 {
        let index = number.saturating_sub(1) as usize;
        self.lines
            .get(index)
            .or(self.lines.last())
            .copied()
            .unwrap_or(1)
    }
}

impl PartialEq for Taken {
    fn eq(&self, other: &Self) -> bool {
        self.lines == other.lines && self.file.text() == other.file.text()
    }
}

impl Eq for Taken {}
