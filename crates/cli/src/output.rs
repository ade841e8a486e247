//! The place that prints: products to standard output or a file, everything else to standard error.

use std::io::Write;

use coldcase_report::SummaryStyle;

use crate::args::When;

/// Prints an error.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "coldcase: {text}");
}

/// Prints lines of a result; captured text in them can move no cursor.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    for line in text.split('\n') {
        // Whoever reads may have seen enough.
        if writeln!(out, "{}", coldcase_report::text::clean(line)).is_err() {
            return;
        }
    }
}

/// Width of the terminal, or of what goes to a file or a pipe.
pub(crate) fn width() -> usize {
    terminal_size::terminal_size().map_or(SummaryStyle::default().width, |(width, _)| {
        usize::from(width.0)
    })
}

/// How text for people is set: coloured on a terminal, unless that cannot or its owner does not want it.
pub(crate) fn style(color: When, terminal: bool) -> SummaryStyle {
    // https://no-color.org: any value but none.
    let unwanted = || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    SummaryStyle {
        color: match color {
            When::Auto => terminal && !unwanted() && !dumb(),
            When::Always => true,
            When::Never => false,
        },
        width: if terminal {
            width()
        } else {
            SummaryStyle::default().width
        },
    }
}
