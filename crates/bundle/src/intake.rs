//! Takes in entries from any container: sees what each one is, opens what is packed, and spreads the work over threads.

use std::{
    io::Read,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use rayon::prelude::*;

use crate::{
    block::{self, Keep},
    content::Content,
    cut::Cutter,
    decode::{self, Capped, Checked, Codec, HEAD, Magic, Metered, Packed, Unpeeked, peek},
    encoding::{self, Encoding},
    limits::{Budget, SMALL, Trip},
    notes::Notes,
    origin::{Base, Bytes, Origin, Range},
    path::Name,
    settle::{Done, Slot, Working, settle},
    untar::{End, Input, Kind, Member, Stream, Walker},
    unzip,
};

/// Types of streams would nest without end as archives do.
pub(crate) type AnyStream<'a> = Box<dyn Read + Send + 'a>;

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
    /// BLAKE3 of the bytes; of the blocks' digests if there is more than one block.
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

/// Taking in one stream of entries.
pub(crate) struct Session<'s, 'b> {
    scope: &'s rayon::Scope<'b>,
    pub budget: &'b Budget<'b>,
    slots: Vec<Slot>,
    pub gathered: Gathered,
    stopped: bool,
    /// Where memory ran out.
    out_of_memory: Option<String>,
}

/// What is known of a stream besides its bytes.
#[derive(Default)]
pub(crate) struct Source {
    /// From where it can be read again.
    pub origin: Option<Origin>,
    /// Bytes before decompression, if known.
    pub size: Option<u64>,
    /// The bytes come out of a decompressor that counts them.
    pub counted: bool,
}

impl<'b> Session<'_, 'b> {
    /// The limits of this bundle.
    pub(crate) fn limits(&self) -> &'b crate::Limits {
        self.budget.limits
    }

    pub(crate) fn notes(&mut self) -> &mut Notes {
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

    pub(crate) fn trailing(&mut self, path: &str, trailing: &AtomicBool) {
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
        Some(self.spool(&name.path, stream))
    }

    /// Reads a stream into memory.
    pub(crate) fn spool(&mut self, path: &str, stream: impl Read) -> Range {
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
        Range::new(Bytes::Memory(Arc::new(bytes)), 0, len)
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
    pub(crate) fn plain(
        &mut self,
        name: Name,
        stream: AnyStream<'_>,
        source: Source,
        binary: bool,
    ) {
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
        let likely = source.size.unwrap_or(0);
        let pool = Some(self.budget.pool.clone());
        let mut cutter = Cutter::new(capped, 0, limits.line_bytes, likely, pool);
        let done = Arc::new(Mutex::new(Vec::new()));
        let mut working = Working {
            name,
            binary: false,
            origin: None,
            raws: Vec::new(),
            raw_len: 0,
            dropped: false,
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
        working.dropped = dropped > 0;
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
    fn work(&self, done: &Done, index: usize, bytes: Vec<u8>, keep: Keep, here: bool) {
        // Items are spread over threads themselves; only a stream has other threads to feed.
        let size = bytes.len();
        let budget = self.budget;
        let finish = move |done: &Done, bytes| {
            let block = block::process(bytes, keep, &budget.pool);
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
