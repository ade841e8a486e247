//! Writes what a command makes: to a place that is none of its inputs, and whole or not at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use crate::error::Failure;

/// Where a product goes, checked before the work that it takes.
#[derive(Debug)]
pub(crate) struct Place {
    /// As the user said it.
    said: PathBuf,
    /// Where its bytes come to lie, behind links.
    real: PathBuf,
}

impl Place {
    /// A place that the user named.
    ///
    /// Evidence is never written over, and nothing is added to it: a report inside a bundle would
    /// be read as part of that bundle the next time.
    pub(crate) fn named(path: &Path, inputs: &[PathBuf]) -> Result<Self, Failure> {
        let place = Self {
            said: path.to_owned(),
            real: real(path).map_err(|error| Failure::Write(path.to_owned(), error))?,
        };
        match place.input(inputs) {
            Some(input) => Err(Failure::Evidence(place.said, input)),
            None => Ok(place),
        }
    }

    /// A file in the current directory, or beside the bundle where that directory is in it.
    pub(crate) fn usual(name: &Path, inputs: &[PathBuf]) -> Result<Self, Failure> {
        let mut path = name.to_owned();
        // Each round leaves one input for good.
        for _ in inputs {
            let tried = Self::named(&path, inputs);
            let Err(Failure::Evidence(_, input)) = &tried else {
                return tried;
            };
            let Some(beside) = input.parent() else {
                return tried;
            };
            path = beside.join(name);
        }
        Self::named(&path, inputs)
    }

    /// How the user knows it.
    pub(crate) fn said(&self) -> &Path {
        &self.said
    }

    /// The input that it is or lies in, by its real path.
    fn input(&self, inputs: &[PathBuf]) -> Option<PathBuf> {
        inputs.iter().find_map(|input| {
            if input == Path::new("-") {
                return is_stdin(&self.real).then(|| input.clone());
            }
            let input = input.canonicalize().ok()?;
            let within = self.real == input || (input.is_dir() && self.real.starts_with(&input));
            within.then_some(input)
        })
    }

    /// Writes it. What stood there before stays as it was until the new bytes are complete.
    pub(crate) fn write(
        &self,
        product: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        self.put(product)
            .map_err(|error| Failure::Write(self.said.clone(), error))
    }

    fn put(&self, product: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let before = fs::metadata(&self.real).ok();
        if before.as_ref().is_some_and(|it| !it.is_file()) || self.said.starts_with("/dev") {
            // A pipe or a device takes bytes, not a new file under its name.
            return fill(File::create(&self.real)?, product);
        }
        let partial = Partial::beside(&self.real);
        let file = File::create_new(&partial.0)?;
        if let Some(before) = before {
            // Who could not read the old report is not to read the new one.
            file.set_permissions(before.permissions())?;
        }
        fill(file, product)?;
        fs::rename(&partial.0, &self.real)
    }
}

fn fill(file: File, product: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    product(&mut out)?;
    out.flush()
}

/// A file under the name that it has until it is complete; gone when nothing renamed it.
struct Partial(PathBuf);

impl Partial {
    fn beside(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let process = std::process::id();
        Self(path.with_file_name(format!("{name}.{process}.partial")))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The path behind links, of a file that need not be there.
fn real(path: &Path) -> io::Result<PathBuf> {
    if let Ok(real) = path.canonicalize() {
        return Ok(real);
    }
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::IsADirectory))?;
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    Ok(directory.canonicalize()?.join(name))
}

/// Whether standard input is read from this very file.
#[cfg(unix)]
fn is_stdin(path: &Path) -> bool {
    use std::os::{fd::AsFd, unix::fs::MetadataExt};
    let stdin = || {
        let stdin = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        stdin.metadata()
    };
    let (Ok(stdin), Ok(there)) = (stdin(), fs::metadata(path)) else {
        return false;
    };
    stdin.is_file() && (stdin.dev(), stdin.ino()) == (there.dev(), there.ino())
}

#[cfg(not(unix))]
fn is_stdin(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_finished_leaves_what_was_there() {
        let dir = std::env::temp_dir().join(format!("coldcase-product-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let path = dir.join("report.html");
        fs::write(&path, "before").unwrap();
        let place = Place::named(&path, &[]).unwrap();
        let full = |out: &mut dyn Write| {
            out.write_all(b"half")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        };
        assert!(place.write(full).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        place.write(|out| out.write_all(b"whole")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        fs::remove_dir_all(&dir).unwrap();
    }
}
