//! Scalars: plain, quoted and block, on one line (borrowed) or folded over several (owned).

use std::borrow::Cow;

use memchr::{memchr, memchr2_iter};

use crate::{cursor::Cursor, error::Error, scan};

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes. Only these may be null, a number or a truth value.
    Plain,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// A value that is neither list nor mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar<'t> {
    /// The text, unescaped and unfolded; borrowed if it stands in the input as it is.
    pub text: Cow<'t, str>,
    /// How it is written.
    pub style: Style,
    /// The line on which it begins. Block scalars begin with their first line of text, not at their `|`, unless they
    /// have none; a missing value stands on the line of its key or dash.
    pub line: u32,
    /// The line on which it ends. Blank lines at the end of a block scalar belong to it.
    pub end_line: u32,
}

impl<'t> Scalar<'t> {
    #[inline]
    pub(crate) fn borrowed(text: &'t str, style: Style, line: u32) -> Self {
        Self {
            text: Cow::Borrowed(text),
            style,
            line,
            end_line: line,
        }
    }

    /// Nothing, `~`, `null`, `Null` or `NULL`, not quoted.
    pub fn is_null(&self) -> bool {
        self.style == Style::Plain && matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL")
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    Strip,
    Clip,
    Keep,
}

/// The lines of a block scalar, put together.
struct Block {
    text: String,
    folded: bool,
    /// Blank lines since the last line of text.
    blanks: usize,
    started: bool,
    /// Whether the last line of text began with a space: such lines are not folded.
    spaced: bool,
}

impl Block {
    fn push(&mut self, line: &str) {
        let spaced = line.starts_with(' ');
        if self.started {
            if !self.folded || self.spaced || spaced {
                self.text.push('\n');
            } else if self.blanks == 0 {
                self.text.push(' ');
            }
        }
        self.breaks();
        self.text.push_str(line);
        self.started = true;
        self.spaced = spaced;
    }

    fn breaks(&mut self) {
        self.text.extend(std::iter::repeat_n('\n', self.blanks));
        self.blanks = 0;
    }

    fn finish(mut self, chomp: Chomp) -> String {
        if self.started && chomp != Chomp::Strip {
            self.text.push('\n');
        }
        if chomp == Chomp::Keep {
            self.breaks();
        }
        self.text
    }
}

impl<'t> Cursor<'t> {
    /// An unquoted scalar, up to a comment, over all lines that are indented more than its parent.
    #[inline]
    pub(crate) fn plain(&mut self, parent: usize) -> Result<Scalar<'t>, Error> {
        let line = self.line;
        let (text, commented) = self.plain_line()?;
        self.next_line()?;
        if self.indent > parent {
            return self.plain_more(parent, text, line, commented);
        }
        Ok(Scalar::borrowed(text, Style::Plain, line))
    }

    /// The unquoted text up to the end of the line or a comment, and which of them it was.
    #[inline]
    fn plain_line(&mut self) -> Result<(&'t str, bool), Error> {
        let start = self.pos;
        let (end, flagged) = scan::plain_end(self.bytes, start);
        let stop = if flagged {
            self.plain_stop(start, end)?
        } else {
            end
        };
        let mut trimmed = stop;
        while trimmed > start && matches!(self.byte(trimmed - 1), b' ' | b'\r') {
            trimmed -= 1;
        }
        let text = self.slice(start, trimmed);
        if self.contents.tabs && memchr(b'\t', text.as_bytes()).is_some() {
            return Err(self.unsupported("a tab in a plain scalar"));
        }
        self.pos = end;
        Ok((text, stop < end))
    }

    fn plain_stop(&self, start: usize, end: usize) -> Result<usize, Error> {
        let rest = self.bytes.get(start..end).unwrap_or_default();
        for at in memchr2_iter(b':', b'#', rest).map(|at| start + at) {
            if self.byte(at) == b'#' {
                // A tab before it is refused by the caller.
                if at > start && matches!(self.byte(at - 1), b' ' | b'\t') {
                    return Ok(at);
                }
            } else if matches!(self.byte(at + 1), b' ' | b'\t' | b'\n' | b'\r') {
                return Err(self.syntax("a second colon: a mapping cannot begin here"));
            }
        }
        Ok(end)
    }

    fn plain_more(
        &mut self,
        parent: usize,
        first: &str,
        line: u32,
        commented: bool,
    ) -> Result<Scalar<'t>, Error> {
        if parent == 0 || commented {
            return Err(self.unsupported("more text after a scalar"));
        }
        let mut text = String::from(first);
        let mut end_line = line;
        while self.indent > parent {
            if self.comment {
                return Err(self.unsupported("a comment inside a scalar"));
            }
            fold(&mut text, self.line - end_line, false);
            end_line = self.line;
            let (more, commented) = self.plain_line()?;
            text.push_str(more);
            self.next_line()?;
            self.comment |= commented;
        }
        Ok(Scalar {
            text: Cow::Owned(text),
            style: Style::Plain,
            line,
            end_line,
        })
    }

    #[inline]
    pub(crate) fn double(&mut self, parent: usize) -> Result<Scalar<'t>, Error> {
        let line = self.line;
        let text = self.double_text(parent)?;
        let end_line = self.line;
        self.end_value()?;
        Ok(Scalar {
            text,
            style: Style::Double,
            line,
            end_line,
        })
    }

    #[inline]
    pub(crate) fn single(&mut self, parent: usize) -> Result<Scalar<'t>, Error> {
        let line = self.line;
        let text = self.single_text(parent)?;
        let end_line = self.line;
        self.end_value()?;
        Ok(Scalar {
            text,
            style: Style::Single,
            line,
            end_line,
        })
    }

    /// The text of a double-quoted scalar; goes behind its closing quote.
    #[inline]
    pub(crate) fn double_text(&mut self, parent: usize) -> Result<Cow<'t, str>, Error> {
        let start = self.pos + 1;
        let end = scan::quoted_end(self.bytes, start, b'"', b'\\');
        if self.byte(end) == b'"' {
            self.pos = end + 1;
            return Ok(Cow::Borrowed(self.slice(start, end)));
        }
        self.double_more(start, parent).map(Cow::Owned)
    }

    fn double_more(&mut self, start: usize, parent: usize) -> Result<String, Error> {
        let mut text = String::new();
        let mut at = start;
        // Blanks that were escaped are not trimmed at the end of a line.
        let mut kept = 0;
        loop {
            let end = scan::quoted_end(self.bytes, at, b'"', b'\\');
            text.push_str(self.slice(at, end));
            match self.bytes.get(end) {
                Some(b'"') => {
                    self.pos = end + 1;
                    return Ok(text);
                }
                Some(b'\\') if self.breaks_at(end + 1) => {
                    let end = if self.byte(end + 1) == b'\r' {
                        end + 2
                    } else {
                        end + 1
                    };
                    at = self.fold_line(&mut text, end, parent, true)?;
                    kept = text.len();
                }
                Some(b'\\') => {
                    at = self.unescape(&mut text, end + 1)?;
                    kept = text.len();
                }
                Some(_) => {
                    self.trim(&mut text, kept)?;
                    at = self.fold_line(&mut text, end, parent, false)?;
                    kept = text.len();
                }
                None => return Err(self.syntax("a quoted scalar is not closed")),
            }
        }
    }

    /// The text of a single-quoted scalar; goes behind its closing quote.
    #[inline]
    pub(crate) fn single_text(&mut self, parent: usize) -> Result<Cow<'t, str>, Error> {
        let start = self.pos + 1;
        let end = scan::quoted_end(self.bytes, start, b'\'', b'\'');
        if self.byte(end) == b'\'' && self.byte(end + 1) != b'\'' {
            self.pos = end + 1;
            return Ok(Cow::Borrowed(self.slice(start, end)));
        }
        self.single_more(start, parent).map(Cow::Owned)
    }

    fn single_more(&mut self, start: usize, parent: usize) -> Result<String, Error> {
        let mut text = String::new();
        let mut at = start;
        let mut kept = 0;
        loop {
            let end = scan::quoted_end(self.bytes, at, b'\'', b'\'');
            text.push_str(self.slice(at, end));
            match self.bytes.get(end) {
                Some(b'\'') if self.byte(end + 1) == b'\'' => {
                    text.push('\'');
                    at = end + 2;
                }
                Some(b'\'') => {
                    self.pos = end + 1;
                    return Ok(text);
                }
                Some(_) => {
                    self.trim(&mut text, kept)?;
                    at = self.fold_line(&mut text, end, parent, false)?;
                    kept = text.len();
                }
                None => return Err(self.syntax("a quoted scalar is not closed")),
            }
        }
    }

    fn trim(&self, text: &mut String, kept: usize) -> Result<(), Error> {
        while text.len() > kept && text.ends_with([' ', '\r']) {
            text.pop();
        }
        if text.len() > kept && text.ends_with('\t') {
            return Err(self.unsupported("a tab at the end of a line of a quoted scalar"));
        }
        Ok(())
    }

    /// From the line feed at `end` to the next text of a quoted scalar.
    fn fold_line(
        &mut self,
        text: &mut String,
        end: usize,
        parent: usize,
        escaped: bool,
    ) -> Result<usize, Error> {
        let mut start = end + 1;
        let mut breaks = 1;
        loop {
            self.line = self.line.saturating_add(1);
            let at = scan::spaces_end(self.bytes, start);
            start = match self.bytes.get(at) {
                None => return Err(self.syntax("a quoted scalar is not closed")),
                Some(b'\n') => at + 1,
                Some(b'\r') => at + 2,
                Some(b'\t') => return Err(self.unsupported("a tab as indentation")),
                // libyaml takes less, YAML demands more.
                Some(_) if parent == 0 || at - start < parent => {
                    return Err(
                        self.unsupported("a quoted scalar goes on with too little indentation")
                    );
                }
                Some(_) => {
                    fold(text, breaks, escaped);
                    return Ok(at);
                }
            };
            breaks += 1;
        }
    }

    /// Decodes the escape whose letter is at `at`; gives where the text goes on.
    fn unescape(&self, text: &mut String, at: usize) -> Result<usize, Error> {
        let digits = match self.byte(at) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            letter => {
                text.push(match letter {
                    b'0' => '\0',
                    b'a' => '\u{7}',
                    b'b' => '\u{8}',
                    b't' => '\t',
                    b'n' => '\n',
                    b'v' => '\u{b}',
                    b'f' => '\u{c}',
                    b'r' => '\r',
                    b'e' => '\u{1b}',
                    b' ' => ' ',
                    b'"' => '"',
                    b'/' => '/',
                    b'\\' => '\\',
                    b'N' => '\u{85}',
                    b'_' => '\u{a0}',
                    b'L' => '\u{2028}',
                    b'P' => '\u{2029}',
                    _ => return Err(self.unsupported("an unknown escape")),
                });
                return Ok(at + 1);
            }
        };
        let end = at + 1 + digits;
        self.text
            .get(at + 1..end)
            .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32)
            .map(|character| {
                text.push(character);
                end
            })
            .ok_or_else(|| self.syntax("an escape that is no character"))
    }

    /// `|` and `>` with their indicators; goes to the next content after the scalar.
    pub(crate) fn block_scalar(&mut self, parent: usize) -> Result<Scalar<'t>, Error> {
        if parent == 0 {
            return Err(self.unsupported("a block scalar as document"));
        }
        let style = if self.byte(self.pos) == b'|' {
            Style::Literal
        } else {
            Style::Folded
        };
        let (chomp, explicit) = self.block_header()?;
        let header_line = self.line;
        let (first, first_line, found) = self.block_indent(parent)?;
        // Columns from 0 here: the parent's own is `parent - 1`.
        let column = match (explicit, found) {
            (Some(indent), Some(found)) if found < parent - 1 + indent => {
                return Err(self.unsupported("a block scalar with less indentation than it says"));
            }
            (Some(indent), Some(_)) => Some(parent - 1 + indent),
            _ => found,
        };
        let Some(column) = column else {
            // No text belongs to the scalar.
            let scalar = Scalar {
                text: Self::only_blanks(chomp, first_line - header_line - 1),
                style,
                line: header_line,
                end_line: first_line - 1,
            };
            self.resume(first, first_line)?;
            return Ok(scalar);
        };
        self.block_lines(style, chomp, column, header_line)
    }

    fn only_blanks(chomp: Chomp, blanks: u32) -> Cow<'t, str> {
        if chomp == Chomp::Keep && blanks > 0 {
            Cow::Owned("\n".repeat(blanks as usize))
        } else {
            Cow::Borrowed("")
        }
    }

    fn block_header(&mut self) -> Result<(Chomp, Option<usize>), Error> {
        let (mut chomp, mut explicit) = (None, None);
        let mut at = self.pos + 1;
        loop {
            match self.byte(at) {
                b'+' if chomp.is_none() => chomp = Some(Chomp::Keep),
                b'-' if chomp.is_none() => chomp = Some(Chomp::Strip),
                digit @ b'1'..=b'9' if explicit.is_none() => {
                    explicit = Some(usize::from(digit - b'0'));
                }
                _ => break,
            }
            at += 1;
        }
        let end = scan::spaces_end(self.bytes, at);
        self.pos = match self.bytes.get(end) {
            Some(b'\n') => end,
            Some(b'\r') => end + 1,
            Some(b'#') if end > at => scan::line_end(self.bytes, end),
            None => return Err(self.unsupported("a block scalar at the end of the text")),
            Some(_) => return Err(self.unsupported("text after the head of a block scalar")),
        };
        Ok((chomp.unwrap_or(Chomp::Clip), explicit))
    }

    /// Start and number of the first line with text below the head, and its column if it is inside the parent.
    fn block_indent(&mut self, parent: usize) -> Result<(usize, u32, Option<usize>), Error> {
        let mut start = self.pos + 1;
        let mut line = self.line;
        let mut widest = 0;
        loop {
            line = line.saturating_add(1);
            let at = scan::spaces_end(self.bytes, start);
            let column = at - start;
            match self.bytes.get(at) {
                Some(b'\n') => start = at + 1,
                Some(b'\r') => start = at + 2,
                Some(b'\t') => return Err(self.unsupported("a tab as indentation")),
                None if column > 0 => {
                    return Err(self.unsupported("a block scalar at the end of the text"));
                }
                // Blank lines wider than the text: readers differ in what they make of them.
                found => {
                    let inside = found.is_some() && column >= parent;
                    if widest > if inside { column } else { parent - 1 } {
                        return Err(self.unsupported("a block scalar begins with wide blank lines"));
                    }
                    return Ok((start, line, inside.then_some(column)));
                }
            }
            widest = widest.max(column);
        }
    }

    fn block_lines(
        &mut self,
        style: Style,
        chomp: Chomp,
        column: usize,
        header_line: u32,
    ) -> Result<Scalar<'t>, Error> {
        let mut block = Block {
            text: String::new(),
            folded: style == Style::Folded,
            blanks: 0,
            started: false,
            spaced: false,
        };
        let mut start = self.pos + 1;
        let mut line = header_line.saturating_add(1);
        let mut first_line = 0;
        while start < self.bytes.len() {
            let at = scan::spaces_end(self.bytes, start);
            let byte = self.byte(at);
            let ends = matches!(byte, b'\n' | b'\r');
            if ends && at - start <= column {
                if at >= self.bytes.len() {
                    return Err(self.unsupported("a block scalar at the end of the text"));
                }
                block.blanks += 1;
                start = if byte == b'\r' { at + 2 } else { at + 1 };
                line = line.saturating_add(1);
                continue;
            }
            if at - start < column {
                if byte == b'\t' {
                    return Err(self.unsupported("a tab as indentation"));
                }
                break;
            }
            let end = scan::line_end(self.bytes, at);
            if end >= self.bytes.len() {
                // Whether a line feed belongs there, readers do not agree.
                return Err(self.unsupported("a block scalar at the end of the text"));
            }
            let stop = if self.contents.returns && self.byte(end - 1) == b'\r' {
                end - 1
            } else {
                end
            };
            if block.folded && byte == b'\t' {
                return Err(self.unsupported("a tab in a folded scalar"));
            }
            if !block.started {
                first_line = line;
            }
            block.push(self.slice(start + column, stop));
            start = end + 1;
            line = line.saturating_add(1);
        }
        self.resume(start, line)?;
        Ok(Scalar {
            text: Cow::Owned(block.finish(chomp)),
            style,
            line: first_line,
            end_line: line.saturating_sub(1),
        })
    }
}

/// Joins two lines: one break is a space, each further one a line feed; an escaped break is nothing.
fn fold(text: &mut String, breaks: u32, escaped: bool) {
    if breaks == 1 {
        if !escaped {
            text.push(' ');
        }
    } else {
        text.extend(std::iter::repeat_n('\n', breaks as usize - 1));
    }
}
