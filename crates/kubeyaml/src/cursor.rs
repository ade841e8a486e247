//! Walks block structure: lines, indentation, keys and dashes. Callers keep the stack.

use memchr::memchr2_iter;

use crate::{
    error::Error,
    scalar::{Scalar, Style},
    scan::{self, Contents},
};

/// libyaml and saphyr give up on keys beyond 1,024 characters; stay clear of the border.
pub(crate) const LONGEST_KEY: usize = 1000;

/// Where the next value stands. Indents are columns counted from 1, so that 0 is "outside of everything".
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// The whole text.
    Root,
    /// After the colon of a key at this indent.
    Key(usize),
    /// After a dash at this indent.
    Dash(usize),
}

/// The beginning of a value. A scalar is already consumed, a collection is still to be walked.
#[derive(Debug)]
pub(crate) enum Open<'t> {
    Scalar(Scalar<'t>),
    /// Walk with `next_item`.
    Seq {
        indent: usize,
        line: u32,
    },
    /// The first key is already consumed; go on with `next_key`.
    Map {
        indent: usize,
        line: u32,
        key: Scalar<'t>,
    },
    EmptySeq(u32),
    EmptyMap(u32),
}

/// A position in a text.
#[derive(Debug)]
pub(crate) struct Cursor<'t> {
    pub(crate) text: &'t str,
    pub(crate) bytes: &'t [u8],
    pub(crate) pos: usize,
    /// Column of the content at `pos`, from 1; 0 at the end of the text.
    pub(crate) indent: usize,
    pub(crate) line: u32,
    pub(crate) line_start: usize,
    /// Whether the last `next_line` passed a comment.
    pub(crate) comment: bool,
    pub(crate) contents: Contents,
    /// What was opened before it was known who wants it.
    #[cfg(feature = "serde")]
    pub(crate) opened: Option<Open<'t>>,
}

/// Bytes with which ordinary keys begin.
pub(crate) const FIRST: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/');
        byte += 1;
    }
    table
};

impl<'t> Cursor<'t> {
    /// Checks the text and goes to its first content, past a byte order mark and one `---`.
    pub(crate) fn new(text: &'t str, first_line: u32) -> Result<Self, Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let bytes = text.as_bytes();
        let mut cursor = Self {
            text,
            bytes,
            pos: 0,
            indent: 0,
            line: first_line,
            line_start: 0,
            comment: false,
            contents: scan::check(bytes, first_line)?,
            #[cfg(feature = "serde")]
            opened: None,
        };
        cursor.enter_line(0)?;
        if cursor.is_marker() && cursor.byte(cursor.pos) == b'-' {
            cursor.pos = scan::spaces_end(bytes, cursor.pos + 3);
            if !cursor.breaks_at(cursor.pos) {
                return Err(cursor.unsupported("text after ---"));
            }
            cursor.next_line()?;
        } else if cursor.is_marker() {
            return Err(cursor.unsupported("an end marker before any content"));
        }
        if cursor.indent == 0 {
            return Err(cursor.unsupported("nothing to read"));
        }
        Ok(cursor)
    }

    /// The end of an empty text, for a value that is already read.
    #[cfg(feature = "serde")]
    pub(crate) fn nowhere(opened: Open<'t>) -> Self {
        Self {
            text: "",
            bytes: b"",
            pos: 0,
            indent: 0,
            line: 0,
            line_start: 0,
            comment: false,
            contents: Contents::default(),
            opened: Some(opened),
        }
    }

    #[cold]
    pub(crate) fn unsupported(&self, what: &'static str) -> Error {
        Error::Unsupported {
            line: self.line,
            what,
        }
    }

    #[cold]
    pub(crate) fn syntax(&self, what: &'static str) -> Error {
        Error::Syntax {
            line: self.line,
            what,
        }
    }

    /// The byte at `at`; a line feed beyond the end, which ends everything that a line end ends.
    #[inline]
    pub(crate) fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b'\n')
    }

    /// Whether the line ends at `at`. `check` has made sure that `\r` stands only before `\n`.
    #[inline]
    pub(crate) fn breaks_at(&self, at: usize) -> bool {
        matches!(self.byte(at), b'\n' | b'\r')
    }

    #[inline]
    pub(crate) fn blank_at(&self, at: usize) -> bool {
        matches!(self.byte(at), b' ' | b'\n' | b'\r' | b'\t')
    }

    #[inline]
    pub(crate) fn slice(&self, from: usize, to: usize) -> &'t str {
        self.text.get(from..to).unwrap_or_default()
    }

    #[inline]
    fn is_dash(&self) -> bool {
        self.byte(self.pos) == b'-' && self.blank_at(self.pos + 1)
    }

    /// `---` or `...` in the first column.
    fn is_marker(&self) -> bool {
        self.indent == 1
            && matches!(self.byte(self.pos), b'-' | b'.')
            && matches!(
                self.bytes.get(self.pos..self.pos + 3),
                Some(b"---" | b"...")
            )
            && self.blank_at(self.pos + 3)
    }

    /// Goes to the first content at or after the line that starts at `at`, past blank lines and comments.
    pub(crate) fn enter_line(&mut self, at: usize) -> Result<(), Error> {
        self.comment = false;
        let mut start = at;
        loop {
            let mut at = scan::spaces_end(self.bytes, start);
            match self.bytes.get(at) {
                None => {
                    self.pos = at;
                    self.indent = 0;
                    return Ok(());
                }
                Some(b'\n') => {}
                Some(b'\r') => at += 1,
                Some(b'#') => {
                    self.comment = true;
                    at = scan::line_end(self.bytes, at);
                }
                Some(b'\t') => return Err(self.unsupported("a tab as indentation")),
                Some(_) => {
                    self.pos = at;
                    self.line_start = start;
                    self.indent = at - start + 1;
                    return Ok(());
                }
            }
            if at >= self.bytes.len() {
                self.pos = self.bytes.len();
                self.indent = 0;
                return Ok(());
            }
            start = at + 1;
            self.line = self.line.saturating_add(1);
        }
    }

    /// From the end of a line to the next content.
    #[inline]
    pub(crate) fn next_line(&mut self) -> Result<(), Error> {
        let mut end = self.pos;
        if self.contents.returns && self.byte(end) == b'\r' {
            end += 1;
        }
        self.start_line(end + 1)
    }

    /// Goes to the first content at or after `start`, the start of the next line.
    #[inline]
    pub(crate) fn start_line(&mut self, start: usize) -> Result<(), Error> {
        self.line = self.line.saturating_add(1);
        // The common case by hand: spaces and then text.
        let at = scan::spaces_end(self.bytes, start);
        match self.bytes.get(at) {
            Some(byte) if *byte > b'#' => {
                self.comment = false;
                self.pos = at;
                self.line_start = start;
                self.indent = at - start + 1;
            }
            None => {
                self.comment = false;
                self.pos = self.bytes.len();
                self.indent = 0;
            }
            Some(_) => self.enter_line(start)?,
        }
        if self.indent == 1 && self.is_marker() {
            return Err(self.unsupported("several documents"));
        }
        Ok(())
    }

    /// Goes to the first content at or after `start`, the start of line number `line`.
    pub(crate) fn resume(&mut self, start: usize, line: u32) -> Result<(), Error> {
        self.line = line.saturating_sub(1);
        self.start_line(start)
    }

    /// Begins the value at a place.
    #[inline]
    pub(crate) fn open(&mut self, place: Place) -> Result<Open<'t>, Error> {
        let parent = match place {
            Place::Root => return self.block(0),
            Place::Key(indent) | Place::Dash(indent) => indent,
        };
        let mut at = self.pos;
        while self.byte(at) == b' ' {
            at += 1;
        }
        self.pos = at;
        let byte = self.byte(at);
        // A comment needs a blank before it; after a colon or dash there always is one.
        if matches!(byte, b'\n' | b'\r' | b'#') {
            return self.open_below(place, parent);
        }
        if let Place::Key(_) = place {
            self.inline(parent)
        } else {
            self.indent = at - self.line_start + 1;
            self.block(parent)
        }
    }

    fn open_below(&mut self, place: Place, parent: usize) -> Result<Open<'t>, Error> {
        let line = self.line;
        self.pos = scan::line_end(self.bytes, self.pos);
        self.next_line()?;
        if self.indent > parent {
            return self.block(parent);
        }
        if matches!(place, Place::Key(_)) && self.indent == parent && self.is_dash() {
            return Ok(Open::Seq {
                indent: parent,
                line: self.line,
            });
        }
        Ok(Open::Scalar(Scalar::borrowed(
            self.slice(0, 0),
            Style::Plain,
            line,
        )))
    }

    /// A value at the start of a line or after a dash: anything may stand here.
    fn block(&mut self, parent: usize) -> Result<Open<'t>, Error> {
        let (indent, line) = (self.indent, self.line);
        if self.is_dash() {
            return Ok(Open::Seq { indent, line });
        }
        Ok(match self.key()? {
            Some(key) => Open::Map { indent, line, key },
            None => self.inline(parent)?,
        })
    }

    /// A value on the line of its key, or a scalar anywhere.
    #[inline]
    fn inline(&mut self, parent: usize) -> Result<Open<'t>, Error> {
        let line = self.line;
        let (byte, next) = (self.byte(self.pos), self.byte(self.pos + 1));
        match byte {
            b'"' => self.double(parent).map(Open::Scalar),
            b'\'' => self.single(parent).map(Open::Scalar),
            b'|' | b'>' => self.block_scalar(parent).map(Open::Scalar),
            b'{' if next == b'}' => {
                self.pos += 2;
                self.end_value()?;
                Ok(Open::EmptyMap(line))
            }
            b'[' if next == b']' => {
                self.pos += 2;
                self.end_value()?;
                Ok(Open::EmptySeq(line))
            }
            _ if self.starts_plain() => self.plain(parent).map(Open::Scalar),
            _ => Err(self.odd_start()),
        }
    }

    #[cold]
    fn odd_start(&self) -> Error {
        match self.byte(self.pos) {
            b'{' | b'[' => self.unsupported("a flow collection"),
            b'&' | b'*' => self.unsupported("an anchor or alias"),
            b'!' => self.unsupported("a tag"),
            b'%' => self.unsupported("a directive"),
            b'?' => self.unsupported("an explicit key"),
            b'\t' => self.unsupported("a tab between tokens"),
            b'-' => self.syntax("a list cannot begin here"),
            _ => self.unsupported("a value begins with a reserved character"),
        }
    }

    /// Whether an unquoted scalar may begin at the position.
    #[inline]
    fn starts_plain(&self) -> bool {
        match self.byte(self.pos) {
            b'-' | b'?' | b':' => !self.blank_at(self.pos + 1),
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
            | b'"' | b'%' | b'@' | b'`' | b'\t' | b' ' | b'\n' | b'\r' => false,
            _ => true,
        }
    }

    /// Consumes a key and its colon if the rest of the line has one.
    #[inline]
    fn key(&mut self) -> Result<Option<Scalar<'t>>, Error> {
        let start = self.pos;
        if let Some(text) = self.usual_key() {
            return Ok(Some(Scalar::borrowed(text, Style::Plain, self.line)));
        }
        match self.byte(start) {
            b'"' | b'\'' => self.quoted_key(),
            _ => self.unusual_key(),
        }
    }

    /// A key with spaces, colons or other marks in it.
    fn unusual_key(&mut self) -> Result<Option<Scalar<'t>>, Error> {
        if !self.starts_plain() {
            return Ok(None);
        }
        let start = self.pos;
        let (end, flagged) = scan::plain_end(self.bytes, start);
        if !flagged {
            return Ok(None);
        }
        let rest = self.bytes.get(start..end).unwrap_or_default();
        for at in memchr2_iter(b':', b'#', rest).map(|at| start + at) {
            if self.byte(at) == b'#' {
                if at > start && self.blank_at(at - 1) {
                    return Ok(None);
                }
            } else if self.blank_at(at + 1) {
                let text = self.slice(start, at).trim_end_matches(' ');
                if at - start > LONGEST_KEY {
                    return Err(self.unsupported("a very long key"));
                }
                if self.contents.tabs && text.contains('\t') {
                    return Err(self.unsupported("a tab in a key"));
                }
                self.pos = at + 1;
                return Ok(Some(Scalar::borrowed(text, Style::Plain, self.line)));
            }
        }
        Ok(None)
    }

    /// The next key of a mapping, its colon consumed; `None` at the end of the mapping.
    #[inline]
    pub(crate) fn next_key(&mut self, indent: usize) -> Result<Option<Scalar<'t>>, Error> {
        if self.indent != indent {
            if self.indent > indent {
                return Err(self.unsupported("indented more than the keys around it"));
            }
            return Ok(None);
        }
        match self.key()? {
            Some(key) => Ok(Some(key)),
            None => Err(self.no_key()),
        }
    }

    #[cold]
    fn no_key(&self) -> Error {
        if self.starts_plain() {
            self.syntax("expected a key and a colon")
        } else {
            self.unsupported("expected a plain or quoted key")
        }
    }

    /// Consumes the dash of the next item; false at the end of the list.
    #[inline]
    pub(crate) fn next_item(&mut self, indent: usize) -> Result<bool, Error> {
        if self.indent == indent && self.is_dash() {
            self.pos += 1;
            return Ok(true);
        }
        if self.indent > indent {
            // libyaml takes some of these.
            return Err(self.unsupported("indented more than the items around it"));
        }
        Ok(false)
    }

    /// Steps over a value by indentation alone. The end is where a reader would see it in any text whose
    /// continuation lines are indented as YAML demands; what is inside is not looked at.
    pub(crate) fn skip(&mut self, place: Place) -> Result<(), Error> {
        let (indent, dashes) = match place {
            Place::Root => (0, false),
            Place::Key(indent) => {
                let below = self.byte(self.pos) == b'\n' || {
                    let at = scan::spaces_end(self.bytes, self.pos);
                    self.breaks_at(at) || self.byte(at) == b'#'
                };
                (indent, below)
            }
            Place::Dash(indent) => (indent, false),
        };
        // The first eight columns at once.
        let mask = u64::MAX.checked_shl(8 * u32::try_from(indent.min(8)).unwrap_or(8));
        let mask = !mask.unwrap_or(0);
        let deeper = |start: usize| match scan::word(self.bytes, start) {
            Some(word) => {
                (word ^ scan::SPACES) & mask == 0
                    && (indent <= 8 || scan::spaces_end(self.bytes, start + 8) >= start + indent)
            }
            None => scan::spaces_end(self.bytes, start) >= start + indent,
        };
        let mut end = scan::line_end(self.bytes, self.pos);
        let mut lines = 0_usize;
        let line = |lines: usize| u32::try_from(lines).unwrap_or(u32::MAX);
        while end < self.bytes.len() {
            let start = end + 1;
            lines += 1;
            if deeper(start) {
                end = scan::line_end(self.bytes, start + indent);
                continue;
            }
            let at = scan::spaces_end(self.bytes, start);
            end = match self.byte(at) {
                b'\n' => at,
                b'\r' => at + 1,
                b'#' => scan::line_end(self.bytes, at),
                b'-' if dashes && at - start + 1 == indent && self.blank_at(at + 1) => {
                    scan::line_end(self.bytes, at)
                }
                _ => {
                    self.line = self.line.saturating_add(line(lines - 1));
                    return self.go_to(start, at);
                }
            };
        }
        self.pos = self.bytes.len();
        self.line = self.line.saturating_add(line(lines));
        self.indent = 0;
        Ok(())
    }

    /// Nothing may follow a quoted scalar or an empty collection on its line but a comment.
    #[inline]
    pub(crate) fn end_value(&mut self) -> Result<(), Error> {
        if self.byte(self.pos) != b'\n' {
            let at = scan::spaces_end(self.bytes, self.pos);
            self.pos = match self.byte(at) {
                b'\n' | b'\r' => at,
                b'#' if at > self.pos => scan::line_end(self.bytes, at),
                _ => return Err(self.unsupported("text after the end of a value")),
            };
        }
        self.next_line()
    }

    /// Nothing may be left.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        if self.indent == 0 {
            Ok(())
        } else {
            Err(self.unsupported("text that belongs to nothing before it"))
        }
    }

    /// A quoted key: closed on its line and followed by a colon.
    fn quoted_key(&mut self) -> Result<Option<Scalar<'t>>, Error> {
        let start = self.pos;
        let quote = self.byte(start);
        let escape = if quote == b'"' { b'\\' } else { b'\'' };
        let mut at = start + 1;
        loop {
            at = scan::quoted_end(self.bytes, at, quote, escape);
            let byte = self.byte(at);
            if byte == b'\n' {
                return Ok(None);
            }
            if byte == b'\\' && self.breaks_at(at + 1) {
                return Ok(None);
            }
            if byte == b'\\' || (quote == b'\'' && self.byte(at + 1) == b'\'') {
                at += 2;
                continue;
            }
            break;
        }
        let colon = scan::spaces_end(self.bytes, at + 1);
        if self.byte(colon) != b':' || !self.blank_at(colon + 1) {
            return Ok(None);
        }
        if colon - start > LONGEST_KEY {
            return Err(self.unsupported("a very long key"));
        }
        let line = self.line;
        let (text, style) = if quote == b'"' {
            (self.double_text(usize::MAX)?, Style::Double)
        } else {
            (self.single_text(usize::MAX)?, Style::Single)
        };
        self.pos = colon + 1;
        Ok(Some(Scalar {
            text,
            style,
            line,
            end_line: line,
        }))
    }
}
