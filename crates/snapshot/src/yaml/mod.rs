//! Reads YAML into nodes with line numbers, item by item and in parallel, so that one broken object never loses its list.
//!
//! Items are read by `kubeyaml`, which knows the style of kubectl exactly and refuses everything
//! else; what it refuses goes to a complete reader, item by item, and is counted.

mod slow;

use std::borrow::Cow;

use compact_str::CompactString;
use kubeyaml::{Build, List, Options, Part, Projection, Scalar, Style};
use rayon::prelude::*;

use crate::node::{Node, Value};

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

/// Fields that fill dumps and that hardly anybody asks for: what a rule that does would write, and the path.
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

/// What a file holds.
#[derive(Debug, Default)]
pub struct Documents {
    /// Documents in order; lists with their items.
    pub nodes: Vec<Node>,
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
        match kubeyaml::split_items(part.text, part.first_line) {
            Some(list) => read_list(part, &list, reading, &mut found),
            None => match one(part, false, reading) {
                Ok(Read { nodes, slow }) => {
                    found.slow += usize::from(slow);
                    found.fast += usize::from(!slow);
                    found.nodes.extend(nodes);
                }
                Err(error) => found.errors.push(error),
            },
        }
    }
    found
}

/// What became of one item or document.
struct Read {
    nodes: Vec<Node>,
    slow: bool,
}

fn read_list(part: Part<'_>, list: &List<'_>, reading: &Reading, found: &mut Documents) {
    let read: Vec<Result<Read, YamlError>> = list
        .items
        .par_iter()
        .with_min_len(16)
        .map(|item| one(*item, true, reading))
        .collect();
    let mut items = Vec::with_capacity(read.len());
    let mut failed = Vec::new();
    let mut slow = 0;
    for item in read {
        match item {
            Ok(read) => {
                slow += usize::from(read.slow);
                items.extend(read.nodes);
            }
            Err(error) => failed.push(error),
        }
    }
    if !failed.is_empty()
        && let Ok(nodes) = slow::parse(part.text, part.first_line)
    {
        // Not the shape that was assumed, but sound as a whole.
        found.slow += items.len() + failed.len();
        found.nodes.extend(nodes);
        return;
    }
    found.slow += slow;
    found.fast += items.len() - slow.min(items.len());
    let mut entries = Vec::new();
    for part in [list.head, list.tail] {
        let read = one(part, false, &Reading::default());
        entries.extend(
            read.into_iter()
                .flat_map(|read| read.nodes)
                .filter_map(|node| match node.value {
                    Value::Map(entries) => Some(entries),
                    _ => None,
                })
                .flatten(),
        );
    }
    entries.push(("items".into(), Node::seq(items).at_line(list.items_line)));
    found.nodes.push(Node {
        value: Value::Map(entries),
        line: part.first_line,
        more_lines: 0,
    });
    found.errors.extend(failed);
}

/// Reads one item (with its dash) or one document.
fn one(part: Part<'_>, item: bool, reading: &Reading) -> Result<Read, YamlError> {
    if part.text.trim_ascii().is_empty() {
        return Ok(Read {
            nodes: Vec::new(),
            slow: false,
        });
    }
    if !reading.strict {
        let options = Options {
            first_line: part.first_line,
            max_depth: slow::MAX_DEPTH,
            projection: reading.fields.as_ref(),
        };
        let read = if item {
            kubeyaml::read_item(part.text, &mut Tree, &options)
        } else {
            kubeyaml::read(part.text, &mut Tree, &options)
        };
        if let Ok(node) = read {
            return Ok(Read {
                nodes: vec![node],
                slow: false,
            });
        }
    }
    let mut nodes = slow::parse(part.text, part.first_line)?;
    if item {
        nodes = nodes
            .into_iter()
            .flat_map(|node| match node.value {
                Value::Seq(items) => items,
                _ => vec![node],
            })
            .collect();
    }
    Ok(Read { nodes, slow: true })
}

/// Builds nodes.
struct Tree;

impl<'t> Build<'t> for Tree {
    type Node = Node;

    fn scalar(&mut self, scalar: Scalar<'t>) -> Node {
        let plain = scalar.style == Style::Plain;
        let value = if plain && matches!(&*scalar.text, "" | "~" | "null" | "Null" | "NULL") {
            Value::Null
        } else {
            Value::Scalar {
                text: compact(scalar.text),
                plain,
            }
        };
        Node {
            value,
            line: scalar.line,
            more_lines: u16::try_from(scalar.end_line.saturating_sub(scalar.line))
                .unwrap_or(u16::MAX),
        }
    }

    fn seq(&mut self, mut items: Vec<Node>, line: u32) -> Node {
        items.shrink_to_fit();
        Node {
            value: Value::Seq(items),
            line,
            more_lines: 0,
        }
    }

    fn map(&mut self, entries: Vec<(Cow<'t, str>, Node)>, line: u32) -> Node {
        let entries = entries
            .into_iter()
            .map(|(key, node)| (compact(key), node))
            .collect();
        Node {
            value: Value::Map(entries),
            line,
            more_lines: 0,
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
mod tests {
    use super::*;

    fn whole(text: &str) -> Documents {
        read(text, &Reading::default())
    }

    const LIST: &str = "apiVersion: v1\nitems:\n- kind: Pod\n  metadata:\n    name: a\n- kind: Pod\n  metadata:\n    name: b\n    note: one two\n      three\nkind: List\n";

    #[test]
    fn a_kubectl_list_keeps_line_numbers() {
        let Documents {
            nodes: documents,
            errors,
            ..
        } = whole(LIST);
        assert!(errors.is_empty(), "{errors:?}");
        let list = &documents[0];
        assert_eq!(list.str_at(&["kind"]), Some("List"));
        assert_eq!(list.at(&["kind"]).unwrap().line, 11);
        let items = list.items_at(&["items"]);
        assert_eq!(items.len(), 2);
        assert_eq!(items[0].at(&["metadata", "name"]).unwrap().line, 5);
        let note = items[1].at(&["metadata", "note"]).unwrap();
        assert_eq!(
            (note.line, note.end_line(), note.as_str()),
            (9, 10, Some("one two three"))
        );
    }

    #[test]
    fn a_broken_item_loses_only_itself() {
        let text = "items:\n- kind: Pod\n  name: a\n- kind: Pod\n  name: \"cut\n- kind: Pod\n  name: c\nkind: List\n";
        let Documents {
            nodes: documents,
            errors,
            ..
        } = whole(text);
        assert_eq!(errors.len(), 1);
        let names: Vec<_> = documents[0]
            .items_at(&["items"])
            .iter()
            .filter_map(|item| item.str_at(&["name"]))
            .collect();
        assert_eq!(names, ["a", "c"]);
    }

    #[test]
    fn a_list_cut_in_the_middle_keeps_its_head() {
        let documents = whole(LIST.get(..LIST.len() - 60).unwrap()).nodes;
        assert_eq!(
            documents[0].items_at(&["items"])[0].str_at(&["metadata", "name"]),
            Some("a")
        );
    }

    #[test]
    fn values_masked_without_quotes_are_text() {
        let Documents {
            nodes: documents,
            errors,
            ..
        } = whole("a: ***HIDDEN***\nb:\n- ***HIDDEN***:10000\nc: x\n");
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(documents[0].str_at(&["a"]), Some("***HIDDEN***"));
        assert_eq!(documents[0].get("c").map(|node| node.line), Some(4));
    }

    #[test]
    fn several_documents_and_crlf() {
        let Documents {
            nodes: documents,
            errors,
            ..
        } = whole("kind: A\r\n---\r\nkind: B\r\n");
        assert!(errors.is_empty());
        assert_eq!(
            documents
                .iter()
                .map(|d| d.str_at(&["kind"]).unwrap().to_owned())
                .collect::<Vec<_>>(),
            ["A", "B"]
        );
        assert_eq!(documents[1].at(&["kind"]).unwrap().line, 3);
    }

    #[test]
    fn folded_and_block_scalars_span_lines() {
        let documents = whole("a: |\n  one\n  two\nb: x\n").nodes;
        let a = documents[0].get("a").unwrap();
        assert_eq!(a.as_str(), Some("one\ntwo\n"));
        assert_eq!(documents[0].get("b").unwrap().line, 4);
        assert!(a.end_line() <= 3);
    }

    #[test]
    fn block_scalars_inside_items_end_where_both_readers_say() {
        for text in [
            "items:\n- data:\n    a: |\n      one\n      two\n  kind: B\nkind: List\n",
            "a:\n  b: >-\n    one\n\n    two\n  c: |\n    three\n",
            "a:\n- |\n  one\n- |\n  two\n",
        ] {
            let strict = Reading {
                strict: true,
                ..Reading::default()
            };
            let slow = read(text, &strict);
            assert_eq!(slow.fast, 0);
            assert_eq!(whole(text).nodes, slow.nodes, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_parses_or_fails(text in "[\\PC\n\t :\\-\\[\\]{}\"'&*|>#]{0,400}") {
            let fast = whole(&text);
            let strict = Reading { strict: true, ..Reading::default() };
            let slow = read(&text, &strict);
            proptest::prop_assert_eq!(fast.nodes, slow.nodes);
        }
    }
}
