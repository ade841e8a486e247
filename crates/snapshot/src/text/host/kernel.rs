//! Reads settings and counters of the kernel: `sysctl`, `/proc/sys`, `conntrack`.

use super::report::{Fields, Sink};

/// Settings that decide incidents; `sysctl -a` has a thousand others.
const KEYS: &[&str] = &[
    "fs.file-max",
    "fs.file-nr",
    "fs.inotify.max_queued_events",
    "fs.inotify.max_user_instances",
    "fs.inotify.max_user_watches",
    "fs.nr_open",
    "kernel.panic",
    "kernel.panic_on_oops",
    "kernel.pid_max",
    "kernel.threads-max",
    "net.bridge.bridge-nf-call-iptables",
    "net.core.somaxconn",
    "net.ipv4.conf.all.forwarding",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.ip_forward",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.neigh.default.gc_thresh1",
    "net.ipv4.neigh.default.gc_thresh2",
    "net.ipv4.neigh.default.gc_thresh3",
    "net.ipv4.tcp_tw_reuse",
    "net.ipv6.conf.all.forwarding",
    "net.netfilter.nf_conntrack_count",
    "net.netfilter.nf_conntrack_max",
    "net.netfilter.nf_conntrack_tcp_be_liberal",
    "user.max_inotify_instances",
    "user.max_inotify_watches",
    "user.max_user_namespaces",
    "vm.max_map_count",
    "vm.min_free_kbytes",
    "vm.overcommit_memory",
    "vm.panic_on_oom",
    "vm.swappiness",
];

/// Whether a setting is one that is kept.
pub(super) fn is_known(key: &str) -> bool {
    KEYS.binary_search(&key).is_ok()
}

/// The setting that a file below /proc/sys holds, with dots.
pub(super) fn key_of_path(path: &str) -> Option<String> {
    let (_, key) = path.split_once("proc/sys/")?;
    Some(key.replace('/', "."))
}

/// `sysctl -a`, `sysctl a b`: `key = value`.
pub(super) fn sysctl(sink: &mut Sink<'_>, text: &str) {
    let mut conntrack = Fields::default();
    for (number, line) in sink.lines(text) {
        // Some collectors print paths or `key: value`.
        let Some((key, value)) = line
            .split_once(" = ")
            .or_else(|| line.split_once('='))
            .or_else(|| line.split_once(": "))
        else {
            continue;
        };
        let key = key.trim();
        let key = key_of_path(key).unwrap_or_else(|| key.to_owned());
        setting(sink, &mut conntrack, &key, value.trim(), number);
    }
    sink.push("Conntrack", conntrack);
}

/// Bare values of settings whose names the command or the path gives, in their order.
pub(super) fn values(sink: &mut Sink<'_>, keys: &[String], text: &str) {
    let mut conntrack = Fields::default();
    let lines: Vec<(u32, &str)> = sink
        .lines(text)
        .map(|(number, line)| (number, line.trim()))
        .filter(|(_, line)| line.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
        .take(keys.len())
        .collect();
    if lines.len() == keys.len() {
        for (key, (number, value)) in keys.iter().zip(lines) {
            setting(sink, &mut conntrack, key, value, number);
        }
    }
    sink.push("Conntrack", conntrack);
}

fn setting(sink: &mut Sink<'_>, conntrack: &mut Fields, key: &str, value: &str, line: u32) {
    match key {
        "net.netfilter.nf_conntrack_count" => conntrack.number("count", value.parse().ok(), line),
        "net.netfilter.nf_conntrack_max" => conntrack.number("max", value.parse().ok(), line),
        "net.nf_conntrack_max" if !conntrack.has("max") => {
            conntrack.number("max", value.parse().ok(), line);
        }
        _ => {}
    }
    if is_known(key) && !value.is_empty() {
        let mut fields = Fields::default();
        fields.text("key", key, line);
        fields.text("value", &value.replace('\t', " "), line);
        sink.push("Sysctl", fields);
    }
}

/// `conntrack -C`, `-S`, `-L`, or a file that collectors fill with words and numbers (`count 4600`).
pub(super) fn conntrack(sink: &mut Sink<'_>, argv: &[&str], text: &str) {
    let mut fields = Fields::default();
    let (mut failed, mut dropped, mut stats) = (0_i64, 0_i64, None);
    for (number, line) in sink.lines(text) {
        let last = || {
            line.rsplit(|c: char| !c.is_ascii_digit())
                .find(|part| !part.is_empty())
                .and_then(|digits| digits.parse::<i64>().ok())
        };
        if line.contains("flow entries") {
            let count = line
                .split_whitespace()
                .zip(line.split_whitespace().skip(1))
                .find(|(_, next)| *next == "flow")
                .and_then(|(count, _)| count.parse().ok());
            fields.number("count", count, number);
        } else if line.contains("insert_failed=") {
            stats.get_or_insert(number);
            let value = |key: &str| {
                line.split_whitespace()
                    .filter_map(|word| word.split_once('='))
                    .find(|(name, _)| *name == key)
                    .and_then(|(_, value)| value.parse::<i64>().ok())
                    .unwrap_or(0)
            };
            failed = failed.saturating_add(value("insert_failed"));
            dropped = dropped
                .saturating_add(value("drop"))
                .saturating_add(value("early_drop"));
        } else if is_table_entry(line) {
        } else if line.contains("max") && !fields.has("max") {
            fields.number("max", last(), number);
        } else if line.contains("count") && !fields.has("count") {
            fields.number("count", last(), number);
        } else if argv.contains(&"-C") || argv.contains(&"--count") {
            fields.number("count", line.trim().parse().ok(), number);
        }
    }
    if let Some(line) = stats {
        fields.number("insertFailed", Some(failed), line);
        fields.number("dropped", Some(dropped), line);
    }
    sink.push("Conntrack", fields);
}

/// A tracked connection of `conntrack -L`.
fn is_table_entry(line: &str) -> bool {
    line.contains(" src=") && line.contains(" dst=")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_settings_are_in_order() {
        assert!(KEYS.is_sorted());
        assert!(is_known("vm.max_map_count") && !is_known("vm.laptop_mode"));
        assert_eq!(
            key_of_path("/proc/sys/net/netfilter/nf_conntrack_max").as_deref(),
            Some("net.netfilter.nf_conntrack_max")
        );
    }
}
