//! Reads one line of block YAML, or of JSON printed with one key a line: where it stands, its key, its value.

use crate::span::{cut, rest};

/// `key: value`, possibly the first of a list item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    /// Column of the key.
    pub column: usize,
    pub key: &'a str,
    /// Where the value begins and ends; equal if there is none.
    pub value: (usize, usize),
}

/// Blanks at the start.
pub(crate) fn indent(line: &str) -> usize {
    line.bytes()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count()
}

/// Where the content of a line begins behind dashes, and whether there was one.
pub(crate) fn content(line: &str) -> (usize, bool) {
    let mut at = indent(line);
    let mut dash = false;
    while rest(line, at).starts_with("- ") {
        at += 1;
        at += indent(rest(line, at));
        dash = true;
    }
    (at, dash)
}

/// The entry of a line, if it is one.
pub(crate) fn entry(line: &str) -> Option<Entry<'_>> {
    let (column, _) = content(line);
    let text = rest(line, column);
    let (key, after) = match text.as_bytes().first()? {
        quote @ (b'"' | b'\'') => {
            let end = text.bytes().skip(1).take(256).position(|b| b == *quote)? + 1;
            (cut(text, 1, end), end + 1)
        }
        b'-' => return None,
        _ => {
            let end = text.bytes().take(256).position(|b| {
                !(b.is_ascii_alphanumeric()
                    || matches!(b, b'_' | b'.' | b'/' | b'-' | b' ' | b'$' | b'@'))
            })?;
            let key = cut(text, 0, end);
            if key.bytes().filter(|b| *b == b' ').count() > 2 {
                return None;
            }
            (key.trim_end(), end)
        }
    };
    let colon = after + indent(rest(text, after));
    if text.as_bytes().get(colon) != Some(&b':') {
        return None;
    }
    let quoted = text.starts_with(['"', '\'']);
    let gap = rest(text, colon + 1);
    let blanks = indent(gap);
    if blanks == 0 && !gap.is_empty() && !quoted {
        return None;
    }
    let start = column + colon + 1 + blanks;
    let end = line.trim_end().len().max(start);
    Some(Entry {
        column,
        key,
        value: (start.min(line.len()), end.min(line.len())),
    })
}

/// A value without its anchor and its tag.
pub(crate) fn bare(line: &str, (mut start, end): (usize, usize)) -> (usize, usize) {
    for _ in 0..2 {
        let text = cut(line, start, end);
        if text.starts_with(['&', '!'])
            && let Some(space) = text.find(' ')
            && cut(text, 1, space).bytes().all(|b| {
                b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'!' | b'.' | b'/' | b':')
            })
        {
            start += space + 1;
            start += indent(cut(line, start, end));
        }
    }
    (start, end)
}

/// A scalar without what stands around it: an anchor, a tag, quotes, the comma of JSON. An error
/// is the quote that does not close.
pub(crate) fn scalar(line: &str, place: (usize, usize)) -> Result<(usize, usize), u8> {
    let (start, mut end) = bare(line, place);
    let text = cut(line, start, end);
    let Some(quote) = text.bytes().next().filter(|b| matches!(b, b'"' | b'\'')) else {
        let quoted_key = line.trim_start().starts_with('"');
        if quoted_key && text.ends_with(',') {
            end -= 1;
        }
        return Ok((start, end));
    };
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'\\' && quote == b'"' {
            at += 2;
            continue;
        }
        if *byte == quote {
            // Two single quotes are one.
            if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') {
                at += 2;
                continue;
            }
            return Ok((start + 1, start + at));
        }
        at += 1;
    }
    Err(quote)
}

/// Whether a value announces a block on the lines below.
pub(crate) fn is_block(value: &str) -> bool {
    let value = value.trim_end();
    let head = value.split(" #").next().unwrap_or(value).trim_end();
    head.starts_with(['|', '>'])
        && head.len() <= 3
        && head
            .bytes()
            .skip(1)
            .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-'))
}
