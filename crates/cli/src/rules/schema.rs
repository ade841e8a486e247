//! JSON Schema of rule files, made from the words that the loader knows.

use coldcase_facts::schema::Schema;
use coldcase_rules::{
    grammar::{
        ARGUMENT, BASE, EDGE, ENTRY, EVENT, EXAMPLE, EXPECTATIONS, MATCHER, NEXT, REQUIRED, RULE,
        VERBS, step_keys,
    },
    rule::{ALONGS, CONFIDENCES, LAYERS, ROLES, SEVERITIES, Verb},
};
use serde_json::{Map, Value, json};

/// The schema, as it is printed.
pub(crate) fn text() -> String {
    format!("{:#}", whole())
}

fn whole() -> Value {
    let mut definitions = Map::new();
    definitions.insert(
        "scalar".to_owned(),
        json!({"type": ["string", "number", "boolean"]}),
    );
    definitions.insert("texts".to_owned(), json!({
        "anyOf": [{"$ref": "#/$defs/scalar"}, {"type": "array", "items": {"$ref": "#/$defs/scalar"}}]
    }));
    definitions.insert("matcher".to_owned(), matcher());
    definitions.insert(
        "conditions".to_owned(),
        json!({"type": "object", "additionalProperties": {"$ref": "#/$defs/matcher"}}),
    );
    definitions.insert(
        "steps".to_owned(),
        json!({"type": ["array", "null"], "items": {"$ref": "#/$defs/step"}}),
    );
    definitions.insert("step".to_owned(), steps());
    definitions.insert("argument".to_owned(), object(ARGUMENT, ARGUMENT, &argument));
    definitions.insert("edge".to_owned(), object(EDGE, EDGE, &edge));
    definitions.insert(
        "event".to_owned(),
        object(EVENT, &["on", "reason"], &|_| scalar()),
    );
    definitions.insert("objects".to_owned(), objects());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A rule of coldcase",
        "type": "object",
        "properties": properties(RULE, &rule),
        "required": REQUIRED,
        "additionalProperties": false,
        "$defs": definitions,
    })
}

fn scalar() -> Value {
    json!({"$ref": "#/$defs/scalar"})
}

fn words<T>(words: &[(&str, T)]) -> Value {
    let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    json!({"enum": words})
}

fn properties(keys: &[&str], of: &dyn Fn(&str) -> Value) -> Value {
    let entries = keys.iter().map(|key| ((*key).to_owned(), of(key)));
    Value::Object(entries.collect())
}

fn object(keys: &[&str], required: &[&str], of: &dyn Fn(&str) -> Value) -> Value {
    json!({
        "type": "object",
        "properties": properties(keys, of),
        "required": required,
        "additionalProperties": false,
    })
}

fn list(name: &str) -> Value {
    json!({"type": ["array", "null"], "items": {"$ref": format!("#/$defs/{name}")}})
}

fn rule(key: &str) -> Value {
    match key {
        "id" => {
            json!({"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "description": "The file's name"})
        }
        "layer" => json!({"enum": LAYERS, "description": "The file's folder"}),
        "severity" => words(SEVERITIES),
        "role" => words(ROLES),
        "confidence" => words(CONFIDENCES),
        "match" => json!({"$ref": "#/$defs/steps"}),
        "healed" => json!({"anyOf": [
            {"$ref": "#/$defs/steps"},
            object(&["match"], &["match"], &|_| json!({"$ref": "#/$defs/steps"})),
        ]}),
        "supports" | "contradicts" => list("argument"),
        "explains" => list("edge"),
        "next" => object(&NEXT, &[], &|_| json!({"$ref": "#/$defs/texts"})),
        "references" | "collect" => json!({"anyOf": [{"$ref": "#/$defs/texts"}, {"type": "null"}]}),
        "base" => object(BASE, &[], &example),
        "tests" => {
            json!({"type": "array", "items": object(EXAMPLE, &["name", "expect"], &example)})
        }
        _ => scalar(),
    }
}

fn argument(key: &str) -> Value {
    match key {
        "match" => json!({"$ref": "#/$defs/steps"}),
        _ => scalar(),
    }
}

fn edge(key: &str) -> Value {
    match key {
        "along" => words(ALONGS),
        _ => scalar(),
    }
}

fn example(key: &str) -> Value {
    let texts = json!({"type": "object", "additionalProperties": {"type": ["string", "null"]}});
    match key {
        "expect" => words(EXPECTATIONS),
        "objects" => json!({"$ref": "#/$defs/objects"}),
        "events" => list("event"),
        "logs" | "journals" | "files" => texts,
        "empty" | "without" => json!({"type": "array", "items": {"enum": kinds()}}),
        _ => scalar(),
    }
}

/// Kinds that the API serves: those with metadata.
fn kinds() -> Vec<&'static str> {
    let schema = Schema::get();
    let served = schema.kinds().filter(|kind| {
        let fields = schema.fields(kind);
        *kind == "Event"
            || schema.meaning(kind).is_none() && fields.iter().any(|field| field.name == "metadata")
    });
    served.collect()
}

fn objects() -> Value {
    let kinds = kinds().join("|");
    json!({
        "type": "object",
        "patternProperties": {format!("^({kinds}) [^ ]+$"): {"type": ["object", "null"]}},
        "additionalProperties": false,
    })
}

/// One form for each verb.
fn steps() -> Value {
    let mut forms = Vec::new();
    for (word, verb) in VERBS {
        forms.push(object(step_keys(*verb, false), &[*word], &step));
        if *verb == Verb::Count {
            let mut rows = object(step_keys(*verb, true), &[*word, "is"], &step);
            if let Some(head) = rows.pointer_mut("/properties/count") {
                *head = json!({"const": "rows"});
            }
            forms.push(rows);
        }
    }
    json!({"anyOf": forms})
}

fn step(key: &str) -> Value {
    match key {
        "any" => json!({"type": "array", "items": {"$ref": "#/$defs/steps"}}),
        "check" | "where" => json!({"$ref": "#/$defs/conditions"}),
        "is" => json!({"$ref": "#/$defs/matcher"}),
        "by" => json!({"$ref": "#/$defs/texts"}),
        _ => scalar(),
    }
}

fn matcher() -> Value {
    let tests = object(MATCHER, &[], &|key| match key {
        "any_of" | "none_of" => json!({"type": "array", "items": scalar()}),
        "exists" => json!({"type": "boolean"}),
        "all" | "no" => json!({"$ref": "#/$defs/matcher"}),
        "where" => json!({"$ref": "#/$defs/conditions"}),
        "entry" => object(ENTRY, &[], &|_| json!({"$ref": "#/$defs/matcher"})),
        _ => scalar(),
    });
    json!({"anyOf": [
        scalar(),
        {"type": "array", "items": scalar()},
        tests,
    ]})
}
