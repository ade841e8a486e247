//! Hygiene for captured text: no escape sequences, no control or bidi characters, no endless quotes.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

/// Quotes are cut after this many characters on a page.
pub(crate) const QUOTE_LIMIT: usize = 4_000;

const REPLACEMENT: char = '\u{FFFD}';

/// Whether a character may not reach a reader: it could move the cursor, hide or reorder text.
pub fn is_unsafe(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{200E}'
        | '\u{200F}'
        | '\u{061C}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}'
        // Tag characters: invisible text inside text.
        | '\u{E0000}'..='\u{E007F}' => true,
        _ => c.is_control(),
    }
}

/// Whether there is nothing but printable ASCII, tabs and line ends, which most text is and many bytes tell at once.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    let mut runs = text.as_bytes().chunks(32);
    runs.all(|run| run.iter().fold(true, |all, byte| all & plain(*byte)))
}

/// Drops terminal escape sequences and carriage returns of line ends; every other unsafe character
/// becomes U+FFFD, so that tampering stays visible.
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_plain(text) || !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1B}' => skip_escape(&mut chars),
            '\u{9B}' => skip_csi(&mut chars),
            '\r' if chars.peek() == Some(&'\n') => {}
            c if is_unsafe(c) => out.push(REPLACEMENT),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Skips what follows an ESC, if it is a sequence at all.
fn skip_escape(chars: &mut Peekable<Chars<'_>>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_csi(chars);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            skip_string(chars);
        }
        Some(' '..='/') => {
            while chars.next_if(|c| matches!(c, ' '..='/')).is_some() {}
            chars.next_if(|c| matches!(c, '0'..='~'));
        }
        Some('0'..='~') => {
            chars.next();
        }
        _ => {}
    }
}

/// Skips parameters, intermediates and the final character of a control sequence.
fn skip_csi(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    chars.next_if(|c| matches!(c, '@'..='~'));
}

/// Skips an operating-system command up to its terminator. Without one on the same line nothing is
/// skipped: an unfinished sequence must not hide evidence.
fn skip_string(chars: &mut Peekable<Chars<'_>>) {
    let mut ahead = chars.clone();
    while let Some(c) = ahead.next() {
        let ended = match c {
            '\n' => return,
            '\u{07}' | '\u{9C}' => true,
            '\u{1B}' => ahead.next_if_eq(&'\\').is_some(),
            _ => false,
        };
        if ended {
            *chars = ahead;
            return;
        }
    }
}

/// Cuts after `limit` characters and says how many are missing.
pub fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    let Some((at, _)) = text.char_indices().nth(limit) else {
        return Cow::Borrowed(text);
    };
    let (head, tail) = text.split_at(at);
    let more = crate::layout::thousands(tail.chars().count() as u64);
    Cow::Owned(format!("{head}… ({more} more characters)"))
}

/// Everything on one line, runs of white space as one space.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A stretch of prose, or of inline code that was written in backticks.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Segment {
    pub(crate) code: bool,
    pub(crate) text: String,
}

/// Splits prose at pairs of backticks; an unpaired or empty pair stays text.
pub(crate) fn segments(text: &str) -> Vec<Segment> {
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        plain.push_str(before);
        match after.split_once('`') {
            Some((code, tail)) if !code.trim().is_empty() => {
                push_segment(&mut out, false, std::mem::take(&mut plain));
                push_segment(&mut out, true, code.to_owned());
                rest = tail;
            }
            _ => {
                plain.push('`');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    push_segment(&mut out, false, plain);
    out
}

fn push_segment(out: &mut Vec<Segment>, code: bool, text: String) {
    if !text.is_empty() {
        out.push(Segment { code, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_and_titles_vanish() {
        assert_eq!(clean("\u{1b}[1;31mERROR\u{1b}[0m boom"), "ERROR boom");
        assert_eq!(
            clean("a\u{1b}]0;owned\u{7}b\u{1b}]8;;http://x\u{1b}\\c"),
            "abc"
        );
        assert_eq!(
            clean("\u{9b}31mred \u{1b}(Bplain \u{1b}cend"),
            "red plain end"
        );
    }

    #[test]
    fn unfinished_sequences_hide_nothing() {
        assert_eq!(
            clean("\u{1b}]0;never ended\nnext line"),
            "0;never ended\nnext line"
        );
        assert_eq!(clean("\u{1b}"), "");
        assert_eq!(clean("\u{1b}[31"), "");
    }

    #[test]
    fn other_controls_stay_visible() {
        assert_eq!(clean("a\0b\u{202e}c"), "a\u{fffd}b\u{fffd}c");
        assert_eq!(clean("line\r\nnext\tcell"), "line\nnext\tcell");
        assert!(matches!(clean("plain – text ✓"), Cow::Borrowed(_)));
    }

    #[test]
    fn cuts_on_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß!", 3), "äöü… (2 more characters)");
        assert_eq!(cut("", 0), "");
    }

    #[test]
    fn backticks_pair_up() {
        let code = |text: &str| Segment {
            code: true,
            text: text.to_owned(),
        };
        let prose = |text: &str| Segment {
            code: false,
            text: text.to_owned(),
        };
        assert_eq!(
            segments("run `ls`, now"),
            vec![prose("run "), code("ls"), prose(", now")]
        );
        assert_eq!(segments("a ` b"), vec![prose("a ` b")]);
        assert_eq!(segments("``x"), vec![prose("``x")]);
        assert_eq!(segments(""), vec![]);
    }

    proptest! {
        #[test]
        fn nothing_unsafe_survives(text in "\\PC*|(\u{1b}|\\[|\\]|;|[0-9]|m|\u{7}|\u{9b}|\u{202e}|\u{2066}|\u{200e}|\u{61c}|\r|\n|\0|a){0,40}") {
            let cleaned = clean(&text).into_owned();
            prop_assert!(!cleaned.contains(is_unsafe));
            prop_assert_eq!(clean(&cleaned), cleaned.as_str());
        }

        #[test]
        fn any_string_is_cleaned(text in any::<String>()) {
            prop_assert!(!clean(&text).contains(is_unsafe));
        }

        #[test]
        fn segments_lose_no_character(text in "[a` ]{0,20}") {
            let joined: String = segments(&text).iter().map(|s| s.text.replace('`', "")).collect();
            prop_assert_eq!(joined, text.replace('`', ""));
        }

        #[test]
        fn cut_keeps_a_prefix(text in any::<String>(), limit in 0usize..20) {
            let head: String = text.chars().take(limit).collect();
            prop_assert!(cut(&text, limit).starts_with(&head));
        }
    }
}
