//! Takes in entries from any container: sees what each one is, opens what is packed, and spreads the work over threads.

use std::{
    io::{Read, Seek},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::{
    block::{self, Block, Body, Keep},
    content::{Content, Mark, Store, Text},
    cut::Cutter,
    decode::{self, Capped, Checked, Codec, HEAD, Magic, Metered, Packed, Unpeeked, peek},
    encoding::{self, Encoding},
    limits::{Budget, SMALL, Trip},
    notes::Notes,
    origin::{Base, Bytes, Origin, Range},
    path::Name,
    untar::{End, Input, Kind, Member, Stream, Walker},
    unzip,
};

/// Types of streams would nest without end as archives do.
type AnyStream<'a> = Box<dyn Read + Send + 'a>;

/// Members of this size are packed rather than inflated again for each quoted line.
const REINFLATE: u64 = 4 << 20;

/// A file as it was taken in.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its path.
    pub path: String,
    /// See [`Name::exact`].
    pub exact: Option<Vec<u8>>,
    /// Bytes read.
    pub bytes: u64,
    /// Not text.
    pub binary: bool,
    /// SHA-256 of the bytes; of the blocks' SHA-256 if there is more than one block.
    pub digest: [u8; 32],
    /// The text.
    pub content: Content,
}

/// What came out of a container.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub entries: Vec<Entry>,
    pub notes: Notes,
    pub links: Vec<(String, String)>,
}

impl Gathered {
    pub(crate) fn extend(&mut self, other: Self) {
        self.entries.extend(other.entries);
        self.notes.extend(other.notes);
        self.links.extend(other.links);
    }
}

/// Bytes that can be read again, to be taken in.
#[derive(Debug)]
pub(crate) struct Item {
    pub name: Name,
    pub base: Base,
    /// Outermost first.
    pub codecs: Vec<Codec>,
    /// Bytes and checksum that a zip archive declares.
    pub declared: Option<(u64, u32)>,
}

/// Takes in many items at once; the result is in their order.
pub(crate) fn each(budget: &Budget<'_>, items: Vec<Item>, level: usize) -> Gathered {
    let found: Vec<Gathered> = items
        .into_par_iter()
        .map(|item| session(budget, |session| session.item(item, level)))
        .collect();
    let mut all = Gathered::default();
    for one in found {
        all.extend(one);
    }
    all
}

/// Takes in one stream of entries, working on their blocks in other threads.
pub(crate) fn session<'b>(
    budget: &'b Budget<'b>,
    then: impl FnOnce(&mut Session<'_, 'b>),
) -> Gathered {
    let (slots, mut gathered, stop) = rayon::in_place_scope(|scope| {
        let mut session = Session {
            scope,
            budget,
            slots: Vec::new(),
            gathered: Gathered::default(),
            stopped: false,
            out_of_memory: None,
        };
        then(&mut session);
        (session.slots, session.gathered, session.out_of_memory)
    });
    let stop = settle(budget, slots, &mut gathered).or(stop);
    if let Some(path) = stop {
        let trip = Trip::Memory(budget.limits.memory_bytes);
        gathered.notes.add(
            &path,
            format!("cut off, and nothing after it is read: {trip}"),
        );
    }
    gathered
}

/// An entry whose blocks may still be with other threads.
enum Slot {
    Ready(Vec<Entry>),
    Working(Working),
}

struct Working {
    name: Name,
    binary: bool,
    origin: Option<Origin>,
    /// Offsets of the blocks.
    raws: Vec<u64>,
    raw_len: u64,
    done: Arc<Mutex<Vec<(usize, Block)>>>,
}

/// Taking in one stream of entries.
pub(crate) struct Session<'s, 'b> {
    scope: &'s rayon::Scope<'b>,
    budget: &'b Budget<'b>,
    slots: Vec<Slot>,
    pub gathered: Gathered,
    stopped: bool,
    /// Where memory ran out.
    out_of_memory: Option<String>,
}

/// What is known of a stream besides its bytes.
#[derive(Default)]
struct Source {
    origin: Option<Origin>,
    /// Bytes before decompression, if known.
    size: Option<u64>,
    /// The bytes come out of a decompressor that counts them.
    counted: bool,
}

impl<'b> Session<'_, 'b> {
    /// The limits of this bundle.
    pub(crate) fn limits(&self) -> &'b crate::Limits {
        self.budget.limits
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.gathered.notes
    }

    /// Takes in bytes that can be read again.
    pub(crate) fn item(&mut self, mut item: Item, level: usize) {
        let range = match item.base.first() {
            Ok(range) => range,
            Err(error) => {
                self.notes().many(
                    "files that cannot be read",
                    &item.name.path,
                    format!("cannot be read: {error}"),
                );
                return;
            }
        };
        let size = range.len();
        let mut source = Source {
            size: Some(size),
            counted: !item.codecs.is_empty(),
            origin: Some(Origin {
                base: item.base,
                codecs: item.codecs.clone(),
                encoding: Encoding::Utf8,
            }),
        };
        if item.codecs.is_empty() && item.declared.is_none() {
            self.entry(item.name, Box::new(range), source, level);
            return;
        }
        let trailing = Arc::new(AtomicBool::new(false));
        let mut stream: AnyStream<'_> = Box::new(range);
        for codec in &item.codecs {
            let decoder = decode::decoder(*codec, stream, &trailing);
            stream = Box::new(Metered::new(decoder, self.budget, Packed::Size(size)));
        }
        if let Some((bytes, crc)) = item.declared {
            source.size = Some(bytes);
            let capped = Capped::new(stream, bytes, Trip::Declared(bytes));
            stream = Box::new(Checked::new(capped, crc));
        }
        self.entry(item.name, stream, source, level);
    }

    /// Takes in one stream, whatever it is. `level` counts the archives around it.
    fn entry(&mut self, name: Name, mut stream: AnyStream<'_>, mut source: Source, level: usize) {
        let head = peek(&mut stream, HEAD);
        let magic = Magic::of(&head.0);
        let stream: AnyStream<'_> = Box::new(Unpeeked::new(head, stream));
        match magic {
            Magic::Codec(codec) => self.packed(name, codec, stream, source, level),
            Magic::Zip if level < self.budget.limits.nested => {
                if let Some(range) = self.whole(&name, stream, &source) {
                    let found = unzip::read(self.budget, &range, &name.path, level + 1);
                    self.take(found);
                }
            }
            Magic::Tar if level < self.budget.limits.nested => {
                self.tar(&name.path, Stream(stream), level + 1);
            }
            Magic::Zip | Magic::Tar => {
                self.too_deep(&name);
                self.plain(name, stream, source, true);
            }
            Magic::Refused(what) => {
                self.notes().many(
                    "archives of a kind that is not read",
                    &name.path,
                    format!("{what} archives are not read; unpack it and analyse the directory"),
                );
                source.origin = None;
                self.plain(name, stream, source, true);
            }
            Magic::Other => self.plain(name, stream, source, false),
        }
    }

    fn too_deep(&mut self, name: &Name) {
        let nested = self.budget.limits.nested;
        self.notes().many(
            "archives nested too deeply",
            &name.path,
            format!("not opened: an archive more than {nested} levels inside others"),
        );
    }

    /// A compressed stream holds an archive, or one file that takes its place (a rotated log).
    fn packed(
        &mut self,
        name: Name,
        codec: Codec,
        stream: AnyStream<'_>,
        mut source: Source,
        level: usize,
    ) {
        let trailing = Arc::new(AtomicBool::new(false));
        let (counted, count) = decode::Counted::new(stream);
        let packed = source.size.map_or(Packed::Read(count), Packed::Size);
        let decoder = decode::decoder(codec, counted, &trailing);
        let mut stream = Metered::new(decoder, self.budget, packed);
        let head = peek(&mut stream, HEAD);
        let magic = Magic::of(&head.0);
        let stream: AnyStream<'_> = Box::new(Unpeeked::new(head, stream));
        let path = name.path.clone();
        if magic == Magic::Tar && level < self.budget.limits.nested {
            self.tar(&path, Stream(stream), level + 1);
        } else {
            if magic == Magic::Tar {
                self.too_deep(&name);
            }
            source.counted = true;
            if let Some(origin) = &mut source.origin {
                origin.codecs.push(codec);
            }
            self.plain(name, stream, source, magic != Magic::Other);
        }
        self.trailing(&path, &trailing);
    }

    fn trailing(&mut self, path: &str, trailing: &AtomicBool) {
        if trailing.load(Relaxed) {
            self.notes().many(
                "bytes after compressed data",
                path,
                "bytes follow the end of the compressed data; they are not read",
            );
        }
    }

    /// All bytes of an archive that must be read at any place.
    fn whole(&mut self, name: &Name, stream: impl Read, source: &Source) -> Option<Range> {
        if let Some(origin) = &source.origin
            && origin.codecs.is_empty()
        {
            return origin.base.clone().first().ok();
        }
        self.spool(&name.path, stream)
    }

    /// Reads a stream into memory.
    pub(crate) fn spool(&mut self, path: &str, stream: impl Read) -> Option<Range> {
        let limits = self.budget.limits;
        let room = self.budget.memory_left().min(limits.entry_bytes);
        let trip = if room < limits.entry_bytes {
            Trip::Memory(limits.memory_bytes)
        } else {
            Trip::Entry(limits.entry_bytes)
        };
        let mut bytes = Vec::new();
        if let Err(error) = Capped::new(stream, room, trip).read_to_end(&mut bytes) {
            // The directory of a zip lies at its end, but much can be found without it.
            self.notes().add(
                path,
                format!("cut off after {} bytes: {error}", bytes.len()),
            );
        }
        bytes.shrink_to_fit();
        self.budget.store(bytes.len());
        let len = bytes.len() as u64;
        Some(Range::new(Bytes::Memory(Arc::new(bytes)), 0, len))
    }

    /// Adds what another container gave, in its place among the entries.
    pub(crate) fn take(&mut self, mut found: Gathered) {
        self.slots
            .push(Slot::Ready(std::mem::take(&mut found.entries)));
        self.gathered.extend(found);
    }

    /// Takes in the entries of a tar stream; `prefix` is the archive's path, empty for the outermost.
    pub(crate) fn tar(&mut self, prefix: &str, input: impl Input + Send, level: usize) {
        let mut walker = Walker::new(input);
        let before = self.slots.len();
        let mut failed = None;
        loop {
            let member = match walker.next() {
                Ok(Some(member)) => member,
                Ok(None) => break,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            };
            let Some(name) = self.member(&member, prefix) else {
                if self.stopped {
                    return;
                }
                continue;
            };
            let source = Source {
                size: Some(member.size),
                counted: true,
                origin: None,
            };
            self.entry(name, Box::new(walker.data()), source, level);
            if self.stopped {
                return;
            }
        }
        if failed.is_none() {
            // What follows the end mark is not read, but its checksum is.
            failed = walker.drain().err();
        }
        let kept = self.slots.len() - before;
        self.tar_end(prefix, walker.end, walker.lost, failed.as_ref(), kept);
    }

    /// The entries of a tar archive that can be read at any place.
    pub(crate) fn tar_ranges(&mut self, range: &Range) -> Vec<Item> {
        let mut walker = Walker::new(range.clone());
        let mut items = Vec::new();
        let mut failed = None;
        loop {
            match walker.next() {
                Ok(None) => break,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
                Ok(Some(member)) => {
                    if let Some(name) = self.member(&member, "") {
                        if member.size > range.len().saturating_sub(member.offset) {
                            self.notes().add(
                                &name.path,
                                "cut off: the archive ends inside it; what came before is read",
                            );
                        }
                        items.push(Item {
                            name,
                            base: Base::Range(range.part(member.offset, member.size)),
                            codecs: Vec::new(),
                            declared: None,
                        });
                    } else if self.stopped {
                        return items;
                    }
                }
            }
        }
        self.tar_end("", walker.end, walker.lost, failed.as_ref(), items.len());
        items
    }

    fn tar_end(
        &mut self,
        archive: &str,
        end: End,
        lost: u64,
        failed: Option<&std::io::Error>,
        kept: usize,
    ) {
        if lost > 0 {
            self.notes().add(
                archive,
                format!("the tar archive is damaged: {lost} bytes of it are not entries; what could be found around them is read"),
            );
        }
        let why = match (failed, end) {
            (Some(error), _) => error.to_string(),
            (None, End::Cut) => "it ends inside an entry".to_owned(),
            (None, End::Unmarked) => "it has no end mark".to_owned(),
            (None, End::Marked) => return,
        };
        self.notes().add(
            archive,
            format!("the tar archive is damaged or cut off: {why}; the {kept} files before that are read"),
        );
    }

    /// The name of an entry that is a file; links and all else are noted.
    fn member(&mut self, member: &Member, prefix: &str) -> Option<Name> {
        if member.kind == Kind::Nothing {
            return None;
        }
        let raw = String::from_utf8_lossy(&member.name);
        let name = match Name::new(&member.name, self.budget.limits) {
            Ok(name) => name.below(prefix),
            Err(why) => {
                self.refuse(&raw, why);
                return None;
            }
        };
        match &member.kind {
            Kind::Link(target) => {
                let target = String::from_utf8_lossy(target).into_owned();
                self.gathered.links.push((name.path, target));
                return None;
            }
            Kind::Special => {
                self.special(&name.path);
                return None;
            }
            Kind::File | Kind::Nothing => {}
        }
        if member.sparse {
            self.notes().many(
                "sparse files",
                &name.path,
                "a sparse file; its holes are left out",
            );
        }
        self.admit(&name.path).then_some(name)
    }

    /// Notes a refused name.
    pub(crate) fn refuse(&mut self, raw: &str, why: &str) {
        let shown: String = raw.chars().take(200).collect();
        self.notes()
            .many("names that are refused", &shown, format!("not read: {why}"));
    }

    /// Notes a device, FIFO or socket.
    pub(crate) fn special(&mut self, path: &str) {
        self.notes().many(
            "devices, FIFOs and sockets",
            path,
            "not read: a device, FIFO or socket",
        );
    }

    /// Counts one more file; at the limit it says so and stops.
    pub(crate) fn admit(&mut self, path: &str) -> bool {
        if self.stopped {
            return false;
        }
        if let Err(trip) = self.budget.entry() {
            self.stopped = true;
            self.notes()
                .add(path, format!("not read, nor anything after it: {trip}"));
            return false;
        }
        true
    }

    /// Takes in one file.
    fn plain(&mut self, name: Name, stream: AnyStream<'_>, source: Source, binary: bool) {
        if source.counted {
            self.text(name, stream, source, binary);
        } else {
            let metered = Metered::new(stream, self.budget, Packed::Not);
            self.text(name, Box::new(metered), source, binary);
        }
    }

    fn text(
        &mut self,
        name: Name,
        mut stream: AnyStream<'_>,
        mut source: Source,
        mut binary: bool,
    ) {
        let limits = self.budget.limits;
        let mut head = peek(&mut stream, 4);
        let encoding = if binary {
            Encoding::Utf8
        } else {
            Encoding::sniff(&head.0)
        };
        head.0.drain(..encoding.mark());
        if let Some(origin) = &mut source.origin {
            origin.encoding = encoding;
        }
        let stream = encoding::decode(encoding, Unpeeked::new(head, stream));
        let capped = Capped::new(stream, limits.entry_bytes, Trip::Entry(limits.entry_bytes));
        let mut cutter = Cutter::new(capped, 0, limits.line_bytes);
        let done = Arc::new(Mutex::new(Vec::new()));
        let mut working = Working {
            name,
            binary: false,
            origin: None,
            raws: Vec::new(),
            raw_len: 0,
            done: Arc::clone(&done),
        };
        let mut keep = Keep::Nothing;
        let mut dropped = 0;
        while let Some(cut) = cutter.next() {
            let index = working.raws.len();
            let alone = index == 0 && cutter.at_end();
            if index == 0 {
                binary |= block::looks_binary(&cut.bytes);
                keep = if binary {
                    Keep::Nothing
                } else {
                    self.keep(&source, &cut.bytes, alone)
                };
            } else if keep == Keep::Plain && !self.budget.hold_plain(cut.bytes.len()) {
                keep = Keep::Packed;
            }
            dropped += cut.dropped;
            working.raws.push(cut.raw);
            working.raw_len = cut.raw + cut.bytes.len() as u64 + cut.dropped;
            self.work(&done, index, cut.bytes, keep, alone);
            if keep != Keep::Nothing && self.budget.memory().is_err() {
                if source.origin.is_some() {
                    // Reading it again is slower, but needs no memory.
                    keep = Keep::Nothing;
                } else {
                    self.stopped = true;
                    self.out_of_memory = Some(working.name.path.clone());
                    break;
                }
            }
        }
        let path = &working.name.path;
        if dropped > 0 {
            self.gathered.notes.many(
                "overlong lines",
                path,
                format!(
                    "{dropped} bytes of lines longer than {} bytes are not read",
                    limits.line_bytes
                ),
            );
        }
        let at = working.raw_len;
        if self.stopped {
            // Said when it is known how much fits.
        } else if let Some(error) = cutter.error() {
            self.gathered.notes.many(
                "files that are cut off",
                path,
                format!("cut off after {at} bytes: {error}; what came before is read"),
            );
        }
        working.binary = binary;
        working.origin = source.origin;
        self.slots.push(Slot::Working(working));
    }

    /// How to keep a text, by its first block.
    fn keep(&self, source: &Source, first: &[u8], alone: bool) -> Keep {
        if alone && first.len() <= SMALL && self.budget.hold_plain(first.len()) {
            return Keep::Plain;
        }
        match &source.origin {
            Some(origin) if origin.seeks() => Keep::Nothing,
            // The packed size tells little about the text, but enough to choose.
            Some(origin) => {
                let factor = if origin.codecs.is_empty() { 1 } else { 8 };
                if source.size.unwrap_or(0) * factor > REINFLATE {
                    Keep::Packed
                } else {
                    Keep::Nothing
                }
            }
            None if self.budget.hold_plain(first.len()) => Keep::Plain,
            None => Keep::Packed,
        }
    }

    /// Works on a block in another thread, or here if those have enough to do.
    fn work(
        &self,
        done: &Arc<Mutex<Vec<(usize, Block)>>>,
        index: usize,
        bytes: Vec<u8>,
        keep: Keep,
        here: bool,
    ) {
        // Items are spread over threads themselves; only a stream has other threads to feed.
        let size = bytes.len();
        let budget = self.budget;
        let finish = move |done: &Mutex<Vec<(usize, Block)>>, bytes| {
            let block = block::process(bytes, keep);
            budget.store(block.body.size());
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((index, block));
        };
        if (here && size < 4 << 10) || !budget.take_off(size) {
            finish(done, bytes);
            return;
        }
        let done = Arc::clone(done);
        self.scope.spawn(move |_| {
            finish(&done, bytes);
            budget.land(size);
        });
    }
}

/// Turns worked blocks into entries, in order. Where memory ran out, the entries up to the same one
/// are kept whatever the threads did; gives that one's path.
fn settle(budget: &Budget<'_>, slots: Vec<Slot>, gathered: &mut Gathered) -> Option<String> {
    let mut left = if budget.memory().is_err() {
        budget.limits.memory_bytes
    } else {
        u64::MAX
    };
    for slot in slots {
        match slot {
            Slot::Ready(entries) => gathered.entries.extend(entries),
            Slot::Working(working) => {
                let (entry, cut) = working.settle(&mut left, budget.limits.line_bytes);
                let path = entry.path.clone();
                gathered.entries.push(entry);
                if cut {
                    return Some(path);
                }
            }
        }
    }
    None
}

impl Working {
    fn settle(self, left: &mut u64, line_limit: usize) -> (Entry, bool) {
        let mut done =
            std::mem::take(&mut *self.done.lock().unwrap_or_else(PoisonError::into_inner));
        done.sort_by_key(|(index, _)| *index);
        let mut marks = Vec::with_capacity(done.len());
        let mut bodies = Vec::with_capacity(done.len());
        let mut digests = Vec::with_capacity(done.len());
        let (mut newlines, mut text_len, mut raw_len, mut open) = (0_u32, 0, 0, false);
        let (mut complete, mut cut) = (true, false);
        for ((_, block), raw) in done.into_iter().zip(&self.raws) {
            let size = block.body.size() as u64;
            if size > *left && self.origin.is_none() {
                cut = true;
                break;
            }
            *left -= size.min(*left);
            marks.push(Mark {
                line: newlines.saturating_add(1),
                raw: *raw,
                text: text_len,
            });
            newlines = newlines.saturating_add(block.newlines);
            text_len += block.text_len;
            raw_len = raw + block.raw_len;
            open = block.open;
            digests.push(block.digest);
            complete &= !matches!(block.body, Body::Nothing);
            bodies.push(block.body);
        }
        // A line that was cut ends after its block's bytes; the whole length is known from reading.
        if bodies.len() == self.raws.len() {
            raw_len = self.raw_len;
        }
        let digest = match digests.as_slice() {
            [one] => *one,
            many => Sha256::digest(many.as_flattened()).into(),
        };
        let store = store(self.binary, complete, bodies, self.origin);
        if matches!(store, Store::Held(_) | Store::Binary) {
            marks = Vec::new();
        }
        let entry = Entry {
            path: self.name.path,
            exact: self.name.exact,
            bytes: raw_len,
            binary: self.binary,
            digest,
            content: Content {
                store,
                marks,
                raw_len,
                text_len,
                lines: newlines.saturating_add(u32::from(open)).max(1),
                line_limit,
                late: std::sync::OnceLock::new(),
            },
        };
        (entry, cut)
    }
}

fn store(binary: bool, complete: bool, bodies: Vec<Body>, origin: Option<Origin>) -> Store {
    if binary {
        return Store::Binary;
    }
    if bodies.is_empty() {
        return Store::Held(Text::default());
    }
    match origin {
        Some(origin) if !complete => return Store::Elsewhere(origin),
        _ => {}
    }
    if bodies.iter().all(|body| matches!(body, Body::Plain(_))) {
        let mut bodies = bodies.into_iter();
        let mut text = match bodies.next() {
            Some(Body::Plain(text)) => text,
            _ => String::new(),
        };
        for body in bodies {
            text.push_str(&body.text());
        }
        text.shrink_to_fit();
        return Store::Held(Text::new(text));
    }
    Store::Blocks(bodies)
}

/// Reads the outermost container, which can be read at any place.
pub(crate) fn outermost(budget: &Budget<'_>, base: Base, name: &str) -> Result<Gathered, Refused> {
    let mut first = base.clone();
    let mut range = first.first().map_err(Refused::Unreadable)?;
    let head = peek(&mut range, HEAD).0;
    range.rewind().map_err(Refused::Unreadable)?;
    Ok(match Magic::of(&head) {
        Magic::Refused(what) => return Err(Refused::Kind(what)),
        Magic::Zip => unzip::read(budget, &range, "", 0),
        Magic::Tar => {
            let mut items = Vec::new();
            let mut gathered = session(budget, |session| items = session.tar_ranges(&range));
            gathered.extend(each(budget, items, 0));
            gathered
        }
        Magic::Codec(codec) => session(budget, |session| {
            let size = Some(range.len());
            let source = Source {
                size,
                counted: true,
                origin: Some(Origin {
                    base: first,
                    codecs: Vec::new(),
                    encoding: Encoding::Utf8,
                }),
            };
            session.outer_packed(name, codec, range, source);
        }),
        Magic::Other => session(budget, |session| {
            session.item(
                Item {
                    name: single(name),
                    base,
                    codecs: Vec::new(),
                    declared: None,
                },
                0,
            );
        }),
    })
}

/// Reads the outermost container as it comes.
pub(crate) fn outermost_stream(
    budget: &Budget<'_>,
    mut stream: impl Read + Send,
    name: &str,
) -> Result<Gathered, Refused> {
    let head = peek(&mut stream, HEAD);
    if let (true, Some(_)) = (head.0.is_empty(), &head.1) {
        let error = head.1.unwrap_or_else(|| std::io::ErrorKind::Other.into());
        return Err(Refused::Unreadable(error));
    }
    let magic = Magic::of(&head.0);
    let name = if name.contains('.') {
        name.to_owned()
    } else {
        format!("{name}{}", extension(&head.0))
    };
    let stream: AnyStream<'_> = Box::new(Unpeeked::new(head, stream));
    Ok(match magic {
        Magic::Refused(what) => return Err(Refused::Kind(what)),
        Magic::Zip => {
            let mut range = None;
            let mut gathered = session(budget, |session| range = session.spool("", stream));
            if let Some(range) = range {
                gathered.extend(unzip::read(budget, &range, "", 0));
            }
            gathered
        }
        Magic::Tar => session(budget, |session| {
            let stream = Metered::new(stream, budget, Packed::Not);
            session.tar("", Stream(Box::new(stream) as AnyStream<'_>), 0);
        }),
        Magic::Codec(codec) => session(budget, |session| {
            session.outer_packed(&name, codec, stream, Source::default());
        }),
        Magic::Other => session(budget, |session| {
            session.plain(single(&name), stream, Source::default(), false);
        }),
    })
}

/// A name for text without one, by what it looks like: readers go by names.
fn extension(head: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('{') || text.starts_with('[') {
        ".json"
    } else if [
        "apiVersion:",
        "kind:",
        "items:",
        "metadata:",
        "---\n",
        "---\r",
    ]
    .iter()
    .any(|start| text.starts_with(start))
    {
        ".yaml"
    } else {
        ".txt"
    }
}

impl Session<'_, '_> {
    /// A compressed archive, or one compressed file, which loses the ending of its name.
    fn outer_packed(
        &mut self,
        name: &str,
        codec: Codec,
        stream: impl Read + Send,
        mut source: Source,
    ) {
        let trailing = Arc::new(AtomicBool::new(false));
        let (counted, count) = decode::Counted::new(stream);
        let packed = source.size.map_or(Packed::Read(count), Packed::Size);
        let decoder = decode::decoder(codec, counted, &trailing);
        let mut stream = Metered::new(decoder, self.budget, packed);
        let head = peek(&mut stream, HEAD);
        let broken = head
            .0
            .is_empty()
            .then(|| head.1.as_ref().map(ToString::to_string));
        let magic = Magic::of(&head.0);
        let stream: AnyStream<'_> = Box::new(Unpeeked::new(head, stream));
        if let Some(broken) = broken {
            let why = broken.map_or_else(String::new, |why| format!(": {why}"));
            self.notes().add(
                "",
                format!("{name} is damaged or empty: nothing can be unpacked{why}"),
            );
        } else if magic == Magic::Tar {
            self.tar("", Stream(stream), 0);
        } else {
            if let Some(origin) = &mut source.origin {
                origin.codecs.push(codec);
            }
            source.counted = true;
            let inner = [".gz", ".xz", ".zst", ".bz2"]
                .iter()
                .find_map(|end| name.strip_suffix(end))
                .unwrap_or(name);
            self.plain(single(inner), stream, source, magic != Magic::Other);
        }
        self.trailing("", &trailing);
    }
}

fn single(name: &str) -> Name {
    Name {
        path: name.to_owned(),
        exact: None,
    }
}

/// Why nothing was read at all.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The operating system refuses.
    Unreadable(std::io::Error),
    /// A container of this kind is not read.
    Kind(&'static str),
}
