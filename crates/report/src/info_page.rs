//! The inventory of a bundle on a terminal: a label and its text on each row, wrapped to the window.

use std::fmt::Write as _;
use std::io::{Result, Write};

use coldcase_snapshot::{coverage::Status, hosts::UNNAMED};

use crate::SummaryStyle;
use crate::info::{Info, Kind};
use crate::layout::{bytes, plural, thousands, width, wrap};
use crate::text::one_line;
use crate::times;

/// Writes the inventory for a terminal.
pub fn render_info(info: &Info, style: SummaryStyle, out: &mut dyn Write) -> Result<()> {
    let mut page = Page {
        style,
        text: String::new(),
    };
    page.title(info);
    page.contents(info);
    page.gaps(info);
    out.write_all(page.text.as_bytes())
}

/// Column where text begins, right of the labels.
pub(crate) const BODY: usize = 12;
/// Rows of one sort; JSON has the rest.
const ROWS: usize = 40;

struct Page {
    style: SummaryStyle,
    text: String,
}

impl Page {
    fn title(&mut self, info: &Info) {
        let mut parts = vec![
            info.name.clone(),
            plural(info.files, "file"),
            bytes(info.bytes),
        ];
        if !info.cluster.is_empty() {
            parts.push(info.cluster.clone());
        }
        self.row("bundle", &parts.join(" · "));
        for (at, layout) in info.layouts.iter().take(ROWS).enumerate() {
            let root = match layout.root.as_str() {
                "" => String::new(),
                root => format!(" in {root}/"),
            };
            self.row(
                if at == 0 { "layout" } else { "" },
                &format!("{}{root}", layout.name),
            );
        }
        let captured = info
            .captured_at
            .as_deref()
            .map_or_else(|| "unknown".to_owned(), times::stamp);
        self.row(
            "captured",
            &format!("{captured} · from: {}", info.captured_at_source),
        );
        let version = info.kubernetes_version.as_deref().unwrap_or("unknown");
        self.row("kubernetes", version);
        self.names("nodes", &info.nodes);
        self.names("namespaces", &info.namespaces);
    }

    fn names(&mut self, label: &str, names: &[String]) {
        let shown = names.iter().take(ROWS).cloned().collect::<Vec<_>>();
        let more = match names.len().saturating_sub(ROWS) {
            0 => String::new(),
            more => format!(" · and {} more", thousands(more as u64)),
        };
        let text = match names.len() {
            0 => "none named".to_owned(),
            count => format!("{}: {}{more}", thousands(count as u64), shown.join(", ")),
        };
        self.row(label, &text);
    }

    fn contents(&mut self, info: &Info) {
        self.text.push('\n');
        let widest = info
            .objects
            .iter()
            .chain(&info.declared)
            .map(|kind| width(&kind.kind))
            .max()
            .unwrap_or(0)
            .min(56);
        if info.objects.is_empty() {
            self.row("objects", "none");
        }
        for (at, kind) in info.objects.iter().enumerate() {
            let label = if at == 0 { "objects" } else { "" };
            self.row(label, &kind_row(kind, widest));
        }
        for (at, kind) in info.declared.iter().enumerate() {
            let label = if at == 0 { "declared" } else { "" };
            self.row(label, &format!("{:<widest$}  {:>6}", kind.kind, kind.count));
        }
        for (at, kind) in info.host_reports.iter().enumerate() {
            let label = if at == 0 { "from nodes" } else { "" };
            self.row(label, &format!("{:<widest$}  {:>6}", kind.kind, kind.count));
        }
        self.text.push('\n');
        let events = &info.events;
        let mut text = plural(events.count, "event");
        if events.occurrences > events.count as u64 {
            let _ = write!(text, " of {} occurrences", thousands(events.occurrences));
        }
        self.row(
            "events",
            &with_range(text, events.from.as_deref(), events.to.as_deref()),
        );
        let logs = &info.logs;
        let mut parts = vec![plural(logs.logs, "log")];
        parts.push(format!("in {}", plural(logs.files, "file")));
        parts.push(format!("of {}", plural(logs.containers, "container")));
        let mut text = parts.join(" ");
        if logs.previous > 0 {
            let _ = write!(
                text,
                ", {} of previous instances",
                thousands(logs.previous as u64)
            );
        }
        if logs.components > 0 {
            let _ = write!(
                text,
                ", {} of components",
                thousands(logs.components as u64)
            );
        }
        let _ = write!(text, ", {}", bytes(logs.bytes));
        self.row(
            "logs",
            &with_range(text, logs.from.as_deref(), logs.to.as_deref()),
        );
        for (at, journal) in info.journals.iter().take(ROWS).enumerate() {
            let node = if journal.node.is_empty() || journal.node == UNNAMED {
                "unknown node"
            } else {
                &journal.node
            };
            let text = format!(
                "{node}: {}, {}",
                plural(journal.files, "file"),
                bytes(journal.bytes)
            );
            let label = if at == 0 { "journals" } else { "" };
            self.row(
                label,
                &with_range(text, journal.from.as_deref(), journal.to.as_deref()),
            );
        }
    }

    fn gaps(&mut self, info: &Info) {
        if !info.missing.is_empty() || !info.problems.is_empty() {
            self.text.push('\n');
        }
        let mut asked: Vec<&str> = Vec::new();
        let mut at = 0;
        for source in &info.missing {
            if source.status == Status::NotCollected.word() && source.detail.is_empty() {
                asked.push(&source.source);
                continue;
            }
            if at < ROWS {
                let label = if at == 0 { "missing" } else { "" };
                let status = source.status.replace('_', " ");
                self.row(
                    label,
                    &format!("{}: {status}: {}", source.source, source.detail),
                );
            }
            at += 1;
        }
        if at > ROWS {
            self.row("", &format!("and {} more", thousands((at - ROWS) as u64)));
        }
        if !asked.is_empty() {
            let label = if at == 0 { "missing" } else { "" };
            self.row(label, &format!("not collected: {}", asked.join(", ")));
        }
        for (at, problem) in info.problems.iter().take(ROWS).enumerate() {
            let place = match (problem.file.as_str(), problem.line) {
                ("", _) => String::new(),
                (file, 0) => format!("{file}: "),
                (file, line) => format!("{file}:{line}: "),
            };
            let label = if at == 0 { "problems" } else { "" };
            self.row(label, &format!("{place}{}", problem.what));
        }
        if info.problems.len() > ROWS {
            let more = (info.problems.len() - ROWS) as u64;
            self.row("", &format!("and {} more", thousands(more)));
        }
    }

    /// A label and its text, wrapped. Runs of blanks are columns and stay where the line fits.
    fn row(&mut self, label: &str, text: &str) {
        let body = if self.style.width < 40 { 2 } else { BODY };
        let room = self.style.width.saturating_sub(body).max(1);
        let line: String = text
            .chars()
            .map(|c| if c == '\n' || c == '\t' { ' ' } else { c })
            .collect();
        let lines = if width(&line) <= room {
            vec![line]
        } else {
            wrap(&one_line(text), room)
        };
        let bold = |label: &str| {
            if self.style.color && !label.is_empty() {
                format!("\u{1b}[1m{label}\u{1b}[0m")
            } else {
                label.to_owned()
            }
        };
        if self.style.width < 40 && !label.is_empty() {
            let _ = writeln!(self.text, "{}", bold(label));
        }
        for (at, line) in lines.iter().enumerate() {
            let label = if at == 0 && self.style.width >= 40 {
                label
            } else {
                ""
            };
            let gap = " ".repeat(body.saturating_sub(width(label)));
            let _ = writeln!(self.text, "{}{gap}{line}", bold(label));
        }
    }
}

fn kind_row(kind: &Kind, widest: usize) -> String {
    let mut text = format!(
        "{:<widest$}  {:>6}",
        kind.kind,
        thousands(kind.count as u64)
    );
    if kind.partial > 0 {
        let _ = write!(
            text,
            "  {} from text or paths",
            thousands(kind.partial as u64)
        );
    }
    match kind.scope {
        "namespaces" => {
            let _ = write!(text, "  of {}", plural(kind.namespaces.len(), "namespace"));
        }
        "objects" if kind.partial == 0 => text.push_str("  single objects"),
        _ => {}
    }
    text
}

fn with_range(text: String, from: Option<&str>, to: Option<&str>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => format!(
            "{text} · {} – {}",
            times::stamp(from),
            times::near(to, Some(from))
        ),
        _ => text,
    }
}
