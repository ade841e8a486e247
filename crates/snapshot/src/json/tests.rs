//! Tests of reading JSON: against `serde_json`, and the parallel reader against one reader alone.

use proptest::prelude::*;

use super::*;
use crate::node::Value;

fn same(node: &Node, value: &serde_json::Value) -> bool {
    match (&node.value, value) {
        (Value::Null, serde_json::Value::Null) => true,
        (Value::Scalar { text }, serde_json::Value::String(other)) => text == other,
        (Value::Scalar { text }, serde_json::Value::Bool(other)) => text == other.to_string(),
        (Value::Scalar { text }, serde_json::Value::Number(other)) => {
            text.parse::<f64>().ok() == other.as_f64()
        }
        (Value::Seq(items), serde_json::Value::Array(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(a, b)| same(a, b))
        }
        (Value::Map(entries), serde_json::Value::Object(others)) => {
            entries.len() == others.len()
                && entries.iter().all(|(key, node)| {
                    others
                        .get(key.as_str())
                        .is_some_and(|other| same(node, other))
                })
        }
        _ => false,
    }
}

#[test]
fn lines_escapes_and_several_documents() {
    let (documents, error) =
        read("{\n \"a\": [1,\n  {\"b\": \"x\\n\\u00e9\\ud83d\\ude00\"}]\n}\n{}");
    assert_eq!(error, None);
    assert_eq!(documents.len(), 2);
    let b = documents[0].get("a").unwrap().items()[1].get("b").unwrap();
    assert_eq!((b.line, b.as_str()), (3, Some("x\né😀")));
}

#[test]
fn a_cut_list_keeps_its_whole_items() {
    let (documents, error) =
        read("{\"kind\":\"PodList\",\n\"items\":[{\"n\":1},\n{\"n\":2},{\"n\":");
    assert!(error.is_some());
    assert_eq!(documents[0].str_at(&["kind"]), Some("PodList"));
    assert_eq!(documents[0].items_at(&["items"]).len(), 2);
}

#[test]
fn a_hundred_thousand_brackets_are_refused() {
    assert_eq!(
        read(&"[".repeat(100_000)).1.map(|e| e.what),
        Some("nested too deeply")
    );
}

fn arbitrary() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        "\\PC*".prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn equals_serde_json(value in arbitrary(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let (documents, error) = read(&text);
        prop_assert_eq!(error, None);
        prop_assert!(same(&documents[0], &value));
    }

    #[test]
    fn cut_anywhere_is_an_error_or_a_document(value in arbitrary(), cut in 0_usize..1000) {
        let text = serde_json::to_string_pretty(&value).unwrap();
        let _ = read(cut_at(&text, cut));
    }

    #[test]
    fn pieces_make_what_one_reader_makes(
        values in proptest::collection::vec(lists(), 1..3),
        style in 0_usize..6,
        cut in 0_usize..4000,
        piece in 1_usize..100,
        fields in 0_usize..3,
    ) {
        let text: String = values.iter().map(|value| styled(value, style)).collect();
        // Most texts are whole.
        let text = cut_at(&text, cut);
        let fields = match fields {
            0 => None,
            1 => Some(Projection::except(["a", "metadata.b"])),
            _ => Some(Projection::new(["metadata.b", "k"])),
        };
        let alone = documents(text, fields.as_ref(), Budget::NONE);
        let ahead = documents(text, fields.as_ref(), Budget::pieces_of(piece));
        prop_assert_eq!(alone, ahead);
    }

    #[test]
    fn any_text_in_pieces(text in "[\\[\\]{}\"\\\\,: \n a1]{0,200}", piece in 1_usize..20) {
        let text = format!("{{\"items\": [{text}");
        let alone = documents(&text, None, Budget::NONE);
        let ahead = documents(&text, None, Budget::pieces_of(piece));
        prop_assert_eq!(alone, ahead);
    }

    #[test]
    fn leaving_out_is_reading_without(value in lists(), style in 0_usize..6) {
        let text = styled(&value, style);
        let fields = Projection::except(["a", "metadata.b"]);
        let (mut whole, error) = documents(&text, None, Budget::NONE);
        prop_assert_eq!(error, None);
        for node in &mut whole {
            let listed = matches!(node.get("items"), Some(Node { value: Value::Seq(_), .. }));
            without(node, &[&["a"], &["metadata", "b"]], listed);
        }
        let (part, error) = documents(&text, Some(&fields), Budget::NONE);
        prop_assert_eq!(error, None);
        prop_assert_eq!(part, whole);
    }
}

/// Takes fields out; where `listed`, the items are objects of their own.
fn without(node: &mut Node, paths: &[&[&str]], listed: bool) {
    match &mut node.value {
        Value::Seq(items) => items
            .iter_mut()
            .for_each(|item| without(item, paths, false)),
        Value::Map(entries) => {
            let mut kept = std::mem::take(entries).into_vec();
            kept.retain(|(key, node)| {
                let items = listed && key == "items" && matches!(node.value, Value::Seq(_));
                items || !paths.iter().any(|path| *path == [key.as_str()])
            });
            *entries = kept.into();
            for (key, node) in entries {
                if listed && key == "items" && matches!(node.value, Value::Seq(_)) {
                    without(node, paths, false);
                    continue;
                }
                let below: Vec<&[&str]> = paths
                    .iter()
                    .filter_map(|path| path.split_first())
                    .filter(|(first, _)| **first == key.as_str())
                    .map(|(_, rest)| rest)
                    .collect();
                without(node, &below, false);
            }
        }
        _ => {}
    }
}

fn cut_at(text: &str, cut: usize) -> &str {
    let mut at = (text.len() * cut / 1000).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    text.get(..at).unwrap()
}

/// A tree whose text may hold a key twice.
#[derive(Debug, Clone)]
enum Tree {
    Leaf(serde_json::Value),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("a".to_owned()),
        Just("b".to_owned()),
        Just("k".to_owned()),
        Just("items".to_owned()),
        Just("metadata".to_owned()),
        "[{}\\[\\]\"\\\\,:\n é😀]{0,12}",
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Leaf(serde_json::Value::Null)),
        any::<i16>().prop_map(|n| Tree::Leaf(n.into())),
        word().prop_map(|text| Tree::Leaf(text.into())),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Tree::List),
            proptest::collection::vec((word(), inner), 0..5).prop_map(Tree::Object),
        ]
    })
}

/// Lists as they are found at the top of a file and deeper.
fn lists() -> impl Strategy<Value = Tree> {
    let items = proptest::collection::vec(tree(), 0..20).prop_map(Tree::List);
    (items, tree(), 0_usize..4).prop_map(|(items, other, shape)| match shape {
        0 => items,
        1 => Tree::Object(vec![("k".into(), other), ("items".into(), items)]),
        2 => Tree::Object(vec![("items".into(), items), ("k".into(), other)]),
        _ => Tree::Object(vec![(
            "pods".into(),
            Tree::Object(vec![("items".into(), items)]),
        )]),
    })
}

fn styled(tree: &Tree, style: usize) -> String {
    let (indent, newline) = match style {
        0 => ("", ""),
        1 => ("  ", "\n"),
        2 => ("    ", "\n"),
        3 => ("\t", "\n"),
        4 => ("  ", "\r\n"),
        _ => (" ", ""),
    };
    let mut out = String::new();
    write(tree, indent, newline, &mut out);
    out + newline
}

fn write(tree: &Tree, indent: &str, before: &str, out: &mut String) {
    let inner = format!("{before}{indent}");
    let mut block = |open: char, close: char, pieces: Vec<String>| {
        out.push(open);
        if !pieces.is_empty() {
            out.push_str(&inner);
            out.push_str(&pieces.join(&format!(",{inner}")));
            out.push_str(before);
        }
        out.push(close);
    };
    let text = |tree: &Tree| {
        let mut text = String::new();
        write(tree, indent, &inner, &mut text);
        text
    };
    match tree {
        Tree::Leaf(value) => out.push_str(&value.to_string()),
        Tree::List(items) => block('[', ']', items.iter().map(text).collect()),
        Tree::Object(entries) => {
            let entry = |(key, value): &(String, Tree)| {
                let key = serde_json::Value::from(key.as_str());
                format!("{key}: {}", text(value))
            };
            block('{', '}', entries.iter().map(entry).collect());
        }
    }
}
