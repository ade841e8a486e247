//! Reads tar archives header by header: long names, PAX, sparse files, and what is left of damaged ones.

use std::io::Read;

const BLOCK: u64 = 512;
/// A long name or a PAX header larger than this is not one.
const META: u64 = 1 << 20;

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A regular file.
    File,
    /// A symbolic or hard link and its target.
    Link(Vec<u8>),
    /// A device or FIFO.
    Special,
    /// A directory, or a header of another kind.
    Nothing,
}

/// One entry; its data follow in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// The name as written.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Bytes of data that follow.
    pub size: u64,
    /// Offset of the data in the archive.
    pub offset: u64,
    /// The file had holes; only its data are in the archive.
    pub sparse: bool,
}

/// Passes over bytes: a file can seek, a stream has to read.
pub(crate) trait Input: Read + Sized {
    /// Passes over bytes; gives how many there were.
    fn pass(&mut self, bytes: u64) -> std::io::Result<u64> {
        std::io::copy(&mut self.by_ref().take(bytes), &mut std::io::sink())
    }
}

/// A stream without seeking.
pub(crate) struct Stream<R>(pub R);

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buf)
    }
}

impl<R: Read> Input for Stream<R> {}

impl Input for crate::origin::Range {
    fn pass(&mut self, bytes: u64) -> std::io::Result<u64> {
        use std::io::{Seek, SeekFrom};
        let at = self.stream_position()?;
        let count = bytes.min(self.len().saturating_sub(at));
        self.seek(SeekFrom::Start(at + count))?;
        Ok(count)
    }
}

/// How an archive ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With its end mark.
    Marked,
    /// Between two entries, without one.
    Unmarked,
    /// In the middle of something.
    Cut,
}

/// Walks the entries of an archive.
pub(crate) struct Walker<R> {
    input: R,
    position: u64,
    /// Data and padding of the current entry that were not read yet.
    data: u64,
    padding: u64,
    /// Bytes passed over to find a header again after damage.
    pub lost: u64,
    pub end: End,
}

/// What extended headers said about the next entry.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
    /// The data begin with a map of the holes.
    map: bool,
}

impl<R: Input> Walker<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            position: 0,
            data: 0,
            padding: 0,
            lost: 0,
            end: End::Unmarked,
        }
    }

    /// The next entry, or `None` at the end, which `end` then describes.
    ///
    /// # Errors
    /// The stream's; after one the archive is over.
    pub(crate) fn next(&mut self) -> std::io::Result<Option<Member>> {
        let mut extended = Extended::default();
        loop {
            let rest = self.data.saturating_add(self.padding);
            let passed = self.input.pass(rest)?;
            self.position = self.position.saturating_add(passed);
            let missing_data = passed < self.data;
            (self.data, self.padding) = (0, 0);
            if missing_data {
                self.end = End::Cut;
                return Ok(None);
            }
            let Some(block) = self.header()? else {
                return Ok(None);
            };
            if let Some(member) = self.entry(&block, &mut extended)? {
                return Ok(Some(member));
            }
        }
    }

    /// One header block: an entry, or `None` for one that only describes the next.
    fn entry(
        &mut self,
        block: &[u8; 512],
        extended: &mut Extended,
    ) -> std::io::Result<Option<Member>> {
        let header = tar::Header::from_byte_slice(block);
        let size = header.entry_size().unwrap_or(0);
        let letter = header.entry_type().as_byte();
        self.data = size;
        self.padding = size.wrapping_neg() % BLOCK;
        match letter {
            b'L' => extended.name = self.meta()?.map(cut_nul),
            b'K' => extended.link = self.meta()?.map(cut_nul),
            b'x' | b'X' => {
                if let Some(bytes) = self.meta()? {
                    pax(&bytes, extended);
                }
            }
            b'g' | b'V' | b'M' | b'N' => {}
            _ => {
                let said = std::mem::take(extended);
                if let Some(size) = said.size {
                    self.data = size;
                    self.padding = size.wrapping_neg() % BLOCK;
                }
                let mut sparse = said.sparse;
                if letter == b'S' {
                    sparse = true;
                    self.pass_sparse_headers(block)?;
                }
                if said.map {
                    self.pass_sparse_map()?;
                }
                let name = said
                    .name
                    .unwrap_or_else(|| header.path_bytes().into_owned());
                let link = || {
                    said.link.clone().unwrap_or_else(|| {
                        header
                            .link_name_bytes()
                            .map(std::borrow::Cow::into_owned)
                            .unwrap_or_default()
                    })
                };
                // The oldest archives mark a directory by its name alone.
                let kind = match letter {
                    b'1' | b'2' => Kind::Link(link()),
                    b'3' | b'4' | b'6' => Kind::Special,
                    b'5' | b'D' => Kind::Nothing,
                    0 | b'0' if name.ends_with(b"/") => Kind::Nothing,
                    _ => Kind::File,
                };
                if matches!(kind, Kind::Link(_)) {
                    // Some writers give a link the size of its target, but never its data.
                    (self.data, self.padding) = (0, 0);
                }
                return Ok(Some(Member {
                    name,
                    kind,
                    size: self.data,
                    offset: self.position,
                    sparse,
                }));
            }
        }
        Ok(None)
    }

    /// Reads what is left of the stream.
    ///
    /// # Errors
    /// The stream's.
    pub(crate) fn drain(&mut self) -> std::io::Result<()> {
        self.input.pass(u64::MAX).map(|_| ())
    }

    /// The data of the entry that `next` gave.
    pub(crate) fn data(&mut self) -> Data<'_, R> {
        Data(self)
    }

    /// The next header whose checksum holds.
    fn header(&mut self) -> std::io::Result<Option<[u8; 512]>> {
        let mut zeros = 0;
        loop {
            let mut block = [0; 512];
            let count = self.fill(&mut block)?;
            if count < block.len() {
                if count > 0 && block.iter().any(|byte| *byte != 0) {
                    self.end = End::Cut;
                }
                return Ok(None);
            }
            if block.iter().all(|byte| *byte == 0) {
                zeros += 1;
                if zeros == 2 {
                    self.end = End::Marked;
                    return Ok(None);
                }
                continue;
            }
            if checksum_holds(&block) {
                return Ok(Some(block));
            }
            self.lost += BLOCK;
            zeros = 0;
        }
    }

    fn fill(&mut self, block: &mut [u8]) -> std::io::Result<usize> {
        let mut filled = 0;
        while let Some(room) = block.get_mut(filled..).filter(|room| !room.is_empty()) {
            match self.input.read(room) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.end = End::Cut;
                    return Err(error);
                }
            }
        }
        self.position += filled as u64;
        Ok(filled)
    }

    fn meta(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        if self.data > META {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        self.data().read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Old GNU sparse files list further holes in blocks before the data.
    fn pass_sparse_headers(&mut self, block: &[u8; 512]) -> std::io::Result<()> {
        let mut more = block.get(482).is_some_and(|flag| *flag != 0);
        while more {
            let mut block = [0; 512];
            if self.fill(&mut block)? < block.len() {
                return Ok(());
            }
            more = block.get(504).is_some_and(|flag| *flag != 0);
        }
        Ok(())
    }

    /// PAX sparse files of version 1.0 begin with a decimal count, then two numbers for each part.
    fn pass_sparse_map(&mut self) -> std::io::Result<()> {
        let mut map = Vec::new();
        loop {
            if map.len() as u64 >= META || self.data < BLOCK {
                return Ok(());
            }
            let mut block = [0; 512];
            let count = self.fill(&mut block)?;
            self.data -= count as u64;
            map.extend_from_slice(&block);
            let mut lines = map.split(|byte| *byte == b'\n');
            let parts: usize = lines
                .next()
                .and_then(|line| std::str::from_utf8(line).ok()?.parse().ok())
                .unwrap_or(0);
            let lines = memchr::memchr_iter(b'\n', &map).count();
            if count < block.len() || lines > parts.saturating_mul(2) {
                return Ok(());
            }
        }
    }
}

/// The data of one entry as a stream.
pub(crate) struct Data<'a, R>(&'a mut Walker<R>);

impl<R: Input> Read for Data<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let want = usize::try_from(self.0.data)
            .unwrap_or(usize::MAX)
            .min(buf.len());
        if want == 0 {
            return Ok(0);
        }
        let count = self.0.input.read(&mut buf[..want])?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.0.data -= count as u64;
        self.0.position += count as u64;
        Ok(count)
    }
}

/// Whether a block is a tar header: the sum of its bytes, its own field taken as spaces.
pub(crate) fn checksum_holds(block: &[u8]) -> bool {
    let Some(block) = block.get(..512) else {
        return false;
    };
    let Ok(said) = tar::Header::from_byte_slice(block).cksum() else {
        return false;
    };
    let byte = |(at, byte): (usize, &u8)| {
        if (148..156).contains(&at) {
            b' '
        } else {
            *byte
        }
    };
    let sum: u32 = block.iter().enumerate().map(byte).map(u32::from).sum();
    // Some old writers took bytes as signed.
    let signed: i32 = block
        .iter()
        .enumerate()
        .map(byte)
        .map(|byte| i32::from(byte.cast_signed()))
        .sum();
    said == sum || i64::from(said) == i64::from(signed)
}

fn cut_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(at) = memchr::memchr(0, &bytes) {
        bytes.truncate(at);
    }
    bytes
}

/// Records are `length key=value\n`, the length counting itself.
fn pax(mut bytes: &[u8], extended: &mut Extended) {
    while let Some(space) = memchr::memchr(b' ', bytes) {
        let length = bytes
            .get(..space)
            .and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok());
        let Some(record) = length.and_then(|length| bytes.get(space + 1..length)) else {
            return;
        };
        let record = record.strip_suffix(b"\n").unwrap_or(record);
        if let Some(equals) = memchr::memchr(b'=', record) {
            let (key, value) = record.split_at(equals);
            let value = value.get(1..).unwrap_or(&[]);
            let number = || std::str::from_utf8(value).ok()?.parse().ok();
            match key {
                b"path" if !extended.sparse => extended.name = Some(value.to_vec()),
                b"GNU.sparse.name" => {
                    extended.name = Some(value.to_vec());
                    extended.sparse = true;
                }
                b"linkpath" => extended.link = Some(value.to_vec()),
                b"size" => extended.size = number(),
                b"GNU.sparse.major" => {
                    extended.sparse = true;
                    extended.map = value == b"1";
                }
                b"GNU.sparse.map" | b"GNU.sparse.numblocks" => extended.sparse = true,
                _ => {}
            }
        }
        bytes = length.and_then(|length| bytes.get(length..)).unwrap_or(&[]);
    }
}
