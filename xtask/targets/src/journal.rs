//! Lines of journals and logs: text, JSON, entries of several lines, container frames, and the records they form.

use std::borrow::Cow;

use coldcase_snapshot::{
    journal::{self, Form},
    line, records,
};

/// Reads the bytes as every kind of journal and log.
///
/// # Panics
/// If a record does not hold its own line.
pub fn journal(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines: Vec<&str> = text.lines().collect();
    for text in &lines {
        for json in [false, true] {
            let _ = line::journal_line(text, json, None);
        }
        let _ = line::frame(text);
        let _ = line::message(text);
        let _ = line::unescape(text);
        let _ = line::is_kubectl_excuse(text);
    }
    let _ = journal::form_of(&text);
    for form in [Form::Export, Form::Verbose, Form::Pretty] {
        let mut before = 0;
        for entry in journal::entries(form, (1..).zip(lines.iter().copied())) {
            assert!(entry.first > before, "{entry:?} begins before {before}");
            assert!(
                entry.last >= entry.first && entry.head >= entry.first && entry.end >= entry.head,
                "{entry:?}"
            );
            before = entry.first;
        }
    }
    let _ = records::joined(lines.iter().copied().take(300));
    let get = |number: u32| {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        lines.get(index).map(|line| Cow::Borrowed(*line))
    };
    let step = lines.len() / 20 + 1;
    for number in (1_u32..=u32::try_from(lines.len()).unwrap_or(u32::MAX)).step_by(step) {
        for kind in [
            records::RecordKind::Log,
            records::RecordKind::Journal,
            records::RecordKind::Kernel,
        ] {
            let record = records::record_around(number, get, kind);
            assert!(
                (record.first..=record.last).contains(&number)
                    && (record.first..=record.last).contains(&record.head_line),
                "{number} {kind:?}: {record:?}"
            );
        }
    }
}
