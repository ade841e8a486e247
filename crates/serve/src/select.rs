//! Label and field selectors as the API server reads them.

use serde_json::Value;

use crate::value;

/// What a label must be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
    Greater(i64),
    Less(i64),
}

/// A label selector; an empty one selects all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Labels(Vec<(String, Test)>);

impl Labels {
    /// Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        for part in split(text) {
            let part = part.trim();
            if part.is_empty() {
                if text.trim().is_empty() {
                    continue;
                }
                return Err("found ',', expected: identifier".to_owned());
            }
            parts.push(requirement(part)?);
        }
        Ok(Self(parts))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|(key, test)| {
            let label = object
                .pointer("/metadata/labels")
                .and_then(|labels| labels.get(key))
                .and_then(Value::as_str);
            let number = || label.and_then(|label| label.parse::<i64>().ok());
            match test {
                Test::In(values) => {
                    label.is_some_and(|label| values.iter().any(|value| value == label))
                }
                Test::NotIn(values) => {
                    label.is_none_or(|label| values.iter().all(|value| value != label))
                }
                Test::Exists => label.is_some(),
                Test::Absent => label.is_none(),
                Test::Greater(than) => number().is_some_and(|number| number > *than),
                Test::Less(than) => number().is_some_and(|number| number < *than),
            }
        })
    }
}

/// Cuts at commas outside of parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts
}

fn requirement(part: &str) -> Result<(String, Test), String> {
    if let Some(key) = part.strip_prefix('!') {
        return Ok((label_key(key)?, Test::Absent));
    }
    if let Some((head, values)) = part.split_once('(') {
        let values = values
            .strip_suffix(')')
            .ok_or_else(|| format!("`{part}`: expected ')'"))?;
        let values = values.split(',').map(|value| value.trim().to_owned());
        let mut words = head.split_whitespace();
        let key = label_key(words.next().unwrap_or(""))?;
        return match (words.next(), words.next()) {
            (Some("in"), None) => Ok((key, Test::In(values.collect()))),
            (Some("notin"), None) => Ok((key, Test::NotIn(values.collect()))),
            _ => Err(format!("`{part}`: expected in or notin")),
        };
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Ok((
            label_key(key)?,
            Test::NotIn(vec![label_value(part, value)?]),
        ));
    }
    if let Some((key, value)) = part.split_once('=') {
        let value = value.strip_prefix('=').unwrap_or(value);
        return Ok((label_key(key)?, Test::In(vec![label_value(part, value)?])));
    }
    for (sign, test) in [('>', Test::Greater as fn(i64) -> Test), ('<', Test::Less)] {
        if let Some((key, value)) = part.split_once(sign) {
            let number = value.trim().parse();
            let number = number.map_err(|_| format!("`{part}`: expected a number"))?;
            return Ok((label_key(key)?, test(number)));
        }
    }
    Ok((label_key(part)?, Test::Exists))
}

fn label_key(text: &str) -> Result<String, String> {
    let text = text.trim();
    let sound = !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
    if sound {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is no name of a label"))
    }
}

fn label_value(part: &str, text: &str) -> Result<String, String> {
    let text = text.trim();
    let sound = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if sound {
        Ok(text.to_owned())
    } else {
        Err(format!("`{part}`: `{text}` is no value of a label"))
    }
}

/// A field selector; an empty one selects all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(String, String, bool)>);

/// Fields of each kind that may be selected by, besides its name and namespace.
const FIELDS: &[(&str, &[&str])] = &[
    (
        "pods",
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
    ),
    (
        "events",
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "regarding.kind",
            "regarding.namespace",
            "regarding.name",
            "regarding.uid",
            "regarding.apiVersion",
            "regarding.resourceVersion",
            "regarding.fieldPath",
            "reason",
            "reportingComponent",
            "reportingController",
            "source",
            "type",
        ],
    ),
    ("nodes", &["spec.unschedulable"]),
    ("namespaces", &["status.phase"]),
    ("secrets", &["type"]),
    ("replicasets", &["status.replicas"]),
    ("replicationcontrollers", &["status.replicas"]),
    ("jobs", &["status.successful"]),
    ("certificatesigningrequests", &["spec.signerName"]),
    ("services", &["spec.clusterIP", "spec.type"]),
];

/// Whether objects of a resource can be selected by a field; `more` are those that its definition adds.
fn is_known(resource: &str, field: &str, more: &[String]) -> bool {
    matches!(field, "metadata.name" | "metadata.namespace")
        || FIELDS
            .iter()
            .any(|(name, fields)| *name == resource && fields.contains(&field))
        || more.iter().any(|known| known == field)
}

impl Fields {
    /// Reads `a=b,c==d,e!=f`; `\` protects a comma, an equals sign and itself in values.
    pub(crate) fn parse(text: &str, resource: &str, more: &[String]) -> Result<Self, String> {
        let mut parts = Vec::new();
        for part in unescaped(text) {
            if part.is_empty() {
                continue;
            }
            let invalid = || format!("invalid selector: '{text}'; can't understand '{part}'");
            let (key, value) = part.split_once('=').ok_or_else(invalid)?;
            let (key, wanted) = match key.strip_suffix('!') {
                Some(key) => (key, false),
                None => (key, true),
            };
            let value = if wanted {
                value.strip_prefix('=').unwrap_or(value)
            } else {
                value
            };
            let key = key.trim();
            if !is_known(resource, key, more) {
                return Err(format!("field label not supported: {key}"));
            }
            parts.push((key.to_owned(), plain(value), wanted));
        }
        Ok(Self(parts))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.0
            .iter()
            .all(|(field, wanted, equal)| (self::field(object, field) == *wanted) == *equal)
    }
}

/// Cuts at commas that no backslash protects; the backslashes stay.
fn unescaped(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut protected = false;
    for (at, letter) in text.char_indices() {
        if letter == ',' && !protected {
            parts.extend(text.get(start..at));
            start = at + 1;
        }
        protected = letter == '\\' && !protected;
    }
    parts.extend(text.get(start..));
    parts
}

fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        plain.extend(if letter == '\\' {
            letters.next()
        } else {
            Some(letter)
        });
    }
    plain
}

/// A field's text; what is not there counts as empty, as it does in the API server's own types.
fn field(object: &Value, field: &str) -> String {
    let text = |path: &str| value::text(object, path);
    let event = |newer: &str, older: &str| {
        let found = text(newer);
        if found.is_empty() { text(older) } else { found }
    };
    let found = match field {
        "source" => event("source.component", "deprecatedSource.component"),
        "reportingComponent" | "reportingController" => {
            event("reportingComponent", "reportingController")
        }
        "status.successful" => event("status.succeeded", "status.successful"),
        _ => match field
            .strip_prefix("involvedObject.")
            .or_else(|| field.strip_prefix("regarding."))
        {
            Some(rest) => event(
                &format!("involvedObject.{rest}"),
                &format!("regarding.{rest}"),
            ),
            None => text(field),
        },
    };
    match field {
        "spec.unschedulable" | "spec.hostNetwork" if found.is_empty() => "false".to_owned(),
        "status.replicas" | "status.successful" if found.is_empty() => "0".to_owned(),
        _ => found,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn pod() -> Value {
        json!({"metadata": {"name": "web-0", "namespace": "shop",
            "labels": {"app": "web", "tier": "", "n": "5", "x.io/y": "z"}},
            "spec": {"nodeName": "n1"}, "status": {"phase": "Running"}})
    }

    #[test]
    fn labels_select() {
        for (selector, wanted) in [
            ("", true),
            ("app=web", true),
            ("app==web, tier=", true),
            ("app!=web", false),
            ("absent!=web", true),
            ("app in (api,web)", true),
            ("app in(api, web),x.io/y", true),
            ("app notin (api,web)", false),
            ("absent notin (a)", true),
            ("app", true),
            ("!app", false),
            ("!absent", true),
            ("n>4,n<6", true),
            ("n>5", false),
        ] {
            let labels = Labels::parse(selector).unwrap();
            assert_eq!(labels.matches(&pod()), wanted, "{selector}");
        }
        for broken in ["a=b,,c", "a in (b", "a of (b)", "=b", "n>x", "a b", "a=b c"] {
            assert!(Labels::parse(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn fields_select() {
        for (selector, wanted) in [
            ("metadata.name=web-0", true),
            ("metadata.namespace==shop,spec.nodeName=n1", true),
            ("status.phase!=Running", false),
            ("spec.hostNetwork=false", true),
            ("spec.nodeName!=", true),
            ("metadata.name=a\\,b", false),
        ] {
            let fields = Fields::parse(selector, "pods", &[]).unwrap();
            assert_eq!(fields.matches(&pod()), wanted, "{selector}");
        }
        assert!(Fields::parse("spec.x=1", "pods", &[]).is_err());
        assert!(Fields::parse("spec.x=1", "widgets", &["spec.x".to_owned()]).is_ok());
        assert!(Fields::parse("metadata.name", "pods", &[]).is_err());
    }

    #[test]
    fn events_are_selected_in_both_shapes() {
        let old = json!({"involvedObject": {"name": "web-0"}, "source": {"component": "kubelet"}});
        let new =
            json!({"regarding": {"name": "web-0"}, "deprecatedSource": {"component": "kubelet"}});
        let fields =
            Fields::parse("involvedObject.name=web-0,source=kubelet", "events", &[]).unwrap();
        assert!(fields.matches(&old) && fields.matches(&new));
    }

    proptest! {
        #[test]
        fn any_text_is_a_selector_or_an_error(text in "\\PC{0,80}|[a-c!=,()<> ]{0,20}") {
            if let Ok(labels) = Labels::parse(&text) {
                labels.matches(&pod());
            }
            if let Ok(fields) = Fields::parse(&text, "pods", &[]) {
                fields.matches(&pod());
            }
        }
    }
}
