//! Shortcuts of the decision: a literal that is a match by itself, and other literals that a match needs.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is the failure report of a test"
)]

use logscan::{Classes, Hit, PatternSpec, Scanner};
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

/// Lines and patterns, the same as by every regex on every line.
fn hits<'t>(
    scanner: &Scanner,
    text: &'t str,
    view: impl Fn(&'t [u8]) -> &'t [u8] + Copy,
) -> Vec<(u64, usize)> {
    let (mut fast, mut slow): (Vec<Hit>, Vec<Hit>) = (Vec::new(), Vec::new());
    scanner.scan_with(0, text.as_bytes(), 1, view, &mut |hit| fast.push(hit));
    scanner.scan_slow(0, text.as_bytes(), 1, view, &mut |hit| slow.push(hit));
    assert_eq!(fast, slow);
    fast.iter().map(|hit| (hit.line, hit.pattern)).collect()
}

fn whole(line: &[u8]) -> &[u8] {
    line
}

#[test]
fn a_text_proves_only_the_branch_that_asks_for_no_more() {
    let scanner = scanner(&[
        "connection refused|timed out after [0-9]+",
        "connection refused$",
        r"\bconnection refused\b",
        "(?i)connection REFUSED",
    ]);
    let text = "connection refused\nconnection refused by\nxconnection refused\ntimed out after x\ntimed out after 5\nConnection Refused\n";
    assert_eq!(
        hits(&scanner, text, whole),
        [
            (1, 0),
            (1, 1),
            (1, 2),
            (1, 3),
            (2, 0),
            (2, 2),
            (2, 3),
            (3, 0),
            (3, 1),
            (3, 3),
            (5, 0),
            (6, 3),
        ]
    );
}

#[test]
fn a_text_out_of_sight_proves_nothing() {
    fn behind(line: &[u8]) -> &[u8] {
        let at = line.iter().position(|byte| *byte == b'|');
        at.and_then(|at| line.get(at + 1..)).unwrap_or(line)
    }
    let scanner = scanner(&["connection refused", "deadline exceeded"]);
    let text = "connection refused|deadline exceeded\nconnection ref|used\ndeadline exceeded\n";
    assert_eq!(hits(&scanner, text, behind), [(1, 1), (3, 1)]);
}

#[test]
fn a_text_beyond_the_limit_proves_nothing() {
    let limited = scanner(&["connection refused"]).with_line_limit(20);
    let text = "12connection refused\n123connection refused\n";
    assert_eq!(hits(&limited, text, whole), [(1, 0)]);
}

#[test]
fn all_that_a_match_needs_is_asked_for_in_any_spelling() {
    let scanner = scanner(&[
        "(?i)failed to pull image.*not found",
        "failed to pull image.*(?:denied|forbidden|unauthorized)",
        "(?i)disk.*ſick",
    ]);
    let text = "Failed to PULL image x: Not Found\nfailed to pull image: not here\nfailed to pull image: access denied\nfailed to pull image: DENIED\nnot found: failed to pull image\nDISK sick\nDis\u{212A} \u{17F}ic\u{212A}\n";
    assert_eq!(
        hits(&scanner, text, whole),
        [(1, 0), (3, 1), (6, 2), (7, 2)]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn shortcuts_change_nothing(
        lines in prop::collection::vec(
            prop::collection::vec(
                prop::sample::select(vec![
                    "connection", " ", "refused", "Refused", "denied", "by", "peer", "ſ", "K", "kick", "é", "\r", "x",
                ]),
                0..8,
            ),
            0..12,
        ),
        skip in 0_usize..6,
    ) {
        let scanner = scanner(&[
            "connection refused",
            "connection.*refused|denied by peer",
            "(?i)connection refused",
            "refused.*denied.*connection",
            "(?i)kick.*denied",
            "(?:refused|denied) by (?:peer|x)",
            "(?i)^connection refused$",
        ]);
        let text: String = lines.iter().map(|words| words.concat() + "\n").collect();
        hits(&scanner, &text, |line| line.get(skip..).unwrap_or(line));
    }
}
