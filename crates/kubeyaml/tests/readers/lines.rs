//! Lines of values, projections and items on a text one can look at.

use kubeyaml::{Error, Node, Options, Projection, Style, Value, split_items};

const POD: &str = "apiVersion: v1
items:
- kind: Pod
  metadata:
    annotations:
      long: one two
        three
      text: |
        first

        third

    labels: {}
  spec:
    containers:
    - image: \"a:1\"
      args:
      - -c
      - 'it''s'
    - image: b
      empty:
- kind: Pod
kind: List
";

#[test]
fn values_know_their_lines() {
    let node = Node::read(POD).unwrap();
    assert_eq!(node.line, 1);
    let items = node.get("items").unwrap();
    assert_eq!(items.line, 3);
    let [pod, other] = items.items() else {
        panic!("{items:?}")
    };
    let at = |path: &[&str]| pod.at(path).map(|node| (node.line, node.end_line)).unwrap();
    assert_eq!(at(&["kind"]), (3, 3));
    assert_eq!(at(&["metadata"]), (5, 5));
    assert_eq!(at(&["metadata", "annotations"]), (6, 6));
    assert_eq!(at(&["metadata", "annotations", "long"]), (6, 7));
    assert_eq!(at(&["metadata", "annotations", "text"]), (9, 12));
    assert_eq!(at(&["metadata", "labels"]), (13, 13));
    let containers = pod.at(&["spec", "containers"]).unwrap();
    assert_eq!(containers.line, 16);
    let empty = containers.items()[1].get("empty").unwrap();
    assert_eq!((&empty.value, empty.line), (&Value::Null, 21));
    assert_eq!(other.line, 22);
    let text = pod.at(&["metadata", "annotations", "text"]).unwrap();
    assert_eq!(
        text.value,
        Value::Scalar("first\n\nthird\n".into(), Style::Literal)
    );
}

#[test]
fn items_and_projections_keep_the_lines() {
    let whole = Node::read(POD).unwrap();
    let list = split_items(POD, 1).unwrap();
    let options = |first_line| Options {
        first_line,
        ..Options::default()
    };
    for (item, node) in list.items.iter().zip(whole.get("items").unwrap().items()) {
        assert_eq!(
            &Node::read_item(item.text, &options(item.first_line)).unwrap(),
            node
        );
    }
    let projection = Projection::new(["items[].spec.containers[].*", "kind"]);
    let slim = Node::read_with(
        POD,
        &Options {
            projection: Some(&projection),
            ..options(1)
        },
    )
    .unwrap();
    let pod = &slim.get("items").unwrap().items()[0];
    assert_eq!(pod.entries().len(), 1);
    let full = &whole.get("items").unwrap().items()[0];
    assert_eq!(pod.get("spec"), full.get("spec"));
    assert_eq!(slim.get("kind"), whole.get("kind"));
}

#[test]
fn errors_name_their_line() {
    let at = |text: &str| {
        Node::read_with(
            text,
            &Options {
                first_line: 10,
                ..Options::default()
            },
        )
        .unwrap_err()
    };
    assert_eq!(
        at("a: b\nc: [d]\n"),
        Error::Unsupported {
            line: 11,
            what: "a flow collection"
        }
    );
    assert!(matches!(
        at("a: b\n\nc d\n"),
        Error::Syntax { line: 12, .. }
    ));
    assert!(matches!(at("a: b: c\n"), Error::Syntax { line: 10, .. }));
    assert!(at("").is_unsupported());
    let error =
        kubeyaml::from_str::<std::collections::BTreeMap<String, u8>>("a: 1\nb: x\n").unwrap_err();
    assert!(matches!(error, Error::Data { .. }), "{error}");
}
