//! Reads the rounded ages that kubectl prints (`73s`, `2m30s`, `3d4h`, `2y10d`).

/// Seconds of the units in the order in which they may follow each other.
const UNITS: [(u8, i64); 5] = [
    (b'y', 365 * 86_400),
    (b'd', 86_400),
    (b'h', 3_600),
    (b'm', 60),
    (b's', 1),
];

/// An age in seconds and the seconds of its smallest unit: kubectl cuts off what is below, so the
/// true age lies in `seconds..seconds + unit`. `None` for `<unknown>`, `<invalid>` and anything that
/// is no age. A year is 365 days, as in kubectl.
pub(crate) fn age(text: &str) -> Option<(i64, i64)> {
    let mut units = UNITS.iter();
    let mut total: i64 = 0;
    let mut number: Option<i64> = None;
    let mut smallest = None;
    for byte in text.bytes() {
        if byte.is_ascii_digit() {
            let digit = i64::from(byte - b'0');
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit)?);
        } else {
            let (_, seconds) = units.find(|(letter, _)| *letter == byte)?;
            total = total.checked_add(number.take()?.checked_mul(*seconds)?)?;
            smallest = Some(*seconds);
        }
    }
    // Larger than any clock: a number of some other sort.
    let sane = total <= 1_000 * 365 * 86_400;
    (number.is_none() && sane).then_some(total).zip(smallest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::age;

    #[test]
    fn ages_as_kubectl_prints_them() {
        for (text, seconds, unit) in [
            ("0s", 0, 1),
            ("73s", 73, 1),
            ("2m", 120, 60),
            ("2m30s", 150, 1),
            ("5h", 18_000, 3_600),
            ("5h9m", 18_540, 60),
            ("3d4h", 273_600, 3_600),
            ("99d", 8_553_600, 86_400),
            ("2y10d", 63_936_000, 86_400),
            ("9y", 283_824_000, 31_536_000),
            ("1h0m5s", 3_605, 1),
        ] {
            assert_eq!(age(text), Some((seconds, unit)), "{text}");
        }
    }

    #[test]
    fn other_words_are_no_ages() {
        for text in [
            "",
            "<unknown>",
            "<invalid>",
            "5",
            "m",
            "5x",
            "5m3h",
            "5m5m",
            "-5m",
            "5 m",
            "5m ago",
            "1.5h",
            "99999999999999999999s",
            "999999999y",
            "５m",
        ] {
            assert_eq!(age(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text(text in "\\PC*") {
            let _ = age(&text);
        }

        #[test]
        fn parts_add_up(days in 0_i64..9999, hours in 0_i64..24) {
            prop_assert_eq!(
                age(&format!("{days}d{hours}h")),
                Some((days * 86_400 + hours * 3_600, 3_600))
            );
        }
    }
}
