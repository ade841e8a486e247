//! Tests of reading YAML: lists, damage, lines, and the fast reader against the complete one.

#![allow(
    clippy::format_push_string,
    reason = "a generator of small texts reads best so"
)]

use proptest::prelude::*;

use super::*;

/// What was read, each document as one tree.
struct Trees {
    nodes: Vec<Node>,
    errors: Vec<YamlError>,
}

fn whole(text: &str) -> Trees {
    let read = read(text, &Reading::default());
    Trees {
        nodes: read.nodes.into_iter().map(Document::whole).collect(),
        errors: read.errors,
    }
}

const LIST: &str = "apiVersion: v1\nitems:\n- kind: Pod\n  metadata:\n    name: a\n- kind: Pod\n  metadata:\n    name: b\n    note: one two\n      three\nkind: List\n";

#[test]
fn a_kubectl_list_keeps_line_numbers() {
    let Trees {
        nodes: documents,
        errors,
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
    let Trees {
        nodes: documents,
        errors,
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
    let Trees {
        nodes: documents,
        errors,
    } = whole("a: ***HIDDEN***\nb:\n- ***HIDDEN***:10000\nc: x\n");
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(documents[0].str_at(&["a"]), Some("***HIDDEN***"));
    assert_eq!(documents[0].get("c").map(|node| node.line), Some(4));
}

#[test]
fn several_documents_and_crlf() {
    let Trees {
        nodes: documents,
        errors,
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

proptest::proptest! {
    #[test]
    fn any_text_parses_or_fails(text in "[\\PC\n\t :\\-\\[\\]{}\"'&*|>#]{0,400}") {
        let fast = read(&text, &Reading::default());
        let strict = Reading { strict: true, ..Reading::default() };
        let slow = read(&text, &strict);
        proptest::prop_assert_eq!(fast.nodes, slow.nodes);
    }
}

/// A document as kubectl would write it, and as somebody could.
#[derive(Debug, Clone)]
enum Written {
    Line(&'static str),
    Folded,
    Block(&'static str, Vec<&'static str>),
    Map(Vec<(&'static str, Written)>),
    List {
        items: Vec<Written>,
        indented: bool,
        alone: bool,
    },
}

impl Written {
    /// Writes what follows a colon or, `inline`, a dash.
    fn write(&self, indent: usize, inline: bool, out: &mut String) {
        let pad = " ".repeat(indent);
        match self {
            Self::Line("") => out.push('\n'),
            Self::Line(text) => out.push_str(&format!(" {text}\n")),
            Self::Folded => out.push_str(&format!(" one two\n{pad}  three\n")),
            Self::Block(head, lines) => {
                out.push_str(&format!(" {head}\n"));
                for line in lines {
                    let blank = line.is_empty();
                    out.push_str(&if blank {
                        "\n".into()
                    } else {
                        format!("{pad}  {line}\n")
                    });
                }
            }
            Self::Map(entries) if entries.is_empty() => out.push_str(" {}\n"),
            Self::Map(entries) => {
                let inner = if inline { indent } else { indent + 2 };
                let inner = if inline && indent == 0 { 2 } else { inner };
                for (at, (key, value)) in entries.iter().enumerate() {
                    match (at, inline) {
                        (0, true) => out.push(' '),
                        (0, false) => {
                            out.push('\n');
                            out.push_str(&" ".repeat(inner));
                        }
                        _ => out.push_str(&" ".repeat(inner)),
                    }
                    out.push_str(&format!("{key}:"));
                    value.write(inner, false, out);
                }
            }
            Self::List { items, .. } if items.is_empty() => out.push_str(" []\n"),
            Self::List {
                items,
                indented,
                alone,
            } => {
                let column = if *indented || inline {
                    indent + 2
                } else {
                    indent
                };
                out.push('\n');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(&" ".repeat(column));
                    out.push('-');
                    let alone = *alone && at == 0;
                    if alone && matches!(item, Self::Map(entries) if !entries.is_empty()) {
                        item.write(column, false, out);
                    } else {
                        item.write(column + 2, true, out);
                    }
                }
            }
        }
    }
}

fn written() -> impl Strategy<Value = Written> {
    let line = proptest::sample::select(vec![
        "a", "x y", "1", "true", "\"q\\n\"", "'it''s'", "", "null", "~", "{}", "[]", "\"\"",
        "a # b",
    ]);
    let head = proptest::sample::select(vec!["|", "|-", "|+", ">", ">-", ">+"]);
    let text = proptest::sample::select(vec!["one", "", "two: x", "  deep", "- d", "# c"]);
    let leaf = prop_oneof![
        4 => line.prop_map(Written::Line),
        1 => Just(Written::Folded),
        3 => (head, proptest::collection::vec(text, 0..5))
            .prop_map(|(head, lines)| Written::Block(head, lines)),
    ];
    let key =
        proptest::sample::select(vec!["a", "b", "kind", "items", "null", "~", "'q'", "x/y.z"]);
    leaf.prop_recursive(5, 30, 4, move |inner| {
        let entry = (key.clone(), inner.clone());
        prop_oneof![
            2 => proptest::collection::vec(entry, 0..5).prop_map(Written::Map),
            1 => (proptest::collection::vec(inner, 0..4), any::<bool>(), any::<bool>())
                .prop_map(|(items, indented, alone)| Written::List { items, indented, alone }),
        ]
    })
}

#[test]
fn a_block_without_text_belongs_to_its_head_wherever_that_stands() {
    for (text, line) in [
        ("\n\n-\n\n >\n---\r\u{6}", 5),
        ("-\n |\n", 2),
        ("-\n\n  |-\n\n\n", 3),
        ("- >\n\n", 1),
        ("-\n  >\n- a\n", 2),
        ("- |\n\n- a\n", 1),
    ] {
        for strict in [true, false] {
            let read = read(
                text,
                &Reading {
                    strict,
                    fields: None,
                },
            );
            let item = read.nodes[0].root.items().first();
            assert_eq!(item.map(|item| item.line), Some(line), "{text:?} {strict}");
        }
    }
}

proptest! {
    #[test]
    fn both_readers_give_the_same(
        entries in proptest::collection::vec(
            (proptest::sample::select(vec!["a", "kind", "metadata", "items"]), written()), 1..5),
        fields: bool,
    ) {
        let mut text = String::new();
        for (key, value) in &entries {
            text.push_str(&format!("{key}:"));
            value.write(0, false, &mut text);
        }
        let fields = fields.then(|| Projection::except(["a.b", "kind"]));
        // What is left out is not checked.
        let sound = read(&text, &Reading { strict: true, fields: None });
        prop_assume!(fields.is_none() || sound.errors.is_empty());
        let strict = Reading { strict: true, fields: fields.clone() };
        let fast = read(&text, &Reading { strict: false, fields });
        let slow = read(&text, &strict);
        prop_assert_eq!(fast.nodes, slow.nodes, "{}", text);
    }
}

proptest! {
    /// What a reader remembers of one item must not show in the next.
    #[test]
    fn items_side_by_side_are_read_as_alone(
        pool in proptest::collection::vec(written(), 1..4),
        items in proptest::collection::vec(
            proptest::collection::vec(
                (proptest::sample::select(vec!["a", "kind", "env", "b"]), 0_usize..4), 1..4),
            1..8),
        ends in proptest::collection::vec(
            proptest::sample::select(vec!["", "\n", "# x\n", "  # x\n", "  z: 1\n", "  z:\n  - 1\n"]), 8),
        fields: bool,
    ) {
        let fields = fields.then(|| Projection::except(["a.b", "kind"]));
        let reading = Reading { strict: false, fields };
        let mut texts = Vec::new();
        for (entries, end) in items.iter().zip(&ends) {
            let mut text = String::new();
            for (place, (key, value)) in entries.iter().enumerate() {
                text.push_str(if place == 0 { "- " } else { "  " });
                text.push_str(&format!("{key}:"));
                pool[value % pool.len()].write(2, false, &mut text);
            }
            text.push_str(end);
            texts.push(text);
        }
        let mut first_line = 3;
        let mut parts = Vec::new();
        for text in &texts {
            parts.push(Part { first_line, text });
            first_line += u32::try_from(text.lines().count()).unwrap();
        }
        let together = page(&parts, &reading);
        let mut alone = Items::default();
        for part in parts {
            alone.extend(page(&[part], &reading));
        }
        prop_assert_eq!(together.packed, alone.packed, "{}", texts.concat());
        prop_assert_eq!((together.failed, together.slow), (alone.failed, alone.slow));
    }
}
