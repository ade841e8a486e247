//! Reads what systemd says of its units: `systemctl status`, `list-units`, `is-active`, `show`.

use super::{
    amount,
    report::{Fields, Sink},
    when,
};

const SUFFIXES: [&str; 11] = [
    ".service",
    ".socket",
    ".timer",
    ".mount",
    ".automount",
    ".device",
    ".target",
    ".slice",
    ".scope",
    ".path",
    ".swap",
];

/// Whether a word is the full name of a unit.
pub(super) fn is_unit(word: &str) -> bool {
    word.len() < 256
        && SUFFIXES
            .iter()
            .any(|suffix| word.len() > suffix.len() && word.ends_with(suffix))
        && !word.contains('/')
}

/// Services say what runs; of the other kinds only failures matter.
fn is_of_interest(fields: &Fields) -> bool {
    fields
        .get("name")
        .is_some_and(|name| name.ends_with(".service") || name.ends_with(".socket"))
        || fields.get("active") == Some("failed")
}

/// The words `● kubelet.service - kubelet: The Kubernetes Node Agent` begin a unit, whatever mark
/// the version, the locale or the terminal left before the name.
pub(super) fn header(line: &str) -> Option<&str> {
    if line.starts_with(char::is_whitespace) {
        return None;
    }
    let mut words = line.split_whitespace();
    let first = words.next()?;
    let (name, after) = if is_unit(first) {
        // Without its mark a name alone is too little to begin a unit.
        (first, words.next()?)
    } else {
        if first.chars().count() > 6 || first.chars().any(|c| c.is_ascii_digit()) {
            return None;
        }
        if first.chars().any(char::is_alphanumeric)
            && !matches!(first, "x" | "o" | "O")
            && first.is_ascii()
        {
            return None;
        }
        (words.next()?, words.next().unwrap_or("-"))
    };
    (is_unit(name) && matches!(after, "-" | "–")).then_some(name)
}

/// The name in `Unit kubelet.service could not be found.`; the words may stand behind a torn line.
fn not_found(line: &str) -> Option<&str> {
    let head = line.strip_suffix(" could not be found.")?;
    let name = head.rsplit_once("Unit ")?.1;
    is_unit(name).then_some(name)
}

/// `systemctl status`.
pub(super) fn status(sink: &mut Sink<'_>, text: &str) {
    let mut fields = Fields::default();
    let mut journal = false;
    for (number, line) in sink.lines(text) {
        if let Some(name) = not_found(line) {
            missing(sink, name, number);
            continue;
        }
        if let Some(name) = header(line) {
            finish(sink, std::mem::take(&mut fields));
            fields.text("name", name, number);
            journal = false;
            continue;
        }
        if fields.is_empty() {
            continue;
        }
        if line.is_empty() {
            journal = true;
        } else if line.starts_with(char::is_whitespace) && !journal {
            property(sink, &mut fields, line.trim_start(), number);
        } else if journal {
            journal_line(sink, &mut fields, line, number);
        }
    }
    finish(sink, fields);
}

fn missing(sink: &mut Sink<'_>, name: &str, line: u32) {
    let mut fields = Fields::default();
    fields.text("name", name, line);
    fields.text("load", "not-found", line);
    fields.text("active", "inactive", line);
    fields.flag("found", false, line);
    sink.push("Unit", fields);
}

fn finish(sink: &mut Sink<'_>, mut fields: Fields) {
    // A header whose state was cut off says nothing.
    if !fields.has("active") {
        return;
    }
    let found = fields.get("load") != Some("not-found");
    let line = 0;
    if !fields.has("found") {
        fields.flag("found", found, line);
    }
    if is_of_interest(&fields) {
        sink.push("Unit", fields);
    }
}

/// One line of the block under a unit's name.
fn property(sink: &mut Sink<'_>, fields: &mut Fields, line: &str, number: u32) {
    if sink.named.is_empty()
        && let Some(name) = host_override(line)
    {
        name.clone_into(&mut sink.named);
    }
    let Some((key, value)) = line.split_once(": ") else {
        return;
    };
    let value = value.trim();
    match key {
        "Loaded" => loaded(fields, value, number),
        "Active" => active(sink, fields, value, number),
        "Main PID" => {
            let pid = value.split_whitespace().next();
            fields.number("mainPid", pid.and_then(|pid| pid.parse().ok()), number);
            ended(fields, value, number, true);
        }
        "Process" => ended(fields, value, number, false),
        "Memory" => memory(fields, value, number),
        "Tasks" => {
            let count = value.split_whitespace().next();
            fields.number("tasks", count.and_then(|count| count.parse().ok()), number);
            let limit = value.split_once("limit: ").map(|(_, rest)| rest);
            let limit = limit.and_then(|rest| rest.trim_end_matches(')').parse().ok());
            fields.number("tasksMax", limit, number);
        }
        _ => {}
    }
}

/// The node's name among the arguments of a kubelet or kube-proxy.
fn host_override(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("--hostname-override=")?;
    rest.split_whitespace()
        .next()
        .map(|name| name.trim_matches(['"', '\'']))
        .filter(|name| !name.is_empty() && !name.contains(['$', '…']))
}

/// `loaded (/lib/…/kubelet.service; enabled; vendor preset: enabled)`, `masked (Reason: …)`.
fn loaded(fields: &mut Fields, value: &str, number: u32) {
    let (load, rest) = value.split_once(' ').unwrap_or((value, ""));
    fields.text("load", load, number);
    let enabled = rest
        .split(';')
        .map(str::trim)
        .map(|part| part.trim_matches(['(', ')']))
        .find(|part| {
            matches!(
                *part,
                "enabled"
                    | "disabled"
                    | "static"
                    | "masked"
                    | "indirect"
                    | "generated"
                    | "transient"
                    | "linked"
                    | "alias"
                    | "bad"
                    | "enabled-runtime"
                    | "linked-runtime"
                    | "masked-runtime"
            )
        });
    if let Some(enabled) = enabled {
        fields.text("enabled", enabled, number);
    }
}

/// `activating (auto-restart) (Result: exit-code) since Fri 2025-11-14 21:34:49 CST; 5s ago`.
fn active(sink: &Sink<'_>, fields: &mut Fields, value: &str, number: u32) {
    let (state, since) = match value.split_once("since ") {
        Some((state, since)) => (state, Some(since)),
        None => (value, None),
    };
    let mut parts = state
        .split('(')
        .map(|part| part.trim().trim_end_matches(')'));
    fields.text("active", parts.next().unwrap_or(""), number);
    for part in parts {
        match part.strip_prefix("Result: ") {
            Some(result) => fields.text("result", result, number),
            None => fields.text("sub", part, number),
        }
    }
    if !fields.has("sub") && fields.get("active") == Some("failed") {
        fields.text("sub", "failed", number);
    }
    if let Some(since) = since {
        let (date, age) = match since.split_once(';') {
            Some((date, age)) => (date.trim(), Some(age.trim())),
            None => (since.trim(), None),
        };
        let time = when::since(date, age, sink.context.now);
        fields.time("since", time, number);
        let seconds = age.and_then(when::ago).map(|(seconds, _)| seconds);
        fields.number("sinceSeconds", seconds, number);
    }
}

/// `(code=exited, status=1/FAILURE)`, `(code=killed, signal=KILL)`; the main process outranks its helpers.
fn ended(fields: &mut Fields, value: &str, number: u32, main: bool) {
    let Some((_, rest)) = value.rsplit_once("(code=") else {
        return;
    };
    let (code, rest) = rest.split_once(',').unwrap_or((rest, ""));
    let rest = rest.trim().trim_end_matches(')');
    if let Some(status) = rest.strip_prefix("status=") {
        let (status, name) = status.split_once('/').unwrap_or((status, ""));
        // A helper that did its work says nothing about the unit.
        if main || (status != "0" && !fields.has("exitCode")) {
            fields.number("exitCode", status.parse().ok(), number);
            fields.text("exitReason", name, number);
        }
    } else if let Some(signal) = rest.strip_prefix("signal=")
        && (main || !fields.has("exitSignal"))
    {
        fields.text("exitSignal", signal, number);
        if code == "dumped" {
            fields.flag("coreDumped", true, number);
        }
    }
}

/// `58.9M (peak: 1.2G)`, `1.2G (limit: 2.0G)`, `1.2G (max: 2.0G available: 800.0M peak: 1.9G)`.
fn memory(fields: &mut Fields, value: &str, number: u32) {
    let (used, rest) = value.split_once('(').unwrap_or((value, ""));
    fields.number("memory", amount::size(used, 1, false), number);
    let mut words = rest.trim_end_matches(')').split_whitespace();
    while let (Some(key), Some(value)) = (words.next(), words.next()) {
        let size = amount::size(value, 1, false);
        match key {
            "max:" | "limit:" => fields.number("memoryMax", size, number),
            "peak:" => fields.number("memoryPeak", size, number),
            _ => {}
        }
    }
}

/// The journal's last lines under the block: how often it was restarted, and on which host.
fn journal_line(sink: &mut Sink<'_>, fields: &mut Fields, line: &str, number: u32) {
    if let Some((_, rest)) = line.split_once("restart counter is at ") {
        let count = rest.trim_end_matches('.').parse().ok();
        fields.number("restarts", count, number);
    }
    if sink.named.is_empty()
        && let Some(parsed) = crate::line::journal_text(line, Some(jiff::Timestamp::UNIX_EPOCH))
    {
        parsed.host.clone_into(&mut sink.named);
    }
}

/// Lines of the journal inside the output of `systemctl status`: first and last of each unit.
pub(super) fn journal_spans(text: &str, first_line: u32) -> Vec<(u32, u32)> {
    let mut spans: Vec<(u32, u32)> = Vec::new();
    let mut open = false;
    for (line, index) in text.lines().zip(0_u32..) {
        let number = first_line.saturating_add(index);
        let is_line = crate::line::journal_text(line, Some(jiff::Timestamp::UNIX_EPOCH)).is_some();
        match spans.last_mut() {
            Some((_, last)) if is_line && open => *last = number,
            _ if is_line => {
                spans.push((number, number));
                open = true;
            }
            _ => {}
        }
        if header(line).is_some() {
            open = false;
        }
    }
    spans
}

/// `systemctl list-units`, `systemctl --failed`.
pub(super) fn list(sink: &mut Sink<'_>, text: &str) {
    for (number, line) in sink.lines(text) {
        let words: Vec<&str> = line.split_whitespace().take(6).collect();
        let at = words.iter().take(2).position(|word| is_unit(word));
        let Some([name, load, active, sub]) = at.and_then(|at| words.get(at..at + 4)) else {
            continue;
        };
        if !is_load(load) || !is_active_state(active) {
            continue;
        }
        let mut fields = Fields::default();
        fields.text("name", name, number);
        fields.text("load", load, number);
        fields.text("active", active, number);
        fields.text("sub", sub, number);
        fields.flag("found", *load != "not-found", number);
        // Units that others only mention (`not-found`, inactive) are no statement about this node.
        if is_of_interest(&fields) && !(*load == "not-found" && *active == "inactive") {
            sink.push("Unit", fields);
        }
    }
}

fn is_load(word: &str) -> bool {
    matches!(
        word,
        "loaded" | "not-found" | "masked" | "error" | "bad-setting" | "stub" | "merged"
    )
}

/// The states of a unit as a whole.
pub(super) fn is_active_state(word: &str) -> bool {
    matches!(
        word,
        "active"
            | "inactive"
            | "failed"
            | "activating"
            | "deactivating"
            | "reloading"
            | "refreshing"
            | "maintenance"
    )
}

/// A name as it was typed, completed as systemd does.
fn completed(name: &str) -> String {
    if is_unit(name) {
        name.to_owned()
    } else {
        format!("{name}.service")
    }
}

/// `systemctl is-active a b`: one word for each unit.
pub(super) fn is_active(sink: &mut Sink<'_>, units: &[&str], text: &str) {
    let states: Vec<(u32, &str)> = sink
        .lines(text)
        .map(|(number, line)| (number, line.trim()))
        .filter(|(_, word)| is_active_state(word) || *word == "unknown")
        .collect();
    for (unit, (number, state)) in units.iter().zip(states) {
        let mut fields = Fields::default();
        fields.text("name", &completed(unit), number);
        // Old versions say `unknown` of a unit that does not exist.
        let known = state != "unknown";
        fields.text("active", if known { state } else { "inactive" }, number);
        if !known {
            fields.text("load", "not-found", number);
        }
        fields.flag("found", known, number);
        sink.push("Unit", fields);
    }
}

/// `systemctl show`: `Key=value`, an empty line between units.
pub(super) fn show(sink: &mut Sink<'_>, text: &str) {
    let mut fields = Fields::default();
    for (number, line) in sink.lines(text) {
        if line.is_empty() {
            finish(sink, std::mem::take(&mut fields));
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let count = || value.parse::<i64>().ok();
        match key {
            "Id" if is_unit(value) => fields.text("name", value, number),
            "LoadState" => fields.text("load", value, number),
            "UnitFileState" => fields.text("enabled", value, number),
            "ActiveState" => fields.text("active", value, number),
            "SubState" => fields.text("sub", value, number),
            "Result" if value != "success" => fields.text("result", value, number),
            "MainPID" => fields.number("mainPid", count().filter(|pid| *pid > 0), number),
            "ExecMainStatus" => fields.number("exitCode", count(), number),
            "NRestarts" => fields.number("restarts", count(), number),
            "MemoryCurrent" => fields.number("memory", count(), number),
            "StateChangeTimestamp" => fields.time("since", when::absolute(value), number),
            _ => {}
        }
    }
    finish(sink, fields);
}
