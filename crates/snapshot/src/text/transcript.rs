//! Cuts a text into blocks of a command and its output, whatever prompt, quoting or indentation surrounds them.

use std::borrow::Cow;

use super::{
    prompt::{Prompt, Style, is_command, prompt},
    wrap::{map_lines, unwrap, without_html},
};
use crate::plain::plain;

/// A command and what it printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block<'t> {
    /// What was typed; empty for text that no command precedes.
    pub command: String,
    /// Host in the prompt; may be empty.
    pub host: &'t str,
    /// Number of the output's first line in the file.
    pub first_line: u32,
    /// Number of its last line that is not blank; less than `first_line` if there is none.
    pub last_line: u32,
    /// The output.
    pub output: Cow<'t, str>,
    /// It is what a fence holds.
    pub fenced: bool,
}

/// Lines that a command may be continued on.
const MAX_CONTINUED: usize = 30;

/// The same lines without what a terminal or a ticket put around them: carriage returns, colours,
/// `> ` before quoted lines, an indentation of everything.
pub(super) fn normalise(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text));
    if text.contains('\r') {
        text = Cow::Owned(text.replace("\r\n", "\n"));
    }
    if let Cow::Owned(clean) = plain(&text) {
        text = Cow::Owned(clean);
    }
    if let Cow::Owned(listing) = without_html(&text) {
        text = Cow::Owned(listing);
    }
    // Browsers put hard blanks where several follow each other.
    if text.contains('\u{a0}') {
        text = Cow::Owned(text.replace('\u{a0}', " "));
    }
    for _ in 0..3 {
        if !is_quoted(&text) {
            break;
        }
        text = Cow::Owned(map_lines(&text, |line| {
            let rest = line.trim_start().strip_prefix('>');
            rest.map_or(line, |rest| rest.strip_prefix(' ').unwrap_or(rest))
        }));
    }
    if let Cow::Owned(inside) = unwrap(&text) {
        text = Cow::Owned(inside);
    }
    let indent = common_indent(&text);
    if indent > 0 {
        text = Cow::Owned(map_lines(&text, |line| line.get(indent..).unwrap_or("")));
    }
    text
}

/// Most lines begin with `>`, as a mail or a ticket quotes them.
fn is_quoted(text: &str) -> bool {
    let (mut quoted, mut all) = (0_usize, 0_usize);
    for line in text.lines() {
        let line = line.trim_start();
        if !line.is_empty() {
            all += 1;
            quoted += usize::from(line.starts_with('>'));
        }
    }
    quoted >= 2 && quoted * 5 >= all * 3
}

/// Bytes of blank that every line begins with.
fn common_indent(text: &str) -> usize {
    let mut least = usize::MAX;
    for line in text.lines() {
        let body = line.trim_start_matches([' ', '\t']);
        if !body.is_empty() {
            least = least.min(line.len() - body.len());
            if least == 0 {
                break;
            }
        }
    }
    if least == usize::MAX { 0 } else { least }
}

/// A block whose end is not yet known.
struct Open<'t> {
    command: String,
    host: &'t str,
    style: Option<Style>,
    indent: usize,
    first_line: u32,
    start: usize,
    last_line: u32,
    /// Its output may hold anything (a log, a script in a config map): only the same prompt ends it.
    strict: bool,
    fenced: bool,
}

impl<'t> Open<'t> {
    fn unnamed(first_line: u32, start: usize) -> Self {
        Self {
            command: String::new(),
            host: "",
            style: None,
            indent: 0,
            first_line,
            start,
            last_line: first_line.saturating_sub(1),
            strict: false,
            fenced: false,
        }
    }

    /// Whether nothing of the output has come yet.
    fn waits(&self) -> bool {
        !self.command.is_empty() && self.last_line < self.first_line
    }

    fn close(self, text: &'t str, end: usize) -> Option<Block<'t>> {
        let empty = self.last_line < self.first_line;
        if self.command.is_empty() && empty {
            return None;
        }
        let output = if empty {
            ""
        } else {
            text.get(self.start..end).unwrap_or("")
        };
        Some(Block {
            command: self.command,
            host: self.host,
            first_line: self.first_line,
            last_line: self.last_line,
            output: dedent(output, self.indent),
            fenced: self.fenced,
        })
    }
}

/// Removes the prompt's own indentation from its output, if all lines have it.
fn dedent(output: &str, indent: usize) -> Cow<'_, str> {
    if indent == 0 || common_indent(output) < indent {
        return unwrap(output);
    }
    Cow::Owned(map_lines(output, |line| line.get(indent..).unwrap_or("")))
}

/// The blocks of a text that [`normalise`] has cleaned.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let (mut open, mut fenced) = (Open::unnamed(1, 0), false);
    let mut lines = Lines {
        text,
        at: 0,
        number: 0,
    };
    while let Some((number, start, line)) = lines.next() {
        let fence = line.trim_start().strip_prefix("```");
        let line = match fence.filter(|tag| prompt(tag).is_some_and(|it| it.is_typed())) {
            // A fence that a prompt follows at once.
            Some(tag) => {
                let next = Open::unnamed(number, start);
                found.extend(std::mem::replace(&mut open, next).close(text, start));
                tag
            }
            None => line,
        };
        if let Some(command) = lines.fenced(line) {
            let next = Open {
                strict: is_strict(&command),
                command,
                style: Some(Style::Title),
                ..Open::unnamed(lines.number + 1, lines.at)
            };
            found.extend(std::mem::replace(&mut open, next).close(text, start));
            continue;
        }
        if let Some(tag) = line.trim_start().strip_prefix("```") {
            // A fence with a language opens; what is fenced on one line does neither.
            fenced = !tag.ends_with("```") && (!fenced || !tag.trim().is_empty());
            // A headline before the fence names the command; anything else ends here.
            if open.waits() && !tag.ends_with("```") {
                open.start = lines.at;
                open.first_line = number + 1;
                open.last_line = number;
            } else {
                let next = Open {
                    fenced,
                    ..Open::unnamed(number + 1, lines.at)
                };
                found.extend(std::mem::replace(&mut open, next).close(text, start));
            }
            continue;
        }
        match prompt(line).filter(|prompt| ends(&open, prompt)) {
            Some(prompt) => {
                let command = lines.continued(prompt.command);
                let next = Open {
                    strict: is_strict(&command),
                    command,
                    host: prompt.host,
                    style: Some(prompt.style),
                    indent: prompt.indent,
                    ..Open::unnamed(lines.number + 1, lines.at)
                };
                found.extend(std::mem::replace(&mut open, next).close(text, start));
            }
            None if line.trim().is_empty() => {}
            None if open.waits() && is_caption(line) => {
                open.start = lines.at;
                open.first_line = number + 1;
                open.last_line = number;
            }
            None => open.last_line = number,
        }
    }
    found.extend(open.close(text, text.len()));
    found
}

fn ends(open: &Open<'_>, prompt: &Prompt<'_>) -> bool {
    let Some(style) = open.style else {
        return true;
    };
    if style == prompt.style || prompt.style == Style::Host {
        return true;
    }
    // Who types at a prompt goes on doing so: bare commands and traces are then output.
    let typed = !matches!(style, Style::Title | Style::Trace);
    let weak = matches!(prompt.style, Style::Title | Style::Trace);
    !(open.strict || typed && weak)
}

/// `**Output:**` between a command and what it printed.
fn is_caption(line: &str) -> bool {
    let word = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '#' | '_' | ':'));
    ["output", "result", "results"]
        .iter()
        .any(|caption| word.eq_ignore_ascii_case(caption))
}

/// Commands that print what others wrote.
fn is_strict(command: &str) -> bool {
    command.split_whitespace().any(|word| {
        matches!(
            word,
            "logs"
                | "log"
                | "journalctl"
                | "dmesg"
                | "describe"
                | "cat"
                | "yaml"
                | "json"
                | "-oyaml"
                | "-ojson"
                | "exec"
        )
    })
}

struct Lines<'t> {
    text: &'t str,
    at: usize,
    number: u32,
}

impl<'t> Lines<'t> {
    /// The next line: its number, where it begins, its text.
    fn next(&mut self) -> Option<(u32, usize, &'t str)> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        let (line, len) = match memchr::memchr(b'\n', rest.as_bytes()) {
            Some(end) => (rest.get(..end)?, end + 1),
            None => (rest, rest.len()),
        };
        self.at += len;
        self.number = self.number.saturating_add(1);
        Some((self.number, start, line))
    }

    /// The commands of a shell's fence that holds nothing else, if another fence with what they printed follows; they
    /// are passed then, with the line that closes their fence.
    fn fenced(&mut self, line: &str) -> Option<String> {
        const SHELLS: &[&str] = &["bash", "console", "sh", "shell", "zsh"];
        let tag = line.strip_prefix("```")?.trim();
        if !SHELLS.contains(&tag) {
            return None;
        }
        let mut ahead = Lines { ..*self };
        let mut commands = Vec::new();
        for _ in 0..MAX_CONTINUED {
            let (_, _, line) = ahead.next()?;
            let line = line.trim();
            if line == "```" {
                break;
            }
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if !is_command(line) {
                return None;
            }
            commands.push(ahead.continued(line));
        }
        let rest = self.text.get(ahead.at..)?.trim_start();
        if commands.is_empty() || !rest.starts_with("```") {
            return None;
        }
        *self = ahead;
        Some(commands.join("; "))
    }

    /// A command with the lines that a backslash at its end continues it on.
    fn continued(&mut self, command: &str) -> String {
        let mut whole = command.to_owned();
        for _ in 0..MAX_CONTINUED {
            let Some(cut) = whole.strip_suffix('\\') else {
                break;
            };
            let Some((_, _, line)) = self.next() else {
                break;
            };
            let line = line.trim();
            let line = line.strip_prefix("> ").unwrap_or(line);
            whole = format!("{} {line}", cut.trim_end());
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(String, u32, u32, String)> {
        let text = normalise(text);
        blocks(&text)
            .into_iter()
            .map(|block| {
                let output = block.output.trim_end().to_owned();
                (block.command, block.first_line, block.last_line, output)
            })
            .collect()
    }

    fn block(command: &str, first: u32, last: u32, output: &str) -> (String, u32, u32, String) {
        (command.to_owned(), first, last, output.to_owned())
    }

    #[test]
    fn commands_and_outputs() {
        let expected = [
            block("kubectl get po", 2, 3, "NAME\na"),
            block("kubectl get \\\n", 0, 0, ""),
        ];
        let found = cut("$ kubectl get po\nNAME\na\n\n$ kubectl get \\\n    svc\nx\n$\n");
        assert_eq!(found[0], expected[0]);
        assert_eq!(found[1], block("kubectl get svc", 7, 7, "x"));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn surroundings_fall_away() {
        let plain = "$ kubectl get po\nNAME\na\n";
        let expected = vec![block("kubectl get po", 2, 3, "NAME\na")];
        assert_eq!(cut(plain), expected);
        assert_eq!(cut(&plain.replace('\n', "\r\n")), expected);
        for prefix in ["> ", ">> ", "    ", "\t"] {
            let lines: Vec<String> = plain.lines().map(|l| format!("{prefix}{l}")).collect();
            assert_eq!(cut(&lines.join("\n")), expected, "{prefix:?}");
        }
        assert_eq!(
            cut("\u{1b}[32m$\u{1b}[0m kubectl get po\nNAME\na\n"),
            expected
        );
        let list = cut("see:\n  $ kubectl get po\n  NAME\n  a\n");
        assert_eq!(list[1], block("kubectl get po", 3, 4, "NAME\na"));
    }

    #[test]
    fn fences_and_headlines() {
        let found =
            cut("**kubectl get po**\n```\nNAME\na\n```\nprose\n```console\n$ df -h\nx\n```\n");
        assert_eq!(found[0], block("kubectl get po", 3, 4, "NAME\na"));
        assert_eq!(found[1], block("", 6, 6, "prose"));
        assert_eq!(found[2], block("df -h", 9, 9, "x"));
    }

    #[test]
    fn fences_of_commands_name_what_the_next_holds() {
        let found = cut(
            "```bash\n# the node\nsystemctl is-active kubelet || true\nsudo journalctl -u kubelet\n```\n\n```text\ninactive\n```\nprose\n",
        );
        let expected = "systemctl is-active kubelet || true; sudo journalctl -u kubelet";
        assert_eq!(found[0], block(expected, 8, 8, "inactive"));
        assert_eq!(found[1], block("", 10, 10, "prose"));
        // What prose follows printed nothing.
        let found = cut("```bash\ndf -h\n```\nThen look at the disks.\n");
        assert!(found.iter().all(|block| block.0.is_empty()), "{found:?}");
    }

    #[test]
    fn logs_keep_lines_that_look_like_commands() {
        let found = cut("$ kubectl logs a\n# date\n+ kubectl get po\nx\n$ kubectl get po\ny\n");
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].1, found[0].2), (2, 4));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_safe(text in "[$#> `kubectlgetNAME\\-\\n\\r\\t\u{1b}\\[é]{0,200}") {
            let text = normalise(&text);
            let lines = u32::try_from(text.lines().count()).unwrap();
            let mut before = 0;
            for block in blocks(&text) {
                proptest::prop_assert!(block.first_line > before);
                proptest::prop_assert!(block.last_line <= lines);
                before = block.last_line.max(block.first_line - 1);
            }
        }
    }
}
