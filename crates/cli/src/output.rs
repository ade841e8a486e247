//! The place that prints: products to standard output or a file, everything else to standard error.

use std::io::Write;

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

/// Width of the terminal, or a page's.
pub(crate) fn width() -> usize {
    terminal_size::terminal_size()
        .map_or(100, |(terminal_size::Width(width), _)| usize::from(width))
}
