//! Follows private keys in PEM and PuTTY form over their lines.

use crate::span::{Span, cut};

/// Lines of other things that may stand between those of a key whose end has not come.
const PATIENCE: u32 = 20;
/// Lines of a PuTTY key.
const LONGEST: u32 = 2_000;

/// The place inside a key.
#[derive(Debug, Default)]
pub(crate) struct Pem {
    left: u32,
    /// The line before was one of the key's.
    went_on: bool,
    /// Lines of a PuTTY key that follow.
    putty: u32,
}

const MARKS: [&str; 2] = ["-----BEGIN ", "-----END "];

impl Pem {
    pub(crate) fn waits(&self) -> bool {
        self.left > 0 || self.putty > 0
    }

    /// Looks at a line.
    pub(crate) fn line(&mut self, line: &str, spans: &mut Vec<Span>) {
        if self.putty > 0 {
            self.putty -= 1;
            body(line, true, spans);
        }
        if let Some((_, count)) = line.split_once("Private-Lines:") {
            self.putty = count.trim().parse().unwrap_or(0).min(LONGEST);
        }
        let mut from = 0;
        if self.left > 0 {
            self.left -= 1;
            if let Some((_, end)) = end(line, 0) {
                self.left = 0;
                let start = lead(line, end);
                spans.push(Span::new(start, end, "private-key"));
                from = end;
            } else {
                self.went_on = body(line, self.went_on, spans);
                if self.went_on {
                    self.left = PATIENCE;
                }
            }
        }
        while let Some(start) = begin(line, from) {
            if let Some((_, end)) = end(line, start) {
                spans.push(Span::new(start, end, "private-key"));
                from = end;
            } else {
                self.left = PATIENCE;
                self.went_on = true;
                let rest = cut(line, start, line.len());
                let stop = rest.find(['"', '\'']).unwrap_or(rest.trim_end().len());
                let stop = cut(rest, 0, stop).trim_end_matches('\\').len();
                spans.push(Span::new(start, start + stop, "private-key"));
                return;
            }
        }
    }
}

/// Where a private key begins.
fn begin(line: &str, from: usize) -> Option<usize> {
    mark(line, from, MARKS[0]).map(|(start, _)| start)
}

/// Where it ends: the start and the end of the mark.
fn end(line: &str, from: usize) -> Option<(usize, usize)> {
    mark(line, from, MARKS[1])
}

fn mark(line: &str, from: usize, which: &str) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        let start = at + line.get(at..)?.find(which)?;
        let name = start + which.len();
        let rest = line.get(name..)?;
        let length = rest.find("-----").unwrap_or(rest.len());
        let title = cut(rest, 0, length);
        if title.len() < 60 && title.contains("PRIVATE KEY") {
            return Some((start, (name + length + 5).min(line.len())));
        }
        at = name;
    }
}

/// Where the last word before `end` begins, so that indent and stamps stay.
fn lead(line: &str, end: usize) -> usize {
    let text = cut(line, 0, end);
    let mark = text.rfind(MARKS[1]).unwrap_or(end);
    let before = cut(text, 0, mark);
    before.rfind([' ', '\t', '"', '\'']).map_or(0, |at| at + 1)
}

/// One line of the body; gives whether it is one. `sure` says that the line before was.
pub(crate) fn body(line: &str, sure: bool, spans: &mut Vec<Span>) -> bool {
    let text = line.trim_end().trim_end_matches(['"', '\'', ',']);
    let text = text
        .trim_end_matches("\\n")
        .trim_end_matches("\\r")
        .trim_end_matches('\\');
    let start = text.rfind([' ', '\t', '"', '\'']).map_or(0, |at| at + 1);
    let word = cut(text, start, text.len());
    let base64 = !word.is_empty()
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
    if base64 && (sure || word.len() >= 40) {
        spans.push(Span::new(start, text.len(), "private-key"));
    } else if let Some(at) = text.find("DEK-Info:") {
        spans.push(Span::new(at, text.len(), "private-key"));
    } else if text.contains("\\n") && word.len() >= 40 {
        // Several lines of a key in one.
        spans.push(Span::new(start, text.len(), "private-key"));
    } else {
        // A blank line and the headers of a key do not end it.
        return sure
            && (text.trim().is_empty()
                || text.contains("Proc-Type:")
                || text.contains("Version:"));
    }
    true
}
