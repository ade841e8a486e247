//! Texts that are almost YAML, from a seed.

#![allow(unreachable_pub, dead_code, reason = "included by several programs")]

use serde_yaml::{Mapping, Value};

/// A small generator of numbers (xorshift); the same seed gives the same texts.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const TOKENS: &[&str] = &[
    "\n",
    "\n",
    "\n",
    "\n  ",
    "\n  ",
    "\n    ",
    "\n\n",
    "\n ",
    "\n- ",
    "\n  - ",
    " ",
    "  ",
    "\t",
    "\r\n",
    "- ",
    "-",
    ": ",
    ": ",
    ": ",
    ":",
    ":\n",
    ":\n  ",
    ":\n- ",
    "a",
    "b",
    "key",
    "a: ",
    "b: ",
    "key: ",
    "a:\n",
    "x y",
    "'",
    "\"",
    "''",
    "\"\"",
    "\\",
    "\\n",
    "\\\"",
    "\\x41",
    "\\u00e9",
    "\\\n",
    "#",
    " #",
    " # c",
    "# c\n",
    "|",
    ">",
    "|-",
    "|+",
    ">-",
    ">+",
    "|2",
    "|1-",
    ": |\n",
    ": |-\n  ",
    ": >\n  ",
    ": |+\n    ",
    "{}",
    "[]",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&a",
    "*a",
    "!t",
    "!!str ",
    "?",
    "? ",
    "%",
    "@",
    "`",
    "~",
    "null",
    "true",
    "0x1f",
    "1.5",
    "007",
    "---",
    "---\n",
    "...",
    "\n---\n",
    "\n...\n",
    "<<",
    "=",
    "é",
    "漢",
    "\u{1f600}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\0",
    ".",
    "/",
    "$",
    "(",
    "*",
    "items:\n- ",
    "\nitems:\n",
    "\n# c\n",
    "  # c\n",
    "end",
    "\" ",
    "' ",
    "\"\n",
    "'\n",
    "a b: c",
    "\"k\": ",
    "'k': ",
    ": \"",
    ": '",
    "\n      ",
    "\n   ",
];

/// Tokens in any order.
pub fn tokens(random: &mut Random) -> String {
    let count = 1 + random.below(24);
    (0..count).map(|_| random.pick(TOKENS)).collect()
}

const LINES: &[&str] = &[
    "a: b",
    "a:",
    "a: |",
    "a: |-",
    "a: |+",
    "a: >",
    "a: >-",
    "a: |2",
    "a: \"x",
    "a: 'x",
    "a: \"x\"",
    "a: 'x''y'",
    "- a",
    "-",
    "- - a",
    "- a: b",
    "- a:",
    "- |",
    "- >-",
    "- \"x",
    "text",
    "more text",
    "x\"",
    "x'",
    "\"",
    "",
    "",
    " ",
    "# c",
    "a: b # c",
    "a: b #c",
    "a: b#c",
    "a: b: c",
    "a: 'x' # c",
    "a: \"x\\",
    "  y\"",
    "a b: c",
    "\"q\": r",
    "a: {}",
    "- []",
    "a: ~",
    "b:  x  ",
    "b: x",
    "c: 1",
    "c:",
    "items:",
    "---",
    "a: - b",
    "- # c",
    "a: # c",
    "a:b",
    "\tx",
    "x\ty",
    "a: :x",
    "a: ?x",
    "a: -x",
    "a : b",
    "\"q\" : r",
    "'q':r",
    "null: x",
    "1: x",
    "<<: x",
    "#",
    "a: |  # c",
    "a: |x",
    "a: \"\\u12",
    "a: &x y",
    "a: [b,",
    "c]",
];

/// Lines with indentation that is often right.
pub fn lines(random: &mut Random) -> String {
    let mut text = String::new();
    let mut indent = 0;
    for _ in 0..=random.below(9) {
        match random.below(6) {
            0 => indent += 2,
            1 => indent += 1 + random.below(4),
            2 => indent -= indent.min(2),
            3 => indent -= indent.min(random.below(5)),
            _ => {}
        }
        text.push_str(&" ".repeat(indent));
        // Repeated keys are refused by serde: other letters.
        let line = random.pick(LINES);
        let name = char::from(b"abcdefghijklmnopqrstuvwxyz"[random.below(26)]);
        text.push_str(&line.replacen('a', name.encode_utf8(&mut [0; 4]), 1));
        text.push_str(if random.below(40) == 0 { "\r\n" } else { "\n" });
    }
    if random.below(8) == 0 {
        text.pop();
    }
    text
}

const WORDS: &[&str] = &[
    "a",
    "word",
    " ",
    "  ",
    "\n",
    "\n\n",
    ":",
    ": ",
    "#",
    " #",
    "'",
    "\"",
    "\\",
    "-",
    "- ",
    "?",
    "{",
    "[",
    "&",
    "*",
    "!",
    "|",
    ">",
    "%",
    "@",
    "`",
    ",",
    "\t",
    "é",
    "漢字",
    "\u{1f600}",
    "0",
    "1",
    "1e3",
    "true",
    "null",
    "~",
    "on",
    "yes",
    "longer words ",
    "https://example.com/path?query=1 ",
    "=",
    "<<",
    "\u{a0}",
    "---",
    "...",
];

/// A string of pieces that are hard to quote.
pub fn string(random: &mut Random) -> String {
    let most = if random.below(6) == 0 { 30 } else { 5 };
    let count = random.below(most);
    (0..count).map(|_| random.pick(WORDS)).collect()
}

/// A tree of strings, numbers and nothing.
pub fn tree(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 6 } else { 10 }) {
        0..=3 => Value::String(string(random)),
        4 => Value::Number(i64::try_from(random.below(1000)).unwrap_or(0).into()),
        5 => [Value::Null, Value::Bool(true), Value::Number(1.5.into())][random.below(3)].clone(),
        6 | 7 => Value::Sequence(
            (0..random.below(4))
                .map(|_| tree(random, depth - 1))
                .collect(),
        ),
        _ => {
            let mut map = Mapping::new();
            for _ in 0..random.below(5) {
                let key = if random.below(3) == 0 {
                    string(random)
                } else {
                    format!("key{}", random.below(50))
                };
                map.insert(Value::String(key), tree(random, depth - 1));
            }
            Value::Mapping(map)
        }
    }
}

/// A sound text with a few characters changed.
pub fn mutated(random: &mut Random) -> String {
    let mut text = serde_yaml::to_string(&tree(random, 4)).unwrap_or_default();
    for _ in 0..random.below(3) {
        let at = (0..=text.len())
            .filter(|at| text.is_char_boundary(*at))
            .nth(random.below(text.len() + 1))
            .unwrap_or(0);
        if random.below(2) == 0 && at < text.len() {
            text.remove(at);
        } else {
            text.insert_str(at, random.pick(TOKENS));
        }
    }
    text
}

/// One text of any kind.
pub fn any(random: &mut Random) -> String {
    match random.below(4) {
        0 => tokens(random),
        1 | 2 => lines(random),
        _ => mutated(random),
    }
}
