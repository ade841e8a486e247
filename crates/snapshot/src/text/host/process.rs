//! Reads `ps` and `top`: which processes hold most memory, and which hang in the kernel; also whether `nvidia-smi` works.

use super::{
    amount,
    report::{Fields, Sink},
};

/// Processes kept of each sort.
const KEPT: usize = 20;

/// Where the columns are.
struct Columns {
    pid: usize,
    cpu: usize,
    memory: usize,
    rss: usize,
    state: usize,
    command: usize,
    count: usize,
}

fn columns(words: &[&str]) -> Option<Columns> {
    let find = |titles: &[&str]| words.iter().position(|word| titles.contains(word));
    Some(Columns {
        pid: find(&["PID"])?,
        cpu: find(&["%CPU"])?,
        memory: find(&["%MEM"])?,
        rss: find(&["RSS", "RES"])?,
        state: find(&["STAT", "S"])?,
        command: find(&["COMMAND", "CMD"])?,
        count: words.len(),
    })
}

/// `ps aux`, `top -b`.
pub(super) fn list(sink: &mut Sink<'_>, text: &str) {
    let mut head: Option<Columns> = None;
    let mut rows: Vec<(i64, bool, u32, Fields)> = Vec::new();
    for (number, line) in sink.lines(text) {
        let words: Vec<&str> = line.split_whitespace().take(40).collect();
        if let Some(found) = columns(&words) {
            if head.is_some() && !rows.is_empty() {
                // The next round of `top` says the same again.
                break;
            }
            head = Some(found);
            continue;
        }
        let Some(head) = &head else { continue };
        if words.len() < head.count {
            continue;
        }
        let word = |at: usize| words.get(at).copied().unwrap_or("");
        let Some(rss) = amount::size(word(head.rss), 1_024, false) else {
            continue;
        };
        let mut fields = Fields::default();
        fields.number("pid", word(head.pid).parse().ok(), number);
        fields.decimal("cpuPercent", amount::decimal(word(head.cpu)), number);
        fields.decimal("memoryPercent", amount::decimal(word(head.memory)), number);
        fields.number("memory", Some(rss), number);
        fields.text("state", word(head.state), number);
        let command = words.get(head.command..).unwrap_or_default().join(" ");
        fields.text("command", &command, number);
        let stuck = word(head.state).starts_with('D');
        rows.push((rss, stuck, number, fields));
        if rows.len() >= 4_096 {
            keep_largest(&mut rows);
        }
    }
    keep_largest(&mut rows);
    rows.sort_by_key(|(_, _, line, _)| *line);
    for (_, _, _, fields) in rows {
        sink.push("Process", fields);
    }
}

fn keep_largest(rows: &mut Vec<(i64, bool, u32, Fields)>) {
    rows.sort_by_key(|(rss, _, line, _)| (std::cmp::Reverse(*rss), *line));
    let (mut large, mut stuck) = (0, 0);
    rows.retain(|(_, hangs, _, _)| {
        large += 1;
        stuck += usize::from(*hangs);
        large <= KEPT || (*hangs && stuck <= KEPT)
    });
}

/// `nvidia-smi`: whether the driver answers.
pub(super) fn nvidia(sink: &mut Sink<'_>, text: &str) {
    for (number, line) in sink.lines(text).take(40) {
        let failed = line.contains("NVIDIA-SMI has failed")
            || line.contains("Failed to initialize NVML")
            || line.contains("No devices were found");
        let version = line.split_once("Driver Version: ").map(|(_, rest)| rest);
        if !failed && version.is_none() {
            continue;
        }
        let mut fields = Fields::default();
        fields.flag("ok", !failed, number);
        fields.text("text", if failed { line } else { "" }, number);
        let version = version.and_then(|rest| rest.split_whitespace().next());
        fields.text("driver", version.unwrap_or(""), number);
        sink.push("Gpu", fields);
        return;
    }
}
