//! Reads YAML into nodes with line numbers, item by item and in parallel, so that one broken object never loses its list.
//!
//! Items are read by `kubeyaml`, which knows the style of kubectl exactly and refuses everything
//! else; what it refuses goes to a complete reader, item by item, and is counted.

mod slow;
mod stray;
pub(crate) mod stream;

use std::{borrow::Cow, vec::Drain};

use compact_str::CompactString;
use kubeyaml::{Below, Block, Build, Entry, Known, List, Options, Part, Projection, Scalar, Style};
use rayon::prelude::*;

use crate::{
    node::{Key, Node, Value},
    packed::{Memo, Packed, Packer, Piece, Root},
};

/// A syntax error and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlError {
    /// Line in the file, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What is wrong.
    pub what: String,
}

/// How to read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Use the complete reader for everything.
    pub strict: bool,
    /// Fields of objects to leave out; `None` keeps all.
    pub fields: Option<Projection>,
}

/// Fields that fill dumps and that hardly anybody asks for: what a rule that does would write, and
/// the path from an object's root. No fact reads them; the `template` of a workload is another path,
/// and is kept whole because rollouts compare it. A test compares the reports with and without.
const BULKY: &[(&str, &[&str])] = &[
    ("fieldsV1", &["metadata", "managedFields", "fieldsV1"]),
    ("status.images", &["status", "images"]),
    (
        "last-applied-configuration",
        &[
            "metadata",
            "annotations",
            "kubectl.kubernetes.io/last-applied-configuration",
        ],
    ),
    ("generateName", &["metadata", "generateName"]),
    (
        "blockOwnerDeletion",
        &["metadata", "ownerReferences", "blockOwnerDeletion"],
    ),
    ("dnsPolicy", &["spec", "dnsPolicy"]),
    ("enableServiceLinks", &["spec", "enableServiceLinks"]),
    ("preemptionPolicy", &["spec", "preemptionPolicy"]),
    (
        "terminationMessage",
        &["spec", "containers", "terminationMessagePath"],
    ),
    (
        "terminationMessage",
        &["spec", "containers", "terminationMessagePolicy"],
    ),
    (
        "imagePullPolicy",
        &["spec", "containers", "imagePullPolicy"],
    ),
    ("volumeMounts", &["spec", "containers", "volumeMounts"]),
    ("hostIP", &["status", "hostIPs"]),
    ("podIP", &["status", "podIPs"]),
    ("lastProbeTime", &["status", "conditions", "lastProbeTime"]),
    (
        "containerID",
        &["status", "containerStatuses", "containerID"],
    ),
    (
        "containerID",
        &[
            "status",
            "containerStatuses",
            "lastState",
            "terminated",
            "containerID",
        ],
    ),
    (
        "containerID",
        &[
            "status",
            "containerStatuses",
            "state",
            "terminated",
            "containerID",
        ],
    ),
    ("imageID", &["status", "containerStatuses", "imageID"]),
    (
        "volumeMounts",
        &["status", "containerStatuses", "volumeMounts"],
    ),
    (
        "allocatedResources",
        &["status", "containerStatuses", "allocatedResources"],
    ),
    (
        "serviceAccountToken",
        &[
            "spec",
            "volumes",
            "projected",
            "sources",
            "serviceAccountToken",
        ],
    ),
    (
        "downwardAPI",
        &["spec", "volumes", "projected", "sources", "downwardAPI"],
    ),
    ("reportingInstance", &["reportingInstance"]),
];

impl Reading {
    /// Leaves out the bulky fields that nobody mentions.
    #[must_use]
    pub fn without_bulk(mut self, mentioned: impl Fn(&str) -> bool) -> Self {
        let mut fields = Projection::except([]);
        for (field, path) in BULKY {
            if !mentioned(field) {
                fields.leave_out(path);
            }
        }
        self.fields = Some(fields);
        self
    }
}

/// A document. The items of a list as kubectl writes it stand apart and are packed already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The document, or what a list holds beside its items, of which it has the place (`items`, empty).
    pub root: Node,
    /// The items of a list that was read item by item.
    pub items: Option<Vec<Packed>>,
}

impl From<Node> for Document {
    fn from(root: Node) -> Self {
        Self { root, items: None }
    }
}

impl Document {
    /// One tree of all.
    pub fn whole(self) -> Node {
        let Self { mut root, items } = self;
        if let Some(items) = items {
            let line = root.get("items").map_or(0, |items| items.line);
            let items = items.iter().map(|item| item.view().to_node()).collect();
            root.set("items", Node::seq(items).at_line(line));
        }
        root
    }

    /// Whether it is a list of objects, or what is left of one.
    pub fn is_list(&self) -> bool {
        self.root.get("items").is_some() || !self.root.items().is_empty()
    }

    /// Whether it is a list that has no items.
    pub fn is_empty(&self) -> bool {
        self.root.items_at(&["items"]).is_empty() && self.items.as_ref().is_none_or(Vec::is_empty)
    }
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct Documents {
    /// Documents in order.
    pub nodes: Vec<Document>,
    /// What could not be read.
    pub errors: Vec<YamlError>,
    /// Items and documents that the fast reader read.
    pub fast: usize,
    /// Those that needed the complete one.
    pub slow: usize,
}

/// Reads all documents of a file. Lists as kubectl writes them are read item by item: an item that
/// does not parse becomes an error and the others are kept.
pub fn read(text: &str, reading: &Reading) -> Documents {
    let mut found = Documents::default();
    for part in kubeyaml::split_documents(text) {
        read_part(part, reading, &mut found);
    }
    found
}

fn read_part(part: Part<'_>, reading: &Reading, found: &mut Documents) {
    match kubeyaml::split_items(part.text, part.first_line) {
        Some(list) => read_list(part, &list, reading, found),
        None => match document(part, reading) {
            Ok(Read { values, slow }) => {
                found.slow += usize::from(slow);
                found.fast += usize::from(!slow);
                found.nodes.extend(values.into_iter().map(Document::from));
            }
            Err(error) => {
                let (values, error) = stray::without(part, reading).unwrap_or((Vec::new(), error));
                found.slow += values.len();
                found.nodes.extend(values.into_iter().map(Document::from));
                found.errors.push(error);
            }
        },
    }
}

/// Bytes that a tree takes for each value: measured on lists of tiny ones.
const VALUE_BYTES: u64 = 48;

/// What a text and its tree will take in memory: no value without a line end or a comma.
pub(crate) fn in_memory(text: &str) -> u64 {
    // Two counts take a fraction of the time of one that looks for both.
    let count = |sign| memchr::memchr_iter(sign, text.as_bytes()).count() as u64;
    text.len() as u64 + (count(b'\n') + count(b',')) * VALUE_BYTES
}

/// What became of one item or document.
struct Read<T> {
    values: Vec<T>,
    slow: bool,
}

/// What an item takes beside its page: a reference to it, and as an object its names.
const ITEM_BYTES: u64 = 160;

/// Items of one page: so many that replicas share what they have in common, so few that all threads have some.
const ITEMS: usize = 64;

/// What became of the items of a list.
#[derive(Default)]
struct Items {
    packed: Vec<Packed>,
    failed: Vec<YamlError>,
    /// How many the complete reader read.
    slow: usize,
    /// What they take in memory.
    bytes: u64,
}

impl Items {
    fn extend(&mut self, others: Self) {
        self.packed.extend(others.packed);
        self.failed.extend(others.failed);
        self.slow += others.slow;
        self.bytes += others.bytes;
    }
}

/// Reads items page by page, in parallel.
fn read_items(parts: &[Part<'_>], reading: &Reading) -> Items {
    let pages: Vec<Items> = parts
        .par_chunks(ITEMS)
        .map(|parts| page(parts, reading))
        .collect();
    let mut all = Items::default();
    all.packed
        .reserve_exact(pages.iter().map(|page| page.packed.len()).sum());
    for page in pages {
        all.extend(page);
    }
    all
}

fn page(parts: &[Part<'_>], reading: &Reading) -> Items {
    let mut found = Items::default();
    let mut memo = Memo::default();
    let (roots, page) = Packer::page(|packer| {
        let mut roots = Vec::with_capacity(parts.len());
        for part in parts {
            match item(*part, reading, &mut memo, packer) {
                Ok(read) => {
                    found.slow += usize::from(read.slow);
                    roots.extend(read.values);
                }
                Err(error) => found.failed.push(error),
            }
        }
        roots
    });
    found.bytes = page.len() as u64 + roots.len() as u64 * ITEM_BYTES;
    found.packed = roots.into_iter().map(|root| page.tree(root)).collect();
    found
}

fn read_list(part: Part<'_>, list: &List<'_>, reading: &Reading, found: &mut Documents) {
    let Items {
        packed: items,
        failed,
        slow,
        ..
    } = read_items(&list.items, reading);
    if !failed.is_empty()
        && let Ok(mut nodes) = slow::parse(part.text, part.first_line)
    {
        if let Some(fields) = &reading.fields {
            let lists = nodes.iter_mut().filter_map(|node| match &mut node.value {
                Value::Map(entries) => entries.iter_mut().find(|(key, _)| key == "items"),
                _ => None,
            });
            lists.for_each(|(_, items)| slow::prune(items, fields));
        }
        // Not the shape that was assumed, but sound as a whole.
        found.slow += items.len() + failed.len();
        found.nodes.extend(nodes.into_iter().map(Document::from));
        return;
    }
    found.add_list(Parts {
        first_line: part.first_line,
        head: fields_of_list(list.head),
        items_line: list.items_line,
        items,
        tail: fields_of_list(list.tail),
        slow,
    });
    found.errors.extend(failed);
}

/// What stands before or behind a list's items; nothing of it is left out.
fn fields_of_list(part: Part<'_>) -> Vec<(Key, Node)> {
    let read = document(part, &Reading::default());
    let nodes = read.into_iter().flat_map(|read| read.values);
    nodes
        .filter_map(|node| match node.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        })
        .flatten()
        .collect()
}

/// A list that was read in parts.
struct Parts {
    first_line: u32,
    /// The fields before the items.
    head: Vec<(Key, Node)>,
    items_line: u32,
    items: Vec<Packed>,
    /// The fields behind them.
    tail: Vec<(Key, Node)>,
    /// Items that needed the complete reader.
    slow: usize,
}

impl Documents {
    fn add_list(&mut self, list: Parts) {
        self.slow += list.slow;
        self.fast += list.items.len() - list.slow.min(list.items.len());
        let mut entries = list.head;
        entries.extend(list.tail);
        let items = Node::seq(Vec::new()).at_line(list.items_line);
        entries.push(("items".into(), items));
        self.nodes.push(Document {
            root: Node {
                value: Value::Map(entries.into()),
                line: list.first_line,
                more_lines: 0,
                plain: false,
            },
            items: Some(list.items),
        });
    }
}

/// Reads one document.
fn document(part: Part<'_>, reading: &Reading) -> Result<Read<Node>, YamlError> {
    if part.text.trim_ascii().is_empty() {
        return Ok(Read {
            values: Vec::new(),
            slow: false,
        });
    }
    if !reading.strict
        && let Ok(node) = kubeyaml::read(part.text, &mut Tree, &options(part, reading))
    {
        return Ok(Read {
            values: vec![node],
            slow: false,
        });
    }
    Ok(Read {
        values: complete(part, reading)?,
        slow: true,
    })
}

/// Reads one item of a list, with its dash.
fn item<'t>(
    part: Part<'t>,
    reading: &Reading,
    memo: &mut Memo<'t>,
    packer: &mut Packer,
) -> Result<Read<Root>, YamlError> {
    let mut read = Read {
        values: Vec::new(),
        slow: false,
    };
    if part.text.trim_ascii().is_empty() {
        return Ok(read);
    }
    if !reading.strict {
        let mut repeats = Repeats { packer, memo };
        if let Ok(root) = kubeyaml::read_item(part.text, &mut repeats, &options(part, reading)) {
            read.values.push(packer.finish(root));
            return Ok(read);
        }
        packer.give_up();
    }
    read.slow = true;
    for node in complete(part, reading)? {
        match node.value {
            Value::Seq(items) => read
                .values
                .extend(items.iter().map(|item| packer.root(item))),
            _ => read.values.push(packer.root(&node)),
        }
    }
    Ok(read)
}

fn options<'r>(part: Part<'_>, reading: &'r Reading) -> Options<'r> {
    Options {
        first_line: part.first_line,
        max_depth: slow::MAX_DEPTH,
        projection: reading.fields.as_ref(),
    }
}

/// What the complete reader makes of it.
fn complete(part: Part<'_>, reading: &Reading) -> Result<Vec<Node>, YamlError> {
    let mut nodes = slow::parse(part.text, part.first_line)?;
    if let Some(fields) = &reading.fields {
        for node in &mut nodes {
            slow::prune(node, fields);
        }
    }
    Ok(nodes)
}

/// Whether a scalar says that there is nothing.
fn is_null(scalar: &Scalar<'_>) -> bool {
    scalar.style == Style::Plain && matches!(&*scalar.text, "" | "~" | "null" | "Null" | "NULL")
}

/// Lines beyond the first.
fn more_lines(scalar: &Scalar<'_>) -> u16 {
    u16::try_from(scalar.end_line.saturating_sub(scalar.line)).unwrap_or(u16::MAX)
}

/// Packs values; what was packed before is referred to.
struct Repeats<'m, 't> {
    packer: &'m mut Packer,
    memo: &'m mut Memo<'t>,
}

impl<'t> Build<'t> for Repeats<'_, 't> {
    type Node = Piece;

    const REMEMBERS: bool = true;

    fn scalar(&mut self, scalar: Scalar<'t>) -> Piece {
        let more = more_lines(&scalar);
        if is_null(&scalar) {
            self.packer.null(scalar.line, more)
        } else {
            let plain = scalar.style == Style::Plain;
            self.packer.scalar(&scalar.text, scalar.line, more, plain)
        }
    }

    fn seq(&mut self, items: Drain<'_, Piece>, line: u32) -> Piece {
        self.packer.seq(items, line)
    }

    fn map(&mut self, entries: Drain<'_, Entry<'t, Piece>>, line: u32) -> Piece {
        self.packer.map(entries, line)
    }

    fn known(&mut self, below: &Below<'_>, text: &'t str) -> Option<Known> {
        self.memo.known(below, text)
    }

    fn again(&mut self, known: &Known, line: u32) -> Option<Piece> {
        self.memo.again(known, line, self.packer)
    }

    fn remember(&mut self, below: &Below<'_>, block: Block<'t>, node: Piece) -> Piece {
        self.memo.remember(below, block, node, self.packer)
    }
}

/// Builds nodes.
struct Tree;

impl<'t> Build<'t> for Tree {
    type Node = Node;

    fn scalar(&mut self, scalar: Scalar<'t>) -> Node {
        let plain = scalar.style == Style::Plain;
        let more_lines = more_lines(&scalar);
        let value = if is_null(&scalar) {
            Value::Null
        } else {
            Value::Scalar {
                text: compact(scalar.text),
            }
        };
        let value_is_scalar = !matches!(value, Value::Null);
        Node {
            value,
            line: scalar.line,
            more_lines,
            plain: plain && value_is_scalar,
        }
    }

    fn seq(&mut self, items: Drain<'_, Node>, line: u32) -> Node {
        Node {
            value: Value::Seq(items.collect()),
            line,
            more_lines: 0,
            plain: false,
        }
    }

    fn map(&mut self, entries: Drain<'_, Entry<'t, Node>>, line: u32) -> Node {
        let entries = entries.map(|(key, node)| (Key::new(&key), node));
        Node {
            value: Value::Map(entries.collect()),
            line,
            more_lines: 0,
            plain: false,
        }
    }
}

fn compact(text: Cow<'_, str>) -> CompactString {
    match text {
        Cow::Borrowed(text) => CompactString::new(text),
        Cow::Owned(text) => CompactString::from(text),
    }
}

#[cfg(test)]
mod tests;
