//! Reads zip archives by their directory, or by what lies in them when that is lost; members are inflated in parallel.

use std::io::{Read, Seek, SeekFrom};

use zip::ZipArchive;

use crate::{
    decode::Codec,
    intake::{self, Gathered, Item, Session},
    limits::Budget,
    origin::{Base, Range},
    path::Name,
};

/// What the directory says of one member.
struct Member {
    name: Vec<u8>,
    /// Compression as numbered by the format.
    method: u16,
    header: u64,
    data: u64,
    packed: u64,
    /// Unpacked bytes and checksum, unless only the lost directory knew them.
    declared: Option<(u64, u32)>,
    encrypted: bool,
    link: bool,
    special: bool,
}

/// Takes in the members; `prefix` is the archive's path, empty for the outermost.
pub(crate) fn read(budget: &Budget<'_>, range: &Range, prefix: &str, level: usize) -> Gathered {
    let mut items = Vec::new();
    let mut gathered = intake::session(budget, |session| {
        let mut members = match directory(session, range, prefix) {
            Ok(members) => members,
            Err(why) => {
                let members = without_directory(range, budget);
                session.gathered.notes.add(
                    prefix,
                    format!(
                        "the zip archive is damaged or cut off: {why}; {} entries were found without its directory",
                        members.len()
                    ),
                );
                members
            }
        };
        refuse_overlaps(session, &mut members, prefix);
        windows_names(&mut members);
        for member in members {
            if let Some(item) = admit(session, &member, range, prefix) {
                items.push(item);
            }
        }
    });
    gathered.extend(intake::each(budget, items, level));
    gathered
}

fn directory(
    session: &mut Session<'_, '_>,
    range: &Range,
    prefix: &str,
) -> Result<Vec<Member>, String> {
    let mut archive = ZipArchive::new(range.clone()).map_err(|error| error.to_string())?;
    if archive.has_duplicate_names() {
        session.gathered.notes.add(
            prefix,
            "the zip archive holds a name more than once; the last one is read",
        );
    }
    let mut members = Vec::with_capacity(archive.len().min(1 << 16));
    for index in 0..archive.len() {
        let member = match archive.by_index_raw(index) {
            Ok(member) => member,
            Err(error) => {
                session.gathered.notes.many(
                    "entries of zip archives that cannot be read",
                    prefix,
                    format!("entry {index} of the zip archive cannot be read: {error}"),
                );
                continue;
            }
        };
        if member.is_dir() {
            continue;
        }
        let Some(data) = member.data_start() else {
            continue;
        };
        let mode = member.unix_mode().unwrap_or(0) & 0o170_000;
        members.push(Member {
            name: member.name_raw().to_vec(),
            method: method(member.compression()),
            header: member.header_start(),
            data,
            packed: member.compressed_size(),
            declared: Some((member.size(), member.crc32())),
            encrypted: member.encrypted(),
            link: mode == 0o120_000,
            special: matches!(mode, 0o010_000 | 0o020_000 | 0o060_000 | 0o140_000),
        });
    }
    Ok(members)
}

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const BZIP2: u16 = 12;
const ZSTD: u16 = 93;
const XZ: u16 = 95;
const OTHER: u16 = u16::MAX;

fn method(method: zip::CompressionMethod) -> u16 {
    use zip::CompressionMethod as Method;
    match method {
        Method::Stored => STORED,
        Method::Deflated => DEFLATED,
        other if other == Method::BZIP2 => BZIP2,
        other if other == Method::ZSTD => ZSTD,
        other if other == Method::XZ => XZ,
        _ => OTHER,
    }
}

/// Members that share bytes unpack to far more than any ratio shows: nothing honest writes them.
fn refuse_overlaps(session: &mut Session<'_, '_>, members: &mut Vec<Member>, prefix: &str) {
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by_key(|index| {
        members
            .get(*index)
            .map(|member| (member.header, member.data))
    });
    let mut bad = vec![false; members.len()];
    let mut end = 0;
    let mut widest = None;
    for index in order {
        let Some(member) = members.get(index) else {
            continue;
        };
        if member.header < end {
            for index in [Some(index), widest].into_iter().flatten() {
                if let Some(bad) = bad.get_mut(index) {
                    *bad = true;
                }
            }
        }
        let member_end = member.data.saturating_add(member.packed);
        if member_end > end || widest.is_none() {
            end = member_end;
            widest = Some(index);
        }
    }
    let count = bad.iter().filter(|bad| **bad).count();
    if count > 0 {
        session.gathered.notes.add(
            prefix,
            format!("{count} entries of the zip archive lie over each other, as in a zip bomb; they are not read"),
        );
        let mut bad = bad.into_iter();
        members.retain(|_| !bad.next().unwrap_or(false));
    }
}

/// Some Windows tools write backslashes between directories; then no name holds a slash.
fn windows_names(members: &mut [Member]) {
    if members.iter().any(|member| member.name.contains(&b'/')) {
        return;
    }
    for member in members {
        for byte in &mut member.name {
            if *byte == b'\\' {
                *byte = b'/';
            }
        }
    }
}

fn admit(
    session: &mut Session<'_, '_>,
    member: &Member,
    range: &Range,
    prefix: &str,
) -> Option<Item> {
    let raw = String::from_utf8_lossy(&member.name).into_owned();
    let name = match Name::new(&member.name, session.limits()) {
        Ok(name) => name.below(prefix),
        Err(why) => {
            session.refuse(&raw, why);
            return None;
        }
    };
    if member.special {
        session.special(&name.path);
        return None;
    }
    if member.encrypted {
        session.gathered.notes.many(
            "encrypted entries",
            &name.path,
            "not read: it is encrypted; unpack the archive with its password and analyse the directory",
        );
        return None;
    }
    let codecs = match member.method {
        STORED => Vec::new(),
        DEFLATED => vec![Codec::Deflate],
        BZIP2 => vec![Codec::Bzip2],
        ZSTD => vec![Codec::Zstd],
        XZ => vec![Codec::Xz],
        _ => {
            session.gathered.notes.many(
                "entries of an unknown compression",
                &name.path,
                "not read: its compression is not known; unpack the archive and analyse the directory",
            );
            return None;
        }
    };
    let part = range.part(member.data, member.packed);
    if member.link {
        let target = target(part, &codecs);
        session.gathered.links.push((name.path, target));
        return None;
    }
    session.admit(&name.path).then_some(Item {
        name,
        base: Base::Range(part),
        codecs,
        declared: member.declared,
    })
}

/// The target of a link is its content.
fn target(part: Range, codecs: &[Codec]) -> String {
    let mut stream: Box<dyn Read + Send> = Box::new(part);
    for codec in codecs {
        stream = crate::decode::decoder(*codec, stream, &std::sync::Arc::default());
    }
    let mut bytes = Vec::new();
    let _ = stream.take(4_096).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Walks the headers that stand before the members.
fn without_directory(range: &Range, budget: &Budget<'_>) -> Vec<Member> {
    let mut members = Vec::new();
    let mut at = 0;
    while members.len() < budget.limits.entries {
        let Some(header) = find_header(range, at) else {
            break;
        };
        let Some((member, next)) = local(range, header, budget) else {
            at = header + 4;
            continue;
        };
        at = next.max(header + 30);
        if !member.name.ends_with(b"/") {
            members.push(member);
        }
    }
    members
}

const SIGNATURE: &[u8] = b"PK\x03\x04";

/// The next place that begins like a member.
fn find_header(range: &Range, mut at: u64) -> Option<u64> {
    const STEP: u64 = 64 << 10;
    while at + 30 <= range.len() {
        let mut window = Vec::new();
        range.part(at, STEP + 3).read_to_end(&mut window).ok()?;
        if let Some(found) = memchr::memmem::find(&window, SIGNATURE) {
            return Some(at + found as u64);
        }
        at += STEP;
    }
    None
}

/// A member and the end of its data, from the header before it.
fn local(range: &Range, header: u64, budget: &Budget<'_>) -> Option<(Member, u64)> {
    let mut fixed = [0; 30];
    range.part(header, 30).read_exact(&mut fixed).ok()?;
    let short = |at: usize| {
        fixed
            .get(at..at + 2)
            .and_then(|bytes| Some(u16::from_le_bytes(bytes.try_into().ok()?)))
            .unwrap_or(0)
    };
    let long = |at: usize| u32::from(short(at)) | (u32::from(short(at + 2)) << 16);
    let (flags, method) = (short(6), short(8));
    let (name_len, extra_len) = (u64::from(short(26)), u64::from(short(28)));
    let mut name = Vec::new();
    range
        .part(header + 30, name_len)
        .read_to_end(&mut name)
        .ok()?;
    let mut extra = Vec::new();
    range
        .part(header + 30 + name_len, extra_len)
        .read_to_end(&mut extra)
        .ok()?;
    if name.is_empty() || name.len() as u64 != name_len || extra.len() as u64 != extra_len {
        return None;
    }
    let data = header + 30 + name_len + extra_len;
    let (mut packed, mut size) = (u64::from(long(18)), u64::from(long(22)));
    if packed == u64::from(u32::MAX) || size == u64::from(u32::MAX) {
        (size, packed) = sizes64(&extra).unwrap_or((size, packed));
    }
    let mut declared = Some((size, long(14)));
    if flags & 8 != 0 && packed == 0 {
        // The sizes stand behind the data: only unpacking shows where that is.
        declared = None;
        packed = match method {
            DEFLATED => deflated_len(range.part(data, u64::MAX), budget),
            _ => range.len().saturating_sub(data),
        };
    }
    let member = Member {
        name,
        method,
        header,
        data,
        packed: packed.min(range.len().saturating_sub(data)),
        declared,
        encrypted: flags & 1 != 0,
        link: false,
        special: false,
    };
    let next = data.saturating_add(packed);
    Some((member, next))
}

/// Unpacked and packed size of a large member.
fn sizes64(mut extra: &[u8]) -> Option<(u64, u64)> {
    loop {
        let id = u16::from_le_bytes(extra.get(..2)?.try_into().ok()?);
        let len = usize::from(u16::from_le_bytes(extra.get(2..4)?.try_into().ok()?));
        let field = extra.get(4..4 + len)?;
        if id == 1 {
            let size = u64::from_le_bytes(field.get(..8)?.try_into().ok()?);
            let packed = u64::from_le_bytes(field.get(8..16)?.try_into().ok()?);
            return Some((size, packed));
        }
        extra = extra.get(4 + len..)?;
    }
}

/// How many bytes a deflate stream takes, or all there are.
fn deflated_len(mut range: Range, budget: &Budget<'_>) -> u64 {
    let mut inflate = flate2::Decompress::new(false);
    let mut input = vec![0; 64 << 10];
    let mut output = vec![0; 64 << 10];
    loop {
        let at = inflate.total_in();
        let Ok(count) = range
            .seek(SeekFrom::Start(at))
            .and_then(|_| range.read(&mut input))
        else {
            return at;
        };
        let made = inflate.total_out();
        let status = inflate.decompress(
            input.get(..count).unwrap_or(&[]),
            &mut output,
            flate2::FlushDecompress::None,
        );
        budget.produce(inflate.total_out() - made);
        let stuck = inflate.total_in() == at && inflate.total_out() == made;
        match status {
            Ok(flate2::Status::StreamEnd) => return inflate.total_in(),
            Ok(_) if !stuck && budget.left() > 0 => {}
            _ => return range.len(),
        }
    }
}
