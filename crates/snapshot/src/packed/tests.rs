//! Packed trees hold what the trees they were packed from held, by whatever way they were packed.

use proptest::prelude::*;

use super::*;

fn leaf() -> impl Strategy<Value = Node> {
    let text = prop_oneof![
        "[a-zé€\u{1F600}\n]{0,6}",
        "[a-z]{90,140}",
        proptest::sample::select(vec!["metadata", "Pod", "true", "", "ip", "v1"])
            .prop_map(str::to_owned),
    ];
    let value = prop_oneof![
        1 => Just(Value::Null),
        5 => text.prop_map(|text| Value::Scalar { text: text.into() }),
    ];
    (value, lines(), any::<bool>()).prop_map(|(value, (line, more_lines), plain)| Node {
        plain: plain && matches!(value, Value::Scalar { .. }),
        value,
        line,
        more_lines,
    })
}

fn lines() -> impl Strategy<Value = (u32, u16)> {
    let line = prop_oneof![Just(0), 1_u32..300, any::<u32>()];
    let more = prop_oneof![4 => Just(0_u16), 1 => any::<u16>()];
    (line, more)
}

fn tree() -> impl Strategy<Value = Node> {
    let key = prop_oneof![
        proptest::sample::select(vec!["metadata", "name", "k8s-app"]).prop_map(str::to_owned),
        "[a-zé/.]{0,100}",
    ];
    leaf().prop_recursive(4, 40, 6, move |inner| {
        let entries = proptest::collection::vec((key.clone(), inner.clone()), 0..6);
        let items = proptest::collection::vec(inner, 0..6);
        let value = prop_oneof![
            entries.prop_map(|entries| Value::Map(
                entries
                    .into_iter()
                    .map(|(key, node)| (Key::new(&key), node))
                    .collect()
            )),
            items.prop_map(|items| Value::Seq(items.into())),
        ];
        (value, lines()).prop_map(|(value, (line, _))| Node {
            value,
            line,
            ..Node::default()
        })
    })
}

/// Packs as a reader does: leaves first.
fn piece(packer: &mut Packer, node: &Node) -> Piece {
    match &node.value {
        Value::Null => packer.null(node.line, node.more_lines),
        Value::Scalar { text } => packer.scalar(text, node.line, node.more_lines, node.plain),
        Value::Seq(items) => {
            let pieces: Vec<Piece> = items.iter().map(|item| piece(packer, item)).collect();
            packer.seq(pieces.into_iter(), node.line)
        }
        Value::Map(entries) => {
            let pieces: Vec<(&Key, Piece)> = entries
                .iter()
                .map(|(key, node)| (key, piece(packer, node)))
                .collect();
            packer.map(pieces.into_iter(), node.line)
        }
    }
}

fn by_leaves(node: &Node) -> Packed {
    Packer::with(|packer| {
        let root = piece(packer, node);
        packer.finish(root)
    })
}

/// Asks every question of both.
fn alike(view: View<'_>, node: &Node) {
    assert_eq!(
        (view.line(), view.end_line()),
        (node.line, node.line.saturating_add(node.more_lines.into()))
    );
    assert_eq!(view.as_str(), node.as_str());
    assert_eq!(
        (view.is_null(), view.is_plain()),
        (node.is_null(), node.plain)
    );
    assert_eq!(view.items().len(), node.items().len());
    assert_eq!(view.items().is_empty(), node.items().is_empty());
    assert_eq!(view.entries().is_empty(), node.entries().is_empty());
    for (view, node) in view.items().iter().zip(node.items()) {
        alike(view, node);
    }
    assert_eq!(view.entries().len(), node.entries().len());
    for ((name, value), (key, node)) in view.entries().iter().zip(node.entries()) {
        assert_eq!(name, key.as_str());
        alike(value, node);
    }
    for (key, _) in node.entries() {
        alike(view.get(key).unwrap(), node.get(key).unwrap());
    }
    assert!(view.get("no such key").is_none());
    assert_eq!(view.size(), node.size());
}

proptest! {
    #[test]
    fn packed_trees_say_what_trees_say(node in tree()) {
        let packed = Packed::from(&node);
        alike(packed.view(), &node);
        prop_assert_eq!(&packed.view().to_node(), &node);
        prop_assert!(packed.view().same(packed.view()));
        // What was given up half-way leaves nothing behind.
        let _ = Packer::with(|packer| piece(packer, &node));
        prop_assert_eq!(by_leaves(&node), packed);
    }

    #[test]
    fn setting_is_changing_the_tree(mut node in tree(), value in tree(), key in "[ab]|metadata|é") {
        let mut packed = Packed::from(&node);
        packed.set(&key, value.clone());
        node.set(&key, value);
        prop_assert_eq!(packed, Packed::from(&node));
    }

    #[test]
    fn any_text_can_be_walked(text in "[\u{0}-\u{7f}é]{0,200}") {
        let packed = Packed(text.into());
        // Nothing but coldcase writes packed text; all the same it must come to an end.
        let _ = packed.view().size();
        let _ = packed.get("metadata");
    }
}

#[test]
fn equal_objects_are_equal_texts_wherever_they_stand() {
    let at = |line: u32| {
        let name = Node::text("a").at_line(line + 1);
        Packed::from(
            Node::map(vec![("x", Node::map(vec![("name", name)]).at_line(line))]).at_line(line),
        )
    };
    let (one, other) = (at(10), at(5_000));
    assert_ne!(one, other);
    assert!(one.view().same(other.view()));
    let body = |packed: &Packed| packed.get("x").unwrap().body.to_owned();
    assert_eq!(body(&one), body(&other));
    assert_eq!(other.at(&["x", "name"]).unwrap().line(), 5_001);
}

#[test]
fn a_value_is_added_and_replaced() {
    let mut packed = Packed::from(Node::map(vec![("a", Node::number(1).at_line(3))]).at_line(2));
    packed.set("b", Node::flag(true));
    packed.set("a", Node::number(7));
    assert_eq!(
        (packed.int_at(&["a"]), packed.bool_at(&["b"])),
        (Some(7), Some(true))
    );
    assert_eq!((packed.line(), packed.get("a").unwrap().line()), (2, 0));
    let mut nothing = Packed::default();
    nothing.set("a", Node::number(1));
    assert!(nothing.view().is_null());
}
