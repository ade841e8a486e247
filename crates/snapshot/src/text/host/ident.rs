//! Reads what a node is and what time it has: `hostname`, `hostnamectl`, `uname -a`, `/etc/os-release`, `date`.

use super::{
    report::{Fields, Sink},
    when,
};

/// A word that can be a host's name.
fn is_host(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 253
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// `hostname`, with or without `-f`.
pub(super) fn hostname(sink: &mut Sink<'_>, text: &str) {
    let mut lines = sink.lines(text).filter(|(_, line)| !line.is_empty());
    if let (Some((number, line)), None) = (lines.next(), lines.next())
        && is_host(line.trim())
    {
        name(sink, line.trim(), number);
    }
}

fn name(sink: &mut Sink<'_>, host: &str, number: u32) {
    host.clone_into(&mut sink.named);
    let mut fields = Fields::default();
    fields.text("hostname", host, number);
    sink.push("Host", fields);
}

/// `hostnamectl`.
pub(super) fn hostnamectl(sink: &mut Sink<'_>, text: &str) {
    let mut fields = Fields::default();
    for (number, line) in sink.lines(text) {
        let Some((key, value)) = line.split_once(": ") else {
            continue;
        };
        match key.trim() {
            "Static hostname" | "Transient hostname" if is_host(value.trim()) => {
                value.trim().clone_into(&mut sink.named);
                fields.text("hostname", value, number);
            }
            "Operating System" => fields.text("os", value, number),
            "Kernel" => fields.text("kernel", value.trim().trim_start_matches("Linux "), number),
            "Virtualization" => fields.text("virtualization", value, number),
            "Boot ID" => fields.text("bootId", value, number),
            _ => {}
        }
    }
    sink.push("Host", fields);
}

/// `uname -a`: `Linux <host> <release> …`.
pub(super) fn uname(sink: &mut Sink<'_>, text: &str) {
    let row = sink
        .lines(text)
        .find(|(_, line)| line.starts_with("Linux "));
    let Some((number, line)) = row else {
        return;
    };
    let words: Vec<&str> = line.split_whitespace().take(3).collect();
    let [_, host, release] = *words.as_slice() else {
        return;
    };
    if !is_host(host) || !release.starts_with(|c: char| c.is_ascii_digit()) {
        return;
    }
    host.clone_into(&mut sink.named);
    let mut fields = Fields::default();
    fields.text("hostname", host, number);
    fields.text("kernel", release, number);
    sink.push("Host", fields);
}

/// `/etc/os-release`.
pub(super) fn os_release(sink: &mut Sink<'_>, text: &str) {
    let row = sink
        .lines(text)
        .find_map(|(number, line)| Some((number, line.strip_prefix("PRETTY_NAME=")?)));
    if let Some((number, value)) = row {
        let mut fields = Fields::default();
        fields.text("os", value.trim_matches('"'), number);
        sink.push("Host", fields);
    }
}

/// `date` in any format; only a certain zone gives a time.
pub(super) fn date(sink: &mut Sink<'_>, text: &str) {
    let row = sink
        .lines(text)
        .find_map(|(number, line)| Some((number, seconds(line).or_else(|| when::absolute(line))?)));
    if let Some((number, time)) = row {
        let mut fields = Fields::default();
        fields.time("time", Some(time), number);
        sink.push("Host", fields);
    }
}

/// `date +%s`.
fn seconds(line: &str) -> Option<jiff::Timestamp> {
    let line = line.trim();
    let number: i64 = line.parse().ok().filter(|_| line.len() == 10)?;
    jiff::Timestamp::from_second(number).ok()
}
