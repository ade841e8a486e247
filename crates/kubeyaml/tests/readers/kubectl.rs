//! kubectl's YAML and kubectl's JSON of the same objects are the same to us.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::check::{Outcome, check};
use crate::{
    generate::{self, Random},
    guided,
};
use serde_json::{Value, json};

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    fs::read_to_string(path).unwrap()
}

/// With `--local`, kubectl prints objects one after the other without any mark.
fn same(yaml: &str, json: &str) -> usize {
    let objects = serde_json::Deserializer::from_str(json).into_iter::<Value>();
    let objects: Vec<Value> = objects.map(Result::unwrap).collect();
    let mut list = String::from("apiVersion: v1\nitems:\n");
    let mut texts: Vec<String> = Vec::new();
    for line in yaml.split_inclusive('\n') {
        let first = line.starts_with("apiVersion:");
        if first {
            texts.push(String::new());
        }
        texts.last_mut().unwrap().push_str(line);
        // A blank line in a block scalar stays blank in a list.
        let indent = if first { "- " } else { "  " };
        list.push_str(if line == "\n" { "" } else { indent });
        list.push_str(line);
    }
    list.push_str("kind: List\n");
    assert_eq!(texts.len(), objects.len());
    for (text, object) in texts.iter().zip(&objects) {
        assert_eq!(&kubeyaml::from_str::<Value>(text).unwrap(), object);
        assert_eq!(check(text), Ok(Outcome::Read));
        assert_eq!(guided::check(text), Ok(()));
    }
    let items = kubeyaml::from_str_items::<Value>(&list).unwrap();
    let items: Vec<Value> = items.into_iter().map(Result::unwrap).collect();
    assert_eq!(items, objects);
    assert_eq!(check(&list), Ok(Outcome::Read));
    texts.len()
}

#[test]
fn recorded_objects() {
    assert_eq!(same(&fixture("pods.yaml"), &fixture("pods.json")), 2);
    assert_eq!(
        same(&fixture("config-maps.yaml"), &fixture("config-maps.json")),
        12
    );
}

/// Strings that are hard to quote, from a seed.
fn config_maps(seed: u64, count: usize) -> Value {
    let mut random = Random::new(seed);
    let item = |number: usize| {
        let data: serde_json::Map<String, Value> = (0..8)
            .map(|key| {
                (
                    format!("key-{key}"),
                    Value::String(generate::string(&mut random)),
                )
            })
            .collect();
        json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": format!("c{number}"), "annotations": {"text": generate::string(&mut random)}},
            "data": data
        })
    };
    let items: Vec<Value> = (0..count).map(item).collect();
    json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items})
}

fn kubectl(file: &Path, format: &str) -> Option<String> {
    let output = Command::new("kubectl")
        .args(["label", "--local", "-f"])
        .arg(file)
        .args(["case=strings", "-o", format])
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).unwrap())
}

/// Runs only where kubectl is installed; it needs no cluster.
#[test]
fn fresh_lists() {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("config-maps.json");
    for seed in 0..3 {
        fs::write(&file, config_maps(seed, 300).to_string()).unwrap();
        let (Some(yaml), Some(json)) = (kubectl(&file, "yaml"), kubectl(&file, "json")) else {
            eprintln!("no kubectl here: nothing compared");
            return;
        };
        assert_eq!(same(&yaml, &json), 300);
    }
}
