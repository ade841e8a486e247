//! Opens what people hand in (directories, archives, single files, standard input) as one sorted map of paths to text, within limits.
//!
//! Nothing is ever unpacked to disk and no captured path is ever used as one. What can be read
//! again (files of a directory, entries of a plain tar, members of a zip) is not held; what cannot
//! is held packed. Damage and tripped limits become [`Problem`]s with their place; only an input
//! that holds nothing readable at all is an [`OpenError`].

mod block;
mod content;
mod cut;
mod decode;
mod directory;
mod encoding;
mod error;
mod file;
mod inputs;
mod intake;
mod layout;
mod limits;
mod lines;
mod links;
mod notes;
mod origin;
mod outermost;
mod packing;
mod path;
mod piece;
mod settle;
mod untar;
mod unzip;

use std::{io::Read, path::Path, sync::Arc};

pub use error::OpenError;
pub use file::{Chunk, Chunks, Excerpt, File, FileId};
pub use inputs::{Input, hex, open_all};
pub use layout::{Layout, Root};
pub use limits::Limits;
pub use lines::Lines;
pub use packing::Packing;
pub use piece::Piece;

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
    /// Name of the input without its directories; several are joined by ` + `.
    pub name: String,
    /// Files, sorted by path, without the top directories that all of them share. Entries of an
    /// archive inside the bundle are named `outer.zip!inner/path`.
    pub files: Vec<File>,
    /// Detected layouts.
    pub layouts: Vec<Layout>,
    /// Damage and limits. See also [`Bundle::late_problems`].
    pub problems: Vec<Problem>,
    /// Symbolic and hard links as (path, target), in path order. They are not followed.
    pub links: Vec<(String, String)>,
    /// The inputs, if there is more than one: each lies in a directory of its own.
    pub parts: Vec<Part>,
    /// BLAKE3 over paths and contents: equal for a directory and any archive of it.
    pub hash: String,
}

/// One of several inputs of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Name of the input.
    pub name: String,
    /// Directory that its files have in the bundle; empty for a single file.
    pub directory: String,
    /// Layouts of this input.
    pub layouts: Vec<Layout>,
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

    /// What went wrong when files were read again after opening: one on disk changed or vanished.
    pub fn late_problems(&self) -> Vec<Problem> {
        self.files
            .iter()
            .filter_map(|file| {
                Some(Problem {
                    file: file.path.clone(),
                    line: 0,
                    what: file.content.late.get()?.clone(),
                })
            })
            .collect()
    }

    /// A bundle made from texts in memory: rule examples and tests.
    pub fn from_texts<'a>(name: &str, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        inputs::from_texts(name, files)
    }
}

/// Opens one bundle. See the crate's documentation for what is an error and what a problem.
///
/// # Errors
/// [`OpenError`] if the path does not exist, cannot be read, is of no known form, or is empty.
pub fn open(path: &Path, limits: &Limits) -> Result<Bundle, OpenError> {
    open_all(vec![Input::Path(path.to_owned())], limits)
}

/// Opens a bundle that comes as a stream: standard input. A zip archive is read into memory first.
///
/// # Errors
/// As [`open`].
pub fn open_reader(
    name: &str,
    stream: impl Read + Send + 'static,
    limits: &Limits,
) -> Result<Bundle, OpenError> {
    open_all(
        vec![Input::Stream(name.to_owned(), Box::new(stream))],
        limits,
    )
}

/// Files get the keys of one cache.
fn files(entries: Vec<intake::Entry>) -> Vec<File> {
    let cache = Arc::new(lines::Cache::default());
    entries
        .into_iter()
        .zip(0_u32..)
        .map(|(entry, key)| File {
            path: entry.path,
            bytes: entry.bytes,
            binary: entry.binary,
            content: Arc::new(entry.content),
            cache: Arc::clone(&cache),
            key,
        })
        .collect()
}

#[cfg(test)]
mod tests;
