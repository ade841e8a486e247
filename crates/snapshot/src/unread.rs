//! Says which files nothing was read from: a report must not pass over what it did not understand.

use std::collections::BTreeSet;

use coldcase_bundle::{File, FileId, Root};

use crate::{Options, Snapshot, coverage::Status, limit, logs::is_mute};

/// Files that are named; of the others only the number is told.
const NAMED: usize = 3;
/// The name of this source in the coverage.
const SOURCE: &str = "text files";
/// The same of files that are YAML or JSON.
const DOCUMENTS: &str = "YAML and JSON files";
/// Bytes of a file that may be blank.
const HEAD: usize = 4 << 10;

/// Notes the text files that gave neither object nor log, journal, report or problem, and the lines that gave
/// nothing in files that did.
pub(crate) fn cover(
    snapshot: &mut Snapshot<'_>,
    read: &BTreeSet<FileId>,
    lines: &[(FileId, Vec<u32>)],
    roots: &[Root],
    options: &Options,
) {
    let logs = snapshot.logs.iter().map(|log| log.file);
    let journals = snapshot.journals.iter().map(|journal| journal.file);
    let used: BTreeSet<FileId> = logs.chain(journals).chain(read.iter().copied()).collect();
    let damaged: BTreeSet<&str> = snapshot
        .problems
        .iter()
        .map(|problem| problem.file.as_str())
        .collect();
    let unread: Vec<&str> = snapshot
        .bundle
        .iter()
        .filter(|(id, file)| !used.contains(id) && !damaged.contains(file.path.as_str()))
        .filter(|(_, file)| !limit::elsewhere(&file.path, roots, &options.namespaces))
        .filter(|(_, file)| speaks(file))
        .map(|(_, file)| file.path.as_str())
        .collect();
    let mut details: Vec<String> = Vec::new();
    details.extend((!unread.is_empty()).then(|| named(&unread)));
    let parts = lines.iter().take(NAMED).map(|(id, lines)| {
        let file = snapshot.bundle.file(*id);
        format!("{} of {}", ranges(lines), file.path)
    });
    details.extend(parts);
    details.extend(match lines.len().saturating_sub(NAMED) {
        0 => None,
        1 => Some("lines of 1 other".to_owned()),
        more => Some(format!("lines of {more} others")),
    });
    if !details.is_empty() {
        let detail = details.join("; ");
        snapshot
            .coverage
            .note(SOURCE, Status::NotUnderstood, detail);
    }
}

/// Notes the files whose documents hold nothing that is known: no object, no event, no alert, no version.
pub(crate) fn documents(snapshot: &mut Snapshot<'_>, barren: &[FileId]) {
    let files = barren.iter().map(|id| snapshot.bundle.file(*id));
    let unread: Vec<&str> = files
        .filter(|file| !is_looked_up(file))
        .map(|file| file.path.as_str())
        .collect();
    if !unread.is_empty() {
        let detail = named(&unread);
        snapshot
            .coverage
            .note(DOCUMENTS, Status::NotUnderstood, detail);
    }
}

/// Whether a file holds text of its own, and not only what is looked up by its name.
fn speaks(file: &File) -> bool {
    !file.binary && !is_looked_up(file) && !is_mute(file) && !file.head(HEAD).trim().is_empty()
}

/// Whether a file is one that is looked up by its name.
fn is_looked_up(file: &File) -> bool {
    matches!(
        file.name(),
        "hostname"
            | "hostnamefqdn"
            | "kubernetes-version.txt"
            | "manifest.jsonl"
            | "readyz.txt"
            | "timestamp"
            | "version"
    )
}

/// `12 files: a, b, c and 9 others`.
fn named(paths: &[&str]) -> String {
    let count = paths.len();
    let files = if count == 1 { "file" } else { "files" };
    let names: Vec<&str> = paths.iter().take(NAMED).copied().collect();
    let others = match count.saturating_sub(NAMED) {
        0 => String::new(),
        1 => " and 1 other".to_owned(),
        more => format!(" and {more} others"),
    };
    format!("{count} {files}: {}{others}", names.join(", "))
}

/// `lines 3-5, 9 and 4 more`; they are sorted.
fn ranges(lines: &[u32]) -> String {
    let mut found: Vec<(u32, u32)> = Vec::new();
    for line in lines {
        match found.last_mut() {
            Some((_, last)) if *line <= last.saturating_add(1) => *last = *line,
            _ => found.push((*line, *line)),
        }
    }
    let word = if lines.len() == 1 { "line" } else { "lines" };
    let count = |(first, last): &(u32, u32)| last.saturating_sub(*first).saturating_add(1);
    let more: u32 = found.iter().skip(NAMED).map(count).sum();
    let range = |(first, last): &(u32, u32)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        }
    };
    let named: Vec<String> = found.iter().take(NAMED).map(range).collect();
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    format!("{word} {}{more}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use coldcase_bundle::Bundle;

    use super::*;

    #[test]
    fn documents_that_are_no_objects_are_named() {
        let bundle = Bundle::from_texts(
            "t",
            [
                ("a/scan.json", "{\"score\": 3}\n"),
                ("a/none.json", "{}\n"),
                ("a/bundle.yaml", "captured_at: 2026-01-01T00:00:00Z\n"),
                (
                    "a/version.json",
                    "{\"info\": {\"gitVersion\": \"v1.30.1\"}}\n",
                ),
            ],
        );
        let snapshot = crate::read(&bundle);
        assert_eq!(
            snapshot.coverage.sources[DOCUMENTS].detail,
            "1 file: scan.json"
        );
    }

    #[test]
    fn what_gave_nothing_is_named() {
        let bundle = Bundle::from_texts(
            "t",
            [
                ("a/notes.txt", "call the owner\n"),
                ("a/blank.txt", "\n\n"),
                ("a/pay.log", "started\n"),
            ],
        );
        let snapshot = crate::read(&bundle);
        let covered = &snapshot.coverage.sources[SOURCE];
        assert_eq!(covered.status, Status::NotUnderstood);
        assert_eq!(covered.detail, "1 file: notes.txt");
        assert_eq!(
            named(&["a", "b", "c", "d", "e"]),
            "5 files: a, b, c and 2 others"
        );
        assert_eq!(ranges(&[3, 4, 5, 9]), "lines 3-5, 9");
        assert_eq!(ranges(&[3]), "line 3");
        assert_eq!(ranges(&[1, 3, 5, 7, 8]), "lines 1, 3, 5 and 2 more");
        let alone = Bundle::from_texts("t", [("notes.txt", "call the owner\n")]);
        assert!(crate::read(&alone).is_empty());
    }
}
