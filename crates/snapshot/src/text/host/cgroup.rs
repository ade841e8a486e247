//! Reads files of control groups: one of them, or many that a command printed with their paths.

use std::collections::BTreeMap;

use super::report::{Fields, Sink};

/// More groups than a node has.
const MAX_GROUPS: usize = 4_000;

/// The file that a path names, if its content is known here.
fn is_known(name: &str) -> bool {
    matches!(
        name,
        "cpu.stat"
            | "memory.max"
            | "memory.limit_in_bytes"
            | "memory.current"
            | "memory.usage_in_bytes"
            | "memory.peak"
            | "memory.max_usage_in_bytes"
            | "memory.events"
    )
}

/// Whether a line is one of a file of a pod's group, with its path before it or as a heading.
pub(super) fn is_listed(line: &str) -> bool {
    split(line).is_some_and(|(path, _)| path.contains("kubepods"))
        || heading(line).is_some_and(|path| path.contains("kubepods"))
}

/// `==> path <==`, as `head` and `tail` print it, or a bare path on a line of its own.
fn heading(line: &str) -> Option<&str> {
    let path = match line.strip_prefix("==> ") {
        Some(rest) => rest.strip_suffix(" <==")?,
        None => line.trim_end_matches(':'),
    };
    let name = path.rsplit('/').next()?;
    (path.contains('/') && !path.contains(' ') && is_known(name)).then_some(path)
}

/// `path:content`, as `grep -r` prints it.
fn split(line: &str) -> Option<(&str, &str)> {
    // Names of groups may hold colons (`cri-containerd:…`): the one after the file's name counts.
    let at = line.find(".stat:").map(|at| at + 5).or_else(|| {
        let at = line.find("/memory.")?;
        Some(at + line.get(at..)?.find(':')?)
    })?;
    let (path, content) = (line.get(..at)?, line.get(at + 1..)?);
    let name = path.rsplit('/').next()?;
    (path.contains('/') && !path.contains(' ') && is_known(name)).then_some((path, content))
}

/// One file, by its path.
pub(super) fn file(sink: &mut Sink<'_>, path: &str, text: &str) {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut fields = Fields::default();
    for (number, line) in sink.lines(text) {
        value(&mut fields, name, line.trim(), number);
    }
    push(sink, directory, fields);
}

/// Files of many groups, each line with its path or below a heading.
pub(super) fn listed(sink: &mut Sink<'_>, text: &str) {
    let mut groups: BTreeMap<&str, Fields> = BTreeMap::new();
    let mut below = "";
    for (number, line) in sink.lines(text) {
        let line = line.trim();
        let (path, content) = match (split(line), heading(line)) {
            (Some(found), _) => found,
            (None, Some(path)) => {
                below = path;
                continue;
            }
            (None, None) => (below, line),
        };
        let Some((directory, name)) = path.rsplit_once('/') else {
            continue;
        };
        if groups.len() >= MAX_GROUPS && !groups.contains_key(directory) {
            continue;
        }
        value(groups.entry(directory).or_default(), name, content, number);
    }
    for (directory, fields) in groups {
        push(sink, directory, fields);
    }
}

fn push(sink: &mut Sink<'_>, directory: &str, mut fields: Fields) {
    if !fields.is_empty() {
        fields.text("path", directory, 0);
        sink.push("Cgroup", fields);
    }
}

fn value(fields: &mut Fields, name: &str, line: &str, number: u32) {
    let bare = || line.parse::<i64>().ok();
    match name {
        "memory.max" | "memory.limit_in_bytes" => fields.number("memoryMax", bare(), number),
        "memory.current" | "memory.usage_in_bytes" => fields.number("memory", bare(), number),
        "memory.peak" | "memory.max_usage_in_bytes" => fields.number("memoryPeak", bare(), number),
        "memory.events" | "cpu.stat" => {
            let Some((key, count)) = line.split_once(' ') else {
                return;
            };
            let field = match (name, key) {
                ("memory.events", "oom_kill") => "oomKills",
                ("memory.events", "max") => "limitHits",
                ("cpu.stat", "nr_periods") => "periods",
                ("cpu.stat", "nr_throttled") => "throttled",
                _ => return,
            };
            fields.number(field, count.trim().parse().ok(), number);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_their_path_are_split_behind_the_name() {
        let (path, content) =
            split("/sys/fs/cgroup/kubepods.slice/cri-containerd:ab:cd/cpu.stat:nr_periods 12")
                .unwrap();
        assert!(path.ends_with("cri-containerd:ab:cd/cpu.stat"));
        assert_eq!(content, "nr_periods 12");
        assert!(split("see cpu.stat: it is high").is_none());
        assert_eq!(
            heading("==> /sys/fs/cgroup/kubepods/pod1/memory.events <=="),
            Some("/sys/fs/cgroup/kubepods/pod1/memory.events")
        );
        assert_eq!(heading("nr_periods 12"), None);
    }
}
