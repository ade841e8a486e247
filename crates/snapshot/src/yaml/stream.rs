//! Reads YAML that comes in pieces, so that the text of a long list is gone by the time its last item is read.

use std::collections::VecDeque;

use kubeyaml::{Part, cut_items, document_marks, split_items};
use memchr::memmem;

use super::{Documents, Parts, Reading, fields_of_list, in_memory, read_items, read_part};
use crate::{
    node::{Key, Node},
    packed::Packed,
};

/// Text that is gathered before its whole items are read: enough for all threads, little beside what the items grow to.
const BATCH: usize = 4 << 20;

/// A single object of more bytes is refused however much room there is: pages count in 32 bits.
const LARGEST: u64 = 4_000_000_000;

/// What came of reading piece by piece.
pub(crate) enum Streamed {
    /// What [`read`](super::read) would have found in the whole text.
    Read(Documents),
    /// Only a look at the whole text can tell.
    Unclear,
    /// There is no room for what the text holds.
    TooLarge {
        /// Bytes that what was read takes in memory, and the text of it.
        bytes: u64,
        read: u64,
    },
}

/// Reads pieces of whole lines as if they were one text, unless a piece `is_other` than YAML or what is read takes more
/// memory than there is `room`.
pub(crate) fn read<T: AsRef<str> + Send>(
    pieces: impl Iterator<Item = T> + Send,
    reading: &Reading,
    room: u64,
    is_other: impl Fn(&str) -> bool + Send,
) -> Streamed {
    read_by(BATCH, pieces, reading, room, is_other)
}

fn read_by<T: AsRef<str> + Send>(
    batch: usize,
    pieces: impl Iterator<Item = T> + Send,
    reading: &Reading,
    room: u64,
    is_other: impl Fn(&str) -> bool + Send,
) -> Streamed {
    let mut stream = Stream {
        reading,
        found: Documents::default(),
        text: String::with_capacity(2 * batch),
        line: 1,
        batch,
        look_at: batch,
        list: None,
        held: 0,
        waiting: 0,
    };
    let mut ahead = Ahead {
        pieces,
        is_other,
        fetched: VecDeque::new(),
    };
    let mut first = true;
    let mut read = 0;
    while let Some(piece) = ahead.next() {
        let mut text = piece.text.as_ref();
        if piece.is_other {
            return Streamed::Unclear;
        }
        let waiting = stream.waiting + piece.in_memory;
        let bytes = stream.held + waiting;
        read += text.len() as u64;
        if bytes > room || waiting > LARGEST {
            return Streamed::TooLarge { bytes, read };
        }
        stream.waiting = waiting;
        if std::mem::take(&mut first) {
            text = text.strip_prefix('\u{feff}').unwrap_or(text);
        }
        if stream.feed(text, &mut || ahead.fetch(batch)).is_none() {
            return Streamed::Unclear;
        }
    }
    match stream.end_document(&mut || {}) {
        Some(()) => Streamed::Read(stream.found),
        None => Streamed::Unclear,
    }
}

/// What one thread does while the others read items.
type Meanwhile<'m> = &'m mut (dyn FnMut() + Send);

/// Fetches pieces before they are asked for: what comes from a disk or a packed file waits for one thread.
struct Ahead<I, T, F> {
    pieces: I,
    is_other: F,
    fetched: VecDeque<Piece<T>>,
}

struct Piece<T> {
    text: T,
    is_other: bool,
    /// See [`in_memory`].
    in_memory: u64,
}

impl<T: AsRef<str>, I: Iterator<Item = T>, F: Fn(&str) -> bool> Ahead<I, T, F> {
    fn fetch(&mut self, bytes: usize) {
        let fetched = self.fetched.iter();
        let mut there: usize = fetched.map(|piece| piece.text.as_ref().len()).sum();
        while there < bytes {
            let Some(piece) = self.one() else { return };
            there += piece.text.as_ref().len();
            self.fetched.push_back(piece);
        }
    }

    fn next(&mut self) -> Option<Piece<T>> {
        self.fetched.pop_front().or_else(|| self.one())
    }

    fn one(&mut self) -> Option<Piece<T>> {
        let text = self.pieces.next()?;
        Some(Piece {
            is_other: (self.is_other)(text.as_ref()),
            in_memory: in_memory(text.as_ref()),
            text,
        })
    }
}

/// Whether a piece of whole lines has a line that begins like this.
pub(crate) fn has_line(piece: &str, start: &str) -> bool {
    memmem::find_iter(piece.as_bytes(), start)
        .any(|at| at == 0 || piece.as_bytes().get(at - 1) == Some(&b'\n'))
}

struct Stream<'r> {
    reading: &'r Reading,
    found: Documents,
    /// What is not read yet: a document's start, or an item's, or what stands behind the items.
    text: String,
    /// Number of its first line.
    line: u32,
    batch: usize,
    /// Bytes of text from which it is worth another look.
    look_at: usize,
    /// The list whose items are being read.
    list: Option<Open>,
    /// Bytes in memory: of the items that were read, and of what is not read yet, as a tree.
    held: u64,
    waiting: u64,
}

/// A list of which some items are read.
struct Open {
    first_line: u32,
    head: Vec<(Key, Node)>,
    items_line: u32,
    items: Vec<Packed>,
    slow: usize,
    /// What comes now is no item.
    ended: bool,
}

impl Stream<'_> {
    /// Takes in whole lines; `None` if only the whole text can tell what they are.
    fn feed(&mut self, piece: &str, meanwhile: Meanwhile<'_>) -> Option<()> {
        let mut from = 0;
        for mark in document_marks(piece) {
            self.push(piece.get(from..mark.start)?, meanwhile)?;
            self.end_document(meanwhile)?;
            self.line = self.line.saturating_add(lines(piece.get(mark.clone())?));
            from = mark.end;
        }
        self.push(piece.get(from..)?, meanwhile)
    }

    fn push(&mut self, piece: &str, meanwhile: Meanwhile<'_>) -> Option<()> {
        self.text.push_str(piece);
        if self.text.len() < self.look_at {
            return Some(());
        }
        if self.list.is_none() {
            self.open_list();
        }
        if self.list.as_ref().is_some_and(|list| !list.ended) {
            self.read_items(false, meanwhile)?;
        }
        // A text that cannot be read yet is looked at again when there is twice as much.
        self.look_at = self.batch.max(2 * self.text.len());
        Some(())
    }

    /// Begins the list of kubectl that the text opens with, if it does.
    fn open_list(&mut self) {
        let Some(list) = split_items(&self.text, self.line) else {
            return;
        };
        // Dashes further in would need another look at each line.
        let Some(first) = list
            .items
            .first()
            .filter(|item| item.text.starts_with("- "))
        else {
            return;
        };
        self.list = Some(Open {
            first_line: self.line,
            head: fields_of_list(list.head),
            items_line: list.items_line,
            items: Vec::new(),
            slow: 0,
            ended: false,
        });
        let behind = list.items.iter().map(|item| item.text.len()).sum::<usize>();
        let from = self.text.len() - list.tail.text.len() - behind;
        self.line = first.first_line;
        self.text.drain(..from);
    }

    /// Reads the items that are whole, or all if there is no more text. `None` if one of them cannot be read.
    fn read_items(&mut self, all: bool, meanwhile: Meanwhile<'_>) -> Option<()> {
        let list = self.list.as_mut()?;
        let cut = cut_items(&self.text, self.line)?;
        list.ended = cut.end < self.text.len();
        let whole = if all || list.ended {
            cut.items.len()
        } else {
            cut.items.len().saturating_sub(1)
        };
        let rest = cut.items.get(whole);
        let (items, reading) = (cut.items.get(..whole)?, self.reading);
        let (read, ()) = rayon::join(|| read_items(items, reading), meanwhile);
        if !read.failed.is_empty() {
            return None;
        }
        list.slow += read.slow;
        self.held += read.bytes;
        list.items.extend(read.packed);
        let used = cut.end - rest.map_or(0, |item| item.text.len());
        self.line = match rest {
            Some(item) => item.first_line,
            None => self
                .line
                .saturating_add(lines(self.text.get(..used).unwrap_or_default())),
        };
        self.text.drain(..used);
        self.waiting = in_memory(&self.text);
        Some(())
    }

    /// What was fed since the last mark is a document.
    fn end_document(&mut self, meanwhile: Meanwhile<'_>) -> Option<()> {
        if self.list.as_ref().is_some_and(|list| !list.ended) {
            self.read_items(true, meanwhile)?;
        }
        let rest = Part {
            first_line: self.line,
            text: &self.text,
        };
        match self.list.take() {
            Some(list) => self.found.add_list(Parts {
                first_line: list.first_line,
                head: list.head,
                items_line: list.items_line,
                items: list.items,
                tail: fields_of_list(rest),
                slow: list.slow,
            }),
            None if rest.text.trim_ascii().is_empty() => {}
            None => read_part(rest, self.reading, &mut self.found),
        }
        self.line = self.line.saturating_add(lines(&self.text));
        self.text.clear();
        self.held += std::mem::take(&mut self.waiting);
        self.look_at = self.batch;
        Some(())
    }
}

fn lines(text: &str) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', text.as_bytes()).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(text: &str, lines: usize) -> Vec<String> {
        let all: Vec<&str> = text.split_inclusive('\n').collect();
        all.chunks(lines.max(1)).map(<[&str]>::concat).collect()
    }

    fn streamed(text: &str, lines: usize, batch: usize) -> Option<Documents> {
        let pieces = pieces(text, lines);
        match read_by(batch, pieces.iter(), &Reading::default(), u64::MAX, |_| {
            false
        }) {
            Streamed::Read(found) => Some(found),
            _ => None,
        }
    }

    #[test]
    fn a_list_in_pieces_is_the_list() {
        let text = "\u{feff}---\napiVersion: v1\nitems:\n- a: 1\n  b: |\n    x\n\n    - y\n# remark\n- c: 2\n- d\nkind: List\nmetadata: {}\n---\nx: 1\n";
        let whole = super::super::read(text, &Reading::default());
        assert_eq!(whole.nodes.len(), 2);
        for lines in 1..8 {
            for batch in [1, 20, 60, 1_000] {
                let found = streamed(text, lines, batch).unwrap();
                assert_eq!(found.nodes, whole.nodes, "{lines} lines, {batch} bytes");
                assert_eq!((found.fast, found.slow), (whole.fast, whole.slow));
            }
        }
    }

    #[test]
    fn a_broken_item_is_left_to_the_reader_of_whole_texts() {
        let text = "items:\n- a: 1\n- b: [\n- c: 1\nkind: List\n";
        assert!(streamed(text, 1, 1).is_none());
    }

    #[test]
    fn what_is_no_yaml_or_too_large_is_left() {
        let reading = Reading::default();
        let of = |room: u64, other: char| {
            let pieces = ["a: 1\n", "b: 1\n"];
            read_by(1, pieces.iter(), &reading, room, |piece| {
                piece.starts_with(other)
            })
        };
        assert!(matches!(of(u64::MAX, 'b'), Streamed::Unclear));
        assert!(matches!(of(60, 'x'), Streamed::TooLarge { read: 10, .. }));
        assert!(matches!(of(u64::MAX, 'x'), Streamed::Read(_)));
    }

    #[test]
    fn a_long_list_takes_what_its_items_take() {
        let item = format!("- a: {}\n  b:\n{}", "x".repeat(50), "  - 1\n".repeat(100));
        let text = format!("items:\n{}kind: List\n", item.repeat(100));
        let reading = Reading::default();
        let pieces = pieces(&text, 20);
        // As a tree it would take ten times as much as it has text.
        let room = 2 * text.len() as u64;
        let read = read_by(1_000, pieces.iter(), &reading, room, |_| false);
        assert!(matches!(read, Streamed::Read(_)));
        let read = read_by(1_000, pieces.iter(), &reading, room / 8, |_| false);
        assert!(matches!(read, Streamed::TooLarge { .. }));
    }

    #[test]
    fn lines_begin_somewhere() {
        assert!(has_line("a\n==== x\n", "==== ") && !has_line("a ==== x\n", "==== "));
    }

    proptest! {
        #[test]
        fn pieces_are_read_as_the_whole(
            text in "(items:\n|items: \r\n|- a: 1\n|- b\n|  c: x\n|  d: |\n|    t\n|---\n|--- x\n|- \n|kind: List\n|\n|# r\n| - e\n|\"\n){0,24}",
            lines in 1_usize..6,
            batch in 1_usize..80,
        ) {
            let whole = super::super::read(&text, &Reading::default());
            if let Some(found) = streamed(&text, lines, batch) {
                prop_assert_eq!(found.nodes, whole.nodes);
                prop_assert_eq!(found.errors, whole.errors);
                prop_assert_eq!((found.fast, found.slow), (whole.fast, whole.slow));
            }
        }
    }
}
