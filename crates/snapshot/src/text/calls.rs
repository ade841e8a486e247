//! Reads JSON whose strings are the outputs of commands, as agents and their tools keep them: `{"kubectl get pods": "NAME …"}`.
//!
//! A string of JSON is one line of its file: whatever is read from one stands on that line.

use std::sync::Arc;

use coldcase_bundle::{FileId, Packing};

use super::{
    Context, Found, header,
    session::Session,
    transcript::{Block, normalise},
};
use crate::{
    json,
    logs::{LogFile, Span, Taken},
    node::{Node, Value},
};

/// Larger files are no notes of an agent.
const LARGEST: usize = 32 << 20;
/// Bytes at a text's beginning that tell whether it may be one.
const HEAD: usize = 64 << 10;
/// More outputs than these are not read.
const MOST: usize = 5_000;
/// Nesting that is looked into.
const DEEP: usize = 12;

/// Fields that hold a command, and those that hold what it printed.
const COMMANDS: &[&str] = &["command", "cmd", "invocation"];
const OUTPUTS: &[&str] = &[
    "output", "stdout", "result", "response", "content", "data", "text",
];

/// The outputs of a document, one below the other.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// All lines.
    text: String,
    /// For each of them the line in the file.
    lines: Vec<u32>,
    /// Each command with its first line and its end, in bytes and lines of `text`.
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    command: String,
    bytes: std::ops::Range<usize>,
    /// Number of the first line, and of the last.
    lines: (u32, u32),
}

/// Whether the beginning of a document may be one of outputs.
pub(crate) fn may_hold(head: &str) -> bool {
    let opens = head.trim_start_matches('\u{feff}').trim_start();
    let mut end = head.len().min(HEAD);
    while !head.is_char_boundary(end) {
        end -= 1;
    }
    let head = head.get(..end).unwrap_or("");
    opens.starts_with(['{', '['])
        && !head.contains("\"apiVersion\"")
        && [
            "\"kubectl ",
            "\"oc ",
            "\"command\"",
            "\"cmd\"",
            "\"invocation\"",
            "\"tool",
        ]
        .iter()
        .any(|sign| head.contains(sign))
}

/// Whether a text is a document of outputs.
pub(crate) fn holds(text: &str) -> bool {
    of(text).is_some()
}

/// The outputs as a text of their own, for what does not ask for lines.
pub(super) fn text(text: &str) -> Option<String> {
    of(text).map(|calls| calls.text)
}

/// The outputs of a document; `None` if it has none.
pub(super) fn of(text: &str) -> Option<Calls> {
    if text.len() > LARGEST || !may_hold(text) {
        return None;
    }
    let (documents, _) = json::read(text);
    let mut calls = Calls::default();
    let mut with = 0_usize;
    for document in &documents {
        let before = calls.parts.len();
        calls.walk(document, 0);
        with += usize::from(calls.parts.len() > before);
    }
    // A program's log may well tell of a command.
    (with > 0 && with * 3 >= documents.len()).then_some(calls)
}

impl Calls {
    fn walk(&mut self, node: &Node, depth: usize) {
        if depth > DEEP || self.parts.len() >= MOST {
            return;
        }
        for item in node.items() {
            self.walk(item, depth + 1);
        }
        let printed = || OUTPUTS.iter().find_map(|key| said(node.get(key)?, 0));
        if let Some(command) = command(node)
            && let Some((line, output)) = printed()
        {
            return self.add(command, line, &output);
        }
        for (key, value) in node.entries() {
            if header::is_line(key.trim()) {
                let printed = OUTPUTS.iter().find_map(|key| said(value.get(key)?, 0));
                if let Some((line, output)) = said(value, 0).or(printed) {
                    self.add(key.trim().to_owned(), line, &output);
                }
            } else {
                self.walk(value, depth + 1);
            }
        }
    }

    fn add(&mut self, command: String, line: u32, output: &str) {
        let output = normalise(output);
        let start = self.text.len();
        let first = u32::try_from(self.lines.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        for row in output.trim_end().lines() {
            self.text.push_str(row);
            self.text.push('\n');
            self.lines.push(line);
        }
        let last = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        self.parts.push(Part {
            command,
            bytes: start..self.text.len(),
            lines: (first, last),
        });
        // Nothing of one output goes on in the next.
        self.text.push('\n');
        self.lines.push(line);
    }

    /// What the outputs say.
    pub(super) fn read(&self, path: &str, file: FileId, context: &Context<'_>) -> Option<Found> {
        let mut session = Session::new(path, file, context);
        for part in &self.parts {
            session.block(&Block {
                command: part.command.clone(),
                host: "",
                first_line: part.lines.0,
                last_line: part.lines.1,
                output: self.text.get(part.bytes.clone()).unwrap_or("").into(),
                fenced: false,
            });
        }
        let mut found = session.finish()?;
        self.place(&mut found, path);
        Some(found)
    }

    /// The line of the file in which a line of the outputs stands.
    fn line(&self, line: u32) -> u32 {
        let at = (line as usize).checked_sub(1);
        at.and_then(|at| self.lines.get(at)).copied().unwrap_or(0)
    }

    /// Gives what was found the lines of the file.
    fn place(&self, found: &mut Found, path: &str) {
        let hosts = found.hosts.iter_mut().map(|report| &mut report.root);
        for root in found
            .objects
            .iter_mut()
            .chain(&mut found.documents)
            .chain(hosts)
        {
            self.tree(root, 0);
        }
        let marks = found.cut.iter_mut().map(|(_, line)| line);
        let marks = marks.chain(found.failed.iter_mut().map(|failed| &mut failed.line));
        let marks = marks.chain(found.absent.iter_mut().map(|absent| &mut absent.line));
        let marks = marks.chain(found.problems.iter_mut().map(|(line, _)| line));
        for line in marks.chain(&mut found.unread) {
            *line = self.line(*line);
        }
        for log in &mut found.logs {
            self.take(log, path);
        }
        for journal in std::mem::take(&mut found.journals) {
            let what = "a journal inside of JSON is not read; keep it in a file of its own";
            let line = self.line(journal.span.first);
            found.problems.push((line, what.to_owned()));
        }
    }

    fn tree(&self, node: &mut Node, depth: usize) {
        node.line = self.line(node.line);
        node.more_lines = 0;
        if depth > 2 * DEEP * DEEP {
            return;
        }
        match &mut node.value {
            Value::Seq(items) => items.iter_mut().for_each(|item| self.tree(item, depth + 1)),
            Value::Map(entries) => {
                for (_, child) in entries.iter_mut() {
                    self.tree(child, depth + 1);
                }
            }
            Value::Null | Value::Scalar { .. } => {}
        }
    }

    /// A log inside of a string lies in no lines of the file: it is taken out.
    fn take(&self, log: &mut LogFile, path: &str) {
        let (first, last) = (log.span.first.max(1) as usize, log.span.last as usize);
        let rows = self.text.lines().skip(first - 1);
        let count = last.saturating_sub(first).saturating_add(1);
        let mut packing = Packing::default();
        let mut lines = Vec::new();
        for (row, line) in rows.zip(self.lines.iter().skip(first - 1)).take(count) {
            packing.push(row);
            lines.push(*line);
        }
        log.span = Span::WHOLE;
        log.taken = Some(Arc::new(Taken::new(packing.finish(path), lines)));
    }
}

/// The command that a record says was run.
fn command(node: &Node) -> Option<String> {
    let here = COMMANDS.iter().find_map(|key| node.str_at(&[key]));
    match here.map(str::trim).filter(|line| header::is_line(line)) {
        Some(line) => Some(line.to_owned()),
        None => header::command(node)
            .filter(|_| node.get("tool").is_some() || node.get("tool_name").is_some()),
    }
}

/// Text with its line: a string, or parts as tools answer them (`[{"type": "text", "text": "…"}]`).
fn said(node: &Node, depth: usize) -> Option<(u32, String)> {
    if let Some(text) = node.as_str() {
        return Some((node.line, text.to_owned()));
    }
    if depth > 2 {
        return None;
    }
    let part = |item: &Node| match item.get("text") {
        Some(text) => said(text, depth + 1),
        None => item.as_str().map(|text| (item.line, text.to_owned())),
    };
    let parts: Vec<(u32, String)> = node.items().iter().filter_map(part).collect();
    let line = parts.first()?.0;
    let parts: Vec<String> = parts.into_iter().map(|(_, text)| text).collect();
    Some((line, parts.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Found {
        let context = Context::default();
        of(text)
            .unwrap()
            .read("calls.json", FileId(0), &context)
            .unwrap()
    }

    const PODS: &str = "NAME     READY   STATUS             RESTARTS   AGE\\ncart-0   0/1     CrashLoopBackOff   5          93s\\n";

    #[test]
    fn keys_are_commands() {
        let text = format!(
            "{{\n  \"kubectl get pods -n shop\": \"{PODS}\",\n  \"kubectl logs cart-0 -n shop\": \"one\\ntwo\\n\",\n  \"kubectl get svc -n shop\": \"No resources found in shop namespace.\"\n}}\n"
        );
        let found = found(&text);
        let pod = &found.objects[0];
        assert_eq!(pod.str_at(&["metadata", "name"]), Some("cart-0"));
        assert_eq!(pod.at(&["metadata", "name"]).unwrap().line, 2);
        assert_eq!(found.lists.len(), 2);
        let log = &found.logs[0];
        assert_eq!((log.pod.as_str(), log.captured_line(2)), ("cart-0", 3));
        assert!(log.taken.is_some());
    }

    #[test]
    fn records_of_commands_and_tools() {
        for record in [
            format!("{{\"command\": \"kubectl get pods -n shop\", \"output\": \"{PODS}\"}}"),
            format!(
                "{{\"input\": 1, \"cmd\": \"kubectl get po -n shop\", \"stdout\": \"{PODS}\", \"code\": 0}}"
            ),
            format!("{{\"kubectl get po -n shop\": {{\"stdout\": \"{PODS}\", \"stderr\": \"\"}}}}"),
            format!(
                "{{\"tool\": \"shell\", \"params\": {{\"command\": \"kubectl get po -n shop\"}}, \"content\": [{{\"type\": \"text\", \"text\": \"{PODS}\"}}]}}"
            ),
        ] {
            for text in [
                record.clone(),
                format!("[\n{record},\n{record}\n]"),
                format!("{record}\n{record}\n"),
            ] {
                let pods = found(&text).objects;
                assert!(
                    pods.iter()
                        .all(|pod| pod.str_at(&["metadata", "namespace"]) == Some("shop")),
                    "{text}"
                );
                assert!(!pods.is_empty(), "{text}");
            }
        }
    }

    #[test]
    fn other_documents_hold_no_outputs() {
        for text in [
            "{\"apiVersion\": \"v1\", \"command\": \"date\", \"output\": \"x\"}",
            "{\"command\": [\"sh\", \"-c\", \"date\"], \"output\": \"x\"}",
            "{\"command\": \"deploy it\", \"output\": \"x\"}",
            "{\"kubectl is the tool\": \"x\"}",
            "plain",
        ] {
            assert!(!holds(text), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_safe(text in "(\\{\"command\":|\"output\":|\"kubectl get po\":|\\{|\\}|\\[|\\]|\"date\"|,|\n|\"NAME\\\\nx\"|é){0,40}") {
            if let Some(calls) = of(&text) {
                let _ = calls.read("a", FileId(0), &Context::default());
            }
        }
    }
}
