//! One file as it came out of a container, before it is text.

/// A path and its bytes.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Normalised path: relative, `/` between parts, no `.` or `..`.
    pub path: String,
    /// The bytes that could be read.
    pub bytes: Vec<u8>,
}
