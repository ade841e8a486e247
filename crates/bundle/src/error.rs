//! Why a bundle could not be opened at all; everything less is a `Problem`.

use std::path::{Path, PathBuf};

/// The input holds nothing that could be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No such file or directory.
    #[error("{}: no such file or directory; give the path of a bundle directory or archive", path.display())]
    NotFound {
        /// The path as given.
        path: PathBuf,
    },
    /// It exists but the operating system refuses.
    #[error("{}: cannot be read: {source}; check the permissions", path.display())]
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Neither a directory, nor a known archive, nor text.
    #[error("{}: not a bundle: neither an archive (tar, gz, xz, zst, bz2, zip) nor text; unpack it or check that the download is complete", path.display())]
    UnknownFormat {
        /// The path as given.
        path: PathBuf,
    },
    /// A container that is recognised but not read.
    #[error("{}: {kind} archives are not read; unpack it and analyse the directory", path.display())]
    Unsupported {
        /// The path as given.
        path: PathBuf,
        /// The container's name.
        kind: &'static str,
    },
    /// Nothing inside.
    #[error("{}: holds no files{}; nothing to analyse", path.display(), hint.as_ref().map(|h| format!(" ({h})")).unwrap_or_default())]
    Empty {
        /// The path as given.
        path: PathBuf,
        /// The first problem met, if any.
        hint: Option<String>,
    },
}

impl OpenError {
    pub(crate) fn from_io(path: &Path, source: std::io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            std::io::ErrorKind::NotFound => Self::NotFound { path },
            _ => Self::Unreadable { path, source },
        }
    }
}
