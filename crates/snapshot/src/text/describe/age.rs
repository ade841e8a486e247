//! Reads ages as kubectl prints them (`5m30s`, `3d4h`, `2y10d`) into seconds and the unit that was dropped.

/// Seconds, and how many seconds the text's smallest unit has (how coarse it is); `None` for
/// `<unknown>`, `<invalid>` and anything else.
pub(crate) fn age(text: &str) -> Option<(i64, i64)> {
    let mut rest = text.trim().as_bytes();
    let (mut seconds, mut unit) = (0_i64, 0_i64);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let number: i64 = std::str::from_utf8(rest.get(..digits)?)
            .ok()?
            .parse()
            .ok()?;
        let (scale, len) = match rest.get(digits..)? {
            [b'm', b's', ..] => (0, 2),
            [b's', ..] => (1, 1),
            [b'm', ..] => (60, 1),
            [b'h', ..] => (3_600, 1),
            [b'd', ..] => (86_400, 1),
            [b'y', ..] => (31_536_000, 1),
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(scale)?)?;
        unit = scale.max(1);
        rest = rest.get(digits + len..)?;
    }
    Some((seconds, unit))
}

#[cfg(test)]
mod tests {
    use super::age;

    #[test]
    fn ages() {
        for (text, expected) in [
            ("0s", Some((0, 1))),
            ("73s", Some((73, 1))),
            ("2m30s", Some((150, 1))),
            ("45m", Some((2_700, 60))),
            ("3d4h", Some((273_600, 3_600))),
            ("2y10d", Some((63_936_000, 86_400))),
            ("<unknown>", None),
            ("<invalid>", None),
            ("", None),
            ("5", None),
        ] {
            assert_eq!(age(text), expected, "{text}");
        }
    }
}
