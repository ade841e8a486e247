//! Tables as the API server makes them for `kubectl get`: columns by kind, one row for an object, ages at capture.

mod age;
mod cluster;
mod custom;
mod network;
mod pods;
mod storage;
mod workloads;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{resources::Resource, value};

/// A column: name, type, priority (0 is always shown, 1 with `-o wide`).
type Column = (&'static str, &'static str, i64);

/// What printers need besides the object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context {
    /// When the bundle was captured.
    pub now: Option<Timestamp>,
}

impl Context {
    /// How long ago a time was at capture.
    fn since(self, object: &Value, path: &str) -> String {
        let then = value::time(object, path);
        match (self.now, then) {
            (Some(now), Some(then)) => age::human(now.as_second() - then.as_second()),
            _ => "<unknown>".to_owned(),
        }
    }

    /// Age since creation.
    fn age(self, object: &Value) -> Value {
        // Of what was read from a table only the age at capture is known.
        match value::at(object, "ageSeconds").and_then(Value::as_i64) {
            Some(seconds) if value::time(object, "metadata.creationTimestamp").is_none() => {
                age::human(seconds).into()
            }
            _ => self.since(object, "metadata.creationTimestamp").into(),
        }
    }
}

/// Makes the cells of an object.
type Printer = fn(&Value, Context) -> Vec<Value>;

const NAME: Column = ("Name", "string", 0);
const AGE: Column = ("Age", "string", 0);

/// Columns and printer of a kind of Kubernetes' own.
fn own(group: &str, kind: &str) -> Option<(&'static [Column], Printer)> {
    let found = pods::printer(kind)
        .or_else(|| workloads::printer(kind))
        .or_else(|| network::printer(kind))
        .or_else(|| storage::printer(kind))
        .or_else(|| cluster::printer(kind))?;
    let is_own = group.is_empty() || !group.contains('.') || group.ends_with(".k8s.io");
    (is_own && !group.starts_with("gateway.")).then_some(found)
}

/// Which object a row carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Include {
    /// None.
    Nothing,
    /// Its metadata.
    Metadata,
    /// All of it.
    Object,
}

/// The definitions of the columns.
pub(crate) fn columns(resource: &Resource) -> Value {
    let column = |name: &str, kind: &str, priority: i64| {
        json!({
            "name": name,
            "type": kind,
            "format": if name == "Name" { "name" } else { "" },
            "description": "",
            "priority": priority,
        })
    };
    if let Some((columns, _)) = own(&resource.group, &resource.kind) {
        return columns
            .iter()
            .map(|(name, kind, priority)| column(name, kind, *priority))
            .collect();
    }
    let mut found = vec![column("Name", "string", 0)];
    if resource.columns.is_empty() {
        found.push(column("Age", "date", 0));
    }
    found.extend(
        resource
            .columns
            .iter()
            .map(|defined| column(&defined.name, &defined.kind, defined.priority)),
    );
    found.into()
}

/// A row. A tree is taken apart rather than copied: a list has many, and a client may ask for them whole.
pub(crate) fn row(resource: &Resource, object: Value, include: Include, context: Context) -> Value {
    let cells = match own(&resource.group, &resource.kind) {
        Some((_, print)) => print(&object, context),
        None => custom::cells(resource, &object, context),
    };
    let object = match include {
        Include::Nothing => Value::Null,
        Include::Metadata => metadata(object),
        Include::Object => object,
    };
    let mut row = Map::new();
    row.insert("cells".to_owned(), cells.into());
    row.insert("object".to_owned(), object);
    row.into()
}

/// An object's metadata alone.
pub(crate) fn metadata(mut object: Value) -> Value {
    let own = object.get_mut("metadata").map(Value::take);
    let mut partial = Map::new();
    partial.insert("kind".to_owned(), "PartialObjectMetadata".into());
    partial.insert("apiVersion".to_owned(), "meta.k8s.io/v1".into());
    partial.insert("metadata".to_owned(), own.unwrap_or_default());
    partial.into()
}

/// A table of these rows.
pub(crate) fn table(columns: Option<&Value>, rows: &[Value], metadata: &Value) -> Value {
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": columns.cloned().unwrap_or_else(|| json!([])),
        "rows": rows,
    })
}

/// The object's name.
fn name(object: &Value) -> Value {
    value::str(object, "metadata.name").into()
}

/// `<none>` stands for nothing.
fn or_none(text: String) -> Value {
    if text.is_empty() {
        "<none>".into()
    } else {
        text.into()
    }
}

/// `a=b,c=d`, or `<none>`.
fn labels(object: &Value, path: &str) -> Value {
    let pairs: Vec<String> = value::pairs(object, path)
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    or_none(pairs.join(","))
}

/// A label selector as kubectl prints it.
fn selector(object: &Value, path: &str) -> Value {
    let mut parts: Vec<String> = value::pairs(object, &format!("{path}.matchLabels"))
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    for expression in value::list(object, &format!("{path}.matchExpressions")) {
        let key = value::str(expression, "key");
        let values: Vec<&str> = value::list(expression, "values")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let values = values.join(",");
        parts.push(match value::str(expression, "operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    or_none(parts.join(","))
}

/// Names and images of the containers of a pod's spec.
fn containers(object: &Value, path: &str) -> [Value; 2] {
    let list = |key: &str| {
        let words: Vec<&str> = value::list(object, path)
            .iter()
            .map(|container| value::str(container, key))
            .collect();
        Value::from(words.join(","))
    };
    [list("name"), list("image")]
}

/// Up to `most` words, and how many more there are.
fn some(words: &[String], most: usize) -> String {
    let shown: Vec<&str> = words.iter().take(most).map(String::as_str).collect();
    match words.len().checked_sub(most) {
        Some(more) if more > 0 => format!("{} + {more} more...", shown.join(",")),
        _ => shown.join(","),
    }
}

#[cfg(test)]
mod tests;
