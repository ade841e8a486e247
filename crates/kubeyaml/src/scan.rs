//! Finds the few bytes that matter, eight at a time, and refuses texts with characters of doubtful meaning.

use memchr::memchr_iter;

use crate::error::Error;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;
/// Eight spaces.
pub(crate) const SPACES: u64 = ONES * b' ' as u64;

/// Eight bytes from `at`, first byte lowest; `None` near the end of the text.
#[inline]
pub(crate) fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes
        .get(at..)?
        .first_chunk()
        .copied()
        .map(u64::from_le_bytes)
}

/// High bits of the bytes of `word` that are below `limit` (at most 128). Only the lowest one is exact.
#[inline]
pub(crate) const fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(ONES * limit as u64) & !word & HIGHS
}

/// High bits of the bytes of `word` that equal `byte`. Only the lowest one is exact: bits above it may be false.
#[inline]
pub(crate) const fn eq(word: u64, byte: u8) -> u64 {
    let x = word ^ (ONES * byte as u64);
    x.wrapping_sub(ONES) & !x & HIGHS
}

/// Index of the lowest byte in a mask made by [`eq`].
#[inline]
pub(crate) const fn first(mask: u64) -> usize {
    (mask.trailing_zeros() / 8) as usize
}

/// The end of the line that holds `at` (its `\n` or the end of the text).
#[inline(always)]
pub(crate) fn line_end(bytes: &[u8], at: usize) -> usize {
    const FEEDS: u64 = ONES * b'\n' as u64;
    let mut at = at;
    for _ in 0..4 {
        let Some(pair) = bytes.get(at..).and_then(<[u8]>::first_chunk::<16>) else {
            break;
        };
        let pair = u128::from_le_bytes(*pair);
        #[expect(clippy::cast_possible_truncation, reason = "the halves are wanted")]
        let (low, high) = (pair as u64, (pair >> 64) as u64);
        let maybe = (low ^ FEEDS).wrapping_sub(ONES) | (high ^ FEEDS).wrapping_sub(ONES);
        // Beyond ASCII this may be false; without it there is surely no line feed.
        if maybe & HIGHS != 0 {
            let (low, high) = (eq(low, b'\n'), eq(high, b'\n'));
            if low != 0 {
                return at + first(low);
            }
            if high != 0 {
                return at + 8 + first(high);
            }
        }
        at += 16;
    }
    far_line_end(bytes, at)
}

#[inline(never)]
fn far_line_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    memchr::memchr(b'\n', rest).map_or(bytes.len(), |n| at + n)
}

/// The end of the line and whether a `:` or `#` stands before it.
#[inline]
pub(crate) fn plain_end(bytes: &[u8], at: usize) -> (usize, bool) {
    let mut at = at;
    let mut flagged = 0;
    while let Some(word) = word(bytes, at) {
        let end = eq(word, b'\n');
        let special = eq(word, b':') | eq(word, b'#');
        if end != 0 {
            // Bits below the lowest newline; of `special` the lowest is exact, so the test is.
            let below = (end & end.wrapping_neg()).wrapping_sub(1);
            return (at + first(end), (flagged | (special & below)) != 0);
        }
        flagged |= special;
        at += 8;
    }
    let mut special = flagged != 0;
    for byte in bytes.get(at..).unwrap_or_default() {
        match byte {
            b'\n' => return (at, special),
            b':' | b'#' => special = true,
            _ => {}
        }
        at += 1;
    }
    (at, special)
}

/// The first `quote`, `other` or newline at or after `at`.
#[inline]
pub(crate) fn quoted_end(bytes: &[u8], at: usize, quote: u8, other: u8) -> usize {
    let mut at = at;
    for _ in 0..8 {
        let Some(word) = word(bytes, at) else { break };
        let found = eq(word, quote) | eq(word, other) | eq(word, b'\n');
        if found != 0 {
            return at + first(found);
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    memchr::memchr3(quote, other, b'\n', rest).map_or(bytes.len(), |n| at + n)
}

/// The first byte at or after `at` that is not a space.
#[inline]
pub(crate) fn spaces_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at;
    while let Some(word) = word(bytes, at) {
        let other = word ^ SPACES;
        if other != 0 {
            return at + first(other);
        }
        at += 8;
    }
    while bytes.get(at) == Some(&b' ') {
        at += 1;
    }
    at
}

/// What the whole text contains, so that scalars need not look again.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Contents {
    /// Tabs anywhere.
    pub(crate) tabs: bool,
    /// `\r\n` line ends.
    pub(crate) returns: bool,
}

/// Looks at every byte once. Control characters, lone carriage returns, a byte order mark inside the text and
/// the line breaks of YAML 1.1 (U+0085, U+2028, U+2029) mean different things to different readers.
pub(crate) fn check(bytes: &[u8], first_line: u32) -> Result<Contents, Error> {
    let mut contents = Contents::default();
    let mut at = 0;
    let (chunks, rest) = bytes.as_chunks::<64>();
    for chunk in chunks {
        if unusual(chunk) {
            check_chunk(bytes, at, 64, &mut contents, first_line)?;
        }
        at += 64;
    }
    // The last bytes are looked at once more rather than one by one.
    if bytes.last_chunk().is_none_or(unusual) {
        check_chunk(bytes, at, rest.len(), &mut contents, first_line)?;
    }
    Ok(contents)
}

/// Whether there is anything but line feeds and printable ASCII.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches sixteen bytes are compared at once"
)]
#[inline]
fn unusual(chunk: &[u8; 64]) -> bool {
    chunk.iter().fold(false, |seen, &byte| {
        // One more makes a negative number of 0x7f too, as all beyond ASCII are.
        seen | ((byte.wrapping_add(1).cast_signed() < 33) & (byte != b'\n'))
    })
}

fn check_chunk(
    bytes: &[u8],
    from: usize,
    len: usize,
    contents: &mut Contents,
    first_line: u32,
) -> Result<(), Error> {
    match doubtful(bytes, from, len, contents) {
        None => Ok(()),
        Some(at) => Err(Error::Unsupported {
            line: first_line.saturating_add(count_lines(bytes.get(..at).unwrap_or_default())),
            what: "a control character or a line break of YAML 1.1",
        }),
    }
}

fn doubtful(bytes: &[u8], from: usize, len: usize, contents: &mut Contents) -> Option<usize> {
    let next = |at: usize| bytes.get(at).copied().unwrap_or(0);
    (from..from + len).find(|&at| match next(at) {
        b'\t' => {
            contents.tabs = true;
            false
        }
        b'\r' => {
            contents.returns = true;
            next(at + 1) != b'\n'
        }
        b'\n' => false,
        0..b' ' | 0x7f => true,
        0xc2 => next(at + 1) < 0xa0,
        0xe2 => next(at + 1) == 0x80 && matches!(next(at + 2), 0xa8 | 0xa9),
        0xef => matches!(
            (next(at + 1), next(at + 2)),
            (0xbb, 0xbf) | (0xbf, 0xbe | 0xbf)
        ),
        _ => false,
    })
}

/// Number of line feeds.
pub(crate) fn count_lines(bytes: &[u8]) -> u32 {
    u32::try_from(memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn eight_at_a_time_is_one_at_a_time(text in "[a:# \n\"']{0,40}", at in 0_usize..40) {
            let bytes = text.as_bytes();
            let at = at.min(bytes.len());
            let rest = &bytes[at..];
            let end = rest.iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n);
            proptest::prop_assert_eq!(line_end(bytes, at), end);
            let special = bytes[at..end].iter().any(|b| matches!(b, b':' | b'#'));
            proptest::prop_assert_eq!(plain_end(bytes, at), (end, special));
            let quote = rest.iter().position(|b| matches!(b, b'"' | b'\'' | b'\n'));
            proptest::prop_assert_eq!(quoted_end(bytes, at, b'"', b'\''), quote.map_or(bytes.len(), |n| at + n));
            let text = rest.iter().position(|b| *b != b' ');
            proptest::prop_assert_eq!(spaces_end(bytes, at), text.map_or(bytes.len(), |n| at + n));
        }
    }

    #[test]
    fn doubtful_characters_are_refused_with_their_line() {
        for text in [
            "a: \u{85}",
            "a: \u{2028}",
            "\n\u{2029}",
            "a\u{feff}",
            "\0",
            "a\rb",
            "\u{7f}",
            "\u{fffe}",
            "a\r",
        ] {
            assert!(check(text.as_bytes(), 1).is_err(), "{text:?}");
        }
        for text in [
            "a: é",
            "\u{a0}",
            "漢字 \u{1f600}",
            "a\r\n",
            "\t",
            "\u{2027}\u{feee}",
        ] {
            assert!(check(text.as_bytes(), 1).is_ok(), "{text:?}");
        }
        let long = format!("{}\u{85}", "a\n".repeat(100));
        assert_eq!(check(long.as_bytes(), 7).unwrap_err().line(), 107);
    }
}
