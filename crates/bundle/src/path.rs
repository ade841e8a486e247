//! Names from archives and disks: normalised, refused if they try to leave the tree, unique, freed of a shared top directory.

use crate::{Limits, Problem, intake::Entry, notes::Notes};

/// Directory names that carry meaning in some layout and therefore are never stripped.
const MEANINGFUL: &[&str] = &[
    "namespaces",
    "cluster-scoped-resources",
    "cluster-resources",
    "cluster",
    "logs",
    "nodes",
    "pods",
    "events",
    "yamls",
    "config",
    "node-logs",
    "host_service_logs",
];

/// What ends the name of an archive: entries below one carry it in their path up to a `!`.
const ARCHIVES: &[&str] = &[
    ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tzst", ".tar.bz2", ".tbz", ".tbz2",
    ".zip",
];

/// A name as it is used, and as it was written if that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// Relative, `/` between parts, no `.` or `..`, no control characters.
    pub path: String,
    /// The bytes, if they were not such a text: two of them may look alike.
    pub exact: Option<Vec<u8>>,
}

impl Name {
    /// Reads a name as an archive or a directory holds it.
    pub(crate) fn new(raw: &[u8], limits: &Limits) -> Result<Self, &'static str> {
        if raw.len() > limits.path_bytes {
            return Err("name is too long");
        }
        let text = String::from_utf8_lossy(raw);
        let path = normalise(&text, limits)?;
        if path.chars().any(char::is_control) {
            let path = path
                .chars()
                .map(|c| {
                    if c.is_control() {
                        char::REPLACEMENT_CHARACTER
                    } else {
                        c
                    }
                })
                .collect();
            return Ok(Self {
                path,
                exact: Some(raw.to_vec()),
            });
        }
        let exact = matches!(text, std::borrow::Cow::Owned(_)).then(|| raw.to_vec());
        Ok(Self { path, exact })
    }

    /// A name below an archive.
    pub(crate) fn below(self, archive: &str) -> Self {
        if archive.is_empty() {
            return self;
        }
        Self {
            path: format!("{archive}!{}", self.path),
            ..self
        }
    }
}

/// A normalised relative path, or why the name is refused.
pub(crate) fn normalise(raw: &str, limits: &Limits) -> Result<String, &'static str> {
    if raw.len() > limits.path_bytes.saturating_mul(3) {
        return Err("name is too long");
    }
    if raw.contains('\0') {
        return Err("name holds a NUL");
    }
    if raw.starts_with('/') || raw.starts_with('\\') {
        return Err("absolute name");
    }
    if raw.as_bytes().get(1) == Some(&b':')
        && raw.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
    {
        return Err("name with a drive letter");
    }
    // Backslashes are ordinary on Linux (systemd writes `dev-disk\\x2duuid`), but not for climbing.
    if raw.split(['/', '\\']).any(|part| part == "..") {
        return Err("name leaves the tree");
    }
    let parts: Vec<&str> = raw
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    if parts.is_empty() {
        return Err("empty name");
    }
    if parts.len() > limits.depth {
        return Err("name is nested too deeply");
    }
    Ok(parts.join("/"))
}

/// Makes paths unique; `entries` is sorted by path, equal ones in the order in which they came.
///
/// Names that only look alike are all kept, under numbers. Of names that are the same the first is.
pub(crate) fn make_unique(entries: &mut Vec<Entry>, notes: &mut Notes) {
    let mut start = 0;
    let mut renamed = false;
    while let Some(first) = entries.get(start) {
        let path = first.path.clone();
        let count = entries
            .iter()
            .skip(start)
            .take_while(|entry| entry.path == path)
            .count();
        if let Some(group) = entries.get_mut(start..start + count)
            && count > 1
        {
            // Which of the odd names comes first must not depend on the container.
            group.sort_by(|a, b| a.exact.cmp(&b.exact));
            let mut number = 1;
            let mut before: Option<Option<Vec<u8>>> = None;
            for entry in group {
                if before.as_ref() == Some(&entry.exact) {
                    continue;
                }
                if before.is_some() {
                    number += 1;
                    entry.path = format!("{path}~{number}");
                    renamed = true;
                }
                before = Some(entry.exact.clone());
            }
        }
        start += count;
    }
    if renamed {
        entries.sort_by(|a, b| a.path.cmp(&b.path));
    }
    entries.dedup_by(|later, first| {
        let same = later.path == first.path;
        if same {
            notes.many(
                "names that come more than once",
                &first.path,
                "the archive holds this name more than once; the first one is read",
            );
        }
        same
    });
}

/// Notes names that differ only in case: unpacked on some systems they would overwrite each other.
pub(crate) fn note_case(entries: &[Entry], notes: &mut Notes) {
    if !entries
        .iter()
        .any(|entry| entry.path.chars().any(char::is_uppercase))
    {
        return;
    }
    let mut lower: Vec<(String, &str)> = entries
        .iter()
        .map(|entry| (entry.path.to_lowercase(), entry.path.as_str()))
        .collect();
    lower.sort_unstable();
    for (first, second) in lower.iter().zip(lower.iter().skip(1)) {
        if first.0 == second.0 {
            notes.many(
                "names that differ only in case",
                second.1,
                format!("differs from {} only in case; both are read", first.1),
            );
        }
    }
}

/// The directory or archive that a path begins with, with its separator.
fn top(path: &str) -> Option<&str> {
    let slash = path.find('/');
    let inner = path.match_indices('!').map(|(at, _)| at).find(|at| {
        slash.is_none_or(|slash| *at < slash)
            && path
                .get(..*at)
                .is_some_and(|outer| ARCHIVES.iter().any(|end| outer.ends_with(end)))
    });
    path.get(..=inner.or(slash)?)
}

/// Removes the directories that all entries share, so that a directory and an archive of it read alike.
pub(crate) fn strip_common_root(
    entries: &mut [Entry],
    problems: &mut [Problem],
    links: &mut [(String, String)],
) {
    loop {
        let Some(prefix) = entries.first().and_then(|entry| top(&entry.path)) else {
            return;
        };
        let prefix = prefix.to_owned();
        if MEANINGFUL.contains(&prefix.trim_end_matches(['/', '!'])) {
            return;
        }
        if !entries.iter().all(|entry| entry.path.starts_with(&prefix)) {
            return;
        }
        let strip = |path: &mut String| {
            if path.starts_with(&prefix) {
                path.drain(..prefix.len());
            }
        };
        for entry in entries.iter_mut() {
            strip(&mut entry.path);
        }
        for problem in problems.iter_mut() {
            strip(&mut problem.file);
        }
        for (link, _) in links.iter_mut() {
            strip(link);
        }
    }
}
