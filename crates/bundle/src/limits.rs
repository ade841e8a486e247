//! How much a bundle may make us read and keep: every trip is a problem with its place, never silence.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use crate::cut::Pool;

/// Limits on what is produced from an input; sizes in bytes.
#[derive(Debug, Clone)]
pub struct Limits {
    /// All entries together, as unpacked.
    pub total_bytes: u64,
    /// One entry.
    pub entry_bytes: u64,
    /// Number of entries.
    pub entries: usize,
    /// Produced bytes for each byte of a compressed input, counted after the first 64 MiB.
    pub ratio: u64,
    /// Directory levels.
    pub depth: usize,
    /// Length of a path.
    pub path_bytes: usize,
    /// Archives inside archives: how many levels below the outermost are opened.
    pub nested: usize,
    /// One line; the rest of a longer one is dropped. Not less than one block (256 KiB).
    pub line_bytes: usize,
    /// What may be held in memory, packed or not. Files that can be read again do not count.
    pub memory_bytes: u64,
}

impl Default for Limits {
    /// Far above any real bundle (the largest known are tens of GiB of logs), small enough for a
    /// laptop: what is read again from disk costs no memory, and what is held is bounded.
    fn default() -> Self {
        Self {
            total_bytes: 64 << 30,
            entry_bytes: 16 << 30,
            entries: 1_000_000,
            // Of gzip, real bundles give 20 to 40 bytes for one, and a log that repeats one short line
            // up to 500, for which --max-ratio lifts this; the most that gzip can do is 1032.
            ratio: 300,
            depth: 64,
            path_bytes: 4_096,
            nested: 2,
            // A whole pod list of a large cluster as compact JSON is one line of 100 MB.
            line_bytes: 256 << 20,
            memory_bytes: 4 << 30,
        }
    }
}

/// Bytes that a compressed input may produce before its ratio is looked at.
pub(crate) const RATIO_GRACE: u64 = 64 << 20;
/// Texts up to this size are held as they are, while [`PLAIN_TOTAL`] lasts: opening or unpacking a
/// small file for each use costs more than it saves.
///
/// Measured on a must-gather (93 MB of YAML and logs): LZ4 packs blocks of 4 KiB 2.3:1 at
/// 0.5 GB/s, 16 KiB 3.2:1, 64 KiB 4.7:1, 256 KiB 5.2:1 at 1.0 GB/s, 1 MiB 5.4:1; it unpacks at
/// 2 to 3.7 GB/s. Hash (2.3 GB/s) and packing on one core are a little over half as fast as inflate
/// on the other (1.3 GB/s).
pub(crate) const SMALL: usize = 64 << 10;
/// Plain texts held before larger ones are packed.
pub(crate) const PLAIN_TOTAL: u64 = 64 << 20;
/// Raw bytes handed to other threads and not yet worked on, for each of them: enough that none
/// waits, few enough that a block is still in the processor's cache when it is worked on.
const IN_FLIGHT: usize = 1 << 20;

/// A limit that was reached, as the sentence of its problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trip {
    /// `Limits::total_bytes`.
    #[error("the limit of {0} bytes for the whole bundle (--max-total-bytes) is reached")]
    Total(u64),
    /// `Limits::entry_bytes`.
    #[error("the limit of {0} bytes for one file (--max-file-bytes) is reached")]
    Entry(u64),
    /// `Limits::ratio`.
    #[error("the limit of {0} unpacked bytes for each packed one (--max-ratio) is reached")]
    Ratio(u64),
    /// `Limits::memory_bytes`.
    #[error("the limit of {0} bytes held in memory (--max-memory) is reached")]
    Memory(u64),
    /// `Limits::entries`.
    #[error("the limit of {0} files (--max-files) is reached")]
    Entries(usize),
    /// More than an archive's directory promises.
    #[error("it unpacks to more than the {0} bytes that the archive declares")]
    Declared(u64),
}

impl Trip {
    /// As an error of the stream that is stopped by it.
    pub(crate) fn error(self) -> std::io::Error {
        std::io::Error::other(self)
    }
}

/// What all threads that read one bundle have used up together.
#[derive(Debug)]
pub(crate) struct Budget<'a> {
    pub limits: &'a Limits,
    produced: AtomicU64,
    plain: AtomicU64,
    stored: AtomicU64,
    entries: AtomicUsize,
    in_flight: AtomicUsize,
    in_flight_limit: usize,
    /// Buffers for the blocks that are read.
    pub pool: Arc<Pool>,
}

impl<'a> Budget<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            produced: AtomicU64::new(0),
            plain: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            entries: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
            in_flight_limit: IN_FLIGHT * (rayon::current_num_threads() - 1),
            pool: Arc::default(),
        }
    }

    /// Counts produced bytes.
    pub(crate) fn produce(&self, bytes: u64) {
        self.produced.fetch_add(bytes, Relaxed);
    }

    /// How many bytes may still be produced.
    pub(crate) fn left(&self) -> u64 {
        self.limits
            .total_bytes
            .saturating_sub(self.produced.load(Relaxed))
    }

    /// Counts one more file.
    pub(crate) fn entry(&self) -> Result<(), Trip> {
        if self.entries.fetch_add(1, Relaxed) >= self.limits.entries {
            return Err(Trip::Entries(self.limits.entries));
        }
        Ok(())
    }

    /// Whether a text of this size is better held plain than packed.
    pub(crate) fn hold_plain(&self, bytes: usize) -> bool {
        let bytes = bytes as u64;
        if self.plain.load(Relaxed).saturating_add(bytes) > PLAIN_TOTAL {
            return false;
        }
        self.plain.fetch_add(bytes, Relaxed);
        true
    }

    /// Counts what is kept in memory.
    pub(crate) fn store(&self, bytes: usize) {
        self.stored.fetch_add(bytes as u64, Relaxed);
    }

    /// Whether memory is used up.
    pub(crate) fn memory(&self) -> Result<(), Trip> {
        if self.stored.load(Relaxed) > self.limits.memory_bytes {
            return Err(Trip::Memory(self.limits.memory_bytes));
        }
        Ok(())
    }

    /// What may still be held in memory.
    pub(crate) fn memory_left(&self) -> u64 {
        self.limits
            .memory_bytes
            .saturating_sub(self.stored.load(Relaxed))
    }

    /// Takes room in the queue of work for other threads; `false` if it is full.
    pub(crate) fn take_off(&self, bytes: usize) -> bool {
        if self.in_flight.fetch_add(bytes, Relaxed) >= self.in_flight_limit {
            self.in_flight.fetch_sub(bytes, Relaxed);
            return false;
        }
        true
    }

    /// Gives that room back.
    pub(crate) fn land(&self, bytes: usize) {
        self.in_flight.fetch_sub(bytes, Relaxed);
    }
}
