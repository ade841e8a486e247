//! Puts container lines together that the runtime cut, so that a pattern is matched across the cuts.
//!
//! A runtime writes a long line in pieces, each with a stamp: all but the last are tagged `P`. The
//! pieces count as one line, which stands where its first piece does. Chunks are scanned at the same
//! time: the chunk in which a line begins looks for its other pieces beyond its own end, and the
//! chunks behind it pass over them.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use coldcase_bundle::{Chunk, File};
use coldcase_snapshot::{
    line::{self, Frame, Stream},
    logs::Span,
};

/// Bytes of a joined line: more is not searched in any line.
const MOST_BYTES: usize = logscan::LINE_LIMIT;
/// Lines read beyond the end of a chunk for the pieces of lines that begin in it.
const BEYOND: u32 = 8_192;

/// A line that was written in pieces.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Joined {
    /// The line of the first piece.
    pub first: u32,
    /// What the program wrote, up to a bound, without line ends.
    pub text: String,
}

/// Who writes: a stream, and with `kubectl logs --prefix` a container.
type Writer = (u8, String);

/// The writers whose line goes on behind a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Open(BTreeSet<Writer>);

impl Open {
    /// What goes on behind a chunk.
    pub(crate) fn after(mut self, span: Span, chunk: &Chunk<'_>) -> Self {
        if self.0.is_empty() && !has_pieces(&chunk.text) {
            return self;
        }
        for (raw, number) in chunk.text.lines().zip(chunk.first_line..) {
            let framed = line::frame(raw);
            if framed.stream == Stream::Unknown || !(span.first..=span.last).contains(&number) {
                continue;
            }
            if framed.partial {
                self.0.insert(writer(&framed));
            } else if !self.0.is_empty() {
                self.0.remove(&writer(&framed));
            }
        }
        self
    }
}

/// The joined lines of a chunk, and the lines that are pieces.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    pub joined: Vec<Joined>,
    covered: BTreeSet<u32>,
}

impl Pieces {
    /// The lines that begin in a chunk, `open` being those that began before it.
    pub(crate) fn of(file: &File, span: Span, chunk: &Chunk<'_>, open: &Open) -> Self {
        let mut found = Self::default();
        if open.0.is_empty() && !has_pieces(&chunk.text) {
            return found;
        }
        let mut going: BTreeMap<Writer, Option<usize>> =
            open.0.iter().map(|writer| (writer.clone(), None)).collect();
        let mut number = chunk.first_line;
        for raw in chunk.text.lines() {
            if (span.first..=span.last).contains(&number) {
                found.take(&mut going, number, raw, true);
            }
            number = number.saturating_add(1);
        }
        going.retain(|_, joined| joined.is_some());
        let end = file.line_count().min(span.last);
        let beyond = number.saturating_add(BEYOND);
        while !going.is_empty() && number <= end && number < beyond {
            found.take(&mut going, number, &file.line(number), false);
            number += 1;
        }
        found
    }

    /// Whether a line is a piece of another.
    pub(crate) fn covers(&self, line: u32) -> bool {
        self.covered.contains(&line)
    }

    /// Adds a line, if it is a piece; beyond the chunk, none begins.
    fn take(
        &mut self,
        going: &mut BTreeMap<Writer, Option<usize>>,
        number: u32,
        raw: &str,
        within: bool,
    ) {
        let framed = line::frame(raw);
        if framed.stream == Stream::Unknown {
            return;
        }
        let writer = writer(&framed);
        let joined = match going.get(&writer) {
            Some(joined) => *joined,
            None if framed.partial && within => {
                self.joined.push(Joined {
                    first: number,
                    text: String::new(),
                });
                Some(self.joined.len() - 1)
            }
            None => return,
        };
        if within {
            self.covered.insert(number);
        }
        if let Some(joined) = joined.and_then(|index| self.joined.get_mut(index))
            && joined.text.len() < MOST_BYTES
        {
            joined
                .text
                .extend(framed.text.chars().map(|c| if c == '\n' { ' ' } else { c }));
        }
        if framed.partial {
            going.insert(writer, joined);
        } else {
            going.remove(&writer);
        }
    }

    /// The texts, each a line, to be scanned like any others.
    pub(crate) fn texts(&mut self) -> (String, Vec<Joined>) {
        let joined = mem::take(&mut self.joined);
        let mut all = String::with_capacity(joined.iter().map(|line| line.text.len() + 1).sum());
        for line in &joined {
            all.push_str(&line.text);
            all.push('\n');
        }
        (all, joined)
    }
}

fn writer(framed: &Frame<'_>) -> Writer {
    (framed.stream as u8, framed.source.to_owned())
}

/// Whether lines of a text may be pieces: only framed lines are.
fn has_pieces(text: &str) -> bool {
    let framed = text
        .lines()
        .take(8)
        .any(|raw| line::frame(raw).stream != Stream::Unknown);
    framed && (text.starts_with('{') || text.contains("stdout P") || text.contains("stderr P"))
}

#[cfg(test)]
mod tests {
    use coldcase_bundle::Bundle;
    use proptest::prelude::*;

    use super::*;

    fn stamped(rest: &str) -> String {
        format!("2026-07-14T10:00:00.000000001Z {rest}\n")
    }

    /// All joined lines of a text that is cut into chunks of so many lines.
    fn joined(text: &str, lines: usize) -> (Vec<Joined>, Vec<u32>) {
        let bundle = Bundle::from_texts("t", [("a.log", text)]);
        let all: Vec<&str> = text.split_inclusive('\n').collect();
        let mut first_line = 1;
        let mut open = Open::default();
        let (mut found, mut covered) = (Vec::new(), Vec::new());
        for part in all.chunks(lines.min(all.len().max(1))) {
            let chunk = Chunk {
                first_line,
                offset: 0,
                text: part.concat().into(),
            };
            let mut pieces = Pieces::of(&bundle.files[0], Span::WHOLE, &chunk, &open);
            covered.extend(pieces.covered.iter().copied());
            found.extend(pieces.texts().1);
            open = open.after(Span::WHOLE, &chunk);
            first_line += u32::try_from(part.len()).unwrap();
        }
        (found, covered)
    }

    #[test]
    fn pieces_are_one_line_where_the_first_is() {
        let text = [
            stamped("stdout F whole"),
            stamped("stdout P panic: connec"),
            stamped("stderr F other"),
            stamped("stdout P tion re"),
            stamped("stdout F fused"),
            stamped("stderr F last"),
        ]
        .concat();
        for lines in 1..7 {
            let (found, covered) = joined(&text, lines);
            let expected = Joined {
                first: 2,
                text: "panic: connection refused".to_owned(),
            };
            assert_eq!(found, [expected], "chunks of {lines}");
            assert_eq!(covered, [2, 4, 5], "chunks of {lines}");
        }
    }

    #[test]
    fn a_line_whose_end_is_missing_is_what_there_is_of_it() {
        let text = [stamped("stderr P one "), stamped("stderr P two")].concat();
        let (found, covered) = joined(&text, 1);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].first, found[0].text.as_str()), (1, "one two"));
        assert_eq!(covered, [1, 2]);
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(
            lines in prop::collection::vec(("stdout|stderr", "[PF]", "[a-z]{0,3}"), 1..14),
            size in 1_usize..6,
        ) {
            // The first chunk tells by its form alone that lines are framed.
            let text: String = lines
                .iter()
                .map(|(stream, tag, text)| stamped(&format!("{stream} {tag} {text}")))
                .collect();
            prop_assert_eq!(joined(&text, size), joined(&text, usize::MAX));
        }

        #[test]
        fn any_text_can_be_looked_at(text in "(?s).{0,200}") {
            joined(&text, 2);
        }
    }
}
