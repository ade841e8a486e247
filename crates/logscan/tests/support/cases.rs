//! Random patterns and texts that hold what the patterns look for, and the check that fast and slow agree on them.

#![allow(dead_code, reason = "the fuzzer reads, the others seed")]

use logscan::{Classes, Hit, PatternSpec, Scanner, chunks};

/// Where choices come from: a seed, or the bytes of a fuzzer.
pub(crate) struct Choices<'b> {
    bytes: Option<&'b [u8]>,
    state: u64,
}

impl<'b> Choices<'b> {
    /// Choices by a generator of random numbers.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self {
            bytes: None,
            state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66_D123_4567,
        }
    }

    /// Choices read from bytes; zeros behind their end.
    pub(crate) fn read(bytes: &'b [u8]) -> Self {
        Self {
            bytes: Some(bytes),
            state: 0,
        }
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if let Some(bytes) = self.bytes {
            let Some((first, rest)) = bytes.split_first() else {
                return 0;
            };
            self.bytes = Some(rest);
            return usize::from(*first) % bound;
        }
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 33) as usize % bound
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// Words that share beginnings, ends and middles, and letters that fold in strange ways.
const WORDS: [&str; 28] = [
    "connection refused",
    "connection reset",
    "refused",
    "error",
    "Error",
    "ERROR: ",
    "OOM",
    "oom-kill",
    "Killed process",
    "task",
    "asks",
    "kiss",
    "x",
    "ab",
    "abc",
    "aaaaaaaa",
    "aaaaaaaaaaaa",
    "502",
    " 50",
    "größer als",
    "ſ",
    "\u{212A}",
    "é",
    "日本語のログ",
    "container runtime is down",
    "{\"level\":\"",
    "[[{{",
    "I/O",
];

/// Pieces of regexes with a text that each of them matches.
const PIECES: [(&str, &str); 30] = [
    (r"\d+", "1234"),
    (r"\d", "7"),
    (r"\w+", "wörd_1"),
    (r"\s", "\t"),
    (r"\S+", "x-y"),
    (r".*", "anything, \r even"),
    (r".", "é"),
    (r".{0,9}?", "five5"),
    (r"[a-f]", "c"),
    (r"[^\n]{0,30}", "in between"),
    (r"[Ee]", "E"),
    (r"[0-9]{2,4}", "404"),
    (r"50[234]", "503"),
    (r"\b", ""),
    (r"\B", ""),
    (r"^", ""),
    (r"$", ""),
    (r"(?m:^)", ""),
    (r"(?-u:\xFF)", "\u{7F}"),
    (r"(?-u:\w)", "w"),
    (r"(?s:.)", "z"),
    (r"\x00", "\0"),
    (r"(foo|foobar|)", "foo"),
    (r"(?:fail(ed|ure)|unable)", "failure"),
    (r"(?i:task|kiss)", "tAſK"),
    (r"(?i)system", "ſYſtem"),
    (r"[ks]", "s"),
    (r"\p{Greek}", "λ"),
    (r"(ab|cd){2,3}", "abcdab"),
    (r"\n?", ""),
];

/// A regex, and a text that it may match.
fn pattern(choices: &mut Choices<'_>, depth: usize) -> (String, String) {
    let mut regex = String::new();
    let mut text = String::new();
    for _ in 0..=choices.below(3) {
        let (part, sample) = match choices.below(if depth == 0 { 5 } else { 8 }) {
            0..=2 => {
                let word = choices.one(&WORDS);
                (regex::escape(word), word.to_owned())
            }
            3 | 4 => {
                let (part, sample) = PIECES[choices.below(PIECES.len())];
                (part.to_owned(), sample.to_owned())
            }
            5 => {
                let left = pattern(choices, depth - 1);
                let right = pattern(choices, depth - 1);
                let sample = if choices.below(2) == 0 {
                    left.1
                } else {
                    right.1
                };
                (format!("(?:{}|{})", left.0, right.0), sample)
            }
            6 => {
                let inner = pattern(choices, depth - 1);
                let how = choices.one(&["?", "*", "+", "{2}", "{1,2}", "??"]);
                (format!("(?:{}){how}", inner.0), inner.1)
            }
            _ => {
                let inner = pattern(choices, depth - 1);
                (format!("(?i:{})", inner.0), flip(choices, &inner.1))
            }
        };
        regex.push_str(&part);
        text.push_str(&sample);
    }
    (regex, text)
}

/// The text in other cases.
fn flip(choices: &mut Choices<'_>, text: &str) -> String {
    match choices.below(4) {
        0 => text.to_uppercase(),
        1 => text.to_lowercase(),
        2 => text.replace('s', "ſ").replace('k', "\u{212A}"),
        _ => text.to_owned(),
    }
}

/// Patterns, a text, and how to look at it.
#[derive(Debug)]
pub(crate) struct Case {
    /// The regexes.
    pub patterns: Vec<String>,
    /// The lines.
    pub text: Vec<u8>,
    /// Size of chunks.
    pub chunk: usize,
    /// Bytes of a line that count.
    pub limit: usize,
    /// Bytes of a line's frame that patterns do not see.
    pub frame: usize,
}

/// Makes a case.
pub(crate) fn case(choices: &mut Choices<'_>) -> Case {
    let mut patterns = Vec::new();
    let mut samples = Vec::new();
    for _ in 0..=choices.below(8) {
        let (regex, sample) = pattern(choices, 2);
        patterns.push(regex);
        samples.push(sample);
    }
    let mut text = Vec::new();
    for _ in 0..choices.below(40) {
        for _ in 0..choices.below(5) {
            match choices.below(9) {
                0..=2 => text.extend_from_slice(samples[choices.below(samples.len())].as_bytes()),
                3 | 4 => text.extend_from_slice(choices.one(&WORDS).as_bytes()),
                5 => text.push(b' '),
                6 => {
                    let sample = samples[choices.below(samples.len())].as_bytes();
                    text.extend_from_slice(&sample[..choices.below(sample.len() + 1)]);
                }
                7 => text.extend_from_slice(&[0xFF, 0x00, 0xC5][choices.below(3)..]),
                _ => text.extend(std::iter::repeat_n(b'a', choices.below(30))),
            }
        }
        match choices.below(6) {
            0 => text.extend_from_slice(b"\r\n"),
            1 => text.extend_from_slice(b"\n\n"),
            2 => {}
            _ => text.push(b'\n'),
        }
    }
    if choices.below(40) == 39 {
        // Beyond one block.
        let copies = text.clone();
        while text.len() < 100_000 && !copies.is_empty() {
            text.extend_from_slice(&copies);
        }
    }
    Case {
        patterns,
        text,
        chunk: [1, 16, 100, 5000, 1 << 20][choices.below(5)],
        limit: [logscan::LINE_LIMIT, 1, 10, 64, 1000][choices.below(5)],
        frame: [0, 0, 3, 20][choices.below(4)],
    }
}

/// Scans a case both ways; the text says how they differ.
pub(crate) fn check(case: &Case) -> Result<usize, String> {
    let specs: Vec<PatternSpec<'_>> = case
        .patterns
        .iter()
        .map(|regex| PatternSpec {
            regex,
            classes: Classes::of(&[3]),
        })
        .collect();
    let Ok(scanner) = Scanner::new(&specs) else {
        return Ok(0);
    };
    let scanner = scanner.with_line_limit(case.limit);
    let view = |line| {
        let line: &[u8] = line;
        line.get(case.frame..).unwrap_or(line)
    };
    let mut slow: Vec<Hit> = Vec::new();
    scanner.scan_slow(3, &case.text, 1, view, &mut |hit| slow.push(hit));
    let mut fast: Vec<Hit> = Vec::new();
    for chunk in chunks(&case.text, case.chunk) {
        scanner.scan_with(3, chunk.bytes, chunk.first_line, view, &mut |hit| {
            fast.push(Hit {
                start: hit.start + chunk.offset,
                end: hit.end + chunk.offset,
                ..hit
            });
        });
    }
    if fast == slow {
        return Ok(slow.len());
    }
    let lost = slow.iter().find(|hit| !fast.contains(hit));
    let added = fast.iter().find(|hit| !slow.contains(hit));
    let shown = lost.or(added).map(|hit| {
        let line = String::from_utf8_lossy(&case.text[hit.start..hit.end]);
        format!("{:?} on {line:?}", case.patterns[hit.pattern])
    });
    Err(format!(
        "lost {lost:?}, added {added:?}: {shown:?}; frame {}, limit {}, chunk {}\n{:#?}",
        case.frame,
        case.limit,
        case.chunk,
        scanner.explain()
    ))
}
