//! Finds, for a parsed regex, sets of literals of which every match contains at least one.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// Members of a set that grows by concatenation; beyond it the run is cut.
const CROSS: usize = 64;
/// Members of a set that grows by alternation.
const UNION: usize = 512;
/// Letters of a class that still count as alternatives.
const CLASS: usize = 16;
/// Letters of a class that multiply a run; wider ones end it and begin the next.
const MULTIPLY: usize = 4;
/// Bytes of a literal worth keeping: windows are far shorter.
const LONGEST: usize = 64;
/// Alternative sets kept for the choice by frequency.
const SETS: usize = 16;
/// Depth of the tree that is looked into.
const DEPTH: u32 = 64;

/// The two letters beyond ASCII that `(?i)` makes equal to an ASCII letter.
const LONG_S: char = '\u{17F}';
const KELVIN: char = '\u{212A}';

/// One byte of a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Letter {
    /// The byte; the lower case one if `loose`.
    pub byte: u8,
    /// Both ASCII cases are meant.
    pub loose: bool,
}

impl Letter {
    /// The byte as the filters compare it: bit 5 set, which makes both cases of a letter one.
    pub(crate) fn folded(self) -> u8 {
        self.byte | 0x20
    }

    /// Whether a byte of the text is this letter.
    pub(crate) fn is(self, byte: u8) -> bool {
        self.byte == byte || self.loose && self.byte == byte.to_ascii_lowercase()
    }
}

/// A literal, case by letter.
pub(crate) type Literal = Vec<Letter>;

/// What is known of all matches of a regex.
#[derive(Debug, Default)]
pub(crate) struct Required {
    /// Sets of literals; every match contains a member of each of them. None of the literals is empty.
    pub sets: Vec<Vec<Literal>>,
    /// Letters that fold to ASCII from beyond it were left out: a line with `ſ` or `K` is a candidate by itself.
    pub folds: bool,
}

/// Reads the required literals off a regex.
pub(crate) fn required(hir: &Hir) -> Required {
    let mut reader = Reader { folds: false };
    let sets = reader.known(hir, 0).sets;
    Required {
        sets,
        folds: reader.folds,
    }
}

/// What every match of a part of the regex begins with, ends with and contains.
#[derive(Debug, Clone, Default)]
struct Known {
    /// All texts the part can match, where they are few.
    exact: Option<Vec<Literal>>,
    /// Every match begins with one of these; an empty one says nothing.
    prefix: Vec<Literal>,
    /// Every match ends with one of these.
    suffix: Vec<Literal>,
    /// Every match contains one of each.
    sets: Vec<Vec<Literal>>,
}

impl Known {
    fn nothing() -> Self {
        Self {
            exact: None,
            prefix: vec![Vec::new()],
            suffix: vec![Vec::new()],
            sets: Vec::new(),
        }
    }

    fn exactly(mut texts: Vec<Literal>) -> Self {
        texts.sort_unstable();
        texts.dedup();
        let mut known = Self {
            prefix: texts.clone(),
            suffix: texts.clone(),
            sets: Vec::new(),
            exact: None,
        };
        known.offer(&texts);
        known.exact = Some(texts);
        known
    }

    /// Adds a required set unless it says nothing.
    fn offer(&mut self, set: &[Literal]) {
        if set.iter().any(Vec::is_empty) || set.is_empty() || set.len() > UNION {
            return;
        }
        if self.sets.iter().any(|known| known == set) {
            return;
        }
        self.sets.push(set.to_vec());
        if self.sets.len() > SETS {
            self.sets.sort_by_key(|known| worth(known));
            self.sets.remove(0);
        }
    }
}

/// A rank without knowing the text: long shortest member first, then few members.
fn worth(set: &[Literal]) -> (usize, usize) {
    let shortest = set.iter().map(Vec::len).min().unwrap_or(0).min(12);
    (shortest, usize::MAX - set.len())
}

/// All concatenations, if few.
fn cross(left: &[Literal], right: &[Literal]) -> Option<Vec<Literal>> {
    if left.len().saturating_mul(right.len()) > CROSS {
        return None;
    }
    let mut all = Vec::with_capacity(left.len() * right.len());
    for head in left {
        for tail in right {
            if head.len() + tail.len() > LONGEST {
                return None;
            }
            let mut text = head.clone();
            text.extend_from_slice(tail);
            all.push(text);
        }
    }
    all.sort_unstable();
    all.dedup();
    Some(all)
}

struct Reader {
    folds: bool,
}

impl Reader {
    fn known(&mut self, hir: &Hir, depth: u32) -> Known {
        if depth > DEPTH {
            return Known::nothing();
        }
        match hir.kind() {
            // A position costs no byte.
            HirKind::Empty | HirKind::Look(_) => Known::exactly(vec![Vec::new()]),
            HirKind::Literal(text) if text.0.len() <= LONGEST => {
                Known::exactly(vec![strict(&text.0)])
            }
            HirKind::Literal(text) => long(&text.0),
            HirKind::Class(class) => self
                .letters(class)
                .map_or_else(Known::nothing, Known::exactly),
            HirKind::Repetition(repetition) => self.repetition(repetition, depth),
            HirKind::Capture(capture) => self.known(&capture.sub, depth + 1),
            HirKind::Concat(parts) => self.concat(parts, depth),
            HirKind::Alternation(parts) => self.alternation(parts, depth),
        }
    }

    /// The members of a small class.
    fn letters(&mut self, class: &Class) -> Option<Vec<Literal>> {
        match class {
            Class::Unicode(class) => {
                let count: usize = class
                    .ranges()
                    .iter()
                    .map(|range| range.end() as usize - range.start() as usize + 1)
                    .try_fold(0_usize, |sum, size| (sum <= 64).then_some(sum + size))?;
                if count > 2 * CLASS {
                    return None;
                }
                let all: Vec<char> = class
                    .ranges()
                    .iter()
                    .flat_map(|range| range.start()..=range.end())
                    .collect();
                let has = |letter: char| all.contains(&letter);
                let mut members = Vec::new();
                for &letter in &all {
                    if letter == LONG_S && (has('s') || has('S'))
                        || letter == KELVIN && (has('k') || has('K'))
                    {
                        self.folds = true;
                        continue;
                    }
                    let other = swap(letter);
                    if other != letter && has(other) {
                        if letter.is_ascii_lowercase() {
                            members.push(vec![Letter {
                                byte: letter as u8,
                                loose: true,
                            }]);
                        }
                        continue;
                    }
                    members.push(strict(letter.encode_utf8(&mut [0; 4]).as_bytes()));
                }
                (members.len() <= CLASS).then_some(members)
            }
            Class::Bytes(class) => {
                let all: Vec<u8> = class
                    .ranges()
                    .iter()
                    .flat_map(|range| range.start()..=range.end())
                    .take(2 * CLASS + 1)
                    .collect();
                let mut members = Vec::new();
                for &byte in &all {
                    let other = swap(char::from(byte)) as u8;
                    if other != byte && byte.is_ascii() && all.contains(&other) {
                        if byte.is_ascii_lowercase() {
                            members.push(vec![Letter { byte, loose: true }]);
                        }
                        continue;
                    }
                    members.push(vec![Letter { byte, loose: false }]);
                }
                (all.len() <= 2 * CLASS && members.len() <= CLASS).then_some(members)
            }
        }
    }

    fn repetition(&mut self, repetition: &Repetition, depth: u32) -> Known {
        let sub = self.known(&repetition.sub, depth + 1);
        if repetition.min == 0 {
            return match sub.exact {
                Some(mut texts) if repetition.max == Some(1) => {
                    texts.push(Vec::new());
                    Known::exactly(texts)
                }
                _ if repetition.max == Some(0) => Known::exactly(vec![Vec::new()]),
                _ => Known::nothing(),
            };
        }
        let Some(texts) = &sub.exact else {
            return Known { exact: None, ..sub };
        };
        let mut run = texts.clone();
        let mut times = 1;
        while times < repetition.min {
            let Some(longer) = cross(&run, texts) else {
                break;
            };
            // Repeating what is empty changes nothing, however often.
            if longer == run {
                times = repetition.min;
                break;
            }
            run = longer;
            times += 1;
        }
        if times == repetition.min && repetition.max == Some(repetition.min) {
            return Known::exactly(run);
        }
        let mut known = Known {
            exact: None,
            prefix: run.clone(),
            suffix: run.clone(),
            sets: sub.sets,
        };
        known.offer(&run);
        known
    }

    fn concat(&mut self, parts: &[Hir], depth: u32) -> Known {
        let mut whole = Known::default();
        // The texts of the run that ends here; the first run begins where the match begins.
        let mut run = vec![Vec::new()];
        let mut first = true;
        for part in parts {
            let known = self.known(part, depth + 1);
            let narrow = run.len() == 1 || known.prefix.len() <= MULTIPLY;
            if let Some(texts) = &known.exact
                && narrow
                && let Some(longer) = cross(&run, texts)
            {
                if longer.len() > run.len() {
                    whole.offer(&run);
                }
                run = longer;
                continue;
            }
            whole.offer(&run);
            let longer = cross(&run, &known.prefix).unwrap_or(run);
            whole.offer(&longer);
            if std::mem::take(&mut first) {
                whole.prefix = longer;
            }
            for set in &known.sets {
                whole.offer(set);
            }
            run = known.suffix;
        }
        if first {
            let sets = whole.sets;
            let mut exact = Known::exactly(run);
            for set in &sets {
                exact.offer(set);
            }
            return exact;
        }
        whole.offer(&run);
        whole.suffix = run;
        whole
    }

    fn alternation(&mut self, parts: &[Hir], depth: u32) -> Known {
        let known: Vec<Known> = parts
            .iter()
            .map(|part| self.known(part, depth + 1))
            .collect();
        let exact = union(known.iter().map(|part| part.exact.as_deref()));
        if let Some(texts) = exact {
            return Known::exactly(texts);
        }
        let side = |of: fn(&Known) -> &[Literal]| {
            union(known.iter().map(|part| Some(of(part)))).unwrap_or_else(|| vec![Vec::new()])
        };
        let mut whole = Known {
            exact: None,
            prefix: side(|part| &part.prefix),
            suffix: side(|part| &part.suffix),
            sets: Vec::new(),
        };
        let best = known.iter().map(|part| {
            part.sets
                .iter()
                .max_by_key(|set| worth(set))
                .map(Vec::as_slice)
        });
        if let Some(set) = union(best) {
            whole.offer(&set);
        }
        whole
    }
}

/// The members of all, unless one is unknown or they are too many.
fn union<'a>(parts: impl Iterator<Item = Option<&'a [Literal]>>) -> Option<Vec<Literal>> {
    let mut all = Vec::new();
    for part in parts {
        all.extend_from_slice(part?);
        if all.len() > UNION {
            return None;
        }
    }
    all.sort_unstable();
    all.dedup();
    Some(all)
}

/// A literal longer than is kept: its head, its tail, and pieces of it.
fn long(text: &[u8]) -> Known {
    let mut known = Known {
        exact: None,
        prefix: vec![strict(text.get(..LONGEST).unwrap_or(text))],
        suffix: vec![strict(text.get(text.len() - LONGEST..).unwrap_or(text))],
        sets: Vec::new(),
    };
    for piece in text.chunks_exact(LONGEST).take(SETS) {
        known.offer(&[strict(piece)]);
    }
    known
}

fn strict(text: &[u8]) -> Literal {
    text.iter()
        .map(|&byte| Letter { byte, loose: false })
        .collect()
}

/// The other ASCII case.
fn swap(letter: char) -> char {
    if letter.is_ascii_lowercase() {
        letter.to_ascii_uppercase()
    } else {
        letter.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(regex: &str) -> Vec<String> {
        let hir = regex_syntax::ParserBuilder::new()
            .utf8(false)
            .build()
            .parse(regex)
            .unwrap();
        required(&hir)
            .sets
            .iter()
            .max_by_key(|set| worth(set))
            .into_iter()
            .flatten()
            .map(|literal| {
                literal
                    .iter()
                    .map(|letter| char::from(letter.byte))
                    .collect()
            })
            .collect()
    }

    #[test]
    fn runs_cross_small_parts_and_stop_at_wide_ones() {
        assert_eq!(best("connection refused"), ["connection refused"]);
        assert_eq!(best(r#"" 50[234] "#), ["\" 502 ", "\" 503 ", "\" 504 "]);
        assert_eq!(best("colou?rful"), ["colorful", "colourful"]);
        assert_eq!(best(r"short \S+ much longer one"), [" much longer one"]);
        assert_eq!(best("Stopp(ed|ing) it"), ["Stopped it", "Stopping it"]);
        assert_eq!(best(r"a(b|c\d+)d"), ["ab", "ac"]);
        assert_eq!(best("(abc){3}"), ["abcabcabc"]);
        assert_eq!(
            best("(?:first one|second \\d+ one)"),
            ["first one", "second "]
        );
        assert_eq!(
            best("one two|three four five"),
            ["one two", "three four five"]
        );
    }

    #[test]
    fn nothing_is_required_where_a_branch_requires_nothing() {
        for regex in [
            "", "a*", "(abc)?", r"\d+", "abc|", "(foo|.*)", "^$", r"\w\W",
        ] {
            assert!(best(regex).is_empty(), "{regex}");
        }
    }

    #[test]
    fn letters_without_case_keep_that_they_have_none() {
        let hir = regex_syntax::parse("(?i)Ask[sS]e").unwrap();
        let found = required(&hir);
        assert!(found.folds);
        assert!(found.sets[0][0].iter().all(|letter| letter.loose));
        assert!(found.sets[0][0][0].is(b'A') && found.sets[0][0][0].is(b'a'));
        assert!(!required(&regex_syntax::parse("(?i)oops".trim_end_matches('s')).unwrap()).folds);
    }
}
