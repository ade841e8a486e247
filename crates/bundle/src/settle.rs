//! Puts blocks that many threads worked on together again, in the order in which they were read.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    block::{Block, Body, Page},
    content::{Content, Mark, Store, Text},
    intake::{Entry, Gathered},
    limits::Budget,
    origin::Origin,
    path::Name,
};

/// An entry whose blocks may still be with other threads.
pub(crate) enum Slot {
    /// What another container gave.
    Ready(Vec<Entry>),
    /// A file of this one.
    Working(Working),
}

/// Blocks of one file by their number, in the order in which they were done.
pub(crate) type Done = Arc<Mutex<Vec<(usize, Block)>>>;

/// A file of which the blocks are worked on.
pub(crate) struct Working {
    pub name: Name,
    pub binary: bool,
    pub origin: Option<Origin>,
    /// Offsets of the blocks.
    pub raws: Vec<u64>,
    pub raw_len: u64,
    /// Whether bytes of overlong lines were dropped.
    pub dropped: bool,
    pub done: Done,
}

/// Turns worked blocks into entries, in order. Where memory ran out, the entries up to the same one
/// are kept whatever the threads did; gives that one's path.
pub(crate) fn settle(
    budget: &Budget<'_>,
    slots: Vec<Slot>,
    gathered: &mut Gathered,
) -> Option<String> {
    let mut left = if budget.memory().is_err() {
        budget.limits.memory_bytes
    } else {
        u64::MAX
    };
    for slot in slots {
        match slot {
            Slot::Ready(entries) => gathered.entries.extend(entries),
            Slot::Working(working) => {
                let (entry, cut) = working.settle(&mut left, budget.limits.line_bytes);
                let path = entry.path.clone();
                gathered.entries.push(entry);
                if cut {
                    return Some(path);
                }
            }
        }
    }
    None
}

impl Working {
    fn settle(self, left: &mut u64, line_limit: usize) -> (Entry, bool) {
        let mut done =
            std::mem::take(&mut *self.done.lock().unwrap_or_else(PoisonError::into_inner));
        done.sort_by_key(|(index, _)| *index);
        let mut marks = Vec::with_capacity(done.len());
        let mut bodies = Vec::with_capacity(done.len());
        let mut digests = Vec::with_capacity(done.len());
        let mut pages = Vec::new();
        let (mut newlines, mut text_len, mut raw_len, mut open) = (0_u32, 0, 0, false);
        let (mut complete, mut cut) = (true, false);
        for ((_, block), raw) in done.into_iter().zip(&self.raws) {
            let size = block.body.size() as u64;
            if size > *left && self.origin.is_none() {
                cut = true;
                break;
            }
            *left -= size.min(*left);
            marks.push(Mark {
                line: newlines.saturating_add(1),
                raw: *raw,
                text: text_len,
            });
            pages.extend(block.pages.into_iter().map(|page| Page {
                lines: page.lines.saturating_add(newlines),
                ..page
            }));
            newlines = newlines.saturating_add(block.newlines);
            text_len += block.text_len;
            raw_len = raw + block.raw_len;
            open = block.open;
            digests.push(block.digest);
            complete &= !matches!(block.body, Body::Nothing);
            bodies.push(block.body);
        }
        // A line that was cut ends after its block's bytes; the whole length is known from reading.
        if bodies.len() == self.raws.len() {
            raw_len = self.raw_len;
        }
        let digest = match digests.as_slice() {
            [one] => *one,
            many => blake3::hash(many.as_flattened()).into(),
        };
        let store = store(self.binary, complete, bodies, self.origin);
        if matches!(store, Store::Held(_) | Store::Binary) {
            marks = Vec::new();
        }
        // Pages are read by their place: it must be known, and no byte of them left out.
        let by_place = matches!(&store, Store::Elsewhere(origin) if origin.seeks());
        if !by_place || self.dropped || newlines == u32::MAX {
            pages = Vec::new();
        }
        pages.shrink_to_fit();
        let entry = Entry {
            path: self.name.path,
            exact: self.name.exact,
            bytes: raw_len,
            binary: self.binary,
            digest,
            content: Content {
                store,
                marks,
                pages,
                raw_len,
                text_len,
                lines: newlines.saturating_add(u32::from(open)).max(1),
                line_limit,
                late: std::sync::OnceLock::new(),
            },
        };
        (entry, cut)
    }
}

fn store(binary: bool, complete: bool, bodies: Vec<Body>, origin: Option<Origin>) -> Store {
    if binary {
        return Store::Binary;
    }
    if bodies.is_empty() {
        return Store::Held(Text::default());
    }
    match origin {
        Some(origin) if !complete => return Store::Elsewhere(origin),
        _ => {}
    }
    if bodies.iter().all(|body| matches!(body, Body::Plain(_))) {
        let mut bodies = bodies.into_iter();
        let mut text = match bodies.next() {
            Some(Body::Plain(text)) => text,
            _ => String::new(),
        };
        for body in bodies {
            text.push_str(&body.text());
        }
        text.shrink_to_fit();
        return Store::Held(Text::new(text));
    }
    Store::Blocks(bodies)
}
