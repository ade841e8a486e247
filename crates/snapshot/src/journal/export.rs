//! Reads `-o export`: `KEY=value`, or a key alone, eight bytes of length, the value and a line end.

use super::{Draft, Open, Reader, form::is_key};

/// Every entry begins with its cursor.
pub(super) fn is_start(line: &str) -> bool {
    line.starts_with("__CURSOR=")
}

/// The key of a line `KEY=value`.
pub(super) fn key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    is_key(key).then_some(key)
}

/// Bytes of a length.
const LENGTH: usize = 8;
/// Lengths beyond this lead nowhere.
const LONGEST: u64 = 64 << 20;

/// A value whose length was written before it.
///
/// Bytes that are no UTF-8 were replaced when the text was opened, so a length may be unreadable and
/// a value may have another one: then the next line that looks like a field ends it.
#[derive(Default)]
pub(super) struct Counted {
    length: Vec<u8>,
    left: Option<u64>,
    lost: bool,
    whole: bool,
}

impl Counted {
    /// Whether the value ended where its length says.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// Takes the bytes of the length from a line; what is left of it belongs to the value.
    fn read_length<'t>(&mut self, line: &'t str) -> Option<&'t str> {
        let mut chars = line.chars();
        while self.length.len() < LENGTH {
            let Some(c) = chars.next() else {
                // One of the bytes is a line's end.
                self.length.push(b'\n');
                if self.length.len() < LENGTH {
                    return None;
                }
                return Some("");
            };
            if c == char::REPLACEMENT_CHARACTER {
                self.lost = true;
                self.length.push(0);
                continue;
            }
            let mut buffer = [0; 4];
            self.length.extend(c.encode_utf8(&mut buffer).bytes());
        }
        let bytes = self.length.get(..LENGTH)?.try_into().ok()?;
        let length = u64::from_le_bytes(bytes);
        self.lost |= self.length.len() > LENGTH || length > LONGEST;
        self.left = Some(length);
        Some(chars.as_str())
    }

    /// Takes a line of the value; whether the value ends with it.
    fn take(&mut self, text: &str) -> bool {
        let bytes = text.len() as u64;
        self.lost |= text.contains(char::REPLACEMENT_CHARACTER);
        let left = self.left.unwrap_or(0);
        self.lost |= left < bytes;
        if self.lost {
            return false;
        }
        // One more for the line's end, which belongs to the value as long as that goes on.
        self.left = Some(left.saturating_sub(bytes + 1));
        self.whole = left == bytes;
        self.whole
    }
}

impl Reader {
    pub(super) fn export(&mut self, number: u32, line: &str) {
        if let Some(mut open) = self.open.take() {
            let ended = counted(&mut open, number, line);
            self.open = Some(open);
            match ended {
                Ended::Not => return,
                Ended::With => return self.close(),
                Ended::Before => self.close(),
            }
        }
        let Some(draft) = &mut self.draft else {
            return;
        };
        if let Some((key, value)) = line.split_once('=') {
            if Draft::wants(key) {
                draft.field(key, value, number, number);
            }
        } else if is_key(line) {
            let mut open = Open::new(line, "", number);
            open.counted = Some(Counted::default());
            self.open = Some(open);
        }
    }
}

/// Takes a value whose length was no help: it ends before the first line that looks like a field,
/// and what stands behind it are fields.
pub(super) fn close_lost(draft: &mut Draft, open: &Open) {
    let lines = || open.value.split('\n');
    let own = lines().take_while(|line| key(line).is_none()).count();
    let text: Vec<&str> = lines().take(own).collect();
    let text = text.join("\n");
    // The key stands on a line of its own.
    let last = u32::try_from(own).map_or(open.last, |own| open.first.saturating_add(own));
    let last = last.min(open.last);
    draft.field(&open.key, text.trim_end_matches('\n'), open.first, last);
    for line in lines().skip(own) {
        if let Some((key, value)) = line.split_once('=').filter(|(key, _)| Draft::wants(key)) {
            draft.field(key, value, last, last);
        }
    }
}

/// Where a value ends.
enum Ended {
    /// It goes on.
    Not,
    /// With this line.
    With,
    /// Before this line.
    Before,
}

fn counted(open: &mut Open, number: u32, line: &str) -> Ended {
    let Some(mut counted) = open.counted.take() else {
        return Ended::Before;
    };
    let begins = counted.left.is_none();
    let text = if begins {
        counted.read_length(line)
    } else {
        Some(line)
    };
    let overrun = counted.left.is_some_and(|left| left < line.len() as u64);
    if !begins && (counted.lost || overrun) && key(line).is_some() {
        open.counted = Some(counted);
        return Ended::Before;
    }
    let ended = match text {
        None => false,
        Some(text) => {
            open.add(text, if begins { "" } else { "\n" }, number);
            counted.take(text)
        }
    };
    open.counted = Some(counted);
    if ended { Ended::With } else { Ended::Not }
}
