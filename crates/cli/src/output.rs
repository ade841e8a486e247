//! The place that prints: products to standard output or a file, everything else to standard error.

use std::io::Write;

/// Prints an error.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "coldcase: {text}");
}

/// Prints a line of result.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Width of the terminal, or a page's.
pub(crate) fn width() -> usize {
    terminal_size::terminal_size()
        .map_or(100, |(terminal_size::Width(width), _)| usize::from(width))
}
