//! Reads the items of long lists in parallel, ahead of the reader that walks the text.
//!
//! Where items begin is only guessed, from indents or brackets. What is kept was read from the
//! list's first item on without a gap, each piece ending exactly where the next begins, so a
//! wrong guess costs time and never a result: the reader goes on alone after the last good item.

use kubeyaml::Projection;
use rayon::prelude::*;

use super::{reader::Reader, scan};
use crate::node::Node;

/// Bytes that are worth a task of their own.
pub(super) const PIECE: usize = 64 << 10;

/// Lists inside more lists and objects than this are nobody's list of items.
const SHALLOW: usize = 3;

/// How often reading ahead may still be tried, and from where on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    /// Tries that may yet fail; a hostile text must not make every list cost the whole rest.
    tries: u8,
    /// Lists that begin before this are known to be short.
    from: usize,
    /// Bytes of a piece; at least 1.
    piece: usize,
}

impl Budget {
    /// No reading ahead.
    pub(super) const NONE: Self = Self {
        tries: 0,
        from: 0,
        piece: PIECE,
    };

    /// Reads ahead wherever a list is longer than two pieces.
    pub(super) const fn pieces_of(piece: usize) -> Self {
        Self {
            tries: 4,
            from: 0,
            piece,
        }
    }
}

/// Some items of a list, in a row.
struct Piece {
    items: Vec<Node>,
    /// Right after the last of them.
    at: usize,
    line: u32,
    /// Whether the next piece begins where this one ends.
    whole: bool,
}

impl Reader<'_, '_> {
    /// Reads items of the list whose first item is at this place and whose bracket is at `opened`.
    /// If that went well for one item at least, this place becomes the one after the last.
    pub(super) fn read_ahead(&mut self, opened: usize) -> bool {
        let budget = self.ahead;
        if budget.tries == 0
            || self.depth() > SHALLOW
            || opened < budget.from
            || self.text.len() - self.at < 2 * budget.piece
        {
            return false;
        }
        if !matches!(self.text.as_bytes().get(self.at), Some(b'{' | b'[')) {
            return false;
        }
        let Some((starts, end)) = pieces(self.text.as_bytes(), opened, self.at, budget.piece)
        else {
            self.ahead.tries -= 1;
            return false;
        };
        self.ahead.from = end;
        if starts.len() < 2 {
            return false;
        }
        let mut line = self.line;
        let ends = starts.iter().copied().skip(1).chain([end]);
        let spans: Vec<(usize, usize, u32)> = starts
            .iter()
            .copied()
            .zip(ends)
            .map(|(start, end)| {
                let first = line;
                let piece = self.text.as_bytes().get(start..end);
                line += scan::newlines(piece.unwrap_or(&[]));
                (start, end, first)
            })
            .collect();
        let (text, fields, outside) = (self.text, self.fields, self.depth());
        let read: Vec<Piece> = spans
            .into_par_iter()
            .map(|(start, end, line)| {
                let text = text.get(..end).unwrap_or("");
                piece(text, start, line, fields, outside)
            })
            .collect();
        self.splice(read, end)
    }

    fn splice(&mut self, read: Vec<Piece>, end: usize) -> bool {
        let first = self.at;
        let mut any = false;
        for piece in read {
            if !piece.items.is_empty() {
                any = true;
                self.at = piece.at;
                self.line = piece.line;
                self.adopt(piece.items);
            }
            if !piece.whole {
                break;
            }
        }
        if self.at - first < (end - first) / 2 {
            self.ahead.tries -= 1;
            self.ahead.from = self.at;
        }
        any
    }
}

/// Reads the items from `start` to the end of the text or the first thing that is wrong.
fn piece(
    text: &str,
    start: usize,
    line: u32,
    fields: Option<&Projection>,
    outside: usize,
) -> Piece {
    let mut reader = Reader::new(text, fields);
    reader.at = start;
    reader.line = line;
    reader.outside = outside;
    let mut piece = Piece {
        items: Vec::new(),
        at: start,
        line,
        whole: false,
    };
    while let Ok(node) = reader.value() {
        piece.items.push(node);
        piece.at = reader.at;
        piece.line = reader.line;
        if reader.peek() != Ok(b',') {
            break;
        }
        reader.at += 1;
        reader.blank();
        if reader.at == text.len() {
            piece.whole = true;
            break;
        }
    }
    piece
}

/// Where pieces of a list begin, and where the list ends; `None` if neither can be guessed.
fn pieces(bytes: &[u8], opened: usize, first: usize, size: usize) -> Option<(Vec<usize>, usize)> {
    let between = bytes.get(opened + 1..first)?;
    match memchr::memrchr(b'\n', between) {
        Some(newline) => indented(bytes, opened, (opened + 1 + newline, first), size),
        None => compact(bytes, first, size),
    }
}

/// The form for people: an item's closing bracket stands on a line of its own, as far in as its opening one.
fn indented(
    bytes: &[u8],
    opened: usize,
    (newline, first): (usize, usize),
    size: usize,
) -> Option<(Vec<usize>, usize)> {
    /// The widest indent that is looked for.
    const WIDEST: usize = 64;
    let close = match bytes.get(first)? {
        b'{' => b'}',
        b'[' => b']',
        _ => return None,
    };
    let before = bytes.get(opened.saturating_sub(4 * WIDEST)..opened)?;
    let outer = memchr::memrchr(b'\n', before).map_or(&[][..], |at| {
        let line = before.get(at + 1..).unwrap_or(&[]);
        let indent = scan::blank(line, 0);
        line.get(..indent).unwrap_or(&[])
    });
    let inner = bytes.get(newline + 1..first)?;
    if inner.len() > WIDEST || outer.len() > WIDEST {
        return None;
    }
    let rest = bytes.get(first..)?;
    let end = first + memchr::memmem::find(rest, &[b"\n", outer, b"]"].concat())?;
    let needle = [b"\n", inner, &[close]].concat();
    let closing = memchr::memmem::Finder::new(&needle);
    let mut starts = vec![first];
    let mut at = first;
    while let Some(rest) = bytes.get(at + size..end) {
        let Some(found) = closing.find(rest) else {
            break;
        };
        let after = at + size + found + needle.len();
        if bytes.get(after) == Some(&b',') {
            at = scan::blank(bytes, after + 1);
            starts.push(at);
        } else {
            at = after.saturating_sub(size).max(at + 1);
        }
    }
    Some((starts, end))
}

/// The form for machines: brackets must be counted.
fn compact(bytes: &[u8], first: usize, size: usize) -> Option<(Vec<usize>, usize)> {
    let mut starts = vec![first];
    let mut from = first;
    let mut at = first;
    loop {
        let end = scan::value_end(bytes, at).ok();
        let Some(after) = end.map(|end| scan::blank(bytes, end)) else {
            // Cut off, or items without brackets.
            return (starts.len() > 1).then_some((starts, at));
        };
        if bytes.get(after) != Some(&b',') {
            return Some((starts, after));
        }
        at = scan::blank(bytes, after + 1);
        if at - from >= size {
            starts.push(at);
            from = at;
        }
    }
}
