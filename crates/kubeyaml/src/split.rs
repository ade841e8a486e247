//! Cuts files at `---` and kubectl's lists at their items, without reading them.

use std::ops::Range;

use memchr::memmem;

use crate::scan;

/// A piece of a file and the number of its first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'t> {
    /// Number of the first line of `text`.
    pub first_line: u32,
    /// The text, whole lines.
    pub text: &'t str,
}

/// A list document as kubectl writes it, cut at its items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<'t> {
    /// What stands before `items:`; may be empty.
    pub head: Part<'t>,
    /// Line of `items:`.
    pub items_line: u32,
    /// The items with their dashes; for [`read_item`](crate::read_item) and its kin.
    pub items: Vec<Part<'t>>,
    /// What stands after the last item (`kind: List` and metadata); may be empty.
    pub tail: Part<'t>,
}

/// Cuts a file into its documents at lines `---`. Parts without any text are left out.
///
/// A `---` always stands in the first column, where no line of a block can be, so this needs no parsing.
pub fn split_documents(text: &str) -> Vec<Part<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let mut part = Cut { start: 0, line: 1 };
    for mark in document_marks(text) {
        parts.extend(part.take(text, mark.start));
        part.part(text, mark.end);
    }
    parts.extend(part.take(text, bytes.len()));
    parts
}

/// Where documents begin in a text of whole lines: the lines `---`, which belong to no document. Of a mark with text
/// behind it (`--- !tag`) the range is empty: it is left to the reader.
pub fn document_marks(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let first = text.starts_with("---").then_some(0);
    first
        .into_iter()
        .chain(memmem::find_iter(bytes, b"\n---").map(|at| at + 1))
        .filter(|mark| {
            matches!(
                bytes.get(mark + 3),
                None | Some(b'\n' | b'\r' | b' ' | b'\t')
            )
        })
        .map(|mark| {
            let end = scan::line_end(bytes, mark);
            let behind = text.get(mark + 3..end).unwrap_or_default();
            if behind.trim().is_empty() {
                mark..(end + 1).min(bytes.len())
            } else {
                mark..mark
            }
        })
}

/// The start of the piece that is not cut off yet.
struct Cut {
    start: usize,
    line: u32,
}

impl Cut {
    fn part<'t>(&mut self, text: &'t str, end: usize) -> Part<'t> {
        let piece = text.get(self.start..end).unwrap_or_default();
        let part = Part {
            first_line: self.line,
            text: piece,
        };
        self.start = end;
        self.line = self
            .line
            .saturating_add(scan::count_lines(piece.as_bytes()));
        part
    }

    fn items<'t>(&mut self, text: &'t str, starts: &[usize], end: usize) -> Vec<Part<'t>> {
        let ends = starts.iter().skip(1).copied().chain([end]);
        ends.map(|end| self.part(text, end)).collect()
    }

    fn take<'t>(&mut self, text: &'t str, end: usize) -> Option<Part<'t>> {
        Some(self.part(text, end)).filter(|part| !part.text.trim_ascii().is_empty())
    }
}

/// Recognises a document with `items:` in the first column and a block list below it, as kubectl prints lists, and
/// cuts it at the items. `None` for everything else. Head and tail are a mapping's text and must be read by the caller.
pub fn split_items(text: &str, first_line: u32) -> Option<List<'_>> {
    let bytes = text.as_bytes();
    let head_end = items_key(text)?;
    let list_start = (scan::line_end(bytes, head_end) + 1).min(bytes.len());
    let indent = scan::spaces_end(bytes, list_start) - list_start;
    if bytes.get(list_start + indent..list_start + indent + 2) != Some(b"- ") {
        return None;
    }
    let (starts, end) = if indent == 0 {
        flush_items(bytes, list_start)?
    } else {
        item_lines(bytes, list_start, indent)?
    };
    let mut cut = Cut {
        start: 0,
        line: first_line,
    };
    let head = cut.part(text, head_end);
    let items_line = cut.line;
    cut.part(text, list_start);
    let items = cut.items(text, &starts, end);
    let tail = cut.part(text, bytes.len());
    Some(List {
        head,
        items_line,
        items,
        tail,
    })
}

/// The items at the beginning of a text, see [`cut_items`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Items<'t> {
    /// The items with their dashes. Of a text that was cut off the last one may be a part.
    pub items: Vec<Part<'t>>,
    /// Where they end: the end of the text, or the first line that belongs to no item.
    pub end: usize,
}

/// Cuts a text that begins with an item of a list whose dashes stand in the first column, as kubectl writes them:
/// what [`split_items`] does, for a list that comes in pieces. `None` if there is a dash that kubectl would not write.
pub fn cut_items(text: &str, first_line: u32) -> Option<Items<'_>> {
    if !text.starts_with("- ") {
        return (!text.starts_with('-')).then(|| Items {
            items: Vec::new(),
            end: 0,
        });
    }
    let (starts, end) = flush_items(text.as_bytes(), 0)?;
    let mut cut = Cut {
        start: 0,
        line: first_line,
    };
    Some(Items {
        items: cut.items(text, &starts, end),
        end,
    })
}

/// Where the line `items:` begins.
fn items_key(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let first = text.starts_with("items:").then_some(0);
    first
        .into_iter()
        .chain(memmem::find_iter(bytes, b"\nitems:").map(|at| at + 1))
        .find(|at| {
            let after = scan::spaces_end(bytes, at + "items:".len());
            matches!(bytes.get(after), Some(b'\n' | b'\r'))
        })
}

/// Starts of the items and the end of a list whose dashes stand in the first column.
fn flush_items(bytes: &[u8], list_start: usize) -> Option<(Vec<usize>, usize)> {
    let mut starts = vec![list_start];
    let mut from = list_start;
    while let Some(start) = next_flush(bytes, from) {
        match bytes.get(start..).unwrap_or_default() {
            [b'-', b' ', ..] => starts.push(start),
            [b'#', ..] => {}
            [b'-', b'\n' | b'\r' | b'\t', ..] | [b'-'] => return None,
            _ => return Some((starts, start)),
        }
        from = start;
    }
    Some((starts, bytes.len()))
}

/// The start of the first line after `from` that begins with neither a blank nor a line end.
fn next_flush(bytes: &[u8], from: usize) -> Option<usize> {
    let these = bytes.get(from..)?;
    let those = these.get(1..)?;
    let flush = |(byte, next): (&u8, &u8)| *byte == b'\n' && *next > b' ';
    // Without branches sixteen bytes are compared at once.
    let some = |(byte, next): (&u8, &u8)| {
        let feed = if *byte == b'\n' { u8::MAX } else { 0 };
        feed & next.saturating_sub(b' ')
    };
    let ((chunks, _), (shifted, _)) = (these.as_chunks::<64>(), those.as_chunks::<64>());
    let found = chunks.iter().zip(shifted).position(|(these, those)| {
        let seen = these.iter().zip(those).map(some);
        seen.fold(0, |seen, flush| seen | flush) != 0
    });
    let skipped = 64 * found.unwrap_or(shifted.len());
    let pairs = these.get(skipped..)?.iter().zip(those.get(skipped..)?);
    Some(from + skipped + 1 + pairs.into_iter().position(flush)?)
}

/// The same for any indent, line by line. `None` if there are dashes that kubectl would not write so.
fn item_lines(bytes: &[u8], list_start: usize, indent: usize) -> Option<(Vec<usize>, usize)> {
    let mut starts = Vec::new();
    let mut start = list_start;
    while start < bytes.len() {
        let at = scan::spaces_end(bytes, start);
        let rest = bytes.get(at..).unwrap_or_default();
        if at - start == indent && rest.starts_with(b"- ") {
            starts.push(start);
        } else if at - start <= indent
            && !matches!(rest.first(), None | Some(b'\n' | b'\r' | b'#' | b'\t'))
        {
            if at - start == indent && matches!(rest, [b'-', b'\n' | b'\r' | b'\t', ..] | [b'-']) {
                return None;
            }
            break;
        }
        start = scan::line_end(bytes, at) + 1;
    }
    Some((starts, start.min(bytes.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_kubectl_is_cut_at_its_items() {
        let text = "apiVersion: v1\nitems:\n- a: 1\n  b: |\n    x\n\n    - y\n- c: 2\nkind: List\nmetadata: {}\n";
        let list = split_items(text, 1).unwrap();
        assert_eq!(list.head.text, "apiVersion: v1\n");
        assert_eq!(list.items_line, 2);
        assert_eq!(
            list.items,
            [
                Part {
                    first_line: 3,
                    text: "- a: 1\n  b: |\n    x\n\n    - y\n"
                },
                Part {
                    first_line: 8,
                    text: "- c: 2\n"
                }
            ]
        );
        assert_eq!(
            list.tail,
            Part {
                first_line: 9,
                text: "kind: List\nmetadata: {}\n"
            }
        );
    }

    #[test]
    fn other_lists_do_not_mix_with_the_items() {
        let text = "items:\n- a\n- b\nother:\n- c\n- d\n";
        let list = split_items(text, 1).unwrap();
        assert_eq!(list.items.len(), 2);
        assert_eq!(list.tail.text, "other:\n- c\n- d\n");
        let text = "items:\n  - a\n  # remark\n  -  b\nkind: List\n";
        let list = split_items(text, 11).unwrap();
        assert_eq!(
            list.items[1],
            Part {
                first_line: 14,
                text: "  -  b\n"
            }
        );
        assert_eq!(split_items("items: []\n", 1), None);
        assert_eq!(split_items("items:\n  a: b\n", 1), None);
    }

    #[test]
    fn documents_are_cut_at_their_marks() {
        let text = "---\na: 1\n---\r\n\n---\nb: |\n  ---\n----\n--- \nc\n";
        let parts: Vec<_> = split_documents(text)
            .iter()
            .map(|part| (part.first_line, part.text))
            .collect();
        assert_eq!(
            parts,
            [(2, "a: 1\n"), (6, "b: |\n  ---\n----\n"), (10, "c\n")]
        );
    }

    proptest::proptest! {
        #[test]
        fn cutting_loses_nothing_but_marks(text in "(items:\n|- a\n|  b\n|---\n|- \n|c:\n|\n|#\n){0,30}") {
            for part in split_documents(&text) {
                if let Some(list) = split_items(part.text, part.first_line) {
                    let rejoined: String = list.items.iter().map(|item| item.text).collect();
                    proptest::prop_assert!(part.text.starts_with(list.head.text));
                    let end = rejoined.clone() + list.tail.text;
                    proptest::prop_assert!(part.text.ends_with(&end));
                    let walked = item_lines(part.text.as_bytes(), part.text.len() - rejoined.len() - list.tail.text.len(), 0).unwrap();
                    if list.items[0].text.starts_with('-') {
                        proptest::prop_assert_eq!(walked.0.len(), list.items.len());
                    }
                    for item in &list.items {
                        let line = usize::try_from(item.first_line).unwrap() - 1;
                        proptest::prop_assert_eq!(text.lines().nth(line), item.text.lines().next());
                    }
                }
            }
        }
    }
}
