//! The usual forms of keys and values, read in one pass without errors; what looks otherwise is left to the cursor.
//!
//! Everything here either consumes exactly what the cursor's own methods would, or nothing at all.

use crate::{
    cursor::{Cursor, FIRST, LONGEST_KEY, Place},
    error::Error,
    scalar::{Scalar, Style},
    scan,
};

/// The first content of a line.
#[derive(Clone, Copy)]
pub(crate) struct Next {
    start: usize,
    at: usize,
    indent: usize,
}

impl<'t> Cursor<'t> {
    /// Whether a usual plain key or scalar begins at `at`.
    #[inline]
    fn usual_at(&self, at: usize) -> bool {
        FIRST.get(usize::from(self.byte(at))) == Some(&true)
    }

    /// The colon of the usual key at `start`; 0 if there is none.
    #[inline]
    pub(crate) fn usual_colon(&self, start: usize) -> usize {
        if !self.usual_at(start) {
            return 0;
        }
        let mut at = start;
        // Spaces, quotes and other marks are all below `-`: with them it takes a closer look.
        while let Some(word) = scan::word(self.bytes, at) {
            let stop = scan::eq(word, b':') | scan::below(word, b'-');
            if stop == 0 {
                at += 8;
                continue;
            }
            at += scan::first(stop);
            let colon = matches!(self.bytes.get(at..), Some([b':', b' ' | b'\n', ..]));
            return if colon && at - start <= LONGEST_KEY {
                at
            } else {
                0
            };
        }
        0
    }

    /// A usual key, its colon consumed.
    #[inline]
    pub(crate) fn usual_key(&mut self) -> Option<&'t str> {
        let (start, colon) = (self.pos, self.usual_colon(self.pos));
        if colon == 0 {
            return None;
        }
        self.pos = colon + 1;
        Some(self.slice(start, colon))
    }

    /// The next key of the mapping at `indent`, if it is a usual one.
    #[inline]
    pub(crate) fn usual_next(&mut self, indent: usize) -> Option<&'t str> {
        if self.indent == indent {
            self.usual_key()
        } else {
            None
        }
    }

    /// The content of the line that starts at `start`, if it needs no closer look.
    #[inline]
    fn usual_line(&self, start: usize) -> Option<Next> {
        self.usual_content(start, scan::spaces_end(self.bytes, start))
    }

    #[inline]
    fn usual_content(&self, start: usize, at: usize) -> Option<Next> {
        let indent = at - start + 1;
        let byte = self.byte(at);
        // Comments, quotes, line ends and tabs are not above `#`; marks between documents stand in the first column.
        (byte > b'#' && (indent > 1 || !matches!(byte, b'-' | b'.'))).then_some(Next {
            start,
            at,
            indent,
        })
    }

    #[inline]
    fn go(&mut self, next: Next) {
        self.line = self.line.saturating_add(1);
        self.comment = false;
        self.line_start = next.start;
        self.pos = next.at;
        self.indent = next.indent;
    }

    /// The text of a scalar on the line of its key or dash, in quotes or not; goes to the next line.
    #[inline]
    pub(crate) fn usual_text(&mut self, parent: usize) -> Option<&'t str> {
        if self.byte(self.pos) != b' ' || self.contents.tabs {
            return None;
        }
        let start = self.pos + 1;
        let (from, to, end) = if self.usual_at(start) {
            let end = self.usual_end(start)?;
            (start, end, end)
        } else {
            let quote = self.byte(start);
            let escape = match quote {
                b'"' => b'\\',
                b'\'' => b'\'',
                _ => return None,
            };
            let close = scan::quoted_end(self.bytes, start + 1, quote, escape);
            if self.byte(close) != quote || self.bytes.get(close + 1) != Some(&b'\n') {
                return None;
            }
            (start + 1, close, close + 1)
        };
        let next = self.usual_line(end + 1)?;
        if next.indent > parent {
            return None;
        }
        self.go(next);
        Some(self.slice(from, to))
    }

    /// [`usual_text`](Self::usual_text) with its place and style.
    #[inline]
    pub(crate) fn usual_scalar(&mut self, place: Place) -> Option<Scalar<'t>> {
        let (Place::Key(parent) | Place::Dash(parent)) = place else {
            return None;
        };
        let line = self.line;
        let style = match self.byte(self.pos + 1) {
            b'"' => Style::Double,
            b'\'' => Style::Single,
            _ => Style::Plain,
        };
        let text = self.usual_text(parent)?;
        Some(Scalar::borrowed(text, style, line))
    }

    /// Whether the value after a key or dash is seen not to be null without reading it.
    #[cfg(feature = "serde")]
    #[inline]
    pub(crate) fn surely_something(&self, place: Place) -> bool {
        // A dash in the column of its own dash is the next item, in that of a key the key's list.
        let (parent, list) = match place {
            Place::Root => return false,
            Place::Key(indent) => (indent, indent),
            Place::Dash(indent) => (indent, indent + 1),
        };
        let something = |at: usize| match self.byte(at) {
            b'n' | b'N' => self.usual_colon(at) != 0,
            b'"' | b'\'' => true,
            _ => self.usual_at(at),
        };
        match self.byte(self.pos) {
            b' ' => something(self.pos + 1),
            _ => self.usual_below(parent).is_some_and(|next| {
                (next.indent >= list
                    && self.byte(next.at) == b'-'
                    && self.byte(next.at + 1) == b' ')
                    || (next.indent > parent && something(next.at))
            }),
        }
    }

    /// The line feed behind an unquoted scalar, if nothing else ends it.
    #[inline]
    fn usual_end(&self, start: usize) -> Option<usize> {
        let mut at = start;
        while let Some(word) = scan::word(self.bytes, at) {
            let stop = scan::eq(word, b'\n') | scan::eq(word, b':') | scan::eq(word, b'#');
            if stop == 0 {
                at += 8;
                continue;
            }
            at += scan::first(stop);
            match self.byte(at) {
                b'\n' if !matches!(self.byte(at - 1), b' ' | b'\r') => return Some(at),
                b':' if !self.blank_at(at + 1) => at += 1,
                b'#' if self.byte(at - 1) != b' ' => at += 1,
                _ => return None,
            }
        }
        None
    }

    /// The first key of a mapping below its key or behind its dash, its colon consumed.
    #[cfg(feature = "serde")]
    #[inline]
    pub(crate) fn usual_map(&mut self, parent: usize, dash: bool) -> Option<&'t str> {
        let at = self.pos;
        if dash {
            let colon = self.usual_colon(at + 1);
            if colon == 0 || self.byte(at) != b' ' {
                return None;
            }
            self.indent = at + 2 - self.line_start;
            self.pos = colon + 1;
            return Some(self.slice(at + 1, colon));
        }
        let next = self.usual_below(parent)?;
        let colon = self.usual_colon(next.at);
        if colon == 0 || next.indent == parent {
            return None;
        }
        self.go(next);
        self.pos = colon + 1;
        Some(self.slice(next.at, colon))
    }

    /// The first dash of a list below its key; false if this is something else.
    #[cfg(feature = "serde")]
    #[inline]
    pub(crate) fn usual_list(&mut self, parent: usize) -> bool {
        match self.usual_below(parent) {
            Some(next) if self.byte(next.at) == b'-' && self.byte(next.at + 1) == b' ' => {
                self.go(next);
                true
            }
            _ => false,
        }
    }

    /// The line after a key without a value on its own line.
    #[cfg(feature = "serde")]
    #[inline]
    fn usual_below(&self, parent: usize) -> Option<Next> {
        if self.bytes.get(self.pos) != Some(&b'\n') {
            return None;
        }
        let next = self.usual_line(self.pos + 1)?;
        (next.indent >= parent).then_some(next)
    }

    /// The dash of the next item, consumed; false if there is none or it takes a closer look.
    #[inline]
    pub(crate) fn usual_dash(&mut self, indent: usize) -> bool {
        let dash =
            self.indent == indent && self.byte(self.pos) == b'-' && self.byte(self.pos + 1) == b' ';
        self.pos += usize::from(dash);
        dash
    }

    /// The content of the line at `start`, if no block below a key at `indent` goes on there.
    pub(crate) fn behind(&self, start: usize, indent: usize) -> Option<Next> {
        let next = self.usual_line(start)?;
        let item = next.indent == indent && self.byte(next.at) == b'-';
        (next.indent <= indent && !item).then_some(next)
    }

    /// Goes on behind a block of so many lines.
    pub(crate) fn leap(&mut self, next: Next, lines: u32) {
        self.line = self.line.saturating_add(lines.saturating_sub(1));
        self.go(next);
    }

    /// Where the line begins at whose first content the cursor stands, if it got there without passing a comment.
    pub(crate) fn line_begin(&self) -> Option<usize> {
        let first = self.indent > 0 && self.pos + 1 == self.line_start + self.indent;
        (first && !self.comment).then_some(self.line_start)
    }

    /// Goes to the next line, which starts at `start` and whose spaces end at `at`.
    #[inline]
    pub(crate) fn go_to(&mut self, start: usize, at: usize) -> Result<(), Error> {
        match self.usual_content(start, at) {
            Some(next) => {
                self.go(next);
                Ok(())
            }
            None => self.start_line(start),
        }
    }
}
