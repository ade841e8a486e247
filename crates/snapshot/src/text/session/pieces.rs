//! Reads text that no command explains, piece by piece, and what stands behind the answer to a command.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    super::{
        Context, bare,
        command::{Asked, Output},
        describe, events, get, host,
        pieces::{self, Form, Piece},
        placed::{Before, Unplaced},
        refusal,
        sentence::Quoted,
    },
    Printed, Session, span,
};
use crate::{
    hosts::UNNAMED,
    journal,
    line::journal_text,
    logs::{self, LogFile, Span},
    node::Node,
    service_log,
};

/// Larger texts are searched for tables only at their beginning, unless a command precedes them.
const MAX_SEARCHED: usize = 1 << 20;

/// Logs of one text whose headings are looked up among its pods: each look-up walks all of them.
const HEADED: usize = 200;

/// Lines of a log that tell whether it is a journal.
const SAMPLE: usize = 20;

impl Session<'_> {
    /// Sentences of components that stand alone. Where events were read they are told by those.
    pub(in crate::text) fn quote(&mut self, quoted: Quoted) {
        let logs = self.found.logs.iter().map(|log| log.span);
        let spans: Vec<Span> = logs
            .chain(self.found.journals.iter().map(|journal| journal.span))
            .collect();
        let is_logged = |line: u32| {
            let mut spans = spans.iter();
            spans.any(|span| (span.first..=span.last).contains(&line))
        };
        let is_event = |root: &Node| root.str_at(&["kind"]) == Some("Event");
        let mut lines: BTreeSet<u32> = BTreeSet::new();
        if !self.found.objects.iter().any(is_event) {
            let events = quoted.events.into_iter();
            for event in events.filter(|event| !is_logged(event.line)) {
                lines.insert(event.line);
                self.found.objects.push(event);
            }
        }
        for line in quoted.refusals {
            if is_logged(line) {
                continue;
            }
            lines.insert(line);
            self.found.logs.push(LogFile {
                file: self.file,
                span: Span {
                    first: line,
                    last: line,
                },
                namespace: String::new(),
                // Whoever asked for what was refused.
                pod: UNNAMED.to_owned(),
                container: String::new(),
                previous: false,
                taken: None,
            });
        }
        self.found.unread.retain(|line| !lines.contains(line));
    }

    /// Text that no command explains. Unless something in it is of Kubernetes, a command on a node printed it.
    pub(super) fn sniffed(&mut self, printed: &Printed<'_>) {
        if printed.last_line < printed.first_line {
            return;
        }
        let above = self.above.take();
        let pieces = pieces::cut_below(printed.text, printed.first_line, above.as_deref());
        let known = pieces.iter().any(tells);
        if !known && self.node_output(printed) {
            return;
        }
        let whole = Self::is_one_log(printed);
        let is_log = |piece: &Piece<'_>| (piece.fenced || !whole) && pieces::is_log(piece);
        if known || !self.path.ends_with(".log") && pieces.iter().any(is_log) {
            self.headed(printed.text);
            let (before, from) = (Before::of(&self.found), self.found.unread.len());
            for piece in &pieces {
                self.piece(piece, printed.node);
            }
            self.forget_headings(&pieces, from);
            self.placed(before);
        } else {
            self.unread(printed);
        }
    }

    /// Whether a text is the log of what its file is called after, and not one that somebody quotes.
    fn is_one_log(printed: &Printed<'_>) -> bool {
        printed.first_line == 1 && logs::is_stamped(printed.text)
    }

    /// What stands right above another piece only says what it is.
    fn forget_headings(&mut self, pieces: &[Piece<'_>], from: usize) {
        let above: BTreeSet<u32> = pieces
            .iter()
            .zip(pieces.iter().skip(1))
            .filter(|(piece, next)| piece.form == Form::Rest && next.form != Form::Rest)
            .map(|(piece, _)| piece.last_line)
            .collect();
        let since = self
            .found
            .unread
            .split_off(from.min(self.found.unread.len()));
        let since = since.into_iter().filter(|line| !above.contains(line));
        self.found.unread.extend(since);
    }

    /// Where all that has a namespace has the same one, and a row is of something that was described there, the tables
    /// were printed for it.
    fn placed(&mut self, before: Before) {
        let mut unplaced = Unplaced::default();
        let before = before.of_objects(&self.found);
        if self.namespace.is_empty()
            && Unplaced::has_twin(&self.found, before)
            && let Some(told) = unplaced.add(&self.found, before, true)
        {
            unplaced.place(&mut self.found, &told);
        }
    }

    fn node_output(&mut self, printed: &Printed<'_>) -> bool {
        let argv = host::sniff(self.path, printed.text);
        argv.is_some_and(|argv| self.host(&argv, printed))
    }

    /// Reads a piece as what it is.
    fn piece(&mut self, piece: &Piece<'_>, node: &str) {
        let printed = Printed {
            text: &piece.text,
            first_line: piece.first_line,
            last_line: piece.last_line,
            node,
        };
        match piece.form {
            Form::Yaml | Form::Json => self.document(&printed, piece.form == Form::Json),
            Form::Description => {
                let context = self.context_of(node);
                let Some(kind) = describe::sniff(printed.text) else {
                    return self.unread(&printed);
                };
                let objects = describe::read(printed.text, printed.first_line, kind, &context);
                self.found.objects.extend(objects);
            }
            Form::Log => self.log(piece.heading, &printed),
            Form::Rest if holds_tables(printed.text) => {
                let request = get::Request {
                    unnamed: true,
                    quoted: piece.fenced,
                    ..get::Request::default()
                };
                self.tables(&request, &printed);
            }
            Form::Rest => {
                if !self.node_output(&printed) {
                    self.unread(&printed);
                }
            }
        }
    }

    fn context_of<'c>(&'c self, node: &'c str) -> Context<'c> {
        Context {
            now: self.now,
            node,
            ..*self.context
        }
    }

    /// A document that no command asked for.
    fn document(&mut self, printed: &Printed<'_>, is_json: bool) {
        let (documents, damage) = self.parsed(printed, is_json);
        if let Some(line) = damage
            && let Some(last) = documents
                .last()
                .and_then(|it| it.items_at(&["items"]).last())
            && let Some(kind) = last.str_at(&["kind"])
        {
            self.found.cut.push((kind.to_owned(), line));
        }
        self.found.documents.extend(documents);
    }

    /// The answer of `get`: what stands behind its tables is read as what it is.
    pub(super) fn tables_among(&mut self, request: &get::Request, printed: &Printed<'_>) {
        // Columns of somebody's own may hold anything.
        if matches!(request.command.output, Output::Columns(_)) {
            return self.tables(request, printed);
        }
        let pieces = pieces::cut(printed.text, printed.first_line);
        if pieces.iter().all(|piece| piece.form == Form::Rest) {
            return self.tables(request, printed);
        }
        for piece in &pieces {
            if piece.form == Form::Rest {
                let printed = Printed {
                    text: &piece.text,
                    first_line: piece.first_line,
                    last_line: piece.last_line,
                    node: printed.node,
                };
                self.tables(request, &printed);
            } else {
                self.piece(piece, printed.node);
            }
        }
    }

    /// The answer of `describe`, of which the command knows the kind.
    pub(super) fn descriptions_among(
        &mut self,
        asked: &Asked,
        printed: &Printed<'_>,
        context: &Context<'_>,
    ) {
        let kind = asked.single().unwrap_or("");
        let pieces = pieces::cut(printed.text, printed.first_line);
        let is_one = |piece: &&Piece<'_>| piece.form == Form::Description;
        if !pieces.iter().any(|piece| is_one(&piece)) {
            return self.excerpt(asked, printed, context);
        }
        for piece in &pieces {
            if is_one(&piece) {
                let objects = describe::read(&piece.text, piece.first_line, kind, context);
                self.found.objects.extend(objects);
            } else {
                self.piece(piece, printed.node);
            }
        }
    }

    /// The answer of `describe` without a description's beginning: somebody left it out.
    fn excerpt(&mut self, asked: &Asked, printed: &Printed<'_>, context: &Context<'_>) {
        let kind = asked.single().unwrap_or("");
        let (body, first) = (printed.text, printed.first_line);
        let mut objects = describe::read(body, first, kind, context);
        let name = match asked.names.as_slice() {
            [name] => name.as_str(),
            _ => "",
        };
        if objects.is_empty() && !name.is_empty() {
            objects = describe::excerpt(body, first, (kind, name), context);
        }
        let is_event = |object: &Node| object.str_at(&["kind"]) == Some("Event");
        if !objects.iter().any(is_event) {
            let lines: Vec<(u32, &str)> = (first..).zip(body.lines()).collect();
            objects.extend(events::rows(lines, (kind, name), context));
        }
        if objects.is_empty() {
            self.unread(printed);
        }
        self.found.objects.extend(objects);
    }

    /// Parts of a journal that several commands printed, one of which was to print it.
    pub(super) fn journals_among(&mut self, printed: &Printed<'_>) -> bool {
        let before = self.found.journals.len();
        for piece in pieces::cut(printed.text, printed.first_line) {
            if piece.form == Form::Log && is_journal(&piece.text) {
                self.piece(&piece, printed.node);
            }
        }
        self.found.journals.len() > before
    }

    /// Lines of a program, or of a node's journal; the words above them may name the pod.
    fn log(&mut self, heading: &str, printed: &Printed<'_>) {
        if is_journal(printed.text) {
            let node = self.journal_node(printed);
            self.add_journal(span(printed), node, journal::Form::Lines);
            return self.of_unit(one_unit(printed.text));
        }
        let (namespace, pod) = if self.found.logs.len() < HEADED {
            self.pod_in(heading)
        } else {
            Default::default()
        };
        let unit = || service_log::tagged_unit(printed.text);
        let unit = || service_log::unit("", printed.text).or_else(unit);
        if pod.is_empty()
            && let Some(unit) = unit()
        {
            let node = service_log::node_in(printed.text).unwrap_or(printed.node);
            self.add_journal(span(printed), node.to_owned(), journal::Form::Bare);
            return self.of_unit(Some(unit));
        }
        self.found.logs.push(LogFile {
            file: self.file,
            span: span(printed),
            namespace,
            pod,
            container: String::new(),
            previous: heading.to_ascii_lowercase().contains("previous"),
            taken: None,
        });
    }

    /// Says of which unit the last journal is.
    fn of_unit(&mut self, unit: Option<&str>) {
        if let (Some(unit), Some(journal)) = (unit, self.found.journals.last_mut()) {
            unit.clone_into(&mut journal.unit);
        }
    }

    /// The pod that a heading names: one that the text shows, else what follows `pod`.
    fn pod_in(&self, heading: &str) -> (String, String) {
        let signs = |c: char| !c.is_ascii_alphanumeric();
        let words: Vec<&str> = heading
            .split([' ', '\t', '/', '=', ':', ','])
            .map(|word| word.trim_matches(signs))
            .filter(|word| !word.is_empty())
            .collect();
        let part = |root: &Node, key| root.str_at(&["metadata", key]).unwrap_or("").to_owned();
        let roots = self.found.objects.iter().chain(&self.found.documents);
        // By name, with a namespace if any of its mentions has one.
        let pods: BTreeMap<String, String> = roots
            .filter(|root| root.str_at(&["kind"]) == Some("Pod"))
            .map(|root| (part(root, "name"), part(root, "namespace")))
            .fold(BTreeMap::new(), |mut pods, (name, namespace)| {
                let known = pods.entry(name).or_insert_with(String::new);
                if known.is_empty() {
                    *known = namespace;
                }
                pods
            });
        let of_workload = |name: &str, word: &str| {
            let rest = name.strip_prefix(word).unwrap_or("");
            word.len() > 2 && rest.starts_with('-')
        };
        let exactly = pods.iter().find(|(name, _)| words.contains(&name.as_str()));
        let mut alike = pods
            .iter()
            .filter(|(name, _)| words.iter().any(|word| of_workload(name, word)));
        let alike = alike.next().filter(|_| alike.next().is_none());
        if let Some((name, namespace)) = exactly.or(alike) {
            return (namespace.clone(), name.clone());
        }
        let at = words.iter().position(|it| it.eq_ignore_ascii_case("pod"));
        let after = at.and_then(|at| words.get(at + 1));
        let generated = |word: &&&str| word.contains('-') && bare::is_name(word);
        let pod = after.filter(generated).copied().unwrap_or("");
        (String::new(), pod.to_owned())
    }

    /// Notes lines of which nothing was made, unless they only stand above something.
    pub(super) fn unread(&mut self, printed: &Printed<'_>) {
        for (line, text) in (printed.first_line..).zip(printed.text.lines()) {
            if pieces::says(text) && !refusal::is_one(text) {
                self.found.unread.push(line);
            }
        }
    }
}

/// Whether a part of a text is of Kubernetes for sure.
pub(in crate::text) fn holds_objects(text: &str) -> bool {
    pieces::cut(text, 1).iter().any(tells)
}

/// Whether a part of a text is a log that stands in a fence.
pub(in crate::text) fn holds_logs(text: &str) -> bool {
    let pieces = pieces::cut(text, 1);
    pieces
        .iter()
        .any(|piece| piece.fenced && pieces::is_log(piece))
}

/// Whether a piece is of Kubernetes for sure.
fn tells(piece: &Piece<'_>) -> bool {
    match piece.form {
        Form::Yaml | Form::Json => true,
        Form::Description => describe::sniff(&piece.text).is_some(),
        Form::Log => false,
        Form::Rest => holds_tables(&piece.text),
    }
}

fn holds_tables(text: &str) -> bool {
    get::sniff(text) || text.len() < MAX_SEARCHED && (get::search(text) || bare::is_in(text))
}

/// The unit of a journal's lines, where all have the same one and some lost the journal's words.
fn one_unit(text: &str) -> Option<&str> {
    let any = Some(Timestamp::UNIX_EPOCH);
    let parsed = |line| journal_text(line, any).map(|it| it.unit);
    let mut lost = text.lines().filter(|line| parsed(line).is_none());
    lost.find(|line| service_log::is_klog(line.trim_start()))?;
    let mut units = text.lines().filter_map(parsed);
    let unit = units.next()?;
    units.all(|other| other == unit).then_some(unit)
}

/// Whether most of the first lines are a journal's.
fn is_journal(text: &str) -> bool {
    let any = Some(Timestamp::UNIX_EPOCH);
    let lines = || {
        // What journalctl adds of its own tells neither way.
        text.lines()
            .filter(|line| !line.trim().is_empty() && !line.starts_with("--"))
            .take(SAMPLE)
    };
    let fit = lines()
        .filter(|line| journal_text(line, any).is_some())
        .count();
    fit * 2 > lines().count()
}
