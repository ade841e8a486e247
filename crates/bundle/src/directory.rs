//! Reads a directory tree, in parallel, without following links.

use std::path::Path;

use rayon::prelude::*;
use walkdir::WalkDir;

use crate::{Limits, Problem, archive, entry::Entry, path};

/// Reads all regular files below `root`; compressed single files (`.gz` logs) are inflated.
pub(crate) fn read(root: &Path, limits: &Limits, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut total = 0_u64;
    for item in WalkDir::new(root)
        .follow_links(false)
        .max_depth(limits.depth)
        .sort_by_file_name()
    {
        let item = match item {
            Ok(item) => item,
            Err(error) => {
                problems.push(Problem {
                    file: String::new(),
                    line: 0,
                    what: format!("cannot be read: {error}"),
                });
                continue;
            }
        };
        if !item.file_type().is_file() {
            continue;
        }
        let relative = item
            .path()
            .strip_prefix(root)
            .unwrap_or(item.path())
            .to_string_lossy()
            .into_owned();
        let relative = if std::path::MAIN_SEPARATOR == '/' {
            relative
        } else {
            relative.replace('\\', "/")
        };
        let name = match path::normalise(&relative, limits) {
            Ok(name) => name,
            Err(why) => {
                problems.push(Problem {
                    file: relative,
                    line: 0,
                    what: format!("not read: {why}"),
                });
                continue;
            }
        };
        let size = item.metadata().map_or(0, |metadata| metadata.len());
        total = total.saturating_add(size.min(limits.entry_bytes));
        if total > limits.total_bytes || found.len() >= limits.entries {
            problems.push(Problem {
                file: name,
                line: 0,
                what: format!(
                    "not read, nor anything after it: the bundle exceeds {} bytes or {} files",
                    limits.total_bytes, limits.entries
                ),
            });
            break;
        }
        found.push((name, item.into_path()));
    }
    let read: Vec<(Option<Entry>, Vec<Problem>)> = found
        .into_par_iter()
        .map(|(name, path)| read_one(name, &path, limits))
        .collect();
    let mut entries = Vec::with_capacity(read.len());
    for (entry, found) in read {
        entries.extend(entry);
        problems.extend(found);
    }
    entries
}

fn read_one(name: String, path: &Path, limits: &Limits) -> (Option<Entry>, Vec<Problem>) {
    let mut problems = Vec::new();
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) => {
            problems.push(Problem {
                file: name,
                line: 0,
                what: format!("cannot be read: {error}"),
            });
            return (None, problems);
        }
    };
    let mut budget = archive::Budget::new(limits, None);
    let bytes = archive::read_limited(file, &name, &mut budget, &mut problems);
    let entry = archive::inflate_single(Entry { path: name, bytes }, limits, &mut problems);
    (Some(entry), problems)
}
