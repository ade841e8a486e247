//! Turns a captured tree into the JSON of the API: what was written without quotes is what it looks like.

use coldcase_snapshot::packed::{Kind, View};
use serde_json::{Map, Value};

/// The value of a tree that was read from YAML or JSON.
pub(crate) fn value(node: View<'_>) -> Value {
    match node.kind() {
        Kind::Null => Value::Null,
        Kind::Scalar(text) if node.is_plain() => plain(text),
        Kind::Scalar(text) => text.into(),
        Kind::Seq(items) => items.iter().map(value).collect(),
        Kind::Map(entries) => {
            let fields: Map<String, Value> = entries
                .iter()
                .map(|(key, node)| (key.to_string(), value(node)))
                .collect();
            fields.into()
        }
    }
}

/// Numbers and truth values as the readers of whole files know them; anything else is text.
fn plain(text: &str) -> Value {
    let may_be_other = text.starts_with(|first: char| {
        first.is_ascii_digit() || matches!(first, '+' | '-' | '.' | 't' | 'T' | 'f' | 'F')
    });
    let other = || kubeyaml::from_str::<Value>(text).ok().filter(is_bare);
    may_be_other
        .then(other)
        .flatten()
        .unwrap_or_else(|| text.into())
}

fn is_bare(value: &Value) -> bool {
    value.is_number() || value.is_boolean()
}

#[cfg(test)]
mod tests {
    use coldcase_snapshot::packed::Packed;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn of_yaml(text: &str) -> Value {
        let documents =
            coldcase_snapshot::yaml::read(text, &coldcase_snapshot::yaml::Reading::default());
        let root = Packed::from(&documents.nodes[0].root);
        value(root.view())
    }

    #[test]
    fn types_are_those_of_the_text() {
        let text = "a: 1\nb: \"1\"\nc: true\nd: 'true'\ne: null\nf: 1.5\ng: 0777\nh: [1, x]\ni: |\n  7\nj: 1h\nk: -x\n";
        let wanted = json!({"a": 1, "b": "1", "c": true, "d": "true", "e": null, "f": 1.5, "g": "0777",
            "h": [1, "x"], "i": "7\n", "j": "1h", "k": "-x"});
        assert_eq!(of_yaml(text), wanted);
    }

    #[test]
    fn json_keeps_its_types() {
        let text = r#"{"a":1,"b":"1","c":true,"d":null,"e":-1.5,"f":{"g":["2",2]}}"#;
        let (documents, _) = coldcase_snapshot::json::read(text);
        assert_eq!(
            value(Packed::from(&documents[0]).view()),
            serde_json::from_str::<Value>(text).unwrap()
        );
    }

    proptest! {
        #[test]
        fn a_scalar_is_what_the_reader_of_files_makes_of_it(text in "[-+.0-9a-fxtrueTF_:]{1,8}") {
            let text = format!("a: {text}\n");
            if let Ok(wanted) = kubeyaml::from_str::<Value>(&text) {
                prop_assert_eq!(of_yaml(&text), wanted);
            }
        }
    }
}
