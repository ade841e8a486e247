//! Finds where a piece ends: each function gives how many of the lines belong to what begins with the first.

use super::begin;
use crate::text::{describe, refusal};

/// A document of YAML ends at a line that can be none of its fields, unless it goes on behind that line.
pub(crate) fn yaml(lines: &[&str]) -> usize {
    let mut versions = 0;
    for (at, line) in lines.iter().enumerate() {
        let ahead = lines.get(at..).unwrap_or_default();
        if line.starts_with("---") {
            versions = 0;
        }
        versions += usize::from(line.starts_with("apiVersion:"));
        if versions > 1 || begin::fence(line) == Some(0) || begin::description(ahead).is_some() {
            return at;
        }
        if begin::in_yaml(line) && !refusal::is_one(line) {
            continue;
        }
        let goes_on = |next: &&str| {
            let known = ["kind:", "metadata:", "spec:", "status:"];
            next.starts_with([' ', '-']) && *next != "---"
                || known.iter().any(|key| next.starts_with(key))
        };
        let next = ahead.iter().skip(1).find(|line| !line.trim().is_empty());
        if !next.is_some_and(goes_on) {
            return at;
        }
    }
    lines.len()
}

/// A document of JSON ends with the bracket that closes its first one.
pub(in crate::text) fn json(lines: &[&str]) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_i64, false, false);
    for (at, line) in lines.iter().enumerate() {
        if !quoted && begin::fence(line) == Some(0) {
            return at;
        }
        for byte in line.bytes() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = quoted,
                b'"' => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => depth -= 1,
                _ => {}
            }
        }
        if depth <= 0 {
            return at + 1;
        }
    }
    lines.len()
}

/// A log goes on with what is dated, and with what follows on such a line; `fenced`: to the fence's end.
pub(super) fn log(lines: &[&str], fenced: bool) -> usize {
    let (mut end, mut blank) = (1, false);
    for (at, line) in lines.iter().enumerate().skip(1) {
        let ahead = lines.get(at..).unwrap_or_default();
        if begin::fence(line) == Some(0) {
            break;
        }
        if line.is_empty() {
            blank = true;
            continue;
        }
        let other = begin::is_table(ahead)
            || begin::document(ahead).is_some()
            || begin::description(ahead).is_some();
        if other || !fenced && !goes_on(ahead, blank) {
            break;
        }
        (end, blank) = (at + 1, false);
    }
    end
}

/// Whether the first of these lines may belong to the log before it.
fn goes_on(ahead: &[&str], blank: bool) -> bool {
    let Some((line, rest)) = ahead.split_first() else {
        return false;
    };
    if begin::is_dated(line) {
        return true;
    }
    let letters = line.bytes().any(|b| b.is_ascii_alphabetic());
    if begin::is_heading(line) && letters {
        return false;
    }
    if !blank || line.starts_with([' ', '\t']) {
        return true;
    }
    // A message of several lines may hold blank ones; what a colon ends stands above something else.
    let dated = |line: &&str| begin::is_dated(line);
    !line.ends_with(':') && rest.iter().take(begin::AHEAD).any(dated)
}

/// A description ends with its events, or where its last field does.
pub(super) fn description(lines: &[&str], fenced: bool) -> usize {
    let data = Data::of(lines);
    let limit = limit(lines, &data, fenced);
    let lines = lines.get(..limit).unwrap_or(lines);
    let is_events = |at: usize| {
        lines
            .get(at)
            .is_some_and(|line| line.starts_with("Events:"))
    };
    let events = (0..lines.len()).find(|at| is_events(*at) && !data.holds(*at));
    let Some(events) = events else {
        if data.begin.is_some() {
            return data.end(lines);
        }
        return tail(lines, last_field(lines));
    };
    if lines
        .get(events)
        .is_some_and(|line| line.ends_with("<none>"))
    {
        return events + 1;
    }
    let row = |line: &&str| {
        let text = line.trim_start();
        let starts = [
            "Normal",
            "Warning",
            "Type",
            "----",
            "FirstSeen",
            "---------",
        ];
        line.starts_with([' ', '\t']) && starts.iter().any(|word| text.starts_with(word))
            // Old tables begin with two ages.
            || line.starts_with([' ', '\t']) && text.starts_with(|c: char| c.is_ascii_digit())
    };
    let after = lines.get(events..).unwrap_or_default();
    let last = after.iter().rposition(row).unwrap_or(0);
    tail(lines, events + last)
}

/// The line at which something else begins for sure.
fn limit(lines: &[&str], data: &Data, fenced: bool) -> usize {
    for at in 1..lines.len() {
        let ahead = lines.get(at..).unwrap_or_default();
        let Some(line) = ahead.first() else { break };
        let fence = begin::fence(line) == Some(0);
        if data.holds(at) {
            if fence && fenced {
                return at;
            }
            continue;
        }
        let letters = line.bytes().any(|b| b.is_ascii_alphabetic());
        if fence
            || begin::is_heading(line) && letters
            || begin::description(ahead).is_some()
            || begin::is_table(ahead)
            || begin::document(ahead).is_some()
        {
            return at;
        }
    }
    lines.len()
}

/// The last line with a field of its own, or indented below one.
fn last_field(lines: &[&str]) -> usize {
    let is_field = |line: &&str| describe::is_field(line);
    let last = lines.iter().rposition(is_field).unwrap_or(0);
    let mut end = last;
    let after = lines.iter().enumerate().skip(last + 1);
    for (at, line) in after {
        if begin::is_dated(line) {
            break;
        }
        if line.starts_with([' ', '\t']) {
            end = at;
        }
    }
    end
}

/// What follows on a line without a blank one between belongs to it, unless a program wrote it.
fn tail(lines: &[&str], last: usize) -> usize {
    let rest = lines.get(last + 1..).unwrap_or_default();
    let other = |line: &&str| line.is_empty() || begin::is_dated(line);
    last + 1 + rest.iter().position(other).unwrap_or(rest.len())
}

/// Where the data of a config map stand: they may look like anything.
struct Data {
    begin: Option<usize>,
    end: usize,
}

impl Data {
    fn of(lines: &[&str]) -> Self {
        let mut pairs = lines.iter().zip(lines.iter().skip(1)).take(200);
        let begin = pairs.position(|(name, rule)| *name == "Data" && rule.starts_with("===="));
        let Some(begin) = begin else {
            return Self { begin, end: 0 };
        };
        let after = lines.iter().enumerate().skip(begin + 2);
        // Of a secret only the sizes are printed.
        let is_size = |line: &&str| line.ends_with(" bytes") && line.contains(":  ");
        let mut secret = 0;
        for (at, line) in after.clone().filter(|(_, line)| !line.is_empty()) {
            if !is_size(line) {
                break;
            }
            secret = at + 1;
        }
        let events = || after.clone().find(|(_, line)| line.starts_with("Events:"));
        let end = if secret > 0 {
            secret
        } else {
            events().map_or(lines.len(), |(at, _)| at)
        };
        Self {
            begin: Some(begin),
            end,
        }
    }

    fn holds(&self, at: usize) -> bool {
        self.begin
            .is_some_and(|begin| (begin..self.end).contains(&at))
    }

    fn end(&self, lines: &[&str]) -> usize {
        self.end.min(lines.len())
    }
}
