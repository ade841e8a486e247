//! Finds passwords and tokens in the part of a URL before the host.

use memchr::memmem;

use crate::{
    idle,
    span::{Span, cut, rest},
};

/// Looks at all URLs of a line.
pub(crate) fn scan(line: &str, spans: &mut Vec<Span>) {
    if memchr::memchr(b'@', line.as_bytes()).is_none() && !line.contains("%40") {
        return;
    }
    for found in memmem::find_iter(line.as_bytes(), "://") {
        authority(line, found + 3, spans);
    }
    for found in memmem::find_iter(line.as_bytes(), "%3A%2F%2F") {
        authority(line, found + 9, spans);
    }
}

fn authority(line: &str, start: usize, spans: &mut Vec<Span>) {
    let text = rest(line, start);
    let length = text
        .bytes()
        .take(2048)
        .position(|b| {
            matches!(
                b,
                b' ' | b'\t' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\' | b'|'
            )
        })
        .unwrap_or_else(|| text.len().min(2048));
    // A byte boundary inside a character is none of these signs.
    let text = cut(text, 0, length);
    let slash = text.find(['/', '?', '#']).unwrap_or(text.len());
    let colon = text.find(':');
    let at = if let Some(at) = cut(text, 0, slash).rfind('@') {
        at
    } else {
        // A password with an unescaped slash; a port is none.
        let Some(colon) = colon.filter(|colon| *colon < slash) else {
            return;
        };
        let port = cut(text, colon + 1, slash);
        if !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit()) {
            return;
        }
        let Some(at) = text.rfind('@') else { return };
        if cut(text, 0, colon).contains(['.', '=']) {
            return;
        }
        at
    };
    let (user, secret) = match colon.filter(|colon| *colon < at) {
        Some(colon) => (colon + 1, cut(text, colon + 1, at)),
        None => (0, cut(text, 0, at)),
    };
    if idle::idle(secret) || secret.is_empty() {
        return;
    }
    // A user without a password is a secret only if it looks like a token.
    if user == 0
        && (secret.len() < 20
            || !secret.bytes().any(|b| b.is_ascii_digit())
            || secret.contains('.'))
    {
        return;
    }
    spans.push(Span::new(start + user, start + at, "url-password"));
}
