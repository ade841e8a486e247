//! Label selectors, as Services, policies and workloads use them.

use std::collections::BTreeMap;

use coldcase_snapshot::packed::{Items, View};

/// Labels of an object.
pub type Labels = BTreeMap<String, String>;

/// The labels of an object's tree.
pub fn labels(root: View<'_>) -> Labels {
    plain(root.at(&["metadata", "labels"]))
}

/// A mapping of scalars.
pub fn plain(node: Option<View<'_>>) -> Labels {
    node.into_iter()
        .flat_map(View::entries)
        .map(|(key, value)| (key.to_string(), value.as_str().unwrap_or("").to_owned()))
        .collect()
}

/// Whether a plain selector (Service, nodeSelector) matches; an empty one matches nothing here.
pub fn matches_plain(selector: &Labels, labels: &Labels) -> bool {
    !selector.is_empty()
        && selector
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
}

/// Whether an object has all of these labels.
pub(crate) fn has_all(root: View<'_>, wanted: &Labels) -> bool {
    let labels = root.at(&["metadata", "labels"]).unwrap_or_default();
    // Of a key that is there twice the last one counts.
    wanted.iter().all(|(key, value)| {
        let of_key = labels.entries().iter().filter(|(name, _)| name == key);
        let last = of_key.map(|(_, value)| value.as_str().unwrap_or("")).last();
        last == Some(value.as_str())
    })
}

/// Whether a LabelSelector matches; an empty one matches everything, an absent one nothing.
pub fn matches(selector: Option<View<'_>>, labels: &Labels) -> bool {
    let Some(selector) = selector else {
        return false;
    };
    let wanted = plain(selector.get("matchLabels"));
    wanted
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value))
        && selector
            .items_at(&["matchExpressions"])
            .iter()
            .all(|expression| matches_expression(expression, labels))
}

/// One `key operator values`.
pub fn matches_expression(expression: View<'_>, labels: &Labels) -> bool {
    let key = expression.str_at(&["key"]).unwrap_or("");
    let value = labels.get(key);
    let listed = || {
        value.is_some_and(|value| {
            expression
                .items_at(&["values"])
                .iter()
                .any(|item| item.as_str() == Some(value))
        })
    };
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<i64>().ok());
    let bound = || {
        number(
            expression
                .items_at(&["values"])
                .first()
                .and_then(View::as_str),
        )
    };
    match expression.str_at(&["operator"]).unwrap_or("") {
        "In" => listed(),
        "NotIn" => !listed(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => matches!((number(value.map(String::as_str)), bound()), (Some(a), Some(b)) if a > b),
        "Lt" => matches!((number(value.map(String::as_str)), bound()), (Some(a), Some(b)) if a < b),
        _ => false,
    }
}

/// An expression in the words of `kubectl -l`: `key=a|b`, `key!=a`, `key`, `!key`, `key>5`.
pub(crate) fn show_expression(expression: View<'_>) -> Option<String> {
    let key = expression.str_at(&["key"])?;
    let values = expression.items_at(&["values"]);
    let values: Vec<&str> = values.iter().filter_map(View::as_str).collect();
    let values = values.join("|");
    Some(match expression.str_at(&["operator"])? {
        "In" => format!("{key}={values}"),
        "NotIn" => format!("{key}!={values}"),
        "Exists" => key.to_owned(),
        "DoesNotExist" => format!("!{key}"),
        "Gt" => format!("{key}>{values}"),
        "Lt" => format!("{key}<{values}"),
        _ => return None,
    })
}

/// A selector in one text: its plain labels and its expressions.
pub(crate) fn show_all(plain: Option<View<'_>>, expressions: Items<'_>) -> String {
    let labels = self::plain(plain);
    let mut parts: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    parts.extend(expressions.iter().filter_map(show_expression));
    parts.join(",")
}

/// `key=value,key=value`.
pub fn show(labels: &Labels) -> String {
    labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect::<Vec<_>>()
        .join(",")
}
