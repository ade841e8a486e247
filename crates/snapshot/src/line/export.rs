//! Splits the journal's export format into entries: `KEY=value` lines, or a key, a length and raw bytes; a blank line ends an entry.

use std::borrow::Cow;

use jiff::Timestamp;

use super::micro_stamp;
use crate::stamp::Stamp;

/// One entry of an exported journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRecord<'t> {
    /// First line in the file, from 1.
    pub first: u32,
    /// Last line.
    pub last: u32,
    /// `__REALTIME_TIMESTAMP`.
    pub stamp: Option<Stamp>,
    /// `_HOSTNAME`.
    pub host: Cow<'t, str>,
    /// `SYSLOG_IDENTIFIER`, else `_SYSTEMD_UNIT` without `.service`.
    pub unit: Cow<'t, str>,
    /// `_BOOT_ID`; may be empty.
    pub boot: Cow<'t, str>,
    /// `MESSAGE`; text that is not UTF-8 has its bad bytes replaced.
    pub message: Cow<'t, str>,
}

/// Whether a text is an exported journal: each entry begins with its cursor.
pub fn is_journal_export(text: &str) -> bool {
    text.trim_start().starts_with("__CURSOR=")
        && text
            .get(..text.len().min(4_096))
            .is_none_or(|head| head.contains("\n__REALTIME_TIMESTAMP="))
}

/// The entries of an exported journal in order. Lengths that lead nowhere (a text that was re-encoded,
/// a cut file) are passed over to the next blank line.
pub fn journal_export(bytes: &[u8]) -> impl Iterator<Item = ExportRecord<'_>> {
    Export {
        rest: bytes,
        line: 1,
    }
}

struct Export<'t> {
    rest: &'t [u8],
    line: u32,
}

fn count_lines(bytes: &[u8]) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX)
}

impl<'t> Export<'t> {
    /// The next line without its end.
    fn take_line(&mut self) -> Option<&'t [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.rest);
        let line = self.rest.get(..end.unwrap_or(self.rest.len()))?;
        self.rest = end.and_then(|end| self.rest.get(end + 1..)).unwrap_or(&[]);
        self.line = self.line.saturating_add(1);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// The bytes after a key that stood alone: eight bytes of length, the value, a line end.
    fn take_binary(&mut self) -> Option<&'t [u8]> {
        let length = u64::from_le_bytes(self.rest.get(..8)?.try_into().ok()?);
        let end = usize::try_from(length).ok()?.checked_add(8)?;
        let value = self.rest.get(8..end)?;
        if self.rest.get(end) != Some(&b'\n') {
            return None;
        }
        let consumed = self.rest.get(..=end)?;
        self.line = self.line.saturating_add(count_lines(consumed));
        self.rest = self.rest.get(end + 1..).unwrap_or(&[]);
        Some(value)
    }
}

impl<'t> Iterator for Export<'t> {
    type Item = ExportRecord<'t>;

    fn next(&mut self) -> Option<ExportRecord<'t>> {
        let mut record: Option<ExportRecord<'t>> = None;
        let mut by_unit = Cow::Borrowed("");
        loop {
            let at = self.line;
            let Some(line) = self.take_line() else {
                break;
            };
            if line.is_empty() {
                if record.is_some() {
                    break;
                }
                continue;
            }
            let entry = record.get_or_insert(ExportRecord {
                first: at,
                last: at,
                stamp: None,
                host: Cow::Borrowed(""),
                unit: Cow::Borrowed(""),
                boot: Cow::Borrowed(""),
                message: Cow::Borrowed(""),
            });
            let (key, value) = match memchr::memchr(b'=', line) {
                Some(equals) => (line.get(..equals), line.get(equals + 1..)),
                None => (Some(line), self.take_binary()),
            };
            entry.last = self.line.saturating_sub(1);
            let (Some(key), Some(value)) = (key, value) else {
                continue;
            };
            let text = || String::from_utf8_lossy(value);
            match key {
                b"__REALTIME_TIMESTAMP" => {
                    entry.stamp = text()
                        .parse::<i64>()
                        .ok()
                        .and_then(|micros| Timestamp::from_microsecond(micros).ok())
                        .map(micro_stamp);
                }
                b"_HOSTNAME" => entry.host = text(),
                b"SYSLOG_IDENTIFIER" => entry.unit = text(),
                b"_SYSTEMD_UNIT" => by_unit = text(),
                b"_BOOT_ID" => entry.boot = text(),
                b"MESSAGE" => entry.message = text(),
                _ => {}
            }
        }
        let mut record = record?;
        if record.unit.is_empty() {
            record.unit = match by_unit {
                Cow::Borrowed(unit) => Cow::Borrowed(unit.trim_end_matches(".service")),
                Cow::Owned(unit) => Cow::Owned(unit.trim_end_matches(".service").to_owned()),
            };
        }
        Some(record)
    }
}
