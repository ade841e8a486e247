//! Recognises the JSON that a tool writes above what a command printed, and reads from it which command that was.

use super::{pieces, prompt};
use crate::{json, node::Node};

/// Bytes and lines at a text's beginning in which such a header lies.
const HEAD: (usize, usize) = (64 << 10, 400);
/// Values that a header consists of.
const MOST: usize = 4;
/// Nesting below which no command is looked for.
const DEEP: usize = 4;

/// Fields that calls of tools have, and lines of programs do not.
const OF_CALLS: &[&str] = &[
    "arguments",
    "command",
    "invocation",
    "match_params",
    "params",
    "tool",
    "tool_name",
    "toolset_name",
];
const OF_LOGS: &[&str] = &["level", "message", "msg", "severity"];
/// Fields that hold a command line.
const COMMANDS: &[&str] = &["command", "cmd", "invocation"];
/// Fields that hold what a tool was given.
const PARAMS: &[&str] = &[
    "params",
    "match_params",
    "arguments",
    "args",
    "input",
    "parameters",
];

/// A header.
struct Header {
    /// Its lines.
    lines: usize,
    /// Its values.
    values: Vec<Node>,
}

/// Whether a text begins with such a header.
pub(crate) fn is_above(text: &str) -> bool {
    of(text).is_some()
}

/// The same lines with the command that the header names in its place; `None` without a header.
pub(super) fn opened(text: &str) -> Option<String> {
    let header = of(text)?;
    let mut command = header.values.iter().find_map(command);
    let mut opened = String::with_capacity(text.len());
    let mut begun = false;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let word = line.trim();
        // What the tool writes between its header and the answer: the command once more, the name of the stream.
        let repeated = command.as_deref() == Some(word) || matches!(word, "stdout:" | "output:");
        let above = at < header.lines || !begun && (word.is_empty() || repeated);
        if above && at > 0 {
            opened.push('\n');
        } else if above {
            if let Some(command) = &command {
                opened.push_str("$ ");
                opened.push_str(command);
            }
            opened.push('\n');
        } else {
            (begun, command) = (true, None);
            opened.push_str(line);
        }
    }
    Some(opened)
}

fn of(text: &str) -> Option<Header> {
    let text = text.trim_start_matches('\u{feff}');
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let mut end = text.len().min(HEAD.0);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let lines: Vec<&str> = text.get(..end)?.lines().take(HEAD.1).collect();
    let (mut at, mut values) = (0, Vec::new());
    loop {
        let blank = |line: &&&str| line.trim().is_empty();
        at += lines.get(at..)?.iter().take_while(blank).count();
        let rest = lines.get(at..)?;
        let next = rest.first()?;
        if !next.starts_with('{') || values.len() == MOST {
            // JSON that goes on, or a document that is damaged, is no answer in plain text.
            let plain = !next
                .trim_start()
                .starts_with(['{', '}', '[', ']', '"', ',']);
            let called = values.first().is_some_and(is_call);
            return (plain && called).then_some(Header { lines: at, values });
        }
        let count = pieces::json(rest);
        let (documents, error) = json::read(&rest.get(..count)?.join("\n"));
        if error.is_some() || documents.len() != 1 {
            return None;
        }
        values.extend(documents);
        at += count;
    }
}

/// Whether a value tells of a tool that was called.
fn is_call(value: &Node) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| value.get(key).is_some());
    let object = value.get("apiVersion").is_some() || value.get("metadata").is_some();
    has(OF_CALLS) && !has(OF_LOGS) && !object
}

/// The command that a tool ran: as it stands there, else what its name and what it was given amount to.
pub(super) fn command(value: &Node) -> Option<String> {
    typed(value, 0).or_else(|| amounting(value))
}

fn typed(value: &Node, depth: usize) -> Option<String> {
    let here = COMMANDS.iter().find_map(|key| value.str_at(&[key]));
    let here = here.map(str::trim).filter(|line| is_line(line));
    if let Some(line) = here {
        return Some(line.to_owned());
    }
    let deeper = |(_, child): &(crate::node::Key, Node)| typed(child, depth + 1);
    let inner = (depth < DEEP).then(|| value.entries().iter().find_map(deeper));
    inner.flatten()
}

/// Whether this is a command on one line.
pub(super) fn is_line(text: &str) -> bool {
    !text.contains('\n') && prompt::is_command(text)
}

/// `kubectl_describe` of `kind`, `name` and `namespace`; `fetch_pod_logs` of `pod_name`.
fn amounting(value: &Node) -> Option<String> {
    let tool = ["tool_name", "tool", "name"]
        .iter()
        .find_map(|key| value.str_at(&[key]))?
        .to_ascii_lowercase();
    let given = PARAMS.iter().find_map(|key| value.get(key))?;
    let one = |keys: &[&str]| {
        let found = keys.iter().find_map(|key| given.str_at(&[key]));
        found.filter(|word| is_plain(word)).unwrap_or("")
    };
    let does = |word: &str| {
        tool.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|it| it == word)
    };
    let pod = one(&["pod_name", "pod", "podName"]);
    let name = [one(&["name", "resource_name", "resourceName"]), pod];
    let name = name.into_iter().find(|name| !name.is_empty())?;
    let mut command = if does("describe") {
        let kind = [
            one(&["kind", "resource_type", "resourceType", "resource"]),
            "pod",
        ];
        let kind = kind.into_iter().find(|kind| !kind.is_empty())?;
        if kind == "pod" && pod.is_empty() && given.get("kind").is_none() {
            return None;
        }
        format!("kubectl describe {kind} {name}")
    } else if does("logs") || does("log") {
        format!("kubectl logs {name}")
    } else {
        return None;
    };
    for (option, word) in [
        ("-n", one(&["namespace", "ns"])),
        ("-c", one(&["container", "container_name", "containerName"])),
    ] {
        if !word.is_empty() {
            command.extend([" ", option, " ", word]);
        }
    }
    if does("previous") || given.bool_at(&["previous"]) == Some(true) {
        command.push_str(" -p");
    }
    Some(command)
}

/// A word that a shell takes as it is.
fn is_plain(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'/');
    !word.is_empty() && word.len() < 254 && !word.starts_with('-') && word.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_names_the_command() {
        for (header, command) in [
            (
                r#"{"tool_name":"shell","params":{"command":"kubectl get po -n shop"}}"#,
                "kubectl get po -n shop",
            ),
            (
                r#"{"tool_name":"kubectl_describe","params":{"kind":"pod","name":"cart-0","namespace":"shop"}}"#,
                "kubectl describe pod cart-0 -n shop",
            ),
            (
                r#"{"tool":"pod.logs","arguments":{"pod_name":"cart-0","namespace":"shop","previous":true}}"#,
                "kubectl logs cart-0 -n shop -p",
            ),
        ] {
            let text = format!("{header}\n{{\"status\": \"ok\"}}\nstdout:\nfirst\n\nstdout:\n");
            let expected = format!("$ {command}\n\n\nfirst\n\nstdout:\n");
            assert_eq!(opened(&text).as_deref(), Some(expected.as_str()));
        }
        let pretty = "{\n  \"tool\": \"other\",\n  \"params\": {}\n}\nplain\n";
        assert_eq!(opened(pretty).as_deref(), Some("\n\n\n\nplain\n"));
        let injected =
            r#"{"tool_name":"kubectl_describe","params":{"kind":"pod","name":"a; rm -rf x"}}"#;
        assert_eq!(
            opened(&format!("{injected}\nx\n")).as_deref(),
            Some("\nx\n")
        );
    }

    #[test]
    fn other_json_is_no_header() {
        for text in [
            "{\"level\":\"info\",\"msg\":\"up\",\"command\":\"date\"}\npanic: x\n",
            "{\"kind\":\"Pod\",\"metadata\":{},\"command\":\"date\"}\nx\n",
            "{\"tool\":\"a\"}\n{\"tool\":\"b\"}\n",
            "{\"tool\":\"a\",\n",
            "{\"a\":1}\nx\n",
            "[1]\nx\n",
            "",
        ] {
            assert_eq!(opened(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_safe(text in "(\\{\"tool\":|\"command\":|\"params\":|\\{|\\}|\"date\"|,|\n|x|é){0,40}") {
            if let Some(opened) = opened(&text) {
                proptest::prop_assert_eq!(opened.lines().count(), text.lines().count());
            }
        }
    }
}
