//! Walks over the heads of a packed list or mapping, and finds what they have the length of.

use super::{Shape, View, flag, words};

/// Numbers below are one byte; others a byte that counts the groups of seven bits that follow, lowest first.
pub(super) const SMALL: u8 = 96;

/// Walks over the values of a list or mapping.
#[derive(Clone, Copy, Default)]
pub(super) struct Walk<'p> {
    page: &'p str,
    /// The next head, and where the heads end.
    pub(super) at: usize,
    pub(super) end: usize,
    /// What the next head has the length of.
    pub(super) body: usize,
    /// Where the list or mapping begins and ends.
    from: usize,
    to: usize,
}

#[allow(
    clippy::inline_always,
    reason = "half of the time of an evaluation is spent here"
)]
impl<'p> Walk<'p> {
    /// Over what a list or mapping holds.
    #[inline]
    pub(super) fn new(view: View<'p>) -> Self {
        let (from, to) = (view.from as usize, view.to as usize);
        let mut walk = Self {
            page: view.page,
            at: from,
            end: to,
            body: to,
            from,
            to,
        };
        if from < to {
            let heads = walk.length().unwrap_or(0);
            walk.end = walk.at.saturating_add(heads).min(to);
            walk.body = walk.end;
        }
        walk
    }

    #[inline(always)]
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.page.as_bytes().get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    #[inline(always)]
    fn number(&mut self) -> Option<u64> {
        let first = self.byte()?;
        if first < SMALL {
            return Some(first.into());
        }
        self.groups(first - SMALL)
    }

    fn groups(&mut self, groups: u8) -> Option<u64> {
        let mut number = 0;
        for group in 0..u32::from(groups) {
            number |= u64::from(self.byte()?).checked_shl(7 * group)?;
        }
        Some(number)
    }

    #[inline(always)]
    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    #[inline(always)]
    fn pass_number(&mut self) -> Option<()> {
        let first = self.byte()?;
        // Nearly always it is known beforehand which way this goes, and the next head need not wait for this byte.
        if first >= SMALL {
            self.at += usize::from(first - SMALL);
        }
        Some(())
    }

    /// A key, unless there is no more.
    #[inline]
    pub(super) fn key(&mut self) -> Option<&'p str> {
        if self.at >= self.end {
            return None;
        }
        match self.number()? {
            0 => self.own_key(),
            word => words::word(word - 1),
        }
    }

    /// A key that is no word.
    fn own_key(&mut self) -> Option<&'p str> {
        let length = self.length()?;
        let text = self.page.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(text)
    }

    /// Steps over a key; whether it is `wanted`, which is the word with this number, if it is one.
    #[inline(always)]
    pub(super) fn pass_key(&mut self, wanted: &str, word: Option<u64>) -> Option<bool> {
        if self.at >= self.end {
            return None;
        }
        let number = self.number()?;
        if number > 0 {
            return Some(word == Some(number - 1));
        }
        let text = self.own_key()?;
        Some(word.is_none() && text == wanted)
    }

    /// Steps over a value.
    #[inline(always)]
    pub(super) fn pass_value(&mut self) -> Option<()> {
        let flags = self.byte()?;
        if flags & (flag::DOWN | flag::AT) != 0 {
            self.pass_number()?;
        }
        if flags & flag::MORE != 0 {
            self.pass_number()?;
        }
        match flags & flag::SHAPE {
            flag::NULL => {}
            flag::WORD => self.pass_number()?,
            flag::TEXT | flag::SEQ | flag::MAP => {
                self.body = self.body.checked_add(self.length()?)?;
            }
            _ => {
                self.pass_number()?;
                self.pass_number()?;
            }
        }
        Some(())
    }

    /// The value whose head stands here; `around` is the line of the one that holds it.
    #[inline]
    pub(super) fn value(&mut self, around: u32) -> Option<View<'p>> {
        if self.at >= self.end {
            return None;
        }
        let flags = self.byte()?;
        let mut view = View {
            plain: flags & flag::PLAIN != 0,
            ..View::default()
        };
        if flags & (flag::DOWN | flag::AT) != 0 {
            let line = u32::try_from(self.number()?).ok()?;
            let from = if flags & flag::DOWN == 0 { 0 } else { around };
            view.line = from.wrapping_add(line);
        }
        if flags & flag::MORE != 0 {
            view.more_lines = u16::try_from(self.number()?).ok()?;
        }
        let shape = flags & flag::SHAPE;
        view.shape = match shape {
            flag::NULL => return Some(view),
            flag::WORD => {
                let word = words::word(self.number()?)?;
                view.shape = Shape::Scalar;
                (view.page, view.to) = (word, u32::try_from(word.len()).ok()?);
                return Some(view);
            }
            flag::SEQ | flag::FAR_SEQ => Shape::Seq,
            flag::MAP | flag::FAR_MAP => Shape::Map,
            _ => Shape::Scalar,
        };
        view.page = self.page;
        let (from, to) = if matches!(shape, flag::TEXT | flag::SEQ | flag::MAP) {
            let to = self.body.checked_add(self.length()?)?;
            (std::mem::replace(&mut self.body, to), to)
        } else {
            let from = self.length()?;
            (from, from.checked_add(self.length()?)?)
        };
        // What is near lies inside, what is far before: a walk over values in values comes to an end.
        let far = to <= self.from;
        if !far && (from < self.at || to > self.to) {
            return None;
        }
        (view.from, view.to) = (u32::try_from(from).ok()?, u32::try_from(to).ok()?);
        Some(view)
    }
}

impl std::fmt::Debug for Walk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} bytes", self.at, self.to - self.from)
    }
}
