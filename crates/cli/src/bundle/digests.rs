//! SHA-256 and size of each file of a native bundle as its bytes are, one file at a time.
//!
//! The bundle reader gives text, with bytes that are none replaced; a checksum is about bytes.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use coldcase_bundle::Limits;
use sha2::Digest as _;

/// Of one file.
#[derive(Debug)]
pub(crate) struct Digest {
    /// Lower case hexadecimal.
    pub sha256: String,
    pub bytes: u64,
}

/// What has been read so far, and what may be.
struct Reader<'l> {
    limits: &'l Limits,
    bytes: u64,
    files: BTreeMap<String, Digest>,
}

/// All files below a directory or in an archive, without the one directory around all of them.
/// What is larger than the limits is an error: a part of a file has another checksum.
pub(crate) fn of(place: &Path, limits: &Limits) -> Result<BTreeMap<String, Digest>, String> {
    let mut reader = Reader {
        limits,
        bytes: 0,
        files: BTreeMap::new(),
    };
    if place.is_dir() {
        reader.directory(place)?;
        return Ok(without_top(reader.files));
    }
    let open = || File::open(place).map_err(|error| format!("cannot be read: {error}"));
    let mut head = Vec::new();
    let _ = open()?.take(4).read_to_end(&mut head);
    if head.starts_with(b"PK\x03\x04") {
        reader.zipped(open()?)?;
    } else if head.starts_with(&[0x1f, 0x8b]) {
        let stream = flate2::read::MultiGzDecoder::new(BufReader::new(open()?));
        reader.tarred(stream)?;
    } else {
        reader.tarred(BufReader::new(open()?))?;
    }
    Ok(without_top(reader.files))
}

impl Reader<'_> {
    fn add(&mut self, path: String, mut stream: impl Read) -> Result<(), String> {
        let mut hash = sha2::Sha256::new();
        let mut bytes = 0;
        let mut block = vec![0; 64 << 10];
        if self.files.len() >= self.limits.entries {
            return Err(format!(
                "the limit of {} files (--max-files) is reached",
                self.limits.entries
            ));
        }
        loop {
            let count = match stream.read(&mut block) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(format!("{path}: {error}")),
            };
            bytes += count as u64;
            self.bytes += count as u64;
            if self.bytes > self.limits.total_bytes {
                return Err(format!(
                    "the limit of {} bytes for the whole bundle (--max-total-bytes) is reached",
                    self.limits.total_bytes
                ));
            }
            hash.update(block.get(..count).unwrap_or(&[]));
        }
        let sha256 = coldcase_bundle::hex(&hash.finalize());
        self.files.insert(path, Digest { sha256, bytes });
        Ok(())
    }

    fn directory(&mut self, place: &Path) -> Result<(), String> {
        for entry in walkdir::WalkDir::new(place)
            .follow_links(false)
            .max_depth(64)
        {
            let entry = entry.map_err(|error| error.to_string())?;
            if !entry.file_type().is_file() {
                continue;
            }
            let path = entry.path().strip_prefix(place).unwrap_or(entry.path());
            let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
            let failed = |error: std::io::Error| format!("{}: {error}", path.display());
            let file = File::open(entry.path()).map_err(failed)?;
            self.add(parts.join("/"), file)?;
        }
        Ok(())
    }

    fn tarred(&mut self, stream: impl Read) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("is no archive, or a damaged one: {error}");
        let mut archive = tar::Archive::new(stream);
        for entry in archive.entries().map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.header().entry_type().is_file() {
                let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                self.add(clean(&path), entry)?;
            }
        }
        Ok(())
    }

    fn zipped(&mut self, file: File) -> Result<(), String> {
        let failed = |why: String| format!("is no zip archive, or a damaged one: {why}");
        let mut archive = zip::ZipArchive::new(BufReader::new(file))
            .map_err(|error| failed(error.to_string()))?;
        for index in 0..archive.len() {
            let entry = archive
                .by_index(index)
                .map_err(|error| failed(error.to_string()))?;
            if entry.is_file() {
                let path = clean(&String::from_utf8_lossy(entry.name_raw()));
                self.add(path, entry)?;
            }
        }
        Ok(())
    }
}

fn clean(path: &str) -> String {
    path.trim_start_matches("./").to_owned()
}

/// The collector packs the directory itself.
fn without_top(files: BTreeMap<String, Digest>) -> BTreeMap<String, Digest> {
    if files.contains_key("manifest.jsonl") {
        return files;
    }
    let top = files
        .keys()
        .next()
        .and_then(|path| path.split_once('/'))
        .map(|(top, _)| format!("{top}/"));
    match top {
        Some(top) if files.keys().all(|path| path.starts_with(&top)) => files
            .into_iter()
            .map(|(path, digest)| (path.strip_prefix(&top).unwrap_or(&path).to_owned(), digest))
            .collect(),
        _ => files,
    }
}
