//! SHA-256 and size of each file of a native bundle as its bytes are, one file at a time.
//!
//! The bundle reader gives text, with bytes that are none replaced; a checksum is about bytes.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use sha2::Digest as _;

/// Of one file.
#[derive(Debug)]
pub(crate) struct Digest {
    /// Lower case hexadecimal.
    pub sha256: String,
    pub bytes: u64,
}

/// Most bytes of a bundle, as of all others.
const MOST: u64 = 64 << 30;

/// All files below a directory or in an archive, without the one directory around all of them.
pub(crate) fn of(place: &Path) -> Result<BTreeMap<String, Digest>, String> {
    let mut files = BTreeMap::new();
    if place.is_dir() {
        directory(place, &mut files)?;
        return Ok(files);
    }
    let open = || File::open(place).map_err(|error| format!("cannot be read: {error}"));
    let mut head = Vec::new();
    let _ = open()?.take(4).read_to_end(&mut head);
    if head.starts_with(b"PK\x03\x04") {
        zipped(open()?, &mut files)?;
    } else if head.starts_with(&[0x1f, 0x8b]) {
        let stream = flate2::read::MultiGzDecoder::new(BufReader::new(open()?));
        tarred(stream, &mut files)?;
    } else {
        tarred(BufReader::new(open()?), &mut files)?;
    }
    Ok(without_top(files))
}

fn digest(stream: impl Read) -> std::io::Result<Digest> {
    let mut hash = sha2::Sha256::new();
    let mut bytes = 0;
    let mut stream = stream.take(MOST);
    let mut block = vec![0; 64 << 10];
    loop {
        let count = stream.read(&mut block)?;
        if count == 0 {
            break;
        }
        bytes += count as u64;
        hash.update(block.get(..count).unwrap_or(&[]));
    }
    let mut sha256 = String::with_capacity(64);
    for byte in hash.finalize() {
        let _ = write!(sha256, "{byte:02x}");
    }
    Ok(Digest { sha256, bytes })
}

fn directory(place: &Path, files: &mut BTreeMap<String, Digest>) -> Result<(), String> {
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
        files.insert(parts.join("/"), digest(file).map_err(failed)?);
    }
    Ok(())
}

fn tarred(stream: impl Read, files: &mut BTreeMap<String, Digest>) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("is no archive, or a damaged one: {error}");
    let mut archive = tar::Archive::new(stream);
    for entry in archive.entries().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.header().entry_type().is_file() {
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            files.insert(clean(&path), digest(entry).map_err(failed)?);
        }
    }
    Ok(())
}

fn zipped(file: File, files: &mut BTreeMap<String, Digest>) -> Result<(), String> {
    let failed = |why: String| format!("is no zip archive, or a damaged one: {why}");
    let mut archive =
        zip::ZipArchive::new(BufReader::new(file)).map_err(|error| failed(error.to_string()))?;
    for index in 0..archive.len() {
        let entry = archive
            .by_index(index)
            .map_err(|error| failed(error.to_string()))?;
        if entry.is_file() {
            let path = clean(&String::from_utf8_lossy(entry.name_raw()));
            files.insert(
                path,
                digest(entry).map_err(|error| failed(error.to_string()))?,
            );
        }
    }
    Ok(())
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
