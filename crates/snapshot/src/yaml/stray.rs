//! Saves a document with stray lines in it or behind it (words, a shell's prompt, what a program said).

use kubeyaml::Part;

use super::{Reading, YamlError, complete};
use crate::{node::Node, text::pieces};

/// Longer documents are not read again.
const MAX: usize = 16 << 20;

/// The document without the lines that can be none of it, and which these are; `None` if that does not mend it.
pub(super) fn without(part: Part<'_>, reading: &Reading) -> Option<(Vec<Node>, YamlError)> {
    if part.text.len() > MAX {
        return None;
    }
    let lines: Vec<&str> = part.text.lines().map(str::trim_end).collect();
    let end = pieces::yaml(&lines);
    let is_stray = |(at, line): (usize, &&str)| {
        let stray = at >= end || !pieces::in_yaml(line);
        (stray && !line.is_empty()).then_some(at)
    };
    let stray: Vec<usize> = lines.iter().enumerate().filter_map(is_stray).collect();
    let (first, last) = (*stray.first()?, *stray.last()?);
    let mut text = String::with_capacity(part.text.len());
    for (at, line) in part.text.lines().enumerate().take(end) {
        if stray.binary_search(&at).is_err() {
            text.push_str(line);
        }
        text.push('\n');
    }
    let part = Part {
        text: &text,
        first_line: part.first_line,
    };
    let nodes = complete(part, reading).ok()?;
    if nodes.iter().all(|node| node.entries().is_empty()) {
        return None;
    }
    let number = |at: usize| {
        let lines = u32::try_from(at).unwrap_or(u32::MAX);
        part.first_line.saturating_add(lines)
    };
    let what = match stray.len() {
        1 => "this line belongs to no document".to_owned(),
        count if count == last - first + 1 => format!(
            "lines {} to {} belong to no document",
            number(first),
            number(last)
        ),
        count => format!("{count} lines from here on belong to no document"),
    };
    let error = YamlError {
        line: number(first),
        column: 1,
        what,
    };
    Some((nodes, error))
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: cart-0\n";

    fn names(text: &str) -> (Vec<String>, Vec<(u32, String)>) {
        let found = read(text, &Reading::default());
        let name = |node: Node| node.str_at(&["metadata", "name"]).unwrap_or("").to_owned();
        let errors = found
            .errors
            .into_iter()
            .map(|error| (error.line, error.what));
        (
            found.nodes.into_iter().map(|it| name(it.whole())).collect(),
            errors.collect(),
        )
    }

    #[test]
    fn stray_lines_do_not_cost_the_document() {
        for (text, line) in [
            (format!("{POD}that is all of it\n"), 5),
            (format!("{POD}[me@box ~]$ \n"), 5),
            (format!("{POD}\nLogs:\n\n10:00:01 started\n  at main\n"), 6),
            (POD.replace("metadata:", "I0101 throttled\nmetadata:"), 3),
        ] {
            let (names, errors) = names(&text);
            assert_eq!(names, ["cart-0"], "{text}");
            assert_eq!(errors[0].0, line, "{text}");
            assert!(errors[0].1.contains("no document"), "{errors:?}");
        }
        let (names, errors) = names("kind: Pod\nmetadata: {\nwords\n");
        assert_eq!((names.len(), errors.len()), (0, 1));
    }
}
