//! Columns, wrapping and human numbers: the arithmetic of fixed-width text.

/// Columns that a character takes in a terminal: enough for names, CJK and emoji.
pub(crate) fn char_width(c: char) -> usize {
    match c {
        '\u{0300}'..='\u{036F}'
        | '\u{200B}'..='\u{200D}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' => 0,
        '\u{1100}'..='\u{115F}'
        | '\u{2E80}'..='\u{A4CF}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FE30}'..='\u{FE6F}'
        | '\u{FF00}'..='\u{FF60}'
        | '\u{FFE0}'..='\u{FFE6}'
        | '\u{1F300}'..='\u{1FAFF}'
        | '\u{20000}'..='\u{3FFFD}' => 2,
        _ => 1,
    }
}

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Breaks text into lines of at most `columns`, between words where possible. A single character
/// wider than `columns` still gets its line. Empty text gives no line.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let gap = usize::from(!line.is_empty());
        if width(&line) + gap + width(word) <= columns {
            if gap == 1 {
                line.push(' ');
            }
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        line = break_word(word, columns, &mut lines);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Pushes full lines of an overlong word and gives back its rest; it breaks behind a separator in
/// the right two thirds of a line, so that `file:1187` is not read as `file:118`.
fn break_word(word: &str, columns: usize, lines: &mut Vec<String>) -> String {
    let mut line = String::new();
    for c in word.chars() {
        if width(&line) + char_width(c) > columns && !line.is_empty() {
            let rest = line.split_off(break_point(&line));
            lines.push(std::mem::replace(&mut line, rest));
            if width(&line) + char_width(c) > columns && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
        }
        line.push(c);
    }
    line
}

/// Where to cut a full line: behind its last separator, or at its end if that is too far left.
fn break_point(line: &str) -> usize {
    let last = line.rfind(['/', '-', ',', '=']).map_or(0, |at| at + 1);
    if last * 3 > line.len() {
        last
    } else {
        line.len()
    }
}

/// Like [`wrap`], but with at most `max` lines; the last one then ends in an ellipsis.
pub(crate) fn wrap_max(text: &str, columns: usize, max: usize) -> Vec<String> {
    let mut lines = wrap(text, columns);
    if lines.len() > max {
        lines.truncate(max);
        if let Some(last) = lines.last_mut() {
            while width(last) + 1 > columns && last.pop().is_some() {}
            last.push('…');
        }
    }
    lines
}

/// `1204` as `1,204`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 pod`, `1,204 pods`.
pub(crate) fn plural(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", thousands(number as u64))
}

/// Bytes in decimal units: `4.1 MB`.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if number < 1000 {
        return format!("{number} B");
    }
    let mut value = number as f64;
    let mut unit = "B";
    for next in UNITS {
        if value < 999.95 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_204), "1,204");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(4_123_000), "4.1 MB");
        assert_eq!(bytes(999_960), "1.0 MB");
        assert_eq!(plural(1, "pod"), "1 pod");
        assert_eq!(plural(2_000, "pod"), "2,000 pods");
    }

    #[test]
    fn wraps_between_words_and_breaks_long_ones() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(
            wrap("nodes/w-3/kernel.log:1187", 22),
            ["nodes/w-3/", "kernel.log:1187"]
        );
        assert_eq!(wrap("  ", 3), Vec::<String>::new());
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
        assert_eq!(wrap_max("one two three four", 7, 2), ["one two", "three…"]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_nothing_is_lost(text in any::<String>(), columns in 0usize..30) {
            let lines = wrap(&text, columns);
            for line in &lines {
                prop_assert!(width(line) <= columns.max(1) || line.chars().count() == 1
                    || line.chars().skip(1).all(|c| char_width(c) == 0));
            }
            let kept: String = lines.concat().split_whitespace().collect();
            let given: String = text.split_whitespace().collect();
            prop_assert_eq!(kept, given);
        }
    }
}
