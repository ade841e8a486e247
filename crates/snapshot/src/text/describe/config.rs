//! Reads the descriptions of config maps, secrets, service accounts and priority classes.
//!
//! A secret's description has keys and sizes: a key whose value is not shown is an empty mapping,
//! present and unknown. Whether a config map's value ends with a line break is not told.

use super::{
    object::{Described, Draft, copy_flag, copy_number, copy_text},
    values::{self, Fields},
};
use crate::node::{Node, Value};

/// Where the data of a config map or secret begins: after `Data` and its underline.
pub(super) fn data_begins(lines: &[(u32, &str)]) -> Option<usize> {
    lines
        .windows(2)
        .position(|pair| matches!(pair, [(_, head), (_, rule)] if *head == "Data" && rule.starts_with("====")))
}

/// A config map.
pub(super) fn config_map(described: &Described<'_, '_>, out: &mut Draft) {
    let Some(begin) = data_begins(described.lines) else {
        return;
    };
    let line = described.lines.get(begin).map_or(0, |(line, _)| *line);
    let lines = described.lines.get(begin + 2..).unwrap_or_default();
    let end = lines
        .windows(2)
        .rposition(|pair| {
            matches!(pair, [(_, head), (_, rule)] if *head == "BinaryData" && rule.starts_with("===="))
        })
        .or_else(|| lines.iter().rposition(|(_, raw)| raw.starts_with("Events:")))
        .unwrap_or(lines.len());
    let (data, rest) = lines.split_at_checked(end).unwrap_or((lines, &[]));
    let mut fields = Fields::new(line);
    for (key, at, value) in keys_and_values(data) {
        fields.pair(key, joined(value, at));
    }
    match fields.some() {
        Some(node) => out.root.put("data", node),
        None => out.root.put("data", values::null(line)),
    }
    if let Some((line, _)) = rest.first().filter(|(_, raw)| *raw == "BinaryData") {
        let sizes = sizes(rest, *line);
        out.root
            .put("binaryData", sizes.unwrap_or_else(|| values::null(*line)));
    }
}

/// A key, its line, and the lines of its value.
type Pair<'r, 't> = (&'t str, u32, &'r [(u32, &'t str)]);

/// `key:` over four dashes begins a value, which reaches to the next such pair.
fn keys_and_values<'r, 't>(lines: &'r [(u32, &'t str)]) -> Vec<Pair<'r, 't>> {
    let mut found: Vec<(&'t str, usize)> = Vec::new();
    for (at, pair) in lines.windows(2).enumerate() {
        if let [(_, key), (_, "----")] = pair
            && let Some(key) = key.strip_suffix(':')
            && !key.is_empty()
            && !key.contains(' ')
        {
            found.push((key, at));
        }
    }
    let ends: Vec<usize> = found
        .iter()
        .skip(1)
        .map(|(_, at)| *at)
        .chain([lines.len()])
        .collect();
    found
        .iter()
        .zip(ends)
        .map(|((key, at), end)| {
            let line = lines.get(*at).map_or(0, |(line, _)| *line);
            (*key, line, lines.get(at + 2..end).unwrap_or_default())
        })
        .collect()
}

fn joined(lines: &[(u32, &str)], key_line: u32) -> Node {
    let filled = lines
        .iter()
        .rposition(|(_, raw)| !raw.is_empty())
        .map_or(0, |at| at + 1);
    let lines = lines.get(..filled).unwrap_or_default();
    let mut text = String::new();
    for (at, (_, raw)) in lines.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        text.push_str(raw);
    }
    let first = lines.first().map_or(key_line, |(line, _)| *line);
    let last = lines.last().map_or(first, |(line, _)| *line);
    Node {
        value: Value::Scalar { text: text.into() },
        line: first,
        more_lines: u16::try_from(last - first).unwrap_or(u16::MAX),
        plain: false,
    }
}

/// `key:  12 bytes`; what is not of this form may be a token and is left alone.
fn sizes(lines: &[(u32, &str)], line: u32) -> Option<Node> {
    let mut fields = Fields::new(line);
    for (line, raw) in lines {
        let Some((key, value)) = raw.split_once(':') else {
            continue;
        };
        if key.is_empty() || key.contains(' ') || key == "Events" {
            continue;
        }
        if value.trim().ends_with(" bytes") || key == "token" {
            fields.pair(key, Fields::new(*line).node());
        }
    }
    fields.some()
}

/// A secret.
pub(super) fn secret(described: &Described<'_, '_>, out: &mut Draft) {
    copy_text(described.top, "Type", &mut out.root, "type");
    let Some(begin) = data_begins(described.lines) else {
        return;
    };
    let line = described.lines.get(begin).map_or(0, |(line, _)| *line);
    let lines = described.lines.get(begin + 2..).unwrap_or_default();
    let sizes = sizes(lines, line);
    out.root
        .put("data", sizes.unwrap_or_else(|| values::null(line)));
}

/// A service account.
pub(super) fn service_account(described: &Described<'_, '_>, out: &mut Draft) {
    for (field, key) in [
        ("Image pull secrets", "imagePullSecrets"),
        ("Mountable secrets", "secrets"),
    ] {
        let Some(entry) = described.top.get(field) else {
            continue;
        };
        let items = entry
            .values()
            .into_iter()
            .map(|(line, name)| {
                let name = name.trim_end_matches(" (not found)");
                Node::map(vec![("name", values::text(name, line))]).at_line(line)
            })
            .collect();
        out.root.put(key, values::list_or_null(items, entry.line()));
    }
}

/// A priority class.
pub(super) fn priority_class(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    copy_number(top, "Value", &mut out.root, "value");
    copy_flag(top, "GlobalDefault", &mut out.root, "globalDefault");
    copy_text(top, "PreemptionPolicy", &mut out.root, "preemptionPolicy");
    copy_text(top, "Description", &mut out.root, "description");
}
