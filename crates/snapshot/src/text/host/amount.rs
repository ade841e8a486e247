//! Reads amounts as tools print them: sizes, percentages, fractions with a point or a comma, offsets with a unit.

/// A number with a fraction in one writing: `0,83` and `0.83` are the same; `None` for anything else.
pub(super) fn decimal(text: &str) -> Option<String> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let plain = |part: &str| part.len() <= 18 && part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    Some(if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    })
}

/// A number with at most three digits of fraction, in thousandths.
fn thousandths(text: &str) -> Option<i128> {
    let text = decimal(text)?;
    let negative = text.starts_with('-');
    let (whole, fraction) = text
        .trim_start_matches('-')
        .split_once('.')
        .map_or((text.trim_start_matches('-'), ""), |parts| parts);
    let mut number = whole.parse::<i128>().ok()? * 1_000;
    for (digit, place) in fraction.bytes().zip([100, 10, 1]) {
        number += i128::from(digit.saturating_sub(b'0')) * place;
    }
    Some(if negative { -number } else { number })
}

/// A size in bytes: `58.9M`, `1,2Gi`, `4026036 kB`, `200MiB`, `7.5k`. A number without a unit counts
/// in `unit` bytes. Units of a thousand only with `SI`.
pub(super) fn size(text: &str, unit: i64, si: bool) -> Option<i64> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+')))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(end)?;
    let suffix = suffix.trim_start();
    let base: i128 = if si && !suffix.contains('i') {
        1_000
    } else {
        1_024
    };
    let letter = suffix.chars().next();
    let rest = suffix.get(letter.map_or(0, char::len_utf8)..)?;
    if !matches!(rest, "" | "i" | "B" | "iB" | "b" | "ib") {
        return None;
    }
    let power = match letter {
        None => return i64::try_from(thousandths(number)? * i128::from(unit) / 1_000).ok(),
        Some('B' | 'b') => 0,
        Some('K' | 'k') => 1,
        Some('M' | 'm') => 2,
        Some('G' | 'g') => 3,
        Some('T' | 't') => 4,
        Some('P' | 'p') => 5,
        Some('E' | 'e') => 6,
        _ => return None,
    };
    i64::try_from(thousandths(number)? * base.pow(power) / 1_000).ok()
}

/// `47%` or `47,5 %` as a whole number, rounded down.
pub(super) fn percent(text: &str) -> Option<i64> {
    let number = text.trim().strip_suffix('%')?;
    i64::try_from(thousandths(number)? / 1_000).ok()
}

/// A number with a unit of time (`ns us µs ms s`) in nanoseconds.
pub(super) fn nanoseconds(text: &str) -> Option<i128> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+')))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let factor: u32 = match unit.trim() {
        "ns" => 0,
        "us" | "µs" | "μs" => 3,
        "ms" => 6,
        "s" | "seconds" | "second" | "" => 9,
        _ => return None,
    };
    let text = decimal(number)?;
    let negative = text.starts_with('-');
    let text = text.trim_start_matches('-');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut number = whole.parse::<i128>().ok()? * 10_i128.pow(factor);
    for (digit, place) in fraction.bytes().zip((0..factor).rev()) {
        number += i128::from(digit.saturating_sub(b'0')) * 10_i128.pow(place);
    }
    Some(if negative { -number } else { number })
}

/// Nanoseconds as decimal seconds.
pub(super) fn seconds(nanoseconds: i128) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let whole = nanoseconds.unsigned_abs() / 1_000_000_000;
    let fraction = format!("{:09}", nanoseconds.unsigned_abs() % 1_000_000_000);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_in_every_writing() {
        assert_eq!(size("58.9M", 1, false), Some(61_761_126));
        assert_eq!(size("1,5Gi", 1, false), Some(1_610_612_736));
        assert_eq!(size("4026036 kB", 1, false), Some(4_122_660_864));
        assert_eq!(size("97G", 1, true), Some(97_000_000_000));
        assert_eq!(size("12", 1_024, false), Some(12_288));
        assert_eq!(size("0", 1_024, false), Some(0));
        assert_eq!(size("105B", 1, false), Some(105));
        assert_eq!(size("x", 1, false), None);
        assert_eq!(size("1.2.3", 1, false), None);
        assert_eq!(size("99999999999999999999G", 1, false), None);
        assert_eq!(percent("100%"), Some(100));
        assert_eq!(percent("47,5 %"), Some(47));
        assert_eq!(percent("-"), None);
    }

    #[test]
    fn offsets_keep_their_digits() {
        assert_eq!(
            nanoseconds("0.000056639").map(seconds).unwrap(),
            "0.000056639"
        );
        assert_eq!(nanoseconds("-1234us").map(seconds).unwrap(), "-0.001234");
        assert_eq!(nanoseconds("+12ms").map(seconds).unwrap(), "0.012");
        assert_eq!(nanoseconds("3,5 s").map(seconds).unwrap(), "3.5");
        assert_eq!(decimal("0,83").as_deref(), Some("0.83"));
        assert_eq!(decimal("1e5"), None);
    }
}
