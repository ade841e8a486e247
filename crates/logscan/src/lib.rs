//! Hundreds of regular expressions over gigabytes of log lines, every hit attributed to its pattern and line.
//!
//! A [`Scanner`] takes patterns, each scoped to classes of text (container logs, journals, kernel messages …), and
//! reports every pair of pattern and line that match, in order of lines, then patterns:
//!
//! ```
//! use logscan::{Classes, PatternSpec, Scanner};
//!
//! const CONTAINER: u32 = 0;
//! let scanner = Scanner::new(&[
//!     PatternSpec { regex: r"connection refused|ECONNREFUSED", classes: Classes::of(&[CONTAINER]) },
//!     PatternSpec { regex: r"^panic: ", classes: Classes::ALL },
//! ])?;
//! let mut hits = Vec::new();
//! scanner.scan(CONTAINER, b"ok\npanic: connection refused\n", 1, &mut |hit| hits.push((hit.pattern, hit.line)));
//! assert_eq!(hits, [(0, 2), (1, 2)]);
//! # Ok::<(), logscan::BuildError>(())
//! ```
//!
//! # What a hit is
//!
//! A pattern hits a line if [`regex::bytes::Regex`] with its default options (Unicode on) finds a match in the
//! line's bytes without the `\n` or `\r\n` that ends it. So `^` and `$` are the line's ends, no match spans
//! lines, and bytes that are not UTF-8 are matched by nothing that stands for a character. A final line without
//! newline is a line; behind a final newline there is none.
//!
//! Of a line longer than [`Scanner::line_limit`] (1 MiB unless set otherwise) only that many bytes are searched,
//! as if the line ended there. Memory and time are linear in the text for a given set of patterns.

mod buckets;
mod confirm;
mod engine;
mod grams;
mod literal;
mod pattern;
mod rest;
mod rewrite;
mod short;
mod text;
mod window;

use std::{collections::BTreeSet, fmt, sync::OnceLock};

use engine::Engine;
use grams::Grams;
use literal::Literal;
use pattern::Pattern;

pub use text::{Chunk, Chunks, chunks};

/// Bytes of a line that are searched unless set otherwise.
pub const LINE_LIMIT: usize = 1 << 20;

/// Kinds of text that a pattern is meant for: a set of numbers below 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Classes(u32);

impl Classes {
    /// Every class.
    pub const ALL: Self = Self(u32::MAX);

    /// These classes; numbers of 32 and more are no class and name nothing.
    pub const fn of(classes: &[u32]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < classes.len() {
            if classes[at] < 32 {
                bits |= 1 << classes[at];
            }
            at += 1;
        }
        Self(bits)
    }

    /// Whether a class is among them.
    pub const fn has(self, class: u32) -> bool {
        class < 32 && self.0 >> class & 1 == 1
    }
}

/// A pattern as the caller has it.
#[derive(Debug, Clone, Copy)]
pub struct PatternSpec<'p> {
    /// The regex, in the syntax of the `regex` crate.
    pub regex: &'p str,
    /// The classes it is searched in.
    pub classes: Classes,
}

/// A pattern on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Index of the pattern, as given to [`Scanner::new`].
    pub pattern: usize,
    /// Number of the line, from the number of the chunk's first line on.
    pub line: u64,
    /// Where the line begins in the chunk.
    pub start: usize,
    /// Where it ends, its newline not included.
    pub end: usize,
}

/// A pattern that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pattern {index}: {reason}")]
pub struct BuildError {
    /// Index of the first such pattern.
    pub index: usize,
    /// What is wrong with it.
    pub reason: BuildReason,
}

/// What is wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildReason {
    /// It is no regex; the text points at the place.
    #[error("{0}")]
    Syntax(String),
    /// Compiled, it would exceed the regex crate's size limit.
    #[error("{0}")]
    TooBig(String),
}

/// How a pattern's lines are found; the order is that of their cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// By literals of eight bytes and more: one look at every fifth byte serves all patterns together.
    Window,
    /// By literals, at least one of which has only three to seven bytes: every byte is looked at.
    Short,
    /// It requires no literal of three bytes: an automaton reads every byte, and costs more than all else.
    Regex,
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Window => "window",
            Self::Short => "short",
            Self::Regex => "regex",
        })
    }
}

/// How a pattern is found, for people who write patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// Index of the pattern.
    pub pattern: usize,
    /// How its lines are found.
    pub lane: Lane,
    /// Literals of which every match contains one; letters that stand for both cases are lower case. Empty in the
    /// lane [`Lane::Regex`].
    pub literals: Vec<String>,
    /// Why it is in that lane.
    pub reason: String,
}

/// Compiled patterns; share it between threads.
#[derive(Debug)]
pub struct Scanner {
    patterns: Vec<Pattern>,
    engines: Box<[OnceLock<Engine>; 32]>,
    limit: usize,
}

impl Scanner {
    /// Checks the patterns. Filters are built per class when first needed.
    ///
    /// # Errors
    ///
    /// The first pattern that is no regex or too big.
    pub fn new(patterns: &[PatternSpec<'_>]) -> Result<Self, BuildError> {
        let patterns = patterns
            .iter()
            .enumerate()
            .map(|(index, spec)| {
                Pattern::new(spec.regex, spec.classes)
                    .map_err(|reason| BuildError { index, reason })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            patterns,
            engines: Box::new([const { OnceLock::new() }; 32]),
            limit: LINE_LIMIT,
        })
    }

    /// Searches only so many bytes of a line (at most 1 GiB, at least one).
    #[must_use]
    pub fn with_line_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes.clamp(1, 1 << 30);
        self
    }

    /// Bytes of a line that are searched.
    pub fn line_limit(&self) -> usize {
        self.limit
    }

    /// How many patterns there are.
    pub fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Builds a class's filters now, from a text that is typical for it: literals that are rare there are looked
    /// for. The first [`Scanner::scan`] of a class does this with its chunk. What is found never depends on it.
    pub fn prepare(&self, class: u32, sample: &[u8]) {
        self.engine(class, sample);
    }

    fn engine(&self, class: u32, sample: &[u8]) -> Option<&Engine> {
        self.engines
            .get(class as usize)
            .map(|engine| engine.get_or_init(|| Engine::new(&self.patterns, class, sample)))
    }

    /// Reports each pattern of the class on each line of the chunk, once, in order of lines, then patterns.
    ///
    /// The chunk is a number of whole lines; [`chunks`] cuts larger texts.
    pub fn scan(&self, class: u32, chunk: &[u8], first_line: u64, report: &mut dyn FnMut(Hit)) {
        self.scan_with(class, chunk, first_line, |line| line, report);
    }

    /// Like [`Scanner::scan`], but patterns see only the part of a line that `view` returns.
    ///
    /// A log file's line often carries a frame, such as a time and a stream name, that the program never wrote.
    /// `view` takes the line (cut at the limit, without its end) and returns a part of it; `^` and `$` are that
    /// part's ends. It is called for candidates only. Literals are looked for in the whole line: what `view`
    /// returns must be contiguous bytes of it.
    pub fn scan_with<'t>(
        &self,
        class: u32,
        chunk: &'t [u8],
        first_line: u64,
        view: impl Fn(&'t [u8]) -> &'t [u8],
        report: &mut dyn FnMut(Hit),
    ) {
        if let Some(engine) = self.engine(class, chunk) {
            engine.scan(&self.patterns, self.limit, chunk, first_line, &view, report);
        }
    }

    /// The definition that [`Scanner::scan_with`] must agree with: every regex on every line. For tests.
    #[doc(hidden)]
    pub fn scan_slow<'t>(
        &self,
        class: u32,
        chunk: &'t [u8],
        first_line: u64,
        view: impl Fn(&'t [u8]) -> &'t [u8],
        report: &mut dyn FnMut(Hit),
    ) {
        let regexes: Vec<Option<regex::bytes::Regex>> = self
            .patterns
            .iter()
            .map(|pattern| regex::bytes::Regex::new(&pattern.source).ok())
            .collect();
        let mut start = 0;
        for (raw, line) in chunk
            .split_inclusive(|byte| *byte == b'\n')
            .zip(first_line..)
        {
            let whole = raw
                .strip_suffix(b"\n")
                .map_or(raw, |text| text.strip_suffix(b"\r").unwrap_or(text));
            let seen = view(whole.get(..self.limit).unwrap_or(whole));
            for (pattern, regex) in regexes.iter().enumerate() {
                if self.patterns[pattern].classes.has(class)
                    && regex.as_ref().is_some_and(|regex| regex.is_match(seen))
                {
                    report(Hit {
                        pattern,
                        line,
                        start,
                        end: start + whole.len(),
                    });
                }
            }
            start += raw.len();
        }
    }

    /// For each pattern: how it is found, and by which literals.
    ///
    /// Where a regex requires several literals, a scan may prefer another one than is named here, by what is rare
    /// in its text; the lane is the same.
    pub fn explain(&self) -> Vec<Explained> {
        let grams = Grams::of(b"");
        self.patterns
            .iter()
            .enumerate()
            .map(|(index, pattern)| explain(index, pattern, &grams))
            .collect()
    }
}

fn explain(index: usize, pattern: &Pattern, grams: &Grams) -> Explained {
    let branches = engine::choose(pattern, grams);
    let set: BTreeSet<Literal> = branches
        .into_iter()
        .filter_map(|branch| branch.best)
        .flatten()
        .collect();
    let lane = engine::lane(&set);
    let literals: Vec<String> = set
        .iter()
        .map(|literal| {
            let bytes: Vec<u8> = literal.iter().map(|letter| letter.byte).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        })
        .collect();
    let reason = match lane {
        Lane::Window => "every match contains a literal of eight bytes or more".to_owned(),
        Lane::Short => {
            let short: Vec<String> = literals
                .iter()
                .filter(|literal| literal.len() < window::WIDTH)
                .map(|literal| format!("{literal:?}"))
                .collect();
            format!("fewer than eight bytes: {}", short.join(", "))
        }
        Lane::Regex => "no match needs a literal of three bytes".to_owned(),
    };
    Explained {
        pattern: index,
        lane,
        literals,
        reason,
    }
}
