//! YAML and JSON as the snapshot reads them, rule files, and quantities.

use coldcase_facts::quantity as quantities;
use coldcase_rules::RuleSet;
use coldcase_snapshot::{
    json as reader,
    yaml::{self, Reading},
};

/// Reads JSON, whole or cut.
///
/// # Panics
/// If text without an error has no documents though it holds more than blanks.
pub fn json(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (nodes, error) = reader::read(&text);
    assert!(
        !nodes.is_empty()
            || error.is_some()
            || text.trim_start_matches('\u{feff}').trim().is_empty(),
        "neither documents nor an error"
    );
}

/// Reads YAML: the fast way and the complete one read the same.
///
/// # Panics
/// If they do not.
pub fn yaml_snapshot(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let fast = yaml::read(&text, &Reading::default());
    let strict = Reading {
        strict: true,
        ..Reading::default()
    };
    let slow = yaml::read(&text, &strict);
    assert_eq!(fast.nodes, slow.nodes);
    let _ = yaml::read(&text, &Reading::default().without_bulk(|_| false));
}

/// Loads rules from any text, alone.
pub fn rules(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let (rules, errors) = RuleSet::draft(vec![("fuzz.yaml".to_owned(), text)]);
    for error in errors {
        let _ = error.to_string();
    }
    let _ = rules.mentions("managedFields");
}

/// Reads every line as a quantity and writes it again.
pub fn quantity(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for word in text.lines().flat_map(|line| [line, line.trim()]) {
        for value in [quantities::quantity(word), quantities::seconds(word)]
            .into_iter()
            .flatten()
        {
            let _ = quantities::show_bytes(value);
            let _ = quantities::show_seconds(value);
        }
        let _ = quantities::bytes(word);
        let _ = quantities::millicores(word);
    }
}
