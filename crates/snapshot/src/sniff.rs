//! Says what form a file has (YAML, JSON, lines, text) from its name and its first lines.

use crate::{
    journal,
    text::{self, refusal},
};

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// YAML documents.
    Yaml,
    /// JSON documents.
    Json,
    /// Logs, JSON Lines, transcripts, anything else.
    Text,
}

/// Bytes of a file that decide.
pub(crate) const HEAD: usize = 4_096;

/// Whether the first [`HEAD`] bytes already say that the rest holds no document. Most bytes of a
/// bundle are logs, and those are not read for this question.
pub(crate) fn is_text_by_head(name: &str, head: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let documents = [".yaml", ".yml", ".json"];
    if documents.iter().any(|end| lower.ends_with(end)) || head.trim().is_empty() {
        return false;
    }
    if is_log(&lower) {
        return !holds_objects(head);
    }
    journal::form_of(head).is_some() || !json_document(head) && !yaml_document(head)
}

/// Whether a name in lower case says that this is a log.
pub(crate) fn is_log(lower: &str) -> bool {
    lower.ends_with(".log") || lower.contains(".log.")
}

/// Whether a log's first lines are objects all the same: reporters of test suites write `1_pods.log`, and
/// routers of events log them.
fn holds_objects(head: &str) -> bool {
    let start = head.trim_start_matches('\u{feff}').trim_start();
    let Some(inside) = start.strip_prefix('{') else {
        return false;
    };
    let pretty = inside.starts_with(['\r', '\n'])
        && ["\"apiVersion\"", "\"items\"", "\"kind\"", "\"metadata\""]
            .iter()
            .any(|key| inside.trim_start().starts_with(key));
    pretty || is_object_line(start.lines().next().unwrap_or(""))
}

/// The form of a file. Names decide where they speak; `kubectl get -o yaml > pods.txt` and
/// sosreport's files without an extension are recognised by how they begin.
pub(crate) fn form(name: &str, text: &str) -> Form {
    let lower = name.to_ascii_lowercase();
    // A question that was refused has no document for an answer, whatever its file is called.
    if journal::form_of(head(text)).is_some() || refusal::is_all(head(text)) {
        return Form::Text;
    }
    if lower.ends_with(".yaml") || lower.ends_with(".yml") {
        // A redirected `-o json` in a file named .yaml is valid YAML, and faster read as what it is.
        return if json_document(text) {
            Form::Json
        } else {
            Form::Yaml
        };
    }
    // A tool's answer in plain text below the JSON that says what it was asked.
    if !is_log(&lower) && text::header::is_above(text) {
        return Form::Text;
    }
    if lower.ends_with(".json") {
        return if looks_like_lines(text) || begins_later(text) {
            Form::Text
        } else {
            Form::Json
        };
    }
    if is_log(&lower) {
        return if holds_objects(text) {
            Form::Json
        } else {
            Form::Text
        };
    }
    if json_document(text) && !looks_like_lines(text) {
        return Form::Json;
    }
    if yaml_document(text) {
        return Form::Yaml;
    }
    Form::Text
}

fn head(text: &str) -> &str {
    let mut end = text.len().min(HEAD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("").trim_start_matches('\u{feff}')
}

/// `{` or `[` and then what only JSON continues with.
fn json_document(text: &str) -> bool {
    let head = head(text).trim_start();
    if let Some(rest) = head.strip_prefix('{') {
        let rest = rest.trim_start();
        return rest.starts_with('"') && rest.contains("\":") || rest.starts_with('}');
    }
    head.strip_prefix('[')
        .is_some_and(|rest| matches!(rest.trim_start().chars().next(), Some('{' | ']')))
}

/// JSON behind something else: the command that printed it, a warning of a plugin.
fn begins_later(text: &str) -> bool {
    let head = head(text).trim_start();
    !head.starts_with(['{', '['])
        && head
            .lines()
            .any(|line| line.trim_end() == "{" || line.starts_with("{\"") || line.starts_with("[{"))
}

/// The first line that is neither blank, comment nor `---` is one that every Kubernetes document has.
fn yaml_document(text: &str) -> bool {
    head(text)
        .lines()
        .map(str::trim_end)
        .find(|line| !line.is_empty() && *line != "---" && !line.starts_with('#'))
        .is_some_and(|line| {
            ["apiVersion: ", "- apiVersion: ", "kind: ", "- kind: "]
                .iter()
                .any(|start| line.starts_with(start))
                || line == "items:"
                || line == "items: []"
                || line == "metadata:"
        })
}

/// JSON Lines (journals, audit logs) are logs, whatever their name, unless each line is an object of the API.
fn looks_like_lines(text: &str) -> bool {
    if is_object_line(text.lines().find(|line| !line.is_empty()).unwrap_or("")) {
        return false;
    }
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let complete = |line: Option<&str>| {
        line.is_some_and(|line| line.starts_with('{') && line.ends_with('}') && line.len() > 2)
    };
    complete(lines.next()) && complete(lines.next())
}

/// An object on one line, as `jq -c '.items[]'` prints them, or an event, bare or in the envelope of a watch
/// or a router. Audit events begin alike.
fn is_object_line(line: &str) -> bool {
    let Some(inside) = line.strip_prefix('{') else {
        return false;
    };
    let inside = inside.trim_start();
    if !line.contains("\"metadata\"") || head(line).contains("audit.k8s.io") {
        return false;
    }
    let begins = |key: &str| inside.starts_with(key);
    let typed = begins("\"apiVersion\"") || begins("\"kind\"");
    let watched = begins("\"type\"") && line.contains("\"object\"");
    typed || watched || line.contains("\"involvedObject\"") && line.contains("\"reason\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_by_name_and_content() {
        let cases = [
            ("pods.yaml", "apiVersion: v1\n", Form::Yaml),
            ("pods.yaml", "{\n  \"kind\": \"List\"\n}", Form::Json),
            ("pods.json", "{}", Form::Json),
            ("pods.json", "$ kubectl get po -o json\n{\n", Form::Text),
            ("pods.json", "no server", Form::Json),
            (
                "pods.jsonl",
                "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{}}\n{\"kind\":\"Pod\"}\n",
                Form::Json,
            ),
            (
                "a.json",
                "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"metadata\":{}}\n{\"kind\":\"Event\"}\n",
                Form::Text,
            ),
            (
                "router.log",
                "{\"verb\":\"ADDED\",\"event\":{\"metadata\":{},\"involvedObject\":{},\"reason\":\"a\"}}\n",
                Form::Json,
            ),
            (
                "1_pods.log",
                "{\n  \"metadata\": {},\n  \"items\": []\n}\n",
                Form::Json,
            ),
            ("audit.json", "{\"a\":1}\n{\"a\":2}\n", Form::Text),
            (
                "get_-o_json_pods",
                "{\n    \"apiVersion\": \"v1\"",
                Form::Json,
            ),
            ("pods.txt", "---\napiVersion: v1\nkind: Pod\n", Form::Yaml),
            ("pods.txt", "NAME   READY\n", Form::Text),
            ("app.log", "{\n  \"a\": 1\n}", Form::Text),
            ("x", "[2026-01-01] kind: of log", Form::Text),
            (
                "pods.yaml",
                "Error from server (Forbidden): pods is forbidden\n",
                Form::Text,
            ),
            ("x", "", Form::Text),
            (
                "answer.json",
                "{\"tool_name\": \"a\", \"params\": {}}\nstdout:\nName:  b\n",
                Form::Text,
            ),
        ];
        for (name, text, expected) in cases {
            assert_eq!(form(name, text), expected, "{name}: {text}");
            assert!(!is_text_by_head(name, text) || expected == Form::Text);
        }
    }
}
