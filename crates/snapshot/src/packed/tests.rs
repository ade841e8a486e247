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
    let (root, page) = Packer::page(|packer| {
        let root = piece(packer, node);
        packer.finish(root)
    });
    page.tree(root)
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
        let _ = Packer::page(|packer| piece(packer, &node));
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
    fn a_page_keeps_its_trees_apart(nodes in proptest::collection::vec(tree(), 0..5)) {
        let alone: Vec<Packed> = nodes.iter().map(Packed::from).collect();
        let (roots, page) = Packer::page(|packer| {
            let roots = alone.iter().map(|packed| {
                let piece = packer.view(packed.view());
                packer.finish(piece)
            });
            roots.collect::<Vec<_>>()
        });
        let together: Vec<Packed> = roots.into_iter().map(|root| page.tree(root)).collect();
        prop_assert_eq!(&together, &alone);
        for (mut packed, mut node) in together.into_iter().zip(nodes) {
            packed.set("a", Node::flag(true));
            node.set("a", Node::flag(true));
            prop_assert_eq!(packed, Packed::from(&node));
        }
    }

    #[test]
    fn what_is_shared_is_what_it_was(nodes in proptest::collection::vec(tree(), 1..4), lines in lines()) {
        let (roots, page) = Packer::page(|packer| {
            let mut known: Vec<Piece> = Vec::new();
            let mut roots = Vec::new();
            for node in nodes.iter().chain(&nodes) {
                let value = piece(packer, node);
                let again = known.iter().find_map(|known| packer.instead(value, known));
                let value = again.unwrap_or_else(|| packer.share(value));
                known.push(value);
                let map = packer.map([("x", value)].into_iter(), lines.0);
                roots.push(packer.finish(map));
            }
            roots
        });
        for (root, node) in roots.into_iter().zip(nodes.iter().chain(&nodes)) {
            let packed = page.tree(root);
            alike(packed.get("x").unwrap(), node);
            prop_assert_eq!(packed.clone(), Packed::from(packed.view().to_node()));
        }
    }

    #[test]
    fn any_text_can_be_walked(text in "[\u{0}-\u{7f}é]{0,200}") {
        let to = u32::try_from(text.len()).unwrap();
        let root = Root { to, shape: Shape::Map, ..Root::default() };
        let packed = Packed { page: text.into(), root };
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
    let body = |packed: &Packed| packed.get("x").unwrap().body().to_owned();
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

#[test]
fn replicas_stand_in_a_page_once() {
    let env = |name: &str| {
        let entries = (0..20).map(|n| Node::text(format!("{name} and {n}")));
        Node::seq(entries.collect())
    };
    let length = |names: &[&str]| {
        let ((), page) = Packer::page(|packer| {
            let mut known = None;
            for name in names {
                let value = piece(packer, &env(name));
                let again = known.and_then(|known| packer.instead(value, &known));
                let value = again.unwrap_or_else(|| packer.share(value));
                known = Some(value);
                let map = packer.map([("env", value)].into_iter(), 1);
                packer.finish(map);
            }
        });
        page.len()
    };
    let one = length(&["one"]);
    assert!(length(&["one", "one"]) < one + 16);
    assert!(length(&["one", "two"]) > 2 * one - 16);
}

#[test]
fn texts_are_parts_of_the_page() {
    let name = "web-7d9c5b8f6d-x2x4z";
    let packed = Packed::from(Node::map(vec![
        ("name", Node::text(name)),
        ("kind", Node::text("Pod")),
        ("items", Node::seq(Vec::new())),
    ]));
    let text = |key: &str| packed.text(packed.get(key).unwrap_or_default());
    assert_eq!(text("name"), name);
    // A word stands in no page; what is no scalar, or not there, is no text.
    assert_eq!(
        (text("kind"), text("items"), text("none")),
        ("Pod".into(), Text::default(), Text::default())
    );
    let (parts, page) = Packer::page(|packer| {
        let whole = packer.part("web.17");
        (whole, whole.first("web"), packer.part(""))
    });
    assert_eq!(page.text(parts.0), "web.17");
    assert_eq!(
        (page.text(parts.1), page.text(parts.2)),
        ("web".into(), Text::default())
    );
}
