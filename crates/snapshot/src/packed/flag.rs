//! The flags of a packed value; its shape is in the lowest three bits.

pub(super) const SHAPE: u8 = 0b111;
pub(super) const NULL: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const WORD: u8 = 2;
pub(super) const SEQ: u8 = 3;
pub(super) const MAP: u8 = 4;
/// A scalar without quotes.
pub(super) const PLAIN: u8 = 8;
/// The number of further lines follows.
pub(super) const MORE: u8 = 16;
/// The line follows, counted from that of the value around. Without it and [`AT`] the value has no line.
pub(super) const DOWN: u8 = 32;
/// The line follows as it is.
pub(super) const AT: u8 = 64;
/// A text, list or mapping that other values of the page are as well: where it begins comes before its length.
pub(super) const FAR_TEXT: u8 = 5;
pub(super) const FAR_SEQ: u8 = 6;
pub(super) const FAR_MAP: u8 = 7;
