//! Reads objects out of captured YAML and JSON as they were written: every field, numbers as numbers, strings as strings.

use coldcase_snapshot::object;
use kubeyaml::Part;
use rayon::prelude::*;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::value;

/// An object as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Captured {
    pub api_version: String,
    pub kind: String,
    pub namespace: String,
    pub name: String,
    pub uid: String,
    /// Resource version as a number; 0 if there is none.
    pub version: u64,
    /// The whole object, compact.
    pub json: String,
}

/// What a list says about items that do not say it themselves.
#[derive(Debug, Clone, Default)]
pub(crate) struct About {
    pub api_version: String,
    pub kind: String,
    /// The writer put `null` for empty strings.
    pub null_is_empty: bool,
}

impl About {
    /// What the head of a list says; the path's word stands in.
    fn of_list(&self, head: &Map<String, Value>) -> Self {
        let text = |key: &str| head.get(key).and_then(Value::as_str).unwrap_or("");
        let kind = text("kind").strip_suffix("List").unwrap_or("");
        if kind.is_empty() {
            return self.clone();
        }
        Self {
            api_version: text("apiVersion").to_owned(),
            kind: kind.to_owned(),
            ..*self
        }
    }
}

/// An object for serving; nothing if the value is none.
pub(crate) fn captured(mut value: Value, about: &About) -> Option<Captured> {
    if about.null_is_empty {
        empty_again(&mut value);
    }
    let name = value::str(&value, "metadata.name").to_owned();
    let Value::Object(fields) = &mut value else {
        return None;
    };
    if name.is_empty() {
        return None;
    }
    let mut own = |key: &str, default: &str| {
        let found = fields
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty());
        let found = found.unwrap_or(default).to_owned();
        fields.insert(key.to_owned(), found.clone().into());
        found
    };
    let kind = own("kind", &about.kind);
    let default = if about.api_version.is_empty() {
        crate::resources::api_version_of(&kind)
    } else {
        about.api_version.clone()
    };
    let api_version = own("apiVersion", &default);
    if kind.is_empty() || api_version.is_empty() {
        return None;
    }
    Some(Captured {
        api_version,
        kind,
        namespace: value::str(&value, "metadata.namespace").to_owned(),
        uid: value::str(&value, "metadata.uid").to_owned(),
        version: value::text(&value, "metadata.resourceVersion")
            .parse()
            .unwrap_or(0),
        name,
        json: value.to_string(),
    })
}

fn empty_again(value: &mut Value) {
    match value {
        Value::String(text) if text == "null" => text.clear(),
        Value::Array(items) => items.iter_mut().for_each(empty_again),
        Value::Object(fields) => fields.values_mut().for_each(empty_again),
        _ => {}
    }
}

/// All objects of a file. What is damaged is left out; the bundle's problems tell of it.
pub(crate) fn objects(path: &str, text: &str, null_is_empty: bool) -> Vec<Captured> {
    let about = About {
        kind: object::kind_of_path(path).unwrap_or("").to_owned(),
        api_version: String::new(),
        null_is_empty,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with(['{', '[']) {
        json(text, &about)
    } else {
        yaml(text, &about)
    }
}

fn yaml(text: &str, about: &About) -> Vec<Captured> {
    let mut found = Vec::new();
    for part in kubeyaml::split_documents(text) {
        match kubeyaml::split_items(part.text, part.first_line) {
            Some(list) => {
                let mut head = map_of(list.head.text);
                head.append(&mut map_of(list.tail.text));
                let about = about.of_list(&head);
                let items: Vec<Option<Captured>> = list
                    .items
                    .par_iter()
                    .with_min_len(16)
                    .map(|item| captured(yaml_item(*item)?, &about))
                    .collect();
                found.extend(items.into_iter().flatten());
            }
            None => found.extend(document(yaml_document(part.text), about)),
        }
    }
    found
}

fn map_of(text: &str) -> Map<String, Value> {
    match yaml_document(text) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn yaml_document(text: &str) -> Value {
    kubeyaml::from_str(text)
        .ok()
        .or_else(|| serde_yaml::from_str(text).ok())
        .unwrap_or_default()
}

fn yaml_item(item: Part<'_>) -> Option<Value> {
    kubeyaml::from_item(item).ok().or_else(|| {
        serde_yaml::from_str::<Vec<Value>>(item.text)
            .ok()
            .and_then(|mut items| items.pop())
    })
}

/// The objects of a document that was read whole.
fn document(value: Value, about: &About) -> Vec<Captured> {
    match value {
        Value::Array(items) => items
            .into_iter()
            .filter_map(|item| captured(item, about))
            .collect(),
        Value::Object(mut fields) => match fields.remove("items") {
            Some(Value::Array(items)) => {
                let about = about.of_list(&fields);
                let items = items.into_iter();
                items.filter_map(|item| captured(item, &about)).collect()
            }
            Some(other) => {
                fields.insert("items".to_owned(), other);
                captured(Value::Object(fields), about).into_iter().collect()
            }
            None => captured(Value::Object(fields), about).into_iter().collect(),
        },
        _ => Vec::new(),
    }
}

/// Documents one after the other; of a damaged one the items before the damage.
fn json(text: &str, about: &About) -> Vec<Captured> {
    let mut found = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    while reader.end().is_err() {
        let document = Document {
            about,
            found: &mut found,
        };
        if document.deserialize(&mut reader).is_err() {
            break;
        }
    }
    found
}

/// Reads a list item by item: a tree of a whole large list would take many times its text.
struct Document<'a> {
    about: &'a About,
    found: &'a mut Vec<Captured>,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object or a list of them")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element()? {
            self.found.extend(captured(item, self.about));
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut head = Map::new();
        let mut nameless = Vec::new();
        let mut is_list = false;
        while let Some(key) = fields.next_key::<String>()? {
            if key == "items" {
                is_list = true;
                fields.next_value_seed(Items {
                    about: self.about,
                    found: self.found,
                    nameless: &mut nameless,
                })?;
            } else {
                let value: Value = fields.next_value()?;
                head.insert(key, value);
            }
        }
        if is_list {
            let about = self.about.of_list(&head);
            let items = nameless.into_iter();
            self.found
                .extend(items.filter_map(|item| captured(item, &about)));
        } else {
            self.found.extend(captured(Value::Object(head), self.about));
        }
        Ok(())
    }
}

/// The items of a list. What says itself what it is need not wait for the list's own word.
struct Items<'a> {
    about: &'a About,
    found: &'a mut Vec<Captured>,
    nameless: &'a mut Vec<Value>,
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("items")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<Value>()? {
            if item.get("kind").is_some() && item.get("apiVersion").is_some() {
                self.found.extend(captured(item, self.about));
            } else {
                self.nameless.push(item);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn values(path: &str, text: &str) -> Vec<Value> {
        objects(path, text, false)
            .iter()
            .map(|object| serde_json::from_str(&object.json).unwrap())
            .collect()
    }

    #[test]
    fn yaml_keeps_types_and_all_fields() {
        let text = "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n    labels: {n: \"1\"}\n    managedFields:\n    - fieldsV1:\n        f:x: {}\n  spec:\n    priority: 0\n    x: \"0\"\n    on: \"yes\"\n- {kind: Pod, metadata: {name: b}}\n- broken: [\nkind: List\n";
        let found = values("pods.yaml", text);
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[0],
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "labels": {"n": "1"},
                "managedFields": [{"fieldsV1": {"f:x": {}}}]},
                "spec": {"priority": 0, "x": "0", "on": "yes"}})
        );
        assert_eq!(found[1]["apiVersion"], "v1");
    }

    #[test]
    fn lists_name_what_their_items_do_not() {
        let text = r#"{"items":[{"metadata":{"name":"a"}}],"kind":"DeploymentList","apiVersion":"apps/v1"}
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"b"}}"#;
        let found = values("x.json", text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0]["kind"], "Deployment");
        assert_eq!(found[0]["apiVersion"], "apps/v1");
        let found = values("cluster/pods.json", r#"[{"metadata":{"name":"a"}}]"#);
        assert_eq!(found[0]["kind"], "Pod");
        assert_eq!(found[0]["apiVersion"], "v1");
    }

    #[test]
    fn a_cut_list_keeps_its_whole_items() {
        let text = r#"{"kind":"List","items":[{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}},{"kind":"#;
        assert_eq!(values("x.json", text).len(), 1);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,200}|[\\[\\]{}:,\"a\n -]{0,60}") {
            objects("pods.yaml", &text, true);
        }
    }
}
