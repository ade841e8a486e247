//! Writes packed trees: from trees that can be changed, and straight from a reader that gives values from the leaves upwards.

use super::{Packed, SMALL, flag, words};
use crate::node::{Node, Value};

/// Shorter texts take no more room than the number of a word.
const SHORTEST_WORD: usize = 3;

fn number(out: &mut String, number: u64) {
    if number < SMALL {
        out.push(ascii(number));
        return;
    }
    let groups = (u64::from(u64::BITS - number.leading_zeros())).div_ceil(7);
    out.push(ascii(SMALL + groups));
    for group in 0..groups {
        out.push(ascii((number >> (7 * group)) & 0x7f));
    }
}

/// The character of a number below 128.
#[allow(clippy::cast_possible_truncation)]
fn ascii(byte: u64) -> char {
    char::from(byte as u8 & 0x7f)
}

fn key(out: &mut String, key: &str) {
    if let Some(word) = words::number(key) {
        number(out, word + 1);
    } else {
        number(out, 0);
        text(out, key);
    }
}

fn text(out: &mut String, text: &str) {
    number(out, text.len() as u64);
    out.push_str(text);
}

/// The place of a value, and how it was written.
#[derive(Clone, Copy)]
struct Place {
    line: u32,
    more_lines: u16,
    plain: bool,
}

/// Writes what stands before a value's own: flags and lines.
fn head(out: &mut String, shape: u8, place: Place, around: u32) {
    let mut flags = shape;
    let mut line = place.line;
    if place.plain {
        flags |= flag::PLAIN;
    }
    if place.more_lines > 0 {
        flags |= flag::MORE;
    }
    if line > 0 {
        // Values that were put together may stand above what holds them.
        if line >= around && around > 0 {
            flags |= flag::DOWN;
            line -= around;
        } else {
            flags |= flag::AT;
        }
    }
    out.push(ascii(u64::from(flags)));
    if flags & (flag::DOWN | flag::AT) != 0 {
        number(out, u64::from(line));
    }
    if place.more_lines > 0 {
        number(out, u64::from(place.more_lines));
    }
}

fn word(text: &str) -> Option<u64> {
    (text.len() >= SHORTEST_WORD)
        .then(|| words::number(text))
        .flatten()
}

/// Writes a scalar.
fn scalar(out: &mut String, value: &str, place: Place, around: u32) {
    if let Some(word) = word(value) {
        head(out, flag::WORD, place, around);
        number(out, word);
    } else {
        head(out, flag::TEXT, place, around);
        text(out, value);
    }
}

/// Puts the length of what was written since `from` before it.
fn close(out: &mut String, from: usize) {
    let length = (out.len() - from) as u64;
    if length < SMALL {
        out.insert(from, ascii(length));
        return;
    }
    let mut prefix = String::with_capacity(10);
    number(&mut prefix, length);
    out.insert_str(from, &prefix);
}

/// Packs a tree.
pub(super) fn pack(node: &Node) -> Packed {
    let mut out = String::new();
    write(&mut out, node, 0);
    Packed(out.into())
}

fn write(out: &mut String, node: &Node, around: u32) {
    let place = Place {
        line: node.line,
        more_lines: node.more_lines,
        plain: node.plain,
    };
    match &node.value {
        Value::Null => head(out, flag::NULL, place, around),
        Value::Scalar { text } => scalar(out, text, place, around),
        Value::Seq(items) => {
            head(out, flag::SEQ, place, around);
            let from = out.len();
            for item in items {
                write(out, item, node.line);
            }
            close(out, from);
        }
        Value::Map(entries) => {
            head(out, flag::MAP, place, around);
            let from = out.len();
            for (name, value) in entries {
                key(out, name);
                write(out, value, node.line);
            }
            close(out, from);
        }
    }
}

/// Packs values that come from the leaves upwards. What a value will be written as depends on the
/// line of the one around it, which comes later: until then its own part lies on a stack of text.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    stack: String,
    spare: String,
}

/// A value of which only its own part is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece {
    shape: u8,
    plain: bool,
    more_lines: u16,
    line: u32,
    /// Where its part begins and ends in the stack.
    from: usize,
    to: usize,
}

impl Packer {
    /// Nothing.
    pub(crate) fn null(&mut self, line: u32, more_lines: u16) -> Piece {
        Piece {
            more_lines,
            ..self.piece(flag::NULL, line)
        }
    }

    /// A scalar; `more_lines` beyond the first.
    pub(crate) fn scalar(&mut self, value: &str, line: u32, more_lines: u16, plain: bool) -> Piece {
        let mut piece = self.piece(flag::TEXT, line);
        if let Some(word) = word(value) {
            piece.shape = flag::WORD;
            number(&mut self.stack, word);
        } else {
            text(&mut self.stack, value);
        }
        piece.to = self.stack.len();
        Piece {
            plain,
            more_lines,
            ..piece
        }
    }

    /// A list of what came last.
    pub(crate) fn seq(&mut self, items: impl Iterator<Item = Piece>, line: u32) -> Piece {
        self.hold(flag::SEQ, line, items.map(|item| ((), item)), |(), _| {})
    }

    /// A mapping of what came last.
    pub(crate) fn map<K: AsRef<str>>(
        &mut self,
        entries: impl Iterator<Item = (K, Piece)>,
        line: u32,
    ) -> Piece {
        self.hold(flag::MAP, line, entries, |name, out| {
            key(out, name.as_ref());
        })
    }

    /// The finished tree; the stack is empty again.
    pub(crate) fn finish(&mut self, root: Piece) -> Packed {
        self.spare.clear();
        let mut out = std::mem::take(&mut self.spare);
        put(&mut out, &self.stack, root, 0);
        let packed = Packed(out.as_str().into());
        self.spare = out;
        self.stack.clear();
        packed
    }

    /// Forgets what was begun.
    pub(crate) fn clear(&mut self) {
        self.stack.clear();
    }

    fn piece(&self, shape: u8, line: u32) -> Piece {
        Piece {
            shape,
            plain: false,
            more_lines: 0,
            line,
            from: self.stack.len(),
            to: self.stack.len(),
        }
    }

    fn hold<K>(
        &mut self,
        shape: u8,
        line: u32,
        values: impl Iterator<Item = (K, Piece)>,
        write_key: impl Fn(K, &mut String),
    ) -> Piece {
        let mut out = std::mem::take(&mut self.spare);
        out.clear();
        let mut from = self.stack.len();
        for (name, value) in values {
            from = from.min(value.from);
            write_key(name, &mut out);
            put(&mut out, &self.stack, value, line);
        }
        self.stack.truncate(from);
        text(&mut self.stack, &out);
        self.spare = out;
        let mut piece = self.piece(shape, line);
        piece.from = from;
        piece
    }
}

/// Writes a value whole, now that the line of the one around it is known.
fn put(out: &mut String, stack: &str, value: Piece, around: u32) {
    let place = Place {
        line: value.line,
        more_lines: value.more_lines,
        plain: value.plain,
    };
    head(out, value.shape, place, around);
    out.push_str(stack.get(value.from..value.to).unwrap_or_default());
}
