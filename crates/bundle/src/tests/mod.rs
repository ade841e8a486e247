//! Builders of containers for the tests of this crate, good ones and traps.

mod containers;
mod damage;
mod reading;
mod traps;

use std::{io::Write, path::PathBuf};

pub(crate) use super::*;

/// A fresh directory.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("coldcase-bundle-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

pub(crate) type Files = Vec<(String, Vec<u8>)>;

/// A bundle with small files, a log of several blocks, odd bytes and a rotated log.
pub(crate) fn sample() -> Files {
    let mut log = Vec::new();
    for n in 0..20_000 {
        log.extend(format!("2026-01-01T00:00:{:02}Z line {n} of the log ", n % 60).bytes());
        log.extend([0xff, 0xc3, b'\r', b'\n'].iter().take(2 + n % 3));
    }
    let entry = |path: &str, bytes: &[u8]| (path.to_owned(), bytes.to_vec());
    vec![
        entry("bundle.yaml", b"apiVersion: coldcase.dev/v1\n"),
        entry("cluster/pods.yaml", b"kind: List\n"),
        entry("logs/a/b/c.log", b"one\ntwo\n"),
        entry("logs/a/b/big.log", &log),
        entry("logs/a/b/empty.log", b""),
        entry("logs/a/b/old.log.1.gz", &gz(b"rotated\nlines\n")),
        entry("nodes/n1/image.bin", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0]),
    ]
}

pub(crate) fn write_dir(root: &Path, files: &Files) {
    for (path, bytes) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

pub(crate) fn header(kind: u8, size: u64) -> ::tar::Header {
    let mut header = ::tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_entry_type(::tar::EntryType::new(kind));
    header
}

pub(crate) fn tar(prefix: &str, files: &Files) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = header(b'0', bytes.len() as u64);
        builder
            .append_data(&mut header, format!("{prefix}{path}"), bytes.as_slice())
            .unwrap();
    }
    builder.into_inner().unwrap()
}

pub(crate) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder =
        lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zst(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

pub(crate) fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zip(prefix: &str, files: &Files) -> Vec<u8> {
    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, bytes) in files {
        zip.start_file(
            format!("{prefix}{path}"),
            ::zip::write::SimpleFileOptions::default(),
        )
        .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Opens bytes as a file of this name.
pub(crate) fn open_bytes(name: &str, bytes: &[u8], limits: &Limits) -> Result<Bundle, OpenError> {
    let root = scratch(&format!("{name}-{}", digest(bytes)));
    let path = root.join(name);
    std::fs::write(&path, bytes).unwrap();
    open(&path, limits)
}

fn digest(bytes: &[u8]) -> String {
    let digest = blake3::hash(bytes);
    u64::from_le_bytes(*digest.as_bytes().first_chunk().unwrap()).to_string()
}

/// Opens bytes as standard input.
pub(crate) fn pipe(bytes: &[u8], limits: &Limits) -> Result<Bundle, OpenError> {
    open_reader("stdin", std::io::Cursor::new(bytes.to_vec()), limits)
}

pub(crate) fn paths(bundle: &Bundle) -> Vec<&str> {
    bundle.files.iter().map(|file| file.path.as_str()).collect()
}

/// Everything that a reader can see of the files.
pub(crate) fn seen(bundle: &Bundle) -> Vec<(String, u64, bool, u32, String)> {
    bundle
        .files
        .iter()
        .map(|file| {
            (
                file.path.clone(),
                file.bytes,
                file.binary,
                file.line_count(),
                file.text().into_owned(),
            )
        })
        .collect()
}

pub(crate) fn says(bundle: &Bundle, word: &str) -> bool {
    bundle
        .problems
        .iter()
        .any(|problem| problem.what.contains(word))
}
