//! What mutations start from: samples, rules, their examples, documents, and archives made of samples.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};

/// Of a longer file, this much of its beginning is used: speed finds more than size.
const MOST: usize = 48 << 10;

/// All seeds by what they are.
pub(crate) struct Seeds {
    yaml: Vec<Vec<u8>>,
    rules: Vec<Vec<u8>>,
    logs: Vec<Vec<u8>>,
    texts: Vec<Vec<u8>>,
    archives: Vec<Vec<u8>>,
}

impl Seeds {
    /// Reads the repository at `root`.
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        let mut found = Self {
            yaml: Vec::new(),
            rules: Vec::new(),
            logs: Vec::new(),
            texts: Vec::new(),
            archives: Vec::new(),
        };
        let mut paths = Vec::new();
        for directory in ["samples", "rules", "docs", "crates/cli/tests/redaction"] {
            files(&root.join(directory), &mut paths)?;
        }
        paths.sort();
        for path in paths {
            let mut bytes = fs::read(&path)?;
            bytes.truncate(MOST);
            let below_rules = path.starts_with(root.join("rules"));
            let kind = match path.extension().and_then(|extension| extension.to_str()) {
                Some("yaml") if below_rules => &mut found.rules,
                Some("yaml" | "json") => &mut found.yaml,
                Some("log" | "jsonl") => &mut found.logs,
                _ => &mut found.texts,
            };
            kind.push(bytes);
        }
        for text in fuzz_targets::examples() {
            found.texts.push(text.into_bytes());
        }
        for (number, files) in found.logs.chunks(3).take(12).enumerate() {
            let tar = tar(files)?;
            found.archives.push(match number % 3 {
                0 => gz(&tar)?,
                1 => tar,
                _ => zip(files),
            });
        }
        let inner = found.archives.first().cloned().unwrap_or_default();
        found.archives.push(tar(&[inner])?);
        Ok(found)
    }

    /// The seeds of a target, the most fitting first.
    pub(crate) fn of(&self, target: &str) -> Vec<&[u8]> {
        let kinds: Vec<&Vec<Vec<u8>>> = match target {
            "archive" => vec![&self.archives, &self.logs],
            "journal" | "stamps" | "logscan" => vec![&self.logs, &self.texts],
            "rules" => vec![&self.rules],
            "json" | "yaml" | "yaml_snapshot" => vec![&self.yaml, &self.rules],
            "quantity" => vec![&self.texts, &self.yaml],
            _ => vec![&self.texts, &self.logs, &self.yaml],
        };
        kinds.into_iter().flatten().map(Vec::as_slice).collect()
    }
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

fn gz(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes)?;
    out.finish()
}

/// Beginnings of files, so that mutations also meet headers.
fn short(bytes: &[u8]) -> &[u8] {
    bytes.get(..bytes.len().min(2_000)).unwrap_or_default()
}

fn tar(files: &[Vec<u8>]) -> io::Result<Vec<u8>> {
    let mut out = tar::Builder::new(Vec::new());
    for (number, bytes) in files.iter().enumerate() {
        let bytes = if files.len() == 1 {
            bytes
        } else {
            short(bytes)
        };
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        out.append_data(&mut header, format!("logs/ns/pod-{number}/c.log"), bytes)?;
    }
    out.into_inner()
}

/// A zip of stored members, by hand: a few fields that mutations reach.
fn zip(files: &[Vec<u8>]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (number, bytes) in files.iter().enumerate() {
        let bytes = short(bytes);
        let name = format!("logs/ns/pod-{number}/c.log");
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
        let mut fields = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        fields.extend(crc.sum().to_le_bytes());
        fields.extend(size);
        fields.extend(size);
        fields.extend(u16::try_from(name.len()).unwrap_or(0).to_le_bytes());
        fields.extend([0, 0]);
        let offset = u32::try_from(out.len()).unwrap_or(u32::MAX).to_le_bytes();
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&fields);
        directory.extend([0; 10]);
        directory.extend(offset);
        directory.extend(name.as_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&fields);
        out.extend(name.as_bytes());
        out.extend(bytes);
    }
    let count = u16::try_from(files.len()).unwrap_or(0).to_le_bytes();
    let offset = u32::try_from(out.len()).unwrap_or(u32::MAX).to_le_bytes();
    let size = u32::try_from(directory.len())
        .unwrap_or(u32::MAX)
        .to_le_bytes();
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count);
    out.extend(count);
    out.extend(size);
    out.extend(offset);
    out.extend([0, 0]);
    out
}
