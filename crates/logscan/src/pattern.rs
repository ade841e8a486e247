//! One pattern: its parsed form, its literals, and the regexes that decide, compiled when first needed.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};
use regex_automata::meta;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::{BuildReason, Classes, rewrite::ascii_only};

/// Estimated bytes of a compiled regex below which compiling cannot fail and waits for the first candidate.
const LAZY: usize = 1 << 20;

/// A checked pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub source: String,
    pub classes: Classes,
    pub hir: Hir,
    full: OnceLock<Option<Regex>>,
    /// What is left of it on ASCII lines: far smaller and always a DFA.
    ascii: OnceLock<Option<meta::Regex>>,
}

impl Pattern {
    pub(crate) fn new(source: &str, classes: Classes) -> Result<Self, BuildReason> {
        let hir = regex_syntax::ParserBuilder::new()
            .utf8(false)
            .build()
            .parse(source)
            .map_err(|error| BuildReason::Syntax(error.to_string()))?;
        let full = OnceLock::new();
        if weight(&hir, 0) > LAZY {
            let regex =
                Regex::new(source).map_err(|error| BuildReason::TooBig(error.to_string()))?;
            full.get_or_init(|| Some(regex));
        }
        Ok(Self {
            source: source.to_owned(),
            classes,
            hir,
            full,
            ascii: OnceLock::new(),
        })
    }

    /// Whether the regex, Unicode as usual, matches within the bytes; `ascii` says whether they all are that.
    pub(crate) fn is_match(&self, bytes: &[u8], ascii: bool) -> bool {
        if ascii
            && let Some(regex) = self.ascii.get_or_init(|| {
                let config = meta::Config::new().utf8_empty(false);
                let ascii = ascii_only(&self.hir);
                meta::Builder::new()
                    .configure(config)
                    .build_from_hir(&ascii)
                    .ok()
            })
        {
            return regex.is_match(bytes);
        }
        // The size was judged by `weight`; a limit here could only lose hits.
        self.full
            .get_or_init(|| {
                RegexBuilder::new(&self.source)
                    .size_limit(usize::MAX)
                    .build()
                    .ok()
            })
            .as_ref()
            .is_some_and(|regex| regex.is_match(bytes))
    }
}

/// A generous estimate of the compiled size in bytes.
fn weight(hir: &Hir, depth: u32) -> usize {
    if depth > 200 {
        return usize::MAX;
    }
    let below = |sub: &Hir| weight(sub, depth + 1);
    let sum = |parts: &[Hir]| parts.iter().map(below).fold(64, usize::saturating_add);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 64,
        HirKind::Literal(text) => 64 * text.0.len(),
        HirKind::Class(Class::Unicode(class)) => 128 + 256 * class.ranges().len(),
        HirKind::Class(Class::Bytes(class)) => 128 + 16 * class.ranges().len(),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1) as usize;
            below(&repetition.sub).saturating_mul(times)
        }
        HirKind::Capture(capture) => below(&capture.sub).saturating_add(128),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => sum(parts),
    }
}
