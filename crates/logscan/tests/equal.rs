//! The scanner reports what its definition says, whatever the patterns, the text and the cuts.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is the failure report of a test"
)]

#[path = "support/cases.rs"]
mod cases;

use logscan::{BuildReason, Classes, Hit, Lane, PatternSpec, Scanner, chunks};
use proptest::prelude::*;

fn scanner(regexes: &[&str]) -> Scanner {
    let specs: Vec<PatternSpec<'_>> = regexes
        .iter()
        .map(|regex| PatternSpec {
            regex,
            classes: Classes::ALL,
        })
        .collect();
    Scanner::new(&specs).unwrap()
}

fn hits(scanner: &Scanner, text: &[u8]) -> Vec<(u64, usize)> {
    let mut all: Vec<Hit> = Vec::new();
    scanner.scan(0, text, 1, &mut |hit| all.push(hit));
    let mut slow = Vec::new();
    scanner.scan_slow(0, text, 1, |line| line, &mut |hit| slow.push(hit));
    assert_eq!(all, slow);
    all.iter().map(|hit| (hit.line, hit.pattern)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn fast_equals_slow(seed in any::<u64>()) {
        let case = cases::case(&mut cases::Choices::seeded(seed));
        cases::check(&case).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn any_bytes_are_scanned(text in prop::collection::vec(any::<u8>(), 0..2000), size in 1_usize..500) {
        let scanner = scanner(&["(?i)error", r"\d\d", "^.", "$", "connection refused", r"\bab", "é", "(?-u:\\xC5)"]);
        let whole = hits(&scanner, &text);
        let mut cut = Vec::new();
        for chunk in chunks(&text, size) {
            scanner.scan(0, chunk.bytes, chunk.first_line, &mut |hit| cut.push((hit.line, hit.pattern)));
        }
        prop_assert_eq!(whole, cut);
    }
}

#[test]
fn line_ends_of_every_kind() {
    let scanner = scanner(&["^$", "end$", "^begin", "\r", "nul\0byte"]);
    assert_eq!(
        hits(
            &scanner,
            b"begin end\r\n\n\r\nend\r\r\nnul\0byte\nbegin end"
        ),
        [
            (1, 1),
            (1, 2),
            (2, 0),
            (3, 0),
            (4, 3),
            (5, 4),
            (6, 1),
            (6, 2)
        ]
    );
    assert_eq!(hits(&scanner, b""), []);
    assert_eq!(hits(&scanner, b"\n"), [(1, 0)]);
    assert_eq!(hits(&scanner, b"end\r"), [(1, 3)]);
}

#[test]
fn letters_that_fold_from_beyond_ascii_are_found() {
    let scanner = scanner(&[
        "(?i)system task",
        "(?i)disk",
        "(?i)\u{212A}elvin scale",
        "stra\u{DF}e",
    ]);
    let text = "ſyſtem taſ\u{212A}\nDIſK\nkelvin scale\nstraße\nSYSTEM TASK\n";
    assert_eq!(
        hits(&scanner, text.as_bytes()),
        [(1, 0), (2, 1), (3, 2), (4, 3), (5, 0)]
    );
}

#[test]
fn a_long_line_is_searched_up_to_the_limit() {
    let mut text = vec![b'x'; 10_000_000];
    text[..5].copy_from_slice(b"early");
    text[5_000_000..5_000_008].copy_from_slice(b"far late");
    text.extend_from_slice(b"\r\nfar late again\n");
    let scanner = scanner(&["early", "far late", "xx$", "^$|x{4}y"]);
    assert_eq!(hits(&scanner, &text), [(1, 0), (1, 2), (2, 1)]);
    let mut spans = Vec::new();
    scanner.scan(0, &text, 1, &mut |hit| spans.push(hit.end - hit.start));
    assert_eq!(spans, [10_000_000, 10_000_000, 14]);
}

#[test]
fn patterns_see_what_the_view_shows() {
    let scanner = scanner(&["^panic: ", "stdout", "oops$"]);
    let text = b"12:00 stdout panic: oops\n12:01 stdout no panic: here\n";
    let mut found = Vec::new();
    scanner.scan_with(
        0,
        text,
        7,
        |line| line.get(13..).unwrap_or(line),
        &mut |hit| {
            found.push((hit.line, hit.pattern));
        },
    );
    assert_eq!(found, [(7, 0), (7, 2)]);
}

#[test]
fn a_class_sees_only_its_patterns() {
    let specs = [
        PatternSpec {
            regex: "word in both",
            classes: Classes::of(&[0, 1]),
        },
        PatternSpec {
            regex: "word",
            classes: Classes::of(&[1]),
        },
    ];
    let scanner = Scanner::new(&specs).unwrap();
    let count = |class| {
        let mut all = Vec::new();
        scanner.scan(class, b"word in both", 1, &mut |hit| all.push(hit.pattern));
        all
    };
    assert_eq!(count(0), [0]);
    assert_eq!(count(1), [0, 1]);
    assert!(count(2).is_empty() && count(32).is_empty());
}

#[test]
fn errors_name_the_pattern() {
    let build = |regex| {
        let specs = ["fine", regex].map(|regex| PatternSpec {
            regex,
            classes: Classes::ALL,
        });
        Scanner::new(&specs).unwrap_err()
    };
    assert_eq!(build("(").index, 1);
    assert!(matches!(build("(").reason, BuildReason::Syntax(_)));
    assert!(matches!(
        build(r"(\w{100}){100}").reason,
        BuildReason::TooBig(_)
    ));
}

#[test]
fn explanations_name_lane_and_literals() {
    let scanner = scanner(&[
        "connection (refused|reset)",
        "(?i)EOF|broken pipe",
        r"^\d+$",
        r"^E\d{4} \S+ no leader elected",
    ]);
    let found = scanner.explain();
    let lanes: Vec<Lane> = found.iter().map(|one| one.lane).collect();
    assert_eq!(
        lanes,
        [Lane::Window, Lane::Short, Lane::Regex, Lane::Window]
    );
    assert_eq!(
        found[0].literals,
        ["connection refused", "connection reset"]
    );
    assert_eq!(found[1].reason, r#"fewer than eight bytes: "eof""#);
    assert_eq!(found[3].literals, [" no leader elected"]);
}
