//! Tests of conditions over values, ages and ranges.

use super::*;

#[test]
fn a_printed_age_decides_unless_what_was_cut_off_does() {
    let passes = |age: &str, test: &Test| Age::of(View::text(age)).and_then(|it| it.passes(test));
    let (newer, older) = (Test::NewerThan(3_600.0), Test::OlderThan(3_600.0));
    for (age, is_newer) in [
        ("0", Some(true)),
        ("119", Some(true)),
        ("3540", Some(true)),
        ("3599", Some(true)),
        ("3600", None),
        ("3660", Some(false)),
        ("7200", Some(false)),
        ("<unknown>", None),
    ] {
        assert_eq!(passes(age, &newer), is_newer, "{age}");
        assert_eq!(passes(age, &older), is_newer.map(|it| !it), "{age}");
    }
    assert_eq!(passes("60", &Test::Exists(true)), None);
}
