//! Masks one file of a bundle into a place that is memory for small files and a private file for large ones.

use std::{
    fs::{self, File as Disk, OpenOptions},
    io::{self, Read, Seek, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};

use coldcase_bundle::File;
use redact::{Counts, Plan, Redactor};

/// Larger texts go to disk before they go to the archive, whose headers want the size.
const IN_MEMORY: u64 = 16 << 20;

/// A masked file.
pub(crate) struct Masked {
    /// Its path in the result.
    pub path: String,
    pub counts: Counts,
    pub text: Spool,
}

/// A masked text on its way.
pub(crate) enum Spool {
    Memory(Vec<u8>),
    Disk(Disk, PathBuf),
    Broken(String),
}

impl Spool {
    /// Room for a text of about this size.
    pub(crate) fn new(bytes: u64, place: PathBuf) -> Self {
        if bytes <= IN_MEMORY {
            return Self::Memory(Vec::new());
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&place) {
            Ok(file) => {
                // Nobody needs its name: a run that is interrupted leaves nothing behind.
                #[cfg(unix)]
                let _ = fs::remove_file(&place);
                Self::Disk(file, place)
            }
            Err(error) => Self::Broken(format!("{}: {error}", place.display())),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Memory(held) => held.write_all(bytes),
            Self::Disk(file, _) => file.write_all(bytes),
            Self::Broken(why) => Err(io::Error::other(why.clone())),
        }
    }

    /// The text from its start, and its size.
    pub(crate) fn open(&mut self) -> io::Result<(u64, Box<dyn Read + '_>)> {
        match self {
            Self::Memory(held) => Ok((held.len() as u64, Box::new(held.as_slice()))),
            Self::Disk(file, _) => {
                let size = file.stream_position()?;
                file.rewind()?;
                Ok((size, Box::new(io::BufReader::new(file))))
            }
            Self::Broken(why) => Err(io::Error::other(why.clone())),
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if let (Self::Disk(_, place), false) = (self, cfg!(unix)) {
            let _ = fs::remove_file(place);
        }
    }
}

/// Masks a file; an error says why it is left out.
pub(crate) fn file(redactor: &Redactor, file: &File, text: Spool) -> Result<Masked, String> {
    if file.binary {
        return Err("not text; what it holds cannot be judged".to_owned());
    }
    catch_unwind(AssertUnwindSafe(|| all(redactor, file, text)))
        .unwrap_or_else(|_| Err("masking it failed".to_owned()))
}

fn all(redactor: &Redactor, file: &File, mut text: Spool) -> Result<Masked, String> {
    let mut plan = Plan::default();
    if file.chunks().any(|chunk| Plan::is_needed(&chunk.text)) {
        for chunk in file.chunks() {
            plan.look(&chunk.text);
        }
        plan.end();
    }
    let yaml = file.path.ends_with(".yaml") || file.path.ends_with(".yml");
    let mut masker = redactor.file(plan).yaml(yaml);
    let mut out = String::new();
    for chunk in file.chunks() {
        out.clear();
        masker.mask(&chunk.text, &mut out);
        text.write(out.as_bytes())
            .map_err(|error| format!("cannot be written: {error}"))?;
    }
    Ok(Masked {
        path: name(&file.path),
        counts: masker.into_counts(),
        text,
    })
}

/// The name of a file in the result: its own, unless that looks like a secret.
pub(crate) fn name(path: &str) -> String {
    let redactor = Redactor::new(&[0; 32]);
    let (masked, counts) = redactor.text(path);
    if counts.is_empty() {
        return path.to_owned();
    }
    unmarked(&masked)
}

/// A name without pseudonyms: names are few, and a name is easily tried.
pub(crate) fn unmarked(masked: &str) -> String {
    let mut name = String::new();
    let mut rest = masked;
    while let Some((before, after)) = rest.split_once("<masked:") {
        name.push_str(before);
        name.push_str("masked");
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    name + rest
}
