//! How much a bundle may make us read: every trip is a problem with its place, never silence.

/// Limits on what is produced from an input; sizes in bytes.
#[derive(Debug, Clone)]
pub struct Limits {
    /// All entries together.
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
}

impl Default for Limits {
    /// Generous for any real bundle (the largest known are a few GiB), small enough for a laptop.
    fn default() -> Self {
        Self {
            total_bytes: 8 << 30,
            entry_bytes: 2 << 30,
            entries: 1_000_000,
            ratio: 1_000,
            depth: 64,
            path_bytes: 4_096,
        }
    }
}

/// Bytes that a compressed input may produce before its ratio is looked at.
pub(crate) const RATIO_GRACE: u64 = 64 << 20;
