//! Finds `key=value`, `key: value`, `"key":"value"` and `--key value` in text of any form.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::{
    idle,
    span::{Span, beginning, cut, ending, rest},
    value::{self, Sign},
    words,
};

/// What the names of [`words`] have in common.
pub(crate) const WORDS: &[&str] = &[
    "pass", "pwd", "pw=", "pw:", "pw\"", "pw ", "kennwort", "secret", "token", "key", "cred",
    "conn", "auth", "cookie", "dsn", "jwt", "pat=", "pat:", "pat\"", "pat ", "psk", "otp=", "otp:",
    "otp\"", "mnemonic", "sas=", "sas:", "sas\"", "dockerc",
];

static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .build(WORDS)
        .ok()
});

const TAGS: &[&str] = &["!!str", "!!binary", "!!int", "!!float", "!vault", "!secret"];

/// Bytes of a list in brackets that are looked at.
const LIST: usize = 4096;

fn in_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// Bytes of values that may be read for each byte of a line. A value that turns out to be none is
/// read again for each key in it; what makes this much of that hides something.
const READS: usize = 32;

/// The pairs of a line.
struct Pairs<'l, 's> {
    line: &'l str,
    /// Blanks at the start.
    indent: usize,
    /// Bytes of values that may still be read.
    reads: usize,
    spans: &'s mut Vec<Span>,
}

/// Looks at all pairs of a line.
pub(crate) fn scan(line: &str, spans: &mut Vec<Span>) {
    let Some(finder) = FINDER.as_ref() else {
        return;
    };
    let bytes = line.as_bytes();
    let mut pairs = Pairs {
        line,
        indent: line.len() - line.trim_start().len(),
        reads: line.len().saturating_mul(READS).saturating_add(1 << 16),
        spans,
    };
    let mut done = 0;
    for found in finder.find_iter(line) {
        if found.start() < done {
            continue;
        }
        let mut end = found.start();
        while bytes.get(end).is_some_and(|b| in_key(*b)) && end - found.start() < 200 {
            end += 1;
        }
        let mut start = found.start();
        while start > done
            && found.start() - start < 120
            && bytes.get(start - 1).is_some_and(|b| in_key(*b))
        {
            start -= 1;
        }
        // An escaped newline before the key leaves its letter.
        if start > 0
            && bytes.get(start - 1) == Some(&b'\\')
            && matches!(bytes.get(start), Some(b'n' | b't' | b'r'))
        {
            start += 1;
        }
        done = end.max(found.start() + 1);
        if start < end
            && let Some(kind) = words::promised(cut(line, start, end))
        {
            done = done.max(pairs.pair(start, end, kind));
        }
    }
}

impl Pairs<'_, '_> {
    /// One key that promises a secret; gives where to go on.
    fn pair(&mut self, start: usize, end: usize, kind: &'static str) -> usize {
        let line = self.line;
        let Some((sign, at)) = value::sign(line, start, end) else {
            return end;
        };
        let before = cut(line, 0, start);
        if kind == "token" && said_of_syntax(before) {
            return end;
        }
        if self.reads == 0 {
            self.spans.push(Span::new(at, line.len(), kind));
            return line.len();
        }
        match kind {
            "authorization" => return self.header(at),
            "cookie" => return self.cookie(at),
            _ => {}
        }
        let sentence = sign == Sign::Colon && rest(line, at - 1).starts_with(' ');
        // `registry/kube-api-auth:v1.2` is an image.
        let tag = sign == Sign::Colon && !sentence;
        if tag && kind == "auth" && value::is_bare(line, at) {
            return end;
        }
        let query =
            before.ends_with(['?', '&']) || before.ends_with("%26") || before.ends_with("%3F");
        let line_start = matches!(
            cut(line, self.indent, start).trim_end(),
            "" | "-" | "export" | "set" | "ENV" | "env" | "declare -x"
        );
        let Some(found) = value::value(line, at, sign, line_start, query) else {
            return if kind == "password" {
                self.list(at, kind)
            } else {
                end
            };
        };
        self.read(at, found.end);
        let text = cut(line, found.start, found.end);
        let key = cut(line, start, end);
        if idle::idle(text) || words::is_reference(key, text) {
            return end;
        }
        if text.starts_with(['{', '[']) && text.contains(['"', ':']) {
            // JSON in a string: its own keys are looked at.
            return end;
        }
        if !found.quoted {
            let after = rest(line, found.end);
            if is_told(before, text, after) {
                return end;
            }
            // A tag of YAML; what it is of is looked at as YAML.
            if sentence && after.starts_with(' ') && TAGS.contains(&text) {
                return end;
            }
            if sign == Sign::Blank && text.starts_with('-') {
                return end;
            }
            if (sentence || sign == Sign::Blank)
                && (idle::prose(text) || (!line_start && goes_on(text, after)))
            {
                return end;
            }
            if tag && before.ends_with('/') && is_version(text) {
                return end;
            }
            // `token:80` is the end of a sentence or a place in a file.
            if tag && kind != "password" && text.bytes().all(|b| b.is_ascii_digit() || b == b':') {
                return end;
            }
        }
        if kind == "auth" && value::word(text) {
            return end;
        }
        self.spans.push(Span::new(found.start, found.end, kind));
        found.end
    }

    /// `passwords: [hunter2, hunter3]`; lists of what has keys or quotes are JSON's business.
    fn list(&mut self, at: usize, kind: &'static str) -> usize {
        let Some(inner) = rest(self.line, at).strip_prefix('[') else {
            return at;
        };
        let inner = beginning(inner, LIST);
        let inner = inner.split(']').next().unwrap_or(inner);
        self.read(at, at + inner.len());
        let words = inner.trim_end();
        if idle::idle(words) || idle::prose(words) || words.contains(['{', '"', '\'', ':', '[']) {
            return at;
        }
        self.spans
            .push(Span::new(at + 1, at + 1 + words.len(), kind));
        at + 1 + inner.len()
    }

    /// Counts what was read.
    fn read(&mut self, from: usize, to: usize) {
        self.reads = self.reads.saturating_sub(to.saturating_sub(from));
    }

    /// `Authorization: SCHEME SECRET`
    fn header(&mut self, at: usize) -> usize {
        let line = self.line;
        // Prose shows in its first word.
        let head = beginning(rest(line, opened(line, at)), 64);
        if let Some((first, _)) = head.split_once(' ')
            && value::scheme(head) == 0
            && (value::word(first) || idle::prose(first))
        {
            return at;
        }
        let (start, end) = whole(line, at);
        self.read(at, end);
        let text = cut(line, start, end);
        let lead = value::scheme(text);
        let scheme = cut(text, 0, lead).trim_end().to_ascii_lowercase();
        let one = matches!(
            scheme.as_str(),
            "bearer" | "basic" | "token" | "negotiate" | "apikey" | "splunk" | "key"
        );
        let secret = rest(text, lead);
        let length = if one {
            secret
                .bytes()
                .take_while(|b| {
                    !matches!(b, b' ' | b'\t' | b',' | b';' | b']' | b'}' | b')' | b'\\')
                })
                .count()
        } else {
            secret.trim_end().len()
        };
        let secret = cut(secret, 0, length);
        let first = secret.split(' ').next().unwrap_or("");
        if idle::idle(secret)
            || idle::prose(first)
            || (lead == 0 && (value::word(first) || secret.len() < 6))
        {
            return at;
        }
        self.spans.push(Span::new(
            start + lead,
            start + lead + length,
            "authorization",
        ));
        start + lead + length
    }

    /// `Cookie: a=b; c=d`
    fn cookie(&mut self, at: usize) -> usize {
        let line = self.line;
        let (start, end) = whole(line, at);
        self.read(at, end);
        let text = cut(line, start, end).trim_end();
        if idle::idle(text)
            || value::word(text)
            || (!text.contains('=') && idle::prose(text.split(' ').next().unwrap_or("")))
        {
            return at;
        }
        self.spans
            .push(Span::new(start, start + text.len(), "cookie"));
        start + text.len()
    }
}

/// What tools tell of a secret instead of showing it: where it comes from, how long it is, what
/// a server answered.
fn is_told(before: &str, text: &str, after: &str) -> bool {
    let number = text.bytes().all(|b| b.is_ascii_digit());
    let word = ending(before, 512)
        .rsplit([' ', '"', '\'', '='])
        .next()
        .unwrap_or("");
    (text == "<set" && after.starts_with(" to the key "))
        || (number && (after.starts_with(" byte") || after.starts_with(" B ")))
        || (number
            && text.len() == 3
            && after
                .strip_prefix(' ')
                .is_some_and(|next| next.starts_with(|c: char| c.is_ascii_uppercase())))
        || word.starts_with("arn:")
}

/// Whether a value is but the next word of a sentence.
fn goes_on(text: &str, after: &str) -> bool {
    let word = text.trim_end_matches([',', ':', '.', ';']);
    let letters = word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
    let after = after.trim_start_matches([',', ':', ';']);
    letters
        && after.starts_with(' ')
        && after
            .trim_start()
            .starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '"' | '\\' | '\'' | '('))
}

fn is_version(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    text == "latest" || (text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('.'))
}

/// `unexpected token: }`
fn said_of_syntax(before: &str) -> bool {
    let word = ending(before.trim_end(), 40)
        .rsplit([' ', '"', '\''])
        .next()
        .unwrap_or("");
    matches!(
        word.to_ascii_lowercase().as_str(),
        "unexpected" | "illegal" | "unrecognized" | "next" | "syntax"
    )
}

/// Where a header's value begins behind brackets and quotes.
fn opened(line: &str, at: usize) -> usize {
    let signs = rest(line, at)
        .bytes()
        .take_while(|b| matches!(b, b'[' | b'"' | b'\'' | b'\\' | b' '));
    at + signs.count()
}

/// The rest of a header: to its closing quote, else to the end of the line.
fn whole(line: &str, at: usize) -> (usize, usize) {
    let start = opened(line, at);
    // An open quote anywhere before ends the header where it closes.
    let end = rest(line, start)
        .find(['"', '\''])
        .map_or(line.len(), |found| start + found);
    let end = start + cut(line, start, end).trim_end_matches('\\').len();
    let end = if cut(line, at, start).contains('[') {
        let text = cut(line, start, end);
        start + text.find(']').unwrap_or(text.len())
    } else {
        end
    };
    // A header may be followed by an escaped end of line.
    let text = cut(line, start, end);
    let end = ["\\r", "\\n"]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min()
        .map_or(end, |found| start + found);
    (start, end)
}
