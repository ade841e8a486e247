//! Kubernetes quantities and durations as numbers.

/// A quantity in base units (bytes, cores): `128Mi`, `1.5G`, `250m`, `1e3`.
pub fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    let split = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(split)?;
    if number.is_empty() {
        return None;
    }
    let factor = match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        "Pi" => 1_125_899_906_842_624.0,
        "Ei" => 1_152_921_504_606_846_976.0,
        _ => return text.parse().ok().filter(|number: &f64| number.is_finite()),
    };
    number.parse::<f64>().ok().map(|number| number * factor)
}

/// A quantity in bytes, rounded up as the scheduler does.
#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates, and no node has that much"
)]
pub fn bytes(text: &str) -> Option<i64> {
    quantity(text).map(|value| value.ceil() as i64)
}

/// A quantity of CPU in thousandths of a core.
#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates, and no node has that much"
)]
pub fn millicores(text: &str) -> Option<i64> {
    quantity(text).map(|value| (value * 1000.0).ceil() as i64)
}

/// A duration in seconds: `30s`, `5m`, `1h30m`, `2d`, `500ms`.
pub fn seconds(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, tail) = rest.split_at_checked(number_end)?;
        let unit_end = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(unit_end)?;
        let factor = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = tail;
    }
    Some(total)
}

/// Bytes for people: `128 MiB`.
pub fn show_bytes(value: f64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = value;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let name = UNITS.get(unit).unwrap_or(&"B");
    if (value - value.round()).abs() < 0.05 {
        format!("{value:.0} {name}")
    } else {
        format!("{value:.1} {name}")
    }
}

/// Seconds for people: `1h 30m`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded and not negative"
)]
pub fn show_seconds(value: f64) -> String {
    // Of a few seconds the fraction matters: clocks and time-outs.
    if value > 0.0 && value < 10.0 && value.fract() > 0.0 {
        let text = format!("{value:.3}");
        return format!("{}s", text.trim_end_matches('0').trim_end_matches('.'));
    }
    let total = value.round().max(0.0) as u64;
    let parts = [
        (total / 86_400, "d"),
        (total / 3_600 % 24, "h"),
        (total / 60 % 60, "m"),
        (total % 60, "s"),
    ];
    let shown: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .take(2)
        .map(|(n, unit)| format!("{n}{unit}"))
        .collect();
    if shown.is_empty() {
        "0s".to_owned()
    } else {
        shown.join(" ")
    }
}

/// A duration in seconds as prose says it, in its two largest units: `7 min 36 s`.
pub fn show_span(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{minutes} min {} s", seconds % 60),
        3_600..86_400 => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        assert_eq!(bytes("128Mi"), Some(134_217_728));
        assert_eq!(bytes("1G"), Some(1_000_000_000));
        assert_eq!(bytes("1e3"), Some(1000));
        assert_eq!(millicores("250m"), Some(250));
        assert_eq!(millicores("2"), Some(2000));
        assert_eq!(millicores("0.1"), Some(100));
        assert_eq!(quantity("x"), None);
        assert_eq!(quantity("Mi"), None);
    }

    #[test]
    fn durations() {
        assert_eq!(seconds("1h30m"), Some(5400.0));
        assert_eq!(seconds("500ms"), Some(0.5));
        assert_eq!(seconds("10"), None);
        assert_eq!(show_seconds(5400.0), "1h 30m");
        assert_eq!(show_seconds(1_099_440.0), "12d 17h");
        assert_eq!(show_seconds(2.25), "2.25s");
        assert_eq!(show_seconds(0.0), "0s");
        assert_eq!(show_bytes(134_217_728.0), "128 MiB");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_safe(text in "\\PC{0,20}") {
            let _ = (quantity(&text), seconds(&text), bytes(&text), millicores(&text));
        }
    }
}
