//! Names from archives: normalised, refused if they try to leave the tree, freed of a shared top directory.

use crate::{Limits, Problem, entry::Entry};

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

/// A normalised relative path, or why the name is refused.
pub(crate) fn normalise(raw: &str, limits: &Limits) -> Result<String, &'static str> {
    if raw.len() > limits.path_bytes {
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
    let mut parts = Vec::new();
    for part in raw.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err("name leaves the tree"),
            _ => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Err("empty name");
    }
    if parts.len() > limits.depth {
        return Err("name is nested too deeply");
    }
    Ok(parts.join("/"))
}

/// Keeps the first of entries with equal paths; `entries` is sorted.
pub(crate) fn drop_duplicates(entries: &mut Vec<Entry>, problems: &mut Vec<Problem>) {
    entries.dedup_by(|later, first| {
        let same = later.path == first.path;
        if same {
            problems.push(Problem {
                file: first.path.clone(),
                line: 0,
                what: "the archive holds this name more than once; the first one is read"
                    .to_owned(),
            });
        }
        same
    });
}

/// Removes the directories that all entries share, so that a directory and an archive of it read alike.
pub(crate) fn strip_common_root(entries: &mut [Entry], problems: &mut [Problem]) {
    loop {
        let Some((root, _)) = entries.first().and_then(|entry| entry.path.split_once('/')) else {
            return;
        };
        if MEANINGFUL.contains(&root) {
            return;
        }
        let prefix = format!("{root}/");
        if !entries.iter().all(|entry| entry.path.starts_with(&prefix)) {
            return;
        }
        for entry in entries.iter_mut() {
            entry.path.drain(..prefix.len());
        }
        for problem in problems.iter_mut() {
            if problem.file.starts_with(&prefix) {
                problem.file.drain(..prefix.len());
            }
        }
    }
}
