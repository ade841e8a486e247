//! Reads archives (tar in gzip, xz, zstd or bare; zip) and single files as streams, keeping what can be kept of damaged ones.

use std::{
    io::{BufReader, Read, Seek},
    path::Path,
};

use crate::{Limits, OpenError, Problem, entry::Entry, limits::RATIO_GRACE, path};

/// What the first bytes say a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Magic {
    Gzip,
    Xz,
    Zstd,
    Zip,
    Other,
}

/// Counts produced bytes against the limits.
pub(crate) struct Budget<'a> {
    limits: &'a Limits,
    produced: u64,
    ceiling: u64,
}

impl<'a> Budget<'a> {
    /// `compressed` is the size of the compressed input, for the ratio.
    pub(crate) fn new(limits: &'a Limits, compressed: Option<u64>) -> Self {
        let by_ratio = compressed.map_or(u64::MAX, |size| {
            size.saturating_mul(limits.ratio)
                .saturating_add(RATIO_GRACE)
        });
        Self {
            limits,
            produced: 0,
            ceiling: limits.total_bytes.min(by_ratio),
        }
    }

    fn left(&self) -> u64 {
        self.ceiling.saturating_sub(self.produced)
    }
}

/// Reads the file at `path`, whatever kind of container it is.
pub(crate) fn read(
    path: &Path,
    limits: &Limits,
    problems: &mut Vec<Problem>,
) -> Result<Vec<Entry>, OpenError> {
    let unreadable = |source| OpenError::from_io(path, source);
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    let magic = sniff(&mut file).map_err(unreadable)?;
    let mut budget = Budget::new(limits, Some(size));
    let name = path.file_name().map_or_else(
        || "input".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    if magic == Magic::Zip {
        return Ok(read_zip(file, &mut budget, problems));
    }
    let stream = decoder(magic, file);
    Ok(read_stream(&name, stream, &mut budget, problems))
}

fn sniff(file: &mut std::fs::File) -> std::io::Result<Magic> {
    let mut head = Vec::with_capacity(8);
    file.by_ref().take(8).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(magic(&head))
}

fn magic(head: &[u8]) -> Magic {
    if head.starts_with(&[0x1f, 0x8b]) {
        Magic::Gzip
    } else if head.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
        Magic::Xz
    } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Magic::Zstd
    } else if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        Magic::Zip
    } else {
        Magic::Other
    }
}

fn decoder<'a>(magic: Magic, input: impl Read + 'a) -> Box<dyn Read + 'a> {
    let input = BufReader::with_capacity(1 << 16, input);
    match magic {
        Magic::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
        Magic::Xz => Box::new(lzma_rust2::XzReader::new(input, true)),
        Magic::Zstd => match ruzstd::decoding::StreamingDecoder::new(input) {
            Ok(decoder) => Box::new(decoder),
            Err(error) => Box::new(Failing(Some(std::io::Error::other(error.to_string())))),
        },
        Magic::Zip | Magic::Other => Box::new(input),
    }
}

/// A stream whose header was already broken.
struct Failing(Option<std::io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// A decompressed stream is a tar archive or a single file.
fn read_stream(
    name: &str,
    mut stream: Box<dyn Read + '_>,
    budget: &mut Budget<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<Entry> {
    let mut head = Vec::with_capacity(512);
    if let Err(error) = stream.by_ref().take(512).read_to_end(&mut head) {
        problems.push(Problem {
            file: String::new(),
            line: 0,
            what: format!("{name} is damaged: {error}; what came before is read"),
        });
    }
    let is_tar = head.get(257..262) == Some(b"ustar");
    let stream = std::io::Cursor::new(head).chain(stream);
    if is_tar {
        return read_tar(name, stream, budget, problems);
    }
    let inner = name
        .strip_suffix(".gz")
        .or_else(|| name.strip_suffix(".xz"))
        .or_else(|| name.strip_suffix(".zst"))
        .unwrap_or(name);
    let bytes = read_limited(stream, inner, budget, problems);
    if bytes.is_empty() {
        return Vec::new();
    }
    vec![Entry {
        path: inner.to_owned(),
        bytes,
    }]
}

fn read_tar(
    name: &str,
    stream: impl Read,
    budget: &mut Budget<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<Entry> {
    let damaged = |error: &std::io::Error, kept: usize| Problem {
        file: String::new(),
        line: 0,
        what: format!(
            "{name} is damaged or cut off: {error}; the {kept} files before that are read"
        ),
    };
    let mut entries = Vec::new();
    let mut archive = tar::Archive::new(stream);
    let items = match archive.entries() {
        Ok(items) => items,
        Err(error) => {
            problems.push(damaged(&error, 0));
            return entries;
        }
    };
    let mut links = 0_usize;
    let mut seen = 0_usize;
    for item in items {
        let item = match item {
            Ok(item) => item,
            Err(error) => {
                problems.push(damaged(&error, entries.len()));
                break;
            }
        };
        seen += 1;
        if seen > budget.limits.entries {
            problems.push(Problem {
                file: String::new(),
                line: 0,
                what: format!(
                    "more than {} entries; the rest is not read",
                    budget.limits.entries
                ),
            });
            break;
        }
        let kind = item.header().entry_type();
        if kind.is_symlink() || kind.is_hard_link() {
            links += 1;
            continue;
        }
        if !kind.is_file() {
            continue;
        }
        let raw = String::from_utf8_lossy(&item.path_bytes()).into_owned();
        let path = match path::normalise(&raw, budget.limits) {
            Ok(path) => path,
            Err(why) => {
                problems.push(Problem {
                    file: raw,
                    line: 0,
                    what: format!("not read: {why}"),
                });
                continue;
            }
        };
        let before = problems.len();
        let bytes = read_limited(item, &path, budget, problems);
        entries.push(inflate_single(
            Entry { path, bytes },
            budget.limits,
            problems,
        ));
        if budget.left() == 0
            || problems
                .get(before..)
                .is_some_and(|new| new.iter().any(|p| p.what.starts_with("cut off")))
        {
            break;
        }
    }
    if links > 0 {
        problems.push(Problem {
            file: String::new(),
            line: 0,
            what: format!("{links} links in the archive are not followed"),
        });
    }
    entries
}

fn read_zip(
    file: std::fs::File,
    budget: &mut Budget<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut archive = match zip::ZipArchive::new(BufReader::new(file)) {
        Ok(archive) => archive,
        Err(error) => {
            problems.push(Problem {
                file: String::new(),
                line: 0,
                what: format!("the zip archive is damaged or cut off: {error}"),
            });
            return entries;
        }
    };
    for index in 0..archive.len().min(budget.limits.entries) {
        let item = match archive.by_index(index) {
            Ok(item) => item,
            Err(error) => {
                problems.push(Problem {
                    file: String::new(),
                    line: 0,
                    what: format!("entry {index} of the zip archive cannot be read: {error}"),
                });
                continue;
            }
        };
        if !item.is_file() || item.is_symlink() {
            continue;
        }
        let raw = String::from_utf8_lossy(item.name_raw()).into_owned();
        match path::normalise(&raw, budget.limits) {
            Err(why) => problems.push(Problem {
                file: raw,
                line: 0,
                what: format!("not read: {why}"),
            }),
            Ok(path) => {
                let bytes = read_limited(item, &path, budget, problems);
                entries.push(inflate_single(
                    Entry { path, bytes },
                    budget.limits,
                    problems,
                ));
            }
        }
        if budget.left() == 0 {
            break;
        }
    }
    entries
}

/// Reads a stream to its end, to its first error or to the limits; what was read is kept.
pub(crate) fn read_limited(
    stream: impl Read,
    path: &str,
    budget: &mut Budget<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<u8> {
    let allowed = budget.limits.entry_bytes.min(budget.left());
    let mut bytes = Vec::new();
    let result = stream
        .take(allowed.saturating_add(1))
        .read_to_end(&mut bytes);
    if bytes.len() as u64 > allowed {
        bytes.truncate(usize::try_from(allowed).unwrap_or(usize::MAX));
        problems.push(Problem {
            file: path.to_owned(),
            line: 0,
            what: format!("limit reached after {allowed} bytes (--help names the limits); the rest is not read"),
        });
    }
    budget.produced = budget.produced.saturating_add(bytes.len() as u64);
    if let Err(error) = result {
        problems.push(Problem {
            file: path.to_owned(),
            line: 0,
            what: format!(
                "cut off after {} bytes: {error}; what came before is read",
                bytes.len()
            ),
        });
    }
    bytes
}

/// Inflates a compressed log inside a bundle (`kubelet.log.gz`); archives inside archives stay as they are.
pub(crate) fn inflate_single(entry: Entry, limits: &Limits, problems: &mut Vec<Problem>) -> Entry {
    let magic = magic(&entry.bytes);
    if !matches!(magic, Magic::Gzip | Magic::Xz | Magic::Zstd) {
        return entry;
    }
    let mut budget = Budget::new(limits, Some(entry.bytes.len() as u64));
    let mut found = Vec::new();
    let bytes = read_limited(
        decoder(magic, entry.bytes.as_slice()),
        &entry.path,
        &mut budget,
        &mut found,
    );
    if bytes.get(257..262) == Some(b"ustar") {
        return entry;
    }
    problems.extend(found);
    Entry {
        path: entry.path,
        bytes,
    }
}
