//! Recognises containers by their first bytes, and reads compressed streams within their limits.

use std::{
    io::{BufRead, BufReader, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use crate::limits::{Budget, RATIO_GRACE, Trip};

/// How many bytes [`Magic::of`] wants to see: a tar header.
pub(crate) const HEAD: usize = 512;

/// What the first bytes say a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Magic {
    /// A compressed stream.
    Codec(Codec),
    /// A zip archive.
    Zip,
    /// A tar archive.
    Tar,
    /// A container that is not read, and its name.
    Refused(&'static str),
    /// Anything else.
    Other,
}

/// A compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    /// gzip, any number of members.
    Gzip,
    /// xz.
    Xz,
    /// Zstandard, any number of frames.
    Zstd,
    /// bzip2.
    Bzip2,
    /// Bare deflate: a member of a zip archive.
    Deflate,
}

impl Magic {
    /// Looks at the first [`HEAD`] bytes.
    pub(crate) fn of(head: &[u8]) -> Self {
        if head.starts_with(&[0x1f, 0x8b]) {
            Self::Codec(Codec::Gzip)
        } else if head.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
            Self::Codec(Codec::Xz)
        } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Self::Codec(Codec::Zstd)
        } else if head.starts_with(b"BZh")
            && (head.get(4..10) == Some(&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
                || head.get(4..10) == Some(&[0x17, 0x72, 0x45, 0x38, 0x50, 0x90]))
        {
            Self::Codec(Codec::Bzip2)
        } else if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            Self::Zip
        } else if head.starts_with(&[b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c]) {
            Self::Refused("7-Zip")
        } else if head.starts_with(b"Rar!\x1a\x07") {
            Self::Refused("RAR")
        } else if is_tar(head) {
            Self::Tar
        } else {
            Self::Other
        }
    }
}

/// A tar header by its magic or, in the oldest form, by its checksum.
fn is_tar(head: &[u8]) -> bool {
    head.len() >= HEAD
        && (head.get(257..262) == Some(b"ustar")
            || (head.first().is_some_and(|byte| *byte > b' ')
                && crate::untar::checksum_holds(head)))
}

/// A decompressor on a stream. `trailing` is set when bytes follow the compressed data.
pub(crate) fn decoder<'a>(
    codec: Codec,
    input: impl Read + Send + 'a,
    trailing: &Arc<AtomicBool>,
) -> Box<dyn Read + Send + 'a> {
    let input = BufReader::with_capacity(64 << 10, input);
    match codec {
        Codec::Gzip => Box::new(Members {
            state: State::Start(input),
            make: |input| Ok(flate2::bufread::GzDecoder::new(input)),
            unmake: flate2::bufread::GzDecoder::into_inner,
            magic: &[0x1f, 0x8b],
            trailing: Arc::clone(trailing),
        }),
        Codec::Zstd => Box::new(Guarded::new(Members {
            state: State::Start(input),
            make: |input| {
                ruzstd::decoding::StreamingDecoder::new(input)
                    .map_err(|error| std::io::Error::other(error.to_string()))
            },
            unmake: ruzstd::decoding::StreamingDecoder::into_inner,
            magic: &[0x28, 0xb5, 0x2f, 0xfd],
            trailing: Arc::clone(trailing),
        })),
        // The largest dictionary that `xz -9` uses is 64 MiB; more is a trap.
        Codec::Xz => Box::new(Guarded::new(lzma_rust2::XzReader::new_mem_limit(
            input,
            true,
            256 << 10,
        ))),
        Codec::Bzip2 => Box::new(Guarded::new(bzip2::bufread::MultiBzDecoder::new(input))),
        Codec::Deflate => Box::new(flate2::bufread::DeflateDecoder::new(input)),
    }
}

/// Turns a panic of a decompressor into the end of its stream: a bug there costs one file.
struct Guarded<R>(Option<R>);

impl<R> Guarded<R> {
    fn new(inner: R) -> Self {
        Self(Some(inner))
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let failed = || std::io::Error::other("the decompressor failed");
        let mut inner = self.0.take().ok_or_else(failed)?;
        let result = catch_unwind(AssertUnwindSafe(|| inner.read(buf))).map_err(|_| failed())?;
        self.0 = Some(inner);
        result
    }
}

/// Compressed streams one after the other, as `cat a.gz b.gz` and parallel compressors write them.
struct Members<R, D> {
    state: State<R, D>,
    make: fn(R) -> std::io::Result<D>,
    unmake: fn(D) -> R,
    magic: &'static [u8],
    trailing: Arc<AtomicBool>,
}

enum State<R, D> {
    Start(R),
    Inside(D),
    Done,
}

impl<R: BufRead, D: Read> Read for Members<R, D> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return Ok(0),
                State::Start(input) => self.state = State::Inside((self.make)(input)?),
                State::Inside(mut decoder) => {
                    let count = decoder.read(buf)?;
                    if count > 0 {
                        self.state = State::Inside(decoder);
                        return Ok(count);
                    }
                    let mut input = (self.unmake)(decoder);
                    let next = input.fill_buf()?;
                    let shown = next.len().min(self.magic.len());
                    if next.is_empty() {
                        return Ok(0);
                    }
                    if next.get(..shown) == self.magic.get(..shown) {
                        self.state = State::Start(input);
                    } else if next.iter().any(|byte| *byte != 0) {
                        // Zeros are the padding of tapes; anything else is said.
                        self.trailing.store(true, Relaxed);
                    }
                }
            }
        }
    }
}

/// Counts what is read from a stream.
pub(crate) struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    pub(crate) fn new(inner: R) -> (Self, Arc<AtomicU64>) {
        let count = Arc::new(AtomicU64::new(0));
        (
            Self {
                inner,
                count: Arc::clone(&count),
            },
            count,
        )
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buf)?;
        self.count.fetch_add(count as u64, Relaxed);
        Ok(count)
    }
}

/// The size of the packed side of a stream.
pub(crate) enum Packed {
    /// Known beforehand.
    Size(u64),
    /// What was read of it so far: standard input.
    Read(Arc<AtomicU64>),
    /// The stream is not packed: only the total counts.
    Not,
}

/// Stops a stream at the total of the bundle and at its own ratio.
pub(crate) struct Metered<'b, R> {
    inner: R,
    budget: &'b Budget<'b>,
    packed: Packed,
    produced: u64,
}

impl<'b, R: Read> Metered<'b, R> {
    pub(crate) fn new(inner: R, budget: &'b Budget<'b>, packed: Packed) -> Self {
        Self {
            inner,
            budget,
            packed,
            produced: 0,
        }
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let ratio = self.budget.limits.ratio;
        let packed = match &self.packed {
            Packed::Size(size) => *size,
            Packed::Read(count) => count.load(Relaxed),
            Packed::Not => u64::MAX,
        };
        let ceiling = packed.saturating_mul(ratio).saturating_add(RATIO_GRACE);
        let room = ceiling.saturating_sub(self.produced);
        let total = self.budget.left();
        if (room == 0 || total == 0) && !buf.is_empty() {
            // One byte more tells "too much" from "exactly enough".
            let trip = if room == 0 {
                Trip::Ratio(ratio)
            } else {
                Trip::Total(self.budget.limits.total_bytes)
            };
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(trip.error()),
            };
        }
        let want = usize::try_from(room.min(total)).unwrap_or(usize::MAX);
        let want = want.min(buf.len());
        let count = self.inner.read(&mut buf[..want])?;
        self.budget.produce(count as u64);
        self.produced += count as u64;
        Ok(count)
    }
}

/// Stops a stream after a number of bytes, with an error if there are more.
pub(crate) struct Capped<R> {
    inner: R,
    left: u64,
    trip: Trip,
}

impl<R> Capped<R> {
    pub(crate) fn new(inner: R, limit: u64, trip: Trip) -> Self {
        Self {
            inner,
            left: limit,
            trip,
        }
    }
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(self.trip.error()),
            };
        }
        let want = buf
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let count = self.inner.read(&mut buf[..want])?;
        self.left -= count as u64;
        Ok(count)
    }
}

/// Compares what was read with the checksum that the archive declares.
pub(crate) struct Checked<R> {
    inner: R,
    crc: flate2::Crc,
    expected: u32,
}

impl<R> Checked<R> {
    pub(crate) fn new(inner: R, expected: u32) -> Self {
        Self {
            inner,
            crc: flate2::Crc::new(),
            expected,
        }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buf)?;
        if count == 0 && !buf.is_empty() && self.crc.sum() != self.expected {
            return Err(std::io::Error::other("the checksum does not match"));
        }
        self.crc.update(&buf[..count]);
        Ok(count)
    }
}

/// Reads up to `size` bytes to look at them; an error comes again when the rest is read.
pub(crate) fn peek(input: &mut impl Read, size: usize) -> (Vec<u8>, Option<std::io::Error>) {
    let mut head = Vec::with_capacity(size);
    let error = input.take(size as u64).read_to_end(&mut head).err();
    (head, error)
}

/// Gives back what was peeked, then the rest, or the error met while peeking.
pub(crate) struct Unpeeked<R> {
    head: std::io::Cursor<Vec<u8>>,
    error: Option<std::io::Error>,
    rest: R,
    failed: bool,
}

impl<R> Unpeeked<R> {
    pub(crate) fn new(peeked: (Vec<u8>, Option<std::io::Error>), rest: R) -> Self {
        Self {
            head: std::io::Cursor::new(peeked.0),
            error: peeked.1,
            rest,
            failed: false,
        }
    }
}

impl<R: Read> Read for Unpeeked<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let count = self.head.read(buf)?;
        if count > 0 || buf.is_empty() || self.failed {
            return Ok(count);
        }
        if let Some(error) = self.error.take() {
            self.failed = true;
            return Err(error);
        }
        self.rest.read(buf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_decompressor_is_an_error_of_its_stream() {
        struct Panics;
        impl Read for Panics {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                panic!("as a decompressor might")
            }
        }
        let mut stream = Guarded::new(Panics);
        assert!(stream.read(&mut [0]).is_err());
        assert!(stream.read(&mut [0]).is_err());
    }
}
