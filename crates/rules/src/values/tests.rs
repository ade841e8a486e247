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

#[test]
fn printed_ages_are_in_order_unless_they_may_be_the_same() {
    let age = |text: &str| Age::of(View::text(text)).unwrap();
    for (this, that, after) in [
        ("179", "191", Some(true)),
        ("191", "179", Some(false)),
        ("180", "191", None),
        ("3600", "3720", None),
        ("3599", "3600", Some(true)),
        ("42", "42", None),
    ] {
        assert_eq!(age(this).is_after(age(that)), after, "{this} {that}");
    }
}
