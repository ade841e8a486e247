//! What can be wrong with a text, and on which line.

use std::fmt;

/// Why a text was not read. Every variant knows the line, counted from `first_line`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The text may be sound YAML, but it is not in the subset that this crate reads exactly.
    /// Give it to a complete YAML reader.
    Unsupported {
        /// Where.
        line: u32,
        /// What was met, in words.
        what: &'static str,
    },
    /// The text is not YAML.
    Syntax {
        /// Where.
        line: u32,
        /// What was met, in words.
        what: &'static str,
    },
    /// Nested deeper than [`Options::max_depth`](crate::Options::max_depth).
    Depth {
        /// Where.
        line: u32,
    },
    /// The text was read, but does not fit the type that was asked for.
    Data {
        /// Near which line.
        line: u32,
        /// What serde said.
        what: Box<str>,
    },
}

impl Error {
    /// The line of the error; 0 if it is not known.
    pub fn line(&self) -> u32 {
        match self {
            Self::Unsupported { line, .. }
            | Self::Syntax { line, .. }
            | Self::Depth { line }
            | Self::Data { line, .. } => *line,
        }
    }

    /// Whether a complete YAML reader may still succeed.
    pub fn is_unsupported(&self) -> bool {
        matches!(self, Self::Unsupported { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported { line, what } => write!(f, "line {line}: not read here: {what}"),
            Self::Syntax { line, what } => write!(f, "line {line}: {what}"),
            Self::Depth { line } => write!(f, "line {line}: nested too deeply"),
            Self::Data { line: 0, what } => f.write_str(what),
            Self::Data { line, what } => write!(f, "line {line}: {what}"),
        }
    }
}

impl std::error::Error for Error {}
