//! Where a file's bytes lie, so that they need not be held: a file on disk, a range of an archive, a packed member.

use std::{
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    time::SystemTime,
};

use crate::{
    decode::{Codec, decoder},
    encoding::{self, Encoding},
    lines::Input,
};

/// Bytes that can be read at any place, by many threads.
#[derive(Debug, Clone)]
pub(crate) enum Bytes {
    /// An open file.
    File(Arc<std::fs::File>),
    /// What came through a pipe, or an archive inside an archive.
    Memory(Arc<Vec<u8>>),
}

/// A range of [`Bytes`] with a place in it.
#[derive(Debug, Clone)]
pub(crate) struct Range {
    bytes: Bytes,
    start: u64,
    len: u64,
    at: u64,
}

impl Range {
    pub(crate) fn new(bytes: Bytes, start: u64, len: u64) -> Self {
        Self {
            bytes,
            start,
            len,
            at: 0,
        }
    }

    /// A part of this range; it ends where this one ends, whatever is asked for.
    pub(crate) fn part(&self, start: u64, len: u64) -> Self {
        let start = start.min(self.len);
        Self {
            bytes: self.bytes.clone(),
            start: self.start + start,
            len: len.min(self.len - start),
            at: 0,
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }
}

impl Read for Range {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let want = left.min(buf.len());
        if want == 0 {
            return Ok(0);
        }
        let at = self.start + self.at;
        let count = match &self.bytes {
            Bytes::File(file) => read_at(file, &mut buf[..want], at)?,
            Bytes::Memory(bytes) => {
                let from = usize::try_from(at).unwrap_or(usize::MAX);
                let source = bytes.get(from..).unwrap_or(&[]);
                let count = want.min(source.len());
                buf[..count].copy_from_slice(&source[..count]);
                count
            }
        };
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Range {
    fn seek(&mut self, place: SeekFrom) -> std::io::Result<u64> {
        let at = match place {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(std::io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(unix)]
fn read_at(file: &std::fs::File, buf: &mut [u8], at: u64) -> std::io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, at)
}

#[cfg(windows)]
fn read_at(file: &std::fs::File, buf: &mut [u8], at: u64) -> std::io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buf, at)
}

/// What identifies a file on disk from one look to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &std::fs::Metadata) -> Self {
        Self {
            len: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

/// A file on disk that is opened for each look: there may be more of them than file handles.
#[derive(Debug, Clone)]
pub(crate) struct OnDisk {
    path: PathBuf,
    stamp: Option<Stamp>,
}

/// Opens a regular file and nothing else: a FIFO would wait for ever, a link would leave the tree.
pub(crate) fn open_regular(path: &Path) -> std::io::Result<std::fs::File> {
    if !std::fs::symlink_metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is no longer a regular file"));
    }
    let file = std::fs::File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is no longer a regular file"));
    }
    Ok(file)
}

/// Where bytes come from.
#[derive(Debug, Clone)]
pub(crate) enum Base {
    /// A file of a directory.
    Disk(OnDisk),
    /// A part of an archive.
    Range(Range),
}

impl Base {
    pub(crate) fn disk(path: PathBuf) -> Self {
        Self::Disk(OnDisk { path, stamp: None })
    }

    /// Opens for the first time and remembers what the file was like.
    pub(crate) fn first(&mut self) -> std::io::Result<Range> {
        match self {
            Self::Range(range) => Ok(range.clone()),
            Self::Disk(disk) => {
                let file = open_regular(&disk.path)?;
                let stamp = Stamp::of(&file.metadata()?);
                disk.stamp = Some(stamp);
                Ok(Range::new(Bytes::File(Arc::new(file)), 0, stamp.len))
            }
        }
    }

    /// Opens again; says whether the file is another than the first time. A file is given as such:
    /// it alone fills memory that was never zeroed.
    fn again(&self) -> std::io::Result<(Box<dyn Input>, bool)> {
        match self {
            Self::Range(range) => Ok((Box::new(range.clone()), false)),
            Self::Disk(disk) => {
                let file = open_regular(&disk.path)?;
                let stamp = Stamp::of(&file.metadata()?);
                let changed = disk.stamp.is_some_and(|before| before != stamp);
                Ok((Box::new(file), changed))
            }
        }
    }
}

/// A place in some bytes and the way from them to text.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// Where the bytes lie.
    pub base: Base,
    /// Decompressors, outermost first.
    pub codecs: Vec<Codec>,
    /// How the text is encoded.
    pub encoding: Encoding,
}

impl Origin {
    /// Whether reading in the middle costs no more than reading at the start.
    pub(crate) fn seeks(&self) -> bool {
        self.codecs.is_empty() && self.encoding.is_bytes()
    }

    /// The bytes, to be read at any place; says whether the file has changed.
    pub(crate) fn input(&self) -> std::io::Result<(Box<dyn Input>, bool)> {
        self.base.again()
    }

    /// Opens at an offset of the text; says whether the file has changed.
    pub(crate) fn open(&self, at: u64) -> std::io::Result<(Box<dyn Read + Send>, bool)> {
        let (mut range, changed) = self.base.again()?;
        if self.seeks() {
            range.seek(SeekFrom::Start(at + self.encoding.mark() as u64))?;
            return Ok((Box::new(range), changed));
        }
        let trailing = Arc::new(AtomicBool::new(false));
        let mut stream: Box<dyn Read + Send> = Box::new(range);
        for codec in &self.codecs {
            stream = decoder(*codec, stream, &trailing);
        }
        discard(&mut stream, self.encoding.mark() as u64)?;
        let mut text = encoding::decode(self.encoding, stream);
        discard(&mut text, at)?;
        Ok((text, changed))
    }
}

fn discard(stream: &mut impl Read, bytes: u64) -> std::io::Result<()> {
    std::io::copy(&mut stream.take(bytes), &mut std::io::sink()).map(|_| ())
}
