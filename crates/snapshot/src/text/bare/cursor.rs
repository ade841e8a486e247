//! Goes through the words of a line, and knows the forms that kubectl's cells have.

use crate::{stamp, text::describe::age::age};

/// The rest of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'t>(&'t str);

impl<'t> Cursor<'t> {
    pub(super) fn new(line: &'t str) -> Self {
        Self(line.trim())
    }

    /// What was not taken yet.
    pub(super) fn rest(self) -> &'t str {
        self.0
    }

    /// The next word.
    pub(super) fn peek(self) -> &'t str {
        self.0.split([' ', '\t']).next().unwrap_or("")
    }

    /// Takes so many bytes, and the blanks after them.
    fn take(&mut self, len: usize) -> &'t str {
        let (taken, rest) = self.0.split_at_checked(len).unwrap_or((self.0, ""));
        self.0 = rest.trim_start();
        taken.trim_end()
    }

    /// Takes the next word if it has this form.
    pub(super) fn word(&mut self, form: impl Fn(&str) -> bool) -> Option<&'t str> {
        let word = self.peek();
        (!word.is_empty() && form(word)).then(|| self.take(word.len()))
    }

    /// Takes what stands in brackets if it has this form.
    pub(super) fn brackets(&mut self, form: impl Fn(&str) -> bool) -> Option<&'t str> {
        let inner = self.0.strip_prefix('(')?;
        let end = inner.find(')').filter(|end| *end < 60)?;
        form(inner.get(..end)?).then(|| self.take(end + 2))
    }

    /// An age, perhaps with how often and since when: `3m (x12 over 9m)`.
    pub(super) fn seen(&mut self) -> Option<&'t str> {
        let start = self.0;
        self.word(is_age)?;
        let series = |text: &str| {
            text.strip_prefix('x')
                .and_then(|text| text.split_once(" over "))
                .is_some_and(|(count, over)| is_number(count) && is_age(over.trim()))
        };
        let _ = self.word(|word| word == "ago");
        let _ = self.brackets(series);
        Some(self.since(start))
    }

    /// Who reported: `kubelet`, `kubelet, worker-1`, `{kubelet worker-1}`.
    pub(super) fn source(&mut self) -> Option<&'t str> {
        if self.0.starts_with('{') {
            let end = self.0.find('}').filter(|end| *end < 200)?;
            let inner = self.0.get(1..end)?;
            let fits = inner.split_whitespace().all(is_component);
            return fits.then(|| self.take(end + 1));
        }
        let start = self.0;
        let first = self.word(|word| is_component(word.trim_end_matches(',')))?;
        if first.ends_with(',') {
            self.word(|word| is_component(word) || is_hidden(word))?;
        }
        Some(self.since(start))
    }

    /// The part of the object: `spec.containers{web}`.
    pub(super) fn part(&mut self) -> &'t str {
        const OLD: &str = "implicitly required container POD";
        if self.0.starts_with(OLD) {
            return self.take(OLD.len());
        }
        let form = |word: &str| word.starts_with("spec.") && word.ends_with('}');
        self.word(form).unwrap_or("")
    }

    /// What was taken since a line read so.
    fn since(self, start: &'t str) -> &'t str {
        let len = start.len().saturating_sub(self.0.len());
        start.get(..len).unwrap_or("").trim_end()
    }
}

/// Whether kubectl prints this for an age.
pub(super) fn is_age(word: &str) -> bool {
    matches!(word, "<unknown>" | "<invalid>") || age(word).is_some()
}

/// Whether a cell is a time as the API writes it.
pub(super) fn is_time(word: &str) -> bool {
    stamp::rfc3339(word).is_some()
}

pub(super) fn is_number(word: &str) -> bool {
    !word.is_empty() && word.len() < 10 && word.bytes().all(|b| b.is_ascii_digit())
}

/// Whether an object may be called so.
pub(in crate::text) fn is_name(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    word.len() <= 253
        && word.bytes().all(plain)
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.ends_with(|c: char| c.is_ascii_alphanumeric())
}

/// Whether a namespace may be called so: as an object, without dots, and no number.
pub(in crate::text) fn is_namespace(word: &str) -> bool {
    is_name(word) && word.len() <= 63 && !word.contains('.') && !is_number(word)
}

/// `FailedScheduling`.
pub(super) fn is_reason(word: &str) -> bool {
    (3..=80).contains(&word.len())
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.bytes().all(|b| b.is_ascii_alphanumeric())
        && word.bytes().any(|b| b.is_ascii_lowercase())
}

/// What somebody put in the place of a name that is nobody's business: `<redacted>`.
fn is_hidden(word: &str) -> bool {
    let inner = word.strip_prefix('<').and_then(|it| it.strip_suffix('>'));
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    inner.is_some_and(|inner| !inner.is_empty() && inner.bytes().all(plain))
}

/// The name of a program, or of one of its replicas.
fn is_component(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'/');
    (2..=253).contains(&word.len())
        && word.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && word.bytes().all(plain)
        && !word.ends_with('.')
}
