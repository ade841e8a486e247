//! Opens what people hand in (a directory, an archive, one file) as a sorted map of paths to text, within limits.
//!
//! Nothing is ever unpacked to disk and no captured path is ever used as one: entries are read as
//! streams into memory. Damage and tripped limits become [`Problem`]s with their place; only an
//! input that holds nothing readable at all is an [`OpenError`].

mod archive;
mod directory;
mod entry;
mod error;
mod file;
mod layout;
mod limits;
mod path;

use std::path::Path;

use sha2::{Digest, Sha256};

pub use error::OpenError;
pub use file::{Excerpt, File, FileId};
pub use layout::{Layout, Root};
pub use limits::Limits;

/// Damage met while reading, or a limit that was hit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path in the bundle; empty for the bundle itself.
    pub file: String,
    /// Line from 1; 0 if it concerns the whole file.
    pub line: u32,
    /// What happened and what was kept.
    pub what: String,
}

/// An opened bundle: files in path order, independent of how they were packed.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// Name of the input without its directories.
    pub name: String,
    /// Files, sorted by path, without the top directories that all of them share.
    pub files: Vec<File>,
    /// Detected layouts.
    pub layouts: Vec<Layout>,
    /// Damage and limits.
    pub problems: Vec<Problem>,
    /// SHA-256 over paths and contents: equal for a directory and any archive of it.
    pub hash: String,
}

impl Bundle {
    /// The file with this id.
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }

    /// The file at this path.
    pub fn find(&self, path: &str) -> Option<(FileId, &File)> {
        let index = self
            .files
            .binary_search_by(|file| file.path.as_str().cmp(path))
            .ok()?;
        Some((FileId(u32::try_from(index).ok()?), &self.files[index]))
    }

    /// All files with their ids, in path order.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &File)> {
        self.files
            .iter()
            .enumerate()
            .filter_map(|(index, file)| Some((FileId(u32::try_from(index).ok()?), file)))
    }

    /// A bundle made from texts in memory: rule examples and tests.
    pub fn from_texts<'a>(name: &str, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let entries = files
            .into_iter()
            .map(|(path, text)| entry::Entry {
                path: path.to_owned(),
                bytes: text.as_bytes().to_vec(),
            })
            .collect();
        assemble(name.to_owned(), entries, Vec::new())
    }
}

/// Opens a bundle. See the crate's documentation for what is an error and what a problem.
///
/// # Errors
/// [`OpenError`] if the path does not exist, cannot be read, is of no known form, or is empty.
pub fn open(path: &Path, limits: &Limits) -> Result<Bundle, OpenError> {
    let metadata = std::fs::metadata(path).map_err(|source| OpenError::from_io(path, source))?;
    let mut problems = Vec::new();
    let entries = if metadata.is_dir() {
        directory::read(path, limits, &mut problems)
    } else {
        archive::read(path, limits, &mut problems)?
    };
    if entries.is_empty() {
        return Err(OpenError::Empty {
            path: path.to_owned(),
            hint: problems.first().map(|p| p.what.clone()),
        });
    }
    let bundle = assemble(display_name(path), entries, problems);
    if bundle.files.iter().all(|file| file.binary) {
        return Err(OpenError::UnknownFormat {
            path: path.to_owned(),
        });
    }
    Ok(bundle)
}

fn display_name(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.components()
        .rev()
        .find_map(|part| match part {
            std::path::Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .unwrap_or_else(|| "bundle".to_owned())
}

fn assemble(name: String, mut entries: Vec<entry::Entry>, mut problems: Vec<Problem>) -> Bundle {
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    path::drop_duplicates(&mut entries, &mut problems);
    path::strip_common_root(&mut entries, &mut problems);
    let hash = hash(&entries);
    let files: Vec<File> = entries.into_iter().map(File::new).collect();
    problems.sort();
    problems.dedup();
    let layouts = layout::detect(&files);
    Bundle {
        name,
        files,
        layouts,
        problems,
        hash,
    }
}

fn hash(entries: &[entry::Entry]) -> String {
    let mut hasher = Sha256::new();
    for entry in entries {
        hasher.update((entry.path.len() as u64).to_le_bytes());
        hasher.update(entry.path.as_bytes());
        hasher.update((entry.bytes.len() as u64).to_le_bytes());
        hasher.update(&entry.bytes);
    }
    hasher
        .finalize()
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            use std::fmt::Write;
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests;
