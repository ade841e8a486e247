//! Undoes the escapes of JSON strings without parsing the whole line.

use std::borrow::Cow;

/// A JSON string's content with its escapes undone; what is no escape stays as it is.
pub fn unescape(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find('\\') else {
        return Cow::Borrowed(text);
    };
    let (plain, mut rest) = text.split_at_checked(first).unwrap_or((text, ""));
    let mut out = String::with_capacity(text.len());
    out.push_str(plain);
    while let Some(after) = rest.strip_prefix('\\') {
        rest = escape(after, &mut out);
        let next = rest.find('\\').unwrap_or(rest.len());
        let (plain, tail) = rest.split_at_checked(next).unwrap_or((rest, ""));
        out.push_str(plain);
        rest = tail;
    }
    Cow::Owned(out)
}

/// Undoes one escape; gives what follows it.
fn escape<'t>(after: &'t str, out: &mut String) -> &'t str {
    let mut chars = after.chars();
    let Some(letter) = chars.next() else {
        out.push('\\');
        return "";
    };
    let plain = match letter {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        '"' | '\\' | '/' => letter,
        'u' => return unicode(chars.as_str(), out),
        other => {
            out.push('\\');
            other
        }
    };
    out.push(plain);
    chars.as_str()
}

fn hex4(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    let value = digits
        .bytes()
        .all(|b| b.is_ascii_hexdigit())
        .then(|| u32::from_str_radix(digits, 16).ok())??;
    Some((value, rest))
}

fn unicode<'t>(after: &'t str, out: &mut String) -> &'t str {
    let Some((high, rest)) = hex4(after) else {
        out.push_str("\\u");
        return after;
    };
    if (0xD800..0xDC00).contains(&high)
        && let Some((low @ 0xDC00..=0xDFFF, rest)) = rest.strip_prefix("\\u").and_then(hex4)
    {
        let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        return rest;
    }
    out.push(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
    rest
}

/// The content of the string whose opening quote is at `open`.
pub(super) fn quoted(text: &str, open: usize) -> Option<&str> {
    let from = open + 1;
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return text.get(from..at);
        }
        at += 2;
    }
}
