//! Finds the ends of strings and values in JSON without reading them.

/// A step of reading, or what is wrong.
pub(super) type Step<T> = Result<T, &'static str>;

pub(super) const ENDS_IN_VALUE: &str = "the file ends in the middle of a value";
pub(super) const ENDS_IN_STRING: &str = "the file ends inside a string";

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Bit 7 of the first byte below `limit` (at most 128), and perhaps of bytes after it.
const fn below(word: u64, limit: u64) -> u64 {
    word.wrapping_sub(ONES * limit) & !word & HIGHS
}

/// The first quote, backslash or control character from `from` on; the end if there is none.
#[inline]
pub(super) fn string_stop(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or(&[]);
    let (words, tail) = rest.as_chunks::<8>();
    let mut at = from;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let stops = below(word, 0x20)
            | below(word ^ (ONES * u64::from(b'"')), 1)
            | below(word ^ (ONES * u64::from(b'\\')), 1);
        if stops != 0 {
            return at + (stops.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    at + tail
        .iter()
        .take_while(|byte| **byte >= 0x20 && !matches!(byte, b'"' | b'\\'))
        .count()
}

/// Where the string ends whose first byte after the quote is at `from`: the byte after its closing quote.
fn string_end(bytes: &[u8], mut from: usize) -> Step<usize> {
    loop {
        from = string_stop(bytes, from);
        match bytes.get(from) {
            Some(b'"') => return Ok(from + 1),
            Some(b'\\') => from += 2,
            // A line break in a string is wrong and harmless.
            Some(_) => from += 1,
            None => return Err(ENDS_IN_STRING),
        }
    }
}

/// Where the list, object or string ends that begins at `at`. Only brackets of its own kind are counted.
pub(super) fn value_end(bytes: &[u8], at: usize) -> Step<usize> {
    let (open, close) = match bytes.get(at) {
        Some(b'{') => (b'{', b'}'),
        Some(b'[') => (b'[', b']'),
        Some(b'"') => return string_end(bytes, at + 1),
        _ => return Err(ENDS_IN_VALUE),
    };
    let mut depth = 0_usize;
    let mut at = at;
    loop {
        let rest = bytes.get(at..).unwrap_or(&[]);
        at += memchr::memchr3(b'"', open, close, rest).ok_or(ENDS_IN_VALUE)?;
        match bytes.get(at) {
            Some(b'"') => at = string_end(bytes, at + 1)?,
            Some(byte) if *byte == open => {
                depth += 1;
                at += 1;
            }
            _ => {
                depth -= 1;
                at += 1;
                if depth == 0 {
                    return Ok(at);
                }
            }
        }
    }
}

/// Line breaks in a piece of text.
pub(super) fn newlines(bytes: &[u8]) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX)
}

/// The first byte from `at` on that is no white space; the end if there is none.
pub(super) fn blank(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or(&[]);
    at + rest
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
        .count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn stops_where_a_loop_would(bytes in "[a\"\\\\\n\u{80}\u{ff}é\u{1f}\u{7f} ]{0,40}", from in 0_usize..20) {
            let bytes = bytes.as_bytes();
            let from = from.min(bytes.len());
            let expected = (from..bytes.len())
                .find(|at| bytes[*at] < 0x20 || matches!(bytes[*at], b'"' | b'\\'))
                .unwrap_or(bytes.len());
            prop_assert_eq!(string_stop(bytes, from), expected);
        }
    }

    #[test]
    fn ends_are_found_past_brackets_in_strings() {
        let text = br#"{"a": "}\"}", "b": [{"c": {}}, "]"]} x"#;
        assert_eq!(value_end(text, 0), Ok(text.len() - 2));
        assert_eq!(value_end(b"[[]", 0), Err(ENDS_IN_VALUE));
        assert_eq!(value_end(br#"["\"]"#, 0), Err(ENDS_IN_STRING));
    }
}
