//! Reads `df`, `mount` and `swapon`: how full the filesystems of a node are, and which of them are read-only.

use super::{
    amount,
    report::{Fields, Sink},
};

/// The largest directories are enough to see who fills a disk.
const MAX_DIRECTORIES: usize = 200;

/// What the columns of a `df` mean.
#[derive(Clone, Copy)]
struct Columns {
    inodes: bool,
    kind: bool,
    unit: i64,
    si: bool,
}

/// `df` with any options.
pub(super) fn df(sink: &mut Sink<'_>, argv: &[&str], text: &str) {
    let flag = |letter: char| {
        argv.iter()
            .any(|arg| arg.starts_with('-') && !arg.starts_with("--") && arg.contains(letter))
    };
    let mut columns = Columns {
        inodes: flag('i') || argv.contains(&"--inodes"),
        kind: flag('T') || argv.contains(&"--print-type"),
        unit: if flag('m') { 1_048_576 } else { 1_024 },
        si: flag('H') || argv.contains(&"--si"),
    };
    let mut device: Option<(u32, &str)> = None;
    for (number, line) in sink.lines(text) {
        if let Some(found) = df_header(line, columns) {
            columns = found;
            device = None;
            continue;
        }
        // A device's name that is longer than its column stands on a line of its own.
        if line.split_whitespace().count() == 1 && !line.starts_with(char::is_whitespace) {
            device = Some((number, line.trim()));
            continue;
        }
        let wrapped = device
            .take()
            .filter(|_| line.starts_with(char::is_whitespace));
        if let Some(fields) = df_row(columns, wrapped, line, number) {
            sink.push("Filesystem", fields);
        }
    }
}

/// Size and path of a line of `du`.
pub(super) fn use_of(line: &str) -> Option<(&str, &str)> {
    let (size, path) = line.split_once('\t')?;
    let size = size.trim();
    (path.starts_with('/') && size.starts_with(|c: char| c.is_ascii_digit()))
        .then_some((size, path))
}

/// `du`: the directories that hold most, largest first.
pub(super) fn du(sink: &mut Sink<'_>, argv: &[&str], text: &str) {
    let flag = |letter: char| {
        argv.iter()
            .any(|arg| arg.starts_with('-') && !arg.starts_with("--") && arg.contains(letter))
    };
    let unit = match () {
        () if flag('b') => 1,
        () if flag('m') => 1 << 20,
        () => 1 << 10,
    };
    let mut found: Vec<(i64, u32, &str)> = sink
        .lines(text)
        .filter_map(|(number, line)| {
            let (size, path) = use_of(line)?;
            // A suffix says the unit itself.
            Some((amount::size(size, unit, false)?, number, path))
        })
        .collect();
    found.sort_by_key(|(size, number, _)| (-size, *number));
    for (size, number, path) in found.into_iter().take(MAX_DIRECTORIES) {
        let mut fields = Fields::default();
        fields.text("path", path, number);
        fields.number("size", Some(size), number);
        sink.push("DirectoryUse", fields);
    }
}

/// The columns by the words of a header; the tool translates them, so that most locales fall back to the options.
fn df_header(line: &str, before: Columns) -> Option<Columns> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let percent = words
        .iter()
        .any(|word| word.ends_with('%') && !word.starts_with(|c: char| c.is_ascii_digit()));
    if !percent && !line.contains("Capacity") {
        return None;
    }
    let unit = words.iter().find_map(|word| {
        let (number, _) = word.split_once('-')?;
        amount::size(number, 1, false).filter(|_| number.starts_with(|c: char| c.is_ascii_digit()))
    });
    Some(Columns {
        inodes: before.inodes
            || words
                .iter()
                .any(|word| *word == "Inodes" || *word == "IFree"),
        kind: before.kind
            || words
                .get(1)
                .is_some_and(|word| matches!(*word, "Type" | "Typ")),
        unit: unit.unwrap_or(before.unit),
        ..before
    })
}

fn df_row(
    columns: Columns,
    wrapped: Option<(u32, &str)>,
    line: &str,
    number: u32,
) -> Option<Fields> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let size = |word: &str| match word {
        "-" => None,
        // Inodes are counted; `-h` shortens their numbers too.
        _ if columns.inodes => amount::size(word, 1, false),
        _ => amount::size(word, columns.unit, columns.si),
    };
    let is_size = |word: &str| word == "-" || size(word).is_some();
    // Three amounts, then the share, then a path: the row's only fixed shape.
    let at = (3..words.len()).find(|at| {
        words
            .get(*at)
            .is_some_and(|word| *word == "-" || amount::percent(word).is_some())
            && words
                .get(at - 3..*at)
                .is_some_and(|three| three.iter().all(|word| is_size(word)))
            && words
                .get(at + 1)
                .is_some_and(|word| word.starts_with('/') || *word == "-")
    })?;
    let [total, used, free] = *words.get(at - 3..at)? else {
        return None;
    };
    let mut leading = words.get(..at - 3)?.to_vec();
    let (device_line, device) = if let Some((line, name)) = wrapped {
        (line, name.to_owned())
    } else {
        let kind = if columns.kind && leading.len() > 1 {
            leading.pop()
        } else {
            None
        };
        let name = leading.join(" ");
        leading = kind.into_iter().collect();
        (number, name)
    };
    if device.is_empty() {
        return None;
    }
    let mut fields = Fields::default();
    fields.text("device", &device, device_line);
    fields.text("mount", &words.get(at + 1..)?.join(" "), number);
    if let Some(kind) = leading.first().filter(|_| columns.kind) {
        fields.text("type", kind, number);
    }
    let percent = words.get(at).and_then(|word| amount::percent(word));
    if columns.inodes {
        fields.number("inodes", size(total), number);
        fields.number("inodesUsed", size(used), number);
        fields.number("inodesFree", size(free), number);
        fields.number("inodesPercent", percent, number);
    } else {
        fields.number("size", size(total), number);
        fields.number("used", size(used), number);
        fields.number("available", size(free), number);
        fields.number("usePercent", percent, number);
    }
    Some(fields)
}

/// Filesystems that hold data of the node; the others are windows into the kernel.
fn is_on_disk(kind: &str) -> bool {
    matches!(
        kind,
        "ext2" | "ext3" | "ext4" | "xfs" | "btrfs" | "zfs" | "nfs" | "nfs4" | "ceph" | "f2fs"
    )
}

/// `mount`: `/dev/vda1 on / type ext4 (ro,relatime)`; `/proc/mounts` has the same in columns.
pub(super) fn mount(sink: &mut Sink<'_>, text: &str) {
    for (number, line) in sink.lines(text) {
        let row = line
            .split_once(" type ")
            .and_then(|(head, tail)| {
                let (device, mount) = head.split_once(" on ")?;
                let (kind, options) = tail.split_once(' ')?;
                Some((device, mount, kind, options.trim_matches(['(', ')'])))
            })
            .or_else(|| {
                let words: Vec<&str> = line.split_whitespace().collect();
                match *words.as_slice() {
                    [device, mount, kind, options, "0" | "1", _] => {
                        Some((device, mount, kind, options))
                    }
                    _ => None,
                }
            });
        let Some((device, mount, kind, options)) = row else {
            continue;
        };
        if !is_on_disk(kind) {
            continue;
        }
        let mut fields = Fields::default();
        fields.text("device", device, number);
        fields.text("mount", mount, number);
        fields.text("type", kind, number);
        fields.flag(
            "readOnly",
            options.split(',').any(|word| word == "ro"),
            number,
        );
        sink.push("Filesystem", fields);
    }
}

/// `swapon --show`, `swapon -s`, `/proc/swaps`.
pub(super) fn swap(sink: &mut Sink<'_>, text: &str) {
    for (number, line) in sink.lines(text) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [device, kind @ ("partition" | "file"), size, used, ..] = *words.as_slice() else {
            continue;
        };
        let mut fields = Fields::default();
        fields.text("device", device, number);
        fields.text("type", kind, number);
        // `-s` and /proc/swaps count in kilobytes, `--show` has units, `--bytes` has neither nor.
        let unit = if text.trim_start().starts_with("NAME") {
            1
        } else {
            1_024
        };
        fields.number("size", amount::size(size, unit, false), number);
        fields.number("used", amount::size(used, unit, false), number);
        sink.push("Swap", fields);
    }
}
