//! Places of a line that are to be masked, and the line with masks in their place.

use std::borrow::Cow;

use crate::{Counts, key::Pseudonyms};

/// Bytes of a line that hide a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub start: usize,
    pub end: usize,
    /// What it is; `""` leaves nothing in its place (the rest of a value that began on an
    /// earlier line).
    pub kind: &'static str,
    /// The value is a bare JSON number: the mask needs quotes, each after this many backslashes.
    pub quote: Option<usize>,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize, kind: &'static str) -> Self {
        Self {
            start,
            end,
            kind,
            quote: None,
        }
    }

    /// The same span in a text of which this one is a part.
    pub(crate) fn shifted(self, by: usize) -> Self {
        Self {
            start: self.start + by,
            end: self.end + by,
            ..self
        }
    }
}

/// A part of a text; empty if the places are none.
pub(crate) fn cut(text: &str, from: usize, to: usize) -> &str {
    text.get(from..to).unwrap_or("")
}

/// The end of a text.
pub(crate) fn rest(text: &str, from: usize) -> &str {
    text.get(from..).unwrap_or("")
}

/// The first bytes of a text, at most this many.
pub(crate) fn beginning(text: &str, most: usize) -> &str {
    let mut to = text.len().min(most);
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    cut(text, 0, to)
}

/// The last bytes of a text, at most this many.
pub(crate) fn ending(text: &str, most: usize) -> &str {
    let mut from = text.len().saturating_sub(most);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    rest(text, from)
}

/// The line with masks; spans that overlap become one.
pub(crate) fn apply(
    line: &str,
    spans: &mut Vec<Span>,
    names: &Pseudonyms,
    counts: &mut Counts,
    out: &mut String,
) {
    spans.retain(|span| span.start < span.end && span.end <= line.len());
    if !spans.is_empty() && line.contains(MARK) {
        spare(line, spans);
    }
    spans.sort_unstable_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut at = 0;
    let mut index = 0;
    while let Some(first) = spans.get(index) {
        let mut span = *first;
        index += 1;
        while let Some(next) = spans.get(index).filter(|next| next.start < span.end) {
            if next.end > span.end {
                span.end = next.end;
                span.quote = None;
            } else if (next.start, next.end) == (span.start, span.end) {
                span.quote = span.quote.or(next.quote);
            }
            index += 1;
        }
        // Detectors cut between characters; if one did not, more is masked, not less.
        while !line.is_char_boundary(span.start) {
            span.start -= 1;
        }
        while !line.is_char_boundary(span.end) {
            span.end += 1;
        }
        out.push_str(cut(line, at, span.start));
        at = span.end;
        if span.kind.is_empty() {
            continue;
        }
        let value = cut(line, span.start, span.end);
        *counts.entry(span.kind).or_default() += 1;
        let quote = span.quote.map(|slashes| "\\".repeat(slashes) + "\"");
        let quote = quote.as_deref().unwrap_or("");
        out.push_str(quote);
        out.push_str("<masked:");
        out.push_str(span.kind);
        out.push(':');
        out.push_str(&names.of(&plain(value, span.kind)));
        out.push('>');
        out.push_str(quote);
    }
    out.push_str(rest(line, at));
}

/// How a mask begins.
const MARK: &str = "<masked:";

/// Leaves masks of an earlier run as they are: what hides nothing else is no place to mask.
fn spare(line: &str, spans: &mut Vec<Span>) {
    let mut masks = Vec::new();
    let mut at = 0;
    while let Some(found) = rest(line, at).find(MARK) {
        let start = at + found;
        at = start + MARK.len();
        let inside = rest(line, at)
            .bytes()
            .take(64)
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':'));
        let end = at + inside.count();
        if line.as_bytes().get(end) == Some(&b'>') {
            masks.push((start, end + 1));
            at = end + 1;
        }
    }
    spans.retain(|span| {
        let first = masks.partition_point(|(_, end)| *end <= span.start);
        // What begins inside a mask took its kind for a key.
        if masks
            .get(first)
            .is_some_and(|(start, _)| *start < span.start)
        {
            return false;
        }
        let mut hidden = 0;
        let mut from = span.start;
        let mut any = false;
        for (start, end) in masks.get(first..).unwrap_or(&[]) {
            if *start >= span.end {
                break;
            }
            any = true;
            hidden += letters(cut(line, from, *start));
            from = (*end).max(from);
        }
        !any || hidden + letters(cut(line, from, span.end)) >= 6
    });
}

fn letters(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_alphanumeric).count()
}

/// What a value says: a Secret's value is the same in base64 and in an environment variable.
fn plain<'v>(value: &'v str, kind: &str) -> Cow<'v, [u8]> {
    if kind == "secret-data"
        && let Some(text) = crate::base64::text(value)
    {
        return Cow::Owned(text.trim_end().as_bytes().to_vec());
    }
    Cow::Borrowed(value.as_bytes())
}
