//! Reads single files: documents of YAML and JSON, else text for people, else what log or journal it is.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
};

use coldcase_bundle::{Bundle, File, FileId, Problem, Root};
use jiff::Timestamp;
use rayon::prelude::*;

use crate::{
    Options, alerts,
    event::Event,
    json,
    layouts::{self, scope::Listed},
    limit,
    logs::{JournalFile, LogFile},
    node::Node,
    object::{self, Object},
    plain::plain,
    sniff::{self, Form},
    text::{self, Failed, HostReport},
    wrapped,
    yaml::{
        self, Document,
        stream::{self, Streamed},
    },
};

/// What the files of a bundle hold, before it is merged.
#[derive(Default)]
pub(crate) struct Gathered {
    /// Objects, without events.
    pub objects: Vec<Object>,
    /// Events.
    pub events: Vec<Event>,
    /// The newest stamp of those in documents.
    pub newest_event: Option<Timestamp>,
    /// Kinds that were listed, even if nothing was in the list.
    pub lists: BTreeMap<String, usize>,
    /// Where the layouts' trees begin.
    pub roots: Vec<Root>,
    /// Which file listed which kind whole.
    pub listed: Vec<Listed>,
    /// Kinds whose lists are not whole, and why: more of them may have been there.
    pub cut: Vec<(String, String)>,
    /// Files of documents in which nothing was recognised.
    pub barren: Vec<FileId>,
    /// Documents that are no Kubernetes objects.
    pub others: Vec<(FileId, Node)>,
    /// Files that need not be looked at again.
    pub read: BTreeSet<FileId>,
    /// Lines that say something of which nothing was made, of files of which something was.
    pub unread: Vec<(FileId, Vec<u32>)>,
    /// Documents of which the parts are lines of containers.
    pub wrapped: BTreeSet<FileId>,
    /// Logs inside transcripts.
    pub logs: Vec<LogFile>,
    /// Journals inside transcripts.
    pub journals: Vec<JournalFile>,
    /// Output of commands on nodes.
    pub hosts: Vec<HostReport>,
    /// Questions that a transcript shows refused.
    pub failed: Vec<Failed>,
    /// Objects that a transcript shows not to exist: kind, namespace, name.
    pub absent: BTreeSet<(String, String, String)>,
    /// Kinds that a transcript lists whole, in a namespace that nobody said.
    pub unplaced: BTreeSet<String>,
    /// Version of the server as a transcript says.
    pub version: Option<String>,
    /// Items of YAML that the fast and the complete reader read.
    pub yaml: (usize, usize),
    /// Damage.
    pub problems: Vec<Problem>,
}

impl Gathered {
    /// Takes out the manifests: what somebody wanted rather than what was there.
    pub(crate) fn take_declared(&mut self) -> Vec<Object> {
        // Dumps have none, and many objects.
        if !self.objects.iter().any(Object::is_declared) {
            return Vec::new();
        }
        let (declared, objects) = std::mem::take(&mut self.objects)
            .into_iter()
            .partition(Object::is_declared);
        self.objects = objects;
        declared
    }

    /// Sorts objects by what they are.
    pub(crate) fn add(&mut self, objects: Vec<Object>) {
        let (events, objects) = events_apart(objects);
        add(&mut self.events, Event::all(&events).0);
        add(&mut self.objects, objects);
    }
}

/// Reads all files that hold YAML or JSON documents, in parallel; merged in path order.
pub(crate) fn documents(bundle: &Bundle, options: &Options) -> Gathered {
    let roots = bundle.roots();
    let ids: Vec<FileId> = bundle
        .iter()
        .filter(|(_, file)| !limit::elsewhere(&file.path, &roots, &options.namespaces))
        .map(|(id, _)| id)
        .collect();
    let contents: Vec<Content> = ids
        .par_iter()
        .map(|id| read_contained(*id, bundle.file(*id), &roots, options))
        .collect();
    let mut gathered = Gathered {
        roots,
        ..Gathered::default()
    };
    // As much room as they take: what grows by doubling would be moved several times and keep what it does not need.
    let most = |count: fn(&Content) -> usize| {
        let all: usize = contents.iter().map(count).sum();
        let in_one = contents.iter().any(|content| count(content) == all);
        if in_one { 0 } else { all }
    };
    let objects = most(|content| content.objects.len());
    gathered.objects.reserve_exact(objects);
    let events = most(|content| content.events.len());
    gathered.events.reserve_exact(events);
    for (id, content) in ids.iter().zip(contents) {
        if content.structured {
            gathered.read.insert(*id);
        }
        if content.is_barren() {
            gathered.barren.push(*id);
        }
        if content.wrapped {
            gathered.wrapped.insert(*id);
        }
        gathered.yaml.0 += content.yaml.0;
        gathered.yaml.1 += content.yaml.1;
        for kind in content.lists {
            gathered.listed.push(Listed::new(*id, &kind));
            gathered.lists.entry(kind).or_default();
        }
        let path = &bundle.file(*id).path;
        for (kind, line, why) in content.cut {
            gathered.cut.push((kind, why.say(path, line)));
        }
        add(&mut gathered.objects, content.objects);
        add(&mut gathered.events, content.events);
        gathered.newest_event = gathered.newest_event.max(content.newest_event);
        gathered
            .others
            .extend(content.others.into_iter().map(|node| (*id, node)));
        gathered.hosts.extend(content.alerts);
        gathered.failed.extend(content.failed);
        gathered.problems.extend(content.problems);
    }
    gathered
}

/// Adds to what may be nothing yet: most are in one file.
fn add<T>(all: &mut Vec<T>, more: Vec<T>) {
    if all.capacity() == 0 {
        *all = more;
    } else {
        all.extend(more);
    }
}

/// Events and other objects; of most lists one or the other.
fn events_apart(objects: Vec<Object>) -> (Vec<Object>, Vec<Object>) {
    let is_event = |object: &Object| object.kind == "Event";
    if objects.iter().all(is_event) {
        (objects, Vec::new())
    } else if objects.iter().any(is_event) {
        objects.into_iter().partition(is_event)
    } else {
        (Vec::new(), objects)
    }
}

/// Why more may have been in a list than is there.
#[derive(Debug, Clone, PartialEq, Eq)]
enum NotWhole {
    Damaged,
    /// One page of a long list, and how many the server said to follow.
    Page(Option<i64>),
}

impl NotWhole {
    fn say(self, path: &str, line: u32) -> String {
        match self {
            Self::Damaged => format!("the list is damaged at {path}:{line}"),
            Self::Page(Some(more)) => {
                format!("one page of the list, {more} more were not captured ({path}:{line})")
            }
            Self::Page(None) => {
                format!("one page of the list, the rest was not captured ({path}:{line})")
            }
        }
    }

    /// What the metadata of a list says of the pages that follow; the API sets `continue` where there are any.
    fn by_metadata(root: &Node) -> Option<(u32, Self)> {
        let metadata = root.get("metadata")?;
        let token = metadata.get("continue")?;
        if token.as_str().is_none_or(str::is_empty) {
            return None;
        }
        Some((
            token.line,
            Self::Page(metadata.int_at(&["remainingItemCount"])),
        ))
    }
}

/// What one file holds.
#[derive(Default)]
struct Content {
    objects: Vec<Object>,
    events: Vec<Event>,
    newest_event: Option<Timestamp>,
    /// Kinds of lists that are whole.
    lists: Vec<String>,
    /// Kinds of lists that are not whole, with the line that shows it.
    cut: Vec<(String, u32, NotWhole)>,
    others: Vec<Node>,
    alerts: Vec<HostReport>,
    failed: Vec<Failed>,
    problems: Vec<Problem>,
    structured: bool,
    /// Some document says something, and not what is looked up by its keys.
    strange: bool,
    /// The parts of the document are lines of containers.
    wrapped: bool,
    yaml: (usize, usize),
}

impl Content {
    /// Whether there were documents, and nothing in them says anything that is known.
    fn is_barren(&self) -> bool {
        self.structured
            && self.objects.is_empty()
            && self.events.is_empty()
            && self.lists.is_empty()
            && self.cut.is_empty()
            && self.alerts.is_empty()
            && self.problems.is_empty()
            && self.strange
            && !self.wrapped
    }

    /// Takes what is to be said about documents of YAML; gives them.
    fn add_yaml(&mut self, documents: yaml::Documents, file: &File) -> Vec<Document> {
        let problem = |line: u32, what: String| Problem {
            file: file.path.clone(),
            line,
            what,
        };
        self.yaml = (documents.fast, documents.slow);
        let errors = documents.errors.into_iter();
        self.problems.extend(errors.map(|error| {
            let what = error.what;
            problem(
                error.line,
                format!("not valid YAML: {what}; the rest of the file is read"),
            )
        }));
        // One problem is enough for a file that was cut inside an item.
        if self.problems.is_empty() {
            let cut = documents
                .nodes
                .iter()
                .filter(|document| is_cut_if_filled(&document.root) && !document.is_empty());
            self.problems.extend(
                cut.map(|cut| problem(cut.root.line, format!("{CUT}; what came before is read"))),
            );
        }
        documents.nodes
    }
}

fn read_contained(id: FileId, file: &File, roots: &[Root], options: &Options) -> Content {
    catch_unwind(AssertUnwindSafe(|| read_file(id, file, roots, options))).unwrap_or_else(|_| {
        Content {
            problems: vec![Problem {
                file: file.path.clone(),
                line: 0,
                what: "coldcase failed on this file and left it out; please report it".to_owned(),
            }],
            ..Content::default()
        }
    })
}

/// What is wrong with a document that [`is_cut`].
pub(crate) const CUT: &str =
    "a list without its `kind`, which is written behind the items: the file is cut";

/// Half an item is sound YAML; that the list goes on is only seen by what kubectl writes last.
pub(crate) fn is_cut(root: &Node) -> bool {
    is_cut_if_filled(root) && !root.items_at(&["items"]).is_empty()
}

/// The same of a document whose items are known to be there.
fn is_cut_if_filled(root: &Node) -> bool {
    root.get("apiVersion").is_some() && root.get("kind").is_none()
}

/// Bytes that tell documents from lines of JSON.
const LARGE_HEAD: usize = 1 << 20;
/// Longer files of YAML are read piece by piece.
const LARGE: u64 = 4 << 20;
/// Leaves out documents for which there is no room.
fn refuse(content: &mut Content, file: &File, bytes: u64, options: &Options) {
    let what = too_large(bytes, options.document_bytes);
    content.problems.push(Problem {
        file: file.path.clone(),
        line: 0,
        what,
    });
    let kind = object::kind_of_path(&file.path);
    content
        .cut
        .extend(kind.map(|kind| (kind.to_owned(), 0, NotWhole::Damaged)));
    content.structured = true;
}

fn too_large(bytes: u64, room: u64) -> String {
    let (mib, most) = (bytes >> 20, room >> 20);
    if bytes > room {
        format!(
            "not read: its documents would take {mib} MiB of memory, more than {most} MiB (half of --max-memory)"
        )
    } else {
        // There is room enough, but pages of packed values count in 32 bits.
        format!("not read: one document of {mib} MiB in memory is more than can be read; split it")
    }
}

fn read_file(id: FileId, file: &File, roots: &[Root], options: &Options) -> Content {
    let mut content = Content::default();
    let name = file.name();
    if file.binary {
        return content;
    }
    let head = file.head(sniff::HEAD);
    let head = plain(&head);
    if sniff::is_text_by_head(name, &head) && !layouts::dump::may_open(&head) {
        return content;
    }
    let coloured = matches!(head, Cow::Owned(_));
    let documents = if file.bytes > LARGE && !coloured && sniff::form(name, &head) == Form::Yaml {
        streamed(&mut content, file, options)
    } else {
        None
    };
    if documents.is_none() && file.bytes > options.document_bytes {
        let head = file.head(LARGE_HEAD);
        if sniff::form(name, &head) != Form::Text {
            refuse(&mut content, file, file.bytes, options);
        }
        return content;
    }
    if sniff::form(name, &head) == Form::Json && wrapped::json::may_hold(&head) {
        let text = file.text();
        content.wrapped =
            yaml::in_memory(&text) <= options.document_bytes && wrapped::json::holds(&plain(&text));
        if content.wrapped {
            return content;
        }
    }
    if sniff::form(name, &head) == Form::Json
        && text::calls::may_hold(&head)
        && yaml::in_memory(&file.text()) <= options.document_bytes
        && text::calls::holds(&plain(&file.text()))
    {
        return content;
    }
    let Some(documents) = documents.or_else(|| whole(&mut content, file, options)) else {
        return content;
    };
    content.structured = true;
    take(&mut content, documents, file, id, roots);
    if sniff::is_log(&name.to_ascii_lowercase()) && content.is_barren() {
        // A log that begins like an object is a log.
        return Content::default();
    }
    content
}

/// Documents of a long file of YAML, read without its whole text; `None` if it takes the whole.
fn streamed(content: &mut Content, file: &File, options: &Options) -> Option<Vec<Document>> {
    let pieces = file.chunks().map(|chunk| chunk.text);
    let is_other = |piece: &str| stream::has_line(piece, layouts::dump::START);
    match stream::read(pieces, &options.yaml, options.document_bytes, is_other) {
        Streamed::Read(documents) => Some(content.add_yaml(documents, file)),
        Streamed::TooLarge { bytes, read } => {
            // The rest will be like what was read of it.
            let all = u128::from(bytes) * u128::from(file.bytes) / u128::from(read.max(1));
            let all = u64::try_from(all).unwrap_or(u64::MAX);
            refuse(content, file, all, options);
            Some(Vec::new())
        }
        Streamed::Unclear => None,
    }
}

/// Documents of a file from its whole text; `None` if it holds none.
fn whole(content: &mut Content, file: &File, options: &Options) -> Option<Vec<Document>> {
    let text = file.text();
    // `kubectl … | tee` and viewers that colour what they show.
    let text = plain(&text);
    let form = sniff::form(file.name(), &text);
    let grown = yaml::in_memory(&text);
    // Pages of packed values count in 32 bits.
    let room = options.document_bytes.min(u32::MAX.into());
    if form != Form::Text && grown > room {
        refuse(content, file, grown, options);
        return None;
    }
    let problem = |line: u32, what: String| Problem {
        file: file.path.clone(),
        line,
        what,
    };
    if let Some((documents, errors)) = layouts::dump::documents(&text, &options.yaml) {
        let errors = errors.into_iter();
        content.problems.extend(
            errors.map(|(line, what)| problem(line, format!("{what}; what came before is read"))),
        );
        return Some(documents.into_iter().map(Document::from).collect());
    }
    match form {
        Form::Yaml => Some(content.add_yaml(yaml::read(&text, &options.yaml), file)),
        Form::Json => {
            let (documents, error) = json::read_with(&text, &options.yaml);
            content.problems.extend(error.map(|error| {
                problem(
                    error.line,
                    format!("not valid JSON: {}; what came before is read", error.what),
                )
            }));
            Some(documents.into_iter().map(Document::from).collect())
        }
        Form::Text => None,
    }
}

/// Adds the objects of a file's documents, and which lists are whole.
fn take(content: &mut Content, documents: Vec<Document>, file: &File, id: FileId, roots: &[Root]) {
    let damage = damage(
        &documents,
        content.problems.iter().map(|problem| problem.line),
    );
    for (document, damage) in documents.into_iter().zip(damage) {
        let keep = document.root.clone_head();
        let says = document.is_list() || !document.root.entries().is_empty();
        let is_list = document.is_list();
        let page = NotWhole::by_metadata(&document.root);
        let filled = !document.is_empty();
        let line = document.root.line;
        let (alerts, more) = alerts::read(&document.root, id);
        content.alerts.extend(alerts);
        if more {
            content.problems.push(Problem {
                file: file.path.clone(),
                line,
                what: format!("more than {} alerts; only the first are read", alerts::MOST),
            });
        }
        let refused = text::refusal::status(&document.root, &file.path);
        let refused = refused.map(|failed| Failed { line, ..failed });
        content.failed.extend(refused);
        let (mut objects, list) = object::objects(document, &file.path, id);
        // A list of what are no objects (an audit log's) does not say that there are none.
        let of_others = filled && objects.is_empty() && damage.is_none();
        let list = list.filter(|_| !of_others);
        if objects.is_empty() && list.is_none() {
            content.strange |= says && !keep.as_ref().is_some_and(layouts::is_known);
            content.others.extend(keep);
        }
        let damage = damage.map(|line| (line, NotWhole::Damaged)).or(page);
        match damage {
            None => content.lists.extend(list),
            Some((line, why)) if is_list => {
                let last = || Some(objects.last()?.kind.to_string());
                content
                    .cut
                    .extend(list.or_else(last).map(|kind| (kind, line, why)));
            }
            Some(_) => {}
        }
        layouts::rancher::restore(&file.path, roots, &mut objects);
        // Of an event little is kept, and there are more of them than of anything else.
        let (events, objects) = events_apart(objects);
        add(&mut content.objects, objects);
        let (events, newest) = Event::all(&events);
        content.newest_event = content.newest_event.max(newest);
        add(&mut content.events, events);
    }
}

/// The first line at which each document is damaged. Damage belongs to the document that begins
/// before it: what is wrong between two may be the end of the first.
fn damage(documents: &[Document], lines: impl Iterator<Item = u32>) -> Vec<Option<u32>> {
    let mut found = vec![None; documents.len()];
    for line in lines {
        let after = documents.partition_point(|document| document.root.line <= line);
        if let Some(first) = found.get_mut(after.saturating_sub(1)) {
            *first = Some(first.map_or(line, |old: u32| old.min(line)));
        }
    }
    found
}

/// Logs and journals among the files that were not read as documents, with the logs in transcripts; each container's
/// lines apart where a file mixes them.
pub(crate) fn logs(
    bundle: &Bundle,
    gathered: &mut Gathered,
    objects: &[Object],
) -> (Vec<LogFile>, Vec<JournalFile>) {
    let roots = std::mem::take(&mut gathered.roots);
    let texts = layouts::Texts::new(bundle, &roots, objects);
    let read = |id: &FileId| gathered.read.contains(id) || gathered.wrapped.contains(id);
    let candidates: Vec<FileId> = bundle
        .iter()
        .filter(|(id, file)| (!read(id) || texts.holds_frames(*id)) && !file.binary)
        .map(|(id, _)| id)
        .collect();
    let found: Vec<_> = candidates
        .par_iter()
        .map(|id| texts.classify(*id))
        .collect();
    let mut logs = Vec::new();
    let mut journals = Vec::new();
    for (log, journal) in found {
        logs.extend(log);
        journals.extend(journal);
    }
    let mut logs = texts.settle(logs);
    layouts::titled::claim(bundle, &mut gathered.logs, texts.known());
    logs.append(&mut gathered.logs);
    let (mut logs, files) = wrapped::split(bundle, logs, &gathered.wrapped, texts.known());
    layouts::logged::claim(&mut logs, texts.known());
    gathered.read.extend(files);
    gathered.roots = roots;
    (logs, journals)
}

impl Node {
    /// A copy for documents that turn out to be no Kubernetes object (`bundle.yaml`, versions); big ones are not worth it.
    fn clone_head(&self) -> Option<Node> {
        (self.entries().len() <= 64
            && self.get("items").is_none()
            && self.get("metadata").is_none()
            && !self.entries().is_empty())
        .then(|| self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_what_helps() {
        assert!(too_large(3 << 30, 2 << 30).contains("more than 2048 MiB (half of --max-memory)"));
        let one = too_large(5 << 30, 64 << 30);
        assert!(one.contains("5120 MiB") && !one.contains("--max-memory"));
    }

    fn read(name: &str, text: &str) -> (Vec<String>, crate::coverage::Coverage) {
        let bundle = Bundle::from_texts("t", [(name, text), ("a/x.log", "x\n")]);
        let snapshot = crate::read(&bundle);
        // The log beside it is of a pod called as it is.
        let objects = snapshot.objects.iter().filter(|it| it.name != "x");
        let names = objects.map(|object| format!("{} {}", object.kind, object.name));
        let events = snapshot
            .events
            .iter()
            .map(|event| format!("event {}", event.reason));
        (names.chain(events).collect(), snapshot.coverage)
    }

    #[test]
    fn a_page_of_a_list_is_not_the_list() {
        let page = r#"{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"abc","remainingItemCount":41},
"items":[{"metadata":{"name":"a","namespace":"n","uid":"u"},"spec":{}}]}"#;
        let (names, coverage) = read("a/api_pods.json", page);
        assert_eq!(names, ["Pod a"]);
        let covered = &coverage.sources["Pod"];
        assert_eq!(covered.status, crate::coverage::Status::Truncated);
        assert!(covered.detail.contains("41 more"), "{}", covered.detail);
        assert!(!coverage.covers("Pod", "n"));
        let whole = page.replace("\"abc\"", "\"\"");
        assert!(read("a/api_pods.json", &whole).1.covers("Pod", "n"));
    }

    #[test]
    fn lists_of_typed_clients_are_told_by_their_shape() {
        let pods = "{\n  \"metadata\": {},\n  \"items\": [{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"},\"spec\":{\"containers\":[]},\"status\":{}}]\n}\n";
        for name in ["a/1_pods.log", "a/dump.json", "a/1_pods.json"] {
            let (names, coverage) = read(name, pods);
            assert_eq!(names, ["Pod a"], "{name}");
            // Nobody knows which pods a client asked for that says nothing of it.
            let told = name != "a/dump.json";
            assert_eq!(coverage.covers("Pod", "n"), told, "{name}");
        }
        let log = "{\n  \"metadata\": {\"id\": 3},\n  \"level\": \"info\"\n}\n";
        let bundle = Bundle::from_texts("t", [("a/app.log", log)]);
        assert_eq!(crate::read(&bundle).logs.len(), 1);
    }

    #[test]
    fn lines_of_event_routers_and_watches_are_events() {
        let event = r#"{"metadata":{"name":"e","namespace":"n"},"involvedObject":{"kind":"Pod","name":"a"},"reason":"BackOff","message":"m","type":"Warning"}"#;
        let routed = format!("{{\"verb\":\"ADDED\",\"event\":{event}}}\n");
        let watched = format!("{{\"type\":\"ADDED\",\"object\":{event}}}\n");
        for (name, text) in [
            ("a/router.log", &routed),
            ("a/x.json", &watched),
            ("a/exported.json", &format!("{event}\n")),
            ("a/exported.txt", &format!("{event}\n")),
        ] {
            assert_eq!(read(name, text).0, ["event BackOff"], "{name}");
        }
    }
}
