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
/// Branches of a regex that are looked for one by one.
const BRANCHES: usize = 64;
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
    /// The cheapest set of literals of which every match contains one. None of the literals is empty.
    pub best: Option<Vec<Literal>>,
    /// Further sets, the cheapest first, that say more than `best`: every match contains one of each, too.
    pub others: Vec<Vec<Literal>>,
    /// Literals that are a match wherever they stand.
    pub proofs: Vec<Literal>,
    /// Letters that fold to ASCII from beyond it were left out: a line with `ſ` or `K` is a candidate by itself.
    pub folds: bool,
}

/// What it costs to look for a set: the smaller the better.
pub(crate) type Cost = (u8, u64);

/// The branches of a regex of which a match takes one, each a regex by itself.
pub(crate) fn branches_of(hir: &Hir) -> Vec<&Hir> {
    let mut hir = hir;
    while let HirKind::Capture(capture) = hir.kind() {
        hir = &capture.sub;
    }
    match hir.kind() {
        HirKind::Alternation(parts) if parts.len() <= BRANCHES => parts.iter().collect(),
        _ => vec![hir],
    }
}

/// Reads the required literals off a regex. Where there is a choice, `cost` makes it.
pub(crate) fn required(hir: &Hir, cost: &dyn Fn(&[Literal]) -> Cost) -> Required {
    let mut reader = Reader { folds: false, cost };
    let mut sets = reader.known(hir, 0).sets;
    let folds = reader.folds;
    sets.sort_unstable();
    let mut sets = sets.into_iter().map(|(_, set)| set);
    let best = sets.next();
    let mut others: Vec<Vec<Literal>> = Vec::new();
    for set in sets {
        let known = |by: &Vec<Literal>| implies(by, &set);
        if !best.as_ref().is_some_and(known) && !others.iter().any(known) {
            others.push(set);
        }
    }
    Required {
        best,
        others,
        proofs: reader.proofs(hir, 0),
        folds,
    }
}

/// Whether a text that contains one of the first literals contains one of the second as well.
fn implies(by: &[Literal], set: &[Literal]) -> bool {
    by.iter().all(|long| {
        set.iter()
            .any(|short| long.windows(short.len().max(1)).any(|part| part == short))
    })
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
    sets: Vec<(Cost, Vec<Literal>)>,
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
}

/// Adds a set, and drops the dearest if they are many.
fn keep(known: &mut Known, set: (Cost, Vec<Literal>)) {
    if known.sets.contains(&set) {
        return;
    }
    known.sets.push(set);
    if known.sets.len() > SETS {
        known.sets.sort_unstable();
        known.sets.pop();
    }
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

struct Reader<'c> {
    folds: bool,
    cost: &'c dyn Fn(&[Literal]) -> Cost,
}

impl Reader<'_> {
    fn exactly(&self, mut texts: Vec<Literal>) -> Known {
        texts.sort_unstable();
        texts.dedup();
        let mut known = Known {
            prefix: texts.clone(),
            suffix: texts.clone(),
            sets: Vec::new(),
            exact: None,
        };
        self.offer(&mut known, &texts);
        known.exact = Some(texts);
        known
    }

    /// Adds a required set unless it says nothing.
    fn offer(&self, known: &mut Known, set: &[Literal]) {
        if !set.iter().any(Vec::is_empty) && !set.is_empty() && set.len() <= UNION {
            keep(known, ((self.cost)(set), set.to_vec()));
        }
    }

    /// The texts of those branches that ask for nothing but a text.
    fn proofs(&mut self, hir: &Hir, depth: u32) -> Vec<Literal> {
        match hir.kind() {
            HirKind::Capture(capture) if depth < DEPTH => self.proofs(&capture.sub, depth + 1),
            HirKind::Alternation(parts) if depth < DEPTH => parts
                .iter()
                .flat_map(|part| self.proofs(part, depth + 1))
                .collect(),
            _ if hir.properties().look_set().is_empty() => {
                self.known(hir, depth).exact.unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    fn known(&mut self, hir: &Hir, depth: u32) -> Known {
        if depth > DEPTH {
            return Known::nothing();
        }
        match hir.kind() {
            // A position costs no byte.
            HirKind::Empty | HirKind::Look(_) => self.exactly(vec![Vec::new()]),
            HirKind::Literal(text) if text.0.len() <= LONGEST => {
                self.exactly(vec![strict(&text.0)])
            }
            HirKind::Literal(text) => self.long(&text.0),
            HirKind::Class(class) => self
                .letters(class)
                .map_or_else(Known::nothing, |members| self.exactly(members)),
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

    /// A literal longer than is kept: its head, its tail, and pieces of it.
    fn long(&self, text: &[u8]) -> Known {
        let mut known = Known {
            exact: None,
            prefix: vec![strict(text.get(..LONGEST).unwrap_or(text))],
            suffix: vec![strict(text.get(text.len() - LONGEST..).unwrap_or(text))],
            sets: Vec::new(),
        };
        for piece in text.chunks_exact(LONGEST).take(SETS) {
            self.offer(&mut known, &[strict(piece)]);
        }
        known
    }

    fn repetition(&mut self, repetition: &Repetition, depth: u32) -> Known {
        let sub = self.known(&repetition.sub, depth + 1);
        if repetition.min == 0 {
            return match sub.exact {
                Some(mut texts) if repetition.max == Some(1) => {
                    texts.push(Vec::new());
                    self.exactly(texts)
                }
                _ if repetition.max == Some(0) => self.exactly(vec![Vec::new()]),
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
            return self.exactly(run);
        }
        let mut known = Known {
            exact: None,
            prefix: run.clone(),
            suffix: run.clone(),
            sets: sub.sets,
        };
        self.offer(&mut known, &run);
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
                    self.offer(&mut whole, &run);
                }
                run = longer;
                continue;
            }
            self.offer(&mut whole, &run);
            let longer = cross(&run, &known.prefix).unwrap_or(run);
            self.offer(&mut whole, &longer);
            if std::mem::take(&mut first) {
                whole.prefix = longer;
            }
            for set in known.sets {
                keep(&mut whole, set);
            }
            run = known.suffix;
        }
        if first {
            let sets = whole.sets;
            let mut exact = self.exactly(run);
            for set in sets {
                keep(&mut exact, set);
            }
            return exact;
        }
        self.offer(&mut whole, &run);
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
            return self.exactly(texts);
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
        let best = known
            .iter()
            .map(|part| part.sets.iter().min().map(|(_, set)| set.as_slice()));
        if let Some(set) = union(best) {
            self.offer(&mut whole, &set);
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

    /// Long shortest member first, then few members.
    fn cost(set: &[Literal]) -> Cost {
        let shortest = set.iter().map(Vec::len).min().unwrap_or(0).min(12);
        (12 - u8::try_from(shortest).unwrap(), set.len() as u64)
    }

    fn read(regex: &str) -> Required {
        let hir = regex_syntax::ParserBuilder::new()
            .utf8(false)
            .build()
            .parse(regex)
            .unwrap();
        required(&hir, &cost)
    }

    fn best(regex: &str) -> Vec<String> {
        read(regex)
            .best
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
        let found = read("(?i)Ask[sS]e");
        assert!(found.folds);
        let set = found.best.unwrap();
        assert!(set[0].iter().all(|letter| letter.loose));
        assert!(set[0][0].is(b'A') && set[0][0].is(b'a'));
        assert!(!read("(?i)oop").folds);
    }
}
