//! Writes the result of a redaction: a directory, a tar archive or a zip archive, which get their name when they are complete.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::mask::Spool;
use crate::error::Failure;

type Tar = tar::Builder<Box<dyn Finish>>;

/// A stream that has an end of its own to write.
trait Finish: Write {
    fn end(self: Box<Self>) -> io::Result<()>;
}

impl Finish for BufWriter<File> {
    fn end(mut self: Box<Self>) -> io::Result<()> {
        self.flush()
    }
}

impl Finish for GzEncoder<BufWriter<File>> {
    fn end(self: Box<Self>) -> io::Result<()> {
        self.finish()?.flush()
    }
}

enum Form {
    Directory,
    Tar(Box<Tar>),
    Zip(Box<ZipWriter<BufWriter<File>>>),
}

/// The result as it grows.
pub(crate) struct Pack {
    /// What the user asked for.
    target: PathBuf,
    /// Where it grows until it is complete.
    partial: PathBuf,
    /// The directory around everything in an archive.
    top: String,
    form: Option<Form>,
    spools: u64,
    /// Names that are taken, and the highest number that made one like it.
    names: BTreeMap<String, u64>,
    /// SHA-256 and path of each file, as `sha256sum` writes them.
    checksums: String,
    complete: bool,
}

/// Directory names that mean something at the top of some layout.
const MEANINGFUL: &[&str] = &[
    "namespaces",
    "cluster",
    "logs",
    "nodes",
    "pods",
    "events",
    "yamls",
    "config",
];

impl Pack {
    /// Whether the result can be written: nothing that exists is overwritten, and it is no part of
    /// what is read.
    pub(crate) fn check(target: &Path, inputs: &[PathBuf]) -> Result<(), Failure> {
        let failed = |why: String| Failure::Redact(target.to_owned(), why);
        if target.symlink_metadata().is_ok()
            && fs::read_dir(target).is_ok_and(|mut dir| dir.next().is_some())
        {
            return Err(failed("exists and is not empty".to_owned()));
        }
        if target.is_file() {
            return Err(failed("exists".to_owned()));
        }
        let above = match target.parent() {
            Some(above) if above != Path::new("") => above,
            _ => Path::new("."),
        };
        // Where that cannot be told, the disk will say why.
        let Ok(above) = above.canonicalize() else {
            return Ok(());
        };
        let place = above.join(target.file_name().unwrap_or_default());
        let around = inputs.iter().find(|input| {
            input.is_dir()
                && input
                    .canonicalize()
                    .is_ok_and(|input| place.starts_with(input))
        });
        match around {
            Some(input) => Err(failed(format!(
                "lies in {}, which is read",
                input.display()
            ))),
            None => Ok(()),
        }
    }

    /// Begins the result.
    pub(crate) fn create(target: &Path) -> Result<Self, Failure> {
        let failed = |why: String| Failure::Redact(target.to_owned(), why);
        let name = target
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .ok_or_else(|| failed("is no name for a file or a directory".to_owned()))?;
        let partial = target.with_file_name(format!("{name}.partial"));
        let cannot = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => failed(format!(
                "{} is there, of a run that goes on or was interrupted; remove it if none goes on",
                partial.display()
            )),
            _ => failed(format!("cannot be written: {error}")),
        };
        let stem = |end: &str| name.strip_suffix(end).map(str::to_owned);
        let open = || {
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            options.open(&partial).map(BufWriter::new)
        };
        let tar = |stream: Box<dyn Finish>| Form::Tar(Box::new(tar::Builder::new(stream)));
        let (top, form) = if let Some(stem) = stem(".tar.gz").or_else(|| stem(".tgz")) {
            let stream = GzEncoder::new(open().map_err(cannot)?, Compression::default());
            (stem, tar(Box::new(stream)))
        } else if let Some(stem) = stem(".tar") {
            (stem, tar(Box::new(open().map_err(cannot)?)))
        } else if let Some(stem) = stem(".zip") {
            let zip = ZipWriter::new(open().map_err(cannot)?);
            (stem, Form::Zip(Box::new(zip)))
        } else {
            fs::create_dir(&partial).map_err(cannot)?;
            (String::new(), Form::Directory)
        };
        let top = if MEANINGFUL.contains(&top.as_str()) {
            format!("redacted-{top}")
        } else {
            top
        };
        Ok(Self {
            target: target.to_owned(),
            partial,
            top,
            form: Some(form),
            spools: 0,
            names: BTreeMap::new(),
            checksums: String::new(),
            complete: false,
        })
    }

    /// A place for a text of about this size.
    pub(crate) fn spool(&mut self, bytes: u64) -> Spool {
        self.spools += 1;
        let name = self
            .target
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let place = self
            .target
            .with_file_name(format!(".{name}.{}", self.spools));
        Spool::new(bytes, place)
    }

    /// This name, or one like it if a file has it already: names that hid different secrets may
    /// have become one.
    pub(crate) fn free(&mut self, path: String) -> String {
        let Some(mut number) = self.names.get(&path).copied() else {
            self.names.insert(path.clone(), 1);
            return path;
        };
        let folder = path.rfind('/').map_or(0, |at| at + 1);
        // A name that begins with a dot has no end of its own.
        let end = path
            .rfind('.')
            .filter(|at| *at > folder)
            .unwrap_or(path.len());
        let (stem, end) = path.split_at_checked(end).unwrap_or((&path, ""));
        loop {
            number += 1;
            let name = format!("{stem}.{number}{end}");
            if !self.names.contains_key(&name) {
                self.names.insert(name.clone(), 1);
                self.names.insert(path, number);
                return name;
            }
        }
    }

    /// Adds a file. The inner error says why this one cannot be a file there.
    pub(crate) fn file(
        &mut self,
        path: &str,
        text: &mut Spool,
    ) -> Result<Result<(), String>, Failure> {
        let opened = text.open();
        let (size, stream) = match opened {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let mut hashed = Hashed {
            inner: stream,
            hash: Sha256::new(),
        };
        let name = if self.top.is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.top)
        };
        let written = match &mut self.form {
            None => Ok(()),
            Some(Form::Directory) => {
                let place = self.partial.join(path);
                let placed = place
                    .parent()
                    .map_or(Ok(()), fs::create_dir_all)
                    .and_then(|()| File::create_new(&place));
                match placed {
                    Ok(mut file) => io::copy(&mut hashed, &mut file).map(|_| ()),
                    // A file where another has a directory, a name that the disk refuses.
                    Err(error) => return Ok(Err(format!("cannot be written: {error}"))),
                }
            }
            Some(Form::Tar(tar)) => {
                let mut header = tar::Header::new_gnu();
                header.set_size(size);
                header.set_mode(0o644);
                header.set_mtime(0);
                header.set_entry_type(tar::EntryType::Regular);
                tar.append_data(&mut header, &name, &mut hashed)
            }
            Some(Form::Zip(zip)) => {
                let options = SimpleFileOptions::default()
                    .large_file(size >= u64::from(u32::MAX))
                    .last_modified_time(zip::DateTime::default());
                zip.start_file(name, options)
                    .map_err(io::Error::from)
                    .and_then(|()| io::copy(&mut hashed, zip).map(|_| ()))
            }
        };
        written.map_err(|error| {
            Failure::Redact(self.target.clone(), format!("cannot be written: {error}"))
        })?;
        self.checksums
            .push_str(&coldcase_bundle::hex(&hashed.hash.finalize()));
        self.checksums.push_str("  ");
        self.checksums.push_str(path);
        self.checksums.push('\n');
        Ok(Ok(()))
    }

    /// Adds a text of our own.
    pub(crate) fn text(&mut self, path: &str, text: &str) -> Result<(), Failure> {
        let mut spool = Spool::Memory(text.as_bytes().to_vec());
        self.file(path, &mut spool)?
            .map_err(|why| Failure::Redact(self.target.clone(), format!("{path}: {why}")))
    }

    /// Completes the result; a native bundle gets the checksums of what is in it now.
    pub(crate) fn finish(mut self, native: bool) -> Result<(), Failure> {
        if native {
            let checksums = std::mem::take(&mut self.checksums);
            self.text("checksums.txt", &checksums)?;
        }
        let ended = match self.form.take() {
            None | Some(Form::Directory) => Ok(()),
            Some(Form::Tar(tar)) => tar.into_inner().and_then(Finish::end),
            Some(Form::Zip(zip)) => zip
                .finish()
                .map_err(io::Error::from)
                .and_then(|mut stream| stream.flush()),
        };
        let failed = |error: io::Error| {
            Failure::Redact(self.target.clone(), format!("cannot be written: {error}"))
        };
        ended.map_err(failed)?;
        if self.target.is_dir() {
            // It is empty, or we would not have begun.
            fs::remove_dir(&self.target).map_err(failed)?;
        }
        fs::rename(&self.partial, &self.target).map_err(failed)?;
        self.complete = true;
        Ok(())
    }
}

impl Drop for Pack {
    fn drop(&mut self) {
        if self.complete {
            return;
        }
        // Half a result would look like a whole one.
        self.form = None;
        if self.partial.is_dir() {
            let _ = fs::remove_dir_all(&self.partial);
        } else {
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Hashes what is read.
struct Hashed<'a> {
    inner: Box<dyn Read + 'a>,
    hash: Sha256,
}

impl Read for Hashed<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buf)?;
        self.hash.update(buf.get(..count).unwrap_or(&[]));
        Ok(count)
    }
}
