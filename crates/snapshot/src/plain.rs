//! Takes out what only a terminal would act on: colours, cursor movements, titles.

use std::borrow::Cow;

/// A text without its control sequences. Line ends stay where they are, so lines keep their numbers.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if memchr::memchr(ESCAPE, text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(ESCAPE, rest.as_bytes()) {
        clean.push_str(rest.get(..at).unwrap_or(""));
        let len = sequence(rest.as_bytes().get(at..).unwrap_or(&[]));
        rest = rest.get(at + len..).unwrap_or("");
    }
    clean.push_str(rest);
    Cow::Owned(clean)
}

/// A text without the sequences at its beginning and at its end.
pub(crate) fn bare(mut text: &str) -> &str {
    while text.as_bytes().first() == Some(&ESCAPE) {
        text = text.get(sequence(text.as_bytes())..).unwrap_or("");
    }
    while let Some(at) = memchr::memrchr(ESCAPE, text.as_bytes())
        && at + sequence(text.as_bytes().get(at..).unwrap_or(&[])) == text.len()
    {
        text = text.get(..at).unwrap_or("");
    }
    text
}

const ESCAPE: u8 = 0x1B;
/// Longer parameters are none.
const PARAMETERS: usize = 64;
/// Longer titles are none.
const TITLE: usize = 1_024;

/// Bytes of the sequence that a text begins with; it never reaches over a line's end or into a character.
fn sequence(text: &[u8]) -> usize {
    match text.get(1) {
        // `ESC [ parameters letter`
        Some(b'[') => {
            let body = text.get(2..).unwrap_or(&[]);
            let parameters = body
                .iter()
                .take(PARAMETERS)
                .take_while(|byte| (0x20..0x40).contains(*byte))
                .count();
            let ends = body
                .get(parameters)
                .is_some_and(|byte| (0x40..0x7F).contains(byte));
            2 + parameters + usize::from(ends)
        }
        // `ESC ] title BEL` or `ESC ] title ESC \`
        Some(b']') => {
            let body = text.get(2..).unwrap_or(&[]);
            let title = body
                .iter()
                .take(TITLE)
                .take_while(|byte| !matches!(**byte, 0x07 | ESCAPE | b'\n'))
                .count();
            match (body.get(title), body.get(title + 1)) {
                (Some(0x07), _) => 3 + title,
                (Some(&ESCAPE), Some(b'\\')) => 4 + title,
                _ => 2,
            }
        }
        // `ESC ( B`: which letters the following bytes stand for.
        Some(b'(' | b')') => 2 + usize::from(text.get(2).is_some_and(u8::is_ascii_alphanumeric)),
        Some(b'=' | b'>' | b'7' | b'8' | b'c' | b'M') => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_taken_out() {
        for (text, expected) in [
            (
                "\u{1b}[36mkind\u{1b}[0m: \u{1b}[38;5;2mPod\u{1b}[0m",
                "kind: Pod",
            ),
            ("\u{1b}]0;w1: ~\u{7}$ ls", "$ ls"),
            ("\u{1b}]8;;http://x\u{1b}\\a", "a"),
            ("\u{1b}[K\u{1b}(Bx\u{1b}>", "x"),
            ("a\u{1b}[\nb", "a\nb"),
            ("a\u{1b}]0;no end\nb", "a0;no end\nb"),
            ("\u{1b}é", "é"),
        ] {
            assert_eq!(plain(text), expected);
        }
        assert_eq!(
            bare("\u{1b}[1m\u{1b}[31mout of\u{1b}[0m it\u{1b}[0m"),
            "out of\u{1b}[0m it"
        );
    }

    proptest! {
        #[test]
        fn lines_keep_their_numbers(text in "(\u{1b}|\\[|\\]|;|[0-9]|m|\u{7}|\\\\|\n|é|a){0,60}") {
            let clean = plain(&text);
            prop_assert_eq!(clean.matches('\n').count(), text.matches('\n').count());
            prop_assert!(!clean.as_bytes().contains(&ESCAPE));
            prop_assert!(text.contains(bare(&text)));
        }
    }
}
