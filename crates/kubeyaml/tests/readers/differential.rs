//! What this crate reads, complete YAML readers read the same way: generated texts and random trees.

use crate::check::{Outcome, check};
use crate::{
    generate::{self, Random},
    guided,
};
use kubeyaml::Error;

#[test]
fn generated_texts_are_read_alike_or_not_at_all() {
    let mut read = 0;
    for seed in 0..20_000 {
        let text = generate::any(&mut Random::new(seed));
        match check(&text) {
            Ok(outcome) => read += usize::from(outcome == Outcome::Read),
            Err(what) => panic!("seed {seed}: {text:?}\n{what}"),
        }
        guided::check(&text).unwrap_or_else(|what| panic!("seed {seed}: {text:?}\n{what}"));
    }
    assert!(read > 2000, "only {read} texts were read");
}

#[test]
fn what_serde_yaml_writes_is_read() {
    let mut read = 0;
    for seed in 0..3000 {
        let tree = generate::tree(&mut Random::new(seed), 5);
        let text = serde_yaml::to_string(&tree).unwrap();
        match check(&text) {
            Ok(Outcome::Read) => {
                read += 1;
                guided::check(&text).unwrap_or_else(|what| panic!("{text}\n{what}"));
                assert_eq!(
                    kubeyaml::from_str::<serde_yaml::Value>(&text).unwrap(),
                    tree,
                    "{text}"
                );
            }
            // Block scalars as whole documents, keys of several lines.
            Ok(outcome) => assert_eq!(outcome, Outcome::Unsupported, "{text}"),
            Err(what) => panic!("seed {seed}: {text:?}\n{what}"),
        }
    }
    assert!(read > 2600, "only {read} of 3000 trees were read");
}

/// Texts that once were read differently, or that are easily read differently.
#[test]
fn known_traps() {
    for text in [
        "- \n|-\n  a\n",
        "-\n- a\n",
        "a:\n  -\n  - b\n",
        "- -\n  - a: b\n",
        "-\n|+",
        "- - -\n  |\n",
        "items:\n- - q\n-\nd: |+\n",
        "items:\n- \n\nitems:\n- - ",
        "a: |2\n # c\n",
        "- - |2-\n\n   #\n",
        "\u{feff}a: b\nc: d\n",
        "a: \"x\nb: y\nc\" # d\n",
        "a: [1,\nb: 2]\n",
        "a: 'b'#c\n",
        "a: b\n  # c\n  d\n",
        "a: >\n\n x\n  y\n\n z\n",
        "a: >+\n x\n\n\n",
        "a: |\n\n\n  x\n",
        "a: |\n    \n  x\n",
        "a: |1\n  x\n",
        "a: |\n  x\n \n",
        "a: |\n  x\n   \n",
        "a: |\n  x",
        "a: \"\\\n  b\"\n",
        "a: \"b \\\n\n\n  \\ c\"\n",
        "a: 'b  \n\n   c'\n",
        "a: b\r\nc: |\r\n  d\r\n  e\r\n",
        "a:\r\n- b\r\n",
        "a: \"x\r\n  y\"\r\n",
        "---\na: b\n",
        "--- a\n",
        "a: b\n---\n",
        "a: b\n...\n",
        "? a\n: b\n",
        "a: b: c\n",
        "a: - b\n",
        "- a\n b\n",
        "-: a\n",
        "---: a\n",
        "...: a\n",
        ".: a\n",
        "a b : c\n",
        "'a' : b\n",
        "'a':b\n",
        "\"a\": b\n",
        "a:\n  b\n  c\nd: e\n",
        "a: &b c\nd: *b\n",
        "a: !!str 1\n",
        "%YAML 1.1\n---\na: b\n",
        "a: \tb\n",
        "a:\tb\n",
        "a: b\tc\n",
        "\ta: b\n",
        "a: \"b\tc\"\n",
        "a: |\n  b\tc\n",
        "a: |\n\tb\n",
    ] {
        if let Err(what) = check(text).and_then(|_| guided::check(text)) {
            panic!("{text:?}\n{what}");
        }
    }
}

#[test]
fn depth_is_limited_as_in_serde_yaml() {
    for depth in [1, 100, 127, 128, 129, 130, 200, 100_000] {
        let lists = "- ".repeat(depth) + "a\n";
        check(&lists).unwrap_or_else(|what| panic!("{depth} lists: {what}"));
        let ours = kubeyaml::Node::read(&lists);
        assert_eq!(
            matches!(ours, Err(Error::Depth { .. })),
            depth > 128,
            "{depth}"
        );
    }
    let mut maps = String::new();
    for depth in 0..600 {
        maps.push_str(&" ".repeat(depth));
        maps.push_str("a:\n");
    }
    assert!(matches!(
        kubeyaml::Node::read(&maps),
        Err(Error::Depth { line: 129 })
    ));
    assert!(matches!(
        kubeyaml::from_str::<serde_yaml::Value>(&maps),
        Err(Error::Depth { .. })
    ));
}

/// Linear work only: with anything quadratic this test would not end.
#[test]
fn long_lines_and_many_lines() {
    const LONG: usize = 4_000_000;
    for text in [
        "a".repeat(LONG),
        format!("a: {}", "b: ".repeat(LONG / 3)),
        format!("a: {}", "b:".repeat(LONG / 2)),
        format!("- {}", "#a".repeat(LONG / 2)),
        format!("a: \"{}", "\\\"".repeat(LONG / 2)),
        format!("a: \"{}\"", "x\n ".repeat(LONG / 3)),
        format!("a: '{}", "''".repeat(LONG / 2)),
        format!("- '{}'\n", "a\n\n  ".repeat(LONG / 5)),
        format!("- {}", "a\n  ".repeat(LONG / 4)),
        format!("a: |\n{}", "\n".repeat(LONG)),
        format!("a: >\n{}", "  x\n\n".repeat(LONG / 5)),
        "- ".repeat(LONG / 2),
        "- a\n".repeat(LONG / 4),
        "#\n".repeat(LONG / 2),
        format!("items:\n{}", "- \n".repeat(LONG / 3)),
        format!("items:\n{}", "- a\nb:\n".repeat(LONG / 7)),
        "---\n".repeat(LONG / 4),
        " ".repeat(LONG),
        "\u{e9}".repeat(LONG / 2),
    ] {
        let _ = kubeyaml::Node::read(&text);
        let _ = kubeyaml::from_str::<serde::de::IgnoredAny>(&text);
        for part in kubeyaml::split_documents(&text) {
            let _ = kubeyaml::split_items(part.text, part.first_line);
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_read_alike_or_not_at_all(text in "([\\PC\n\t :\\-\\[\\]{}\"'&*|>#]|a: |\n  |\n- ){0,60}") {
        if let Err(what) = check(&text).and_then(|_| guided::check(&text)) {
            proptest::prop_assert!(false, "{:?}\n{}", text, what);
        }
    }
}
