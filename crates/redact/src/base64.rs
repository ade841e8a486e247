//! Looks into base64: text that holds a secret, private keys in DER, packed data that nobody can judge.

use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::span::{Span, cut};

/// Shorter runs are not looked into.
const LEAST: usize = 16;
/// Longer runs of text are not looked into but masked.
const MOST: usize = 4 << 20;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

/// A byte of either alphabet.
pub(crate) const fn is_alphabet(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
}

/// [`is_alphabet`] of each byte.
const ALPHABET: [bool; 256] = {
    let mut all = [false; 256];
    let mut byte = 0_u8;
    loop {
        all[byte as usize] = is_alphabet(byte);
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    all
};

/// The next run of at least [`LEAST`] bytes at or behind a place where one may begin. Of a text
/// without runs only one byte in [`LEAST`] is looked at.
fn next_run(bytes: &[u8], mut from: usize) -> Option<(usize, usize)> {
    let inside = |at: usize| bytes.get(at).is_some_and(|b| ALPHABET[usize::from(*b)]);
    let mut at = from + LEAST - 1;
    while at < bytes.len() {
        if !inside(at) {
            from = at + 1;
            at += LEAST;
            continue;
        }
        let mut start = at;
        while start > from && inside(start - 1) {
            start -= 1;
        }
        let mut end = at + 1;
        while inside(end) {
            end += 1;
        }
        if end - start >= LEAST {
            return Some((start, end));
        }
        from = end + 1;
        at = end + LEAST;
    }
    None
}

/// The bytes of a run.
fn decode(run: &str) -> Option<Vec<u8>> {
    if run.contains(['-', '_']) {
        URL_SAFE.decode(run).ok()
    } else {
        STANDARD.decode(run).ok()
    }
}

/// The text that base64 holds, if it holds text.
pub(crate) fn text(run: &str) -> Option<String> {
    if run.len() < 2 || run.len() > MOST || !run.bytes().all(is_alphabet) {
        return None;
    }
    let text = String::from_utf8(decode(run)?).ok()?;
    printable(text.as_bytes()).then_some(text)
}

fn printable(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes
            .iter()
            .all(|b| *b >= 0x20 && *b != 0x7f || matches!(b, b'\n' | b'\r' | b'\t'))
}

/// Whether this is nothing but certificates, which are public, in base64 of PEM.
pub(crate) fn is_certificate(run: &str) -> bool {
    let Some(text) = text(run) else { return false };
    let mut rest = text.trim();
    let mut any = false;
    while let Some(body) = rest.strip_prefix("-----BEGIN CERTIFICATE-----") {
        let Some((inner, after)) = body.split_once("-----END CERTIFICATE-----") else {
            return false;
        };
        if !inner
            .bytes()
            .all(|b| is_alphabet(b) || b.is_ascii_whitespace())
        {
            return false;
        }
        rest = after.trim_start();
        any = true;
    }
    any && rest.is_empty()
}

/// Whether a line has a run that is worth a look.
pub(crate) fn has_run(line: &str) -> bool {
    next_run(line.as_bytes(), 0).is_some()
}

/// Masks runs that hold a secret; `judge` says of a text whether it does.
pub(crate) fn scan(line: &str, judge: &mut dyn FnMut(&str) -> bool, spans: &mut Vec<Span>) {
    let bytes = line.as_bytes();
    let mut from = 0;
    while let Some((start, end)) = next_run(bytes, from) {
        run(line, start, end, judge, spans);
        from = end + 1;
    }
}

fn run(
    line: &str,
    start: usize,
    end: usize,
    judge: &mut dyn FnMut(&str) -> bool,
    spans: &mut Vec<Span>,
) {
    let whole = cut(line, start, end);
    // `key=BASE64`: the alphabet has the sign as its padding.
    let at = whole
        .trim_end_matches('=')
        .rfind('=')
        .map_or(0, |at| at + 1);
    let run = cut(whole, at, whole.len());
    let start = start + at;
    // An escaped newline before the run leaves its letter.
    let escaped = start > 0 && line.as_bytes().get(start - 1) == Some(&b'\\');
    if let Some(kind) = judge_run(run, judge) {
        spans.push(Span::new(start, end, kind));
    } else if escaped && let Some(kind) = judge_run(cut(run, 1, run.len()), judge) {
        spans.push(Span::new(start + 1, end, kind));
    }
}

fn judge_run(run: &str, judge: &mut dyn FnMut(&str) -> bool) -> Option<&'static str> {
    if run.len() < LEAST {
        return None;
    }
    let head = decode(cut(run, 0, 16))?;
    if run.len() >= 64 {
        if head.starts_with(&[0x1f, 0x8b, 8]) {
            return Some("packed");
        }
        // base64 of base64 of gzip: what Helm keeps of a release.
        if run.starts_with("SDRzSU") {
            return Some("packed");
        }
        if is_private_der(&head) {
            return Some("private-key");
        }
    }
    if head.starts_with(b"-----BEGIN CERTIF") && is_certificate(run)
        || !head
            .iter()
            .all(|b| (0x20..0x7f).contains(b) || matches!(b, b'\n' | b'\r' | b'\t'))
    {
        return None;
    }
    if run.len() > MOST {
        return Some("base64");
    }
    let decoded = String::from_utf8_lossy(&decode(run.trim_end_matches('='))?).into_owned();
    judge(&decoded).then_some("base64")
}

/// PKCS#1, PKCS#8, SEC 1 and PKCS#12 begin with a sequence whose first element is a small version
/// number; certificates, requests and public keys begin with another sequence.
fn is_private_der(head: &[u8]) -> bool {
    let (0x30, Some(length)) = (head.first().copied().unwrap_or(0), head.get(1)) else {
        return false;
    };
    // The length is one byte, or the count of the bytes that it takes.
    let body = match length {
        0x82 => head.get(4..),
        0x81 => head.get(3..),
        0..=0x80 => head.get(2..),
        _ => None,
    };
    let body = body.unwrap_or(&[]);
    matches!(body, [0x02, 0x01, 0 | 1 | 3, ..])
}

/// Masks lists of numbers that are the bytes of a text with a secret: journald writes messages so
/// that hold control characters, Go prints byte slices so.
pub(crate) fn bytes(line: &str, judge: &mut dyn FnMut(&str) -> bool, spans: &mut Vec<Span>) {
    let all = line.as_bytes();
    let mut at = 0;
    while let Some(found) = all.get(at..).and_then(|bytes| memchr::memchr(b'[', bytes)) {
        let start = at + found + 1;
        let length = all
            .get(start..)
            .unwrap_or(&[])
            .iter()
            .take_while(|b| b.is_ascii_digit() || matches!(b, b' ' | b','))
            .count();
        at = start + length;
        if length < 16 || all.get(at) != Some(&b']') {
            continue;
        }
        let list = cut(line, start, at);
        let bytes: Option<Vec<u8>> = list
            .split([' ', ','])
            .filter(|number| !number.is_empty())
            .map(|number| number.parse().ok())
            .collect();
        let Some(bytes) = bytes else { continue };
        let text = String::from_utf8_lossy(&bytes);
        if judge(&text) {
            spans.push(Span {
                quote: list.contains(',').then_some(0),
                ..Span::new(start, at, "bytes")
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Runs are those that looking at each byte finds.
        #[test]
        fn runs_are_all_runs(text in "[a-c =.]{0,60}|([a-c]{14,18}[ .]{1,2}){0,6}") {
            let bytes = text.as_bytes();
            let mut slow = Vec::new();
            let mut at = 0;
            while at < bytes.len() {
                let length = bytes[at..].iter().take_while(|b| is_alphabet(**b)).count();
                if length >= LEAST {
                    slow.push((at, at + length));
                }
                at += length.max(1);
            }
            let mut fast = Vec::new();
            let mut from = 0;
            while let Some(run) = next_run(bytes, from) {
                fast.push(run);
                from = run.1 + 1;
            }
            prop_assert_eq!(fast, slow);
        }
    }
}
