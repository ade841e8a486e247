//! Reads how well a node's clock is set: `chronyc`, `timedatectl`, `ntpq`, `ntpstat`.

use super::{
    amount,
    report::{Fields, Sink},
    when,
};

fn pair(line: &str) -> Option<(&str, &str)> {
    line.split_once(':')
        .map(|(key, value)| (key.trim(), value.trim()))
}

/// `chronyc tracking`.
pub(super) fn tracking(sink: &mut Sink<'_>, text: &str) {
    let mut fields = Fields::default();
    for (number, line) in sink.lines(text) {
        if line.contains("Cannot talk to daemon") {
            fields.text("source", "chrony", number);
            fields.flag("running", false, number);
        }
        let Some((key, value)) = pair(line) else {
            continue;
        };
        match key {
            "Reference ID" => {
                fields.text("source", "chrony", number);
                fields.text("reference", value, number);
            }
            "Stratum" => fields.number("stratum", value.parse().ok(), number),
            "System time" => {
                // `slow`: this clock is behind the true time.
                let ahead = value.split_once(" seconds ").and_then(|(amount, rest)| {
                    let amount = amount::nanoseconds(amount)?;
                    Some(if rest.starts_with("slow") {
                        -amount
                    } else {
                        amount
                    })
                });
                fields.decimal("offsetSeconds", ahead.map(amount::seconds), number);
            }
            "Leap status" => {
                fields.text("leap", value, number);
                let synchronised = !value.starts_with("Not synchroni");
                fields.flag("synchronised", synchronised, number);
            }
            _ => {}
        }
    }
    sink.push("Clock", fields);
}

/// `chronyc sources`: `^* ntp1 2 6 377 34 -1234us[-1300us] +/- 12ms`; the second sign is its state.
pub(super) fn sources(sink: &mut Sink<'_>, text: &str) {
    let (mut count, mut reachable) = (0_i64, 0_i64);
    let mut place = None;
    let mut fields = Fields::default();
    for (number, line) in sink.lines(text) {
        let mut signs = line.chars();
        let (Some('^' | '=' | '#'), Some(state)) = (signs.next(), signs.next()) else {
            continue;
        };
        if !matches!(state, '*' | '+' | '-' | '?' | 'x' | '~') {
            continue;
        }
        let words: Vec<&str> = signs.as_str().split_whitespace().collect();
        let [name, _stratum, _poll, reach, ..] = *words.as_slice() else {
            continue;
        };
        place.get_or_insert(number);
        count += 1;
        reachable += i64::from(reach != "0");
        if state == '*' {
            fields.text("selected", name, number);
        }
    }
    if let Some(line) = place {
        fields.text("source", "chrony sources", line);
        fields.number("sources", Some(count), line);
        fields.number("reachable", Some(reachable), line);
        if reachable == 0 {
            fields.flag("synchronised", false, line);
        }
        sink.push("Clock", fields);
    }
}

/// `timedatectl`, also `timedatectl timesync-status`, of all versions.
pub(super) fn timedatectl(sink: &mut Sink<'_>, text: &str) {
    let mut fields = Fields::default();
    for (number, line) in sink.lines(text) {
        let Some((key, value)) = pair(line) else {
            continue;
        };
        match key {
            "System clock synchronized" | "NTP synchronized" => {
                fields.text("source", "timedatectl", number);
                fields.flag("synchronised", value.starts_with("yes"), number);
            }
            "NTP service"
            | "Network time on"
            | "NTP enabled"
            | "systemd-timesyncd.service active" => {
                fields.text("source", "timedatectl", number);
                fields.text("service", value, number);
            }
            "Time zone" => {
                let zone = value
                    .split(['(', ')', ',', ' '])
                    .rev()
                    .find_map(|word| when::zone(word).filter(|_| word.starts_with(['+', '-'])));
                fields.number("zoneOffsetSeconds", zone.map(i64::from), number);
            }
            "Universal time" => {
                let time = when::words(value)
                    .and_then(|(when, _)| jiff::tz::Offset::UTC.to_timestamp(when).ok());
                fields.time("time", time, number);
            }
            "Offset" => {
                fields.text("source", "systemd-timesyncd", number);
                let behind = amount::nanoseconds(value).map(|amount| -amount);
                fields.decimal("offsetSeconds", behind.map(amount::seconds), number);
            }
            "Stratum" => fields.number("stratum", value.parse().ok(), number),
            "Leap" => fields.text("leap", value, number),
            _ => {}
        }
    }
    if fields.has("source") {
        sink.push("Clock", fields);
    }
}

/// `ntpq -p`: `*ntp1 .GPS. 1 u 33 64 377 0.5 -0.123 0.05`, offset in milliseconds, what the server is ahead.
pub(super) fn ntpq(sink: &mut Sink<'_>, text: &str) {
    let mut fields = Fields::default();
    let mut rows = None;
    let mut selected = false;
    for (number, line) in sink.lines(text) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [
            name,
            _reference,
            stratum,
            _kind,
            _when,
            _poll,
            _reach,
            _delay,
            offset,
            _jitter,
        ] = *words.as_slice()
        else {
            continue;
        };
        if stratum.parse::<u8>().is_err() {
            continue;
        }
        rows.get_or_insert(number);
        if let Some(name) = name.strip_prefix(['*', 'o']) {
            selected = true;
            fields.text("selected", name, number);
            fields.number("stratum", stratum.parse().ok(), number);
            let ahead = amount::nanoseconds(&format!("{offset}ms")).map(|amount| -amount);
            fields.decimal("offsetSeconds", ahead.map(amount::seconds), number);
        }
    }
    if let Some(line) = rows {
        fields.text("source", "ntp", line);
        fields.flag("synchronised", selected, line);
        sink.push("Clock", fields);
    }
}

/// `ntpstat`: `synchronised to NTP server (10.0.0.2) at stratum 3` or `unsynchronised`.
pub(super) fn ntpstat(sink: &mut Sink<'_>, text: &str) {
    let first = sink
        .lines(text)
        .find(|(_, line)| line.starts_with("synchroni") || line.starts_with("unsynchroni"));
    if let Some((number, line)) = first {
        let mut fields = Fields::default();
        fields.text("source", "ntp", number);
        fields.flag("synchronised", line.starts_with("synchroni"), number);
        sink.push("Clock", fields);
    }
}
