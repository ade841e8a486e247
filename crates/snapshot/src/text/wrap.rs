//! Takes off what tickets, viewers and pipelines put around every line of a text.

use std::borrow::Cow;

use super::prompt::{self, prompt};

/// The same lines without the marks, boxes and numbers around them. Lines keep their numbers.
pub(super) fn unwrap(text: &str) -> Cow<'_, str> {
    let found = by_bar(text)
        .or_else(|| by_box(text))
        .or_else(|| by_star(text))
        .or_else(|| by_number(text))
        .or_else(|| by_blank(text));
    found.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The same lines without the time that a pipeline's log puts before each.
pub(super) fn without_times(text: &str) -> Cow<'_, str> {
    if !all(text, 2, |line| timed(line).is_some()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(map_lines(text, |line| timed(line).unwrap_or(line)))
}

/// Tags around a listing.
const TAGS: [&str; 10] = [
    "<pre>", "</pre>", "<code>", "</code>", "<p>", "</p>", "<br>", "<br/>", "<br />", "</span>",
];
/// Signs that HTML writes as names.
const ENTITIES: [(&str, &str); 7] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&amp;", "&"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&apos;", "'"),
    ("&nbsp;", " "),
];

/// The same lines without what a page of HTML makes of a listing, if it is one.
pub(super) fn without_html(text: &str) -> Cow<'_, str> {
    let is_page = ["<pre>", "<code>", "&lt;none&gt;", "&lt;unset&gt;"]
        .iter()
        .any(|mark| text.contains(mark));
    if !is_page {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'<', b'&', rest.as_bytes()) {
        let (before, mark) = rest.split_at_checked(at).unwrap_or((rest, ""));
        plain.push_str(before);
        let entity = ENTITIES.iter().find(|(name, _)| mark.starts_with(name));
        let tag = TAGS.iter().find(|tag| mark.starts_with(**tag));
        let len = match (entity, tag) {
            (Some((name, sign)), _) => {
                plain.push_str(sign);
                name.len()
            }
            (None, Some(tag)) => tag.len(),
            (None, None) => {
                plain.push_str(mark.get(..1).unwrap_or(""));
                1
            }
        };
        rest = mark.get(len..).unwrap_or("");
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Changes every line; its end stays.
pub(super) fn map_lines<'t>(text: &'t str, change: impl Fn(&'t str) -> &'t str) -> String {
    let mut changed = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (body, end) = match line.strip_suffix('\n') {
            Some(body) => (body, "\n"),
            None => (line, ""),
        };
        changed.push_str(change(body));
        changed.push_str(end);
    }
    changed
}

/// Whether all lines that are not blank fit, and at least so many.
fn all(text: &str, least: usize, fits: impl Fn(&str) -> bool) -> bool {
    let mut count = 0;
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.all(|line| {
        count += 1;
        fits(line)
    }) && count >= least
}

/// `2021-08-09T08:36:03.8486726Z text`: seven digits, as GitHub and Azure write them.
fn timed(line: &str) -> Option<&str> {
    let bytes = line.as_bytes();
    let form = b"0000-00-00T00:00:00.0000000Z";
    let head = bytes.get(..form.len())?;
    let fits = head.iter().zip(form).all(|(byte, sign)| match sign {
        b'0' => byte.is_ascii_digit(),
        _ => byte == sign,
    });
    let rest = line.get(form.len()..)?;
    match rest.strip_prefix(' ') {
        Some(rest) if fits => Some(rest),
        None if fits && rest.is_empty() => Some(rest),
        _ => None,
    }
}

/// `| text`; what a bar also ends is a table.
fn by_bar(text: &str) -> Option<String> {
    let inside = |line: &str| {
        let body = line.trim();
        body == "|" || body.starts_with("| ") && !body.ends_with('|')
    };
    all(text, 2, inside).then(|| {
        map_lines(text, |line| {
            let rest = line.trim_start().strip_prefix('|').unwrap_or(line);
            rest.strip_prefix(' ').unwrap_or(rest)
        })
    })
}

/// `│ text │` below a line and above another, as k9s frames what it shows.
fn by_box(text: &str) -> Option<String> {
    let is_edge = |line: &str| {
        let line = line.trim();
        line.starts_with(['┌', '└', '╭', '╰', '╔', '╚'])
    };
    let inside = |line: &str| {
        let body = line.trim();
        is_edge(body)
            || body.chars().count() > 1
                && body.starts_with(['│', '║'])
                && body.ends_with(['│', '║'])
    };
    let any = text.lines().any(|line| line.trim().starts_with(['│', '║']));
    (any && all(text, 2, inside)).then(|| {
        map_lines(text, |line| {
            if is_edge(line) {
                return "";
            }
            let body = line.trim();
            let body = body.strip_prefix(['│', '║']).unwrap_or(body);
            let body = body.strip_suffix(['│', '║']).unwrap_or(body);
            body.strip_prefix(' ').unwrap_or(body).trim_end()
        })
    })
}

/// `* text`, as older `minikube logs` print everything, and some only what begins what they print at once: the title
/// of a file with the line above it and its first line.
fn by_star(text: &str) -> Option<String> {
    let is_title = |line: &str| line.starts_with("* ==> ");
    if !text.lines().take(20).any(is_title) {
        return None;
    }
    let every = all(text, 2, |line| line.starts_with('*'));
    let (mut blank, mut titled) = (true, false);
    let mut changed = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let body = line.trim_end();
        let begins = titled || is_title(line) || blank && body == "*";
        let rest = line.strip_prefix('*').filter(|_| every || begins);
        changed.push_str(rest.map_or(line, |rest| rest.strip_prefix(' ').unwrap_or(rest)));
        titled = is_title(line);
        blank = body.is_empty();
    }
    Some(changed)
}

/// The number of a line, and what stands behind it.
fn numbered(line: &str) -> Option<(u32, &str)> {
    let body = line.trim_start_matches(' ');
    let digits = body.bytes().take(7).take_while(u8::is_ascii_digit).count();
    let (number, rest) = body.split_at_checked(digits)?;
    let number = number.parse().ok()?;
    let rest = rest.strip_prefix([':', '|', '.']).unwrap_or(rest);
    let ends = rest.is_empty() || rest.starts_with([' ', '\t']);
    let rest = rest.strip_prefix('\t').unwrap_or(rest);
    ends.then_some((number, rest))
}

/// Lines that are numbered without a gap, if there is a command or the head of an answer behind the numbers:
/// commands number what they list as well.
fn by_number(text: &str) -> Option<String> {
    let mut last: Option<u32> = None;
    let (mut count, mut known) = (0, false);
    for line in text.lines() {
        let (number, rest) = numbered(line)?;
        if last.is_some_and(|last| last.checked_add(1) != Some(number)) {
            return None;
        }
        last = Some(number);
        count += 1;
        known |= begins_answer(rest.trim_start());
    }
    (count > 2 && known)
        .then(|| map_lines(text, |line| numbered(line).map_or(line, |(_, rest)| rest)))
}

fn begins_answer(line: &str) -> bool {
    let typed = prompt(line).is_some_and(|prompt| prompt::Prompt::is_typed(&prompt));
    typed
        || ["NAME ", "NAMESPACE ", "Name: ", "apiVersion: "]
            .iter()
            .any(|head| line.starts_with(head))
}

/// A first line at the edge and all others one blank from it: the blank was lost with the first.
fn by_blank(text: &str) -> Option<String> {
    let first = text.lines().find(|line| !line.trim().is_empty())?;
    let headed = ["NAME ", "NAMESPACE ", "Name: "];
    if !headed.iter().any(|head| first.starts_with(head)) {
        return None;
    }
    let mut rest = text.lines().filter(|line| !line.trim().is_empty()).skip(1);
    let mut least = usize::MAX;
    let mut count = 0;
    let all = rest.all(|line| {
        count += 1;
        least = least.min(line.len() - line.trim_start_matches(' ').len());
        least > 0
    });
    // A description without a second field at the edge is no description.
    (all && count > 0 && least == 1)
        .then(|| map_lines(text, |line| line.strip_prefix(' ').unwrap_or(line)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_surrounds_every_line_is_taken_off() {
        let plain = "$ kubectl get po\nNAME   READY\ncart   0/1\n";
        let lines = plain.trim_end();
        let each =
            |before: &str| format!("{before}{}\n", lines.replace('\n', &format!("\n{before}")));
        assert_eq!(unwrap(&each("| ")), plain);
        assert_eq!(without_times(&each("2026-08-09T08:36:03.8486726Z ")), plain);
        let numbered = "     7\t$ kubectl get po\n     8\tNAME   READY\n     9\tcart   0/1\n";
        assert_eq!(unwrap(numbered), plain);
        let boxed = "┌──────┐\n│ Name:  a   │\n│   x: y     │\n└──────┘\n";
        assert_eq!(unwrap(boxed), "\nName:  a\n  x: y\n\n");
        let shifted = "Name:  a\n Labels:  <none>\n   x\n";
        assert_eq!(unwrap(shifted), "Name:  a\nLabels:  <none>\n  x\n");
        assert_eq!(
            unwrap("* ==> dmesg <==\n* \n* [1.0] x\n"),
            "==> dmesg <==\n\n[1.0] x\n"
        );
        assert_eq!(
            unwrap(
                "* \n* ==> dns [1] <==\n* .:53\n* a\nb\n\n* \n* ==> kubelet <==\n* -- x --\nc\n"
            ),
            "\n==> dns [1] <==\n.:53\n* a\nb\n\n\n==> kubelet <==\n-- x --\nc\n"
        );
    }

    #[test]
    fn listings_in_pages_are_text() {
        let page = "<pre><code>$ kubectl describe svc a\nPort:  &lt;unset&gt;  80/TCP &amp;lt; 2\n</code></pre>";
        let plain = "$ kubectl describe svc a\nPort:  <unset>  80/TCP &lt; 2\n";
        assert_eq!(without_html(page), plain);
        assert_eq!(without_html("a < b &gt; c"), "a < b &gt; c");
    }

    #[test]
    fn tables_and_lists_stay() {
        for text in [
            "| a | b |\n| 1 | 2 |\n",
            "1: lo    inet 127.0.0.1/8\n2: eth0  inet 10.0.0.4/24\n3: a    inet 10.0.0.5/24\n",
            "Name:  a\nLabels:  <none>\n",
            "* one\n* two\n",
        ] {
            assert_eq!(unwrap(text), text);
        }
    }

    proptest! {
        #[test]
        fn lines_keep_their_numbers(text in "(\\| |│|┌|\\* |[0-9]|\t| |NAME |Name: |\n|==> |x){0,60}") {
            let plain = unwrap(&text);
            prop_assert_eq!(plain.matches('\n').count(), text.matches('\n').count());
        }

        #[test]
        fn any_page_is_read(text in "(<pre>|<|&lt;none&gt;|&|&amp;|é|\n|</p>|x){0,60}") {
            let plain = without_html(&text);
            prop_assert_eq!(plain.matches('\n').count(), text.matches('\n').count());
        }
    }
}
