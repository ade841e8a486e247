//! Tells by its first words whether a line begins a record, belongs to a trace, or could be either.

use crate::stamp::{self, fields};

/// What a line looks like without its framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Begins with the application's own stamp, or is a JSON record.
    Start,
    /// The same, and Python's traceback begins behind it.
    StartTrace,
    /// Begins with a level's name: begins a record, but says nothing of the lines after it.
    Level,
    /// `panic:`, `fatal error:`: what follows until the next stamp is Go's report.
    Panic,
    /// `goroutine 1 [running]:`: one of Go's stacks, after a panic or a fatal message.
    Goroutine,
    /// `Traceback (most recent call last):`.
    Trace,
    /// Indented.
    Part,
    /// Belongs to a trace by its words: `Caused by:`, `created by`.
    Frame,
    /// Nothing.
    Blank,
    /// Any other words.
    Plain,
}

impl Shape {
    /// Whether a record surely begins here and may have further lines.
    pub(super) fn is_start(self) -> bool {
        matches!(self, Self::Start | Self::StartTrace)
    }

    pub(super) fn of(text: &str) -> Self {
        let trimmed = text.trim_start_matches([' ', '\t']);
        if trimmed.trim_end().is_empty() {
            return Self::Blank;
        }
        if trimmed.len() < text.len() {
            return Self::Part;
        }
        if text.starts_with("goroutine ") && text.trim_end().ends_with("]:") {
            return Self::Goroutine;
        }
        if begins_trace_part(text) {
            return Self::Frame;
        }
        if text.starts_with("Traceback (most recent call last)") {
            return Self::Trace;
        }
        if text.starts_with("panic: ")
            || text.starts_with("fatal error: ")
            || text.starts_with("fatal: morestack")
            || text.starts_with("unexpected fault address")
            || text.starts_with("SIGABRT: ")
            || text.starts_with("SIGSEGV: ")
            || text.starts_with("SIGQUIT: ")
        {
            return Self::Panic;
        }
        if stamp::raw(text).is_some() || text.starts_with("{\"") {
            return if text
                .trim_end()
                .ends_with("Traceback (most recent call last):")
            {
                Self::StartTrace
            } else {
                Self::Start
            };
        }
        if is_leveled(text) {
            return Self::Level;
        }
        Self::Plain
    }
}

/// Words that only lines inside of a trace begin with.
fn begins_trace_part(text: &str) -> bool {
    const WORDS: [&str; 18] = [
        "at ",
        "Caused by: ",
        "Suppressed: ",
        "... ",
        "created by ",
        "exit status ",
        "[signal ",
        "[recovered]",
        "--- End of ",
        "---> ",
        "During handling of the above exception",
        "The above exception was the direct cause",
        "main.main()",
        "runtime.",
        "runtime stack:",
        "Wrapped by: ",
        "stack backtrace:",
        "note: run with `RUST_BACKTRACE",
    ];
    // Closing brackets of a pretty-printed value, and code markers of Node.js.
    let closes = matches!(text.trim_end(), "}" | "]" | ")" | "}," | "]," | "})" | "^");
    closes || WORDS.iter().any(|word| text.starts_with(word))
}

/// `[ERROR] plugin/errors: …`, `WARN  x`, `level=info …`, `error: …`.
fn is_leveled(text: &str) -> bool {
    if text.starts_with("level=") || text.starts_with("lvl=") {
        return true;
    }
    let inner = text.strip_prefix(['[', '<']).unwrap_or(text);
    let word: &str = inner
        .split(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or("");
    let rest = inner.get(word.len()..).unwrap_or("");
    // `Error: …` alone is how exceptions begin; brackets, capitals and a blank are a logger's.
    let framed = inner.len() < text.len() && rest.starts_with([']', '>']);
    let capitals = word.len() > 2
        && word.bytes().all(|b| b.is_ascii_uppercase())
        && rest.starts_with([' ', ':', '\t']);
    (framed || capitals) && word.len() > 1 && fields::is_level(word.as_bytes())
}

/// Which report is being printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    /// None.
    Nothing,
    /// Go's, which has unindented lines of its own.
    Panic,
    /// Python's, whose exception comes last.
    Traceback,
    /// Python's after the exception.
    Raised,
}

impl Open {
    /// What is open after a line that belongs to the record.
    pub(super) fn after(self, shape: Shape) -> Self {
        match (self, shape) {
            (Self::Panic, _) | (_, Shape::Panic | Shape::Goroutine) => Self::Panic,
            (_, Shape::Trace | Shape::StartTrace) => Self::Traceback,
            (Self::Traceback, Shape::Plain) => Self::Raised,
            (open, _) => open,
        }
    }

    /// Whether a line without marks of its own belongs to what is open.
    pub(super) fn swallows(self, shape: Shape) -> bool {
        match self {
            Self::Panic => true,
            Self::Traceback => matches!(shape, Shape::Plain | Shape::Trace),
            Self::Raised => shape == Shape::Trace,
            Self::Nothing => false,
        }
    }

    /// Whether this line says what happened.
    pub(super) fn is_named_by(self, shape: Shape) -> bool {
        matches!(
            (self, shape),
            (Self::Nothing, Shape::Panic) | (Self::Traceback, Shape::Plain)
        )
    }
}
