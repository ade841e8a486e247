//! Captured text inside Markdown: shown as it is, never read as markup.

use crate::text::{one_line, segments};

/// Prose on one line; pairs of backticks stay inline code.
pub(crate) fn prose(text: &str) -> String {
    rendered(text, false)
}

/// Prose for a table cell, where pipes must be escaped even in code.
pub(crate) fn cell(text: &str) -> String {
    rendered(text, true)
}

fn rendered(text: &str, table: bool) -> String {
    let text = one_line(text);
    let mut out = String::with_capacity(text.len() + 16);
    for segment in segments(&text) {
        if segment.code {
            out.push_str(&code_span(&segment.text, table));
        } else {
            escape_into(&mut out, &segment.text);
        }
    }
    defuse_start(out)
}

/// Inline code that may hold backticks, for names and places.
pub(crate) fn code(text: &str) -> String {
    code_span(&one_line(text), false)
}

/// Inline code for a table cell.
pub(crate) fn code_cell(text: &str) -> String {
    code_span(&one_line(text), true)
}

fn code_span(text: &str, table: bool) -> String {
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(text) + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    let text = if table {
        text.replace('|', "\\|")
    } else {
        text.to_owned()
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Lines in a fence that they cannot close.
pub(crate) fn fenced(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default()
}

/// Escapes what begins markup anywhere in a line. Underscores inside words are no markup, and
/// escaping them would make every metric and every path unreadable in the source.
fn escape_into(out: &mut String, text: &str) {
    let mut previous = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied().unwrap_or(' ');
        let markup = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '$' | '@' | '&' => true,
            '_' => !(previous.is_alphanumeric() && next.is_alphanumeric()),
            '#' => next.is_ascii_digit(),
            ':' => next == '/',
            '.' => previous == 'w' || previous == 'W',
            _ => false,
        };
        if markup {
            out.push('\\');
        }
        out.push(c);
        previous = c;
    }
}

/// Escapes what is markup only at the beginning of a block: headings, quotes, lists, rules.
fn defuse_start(text: String) -> String {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let mut after = text.chars().skip(digits);
    let listed =
        matches!(after.next(), Some('.' | ')')) && after.next().is_none_or(char::is_whitespace);
    if text.starts_with(['#', '-', '+', '=', ':', '!']) {
        return format!("\\{text}");
    }
    if digits > 0 && listed {
        let number: String = text.chars().take(digits).collect();
        let rest: String = text.chars().skip(digits).collect();
        return format!("{number}\\{rest}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hostile_text_is_inert() {
        assert_eq!(
            prose("<script>alert(1)</script>"),
            "\\<script\\>alert(1)\\</script\\>"
        );
        assert_eq!(
            prose("[x](javascript:alert(1))"),
            "\\[x\\](javascript:alert(1))"
        );
        assert_eq!(prose("![x](http://evil)"), "\\!\\[x\\](http\\://evil)");
        assert_eq!(prose("a | b"), "a \\| b");
        assert_eq!(prose("one\n\n# two"), "one # two");
        assert_eq!(prose("# head"), "\\# head");
        assert_eq!(prose("> quote"), "\\> quote");
        assert_eq!(prose("- item"), "\\- item");
        assert_eq!(prose("12. item"), "12\\. item");
        assert_eq!(
            prose("see #12, @all &amp; www.evil.example"),
            "see \\#12, \\@all \\&amp; www\\.evil.example"
        );
    }

    #[test]
    fn plain_words_stay_readable() {
        assert_eq!(
            prose("kube_pod_status (2 of 4), 10.96.0.1:5432"),
            "kube_pod_status (2 of 4), 10.96.0.1:5432"
        );
        assert_eq!(prose("1.31.4"), "1.31.4");
        assert_eq!(prose("2026-07-07 02:42:31Z"), "2026-07-07 02:42:31Z");
    }

    #[test]
    fn code_survives_backticks_and_pipes() {
        assert_eq!(prose("run `a | b`"), "run `a | b`");
        assert_eq!(cell("run `a | b`"), "run `a \\| b`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`x"), "`` `x ``");
        assert_eq!(prose("lonely ` tick"), "lonely \\` tick");
        assert_eq!(fenced("````\nx\n"), "`````text\n````\nx\n`````\n");
    }

    proptest! {
        #[test]
        fn one_line_in_one_line_out(text in any::<String>()) {
            prop_assert!(!prose(&text).contains('\n'));
            prop_assert!(!code_cell(&text).contains('\n'));
        }

        #[test]
        fn no_bare_markup_outside_code(text in "[a<>\\[\\]|*\\\\ ]{0,30}") {
            let escaped = prose(&text);
            let mut chars = escaped.chars();
            while let Some(c) = chars.next() {
                if c == '\\' { chars.next(); } else { prop_assert!(!"<>[]|*".contains(c)); }
            }
        }

        #[test]
        fn fences_hold(text in "[`\na~]{0,40}") {
            let block = fenced(&text);
            let fence: String = block.chars().take_while(|c| *c == '`').collect();
            prop_assert!(!text.contains(&fence));
        }
    }
}
