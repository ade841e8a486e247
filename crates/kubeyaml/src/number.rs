//! What a plain scalar is when nobody says what it should be: YAML 1.2's core schema as serde_yaml reads it.

use std::num::ParseIntError;

type FromRadix<T> = fn(&str, u32) -> Result<T, ParseIntError>;

/// A plain scalar by its look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Plain {
    Null,
    Bool(bool),
    U64(u64),
    I64(i64),
    U128(u128),
    I128(i128),
    F64(f64),
    Text,
}

pub(crate) fn look(text: &str) -> Plain {
    let Some(first) = text.bytes().next() else {
        return Plain::Null;
    };
    match first {
        b'~' | b'n' | b'N' => match text {
            "~" | "null" | "Null" | "NULL" => return Plain::Null,
            // `nan` is a number for Rust only.
            _ => {}
        },
        b't' | b'T' | b'f' | b'F' => {}
        b'0'..=b'9' | b'+' | b'-' | b'.' | b'i' | b'I' => {}
        _ => return Plain::Text,
    }
    if let Some(flag) = bool(text) {
        return Plain::Bool(flag);
    }
    if let Some(int) = unsigned(text, u64::from_str_radix) {
        return Plain::U64(int);
    }
    if let Some(int) = negative(text, i64::from_str_radix) {
        return Plain::I64(int);
    }
    if let Some(int) = unsigned(text, u128::from_str_radix) {
        return Plain::U128(int);
    }
    if let Some(int) = negative(text, i128::from_str_radix) {
        return Plain::I128(int);
    }
    match float(text) {
        Some(float) if !padded(text) => Plain::F64(float),
        _ => Plain::Text,
    }
}

pub(crate) fn bool(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// Digits behind a leading zero are text: `0777` is a file mode to some and 777 to others.
fn padded(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

const RADIXES: [(&str, u32); 3] = [("0x", 16), ("0o", 8), ("0b", 2)];

pub(crate) fn unsigned<T>(text: &str, from_radix: FromRadix<T>) -> Option<T> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    for (prefix, radix) in RADIXES {
        if let Some(rest) = digits.strip_prefix(prefix) {
            if rest.starts_with(['+', '-']) {
                return None;
            }
            if let Ok(int) = from_radix(rest, radix) {
                return Some(int);
            }
        }
    }
    if digits.starts_with(['+', '-']) || padded(text) {
        return None;
    }
    from_radix(digits, 10).ok()
}

fn negative<T>(text: &str, from_radix: FromRadix<T>) -> Option<T> {
    let digits = text.strip_prefix('-')?;
    for (prefix, radix) in RADIXES {
        if let Some(rest) = digits.strip_prefix(prefix)
            && let Ok(int) = from_radix(&format!("-{rest}"), radix)
        {
            return Some(int);
        }
    }
    if padded(text) {
        return None;
    }
    from_radix(text, 10).ok()
}

pub(crate) fn signed<T>(text: &str, from_radix: FromRadix<T>) -> Option<T> {
    if text.starts_with('-') {
        negative(text, from_radix)
    } else {
        unsigned(text, from_radix)
    }
}

pub(crate) fn float(text: &str) -> Option<f64> {
    let positive = match text.strip_prefix('+') {
        Some(rest) if rest.starts_with(['+', '-']) => return None,
        Some(rest) => rest,
        None => text,
    };
    match positive {
        ".inf" | ".Inf" | ".INF" => return Some(f64::INFINITY),
        _ => {}
    }
    match text {
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN.copysign(1.0)),
        _ => {}
    }
    // Rust also reads `inf` and `nan`: not YAML.
    positive
        .parse()
        .ok()
        .filter(|float: &f64| float.is_finite())
}

#[cfg(test)]
mod tests {
    use serde_yaml::Value;

    fn agree(text: &str) {
        let ours = crate::from_str::<Value>(text).ok();
        let theirs = serde_yaml::from_str::<Value>(text).ok();
        assert_eq!(ours, theirs, "{text:?}");
        macro_rules! typed {
            ($($type:ty)*) => {$(
                assert_eq!(
                    crate::from_str::<$type>(text).ok(),
                    serde_yaml::from_str::<$type>(text).ok(),
                    "{text:?} as {}", stringify!($type)
                );
            )*};
        }
        typed!(bool u8 i8 u64 i64 u128 i128 String Option<String> () char);
        assert_eq!(
            crate::from_str::<f64>(text).ok().map(f64::to_bits),
            serde_yaml::from_str::<f64>(text).ok().map(f64::to_bits),
            "{text:?}"
        );
    }

    #[test]
    fn plain_scalars_are_what_serde_yaml_says() {
        for text in [
            "0",
            "-0",
            "+0",
            "00",
            "007",
            "-007",
            "1",
            "+1",
            "-1",
            "+-1",
            "-+1",
            "--1",
            "1.5",
            "-1.5",
            "+1.5",
            "1e3",
            "1e999",
            "0x1f",
            "-0x1f",
            "+0x1f",
            "0x+1",
            "0x-1",
            "-0x-1",
            "0o17",
            "-0o17",
            "0b11",
            "0x",
            "0o",
            "-0x",
            "inf",
            "nan",
            "infinity",
            ".inf",
            "-.inf",
            "+.inf",
            ".nan",
            ".NaN",
            "NaN",
            "Inf",
            "-inf",
            "+inf",
            "true",
            "True",
            "tRUE",
            "FALSE",
            "yes",
            "on",
            "null",
            "Null",
            "nULL",
            "~",
            "~1",
            "1_000",
            "18446744073709551615",
            "18446744073709551616",
            "-9223372036854775808",
            "-9223372036854775809",
            "340282366920938463463374607431768211456",
            "1.",
            ".5",
            "0.1",
            "0.",
            "1.10",
            "é",
            "2024-01-01",
            "128",
            "-128",
            "-129",
        ] {
            agree(text);
            agree(&format!("'{text}'"));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_number_is_what_serde_yaml_says(text in "[-+.]?[-+0]?[0-9xobe.a-f_]{1,24}") {
            if !matches!(text.as_str(), "-" | "..." | "---") {
                agree(&text);
            }
        }
    }
}
