//! Goes through a transcript command by command: what `date` said, which shell a prompt belongs to, and who reads each output.

mod documents;
mod pieces;

pub(super) use pieces::{holds_logs, holds_objects};

use std::collections::{BTreeMap, BTreeSet};

use coldcase_bundle::FileId;
use jiff::Timestamp;

use super::{
    Context, Failed, Found, Listed,
    command::{Asked, Kubectl, Output},
    date, get, host,
    parts::Part,
    path,
    placed::{Before, Unplaced},
    probe, refusal, resource, rollout, shell,
    transcript::Block,
    tree::{map, put, text},
    unnamed::name_unnamed,
    version,
};
use crate::{
    journal::{self, Form},
    line::journal_text,
    logs::{JournalFile, LogFile, Span},
    object, service_log,
};

/// Lines of a journal with entries of several lines that tell its host.
const LONG_HEAD: usize = 1_000;

/// State of a transcript.
pub(super) struct Session<'s> {
    path: &'s str,
    file: FileId,
    context: &'s Context<'s>,
    /// Capture time for what follows.
    now: Option<Timestamp>,
    /// Namespace of commands that name none, as far as the place of the file or a command said.
    namespace: String,
    /// What was read of commands that name none, while nobody has said it.
    unplaced: Unplaced,
    /// Pods in which a shell was opened: prompts with their names are no nodes.
    shells: BTreeSet<String>,
    /// What stands above the fence that is read now; `None` outside of fences.
    above: Option<String>,
    found: Found,
}

/// Output of one command and where it ran.
struct Printed<'p> {
    text: &'p str,
    first_line: u32,
    last_line: u32,
    node: &'p str,
}

impl<'s> Session<'s> {
    pub(super) fn new(path: &'s str, file: FileId, context: &'s Context<'s>) -> Self {
        Self {
            path,
            file,
            context,
            now: context.now,
            namespace: context.namespace.to_owned(),
            unplaced: Unplaced::default(),
            shells: BTreeSet::new(),
            above: None,
            found: Found::default(),
        }
    }

    /// Whether nothing was found so far.
    pub(super) fn is_empty(&self) -> bool {
        let found = &self.found;
        found.objects.is_empty()
            && found.documents.is_empty()
            && found.lists.is_empty()
            && found.failed.is_empty()
            && found.absent.is_empty()
            && found.logs.is_empty()
            && found.journals.is_empty()
            && found.hosts.is_empty()
            && found.now.is_none()
            && found.version.is_none()
    }

    /// What was found; `None` if that is nothing: a program's log may well hold a command.
    pub(super) fn finish(mut self) -> Option<Found> {
        name_unnamed(&mut self.found);
        self.found.lists.sort();
        self.found.lists.dedup();
        (!self.is_empty()).then_some(self.found)
    }

    /// A text without any command: its file's name may tell one, else its form.
    pub(super) fn whole(&mut self, text: &str, hint: &path::Hint) {
        let lines = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
        let printed = Printed {
            text,
            first_line: 1,
            last_line: lines,
            node: self.context.node,
        };
        if hint.spelled {
            let line = shell::Line {
                argv: hint.argv.clone(),
                ..shell::Line::default()
            };
            if self.run(&line, &printed) {
                return;
            }
        }
        let kind = object::kind_of_path(self.path).filter(|_| !hint.spelled);
        if let Some(kind) = kind.filter(|_| refusal::is_all(text)) {
            let namespace = self.namespace.clone();
            return refusal::alone(text, (self.path, kind), &namespace, &mut self.found);
        }
        let named = !hint.spelled && hint.argv.len() > 2;
        if named && hint.argv.get(1).is_some_and(|verb| verb == "get") && get::sniff(text) {
            let request = get::Request {
                command: Kubectl::parse(&hint.argv),
                ..get::Request::default()
            };
            self.tables_among(&request, &printed);
            return;
        }
        self.sniffed(&printed);
    }

    /// What `tail` and `minikube logs` print of one of several files.
    pub(super) fn part(&mut self, part: &Part<'_>) {
        let printed = Printed {
            text: part.text,
            first_line: part.first_line,
            last_line: part.last_line,
            node: self.context.node,
        };
        let whole = Span {
            first: part.first_line,
            last: part.last_line,
        };
        if part.last_line < part.first_line {
            return;
        }
        if part.is_journal() {
            let node = self.journal_node(&printed);
            return self.add_journal(whole, node, Form::Lines);
        }
        match part.command() {
            Some(command) => self.block(&Block {
                command,
                host: printed.node,
                first_line: printed.first_line,
                last_line: printed.last_line,
                output: printed.text.into(),
                fenced: false,
            }),
            None if part.is_log() || super::is_log(part.text) => self.found.logs.push(LogFile {
                file: self.file,
                span: whole,
                namespace: String::new(),
                pod: String::new(),
                container: part.component().to_owned(),
                previous: false,
                taken: None,
            }),
            None => self.sniffed(&printed),
        }
    }

    /// Commands and their outputs, with the words between them.
    pub(super) fn blocks(&mut self, blocks: &[Block<'_>]) {
        let mut before: Option<&Block<'_>> = None;
        for block in blocks {
            let words = before.filter(|it| it.command.is_empty() && !it.fenced);
            let last = words.and_then(|it| it.output.lines().rfind(|line| !line.trim().is_empty()));
            self.above = block.fenced.then(|| last.unwrap_or("").to_owned());
            self.block(block);
            before = Some(block);
        }
        self.above = None;
    }

    /// A command and its output.
    pub(super) fn block(&mut self, block: &Block<'_>) {
        let printed = Printed {
            text: &block.output,
            first_line: block.first_line,
            last_line: block.last_line,
            node: block.host,
        };
        let mut lines = shell::lines(&block.command);
        if lines.len() > 1 {
            let speaks = |line: &shell::Line| {
                !matches!(
                    line.argv.first().map(String::as_str),
                    Some("echo" | "printf")
                )
            };
            lines.retain(speaks);
        }
        let done = match lines.as_slice() {
            [line] => self.run(line, &printed),
            [] => false,
            [first, ..] => {
                if is_date(&first.argv) {
                    self.dated(&printed);
                }
                let journals = lines.iter().any(|line| is_journal(&line.argv));
                let any = journals && self.journals_among(&printed);
                self.several(&lines, &printed) || any
            }
        };
        if !done {
            self.sniffed(&printed);
        }
    }

    /// Several commands on one line: their outputs follow each other, and only their forms tell them apart.
    fn several(&mut self, lines: &[shell::Line], printed: &Printed<'_>) -> bool {
        let mut tables = lines.iter().filter(|line| {
            line.argv
                .first()
                .is_some_and(|tool| shell::is_kubectl(tool))
        });
        let Some(first) = tables.next().map(|line| Kubectl::parse(&line.argv)) else {
            return false;
        };
        let same = |line: &shell::Line| Kubectl::parse(&line.argv).namespace == first.namespace;
        let namespace = first.namespace.clone().filter(|_| tables.all(same));
        if !get::search(printed.text) {
            return false;
        }
        let request = get::Request {
            command: Kubectl {
                verb: "get".to_owned(),
                namespace,
                ..Kubectl::default()
            },
            unnamed: true,
            ..get::Request::default()
        };
        self.tables_among(&request, printed);
        true
    }

    /// Reads an output by its command; false if the command is not one of those read here.
    fn run(&mut self, line: &shell::Line, printed: &Printed<'_>) -> bool {
        let Some(tool) = line.argv.first().map(String::as_str) else {
            return false;
        };
        let pod = match &line.pod {
            Some((namespace, pod)) => Some((namespace.as_deref(), pod.as_str())),
            None if self.shells.contains(printed.node) => Some((None, printed.node)),
            None => None,
        };
        if let (Some((_, pod)), "sh" | "bash" | "ash" | "zsh") = (pod, tool) {
            self.shells.insert(pod.to_owned());
            return true;
        }
        if line.redirected {
            return true;
        }
        let node = [line.host.as_str(), printed.node, self.context.node];
        let node = node.into_iter().find(|node| !node.is_empty()).unwrap_or("");
        let node = if pod.is_some() { "" } else { node };
        let printed = Printed { node, ..*printed };
        if shell::is_kubectl(tool) {
            return self.kubectl(line, &printed);
        }
        // `timedatectl` says more about the node than the time.
        if is_date(&line.argv) && self.dated(&printed) && tool == "date" {
            return true;
        }
        if let ("kubens", Some(namespace)) = (tool, line.argv.get(1)) {
            self.unplaced.forget(&mut self.found);
            self.namespace.clone_from(namespace);
            return true;
        }
        if probe::is_probe(&line.argv) {
            let from = probe::From {
                node,
                pod: pod.map_or("", |(_, pod)| pod),
                namespace: pod.and_then(|(namespace, _)| namespace).unwrap_or(""),
            };
            let reports = probe::read(
                &line.argv,
                printed.text,
                printed.first_line,
                from,
                self.file,
            );
            let any = !reports.is_empty();
            self.found.hosts.extend(reports);
            return any;
        }
        if is_journal(&line.argv) {
            return self.journal(&line.argv, &printed);
        }
        // What a command says inside a container is not about the node.
        pod.is_none() && self.host(&line.argv, &printed)
    }

    fn host(&mut self, argv: &[String], printed: &Printed<'_>) -> bool {
        let context = Context {
            now: self.now,
            node: printed.node,
            ..*self.context
        };
        let reports = host::read(argv, printed.text, printed.first_line, self.file, &context);
        let any = !reports.is_empty();
        self.found.hosts.extend(reports);
        for (first, last) in host::journal_spans(argv, printed.text, printed.first_line) {
            let node = self.journal_node(printed);
            self.add_journal(Span { first, last }, node, Form::Lines);
        }
        any
    }

    /// `date`: ages printed after it count back from there.
    fn dated(&mut self, printed: &Printed<'_>) -> bool {
        let Some(now) = date::read(printed.text) else {
            return false;
        };
        if self.context.settled {
            return true;
        }
        self.now = Some(now);
        self.found.now = self.found.now.max(Some(now));
        true
    }

    /// A date that heads a text: ages printed below it count back from there.
    pub(super) fn headed(&mut self, text: &str) {
        if let Some(now) = date::heading(text).filter(|_| !self.context.settled) {
            self.now = Some(now);
            self.found.now = self.found.now.max(Some(now));
        }
    }

    fn journal(&mut self, argv: &[String], printed: &Printed<'_>) -> bool {
        let empty = printed.last_line < printed.first_line
            || printed.text.trim().starts_with("-- No entries");
        let refused = printed.text.lines().count() < 3 && !printed.text.contains([':', '[']);
        if empty || refused {
            return true;
        }
        if let Some(unit) = bare_unit(argv, printed.text) {
            let node = printed.node.to_owned();
            self.add_journal(span(printed), node, Form::Bare);
            if let Some(journal) = self.found.journals.last_mut() {
                unit.clone_into(&mut journal.unit);
            }
            return true;
        }
        let form = journal::form_of(printed.text).unwrap_or_else(|| {
            if argv.iter().any(|word| word.contains("json")) {
                Form::Json
            } else {
                Form::Lines
            }
        });
        let node = self.journal_node(printed);
        self.add_journal(span(printed), node, form);
        true
    }

    fn add_journal(&mut self, span: Span, node: String, form: Form) {
        self.found.journals.push(JournalFile {
            file: self.file,
            span,
            nodes: Some(node.clone())
                .into_iter()
                .filter(|node| !node.is_empty())
                .collect(),
            node,
            form,
            unit: String::new(),
            per_line: false,
            aliases: BTreeMap::new(),
            reversed: false,
        });
    }

    /// The directory's node, else the host in the lines, else the one in the prompt.
    fn journal_node(&self, printed: &Printed<'_>) -> String {
        if !self.context.node.is_empty() {
            return self.context.node.to_owned();
        }
        if let Some(form) = journal::form_of(printed.text) {
            let lines = (1..).zip(printed.text.lines().take(LONG_HEAD));
            let entries = journal::entries(form, lines);
            let host = entries.into_iter().find(|entry| !entry.host.is_empty());
            return host.map_or(printed.node.to_owned(), |entry| entry.host);
        }
        let any = Some(Timestamp::UNIX_EPOCH);
        printed
            .text
            .lines()
            .take(50)
            .find_map(|line| journal_text(line, any))
            .map_or(printed.node, |line| line.host)
            .to_owned()
    }

    fn kubectl(&mut self, line: &shell::Line, printed: &Printed<'_>) -> bool {
        let command = Kubectl::parse(&line.argv);
        let filtered = line.filters.iter().any(|filter| !passes(filter));
        let asked = command.asked();
        let current = self.namespace.clone();
        let unplaced = current.is_empty() && command.namespace.is_none() && !command.all_namespaces;
        let (before, described) = (Before::of(&self.found), command.verb == "describe");
        let namespace = command.namespace.clone();
        let namespace = namespace.as_deref().unwrap_or(&current);
        let context = Context {
            now: self.now,
            settled: self.context.settled,
            namespace,
            node: printed.node,
            ..Context::default()
        };
        match (command.verb.as_str(), &command.output) {
            // Of a document without some of its lines nothing is certain.
            ("get" | "events", Output::Yaml | Output::Json) if filtered => {}
            ("get" | "events", Output::Yaml | Output::Json) => {
                self.documents(&command, &asked, namespace, printed);
            }
            ("get" | "events", Output::Name) => self.names(&command, &asked, filtered, printed),
            ("get" | "events", Output::Other) => {}
            ("get" | "events" | "top", _) => {
                let request = get::Request {
                    command,
                    filtered,
                    ..get::Request::default()
                };
                self.tables_among(&request, printed);
            }
            ("describe", _) => {
                self.descriptions_among(&asked, printed, &context);
                self.refused(&asked, namespace, printed);
            }
            ("logs" | "log", _) => self.logs(&command, namespace, printed),
            ("version", _) => {
                if let Some(version) = version::server(printed.text) {
                    self.found.version = Some(version);
                }
            }
            ("rollout", _) => self.found.hosts.extend(rollout::read(
                printed.text,
                printed.first_line,
                &command,
                namespace,
                self.file,
            )),
            ("config" | "project", _) => self.enter(&command),
            ("cluster-info", _) if command.words.first().is_some_and(|word| word == "dump") => {
                return false;
            }
            _ => {}
        }
        if unplaced && let Some(told) = self.unplaced.add(&self.found, before, described) {
            self.unplaced.place(&mut self.found, &told);
            self.namespace = told;
        }
        !command_is_unknown(&line.argv)
    }

    /// `kubectl config set-context --current --namespace=…` and `oc project …`.
    fn enter(&mut self, command: &Kubectl) {
        let first = command.words.first().map_or("", String::as_str);
        let switched = matches!(
            (command.verb.as_str(), first),
            ("project", _) | ("config", "set-context" | "use-context")
        );
        if switched {
            self.unplaced.forget(&mut self.found);
        }
        match command.verb.as_str() {
            "project" if !first.is_empty() => first.clone_into(&mut self.namespace),
            "config" if first == "set-context" => {
                if let Some(namespace) = &command.namespace {
                    self.namespace.clone_from(namespace);
                }
            }
            // Another context has a namespace of its own.
            "config" if first == "use-context" => self.namespace.clear(),
            _ => {}
        }
    }

    fn tables(&mut self, request: &get::Request, printed: &Printed<'_>) {
        let namespace = self.namespace.clone();
        let context = Context {
            now: self.now,
            settled: self.context.settled,
            namespace: &namespace,
            ..Context::default()
        };
        get::read(
            printed.text,
            printed.first_line,
            request,
            &context,
            &mut self.found,
        );
    }

    fn refused(&mut self, asked: &Asked, namespace: &str, printed: &Printed<'_>) {
        let lines: Vec<(u32, &str)> = (printed.first_line..).zip(printed.text.lines()).collect();
        let lines: Vec<(u32, &str)> = lines
            .into_iter()
            .filter(|(_, line)| !line.starts_with(' ') && line.len() < 2_000)
            .collect();
        refusal::read(&lines, &asked.kinds, namespace, &mut self.found);
    }

    /// `-o name`: `pod/a`, one a line.
    fn names(&mut self, command: &Kubectl, asked: &Asked, filtered: bool, printed: &Printed<'_>) {
        let current = self.namespace.clone();
        let namespace = command.namespace.as_deref().unwrap_or(&current);
        for (line, row) in (printed.first_line..).zip(printed.text.lines()) {
            let Some((word, name)) = row.trim().split_once('/') else {
                continue;
            };
            let (Some(kind), false) = (resource::kind(word), name.contains([' ', '/'])) else {
                continue;
            };
            let mut root = map(vec![("kind", text(kind, line))], line);
            put(&mut root, &["metadata", "name"], text(name, line));
            let placed = !namespace.is_empty() && !command.all_namespaces;
            if placed && !resource::cluster_scoped(kind) {
                put(&mut root, &["metadata", "namespace"], text(namespace, line));
            }
            self.found.objects.push(root);
        }
        if printed.last_line >= printed.first_line && !filtered {
            self.listed(command, asked, namespace);
        }
        self.refused(asked, namespace, printed);
    }

    /// A complete answer that is no table.
    fn listed(&mut self, command: &Kubectl, asked: &Asked, namespace: &str) {
        let partial = command.selected || !asked.names.is_empty();
        if partial || !self.found.failed.is_empty() {
            return;
        }
        for kind in &asked.kinds {
            let all = command.all_namespaces || resource::cluster_scoped(kind);
            if !all && namespace.is_empty() {
                self.found.somewhere.push(kind.clone());
                continue;
            }
            let listed = Listed {
                kind: kind.clone(),
                namespace: (!all).then(|| namespace.to_owned()),
            };
            self.found.lists.push(listed);
        }
    }

    fn logs(&mut self, command: &Kubectl, namespace: &str, printed: &Printed<'_>) {
        if printed.last_line < printed.first_line {
            return;
        }
        let first = printed.text.trim_start().lines().next().unwrap_or("");
        let refused = [
            "Error from server",
            "error: ",
            "unable to retrieve",
            "No resources found",
        ]
        .iter()
        .any(|words| first.starts_with(words));
        if refused && printed.last_line - printed.first_line < 3 {
            self.found.failed.push(Failed {
                kind: "logs".to_owned(),
                namespace: namespace.to_owned(),
                what: first.to_owned(),
                line: printed.first_line,
            });
            return;
        }
        let target = command.words.first().map_or("", String::as_str);
        let (pod, component) = match target.split_once('/') {
            Some((word, name)) if resource::kind(word) == Some("Pod") => (name, ""),
            Some((_, name)) => ("", name),
            None => (target, ""),
        };
        let selected = command.selector.rsplit('=').next().unwrap_or("");
        let second = command.words.get(1).map_or("", String::as_str);
        let container = [command.container.as_str(), second, component, selected];
        let container = container
            .into_iter()
            .find(|word| !word.is_empty())
            .unwrap_or("");
        self.found.logs.push(LogFile {
            file: self.file,
            span: span(printed),
            namespace: namespace.to_owned(),
            pod: pod.to_owned(),
            container: container.to_owned(),
            previous: command.previous,
            taken: None,
        });
    }
}

fn span(printed: &Printed<'_>) -> Span {
    Span {
        first: printed.first_line,
        last: printed.last_line,
    }
}

/// `date` without a time of the caller's, and `timedatectl`.
fn is_date(argv: &[String]) -> bool {
    match argv.first().map(String::as_str) {
        Some("timedatectl") => true,
        Some("date") => !argv.iter().any(|word| {
            word.starts_with("-d") || word.starts_with("--date") || word.starts_with("-r")
        }),
        _ => false,
    }
}

/// Journals and kernel logs, also read from their files.
fn is_journal(argv: &[String]) -> bool {
    match argv.first().map(String::as_str) {
        Some("journalctl" | "dmesg") => !argv
            .iter()
            .any(|word| matches!(word.as_str(), "--list-boots" | "--disk-usage" | "--verify")),
        Some("cat" | "tail" | "head" | "less" | "grep" | "zgrep") => argv.iter().any(|word| {
            [
                "/var/log/syslog",
                "/var/log/messages",
                "/var/log/kern.log",
                "/var/log/kubelet.log",
            ]
            .iter()
            .any(|path| word.starts_with(path))
        }),
        _ => false,
    }
}

/// The unit of what no journal's words stand before: `journalctl -u kubelet -o cat`, and files that services write.
fn bare_unit<'a>(argv: &'a [String], text: &str) -> Option<&'a str> {
    let is_cat = |word: &String| matches!(word.as_str(), "-ocat" | "--output=cat");
    let option = |names: [&str; 2]| {
        let mut words = argv.iter().zip(argv.iter().skip(1));
        let apart = words.find(|(name, _)| names.contains(&name.as_str()));
        let joined = || {
            argv.iter()
                .find_map(|word| word.strip_prefix(names.get(1)?)?.strip_prefix('='))
        };
        apart.map(|(_, value)| value.as_str()).or_else(joined)
    };
    if argv.first().is_some_and(|tool| tool == "journalctl") {
        let cat = argv.iter().any(is_cat) || option(["-o", "--output"]) == Some("cat");
        let kernel = || argv.iter().any(|word| word == "-k" || word == "--dmesg");
        let unit = || option(["-u", "--unit"]).or_else(|| option(["-t", "--identifier"]));
        let kernel = || kernel().then_some("kernel");
        return cat.then(|| {
            unit()
                .or_else(kernel)
                .unwrap_or("")
                .trim_end_matches(".service")
        });
    }
    let path = argv.iter().find(|word| word.starts_with("/var/log/"))?;
    let stem = path.rsplit('/').next()?.strip_suffix(".log")?;
    service_log::unit(stem, text)?;
    Some(stem)
}

/// Filters that let every line through.
fn passes(filter: &[String]) -> bool {
    match filter.first().map(String::as_str) {
        Some("cat" | "less" | "more" | "tee" | "sort" | "column" | "nl" | "uniq") | None => true,
        Some("jq" | "yq") => filter
            .iter()
            .skip(1)
            .all(|word| matches!(word.as_str(), "." | "-C" | "-S" | "-r" | "-M")),
        _ => false,
    }
}

/// A plugin or a word that is no verb.
fn command_is_unknown(argv: &[String]) -> bool {
    Kubectl::parse(argv).verb.is_empty()
}
