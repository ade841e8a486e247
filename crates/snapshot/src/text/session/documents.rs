//! What a command of a transcript prints as YAML or JSON: documents, perhaps behind a client's own lines.

use super::{
    super::{
        command::{Asked, Kubectl, Output},
        tree::shift,
    },
    Printed, Session,
};
use crate::{
    files::{CUT, is_cut},
    json,
    node::{Node, Value},
    yaml::{self, Document},
};

impl Session<'_> {
    /// `-o yaml` and `-o json`. A list that was asked for with a selector is given item by item, so that
    /// nobody takes it for all there is.
    pub(super) fn documents(
        &mut self,
        command: &Kubectl,
        asked: &Asked,
        namespace: &str,
        printed: &Printed<'_>,
    ) {
        let (documents, damage) = self.parsed(printed, command.output == Output::Json);
        if documents.is_empty() {
            return self.refused(asked, namespace, printed);
        }
        let partial = command.selected || !asked.names.is_empty();
        for mut document in documents {
            let is_list = document.str_at(&["kind"]) == Some("List") || is_cut(&document);
            if partial && is_list {
                if let Value::Map(entries) = &mut document.value
                    && let Some((_, items)) = entries.iter_mut().find(|(key, _)| key == "items")
                    && let Value::Seq(items) = &mut items.value
                {
                    self.found.documents.extend(std::mem::take(items));
                }
                continue;
            }
            match damage {
                None if is_list => self.listed(command, asked, namespace),
                Some(line) if is_list => self.cut(asked, line),
                _ => {}
            }
            self.found.documents.push(document);
        }
    }

    /// An answer that is damaged: nothing is known of what is not in the rest.
    fn cut(&mut self, asked: &Asked, line: u32) {
        let kinds = asked.kinds.iter().map(|kind| (kind.clone(), line));
        self.found.cut.extend(kinds);
    }

    /// Documents of a text that may begin with warnings, and where the first damage is.
    pub(super) fn parsed(
        &mut self,
        printed: &Printed<'_>,
        is_json: bool,
    ) -> (Vec<Node>, Option<u32>) {
        let mut start = 0;
        let mut skipped = 0_u32;
        for line in printed.text.split_inclusive('\n').take(BEFORE) {
            let json_start = line.trim_start().starts_with(['{', '[']);
            let yaml_start = ["apiVersion:", "kind:", "items:", "metadata:", "---", "- "]
                .iter()
                .any(|key| line.starts_with(key));
            if is_json && json_start || !is_json && yaml_start {
                break;
            }
            start += line.len();
            skipped += 1;
        }
        let body = printed.text.get(start..).unwrap_or("");
        let before = printed.first_line.saturating_sub(1).saturating_add(skipped);
        let whole = yaml::Reading::default();
        let reading = self.context.reading.unwrap_or(&whole);
        let (mut documents, mut errors) = if is_json {
            let (documents, error) = json::read_with(body, reading);
            let errors = error.map(|error| (error.line, format!("not valid JSON: {}", error.what)));
            (documents, errors.into_iter().collect::<Vec<_>>())
        } else {
            let yaml::Documents {
                nodes: documents,
                errors,
                ..
            } = yaml::read(body, reading);
            let errors = errors
                .into_iter()
                .map(|error| (error.line, format!("not valid YAML: {}", error.what)));
            let documents = documents.into_iter().map(Document::whole).collect();
            (documents, errors.collect())
        };
        documents.retain(|document| !document.entries().is_empty());
        if errors.is_empty() {
            let cut = documents.iter().filter(|document| is_cut(document));
            errors.extend(cut.map(|document| (document.line, CUT.to_owned())));
        }
        for document in &mut documents {
            shift(document, before);
        }
        let mut damage = None;
        if !documents.is_empty() {
            damage = errors.iter().map(|(line, _)| line + before).min();
            let moved = errors.into_iter().map(|(line, what)| (line + before, what));
            self.found.problems.extend(moved);
        }
        (documents, damage)
    }
}

/// Lines that a client may write before a document: warnings, what it is about to do.
const BEFORE: usize = 20;
