//! Reads the memory, load and pressure of a node: `free`, `/proc/meminfo`, `uptime`, `/proc/pressure/*`, cgroup files.

use super::{
    amount,
    report::{Fields, Sink},
};

/// `free` with any options, old and new columns.
pub(super) fn free(sink: &mut Sink<'_>, argv: &[&str], text: &str) {
    let has = |flags: &[&str]| argv.iter().any(|arg| flags.contains(arg));
    let si = has(&["--si", "--mega", "--giga", "--kilo"]);
    let unit = if has(&["-b", "--bytes"]) {
        1
    } else if has(&["-m", "--mebi", "-wm", "-mw", "-mt", "-tm"]) {
        1_048_576
    } else if has(&["-g", "--gibi"]) {
        1_073_741_824
    } else if has(&["--mega"]) {
        1_000_000
    } else if has(&["--giga"]) {
        1_000_000_000
    } else if has(&["--kilo"]) {
        1_000
    } else {
        1_024
    };
    let mut titles: Vec<&str> = Vec::new();
    let mut fields = Fields::default();
    for (number, line) in sink.lines(text) {
        let Some((label, rest)) = line.split_once(':') else {
            let words: Vec<&str> = line.split_whitespace().collect();
            if words.first() == Some(&"total") || (words.len() >= 5 && titles.is_empty()) {
                titles = words;
            }
            continue;
        };
        let sizes: Vec<Option<i64>> = rest
            .split_whitespace()
            .map(|word| amount::size(word, unit, si))
            .collect();
        let size = |at: usize| sizes.get(at).copied().flatten();
        let titled = |title: &str| titles.iter().position(|word| *word == title).and_then(size);
        let label = label.trim();
        if label.starts_with("-/+") {
            // Old versions: what programs could have is what is free without the buffers.
            fields.number("available", size(1), number);
        } else if label == "Swap" || (fields.has("total") && sizes.len() == 3) {
            fields.number("swapTotal", size(0), number);
            fields.number("swapUsed", size(1), number);
            fields.number("swapFree", size(2), number);
            if label == "Swap" {
                sink.push("Memory", std::mem::take(&mut fields));
            }
        } else if !fields.has("total") && sizes.len() >= 3 && sizes.iter().all(Option::is_some) {
            fields.number("total", size(0), number);
            fields.number("used", size(1), number);
            fields.number("free", size(2), number);
            let last = size(sizes.len() - 1).filter(|_| !titles.contains(&"cached"));
            let available = titled("available").or(last.filter(|_| sizes.len() == 6));
            fields.number("available", available, number);
        }
    }
    sink.push("Memory", fields);
}

/// `/proc/meminfo`.
pub(super) fn meminfo(sink: &mut Sink<'_>, text: &str) {
    let mut fields = Fields::default();
    for (number, line) in sink.lines(text) {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let key = match key.trim() {
            "MemTotal" => "total",
            "MemFree" => "free",
            "MemAvailable" => "available",
            "SwapTotal" => "swapTotal",
            "SwapFree" => "swapFree",
            "Slab" => "slab",
            "SUnreclaim" => "slabUnreclaimable",
            "HugePages_Total" => {
                fields.number("hugePages", value.trim().parse().ok(), number);
                continue;
            }
            _ => continue,
        };
        fields.number(key, amount::size(value, 1, false), number);
    }
    if fields.has("total") {
        sink.push("Memory", fields);
    }
}

/// `uptime`, and the same line at the head of `top` and `w`.
pub(super) fn uptime(sink: &mut Sink<'_>, text: &str) {
    for (number, line) in sink.lines(text) {
        let Some((head, tail)) = line
            .split_once("load average: ")
            .or_else(|| line.split_once("load averages: "))
        else {
            continue;
        };
        let mut fields = Fields::default();
        // With commas for points the separator is a comma and a blank.
        let numbers = tail.split([' ']).map(|word| word.trim_end_matches(','));
        for (key, word) in ["one", "five", "fifteen"].into_iter().zip(numbers) {
            fields.decimal(key, amount::decimal(word), number);
        }
        fields.number("uptimeSeconds", up(head), number);
        sink.push("Load", fields);
        return;
    }
}

/// Seconds in `… up 12 days,  3:04,  2 users, `.
fn up(head: &str) -> Option<i64> {
    let (_, rest) = head.split_once(" up ").or_else(|| head.split_once("up "))?;
    let words: Vec<&str> = rest
        .split([' ', ','])
        .filter(|word| !word.is_empty())
        .take(10)
        .collect();
    let mut total: i64 = 0;
    let mut found = false;
    for (at, word) in words.iter().enumerate() {
        if let Some((hours, minutes)) = word.split_once(':') {
            let (hours, minutes) = (hours.parse::<i64>().ok()?, minutes.parse::<i64>().ok()?);
            total = total.checked_add(
                hours
                    .checked_mul(3_600)?
                    .checked_add(minutes.checked_mul(60)?)?,
            )?;
            found = true;
        } else if let Ok(number) = word.parse::<i64>() {
            let seconds = match *words.get(at + 1)? {
                "day" | "days" | "day(s)" => 86_400,
                "min" | "mins" | "minutes" | "minute" => 60,
                "hour" | "hours" => 3_600,
                "week" | "weeks" => 604_800,
                "sec" | "secs" => 1,
                _ => break,
            };
            total = total.checked_add(number.checked_mul(seconds)?)?;
            found = true;
        }
    }
    found.then_some(total)
}

/// `/proc/loadavg`: `0.83 0.73 0.76 2/345 12345`.
pub(super) fn loadavg(sink: &mut Sink<'_>, text: &str) {
    let Some((number, line)) = sink.lines(text).find(|(_, line)| line.contains('/')) else {
        return;
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    let [one, five, fifteen, _, _] = *words.as_slice() else {
        return;
    };
    let mut fields = Fields::default();
    for (key, word) in [("one", one), ("five", five), ("fifteen", fifteen)] {
        fields.decimal(key, amount::decimal(word), number);
    }
    sink.push("Load", fields);
}

/// `/proc/uptime`: seconds since the start.
pub(super) fn proc_uptime(sink: &mut Sink<'_>, text: &str) {
    let Some((number, line)) = sink.lines(text).next() else {
        return;
    };
    let seconds = line
        .split(['.', ' '])
        .next()
        .and_then(|word| word.parse().ok());
    let mut fields = Fields::default();
    fields.number("uptimeSeconds", seconds, number);
    sink.push("Load", fields);
}

/// `nproc`.
pub(super) fn nproc(sink: &mut Sink<'_>, text: &str) {
    let count = sink
        .lines(text)
        .find_map(|(number, line)| Some((number, line.trim().parse::<i64>().ok()?)));
    if let Some((number, count)) = count {
        let mut fields = Fields::default();
        fields.number("cpus", Some(count), number);
        sink.push("Load", fields);
    }
}

/// `/proc/pressure/*`: shares of time in which some or all tasks waited for a resource.
pub(super) fn pressure(sink: &mut Sink<'_>, path: &str, text: &str) {
    let mut resource = resource_of(path).to_owned();
    let mut fields = Fields::default();
    for (number, line) in sink.lines(text) {
        // `grep . /proc/pressure/*` puts the file before each line.
        let (prefix, rest) = match line.split_once(':') {
            Some((prefix, rest)) if prefix.contains('/') => (prefix, rest),
            _ => ("", line),
        };
        let Some((who @ ("some" | "full"), rest)) = rest.split_once(' ') else {
            continue;
        };
        let named = resource_of(prefix);
        if who == "some" || (!named.is_empty() && named != resource) {
            flush_pressure(sink, &resource, std::mem::take(&mut fields));
            if !named.is_empty() {
                named.clone_into(&mut resource);
            }
        }
        for word in rest.split_whitespace() {
            let Some((key, value)) = word.split_once('=') else {
                continue;
            };
            let field = match (who, key) {
                ("some", "avg10") => "someAvg10",
                ("some", "avg60") => "someAvg60",
                ("some", "avg300") => "someAvg300",
                ("full", "avg10") => "fullAvg10",
                ("full", "avg60") => "fullAvg60",
                ("full", "avg300") => "fullAvg300",
                _ => continue,
            };
            fields.decimal(field, amount::decimal(value), number);
        }
    }
    flush_pressure(sink, &resource, fields);
}

fn flush_pressure(sink: &mut Sink<'_>, resource: &str, mut fields: Fields) {
    if !fields.is_empty() && !resource.is_empty() {
        fields.text("resource", resource, 0);
        sink.push("Pressure", fields);
    }
}

fn resource_of(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    ["memory", "cpu", "io"]
        .into_iter()
        .find(|resource| stem == *resource || stem.ends_with(&format!("-{resource}")))
        .unwrap_or("")
}
